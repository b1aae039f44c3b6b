//! What of a payment stands: no resolution, chargeback or clearing line is more, in whatever order things come.

use super::*;
use kazasu_ledger::record::{Silence, TransactionKind};
use kazasu_schemas::closing::{Against, ReconException, Resolution};
use kazasu_schemas::policy::{Floor, LiableParty, Offline, StandIn};
use std::collections::{BTreeMap, HashMap, HashSet};

const MOST: Yen = Yen::new(100_000_000);

fn policy(liable: LiableParty) -> Policy {
    let stand_in = StandIn { issuer: 1, tap: MOST, issuer_day: MOST, resident_day: MOST, liable };
    let floor = Some(Floor { otherwise: Some(MOST), ..Floor::default() });
    Policy { stand_in: vec![stand_in], offline: Some(Offline { resident_day: MOST, liable, floor }), ..points() }
}

pub(super) fn town(liable: LiableParty) -> Town {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    Town::under(policy(liable), list)
}

/// What each payment has at its issuer and at its merchant, from the records alone.
#[derive(Default)]
struct Ledger {
    accounts: Vec<AccountKey>,
    payment_of: HashMap<u64, u64>,
    stood_in: HashMap<u64, u64>,
    exceptions: HashMap<[u8; 16], u64>,
    /// Payments of which issuers refused a message.
    refused: HashSet<u64>,
    refunds: HashSet<u64>,
    /// By payment: what refunds were to give back at its issuer, and at its merchant.
    given_back: BTreeMap<u64, [i64; 2]>,
    proposals: HashMap<u64, [u8; 16]>,
    /// By payment: at the issuer, at the merchant.
    stands: BTreeMap<u64, [i64; 2]>,
    posted: BTreeMap<u64, [i64; 2]>,
    /// By record, without corrections.
    lines: BTreeMap<u64, [i64; 2]>,
}

impl Ledger {
    fn of(town: &Town) -> Ledger {
        let mut ledger = Ledger::default();
        for entry in &town.entries {
            ledger.record(entry.seq, &Body::read(&entry.body).unwrap());
        }
        ledger
    }

