//! A decision, in two steps: the person looks at it once more, and it is carried out once. It names the version that was looked at by its
//! fingerprint; a request that was replaced meanwhile is shown anew.

use crate::approvals::{self, Typed};
use crate::fields::Fields;
use crate::handed::{NotDone, answered, form_key};
use crate::kept::EDIT;
use crate::posted::Posted;
use crate::screen::{Block, Button, Done, Fact, Field, FieldKind, Form, Link, Screen};
use crate::visitor::{Console, SignedIn, Visitor, see};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use kazasu_api::http::{Told, status_of};
use kazasu_services::approvals::{ApprovalShown, ApproveRequest, DenyRequest, SendBackRequest, WithdrawRequest};
use kazasu_services::people::StepUp;
use kazasu_services::{Operation, ServiceError};
use kazasu_text::console::PageText;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn routes() -> Router<Console> {
    Router::new()
        .route("/approvals/{approval}", get(approvals::one).post(decided))
        .route("/approvals/{approval}/done", get(done))
}

/// What a person decides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Approve,
    SendBack,
    Deny,
    Withdraw,
}

impl Answer {
    fn read(text: &str) -> Option<Answer> {
        match text {
            "approve" => Some(Answer::Approve),
            "send_back" => Some(Answer::SendBack),
            "deny" => Some(Answer::Deny),
            "withdraw" => Some(Answer::Withdraw),
            _ => None,
        }
    }

    fn text(self) -> PageText<'static> {
        match self {
            Answer::Approve => PageText::Approve,
            Answer::SendBack => PageText::SendBack,
            Answer::Deny => PageText::Deny,
            Answer::Withdraw => PageText::Withdraw,
        }
    }

    fn title(self) -> PageText<'static> {
        match self {
            Answer::Approve => PageText::CheckApprove,
            Answer::SendBack => PageText::CheckSendBack,
            Answer::Deny => PageText::CheckDeny,
            Answer::Withdraw => PageText::CheckWithdraw,
        }
    }
}

/// A decision as its form says it.
struct Asked<'a> {
    answer: Answer,
    why: &'a str,
    fields: &'a Fields,
}

