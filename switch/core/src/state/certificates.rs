//! Certificates of cards, and the status lists that speak of them. A certificate is known by its issuer and its serial number
//! together (RFC 5280 4.1.2.2): each authority numbers its own, and its lists say nothing of another's.
//!
//! Records that were written before issuers were kept name none. Such a certificate may be any authority's, and such a list may speak
//! of any certificate: the stricter reading holds until the issuer is told.

use super::super::index::position;
use super::super::wallet::{Card, Holder, HolderAt};
use hashbrown::HashMap;
use kazasu_ledger::record::{CardStatus, CertificateBound, ListApplied, ListReason};
use kazasu_schemas::ids::Serial;
use kazasu_schemas::jst::Millis;
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// An issuer's place among those that records have named; 0 is the one that no record names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct IssuerAt(u32);

impl IssuerAt {
    /// No record names it.
    pub(in super::super) const UNKNOWN: IssuerAt = IssuerAt(0);

    /// Can the two be the same authority?
    pub(in super::super) fn may_be(self, other: IssuerAt) -> bool {
        self == other || self == IssuerAt::UNKNOWN || other == IssuerAt::UNKNOWN
    }
}

/// A certificate that was bound: whose, and which in the order of binding.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) struct Bound {
    pub(in super::super) issuer: IssuerAt,
    pub(in super::super) nth: u32,
    pub(in super::super) holder: HolderAt,
}

/// The card status list in force.
#[derive(Clone, PartialEq, Debug)]
pub struct CardList {
    /// The authority's number.
    pub number: u64,
    /// The time at which it was issued.
    pub issued: Millis,
    /// The authority.
    pub(in super::super) issuer: IssuerAt,
    pub(in super::super) entries: HashMap<Serial, ListReason>,
}

/// Every certificate that was ever bound, and the card status lists in force.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Certificates {
    /// Names of issuers; the first is number 1.
    names: Vec<String>,
    by_serial: HashMap<Serial, SmallVec<[Bound; 1]>>,
    /// The issuer of each, in the order of binding.
    issuers: Vec<IssuerAt>,
    /// Lists by what they are about.
    pub(in super::super) lists: BTreeMap<String, CardList>,
}

impl Certificates {
    /// An issuer that records have named before; `None` for one that none has.
    pub(in super::super) fn known(&self, name: Option<&str>) -> Option<IssuerAt> {
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

    pub(in super::super) fn with_serial(&self, serial: &Serial) -> &[Bound] {
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

fn status_of(reason: ListReason) -> CardStatus {
    match reason {
        ListReason::Hold => CardStatus::Suspended,
        ListReason::Revoked => CardStatus::Revoked,
    }
}

/// The effects of records on certificates and on the cards that have them.
impl Certificates {
    pub(in super::super) fn bound(&mut self, r: &CertificateBound, holder: HolderAt, card: &mut Card) {
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

    pub(in super::super) fn list_applied(&mut self, r: &ListApplied, holders: &mut [Holder]) {
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

    /// The status of a certificate on the lists in force: the strictest of its issuer's.
    fn on_a_list(&self, issuer: IssuerAt, serial: &Serial) -> CardStatus {
        let lists = self.lists.values().filter(|list| list.issuer.may_be(issuer));
        lists.filter_map(|list| list.entries.get(serial)).max().copied().map_or(CardStatus::Good, status_of)
    }

    /// The time at which the oldest list in force that may speak of a card was issued; `None` when there is none.
    pub(in super::super) fn oldest_list(&self, nth: u32) -> Option<Millis> {
        let issuer = self.issuer_of(nth);
        self.lists.values().filter(|list| list.issuer.may_be(issuer)).map(|list| list.issued).min()
    }
}
