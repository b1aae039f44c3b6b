//! Health, metrics, status and the import API over HTTP. Reading is open on the configured address; changing anything needs
//! the bearer token from the key file.

mod answers;
mod bodies;
mod body;
mod callers;
mod closing;
mod imports;
mod relief;
mod residents;
mod server;
mod socket;
mod status;

use crate::admission::Gate;
use crate::api::address;
use crate::config::Caller;
use crate::doors;
use crate::issuers::Issuers;
use crate::json;
use crate::ports::PortInUse;
use answers::{answer, answer_of, broken, in_address, misread, read, refused};
use anyhow::Context;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
pub(crate) use bodies::Bodies;
use callers::{Asker, caller};
use kazasu_engine::Engine;
use kazasu_engine::tasks::{Kind, broke_off, fault, unwound};
use kazasu_services::access::{About, Name, Service};
use kazasu_services::merchants::{ListMerchants, ShowMerchant};
use kazasu_services::operators::{ListAdvices, ListNotices};
use kazasu_services::policy::ShowPolicy;
use kazasu_services::residents::{ListBrokenLinks, ListSharedAccounts};
use kazasu_services::{CallerKind, Operation, ServiceError, Services};
use kazasu_store::{Node, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use server::{Guest, Server};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Bounds of each connection and request.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Bodies of one caller at one time.
    pub bodies_of_caller: usize,
    /// Bodies of one subnet at one time.
    pub bodies_of_subnet: usize,
    /// A new connection's first header is there by then.
    pub header: Duration,
    /// A connection without a further header for this long is closed.
    pub idle: Duration,
    /// A whole body is there by then.
    pub body: Duration,
    /// A body of which nothing comes for this long is given up.
    pub body_pause: Duration,
    /// A peer that takes nothing of an answer for this long is closed.
    pub write: Duration,
}

/// What the handlers use.
#[derive(Clone)]
pub struct Api {
    /// The core.
    pub engine: Engine,
    /// Carries operations out.
    pub services: Services,
    /// Everybody who may ask.
    pub callers: Arc<Vec<Caller>>,
    /// Bounds of each connection and request.
    pub limits: HttpLimits,
    /// Bodies that are being read or used.
    pub(crate) bodies: Arc<Bodies>,
    /// Renders metrics.
    pub prometheus: PrometheusHandle,
    /// Issuer links, for the status.
    pub issuers: Arc<Issuers>,
    /// Who this process is.
    pub node: Node,
    /// Where the journal is.
    pub store: Arc<dyn Store>,
    /// How far checkpoints have come, where there is a key that signs them.
    pub checkpoints: Option<Arc<crate::checkpoint::Status>>,
}

/// Binds the address.
pub async fn bind(addr: &str, in_use: PortInUse) -> anyhow::Result<TcpListener> {
    crate::ports::bind(addr, in_use).await.with_context(|| format!("cannot listen for HTTP on {addr}"))
}

