//! The index of payments has what merchants got, finds each payment by what a receipt shows, and is the same however it was made.

use super::*;
use kazasu_ledger::record::TransactionKind;
use kazasu_projections::transactions::{Found, Period, Search, TransactionBook};

/// Everything in pages of three.
async fn all(book: &TransactionBook, search: Search) -> Vec<Found> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = book.find(Search { before, limit: 3, ..search.clone() }).await.unwrap();
        before = page.found.last().map(|last| last.record);
        found.extend(page.found);
        if !page.more {
            return found;
        }
    }
}

/// Fields of a receipt, alone and together.
fn searches(one: &Found) -> Vec<Search> {
    let exactly = Some((one.amount, one.amount));
    let shop = Some(vec![(one.acquirer, one.merchant)]);
    let searches = vec![
        Search { rrn: Some(one.rrn), ..Search::default() },
        Search { stan: Some(one.stan), ..Search::default() },
        Search { amount: exactly, ..Search::default() },
        Search { terminal: Some(one.terminal), ..Search::default() },
        Search { merchants: shop.clone(), amount: exactly, ..Search::default() },
        Search { person: one.person, state: Some(one.state), ..Search::default() },
        Search { approval: one.approval, kinds: vec![one.kind], ..Search::default() },
        Search { period: Some(Period::Days(one.day, one.day)), ..Search::default() },
        Search { period: Some(Period::Moments(one.at, one.at)), merchants: shop, ..Search::default() },
    ];
    searches.into_iter().filter(|search| *search != Search::default()).collect()
}

/// What a row says was given back of it is what the rows about it moved.
fn check_given_back(found: &[Found]) -> Result<(), TestCaseError> {
    for one in found {
        let about = |refund: bool| {
            found.iter().filter(move |other| {
                other.original == Some(one.record)
                    && refund == matches!(other.kind, TransactionKind::Refund | TransactionKind::RefundAdvice)
            })
        };
        let refunded: i64 = about(true).map(|refund| -refund.moved.get() - refund.reversed.get()).sum();
        prop_assert_eq!(one.refunded.get(), refunded, "{:?}", one);
        let reversals = about(false).filter(|other| other.kind == TransactionKind::Reversal);
        prop_assert_eq!(one.reversed.get(), reversals.map(|other| other.moved.get().abs()).sum::<i64>(), "{:?}", one);
    }
    Ok(())
}

/// Every second row is found by each thing that a receipt shows, and with it only what the search says.
async fn check_searches(book: &TransactionBook, found: &[Found]) {
    for one in found.iter().step_by(2) {
        for search in searches(one) {
            let again = all(book, search.clone()).await;
            assert!(again.contains(one), "{one:?} is not found by {search:?}");
            let is_right = |other: &Found| {
                search.rrn.is_none_or(|rrn| rrn == other.rrn)
                    && search.amount.is_none_or(|(yen, _)| yen == other.amount)
                    && search.person.is_none_or(|person| Some(person) == other.person)
                    && search.state.is_none_or(|state| state == other.state)
            };
            assert!(again.iter().all(is_right), "{search:?}");
        }
    }
}

#[test]
fn payments_are_found_by_what_a_receipt_shows_and_add_up() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 8, ..ProptestConfig::default() });
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
                // Losses and resolutions are no messages of a terminal.
                if !moved.correction {
                    *expected.entry(moved.merchant.1.to_string()).or_default() += moved.amount.get();
                }
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let key = |byte| kazasu_schemas::secret::Key::new(vec![byte; 32]).unwrap();
        let vault = kazasu_security::vault::Vault::new(&kazasu_security::vault::VaultParts {
            seals: std::collections::BTreeMap::from([(1, key(1))]),
            cards: 1,
            accounts: 1,
            erased: std::collections::BTreeSet::new(),
            lookups: kazasu_security::vault::Lookups::one(key(9)),
        });
        let vault = std::sync::Arc::new(vault.unwrap());
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
            let shared = std::sync::Arc::new(store.clone());
            let book = |name: &str| TransactionBook::new(shared.clone(), dir.path().join(name), vault.clone());
            for part in [&town.entries[..cut], &town.entries[cut..]] {
                if !part.is_empty() {
                    journal.append(part).await.unwrap();
                }
                // Another book each time, as after a restart.
                all(&book("pieces.db"), Search::default()).await;
            }
            let found = all(&book("pieces.db"), Search::default()).await;
            assert_eq!(found, all(&book("whole.db"), Search::default()).await);
            check_searches(&book("pieces.db"), &found).await;
            found
        });
        let mut sums = std::collections::BTreeMap::<String, i64>::new();
        for one in &found {
            *sums.entry(one.merchant.to_string()).or_default() += one.moved.get();
        }
        expected.retain(|_, yen| *yen != 0);
        sums.retain(|_, yen| *yen != 0);
        prop_assert_eq!(sums, expected);
        check_given_back(&found)?;
        Ok(())
    });
    result.unwrap();
}
