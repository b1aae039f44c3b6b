//! An authenticated, encrypted connection between two nodes: the Noise protocol. A peer without the key that all nodes share can
//! neither join nor read, and what was recorded cannot be read later with it either.
//!
//! With keys of their own (`Noise_IKpsk1_25519_ChaChaPoly_SHA256`) each side also proves which node it is: the one that connects
//! expects the leader's public key and shows its own, and the other knows the node's name by it. One node's key opens no other node's
//! connection. Without (`Noise_NNpsk0_25519_ChaChaPoly_SHA256`) the shared key is all, which is for nodes on one machine.
//!
//! A frame is two bytes of length, then a Noise message of at most 65,535 bytes. Each direction counts its own nonces, so a
//! frame can be neither dropped, repeated nor reordered without the connection ending.

use super::identity::{ClusterKey, TAG, noise};
use bytes::{Buf, BufMut, BytesMut};
use snow::{HandshakeState, StatelessTransportState};
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// The largest plain text of one frame.
pub(super) const MOST: usize = 65_535 - TAG;

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
    let [first, second] = key.lengths();
    let mut handshake = key.initiate(to)?;
    say(&mut handshake, &mut socket, first).await?;
    let heard = hear(&mut socket, second).await;
    let heard = heard.and_then(|message| handshake.read_message(&message, &mut []).map(drop).map_err(noise));
    if let Err(error) = heard {
        key.failed();
        return Err(error);
    }
    halves(handshake, socket)
}

/// Accepts a connection from another node; its name, where nodes have keys of their own.
pub(super) async fn respond(mut socket: TcpStream, key: &ClusterKey) -> Result<(Option<String>, (Sender, Receiver))> {
    socket.set_nodelay(true)?;
    let [first, second] = key.lengths();
    let message = hear(&mut socket, first).await?;
    // Before anything is answered.
    let (mut handshake, proven) = key.respond(&message)?;
    say(&mut handshake, &mut socket, second).await?;
    Ok((proven, halves(handshake, socket)?))
}

async fn say(handshake: &mut HandshakeState, socket: &mut TcpStream, length: usize) -> Result<()> {
    let mut message = vec![0; length];
    let n = handshake.write_message(&[], &mut message).map_err(noise)?;
    socket.write_all(&message[..n]).await
}

async fn hear(socket: &mut TcpStream, length: usize) -> Result<Vec<u8>> {
    let mut message = vec![0; length];
    socket.read_exact(&mut message).await?;
    Ok(message)
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
    use super::super::identity::{NodeKeys, PublicKeys, new_pair};
    use super::*;
    use kazasu_schemas::secret::Key;
    use std::collections::BTreeMap;
    use tokio::net::TcpListener;

    fn shared(bytes: &[u8]) -> NodeKeys {
        NodeKeys::shared(bytes.iter().map(|byte| Key::new(vec![*byte; 32]).unwrap()).collect()).unwrap()
    }

    fn key(byte: u8) -> ClusterKey {
        ClusterKey::new(shared(&[byte]))
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
        pairs: BTreeMap<&'static str, (Key, PublicKeys)>,
    }

    impl Nodes {
        fn new() -> Nodes {
            let pair = |name| {
                let (private, public) = new_pair().unwrap();
                (name, (private, PublicKeys::One(hex::encode(public))))
            };
            Nodes { pairs: ["a", "b", "c", "stranger"].into_iter().map(pair).collect() }
        }

        fn public(&self) -> BTreeMap<String, PublicKeys> {
            let known = self.pairs.iter().filter(|(name, _)| **name != "stranger");
            known.map(|(name, (_, public))| ((*name).to_owned(), public.clone())).collect()
        }

        /// The keys of the node called `name`, with the own key of `private`.
        fn key_of(&self, name: &str, byte: u8, private: &str, public: &BTreeMap<String, PublicKeys>) -> ClusterKey {
            let private = vec![self.pairs[private].0.clone()];
            ClusterKey::new(shared(&[byte]).with_identity(name, private, public).unwrap())
        }

        fn key(&self, name: &str) -> ClusterKey {
            self.key_of(name, 1, name, &self.public())
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
        // The shared key, and a key of its own that no node knows.
        let mut public = nodes.public();
        public.insert("a".into(), nodes.pairs["stranger"].1.clone());
        let stranger = nodes.key_of("a", 1, "stranger", &public);
        let (one, two) = pair(stranger, nodes.key("b")).await;
        let why = two.map(drop).unwrap_err();
        assert!(why.to_string().contains("is none of cluster.nodes") && one.is_err(), "{why}");
        // Keys of its own, and another shared key.
        let other = nodes.key_of("a", 2, "a", &nodes.public());
        let (one, two) = pair(other, nodes.key("b")).await;
        assert!(one.is_err() && two.is_err());
    }

    #[test]
    fn keys_that_do_not_fit_are_refused() {
        let nodes = Nodes::new();
        let says = |name: &str, private: &str, public: &BTreeMap<String, PublicKeys>| {
            let made = shared(&[1]).with_identity(name, vec![nodes.pairs[private].0.clone()], public);
            made.map(drop).unwrap_err().to_string()
        };
        let public = nodes.public();
        assert!(says("a", "b", &public).contains("is not the public key of this node's own key"));
        assert!(says("d", "a", &public).contains("does not name this node, d"));
        let mut twice = public.clone();
        twice.insert("d".into(), public["a"].clone());
        assert!(says("a", "a", &twice).contains("d and a have one key"));
        let mut short = public;
        short.insert("b".into(), PublicKeys::One("00".into()));
        assert!(says("a", "a", &short).contains("cluster.nodes.b: a public key has 64 hexadecimal digits"));
    }

    /// A shared key and a node's own are changed; each node takes them up at its own moment, and connections go on being made.
    #[tokio::test]
    async fn keys_are_changed_one_node_after_the_other() {
        let nodes = Nodes::new();
        let (new, new_public) = new_pair().unwrap();
        let mut public = nodes.public();
        let PublicKeys::One(old_public) = public["b"].clone() else { panic!("one key") };
        public.insert("b".into(), PublicKeys::Several(vec![old_public, hex::encode(new_public)]));
        let of =
            |name: &str, private: Vec<Key>, bytes: &[u8]| shared(bytes).with_identity(name, private, &public).unwrap();
        let (own_a, own_b) = (nodes.pairs["a"].0.clone(), nodes.pairs["b"].0.clone());
        let a = ClusterKey::new(of("a", vec![own_a.clone()], &[1]));
        let b = ClusterKey::new(of("b", vec![own_b.clone()], &[1]));
        let connect = async |within: usize| {
            for turn in 0..within {
                if let (Ok(_), Ok((proven, _))) = pair(a.clone(), b.clone()).await {
                    assert_eq!(proven.as_deref(), Some("a"));
                    return Some(turn);
                }
            }
            None
        };
        assert_eq!(connect(1).await, Some(0));
        // b accepts the new keys, then a uses the new shared one, then b uses its own new one alone.
        b.replace(of("b", vec![own_b.clone(), new.clone()], &[1, 2]));
        assert_eq!(connect(1).await, Some(0));
        a.replace(of("a", vec![own_a.clone()], &[2, 1]));
        assert_eq!(connect(1).await, Some(0));
        b.replace(of("b", vec![new.clone()], &[1]));
        // a finds out which of both keys b has: at most four attempts.
        assert!(connect(4).await.is_some());
        // The old shared key alone and the new one alone do not meet.
        b.replace(of("b", vec![new], &[3]));
        assert_eq!(connect(4).await, None);
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
