//! Puts the switch together: [`config`] reads and checks the configuration, [`Switch`] starts the parts and ends them in the right order,
//! and [`telemetry`] is its metrics.
#![forbid(unsafe_code)]

pub mod config;
mod switch;
pub mod telemetry;

pub use kazasu_pages::{Means, SignInLinks};
pub use switch::{DataLock, InUse, Sharing, Switch, engine_config, link_import, lock, services};
