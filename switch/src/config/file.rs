//! `kazasu.toml` as people write it; what one table holds, one type has.

use super::limits::LimitsFile;
use super::office::PayoutFile;
use crate::ports::PortInUse;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::mac::MacAlgorithm;
use kazasu_schemas::wire::PpidPlace;
use kazasu_services::closing::FinanceFile;
use kazasu_services::relief::CityFile;
use serde::Deserialize;
use std::path::PathBuf;

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
    /// What to do where a port that is named is in use.
    #[serde(skip)]
    pub port_in_use: PortInUse,
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
    /// Checkpoints of the journal, and where they go.
    #[serde(default)]
    pub audit: crate::checkpoint::AuditSection,
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
    /// A request's own time (DE7) may be so far from the switch's clock, before or after.
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

    /// How far a request's own time may be from the clock.
    #[must_use]
    pub fn transmission_window(&self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.transmission_minutes) * 60)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=720).contains(&self.transmission_minutes) {
            return Err(format!("clock.transmission_minutes: must be 1 to 720, got {}", self.transmission_minutes));
        }
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
    /// MAC function, when its connection has one.
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
