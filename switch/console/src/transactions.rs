//! Payments, found by what people know of them, and one payment's story.

use crate::fields::Fields;
use crate::frame::{Frame, may_ask};
use crate::moment;
use crate::screen::{Block, Button, Cell, Column, Fact, Field, FieldKind, Form, Link, Screen, Table};
use crate::visitor::{Console, SignedIn, Visitor};
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use kazasu_api::http::{Told, status_of};
use kazasu_schemas::money::Yen;
use kazasu_schemas::typed;
use kazasu_services::ServiceError;
use kazasu_services::access::Name;
use kazasu_services::list::Paged;
use kazasu_services::transactions::{FindTransactions, ShowTransaction, TransactionView};
use kazasu_text::console::PageText;
use kazasu_text::payments::{PaymentKind, PaymentState};
use kazasu_text::{Label, errors};

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/transactions", get(searched)).route("/transactions/{record}", get(one))
}

pub(crate) fn kind(frame: &Frame, one: &TransactionView) -> String {
    PaymentKind::of(&one.kind).map_or_else(|| one.kind.clone(), |label| frame.tell(&label))
}

pub(crate) fn state(frame: &Frame, one: &TransactionView) -> String {
    PaymentState::of(&one.state).map_or_else(|| one.state.clone(), |label| frame.tell(&label))
}

/// Payments as a table.
pub(crate) fn table(frame: &Frame, caption: PageText<'static>, items: &[&TransactionView]) -> Table {
    let row = |one: &&TransactionView| {
        let address = format!("/transactions/{}", one.record);
        vec![
            Cell::to(address, moment::shown(&one.at)),
            Cell::new(kind(frame, one)),
            Cell::new(state(frame, one)),
            Cell::new(Yen::new(one.amount_yen).to_string()),
            Cell::new(one.last_four.clone().unwrap_or_else(|| "–".to_owned())),
            Cell::new(&*one.name),
            Cell::new(&*one.terminal),
            Cell::new(&*one.rrn),
        ]
    };
    let words = |text: PageText<'static>| Column::words(frame.say(text));
    let columns = vec![
        words(PageText::When),
        words(PageText::WhatKind),
        words(PageText::Standing),
        Column::numbers(frame.say(PageText::Amount)),
        words(PageText::LastFour),
        words(PageText::Shop),
        words(PageText::Terminal),
        words(PageText::Rrn),
    ];
    let nothing = frame.say(PageText::NoPayments);
    Table { caption: frame.say(caption), columns, rows: items.iter().map(row).collect(), nothing }
}

