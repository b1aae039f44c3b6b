//! Settling what ended with a day: merchants whose period is over, and issuers.

use super::commands::{DaySettled, SettledSums};
use crate::error::{Result, ServiceError, not_now};
use crate::operation::Outcome;
use crate::{Services, Who};
use kazasu_core::{Closing, Command, Done, StandingView};
use kazasu_engine::CommandError;
use kazasu_projections::fee_projection::{FeeProjection, sum};
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::closing::DayState;
use kazasu_schemas::contract::{Contracts, DayTotals, Opening, Period, Settlement};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_text::problems::ProblemText;
use std::collections::BTreeMap;

/// A merchant's settlement that is due with a day.
pub(super) struct Due {
    acquirer: InstitutionId,
    merchant: MerchantId,
    pub(super) settlement: Settlement,
    /// Points that the merchant funds, by programme.
    pub(super) points: Vec<(u16, Yen)>,
    pub(super) value_date: BusinessDay,
}

/// The result of settling merchants.
#[derive(Default)]
struct Settled {
    merchants: usize,
    booked: u64,
    paid: Yen,
    fees: Yen,
}

impl Services {
    /// Settles a day that was reconciled: books what is due and marks it settled. Doing it again changes nothing.
    pub(super) async fn settle_day(&self, day: BusinessDay, who: &Who) -> Result<DaySettled> {
        let context = self.closing_context()?;
        let known = self.query(move |state| state.day_state(day)).await?;
        match known {
            None => return Err(not_now("day", &ProblemText::NotEnded { day })),
            Some((DayState::Settled | DayState::Signed, _)) => {
                return Ok(DaySettled { result: Outcome::Unchanged, day: day.to_string(), sums: None });
            }
            Some((DayState::Reconciled, _)) => {}
            Some((is, _)) => return Err(not_now("day", &ProblemText::NotReconciled { day, state: is })),
        }
        let settled = self.settle_merchants(context, day).await?;
        let (issuers, booked) = self.settle_issuers(context, day).await?;
        let (merchants, booked) = (settled.merchants, settled.booked + booked);
        let why = format!("{merchants} merchants, {issuers} issuers");
        let mark = Closing::Mark { day, state: DayState::Settled, said: who.says(why) };
        let done = self.command(Command::Closing(mark)).await?;
        let (paid_yen, fees_yen) = (settled.paid.get(), settled.fees.get());
        let sums = SettledSums { merchants, issuers, booked, paid_yen, fees_yen };
        Ok(DaySettled { result: done.into(), day: day.to_string(), sums: Some(sums) })
    }

    /// A merchant may have several periods that ended: one after the other, because each begins with what the one before left.
    async fn settle_merchants(&self, context: &super::ClosingContext, day: BusinessDay) -> Result<Settled> {
        let engine = self.engine()?;
        let mut all = Settled::default();
        loop {
            let standings = self
                .query(move |state| {
                    let of = |m: &kazasu_core::Merchant| ((m.acquirer, m.id), state.standing(m.acquirer, m.id));
                    state.merchants().iter().map(of).collect::<Vec<_>>()
                })
                .await?;
            let calendar = self.calendar.clone();
            let due = context
                .fee_projection(|fees| {
                    let mut due = Vec::new();
                    for (key, standing) in standings {
                        due.extend(settlement(fees, &Ending { key, day, standing: &standing }, &calendar)?);
                    }
                    Ok(due)
                })
                .await
                .map_err(ServiceError::Other)?;
            if due.is_empty() {
                return Ok(all);
            }
            let mut answers = Vec::new();
            for d in &due {
                all.merchants += 1;
                all.paid = sum(all.paid, d.settlement.paid);
                all.fees = sum(sum(all.fees, d.settlement.fee), d.settlement.chargeback_fee);
                let settlement = Box::new(d.settlement);
                let (acquirer, merchant, value_date) = (d.acquirer, d.merchant, d.value_date);
                let points = d.points.clone();
                let ask = Closing::SettleMerchant { acquirer, merchant, settlement, points, value_date };
                answers.push(engine.command_later(Command::Closing(ask)));
            }
            for answer in answers {
                let done = answer.await.map_err(|_| ServiceError::Command(CommandError::Stopping))??;
                all.booked += u64::from(done == Done::Recorded);
            }
        }
    }

    /// Settles issuers. Returns the number of issuers with a debt, and the number of new records.
    async fn settle_issuers(&self, context: &super::ClosingContext, day: BusinessDay) -> Result<(usize, u64)> {
        let issuers =
            self.query(|state| state.issuers().map(|n| (n, state.issuer_settled_until(n))).collect::<Vec<_>>()).await?;
        let owed = context
            .fee_projection(|fees| {
                Ok(issuers.into_iter().filter_map(|(n, until)| issuer(fees, n, day, until)).collect::<Vec<_>>())
            })
            .await
            .map_err(ServiceError::Other)?;
        let mut booked = 0;
        for (issuer, period, net, interchange) in &owed {
            let ask = Closing::SettleIssuer { issuer: *issuer, period: *period, net: *net, interchange: *interchange };
            booked += u64::from(self.command(Command::Closing(ask)).await? == Done::Recorded);
        }
        Ok((owed.len(), booked))
    }
}

