//! Planted errors: two sides that agree, then missing, extra, changed, shifted and repeated lines. Exactly those are reported.

use super::*;
use crate::result::{Exception, Verdict};
use proptest::prelude::*;

/// The keys of the acquirer's line.
#[derive(Clone, Copy, Debug)]
enum Bears {
    Everything,
    OwnReference,
    ExternalReference,
    Traces,
    Nothing,
}

#[derive(Clone, Copy, Debug)]
enum Error {
    None,
    Missing,
    Extra,
    AmountChanged(i64),
    DayShifted(i32),
    Repeated,
}

fn stripped(bears: Bears, item: Item) -> Item {
    let none = Item { own: None, external: Reference::NONE, by_rrn: Trace::NONE, by_stan: Trace::NONE, ..item };
    match bears {
        Bears::Everything => item,
        Bears::OwnReference => Item { own: item.own, ..none },
        Bears::ExternalReference => Item { external: item.external, ..none },
        Bears::Traces => Item { by_rrn: item.by_rrn, by_stan: item.by_stan, ..none },
        Bears::Nothing => none,
    }
}

fn bears() -> impl Strategy<Value = Bears> {
    prop_oneof![
        Just(Bears::Everything),
        Just(Bears::OwnReference),
        Just(Bears::ExternalReference),
        Just(Bears::Traces),
        Just(Bears::Nothing)
    ]
}

fn error() -> impl Strategy<Value = Error> {
    prop_oneof![
        6 => Just(Error::None),
        1 => Just(Error::Missing),
        1 => Just(Error::Extra),
        1 => (1_i64..5).prop_map(Error::AmountChanged),
        1 => (-5_i64..0).prop_map(Error::AmountChanged),
        1 => (-3_i32..=3).prop_map(Error::DayShifted),
        1 => Just(Error::Repeated),
    ]
}

/// Status, left line, right line; a line that takes no part is 0.
type Finding = (Status, u64, u64);

#[derive(Default)]
struct Plan {
    left: Vec<Item>,
    right: Vec<Item>,
    expected: Vec<Finding>,
}

impl Plan {
    /// Lines of different numbers lie further apart in amount than any change, so that only references and equal amounts
    /// can bring them together.
    fn plant(&mut self, n: u64, bears: Bears, error: Error) {
        let yen = i64::try_from(n).unwrap() * 100;
        let (ours, theirs) = (ours(n, yen), stripped(bears, theirs(n, yen)));
        let line = theirs.line;
        match error {
            Error::Extra => {
                self.right.push(theirs);
                self.expected.push((Status::Unexpected, 0, line));
                return;
            }
            Error::None | Error::Missing | Error::AmountChanged(_) | Error::DayShifted(_) | Error::Repeated => {
                self.left.push(ours);
            }
        }
        match error {
            Error::None | Error::Extra => self.right.push(theirs),
            Error::Missing => self.expected.push((Status::Missing, n, 0)),
            Error::AmountChanged(by) => {
                self.right.push(Item { amount: Yen::new(yen + by), ..theirs });
                let status = if by > 0 { Status::AmountOver } else { Status::AmountUnder };
                match bears {
                    Bears::Nothing => self.expected.extend([(Status::Missing, n, 0), (Status::Unexpected, 0, line)]),
                    Bears::Everything | Bears::OwnReference | Bears::ExternalReference | Bears::Traces => {
                        self.expected.push((status, n, line));
                    }
                }
            }
            Error::DayShifted(by) => {
                self.right.push(Item { day: BusinessDay(theirs.day.0 + by), ..theirs });
                if by.abs() > i32::from(details().tolerance_days) {
                    self.expected.push((Status::DateMismatch, n, line));
                }
            }
            Error::Repeated => {
                self.right.extend([theirs, Item { line: 10_000 + n, ..theirs }]);
                self.expected.push((Status::Duplicate, line, 10_000 + n));
            }
        }
    }
}

/// The finding, in the terms of the plan. Which of two equal lines is the duplicate depends on their order.
fn finding(exception: &Exception) -> Finding {
    let (line, other) = (exception.line, exception.other_line.unwrap_or(0));
    match exception.status {
        Status::Duplicate => (Status::Duplicate, line.min(other), line.max(other)),
        status if exception.side == Side::Acquirer => (status, 0, line),
        status => (status, line, other),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]
    #[test]
    fn exactly_the_planted_errors_are_reported(
        lines in prop::collection::vec((bears(), error()), 0..80),
        order in any::<prop::sample::Index>(),
    ) {
        let mut plan = Plan::default();
        for (n, (bears, error)) in (1..).zip(&lines) {
            plan.plant(n, *bears, *error);
        }
        // The file is in another order than the ledger.
        let turn = if plan.right.is_empty() { 0 } else { order.index(plan.right.len()) };
        plan.right.rotate_left(turn);
        plan.right.reverse();
        let outcome = run(&plan.left, &plan.right, &details());
        let mut found: Vec<Finding> = outcome.exceptions.iter().map(finding).collect();
        found.sort_unstable();
        plan.expected.sort_unstable();
        prop_assert_eq!(&found, &plan.expected);
        // What was not tampered with is matched with its own.
        for (item, verdict) in plan.left.iter().zip(&outcome.left) {
            if let Verdict::Pair { with, .. } = verdict {
                let with = plan.right[usize::try_from(*with).unwrap()];
                prop_assert_eq!(with.line % 10_000 % 100, item.line % 100);
            }
        }
        // In another order of the file the exceptions are the same ones.
        let ids = |outcome: &Outcome| {
            let mut ids: Vec<_> = outcome.exceptions.iter().map(|e| (e.id, e.status)).collect();
            ids.sort_unstable();
            ids
        };
        plan.right.reverse();
        prop_assert_eq!(ids(&outcome), ids(&run(&plan.left, &plan.right, &details())));
    }
}
