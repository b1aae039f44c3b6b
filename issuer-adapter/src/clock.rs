//! The one place in this crate that reads the wall clock and draws random numbers. State machines never call it; programs pass it in.

use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::Nonce;

/// The wall clock, for labels (DE7, journal lines) and never for time-outs.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the entry point where time comes into this crate's programs")]
pub fn wall_clock() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A number from the system's random source that is used once.
#[allow(clippy::disallowed_methods, reason = "the entry point where randomness comes into this crate's programs")]
pub fn nonce() -> anyhow::Result<Nonce> {
    let mut bytes = [0; Nonce::LEN];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the operating system gives no random bytes: {e}"))?;
    Ok(Nonce::new(bytes))
}
