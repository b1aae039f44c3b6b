//! Configuration: one TOML file, a file of tokens and passwords that only its owner may read, and the key store. Every
//! error names the file, the key and the expected value.

use crate::causes;
use anyhow::{Context, bail, ensure};
use kazasu_connections::acquirer::{AcquirerConfig, ConnectionLimits};
use kazasu_connections::cluster::{ClusterKey, PublicKeys};
use kazasu_connections::issuers::IssuerConfig;
use kazasu_connections::keys::{Keys, KeysOf, KeysOfIssuer, KeysSection, Wanted, WantedIssuer, WantedNode};
use kazasu_hsm::Token;
use kazasu_issuer_adapter::Keying;
use kazasu_issuer_adapter::routing::RoutingTable;
use kazasu_ledger::Signer;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::iso8583::Dialect;
use kazasu_security::keys::{Device, UnlockFrom};
use kazasu_security::signing::Successor;
use kazasu_security::vault::Vault;
use kazasu_security_log::Digest;
use kazasu_services::closing::{ClosingContext, ClosingKeys};
use kazasu_services::people::OldCaller;
use kazasu_services::{LogFolders, Watch, WhichLog};
use kazasu_store::Store;
use kazasu_store::postgres::{Address, PostgresStore};
use kazasu_store::signing::SignedStore;
use kazasu_store::sqlite::SqliteStore;
use kazasu_text::configuration::ConfigText;
use kazasu_text::documents::PlaceText;
use kazasu_text::files::FileText;
use kazasu_text::{Quoted, Said, Text, errors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

mod file;
mod front;
mod hsm;
mod keys;
mod limits;
mod protection;
mod roles;
mod security_log;
mod sign_in;
/// Every dialect that a listener or an issuer names.
fn dialects(file: &ConfigFile, base: &Path) -> anyhow::Result<BTreeMap<String, Arc<Dialect>>> {
    let wanted = file.listeners.iter().map(|l| &l.dialect).chain(file.issuers.iter().map(|i| &i.dialect));
    let mut dialects = BTreeMap::new();
    for name in wanted {
        if !dialects.contains_key(name) {
            dialects.insert(name.clone(), Arc::new(load_dialect(base, name)?));
        }
    }
    Ok(dialects)
}

#[cfg(test)]
mod tests;
mod transport;
mod webhooks;

pub use file::{
    AcquirerFile, CardsFile, ClockFile, ClusterFile, ConfigFile, HttpTlsFile, IssuerFile, IssuerKeying, IssuerTlsFile,
    ListenerFile, MailFile, OutboxFile, PayerFile, PayoutFile, TlsFile, WebhookFile,
};
pub use hsm::{HsmFile, PinFrom};
use keys::{KeysFile, OutboxKeys, callers, read_keys};
pub use limits::{HttpLimitsFile, LimitsFile};
use roles::{calendar, cities, finance, payout};
pub use security_log::SecurityLogFile;
use sign_in::Sections;
pub use sign_in::{FactorFile, OidcFile, PasskeysFile, SecondFactorFile, SignInConfig, SignInFile};

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
    /// All keys, which may change while the switch runs.
    pub keys: Arc<Keys>,
    /// The device that has keys, where there is one.
    pub hsm: Option<Token>,
    /// The vault.
    pub vault: Arc<Vault>,
    /// A program's key for the command line, from `keys_file`; a person's session has precedence.
    pub token: Option<zeroize::Zeroizing<String>>,
    /// The callers that `keys_file` named before there were people in the book.
    pub callers: Vec<OldCaller>,
    /// The policy of a new book: its file, read and checked, or its problem. A book that has a policy does not need it.
    pub policy: Result<Option<(kazasu_schemas::policy::Policy, String)>, Said>,
    /// The destinations of residents' notices.
    pub outbox: Option<kazasu_outbox::OutboxConfig>,
    /// How events are sent to programs, and where they may go.
    pub webhooks: kazasu_webhooks::Settings,
    /// The account from which merchants are paid.
    pub payout: Option<Arc<kazasu_services::closing::PayoutConfig>>,
    /// Days on which banks work.
    pub calendar: Arc<Calendar>,
    /// Signs days.
    pub audit: Option<Arc<kazasu_services::closing::AuditKeys>>,
    /// Signs commit batches, and checkpoints of the journal.
    pub signers: Option<Signers>,
    /// The times and destinations of checkpoints.
    pub checkpoints: kazasu_checkpoint::Settings,
    /// The place of the journal.
    pub store: StoreConfig,
    /// The key that nodes share, when there are several.
    pub cluster_key: Option<ClusterKey>,
    /// The folder of the security logs.
    pub log_folders: LogFolders,
    /// Proxies, and the contact for reports.
    pub front: Arc<kazasu_api::http::Front>,
    /// The means of signing in.
    pub sign_in: SignInConfig,
    /// SHA-256 of the configuration file.
    pub fingerprint: Digest,
    dialects: BTreeMap<String, Arc<Dialect>>,
    base: PathBuf,
}

