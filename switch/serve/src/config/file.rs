//! `kazasu.toml` as people write it, with one type for each table.

use super::front::{ForwardedHeaderFile, SecurityFile};
use super::hsm::HsmFile;
use super::limits::LimitsFile;
use super::security_log::SecurityLogFile;
use super::sign_in::{OidcFile, PasskeysFile, SignInFile};
use super::webhooks::WebhooksFile;
use kazasu_connections::cluster::PublicKeys;
use kazasu_connections::keys::KeysSection;
use kazasu_connections::ports::PortInUse;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_schemas::wire::PpidPlace;
use kazasu_services::closing::FinanceFile;
use kazasu_services::relief::CityFile;
use kazasu_text::Said;
use kazasu_text::configuration::ConfigText;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// `kazasu.toml`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// The book's name, written into its first record.
    pub book: String,
    /// The switch's institution id, DE32 towards issuers.
    pub id: InstitutionId,
    /// The folder of this process's own files: its lock, and the journal when that is a file; relative to this file.
    pub data_dir: PathBuf,
    /// `sqlite` for a file in `data_dir`, or a PostgreSQL URL.
    #[serde(default = "default_store")]
    pub store: String,
    /// This node, when several share one PostgreSQL store.
    pub cluster: Option<ClusterFile>,
    /// The file of tokens and passwords; relative to this file.
    pub keys_file: PathBuf,
    /// The key store.
    pub keys: Option<KeysSection>,
    /// The device that has keys.
    pub hsm: Option<HsmFile>,
    /// Address of health, metrics and the API.
    #[serde(default = "default_http")]
    pub http: String,
    /// TLS on the HTTP address.
    pub http_tls: Option<HttpTlsFile>,
    /// A proxy in front of the HTTP address does TLS, and nothing else reaches the address.
    #[serde(default)]
    pub http_behind_proxy: bool,
    /// Networks of proxies that name the caller in a header, such as `10.0.0.0/8`. From others the header is not read.
    #[serde(default)]
    pub http_trusted_proxies: Vec<String>,
    /// That header: `x-forwarded-for` or `forwarded`.
    #[serde(default)]
    pub http_forwarded_header: ForwardedHeaderFile,
    /// The measure when a named port is in use.
    #[serde(skip)]
    pub port_in_use: PortInUse,
    /// Business days that ended taps stay in memory, so that they can be refunded, reversed and recognised again.
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
    /// The rules of signing in.
    #[serde(default)]
    pub sign_in: SignInFile,
    /// Passkeys.
    pub passkeys: Option<PasskeysFile>,
    /// Providers of organisations.
    #[serde(default)]
    pub oidc: Vec<OidcFile>,
    /// The rules for trusting the wall clock.
    #[serde(default)]
    pub clock: ClockFile,
    /// The destinations of residents' notices.
    pub outbox: Option<OutboxFile>,
    /// Events to programs.
    #[serde(default)]
    pub webhooks: WebhooksFile,
    /// Cities whose relief goes through this switch.
    #[serde(rename = "city", default)]
    pub cities: Vec<CityFile>,
    /// The account from which merchants are paid.
    pub payout: Option<PayoutFile>,
    /// People who close days, and tolerances.
    #[serde(default)]
    pub finance: FinanceFile,
    /// Checkpoints of the journal, and their destinations.
    #[serde(default)]
    pub audit: kazasu_checkpoint::AuditSection,
    /// The security log.
    #[serde(default)]
    pub security_log: SecurityLogFile,
    /// Whom to tell of a weakness; served at `/.well-known/security.txt`.
    pub security: Option<SecurityFile>,
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
    /// The largest accepted distance of the wall clock from the monotonic clock.
    pub jump_seconds: u32,
    /// The longest accepted time from the journal's last record to the start of the switch.
    pub restart_hours: u32,
    /// The largest accepted distance of a request's own time (DE7) from the switch's clock, before or after.
    pub transmission_minutes: u32,
}

impl Default for ClockFile {
    fn default() -> Self {
        ClockFile { jump_seconds: 300, restart_hours: 18, transmission_minutes: 15 }
    }
}

impl ClockFile {
    /// For the engine.
    #[must_use]
    pub fn rules(&self) -> kazasu_engine::ClockRules {
        let seconds = |n: u32| std::time::Duration::from_secs(n.into());
        kazasu_engine::ClockRules { jump: seconds(self.jump_seconds), restart: seconds(self.restart_hours) * 3_600 }
    }

