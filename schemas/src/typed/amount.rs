//! Whole yen: `1000`, `1,000`, `１，０００円`, `¥1,000`, `1000.00`; below zero with `-` or `△` before the figures.

use super::narrow;
use crate::money::{MAX_WIRE_AMOUNT, Yen};

/// Figures that an amount has at most.
const MOST_FIGURES: usize = 12;

/// The error of a text that is no amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AmountError {
    /// Nothing stands there.
    #[error("must be whole yen, such as 1000, 1,000 or 1,000円; it is empty")]
    Empty,
    /// Something else than figures.
    #[error("must be whole yen, such as 1000, 1,000 or 1,000円")]
    NotFigures,
    /// A comma that does not group.
    #[error("must be whole yen; a comma stands only before each group of three figures, as in 1,000 or 12,345,678")]
    Grouping,
    /// Something behind the point.
    #[error("must be whole yen; yen have no decimals (1000 and 1000.00 are one amount, 1000.5 and 1.000 are none)")]
    Decimals,
    /// Below zero where that cannot be.
    #[error("must be whole yen, not below zero")]
    Negative,
    /// Too large.
    #[error("must be whole yen with at most twelve figures, 999,999,999,999")]
    TooLarge,
}

/// An amount that is not below zero.
pub fn yen(text: &str) -> Result<Yen, AmountError> {
    let amount = signed_yen(text)?;
    if amount < Yen::ZERO { Err(AmountError::Negative) } else { Ok(amount) }
}

/// An amount that may be below zero.
pub fn signed_yen(text: &str) -> Result<Yen, AmountError> {
    let text = narrow(text);
    if text.is_empty() {
        return Err(AmountError::Empty);
    }
    let (negative, rest) = sign(&text);
    let plain = rest.strip_suffix('円').map_or(rest, str::trim_end);
    // In code page 932 the yen sign is the backslash.
    let figures = plain.strip_prefix(['¥', '\\']).map_or(plain, str::trim_start);
    let (negative, figures) = match sign(figures) {
        (true, _) if negative => return Err(AmountError::NotFigures),
        (true, figures) => (true, figures),
        (false, _) => (negative, figures),
    };
    let whole = match figures.split_once('.') {
        None => figures,
        Some((whole, "0" | "00")) => whole,
        Some((whole, cents)) if is_figures(&whole.replace(',', "")) && is_figures(cents) => {
            return Err(AmountError::Decimals);
        }
        Some(_) => return Err(AmountError::NotFigures),
    };
    let figures = ungrouped(whole)?;
    if figures.len() > MOST_FIGURES {
        return Err(AmountError::TooLarge);
    }
    let units: i64 = figures.parse().map_err(|_| AmountError::TooLarge)?;
    if units > MAX_WIRE_AMOUNT {
        return Err(AmountError::TooLarge);
    }
    Ok(Yen::new(if negative { -units } else { units }))
}

/// Is it below zero, and what follows the sign.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '△', '▲']) {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    }
}

fn is_figures(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The figures without commas, where each comma stands before a group of three.
fn ungrouped(text: &str) -> Result<String, AmountError> {
    if !text.contains(',') {
        return if is_figures(text) { Ok(text.to_owned()) } else { Err(AmountError::NotFigures) };
    }
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b',') {
        return Err(AmountError::NotFigures);
    }
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or("");
    let good = (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3);
    if good { Ok(text.replace(',', "")) } else { Err(AmountError::Grouping) }
}
