//! What happened, for programs: thin events in the journal's order, each with the numbers by which the rest is asked. The journal is the
//! memory, so that a program that was away reads on where it stood, from any point of the past.

mod fold;
mod model;

pub use model::Event;

use crate::access::Name;
use crate::error::{Result, ServiceError, unfit};
use crate::operation::Operation;
use crate::transactions::{ShopKey, Shops};
use crate::{Services, Who};
use fold::{About, EventFold, Raw};
use kazasu_ledger::Body;
use kazasu_ledger::record::Place;
use kazasu_projections::transactions::Found;
use kazasu_text::problems::ProblemText;
use model::OfShop;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Events of an answer at most, and where the request does not say.
const MOST: u16 = 1_000;
const USUAL: u16 = 100;
/// Records that one request reads at most: an answer may have no event, and still lead on.
const MOST_RECORDS: u64 = 5_000;
/// Records that are read at once.
const AT_ONCE: usize = 500;

/// Events after a point of the journal, in its order. Merchants' people and programs see those of their own shops.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListEvents {
    /// The sequence that was read last: `next` of the answer before. 0 begins with the first record.
    #[serde(default)]
    pub after: u64,
    /// Events at most, 1 to 1,000; 100 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// A page of events.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct EventsPage {
    /// The events, in the journal's order.
    pub events: Vec<Event>,
    /// Ask for what is `after` this next. It goes on also where the page has no event.
    pub next: u64,
    /// Whether records behind `next` stand in the journal already.
    pub more: bool,
}

impl Operation for ListEvents {
    const NAME: Name = Name::ListEvents;
    type Answer = EventsPage;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<EventsPage> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let (least, most, got) = (1, u64::from(MOST), u64::from(limit));
            return Err(unfit("limit", &ProblemText::Range { least, most, got }));
        }
        let shops = Shops::of(services, who).await?;
        let context = services.closing_context()?;
        let mut reader = context.store.reader().await.map_err(ServiceError::inside)?;
        let head = reader.head().await.map_err(ServiceError::inside)?.seq;
        let (mut events, mut next) = (Vec::new(), self.after.min(head));
        let last = next.saturating_add(MOST_RECORDS).min(head);
        let mut known = Known::default();
        'reading: while next < last {
            let room = usize::try_from(last - next).unwrap_or(AT_ONCE).min(AT_ONCE);
            let entries = reader.scan(next + 1, room).await.map_err(ServiceError::inside)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let body = Body::read(&entry.body).map_err(ServiceError::inside)?;
                let mut fold = EventFold::default();
                let place = Place { seq: entry.seq, at: entry.at, day: entry.day };
                let Ok(()) = body.fold(place, &mut fold);
                for (number, raw) in fold.events.into_iter().enumerate() {
                    let all = known.shops_of(services, &raw).await?;
                    // The parts are numbered before they are filtered: an event has one id for every reader.
                    for (part, of) in all.into_iter().enumerate().filter(|(_, of)| is_shown(&shops, of.shop.as_ref())) {
                        events.push(raw.event(place, (number, part), of));
                    }
                }
                // A record's events stay together.
                next = entry.seq;
                if events.len() >= usize::from(limit) {
                    break 'reading;
                }
            }
        }
        Ok(EventsPage { events, more: next < head, next })
    }
}

/// Events without a shop are for staff.
fn is_shown(shops: &Shops, shop: Option<&ShopKey>) -> bool {
    match shop {
        Some(shop) => shops.includes(shop),
        None => *shops == Shops::All,
    }
}

/// Facts that were looked up for this answer.
#[derive(Default)]
struct Known {
    payments: HashMap<u64, Option<(ShopKey, i64, &'static str)>>,
    settlements: Option<HashMap<u32, (ShopKey, i64)>>,
    payouts: HashMap<u64, Vec<u32>>,
}

impl Known {
    /// The shops that an event is about: a payout concerns several.
    async fn shops_of(&mut self, services: &Services, raw: &Raw) -> Result<Vec<OfShop>> {
        Ok(match raw.about {
            About::Shop(shop) => vec![OfShop::new(Some(shop), raw.amount)],
            About::Payment(record) => {
                let found = self.payment(services, record).await?;
                let (shop, amount) = (found.map(|(shop, ..)| shop), found.map(|(_, yen, _)| yen));
                vec![OfShop { subject: found.map(|(.., subject)| subject), ..OfShop::new(shop, raw.amount.or(amount)) }]
            }
            About::Settlement(number) => {
                let found = self.settlements(services).await?.get(&number).copied();
                vec![OfShop::new(found.map(|(shop, _)| shop), raw.amount.or(found.map(|(_, yen)| yen)))]
            }
            About::Payout(number) => {
                let of = self.payout(services, number).await?;
                let settlements = self.settlements(services).await?;
                let shops = of.iter().filter_map(|one| settlements.get(one));
                shops.map(|(shop, yen)| OfShop::new(Some(*shop), Some(*yen))).collect()
            }
            About::Staff => vec![OfShop::new(None, raw.amount)],
        })
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
        let all = services.query(|state| state.payouts()).await?;
        self.payouts = all.into_iter().map(|one| (one.number, one.settlements)).collect();
        Ok(self.payouts.get(&number).cloned().unwrap_or_default())
    }
}
