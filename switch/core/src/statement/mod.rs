//! Lines of the bank's statement: each is booked once, as what it is, and what was booked wrongly is undone. Which line is what is
//! worked out elsewhere (`statement` in the switch); here it is decided whether it can be, and the money moves.

mod apply;
mod decide;
mod look;
mod undo;

pub(super) use decide::{command, received, returned, row_returned, sent, taken};
pub use look::{BookedLine, DueFile, LineStatus, MoneyOut, Paid, PaidItem, Wanted};
pub(super) use undo::effect_of;

use kazasu_ledger::record::{Aside, FileDigest, Payer};
use kazasu_schemas::canonical::canonical;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use std::collections::{BTreeMap, HashMap};

/// What a line is to be booked as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Booking {
    /// The bank took a payout's file.
    Taken {
        /// The payout.
        payout: u64,
        /// The file, from 0.
        file: u16,
    },
    /// A merchant's payout came back.
    Returned {
        /// The payout.
        payout: u64,
        /// The settlement.
        settlement: u32,
        /// What the bank kept of it.
        fee: Yen,
    },
    /// An issuer or a funder paid.
    Received {
        /// Who.
        from: Payer,
        /// Yen.
        amount: Yen,
    },
    /// The bank took a relief batch's file.
    Sent {
        /// The batch.
        batch: u32,
        /// The file, from 0.
        file: u16,
    },
    /// A household's transfer came back.
    CameBack {
        /// The batch.
        batch: u32,
        /// The row, from 0.
        row: u32,
        /// What the bank kept of it.
        fee: Yen,
    },
    /// It moves nothing.
    Aside(Aside),
    /// The bank's correction of an earlier line.
    Corrects {
        /// That line.
        line: String,
    },
}

/// Whether somebody said that a payment is another than one that looks the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alike {
    /// Nobody looked: what looks the same waits.
    Waits,
    /// A person says that it is another one.
    Another,
}

/// A line of the bank's statement, or a payment that somebody books by hand.
#[derive(Clone, Debug)]
pub struct StatementLine {
    /// The line's name, or the payment's own reference.
    pub reference: String,
    /// What it is.
    pub what: Booking,
    /// The day of the movement; by hand today when nobody says it.
    pub day: Option<BusinessDay>,
    /// SHA-256 of the statement; absent by hand.
    pub statement: Option<FileDigest>,
    /// Of a payment: whether it may look like one that was booked.
    pub alike: Alike,
    /// Who brought the statement.
    pub by: String,
    /// A person's reason; empty for what was recognised.
    pub why: String,
}

/// Days between two payments of one payer and sum that still look like one payment.
pub const ALIKE_DAYS: i32 = 31;

/// The most that a bank keeps of what it sends back, yen.
pub const MOST_BANK_FEE: Yen = Yen::new(10_000);

/// What became of a line.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Became {
    Taken {
        payout: u64,
        file: u16,
    },
    Returned {
        payout: u64,
        settlement: u32,
        fee: Yen,
    },
    Received {
        from: Payer,
    },
    Sent {
        batch: u32,
        file: u16,
    },
    CameBack {
        batch: u32,
        row: u32,
        fee: Yen,
        claimed: Yen,
    },
    Aside(Aside),
    /// It is the bank's correction of this line.
    Corrects(String),
    /// Two people undid it: what it is says a person.
    Undone,
    /// The bank corrected it: it is over.
    Corrected,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line {
    pub(super) reference: Box<str>,
    pub(super) became: Became,
    pub(super) amount: Yen,
    pub(super) at: Millis,
    pub(super) by: Box<str>,
}

/// A payment of an issuer or a funder.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Payment {
    pub(super) key: [u8; 16],
    pub(super) amount: Yen,
    pub(super) day: BusinessDay,
    pub(super) reference: Box<str>,
    pub(super) statement: Option<FileDigest>,
    pub(super) by: Box<str>,
}

/// Everything about the bank's lines.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Lines {
    /// By the key of the line's name; what was booked by hand for a payer, by the payer's key.
    pub(super) known: HashMap<[u8; 16], Line>,
    /// Payments that stand, by payer.
    pub(super) payments: BTreeMap<Payer, Vec<Payment>>,
    /// The account of banks' fees.
    pub(super) fees: Option<kazasu_ledger::AccountId>,
}

/// The key of a statement's line.
pub(super) fn line_key(reference: &str) -> [u8; 16] {
    super::references::reference_key(0, None, reference)
}

impl Lines {
    /// The line of this name, or the payment that was booked by hand under it, with its key. A line that was said to be the same as
    /// such a payment leads to it.
    pub(super) fn find(&self, reference: &str) -> Option<([u8; 16], &Line)> {
        let key = line_key(reference);
        match self.known.get(&key) {
            Some(Line { became: Became::Aside(Aside::Same(other)), .. }) if self.by_hand(other).is_some() => {
                self.by_hand(other)
            }
            // A name that means two things names neither.
            Some(line) => self.by_hand(reference).is_none().then_some((key, line)),
            None => self.by_hand(reference),
        }
    }

    /// The day of a payment that was booked by hand, and stands.
    pub(super) fn day_by_hand(&self, from: Payer, key: &[u8; 16]) -> Option<BusinessDay> {
        let payments = self.payments.get(&from)?;
        payments.iter().find(|p| p.key == *key && p.statement.is_none()).map(|p| p.day)
    }

    /// The one payment that was booked by hand under this reference, and stands.
    pub(super) fn by_hand(&self, reference: &str) -> Option<([u8; 16], &Line)> {
        let form = canonical(reference);
        let hand = |p: &&Payment| p.statement.is_none() && canonical(&p.reference) == form;
        let mut found = self.payments.values().flatten().filter(hand);
        let (one, None) = (found.next()?, found.next()) else { return None };
        self.known.get(&one.key).map(|line| (one.key, line))
    }

    /// Was it booked, or is it over for good?
    pub(super) fn is_known(&self, reference: &str) -> bool {
        self.known.get(&line_key(reference)).is_some_and(|line| line.became != Became::Undone)
    }
}
