//! Days with random contracts and random taps: every yen that merchants took is with somebody, to the yen.

use super::compare::{CompareWith, Lines, compared, name};
use super::settle::{Ending, issuer, settlement};
use kazasu_core::{Approvals, Closing, Command, Decision, Event, Link, State, decide};
use kazasu_ledger::chain::Sealer;
use kazasu_ledger::record::{BankAccount, Body, Instrument, LinkOrigin, Proposal, Record};
use kazasu_ledger::{AccountKey, Entry};
use kazasu_projections::books::Books;
use kazasu_projections::statements::StatementBook;
use kazasu_recon::file::{Row, Writer};
use kazasu_recon::item::Kind;
use kazasu_recon::result::Proposal as Proposed;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::closing::DayState;
use kazasu_schemas::contract::{
    Basis, Contract, Contracts, Cycle, FeeRule, RefundFee, Reserve, Rounding, Scope, Tax, Tenders,
};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Kinds, Place, PointProgramme, Policy, Rate};
use kazasu_schemas::relief::Format;
use kazasu_schemas::wire::{Operation, Request, ResponseCode};
use kazasu_store::memory::MemoryStore;
use kazasu_store::{Claim, Store};
use proptest::prelude::*;

mod mended;
mod registrations;
mod standing;

const NOON: Millis = Millis(1_795_402_800_000);
/// Milliseconds.
const DAY: i64 = 86_400_000;
const SHOPS: [&str; 3] = ["SHOP0", "SHOP1", "SHOP2"];

struct Town {
    state: State,
    books: Books,
    now: Millis,
    stan: u32,
    paid: Vec<Request>,
    sealer: Sealer,
    entries: Vec<Entry>,
    charged_back: i64,
}

fn acquirer() -> InstitutionId {
    "27000001".parse().unwrap()
}

/// Points that the second shop funds: one yen of ten, everywhere.
const FUNDED: u16 = 7;

fn points() -> Policy {
    let day = |text| BusinessDay::parse(text).unwrap();
    Policy {
        name: "points".into(),
        points: vec![PointProgramme {
            number: FUNDED,
            name: "points".into(),
            funder: SHOPS[1].into(),
            from: day("2020-01-01"),
            until: day("2039-12-31"),
            rate: Rate(100_000),
            minimum: Yen::ZERO,
            cap_tap: None,
            cap_month: None,
            cap_life: None,
            budget: 1_000_000,
            rounding: kazasu_schemas::policy::Rounding::Tap,
            bonus_days: Vec::new(),
            bonus_weekdays: 0,
            bonus_rate: Rate(0),
            expires: None,
            redeemable: true,
            one_of: None,
            instruments: Kinds::ALL,
            place: Place::default(),
            budget_line: None,
        }],
        ..Policy::default()
    }
}

fn person(n: u8) -> Ppid {
    Ppid::from_bytes([n; 16])
}

impl Town {
    fn new(contracts: Contracts) -> Town {
        Town::under(points(), contracts)
    }

    fn under(policy: Policy, contracts: Contracts) -> Town {
        Town::with(policy, contracts, None)
    }

    fn with(
        policy: Policy,
        contracts: Contracts,
        vault: Option<std::sync::Arc<kazasu_security::vault::Vault>>,
    ) -> Town {
        let mut town = Town {
            state: State::new(),
            books: Books::new(vault),
            now: NOON,
            stan: 0,
            paid: Vec::new(),
            sealer: Sealer::new(1, [0; 32]),
            entries: Vec::new(),
            charged_back: 0,
        };
        let merchant = |n: usize| Command::RegisterMerchant {
            acquirer: acquirer(),
            merchant: SHOPS[n].parse::<MerchantId>().unwrap(),
            name: SHOPS[n].to_owned(),
            mcc: ["5411", "5812", "8011"][n].parse::<Mcc>().unwrap(),
            terminals: vec![format!("T{n}").parse::<TerminalId>().unwrap()],
            closed: false,
            traits: Default::default(),
        };
        let link =
            |who, to| Command::Link { ppid: person(who), from: None, to, origin: LinkOrigin::Import, by: "t".into() };
        let bank = Link::Instrument(Instrument::BankAccount(BankAccount { issuer: 1, number: 77 }));
        for command in [
            Command::Open { book: "test".into() },
            Command::RegisterAcquirer { acquirer: acquirer(), name: "A".into() },
            Command::RegisterIssuer { issuer: 1, name: "I".into() },
            merchant(0),
            merchant(1),
            merchant(2),
            Command::OpenDeposit { number: 1 },
            Command::Fund { number: 1, amount: Yen::new(100_000_000), reference: "t".into() },
            link(1, Link::Deposit(1)),
            link(2, bank),
            Command::ActivatePolicy {
                policy: Box::new(policy),
                source: "file".into(),
                by: "t".into(),
                why: "t".into(),
                first: false,
            },
        ] {
            assert_eq!(town.event(&Event::Command(command)).rejected, None);
        }
        let proposal = Box::new(Proposal::Contracts(Box::new(contracts)));
        let (by, why) = ("suzuki".to_owned(), "t".to_owned());
        town.ok(Command::Approvals(Approvals::Request { proposal, source: "file".into(), by, why: why.clone() }));
        let proposal = town.state.seq;
        town.ok(Command::Approvals(Approvals::Decide { proposal, approve: true, by: "tanaka".into(), why }));
        town
    }

