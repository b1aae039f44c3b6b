//! Corrections by staff in a period that is settled: the merchant is paid, and charged, for what stands; what the operator bore changes
//! nothing of either.

use super::*;
use kazasu_ledger::record::{Correction, CorrectionKind};

fn corrected(town: &mut Town, payment: u64, kind: CorrectionKind, amount: i64) {
    let left = town.state.payment(payment).unwrap().left;
    let correction = Correction { payment, kind, amount: Yen::new(amount), left };
    let proposal = Box::new(Proposal::Correction(Box::new(correction)));
    town.ok(Command::Approvals(Approvals::Request { proposal, source: "".into(), said: said("per_1", "broken") }));
    let open = town.state.approvals().remove(0);
    town.ok(Command::Approvals(Approvals::Decide {
        proposal: open.number,
        answer: kazasu_core::ApprovalAnswer::Approve,
        seen: Some(open.fingerprint),
        said: said("per_2", "looked at"),
    }));
}

/// 2.48 % of each tap, settled each day; what is given back is not charged.
fn terms() -> Contracts {
    use proptest::strategy::ValueTree;
    let mut list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    for contract in &mut list.contracts {
        (contract.rules[0].rate, contract.rules[0].fixed, contract.free) = (Rate(24_800), Yen::ZERO, Yen::ZERO);
        (contract.refund_fee, contract.basis, contract.rounding) = (RefundFee::Returned, Basis::Tap, Rounding::Down);
        (contract.cycle, contract.minimum_payout, contract.reserve) = (Cycle::Daily, Yen::ZERO, None);
        contract.tax = Tax::Exempt;
        contract.funds_points.clear();
    }
    list
}

#[test]
fn corrections_by_staff_are_in_the_settlement_of_their_day() {
    let mut town = Town::under(Policy { name: "plain".into(), ..Policy::default() }, terms());
    let mut bought = Vec::new();
    for yen in [10_000, 10_000, 5_000] {
        let buy = town.request(Operation::Purchase, 1, 0, yen);
        town.send(&buy, true);
        bought.push((buy, town.state.seq));
    }
    corrected(&mut town, bought[0].1, CorrectionKind::Refund, 4_000);
    corrected(&mut town, bought[1].1, CorrectionKind::WriteOff, 3_000);
    corrected(&mut town, bought[2].1, CorrectionKind::Reduction, 800);
    town.close(1);
    let settled = town.state.settlements().remove(0).settlement;
    // 2.48 % of 6,000, of 10,000 and of 4,200 are 500.96 in one sum.
    assert_eq!((settled.fee.get(), settled.paid.get()), (500, 25_000 - 4_800 - 500));
    // The next day the rest of the first goes back, and the terminal reverses the one that was written off.
    corrected(&mut town, bought[0].1, CorrectionKind::Refund, 6_000);
    let reversal = town.about(Operation::Reversal, &bought[1].0, 10_000);
    town.send(&reversal, true);
    let differences = town.balance(|key| *key == AccountKey::Differences);
    let left = town.state.payment(bought[1].1).map_or(0, |payment| payment.left.get());
    assert_eq!((differences, left), (3_000, 0), "each yen once");
    town.close(0);
}