/// The place of the journal.
#[derive(Clone, Debug)]
pub enum StoreConfig {
    /// A file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, with its password if `keys_file` has one.
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

/// The signers of the journal.
#[derive(Clone, Debug)]
pub struct Signers {
    /// The ends of commit batches, one after the other: a key that is at hand.
    pub batches: Arc<dyn Signer>,
    /// Checkpoints, now and then: a key that may be in a device.
    pub heads: Arc<dyn Signer>,
}

impl Config {
    /// The journal for closing, as configured.
    #[must_use]
    pub fn closing(&self, store: Arc<dyn Store>) -> ClosingContext {
        let (payout, audit, vault) = (self.payout.clone(), self.audit.clone(), self.vault.clone());
        ClosingContext::new(store, &self.data_dir, ClosingKeys { payout, audit, vault })
    }

    /// The file of payees' accounts that the first start takes into the ledger, where one is named still.
    #[must_use]
    pub fn payees_file(&self) -> Option<PathBuf> {
        let file = self.file.payout.as_ref()?.payees_file.as_ref()?;
        Some(self.base.join(file))
    }

    /// Reads and checks the file at `path`, its `keys_file` and its key store.
    pub fn load(path: &Path) -> anyhow::Result<Config> {
        let text = kazasu_security::files::read_text(path)?;
        let file = parsed(&text, path)?;
        let base = path.parent().unwrap_or(Path::new(".")).to_path_buf();
        let keys_path = base.join(&file.keys_file);
        let keys = read_keys(&keys_path)?;
        let named = |what: &str| format!("{}: {what}", path.display());
        file.clock.check().with_context(|| path.display().to_string())?;
        let sections = Sections { sign_in: &file.sign_in, passkeys: file.passkeys.as_ref(), oidc: &file.oidc };
        let sign_in = SignInConfig::read(&sections, &base).with_context(|| path.display().to_string())?;
        let place = path.display().to_string();
        let wrong = |text: ConfigText<'_>| Said::of(&ConfigText::In { place: &place, problem: &Said::of(&text) });
        ensure!(!file.listeners.is_empty(), wrong(ConfigText::NoListener));
        file.limits.check().with_context(|| place.clone())?;
        protection::check(&file).with_context(|| place.clone())?;
        let dialects = dialects(&file, &base)?;
        let in_keys = |what: &str| format!("{}: {what}", keys_path.display());
        let callers = callers(&keys.http).with_context(|| in_keys("[http]"))?;
        cities(&file.cities).map_err(|e| e.context(named("[[city]]")))?;
        finance(&file.finance).map_err(|e| e.context(named("[finance]")))?;
        let payout = payout(&file).map_err(|e| e.context(named("[payout]")))?;
        let hsm = file.hsm.as_ref().map(|hsm| hsm.open(&base)).transpose().with_context(|| named("[hsm]"))?;
        let live = live_keys(&file, path, hsm.clone())?;
        let heads = live.heads.clone().map(|heads| heads as Arc<dyn Signer>);
        let batches = live.batches.clone().map(|batches| batches as Arc<dyn Signer>);
        let checkpoints =
            file.audit.check(&base, &base.join(&file.data_dir)).map_err(|e| e.context(named("[audit]")))?;
        ensure!(heads.is_some() || (batches.is_none() && !file.audit.needs_a_key()), wrong(ConfigText::NeedsAuditKey));
        let calendar = calendar(&file, &base).map_err(|e| e.context(named("bank_holidays_file")))?;
        let policy = first_policy(&file, &base)
            .map_err(|e| Said::new(|language| errors::chain(e.chain(), language, causes::of)));
        let outbox = outbox(&file, (&keys.outbox, &live), &base).with_context(|| named("[outbox]"))?;
        let webhooks = file.webhooks.settings(&base).with_context(|| named("[webhooks]"))?;
        let acquirers = acquirers(&file, &live).map_err(|e| e.context(named("[[acquirer]]")))?;
        let issuers = issuers(&file, &live, &dialects).map_err(|e| e.context(named("[[issuer]]")))?;
        let store = store(&file, &keys, &base).map_err(|e| e.context(named("store")))?;
        file.security_log.check().map_err(|e| e.context(named("[security_log]")))?;
        let front = front::front(&file.http_trusted_proxies, file.http_forwarded_header, file.security.as_ref());
        let front = Arc::new(front.map_err(|e| e.context(path.display().to_string()))?);
        let log_folders = file.security_log.folders(&base, &base.join(&file.data_dir));
        let routes = routes(&file).map_err(|e| e.context(named("[[issuer]]")))?;
        Ok(Config {
            data_dir: base.join(&file.data_dir),
            acquirers,
            issuers,
            routes,
            vault: live.vault.clone(),
            token: keys.http.token.map(zeroize::Zeroizing::new),
            callers,
            policy,
            outbox,
            webhooks,
            payout: payout.map(Arc::new),
            calendar,
            audit: heads.clone().map(|heads| Arc::new(kazasu_services::closing::AuditKeys::new(heads))),
            signers: heads.map(|heads| Signers { batches: batch_signer(batches, &heads), heads }),
            checkpoints,
            store,
            cluster_key: live.cluster.clone(),
            keys: Arc::new(live),
            hsm,
            log_folders,
            front,
            sign_in,
            fingerprint: Digest::of(text.as_bytes()),
            dialects,
            base,
            file,
        })
    }

