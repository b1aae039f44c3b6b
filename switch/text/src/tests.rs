//! The catalogue as a whole, and how languages are chosen.

use super::catalogue::HELP;
use super::relief::{RowIssue, why_unpaid};
use super::responses::{ResponseMeaning, meaning};
use super::{Count, Entry, Label, Language, Month, Text, entries};
use kazasu_schemas::relief::issue;
use kazasu_schemas::wire::{Refusal, ResponseCode};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are the same in both languages: names of fields that Japanese has no other word for.
const SAME: [&str; 3] = ["RRN", "DE39", "HTTP"];

/// Japanese words with more than one English one, and why.
const SENSES: [(&str, &str); 14] = [
    ("精算", "the list of settlements, and the summary of one"),
    ("番号", "a number in a table, and No. on a letter"),
    ("給付金", "the money, and the purse that it is in"),
    ("取消", "a payment that is reversed, and a batch that is cancelled"),
    ("対象外", "a row that was not granted, and a part of a payment that nothing covers"),
    ("主ノード", "the node that leads, and what it does"),
    ("チャージバック", "a demand, and a sum of them"),
    ("コマンド", "a list of commands, and the command line as a way"),
    ("元帳", "a heading, and a side inside a sentence"),
    ("売上", "an amount of sales, and one transaction"),
    ("残高", "what is outstanding, and the balance of an account"),
    ("発行者", "a column, and a party inside a sentence"),
    ("加盟店", "a column, and a party inside a sentence"),
    ("契約会社", "a column, and a party inside a sentence"),
];

fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}

fn failing(wrong: impl Fn(&Entry) -> bool) -> Vec<Entry> {
    entries().into_iter().filter(wrong).collect()
}

/// Runs of words in ASCII letters, as the most words that stand side by side.
fn words_side_by_side(text: &str) -> usize {
    let is_word = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_alphabetic());
    let mut most = 0;
    let mut now = 0;
    for word in text.split(' ') {
        now = if is_word(word.trim_matches(|c: char| c.is_ascii_punctuation())) { now + 1 } else { 0 };
        most = most.max(now);
    }
    most
}

/// Commands and keys stand between back-quotes, the same in each language.
fn without_names(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("")
}

#[test]
fn every_entry_has_both_languages() {
    assert!(entries().len() > 300, "the catalogue is read: {}", entries().len());
    assert_eq!(failing(|e| e.ja.trim().is_empty() || e.en.trim().is_empty()), []);
    let same = |e: &Entry| e.ja == e.en && !SAME.contains(&e.ja.as_str());
    assert_eq!(failing(same), []);
}

#[test]
fn no_language_is_inside_the_other() {
    assert_eq!(failing(|e| !SAME.contains(&e.ja.as_str()) && !e.ja.contains(is_japanese)), []);
    assert_eq!(failing(|e| words_side_by_side(&without_names(&e.ja)) > 1), []);
    assert_eq!(failing(|e| without_names(&e.en).contains(is_japanese)), []);
    assert_eq!(without_names("一覧は `kazasu advice list` です"), "一覧は  です");
    assert_eq!(words_side_by_side("記録 up to record 5 まで"), 3, "the test above can fail");
}

/// Terms of single entries: methods of HTTP, and a standards body.
const TERMS_HERE: [&str; 4] = ["ANSI", "GET", "PUT", "DELETE"];

#[test]
fn a_japanese_sentence_has_no_english_word() {
    let mut left: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries().into_iter().filter(|entry| !SAME.contains(&entry.ja.as_str())) {
        for word in super::latin::words(&entry.ja).into_iter().filter(|word| !TERMS_HERE.contains(&word.as_str())) {
            left.entry(word).or_default().push(format!("{} {}: {}", entry.list, entry.name, entry.ja));
        }
    }
    assert!(left.is_empty(), "{} words: {left:#?}", left.len());
}

/// Upper case and the plural are no other sense.
fn sense(english: &str) -> String {
    let lower = english.to_lowercase();
    let one = if lower.ends_with("sses") { lower.strip_suffix("es") } else { lower.strip_suffix('s') };
    one.filter(|_| !lower.ends_with("ss")).unwrap_or(&lower).to_owned()
}

#[test]
fn a_word_has_one_sense() {
    let mut senses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Help describes an argument in its command's context; the words of each are compared with its declaration instead.
    for entry in entries().into_iter().filter(|entry| entry.list != HELP) {
        senses.entry(entry.ja).or_default().insert(sense(&entry.en));
    }
    let several: Vec<_> = senses.iter().filter(|(_, english)| english.len() > 1).collect();
    let unknown: Vec<_> = several.iter().filter(|(ja, _)| !SENSES.iter().any(|(word, _)| word == ja)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let idle: Vec<_> = SENSES.iter().filter(|(word, _)| !several.iter().any(|(ja, _)| ja == word)).collect();
    assert!(idle.is_empty(), "these have one sense now: {idle:?}");
}

#[test]
fn every_list_is_in_the_catalogue() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut written = 0;
    for file in std::fs::read_dir(source).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        written += text.lines().filter(|line| ["labels! {", "texts! {", "meanings! {"].contains(line)).count();
    }
    let listed: BTreeSet<_> = entries().into_iter().map(|e| e.list).filter(|list| *list != HELP).collect();
    assert_eq!(listed.len(), written);
}

