//! An authenticated, encrypted connection between two nodes: the Noise protocol. Whoever does not have the key that all nodes share can
//! neither join nor read, and what was recorded cannot be read later with it either.
//!
//! With keys of their own (`Noise_IKpsk1_25519_ChaChaPoly_SHA256`) each side also proves which node it is: the one that connects
//! expects the leader's public key and shows its own, and the other knows the node's name by it. One node's key opens no other node's
//! connection. Without (`Noise_NNpsk0_25519_ChaChaPoly_SHA256`) the shared key is all, which is for nodes on one machine.
//!
//! A frame is two bytes of length, then a Noise message of at most 65,535 bytes. Each direction counts its own nonces, so a
//! frame can be neither dropped, repeated nor reordered without the connection ending.

use anyhow::{Context, ensure};
use bytes::{Buf, BufMut, BytesMut};
use kazasu_schemas::secret::Key;
use snow::params::DHChoice;
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::{Builder, HandshakeState, StatelessTransportState};
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

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

const TAG: usize = 16;
/// The largest plain text of one frame.
pub(super) const MOST: usize = 65_535 - TAG;

/// What a node proves itself with: the key that the nodes of a cluster share, 32 bytes, and its own.
#[derive(Clone)]
pub struct ClusterKey {
    shared: Arc<Key>,
    identity: Option<Arc<Identity>>,
}

/// A node's own key, and the public keys of all nodes.
struct Identity {
    private: Key,
    nodes: BTreeMap<String, [u8; 32]>,
}

/// A new pair of a node's own keys: private, public; hexadecimal.
pub(crate) fn new_pair() -> anyhow::Result<(zeroize::Zeroizing<String>, String)> {
    let pair = Builder::new(OWN.name.parse()?).generate_keypair()?;
    let private = zeroize::Zeroizing::new(pair.private);
    Ok((zeroize::Zeroizing::new(hex::encode(&*private)), hex::encode(pair.public)))
}

fn public_of(private: &Key) -> anyhow::Result<[u8; 32]> {
    let mut pair = DefaultResolver.resolve_dh(&DHChoice::Curve25519).context("Curve25519")?;
    pair.set(private.expose());
    Ok(pair.pubkey().try_into()?)
}

impl ClusterKey {
    /// `None` unless it has 32 bytes.
    #[must_use]
    pub fn new(key: Key) -> Option<Self> {
        (key.expose().len() == 32).then(|| ClusterKey { shared: Arc::new(key), identity: None })
    }

    /// With a key of its own for the node called `name`, and the public keys (hexadecimal) of all nodes, this one included.
    pub fn with_identity(
        self,
        name: &str,
        private: &Key,
        public: &BTreeMap<String, String>,
    ) -> anyhow::Result<ClusterKey> {
        ensure!(private.expose().len() == 32, "cluster.private must have 64 hexadecimal digits (32 bytes)");
        let mut nodes = BTreeMap::new();
        for (node, text) in public {
            let key: Option<[u8; 32]> = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
            let key = key.with_context(|| format!("cluster.nodes.{node}: a public key has 64 hexadecimal digits"))?;
            let other = nodes.iter().find(|(_, known)| **known == key).map(|(other, _): (&String, _)| other);
            ensure!(other.is_none(), "cluster.nodes: {node} and {} have one key", other.map_or("", String::as_str));
            nodes.insert(node.clone(), key);
        }
        let own = nodes.get(name).with_context(|| format!("cluster.nodes does not name this node, {name}"))?;
        ensure!(
            *own == public_of(private)?,
            "cluster.nodes.{name} is not the public key of this node's cluster.private"
        );
        let private = private.clone();
        Ok(ClusterKey { identity: Some(Arc::new(Identity { private, nodes })), ..self })
    }

    fn pattern(&self) -> &'static Pattern {
        if self.identity.is_some() { &OWN } else { &SHARED }
    }

    /// `to`: the node that is connected to.
    fn handshake(&self, to: Option<&str>) -> Result<HandshakeState> {
        let Pattern { name, prologue, psk, .. } = self.pattern();
        let shared: &[u8; 32] =
            self.shared.expose().try_into().map_err(|_| Error::other("a cluster key has 32 bytes"))?;
        let pattern = name.parse().map_err(noise)?;
        let builder = Builder::new(pattern).prologue(prologue).and_then(|b| b.psk(*psk, shared)).map_err(noise)?;
        let builder = match &self.identity {
            None => builder,
            Some(identity) => builder.local_private_key(identity.private.expose()).map_err(noise)?,
        };
        match (to, &self.identity) {
            (None, _) => builder.build_responder().map_err(noise),
            (Some(_), None) => builder.build_initiator().map_err(noise),
            (Some(to), Some(identity)) => {
                let known = identity.nodes.get(to);
                let known = known.ok_or_else(|| stranger(format!("cluster.nodes names no node {to}")))?;
                builder.remote_public_key(known).and_then(Builder::build_initiator).map_err(noise)
            }
        }
    }

    /// The node that a handshake proved, where nodes have keys of their own.
    fn proven(&self, handshake: &HandshakeState) -> Result<Option<String>> {
        let Some(identity) = &self.identity else { return Ok(None) };
        let shown = handshake.get_remote_static();
        let found = identity.nodes.iter().find(|(_, key)| shown == Some(key.as_slice()));
        let shown = || shown.map(hex::encode).unwrap_or_default();
        found
            .map(|(node, _)| Some(node.clone()))
            .ok_or_else(|| stranger(format!("the other side's public key, {}, is none of cluster.nodes", shown())))
    }
}

