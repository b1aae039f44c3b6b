//! What events are about, looked up: records name payments, settlements, payouts and batches by their numbers.

use super::fold::{self, About, Raw};
use super::model::Of;
use crate::Services;
use crate::error::{Result, ServiceError};
use crate::transactions::ShopKey;
use kazasu_projections::transactions::Found;
use std::collections::HashMap;

/// What was looked up for an answer.
#[derive(Default)]
pub(super) struct Known {
    payments: HashMap<u64, Option<(ShopKey, i64, &'static str)>>,
    settlements: Option<HashMap<u32, (ShopKey, i64)>>,
    payouts: HashMap<u64, Vec<u32>>,
}

impl Known {
    /// The shops or the city that an event is about: a payout concerns several shops.
    pub(super) async fn of(&mut self, services: &Services, raw: &Raw) -> Result<Vec<Of>> {
        Ok(match raw.about {
            About::Shop(shop) => vec![Of::shop(Some(shop), raw.amount)],
            About::Payment(record) => {
                let found = self.payment(services, record).await?;
                let (shop, amount) = (found.map(|(shop, ..)| shop), found.map(|(_, yen, _)| yen));
                vec![Of { subject: found.map(|(.., subject)| subject), ..Of::shop(shop, raw.amount.or(amount)) }]
            }
            About::Settlement(number) => {
                let found = self.settlements(services).await?.get(&number).copied();
                vec![Of::shop(found.map(|(shop, _)| shop), raw.amount.or(found.map(|(_, yen)| yen)))]
            }
            About::Payout(number) => {
                let of = self.payout(services, number).await?;
                self.shops_paid(services, &of).await?
            }
            About::Cancelled(request) => {
                let found = services.query(move |state| {
                    let mut all = state.cancelled_payouts();
                    all.find(|(by, ..)| *by == request).map(|(_, payout, of)| (payout, of.to_vec()))
                });
                let Some((payout, of)) = found.await? else { return Ok(Vec::new()) };
                let shops = self.shops_paid(services, &of).await?;
                shops.into_iter().map(|shop| Of { payout: Some(payout), ..shop }).collect()
            }
            About::Approval(number) => vec![Of::city(self.city_of_approval(services, number).await?, raw.amount)],
            About::Batch(number) => {
                let city = services.query(move |state| state.relief_city(number)).await?;
                vec![Of::city(city, raw.amount)]
            }
            About::Staff => vec![Of::shop(None, raw.amount)],
        })
    }

    /// The shops of settlements that are paid together.
    async fn shops_paid(&mut self, services: &Services, of: &[u32]) -> Result<Vec<Of>> {
        let settlements = self.settlements(services).await?;
        let shops = of.iter().filter_map(|one| settlements.get(one));
        Ok(shops.map(|(shop, yen)| Of::shop(Some(*shop), Some(*yen))).collect())
    }

    /// None of a request that concerns no city, or that ended too long ago to be known.
    async fn city_of_approval(&mut self, services: &Services, number: u64) -> Result<Option<String>> {
        let view = services.query(move |state| state.approval(number)).await?;
        Ok(view.map(|view| view.city).filter(|city| !city.is_empty()))
    }

    async fn payment(&mut self, services: &Services, record: u64) -> Result<Option<(ShopKey, i64, &'static str)>> {
        if let Some(found) = self.payments.get(&record) {
            return Ok(*found);
        }
        let story = services.closing_context()?.transactions.story(record).await.map_err(ServiceError::Other)?;
        let found = story.iter().find(|one| one.record == record);
        let subject = |one: &Found| fold::subject(one.kind).unwrap_or("message");
        let found = found.map(|one| ((one.acquirer, one.merchant), one.amount.get(), subject(one)));
        self.payments.insert(record, found);
        Ok(found)
    }

    async fn settlements(&mut self, services: &Services) -> Result<&HashMap<u32, (ShopKey, i64)>> {
        if self.settlements.is_none() {
            let all = services.query(|state| state.settlements()).await?;
            let of = all.into_iter().map(|one| (one.number, ((one.acquirer, one.merchant), one.settlement.paid.get())));
            self.settlements = Some(of.collect());
        }
        Ok(self.settlements.get_or_insert_with(HashMap::new))
    }

    async fn payout(&mut self, services: &Services, number: u64) -> Result<Vec<u32>> {
        if let Some(of) = self.payouts.get(&number) {
            return Ok(of.clone());
        }
        // A payout that was cancelled later was ordered all the same.
        let all = services.query(|state| {
            let gone = state.cancelled_payouts().map(|(_, payout, of)| (payout, of.to_vec()));
            let gone: Vec<_> = gone.collect();
            state.payouts().into_iter().map(|one| (one.number, one.settlements)).chain(gone).collect::<Vec<_>>()
        });
        self.payouts = all.await?.into_iter().collect();
        Ok(self.payouts.get(&number).cloned().unwrap_or_default())
    }
}