    fn moved(&self, body: &Body) -> [i64; 2] {
        use kazasu_ledger::TransferKind;
        let mut out = [0, 0];
        for t in body.transfers().iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))) {
            let key = |id: kazasu_ledger::AccountId| self.accounts[usize::try_from(id.0).unwrap()];
            for (key, sign) in [(key(t.debit), 1), (key(t.credit), -1)] {
                match key {
                    AccountKey::IssuerReceivable(_) => out[0] += sign * t.amount.get(),
                    AccountKey::MerchantPayable(..) => out[1] -= sign * t.amount.get(),
                    _ => {}
                }
            }
        }
        out
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each record that this second reader of the journal knows")]
    fn record(&mut self, seq: u64, body: &Body) {
        for opening in body.opens() {
            if usize::try_from(opening.account.0).unwrap() == self.accounts.len() {
                self.accounts.push(opening.key);
            }
        }
        let moved = self.moved(body);
        let (tap, line) = match body {
            Body::Transaction(r) => {
                let original = r.original.and_then(|of| self.payment_of.get(&of).copied());
                let own = matches!(
                    r.kind,
                    TransactionKind::Purchase | TransactionKind::PurchaseAdvice | TransactionKind::Completion
                );
                if matches!(r.kind, TransactionKind::Refund | TransactionKind::RefundAdvice) {
                    self.refunds.insert(seq);
                }
                if let Some(payment) = if own { Some(seq) } else { original.or(Some(seq)) } {
                    self.payment_of.insert(seq, payment);
                }
                (seq, true)
            }
            Body::IssuerAnswered(r) => (r.tap, true),
            Body::StoodIn(r) => {
                self.stood_in.insert(seq, r.tap);
                (r.tap, true)
            }
            Body::LossBooked(r) => (self.stood_in.get(&r.message).copied().unwrap_or(r.message), false),
            Body::LossReturned(r) => (r.message, false),
            Body::Undone(r) => {
                if let Some(payment) = self.payment_of.get(&r.tap).copied() {
                    self.payment_of.insert(seq, payment);
                }
                (seq, true)
            }
            Body::ExceptionsOpened(r) => {
                self.exceptions.extend(r.exceptions.iter().map(|d| (d.id, d.own)));
                return;
            }
            Body::IssuerAcknowledged(r) => {
                self.exceptions.extend(r.raised.iter().map(|d| (d.id, d.own)));
                self.refused.extend(r.raised.iter().filter_map(|d| self.payment_of.get(&d.own)).copied());
                return;
            }
            Body::ApprovalRequested(r) => {
                if let Proposal::Resolve { id, .. } = &r.proposal {
                    self.proposals.insert(seq, *id);
                }
                return;
            }
            Body::ApprovalDecided(r) => {
                let own = self.proposals.get(&r.proposal).and_then(|id| self.exceptions.get(id)).copied();
                let Some(own) = own.filter(|own| *own > 0) else { return };
                (own, false)
            }
            _ => return,
        };
        let Some(payment) = self.payment_of.get(&tap).copied() else { return };
        let stands = self.stands.entry(payment).or_default();
        let posted = self.posted.entry(payment).or_default();
        let lines = self.lines.entry(tap).or_default();
        let given_back = self.given_back.entry(payment).or_default();
        if let Body::Transaction(r) = body
            && self.refunds.contains(&seq)
        {
            *given_back = [given_back[0] + r.to_issuer.map_or(0, |m| m.amount.get()), given_back[1] + r.amount.get()];
        }
        // An issuer that refuses a payment has given back a refund of it all the same: it is owed that much, and the merchant
        // that bears the payment owes it. So it is with one that does not know that a refund was undone.
        let knows_less =
            self.refused.contains(&payment) || self.refunds.contains(&tap) || (tap != payment && lines[0] > 0);
        let least = if knows_less { given_back.map(|yen| -yen) } else { [0, 0] };
        for side in 0..2 {
            stands[side] += moved[side];
            if line {
                lines[side] += moved[side];
            }
            if line && tap == payment {
                posted[side] += moved[side];
            }
            // What people book never takes more than there is, and never lets more stand than was paid. Below zero comes a
            // merchant that bears its payment and a refund that the issuer carried out for it; letting some of it stand again is right.
            if matches!(body, Body::ApprovalDecided(_)) && moved[side] != 0 {
                let fits = if moved[side] < 0 { stands[side] >= least[side] } else { stands[side] <= posted[side] };
                assert!(fits, "record {seq}, payment {payment}, side {side}: {} of {}", stands[side], posted[side]);
            }
        }
    }
}

impl Town {
    fn reject(&mut self, command: Command) -> Option<String> {
        self.event(&Event::Command(command)).rejected.map(|why| why.to_string())
    }

    /// Two people resolve an exception; why not, when it is refused.
    pub(super) fn resolve(&mut self, id: [u8; 16], how: Resolution) -> Result<(), String> {
        let (proposal, why) = (Box::new(Proposal::Resolve { id, how }), || "t".to_owned());
        let ask = Approvals::Request { proposal, source: String::new(), by: "suzuki".into(), why: why() };
        if let Some(why) = self.reject(Command::Approvals(ask)) {
            return Err(why);
        }
        let settle = Approvals::Decide { proposal: self.state.seq, approve: true, by: "tanaka".into(), why: why() };
        self.reject(Command::Approvals(settle)).map_or(Ok(()), Err)
    }

