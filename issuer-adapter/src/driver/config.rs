//! The configuration of a session's task.

use crate::authentic::Keying;
use crate::session::Limits;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::iso8583::Dialect;
use kazasu_tls::Client;
use std::sync::Arc;
use std::time::Duration;

/// One issuer's session.
#[derive(Clone, Debug)]
pub struct ConnectionConfig {
    /// The issuer's name, for logs and metrics.
    pub name: String,
    /// `host:port`.
    pub addr: String,
    /// Framing and representation.
    pub dialect: Arc<Dialect>,
    /// The switch's own institution id, DE32 of network messages.
    pub institution: InstitutionId,
    /// What authenticates its messages.
    pub keying: Keying,
    /// TLS, when the connection has it: whom the issuer is shown to be, and what the switch shows.
    pub tls: Option<Arc<Client>>,
    /// From the command to the time-out; also how long connecting, sign-on and echo wait.
    pub answer_timeout: Duration,
    /// Pause between echoes.
    pub echo_interval: Duration,
    /// First pause before connecting again; it doubles with each failure.
    pub reconnect_min: Duration,
    /// Longest pause before connecting again.
    pub reconnect_max: Duration,
    /// Requests queued and sent at one time; more are not sent.
    pub max_in_flight: usize,
    /// Advices unacknowledged on the wire at one time.
    pub saf_window: usize,
    /// First pause before an advice is repeated; it doubles.
    pub saf_retry_min: Duration,
    /// Longest pause before an advice is repeated.
    pub saf_retry_max: Duration,
}

impl ConnectionConfig {
    pub(super) fn limits(&self) -> Limits {
        let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX / 4).min(u64::MAX / 4);
        Limits {
            answer_timeout: ms(self.answer_timeout),
            echo_interval: ms(self.echo_interval),
            reconnect_min: ms(self.reconnect_min),
            reconnect_max: ms(self.reconnect_max),
            max_in_flight: self.max_in_flight,
            saf_window: self.saf_window,
            saf_retry_min: ms(self.saf_retry_min),
            saf_retry_max: ms(self.saf_retry_max),
        }
    }
}
