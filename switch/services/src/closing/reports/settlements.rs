//! Merchants' charges and payments.

use super::about::{About, Built, other};
use crate::Services;
use crate::error::{Result, ServiceError, absent, unfit};
use kazasu_core::SettlementView;
use kazasu_projections::fee_projection::FeeProjection;
use kazasu_report::pdf::{Font, Honorific, Letter, Party, Pdf, statement};
use kazasu_report::{Builder, Cell, Kind as Column, Report, cells};
use kazasu_schemas::contract::Tender;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_text::Text;
use kazasu_text::columns::{FeeColumn, SettledTapColumn, SettlementColumn, SummaryColumn};
use kazasu_text::problems::ProblemText;
use kazasu_text::reports::{Sheet, Title};
use kazasu_text::settlements::SettlementText;
use std::collections::BTreeMap;

pub(super) async fn settlements(services: &Services, about: About, made: Millis) -> Built {
    settled(services, &about, Report::titled(Title::Settlements, made)).await
}

/// Adds the sheet of settlements.
pub(super) async fn settled(services: &Services, about: &About, out: Builder) -> Built {
    let all = services.query(|state| state.settlements()).await?;
    let wanted = |s: &&SettlementView| about.has(s.settlement.period.until);
    let mut out = out
        .sheet(&Sheet::Settlements.both())
        .labelled(SettlementColumn::Settlement, Column::Count)
        .labelled(SettlementColumn::Merchant, Column::Code)
        .labelled(SettlementColumn::Name, Column::Text)
        .labelled(SettlementColumn::From, Column::Date)
        .labelled(SettlementColumn::Until, Column::Date)
        .summed(SettlementColumn::Gross, Column::Yen)
        .summed(SettlementColumn::Refunds, Column::Yen)
        .summed(SettlementColumn::Fee, Column::Yen)
        .summed(SettlementColumn::Interchange, Column::Yen)
        .summed(SettlementColumn::Tax, Column::Yen)
        .summed(SettlementColumn::PointsFunding, Column::Yen)
        .summed(SettlementColumn::Adjustments, Column::Yen)
        .summed(SettlementColumn::Chargebacks, Column::Yen)
        .summed(SettlementColumn::ChargebackFee, Column::Yen)
        .summed(SettlementColumn::Reserved, Column::Yen)
        .summed(SettlementColumn::Released, Column::Yen)
        .summed(SettlementColumn::CarriedBefore, Column::Yen)
        .summed(SettlementColumn::Paid, Column::Yen)
        .summed(SettlementColumn::CarriedForward, Column::Yen)
        .labelled(SettlementColumn::ValueDate, Column::Date)
        .labelled(SettlementColumn::State, Column::Code);
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
    let number = about.settlement.ok_or_else(|| unfit("settlement", &ProblemText::SettlementNumber))?;
    let all = services.query(|state| state.settlements()).await?;
    all.into_iter()
        .find(|s| s.number == number)
        .ok_or_else(|| absent("settlement", &ProblemText::SettlementUnknown { number }))
}

/// The taps of a settlement, with their fees, from the journal.
async fn lines(services: &Services, s: &SettlementView) -> Result<FeeProjection> {
    let office = services.closing_context()?;
    let period = s.settlement.period;
    let mut fees = FeeProjection::watching(
        Some(services.imports.vault.clone()),
        (s.acquirer, s.merchant),
        period.from,
        period.until,
    );
    let mut reader = office.store.reader().await.map_err(other)?;
    fees.catch_up(reader.as_mut()).await.map_err(ServiceError::Other)?;
    Ok(fees)
}

pub(super) async fn detail(services: &Services, about: About, made: Millis) -> Result<Report> {
    let s = one(services, &about).await?;
    detail_of(&s, &lines(services, &s).await?, made).map_err(other)
}