    fn raise(&mut self, party: &str, own: u64, ours: i64, theirs: i64) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.state.seq.to_be_bytes());
        id[8] = 7;
        let exception = ReconException {
            id,
            status: if theirs == 0 { "missing".into() } else { "amount_under".into() },
            party: party.into(),
            own,
            ours: Yen::new(ours),
            theirs: Yen::new(theirs),
            line: 0,
            day: self.state.day,
            why: "w".into(),
            proposal: "p".into(),
        };
        self.ok(Command::Closing(Closing::Raise { run: 1, exceptions: vec![exception] }));
        id
    }

    fn dispute(&mut self, tap: u64, yen: i64) -> Result<[u8; 16], String> {
        let reference = format!("CB{}", self.state.seq);
        let ask = Closing::Dispute { tap, amount: Yen::new(yen), reference, why: "w".into(), by: "sato".into() };
        match self.reject(Command::Closing(ask)) {
            Some(why) => Err(why),
            None => Ok(self
                .state
                .exceptions(true)
                .iter()
                .map(|d| d.exception.id)
                .find(|id| {
                    let Body::ExceptionsOpened(r) = Body::read(&self.entries.last().unwrap().body).unwrap() else {
                        return false;
                    };
                    r.exceptions[0].id == *id
                })
                .unwrap()),
        }
    }

    /// A payment that was approved in its issuer's place: its record, and the record whose message the issuer gets.
    pub(super) fn stand_in(&mut self, yen: i64) -> (Request, u64, u64) {
        let request = self.request(Operation::Purchase, 2, 0, yen);
        self.event(&Event::Request(request));
        let tap = self.state.seq;
        self.event(&Event::IssuerSilent { tap, why: Silence::NotSent });
        assert!(matches!(Body::read(&self.entries.last().unwrap().body).unwrap(), Body::StoodIn(_)));
        (request, tap, self.state.seq)
    }

    fn paid(&mut self, yen: i64) -> (Request, u64) {
        let request = self.request(Operation::Purchase, 2, 0, yen);
        self.send(&request, true);
        (request, self.state.seq - 1)
    }

    pub(super) fn acknowledge(&mut self, message: u64, code: ResponseCode) {
        self.event(&Event::IssuerAcknowledged { message, code });
    }

    fn owed(&self) -> i64 {
        self.balance(|k| *k == AccountKey::IssuerReceivable(1))
    }

    /// The clearing file of all days: what the issuer is told that it owes.
    fn billed(&self) -> i64 {
        let (from, until) = (NOON.jst_day(), self.state.day);
        let with = CompareWith { against: Against::Issuer, party: "1".into(), from, until };
        self.lines(&with).iter().map(|row| row.amount.get()).sum()
    }
}

const REFUSED: ResponseCode = ResponseCode::SECURITY;

#[test]
fn a_refused_stand_in_is_booked_once() {
    for liable in [LiableParty::Operator, LiableParty::Merchant] {
        let mut town = town(liable);
        let (_, tap, message) = town.stand_in(1_000);
        let day = town.state.day;
        // The issuer's file of the day lacks it before the issuer has heard of it.
        let missing = town.raise("issuer 1", tap, 1_000, 0);
        let disputed = town.dispute(tap, 400).unwrap();
        town.acknowledge(message, REFUSED);
        assert!(matches!(Body::read(&town.entries.last().unwrap().body).unwrap(), Body::LossBooked(_)));
        assert_eq!((town.owed(), town.billed()), (0, 0), "{liable:?}: the clearing file bills nothing");
        for id in [missing, disputed] {
            for how in [Resolution::BookedIssuer, Resolution::BookedMerchant, Resolution::WrittenOff] {
                let why = town.resolve(id, how).unwrap_err();
                assert!(why.contains("nothing stands at its issuer: it refused it afterwards"), "{how:?}: {why}");
            }
        }
        assert!(town.dispute(tap, 1).unwrap_err().contains("it refused it afterwards"));
        town.resolve(missing, Resolution::Explained).unwrap();
        town.resolve(disputed, Resolution::Explained).unwrap();
        assert_eq!(town.owed(), 0);
        // A right file of the issuer lacks it, and nothing is missing.
        town.end_day();
        let with = CompareWith { against: Against::Issuer, party: "1".into(), from: day, until: day };
        let rules = super::super::compare::rules(&Default::default(), &with);
        let mut writer = Writer::new(Vec::new()).unwrap();
        writer.row(&Row::new(Kind::Purchase, Yen::new(5), day)).unwrap();
        let bytes = writer.finish().unwrap().out;
        let (.., outcome) = compared(&with, &town.lines(&with), &bytes, day.next(), &rules).unwrap();
        let found: Vec<&str> = outcome.exceptions.iter().map(|e| name(e.status)).collect();
        assert_eq!(found, ["unexpected"], "{liable:?}");
    }
}

