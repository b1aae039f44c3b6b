//! TLS for every connection: acquirers', issuers', HTTP, and the simulators' ends of them.
//!
//! * [`Server`] and [`Client`]: one side's certificate, key, authorities and revocation lists, read from files. [`Material`] reads them
//!   again when they change; a reading that fails leaves the old ones in force. Open connections go on as they began, unless their peer
//!   is no longer admitted ([`Lost`]).
//! * [`Party`]: the one party that a side accepts, by fingerprint or name.
//! * [`TryStream`], [`LazyStream`], [`BlockingStream`]: the same connection with and without TLS, for tasks that own their socket, for
//!   servers that must not wait for a handshake, and for threads.
//!
//! The cryptography is rustls with ring. This crate knows no message and no party of the switch.
#![forbid(unsafe_code)]

mod certificate;
mod material;
mod party;
mod peers;
mod standing;
mod stream;
#[cfg(test)]
mod tests;

pub use certificate::{Expiry, Fingerprint, FingerprintError, Part, Shown};
pub use material::{Client, ClientFiles, Look, Material, OwnFiles, Reloaded, Server, ServerFiles};
pub use party::Party;
pub use standing::Lost;
pub use stream::{BlockingStream, LazyStream, TryStream};

/// Is the host of `host:port` this machine itself? A name other than `localhost` may lead anywhere.
#[must_use]
pub fn is_loopback(addr: &str) -> bool {
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
