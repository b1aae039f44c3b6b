//! The positions of the module's table, once, for reading and writing.

use crate::zengin::record::Field;

/// The positions in which a header or a data record names an account.
#[derive(Clone, Copy)]
pub(super) struct AccountFields {
    pub(super) bank: Field,
    pub(super) bank_name: Field,
    pub(super) branch: Field,
    pub(super) branch_name: Field,
    pub(super) kind: Field,
    pub(super) number: Field,
}

pub(super) const FILE_KIND: Field = Field::new("kind", 2, 3);
pub(super) const CODE: Field = Field::new("code", 4, 4);
pub(super) const CLIENT_CODE: Field = Field::new("client code", 5, 14);
pub(super) const CLIENT_NAME: Field = Field::new("client name", 15, 54);
pub(super) const DATE: Field = Field::new("transfer date", 55, 58);
pub(super) const CLIENT_ACCOUNT: AccountFields = AccountFields {
    bank: Field::new("bank code", 59, 62),
    bank_name: Field::new("bank name", 63, 77),
    branch: Field::new("branch code", 78, 80),
    branch_name: Field::new("branch name", 81, 95),
    kind: Field::new("account kind", 96, 96),
    number: Field::new("account number", 97, 103),
};

pub(super) const PAYEE_ACCOUNT: AccountFields = AccountFields {
    bank: Field::new("bank code", 2, 5),
    bank_name: Field::new("bank name", 6, 20),
    branch: Field::new("branch code", 21, 23),
    branch_name: Field::new("branch name", 24, 38),
    kind: Field::new("account kind", 43, 43),
    number: Field::new("account number", 44, 50),
};
pub(super) const CLEARING_HOUSE: Field = Field::new("clearing house", 39, 42);
pub(super) const PAYEE_NAME: Field = Field::new("payee name", 51, 80);
pub(super) const AMOUNT: Field = Field::new("amount", 81, 90);
pub(super) const NEW_CODE: Field = Field::new("new code", 91, 91);
pub(super) const CUSTOMER_1: Field = Field::new("customer code 1", 92, 101);
pub(super) const CUSTOMER_2: Field = Field::new("customer code 2", 102, 111);
/// Both customer codes, when the flag says that they are a text.
pub(super) const EDI: Field = Field::new("EDI text", 92, 111);
pub(super) const CLASS: Field = Field::new("transfer class", 112, 112);
pub(super) const EDI_FLAG: Field = Field::new("EDI flag", 113, 113);

pub(super) const COUNT: Field = Field::new("number of payments", 2, 7);
pub(super) const TOTAL: Field = Field::new("total", 8, 19);
