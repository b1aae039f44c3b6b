//! What merchants are charged: nets, refunds, reversals, and who funded what.

use super::*;

#[test]
fn nets_sum_to_zero_under_random_contracts() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let seen = std::cell::RefCell::new([0_u32; 6]);
    let result = runner.run(&(contracts(), proptest::collection::vec(act(), 10..120)), |(contracts, acts)| {
        let mut town = Town::new(contracts);
        for act in &acts {
            perform(&mut town, act);
        }
        town.close(1);
        let settled = town.state.settlements();
        let days: i64 =
            town.fees.days.values().flat_map(|d| d.merchants.values()).map(|m| m.totals.chargebacks.get()).sum();
        assert_eq!(days, town.charged_back, "every chargeback is in its merchant's day, and nothing else");
        let mut seen = seen.borrow_mut();
        seen[4] += u32::from(town.charged_back > 0);
        seen[5] += settled.iter().filter(|s| s.settlement.points_funding != Yen::ZERO).count() as u32;
        seen[0] += u32::try_from(settled.len()).unwrap();
        seen[1] += settled.iter().filter(|s| s.settlement.carried_forward < Yen::ZERO).count() as u32;
        seen[2] += settled.iter().filter(|s| s.settlement.released.is_positive()).count() as u32;
        seen[3] +=
            settled.iter().filter(|s| matches!(s.state, kazasu_core::SettlementState::Returned(_))).count() as u32;
        Ok(())
    });
    result.unwrap();
    // Settlements, negative nets, released reserves, returned payouts, chargebacks, funded points: all of them came.
    assert!(seen.borrow().iter().all(|n| *n >= 20), "{seen:?}");
}

#[test]
fn a_refund_that_is_undone_is_charged_again_exactly() {
    let mut list = {
        use proptest::strategy::ValueTree;
        contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current()
    };
    for contract in &mut list.contracts {
        (contract.rules[0].rate, contract.rules[0].fixed) = (Rate(24_800), Yen::new(7));
        (contract.refund_fee, contract.basis, contract.rounding) = (RefundFee::Returned, Basis::Tap, Rounding::Down);
        (contract.free, contract.reserve) = (Yen::ZERO, None);
    }
    for (days_between, again) in [(false, false), (false, true), (true, false), (true, true)] {
        let mut town = Town::new(list.clone());
        let buy = town.request(Operation::Purchase, 1, 0, 10_001);
        town.send(&buy, true);
        let refund = town.about(Operation::Refund, &buy, 3_333);
        town.send(&refund, true);
        if days_between {
            town.close(0);
        }
        let undo = town.about(Operation::Reversal, &refund, 3_333);
        town.send(&undo, true);
        if days_between {
            town.close(0);
        }
        // 10,001 at 2.48 % and ¥7: 255.02, and half as good as never refunded.
        if again {
            let all = town.about(Operation::Refund, &buy, 10_001);
            town.send(&all, true);
        }
        town.close(0);
        assert_eq!(town.fees(), if again { 0 } else { 255 }, "days between: {days_between}, again: {again}");
    }
}

/// Who funds a payment with points gets back what is refunded of it, also when another party funds the programme by then.
#[test]
fn a_refund_comes_back_to_who_funded_the_payment() {
    use proptest::strategy::ValueTree;
    let mut list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    for contract in &mut list.contracts {
        (contract.cycle, contract.minimum_payout, contract.reserve) = (Cycle::Daily, Yen::ZERO, None);
        (contract.rules[0].rate, contract.rules[0].fixed, contract.tax) = (Rate(0), Yen::ZERO, Tax::Exempt);
    }
    let mut town = Town::new(list.clone());
    let funding = |town: &Town, day: BusinessDay| -> Vec<i64> {
        let of = |shop: &str| town.fees.days[&day].merchants.get(&(acquirer(), shop.parse().unwrap()));
        SHOPS.iter().map(|shop| of(shop).map_or(0, |m| m.totals.points_funding.get())).collect()
    };
    let earn = town.request(Operation::Purchase, 1, 0, 10_000);
    town.send(&earn, true);
    let mut pay = town.request(Operation::Purchase, 1, 2, 900);
    pay.options = kazasu_schemas::wire::Options::USE_POINTS;
    town.send(&pay, true);
    let first = town.state.day;
    town.close(1);
    assert_eq!(funding(&town, first), [0, 900, 0], "paid at the third shop, funded by the second");

    // The second shop took nothing, so it owes them.
    // The first shop takes the programme over; a payment of its own time, and a refund of the one before.
    list.contracts[1].funds_points.clear();
    list.contracts[0].funds_points = vec![FUNDED];
    let proposal = Box::new(Proposal::Contracts(Box::new(list.clone())));
    let why = || "t".to_owned();
    town.ok(Command::Approvals(Approvals::Request { proposal, source: "file".into(), said: said("suzuki", why()) }));
    let proposal = town.state.seq;
    town.ok(Command::Approvals(Approvals::Decide {
        proposal,
        answer: kazasu_core::ApprovalAnswer::Approve,
        seen: None,
        said: said("tanaka", why()),
    }));
    let mut later = town.request(Operation::Purchase, 1, 2, 50);
    later.options = kazasu_schemas::wire::Options::USE_POINTS;
    town.send(&later, true);
    let refund = town.about(Operation::Refund, &pay, 400);
    town.send(&refund, true);
    let second = town.state.day;
    let owed = |town: &Town| town.balance(|k| *k == AccountKey::FunderReceivable(FUNDED));
    let before = owed(&town);
    assert_eq!(before, 50 - 400);
    town.end_day();
    assert_eq!(funding(&town, second), [50, -400, 0]);
    town.settle(second);
    assert_eq!(owed(&town), 0, "settled with both");
    let second_shop = (acquirer(), SHOPS[1].parse().unwrap());
    let settled = town.state.settlements().into_iter().rfind(|s| (s.acquirer, s.merchant) == second_shop).unwrap();
    assert_eq!((settled.settlement.points_funding.get(), settled.settlement.carried_forward.get()), (-400, -500));

    // Books that are made anew say the same.
    let mut again = FeeProjection::new(None);
    for entry in &town.entries {
        again.record(entry.place(), &Body::read(&entry.body).unwrap()).unwrap();
    }
    let all = |fees: &FeeProjection| {
        fees.days.values().flat_map(|d| d.merchants.values().map(|m| m.funding.clone())).collect::<Vec<_>>()
    };
    assert_eq!(all(&again), all(&town.fees));

    // Points that no person can have are funded by no party.
    list.contracts[0].funds_points = vec![FUNDED, 99];
    let proposal = Box::new(Proposal::Contracts(Box::new(list)));
    let ask = Approvals::Request { proposal, source: "file".into(), said: said("suzuki", why()) };
    let rejected = town.event(&Event::Command(Command::Approvals(ask))).rejected.unwrap().to_string();
    assert!(rejected.contains("contract 1: funds_points names 99, which is no point programme"), "{rejected}");
}