#[test]
fn a_loss_of_a_later_day_is_in_the_line_of_its_own() {
    let mut town = town(LiableParty::Operator);
    let day = town.state.day;
    let (.., message) = town.stand_in(1_000);
    let with = CompareWith { against: Against::Issuer, party: "1".into(), from: day, until: day };
    town.end_day();
    assert_eq!(town.lines(&with).iter().map(|row| row.amount.get()).sum::<i64>(), 1_000);
    town.acknowledge(message, REFUSED);
    assert_eq!(town.lines(&with), [], "however the days lie");
}

#[test]
fn a_missing_payment_and_its_chargeback_take_it_once() {
    use Resolution::{BookedIssuer, BookedMerchant, WrittenOff};
    for (first, second) in [
        (BookedIssuer, BookedIssuer),
        (BookedMerchant, BookedMerchant),
        (BookedIssuer, BookedMerchant),
        (WrittenOff, BookedIssuer),
    ] {
        for order in [false, true] {
            let mut town = town(LiableParty::Operator);
            let (_, tap) = town.paid(3_000);
            let missing = town.raise("issuer 1", tap, 3_000, 0);
            let disputed = town.dispute(tap, 3_000).unwrap();
            let (a, b) = if order { (missing, disputed) } else { (disputed, missing) };
            town.resolve(a, first).unwrap();
            assert_eq!((town.owed(), town.billed()), (0, 0));
            let why = town.resolve(b, second).unwrap_err();
            assert!(why.contains("¥0 stands at its issuer"), "{why}");
            assert_eq!(town.owed(), 0);
            town.resolve(b, Resolution::Explained).unwrap();
        }
    }
}

#[test]
fn two_parties_take_a_payment_of_its_merchant_once() {
    let mut town = town(LiableParty::Operator);
    let (request, tap) = town.paid(3_000);
    let acquirers = town.raise("acquirer 27000001", tap, 3_000, 1_000);
    town.resolve(acquirers, Resolution::BookedMerchant).unwrap();
    let issuers = town.raise("issuer 1", tap, 3_000, 0);
    let why = town.resolve(issuers, Resolution::BookedMerchant).unwrap_err();
    assert!(why.contains("¥1,000 stands at its merchant"), "{why}");
    // The merchant has ¥1,000 of it: no more is refunded.
    let refund = town.about(Operation::Refund, &request, 1_001);
    let answer = town.event(&Event::Request(refund));
    assert!(
        matches!(answer.body, Some(Body::Transaction(t)) if matches!(t.verdict, kazasu_ledger::record::Verdict::Refused(_)))
    );
    let refund = town.about(Operation::Refund, &request, 1_000);
    town.send(&refund, true);
    assert_eq!(town.owed(), 2_000);
    town.resolve(issuers, Resolution::BookedIssuer).unwrap_err();
    let disputed = town.dispute(tap, 2_000).unwrap();
    town.resolve(disputed, Resolution::BookedMerchant).unwrap_err();
    town.resolve(disputed, Resolution::BookedIssuer).unwrap();
    assert_eq!((town.owed(), town.billed()), (0, 0));
}

