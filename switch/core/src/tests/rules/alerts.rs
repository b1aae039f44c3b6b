//! Notices about a month's limit count what is final: what waits for an issuer may still be declined.

use super::*;
use proptest::prelude::*;

fn limited(who: u8) -> Town {
    let mut town = town_with(policy());
    let limits = OwnLimits { month: Some(Yen::new(1_000)), ..OwnLimits::default() };
    ask(&mut town, Command::SetOwnLimits { ppid: person(who), limits, by: "portal".into() }).unwrap();
    town
}

/// A card payment that waits for its issuer.
fn wait(town: &mut Town, yen: i64) -> (Request, Seq) {
    let request = town.request(Operation::Purchase, 3, yen);
    assert_eq!(code(&town.send(&request)), "waits");
    (request, town.state.seq)
}

fn percents(town: &Town) -> Vec<(u8, i64)> {
    town.state.notices().map(|(_, owed)| (owed.percent, owed.used.get())).collect()
}

#[test]
fn another_payment_does_not_tell_of_one_that_waits() {
    let mut town = limited(3);
    let (_, large) = wait(&mut town, 600);
    let (_, small) = wait(&mut town, 100);
    town.issuer_says(small, "00");
    assert_eq!(percents(&town), Vec::new(), "¥600 is not paid yet");
    town.issuer_says(large, "51");
    assert_eq!(percents(&town), Vec::new(), "and never will be");
    let (_, again) = wait(&mut town, 600);
    town.issuer_says(again, "00");
    assert_eq!(percents(&town), [(50, 700)], "once, when it is paid");
    town.check_replay();
}

#[test]
fn whatever_ends_the_waiting_the_next_notice_is_right() {
    type End = fn(&mut Town, &Request, Seq);
    let ends: [(End, i64); 4] = [
        (|town, _, seq| drop(town.issuer_says(seq, "05")), 0),
        (|town, _, seq| drop(town.issuer_silent(seq, Silence::TimedOut)), 0),
        (
            |town, paid, _| {
                let undo = town.about(Operation::Reversal, paid, 600);
                assert_eq!(town.code(&undo), "00");
            },
            0,
        ),
        // The switch stands in: that is a payment.
        (|town, _, seq| drop(town.issuer_silent(seq, Silence::NotSent)), 600),
    ];
    for (end, stands) in ends {
        let mut town = limited(3);
        let (request, seq) = wait(&mut town, 600);
        end(&mut town, &request, seq);
        let told = if stands > 0 { vec![(50, 600)] } else { vec![] };
        assert_eq!(percents(&town), told);
        let (_, next) = wait(&mut town, 499);
        town.issuer_says(next, "00");
        let told = if stands > 0 { vec![(50, 600), (80, 1_099), (100, 1_099)] } else { vec![] };
        assert_eq!(percents(&town), told);
        town.check_replay();
    }
}

#[test]
fn what_was_told_once_is_not_told_again_after_a_reversal() {
    let mut town = limited(3);
    let (paid, seq) = wait(&mut town, 600);
    town.issuer_says(seq, "00");
    let undo = town.about(Operation::Reversal, &paid, 600);
    assert_eq!(town.code(&undo), "00");
    let (_, again) = wait(&mut town, 600);
    town.issuer_says(again, "00");
    assert_eq!(percents(&town), [(50, 600)]);
    town.check_replay();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Payments that wait side by side and end in any order: a percentage is told when what is final first reaches it.
    #[test]
    fn a_percentage_is_told_when_what_is_final_reaches_it(
        taps in prop::collection::vec((1_i64..400, any::<bool>(), any::<prop::sample::Index>()), 1..12),
    ) {
        let mut town = limited(3);
        let mut waiting: Vec<(i64, bool, Seq)> = Vec::new();
        for (yen, approved, _) in &taps {
            let (_, seq) = wait(&mut town, *yen);
            waiting.push((*yen, *approved, seq));
        }
        let (mut paid, mut told) = (0, Vec::new());
        for (.., which) in &taps {
            let (yen, approved, seq) = waiting.remove(which.index(waiting.len()));
            town.issuer_says(seq, if approved { "00" } else { "51" });
            if approved {
                paid += yen;
                let reached = [50_u8, 80, 100].into_iter().filter(|p| paid * 100 >= i64::from(*p) * 1_000);
                let new: Vec<u8> = reached.filter(|p| !told.iter().any(|(q, _)| q == p)).collect();
                told.extend(new.into_iter().map(|p| (p, paid)));
            }
            prop_assert_eq!(percents(&town), told.clone());
        }
        town.check_replay();
    }
}

