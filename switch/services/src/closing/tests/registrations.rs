//! Registrations that change, and what is folded of them: a file that is kept step by step says what one that is made at once says.

use super::*;
use kazasu_ledger::record::Silence;
use kazasu_projections::statements::Line;
use kazasu_schemas::closing::Resolution;
use kazasu_schemas::policy::LiableParty;

/// A shop's registration as it may come again: other name, closed or not, other terminals.
#[derive(Clone, Debug)]
enum Step {
    Register {
        shop: usize,
        name: u8,
        closed: bool,
        terminals: Vec<u8>,
    },
    Merge(u8),
    /// A payment that was made is reversed but for so many yen.
    Lessen(usize, i64),
    /// So is one that waits for its issuer, before it is approved or declined.
    LessenWaiting(i64, i64, bool),
    /// A refund of which the issuer says nothing in time.
    Silent(usize, i64),
    Deed(super::standing::Deed),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_usize..3, 0_u8..3, prop::bool::weighted(0.2), proptest::collection::vec(0_u8..9, 0..3))
            .prop_map(|(shop, name, closed, terminals)| Step::Register { shop, name, closed, terminals }),
        1 => (1_u8..4).prop_map(Step::Merge),
        2 => (0_usize..9, 1_i64..3_000).prop_map(|(at, yen)| Step::Lessen(at, yen)),
        1 => (1_i64..5_000, 1_i64..3_000, any::<bool>()).prop_map(|(yen, left, good)| Step::LessenWaiting(yen, left, good)),
        1 => (0_usize..9, 1_i64..3_000).prop_map(|(at, yen)| Step::Silent(at, yen)),
        6 => super::standing::deed().prop_map(Step::Deed),
    ]
}

fn register(shop: usize, name: &str, closed: bool, terminals: Vec<TerminalId>) -> Command {
    Command::RegisterMerchant {
        acquirer: acquirer(),
        merchant: SHOPS[shop].parse().unwrap(),
        name: name.to_owned(),
        mcc: "5411".parse().unwrap(),
        terminals,
        closed,
        traits: Default::default(),
    }
}

fn perform_step(town: &mut Town, step: &Step) {
    match step {
        Step::Register { shop, name, closed, terminals } => {
            // The shop keeps a terminal of its own, so that taps go on.
            let mut all: Vec<TerminalId> = vec![format!("T{shop}").parse().unwrap()];
            for n in terminals {
                let terminal: TerminalId = format!("X{n}").parse().unwrap();
                if !all.contains(&terminal) {
                    all.push(terminal);
                }
            }
            // One that another shop has is refused, and changes nothing.
            town.event(&Event::Command(register(*shop, &format!("shop {name}"), *closed, all)));
        }
        Step::Merge(n) => {
            let temporary = Ppid::from_bytes([0xA0 + *n; 16]);
            let issue = Command::IssueTemporary { ppid: temporary, until: None, by: "t".into() };
            if town.event(&Event::Command(issue)).rejected.is_none() {
                let merge = Command::Merge { from: temporary, into: person(1), by: "t".into() };
                town.event(&Event::Command(merge));
            }
        }
        Step::Lessen(at, remains) => {
            let Some(original) = town.paid.get(at % town.paid.len().max(1)).copied() else { return };
            lessen(town, &original, *remains);
        }
        Step::LessenWaiting(yen, remains, good) => {
            let request = town.request(Operation::Purchase, 2, 0, *yen);
            town.event(&Event::Request(request));
            let message = town.state.seq;
            lessen(town, &request, *remains);
            let code = if *good { ResponseCode::APPROVED } else { ResponseCode::SECURITY };
            town.event(&Event::IssuerAnswered { message, code, approval: None });
            town.paid.push(request);
        }
        Step::Silent(at, yen) => {
            let Some(original) = town.paid.get(at % town.paid.len().max(1)).copied() else { return };
            let refund = town.about(Operation::Refund, &original, *yen);
            town.event(&Event::Request(refund));
            let tap = town.state.seq;
            town.event(&Event::IssuerSilent { tap, why: Silence::TimedOut });
        }
        Step::Deed(deed) => super::standing::perform_deed(town, deed, &mut 0),
    }
}

