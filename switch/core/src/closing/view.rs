//! Days, settlements, payouts and exceptions as people may see them.

use super::super::index::position;
use super::super::state::State;
use super::{Note, Raised, ResolvedBy, Settled, SettlementState};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{HeadSigned, MadeFile, ReconRan};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::closing::{DayState, ReconException, Resolution};
use kazasu_schemas::contract::{Contracts, Opening, Settlement};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Format;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The exceptions that are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WhichExceptions {
    /// All of them.
    All,
    /// Those that are not resolved.
    Open,
}

/// A business day.
#[derive(Clone, Debug)]
pub struct DayView {
    /// The day.
    pub day: BusinessDay,
    /// Its state.
    pub state: DayState,
    /// The record that ended it; absent while it is open.
    pub seq: Option<u64>,
    /// Each step with when, who and why.
    pub marks: Vec<(DayState, Millis, Attribution)>,
    /// Exceptions of the day or before that are not resolved.
    pub open_exceptions: usize,
    /// Of them, those without an owner.
    pub unowned: usize,
}

/// A merchant's settlement.
#[derive(Clone, Debug)]
pub struct SettlementView {
    /// Its number.
    pub number: u32,
    /// The merchant's acquirer.
    pub acquirer: InstitutionId,
    /// DE42.
    pub merchant: MerchantId,
    /// Its name.
    pub name: String,
    /// The amounts.
    pub settlement: Settlement,
    /// The day on which it is paid.
    pub value_date: BusinessDay,
    /// Its place.
    pub state: SettlementState,
}

/// A merchant's balance of earlier periods.
#[derive(Clone, Debug, Default)]
pub struct StandingView {
    /// Until when it is settled.
    pub until: Option<BusinessDay>,
    /// Carried into the next period.
    pub carried: Yen,
    /// Kept back, and from which day on it is due.
    pub held: Vec<(BusinessDay, Yen)>,
}

impl StandingView {
    /// The opening amount of a period that ends on this day.
    #[must_use]
    pub fn opening(&self, until: BusinessDay) -> Opening {
        let due = self.held.iter().filter(|(day, _)| *day <= until);
        let released = due.fold(Yen::ZERO, |sum, (_, yen)| super::super::money::plus(sum, *yen));
        Opening { carried: self.carried, released }
    }
}

/// A payout that was approved.
#[derive(Clone, Debug)]
pub struct PayoutView {
    /// Its number.
    pub number: u64,
    /// Its settlements.
    pub settlements: Vec<u32>,
    /// Their sum.
    pub total: Yen,
    /// The bank's day.
    pub value_date: BusinessDay,
    /// SHA-256 of the accounts that were approved; zeros when it was not kept.
    pub payees: [u8; 32],
    /// Its file.
    pub file: Option<(Format, Vec<MadeFile>)>,
    /// The time at which that was made.
    pub made_at: Option<Millis>,
    /// Files whose money the bank took.
    pub taken: std::collections::BTreeSet<u16>,
}

/// An exception.
#[derive(Clone, Debug)]
pub struct ExceptionView {
    /// Its kind.
    pub exception: ReconException,
    /// The run that found it.
    pub run: u32,
    /// The time.
    pub since: Millis,
    /// Its owner.
    pub owner: Option<String>,
    /// Time, person and event.
    pub notes: Vec<(Millis, String, Note)>,
    /// Its resolution, with time and person.
    pub resolved: Option<(Resolution, Millis, ResolvedBy)>,
    /// It ended by itself with this run.
    pub ended_by: Option<u32>,
}

/// The balance of an account, for reports.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// Its meaning.
    pub key: AccountKey,
    /// Posted balance on its own side.
    pub balance: Yen,
    /// Posted debits and credits.
    pub debits: Yen,
    /// See `debits`.
    pub credits: Yen,
}

impl State {
    pub(in super::super) fn settlement_at(&self, number: u32) -> Option<&Settled> {
        self.closing.settlements.get(position(number.checked_sub(1)?))
    }

    /// The contracts in force: version, contracts, and the file.
    #[must_use]
    pub fn contracts(&self) -> (u32, Option<Arc<Contracts>>, &str) {
        (self.closing.contracts_version, self.closing.contracts.clone(), &self.closing.contracts_source)
    }

    /// Business days that ended and the open one, the newest first.
    #[must_use]
    pub fn days(&self) -> Vec<DayView> {
        let open = DayView {
            day: self.day,
            state: DayState::Open,
            seq: None,
            marks: Vec::new(),
            open_exceptions: 0,
            unowned: 0,
        };
        let ended = self.closing.days.iter().rev().map(|(day, known)| {
            let about = |r: &&Raised| r.exception.day <= *day && r.resolved.is_none();
            let open = self.closing.exceptions.values().filter(about);
            DayView {
                day: *day,
                state: known.state,
                seq: Some(known.seq),
                marks: known.marks.clone(),
                open_exceptions: open.clone().count(),
                unowned: open.filter(|r| r.owner.is_none()).count(),
            }
        });
        std::iter::once(open).chain(ended).collect()
    }

