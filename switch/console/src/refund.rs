//! A refund of a payment: the amount with what is left, a look at it, and the request's number. Another person of finance decides it.

use crate::fields::Fields;
use crate::handed::{NotDone, answered, form_key};
use crate::kept::EDIT;
use crate::posted::Posted;
use crate::problem;
use crate::screen::{Block, Button, Done, Fact, Field, FieldKind, Form, Link, Screen};
use crate::transactions;
use crate::visitor::{Console, SignedIn, Visitor, see};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use kazasu_api::http::{Told, status_of};
use kazasu_schemas::money::Yen;
use kazasu_schemas::typed;
use kazasu_services::access::{Access, Name, Scope, may};
use kazasu_services::approvals::ApprovalContent;
use kazasu_services::corrections::RefundPayment;
use kazasu_services::transactions::TransactionView;
use kazasu_text::console::PageText;
use kazasu_text::errors;

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/transactions/{record}/refund", get(asked).post(handed_in))
        .route("/transactions/{record}/refund/{approval}", get(done))
}

/// What was typed, and what is wrong.
#[derive(Default)]
struct Typed {
    amount: String,
    why: String,
    wrong_amount: Option<String>,
    wrong_why: Option<String>,
}

/// The payment, for a person who may ask for refunds.
async fn payment(visitor: &Visitor, record: u64) -> Result<TransactionView, Box<Response>> {
    if let Access::No(why) = may(Name::RefundPayment, &visitor.who, &Scope::Everywhere) {
        let page = problem::page(&visitor.frame, StatusCode::FORBIDDEN, Some(visitor.frame.tell(&why)));
        return Err(Box::new(page));
    }
    let story = transactions::story(visitor, record).await?;
    let found = story.into_iter().find(|one| one.record == record);
    found.ok_or_else(|| Box::new(problem::page(&visitor.frame, StatusCode::NOT_FOUND, None)))
}

async fn asked(SignedIn(visitor): SignedIn, Path(record): Path<u64>) -> Response {
    match payment(&visitor, record).await {
        Ok(one) => visitor.show(&screen(&visitor, &one, Typed::default())),
        Err(response) => *response,
    }
}

fn screen(visitor: &Visitor, one: &TransactionView, typed: Typed) -> Screen {
    let frame = &visitor.frame;
    let say = |text: PageText<'static>| frame.say(text);
    let screen = Screen::new(say(PageText::RefundTitle)).with(Block::Facts(transactions::facts(frame, one)));
    if one.left_yen <= 0 {
        return screen.with(Block::Notice(say(PageText::NothingLeft)));
    }
    let left = frame.say(PageText::RefundHint { left: Yen::new(one.left_yen) });
    let amount = Field::new("amount", FieldKind::Number, say(PageText::RefundAmount)).hint(left);
    let why = Field::new("why", FieldKind::Text, say(PageText::Reason)).hint(say(PageText::ReasonHint));
    let form = Form::post(format!("/transactions/{}/refund", one.record))
        .field(amount.value(typed.amount).error(typed.wrong_amount))
        .field(why.value(typed.why).error(typed.wrong_why))
        .button(Button::step("check", say(PageText::Continue)));
    screen.with(Block::Lead(say(PageText::RefundText))).with(Block::Form(form))
}

/// The amount of a form: read exactly, and not more than is left.
fn amount(visitor: &Visitor, one: &TransactionView, text: &str) -> Result<Yen, String> {
    let frame = &visitor.frame;
    if text.trim().is_empty() {
        return Err(frame.say(PageText::AmountMissing));
    }
    let told =
        |error: typed::AmountError| errors::of(&error).map_or_else(|| error.to_string(), |text| frame.tell(&text));
    let yen = typed::yen(text).map_err(told)?;
    let left = Yen::new(one.left_yen);
    if yen.is_positive() && yen <= left { Ok(yen) } else { Err(frame.say(PageText::AmountNotLeft { left })) }
}

