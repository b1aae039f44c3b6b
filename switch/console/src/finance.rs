//! Settlements and payouts of the shops whose money the person may see.

use crate::fields::Fields;
use crate::frame::Frame;
use crate::screen::{Block, Cell, Column, Fact, Link, Screen, Table};
use crate::visitor::{Console, SignedIn, Visitor};
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::get;
use kazasu_schemas::money::Yen;
use kazasu_services::settlements::{
    ExplainSettlement, ListShopPayouts, ListShopSettlements, ShopPayout, ShopSettlement, WhyItem,
};
use kazasu_text::closing_refusals::SettlementState;
use kazasu_text::console::{PageText, PayoutState};
use kazasu_text::{Label, Language};

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/settlements", get(settlements))
        .route("/settlements/{settlement}", get(explained))
        .route("/payouts", get(payouts))
}

/// The number before which a page begins.
fn before(query: Option<&str>) -> Option<u32> {
    Fields::of_query(query).get("before").parse().ok()
}

/// A page with a table, and the way to the next one.
fn page(visitor: &Visitor, title: PageText<'static>, (table, next): (Table, Option<String>)) -> Response {
    let screen = Screen::new(visitor.frame.say(title)).with(Block::Table(table));
    let more = next.map(|address| Block::Links(vec![Link::new(address, visitor.frame.say(PageText::ShowOlder))]));
    visitor.show(&screen.with_all(more.into_iter().collect()))
}

async fn settlements(SignedIn(visitor): SignedIn, RawQuery(query): RawQuery) -> Response {
    let question = ListShopSettlements { before: before(query.as_deref()), ..ListShopSettlements::default() };
    let found = match visitor.ask(question).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let frame = &visitor.frame;
    let yen = |yen: i64| Cell::new(Yen::new(yen).to_string());
    let state = |one: &ShopSettlement| {
        SettlementState::of(&one.state).map_or_else(|| one.state.clone(), |label| frame.tell(&label))
    };
    let row = |one: &ShopSettlement| {
        vec![
            Cell::to(format!("/settlements/{}", one.settlement), one.settlement.to_string()),
            Cell::new(format!("{} {}", one.name, one.merchant)),
            Cell::new(format!("{} – {}", one.from, one.until)),
            yen(one.net_yen),
            yen(one.fee_yen),
            yen(one.tax_yen),
            yen(one.paid_yen),
            yen(one.carried_yen),
            Cell::new(&*one.payday),
            Cell::new(state(one)),
        ]
    };
    let words = |text: PageText<'static>| Column::words(frame.say(text));
    let numbers = |text: PageText<'static>| Column::numbers(frame.say(text));
    let columns = vec![
        words(PageText::SettlementNumber),
        words(PageText::Shop),
        words(PageText::Period),
        numbers(PageText::NetColumn),
        numbers(PageText::FeeColumn),
        numbers(PageText::TaxColumn),
        numbers(PageText::PaidColumn),
        numbers(PageText::CarriedColumn),
        words(PageText::Payday),
        words(PageText::Standing),
    ];
    let rows = found.settlements.iter().map(row).collect();
    let (caption, nothing) = (frame.say(PageText::Settlements), frame.say(PageText::NoSettlements));
    let next = found.next.map(|next| format!("/settlements?before={next}"));
    page(&visitor, PageText::Settlements, (Table { caption, columns, rows, nothing }, next))
}

async fn payouts(SignedIn(visitor): SignedIn, RawQuery(query): RawQuery) -> Response {
    let question = ListShopPayouts { before: before(query.as_deref()), ..ListShopPayouts::default() };
    let found = match visitor.ask(question).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let frame = &visitor.frame;
    let state =
        |one: &ShopPayout| PayoutState::of(&one.state).map_or_else(|| one.state.clone(), |label| frame.tell(&label));
    let said = |text: &Option<String>| Cell::new(text.clone().unwrap_or_else(|| "–".to_owned()));
    let row = |one: &ShopPayout| {
        vec![
            Cell::to(format!("/settlements/{}", one.settlement), one.settlement.to_string()),
            Cell::new(format!("{} {}", one.name, one.merchant)),
            Cell::new(Yen::new(one.yen).to_string()),
            Cell::new(&*one.payday),
            Cell::new(state(one)),
            said(&one.account),
            said(&one.reference),
        ]
    };
    let words = |text: PageText<'static>| Column::words(frame.say(text));
    let columns = vec![
        words(PageText::SettlementNumber),
        words(PageText::Shop),
        Column::numbers(frame.say(PageText::Amount)),
        words(PageText::Payday),
        words(PageText::Standing),
        words(PageText::PaidTo),
        words(PageText::OnStatement),
    ];
    let rows = found.payouts.iter().map(row).collect();
    let (caption, nothing) = (frame.say(PageText::Payouts), frame.say(PageText::NoPayouts));
    let next = found.next.map(|next| format!("/payouts?before={next}"));
    page(&visitor, PageText::Payouts, (Table { caption, columns, rows, nothing }, next))
}

/// A settlement's amounts, each with the parts that it consists of.
async fn explained(SignedIn(visitor): SignedIn, Path(settlement): Path<u32>) -> Response {
    let found = match visitor.ask(ExplainSettlement { settlement }).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let (frame, one) = (&visitor.frame, &found.settlement);
    let facts = vec![
        Fact::new(frame.say(PageText::Shop), format!("{} {}", one.name, one.merchant)),
        Fact::new(frame.say(PageText::Period), format!("{} – {}", one.from, one.until)),
        Fact::new(frame.say(PageText::PaidColumn), Yen::new(one.paid_yen).to_string()),
        Fact::new(frame.say(PageText::Payday), &*one.payday),
    ];
    let screen = Screen::new(frame.say(PageText::SettlementTitle { settlement })).with(Block::Facts(facts));
    visitor.show(&screen.with_all(found.items.iter().map(|item| Block::Table(parts(frame, item))).collect()))
}

fn parts(frame: &Frame, item: &WhyItem) -> Table {
    let own = |en: &String, ja: &String| match frame.language {
        Language::Japanese => ja.clone(),
        Language::English => en.clone(),
    };
    let name = own(&item.name, &item.name_ja);
    let caption = frame.say(PageText::ItemOf { name: &name, sum: Yen::new(item.yen) });
    let columns = vec![Column::words(frame.say(PageText::WhyAmount)), Column::numbers(frame.say(PageText::Amount))];
    let row = |part: &kazasu_services::settlements::WhyPart| {
        vec![Cell::new(own(&part.why, &part.why_ja)), Cell::new(Yen::new(part.yen).to_string())]
    };
    let nothing = frame.say(PageText::NoParts);
    Table { caption, columns, rows: item.parts.iter().map(row).collect(), nothing }
}
