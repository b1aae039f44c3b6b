//! Card status lists: X.509 certificate revocation lists (CRL, RFC 5280 section 5) of the authority that issues the user
//! certificates of the national ID card.
//!
//! A list is read completely or not at all. Its entries are looked at only after its signature has been found good.

pub(crate) mod der;
mod error;
mod name;
mod parse;
mod signature;
#[cfg(test)]
mod tests;

pub use error::CrlError;
pub use name::IssuerName;

use kazasu_ledger::record::ListReason;
use kazasu_schemas::ids::Serial;
use kazasu_schemas::jst::Millis;
use name::{issuer_name, name};
use parse::{binary, entries, extensions, instant, parts};
use signature::{authenticate, certificate, certificates};

/// Largest list that is read; bytes.
pub const MAX_BYTES: usize = 64 << 20;
/// Most entries of a list.
pub const MAX_ENTRIES: usize = 2_000_000;
/// How far the authority's clock may be ahead of ours; milliseconds.
pub const MAX_AHEAD_MS: i64 = 5 * 60_000;

/// A list whose signature is good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct List {
    /// The authority's name. Every certificate on the list is of this issuer.
    pub issuer: IssuerName,
    /// Which of the authority's lists it is, when it gives several (distributionPoint, RFC 5280 5.2.5): each speaks only of the
    /// certificates that name it.
    pub place: Option<String>,
    /// The authority's number of the list (cRLNumber, RFC 5280 5.2.3); it grows from list to list.
    pub number: u64,
    /// When the authority issued it.
    pub this_update: Millis,
    /// When it means to have issued the next one. It may be past.
    pub next_update: Option<Millis>,
    /// The certificates on it, in ascending order of serial, each once.
    pub entries: Vec<(Serial, ListReason)>,
}

/// Reads a list, DER or PEM, that one of `authorities` (PEM) must have signed.
///
/// A list whose next update is past is read too: how old a list may be is for the policy to say.
///
/// # Errors
/// See [`CrlError`].
pub fn read(bytes: &[u8], authorities: &[u8], now: Millis) -> Result<List, CrlError> {
    if bytes.len() > MAX_BYTES {
        return Err(CrlError::TooLarge(bytes.len()));
    }
    let blocks = certificates(authorities)?;
    let authorities = blocks.iter().map(|der| certificate(der)).collect::<Result<Vec<_>, _>>()?;
    let der = binary(bytes)?;
    let parts = parts(&der)?;
    authenticate(&parts, &authorities, now)?;

    let this_update = instant(parts.this_update, "thisUpdate")?;
    if this_update.0 > now.0.saturating_add(MAX_AHEAD_MS) {
        return Err(CrlError::Future { this_update: this_update.jst_text(), now: now.jst_text() });
    }
    let next_update = parts.next_update.map(|element| instant(element, "nextUpdate")).transpose()?;
    if let Some(next_update) = next_update.filter(|next| *next <= this_update) {
        return Err(CrlError::NextUpdate { this_update: this_update.jst_text(), next_update: next_update.jst_text() });
    }
    let (number, place) = extensions(parts.extensions)?;
    let entries = entries(parts.revoked.map(|revoked| revoked.content).unwrap_or_default(), MAX_ENTRIES)?;
    let issuer = issuer_name(parts.issuer.whole)?;
    Ok(List { issuer, place, number, this_update, next_update, entries })
}

/// The names of the authorities in a PEM file, each once.
///
/// # Errors
/// See [`CrlError`].
pub fn authorities(pem: &[u8]) -> Result<Vec<IssuerName>, CrlError> {
    let blocks = certificates(pem)?;
    let mut names: Vec<IssuerName> = Vec::new();
    for der in &blocks {
        let certificate = certificate(der)?;
        let name = IssuerName::of(certificate.subject(), name(certificate.subject()));
        if !names.iter().any(|known| known.canonical() == name.canonical()) {
            names.push(name);
        }
    }
    Ok(names)
}