    fn event(&mut self, event: &Event) -> Decision {
        let decision = decide(&self.state, self.now, event);
        self.recorded(&decision);
        // What reversals have left to do is done before anything else.
        while let Some(more) = kazasu_core::left_to_undo(&self.state) {
            self.recorded(&more);
        }
        decision
    }

    fn recorded(&mut self, decision: &Decision) {
        if let Some(body) = decision.body.clone() {
            let day = if matches!(body, Body::Opened(_)) { self.now.jst_day() } else { self.state.day };
            let seq = self.state.seq + 1;
            let at = self.now.max(self.state.at);
            self.books.record(kazasu_ledger::record::Place { seq, at, day }, &body).unwrap();
            let record = Record { at, day, body };
            self.entries.push(self.sealer.seal(&record));
            self.state.apply(seq, &record).unwrap();
        }
    }

    fn ok(&mut self, command: Command) {
        assert_eq!(self.event(&Event::Command(command)).rejected, None);
    }

    fn request(&mut self, operation: Operation, who: u8, shop: usize, yen: i64) -> Request {
        self.stan += 1;
        let (mti, processing) = match operation {
            Operation::Authorize => (100, 0),
            Operation::Purchase => (200, 0),
            Operation::Refund => (200, 200_000),
            Operation::Completion | Operation::PurchaseAdvice => (220, 0),
            Operation::RefundAdvice => (220, 200_000),
            Operation::Reversal => (420, 0),
            _ => unreachable!("not asked for here"),
        };
        Request {
            mti: Mti(mti),
            operation: Some(operation),
            processing,
            amount: Yen::new(yen),
            transmission: self.now.transmission(),
            stan: Stan::wrapping(u64::from(self.stan)),
            local_time: None,
            local_date: None,
            mcc: None,
            entry_mode: 71,
            acquirer: acquirer(),
            rrn: Rrn::from_number(u64::from(self.stan)),
            terminal: format!("T{shop}").parse().unwrap(),
            merchant: SHOPS[shop].parse().unwrap(),
            currency: 392,
            ppid: Some(person(who)),
            original: None,
            replacement: None,
            options: Default::default(),
        }
    }

    /// Sends, and lets the issuer approve or decline what it is asked.
    fn send(&mut self, request: &Request, approve: bool) {
        let decision = self.event(&Event::Request(*request));
        if matches!(&decision.body, Some(Body::Tapped(t)) if t.verdict == kazasu_ledger::record::Verdict::Pending) {
            let code = if approve { ResponseCode::APPROVED } else { ResponseCode::SECURITY };
            let message = self.state.seq;
            self.event(&Event::IssuerAnswered { message, code, approval: None });
        }
    }

    fn about(&mut self, operation: Operation, original: &Request, yen: i64) -> Request {
        let shop = SHOPS.iter().position(|s| original.merchant == s.parse().unwrap()).unwrap();
        let mut request = self.request(operation, 0, shop, yen);
        request.ppid = original.ppid;
        request.original = Some(original.as_original());
        request.rrn = original.rrn;
        request
    }

    /// The day ends, is reconciled and settled. Sometimes what is due is paid, and sometimes a payment comes back.
    fn close(&mut self, pay: u8) {
        let day = self.state.day;
        self.end_day();
        self.settle(day);
        if pay > 0 {
            self.pay(pay);
        }
        self.audit();
    }

    fn end_day(&mut self) {
        let day = self.state.day;
        self.now = Millis(self.now.0 + DAY);
        self.event(&Event::Tick { keep_days: 400 });
        assert_eq!(self.state.day, day.next());
    }

    fn settle(&mut self, day: BusinessDay) {
        let mark = |state| Closing::Mark { day, state, by: "t".into(), why: "t".into() };
        self.ok(Command::Closing(mark(DayState::Reconciled)));
        for shop in SHOPS {
            let key = (acquirer(), shop.parse().unwrap());
            let standing = self.state.standing(key.0, key.1);
            let ending = Ending { key, day, standing: &standing };
            let Some(due) = settlement(&self.books, &ending, Calendar::built_in()).unwrap() else {
                continue;
            };
            assert!(due.settlement.period.until <= day);
            let ask = Closing::SettleMerchant {
                acquirer: key.0,
                merchant: key.1,
                settlement: Box::new(due.settlement),
                points: due.points,
                value_date: due.value_date,
            };
            self.ok(Command::Closing(ask.clone()));
            let before = self.state.seq;
            self.ok(Command::Closing(ask));
            assert_eq!(self.state.seq, before, "a period is settled once");
        }
        if let Some((n, period, net, interchange)) = issuer(&self.books, 1, day, self.state.issuer_settled_until(1)) {
            self.ok(Command::Closing(Closing::SettleIssuer { issuer: n, period, net, interchange }));
        }
        self.ok(Command::Closing(mark(DayState::Settled)));
    }

