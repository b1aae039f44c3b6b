//! Amounts and dates as people type them and as spreadsheets in Japan write them, for files, command lines and text in requests.
//!
//! Reading is exact or it is refused: a comma is taken for grouping only where it groups three digits, a date must exist, and what two
//! people could read in two ways (26/11/29, 1.000) is nothing. Wire formats have readers of their own.

mod amount;
mod date;
#[cfg(test)]
mod tests;

pub use amount::{AmountError, signed_yen, yen};
pub use date::{DateError, day, moment};

/// The text without spaces around it, its full-width letters, digits and signs as ASCII. Other characters stay what they are.
fn narrow(text: &str) -> String {
    let one = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' | '\u{a0}' | '\u{202f}' => ' ',
        '￥' | '¥' => '¥',
        '−' | '‐' | '‑' | '–' | '﹣' => '-',
        '㋿' => 'R',
        '㍻' => 'H',
        '㍼' => 'S',
        c => c,
    };
    // What cannot be seen cannot be meant.
    let seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    text.chars().filter(seen).map(one).collect::<String>().trim().to_owned()
}
