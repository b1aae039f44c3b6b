//! Writing, as a bank would: for simulators and tests. Dates are written in Reiwa, trailers and the end are computed.

use super::era::reiwa_digits;
use super::layout as at;
use super::{Direction, Entry, Header, MAX_AMOUNT, MAX_FILE_BYTES, RECORD_LEN};
use crate::ids::digits;
use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::zengin::kana::Charset;
use crate::zengin::record::{Field, Row, in_range};
use crate::zengin::{LineEnding, Place, Room, Unfit, WriteError, fit};

/// One account of a statement that is to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sheet<'a> {
    /// Whose it is, and over which days.
    pub header: &'a Header,
    /// Its movements, in their order; may be none.
    pub entries: &'a [Entry],
    /// The balance after the last movement, where it is to be said.
    pub closing_balance: Option<Yen>,
}

/// The file of these accounts, in their order, or the first value that its field cannot carry.
///
/// Names and remarks that are longer than their fields are cut; an EDI text is refused.
pub fn write(sheets: &[Sheet<'_>], ending: LineEnding) -> Result<Vec<u8>, WriteError> {
    let records = sheets.iter().fold(1, |sum: usize, s| sum.saturating_add(s.entries.len()).saturating_add(2));
    let bytes = records.saturating_mul(RECORD_LEN + ending.bytes().len());
    if sheets.is_empty() || sheets.len() > 99_999 {
        return Err(Unfit::new(at::ACCOUNTS.name, "1 to 99999", sheets.len()).at(Place::File));
    }
    if bytes > MAX_FILE_BYTES {
        let expected = format!("at most {MAX_FILE_BYTES} bytes");
        return Err(Unfit::new("size", expected, format!("{bytes} bytes")).at(Place::File));
    }
    let mut out = Vec::with_capacity(bytes);
    for (group, sheet) in sheets.iter().enumerate() {
        header_row(sheet.header).map_err(|e| e.at(Place::Header { group }))?.append_to(&mut out, ending);
        for (item, entry) in sheet.entries.iter().enumerate() {
            entry_row(entry).map_err(|e| e.at(Place::Item { group, item }))?.append_to(&mut out, ending);
        }
        trailer_row(sheet).map_err(|e| e.at(Place::Trailer { group }))?.append_to(&mut out, ending);
    }
    let mut end = Row::new(b'9', RECORD_LEN);
    end.number(at::RECORDS, u64::try_from(records).expect("as many as fit the file"));
    end.number(at::ACCOUNTS, u64::try_from(sheets.len()).expect("at most five digits"));
    end.append_to(&mut out, ending);
    Ok(out)
}

fn header_row(header: &Header) -> Result<Row, Unfit> {
    let mut row = Row::new(b'1', RECORD_LEN);
    row.number(at::FILE_KIND, 3);
    row.number(at::CODE, 0);
    if header.from > header.to {
        return Err(Unfit::new(at::FROM.name, format!("at most {}", header.to), header.from));
    }
    for (field, day) in [(at::CREATED, header.created), (at::FROM, header.from), (at::TO, header.to)] {
        put_date(&mut row, field, day)?;
    }
    row.number(at::BANK, header.bank.get());
    put_text(&mut row, at::BANK_NAME, &header.bank_name, Charset::Bank)?;
    row.number(at::BRANCH, header.branch.get());
    put_text(&mut row, at::BRANCH_NAME, &header.branch_name, Charset::Bank)?;
    row.number(at::SPARE_ZEROS, 0);
    row.byte(at::ACCOUNT_KIND, header.kind.digit());
    row.number(at::ACCOUNT_NUMBER, header.number.get());
    put_text(&mut row, at::ACCOUNT_NAME, &header.account_name, Charset::Name)?;
    row.number(at::PASSBOOK, 0);
    put_balance(&mut row, at::OPENING_SIGN, at::OPENING, header.opening_balance)?;
    Ok(row)
}

fn entry_row(entry: &Entry) -> Result<Row, Unfit> {
    let mut row = Row::new(b'2', RECORD_LEN);
    row.number(at::INQUIRY, in_range(at::INQUIRY.name, entry.inquiry_number.into(), 0..=99_999_999)?);
    put_date(&mut row, at::POSTED, entry.posting_date)?;
    put_date(&mut row, at::VALUE, entry.value_date)?;
    row.byte(
        at::DIRECTION,
        match entry.direction {
            Direction::In => b'1',
            Direction::Out => b'2',
        },
    );
    row.number(at::KIND, in_range(at::KIND.name, entry.kind.code().into(), 0..=99)?);
    row.number(at::AMOUNT, in_range(at::AMOUNT.name, entry.amount.get(), 0..=MAX_AMOUNT.get())?);
    row.number(at::UNCLEARED, in_range(at::UNCLEARED.name, entry.uncleared.get(), 0..=entry.amount.get())?);
    for field in at::NOT_READ {
        row.number(field, 0);
    }
    row.number(at::PAYER_CODE, payer_code(&entry.payer_code)?);
    put_text(&mut row, at::PAYER_NAME, &entry.payer_name, Charset::Name)?;
    put_text(&mut row, at::SENDING_BANK, &entry.bank_name, Charset::Bank)?;
    put_text(&mut row, at::SENDING_BRANCH, &entry.branch_name, Charset::Bank)?;
    put_text(&mut row, at::REMARKS, &entry.remarks, Charset::Edi)?;
    row.text(at::EDI, &fit(at::EDI.name, &entry.edi, Charset::Edi, Room::Refuse(at::EDI.len()))?);
    Ok(row)
}

fn payer_code(code: &str) -> Result<u64, Unfit> {
    if code.is_empty() {
        return Ok(0);
    }
    let expected = format!("at most {} digits", at::PAYER_CODE.len());
    digits(code.as_bytes())
        .filter(|_| code.len() <= at::PAYER_CODE.len())
        .ok_or_else(|| Unfit::new(at::PAYER_CODE.name, expected, code.chars().take(32).collect::<String>()))
}

fn trailer_row(sheet: &Sheet<'_>) -> Result<Row, Unfit> {
    let mut row = Row::new(b'8', RECORD_LEN);
    for (direction, count, total) in
        [(Direction::In, at::IN_COUNT, at::IN_TOTAL), (Direction::Out, at::OUT_COUNT, at::OUT_TOTAL)]
    {
        let amounts = || sheet.entries.iter().filter(|e| e.direction == direction).map(|e| e.amount);
        // At most a third of a million amounts of twelve digits: no i64 overflows, but thirteen digits may.
        let sum: i64 = amounts().map(Yen::get).sum();
        let counted = i64::try_from(amounts().count()).expect("as many as fit the file");
        row.number(count, in_range(count.name, counted, 0..=999_999)?);
        row.number(total, in_range(total.name, sum, 0..=9_999_999_999_999)?);
    }
    put_balance(&mut row, at::CLOSING_SIGN, at::CLOSING, sheet.closing_balance)?;
    row.number(at::DATA_COUNT, u64::try_from(sheet.entries.len()).expect("as many as fit the file"));
    Ok(row)
}

fn put_date(row: &mut Row, field: Field, day: BusinessDay) -> Result<(), Unfit> {
    let number = reiwa_digits(day).ok_or_else(|| Unfit::new(field.name, "2019-05-01 to 2048-12-31", day))?;
    row.number(field, number);
    Ok(())
}

fn put_text(row: &mut Row, field: Field, text: &str, charset: Charset) -> Result<(), Unfit> {
    row.text(field, &fit(field.name, text, charset, Room::Cut(field.len()))?);
    Ok(())
}

fn put_balance(row: &mut Row, sign: Field, amount: Field, balance: Option<Yen>) -> Result<(), Unfit> {
    let Some(balance) = balance else {
        row.byte(sign, b'0');
        row.number(amount, 0);
        return Ok(());
    };
    row.byte(sign, if balance < Yen::ZERO { b'2' } else { b'1' });
    let magnitude = i64::try_from(balance.get().unsigned_abs()).unwrap_or(i64::MAX);
    row.number(amount, in_range(amount.name, magnitude, 0..=99_999_999_999_999)?);
    Ok(())
}
