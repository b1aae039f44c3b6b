//! Corrections by staff in a period that is settled: the merchant is paid, and charged, for what stands; what the operator bore changes
//! nothing of either.

use super::*;
use crate::closing::reports::detail_of;
use kazasu_core::SettlementView;
use kazasu_ledger::record::{Correction, CorrectionKind};
use kazasu_report::{Cell, Report};

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

/// What the merchant reads of a settlement, as the letter and the table have it.
fn letter(town: &Town, settled: &SettlementView) -> Report {
    let period = settled.settlement.period;
    let of = (settled.acquirer, settled.merchant);
    let mut fees = FeeProjection::watching(None, of, period.from, period.until);
    for entry in &town.entries {
        fees.record(entry.place(), &Body::read(&entry.body).unwrap()).unwrap();
    }
    detail_of(settled, &fees, NOON).unwrap()
}

fn the_merchant_reads_them_and_the_sums_agree(letter: &Report, settled: &SettlementView, paid: [u64; 3]) {
    let [summary, lines] = letter.sheets() else { panic!("two sheets") };
    let part = |name: &str| {
        let of = |row: &&Vec<Cell>| matches!(&row[0], Cell::Text(text) if text.contains(name));
        match summary.rows().iter().find(of) {
            Some(row) => row[1].clone(),
            None => panic!("{name} in {:?}", summary.rows()),
        }
    };
    let yen = |yen| Cell::Yen(Yen::new(yen));
    assert_eq!([part("Net sales"), part("Fees")], [yen(20_200), yen(-500)], "what the operator bears is no refund");
    let text = |text: u64| Cell::Text(text.to_string());
    let corrections: Vec<_> = lines.rows().iter().filter(|row| row[2] != Cell::Empty).collect();
    let told: Vec<_> = corrections.iter().map(|row| (row[2].clone(), row[8].clone())).collect();
    assert_eq!(told, [(text(paid[0]), yen(-4_000)), (text(paid[2]), yen(-800))], "each names its payment");
    assert!(lines.rows().iter().all(|row| row[1] != Cell::Empty && row[4] != Cell::Empty), "record and terminal");
    let sum = |at: usize| -> i64 {
        let yen = |cell: &Cell| if let Cell::Yen(yen) = cell { yen.get() } else { panic!("{cell:?}") };
        let sum = lines.rows().iter().map(|row| yen(&row[at])).sum();
        assert_eq!(yen(&lines.totals()[at]), sum);
        sum
    };
    let (gross, fee, net) = (sum(8), sum(9), sum(11));
    assert_eq!((gross, fee, net), (20_200, settled.settlement.fee.get(), settled.settlement.paid.get()));
}

#[test]
fn corrections_by_staff_are_in_the_settlement_of_their_day() {
    let mut town = Town::under(Policy { name: "plain".into(), ..Policy::default() }, terms());
    let bought = [10_000, 10_000, 5_000].map(|yen| {
        let buy = town.request(Operation::Purchase, 1, 0, yen);
        town.send(&buy, true);
        (buy, town.state.seq)
    });
    corrected(&mut town, bought[0].1, CorrectionKind::Refund, 4_000);
    corrected(&mut town, bought[1].1, CorrectionKind::WriteOff, 3_000);
    corrected(&mut town, bought[2].1, CorrectionKind::Reduction, 800);
    town.close(1);
    let settled = town.state.settlements().remove(0).settlement;
    // 2.48 % of 6,000, of 10,000 and of 4,200 are 500.96 in one sum.
    assert_eq!((settled.fee.get(), settled.paid.get()), (500, 25_000 - 4_800 - 500));
    let settled = town.state.settlements().remove(0);
    the_merchant_reads_them_and_the_sums_agree(&letter(&town, &settled), &settled, bought.map(|(_, record)| record));
    // The next day the rest of the first goes back, and the terminal reverses the one that was written off.
    corrected(&mut town, bought[0].1, CorrectionKind::Refund, 6_000);
    let reversal = town.about(Operation::Reversal, &bought[1].0, 10_000);
    town.send(&reversal, true);
    let differences = town.balance(|key| *key == AccountKey::Differences);
    let left = town.state.payment(bought[1].1).map_or(0, |payment| payment.left.get());
    assert_eq!((differences, left), (3_000, 0), "each yen once");
    town.close(0);
}
