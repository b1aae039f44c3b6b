//! The key file, which only its owner may read, and what is made of it: the vault, the keys that days are signed with, and who may use
//! the API. No message quotes a key.

use super::only_owner_reads;
use anyhow::{Context, bail, ensure};
use kazasu_ledger::Signer;
use kazasu_schemas::canonical::{is_blank, same};
use kazasu_schemas::secret::Key;
use kazasu_security::signing::FileSigner;
use kazasu_security::vault::Vault;
use kazasu_services::{CallerKind, Who};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysFile {
    pub(super) vault: VaultFile,
    pub(super) http: HttpKeys,
    #[serde(default)]
    pub(super) store: StoreKeys,
    #[serde(default)]
    pub(super) outbox: OutboxKeys,
    pub(super) audit: Option<AuditFile>,
    pub(super) batches: Option<AuditFile>,
    pub(super) cluster: Option<ClusterKeys>,
    #[serde(default)]
    pub(super) acquirer: BTreeMap<String, AcquirerKeys>,
    #[serde(default)]
    pub(super) issuer: BTreeMap<String, IssuerKeys>,
}

/// `[vault]`: keys by version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VaultFile {
    pub(super) current: u8,
    pub(super) lookup: String,
    pub(super) seal: BTreeMap<String, String>,
}

/// `[outbox]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct OutboxKeys {
    pub(super) webhook: Option<String>,
    pub(super) mail_password: Option<String>,
}

/// `[audit]`: keys that days and checkpoints are signed with, by version: 32 bytes each. `[batches]`: those of commit batches.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditFile {
    pub(super) current: u8,
    pub(super) seed: BTreeMap<String, String>,
}

/// `[store]`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreKeys {
    pub(super) password: Option<String>,
}

/// `[cluster]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClusterKeys {
    pub(super) key: String,
    /// This node's own; its public key is in the configuration of all nodes.
    pub(super) private: Option<String>,
}

/// `[http]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpKeys {
    /// The operator's.
    pub(super) token: String,
    /// People and programs by name that may do everything.
    #[serde(default)]
    pub(super) people: BTreeMap<String, String>,
    /// Portals by name: they act for residents and see nothing else.
    #[serde(default)]
    pub(super) portals: BTreeMap<String, String>,
}

/// `[acquirer.…]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AcquirerKeys {
    /// Session keys follow from it.
    pub(super) master: String,
    /// Of files that were made when sign-on had keys of its own: it stays unused.
    #[serde(rename = "to_switch")]
    _to_switch: Option<serde::de::IgnoredAny>,
    /// The same.
    #[serde(rename = "from_switch")]
    _from_switch: Option<serde::de::IgnoredAny>,
}

/// `[issuer.…]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerKeys {
    pub(super) to_issuer: String,
    pub(super) from_issuer: String,
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

impl Caller {
    /// Who this is, for the services.
    #[must_use]
    pub fn who(&self) -> Who {
        let kind = match (self.portal, self.name.as_str()) {
            (true, _) => CallerKind::Portal,
            (false, OPERATOR) => CallerKind::Operator,
            (false, _) => CallerKind::Person,
        };
        Who { name: self.name.clone(), kind }
    }
}

/// The name of the token that says no person's name.
const OPERATOR: &str = "operator";

/// Reads the file.
pub(super) fn read_keys(path: &Path) -> anyhow::Result<KeysFile> {
    only_owner_reads(path)?;
    let text = zeroize::Zeroizing::new(kazasu_security::files::read_text(path)?);
    // The parser's message may quote the line, so only the place is told.
    toml::from_str(&text).map_err(|e: toml::de::Error| {
        let line = e.span().map_or(0, |s| text[..s.start.min(text.len())].lines().count());
        anyhow::anyhow!("{} line {line}: {} (the line is not shown: it may hold a key)", path.display(), e.message())
    })
}

/// A key of hexadecimal digits.
pub(super) fn key(text: &str, name: &str) -> anyhow::Result<Key> {
    Key::from_hex(text).with_context(|| name.to_owned())
}

/// Who may use the API: each under a name and with a token of their own.
pub(super) fn callers(keys: &HttpKeys) -> anyhow::Result<Vec<Caller>> {
    let one = |name: &str, token: &str, portal| Caller {
        name: name.to_owned(),
        portal,
        token: zeroize::Zeroizing::new(token.to_owned()),
    };
    let mut out = vec![one(OPERATOR, &keys.token, false)];
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

/// Keys that sign.
pub(super) fn signer(file: &AuditFile) -> anyhow::Result<Arc<dyn Signer>> {
    let mut seeds = BTreeMap::new();
    for (version, text) in &file.seed {
        let version: u8 = version.parse().with_context(|| format!("seed.{version}: a version is 0 to 255"))?;
        let seed = key(text, &format!("seed.{version}"))?;
        ensure!(seed.expose().len() == 32, "seed.{version} must have 32 bytes");
        seeds.insert(version, seed);
    }
    Ok(Arc::new(FileSigner::new(&seeds, file.current)?))
}

/// What seals card and account numbers.
pub(super) fn vault(file: &VaultFile) -> anyhow::Result<Vault> {
    let mut keys = BTreeMap::new();
    for (version, text) in &file.seal {
        let number = version.parse().with_context(|| format!("seal.{version}: a version is 1 to 255"))?;
        keys.insert(number, key(text, &format!("seal.{version}"))?);
    }
    Ok(Vault::new(&keys, file.current, &key(&file.lookup, "lookup")?)?)
}
