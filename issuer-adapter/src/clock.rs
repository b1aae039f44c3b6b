//! The one place in this crate that reads the wall clock. State machines never call it; programs pass it in.

use kazasu_schemas::jst::Millis;

/// The wall clock, for labels (DE7, journal lines) and never for time-outs.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the entry point where time comes into this crate's programs")]
pub fn wall_clock() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
