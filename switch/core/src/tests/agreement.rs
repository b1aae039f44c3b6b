//! The amounts that reversals and refunds leave, with all answers of their issuer and in any order: an issuer with a book of its own stands on
//! the other side and answers, refuses, stays silent and answers late. In the end what it owes here is what its book says, and
//! what merchants are owed is what a model that knows neither holds nor legs has worked out. Where a refusal is an exception that
//! people look after, they book what can be booked first.

mod any_order;
mod losses;
mod reversals;

use super::refusals::resolve_one;
use super::rules::{ask, balance, credit, policy, town_with};
use super::*;
use crate::money::{Leg, Source};
use kazasu_ledger::AccountKey;
use kazasu_schemas::closing::Resolution;
use kazasu_schemas::policy::{LiableParty, Offline, PointProgramme, Policy, Rounding, StandIn};
use kazasu_schemas::wire::Options;
use kazasu_schemas::wire::issuer::IssuerOperation;
use proptest::prelude::*;
use std::collections::BTreeMap;

const OWN: &str = "10000001";

/// One message as the issuer knows it.
#[derive(Debug)]
struct Entry {
    operation: IssuerOperation,
    code: &'static str,
    /// The amount of it that stands.
    stands: i64,
    /// Refunds of it.
    refunded: i64,
    about: Option<u64>,
    /// The completion that used it up.
    completed: Option<u64>,
}

/// An issuer that keeps a book by messages, and undoes nothing that it has given back already.
#[derive(Default, Debug)]
struct Issuer {
    entries: BTreeMap<u64, Entry>,
    refused_reversals: u32,
    /// It refuses reversals that it could carry out.
    stubborn: bool,
}

impl Issuer {
    /// Its answer to a message; the same again when it has it already.
    fn takes(&mut self, town: &Town, seq: Seq, to: ToIssuer, refuses: bool) -> &'static str {
        if let Some(known) = self.entries.get(&seq) {
            return known.code;
        }
        let out = town.state.outgoing(seq, to, OWN.parse().unwrap()).unwrap();
        let about = out.original.map(|original| u64::from(original.stan.get()));
        let (amount, remains) = (to.amount.get(), to.remains.map_or(0, Yen::get));
        let code = match to.operation {
            IssuerOperation::Reversal if refuses && self.stubborn => "05",
            IssuerOperation::Reversal => self.reverses(about.unwrap(), remains),
            IssuerOperation::Completion => {
                let first = self.entries.get_mut(&about.unwrap()).expect("it was authorized");
                first.completed = Some(seq);
                first.stands = 0;
                "00"
            }
            _ if refuses => "51",
            IssuerOperation::Refund | IssuerOperation::RefundAdvice => {
                let paid = about.and_then(|about| self.payment(about));
                if let Some(paid) = paid.and_then(|paid| self.entries.get_mut(&paid)) {
                    paid.refunded += amount;
                }
                "00"
            }
            IssuerOperation::Authorize | IssuerOperation::Purchase | IssuerOperation::PurchaseAdvice => "00",
        };
        let stands = if code == "00" && to.operation != IssuerOperation::Reversal { amount } else { 0 };
        let entry = Entry { operation: to.operation, code, stands, refunded: 0, about, completed: None };
        self.entries.insert(seq, entry);
        code
    }

    fn payment(&self, about: u64) -> Option<u64> {
        Some(self.entries.get(&about)?.completed.unwrap_or(about))
    }

    fn reverses(&mut self, about: u64, remains: i64) -> &'static str {
        let Some(first) = self.entries.get_mut(&about) else {
            // It was lost on the way; should it still come, it is not executed.
            let operation = IssuerOperation::Purchase;
            let entry = Entry { operation, code: "94", stands: 0, refunded: 0, about: None, completed: None };
            self.entries.insert(about, entry);
            return "00";
        };
        if first.code != "00" {
            return "00";
        }
        if first.completed.is_some() || remains > first.stands || remains < first.refunded {
            self.refused_reversals += 1;
            return "13";
        }
        let undone = first.stands - remains;
        first.stands = remains;
        let refund = matches!(first.operation, IssuerOperation::Refund | IssuerOperation::RefundAdvice);
        let of = first.about.filter(|_| refund).and_then(|of| self.payment(of));
        if let Some(paid) = of.and_then(|of| self.entries.get_mut(&of)) {
            paid.refunded -= undone;
        }
        "00"
    }

    fn owes(&self) -> i64 {
        self.entries.values().map(Entry::owes).sum()
    }
}

