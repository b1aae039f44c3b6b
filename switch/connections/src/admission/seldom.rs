//! Log lines that a stranger can cause: at most one in a second, which tells how many were left out.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The shortest time between two lines.
const PAUSE: Duration = Duration::from_secs(1);

/// Lines of one kind.
#[derive(Default)]
pub struct Seldom(Mutex<Lines>);

#[derive(Default)]
struct Lines {
    last: Option<Instant>,
    untold: u64,
}

impl Seldom {
    /// Some when a line may be written now: how many were left out since the last one.
    pub fn one_more(&self) -> Option<u64> {
        self.one_more_at(Instant::now())
    }

    fn one_more_at(&self, now: Instant) -> Option<u64> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
            lines.untold += 1;
            return None;
        }
        lines.last = Some(now);
        Some(std::mem::take(&mut lines.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_in_a_second_tells_how_many_were_left_out() {
        let (lines, begin) = (Seldom::default(), Instant::now());
        let at = |ms| lines.one_more_at(begin + Duration::from_millis(ms));
        assert_eq!(
            [at(0), at(1), at(999), at(1_000), at(1_001), at(5_000)],
            [Some(0), None, None, Some(2), None, Some(1)]
        );
    }
}