/// The parts of a settlement, each as a line.
fn summary(s: &SettlementView, fees: &FeeProjection, made: Millis) -> Builder {
    let t = &s.settlement;
    let merchant = s.merchant.to_string();
    let heading = SettlementText::Heading { settlement: s.number, merchant: &merchant, name: &s.name };
    let period = SettlementText::Period { from: t.period.from, until: t.period.until };
    let mut out = Report::titled(Title::SettlementDetail, made)
        .subtitle(&heading.ja())
        .subtitle(&period.ja())
        .sheet(&Sheet::Summary.both())
        .labelled(SummaryColumn::Item, Column::Text)
        .labelled(SummaryColumn::Yen, Column::Yen);
    let yen = |sum: i128| Yen::new(i64::try_from(sum).unwrap_or(i64::MAX));
    for tender in Tender::ALL {
        let (gross, back) = (t.gross.get(tender), t.refunds.get(tender));
        if gross != Yen::ZERO || back != Yen::ZERO {
            out.push(cells![SettlementText::Sales { tender }.both(), gross]);
            out.push(cells![SettlementText::Refunds { tender }.both(), Yen::new(-back.get())]);
        }
    }
    let net = yen(t.gross.sum() - t.refunds.sum());
    for (item, amount) in [
        (SettlementText::NetSales, net),
        (SettlementText::Fees, Yen::new(-t.fee.get())),
        (SettlementText::Tax, Yen::new(-t.tax.get())),
        (SettlementText::Adjustments, t.adjustments),
        (SettlementText::ChargedBack, Yen::new(-t.chargebacks.get())),
        (SettlementText::ChargebackFees, Yen::new(-t.chargeback_fee.get())),
        (SettlementText::Reserve, Yen::new(-t.reserved.get())),
        (SettlementText::Released, t.released),
        (SettlementText::CarriedBefore, t.carried_before),
        (SettlementText::CarriedForward, Yen::new(-t.carried_forward.get())),
        (SettlementText::Paid, t.paid),
    ] {
        if item == SettlementText::Adjustments {
            for (programme, yen) in fees.funding_of((s.acquirer, s.merchant), t.period) {
                out.push(cells![SettlementText::PointsFunded { programme }.both(), Yen::new(-yen.get())]);
            }
        }
        out.push(cells![item.both(), amount]);
    }
    out
}

/// A settlement's parts, and its taps with their fees; the letter has the same.
pub(in crate::closing) fn detail_of(
    s: &SettlementView,
    fees: &FeeProjection,
    made: Millis,
) -> Result<Report, kazasu_report::ReportError> {
    let mut out = summary(s, fees, made)
        .sheet(&Sheet::SettledTaps.both())
        .labelled(SettledTapColumn::Day, Column::Date)
        .labelled(SettledTapColumn::Record, Column::Code)
        .labelled(SettledTapColumn::Original, Column::Code)
        .labelled(SettledTapColumn::OwnDay, Column::Date)
        .labelled(SettledTapColumn::Terminal, Column::Code)
        .labelled(SettledTapColumn::Rrn, Column::Code)
        .labelled(SettledTapColumn::Approval, Column::Code)
        .labelled(SettledTapColumn::Tender, Column::Text)
        .summed(SettledTapColumn::Gross, Column::Yen)
        .summed(SettledTapColumn::Fee, Column::Yen)
        .summed(SettledTapColumn::Interchange, Column::Yen)
        .summed(SettledTapColumn::Net, Column::Yen)
        .labelled(SettledTapColumn::Batch, Column::Code);
    for line in &fees.lines {
        let tap = fees.index.taps.get(&line.fact.seq);
        let text = |value: Option<String>| value.map_or(Cell::Empty, Cell::from);
        out.push(vec![
            Cell::from(line.day),
            Cell::from(line.fact.seq.to_string()),
            text(line.fact.refund.map(|r| r.of.to_string())),
            tap.and_then(|t| t.own_day).map_or(Cell::Empty, Cell::from),
            text(tap.map(|t| t.terminal.to_string())),
            text(tap.map(|t| t.rrn.to_string())),
            text(tap.and_then(|t| t.approval).map(|a| a.to_string())),
            Cell::from(line.fact.tender.both()),
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
        .number(&SettlementText::LetterNumber { settlement: number }.ja())
        .amount(&SettlementText::LetterAmount.ja(), s.settlement.paid)
        .fact(&SettlementText::LetterDate.ja(), s.value_date);
    let font = tokio::task::spawn_blocking(|| Font::find(None)).await.map_err(other)?.map_err(other)?;
    statement(&report, &letter, &font).map_err(other)
}

pub(super) async fn fees(services: &Services, about: About, made: Millis) -> Built {
    charged(services, &about, Report::titled(Title::Fees, made)).await
}

/// Adds the sheet of fees.
pub(super) async fn charged(services: &Services, about: &About, out: Builder) -> Built {
    let about = about.clone();
    let rows = services
        .closing_context()?
        .fee_projection(move |fees| {
            let contracts = fees.contracts();
            let mut sums: BTreeMap<(Tender, String, String), [i64; 5]> = BTreeMap::new();
            let days = fees.days.iter().filter(|(day, _)| about.has(**day));
            for (key, day) in days.flat_map(|(_, book)| &book.merchants) {
                let mcc = fees.index.merchants.get(key).map_or_else(String::new, |m| m.mcc.to_string());
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
    let mut out = out
        .sheet(&Sheet::Fees.both())
        .labelled(FeeColumn::Tender, Column::Text)
        .labelled(FeeColumn::Brand, Column::Text)
        .labelled(FeeColumn::Mcc, Column::Code)
        .summed(FeeColumn::Taps, Column::Count)
        .summed(FeeColumn::Gross, Column::Yen)
        .summed(FeeColumn::Refunds, Column::Yen)
        .summed(FeeColumn::Fee, Column::Yen)
        .summed(FeeColumn::Interchange, Column::Yen);
    for ((of, brand, mcc), [taps, gross, refunds, fee, interchange]) in rows {
        out.push(cells![
            of.both(),
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
