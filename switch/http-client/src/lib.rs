//! The one HTTP client, for the command line, notices, webhooks and checkpoints.
//!
//! It follows no redirect, which would carry a token or a notice to an address that is not configured. A request in the clear
//! goes through no proxy of the environment. Connecting takes five seconds at most; the caller bounds the whole exchange.
#![forbid(unsafe_code)]

use kazasu_text::tls::TlsText;
use kazasu_text::{Because, Said, errors};
use kazasu_tls::OwnFiles;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use std::io::Read;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use ureq::RequestBuilder;
use ureq::tls::{Certificate, ClientCert, PrivateKey, TlsConfig};
use ureq::typestate::{WithBody, WithoutBody};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

/// This program's name in requests.
pub const AGENT: &str = concat!("kazasu/", env!("CARGO_PKG_VERSION"));

pub use ureq::http::Uri;

/// The most that connecting takes.
const CONNECT: Duration = Duration::from_secs(5);

/// The longest header of an answer of a server that is not ours, in bytes.
const MOST_HEADERS: usize = 16 * 1024;

/// Why an exchange did not take place, or broke off.
pub type SendError = Box<ureq::Error>;

/// How long an exchange may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From its beginning to its end. Without it, only a dead connection ends the exchange.
    pub whole: Option<Duration>,
    /// Reading the answer's body.
    pub body: Option<Duration>,
}

impl Limits {
    /// The whole exchange takes this long at most.
    #[must_use]
    pub const fn within(whole: Duration) -> Limits {
        Limits { whole: Some(whole), body: None }
    }
}

/// TLS towards one server or many: the trusted authorities, and the own certificate.
#[derive(Clone, Debug)]
pub struct Tls(TlsConfig);

impl Tls {
    /// Trusts the authorities of the PEM file, or the platform's when there is none, and shows `own` where it is given. Errors name the
    /// keys of the configuration's section `of`.
    pub fn of_switch(of: &str, authorities: Option<&Path>, own: Option<&OwnFiles>) -> anyhow::Result<Tls> {
        let trusted = match authorities {
            Some(path) => pem(path, &format!("{of}.ca"))?,
            None => rustls_native_certs::load_native_certs().certs,
        };
        let own = match own {
            None => None,
            Some(files) => {
                let name = format!("{of}.key");
                let unreadable = |error| of_key(&name, errors::unreadable(&files.key, &error));
                let text = zeroize::Zeroizing::new(std::fs::read(&files.key).map_err(unreadable)?);
                let no_key =
                    || of_key(&name, Said::of(&TlsText::PrivateKey { path: &files.key.display().to_string() }));
                let key = PrivateKey::from_pem(&text).because(no_key)?;
                let certificates = pem(&files.certificates, &format!("{of}.certificates"))?;
                Some(ClientCert::new_with_certs(&as_given(&certificates), key))
            }
        };
        Ok(Tls::made(&trusted, own))
    }

    /// Trusts the platform's authorities and those of the file. Errors name the keys of the configuration's section `of`.
    pub fn trusting(of: &str, authorities: Option<&Path>) -> anyhow::Result<Tls> {
        let mut trusted = rustls_native_certs::load_native_certs().certs;
        if let Some(path) = authorities {
            trusted.extend(pem(path, &format!("{of}.authorities"))?);
        }
        anyhow::ensure!(!trusted.is_empty(), Said::of(&TlsText::NoTrust { section: of }));
        Ok(Tls::made(&trusted, None))
    }

    fn made(trusted: &[CertificateDer<'static>], own: Option<ClientCert>) -> Tls {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = TlsConfig::builder().root_certs(as_given(trusted).into()).client_cert(own);
        Tls(config.unversioned_rustls_crypto_provider(provider).build())
    }
}

fn as_given(certificates: &[CertificateDer<'static>]) -> Vec<Certificate<'static>> {
    certificates.iter().map(|one| Certificate::from_der(one.as_ref()).to_owned()).collect()
}

/// The certificates of a PEM file that the configuration's `key` names.
fn pem(path: &Path, key: &str) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let shown = &path.display().to_string();
    let unreadable = |error| match error {
        pem::Error::Io(error) => of_key(key, errors::unreadable(path, &error)),
        other => of_key(key, Said::of(&TlsText::Pem { words: &other.to_string() })),
    };
    let found = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    anyhow::ensure!(!found.is_empty(), of_key(key, Said::of(&TlsText::NoCertificate { path: shown })));
    Ok(found)
}

/// A problem of a file that a key of the configuration names.
fn of_key(key: &str, problem: Said) -> Said {
    Said::of(&TlsText::OfKey { key, problem: &problem })
}

/// Leads every name to one address: the name of a certificate need not be known to the machine's resolver.
#[derive(Debug)]
struct To(String);

impl Resolver for To {
    fn resolve(
        &self,
        _: &ureq::http::Uri,
        _: &ureq::config::Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut found = self.empty();
        self.0.to_socket_addrs()?.take(16).for_each(|addr| found.push(addr));
        if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) }
    }
}

/// Says whether requests may go to an address.
pub type Allowed = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// Resolves a name once, and refuses it when one of its addresses is not allowed. The connection is made to an address of that one
/// answer, so that a name cannot lead to another address after it was looked at.
struct Guarded(Allowed);

