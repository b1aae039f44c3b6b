//! Fixed-length records: cutting a file into them, reading a field by its positions, building one.

use super::kana::{ZenginText, decode};
use super::{LineEnding, Unfit};
use crate::ids::{digits, write_digits};

/// What a field of a record must hold. People read the catalogue's sentence of it (`kazasu_text::bank_files`); shown as it is, it is English.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Expected {
    /// A record of so many bytes.
    #[error("{0} bytes")]
    Bytes(usize),
    /// So many digits.
    #[error("{0} digits")]
    Digits(usize),
    /// One of these characters, as the format's description lists them.
    #[error("{0}")]
    Characters(&'static str),
    /// No record.
    #[error("nothing after the end record")]
    Nothing,
    /// A header.
    #[error("1 (header)")]
    Header,
    /// A header, or the end.
    #[error("1 (header) or 9 (end)")]
    HeaderOrEnd,
    /// A data record.
    #[error("2 (data)")]
    Data,
    /// A data record or a trailer.
    #[error("2 (data) or 8 (trailer)")]
    DataOrTrailer,
    /// A trailer.
    #[error("8 (trailer)")]
    Trailer,
    /// The trailer of the account before this header.
    #[error("8 (trailer) of the account before")]
    TrailerBefore,
    /// The end record.
    #[error("9 (end)")]
    End,
    /// The number of records or accounts in the file.
    #[error("{0}, as the file has them")]
    InFile(usize),
    /// The count or the sum (yen) of the data records.
    #[error("{0}, as the data records say")]
    OfData(u64),
    /// No data record: those of a time deposit have other fields.
    #[error("no data, since fields of time deposits are not read")]
    NoTimeDeposit,
    /// The balance (yen) that the movements lead to.
    #[error("{0}, the balance before with the movements between")]
    Balance(i128),
    /// In, or out.
    #[error("1 (in) or 2 (out)")]
    Direction,
    /// The sign of a balance.
    #[error("1 (plus), 2 (minus), 0 or a space")]
    Sign,
    /// A date with the year of its era.
    #[error("a date YYMMDD of Reiwa (01 to 30) or Heisei (to 31)")]
    Date,
    /// A date without a year.
    #[error("a month and a day")]
    MonthAndDay,
    /// A sum of money.
    #[error("at least ¥1")]
    Money,
    /// Sums that a trailer can hold.
    #[error("{0} in the data records")]
    Sums(String),
}

/// What came instead.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Got {
    /// The field's characters (at most 46).
    #[error("{0:?}")]
    Characters(String),
    /// A record of so many bytes.
    #[error("{0} bytes")]
    Bytes(usize),
    /// No further record.
    #[error("the end of the file")]
    EndOfFile,
}

/// A record that breaks its format: which one, where in it, what should stand there and what does.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("record {record}, positions {from}-{to} ({field}): expected {expected}, got {got}")]
pub struct BadRecord {
    /// The record's number in the file, from 1.
    pub record: usize,
    /// First position in the record, from 1.
    pub from: usize,
    /// Last position.
    pub to: usize,
    /// The field, as the format's description names it.
    pub field: &'static str,
    /// The expected content.
    pub expected: Expected,
    /// The content that came.
    pub got: Got,
}

/// A field of a record: its name and its positions, from 1, both included, as the formats' descriptions count them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    from: usize,
    to: usize,
}

impl Field {
    pub(super) const fn new(name: &'static str, from: usize, to: usize) -> Self {
        assert!(0 < from && from <= to, "positions count from 1");
        Field { name, from, to }
    }

    pub(super) const fn len(self) -> usize {
        self.to + 1 - self.from
    }

    const fn range(self) -> std::ops::Range<usize> {
        self.from - 1..self.to
    }
}

/// Every record's first byte.
pub(super) const RECORD_KIND: Field = Field::new("record kind", 1, 1);

/// Cuts a file into records: by LF, CR LF or CR when it has any, otherwise every `len` bytes. An end-of-file mark (1A) and
/// line ends after the last record are dropped. A record may come out with another length than `len`.
pub(super) fn cut(bytes: &[u8], len: usize) -> Box<dyn Iterator<Item = &[u8]> + '_> {
    let end = bytes.iter().rposition(|b| !matches!(b, b'\r' | b'\n' | 0x1a)).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    if bytes.iter().any(|b| matches!(b, b'\r' | b'\n')) {
        let lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        // No record has a CR in it: one that stands alone ends a line too.
        Box::new(lines.flat_map(|line| line.split(|b| *b == b'\r')))
    } else {
        Box::new(bytes.chunks(len))
    }
}

