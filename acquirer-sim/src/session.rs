//! One connection to the switch with blocking sockets: connect, sign on, change keys, send, receive.

use crate::config::AcquirerConfig;
use anyhow::{Context, bail, ensure};
use bytes::BytesMut;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::iso8583::{Dialect, FrameCodec, Message};
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::network::SessionKeys;
use kazasu_schemas::wire::{Network, NetworkCode, ResponseCode};
use kazasu_tls::BlockingStream;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the switch may be silent in a handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Keys of both directions.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Signs what is sent.
    pub to_switch: MacKey,
    /// Verifies what comes.
    pub from_switch: MacKey,
}

impl Keys {
    /// The configured initial keys.
    pub fn initial(config: &AcquirerConfig) -> anyhow::Result<Keys> {
        Ok(Keys {
            to_switch: MacKey::new(config.mac, &config.to_switch).context("to_switch_key")?,
            from_switch: MacKey::new(config.mac, &config.from_switch).context("from_switch_key")?,
        })
    }
}

/// A decoded frame.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message.
    pub message: Message,
    /// Whether its MAC is right under the keys in force; `None` when it has none.
    pub mac: Option<bool>,
}

/// Reads frames off a connection and checks their MACs.
pub struct Receiver {
    socket: BlockingStream,
    dialect: Arc<Dialect>,
    frames: FrameCodec,
    buffer: BytesMut,
    chunk: Vec<u8>,
}

impl Receiver {
    /// Of a connection that stands.
    #[must_use]
    pub fn new(socket: BlockingStream, dialect: Arc<Dialect>) -> Self {
        let frames = dialect.frames();
        Receiver { socket, dialect, frames, buffer: BytesMut::new(), chunk: vec![0; 64 * 1024] }
    }

    /// Waits for more bytes; false when the switch has closed the connection.
    pub fn fill(&mut self) -> std::io::Result<bool> {
        let n = self.socket.read(&mut self.chunk)?;
        self.buffer.extend_from_slice(&self.chunk[..n]);
        Ok(n > 0)
    }

    /// The next whole frame that is already here, read into `message`. The inner value says whether the MAC is right.
    pub fn next(&mut self, keys: &Keys, message: &mut Message) -> anyhow::Result<Option<Option<bool>>> {
        let Some(frame) = self.frames.decode(&mut self.buffer)? else { return Ok(None) };
        let decoded = self.dialect.decode(&frame, message).map_err(|e| anyhow::anyhow!("undecodable answer: {e}"))?;
        let field = if message.has(128) { 128 } else { 64 };
        let mac = decoded.mac_at.zip(message.get(field)).map(|(at, tag)| keys.from_switch.verify(&frame[..at], tag));
        Ok(Some(mac))
    }
}

/// A connection that is signed on, for those who ask one thing at a time.
pub struct Session {
    /// Who we are.
    pub config: AcquirerConfig,
    /// The initial keys.
    pub initial: Keys,
    /// The keys in force.
    pub keys: Keys,
    /// Cut-overs that the switch told: what, and the business day (MMDD).
    pub cutovers: Vec<(NetworkCode, Option<u16>)>,
    socket: BlockingStream,
    receiver: Receiver,
    stan: u64,
}

/// The answer to a 0800 that the switch sends by itself; `None` when it is no such message.
#[must_use]
pub fn answer_to(message: &Message) -> Option<Network> {
    let asked = Network::from_message(message).ok().filter(|n| message.mti.class() == 8 && n.mti.is_question())?;
    Some(asked.answer(ResponseCode::APPROVED))
}

