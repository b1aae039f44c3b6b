//! The end of a month in one report: its days, settlements, payouts, fees and tax, expired points, the money of programmes, the postings
//! for accounting, and what is still missing before the month is closed.

use super::about::{About, Month, other};
use super::settlements::{charged, settled};
use crate::Services;
use crate::error::{Result, ServiceError, unfit};
use anyhow::Context;
use kazasu_core::{DayView, PayoutView, SettlementState, SettlementView};
use kazasu_ledger::{AccountKey, TransferKind};
use kazasu_report::{Builder, Cell, Kind as Column, Report, cells};
use kazasu_schemas::closing::DayState;
use kazasu_schemas::heading::Heading;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::{Unit, Yen};
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use kazasu_text::facts::Fact;
use kazasu_text::lists::ListColumn;
use kazasu_text::month::{MissingText, MonthColumn, MonthSheet};
use kazasu_text::problems::ProblemText;
use kazasu_text::reports::Title;
use kazasu_text::{Count, Quoted, Text};
use std::collections::BTreeMap;

/// Debited and credited: headings of accounts.
type Posting = (BusinessDay, Heading, Heading);

/// What moved on a programme's accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Moved {
    before: i64,
    more: i64,
    less: i64,
}

/// What the journal says of a month.
#[derive(Debug, Default)]
struct Journal {
    /// Yen, and the number of movements.
    postings: BTreeMap<Posting, (i64, u64)>,
    /// Funds that no resident has yet, by programme.
    funds: BTreeMap<u16, Moved>,
    /// Purses of residents, by programme.
    purses: BTreeMap<u16, Moved>,
    /// Points that expired, by programme.
    expired: BTreeMap<u16, Moved>,
}

impl Journal {
    async fn read(store: &dyn Store, month: Month) -> anyhow::Result<Journal> {
        let mut reader = store.reader().await?;
        let (mut keys, mut out) = (Vec::<AccountKey>::new(), Journal::default());
        let mut records = Records::from(reader.as_mut(), 1);
        while let Some(page) = records.page().await? {
            for Placed { entry, body } in &page {
                if entry.day > month.last {
                    return Ok(out);
                }
                for opening in body.opens() {
                    // A registration may repeat the account that it opened.
                    if usize::try_from(opening.account.0).is_ok_and(|at| at == keys.len()) {
                        keys.push(opening.key);
                    }
                }
                let posted = |kind| matches!(kind, TransferKind::Direct | TransferKind::Post(_));
                for transfer in body.transfers().iter().filter(|transfer| posted(transfer.kind)) {
                    let key = |id: kazasu_ledger::AccountId| {
                        usize::try_from(id.0).ok().and_then(|at| keys.get(at)).context("an account that was opened")
                    };
                    let sides = (key(transfer.debit)?, key(transfer.credit)?);
                    out.add((entry.day, month.has(entry.day)), sides, transfer.amount.get());
                }
            }
        }
        Ok(out)
    }

    fn add(&mut self, (day, is_in): (BusinessDay, bool), (debit, credit): (&AccountKey, &AccountKey), yen: i64) {
        // All of these grow on the credit side.
        for (key, grows) in [(debit, false), (credit, true)] {
            let moved = match key {
                AccountKey::PurseFund(n) => self.funds.entry(*n).or_default(),
                AccountKey::Purse(_, n) => self.purses.entry(*n).or_default(),
                AccountKey::PointsExpired(n) => self.expired.entry(*n).or_default(),
                _ => continue,
            };
            match (is_in, grows) {
                (true, true) => moved.more += yen,
                (true, false) => moved.less += yen,
                (false, true) => moved.before += yen,
                (false, false) => moved.before -= yen,
            }
        }
        let between = (debit.heading(), credit.heading());
        // Points and budgets are no money, and what moves within a heading is no posting of accounting.
        if is_in && debit.unit() == Unit::Jpy && between.0 != between.1 {
            let sum = self.postings.entry((day, between.0, between.1)).or_default();
            *sum = (sum.0 + yen, sum.1 + 1);
        }
    }
}

/// What the state says of a month.
struct Known {
    today: BusinessDay,
    days: Vec<DayView>,
    settlements: Vec<SettlementView>,
    payouts: Vec<PayoutView>,
    programmes: BTreeMap<u16, String>,
}

