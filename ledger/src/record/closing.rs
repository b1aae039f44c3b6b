//! Closing a day: states, settlements, payouts, exceptions, signatures.

use super::*;
use kazasu_schemas::closing::{Against, DayState, Finding, ReconException};
use kazasu_schemas::contract::{Period, Settlement};
use kazasu_schemas::relief::Format;

/// See [`Body::DayMarked`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct DayMarked {
    /// The day.
    #[n(0)]
    pub day: BusinessDay,
    /// Its state.
    #[n(1)]
    pub state: DayState,
    /// The person or program.
    #[n(2)]
    pub by: String,
    /// The reason, or the finding.
    #[n(3)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(4)]
    pub via: Option<Via>,
}

/// See [`Body::MerchantSettled`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct MerchantSettled {
    /// 1, 2, 3, …: the settlement's number in this book.
    #[n(0)]
    pub number: u32,
    /// The merchant's acquirer.
    #[n(1)]
    pub acquirer: InstitutionId,
    /// DE42.
    #[n(2)]
    pub merchant: MerchantId,
    /// The amounts.
    #[n(3)]
    pub settlement: Settlement,
    /// The day on which the merchant is paid.
    #[n(4)]
    pub value_date: BusinessDay,
    /// Accounts that are used for the first time.
    #[n(5)]
    pub opens: Vec<Opening>,
    /// Payable to fees, tax, funded points and transit.
    #[cbor(n(6), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// Points that the merchant funds, by programme; together the settlement's `points_funding`.
    #[cbor(n(7), default)]
    pub points: Vec<(u16, Yen)>,
}

/// See [`Body::IssuerSettled`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerSettled {
    /// The issuer.
    #[n(0)]
    pub issuer: u16,
    /// The days.
    #[n(1)]
    pub period: Period,
    /// Payments less refunds, yen.
    #[n(2)]
    pub net: Yen,
    /// The part that the issuer keeps, in yen.
    #[n(3)]
    pub interchange: Yen,
    /// The interchange account, when it is the first.
    #[n(4)]
    pub opens: Vec<Opening>,
    /// Interchange to receivable.
    #[cbor(n(5), with = "crate::transfer::list")]
    pub transfers: Transfers,
}

/// The payer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
pub enum Payer {
    /// An issuer, by number.
    #[n(0)]
    Issuer(#[n(0)] u16),
    /// The funder of a point programme, by the programme's number.
    #[n(1)]
    Funder(#[n(0)] u16),
}

/// See [`Body::MoneyReceived`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct MoneyReceived {
    /// The payer.
    #[n(0)]
    pub from: Payer,
    /// The payment's own reference: it is booked once.
    #[n(1)]
    pub reference: String,
    /// Bank to receivable.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program that said so.
    #[n(3)]
    pub by: String,
    /// The day on which it was paid; the record's own when it was not kept.
    #[n(4)]
    pub day: Option<BusinessDay>,
    /// A person's reason why it is another payment than one that looks the same; else empty.
    #[cbor(n(5), default)]
    pub why: String,
    /// SHA-256 of the bank's statement that has it; absent when it was booked by hand.
    #[n(6)]
    pub statement: Option<FileDigest>,
    /// Through what it was said; absent in records of before.
    #[n(7)]
    pub via: Option<Via>,
}

/// See [`Body::PayoutFileMade`]. A payout's number is its proposal's.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PayoutFileMade {
    /// The payout.
    #[n(0)]
    pub payout: u64,
    /// Its form.
    #[n(1)]
    pub format: Format,
    /// The files.
    #[n(2)]
    pub files: Vec<MadeFile>,
    /// The person or program.
    #[n(3)]
    pub by: String,
}

/// See [`Body::PayoutTaken`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PayoutTaken {
    /// The payout.
    #[n(0)]
    pub payout: u64,
    /// The line of the bank's statement, so that it is booked once.
    #[n(1)]
    pub reference: String,
    /// Transit to bank.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program that brought the statement.
    #[n(3)]
    pub by: String,
    /// The file, from 0.
    #[cbor(n(4), default)]
    pub file: u16,
    /// A person's reason why the line is this file's; empty when it was recognised.
    #[cbor(n(5), default)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(6)]
    pub via: Option<Via>,
}

