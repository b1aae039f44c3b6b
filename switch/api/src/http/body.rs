//! The one place where bodies are read. The caller is known before. This file bounds a body's length and kind, and gives every
//! refusal the API's form.

use super::limits::HttpLimits;
use super::problem::PLAIN;
use super::worded::worded;
use crate::addresses::{COMPARE, PAYOUT_STATEMENT, RELIEF_STATEMENT};
use crate::routes::BASE;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;
use kazasu_text::requests::EdgeText;
use kazasu_text::{Count, Quoted};
use std::time::Duration;

/// The largest import file.
const MOST_IMPORT: usize = 256 << 20;
/// The largest request: a card status list of 64 MiB in hexadecimal.
const MOST_REQUEST: usize = 130 << 20;
/// A contracts file in a request: the file has at most 4 MiB, and quoting it takes some more.
const MOST_CLOSING: usize = 16 << 20;
/// All other bodies.
const MOST: usize = 2 << 20;
/// The part of an overlong body that is still read, and the time for it, so that its sender sees the answer.
const SPARE: usize = 8 << 20;
const SPARE_TIME: Duration = Duration::from_secs(3);

/// The longest body of a path, bytes.
fn most(path: &str) -> usize {
    let files = ["/import/", COMPARE, PAYOUT_STATEMENT, RELIEF_STATEMENT];
    match path.strip_prefix(BASE).unwrap_or(path) {
        "/card-status-lists" => MOST_REQUEST,
        "/closing/contracts" => MOST_CLOSING,
        path if files.iter().any(|file| path.starts_with(file)) => MOST_IMPORT,
        path if path.starts_with("/relief/programmes/") && path.ends_with("/batches") => MOST_IMPORT,
        _ => MOST,
    }
}