/// A reversal of all but `remains` yen; of all when nothing remains.
fn lessen(town: &mut Town, original: &Request, remains: i64) {
    let undo = town.about(Operation::Reversal, original, original.amount.get());
    let replacement = (remains > 0).then_some(Yen::new(remains));
    town.event(&Event::Request(Request { replacement, ..undo }));
}

/// What the statements say after all entries, read in by parts that end at `cuts`; a new book for each part, as after a restart.
fn folded(runtime: &tokio::runtime::Runtime, town: &Town, cuts: &[usize]) -> Vec<Line> {
    let dir = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let store = MemoryStore::default();
        let mut journal = store.lead(Claim { node: Default::default(), expected: None }).await.unwrap();
        let path = dir.path().join("statements.db");
        let (mut from, mut lines) = (0, Vec::new());
        for until in cuts.iter().copied().chain([town.entries.len()]) {
            if until > from {
                journal.append(&town.entries[from..until]).await.unwrap();
                from = until;
            }
            let book = StatementBook::new(std::sync::Arc::new(store.clone()), path.clone());
            lines.clear();
            for who in 1..3 {
                lines.extend(book.lines(person(who), NOON.jst_day(), town.state.day).await.unwrap());
            }
        }
        lines
    })
}

/// Amount, the instrument's part and what no account covers of each line, at once and step by step.
fn parts(town: &Town) -> Vec<(i64, i64, i64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let steps: Vec<usize> = (0..town.entries.len()).collect();
    let told = |cuts: &[usize]| {
        let lines = folded(&runtime, town, cuts);
        lines.iter().map(|l| (l.amount.get(), l.instrument.get(), l.uncovered.get())).collect::<Vec<_>>()
    };
    let at_once = told(&[]);
    assert_eq!(told(&steps), at_once);
    at_once
}

/// The messages that issuers have not answered, oldest first.
fn owed(town: &Town) -> Vec<u64> {
    town.state.unacknowledged().map(|(message, _)| message).collect()
}

const REFUSED: ResponseCode = ResponseCode::SECURITY;

fn any_town() -> Town {
    use proptest::strategy::ValueTree;
    Town::new(contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current())
}

#[test]
fn a_merchant_that_changes_breaks_no_statement() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut town = any_town();
    let pay = |town: &mut Town, yen| {
        let buy = town.request(Operation::Purchase, 1, 0, yen);
        town.send(&buy, true);
    };
    let own = || vec!["T0".parse().unwrap()];
    pay(&mut town, 100);
    town.ok(register(0, "renamed", false, own()));
    pay(&mut town, 200);
    town.ok(register(0, "renamed", true, own()));
    town.ok(register(0, "open again", false, vec!["T0".parse().unwrap(), "T9".parse().unwrap()]));
    pay(&mut town, 300);
    let steps: Vec<usize> = (0..town.entries.len()).collect();
    for cuts in [&[][..], &steps[..]] {
        let lines = folded(&runtime, &town, cuts);
        let told: Vec<(&str, i64)> = lines.iter().map(|line| (line.merchant.as_str(), line.amount.get())).collect();
        assert_eq!(told, [(SHOPS[0], 100), ("renamed", 200), ("open again", 300)], "{cuts:?}");
    }
}

/// What an issuer refuses afterwards is not the resident's: the line says so, also for what was told a day later.
#[test]
fn a_refused_stand_in_is_no_payment_by_card() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    use kazasu_schemas::policy::LiableParty::{Issuer, Merchant, Operator};
    // Where the issuer is to bear it, it is not settled yet who does; it is not the resident.
    for (liable, later) in [(Merchant, false), (Merchant, true), (Operator, false), (Issuer, false), (Issuer, true)] {
        let mut town = super::standing::town(liable);
        let (.., message) = town.stand_in(1_000);
        let (.., good) = town.stand_in(500);
        if later {
            town.end_day();
        }
        town.acknowledge(message, ResponseCode::SECURITY);
        town.acknowledge(good, ResponseCode::APPROVED);
        let steps: Vec<usize> = (0..town.entries.len()).collect();
        for cuts in [&[][..], &steps[..]] {
            let lines = folded(&runtime, &town, cuts);
            let told: Vec<_> = lines.iter().map(|l| (l.amount.get(), l.instrument.get(), l.uncovered.get())).collect();
            assert_eq!(told, [(1_000, 0, 1_000), (500, 500, 0)], "{liable:?}, later: {later}");
        }
    }
}

