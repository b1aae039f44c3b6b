//! One form for every key that people type: household numbers, events, references, tags, classes, and names of people.
//!
//! Two spellings are one key when they look alike or differ only in how they were entered: half or full width, composed or not, with
//! spaces or without, upper or lower case, with invisible characters, with another dash, in quotation marks. Keys are compared and
//! hashed in this form and shown as they were typed. What must never be one key is left apart: digits, letters, kana and their marks
//! stay what they are. Source: Unicode Standard Annex 15 (NFKC), and `Default_Ignorable_Code_Point` of Unicode 16.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// The canonical form of a key; empty when nothing of it can be seen. Taking it again changes nothing.
#[must_use]
pub fn canonical(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut form = once(text);
    // Each step may uncover something for another: a dash that is left beside quotation marks, a letter composed anew.
    loop {
        let next = once(&form);
        if next == form {
            return Cow::Owned(form);
        }
        form = next;
    }
}

/// Are two keys one?
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    a == b || (!(is_plain(a) && is_plain(b)) && canonical(a) == canonical(b))
}

/// Are two keys one, or is neither there?
#[must_use]
pub fn same_or_neither(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Is nothing of it left? Such a key is refused everywhere.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    canonical(text).is_empty()
}

/// A household's number: leading zeros, which spreadsheets lose first, count for nothing where all is digits.
#[must_use]
pub fn household(text: &str) -> Cow<'_, str> {
    let form = canonical(text);
    if !form.bytes().all(|b| b.is_ascii_digit()) {
        return form;
    }
    match form.trim_start_matches('0') {
        "" if form.is_empty() => form,
        "" => Cow::Borrowed("0"),
        rest => Cow::Owned(rest.to_owned()),
    }
}

/// Most keys are in their form already.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase() || matches!(b, b'-' | b'.' | b'/' | b'_'))
}

fn once(text: &str) -> String {
    // Marks without a letter would become a space and a mark, and an invisible character would part a letter from its mark.
    let seen = text.chars().filter(|c| !is_invisible(*c)).map(joined_mark);
    let composed = seen.nfkc().filter(|c| !is_invisible(*c) && !c.is_whitespace());
    let folded = composed.flat_map(char::to_uppercase).flat_map(char::to_lowercase).map(unified).nfkc();
    let form: String = folded.collect();
    form.trim_matches(is_quotation).to_owned()
}

/// Invisible: ignorable by default in Unicode, a control character that is no white space, or a blank of a script.
fn is_invisible(c: char) -> bool {
    let ignorable = matches!(u32::from(c),
        0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x1_bca0..=0x1_bca3 | 0x1_d173..=0x1_d17a | 0xe_0000..=0xe_0fff | 0x2800);
    ignorable || (c.is_control() && !c.is_whitespace())
}

/// The sound marks that stand alone, as those that join the kana before them: カ゛ is ガ.
fn joined_mark(c: char) -> char {
    match c {
        '\u{309b}' => '\u{3099}',
        '\u{309c}' => '\u{309a}',
        c => c,
    }
}

/// Strokes that are taken for each other. A Japanese keyboard has one key for the hyphen and the long-vowel mark, and which of them
/// it enters depends on what stands before: A‐1, A–1, A−1 and Aー1 are one. So the mark counts as a hyphen everywhere; two keys that
/// differ in nothing else are one. The kanji 一 is a number and stays.
fn unified(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}'
        | '\u{2043}'
        | '\u{2212}'
        | '\u{02d7}'
        | '\u{058a}'
        | '\u{1806}'
        | '\u{2500}'
        | '\u{2501}'
        | '\u{2796}'
        | '\u{2e3a}'
        | '\u{2e3b}'
        | '\u{30a0}'
        | '\u{30fc}' => '-',
        '\u{301c}' | '\u{3030}' => '~',
        '\u{00b7}' | '\u{2022}' | '\u{2219}' | '\u{22c5}' => '\u{30fb}',
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{301d}'..='\u{301f}' => '"',
        c => c,
    }
}

/// Is it one of the strokes that count as a hyphen, also in full or half width?
#[must_use]
pub fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{ff0d}' | '\u{ff70}' | '\u{fe58}' | '\u{fe63}') || unified(c) == '-'
}

fn is_quotation(c: char) -> bool {
    matches!(c, '"' | '\'' | '`')
}

#[cfg(test)]
mod tests;
