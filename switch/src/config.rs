//! Configuration: one TOML file, and a key file that only its owner may read. Every error names the file, the key and what
//! was expected.

use crate::acquirer::{AcquirerConfig, LinkLimits, TlsFiles};
use crate::cluster::ClusterKey;
use anyhow::{Context, bail, ensure};
use kazasu_issuer_adapter::routing::RoutingTable;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::canonical::{is_blank, same};
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::mac::{MacAlgorithm, MacKey};
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::PpidPlace;
use kazasu_security::vault::Vault;
use kazasu_store::Store;
use kazasu_store::postgres::{Address, PostgresStore};
use kazasu_store::sqlite::SqliteStore;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

mod office;
#[cfg(test)]
mod tests;

pub use office::{CityFile, FinanceFile, PayerFile, PayoutFile, ToleranceFile};
use office::{calendar, cities, finance, payout};

/// `kazasu.toml`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The book's name, written into its first record.
    pub book: String,
    /// The switch's institution id, DE32 towards issuers.
    pub id: InstitutionId,
    /// Where this process keeps what is its own: its lock, and the journal when that is a file; relative to this file.
    pub data_dir: PathBuf,
    /// `sqlite` for a file in `data_dir`, or a PostgreSQL URL.
    #[serde(default = "default_store")]
    pub store: String,
    /// This node among several on one PostgreSQL store.
    pub cluster: Option<ClusterFile>,
    /// The key file; relative to this file.
    pub keys_file: PathBuf,
    /// Address of health, metrics and the API.
    #[serde(default = "default_http")]
    pub http: String,
    /// Take any port where the one that is named is in use; only the demo does.
    #[serde(skip)]
    pub any_port: bool,
    /// Business days that settled taps stay in memory, so that they can be refunded, reversed and recognised again.
    #[serde(default = "default_keep_days")]
    pub keep_days: u16,
    /// Acquirers' ports.
    #[serde(rename = "listener")]
    pub listeners: Vec<ListenerFile>,
    /// Acquirers.
    #[serde(rename = "acquirer", default)]
    pub acquirers: Vec<AcquirerFile>,
    /// Issuers.
    #[serde(rename = "issuer", default)]
    pub issuers: Vec<IssuerFile>,
    /// Bounds.
    #[serde(default)]
    pub limits: LimitsFile,
    /// The policy that is activated when a book has none yet; relative to this file. Later ones are activated by command.
    pub policy_file: Option<PathBuf>,
    /// Days on which banks do not work (CSV), instead of those that are built in; relative to this file.
    pub bank_holidays_file: Option<PathBuf>,
    /// Cards.
    #[serde(default)]
    pub cards: CardsFile,
    /// What is believed of the wall clock.
    #[serde(default)]
    pub clock: ClockFile,
    /// Where residents' notices go.
    pub outbox: Option<OutboxFile>,
    /// Cities whose relief goes through this switch.
    #[serde(rename = "city", default)]
    pub cities: Vec<CityFile>,
    /// Where merchants are paid from.
    pub payout: Option<PayoutFile>,
    /// Who closes days.
    #[serde(default)]
    pub finance: FinanceFile,
}

/// `[cards]`.
#[derive(Deserialize, Debug, Clone, Default)]
#[serde(deny_unknown_fields)]
pub struct CardsFile {
    /// Certificates (PEM) of the authority that signs card status lists; relative to this file.
    pub list_authorities: Option<PathBuf>,
}

/// `[clock]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct ClockFile {
    /// The wall clock may be so far from the monotonic clock.
    pub jump_seconds: u32,
    /// The switch may begin so long after the journal's last record.
    pub restart_hours: u32,
}

impl Default for ClockFile {
    fn default() -> Self {
        ClockFile { jump_seconds: 300, restart_hours: 18 }
    }
}

impl ClockFile {
    /// For the engine.
    #[must_use]
    pub fn rules(&self) -> kazasu_engine::ClockRules {
        let seconds = |n: u32| std::time::Duration::from_secs(n.into());
        kazasu_engine::ClockRules { jump: seconds(self.jump_seconds), restart: seconds(self.restart_hours) * 3_600 }
    }