    /// Fees of all days that ended.
    fn fees(&self) -> i64 {
        let days = self.books.days.values().flat_map(|day| day.merchants.values());
        days.filter_map(|m| m.fees.as_ref()).map(|f| f.fee.get()).sum()
    }

    fn pay(&mut self, pay: u8) {
        let due: Vec<_> =
            self.state.settlements().into_iter().filter(|s| s.state == kazasu_core::SettlementState::Due).collect();
        if due.is_empty() {
            return;
        }
        let total = due.iter().fold(0, |sum, s| sum + s.settlement.paid.get());
        let settlements: Vec<u32> = due.iter().map(|s| s.number).collect();
        let value_date = Calendar::built_in().next_business_day(self.state.day.next()).unwrap();
        let proposal = Box::new(Proposal::Payout {
            settlements: settlements.clone(),
            total: Yen::new(total),
            value_date,
            payees: [0; 32],
        });
        let why = || "t".to_owned();
        self.ok(Command::Approvals(Approvals::Request {
            proposal,
            source: String::new(),
            by: "suzuki".into(),
            why: why(),
        }));
        let payout = self.state.seq;
        let alone = Approvals::Decide { proposal: payout, approve: true, by: "suzuki".into(), why: why() };
        assert!(
            self.event(&Event::Command(Command::Approvals(alone))).rejected.is_some(),
            "one person alone pays nobody"
        );
        self.ok(Command::Approvals(Approvals::Decide {
            proposal: payout,
            approve: true,
            by: "tanaka".into(),
            why: why(),
        }));
        let by = || "tanaka".to_owned();
        let count = u32::try_from(settlements.len()).unwrap();
        let made = vec![kazasu_ledger::record::MadeFile { count, total: Yen::new(total), digest: [0; 32] }];
        self.ok(Command::Closing(Closing::FileMade { payout, format: Format::Zengin, files: made, by: by() }));
        let line = |n: u32| format!("line {payout} {n}");
        self.ok(Command::Closing(Closing::Taken { payout, file: 0, reference: line(0), by: by() }));
        self.ok(Command::Closing(Closing::Taken { payout, file: 0, reference: line(0), by: by() }));
        if pay > 1 {
            let settlement = settlements[usize::from(pay) % settlements.len()];
            let back = Closing::Returned { payout, settlement, reference: line(1), by: by() };
            self.ok(Command::Closing(back.clone()));
            self.ok(Command::Closing(back));
        }
    }

    fn balance(&self, wanted: impl Fn(&AccountKey) -> bool) -> i64 {
        self.state.positions(wanted).iter().map(|p| p.balance.get()).sum()
    }

    /// Nets sum to zero across merchants, issuers, residents, fees, tax and bank; and each merchant is owed exactly what its days
    /// brought, less what was settled, plus what was kept back or carried.
    fn audit(&self) {
        let owed = self.balance(|k| matches!(k, AccountKey::MerchantPayable(..)))
            + self.balance(|k| *k == AccountKey::FeeIncome)
            + self.balance(|k| *k == AccountKey::FeeTax)
            + self.balance(|k| *k == AccountKey::PayoutTransit)
            + self.balance(|k| matches!(k, AccountKey::Deposit(_)));
        let there = self.balance(|k| *k == AccountKey::Bank)
            + self.balance(|k| matches!(k, AccountKey::IssuerReceivable(_)))
            + self.balance(|k| matches!(k, AccountKey::Interchange(_)))
            + self.balance(|k| matches!(k, AccountKey::FunderReceivable(_)))
            + self.balance(|k| matches!(k, AccountKey::AdviceShortfall(_)));
        assert_eq!(owed, there, "every yen is with somebody");
        let settled = self.state.settlements();
        let fees: i64 = settled.iter().map(|s| s.settlement.fee.get() + s.settlement.chargeback_fee.get()).sum();
        assert_eq!(self.balance(|k| *k == AccountKey::FeeIncome), fees);
        assert_eq!(
            self.balance(|k| *k == AccountKey::FeeTax),
            settled.iter().map(|s| s.settlement.tax.get()).sum::<i64>()
        );
        // What was paid with points is owed by the shop that funds them, until its settlement takes it.
        let shop = (acquirer(), SHOPS[1].parse().unwrap());
        let until = self.state.standing(shop.0, shop.1).until;
        let open = self.books.days.iter().filter(|(day, _)| until.is_none_or(|until| **day > until));
        let funding = open.filter_map(|(_, book)| book.merchants.get(&shop)).map(|m| m.totals.points_funding.get());
        assert_eq!(self.balance(|k| *k == AccountKey::FunderReceivable(FUNDED)), funding.sum::<i64>());
        for shop in SHOPS {
            let key = (acquirer(), shop.parse().unwrap());
            let standing = self.state.standing(key.0, key.1);
            let (opening, until) = (standing.opening(BusinessDay(i32::MAX / 2)), standing.until);
            let open = self.books.days.iter().filter(|(day, _)| until.is_none_or(|until| **day > until));
            let days: i128 = open
                .filter_map(|(_, book)| book.merchants.get(&key))
                .map(|m| {
                    let more = m.totals.adjustments.get() - m.totals.chargebacks.get();
                    m.totals.gross.sum() - m.totals.refunds.sum() + i128::from(more)
                })
                .sum();
            let expected = days + i128::from(opening.carried.get() + opening.released.get());
            let payable = self.balance(|k| *k == AccountKey::MerchantPayable(key.0, key.1));
            assert_eq!(i128::from(payable), expected, "{shop} is owed what its days brought and nothing else");
        }
    }
}

