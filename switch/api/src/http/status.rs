//! The node's readiness and state, and the status page.

use super::state::Api;
use super::worded::reader_of;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use kazasu_connections::keys::{KeyPeriod, KeyPeriods};
use kazasu_engine::Role;
use kazasu_text::facts::Answer;
use kazasu_text::status::{Connection, NodeRole, Proof, StatusRow, StatusText};
use kazasu_text::{Label, Language, Text};
use serde_json::json;
use std::sync::atomic::Ordering;

pub(super) async fn ready(State(api): State<Api>) -> Response {
    let health = api.engine.health();
    if health.is_ready() {
        // Taps are answered while the clock is in doubt; this page shows the doubt all the same.
        let doubt = health.clock_suspect().map_or_else(String::new, |suspect| format!("{suspect}\n"));
        // It also shows that the security log refuses questions.
        let log = api.services.watch.log().and_then(|log| log.ready().err());
        let log = log.map_or_else(String::new, |problem| format!("{problem}\n"));
        format!("ready\n{doubt}{log}").into_response()
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
        "security_log": api.services.watch.log().map(|log| json!({
            "lines": log.durable(), "problem": log.ready().err().map(|problem| problem.to_string()) })),
        "certificates": api.certificates.shown(api.engine.now()),
        "keys": api.keys.shown(api.engine.now()),
    });
    if let Some(hooks) = &api.services.hooks {
        let stats = hooks.watched.stats();
        out["webhooks"] =
            json!({ "endpoints": stats.endpoints, "off": stats.off, "late": stats.late, "failing": stats.failing });
        out["webhooks_late"] = (stats.late + stats.failing).into();
    }
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

/// A status page that needs no script: it reloads itself. It is in the language that the browser asks for, or else in Japanese.
pub(super) async fn page(State(api): State<Api>, headers: HeaderMap) -> Html<String> {
    let language = reader_of(&headers).unwrap_or(Language::Japanese);
    let s = status(&api).await;
    let leads = s["role"] == Role::Leading.name();
    let text = |key: &str| match &s[key] {
        serde_json::Value::String(text) if key == StatusRow::Role.code() => {
            NodeRole::of(text).map_or_else(|| text.clone(), |role| said(&role, language))
        }
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => "–".to_owned(),
        serde_json::Value::Bool(true) => said(&Answer::Yes, language),
        serde_json::Value::Bool(false) => said(&Answer::No, language),
        serde_json::Value::Number(n) => n.as_u64().map_or_else(|| n.to_string(), kazasu_schemas::text::thousands),
        other => other.to_string(),
    };
    let mut rows = String::new();
    for row in StatusRow::LIST {
        let (label, value) = (said(row, language), escape(&text(row.code())));
        rows.push_str(&format!("<tr><th scope=row>{label}</th><td>{value}</td></tr>"));
    }
    for proof in Proof::LIST {
        let reached = &s["checkpoints"][proof.code()];
        if let (Some(record), Some(at)) = (reached["record"].as_u64(), reached["at"].as_str()) {
            let record = kazasu_schemas::text::thousands(record);
            rows.push_str(&format!(
                "<tr><th scope=row>{}</th><td>{record} ({})</td></tr>",
                said(proof, language),
                escape(at)
            ));
        }
    }
    if let Some(contradiction) = s["checkpoints"]["contradiction"].as_str() {
        let label = said(&StatusText::Contradiction, language);
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
        let (label, number) = (said(&StatusText::Issuer, language), &issuer["issuer"]);
        rows.push_str(&format!("<tr><th scope=row>{label} {number} {name}</th><td>{}</td></tr>", said(&up, language)));
    }
    s["certificates"].as_array().into_iter().flatten().for_each(|c| rows.push_str(&certificate_row(c, language)));
    rows.push_str(&key_rows(&api.keys.shown(api.engine.now()), language));
    let lang = language.tag();
    Html(format!(
        "<!doctype html><html lang={lang}><meta charset=utf-8><meta http-equiv=refresh content=2><title>Kazasu かざす</title>\
         <style>body{{font:16px/1.6 sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse;width:100%}}th{{text-align:left;font-weight:normal}}td{{text-align:right;\
         font-variant-numeric:tabular-nums}}th,td{{border-bottom:1px solid #ddd;padding:.4rem}}</style>\
         <h1>かざす Kazasu</h1><table>{rows}</table>\
         <p><a href=/metrics>metrics</a> · <a href=/api/v1/status>status (JSON)</a></p></html>"
    ))
}

/// A certificate, an authority or a list, and until when it is good.
fn certificate_row(certificate: &serde_json::Value, language: Language) -> String {
    let told = |key: &str| escape(certificate[key].as_str().unwrap_or_default());
    let days = certificate["days_left"].as_i64().unwrap_or_default();
    let what = match certificate["part"].as_str() {
        Some("authority") => StatusText::Authority,
        Some("revocation_list") => StatusText::RevocationList,
        Some("peer") => StatusText::PeerCertificate,
        Some(_) | None => StatusText::Certificate,
    };
    let what = said(&what, language);
    let problem = match told("problem").as_str() {
        "" => String::new(),
        why => format!("<br>{}: {why}", said(&StatusText::NewFilesUnusable, language)),
    };
    let (usage, party, until) = (told("use"), told("party"), told("until"));
    let unit = said(&StatusText::Days, language);
    // At one address there are many.
    let whose = if certificate["part"] == "peer" { format!(" {}", told("subject")) } else { String::new() };
    format!("<tr><th scope=row>{what} {usage} {party}{whose}</th><td>{until} ({days} {unit}){problem}</td></tr>")
}

/// Keys whose cryptoperiod ends soon, or else the one that ends first; and the problem of the key store.
fn key_rows(keys: &KeyPeriods, language: Language) -> String {
    let row = |key: &KeyPeriod| {
        let (name, version, ends, days) = (escape(&key.key), key.version, &key.ends, key.days_left);
        let (label, unit) = (said(&StatusText::KeyEnds, language), said(&StatusText::Days, language));
        format!("<tr><th scope=row>{label} {name} {version}</th><td>{ends} ({days} {unit})</td></tr>")
    };
    let mut active: Vec<_> = keys.keys.iter().filter(|key| key.state == "active").collect();
    active.sort_by_key(|key| key.days_left);
    let soon = active.iter().take_while(|key| key.soon).count();
    let mut out: String = active.iter().take(soon.max(1)).map(|key| row(key)).collect();
    if let Some(why) = &keys.problem {
        let [store, unusable] = [StatusText::KeyStore, StatusText::Unusable].map(|text| said(&text, language));
        out += &format!("<tr><th scope=row>{store}</th><td>{unusable}: {}</td></tr>", escape(why));
    }
    out
}

/// A text for the page's reader.
fn said(text: &impl Text, language: Language) -> String {
    text.in_language(language).into_owned()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
