//! The keys with which a node proves itself: the one that all nodes share, and its own. While one is changed, two versions of each count: a node
//! that accepts tries all of its own on the first message, one that connects tries another each time.

use anyhow::{Context, bail, ensure};
use kazasu_schemas::in_force::InForce;
use kazasu_schemas::secret::Key;
use kazasu_text::Said;
use kazasu_text::tls::PartyText;
use serde::Deserialize;
use snow::params::DHChoice;
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::{Builder, HandshakeState};
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A shared key, and what is different with keys of their own.
struct Pattern {
    name: &'static str,
    prologue: &'static [u8],
    /// The place of the shared key in the pattern.
    psk: u8,
    /// Lengths of the two handshake messages: ephemeral and static keys with their tags.
    lengths: [usize; 2],
}

const SHARED: Pattern = Pattern {
    name: "Noise_NNpsk0_25519_ChaChaPoly_SHA256",
    prologue: b"kazasu nodes 1",
    psk: 0,
    lengths: [32 + TAG, 32 + TAG],
};
const OWN: Pattern = Pattern {
    name: "Noise_IKpsk1_25519_ChaChaPoly_SHA256",
    prologue: b"kazasu nodes 2",
    psk: 1,
    lengths: [32 + 32 + TAG + TAG, 32 + TAG],
};

pub(super) const TAG: usize = 16;

fn stranger(why: String) -> Error {
    Error::new(ErrorKind::PermissionDenied, why)
}

pub(super) fn noise(error: snow::Error) -> Error {
    stranger(format!("the other side does not have this cluster's key, or is another node ({error})"))
}

/// A node's public keys, as the configuration writes them: one, or two while one is changed. Hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum PublicKeys {
    /// One.
    One(String),
    /// Several: the one that is expected first.
    Several(Vec<String>),
}

impl PublicKeys {
    fn read(&self, node: &str) -> anyhow::Result<Vec<[u8; 32]>> {
        let texts = match self {
            PublicKeys::One(text) => std::slice::from_ref(text),
            PublicKeys::Several(texts) => texts.as_slice(),
        };
        let one = |text: &String| {
            let key: Option<[u8; 32]> = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
            key.ok_or_else(|| Said::of(&PartyText::PublicKeyDigits { node }))
        };
        let keys = texts.iter().map(one).collect::<std::result::Result<Vec<_>, Said>>()?;
        ensure!(!keys.is_empty(), Said::of(&PartyText::NoPublicKey { node }));
        Ok(keys)
    }
}

/// The keys that are in force.
pub struct NodeKeys {
    /// 32 bytes each: the active one, then those that are accepted.
    shared: Vec<Key>,
    identity: Option<Identity>,
}

/// A node's own keys, and the public keys of all nodes.
struct Identity {
    /// The active one, then those that are accepted.
    private: Vec<Key>,
    nodes: BTreeMap<String, Vec<[u8; 32]>>,
}

/// A new pair of a node's own keys: private, public.
pub fn new_pair() -> anyhow::Result<(Key, [u8; 32])> {
    let pair = Builder::new(OWN.name.parse()?).generate_keypair()?;
    let private = zeroize::Zeroizing::new(pair.private);
    let public = pair.public.try_into().map_err(|_| anyhow::anyhow!("a public key has 32 bytes"))?;
    Ok((Key::new(private.to_vec())?, public))
}

/// The public key of a node's own key.
pub fn public_of(private: &Key) -> anyhow::Result<[u8; 32]> {
    let mut pair = DefaultResolver.resolve_dh(&DHChoice::Curve25519).context("Curve25519")?;
    pair.set(private.expose());
    Ok(pair.pubkey().try_into()?)
}

impl NodeKeys {
    /// Only keys that all nodes share.
    pub fn shared(shared: Vec<Key>) -> anyhow::Result<Self> {
        let sound = !shared.is_empty() && shared.iter().all(|key| key.expose().len() == 32);
        ensure!(sound, Said::of(&PartyText::SharedLength));
        Ok(NodeKeys { shared, identity: None })
    }

    /// With keys of its own for the node called `name`, and the public keys of all nodes, this one included.
    pub fn with_identity(
        self,
        name: &str,
        private: Vec<Key>,
        public: &BTreeMap<String, PublicKeys>,
    ) -> anyhow::Result<NodeKeys> {
        ensure!(private.iter().all(|key| key.expose().len() == 32), Said::of(&PartyText::OwnLength));
        let mut nodes: BTreeMap<String, Vec<[u8; 32]>> = BTreeMap::new();
        for (node, texts) in public {
            let keys = texts.read(node)?;
            let other = nodes.iter().find(|(_, known)| known.iter().any(|key| keys.contains(key)));
            if let Some((other, _)) = other {
                bail!(Said::of(&PartyText::NodesAlike { node, other }));
            }
            nodes.insert(node.clone(), keys);
        }
        let own = nodes.get(name).ok_or_else(|| Said::of(&PartyText::NodeUnnamed { node: name }))?;
        let first = private.first().context("a node has a key of its own")?;
        let is_own = own.contains(&public_of(first)?);
        ensure!(is_own, Said::of(&PartyText::OtherNodeKey { node: name }));
        Ok(NodeKeys { identity: Some(Identity { private, nodes }), ..self })
    }

