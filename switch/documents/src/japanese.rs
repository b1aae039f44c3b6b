//! Checks that a Japanese text has no English sentence in it.

use kazasu_text::Text;

/// The text without the parts that stand as they are: names between back-quotes, and values and words of libraries between
/// Japanese quotation marks.
fn own_words(text: &str) -> String {
    let outside: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" 、");
    let mut parts = outside.split('「');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + "、" + part.split_once('」').map_or("", |(_, behind)| behind))
}

fn is_word(text: &str) -> bool {
    text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Two words of ASCII letters with nothing but a space between them, outside of names and quotations; `id, name` is a list of names.
fn has_english(text: &str) -> bool {
    let words: Vec<_> = text.split(' ').collect();
    let sign = |c: char| !c.is_ascii_alphanumeric();
    let begins = |word: &str| word.rsplit(sign).next().is_some_and(is_word);
    let ends = |word: &str| word.split(sign).next().is_some_and(is_word);
    words.windows(2).any(|pair| begins(pair[0]) && ends(pair[1]))
}

/// Panics when the Japanese text has an English sentence in it.
pub(crate) fn assert_japanese(problem: &impl Text) {
    let text = problem.ja();
    assert!(text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30ff}')), "no Japanese: {text}");
    assert!(!has_english(&own_words(&text)), "English inside: {text}");
}

#[test]
fn english_inside_is_found() {
    assert!(has_english(&own_words("3行目：must be a date")));
    assert!(!has_english(&own_words("3行目：`must be` 「a date like」を指定してください")));
    assert!(!has_english(&own_words("必要な列は id, name, amount です")));
    assert!(!has_english(&own_words("表 limit 1の window：2026-12-01 のような日付")));
}
