//! Closing a business day: reconciled, settled, paid out, signed. What others say and what contracts charge is worked out elsewhere
//! (`closing` in the switch); here it is decided whether it can be booked, and booked once.

mod apply;
mod book;
mod decide;
mod refused;
mod settlement_state;
mod standing;
mod view;

pub(super) use decide::{command, effect_of};
pub(super) use refused::refused_advice;
pub use settlement_state::SettlementState;
pub(super) use standing::Booking;
pub use view::{DayView, ExceptionView, PayoutView, Position, SettlementView, StandingView, WhichExceptions};

use kazasu_ledger::record::{EndedException, HeadSigned, MadeFile, Payer, ReconRan};
use kazasu_ledger::{AccountId, Seq};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::closing::{DayState, Finding, ReconException, Resolution};
use kazasu_schemas::contract::{Contracts, Period, Settlement};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Format;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Commands about days, settlements, payouts and exceptions.
#[derive(Clone, Debug)]
pub enum Closing {
    /// A day came a step further.
    Mark {
        /// The day.
        day: BusinessDay,
        /// How far.
        state: DayState,
        /// The person or program; the reason or finding; the channel.
        said: Attribution,
    },
    /// Book a merchant's settlement.
    SettleMerchant {
        /// Its acquirer.
        acquirer: InstitutionId,
        /// DE42.
        merchant: MerchantId,
        /// The amounts.
        settlement: Box<Settlement>,
        /// Points that the merchant funds, by programme.
        points: Vec<(u16, Yen)>,
        /// The day on which it is paid.
        value_date: BusinessDay,
    },
    /// Book what an issuer keeps of a period.
    SettleIssuer {
        /// The issuer.
        issuer: u16,
        /// The days.
        period: Period,
        /// Payments less refunds.
        net: Yen,
        /// The part that it keeps.
        interchange: Yen,
    },
    /// Somebody paid what it owed.
    Received {
        /// The person or program.
        from: Payer,
        /// Yen.
        amount: Yen,
        /// The payment's own: it is booked once.
        reference: String,
        /// The person or program that says so, and the channel; no reason is asked for.
        said: Attribution,
    },
    /// A payout's file was made.
    FileMade {
        /// The payout.
        payout: u64,
        /// Its form.
        format: Format,
        /// The files.
        files: Vec<MadeFile>,
        /// The person or program.
        by: String,
    },
    /// The bank took a payout's money.
    Taken {
        /// The payout.
        payout: u64,
        /// The file, from 0.
        file: u16,
        /// The statement's line.
        reference: String,
        /// The person or program, and the channel; no reason is asked for.
        said: Attribution,
    },
    /// A merchant's payout came back.
    Returned {
        /// The payout.
        payout: u64,
        /// The settlement.
        settlement: u32,
        /// The statement's line.
        reference: String,
        /// The person or program, and the channel; no reason is asked for.
        said: Attribution,
    },
    /// Lines were compared; the run's number is given here.
    Ran(Box<ReconRan>),
    /// The findings of a run. Known exceptions are left out.
    Raise {
        /// The run.
        run: u32,
        /// At most [`crate::RAISED_AT_ONCE`].
        exceptions: Vec<ReconException>,
    },
    /// An issuer takes a payment back: a chargeback, until two people decide who bears it.
    Dispute {
        /// The payment.
        tap: u64,
        /// Yen.
        amount: Yen,
        /// The issuer's own: it is raised once.
        reference: String,
        /// The person who opens it, the issuer's words, and the channel.
        said: Attribution,
    },
    /// Somebody looks after an exception.
    Note {
        /// Which.
        id: [u8; 16],
        /// The owner from here on; as before when absent.
        owner: Option<String>,
        /// The finding.
        note: String,
        /// The author.
        by: String,
    },
    /// A later file has what an earlier one lacked. What was resolved meanwhile is left out.
    End {
        /// The run.
        run: u32,
        /// At most [`crate::RAISED_AT_ONCE`].
        ended: Vec<EndedException>,
        /// The person or program that brought the file.
        by: String,
    },
    /// A day's last record was signed.
    Sign(Box<HeadSigned>),
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Settled {
    pub(super) merchant: u32,
    pub(super) settlement: Settlement,
    pub(super) value_date: BusinessDay,
    pub(super) state: SettlementState,
}

/// A merchant's balance of earlier periods.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Standing {
    pub(super) until: Option<BusinessDay>,
    pub(super) carried: Yen,
    /// Kept back, and from which day on it is due.
    pub(super) held: Vec<(BusinessDay, Yen)>,
}

