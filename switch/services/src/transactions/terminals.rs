//! Terminals of a caller's shops: when each was last seen, and whether its acquirer's totals agreed with the ledger's.

use super::find::shop;
use super::shops::Shops;
use crate::access::Name;
use crate::error::{Result, ServiceError, not_found, unfit};
use crate::operation::Operation;
use crate::own_shops::ShopKey;
use crate::{Services, Who};
use kazasu_core::Merchant;
use kazasu_projections::transactions::Found;
use kazasu_schemas::ids::{InstitutionId, TerminalId};
use kazasu_text::problems::{NotFoundText, ProblemText};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Terminals of an answer at most: those of a shop fit.
const MOST: usize = 1_000;

/// The registered terminals of a shop, or of all shops of the caller.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTerminals {
    /// Only of this shop: `ACQUIRER/MERCHANT`. Staff name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
}

/// A terminal.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TerminalView {
    /// The shop: `ACQUIRER/MERCHANT`.
    pub merchant: String,
    /// The shop's name.
    pub name: String,
    /// DE41.
    pub terminal: String,
    /// Whether the shop is closed: it takes no more payments.
    pub closed: bool,
    /// Its last message, as the journal has it; absent where it has sent none.
    pub last: Option<LastMessage>,
    /// The last comparison of totals (0500) that its acquirer asked for. Totals are the acquirer's, for all its terminals.
    pub totals: Option<TotalsAgreed>,
}

/// A terminal's last message.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LastMessage {
    /// When it was decided.
    pub at: String,
    /// The business day.
    pub day: String,
    /// Its record.
    pub record: u64,
    /// `purchase`, `refund`, `reversal`, …
    pub kind: String,
    /// `pending`, `approved`, `declined`, `partly_refunded`, `refunded` or `reversed`.
    pub state: String,
}

impl From<&Found> for LastMessage {
    fn from(found: &Found) -> Self {
        LastMessage {
            at: found.at.jst_text(),
            day: found.day.to_string(),
            record: found.record,
            kind: found.kind.name().to_owned(),
            state: found.state.name().to_owned(),
        }
    }
}

/// Whether an acquirer's totals of a day were the ledger's.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TotalsAgreed {
    /// The business day.
    pub day: String,
    /// Whether they agreed.
    pub agree: bool,
}

/// A registered terminal.
struct Registered {
    key: ShopKey,
    name: String,
    closed: bool,
    terminal: TerminalId,
}

fn of_shop(shop: &Merchant) -> impl Iterator<Item = Registered> {
    let one = move |terminal: &TerminalId| Registered {
        key: (shop.acquirer, shop.id),
        name: shop.name.to_string(),
        closed: shop.closed,
        terminal: *terminal,
    };
    shop.terminals.iter().map(one)
}

impl Operation for ListTerminals {
    const NAME: Name = Name::ListTerminals;
    type Answer = Vec<TerminalView>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<TerminalView>> {
        let shops = Shops::of(services, who).await?;
        let only = self.merchant.as_deref().map(shop).transpose()?;
        if only.is_none() && shops == Shops::All {
            return Err(unfit("merchant", &ProblemText::ShopForm));
        }
        let found = services.query(move |state| {
            let key = |m: &&Merchant| (m.acquirer, m.id);
            let wanted = |m: &&Merchant| shops.includes(&key(m)) && only.is_none_or(|only| only == key(m));
            let there = state.merchants().iter().any(|m| wanted(&m));
            let mut all: Vec<Registered> = state.merchants().iter().filter(wanted).flat_map(of_shop).collect();
            all.sort_by_key(|one| (one.key, one.terminal));
            all.truncate(MOST);
            (there, all)
        });
        let (there, registered) = found.await?;
        // Another merchant's shop is told as one that is not there.
        if let Some(text) = self.merchant.filter(|_| !there) {
            let id = kazasu_schemas::text::masked(&text);
            return Err(not_found(&NotFoundText::Merchant { id: &id }));
        }
        let context = services.closing_context()?;
        let asked = registered.iter().map(|one| (one.key, one.terminal)).collect();
        let last = context.transactions.last_of(asked).await.map_err(ServiceError::Other)?;
        let totals = context.fee_projection(|fees| {
            let each = fees.totals.values().map(|t| (t.acquirer, (t.about, t.ours == t.theirs)));
            // They ascend by day: the last one stays.
            Ok(each.collect::<BTreeMap<InstitutionId, _>>())
        });
        let totals = totals.await.map_err(ServiceError::Other)?;
        let view = |(one, last): (Registered, Option<Found>)| TerminalView {
            merchant: format!("{}/{}", one.key.0, one.key.1),
            name: one.name,
            terminal: one.terminal.to_string(),
            closed: one.closed,
            last: last.as_ref().map(LastMessage::from),
            totals: totals.get(&one.key.0).map(|(day, agree)| TotalsAgreed { day: day.to_string(), agree: *agree }),
        };
        Ok(registered.into_iter().zip(last).map(view).collect())
    }
}
