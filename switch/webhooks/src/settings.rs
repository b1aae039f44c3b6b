//! The settings of deliveries.

use super::target::Networks;
use kazasu_schemas::backoff::Backoff;
use std::path::PathBuf;
use std::time::Duration;

/// The settings of deliveries.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Networks that are not public and that events may go to.
    pub networks: Networks,
    /// A PEM file of authorities that are trusted besides the platform's own.
    pub authorities: Option<PathBuf>,
    /// The longest time of one attempt.
    pub timeout: Duration,
    /// The pause after the first failed attempt; it doubles each time.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// An endpoint that takes nothing for so long is late: people are warned.
    pub warn_after: Duration,
    /// An endpoint that takes nothing for so long is failing. It keeps its cursor, and is tried at the longest pause.
    pub failing_after: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            networks: Networks::default(),
            authorities: None,
            timeout: Duration::from_secs(10),
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_secs(3_600),
            warn_after: Duration::from_secs(3_600),
            failing_after: Duration::from_secs(3 * 24 * 3_600),
        }
    }
}

impl Settings {
    pub(crate) fn backoff(&self) -> Backoff {
        Backoff::new(self.first_pause, self.longest_pause)
    }
}
