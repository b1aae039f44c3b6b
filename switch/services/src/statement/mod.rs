//! The bank's statement (入出金取引明細): read once, matched once, for payouts and relief alike. It books certain lines. An ambiguous
//! line stays open, and the answer names its candidates. A damaged file books nothing by itself.

mod matching;
mod name;
mod read;
mod reader;
mod show;
#[cfg(test)]
mod tests;
mod word;

use bytes::Bytes;
pub use read::{MOST_DAYS_BACK, MOST_VALUE_DAYS};
use word::Word;

use crate::access::Name;
use crate::closing::PayoutConfig;
use crate::error::{Result, ServiceError, unfit};
use crate::fields::reason;
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::{
    Alike, Became, Booking, Command, Done, LineStatus, NotClosed, Paid, Rejected, State, StatementLine, Wanted,
};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{Aside, FileDigest};
use kazasu_schemas::canonical::same;
use kazasu_schemas::identity::Role;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::zengin::statement::{self, Direction};
use kazasu_text::bank_lines::OpenReason;
use kazasu_text::problems::ProblemText;
use kazasu_text::{Quoted, bank_files};
use matching::{Finding, Picture, Row, SameAs, plan};
pub use reader::CORRECTION_DAYS;
use reader::{Reader, Run};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
pub use show::{
    AsideLine, CandidateView, OpenLine, ReceivedLine, ReturnedLine, SentLine, StatementRead, TakenLine, UndoneLine,
};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The way of reading a statement.
#[derive(Clone, Debug, Default)]
struct Reading {
    /// Whether to book, or only to show.
    run: Run,
    /// Only these records of the file; of a damaged file only the records named here are booked.
    lines: Vec<usize>,
    /// One record, and a person's classification of it.
    word: Option<(usize, Word)>,
    /// The reason for the choice of records or for the classification.
    why: String,
    /// The day on which it is read; the clock's when absent. For plays of other days.
    today: Option<BusinessDay>,
}

impl Reading {
    /// From the texts of a program or the command line: records separated by commas, one record, and its
    /// classification.
    fn new(
        run: Run,
        lines: Option<&str>,
        (line, is): (Option<usize>, Option<&str>),
        why: Option<&str>,
    ) -> Result<Self> {
        let number = |text: &str| {
            text.trim().parse::<usize>().map_err(|_| unfit("lines", &ProblemText::RecordNumbers { got: Quoted(text) }))
        };
        let lines = lines.map_or_else(|| Ok(Vec::new()), |text| text.split(',').map(number).collect())?;
        let word = match (line, is) {
            (None, None) => None,
            (Some(line), Some(is)) => Some((line, Word::parse(is)?)),
            (Some(_), None) => return Err(unfit("line", &ProblemText::LineIsWhat)),
            (None, Some(_)) => return Err(unfit("line", &ProblemText::LineMissing)),
        };
        let said = word.is_some() || !lines.is_empty();
        let why = match (said, why) {
            (true, why) => reason("why", why.unwrap_or_default())?,
            (false, None) => String::new(),
            (false, Some(_)) => return Err(unfit("why", &ProblemText::WhyWithoutLines)),
        };
        Ok(Reading { run, lines, word, why, today: None })
    }
}

/// The text of our payments: `P12-3` of a payout, `R000001-0000002` of a relief batch.
fn named(text: &str) -> Option<Paid> {
    let payout =
        || crate::closing::read_reference(text).map(|(payout, settlement)| Paid::Settlement { payout, settlement });
    let row = || crate::relief::read_reference(text).map(|(batch, row)| Paid::Row { batch, row });
    payout().or_else(row)
}

