//! Ports that the switch listens on.

use tokio::net::TcpListener;

/// What to do when a port is in use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PortInUse {
    /// It is an error.
    #[default]
    Fail,
    /// Take any other; only the demo does.
    TakeAnother,
}

/// Binds an address, or does what is said when its port is in use.
pub(crate) async fn bind(addr: &str, in_use: PortInUse) -> std::io::Result<TcpListener> {
    match TcpListener::bind(addr).await {
        Err(error) if in_use == PortInUse::TakeAnother && error.kind() == std::io::ErrorKind::AddrInUse => {
            TcpListener::bind("127.0.0.1:0").await
        }
        bound => bound,
    }
}
