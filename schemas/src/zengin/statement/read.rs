//! Reading: a record that cannot be read is reported and the others are returned.

use super::TransactionKind;
use super::era::Readings;
use super::layout as at;
use super::{
    Direction, Entry, Header, Line, LongAccountNumber, MAX_FILE_BYTES, RECORD_LEN, Section, Statement, Trailer,
};
use crate::ids::digits;
use crate::jst::BusinessDay;
use crate::money::Yen;
use crate::zengin::record::{BadRecord, Expected, Field, RECORD_KIND, Record, cut, missing};
use crate::zengin::{AccountKind, BankCode, BranchCode};

/// The largest number of records that a file of [`MAX_FILE_BYTES`] can have. One with more has no records of 200 bytes.
pub const MAX_RECORDS: usize = MAX_FILE_BYTES / RECORD_LEN;

/// A file that is no statement at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileError {
    /// Larger than [`MAX_FILE_BYTES`].
    #[error("expected at most {MAX_FILE_BYTES} bytes, got {0}")]
    TooLarge(usize),
    /// More records than a file of that size has.
    #[error("expected at most {MAX_RECORDS} records, got more")]
    TooManyRecords,
    /// It does not begin with a header of kind 03.
    #[error(
        "expected a statement (kind 03), whose first record has {RECORD_LEN} bytes and begins with 103, got {bytes} bytes that begin with {begins:?}"
    )]
    NotAStatement {
        /// Bytes of the first record.
        bytes: usize,
        /// Its first characters, at most eight.
        begins: String,
    },
}

/// The accounts and movements of a file, and what in it is bad.
///
/// A trailer's sums are compared with the data only when every data record of the account could be read; its number of
/// data records always is.
pub fn read(bytes: &[u8]) -> Result<Statement, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLarge(bytes.len()));
    }
    let first = cut(bytes, RECORD_LEN).next().unwrap_or_default();
    if first.len() != RECORD_LEN || !first.starts_with(b"103") {
        let begins = crate::zengin::kana::decode(&first[..first.len().min(8)]);
        return Err(FileError::NotAStatement { bytes: first.len(), begins });
    }
    let mut reader = Reader::default();
    for (index, record) in cut(bytes, RECORD_LEN).enumerate() {
        if index >= MAX_RECORDS {
            return Err(FileError::TooManyRecords);
        }
        reader.records = index + 1;
        reader.take(record);
    }
    Ok(reader.finish())
}

/// The sums of one account's data records.
#[derive(Default)]
struct Sums {
    /// Data records, bad ones too.
    records: u64,
    /// Data records that could not be read.
    bad: u64,
    /// Count and sum of movements in.
    received: (u64, u64),
    /// Count and sum of movements out.
    paid: (u64, u64),
    /// The account is a time deposit, whose data records have other fields.
    time_deposit: bool,
}

#[derive(Default)]
struct Reader {
    statement: Statement,
    records: usize,
    /// The account whose trailer has not come yet; it is the last of `statement.sections`.
    open: Option<Sums>,
    ended: bool,
}

impl Reader {
    fn take(&mut self, bytes: &[u8]) {
        let record = match Record::new(self.records, bytes, RECORD_LEN) {
            Ok(record) => record,
            Err(bad) => {
                // What it was meant to be is known by its first byte, and the trailer counts it.
                if let (Some(sums), Some(b'2')) = (&mut self.open, bytes.first()) {
                    sums.records += 1;
                    sums.bad += 1;
                }
                return self.statement.bad.push(bad);
            }
        };
        match (record.kind(), self.open.take()) {
            (b'1', open) if !self.ended => {
                if open.is_some() {
                    self.wrong_order(&record, Expected::TrailerBefore);
                }
                self.header(&record);
            }
            (b'2', Some(sums)) => self.data(&record, sums),
            (b'8', Some(sums)) => self.trailer(&record, &sums),
            (b'9', open) if !self.ended => {
                if open.is_some() {
                    self.wrong_order(&record, Expected::Trailer);
                }
                self.ended = true;
                self.end(&record);
            }
            (_, open) => {
                let expected = if self.ended {
                    Expected::Nothing
                } else if open.is_some() {
                    Expected::DataOrTrailer
                } else {
                    Expected::HeaderOrEnd
                };
                self.wrong_order(&record, expected);
                self.open = open;
            }
        }
    }