#[derive(Clone, Debug)]
enum Act {
    Buy(u8, usize, i64, bool),
    BuyWithPoints(u8, usize, i64),
    Refund(usize, i64, bool),
    Reverse(usize),
    Hold(u8, usize, i64, i64),
    RefundAgain(usize, i64),
    ChargeBack(usize, i64),
    Close(u8),
}

fn act() -> impl Strategy<Value = Act> {
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

fn contracts() -> impl Strategy<Value = Contracts> {
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

fn perform(town: &mut Town, act: &Act) {
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
        // The issuer takes something back, and two people charge it to the merchant.
        Act::ChargeBack(at, yen) => {
            let Some(original) = town.paid.get(at % town.paid.len().max(1)).copied() else { return };
            let Some(tap) = town.entries.iter().find_map(|e| match Body::read(&e.body) {
                Ok(Body::Tapped(t)) if t.rrn == original.rrn && t.key.stan == original.stan => Some(e.seq),
                _ => None,
            }) else {
                return;
            };
            let (amount, reference, why) = (Yen::new(*yen), format!("CB{tap}"), "fraud".to_owned());
            let ask = Closing::Dispute { tap, amount, reference, why, by: "sato".to_owned() };
            let before = town.state.seq;
            let rejected = town.event(&Event::Command(Command::Closing(ask))).rejected;
            if rejected.is_some() || town.state.seq == before {
                return;
            }
            let dispute = town.state.differences(true).into_iter().find(|d| d.difference.own == tap).unwrap();
            let id = dispute.difference.id;
            let proposal = Box::new(Proposal::Resolve { id, how: kazasu_schemas::closing::Resolution::BookedMerchant });
            let why = || "t".to_owned();
            let ask = Approvals::Request { proposal, source: String::new(), by: "suzuki".into(), why: why() };
            town.ok(Command::Approvals(ask));
            let settle = Approvals::Decide { proposal: town.state.seq, approve: true, by: "tanaka".into(), why: why() };
            town.ok(Command::Approvals(settle));
            town.charged_back += yen;
        }
        Act::Close(pay) => town.close(*pay),
    }
}

#[test]
fn a_party_is_known_however_it_is_typed() {
    use super::bank::{party, payer};
    for text in ["issuer 4", "issuer　4", "issuer４", "ISSUER 4", " ｉｓｓｕｅｒ  4 "] {
        assert_eq!(party(text), "issuer 4", "{text}");
        assert_eq!(payer(text), Some(kazasu_ledger::record::Payer::Issuer(4)), "{text}");
    }
    assert_eq!(party("Acquirer 27000001"), "acquirer 27000001");
    for text in ["issuer", "4", "bank 4", "issuer x", ""] {
        assert_eq!(party(text), text);
        assert_eq!(payer(text), None, "{text}");
    }
}

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
            town.books.days.values().flat_map(|d| d.merchants.values()).map(|m| m.totals.chargebacks.get()).sum();
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

/// What is planted into somebody's file.
#[derive(Clone, Debug)]
enum Plant {
    Missing(usize),
    Amount(usize, i64),
    Duplicate(usize),
    Unexpected(i64),
}

fn plant() -> impl Strategy<Value = Plant> {
    prop_oneof![
        (0_usize..500).prop_map(Plant::Missing),
        (0_usize..500, prop_oneof![-500_i64..0, 1_i64..500]).prop_map(|(at, by)| Plant::Amount(at, by)),
        (0_usize..500).prop_map(Plant::Duplicate),
        (1_i64..60_000).prop_map(Plant::Unexpected),
    ]
}

/// The ledger's lines of all days, changed as planted: the file, and what is to be found.
fn planted(rows: &[Row], plants: &[Plant]) -> (Vec<u8>, Vec<&'static str>) {
    let mut used = std::collections::HashSet::new();
    let mut lines: Vec<Option<Row>> = rows.iter().cloned().map(Some).collect();
    let (mut more, mut expected) = (Vec::new(), Vec::new());
    for (plant, number) in plants.iter().zip(1_u64..) {
        let free = |at: usize| (!rows.is_empty()).then(|| at % rows.len());
        match plant {
            Plant::Missing(at) | Plant::Amount(at, _) | Plant::Duplicate(at) => {
                let Some(at) = free(*at).filter(|at| used.insert(*at)) else { continue };
                match plant {
                    Plant::Amount(_, by) => {
                        let row = lines[at].as_mut().unwrap();
                        let new = Yen::new(row.amount.get() + by);
                        // A line of nothing, or one that turned from a payment into a refund, is another mistake.
                        if new == Yen::ZERO || new.is_positive() != row.amount.is_positive() {
                            continue;
                        }
                        expected.push(if *by > 0 { "amount_over" } else { "amount_under" });
                        row.amount = new;
                    }
                    Plant::Duplicate(_) => {
                        more.push(rows[at].clone());
                        expected.push("duplicate");
                    }
                    _ => {
                        lines[at] = None;
                        expected.push("missing");
                    }
                }
            }
            Plant::Unexpected(yen) => {
                let day = rows.first().map_or(NOON.jst_day(), |row| row.day);
                more.push(Row {
                    reference: std::num::NonZeroU64::new(1_000_000 + number),
                    rrn: Some(Rrn::from_number(900_000_000 + number)),
                    ..Row::new(Kind::Purchase, Yen::new(*yen), day)
                });
                expected.push("unexpected");
            }
        }
    }
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes).unwrap();
    for row in lines.iter().flatten().chain(&more) {
        writer.row(row).unwrap();
    }
    writer.finish().unwrap();
    expected.sort_unstable();
    (bytes, expected)
}

