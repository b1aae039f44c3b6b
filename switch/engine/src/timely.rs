//! Whether a message's own time (DE7) lets it be decided for the first time. A message that was decided before keeps its answer: only one
//! that the state does not know is looked at here.

use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::wire::Request;
use std::time::Duration;

/// The name of this reason among those for which messages are refused without a record.
pub const UNTIMELY: &str = "transmission_time";

/// The clocks by which a message is judged. A wall clock that is in doubt may be right, and so may the time that decides: either is
/// enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    /// The time that decides.
    pub(crate) decides: Millis,
    pub(crate) wall: Millis,
}

/// The largest distance of DE7 from the clocks, and the reach of the memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) window: Duration,
    /// Messages that were decided before this day are forgotten.
    pub(crate) forgotten_before: BusinessDay,
}

/// The fault of DE7.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Untimely {
    /// A request is decided while its terminal waits.
    TooOld,
    /// No message comes before it was sent.
    TooNew,
    /// It may have been decided on a day that is forgotten.
    Forgotten,
}

impl Untimely {
    /// For the log.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Untimely::TooOld => "DE7 is older than clock.transmission_minutes, and no such message was decided before",
            Untimely::TooNew => {
                "DE7 is ahead of the switch's clock by more than clock.transmission_minutes; DE7 is universal time (UTC), not Japan's"
            }
            Untimely::Forgotten => {
                "DE7 is of a day that the switch has forgotten (keep_days): the advice may have been decided then"
            }
        }
    }
}

/// Looks at a message that was not decided before. Reversals are always timely: they give back, and a terminal sends them until they
/// are answered.
pub(crate) fn untimely(request: &Request, clocks: Clocks, bounds: Bounds) -> Option<Untimely> {
    if request.mti.class() == 4 {
        return None;
    }
    let window = i64::try_from(bounds.window.as_millis()).unwrap_or(i64::MAX);
    // 29 February in a year without one is no time near any clock.
    let off = |clock: Millis| request.transmission.nearest(clock).map_or(i64::MIN, |at| at.0 - clock.0);
    let by_time = off(clocks.decides);
    if by_time.saturating_abs() <= window {
        return None;
    }
    let by_wall = off(clocks.wall);
    if by_time > window && by_wall > window {
        return Some(Untimely::TooNew);
    }
    if !request.mti.is_advice() {
        return (by_wall.saturating_abs() > window).then_some(Untimely::TooOld);
    }
    // A day in hand: the advice may have been decided a little before its own time by the switch's clock.
    let day = request.transmission.nearest(clocks.decides).map(Millis::jst_day);
    day.is_none_or(|day| day <= bounds.forgotten_before).then_some(Untimely::Forgotten)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_schemas::ids::{Rrn, Stan};
    use kazasu_schemas::iso8583::Mti;
    use kazasu_schemas::jst::DAY_MS;
    use kazasu_schemas::money::Yen;

    const NOW: Millis = Millis(1_795_402_800_000);
    const MINUTE: i64 = 60_000;

    fn sent(mti: u16, at: i64) -> Request {
        Request {
            mti: Mti(mti),
            operation: None,
            processing: 0,
            amount: Yen::new(1),
            transmission: Millis(at).transmission(),
            stan: Stan::wrapping(1),
            local_time: None,
            local_date: None,
            mcc: None,
            entry_mode: 72,
            acquirer: "27000001".parse().unwrap(),
            rrn: Rrn::from_number(1),
            terminal: "T1001001".parse().unwrap(),
            merchant: "M10000000000001".parse().unwrap(),
            currency: 392,
            ppid: None,
            original: None,
            replacement: None,
            options: Default::default(),
        }
    }

    fn judged(mti: u16, ahead: i64, wall: i64, forgotten_before: i32) -> Option<Untimely> {
        let clocks = Clocks { decides: NOW, wall: Millis(NOW.0 + wall) };
        let forgotten_before = BusinessDay(NOW.jst_day().0 + forgotten_before);
        let bounds = Bounds { window: Duration::from_secs(15 * 60), forgotten_before };
        untimely(&sent(mti, NOW.0 + ahead), clocks, bounds)
    }

    #[test]
    fn requests_are_of_now_advices_of_what_is_remembered_and_reversals_of_any_time() {
        let (edge, over) = (15 * MINUTE, 15 * MINUTE + 1_000);
        for mti in [100, 101, 200, 201] {
            for ahead in [0, edge, -edge] {
                assert_eq!(judged(mti, ahead, 0, -45), None, "{mti:04} {ahead}");
            }
            assert_eq!(judged(mti, over, 0, -45), Some(Untimely::TooNew), "{mti:04}");
            assert_eq!(judged(mti, -over, 0, -45), Some(Untimely::TooOld), "{mti:04}");
            assert_eq!(judged(mti, -47 * DAY_MS, 0, -45), Some(Untimely::TooOld), "{mti:04}");
        }
        for mti in [120, 121, 220, 221] {
            for ahead in [edge, -over, -DAY_MS, -44 * DAY_MS] {
                assert_eq!(judged(mti, ahead, 0, -45), None, "{mti:04} {ahead}");
            }
            assert_eq!(judged(mti, over, 0, -45), Some(Untimely::TooNew), "{mti:04}");
            assert_eq!(judged(mti, -45 * DAY_MS, 0, -45), Some(Untimely::Forgotten), "{mti:04}");
            assert_eq!(judged(mti, -47 * DAY_MS, 0, -45), Some(Untimely::Forgotten), "{mti:04}");
            // A new book has forgotten nothing.
            assert_eq!(judged(mti, -90 * DAY_MS, 0, -20_000), None, "{mti:04}");
        }
        for mti in [400, 401, 420, 421] {
            for ahead in [over, -over, -90 * DAY_MS] {
                assert_eq!(judged(mti, ahead, 0, -45), None, "{mti:04} {ahead}");
            }
        }
    }

    #[test]
    fn while_the_wall_clock_is_in_doubt_either_clock_may_be_the_right_one() {
        for wall in [60 * DAY_MS, -DAY_MS] {
            for ahead in [0, wall] {
                assert_eq!(judged(200, ahead, wall, -45), None, "{wall} {ahead}");
            }
            assert!(judged(200, wall / 2, wall, -45).is_some(), "{wall}");
        }
        assert_eq!(judged(220, 60 * DAY_MS, 60 * DAY_MS, -45), None);
        assert_eq!(judged(220, 61 * DAY_MS, 60 * DAY_MS, -45), Some(Untimely::TooNew));
    }

    #[test]
    fn the_turn_of_a_year_and_of_february_are_no_gap() {
        for (now, wire) in [("2027-01-01T00:00:05Z", b"1231235959"), ("2027-03-01T00:05:00Z", b"0228235900")] {
            let now = Millis::parse(now).unwrap();
            let transmission = kazasu_schemas::jst::TransmissionTime::from_wire(wire).unwrap();
            let clocks = Clocks { decides: now, wall: now };
            let bounds = Bounds { window: Duration::from_secs(15 * 60), forgotten_before: BusinessDay(0) };
            assert_eq!(untimely(&Request { transmission, ..sent(200, now.0) }, clocks, bounds), None);
        }
    }
}