async fn handed_in(Path(record): Path<u64>, Posted { visitor, fields }: Posted) -> Response {
    let one = match payment(&visitor, record).await {
        Ok(one) => one,
        Err(response) => return *response,
    };
    let mut typed =
        Typed { amount: fields.get("amount").to_owned(), why: fields.get("why").trim().to_owned(), ..Typed::default() };
    if fields.get("step") == EDIT {
        return visitor.show(&screen(&visitor, &one, typed));
    }
    // A repeated press comes when less is left already: the key of the form says that it is the same refund.
    let is_carried = fields.get("step") == "do";
    let yen = match (amount(&visitor, &one, &typed.amount), typed::yen(&typed.amount)) {
        (Ok(yen), _) => Some(yen),
        (Err(_), Ok(yen)) if is_carried => Some(yen),
        (Err(wrong), _) => {
            typed.wrong_amount = Some(wrong);
            None
        }
    };
    typed.wrong_why = typed.why.is_empty().then(|| visitor.frame.say(PageText::ReasonMissing));
    let Some(yen) = yen.filter(|_| typed.wrong_why.is_none()) else {
        return visitor.show(&screen(&visitor, &one, typed).with_status(StatusCode::BAD_REQUEST));
    };
    if !is_carried {
        return visitor.show(&check(&visitor, &one, (yen, &typed), &fields));
    }
    let ask = RefundPayment { payment: record, amount: Some(yen.get()), why: typed.why.clone() };
    match answered(&visitor, ask, &fields).await {
        Ok(asked) => match asked.requested.proposal {
            Some(approval) => see(&format!("/transactions/{record}/refund/{approval}")),
            None => see(&format!("/transactions/{record}")),
        },
        Err(NotDone::Other(response)) => *response,
        Err(NotDone::Refused(error)) if status_of(&error).is_client_error() => {
            let status = status_of(&error);
            typed.wrong_amount = Some(error.in_language(visitor.frame.language));
            let mut response = visitor.show(&screen(&visitor, &one, typed).with_status(status));
            response.extensions_mut().insert(Told);
            response
        }
        Err(NotDone::Refused(error)) => visitor.problem(&error),
    }
}

/// The refund once more, before it is asked for.
fn check(visitor: &Visitor, one: &TransactionView, (yen, typed): (Yen, &Typed), fields: &Fields) -> Screen {
    let frame = &visitor.frame;
    let say = |text: PageText<'static>| frame.say(text);
    let after = Yen::new(one.left_yen).checked_sub(yen).unwrap_or(Yen::ZERO);
    let mut facts = vec![
        Fact::new(say(PageText::RefundAmount), yen.to_string()),
        Fact::new(say(PageText::LeftAfterRefund), after.to_string()),
        Fact::new(say(PageText::Reason), &*typed.why),
    ];
    facts.extend(transactions::facts(frame, one));
    let form = Form::post(format!("/transactions/{}/refund", one.record))
        .hide("amount", &*typed.amount)
        .hide("why", &*typed.why)
        .hide("key", form_key(fields))
        .button(Button::step("do", say(PageText::AskRefund)))
        .button(Button::step(EDIT, say(PageText::Change)));
    Screen::new(say(PageText::CheckRefund))
        .with(Block::Lead(say(PageText::CheckRefundText)))
        .with(Block::Facts(facts))
        .with(Block::Form(form))
}

/// The number of the request, and what happens now.
async fn done(SignedIn(visitor): SignedIn, Path((record, approval)): Path<(u64, u64)>) -> Response {
    let shown = match crate::approvals::found(&visitor, approval).await {
        Ok(shown) => shown,
        Err(response) => return *response,
    };
    let is_of_it = matches!(&shown.content, ApprovalContent::Correction { payment, .. } if *payment == record);
    if !is_of_it {
        return problem::page(&visitor.frame, StatusCode::NOT_FOUND, None);
    }
    let frame = &visitor.frame;
    let say = |text: PageText<'static>| frame.say(text);
    let done = Done {
        title: say(PageText::RefundAsked),
        label: say(PageText::RequestNumber),
        reference: approval.to_string(),
    };
    let links = vec![
        Link::new(format!("/transactions/{record}"), say(PageText::ToPayment)),
        Link::new(format!("/approvals/{approval}"), say(PageText::ToRequest)),
        Link::new("/", say(PageText::ToHome)),
    ];
    let screen = Screen::new(say(PageText::RefundTitle))
        .with(Block::Done(done))
        .with(Block::Lead(say(PageText::RefundAskedText)))
        .with(Block::Facts(crate::approvals::summary(frame, &shown)))
        .with(Block::Links(links));
    visitor.show(&screen)
}
