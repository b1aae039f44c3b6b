//! The typed client of a switch's HTTP API, for the command line.

use crate::addresses::WithFile;
use crate::routes::{self, Addressed, BASE};
use bytes::Bytes;
use kazasu_engine::CommandError;
use kazasu_http_client::{Client, Limits, Method, Reply, Tls};
use kazasu_services::ServiceError;
use kazasu_services::access::Service;
use kazasu_text::requests::{CallText, JsonText};
use kazasu_text::{Because, Language, Quoted, Said, Text};
use kazasu_tls::OwnFiles;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::Duration;
use zeroize::Zeroizing;

/// The longest answer that is read, in bytes.
const MOST_ANSWER: u64 = 256 * 1024 * 1024;
/// The longest excerpt of an answer that is no JSON, in characters.
const MOST_TOLD: usize = 200;

/// The time for one request. Sealing all numbers again takes the longest.
pub const REQUEST: Limits = Limits::within(Duration::from_secs(600));
/// The time for a file, which may be large.
pub const FILE: Limits = Limits { whole: None, body: None };

/// The way to a switch's HTTP: in the clear, or with TLS.
#[derive(Clone, Debug, Default)]
pub struct Http(
    /// `None` for HTTP in the clear.
    pub Option<HttpTls>,
);

/// TLS towards a switch, as its configuration says it.
#[derive(Clone, Debug)]
pub struct HttpTls {
    /// Authorities that are trusted, PEM; the platform's when there are none.
    pub authorities: Option<PathBuf>,
    /// This side's certificate, where clients must show one.
    pub own: Option<OwnFiles>,
    /// The name that the switch's certificate has; the host of the address when there is none.
    pub name: Option<String>,
}

impl Http {
    fn client(&self, addr: &str, limits: Limits) -> anyhow::Result<Client> {
        let Some(tls) = &self.0 else { return Ok(Client::new(limits, None)) };
        let made = Tls::of_switch("http_tls", tls.authorities.as_deref(), tls.own.as_ref())?;
        Ok(match tls.name {
            None => Client::new(limits, Some(made)),
            Some(_) => Client::at(addr.to_owned(), limits, made),
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

/// The body of an answer as JSON; as a text where it is none.
fn value(reply: &mut Reply) -> anyhow::Result<Value> {
    let text = reply.text(MOST_ANSWER)?;
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A request that was not carried out.
pub enum CallError {
    /// Refused, and nothing was changed.
    Rejected(String),
    /// The switch could not be asked.
    Failed(anyhow::Error),
}

impl From<ServiceError> for CallError {
    fn from(error: ServiceError) -> Self {
        CallError::of(error, Language::English)
    }
}

impl CallError {
    /// An error of a service that was asked here, in the language of the person who asked.
    #[must_use]
    pub fn of(error: ServiceError, language: Language) -> CallError {
        match error {
            ServiceError::Command(CommandError::Rejected(_))
            | ServiceError::Value { .. }
            | ServiceError::State { .. }
            | ServiceError::Absent { .. }
            | ServiceError::Cursor(_)
            | ServiceError::Pin
            | ServiceError::Portal(_)
            | ServiceError::Forbidden(_)
            | ServiceError::FactorNeeded
            | ServiceError::SignInNeeded(_)
            | ServiceError::SignIn(_)
            | ServiceError::Provider(_)
            | ServiceError::NotFound(_)
            | ServiceError::Replaced(_)
            | ServiceError::File(_) => CallError::Rejected(error.in_language(language)),
            ServiceError::Command(_) | ServiceError::Unlogged(_) => {
                CallError::Failed(anyhow::anyhow!(error.in_language(language)))
            }
            ServiceError::Other(error) => CallError::Failed(error),
        }
    }
}

/// A refusal as an error of its own: nothing was changed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl From<CallError> for anyhow::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Rejected(why) => Refused(why).into(),
            CallError::Failed(error) => error,
        }
    }
}

/// The reason in the body of an answer.
fn why(value: &Value, language: Language) -> String {
    let told = |text: &str| text.trim().chars().take(MOST_TOLD).collect::<String>();
    let why = value["detail"].as_str().map(str::to_owned).or_else(|| value.as_str().map(told));
    why.filter(|why| !why.is_empty()).unwrap_or_else(|| CallText::NoReason.in_language(language).into_owned())
}

/// An answer that is not 200. A switch gives a reason for a refusal; a program that refuses without one is no switch.
fn refused(status: u16, value: &Value, language: Language) -> CallError {
    match status {
        400 | 401 | 403 | 404 | 409 | 412 | 422 | 428 | 429 if value["detail"].is_string() => {
            CallError::Rejected(why(value, language))
        }
        400 | 401 | 403 | 404 | 409 | 412 | 422 | 428 | 429 => {
            failed(&CallText::NoSwitch { status, why: &why(value, language) })
        }
        _ => failed(&CallText::Answered { status, why: &why(value, language) }),
    }
}

fn failed(text: &CallText<'_>) -> CallError {
    CallError::Failed(Said::of(text).into())
}

/// A request to a switch.
enum Body {
    Json(Vec<u8>),
    File(Bytes),
}

impl Body {
    fn parts(&self) -> (&'static str, &[u8]) {
        match self {
            Body::Json(bytes) => ("application/json", bytes),
            Body::File(bytes) => ("application/octet-stream", bytes),
        }
    }
}

/// A running switch's API, for one caller.
pub struct Switch {
    addr: String,
    http: Http,
    bearer: Option<Zeroizing<String>>,
    language: Language,
}

impl Switch {
    /// The switch at an address (host and port), and the caller's session or key; without one, anonymously.
    #[must_use]
    pub fn new(addr: &str, http: Http, proof: Option<&str>) -> Switch {
        let bearer = proof.map(|proof| Zeroizing::new(format!("Bearer {proof}")));
        Switch { addr: addr.to_owned(), http, bearer, language: Language::English }
    }

    /// The same, with refusals in this language.
    #[must_use]
    pub fn speaking(self, language: Language) -> Switch {
        Switch { language, ..self }
    }

    /// Gets the answer of an address below the API's base.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, CallError> {
        typed(self.exchange(Sent::get(path), REQUEST).await?)
    }

    /// Posts an object to an address below the API's base.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        limits: Limits,
    ) -> Result<T, CallError> {
        let body = serde_json::to_vec(body).map_err(|error| CallError::Failed(error.into()))?;
        typed(self.exchange(Sent::post(path, Body::Json(body)), limits).await?)
    }

