//! Health, metrics, status and the API over HTTP. Health, metrics and the status are open on the configured address; all other
//! addresses require a session or a key, except for joining and signing in. Pages for people, which another crate makes, are on the
//! same address: [`guarded`] gives them the bounds of the API.

mod answers;
mod bank;
mod bodies;
mod body;
mod budgets;
mod callers;
mod caught;
mod closing;
mod edge;
mod fields;
mod forms;
mod forwarded;
mod front;
mod imports;
mod limits;
mod lists;
mod once;
mod onces;
mod operations;
mod pages;
mod problem;
mod relief;
mod server;
mod socket;
mod state;
mod status;
mod worded;

use crate::routes::{Addressed, BASE, at, each_route, requests};
pub use answers::{Refused, status_of};
use answers::{in_readers_language, read, refused};
use anyhow::Context;
use axum::body::Bytes;
#[cfg(debug_assertions)]
use axum::extract::Path;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
pub use bodies::Bodies;
pub use budgets::Budgets;
use callers::{Asker, caller};
use caught::caught;
pub use edge::{Edge, Told};
pub use forms::{Form, Handed, handed_in_once};
pub use forwarded::{ForwardedHeader, Proxies};
pub use front::{Front, SecurityContact};
use kazasu_connections::admission::Gate;
use kazasu_connections::ports::PortInUse;
use kazasu_engine::tasks::Kind;
use kazasu_services::access::{About, Audience, Name, sign_in_needed};
use kazasu_services::{CallerKind, Operation, Who};
pub use limits::HttpLimits;
use lists::listed;
pub(crate) use once::{Need, need};
pub use onces::Onces;
use operations::routed;
pub use pages::guarded;
pub(crate) use problem::CODES;
use serde_json::json;
pub use server::Guest;
use server::Server;
pub use state::Api;
use std::sync::{Arc, LazyLock};
use std::time::Instant;
use tokio::net::TcpListener;
use tokio::sync::watch;
use worded::worded;

/// Binds the address.
pub async fn bind(addr: &str, in_use: PortInUse) -> anyhow::Result<TcpListener> {
    kazasu_connections::ports::bind(addr, in_use).await.with_context(|| format!("cannot listen for HTTP on {addr}"))
}

/// Serves the API, and the pages at every other address, until shutdown.
pub fn serve(port: TcpListener, gate: Arc<Gate>, (api, pages): (Api, Router), shutdown: watch::Receiver<bool>) {
    let (tasks, limits) = (api.engine.health().tasks.clone(), api.limits);
    let proxies = Arc::new(api.front.proxies.clone());
    let app = Router::new()
        .route(problem::STATUS_PAGE, get(status::page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(status::ready))
        .route(front::SECURITY_TXT, get(front::security_txt))
        .route("/metrics", get(|State(api): State<Api>| async move { api.prometheus.render() }))
        .route(&at("/status"), get(status::shown))
        .route(&at("/openapi.json"), get(openapi))
        .route(&at("/handover"), post(hand_over))
        // An unknown address of the API has the API's answer, and not a page.
        .route("/api", any(|| async { StatusCode::NOT_FOUND }))
        .route("/api/{*rest}", any(|| async { StatusCode::NOT_FOUND }))
        // Where the API was once: a program reads a problem there, and no page.
        .route("/v1/{*rest}", any(|| async { StatusCode::NOT_FOUND }))
        .merge(relief::routes())
        .merge(closing::routes())
        .merge(imports::routes());
    let app = with_operations(app);
    #[cfg(debug_assertions)]
    let app = app.route(&at("/break/{task}"), post(break_task));
    // `admit` has read the body by then, within the path's own limit.
    let app = app.layer(DefaultBodyLimit::disable());
    let app = app.layer(middleware::from_fn_with_state(api.clone(), admit));
    let app = app.layer(middleware::from_fn(in_readers_language));
    let tls = api.certificates.http().cloned();
    let app = app.layer(middleware::from_fn(caught)).layer(middleware::from_fn(problem::in_one_form)).with_state(api);
    // The layers above are the API's: an error of a page is a page.
    let app = app.fallback_service(pages);
    let server = Arc::new(Server { port, gate, app, limits, tls, proxies, tasks: tasks.clone() });
    tasks.keep(Kind::Http, "", move || {
        let (server, shutdown) = (server.clone(), shutdown.clone());
        async move {
            server.run(shutdown).await;
            Ok(())
        }
    });
}

/// The OpenAPI document, which is made once.
async fn openapi() -> Response {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| crate::openapi::document().to_string().into());
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}