impl Session {
    /// Connects without signing on, with TLS where it is configured.
    pub fn connect(config: &AcquirerConfig) -> anyhow::Result<Session> {
        let socket = TcpStream::connect(&config.addr).with_context(|| format!("cannot connect to {}", config.addr))?;
        socket.set_nodelay(true)?;
        let socket = match &config.tls {
            None => BlockingStream::from(socket),
            Some(tls) => {
                socket.set_read_timeout(Some(HANDSHAKE))?;
                let stream = BlockingStream::connect(tls, socket);
                stream.with_context(|| format!("TLS with {} failed", config.addr))?
            }
        };
        let initial = Keys::initial(config)?;
        let receiver = Receiver::new(socket.try_clone()?, config.dialect.clone());
        let stan = u64::try_from(crate::clock::now().0).unwrap_or(0) % 900_000;
        Ok(Session {
            config: config.clone(),
            keys: initial.clone(),
            initial,
            cutovers: Vec::new(),
            socket,
            receiver,
            stan,
        })
    }

    /// Connects, signs on and fetches session keys.
    pub fn open(config: &AcquirerConfig) -> anyhow::Result<Session> {
        let mut session = Session::connect(config)?;
        let answer = session.network(NetworkCode::SignOn)?;
        ensure!(answer.code == Some(ResponseCode::APPROVED), "sign-on refused with {:?}", answer.code);
        session.change_keys()?;
        Ok(session)
    }

    /// Asks for session keys and puts them into force.
    pub fn change_keys(&mut self) -> anyhow::Result<()> {
        let answer = self.network(NetworkCode::KeyChange)?;
        ensure!(answer.code == Some(ResponseCode::APPROVED), "key change refused with {:?}", answer.code);
        let block = answer.keys.context("the switch sent no key block")?;
        let keys = SessionKeys::from_block(&block, &self.config.master, self.config.mac)?;
        self.keys = Keys {
            to_switch: MacKey::new(self.config.mac, &keys.to_switch)?,
            from_switch: MacKey::new(self.config.mac, &keys.from_switch)?,
        };
        Ok(())
    }

    /// Sends a network message under the right keys and waits for its answer.
    pub fn network(&mut self, purpose: NetworkCode) -> anyhow::Result<Network> {
        self.stan += 1;
        let request =
            Network::request(purpose, self.config.id, Stan::wrapping(self.stan), crate::clock::now().transmission());
        let initial = matches!(purpose, NetworkCode::SignOn | NetworkCode::KeyChange);
        let keys = if initial { self.initial.clone() } else { self.keys.clone() };
        let mut message = Message::default();
        request.to_message(&mut message);
        self.send(&mut message, Some(&keys.to_switch))?;
        let received = self.receive(&keys, Duration::from_secs(10))?.context("no answer within 10 s")?;
        ensure!(received.mac != Some(false), "the answer's MAC is wrong");
        Ok(Network::from_message(&received.message)?)
    }

    /// Encodes and writes a message.
    pub fn send(&mut self, message: &mut Message, key: Option<&MacKey>) -> anyhow::Result<()> {
        let mut out = BytesMut::new();
        encode_frame(&self.config.dialect, message, key, &mut out)?;
        self.raw(&out)
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.socket.write_all(bytes).context("the connection is closed")
    }

    /// The next message; `None` when none came in time. An error when the switch closed the connection.
    pub fn receive(&mut self, keys: &Keys, within: Duration) -> anyhow::Result<Option<Received>> {
        let until = Instant::now() + within;
        let mut message = Message::default();
        loop {
            if let Some(mac) = self.receiver.next(keys, &mut message)? {
                let Some(answer) = answer_to(&message).filter(|_| mac == Some(true)) else {
                    return Ok(Some(Received { message, mac }));
                };
                self.cutovers.push((answer.purpose, answer.settlement));
                let mut out = Message::default();
                answer.to_message(&mut out);
                self.send(&mut out, Some(&keys.to_switch))?;
                continue;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.socket.set_read_timeout(Some(left))?;
            match self.receiver.fill() {
                Ok(true) => {}
                Ok(false) => bail!("the switch closed the connection"),
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(e) => return Err(e).context("the connection broke"),
            }
        }
    }

    /// Gives the socket and the receiver to those who send and receive in two threads.
    pub fn split(self) -> anyhow::Result<(BlockingStream, Receiver, Keys)> {
        self.socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        Ok((self.socket, self.receiver, self.keys))
    }
}
