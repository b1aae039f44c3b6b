//! Days with random contracts and random taps: every yen that merchants took has an owner.

use super::compare::{Lines, compared};
use super::compared::name;
use super::party_file::CompareWith;
use super::settle::{Ending, issuer, settlement};
use kazasu_core::{Approvals, Closing, Command, Decision, Event, Link, State, WhichExceptions, decide};
use kazasu_ledger::chain::Sealer;
use kazasu_ledger::record::{BankAccount, Body, Instrument, LinkOrigin, Proposal, Record};
use kazasu_ledger::{AccountKey, Entry};
use kazasu_projections::fee_projection::FeeProjection;
use kazasu_projections::statements::StatementBook;
use kazasu_recon::file::{Row, Writer};
use kazasu_recon::item::Kind;
use kazasu_recon::result::Proposal as Proposed;
use kazasu_schemas::attribution::{Attribution, Via};
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

mod compared;
mod corrected;
mod days;
mod fees;
mod mended;
mod payments_found;
mod random;
mod registrations;
mod resident_statements;
mod spending;
mod standing;
mod why;

use random::{Act, act, contracts, perform};

const NOON: Millis = Millis(1_795_402_800_000);
/// Milliseconds.
const DAY: i64 = 86_400_000;
const SHOPS: [&str; 3] = ["SHOP0", "SHOP1", "SHOP2"];

struct Town {
    state: State,
    fees: FeeProjection,
    now: Millis,
    stan: u32,
    paid: Vec<Request>,
    sealer: Sealer,
    entries: Vec<Entry>,
    charged_back: i64,
}

/// What a person says in a test.
fn said(by: impl Into<String>, why: impl Into<String>) -> Attribution {
    Attribution::new(by, why, Via::Api)
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
            fees: FeeProjection::new(vault),
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
            Command::OpenDeposit { number: 1, maker: None },
            Command::Fund { number: 1, amount: Yen::new(100_000_000), reference: "t".into(), maker: None },
            link(1, Link::Deposit(1)),
            link(2, bank),
            Command::ActivatePolicy {
                policy: Box::new(policy),
                source: "file".into(),
                said: said("t", "t"),
                first: false,
            },
        ] {
            assert_eq!(town.event(&Event::Command(command)).rejected, None);
        }
        let proposal = Box::new(Proposal::Contracts(Box::new(contracts)));
        let request = Approvals::Request { proposal, source: "file".into(), said: said("suzuki", "t") };
        town.ok(Command::Approvals(request));
        let proposal = town.state.seq;
        town.ok(Command::Approvals(Approvals::Decide {
            proposal,
            answer: kazasu_core::ApprovalAnswer::Approve,
            seen: None,
            said: said("tanaka", "t"),
        }));
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
            self.fees.record(kazasu_ledger::record::Place { seq, at, day }, &body).unwrap();
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
        if matches!(&decision.body, Some(Body::Transaction(t)) if t.verdict == kazasu_ledger::record::Verdict::Pending)
        {
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
        let mark = |state| Closing::Mark { day, state, said: said("t", "t") };
        self.ok(Command::Closing(mark(DayState::Reconciled)));
        for shop in SHOPS {
            let key = (acquirer(), shop.parse().unwrap());
            let standing = self.state.standing(key.0, key.1);
            let ending = Ending { key, day, standing: &standing };
            let Some(due) = settlement(&self.fees, &ending, Calendar::built_in()).unwrap() else {
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
        if let Some((n, period, net, interchange)) = issuer(&self.fees, 1, day, self.state.issuer_settled_until(1)) {
            self.ok(Command::Closing(Closing::SettleIssuer { issuer: n, period, net, interchange }));
        }
        self.ok(Command::Closing(mark(DayState::Settled)));
    }

    /// Fees of all days that ended.
    fn fees(&self) -> i64 {
        let days = self.fees.days.values().flat_map(|day| day.merchants.values());
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
            source: kazasu_core::Document::default(),
            said: said("suzuki", why()),
        }));
        let payout = self.state.seq;
        let alone = Approvals::Decide {
            proposal: payout,
            answer: kazasu_core::ApprovalAnswer::Approve,
            seen: None,
            said: said("suzuki", why()),
        };
        assert!(
            self.event(&Event::Command(Command::Approvals(alone))).rejected.is_some(),
            "one person alone pays no merchant"
        );
        self.ok(Command::Approvals(Approvals::Decide {
            proposal: payout,
            answer: kazasu_core::ApprovalAnswer::Approve,
            seen: None,
            said: said("tanaka", why()),
        }));
        let by = || "tanaka".to_owned();
        let count = u32::try_from(settlements.len()).unwrap();
        let made = vec![kazasu_ledger::record::MadeFile { count, total: Yen::new(total), digest: [0; 32] }];
        self.ok(Command::Closing(Closing::FileMade { payout, format: Format::Zengin, files: made, by: by() }));
        let line = |n: u32| format!("line {payout} {n}");
        self.ok(Command::Closing(Closing::Taken { payout, file: 0, reference: line(0), said: said(by(), "") }));
        self.ok(Command::Closing(Closing::Taken { payout, file: 0, reference: line(0), said: said(by(), "") }));
        if pay > 1 {
            let settlement = settlements[usize::from(pay) % settlements.len()];
            let back = Closing::Returned { payout, settlement, reference: line(1), said: said(by(), "") };
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
            + self.balance(|k| matches!(k, AccountKey::AdviceShortfall(_)))
            + self.balance(|k| *k == AccountKey::Differences);
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
        let open = self.fees.days.iter().filter(|(day, _)| until.is_none_or(|until| **day > until));
        let funding = open.filter_map(|(_, book)| book.merchants.get(&shop)).map(|m| m.totals.points_funding.get());
        assert_eq!(self.balance(|k| *k == AccountKey::FunderReceivable(FUNDED)), funding.sum::<i64>());
        for shop in SHOPS {
            let key = (acquirer(), shop.parse().unwrap());
            let standing = self.state.standing(key.0, key.1);
            let (opening, until) = (standing.opening(BusinessDay(i32::MAX / 2)), standing.until);
            let open = self.fees.days.iter().filter(|(day, _)| until.is_none_or(|until| **day > until));
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

#[test]
fn a_party_is_known_however_it_is_typed() {
    use crate::payer::{party, payer};
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
