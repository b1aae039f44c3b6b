//! Health, metrics, status and the import API over HTTP. Reading is open on the configured address; changing anything needs
//! the bearer token from the key file.

use crate::engine::{Engine, Role};
use crate::import::{self, LinkImport};
use crate::issuers::Issuers;
use anyhow::Context;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kazasu_ledger::{Node, Store};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The largest import file.
const MAX_IMPORT: usize = 256 * 1024 * 1024;

/// What the handlers use.
#[derive(Clone)]
pub struct Api {
    /// The core.
    pub engine: Engine,
    /// For link imports.
    pub imports: LinkImport,
    /// The bearer token.
    pub token: String,
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
pub async fn bind(addr: &str, any_port: bool) -> anyhow::Result<TcpListener> {
    crate::serve::bind(addr, any_port).await.with_context(|| format!("cannot listen for HTTP on {addr}"))
}

/// Serves until shutdown.
pub fn serve(listener: TcpListener, api: Api, mut shutdown: watch::Receiver<bool>) {
    let app = Router::new()
        .route("/", get(page))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(|State(api): State<Api>| async move { api.prometheus.render() }))
        .route("/v1/status", get(|State(api): State<Api>| async move { Json(status(&api).await) }))
        .route("/v1/handover", post(hand_over))
        .route("/v1/import/merchants", post(import_merchants))
        .route("/v1/import/links", post(import_links))
        .layer(DefaultBodyLimit::max(MAX_IMPORT))
        .with_state(api);
    tokio::spawn(async move {
        let signal = async move {
            // An error means that the sender is gone, which is a shutdown too.
            let _ = shutdown.changed().await;
        };
        if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(signal).await {
            tracing::error!(%error, "HTTP server ended");
        }
    });
}

async fn ready(State(api): State<Api>) -> Response {
    let health = api.engine.health();
    if health.is_ready() {
        "ready\n".into_response()
    } else {
        let why = health.halted().unwrap_or_else(|| match health.role() {
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
    let sizes = api.engine.query(|state| (state.sizes(), state.day.to_string(), state.book.is_balanced())).await;
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
        "records": health.durable.load(Ordering::Acquire),
        "queued": health.queued.load(Ordering::Acquire),
        "issuers": links,
    });
    if let Some((s, day, balanced)) = sizes {
        out["business_day"] = day.into();
        out["balanced"] = balanced.into();
        out["residents"] = s.residents.into();
        out["merchants"] = s.merchants.into();
        out["taps_in_memory"] = s.taps.into();
        out["waiting_for_issuer"] = s.pending.into();
        out["owed_to_issuers"] = s.unacknowledged.into();
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
        serde_json::Value::Number(n) => n.as_u64().map_or_else(|| n.to_string(), crate::text::thousands),
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
        ("仕訳記録数 durable records", "records"),
        ("貸借一致 debits equal credits", "balanced"),
        ("利用者 residents", "residents"),
        ("加盟店 merchants", "merchants"),
        ("発行者応答待ち waiting for issuers", "waiting_for_issuer"),
        ("発行者への未達通知 advices owed to issuers", "owed_to_issuers"),
        ("未確定オーソリ open holds", "open_holds"),
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

/// Compares hashes, so that the time taken says nothing about the token.
fn authorized(api: &Api, headers: &HeaderMap) -> Result<(), (StatusCode, Json<serde_json::Value>)> {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let given = given.map(|token| Sha256::digest(token.trim().as_bytes()));
    if given == Some(Sha256::digest(api.token.as_bytes())) {
        return Ok(());
    }
    let body = json!({ "error": "send the header `Authorization: Bearer …` with http.token of the key file" });
    Err((StatusCode::UNAUTHORIZED, Json(body)))
}

/// What a hand-over is asked for.
#[derive(serde::Deserialize)]
struct HandOver {
    /// The node that is to lead; any when it is left out.
    #[serde(default)]
    to: String,
}

async fn hand_over(State(api): State<Api>, headers: HeaderMap, Json(body): Json<HandOver>) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    let result = match crate::serve::able(api.store.as_ref(), &api.node, &body.to).await {
        Ok(()) => crate::serve::hand_over(&api.engine, body.to).await,
        Err(why) => Err(why),
    };
    match result {
        Ok(()) => Json(json!({ "leader": api.engine.health().leader().name })).into_response(),
        Err(error) => (StatusCode::CONFLICT, Json(json!({ "error": error }))).into_response(),
    }
}

async fn import_merchants(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    outcome(import::merchants(&api.engine, &body).await)
}

async fn import_links(State(api): State<Api>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = authorized(&api, &headers) {
        return refusal.into_response();
    }
    outcome(import::links(&api.engine, &body, &api.imports).await)
}

fn outcome(result: anyhow::Result<import::ImportReport>) -> Response {
    match result {
        Ok(report) => Json(report).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": format!("{error:#}") }))).into_response(),
    }
}
