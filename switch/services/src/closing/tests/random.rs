//! Random days of payments under random contracts.

use super::*;

#[derive(Clone, Debug)]
pub(super) enum Act {
    Buy(u8, usize, i64, bool),
    BuyWithPoints(u8, usize, i64),
    Refund(usize, i64, bool),
    Reverse(usize),
    Hold(u8, usize, i64, i64),
    RefundAgain(usize, i64),
    ChargeBack(usize, i64),
    Close(u8),
}

pub(super) fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => (1_u8..3, 0_usize..3, 1_i64..60_000, prop::bool::weighted(0.9)).prop_map(|(w, s, y, a)| Act::Buy(w, s, y, a)),
        3 => (1_u8..3, 0_usize..3, 1_i64..60_000).prop_map(|(w, s, y)| Act::BuyWithPoints(w, s, y)),
        4 => (0_usize..50, 1_i64..60_000, prop::bool::weighted(0.8)).prop_map(|(at, y, a)| Act::Refund(at, y, a)),
        2 => (0_usize..50).prop_map(Act::Reverse),
        2 => (1_u8..3, 0_usize..3, 1_i64..60_000, 1_i64..60_000).prop_map(|(w, s, y, z)| Act::Hold(w, s, y, z)),
        2 => (0_usize..50, 1_i64..60_000).prop_map(|(at, y)| Act::RefundAgain(at, y)),
        2 => (0_usize..50, 1_i64..60_000).prop_map(|(at, y)| Act::ChargeBack(at, y)),
        4 => (0_u8..5).prop_map(Act::Close),
    ]
}

pub(super) fn contracts() -> impl Strategy<Value = Contracts> {
    let one = (
        (0_u32..60_000, 0_i64..30, prop_oneof![Just(0_i64), 1_i64..200_000]),
        prop_oneof![Just(Rounding::Down), Just(Rounding::HalfUp), Just(Rounding::Up)],
        prop_oneof![Just(Basis::Tap), Just(Basis::DayAndBrand)],
        prop_oneof![Just(RefundFee::Returned), Just(RefundFee::Kept)],
        prop_oneof![Just(Cycle::Daily), Just(Cycle::Weekly(4)), Just(Cycle::TwiceAMonth), Just(Cycle::MonthEnd)],
        (prop::option::of(1_u16..20), 0_i64..40_000, any::<bool>()),
    );
    proptest::collection::vec(one, 3).prop_map(|list| {
        type Terms = ((u32, i64, i64), Rounding, Basis, RefundFee, Cycle, (Option<u16>, i64, bool));
        let contract = |(n, terms): (u32, Terms)| {
            let ((rate, fixed, free), rounding, basis, refund_fee, cycle, (hold, minimum, tax)) = terms;
            Contract {
                number: n + 1,
                name: format!("contract {n}"),
                scope: Scope::Merchants(vec![(acquirer(), SHOPS[usize::try_from(n).unwrap()].parse().unwrap())]),
                from: BusinessDay::parse("2020-01-01").unwrap(),
                until: None,
                rules: vec![FeeRule {
                    tenders: Tenders::ALL,
                    brand: None,
                    mcc: Vec::new(),
                    rate: Rate(rate),
                    fixed: Yen::new(fixed),
                    minimum: Yen::ZERO,
                }],
                free: Yen::new(free),
                rounding,
                basis,
                tax: if tax { Tax::Taxable { rate: Rate(100_000), rounding } } else { Tax::Exempt },
                refund_fee,
                interchange: None,
                cycle,
                payout_days: 1,
                reserve: hold.map(|days| Reserve { rate: Rate(50_000), days }),
                minimum_payout: Yen::new(minimum),
                chargeback_fee: Yen::new(500),
                funds_points: if n == 1 { vec![FUNDED] } else { Vec::new() },
                own_refunds: None,
            }
        };
        Contracts {
            name: "random".into(),
            brands: Vec::new(),
            products: Vec::new(),
            interchange: Vec::new(),
            contracts: (0_u32..).zip(list).map(contract).collect(),
        }
    })
}

pub(super) fn perform(town: &mut Town, act: &Act) {
    match act {
        Act::Buy(who, shop, yen, approve) => {
            let request = town.request(Operation::Purchase, *who, *shop, *yen);
            town.send(&request, *approve);
            town.paid.push(request);
        }
        Act::BuyWithPoints(who, shop, yen) => {
            let mut request = town.request(Operation::Purchase, *who, *shop, *yen);
            request.options = kazasu_schemas::wire::Options::USE_POINTS;
            town.send(&request, true);
            town.paid.push(request);
        }
        Act::Refund(at, yen, approve) => {
            let Some(original) = town.paid.get(at % town.paid.len().max(1)).copied() else { return };
            let refund = town.about(Operation::Refund, &original, *yen);
            town.send(&refund, *approve);
        }
        Act::Reverse(at) => {
            let Some(original) = town.paid.get(at % town.paid.len().max(1)).copied() else { return };
            let reversal = town.about(Operation::Reversal, &original, original.amount.get());
            town.send(&reversal, true);
        }
        Act::Hold(who, shop, yen, less) => {
            let request = town.request(Operation::Authorize, *who, *shop, *yen);
            town.send(&request, true);
            let completion = town.about(Operation::Completion, &request, (*less).min(*yen));
            town.send(&completion, true);
            town.paid.push(completion);
        }
        // A refund that timed out at the terminal, is reversed, and made again.
        Act::RefundAgain(at, yen) => {
            let Some(original) = town.paid.get(at % town.paid.len().max(1)).copied() else { return };
            let refund = town.about(Operation::Refund, &original, *yen);
            town.send(&refund, true);
            let reversal = town.about(Operation::Reversal, &refund, *yen);
            town.send(&reversal, true);
            let again = town.about(Operation::Refund, &original, *yen);
            town.send(&again, true);
        }
        Act::ChargeBack(at, yen) => {
            let Some(original) = town.paid.get(at % town.paid.len().max(1)).copied() else { return };
            charge_back(town, &original, *yen);
        }
        Act::Close(pay) => town.close(*pay),
    }
}

/// The issuer takes something back, and two people charge it to the merchant.
fn charge_back(town: &mut Town, original: &Request, yen: i64) {
    let Some(tap) = town.entries.iter().find_map(|e| match Body::read(&e.body) {
        Ok(Body::Transaction(t)) if t.rrn == original.rrn && t.key.stan == original.stan => Some(e.seq),
        _ => None,
    }) else {
        return;
    };
    let (amount, reference, why) = (Yen::new(yen), format!("CB{tap}"), "fraud".to_owned());
    let ask = Closing::Dispute { tap, amount, reference, said: said("sato", why) };
    let before = town.state.seq;
    let rejected = town.event(&Event::Command(Command::Closing(ask))).rejected;
    if rejected.is_some() || town.state.seq == before {
        return;
    }
    let dispute = town.state.exceptions(WhichExceptions::Open).into_iter().find(|d| d.exception.own == tap).unwrap();
    let id = dispute.exception.id;
    let proposal = Box::new(Proposal::Resolve { id, how: kazasu_schemas::closing::Resolution::BookedMerchant });
    let why = || "t".to_owned();
    let ask = Approvals::Request { proposal, source: kazasu_core::Document::default(), said: said("suzuki", why()) };
    town.ok(Command::Approvals(ask));
    let settle = Approvals::Decide {
        proposal: town.state.seq,
        answer: kazasu_core::ApprovalAnswer::Approve,
        seen: None,
        said: said("tanaka", why()),
    };
    town.ok(Command::Approvals(settle));
    town.charged_back += yen;
}