fn stranger(why: String) -> Error {
    Error::new(ErrorKind::PermissionDenied, why)
}

fn noise(error: snow::Error) -> Error {
    stranger(format!("the other side does not have this cluster's key, or is another node ({error})"))
}

/// The sending half.
pub(super) struct Sender {
    socket: OwnedWriteHalf,
    noise: Arc<StatelessTransportState>,
    nonce: u64,
    buffer: BytesMut,
}

/// The receiving half.
pub(super) struct Receiver {
    socket: OwnedReadHalf,
    noise: Arc<StatelessTransportState>,
    nonce: u64,
    buffer: BytesMut,
    plain: Vec<u8>,
}

/// Opens a connection to the node of this name.
pub(super) async fn initiate(mut socket: TcpStream, key: &ClusterKey, to: &str) -> Result<(Sender, Receiver)> {
    socket.set_nodelay(true)?;
    let [first, second] = key.pattern().lengths;
    let mut handshake = key.handshake(Some(to))?;
    say(&mut handshake, &mut socket, first).await?;
    hear(&mut handshake, &mut socket, second).await?;
    halves(handshake, socket)
}

/// Accepts a connection from another node; its name, where nodes have keys of their own.
pub(super) async fn respond(mut socket: TcpStream, key: &ClusterKey) -> Result<(Option<String>, (Sender, Receiver))> {
    socket.set_nodelay(true)?;
    let [first, second] = key.pattern().lengths;
    let mut handshake = key.handshake(None)?;
    hear(&mut handshake, &mut socket, first).await?;
    // Before anything is answered.
    let proven = key.proven(&handshake)?;
    say(&mut handshake, &mut socket, second).await?;
    Ok((proven, halves(handshake, socket)?))
}

async fn say(handshake: &mut HandshakeState, socket: &mut TcpStream, length: usize) -> Result<()> {
    let mut message = vec![0; length];
    let n = handshake.write_message(&[], &mut message).map_err(noise)?;
    socket.write_all(&message[..n]).await
}

async fn hear(handshake: &mut HandshakeState, socket: &mut TcpStream, length: usize) -> Result<()> {
    let mut message = vec![0; length];
    socket.read_exact(&mut message).await?;
    handshake.read_message(&message, &mut []).map(drop).map_err(noise)
}

fn halves(handshake: HandshakeState, socket: TcpStream) -> Result<(Sender, Receiver)> {
    let noise = Arc::new(handshake.into_stateless_transport_mode().map_err(noise)?);
    let (read, write) = socket.into_split();
    let sender = Sender { socket: write, noise: noise.clone(), nonce: 0, buffer: BytesMut::new() };
    let receiver =
        Receiver { socket: read, noise, nonce: 0, buffer: BytesMut::with_capacity(64 * 1024), plain: vec![0; 65_535] };
    Ok((sender, receiver))
}

impl Sender {
    /// Puts a frame into the buffer.
    pub(super) fn put(&mut self, plain: &[u8]) -> Result<()> {
        let length = plain.len() + TAG;
        let prefix = u16::try_from(length).map_err(|_| Error::other("a frame holds at most 65,519 bytes"))?;
        self.buffer.put_u16(prefix);
        let at = self.buffer.len();
        self.buffer.resize(at + length, 0);
        self.noise.write_message(self.nonce, plain, &mut self.buffer[at..]).map_err(noise)?;
        self.nonce += 1;
        Ok(())
    }

    /// Writes the buffer.
    pub(super) async fn flush(&mut self) -> Result<()> {
        self.socket.write_all(&self.buffer).await?;
        self.buffer.clear();
        Ok(())
    }
}

