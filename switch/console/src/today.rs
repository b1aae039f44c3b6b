//! A shop's day as it happens: its takings, terminal by terminal, and its last payments.

use crate::fields::Fields;
use crate::frame::may_ask;
use crate::moment;
use crate::screen::{Block, Button, Cell, Choice, Column, Fact, Field, FieldKind, Form, Link, Screen, Table};
use crate::transactions;
use crate::visitor::{Console, SignedIn, Visitor};
use axum::Router;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::get;
use kazasu_schemas::money::Yen;
use kazasu_services::access::Name;
use kazasu_services::list::Paged;
use kazasu_services::transactions::{DayTakings, FindTransactions, ListShops, ShopView, ShowTakings};
use kazasu_text::console::PageText;

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/today", get(shown))
}

/// Payments on the page.
const LAST: u16 = 20;
/// With more shops than this they are chosen by a field instead of a list.
const FEW: usize = 30;

async fn shown(SignedIn(visitor): SignedIn, RawQuery(query): RawQuery) -> Response {
    let asked = Fields::of_query(query.as_deref());
    let shops = match visitor.ask(ListShops {}).await {
        Ok(shops) => shops,
        Err(response) => return *response,
    };
    let chosen = asked.said("shop").or_else(|| match shops.as_slice() {
        [only] => Some(only.merchant.clone()),
        _ => None,
    });
    let title = visitor.frame.say(PageText::Today);
    let screen = match chosen {
        None => Screen::new(title).with(choosing(&visitor, &shops)),
        Some(shop) => match of_shop(&visitor, &shop).await {
            Ok(blocks) if shops.len() > 1 => Screen::new(title).with_all(blocks).with(choosing(&visitor, &shops)),
            Ok(blocks) => Screen::new(title).with_all(blocks),
            Err(response) => return *response,
        },
    };
    visitor.show(&screen)
}

/// The address of a shop's day.
fn address(shop: &str) -> String {
    let query = serde_urlencoded::to_string([("shop", shop)]).unwrap_or_default();
    format!("/today?{query}")
}

fn choosing(visitor: &Visitor, shops: &[ShopView]) -> Block {
    let frame = &visitor.frame;
    if shops.is_empty() {
        return Block::Lead(frame.say(PageText::NoShops));
    }
    if shops.len() > FEW {
        let field = Field::new("shop", FieldKind::Text, frame.say(PageText::Shop)).hint(frame.say(PageText::ShopHint));
        return Block::Form(Form::get("/today").field(field).button(Button::new(frame.say(PageText::ShowShop))));
    }
    let option =
        |shop: &ShopView| Choice { value: shop.merchant.clone(), label: format!("{} {}", shop.name, shop.merchant) };
    let field = Field::new("shop", FieldKind::Text, frame.say(PageText::Shop));
    let field = field.options(shops.iter().map(option).collect());
    Block::Form(Form::get("/today").field(field).button(Button::new(frame.say(PageText::ShowShop))))
}

async fn of_shop(visitor: &Visitor, shop: &str) -> Result<Vec<Block>, Box<Response>> {
    let frame = &visitor.frame;
    let day = visitor.ask(ShowTakings { merchant: shop.to_owned(), day: None }).await?;
    let last = FindTransactions {
        merchant: Some(shop.to_owned()),
        from: Some(day.day.clone()),
        ..FindTransactions::default()
    };
    let last = visitor.ask(Paged::first(last, Some(LAST))).await?;
    let now = visitor.console.api.services.now();
    let mut facts = vec![
        Fact::new(frame.say(PageText::Shop), format!("{} {}", day.name, day.merchant)),
        Fact::new(frame.say(PageText::BusinessDay), &*day.day),
        Fact::new(frame.say(PageText::NetTakings), Yen::new(day.net_yen).to_string()),
        Fact::new(frame.say(PageText::AsOf), moment::shown(&now.jst_text())),
    ];
    let count =
        |of: fn(&kazasu_services::transactions::TerminalTakings) -> u64| day.terminals.iter().map(of).sum::<u64>();
    facts.insert(3, Fact::new(frame.say(PageText::PaymentsCount), count(|t| t.payments).to_string()));
    let mut links = vec![Link::new(address(shop), frame.say(PageText::Reload))];
    let last_payment = last.items.iter().find(|one| one.left_yen > 0);
    if let Some(one) = last_payment.filter(|_| may_ask(Name::RefundPayment, &visitor.who)) {
        links.push(Link::new(format!("/transactions/{}/refund", one.record), frame.say(PageText::RefundLast)));
    }
    let rows: Vec<_> = last.items.iter().collect();
    Ok(vec![
        Block::Facts(facts),
        Block::Links(links),
        Block::Table(transactions::table(frame, PageText::LastPayments, &rows)),
        Block::Table(terminals(visitor, &day)),
    ])
}

fn terminals(visitor: &Visitor, day: &DayTakings) -> Table {
    let frame = &visitor.frame;
    let rows = day.terminals.iter().map(|t| {
        vec![
            Cell::new(&*t.terminal),
            Cell::new(format!("{} / {}", t.payments, Yen::new(t.paid_yen))),
            Cell::new(format!("{} / {}", t.refunds, Yen::new(t.refunded_yen))),
            Cell::new(format!("{} / {}", t.reversals, Yen::new(t.reversed_yen))),
            Cell::new(t.declined.to_string()),
            Cell::new(moment::shown(&t.last_seen)),
        ]
    });
    let numbers = |text: PageText<'static>| Column::numbers(frame.say(text));
    let columns = vec![
        Column::words(frame.say(PageText::Terminal)),
        numbers(PageText::PaymentsColumn),
        numbers(PageText::RefundsColumn),
        numbers(PageText::ReversalsColumn),
        numbers(PageText::DeclinedColumn),
        Column::words(frame.say(PageText::LastSeen)),
    ];
    let nothing = frame.say(PageText::NoPayments);
    Table { caption: frame.say(PageText::ByTerminal), columns, rows: rows.collect(), nothing }
}
