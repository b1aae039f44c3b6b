//! Tests of the Zengin formats: positions one by one, golden files made without this code, refusals, and round trips.

mod kana;
mod refusals;
mod statement;
mod statement_faults;
mod transfer;

use super::kana::decode;
use super::transfer::{Group, Header, NewCode, Payment, Reference, TransferClass};
use super::{Account, AccountKind, AccountNumber, BankCode, BranchCode, ClientCode};
use crate::jst::BusinessDay;
use crate::money::Yen;
use proptest::prelude::*;

pub(crate) fn day(text: &str) -> BusinessDay {
    BusinessDay::parse(text).unwrap()
}

fn golden(file: &str) -> Vec<u8> {
    std::fs::read(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(file)).unwrap()
}

/// An account from bank, branch, kind digit and number, as `9900 018 1 7654321`, and the names of its bank and branch.
pub(crate) fn account(numbers: &str, bank_name: &str, branch_name: &str) -> Account {
    let mut parts = numbers.split(' ');
    let mut next = || parts.next().unwrap();
    Account {
        bank: next().parse().unwrap(),
        branch: next().parse().unwrap(),
        kind: AccountKind::from_digit(next().as_bytes()[0]).unwrap(),
        number: next().parse().unwrap(),
        bank_name: bank_name.to_owned(),
        branch_name: branch_name.to_owned(),
    }
}

/// The groups of golden/zengin-transfer.dat, with names as people write them.
pub(crate) fn groups() -> Vec<Group> {
    let first = Header {
        client_code: "1234567890".parse().unwrap(),
        client_name: "あおぞらし　カイケイカンリシャ".to_owned(),
        date: day("2026-12-25"),
        account: account("9999 001 2 0012345", "テスト", "ホンテン"),
    };
    let second = Header {
        client_code: "0000000009".parse().unwrap(),
        client_name: "ミドリチョウ".to_owned(),
        date: day("2027-01-05"),
        account: account("9999 999 1 9999999", "", ""),
    };
    let paid = |account, payee: &str, yen, new_code, reference, class| Payment {
        account,
        payee_name: payee.to_owned(),
        amount: Yen::new(yen),
        new_code,
        reference,
        class,
    };
    let japan_post = account("9900 018 1 7654321", "ゆうちょ", "ゼロイチハチ");
    let edi = Reference::Edi("さいがいシエン／Ｒ８－１２".to_owned());
    vec![
        Group {
            header: first,
            payments: vec![
                paid(
                    japan_post,
                    "ヤマダ　タロウ",
                    30_000,
                    NewCode::First,
                    Reference::Codes { first: 42, second: 7 },
                    TransferClass::Wire,
                ),
                paid(
                    account("9999 123 1 0000001", "", ""),
                    "ヴィラージュ（カ",
                    9_999_999_999,
                    NewCode::Changed,
                    edi,
                    TransferClass::Wire,
                ),
                paid(
                    account("9999 002 9 0000022", "テスト", "エキマエ"),
                    "a.smith",
                    1,
                    NewCode::Other,
                    Reference::NONE,
                    TransferClass::Document,
                ),
            ],
        },
        Group {
            header: second,
            payments: vec![paid(
                account("9999 003 4 1000000", "テスト", "ミナト"),
                "オガワ ミツコ",
                500,
                NewCode::Other,
                Reference::NONE,
                TransferClass::Wire,
            )],
        },
    ]
}

/// Every position of a record, in order: `(from, to, what stands there)`. Together they must be the whole record.
fn check_positions(record: &[u8], fields: &[(usize, usize, &str)]) {
    let mut next = 1;
    for (from, to, expected) in fields {
        assert_eq!(*from, next, "the table leaves positions out");
        let found = decode(&record[from - 1..*to]);
        assert_eq!(found, format!("{expected:<width$}", width = to + 1 - from), "positions {from}-{to}");
        next = to + 1;
    }
    assert_eq!(record.len(), next - 1, "the table ends before the record");
}

