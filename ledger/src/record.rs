//! The record: the closed list of everything that can move money or change a right.
//!
//! A record is written once, as CBOR (RFC 8949) with numbered fields, so that a later version can add fields and an
//! auditor can read old ones in any language. Numbers are never reused. `docs/ARCHITECTURE.md` lists the kinds.

use crate::account::{AccountId, AccountKey};
use crate::transfer::Transfers;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Serial, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis, TransmissionTime};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{LiableParty, Policy};
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Receipt, Refusal, ResponseCode};
use minicbor::{Decode, Encode};

mod approval;
mod closing;
mod instrument;
mod parties;
mod relief;
mod rights;
mod statement;
mod table;
mod tap;

pub use approval::*;
pub use closing::*;
pub use instrument::*;
pub use parties::*;
pub use relief::*;
pub use rights::*;
pub use statement::*;
pub use table::*;
pub use tap::*;

/// A record before it has its place in the journal: when, on which business day, and what.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// When it was decided; never before the record in front of it.
    pub at: Millis,
    /// The business day that it belongs to.
    pub day: BusinessDay,
    /// What happened.
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
    /// Who ended it by hand; absent when it was over by the calendar.
    #[n(3)]
    pub by: Option<String>,
    /// Why it was ended by hand.
    #[n(4)]
    pub why: Option<String>,
}

/// See [`Body::ClockConfirmed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ClockConfirmed {
    /// The time that had decided until then.
    #[n(0)]
    pub before: Millis,
    /// What the wall clock said.
    #[n(1)]
    pub wall: Millis,
    /// Who confirmed it.
    #[n(2)]
    pub by: String,
    /// Why.
    #[n(3)]
    pub why: String,
}

/// See [`Body::ClockKept`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ClockKept {}