    /// Carries an operation out.
    pub async fn call<O>(&self, operation: &O) -> Result<O::Answer, CallError>
    where
        O: Addressed + Serialize,
        O::Answer: DeserializeOwned,
    {
        let fields = match serde_json::to_value(operation) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(CallError::Failed(anyhow::anyhow!("{:?} is no object", O::NAME))),
            Err(error) => return Err(CallError::Failed(error.into())),
        };
        typed(self.exchange(Sent::of((&O::METHOD, O::PATH), O::TAG, fields, self.language)?, REQUEST).await?)
    }

    /// Gets a list as a file of this media type, in the language of refusals. `read` takes it as it comes.
    pub async fn file<L>(
        &self,
        list: &L,
        accept: &'static str,
        read: impl FnOnce(&mut dyn std::io::Read) -> anyhow::Result<()> + Send + 'static,
    ) -> Result<(), CallError>
    where
        L: Addressed + Serialize,
    {
        let Ok(Value::Object(fields)) = serde_json::to_value(list) else {
            return Err(CallError::Failed(anyhow::anyhow!("{:?} is no object", L::NAME)));
        };
        let sent = Sent { accept: Some(accept), ..Sent::of((&L::METHOD, L::PATH), None, fields, self.language)? };
        let language = self.language;
        let read = move |mut reply: Reply| -> anyhow::Result<Result<(), CallError>> {
            if reply.status() != 200 {
                let value = value(&mut reply)?;
                return Ok(Err(refused(reply.status(), &value, language)));
            }
            Ok(Ok(read(&mut reply.reader())?))
        };
        self.send(sent, FILE, read).await?
    }

    /// Carries an operation out that a file names with the word of its service.
    pub async fn carry_out<T: DeserializeOwned>(
        &self,
        service: Service,
        (word, fields): (&str, Map<String, Value>),
    ) -> Result<T, CallError> {
        let Some((method, path)) = routes::find(service, word) else {
            let unknown = crate::doors::unknown(service, word).said();
            return Err(CallError::Rejected(unknown.in_language(self.language).into_owned()));
        };
        typed(self.exchange(Sent::of((&method, path), None, fields, self.language)?, REQUEST).await?)
    }

    /// Carries an operation with a file out.
    pub async fn send_file<O>(&self, operation: &O) -> Result<O::Answer, CallError>
    where
        O: WithFile,
        O::Answer: DeserializeOwned,
    {
        typed(self.exchange(Sent::post(&with_query(operation)?, Body::File(operation.file())), FILE).await?)
    }

    /// Hands a file in whose answer is lines of JSON. `take` gets each line until it returns the result of the file.
    pub async fn lines<O: WithFile, T: Send + 'static>(
        &self,
        operation: &O,
        mut take: impl FnMut(&Value) -> anyhow::Result<Option<T>> + Send + 'static,
    ) -> Result<T, CallError> {
        let language = self.language;
        let read = move |mut reply: Reply| -> anyhow::Result<Result<T, CallError>> {
            if reply.status() != 200 {
                let value = value(&mut reply)?;
                return Ok(Err(refused(reply.status(), &value, language)));
            }
            for line in BufReader::new(reply.reader()).lines() {
                let value: Value = serde_json::from_str(&line?).because(|| Said::of(&CallText::Malformed))?;
                // A refusal during reading comes after status 200.
                if value["detail"].is_string() {
                    return Ok(Err(CallError::Rejected(why(&value, language))));
                }
                if let Some(done) = take(&value)? {
                    return Ok(Ok(done));
                }
            }
            anyhow::bail!(Said::of(&CallText::Unfinished))
        };
        let sent = Sent::post(&with_query(operation)?, Body::File(operation.file()));
        self.send(sent, FILE, read).await?
    }

    async fn exchange(&self, sent: Sent, limits: Limits) -> Result<Value, CallError> {
        let read = |mut reply: Reply| anyhow::Ok((reply.status(), value(&mut reply)?));
        match self.send(sent, limits, read).await? {
            (200, value) => Ok(value),
            (status, value) => Err(refused(status, &value, self.language)),
        }
    }

    /// Sends the request on a thread of its own, where `read` reads the answer.
    async fn send<T: Send + 'static>(
        &self,
        sent: Sent,
        limits: Limits,
        read: impl FnOnce(Reply) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, CallError> {
        let (http, addr, bearer) = (self.http.clone(), self.addr.clone(), self.bearer.clone());
        let language = self.language.tag();
        let url = http.url(&addr, &format!("{BASE}{}", sent.path));
        let sending = tokio::task::spawn_blocking(move || -> anyhow::Result<T> {
            let body = sent.body.as_ref().map(Body::parts);
            let key = hex::encode(kazasu_engine::clock::random_bytes(16)?);
            let mut headers = vec![("accept-language", language)];
            headers.extend(bearer.as_ref().map(|bearer| ("authorization", bearer.as_str())));
            headers.extend(body.map(|(kind, _)| ("content-type", kind)));
            headers.extend(sent.tag.as_ref().map(|tag| ("if-match", tag.as_str())));
            headers.extend(sent.accept.map(|accept| ("accept", accept)));
            if sent.method != Method::Get {
                headers.push(("idempotency-key", &key));
            }
            let client = http.client(&addr, limits)?;
            read(client.send_as(sent.method, &url, (&headers, body.map(|(_, bytes)| bytes)))?)
        });
        let read = match sending.await {
            Ok(read) => read,
            Err(broken) => Err(broken.into()),
        };
        let why = || Said::of(&CallText::NoAnswer { addr: &self.addr });
        read.because(why).map_err(|error| CallError::Failed(error.into()))
    }
}

