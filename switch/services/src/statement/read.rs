//! Finds damage in a statement: the reader's problems, and impossible dates. A damaged file books nothing by itself.

use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::zengin::statement::{Direction, Entry, Statement};
use kazasu_text::bank_files::{BankField, OddText};
use kazasu_text::{Count, Said, bank_files};
use std::collections::HashMap;

/// A statement's days lie at most this far behind.
pub const MOST_DAYS_BACK: i32 = 400;

/// Days between a line's posting and value dates.
pub const MOST_VALUE_DAYS: i32 = 31;

/// The reason against booking a line automatically.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Doubt {
    /// It has not come, or is too long ago: its year was read wrongly, and no person's word books the line.
    Never(Said),
    /// It is odd: a person may say that it is right.
    Odd(Said),
    /// Cheques that can still be dishonoured: no damage of the file, and a person says when the money is there.
    Uncleared(Said),
}

impl Doubt {
    pub(super) fn text(&self) -> &Said {
        match self {
            Doubt::Never(text) | Doubt::Odd(text) | Doubt::Uncleared(text) => text,
        }
    }
}

/// A problem of a file.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Everything, in words, in the file's order as far as it has one.
    pub(super) texts: Vec<Said>,
    /// Lines that are doubtful, by record: their dates cannot be, or their money is not there yet.
    pub(super) lines: HashMap<usize, Doubt>,
}

/// The last day that a movement can have: today, or the day on which banks book what moves while they are closed.
fn latest(today: BusinessDay, calendar: &Calendar) -> BusinessDay {
    calendar.add_business_days(today, 0).unwrap_or(today)
}

/// A day as the bank writes it, YYMMDD with the year of its era, and the year with its era.
fn of_era(day: BusinessDay) -> (String, String) {
    let year = day.month().div_euclid(12);
    let (era, first) =
        if day >= BusinessDay::parse("2019-05-01").expect("a date") { ("令和", 2018) } else { ("平成", 1988) };
    let of_era = i64::from(year) - first;
    (format!("{of_era:02}{:04}", day.mmdd()), format!("{era}{of_era}年"))
}

/// The reading of a date: the bank writes the year of an era.
fn shown(day: BusinessDay) -> Said {
    let (digits, read_as) = &of_era(day);
    Said::of(&OddText::ReadAs { digits, read_as, day })
}

/// Parts of the file that tell the same days of one account: their lines could be one movement each.
fn twice(read: &Statement) -> Vec<Said> {
    let headers = read.sections.iter().zip(1_u32..).filter_map(|(section, n)| Some((section.header.as_ref()?, n)));
    let mut parts: Vec<_> = headers
        .map(|(h, n)| ((h.bank.get(), h.branch.get(), h.kind.digit(), h.number.get()), h.from, h.to.max(h.from), n))
        .collect();
    parts.sort_unstable();
    let mut texts = Vec::new();
    let mut longest: Option<&(_, BusinessDay, BusinessDay, u32)> = None;
    for part in &parts {
        let (account, from, to, n) = part;
        let before = longest.filter(|before| before.0 == *account);
        if let Some((_, first, last, other)) = before.filter(|before| *from <= before.2) {
            let (header, other) = (*n.max(other), *n.min(other));
            let (from, to, first, last) = (*from, *to, *first, *last);
            texts.push(Said::of(&OddText::Twice { header, other, from, to, first, last }));
        }
        if before.is_none_or(|before| *to > before.2) {
            longest = Some(part);
        }
    }
    texts
}

/// Money from other banks' cheques is not certain until those banks have paid them.
fn uncleared(entry: &Entry) -> Option<Said> {
    let held = entry.direction == Direction::In && entry.uncleared.is_positive();
    held.then(|| Said::of(&OddText::Uncleared { uncleared: entry.uncleared, amount: entry.amount }))
}

/// Days in a text.
fn days(days: i32) -> Count {
    Count(days.unsigned_abs().into())
}

/// Looks at everything that can be known of a file by itself and the day on which it is read.
pub(super) fn faults(read: &Statement, today: BusinessDay, calendar: &Calendar) -> Faults {
    let mut out = Faults { texts: read.bad.iter().map(bank_files::record).collect(), ..Faults::default() };
    let (latest, oldest) = (latest(today, calendar), BusinessDay(today.0 - MOST_DAYS_BACK));
    let digits = &of_era(today).0;
    let far = |day: BusinessDay| {
        let read = &shown(day);
        if day > latest {
            Some(Said::of(&OddText::NotCome { read, today, digits }))
        } else if day < oldest {
            Some(Said::of(&OddText::LongAgo { read, days: days(MOST_DAYS_BACK), today, digits }))
        } else {
            None
        }
    };
    for (section, n) in read.sections.iter().zip(1_u32..) {
        let Some(h) = &section.header else { continue };
        let dates =
            [(BankField::Created, h.created), (BankField::FirstPosting, h.from), (BankField::LastPosting, h.to)];
        for (field, day) in dates {
            let of_header = |problem| Said::of(&OddText::OfHeader { header: n, field, problem: &problem });
            out.texts.extend(far(day).map(of_header));
        }
        if h.from > h.to || h.to > h.created.max(latest) {
            let order = OddText::Order { header: n, from: h.from, to: h.to, created: h.created };
            out.texts.push(Said::of(&order));
        }
    }
    out.texts.extend(twice(read));
    for line in &read.entries {
        let (entry, header) = (&line.entry, read.sections.get(line.section).and_then(|s| s.header.as_ref()));
        let outside = header.filter(|h| !(h.from..=h.to).contains(&entry.posting_date)).map(|h| {
            let read = &shown(entry.posting_date);
            Said::of(&OddText::OutsideHeader { read, from: h.from, to: h.to })
        });
        let apart = (entry.value_date.0.abs_diff(entry.posting_date.0) > MOST_VALUE_DAYS.unsigned_abs()).then(|| {
            let (read, days) = (&shown(entry.value_date), days(MOST_VALUE_DAYS));
            Said::of(&OddText::Apart { read, days, posting: entry.posting_date })
        });
        out.lines.extend(uncleared(entry).map(|text| (line.record, Doubt::Uncleared(text))));
        let doubts = [
            (BankField::Posting, far(entry.posting_date).or(outside), entry.posting_date),
            (BankField::Value, far(entry.value_date).or(apart), entry.value_date),
        ];
        for (field, problem, day) in doubts {
            let Some(problem) = &problem else { continue };
            let text =
                Said::of(&OddText::OfRecord { record: u64::try_from(line.record).unwrap_or(u64::MAX), field, problem });
            out.texts.push(text.clone());
            let doubt = if day > latest || day < oldest { Doubt::Never(text) } else { Doubt::Odd(text) };
            match out.lines.get(&line.record) {
                Some(Doubt::Never(_)) => {}
                Some(Doubt::Odd(_) | Doubt::Uncleared(_)) | None => {
                    out.lines.insert(line.record, doubt);
                }
            }
        }
    }
    out
}
