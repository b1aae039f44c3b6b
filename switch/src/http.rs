//! Health, metrics, status and the import API over HTTP. Reading is open on the configured address; changing anything needs
//! the bearer token from the key file.

mod body;
mod closing;
mod relief;
mod socket;

use crate::admin::{Ask, AskError, Desk};
use crate::config::Caller;
use crate::import;
use crate::issuers::Issuers;
use crate::json::{self, JsonError};
use crate::ports::PortInUse;
use anyhow::Context;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use kazasu_engine::CommandError;
use kazasu_engine::tasks::{Kind, broke_off, fault, unwound};
use kazasu_engine::{Engine, Role};
use kazasu_ledger::record::LinkOrigin;
use kazasu_store::{Node, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use sha2::{Digest, Sha256};
use socket::Socket;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tokio::task::JoinError;

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
        .route("/", get(page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(api): State<Api>| async move { api.prometheus.render() }))
        .route("/v1/status", get(|State(api): State<Api>| async move { Json(status(&api).await) }))
        .route("/v1/handover", post(hand_over))
        .route("/v1/import/merchants", post(import_merchants))
        .route("/v1/import/links", post(import_links))
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
        .route("/v1/residents/{ppid}", get(resident))
        .route("/v1/residents/{ppid}/link", put(put_link).delete(delete_link))
        .route("/v1/residents/{ppid}/limits", put(put_limits))
        .route("/v1/residents/{ppid}/spendable", put(put_spendable))
        .route("/v1/residents/{ppid}/card", put(put_card));
    #[cfg(debug_assertions)]
    let app = app.route("/v1/break/{task}", post(break_task));
    // `admit` has read the body by then, within the path's own limit.
    let app = app.layer(DefaultBodyLimit::disable());
    let app = app.layer(middleware::from_fn_with_state(api.clone(), admit));
    let app = app.layer(middleware::from_fn(caught)).with_state(api);
    let port = Port(Arc::new(listener));
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
struct Port(Arc<TcpListener>);

impl axum::serve::Listener for Port {
    type Io = Socket;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            fault(Kind::Http);
            match self.0.accept().await {
                Ok((stream, peer)) => return (Socket(stream), peer),
                // Usually too many open files: waiting lets others close.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an HTTP connection");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
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

/// What a caller is told of a panic, whose own words are for the log.
const BROKEN: &str = "the request broke off inside the switch; its log says where";

fn broken() -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({ "error": BROKEN }))).into_response()
}