/// Names that stand in a file as they are: normalised, without spaces at either end, at most `len` bytes, maybe empty.
pub(crate) fn names(len: usize) -> BoxedStrategy<String> {
    const PARTS: [&str; 12] = ["ｱ", "ｶﾞ", "ﾊﾟ", "ｳﾞ", "ﾝ", "ﾂ", "A", "Z", "0", "9", "-", " "];
    let joined = prop::collection::vec(prop::sample::select(&PARTS[..]), 0..=len);
    let fitted = move |parts: Vec<&str>| {
        super::kana::normalize(&parts.concat(), super::kana::Charset::Bank).unwrap().cut(len).to_string()
    };
    joined.prop_map(fitted).boxed()
}

/// The same, never empty.
fn some_name(len: usize) -> BoxedStrategy<String> {
    names(len - 1).prop_map(|name| format!("{name}ｻ")).boxed()
}

prop_compose! {
    fn any_account(header: bool)(
        bank in 0_u64..10_000,
        branch in 0_u64..1_000,
        number in 0_u64..10_000_000,
        kind in prop::sample::select(if header { &b"129"[..] } else { &b"1249"[..] }),
        bank_name in names(15),
        branch_name in names(15),
    ) -> Account {
        Account {
            bank: BankCode::new(bank).unwrap(),
            bank_name,
            branch: BranchCode::new(branch).unwrap(),
            branch_name,
            kind: AccountKind::from_digit(kind).unwrap(),
            number: AccountNumber::new(number).unwrap(),
        }
    }
}

prop_compose! {
    pub(crate) fn any_header()(
        client_code in 0_u64..10_000_000_000,
        client_name in some_name(40),
        // Within half a year of 2026-07-01, so that the file's month and day mean this day again.
        offset in -180_i32..180,
        account in any_account(true),
    ) -> Header {
        Header {
            client_code: ClientCode::new(client_code).unwrap(),
            client_name,
            date: BusinessDay(day("2026-07-01").0 + offset),
            account,
        }
    }
}

prop_compose! {
    /// Payments with everything that both forms carry.
    pub(crate) fn any_payment()(
        account in any_account(false),
        payee_name in some_name(30),
        amount in 1_i64..=9_999_999_999,
        reference in prop_oneof![
            (0_u64..10_000_000_000, 0_u64..10_000_000_000)
                .prop_map(|(first, second)| Reference::Codes { first, second }),
            some_name(20).prop_map(|name| Reference::Edi(name.replace('-', "/"))),
        ],
    ) -> Payment {
        Payment {
            account,
            payee_name,
            amount: Yen::new(amount),
            new_code: NewCode::Other,
            reference,
            class: TransferClass::Wire,
        }
    }
}

#[test]
fn codes_keep_their_zeros_and_refuse_other_lengths() {
    assert_eq!("0005".parse::<BankCode>().unwrap().to_string(), "0005");
    assert_eq!(BranchCode::new(18).unwrap().to_string(), "018");
    let problem = |e: crate::ids::IdError| e.to_string();
    assert_eq!(problem("5".parse::<BankCode>().unwrap_err()), "bank code: must be exactly 4 digits (got \"5\")");
    assert_eq!(
        problem("123456x".parse::<AccountNumber>().unwrap_err()),
        "account number: must be exactly 7 digits (got \"123456x\")"
    );
    assert_eq!(
        problem(ClientCode::new(10_000_000_000).unwrap_err()),
        "client code: must be at most 10 digits (got \"10000000000\")"
    );
    let number: AccountNumber = "7654321".parse().unwrap();
    assert_eq!(format!("{number:?}"), "AccountNumber(…321)", "logs do not show account numbers");
    assert_eq!(super::statement::LongAccountNumber::from(number).short(), Some(number));
    assert_eq!("0010000001".parse::<super::statement::LongAccountNumber>().unwrap().short(), None);
}