    /// The state of one day.
    #[must_use]
    pub fn day_state(&self, day: BusinessDay) -> Option<(DayState, u64)> {
        self.closing.days.get(&day).map(|known| (known.state, known.seq))
    }

    /// A merchant's balance of earlier periods.
    #[must_use]
    pub fn standing(&self, acquirer: InstitutionId, merchant: MerchantId) -> StandingView {
        let at = self.parties.merchant_at.get(&(acquirer, merchant));
        let standing = at.and_then(|at| self.closing.standings.get(at)).cloned().unwrap_or_default();
        StandingView { until: standing.until, carried: standing.carried, held: standing.held }
    }

    /// Until when an issuer is settled.
    #[must_use]
    pub fn issuer_settled_until(&self, issuer: u16) -> Option<BusinessDay> {
        self.closing.issuers.get(&issuer).copied()
    }

    /// Settlements, by number.
    #[must_use]
    pub fn settlements(&self) -> Vec<SettlementView> {
        let each = self.closing.settlements.iter().zip(1_u32..);
        each.filter_map(|(s, number)| {
            let merchant = self.merchant(s.merchant)?;
            Some(SettlementView {
                number,
                acquirer: merchant.acquirer,
                merchant: merchant.id,
                name: merchant.name.clone(),
                settlement: s.settlement,
                value_date: s.value_date,
                state: s.state,
            })
        })
        .collect()
    }

    /// Payouts that were approved.
    #[must_use]
    pub fn payouts(&self) -> Vec<PayoutView> {
        let each = self.closing.payouts.iter();
        each.map(|(number, p)| PayoutView {
            number: *number,
            settlements: p.settlements.clone(),
            total: p.total,
            value_date: p.value_date,
            payees: p.payees,
            file: p.file.clone(),
            made_at: p.made_at,
            taken: p.taken.clone(),
        })
        .collect()
    }

    /// Payouts that were cancelled: the request that cancelled each, the payout, and the settlements that were in it.
    pub fn cancelled_payouts(&self) -> impl Iterator<Item = (u64, u64, &[u32])> {
        self.closing.cancelled.iter().map(|(request, gone)| (*request, gone.payout, &gone.settlements[..]))
    }

    /// Runs of reconciliation.
    #[must_use]
    pub fn runs(&self) -> &[ReconRan] {
        &self.closing.runs
    }

    /// The run that a file was compared in.
    #[must_use]
    pub fn run_of(&self, digest: &[u8; 32]) -> Option<u32> {
        self.closing.files.get(digest).copied()
    }

    /// Exceptions; the oldest first.
    #[must_use]
    pub fn exceptions(&self, which: WhichExceptions) -> Vec<ExceptionView> {
        let wanted = |r: &&Raised| match which {
            WhichExceptions::All => true,
            WhichExceptions::Open => r.resolved.is_none(),
        };
        let mut out: Vec<ExceptionView> = self
            .closing
            .exceptions
            .values()
            .filter(wanted)
            .map(|r| ExceptionView {
                exception: r.exception.clone(),
                run: r.run,
                since: r.since,
                owner: r.owner.clone(),
                notes: r.notes.clone(),
                resolved: r.resolved.clone(),
                ended_by: r.ended_by,
            })
            .collect();
        out.sort_by_key(|d| (d.since, d.exception.day, d.exception.id));
        out
    }

    /// Heads that were signed.
    #[must_use]
    pub fn signed_heads(&self) -> Vec<HeadSigned> {
        self.closing.signed.values().cloned().collect()
    }

    /// Each point programme's budget left, points held, spent, expired, and what its funder owes.
    #[must_use]
    pub fn point_positions(&self) -> BTreeMap<u16, [i64; 5]> {
        let mut out: BTreeMap<u16, [i64; 5]> = BTreeMap::new();
        for (_, account) in self.book.accounts() {
            let (n, at) = match account.key {
                AccountKey::PointBudget(n) => (n, 0),
                AccountKey::Points(_, n) => (n, 1),
                AccountKey::PointsSpent(n) => (n, 2),
                AccountKey::PointsExpired(n) => (n, 3),
                AccountKey::FunderReceivable(n) => (n, 4),
                _ => continue,
            };
            out.entry(n).or_default()[at] += account.balance().get();
        }
        out
    }

    /// Accounts of a kind.
    #[must_use]
    pub fn positions(&self, wanted: impl Fn(&AccountKey) -> bool) -> Vec<Position> {
        let each = self.book.accounts().filter(|(_, a)| wanted(&a.key));
        each.map(|(_, a)| Position { key: a.key, balance: a.balance(), debits: a.debits, credits: a.credits }).collect()
    }
}
