//! Requests that two people decide: the list, and one as its decider sees it.

use crate::facts;
use crate::frame::Frame;
use crate::screen::{Block, Button, Cell, Choice, Column, Fact, Field, FieldKind, Form, Screen, Table};
use crate::visitor::{Console, SignedIn, Visitor};
use crate::{fields::Fields, moment};
use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::get;
use kazasu_schemas::money::Yen;
use kazasu_services::approvals::{ApprovalItem, ApprovalShown, ListApprovals, ShowApproval};
use kazasu_text::Label;
use kazasu_text::approvals::{KindLabel, StandingLabel};
use kazasu_text::console::PageText;
use serde_json::json;

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/approvals", get(listed))
}

fn waits(item: &ApprovalItem) -> bool {
    item.standing.is == StandingLabel::Waits.code()
}

/// Is it the caller's own, and still to be changed or withdrawn?
fn is_open(item: &ApprovalItem) -> bool {
    waits(item) || item.standing.is == StandingLabel::SentBack.code()
}

pub(crate) fn kind(frame: &Frame, item: &ApprovalItem) -> String {
    KindLabel::of(&item.kind).map_or_else(|| item.kind.clone(), |label| frame.tell(&label))
}

pub(crate) fn standing(frame: &Frame, item: &ApprovalItem) -> String {
    StandingLabel::of(&item.standing.is).map_or_else(|| item.standing.is.clone(), |label| frame.tell(&label))
}

pub(crate) fn yen(amount: Option<i64>) -> String {
    amount.map_or_else(|| "–".to_owned(), |amount| Yen::new(amount).to_string())
}

/// Requests as a table.
pub(crate) fn table(frame: &Frame, caption: PageText<'static>, items: &[&ApprovalItem]) -> Table {
    let row = |item: &&ApprovalItem| {
        let address = format!("/approvals/{}", item.approval);
        vec![
            Cell::to(&address, item.approval.to_string()),
            Cell::to(address, kind(frame, item)),
            Cell::new(yen(item.yen)),
            Cell::new(&*item.by_name),
            Cell::new(moment::shown(&item.at)),
            Cell::new(item.until.as_deref().map_or_else(|| "–".to_owned(), moment::shown)),
            Cell::new(standing(frame, item)),
        ]
    };
    let words = |text: PageText<'static>| Column::words(frame.say(text));
    let columns = vec![
        words(PageText::RequestNumber),
        words(PageText::RequestKind),
        Column::numbers(frame.say(PageText::Amount)),
        words(PageText::Requester),
        words(PageText::RequestedAt),
        words(PageText::DecideUntil),
        words(PageText::Standing),
    ];
    let nothing = frame.say(PageText::NoRequests);
    Table { caption: frame.say(caption), columns, rows: items.iter().map(row).collect(), nothing }
}

async fn listed(SignedIn(visitor): SignedIn, RawQuery(query): RawQuery) -> Response {
    let closed = Fields::of_query(query.as_deref()).get("closed") == "1";
    let items = match visitor.ask(ListApprovals { closed }).await {
        Ok(items) => items,
        Err(response) => return *response,
    };
    let frame = &visitor.frame;
    let (own, others): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.may_decide);
    let other = if closed {
        crate::screen::Link::new("/approvals", frame.say(PageText::OpenRequestsOnly))
    } else {
        crate::screen::Link::new("/approvals?closed=1", frame.say(PageText::ClosedRequestsToo))
    };
    let screen = Screen::new(frame.say(PageText::Approvals))
        .with(Block::Table(table(frame, PageText::WaitsForMe, &own)))
        .with(Block::Table(table(frame, PageText::OtherRequests, &others)))
        .with(Block::Links(vec![other]));
    visitor.show(&screen)
}

/// A request, asked for by its address.
pub(crate) async fn found(visitor: &Visitor, approval: u64) -> Result<ApprovalShown, Box<Response>> {
    visitor.ask(ShowApproval { approval }).await
}

