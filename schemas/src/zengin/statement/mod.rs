//! An account's statement, 入出金取引明細, kind 03: 200 bytes a record, in the order 1, 2…, 8 for each account, one 9 at the
//! end. Each data record is a movement on the account; what came back of a bulk transfer is here and nowhere else.
//!
//! N: digits, right-justified, zero-filled. C: characters, left-justified, space-filled. Dates are YYMMDD in Japanese
//! eras.
//!
//! | Header | Positions | | Data (ordinary, current, savings) | Positions | |
//! |---|---|---|---|---|---|
//! | record kind `1` | 1 | N1 | record kind `2` | 1 | N1 |
//! | kind `03` | 2-3 | N2 | inquiry number 照会番号 | 2-9 | N8 |
//! | code `0`, JIS | 4 | N1 | posting date 勘定日 | 10-15 | N6 |
//! | creation date | 5-10 | N6 | value date 預入・払出日 | 16-21 | N6 |
//! | first posting date 勘定日(自) | 11-16 | N6 | direction, 1 in 2 out | 22 | N1 |
//! | last posting date 勘定日(至) | 17-22 | N6 | transaction kind | 23-24 | N2 |
//! | bank code | 23-26 | N4 | amount, yen | 25-36 | N12 |
//! | bank name | 27-41 | C15 | of which other banks' cheques | 37-48 | N12 |
//! | branch code | 42-44 | N3 | presentation date, not read | 49-54 | N6 |
//! | branch name | 45-59 | C15 | dishonour date, not read | 55-60 | N6 |
//! | spare, `000` | 60-62 | N3 | bill kind, not read | 61 | N1 |
//! | account kind | 63 | N1 | bill number, not read | 62-68 | N7 |
//! | account number | 64-73 | N10 | handling branch 僚店, not read | 69-71 | N3 |
//! | account name | 74-113 | C40 | payer code 振込依頼人コード | 72-81 | N10 |
//! | sign of that balance, 1 + 2 − | 114 | N1 | payer name | 82-129 | C48 |
//! | passbook 1, certificate 2; not read | 115 | N1 | sending bank's name | 130-144 | C15 |
//! | balance before the first movement | 116-129 | N14 | sending branch's name | 145-159 | C15 |
//! | spare | 130-200 | C71 | remarks 摘要 | 160-179 | C20 |
//! | **Trailer:** record kind `8` | 1 | N1 | EDI text | 180-199 | C20 |
//! | movements in | 2-7 | N6 | spare | 200 | C1 |
//! | their sum, yen | 8-20 | N13 | **End:** record kind `9` | 1 | N1 |
//! | movements out | 21-26 | N6 | records in the file, this one too | 2-11 | N10 |
//! | their sum, yen | 27-39 | N13 | accounts | 12-16 | N5 |
//! | sign of the balance, 1 + 2 − | 40 | N1 | spare | 17-200 | C184 |
//! | balance after the last movement | 41-54 | N14 | | | |
//! | data records | 55-61 | N7 | | | |
//! | spare | 62-200 | C139 | | | |
//!
//! Data records of time deposits (account kinds 5, 6, 7) have other fields and are reported, not read. Whether the end
//! record's first count includes the end record is not said by the description: it is written with it, and read either way.

mod era;
mod layout;
mod read;
mod write;

pub use super::ids::LongAccountNumber;
pub use read::{FileError, MAX_RECORDS, read};
pub use write::{Sheet, write};

use super::{AccountKind, BadRecord, BankCode, BranchCode};
use crate::jst::BusinessDay;
use crate::money::Yen;

/// Bytes in a record, without a line end.
pub const RECORD_LEN: usize = 200;

/// The largest file that is read or written, in bytes (64 MiB): 330 thousand movements.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;

/// The largest amount of one movement: twelve digits.
pub const MAX_AMOUNT: Yen = Yen::new(999_999_999_999);

/// Whose statement it is, and over which days.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The day the file was made.
    pub created: BusinessDay,
    /// The first day whose movements it has.
    pub from: BusinessDay,
    /// The last one.
    pub to: BusinessDay,
    /// The bank.
    pub bank: BankCode,
    /// Its name; may be empty.
    pub bank_name: String,
    /// The branch.
    pub branch: BranchCode,
    /// Its name; may be empty.
    pub branch_name: String,
    /// The account's kind.
    pub kind: AccountKind,
    /// The account's number.
    pub number: LongAccountNumber,
    /// Its holder's name; may be empty.
    pub account_name: String,
    /// The balance before the first movement, where the bank says it. Below zero on an overdraft.
    pub opening_balance: Option<Yen>,
}

