//! Names and references in relief: one, however they are spelt.

use super::*;

#[test]
fn a_person_has_one_role_in_a_batch_under_every_spelling() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    fund(&mut town, 2_000, "one").unwrap();
    let batch = import(&mut town, 1, vec![row(2, Some(1), 1, 2_000)]);
    step(&mut town, batch, Step::Assessed, "Ｓａｔｏ").unwrap();
    for by in ["Sato", "ｓａｔｏ", "sa\u{200b}to", "sato "] {
        let why = step(&mut town, batch, Step::Decided, by).unwrap_err();
        assert!(why.contains("was officer of this batch"), "{by:?}: {why}");
    }
    for next in [Step::Decided, Step::Committed, Step::Ordered] {
        step(&mut town, batch, next, APPROVER).unwrap();
    }
    assert!(step(&mut town, batch, Step::Released, "SUZUKI").unwrap_err().contains("another person"));
    step(&mut town, batch, Step::Released, TREASURER).unwrap();
    credit_all(&mut town);
    let claim = Proposal::Claim { batch, row: 0, right: Yen::ZERO };
    let number = propose(&mut town, claim, OFFICER).unwrap();
    assert!(settle(&mut town, number, true, "ＳＡＴＯ").unwrap_err().contains("another person must decide"));
    settle(&mut town, number, true, APPROVER).unwrap();
    let repaid = |town: &mut Town, reference: &str| {
        let (amount, reference, by) = (Yen::new(500), reference.into(), TREASURER.into());
        relief(town, Relief::Repaid { batch, row: 0, amount, from_purse: false, reference, by })
    };
    assert_eq!(repaid(&mut town, "振込 R-1"), Ok(Done::Recorded));
    assert_eq!(repaid(&mut town, "振込Ｒー１"), Ok(Done::Unchanged));
    assert_eq!(balance(&town, |k| *k == AccountKey::ReliefReceivable(101)), 1_500);
    town.check_replay();
}

#[test]
fn a_return_of_funds_is_one_under_every_spelling() {
    let mut town = Town::new();
    programme(&mut town, terms(Method::Purse));
    fund(&mut town, 2_000, "one").unwrap();
    fund(&mut town, 2_000, "ＯＮＥ ").unwrap();
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 2_000);
    let back =
        |reference: &str| Proposal::ReturnFunds { programme: 101, amount: Yen::new(500), reference: reference.into() };
    let number = propose(&mut town, back("back-1"), OFFICER).unwrap();
    assert_eq!(propose(&mut town, back("ＢＡＣＫ－１"), "Sato"), Ok(number), "the same proposal");
    settle(&mut town, number, true, APPROVER).unwrap();
    assert!(propose(&mut town, back("Back–1"), OFFICER).unwrap_err().contains("was booked with ¥500 before"));
    assert_eq!(balance(&town, |k| *k == AccountKey::PurseFund(101)), 1_500);
    town.check_replay();
}
