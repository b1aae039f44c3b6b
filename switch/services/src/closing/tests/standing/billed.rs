//! What an issuer is billed for after it refused.

use super::*;

/// Of a payment by card, the issuer keeps two per cent.
fn with_interchange(liable: LiableParty) -> Town {
    use kazasu_schemas::contract::{InterchangeRow, Prefixes, Schedule};
    let mut list = {
        use proptest::strategy::ValueTree;
        contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current()
    };
    list.brands = vec![Prefixes { name: "visa".into(), ranges: vec![(40_000_000, 49_999_999)] }];
    list.products = vec![Prefixes { name: "gold".into(), ranges: vec![(40_000_000, 40_000_000)] }];
    let row = InterchangeRow { brand: "visa".into(), product: "gold".into(), rate: Rate(20_000) };
    list.interchange = vec![Schedule { name: "all".into(), rows: vec![row] }];
    for contract in &mut list.contracts {
        (contract.interchange, contract.basis) = (Some("all".into()), Basis::Tap);
    }
    let key = |byte| kazasu_schemas::secret::Key::new(vec![byte; 32]).unwrap();
    let vault = kazasu_security::vault::Vault::new(&kazasu_security::vault::VaultParts {
        seals: BTreeMap::from([(1, key(1))]),
        cards: 1,
        accounts: 1,
        erased: std::collections::BTreeSet::new(),
        lookups: kazasu_security::vault::Lookups::one(key(9)),
    })
    .unwrap();
    let pan = kazasu_schemas::secret::Pan::parse(b"4111111111111111").unwrap();
    let sealed = vault.seal(&pan, &person(2)).unwrap();
    let mut town = Town::with(policy(liable), list, Some(std::sync::Arc::new(vault)));
    let card = kazasu_ledger::record::Card { issuer: 1, pan: sealed, token: [1; 8] };
    let to = Link::Instrument(Instrument::CreditCard(card));
    town.ok(Command::Link { ppid: person(2), from: None, to, origin: LinkOrigin::Import, by: "t".into() });
    town
}

/// An issuer keeps nothing of what it refused, on the payment's day or later.
#[test]
fn an_issuer_keeps_nothing_of_what_it_refused() {
    for later in [false, true] {
        let mut town = with_interchange(LiableParty::Operator);
        let day = town.state.day;
        let (.., refused) = town.stand_in(10_000);
        let (.., good) = town.stand_in(1_000);
        town.acknowledge(good, ResponseCode::APPROVED);
        if later {
            town.end_day();
        }
        town.acknowledge(refused, REFUSED);
        town.end_day();
        let kept: i64 = town.fees.days.values().filter_map(|book| book.issuers.get(&1)).map(|i| i.interchange).sum();
        assert_eq!((kept, town.owed()), (20, 1_000), "later: {later}");
        if later {
            assert_eq!(town.fees.days[&day].issuers[&1].interchange, 220, "what a day said stays");
        }
    }
}

/// An issuer refuses a payment, and a refund of it too or not. The refund is undone before, between or after: the clearing file bills
/// what the issuer owes, and the acquirer's lines are those that it sent.
#[test]
fn an_undone_refund_of_a_refused_payment_is_billed_to_no_issuer() {
    for liable in [LiableParty::Operator, LiableParty::Merchant, LiableParty::Issuer] {
        for (payment_first, code) in
            [(true, REFUSED), (true, ResponseCode::APPROVED), (false, REFUSED), (false, ResponseCode::APPROVED)]
        {
            for undone in 0..3 {
                let mut town = town(liable);
                let (request, _, message) = town.stand_in(1_000);
                let refund = town.about(Operation::RefundAdvice, &request, 300);
                town.send(&refund, true);
                let mut answers = [(message, REFUSED), (town.state.seq, code)];
                if !payment_first {
                    answers.reverse();
                }
                for at in 0..3 {
                    if at == undone {
                        let undo = town.about(Operation::Reversal, &refund, 300);
                        town.send(&undo, true);
                    }
                    if let Some((message, code)) = answers.get(at) {
                        town.acknowledge(*message, *code);
                    }
                    assert_eq!(town.billed(), town.owed(), "{liable:?}, {payment_first}, {code}, {undone}, {at}");
                }
                let (from, until) = (NOON.jst_day(), town.state.day);
                let with = CompareWith { against: Against::Acquirer, party: "27000001".into(), from, until };
                let sent: Vec<i64> = town.lines(&with).iter().map(|row| row.amount.get()).collect();
                assert_eq!(sent, [1_000, -300, 300], "{liable:?}, {payment_first}, {code}, {undone}");
            }
        }
    }
}

#[test]
fn an_issuer_keeps_nothing_of_an_undone_refund_of_what_it_refused() {
    for liable in [LiableParty::Operator, LiableParty::Merchant] {
        let mut town = with_interchange(liable);
        let (request, _, message) = town.stand_in(10_000);
        let refund = town.about(Operation::RefundAdvice, &request, 3_000);
        town.send(&refund, true);
        let refunded = town.state.seq;
        town.acknowledge(message, REFUSED);
        town.acknowledge(refunded, REFUSED);
        let undo = town.about(Operation::Reversal, &refund, 3_000);
        town.send(&undo, true);
        town.end_day();
        let kept: i64 = town.fees.days.values().filter_map(|book| book.issuers.get(&1)).map(|i| i.interchange).sum();
        assert_eq!((kept, town.owed(), town.billed()), (0, 0, 0), "{liable:?}");
    }
}
