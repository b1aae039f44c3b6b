//! Relief over HTTP.

use super::answers::{has_panicked, refused, report_as, wrong};
use super::bank::statement;
use super::callers::Asker;
use super::fields::Fields;
use super::state::Api;
use super::worded::{reader_of, worded};
use crate::addresses::RELIEF_STATEMENT;
use crate::routes::at;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use kazasu_engine::tasks::{Kind, broke_off, unwound};
use kazasu_services::ServiceError;
use kazasu_services::access::{About, Name};
use kazasu_services::relief::{ImportApplications, Imported, Progress, ReliefReport};
use kazasu_services::statement::ReadReliefStatement;
use kazasu_text::requests::EdgeText;
use kazasu_text::{Language, Text};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

pub(super) fn routes() -> Router<Api> {
    Router::new()
        .route(&at("/relief/programmes/{programme}/batches"), post(import))
        .route(&at("/relief/programmes/{programme}/report"), get(report))
        .route(&at(RELIEF_STATEMENT), post(|api, who, sent| statement(api, who, sent, ReadReliefStatement)))
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
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
    Fields(form): Fields<Form>,
) -> Response {
    match api.services.call(ReliefReport { programme, why: form.why }, &who).await {
        Ok(report) => report_as(&report, form.format.as_deref(), &format!("relief-{programme}")),
        Err(error) => refused(error),
    }
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
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
    Fields(named): Fields<Named>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Named { name, why, sheet } = named;
    // What is refused now has its status; what is found while the file is read is the last line of the answer.
    if let Err(error) = api.services.admit(Name::ImportApplications, About::Programme(programme), &who).await {
        return refused(error);
    }
    if body.is_empty() {
        return refused(wrong("file", &EdgeText::NoApplications));
    }
    static IMPORTS: Semaphore = Semaphore::const_new(2);
    let Ok(permit) = IMPORTS.try_acquire() else {
        return worded(StatusCode::SERVICE_UNAVAILABLE, None, &EdgeText::ImportsUnderWay);
    };
    let import = ImportApplications { programme, name, why, sheet, file: body, progress: Progress::default() };
    if headers.get(header::ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/csv")) {
        return match api.services.call(import, &who).await {
            Ok(imported) => bad_rows_file(&imported),
            Err(error) => refused(error),
        };
    }
    let language = reader_of(&headers).unwrap_or(Language::English);
    let broken = move || json!({ "detail": EdgeText::BrokeOff.in_language(language) });
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
            Ok(Err(ServiceError::Other(error))) if has_panicked(&error) => broken(),
            Ok(Err(error)) => json!({ "detail": error.in_language(language) }),
            Err(why) => {
                broke_off(Kind::HttpConnection, &why);
                broken()
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
