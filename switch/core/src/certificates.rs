//! Deciding about certificates of cards and the status lists that speak of them: which certificate is whose, and which list is newer.

use super::decision::{Decided, recorded, unchanged};
use super::refusal::Rejected;
use super::state::{CardList, IssuerAt, State};
use kazasu_ledger::record::{Body, CertificateBound, ListApplied, ListReason};
use kazasu_schemas::ids::{Ppid, Serial};
use kazasu_schemas::jst::{BusinessDay, Millis};
use std::collections::BTreeSet;

/// A certificate that somebody binds to a person's card.
#[derive(Clone, Copy)]
pub(super) struct NewCertificate<'a> {
    pub(super) ppid: Ppid,
    pub(super) serial: Serial,
    pub(super) issuer: Option<&'a str>,
    pub(super) last_day: BusinessDay,
}

pub(super) fn bind(state: &State, new: NewCertificate<'_>, by: &str) -> Decided {
    let NewCertificate { ppid, serial, issuer, last_day } = new;
    let at = state.people.residents.get(&ppid).copied();
    let given = state.certificates.known(issuer);
    for bound in state.certificates.with_serial(&serial) {
        let may_be = match given {
            Some(given) => bound.issuer.may_be(given),
            None => bound.issuer == IssuerAt::UNKNOWN,
        };
        if !may_be {
            continue;
        }
        if Some(bound.holder) != at {
            let told = Some(bound.issuer) == given && bound.issuer != IssuerAt::UNKNOWN;
            return Err(if told { Rejected::SerialTaken(serial) } else { Rejected::SerialUnclear(serial) });
        }
        let card = state.holder(bound.holder).card;
        let told_before = issuer.is_none() || Some(bound.issuer) == given;
        if card.certificate == bound.nth && card.last_day == Some(last_day) && told_before {
            return Ok(unchanged());
        }
    }
    let (issuer, by) = (issuer.map(str::to_owned), by.to_owned());
    Ok(recorded(Body::CertificateBound(CertificateBound { ppid, serial, last_day, by, issuer })))
}

/// A list as it was read.
#[derive(Clone, Copy)]
pub(super) struct NewList<'a> {
    pub(super) number: u64,
    pub(super) issued: Millis,
    pub(super) entries: &'a [(Serial, ListReason)],
    pub(super) scope: &'a str,
    pub(super) issuer: Option<&'a str>,
}

pub(super) fn apply_list(state: &State, new: NewList<'_>, by: &str) -> Decided {
    let NewList { number, issued, entries, scope, issuer } = new;
    // Two authorities may look alike where their names are shown, and each has lists of its own.
    let anothers = |list: &&CardList| match state.certificates.known(issuer) {
        Some(issuer) => !list.issuer.may_be(issuer),
        None => list.issuer != IssuerAt::UNKNOWN,
    };
    let scope = match (state.certificates.lists.get(scope).filter(anothers), issuer) {
        (Some(_), Some(issuer)) => format!("{scope} [{issuer}]"),
        (Some(_) | None, _) => scope.to_owned(),
    };
    let before = state.certificates.lists.get(&scope);
    if let Some(list) = before {
        let same = list.number == number && list.issued == issued && list.entries.len() == entries.len();
        let same = same && entries.iter().all(|(serial, reason)| list.entries.get(serial) == Some(reason));
        let issuer_notified = issuer.is_none() || state.certificates.known(issuer) == Some(list.issuer);
        if same && issuer_notified {
            return Ok(unchanged());
        }
        if !same && (number <= list.number || issued < list.issued) {
            return Err(Rejected::OldList {
                got: number,
                got_at: issued.jst_text(),
                number: list.number,
                at: list.issued.jst_text(),
            });
        }
    }
    let on_it: BTreeSet<Serial> = entries.iter().map(|(serial, _)| *serial).collect();
    let was = |serial: &Serial| before.and_then(|list| list.entries.get(serial));
    let mut added: Vec<_> = entries.iter().filter(|(serial, reason)| was(serial) != Some(reason)).copied().collect();
    added.sort_unstable();
    let gone = before.iter().flat_map(|list| list.entries.keys()).filter(|serial| !on_it.contains(*serial));
    let mut removed: Vec<Serial> = gone.copied().collect();
    removed.sort_unstable();
    let (issuer, by) = (issuer.map(str::to_owned), by.to_owned());
    Ok(recorded(Body::ListApplied(ListApplied { number, issued, added, removed, scope, by, issuer })))
}
