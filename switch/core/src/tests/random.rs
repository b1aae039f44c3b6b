//! Any order of messages, answers, silences, repeats, reversals and clock jumps: the book balances, no deposit falls below
//! zero, what merchants are owed is what stands posted, and replay gives the same state.

use super::super::money::is_refund;
use super::*;
use kazasu_ledger::record::{Correction, CorrectionKind, Proposal};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    New(Operation, u8, i64),
    About(Operation, usize, i64, Option<i64>),
    Repeat(usize),
    Issuer(usize, bool),
    Silent(usize, Silence),
    Acknowledge(usize),
    Clock(i64),
    /// A person asks for a correction of a tap, as far as it is one of a payment; the amount may be too large.
    Correct(usize, CorrectionKind, i64),
    /// Another person decides the oldest request.
    Decide(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let new = prop_oneof![
        4 => Just(Operation::Purchase),
        2 => Just(Operation::Authorize),
        1 => Just(Operation::AuthorizationAdvice),
        2 => Just(Operation::PurchaseAdvice),
        1 => Just(Operation::BalanceInquiry),
    ];
    let about = prop_oneof![
        Just(Operation::Refund),
        Just(Operation::RefundAdvice),
        Just(Operation::Completion),
        Just(Operation::Reversal),
    ];
    let silence = prop_oneof![Just(Silence::TimedOut), Just(Silence::NotSent), Just(Silence::Restarted)];
    let step = prop_oneof![
        5 => (new, 1..6_u8, 0..4_000_i64).prop_map(|(o, who, yen)| Step::New(o, who, yen)),
        5 => (about, 0..40_usize, 1..3_000_i64, prop::option::weighted(0.3, 1..2_000_i64))
            .prop_map(|(o, at, yen, actual)| Step::About(o, at, yen, actual)),
        1 => (0..40_usize).prop_map(Step::Repeat),
        4 => (0..6_usize, prop::bool::weighted(0.8)).prop_map(|(at, yes)| Step::Issuer(at, yes)),
        1 => (0..6_usize, silence).prop_map(|(at, why)| Step::Silent(at, why)),
        1 => (0..6_usize).prop_map(Step::Acknowledge),
        1 => (-100_000..40_000_000_i64).prop_map(Step::Clock),
        3 => (0..60_usize, prop::sample::select(CorrectionKind::ALL.to_vec()), 1..3_000_i64)
            .prop_map(|(at, kind, yen)| Step::Correct(at, kind, yen)),
        3 => prop::bool::weighted(0.8).prop_map(Step::Decide),
    ];
    prop::collection::vec(step, 1..90)
}

type Sent = Vec<(Request, Option<Answer>)>;

fn send(town: &mut Town, request: Request, sent_before: &mut Sent, asked: &mut Vec<Seq>) {
    let decision = town.send(&request);
    if let Some((seq, message)) = sent(&decision)
        && !message.operation.is_advice()
    {
        asked.push(seq);
    }
    sent_before.push((request, answer(&decision)));
}

fn play(town: &mut Town, step: Step, sent_before: &mut Sent, asked: &mut Vec<Seq>) {
    match step {
        Step::New(operation, who, yen) => {
            let request = town.request(operation, who, yen);
            send(town, request, sent_before, asked);
        }
        Step::About(operation, at, yen, actual) => {
            let Some((earlier, _)) = sent_before.get(at).copied() else { return };
            let mut request = town.about(operation, &earlier, yen);
            if operation == Operation::Reversal {
                request.replacement = actual.map(Yen::new);
            }
            send(town, request, sent_before, asked);
        }
        Step::Repeat(at) => {
            let Some((earlier, first)) = sent_before.get(at).copied() else { return };
            let before = town.journal.len();
            let again = answer(&town.send(&earlier));
            if let Some(first) = first {
                assert_eq!(again, Some(first), "a repeat gets the stored answer");
                assert_eq!(town.journal.len(), before, "and makes no record");
            }
        }
        Step::Issuer(at, yes) => {
            if let Some(seq) = asked.get(at).copied() {
                town.issuer_says(seq, if yes { "00" } else { "05" });
            }
        }
        Step::Silent(at, why) => {
            if let Some(seq) = asked.get(at).copied() {
                town.issuer_silent(seq, why);
            }
        }
        Step::Acknowledge(at) => {
            let owed = town.state.unacknowledged().nth(at);
            if let Some((message, _)) = owed {
                town.event(&Event::IssuerAcknowledged { message, code: ResponseCode::APPROVED });
            }
        }
        Step::Correct(at, kind, yen) => correct(town, at, (kind, yen)),
        Step::Decide(approve) => {
            let Some(open) = town.state.approvals().into_iter().next() else { return };
            let answer = if approve { ApprovalAnswer::Approve } else { ApprovalAnswer::Deny };
            let said = said("per_2", "looked at");
            let decide = Approvals::Decide { proposal: open.number, answer, seen: Some(open.fingerprint), said };
            if town.event(&Event::Command(Command::Approvals(decide))).rejected.is_some() {
                let withdraw = Approvals::Withdraw { proposal: open.number, said: said_by_requester() };
                town.event(&Event::Command(Command::Approvals(withdraw)));
            }
        }
        Step::Clock(by) => {
            town.now = Millis(town.now.0 + by);
            town.event(&Event::Tick { keep_days: 400 });
        }
    }
}