/// The lines that could be read, in the file's order. `hidden` makes the keyed hash of a payee's name.
fn rows(read: &statement::Statement, faults: &read::Faults, hidden: impl Fn(&str) -> [u8; 16]) -> Vec<Row> {
    let names = name::names(read);
    let each = read.entries.iter().zip(names).map(|(line, named_as)| {
        let entry = line.entry.clone();
        let named = [&entry.edi, &entry.remarks].into_iter().find_map(|text| named(text));
        let payee = crate::bank::name_at_the_bank(&entry.payer_name).filter(|name| !name.is_empty());
        Row {
            record: line.record,
            name: named_as.name,
            reference: named_as.reference,
            before: named_as.before,
            account: read.sections.get(line.section).and_then(|s| s.header.clone()),
            token: payee.as_ref().map(|name| hidden(name)),
            named,
            doubt: faults.lines.get(&line.record).cloned(),
            status: LineStatus::New,
            payee,
            entry,
        }
    });
    each.collect()
}

/// The reader of a statement.
struct ReadBy<'a> {
    reader: Reader,
    /// The cities whose payments are searched.
    cities: Vec<String>,
    payout: Option<Arc<PayoutConfig>>,
    /// A person's classification of one record.
    word: Option<&'a (usize, Word)>,
}

/// The ledger's knowledge of these lines, with each line's earlier outcome.
fn picture(state: &State, rows: &mut [Row], reading: ReadBy<'_>) -> Picture {
    let ReadBy { reader, cities, payout, word } = reading;
    let wanted = Wanted {
        rows: rows
            .iter()
            .filter_map(|row| match &row.named {
                Some(Paid::Row { batch, row }) => Some((*batch, *row)),
                Some(Paid::Settlement { .. }) | None => None,
            })
            .collect(),
        names: rows.iter().filter(|row| row.entry.direction == Direction::In).filter_map(|row| row.token).collect(),
    };
    for row in rows.iter_mut() {
        row.status = state.line_status(&row.reference);
        if row.status == LineStatus::New {
            row.status = state.line_status(&row.before);
            // A line that was booked under its earlier name keeps that name.
            if row.status != LineStatus::New {
                row.reference.clone_from(&row.before);
            }
        }
    }
    let (files, items) = state.money_out(&wanted);
    let booked = state.lines_booked(&rows.iter().map(|row| row.entry.amount).collect());
    let here = rows.iter().map(|row| row.reference.clone()).collect();
    let mut picture = Picture { files, items, booked, payout, reader, cities, here, same: None };
    if let Some((record, Word::Same(other))) = word {
        picture.same = same_as(state, rows, (*record, other), &picture);
    }
    picture
}

/// The booking under the reference that a person named with `same-as`, and the record of the file that has this booking
/// already.
fn same_as(state: &State, rows: &[Row], (record, other): (usize, &str), picture: &Picture) -> Option<SameAs> {
    let row = rows.iter().find(|row| row.record == record)?;
    let line = state.line_standing(other, &picture.seen(row))?;
    let is_it = |row: &&Row| {
        let alias = match &row.status {
            LineStatus::Known(Became::Aside(Aside::Same(of))) => state.line_standing(of, &picture.seen(row)),
            LineStatus::New | LineStatus::Known(_) | LineStatus::Undone => None,
        };
        same(&row.reference, &line.reference)
            || alias.is_some_and(|of| (of.what, of.reference) == (line.what.clone(), line.reference.clone()))
    };
    let record = rows.iter().find(is_it).map(|row| row.record);
    Some(SameAs { line, record })
}

/// A statement, and how it is read.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementFile {
    /// Only show what would be booked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Only these records, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<String>,
    /// One record, which a person classifies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The classification of that record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<String>,
    /// The reason for the choice of records or for the classification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The day on which it is read; the clock's when absent. For plays of other days.
    #[serde(skip)]
    pub today: Option<BusinessDay>,
    /// The file.
    #[serde(skip)]
    pub file: Bytes,
}

impl StatementFile {
    fn reading(&self) -> Result<Reading> {
        let run = if self.dry_run { Run::Look } else { Run::Book };
        let word = (self.line, self.is.as_deref());
        let reading = Reading::new(run, self.lines.as_deref(), word, self.why.as_deref())?;
        Ok(Reading { today: self.today, ..reading })
    }
}

/// Reads a statement for finance: payouts, and payments of issuers and funders.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ReadPayoutStatement(pub StatementFile);

