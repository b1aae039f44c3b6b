//! The certificates, keys and revocation lists of all connections: read at the start, read again when their files change or SIGHUP comes,
//! and shown with their dates. New files that cannot be used change nothing but the log and a metric.

use crate::config::Config;
use anyhow::Context;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_schemas::jst::Millis;
use kazasu_tls::{Client, Expiry, Look, Material, Part, Reloaded, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What ends within so many days is told in the log, once a day.
const SOON: i64 = 30;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// What a certificate is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Usage {
    /// An acquirers' port.
    Listener,
    /// An issuer's connection.
    Issuer,
    /// The HTTP port.
    Http,
}

impl Usage {
    fn name(self) -> &'static str {
        match self {
            Usage::Listener => "listener",
            Usage::Issuer => "issuer",
            Usage::Http => "http",
        }
    }
}

struct Entry {
    usage: Usage,
    /// The listener's address, or the issuer's name.
    party: String,
    material: Arc<dyn Material>,
}

/// Everything that is configured.
#[derive(Default)]
pub struct Certificates {
    listeners: Vec<Option<Arc<Server>>>,
    issuers: BTreeMap<u16, Arc<Client>>,
    http: Option<Arc<Server>>,
    all: Vec<Entry>,
    /// The day on which what ends soon was told last.
    told: AtomicI64,
}

impl Certificates {
    /// Reads every file that the configuration names.
    pub fn load(config: &Config) -> anyhow::Result<Certificates> {
        let mut out = Certificates::default();
        for listener in &config.file.listeners {
            let server = match config.listener_tls(listener) {
                None => None,
                Some(files) => {
                    let loaded = Server::load(files).with_context(|| format!("[[listener]] {}: tls", listener.addr))?;
                    Some(out.keep(Usage::Listener, &listener.addr, loaded))
                }
            };
            out.listeners.push(server);
        }
        for issuer in config.issuers.iter().map(|issuer| &issuer.file) {
            if let Some(files) = config.issuer_tls(issuer)? {
                let of = || format!("[[issuer]] {} ({}): tls", issuer.number, issuer.name);
                let client = out.keep(Usage::Issuer, &issuer.name, Client::load(files).with_context(of)?);
                out.issuers.insert(issuer.number, client);
            }
        }
        if let Some(files) = config.http_tls() {
            out.http = Some(out.keep(Usage::Http, &config.file.http, Server::load(files).context("[http_tls]")?));
        }
        Ok(out)
    }

    fn keep<M: Material + 'static>(&mut self, usage: Usage, party: &str, material: M) -> Arc<M> {
        let material = Arc::new(material);
        self.all.push(Entry { usage, party: party.to_owned(), material: material.clone() });
        material
    }

    /// TLS of the listener at this place of the configuration.
    #[must_use]
    pub fn listener(&self, at: usize) -> Option<Arc<Server>> {
        self.listeners.get(at).cloned().flatten()
    }

    /// TLS of an issuer's connection.
    #[must_use]
    pub fn issuer(&self, number: u16) -> Option<Arc<Client>> {
        self.issuers.get(&number).cloned()
    }

    /// TLS of the HTTP address.
    #[must_use]
    pub fn http(&self) -> Option<&Arc<Server>> {
        self.http.as_ref()
    }

    /// Reads files again.
    pub fn reload(&self, look: Look) {
        for Entry { usage, party, material } in &self.all {
            let usage = usage.name();
            match material.reload(look) {
                Reloaded::Unchanged => continue,
                Reloaded::Loaded => {
                    metrics::counter!("kazasu_certificate_reloads_total", "outcome" => "loaded").increment(1);
                    tracing::info!(usage, %party, "certificates were read again; new connections use them");
                }
                Reloaded::Failed(why) => {
                    metrics::counter!("kazasu_certificate_reloads_total", "outcome" => "failed").increment(1);
                    tracing::error!(usage, %party, %why, "changed certificates cannot be used; the old ones stay in force");
                }
            }
        }
        self.publish(kazasu_engine::clock::now());
    }

    /// Publishes the dates.
    pub fn publish(&self, now: Millis) {
        for Entry { usage, party, material } in &self.all {
            let labels = [("use", usage.name().to_owned()), ("party", party.clone())];
            let problem = if material.problem().is_some() { 1.0 } else { 0.0 };
            metrics::gauge!("kazasu_certificate_problem", &labels).set(problem);
            let mut first: BTreeMap<Part, i64> = BTreeMap::new();
            for Expiry { part, until, .. } in material.expiries() {
                first.entry(part).and_modify(|first| *first = until.min(*first)).or_insert(until);
            }
            for (part, until) in first {
                let [usage, party] = labels.clone();
                let labels = [usage, party, ("part", part.name().to_owned())];
                let left = i32::try_from(left(until, now)).map_or(f64::from(i32::MAX), f64::from);
                metrics::gauge!("kazasu_certificate_left_seconds", &labels).set(left);
            }
        }
        self.tell_what_ends(now);
    }

    fn tell_what_ends(&self, now: Millis) {
        let today = now.0 / 1_000 / DAY;
        if self.told.swap(today, Ordering::AcqRel) == today {
            return;
        }
        for Entry { usage, party, material } in &self.all {
            let usage = usage.name();
            for Expiry { part, subject, until } in material.expiries() {
                let days = left(until, now).div_euclid(DAY);
                if days < SOON {
                    let (part, until) = (part.name(), at(until).jst_text());
                    tracing::warn!(usage, %party, part, %subject, %until, days, "it ends soon, or has ended: replace its file");
                }
            }
        }
    }

    /// For status pages: each certificate and list with its date, and what is wrong with the files.
    #[must_use]
    pub fn shown(&self, now: Millis) -> Vec<Value> {
        let mut out = Vec::new();
        for Entry { usage, party, material } in &self.all {
            let problem = material.problem();
            for Expiry { part, subject, until } in material.expiries() {
                out.push(json!({ "use": usage.name(), "party": party, "part": part.name(), "subject": subject,
                    "until": at(until).jst_text(), "days_left": left(until, now).div_euclid(DAY), "problem": problem }));
            }
        }
        out
    }

    /// What ends soon, or has ended, in words.
    #[must_use]
    pub fn notes(&self, now: Millis) -> Vec<String> {
        let mut out = Vec::new();
        for Entry { usage, party, material } in &self.all {
            for Expiry { part, subject, until } in material.expiries() {
                let days = left(until, now).div_euclid(DAY);
                if days < SOON {
                    let (usage, part, until) = (usage.name(), part.name(), at(until).jst_text());
                    out.push(format!("{usage} {party}: the {part} {subject} is good until {until} ({days} days)"));
                }
            }
        }
        out
    }

    /// Looks at the files now and then, until shutdown.
    pub async fn watch(self: Arc<Self>, mut shutdown: watch::Receiver<bool>) {
        let mut interval = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                _ = shutdown.changed() => return,
            }
            fault(Kind::Certificates);
            self.clone().reload_apart(Look::IfChanged).await;
        }
    }

    /// Reads files again on a thread where that holds up nothing else.
    pub async fn reload_apart(self: Arc<Self>, look: Look) {
        if let Err(error) = tokio::task::spawn_blocking(move || self.reload(look)).await {
            tracing::error!(%error, "certificates were not looked at");
        }
    }
}

fn at(seconds: i64) -> Millis {
    Millis(seconds.saturating_mul(1_000))
}

/// Seconds until then.
fn left(until: i64, now: Millis) -> i64 {
    until.saturating_sub(now.0.div_euclid(1_000))
}