impl Entry {
    fn owes(&self) -> i64 {
        match self.operation {
            IssuerOperation::Purchase | IssuerOperation::PurchaseAdvice | IssuerOperation::Completion => self.stands,
            IssuerOperation::Refund | IssuerOperation::RefundAdvice => -self.stands,
            IssuerOperation::Authorize | IssuerOperation::Reversal => 0,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Standing {
    Waits,
    Held,
    Stands,
    Gone,
}

/// A payment as the shop understands it.
#[derive(Debug)]
struct Paid {
    request: Request,
    seq: Seq,
    gross: i64,
    undone: i64,
    most: Option<i64>,
    standing: Standing,
    refunds: Vec<Back>,
}

/// A refund as the shop understands it.
#[derive(Debug)]
struct Back {
    request: Request,
    seq: Seq,
    amount: i64,
    most: Option<i64>,
    standing: Standing,
}

fn less(most: Option<i64>, remains: i64) -> Option<i64> {
    Some(most.map_or(remains, |most| most.min(remains)))
}

impl Paid {
    fn net(&self) -> i64 {
        let back = self.refunds.iter().filter(|back| back.standing != Standing::Gone);
        self.gross - self.undone - back.map(|back| back.amount).sum::<i64>()
    }

    /// The claims of the reversals hold again.
    fn settle(&mut self) {
        match (self.most, self.standing) {
            (Some(most), Standing::Stands) => self.undone += (self.net() - most).max(0),
            (Some(most), Standing::Held) => {
                self.gross = self.gross.min(most);
                if self.gross == 0 {
                    self.standing = Standing::Gone;
                }
            }
            _ => {}
        }
    }

    fn owed(&self) -> i64 {
        let back = self.refunds.iter().filter(|back| back.standing == Standing::Stands);
        let back: i64 = back.map(|back| back.amount).sum();
        if self.standing == Standing::Stands { self.gross - self.undone - back } else { -back }
    }
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    Approved,
    Declined,
    /// It was executed, and the answer comes too late.
    Late,
    Lost,
    NotSent,
    Restarted,
}

#[derive(Clone, Debug)]
enum Step {
    Pay(Operation, i64, bool),
    Complete(usize, i64),
    Refund(Operation, usize, i64),
    Reverse(usize, Option<usize>, i64),
    Repeat(usize),
    Ask(usize, Fate),
    Tell(usize, bool),
}

struct World {
    town: Town,
    issuer: Issuer,
    paid: Vec<Paid>,
    sent: Vec<(Request, Option<Answer>)>,
    /// Requests to the issuer that have no outcome.
    asked: Vec<(Seq, ToIssuer)>,
}

impl World {
    fn new(liable: LiableParty, purse: i64) -> Self {
        Self::where_bears(Some(liable), purse)
    }

    fn where_bears(liable: Option<LiableParty>, purse: i64) -> Self {
        let limits = Yen::new(1_000_000);
        let offline = liable.map(|liable| Offline { resident_day: limits, liable, floor: None });
        let liable = liable.unwrap_or(LiableParty::Issuer);
        let stand_in = vec![StandIn { issuer: ISSUER, tap: limits, issuer_day: limits, resident_day: limits, liable }];
        let mut points = policy().points;
        // As many points by the month as by the tap: both kinds of rounding are undone.
        points.push(PointProgramme { number: 2, rounding: Rounding::Month, budget: 100_000, ..points[0].clone() });
        let mut town = town_with(Policy { offline, stand_in, points, ..policy() });
        if purse > 0 {
            credit(&mut town, 3, purse, "relief").unwrap();
        }
        World { town, issuer: Issuer::default(), paid: Vec::new(), sent: Vec::new(), asked: Vec::new() }
    }

    /// Sends a message; its code, or `waits`.
    fn send(&mut self, request: Request) -> String {
        let decision = self.town.send(&request);
        if let Some((seq, to)) = sent(&decision)
            && !to.operation.is_advice()
        {
            self.asked.push((seq, to));
        }
        self.sent.push((request, answer(&decision)));
        code(&decision)
    }

    fn standing(code: &str) -> Standing {
        match code {
            "waits" => Standing::Waits,
            "00" => Standing::Stands,
            _ => Standing::Gone,
        }
    }

    fn play(&mut self, step: Step) {
        match step {
            Step::Pay(operation, yen, points) => {
                let mut request = self.town.request(operation, 3, yen);
                if points {
                    request.options = request.options.with(Options::USE_POINTS);
                }
                let code = self.send(request);
                let seq = self.town.journal_seq_of(&request);
                let standing = match Self::standing(&code) {
                    Standing::Stands if operation == Operation::Authorize => Standing::Held,
                    other => other,
                };
                let paid = Paid { request, seq, gross: yen, undone: 0, most: None, standing, refunds: Vec::new() };
                self.paid.push(paid);
            }
            Step::Complete(at, yen) => {
                let Some(paid) = self.paid.get(at) else { return };
                let request = self.town.about(Operation::Completion, &paid.request, yen);
                let code = self.send(request);
                let seq = self.town.journal_seq_of(&request);
                let paid = &mut self.paid[at];
                let good = paid.standing == Standing::Held && yen <= paid.gross;
                assert_eq!(code == "00", good, "completion of {paid:?}: {code}");
                if good {
                    (paid.seq, paid.gross, paid.standing, paid.most) = (seq, yen, Standing::Stands, None);
                }
            }
            Step::Refund(operation, at, yen) => self.refund(operation, at, yen),
            Step::Reverse(at, None, remains) => self.reverse(at, remains),
            Step::Reverse(at, Some(back), remains) => self.reverse_refund(at, back, remains),
            Step::Repeat(at) => {
                let Some((request, first)) = self.sent.get(at).copied() else { return };
                let before = self.town.journal.len();
                let again = answer(&self.town.send(&request));
                assert!(first.is_none() || again == first, "a repeat gets the stored answer");
                assert_eq!(self.town.journal.len(), before);
            }
            Step::Ask(at, fate) => {
                if at < self.asked.len() {
                    let (seq, to) = self.asked.remove(at);
                    self.ask(seq, to, fate);
                }
            }
            Step::Tell(at, refuses) => {
                self.tell(at, refuses);
            }
        }
    }

    fn refund(&mut self, operation: Operation, at: usize, yen: i64) {
        let Some(paid) = self.paid.get(at) else { return };
        let request = self.town.about(operation, &paid.request, yen);
        let code = self.send(request);
        let seq = self.town.journal_seq_of(&request);
        let lost = self.town.state.tap_by_seq(self.paid[at].seq).is_some_and(|tap| tap.instrument_leg().is_none());
        let paid = &mut self.paid[at];
        let good = paid.standing == Standing::Stands && yen <= paid.net();
        assert!(lost || (code == "00" || code == "waits") == good, "refund of {yen} of {paid:?}: {code}");
        let back = Back { request, seq, amount: yen, most: None, standing: Self::standing(&code) };
        paid.refunds.push(back);
    }

    fn reverse(&mut self, at: usize, remains: i64) {
        let Some(paid) = self.paid.get(at) else { return };
        let mut request = self.town.about(Operation::Reversal, &paid.request, paid.request.amount.get());
        request.replacement = (remains > 0).then_some(Yen::new(remains));
        assert_eq!(self.send(request), "00", "a reversal is never refused");
        let paid = &mut self.paid[at];
        if paid.standing == Standing::Waits && remains == 0 {
            paid.standing = Standing::Gone;
            let seq = paid.seq;
            self.asked.retain(|(asked, _)| *asked != seq);
        } else if paid.standing != Standing::Gone {
            paid.most = less(paid.most, remains);
            paid.settle();
        }
    }

    fn reverse_refund(&mut self, at: usize, back: usize, remains: i64) {
        let Some(back) = self.paid.get(at).and_then(|paid| paid.refunds.get(back)) else { return };
        let (seq, mut request) = (back.seq, self.town.about(Operation::Reversal, &back.request, back.amount));
        request.replacement = (remains > 0).then_some(Yen::new(remains));
        assert_eq!(self.send(request), "00", "a reversal is never refused");
        let paid = &mut self.paid[at];
        let back = paid.refunds.iter_mut().find(|back| back.seq == seq).unwrap();
        match back.standing {
            Standing::Waits if remains == 0 => {
                back.standing = Standing::Gone;
                self.asked.retain(|(asked, _)| *asked != seq);
            }
            Standing::Waits => back.most = less(back.most, remains),
            Standing::Stands => back.amount = back.amount.min(remains),
            Standing::Held | Standing::Gone => {}
        }
        paid.settle();
    }

    fn ask(&mut self, seq: Seq, to: ToIssuer, fate: Fate) {
        let decision = match fate {
            Fate::Approved | Fate::Declined => {
                let code = self.issuer.takes(&self.town, seq, to, matches!(fate, Fate::Declined));
                self.town.issuer_says(seq, code)
            }
            Fate::Late => {
                let code = self.issuer.takes(&self.town, seq, to, false);
                let decision = self.town.issuer_silent(seq, Silence::TimedOut);
                self.town.issuer_says(seq, code);
                decision
            }
            Fate::Lost => self.town.issuer_silent(seq, Silence::TimedOut),
            Fate::NotSent => self.town.issuer_silent(seq, Silence::NotSent),
            Fate::Restarted => {
                self.issuer.takes(&self.town, seq, to, false);
                self.town.issuer_silent(seq, Silence::Restarted)
            }
        };
        let code = waiting_code(&decision).expect("it waited");
        for paid in &mut self.paid {
            if paid.seq == seq {
                let authorize = paid.request.operation == Some(Operation::Authorize);
                paid.standing = match Self::standing(&code) {
                    Standing::Stands if authorize => Standing::Held,
                    other => other,
                };
            }
            for back in paid.refunds.iter_mut().filter(|back| back.seq == seq) {
                back.standing = Self::standing(&code);
                if let Some(most) = back.most.filter(|_| back.standing == Standing::Stands) {
                    back.amount = back.amount.min(most);
                }
            }
            paid.settle();
        }
    }

    /// The issuer hears of one of the advices: not before what it is about, nor before another about the same, as the link's order
    /// has it.
    fn tell(&mut self, at: usize, refuses: bool) -> bool {
        let owed: Vec<(Seq, ToIssuer)> = self.town.state.unacknowledged().collect();
        let Some((seq, to)) = owed.get(at).copied() else { return false };
        let about =
            to.about.map(|about| self.town.state.stand_ins.taps.get(&about).map_or(about, |stood| stood.message));
        let same = |earlier: &ToIssuer| to.about.is_some() && earlier.about == to.about;
        if owed.iter().any(|(earlier, of)| Some(*earlier) == about || (*earlier < seq && same(of))) {
            return false;
        }
        let code = self.issuer.takes(&self.town, seq, to, refuses);
        let code = ResponseCode::from_wire(code.as_bytes()).unwrap();
        self.town.event(&Event::IssuerAcknowledged { message: seq, code });
        true
    }

    /// Everything that is open comes to its end.
    fn finish(&mut self, pick: &[usize]) {
        let mut picks = pick.iter().copied().cycle();
        while !self.asked.is_empty() {
            let at = picks.next().unwrap() % self.asked.len();
            let (seq, to) = self.asked.remove(at);
            self.ask(seq, to, if at.is_multiple_of(2) { Fate::Approved } else { Fate::Late });
        }
        loop {
            let n = self.town.state.unacknowledged().count();
            if n == 0 {
                break;
            }
            let first = picks.next().unwrap();
            assert!((0..n).any(|k| self.tell((first + k) % n, first.is_multiple_of(3))), "some advice can be told");
        }
    }

    /// Two people book what the exceptions say; what of a refused payment has changed since is disputed.
    fn people_book(&mut self) {
        let mut ids: Vec<[u8; 16]> =
            self.town.state.exceptions(WhichExceptions::Open).iter().map(|d| d.exception.id).collect();
        let stands = |tap: &&crate::state::Tap| self.town.state.parts(tap.seq).refused;
        let refused: Vec<Seq> = self.town.state.taps().filter(stands).map(|tap| tap.seq).collect();
        for d in self
            .town
            .state
            .exceptions(WhichExceptions::Open)
            .into_iter()
            .map(|d| d.exception)
            .filter(|d| d.ours == Yen::ZERO)
        {
            // Nothing of it is here. They ask the issuer.
            let there = self.issuer.entries.get(&d.own).map_or(0, Entry::owes);
            assert!(there == 0 || there == d.theirs.get(), "{d:?}: {:?}", self.issuer);
            if there == 0 {
                assert!(resolve_one(&mut self.town, d.id, Resolution::Explained));
                ids.retain(|id| *id != d.id);
            }
        }
        ids.retain(|id| !resolve_one(&mut self.town, *id, Resolution::BookedIssuer));
        for tap in refused {
            let at_issuer =
                self.town.state.tap_by_seq(tap).filter(|tap| crate::money::is_payment(tap.kind)).map(Tap::at_issuer);
            let parts = self.town.state.parts(tap);
            let Some(amount) = at_issuer.and_then(|yen| yen.checked_sub(parts.taken)).filter(|yen| yen.is_positive())
            else {
                continue;
            };
            let (reference, said) = (format!("CB{tap}"), said("sato", "w"));
            ask(&mut self.town, Command::Closing(Closing::Dispute { tap, amount, reference, said })).unwrap();
            let open = self.town.state.exceptions(WhichExceptions::Open);
            let id = open.iter().map(|d| d.exception.id).find(|id| !ids.contains(id)).unwrap();
            assert!(resolve_one(&mut self.town, id, Resolution::BookedIssuer), "{tap}: {amount}");
        }
    }

    fn check(&mut self, liable: impl Into<Option<LiableParty>>) {
        let owed: i64 = self.paid.iter().map(Paid::owed).sum();
        if liable.into() != Some(LiableParty::Merchant) {
            assert_eq!(self.town.payable("SHOP"), owed, "{:?}", self.paid);
        }
        self.people_book();
        // What stands again may leave a reversal something to undo.
        while self.town.state.unacknowledged().count() > 0 {
            self.finish(&[1]);
            self.people_book();
        }
        let state = &self.town.state;
        assert_eq!(state.undos.due.len(), 0, "nothing is left to undo or to tell");
        assert_eq!(state.messages.refund_reversals.len(), 0);
        let stubborn = self.issuer.stubborn;
        let followed = stubborn || self.issuer.refused_reversals == 0;
        assert!(followed, "the issuer could follow every reversal: {:?}", self.issuer);
        // An exception is booked whole or not at all. Where something of it was undone in part since, it stays open: the books
        // differ by no more than what is open.
        let open = state.exceptions(WhichExceptions::Open).into_iter().map(|d| d.exception);
        let open: i64 = open.map(|d| (d.ours.get() - d.theirs.get()).abs()).sum();
        let apart = self.town.receivable().0 - self.issuer.owes();
        assert!(apart.abs() <= open, "{apart} apart, {open} open: {:?}", self.issuer);
        self.check_counts();
        for paid in &self.paid {
            if let (Some(most), Standing::Stands) = (paid.most, paid.standing) {
                assert!(paid.net() <= most, "{paid:?}");
            }
        }
    }
}

impl World {
    /// Windows count what of the instrument parts was not undone, and the month's rounding what of them stands.
    fn check_counts(&self) {
        let state = &self.town.state;
        let who = state.people.residents[&person(3)];
        let day = self.town.now.jst_day();
        let Some(wallet) = state.holder(who).wallet.as_deref() else { return };
        let own = || state.taps().filter(|tap| tap.holder == who && crate::money::is_payment(tap.kind));
        let counted: i64 = own().map(|tap| tap.counted.get()).sum();
        assert_eq!((wallet.day.used(day.0).0.get(), wallet.month.used(day.month()).get()), (counted, counted));
        let taps = own().filter(|tap| tap.counts).count();
        assert_eq!(wallet.day.used(day.0).1, u32::try_from(taps).unwrap());
        let in_month: i64 = own().map(|tap| tap.in_month.get()).sum();
        assert_eq!(wallet.granted(2, day.month()).2.get(), in_month);
        let lost = |tap: &Tap| tap.legs.iter().any(|leg| leg.source == Source::Loss);
        for tap in own().filter(|tap| matches!(tap.state, TapState::Posted | TapState::Reversed) && !lost(tap)) {
            let not_undone =
                crate::money::sum(&tap.legs, Leg::is_part, |leg| crate::money::minus(leg.posted, leg.undone));
            assert_eq!(tap.counted, not_undone, "{tap:?}");
            assert!(
                tap.months.is_empty() || tap.in_month == crate::money::sum(&tap.legs, Leg::is_part, Leg::stands),
                "{tap:?}"
            );
        }
    }
}

impl Town {
    /// The record that decided a message.
    fn journal_seq_of(&self, request: &Request) -> Seq {
        let key = super::super::state::key_of(request);
        let found = self.journal.iter().rposition(|record| match &record.body {
            Body::Transaction(tapped) => tapped.key == key,
            _ => false,
        });
        Seq::try_from(found.expect("it was decided") + 1).unwrap()
    }
}

fn stood_in(world: &mut World, yen: i64) -> (Request, Seq) {
    world.play(Step::Pay(Operation::Purchase, yen, false));
    world.play(Step::Ask(0, Fate::NotSent));
    let paid = world.paid.last().unwrap();
    (paid.request, world.town.state.stand_ins.taps[&paid.seq].message)
}

fn says(world: &mut World, message: Seq, code: &str) {
    let code = ResponseCode::from_wire(code.as_bytes()).unwrap();
    world.town.event(&Event::IssuerAcknowledged { message, code });
}

fn lost(town: &Town) -> i64 {
    balance(town, |key| matches!(key, AccountKey::StandInLoss(_)))
}
