//! The simulator's TOML.

use super::book::Book;
use super::script::Script;
use super::tag::{Tagger, last_four};
use crate::authentic::{Keying, SessionMaster, StaticMac};
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::mac::{MacAlgorithm, MacKey};
use kazasu_schemas::secret::{Key, Pan};
use kazasu_schemas::utf8;
use kazasu_schemas::wire::issuer::Account;
use kazasu_tls::{OwnFiles, Party, Server, ServerFiles};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What kind of institution an issuer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IssuerKind {
    /// Credit cards: an account's amount is its credit limit.
    Credit,
    /// Debit cards: an account's amount is its deposit.
    Debit,
    /// A bank that keeps public-receipt accounts: accounts come in DE102.
    Bank,
}

/// A card number or a bank account. Debug shows its last four characters.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountNumber(String);

impl<'de> Deserialize<'de> for AccountNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text(deserializer).map(AccountNumber)
    }
}

impl AccountNumber {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for AccountNumber {
    fn from(text: &str) -> Self {
        AccountNumber(text.to_owned())
    }
}

impl fmt::Debug for AccountNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountNumber(…{})", String::from_utf8_lossy(&last_four(self.0.as_bytes())))
    }
}

/// `[issuer.mac]`: keys in hexadecimal. `master`, from which each session's keys follow; or `to_issuer` and `from_issuer`, which are the same on
/// all connections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MacConfig {
    algorithm: MacAlgorithm,
    #[serde(default, deserialize_with = "optional_key")]
    master: Option<Key>,
    /// The version that follows, while the key is changed: either proves the switch.
    #[serde(default, deserialize_with = "optional_key")]
    next_master: Option<Key>,
    #[serde(default, deserialize_with = "optional_key")]
    to_issuer: Option<Key>,
    #[serde(default, deserialize_with = "optional_key")]
    from_issuer: Option<Key>,
}

impl MacConfig {
    /// Keys of each session's own.
    #[must_use]
    pub fn session(algorithm: MacAlgorithm, master: Key) -> Self {
        MacConfig { algorithm, master: Some(master), next_master: None, to_issuer: None, from_issuer: None }
    }

    /// The same keys on all connections.
    #[must_use]
    pub fn fixed(algorithm: MacAlgorithm, to_issuer: Key, from_issuer: Key) -> Self {
        let (to_issuer, from_issuer) = (Some(to_issuer), Some(from_issuer));
        MacConfig { algorithm, master: None, next_master: None, to_issuer, from_issuer }
    }

    fn keying(&self) -> Result<Keying, String> {
        let prepare = |key: &Key| MacKey::new(self.algorithm, key).map_err(|error| format!("mac: {error}"));
        match (&self.master, &self.to_issuer, &self.from_issuer) {
            (Some(master), None, None) => {
                let both = std::iter::once(master).chain(&self.next_master);
                let masters = both.map(|key| MasterKey::new(self.algorithm, key)).collect();
                Ok(Keying::Session(SessionMaster {
                    algorithm: self.algorithm,
                    masters: Arc::new(InForce::new(masters)),
                }))
            }
            (None, Some(to), Some(from)) => {
                let keys = StaticMac { to_issuer: prepare(to)?, from_issuer: vec![prepare(from)?] };
                Ok(Keying::Static(Arc::new(InForce::new(keys))))
            }
            _ => Err("mac needs `master`, or else `to_issuer` and `from_issuer`".to_owned()),
        }
    }
}

/// `[issuer.tls]`: PEM files, relative to the configuration's folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The issuer's certificate chain.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities of the switch's certificate.
    pub client_ca: PathBuf,
    /// SHA-256 of the only certificates (or of their public keys) that are let in; empty: every one of the authorities'.
    #[serde(default)]
    pub pins: Vec<String>,
    /// Lists of revoked certificates.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
}

/// `[[issuer.account]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// Card number, or bank account: branch (3 digits) and number (7 digits).
    pub number: AccountNumber,
    /// Deposit or credit limit, whole yen.
    #[serde(alias = "limit")]
    pub balance: i64,
    /// How it behaves.
    #[serde(default)]
    pub script: Script,
}

/// `[issuer.default_account]`: every account that is not listed, each with this balance; they share one script.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultAccount {
    /// Deposit or credit limit of each, whole yen.
    #[serde(alias = "limit")]
    pub balance: i64,
    /// How they behave; `every` and `times` count the messages of all of them together.
    #[serde(default)]
    pub script: Script,
}

