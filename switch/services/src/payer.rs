//! Payers, as people write them: `issuer 4`, `funder 1`.

use kazasu_ledger::record::Payer;
use kazasu_schemas::canonical::canonical;

/// A party in the form that is compared, `issuer 4`: its letters may have any width and case, and any spaces may stand between. A
/// text that names no party stays as it is, for the refusal to show.
pub(crate) fn party(text: &str) -> String {
    let form = canonical(text);
    let word = form.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &form[word.len()..];
    match word {
        "issuer" | "acquirer" | "funder" if !number.is_empty() => format!("{word} {number}"),
        _ => text.to_owned(),
    }
}

/// A payer from a person's text: `issuer N`, or `funder N` of a point programme.
#[must_use]
pub fn payer(text: &str) -> Option<Payer> {
    let text = party(text);
    let (what, number) = text.split_once(' ')?;
    let number = number.parse().ok()?;
    match what {
        "issuer" => Some(Payer::Issuer(number)),
        "funder" => Some(Payer::Funder(number)),
        _ => None,
    }
}

/// The same, as people write it.
#[must_use]
pub fn payer_text(payer: &Payer) -> String {
    match payer {
        Payer::Issuer(n) => format!("issuer {n}"),
        Payer::Funder(n) => format!("funder {n}"),
    }
}