    fn check(&self) -> Result<(), String> {
        if !(1..=3_600).contains(&self.jump_seconds) {
            return Err(format!("clock.jump_seconds: must be 1 to 3600, got {}", self.jump_seconds));
        }
        if !(1..=240).contains(&self.restart_hours) {
            return Err(format!("clock.restart_hours: must be 1 to 240, got {}", self.restart_hours));
        }
        Ok(())
    }
}

/// `[outbox]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct OutboxFile {
    /// The portal's address.
    pub webhook: Option<WebhookFile>,
    /// A mail server.
    pub mail: Option<MailFile>,
    /// After so many attempts a notice is given up.
    #[serde(default = "default_attempts")]
    pub attempts: u32,
    /// The pause after the first failed attempt; it doubles each time.
    #[serde(default = "default_first_pause")]
    pub first_pause_ms: u64,
    /// The longest pause.
    #[serde(default = "default_longest_pause")]
    pub longest_pause_seconds: u64,
    /// How long one attempt may take.
    #[serde(default = "default_notice_timeout")]
    pub timeout_seconds: u64,
}

fn default_attempts() -> u32 {
    12
}
fn default_first_pause() -> u64 {
    1_000
}
fn default_longest_pause() -> u64 {
    300
}
fn default_notice_timeout() -> u64 {
    5
}

/// `[outbox.webhook]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct WebhookFile {
    /// https, or http to this machine.
    pub url: String,
    /// More authorities for its certificate, PEM; relative to this file.
    pub authorities: Option<PathBuf>,
}

/// `[outbox.mail]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct MailFile {
    /// `smtps://user@host:port`, or `smtp://…` with STARTTLS.
    pub server: String,
    /// The sender.
    pub from: String,
    /// The receiver; `{ppid}` stands for the person.
    pub to: String,
}

fn default_store() -> String {
    "sqlite".into()
}

/// `[cluster]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ClusterFile {
    /// This node's name, distinct among the nodes of the store.
    pub node: String,
    /// Address and port for other nodes.
    pub listen: String,
    /// Where other nodes reach it, when that is not `listen`.
    pub advertise: Option<String>,
    /// Where people and programs reach its HTTP, when that is not `http`.
    pub advertise_http: Option<String>,
    /// A leader that has not reported to the store for this long is replaced.
    #[serde(default = "default_takeover")]
    pub takeover_ms: u64,
}

fn default_takeover() -> u64 {
    1_500
}

fn default_http() -> String {
    "127.0.0.1:8080".into()
}

fn default_keep_days() -> u16 {
    45
}

/// `[[listener]]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ListenerFile {
    /// Address and port.
    pub addr: String,
    /// A shipped dialect's name, or the path of a dialect file.
    pub dialect: String,
    /// TLS with client certificates.
    pub tls: Option<TlsFile>,
}

/// `[listener.tls]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct TlsFile {
    /// The server's certificate chain, PEM.
    pub certificates: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Authorities of client certificates, PEM.
    pub client_ca: PathBuf,
}

/// `[[acquirer]]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct AcquirerFile {
    /// DE32.
    pub id: InstitutionId,
    /// Its name.
    pub name: String,
    /// MAC function.
    pub mac: MacAlgorithm,
    /// Where its messages carry the PPID.
    #[serde(default)]
    pub ppid_in: PpidPlace,
    /// SHA-256 fingerprints (hexadecimal) of its client certificates.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Tell it with 0800/201 and 202 that the business day has ended.
    #[serde(default)]
    pub cutover: bool,
}

/// `[[issuer]]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct IssuerFile {
    /// Its number in this book, from 1.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// Host and port of its link.
    pub addr: String,
    /// A shipped dialect's name, or the path of a dialect file.
    #[serde(default = "default_dialect")]
    pub dialect: String,
    /// MAC function, when its link has one.
    pub mac: Option<MacAlgorithm>,
    /// Card number prefixes (4 to 8 digits) that are its cards.
    #[serde(default)]
    pub bins: Vec<String>,
    /// Bank codes (4 digits) that are its accounts.
    #[serde(default)]
    pub banks: Vec<String>,
    /// How long an answer may take.
    #[serde(default = "default_answer_timeout")]
    pub answer_timeout_ms: u64,
    /// How often the link is tested.
    #[serde(default = "default_echo")]
    pub echo_seconds: u64,
    /// Requests under way at one time.
    #[serde(default = "default_in_flight")]
    pub max_in_flight: usize,
    /// Tell it with 0800/201 and 202 that the business day has ended.
    #[serde(default)]
    pub cutover: bool,
}

