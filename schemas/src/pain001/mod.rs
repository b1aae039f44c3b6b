//! ISO 20022 pain.001.001.09, customer credit transfer initiation, for payments within Japan: the alternative to the
//! bulk transfer of [`crate::zengin::transfer`], with the same headers and payments.
//!
//! Banks and branches are named by `ClrSysMmbId` with `ClrSysId/Cd` = `JPZGN` and `MmbId` = bank code (4 digits) and
//! branch code (3 digits), the form `[0-9]{7}` of ISO's external code list. How the rest maps:
//!
//! | Element | Carries |
//! |---|---|
//! | `GrpHdr/InitgPty`, `PmtInf/Dbtr` | the client's name, and its code in `Id/OrgId/Othr/Id` |
//! | `PmtInf/ReqdExctnDt/Dt` | the transfer date |
//! | `DbtrAcct`, `CdtrAcct` | account number in `Id/Othr/Id`, account kind in `Tp/Prtry` (Zengin's 1, 2, 4 or 9) |
//! | `FinInstnId/Nm`, `BrnchId/Nm` | names of bank and branch, when there are any |
//! | `Cdtr/Nm` | the payee's name |
//! | `Cdtr/Id/PrvtId/Othr` | customer codes 1 and 2 unless zero; `SchmeNm/Prtry` = `CUSTOMER CODE 1` or `2` |
//! | `RmtInf/Ustrd` | the EDI text |
//! | `Amt/InstdAmt` | whole yen, `Ccy="JPY"` |
//!
//! Names are written in the half-width characters of [`crate::zengin::kana`], cut to the lengths of the bulk transfer,
//! because the bank's system behind the interface keeps that form. The format has no place for the new code (it is not
//! written and reads back as [`NewCode::Other`](crate::zengin::transfer::NewCode)) and none for transfers by document,
//! which are refused.
//!
//! The reader takes what it knows and passes over what it does not (addresses, charges, purposes). It never resolves an
//! entity beyond XML's five, and refuses a document type definition.
//!
//! Source: ISO 20022 message definition pain.001.001.09; external code set ExternalClearingSystemIdentification1Code.

mod read;
mod write;
mod xml;

pub use read::{ReadError, read};
pub use write::write;

use crate::jst::Millis;
use crate::zengin::Unfit;
use crate::zengin::transfer::{Header, Payment, Totals, totals};

/// The document's namespace.
pub const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09";

/// The clearing system: Zengin.
pub const CLEARING_SYSTEM: &str = "JPZGN";

/// The largest document that is read or written, in bytes (64 MiB).
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// One document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The message's id, unique for the client: 1 to 35 characters (letters, digits, space and `/ - ? : ( ) . , ' +`).
    pub message_id: String,
    /// The time of its making, written in Japan's time.
    pub created: Millis,
    /// The payments, a batch for each client account and day; at least one.
    pub batches: Vec<Batch>,
}

/// One `PmtInf`: one client's payments on one day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Its id, of the same form.
    pub id: String,
    /// The payer, and the date.
    pub header: Header,
    /// The payments, at least one.
    pub transfers: Vec<Transfer>,
}

/// One `CdtTrfTxInf`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// The payment's id from end to end, of the same form, unlike every other in the message.
    pub end_to_end_id: String,
    /// The payment.
    pub payment: Payment,
}

impl Batch {
    /// Number and sum of its payments, within the bulk transfer's limits.
    pub fn totals(&self) -> Result<Totals, Unfit> {
        totals(self.transfers.iter().map(|t| &t.payment))
    }
}

impl Message {
    /// Number and sum of all payments, within the bulk transfer's limits too: `NbOfTxs` and `CtrlSum` of the group
    /// header.
    pub fn totals(&self) -> Result<Totals, Unfit> {
        totals(self.batches.iter().flat_map(|b| &b.transfers).map(|t| &t.payment))
    }
}

/// True for 1 to 35 characters that every bank takes in an id; no slash or space at either end, no two slashes
/// together.
fn is_id(id: &str) -> bool {
    let sound = |b: u8| b.is_ascii_alphanumeric() || b"/-?:().,'+ ".contains(&b);
    let ends = [id.as_bytes().first(), id.as_bytes().last()];
    (1..=35).contains(&id.len())
        && id.bytes().all(sound)
        && !ends.iter().any(|b| matches!(b, Some(b'/' | b' ')))
        && !id.contains("//")
}

#[cfg(test)]
mod tests;
