//! What issuers and cities owe, and what became of their money.

use super::Built;
use crate::Services;
use crate::error::ServiceError;
use kazasu_ledger::AccountKey;
use kazasu_report::{Cell, Kind as Column, Report, cells};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use std::collections::BTreeMap;

pub(super) async fn issuers(services: &Services, made: Millis) -> Built {
    let positions =
        services.query(|state| state.positions(|key| matches!(key, AccountKey::IssuerReceivable(_)))).await?;
    let names = services
        .closing_context()?
        .books(|books| Ok(books.chart.issuers.clone()))
        .await
        .map_err(ServiceError::Other)?;
    let balance = |key: AccountKey| positions.iter().find(|p| p.key == key).map_or(Yen::ZERO, |p| p.balance);
    let days = services
        .closing_context()?
        .books(|books| {
            let mut sums: BTreeMap<u16, (i64, i64, u64)> = BTreeMap::new();
            for (issuer, day) in books.days.values().flat_map(|d| &d.issuers) {
                let sum = sums.entry(*issuer).or_default();
                *sum = (sum.0 + day.net, sum.1 + day.interchange, sum.2 + day.taps);
            }
            Ok(sums)
        })
        .await
        .map_err(ServiceError::Other)?;
    let mut out = Report::build("発行者精算", "Issuer settlement", made)
        .sheet("発行者 Issuers")
        .column("番号", "issuer", Column::Count)
        .column("名称", "name", Column::Text)
        .sum("件数", "taps", Column::Count)
        .sum("売上（締切日まで）", "net", Column::Yen)
        .sum("交換手数料", "interchange", Column::Yen)
        .sum("差引請求額", "due", Column::Yen)
        .sum("未収残高", "receivable", Column::Yen);
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
    // What these merchants owe goes off their settlements; nobody else is to be asked for it.
    let funders = services
        .closing_context()?
        .books(move |books| Ok(books.funders_now(&numbers)))
        .await
        .map_err(ServiceError::Other)?;
    let mut out = Report::build("自治体精算", "City settlement", made)
        .sheet("給付事業 Relief")
        .column("事業", "programme", Column::Count)
        .column("名称", "name", Column::Text)
        .column("市町村", "city", Column::Code)
        .column("予算科目", "budget_line", Column::Text)
        .sum("予算", "budget", Column::Yen)
        .sum("支出済", "paid", Column::Yen)
        .sum("給付残高", "in_purses", Column::Yen)
        .sum("未達", "transit", Column::Yen)
        .sum("原資残高", "fund", Column::Yen)
        .sum("返還請求残", "receivable", Column::Yen);
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
        .sheet("ポイント Points")
        .column("事業", "programme", Column::Count)
        .column("名称", "name", Column::Text)
        .column("原資負担者", "funder", Column::Text)
        .column("予算科目", "budget_line", Column::Text)
        .sum("予算残", "budget_left", Column::Points)
        .sum("残高", "held", Column::Points)
        .sum("利用", "spent", Column::Points)
        .sum("失効", "expired", Column::Points)
        .sum("原資請求残", "funder_owes", Column::Yen)
        .column("精算で徴収する加盟店", "settled_with", Column::Code);
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