/// What a page of a request says above its content.
pub(crate) fn summary(frame: &Frame, shown: &ApprovalShown) -> Vec<Fact> {
    let (say, item) = (|text: PageText<'static>| frame.say(text), &shown.item);
    let mut facts = vec![
        Fact::new(say(PageText::RequestNumber), item.approval.to_string()),
        Fact::new(say(PageText::RequestKind), kind(frame, item)),
        Fact::new(say(PageText::Amount), yen(item.yen.or(shown.effect.yen))),
        Fact::new(say(PageText::Requester), &*item.by_name),
        Fact::new(say(PageText::Reason), &*item.why),
        Fact::new(say(PageText::RequestedAt), moment::shown(&item.at)),
    ];
    facts.extend(item.until.as_deref().map(|until| Fact::new(say(PageText::DecideUntil), moment::shown(until))));
    facts.push(Fact::new(say(PageText::Standing), standing(frame, item)));
    facts.extend(item.standing.why.as_deref().map(|why| Fact::new(say(PageText::ReasonOfDecision), why)));
    facts.push(Fact::new(say(PageText::Fingerprint), &*item.fingerprint));
    facts
}

/// What was typed into the form of a decision, and what is wrong there.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) answer: String,
    pub(crate) why: String,
    pub(crate) no_answer: Option<String>,
    pub(crate) no_reason: Option<String>,
}

/// The page of a request: what was filled in, what it changes, and the decision where it is the reader's.
pub(crate) fn screen(visitor: &Visitor, shown: &ApprovalShown, typed: Typed) -> Screen {
    let (frame, item) = (&visitor.frame, &shown.item);
    let say = |text: PageText<'static>| frame.say(text);
    let (kind, number) = (kind(frame, item), item.approval);
    let title = frame.say(PageText::RequestTitle { kind: &kind, number });
    let mut screen = Screen::new(title).with(Block::Facts(summary(frame, shown)));
    let content = facts::blocks(frame, &json!(shown.content));
    screen = screen.with(Block::Heading(say(PageText::FilledIn))).with_all(content);
    let effect = facts::blocks(frame, &json!(shown.effect));
    screen = screen.with(Block::Heading(say(PageText::Effect)));
    screen =
        if effect.is_empty() { screen.with(Block::Lead(say(PageText::NoEffect))) } else { screen.with_all(effect) };
    if !shown.replaced.is_empty() {
        let changed = facts::blocks(frame, &json!({ "differences": shown.replaced }));
        screen = screen.with(Block::Heading(say(PageText::ChangedSince))).with_all(changed);
    }
    if item.may_decide {
        return screen.with(Block::Heading(say(PageText::Decide))).with(Block::Form(deciding(frame, shown, typed)));
    }
    if item.own && is_open(item) {
        let withdraw = form(frame, shown, &typed).hide("answer", "withdraw");
        let withdraw = withdraw.button(Button::step("check", say(PageText::Withdraw)));
        return screen
            .with(Block::Heading(say(PageText::YourRequest)))
            .with(Block::Lead(say(PageText::YourRequestText)))
            .with(Block::Form(withdraw));
    }
    screen
}

fn form(frame: &Frame, shown: &ApprovalShown, typed: &Typed) -> Form {
    let why = Field::new("why", FieldKind::Text, frame.say(PageText::Reason));
    Form::post(format!("/approvals/{}", shown.item.approval))
        .hide("fingerprint", &*shown.sha256)
        .field(why.hint(frame.say(PageText::ReasonHint)).value(&*typed.why).error(typed.no_reason.clone()))
}

fn deciding(frame: &Frame, shown: &ApprovalShown, typed: Typed) -> Form {
    let say = |text: PageText<'static>| frame.say(text);
    let option = |(value, text): (&str, PageText<'static>)| Choice { value: value.to_owned(), label: say(text) };
    let options = [("approve", PageText::Approve), ("send_back", PageText::SendBack), ("deny", PageText::Deny)];
    let answer = Field::new("answer", FieldKind::Text, say(PageText::YourDecision));
    let answer = answer.options(options.into_iter().map(option).collect());
    let answer = answer.value(&*typed.answer).error(typed.no_answer.clone());
    let mut form = form(frame, shown, &typed);
    form.fields.insert(0, answer);
    form.button(Button::step("check", say(PageText::Continue)))
}

/// The request of an address.
pub(crate) async fn one(SignedIn(visitor): SignedIn, Path(approval): Path<u64>) -> Response {
    match found(&visitor, approval).await {
        Ok(shown) => visitor.show(&screen(&visitor, &shown, Typed::default())),
        Err(response) => *response,
    }
}
