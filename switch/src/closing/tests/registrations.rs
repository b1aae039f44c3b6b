//! Registrations that change, and what is folded of them: a file that is kept step by step says what one that is made at once says.

use super::*;
use kazasu_projections::statements::Line;

/// A shop's registration as it may come again: other name, closed or not, other terminals.
#[derive(Clone, Debug)]
enum Step {
    Register { shop: usize, name: u8, closed: bool, terminals: Vec<u8> },
    Merge(u8),
    Deed(super::standing::Deed),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_usize..3, 0_u8..3, prop::bool::weighted(0.2), proptest::collection::vec(0_u8..9, 0..3))
            .prop_map(|(shop, name, closed, terminals)| Step::Register { shop, name, closed, terminals }),
        1 => (1_u8..4).prop_map(Step::Merge),
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
        Step::Deed(deed) => super::standing::perform_deed(town, deed, &mut 0),
    }
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
    use kazasu_schemas::policy::Bearer::{Issuer, Merchant, Operator};
    // Where the issuer is to bear it, it is not settled yet who does; it is not the resident.
    for (bearer, later) in [(Merchant, false), (Merchant, true), (Operator, false), (Issuer, false), (Issuer, true)] {
        let mut town = super::standing::town(bearer);
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
            assert_eq!(told, [(1_000, 0, 1_000), (500, 500, 0)], "{bearer:?}, later: {later}");
        }
    }
}

/// A refund that the issuer refused, like its payment, is undone: the party that bears the loss bears that much more.
#[test]
fn an_undone_refund_of_a_refused_payment_is_no_payment_by_card() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    use kazasu_schemas::policy::Bearer::{Merchant, Operator};
    for (bearer, refused_first) in [(Merchant, true), (Merchant, false), (Operator, true), (Operator, false)] {
        let mut town = super::standing::town(bearer);
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
            assert_eq!(told, right, "{bearer:?}, the payment refused first: {refused_first}");
        }
    }
}

/// A refund that the issuer denied never reached the card; undoing it takes nothing from the card either.
#[test]
fn an_undone_refund_that_its_issuer_denied_was_nothing_and_is_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for payment_refused in [false, true] {
        let mut town = super::standing::town(kazasu_schemas::policy::Bearer::Operator);
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

#[test]
fn statements_are_the_same_at_once_and_step_by_step() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 40, ..ProptestConfig::default() });
    let steps = proptest::collection::vec(step(), 5..60);
    let cuts = proptest::collection::vec(any::<proptest::sample::Index>(), 0..12);
    let result = runner.run(&(steps, cuts), |(steps, cuts)| {
        let mut town = super::standing::town(kazasu_schemas::policy::Bearer::Operator);
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
