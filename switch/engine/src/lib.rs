//! The engine: one thread decides events in order, another one commits the decisions. While a batch is being made durable,
//! the next is decided; nothing leaves before its record is durable. A node that does not lead follows the journal on the
//! same thread, with the same state, and forwards requests to the leader.
//!
//! [`Engine`] is the handle that connections, imports and the API hold. The queue in front of the core is bounded by
//! admission: beyond the limit a request is refused at once (91) instead of waiting without end.

mod alarm;
pub mod clock;
mod commit;
mod context;
mod core_loop;
mod handle;
mod health;
mod inbound;
mod keeper;
mod replica;
mod reply;
mod start;
mod surroundings;
pub mod tasks;
mod time;
mod timely;
pub mod trail;
mod waiting;
mod writer;

pub use handle::Engine;
pub use health::{Health, Role};
pub use inbound::{CommandError, Inbound};
pub use keeper::{ClockRules, Doubt, Keeper, Reading, Suspect};
pub use reply::{
    Asked, Authenticity, ConnectionHandle, ConnectionOut, Origin, Reply, ReplyBody, SignedOn, send_by_connection,
};
pub use surroundings::{EngineConfig, Forwarder, IssuerSink, NoForwarder, Surroundings};
pub use timely::UNTIMELY;