/// A merchant, and the day with which a period of it may be over.
pub(super) struct Ending<'a> {
    pub(super) key: (InstitutionId, MerchantId),
    pub(super) day: BusinessDay,
    pub(super) standing: &'a StandingView,
}

/// The oldest stretch of a merchant's days under one contract and period.
#[derive(Default)]
struct Stretch {
    /// Payments before any contract stand without a fee.
    without: i128,
    under: Option<(u32, Period)>,
    totals: Vec<DayTotals>,
    points: BTreeMap<u16, Yen>,
    last: Option<BusinessDay>,
    /// Another follows it.
    over: bool,
}

impl Stretch {
    fn from(first: BusinessDay, fees: &FeeProjection, contracts: &Contracts, ending: &Ending<'_>) -> Stretch {
        let mut all = Stretch::default();
        for (at, book) in fees.days.range(first..=ending.day) {
            let there = book.merchants.get(&ending.key);
            let number = match there {
                Some(m) => m.contract,
                None => fees.index.contract(contracts, &ending.key, *at).map(|c| c.number),
            };
            let of = number.and_then(|n| contracts.contracts.iter().find(|c| c.number == n));
            let Some(under) = of.and_then(|c| Some((c.number, c.period(*at)?))) else {
                if all.under.is_some() {
                    all.over = true;
                    break;
                }
                let t = there.map(|m| m.totals).unwrap_or_default();
                all.without += t.gross.sum() - t.refunds.sum() + i128::from(t.adjustments.get() - t.chargebacks.get());
                continue;
            };
            if all.under.is_some_and(|before| before != under) {
                // A period in which nothing happened, and before which nothing was left, is no settlement.
                let nothing = all.totals.is_empty() && all.without == 0;
                if !(nothing && all.last.is_some_and(|until| ending.standing.opening(until) == Opening::default())) {
                    all.over = true;
                    break;
                }
            }
            all.under = Some(under);
            all.last = Some(*at);
            all.totals.extend(there.map(|m| m.totals));
            for (programme, amount) in there.into_iter().flat_map(|m| &m.funding) {
                let sums = all.points.entry(*programme).or_default();
                *sums = sum(*sums, *amount);
            }
        }
        all
    }

    /// Payments before any contract go to the stretch's first day.
    fn count_without(&mut self, until: BusinessDay) -> anyhow::Result<()> {
        if self.without == 0 {
            return Ok(());
        }
        let without = Yen::new(i64::try_from(self.without)?);
        match self.totals.first_mut() {
            Some(first) => first.adjustments = sum(first.adjustments, without),
            None => self.totals.push(DayTotals { day: until, adjustments: without, ..DayTotals::default() }),
        }
        Ok(())
    }
}

/// A merchant's next settlement: the oldest stretch of days under one contract and period that is over with this day.
pub(super) fn settlement(
    fees: &FeeProjection,
    ending: &Ending<'_>,
    calendar: &Calendar,
) -> anyhow::Result<Option<Due>> {
    let &Ending { key: (acquirer, merchant), day, standing } = ending;
    let settled = standing.until;
    let Some(contracts) = fees.contracts() else { return Ok(None) };
    let first = settled.map_or(BusinessDay(i32::MIN), BusinessDay::next);
    if first > day {
        return Ok(None);
    }
    let mut stretch = Stretch::from(first, fees, &contracts, ending);
    let (Some((number, period)), Some(until)) = (stretch.under, stretch.last) else { return Ok(None) };
    if !stretch.over && period.until > day {
        return Ok(None);
    }
    let contract = contracts.contracts.iter().find(|c| c.number == number).expect("it was found just now");
    let from = stretch.totals.first().map_or(until, |t| t.day).max(period.from).min(until);
    let from = settled.map_or(from, |settled| settled.next().max(period.from).min(from));
    stretch.count_without(until)?;
    let opening = standing.opening(until);
    if stretch.totals.is_empty() && opening == Opening::default() {
        return Ok(None);
    }
    let settlement = Settlement::of(contract, Period { from, until }, &stretch.totals, opening)?;
    settlement.assert_balanced();
    let value_date = calendar.add_business_days(until, u32::from(contract.payout_days))?;
    let points = stretch.points.into_iter().filter(|(_, amount)| *amount != Yen::ZERO).collect();
    Ok(Some(Due { acquirer, merchant, settlement, points, value_date }))
}

/// An issuer's debt for the days since its last settlement.
pub(super) fn issuer(
    fees: &FeeProjection,
    issuer: u16,
    day: BusinessDay,
    settled: Option<BusinessDay>,
) -> Option<(u16, Period, Yen, Yen)> {
    let first = settled.map_or_else(|| fees.days.keys().next().copied(), |until| Some(until.next()))?;
    if first > day {
        return None;
    }
    let (mut net, mut interchange, mut taps) = (0, 0, 0);
    for book in fees.days.range(first..=day).filter_map(|(_, book)| book.issuers.get(&issuer)) {
        net += book.net;
        interchange += book.interchange;
        taps += book.taps;
    }
    (taps > 0).then_some((issuer, Period { from: first, until: day }, Yen::new(net), Yen::new(interchange)))
}
