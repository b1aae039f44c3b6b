//! Health, metrics, status and the import API over HTTP. Reading is open on the configured address; changing anything needs
//! the bearer token from the key file.

mod answers;
mod body;
mod callers;
mod closing;
mod imports;
mod relief;
mod residents;
mod socket;
mod status;

use crate::admin::{Ask, Desk};
use crate::certificates::Certificates;
use crate::config::Caller;
use crate::issuers::Issuers;
use crate::ports::PortInUse;
use answers::{answer, broken, read};
use anyhow::Context;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use callers::{authorized, caller};
use kazasu_engine::Engine;
use kazasu_engine::tasks::{Kind, broke_off, fault, unwound};
use kazasu_ledger::record::LinkOrigin;
use kazasu_store::{Node, Store};
use kazasu_tls::{LazyStream, Server};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use socket::Socket;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::watch;

/// Bodies that are read at one time; the next wait.
const BODIES: usize = 16;

/// What the handlers use.
#[derive(Clone)]
pub struct Api {
    /// The core.
    pub engine: Engine,
    /// Carries out what portals and operators ask.
    pub desk: Desk,
    /// Everybody who may ask.
    pub callers: Arc<Vec<Caller>>,
    /// Renders metrics.
    pub prometheus: PrometheusHandle,
    /// Issuer links, for the status.
    pub issuers: Arc<Issuers>,
    /// Certificates of all connections, the HTTP address's own too.
    pub certificates: Arc<Certificates>,
    /// Who this process is.
    pub node: Node,
    /// Where the journal is.
    pub store: Arc<dyn Store>,
}

/// Binds the address.
pub async fn bind(addr: &str, in_use: PortInUse) -> anyhow::Result<TcpListener> {
    crate::ports::bind(addr, in_use).await.with_context(|| format!("cannot listen for HTTP on {addr}"))
}

