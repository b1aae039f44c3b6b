//! One connection to the switch with blocking sockets: connect, sign on, send, receive.

use crate::config::AcquirerConfig;
use anyhow::{Context, bail, ensure};
use bytes::BytesMut;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::iso8583::{Dialect, FrameCodec, Message, Tpdu};
use kazasu_schemas::mac::kdf::MasterKey;
use kazasu_schemas::mac::{MacKey, encode_frame};
use kazasu_schemas::wire::{Network, NetworkCode, Nonce, Nonces, ResponseCode, SessionKeys};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Keys of both directions.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Signs what is sent.
    pub to_switch: MacKey,
    /// Verifies what comes.
    pub from_switch: MacKey,
}

impl Keys {
    /// Those of the session with these nonces.
    pub fn of_session(config: &AcquirerConfig, nonces: &Nonces) -> anyhow::Result<Keys> {
        let keys = SessionKeys::derive(&MasterKey::new(config.mac, &config.master), config.id, nonces);
        Ok(Keys {
            to_switch: MacKey::new(config.mac, &keys.to_switch)?,
            from_switch: MacKey::new(config.mac, &keys.from_switch)?,
        })
    }

    /// Those of a session that never was: what a connection has before it signs on. No MAC under them is right.
    pub fn of_no_session(config: &AcquirerConfig) -> anyhow::Result<Keys> {
        let zero = Nonce::new([0; Nonce::LEN]);
        Keys::of_session(config, &Nonces { acquirer: zero, switch: zero })
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

/// Reads frames off a socket and checks their MACs.
pub struct Receiver {
    socket: TcpStream,
    dialect: Arc<Dialect>,
    frames: FrameCodec,
    buffer: BytesMut,
    chunk: Vec<u8>,
}

impl Receiver {
    /// Of a connected socket.
    #[must_use]
    pub fn new(socket: TcpStream, dialect: Arc<Dialect>) -> Self {
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
        let Some(frame) = self.frames.next(&mut self.buffer)? else { return Ok(None) };
        let decoded = self.dialect.read(&frame, message).map_err(|e| anyhow::anyhow!("undecodable answer: {e}"))?;
        // Everything that is sent has the dialect's own addresses.
        let expected = self.dialect.framing.tpdu.map(Tpdu::answer);
        ensure!(frame.tpdu == expected, "the answer's TPDU is {:02x?}, not {expected:02x?}", frame.tpdu);
        let frame = frame.message;
        let field = if message.has(128) { 128 } else { 64 };
        let mac = decoded.mac_at.zip(message.get(field)).map(|(at, tag)| keys.from_switch.verify(&frame[..at], tag));
        Ok(Some(mac))
    }
}

/// A connection that is signed on, for those who ask one thing at a time.
pub struct Session {
    /// Who we are.
    pub config: AcquirerConfig,
    /// The keys in force.
    pub keys: Keys,
    /// Cut-overs that the switch told: what, and the business day (MMDD).
    pub cutovers: Vec<(NetworkCode, Option<u16>)>,
    socket: TcpStream,
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
    /// Connects without signing on.
    pub fn connect(config: &AcquirerConfig) -> anyhow::Result<Session> {
        let socket = TcpStream::connect(&config.addr).with_context(|| format!("cannot connect to {}", config.addr))?;
        socket.set_nodelay(true)?;
        let receiver = Receiver::new(socket.try_clone()?, config.dialect.clone());
        let stan = u64::try_from(crate::clock::now().0).unwrap_or(0) % 900_000;
        Ok(Session {
            config: config.clone(),
            keys: Keys::of_no_session(config)?,
            cutovers: Vec::new(),
            socket,
            receiver,
            stan,
        })
    }

    /// Connects and signs on.
    pub fn open(config: &AcquirerConfig) -> anyhow::Result<Session> {
        let mut session = Session::connect(config)?;
        session.sign_on()?;
        Ok(session)
    }

    /// Signs on, or changes keys on a connection that is signed on: both are the same.
    pub fn sign_on(&mut self) -> anyhow::Result<()> {
        let nonces = self.ask_for_nonce()?;
        let answer = self.prove(Keys::of_session(&self.config, &nonces)?)?;
        ensure!(answer.code == Some(ResponseCode::APPROVED), "sign-on refused with {:?}", answer.code);
        Ok(())
    }

    /// The first half of a sign-on: both nonces.
    pub fn ask_for_nonce(&mut self) -> anyhow::Result<Nonces> {
        let ours = crate::clock::nonce()?;
        let question = self.request(NetworkCode::SignOn).with(ours.question());
        let received = self.exchange(&question, None)?;
        let answer = Network::from_message(&received.message)?;
        ensure!(answer.code == Some(ResponseCode::APPROVED), "sign-on refused with {:?}", answer.code);
        let nonces = Nonces::from_answer(answer.private.as_deref().context("the switch sent no nonce (DE48)")?)?;
        ensure!(nonces.acquirer == ours, "the switch answered another sign-on");
        Ok(nonces)
    }

    /// The second half: proves that these keys are known, and puts them into force when the switch proves the same.
    pub fn prove(&mut self, keys: Keys) -> anyhow::Result<Network> {
        let question = self.request(NetworkCode::KeyChange);
        let old = std::mem::replace(&mut self.keys, keys);
        let received = self.exchange(&question, Some(self.keys.to_switch.clone()))?;
        let answer = Network::from_message(&received.message)?;
        if answer.code == Some(ResponseCode::APPROVED) {
            ensure!(received.mac == Some(true), "the switch has not proven that it has the session's keys");
        } else {
            self.keys = old;
        }
        Ok(answer)
    }

    /// Sends a network message under the session's keys and waits for its answer.
    pub fn network(&mut self, purpose: NetworkCode) -> anyhow::Result<Network> {
        let question = self.request(purpose);
        let received = self.exchange(&question, Some(self.keys.to_switch.clone()))?;
        let answer = Network::from_message(&received.message)?;
        // What has no MAC decides nothing: it may only refuse.
        let refused = received.mac.is_none() && answer.code != Some(ResponseCode::APPROVED);
        ensure!(received.mac == Some(true) || refused, "the answer's MAC is wrong");
        Ok(answer)
    }

    /// A network message with a number of its own.
    pub fn request(&mut self, purpose: NetworkCode) -> Network {
        self.stan += 1;
        Network::request(purpose, self.config.id, Stan::wrapping(self.stan), self.config.now().transmission())
    }

    fn exchange(&mut self, question: &Network, key: Option<MacKey>) -> anyhow::Result<Received> {
        let mut message = Message::default();
        question.to_message(&mut message);
        self.send(&mut message, key.as_ref())?;
        let keys = self.keys.clone();
        self.receive(&keys, Duration::from_secs(10))?.context("no answer within 10 s")
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
    pub fn split(self) -> anyhow::Result<(TcpStream, Receiver, Keys)> {
        self.socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        Ok((self.socket, self.receiver, self.keys))
    }
}
