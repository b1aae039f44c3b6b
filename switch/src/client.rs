//! The one HTTP client: the command line asks running switches with it, and notices leave with it.
//!
//! A redirect is not followed: it would carry a token or a notice to an address that is not configured. What is sent in the clear
//! goes through no proxy of the environment. Connecting takes five seconds at most, the whole exchange what its caller gives it.

use crate::api::{self, WithFile};
use anyhow::Context;
use kazasu_services::Operation;
use kazasu_tls::OwnFiles;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::{Certificate, ClientCert, PrivateKey, TlsConfig};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// The most that connecting takes.
const CONNECT: Duration = Duration::from_secs(5);
/// The most that is read of a switch's answer, in bytes.
const MOST_ANSWER: u64 = 256 * 1024 * 1024;
/// The most that is told of an answer that is no JSON, in characters.
const MOST_TOLD: usize = 200;

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From its beginning to its end. Without it, only what has stopped altogether ends it: that shows in the connection.
    pub(crate) whole: Option<Duration>,
    /// Reading the answer's body.
    pub(crate) body: Option<Duration>,
}

impl Limits {
    /// One ask. Sealing everything again takes the longest.
    pub(crate) const ASK: Limits = Limits::within(Duration::from_secs(600));
    /// A file that is taken in; it may be large.
    pub(crate) const FILE: Limits = Limits { whole: None, body: None };

    /// The whole exchange takes this long at most.
    pub(crate) const fn within(whole: Duration) -> Limits {
        Limits { whole: Some(whole), body: None }
    }
}

/// How a switch's HTTP is reached: in the clear, or with TLS.
#[derive(Clone, Debug, Default)]
pub(crate) struct Http(pub(crate) Option<HttpTls>);

/// TLS towards a switch, as its configuration says it.
#[derive(Clone, Debug)]
pub(crate) struct HttpTls {
    /// Authorities that are trusted, PEM; the platform's when there are none.
    pub(crate) authorities: Option<PathBuf>,
    /// What this side shows, where clients must show something.
    pub(crate) own: Option<OwnFiles>,
    /// The name that the switch's certificate has; the host of the address when there is none.
    pub(crate) name: Option<String>,
}

impl Http {
    fn client(&self, addr: &str, limits: Limits) -> anyhow::Result<Client> {
        let Some(tls) = &self.0 else { return Ok(Client::new(limits, None)) };
        let config = tls.config()?;
        Ok(match tls.name {
            None => Client::new(limits, Some(config)),
            Some(_) => Client::at(addr.to_owned(), limits, config),
        })
    }

    fn url(&self, addr: &str, path: &str) -> String {
        match &self.0 {
            None => format!("http://{addr}{path}"),
            Some(HttpTls { name: None, .. }) => format!("https://{addr}{path}"),
            Some(HttpTls { name: Some(name), .. }) => {
                let port = addr.rsplit_once(':').map_or("443", |(_, port)| port);
                format!("https://{name}:{port}{path}")
            }
        }
    }
}

impl HttpTls {
    fn config(&self) -> anyhow::Result<TlsConfig> {
        let trusted = match &self.authorities {
            Some(path) => pem(path, "http_tls.ca")?,
            None => rustls_native_certs::load_native_certs().certs,
        };
        let der = |all: &[CertificateDer<'static>]| -> Vec<Certificate<'static>> {
            all.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect()
        };
        let own = match &self.own {
            None => None,
            Some(files) => {
                let what = || format!("http_tls.key: cannot read {}", files.key.display());
                let text = zeroize::Zeroizing::new(std::fs::read(&files.key).with_context(what)?);
                let key = PrivateKey::from_pem(&text).with_context(what)?;
                Some(ClientCert::new_with_certs(&der(&pem(&files.certificates, "http_tls.certificates")?), key))
            }
        };
        Ok(TlsConfig::builder()
            .root_certs(der(&trusted).into())
            .client_cert(own)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build())
    }
}

fn pem(path: &std::path::Path, key: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let what = || format!("{key}: cannot read {}", path.display());
    let found = CertificateDer::pem_file_iter(path).with_context(what)?;
    let found = found.collect::<Result<Vec<_>, _>>().with_context(what)?;
    anyhow::ensure!(!found.is_empty(), "{key}: {} holds no certificate", path.display());
    Ok(found)
}

/// Leads every name to one address: the name of a certificate need not be known to the machine's resolver.
#[derive(Debug)]
struct To(String);

impl Resolver for To {
    fn resolve(
        &self,
        _: &ureq::http::Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = self.empty();
        self.0.to_socket_addrs()?.take(16).for_each(|addr| found.push(addr));
        if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) }
    }
}

