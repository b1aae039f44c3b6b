//! A ceiling that a merge passes: at the decision, at the release, and while purses are credited.

use super::*;

const TEMPORARY: u8 = 60;
const PERSON: u8 = 3;

/// A town with a programme, money, and a temporary ID.
fn town() -> Town {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    fund(&mut town, 10_000, "one").unwrap();
    let temporary = Command::IssueTemporary { ppid: person(TEMPORARY), until: None, by: "op".into() };
    town.event(&Event::Command(temporary));
    town
}

fn merge(town: &mut Town) {
    let merge = Command::Merge { from: person(TEMPORARY), into: person(PERSON), by: "op".into() };
    assert_eq!(town.event(&Event::Command(merge)).rejected, None);
}

fn budget(town: &Town) -> (i64, i64, i64) {
    let view = town.state.relief_programme(101).unwrap();
    (view.budget_left.get(), view.committed.get(), view.executed.get())
}

/// Two rows that are each below the ceiling and together above it, and one of somebody else.
fn rows() -> Vec<Application> {
    vec![row(2, Some(TEMPORARY), 20, 2_700), row(3, Some(PERSON), 21, 2_700), row(4, Some(1), 22, 500)]
}

fn of_person(town: &Town) -> i64 {
    town.state.resident(&person(PERSON), town.state.day).unwrap().purses.iter().map(|p| p.available).sum()
}

#[test]
fn a_merge_after_the_decision_is_found_at_the_release() {
    let mut town = town();
    let batch = import(&mut town, 1, rows());
    approve(&mut town, batch);
    assert_eq!(town.state.relief_unpaid(batch).unwrap().count, 0);
    merge(&mut town);
    assert_eq!(town.state.relief_above(&person(PERSON)), [(101, Yen::new(5_400), Yen::ZERO, Yen::new(3_000))]);
    let unpaid = town.state.relief_unpaid(batch).unwrap();
    assert_eq!((unpaid.count, unpaid.total), (1, Yen::new(2_700)), "it is told before the release");
    assert_eq!(budget(&town), (4_100, 5_900, 0));
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    assert_eq!(budget(&town), (6_800, 3_200, 0), "what is not paid is free again");
    credit_all(&mut town);
    assert_eq!(states(&town, batch), ["credited", "withheld", "credited"]);
    assert_eq!((of_person(&town), budget(&town)), (2_700, (6_800, 0, 3_200)));
    let unpaid = town.state.relief_unpaid(batch).unwrap();
    assert_eq!((unpaid.count, unpaid.total, &unpaid.why["above_ceiling"].rows), (1, Yen::new(2_700), &vec![1]));
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefTransit(101)), 0);
    step(&mut town, batch, Step::Reported, OFFICER).unwrap();
    // What is left below the ceiling can be given to the same household by another file.
    let rest = import(&mut town, 2, vec![row(2, Some(PERSON), 21, 300), row(3, Some(PERSON), 23, 1)]);
    assert_eq!(issues(&town, rest), [0, issue::ABOVE_CEILING]);
    town.check_replay();
}

#[test]
fn a_merge_before_the_decision_leaves_rows_out_and_the_others_go_on() {
    let mut town = town();
    let batch = import(&mut town, 1, rows());
    step(&mut town, batch, Step::Assessed, OFFICER).unwrap();
    merge(&mut town);
    for next in [Step::Decided, Step::Committed, Step::Ordered] {
        step(&mut town, batch, next, APPROVER).unwrap();
    }
    assert_eq!(budget(&town), (6_800, 3_200, 0));
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    assert_eq!(states(&town, batch), ["credited", "withheld", "credited"]);
    town.check_replay();
}