impl std::fmt::Debug for Guarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Guarded")
    }
}

/// How an error says that an address is not allowed.
const NOT_ALLOWED: &str = "its address is in a network that is not allowed";

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &ureq::http::Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = DefaultResolver::default().resolve(uri, config, timeout)?;
        if found.iter().any(|addr| !(self.0)(addr.ip())) {
            return Err(ureq::Error::Io(std::io::Error::new(std::io::ErrorKind::PermissionDenied, NOT_ALLOWED)));
        }
        Ok(found)
    }
}

/// Whether an exchange did not take place because the address is not allowed.
#[must_use]
pub fn is_not_allowed(error: &SendError) -> bool {
    matches!(&**error, ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied
        && error.to_string() == NOT_ALLOWED)
}

/// Why an exchange did not take place, as far as it is told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// It took too long.
    TimedOut,
    /// The name of the server is not known.
    NameUnknown,
    /// Another one.
    Other,
}

/// Why an exchange did not take place.
#[must_use]
pub fn cause(error: &SendError) -> Cause {
    match &**error {
        ureq::Error::Timeout(_) => Cause::TimedOut,
        ureq::Error::HostNotFound => Cause::NameUnknown,
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => Cause::TimedOut,
        _ => Cause::Other,
    }
}

/// Sends requests and waits for answers, on the thread of its caller.
pub struct Client {
    agent: ureq::Agent,
}

impl Client {
    /// Without `tls` everything is sent in the clear.
    #[must_use]
    pub fn new(limits: Limits, tls: Option<Tls>) -> Client {
        Client { agent: Self::config(limits, tls).new_agent() }
    }

    /// The same for every name, at one address (host and port).
    #[must_use]
    pub fn at(addr: String, limits: Limits, tls: Tls) -> Client {
        let config = Self::config(limits, Some(tls));
        Client { agent: ureq::Agent::with_parts(config, DefaultConnector::default(), To(addr)) }
    }

    /// To allowed addresses only, and through no proxy, which would resolve names itself.
    #[must_use]
    pub fn guarded(limits: Limits, tls: Option<Tls>, allowed: Allowed) -> Client {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(AGENT)
            .proxy(None)
            .max_response_header_size(MOST_HEADERS)
            .timeout_connect(Some(limits.whole.map_or(CONNECT, |whole| whole.min(CONNECT))))
            .timeout_global(limits.whole)
            .timeout_recv_body(limits.body);
        let config = match tls {
            Some(Tls(tls)) => config.tls_config(tls),
            None => config,
        };
        Client { agent: ureq::Agent::with_parts(config.build(), DefaultConnector::default(), Guarded(allowed)) }
    }

    fn config(limits: Limits, tls: Option<Tls>) -> ureq::config::Config {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(AGENT)
            .timeout_connect(Some(limits.whole.map_or(CONNECT, |whole| whole.min(CONNECT))))
            .timeout_global(limits.whole)
            .timeout_recv_body(limits.body);
        let config = match tls {
            Some(Tls(tls)) => config.tls_config(tls),
            None => config.proxy(None),
        };
        config.build()
    }

    /// Posts a body, or gets when there is none.
    pub fn send(&self, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Reply, SendError> {
        let method = if body.is_some() { Method::Post } else { Method::Get };
        self.send_as(method, url, (headers, body))
    }

    /// Sends a request with headers, and a body where the method takes one.
    pub fn send_as(
        &self,
        method: Method,
        url: &str,
        (headers, body): (&[(&str, &str)], Option<&[u8]>),
    ) -> Result<Reply, SendError> {
        let with_body = |request: RequestBuilder<WithBody>| {
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            request.send(body.unwrap_or_default())
        };
        let without = |request: RequestBuilder<WithoutBody>| {
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).call()
        };
        let response = match method {
            Method::Get => without(self.agent.get(url)),
            Method::Delete => without(self.agent.delete(url)),
            Method::Post => with_body(self.agent.post(url)),
            Method::Put => with_body(self.agent.put(url)),
        };
        Ok(Reply { response: response.map_err(Box::new)? })
    }
}

/// The method of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Asks.
    Get,
    /// Sends a body.
    Post,
    /// Sets what the address names.
    Put,
    /// Removes what the address names.
    Delete,
}

/// An answer whose body has not been read yet.
pub struct Reply {
    response: ureq::http::Response<ureq::Body>,
}

impl Reply {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header whose value is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Reads at most `most` bytes of the body, so that the connection can be used again. What the body says does not matter, nor where
    /// it stops.
    pub fn pass_over(mut self, most: u64) {
        let _ = std::io::copy(&mut self.response.body_mut().as_reader().take(most), &mut std::io::sink());
    }

    /// The body, which must not be longer than `most` bytes.
    pub fn bytes(mut self, most: u64) -> anyhow::Result<Vec<u8>> {
        Ok(self.response.body_mut().with_config().limit(most).read_to_vec()?)
    }

    /// The body as a text of at most `most` bytes.
    pub fn text(&mut self, most: u64) -> anyhow::Result<String> {
        Ok(self.response.body_mut().with_config().limit(most).read_to_string()?)
    }

    /// The body as it comes, however long.
    pub fn reader(&mut self) -> impl Read + '_ {
        self.response.body_mut().as_reader()
    }
}
