//! Certificates of cards, and the status lists that speak of them. A certificate is known by its issuer and its serial number
//! together (RFC 5280 4.1.2.2): each authority numbers its own, and its lists say nothing of another's.
//!
//! Records that were written before issuers were kept name none. Such a certificate may be any authority's, and such a list may speak
//! of any certificate: the stricter reading holds until the issuer is told.

use super::admin::{Rejected, recorded, unchanged};
use super::people::Decided;
use super::state::{State, position};
use super::wallet::{Card, Holder, HolderAt};
use hashbrown::HashMap;
use kazasu_ledger::record::{Body, CardStatus, CertificateBound, ListApplied, ListReason};
use kazasu_schemas::ids::{Ppid, Serial};
use kazasu_schemas::jst::{BusinessDay, Millis};
use smallvec::SmallVec;
use std::collections::{BTreeMap, BTreeSet};

/// An issuer's place among those that records have named; 0 is the one that no record names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct IssuerAt(u32);

impl IssuerAt {
    /// No record names it.
    pub(super) const UNKNOWN: IssuerAt = IssuerAt(0);

    /// Can the two be the same authority?
    pub(super) fn may_be(self, other: IssuerAt) -> bool {
        self == other || self == IssuerAt::UNKNOWN || other == IssuerAt::UNKNOWN
    }
}

/// A certificate that was bound: whose, and which in the order of binding.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Bound {
    issuer: IssuerAt,
    nth: u32,
    holder: HolderAt,
}

/// The card status list in force.
#[derive(Clone, PartialEq, Debug)]
pub struct CardList {
    /// The authority's number.
    pub number: u64,
    /// When it was issued.
    pub issued: Millis,
    /// The authority.
    pub(super) issuer: IssuerAt,
    pub(super) entries: HashMap<Serial, ListReason>,
}

/// Every certificate that was ever bound, and the card status lists in force.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Certificates {
    /// Names of issuers; the first is number 1.
    names: Vec<String>,
    by_serial: HashMap<Serial, SmallVec<[Bound; 1]>>,
    /// The issuer of each, in the order of binding.
    issuers: Vec<IssuerAt>,
    /// Lists by what they are about.
    pub(super) lists: BTreeMap<String, CardList>,
}

impl Certificates {
    /// An issuer that records have named before; `None` for one that none has.
    fn known(&self, name: Option<&str>) -> Option<IssuerAt> {
        let Some(name) = name else { return Some(IssuerAt::UNKNOWN) };
        let at = self.names.iter().position(|known| known == name)?;
        Some(IssuerAt(u32::try_from(at + 1).expect("few authorities")))
    }

    fn named(&mut self, name: Option<&str>) -> IssuerAt {
        match (self.known(name), name) {
            (Some(at), _) => at,
            (None, name) => {
                self.names.extend(name.map(str::to_owned));
                IssuerAt(u32::try_from(self.names.len()).expect("few authorities"))
            }
        }
    }

    fn with_serial(&self, serial: &Serial) -> &[Bound] {
        self.by_serial.get(serial).map_or(&[], |bound| &bound[..])
    }

    /// The issuer of a card's certificate.
    fn issuer_of(&self, nth: u32) -> IssuerAt {
        self.issuers.get(position(nth)).copied().unwrap_or_default()
    }

    /// Binds one; says whether it was not known before.
    fn bind(&mut self, issuer: IssuerAt, serial: Serial, holder: HolderAt) -> (Bound, bool) {
        let nth = u32::try_from(self.issuers.len()).expect("at most four billion certificates");
        let with_serial = self.by_serial.entry(serial).or_default();
        let same = |b: &&mut Bound| b.issuer == issuer || (b.holder == holder && b.issuer.may_be(issuer));
        let (bound, new) = match with_serial.iter_mut().find(same) {
            Some(bound) => {
                let issuer = if issuer == IssuerAt::UNKNOWN { bound.issuer } else { issuer };
                *bound = Bound { issuer, nth, holder };
                (*bound, false)
            }
            None => {
                with_serial.push(Bound { issuer, nth, holder });
                (Bound { issuer, nth, holder }, true)
            }
        };
        self.issuers.push(bound.issuer);
        (bound, new)
    }
}

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
        let issuer_told = issuer.is_none() || state.certificates.known(issuer) == Some(list.issuer);
        if same && issuer_told {
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

fn status_of(reason: ListReason) -> CardStatus {
    match reason {
        ListReason::Hold => CardStatus::Suspended,
        ListReason::Revoked => CardStatus::Revoked,
    }
}

/// What records do to certificates and to the cards that have them.
impl Certificates {
    fn bound(&mut self, r: &CertificateBound, holder: HolderAt, card: &mut Card) {
        let issuer = self.named(r.issuer.as_deref());
        let (bound, new) = self.bind(issuer, r.serial, holder);
        card.listed = self.on_a_list(bound.issuer, &r.serial);
        // A suspension or revocation was of the card before; the same certificate once more lifts nothing.
        if new {
            card.said = CardStatus::Good;
        }
        card.last_day = Some(r.last_day);
        // A card has one certificate: the one before it says nothing any more.
        card.certificate = bound.nth;
    }

    pub(super) fn list_applied(&mut self, r: &ListApplied, holders: &mut [Holder]) {
        let issuer = self.named(r.issuer.as_deref());
        let new = || CardList { number: r.number, issued: r.issued, issuer, entries: HashMap::new() };
        let list = self.lists.entry(r.scope.clone()).or_insert_with(new);
        (list.number, list.issued) = (r.number, r.issued);
        let mut changed: Vec<Serial> =
            r.removed.iter().chain(r.added.iter().map(|(serial, _)| serial)).copied().collect();
        if list.issuer != issuer {
            // It speaks of other certificates now, with every entry.
            changed.extend(list.entries.keys());
            list.issuer = issuer;
        }
        for serial in &r.removed {
            list.entries.remove(serial);
        }
        list.entries.extend(r.added.iter().copied());
        for serial in changed {
            for bound in self.with_serial(&serial) {
                let card = &mut holders[position(bound.holder)].card;
                if card.certificate == bound.nth {
                    card.listed = self.on_a_list(bound.issuer, &serial);
                }
            }
        }
    }

    /// What the lists in force say of a certificate: the strictest of its issuer's.
    fn on_a_list(&self, issuer: IssuerAt, serial: &Serial) -> CardStatus {
        let lists = self.lists.values().filter(|list| list.issuer.may_be(issuer));
        lists.filter_map(|list| list.entries.get(serial)).max().copied().map_or(CardStatus::Good, status_of)
    }

    /// When the oldest list in force that may speak of a card was issued; `None` when there is none.
    pub(super) fn oldest_list(&self, nth: u32) -> Option<Millis> {
        let issuer = self.issuer_of(nth);
        self.lists.values().filter(|list| list.issuer.may_be(issuer)).map(|list| list.issued).min()
    }
}

impl State {
    pub(super) fn certificate_bound(&mut self, r: &CertificateBound) {
        let holder = self.people.person(r.ppid);
        let card = &mut self.people.holders[position(holder)].card;
        self.certificates.bound(r, holder, card);
    }
}