/// What sends requests and waits for answers, on the thread of its caller.
pub(crate) struct Client {
    agent: ureq::Agent,
}

impl Client {
    /// Without `tls` everything is sent in the clear.
    pub(crate) fn new(limits: Limits, tls: Option<TlsConfig>) -> Client {
        Client { agent: Self::config(limits, tls).new_agent() }
    }

    /// The same, whatever name is asked for, at one address.
    fn at(addr: String, limits: Limits, tls: TlsConfig) -> Client {
        let config = Self::config(limits, Some(tls));
        Client { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), To(addr)) }
    }

    fn config(limits: Limits, tls: Option<TlsConfig>) -> ureq::config::Config {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("kazasu/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(limits.whole.map_or(CONNECT, |whole| whole.min(CONNECT))))
            .timeout_global(limits.whole)
            .timeout_recv_body(limits.body);
        let config = match tls {
            Some(tls) => config.tls_config(tls),
            None => config.proxy(None),
        };
        config.build()
    }

    /// Posts a body, or gets when there is none.
    pub(crate) fn send(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Reply, Box<ureq::Error>> {
        let response = match body {
            Some(body) => {
                let post = self.agent.post(url);
                headers.iter().fold(post, |request, (name, value)| request.header(*name, *value)).send(body)
            }
            None => {
                let get = self.agent.get(url);
                headers.iter().fold(get, |request, (name, value)| request.header(*name, *value)).call()
            }
        };
        Ok(Reply { response: response.map_err(Box::new)? })
    }
}

/// An answer whose body has not been read yet.
pub(crate) struct Reply {
    response: ureq::http::Response<ureq::Body>,
}

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Reads so much of the body, so that the connection can be used again. What it says does not matter, nor where it stops.
    pub(crate) fn pass_over(mut self, most: u64) {
        let _ = std::io::copy(&mut self.response.body_mut().as_reader().take(most), &mut std::io::sink());
    }

    /// The body, which must not be longer than this.
    pub(crate) fn bytes(mut self, most: u64) -> anyhow::Result<Vec<u8>> {
        Ok(self.response.body_mut().with_config().limit(most).read_to_vec()?)
    }

    /// The body as JSON; as a text where it is none.
    fn value(&mut self) -> anyhow::Result<Value> {
        let text = self.response.body_mut().with_config().limit(MOST_ANSWER).read_to_string()?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

/// What was asked and not carried out.
pub(crate) enum CallError {
    /// Refused, and nothing was changed.
    Rejected(String),
    /// It could not be asked.
    Failed(anyhow::Error),
}

/// Why, by the body of an answer.
fn why(value: &Value) -> String {
    let told = |text: &str| text.trim().chars().take(MOST_TOLD).collect::<String>();
    let why = value["error"].as_str().map(str::to_owned).or_else(|| value.as_str().map(told));
    why.filter(|why| !why.is_empty()).unwrap_or_else(|| "no reason was given".to_owned())
}

/// An answer that is not 200. A switch says why it refuses; what refuses without a reason of that form is none.
fn refused(status: u16, value: &Value) -> CallError {
    match status {
        400 | 403 | 404 | 409 if value["error"].is_string() => CallError::Rejected(why(value)),
        400 | 403 | 404 | 409 => CallError::Failed(anyhow::anyhow!(
            "it is no kazasu switch that answered {status}: {}; check `http` of the configuration",
            why(value)
        )),
        _ => CallError::Failed(anyhow::anyhow!("the switch answered {status}: {}", why(value))),
    }
}

/// What is sent to a switch.
enum Body {
    Json(Vec<u8>),
    File(Vec<u8>),
}

impl Body {
    fn parts(&self) -> (&'static str, &[u8]) {
        match self {
            Body::Json(bytes) => ("application/json", bytes),
            Body::File(bytes) => ("application/octet-stream", bytes),
        }
    }
}

/// A running switch's API, as one caller asks it.
pub(crate) struct Switch {
    addr: String,
    http: Http,
    bearer: String,
}

impl Switch {
    pub(crate) fn new(addr: &str, http: Http, token: &str) -> Switch {
        Switch { addr: addr.to_owned(), http, bearer: format!("Bearer {token}") }
    }

    /// Gets what an address gives.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        typed(self.exchange(path, None, Limits::ASK).await?)
    }

    /// Posts an object.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        limits: Limits,
    ) -> Result<T, CallError> {
        let body = serde_json::to_vec(body).map_err(|error| CallError::Failed(error.into()))?;
        typed(self.exchange(path, Some(Body::Json(body)), limits).await?)
    }

    /// Carries an operation out.
    pub(crate) async fn call<O>(&self, operation: &O) -> Result<O::Answer, CallError>
    where
        O: Operation + Serialize,
        O::Answer: DeserializeOwned,
    {
        let path = api::address(O::NAME.row().service);
        self.post(path, &api::Body::of(operation), Limits::ASK).await
    }

    /// Carries an operation with a file out.
    pub(crate) async fn send_file<O>(&self, operation: &O) -> Result<O::Answer, CallError>
    where
        O: WithFile,
        O::Answer: DeserializeOwned,
    {
        let file = operation.file().to_vec();
        typed(self.exchange(&with_query(operation)?, Some(Body::File(file)), Limits::FILE).await?)
    }

    /// Hands a file in whose answer is lines of JSON. `take` gets each until it gives what came of the file.
    pub(crate) async fn lines<O: WithFile, T: Send + 'static>(
        &self,
        operation: &O,
        mut take: impl FnMut(&Value) -> anyhow::Result<Option<T>> + Send + 'static,
    ) -> Result<T, CallError> {
        let read = move |mut reply: Reply| -> anyhow::Result<Result<T, CallError>> {
            if reply.status() != 200 {
                let value = reply.value()?;
                return Ok(Err(refused(reply.status(), &value)));
            }
            for line in BufReader::new(reply.response.body_mut().as_reader()).lines() {
                let value: Value = serde_json::from_str(&line?).context("the switch's answer")?;
                // What the switch refuses while it reads comes after 200.
                if value["error"].is_string() {
                    return Ok(Err(CallError::Rejected(why(&value))));
                }
                if let Some(done) = take(&value)? {
                    return Ok(Ok(done));
                }
            }
            anyhow::bail!("the switch's answer ended without a result; run it again: it goes on where it stood")
        };
        let (path, file) = (with_query(operation)?, operation.file().to_vec());
        self.send(&path, Some(Body::File(file)), Limits::FILE, read).await?
    }

    async fn exchange(&self, path: &str, body: Option<Body>, limits: Limits) -> Result<Value, CallError> {
        let read = |mut reply: Reply| anyhow::Ok((reply.status(), reply.value()?));
        match self.send(path, body, limits, read).await? {
            (200, value) => Ok(value),
            (status, value) => Err(refused(status, &value)),
        }
    }

    /// Sends it on a thread of its own, where `read` reads what comes.
    async fn send<T: Send + 'static>(
        &self,
        path: &str,
        body: Option<Body>,
        limits: Limits,
        read: impl FnOnce(Reply) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, CallError> {
        let (http, addr, bearer) = (self.http.clone(), self.addr.clone(), self.bearer.clone());
        let url = http.url(&addr, path);
        let sending = tokio::task::spawn_blocking(move || -> anyhow::Result<T> {
            let body = body.as_ref().map(Body::parts);
            let mut headers = vec![("authorization", bearer.as_str())];
            headers.extend(body.map(|(kind, _)| ("content-type", kind)));
            read(http.client(&addr, limits)?.send(&url, &headers, body.map(|(_, bytes)| bytes))?)
        });
        let read = match sending.await {
            Ok(read) => read,
            Err(broken) => Err(broken.into()),
        };
        let why = || {
            format!(
                "the switch's API at {} gives no answer; what was asked may have been done, and can be asked again",
                self.addr
            )
        };
        read.with_context(why).map_err(CallError::Failed)
    }
}

