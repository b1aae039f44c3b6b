//! The positions of the module's table, once, for reading and writing.

use crate::zengin::record::Field;

pub(super) const FILE_KIND: Field = Field::new("kind", 2, 3);
pub(super) const CODE: Field = Field::new("code", 4, 4);
pub(super) const CREATED: Field = Field::new("creation date", 5, 10);
pub(super) const FROM: Field = Field::new("first posting date", 11, 16);
pub(super) const TO: Field = Field::new("last posting date", 17, 22);
pub(super) const BANK: Field = Field::new("bank code", 23, 26);
pub(super) const BANK_NAME: Field = Field::new("bank name", 27, 41);
pub(super) const BRANCH: Field = Field::new("branch code", 42, 44);
pub(super) const BRANCH_NAME: Field = Field::new("branch name", 45, 59);
pub(super) const SPARE_ZEROS: Field = Field::new("spare", 60, 62);
pub(super) const ACCOUNT_KIND: Field = Field::new("account kind", 63, 63);
pub(super) const ACCOUNT_NUMBER: Field = Field::new("account number", 64, 73);
pub(super) const ACCOUNT_NAME: Field = Field::new("account name", 74, 113);
pub(super) const OPENING_SIGN: Field = Field::new("sign of the balance", 114, 114);
pub(super) const PASSBOOK: Field = Field::new("passbook or certificate", 115, 115);
pub(super) const OPENING: Field = Field::new("balance before", 116, 129);

pub(super) const INQUIRY: Field = Field::new("inquiry number", 2, 9);
pub(super) const POSTED: Field = Field::new("posting date", 10, 15);
pub(super) const VALUE: Field = Field::new("value date", 16, 21);
pub(super) const DIRECTION: Field = Field::new("direction", 22, 22);
pub(super) const KIND: Field = Field::new("transaction kind", 23, 24);
pub(super) const AMOUNT: Field = Field::new("amount", 25, 36);
pub(super) const UNCLEARED: Field = Field::new("other banks' cheques", 37, 48);
/// Presentation and dishonour dates, bill kind and number, handling branch: zeros when written, not read.
pub(super) const NOT_READ: [Field; 5] = [
    Field::new("presentation date", 49, 54),
    Field::new("dishonour date", 55, 60),
    Field::new("bill kind", 61, 61),
    Field::new("bill number", 62, 68),
    Field::new("handling branch", 69, 71),
];
pub(super) const PAYER_CODE: Field = Field::new("payer code", 72, 81);
pub(super) const PAYER_NAME: Field = Field::new("payer name", 82, 129);
pub(super) const SENDING_BANK: Field = Field::new("sending bank's name", 130, 144);
pub(super) const SENDING_BRANCH: Field = Field::new("sending branch's name", 145, 159);
pub(super) const REMARKS: Field = Field::new("remarks", 160, 179);
pub(super) const EDI: Field = Field::new("EDI text", 180, 199);

pub(super) const IN_COUNT: Field = Field::new("movements in", 2, 7);
pub(super) const IN_TOTAL: Field = Field::new("sum of movements in", 8, 20);
pub(super) const OUT_COUNT: Field = Field::new("movements out", 21, 26);
pub(super) const OUT_TOTAL: Field = Field::new("sum of movements out", 27, 39);
pub(super) const CLOSING_SIGN: Field = Field::new("sign of the balance", 40, 40);
pub(super) const CLOSING: Field = Field::new("balance after", 41, 54);
pub(super) const DATA_COUNT: Field = Field::new("data records", 55, 61);

pub(super) const RECORDS: Field = Field::new("records in the file", 2, 11);
pub(super) const ACCOUNTS: Field = Field::new("accounts", 12, 16);
