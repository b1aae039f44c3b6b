//! One side of TLS connections as files say it, and the same files read again when they change.

use crate::certificate::{Expiry, Part, expiry, next_list};
use crate::party::{ClientOf, Party, ServerOf};
use crate::peers::Peers;
use crate::standing::{Believes, Lost, lost, no_longer};
use anyhow::{Context, ensure};
use kazasu_text::tls::TlsText;
use kazasu_text::{Because, Said, errors};
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, Error, RootCertStore, ServerConfig};
use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// What a side shows of itself, PEM.
#[derive(Clone, Debug)]
pub struct OwnFiles {
    /// The certificate chain, its own certificate first.
    pub certificates: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The files of a listening side.
#[derive(Clone, Debug)]
pub struct ServerFiles {
    /// What it shows.
    pub own: OwnFiles,
    /// Authorities (PEM) of client certificates: a client without one is refused. Without this clients show nothing.
    pub client_authorities: Option<PathBuf>,
    /// Lists of revoked client certificates (CRL, PEM). With any, each authority of a chain must have one.
    pub revocations: Vec<PathBuf>,
    /// Who alone may connect.
    pub clients: Party,
}

/// The files of a connecting side.
#[derive(Clone, Debug)]
pub struct ClientFiles {
    /// What it shows, when it shows anything.
    pub own: Option<OwnFiles>,
    /// Authorities (PEM) of the server's certificate.
    pub authorities: PathBuf,
    /// Lists of revoked server certificates (CRL, PEM).
    pub revocations: Vec<PathBuf>,
    /// The name that the server's certificate must have.
    pub name: ServerName<'static>,
    /// Which server alone is believed.
    pub server: Party,
}

/// When files are read again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// One of them has changed.
    IfChanged,
    /// In any case.
    Always,
}

/// What came of looking at the files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reloaded {
    /// They are as they were.
    Unchanged,
    /// New connections use what they say now.
    Loaded,
    /// They cannot be used, and why. What was in force stays in force.
    Failed(String),
}

/// Certificates and lists in use somewhere.
pub trait Material: Send + Sync {
    /// Reads the files again.
    fn reload(&self, look: Look) -> Reloaded;
    /// Until when each certificate and list in force is good.
    fn expiries(&self) -> Vec<Expiry>;
    /// Why the files as they are now cannot be used, if they cannot.
    fn problem(&self) -> Option<String>;
}

/// A file as it was last seen: inode, length, seconds and nanoseconds of the last change.
type Seen = Vec<Option<(u64, u64, i64, i64)>>;

/// A value made of files.
struct Kept<T> {
    paths: Vec<PathBuf>,
    current: RwLock<(Arc<T>, Vec<Expiry>)>,
    last: Mutex<Last>,
}

struct Last {
    seen: Seen,
    problem: Option<String>,
}

fn look_at(paths: &[PathBuf]) -> Seen {
    let one = |path: &PathBuf| {
        let found = std::fs::metadata(path).ok()?;
        Some((found.ino(), found.len(), found.mtime(), found.mtime_nsec()))
    };
    paths.iter().map(one).collect()
}

impl<T> Kept<T> {
    fn load(paths: Vec<PathBuf>, make: impl FnOnce() -> anyhow::Result<(T, Vec<Expiry>)>) -> anyhow::Result<Kept<T>> {
        let seen = look_at(&paths);
        let (value, expiries) = make()?;
        let last = Mutex::new(Last { seen, problem: None });
        Ok(Kept { paths, current: RwLock::new((Arc::new(value), expiries)), last })
    }

    fn current(&self) -> Arc<T> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn expiries(&self) -> Vec<Expiry> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    fn problem(&self) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).problem.clone()
    }

    fn reload(&self, look: Look, make: impl FnOnce() -> anyhow::Result<(T, Vec<Expiry>)>) -> Reloaded {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: what changes while they are read shows the next time.
        let seen = look_at(&self.paths);
        if look == Look::IfChanged && seen == last.seen {
            return Reloaded::Unchanged;
        }
        last.seen = seen;
        match make() {
            Ok((value, expiries)) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = (Arc::new(value), expiries);
                last.problem = None;
                Reloaded::Loaded
            }
            Err(error) => {
                let problem = format!("{error:#}");
                last.problem = Some(problem.clone());
                Reloaded::Failed(problem)
            }
        }
    }
}

/// The listening side of TLS connections.
pub struct Server {
    files: ServerFiles,
    kept: Kept<Listening>,
    changes: watch::Sender<u64>,
    peers: Arc<Peers>,
}

struct Listening {
    config: Arc<ServerConfig>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Server {
    /// Reads the files.
    pub fn load(files: ServerFiles) -> anyhow::Result<Server> {
        let mut paths = vec![files.own.certificates.clone(), files.own.key.clone()];
        paths.extend(files.client_authorities.clone());
        paths.extend(files.revocations.iter().cloned());
        let peers = Arc::default();
        let kept = Kept::load(paths, || listening(&files, &peers))?;
        Ok(Server { files, kept, changes: watch::channel(0).0, peers })
    }

    /// For one connection: with the certificate and the lists that are in force now.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.kept.current().config.clone())
    }

