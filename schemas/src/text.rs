//! Numbers for people.

/// Digits in groups of three.
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The mark in the place of digits that are not repeated.
pub const NOT_SHOWN: &str = "(digits not shown)";

/// The text with every run of twelve digits or more masked: it may be a card number that stands in the wrong place.
#[must_use]
pub fn masked(text: &str) -> String {
    masked_where(text, |run| run.len() >= 12)
}

/// The text with every run of digits masked that is a card number by its length and its check digit. For a person's own file, where
/// other long numbers must stay readable.
#[must_use]
pub fn without_card_numbers(text: &str) -> String {
    masked_where(text, |run| (13..=19).contains(&run.len()) && has_luhn_digit(run))
}

/// Does this text name a card number? Digits of any width count, in one run or in the groups that are printed on cards (4-4-4-4 and up
/// to three more, 4-6-5, 4-6-4), with the right check digit. Other long numbers do not: an account, a date with a time, a reference.
/// Nor does what is random or a digest, 32 hexadecimal digits and more with a letter among them, or a UUID: of such, one in some hundred
/// has such a run of digits by chance.
#[must_use]
pub fn names_a_card(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut rest = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !is_word(c)) {
        let end = word.trim_end_matches(|c: char| !is_word(c)).len();
        rest.push_str(if is_random(&word[..end]) { "x" } else { &word[..end] });
        rest.push_str(&word[end..]);
    }
    has_card_number(&rest)
}

/// A digest or another number of 128 bits and more in hexadecimal, or a UUID in its usual form.
fn is_random(word: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|b| b.is_ascii_hexdigit());
    let is_long = word.len() >= 32 && is_hex(word) && word.bytes().any(|b| b.is_ascii_alphabetic());
    let is_uuid = || word.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && word.split('-').all(is_hex);
    is_long || is_uuid()
}

fn has_card_number(text: &str) -> bool {
    let mut groups: Vec<String> = vec![String::new()];
    let mut separators = 0;
    for c in text.chars() {
        match plain_digit(c) {
            Some(digit) => {
                groups.last_mut().expect("there is always one").push(digit);
                separators = 0;
            }
            None if matches!(c, ' ' | '\u{3000}' | '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
                && separators == 0 =>
            {
                groups.push(String::new());
                separators = 1;
            }
            None => {
                if is_card_number(&groups) {
                    return true;
                }
                groups = vec![String::new()];
                separators = 0;
            }
        }
    }
    is_card_number(&groups)
}

/// A digit in ASCII, of any width.
fn plain_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '\u{ff10}'..='\u{ff19}' => char::from_digit(u32::from(c) - 0xff10, 10),
        _ => None,
    }
}

/// One of the runs, or some that follow each other as on a card.
fn is_card_number(groups: &[String]) -> bool {
    const PRINTED: [&[usize]; 6] =
        [&[4, 4, 4, 4], &[4, 4, 4, 4, 1], &[4, 4, 4, 4, 2], &[4, 4, 4, 4, 3], &[4, 6, 5], &[4, 6, 4]];
    let is_one = |digits: &str| (13..=19).contains(&digits.len()) && has_luhn_digit(digits);
    let printed = |at: usize, lengths: &[usize]| {
        let some = groups.get(at..at + lengths.len()).unwrap_or_default();
        let fits = !some.is_empty() && some.iter().zip(lengths).all(|(group, length)| group.len() == *length);
        fits && is_one(&some.concat())
    };
    groups.iter().any(|group| is_one(group))
        || (0..groups.len()).any(|at| PRINTED.iter().any(|lengths| printed(at, lengths)))
}

/// Is the last digit the check digit of the others (ISO/IEC 7812-1)?
fn has_luhn_digit(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(|(b, double)| {
            let n = u32::from(b.saturating_sub(b'0')) * if double { 2 } else { 1 };
            n / 10 + n % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

fn masked_where(text: &str, hide: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let end = |run: &mut String, out: &mut String| {
        if hide(run) {
            out.push_str(NOT_SHOWN);
        } else {
            out.push_str(run);
        }
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() {
            run.push(c);
        } else {
            end(&mut run, &mut out);
            out.push(c);
        }
    }
    end(&mut run, &mut out);
    out
}

/// The reason why a text cannot be printed in a letter, a list and a spreadsheet, with the character's place; `None` when it can.
#[must_use]
pub fn unprintable(text: &str) -> Option<String> {
    let why = |c: char| match c {
        '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some("a line break"),
        '\t' => Some("a tab"),
        c if c.is_control() => Some("a control character"),
        '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' => Some("a character that is not seen"),
        '\u{fffd}' => Some("what stands for a character that was lost"),
        c if u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}') => Some("no character"),
        _ => None,
    };
    let (at, c, why) = text.chars().enumerate().find_map(|(at, c)| Some((at + 1, c, why(c)?)))?;
    Some(format!("character {at} is {why} (U+{:04X}), which cannot be printed", u32::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_never_shown() {
        assert_eq!(masked("got 4900009000000061, not a PPID"), "got (digits not shown), not a PPID");
        assert_eq!(masked("12345678901 and 123456789012"), "12345678901 and (digits not shown)");
    }

    #[test]
    fn card_numbers_are_told_from_other_long_numbers() {
        assert_eq!(without_card_numbers("a 4900009000000061"), "a (digits not shown)");
        for text in ["4900009000000062", "123456789012", "M10000000000002", "00000000000000000000"] {
            assert_eq!(without_card_numbers(text), text);
        }
    }

    #[test]
    fn what_cannot_be_printed_is_found_at_its_place() {
        assert_eq!(unprintable("髙﨑①㈱ 葛\u{e0100}城 😀=HYPERLINK()"), None);
        for (text, at) in [("a\nb", 2), ("\u{7}", 1), ("ab\tc", 3), ("店\u{202e}", 2), ("\u{1fffe}", 1)] {
            let found = unprintable(text).unwrap();
            assert!(found.starts_with(&format!("character {at} is ")), "{found}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")];
        for (n, text) in cases {
            assert_eq!(thousands(n), text);
        }
    }

    #[test]
    fn a_card_number_is_known_in_one_run_and_as_it_is_printed() {
        for text in [
            "4900000000000003",
            "card 4900 0000 0000 0003 lost",
            "カード４９００－００００－００００－０００３",
            "4900-0000-0000-0003",
            "3782 822463 10005",
            "あ4900000000000003い",
            "order-4900000000000003",
            "card4900000000000003x",
            "49000000000000030000000000000000 4900000000000003",
        ] {
            assert!(names_a_card(text), "{text}");
        }
        for text in [
            "",
            "4900000000000004",
            "2026-11-30 12:05",
            "口座 1234567 へ返金",
            "090-1234-5678",
            "4900  0000 0000 0003",
            "record 4900, 0000, 0000, 0003",
            "12345678901234567890123",
            "a4900000000000003b0123456789abcd",
            "key 0a4900000000000003fffffffffffff0, of a request",
            "abcdefab-4900-4000-8000-000000000003",
        ] {
            assert!(!names_a_card(text), "{text}");
        }
    }
}
