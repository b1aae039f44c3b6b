//! The one place where wall-clock time and randomness enter the switch.
#![allow(clippy::disallowed_methods, reason = "this file is where the clock and the random source are read")]

use crate::Reading;
use kazasu_schemas::jst::Millis;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Now, in milliseconds since 1970. A clock before 1970 reads as 1970.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    #[cfg(debug_assertions)]
    let now = now.saturating_add(wrong_by());
    Millis(now.saturating_add(AHEAD.load(Ordering::Relaxed)))
}

/// By how much this process's days are ahead of the calendar's, milliseconds.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// A demonstration ends a day in a minute, and its next one begins when it is played again: its own clock is put ahead to it.
#[cfg(feature = "demo")]
pub fn play_ahead_to(at: Millis) {
    AHEAD.fetch_max(at.0.saturating_sub(now().0), Ordering::Relaxed);
}

/// Tests of the whole program set its wall clock wrong: by as many milliseconds as the file says that the environment names. Not in
/// a program that was built for use.
#[cfg(debug_assertions)]
fn wrong_by() -> i64 {
    static FILE: OnceLock<Option<std::ffi::OsString>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("KAZASU_TEST_CLOCK")).as_ref();
    file.and_then(|file| std::fs::read_to_string(file).ok()?.trim().parse().ok()).unwrap_or(0)
}

/// Both clocks at this moment: what decides follows the wall clock only as far as the other agrees.
#[must_use]
pub fn reading() -> Reading {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let monotonic = BEGIN.get_or_init(Instant::now).elapsed();
    Reading { wall: now(), monotonic }
}

/// Random bytes from the operating system.
pub fn random_bytes(n: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![0; n];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the operating system gives no random bytes: {e}"))?;
    Ok(bytes)
}