impl Town {
    fn lines(&self, with: &CompareWith) -> Vec<Row> {
        let mut lines = Lines::new(with).unwrap();
        for entry in &self.entries {
            lines.record(entry.place(), &Body::read(&entry.body).unwrap());
        }
        lines.finish()
    }
}

#[test]
fn every_planted_error_is_found_and_nothing_else() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    let found_in_all = std::cell::RefCell::new(std::collections::BTreeMap::<&str, u32>::new());
    let days = proptest::collection::vec(act(), 20..120);
    let result = runner.run(
        &(contracts(), days, proptest::collection::vec(plant(), 0..8), any::<bool>()),
        |(contracts, acts, plants, acquirers)| {
            let mut town = Town::new(contracts);
            for act in &acts {
                perform(&mut town, act);
            }
            town.close(0);
            let (against, party) = match acquirers {
                true => (kazasu_schemas::closing::Against::Acquirer, "27000001"),
                false => (kazasu_schemas::closing::Against::Issuer, "1"),
            };
            let (from, until) = (NOON.jst_day(), town.state.day);
            let with = CompareWith { against, party: party.into(), from, until };
            let exact = super::compare::rules(&Default::default(), &with);
            // An issuer that lists no chargebacks among its payments is not told that they lack.
            let mut rows = town.lines(&with);
            rows.retain(|row| row.kind != Kind::Chargeback);
            let (bytes, expected) = planted(&rows, &plants);
            let (report, _, _, outcome) = compared(&with, &rows, &bytes, until.next(), &exact).unwrap();
            prop_assert_eq!(report.bad, 0);
            let mut found: Vec<&str> = outcome.exceptions.iter().map(|e| name(e.status)).collect();
            found.sort_unstable();
            prop_assert_eq!(&found, &expected);
            for status in found {
                *found_in_all.borrow_mut().entry(status).or_default() += 1;
            }
            Ok(())
        },
    );
    result.unwrap();
    let found = found_in_all.borrow();
    for status in ["missing", "amount_over", "amount_under", "duplicate", "unexpected"] {
        assert!(found.get(status).is_some_and(|n| *n >= 20), "{found:?}");
    }
}

/// Statements show what merchants got of each person, whether the file is made at once or in pieces.
#[test]
fn statements_add_up_to_what_merchants_got() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 40, ..ProptestConfig::default() });
    let strategy = (contracts(), proptest::collection::vec(act(), 10..80), 0.0_f64..1.0);
    let result = runner.run(&strategy, |(contracts, acts, cut)| {
        let mut town = Town::new(contracts);
        for act in &acts {
            perform(&mut town, act);
        }
        let mut chart = kazasu_projections::chart::Chart::default();
        let mut expected = std::collections::BTreeMap::<String, i64>::new();
        for entry in &town.entries {
            for moved in chart.record(entry.place(), &Body::read(&entry.body).unwrap()) {
                // What an issuer takes back of a merchant is settled between it and its cardholder.
                if !moved.correction {
                    *expected.entry(moved.merchant.1.to_string()).or_default() += moved.amount.get();
                }
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let found = runtime.block_on(async {
            let store = MemoryStore::default();
            let mut journal = store.lead(Claim { node: Default::default(), expected: None }).await.unwrap();
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place to cut"
            )]
            let cut = (town.entries.len() as f64 * cut) as usize;
            let path = dir.path().join("statements.db");
            let mut lines = Vec::new();
            for part in [&town.entries[..cut], &town.entries[cut..]] {
                if !part.is_empty() {
                    journal.append(part).await.unwrap();
                }
                // Another book each time, as after a restart.
                let book = StatementBook::new(std::sync::Arc::new(store.clone()), path.clone());
                lines.clear();
                for who in 1..3 {
                    lines.extend(book.lines(person(who), NOON.jst_day(), town.state.day).await.unwrap());
                }
            }
            lines
        });
        let mut sums = std::collections::BTreeMap::<String, i64>::new();
        for line in &found {
            *sums.entry(line.merchant.clone()).or_default() +=
                line.relief.get() + line.points.get() + line.instrument.get() + line.uncovered.get();
        }
        expected.retain(|_, yen| *yen != 0);
        sums.retain(|_, yen| *yen != 0);
        prop_assert_eq!(sums, expected);
        Ok(())
    });
    result.unwrap();
}