impl Known {
    async fn of(services: &Services, month: Month) -> Result<Known> {
        let known = services.query(move |state| {
            let (_, policy, _) = state.policy();
            let purses = policy.purses.iter().map(|one| (one.number, one.name.clone()));
            let points = policy.points.iter().map(|one| (one.number, one.name.clone()));
            let relief = state.relief_programmes();
            let relief = relief.iter().map(|one| (one.terms.number, one.terms.name.clone()));
            let programmes = purses.chain(points).chain(relief).collect();
            let mut days = state.days();
            days.retain(|day| month.has(day.day));
            days.reverse();
            let mut settlements = state.settlements();
            settlements.retain(|one| month.has(one.settlement.period.until));
            let mut payouts = state.payouts();
            let numbers: Vec<u32> = settlements.iter().map(|one| one.number).collect();
            payouts.retain(|one| month.has(one.value_date) || one.settlements.iter().any(|of| numbers.contains(of)));
            Known { today: state.day, days, settlements, payouts, programmes }
        });
        known.await
    }

    fn name(&self, programme: u16) -> String {
        self.programmes.get(&programme).cloned().unwrap_or_default()
    }

    /// What is missing: the steps that somebody still has to take.
    fn missing(&self, month: Month) -> Vec<MissingText> {
        let mut out = Vec::new();
        if self.today <= month.last {
            out.push(MissingText::NotOver { day: self.today });
        }
        let ended = |day: &&DayView| day.state != DayState::Open && day.state != DayState::Signed;
        for day in self.days.iter().filter(ended) {
            out.push(MissingText::DayNotSigned { day: day.day, state: day.state });
        }
        // Each day counts what is open of the days before it too.
        if let Some(last) = self.days.iter().rev().find(|day| day.open_exceptions > 0) {
            let (exceptions, without) = (last.open_exceptions.into(), last.unowned.into());
            out.push(MissingText::OpenExceptions { day: last.day, exceptions, without });
        }
        let unpaid = |one: &&SettlementView| {
            matches!(one.state, SettlementState::Due | SettlementState::Ordered(_) | SettlementState::Returned(_))
        };
        let unpaid: Vec<_> = self.settlements.iter().filter(unpaid).collect();
        if !unpaid.is_empty() {
            let yen = unpaid.iter().map(|one| one.settlement.paid.get()).sum();
            let settlements = Count(u64::try_from(unpaid.len()).unwrap_or(u64::MAX));
            out.push(MissingText::Unpaid { settlements, sum: Yen::new(yen) });
        }
        for payout in &self.payouts {
            let made = payout.file.as_ref().map_or(0, |(_, files)| files.len());
            if made == 0 {
                out.push(MissingText::NoFile { payout: payout.number });
            } else if payout.taken.len() < made {
                let files = Count(u64::try_from(made - payout.taken.len()).unwrap_or(u64::MAX));
                out.push(MissingText::NotTaken { payout: payout.number, files });
            }
        }
        out
    }
}

pub(super) async fn month_end(services: &Services, about: About, made: Millis) -> Result<Report> {
    let month = about.month.ok_or_else(|| unfit("month", &ProblemText::MonthForm { got: Quoted("") }))?;
    let store = services.closing_context()?.store.clone();
    let journal = Journal::read(store.as_ref(), month).await.map_err(ServiceError::Other)?;
    let known = Known::of(services, month).await?;
    let out = Report::titled(Title::MonthEnd, made).subtitle(&format!("{}–{}", month.first, month.last));
    let out = settled(services, &about, days(out, &known)).await?;
    let out = charged(services, &about, payouts(out, &known)).await?;
    let out = postings(programmes(out, (&journal, &known)), &journal);
    let mut out = out.sheet(&MonthSheet::Missing.both()).labelled(MonthColumn::Missing, Column::Text);
    for missing in known.missing(month) {
        out.push(cells![missing.both()]);
    }
    out.finish().map_err(other)
}

