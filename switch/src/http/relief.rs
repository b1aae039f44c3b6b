//! Relief over HTTP.

use super::Api;
use super::answers::{BROKEN, answer, asked, has_panicked, read, report_as};
use super::callers::authorized;
use super::closing::{ReadStatement, StatementFile, read_statement};
use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_engine::tasks::{Kind, broke_off, unwound};
use kazasu_schemas::relief::Format;
use kazasu_services::admin::AskError;
use kazasu_services::relief::{ReliefAsk, Source};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route("/v1/relief/ask", post(ask))
        .route("/v1/relief/programmes", get(programmes))
        .route("/v1/relief/programmes/{number}", get(programme))
        .route("/v1/relief/programmes/{number}/batches", post(import))
        .route("/v1/relief/programmes/{number}/report", get(report))
        .route("/v1/relief/batches/{number}/transfer", post(transfer))
        .route("/v1/relief/statement", post(statement))
        .route("/v1/relief/proposals", get(proposals))
        .route("/v1/relief/batches/{number}", get(batch))
        .route("/v1/relief/batches/{number}/progress", get(progress))
        .route("/v1/relief/batches/{number}/rows", get(rows))
}

async fn ask(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
    };
    match read::<ReliefAsk>(&body) {
        Ok(ask) => answer(api.desk.relief(ask, &by).await),
        Err(refusal) => *refusal,
    }
}

/// What was found, or that there is nothing.
fn found(result: Result<Option<Value>, AskError>, what: &str) -> Response {
    match result {
        Ok(Some(value)) => Json(value).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, Json(json!({ "error": format!("{what} is not known") }))).into_response(),
        Err(error) => answer(Err(error)),
    }
}

async fn programmes(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => answer(api.desk.relief_programmes().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn programme(State(api): State<Api>, Path(number): Path<u16>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => found(api.desk.relief_programme(number).await, &format!("relief programme {number}")),
        Err(refusal) => refusal.into_response(),
    }
}

async fn proposals(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(caller) => answer(api.desk.relief_proposals(&caller.name).await),
        Err(refusal) => refusal.into_response(),
    }
}

/// Who may look at a city's rows: its own people, and whoever runs the switch.
async fn reader(api: &Api, headers: &HeaderMap, batch: Option<u32>, programme: Option<u16>) -> Result<(), Response> {
    let caller = authorized(api, headers).map_err(IntoResponse::into_response)?;
    if caller.name == "operator" {
        return Ok(());
    }
    let city = api.desk.ask(move |state| match (batch, programme) {
        (Some(batch), _) => state.relief_city(batch),
        (None, Some(programme)) => state.relief_programme_city(programme),
        (None, None) => None,
    });
    let city = city.await.map_err(|error| answer(Err(error)))?;
    let may = |city: &String| api.desk.cities.iter().any(|c| c.code == *city && c.role(&caller.name).is_some());
    match city {
        Some(city) if !may(&city) => {
            let text = format!("{} has no role in city {city}", caller.name);
            Err(answer(Err(AskError::Forbidden(text))))
        }
        Some(_) | None => Ok(()),
    }
}

async fn progress(State(api): State<Api>, Path(number): Path<u32>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => found(api.desk.relief_progress(number).await, &format!("batch {number}")),
        Err(refusal) => refusal.into_response(),
    }
}

async fn batch(State(api): State<Api>, Path(number): Path<u32>, headers: HeaderMap) -> Response {
    match reader(&api, &headers, Some(number), None).await {
        Ok(()) => found(api.desk.relief_batch(number).await, &format!("batch {number}")),
        Err(refusal) => refusal,
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    only: Option<String>,
    #[serde(default)]
    from: u32,
}

async fn rows(
    State(api): State<Api>,
    Path(number): Path<u32>,
    which: Result<Query<Which>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = reader(&api, &headers, Some(number), None).await {
        return refusal;
    }
    let which = match asked(which) {
        Ok(which) => which,
        Err(refusal) => return *refusal,
    };
    found(api.desk.relief_rows(number, which.only, which.from).await, &format!("batch {number}"))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: Option<String>,
}

/// The file that orders a batch's transfers. It is made once; asking again gives the same bytes.
async fn transfer(
    State(api): State<Api>,
    Path(number): Path<u32>,
    form: Result<Query<Form>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
    };
    let form = match asked(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    let format = match form.format.as_deref() {
        None | Some("zengin") => Format::Zengin,
        Some("pain001") => Format::Pain001,
        Some(other) => {
            let error = kazasu_services::admin::value("format", format!("must be zengin or pain001, got {other:?}"));
            return answer(Err(error));
        }
    };
    answer(api.desk.relief_files(number, format, &by).await.map(|files| kazasu_services::relief::files_json(&files)))
}

async fn statement(
    State(api): State<Api>,
    how: Result<Query<ReadStatement>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
    };
    read_statement(&api, how, StatementFile { reader: kazasu_services::statement::Reader::Relief, by, body }).await
}

