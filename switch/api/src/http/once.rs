//! A request that moves money or asks for a decision is carried out once, however often it is sent: its caller names it with
//! `Idempotency-Key`, and a caller that sends the same request again gets the answer that was given.
//!
//! The row of a key stands beside the journal, where every node of the store sees it, for 30 days. It is written before the request
//! is carried out. A request that was refused changed nothing, and frees its key; so does one that the ledger could not take. When the
//! program stops in the middle, the key says that the outcome is unknown, and the request is never carried out a second time under it.

use super::answers::{refused, unasked};
use super::onces::{Keep, Kept, ROWS, Row};
use super::state::Api;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kazasu_engine::CommandError;
use kazasu_engine::tasks::{Kind, broke_off, unwound};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::portal::request_digest;
use kazasu_services::access::{Audience, Kind as Asks, Name};
use kazasu_services::{ServiceError, Subject, Who};
use kazasu_store::StoreError;
use kazasu_store::side::SideRow;
use kazasu_text::requests::EdgeText;
use std::future::Future;

/// Names a request.
pub(super) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in characters.
const MOST: usize = 128;
/// The time for which a key holds.
const HOLDS_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// The moment until which a key that comes now holds.
fn holds(now: Millis) -> Millis {
    Millis(now.0.saturating_add(HOLDS_MS))
}

/// A request as it came.
pub(super) struct Request<'a> {
    pub(super) name: Name,
    /// What the security log says of it.
    pub(super) subject: Subject,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// Whether a request is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// Its key is not looked at.
    Never,
    /// It may be: carried out twice, it changes nothing more.
    May,
    /// It must be.
    Must,
}

/// Whether requests of an operation are named.
#[must_use]
pub(crate) fn need(name: Name, method: &Method) -> Need {
    let row = name.row();
    match row.audience {
        _ if row.kind == Asks::Question => Need::Never,
        // A file of applications goes on where it stood, the lead is with one node however often it is asked, and a bank's file, with
        // accounts in full, is made once: asking again gives the same bytes.
        _ if matches!(
            name,
            Name::RevealPayee
                | Name::HandOver
                | Name::ImportApplications
                | Name::MakePayoutFiles
                | Name::MakeTransferFiles
        ) =>
        {
            Need::Never
        }
        // Signing in, and what people do with their own sessions and keys.
        Audience::Anyone => Need::Never,
        Audience::SignedIn if name != Name::DecideMany => Need::Never,
        _ if method == Method::POST => Need::Must,
        _ => Need::May,
    }
}

/// What is kept of an operation that was carried out. An answer that holds a secret is shown once.
fn keep(name: Name) -> Keep {
    let is_secret = matches!(
        name,
        Name::InvitePerson | Name::RequestReinvite | Name::RequestKey | Name::RegisterWebhook | Name::RotateWebhook
    );
    if is_secret { Keep::Outcome } else { Keep::Answer }
}

