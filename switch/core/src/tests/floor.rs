//! Offline payments above a floor limit: accepted, reserved, and posted when a person says so.

use super::rules::{balance, credit, policy, town_with};
use super::*;
use kazasu_ledger::AccountKey;
use kazasu_schemas::money::MAX_WIRE_AMOUNT;
use kazasu_schemas::policy::{Floor, LiableParty, Offline};
use kazasu_schemas::wire::issuer::IssuerOperation;
use proptest::prelude::*;

fn town(otherwise: Option<i64>, classes: &[(&str, i64)]) -> Town {
    let classes = classes.iter().map(|(class, most)| ((*class).to_owned(), Yen::new(*most))).collect();
    let floor = Some(Floor { classes, otherwise: otherwise.map(Yen::new) });
    let offline = Some(Offline { resident_day: Yen::new(50_000), liable: LiableParty::Operator, floor });
    town_with(Policy { offline, ..policy() })
}

use kazasu_schemas::policy::Policy;

fn class(town: &mut Town, class: &str) {
    let merchant = town.state.merchants().iter().find(|m| m.id == "SHOP".parse().unwrap()).unwrap().clone();
    let traits = kazasu_ledger::record::MerchantTraits { class: class.into(), ..merchant.traits };
    let command = Command::RegisterMerchant {
        acquirer: merchant.acquirer,
        merchant: merchant.id,
        name: merchant.name,
        mcc: merchant.mcc,
        terminals: merchant.terminals,
        closed: false,
        traits,
    };
    assert_eq!(town.event(&Event::Command(command)).rejected, None);
}

fn decide(town: &mut Town, record: Seq, accept: bool) -> Decision {
    town.event(&Event::Command(Command::DecideAdvice { record, accept, said: said("sato", "slip seen") }))
}

/// An offline payment, and its record.
fn advice(town: &mut Town, who: u8, yen: i64) -> (Request, Seq) {
    let request = town.request(Operation::PurchaseAdvice, who, yen);
    assert_eq!(town.code(&request), "00", "an advice is accepted");
    assert_eq!(town.code(&request), "00", "and so is its repeat");
    (request, town.state.seq)
}

fn waiting(town: &Town) -> Vec<i64> {
    town.state.waiting_advices().iter().map(|a| a.amount.get()).collect()
}

#[test]
fn the_floor_is_that_of_the_terminals_class() {
    for (of, yen, waits) in [
        ("", 2_000, false),
        ("", 2_001, true),
        ("vending", 500, false),
        ("vending", 501, true),
        ("ｖending ", 501, true),
        ("hospital", 2_001, true),
    ] {
        let mut town = town(Some(2_000), &[("vending", 500)]);
        class(&mut town, of);
        advice(&mut town, 1, yen);
        assert_eq!(waiting(&town), if waits { vec![yen] } else { vec![] }, "{yen} at {of:?}");
        assert_eq!(town.payable("SHOP"), if waits { 0 } else { yen });
        town.check_replay();
    }
    // Until a policy says another, the switch has one of its own.
    let mut plain = Town::new();
    advice(&mut plain, 1, 100_000);
    advice(&mut plain, 1, 100_001);
    assert_eq!(waiting(&plain), [100_001]);
}

#[test]
fn the_largest_amount_moves_nothing_until_a_person_says_so() {
    let mut town = town(Some(2_000), &[]);
    for _ in 0..3 {
        advice(&mut town, 1, MAX_WIRE_AMOUNT);
        advice(&mut town, 99, MAX_WIRE_AMOUNT);
    }
    assert_eq!((town.payable("SHOP"), town.shortfall()), (0, 0));
    assert_eq!(waiting(&town).len(), 6);
    let records: Vec<Seq> = town.state.waiting_advices().iter().map(|a| a.record).collect();
    for (record, accept) in records.iter().zip([true, false, true, false, true, false]) {
        assert!(decide(&mut town, *record, accept).body.is_some());
    }
    assert_eq!(town.payable("SHOP"), 3 * MAX_WIRE_AMOUNT);
    assert_eq!(waiting(&town), Vec::<i64>::new());
    town.check_replay();
}

#[test]
fn an_accepted_advice_is_a_payment_and_its_issuer_is_told_then() {
    let mut town = town(Some(2_000), &[]);
    let (paid, record) = advice(&mut town, 3, 3_000);
    assert_eq!(town.state.unacknowledged().count(), 0, "the issuer hears nothing before");
    assert_eq!((town.receivable(), town.payable("SHOP")), ((0, 3_000), 0));
    assert_eq!(town.state.totals(acquirer(), town.state.day).debits, 0);
    let decision = decide(&mut town, record, true);
    let (message, to) = sent(&decision).unwrap();
    assert_eq!((to.operation, to.amount.get(), to.tap), (IssuerOperation::PurchaseAdvice, 3_000, record));
    assert_eq!((town.receivable(), town.payable("SHOP")), ((3_000, 0), 3_000));
    assert_eq!(town.state.totals(acquirer(), town.state.day).debits, 1);
    let why = decide(&mut town, record, false).rejected.unwrap().to_string();
    assert!(why.contains("no offline payment that waits"), "it is decided once: {why}");
    // What comes after it names the message that the issuer knows.
    let refund = town.about(Operation::RefundAdvice, &paid, 1_000);
    let decision = town.send(&refund);
    let (seq, told) = sent(&decision).unwrap();
    let out = town.state.outgoing(seq, told, "10000001".parse().unwrap()).unwrap();
    let original = out.original.unwrap();
    assert_eq!((original.mti, original.stan), (Mti(220), Stan::wrapping(message)));
    assert_eq!(town.payable("SHOP"), 2_000);
    town.check_replay();
}

