//! Pauses between attempts that fail: each is twice as long as the one before, up to the longest, and the first again once it has
//! gone well for a while.
//!
//! Nothing here waits, reads a clock or draws a random number: how often it failed, how long it went well and what to spread
//! pauses by come in as arguments.

use std::time::Duration;

/// Failures after which even the longest pause that there is has been reached, from a nanosecond on.
const ENOUGH: u32 = 96;

/// The pause before the next attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    calm: Duration,
    failures: u32,
}

impl Backoff {
    /// The first pause, which doubles with each failure in a row, and the longest.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Backoff { first, longest, calm: Duration::MAX, failures: 0 }
    }

    /// A failure after a success of longer than this is a new trouble: it begins with the first pause.
    #[must_use]
    pub const fn calm(self, calm: Duration) -> Self {
        Backoff { calm, ..self }
    }

    /// The longest pause.
    #[must_use]
    pub const fn longest(&self) -> Duration {
        self.longest
    }

    /// The pause after so many failures in a row, counted from 1: for who counts them.
    #[must_use]
    pub fn pause(&self, failures: u32) -> Duration {
        let mut pause = self.first;
        for _ in 1..failures.min(ENOUGH) {
            if pause >= self.longest {
                break;
            }
            pause = pause.saturating_mul(2);
        }
        pause.min(self.longest)
    }

    /// The same and, by a random byte, up to a fifth more: what failed together does not come back together.
    #[must_use]
    pub fn spread(&self, failures: u32, random: u8) -> Duration {
        let pause = self.pause(failures);
        pause.saturating_add((pause / (5 * 255)).saturating_mul(u32::from(random)))
    }

    /// It has failed again: the pause before the next attempt.
    pub fn failed(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.pause(self.failures)
    }

    /// It has failed again, after it went well for so long.
    pub fn failed_after(&mut self, well: Duration) -> Duration {
        if well > self.calm {
            self.works();
        }
        self.failed()
    }

    /// It works: the next failure is the first one.
    pub fn works(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_again_when_it_works() {
        let mut backoff = Backoff::new(Duration::from_millis(200), SECOND * 5);
        let pauses: Vec<u128> = (0..7).map(|_| backoff.failed().as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        backoff.works();
        assert_eq!(backoff.failed().as_millis(), 200);
        assert_eq!([0, 1, 2, u32::MAX].map(|n| backoff.pause(n).as_millis()), [200, 200, 400, 5_000]);
    }

    #[test]
    fn what_went_well_for_long_is_a_new_trouble() {
        let mut backoff = Backoff::new(SECOND, SECOND * 60).calm(SECOND * 10);
        let mut after = |well: u32| backoff.failed_after(SECOND * well).as_secs();
        assert_eq!([after(0), after(0), after(10), after(11), after(0)], [1, 2, 4, 1, 2]);
        // Without a word about it, no time is long enough.
        let mut backoff = Backoff::new(SECOND, SECOND * 60);
        assert_eq!([backoff.failed_after(Duration::MAX), backoff.failed_after(Duration::MAX)], [SECOND, SECOND * 2]);
    }

    #[test]
    fn durations_at_their_bounds_are_no_trouble() {
        assert_eq!(Backoff::new(Duration::from_nanos(1), Duration::MAX).pause(u32::MAX), Duration::MAX);
        assert_eq!(Backoff::new(Duration::MAX, Duration::MAX).spread(7, 255), Duration::MAX);
        assert_eq!(Backoff::new(Duration::ZERO, SECOND).pause(u32::MAX), Duration::ZERO);
        assert_eq!(Backoff::new(SECOND * 2, SECOND).pause(1), SECOND);
    }

    proptest! {
        #[test]
        fn no_pause_is_above_the_longest_or_shorter_than_the_one_before(
            first in 1_u64..100_000, more in 0_u64..100_000_000, random in any::<u8>(), wells in prop::collection::vec(0_u64..100, 1..60),
        ) {
            let (first, longest) = (Duration::from_millis(first), Duration::from_millis(first + more));
            let calm = Duration::from_millis(50);
            let mut backoff = Backoff::new(first, longest).calm(calm);
            let mut before = Duration::ZERO;
            for well in wells.into_iter().map(Duration::from_millis) {
                let pause = backoff.failed_after(well);
                let expected = if well > calm || before.is_zero() { first } else { (before * 2).min(longest) };
                prop_assert_eq!(pause, expected);
                prop_assert!(pause >= first && pause <= longest);
                before = pause;
            }
            for failures in 1..60 {
                let (pause, next) = (backoff.pause(failures), backoff.pause(failures + 1));
                prop_assert!(pause <= next && next <= longest);
                prop_assert!(pause < next || pause == longest, "it grows until it is the longest");
                let spread = backoff.spread(failures, random);
                prop_assert!(pause <= spread && spread <= pause + pause / 5);
            }
            prop_assert_eq!(backoff.pause(60), longest);
        }
    }
}