impl Standing {
    /// The part of the reserve that is due in a period that ends on this day.
    pub(super) fn released(&self, until: BusinessDay) -> Yen {
        let due = self.held.iter().filter(|(day, _)| *day <= until);
        due.fold(Yen::ZERO, |sum, (_, yen)| super::money::plus(sum, *yen))
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Day {
    pub(super) state: DayState,
    /// The record that ended it.
    pub(super) seq: u64,
    pub(super) marks: Vec<(DayState, Millis, Attribution)>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Payout {
    pub(super) settlements: Vec<u32>,
    pub(super) total: Yen,
    pub(super) value_date: BusinessDay,
    pub(super) payees: [u8; 32],
    /// The record that approved it.
    pub(super) decided: u64,
    pub(super) file: Option<(Format, Vec<MadeFile>)>,
    pub(super) made_at: Option<Millis>,
    /// Files whose money the bank took.
    pub(super) taken: std::collections::BTreeSet<u16>,
}

/// Payouts by number.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Payouts {
    approved: BTreeMap<u64, Payout>,
    /// Those that were given up after a file was made: the bank may have it.
    cancelled: BTreeMap<u64, Payout>,
}

impl Payouts {
    pub(super) fn get(&self, number: &u64) -> Option<&Payout> {
        self.approved.get(number)
    }

    pub(super) fn get_mut(&mut self, number: &u64) -> Option<&mut Payout> {
        self.approved.get_mut(number)
    }

    pub(super) fn insert(&mut self, number: u64, payout: Payout) {
        self.approved.insert(number, payout);
    }

    /// Gives a payout up. Its files, when they were made, are remembered.
    pub(super) fn remove(&mut self, number: &u64) -> Option<Payout> {
        let gone = self.approved.remove(number)?;
        if gone.file.is_some() {
            self.cancelled.insert(*number, gone.clone());
        }
        Some(gone)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&u64, &Payout)> {
        self.approved.iter()
    }

    pub(super) fn cancelled(&self) -> impl Iterator<Item = (&u64, &Payout)> {
        self.cancelled.iter()
    }
}

/// The notes about an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// It was opened.
    Opened,
    /// A person's words.
    Text(String),
    /// The findings of a comparison.
    Found(Finding),
}

/// The end of an exception.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ResolvedBy {
    /// The person who approved its resolution.
    Person(String),
    /// A later comparison, by its number.
    Comparison(u32),
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Raised {
    pub(super) exception: ReconException,
    pub(super) run: u32,
    pub(super) since: Millis,
    pub(super) owner: Option<String>,
    pub(super) notes: Vec<(Millis, String, Note)>,
    pub(super) resolved: Option<(Resolution, Millis, ResolvedBy)>,
    /// It ended by itself with this run.
    pub(super) ended_by: Option<u32>,
}

/// The subject of an advice to its issuer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Advised {
    /// Yen that it makes the issuer owe; below zero: owe less.
    pub(super) moved: Yen,
    /// The record that an exception would be about.
    pub(super) own: Seq,
}

/// A payout that was cancelled.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Cancelled {
    pub(super) payout: u64,
    pub(super) settlements: Vec<u32>,
}

/// Everything about closing.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct ClosingState {
    pub(super) contracts: Option<Arc<Contracts>>,
    pub(super) contracts_version: u32,
    pub(super) contracts_source: String,
    pub(super) days: BTreeMap<BusinessDay, Day>,
    pub(super) settlements: Vec<Settled>,
    pub(super) standings: HashMap<u32, Standing>,
    pub(super) issuers: BTreeMap<u16, BusinessDay>,
    pub(super) payouts: Payouts,
    /// Payouts that two people cancelled, by the request that cancelled them: what was told of them stays readable.
    pub(super) cancelled: BTreeMap<u64, Cancelled>,
    pub(super) runs: Vec<ReconRan>,
    pub(super) files: HashMap<[u8; 32], u32>,
    pub(super) exceptions: BTreeMap<[u8; 16], Raised>,
    /// The movement of an owed advice at its issuer, by its record.
    pub(super) advised: BTreeMap<u64, Advised>,
    /// The subject of exceptions without a tap of their own: the tap of which more was undone later.
    pub(super) later: BTreeMap<u64, u64>,
    pub(super) signed: BTreeMap<BusinessDay, HeadSigned>,
    pub(super) fee_income: Option<AccountId>,
    pub(super) fee_tax: Option<AccountId>,
    pub(super) transit: Option<AccountId>,
    pub(super) interchange: BTreeMap<u16, AccountId>,
    pub(super) booked: Option<AccountId>,
}

/// The status of an exception that is a chargeback.
pub const CHARGEBACK: &str = "chargeback";

/// The status of such an exception.
pub const REFUSED_ADVICE: &str = "refused_advice";

/// A payment received is booked once for its payer: two issuers may use the same reference.
pub(super) fn received_key(from: Payer, reference: &str) -> [u8; 16] {
    let from = match from {
        Payer::Issuer(n) => format!("issuer {n}"),
        Payer::Funder(n) => format!("funder {n}"),
    };
    super::references::scoped_key(0, None, &format!("received {from} "), reference)
}

impl Payout {
    /// Its files, from 0.
    pub(super) fn files(&self) -> impl Iterator<Item = (&MadeFile, u16)> {
        self.file.iter().flat_map(|(_, files)| files).zip(0_u16..)
    }

    /// The settlements in a file.
    pub(super) fn of_file(&self, file: u16) -> &[u32] {
        let files = self.file.as_ref().map_or(&[][..], |(_, files)| files);
        let before = files.iter().take(usize::from(file)).map(|f| super::index::position(f.count)).sum::<usize>();
        let count = files.get(usize::from(file)).map_or(0, |f| super::index::position(f.count));
        let from = before.min(self.settlements.len());
        &self.settlements[from..(from + count).min(self.settlements.len())]
    }
}
