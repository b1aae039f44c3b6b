//! Changes that have a kind of record of their own and take two people: one requests them, and the approval carries the record. Files of
//! many rows are approved as a whole, by their hash; their rows follow as records of their own.

use super::*;

/// A change whose record the approval carries.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub enum CarriedChange {
    /// A purse programme's funder paid in.
    #[n(0)]
    Fund {
        /// The programme.
        #[n(0)]
        programme: u16,
        /// Yen.
        #[n(1)]
        amount: Yen,
        /// The payment's own reference: it is booked once.
        #[n(2)]
        reference: String,
    },
    /// Purse money is credited to a resident by hand.
    #[n(1)]
    Credit {
        /// The person.
        #[n(0)]
        ppid: Ppid,
        /// The programme.
        #[n(1)]
        programme: u16,
        /// Yen.
        #[n(2)]
        amount: Yen,
        /// The payment's own reference: it is booked once for a person and programme.
        #[n(3)]
        reference: String,
    },
    /// Rules are put into force; the request has their file.
    #[n(2)]
    Policy(#[n(0)] Box<Policy>),
    /// A temporary ID is merged into a PPID.
    #[n(3)]
    Merge {
        /// The temporary ID.
        #[n(0)]
        from: Ppid,
        /// The person's PPID.
        #[n(1)]
        into: Ppid,
    },
    /// Staff link a person to an instrument.
    #[n(4)]
    Link {
        /// The person.
        #[n(0)]
        ppid: Ppid,
        /// What the link shall pay with.
        #[n(1)]
        instrument: Box<Instrument>,
        /// From when on; from the decision on when it is absent.
        #[n(2)]
        from: Option<Millis>,
    },
    /// A person's national ID card was replaced by one with another PPID.
    #[n(5)]
    Replace(#[n(0)] Box<Replacement>),
    /// A payee's account is set, or ended.
    #[n(6)]
    Payee(#[n(0)] Box<PayeeChange>),
}

/// A PPID that another one takes the place of, with everything that belongs to it.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Replacement {
    /// The PPID of the card that was replaced.
    #[n(0)]
    pub from: Ppid,
    /// The PPID of the new card.
    #[n(1)]
    pub into: Ppid,
    /// The link that goes over; absent when there is none, or when the new PPID has one of its own.
    #[n(2)]
    pub link: Option<MovedLink>,
}

/// A link that goes over to another PPID.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct MovedLink {
    /// Its version under the PPID that is replaced.
    #[n(0)]
    pub version: u32,
    /// Its instrument. A card number is sealed for the new PPID.
    #[n(1)]
    pub instrument: Instrument,
}

/// See [`Body::Replaced`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Replaced {
    /// The PPID that pays no more.
    #[n(0)]
    pub from: Ppid,
    /// The PPID to which everything belongs from here on.
    #[n(1)]
    pub into: Ppid,
    /// Who asked for it.
    #[n(2)]
    pub by: String,
    /// Why.
    #[n(3)]
    pub why: String,
    /// Through what it was said.
    #[n(4)]
    pub via: Option<Via>,
    /// The link that went over, as the first or next version of the new PPID's.
    #[n(5)]
    pub link: Option<Box<Linked>>,
}

/// What the rows of a file are about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum FileOf {
    /// Merchants.
    #[n(0)]
    Merchants,
    /// Links of residents, with accounts that this ledger holds and their opening balances.
    #[n(1)]
    Links,
    /// Payees' accounts.
    #[n(2)]
    Payees,
}

/// A file whose rows are to be recorded. The file itself is no part of the journal: it may be large, and it may have card numbers.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct FileRequest {
    /// What its rows are about.
    #[n(0)]
    pub of: FileOf,
    /// SHA-256 of the file.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// Its length in bytes.
    #[n(2)]
    pub bytes: u64,
    /// The workbook's sheet, where one was named.
    #[n(3)]
    pub sheet: Option<String>,
    /// Rows: all of them.
    #[n(4)]
    pub rows: u64,
    /// Rows that would change something.
    #[n(5)]
    pub changing: u64,
    /// Rows that are refused.
    #[n(6)]
    pub refused: u64,
    /// The sum of the opening balances that would be booked; the rows together never book more.
    #[n(7)]
    pub opening: Yen,
    /// The first, the last and the largest of the rows that change something.
    #[n(8)]
    pub shown: Vec<FileRow>,
    /// The first of the fields that would change. Accounts show their last digits only.
    #[n(9)]
    pub changes: Vec<FileChange>,
}

/// A row of a file, for people.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct FileRow {
    /// Which: `first`, `last` or `largest`.
    #[n(0)]
    pub which: String,
    /// Its line.
    #[n(1)]
    pub line: u64,
    /// What it is about, and what it changes.
    #[n(2)]
    pub text: String,
    /// Its opening balance.
    #[n(3)]
    pub yen: Yen,
}

/// A field that a row of a file changes.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct FileChange {
    /// The row's line.
    #[n(0)]
    pub line: u64,
    /// The merchant or the person.
    #[n(1)]
    pub of: String,
    /// The field.
    #[n(2)]
    pub field: String,
    /// Its value; absent where it is new.
    #[n(3)]
    pub before: Option<String>,
    /// Its value afterwards.
    #[n(4)]
    pub after: String,
}

/// See [`Body::FileEnded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct FileEnded {
    /// The approval under which its rows were recorded.
    #[n(0)]
    pub approval: u64,
    /// Rows that made records.
    #[n(1)]
    pub recorded: u64,
    /// Rows that changed nothing.
    #[n(2)]
    pub unchanged: u64,
    /// Rows that were refused.
    #[n(3)]
    pub refused: u64,
    /// Who sent the file.
    #[n(4)]
    pub by: String,
    /// Through what.
    #[n(5)]
    pub via: Option<Via>,
}
