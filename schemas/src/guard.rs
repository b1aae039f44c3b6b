//! Text that a spreadsheet would take for a formula (OWASP, "CSV Injection"). Every CSV file that is written passes its text through
//! [`guarded`]; readers that take such a file back use [`unguarded`]. In a workbook the same texts bear Excel's own mark for text
//! (`quotePrefix`), and the value stays as it is.
//!
//! A text that is wholly a number, `-1280`, is no formula and stays a number.

use std::borrow::Cow;

/// In CSV: the text, with an apostrophe in front where a spreadsheet would calculate it.
///
/// A text that already looks guarded gets one more, so that [`unguarded`] gives back every text as it was.
#[must_use]
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that [`guarded`] was given.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(inner) if is_formula(inner.trim_start_matches('\'')) => inner,
        Some(_) | None => text,
    }
}

/// Would a spreadsheet calculate it? Wide and small forms count: Excel in Japan takes them too. So does what follows blanks, which
/// some spreadsheets drop.
#[must_use]
pub fn is_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let blank =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let text = text.trim_start_matches(blank);
    match text.chars().next() {
        Some('=' | '+' | '@' | '＝' | '＋' | '－' | '＠' | '−' | '﹢' | '﹣' | '﹦' | '﹫') => true,
        Some('-') => !is_number(text),
        Some(_) | None => false,
    }
}

/// Digits after the sign, with one point at most.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_would_be_calculated_gets_an_apostrophe() {
        for text in [
            "=1+1",
            "+81",
            "-1+cmd|' /C calc'!A0",
            "@SUM(1)",
            "\tx",
            "\rx",
            "\nx",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "−1",
            "﹦1",
            " =1",
            "\u{3000}=1",
            "\u{200b}=1",
            "\u{feff}=1",
            "-",
            "--1",
            "-1.",
            "-.5",
            "-1,000",
            "'=1",
            "''＝1",
            "\0=1",
        ] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for text in ["", "a=b", "'x", "x", "-1280", "-3.25", "0", "'-5", "山田商店", " x", "·=", "1-2", "''"] {
            assert_eq!(guarded(text), text);
            assert_eq!(unguarded(text), text);
        }
    }

    proptest! {
        /// Texts of the marks that matter come back as they were, and none that leaves begins as a formula does.
        #[test]
        fn every_text_comes_back(text in "['=+@＝\\-−＠ \t\r\u{3000}\u{200b}0-9.,a山\u{feff}]{0,8}") {
            let out = guarded(&text);
            prop_assert!(!is_formula(&out), "{out:?}");
            prop_assert_eq!(unguarded(&out), &text);
        }
    }
}