/// Serves until shutdown.
pub(crate) fn serve(port: TcpListener, gate: Arc<Gate>, api: Api, shutdown: watch::Receiver<bool>) {
    let (tasks, limits) = (api.engine.health().tasks.clone(), api.limits);
    let app = Router::new()
        .route("/", get(status::page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(|State(api): State<Api>| async move { api.prometheus.render() }))
        .route("/v1/status", get(status::shown))
        .route("/v1/handover", post(hand_over))
        .route("/v1/merchants", get(question::<ListMerchants>))
        .route("/v1/merchants/{*merchant}", get(at::<ShowMerchant>))
        .route(address(Service::Operations), post(|api, who, body| door(api, who, body, Service::Operations)))
        .route("/v1/policy", get(question::<ShowPolicy>))
        .route("/v1/links/broken", get(question::<ListBrokenLinks>))
        .route("/v1/links/shared", get(question::<ListSharedAccounts>))
        .route("/v1/notices", get(question::<ListNotices>))
        .route("/v1/advices", get(question::<ListAdvices>))
        .merge(relief::routes())
        .merge(closing::routes())
        .merge(imports::routes())
        .merge(residents::routes());
    #[cfg(debug_assertions)]
    let app = app.route("/v1/break/{task}", post(break_task));
    // `admit` has read the body by then, within the path's own limit.
    let app = app.layer(DefaultBodyLimit::disable());
    let app = app.layer(middleware::from_fn_with_state(api.clone(), admit));
    let app = app.layer(middleware::from_fn(caught)).with_state(api);
    let server = Arc::new(Server { port, gate, app, limits, tasks: tasks.clone() });
    tasks.keep(Kind::Http, "", move || {
        let (server, shutdown) = (server.clone(), shutdown.clone());
        async move {
            server.run(shutdown).await;
            Ok(())
        }
    });
}

/// Breaks a task, for a test. Builds without debug assertions do not have it.
#[cfg(debug_assertions)]
async fn break_task(State(api): State<Api>, Asker(who): Asker, Path(name): Path<String>) -> Response {
    if let Err(error) = api.services.admit(Name::HandOver, About::Nothing, &who).await {
        return refused(error);
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

/// Strangers' bodies are not read: who asks for something is known by then, and a caller and a subnet may send only so many at one
/// time.
async fn admit(State(api): State<Api>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if [Method::GET, Method::HEAD].contains(&method) {
        return body::in_form(&method, &path, next.run(request).await).await;
    }
    let by = match caller(&api, request.headers()) {
        Ok(caller) => caller.name,
        Err(refusal) => return refusal.into_response(),
    };
    let subnet = request.extensions().get::<Guest>().map(Guest::subnet);
    let _taken = match api.bodies.take(&by, subnet).await {
        Ok(taken) => taken,
        Err(refusal) => return *refusal,
    };
    let (parts, body) = request.into_parts();
    let whole = match body::whole(&path, &parts.headers, body, &api.limits).await {
        Ok(whole) => whole,
        Err(refusal) => return *refusal,
    };
    let request = Request::from_parts(parts, whole.into());
    body::in_form(&method, &path, next.run(request).await).await
}

/// An operation that an address takes as a JSON object.
trait DoorOperation: Operation<Answer: Serialize> + DeserializeOwned + 'static {}

impl<O: Operation<Answer: Serialize> + DeserializeOwned + 'static> DoorOperation for O {}

/// A question that is the whole address, with its fields behind the question mark.
async fn question<Q: DoorOperation>(
    State(api): State<Api>,
    Asker(who): Asker,
    fields: Result<Query<Q>, QueryRejection>,
) -> Response {
    match in_address(fields) {
        Ok(Query(question)) => answer(api.services.call(question, &who).await),
        Err(refusal) => *refusal,
    }
}

/// A question whose fields stand in the address.
async fn at<Q: DoorOperation>(
    State(api): State<Api>,
    Asker(who): Asker,
    fields: Result<Path<Q>, PathRejection>,
) -> Response {
    match in_address(fields) {
        Ok(Path(question)) => answer(api.services.call(question, &who).await),
        Err(refusal) => *refusal,
    }
}

/// An operation as a JSON object. Portals have addresses of their own: `/v1/residents/…`.
async fn door(State(api): State<Api>, Asker(who): Asker, body: Bytes, service: Service) -> Response {
    if who.kind == CallerKind::Portal {
        let text = format!("{} is a portal: it acts for residents only, at /v1/residents/…", who.name);
        return refused(ServiceError::Forbidden(text));
    }
    match json::object(&body) {
        Ok(object) => answer_of(doors::open(service, &api.services, &who, object).await),
        Err(error) => *misread(&error),
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

async fn hand_over(State(api): State<Api>, Asker(who): Asker, body: Bytes) -> Response {
    if let Err(error) = api.services.admit(Name::HandOver, About::Nothing, &who).await {
        return refused(error);
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

#[cfg(test)]
mod tests {
    use super::answers::BROKEN;
    use super::server::tests::{gate, limits};
    use super::*;
    use axum::body::Body;
    use kazasu_engine::tasks::{AbortOnDrop, Tasks};
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
        refused(ServiceError::Other(work.unwrap_err().into()))
    }

    async fn file() -> Response {
        let work = tokio::task::spawn_blocking(|| -> u8 { panic!("a bad file") }).await;
        answer(work.map_err(|error| ServiceError::Other(anyhow::Error::from(error).context("a file"))))
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
            let told = refused(ServiceError::Command(CommandError::Rejected(why)));
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
        let (gate, limits, tasks) = (gate(), limits(), Tasks::default());
        let server = Server { port: listener, gate, app, limits, tasks };
        let (_stop, shutdown) = watch::channel(false);
        let _serving = AbortOnDrop(tokio::spawn(async move { server.run(shutdown).await }));
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