/// A request that is to be sent.
struct Sent {
    method: Method,
    /// Below the API's base, with what stands behind the question mark.
    path: String,
    /// What a decision is about.
    tag: Option<String>,
    /// The form that is wanted.
    accept: Option<&'static str>,
    body: Option<Body>,
}

impl Sent {
    fn get(path: &str) -> Sent {
        Sent { method: Method::Get, path: path.to_owned(), tag: None, accept: None, body: None }
    }

    fn post(path: &str, body: Body) -> Sent {
        Sent { method: Method::Post, path: path.to_owned(), tag: None, accept: None, body: Some(body) }
    }

    /// A request's fields, each where its address has it.
    fn of(
        (method, template): (&axum::http::Method, &'static str),
        tag: Option<&str>,
        mut fields: Map<String, Value>,
        language: Language,
    ) -> Result<Sent, CallError> {
        let mut path = template.to_owned();
        for name in routes::fields_of(template) {
            let said = fields.remove(name).map(|value| text(&value)).unwrap_or_default();
            if said.is_empty() {
                return Err(CallError::Rejected(JsonText::Missing { field: name }.in_language(language).into_owned()));
            }
            path =
                path.replace(&format!("{{{name}}}"), &escaped(&said)).replace(&format!("{{*{name}}}"), &escaped(&said));
        }
        let tag = tag.and_then(|name| fields.remove(name)).map(|value| format!("\"{}\"", text(&value)));
        let method = match *method {
            axum::http::Method::GET => Method::Get,
            axum::http::Method::DELETE => Method::Delete,
            axum::http::Method::PUT => Method::Put,
            _ => Method::Post,
        };
        if matches!(method, Method::Post | Method::Put) {
            let body = serde_json::to_vec(&fields).map_err(|error| CallError::Failed(error.into()))?;
            return Ok(Sent { method, path, tag, accept: None, body: Some(Body::Json(body)) });
        }
        let pairs: Vec<(String, String)> = fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, text(&value)))
            .collect();
        let query = serde_urlencoded::to_string(pairs).map_err(|error| CallError::Failed(error.into()))?;
        let path = if query.is_empty() { path } else { format!("{path}?{query}") };
        Ok(Sent { method, path, tag, accept: None, body: None })
    }
}

