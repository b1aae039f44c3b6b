//! Lines of the bank's statement: each is booked once, as what it is, and what was booked wrongly is undone. Which line is what is
//! worked out elsewhere (`statement` in the switch); here it is decided whether it can be, and the money moves.

mod apply;
mod decide;
mod undo;
mod view;

pub(super) use decide::{command, received, returned, row_returned, sent, taken};
pub(super) use undo::effect_of;
pub use view::{BookedLine, DueFile, LineStatus, MoneyOut, Paid, PaidItem, Wanted};

use kazasu_ledger::record::{Aside, FileDigest, Payer};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::{canonical, same};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::Direction;
use std::collections::{BTreeMap, HashMap};

/// The booking of a line.
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
        /// The fee that the bank kept of it, in yen.
        fee: Yen,
    },
    /// An issuer or a funder paid.
    Received {
        /// The person or program.
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
        /// The fee that the bank kept of it, in yen.
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
    /// No person looked: what looks the same waits.
    Waits,
    /// A person says that it is another one.
    Another,
}

/// The statement's data about a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// In or out.
    pub way: Direction,
    /// Yen.
    pub amount: Yen,
    /// The payer, when it is configured.
    pub payer: Option<Payer>,
    /// The city whose account it is, when its treasurer reads.
    pub city: Option<String>,
}

/// A line of the bank's statement, or a payment that somebody books by hand.
#[derive(Clone, Debug)]
pub struct StatementLine {
    /// The line's name, or the payment's own reference.
    pub reference: String,
    /// Its kind.
    pub what: Booking,
    /// The day of the movement; by hand today when it is not given.
    pub day: Option<BusinessDay>,
    /// SHA-256 of the statement; absent by hand.
    pub statement: Option<FileDigest>,
    /// Of a payment: whether it may look like one that was booked.
    pub alike: Alike,
    /// The statement's data about it; absent by hand.
    pub seen: Option<Seen>,
    /// The person who brought the statement, and the channel; a person's reason, empty for recognised lines.
    pub said: Attribution,
}

impl StatementLine {
    /// A line that is booked as it is said, with nothing more to say about it.
    pub(super) fn plain(reference: &str, what: Booking, said: Attribution) -> StatementLine {
        let alike = Alike::Waits;
        StatementLine { reference: reference.to_owned(), what, day: None, statement: None, alike, seen: None, said }
    }
}

/// Days between two payments of one payer and sum that still look like one payment.
pub const ALIKE_DAYS: i32 = 31;

/// Lines that are said to be the same as one another are followed this far.
const MOST_ALIASES: usize = 16;

/// The most that a bank keeps of what it sends back, yen.
pub const MOST_BANK_FEE: Yen = Yen::new(10_000);

/// The fate of a line. Its words are for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Became {
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
        /// The fee that the bank kept of it, in yen.
        fee: Yen,
    },
    /// An issuer or a funder paid.
    Received {
        /// The person or program.
        from: Payer,
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
        /// The fee that the bank kept of it, in yen.
        fee: Yen,
        /// The amount that was claimed of it before.
        claimed: Yen,
    },
    /// It moves nothing.
    Aside(Aside),
    /// It is the bank's correction of this line.
    Corrects(String),
    /// The bank corrected it: it is over.
    Corrected,
}

impl Became {
    /// The direction in which money moved for it, when it still stands.
    #[must_use]
    pub fn way(&self) -> Option<Direction> {
        match self {
            Became::Taken { .. } | Became::Sent { .. } => Some(Direction::Out),
            Became::Returned { .. } | Became::Received { .. } | Became::CameBack { .. } => Some(Direction::In),
            Became::Aside(_) | Became::Corrects(_) | Became::Corrected => None,
        }
    }

