//! What is taken, and what is refused with which words.

use super::*;
use kazasu_services::Patch;
use proptest::prelude::*;

#[derive(Deserialize, PartialEq, Debug)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Act {
    Limit {
        ppid: String,
        #[serde(default)]
        day: Patch<i64>,
        count: Option<u16>,
        #[serde(default)]
        hard: bool,
        list: Option<Vec<u32>>,
    },
    Nothing {},
}

fn refused(text: &str) -> String {
    read::<Act>(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_key_is_there_once_at_every_depth_and_in_every_spelling() {
    for (text, key) in [
        (r#"{"do":"nothing","do":"nothing"}"#, "do"),
        (r#"{"do":"limit","ppid":"a","day":1,"day":1}"#, "day"),
        (r#"{"day":1,"\u0064ay":2}"#, "day"),
        (r#"{"d\u0061y":1,"\u0064\u0061\u0079":null}"#, "day"),
        (r#"{"a":{"b":1,"b":2}}"#, "b"),
        (r#"{"a":[{"x":[{"y":1},{"y":1,"y":1}]}]}"#, "y"),
        (r#"{"":1,"":1}"#, ""),
        (r#"{"\ud83d\ude00":1,"😀":1}"#, "😀"),
    ] {
        let error = object(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(&format!("the key {key:?} is there twice in one object at line 1 column ")), "{error}");
    }
    // Two objects may have one key each, and keys that only look alike are two.
    for text in [r#"{"a":{"x":1},"b":{"x":1},"x":1}"#, r#"{"a":1,"A":1,"a ":1}"#, "{\"\u{e9}\":1,\"e\u{301}\":1}"] {
        object(text.as_bytes()).unwrap();
    }
}

#[test]
fn what_is_no_object_is_named() {
    for text in ["", " \r\n\t", "\u{feff}"] {
        assert_eq!(object(text.as_bytes()), Err(JsonError::Empty));
    }
    for (text, got) in [
        ("null", JsonKind::Null),
        ("[]", JsonKind::List),
        ("[{}]", JsonKind::List),
        ("1", JsonKind::Number),
        ("true", JsonKind::Truth),
        ("\"{}\"", JsonKind::Text),
    ] {
        assert_eq!(object(text.as_bytes()), Err(JsonError::NotAnObject(got)));
    }
    assert_eq!(object("\u{feff}{}".as_bytes()), Ok(Map::new()));
    assert!(matches!(object(b"{\"a\":\"\xff\"}"), Err(JsonError::NotText(NotText::Byte { at: 7, line: 1 }))));
    assert_eq!(object(b"\xff\xfe{\0}\0"), Err(JsonError::NotText(NotText::Utf16)));
    for text in [
        "{} {}",
        "{}x",
        "{}]",
        "{",
        "{\"a\":1,}",
        "{'a':1}",
        "{a:1}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":1}//",
        "{\"a\":1 \"b\":2}",
    ] {
        assert!(matches!(object(text.as_bytes()), Err(JsonError::Syntax(_))), "{text}");
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    assert!(object(deep.as_bytes()).unwrap_err().to_string().contains("recursion limit"));
}

#[test]
fn a_wrong_value_is_named_with_its_key() {
    for (text, says) in [
        (r#"{"do":"limit","ppid":"a","day":"1"}"#, "day: expected a whole number, got text"),
        (
            r#"{"do":"limit","ppid":"a","day":1.5}"#,
            "day: expected a whole number, got a number with a fraction, or beyond 64 bits",
        ),
        (
            r#"{"do":"limit","ppid":"a","day":1e3}"#,
            "day: expected a whole number, got a number with a fraction, or beyond 64 bits",
        ),
        (
            r#"{"do":"limit","ppid":"a","day":99999999999999999999}"#,
            "day: expected a whole number, got a number with a fraction, or beyond 64 bits",
        ),
        (r#"{"do":"limit","ppid":"a","count":-1}"#, "count: expected a whole number from 0 to 65535, got a number"),
        (r#"{"do":"limit","ppid":null}"#, "ppid: expected text, got null"),
        (r#"{"do":"limit","ppid":4900009000000061}"#, "ppid: expected text, got a number"),
        (r#"{"do":"limit","ppid":"a","hard":"yes"}"#, "hard: expected true or false, got text"),
        (r#"{"do":"limit","ppid":"a","hard":null}"#, "hard: expected true or false, got null"),
        (r#"{"do":"limit","ppid":"a","list":5}"#, "list: expected a list, got a number"),
        (r#"{"do":"limit","ppid":["a"],"day":"x"}"#, "day: expected a whole number, got text"),
    ] {
        assert_eq!(refused(text), says);
    }
    assert!(refused(r#"{"do":"limit"}"#).contains("missing field `ppid`"));
    assert!(
        refused(r#"{"do":"limit","ppid":"a","dya":1}"#).contains("unknown field `dya`, expected one of `ppid`, `day`")
    );
    assert!(refused(r#"{"do":"nothing","day":1}"#).contains("unknown field `day`"));
    assert!(refused(r#"{"do":"fly"}"#).contains("unknown variant `fly`"));
    assert!(refused(r#"{"ppid":"a"}"#).contains("missing field `do`"));
    assert!(!refused(r#"{"do":"limit","4900009000000061":1}"#).contains("4900009"));
}

#[test]
fn nothing_null_and_a_value_are_three_things() {
    let day = |text: &str| match read::<Act>(text.as_bytes()).unwrap() {
        Act::Limit { day, .. } => day,
        Act::Nothing {} => unreachable!("not asked"),
    };
    assert_eq!(day(r#"{"do":"limit","ppid":"a"}"#), Patch::Keep);
    assert_eq!(day(r#"{"do":"limit","ppid":"a","day":null}"#), Patch::Remove);
    assert_eq!(day(r#"{"do":"limit","ppid":"a","day":0}"#), Patch::Set(0));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~ぁ-ん\"\\\\]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let object = prop::collection::btree_map("[ab\"\\\\é]{0,2}", inner, 0..4);
        prop_oneof![list, object.prop_map(|m| Value::Object(m.into_iter().collect()))]
    })
}

proptest! {
    /// What has each key once is read as it is; with any key of any object written again, in any spelling, it is refused.
    #[test]
    fn only_keys_that_are_there_once_are_read(value in any_json(), nth in 0_usize..8, escaped in any::<bool>()) {
        let whole = serde_json::json!({ "it": value });
        let text = whole.to_string();
        prop_assert_eq!(object(text.as_bytes()).map(Value::Object), Ok(whole.clone()));
        let mut left = nth;
        let mut doubled = String::new();
        let mut done = false;
        write(&whole, &mut left, escaped, &mut done, &mut doubled);
        if done {
            let error = object(doubled.as_bytes()).unwrap_err().to_string();
            prop_assert!(error.contains("is there twice"), "{doubled}: {error}");
        }
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[{}\\[\\]:,\"a0 \\\\u]{0,60}") {
        let _ = object(&bytes);
        let _ = read::<Act>(text.as_bytes());
    }
}

/// Writes a value, with the key number `left` twice.
fn write(value: &Value, left: &mut usize, escaped: bool, done: &mut bool, out: &mut String) {
    match value {
        Value::Object(object) => {
            out.push('{');
            for (nth, (key, inner)) in object.iter().enumerate() {
                if nth > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                let again = *left == 0 && !*done;
                *left = left.saturating_sub(1);
                write(inner, left, escaped, done, out);
                if again {
                    *done = true;
                    let units: String = key.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
                    let key = if escaped { format!("\"{units}\"") } else { Value::from(key.as_str()).to_string() };
                    out.push_str(&format!(",{key}:null"));
                }
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for (nth, inner) in list.iter().enumerate() {
                if nth > 0 {
                    out.push(',');
                }
                write(inner, left, escaped, done, out);
            }
            out.push(']');
        }
        other => out.push_str(&other.to_string()),
    }
}