/// The route of a row of the table.
macro_rules! route {
    ($app:ident, $request:ident pages) => {
        listed::<requests::$request>($app)
    };
    ($app:ident, $request:ident $($tag:ident)?) => {
        routed::<requests::$request>($app)
    };
}

macro_rules! operations {
    ($($method:ident $path:literal $request:ident $($tag:ident)?;)*) => {
        /// Adds the address of every operation that has no handler of its own.
        fn with_operations(app: Router<Api>) -> Router<Api> {
            $(let app = route!(app, $request $($tag)?);)*
            app
        }

        /// Whether an address takes callers that have not signed in.
        fn is_open(path: &str) -> bool {
            let open = [$((<requests::$request as Operation>::NAME, <requests::$request as Addressed>::PATH),)*];
            let path = path.strip_prefix(BASE).unwrap_or(path);
            open.iter().any(|(name, open)| name.row().audience == Audience::Anyone && *open == path)
        }
    };
}
each_route!(operations);

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

/// The caller is known before a body is read. The requests of a caller are bounded in a minute, the bodies of a caller and of a subnet at
/// one time.
async fn admit(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let guest = request.extensions().get::<Guest>().cloned();
    let known = caller(&api, request.headers(), guest.as_ref()).await;
    let who = known.as_ref().ok().filter(|who| who.kind != CallerKind::Anonymous).cloned();
    if let Some(mut who) = who.clone() {
        who.presented = callers::presented(request.headers(), (request.method(), request.uri()), &[]);
        request.extensions_mut().insert(who);
    }
    let subnet = guest.as_ref().map(Guest::subnet);
    let left = who.as_ref().map(|who| api.budgets.spend(&who.name, Instant::now()));
    let asked = edge::Asked { subnet, method: request.method().clone(), path: request.uri().path().to_owned(), who };
    let mut response = match left.as_ref().and_then(budgets::Left::refusal) {
        Some(refusal) => refusal,
        None => admitted(&api, known, request, next).await,
    };
    if let Some(left) = left {
        left.say(response.headers_mut());
    }
    if let Some(edge) = &api.edge {
        edge.answered(&asked, &response);
    }
    response
}

async fn admitted(api: &Api, known: Result<Who, Box<Response>>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if [Method::GET, Method::HEAD].contains(&method) {
        return body::in_form(&method, &path, next.run(request).await).await;
    }
    let mut who = match known {
        Ok(who) if who.kind == CallerKind::Anonymous && !is_open(&path) => {
            return *callers::unknown(sign_in_needed());
        }
        Ok(who) => who,
        Err(refusal) => return *refusal,
    };
    let subnet = request.extensions().get::<Guest>().map(Guest::subnet);
    let _taken = match api.bodies.take(&who.name, subnet).await {
        Ok(taken) => taken,
        Err(refusal) => return *refusal,
    };
    let (mut parts, body) = request.into_parts();
    let whole = match body::whole(&path, &parts.headers, body, &api.limits).await {
        Ok(whole) => whole,
        Err(refusal) => return *refusal,
    };
    // A body may take minutes: what the caller may do, and whether a key or session is still one, is what it is now.
    who = match caller(api, &parts.headers, parts.extensions.get::<Guest>()).await {
        Ok(now) if now.name == who.name && now.kind == who.kind => now,
        Ok(_) => return *callers::unknown(sign_in_needed()),
        Err(refusal) => return *refusal,
    };
    who.presented = callers::presented(&parts.headers, (&parts.method, &parts.uri), &whole);
    parts.extensions.insert(who);
    let request = Request::from_parts(parts, whole.into());
    body::in_form(&method, &path, next.run(request).await).await
}

/// A request for a hand-over.
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
    let result = match kazasu_connections::cluster::able(api.store.as_ref(), &api.node, &body.to).await {
        Ok(()) => kazasu_connections::cluster::hand_over(&api.engine, &api.node.name, body.to).await,
        Err(why) => Err(why),
    };
    match result {
        Ok(leader) => Json(json!({ "leader": leader })).into_response(),
        Err(why) => worded(StatusCode::CONFLICT, None, &why),
    }
}

#[cfg(test)]
mod tests {
    use super::answers::told as told_of;
    use super::server::tests::{gate, limits};
    use super::*;
    use axum::body::Body;
    use kazasu_engine::tasks::{AbortOnDrop, Tasks};
    use kazasu_services::ServiceError;
    use kazasu_text::Text;
    use kazasu_text::requests::EdgeText;
    use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
    use std::net::SocketAddr;
    use std::sync::OnceLock;
    use std::task::Poll;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::task::JoinError;

