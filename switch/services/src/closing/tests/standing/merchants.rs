//! What a merchant bears, and what comes back to it.

use super::*;

/// What an acquirer's exception took of a merchant, it does not lose once more to the issuer.
#[test]
fn a_merchant_bears_a_payment_once() {
    let mut town = town(LiableParty::Merchant);
    let (_, tap, message) = town.stand_in(1_000);
    let missing = town.raise("acquirer 27000001", tap, 1_000, 0);
    town.resolve(missing, Resolution::BookedMerchant).unwrap();
    town.acknowledge(message, REFUSED);
    let payable = town.balance(|k| matches!(k, AccountKey::MerchantPayable(..)));
    assert_eq!((town.owed(), town.billed(), payable), (0, 0, 0));
}

/// An issuer refuses a payment that was approved in its place, its merchant bears it, and a refund of ¥2 was carried out: the
/// merchant is ¥2 below zero. The acquirer knows of a refund of ¥1 only, so ¥1 comes back to the merchant, and never more than ¥2.
#[test]
fn a_refund_of_what_a_merchant_bears_comes_back_as_far_as_it_went() {
    let mut town = town(LiableParty::Merchant);
    let (request, _, message) = town.stand_in(1_375);
    let refund = town.about(Operation::Refund, &request, 2);
    town.send(&refund, true);
    let refunded = town.state.seq - 1;
    town.acknowledge(message, REFUSED);
    let payable = |town: &Town| town.balance(|k| matches!(k, AccountKey::MerchantPayable(..)));
    assert_eq!((payable(&town), town.owed()), (-2, -2));

    let less = town.raise("acquirer 27000001", refunded, -2, -1);
    town.resolve(less, Resolution::BookedMerchant).unwrap();
    assert_eq!((payable(&town), town.owed()), (-1, -2));

    let none = town.raise("acquirer 27000001", refunded, -2, 0);
    let why = town.resolve(none, Resolution::BookedMerchant).unwrap_err();
    assert!(why.contains("¥1 stands"), "{why}");
    assert_eq!((payable(&town), town.billed()), (-1, town.owed()));
}

/// What the property above found once, when it did not know that a merchant may stand below zero.
#[test]
fn a_merchant_below_zero_gets_back_what_its_acquirer_does_not_know() {
    use Act::{Buy, Hold, Refund};
    use Deed::{Acknowledge, Raise, Resolve, StandIn};
    let refused = || Deed::Act(Buy(2, 0, 1, false));
    let refund = || Deed::Act(Refund(0, 1, false));
    let mut town = town(LiableParty::Merchant);
    let deeds = [
        refused(),
        refused(),
        refund(),
        StandIn(1_375),
        Deed::Act(Refund(2, 2, true)),
        refused(),
        refund(),
        StandIn(1),
        Acknowledge(6, false),
        refused(),
        refund(),
        refund(),
        Deed::Act(Hold(2, 0, 1, 1)),
        refused(),
        refused(),
        Raise { party: false, at: 19, theirs: 1 },
        Resolve(0, 2),
    ];
    let mut booked = 0;
    for deed in &deeds {
        perform_deed(&mut town, deed, &mut booked);
    }
    let ledger = Ledger::of(&town);
    let (payment, stands) = ledger.stands.iter().find(|(payment, _)| ledger.posted[payment][0] == 1_375).unwrap();
    assert_eq!((booked, ledger.posted[payment][1], stands[1]), (1, 1_375, -1));
    assert_eq!(town.billed(), town.owed());
}