    /// The largest distance of a request's own time from the clock.
    #[must_use]
    pub fn transmission_window(&self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.transmission_minutes) * 60)
    }

    pub(super) fn check(&self) -> Result<(), Said> {
        let values = [
            ("clock.transmission_minutes", 720, u64::from(self.transmission_minutes)),
            ("clock.jump_seconds", 3_600, u64::from(self.jump_seconds)),
            ("clock.restart_hours", 240, u64::from(self.restart_hours)),
        ];
        match values.into_iter().find(|(_, most, got)| !(1..=*most).contains(got)) {
            Some((key, most, got)) => Err(Said::of(&ConfigText::Range { key, least: 1, most, got })),
            None => Ok(()),
        }
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
    /// After so many attempts a notice is dead-lettered.
    #[serde(default = "default_attempts")]
    pub attempts: u32,
    /// The pause after the first failed attempt; it doubles each time.
    #[serde(default = "default_first_pause")]
    pub first_pause_ms: u64,
    /// The longest pause.
    #[serde(default = "default_longest_pause")]
    pub longest_pause_seconds: u64,
    /// The longest time of one attempt.
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
    /// The address at which other nodes reach it, when that is not `listen`.
    pub advertise: Option<String>,
    /// The address at which people and programs reach its HTTP, when that is not `http`.
    pub advertise_http: Option<String>,
    /// The public keys of all nodes by name, this one included: a connection is another node's only with its key.
    #[serde(default)]
    pub nodes: BTreeMap<String, PublicKeys>,
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
    /// Lists of revoked client certificates (CRL), PEM.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
}

/// `[issuer.tls]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct IssuerTlsFile {
    /// Authorities of the issuer's certificate, PEM.
    pub ca: PathBuf,
    /// The switch's certificate chain, PEM.
    pub certificates: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// The name that the issuer's certificate has; the host of `addr` when it is left out.
    pub name: Option<String>,
    /// SHA-256 of the issuer's certificate or of its public key: one of these must be shown. Empty: the name is enough.
    #[serde(default)]
    pub pins: Vec<String>,
    /// Lists of revoked certificates (CRL) of the issuers' authorities, PEM.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
}

/// `[http_tls]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct HttpTlsFile {
    /// The server's certificate chain, PEM.
    pub certificates: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Authorities of client certificates, PEM: each client must show one.
    pub client_ca: Option<PathBuf>,
    /// Lists of revoked client certificates (CRL), PEM.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
    /// Authorities that this machine's command line trusts, PEM; the platform's when it is left out.
    pub ca: Option<PathBuf>,
    /// The name that the certificate has, for the command line; the host of the address when it is left out.
    pub name: Option<String>,
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
    /// The field of its messages with the PPID.
    #[serde(default)]
    pub ppid_in: PpidPlace,
    /// SHA-256 fingerprints (hexadecimal) of its client certificates or of their public keys.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Tell it with 0800/201 and 202 that the business day has ended.
    #[serde(default)]
    pub cutover: bool,
}

/// The MAC keys of an issuer's connection.
#[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum IssuerKeying {
    /// Each session has its own, from nonces of both sides and a master key.
    #[default]
    Session,
    /// Every connection has the same two: for hosts without session keys.
    Static,
}

impl IssuerKeying {
    /// The form of the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            IssuerKeying::Session => "session",
            IssuerKeying::Static => "static",
        }
    }
}

/// `[[issuer]]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct IssuerFile {
    /// Its number in this book, from 1.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// Host and port of its connection.
    pub addr: String,
    /// A shipped dialect's name, or the path of a dialect file.
    #[serde(default = "default_dialect")]
    pub dialect: String,
    /// MAC function, when its connection has one.
    pub mac: Option<MacAlgorithm>,
    /// Whether each session has MAC keys of its own.
    #[serde(default)]
    pub keys: IssuerKeying,
    /// TLS, when its connection has it.
    pub tls: Option<IssuerTlsFile>,
    /// Card number prefixes (4 to 8 digits) that are its cards.
    #[serde(default)]
    pub bins: Vec<String>,
    /// Bank codes (4 digits) that are its accounts.
    #[serde(default)]
    pub banks: Vec<String>,
    /// The time for an answer.
    #[serde(default = "default_answer_timeout")]
    pub answer_timeout_ms: u64,
    /// The pause between echoes.
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

/// `[payout]`: the operator's account, as the bank's transfer file names it.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct PayoutFile {
    /// Payees' accounts (CSV), readable by its owner only; relative to this file. The first start takes them into the ledger; then the
    /// setting goes.
    #[serde(default)]
    pub payees_file: Option<PathBuf>,
    /// 10 digits, given by the bank.
    pub client_code: String,
    /// In kana.
    pub client_name: String,
    /// 4 digits.
    pub bank: String,
    /// In kana.
    pub bank_name: String,
    /// 3 digits.
    pub branch: String,
    /// In kana.
    pub branch_name: String,
    /// ordinary, current, savings or other.
    pub kind: String,
    /// 7 digits.
    pub account: String,
    /// Transfers that the bank takes in one file.
    #[serde(default = "default_most_in_file")]
    pub most_in_file: u32,
    /// The fees that the bank keeps of a payment that it sends back, yen.
    #[serde(default)]
    pub return_fees: Vec<u32>,
    /// The payers into the account.
    #[serde(default, rename = "payer")]
    pub payers: Vec<PayerFile>,
}

fn default_most_in_file() -> u32 {
    10_000
}

/// `[[payout.payer]]`: a payer into the operator's account, as the bank statement names it.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct PayerFile {
    /// The payer's name in kana, as the statement has it.
    pub name: String,
    /// `issuer N`, or `funder N` of point programme N.
    pub from: String,
}