/// Did work panic that a request does on a thread or a task of its own? It is counted like a handler that panics.
fn has_panicked(error: &anyhow::Error) -> bool {
    let panic = error.chain().find(|cause| cause.downcast_ref::<JoinError>().is_some_and(JoinError::is_panic));
    if let Some(panic) = panic {
        broke_off(Kind::HttpConnection, &panic.to_string());
    }
    panic.is_some()
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

async fn ready(State(api): State<Api>) -> Response {
    let health = api.engine.health();
    if health.is_ready() {
        // Taps are answered while the clock is in doubt; who looks here is told all the same.
        let doubt = health.clock_suspect().map_or_else(String::new, |suspect| format!("{suspect}\n"));
        format!("ready\n{doubt}").into_response()
    } else {
        let why = health.halted().or_else(|| health.tasks.trouble()).unwrap_or_else(|| match health.role() {
            Role::Following if health.reachable.load(Ordering::Acquire) => {
                "the leader's ledger takes no records".into()
            }
            Role::Following => "no link to a node that leads".into(),
            Role::Leading => "the store cannot be asked who leads".into(),
            Role::Starting | Role::Finished => "the journal is being read".into(),
        });
        (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response()
    }
}

async fn status(api: &Api) -> serde_json::Value {
    let health = api.engine.health();
    let sizes = api.engine.query(|state| (state.sizes(), state.day.to_string())).await;
    let links = api.issuers.links();
    let links: Vec<_> = links
        .iter()
        .map(|l| {
            let status = l.status.as_ref();
            json!({ "issuer": l.issuer, "name": l.name, "up": l.is_up(), "in_flight": status.map_or(0, |s| s.in_flight()),
                "owed": status.map_or(0, |s| s.saf_depth()) })
        })
        .collect();
    let mut out = json!({
        "ready": health.is_ready(),
        "node": api.node.name,
        "role": health.role().name(),
        "epoch": health.epoch(),
        "leader": if health.role() == Role::Leading { api.node.name.clone() } else { health.leader().name },
        "halted": health.halted(),
        "time": api.engine.now().jst_text(),
        "clock": health.clock_suspect().map_or_else(|| json!({ "state": "agreed" }), |suspect| json!({
            "state": "clock_suspect", "doubt": suspect.doubt.name(), "wall": suspect.wall.jst_text(),
            "time": suspect.time.jst_text() })),
        "clock_doubt": health.clock_suspect().map(|suspect| suspect.to_string()),
        "records": health.durable.load(Ordering::Acquire),
        "queued": health.queued.load(Ordering::Acquire),
        "issuers": links,
    });
    if let Some((s, day)) = sizes {
        out["business_day"] = day.into();
        out["balanced"] = health.is_balanced().into();
        out["residents"] = s.residents.into();
        out["merchants"] = s.merchants.into();
        out["taps_in_memory"] = s.taps.into();
        out["waiting_for_issuer"] = s.pending.into();
        out["owed_to_issuers"] = s.unacknowledged.into();
        out["advices_waiting_for_a_person"] = s.waiting_advices.into();
        out["open_holds"] = s.holds.into();
    }
    out
}

/// A status page that needs no script: it reloads itself.
async fn page(State(api): State<Api>) -> Html<String> {
    let s = status(&api).await;
    let leads = s["role"] == Role::Leading.name();
    let text = |key: &str| match &s[key] {
        serde_json::Value::String(text) if key == "role" => match text.as_str() {
            "leading" => "主ノード leading".to_owned(),
            "following" => "従ノード following".to_owned(),
            other => other.to_owned(),
        },
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::Bool(true) => "はい yes".to_owned(),
        serde_json::Value::Bool(false) => "いいえ no".to_owned(),
        serde_json::Value::Number(n) => n.as_u64().map_or_else(|| n.to_string(), kazasu_schemas::text::thousands),
        other => other.to_string(),
    };
    let mut rows = String::new();
    for (label, key) in [
        ("営業日 business day", "business_day"),
        ("ノード node", "node"),
        ("役割 role", "role"),
        ("主ノード leader", "leader"),
        ("受付可能 ready", "ready"),
        ("停止理由 halted because", "halted"),
        ("時計の疑い clock in doubt", "clock_doubt"),
        ("仕訳記録数 durable records", "records"),
        ("貸借一致 debits equal credits", "balanced"),
        ("利用者 residents", "residents"),
        ("加盟店 merchants", "merchants"),
        ("発行者応答待ち waiting for issuers", "waiting_for_issuer"),
        ("発行者への未達通知 advices owed to issuers", "owed_to_issuers"),
        ("未確定オーソリ open holds", "open_holds"),
        ("限度超オフライン取引 offline payments to be decided", "advices_waiting_for_a_person"),
    ] {
        rows.push_str(&format!("<tr><th scope=row>{label}</th><td>{}</td></tr>", escape(&text(key))));
    }
    for issuer in s["issuers"].as_array().into_iter().flatten() {
        let name = escape(issuer["name"].as_str().unwrap_or_default());
        // Issuers' links belong to the lead.
        let up = match (issuer["up"] == true, leads) {
            (true, _) => "接続中 up",
            (false, true) => "切断 down",
            (false, false) => "主ノードで接続 at the leader",
        };
        rows.push_str(&format!("<tr><th scope=row>発行者 issuer {} {name}</th><td>{up}</td></tr>", issuer["issuer"]));
    }
    Html(format!(
        "<!doctype html><html lang=ja><meta charset=utf-8><meta http-equiv=refresh content=2><title>Kazasu かざす</title>\
         <style>body{{font:16px/1.6 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse;width:100%}}th{{text-align:left;font-weight:normal}}td{{text-align:right;\
         font-variant-numeric:tabular-nums}}th,td{{border-bottom:1px solid #ddd;padding:.4rem}}</style>\
         <h1>かざす Kazasu</h1><table>{rows}</table>\
         <p><a href=/metrics>metrics</a> · <a href=/v1/status>status (JSON)</a></p></html>"
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The part of an address behind the question mark, with an answer in JSON when it does not fit.
fn asked<T: serde::de::DeserializeOwned>(query: Result<Query<T>, QueryRejection>) -> Result<T, Box<Response>> {
    let wrong = |error: QueryRejection| answer(Err(crate::admin::value("query", error.body_text())));
    query.map(|Query(asked)| asked).map_err(|error| Box::new(wrong(error)))
}

type Refusal = (StatusCode, Json<serde_json::Value>);

/// Who asks. Hashes are compared, so that the time taken says nothing about the tokens.
fn caller<'a>(api: &'a Api, headers: &HeaderMap) -> Result<&'a Caller, Refusal> {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let given = given.map(|token| Sha256::digest(token.trim().as_bytes()));
    let known = |caller: &&Caller| given == Some(Sha256::digest(caller.token.as_bytes()));
    api.callers.iter().find(known).ok_or_else(|| {
        let text = "send the header `Authorization: Bearer …` with a token of [http] in the key file";
        (StatusCode::UNAUTHORIZED, Json(json!({ "error": text })))
    })
}

/// An operator, not a portal.
fn authorized<'a>(api: &'a Api, headers: &HeaderMap) -> Result<&'a Caller, Refusal> {
    let caller = caller(api, headers)?;
    if caller.portal {
        let text = format!("{} is a portal: it acts for residents only", caller.name);
        return Err((StatusCode::FORBIDDEN, Json(json!({ "error": text }))));
    }
    Ok(caller)
}

fn answer(result: Result<serde_json::Value, AskError>) -> Response {
    let error = match result {
        Ok(value) => return Json(value).into_response(),
        Err(AskError::Other(error)) if has_panicked(&error) => return broken(),
        Err(error) => error,
    };
    let status = match &error {
        AskError::Value { .. } | AskError::Policy(_) => StatusCode::BAD_REQUEST,
        AskError::Pin | AskError::Forbidden(_) => StatusCode::FORBIDDEN,
        AskError::Command(CommandError::Rejected(_)) => StatusCode::CONFLICT,
        AskError::Command(CommandError::Elsewhere(_)) => StatusCode::MISDIRECTED_REQUEST,
        AskError::Command(CommandError::Halted(_) | CommandError::Stopping) => StatusCode::SERVICE_UNAVAILABLE,
        AskError::Other(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut body = json!({ "error": error.to_string() });
    match &error {
        AskError::Value { field, .. } => body["field"] = (*field).into(),
        AskError::Policy(problems) => body["problems"] = problems.clone().into(),
        AskError::Command(CommandError::Elsewhere(leader)) => body["leader"] = leader.clone().into(),
        AskError::Pin | AskError::Forbidden(_) | AskError::Command(_) | AskError::Other(_) => {}
    }
    (status, Json(body)).into_response()
}

/// What an ask's body says.
fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    json::read(body).map_err(|error| misread(&error))
}

fn misread(error: &JsonError) -> Box<Response> {
    let mut body = json!({ "error": format!("the body is not what was expected: {error}") });
    if let Some(field) = error.field() {
        body["field"] = field.into();
    }
    Box::new((StatusCode::BAD_REQUEST, Json(body)).into_response())
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

/// What a portal asks for a resident: the body without the PPID, which is in the path.
async fn for_resident(api: &Api, headers: &HeaderMap, what: &str, ppid: String, body: &[u8]) -> Response {
    let (by, portal) = match caller(api, headers) {
        Ok(caller) => (caller.name.clone(), caller.portal),
        Err(refusal) => return refusal.into_response(),
    };
    let mut object = match json::object(body) {
        Ok(object) => object,
        Err(error) => return *misread(&error),
    };
    if let Some(key) = ["do", "ppid"].into_iter().find(|key| object.contains_key(*key)) {
        return *misread(&JsonError::Shape(format!("unknown field `{key}`: the path says it")));
    }
    if portal && what == "set_card" && object.get("status").is_none_or(|status| status != "held") {
        let text = "a portal may only suspend a card (status held)";
        return (StatusCode::FORBIDDEN, Json(json!({ "error": text }))).into_response();
    }
    object.insert("do".into(), what.into());
    object.insert("ppid".into(), ppid.into());
    match json::shaped::<Ask>(object) {
        Ok(ask) => {
            let origin = if portal { LinkOrigin::Holder } else { LinkOrigin::Counter };
            answer(api.desk.carry_out(ask, &by, origin).await)
        }
        Err(error) => *misread(&error),
    }
}

async fn put_link(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, "link", ppid, &body).await
}

async fn delete_link(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, "unlink", ppid, &body).await
}

async fn put_limits(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, "set_limits", ppid, &body).await
}