/// A record being read. Its length has been checked before a field is asked for.
#[derive(Clone, Copy)]
pub(super) struct Record<'a> {
    /// Its number in the file, from 1.
    pub(super) number: usize,
    bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record, when it has the format's length.
    pub(super) fn new(number: usize, bytes: &'a [u8], len: usize) -> Result<Self, BadRecord> {
        if bytes.len() == len {
            return Ok(Record { number, bytes });
        }
        Err(BadRecord {
            record: number,
            from: 1,
            to: len,
            field: "record",
            expected: Expected::Bytes(len),
            got: Got::Bytes(bytes.len()),
        })
    }

    pub(super) fn bytes(&self, field: Field) -> &'a [u8] {
        &self.bytes[field.range()]
    }

    /// The record kind.
    pub(super) fn kind(&self) -> u8 {
        self.bytes[0]
    }

    /// A one-byte field.
    pub(super) fn byte(&self, field: Field) -> u8 {
        self.bytes[field.range().start]
    }

    /// A text without its padding.
    pub(super) fn text(&self, field: Field) -> String {
        decode(self.bytes(field).trim_ascii_end())
    }

    /// Digits only.
    pub(super) fn number(&self, field: Field) -> Result<u64, BadRecord> {
        digits(self.bytes(field)).ok_or_else(|| self.wrong(field, Expected::Digits(field.len())))
    }

    /// Digits, or nothing but spaces, which is `None`.
    pub(super) fn number_or_blank(&self, field: Field) -> Result<Option<u64>, BadRecord> {
        if self.is_blank(field) { Ok(None) } else { self.number(field).map(Some) }
    }

    pub(super) fn is_blank(&self, field: Field) -> bool {
        self.bytes(field).iter().all(|b| *b == b' ')
    }

    /// The error about what this field holds.
    pub(super) fn wrong(&self, field: Field, expected: Expected) -> BadRecord {
        let got = Got::Characters(decode(self.bytes(field)).chars().take(46).collect());
        BadRecord { record: self.number, from: field.from, to: field.to, field: field.name, expected, got }
    }
}

/// The error about a record that does not come: the file ends before it.
pub(super) fn missing(number: usize, expected: Expected) -> BadRecord {
    BadRecord {
        record: number,
        from: RECORD_KIND.from,
        to: RECORD_KIND.to,
        field: RECORD_KIND.name,
        expected,
        got: Got::EndOfFile,
    }
}

/// A record being built: spaces until they are overwritten.
pub(super) struct Row(Vec<u8>);

impl Row {
    pub(super) fn new(kind: u8, len: usize) -> Self {
        let mut bytes = vec![b' '; len];
        bytes[0] = kind;
        Row(bytes)
    }

    /// A number, right-justified and zero-filled. It must fit; the writer has checked it.
    pub(super) fn number(&mut self, field: Field, number: u64) {
        let slot = &mut self.0[field.range()];
        write_digits(number, slot);
        assert_eq!(digits(slot), Some(number), "{} was checked to fit its field", field.name);
    }

    /// A text, left-justified and space-filled. It must fit; the writer has checked or cut it.
    pub(super) fn text(&mut self, field: Field, text: &ZenginText) {
        self.0[field.range()][..text.len()].copy_from_slice(text.as_bytes());
    }

    pub(super) fn byte(&mut self, field: Field, byte: u8) {
        self.0[field.range().start] = byte;
    }

    pub(super) fn append_to(self, out: &mut Vec<u8>, ending: LineEnding) {
        out.extend_from_slice(&self.0);
        out.extend_from_slice(ending.bytes());
    }
}

/// A number that must lie in a range.
pub(super) fn in_range(field: &'static str, number: i64, range: std::ops::RangeInclusive<i64>) -> Result<u64, Unfit> {
    match u64::try_from(number) {
        Ok(n) if range.contains(&number) => Ok(n),
        Ok(_) | Err(_) => Err(Unfit::new(field, format!("{} to {}", range.start(), range.end()), number)),
    }
}
