//! The simulator's configuration file.

use anyhow::Context;
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::mac::{MacAlgorithm, MacKey};
use kazasu_schemas::secret::Key;
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

/// The file: a list of issuers.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct SimConfig {
    /// The issuers.
    #[serde(rename = "issuer")]
    pub issuers: Vec<IssuerSimFile>,
}

/// `[[issuer]]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct IssuerSimFile {
    /// Its name, also in its journal.
    pub name: String,
    /// credit, debit or bank: only for people.
    pub kind: String,
    /// Address and port; port 0 takes a free one.
    pub listen: String,
    /// A shipped dialect's name.
    pub dialect: String,
    /// MAC function, when the link has one.
    pub mac: Option<MacAlgorithm>,
    /// Authenticates what the switch sends.
    pub to_issuer_key: Option<String>,
    /// Authenticates what this issuer sends.
    pub from_issuer_key: Option<String>,
    /// Any account that is not listed; without it, unknown accounts are declined with 14.
    pub default_account: Option<AccountDefaults>,
    /// Accounts.
    #[serde(rename = "account", default)]
    pub accounts: Vec<AccountFile>,
}

/// `default_account`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct AccountDefaults {
    /// Yen that can be spent.
    pub balance: i64,
    /// How it behaves.
    #[serde(default)]
    pub script: Script,
}

/// `[[issuer.account]]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct AccountFile {
    /// Card number, or branch and account number.
    pub number: String,
    /// Yen that can be spent.
    pub balance: i64,
    /// How it behaves.
    #[serde(default)]
    pub script: Script,
}

/// How an account's issuer behaves. Silence, lateness and disconnection still execute the message, which is the dangerous
/// case, unless `execute = false`.
#[derive(Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Decline requests with this code.
    pub decline: Option<String>,
    /// Answer after so many milliseconds.
    pub delay_ms: u64,
    /// Never answer requests.
    pub silence: bool,
    /// Answer after so many milliseconds: meant to be longer than the switch waits.
    pub late_ms: u64,
    /// Answer twice.
    pub duplicate: bool,
    /// Close the connection instead of answering.
    pub disconnect: bool,
    /// Misbehave only on every n-th request.
    pub every: u64,
    /// Misbehave only so many times.
    pub times: u64,
    /// Execute what is not answered.
    pub execute: bool,
}

impl Default for Script {
    fn default() -> Self {
        Script {
            decline: None,
            delay_ms: 0,
            silence: false,
            late_ms: 0,
            duplicate: false,
            disconnect: false,
            every: 1,
            times: u64::MAX,
            execute: true,
        }
    }
}

impl SimConfig {
    /// Reads a file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads a configuration and checks what the types cannot say.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let config: SimConfig = toml::from_str(text).map_err(|e| anyhow::anyhow!("{}", e.to_string().trim()))?;
        for issuer in &config.issuers {
            issuer.dialect()?;
            issuer.keys()?;
            for account in &issuer.accounts {
                anyhow::ensure!(account.script.every > 0, "{}: script.every must be above 0", issuer.name);
                let code = account.script.decline.as_ref().map(String::as_bytes);
                let good = code.is_none_or(|c| kazasu_schemas::wire::ResponseCode::from_wire(c).is_some());
                anyhow::ensure!(good, "{}: script.decline must be a response code of 2 characters", issuer.name);
            }
        }
        Ok(config)
    }
}

impl IssuerSimFile {
    pub(super) fn dialect(&self) -> anyhow::Result<Arc<Dialect>> {
        let shipped = Dialect::SHIPPED.join(", ");
        let dialect = Dialect::shipped(&self.dialect);
        Ok(Arc::new(dialect.with_context(|| format!("{}: dialect {:?} is none of {shipped}", self.name, self.dialect))?))
    }

    /// The keys to verify with and to sign with.
    pub(super) fn keys(&self) -> anyhow::Result<Option<(MacKey, MacKey)>> {
        let Some(algorithm) = self.mac else { return Ok(None) };
        let key = |text: &Option<String>, name: &str| -> anyhow::Result<MacKey> {
            let text = text.as_ref().with_context(|| format!("{}: {name} is missing", self.name))?;
            Ok(MacKey::new(algorithm, &Key::from_hex(text).with_context(|| format!("{}: {name}", self.name))?)?)
        };
        Ok(Some((key(&self.to_issuer_key, "to_issuer_key")?, key(&self.from_issuer_key, "from_issuer_key")?)))
    }
}