    /// The count of the end record, where it has one and everything before it was sound. Whether it counts itself is not specified.
    fn end(&mut self, record: &Record<'_>) {
        if !self.statement.bad.is_empty() {
            return;
        }
        let (records, accounts) = (self.records, self.statement.sections.len());
        for (field, expected) in [(at::RECORDS, [records, records - 1]), (at::ACCOUNTS, [accounts, accounts])] {
            let wrong = || record.wrong(field, Expected::InFile(expected[0]));
            match record.number_or_blank(field) {
                Ok(None | Some(0)) => {}
                Ok(Some(n)) if expected.iter().any(|known| u64::try_from(*known) == Ok(n)) => {}
                Ok(Some(_)) => self.statement.bad.push(wrong()),
                Err(bad) => self.statement.bad.push(bad),
            }
        }
    }

    fn finish(mut self) -> Statement {
        if self.open.is_some() {
            self.statement.bad.push(missing(self.records + 1, Expected::DataOrTrailer));
        } else if !self.ended {
            self.statement.bad.push(missing(self.records + 1, Expected::End));
        }
        self.statement
    }

    fn wrong_order(&mut self, record: &Record<'_>, expected: Expected) {
        self.statement.bad.push(record.wrong(RECORD_KIND, expected));
    }

    fn header(&mut self, record: &Record<'_>) {
        let header = header(record).map_err(|bad| self.statement.bad.push(bad)).ok();
        self.statement.sections.push(Section { header, trailer: None });
        let time_deposit = matches!(record.byte(at::ACCOUNT_KIND), b'5'..=b'7');
        self.open = Some(Sums { time_deposit, ..Sums::default() });
    }

    fn data(&mut self, record: &Record<'_>, mut sums: Sums) {
        sums.records += 1;
        let section = self.statement.sections.len() - 1;
        let period = self.statement.sections[section].header.as_ref().map(|h| (h.from, h.to));
        let read = if sums.time_deposit {
            Err(record.wrong(RECORD_KIND, Expected::NoTimeDeposit))
        } else {
            entry(record, period)
        };
        match read {
            Ok(entry) => {
                let (count, sum) = match entry.direction {
                    Direction::In => &mut sums.received,
                    Direction::Out => &mut sums.paid,
                };
                *count += 1;
                *sum += u64::try_from(entry.amount.get()).expect("read from digits");
                self.statement.entries.push(Line { section, record: record.number, entry });
            }
            Err(bad) => {
                sums.bad += 1;
                self.statement.bad.push(bad);
            }
        }
        self.open = Some(sums);
    }

    fn trailer(&mut self, record: &Record<'_>, sums: &Sums) {
        match trailer(record) {
            Ok(trailer) => self.statement.sections.last_mut().expect("one is open").trailer = Some(trailer),
            Err(bad) => return self.statement.bad.push(bad),
        }
        let mut counted = vec![(at::DATA_COUNT, sums.records)];
        if sums.bad == 0 {
            counted.extend([(at::IN_COUNT, sums.received.0), (at::IN_TOTAL, sums.received.1)]);
            counted.extend([(at::OUT_COUNT, sums.paid.0), (at::OUT_TOTAL, sums.paid.1)]);
        }
        let before = self.statement.bad.len();
        for (field, counted) in counted {
            if record.number(field) != Ok(counted) {
                self.statement.bad.push(record.wrong(field, Expected::OfData(counted)));
            }
        }
        let section = self.statement.sections.last().expect("one is open");
        let opening = section.header.as_ref().and_then(|header| header.opening_balance);
        let closing = section.trailer.as_ref().and_then(|trailer| trailer.closing_balance);
        let sound = sums.bad == 0 && self.statement.bad.len() == before;
        if let (true, Some(opening), Some(closing)) = (sound, opening, closing) {
            let comes_to = i128::from(opening.get()) + i128::from(sums.received.1) - i128::from(sums.paid.1);
            // Zero is what some write who do not say it.
            let said = opening != Yen::ZERO && closing != Yen::ZERO;
            if said && comes_to != i128::from(closing.get()) {
                self.statement.bad.push(record.wrong(at::CLOSING, Expected::Balance(comes_to)));
            }
        }
    }
}

