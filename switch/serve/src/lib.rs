//! Puts the switch together: [`config`] reads and checks the configuration, [`Switch`] starts the parts and ends them in the right order,
//! and [`telemetry`] is its metrics.
#![forbid(unsafe_code)]

pub mod causes;
pub mod config;
mod lock;
mod switch;
pub mod telemetry;

pub use kazasu_pages::{Means, SignInLinks};
pub use lock::{DataLock, InUse, lock};
pub use switch::{Sharing, Switch, engine_config, link_import, services};