    /// Makes the handshake, in the time that it may take.
    pub async fn accept(&self, socket: TcpStream, within: Duration) -> io::Result<server::TlsStream<TcpStream>> {
        let accepting = self.acceptor().accept(socket);
        tokio::time::timeout(within, accepting).await.map_err(|_| late(within))?
    }

    /// Counts the times that new files came into force.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Why a client that is connected would not be let in any more: its certificate was revoked, or its authority is gone. That it
    /// has expired since is no reason to cut its connection.
    #[must_use]
    pub fn no_longer_believes(&self, chain: &[CertificateDer<'static>]) -> Option<String> {
        no_longer(self, chain)
    }

    /// The same as [`Server::accept`], with what completes when the client is believed no more: a list revoked its certificate, or its
    /// authority is gone.
    pub async fn accept_watched(
        self: &Arc<Self>,
        socket: TcpStream,
        within: Duration,
    ) -> io::Result<(server::TlsStream<TcpStream>, Lost)> {
        let changes = self.changes();
        let stream = self.accept(socket, within).await?;
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
        Ok((stream, lost(Arc::clone(self), changes, chain)))
    }
}

impl Believes for Server {
    fn believes(&self, chain: &[CertificateDer<'static>]) -> Result<(), Error> {
        let current = self.kept.current();
        let (Some(clients), Some((first, others))) = (&current.clients, chain.split_first()) else { return Ok(()) };
        clients.verify_client_cert(first, others, UnixTime::now()).map(drop)
    }
}

fn late(within: Duration) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("the TLS handshake took over {} s", within.as_secs()))
}

impl Material for Server {
    fn reload(&self, look: Look) -> Reloaded {
        let reloaded = self.kept.reload(look, || listening(&self.files, &self.peers));
        if reloaded == Reloaded::Loaded {
            self.changes.send_modify(|n| *n += 1);
        }
        reloaded
    }

    fn expiries(&self) -> Vec<Expiry> {
        [self.kept.expiries(), self.peers.expiries()].concat()
    }

    fn problem(&self) -> Option<String> {
        self.kept.problem()
    }
}

/// The connecting side of TLS connections.
pub struct Client {
    files: ClientFiles,
    kept: Kept<Connecting>,
    changes: watch::Sender<u64>,
    peers: Arc<Peers>,
}

struct Connecting {
    config: Arc<ClientConfig>,
    servers: Arc<ServerOf>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Client {
    /// Reads the files.
    pub fn load(files: ClientFiles) -> anyhow::Result<Client> {
        let mut paths = vec![files.authorities.clone()];
        paths.extend(files.own.iter().flat_map(|own| [own.certificates.clone(), own.key.clone()]));
        paths.extend(files.revocations.iter().cloned());
        let peers = Arc::default();
        let kept = Kept::load(paths, || connecting(&files, &peers))?;
        Ok(Client { files, kept, changes: watch::channel(0).0, peers })
    }

    /// What is in force now, for one connection.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        self.kept.current().config.clone()
    }

    /// The name that the server's certificate must have.
    #[must_use]
    pub fn name(&self) -> ServerName<'static> {
        self.files.name.clone()
    }

    /// Makes the handshake. How long it may take is its caller's to say.
    pub async fn connect(&self, socket: TcpStream) -> io::Result<client::TlsStream<TcpStream>> {
        TlsConnector::from(self.config()).connect(self.name(), socket).await
    }

    /// The same, with what completes when the server is believed no more: a list revoked its certificate, or its authority is gone.
    pub async fn connect_watched(
        self: &Arc<Self>,
        socket: TcpStream,
    ) -> io::Result<(client::TlsStream<TcpStream>, Lost)> {
        let changes = self.changes.subscribe();
        let stream = self.connect(socket).await?;
        let chain = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
        Ok((stream, lost(Arc::clone(self), changes, chain)))
    }
}

impl Believes for Client {
    fn believes(&self, chain: &[CertificateDer<'static>]) -> Result<(), Error> {
        let Some((first, others)) = chain.split_first() else { return Ok(()) };
        let servers = self.kept.current().servers.clone();
        servers.verify_server_cert(first, others, &self.files.name, &[], UnixTime::now()).map(drop)
    }
}

impl Material for Client {
    fn reload(&self, look: Look) -> Reloaded {
        let reloaded = self.kept.reload(look, || connecting(&self.files, &self.peers));
        if reloaded == Reloaded::Loaded {
            self.changes.send_modify(|n| *n += 1);
        }
        reloaded
    }

