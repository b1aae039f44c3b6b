//! Ports that the switch listens on.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted. In a burst the kernel drops those beyond it, and their peers try again a second later. It is
/// also bounded by the system (`net.core.somaxconn`).
const BACKLOG: u32 = 4_096;

/// The action when a port is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PortInUse {
    /// It is an error.
    #[default]
    Fail,
    /// Take any other; only the demo does.
    TakeAnother,
}

/// Binds an address, or does what is said when its port is in use.
pub async fn bind(addr: &str, in_use: PortInUse) -> std::io::Result<TcpListener> {
    match listen(addr).await {
        Err(error) if in_use == PortInUse::TakeAnother && error.kind() == ErrorKind::AddrInUse => {
            listen("127.0.0.1:0").await
        }
        bound => bound,
    }
}

/// Listens on the first address of a name that can be bound.
async fn listen(addr: &str) -> std::io::Result<TcpListener> {
    let mut problem = Error::new(ErrorKind::InvalidInput, "the name has no address");
    for addr in tokio::net::lookup_host(addr).await? {
        match listen_on(addr) {
            Ok(listener) => return Ok(listener),
            Err(error) => problem = error,
        }
    }
    Err(problem)
}

fn listen_on(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}
