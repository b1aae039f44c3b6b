//! Floor limits: an offline payment above the limit of its terminal's class is accepted from the acquirer, as every advice is, but
//! nothing of it is posted, and its issuer is told nothing, until a person has looked at it. Until then it is reserved; an acquirer's
//! reversal releases it.

use super::admin::{Rejected, recorded};
use super::attribution::Attribution;
use super::event::Effect;
use super::money::{Shares, plus};
use super::people::Decided;
use super::state::{State, Tap, TapIndex, TapState};
use super::totals::What;
use super::undo::{Kept, held, instrument_share, issuer_of, settle};
use super::wallet::NOBODY;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{AdviceDecided, Body, Outcome, Place, ToIssuer};
use kazasu_schemas::canonical;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::Receipt;
use kazasu_schemas::wire::issuer::IssuerOperation;
use std::collections::{BTreeMap, BTreeSet};

/// The limit for offline payments until a policy says another.
pub(super) const FLOOR: Yen = Yen::new(100_000);

/// An offline payment that waits for a person.
#[derive(Clone, PartialEq, Debug)]
pub struct WaitingAdvice {
    /// Its record.
    pub record: Seq,
    /// When it came.
    pub at: Millis,
    /// The merchant's acquirer and number, and its class.
    pub merchant: (String, String, String),
    /// The terminal.
    pub terminal: String,
    /// Yen that are reserved for it.
    pub amount: Yen,
    /// The part of it that no account covers: it would be claimed from the acquirer.
    pub uncovered: Yen,
    /// The floor limit there.
    pub floor: Yen,
}

/// Offline payments above their floor limits.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Offline {
    /// Those that a person has to look at.
    pub(super) waiting: BTreeSet<Seq>,
    /// Those that were accepted and went to an issuer: the record whose message it knows them by, and when.
    pub(super) accepted: BTreeMap<Seq, (Seq, Millis)>,
}

impl State {
    /// Above this an offline payment waits for a person.
    pub(super) fn floor_at(&self, class: &str) -> Yen {
        let floor = self.rules.policy.offline.as_ref().and_then(|rule| rule.floor.as_ref());
        let Some(floor) = floor else { return FLOOR };
        let own = floor.classes.iter().find(|(name, _)| canonical::same(name, class));
        own.map(|(_, most)| *most).or(floor.otherwise).unwrap_or(FLOOR)
    }

    /// True while a person has to look at this tap.
    pub(super) fn waits_for_person(&self, tap: Seq) -> bool {
        self.offline.waiting.contains(&tap)
    }

    /// Every offline payment that waits for a person, oldest first.
    #[must_use]
    pub fn waiting_advices(&self) -> Vec<WaitingAdvice> {
        let shown = |seq: &Seq| {
            let tap = self.tap_by_seq(*seq)?;
            let merchant = self.merchant(tap.merchant)?;
            let part = |which: fn(&super::money::Leg) -> bool| {
                tap.legs.iter().filter(|leg| which(leg)).fold(Yen::ZERO, |sum, leg| plus(sum, held(self, leg)))
            };
            let class = merchant.traits.class.clone();
            Some(WaitingAdvice {
                record: *seq,
                at: tap.at,
                merchant: (merchant.acquirer.to_string(), merchant.id.to_string(), class.clone()),
                terminal: tap.key.terminal.to_string(),
                amount: part(super::money::Leg::is_yen),
                uncovered: part(super::money::Leg::is_claimed),
                floor: self.floor_at(&class),
            })
        };
        self.offline.waiting.iter().filter_map(shown).collect()
    }

    /// A person said what becomes of it.
    pub(super) fn advice_decided(&mut self, place: Place, r: &AdviceDecided) {
        let Some(index) = self.index_of(r.tap) else { return };
        self.offline.waiting.remove(&r.tap);
        let Some(tap) = self.tap(index) else { return };
        let (day, acquirer) = (tap.counted_day, tap.key.acquirer);
        if r.accepted {
            self.waits_no_more(index);
            self.post(index, &r.transfers);
            let posted = self.through_merchant(&r.transfers);
            self.taps.set_state(index, TapState::Posted);
            if posted.is_positive() {
                self.totals.count((acquirer, place.day), What::Payment, posted);
            }
            if let Some(message) = r.to_issuer {
                self.owes(place, message);
                self.advised(place.seq, (message, r.tap), &r.transfers);
                self.offline.accepted.insert(r.tap, (place.seq, place.at));
            }
        } else {
            self.came_back(&r.transfers);
            self.released(index, &r.transfers, day);
            self.taps.set_state(index, TapState::Refused);
        }
        if let Some(ruled) = &r.ruled {
            self.tell(place, index, &ruled.alerts);
        }
        self.look_at_outcome(index);
    }

    /// A tap was released altogether: nobody needs to look at it any more.
    pub(super) fn looked_at(&mut self, of: TapIndex) {
        if let Some(seq) = self.tap(of).filter(|tap| tap.state == TapState::Reversed).map(|tap| tap.seq)
            && self.waits_for_person(seq)
        {
            self.offline.waiting.remove(&seq);
        }
    }
}

/// What a person says of an advice that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ruling {
    /// All of it is posted.
    Accept,
    /// All of it is released.
    Refuse,
}

/// A person decides about an advice that waits.
pub(super) fn decide(state: &State, record: Seq, ruling: Ruling, told: Attribution<'_>) -> Decided {
    let waits = state.tap_by_seq(record).filter(|tap| state.waits_for_person(tap.seq));
    let tap = waits.ok_or(Rejected::NoAdviceWaits(record))?;
    let accepted = ruling == Ruling::Accept;
    let kept: Shares = tap.legs.iter().map(|leg| if accepted { held(state, leg) } else { Yen::ZERO }).collect();
    let transfers = settle(state, tap, &kept, Kept::Posted);
    let part = instrument_share(tap, &kept);
    let to_issuer = issuer_of(state, tap).filter(|_| part.is_positive()).map(|issuer| ToIssuer {
        issuer,
        operation: IssuerOperation::PurchaseAdvice,
        amount: part,
        remains: None,
        about: None,
        tap: tap.seq,
    });
    let ruled = if accepted { alerts(state, tap) } else { None };
    let notices = ruled.as_ref().map_or(0, |ruled| ruled.alerts.len());
    let (by, why) = told.owned();
    let body = AdviceDecided { tap: tap.seq, accepted, transfers, to_issuer, ruled, by, why };
    let decision = recorded(Body::AdviceDecided(body)).notify(state.seq + 1, notices);
    Ok(match to_issuer {
        Some(message) => decision.then(Effect::Send(state.seq + 1, message)),
        None => decision,
    })
}

/// What is paid now may reach a percentage of the month's limit.
fn alerts(state: &State, tap: &Tap) -> Option<Outcome> {
    if tap.holder == NOBODY {
        return None;
    }
    let wallet = state.holder(state.root(tap.holder)).wallet.as_deref();
    let alerts = state.crossed(wallet, tap.counted_day, tap.counted);
    (!alerts.is_empty()).then(|| Outcome { approved: None, receipt: Receipt::default(), alerts })
}