/// An answer as its type.
fn typed<T: DeserializeOwned>(value: Value) -> Result<T, CallError> {
    serde_json::from_value(value).context("the switch's answer").map_err(CallError::Failed)
}

/// The address of an operation with a file.
fn with_query(operation: &impl WithFile) -> Result<String, CallError> {
    let query = operation.query().map_err(|error| CallError::Failed(error.into()))?;
    Ok(if query.is_empty() { operation.path() } else { format!("{}?{query}", operation.path()) })
}

/// What listens at an address.
pub(crate) enum Listens {
    /// A switch.
    Switch,
    /// Nothing does.
    Nothing,
    /// Something else, or a switch that gives no answer: what is wrong.
    Other(String),
}

/// How long a connection, and then the answer of what listens, is waited for.
const CONNECTS: Duration = Duration::from_secs(2);
const ANSWERS: Duration = Duration::from_secs(5);

/// Asks what listens at an address whether it is a switch.
pub(crate) async fn listens(addr: &str, http: Http) -> Listens {
    let connecting = tokio::time::timeout(CONNECTS, tokio::net::TcpStream::connect(addr)).await;
    if !connecting.is_ok_and(|socket| socket.is_ok()) {
        return Listens::Nothing;
    }
    let (url, at) = (http.url(addr, "/healthz"), addr.to_owned());
    let asking = tokio::task::spawn_blocking(move || -> anyhow::Result<(u16, Value)> {
        let mut reply = http.client(&at, Limits::within(ANSWERS))?.send(&url, &[], None)?;
        Ok((reply.status(), reply.value()?))
    });
    let what = match asking.await {
        Ok(Ok((200, Value::String(text)))) if text == "ok\n" => return Listens::Switch,
        Ok(Ok((status, _))) => {
            format!("something that is no kazasu switch listens there: it answers {status} to /healthz")
        }
        Ok(Err(error)) => {
            format!(
                "what listens there gives no answer ({error}); a switch that is starting gives one in a moment: try again"
            )
        }
        Err(error) => error.to_string(),
    };
    Listens::Other(format!("http {addr}: {what}; anything else must be stopped, or `http` be another address"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_services::relief::ImportApplications;
    use serde_json::json;
    use std::io::Write;
    use std::net::TcpListener;
    use std::sync::mpsc;

    /// A switch that gives these answers, one a connection, and what it was asked.
    fn there_is(answers: &[(u16, &str)]) -> (Switch, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let http = listener.local_addr().unwrap().to_string();
        let answer = |(status, body): &(u16, &str)| {
            let length = body.len();
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
        };
        let answers: Vec<String> = answers.iter().map(answer).collect();
        let (tx, asked) = mpsc::channel();
        std::thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
                }
                let head = head.to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
                reader.read_exact(&mut body).unwrap();
                tx.send(head + &String::from_utf8(body).unwrap()).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        (Switch::new(&http, Http::default(), "secret"), asked)
    }

    fn told<T: std::fmt::Display>(result: Result<T, CallError>) -> String {
        match result {
            Ok(value) => value.to_string(),
            Err(CallError::Rejected(why)) => format!("no: {why}"),
            Err(CallError::Failed(error)) => format!("broken: {error:#}"),
        }
    }

    #[tokio::test]
    async fn a_request_is_carried_out_refused_or_broken() {
        let (switch, asked) = there_is(&[
            (200, r#"{"result":"recorded"}"#),
            (409, r#"{"error":"no such programme"}"#),
            (503, r#"{"error":"the ledger takes no records"}"#),
            (502, " <p>a proxy</p>\n"),
            (400, ""),
            (404, "<html>Not Found</html>"),
        ]);
        let mut all = vec![told(switch.post::<Value>("/v1/ask", &json!({ "do": "x" }), Limits::ASK).await)];
        for _ in 0..5 {
            all.push(told(switch.get::<Value>("/v1/days").await));
        }
        let expected = [
            r#"{"result":"recorded"}"#,
            "no: no such programme",
            "broken: the switch answered 503: the ledger takes no records",
            "broken: the switch answered 502: <p>a proxy</p>",
            "broken: it is no kazasu switch that answered 400: no reason was given; check `http` of the configuration",
            "broken: it is no kazasu switch that answered 404: <html>Not Found</html>; check `http` of the configuration",
        ];
        assert_eq!(all, expected);
        let asked: Vec<String> = asked.iter().collect();
        assert!(asked[0].starts_with("post /v1/ask ") && asked[0].ends_with(r#"{"do":"x"}"#), "{asked:?}");
        assert!(asked[0].contains("content-type: application/json"), "{asked:?}");
        assert!(asked[1].starts_with("get /v1/days "), "{asked:?}");
        assert!(asked.iter().all(|asked| asked.contains("authorization: bearer secret")), "{asked:?}");
    }

    fn applications() -> ImportApplications {
        let file = std::sync::Arc::new(b"a,b".to_vec());
        let (name, why) = ("申請 1&2.csv".to_owned(), "flood".to_owned());
        ImportApplications { programme: 7, name, why, sheet: None, file, progress: Default::default() }
    }

    #[test]
    fn an_address_keeps_what_a_name_has() {
        let path = with_query(&applications()).unwrap_or_default();
        let name = "%E7%94%B3%E8%AB%8B+1%262.csv";
        assert_eq!(path, format!("/v1/relief/programmes/7/batches?name={name}&why=flood"));
    }

    #[tokio::test]
    async fn lines_are_taken_until_one_says_what_came_of_it() {
        let take = |line: &Value| anyhow::Ok(line["imported"].as_u64());
        let (switch, asked) = there_is(&[
            (200, "{\"read\":1,\"of\":2}\n{\"imported\":7}\n"),
            (200, "{\"read\":1,\"of\":2}\n{\"error\":\"the last row\"}\n"),
            (200, "{\"read\":1,\"of\":2}\n"),
            (403, "{\"error\":\"an officer reads it\"}"),
        ]);
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(told(switch.lines(&applications(), take).await));
        }
        assert_eq!([&all[0], &all[1], &all[3]], ["7", "no: the last row", "no: an officer reads it"]);
        assert!(all[2].starts_with("broken: ") && all[2].contains("without a result"), "{all:?}");
        assert!(asked.iter().all(|asked| asked.contains("application/octet-stream") && asked.ends_with("a,b")));
    }

    #[tokio::test]
    async fn a_switch_that_is_not_there_may_have_done_it() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let told = told(Switch::new(&gone, Http::default(), "secret").get::<Value>("/v1/days").await);
        assert!(told.contains("gives no answer") && told.contains(&gone) && !told.contains("secret"), "{told}");
    }
}