    /// Requests that have broken off so far in this process.
    fn counted() -> u64 {
        static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
        let recorder = RECORDER.get_or_init(|| {
            let installed = PrometheusBuilder::new().install_recorder().unwrap();
            kazasu_engine::tasks::publish_from_the_start();
            installed
        });
        let text = recorder.render();
        let ended = |line: &&str| line.starts_with("kazasu_task_ended_total") && line.contains("\"http_connection\"");
        let line = text.lines().find(ended).unwrap();
        line.rsplit_once(' ').unwrap().1.parse().unwrap()
    }

    /// Everything that comes back over a new connection, up to its end.
    async fn told(addr: SocketAddr, path: &str) -> String {
        told_in(addr, path, "").await
    }

    /// The same, with a header of one's own.
    async fn told_in(addr: SocketAddr, path: &str, header: &str) -> String {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: switch\r\n{header}connection: close\r\n\r\n");
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
        told_of(work.map_err(|error| ServiceError::Other(anyhow::Error::from(error).context("a file"))))
    }

    #[tokio::test]
    async fn a_value_that_can_never_be_is_400_what_is_not_there_404_and_what_does_not_stand_now_409() {
        use kazasu_core::{ApprovalRefusal, Rejected};
        use kazasu_engine::CommandError;
        use kazasu_schemas::money::Yen;
        for (why, status, field) in [
            (Rejected::OwnLimit("day", Yen::new(-1)), 400, json!("day")),
            (Rejected::Amount(Yen::ZERO), 400, json!("amount")),
            (Rejected::Reference, 400, json!("reference")),
            (Rejected::UnknownProgramme(9), 404, json!(null)),
            (ApprovalRefusal::Unknown(9).into(), 404, json!(null)),
            (ApprovalRefusal::SentBack(9).into(), 409, json!(null)),
        ] {
            let told = refused(ServiceError::Command(CommandError::Rejected(why)));
            assert_eq!(told.status().as_u16(), status);
            let body = axum::body::to_bytes(told.into_body(), 10_000).await.unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["field"], field, "{body}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_said_in_the_language_that_the_caller_prefers() {
        use kazasu_core::Rejected;
        use kazasu_engine::CommandError;
        let refuse = || async { refused(ServiceError::Command(CommandError::Rejected(Rejected::Reference))) };
        let app = Router::new().route("/", get(refuse)).layer(middleware::from_fn(in_readers_language));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (gate, limits, tasks) = (gate(), limits(), Tasks::default());
        let server = Server { port: listener, gate, app, limits, tls: None, proxies: Arc::default(), tasks };
        let (_stop, shutdown) = watch::channel(false);
        let _serving = AbortOnDrop(tokio::spawn(async move { server.run(shutdown).await }));
        for (header, language, sentence) in [
            ("", "en", "a reference has 1 to 100 characters"),
            ("accept-language: en-GB,ja;q=0.5\r\n", "en", "a reference has 1 to 100 characters"),
            ("accept-language: ja,en;q=0.5\r\n", "ja", "参照番号は1文字以上100文字以内です。"),
        ] {
            let answer = told_in(addr, "/", header).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
            assert!(answer.contains(&format!("content-language: {language}\r\n")), "{answer}");
            assert!(answer.contains(&format!("\"detail\":\"{sentence}\",\"field\":\"reference\"")), "{answer}");
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
        let server = Server { port: listener, gate, app, limits, tls: None, proxies: Arc::default(), tasks };
        let (_stop, shutdown) = watch::channel(false);
        let _serving = AbortOnDrop(tokio::spawn(async move { server.run(shutdown).await }));
        let before = counted();
        for (path, broken_off) in [("/handler", 1), ("/work", 2), ("/file", 3), ("/late", 4)] {
            let said = told(addr, path).await;
            assert_eq!(counted() - before, broken_off, "{path}: {said}");
            if path != "/late" {
                assert!(
                    said.starts_with("HTTP/1.1 500 ") && said.contains(&*EdgeText::BrokeOff.en()),
                    "{path}: {said}"
                );
            }
            let said = told(addr, "/well").await;
            assert!(said.starts_with("HTTP/1.1 200 ") && said.ends_with("well"), "{path}: {said}");
        }
        assert_eq!(counted() - before, 4);
    }
}