    /// The switch's security log, still without a line of this process.
    pub fn node_watch(&self, node: &str) -> anyhow::Result<Watch> {
        self.file.security_log.watch(&self.log_folders, WhichLog::Node, node)
    }

    /// The security log of the command line's work on the journal itself, or with `keys_file`.
    pub fn offline_watch(&self) -> anyhow::Result<Watch> {
        self.file.security_log.watch(&self.log_folders, WhichLog::Offline, "command-line")
    }

    /// A dialect that the file names.
    #[must_use]
    pub fn dialect(&self, name: &str) -> Arc<Dialect> {
        self.dialects.get(name).cloned().expect("load() read every dialect that the file names")
    }

    /// Bounds of each connection.
    #[must_use]
    pub fn connection_limits(&self) -> ConnectionLimits {
        self.file.limits.connection()
    }

    /// The journal's store, whose batches are signed where there is a key. Nothing is opened yet.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        self.signed(self.store.store())
    }

    /// The same for another store than the configuration names.
    #[must_use]
    pub fn signed(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        Arc::new(SignedStore::new(store, self.signers.as_ref().map(|signers| signers.batches.clone())))
    }

    /// Certificates of the authority that signs card status lists.
    #[must_use]
    pub fn list_authorities(&self) -> Option<PathBuf> {
        self.file.cards.list_authorities.as_ref().map(|path| self.base.join(path))
    }
}

/// Signs commit batches: the key of checkpoints where there is no other. A key that was added later also knows what that one signed.
fn batch_signer(batches: Option<Arc<dyn Signer>>, heads: &Arc<dyn Signer>) -> Arc<dyn Signer> {
    match batches {
        Some(now) => Arc::new(Successor { now, before: heads.clone() }),
        None => heads.clone(),
    }
}

fn parsed(text: &str, path: &Path) -> anyhow::Result<ConfigFile> {
    toml::from_str(text).map_err(|error| unread(text, path, &error).into())
}

/// What the reader of TOML says, with its line. The English words are its own.
fn unread(text: &str, path: &Path, error: &toml::de::Error) -> Said {
    let place = path.display();
    let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or_default());
    let line = u64::try_from(before.matches('\n').count() + 1).unwrap_or(u64::MAX);
    let at_line = PlaceText::Line { line, problem: &kazasu_documents::policy::file::grammar(error) };
    Said::exactly(
        &FileText::In { path: &place.to_string(), why: &Said::of(&at_line) },
        format!("{place}: {}", error.to_string().trim()),
    )
}

/// `[cluster.nodes]` as the file has it now.
fn nodes_of(path: &Path) -> anyhow::Result<BTreeMap<String, PublicKeys>> {
    let file = parsed(&kazasu_security::files::read_text(path)?, path)?;
    Ok(file.cluster.map(|cluster| cluster.nodes).unwrap_or_default())
}