/// A field's value as an address says it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A part of a path.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// An answer as its type.
fn typed<T: DeserializeOwned>(value: Value) -> Result<T, CallError> {
    let read = serde_json::from_value(value).because(|| Said::of(&CallText::Malformed));
    read.map_err(|error| CallError::Failed(error.into()))
}

/// The address of an operation with a file.
fn with_query(operation: &impl WithFile) -> Result<String, CallError> {
    let query = operation.query().map_err(|error| CallError::Failed(error.into()))?;
    Ok(if query.is_empty() { operation.path() } else { format!("{}?{query}", operation.path()) })
}

/// The program that listens at an address.
pub enum Listens {
    /// A switch.
    Switch,
    /// Nothing does.
    Nothing,
    /// Another program, or a switch that gives no answer, with the problem.
    Other(Said),
}

/// The time for a connection, and then for the answer.
const CONNECTS: Duration = Duration::from_secs(2);
const ANSWERS: Duration = Duration::from_secs(5);

/// Asks the program at an address whether it is a switch.
pub async fn listens(addr: &str, http: Http) -> Listens {
    let connecting = tokio::time::timeout(CONNECTS, tokio::net::TcpStream::connect(addr)).await;
    if !connecting.is_ok_and(|socket| socket.is_ok()) {
        return Listens::Nothing;
    }
    let (url, at) = (http.url(addr, "/healthz"), addr.to_owned());
    let asking = tokio::task::spawn_blocking(move || -> anyhow::Result<(u16, Value)> {
        let mut reply = http.client(&at, Limits::within(ANSWERS))?.send(&url, &[], None)?;
        Ok((reply.status(), value(&mut reply)?))
    });
    let what = match asking.await {
        Ok(Ok((200, Value::String(text)))) if text == "ok\n" => return Listens::Switch,
        Ok(Ok((status, _))) => Said::of(&CallText::OtherProgram { status }),
        Ok(Err(error)) => {
            let why = error.to_string();
            Said::of(&CallText::Silent { why: Quoted(&why) })
        }
        Err(error) => {
            let why = error.to_string();
            Said::of(&CallText::Silent { why: Quoted(&why) })
        }
    };
    Listens::Other(Said::of(&CallText::Listens { addr, what: &what }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_services::relief::ImportApplications;
    use serde_json::json;
    use std::io::{Read, Write};
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
        (Switch::new(&http, Http::default(), Some("secret")), asked)
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
            (409, r#"{"detail":"no such programme"}"#),
            (503, r#"{"detail":"the ledger takes no records"}"#),
            (502, " <p>a proxy</p>\n"),
            (400, ""),
            (404, "<html>Not Found</html>"),
        ]);
        let mut all = vec![told(switch.post::<Value>("/merges", &json!({ "from": "x" }), REQUEST).await)];
        for _ in 0..5 {
            all.push(told(switch.get::<Value>("/closing/days").await));
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
        assert!(asked[0].starts_with("post /api/v1/merges ") && asked[0].ends_with(r#"{"from":"x"}"#), "{asked:?}");
        assert!(asked[0].contains("content-type: application/json"), "{asked:?}");
        assert!(asked[1].starts_with("get /api/v1/closing/days "), "{asked:?}");
        assert!(asked.iter().all(|asked| asked.contains("authorization: bearer secret")), "{asked:?}");
    }

    fn applications() -> ImportApplications {
        let file = Bytes::from_static(b"a,b");
        let (name, why) = ("申請 1&2.csv".to_owned(), "flood".to_owned());
        ImportApplications { programme: 7, name, why, sheet: None, file, progress: Default::default() }
    }

    #[test]
    fn an_address_keeps_what_a_name_has() {
        let path = with_query(&applications()).unwrap_or_default();
        let name = "%E7%94%B3%E8%AB%8B+1%262.csv";
        assert_eq!(path, format!("/relief/programmes/7/batches?name={name}&why=flood"));
    }

    #[tokio::test]
    async fn lines_are_taken_until_one_says_what_came_of_it() {
        let take = |line: &Value| anyhow::Ok(line["imported"].as_u64());
        let (switch, asked) = there_is(&[
            (200, "{\"read\":1,\"of\":2}\n{\"imported\":7}\n"),
            (200, "{\"read\":1,\"of\":2}\n{\"detail\":\"the last row\"}\n"),
            (200, "{\"read\":1,\"of\":2}\n"),
            (403, "{\"detail\":\"an officer reads it\"}"),
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
        let told = told(Switch::new(&gone, Http::default(), Some("secret")).get::<Value>("/closing/days").await);
        assert!(told.contains("gives no answer") && told.contains(&gone) && !told.contains("secret"), "{told}");
    }
}
