//! Settling what ended with a day: merchants whose period is over, and issuers.

use super::books::{Books, sum};
use crate::admin::{AskError, Desk};
use kazasu_core::{Closing, Command, Done, StandingView};
use kazasu_engine::CommandError;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::closing::DayState;
use kazasu_schemas::contract::{DayTotals, Opening, Period, Settlement};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A merchant's settlement that is due with a day.
pub(super) struct Due {
    acquirer: InstitutionId,
    merchant: MerchantId,
    pub(super) settlement: Settlement,
    /// Points that the merchant funds, by programme.
    pub(super) points: Vec<(u16, Yen)>,
    pub(super) value_day: BusinessDay,
}

fn other(error: impl Into<anyhow::Error>) -> AskError {
    AskError::Other(error.into())
}

impl Desk {
    /// Settles a day that was reconciled: books what is due and marks it settled. Doing it again changes nothing.
    pub(super) async fn settle_day(&self, day: BusinessDay, by: &str) -> Result<Value, AskError> {
        let office = self.office()?;
        let known = self.ask(move |state| state.day_state(day)).await?;
        match known {
            None => return Err(crate::admin::value("day", format!("{day} has not ended"))),
            Some((DayState::Settled | DayState::Signed, _)) => {
                return Ok(json!({ "day": day.to_string(), "result": "unchanged" }));
            }
            Some((DayState::Reconciled, _)) => {}
            Some((is, _)) => {
                let text = format!("{day} is {}; settled follows reconciled", is.name());
                return Err(crate::admin::value("day", text));
            }
        }
        let engine = self.engine()?;
        let (mut merchants, mut booked) = (0_usize, 0_u64);
        let (mut paid, mut fees) = (Yen::ZERO, Yen::ZERO);
        // A merchant may have several periods that ended: one after the other, because each begins with what the one before left.
        loop {
            let standings = self
                .ask(move |state| {
                    let of = |m: &kazasu_core::Merchant| ((m.acquirer, m.id), state.standing(m.acquirer, m.id));
                    state.merchants().iter().map(of).collect::<Vec<_>>()
                })
                .await?;
            let calendar = self.calendar.clone();
            let due = office
                .books(|books| {
                    let mut due = Vec::new();
                    for (key, standing) in standings {
                        due.extend(settlement(books, key, day, &standing, &calendar)?);
                    }
                    Ok(due)
                })
                .await
                .map_err(AskError::Other)?;
            if due.is_empty() {
                break;
            }
            let mut answers = Vec::new();
            for d in &due {
                merchants += 1;
                paid = sum(paid, d.settlement.paid);
                fees = sum(sum(fees, d.settlement.fee), d.settlement.chargeback_fee);
                let settlement = Box::new(d.settlement);
                let (acquirer, merchant, value_day) = (d.acquirer, d.merchant, d.value_day);
                let points = d.points.clone();
                let ask = Closing::SettleMerchant { acquirer, merchant, settlement, points, value_day };
                answers.push(engine.command_later(Command::Closing(ask)));
            }
            for answer in answers {
                let done = answer.await.map_err(|_| AskError::Command(CommandError::Stopping))??;
                booked += u64::from(done == Done::Recorded);
            }
        }
        let issuers =
            self.ask(|state| state.issuers().map(|n| (n, state.issuer_settled_until(n))).collect::<Vec<_>>()).await?;
        let owed = office
            .books(|books| {
                Ok(issuers.into_iter().filter_map(|(n, until)| issuer(books, n, day, until)).collect::<Vec<_>>())
            })
            .await
            .map_err(AskError::Other)?;
        for (issuer, period, net, interchange) in &owed {
            let ask = Closing::SettleIssuer { issuer: *issuer, period: *period, net: *net, interchange: *interchange };
            booked += u64::from(self.command(Command::Closing(ask)).await? == Done::Recorded);
        }
        let why = format!("{merchants} merchants, {} issuers", owed.len());
        let mark = Closing::Mark { day, state: DayState::Settled, by: by.to_owned(), why };
        self.command(Command::Closing(mark)).await?;
        Ok(json!({ "day": day.to_string(), "merchants": merchants, "issuers": owed.len(), "booked": booked,
            "paid_yen": paid.get(), "fees_yen": fees.get() }))
    }
}

