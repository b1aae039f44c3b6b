//! The core beside the oracle: random policies, people, taps, answers, follow-ups, merges and clocks, compared after every step
//! (what was decided) and again and again (every balance, window, cap and budget).

mod agree;
mod histories;

use super::oracle::{Card, Instr, Op, Oracle, Out, OwnLimits, TapIn};
use super::*;
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{Card as PaymentCard, CardStatus, LinkOrigin, ListReason, MerchantTraits, flag};
use kazasu_schemas::ids::Serial;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::policy::*;
use kazasu_schemas::wire::Options;
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: usize = 7;
/// The last two are temporary IDs.
const TEMPORARY: usize = 2;
const DEPOSITS: [i64; 2] = [30_000, 4_000];
const PROGRAMMES: [u16; 3] = [1, 2, 5];

/// Name, terminal, MCC, class, tags, region.
type Shop = (&'static str, &'static str, u16, &'static str, &'static [&'static str], &'static str);
const SHOPS: [Shop; 3] = [
    ("GROCER", "G1", 5411, "small", &["local"], "13101"),
    ("GAMES", "P1", 7995, "large", &[], "13102"),
    ("LIQUOR", "L1", 5921, "small", &["local", "chain"], "14100"),
];

#[derive(Debug, Clone)]
enum Step {
    Tap { who: usize, shop: usize, op: u8, yen: i64, pin: bool, partial: bool, points: bool },
    Answer(usize, bool),
    Silent(usize, bool),
    Complete(usize, i64),
    Refund(usize, i64),
    Reverse(usize, i64),
    Credit(usize, usize, i64),
    Relink(usize, usize),
    Card(usize, u8),
    Merge(usize, usize),
    Own(usize, OwnLimits),
    Policy(Box<Policy>),
    List,
    Clock(i64),
}

/// The instruments that can be linked: none, two deposits, cards and accounts at two issuers, a card without route.
fn instrument(n: usize) -> Instr {
    let issuer = |issuer, kind, account| Instr::Issuer { issuer, kind, account };
    match n {
        0 => Instr::Deposit(0),
        1 => Instr::Deposit(1),
        2 => issuer(ISSUER, Kind::Credit, 11),
        3 => issuer(2, Kind::Debit, 12),
        4 => issuer(ISSUER, Kind::Bank, 13),
        5 => issuer(0, Kind::Credit, 14),
        6 => issuer(2, Kind::Bank, 15),
        _ => Instr::None,
    }
}

struct Both {
    town: Town,
    oracle: Oracle,
    /// Taps by the oracle's number: the request, its record, what kind of tap it is.
    taps: BTreeMap<u64, (Request, Seq)>,
    /// Numbers that follow-ups may name.
    open: Vec<u64>,
    waiting: Vec<u64>,
    next: u64,
    own: Vec<(OwnLimits, OwnLimits, BusinessDay)>,
    policy: Policy,
    list: u64,
    links: Vec<Instr>,
}

fn ppid_of(who: usize) -> Ppid {
    person(u8::try_from(who + 100).unwrap())
}

fn lower(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl Both {
    fn new(now: Millis, policy: Policy) -> Self {
        let town = Town { state: State::new(), journal: Vec::new(), now, stan: 0 };
        let oracle = Oracle::new(policy.clone(), DEPOSITS.to_vec(), vec![ISSUER, 2]);
        let no_limits = (OwnLimits::default(), OwnLimits::default(), now.jst_day());
        let mut both = Both {
            town,
            oracle,
            taps: BTreeMap::new(),
            open: Vec::new(),
            waiting: Vec::new(),
            next: 0,
            own: vec![no_limits; PEOPLE],
            policy: policy.clone(),
            list: 0,
            links: Vec::new(),
        };
        both.command(Command::Open { book: "model".into() });
        both.command(Command::RegisterAcquirer { acquirer: acquirer(), name: "A".into() });
        for issuer in [ISSUER, 2] {
            both.command(Command::RegisterIssuer { issuer, name: "I".into() });
        }
        for (name, terminal, mcc, class, tags, region) in SHOPS {
            let mcc = Mcc::new(mcc).unwrap();
            both.command(Command::RegisterMerchant {
                acquirer: acquirer(),
                merchant: name.parse().unwrap(),
                name: name.into(),
                mcc,
                terminals: vec![terminal.parse().unwrap()],
                closed: false,
                traits: MerchantTraits {
                    class: class.into(),
                    tags: tags.iter().map(|t| (*t).to_owned()).collect(),
                    region: region.into(),
                },
            });
            both.oracle.merchant(acquirer(), name.parse().unwrap(), mcc, class, tags, region);
        }
        for (number, yen) in (1..).zip(DEPOSITS) {
            both.command(Command::OpenDeposit { number, maker: None });
            both.command(Command::Fund { number, amount: Yen::new(yen), reference: "start".into(), maker: None });
        }
        for who in 0..PEOPLE {
            let instr = if who < PEOPLE - TEMPORARY { instrument(who) } else { Instr::None };
            assert_eq!(both.oracle.person(Instr::None), who);
            both.links.push(Instr::None);
            if who < PEOPLE - TEMPORARY {
                both.link(who, instr);
            } else {
                both.command(Command::IssueTemporary { ppid: ppid_of(who), until: None, by: "city".into() });
            }
        }
        both.activate(&policy);
        for programme in PROGRAMMES {
            let (amount, reference) = (Yen::new(1_000_000), "budget".into());
            both.command(Command::FundProgramme { programme, amount, reference, by: "city".into() });
        }
        both.play(Step::List);
        both
    }

    fn command(&mut self, command: Command) {
        let decision = self.town.event(&Event::Command(command.clone()));
        assert_eq!(decision.rejected, None, "{command:?}");
    }

    fn activate(&mut self, policy: &Policy) {
        let (source, said) = (String::new(), said("op", "test"));
        self.command(Command::ActivatePolicy { policy: Box::new(policy.clone()), source, said, first: false });
    }

    fn link(&mut self, who: usize, to: Instr) {
        let ppid = ppid_of(who);
        let card = |issuer, account: u32| {
            let mut token = [0; 8];
            token[..4].copy_from_slice(&account.to_be_bytes());
            PaymentCard { issuer, pan: [0_u8; 4].into(), token }
        };
        let to_link = match to {
            Instr::None => None,
            Instr::Deposit(n) => Some(Link::Deposit(u64::from(n) + 1)),
            Instr::Issuer { issuer, kind: Kind::Credit, account } => {
                Some(Link::Instrument(Instrument::CreditCard(card(issuer, account))))
            }
            Instr::Issuer { issuer, kind: Kind::Debit, account } => {
                Some(Link::Instrument(Instrument::DebitCard(card(issuer, account))))
            }
            Instr::Issuer { issuer, account, .. } => {
                Some(Link::Instrument(Instrument::BankAccount(BankAccount { issuer, number: u64::from(account) })))
            }
        };
        match to_link {
            Some(to) => {
                self.command(Command::Link { ppid, from: None, to, origin: LinkOrigin::Holder, by: "test".into() })
            }
            None => self.command(Command::Unlink { ppid, from: None, by: "test".into() }),
        }
        self.oracle.relink(who, to);
        self.links[who] = to;
    }

    /// Own limits as they are in force today.
    fn own_today(&self, who: usize) -> OwnLimits {
        let (now, later, set) = self.own[who];
        if self.town.now.jst_day() > set { later } else { now }
    }

    fn refresh_own(&mut self) {
        for who in 0..PEOPLE {
            let own = self.own_today(who);
            self.oracle.own(who, own);
        }
    }

    fn code(decision: &Decision) -> Option<Out> {
        let answer = answer(decision).or_else(|| {
            decision.effects.iter().find_map(|effect| match effect {
                Effect::AnswerWaiting(_, answer) => Some(*answer),
                _ => None,
            })
        });
        let answer = answer?;
        Some(Self::out(&answer, None))
    }

    fn out(answer: &Answer, asked: Option<i64>) -> Out {
        let known = [
            "00", "10", "03", "05", "12", "13", "14", "15", "25", "41", "51", "54", "55", "57", "61", "62", "65", "91",
            "92", "94",
        ];
        let code = *known.iter().find(|c| **c == answer.code.as_str()).expect("a code of the table");
        match code {
            "00" => Out::Approved { yen: asked.unwrap_or(0), code },
            "10" => Out::Approved { yen: answer.approved.expect("partial approvals say how much").get(), code },
            code => Out::Refused(code),
        }
    }

    fn about(&mut self, operation: Operation, id: u64, yen: i64) -> Request {
        let original = self.taps[&id].0;
        let mut request = self.town.about(operation, &original, yen);
        (request.merchant, request.terminal) = (original.merchant, original.terminal);
        request
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each step of the model")]
    fn play(&mut self, step: Step) {
        match step {
            Step::Tap { who, shop, op, yen, pin, partial, points } => {
                let (op, operation) = match op {
                    0..4 => (Op::Purchase, Operation::Purchase),
                    4 | 5 => (Op::Authorize, Operation::Authorize),
                    6 => (Op::PurchaseAdvice, Operation::PurchaseAdvice),
                    _ => (Op::AuthorizationAdvice, Operation::AuthorizationAdvice),
                };
                let mut request = self.town.request(operation, 0, yen);
                request.ppid = Some(ppid_of(who));
                request.merchant = SHOPS[shop].0.parse().unwrap();
                request.terminal = SHOPS[shop].1.parse().unwrap();
                request.entry_mode = if pin { 71 } else { 72 };
                for (wanted, option) in [(partial, Options::PARTIAL), (points, Options::USE_POINTS)] {
                    if wanted {
                        request.options = request.options.with(option);
                    }
                }
                let id = self.next;
                self.next += 1;
                let tap = TapIn { who, merchant: shop, op, yen, pin, partial, use_points: points };
                let expected = self.oracle.tap(id, self.town.now, tap);
                let decision = self.town.send(&request);
                let got = answer(&decision).map_or(Out::Waits, |a| Self::out(&a, Some(yen)));
                assert_eq!(got, expected, "{tap:?}");
                let seq = self.town.state.seq;
                self.taps.insert(id, (request, seq));
                match expected {
                    Out::Refused(_) => return,
                    Out::Waits => self.waiting.push(id),
                    Out::Approved { .. } => {}
                }
                self.open.push(id);
                let flags = match &self.town.journal.last().unwrap().body {
                    Body::Transaction(tapped) => tapped.ruled.as_ref().map_or(0, |r| r.flags),
                    other => panic!("{other:?}"),
                };
                let bit = |bit| flags & bit != 0;
                let got =
                    (bit(flag::OVER_LIMIT), bit(flag::OVER_OFFLINE), bit(flag::CARD_NOT_GOOD), bit(flag::CRL_BASED));
                assert_eq!(got, self.oracle.flags(id), "flags of {tap:?}");
            }
            Step::Answer(at, yes) => {
                let Some(id) = self.waiting.get(at).copied() else { return };
                let (request, seq) = self.taps[&id];
                let expected = self.oracle.issuer_says(id, self.town.now, yes);
                let decision = self.town.issuer_says(seq, if yes { "00" } else { "05" });
                self.same_outcome(&decision, expected, request.amount.get());
                self.waiting.retain(|w| *w != id);
            }
            Step::Silent(at, sent) => {
                let Some(id) = self.waiting.get(at).copied() else { return };
                let (request, seq) = self.taps[&id];
                let expected =
                    if sent { self.oracle.silent_timeout(id) } else { self.oracle.silent_not_sent(id, self.town.now) };
                let why = if sent { Silence::TimedOut } else { Silence::NotSent };
                let decision = self.town.issuer_silent(seq, why);
                self.same_outcome(&decision, expected, request.amount.get());
                self.waiting.retain(|w| *w != id);
            }
            Step::Complete(at, yen) => {
                let Some(id) = self.open.get(at).copied() else { return };
                let request = self.about(Operation::Completion, id, yen);
                let new = self.next;
                self.next += 1;
                let expected = self.oracle.complete(id, new, self.town.now, yen);
                let decision = self.town.send(&request);
                assert_eq!(answer(&decision).map(|a| Self::out(&a, Some(yen))), Some(expected), "completion of {id}");
                if let Out::Approved { .. } = expected {
                    self.open.retain(|open| *open != id);
                    self.open.push(new);
                }
                self.taps.insert(new, (request, self.town.state.seq));
            }
            Step::Refund(at, yen) => {
                let Some(id) = self.open.get(at).copied() else { return };
                let request = self.about(Operation::RefundAdvice, id, yen);
                let new = self.next;
                self.next += 1;
                let expected = self.oracle.refund(id, new, self.town.now, yen);
                let decision = self.town.send(&request);
                assert_eq!(answer(&decision).map(|a| Self::out(&a, Some(yen))), Some(expected), "refund of {id}");
            }
            Step::Reverse(at, remains) => {
                let Some(id) = self.open.get(at).copied() else { return };
                let mut request = self.about(Operation::Reversal, id, 1);
                request.amount = self.taps[&id].0.amount;
                request.replacement = (remains > 0).then_some(Yen::new(remains));
                let expected = self.oracle.reverse(id, self.town.now, remains);
                let decision = self.town.send(&request);
                assert_eq!(answer(&decision).map(|a| Self::out(&a, None)), Some(expected), "reversal of {id}");
                if remains == 0 {
                    self.waiting.retain(|w| *w != id);
                }
            }
            Step::Credit(who, programme, yen) => {
                let programme = PROGRAMMES[programme];
                let reference = format!("credit {}", self.town.state.seq);
                let (ppid, amount) = (ppid_of(who), Yen::new(yen));
                self.command(Command::CreditPurse { ppid, programme, amount, reference, by: "city".into() });
                self.oracle.credit(who, programme, yen);
            }
            Step::Relink(who, to) => {
                let to = instrument(to);
                if to != self.links[who] {
                    self.link(who, to);
                }
            }
            Step::Card(who, what) => self.card(who, what),
            Step::Merge(from, into) => {
                let command = Command::Merge { from: ppid_of(from), into: ppid_of(into), by: "city".into() };
                let again = self.town.state.root(self.town.state.people.residents[&ppid_of(from)])
                    != self.town.state.people.residents[&ppid_of(from)];
                let decision = self.town.event(&Event::Command(command));
                assert_eq!(decision.rejected.is_some(), again, "a temporary ID is merged once");
                if !again {
                    self.oracle.merge(from, into);
                }
            }
            Step::Own(who, wanted) => {
                let root = self.town.state.root(self.town.state.people.residents[&ppid_of(who)]);
                if self.town.state.people.residents[&ppid_of(who)] != root {
                    return;
                }
                let before = self.own_today(who);
                let now = OwnLimits {
                    tap: lower(before.tap, wanted.tap),
                    day: lower(before.day, wanted.day),
                    month: lower(before.month, wanted.month),
                    month_declines: before.month_declines || wanted.month_declines,
                };
                self.own[who] = (now, wanted, self.town.now.jst_day());
                let limits = kazasu_ledger::record::OwnLimits {
                    tap: wanted.tap.map(Yen::new),
                    day: wanted.day.map(Yen::new),
                    month: wanted.month.map(Yen::new),
                    decline: wanted.month_declines,
                };
                self.command(Command::SetOwnLimits { ppid: ppid_of(who), limits, by: "portal".into() });
                self.refresh_own();
            }
            Step::Policy(mut policy) => {
                for programme in &mut policy.points {
                    let before = self.policy.points.iter().find(|p| p.number == programme.number);
                    programme.budget = programme.budget.max(before.map_or(0, |p| p.budget));
                }
                self.activate(&policy);
                self.policy = (*policy).clone();
                self.oracle.policy(*policy);
            }
            Step::List => {
                self.list += 1;
                let (number, issued) = (self.list, self.town.now);
                let revoked = (Serial::from_bytes(&[9]).unwrap(), ListReason::Revoked);
                self.command(Command::ApplyList {
                    number,
                    issued,
                    entries: vec![revoked],
                    scope: "CA".into(),
                    issuer: None,
                    by: "op".into(),
                });
                self.oracle.list_at(Some(issued));
            }
            Step::Clock(by) => {
                self.town.now = Millis(self.town.now.0 + by);
                while self.town.event(&Event::Tick { keep_days: 400 }).body.is_some() {}
                self.refresh_own();
            }
        }
    }

    fn card(&mut self, who: usize, what: u8) {
        let ppid = ppid_of(who);
        let status = self.town.state.holder(self.town.state.people.residents[&ppid]).card.said;
        if what == 0 && status == CardStatus::Revoked {
            // Suspending changes nothing about a revoked card.
            return;
        }
        let day = self.town.now.jst_day();
        let set = |both: &mut Self, status| {
            both.command(Command::SetCard { ppid, status, said: said("op", "test") });
        };
        let bind = |both: &mut Self, last_day| {
            // Every certificate has its own serial.
            let serial = Serial::from_bytes(&(both.town.state.seq + 1_000).to_be_bytes()).unwrap();
            both.command(Command::BindCertificate { ppid, serial, issuer: None, last_day, by: "op".into() });
        };
        let card = match what {
            0 => Card::Held,
            1 => Card::Revoked,
            2 => {
                let last = BusinessDay(day.0 + 2);
                bind(self, last);
                self.oracle.card(who, Card::LastDay(last));
                return;
            }
            _ => Card::Good,
        };
        match card {
            Card::Held => set(self, CardStatus::Suspended),
            Card::Revoked => set(self, CardStatus::Revoked),
            // A new certificate makes a card good again.
            _ => bind(self, BusinessDay(day.0 + 100_000)),
        }
        self.oracle.card(who, card);
    }

    fn same_outcome(&self, decision: &Decision, expected: Out, asked: i64) {
        let got = match Self::code(decision) {
            Some(Out::Approved { code: "00", .. }) => Out::Approved { yen: asked, code: "00" },
            Some(out) => out,
            None => Out::Refused("late"),
        };
        assert_eq!(got, expected);
    }

    /// Everything that can be counted.
    fn compare(&self) {
        let (state, now) = (&self.town.state, self.town.now);
        let day = now.jst_day();
        for who in 0..PEOPLE {
            let named = state.people.residents[&ppid_of(who)];
            if state.root(named) != named {
                continue;
            }
            let wallet = state.holder(named).wallet.as_deref().cloned().unwrap_or_default();
            for programme in PROGRAMMES {
                let sum = |accounts: Vec<kazasu_ledger::AccountId>| -> i64 {
                    accounts.into_iter().map(|id| state.available(id).get()).sum()
                };
                let purses = wallet.purses.iter().filter(|(n, _)| *n == programme).map(|(_, id)| *id).collect();
                assert_eq!(sum(purses), self.oracle.purse(who, programme), "purse {programme} of {who}");
                let points = wallet.points.iter().filter(|p| p.programme == programme).map(|p| p.account).collect();
                assert_eq!(sum(points), self.oracle.points(who, programme), "points {programme} of {who}");
                let (month, life, _) = wallet.granted(programme, day.month());
                assert_eq!((month, life), self.oracle.granted(who, programme, now), "granted {programme} to {who}");
            }
            assert_eq!(wallet.day.used(day.0).0.get(), self.oracle.day_used(who, now), "day of {who}");
            assert_eq!(wallet.month.used(day.month()).get(), self.oracle.month_used(who, now), "month of {who}");
            assert_eq!(wallet.offline.used(day.0).0.get(), self.oracle.offline_used(who, now), "offline of {who}");
            for limit in state.rules.policy.limits.iter().filter(|l| l.window != Window::Tap) {
                let used = match limit.per {
                    Per::Resident => wallet.counters.used(limit.number, day),
                    Per::Instrument => {
                        let key = state.link_at(named, now).map(|(_, i)| super::super::wallet::InstrumentKey::of(i));
                        key.and_then(|key| state.people.instruments.get(&key))
                            .map_or((Yen::ZERO, 0), |u| u.counters.used(limit.number, day))
                    }
                };
                let expected = self.oracle.window_used(limit.number, who, now);
                assert_eq!((used.0.get(), used.1), expected, "limit {} of {who}", limit.number);
            }
        }
        for programme in PROGRAMMES {
            let left = state.available(state.programmes.points[&programme].budget).get();
            assert_eq!(left, self.oracle.budget_left(programme), "budget {programme}");
        }
        for deposit in 0..2 {
            assert_eq!(self.town.available(u64::from(deposit) + 1), self.oracle.deposit(deposit), "deposit {deposit}");
        }
        for (at, shop) in SHOPS.iter().enumerate() {
            assert_eq!(self.town.payable(shop.0), self.oracle.payable(at), "payable of {}", shop.0);
        }
        assert_eq!(self.town.shortfall(), self.oracle.shortfall(), "shortfall");
        for (_, account) in state.book.accounts() {
            if let AccountKey::Purse(..) | AccountKey::PointBudget(_) | AccountKey::PurseFund(_) = account.key {
                assert!(account.available() >= Yen::ZERO, "{} is overdrawn", account.key);
            }
        }
    }
}
