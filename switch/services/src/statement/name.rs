//! The name of a line of a statement: its account, day, content, and its place among equal lines. Two lines that look the same are
//! two payments; the same statement once more has the same names.

use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::{Direction, Entry, Header, Statement, TransactionKind};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Stands before the last number of a correction's name.
const CORRECTION: &str = "c";

/// The parts of a line's name, but for which of several it is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct LineName {
    /// Bank, branch and number of the account.
    pub(super) place: String,
    /// The account's kind as its digit; absent in names of before it was part of them.
    pub(super) kind: Option<char>,
    pub(super) day: BusinessDay,
    pub(super) inquiry: u32,
    pub(super) way: Direction,
    pub(super) yen: Yen,
    /// A hash of the payer's name and the EDI text.
    pub(super) about: String,
    /// It is the bank's correction of another line, which it may repeat word by word.
    pub(super) correction: bool,
}

impl LineName {
    pub(super) fn of(header: Option<&Header>, entry: &Entry) -> Self {
        let place = header.map_or_else(String::new, |h| format!("{}-{}-{}", h.bank, h.branch, h.number));
        let about = format!("{}{}", entry.payer_name.trim(), entry.edi.trim());
        LineName {
            place,
            kind: header.map(|h| char::from(h.kind.digit())),
            day: entry.posting_date,
            inquiry: entry.inquiry_number,
            way: entry.direction,
            yen: entry.amount,
            about: hex::encode(&Sha256::digest(about.as_bytes())[..6]),
            correction: entry.kind == TransactionKind::Correction,
        }
    }

    fn text(&self, nth: u32) -> String {
        let (way, mark) = (word(self.way), if self.correction { CORRECTION } else { "" });
        let kind = self.kind.map_or_else(String::new, |kind| format!("-{kind}"));
        format!(
            "{}{kind} {} {} {way} {} {} {mark}{nth}",
            self.place,
            self.day,
            self.inquiry,
            self.yen.get(),
            self.about
        )
    }

    /// Are both lines of one account, as far as their names say?
    pub(super) fn is_of(&self, other: &LineName) -> bool {
        self.place == other.place && (self.kind == other.kind || self.kind.is_none() || other.kind.is_none())
    }

    /// The parts of a name that was kept; `None` for a reference that people wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [place, day, inquiry, way, yen, about, nth] = parts[..] else { return None };
        let (place, kind) = match place.rsplit_once('-') {
            Some((before, kind)) if before.matches('-').count() == 2 => (before, Some(kind.parse().ok()?)),
            _ => (place, None),
        };
        Some(LineName {
            place: place.to_owned(),
            kind,
            day: BusinessDay::parse(day)?,
            inquiry: inquiry.parse().ok()?,
            way: match way {
                "in" => Direction::In,
                "out" => Direction::Out,
                _ => return None,
            },
            yen: Yen::new(yen.parse().ok()?),
            about: about.to_owned(),
            correction: nth.starts_with(CORRECTION),
        })
    }

    /// The same movement as far as a bank repeats it in another file: its inquiry number may be counted anew in each.
    pub(super) fn is_like(&self, other: &LineName) -> bool {
        self.is_of(other) && LineName { inquiry: other.inquiry, kind: other.kind, ..self.clone() } == *other
    }
}

/// `in` or `out`.
pub(super) fn word(way: Direction) -> &'static str {
    match way {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

/// The name of a line.
pub(super) struct Named {
    pub(super) name: LineName,
    /// The name as it is kept.
    pub(super) reference: String,
    /// The name as it was kept before the account's kind was part of it.
    pub(super) before: String,
}

/// Each line's name, in the file's order.
pub(super) fn names(read: &Statement) -> Vec<Named> {
    let mut same: HashMap<LineName, u32> = HashMap::new();
    let mut text = |name: &LineName| {
        let nth = same.entry(name.clone()).or_default();
        *nth += 1;
        name.text(*nth)
    };
    let each = read.entries.iter().map(|line| {
        let header = read.sections.get(line.section).and_then(|s| s.header.as_ref());
        let name = LineName::of(header, &line.entry);
        let reference = text(&name);
        let before =
            if name.kind.is_some() { text(&LineName { kind: None, ..name.clone() }) } else { reference.clone() };
        Named { name, reference, before }
    });
    each.collect()
}
