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