/// What the acquirer owes is nobody's payment: not of someone without an instrument, not beyond what an account covers, not refunded.
#[test]
fn a_statement_shows_what_the_acquirer_owes_apart() {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    town.ok(Command::IssueTemporary { ppid: person(9), until: None, by: "t".into() });
    town.ok(Command::OpenDeposit { number: 8 });
    town.ok(Command::Fund { number: 8, amount: Yen::new(100), reference: "t".into() });
    let origin = LinkOrigin::Import;
    town.ok(Command::Link { ppid: person(8), from: None, to: Link::Deposit(8), origin, by: "t".into() });
    // Nothing linked; an account that covers a part, which the refund is first taken off from.
    let nothing = town.request(Operation::PurchaseAdvice, 9, 0, 250);
    town.send(&nothing, true);
    let part = town.request(Operation::PurchaseAdvice, 8, 0, 250);
    town.send(&part, true);
    let refund = town.about(Operation::Refund, &part, 200);
    town.send(&refund, true);
    // Someone whom nobody knows.
    let unknown = town.request(Operation::PurchaseAdvice, 99, 0, 30);
    town.send(&unknown, true);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let lines = runtime.block_on(async {
        let store = MemoryStore::default();
        let mut journal = store.lead(Claim { node: Default::default(), expected: None }).await.unwrap();
        journal.append(&town.entries).await.unwrap();
        let mut lines = Vec::new();
        // The second book reads what the first has written.
        for _ in 0..2 {
            lines.clear();
            let book = StatementBook::new(std::sync::Arc::new(store.clone()), dir.path().join("statements.db"));
            for who in [9, 8, 99] {
                lines.extend(book.lines(person(who), NOON.jst_day(), town.state.day).await.unwrap());
            }
        }
        lines
    });
    let paid: Vec<_> = lines.iter().map(|l| (l.amount.get(), l.instrument.get(), l.uncovered.get())).collect();
    assert_eq!(paid, [(250, 0, 250), (250, 100, 150), (200, -50, -150), (30, 0, 30)]);
    assert_eq!(
        lines.iter().map(|l| l.uncovered.get()).sum::<i64>(),
        town.balance(|k| matches!(k, AccountKey::AdviceShortfall(_)))
    );
}

const DIFFERENCE: [u8; 16] = [7; 16];
/// What the difference is about: a payment that issuer 1 does not have.
const MISSING: Yen = Yen::new(100);

/// Why a command is refused; nothing where it is done.
fn refused(town: &mut Town, command: Command) -> Option<String> {
    town.event(&Event::Command(command)).rejected.map(|why| why.to_string())
}

fn mark(day: BusinessDay, state: DayState) -> Command {
    Command::Closing(Closing::Mark { day, state, by: "t".into(), why: "t".into() })
}

#[test]
fn a_day_goes_forward_only_and_differences_are_in_somebodys_hands() {
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap();
    use proptest::strategy::ValueTree;
    let mut town = Town::new(list.current());
    let day = town.state.day;
    a_day_ends_is_reconciled_and_then_settled(&mut town, day);
    a_file_is_compared_once(&mut town, day);
    a_difference_is_raised_once_and_needs_an_owner(&mut town, day);
    a_settled_day_stays_settled(&mut town, day);
    two_people_resolve_a_difference_once(&mut town);
}

fn a_day_ends_is_reconciled_and_then_settled(town: &mut Town, day: BusinessDay) {
    assert_eq!(
        refused(town, mark(day, DayState::Reconciled)).unwrap(),
        format!("business day {day} has not ended, or is before this book")
    );
    town.now = Millis(town.now.0 + DAY);
    town.event(&Event::Tick { keep_days: 400 });
    let why = refused(town, mark(day, DayState::Settled)).unwrap();
    assert!(why.contains("is cut_over; settled follows reconciled"), "{why}");
}

