//! History under another policy: the journal's records become events again, and a second state decides them.
//!
//! Up to the beginning of the period both states are one. From there on the draft is in force in the second one, with the
//! counters, purses and points that the people had; whatever it decides differently changes what comes after.

mod events;
mod request;

use super::event::{Command, Decision, Effect, Event};
use super::state::{State, TapState};
use super::{Rejected, decide, left_to_undo};
use events::Following;
use hashbrown::HashMap;
use kazasu_ledger::record::{Body, IssuerTold, Place, Proposal, Record, Transaction, Undone, Verdict};
use kazasu_ledger::{AccountKey, RuleError, Seq, Transfer, TransferKind};
use kazasu_schemas::ids::{MerchantId, Ppid};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Policy;
use kazasu_schemas::wire::Refusal;
use std::collections::BTreeMap;

/// How a tap was decided, for comparing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Said {
    /// Approved, or its issuer was asked.
    Yes,
    /// Approved for less.
    Partly,
    /// Refused by the switch.
    No(Refusal),
}

impl Said {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Said::Yes => "approved",
            Said::Partly => "approved in part",
            Said::No(refusal) => refusal.name(),
        }
    }
}

/// A tap that the draft decides differently.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its record.
    pub seq: Seq,
    /// When it was decided.
    pub at: Millis,
    /// The person.
    pub ppid: Option<Ppid>,
    /// The merchant.
    pub merchant: MerchantId,
    /// DE4.
    pub amount: Yen,
    /// As it was.
    pub before: Said,
    /// As it would have been.
    pub after: Said,
}

/// What a point programme would have cost.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Points granted, less what was taken back.
    pub points: i64,
    /// Taps that were granted points.
    pub taps: u64,
    /// What each person got, by position.
    people: BTreeMap<u32, i64>,
    /// What each person got, the most first; of temporary IDs that were merged, by their own number.
    pub winners: Vec<(Ppid, i64)>,
    /// Points by merchant.
    pub merchants: BTreeMap<MerchantId, i64>,
    /// The most that one person got in the period.
    pub most: i64,
    /// Left of the budget.
    pub budget_left: i64,
}

/// Two states on one history.
pub struct Replay {
    real: State,
    shadow: Option<State>,
    draft: Policy,
    from: Millis,
    to: Millis,
    /// Records of the real journal, and what they became in the second state.
    map: HashMap<Seq, Seq>,
    /// Taps compared.
    pub taps: u64,
    /// How often each decision became which other.
    pub changes: BTreeMap<(Said, Said), (u64, i64)>,
    /// The first of them.
    pub listed: Vec<Change>,
    /// How many are listed.
    most: usize,
    /// Taps that would have asked an issuer that was not asked; it is taken to approve.
    pub assumed: u64,
    costs: BTreeMap<u16, Cost>,
    /// What the second state undid by itself last of each of its taps.
    undone: HashMap<Seq, Seq>,
    /// There is more to lapse.
    again: bool,
    /// The last record that both states have.
    fork: Seq,
}

impl Replay {
    /// Replays `draft` over the records from `from` to before `to`, listing at most `most` changes.
    #[must_use]
    pub fn new(draft: Policy, from: Millis, to: Millis, most: usize) -> Self {
        Replay {
            real: State::new(),
            shadow: None,
            draft,
            from,
            to,
            map: HashMap::new(),
            taps: 0,
            changes: BTreeMap::new(),
            listed: Vec::new(),
            most,
            assumed: 0,
            costs: BTreeMap::new(),
            undone: HashMap::new(),
            again: false,
            fork: 0,
        }
    }

