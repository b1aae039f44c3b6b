//! What people and issuers do to payments, at random.

use super::*;

#[derive(Clone, Debug)]
pub(in super::super) enum Deed {
    Act(Act),
    StandIn(i64),
    Raise { party: bool, at: usize, theirs: i64 },
    Dispute(usize, i64),
    Resolve(usize, usize),
    Acknowledge(usize, bool),
    NextDay,
}

pub(in super::super) fn deed() -> impl Strategy<Value = Deed> {
    let pay = || (1_i64..5_000, prop::bool::weighted(0.9));
    prop_oneof![
        4 => pay().prop_map(|(yen, good)| Deed::Act(Act::Buy(2, 0, yen, good))),
        2 => (1_i64..5_000).prop_map(|yen| Deed::Act(Act::BuyWithPoints(2, 1, yen))),
        2 => (1_i64..5_000, 1_i64..5_000).prop_map(|(yen, less)| Deed::Act(Act::Hold(2, 0, yen, less))),
        4 => (0_usize..9, 1_i64..3_000, prop::bool::weighted(0.8)).prop_map(|(at, yen, good)| Deed::Act(Act::Refund(at, yen, good))),
        2 => (0_usize..9).prop_map(|at| Deed::Act(Act::Reverse(at))),
        1 => (0_usize..9, 1_i64..3_000).prop_map(|(at, yen)| Deed::Act(Act::RefundAgain(at, yen))),
        3 => (1_i64..5_000).prop_map(Deed::StandIn),
        5 => (any::<bool>(), 0_usize..30, 0_i64..3_000).prop_map(|(party, at, theirs)| Deed::Raise { party, at, theirs }),
        3 => (0_usize..30, 1_i64..5_000).prop_map(|(at, yen)| Deed::Dispute(at, yen)),
        8 => (0_usize..9, 0_usize..4).prop_map(|(at, how)| Deed::Resolve(at, how)),
        3 => (0_usize..9, any::<bool>()).prop_map(|(at, good)| Deed::Acknowledge(at, good)),
        1 => Just(Deed::NextDay),
    ]
}

pub(in super::super) fn perform_deed(town: &mut Town, deed: &Deed, booked: &mut u32) {
    match deed {
        Deed::Act(act) => perform(town, act),
        Deed::StandIn(yen) => {
            // A shop that is closed takes nothing.
            let request = town.request(Operation::Purchase, 2, 0, *yen);
            town.event(&Event::Request(request));
            let tap = town.state.seq;
            town.event(&Event::IssuerSilent { tap, why: Silence::NotSent });
            town.paid.push(request);
        }
        Deed::Raise { party, at, theirs } => {
            let ledger = Ledger::of(town);
            let side = usize::from(!*party);
            let lines: Vec<(u64, i64)> = ledger.lines.iter().map(|(own, line)| (*own, line[side])).collect();
            let Some((own, ours)) = lines.get(at % lines.len().max(1)).copied().filter(|(_, ours)| *ours != 0) else {
                return;
            };
            let theirs = if ours > 0 { (*theirs).min(ours - 1) } else { (-theirs).max(ours + 1) };
            let party = if *party { "issuer 1" } else { "acquirer 27000001" };
            town.raise(party, own, ours, theirs);
        }
        Deed::Dispute(at, yen) => {
            let taps: Vec<u64> = Ledger::of(town).lines.keys().copied().collect();
            if let Some(tap) = taps.get(at % taps.len().max(1)) {
                let _ = town.dispute(*tap, *yen);
            }
        }
        Deed::Resolve(at, how) => {
            let open = town.state.exceptions(WhichExceptions::Open);
            let all =
                [Resolution::Explained, Resolution::BookedIssuer, Resolution::BookedMerchant, Resolution::WrittenOff];
            if let Some(d) = open.get(at % open.len().max(1)) {
                *booked += u32::from(town.resolve(d.exception.id, all[*how]).is_ok() && *how > 0);
            }
        }
        Deed::Acknowledge(at, good) => {
            let owed: Vec<u64> = town.state.unacknowledged().map(|(seq, _)| seq).collect();
            if let Some(message) = owed.get(at % owed.len().max(1)) {
                town.acknowledge(*message, if *good { ResponseCode::APPROVED } else { REFUSED });
            }
        }
        Deed::NextDay => town.end_day(),
    }
}

#[test]
fn no_more_is_taken_of_a_payment_than_it_is() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 300, ..ProptestConfig::default() });
    let liable = prop_oneof![Just(LiableParty::Operator), Just(LiableParty::Merchant), Just(LiableParty::Issuer)];
    let seen = std::cell::Cell::new(0);
    let result = runner.run(&(liable, proptest::collection::vec(deed(), 10..70)), |(liable, deeds)| {
        let mut town = town(liable);
        let mut booked = 0;
        for deed in &deeds {
            perform_deed(&mut town, deed, &mut booked);
        }
        // Its own assertions say what people took.
        let _ = Ledger::of(&town);
        prop_assert_eq!(town.billed(), town.owed(), "the clearing file bills what the issuer owes");
        let mut again = State::new();
        for entry in &town.entries {
            let record = Record { at: entry.at, day: entry.day, body: Body::read(&entry.body).unwrap() };
            again.apply(entry.seq, &record).unwrap();
        }
        prop_assert!(again == town.state);
        seen.set(seen.get() + booked);
        Ok(())
    });
    result.unwrap();
    assert!(seen.get() >= 100, "{} were booked", seen.get());
}