impl Operation for ReadPayoutStatement {
    const NAME: Name = Name::ReadPayoutStatement;
    type Answer = StatementRead;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<StatementRead> {
        services.payout_config()?;
        let reading = self.0.reading()?;
        services.read_statement(&self.0.file, (Reader::Payouts, Vec::new()), &reading, who).await
    }
}

/// Reads a statement for a city's treasurer: relief by transfer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct ReadReliefStatement(pub StatementFile);

impl Operation for ReadReliefStatement {
    const NAME: Name = Name::ReadReliefStatement;
    type Answer = StatementRead;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<StatementRead> {
        let reading = self.0.reading()?;
        let mine: Vec<String> = who.cities(Role::CityTreasurer).map(str::to_owned).collect();
        services.read_statement(&self.0.file, (Reader::Relief, mine), &reading, who).await
    }
}

impl Services {
    /// Reads a statement, books the certain lines, and returns each line's outcome.
    async fn read_statement(
        &self,
        bytes: &[u8],
        (reader, cities): (Reader, Vec<String>),
        ask: &Reading,
        who: &Who,
    ) -> Result<StatementRead> {
        let read = statement::read(bytes).map_err(|e| unfit("statement", &bank_files::statement(&e)))?;
        let today = ask.today.unwrap_or_else(|| self.now().jst_day());
        let faults = read::faults(&read, today, &self.calendar);
        let mut rows = rows(&read, &faults, |name| self.imports.vault.hidden("payee name", &[name]));
        if let Some(n) =
            ask.lines.iter().chain(ask.word.iter().map(|(n, _)| n)).find(|n| !rows.iter().any(|r| r.record == **n))
        {
            return Err(unfit("line", &ProblemText::NoLine { record: u64::try_from(*n).unwrap_or(0) }));
        }
        let picture = self.picture(&mut rows, (reader, cities), ask).await?;
        let digest = FileDigest(Sha256::digest(bytes).into());
        let mut shown = StatementRead::new(&read, &faults, ask.run);
        let chosen = choose(&rows, &picture, ask, !faults.texts.is_empty())?;
        for at in order(&rows, &chosen) {
            let (row, (finding, alike)) = (&rows[at], &chosen[at]);
            let finding = match finding {
                Finding::Book(booking) => {
                    let line = StatementLine {
                        reference: row.reference.clone(),
                        what: booking.clone(),
                        day: Some(row.entry.posting_date),
                        statement: Some(digest),
                        alike: *alike,
                        seen: Some(picture.seen(row)),
                        said: who.says(ask.why.clone()),
                    };
                    self.book_line(line, ask.run, &picture).await?
                }
                Finding::Known | Finding::Open { .. } => finding.clone(),
            };
            shown.line(row, finding);
        }
        Ok(shown)
    }

    /// The ledger's knowledge of these lines, in one question.
    async fn picture(
        &self,
        rows: &mut Vec<Row>,
        (reader, cities): (Reader, Vec<String>),
        ask: &Reading,
    ) -> Result<Picture> {
        let (mut asked, payout, word) = (std::mem::take(rows), self.payout_config().ok(), ask.word.clone());
        let (told, picture) = self
            .query(move |state| {
                let reading = ReadBy { reader, cities, payout, word: word.as_ref() };
                let picture = picture(state, &mut asked, reading);
                (asked, picture)
            })
            .await?;
        *rows = told;
        Ok(picture)
    }

    /// The answer lists a line that the ledger refuses; the lines behind it are still read.
    async fn book_line(&self, line: StatementLine, run: Run, picture: &Picture) -> Result<Finding> {
        let booking = line.what.clone();
        let refused = match run {
            Run::Look if waits_for_another_line(&booking, picture) => None,
            Run::Look => self.query(move |state| state.would_book(&line)).await?,
            Run::Book => match self.command(Command::Line(Box::new(line))).await {
                Ok(Done::Recorded) => None,
                Ok(Done::Unchanged) => return Ok(Finding::Known),
                Err(ServiceError::Command(CommandError::Rejected(why))) => Some(why),
                Err(error) => return Err(error),
            },
        };
        Ok(match refused {
            None => Finding::Book(booking),
            Some(why) => {
                let candidates = double_of(&why).map_or_else(Vec::new, matching::doubles);
                Finding::said(crate::sentences::said(&why), candidates)
            }
        })
    }
}