/// An authorization by card that its issuer has approved.
fn authorize(town: &mut Town, yen: i64) -> Request {
    let request = town.request(Operation::Authorize, 3, yen);
    town.send(&request);
    let seq = town.state.seq;
    assert_eq!(waiting_code(&town.issuer_says(seq, "00")).unwrap(), "00");
    request
}

#[test]
fn a_reservation_tells_of_nothing_until_it_is_completed() {
    let mut town = limited(3);
    let room = authorize(&mut town, 900);
    assert_eq!(percents(&town), [], "a hotel has reserved ¥900 and taken nothing");
    let (_, coffee) = wait(&mut town, 100);
    town.issuer_says(coffee, "00");
    assert_eq!(percents(&town), [], "and ¥100 is paid");
    let stay = town.about(Operation::Completion, &room, 450);
    assert_eq!(town.code(&stay), "00");
    assert_eq!(percents(&town), [(50, 550)]);
    // What was released may be reserved again, and released altogether.
    let car = authorize(&mut town, 400);
    let cancelled = town.about(Operation::Reversal, &car, 400);
    assert_eq!(town.code(&cancelled), "00");
    let (_, dinner) = wait(&mut town, 250);
    town.issuer_says(dinner, "00");
    assert_eq!(percents(&town), [(50, 550), (80, 800)]);
    town.check_replay();
}

#[test]
fn an_advised_reservation_tells_of_nothing_until_it_is_completed() {
    let mut town = limited(3);
    let advised = town.request(Operation::AuthorizationAdvice, 3, 900);
    assert_eq!(town.code(&advised), "00");
    assert_eq!(percents(&town), []);
    let smaller = town.about(Operation::Reversal, &advised, 900);
    assert_eq!(town.code(&Request { replacement: Some(Yen::new(600)), ..smaller }), "00");
    assert_eq!(percents(&town), []);
    let taken = town.about(Operation::Completion, &advised, 600);
    assert_eq!(town.code(&taken), "00");
    assert_eq!(percents(&town), [(50, 600)]);
    town.check_replay();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Reservations that are completed, reduced or released in any order, with payments between them.
    #[test]
    fn a_percentage_counts_completions_and_not_reservations(
        steps in prop::collection::vec((0_u8..5, 1_i64..400, any::<prop::sample::Index>()), 1..20),
    ) {
        let mut town = limited(3);
        let mut open: Vec<(Request, i64)> = Vec::new();
        let (mut paid, mut told) = (0, Vec::new());
        for (what, yen, which) in steps {
            let mut pays = 0;
            match what {
                0 | 1 => {
                    let (_, seq) = wait(&mut town, yen);
                    town.issuer_says(seq, "00");
                    pays = yen;
                }
                2 => open.push((authorize(&mut town, yen), yen)),
                3 if !open.is_empty() => {
                    let (request, left) = open.remove(which.index(open.len()));
                    pays = yen.min(left);
                    let completion = town.about(Operation::Completion, &request, pays);
                    prop_assert_eq!(town.code(&completion), "00");
                }
                4 if !open.is_empty() => {
                    let at = which.index(open.len());
                    let (request, left) = open[at];
                    let remains = (left - yen).max(0);
                    let undo = town.about(Operation::Reversal, &request, left);
                    let replacement = (remains > 0).then_some(Yen::new(remains));
                    prop_assert_eq!(town.code(&Request { replacement, ..undo }), "00");
                    if remains > 0 { open[at].1 = remains } else { open.remove(at); }
                }
                _ => {}
            }
            paid += pays;
            let reached = [50_u8, 80, 100].into_iter().filter(|p| paid > 0 && paid * 100 >= i64::from(*p) * 1_000);
            let new: Vec<u8> = reached.filter(|p| !told.iter().any(|(q, _)| q == p)).collect();
            told.extend(new.into_iter().map(|p| (p, paid)));
            prop_assert_eq!(percents(&town), told.clone());
        }
        town.check_replay();
    }
}