/// `[[issuer]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// Its name, unique: it identifies the issuer in the journal.
    pub name: String,
    /// What it is.
    pub kind: IssuerKind,
    /// `host:port`; port 0 takes a free one.
    pub listen: String,
    /// A shipped dialect's name or a dialect file's path.
    #[serde(default = "default_dialect")]
    pub dialect: String,
    /// Keys, when messages are authenticated.
    pub mac: Option<MacConfig>,
    /// TLS, when the port speaks it.
    pub tls: Option<TlsConfig>,
    /// Accounts with a row of their own.
    #[serde(default, rename = "account")]
    pub accounts: Vec<AccountConfig>,
    /// All other accounts; without it they are unknown (14).
    pub default_account: Option<DefaultAccount>,
    /// Connections at one time; more are closed at once.
    #[serde(default = "default_connections")]
    pub max_connections: usize,
}

impl IssuerConfig {
    /// An issuer on a free loopback port in `iso87-ascii`, without MAC and accounts.
    #[must_use]
    pub fn new(name: &str, kind: IssuerKind) -> Self {
        IssuerConfig {
            name: name.to_owned(),
            kind,
            listen: "127.0.0.1:0".to_owned(),
            dialect: default_dialect(),
            mac: None,
            tls: None,
            accounts: Vec::new(),
            default_account: None,
            max_connections: default_connections(),
        }
    }
}

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimConfig {
    /// The journal; without one nothing survives a restart.
    pub journal: Option<PathBuf>,
    /// The key (hexadecimal) of the accounts' tokens in the journal. The built-in one is for test cards only.
    #[serde(default, deserialize_with = "optional_key")]
    pub token_key: Option<Key>,
    /// Messages that each issuer remembers for repeats, reversals and refunds; older ones are forgotten.
    #[serde(default = "default_remember")]
    pub remember: usize,
    /// The issuers.
    #[serde(rename = "issuer")]
    pub issuers: Vec<IssuerConfig>,
}

impl SimConfig {
    /// These issuers, no journal.
    #[must_use]
    pub fn new(issuers: Vec<IssuerConfig>) -> Self {
        SimConfig { journal: None, token_key: None, remember: default_remember(), issuers }
    }

    /// Reads the TOML's text.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let config: SimConfig = toml::from_str(text).map_err(|error| ConfigError::Toml(position(text, &error)))?;
        config.check()?;
        Ok(config)
    }

    /// Reads a file. Relative paths in it are relative to its folder.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let in_file = |problem: String| ConfigError::File { path: path.to_owned(), problem };
        let bytes = std::fs::read(path).map_err(|error| in_file(error.to_string()))?;
        let text = utf8::text(&bytes).map_err(|error| in_file(error.to_string()))?;
        let mut config: SimConfig = toml::from_str(text).map_err(|error| in_file(position(text, &error)))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        config.journal = config.journal.map(|journal| folder.join(journal));
        for issuer in &mut config.issuers {
            if Dialect::shipped(&issuer.dialect).is_none() {
                issuer.dialect = folder.join(&issuer.dialect).to_string_lossy().into_owned();
            }
            if let Some(tls) = &mut issuer.tls {
                let files = [&mut tls.certificates, &mut tls.key, &mut tls.client_ca];
                files.into_iter().chain(&mut tls.crls).for_each(|path| *path = folder.join(&*path));
            }
        }
        config.check().map_err(|error| in_file(error.to_string()))?;
        Ok(config)
    }

    /// What the TOML's shape cannot say.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |issuer: &str, problem: String| Err(ConfigError::Issuer { issuer: issuer.to_owned(), problem });
        if self.issuers.is_empty() {
            return Err(ConfigError::Toml("there must be at least one [[issuer]]".to_owned()));
        }
        for (i, issuer) in self.issuers.iter().enumerate() {
            if issuer.name.is_empty() || self.issuers[..i].iter().any(|other| other.name == issuer.name) {
                return wrong(&issuer.name, "the name must not be empty and must be unique".to_owned());
            }
            if issuer.default_account.as_ref().is_some_and(|account| account.balance < 0) {
                return wrong(&issuer.name, "default_account: the balance must not be negative".to_owned());
            }
            for (j, account) in issuer.accounts.iter().enumerate() {
                let at = format!("account {} ({:?})", j + 1, account.number);
                if account.balance < 0 {
                    return wrong(&issuer.name, format!("{at}: the balance must not be negative"));
                }
                if issuer.accounts[..j].iter().any(|other| other.number == account.number) {
                    return wrong(&issuer.name, format!("{at}: is listed twice"));
                }
                if let Err(problem) = to_account(issuer.kind, account.number.as_str()) {
                    return wrong(&issuer.name, format!("{at}: {problem}"));
                }
            }
        }
        Ok(())
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The text.
    #[error("simulator configuration: {0}")]
    Toml(String),
    /// The file.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// One issuer.
    #[error("issuer {issuer:?}: {problem}")]
    Issuer {
        /// Its name.
        issuer: String,
        /// What is wrong.
        problem: String,
    },
}

