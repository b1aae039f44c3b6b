//! The acquirers' side: listeners, connections, sign-on, keys and MACs. Wire formats end here: the core gets typed requests.

mod connection;
mod inbound;
mod listener;
mod outbound;
mod session;

pub use connection::ConnectionLimits;
pub use inbound::REASONS;
pub use listener::{Listener, ListenerConfig, ListenerContext};
pub use session::{Acquirer, AcquirerConfig, Acquirers};