#[test]
fn a_help_text_stands_under_one_path() {
    let mut seen = BTreeSet::new();
    // What several commands share may have another sense in some of them: its English words tell which.
    for help in super::help::all().chain(super::help::values()) {
        assert!(seen.insert((help.path, help.en())), "{} has two entries", help.path);
    }
    assert_eq!(super::help::of_argument("key list", "--json", "Print JSON").map(|h| h.path), Some("key --json"));
    assert_eq!(super::help::of_argument("link set", "--json", "Print one JSON object").map(|h| h.path), Some("--json"));
    assert_eq!(super::help::of_argument("link set", "--json", "Prints something else"), None);
}

#[test]
fn labels_are_found_by_their_codes() {
    assert_eq!(super::facts::Fact::of("limits").map(|fact| fact.both()).as_deref(), Some("限度額 Limits"));
    assert_eq!(super::facts::Fact::of("of_no_use"), None);
    for fact in super::facts::Fact::LIST {
        assert_eq!(super::facts::Fact::of(fact.code()), Some(*fact), "one label a code");
    }
}

#[test]
fn the_issues_of_rows_are_those_of_the_records() {
    let codes: Vec<_> = RowIssue::LIST.iter().map(|issue| issue.code()).collect();
    assert_eq!(codes, issue::NAMES);
    assert_eq!(why_unpaid("duplicate").both(), "重複 duplicate");
    assert_eq!(why_unpaid("returned").ja(), "返戻");
    assert_eq!(why_unpaid("withheld").ja(), "対象外");
}

/// `| 14 | カード未登録 no such card | … |`.
#[test]
fn the_description_of_the_wire_has_the_meanings_of_response_codes() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/WIRE.md");
    let document = std::fs::read_to_string(path).unwrap();
    let others = [
        ResponseCode::APPROVED,
        ResponseCode::FORMAT,
        ResponseCode::SECURITY,
        ResponseCode::UNAVAILABLE,
        ResponseCode::OUT_OF_BALANCE,
        ResponseCode::MALFUNCTION,
    ];
    for code in Refusal::ALL.iter().map(|refusal| refusal.code()).chain(others) {
        assert_ne!(meaning(code), ResponseMeaning::Other, "{code}");
        let row = format!("| {code} | {} |", meaning(code).both());
        assert!(document.lines().any(|line| line.starts_with(&row)), "no row {row}");
    }
}

#[test]
fn a_program_has_the_language_of_its_environment() {
    let of = |set: &[(&str, &str)]| {
        Language::of_environment(|name| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(of(&[("LANG", "ja_JP.UTF-8")]), Language::Japanese);
    assert_eq!(of(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")]), Language::English);
    assert_eq!(of(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "")]), Language::Japanese, "empty is not set");
    assert_eq!(of(&[("LC_ALL", "en_GB.UTF-8"), ("KAZASU_LANG", "ja")]), Language::Japanese);
    assert_eq!(of(&[("LANG", "ja@cjknarrow"), ("LC_MESSAGES", "de_DE")]), Language::English);
    assert_eq!(of(&[]), Language::English);
    let chosen = |value: &str| Language::chosen(|name| (name == "LANG").then(|| value.to_owned()));
    assert_eq!(["", "C", "POSIX", "C.UTF-8"].map(chosen), [None; 4], "the locale of machines");
    assert_eq!(chosen("fr_FR.UTF-8"), Some(Language::English));
}

#[test]
fn both_languages_stand_side_by_side() {
    use super::relief::FinalReportText;
    assert_eq!(super::reports::Sheet::Money.both(), "収支 Money");
    assert_eq!(
        FinalReportText::FewAreJoined { fewest: Count(1_000) }.both(),
        "1,000人未満の区分は合算しています。Lines about fewer than 1,000 people are added together."
    );
}

#[test]
fn an_argument_is_written_as_its_language_does() {
    use super::Argument;
    assert_eq!(Month("2026-01").shown(Language::Japanese).to_string(), "2026年1月");
    assert_eq!(Month("2026-01").shown(Language::English).to_string(), "2026-01");
    assert_eq!(Month("soon").shown(Language::Japanese).to_string(), "soon");
}

#[test]
fn a_reader_gets_the_language_that_the_header_prefers() {
    for (header, wanted) in [
        ("ja", Some(Language::Japanese)),
        ("en-GB,en;q=0.8,ja;q=0.5", Some(Language::English)),
        ("fr, ja_JP;q=0.2, en;q=0.1", Some(Language::Japanese)),
        ("en;q=0.3, ja;q=0.300", Some(Language::English)),
        ("en;q=0, *;q=0.1", Some(Language::Japanese)),
        ("EN ; q=1", Some(Language::English)),
        ("en;q=2, ja;q=0.0001", None),
        ("fr", None),
        ("", None),
        ("english", None),
    ] {
        assert_eq!(Language::preferred(header), wanted, "{header:?}");
    }
    assert_eq!(Language::parse("ja-Jpan-JP"), Some(Language::Japanese));
    assert_eq!(Language::default(), Language::Japanese);
}
