//! Two states on one history: the one that was, and the one under the draft.

use super::super::decision::{Decision, Effect};
use super::super::event::{Command, Event};
use super::super::state::{State, TapState};
use super::super::{Rejected, decide, left_to_undo};
use hashbrown::HashMap;
use kazasu_ledger::record::{Body, IssuerNotified, Proposal, Record, Transaction, Undone, Verdict};
use kazasu_ledger::{AccountKey, RuleError, Seq, Transfer, TransferKind};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::{MerchantId, Ppid};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Policy;
use kazasu_schemas::wire::Refusal;
use std::collections::BTreeMap;

/// The decision on a tap, for comparing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReplayedDecision {
    /// Approved, or its issuer was asked.
    Approved,
    /// Approved for less.
    Partial,
    /// Refused by the switch.
    Refused(Refusal),
}

impl ReplayedDecision {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ReplayedDecision::Approved => "approved",
            ReplayedDecision::Partial => "approved in part",
            ReplayedDecision::Refused(refusal) => refusal.name(),
        }
    }
}

/// A tap that the draft decides differently.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its record.
    pub seq: Seq,
    /// The time of the decision.
    pub at: Millis,
    /// The person.
    pub ppid: Option<Ppid>,
    /// The merchant.
    pub merchant: MerchantId,
    /// DE4.
    pub amount: Yen,
    /// As it was.
    pub before: ReplayedDecision,
    /// As it would have been.
    pub after: ReplayedDecision,
}

/// The cost of a point programme.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Points granted, less what was taken back.
    pub points: i64,
    /// Taps that were granted points.
    pub taps: u64,
    /// The points of each person, by position.
    people: BTreeMap<u32, i64>,
    /// The points of each person, the most first; of merged temporary IDs, by their own number.
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
    pub(super) real: State,
    pub(super) shadow: Option<State>,
    pub(super) draft: Policy,
    pub(super) from: Millis,
    pub(super) to: Millis,
    /// Records of the real journal, and what they became in the second state.
    pub(super) map: HashMap<Seq, Seq>,
    /// Taps compared.
    pub taps: u64,
    /// The number of times each decision became another one, by pair.
    pub changes: BTreeMap<(ReplayedDecision, ReplayedDecision), (u64, i64)>,
    /// The first of them.
    pub listed: Vec<Change>,
    /// The number of listed ones.
    pub(super) most: usize,
    /// Taps that would have asked an issuer that was not asked; it is taken to approve.
    pub assumed: u64,
    pub(super) costs: BTreeMap<u16, Cost>,
    /// The last undoing of each tap that the second state did by itself.
    pub(super) undone: HashMap<Seq, Seq>,
    /// There is more to lapse.
    pub(super) again: bool,
    /// The last record that both states have.
    pub(super) fork: Seq,
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

    /// The cost of each programme of the draft in the period, by number.
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

    pub(super) fn begin(&mut self, at: Millis) -> Result<(), ReplayError> {
        let mut shadow = self.real.clone();
        // History is carried out again by itself: what two people decided then is not asked again.
        shadow.rights.is_history();
        self.shadow = Some(shadow);
        self.fork = self.real.seq;
        let (policy, source) = (Box::new(self.draft.clone()), String::new());
        let said = Attribution { by: "replay".into(), why: "replay".into(), via: None };
        let command = Command::ActivatePolicy { policy, source, said, first: false };
        if let Some(why) = self.event(None, at, &Event::Command(command))?.1 {
            return Err(ReplayError::Draft(why));
        }
        Ok(())
    }

    /// Gives an event to the second state. What it said if the event was a message, and why a command was refused.
    pub(super) fn event(
        &mut self,
        seq: Option<Seq>,
        at: Millis,
        event: &Event,
    ) -> Result<(Option<ReplayedDecision>, Option<Rejected>, bool), ReplayError> {
        let Some(shadow) = &mut self.shadow else { return Ok((None, None, false)) };
        let decision = decide(shadow, at, event);
        let mut said = None;
        let mut pending = false;
        if let Some(body) = decision.body {
            if let Body::Transaction(tapped) = &body {
                said = Some(decision_of(tapped));
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

    /// The later work of reversals in the second state.
    fn undo_what_is_left(&mut self) -> Result<(), ReplayError> {
        while let Some(shadow) = &mut self.shadow
            && let Some(Decision { body: Some(body), .. }) = left_to_undo(shadow)
        {
            let own = shadow.seq + 1;
            if let Body::Undone(Undone { tap, .. }) | Body::IssuerNotified(IssuerNotified { tap, .. }) = &body {
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

    /// A resolution's amount is taken of the payment in the second state too.
    pub(super) fn take_back(&mut self, body: &Body) {
        let Body::ApprovalDecided(r) = body else { return };
        let open = self.real.approvals.get(r.proposal).filter(|_| r.approved);
        let Some(Proposal::Resolve { id, how }) = open.map(|open| &open.proposal) else { return };
        let Some(booking) = self.real.booking_of(id, *how) else { return };
        let own = self.map.get(&booking.own).copied().or((booking.own <= self.fork).then_some(booking.own));
        if let (Some(own), Some(shadow)) = (own, &mut self.shadow) {
            shadow.book(super::super::closing::Booking { own, ..booking });
        }
    }

    /// The second state's number of a tap that it still asks an issuer about.
    pub(super) fn pending(&self, tap: Seq) -> Option<Seq> {
        let own = self.shadow_of(tap)?;
        let state = self.shadow.as_ref()?.tap_by_seq(own)?.state;
        (state == TapState::Pending).then_some(own)
    }

    /// The second state's number of a record: the same up to where the two part.
    pub(super) fn shadow_of(&self, seq: Seq) -> Option<Seq> {
        self.map.get(&seq).copied().or((seq <= self.fork).then_some(seq))
    }
}

pub(super) fn decision_of(tapped: &Transaction) -> ReplayedDecision {
    match tapped.verdict {
        Verdict::Refused(refusal) => ReplayedDecision::Refused(refusal),
        Verdict::Approved(_) if tapped.ruled.as_ref().is_some_and(|ruled| ruled.approved.is_some()) => {
            ReplayedDecision::Partial
        }
        Verdict::Approved(_) | Verdict::Pending => ReplayedDecision::Approved,
    }
}

/// The reason why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The draft cannot follow the policy that was in force then.
    #[error("the draft cannot follow the policy that was in force at the beginning of the period: {0}")]
    Draft(Rejected),
    /// The journal is damaged.
    #[error("the journal breaks a rule: {0}; run `kazasu ledger verify`")]
    Journal(#[from] RuleError),
}
