//! What merchants are charged and get.

use super::{About, Built, other, tender};
use crate::Services;
use crate::error::{Result, ServiceError, value};
use kazasu_core::SettlementView;
use kazasu_projections::books::Books;
use kazasu_report::pdf::{Font, Honorific, Letter, Party, Pdf, statement};
use kazasu_report::{Builder, Cell, Kind as Column, Report, cells};
use kazasu_schemas::contract::Tender;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use std::collections::BTreeMap;

pub(super) async fn settlements(services: &Services, about: About, made: Millis) -> Built {
    let all = services.query(|state| state.settlements()).await?;
    let wanted = |s: &&SettlementView| about.day.is_none_or(|day| s.settlement.period.until == day);
    let mut out = Report::build("加盟店精算一覧", "Merchant settlements", made)
        .sheet("精算 Settlements")
        .column("番号", "settlement", Column::Count)
        .column("加盟店", "merchant", Column::Code)
        .column("名称", "name", Column::Text)
        .column("自", "from", Column::Date)
        .column("至", "until", Column::Date)
        .sum("売上", "gross", Column::Yen)
        .sum("返品", "refunds", Column::Yen)
        .sum("手数料", "fee", Column::Yen)
        .sum("うち交換手数料", "interchange", Column::Yen)
        .sum("消費税", "tax", Column::Yen)
        .sum("ポイント原資", "points_funding", Column::Yen)
        .sum("調整", "adjustments", Column::Yen)
        .sum("チャージバック", "chargebacks", Column::Yen)
        .sum("同手数料", "chargeback_fee", Column::Yen)
        .sum("留保", "reserved", Column::Yen)
        .sum("留保解除", "released", Column::Yen)
        .sum("前期繰越", "carried_before", Column::Yen)
        .sum("支払額", "paid", Column::Yen)
        .sum("次期繰越", "carried_forward", Column::Yen)
        .column("支払日", "value_date", Column::Date)
        .column("状態", "state", Column::Code);
    for s in all.iter().filter(wanted) {
        let t = &s.settlement;
        let yen = |sum: i128| Yen::new(i64::try_from(sum).unwrap_or(i64::MAX));
        out.push(cells![
            Cell::count(s.number),
            s.merchant.to_string(),
            s.name.as_str(),
            t.period.from,
            t.period.until,
            yen(t.gross.sum()),
            yen(t.refunds.sum()),
            t.fee,
            t.interchange,
            t.tax,
            t.points_funding,
            t.adjustments,
            t.chargebacks,
            t.chargeback_fee,
            t.reserved,
            t.released,
            t.carried_before,
            t.paid,
            t.carried_forward,
            s.value_date,
            s.state.name(),
        ]);
    }
    Ok(out)
}

async fn one(services: &Services, about: &About) -> Result<SettlementView> {
    let number = about.settlement.ok_or_else(|| value("settlement", "must be a settlement's number"))?;
    let all = services.query(|state| state.settlements()).await?;
    all.into_iter().find(|s| s.number == number).ok_or_else(|| value("settlement", format!("{number} is not known")))
}

/// The taps of a settlement, with their fees, from the journal.
async fn lines(services: &Services, s: &SettlementView) -> Result<Books> {
    let office = services.closing_context()?;
    let period = s.settlement.period;
    let mut books =
        Books::watching(Some(services.imports.vault.clone()), (s.acquirer, s.merchant), period.from, period.until);
    let mut reader = office.store.reader().await.map_err(other)?;
    books.catch_up(reader.as_mut()).await.map_err(ServiceError::Other)?;
    Ok(books)
}

pub(super) async fn detail(services: &Services, about: About, made: Millis) -> Result<Report> {
    let s = one(services, &about).await?;
    detail_of(&s, &lines(services, &s).await?, made).map_err(other)
}

/// What a settlement consists of, each as a line.
fn summary(s: &SettlementView, books: &Books, made: Millis) -> Builder {
    let t = &s.settlement;
    let mut out = Report::build("加盟店精算明細", "Merchant settlement", made)
        .subtitle(&format!("精算番号 {}  {} {}", s.number, s.merchant, s.name))
        .subtitle(&format!("対象期間 {} – {}", t.period.from, t.period.until))
        .sheet("精算 Summary")
        .column("項目", "item", Column::Text)
        .column("金額", "yen", Column::Yen);
    let yen = |sum: i128| Yen::new(i64::try_from(sum).unwrap_or(i64::MAX));
    for tender_of in Tender::ALL {
        let (gross, back) = (t.gross.get(tender_of), t.refunds.get(tender_of));
        if gross != Yen::ZERO || back != Yen::ZERO {
            out.push(cells![format!("売上 {}", tender(tender_of)), gross]);
            out.push(cells![format!("返品 {}", tender(tender_of)), Yen::new(-back.get())]);
        }
    }
    let net = yen(t.gross.sum() - t.refunds.sum());
    for (item, amount) in [
        ("売上計 Net sales", net),
        ("手数料 Fees", Yen::new(-t.fee.get())),
        ("消費税 Tax on fees", Yen::new(-t.tax.get())),
        ("調整 Adjustments", t.adjustments),
        ("チャージバック Charged back", Yen::new(-t.chargebacks.get())),
        ("チャージバック手数料 Fees of chargebacks", Yen::new(-t.chargeback_fee.get())),
        ("留保 Reserve", Yen::new(-t.reserved.get())),
        ("留保解除 Released", t.released),
        ("前期繰越 Carried from before", t.carried_before),
        ("次期繰越 Carried forward", Yen::new(-t.carried_forward.get())),
        ("支払額 Paid", t.paid),
    ] {
        if item.starts_with("調整") {
            for (programme, yen) in books.funding_of((s.acquirer, s.merchant), t.period) {
                out.push(cells![format!("ポイント原資 Points funded, programme {programme}"), Yen::new(-yen.get())]);
            }
        }
        out.push(cells![item, amount]);
    }
    out
}

