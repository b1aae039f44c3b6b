//! Dialect files: what they may say, and what is said about a file that cannot be used.

use super::{dialect, golden_dir};
use crate::iso8583::Dialect;
use crate::iso8583::dialect::{Binary, Class, Digits, Length, LengthPrefix};
use crate::iso8583::frame::Header;

#[test]
fn the_shipped_dialects_are_complete() {
    for name in Dialect::SHIPPED {
        let dialect = Dialect::shipped(name).unwrap();
        assert_eq!(dialect.name, name);
        for field in (2..=128).filter(|f| *f != 65) {
            assert!(dialect.field(field).is_some(), "{name}: DE{field}");
            assert!(!dialect.field_name(field).is_empty(), "{name}: DE{field} has no name");
        }
        assert!(dialect.field(0).is_none() && dialect.field(1).is_none() && dialect.field(65).is_none());
        assert!(dialect.field(129).is_none() && dialect.field_name(200).is_empty());
        assert_eq!(dialect.mac_width(64), if name == "iso87-ascii" { 16 } else { 8 });
    }
    assert!(Dialect::shipped("iso93").is_none());
}

#[test]
fn every_file_of_the_golden_folder_is_valid() {
    let mut names: Vec<String> = std::fs::read_dir(golden_dir().join("dialects"))
        .unwrap()
        .map(|e| e.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["counted", "digits4", "letters", "packings", "tiny"]);
    for name in names {
        assert_eq!(dialect(&name).name, name);
    }
}

#[test]
fn an_extension_changes_what_it_names_and_nothing_else() {
    let base = Dialect::shipped("iso87-ascii").unwrap();
    let ours = dialect("letters");
    assert_eq!((ours.framing.header, ours.framing.self_inclusive), (Header::Ascii4, true));
    assert_eq!(ours.max_message, base.max_message);
    let de44 = ours.field(44).unwrap();
    assert_eq!((de44.class, de44.length), (Class::Text, Length::Variable { digits: 2, max: 99 }));
    assert_eq!(de44.prefix, LengthPrefix::Binary);
    assert_eq!(ours.field_name(44), base.field_name(44), "the name is kept");
    assert_eq!(ours.field_name(40), "service restriction, letters only");
    assert_eq!(ours.field(53).unwrap().digits, Digits::Bcd);
    assert_eq!(ours.field(11).unwrap().digits, Digits::Ascii);
    assert_eq!(ours.field(55).unwrap().binary, Binary::Raw);
    assert_eq!(ours.field(52).unwrap().binary, Binary::Hex);
    assert_eq!(ours.field(60).unwrap().prefix, LengthPrefix::Ascii);
    let changed: Vec<u8> = (2..=128)
        .filter(|f| {
            let (a, b) = (base.field(*f), ours.field(*f));
            a.map(|s| (s.class, s.length, s.digits, s.binary)) != b.map(|s| (s.class, s.length, s.digits, s.binary))
        })
        .collect();
    assert_eq!(changed, [40, 44, 53, 55, 60, 61]);
    // The sign of x+n8 is one more character.
    assert_eq!(base.field(28).unwrap().length, Length::Fixed(9));
}

/// A file that extends iso87-ascii under the name `ours`, with these lines.
fn problem(lines: &str) -> String {
    Dialect::parse(&format!("name = \"ours\"\nextends = \"iso87-ascii\"\n{lines}")).unwrap_err().to_string()
}

fn field_problem(field: &str) -> String {
    problem(&format!("[fields]\n{field}\n"))
}

#[test]
fn each_problem_names_dialect_place_and_expectation() {
    assert_eq!(
        Dialect::parse("name = \"ours\"\nextends = \"iso93\"").unwrap_err().to_string(),
        "dialect ours: extends: \"iso93\" is none of iso87-ascii, iso87-binary, iso87-bcd"
    );
    assert_eq!(problem("max_message = 63"), "dialect ours: max_message: must be 64 to 65535 bytes, got 63");
    assert_eq!(
        problem("max_message = 9996\n[framing]\nheader = \"ascii4\"\nself_inclusive = true"),
        "dialect ours: max_message: must be 64 to 9995 bytes, got 9996"
    );
    for number in ["0", "1", "65", "129", "300", "-3", "MAC"] {
        assert_eq!(
            field_problem(&format!("{number} = {{ type = \"n6\" }}")),
            format!("dialect ours: fields.{number}: a field number is 2 to 128 without 65")
        );
    }
    let form = "is not like \"n6\", \"x+n8\", \"b8\" or \"LL ans..25\"";
    for kind in [
        "",
        "n",
        "6",
        "q6",
        "n6x",
        "N6",
        "LL n19",
        "n..19",
        "LL  n..19",
        "XX n..19",
        "LLLLL n..19",
        "n-6",
        "LL n..",
        "n70000",
    ] {
        assert_eq!(
            field_problem(&format!("44 = {{ type = \"{kind}\" }}")),
            format!("dialect ours: fields.44: type {kind:?} {form}")
        );
    }
    let long = [
        ("LL ans..100", "2 length digits cannot say 100"),
        ("n0", "a field has at least one character"),
        ("n10000", "a field is at most 9999 long"),
        ("LLLL ans..10000", "a field is at most 9999 long"),
        ("LL x+n..8", "a signed amount has a fixed length, like \"x+n8\""),
    ];
    for (kind, said) in long {
        assert_eq!(
            field_problem(&format!("44 = {{ type = \"{kind}\" }}")),
            format!("dialect ours: fields.44: type {kind:?}: {said}")
        );
    }
    for mac in [64, 128] {
        for kind in ["b16", "an16", "LL b..8"] {
            assert_eq!(
                field_problem(&format!("{mac} = {{ type = \"{kind}\" }}")),
                format!("dialect ours: fields.{mac}: the MAC must be type \"b8\"")
            );
        }
    }
}