/// The direction of a movement of money.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// 1: onto the account (入金).
    In,
    /// 2: from the account (出金).
    Out,
}

/// The kind of a movement (取引区分).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TransactionKind {
    /// 10: cash.
    Cash,
    /// 11: a transfer from a bank (振込). Credits of a bulk transfer that come back arrive so.
    Transfer,
    /// 12: another bank's cheque paid in.
    OtherBanksCheque,
    /// 13: through the clearing house.
    Clearing,
    /// 14: between accounts of the bank, direct debits included (振替).
    BookTransfer,
    /// 15: a deposit continued.
    Continued,
    /// 18: other.
    Other,
    /// 19: a correction (訂正).
    Correction,
    /// Another code, 0 to 99; 0 where the bank says none.
    Unlisted(u8),
}

impl TransactionKind {
    /// The two digits, as a number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            TransactionKind::Cash => 10,
            TransactionKind::Transfer => 11,
            TransactionKind::OtherBanksCheque => 12,
            TransactionKind::Clearing => 13,
            TransactionKind::BookTransfer => 14,
            TransactionKind::Continued => 15,
            TransactionKind::Other => 18,
            TransactionKind::Correction => 19,
            TransactionKind::Unlisted(code) => code,
        }
    }

    /// The inverse of [`TransactionKind::code`].
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        match code {
            10 => TransactionKind::Cash,
            11 => TransactionKind::Transfer,
            12 => TransactionKind::OtherBanksCheque,
            13 => TransactionKind::Clearing,
            14 => TransactionKind::BookTransfer,
            15 => TransactionKind::Continued,
            18 => TransactionKind::Other,
            19 => TransactionKind::Correction,
            _ => TransactionKind::Unlisted(code),
        }
    }
}

/// A movement on the account. Texts come back in half-width characters, as they stand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The bank's number for inquiries, up to eight digits; zero for none.
    pub inquiry_number: u32,
    /// The day it was booked.
    pub posting_date: BusinessDay,
    /// The day from which it counts; the posting date as a rule.
    pub value_date: BusinessDay,
    /// In or out.
    pub direction: Direction,
    /// The kind of movement.
    pub kind: TransactionKind,
    /// The amount in yen, never below zero; at most [`MAX_AMOUNT`].
    pub amount: Yen,
    /// The part of it that came as other banks' cheques and can still be dishonoured.
    pub uncleared: Yen,
    /// The payer's client code, ten digits as a rule; empty for blanks and zeros.
    pub payer_code: String,
    /// The payer's name; for a direct debit its contract number.
    pub payer_name: String,
    /// The sending bank's name.
    pub bank_name: String,
    /// The sending branch's name.
    pub branch_name: String,
    /// The text that a passbook would show (摘要).
    pub remarks: String,
    /// The payer's text for the payee (EDI情報).
    pub edi: String,
}

/// The content of a trailer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trailer {
    /// Movements in.
    pub in_count: u64,
    /// Their sum.
    pub in_total: Yen,
    /// Movements out.
    pub out_count: u64,
    /// Their sum.
    pub out_total: Yen,
    /// The balance after the last movement, where the bank says it.
    pub closing_balance: Option<Yen>,
    /// Data records.
    pub data_count: u64,
}

/// One account of a file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Section {
    /// Its header; `None` when that was bad.
    pub header: Option<Header>,
    /// Its trailer, as it stands, whether or not its sums hold; `None` when it was bad or did not come.
    pub trailer: Option<Trailer>,
}

/// A movement and where it stood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The account, as an index into [`Statement::sections`].
    pub section: usize,
    /// The record's number in the file, from 1.
    pub record: usize,
    /// The movement.
    pub entry: Entry,
}

/// The content of a file, and the parts that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Statement {
    /// The accounts, in the file's order; one, as a rule.
    pub sections: Vec<Section>,
    /// The movements that could be read, in the file's order.
    pub entries: Vec<Line>,
    /// The faults: records that could not be read, records out of order, trailers that do not agree with their data.
    /// Empty for a sound file.
    pub bad: Vec<BadRecord>,
}
