//! The debts of issuers and cities, and the use of their money.

use super::about::Built;
use crate::Services;
use crate::error::ServiceError;
use kazasu_ledger::AccountKey;
use kazasu_report::{Cell, Kind as Column, Report, cells};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_text::Text;
use kazasu_text::columns::{IssuerColumn, PointColumn, ProgrammeColumn};
use kazasu_text::reports::{Sheet, Title};
use std::collections::BTreeMap;

pub(super) async fn issuers(services: &Services, made: Millis) -> Built {
    let positions =
        services.query(|state| state.positions(|key| matches!(key, AccountKey::IssuerReceivable(_)))).await?;
    let names = services
        .closing_context()?
        .fee_projection(|fees| Ok(fees.index.issuers.clone()))
        .await
        .map_err(ServiceError::Other)?;
    let balance = |key: AccountKey| positions.iter().find(|p| p.key == key).map_or(Yen::ZERO, |p| p.balance);
    let days = services
        .closing_context()?
        .fee_projection(|fees| {
            let mut sums: BTreeMap<u16, (i64, i64, u64)> = BTreeMap::new();
            for (issuer, day) in fees.days.values().flat_map(|d| &d.issuers) {
                let sum = sums.entry(*issuer).or_default();
                *sum = (sum.0 + day.net, sum.1 + day.interchange, sum.2 + day.taps);
            }
            Ok(sums)
        })
        .await
        .map_err(ServiceError::Other)?;
    let mut out = Report::titled(Title::Issuers, made)
        .sheet(&Sheet::Issuers.both())
        .labelled(IssuerColumn::Issuer, Column::Count)
        .labelled(IssuerColumn::Name, Column::Text)
        .summed(IssuerColumn::Taps, Column::Count)
        .summed(IssuerColumn::Net, Column::Yen)
        .summed(IssuerColumn::Interchange, Column::Yen)
        .summed(IssuerColumn::Due, Column::Yen)
        .summed(IssuerColumn::Receivable, Column::Yen);
    for (issuer, (net, interchange, taps)) in days {
        out.push(cells![
            Cell::count(issuer),
            names.get(&issuer).cloned().unwrap_or_default(),
            Cell::count(taps),
            Yen::new(net),
            Yen::new(interchange),
            Yen::new(net - interchange),
            balance(AccountKey::IssuerReceivable(issuer)),
        ]);
    }
    Ok(out)
}

pub(super) async fn cities(services: &Services, made: Millis) -> Built {
    let (programmes, points, named) = services
        .query(|state| {
            let (_, policy, _) = state.policy();
            let named =
                policy.points.iter().map(|p| (p.number, (p.name.clone(), p.funder.clone(), p.budget_line.clone())));
            let named: BTreeMap<u16, (String, String, Option<String>)> = named.collect();
            (state.relief_programmes(), state.point_positions(), named)
        })
        .await?;
    let numbers: Vec<u16> = points.keys().copied().collect();
    // The debts of these merchants come off their settlements; no other party owes them.
    let funders = services
        .closing_context()?
        .fee_projection(move |fees| Ok(fees.funders_now(&numbers)))
        .await
        .map_err(ServiceError::Other)?;
    let mut out = Report::titled(Title::Cities, made)
        .sheet(&Sheet::Relief.both())
        .labelled(ProgrammeColumn::Programme, Column::Count)
        .labelled(ProgrammeColumn::Name, Column::Text)
        .labelled(ProgrammeColumn::City, Column::Code)
        .labelled(ProgrammeColumn::BudgetLine, Column::Text)
        .summed(ProgrammeColumn::Budget, Column::Yen)
        .summed(ProgrammeColumn::Paid, Column::Yen)
        .summed(ProgrammeColumn::InPurses, Column::Yen)
        .summed(ProgrammeColumn::Transit, Column::Yen)
        .summed(ProgrammeColumn::Fund, Column::Yen)
        .summed(ProgrammeColumn::Receivable, Column::Yen);
    for p in &programmes {
        out.push(cells![
            Cell::count(p.terms.number),
            p.terms.name.as_str(),
            p.terms.city.as_str(),
            p.terms.budget_line.clone().unwrap_or_default(),
            p.terms.budget,
            p.executed,
            p.in_purses,
            p.transit,
            p.fund,
            p.receivable,
        ]);
    }
    let mut out = out
        .sheet(&Sheet::Points.both())
        .labelled(PointColumn::Programme, Column::Count)
        .labelled(PointColumn::Name, Column::Text)
        .labelled(PointColumn::Funder, Column::Text)
        .labelled(PointColumn::BudgetLine, Column::Text)
        .summed(PointColumn::BudgetLeft, Column::Points)
        .summed(PointColumn::Held, Column::Points)
        .summed(PointColumn::Spent, Column::Points)
        .summed(PointColumn::Expired, Column::Points)
        .summed(PointColumn::FunderOwes, Column::Yen)
        .labelled(PointColumn::SettledWith, Column::Code);
    for (n, [budget, held, spent, expired, owes]) in points {
        let p = Cell::points;
        let (name, funder, line) = named.get(&n).cloned().unwrap_or_default();
        let owes = Cell::from(Yen::new(owes));
        let texts = [name, funder, line.unwrap_or_default()].map(Cell::from);
        let mut row = vec![Cell::count(n)];
        row.extend(texts);
        row.extend([p(budget), p(held), p(spent), p(expired), owes]);
        row.push(funders.get(&n).map_or(Cell::Empty, |(a, m)| Cell::from(format!("{a}/{m}"))));
        out.push(row);
    }
    Ok(out)
}