fn a_file_is_compared_once(town: &mut Town, day: BusinessDay) {
    let ran = kazasu_ledger::record::ReconRan {
        run: 0,
        against: kazasu_schemas::closing::Against::Issuer,
        party: "1".into(),
        digest: [1; 32],
        period: kazasu_schemas::contract::Period { from: day, until: day },
        lines: [1, 0],
        matched: 0,
        matched_yen: Yen::ZERO,
        bad_lines: 0,
        differences: 1,
        by: "t".into(),
    };
    town.ok(Command::Closing(Closing::Ran(Box::new(ran.clone()))));
    let before = town.state.seq;
    town.ok(Command::Closing(Closing::Ran(Box::new(ran))));
    assert_eq!(town.state.seq, before, "the same file is compared once");
}

fn a_difference_is_raised_once_and_needs_an_owner(town: &mut Town, day: BusinessDay) {
    let difference = kazasu_schemas::closing::Difference {
        id: DIFFERENCE,
        status: "missing".into(),
        party: "issuer 1".into(),
        own: 1,
        ours: MISSING,
        theirs: Yen::ZERO,
        line: 0,
        day,
        why: "w".into(),
        proposal: "p".into(),
    };
    for _ in 0..2 {
        town.ok(Command::Closing(Closing::Raise { run: 1, differences: vec![difference.clone()] }));
    }
    assert_eq!(town.state.differences(true).len(), 1);
    assert!(refused(town, mark(day, DayState::Reconciled)).unwrap().starts_with("1 differences of"));
    let note = Closing::Note { id: DIFFERENCE, owner: Some("sato".into()), note: "asked".into(), by: "sato".into() };
    town.ok(Command::Closing(note));
}

fn a_settled_day_stays_settled(town: &mut Town, day: BusinessDay) {
    town.ok(mark(day, DayState::Reconciled));
    town.ok(mark(day, DayState::Settled));
    town.ok(mark(day, DayState::Reconciled));
    assert_eq!(town.state.day_state(day).unwrap().0, DayState::Settled, "no way back");
}

/// It is booked once, and nothing is deleted.
fn two_people_resolve_a_difference_once(town: &mut Town) {
    let how = kazasu_schemas::closing::Resolution::BookedIssuer;
    let proposal = Box::new(Proposal::Resolve { id: DIFFERENCE, how });
    let ask = |by: &str| {
        let (by, why) = (by.to_owned(), "w".to_owned());
        Command::Approvals(Approvals::Request { proposal: proposal.clone(), source: String::new(), by, why })
    };
    town.ok(ask("suzuki"));
    let number = town.state.seq;
    let settle = |by: &str| {
        Command::Approvals(Approvals::Decide { proposal: number, approve: true, by: by.into(), why: "w".into() })
    };
    assert!(refused(town, settle("suzuki")).is_some());
    town.ok(settle("tanaka"));
    assert!(refused(town, settle("tanaka")).is_some());
    assert_eq!(town.balance(|k| *k == AccountKey::Differences), MISSING.get());
    assert_eq!(town.balance(|k| matches!(k, AccountKey::IssuerReceivable(1))), -MISSING.get());
    assert_eq!((town.state.differences(true).len(), town.state.differences(false).len()), (0, 1));
    assert!(refused(town, ask("suzuki")).unwrap().contains("nothing is resolved twice"));
}

/// An advice that comes a day late is booked on the open day, and says of which day it is.
#[test]
fn a_late_advice_names_its_own_day() {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    let (first, mmdd) = (town.state.day, town.state.day.mmdd());
    town.close(0);
    let mut own_day = |operation, processing, mti, date| {
        let mut advice = town.request(Operation::Completion, 1, 0, 500);
        (advice.operation, advice.processing, advice.mti) = (Some(operation), processing, Mti(mti));
        advice.local_date = date;
        assert!(town.event(&Event::Request(advice)).body.is_some());
        let entry = town.entries.last().unwrap();
        assert_eq!(entry.day, first.next(), "booked on the open day");
        let Body::Tapped(tapped) = Body::read(&entry.body).unwrap() else { panic!("a tap") };
        tapped.own_day
    };
    assert_eq!(own_day(Operation::PurchaseAdvice, 0, 220, Some(mmdd)), Some(first));
    assert_eq!(own_day(Operation::PurchaseAdvice, 0, 220, Some(first.next().mmdd())), None, "it is of the open day");
    assert_eq!(own_day(Operation::PurchaseAdvice, 0, 220, None), None, "it does not say");
    assert_eq!(own_day(Operation::Purchase, 0, 200, Some(mmdd)), None, "what happens now is of the open day");
}