/// The fields of the search, each with the service's name for it.
const SEARCHED: [(&str, FieldKind, PageText<'static>); 12] = [
    ("amount", FieldKind::Number, PageText::AmountExactly),
    ("amount_from", FieldKind::Number, PageText::AmountFrom),
    ("amount_until", FieldKind::Number, PageText::AmountUntil),
    ("last_four", FieldKind::Number, PageText::LastFour),
    ("rrn", FieldKind::Text, PageText::Rrn),
    ("approval", FieldKind::Text, PageText::ApprovalCode),
    ("terminal", FieldKind::Text, PageText::Terminal),
    ("merchant", FieldKind::Text, PageText::Shop),
    ("from", FieldKind::Date, PageText::FromDay),
    ("from_time", FieldKind::Time, PageText::FromTime),
    ("until", FieldKind::Date, PageText::UntilDay),
    ("until_time", FieldKind::Time, PageText::UntilTime),
];

/// What is wrong in a field of the search.
struct WrongField {
    name: String,
    text: String,
}

/// The search of an address, or the field that cannot be read.
fn search(frame: &Frame, asked: &Fields) -> Result<FindTransactions, WrongField> {
    let yen = |name: &str| match asked.said(name) {
        None => Ok(None),
        Some(text) => typed::yen(&text).map(|yen| Some(yen.get())).map_err(|error| {
            let text = errors::of(&error).map_or_else(|| error.to_string(), |text| frame.tell(&text));
            WrongField { name: name.to_owned(), text }
        }),
    };
    for (day, time) in [("from", "from_time"), ("until", "until_time")] {
        if asked.said(day).is_none() && asked.said(time).is_some() {
            return Err(WrongField { name: day.to_owned(), text: frame.say(PageText::DayMissing) });
        }
    }
    let from = moment::of_form(asked.said("from"), asked.said("from_time"));
    let until = moment::of_form(asked.said("until"), asked.said("until_time"));
    Ok(FindTransactions {
        rrn: asked.said("rrn"),
        approval: asked.said("approval"),
        last_four: asked.said("last_four"),
        amount: yen("amount")?,
        amount_from: yen("amount_from")?,
        amount_until: yen("amount_until")?,
        terminal: asked.said("terminal"),
        merchant: asked.said("merchant"),
        from,
        until,
        ..FindTransactions::default()
    })
}

fn form(frame: &Frame, asked: &Fields, wrong: Option<WrongField>) -> Form {
    let error = |name: &str| wrong.as_ref().filter(|wrong| wrong.name == name).map(|wrong| wrong.text.clone());
    let fields = SEARCHED
        .into_iter()
        .map(|(name, kind, label)| Field::new(name, kind, frame.say(label)).value(asked.get(name)).error(error(name)));
    let form = fields.fold(Form::get("/transactions"), Form::field);
    form.button(Button::new(frame.say(PageText::Search)))
}

async fn searched(SignedIn(visitor): SignedIn, RawQuery(query): RawQuery) -> Response {
    let (frame, asked) = (&visitor.frame, Fields::of_query(query.as_deref()));
    let page = Screen::new(frame.say(PageText::Transactions));
    let wrong = |wrong: WrongField| page_of_wrong(frame, &asked, wrong);
    let question = match search(frame, &asked) {
        Ok(question) => question,
        Err(field) => return visitor.show(&wrong(field)),
    };
    let page_of = Paged { list: question, limit: None, cursor: asked.said("cursor") };
    let found = match visitor.call(page_of).await {
        Ok(found) => found,
        Err(
            ServiceError::Value { field, problem }
            | ServiceError::State { field, problem }
            | ServiceError::Absent { field, problem },
        ) => {
            let (name, text) = (field.to_owned(), frame.tell(&problem));
            let mut response = visitor.show(&wrong(WrongField { name, text }));
            response.extensions_mut().insert(Told);
            return response;
        }
        Err(ref error @ ServiceError::NotFound(ref text)) if asked.said("merchant").is_some() => {
            let status = status_of(error);
            let screen = wrong(WrongField { name: "merchant".to_owned(), text: frame.tell(text) });
            let mut response = visitor.show(&screen.with_status(status));
            response.extensions_mut().insert(Told);
            return response;
        }
        Err(error) => return visitor.problem(&error),
    };
    let rows: Vec<_> = found.items.iter().collect();
    let mut screen = page.with(Block::Form(form(frame, &asked, None)));
    if let Some(from) = &found.from {
        screen = screen.with(Block::Lead(frame.say(PageText::SearchedSince { from })));
    }
    screen = screen.with(Block::Table(table(frame, PageText::FoundPayments, &rows)));
    if let Some(next) = found.next {
        let more = asked.without(&["cursor"]).encoded();
        let cursor = serde_urlencoded::to_string([("cursor", next)]).unwrap_or_default();
        let address = format!("/transactions?{more}&{cursor}");
        screen = screen.with(Block::Links(vec![Link::new(address, frame.say(PageText::MorePayments))]));
    }
    visitor.show(&screen)
}

fn page_of_wrong(frame: &Frame, asked: &Fields, wrong: WrongField) -> Screen {
    let screen = Screen::new(frame.say(PageText::Transactions)).with_status(StatusCode::BAD_REQUEST);
    // What stands in no field of the form is said above it.
    if SEARCHED.iter().any(|(name, ..)| *name == wrong.name) {
        return screen.with(Block::Form(form(frame, asked, Some(wrong))));
    }
    screen.with(Block::Notice(wrong.text)).with(Block::Form(form(frame, asked, None)))
}

/// A payment's messages, in their order.
pub(crate) async fn story(visitor: &Visitor, record: u64) -> Result<Vec<TransactionView>, Box<Response>> {
    visitor.ask(ShowTransaction { record, why: None }).await
}

/// What a message of a terminal says.
pub(crate) fn facts(frame: &Frame, one: &TransactionView) -> Vec<Fact> {
    let say = |text: PageText<'static>| frame.say(text);
    let yen = |yen: i64| Yen::new(yen).to_string();
    let mut facts = vec![
        Fact::new(say(PageText::RecordNumber), one.record.to_string()),
        Fact::new(say(PageText::When), moment::shown(&one.at)),
        Fact::new(say(PageText::BusinessDay), &*one.day),
        Fact::new(say(PageText::Shop), format!("{} {}/{}", one.name, one.acquirer, one.merchant)),
        Fact::new(say(PageText::Terminal), &*one.terminal),
        Fact::new(say(PageText::Standing), state(frame, one)),
        Fact::new(say(PageText::Amount), yen(one.amount_yen)),
        Fact::new(say(PageText::RefundedSoFar), yen(one.refunded_yen)),
        Fact::new(say(PageText::ReversedSoFar), yen(one.reversed_yen)),
        Fact::new(say(PageText::LeftToRefund), yen(one.left_yen)),
    ];
    let more = [
        (PageText::LastFour, &one.last_four),
        (PageText::ApprovalCode, &one.approval),
        (PageText::ResponseCode, &one.response),
    ];
    for (text, value) in more {
        facts.extend(value.as_ref().map(|value| Fact::new(say(text), &**value)));
    }
    facts.push(Fact::new(say(PageText::Rrn), &*one.rrn));
    facts.push(Fact::new(say(PageText::Stan), &*one.stan));
    facts
}

async fn one(SignedIn(visitor): SignedIn, Path(record): Path<u64>) -> Response {
    let story = match story(&visitor, record).await {
        Ok(story) => story,
        Err(response) => return *response,
    };
    let frame = &visitor.frame;
    let mut screen = Screen::new(frame.say(PageText::TransactionTitle { record }));
    for one in &story {
        screen = screen.with(Block::Heading(kind(frame, one))).with(Block::Facts(facts(frame, one)));
        if one.left_yen > 0 && may_ask(Name::RefundPayment, &visitor.who) {
            let refund = Link::new(format!("/transactions/{}/refund", one.record), frame.say(PageText::RefundThis));
            screen = screen.with(Block::Links(vec![refund]));
        }
    }
    visitor.show(&screen)
}