#[test]
fn a_merge_between_release_and_purse_is_found_at_the_purse() {
    let mut town = town();
    // Two batches: the second is credited after the first.
    let batch = import(&mut town, 1, vec![row(2, Some(TEMPORARY), 20, 2_700)]);
    let second = import(&mut town, 2, vec![row(2, Some(PERSON), 21, 2_700), row(3, Some(1), 22, 500)]);
    for batch in [batch, second] {
        approve(&mut town, batch);
        step(&mut town, batch, Step::Released, TREASURER).unwrap();
    }
    merge(&mut town);
    credit_all(&mut town);
    assert_eq!(states(&town, batch), ["credited"]);
    assert_eq!(states(&town, second), ["withheld", "credited"]);
    assert_eq!((of_person(&town), budget(&town)), (2_700, (6_800, 0, 3_200)));
    assert_eq!(town.state.relief_total(second), Some(Yen::new(500)));
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 10_000 - 3_200);
    for batch in [batch, second] {
        step(&mut town, batch, Step::Reported, OFFICER).unwrap();
    }
    town.check_replay();
}

#[test]
fn a_batch_of_which_nothing_is_left_is_cancelled_and_gives_its_budget_back() {
    let mut town = town();
    let first = import(&mut town, 1, vec![row(2, Some(TEMPORARY), 20, 2_700)]);
    let second = import(&mut town, 2, vec![row(2, Some(PERSON), 21, 2_700)]);
    for batch in [first, second] {
        approve(&mut town, batch);
    }
    merge(&mut town);
    step(&mut town, first, Step::Released, TREASURER).unwrap();
    let why = step(&mut town, second, Step::Released, TREASURER).unwrap_err();
    assert!(why.contains("has no row that can be paid"), "{why}");
    step(&mut town, second, Step::Cancelled, APPROVER).unwrap();
    credit_all(&mut town);
    assert_eq!((of_person(&town), budget(&town)), (2_700, (7_300, 0, 2_700)));
    town.check_replay();
}

#[test]
fn what_was_paid_before_a_merge_is_told_and_stays() {
    let mut town = town();
    let batch = import(&mut town, 1, rows());
    approve(&mut town, batch);
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    merge(&mut town);
    assert_eq!(town.state.relief_above(&person(PERSON)), [(101, Yen::new(5_400), Yen::new(5_400), Yen::new(3_000))]);
    let late = import(&mut town, 2, vec![row(2, Some(PERSON), 30, 1)]);
    assert_eq!(issues(&town, late), [issue::ABOVE_CEILING]);
    // A claim is paid back out of what the person has, from all purses.
    let claim = Proposal::Claim { batch, row: 1, right: Yen::new(300) };
    let number = propose(&mut town, claim, OFFICER).unwrap();
    settle(&mut town, number, true, APPROVER).unwrap();
    let (_, code) = town.purchase(PERSON, 2_900);
    assert_eq!((code.as_str(), of_person(&town)), ("00", 2_500));
    let (amount, reference, by) = (Yen::new(2_400), "R-1".to_owned(), TREASURER.to_owned());
    let repaid = Relief::Repaid { batch, row: 1, amount, from_purse: true, reference, by };
    assert_eq!(relief(&mut town, repaid), Ok(Done::Recorded));
    assert_eq!(of_person(&town), 100);
    let (amount, reference, by) = (Yen::new(101), "R-2".to_owned(), TREASURER.to_owned());
    assert!(relief(&mut town, Relief::Repaid { batch, row: 1, amount, from_purse: true, reference, by }).is_err());
    town.check_replay();
}

#[test]
fn transfers_are_looked_at_again_at_the_release() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Transfer));
    fund(&mut town, 10_000, "one").unwrap();
    let temporary = Command::IssueTemporary { ppid: person(TEMPORARY), until: None, by: "op".into() };
    town.event(&Event::Command(temporary));
    let account = |line, who: u8, household: u8| Application {
        ppid: Some(person(who)),
        ..to_account(line, household, 2_700, who)
    };
    let batch = import(&mut town, 1, vec![account(2, TEMPORARY, 20), account(3, PERSON, 21), account(4, 1, 22)]);
    approve(&mut town, batch);
    merge(&mut town);
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    let rows: Vec<u32> = town.state.relief_transfers(batch).iter().map(|t| t.row).collect();
    assert_eq!(rows, [0, 2]);
    assert_eq!(budget(&town), (10_000 - 5_400, 0, 5_400));
    town.check_replay();
}
