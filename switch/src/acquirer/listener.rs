//! Listeners: one TCP port a dialect, with TLS and client certificates where configured.

use super::connection::{ConnectionContext, ConnectionLimits, serve};
use super::session::Acquirers;
use crate::admission::{Closed, Gate};
use crate::ports::PortInUse;
use anyhow::Context as _;
use kazasu_engine::Engine;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_engine::trail;
use kazasu_schemas::iso8583::Dialect;
use kazasu_schemas::jst::BusinessDay;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

static CONNECTION_NUMBER: AtomicU64 = AtomicU64::new(1);

/// A listener as configuration gives it.
pub struct ListenerConfig {
    /// Address and port; port 0 takes a free one.
    pub addr: String,
    /// What to do when the port is in use.
    pub port_in_use: PortInUse,
    /// What its connections speak.
    pub dialect: Arc<Dialect>,
    /// TLS, when wanted.
    pub tls: Option<TlsFiles>,
    /// Says which connections are taken.
    pub(crate) gate: Arc<Gate>,
    /// Bounds of each connection.
    pub limits: ConnectionLimits,
}

/// PEM files of a TLS listener.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate chain.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Certification authorities whose client certificates are accepted; a client without one is refused.
    pub client_ca: PathBuf,
}

/// What the connections of every listener work with.
#[derive(Clone)]
pub struct ListenerContext {
    /// Who may sign on.
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
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Binds the port and loads the TLS files.
    pub async fn bind(config: ListenerConfig) -> anyhow::Result<Self> {
        let tls = config.tls.as_ref().map(acceptor).transpose()?;
        let socket = crate::ports::bind(&config.addr, config.port_in_use)
            .await
            .with_context(|| format!("cannot listen for acquirers on {}", config.addr))?;
        Ok(Listener { socket, config, tls })
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
            let (tls, tasks) = (self.tls.clone(), tasks.clone());
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

async fn connection(mut context: ConnectionContext, stream: TcpStream, tls: Option<TlsAcceptor>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let Some(tls) = tls else {
        let (reader, writer) = stream.into_split();
        return serve(context, reader, writer).await;
    };
    let (limit, place) = (context.limits.handshake_timeout, context.place.clone());
    let failed = |error: &dyn std::fmt::Display| {
        place.gate().closed(Closed::Tls);
        if let Some(untold) = place.gate().line() {
            tracing::warn!(%error, untold, "TLS handshake failed");
        }
    };
    match tokio::time::timeout(limit, tls.accept(stream)).await {
        Ok(Ok(stream)) => {
            let first = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            context.certificate = first.map(|der| Sha256::digest(der).into());
            let (reader, writer) = tokio::io::split(stream);
            serve(context, reader, writer).await;
        }
        Ok(Err(error)) => failed(&error),
        Err(_) => failed(&format_args!("not done within {limit:?}")),
    }
}

fn acceptor(files: &TlsFiles) -> anyhow::Result<TlsAcceptor> {
    let read = |path: &PathBuf| -> anyhow::Result<Vec<CertificateDer<'static>>> {
        let found = CertificateDer::pem_file_iter(path).with_context(|| format!("cannot read {}", path.display()))?;
        let found = found.collect::<Result<Vec<_>, _>>().with_context(|| format!("cannot read {}", path.display()))?;
        anyhow::ensure!(!found.is_empty(), "{} holds no certificate", path.display());
        Ok(found)
    };
    let mut roots = rustls::RootCertStore::empty();
    for ca in read(&files.client_ca)? {
        roots
            .add(ca)
            .with_context(|| format!("{} holds a certificate that is no authority", files.client_ca.display()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients =
        rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build()?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("cannot read the private key {}", files.key.display()))?;
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(clients)
        .with_single_cert(read(&files.certificates)?, key)
        .context("the TLS certificate and key do not fit")?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
