//! The switch's data about each acquirer, and a connection's session with it: its owner and its keys.

use crate::keys::MasterKeys;
use hashbrown::HashMap;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::mac::{KeyLengthError, MacAlgorithm, MacKey};
use kazasu_schemas::wire::{Nonces, PpidPlace, SessionKeys};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The time for which messages under the keys before the last change are still accepted: they may have been under way.
const OLD_KEY_GRACE: Duration = Duration::from_secs(30);

/// An acquirer as configuration gives it.
pub struct AcquirerConfig {
    /// DE32.
    pub id: InstitutionId,
    /// Its name.
    pub name: String,
    /// The MAC function that it uses.
    pub mac: MacAlgorithm,
    /// The field in which its messages carry the PPID.
    pub ppid_in: PpidPlace,
    /// Derive the keys of its sessions.
    pub masters: Arc<MasterKeys>,
    /// SHA-256 of the client certificates (DER) that it uses; empty when it connects without TLS.
    pub certificates: Vec<[u8; 32]>,
    /// Is told cut-overs.
    pub cutover: bool,
    /// Signed-on connections that it may have at one time.
    pub max_connections: usize,
}

/// A session's pair of prepared keys.
pub(super) struct Keys {
    pub(super) to_switch: MacKey,
    pub(super) from_switch: MacKey,
}

/// The reason why an acquirer cannot sign on over a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum WrongWay {
    #[error("its client certificates are configured, and this connection has no TLS")]
    NoTls,
    #[error("the connection's client certificate is none of those that are configured for it")]
    OtherCertificate,
    #[error(
        "this connection has a client certificate, and none is configured for the acquirer: put its SHA-256 into `certificates`"
    )]
    NoneConfigured,
}

/// An acquirer, as its connections share it.
pub struct Acquirer {
    /// As configured.
    pub config: AcquirerConfig,
    connections: AtomicUsize,
}

impl Acquirer {
    fn new(config: AcquirerConfig) -> Self {
        Acquirer { config, connections: AtomicUsize::new(0) }
    }

    /// Whether it may sign on over a connection with this client certificate. A certificate that the listener trusts is not
    /// enough: it may be another party's.
    pub(super) fn admits(&self, certificate: Option<[u8; 32]>) -> Result<(), WrongWay> {
        match (self.config.certificates.as_slice(), certificate) {
            ([], None) => Ok(()),
            ([], Some(_)) => Err(WrongWay::NoneConfigured),
            (_, None) => Err(WrongWay::NoTls),
            (own, Some(seen)) if own.contains(&seen) => Ok(()),
            (_, Some(_)) => Err(WrongWay::OtherCertificate),
        }
    }

    /// The keys of the session with these nonces that `proves` accepts, and the version of the master key that they follow from.
    /// While the master key is changed, two versions count; the acquirer need not say which it has.
    pub(super) fn session_keys(
        &self,
        nonces: &Nonces,
        proves: impl Fn(&Keys) -> bool,
    ) -> Result<Option<(u8, Keys)>, KeyLengthError> {
        let prepare = |key: &kazasu_schemas::secret::Key| MacKey::new(self.config.mac, key);
        for (version, master) in self.config.masters.versions().iter() {
            let derived = SessionKeys::derive(master, self.config.id, nonces);
            let keys = Keys { to_switch: prepare(&derived.to_switch)?, from_switch: prepare(&derived.from_switch)? };
            if proves(&keys) {
                return Ok(Some((*version, keys)));
            }
        }
        Ok(None)
    }

    /// Connections that are signed on.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    fn publish(&self) {
        metrics::gauge!("kazasu_acquirer_connections", "acquirer" => self.config.id.to_string())
            .set(f64::from(u32::try_from(self.connections()).unwrap_or(u32::MAX)));
    }
}

/// A connection's session, for its reading side. Its keys are no other connection's.
pub(super) struct Session {
    acquirer: Arc<Acquirer>,
    /// Of the master key.
    version: u8,
    to_switch: MacKey,
    before: Option<(MacKey, Instant)>,
}

impl Session {
    /// It is proven that the connection is this acquirer's. None when the acquirer has as many connections as it may have.
    pub(super) fn begin(acquirer: Arc<Acquirer>, version: u8, to_switch: MacKey) -> Option<Self> {
        let most = acquirer.config.max_connections;
        let more = |n: usize| (n < most).then_some(n + 1);
        acquirer.connections.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        acquirer.publish();
        acquirer.config.masters.signed_on(version);
        Some(Session { acquirer, version, to_switch, before: None })
    }

    pub(super) fn acquirer(&self) -> &Arc<Acquirer> {
        &self.acquirer
    }

    /// The key after a further sign-on. The one before holds a little longer.
    pub(super) fn renew(&mut self, version: u8, to_switch: MacKey) {
        self.acquirer.config.masters.signed_on(version);
        self.acquirer.config.masters.signed_off(self.version);
        self.version = version;
        let old = std::mem::replace(&mut self.to_switch, to_switch);
        self.before = Some((old, Instant::now()));
    }

    /// Is `tag` the MAC over `bytes` under the key in force (or, shortly after a change, the one before)?
    pub(super) fn verify(&self, bytes: &[u8], tag: &[u8]) -> bool {
        let before = self.before.as_ref().filter(|(_, since)| since.elapsed() < OLD_KEY_GRACE);
        self.to_switch.verify(bytes, tag) || before.is_some_and(|(key, _)| key.verify(bytes, tag))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.acquirer.config.masters.signed_off(self.version);
        self.acquirer.connections.fetch_sub(1, Ordering::AcqRel);
        self.acquirer.publish();
    }
}

/// Every configured acquirer.
pub struct Acquirers(HashMap<InstitutionId, Arc<Acquirer>>);

impl Acquirers {
    /// Each with its keys.
    #[must_use]
    pub fn new(configs: Vec<AcquirerConfig>) -> Self {
        let all = configs.into_iter().map(|config| (config.id, Arc::new(Acquirer::new(config))));
        let all: HashMap<_, _> = all.collect();
        // An acquirer that has never connected has its series all the same.
        all.values().for_each(|acquirer: &Arc<Acquirer>| acquirer.publish());
        Acquirers(all)
    }

    /// By DE32.
    #[must_use]
    pub fn get(&self, id: &InstitutionId) -> Option<&Arc<Acquirer>> {
        self.0.get(id)
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Acquirer>> {
        self.0.values()
    }
}
