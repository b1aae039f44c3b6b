//! Random histories of one session.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Request,
    Write,
    Answer(u64),
    /// One with something wrong.
    Misfit(u64, usize),
    Pass(u64),
    Break(u64),
    SignOff,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Request),
        3 => Just(Step::Write),
        3 => (1_u64..60).prop_map(Step::Answer),
        2 => (1_u64..60, 0_usize..12).prop_map(|(id, what)| Step::Misfit(id, what)),
        2 => (1_u64..700).prop_map(Step::Pass),
        1 => (0_u64..1_000).prop_map(Step::Break),
        1 => Just(Step::SignOff),
    ]
}

proptest! {
    /// In all cases every request ends exactly once, and only requests that were handed to the socket are unknown.
    #[test]
    fn every_request_ends_exactly_once(steps in proptest::collection::vec(step(), 1..200)) {
        let mut w = World::up();
        let mut next = 0;
        let mut written = std::collections::HashSet::new();
        for step in steps {
            match step {
                Step::Request => { next += 1; w.command(purchase(next)); }
                Step::Write => {
                    for line in w.sent() {
                        if let Some(id) = line.strip_prefix("0200 ") { written.insert(id.parse::<u64>().unwrap()); }
                    }
                }
                Step::Answer(id) => w.answered(id, b"00"),
                Step::Misfit(id, what) => { w.hears(unfit(answer(id, b"00")).remove(what).1); }
                Step::Pass(ms) => { let _ = w.pass(ms); }
                Step::Break(bytes) => {
                    let written = bytes.min(w.encoded);
                    w.session.disconnected(w.now, written, &mut w.reports);
                    let _ = w.pass(400);
                    w.connect();
                }
                Step::SignOff => {
                    if w.session.phase() == Phase::Up {
                        w.hear_from_issuer(NetworkCode::SignOff);
                        w.hear_from_issuer(NetworkCode::SignOn);
                        w.sign_on_answer(b"00").unwrap();
                    }
                }
            }
            prop_assert!(w.session.in_flight() <= LIMITS.max_in_flight);
        }
        w.session.disconnected(w.now, 0, &mut w.reports);
        prop_assert_eq!(w.session.in_flight(), 0);
        let mut ends = std::collections::HashMap::new();
        for report in &w.reports {
            match *report {
                Report::TimedOut { id } => { prop_assert!(written.contains(&id)); *ends.entry(id).or_insert(0) += 1; }
                Report::Unfit { id } => { prop_assert!(written.contains(&id)); *ends.entry(id).or_insert(0) += 1; }
                Report::Answered { id, .. } => { prop_assert!(written.contains(&id)); *ends.entry(id).or_insert(0) += 1; }
                Report::NotSent { id } => *ends.entry(id).or_insert(0) += 1,
                Report::Late { id, .. } => prop_assert!(written.contains(&id)),
                Report::Acknowledged { .. } => prop_assert!(false, "no advice was given"),
            }
        }
        for id in 1..=next {
            prop_assert_eq!(ends.get(&id), Some(&1), "request {}", id);
        }
    }
}