/// A refund that the issuer refused, like its payment, is undone: the party that bears the loss bears that much more.
#[test]
fn an_undone_refund_of_a_refused_payment_is_no_payment_by_card() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    use kazasu_schemas::policy::LiableParty::{Merchant, Operator};
    for (liable, refused_first) in [(Merchant, true), (Merchant, false), (Operator, true), (Operator, false)] {
        let mut town = super::standing::town(liable);
        let (paid, _, message) = town.stand_in(1_000);
        let refund = town.about(Operation::RefundAdvice, &paid, 300);
        town.send(&refund, true);
        let both = [message, town.state.seq];
        for at in if refused_first { [0, 1] } else { [1, 0] } {
            town.acknowledge(both[at], ResponseCode::SECURITY);
        }
        let undo = town.about(Operation::Reversal, &refund, 300);
        town.send(&undo, true);
        let steps: Vec<usize> = (0..town.entries.len()).collect();
        for cuts in [&[][..], &steps[..]] {
            let lines = folded(&runtime, &town, cuts);
            let told: Vec<_> = lines.iter().map(|l| (l.amount.get(), l.instrument.get(), l.uncovered.get())).collect();
            let right = [(1_000, 0, 1_000), (300, 0, -300), (300, 0, 300)];
            assert_eq!(told, right, "{liable:?}, the payment refused first: {refused_first}");
        }
    }
}

/// A refund that the issuer denied never reached the card; undoing it takes nothing from the card either.
#[test]
fn an_undone_refund_that_its_issuer_denied_was_nothing_and_is_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for payment_refused in [false, true] {
        let mut town = super::standing::town(kazasu_schemas::policy::LiableParty::Operator);
        let (paid, _, message) = town.stand_in(1_000);
        let refund = town.about(Operation::RefundAdvice, &paid, 300);
        town.send(&refund, true);
        let told = town.state.seq;
        town.acknowledge(told, ResponseCode::SECURITY);
        let undo = town.about(Operation::Reversal, &refund, 300);
        town.send(&undo, true);
        town.acknowledge(message, if payment_refused { ResponseCode::SECURITY } else { ResponseCode::APPROVED });
        let steps: Vec<usize> = (0..town.entries.len()).collect();
        for cuts in [&[][..], &steps[..]] {
            let lines = folded(&runtime, &town, cuts);
            let told: Vec<_> = lines.iter().map(|l| (l.amount.get(), l.instrument.get(), l.uncovered.get())).collect();
            let first = if payment_refused { (1_000, 0, 1_000) } else { (1_000, 1_000, 0) };
            assert_eq!(told, [first, (300, 0, -300), (300, 0, 300)], "the payment refused too: {payment_refused}");
        }
    }
}

/// A payment by card that its issuer has approved.
fn paid(town: &mut Town, yen: i64) -> Request {
    let request = town.request(Operation::Purchase, 2, 0, yen);
    town.send(&request, true);
    request
}

#[test]
fn an_issuer_that_refuses_a_reversal_of_what_waited_gives_nothing_back() {
    for (code, last) in [(REFUSED, (900, 0, -900)), (ResponseCode::APPROVED, (900, -900, 0))] {
        let mut town = super::standing::town(LiableParty::Operator);
        let request = town.request(Operation::Purchase, 2, 0, 1_000);
        town.event(&Event::Request(request));
        let message = town.state.seq;
        lessen(&mut town, &request, 100);
        town.event(&Event::IssuerAnswered { message, code: ResponseCode::APPROVED, approval: None });
        let told = owed(&town);
        town.acknowledge(told[0], code);
        assert_eq!(parts(&town), [(1_000, 1_000, 0), (1_000, 0, 0), last]);
    }
}

