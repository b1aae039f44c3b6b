//! Reversals of what still waits for its issuer.

use super::*;

#[test]
fn a_reversal_holds_whatever_becomes_of_a_refund_that_waits() {
    for fate in [Fate::Approved, Fate::Declined, Fate::Late, Fate::Lost, Fate::NotSent, Fate::Restarted] {
        let mut world = World::new(LiableParty::Operator, 0);
        world.play(Step::Pay(Operation::Purchase, 1_000, false));
        world.play(Step::Ask(0, Fate::Approved));
        world.play(Step::Refund(Operation::Refund, 0, 1_000));
        world.play(Step::Reverse(0, None, 0));
        world.play(Step::Ask(0, fate));
        assert_eq!((world.town.payable("SHOP"), world.town.receivable()), (0, (0, 0)), "{fate:?}");
        world.finish(&[0]);
        assert_eq!(world.issuer.owes(), 0, "{fate:?}");
        world.check(LiableParty::Operator);
        world.town.check_replay();
    }
}

#[test]
fn a_partial_reversal_takes_effect_when_the_outcome_is_known() {
    for (fate, stands) in
        [(Fate::Approved, 400), (Fate::NotSent, 400), (Fate::Declined, 0), (Fate::Late, 0), (Fate::Restarted, 0)]
    {
        let mut world = World::new(LiableParty::Operator, 0);
        world.play(Step::Pay(Operation::Purchase, 1_000, false));
        world.play(Step::Reverse(0, None, 700));
        world.play(Step::Reverse(0, None, 400));
        world.play(Step::Reverse(0, None, 2_000));
        world.play(Step::Repeat(1));
        world.play(Step::Ask(0, fate));
        assert_eq!((world.town.payable("SHOP"), world.town.receivable()), (stands, (stands, 0)), "{fate:?}");
        world.finish(&[1]);
        assert_eq!(world.issuer.owes(), stands, "{fate:?}");
        let totals = world.town.state.totals(acquirer(), world.town.state.day);
        assert_eq!(totals.debit_reversals, u64::from(stands > 0), "one of the reversals undid something");
        world.check(LiableParty::Operator);
        world.town.check_replay();
    }
}

#[test]
fn a_partial_reversal_of_a_waiting_authorization_leaves_what_it_says() {
    let mut world = World::new(LiableParty::Operator, 0);
    world.play(Step::Pay(Operation::Authorize, 1_000, false));
    world.play(Step::Reverse(0, None, 300));
    world.play(Step::Ask(0, Fate::Approved));
    assert_eq!(world.town.receivable(), (0, 300));
    world.play(Step::Complete(0, 301));
    world.play(Step::Complete(0, 300));
    world.finish(&[0]);
    assert_eq!((world.town.payable("SHOP"), world.issuer.owes()), (300, 300));
    world.check(LiableParty::Operator);
}

#[test]
fn a_full_reversal_behind_a_partial_one_undoes_all() {
    let mut world = World::new(LiableParty::Operator, 0);
    world.play(Step::Pay(Operation::Purchase, 1_000, false));
    world.play(Step::Reverse(0, None, 400));
    world.play(Step::Reverse(0, None, 0));
    world.finish(&[0]);
    assert_eq!((world.town.payable("SHOP"), world.issuer.owes()), (0, 0));
    world.check(LiableParty::Operator);
}

#[test]
fn an_issuer_is_told_of_a_reversal_only_when_it_has_undone_the_refund() {
    let mut world = World::new(LiableParty::Operator, 0);
    world.play(Step::Pay(Operation::Purchase, 1_000, false));
    world.play(Step::Ask(0, Fate::Approved));
    world.play(Step::Refund(Operation::Refund, 0, 300));
    world.play(Step::Reverse(0, None, 0));
    world.play(Step::Ask(0, Fate::Late));
    let owed: Vec<_> = world.town.state.unacknowledged().map(|(_, to)| (to.about, to.remains.map(Yen::get))).collect();
    let (paid, back) = (world.paid[0].seq, world.paid[0].refunds[0].seq);
    assert_eq!(owed, [(Some(paid), Some(300)), (Some(back), None)]);
    assert_eq!(world.town.payable("SHOP"), 0, "here it is undone already");
    world.play(Step::Tell(0, false));
    world.play(Step::Tell(0, false));
    let owed: Vec<_> = world.town.state.unacknowledged().map(|(_, to)| (to.about, to.remains)).collect();
    assert_eq!(owed, [(Some(paid), None)]);
    world.finish(&[0]);
    assert_eq!(world.issuer.owes(), 0);
    world.check(LiableParty::Operator);
    world.town.check_replay();
}
