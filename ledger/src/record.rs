//! The record: the closed list of everything that can move money or change a right.
//!
//! A record is written once, as CBOR (RFC 8949) with numbered fields, so that a later version can add fields and an
//! auditor can read old ones in any language. Numbers are never reused. `docs/ARCHITECTURE.md` lists the kinds.

use crate::account::{AccountId, AccountKey};
use crate::transfer::Transfers;
use kazasu_schemas::attribution::Via;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Serial, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis, TransmissionTime};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{LiableParty, Policy, Window};
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Receipt, Refusal, ResponseCode};
use minicbor::{Decode, Encode};

mod approval;
mod asked;
mod carried;
mod closing;
mod correction;
mod decision;
#[cfg(test)]
mod golden;
mod instrument;
mod parties;
mod payee;
mod people;
mod portal;
mod relief;
mod rights;
mod statement;
mod table;
mod tap;

pub use approval::*;
pub use asked::*;
pub use carried::*;
pub use closing::*;
pub use correction::*;
pub use decision::*;
pub use instrument::*;
pub use parties::*;
pub use payee::*;
pub use people::*;
pub use portal::*;
pub use relief::*;
pub use rights::*;
pub use statement::*;
pub use table::*;
pub use tap::*;

/// A record before it has its place in the journal: when, on which business day, and what.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// The time of the decision; never before the record in front of it.
    pub at: Millis,
    /// The business day that it belongs to.
    pub day: BusinessDay,
    /// The event.
    pub body: Body,
}

impl Body {
    /// Appends the record's bytes as the journal keeps them.
    pub fn write(&self, out: &mut Vec<u8>) {
        minicbor::encode(self, out).expect("writing to memory does not fail");
    }

    /// Reads a record's bytes.
    pub fn read(bytes: &[u8]) -> Result<Body, minicbor::decode::Error> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let body = decoder.decode()?;
        if decoder.position() == bytes.len() {
            Ok(body)
        } else {
            Err(minicbor::decode::Error::message("bytes after the record"))
        }
    }
}

/// See [`Body::TotalsCompared`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct TotalsCompared {
    /// DE32.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// The business day asked about.
    #[n(1)]
    pub about: BusinessDay,
    /// The acquirer's totals.
    #[n(2)]
    pub theirs: DayTotals,
    /// This ledger's.
    #[n(3)]
    pub ours: DayTotals,
}

/// The person or program that caused a record, and its channel.
///
/// It is no [`kazasu_schemas::attribution::Attribution`]: these operations ask for no reason, and journals have the channel as a word.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Maker {
    /// The caller's name.
    #[n(0)]
    pub by: String,
    /// `api`, or `offline` for work on the journal itself.
    #[n(1)]
    pub via: String,
    /// Of a row of a file: the approval of the file.
    #[n(2)]
    pub approval: Option<u64>,
}

/// See [`Body::CutOver`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct CutOver {
    /// The day that ended.
    #[n(0)]
    pub closed: BusinessDay,
    /// The day that begins with the next record.
    #[n(1)]
    pub opened: BusinessDay,
    /// Settled taps of days before this one leave the memory (never the journal): repeats, refunds and reversals of them
    /// are no longer recognised.
    #[n(2)]
    pub forget_before: BusinessDay,
    /// The person who ended it by hand; absent when it was over by the calendar.
    #[n(3)]
    pub by: Option<String>,
    /// The reason for ending it by hand.
    #[n(4)]
    pub why: Option<String>,
    /// Through what it was ended by hand; records of before do not say it.
    #[n(5)]
    pub via: Option<String>,
}

/// See [`Body::ClockConfirmed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ClockConfirmed {
    /// The time that had decided until then.
    #[n(0)]
    pub before: Millis,
    /// The wall clock's time.
    #[n(1)]
    pub wall: Millis,
    /// The person who confirmed it.
    #[n(2)]
    pub by: String,
    /// The reason.
    #[n(3)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(4)]
    pub via: Option<Via>,
}

/// See [`Body::ClockKept`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ClockKept {}