fn detail_of(s: &SettlementView, books: &Books, made: Millis) -> Result<Report, kazasu_report::ReportError> {
    let mut out = summary(s, books, made)
        .sheet("明細 Taps")
        .column("営業日", "day", Column::Date)
        .column("記録番号", "record", Column::Code)
        .column("元取引", "original", Column::Code)
        .column("取引日", "own_day", Column::Date)
        .column("端末", "terminal", Column::Code)
        .column("RRN", "rrn", Column::Code)
        .column("承認番号", "approval", Column::Code)
        .column("支払手段", "tender", Column::Text)
        .sum("金額", "gross", Column::Yen)
        .sum("手数料", "fee", Column::Yen)
        .sum("うち交換手数料", "interchange", Column::Yen)
        .sum("差引", "net", Column::Yen)
        .column("精算番号", "batch", Column::Code);
    for line in &books.lines {
        let tap = books.chart.taps.get(&line.fact.seq);
        let text = |value: Option<String>| value.map_or(Cell::Empty, Cell::from);
        out.push(vec![
            Cell::from(line.day),
            Cell::from(line.fact.seq.to_string()),
            text(line.fact.refund.map(|r| r.of.to_string())),
            tap.and_then(|t| t.own_day).map_or(Cell::Empty, Cell::from),
            text(tap.map(|t| t.terminal.to_string())),
            text(tap.map(|t| t.rrn.to_string())),
            text(tap.and_then(|t| t.approval).map(|a| a.to_string())),
            Cell::from(tender(line.fact.tender)),
            Cell::from(line.fact.amount),
            Cell::from(line.fee),
            Cell::from(line.interchange),
            Cell::from(Yen::new(line.fact.amount.get() - line.fee.get())),
            Cell::from(s.number.to_string()),
        ]);
    }
    out.finish()
}

/// A settlement as a letter to its merchant.
pub(super) async fn merchant_letter(services: &Services, number: u32, issuer: &str, made: Millis) -> Result<Pdf> {
    let about = About { settlement: Some(number), ..About::default() };
    let s = one(services, &about).await?;
    let report = detail_of(&s, &lines(services, &s).await?, made).map_err(other)?;
    let letter = Letter::new(Party::new(issuer, &[]), Party::new(&s.name, &[]), Honorific::Onchu)
        .number(&format!("精算 {number}"))
        .amount("お振込金額", s.settlement.paid)
        .fact("お振込日", s.value_date);
    let font = tokio::task::spawn_blocking(|| Font::find(None)).await.map_err(other)?.map_err(other)?;
    statement(&report, &letter, &font).map_err(other)
}

pub(super) async fn fees(services: &Services, about: About, made: Millis) -> Built {
    let rows = services
        .closing_context()?
        .books(|books| {
            let contracts = books.contracts();
            let mut sums: BTreeMap<(Tender, String, String), [i64; 5]> = BTreeMap::new();
            let days = books.days.iter().filter(|(day, _)| about.day.is_none_or(|wanted| **day == wanted));
            for (key, day) in days.flat_map(|(_, book)| &book.merchants) {
                let mcc = books.chart.merchants.get(key).map_or_else(String::new, |m| m.mcc.to_string());
                for line in day.fees.iter().flat_map(|f| &f.lines) {
                    let brand = contracts.as_ref().and_then(|c| c.brand_name(line.brand)).unwrap_or_default();
                    let sum = sums.entry((line.tender, brand.to_owned(), mcc.clone())).or_default();
                    let more = [
                        i64::from(line.count),
                        line.gross.get(),
                        line.refunds.get(),
                        line.fee.get(),
                        line.interchange.get(),
                    ];
                    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
                }
            }
            Ok(sums)
        })
        .await
        .map_err(ServiceError::Other)?;
    let mut out = Report::build("手数料分析", "Fees and interchange", made)
        .sheet("手数料 Fees")
        .column("支払手段", "tender", Column::Text)
        .column("ブランド", "brand", Column::Text)
        .column("業種", "mcc", Column::Code)
        .sum("件数", "taps", Column::Count)
        .sum("売上", "gross", Column::Yen)
        .sum("返品", "refunds", Column::Yen)
        .sum("手数料", "fee", Column::Yen)
        .sum("うち交換手数料", "interchange", Column::Yen);
    for ((of, brand, mcc), [taps, gross, refunds, fee, interchange]) in rows {
        out.push(cells![
            tender(of),
            brand,
            mcc,
            Cell::count(taps),
            Yen::new(gross),
            Yen::new(refunds),
            Yen::new(fee),
            Yen::new(interchange),
        ]);
    }
    Ok(out)
}
