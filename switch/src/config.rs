//! Configuration: one TOML file, and a key file that only its owner may read. Every error names the file, the key and what
//! was expected.

use crate::acquirer::{AcquirerConfig, ConnectionLimits, TlsFiles};
use crate::cluster::ClusterKey;
use anyhow::{Context, bail, ensure};
use kazasu_issuer_adapter::routing::RoutingTable;
use kazasu_ledger::Signer;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::mac::MacKey;
use kazasu_security::vault::Vault;
use kazasu_services::closing::{ClosingContext, ClosingKeys};
use kazasu_store::Store;
use kazasu_store::postgres::{Address, PostgresStore};
use kazasu_store::signing::SignedStore;
use kazasu_store::sqlite::SqliteStore;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

mod file;
mod keys;
mod limits;
mod office;
#[cfg(test)]
mod tests;

pub use file::{
    AcquirerFile, CardsFile, ClockFile, ClusterFile, ConfigFile, IssuerFile, ListenerFile, MailFile, OutboxFile,
    TlsFile, WebhookFile,
};
pub use keys::Caller;
use keys::{KeysFile, OutboxKeys, callers, key, read_keys, signer, vault};
pub use limits::{HttpLimitsFile, LimitsFile};
pub use office::{PayerFile, PayoutFile};
use office::{calendar, cities, finance, payout};

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
    pub payout: Option<Arc<kazasu_services::closing::PayoutConfig>>,
    /// Days on which banks work.
    pub calendar: Arc<Calendar>,
    /// Signs days.
    pub audit: Option<Arc<kazasu_services::closing::AuditKeys>>,
    /// Signs commit batches, and checkpoints of the journal.
    pub signers: Option<Signers>,
    /// When checkpoints are made, and where they go.
    pub checkpoints: crate::checkpoint::Settings,
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

/// Who signs what of the journal.
#[derive(Clone, Debug)]
pub struct Signers {
    /// The ends of commit batches, one after the other: a key that is at hand.
    pub batches: Arc<dyn Signer>,
    /// Checkpoints, now and then: a key that may be in a device.
    pub heads: Arc<dyn Signer>,
}

/// An issuer with its dialect and keys.
#[derive(Clone)]
pub struct IssuerConfig {
    /// As read.
    pub file: IssuerFile,
    /// What its connection speaks.
    pub dialect: Arc<Dialect>,
    /// To the issuer, from the issuer.
    pub mac: Option<(MacKey, MacKey)>,
}

impl Config {
    /// What closing needs of a journal, as it is configured.
    #[must_use]
    pub fn closing(&self, store: Arc<dyn Store>) -> ClosingContext {
        let (payout, audit, vault) = (self.payout.clone(), self.audit.clone(), self.vault.clone());
        ClosingContext::new(store, &self.data_dir, ClosingKeys { payout, audit, vault })
    }

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
        file.limits.check().map_err(|problem| anyhow::anyhow!(named(&problem)))?;
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
        let heads = keys.audit.as_ref().map(signer).transpose().with_context(|| in_keys("[audit]"))?;
        let batches = keys.batches.as_ref().map(signer).transpose().with_context(|| in_keys("[batches]"))?;
        let checkpoints =
            file.audit.check(&base, &base.join(&file.data_dir)).map_err(|e| e.context(named("[audit]")))?;
        ensure!(
            heads.is_some() || (batches.is_none() && !file.audit.needs_a_key()),
            named("[audit] and [batches] need a key that signs: [audit] of the key file")
        );
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
            audit: heads.clone().map(|heads| Arc::new(kazasu_services::closing::AuditKeys::new(heads))),
            signers: heads.map(|heads| Signers { batches: batches.unwrap_or_else(|| heads.clone()), heads }),
            checkpoints,
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
            certificates: a.certificates.iter().map(|c| fingerprint(c)).collect::<anyhow::Result<_>>()?,
            cutover: a.cutover,
            max_connections: file.limits.per_acquirer(),
        };
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
                let k = k.with_context(|| format!("no keys for issuer {}, whose connection has a MAC", i.number))?;
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