fn header(record: &Record<'_>) -> Result<Header, BadRecord> {
    for (field, expected) in [(at::FILE_KIND, "03"), (at::CODE, "0")] {
        if record.bytes(field) != expected.as_bytes() {
            return Err(record.wrong(field, Expected::Characters(expected)));
        }
    }
    let (created, from, to) = (date(record, at::CREATED)?, date(record, at::FROM)?, date(record, at::TO)?);
    let to = to.alone();
    let id = |field: Field| record.number(field);
    Ok(Header {
        created: created.nearest(to),
        from: from.not_after(to),
        to,
        bank: BankCode::new(id(at::BANK)?).map_err(|_| record.wrong(at::BANK, Expected::Digits(at::BANK.len())))?,
        bank_name: record.text(at::BANK_NAME),
        branch: BranchCode::new(id(at::BRANCH)?)
            .map_err(|_| record.wrong(at::BRANCH, Expected::Digits(at::BRANCH.len())))?,
        branch_name: record.text(at::BRANCH_NAME),
        kind: AccountKind::from_digit(record.byte(at::ACCOUNT_KIND))
            .ok_or_else(|| record.wrong(at::ACCOUNT_KIND, Expected::Characters("1, 2, 4 or 9")))?,
        number: LongAccountNumber::new(id(at::ACCOUNT_NUMBER)?)
            .map_err(|_| record.wrong(at::ACCOUNT_NUMBER, Expected::Digits(at::ACCOUNT_NUMBER.len())))?,
        account_name: record.text(at::ACCOUNT_NAME),
        opening_balance: balance(record, at::OPENING_SIGN, at::OPENING)?,
    })
}

fn entry(record: &Record<'_>, period: Option<(BusinessDay, BusinessDay)>) -> Result<Entry, BadRecord> {
    let posting_date = date(record, at::POSTED)?;
    let posting_date = period.map_or_else(|| posting_date.alone(), |(from, to)| posting_date.within(from, to));
    // Optional at some banks: blanks and zeros mean the posting date.
    let value_date = match record.number_or_blank(at::VALUE)? {
        None | Some(0) => posting_date,
        Some(_) => date(record, at::VALUE)?.nearest(posting_date),
    };
    let kind = record.number_or_blank(at::KIND)?.unwrap_or(0);
    let payer_code = record.text(at::PAYER_CODE);
    Ok(Entry {
        inquiry_number: u32::try_from(record.number_or_blank(at::INQUIRY)?.unwrap_or(0)).expect("eight digits"),
        posting_date,
        value_date,
        direction: match record.byte(at::DIRECTION) {
            b'1' => Direction::In,
            b'2' => Direction::Out,
            _ => return Err(record.wrong(at::DIRECTION, Expected::Direction)),
        },
        kind: TransactionKind::from_code(u8::try_from(kind).expect("two digits")),
        amount: yen(record.number(at::AMOUNT)?),
        uncleared: yen(record.number_or_blank(at::UNCLEARED)?.unwrap_or(0)),
        payer_code: if digits(payer_code.as_bytes()) == Some(0) { String::new() } else { payer_code },
        payer_name: record.text(at::PAYER_NAME),
        bank_name: record.text(at::SENDING_BANK),
        branch_name: record.text(at::SENDING_BRANCH),
        remarks: record.text(at::REMARKS),
        edi: record.text(at::EDI),
    })
}

fn trailer(record: &Record<'_>) -> Result<Trailer, BadRecord> {
    Ok(Trailer {
        in_count: record.number(at::IN_COUNT)?,
        in_total: yen(record.number(at::IN_TOTAL)?),
        out_count: record.number(at::OUT_COUNT)?,
        out_total: yen(record.number(at::OUT_TOTAL)?),
        closing_balance: balance(record, at::CLOSING_SIGN, at::CLOSING)?,
        data_count: record.number(at::DATA_COUNT)?,
    })
}

fn date(record: &Record<'_>, field: Field) -> Result<Readings, BadRecord> {
    let wrong = || record.wrong(field, Expected::Date);
    Readings::of(record.number(field)?).ok_or_else(wrong)
}

/// A balance with its sign. Optional: without a sign, blanks and zeros say nothing, and other digits are above zero.
fn balance(record: &Record<'_>, sign: Field, amount: Field) -> Result<Option<Yen>, BadRecord> {
    let number = record.number_or_blank(amount)?;
    match (record.byte(sign), number) {
        (b'1' | b'2' | b'0' | b' ', None) | (b'0' | b' ', Some(0)) => Ok(None),
        (b'1' | b'0' | b' ', Some(n)) => Ok(Some(yen(n))),
        (b'2', Some(n)) => Ok(Some(Yen::new(-yen(n).get()))),
        (_, _) => Err(record.wrong(sign, Expected::Sign)),
    }
}

/// A number of at most fourteen digits.
fn yen(number: u64) -> Yen {
    Yen::new(i64::try_from(number).expect("at most fourteen digits"))
}