#[test]
fn a_chargebacks_reference_is_one_sum() {
    let mut town = town(LiableParty::Operator);
    let (_, tap) = town.paid(3_000);
    let dispute = |yen| Closing::Dispute {
        tap,
        amount: Yen::new(yen),
        reference: "CB-1".into(),
        why: "w".into(),
        by: "sato".into(),
    };
    town.ok(Command::Closing(dispute(3_000)));
    assert_eq!(town.reject(Command::Closing(dispute(3_000))), None, "the same once more");
    let why = town.reject(Command::Closing(dispute(1))).unwrap();
    assert!(why.contains("CB-1") && why.contains("3,000"), "{why}");
}

#[test]
fn a_refund_that_its_issuer_lacks_stands_again_once() {
    let mut town = town(LiableParty::Operator);
    let (request, _) = town.paid(3_000);
    let refund = town.about(Operation::Refund, &request, 1_000);
    town.send(&refund, true);
    let record = town.state.seq - 1;
    let missing = town.raise("issuer 1", record, -1_000, 0);
    town.resolve(missing, Resolution::BookedMerchant).unwrap();
    assert_eq!((town.owed(), town.billed()), (3_000, 3_000));
    // Reversing the refund gives nothing a second time.
    let undo = town.about(Operation::Reversal, &refund, 1_000);
    town.send(&undo, true);
    assert_eq!(town.owed(), 3_000);
    let again = town.raise("issuer 1", record, -1_000, -500);
    assert!(town.resolve(again, Resolution::BookedIssuer).unwrap_err().contains("¥0 stands at its issuer"));
}

#[test]
fn what_an_issuer_refuses_of_what_it_was_told_is_an_exception() {
    let mut town = town(LiableParty::Issuer);
    let exceptions = |town: &Town| {
        let open = town.state.exceptions(true);
        open.iter().map(|d| (d.exception.own, d.exception.ours.get(), d.exception.theirs.get())).collect::<Vec<_>>()
    };
    // A completion.
    let hold = town.request(Operation::Authorize, 2, 0, 5_000);
    town.send(&hold, true);
    let completion = town.about(Operation::Completion, &hold, 4_000);
    town.send(&completion, true);
    let completed = town.state.seq;
    town.acknowledge(completed, REFUSED);
    assert_eq!(exceptions(&town), [(completed, 4_000, 0)]);
    let open = town.state.exceptions(true);
    let exception = &open[0].exception;
    assert_eq!((exception.status.as_str(), exception.party.as_str()), ("refused_advice", "issuer 1"));
    assert!(exception.why.contains("63 to the completion of ¥4,000"), "{}", exception.why);
    town.acknowledge(completed, REFUSED);
    assert_eq!(exceptions(&town).len(), 1, "once");
    let id = exception.id;
    assert!(town.resolve(id, Resolution::BookedMerchant).is_ok());
    assert_eq!((town.owed(), town.billed()), (0, 0));
    let twice = town.raise("issuer 1", completed, 4_000, 0);
    assert!(town.resolve(twice, Resolution::BookedIssuer).is_err(), "it was taken already");
    town.resolve(twice, Resolution::Explained).unwrap();

    // A reversal of a payment.
    let (paid, _) = town.paid(700);
    let reversal = town.about(Operation::Reversal, &paid, 700);
    town.send(&reversal, true);
    let reversed = town.state.seq;
    town.acknowledge(reversed, REFUSED);
    assert_eq!(exceptions(&town), [(reversed, -700, 0)]);
    let id = town.state.exceptions(true)[0].exception.id;
    town.resolve(id, Resolution::BookedMerchant).unwrap();
    assert_eq!((town.owed(), town.billed()), (700, 700), "it was paid after all");
    let twice = town.raise("issuer 1", reversed, -700, 0);
    assert!(town.resolve(twice, Resolution::BookedIssuer).is_err(), "once");
    town.resolve(twice, Resolution::Explained).unwrap();

    // A reversal of what nobody answered: nothing is in the books, and the whole may stand there.
    let buy = town.request(Operation::Purchase, 2, 0, 900);
    town.event(&Event::Request(buy));
    let tap = town.state.seq;
    town.event(&Event::IssuerSilent { tap, why: Silence::TimedOut });
    let message = town.state.seq;
    town.acknowledge(message, REFUSED);
    assert_eq!(exceptions(&town), [(tap, 0, 900)]);
    let id = town.state.exceptions(true)[0].exception.id;
    town.resolve(id, Resolution::Explained).unwrap();

    // A payment that the issuer was told of and that it is to bear.
    let (_, tap, message) = town.stand_in(300);
    town.acknowledge(message, REFUSED);
    assert_eq!(exceptions(&town), [(tap, 300, 0)]);
    let mut again = State::new();
    for entry in &town.entries {
        let record = Record { at: entry.at, day: entry.day, body: Body::read(&entry.body).unwrap() };
        again.apply(entry.seq, &record).unwrap();
    }
    assert_eq!(again, town.state);
}

