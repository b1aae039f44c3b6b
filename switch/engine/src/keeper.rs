//! The time that decides. The wall clock is followed only as far as a monotonic clock agrees with it: a wall clock that jumps, or one
//! that is far from the last record when a process begins, is not believed until a person says that it is right.
//!
//! No clock is read here: the caller brings both clocks' readings. What is given never goes back. It never stands still either:
//! where the wall clock has been found to be behind, time goes on at half the speed until the wall clock has caught up.

use kazasu_schemas::jst::Millis;
use std::time::Duration;

/// Both clocks at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The wall clock's time.
    pub wall: Millis,
    /// Time since some moment in this process's life, by a clock that no person sets.
    pub monotonic: Duration,
}

/// The times that are believed without a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockRules {
    /// The wall clock may be so far from the monotonic clock.
    pub jump: Duration,
    /// A process may begin so long after the last record.
    pub restart: Duration,
}

impl Default for ClockRules {
    fn default() -> Self {
        ClockRules { jump: Duration::from_secs(5 * 60), restart: Duration::from_secs(18 * 3_600) }
    }
}

/// The doubt about the wall clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// It has jumped forward.
    Ahead,
    /// It has jumped back, or is behind the last record.
    Behind,
    /// This process began long after the last record: the clock may be wrong, or nothing ran for so long.
    LongSilence,
}

impl Doubt {
    /// Its name for status, logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Doubt::Ahead => "wall_clock_ahead",
            Doubt::Behind => "wall_clock_behind",
            Doubt::LongSilence => "long_silence",
        }
    }
}

/// A wall clock that is not believed, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Suspect {
    /// The reason.
    pub doubt: Doubt,
    /// Its answer.
    pub wall: Millis,
    /// The time that decides instead.
    pub time: Millis,
}

impl std::fmt::Display for Suspect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (wall, time) = (self.wall.jst_text(), self.time.jst_text());
        let why = match self.doubt {
            Doubt::Ahead => "jumped forward",
            Doubt::Behind => "jumped back, or is behind the last record",
            Doubt::LongSilence => "is long after the last record",
        };
        write!(
            f,
            "clock_suspect: the wall clock {why}: it says {wall}, decided is by {time}; no day turns and nothing lapses until it is \
             set right, or a person confirms it: kazasu clock confirm --day {} --why …",
            self.wall.jst_day()
        )
    }
}

/// The last time that was known for sure.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Anchor {
    time: i64,
    monotonic: Duration,
    /// The wall clock must come close to this time again before it is believed; otherwise a gap up to the jump is enough.
    long_silence: bool,
}

/// Follows the clocks. Times inside are microseconds since 1970.
#[derive(Clone, Debug, Default)]
pub struct Keeper {
    rules: ClockRules,
    begun: bool,
    anchor: Option<Anchor>,
    /// The last time that was given, and when.
    given: Option<(i64, Duration)>,
    suspect: Option<Suspect>,
    /// The anchor before a confirmation, and the record that keeps it.
    confirmed: Option<(Anchor, u64)>,
}

/// The time for which an anchor serves while the clocks agree well.
const RENEW: Duration = Duration::from_secs(3_600);

fn micros(at: Millis) -> i64 {
    at.0.saturating_mul(1_000)
}

