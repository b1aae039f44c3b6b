//! Several nodes on one store. Each terminates acquirers' connections; one leads and decides; the others follow the journal and pass
//! on what they are asked.
//!
//! * `channel`: an authenticated, encrypted connection between two nodes.
//! * `identity`: the keys that it is made with.
//! * `message`: what they say on it.
//! * `peers`: the leader's side. `forward`: the other side.
//! * `watch`: reports to the store and decides when to try to lead. It decides nothing that must be correct: the store's
//!   epoch does that, and needs no clock.

mod channel;
mod forward;
mod hand_over;
mod identity;
mod message;
mod peers;
mod watch;

pub use forward::LeaderForwarder;
pub use hand_over::{able, hand_over};
pub use identity::{ClusterKey, NodeKeys, PublicKeys, new_pair, public_of};
pub use peers::Peers;
pub use watch::Watched;
pub use watch::{Timing, Watcher};

use kazasu_store::Node;

/// The node that questions are to go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The epoch of its lead.
    pub epoch: u64,
    /// Its address.
    pub node: Node,
}