/// The body as a whole, if it comes in time.
pub(super) async fn whole(
    path: &str,
    headers: &HeaderMap,
    body: Body,
    limits: &HttpLimits,
) -> Result<Bytes, Box<Response>> {
    taken(headers)?;
    let most = most(path);
    let too_long = || {
        let mib = (most >> 20).into();
        refusal(StatusCode::PAYLOAD_TOO_LARGE, &EdgeText::BodyTooLong { mib, path })
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    let mut parts = body.into_data_stream();
    if announced.is_some_and(|length: u64| usize::try_from(length).map_or(true, |length| length > most)) {
        // A sender that asks first sends nothing after a refusal.
        if !headers.contains_key(header::EXPECT) {
            pass_over(&mut parts).await;
        }
        return Err(too_long());
    }
    let mut out = Vec::new();
    let deadline = tokio::time::Instant::now() + limits.body;
    loop {
        let pause = (tokio::time::Instant::now() + limits.body_pause).min(deadline);
        let Ok(part) = tokio::time::timeout_at(pause, parts.next()).await else {
            return Err(late(out.len(), limits));
        };
        let Some(part) = part else { return Ok(out.into()) };
        let part = part.map_err(|error| {
            let why = error.to_string();
            let text = EdgeText::BodyBrokeOff { bytes: out.len().into(), why: Quoted(&why) };
            refusal(StatusCode::BAD_REQUEST, &text)
        })?;
        if out.len() + part.len() > most {
            drop(out);
            pass_over(&mut parts).await;
            return Err(too_long());
        }
        out.extend_from_slice(&part);
    }
}

fn late(came: usize, limits: &HttpLimits) -> Box<Response> {
    metrics::counter!("kazasu_http_bodies_refused_total", "reason" => "late").increment(1);
    let (pause, whole) = (Count(limits.body_pause.as_secs()), Count(limits.body.as_secs()));
    refusal(StatusCode::REQUEST_TIMEOUT, &EdgeText::BodySlow { came: came.into(), pause, whole })
}

/// Reads on for a while and keeps nothing. A sender that gets an answer and a closed connection in the middle of its body may lose
/// the answer; most overlong bodies pass the bound by little.
async fn pass_over(parts: &mut BodyDataStream) {
    let some = async {
        let mut left = SPARE;
        while let Some(Ok(part)) = parts.next().await {
            match left.checked_sub(part.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    let _ = tokio::time::timeout(SPARE_TIME, some).await;
}

/// A file or an object is the body itself: no form around it, not compressed, in UTF-8 where it is JSON. The content type is not
/// needed: programs that always send the one of web forms (`curl -d`) are accepted.
fn taken(headers: &HeaderMap) -> Result<(), Box<Response>> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let unsupported = |text: &EdgeText<'_>| Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    let encoding = text(header::CONTENT_ENCODING);
    if !["", "identity"].contains(&encoding.trim()) {
        return unsupported(&EdgeText::BodyEncoded { got: Quoted(&encoding) });
    }
    let kind = text(header::CONTENT_TYPE);
    let (essence, parameters) = kind.split_once(';').unwrap_or((&kind, ""));
    if essence.trim().starts_with("multipart/") {
        return unsupported(&EdgeText::BodyForm);
    }
    let charset = parameters.split(';').filter_map(|p| p.trim().strip_prefix("charset=")).next_back();
    let charset = charset.map(|charset| charset.trim_matches('"'));
    match charset {
        Some(other) if essence.trim().ends_with("json") && !["utf-8", "utf8"].contains(&other) => {
            unsupported(&EdgeText::BodyCharset { got: Quoted(other) })
        }
        Some(_) | None => Ok(()),
    }
}

fn refusal(status: StatusCode, text: &EdgeText<'_>) -> Box<Response> {
    Box::new(worded(status, None, text))
}

/// Refusals of the framework in the API's form.
pub(super) async fn in_form(method: &Method, path: &str, response: Response) -> Response {
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if PLAIN.contains(&path) || !is_error || !is_plain {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let said = axum::body::to_bytes(body, 64 << 10).await.unwrap_or_default();
    // A path or a query may contain a card number.
    let words = kazasu_schemas::text::masked(String::from_utf8_lossy(&said).trim());
    let text = match (parts.status, words.as_str()) {
        (StatusCode::NOT_FOUND, "") => EdgeText::NothingHere,
        (StatusCode::METHOD_NOT_ALLOWED, "") => EdgeText::OtherMethod { method: method.as_str() },
        (status, "") => EdgeText::Unserved { status: status.as_u16() },
        (_, words) => EdgeText::Framework { words: Quoted(words) },
    };
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut out = worded(parts.status, None, &text);
    out.headers_mut().extend(parts.headers);
    out
}

#[cfg(test)]
mod tests {
    use super::super::server::tests::limits;
    use super::*;

    fn headers(list: &[(header::HeaderName, &str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    async fn read(path: &str, list: &[(header::HeaderName, &str)], bytes: Vec<u8>) -> Result<Bytes, StatusCode> {
        whole(path, &headers(list), Body::from(bytes), &limits()).await.map_err(|refusal| refusal.status())
    }

    #[tokio::test]
    async fn a_body_has_at_most_what_its_path_takes() {
        let limits =
            [("/api/v1/residents/X/limits", 2), ("/api/v1/relief/programmes", 2), ("/api/v1/closing/contracts", 16)];
        for (path, mib) in limits {
            assert_eq!(read(path, &[], vec![b' '; mib << 20]).await.unwrap().len(), mib << 20);
            assert_eq!(read(path, &[], vec![b' '; (mib << 20) + 1]).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
            // An announced overlong body is refused before it comes.
            let length = ((mib << 20) + 1).to_string();
            let announced = [(header::CONTENT_LENGTH, length.as_str())];
            assert_eq!(read(path, &announced, Vec::new()).await, Err(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let files = ["/api/v1/import/links", "/api/v1/closing/compare", "/api/v1/relief/programmes/101/batches"];
        assert!(files.iter().all(|path| most(path) == 256 << 20));
        let all = [(header::CONTENT_LENGTH, "99999999999999999999999")];
        assert!(
            read("/api/v1/card-status-lists", &all, b"{}".to_vec()).await.is_ok(),
            "a length that is no number is not believed"
        );
    }

    #[tokio::test]
    async fn forms_and_compressed_bodies_are_refused_and_content_types_that_are_merely_wrong_are_not() {
        let kind = |value| [(header::CONTENT_TYPE, value)];
        for good in [
            "application/json",
            "application/json; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
            "application/x-www-form-urlencoded",
            "text/csv; charset=shift_jis",
            "text/plain",
        ] {
            assert!(read("/api/v1/card-status-lists", &kind(good), b"{}".to_vec()).await.is_ok(), "{good}");
        }
        for bad in [
            "multipart/form-data; boundary=x",
            "application/json; charset=shift_jis",
            "application/merge-patch+json;charset=utf-16",
        ] {
            assert_eq!(
                read("/api/v1/card-status-lists", &kind(bad), b"{}".to_vec()).await,
                Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
                "{bad}"
            );
        }
        let packed = [(header::CONTENT_ENCODING, "gzip")];
        assert_eq!(
            read("/api/v1/card-status-lists", &packed, b"{}".to_vec()).await,
            Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        );
    }

    #[tokio::test]
    async fn a_body_that_pauses_or_takes_too_long_is_given_up() {
        use futures_util::stream::{self, StreamExt};
        let parts = |pause_ms, n| {
            let part = move |_| async move {
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
                Ok::<_, std::io::Error>(Bytes::from_static(b" "))
            };
            Body::from_stream(stream::iter(0..n).then(part))
        };
        let (pause, whole_time) = (Duration::from_secs(1), Duration::from_secs(3));
        let limits = HttpLimits { body_pause: pause, body: whole_time, ..limits() };
        let cases = [(50, 10, true), (2_000, 1, false), (400, 4, true), (400, 12, false)];
        let all = cases.map(async |(pause_ms, n, taken)| {
            match whole("/api/v1/card-status-lists", &HeaderMap::new(), parts(pause_ms, n), &limits).await {
                Ok(bytes) => assert!(taken && bytes.len() == n, "{pause_ms} ms, {n} times"),
                Err(refusal) => assert!(!taken && refusal.status() == 408, "{pause_ms} ms, {n} times"),
            }
        });
        futures_util::future::join_all(all).await;
    }
}