async fn put_spendable(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, "set_spendable", ppid, &body).await
}

async fn put_card(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    for_resident(&api, &headers, "set_card", ppid, &body).await
}

async fn resident(State(api): State<Api>, Path(ppid): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = caller(&api, &headers) {
        return refusal.into_response();
    }
    match api.desk.resident(&ppid).await {
        Ok(Some(value)) => Json(value).into_response(),
        Ok(None) => {
            let text = format!("PPID {ppid} is not known");
            (StatusCode::NOT_FOUND, Json(json!({ "error": text }))).into_response()
        }
        Err(error) => answer(Err(error)),
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

/// How a file that is the body is imported.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ImportForm {
    /// The workbook's sheet.
    sheet: Option<String>,
    /// Only say what would change.
    #[serde(default)]
    dry_run: bool,
}

impl From<ImportForm> for import::Order {
    fn from(form: ImportForm) -> Self {
        let mode = if form.dry_run { import::Mode::Look } else { import::Mode::CarryOut };
        import::Order { sheet: form.sheet, mode }
    }
}

async fn import_merchants(
    State(api): State<Api>,
    form: Result<Query<ImportForm>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let form = match asked(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    outcome(import::merchants(&api.engine, body.to_vec(), &form.into()).await)
}

async fn import_links(
    State(api): State<Api>,
    form: Result<Query<ImportForm>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let form = match asked(form) {
        Ok(form) => form,
        Err(refusal) => return *refusal,
    };
    outcome(import::links(&api.engine, body.to_vec(), &api.desk.imports, &form.into()).await)
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

fn outcome(result: anyhow::Result<import::ImportReport>) -> Response {
    match result {
        Ok(report) => Json(report).into_response(),
        Err(error) if has_panicked(&error) => broken(),
        // The file is not to blame: the same file is to be sent again, to the leader or later.
        Err(error) if error.is::<CommandError>() => {
            answer(Err(error.downcast::<CommandError>().map_or_else(AskError::Other, AskError::Command)))
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": format!("{error:#}") }))).into_response(),
    }
}

/// A report as JSON, or as a file.
fn report_as(report: &kazasu_report::Report, format: Option<&str>, name: &str) -> Response {
    use kazasu_report::{csv, xlsx};
    let file = |bytes: Vec<u8>, kind: &str, ending: &str| {
        let disposition = format!("attachment; filename=\"{name}.{ending}\"");
        ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
    };
    let csv = |encoding| csv::sheet(&report.sheets()[0], encoding, csv::Header::Japanese).map(|(bytes, _)| bytes);
    let wrong = |error: &dyn std::fmt::Display| answer(Err(AskError::Other(anyhow::anyhow!("{error}"))));
    match format {
        None | Some("json") => Json(kazasu_report::json::value(report)).into_response(),
        Some("xlsx") => match xlsx::workbook(report) {
            Ok(bytes) => file(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
            Err(error) => wrong(&error),
        },
        Some("csv") => match csv(csv::Encoding::Utf8) {
            Ok(bytes) => file(bytes, "text/csv; charset=utf-8", "csv"),
            Err(error) => wrong(&error),
        },
        Some("csv-sjis") => match csv(csv::Encoding::ShiftJis) {
            Ok(bytes) => file(bytes, "text/csv; charset=shift_jis", "csv"),
            Err(error) => wrong(&error),
        },
        Some(other) => {
            answer(Err(crate::admin::value("format", format!("must be json, xlsx, csv or csv-sjis, got {other:?}"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use kazasu_engine::tasks::AbortOnDrop;
    use std::net::SocketAddr;
    use std::task::Poll;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

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
        let port = Port(Arc::new(listener));
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
