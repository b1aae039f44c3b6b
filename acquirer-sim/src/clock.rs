//! The one place where this program reads the wall clock and random numbers.
#![allow(clippy::disallowed_methods, reason = "this file is where the clock and the random source are read")]

use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::Nonce;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since 1970.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The first of `room` numbers that no other run in this process gets: STANs and references of runs that follow each other
/// within a second must differ.
#[must_use]
pub fn unused_numbers(room: u64) -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_max(u64::try_from(now().0).unwrap_or(0), Ordering::Relaxed);
    NEXT.fetch_add(room, Ordering::Relaxed)
}

/// A nonce from the operating system.
pub fn nonce() -> anyhow::Result<Nonce> {
    let mut bytes = [0; Nonce::LEN];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the operating system gives no random bytes: {e}"))?;
    Ok(Nonce::new(bytes))
}