/// What a contract tolerates is no difference, and is counted; a yen more is one.
#[test]
fn what_a_contract_tolerates_is_no_difference() {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    let day = town.state.day;
    for yen in [1_000, 1_000, 100_000] {
        let buy = town.request(Operation::Purchase, 2, 0, yen);
        town.send(&buy, true);
    }
    town.close(0);
    let with =
        CompareWith { against: kazasu_schemas::closing::Against::Issuer, party: "1".into(), from: day, until: day };
    let rows = town.lines(&with);
    let mut theirs = rows.clone();
    for (row, more) in theirs.iter_mut().zip([2, -3, 100]) {
        row.amount = Yen::new(row.amount.get() + more);
    }
    let mut writer = Writer::new(Vec::new()).unwrap();
    for row in &theirs {
        writer.row(row).unwrap();
    }
    let bytes = writer.finish().unwrap().out;
    let found = |of: &str, yen, per_mille, write_off_yen| {
        let tolerance = crate::closing::ToleranceFile { of: of.into(), yen, per_mille, days: 1, write_off_yen };
        let finance = crate::closing::FinanceFile { tolerances: vec![tolerance], ..Default::default() };
        let rules = super::compare::rules(&finance, &with);
        let (.., outcome) = compared(&with, &rows, &bytes, day.next(), &rules).unwrap();
        let write_offs = outcome.exceptions.iter().filter(|e| matches!(e.proposal, Proposed::WriteOff(_))).count();
        (outcome.exceptions.len(), outcome.tolerated, outcome.tolerated_yen.get(), write_offs)
    };
    let written = CompareWith::new("issuer", " 01 ", "2026-11-24", "2026-11-24").unwrap();
    assert_eq!(written.party, with.party, "one party has one name");
    assert_eq!(found("issuer 2", 100, 0, 0), (3, 0, 0, 0), "another party's contract");
    assert_eq!(found("issuer 1", 0, 0, 0), (3, 0, 0, 0));
    assert_eq!(found("issuer 1", 2, 0, 3), (2, 1, 2, 1));
    assert_eq!(found("issuer 1", 2, 1, 0), (1, 2, 102, 0), "a thousandth of 100,000");
    assert_eq!(found("issuer 1", 3, 1, 0), (0, 3, 99, 0));

    // What was tolerated is one difference of the file, and is booked like others: the issuer owes what it says.
    let tolerance =
        |of: &str| crate::closing::ToleranceFile { of: of.into(), yen: 3, per_mille: 1, days: 1, write_off_yen: 0 };
    let finance = crate::closing::FinanceFile { tolerances: vec![tolerance("issuer 1")], ..Default::default() };
    let rules = super::compare::rules(&finance, &with);
    let (.., outcome) = compared(&with, &rows, &bytes, day.next(), &rules).unwrap();
    let difference = super::compare::tolerated_difference(outcome.tolerated_yen, outcome.tolerated, &with, &[7; 32]);
    assert_eq!(
        (difference.status.as_str(), difference.theirs.get(), difference.party.as_str()),
        ("tolerated", 99, "issuer 1")
    );
    let owed = |town: &Town| town.balance(|k| *k == AccountKey::IssuerReceivable(1));
    let (before, id) = (owed(&town), difference.id);
    town.ok(Command::Closing(Closing::Raise { run: 1, differences: vec![difference.clone()] }));
    let seq = town.state.seq;
    town.ok(Command::Closing(Closing::Raise { run: 1, differences: vec![difference] }));
    assert_eq!(town.state.seq, seq, "raised once");
    let proposal = Box::new(Proposal::Resolve { id, how: kazasu_schemas::closing::Resolution::WrittenOff });
    let why = || "t".to_owned();
    town.ok(Command::Approvals(Approvals::Request {
        proposal,
        source: String::new(),
        by: "suzuki".into(),
        why: why(),
    }));
    let settle = Approvals::Decide { proposal: town.state.seq, approve: true, by: "tanaka".into(), why: why() };
    town.ok(Command::Approvals(settle));
    assert_eq!((owed(&town) - before, town.balance(|k| *k == AccountKey::Differences)), (99, -99));
}

/// Who funds a payment with points gets back what is refunded of it, whoever funds the programme by then.
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
        let of = |shop: &str| town.books.days[&day].merchants.get(&(acquirer(), shop.parse().unwrap()));
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
    town.ok(Command::Approvals(Approvals::Request {
        proposal,
        source: "file".into(),
        by: "suzuki".into(),
        why: why(),
    }));
    let proposal = town.state.seq;
    town.ok(Command::Approvals(Approvals::Decide { proposal, approve: true, by: "tanaka".into(), why: why() }));
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
    let mut again = Books::new(None);
    for entry in &town.entries {
        again.record(entry.place(), &Body::read(&entry.body).unwrap()).unwrap();
    }
    let all = |books: &Books| {
        books.days.values().flat_map(|d| d.merchants.values().map(|m| m.funding.clone())).collect::<Vec<_>>()
    };
    assert_eq!(all(&again), all(&town.books));

    // Points that nobody can have are funded by nobody.
    list.contracts[0].funds_points = vec![FUNDED, 99];
    let proposal = Box::new(Proposal::Contracts(Box::new(list)));
    let ask = Approvals::Request { proposal, source: "file".into(), by: "suzuki".into(), why: why() };
    let rejected = town.event(&Event::Command(Command::Approvals(ask))).rejected.unwrap().to_string();
    assert!(rejected.contains("contract 1: funds_points names 99, which is no point programme"), "{rejected}");
}
