//! Floor limits: an offline payment above the limit of its terminal's class is accepted from the acquirer, as every advice is, but
//! nothing of it is posted, and its issuer is told nothing, until a person has looked at it. Until then it is reserved; an acquirer's
//! reversal releases it.

use super::decision::{Decided, Effect, recorded};
use super::money::{Shares, plus};
use super::refusal::Rejected;
use super::state::{State, Tap};
use super::undo::{Kept, held, instrument_share, issuer_of, settle};
use super::wallet::NO_HOLDER;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{AdviceDecided, Body, Outcome, ToIssuer};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::Receipt;
use kazasu_schemas::wire::issuer::IssuerOperation;

/// The limit for offline payments until a policy says another.
pub(super) const FLOOR: Yen = Yen::new(100_000);

/// An offline payment that waits for a person.
#[derive(Clone, PartialEq, Debug)]
pub struct WaitingAdvice {
    /// Its record.
    pub record: Seq,
    /// The time at which it came.
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

impl State {
    /// Above this an offline payment waits for a person.
    pub(super) fn floor_at(&self, class: &str) -> Yen {
        let floor = self.rules.policy.offline.as_ref().and_then(|rule| rule.floor.as_ref());
        let Some(floor) = floor else { return FLOOR };
        let own = floor.classes.iter().find(|(name, _)| canonical::same(name, class));
        own.map(|(_, most)| *most).or(floor.otherwise).unwrap_or(FLOOR)
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
}

/// A person's decision on an advice that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ruling {
    /// All of it is posted.
    Accept,
    /// All of it is released.
    Refuse,
}

/// A person decides about an advice that waits.
pub(super) fn decide(state: &State, record: Seq, ruling: Ruling, told: &Attribution) -> Decided {
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
    let Attribution { by, why, via } = told.clone();
    let body = AdviceDecided { tap: tap.seq, accepted, transfers, to_issuer, ruled, by, why, via, proof: None };
    let decision = recorded(Body::AdviceDecided(body)).notify(state.seq + 1, notices);
    Ok(match to_issuer {
        Some(message) => decision.then(Effect::Send(state.seq + 1, message)),
        None => decision,
    })
}

/// The payment may reach a percentage of the month's limit.
fn alerts(state: &State, tap: &Tap) -> Option<Outcome> {
    if tap.holder == NO_HOLDER {
        return None;
    }
    let wallet = state.holder(state.root(tap.holder)).wallet.as_deref();
    let alerts = state.crossed(wallet, tap.counted_day, tap.counted);
    (!alerts.is_empty()).then(|| Outcome { approved: None, receipt: Receipt::default(), alerts })
}
