//! Balances of accounts, after any record.

use super::about::{About, other};
use crate::Services;
use crate::error::{Result, ServiceError};
use anyhow::Context;
use kazasu_ledger::AccountKey;
use kazasu_ledger::book::Book;
use kazasu_report::{Cell, Kind as Column, Report, cells};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::{Unit, Yen};
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use kazasu_text::Text;
use kazasu_text::columns::{HeadingColumn, OutstandingColumn};
use kazasu_text::reports::{ReportText, Sheet, Title};
use std::collections::BTreeMap;

/// The book as it was after a record, or at the end of a business day.
async fn book_at(store: &dyn Store, about: &About) -> anyhow::Result<(Book, u64)> {
    let mut reader = store.reader().await?;
    let mut book = Book::default();
    let mut last = 0;
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in &page {
            if about.seq.is_some_and(|seq| entry.seq > seq) || about.day.is_some_and(|day| entry.day > day) {
                return Ok((book, last));
            }
            book.record(entry.seq, body).with_context(|| format!("record {}", entry.seq))?;
            last = entry.seq;
        }
    }
    Ok((book, last))
}

pub(super) async fn trial_balance(services: &Services, about: About, made: Millis) -> Result<Report> {
    let (book, seq) = book_at(services.closing_context()?.store.as_ref(), &about).await.map_err(ServiceError::Other)?;
    let mut headings: BTreeMap<(u64, String), (i64, i64, u64)> = BTreeMap::new();
    for (_, account) in book.accounts() {
        let sum = headings.entry((account.key.unit().number(), account.key.heading().both())).or_default();
        *sum = (sum.0 + account.debits.get(), sum.1 + account.credits.get(), sum.2 + 1);
    }
    let mut out = Report::titled(Title::TrialBalance, made).subtitle(&ReportText::UpToRecord { record: seq }.both());
    // Yen, budgets and points are never added up with each other: each unit has its own sheet.
    let mut last = None;
    for ((number, heading), (debits, credits, accounts)) in headings {
        let unit = Unit::from_number(number);
        let money = matches!(unit, Some(Unit::Jpy | Unit::Budget));
        if last != Some(number) {
            last = Some(number);
            let name = match unit {
                Some(Unit::Jpy) => Sheet::Yen.both(),
                Some(Unit::Budget) => Sheet::Budgets.both(),
                Some(Unit::Points(n)) => format!("{} {n}", Sheet::Points.both()),
                None => format!("{} {number}", Sheet::Unit.both()),
            };
            let kind = if money { Column::Yen } else { Column::Points };
            out = out
                .sheet(&name)
                .labelled(HeadingColumn::Heading, Column::Text)
                .labelled(HeadingColumn::Accounts, Column::Count)
                .summed(HeadingColumn::DebitBalance, kind)
                .summed(HeadingColumn::Debits, kind)
                .summed(HeadingColumn::Credits, kind)
                .summed(HeadingColumn::CreditBalance, kind);
        }
        let net = debits - credits;
        let amount = |n: i64| if money { Cell::from(Yen::new(n)) } else { Cell::points(n) };
        out.push(vec![
            Cell::from(heading),
            Cell::count(accounts),
            amount(net.max(0)),
            amount(debits),
            amount(credits),
            amount((-net).max(0)),
        ]);
    }
    out.finish().map_err(other)
}

pub(super) async fn prepaid(services: &Services, about: About, made: Millis) -> Result<Report> {
    let (book, seq) = book_at(services.closing_context()?.store.as_ref(), &about).await.map_err(ServiceError::Other)?;
    let names = services
        .query(|state| {
            let (_, policy, _) = state.policy();
            let purses = policy.purses.iter().map(|p| (p.number, (p.name.clone(), p.funder.clone(), false)));
            let relief = state.relief_programmes();
            let relief = relief.iter().map(|p| (p.terms.number, (p.terms.name.clone(), p.terms.city.clone(), true)));
            let purses: BTreeMap<u16, (String, String, bool)> = purses.chain(relief).collect();
            let points: BTreeMap<u16, (String, String)> =
                policy.points.iter().map(|p| (p.number, (p.name.clone(), p.funder.clone()))).collect();
            (purses, points, state.holder_roots())
        })
        .await?;
    // A person has one balance, in several accounts when temporary IDs were merged into them.
    let root = |holder: u32| usize::try_from(holder).ok().and_then(|at| names.2.get(at)).copied().unwrap_or(holder);
    let mut people: BTreeMap<(u8, u16, u32), i64> = BTreeMap::new();
    for (_, account) in book.accounts() {
        let key = match account.key {
            AccountKey::Purse(holder, n) => (0, n, root(holder)),
            AccountKey::Points(holder, n) => (1, n, root(holder)),
            _ => continue,
        };
        *people.entry(key).or_default() += account.balance().get();
    }
    let mut sums: BTreeMap<(u8, u16), i64> = BTreeMap::new();
    for ((kind, n, _), balance) in people {
        // Points below zero are owed by their holder, and make no other holder's smaller.
        *sums.entry((kind, n)).or_default() += balance.max(0);
    }
    let base = about.day.map_or(ReportText::AsOfRecord { record: seq }, |day| ReportText::AsOfDay { day });
    let mut out = Report::titled(Title::Prepaid, made)
        .subtitle(&base.both())
        .sheet(&Sheet::Outstanding.both())
        .labelled(OutstandingColumn::Kind, Column::Text)
        .labelled(OutstandingColumn::Programme, Column::Count)
        .labelled(OutstandingColumn::Name, Column::Text)
        .labelled(OutstandingColumn::Issuer, Column::Text)
        .summed(OutstandingColumn::Outstanding, Column::Yen)
        .labelled(OutstandingColumn::Law, Column::Text)
        .note(&ReportText::PrepaidLaw.ja());
    let of = |kind: u8, n: u16| match kind {
        0 => names.0.get(&n).cloned().unwrap_or_default(),
        _ => names.1.get(&n).cloned().map(|(name, issuer)| (name, issuer, false)).unwrap_or_default(),
    };
    // The law looks at what one issuer has outstanding in all.
    let mut by_issuer: BTreeMap<String, i64> = BTreeMap::new();
    for ((kind, n), outstanding) in &sums {
        let (_, issuer, city) = of(*kind, *n);
        if !city {
            *by_issuer.entry(issuer).or_default() += outstanding;
        }
    }
    for ((kind, n), outstanding) in sums {
        let (name, issuer, city) = of(kind, n);
        let above = by_issuer.get(&issuer).is_some_and(|sum| *sum > 10_000_000);
        let law = match (city, above) {
            (true, _) => ReportText::Exempt,
            (false, true) => ReportText::DepositHalf,
            (false, false) => ReportText::Below,
        };
        let kind = if kind == 0 { ReportText::Purse } else { ReportText::Points };
        out.push(cells![kind.both(), Cell::count(n), name, issuer, Yen::new(outstanding), law.both()]);
    }
    out.finish().map_err(other)
}
