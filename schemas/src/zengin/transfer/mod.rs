//! Bulk transfer, 総合振込, kind 21: 120 bytes a record, in the order 1, 2…, 8 for each client and one 9 at the end.
//!
//! N: digits, right-justified, zero-filled. C: characters, left-justified, space-filled.
//!
//! | Header | Positions | | Data | Positions | |
//! |---|---|---|---|---|---|
//! | record kind `1` | 1 | N1 | record kind `2` | 1 | N1 |
//! | kind `21` | 2-3 | N2 | bank code | 2-5 | N4 |
//! | code `0`, JIS | 4 | N1 | bank name | 6-20 | C15 |
//! | client code | 5-14 | N10 | branch code | 21-23 | N3 |
//! | client name | 15-54 | C40 | branch name | 24-38 | C15 |
//! | transfer date MMDD | 55-58 | N4 | clearing house, unused | 39-42 | N4 |
//! | bank code | 59-62 | N4 | account kind | 43 | N1 |
//! | bank name | 63-77 | C15 | account number | 44-50 | N7 |
//! | branch code | 78-80 | N3 | payee name | 51-80 | C30 |
//! | branch name | 81-95 | C15 | amount, yen | 81-90 | N10 |
//! | account kind | 96 | N1 | new code | 91 | N1 |
//! | account number | 97-103 | N7 | customer code 1, or the EDI text's first half | 92-101 | N10 |
//! | spare | 104-120 | C17 | customer code 2, or its second half | 102-111 | N10 |
//! | **Trailer:** record kind `8` | 1 | N1 | transfer class | 112 | N1 |
//! | number of payments | 2-7 | N6 | EDI flag, `Y` or space | 113 | C1 |
//! | total, yen | 8-19 | N12 | spare | 114-120 | C7 |
//! | spare | 20-120 | C101 | **End:** record kind `9`, spare | 1, 2-120 | N1, C119 |
//!
//! The bank answers with entries in the account's statement ([`super::statement`]), not with a result file. Whether the
//! transfer date is a day on which banks work is asked of [`crate::calendar`] before a file is written.

mod layout;
mod read;
mod write;

pub use read::{ReadError, read};
pub use write::{split, write};

use super::{Account, ClientCode, Unfit};
use crate::jst::BusinessDay;
use crate::money::Yen;

/// Bytes in a record, without a line end.
pub const RECORD_LEN: usize = 120;

/// The largest file that is read or written, in bytes (128 MiB): one client's 999,999 payments and their CR LF fit.
pub const MAX_FILE_BYTES: usize = 128 * 1024 * 1024;

/// The largest amount of one payment: ten digits.
pub const MAX_AMOUNT: Yen = Yen::new(9_999_999_999);

/// The largest number of payments of one client in one file: six digits. Banks set lower ones ([`split`]).
pub const MAX_PAYMENTS: usize = 999_999;

/// The largest total of one client in one file: twelve digits.
pub const MAX_TOTAL: Yen = Yen::new(999_999_999_999);

/// The payer, its account and the date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The number that the bank gave to the client.
    pub client_code: ClientCode,
    /// The client's name. In the file at most 40 bytes of [`super::kana::Charset::Name`]; a longer one is cut.
    pub client_name: String,
    /// The day on which the payees are paid. The file carries month and day only.
    pub date: BusinessDay,
    /// The account that pays: of kind ordinary, current or other.
    pub account: Account,
}

/// One payment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// The account that is paid.
    pub account: Account,
    /// Its holder. In the file at most 30 bytes of [`super::kana::Charset::Name`]; a longer one is cut, as banks ask.
    pub payee_name: String,
    /// From ¥1 to [`MAX_AMOUNT`].
    pub amount: Yen,
    /// Whether the payee is new.
    pub new_code: NewCode,
    /// The payer's text for itself or for the payee.
    pub reference: Reference,
    /// The bank's way of sending it.
    pub class: TransferClass,
}

/// Whether this payee was paid before (新規コード).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum NewCode {
    /// 1: the first transfer to this payee.
    First,
    /// 2: the payee's bank, branch or account number has changed.
    Changed,
    /// 0: neither.
    #[default]
    Other,
}

/// The last twenty characters of a payment that are the payer's.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reference {
    /// Two numbers by which the payer knows the payee (顧客コード), each at most ten digits; zero for none.
    Codes {
        /// Customer code 1.
        first: u64,
        /// Customer code 2.
        second: u64,
    },
    /// A text for the payee (EDI情報), shown in its statement: one to twenty bytes of [`super::kana::Charset::Edi`].
    /// A longer one is refused.
    Edi(String),
}

impl Reference {
    /// No reference.
    pub const NONE: Reference = Reference::Codes { first: 0, second: 0 };
}

/// The bank's way of sending a payment (振込指定区分).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum TransferClass {
    /// 7: by wire (テレ振込), which is every transfer today.
    #[default]
    Wire,
    /// 8: by document (文書振込).
    Document,
}

/// One client's payments on one day: a header, its data records and their trailer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// The payer, and the date.
    pub header: Header,
    /// The payments, at least one.
    pub payments: Vec<Payment>,
}

/// The totals of a trailer, which an approval shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Totals {
    /// Number of payments, 1 to [`MAX_PAYMENTS`].
    pub count: usize,
    /// Their sum, at most [`MAX_TOTAL`].
    pub amount: Yen,
}

/// Counts and adds payments; the error says which limit they break.
pub fn totals<'a>(payments: impl IntoIterator<Item = &'a Payment>) -> Result<Totals, Unfit> {
    let mut totals = Totals { count: 0, amount: Yen::ZERO };
    for payment in payments {
        totals = Totals {
            count: totals.count + 1,
            amount: totals
                .amount
                .checked_add(payment.amount)
                .filter(|sum| *sum <= MAX_TOTAL)
                .ok_or_else(|| Unfit::new("total", format!("at most {MAX_TOTAL}"), "more"))?,
        };
    }
    if (1..=MAX_PAYMENTS).contains(&totals.count) {
        Ok(totals)
    } else {
        Err(Unfit::new("number of payments", format!("1 to {MAX_PAYMENTS}"), totals.count))
    }
}
