//! Finds damage in a statement: the reader's problems, and impossible dates. A damaged file books nothing by itself.

use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::zengin::statement::{Direction, Entry, Statement};
use std::collections::HashMap;

/// A statement's days lie at most this far behind.
pub const MOST_DAYS_BACK: i32 = 400;

/// Days between a line's posting and value dates.
pub const MOST_VALUE_DAYS: i32 = 31;

/// The reason against booking a line automatically.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Doubt {
    /// It has not come, or is too long ago: its year was read wrongly, and no person's word books the line.
    Never(String),
    /// It is odd: a person may say that it is right.
    Odd(String),
    /// Cheques that can still be dishonoured: no damage of the file, and a person says when the money is there.
    Uncleared(String),
}

impl Doubt {
    pub(super) fn text(&self) -> &str {
        match self {
            Doubt::Never(text) | Doubt::Odd(text) | Doubt::Uncleared(text) => text,
        }
    }
}

/// A problem of a file.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Everything, in words, in the file's order as far as it has one.
    pub(super) texts: Vec<String>,
    /// Lines that are doubtful, by record: their dates cannot be, or their money is not there yet.
    pub(super) lines: HashMap<usize, Doubt>,
}

/// The last day that a movement can have: today, or the day on which banks book what moves while they are closed.
fn latest(today: BusinessDay, calendar: &Calendar) -> BusinessDay {
    calendar.add_business_days(today, 0).unwrap_or(today)
}

/// The reading of a date: the bank writes the year of an era.
fn shown(day: BusinessDay) -> String {
    let year = day.month().div_euclid(12);
    let (era, first) =
        if day >= BusinessDay::parse("2019-05-01").expect("a date") { ("令和", 2018) } else { ("平成", 1988) };
    let of_era = i64::from(year) - first;
    format!("{of_era:02}{:04} was read as {era}{of_era}年, {day}", day.mmdd())
}

/// Parts of the file that tell the same days of one account: their lines could be one movement each.
fn twice(read: &Statement) -> Vec<String> {
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
            texts.push(format!(
                "header {}: expected an account that no other header has on the same days, got that of header {} once more ({from} to {to}, \
                 and {first} to {last}); ask the bank for a file that has each account once",
                n.max(other),
                n.min(other)
            ));
        }
        if before.is_none_or(|before| *to > before.2) {
            longest = Some(part);
        }
    }
    texts
}

/// Money from other banks' cheques is not certain until those banks have paid them.
fn uncleared(entry: &Entry) -> Option<String> {
    let held = entry.direction == Direction::In && entry.uncleared.is_positive();
    held.then(|| {
        format!(
            "other banks' cheques (他店券): expected ¥0 of them, got {} of {}, which can still be dishonoured; say what the line is when the \
             bank shows that they are paid",
            entry.uncleared, entry.amount
        )
    })
}

/// Looks at everything that can be known of a file by itself and the day on which it is read.
pub(super) fn faults(read: &Statement, today: BusinessDay, calendar: &Calendar) -> Faults {
    let mut out = Faults { texts: read.bad.iter().map(ToString::to_string).collect(), ..Faults::default() };
    let (latest, oldest) = (latest(today, calendar), BusinessDay(today.0 - MOST_DAYS_BACK));
    let far = |day: BusinessDay| {
        let year =
            format!("a year is that of its era: {} is {}", today, shown(today).split(' ').next().unwrap_or_default());
        if day > latest {
            Some(format!("{}, which has not come (today is {today}; {year})", shown(day)))
        } else if day < oldest {
            Some(format!("{}, which is more than {MOST_DAYS_BACK} days ago (today is {today}; {year})", shown(day)))
        } else {
            None
        }
    };
    for (section, n) in read.sections.iter().zip(1_u32..) {
        let Some(h) = &section.header else { continue };
        for (what, day) in [("creation date", h.created), ("first posting date", h.from), ("last posting date", h.to)] {
            out.texts.extend(far(day).map(|text| format!("header {n}, {what}: {text}")));
        }
        if h.from > h.to || h.to > h.created.max(latest) {
            out.texts.push(format!(
                "header {n}: its days go from {} to {} and it was made on {}; expected an order",
                h.from, h.to, h.created
            ));
        }
    }
    out.texts.extend(twice(read));
    for line in &read.entries {
        let (entry, header) = (&line.entry, read.sections.get(line.section).and_then(|s| s.header.as_ref()));
        let outside = header
            .filter(|h| !(h.from..=h.to).contains(&entry.posting_date))
            .map(|h| format!("{}; its header's days go from {} to {}", shown(entry.posting_date), h.from, h.to));
        let apart = (entry.value_date.0.abs_diff(entry.posting_date.0) > MOST_VALUE_DAYS.unsigned_abs()).then(|| {
            format!("{}, more than {MOST_VALUE_DAYS} days from {}", shown(entry.value_date), entry.posting_date)
        });
        out.lines.extend(uncleared(entry).map(|text| (line.record, Doubt::Uncleared(text))));
        let doubts = [
            ("posting date", far(entry.posting_date).or(outside), entry.posting_date),
            ("value date", far(entry.value_date).or(apart), entry.value_date),
        ];
        for (what, text, day) in doubts {
            let Some(text) = text.map(|text| format!("record {}, {what}: {text}", line.record)) else { continue };
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
