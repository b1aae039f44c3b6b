//! The acquirers' side: listeners, links, sign-on, keys and MACs. Wire formats end here: the core gets typed requests.

mod inbound;
mod link;
mod listener;
mod outbound;
mod session;

pub use link::LinkLimits;
pub use listener::{Listener, ListenerConfig, TlsFiles};
pub use session::{Acquirer, AcquirerConfig, Acquirers, InstallKeys};
