//! The library's requests, through the switch's HTTP client: no redirect is followed, and time and size are bounded.

use crate::refused::cut;
use crate::settings::is_loopback;
use kazasu_http_client::{Client, Limits, Tls};
use openidconnect::http::{Method, Response, header};
use openidconnect::url::Url;
use openidconnect::{HttpRequest, HttpResponse};
use std::time::Duration;

/// One exchange takes so long at most.
const WITHIN: Duration = Duration::from_secs(10);
/// An answer has so many bytes at most.
const MOST: u64 = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoAnswer(String);

/// Asks one provider.
pub(crate) struct Wire {
    client: Client,
    may_be_clear: bool,
}

impl Wire {
    /// Only a provider on loopback is asked in the clear.
    pub(crate) fn new(tls: Option<Tls>) -> Wire {
        Wire { may_be_clear: tls.is_none(), client: Client::new(Limits::within(WITHIN), tls) }
    }

    /// Blocks until the answer is there.
    pub(crate) fn ask(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        // The addresses come from the provider's description of itself.
        let is_allowed = Url::parse(&url).is_ok_and(|url| match url.scheme() {
            "https" => true,
            "http" => self.may_be_clear && is_loopback(&url),
            _ => false,
        });
        if !is_allowed {
            return Err(NoAnswer(format!("{} is not https", cut(&url))));
        }
        let headers = parts.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let headers: Vec<(&str, &str)> = headers.collect();
        let body = (parts.method == Method::POST).then_some(body.as_slice());
        let reply = self.client.send(&url, &headers, body).map_err(|error| NoAnswer(cut(error)))?;
        let mut response = Response::builder().status(reply.status());
        if let Some(kind) = reply.header(header::CONTENT_TYPE.as_str()) {
            response = response.header(header::CONTENT_TYPE, kind);
        }
        let bytes = reply.bytes(MOST).map_err(|error| NoAnswer(cut(error)))?;
        response.body(bytes).map_err(|error| NoAnswer(cut(error)))
    }
}