/// See [`Body::PayoutReturned`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct PayoutReturned {
    /// The payout.
    #[n(0)]
    pub payout: u64,
    /// The settlement that was to be paid.
    #[n(1)]
    pub settlement: u32,
    /// The line of the bank's statement.
    #[n(2)]
    pub reference: String,
    /// Bank to payable, and bank fees to payable: the merchant is owed all of it again.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program that brought the statement.
    #[n(4)]
    pub by: String,
    /// The fee that the bank kept of it for sending it back, in yen.
    #[cbor(n(5), default)]
    pub fee: Yen,
    /// A person's reason why the line is this settlement's; empty when it was recognised.
    #[cbor(n(6), default)]
    pub why: String,
    /// The account of banks' fees, when it is the first.
    #[cbor(n(7), default)]
    pub opens: Vec<Opening>,
    /// Through what it was said; absent in records of before.
    #[n(8)]
    pub via: Option<Via>,
}

/// See [`Body::ReconRan`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReconRan {
    /// 1, 2, 3, …
    #[n(0)]
    pub run: u32,
    /// Whose lines.
    #[n(1)]
    pub against: Against,
    /// The party, for people: an acquirer's or issuer's number, or the bank.
    #[n(2)]
    pub party: String,
    /// SHA-256 of whose file it is, its days and its content: the same file is compared once.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// The days.
    #[n(4)]
    pub period: Period,
    /// Lines of each side.
    #[n(5)]
    pub lines: [u64; 2],
    /// Lines that were matched, and their sum.
    #[n(6)]
    pub matched: u64,
    /// Yen.
    #[n(7)]
    pub matched_yen: Yen,
    /// Lines of the file that could not be read.
    #[n(8)]
    pub bad_lines: u64,
    /// Exceptions that were found in all, known ones included.
    #[n(9)]
    pub exceptions: u64,
    /// The person or program.
    #[n(10)]
    pub by: String,
}

/// See [`Body::ExceptionsOpened`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ExceptionsOpened {
    /// The run.
    #[n(0)]
    pub run: u32,
    /// The new ones among them.
    #[n(1)]
    pub exceptions: Vec<ReconException>,
    /// The person who opened a chargeback; empty for the finding of a run.
    #[cbor(n(2), default)]
    pub by: String,
}

/// See [`Body::ExceptionsEnded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ExceptionsEnded {
    /// The run that found it.
    #[n(0)]
    pub run: u32,
    /// The end of a request, and its reason.
    #[n(1)]
    pub closed: Vec<EndedException>,
    /// The person or program that brought the file.
    #[n(2)]
    pub by: String,
}

/// An exception that ended by itself.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct EndedException {
    /// The exception.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// Of journals before findings were codes: what was found, in words. Else empty.
    #[n(1)]
    pub why: String,
    /// The finding.
    #[n(2)]
    pub finding: Option<Finding>,
}

/// See [`Body::ExceptionNoted`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ExceptionNoted {
    /// The exception.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// Its owner from here on; as before when absent.
    #[n(1)]
    pub owner: Option<String>,
    /// The finding.
    #[n(2)]
    pub note: String,
    /// Its author.
    #[n(3)]
    pub by: String,
}

/// See [`Body::HeadSigned`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct HeadSigned {
    /// The day that ended with the record.
    #[n(0)]
    pub day: BusinessDay,
    /// The day's last record: its cut-over.
    #[n(1)]
    pub seq: u64,
    /// The hash of that record, which covers all before it.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// The Ed25519 public key.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// The signature over [`signed_text`].
    #[cbor(n(4), with = "minicbor::bytes")]
    pub signature: [u8; 64],
    /// The person or program that caused it; older records name no one.
    #[n(5)]
    pub maker: Option<Maker>,
}

/// The signed text: the book, the day, the record and its hash, as a person can read them.
#[must_use]
pub fn signed_text(book: &str, day: BusinessDay, seq: u64, hash: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    let mut out = format!("kazasu daily head 1\nbook {book}\nday {day}\nrecord {seq}\nhash ");
    for byte in hash {
        let _ = write!(out, "{byte:02x}");
    }
    out.push('\n');
    out
}