fn said_by_requester() -> Attribution {
    said("per_1", "the terminal is broken")
}

/// Asks for a correction as people do who have looked at what is left.
fn correct(town: &mut Town, at: usize, (kind, yen): (CorrectionKind, i64)) {
    let Some(payment) = town.state.taps().nth(at).map(|tap| tap.seq) else { return };
    let Some(found) = town.state.payment(payment) else {
        let asked = Correction { payment, kind, amount: Yen::new(yen), left: Yen::new(yen) };
        assert!(request(town, asked).is_some(), "no payment is corrected that cannot be looked at");
        return;
    };
    let asked = Correction { payment: found.record, kind, amount: Yen::new(yen), left: found.left };
    let refused = request(town, asked).is_some();
    assert!(yen <= found.left.get() || refused, "more than is left: {yen} of {}", found.left);
}

fn request(town: &mut Town, asked: Correction) -> Option<Rejected> {
    let proposal = Box::new(Proposal::Correction(Box::new(asked)));
    let request = Approvals::Request { proposal, source: "".into(), said: said_by_requester() };
    town.event(&Event::Command(Command::Approvals(request))).rejected
}

/// Yen that staff took of merchants: acquirers have no messages of it.
fn by_staff(state: &State) -> i64 {
    let own = state.taps().filter(|tap| tap.key.class == kazasu_ledger::record::CLASS_OF_STAFF);
    own.map(|tap| tap.at_merchant().get()).sum()
}

/// The amounts that merchants are owed, counted from the taps instead of the book.
fn owed(state: &State) -> i64 {
    use kazasu_ledger::record::TransactionKind;
    state
        .taps()
        .map(|tap| match tap.kind {
            TransactionKind::Purchase | TransactionKind::PurchaseAdvice | TransactionKind::Completion => {
                tap.moved().get()
            }
            // The merchant has no part in what the operator bears.
            TransactionKind::Refund | TransactionKind::RefundAdvice => -tap.moved().get() - tap.kept.get(),
            TransactionKind::Authorize
            | TransactionKind::AuthorizationAdvice
            | TransactionKind::BalanceInquiry
            | TransactionKind::Reversal
            | TransactionKind::Unsupported => 0,
        })
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_loses_a_yen(steps in steps()) {
        let mut town = Town::new();
        let mut sent_before = Vec::new();
        let mut asked = Vec::new();
        for step in steps {
            play(&mut town, step, &mut sent_before, &mut asked);
            let payable = town.payable("SHOP") + town.payable("OTHER");
            prop_assert_eq!(payable, owed(&town.state));
            for tap in town.state.taps() {
                prop_assert!(tap.refunded() <= tap.moved() && tap.refunded() >= Yen::ZERO, "{:?}", tap);
                prop_assert!(tap.shortfall() <= tap.moved(), "{:?}", tap);
                let refunds = town.state.taps().filter(|refund| refund.original.is_some_and(|of| {
                    is_refund(refund.kind) && town.state.tap(of).is_some_and(|paid| paid.seq == tap.seq)
                }));
                let back: i64 = refunds.map(|refund| refund.moved().get()).sum();
                prop_assert!(back <= tap.moved().get(), "{} came back of {:?}", back, tap);
            }
            for account in [1, 2, 4] {
                prop_assert!(town.available(account) >= 0);
            }
            let day = town.state.totals.days.values().fold(0, |net, d| net + d.net().get());
            prop_assert_eq!(-day - by_staff(&town.state), payable, "acquirers' totals are what merchants are owed");
        }
        town.check_replay();
    }
}