#[test]
fn a_dialect_that_stands_alone_must_say_everything() {
    let whole = std::fs::read_to_string(golden_dir().join("dialects/tiny.toml")).unwrap();
    for setting in ["max_message", "mti", "bitmap", "digits", "binary", "length_prefix"] {
        let without: String =
            whole.lines().filter(|l| !l.starts_with(&format!("{setting} "))).flat_map(|l| [l, "\n"]).collect();
        assert_eq!(Dialect::parse(&without).unwrap_err().to_string(), format!("dialect tiny: {setting}: is missing"));
    }
    let without = whole.replace("[framing]\nheader = \"be2\"\n", "");
    assert_eq!(Dialect::parse(&without).unwrap_err().to_string(), "dialect tiny: framing: is missing");
    let without = whole.replace("type = \"n12\"", "name = \"amount\"");
    assert_eq!(Dialect::parse(&without).unwrap_err().to_string(), "dialect tiny: fields.4: type is missing");
    let without = whole.replace("128 = { type = \"b8\" }", "");
    assert_eq!(
        Dialect::parse(&without).unwrap_err().to_string(),
        "dialect tiny: fields.128: the MAC must be type \"b8\""
    );
}

#[test]
fn a_file_that_is_no_dialect_is_told_where() {
    let said = |text: &str| Dialect::parse(text).unwrap_err();
    for (text, expected) in [
        ("", "missing field `name`"),
        ("name = ", "line 1, column 8"),
        ("name = \"x\"\nbitmpa = \"raw\"", "unknown field `bitmpa`"),
        ("name = \"x\"\nbitmap = \"ebcdic\"", "unknown variant `ebcdic`, expected `hex` or `raw`"),
        (
            "name = \"x\"\n[framing]\nheader = \"be3\"",
            "unknown variant `be3`, expected one of `be2`, `be4`, `ascii4`, `bcd2`",
        ),
        ("name = \"x\"\n[fields]\n3 = { type = \"n6\", digit = \"bcd\" }", "unknown field `digit`"),
        ("name = \"x\"\nmax_message = -1", "max_message"),
    ] {
        let error = said(text);
        assert_eq!((error.dialect.as_str(), error.at.as_str()), ("?", "file"), "{text}");
        assert!(error.problem.contains(expected), "{text}: {error}");
    }
}

/// A dialect that extends `iso87-bcd` with these lines; what is said about them.
fn refused(lines: &str) -> String {
    let text = format!("name = \"ours\"\nextends = \"iso87-bcd\"\n{lines}");
    Dialect::parse(&text).unwrap_err().to_string()
}

#[test]
fn settings_that_do_not_fit_are_told_by_place() {
    for (lines, expected) in [
        ("text = \"ebcdic\"", "code_page: is missing, and text is ebcdic: cp037, cp1047 or cp290"),
        (
            "[fields]\n43 = { text = \"ebcdic\" }",
            "fields.43: text is ebcdic, and the dialect's code_page is missing: cp037, cp1047 or cp290",
        ),
        ("[fields]\n43 = { padding = \"leftF\" }", "fields.43: padding is for n, z and x+n, not for ans"),
        ("[fields]\n4 = { sign = \"character\" }", "fields.4: sign is for x+n, not for n"),
        (
            "[fields]\n28 = { sign = \"trailing_nibble\", padding = \"rightF\" }",
            "fields.28: a trailing sign nibble is the last one: padding must be left0 or leftF",
        ),
        (
            "[fields]\n2 = { length_counts = \"bytes\" }",
            "fields.2: length_counts = \"bytes\" of packed digits needs padding leftF or rightF: with a zero a reader cannot tell 19 \
             digits from 20",
        ),
        (
            "[fields]\n3 = { length_counts = \"bytes\" }",
            "fields.3: type \"n6\" has no length prefix, so length_counts says nothing",
        ),
        (
            "[fields]\n44 = { type = \"LL ans..256\", length_prefix = \"hex\" }",
            "fields.44: type \"LL ans..256\": 2 length digits cannot say 256",
        ),
        (
            "[fields]\n44 = { type = \"L ans..256\", length_prefix = \"binary\" }",
            "fields.44: type \"L ans..256\": 1 length digits cannot say 256",
        ),
        (
            "[framing]\nheader = \"be2\"\ntpdu = \"6000\"",
            "framing.tpdu: must be 5 bytes in hexadecimal (identifier, destination, source), got \"6000\"",
        ),
        (
            "[framing]\nheader = \"be2\"\ntrailer = \"\"",
            "framing.trailer: must be 1 to 8 bytes in hexadecimal, got \"\"",
        ),
        (
            "[framing]\nheader = \"be2\"\ntrailer = \"030303030303030303\"",
            "framing.trailer: must be 1 to 8 bytes in hexadecimal, got \"030303030303030303\"",
        ),
        ("[framing]\nheader = \"be2\"\ncounts_tpdu = false", "framing.counts_tpdu: says nothing without tpdu"),
        ("[framing]\nheader = \"be2\"\ncounts_trailer = true", "framing.counts_trailer: says nothing without trailer"),
        (
            "max_message = 9999\n[framing]\nheader = \"bcd2\"\ntrailer = \"03\"",
            "max_message: must be 64 to 9998 bytes, got 9999",
        ),
    ] {
        assert_eq!(refused(lines), format!("dialect ours: {expected}"), "{lines}");
    }
    assert!(refused("[fields]\n4 = { padding = \"left1\" }").contains("unknown variant `left1`"));
}
