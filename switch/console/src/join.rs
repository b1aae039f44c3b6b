//! An invited person joins: the invitation, then a password and the codes of an app, then the recovery codes, which are shown once.

use crate::posted::Filled;
use crate::screen::{Block, Button, Fact, Field, FieldKind, Form, Link, Screen};
use crate::visitor::{Console, Visitor};
use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use kazasu_api::http::{Told, status_of};
use kazasu_engine::clock;
use kazasu_services::people::{Join, OneTimeFields};
use kazasu_sign_in::OneTime;
use kazasu_text::console::PageText;

pub(crate) fn routes() -> Router<Console> {
    Router::new().route("/join", get(asked).post(joining))
}

/// The invitation is typed or pasted: an address is remembered by browsers and logs, and it is a secret.
async fn asked(visitor: Visitor) -> Response {
    visitor.show(&invitation(&visitor, "", None))
}

fn invitation(visitor: &Visitor, given: &str, error: Option<String>) -> Screen {
    let say = |text: PageText<'static>| visitor.frame.say(text);
    let field = Field::new("invitation", FieldKind::Text, say(PageText::Invitation));
    let form = Form::post("/join")
        .field(field.hint(say(PageText::InvitationHint)).value(given).error(error))
        .button(Button::step("choose", say(PageText::Continue)));
    Screen::new(say(PageText::JoinTitle)).with(Block::Lead(say(PageText::JoinText))).with(Block::Form(form))
}

/// Password and app. The app's secret is drawn here, and kept nowhere until the person has shown a code of it.
fn choosing(visitor: &Visitor, (given, secret): (&str, &str), error: Option<String>) -> Screen {
    let say = |text: PageText<'static>| visitor.frame.say(text);
    let groups: Vec<String> =
        secret.as_bytes().chunks(4).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    let password = Field::new("password", FieldKind::NewPassword, say(PageText::NewPassword));
    let code = Field::new("code", FieldKind::OneTimeCode, say(PageText::CodeOfApp));
    let form = Form::post("/join")
        .hide("invitation", given)
        .hide("secret", secret)
        .field(password.hint(say(PageText::NewPasswordHint)).error(error))
        .field(code.hint(say(PageText::CodeOfAppHint)))
        .button(Button::step("join", say(PageText::JoinNow)));
    let key = Fact::new(say(PageText::AppKey), groups.join(" "));
    Screen::new(say(PageText::ChooseTitle))
        .with(Block::Lead(say(PageText::ChooseText)))
        .with(Block::Facts(vec![key]))
        .with(Block::Form(form))
}

async fn joining(Filled { visitor, fields }: Filled) -> Response {
    let given = fields.said("invitation").unwrap_or_default();
    if given.is_empty() {
        let screen = invitation(&visitor, "", Some(visitor.frame.say(PageText::InvitationMissing)));
        return visitor.show(&screen.with_status(StatusCode::BAD_REQUEST));
    }
    let secret = match OneTime::read(fields.get("secret")) {
        Some(secret) if fields.get("step") == "join" => secret,
        Some(_) | None => {
            let Some(random) = clock::random_bytes(20).ok().and_then(|bytes| bytes.try_into().ok()) else {
                return crate::problem::page(&visitor.frame, StatusCode::SERVICE_UNAVAILABLE, None);
            };
            return visitor.show(&choosing(&visitor, (&given, OneTime::new(random).text().as_str()), None));
        }
    };
    let code = fields.said("code").unwrap_or_default();
    let one_time = Some(OneTimeFields { secret: secret.text().to_string(), code });
    let password = Some(fields.get("password").to_owned());
    let ask = Join { invitation: given.clone(), password, one_time, passkey: None, oidc: None };
    match visitor.call(ask).await {
        Ok(joined) => visitor.show(&recovery(&visitor, &joined.name, joined.recovery_codes)),
        Err(error) if status_of(&error).is_client_error() => {
            let screen =
                choosing(&visitor, (&given, secret.text().as_str()), Some(error.in_language(visitor.frame.language)));
            let mut response = visitor.show(&screen.with_status(status_of(&error)));
            response.extensions_mut().insert(Told);
            response
        }
        Err(error) => visitor.problem(&error),
    }
}

fn recovery(visitor: &Visitor, name: &str, codes: Vec<String>) -> Screen {
    let say = |text: PageText<'static>| visitor.frame.say(text);
    let own = Fact::new(say(PageText::PersonName), name);
    let to = Link::new("/sign-in", say(PageText::ToSignIn));
    Screen::new(say(PageText::JoinedTitle))
        .with(Block::Facts(vec![own]))
        .with(Block::Heading(say(PageText::RecoveryCodes)))
        .with(Block::Lead(say(PageText::RecoveryCodesText)))
        .with(Block::Code(codes))
        .with(Block::Links(vec![to]))
}
