//! Writing: every value is checked before the first byte comes out, and the trailer is computed.

use super::layout::{self, AccountFields};
use super::{
    Group, Header, MAX_AMOUNT, MAX_FILE_BYTES, MAX_PAYMENTS, MAX_TOTAL, NewCode, Payment, RECORD_LEN, Reference,
};
use super::{TransferClass, totals};
use crate::zengin::kana::Charset;
use crate::zengin::record::{Field, Row, in_range};
use crate::zengin::{Account, AccountKind, LineEnding, Place, Room, Unfit, WriteError, dated, fit, fit_name};
use std::num::NonZeroUsize;

/// The file of these groups, in their order, or the first value that its field cannot carry.
pub fn write(groups: &[Group], ending: LineEnding) -> Result<Vec<u8>, WriteError> {
    let records = groups.iter().fold(1, |sum: usize, g| sum.saturating_add(g.payments.len()).saturating_add(2));
    let bytes = records.saturating_mul(RECORD_LEN + ending.bytes().len());
    if groups.is_empty() {
        return Err(Unfit::new("groups", "at least one", "none").at(Place::File));
    }
    if bytes > MAX_FILE_BYTES {
        let expected = format!("at most {MAX_FILE_BYTES} bytes");
        return Err(Unfit::new("size", expected, format!("{bytes} bytes")).at(Place::File));
    }
    let mut out = Vec::with_capacity(bytes);
    for (group, Group { header, payments }) in groups.iter().enumerate() {
        header_row(header).map_err(|e| e.at(Place::Header { group }))?.append_to(&mut out, ending);
        for (item, payment) in payments.iter().enumerate() {
            payment_row(payment).map_err(|e| e.at(Place::Item { group, item }))?.append_to(&mut out, ending);
        }
        trailer_row(payments).map_err(|e| e.at(Place::Trailer { group }))?.append_to(&mut out, ending);
    }
    Row::new(b'9', RECORD_LEN).append_to(&mut out, ending);
    Ok(out)
}

/// Cuts a client's payments into groups, a file each: at most `most` payments (the bank's maximum), and no more than
/// one trailer can count and add. Their order stays. A group without payments comes back as it is.
#[must_use]
pub fn split(group: Group, most: NonZeroUsize) -> Vec<Group> {
    let most = most.get().min(MAX_PAYMENTS);
    let Group { header, payments } = group;
    let mut groups = vec![Group { header: header.clone(), payments: Vec::new() }];
    let mut sum = crate::money::Yen::ZERO;
    for payment in payments {
        let last = groups.last_mut().expect("begins with one");
        let with = sum.checked_add(payment.amount).filter(|sum| *sum <= MAX_TOTAL);
        match with {
            Some(with) if last.payments.len() < most => {
                sum = with;
                last.payments.push(payment);
            }
            Some(_) | None => {
                sum = payment.amount;
                groups.push(Group { header: header.clone(), payments: vec![payment] });
            }
        }
    }
    groups
}

fn header_row(header: &Header) -> Result<Row, Unfit> {
    let Header { client_code, client_name, date, account } = header;
    let mut row = Row::new(b'1', RECORD_LEN);
    row.number(layout::FILE_KIND, 21);
    row.number(layout::CODE, 0);
    row.number(layout::CLIENT_CODE, client_code.get());
    row.text(layout::CLIENT_NAME, &fit_name(layout::CLIENT_NAME.name, client_name, layout::CLIENT_NAME.len())?);
    row.number(layout::DATE, dated(layout::DATE.name, *date)?.mmdd().into());
    match account.kind {
        AccountKind::Ordinary | AccountKind::Current | AccountKind::Other => {}
        AccountKind::Savings => {
            return Err(Unfit::new(layout::CLIENT_ACCOUNT.kind.name, "ordinary, current or other", "savings"));
        }
    }
    put_account(&mut row, &layout::CLIENT_ACCOUNT, account)?;
    Ok(row)
}

fn payment_row(payment: &Payment) -> Result<Row, Unfit> {
    let Payment { account, payee_name, amount, new_code, reference, class } = payment;
    let mut row = Row::new(b'2', RECORD_LEN);
    put_account(&mut row, &layout::PAYEE_ACCOUNT, account)?;
    row.number(layout::CLEARING_HOUSE, 0);
    row.text(layout::PAYEE_NAME, &fit_name(layout::PAYEE_NAME.name, payee_name, layout::PAYEE_NAME.len())?);
    row.number(layout::AMOUNT, in_range(layout::AMOUNT.name, amount.get(), 1..=MAX_AMOUNT.get())?);
    row.byte(
        layout::NEW_CODE,
        match new_code {
            NewCode::First => b'1',
            NewCode::Changed => b'2',
            NewCode::Other => b'0',
        },
    );
    match reference {
        Reference::Codes { first, second } => {
            put_customer(&mut row, layout::CUSTOMER_1, *first)?;
            put_customer(&mut row, layout::CUSTOMER_2, *second)?;
        }
        Reference::Edi(text) => {
            let text = fit(layout::EDI.name, text, Charset::Edi, Room::Refuse(layout::EDI.len()))?;
            if text.is_empty() {
                return Err(Unfit::new(layout::EDI.name, "a text", "nothing but spaces"));
            }
            row.text(layout::EDI, &text);
            row.byte(layout::EDI_FLAG, b'Y');
        }
    }
    row.byte(
        layout::CLASS,
        match class {
            TransferClass::Wire => b'7',
            TransferClass::Document => b'8',
        },
    );
    Ok(row)
}

fn put_customer(row: &mut Row, field: Field, code: u64) -> Result<(), Unfit> {
    if code >= 10_000_000_000 {
        return Err(Unfit::new(field.name, "at most 10 digits", code));
    }
    row.number(field, code);
    Ok(())
}

fn put_account(row: &mut Row, fields: &AccountFields, account: &Account) -> Result<(), Unfit> {
    let name = |field: Field, name: &str| fit(field.name, name, Charset::Bank, Room::Cut(field.len()));
    row.number(fields.bank, account.bank.get());
    row.text(fields.bank_name, &name(fields.bank_name, &account.bank_name)?);
    row.number(fields.branch, account.branch.get());
    row.text(fields.branch_name, &name(fields.branch_name, &account.branch_name)?);
    row.byte(fields.kind, account.kind.digit());
    row.number(fields.number, account.number.get());
    Ok(())
}

fn trailer_row(payments: &[Payment]) -> Result<Row, Unfit> {
    let totals = totals(payments)?;
    let mut row = Row::new(b'8', RECORD_LEN);
    row.number(layout::COUNT, u64::try_from(totals.count).expect("at most six digits"));
    row.number(layout::TOTAL, u64::try_from(totals.amount.get()).expect("a sum of positive amounts"));
    Ok(row)
}
