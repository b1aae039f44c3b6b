//! Readable scenarios: who taps where, and what must come back.

mod file;
mod play;

pub use file::Scenario;
pub use play::{Difference, Outcome, play};