/// A merchant's next settlement: the oldest stretch of days under one contract and period that is over with this day.
pub(super) fn settlement(
    books: &Books,
    (acquirer, merchant): (InstitutionId, MerchantId),
    day: BusinessDay,
    standing: &StandingView,
    calendar: &Calendar,
) -> anyhow::Result<Option<Due>> {
    let settled = standing.until;
    let Some(contracts) = books.contracts() else { return Ok(None) };
    let key = (acquirer, merchant);
    let first = settled.map_or(BusinessDay(i32::MIN), BusinessDay::next);
    if first > day {
        return Ok(None);
    }
    // What was taken before any contract stands without a fee.
    let mut without = 0_i128;
    let mut stretch: Option<(u32, Period)> = None;
    let mut totals: Vec<DayTotals> = Vec::new();
    let mut points = BTreeMap::<u16, Yen>::new();
    let mut last = None;
    let mut over = false;
    for (at, book) in books.days.range(first..=day) {
        let there = book.merchants.get(&key);
        let number = match there {
            Some(m) => m.contract,
            None => books.chart.contract(&contracts, &key, *at).map(|c| c.number),
        };
        let of = number.and_then(|n| contracts.contracts.iter().find(|c| c.number == n));
        let Some((number, period)) = of.and_then(|c| Some((c.number, c.period(*at)?))) else {
            if stretch.is_some() {
                over = true;
                break;
            }
            let t = there.map(|m| m.totals).unwrap_or_default();
            without += t.gross.sum() - t.refunds.sum() + i128::from(t.adjustments.get() - t.chargebacks.get());
            continue;
        };
        if stretch.is_some_and(|before| before != (number, period)) {
            // A period in which nothing happened, and before which nothing was left, is no settlement.
            let nothing = totals.is_empty() && without == 0;
            if !(nothing && last.is_some_and(|until| standing.opening(until) == Opening::default())) {
                over = true;
                break;
            }
        }
        stretch = Some((number, period));
        last = Some(*at);
        totals.extend(there.map(|m| m.totals));
        for (programme, amount) in there.into_iter().flat_map(|m| &m.funding) {
            let all = points.entry(*programme).or_default();
            *all = sum(*all, *amount);
        }
    }
    let (Some((number, period)), Some(until)) = (stretch, last) else { return Ok(None) };
    if !over && period.until > day {
        return Ok(None);
    }
    let contract = contracts.contracts.iter().find(|c| c.number == number).expect("it was found just now");
    let from = totals.first().map_or(until, |t| t.day).max(period.from).min(until);
    let from = settled.map_or(from, |settled| settled.next().max(period.from).min(from));
    if without != 0 {
        let without = Yen::new(i64::try_from(without)?);
        match totals.first_mut() {
            Some(first) => first.adjustments = sum(first.adjustments, without),
            None => totals.push(DayTotals { day: until, adjustments: without, ..DayTotals::default() }),
        }
    }
    let opening = standing.opening(until);
    if totals.is_empty() && opening == Opening::default() {
        return Ok(None);
    }
    let settlement = Settlement::of(contract, Period { from, until }, &totals, opening)?;
    settlement.assert_balanced();
    let value_day = calendar.add_business_days(until, u32::from(contract.payout_days))?;
    points.retain(|_, amount| *amount != Yen::ZERO);
    Ok(Some(Due { acquirer, merchant, settlement, points: points.into_iter().collect(), value_day }))
}

/// What an issuer owes for the days since it was settled last.
pub(super) fn issuer(
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
    /// The book's name.
    pub(crate) async fn book(&self) -> Result<String, AskError> {
        self.office()?.books(|books| Ok(books.chart.book.clone())).await.map_err(AskError::Other)
    }

    pub(crate) fn office(&self) -> Result<&super::Office, AskError> {
        self.office.as_ref().ok_or_else(|| other(anyhow::anyhow!("there is no journal here to read")))
    }
}