/// Where and what, without the source line that toml would quote: it may hold a key or a card number.
fn position(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

fn default_dialect() -> String {
    "iso87-ascii".to_owned()
}

fn default_connections() -> usize {
    64
}

fn default_remember() -> usize {
    1_000_000
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
    Key::from_hex(&text(deserializer)?).map_err(serde::de::Error::custom)
}

/// A text, with an error that does not repeat what came in its place.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => Ok(text),
        other => Err(serde::de::Error::custom(format!("must be text in quotes, got {}", other.type_str()))),
    }
}

fn optional_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Key>, D::Error> {
    key(deserializer).map(Some)
}

/// The account that a number names at an issuer of this kind.
pub(crate) fn to_account(kind: IssuerKind, number: &str) -> Result<Account, String> {
    match kind {
        IssuerKind::Credit | IssuerKind::Debit => {
            Pan::parse(number.as_bytes()).map(Account::Card).map_err(|error| error.to_string())
        }
        IssuerKind::Bank if number.len() == 10 && number.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Account::Bank(number.to_owned()))
        }
        IssuerKind::Bank => Err("a bank account is branch (3 digits) and number (7 digits)".to_owned()),
    }
}

/// The issuer's dialect: a shipped one, or a file.
pub(crate) fn dialect(issuer: &IssuerConfig) -> Result<Dialect, ConfigError> {
    if let Some(dialect) = Dialect::shipped(&issuer.dialect) {
        return Ok(dialect);
    }
    let wrong = |problem: String| ConfigError::Issuer { issuer: issuer.name.clone(), problem };
    let text = std::fs::read_to_string(&issuer.dialect).map_err(|error| {
        wrong(format!(
            "dialect {:?} is none of {} and no readable file: {error}",
            issuer.dialect,
            Dialect::SHIPPED.join(", ")
        ))
    })?;
    Dialect::parse(utf8::without_mark(&text)).map_err(|error| wrong(error.to_string()))
}

/// What authenticates the issuer's messages.
pub(crate) fn keying(issuer: &IssuerConfig) -> Result<Keying, ConfigError> {
    let keying = issuer.mac.as_ref().map_or(Ok(Keying::None), MacConfig::keying);
    keying.map_err(|problem| ConfigError::Issuer { issuer: issuer.name.clone(), problem })
}

/// The issuer's side of TLS.
pub(crate) fn tls(issuer: &IssuerConfig) -> Result<Option<Server>, ConfigError> {
    let Some(tls) = &issuer.tls else { return Ok(None) };
    let wrong =
        |problem: String| ConfigError::Issuer { issuer: issuer.name.clone(), problem: format!("tls: {problem}") };
    let pins = tls.pins.iter().map(|pin| pin.parse()).collect::<Result<_, kazasu_tls::FingerprintError>>();
    let files = ServerFiles {
        own: OwnFiles { certificates: tls.certificates.clone(), key: tls.key.clone() },
        client_authorities: Some(tls.client_ca.clone()),
        revocations: tls.crls.clone(),
        clients: Party { fingerprints: pins.map_err(|error| wrong(format!("pins {error}")))?, names: Vec::new() },
    };
    Server::load(files).map(Some).map_err(|error| wrong(format!("{error:#}")))
}

pub(crate) fn open_book(issuer: &IssuerConfig, tagger: &Tagger, remember: usize) -> Book {
    let mut book = Book::new(issuer.default_account.as_ref().map(|account| account.balance), remember.max(1));
    for account in &issuer.accounts {
        if let Ok(number) = to_account(issuer.kind, account.number.as_str()) {
            book.open(tagger.tag(&number).token, account.balance);
        }
    }
    book
}