/// Serves until shutdown.
pub fn serve(listener: TcpListener, api: Api, shutdown: watch::Receiver<bool>) {
    let tasks = api.engine.health().tasks.clone();
    let app = Router::new()
        .route("/", get(status::page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(|State(api): State<Api>| async move { api.prometheus.render() }))
        .route("/v1/status", get(status::shown))
        .route("/v1/handover", post(hand_over))
        .route("/v1/merchants", get(merchants))
        .route("/v1/merchants/{*id}", get(merchant))
        .route("/v1/ask", post(ask))
        .route("/v1/policy", get(policy))
        .route("/v1/links/broken", get(broken_links))
        .route("/v1/links/shared", get(shared_accounts))
        .route("/v1/notices", get(notices))
        .route("/v1/advices", get(advices))
        .merge(relief::routes())
        .merge(closing::routes())
        .merge(imports::routes())
        .merge(residents::routes());
    #[cfg(debug_assertions)]
    let app = app.route("/v1/break/{task}", post(break_task));
    // `admit` has read the body by then, within the path's own limit.
    let app = app.layer(DefaultBodyLimit::disable());
    let app = app.layer(middleware::from_fn_with_state(api.clone(), admit));
    let tls = api.certificates.http().cloned();
    let app = app.layer(middleware::from_fn(caught)).with_state(api);
    let port = Port { listener: Arc::new(listener), tls };
    tasks.keep(Kind::Http, "", move || {
        let (port, app, mut shutdown) = (port.clone(), app.clone(), shutdown.clone());
        async move {
            let signal = async move {
                // An error means that the sender is gone, which is a shutdown too.
                let _ = shutdown.changed().await;
            };
            axum::serve(port, app).with_graceful_shutdown(signal).await.map_err(|error| error.to_string())
        }
    });
}

/// The port, which stays open when the server has to begin again.
#[derive(Clone)]
struct Port {
    listener: Arc<TcpListener>,
    /// TLS, when the address speaks it.
    tls: Option<Arc<Server>>,
}

/// How long a TLS handshake may take. It is the connection's own task that waits for it.
const HANDSHAKE: std::time::Duration = std::time::Duration::from_secs(10);

impl Port {
    fn socket(&self, stream: tokio::net::TcpStream) -> Socket {
        Socket(match &self.tls {
            None => stream.into(),
            Some(tls) => LazyStream::accept(tls, stream, HANDSHAKE),
        })
    }
}

impl axum::serve::Listener for Port {
    type Io = Socket;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            fault(Kind::Http);
            match self.listener.accept().await {
                Ok((stream, peer)) => return (self.socket(stream), peer),
                // Usually too many open files: waiting lets others close.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an HTTP connection");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// Breaks a task, for a test. Builds without debug assertions do not have it.
#[cfg(debug_assertions)]
async fn break_task(State(api): State<Api>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match kind {
        Kind::Core => {
            // The answer to this question never comes.
            let _: Option<()> = api.engine.query(|_| panic!("core breaks off, for a test")).await;
        }
        Kind::Log => kazasu_console::logs::break_writer(),
        Kind::Wal => kazasu_store::sqlite::break_mover(),
        kind => kazasu_engine::tasks::arm(kind),
    }
    StatusCode::ACCEPTED.into_response()
}

/// A handler that panics is counted and answered all the same, and its connection goes on.
async fn caught(request: Request, next: Next) -> Response {
    let answered = async move {
        fault(Kind::HttpConnection);
        next.run(request).await
    };
    match unwound(answered).await {
        Ok(response) => response,
        Err(why) => {
            broke_off(Kind::HttpConnection, &why);
            broken()
        }
    }
}

/// Strangers' bodies are not read: who asks for something is known by then, and only so many bodies are read at one time.
async fn admit(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if [Method::GET, Method::HEAD].contains(&method) {
        return body::in_form(&method, &path, next.run(request).await).await;
    }
    if let Err(refusal) = caller(&api, request.headers()) {
        return refusal.into_response();
    }
    static PERMITS: Semaphore = Semaphore::const_new(BODIES);
    let _permit = PERMITS.acquire().await;
    let (parts, body) = request.into_parts();
    let whole = match body::whole(&path, &parts.headers, body).await {
        Ok(whole) => whole,
        Err(refusal) => return *refusal,
    };
    let request = Request::from_parts(parts, whole.into());
    body::in_form(&method, &path, next.run(request).await).await
}

async fn ask(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    let by = match authorized(&api, &headers) {
        Ok(caller) => caller.name.clone(),
        Err(refusal) => return refusal.into_response(),
    };
    match read::<Ask>(&body) {
        Ok(ask) => answer(api.desk.carry_out(ask, &by, LinkOrigin::Counter).await),
        Err(refusal) => *refusal,
    }
}

async fn policy(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => answer(api.desk.policy().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn broken_links(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => answer(api.desk.broken_links().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn shared_accounts(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => answer(api.desk.shared_accounts().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn notices(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => answer(api.desk.notices().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn advices(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => answer(api.desk.waiting_advices().await),
        Err(refusal) => refusal.into_response(),
    }
}

/// What a hand-over is asked for.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOver {
    /// The node that is to lead; any when it is left out.
    #[serde(default)]
    to: String,
}

async fn hand_over(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let body: HandOver = match read(&body) {
        Ok(body) => body,
        Err(refusal) => return *refusal,
    };
    let result = match crate::cluster::able(api.store.as_ref(), &api.node, &body.to).await {
        Ok(()) => crate::cluster::hand_over(&api.engine, &api.node.name, body.to).await,
        Err(why) => Err(why),
    };
    match result {
        Ok(leader) => Json(json!({ "leader": leader })).into_response(),
        Err(error) => (StatusCode::CONFLICT, Json(json!({ "error": error }))).into_response(),
    }
}

async fn merchants(State(api): State<Api>, headers: HeaderMap) -> Response {
    match authorized(&api, &headers) {
        Ok(_) => answer(api.desk.merchants().await),
        Err(refusal) => refusal.into_response(),
    }
}

async fn merchant(State(api): State<Api>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    match api.desk.merchant(&id).await {
        Ok(found) if found.as_array().is_some_and(Vec::is_empty) => {
            let text = format!("merchant {} is not registered", kazasu_schemas::text::masked(&id));
            (StatusCode::NOT_FOUND, Json(json!({ "error": text }))).into_response()
        }
        found => answer(found),
    }
}

#[cfg(test)]
mod tests {
    use super::answers::{BROKEN, outcome};
    use super::*;
    use crate::admin::AskError;
    use crate::import;
    use axum::body::Body;
    use kazasu_engine::tasks::AbortOnDrop;
    use std::net::SocketAddr;
    use std::task::Poll;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::task::JoinError;

    /// Requests that have broken off so far in this process.
    fn counted() -> u64 {
        let text = crate::telemetry::prometheus().render();
        let ended = |line: &&str| line.starts_with("kazasu_task_ended_total") && line.contains("\"http_connection\"");
        let line = text.lines().find(ended).unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    /// Everything that comes back over a new connection, up to its end.
    async fn told(addr: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: switch\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        // A connection that is cut off may end with an error.
        let _ = stream.read_to_end(&mut bytes).await;
        String::from_utf8(bytes).unwrap()
    }

    async fn handler() -> &'static str {
        panic!("a bad handler")
    }

    /// The handler has answered when this breaks off.
    async fn late() -> Body {
        type Part = Result<Bytes, std::io::Error>;
        Body::from_stream(futures_util::stream::poll_fn(|_| -> Poll<Option<Part>> { panic!("a bad body") }))
    }

    async fn work() -> Response {
        let work: Result<(), JoinError> = tokio::spawn(async { panic!("bad work") }).await;
        answer(Err(AskError::Other(work.unwrap_err().into())))
    }

    async fn file() -> Response {
        let work = tokio::task::spawn_blocking(|| -> import::ImportReport { panic!("a bad file") }).await;
        outcome(work.map_err(|error| anyhow::Error::from(error).context("a file")))
    }

    #[tokio::test]
    async fn a_value_that_can_never_be_is_400_and_what_does_not_stand_now_is_409() {
        use kazasu_core::Rejected;
        use kazasu_engine::CommandError;
        use kazasu_schemas::money::Yen;
        for (why, status, field) in [
            (Rejected::OwnLimit("day", Yen::new(-1)), 400, json!("day")),
            (Rejected::Amount(Yen::ZERO), 400, json!("amount")),
            (Rejected::Reference, 400, json!("reference")),
            (Rejected::UnknownProgramme(9), 409, json!(null)),
        ] {
            let told = answer(Err(AskError::Command(CommandError::Rejected(why))));
            assert_eq!(told.status().as_u16(), status);
            let body = axum::body::to_bytes(told.into_body(), 10_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["field"], field, "{body}");
        }
    }

    #[tokio::test]
    async fn a_request_that_panics_is_answered_500_and_counted_wherever_it_does() {
        let app = Router::new()
            .route("/well", get(|| async { "well" }))
            .route("/handler", get(handler))
            .route("/late", get(late))
            .route("/work", get(work))
            .route("/file", get(file))
            .layer(middleware::from_fn(caught));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let port = Port { listener: Arc::new(listener), tls: None };
        let _serving = AbortOnDrop(tokio::spawn(async move { axum::serve(port, app).await }));
        let before = counted();
        for (path, broken_off) in [("/handler", 1), ("/work", 2), ("/file", 3), ("/late", 4)] {
            let said = told(addr, path).await;
            assert_eq!(counted() - before, broken_off, "{path}: {said}");
            if path != "/late" {
                assert!(said.starts_with("HTTP/1.1 500 ") && said.contains(BROKEN), "{path}: {said}");
            }
            let said = told(addr, "/well").await;
            assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("well"), "{path}: {said}");
        }
        assert_eq!(counted() - before, 4);
    }
}
