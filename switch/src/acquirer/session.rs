//! What the switch knows of each acquirer: its keys, and where its messages carry the PPID.

use hashbrown::HashMap;
use kazasu_engine::InstallKeys;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::mac::{KeyLengthError, MacAlgorithm, MacKey};
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::PpidPlace;
use kazasu_schemas::wire::network::{KeyBlockError, SessionKeys};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long messages under the key before the last change are still accepted: they may have been under way.
const OLD_KEY_GRACE: Duration = Duration::from_secs(30);

/// An acquirer as configuration gives it.
pub struct AcquirerConfig {
    /// DE32.
    pub id: InstitutionId,
    /// Its name.
    pub name: String,
    /// Which MAC function it uses.
    pub mac: MacAlgorithm,
    /// Where its messages carry the PPID.
    pub ppid_in: PpidPlace,
    /// Wraps session keys.
    pub master: Key,
    /// Authenticates what it sends before it has session keys.
    pub to_switch: Key,
    /// Authenticates what it is sent before it has session keys.
    pub from_switch: Key,
    /// SHA-256 of the client certificates (DER) it may use; empty when any that the listener trusts will do.
    pub certificates: Vec<[u8; 32]>,
    /// Is told cut-overs.
    pub cutover: bool,
    /// Signed-on connections that it may have at one time.
    pub max_connections: usize,
}

/// Which of its acquirer's keys a message is under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum KeySet {
    /// Those of the configuration: sign-on and key change always.
    Initial,
    /// Those of the session; the initial ones as long as there are none.
    Session,
}

/// The pair of prepared keys in force.
pub(super) struct Keys {
    to_switch: MacKey,
    pub(super) from_switch: MacKey,
}

#[derive(Default)]
struct Session {
    keys: Option<Arc<Keys>>,
    before: Option<(Arc<Keys>, Instant)>,
}

/// An acquirer and its session, shared by its connections.
pub struct Acquirer {
    /// As configured.
    pub config: AcquirerConfig,
    initial: Arc<Keys>,
    session: RwLock<Session>,
    connections: AtomicUsize,
}

impl Acquirer {
    fn new(config: AcquirerConfig) -> Result<Self, KeyLengthError> {
        let initial = Arc::new(prepare(&config, &config.to_switch, &config.from_switch)?);
        Ok(Acquirer { config, initial, session: RwLock::default(), connections: AtomicUsize::new(0) })
    }

    /// The keys of this set.
    pub(super) fn keys(&self, set: KeySet) -> Arc<Keys> {
        let current = match set {
            KeySet::Initial => None,
            KeySet::Session => self.session.read().unwrap_or_else(PoisonError::into_inner).keys.clone(),
        };
        current.unwrap_or_else(|| self.initial.clone())
    }

    /// Is `tag` the MAC over `bytes` under the key in force (or, shortly after a change, the one before)?
    pub(super) fn verify(&self, set: KeySet, bytes: &[u8], tag: &[u8]) -> bool {
        if self.keys(set).to_switch.verify(bytes, tag) {
            return true;
        }
        if set == KeySet::Initial {
            return false;
        }
        let before = {
            let session = self.session.read().unwrap_or_else(PoisonError::into_inner);
            session.before.as_ref().filter(|(_, at)| at.elapsed() < OLD_KEY_GRACE).map(|(keys, _)| keys.clone())
        };
        before.is_some_and(|keys| keys.to_switch.verify(bytes, tag))
    }

    /// Reads a key block that the acquirer delivered.
    pub(super) fn open_block(&self, block: &[u8]) -> Result<InstallKeys, KeyBlockError> {
        SessionKeys::from_block(block, &self.config.master, self.config.mac).map(InstallKeys)
    }

    /// Makes new session keys and the block that delivers them.
    pub(super) fn make_keys(&self) -> anyhow::Result<(InstallKeys, Vec<u8>)> {
        let len = self.config.mac.session_key_len();
        let keys = SessionKeys {
            to_switch: Key::new(kazasu_engine::clock::random_bytes(len)?)?,
            from_switch: Key::new(kazasu_engine::clock::random_bytes(len)?)?,
        };
        let block = keys.to_block(&self.config.master);
        Ok((InstallKeys(keys), block))
    }

    /// Puts new session keys into force.
    pub(super) fn install(&self, keys: &InstallKeys) -> Result<(), KeyLengthError> {
        let new = Arc::new(prepare(&self.config, &keys.0.to_switch, &keys.0.from_switch)?);
        let mut session = self.session.write().unwrap_or_else(PoisonError::into_inner);
        let old = session.keys.replace(new).unwrap_or_else(|| self.initial.clone());
        session.before = Some((old, Instant::now()));
        Ok(())
    }

    /// Connections that are signed on.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Counts a connection that signs on. False when it has as many as it may have.
    pub(super) fn signs_on(&self) -> bool {
        let most = self.config.max_connections;
        let more = |n: usize| (n < most).then_some(n + 1);
        let counted = self.connections.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok();
        self.publish();
        counted
    }

    /// Counts a connection that is signed on no more.
    pub(super) fn signed_off(&self) {
        self.connections.fetch_sub(1, Ordering::AcqRel);
        self.publish();
    }

    fn publish(&self) {
        metrics::gauge!("kazasu_acquirer_connections", "acquirer" => self.config.id.to_string())
            .set(f64::from(u32::try_from(self.connections()).unwrap_or(u32::MAX)));
    }
}

fn prepare(config: &AcquirerConfig, to_switch: &Key, from_switch: &Key) -> Result<Keys, KeyLengthError> {
    Ok(Keys { to_switch: MacKey::new(config.mac, to_switch)?, from_switch: MacKey::new(config.mac, from_switch)? })
}

/// Every configured acquirer.
pub struct Acquirers(HashMap<InstitutionId, Arc<Acquirer>>);

impl Acquirers {
    /// Prepares the keys of each.
    pub fn new(configs: Vec<AcquirerConfig>) -> Result<Self, KeyLengthError> {
        let all = configs.into_iter().map(|config| Ok((config.id, Arc::new(Acquirer::new(config)?))));
        let all: HashMap<_, _> = all.collect::<Result<_, KeyLengthError>>()?;
        // Who has never connected has its series all the same.
        all.values().for_each(|acquirer: &Arc<Acquirer>| acquirer.publish());
        Ok(Acquirers(all))
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