#[test]
fn an_issuer_that_is_told_of_a_reversal_later_may_refuse_it() {
    for (code, last) in [(REFUSED, (1_000, 0, -800)), (ResponseCode::APPROVED, (1_000, -800, 0))] {
        let mut town = super::standing::town(LiableParty::Operator);
        let request = paid(&mut town, 1_000);
        lessen(&mut town, &request, 800);
        let told = owed(&town);
        town.acknowledge(told[0], ResponseCode::APPROVED);
        // As long as the issuer may have carried out a refund, it is not told that nothing remains.
        let refund = town.about(Operation::Refund, &request, 300);
        town.event(&Event::Request(refund));
        let tap = town.state.seq;
        town.event(&Event::IssuerSilent { tap, why: Silence::TimedOut });
        lessen(&mut town, &request, 0);
        let told = owed(&town);
        town.acknowledge(told[0], ResponseCode::APPROVED);
        assert!(matches!(Body::read(&town.entries.last().unwrap().body).unwrap(), Body::IssuerNotified(_)));
        let told = owed(&town);
        town.acknowledge(told[0], code);
        assert_eq!(parts(&town), [(1_000, 1_000, 0), (1_000, -200, 0), last]);
    }
}

#[test]
fn a_refused_reversal_of_a_reservation_was_no_payment() {
    let mut town = super::standing::town(LiableParty::Operator);
    let request = town.request(Operation::Authorize, 2, 0, 5_000);
    town.send(&request, true);
    lessen(&mut town, &request, 0);
    let told = owed(&town);
    town.acknowledge(told[0], REFUSED);
    assert_eq!(parts(&town), [(5_000, 0, 0), (5_000, 0, 0)]);
}

/// The card has not paid what its issuer refused, and gets nothing back of it, with any answer of the issuer to the reversals.
#[test]
fn a_reversal_of_a_refused_payment_gives_the_card_nothing() {
    for (late, answer) in
        [(false, REFUSED), (true, REFUSED), (false, ResponseCode::APPROVED), (true, ResponseCode::APPROVED)]
    {
        let mut town = super::standing::town(LiableParty::Issuer);
        let request = town.request(Operation::PurchaseAdvice, 2, 0, 1_000);
        town.send(&request, true);
        let message = town.state.seq;
        if !late {
            town.acknowledge(message, REFUSED);
        }
        lessen(&mut town, &request, 400);
        if late {
            town.acknowledge(message, REFUSED);
        }
        lessen(&mut town, &request, 0);
        for told in owed(&town) {
            town.acknowledge(told, answer);
        }
        assert_eq!(parts(&town), [(1_000, 0, 1_000), (1_000, 0, -600), (1_000, 0, -400)], "late: {late}");
    }
}

#[test]
fn a_payment_that_is_refused_after_its_reversal_was_nothing() {
    for liable in [LiableParty::Operator, LiableParty::Merchant, LiableParty::Issuer] {
        for (remains, first, answer) in [
            (0, true, REFUSED),
            (0, false, REFUSED),
            (0, false, ResponseCode::APPROVED),
            (400, true, REFUSED),
            (400, false, REFUSED),
        ] {
            let mut town = super::standing::town(liable);
            let (request, _, message) = town.stand_in(1_000);
            lessen(&mut town, &request, remains);
            let reversal = town.state.seq;
            let mut answers = [(message, REFUSED), (reversal, answer)];
            if !first {
                answers.reverse();
            }
            for (told, code) in answers {
                town.acknowledge(told, code);
            }
            assert_eq!(
                parts(&town),
                [(1_000, 0, 1_000), (1_000, 0, remains - 1_000)],
                "{liable:?}, {remains}, {first}"
            );
        }
    }
}

