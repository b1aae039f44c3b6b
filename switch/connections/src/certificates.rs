//! The certificates, keys and revocation lists of all connections: read at the start, read again when their files change or SIGHUP comes,
//! and shown with their dates. New files that cannot be used change nothing but the log and a metric.

use kazasu_engine::tasks::{Kind, fault};
use kazasu_schemas::jst::Millis;
use kazasu_text::tls::{ExpiryOf, TlsText};
use kazasu_text::{Because, Said};
use kazasu_tls::{Client, ClientFiles, Expiry, Look, Material, Part, Reloaded, Server, ServerFiles};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// The interval at which files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Keys and certificates that end within so many days are logged once a day.
const SOON: i64 = 30;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// The use of a certificate.
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
    /// The ones that end soon and were logged, with the day of the last line.
    told: Mutex<(i64, BTreeSet<(Part, String)>)>,
    /// The number of times files were read again, with success or without.
    reloads: AtomicU64,
}

/// The TLS files of every connection, as the configuration names them.
#[derive(Clone, Debug, Default)]
pub struct CertificateFiles {
    /// Each listener's address, with its files where it has TLS; in the order of the configuration.
    pub listeners: Vec<(String, Option<ServerFiles>)>,
    /// Issuers whose connection has TLS.
    pub issuers: Vec<IssuerFiles>,
    /// The HTTP address, where it has TLS.
    pub http: Option<(String, ServerFiles)>,
}

/// The TLS files of an issuer's connection.
#[derive(Clone, Debug)]
pub struct IssuerFiles {
    /// The issuer's number.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// Its files.
    pub files: ClientFiles,
}

fn expiry_of(part: Part) -> ExpiryOf {
    match part {
        Part::Certificate => ExpiryOf::Certificate,
        Part::Authority => ExpiryOf::Authority,
        Part::Peer => ExpiryOf::Peer,
        Part::RevocationList => ExpiryOf::RevocationList,
    }
}

impl Certificates {
    /// Reads every file. Errors name the section of the configuration.
    pub fn load(files: CertificateFiles) -> anyhow::Result<Certificates> {
        let mut out = Certificates::default();
        for (addr, files) in files.listeners {
            let server = match files {
                None => None,
                Some(files) => {
                    let loaded = Server::load(files).because(|| Said::plain(format!("[[listener]] {addr}: tls")))?;
                    Some(out.keep(Usage::Listener, &addr, loaded))
                }
            };
            out.listeners.push(server);
        }
        for IssuerFiles { number, name, files } in files.issuers {
            let of = || Said::plain(format!("[[issuer]] {number} ({name}): tls"));
            let client = out.keep(Usage::Issuer, &name, Client::load(files).because(of)?);
            out.issuers.insert(number, client);
        }
        if let Some((addr, files)) = files.http {
            out.http = Some(out.keep(Usage::Http, &addr, Server::load(files).because(|| Said::plain("[http_tls]"))?));
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

    /// The number of times files were read again since the start, with success or without.
    #[must_use]
    pub fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::Acquire)
    }

    /// Reads files again.
    pub fn reload(&self, look: Look) {
        for Entry { usage, party, material } in &self.all {
            let usage = usage.name();
            match material.reload(look) {
                Reloaded::Unchanged => continue,
                Reloaded::Loaded => {
                    self.reloads.fetch_add(1, Ordering::AcqRel);
                    metrics::counter!("kazasu_certificate_reloads_total", "outcome" => "loaded").increment(1);
                    tracing::info!(usage, %party, "certificates were read again; new connections use them");
                }
                Reloaded::Failed(why) => {
                    self.reloads.fetch_add(1, Ordering::AcqRel);
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

    /// Each certificate and list once a day; another party's as soon as it is seen.
    fn tell_what_ends(&self, now: Millis) {
        let today = now.0 / 1_000 / DAY;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.0 != today {
            *told = (today, BTreeSet::new());
        }
        for Entry { usage, party, material } in &self.all {
            let usage = usage.name();
            for Expiry { part, subject, until } in material.expiries() {
                let days = left(until, now).div_euclid(DAY);
                if days >= SOON || !told.1.insert((part, format!("{usage} {party} {subject}"))) {
                    continue;
                }
                let until = at(until).jst_text();
                match part {
                    Part::Peer => tracing::warn!(usage, %party, part = part.name(), %subject, %until, days,
                        "another party's certificate ends soon, or has ended: ask the party for its new one"),
                    Part::Certificate | Part::Authority | Part::RevocationList => {
                        tracing::warn!(usage, %party, part = part.name(), %subject, %until, days,
                            "it ends soon, or has ended: replace its file");
                    }
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

    /// The ones that end soon or have ended, in words.
    #[must_use]
    pub fn notes(&self, now: Millis) -> Vec<Said> {
        let mut out = Vec::new();
        for Entry { usage, party, material } in &self.all {
            for Expiry { part, subject, until } in material.expiries() {
                let days = left(until, now).div_euclid(DAY);
                if days < SOON {
                    let (place, part) = (&format!("{} {party}", usage.name()), expiry_of(part));
                    let (subject, until) = (&subject, &at(until).jst_text());
                    out.push(Said::of(&TlsText::EndsSoon { place, part, subject, until, days }));
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
