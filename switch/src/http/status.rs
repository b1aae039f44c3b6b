//! Is this node ready, what is it doing, and a page that says so.

use super::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use kazasu_engine::Role;
use kazasu_text::facts::Answer;
use kazasu_text::status::{Connection, NodeRole, Proof, StatusRow, StatusText};
use kazasu_text::{Label, Text};
use serde_json::json;
use std::sync::atomic::Ordering;

pub(super) async fn ready(State(api): State<Api>) -> Response {
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

/// The same as JSON, for the address of its own.
pub(super) async fn shown(State(api): State<Api>) -> Json<serde_json::Value> {
    Json(status(&api).await)
}

async fn status(api: &Api) -> serde_json::Value {
    let health = api.engine.health();
    let sizes = api.engine.query(|state| (state.sizes(), state.day.to_string())).await;
    let connections = api.issuers.connections();
    let connections: Vec<_> = connections
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
        "issuers": connections,
        "checkpoints": api.checkpoints.as_ref().map(|status| status.shown()),
        "certificates": api.certificates.shown(api.engine.now()),
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
pub(super) async fn page(State(api): State<Api>) -> Html<String> {
    let s = status(&api).await;
    let leads = s["role"] == Role::Leading.name();
    let text = |key: &str| match &s[key] {
        serde_json::Value::String(text) if key == StatusRow::Role.code() => {
            NodeRole::of(text).map_or_else(|| text.clone(), |role| role.both())
        }
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::Bool(true) => Answer::Yes.both(),
        serde_json::Value::Bool(false) => Answer::No.both(),
        serde_json::Value::Number(n) => n.as_u64().map_or_else(|| n.to_string(), kazasu_schemas::text::thousands),
        other => other.to_string(),
    };
    let mut rows = String::new();
    for row in StatusRow::LIST {
        let (label, value) = (row.both(), escape(&text(row.code())));
        rows.push_str(&format!("<tr><th scope=row>{label}</th><td>{value}</td></tr>"));
    }
    for proof in Proof::LIST {
        let reached = &s["checkpoints"][proof.code()];
        if let (Some(record), Some(at)) = (reached["record"].as_u64(), reached["at"].as_str()) {
            let record = kazasu_schemas::text::thousands(record);
            rows.push_str(&format!("<tr><th scope=row>{}</th><td>{record} ({})</td></tr>", proof.both(), escape(at)));
        }
    }
    if let Some(contradiction) = s["checkpoints"]["contradiction"].as_str() {
        let label = StatusText::Contradiction.ja();
        rows.push_str(&format!("<tr><th scope=row>{label}</th><td>{}</td></tr>", escape(contradiction)));
    }
    for issuer in s["issuers"].as_array().into_iter().flatten() {
        let name = escape(issuer["name"].as_str().unwrap_or_default());
        // Issuers' connections belong to the lead.
        let up = match (issuer["up"] == true, leads) {
            (true, _) => Connection::Up,
            (false, true) => Connection::Down,
            (false, false) => Connection::AtLeader,
        };
        let (label, number) = (StatusText::Issuer.both(), &issuer["issuer"]);
        rows.push_str(&format!("<tr><th scope=row>{label} {number} {name}</th><td>{}</td></tr>", up.both()));
    }
    s["certificates"].as_array().into_iter().flatten().for_each(|c| rows.push_str(&certificate_row(c)));
    Html(format!(
        "<!doctype html><html lang=ja><meta charset=utf-8><meta http-equiv=refresh content=2><title>Kazasu かざす</title>\
         <style>body{{font:16px/1.6 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse;width:100%}}th{{text-align:left;font-weight:normal}}td{{text-align:right;\
         font-variant-numeric:tabular-nums}}th,td{{border-bottom:1px solid #ddd;padding:.4rem}}</style>\
         <h1>かざす Kazasu</h1><table>{rows}</table>\
         <p><a href=/metrics>metrics</a> · <a href=/v1/status>status (JSON)</a></p></html>"
    ))
}

/// A certificate, an authority or a list, and until when it is good.
fn certificate_row(certificate: &serde_json::Value) -> String {
    let told = |key: &str| escape(certificate[key].as_str().unwrap_or_default());
    let days = certificate["days_left"].as_i64().unwrap_or_default();
    let what = match certificate["part"].as_str() {
        Some("authority") => "認証局 authority",
        Some("revocation_list") => "失効リスト revocation list",
        Some(_) | None => "証明書 certificate",
    };
    let problem = match told("problem").as_str() {
        "" => String::new(),
        why => format!("<br>新しいファイルを使用できません new files cannot be used: {why}"),
    };
    let (usage, party, until) = (told("use"), told("party"), told("until"));
    format!("<tr><th scope=row>{what} {usage} {party}</th><td>{until} ({days} 日 days){problem}</td></tr>")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