fn days(out: Builder, known: &Known) -> Builder {
    let out = out
        .sheet(&MonthSheet::Days.both())
        .labelled(Fact::Day, Column::Date)
        .labelled(ListColumn::State, Column::Text)
        .labelled(ListColumn::OpenExceptions, Column::Count)
        .labelled(ListColumn::WithoutOwner, Column::Count)
        .labelled(ListColumn::LastRecord, Column::Code);
    let row = |day: &DayView| {
        cells![
            day.day,
            day.state.both(),
            Cell::count(day.open_exceptions),
            Cell::count(day.unowned),
            day.seq.map_or(Cell::Empty, |seq| Cell::from(seq.to_string())),
        ]
    };
    out.rows(known.days.iter().map(row))
}

fn payouts(out: Builder, known: &Known) -> Builder {
    let out = out
        .sheet(&MonthSheet::Payouts.both())
        .labelled(ListColumn::Payout, Column::Code)
        .labelled(Fact::ValueDate, Column::Date)
        .summed(ListColumn::TotalYen, Column::Yen)
        .labelled(ListColumn::Files, Column::Count)
        .labelled(ListColumn::TakenFiles, Column::Count);
    let row = |payout: &PayoutView| {
        let files = payout.file.as_ref().map_or(0, |(_, files)| files.len());
        cells![
            payout.number.to_string(),
            payout.value_date,
            payout.total,
            Cell::count(files),
            Cell::count(payout.taken.len()),
        ]
    };
    out.rows(known.payouts.iter().map(row))
}

/// Funds and purses in yen, and points that expired, by programme.
fn programmes(out: Builder, (journal, known): (&Journal, &Known)) -> Builder {
    let money = [(MonthSheet::Funds, &journal.funds), (MonthSheet::Purses, &journal.purses)];
    let mut out = out;
    for (sheet, moved) in money {
        out = moves(out.sheet(&sheet.both()), Column::Yen);
        for (programme, Moved { before, more, less }) in moved {
            let yen = Yen::new;
            out.push(cells![
                Cell::count(*programme),
                known.name(*programme),
                yen(*before),
                yen(*more),
                yen(*less),
                yen(before + more - less),
            ]);
        }
    }
    out = moves(out.sheet(&MonthSheet::Expired.both()), Column::Points);
    for (programme, Moved { before, more, less }) in &journal.expired {
        let points = |n: i64| Cell::points(n);
        let mut row = cells![Cell::count(*programme), known.name(*programme)];
        row.extend([points(*before), points(*more), points(*less), points(before + more - less)]);
        out.push(row);
    }
    out
}

fn moves(out: Builder, kind: Column) -> Builder {
    out.labelled(Fact::Programme, Column::Count)
        .labelled(Fact::Name, Column::Text)
        .summed(MonthColumn::Before, kind)
        .summed(MonthColumn::More, kind)
        .summed(MonthColumn::Less, kind)
        .summed(MonthColumn::After, kind)
}

/// Postings for accounting: a line for each day and pair of headings.
fn postings(out: Builder, journal: &Journal) -> Builder {
    let out = out
        .sheet(&MonthSheet::Postings.both())
        .labelled(MonthColumn::PostingDay, Column::Date)
        .labelled(MonthColumn::Debit, Column::Text)
        .labelled(MonthColumn::Credit, Column::Text)
        .summed(MonthColumn::Amount, Column::Yen)
        .summed(MonthColumn::Movements, Column::Count);
    let row = |((day, debit, credit), (yen, movements)): (&Posting, &(i64, u64))| {
        cells![*day, debit.both(), credit.both(), Yen::new(*yen), Cell::count(*movements)]
    };
    out.rows(journal.postings.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_within_a_heading_is_no_posting_and_what_was_before_is_carried() {
        let (day, mut journal) = (BusinessDay(20_000), Journal::default());
        let (fund, purse, bank) = (AccountKey::PurseFund(3), AccountKey::Purse(1, 3), AccountKey::Bank);
        journal.add((BusinessDay(19_990), false), (&bank, &fund), 1_000);
        journal.add((day, true), (&fund, &purse), 300);
        journal.add((day, true), (&purse, &AccountKey::Purse(2, 3)), 50);
        assert_eq!(journal.funds[&3], Moved { before: 1_000, more: 0, less: 300 });
        assert_eq!(journal.purses[&3], Moved { before: 0, more: 350, less: 50 });
        assert_eq!(
            journal.postings.into_iter().collect::<Vec<_>>(),
            [((day, Heading::PurseFund, Heading::Purse), (300, 1))]
        );
    }
}
