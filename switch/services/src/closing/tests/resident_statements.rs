//! Residents' statements add up to what merchants got, and show what the acquirer owes apart.

use super::*;

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
        let mut index = kazasu_projections::journal_index::JournalIndex::default();
        let mut expected = std::collections::BTreeMap::<String, i64>::new();
        for entry in &town.entries {
            for moved in index.record(entry.place(), &Body::read(&entry.body).unwrap()) {
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

/// What the acquirer owes is no resident's payment: not of a person without an instrument, not beyond what an account covers, not
/// refunded.
#[test]
fn a_statement_shows_what_the_acquirer_owes_apart() {
    use proptest::strategy::ValueTree;
    let list = contracts().new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let mut town = Town::new(list);
    town.ok(Command::IssueTemporary { ppid: person(9), until: None, by: "t".into() });
    town.ok(Command::OpenDeposit { number: 8, maker: None });
    town.ok(Command::Fund { number: 8, amount: Yen::new(100), reference: "t".into(), maker: None });
    let origin = LinkOrigin::Import;
    town.ok(Command::Link { ppid: person(8), from: None, to: Link::Deposit(8), origin, by: "t".into() });
    // Nothing linked; an account that covers a part, which the refund is first taken off from.
    let nothing = town.request(Operation::PurchaseAdvice, 9, 0, 250);
    town.send(&nothing, true);
    let part = town.request(Operation::PurchaseAdvice, 8, 0, 250);
    town.send(&part, true);
    let refund = town.about(Operation::Refund, &part, 200);
    town.send(&refund, true);
    // An unknown person.
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
