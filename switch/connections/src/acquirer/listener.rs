//! Listeners: one TCP port a dialect, with TLS and client certificates where configured. A client whose certificate is revoked is let in
//! no more, and its open connections end.

use super::connection::{ConnectionContext, ConnectionLimits, serve};
use super::session::Acquirers;
use crate::admission::{Closed, Gate};
use crate::ports::PortInUse;
use kazasu_engine::Engine;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_engine::trail;
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::jst::BusinessDay;
use kazasu_text::tls::PartyText;
use kazasu_text::{Because, Said};
use kazasu_tls::{Fingerprint, Server, Shown};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

static CONNECTION_NUMBER: AtomicU64 = AtomicU64::new(1);

/// A listener as configuration gives it.
pub struct ListenerConfig {
    /// Address and port; port 0 takes a free one.
    pub addr: String,
    /// The action when the port is in use.
    pub port_in_use: PortInUse,
    /// The dialect of its connections.
    pub dialect: Arc<Dialect>,
    /// TLS, when wanted.
    pub tls: Option<Arc<Server>>,
    /// Says which connections are taken.
    pub gate: Arc<Gate>,
    /// Bounds of each connection.
    pub limits: ConnectionLimits,
}

/// The parts with which the connections of every listener work.
#[derive(Clone)]
pub struct ListenerContext {
    /// The acquirers that may sign on.
    pub acquirers: Arc<Acquirers>,
    /// Decides.
    pub engine: Engine,
    /// Turns true when nothing more is taken.
    pub shutdown: watch::Receiver<bool>,
    /// The open business day.
    pub day: watch::Receiver<BusinessDay>,
    /// Connections, to the last answer.
    pub connections_open: TaskTracker,
}

/// A bound listener.
pub struct Listener {
    socket: TcpListener,
    config: ListenerConfig,
}

impl Listener {
    /// Binds the port.
    pub async fn bind(config: ListenerConfig) -> anyhow::Result<Self> {
        let socket = crate::ports::bind(&config.addr, config.port_in_use)
            .await
            .because(|| Said::of(&PartyText::ListenAcquirers { addr: &config.addr.to_string() }))?;
        Ok(Listener { socket, config })
    }

    /// The address that it really has.
    pub fn addr(&self) -> std::io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Accepts until shutdown. It can be run again after it broke off: the port stays open.
    pub async fn run(&self, context: ListenerContext) {
        let ListenerContext { acquirers, engine, mut shutdown, day, connections_open } = context;
        let tasks = engine.health().tasks.clone();
        loop {
            fault(Kind::Listener);
            let (stream, place) = tokio::select! {
                accepted = self.config.gate.accept(&self.socket) => accepted,
                _ = shutdown.changed() => return,
            };
            let (peer, place) = (place.peer(), Arc::new(place));
            let context = ConnectionContext {
                id: CONNECTION_NUMBER.fetch_add(1, Ordering::Relaxed),
                peer,
                dialect: self.config.dialect.clone(),
                acquirers: acquirers.clone(),
                engine: engine.clone(),
                limits: self.config.limits,
                certificate: None,
                place: place.clone(),
                shutdown: shutdown.clone(),
                day: day.clone(),
            };
            let (tls, tasks) = (self.config.tls.clone(), tasks.clone());
            // What is said while it is served says whose connection it is, panics included.
            let span = trail::of_connection(context.id, peer);
            let serving = async move {
                tracing::debug!("connection opened");
                tokio::select! {
                    () = place.displaced() => tracing::debug!("another connection has taken this one's place"),
                    _ = tasks.once(Kind::AcquirerConnection, connection(context, stream, tls)) => {}
                }
            };
            connections_open.spawn(serving.instrument(span));
        }
    }
}

async fn connection(mut context: ConnectionContext, stream: TcpStream, tls: Option<Arc<Server>>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let Some(tls) = tls else {
        let (reader, writer) = stream.into_split();
        return serve(context, reader, writer).await;
    };
    let (limit, place) = (context.limits.handshake_timeout, context.place.clone());
    let (stream, lost) = match tls.accept_watched(stream, limit).await {
        Ok(accepted) => accepted,
        Err(error) => {
            place.gate().closed(Closed::Tls);
            if let Some(untold) = place.gate().line() {
                tracing::warn!(%error, untold, "TLS handshake failed");
            }
            return;
        }
    };
    let first = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    context.certificate = first.map(|der| shown(&context.acquirers, Shown::of(der)));
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        () = serve(context, reader, writer) => {}
        why = lost => {
            place.gate().closed(Closed::Revoked);
            tracing::warn!(%why, "the client's certificate is not accepted any more; closing this connection");
        }
    }
}

/// The fingerprint by which an acquirer may be known: of the certificate's public key where an acquirer is configured with it, else of
/// the certificate.
fn shown(acquirers: &Acquirers, shown: Shown) -> [u8; 32] {
    let known = |print: Fingerprint| acquirers.iter().any(|acquirer| acquirer.config.certificates.contains(&print.0));
    match shown.key {
        Some(key) if known(key) && !known(shown.certificate) => key.0,
        Some(_) | None => shown.certificate.0,
    }
}
