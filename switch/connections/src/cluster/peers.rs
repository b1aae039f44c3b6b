//! The leader's side: other nodes connect, ask what their acquirers ask, and get the answers.

use super::channel;
use super::identity::ClusterKey;
use super::message::{FromLeader, ToLeader, put, read};
use crate::admission::{Closed, Gate, Place};
use crate::ports::PortInUse;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_engine::{ConnectionHandle, ConnectionOut, Engine, Inbound, Origin, Role};
use kazasu_text::tls::PartyText;
use kazasu_text::{Because, Said};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// The time that a peer may take to show that it has the key.
const HANDSHAKE: Duration = Duration::from_secs(3);
/// A node pings more often than this, and takes its answers.
const SILENCE: Duration = Duration::from_secs(3);

static CONNECTION_NUMBER: AtomicU64 = AtomicU64::new(1);

/// The port on which other nodes reach this one.
pub struct Peers {
    socket: TcpListener,
    key: ClusterKey,
    gate: Arc<Gate>,
}

impl Peers {
    /// Binds the port.
    pub async fn bind(addr: &str, key: ClusterKey, gate: Arc<Gate>) -> anyhow::Result<Self> {
        let socket = crate::ports::bind(addr, PortInUse::Fail).await;
        let socket = socket.because(|| Said::of(&PartyText::ListenNodes { addr }))?;
        Ok(Peers { socket, key, gate })
    }

    /// The address that it really has.
    pub fn addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until shutdown. It can be run again after it broke off: the port stays open.
    pub async fn run(&self, engine: Engine, mut shutdown: watch::Receiver<bool>) {
        let tasks = engine.health().tasks.clone();
        loop {
            fault(Kind::Peers);
            let (stream, place) = tokio::select! {
                accepted = self.gate.accept(&self.socket) => accepted,
                _ = shutdown.changed() => return,
            };
            let guest = Guest { stream, key: self.key.clone() };
            let (engine, shutdown) = (engine.clone(), shutdown.clone());
            let tasks = tasks.clone();
            let serving = async move {
                let peer = place.peer();
                tokio::select! {
                    () = place.displaced() => {}
                    end = serve(guest, &place, &engine, shutdown) => match end {
                        Ok(()) => tracing::info!(%peer, "another node's connection ended"),
                        Err(error) => ended(&place, &error),
                    },
                }
            };
            tokio::spawn(async move { tasks.once(Kind::PeerConnection, serving).await });
        }
    }
}

/// Tells of a connection that ended with an error; of those that have not shown the key, seldom.
fn ended(place: &Place, error: &std::io::Error) {
    let peer = place.peer();
    if place.is_served() {
        tracing::warn!(%peer, %error, "another node's connection ended");
        return;
    }
    place.gate().closed(Closed::Handshake);
    if let Some(untold) = place.gate().line() {
        tracing::warn!(%peer, %error, untold, "a connection to the nodes' port ended before it had shown the key");
    }
}

/// A connection that came in.
struct Guest {
    stream: TcpStream,
    /// The proof that it must show.
    key: ClusterKey,
}

async fn serve(
    guest: Guest,
    place: &Place,
    engine: &Engine,
    mut shutdown: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let (Guest { stream, key }, peer) = (guest, place.peer());
    let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
    let mut roles = engine.health().roles();
    let (proven, (mut sender, mut receiver)) =
        tokio::time::timeout(HANDSHAKE, channel::respond(stream, &key)).await.map_err(late)??;
    let hello = tokio::time::timeout(HANDSHAKE, receiver.next()).await.map_err(late)??;
    let Some(Ok(ToLeader::Hello(name))) = read::<ToLeader>(hello).next() else {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "a node begins with its name"));
    };
    if let Some(proven) = proven.filter(|proven| proven.as_str() != &*name) {
        let why = format!("a node that calls itself {name} has the key of {proven}");
        return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why));
    }
    let lead = engine.health().leads.load(Ordering::Acquire);
    if !place.serve() {
        return Err(std::io::Error::other("too many connections of other nodes"));
    }
    if *roles.borrow_and_update() != Role::Leading {
        // The caller is ahead of this node's own news, or behind them; it tries again.
        return Ok(());
    }
    put(&mut sender, std::iter::once(FromLeader::Welcome(engine.health().epoch())))?;
    sender.flush().await?;
    tracing::info!(node = %name, %peer, "another node passes its acquirers' messages on to this one");
    let (out, mut queue) = mpsc::unbounded_channel();
    let number = CONNECTION_NUMBER.fetch_add(1, Ordering::Relaxed);
    let connection = Arc::new(ConnectionHandle::new(number, Origin::Peer, Some(peer), out));
    let answers = async {
        while let Some(first) = queue.recv().await {
            let mut next = Some(first);
            let mut answered = 0;
            // All that is ready leaves together.
            while let Some(out) = next.take() {
                if let ConnectionOut::Replies(replies) = out {
                    answered += replies.len();
                    put(&mut sender, replies.into_iter().map(|r| FromLeader::reply(r.tag, r.body)))?;
                } else if let ConnectionOut::Pong = out {
                    put(&mut sender, std::iter::once(FromLeader::Pong(engine.health().is_ready())))?;
                }
                next = queue.try_recv().ok();
            }
            connection.went(answered);
            tokio::time::timeout(SILENCE, sender.flush()).await.map_err(late)??;
        }
        Ok(())
    };
    let questions = async {
        loop {
            let frame = tokio::time::timeout(SILENCE, receiver.next()).await.map_err(late)??;
            // This node may have lost the lead and taken it again in between: what was asked before then is forgotten here.
            if engine.health().leads.load(Ordering::Acquire) != lead {
                return Ok(());
            }
            fault(Kind::PeerConnection);
            ask(engine, &connection, frame)?;
        }
    };
    tokio::select! {
        end = answers => end,
        end = questions => end,
        // The asking node asks the next leader.
        _ = roles.wait_for(|role| *role != Role::Leading) => Ok(()),
        _ = shutdown.changed() => Ok(()),
    }
}

/// Gives a frame's questions to the core, those with consecutive tags together.
fn ask(engine: &Engine, connection: &Arc<ConnectionHandle>, frame: &[u8]) -> std::io::Result<()> {
    let received = Instant::now();
    let mut run: Vec<Inbound> = Vec::new();
    let mut first = 0_u64;
    let submit = |first: u64, run: &mut Vec<Inbound>| {
        if !run.is_empty() {
            metrics::counter!("kazasu_peer_messages_total").increment(u64::try_from(run.len()).unwrap_or(0));
            connection.came(run.len());
            engine.submit(connection, received, first, std::mem::take(run));
        }
    };
    for message in read::<ToLeader>(frame) {
        match message? {
            ToLeader::Ask(tag, inbound) => {
                let next = first.wrapping_add(u64::try_from(run.len()).unwrap_or(0));
                if tag != next {
                    submit(first, &mut run);
                }
                if run.is_empty() {
                    first = tag;
                }
                run.push(inbound);
            }
            ToLeader::Ping => connection.send(ConnectionOut::Pong),
            ToLeader::Hello(_) => {}
        }
    }
    submit(first, &mut run);
    Ok(())
}
