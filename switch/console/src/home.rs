//! The first page: what waits for the person, and the ways to what the person's roles do.

use crate::approvals;
use crate::frame::may_ask;
use crate::screen::{Block, Fact, Link, Screen};
use crate::visitor::{Console, SignedIn, Visitor};
use axum::Router;
use axum::response::Response;
use axum::routing::get;
use kazasu_schemas::identity::Scope;
use kazasu_schemas::money::Yen;
use kazasu_services::access::Name;
use kazasu_services::approvals::{ApprovalItem, ListApprovals};
use kazasu_services::transactions::{ListShops, ShowTakings};
use kazasu_text::console::PageText;
use kazasu_text::{Count, Language};

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/", get(shown))
}

/// Shops whose takings the first page adds up; a person with more of them looks at each.
const FEW: usize = 10;

async fn shown(SignedIn(visitor): SignedIn) -> Response {
    match screen(&visitor).await {
        Ok(screen) => visitor.show(&screen),
        Err(response) => *response,
    }
}

async fn screen(visitor: &Visitor) -> Result<Screen, Box<Response>> {
    let frame = &visitor.frame;
    let mut screen = Screen::new(frame.say(PageText::Home));
    if may_ask(Name::ListApprovals, &visitor.who) {
        let items = visitor.ask(ListApprovals { closed: false }).await?;
        screen = screen.with_all(waiting(visitor, &items));
    }
    if may_ask(Name::ShowTakings, &visitor.who) {
        screen = screen.with_all(takings(visitor).await?);
    }
    let held = visitor.who.held.iter();
    let mut roles: Vec<String> = held.map(|held| frame.tell(&held.role) + &scope(visitor, &held.scope)).collect();
    roles.dedup();
    let separator = if frame.language == Language::Japanese { "、" } else { ", " };
    let own = if roles.is_empty() { frame.say(PageText::NoRoles) } else { roles.join(separator) };
    let heading = Block::Heading(frame.say(PageText::YourRoles));
    Ok(screen.with(heading).with(Block::Facts(vec![Fact::new(frame.say(PageText::Roles), own)])))
}

/// Where a role holds; nothing is said of one that holds everywhere.
fn scope(visitor: &Visitor, scope: &Scope) -> String {
    match (scope, visitor.frame.language) {
        (Scope::All, _) => String::new(),
        (scope, Language::Japanese) => format!("（{scope}）"),
        (scope, Language::English) => format!(" ({scope})"),
    }
}

/// Requests that the person decides, and the person's own that came back.
fn waiting(visitor: &Visitor, items: &[ApprovalItem]) -> Vec<Block> {
    let frame = &visitor.frame;
    let own: Vec<_> = items.iter().filter(|item| item.may_decide).collect();
    let sum: i64 = own.iter().filter_map(|item| item.yen).sum();
    let requests = Count::from(own.len());
    let mut blocks = vec![Block::Heading(frame.say(PageText::WaitsForMe))];
    if own.is_empty() {
        blocks.push(Block::Lead(frame.say(PageText::NothingWaits)));
    } else {
        blocks.push(Block::Lead(frame.say(PageText::WaitingSum { requests, sum: Yen::new(sum) })));
        blocks.push(Block::Table(approvals::table(frame, PageText::WaitsForMe, &own)));
    }
    let mine: Vec<_> = items.iter().filter(|item| item.own).collect();
    if !mine.is_empty() {
        blocks.push(Block::Heading(frame.say(PageText::YourRequests)));
        blocks.push(Block::Table(approvals::table(frame, PageText::YourRequests, &mine)));
    }
    blocks
}

/// Today's takings of a merchant's own shops.
async fn takings(visitor: &Visitor) -> Result<Vec<Block>, Box<Response>> {
    let frame = &visitor.frame;
    let shops = visitor.ask(ListShops {}).await?;
    if shops.is_empty() || shops.len() > FEW {
        return Ok(Vec::new());
    }
    let mut facts = Vec::new();
    for shop in shops {
        let day = visitor.ask(ShowTakings { merchant: shop.merchant.clone(), day: None }).await?;
        let query = serde_urlencoded::to_string([("shop", &shop.merchant)]).unwrap_or_default();
        let payments = Count(day.terminals.iter().map(|terminal| terminal.payments).sum());
        let value = frame.say(PageText::TakingsOf { sum: Yen::new(day.net_yen), payments });
        facts.push(Fact { address: Some(format!("/today?{query}")), ..Fact::new(shop.name, value) });
    }
    let links = vec![Link::new("/transactions", frame.say(PageText::Transactions))];
    Ok(vec![Block::Heading(frame.say(PageText::Today)), Block::Facts(facts), Block::Links(links)])
}
