//! Several nodes on one store. Each terminates acquirers' connections; one leads and decides; the others follow the journal and pass
//! on what they are asked.
//!
//! * `channel`: an authenticated, encrypted connection between two nodes.
//! * `message`: what they say on it.
//! * `peers`: the leader's side. `forward`: the other side.
//! * `watch`: reports to the store and decides when to try to lead. It decides nothing that must be correct: the store's
//!   epoch does that, and needs no clock.

mod channel;
mod forward;
mod hand_over;
mod message;
mod peers;
mod watch;

pub use channel::ClusterKey;
pub(crate) use channel::new_pair;
pub use forward::LeaderForwarder;
pub(crate) use hand_over::{able, hand_over};
pub use peers::Peers;
pub(crate) use watch::Watched;
pub use watch::{Timing, Watcher};

use kazasu_store::Node;

/// The node that questions are to go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) epoch: u64,
    pub(crate) node: Node,
}
