//! One attempt: a signed POST, and what became of it.

use super::rows::Fault;
use super::settings::Settings;
use super::signature::{WebhookSecret, header};
use kazasu_engine::clock;
use kazasu_http_client::{Client, Limits, SendError, Tls, is_not_allowed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Attempts at one time, of all endpoints.
const AT_ONCE: usize = 64;
/// The most that is read of an answer's body, in bytes. Nothing in it matters: reading a short one keeps the connection.
const MOST_ANSWER: u64 = 4 * 1024;
/// The longest text of a problem, in characters.
const LONGEST: usize = 200;

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The answer's status.
    pub status: Option<u16>,
    /// None when it was taken.
    pub fault: Option<Fault>,
    /// In words.
    pub detail: Option<String>,
    /// The time until the answer.
    pub took: Duration,
    /// The pause that the receiver asks for.
    pub not_before: Duration,
}

impl Posted {
    /// No attempt was made.
    pub(crate) fn not(fault: Fault) -> Posted {
        Posted { status: None, fault: Some(fault), detail: None, took: Duration::ZERO, not_before: Duration::ZERO }
    }
}

/// Sends to endpoints.
pub struct Post {
    settings: Settings,
    /// Made when something is first sent: it reads the machine's authorities.
    client: OnceLock<Client>,
    slots: Semaphore,
}

/// What is sent.
pub struct Message<'a> {
    pub(crate) url: &'a str,
    pub(crate) id: &'a str,
    pub(crate) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// A message with its id, which a repetition has too.
    #[must_use]
    pub fn new(url: &'a str, id: &'a str, body: &'a [u8]) -> Message<'a> {
        Message { url, id, body }
    }
}

impl Post {
    /// With these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Post {
        Post { settings, client: OnceLock::new(), slots: Semaphore::new(AT_ONCE) }
    }

    /// Reads the authorities; an error names the key of the configuration.
    pub fn ready(&self) -> anyhow::Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let settings = &self.settings;
        let limits = Limits { body: Some(settings.timeout / 2), ..Limits::within(settings.timeout) };
        let networks = settings.networks.clone();
        let allowed = Arc::new(move |address| networks.allow(address));
        let tls = match Tls::trusting("webhooks", settings.authorities.as_deref()) {
            Ok(tls) => Some(tls),
            Err(error) if settings.authorities.is_some() => return Err(error),
            // A machine without authorities has no endpoint that it can trust: each attempt says so.
            Err(error) => {
                tracing::debug!(%error, "no endpoint can be reached by https");
                None
            }
        };
        Ok(self.client.get_or_init(|| Client::guarded(limits, tls, allowed)))
    }

    /// Sends a message, signed with every secret.
    pub async fn send(self: &Arc<Self>, message: Message<'_>, secrets: &[WebhookSecret]) -> Posted {
        let Ok(_slot) = self.slots.acquire().await else { return Posted::not(Fault::Unreachable) };
        let timestamp = clock::now().0.div_euclid(1000).to_string();
        let signature = header(secrets, (message.id, &timestamp), message.body);
        let (post, url, id) = (self.clone(), message.url.to_owned(), message.id.to_owned());
        let body = message.body.to_vec();
        let sent = tokio::task::spawn_blocking(move || {
            let headers = [
                ("content-type", "application/json"),
                ("webhook-id", id.as_str()),
                ("webhook-timestamp", timestamp.as_str()),
                ("webhook-signature", signature.as_str()),
            ];
            post.exchange(&url, &headers, &body)
        });
        sent.await.unwrap_or_else(|_| Posted::not(Fault::Unreachable))
    }

    fn exchange(&self, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Posted {
        let begun = Instant::now();
        let client = match self.ready() {
            Ok(client) => client,
            Err(error) => {
                let detail = Some(presentable(&error.to_string()));
                return Posted { detail, ..Posted::not(Fault::Unreachable) };
            }
        };
        let sent = client.send(url, headers, Some(body));
        let took = begun.elapsed();
        match sent {
            Ok(reply) => {
                let (status, asked) = (reply.status(), reply.header("retry-after").and_then(seconds));
                // The status has decided; a body that stops half-way changes nothing.
                reply.pass_over(MOST_ANSWER);
                let fault = match status {
                    200..=299 => None,
                    300..=399 => Some(Fault::Redirected),
                    _ => Some(Fault::Answered),
                };
                let not_before = if matches!(status, 429 | 503) { asked.unwrap_or_default() } else { Duration::ZERO };
                Posted { status: Some(status), fault, detail: None, took, not_before }
            }
            Err(error) => {
                let detail = Some(presentable(&error.to_string()));
                Posted { status: None, fault: Some(fault(&error)), detail, took, not_before: Duration::ZERO }
            }
        }
    }
}

fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(Duration::from_secs)
}

fn fault(error: &SendError) -> Fault {
    if is_not_allowed(error) {
        return Fault::Network;
    }
    match kazasu_http_client::cause(error) {
        kazasu_http_client::Cause::TimedOut => Fault::TimedOut,
        kazasu_http_client::Cause::NameUnknown => Fault::Unresolved,
        kazasu_http_client::Cause::Other => Fault::Unreachable,
    }
}

/// A problem in one short line.
fn presentable(problem: &str) -> String {
    problem.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Networks;
    use crate::verify::{Given, TOLERANCE, verify};
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};

    /// Answers one request with this, and gives what it got.
    fn receiver(answer: &'static str) -> (SocketAddr, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut got, mut part) = (Vec::new(), [0; 4096]);
            while !got.ends_with(b"}") {
                let n = stream.read(&mut part).unwrap();
                got.extend_from_slice(&part[..n]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8(got).unwrap()
        });
        (addr, thread)
    }

    fn post(networks: &[&str]) -> Arc<Post> {
        let networks = Networks::read(networks).unwrap();
        Arc::new(Post::new(Settings { networks, timeout: Duration::from_secs(5), ..Settings::default() }))
    }

    fn secret() -> WebhookSecret {
        WebhookSecret::new(&[7; 32]).unwrap()
    }

    async fn sent(post: &Arc<Post>, url: &str) -> Posted {
        post.send(Message::new(url, "evt_1", b"{}"), &[secret()]).await
    }

    #[tokio::test]
    async fn a_message_arrives_with_headers_that_verify() {
        let (addr, got) = receiver("HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n");
        let posted = sent(&post(&["127.0.0.0/8"]), &format!("http://{addr}/hook")).await;
        assert_eq!((posted.status, posted.fault), (Some(204), None), "{posted:?}");
        let got = got.join().unwrap();
        let header = |name: &str| {
            let mut lines = got.lines().filter_map(|line| line.split_once(": "));
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).unwrap().1.to_owned()
        };
        let (id, timestamp, signature) =
            (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
        let given = Given { id: &id, timestamp: &timestamp, signature: &signature, body: b"{}" };
        let now = clock::now().0 / 1_000;
        assert_eq!(verify(&[secret()], &given, (now, TOLERANCE)).unwrap().secret, 0);
    }

    #[tokio::test]
    async fn redirects_are_not_followed_and_failures_are_told_apart() {
        let (addr, _got) = receiver("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n");
        let post = post(&["127.0.0.0/8"]);
        let posted = sent(&post, &format!("http://{addr}/")).await;
        assert_eq!((posted.status, posted.fault), (Some(302), Some(Fault::Redirected)));
        let (addr, _got) = receiver("HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
        let posted = sent(&post, &format!("http://{addr}/")).await;
        assert_eq!((posted.fault, posted.not_before), (Some(Fault::Answered), Duration::from_secs(7)));
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(sent(&post, &format!("http://{free}/")).await.fault, Some(Fault::Unreachable));
        let unknown = sent(&post, "http://no-such-host.invalid/").await;
        assert!(matches!(unknown.fault, Some(Fault::Unresolved | Fault::Unreachable)), "{unknown:?}");
    }

    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_gets_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let posted = sent(&post(&[]), &format!("http://localhost:{port}/")).await;
        assert_eq!(posted.fault, Some(Fault::Network), "{posted:?}");
        assert!(listener.accept().is_err(), "a connection was made");
    }
}