/// The part of the configuration that commands about keys need.
pub struct KeysPart {
    /// `[keys]`.
    pub section: KeysSection,
    /// The keys that the file needs.
    pub wanted: Wanted,
    /// The file of tokens and passwords.
    pub keys_file: PathBuf,
    /// `[hsm]`.
    pub hsm: Option<HsmFile>,
}

/// `[keys]`, which keys the file needs, and the device. Nothing is opened.
pub fn keys_part(path: &Path) -> anyhow::Result<KeysPart> {
    let file = parsed(&kazasu_security::files::read_text(path)?, path)?;
    let (section, wanted) = section_of(&file, path)?;
    let keys_file = path.parent().unwrap_or(Path::new(".")).join(&file.keys_file);
    Ok(KeysPart { section, wanted, keys_file, hsm: file.hsm })
}

fn section_of(file: &ConfigFile, path: &Path) -> anyhow::Result<(KeysSection, Wanted)> {
    let place = &path.display().to_string();
    let wrong = |text: ConfigText<'_>| Said::of(&ConfigText::In { place, problem: &Said::of(&text) });
    let section = file.keys.clone().ok_or_else(|| wrong(ConfigText::NoKeys))?;
    section.check().map_err(|problem| Said::of(&ConfigText::In { place, problem: &problem }))?;
    if let Some(hsm) = &file.hsm {
        hsm.check().with_context(|| format!("{}: [hsm]", path.display()))?;
    }
    if let (UnlockFrom::Device(label), None) = (&section.unlock, &file.hsm) {
        bail!(wrong(ConfigText::DeviceNeedsHsm { label }));
    }
    let node = file.cluster.as_ref().map(|c| WantedNode { node: c.node.clone(), nodes: c.nodes.clone() });
    let wanted = Wanted {
        acquirers: file.acquirers.iter().map(|a| (a.id, a.mac)).collect(),
        issuers: file.issuers.iter().filter_map(wanted_issuer).collect(),
        cluster: node,
        webhook: file.outbox.as_ref().is_some_and(|outbox| outbox.webhook.is_some()),
    };
    Ok((section, wanted))
}

fn wanted_issuer(issuer: &IssuerFile) -> Option<WantedIssuer> {
    let keys = match issuer.keys {
        IssuerKeying::Session => KeysOfIssuer::Session,
        IssuerKeying::Static => KeysOfIssuer::Fixed,
    };
    Some(WantedIssuer { number: issuer.number, mac: issuer.mac?, keys })
}

/// The authentication of an issuer's connection.
fn keying(issuer: &IssuerFile, keys: &Keys) -> anyhow::Result<Keying> {
    issuer.mac.map_or(Ok(Keying::None), |_| keys.issuer(issuer.number))
}

fn live_keys(file: &ConfigFile, path: &Path, hsm: Option<Token>) -> anyhow::Result<Keys> {
    let (section, wanted) = section_of(file, path)?;
    let (base, again) = (path.parent().unwrap_or(Path::new(".")), path.to_path_buf());
    let device = hsm.map(|token| Arc::new(token) as Arc<dyn Device>);
    let of = KeysOf { base, nodes: Box::new(move || nodes_of(&again)), device, section: &section, wanted };
    Keys::load(of, kazasu_engine::clock::now())
}

fn first_policy(file: &ConfigFile, base: &Path) -> anyhow::Result<Option<(kazasu_schemas::policy::Policy, String)>> {
    let Some(path) = &file.policy_file else { return Ok(None) };
    let path = base.join(path);
    let source = kazasu_security::files::read_text(&path)?;
    match kazasu_documents::policy::read(&source) {
        Ok(policy) => {
            let known = |issuer| file.issuers.iter().any(|i| i.number == issuer);
            if let Some(rule) = policy.stand_in.iter().find(|rule| !known(rule.issuer)) {
                let problem = &Said::of(&ConfigText::StandInIssuer { issuer: rule.issuer });
                bail!(Said::of(&ConfigText::In { place: &path.display().to_string(), problem }));
            }
            Ok(Some((policy, source)))
        }
        Err(problems) => {
            let place = &path.display().to_string();
            bail!(Said::new(|language| {
                let line = |problem: &Said| ConfigText::In { place, problem }.in_language(language).into_owned();
                problems.iter().map(|p| line(&Said::of(p))).collect::<Vec<String>>().join("\n")
            }))
        }
    }
}