/// The final report: JSON, or a file with `format=xlsx` or `format=csv`.
async fn report(
    State(api): State<Api>,
    Path(number): Path<u16>,
    form: Result<Query<Form>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    if let Err(refusal) = reader(&api, &headers, None, Some(number)).await {
        return refusal;
    }
    let form = match asked(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    let found_view = api.desk.ask(move |state| state.relief_programme(number).map(|v| (v, state.holder_roots())));
    let (view, roots) = match found_view.await {
        Ok(Some(found)) => found,
        Ok(None) => return found(Ok(None), &format!("relief programme {number}")),
        Err(error) => return answer(Err(error)),
    };
    let city = api.desk.cities.iter().find(|c| c.code == view.terms.city).map(|c| c.name.clone()).unwrap_or_default();
    let made = async {
        let usage = kazasu_services::relief::usage(api.store.as_ref(), number, &roots).await?;
        anyhow::Ok(kazasu_services::relief::final_report(&view, &city, &usage, kazasu_engine::clock::now())?)
    };
    match made.await {
        Ok(report) => report_as(&report, form.format.as_deref(), &format!("relief-{number}")),
        Err(error) => answer(Err(AskError::Other(error))),
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
    why: String,
    sheet: Option<String>,
}

/// The file is the body. The answer comes as lines of JSON: `{"read":…,"of":…}` while it is read, at last the result or an error.
/// With `Accept: text/csv`, the refused rows as a file instead.
// Five parameters: axum gives a handler each part of the request as a parameter of its own.
async fn import(
    State(api): State<Api>,
    Path(programme): Path<u16>,
    named: Result<Query<Named>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
    };
    let named = match asked(named) {
        Ok(named) => named,
        Err(refusal) => return *refusal,
    };
    static IMPORTS: Semaphore = Semaphore::const_new(2);
    let Ok(permit) = IMPORTS.try_acquire() else {
        let text = "two files are being read in already; try again when they are done";
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": text }))).into_response();
    };
    let Named { name, why, sheet } = named;
    let source = Source { programme, name, bytes: Arc::new(body.to_vec()), sheet, by, why };
    if headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/csv")) {
        return match api.desk.import_relief(source, &|_, _| {}).await {
            Ok(imported) => bad_rows_file(&imported),
            Err(error) => answer(Err(error)),
        };
    }
    let (lines, out) = mpsc::channel::<Result<Bytes, std::io::Error>>(64);
    tokio::spawn(async move {
        let _permit = permit;
        let progress = |read: u64, of: u64| {
            // A reader that is slow misses some.
            let _ = lines.try_send(Ok(line(&json!({ "read": read, "of": of }))));
        };
        let last = match unwound(api.desk.import_relief(source, &progress)).await {
            Ok(Ok(imported)) => json!({ "imported": imported }),
            Ok(Err(AskError::Other(error))) if has_panicked(&error) => json!({ "error": BROKEN }),
            Ok(Err(error)) => json!({ "error": error.to_string() }),
            Err(why) => {
                broke_off(Kind::HttpConnection, &why);
                json!({ "error": BROKEN })
            }
        };
        let _ = lines.send(Ok(line(&last))).await;
    });
    let stream = futures_util::stream::unfold(out, |mut out| async move { out.recv().await.map(|line| (line, out)) });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(stream)).into_response()
}

fn line(value: &Value) -> Bytes {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line.into()
}

fn bad_rows_file(imported: &kazasu_services::relief::Imported) -> Response {
    match kazasu_services::import::bad_rows_csv(&imported.header, &imported.bad_rows) {
        Ok(bytes) => {
            let name = format!("attachment; filename=\"batch-{}-refused.csv\"", imported.batch);
            let headers =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
            (headers, bytes).into_response()
        }
        Err(error) => answer(Err(AskError::Other(error))),
    }
}
