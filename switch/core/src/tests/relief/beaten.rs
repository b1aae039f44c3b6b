//! Rows that were refused because of others come back when those count no more, or it is said that they do not.

use super::*;
use std::collections::BTreeSet;

fn town() -> Town {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    fund(&mut town, 10_000, "one").unwrap();
    town
}

#[test]
fn cancelling_a_mistaken_batch_frees_what_it_beat() {
    let mut town = town();
    let right = import(&mut town, 1, vec![row(2, Some(1), 1, 1_000), row(3, Some(2), 2, 500)]);
    let mistaken = import(&mut town, 2, vec![row(2, Some(3), 1, 2_000)]);
    assert_eq!(issues(&town, right), [issue::SMALLER, 0]);
    assert_eq!(town.state.relief_rows(right, None, 0, 1)[0].instead, Some((mistaken, 0)));
    let unpaid = town.state.relief_unpaid(right).unwrap();
    assert_eq!((unpaid.count, unpaid.total, unpaid.why["smaller_damage"].alone), (1, Yen::new(1_000), 0));
    step(&mut town, mistaken, Step::Cancelled, APPROVER).unwrap();
    assert_eq!(issues(&town, right), [0, 0]);
    assert_eq!(town.state.relief_unpaid(right).unwrap(), Unpaid::default());
    approve(&mut town, right);
    step(&mut town, right, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    assert_eq!(states(&town, right), ["credited"; 2]);
    town.check_replay();
}

#[test]
fn a_batch_that_was_assessed_meanwhile_gets_its_row_back_and_a_decided_one_says_that_it_does_not() {
    let mut town = town();
    let right = import(&mut town, 1, vec![row(2, Some(1), 1, 1_000), row(3, Some(2), 2, 500)]);
    let mistaken = import(&mut town, 2, vec![row(2, Some(3), 1, 2_000)]);
    step(&mut town, right, Step::Assessed, OFFICER).unwrap();
    step(&mut town, mistaken, Step::Cancelled, APPROVER).unwrap();
    assert_eq!(issues(&town, right), [0, 0]);
    let again = import(&mut town, 3, vec![row(2, Some(3), 1, 2_000)]);
    assert_eq!(issues(&town, again), [issue::DUPLICATE], "what was assessed is not beaten");
    step(&mut town, right, Step::Cancelled, APPROVER).unwrap();
    assert_eq!(issues(&town, again), [0], "a duplicate is none when its other is gone");

    let late = import(&mut town, 4, vec![row(2, Some(2), 2, 500), row(3, Some(1), 1, 1_500)]);
    assert_eq!(issues(&town, late), [0, issue::SMALLER]);
    for next in [Step::Assessed, Step::Decided] {
        let by = if next == Step::Assessed { OFFICER } else { APPROVER };
        step(&mut town, late, next, by).unwrap();
    }
    step(&mut town, again, Step::Cancelled, APPROVER).unwrap();
    assert_eq!(states(&town, late), ["decided", "refused"], "what was decided is not changed");
    let unpaid = town.state.relief_unpaid(late).unwrap();
    let why = &unpaid.why["smaller_damage"];
    assert_eq!((unpaid.count, why.count, why.total, why.alone), (1, 1, Yen::new(1_500), 1), "nothing stands for it");
    // It is read in with another file.
    let more = import(&mut town, 5, vec![row(2, Some(1), 1, 1_500)]);
    assert_eq!(issues(&town, more), [0]);
    assert_eq!(town.state.relief_unpaid(late).unwrap().why["smaller_damage"].alone, 0);
    town.check_replay();
}

#[test]
fn of_a_chain_the_next_one_stands_wherever_it_is() {
    let mut town = town();
    let a = import(&mut town, 1, vec![row(2, Some(1), 1, 100), row(3, Some(1), 1, 200)]);
    let b = import(&mut town, 2, vec![row(2, Some(2), 1, 300)]);
    let c = import(&mut town, 3, vec![row(2, Some(3), 1, 400)]);
    let smaller = issue::SMALLER;
    assert_eq!((issues(&town, a), issues(&town, b), issues(&town, c)), (vec![smaller; 2], vec![smaller], vec![0]));
    set(&mut town, c, 0, RowChange::Exclude).unwrap();
    assert_eq!((issues(&town, a), issues(&town, b)), (vec![smaller; 2], vec![0]));
    // Making it smaller than another lets that one stand.
    set(&mut town, b, 0, RowChange::Amount(Yen::new(150))).unwrap();
    assert_eq!((issues(&town, a), issues(&town, b)), (vec![smaller, 0], vec![smaller]));
    step(&mut town, a, Step::Cancelled, APPROVER).unwrap();
    assert_eq!(issues(&town, b), [0]);
    set(&mut town, c, 0, RowChange::Include).unwrap();
    assert_eq!((issues(&town, b), issues(&town, c)), (vec![smaller], vec![0]));
    // A row that waits for a person beats too, until the decision leaves it out.
    let other = import(&mut town, 4, vec![row(2, None, 1, 900), row(3, Some(2), 7, 50)]);
    assert_eq!(issues(&town, c), [smaller]);
    step(&mut town, other, Step::Assessed, OFFICER).unwrap();
    step(&mut town, other, Step::Decided, APPROVER).unwrap();
    assert_eq!((issues(&town, b), issues(&town, c)), (vec![smaller], vec![0]));
    town.check_replay();
}

#[test]
fn room_below_the_ceiling_is_given_to_who_was_refused_for_it() {
    let mut town = town();
    let a = import(&mut town, 1, vec![row(2, Some(1), 1, 2_500)]);
    let b = import(&mut town, 2, vec![row(2, Some(1), 2, 900), row(3, Some(1), 3, 400), row(4, Some(1), 4, 2_800)]);
    assert_eq!(issues(&town, b), [issue::ABOVE_CEILING, 0, issue::ABOVE_CEILING]);
    step(&mut town, a, Step::Cancelled, APPROVER).unwrap();
    let found = issues(&town, b);
    let sum: i64 = town.state.relief_batch(b).unwrap().total.get();
    assert!(sum > 400 && sum <= 3_000, "{found:?} {sum}");
    // Beating a row makes room for its payee too.
    let mut town = self::town();
    let a = import(&mut town, 1, vec![row(2, Some(1), 1, 2_500), row(3, Some(1), 2, 900)]);
    assert_eq!(issues(&town, a), [0, issue::ABOVE_CEILING]);
    import(&mut town, 2, vec![row(2, Some(2), 1, 2_600)]);
    assert_eq!(issues(&town, a), [issue::SMALLER, 0]);
    town.check_replay();
}

#[test]
fn where_the_first_one_counts_the_next_one_follows_it() {
    let mut town = Town::new();
    programme(&mut town, Terms { duplicates: DuplicateRule::First, ..terms(Method::Purse) });
    let batches: Vec<u32> =
        (0..3).map(|n| import(&mut town, n, vec![row(2, Some(1 + n), 1, 1_000 - 100 * i64::from(n))])).collect();
    let of = |town: &Town| batches.iter().map(|b| issues(town, *b)[0]).collect::<Vec<_>>();
    assert_eq!(of(&town), [0, issue::DUPLICATE, issue::DUPLICATE]);
    step(&mut town, batches[0], Step::Cancelled, APPROVER).unwrap();
    assert_eq!(of(&town)[1..], [0, issue::DUPLICATE]);
    set(&mut town, batches[1], 0, RowChange::Exclude).unwrap();
    assert_eq!(of(&town)[2], 0);
    town.check_replay();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// Files of one household's event in any order, of which any are cancelled in any order: of what is left the largest stands, and only it.
    #[test]
    fn the_largest_of_what_is_left_stands(
        files in prop::collection::vec(prop::collection::vec((1_u8..4, 1_i64..2_900), 1..4), 1..6),
        gone in prop::collection::vec((0_usize..6, 0_u8..4), 0..8),
    ) {
        let mut town = town();
        let mut batches = Vec::new();
        for (file, digest) in files.iter().zip(0_u8..) {
            let rows = file.iter().zip(2_u32..).map(|((who, yen), line)| row(line, Some(*who), 1, *yen)).collect();
            batches.push(import(&mut town, digest, rows));
        }
        let mut left: BTreeSet<(u32, u32)> =
            batches.iter().zip(&files).flat_map(|(b, file)| (0_u32..).zip(file).map(|(at, _)| (*b, at))).collect();
        for (file, what) in gone {
            let batch = batches[file % batches.len()];
            if what == 0 {
                let _ = step(&mut town, batch, Step::Cancelled, APPROVER);
                left.retain(|(b, _)| *b != batch);
            } else if set(&mut town, batch, u32::from(what) - 1, RowChange::Exclude).is_ok() {
                left.remove(&(batch, u32::from(what) - 1));
            }
            refused_for_a_reason(&town);
            let amount = |(batch, at): (u32, u32)| town.state.relief_rows(batch, None, at, 1)[0].amount.get();
            let largest = left.iter().map(|row| amount(*row)).max().unwrap_or_default();
            let payable = left.iter().filter(|(batch, at)| {
                town.state.relief_rows(*batch, None, *at, 1)[0].issues == 0
            });
            let payable: Vec<i64> = payable.map(|row| amount(*row)).collect();
            prop_assert_eq!(payable, if left.is_empty() { vec![] } else { vec![largest] });
        }
        town.check_replay();
    }
}

#[test]
fn a_journal_of_before_frees_nothing_and_reads_as_it_did() {
    let mut town = town();
    let right = import(&mut town, 1, vec![row(2, Some(1), 1, 1_000), row(3, Some(2), 2, 500)]);
    let mistaken = import(&mut town, 2, vec![row(2, Some(3), 1, 2_000)]);
    step(&mut town, mistaken, Step::Cancelled, APPROVER).unwrap();
    let mut before = State::new();
    for (record, seq) in town.journal.iter().zip(1..) {
        let mut record = record.clone();
        match &mut record.body {
            Body::ReliefStepTaken(r) => (r.reconsiders, r.withheld) = (false, None),
            Body::ReliefRowsAdded(r) => r.reconsiders = false,
            Body::ReliefRowSet(r) => r.reconsiders = false,
            _ => {}
        }
        before.apply(seq, &record).unwrap();
    }
    assert_eq!(before.relief_rows(right, None, 0, 1)[0].issues, issue::SMALLER);
    assert_eq!(before.relief_unpaid(right).unwrap().why["smaller_damage"].alone, 1, "it is told");
}
