//! Relief: batches of applications, and where their money went.

use super::*;
use kazasu_schemas::relief::{Application, Format, RowChange, Step};

/// See [`Body::ReliefBatchOpened`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefBatchOpened {
    /// 0, 1, 2, …: the batch's number in this book.
    #[n(0)]
    pub batch: u32,
    /// The programme.
    #[n(1)]
    pub programme: u16,
    /// The file's name, for people.
    #[n(2)]
    pub name: String,
    /// SHA-256 of the file: the same file is read in once.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// The person who prepares it.
    #[n(4)]
    pub by: String,
}

/// See [`Body::ReliefRowsAdded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefRowsAdded {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// The first row's place in the batch, from 0.
    #[n(1)]
    pub first: u32,
    /// The rows, with what was found about them.
    #[n(2)]
    pub rows: Vec<Application>,
    /// Rows that were refused because of others that count no more are looked at again. Records of before did not do that.
    #[cbor(n(3), default)]
    pub reconsiders: bool,
}

/// See [`Body::ReliefRowSet`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefRowSet {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// The row, from 0.
    #[n(1)]
    pub row: u32,
    /// The change.
    #[n(2)]
    pub change: RowChange,
    /// The finding about the row after it.
    #[n(3)]
    pub issues: u16,
    /// The person or program.
    #[n(4)]
    pub by: String,
    /// The reason.
    #[n(5)]
    pub why: String,
    /// See [`ReliefRowsAdded::reconsiders`].
    #[cbor(n(6), default)]
    pub reconsiders: bool,
    /// Through what it was said; absent in records of before.
    #[n(7)]
    pub via: Option<Via>,
    /// The signature of the person who set it; absent in records of before, and in those of programs.
    #[n(8)]
    pub proof: Option<Box<DecisionProof>>,
}

/// See [`Body::ReliefStepTaken`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefStepTaken {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// The step.
    #[n(1)]
    pub step: Step,
    /// Rows that it is about.
    #[n(2)]
    pub count: u32,
    /// Their sum.
    #[n(3)]
    pub total: Yen,
    /// The day on which the bank transfers, of a release by transfer.
    #[n(4)]
    pub value_date: Option<BusinessDay>,
    /// Budget that changes its place; at the release the money too.
    #[cbor(n(5), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program.
    #[n(6)]
    pub by: String,
    /// The reason.
    #[n(7)]
    pub why: String,
    /// Of the first step: rows of the file that were not taken in.
    #[n(8)]
    pub refused: u32,
    /// Of the decision and the release: rows that are left out, because their payees would get more than the ceiling by now. Which ones
    /// follows from the state.
    #[n(9)]
    pub withheld: Option<Withheld>,
    /// See [`ReliefRowsAdded::reconsiders`].
    #[cbor(n(10), default)]
    pub reconsiders: bool,
    /// Through what it was said; absent in records of before.
    #[n(11)]
    pub via: Option<Via>,
    /// The signature of the person who took it; absent in records of before, and in those of programs.
    #[n(12)]
    pub proof: Option<Box<DecisionProof>>,
}

/// Rows that are left out, and their sum.
#[derive(Clone, Copy, PartialEq, Debug, Encode, Decode)]
pub struct Withheld {
    /// Rows.
    #[n(0)]
    pub count: u32,
    /// Yen.
    #[n(1)]
    pub total: Yen,
}

/// See [`Body::ReliefCredited`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefCredited {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// Rows before this one have been looked at.
    #[n(1)]
    pub through: u32,
    /// The rows, each with one of the transfers.
    #[n(2)]
    pub rows: Vec<u32>,
    /// Purses of people who had none of the programme.
    #[n(3)]
    pub opens: Vec<Opening>,
    /// Transit to purse, in the order of the rows; behind them the budget, and what is withheld on its way back.
    #[cbor(n(4), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// Rows that are not credited, because their payees became one with others and would get more than the ceiling.
    #[cbor(n(5), default)]
    pub withheld: Vec<u32>,
}

/// See [`Body::ReliefFileMade`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefFileMade {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// Its form.
    #[n(1)]
    pub format: Format,
    /// Each file's number of transfers, sum, and SHA-256.
    #[n(2)]
    pub files: Vec<MadeFile>,
    /// The person or program.
    #[n(3)]
    pub by: String,
}

/// One of the files of a batch.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct MadeFile {
    /// Transfers.
    #[n(0)]
    pub count: u32,
    /// Their sum.
    #[n(1)]
    pub total: Yen,
    /// SHA-256 of its bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub digest: [u8; 32],
}

/// See [`Body::ReliefSent`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefSent {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// The file, from 0.
    #[n(1)]
    pub file: u16,
    /// The line of the bank's statement, so that it is booked once.
    #[n(2)]
    pub reference: String,
    /// Transit to bank.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program that brought the statement.
    #[n(4)]
    pub by: String,
    /// A person's reason why the line is this file's; empty when it was recognised.
    #[cbor(n(5), default)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(6)]
    pub via: Option<Via>,
}

/// See [`Body::ReliefReturned`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefReturned {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// The row, from 0.
    #[n(1)]
    pub row: u32,
    /// The line of the bank's statement, so that it is booked once.
    #[n(2)]
    pub reference: String,
    /// Bank to fund, bank fees to fund, and the budget that is free again.
    #[cbor(n(3), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program that brought the statement.
    #[n(4)]
    pub by: String,
    /// The fee that the bank kept of it for sending it back, in yen.
    #[cbor(n(5), default)]
    pub fee: Yen,
    /// A person's reason why the line is this row's; empty when it was recognised.
    #[cbor(n(6), default)]
    pub why: String,
    /// The account of banks' fees, when it is the first.
    #[cbor(n(7), default)]
    pub opens: Vec<Opening>,
    /// See [`ReliefRowsAdded::reconsiders`].
    #[cbor(n(8), default)]
    pub reconsiders: bool,
    /// Through what it was said; absent in records of before.
    #[n(9)]
    pub via: Option<Via>,
}

/// See [`Body::ReliefRepaid`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ReliefRepaid {
    /// The batch.
    #[n(0)]
    pub batch: u32,
    /// The row, from 0.
    #[n(1)]
    pub row: u32,
    /// Yen.
    #[n(2)]
    pub amount: Yen,
    /// Out of the purse, because the payee agreed; else over the bank.
    #[n(3)]
    pub from_purse: bool,
    /// The payment's own reference: it is booked once.
    #[n(4)]
    pub reference: String,
    /// The claim ends, the money goes to the fund, the budget is free again.
    #[cbor(n(5), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program.
    #[n(6)]
    pub by: String,
}