/// Carries a request out, unless its key says that it was carried out before.
pub(super) async fn once<F>(api: &Api, (who, request): (&Who, Request<'_>), work: F) -> Response
where
    F: Future<Output = Response> + Send + 'static,
{
    let needed = need(request.name, request.method);
    // A portal's statement is good for one request.
    if who.is_portal() || needed == Need::Never {
        return work.await;
    }
    // Only the node that leads carries anything out. A node that takes the lead in this moment does nothing without the key's row.
    if api.services.leads().is_none() {
        let leader = api.engine.health().leader().http;
        return unasked(ServiceError::Command(CommandError::NotLeader(leader)));
    }
    let key = match (request.headers.get(KEY), needed) {
        (_, Need::Never) | (None, Need::May) => return work.await,
        (None, Need::Must) => {
            return problem(StatusCode::BAD_REQUEST, "idempotency_key_missing", &EdgeText::KeyMissing);
        }
        (Some(value), Need::May | Need::Must) => match read(value) {
            Some(key) => key,
            None => return problem(StatusCode::BAD_REQUEST, "idempotency_key_invalid", &EdgeText::KeyInvalid),
        },
    };
    let target = request.uri.path_and_query().map_or_else(|| request.uri.path(), |target| target.as_str());
    let tag = request.headers.get(header::IF_MATCH).map_or(&[][..], |tag| tag.as_bytes());
    let whole = [request.body, &[0], tag].concat();
    let digest = hex::encode(request_digest(request.method.as_str(), target, &whole));
    let id = [who.name.as_bytes(), &[0], key.as_bytes()].concat();
    named_once(api, (who, Named { id, digest, name: request.name, subject: request.subject }), work).await
}

/// A request with its name.
pub(super) struct Named {
    /// Its caller and its key.
    pub(super) id: Vec<u8>,
    /// What it asks for, hexadecimal.
    pub(super) digest: String,
    /// Its operation, and what it is about: for the line of an answer that is given again.
    pub(super) name: Name,
    pub(super) subject: Subject,
}

/// Carries a named request out, unless it was carried out before.
pub(super) async fn named_once<F>(api: &Api, (who, named): (&Who, Named), work: F) -> Response
where
    F: Future<Output = Response> + Send + 'static,
{
    let Named { id, digest, name, subject } = named;
    let keep = keep(name);
    let row = Row { request: digest, run: api.onces.run.to_string(), answer: None };
    let Some(under_way) = api.onces.taken(&id) else { return of_another(api, &id, &row).await };
    match begun(api, &id, &row).await {
        Ok(None) => {}
        Ok(Some(answer)) if answer.headers().contains_key(&REPLAYED) => {
            let line = api.services.replayed(subject, (name, who)).await;
            return line.map_or_else(refused, |()| answer);
        }
        Ok(Some(answer)) => return answer,
        Err(error) => {
            tracing::warn!("the key of a request cannot be kept: {error}");
            return problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &EdgeText::KeyUnkept);
        }
    }
    // To its end, also for a caller that goes away in the middle.
    let onces = api.onces.clone();
    let until = holds(api.engine.now());
    let done = tokio::spawn(async move {
        let _under_way = under_way;
        match unwound(work).await {
            Ok(response) => onces.ended((id, row, until), response, keep).await,
            Err(why) => {
                broke_off(Kind::HttpConnection, &why);
                onces.doubted((id, row, until)).await;
                super::answers::broken()
            }
        }
    });
    done.await.unwrap_or_else(|_| super::answers::broken())
}

/// Writes the row of a new key; or gives the answer to a request whose key is there.
async fn begun(api: &Api, id: &[u8], row: &Row) -> Result<Option<Response>, StoreError> {
    let now = api.engine.now();
    let until = holds(now);
    let there = api.onces.rows.get(ROWS, id.to_vec()).await?;
    let version = match &there {
        Some(there) if there.until > now => return Ok(Some(standing(row, &there.value))),
        // It holds no more.
        Some(over) => over.version,
        None => 0,
    };
    let value = serde_json::to_vec(row).map_err(|error| StoreError::new(error.to_string()))?;
    let new = SideRow { kind: ROWS, key: id.to_vec(), value, version, until };
    let is_first = match api.onces.rows.put(new).await {
        Ok(is_first) => is_first,
        // It may be there all the same: then it is this request's, as there was none a moment ago and this run makes one at a time.
        Err(error) => match api.onces.rows.get(ROWS, id.to_vec()).await? {
            Some(there) if is_own(row, &there.value) => true,
            Some(_) | None => return Err(error),
        },
    };
    Ok((!is_first).then(|| problem(StatusCode::CONFLICT, "idempotency_under_way", &EdgeText::KeyUnderWay)))
}

/// Is it the row of this request, in this run, and not answered?
fn is_own(row: &Row, value: &[u8]) -> bool {
    let there = serde_json::from_slice::<Row>(value);
    there.is_ok_and(|there| there.run == row.run && there.request == row.request && there.answer.is_none())
}

/// The answer while this run carries out a request with the same key.
async fn of_another(api: &Api, id: &[u8], row: &Row) -> Response {
    let there = api.onces.rows.get(ROWS, id.to_vec()).await.ok().flatten();
    let there = there.and_then(|there| serde_json::from_slice::<Row>(&there.value).ok());
    match there {
        Some(there) if there.request != row.request => {
            problem(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", &EdgeText::KeyReused)
        }
        Some(_) | None => problem(StatusCode::CONFLICT, "idempotency_under_way", &EdgeText::KeyUnderWay),
    }
}

/// The answer to a request whose key is there, and which nothing here carries out: without an answer, what came of it is not known.
fn standing(row: &Row, value: &[u8]) -> Response {
    let Ok(there) = serde_json::from_slice::<Row>(value) else {
        return problem(StatusCode::CONFLICT, "idempotency_outcome_unknown", &EdgeText::OutcomeUnknown);
    };
    if there.request != row.request {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", &EdgeText::KeyReused);
    }
    match there.answer {
        None => problem(StatusCode::CONFLICT, "idempotency_outcome_unknown", &EdgeText::OutcomeUnknown),
        Some(Kept { body: None, .. }) => problem(StatusCode::CONFLICT, "answer_not_kept", &EdgeText::AnswerNotKept),
        Some(Kept { status, body: Some(body) }) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            let headers = [(header::CONTENT_TYPE, "application/json"), (REPLAYED, "true")];
            (status, headers, body).into_response()
        }
    }
}

/// A key: visible ASCII, in quotes or not.
fn read(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let fits = (1..=MOST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    (fits && !kazasu_schemas::text::names_a_card(text)).then(|| text.to_owned())
}

fn problem(status: StatusCode, code: &str, text: &EdgeText<'_>) -> Response {
    super::worded::worded(status, Some(code), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_moves_money_or_asks_for_a_decision_is_named() {
        use Name::{ApproveRequest, CreditPurse, ListDays, RefundPayment, SetLimits, SignInPerson, SignOut};
        let post = [ApproveRequest, CreditPurse, RefundPayment, Name::DecideMany].map(|name| need(name, &Method::POST));
        assert_eq!(post, [Need::Must; 4]);
        assert_eq!(need(SetLimits, &Method::PUT), Need::May);
        assert_eq!([SignInPerson, SignOut].map(|name| need(name, &Method::POST)), [Need::Never; 2]);
        assert_eq!(need(ListDays, &Method::GET), Need::Never);
    }

    #[test]
    fn a_key_is_visible_ascii_and_no_card_number() {
        for (text, key) in [
            ("a", Some("a")),
            ("\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", Some("8e03978e-40d5-43dd-bc93-6894a57f9324")),
            ("", None),
            ("two words", None),
            ("4111111111111111", None),
        ] {
            assert_eq!(read(&HeaderValue::from_str(text).unwrap()).as_deref(), key, "{text}");
        }
        assert_eq!(read(&HeaderValue::from_str(&"k".repeat(129)).unwrap()), None);
        assert_eq!(read(&HeaderValue::from_bytes("鍵".as_bytes()).unwrap()), None);
    }

    #[tokio::test]
    async fn a_request_whose_answer_was_never_kept_is_unknown_in_every_run() {
        let row = |run: &str| Row { request: "ab".to_owned(), run: run.to_owned(), answer: None };
        for run in ["here", "", "another"] {
            let told = standing(&row("here"), &serde_json::to_vec(&row(run)).unwrap());
            let body = axum::body::to_bytes(told.into_body(), 10_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["code"], "idempotency_outcome_unknown", "{run}");
        }
        let own = serde_json::to_vec(&row("here")).unwrap();
        assert!(is_own(&row("here"), &own) && !is_own(&row("another"), &own));
    }
}