/// Two people resolve a refund that its issuer denied. Then the issuer refuses the payment too: the card has nothing of either.
#[test]
fn a_resolved_refund_of_a_payment_that_is_refused_later_is_no_payment_by_card() {
    for how in [Resolution::BookedIssuer, Resolution::BookedMerchant, Resolution::Explained] {
        let mut town = super::standing::town(LiableParty::Operator);
        let (request, _, message) = town.stand_in(1_000);
        let refund = town.about(Operation::RefundAdvice, &request, 300);
        town.send(&refund, true);
        let told = town.state.seq;
        town.acknowledge(told, REFUSED);
        let id = town.state.exceptions(WhichExceptions::Open)[0].exception.id;
        town.resolve(id, how).unwrap();
        town.acknowledge(message, REFUSED);
        assert_eq!(parts(&town), [(1_000, 0, 1_000), (300, 0, -300)], "{how:?}");
    }
}

/// A message of a reversal says what remains in all: carried out, it makes up for an earlier one that was refused.
#[test]
fn a_later_reversal_makes_up_for_an_earlier_one() {
    let good = ResponseCode::APPROVED;
    for (answers, card) in [
        ([(0, REFUSED), (1, good)], [-200, -800]),
        ([(1, good), (0, REFUSED)], [-200, -800]),
        ([(0, good), (1, REFUSED)], [-200, 0]),
        ([(0, REFUSED), (1, REFUSED)], [0, 0]),
    ] {
        let mut town = super::standing::town(LiableParty::Operator);
        let request = paid(&mut town, 1_000);
        lessen(&mut town, &request, 800);
        lessen(&mut town, &request, 0);
        let told = owed(&town);
        for (at, code) in answers {
            town.acknowledge(told[at], code);
        }
        let right = [(1_000, 1_000, 0), (1_000, card[0], -200 - card[0]), (1_000, card[1], -800 - card[1])];
        assert_eq!(parts(&town), right, "{answers:?}");
    }
}

/// Reversals of one payment, each of which its issuer carries out or refuses, in any order: what the statement says of the card is
/// what the issuer counts.
#[test]
fn what_the_card_has_paid_is_what_its_issuer_counts() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 60, ..ProptestConfig::default() });
    let step = (0_i64..1_000, any::<bool>(), any::<bool>(), any::<proptest::sample::Index>());
    let result = runner.run(&proptest::collection::vec(step, 1..8), |steps| {
        let mut town = super::standing::town(LiableParty::Operator);
        let request = paid(&mut town, 1_000);
        let mut counted = 1_000;
        let mut answer = |town: &mut Town, which: &proptest::sample::Index, good: bool| {
            let open: Vec<(u64, i64)> =
                town.state.unacknowledged().map(|(at, m)| (at, m.remains.map_or(0, Yen::get))).collect();
            if let Some((message, remains)) = open.get(which.index(open.len().max(1))) {
                town.acknowledge(*message, if good { ResponseCode::APPROVED } else { REFUSED });
                counted = if good { counted.min(*remains) } else { counted };
            }
        };
        for (remains, at_once, good, which) in &steps {
            lessen(&mut town, &request, *remains);
            if *at_once {
                answer(&mut town, which, *good);
            }
        }
        for (_, _, good, which) in steps.iter().rev() {
            answer(&mut town, which, *good);
        }
        prop_assert!(owed(&town).is_empty());
        let card: i64 = folded(&runtime, &town, &[]).iter().map(|line| line.instrument.get()).sum();
        prop_assert_eq!(card, counted);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn statements_are_the_same_at_once_and_step_by_step() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 40, ..ProptestConfig::default() });
    let steps = proptest::collection::vec(step(), 5..60);
    let cuts = proptest::collection::vec(any::<proptest::sample::Index>(), 0..12);
    let result = runner.run(&(steps, cuts), |(steps, cuts)| {
        let mut town = super::standing::town(kazasu_schemas::policy::LiableParty::Operator);
        for step in &steps {
            perform_step(&mut town, step);
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(town.entries.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(folded(&runtime, &town, &cuts), folded(&runtime, &town, &[]));
        Ok(())
    });
    result.unwrap();
}
