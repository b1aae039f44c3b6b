//! An authenticated, encrypted connection between two nodes: the Noise protocol with a key that all nodes of a cluster share
//! (`Noise_NNpsk0_25519_ChaChaPoly_SHA256`). Whoever does not have the key can neither join nor read, and what was recorded
//! cannot be read later with it either.
//!
//! A frame is two bytes of length, then a Noise message of at most 65,535 bytes. Each direction counts its own nonces, so a
//! frame can be neither dropped, repeated nor reordered without the connection ending.

use bytes::{Buf, BufMut, BytesMut};
use kazasu_schemas::secret::Key;
use snow::{Builder, HandshakeState, StatelessTransportState};
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

const PATTERN: &str = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";
const PROLOGUE: &[u8] = b"kazasu nodes 1";
const TAG: usize = 16;
/// The largest plain text of one frame.
pub(super) const MOST: usize = 65_535 - TAG;

/// The key that the nodes of a cluster share: 32 bytes.
#[derive(Clone)]
pub struct ClusterKey(Arc<Key>);

impl ClusterKey {
    /// `None` unless it has 32 bytes.
    #[must_use]
    pub fn new(key: Key) -> Option<Self> {
        (key.expose().len() == 32).then(|| ClusterKey(Arc::new(key)))
    }

    fn builder(&self) -> Result<Builder<'_>> {
        let psk: &[u8; 32] = self.0.expose().try_into().map_err(|_| Error::other("a cluster key has 32 bytes"))?;
        let pattern = PATTERN.parse().map_err(noise)?;
        Builder::new(pattern).prologue(PROLOGUE).and_then(|b| b.psk(0, psk)).map_err(noise)
    }
}

fn noise(error: snow::Error) -> Error {
    Error::new(ErrorKind::PermissionDenied, format!("the other side does not have this cluster's key ({error})"))
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

/// Opens a connection to another node.
pub(super) async fn initiate(mut socket: TcpStream, key: &ClusterKey) -> Result<(Sender, Receiver)> {
    socket.set_nodelay(true)?;
    let mut handshake = key.builder()?.build_initiator().map_err(noise)?;
    say(&mut handshake, &mut socket).await?;
    hear(&mut handshake, &mut socket).await?;
    halves(handshake, socket)
}

/// Accepts a connection from another node.
pub(super) async fn respond(mut socket: TcpStream, key: &ClusterKey) -> Result<(Sender, Receiver)> {
    socket.set_nodelay(true)?;
    let mut handshake = key.builder()?.build_responder().map_err(noise)?;
    hear(&mut handshake, &mut socket).await?;
    say(&mut handshake, &mut socket).await?;
    halves(handshake, socket)
}

/// A handshake message: its length is the pattern's (32 bytes of key and a tag).
const HANDSHAKE: usize = 32 + TAG;

async fn say(handshake: &mut HandshakeState, socket: &mut TcpStream) -> Result<()> {
    let mut message = [0; HANDSHAKE];
    let n = handshake.write_message(&[], &mut message).map_err(noise)?;
    socket.write_all(&message[..n]).await
}

async fn hear(handshake: &mut HandshakeState, socket: &mut TcpStream) -> Result<()> {
    let mut message = [0; HANDSHAKE];
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

    async fn pair(a: ClusterKey, b: ClusterKey) -> (Result<(Sender, Receiver)>, Result<(Sender, Receiver)>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (one, two) = tokio::join!(TcpStream::connect(addr), listener.accept());
        tokio::join!(initiate(one.unwrap(), &a), async { respond(two.unwrap().0, &b).await })
    }

    #[tokio::test]
    async fn frames_arrive_in_order_in_both_directions() {
        let (one, two) = pair(key(1), key(1)).await;
        let ((mut to_two, mut from_two), (mut to_one, mut from_one)) = (one.unwrap(), two.unwrap());
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
        let ((mut sender, _one), (_two, mut receiver)) = (one.unwrap(), two.unwrap());
        sender.put(b"pay 100").unwrap();
        let at = sender.buffer.len() - 1;
        sender.buffer[at] ^= 1;
        sender.flush().await.unwrap();
        assert!(receiver.next().await.is_err());
    }
}
