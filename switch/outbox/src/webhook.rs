//! Notices by HTTP: a signed POST to one address.

use super::Notice;
use super::channel::{Tell, Verdict};
use super::url::Url;
use hmac::{Hmac, KeyInit, Mac};
use kazasu_engine::clock;
use kazasu_http_client::{Client, Limits, Tls};
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::secret::Key;
use kazasu_text::Said;
use kazasu_text::configuration::OutboxText;
use sha2::Sha256;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// The most that is read of an answer's body, in bytes. Nothing in it matters: reading a short one keeps the connection.
const MAX_ANSWER: u64 = 4 * 1024;

/// A web server that is told.
#[derive(Debug, Clone)]
pub struct WebhookConfig {
    /// `https://…`; `http://` only to this machine.
    pub url: String,
    /// Sign what is sent (HMAC-SHA-256): the active key, then those that are accepted while it is changed.
    pub keys: Arc<InForce<Vec<Key>>>,
    /// A PEM file of authorities that are trusted besides the platform's own.
    pub authorities: Option<PathBuf>,
}

pub(super) struct Webhook {
    client: Client,
    url: String,
    keys: Arc<InForce<Vec<Key>>>,
}

impl Webhook {
    pub(super) fn new(config: &WebhookConfig, timeout: Duration) -> anyhow::Result<Self> {
        let url = Url::parse("outbox.webhook.url", &config.url)?;
        anyhow::ensure!(url.user.is_none(), Said::of(&OutboxText::WebhookUser));
        let tls = match url.scheme.as_str() {
            "https" => Some(Tls::trusting("outbox.webhook", config.authorities.as_deref())?),
            // What is sent in the clear stays on this machine.
            "http" if url.is_loopback() => None,
            "http" => anyhow::bail!(Said::of(&OutboxText::WebhookClear)),
            other => anyhow::bail!(Said::of(&OutboxText::WebhookScheme { got: other })),
        };
        let limits = Limits { body: Some(timeout / 10), ..Limits::within(timeout) };
        Ok(Webhook { client: Client::new(limits, tls), url: config.url.clone(), keys: config.keys.clone() })
    }

    /// `v1=` and the HMAC-SHA-256 over `<timestamp>.<body>` in hexadecimal digits; while the key is changed, one for each version with
    /// a comma between them.
    fn signature(&self, timestamp: &str, body: &[u8]) -> String {
        let one = |key: &Key| {
            let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose()).expect("HMAC takes keys of any length");
            let mac = mac.chain_update(timestamp).chain_update(".").chain_update(body);
            format!("v1={}", hex::encode(mac.finalize().into_bytes()))
        };
        self.keys.get().iter().map(one).collect::<Vec<_>>().join(",")
    }
}

impl Tell for Webhook {
    fn tell(&self, notice: &Notice) -> Verdict {
        let body = match serde_json::to_vec(notice) {
            Ok(body) => body,
            Err(error) => return Verdict::failed(format!("cannot be written as JSON: {error}")),
        };
        let timestamp = clock::now().0.div_euclid(1000).to_string();
        let signature = self.signature(&timestamp, &body);
        let headers = [
            ("content-type", "application/json"),
            ("kazasu-notice", notice.id.as_str()),
            ("kazasu-timestamp", timestamp.as_str()),
            ("kazasu-signature", signature.as_str()),
        ];
        match self.client.send(&self.url, &headers, Some(body.as_slice())) {
            Ok(reply) => {
                let verdict = verdict(reply.status(), reply.header("retry-after"));
                // The status has decided; a body that stops half-way changes nothing.
                reply.pass_over(MAX_ANSWER);
                verdict
            }
            Err(error) => Verdict::failed(error.to_string()),
        }
    }
}