#[test]
fn a_refused_advice_gives_everything_back() {
    let mut town = town(Some(2_000), &[]);
    credit(&mut town, 3, 1_000, "relief").unwrap();
    let (paid, record) = advice(&mut town, 3, 3_000);
    assert_eq!(town.receivable(), (0, 2_000), "the purse pays its part");
    assert!(sent(&decide(&mut town, record, false)).is_none());
    assert_eq!((town.receivable(), town.payable("SHOP"), waiting(&town)), ((0, 0), 0, vec![]));
    assert_eq!(balance(&town, |k| matches!(k, AccountKey::Purse(..))), 1_000);
    assert_eq!(town.code(&paid), "00", "the acquirer's repeat is answered as before");
    let refund = town.about(Operation::Refund, &paid, 1);
    assert_eq!(town.code(&refund), "12");
    town.check_replay();
}

#[test]
fn a_reversal_of_what_waits_needs_no_person_and_no_issuer() {
    let mut town = town(Some(2_000), &[]);
    let (paid, record) = advice(&mut town, 3, 3_000);
    let mut part = town.about(Operation::Reversal, &paid, 3_000);
    part.replacement = Some(Yen::new(2_500));
    assert_eq!(town.code(&part), "00");
    assert_eq!((town.receivable(), waiting(&town)), ((0, 2_500), vec![2_500]));
    let undo = town.about(Operation::Reversal, &paid, 3_000);
    assert_eq!(town.code(&undo), "00");
    assert_eq!((town.receivable(), waiting(&town)), ((0, 0), vec![]));
    assert_eq!(town.state.unacknowledged().count(), 0);
    assert!(decide(&mut town, record, true).rejected.is_some());
    town.check_replay();
}

#[test]
fn what_was_authorized_off_line_waits_when_it_is_taken() {
    for (yen, waits) in [(2_000, false), (2_001, true)] {
        let mut town = town(Some(2_000), &[]);
        let held = town.request(Operation::AuthorizationAdvice, 3, 3_000);
        assert_eq!(town.code(&held), "00");
        assert_eq!(waiting(&town), Vec::<i64>::new(), "nothing is taken yet");
        let taken = town.about(Operation::Completion, &held, yen);
        assert_eq!(town.code(&taken), "00");
        let record = town.state.seq;
        assert_eq!(waiting(&town), if waits { vec![yen] } else { vec![] });
        let again = town.about(Operation::Completion, &held, 1);
        assert_eq!(town.code(&again), "12", "it is taken once");
        if waits {
            assert_eq!((town.receivable(), town.payable("SHOP")), ((0, yen), 0));
            let decision = decide(&mut town, record, true);
            let (_, to) = sent(&decision).unwrap();
            assert_eq!((to.operation, to.amount.get()), (IssuerOperation::PurchaseAdvice, yen));
        }
        assert_eq!((town.receivable(), town.payable("SHOP")), ((yen, 0), yen));
        town.check_replay();
    }
    // An authorization that its issuer approved is no offline payment.
    let mut town = town(Some(2_000), &[]);
    let held = town.request(Operation::Authorize, 3, 3_000);
    town.send(&held);
    let seq = town.state.seq;
    town.issuer_says(seq, "00");
    let taken = town.about(Operation::Completion, &held, 3_000);
    assert_eq!(town.code(&taken), "00");
    assert_eq!((waiting(&town), town.payable("SHOP")), (vec![], 3_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Offline payments of any amount, reversed, accepted and refused in any order: the merchant has what was at or below the floor
    /// or accepted, nothing stays reserved, and the journal gives the same state.
    #[test]
    fn every_yen_is_posted_or_given_back(
        steps in prop::collection::vec((1_u8..4, 1_i64..6_000, 0_u8..3, any::<bool>()), 1..20),
    ) {
        let mut town = town(Some(2_000), &[]);
        let mut wanted = 0;
        let mut open = Vec::new();
        for (who, yen, what, authorized) in steps {
            let mut paid = town.request(Operation::PurchaseAdvice, who, yen);
            if authorized {
                let held = town.request(Operation::AuthorizationAdvice, who, yen + 10);
                prop_assert_eq!(town.code(&held), "00");
                paid = town.about(Operation::Completion, &held, yen);
            }
            prop_assert_eq!(town.code(&paid), "00");
            let seq = town.state.seq;
            if yen > 2_000 { open.push((paid, seq, yen, what)) } else { wanted += yen }
        }
        prop_assert_eq!(waiting(&town).len(), open.len());
        prop_assert_eq!(town.payable("SHOP"), wanted);
        for (paid, seq, yen, what) in open {
            match what {
                0 => { prop_assert!(decide(&mut town, seq, true).body.is_some()); wanted += yen; }
                1 => prop_assert!(decide(&mut town, seq, false).body.is_some()),
                _ => { let undo = town.about(Operation::Reversal, &paid, yen); prop_assert_eq!(town.code(&undo), "00"); }
            }
        }
        prop_assert_eq!(town.payable("SHOP"), wanted);
        prop_assert_eq!((waiting(&town), town.state.sizes().holds), (vec![], 0));
        town.check_replay();
    }
}