async fn decided(Path(approval): Path<u64>, Posted { visitor, fields }: Posted) -> Response {
    let shown = match approvals::found(&visitor, approval).await {
        Ok(shown) => shown,
        Err(response) => return *response,
    };
    let (answer, why) = (Answer::read(fields.get("answer")), fields.get("why").trim());
    let step = fields.get("step");
    let missing =
        |is_missing: bool, text: PageText<'static>| (is_missing && step != EDIT).then(|| visitor.frame.say(text));
    let no_answer = missing(answer.is_none(), PageText::AnswerMissing);
    let no_reason = missing(why.is_empty(), PageText::ReasonMissing);
    let is_wrong = no_answer.is_some() || no_reason.is_some();
    let typed = Typed { answer: fields.get("answer").to_owned(), why: why.to_owned(), no_answer, no_reason };
    let Some(answer) = answer.filter(|_| !is_wrong && step != EDIT) else {
        let status = if is_wrong { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        return visitor.show(&approvals::screen(&visitor, &shown, typed).with_status(status));
    };
    // What was looked at is what is decided.
    if answer != Answer::Withdraw && fields.get("fingerprint") != shown.sha256 {
        return replaced(&visitor, &shown, typed);
    }
    let asked = Asked { answer, why, fields: &fields };
    if step != "do" {
        return visitor.show(&check(&visitor, &shown, (&asked, None), StatusCode::OK));
    }
    carried(&visitor, &shown, asked, typed).await
}

/// The request was changed after the person had looked at it.
fn replaced(visitor: &Visitor, shown: &ApprovalShown, typed: Typed) -> Response {
    let screen = approvals::screen(visitor, shown, typed);
    let mut screen = screen.with_status(StatusCode::PRECONDITION_FAILED);
    screen.blocks.insert(0, Block::Notice(visitor.frame.say(PageText::RequestReplaced)));
    visitor.show(&screen)
}

/// Whether the check asks for a second factor, and what is wrong with the one that was given.
type Factor = Option<Option<String>>;

/// The decision once more, before it is made.
fn check(
    visitor: &Visitor,
    shown: &ApprovalShown,
    (asked, factor): (&Asked<'_>, Factor),
    status: StatusCode,
) -> Screen {
    let frame = &visitor.frame;
    let say = |text: PageText<'static>| frame.say(text);
    let mut facts = vec![Fact::new(say(PageText::YourDecision), say(asked.answer.text()))];
    facts.push(Fact::new(say(PageText::ReasonOfDecision), asked.why));
    facts.extend(approvals::summary(frame, shown));
    let form = Form::post(format!("/approvals/{}", shown.item.approval))
        .hide("answer", asked.fields.get("answer"))
        .hide("why", asked.why)
        .hide("fingerprint", &*shown.sha256)
        .hide("key", form_key(asked.fields));
    let code = Field::new("code", FieldKind::OneTimeCode, say(PageText::OneTimeCode));
    let form = match factor {
        Some(error) => form.field(code.hint(say(PageText::FactorHint)).error(error)),
        None => form,
    };
    let form =
        form.button(Button::step("do", say(asked.answer.title()))).button(Button::step(EDIT, say(PageText::Change)));
    let screen = Screen::new(say(asked.answer.title())).with_status(status);
    let screen =
        if asked.answer == Answer::Approve { screen.with(Block::Lead(say(PageText::CheckText))) } else { screen };
    screen.with(Block::Facts(facts)).with(Block::Form(form))
}

async fn carried(visitor: &Visitor, shown: &ApprovalShown, asked: Asked<'_>, typed: Typed) -> Response {
    let approval = shown.item.approval;
    if let Some(code) = asked.fields.said("code") {
        let fingerprints = vec![shown.sha256.clone()];
        let step_up = StepUp { code: Some(code), fingerprints, oidc: None, passkey: None };
        if let Err(error) = visitor.call(step_up).await {
            let status = status_of(&error);
            if !status.is_client_error() {
                return visitor.problem(&error);
            }
            let told = Some(Some(error.in_language(visitor.frame.language)));
            return visitor.show(&check(visitor, shown, (&asked, told), status));
        }
    }
    // The second factor that was shown a moment ago is the session's: the person is looked up again.
    let person = match visitor.again().await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let (fingerprint, why, signature) = (shown.sha256.clone(), asked.why.to_owned(), None);
    let outcome = match asked.answer {
        Answer::Approve => once(&person, ApproveRequest { approval, fingerprint, why, signature }, asked.fields).await,
        Answer::SendBack => {
            once(&person, SendBackRequest { approval, fingerprint, why, signature }, asked.fields).await
        }
        Answer::Deny => once(&person, DenyRequest { approval, fingerprint, why, signature }, asked.fields).await,
        Answer::Withdraw => once(&person, WithdrawRequest { approval, why }, asked.fields).await,
    };
    match outcome {
        Ok(()) => see(&format!("/approvals/{approval}/done")),
        Err(NotDone::Refused(error)) => match &*error {
            ServiceError::FactorNeeded => {
                let mut response = visitor.show(&check(visitor, shown, (&asked, Some(None)), StatusCode::FORBIDDEN));
                response.extensions_mut().insert(Told);
                response
            }
            ServiceError::Replaced(_) => match approvals::found(visitor, approval).await {
                Ok(now) => replaced(visitor, &now, typed),
                Err(response) => *response,
            },
            error if status_of(error).is_client_error() => refused(visitor, shown, (typed, error)),
            error => visitor.problem(error),
        },
        Err(NotDone::Other(response)) => *response,
    }
}

/// The request, with the reason why the decision was refused.
fn refused(visitor: &Visitor, shown: &ApprovalShown, (typed, error): (Typed, &ServiceError)) -> Response {
    let mut screen = approvals::screen(visitor, shown, typed).with_status(status_of(error));
    screen.blocks.insert(0, Block::Notice(error.in_language(visitor.frame.language)));
    let mut response = visitor.show(&screen);
    response.extensions_mut().insert(Told);
    response
}

async fn once<O>(visitor: &Visitor, operation: O, fields: &Fields) -> Result<(), NotDone>
where
    O: Operation<Answer: Serialize + DeserializeOwned> + 'static,
{
    answered(visitor, operation, fields).await.map(drop)
}

/// What came of it, with its number.
async fn done(SignedIn(visitor): SignedIn, Path(approval): Path<u64>) -> Response {
    let shown = match approvals::found(&visitor, approval).await {
        Ok(shown) => shown,
        Err(response) => return *response,
    };
    let frame = &visitor.frame;
    let say = |text: PageText<'static>| frame.say(text);
    let title = say(PageText::DecisionDone);
    let done = Done {
        title: approvals::standing(frame, &shown.item),
        label: say(PageText::RequestNumber),
        reference: approval.to_string(),
    };
    let links = vec![
        Link::new(format!("/approvals/{approval}"), say(PageText::ToRequest)),
        Link::new("/", say(PageText::ToHome)),
    ];
    let screen = Screen::new(title).with(Block::Done(done)).with(Block::Facts(approvals::summary(frame, &shown)));
    visitor.show(&screen.with(Block::Links(links)))
}