fn verdict(status: u16, retry_after: Option<&str>) -> Verdict {
    let problem = format!("answered {status}");
    match status {
        200..=299 => Verdict::Accepted,
        400 | 401 | 403 | 404 | 410 | 413 | 422 => Verdict::Refused(problem),
        300..=399 => Verdict::failed(format!("{problem}, and redirects are not followed")),
        429 | 503 => {
            let seconds = retry_after.and_then(|value| value.trim().parse().ok());
            Verdict::Failed { problem, not_before: Duration::from_secs(seconds.unwrap_or(0)) }
        }
        _ => Verdict::failed(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Journal, config, delivered, keys, notice};
    use super::super::{Outbox, OutboxConfig, Outcome, Stats};
    use super::*;
    use std::sync::{Mutex, PoisonError};
    use std::time::Instant;
    use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
    use tokio::net::TcpListener;

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    #[test]
    fn each_status_has_its_verdict() {
        let pause = |verdict| match verdict {
            Verdict::Failed { not_before, .. } => not_before.as_secs(),
            Verdict::Accepted | Verdict::Refused(_) => panic!("it is tried again"),
        };
        for status in [200, 202, 204, 299] {
            assert!(matches!(verdict(status, None), Verdict::Accepted), "{status}");
        }
        for status in [400, 401, 403, 404, 410, 413, 422] {
            assert!(matches!(verdict(status, None), Verdict::Refused(why) if why == format!("answered {status}")));
        }
        for status in [100, 301, 308, 402, 409, 418, 500, 502, 504] {
            assert_eq!(pause(verdict(status, Some("60"))), 0, "{status}: a pause that it may not ask for");
        }
        for status in [429, 503] {
            for (asked, seconds) in [(None, 0), (Some(" 60 "), 60), (Some("soon"), 0), (Some("-1"), 0)] {
                assert_eq!(pause(verdict(status, asked)), seconds, "{status} {asked:?}");
            }
        }
    }

    #[test]
    fn while_a_key_is_changed_both_sign() {
        let signed = |bytes: &[u8]| {
            let config = WebhookConfig { url: "http://127.0.0.1:9/".into(), keys: keys(bytes), authorities: None };
            Webhook::new(&config, Duration::from_secs(1)).unwrap().signature("1795000000", b"{}")
        };
        let (one, two) = (signed(&[1]), signed(&[2]));
        assert_eq!(signed(&[1, 2]), format!("{one},{two}"));
        assert!(one.starts_with("v1=") && one.len() == 67 && one != two);
    }

    #[tokio::test]
    async fn a_receiver_that_is_not_there_is_tried_again_until_the_notice_dies() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let webhook = WebhookConfig { url: format!("http://127.0.0.1:{port}/"), keys: keys(&[1]), authorities: None };
        let (settle, mut journal) = Journal::open();
        let outbox = Outbox::start(OutboxConfig { webhook: Some(webhook), attempts: 2, ..config() }, settle).unwrap();
        outbox.offer(1, notice(1));
        let settled = journal.next().await;
        assert_eq!((settled.outcome, settled.attempts), (Outcome::Dead, 2), "{settled:?}");
        assert!(settled.problem.is_some());
    }

    #[derive(Clone)]
    struct Request {
        at: Instant,
        head: String,
        body: Vec<u8>,
    }

    impl Request {
        fn header(&self, name: &str) -> &str {
            let mut headers = self.head.lines().filter_map(|line| line.split_once(':'));
            headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).unwrap()
        }
    }

    /// What a receiver answers to its nth request, counted from 1; `None` keeps it waiting.
    type Answer = fn(usize, &Request) -> Option<String>;

    #[derive(Clone)]
    struct Receiver {
        port: u16,
        seen: Arc<Mutex<Vec<Request>>>,
        answer: Answer,
    }

    impl Receiver {
        async fn start(answer: Answer) -> Receiver {
            Receiver::start_with(answer, None).await
        }

        async fn start_with(answer: Answer, tls: Option<tokio_rustls::TlsAcceptor>) -> Receiver {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let receiver = Receiver { port, seen: Arc::default(), answer };
            let started = receiver.clone();
            tokio::spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (receiver, tls) = (receiver.clone(), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            Some(tls) => match tls.accept(stream).await {
                                Ok(stream) => receiver.serve(stream).await,
                                Err(_) => None,
                            },
                            None => receiver.serve(stream).await,
                        }
                    });
                }
            });
            started
        }

        async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
            let mut bytes = Vec::new();
            loop {
                let end = loop {
                    if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                        break end + 4;
                    }
                    if stream.read_buf(&mut bytes).await.ok()? == 0 {
                        return None;
                    }
                };
                let head = String::from_utf8(bytes.drain(..end).collect()).unwrap();
                let mut request = Request { at: Instant::now(), head, body: Vec::new() };
                let length: usize = request.header("content-length").parse().unwrap();
                while bytes.len() < length {
                    if stream.read_buf(&mut bytes).await.ok()? == 0 {
                        return None;
                    }
                }
                request.body = bytes.drain(..length).collect();
                let n = {
                    let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.push(request.clone());
                    seen.len()
                };
                match (self.answer)(n, &request) {
                    Some(answer) => stream.write_all(answer.as_bytes()).await.ok()?,
                    None => std::future::pending().await,
                }
            }
        }

        fn seen(&self) -> Vec<Request> {
            self.seen.lock().unwrap().clone()
        }

        async fn has_seen(&self, n: usize) {
            for _ in 0..2_000 {
                if self.seen().len() >= n {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("{n} requests did not come");
        }

        fn webhook(&self) -> Option<WebhookConfig> {
            Some(webhook(&format!("http://127.0.0.1:{}/notices?from=kazasu", self.port)))
        }
    }

    fn webhook(url: &str) -> WebhookConfig {
        WebhookConfig { url: url.into(), keys: keys(&[7]), authorities: None }
    }

    fn status(status: &str) -> Option<String> {
        Some(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n"))
    }

    #[tokio::test]
    async fn a_notice_arrives_signed() {
        let receiver = Receiver::start(|_, _| Some(OK.into())).await;
        let (settle, mut journal) = Journal::open();
        let outbox = Outbox::start(OutboxConfig { webhook: receiver.webhook(), ..config() }, settle).unwrap();
        outbox.offer(4711, notice(4711));
        assert_eq!(journal.next().await, delivered(4711, 1));
        let [request] = &receiver.seen()[..] else { panic!("not one request") };
        assert!(request.head.starts_with("POST /notices?from=kazasu HTTP/1.1\r\n"), "{}", request.head);
        assert_eq!(request.header("content-type"), "application/json");
        assert_eq!(request.header("kazasu-notice"), "4711-0");
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body, serde_json::to_value(notice(4711)).unwrap());
        assert_eq!(body["kind"], "spend_alert");
        assert_eq!(body["used_yen"], 41_250);
        let timestamp = request.header("kazasu-timestamp");
        let age = clock::now().0 / 1000 - timestamp.parse::<i64>().unwrap();
        assert!((0..60).contains(&age), "{age}");
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&[7; 32]).unwrap();
        mac.update(format!("{timestamp}.").as_bytes());
        mac.update(&request.body);
        assert_eq!(request.header("kazasu-signature"), format!("v1={}", hex::encode(mac.finalize().into_bytes())));
        assert_eq!(outbox.stats(), Stats { waiting: 0, delivered: 1, dead: 0, retries: 0 });
    }

    #[tokio::test]
    async fn failures_are_followed_by_longer_and_longer_pauses() {
        let receiver = Receiver::start(|n, _| if n < 3 { status("500 Oh No") } else { status("204 No Content") }).await;
        let (settle, mut journal) = Journal::open();
        let first_pause = Duration::from_millis(50);
        let config = OutboxConfig { webhook: receiver.webhook(), first_pause, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        outbox.offer(1, notice(1));
        assert_eq!(journal.next().await, delivered(1, 3));
        let at: Vec<Instant> = receiver.seen().iter().map(|request| request.at).collect();
        assert_eq!(at.len(), 3);
        assert!(at[1] - at[0] >= first_pause, "{at:?}");
        assert!(at[2] - at[1] >= first_pause * 2, "{at:?}");
        assert_eq!(outbox.stats(), Stats { waiting: 0, delivered: 1, dead: 0, retries: 2 });
    }

    #[tokio::test]
    async fn a_receiver_that_hangs_holds_up_nobody_else() {
        let receiver = Receiver::start(|_, request| match request.header("kazasu-notice") {
            "1-0" => None,
            _ => Some(OK.into()),
        })
        .await;
        let (settle, mut journal) = Journal::open();
        let timeout = Duration::from_secs(2);
        let webhook = receiver.webhook();
        let config = OutboxConfig { webhook, timeout, concurrent: 2, attempts: 1, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        let started = Instant::now();
        for key in 1..=5 {
            outbox.offer(key, notice(key));
        }
        let mut others = Vec::new();
        for _ in 0..4 {
            others.push(journal.next().await.key);
        }
        others.sort_unstable();
        assert_eq!(others, [2, 3, 4, 5]);
        let dead = journal.next().await;
        assert_eq!((dead.key, dead.outcome, dead.attempts), (1, Outcome::Dead, 1));
        assert!(started.elapsed() >= timeout - Duration::from_millis(50), "{dead:?}");
    }

    #[tokio::test]
    async fn a_notice_dies_once_after_its_attempts() {
        let receiver = Receiver::start(|_, _| status("500 Oh No")).await;
        let (settle, mut journal) = Journal::open();
        let config = OutboxConfig { webhook: receiver.webhook(), attempts: 3, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        outbox.offer(1, notice(1));
        let dead = journal.next().await;
        assert_eq!((dead.key, dead.outcome, dead.attempts), (1, Outcome::Dead, 3));
        assert_eq!(dead.problem.as_deref(), Some("webhook: answered 500"));
        journal.stays_empty(Duration::from_millis(300)).await;
        assert_eq!(receiver.seen().len(), 3);
        assert_eq!(outbox.stats(), Stats { waiting: 0, delivered: 0, dead: 1, retries: 2 });
    }

    #[tokio::test]
    async fn a_refusal_is_asked_three_times_and_can_be_asked_again() {
        let receiver = Receiver::start(|n, _| if n <= 3 { status("404 Not Found") } else { Some(OK.into()) }).await;
        let (settle, mut journal) = Journal::open();
        let outbox = Outbox::start(OutboxConfig { webhook: receiver.webhook(), ..config() }, settle).unwrap();
        outbox.offer(1, notice(1));
        let dead = journal.next().await;
        assert_eq!((dead.outcome, dead.attempts, receiver.seen().len()), (Outcome::Dead, 3, 3));
        assert_eq!(dead.problem.as_deref(), Some("webhook: answered 404"));
        outbox.offer(1, notice(1));
        assert_eq!(journal.next().await, delivered(1, 1));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = Receiver::start(|_, _| Some(OK.into())).await;
        // The location is another receiver on this machine; its port travels in the notice's month.
        let receiver = Receiver::start(|n, request| {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let port = body["month"].as_str().unwrap();
            let status = if n == 1 { "302 Found" } else { "307 Temporary Redirect" };
            Some(format!("HTTP/1.1 {status}\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\n\r\n"))
        })
        .await;
        let (settle, mut journal) = Journal::open();
        let config = OutboxConfig { webhook: receiver.webhook(), attempts: 2, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        outbox.offer(1, Notice { month: elsewhere.port.to_string(), ..notice(1) });
        let dead = journal.next().await;
        assert_eq!((dead.outcome, dead.attempts), (Outcome::Dead, 2));
        assert!(dead.problem.unwrap().contains("redirects are not followed"));
        assert_eq!((receiver.seen().len(), elsewhere.seen().len()), (2, 0));
    }

    #[tokio::test]
    async fn a_receiver_may_ask_for_a_pause_up_to_the_longest() {
        let receiver = Receiver::start(|n, _| match n {
            1 => Some("HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n".into()),
            2 => Some("HTTP/1.1 429 Slowly\r\nretry-after: 86400\r\ncontent-length: 0\r\n\r\n".into()),
            _ => Some(OK.into()),
        })
        .await;
        let (settle, mut journal) = Journal::open();
        let longest_pause = Duration::from_millis(1_500);
        let outbox =
            Outbox::start(OutboxConfig { webhook: receiver.webhook(), longest_pause, ..config() }, settle).unwrap();
        outbox.offer(1, notice(1));
        assert_eq!(journal.next().await, delivered(1, 3));
        let at: Vec<Instant> = receiver.seen().iter().map(|request| request.at).collect();
        assert!(at[1] - at[0] >= Duration::from_secs(1), "{at:?}");
        assert!(at[2] - at[1] >= longest_pause, "{at:?}");
    }

    #[tokio::test]
    async fn a_notice_that_is_held_is_not_taken_twice() {
        let receiver = Receiver::start(|_, _| Some(OK.into())).await;
        let (settle, mut journal) = Journal::open();
        let config = OutboxConfig { webhook: receiver.webhook(), queue: 2, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        outbox.offer(1, notice(1));
        outbox.clone().offer(1, notice(1));
        outbox.offer(2, notice(2));
        // The third does not fit and comes again when the engine offers it again.
        outbox.offer(3, notice(3));
        assert_eq!(outbox.stats().waiting, 2);
        let mut keys = [journal.next().await.key, journal.next().await.key];
        keys.sort_unstable();
        assert_eq!(keys, [1, 2]);
        journal.stays_empty(Duration::from_millis(200)).await;
        assert_eq!(receiver.seen().len(), 2);
        outbox.offer(3, notice(3));
        assert_eq!(journal.next().await, delivered(3, 1));
    }

    #[tokio::test]
    async fn what_is_forgotten_is_not_settled() {
        let receiver = Receiver::start(|n, _| if n == 1 { None } else { Some(OK.into()) }).await;
        let (settle, mut journal) = Journal::open();
        let timeout = Duration::from_millis(500);
        let config = OutboxConfig { webhook: receiver.webhook(), timeout, concurrent: 1, attempts: 1, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        for key in 1..=3 {
            outbox.offer(key, notice(key));
        }
        receiver.has_seen(1).await;
        outbox.forget_all();
        assert_eq!(outbox.stats().waiting, 0);
        journal.stays_empty(Duration::from_millis(900)).await;
        assert_eq!(receiver.seen().len(), 1);
        outbox.offer(2, notice(2));
        assert_eq!(journal.next().await, delivered(2, 1));
        assert_eq!(outbox.stats(), Stats { waiting: 0, delivered: 1, dead: 0, retries: 0 });
    }

    #[tokio::test]
    async fn the_last_handle_stops_the_outbox() {
        let receiver = Receiver::start(|_, _| status("500 Oh No")).await;
        let (settle, mut journal) = Journal::open();
        let outbox = Outbox::start(OutboxConfig { webhook: receiver.webhook(), ..config() }, settle).unwrap();
        outbox.offer(1, notice(1));
        receiver.has_seen(1).await;
        drop(outbox);
        journal.ends().await;
        // An exchange that is under way may still arrive; nothing follows it.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let seen = receiver.seen().len();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(receiver.seen().len(), seen);
    }

    #[tokio::test]
    async fn https_trusts_the_configured_authority() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, made.cert.pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let tls = tokio_rustls::TlsAcceptor::from(Arc::new(server));
        let receiver = Receiver::start_with(|_, _| Some(OK.into()), Some(tls)).await;
        let url = format!("https://localhost:{}/", receiver.port);
        let authorities = Some(file.path().to_owned());
        let (settle, mut journal) = Journal::open();
        let config =
            OutboxConfig { webhook: Some(WebhookConfig { authorities, ..webhook(&url) }), attempts: 1, ..config() };
        let outbox = Outbox::start(config, settle).unwrap();
        outbox.offer(1, notice(1));
        assert_eq!(journal.next().await, delivered(1, 1));
    }

    #[test]
    fn addresses_that_would_leak_are_refused() {
        for (url, says) in [
            ("http://portal.example.jp/hook", "must be https://"),
            ("http://192.168.0.7/hook", "must be https://"),
            ("ftp://portal.example.jp/hook", "not ftp://"),
            ("portal.example.jp", "whole URL"),
            ("http://me@127.0.0.1/hook", "user name"),
        ] {
            let error = Webhook::new(&webhook(url), Duration::from_secs(1)).err().unwrap().to_string();
            assert!(error.starts_with("outbox.webhook.url ") && error.contains(says), "{url}: {error}");
        }
        let authorities = Some(PathBuf::from("/nowhere/authorities.pem"));
        let config = WebhookConfig { authorities, ..webhook("https://portal.example.jp/hook") };
        let error = Webhook::new(&config, Duration::from_secs(1)).err().unwrap().to_string();
        assert!(error.starts_with("outbox.webhook.authorities:"), "{error}");
        for url in ["http://localhost:8080/hook", "http://127.0.0.1/", "http://[::1]:80/x"] {
            assert!(Webhook::new(&webhook(url), Duration::from_secs(1)).is_ok(), "{url}");
        }
    }
}
