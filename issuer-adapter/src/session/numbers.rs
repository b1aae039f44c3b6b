//! Numbers as a session counts them: of messages, and of time.

use std::time::Duration;

/// What DE37 carries of a message's number: twelve digits.
pub(super) fn key(id: u64) -> u64 {
    id % 1_000_000_000_000
}

/// A pause in milliseconds.
pub(super) fn ms(pause: Duration) -> u64 {
    u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
}
