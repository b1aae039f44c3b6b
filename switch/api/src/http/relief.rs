//! Relief over HTTP.

use super::answers::{BROKEN, answer, has_panicked, in_address, refused, report_as};
use super::bank::{OfBank, statement};
use super::callers::Asker;
use super::operations::{at, door, question};
use super::state::Api;
use crate::addresses::{RELIEF_STATEMENT, address};
use axum::Json;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_engine::tasks::{Kind, broke_off, unwound};
use kazasu_services::ServiceError;
use kazasu_services::access::Service;
use kazasu_services::relief::{
    ImportApplications, Imported, ListProgrammes, ListRows, MakeTransferFiles, Progress, ReliefReport, ShowBatch,
    ShowProgramme, ShowProgress,
};
use kazasu_services::statement::ReadReliefStatement;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(address(Service::Relief), post(|api, who, body| door(api, who, body, Service::Relief)))
        .route("/v1/relief/programmes", get(question::<ListProgrammes>))
        .route("/v1/relief/programmes/{programme}", get(at::<ShowProgramme>))
        .route("/v1/relief/programmes/{programme}/batches", post(import))
        .route("/v1/relief/programmes/{programme}/report", get(report))
        .route("/v1/relief/batches/{batch}/transfer", post(transfer))
        .route(RELIEF_STATEMENT, post(|api, who, how, body| statement(api, who, (how, body), ReadReliefStatement)))
        .route("/v1/relief/batches/{batch}", get(at::<ShowBatch>))
        .route("/v1/relief/batches/{batch}/progress", get(at::<ShowProgress>))
        .route("/v1/relief/batches/{batch}/rows", get(rows))
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
    Asker(who): Asker,
    Path(batch): Path<u32>,
    which: Result<Query<Which>, QueryRejection>,
) -> Response {
    match in_address(which) {
        Ok(Query(Which { only, from })) => answer(api.services.call(ListRows { batch, only, from }, &who).await),
        Err(refusal) => *refusal,
    }
}

/// The file that orders a batch's transfers. It is made once; asking again gives the same bytes.
async fn transfer(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(batch): Path<u32>,
    form: Result<Query<OfBank>, QueryRejection>,
) -> Response {
    match in_address(form) {
        Ok(Query(OfBank { format, why })) => {
            answer(api.services.call(MakeTransferFiles { batch, format, why }, &who).await)
        }
        Err(refusal) => *refusal,
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: Option<String>,
    why: Option<String>,
}

/// The final report: JSON, or a file with `format=xlsx` or `format=csv`.
async fn report(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(programme): Path<u16>,
    form: Result<Query<Form>, QueryRejection>,
) -> Response {
    let Query(form) = match in_address(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    match api.services.call(ReliefReport { programme, why: form.why }, &who).await {
        Ok(report) => report_as(&report, form.format.as_deref(), &format!("relief-{programme}")),
        Err(error) => refused(error),
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
// parameters: axum gives a handler each part of the request as a parameter of its own.
async fn import(
    State(api): State<Api>,
    Asker(who): Asker,
    Path(programme): Path<u16>,
    named: Result<Query<Named>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Query(Named { name, why, sheet }) = match in_address(named) {
        Ok(named) => named,
        Err(refusal) => return *refusal,
    };
    static IMPORTS: Semaphore = Semaphore::const_new(2);
    let Ok(permit) = IMPORTS.try_acquire() else {
        let text = "two files are being read in already; try again when they are done";
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": text }))).into_response();
    };
    let import = ImportApplications { programme, name, why, sheet, file: body, progress: Progress::default() };
    if headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/csv")) {
        return match api.services.call(import, &who).await {
            Ok(imported) => bad_rows_file(&imported),
            Err(error) => refused(error),
        };
    }
    let (lines, out) = mpsc::channel::<Result<Bytes, std::io::Error>>(64);
    tokio::spawn(async move {
        let _permit = permit;
        let told = lines.clone();
        let progress = Progress::to(move |read, of| {
            // A reader that is slow misses some.
            let _ = told.try_send(Ok(line(&json!({ "read": read, "of": of }))));
        });
        let import = ImportApplications { progress, ..import };
        let last = match unwound(api.services.call(import, &who)).await {
            Ok(Ok(imported)) => json!({ "imported": imported }),
            Ok(Err(ServiceError::Other(error))) if has_panicked(&error) => json!({ "error": BROKEN }),
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

fn bad_rows_file(imported: &Imported) -> Response {
    match kazasu_services::import::bad_rows_csv(&imported.header, &imported.bad_rows) {
        Ok(bytes) => {
            let name = format!("attachment; filename=\"batch-{}-refused.csv\"", imported.batch);
            let headers =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
            (headers, bytes).into_response()
        }
        Err(error) => refused(ServiceError::Other(error)),
    }
}
