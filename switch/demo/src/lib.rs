//! `kazasu demo`: a town on this machine. Issuers, switch and acquirers are the real programs and talk over real sockets;
//! they only share a process. [`sample`] makes the town's files.
#![forbid(unsafe_code)]

pub mod agree;
mod args;
mod day;
mod folder;
mod language;
mod play;
mod portal;
mod progress;
mod relief;
pub mod sample;
mod sign_in;
mod stop;
mod summary;
mod town;

pub use args::DemoArgs;
pub use play::run;
pub use town::DoesNotAddUp;