impl Receiver {
    /// The next frame. Can be called again after it was cancelled.
    pub(super) async fn next(&mut self) -> Result<&[u8]> {
        loop {
            if self.buffer.len() >= 2 {
                let length = usize::from(u16::from_be_bytes([self.buffer[0], self.buffer[1]]));
                if self.buffer.len() >= 2 + length {
                    self.buffer.advance(2);
                    let sealed = self.buffer.split_to(length);
                    let n = self.noise.read_message(self.nonce, &sealed, &mut self.plain).map_err(noise)?;
                    self.nonce += 1;
                    return Ok(&self.plain[..n]);
                }
            }
            self.buffer.reserve(64 * 1024);
            if self.socket.read_buf(&mut self.buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn key(byte: u8) -> ClusterKey {
        ClusterKey::new(Key::new(vec![byte; 32]).unwrap()).unwrap()
    }

    type Both = (Result<(Sender, Receiver)>, Result<(Option<String>, (Sender, Receiver))>);

    /// One connects to the node called b, and the other accepts.
    async fn pair(a: ClusterKey, b: ClusterKey) -> Both {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (one, two) = tokio::join!(TcpStream::connect(addr), listener.accept());
        tokio::join!(initiate(one.unwrap(), &a, "b"), async { respond(two.unwrap().0, &b).await })
    }

    /// Nodes with keys of their own, and a stranger who calls itself a.
    struct Nodes {
        pairs: BTreeMap<&'static str, (Key, String)>,
    }

    impl Nodes {
        fn new() -> Nodes {
            let pair = |name| {
                let (private, public) = new_pair().unwrap();
                (name, (Key::from_hex(&private).unwrap(), public))
            };
            Nodes { pairs: ["a", "b", "c", "stranger"].into_iter().map(pair).collect() }
        }

        fn public(&self) -> BTreeMap<String, String> {
            let known = self.pairs.iter().filter(|(name, _)| **name != "stranger");
            known.map(|(name, (_, public))| ((*name).to_owned(), public.clone())).collect()
        }

        fn key(&self, name: &str) -> ClusterKey {
            key(1).with_identity(name, &self.pairs[name].0, &self.public()).unwrap()
        }
    }

    #[tokio::test]
    async fn each_side_proves_which_node_it_is() {
        let nodes = Nodes::new();
        let (one, two) = pair(nodes.key("a"), nodes.key("b")).await;
        assert_eq!(two.unwrap().0.as_deref(), Some("a"));
        assert!(one.is_ok());
        // Another node answers where b should.
        let (one, two) = pair(nodes.key("a"), nodes.key("c")).await;
        assert!(one.is_err() && two.is_err());
        // The shared key, and a key of its own that nobody knows.
        let mut public = nodes.public();
        public.insert("a".into(), nodes.pairs["stranger"].1.clone());
        let stranger = key(1).with_identity("a", &nodes.pairs["stranger"].0, &public).unwrap();
        let (one, two) = pair(stranger, nodes.key("b")).await;
        let why = two.map(drop).unwrap_err();
        assert!(why.to_string().contains("is none of cluster.nodes") && one.is_err(), "{why}");
        // Keys of its own, and another shared key.
        let other = key(2).with_identity("a", &nodes.pairs["a"].0, &nodes.public()).unwrap();
        let (one, two) = pair(other, nodes.key("b")).await;
        assert!(one.is_err() && two.is_err());
    }

    #[test]
    fn keys_that_do_not_fit_are_refused() {
        let nodes = Nodes::new();
        let says = |name: &str, private: &str, public: &BTreeMap<String, String>| {
            let made = key(1).with_identity(name, &nodes.pairs[private].0, public);
            made.map(drop).unwrap_err().to_string()
        };
        let public = nodes.public();
        assert!(says("a", "b", &public).contains("is not the public key of this node's cluster.private"));
        assert!(says("d", "a", &public).contains("does not name this node, d"));
        let mut twice = public.clone();
        twice.insert("d".into(), public["a"].clone());
        assert!(says("a", "a", &twice).contains("d and a have one key"));
        let mut short = public;
        short.insert("b".into(), "00".into());
        assert!(says("a", "a", &short).contains("cluster.nodes.b: a public key has 64 hexadecimal digits"));
    }

    #[tokio::test]
    async fn frames_arrive_in_order_in_both_directions() {
        let (one, two) = pair(key(1), key(1)).await;
        let ((mut to_two, mut from_two), (mut to_one, mut from_one)) = (one.unwrap(), two.unwrap().1);
        for n in [0, 1, 100, MOST] {
            to_two.put(&vec![7; n]).unwrap();
        }
        to_one.put(b"back").unwrap();
        let sending = async {
            to_two.flush().await.unwrap();
            to_one.flush().await.unwrap();
        };
        let reading = async {
            for n in [0, 1, 100, MOST] {
                assert_eq!(from_one.next().await.unwrap(), vec![7; n]);
            }
            assert_eq!(from_two.next().await.unwrap(), b"back");
        };
        tokio::join!(sending, reading);
        assert!(to_two.put(&vec![0; MOST + 1]).is_err());
    }

    #[tokio::test]
    async fn without_the_key_nobody_gets_in() {
        let (one, two) = pair(key(1), key(2)).await;
        let two = two.map(drop).unwrap_err();
        assert_eq!(two.kind(), ErrorKind::PermissionDenied, "{two}");
        assert!(one.is_err(), "the other side closes");
    }

    #[tokio::test]
    async fn a_frame_that_was_changed_ends_the_connection() {
        let (one, two) = pair(key(1), key(1)).await;
        let ((mut sender, _one), (_two, mut receiver)) = (one.unwrap(), two.unwrap().1);
        sender.put(b"pay 100").unwrap();
        let at = sender.buffer.len() - 1;
        sender.buffer[at] ^= 1;
        sender.flush().await.unwrap();
        assert!(receiver.next().await.is_err());
    }
}
