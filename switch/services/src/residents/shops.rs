//! Where a resident's purses are accepted: shops by region and tag, for a portal's page or a caller at the telephone.

use crate::access::Name;
use crate::error::{Result, not_found, unfit};
use crate::fields::ppid;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Merchant, State};
use kazasu_schemas::canonical;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::policy::{PurseProgramme, Shop};
use kazasu_text::problems::{NotFoundText, ProblemText};
use serde::{Deserialize, Serialize};

/// Shops of an answer at most, and where the request does not say.
const MOST: u16 = 200;
const USUAL: u16 = 50;

/// The shops that take the purses of a resident, by name.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListResidentShops {
    /// The person.
    pub ppid: String,
    /// Only those that take this programme's purse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<u16>,
    /// Only those whose municipality code begins so: the shops near by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Only those with this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Shops at most, 1 to 200; 50 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
    /// The reason of staff for the look; portals look on behalf of the residents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Shops that take a resident's purses.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResidentShops {
    /// The shops.
    pub shops: Vec<ShopNear>,
    /// Whether there are more: a region, tag or programme leaves fewer.
    pub more: bool,
}

/// A shop that takes some of a resident's purses.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShopNear {
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// Its name.
    pub name: String,
    /// Its municipality code; empty where none is registered.
    pub region: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The resident's programmes whose purse it takes.
    pub programmes: Vec<u16>,
}

/// What is looked for.
struct Wanted {
    person: Ppid,
    programme: Option<u16>,
    region: Option<String>,
    tag: Option<String>,
    now: Millis,
}

impl Wanted {
    /// The person's purses that have money and can be spent now.
    fn purses<'a>(&self, state: &'a State) -> Option<Vec<&'a PurseProgramme>> {
        let day = self.now.jst_day();
        let found = state.resident(&self.person, day)?;
        let held = found.purses.iter().filter(|held| held.available > 0);
        let held = held.filter(|held| self.programme.is_none_or(|only| only == held.programme));
        let running = held.filter_map(|held| state.purse_programme(held.programme));
        Some(running.filter(|purse| purse.runs(day, self.now)).collect())
    }

    fn takes(&self, shop: &Merchant) -> bool {
        let near = self.region.as_deref().is_none_or(|region| shop.traits.region.starts_with(region));
        let tagged = |tag: &str| shop.traits.tags.iter().any(|theirs| canonical::same(tag, theirs));
        !shop.closed && near && self.tag.as_deref().is_none_or(tagged)
    }
}

fn near(shop: &Merchant, purses: &[&PurseProgramme]) -> Option<ShopNear> {
    let place = Shop {
        acquirer: shop.acquirer,
        merchant: shop.id,
        mcc: shop.mcc,
        tags: &shop.traits.tags,
        region: &shop.traits.region,
    };
    let programmes: Vec<u16> =
        purses.iter().filter(|purse| purse.place.takes(place)).map(|purse| purse.number).collect();
    (!programmes.is_empty()).then(|| ShopNear {
        merchant: format!("{}/{}", shop.acquirer, shop.id),
        name: shop.name.clone(),
        region: shop.traits.region.clone(),
        tags: shop.traits.tags.clone(),
        programmes,
    })
}

impl Operation for ListResidentShops {
    const NAME: Name = Name::ListResidentShops;
    type Answer = ResidentShops;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<ResidentShops> {
        let ListResidentShops { ppid: text, programme, region, tag, limit, .. } = self;
        let person = ppid("ppid", &text)?;
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let (most, got) = (u64::from(MOST), u64::from(limit));
            return Err(unfit("limit", &ProblemText::Range { least: 1, most, got }));
        }
        let wanted = Wanted { person, programme, region, tag, now: services.now() };
        let found = services.query(move |state| {
            let purses = wanted.purses(state)?;
            let all = state.merchants().iter().filter(|shop| wanted.takes(shop));
            Some(all.filter_map(|shop| near(shop, &purses)).collect::<Vec<_>>())
        });
        let mut shops = found.await?.ok_or_else(|| not_found(&NotFoundText::Person { ppid: &person.to_string() }))?;
        shops.sort_by(|a, b| (&a.name, &a.merchant).cmp(&(&b.name, &b.merchant)));
        let more = shops.len() > usize::from(limit);
        shops.truncate(usize::from(limit));
        Ok(ResidentShops { shops, more })
    }
}