fn outbox(
    file: &ConfigFile,
    (passwords, keys): (&OutboxKeys, &Keys),
    base: &Path,
) -> anyhow::Result<Option<kazasu_outbox::OutboxConfig>> {
    use kazasu_outbox::{MailConfig, OutboxConfig, WebhookConfig};
    let Some(outbox) = &file.outbox else { return Ok(None) };
    let webhook = match &outbox.webhook {
        None => None,
        Some(webhook) => {
            let keys = keys.webhook.clone().ok_or_else(|| Said::of(&ConfigText::WebhookKey))?;
            let authorities = webhook.authorities.as_ref().map(|path| base.join(path));
            Some(WebhookConfig { url: webhook.url.clone(), keys, authorities })
        }
    };
    let mail = outbox.mail.as_ref().map(|mail| MailConfig {
        server: mail.server.clone(),
        password: passwords.mail_password.clone().map(zeroize::Zeroizing::new),
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
    let text = kazasu_security::files::read_text(&path).map_err(|error| {
        let why = &Said::new(|language| errors::chain(error.chain(), language, causes::of));
        Said::of(&ConfigText::Dialect { name: Quoted(name), shipped: &shipped, why })
    })?;
    Dialect::parse(&text).with_context(|| path.display().to_string())
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
        other => bail!(Said::of(&ConfigText::Store { got: Quoted(other) })),
    };
    if let Some(cluster) = &file.cluster {
        ensure!(matches!(store, StoreConfig::Postgres(_)), Said::of(&ConfigText::SharedStore));
        ensure!(!cluster.node.is_empty(), Said::of(&ConfigText::NotEmpty { key: "cluster.node" }));
        // The names of kazasu's own commands towards the store.
        let own = ["alone", "copy", "import", "check", "status"];
        let names = &own.join(", ");
        ensure!(!own.contains(&cluster.node.as_str()), Said::of(&ConfigText::NodeName { names }));
        let (key, got) = ("cluster.takeover_ms", cluster.takeover_ms);
        ensure!(got >= 500, Said::of(&ConfigText::AtLeast { key, least: 500, got }));
    }
    Ok(store)
}

fn acquirers(file: &ConfigFile, keys: &Keys) -> anyhow::Result<Vec<AcquirerConfig>> {
    let mut out = Vec::new();
    for a in &file.acquirers {
        let is_one = file.acquirers.iter().filter(|b| b.id == a.id).count() == 1;
        ensure!(is_one, Said::of(&ConfigText::AcquirerTwice { acquirer: a.id }));
        let config = AcquirerConfig {
            id: a.id,
            name: a.name.clone(),
            mac: a.mac,
            ppid_in: a.ppid_in,
            masters: keys.masters(a.id)?,
            certificates: a.certificates.iter().map(|c| fingerprint(c)).collect::<anyhow::Result<_>>()?,
            cutover: a.cutover,
            max_connections: file.limits.per_acquirer(),
        };
        out.push(config);
    }
    Ok(out)
}

fn fingerprint(text: &str) -> anyhow::Result<[u8; 32]> {
    let read = text.parse::<kazasu_tls::Fingerprint>();
    Ok(read.map_err(|_| Said::of(&ConfigText::Fingerprint { got: Quoted(text) }))?.0)
}

fn issuers(
    file: &ConfigFile,
    keys: &Keys,
    dialects: &BTreeMap<String, Arc<Dialect>>,
) -> anyhow::Result<Vec<IssuerConfig>> {
    let mut out = Vec::new();
    for i in &file.issuers {
        ensure!(i.number > 0, Said::of(&ConfigText::IssuerNumber { name: &i.name }));
        let is_one = file.issuers.iter().filter(|j| j.number == i.number).count() == 1;
        ensure!(is_one, Said::of(&ConfigText::IssuerTwice { issuer: i.number }));
        let keying = keying(i, keys)?;
        let dialect = dialects.get(&i.dialect).cloned().context("dialect")?;
        out.push(IssuerConfig {
            number: i.number,
            name: i.name.clone(),
            addr: i.addr.clone(),
            dialect,
            keying,
            answer_timeout: Duration::from_millis(i.answer_timeout_ms),
            echo_interval: Duration::from_secs(i.echo_seconds),
            max_in_flight: i.max_in_flight,
            cutover: i.cutover,
        });
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
