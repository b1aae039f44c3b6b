//! The acquirers' side: listeners, links, sign-on, keys and MACs. Wire formats end here: the core gets typed requests.

mod inbound;
mod link;
mod listener;
mod outbound;
mod session;

pub(crate) use inbound::REASONS;
pub use link::LinkLimits;
pub use listener::{Listener, ListenerConfig, ListenerContext, TlsFiles};
pub use session::{Acquirer, AcquirerConfig, Acquirers};
