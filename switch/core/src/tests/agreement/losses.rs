//! Losses of payments that an issuer refuses afterwards, and their refunds.

use super::*;

#[test]
fn a_refund_of_a_payment_that_is_refused_afterwards_is_lost_too_in_either_order() {
    for (operation, reversed) in
        [(Operation::Purchase, false), (Operation::PurchaseAdvice, false), (Operation::Purchase, true)]
    {
        for refused_first in [true, false] {
            let mut world = World::new(LiableParty::Operator, 0);
            let message = if operation == Operation::Purchase {
                stood_in(&mut world, 1_000).1
            } else {
                world.play(Step::Pay(operation, 1_000, false));
                world.paid[0].seq
            };
            world.play(Step::Refund(Operation::RefundAdvice, 0, 300));
            let refund = world.paid[0].refunds[0].seq;
            if reversed {
                world.play(Step::Reverse(0, None, 0));
            }
            let both = [(message, "51"), (refund, "00")];
            for at in if refused_first { [0, 1] } else { [1, 0] } {
                says(&mut world, both[at].0, both[at].1);
            }
            let left = if reversed { 0 } else { 700 };
            // The issuer gave 300 back for a payment that it never made: it is owed them.
            assert_eq!(world.town.receivable(), (-300, 0));
            assert_eq!((world.town.payable("SHOP"), lost(&world.town)), (left, left + 300));
            world.town.check_replay();
        }
    }
}

#[test]
fn a_refund_that_is_refused_like_its_payment_loses_nothing() {
    for liable in [LiableParty::Operator, LiableParty::Merchant] {
        for refused_first in [true, false] {
            let mut world = World::new(liable, 0);
            let (_, message) = stood_in(&mut world, 1_000);
            world.play(Step::Refund(Operation::RefundAdvice, 0, 300));
            let refund = world.paid[0].refunds[0].seq;
            for message in if refused_first { [message, refund] } else { [refund, message] } {
                says(&mut world, message, "51");
            }
            let loss = if liable == LiableParty::Operator { 700 } else { 0 };
            assert_eq!((world.town.receivable(), lost(&world.town)), ((0, 0), loss), "{liable:?}");
            // The refund is undone: the goods are the customer's again, and not paid.
            world.play(Step::Reverse(0, Some(0), 0));
            let (payable, loss) = if liable == LiableParty::Operator { (1_000, 1_000) } else { (0, 0) };
            assert_eq!((world.town.receivable(), lost(&world.town)), ((0, 0), loss), "{liable:?}");
            assert_eq!(world.town.payable("SHOP"), payable, "{liable:?}");
            world.town.check_replay();
        }
    }
}

#[test]
fn a_loss_that_was_booked_without_its_refunds_is_made_up_when_they_fail() {
    for fails in [true, false] {
        let mut world = World::new(LiableParty::Operator, 0);
        let (_, message) = stood_in(&mut world, 500);
        world.play(Step::Refund(Operation::Refund, 0, 100));
        let refund = world.paid[0].refunds[0].seq;
        // As records of old have it: what was being refunded is left out of the loss.
        let state = &world.town.state;
        let decision = decide(
            state,
            world.town.now,
            &Event::IssuerAcknowledged { message, code: ResponseCode::from_wire(b"51").unwrap() },
        );
        let Some(Body::LossBooked(mut loss)) = decision.body else { panic!("{decision:?}") };
        assert_eq!(loss.transfers[0].amount.get(), 500);
        loss.transfers[0].amount = Yen::new(400);
        world.town.carry_out(&Decision { body: Some(Body::LossBooked(loss)), ..Decision::default() });
        world.town.issuer_says(refund, if fails { "05" } else { "00" });
        if !fails {
            assert_eq!((world.town.receivable(), lost(&world.town)), ((0, 0), 400), "as it was booked then");
            let undo = world.town.about(Operation::Reversal, &world.paid[0].refunds[0].request, 100);
            assert_eq!(world.town.code(&undo), "00");
        }
        assert_eq!((world.town.receivable(), lost(&world.town)), ((0, 0), 500));
        world.town.check_replay();
    }
}