    fn pattern(&self) -> &'static Pattern {
        if self.identity.is_some() { &OWN } else { &SHARED }
    }

    fn builder<'a>(&self, shared: &'a Key, private: Option<&'a Key>) -> Result<Builder<'a>> {
        let Pattern { name, prologue, psk, .. } = self.pattern();
        let shared: &[u8; 32] =
            shared.expose().try_into().map_err(|_| std::io::Error::other("a cluster key has 32 bytes"))?;
        let builder = Builder::new(name.parse().map_err(noise)?).prologue(prologue);
        let builder = builder.and_then(|b| b.psk(*psk, shared)).map_err(noise)?;
        match private {
            None => Ok(builder),
            Some(private) => builder.local_private_key(private.expose()).map_err(noise),
        }
    }

    fn private(&self) -> Vec<Option<&Key>> {
        match &self.identity {
            None => vec![None],
            Some(identity) => identity.private.iter().map(Some).collect(),
        }
    }

    /// Begins a handshake with the node called `to`: the `turn`th of what both sides may have.
    fn initiate(&self, to: &str, turn: usize) -> Result<HandshakeState> {
        let first = self.private().first().copied().flatten();
        let remote: Vec<Option<&[u8; 32]>> = match &self.identity {
            None => vec![None],
            Some(identity) => {
                let known = identity.nodes.get(to);
                let known = known.ok_or_else(|| stranger(format!("cluster.nodes names no node {to}")))?;
                known.iter().map(Some).collect()
            }
        };
        let (shared, remotes) = (turn / remote.len() % self.shared.len(), remote.len());
        let builder = self.builder(&self.shared[shared], first)?;
        match remote[turn % remotes] {
            None => builder.build_initiator().map_err(noise),
            Some(remote) => builder.remote_public_key(remote).and_then(Builder::build_initiator).map_err(noise),
        }
    }

    /// The handshake that this first message begins: under any of the keys.
    fn respond(&self, first: &[u8]) -> Result<HandshakeState> {
        let mut last = None;
        for private in self.private() {
            for shared in &self.shared {
                let mut handshake = self.builder(shared, private)?.build_responder().map_err(noise)?;
                match handshake.read_message(first, &mut []) {
                    Ok(_) => return Ok(handshake),
                    Err(error) => last = Some(noise(error)),
                }
            }
        }
        Err(last.unwrap_or_else(|| stranger("this node has no key".into())))
    }

    /// The node that a handshake proved, where nodes have keys of their own.
    fn proven(&self, handshake: &HandshakeState) -> Result<Option<String>> {
        let Some(identity) = &self.identity else { return Ok(None) };
        let shown = handshake.get_remote_static();
        let found = identity.nodes.iter().find(|(_, keys)| keys.iter().any(|key| shown == Some(key.as_slice())));
        let shown = || shown.map(hex::encode).unwrap_or_default();
        found
            .map(|(node, _)| Some(node.clone()))
            .ok_or_else(|| stranger(format!("the other side's public key, {}, is none of cluster.nodes", shown())))
    }
}

/// A node's keys. Clones are the same; they may be replaced while connections are open, which keep what they have.
#[derive(Clone)]
pub struct ClusterKey {
    keys: Arc<InForce<NodeKeys>>,
    /// The version that the next connection tries.
    turn: Arc<AtomicUsize>,
}

impl ClusterKey {
    /// With these keys.
    #[must_use]
    pub fn new(keys: NodeKeys) -> Self {
        ClusterKey { keys: Arc::new(InForce::new(keys)), turn: Arc::default() }
    }

    /// New connections use these.
    pub fn replace(&self, keys: NodeKeys) {
        self.keys.set(keys);
        self.turn.store(0, Ordering::Release);
    }

    /// Lengths of the two messages of a handshake.
    pub(super) fn lengths(&self) -> [usize; 2] {
        self.keys.get().pattern().lengths
    }

    pub(super) fn initiate(&self, to: &str) -> Result<HandshakeState> {
        self.keys.get().initiate(to, self.turn.load(Ordering::Acquire))
    }

    /// The handshake did not succeed: the other side may have only the other version of a key.
    pub(super) fn failed(&self) {
        self.turn.fetch_add(1, Ordering::AcqRel);
    }

    /// The handshake, and the node that is proven by it.
    pub(super) fn respond(&self, first: &[u8]) -> Result<(HandshakeState, Option<String>)> {
        let keys = self.keys.get();
        let handshake = keys.respond(first)?;
        let proven = keys.proven(&handshake)?;
        Ok((handshake, proven))
    }
}