    fn expiries(&self) -> Vec<Expiry> {
        [self.kept.expiries(), self.peers.expiries()].concat()
    }

    fn problem(&self) -> Option<String> {
        self.kept.problem()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let shown = &path.display().to_string();
    let of = || Said::of(&TlsText::Certificates { path: shown });
    let found = CertificateDer::pem_file_iter(path).map_err(unreadable).because(of)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable).because(of)?;
    ensure!(!found.is_empty(), Said::of(&TlsText::NoCertificate { path: shown }));
    Ok(found)
}

fn private_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let read = PrivateKeyDer::from_pem_file(path).map_err(unreadable);
    Ok(read.because(|| Said::of(&TlsText::PrivateKey { path: &path.display().to_string() }))?)
}

/// A PEM file that cannot be read.
fn unreadable(error: pem::Error) -> Said {
    match error {
        pem::Error::Io(error) => errors::io(&error),
        other => Said::of(&TlsText::Pem { words: &other.to_string() }),
    }
}

/// Authorities, and until when they are good.
fn authorities(path: &Path, expiries: &mut Vec<Expiry>) -> anyhow::Result<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path)? {
        expiries.push(expiry(Part::Authority, &authority).with_context(|| path.display().to_string())?);
        let added = roots.add(authority);
        added.because(|| Said::of(&TlsText::NoAuthority { path: &path.display().to_string() }))?;
    }
    Ok(Arc::new(roots))
}

fn lists(paths: &[PathBuf], expiries: &mut Vec<Expiry>) -> anyhow::Result<Vec<CertificateRevocationListDer<'static>>> {
    let mut all = Vec::new();
    for path in paths {
        let shown = &path.display().to_string();
        let of = || Said::of(&TlsText::Lists { path: shown });
        let found = CertificateRevocationListDer::pem_file_iter(path).map_err(unreadable).because(of)?;
        let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable).because(of)?;
        ensure!(!found.is_empty(), Said::of(&TlsText::NoList { path: shown }));
        for list in &found {
            expiries.push(next_list(list).because(of)?);
        }
        all.extend(found);
    }
    Ok(all)
}

/// The own chain; its first certificate counts.
fn own(
    files: &OwnFiles,
    expiries: &mut Vec<Expiry>,
) -> anyhow::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = certificates(&files.certificates)?;
    let first = chain.first().context("a chain has a certificate")?;
    expiries.push(expiry(Part::Certificate, first).with_context(|| files.certificates.display().to_string())?);
    Ok((chain, private_key(&files.key)?))
}

fn do_not_fit(files: &OwnFiles) -> Said {
    let (certificates, key) = (&files.certificates.display().to_string(), &files.key.display().to_string());
    Said::of(&TlsText::DoNotFit { certificates, key })
}

fn listening(files: &ServerFiles, peers: &Arc<Peers>) -> anyhow::Result<(Listening, Vec<Expiry>)> {
    let mut expiries = Vec::new();
    let (chain, key) = own(&files.own, &mut expiries)?;
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let (builder, clients) = match &files.client_authorities {
        None => (builder.with_no_client_auth(), None),
        Some(path) => {
            let roots = authorities(path, &mut expiries)?;
            let authorities = WebPkiClientVerifier::builder_with_provider(roots, provider())
                .with_crls(lists(&files.revocations, &mut expiries)?)
                .build()
                .because(|| Said::of(&TlsText::ClientAuthorities))?;
            let clients: Arc<dyn ClientCertVerifier> =
                Arc::new(ClientOf { authorities, party: files.clients.clone(), peers: peers.clone() });
            (builder.with_client_cert_verifier(clients.clone()), Some(clients))
        }
    };
    let mut config = builder.with_single_cert(chain, key).because(|| do_not_fit(&files.own))?;
    // A session that is taken up again would pass over the lists.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok((Listening { config: Arc::new(config), clients }, expiries))
}

fn connecting(files: &ClientFiles, peers: &Arc<Peers>) -> anyhow::Result<(Connecting, Vec<Expiry>)> {
    let mut expiries = Vec::new();
    let own = files.own.as_ref().map(|files| own(files, &mut expiries)).transpose()?;
    let roots = authorities(&files.authorities, &mut expiries)?;
    let authorities = WebPkiServerVerifier::builder_with_provider(roots, provider())
        .with_crls(lists(&files.revocations, &mut expiries)?)
        .build()
        .because(|| Said::of(&TlsText::ServerAuthorities))?;
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let servers = Arc::new(ServerOf { authorities, party: files.server.clone(), peers: peers.clone() });
    let builder = builder.dangerous().with_custom_certificate_verifier(servers.clone());
    let mut config = match (own, &files.own) {
        (Some((chain, key)), Some(files)) => builder.with_client_auth_cert(chain, key).because(|| do_not_fit(files))?,
        (None, _) | (_, None) => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Ok((Connecting { config: Arc::new(config), servers }, expiries))
}