fn default_dialect() -> String {
    "iso87-ascii".into()
}
fn default_answer_timeout() -> u64 {
    5_000
}
fn default_echo() -> u64 {
    30
}
fn default_in_flight() -> usize {
    4_096
}

/// `[limits]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    /// Links a listener holds at one time.
    pub max_links: usize,
    /// Messages under way on one link before it is no longer read.
    pub max_in_flight_per_link: usize,
    /// Messages admitted in all before new ones are refused with 91.
    pub max_queued: usize,
    /// Records in one commit.
    pub max_batch: usize,
    /// A link that has not signed on by then is closed.
    pub sign_on_seconds: u64,
    /// A peer that takes no answers for this long is closed.
    pub write_seconds: u64,
}

impl Default for LimitsFile {
    fn default() -> Self {
        LimitsFile {
            max_links: 4_096,
            max_in_flight_per_link: 8_192,
            max_queued: 65_536,
            max_batch: 2_048,
            sign_on_seconds: 60,
            write_seconds: 10,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysFile {
    vault: VaultFile,
    http: HttpKeys,
    #[serde(default)]
    store: StoreKeys,
    #[serde(default)]
    outbox: OutboxKeys,
    audit: Option<AuditFile>,
    cluster: Option<ClusterKeys>,
    #[serde(default)]
    acquirer: BTreeMap<String, AcquirerKeys>,
    #[serde(default)]
    issuer: BTreeMap<String, IssuerKeys>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VaultFile {
    current: u8,
    lookup: String,
    seal: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct OutboxKeys {
    webhook: Option<String>,
    mail_password: Option<String>,
}

/// Keys that days are signed with, by version: 32 bytes each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditFile {
    current: u8,
    seed: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct StoreKeys {
    password: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClusterKeys {
    key: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpKeys {
    /// The operator's.
    token: String,
    /// People and programs by name that may do everything.
    #[serde(default)]
    people: BTreeMap<String, String>,
    /// Portals by name: they act for residents and see nothing else.
    #[serde(default)]
    portals: BTreeMap<String, String>,
}

/// Who may use the API.
#[derive(Clone)]
pub struct Caller {
    /// The name that records keep.
    pub name: String,
    /// Acts for residents only.
    pub portal: bool,
    /// The bearer token.
    pub token: zeroize::Zeroizing<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AcquirerKeys {
    master: String,
    to_switch: String,
    from_switch: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerKeys {
    to_issuer: String,
    from_issuer: String,
}

/// Everything that `kazasu serve` needs, checked.
pub struct Config {
    /// The file as read.
    pub file: ConfigFile,
    /// Absolute data folder.
    pub data_dir: PathBuf,
    /// Acquirers with their keys.
    pub acquirers: Vec<AcquirerConfig>,
    /// Issuers with their dialects and keys.
    pub issuers: Vec<IssuerConfig>,
    /// Card numbers and bank codes to issuers.
    pub routes: RoutingTable,
    /// The vault.
    pub vault: Arc<Vault>,
    /// The operator's bearer token, for the command line.
    pub token: String,
    /// Everybody who may use the API.
    pub callers: Vec<Caller>,
    /// The policy of a new book: its file, read and checked, or what is wrong with it. A book that has a policy does not need it.
    pub policy: Result<Option<(kazasu_schemas::policy::Policy, String)>, String>,
    /// Where residents' notices go.
    pub outbox: Option<crate::outbox::OutboxConfig>,
    /// Where merchants are paid from, and their accounts.
    pub payout: Option<Arc<crate::closing::PayoutConfig>>,
    /// Days on which banks work.
    pub calendar: Arc<Calendar>,
    /// Signs days.
    pub audit: Option<Arc<crate::closing::AuditKeys>>,
    /// Where the journal is.
    pub store: StoreConfig,
    /// The key that nodes share, when there are several.
    pub cluster_key: Option<ClusterKey>,
    dialects: BTreeMap<String, Arc<Dialect>>,
    base: PathBuf,
}

/// Where the journal is.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, with its password if the key file has one.
    Postgres(Address),
}

impl StoreConfig {
    /// Reads a place as people write it: a PostgreSQL URL or a file.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        if Address::is_url(text) {
            Ok(StoreConfig::Postgres(text.parse()?))
        } else {
            Ok(StoreConfig::Sqlite(text.into()))
        }
    }

    /// The store itself. Nothing is opened yet.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            StoreConfig::Sqlite(path) => Arc::new(SqliteStore::new(path)),
            StoreConfig::Postgres(address) => Arc::new(PostgresStore::new(address.clone())),
        }
    }
}

/// An issuer with its dialect and keys.
#[derive(Clone)]
pub struct IssuerConfig {
    /// As read.
    pub file: IssuerFile,
    /// What its link speaks.
    pub dialect: Arc<Dialect>,
    /// To the issuer, from the issuer.
    pub mac: Option<(MacKey, MacKey)>,
}

impl Config {
    /// Reads and checks the file at `path` and the key file it names.
    pub fn load(path: &Path) -> anyhow::Result<Config> {
        let text = kazasu_security::files::read_text(path)?;
        let file: ConfigFile =
            toml::from_str(&text).map_err(|e| anyhow::anyhow!("{}: {}", path.display(), e.to_string().trim()))?;
        let base = path.parent().unwrap_or(Path::new(".")).to_path_buf();
        let keys_path = base.join(&file.keys_file);
        let keys = read_keys(&keys_path)?;
        let named = |what: &str| format!("{}: {what}", path.display());
        file.clock.check().map_err(|problem| anyhow::anyhow!(named(&problem)))?;
        ensure!(!file.listeners.is_empty(), named("at least one [[listener]] is needed"));
        let l = &file.limits;
        for (key, value) in [
            ("max_links", l.max_links),
            ("max_in_flight_per_link", l.max_in_flight_per_link),
            ("max_queued", l.max_queued),
            ("max_batch", l.max_batch),
        ] {
            ensure!(value > 0, named(&format!("limits.{key} must be above 0")));
        }
        let mut dialects = BTreeMap::new();
        let wanted = file.listeners.iter().map(|l| &l.dialect).chain(file.issuers.iter().map(|i| &i.dialect));
        for name in wanted {
            if !dialects.contains_key(name) {
                dialects.insert(name.clone(), Arc::new(load_dialect(&base, name)?));
            }
        }
        let in_keys = |what: &str| format!("{}: {what}", keys_path.display());
        let vault = vault(&keys.vault).with_context(|| in_keys("[vault]"))?;
        let callers = callers(&keys.http).with_context(|| in_keys("[http]"))?;
        cities(&file.cities, &callers).map_err(|e| e.context(named("[[city]]")))?;
        finance(&file.finance, &callers).map_err(|e| e.context(named("[finance]")))?;
        let payout = payout(&file, &base).map_err(|e| e.context(named("[payout]")))?;
        let audit = keys.audit.as_ref().map(audit).transpose().with_context(|| in_keys("[audit]"))?;
        let calendar = calendar(&file, &base).map_err(|e| e.context(named("bank_holidays_file")))?;
        let policy = first_policy(&file, &base).map_err(|e| format!("{e:#}"));
        let outbox = outbox(&file, &keys.outbox, &base).with_context(|| named("[outbox]"))?;
        let acquirers = acquirers(&file, &keys).with_context(|| in_keys("[acquirer.…]"))?;
        let issuers = issuers(&file, &keys, &dialects).with_context(|| in_keys("[issuer.…]"))?;
        let store = store(&file, &keys, &base).map_err(|e| e.context(named("store")))?;
        let cluster_key = cluster_key(&file, &keys).with_context(|| in_keys("[cluster]"))?;
        let routes = routes(&file).map_err(|e| e.context(named("[[issuer]]")))?;
        Ok(Config {
            data_dir: base.join(&file.data_dir),
            acquirers,
            issuers,
            routes,
            vault: Arc::new(vault),
            token: keys.http.token,
            callers,
            policy,
            outbox,
            payout: payout.map(Arc::new),
            calendar,
            audit: audit.map(Arc::new),
            store,
            cluster_key,
            dialects,
            base,
            file,
        })
    }

    /// A dialect that the file names.
    #[must_use]
    pub fn dialect(&self, name: &str) -> Arc<Dialect> {
        self.dialects.get(name).cloned().expect("load() read every dialect that the file names")
    }

    /// TLS files of a listener, relative to the configuration file.
    #[must_use]
    pub fn tls(&self, listener: &ListenerFile) -> Option<TlsFiles> {
        listener.tls.as_ref().map(|tls| TlsFiles {
            certificates: self.base.join(&tls.certificates),
            key: self.base.join(&tls.key),
            client_ca: self.base.join(&tls.client_ca),
        })
    }

    /// Bounds of each link.
    #[must_use]
    pub fn link_limits(&self) -> LinkLimits {
        LinkLimits {
            max_in_flight: self.file.limits.max_in_flight_per_link,
            sign_on_timeout: Duration::from_secs(self.file.limits.sign_on_seconds),
            write_timeout: Duration::from_secs(self.file.limits.write_seconds),
        }
    }

    /// The journal's store. Nothing is opened yet.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        self.store.store()
    }

    /// Certificates of the authority that signs card status lists.
    #[must_use]
    pub fn list_authorities(&self) -> Option<PathBuf> {
        self.file.cards.list_authorities.as_ref().map(|path| self.base.join(path))
    }
}

fn callers(keys: &HttpKeys) -> anyhow::Result<Vec<Caller>> {
    let one = |name: &str, token: &str, portal| Caller {
        name: name.to_owned(),
        portal,
        token: zeroize::Zeroizing::new(token.to_owned()),
    };
    let mut out = vec![one("operator", &keys.token, false)];
    out.extend(keys.people.iter().map(|(name, token)| one(name, token, false)));
    out.extend(keys.portals.iter().map(|(name, token)| one(name, token, true)));
    for (at, caller) in out.iter().enumerate() {
        let name = &caller.name;
        ensure!(!is_blank(name) && name.chars().count() <= 60, "a name has 1 to 60 characters, got {name:?}");
        ensure!(caller.token.len() >= 32, "the token of {name} must have at least 32 characters");
        if let Some(other) = out[..at].iter().find(|other| same(&other.name, name)) {
            bail!("{name:?} and {:?} are one name, however it is spelt; every name is somebody's own", other.name);
        }
        let twice = out[..at].iter().any(|other| other.token == caller.token);
        ensure!(!twice, "{name}: every token is somebody's own");
    }
    Ok(out)
}

fn audit(file: &AuditFile) -> anyhow::Result<crate::closing::AuditKeys> {
    let mut seeds = BTreeMap::new();
    for (version, text) in &file.seed {
        let version: u8 = version.parse().with_context(|| format!("seed.{version}: a version is 0 to 255"))?;
        let seed = key(text, &format!("seed.{version}"))?;
        ensure!(seed.expose().len() == 32, "seed.{version} must have 32 bytes");
        seeds.insert(version, seed);
    }
    crate::closing::AuditKeys::new(&seeds, file.current)
}

fn first_policy(file: &ConfigFile, base: &Path) -> anyhow::Result<Option<(kazasu_schemas::policy::Policy, String)>> {
    let Some(path) = &file.policy_file else { return Ok(None) };
    let path = base.join(path);
    let source = kazasu_security::files::read_text(&path)?;
    match kazasu_documents::policy::read(&source) {
        Ok(policy) => {
            let known = |issuer| file.issuers.iter().any(|i| i.number == issuer);
            if let Some(rule) = policy.stand_in.iter().find(|rule| !known(rule.issuer)) {
                bail!("{}: stand_in names issuer {}, which is not configured", path.display(), rule.issuer);
            }
            Ok(Some((policy, source)))
        }
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(|p| format!("{}: {p}", path.display())).collect();
            bail!("{}", lines.join("\n"))
        }
    }
}

fn outbox(file: &ConfigFile, keys: &OutboxKeys, base: &Path) -> anyhow::Result<Option<crate::outbox::OutboxConfig>> {
    use crate::outbox::{MailConfig, OutboxConfig, WebhookConfig};
    let Some(outbox) = &file.outbox else { return Ok(None) };
    let webhook = match &outbox.webhook {
        None => None,
        Some(webhook) => {
            let text = keys.webhook.as_ref().context("the webhook needs a key: outbox.webhook in the key file")?;
            let key = key(text, "outbox.webhook")?;
            ensure!(key.expose().len() >= 16, "outbox.webhook must have at least 16 bytes");
            let authorities = webhook.authorities.as_ref().map(|path| base.join(path));
            Some(WebhookConfig { url: webhook.url.clone(), key, authorities })
        }
    };
    let mail = outbox.mail.as_ref().map(|mail| MailConfig {
        server: mail.server.clone(),
        password: keys.mail_password.clone().map(zeroize::Zeroizing::new),
        from: mail.from.clone(),
        to: mail.to.clone(),
    });
    let config = OutboxConfig {
        webhook,
        mail,
        attempts: outbox.attempts,
        first_pause: Duration::from_millis(outbox.first_pause_ms),
        longest_pause: Duration::from_secs(outbox.longest_pause_seconds),
        timeout: Duration::from_secs(outbox.timeout_seconds),
        ..OutboxConfig::default()
    };
    config.check()?;
    Ok(Some(config))
}

/// A shipped dialect's name, or a file relative to `base`.
pub fn load_dialect(base: &Path, name: &str) -> anyhow::Result<Dialect> {
    if let Some(dialect) = Dialect::shipped(name) {
        return Ok(dialect);
    }
    let path = base.join(name);
    let shipped = Dialect::SHIPPED.join(", ");
    let text = kazasu_security::files::read_text(&path)
        .with_context(|| format!("dialect {name:?} is none of {shipped}, and {} cannot be read", path.display()))?;
    Dialect::parse(&text).with_context(|| path.display().to_string())
}

fn only_owner_reads(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let meta = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mode = meta.permissions().mode() & 0o777;
    ensure!(mode & 0o077 == 0, "{} may be read by others (mode {mode:03o}); run: chmod 600 {0}", path.display());
    Ok(())
}

fn read_keys(path: &Path) -> anyhow::Result<KeysFile> {
    only_owner_reads(path)?;
    let text = zeroize::Zeroizing::new(kazasu_security::files::read_text(path)?);
    // The parser's message may quote the line, so only the place is told.
    toml::from_str(&text).map_err(|e: toml::de::Error| {
        let line = e.span().map_or(0, |s| text[..s.start.min(text.len())].lines().count());
        anyhow::anyhow!("{} line {line}: {} (the line is not shown: it may hold a key)", path.display(), e.message())
    })
}

fn key(text: &str, name: &str) -> anyhow::Result<Key> {
    Key::from_hex(text).with_context(|| name.to_owned())
}

fn vault(file: &VaultFile) -> anyhow::Result<Vault> {
    let mut keys = BTreeMap::new();
    for (version, text) in &file.seal {
        let number = version.parse().with_context(|| format!("seal.{version}: a version is 1 to 255"))?;
        keys.insert(number, key(text, &format!("seal.{version}"))?);
    }
    Ok(Vault::new(&keys, file.current, &key(&file.lookup, "lookup")?)?)
}

fn store(file: &ConfigFile, keys: &KeysFile, base: &Path) -> anyhow::Result<StoreConfig> {
    let store = match file.store.as_str() {
        "sqlite" => StoreConfig::Sqlite(base.join(&file.data_dir).join("journal.db")),
        url if Address::is_url(url) => {
            let address: Address = url.parse()?;
            StoreConfig::Postgres(match &keys.store.password {
                Some(password) => address.with_password(password),
                None => address,
            })
        }
        other => bail!("store is \"sqlite\" or a URL postgres://…, got {other:?}"),
    };
    if let Some(cluster) = &file.cluster {
        ensure!(matches!(store, StoreConfig::Postgres(_)), "several nodes share a PostgreSQL store, not a file");
        ensure!(!cluster.node.is_empty(), "cluster.node must not be empty");
        // What kazasu's own commands call themselves towards the store.
        let own = ["alone", "copy", "import", "check", "status"];
        ensure!(!own.contains(&cluster.node.as_str()), "cluster.node must be another name than {}", own.join(", "));
        ensure!(cluster.takeover_ms >= 500, "cluster.takeover_ms must be at least 500, got {}", cluster.takeover_ms);
    }
    Ok(store)
}

fn cluster_key(file: &ConfigFile, keys: &KeysFile) -> anyhow::Result<Option<ClusterKey>> {
    if file.cluster.is_none() {
        return Ok(None);
    }
    let keys = keys
        .cluster
        .as_ref()
        .context("a cluster needs a key: cluster.key, 64 hexadecimal digits, the same on all nodes")?;
    let key = ClusterKey::new(key(&keys.key, "cluster.key")?);
    key.map(Some).context("cluster.key must have 64 hexadecimal digits (32 bytes)")
}

fn acquirers(file: &ConfigFile, keys: &KeysFile) -> anyhow::Result<Vec<AcquirerConfig>> {
    let mut out = Vec::new();
    for a in &file.acquirers {
        ensure!(file.acquirers.iter().filter(|b| b.id == a.id).count() == 1, "acquirer {} is there twice", a.id);
        let k = keys.acquirer.get(a.id.as_str()).with_context(|| format!("no keys for acquirer {}", a.id))?;
        let config = AcquirerConfig {
            id: a.id,
            name: a.name.clone(),
            mac: a.mac,
            ppid_in: a.ppid_in,
            master: key(&k.master, "master")?,
            to_switch: key(&k.to_switch, "to_switch")?,
            from_switch: key(&k.from_switch, "from_switch")?,
            certificates: a.certificates.iter().map(|c| fingerprint(c)).collect::<anyhow::Result<_>>()?,
            cutover: a.cutover,
        };
        MacKey::new(a.mac, &config.to_switch).with_context(|| format!("acquirer {} to_switch", a.id))?;
        MacKey::new(a.mac, &config.from_switch).with_context(|| format!("acquirer {} from_switch", a.id))?;
        out.push(config);
    }
    Ok(out)
}

fn fingerprint(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = hex::decode(text.replace(':', "")).ok().and_then(|b| b.try_into().ok());
    bytes.with_context(|| format!("certificate fingerprint {text:?} must be 32 bytes of hexadecimal (SHA-256)"))
}

fn issuers(
    file: &ConfigFile,
    keys: &KeysFile,
    dialects: &BTreeMap<String, Arc<Dialect>>,
) -> anyhow::Result<Vec<IssuerConfig>> {
    let mut out = Vec::new();
    for i in &file.issuers {
        ensure!(i.number > 0, "issuer numbers begin with 1 ({})", i.name);
        ensure!(
            file.issuers.iter().filter(|j| j.number == i.number).count() == 1,
            "issuer {} is there twice",
            i.number
        );
        let mac = match i.mac {
            None => None,
            Some(algorithm) => {
                let k = keys.issuer.get(&i.number.to_string());
                let k = k.with_context(|| format!("no keys for issuer {}, whose link has a MAC", i.number))?;
                let to = MacKey::new(algorithm, &key(&k.to_issuer, "to_issuer")?)?;
                Some((to, MacKey::new(algorithm, &key(&k.from_issuer, "from_issuer")?)?))
            }
        };
        let dialect = dialects.get(&i.dialect).cloned().context("dialect")?;
        out.push(IssuerConfig { file: i.clone(), dialect, mac });
    }
    Ok(out)
}

fn routes(file: &ConfigFile) -> anyhow::Result<RoutingTable> {
    let mut routes = RoutingTable::default();
    for i in &file.issuers {
        for bin in &i.bins {
            routes.add_bin(bin, i.number)?;
        }
        for bank in &i.banks {
            routes.add_bank(bank, i.number)?;
        }
    }
    Ok(routes)
}