    /// True once the period is over: later records need not be read.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.real.at >= self.to
    }

    /// The next record of the real journal.
    pub fn record(&mut self, seq: Seq, record: &Record) -> Result<(), ReplayError> {
        // The first tap of the period: what it needs is registered by then.
        if self.shadow.is_none() && record.at >= self.from && matches!(record.body, Body::Transaction(_)) {
            self.begin(record.at)?;
        }
        if self.shadow.is_some() && record.at < self.to {
            self.take_back(&record.body);
            let place = Place { seq, at: record.at, day: record.day };
            record.body.fold(place, &mut Following(self))?;
        }
        self.real.apply(seq, record)?;
        Ok(())
    }

    /// What each programme of the draft would have cost in the period, by number.
    #[must_use]
    pub fn costs(&self) -> BTreeMap<u16, Cost> {
        let mut out = BTreeMap::new();
        let Some(shadow) = &self.shadow else { return out };
        for programme in &self.draft.points {
            let mut cost = self.costs.get(&programme.number).cloned().unwrap_or_default();
            cost.budget_left =
                shadow.programmes.points.get(&programme.number).map_or(0, |book| shadow.available(book.budget).get());
            let winners = cost.people.iter().filter(|(_, points)| **points > 0);
            cost.winners = winners.map(|(at, points)| (shadow.holder(*at).ppid, *points)).collect();
            cost.winners.sort_by_key(|(ppid, points)| (std::cmp::Reverse(*points), *ppid));
            cost.most = cost.winners.first().map_or(0, |(_, points)| *points);
            out.insert(programme.number, cost);
        }
        out
    }

    fn begin(&mut self, at: Millis) -> Result<(), ReplayError> {
        self.shadow = Some(self.real.clone());
        self.fork = self.real.seq;
        let (policy, source) = (Box::new(self.draft.clone()), String::new());
        let (by, why) = ("replay".into(), "replay".into());
        let command = Command::ActivatePolicy { policy, source, by, why, first: false };
        if let Some(why) = self.event(None, at, &Event::Command(command))?.1 {
            return Err(ReplayError::Draft(why));
        }
        Ok(())
    }

    /// Gives an event to the second state. What it said if the event was a message, and why a command was refused.
    fn event(
        &mut self,
        seq: Option<Seq>,
        at: Millis,
        event: &Event,
    ) -> Result<(Option<Said>, Option<Rejected>, bool), ReplayError> {
        let Some(shadow) = &mut self.shadow else { return Ok((None, None, false)) };
        let decision = decide(shadow, at, event);
        let mut said = None;
        let mut pending = false;
        if let Some(body) = decision.body {
            if let Body::Transaction(tapped) = &body {
                said = Some(said_of(tapped));
                pending = tapped.verdict == Verdict::Pending;
            }
            let record = Record { at: at.max(shadow.at), day: shadow.day, body };
            let own = shadow.seq + 1;
            shadow.apply(own, &record)?;
            if let Some(seq) = seq {
                self.map.insert(seq, own);
            }
            self.count(own, record.body.transfers());
            self.again = decision.effects.contains(&Effect::Again);
            self.undo_what_is_left()?;
        }
        Ok((said, decision.rejected, pending))
    }

    /// What reversals have left to do in the second state.
    fn undo_what_is_left(&mut self) -> Result<(), ReplayError> {
        while let Some(shadow) = &mut self.shadow
            && let Some(Decision { body: Some(body), .. }) = left_to_undo(shadow)
        {
            let own = shadow.seq + 1;
            if let Body::Undone(Undone { tap, .. }) | Body::IssuerTold(IssuerTold { tap, .. }) = &body {
                self.undone.insert(*tap, own);
            }
            let record = Record { at: shadow.at, day: shadow.day, body };
            shadow.apply(own, &record)?;
            self.count(own, record.body.transfers());
        }
        Ok(())
    }

    /// Points granted and taken back.
    fn count(&mut self, seq: Seq, transfers: &[Transfer]) {
        let Some(shadow) = &self.shadow else { return };
        let key = |id| shadow.book.account(id).map(|account| account.key);
        let merchant = shadow.tap_by_seq(seq).and_then(|tap| shadow.merchant(tap.merchant)).map(|m| m.id);
        for t in transfers {
            let (holder, programme, points, new) = match (t.kind, key(t.debit), key(t.credit)) {
                (
                    TransferKind::Direct | TransferKind::Hold,
                    Some(AccountKey::PointBudget(_)),
                    Some(AccountKey::Points(h, p)),
                ) => (h, p, t.amount.get(), true),
                (TransferKind::Void(_), Some(AccountKey::PointBudget(_)), Some(AccountKey::Points(h, p)))
                | (
                    TransferKind::Direct | TransferKind::Post(_),
                    Some(AccountKey::Points(h, p)),
                    Some(AccountKey::PointBudget(_)),
                ) => (h, p, -t.amount.get(), false),
                _ => continue,
            };
            let cost = self.costs.entry(programme).or_default();
            cost.points += points;
            cost.taps += u64::from(new);
            *cost.people.entry(holder).or_default() += points;
            if let Some(merchant) = merchant {
                *cost.merchants.entry(merchant).or_default() += points;
            }
        }
    }

    /// What a resolution took of a payment is taken of it in the second state too.
    fn take_back(&mut self, body: &Body) {
        let Body::ApprovalDecided(r) = body else { return };
        let open = self.real.approvals.get(r.proposal).filter(|_| r.approved);
        let Some(Proposal::Resolve { id, how }) = open.map(|open| &open.proposal) else { return };
        let Some(booking) = self.real.booking_of(id, *how) else { return };
        let own = self.map.get(&booking.own).copied().or((booking.own <= self.fork).then_some(booking.own));
        if let (Some(own), Some(shadow)) = (own, &mut self.shadow) {
            shadow.book(super::closing::Booking { own, ..booking });
        }
    }

    /// The second state's number of a tap that it still asks an issuer about.
    fn pending(&self, tap: Seq) -> Option<Seq> {
        let own = self.shadow_of(tap)?;
        let state = self.shadow.as_ref()?.tap_by_seq(own)?.state;
        (state == TapState::Pending).then_some(own)
    }

    /// The second state's number of a record: the same up to where the two part.
    fn shadow_of(&self, seq: Seq) -> Option<Seq> {
        self.map.get(&seq).copied().or((seq <= self.fork).then_some(seq))
    }
}

fn said_of(tapped: &Transaction) -> Said {
    match tapped.verdict {
        Verdict::Refused(refusal) => Said::No(refusal),
        Verdict::Approved(_) if tapped.ruled.as_ref().is_some_and(|ruled| ruled.approved.is_some()) => Said::Partly,
        Verdict::Approved(_) | Verdict::Pending => Said::Yes,
    }
}

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The draft cannot follow the policy that was in force then.
    #[error("the draft cannot follow the policy that was in force at the beginning of the period: {0}")]
    Draft(Rejected),
    /// The journal is damaged.
    #[error("the journal breaks a rule: {0}; run `kazasu ledger verify`")]
    Journal(#[from] RuleError),
}
