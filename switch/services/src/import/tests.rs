//! Rows of merchants' and links' files: what they stand for, and why they are refused.

use super::*;
use kazasu_core::{Edit, MerchantChange};
use kazasu_text::Language;

fn rows(file: &str, plan: impl Fn(&Row) -> Result<Planned, Problem>, columns: Columns) -> Vec<Result<Planned, String>> {
    let mut table = Table::open(file.as_bytes(), columns, How::default()).unwrap();
    let mut out = Vec::new();
    while let Some(row) = table.next_row() {
        let planned = match &row.fault {
            Some(fault) => Err(format!("{}: {}", fault.column, fault.problem)),
            None => plan(&row).map_err(|p| format!("{}: {}", p.column, p.problem)),
        };
        out.push(planned);
    }
    out
}

fn changes(file: &str) -> Vec<Result<MerchantChange, String>> {
    let one = |planned: Planned| match planned.commands.into_iter().next() {
        Some(Command::ChangeMerchant { change, .. }) => *change,
        _ => panic!("a merchant's row is one change"),
    };
    rows(file, merchants::merchant_row, merchants::COLUMNS).into_iter().map(|row| row.map(one)).collect()
}

#[test]
fn an_empty_cell_says_nothing_and_a_hyphen_takes_away() {
    let file = "merchant,acquirer,name,mcc,terminals,closed,class,tags,region\nM1,27000001,,,T4,,,,\n\
                M1,27000001,,,- T1 -T2,no,-,-local new,-\nM1,27000001,名,742,,はい,ｓｍａｌｌ,,1101\n";
    let found: Vec<MerchantChange> = changes(file).into_iter().map(Result::unwrap).collect();
    let terminal = |text: &str| text.parse().unwrap();
    assert_eq!(found[0], MerchantChange { terminals: vec![Edit::Add(terminal("T4"))], ..MerchantChange::default() });
    assert_eq!(
        found[1],
        MerchantChange {
            closed: Some(false),
            class: Some(String::new()),
            region: Some(String::new()),
            tags: vec![Edit::Remove("local".into()), Edit::Add("new".into())],
            terminals: vec![Edit::Clear, Edit::Add(terminal("T1")), Edit::Remove(terminal("T2"))],
            ..MerchantChange::default()
        }
    );
    assert_eq!(
        found[2],
        MerchantChange {
            name: Some("名".into()),
            mcc: Some("0742".parse().unwrap()),
            closed: Some(true),
            class: Some("small".into()),
            region: Some("01101".into()),
            ..MerchantChange::default()
        }
    );
    assert_eq!(changes("merchant,acquirer\nM1,27000001\n"), [Ok(MerchantChange::default())]);
}

#[test]
fn every_dash_of_a_keyboard_takes_away_and_a_comma_is_no_separator() {
    for dash in ["-", "ー", "−", "－", "‐", "–", "ｰ"] {
        let file = format!(
            "merchant,acquirer,terminals,class,tags,region\nM1,27000001,{dash},{dash},{dash},{dash}\n\
             M1,27000001,{dash}T2,,{dash}local　新,\n"
        );
        let found: Vec<MerchantChange> = changes(&file).into_iter().map(Result::unwrap).collect();
        assert_eq!((&found[0].class, &found[0].region), (&Some(String::new()), &Some(String::new())), "{dash}");
        assert_eq!((&found[0].tags, &found[0].terminals), (&vec![Edit::Clear], &vec![Edit::Clear]), "{dash}");
        assert_eq!(found[1].tags, [Edit::Remove("local".to_owned()), Edit::Add("新".to_owned())], "{dash}");
        let terminal: kazasu_schemas::ids::TerminalId = "T2".parse().unwrap();
        assert_eq!(found[1].terminals, [Edit::Remove(terminal)], "{dash}");
        let file = format!("merchant,acquirer,name,class\nM1,27000001,{dash},\nM1,27000001,,{dash}small\n");
        let found = changes(&file);
        assert_eq!(found[0], Err("name: a merchant always has a name".to_owned()));
        assert_eq!(found[1], Err("class: must not begin with a dash; a dash alone takes the class away".to_owned()));
    }
    for (tags, comma) in [("\"local,新\"", ','), ("local，新", ','), ("local、新", '、')] {
        let found = changes(&format!("merchant,acquirer,tags\nM1,27000001,{tags}\n"));
        assert_eq!(found, [Err(format!("tags: must have no {comma:?}; spaces stand between words"))]);
    }
    // A long-vowel mark within a word stays what it is.
    let found = changes("merchant,acquirer,tags\nM1,27000001,スーパー\n");
    assert_eq!(found[0].as_ref().unwrap().tags, [Edit::Add("スーパー".to_owned())]);
}

#[test]
fn a_name_that_cannot_be_printed_is_refused_at_its_place() {
    let long = "髙".repeat(101);
    for (name, expected) in [
        ("\"改行\n店\"", "name: character 3 is a line break (U+000A), which cannot be printed"),
        ("\"改行\r店\"", "name: character 3 is a line break (U+000D), which cannot be printed"),
        ("タブ\t店", "name: character 3 is a tab (U+0009), which cannot be printed"),
        ("bell\u{7}", "name: character 5 is U+0007, a control character"),
        ("\u{1b}[31m", "name: character 1 is U+001B, a control character"),
        ("a\u{202e}b", "name: character 2 is a character that is not seen (U+202E), which cannot be printed"),
        ("a\u{200b}b", "name: character 2 is a character that is not seen (U+200B), which cannot be printed"),
        ("a\u{fffe}", "name: character 2 is U+FFFE, a control character"),
        ("a\u{2028}b", "name: character 2 is a line break (U+2028), which cannot be printed"),
        ("a\u{fffd}", "name: character 2 is not one of the file's encoding"),
        (long.as_str(), "name: has 101 characters, at most 100 are printed"),
        ("-", "name: a merchant always has a name"),
    ] {
        let found = changes(&format!("merchant,acquirer,name\nM1,27000001,{name}\n"));
        assert_eq!(found, [Err(expected.to_owned())], "{name:?}");
    }
    let most = "髙".repeat(100);
    for name in [
        "\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"",
        "𠮷野家😀〜―‐−﨑㈱①",
        "_x0041_",
        "葛\u{e0100}城市",
        most.as_str(),
    ] {
        let found = changes(&format!("merchant,acquirer,name\nM1,27000001,{name}\n"));
        assert!(found[0].is_ok(), "{name:?}: {found:?}");
    }
}

#[test]
fn a_report_without_the_new_fields_is_read() {
    let old = r#"{"rows":1,"recorded":0,"unchanged":0,"without_route":0,"bad":1,
        "bad_rows":[{"line":2,"column":"kind","value":"gold","problem":"no"}]}"#;
    let report: ImportReport = serde_json::from_str(old).unwrap();
    assert_eq!((report.bad_rows[0].told(Language::English), report.blank), ("line 2, kind \"gold\": no".into(), 0));
    let row = BadRow { line: 6, row: Some(5), problem: "no".into(), ..BadRow::default() };
    assert_eq!(row.told(Language::English), "line 6 (row 5 in a spreadsheet): no");
    assert_eq!(row.told(Language::Japanese), "6行目（表計算ソフトでは5行目）：no");
}