#[derive(Clone, Debug)]
pub(super) enum Deed {
    Act(Act),
    StandIn(i64),
    Raise { party: bool, at: usize, theirs: i64 },
    Dispute(usize, i64),
    Resolve(usize, usize),
    Acknowledge(usize, bool),
    NextDay,
}

pub(super) fn deed() -> impl Strategy<Value = Deed> {
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

pub(super) fn perform_deed(town: &mut Town, deed: &Deed, booked: &mut u32) {
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
            let open = town.state.exceptions(true);
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

/// Of a payment by card, the issuer keeps two per cent.
fn with_interchange(liable: LiableParty) -> Town {
    use kazasu_schemas::contract::{InterchangeRow, Prefixes, Schedule};
    let mut list = {
        use proptest::strategy::ValueTree;
        contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current()
    };
    list.brands = vec![Prefixes { name: "visa".into(), ranges: vec![(40_000_000, 49_999_999)] }];
    list.products = vec![Prefixes { name: "gold".into(), ranges: vec![(40_000_000, 40_000_000)] }];
    let row = InterchangeRow { brand: "visa".into(), product: "gold".into(), rate: Rate(20_000) };
    list.interchange = vec![Schedule { name: "all".into(), rows: vec![row] }];
    for contract in &mut list.contracts {
        (contract.interchange, contract.basis) = (Some("all".into()), Basis::Tap);
    }
    let key = |byte| kazasu_schemas::secret::Key::new(vec![byte; 32]).unwrap();
    let vault = kazasu_security::vault::Vault::new(&BTreeMap::from([(1, key(1))]), 1, &key(9)).unwrap();
    let pan = kazasu_schemas::secret::Pan::parse(b"4111111111111111").unwrap();
    let sealed = vault.seal(&pan, &person(2)).unwrap();
    let mut town = Town::with(policy(liable), list, Some(std::sync::Arc::new(vault)));
    let card = kazasu_ledger::record::Card { issuer: 1, pan: sealed, token: [1; 8] };
    let to = Link::Instrument(Instrument::CreditCard(card));
    town.ok(Command::Link { ppid: person(2), from: None, to, origin: LinkOrigin::Import, by: "t".into() });
    town
}

/// An issuer keeps nothing of what it refused, on the payment's day or later.
#[test]
fn an_issuer_keeps_nothing_of_what_it_refused() {
    for later in [false, true] {
        let mut town = with_interchange(LiableParty::Operator);
        let day = town.state.day;
        let (.., refused) = town.stand_in(10_000);
        let (.., good) = town.stand_in(1_000);
        town.acknowledge(good, ResponseCode::APPROVED);
        if later {
            town.end_day();
        }
        town.acknowledge(refused, REFUSED);
        town.end_day();
        let kept: i64 = town.books.days.values().filter_map(|book| book.issuers.get(&1)).map(|i| i.interchange).sum();
        assert_eq!((kept, town.owed()), (20, 1_000), "later: {later}");
        if later {
            assert_eq!(town.books.days[&day].issuers[&1].interchange, 220, "what a day said stays");
        }
    }
}

/// An issuer refuses a payment, and a refund of it too or not. The refund is undone before, between or after: the clearing file bills
/// what the issuer owes, and the acquirer's lines are those that it sent.
#[test]
fn an_undone_refund_of_a_refused_payment_is_billed_to_no_issuer() {
    for liable in [LiableParty::Operator, LiableParty::Merchant, LiableParty::Issuer] {
        for (payment_first, code) in
            [(true, REFUSED), (true, ResponseCode::APPROVED), (false, REFUSED), (false, ResponseCode::APPROVED)]
        {
            for undone in 0..3 {
                let mut town = town(liable);
                let (request, _, message) = town.stand_in(1_000);
                let refund = town.about(Operation::RefundAdvice, &request, 300);
                town.send(&refund, true);
                let mut answers = [(message, REFUSED), (town.state.seq, code)];
                if !payment_first {
                    answers.reverse();
                }
                for at in 0..3 {
                    if at == undone {
                        let undo = town.about(Operation::Reversal, &refund, 300);
                        town.send(&undo, true);
                    }
                    if let Some((message, code)) = answers.get(at) {
                        town.acknowledge(*message, *code);
                    }
                    assert_eq!(town.billed(), town.owed(), "{liable:?}, {payment_first}, {code}, {undone}, {at}");
                }
                let (from, until) = (NOON.jst_day(), town.state.day);
                let with = CompareWith { against: Against::Acquirer, party: "27000001".into(), from, until };
                let sent: Vec<i64> = town.lines(&with).iter().map(|row| row.amount.get()).collect();
                assert_eq!(sent, [1_000, -300, 300], "{liable:?}, {payment_first}, {code}, {undone}");
            }
        }
    }
}

#[test]
fn an_issuer_keeps_nothing_of_an_undone_refund_of_what_it_refused() {
    for liable in [LiableParty::Operator, LiableParty::Merchant] {
        let mut town = with_interchange(liable);
        let (request, _, message) = town.stand_in(10_000);
        let refund = town.about(Operation::RefundAdvice, &request, 3_000);
        town.send(&refund, true);
        let refunded = town.state.seq;
        town.acknowledge(message, REFUSED);
        town.acknowledge(refunded, REFUSED);
        let undo = town.about(Operation::Reversal, &refund, 3_000);
        town.send(&undo, true);
        town.end_day();
        let kept: i64 = town.books.days.values().filter_map(|book| book.issuers.get(&1)).map(|i| i.interchange).sum();
        assert_eq!((kept, town.owed(), town.billed()), (0, 0, 0), "{liable:?}");
    }
}

/// What an open exception is about stays in memory; of what left it, no more is booked than its line.
#[test]
fn a_payment_that_left_the_memory_is_taken_once() {
    let mut town = town(LiableParty::Operator);
    let days = |town: &mut Town| {
        for _ in 0..4 {
            town.now = Millis(town.now.0 + 86_400_000);
            town.event(&Event::Tick { keep_days: 1 });
        }
    };
    let (_, tap) = town.paid(3_000);
    let (_, other) = town.paid(800);
    let missing = town.raise("issuer 1", tap, 3_000, 0);
    days(&mut town);
    assert!(town.state.tap_by_seq(tap).is_some() && town.state.tap_by_seq(other).is_none());
    town.resolve(missing, Resolution::BookedMerchant).unwrap();
    days(&mut town);
    assert!(town.state.tap_by_seq(tap).is_none());
    assert!(town.dispute(tap, 1).is_err());
    let again = town.raise("issuer 1", tap, 3_000, 0);
    let why = town.resolve(again, Resolution::BookedIssuer).unwrap_err();
    assert!(why.contains("¥0 stands at the other side"), "{why}");
    // A line of which nothing was booked is booked up to its amount, and once.
    for (theirs, good) in [(300, true), (0, false)] {
        let less = town.raise("issuer 1", other, 800, theirs);
        assert_eq!(town.resolve(less, Resolution::BookedIssuer).is_ok(), good);
    }
    assert_eq!((town.owed(), town.billed()), (300, 300));
}

/// What an acquirer's exception took of a merchant, it does not lose once more to the issuer.
#[test]
fn a_merchant_bears_a_payment_once() {
    let mut town = town(LiableParty::Merchant);
    let (_, tap, message) = town.stand_in(1_000);
    let missing = town.raise("acquirer 27000001", tap, 1_000, 0);
    town.resolve(missing, Resolution::BookedMerchant).unwrap();
    town.acknowledge(message, REFUSED);
    let payable = town.balance(|k| matches!(k, AccountKey::MerchantPayable(..)));
    assert_eq!((town.owed(), town.billed(), payable), (0, 0, 0));
}

/// An issuer refuses a payment that was approved in its place, its merchant bears it, and a refund of ¥2 was carried out: the
/// merchant is ¥2 below zero. The acquirer knows of a refund of ¥1 only, so ¥1 comes back to the merchant, and never more than ¥2.
#[test]
fn a_refund_of_what_a_merchant_bears_comes_back_as_far_as_it_went() {
    let mut town = town(LiableParty::Merchant);
    let (request, _, message) = town.stand_in(1_375);
    let refund = town.about(Operation::Refund, &request, 2);
    town.send(&refund, true);
    let refunded = town.state.seq - 1;
    town.acknowledge(message, REFUSED);
    let payable = |town: &Town| town.balance(|k| matches!(k, AccountKey::MerchantPayable(..)));
    assert_eq!((payable(&town), town.owed()), (-2, -2));

    let less = town.raise("acquirer 27000001", refunded, -2, -1);
    town.resolve(less, Resolution::BookedMerchant).unwrap();
    assert_eq!((payable(&town), town.owed()), (-1, -2));

    let none = town.raise("acquirer 27000001", refunded, -2, 0);
    let why = town.resolve(none, Resolution::BookedMerchant).unwrap_err();
    assert!(why.contains("¥1 stands"), "{why}");
    assert_eq!((payable(&town), town.billed()), (-1, town.owed()));
}

/// What the property above found once, when it did not know that a merchant may stand below zero.
#[test]
fn a_merchant_below_zero_gets_back_what_its_acquirer_does_not_know() {
    use Act::{Buy, Hold, Refund};
    use Deed::{Acknowledge, Raise, Resolve, StandIn};
    let refused = || Deed::Act(Buy(2, 0, 1, false));
    let refund = || Deed::Act(Refund(0, 1, false));
    let mut town = town(LiableParty::Merchant);
    let deeds = [
        refused(),
        refused(),
        refund(),
        StandIn(1_375),
        Deed::Act(Refund(2, 2, true)),
        refused(),
        refund(),
        StandIn(1),
        Acknowledge(6, false),
        refused(),
        refund(),
        refund(),
        Deed::Act(Hold(2, 0, 1, 1)),
        refused(),
        refused(),
        Raise { party: false, at: 19, theirs: 1 },
        Resolve(0, 2),
    ];
    let mut booked = 0;
    for deed in &deeds {
        perform_deed(&mut town, deed, &mut booked);
    }
    let ledger = Ledger::of(&town);
    let (payment, stands) = ledger.stands.iter().find(|(payment, _)| ledger.posted[payment][0] == 1_375).unwrap();
    assert_eq!((booked, ledger.posted[payment][1], stands[1]), (1, 1_375, -1));
    assert_eq!(town.billed(), town.owed());
}