fn long(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl Keeper {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(rules: ClockRules) -> Self {
        Keeper { rules, ..Keeper::default() }
    }

    /// True once the wall clock has been compared with the journal.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// A process begins: how does its wall clock stand to the last record?
    pub fn begin(&mut self, reading: Reading, last: Option<Millis>) {
        self.begun = true;
        let wall = micros(reading.wall);
        let anchor = |time, long_silence| Anchor { time, monotonic: reading.monotonic, long_silence };
        let last = last.map(micros);
        self.anchor = Some(match last {
            Some(last) if wall.saturating_sub(last) > long(self.rules.restart) => anchor(last, true),
            Some(last) if last.saturating_sub(wall) > long(self.rules.jump) => anchor(last, false),
            Some(_) | None => anchor(wall, false),
        });
        self.given = last.map(|last| (last, reading.monotonic));
        self.confirmed = None;
        self.now(reading);
    }

    /// A record that another node has just written: its time is that node's, which decides.
    pub fn saw(&mut self, reading: Reading, at: Millis) {
        self.begun = true;
        self.anchor = Some(Anchor { time: micros(at), monotonic: reading.monotonic, long_silence: false });
        let before = self.given.map_or(i64::MIN, |(time, _)| time);
        self.given = Some((micros(at).max(before), reading.monotonic));
        self.confirmed = None;
        self.now(reading);
    }

    /// The time that decides.
    pub fn now(&mut self, reading: Reading) -> Millis {
        let wall = micros(reading.wall);
        let anchor =
            *self.anchor.get_or_insert(Anchor { time: wall, monotonic: reading.monotonic, long_silence: false });
        let elapsed = reading.monotonic.saturating_sub(anchor.monotonic);
        let expected = anchor.time.saturating_add(long(elapsed));
        let gap = wall.saturating_sub(expected);
        let doubt = if gap > long(self.rules.jump) {
            Some(if anchor.long_silence { Doubt::LongSilence } else { Doubt::Ahead })
        } else {
            (gap < -long(self.rules.jump)).then_some(Doubt::Behind)
        };
        let target = if doubt.is_some() { expected } else { wall };
        let given = self.advance(target, reading.monotonic);
        let time = Millis(given.div_euclid(1_000));
        self.suspect = doubt.map(|doubt| Suspect { doubt, wall: reading.wall, time });
        // A clock that is steered runs a little faster or slower for long: what was learnt long ago must not add up to a doubt.
        if doubt.is_none() && elapsed >= RENEW && gap.saturating_abs() <= long(self.rules.jump) / 10 {
            self.anchor = Some(Anchor { time: wall, monotonic: reading.monotonic, long_silence: false });
        }
        time
    }

    /// Never back; towards a target that is behind, at half the speed.
    fn advance(&mut self, target: i64, monotonic: Duration) -> i64 {
        let Some((last, since)) = self.given else {
            self.given = Some((target, monotonic));
            return target;
        };
        let slow = last.saturating_add(long(monotonic.saturating_sub(since)) / 2);
        let time = if target >= last { target } else { slow };
        if time > last {
            self.given = Some((time, monotonic));
        }
        time
    }

    /// The doubt about the wall clock, as of the last reading.
    #[must_use]
    pub fn suspect(&self) -> Option<Suspect> {
        self.suspect
    }

    /// A person says that the wall clock is right; record `seq` is to keep it.
    pub fn confirm(&mut self, reading: Reading, seq: u64) {
        let before = self.anchor.replace(Anchor {
            time: micros(reading.wall),
            monotonic: reading.monotonic,
            long_silence: false,
        });
        self.confirmed = before.map(|anchor| (anchor, seq));
        self.now(reading);
    }

    /// A lead begins again, and the journal ends with record `seq` of this time: a confirmation whose record was lost is none.
    pub fn resume(&mut self, reading: Reading, seq: u64, at: Millis) {
        if let Some((anchor, _)) = self.confirmed.take().filter(|(_, record)| *record > seq) {
            self.anchor = Some(anchor);
            self.given = Some((micros(at), reading.monotonic));
        }
        let late = self.given.is_none_or(|(time, _)| time < micros(at));
        if late {
            self.given = Some((micros(at), reading.monotonic));
        }
        self.now(reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: i64 = 1_795_000_000_000;
    const DAY: i64 = 86_400_000;
    const MINUTE: i64 = 60_000;

    fn reading(wall: i64, monotonic: i64) -> Reading {
        Reading { wall: Millis(NOON + wall), monotonic: Duration::from_millis(u64::try_from(monotonic).unwrap()) }
    }

    /// A keeper that began at noon, with the last record a second before.
    fn keeper() -> Keeper {
        let mut keeper = Keeper::new(ClockRules::default());
        keeper.begin(reading(0, 0), Some(Millis(NOON - 1_000)));
        assert_eq!(keeper.suspect(), None);
        keeper
    }

    fn doubt(keeper: &Keeper) -> Option<Doubt> {
        keeper.suspect().map(|suspect| suspect.doubt)
    }

    #[test]
    fn a_wall_clock_that_agrees_is_followed() {
        let mut keeper = keeper();
        for (wall, monotonic) in [(1_000, 1_000), (61_000, 60_000), (4 * MINUTE, 2 * MINUTE)] {
            assert_eq!(keeper.now(reading(wall, monotonic)), Millis(NOON + wall));
            assert_eq!(keeper.suspect(), None);
        }
    }

    #[test]
    fn sixty_days_for_three_seconds_change_nothing() {
        for jump in [6 * MINUTE, 3_600_000, DAY, 60 * DAY, 3_650 * DAY] {
            let mut keeper = keeper();
            for second in 0..3 {
                let at = second * 1_000;
                assert_eq!(keeper.now(reading(jump + at, at)), Millis(NOON + at), "{jump}");
                assert_eq!(doubt(&keeper), Some(Doubt::Ahead));
            }
            assert_eq!(keeper.now(reading(3_000, 3_000)), Millis(NOON + 3_000), "the clock is set right");
            assert_eq!(keeper.suspect(), None);
        }
    }

    #[test]
    fn a_clock_that_stays_ahead_is_believed_when_a_person_says_so() {
        let mut keeper = keeper();
        keeper.now(reading(DAY, 1_000));
        keeper.confirm(reading(DAY + 1_000, 2_000), 7);
        assert_eq!(keeper.now(reading(DAY + 2_000, 3_000)), Millis(NOON + DAY + 2_000));
        assert_eq!(keeper.suspect(), None);
        // The record was lost with its batch: nothing is confirmed.
        keeper.resume(reading(DAY + 3_000, 4_000), 6, Millis(NOON + 1_000));
        assert_eq!(doubt(&keeper), Some(Doubt::Ahead));
        assert_eq!(keeper.now(reading(DAY + 3_000, 4_000)), Millis(NOON + 4_000));
        // The next one is kept.
        keeper.confirm(reading(DAY + 4_000, 5_000), 7);
        keeper.resume(reading(DAY + 5_000, 6_000), 7, Millis(NOON + DAY + 4_000));
        assert_eq!(keeper.suspect(), None);
    }

    #[test]
    fn a_clock_that_goes_back_takes_no_time_back_and_stops_none() {
        let mut keeper = keeper();
        keeper.now(reading(10 * MINUTE, 10 * MINUTE));
        let set_back = |at: i64| reading(at - 60 * MINUTE, at);
        assert_eq!(keeper.now(set_back(11 * MINUTE)), Millis(NOON + 11 * MINUTE));
        assert_eq!(doubt(&keeper), Some(Doubt::Behind));
        // A person says that it is right: half the speed, until the wall clock has caught up.
        keeper.confirm(set_back(11 * MINUTE), 1);
        assert_eq!(keeper.now(set_back(21 * MINUTE)), Millis(NOON + 16 * MINUTE));
        assert_eq!(keeper.suspect(), None);
        assert_eq!(keeper.now(set_back(131 * MINUTE)), Millis(NOON + 71 * MINUTE));
        assert_eq!(keeper.now(set_back(132 * MINUTE)), Millis(NOON + 72 * MINUTE), "it has caught up");
    }

    #[test]
    fn a_small_step_back_only_slows_down() {
        let mut keeper = keeper();
        keeper.now(reading(1_000, 1_000));
        assert_eq!(keeper.now(reading(-1_000, 1_002)), Millis(NOON + 1_001));
        assert_eq!(keeper.suspect(), None);
        for at in 1_003..1_100 {
            keeper.now(reading(-1_000, at));
        }
        assert!(keeper.now(reading(-1_000, 1_102)) >= Millis(NOON + 1_048), "many short moments add up");
    }

    #[test]
    fn a_process_that_begins_long_after_the_last_record_waits_for_a_person() {
        let begun = |gap: i64| {
            let mut keeper = Keeper::new(ClockRules::default());
            keeper.begin(reading(gap, 0), Some(Millis(NOON)));
            (keeper.now(reading(gap + 1_000, 1_000)), doubt(&keeper))
        };
        for night in [0, 12 * 3_600_000, 18 * 3_600_000] {
            assert_eq!(begun(night), (Millis(NOON + night + 1_000), None));
        }
        for gap in [18 * 3_600_000 + 1, DAY, 60 * DAY] {
            assert_eq!(begun(gap), (Millis(NOON + 1_000), Some(Doubt::LongSilence)));
        }
        assert_eq!(begun(-3_600_000), (Millis(NOON + 1_000), Some(Doubt::Behind)));
        assert_eq!(begun(-60 * DAY).1, Some(Doubt::Behind));
        let mut keeper = Keeper::new(ClockRules::default());
        keeper.begin(reading(60 * DAY, 0), None);
        assert_eq!(keeper.suspect(), None, "a book without records has no time to be compared with");
    }

    #[test]
    fn a_node_that_followed_compares_its_clock_with_what_the_leader_wrote() {
        let take_over = |own: i64| {
            let mut keeper = Keeper::new(ClockRules::default());
            keeper.begin(reading(own, 0), Some(Millis(NOON)));
            keeper.saw(reading(own + 1_000, 1_000), Millis(NOON + 1_000));
            keeper.now(reading(own + 5_000, 5_000));
            doubt(&keeper)
        };
        assert_eq!((take_over(0), take_over(2 * MINUTE), take_over(-2 * MINUTE)), (None, None, None));
        assert_eq!((take_over(6 * MINUTE), take_over(DAY)), (Some(Doubt::Ahead), Some(Doubt::Ahead)));
        assert_eq!(take_over(-6 * MINUTE), Some(Doubt::Behind));
    }

    #[test]
    fn a_clock_that_is_steered_for_weeks_is_no_doubt_and_one_that_runs_twice_as_fast_is() {
        let mut steered = keeper();
        for hour in 1..=24 * 60 {
            let at = hour * 3_600_000;
            steered.now(reading(at + hour * 1_800, at));
            assert_eq!(steered.suspect(), None, "after {hour} hours");
        }
        let mut fast = keeper();
        for second in 0..700 {
            fast.now(reading(second * 2_000, second * 1_000));
        }
        assert_eq!(doubt(&fast), Some(Doubt::Ahead));
    }

    proptest! {
        /// With any wall clock, time goes on, never back, never faster than the monotonic clock by more than the jump that
        /// is believed for each hour, and a doubt is raised whenever the two are further apart.
        #[test]
        fn time_goes_on_and_never_runs_away(steps in prop::collection::vec((1_i64..600_000, -100_i64 * DAY..100 * DAY, 0..4), 1..80)) {
            let mut keeper = keeper();
            let (mut monotonic, mut last) = (0, Millis(NOON));
            for (passes, wrong, what) in steps {
                monotonic += passes;
                let wall = monotonic + if what == 0 { wrong } else { wrong % MINUTE };
                let now = keeper.now(reading(wall, monotonic));
                prop_assert!(now >= last);
                let hours = monotonic / 3_600_000 + 1;
                let limit = NOON + monotonic + hours * 5 * MINUTE;
                prop_assert!(now.0 <= limit, "{} is {} ms ahead", now.jst_text(), now.0 - NOON - monotonic);
                prop_assert!(now.0 >= NOON + monotonic / 2 - 5 * MINUTE);
                last = now;
            }
        }
    }
}