/// The reference of the payment that a refused one looks like.
fn double_of(why: &Rejected) -> Option<&str> {
    let Rejected::Closing(why) = why else { return None };
    match &**why {
        NotClosed::LikelyDouble { reference, .. } => Some(reference),
        _ => None,
    }
}

/// A dry run cannot try the return of a payment whose file this same statement reports as taken.
fn waits_for_another_line(booking: &Booking, picture: &Picture) -> bool {
    let unpaid = |what: Paid| picture.items.iter().any(|item| item.what == what && !item.paid);
    match booking {
        Booking::Returned { payout, settlement, .. } => {
            unpaid(Paid::Settlement { payout: *payout, settlement: *settlement })
        }
        Booking::CameBack { batch, row, .. } => unpaid(Paid::Row { batch: *batch, row: *row }),
        Booking::Taken { .. }
        | Booking::Received { .. }
        | Booking::Sent { .. }
        | Booking::Aside(_)
        | Booking::Corrects { .. } => false,
    }
}

/// The action for each line: certain lines are booked; of a damaged file only the records that a person named; of a classified
/// line only the classification.
fn choose(rows: &[Row], picture: &Picture, ask: &Reading, damaged: bool) -> Result<Vec<(Finding, Alike)>> {
    let is_chosen = |row: &Row| match &ask.word {
        Some((n, _)) => *n == row.record,
        None if ask.lines.is_empty() => !damaged,
        None => ask.lines.contains(&row.record),
    };
    // A person who names a line confirms its odd date. A future date and one too long ago are never right, and the
    // confirmation does not cover cheques.
    let trusted: Vec<Row> = rows
        .iter()
        .filter(|row| is_chosen(row))
        .map(|row| {
            let said = ask.lines.contains(&row.record);
            let doubt = row.doubt.clone().filter(|doubt| !said || !matches!(doubt, read::Doubt::Odd(_)));
            Row { doubt, ..row.clone() }
        })
        .collect();
    let mut found = plan(&trusted, picture).into_iter();
    let rest: Vec<Row> = rows.iter().filter(|row| !is_chosen(row)).cloned().collect();
    let mut others = plan(&rest, picture).into_iter();
    let missing = || Finding::open(&OpenReason::NothingFits, Vec::new());
    let mut out = Vec::new();
    for row in rows {
        if !is_chosen(row) {
            let finding = match others.next().unwrap_or_else(missing) {
                Finding::Book(_) => {
                    let why = match (&ask.word, damaged) {
                        (Some(_), _) => OpenReason::NotTheNamed,
                        (None, true) => OpenReason::Damaged,
                        (None, false) => OpenReason::NotChosen,
                    };
                    Finding::open(&why, matching::fitting(row, picture))
                }
                other => other,
            };
            out.push((finding, Alike::Waits));
            continue;
        }
        let finding = found.next().unwrap_or_else(missing);
        out.push(match &ask.word {
            Some((_, word)) => {
                let (booking, alike) = word::booking(row, word, picture)?;
                (Finding::Book(booking), alike)
            }
            None => (finding, Alike::Waits),
        });
    }
    Ok(out)
}

/// Bank corrections first, then money that left, then money that came: a returned payment may belong to a file that the same
/// statement reports as taken.
fn order(rows: &[Row], chosen: &[(Finding, Alike)]) -> Vec<usize> {
    let rank = |at: usize| match (&chosen[at].0, rows[at].entry.direction) {
        (Finding::Book(Booking::Corrects { .. }), _) => 0,
        (_, Direction::Out) => 1,
        (_, Direction::In) => 2,
    };
    let all: BTreeSet<(u8, usize)> = (0..rows.len()).map(|at| (rank(at), at)).collect();
    all.into_iter().map(|(_, at)| at).collect()
}
