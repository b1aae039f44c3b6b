//! The one place where this program reads the wall clock.
#![allow(clippy::disallowed_methods, reason = "this file is where the clock is read")]

use kazasu_schemas::jst::Millis;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since 1970.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