    /// Was it booked as just this? Its amount counts where the booking names one.
    pub(super) fn is_booked_by(&self, booking: &Booking, amount: Yen) -> bool {
        match (self, booking) {
            (Became::Taken { payout, file }, Booking::Taken { payout: p, file: f }) => (payout, file) == (p, f),
            (Became::Returned { payout, settlement, fee }, Booking::Returned { payout: p, settlement: s, fee: f }) => {
                (payout, settlement, fee) == (p, s, f)
            }
            (Became::Received { from }, Booking::Received { from: payer, amount: asked }) => {
                (*from, amount) == (*payer, *asked)
            }
            (Became::Sent { batch, file }, Booking::Sent { batch: b, file: f }) => (batch, file) == (b, f),
            (Became::CameBack { batch, row, fee, .. }, Booking::CameBack { batch: b, row: r, fee: f }) => {
                (batch, row, fee) == (b, r, f)
            }
            (Became::Aside(Aside::Same(other)), Booking::Aside(Aside::Same(asked))) => same(other, asked),
            (Became::Aside(aside), Booking::Aside(asked)) => aside == asked,
            (Became::Corrects(line), Booking::Corrects { line: asked }) => same(line, asked),
            _ => false,
        }
    }

    /// The relief batch that it is about.
    #[must_use]
    pub fn batch(&self) -> Option<u32> {
        match self {
            Became::Sent { batch, .. } | Became::CameBack { batch, .. } => Some(*batch),
            Became::Taken { .. }
            | Became::Returned { .. }
            | Became::Received { .. }
            | Became::Aside(_)
            | Became::Corrects(_)
            | Became::Corrected => None,
        }
    }
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Line {
    pub(super) reference: Box<str>,
    /// `None` once two people have undone it: a person says what it is.
    pub(super) became: Option<Became>,
    pub(super) amount: Yen,
    pub(super) at: Millis,
    pub(super) by: Box<str>,
    /// Whose account it is of, where nothing else says it.
    pub(super) city: Option<Box<str>>,
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
            Some(Line { became: Some(Became::Aside(Aside::Same(other))), .. }) if self.by_hand(other).is_some() => {
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

    /// The booking that moved money under this reference, also over lines that were said to be the same. Of payments by hand with one
    /// reference it is the one that the line can be.
    pub(super) fn standing(&self, reference: &str, seen: Option<&Seen>) -> Option<&Line> {
        let mut reference = reference;
        for _ in 0..MOST_ALIASES {
            let Some((_, line)) = self.find(reference) else { return self.one_by_hand(reference, seen?) };
            match line.became.as_ref()? {
                Became::Aside(Aside::Same(other)) => reference = other,
                became => return became.way().map(|_| line),
            }
        }
        None
    }

    /// A line that moves nothing because it was said to be the same as this one.
    pub(super) fn alias_of(&self, line: &Line) -> Option<&Line> {
        self.known.values().filter(|alias| !std::ptr::eq(*alias, line)).find(|alias| match &alias.became {
            Some(Became::Aside(Aside::Same(other))) => {
                self.standing(other, None).is_some_and(|stands| std::ptr::eq(stands, line))
            }
            _ => false,
        })
    }

    /// The one payment by hand under this reference that has the line's amount and payer.
    fn one_by_hand(&self, reference: &str, seen: &Seen) -> Option<&Line> {
        let payers = self.payments.iter().filter(|(from, _)| seen.payer.is_none_or(|payer| payer == **from));
        let fits = |p: &&Payment| p.statement.is_none() && p.amount == seen.amount && same(&p.reference, reference);
        let mut found = payers.flat_map(|(_, payments)| payments).filter(fits);
        let (one, None) = (found.next()?, found.next()) else { return None };
        self.known.get(&one.key)
    }

    /// Its booking and amount; also when it is over for good.
    pub(super) fn booked_as(&self, reference: &str) -> Option<(&Became, Yen)> {
        let line = self.known.get(&line_key(reference))?;
        line.became.as_ref().map(|became| (became, line.amount))
    }
}
