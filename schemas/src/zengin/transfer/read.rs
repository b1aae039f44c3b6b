//! Reading: strict about order, lengths, counts and sums, lenient about line ends and the characters of names.

use super::layout::{self, AccountFields};
use super::{Group, Header, MAX_FILE_BYTES, NewCode, Payment, RECORD_LEN, Reference, TransferClass, totals};
use crate::ids::IdError;
use crate::jst::{BusinessDay, Within};
use crate::money::Yen;
use crate::zengin::record::{BadRecord, Expected, Field, RECORD_KIND, Record, cut, missing};
use crate::zengin::{Account, AccountKind};

/// A file that is no bulk transfer, or not one whose sums hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReadError {
    /// Larger than [`MAX_FILE_BYTES`].
    #[error("expected at most {MAX_FILE_BYTES} bytes, got {0}")]
    TooLarge(usize),
    /// The first record that breaks the format.
    #[error(transparent)]
    Record(#[from] BadRecord),
}

/// Banks take orders some weeks ahead, and a file may be read again long after.
const DATE_WITHIN: Within = Within::days(182);

/// The groups of a file. Its dates have no year: each is the one nearest to `near` (the day the file came, say), within half a
/// year of it.
///
/// Names come back in half-width characters, as they stand.
pub fn read(bytes: &[u8], near: BusinessDay) -> Result<Vec<Group>, ReadError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ReadError::TooLarge(bytes.len()));
    }
    let mut groups = Vec::new();
    let mut open: Option<Group> = None;
    let mut ended = false;
    let mut number = 0;
    for record in cut(bytes, RECORD_LEN) {
        number += 1;
        let record = Record::new(number, record, RECORD_LEN)?;
        open = match (open, record.kind()) {
            (None, b'1') if !ended => Some(Group { header: header(&record, near)?, payments: Vec::new() }),
            (Some(mut group), b'2') => {
                group.payments.push(payment(&record)?);
                Some(group)
            }
            (Some(group), b'8') if !group.payments.is_empty() => {
                check_trailer(&record, &group.payments)?;
                groups.push(group);
                None
            }
            (None, b'9') if !ended && !groups.is_empty() => {
                ended = true;
                None
            }
            (open, _) => return Err(record.wrong(RECORD_KIND, next(open.as_ref(), ended, !groups.is_empty())).into()),
        };
    }
    if ended { Ok(groups) } else { Err(missing(number + 1, next(open.as_ref(), false, !groups.is_empty())).into()) }
}

/// The record kinds that may come next.
fn next(open: Option<&Group>, ended: bool, any: bool) -> Expected {
    match open {
        None if ended => Expected::Nothing,
        None if any => Expected::HeaderOrEnd,
        None => Expected::Header,
        Some(group) if group.payments.is_empty() => Expected::Data,
        Some(_) => Expected::DataOrTrailer,
    }
}

fn header(record: &Record<'_>, near: BusinessDay) -> Result<Header, BadRecord> {
    constant(record, layout::FILE_KIND, "21")?;
    constant(record, layout::CODE, "0")?;
    let mmdd = u16::try_from(record.number(layout::DATE)?).expect("four digits");
    Ok(Header {
        client_code: id(record, layout::CLIENT_CODE, crate::zengin::ClientCode::new)?,
        client_name: record.text(layout::CLIENT_NAME),
        date: near.nearest(mmdd, DATE_WITHIN).ok_or_else(|| record.wrong(layout::DATE, Expected::MonthAndDay))?,
        account: account(record, &layout::CLIENT_ACCOUNT)?,
    })
}

fn payment(record: &Record<'_>) -> Result<Payment, BadRecord> {
    let amount = i64::try_from(record.number(layout::AMOUNT)?).expect("ten digits");
    if amount == 0 {
        return Err(record.wrong(layout::AMOUNT, Expected::Money));
    }
    Ok(Payment {
        account: account(record, &layout::PAYEE_ACCOUNT)?,
        payee_name: record.text(layout::PAYEE_NAME),
        amount: Yen::new(amount),
        new_code: match record.byte(layout::NEW_CODE) {
            b'1' => NewCode::First,
            b'2' => NewCode::Changed,
            b'0' | b' ' => NewCode::Other,
            _ => return Err(record.wrong(layout::NEW_CODE, Expected::Characters("0, 1, 2 or a space"))),
        },
        reference: match record.byte(layout::EDI_FLAG) {
            b'Y' => Reference::Edi(record.text(layout::EDI)),
            b' ' => Reference::Codes {
                first: record.number_or_blank(layout::CUSTOMER_1)?.unwrap_or(0),
                second: record.number_or_blank(layout::CUSTOMER_2)?.unwrap_or(0),
            },
            _ => return Err(record.wrong(layout::EDI_FLAG, Expected::Characters("Y or a space"))),
        },
        // Optional by the description: what is not said goes by wire, as everything does today.
        class: match record.byte(layout::CLASS) {
            b'7' | b'0' | b' ' => TransferClass::Wire,
            b'8' => TransferClass::Document,
            _ => return Err(record.wrong(layout::CLASS, Expected::Characters("7, 8, 0 or a space"))),
        },
    })
}

fn account(record: &Record<'_>, fields: &AccountFields) -> Result<Account, BadRecord> {
    Ok(Account {
        bank: id(record, fields.bank, crate::zengin::BankCode::new)?,
        bank_name: record.text(fields.bank_name),
        branch: id(record, fields.branch, crate::zengin::BranchCode::new)?,
        branch_name: record.text(fields.branch_name),
        kind: AccountKind::from_digit(record.byte(fields.kind))
            .ok_or_else(|| record.wrong(fields.kind, Expected::Characters("1, 2, 4 or 9")))?,
        number: id(record, fields.number, crate::zengin::AccountNumber::new)?,
    })
}

fn id<T>(record: &Record<'_>, field: Field, new: impl FnOnce(u64) -> Result<T, IdError>) -> Result<T, BadRecord> {
    new(record.number(field)?).map_err(|_| record.wrong(field, Expected::Digits(field.len())))
}

fn constant(record: &Record<'_>, field: Field, expected: &'static str) -> Result<(), BadRecord> {
    if record.bytes(field) == expected.as_bytes() {
        Ok(())
    } else {
        Err(record.wrong(field, Expected::Characters(expected)))
    }
}

fn check_trailer(record: &Record<'_>, payments: &[Payment]) -> Result<(), BadRecord> {
    let sums = totals(payments).map_err(|e| {
        let field = if e.field == layout::TOTAL.name { layout::TOTAL } else { layout::COUNT };
        record.wrong(field, Expected::Sums(e.expected))
    })?;
    let count = u64::try_from(sums.count).expect("at most six digits");
    let total = u64::try_from(sums.amount.get()).expect("a sum of positive amounts");
    for (field, counted) in [(layout::COUNT, count), (layout::TOTAL, total)] {
        if record.number(field)? != counted {
            return Err(record.wrong(field, Expected::OfData(counted)));
        }
    }
    Ok(())
}
