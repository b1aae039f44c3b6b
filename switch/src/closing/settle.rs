//! Settling what ended with a day: merchants whose period is over, and issuers.

use super::books::{Books, sum};
use crate::admin::{AskError, Desk};
use crate::core::{Closing, Command, Done};
use crate::engine::CommandError;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::closing::DayState;
use kazasu_schemas::contract::{DayTotals, Opening, Period, Settlement};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use serde_json::{Value, json};

/// A merchant's settlement that is due with a day.
struct Due {
    acquirer: InstitutionId,
    merchant: MerchantId,
    settlement: Settlement,
    value_day: BusinessDay,
}

fn other(error: impl Into<anyhow::Error>) -> AskError {
    AskError::Other(error.into())
}

impl Desk {
    /// Settles a day that was reconciled: books what is due and marks it settled. Doing it again changes nothing.
    pub(super) async fn settle_day(&self, day: BusinessDay, by: &str) -> Result<Value, AskError> {
        let office = self.office()?;
        let standings = self
            .ask(move |state| {
                let of = |m: &crate::core::Merchant| ((m.acquirer, m.id), state.standing(m.acquirer, m.id, day));
                let merchants: Vec<_> = state.merchants().iter().map(of).collect();
                let issuers: Vec<_> = state.issuers().map(|n| (n, state.issuer_settled_until(n))).collect();
                (merchants, issuers, state.day_state(day))
            })
            .await?;
        let (merchants, issuers, known) = standings;
        if known.is_none() {
            return Err(crate::admin::value("day", format!("{day} has not ended")));
        }
        let (due, owed) = office
            .books(|books| {
                let mut due = Vec::new();
                for ((acquirer, merchant), (opening, until)) in merchants {
                    due.extend(settlement(books, (acquirer, merchant), day, opening, until)?);
                }
                let owed: Vec<_> = issuers.into_iter().filter_map(|(n, until)| issuer(books, n, day, until)).collect();
                Ok((due, owed))
            })
            .await
            .map_err(AskError::Other)?;
        let engine = self.engine()?;
        let mut answers = Vec::new();
        let (mut paid, mut fees) = (Yen::ZERO, Yen::ZERO);
        for d in &due {
            paid = sum(paid, d.settlement.paid);
            fees = sum(sum(fees, d.settlement.fee), d.settlement.chargeback_fee);
            let settlement = Box::new(d.settlement);
            let ask = Closing::SettleMerchant {
                acquirer: d.acquirer,
                merchant: d.merchant,
                settlement,
                value_day: d.value_day,
            };
            answers.push(engine.command_later(Command::Closing(ask)));
        }
        for (issuer, period, net, interchange) in &owed {
            let ask = Closing::SettleIssuer { issuer: *issuer, period: *period, net: *net, interchange: *interchange };
            answers.push(engine.command_later(Command::Closing(ask)));
        }
        let mut booked = 0_u64;
        for answer in answers {
            let done = answer.await.map_err(|_| AskError::Command(CommandError::Stopping))??;
            booked += u64::from(done == Done::Recorded);
        }
        let why = format!("{} merchants, {} issuers", due.len(), owed.len());
        let mark = Closing::Mark { day, state: DayState::Settled, by: by.to_owned(), why };
        self.command(Command::Closing(mark)).await?;
        Ok(json!({ "day": day.to_string(), "merchants": due.len(), "issuers": owed.len(), "booked": booked,
            "paid_yen": paid.get(), "fees_yen": fees.get() }))
    }
}

/// A merchant's settlement, when its period ends with this day.
fn settlement(
    books: &Books,
    (acquirer, merchant): (InstitutionId, MerchantId),
    day: BusinessDay,
    opening: Opening,
    settled: Option<BusinessDay>,
) -> anyhow::Result<Option<Due>> {
    let Some(contracts) = books.contracts() else { return Ok(None) };
    let key = (acquirer, merchant);
    let Some(contract) = books.chart.contract(&contracts, &key, day) else { return Ok(None) };
    let Some(period) = contract.period(day).filter(|p| p.until == day) else { return Ok(None) };
    if settled.is_some_and(|until| until >= day) {
        return Ok(None);
    }
    // What an earlier settlement took in is not settled again.
    let from = settled.map_or(period.from, |until| period.from.max(until.next()));
    let days = books.days.range(from..=day);
    let totals: Vec<DayTotals> = days.filter_map(|(_, book)| book.merchants.get(&key)).map(|m| m.totals).collect();
    if totals.is_empty() && opening == Opening::default() {
        return Ok(None);
    }
    let settlement = Settlement::of(contract, Period { from, until: day }, &totals, opening)?;
    settlement.assert_balanced();
    let value_day = Calendar::built_in().add_business_days(day, u32::from(contract.payout_days))?;
    Ok(Some(Due { acquirer, merchant, settlement, value_day }))
}

/// What an issuer owes for the days since it was settled last.
fn issuer(
    books: &Books,
    issuer: u16,
    day: BusinessDay,
    settled: Option<BusinessDay>,
) -> Option<(u16, Period, Yen, Yen)> {
    let first = settled.map_or_else(|| books.days.keys().next().copied(), |until| Some(until.next()))?;
    if first > day {
        return None;
    }
    let (mut net, mut interchange, mut taps) = (0, 0, 0);
    for book in books.days.range(first..=day).filter_map(|(_, book)| book.issuers.get(&issuer)) {
        net += book.net;
        interchange += book.interchange;
        taps += book.taps;
    }
    (taps > 0).then_some((issuer, Period { from: first, until: day }, Yen::new(net), Yen::new(interchange)))
}

impl Desk {
    pub(crate) fn office(&self) -> Result<&super::Office, AskError> {
        self.office.as_ref().ok_or_else(|| other(anyhow::anyhow!("there is no journal here to read")))
    }
}
