//! Random payouts and random statements of them, in any order and again and again: each yen is booked at most once, and nothing
//! while it could be two things.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn shuffled(entries: &[Entry], seed: u64) -> Vec<Entry> {
    let mut out = entries.to_vec();
    let mut seed = seed;
    for at in (1..out.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(seed >> 33).unwrap() % (at + 1);
        out.swap(at, other);
    }
    out
}

/// Files that the bank took and lines that were booked, by the journal.
fn booked(office: &Office) -> (BTreeMap<(u64, u16), u32>, BTreeMap<String, u32>) {
    let (mut files, mut lines) = (BTreeMap::new(), BTreeMap::new());
    for record in &office.journal {
        let reference = match &record.body {
            Body::PayoutTaken(r) => {
                *files.entry((r.payout, r.file)).or_default() += 1;
                r.reference.clone()
            }
            Body::PayoutReturned(r) => r.reference.clone(),
            Body::MoneyReceived(r) => r.reference.clone(),
            _ => continue,
        };
        *lines.entry(reference).or_default() += 1;
    }
    (files, lines)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_yen_is_booked_at_most_once_and_nothing_while_it_is_ambiguous(
        due in prop::collection::vec(1_i64..4, 1..6),
        statements in prop::collection::vec(
            (prop::collection::vec((0_u8..4, 1_i64..4, 0_usize..6), 0..8), any::<u64>()), 1..4),
    ) {
        let amounts: Vec<i64> = due.iter().map(|n| n * 10_000).collect();
        let mut office = Office::new(&amounts);
        let payouts: Vec<u64> = (1_u32..).take(due.len()).map(|n| office.payout(&[n])).collect();
        let mut twin = Office::new(&amounts);
        (1_u32..).take(due.len()).for_each(|n| { twin.payout(&[n]); });
        for (lines, seed) in &statements {
            let entries: Vec<Entry> = lines.iter().map(|(kind, n, which)| {
                let (yen, shop) = (n * 10_000, which % due.len());
                match kind {
                    0 | 1 => out(yen),
                    2 => came(yen, &format!("ｶﾒｲﾃﾝ {shop}"), ""),
                    _ => came(yen, "ﾌﾘｺﾐ", &format!("P{}-{}", payouts[shop], shop + 1)),
                }
            }).collect();
            // What is due of each sum, and how many lines say that it left.
            let mut open = BTreeMap::<i64, (usize, usize)>::new();
            for (n, payout) in payouts.iter().enumerate() {
                open.entry(amounts[n]).or_default().0 += usize::from(office.view(*payout).taken.is_empty());
            }
            let bytes = file(&entries);
            let again = file(&shuffled(&entries, *seed));
            let read = statement::read(&bytes).unwrap();
            let faults = read::faults(&read, today(), Calendar::built_in());
            for row in rows(&read, &faults, hidden) {
                if row.entry.direction == Direction::Out && office.state.line_status(&row.reference) == LineStatus::New {
                    open.entry(row.entry.amount.get()).or_default().1 += 1;
                }
            }
            let before: Vec<usize> = payouts.iter().map(|p| office.view(*p).taken.len()).collect();
            let found = office.read(&bytes);
            twin.read(&again);
            for (n, payout) in payouts.iter().enumerate() {
                let (files, lines) = open[&amounts[n]];
                if files != lines {
                    prop_assert_eq!(office.view(*payout).taken.len(), before[n], "{} lines for {} files", lines, files);
                }
                prop_assert_eq!(office.view(*payout).taken, twin.view(*payout).taken.clone(), "in any order");
                prop_assert_eq!(office.settlement(u32::try_from(n + 1).unwrap()), twin.settlement(u32::try_from(n + 1).unwrap()));
            }
            let seq = office.state.seq;
            let once_more = office.read(&bytes);
            // What was open may be certain once the rest is booked; what was booked is known.
            for ((_, first), (_, second)) in found.iter().zip(&once_more) {
                if !matches!(first, Finding::Open { .. }) {
                    prop_assert!(matches!(second, Finding::Known), "{first:?} {second:?}");
                }
            }
            twin.read(&again);
            let _ = seq;
        }
        let (files, lines) = booked(&office);
        prop_assert!(files.values().all(|n| *n == 1) && lines.values().all(|n| *n == 1));
        let taken: i64 = files.keys().map(|(payout, _)| office.view(*payout).total.get()).sum();
        let back: i64 = (0..due.len())
            .filter(|n| matches!(office.settlement(u32::try_from(n + 1).unwrap()), SettlementState::Returned(_)))
            .map(|n| amounts[n])
            .sum();
        prop_assert_eq!(office.balance(AccountKey::Bank), back - taken);
        prop_assert_eq!(office.balance(AccountKey::PayoutTransit), amounts.iter().sum::<i64>() - taken);
        office.check_replay();
    }
}
