//! Every yen of every settlement has a reason, under any contracts and with any taps.

use super::*;
use crate::settlements::{Origin, WhyItem};
use kazasu_core::SettlementView;
use kazasu_text::Text;
use kazasu_text::settlements::WhyText;

fn explained(town: &Town, all: &[SettlementView], view: &SettlementView) -> Vec<WhyItem> {
    Origin::of(all, view, &town.fees).items()
}

/// Sentences that no reason could be found for.
fn unexplained(items: &[WhyItem]) -> Vec<&WhyItem> {
    let no_reason = WhyText::Unexplained.en();
    items.iter().filter(|item| item.parts.iter().any(|part| part.why == no_reason)).collect()
}

#[test]
fn every_settlement_is_explained_to_the_yen() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    let seen = std::cell::RefCell::new(std::collections::BTreeMap::<String, u32>::new());
    let result = runner.run(&(contracts(), proptest::collection::vec(act(), 10..120)), |(contracts, acts)| {
        let mut town = Town::new(contracts);
        for act in &acts {
            perform(&mut town, act);
        }
        town.close(1);
        let all = town.state.settlements();
        for view in &all {
            let items = explained(&town, &all, view);
            for item in &items {
                let parts: i64 = item.parts.iter().map(|part| part.yen).sum();
                assert_eq!(parts, item.yen, "the parts of {item:?}");
                *seen.borrow_mut().entry(item.item.clone()).or_default() += 1;
            }
            let paid: i64 = items.iter().map(|item| item.yen).sum();
            assert_eq!(paid, view.settlement.paid.get(), "{view:?} {items:?}");
            assert!(unexplained(&items).is_empty(), "{view:?} {:?}", unexplained(&items));
        }
        Ok(())
    });
    result.unwrap();
    let seen = seen.into_inner();
    for item in ["sales", "refunds", "fees", "tax", "carried_before", "released", "reserve", "carried_forward"] {
        assert!(seen.get(item).is_some_and(|times| *times > 0), "{item} never came: {seen:?}");
    }
    for item in ["points_funding", "chargebacks", "chargeback_fees"] {
        assert!(seen.get(item).is_some_and(|times| *times > 0), "{item} never came: {seen:?}");
    }
}

#[test]
fn payments_of_before_the_contract_are_an_adjustment_with_its_reason() {
    use proptest::strategy::ValueTree;
    let mut list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let first = NOON.jst_day();
    for contract in &mut list.contracts {
        (contract.from, contract.cycle, contract.reserve) = (first.next(), Cycle::Daily, None);
    }
    let mut town = Town::new(list);
    for yen in [10_001, 20_002] {
        let buy = town.request(Operation::Purchase, 1, 0, yen);
        town.send(&buy, true);
        town.close(0);
    }
    let all = town.state.settlements();
    let items = explained(&town, &all, &all[0]);
    let adjusted = items.iter().find(|item| item.item == "adjustments").unwrap();
    let reason = WhyText::WithoutContract { day: first };
    assert_eq!((adjusted.yen, adjusted.parts.len()), (10_001, 1), "{items:?}");
    assert_eq!(adjusted.parts[0].why, reason.en());
    assert!(unexplained(&items).is_empty(), "{items:?}");
}

#[test]
fn an_amount_that_the_records_do_not_give_is_said_to_have_no_reason() {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    let buy = town.request(Operation::Purchase, 1, 0, 10_001);
    town.send(&buy, true);
    for _ in 0..40 {
        town.close(0);
    }
    let all = town.state.settlements();
    let first = all.first().expect("forty days are a month and more");
    assert!(unexplained(&explained(&town, &all, first)).is_empty());
    let mut other = first.clone();
    other.settlement.fee = Yen::new(other.settlement.fee.get() + 1);
    let items = explained(&town, &all, &other);
    let fees = unexplained(&items);
    assert!(fees.iter().any(|item| item.item == "fees" && item.parts.last().unwrap().yen == -1), "{items:?}");
}
