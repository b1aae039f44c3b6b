//! The switch's keys: read from the key store at the start, and again when the store changes.
//!
//! * `wanted`: what the configuration says.
//! * `prepared`: from a store's versions to keys that are ready for use.
//! * `masters`: acquirers' master keys, and the connections under each.
//! * `live`: all of them, which change while the switch runs.
//! * `periods`: how long each may still be used.

mod live;
mod masters;
mod periods;
mod prepared;
mod wanted;

pub use live::{Keys, KeysOf, Look, Nodes};
pub use masters::{MasterKeys, Masters};
pub use periods::{KeyNote, KeyPeriod, KeyPeriods, KeyView};
pub use wanted::{KeysOfIssuer, KeysSection, Wanted, WantedIssuer, WantedNode};
