//! One suite for every engine: what holds for the journal in memory must hold for each store, byte for byte.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use kazasu_ledger::chain::Sealer;
use kazasu_ledger::journal::{AppendError, Entry, Head, Journal};
use kazasu_ledger::memory::MemoryStore;
use kazasu_ledger::record::{Body, DepositOpened, Funded, Opened, Record};
use kazasu_ledger::sqlite::{SqliteJournal, SqliteReader};
use kazasu_ledger::verify::{VerifyError, verify_sqlite};
use kazasu_ledger::{AccountId, Transfer};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use std::path::Path;

/// A small sound journal: opened, one deposit, then fundings.
fn entries(n: u64) -> Vec<Entry> {
    let mut sealer = Sealer::new(1, Head::EMPTY.hash);
    (0..n)
        .map(|i| {
            let body = match i {
                0 => Body::Opened(Opened { format: 1, book: "test".into(), bank: AccountId(0) }),
                1 => Body::DepositOpened(DepositOpened { number: 7, account: AccountId(1) }),
                i => Body::Funded(Funded {
                    number: 7,
                    reference: format!("funding {i}"),
                    transfers: [Transfer::direct(AccountId(0), AccountId(1), Yen::new(i64::try_from(i).unwrap()))]
                        .as_slice()
                        .into(),
                }),
            };
            let at = Millis(1_795_000_000_000 + i64::try_from(i).unwrap());
            sealer.seal(&Record { at, day: BusinessDay(20_780), body })
        })
        .collect()
}

fn stored(entry: &Entry) -> Entry {
    Entry { transfers: Default::default(), ..entry.clone() }
}

enum Store {
    Memory(MemoryStore),
    Sqlite(tempfile::TempDir),
}

impl Store {
    fn all() -> Vec<(&'static str, Store)> {
        vec![("memory", Store::Memory(MemoryStore::default())), ("sqlite", Store::Sqlite(tempfile::tempdir().unwrap()))]
    }

    async fn open(&self) -> Box<dyn Journal> {
        match self {
            Store::Memory(store) => Box::new(store.open()),
            Store::Sqlite(dir) => Box::new(SqliteJournal::open(&dir.path().join("journal.db")).await.unwrap()),
        }
    }
}

#[tokio::test]
async fn what_was_appended_is_read_back_in_order_also_by_the_next_writer() {
    for (name, store) in Store::all() {
        let all = entries(1_000);
        let mut journal = store.open().await;
        assert_eq!(journal.head().await.unwrap(), Head::EMPTY, "{name}");
        assert_eq!(journal.epoch(), 1, "{name}");
        // Batch sizes around every statement size.
        let mut at = 0;
        for size in [1, 2, 7, 8, 9, 31, 33, 127, 128, 129, 525] {
            journal.append(&all[at..at + size]).await.unwrap();
            at += size;
        }
        assert_eq!(at, 1_000);
        journal.append(&[]).await.unwrap();
        drop(journal);
        let mut journal = store.open().await;
        assert_eq!(journal.epoch(), 2, "{name}");
        assert_eq!(journal.head().await.unwrap(), Head { seq: 1_000, hash: all[999].hash }, "{name}");
        let expected: Vec<Entry> = all.iter().map(stored).collect();
        assert_eq!(journal.scan(1, 5_000).await.unwrap(), expected, "{name}");
        assert_eq!(journal.scan(1, 3).await.unwrap(), expected[..3], "{name}");
        assert_eq!(journal.scan(999, 10).await.unwrap(), expected[998..], "{name}");
        assert_eq!(journal.scan(1_001, 10).await.unwrap(), [], "{name}");
    }
}

#[tokio::test]
async fn a_batch_out_of_order_changes_nothing() {
    for (name, store) in Store::all() {
        let all = entries(10);
        let mut journal = store.open().await;
        journal.append(&all[..3]).await.unwrap();
        let gap = journal.append(&all[4..6]).await;
        assert!(matches!(gap, Err(AppendError::Refused(_))), "{name}: {gap:?}");
        let again = journal.append(&all[2..4]).await;
        assert!(matches!(again, Err(AppendError::Refused(_))), "{name}: {again:?}");
        let hole = [all[3].clone(), all[5].clone()];
        assert!(matches!(journal.append(&hole).await, Err(AppendError::Refused(_))), "{name}");
        assert_eq!(journal.head().await.unwrap().seq, 3, "{name}");
        journal.append(&all[3..]).await.unwrap();
        assert_eq!(journal.scan(1, 100).await.unwrap().len(), 10, "{name}");
    }
}

#[tokio::test]
async fn a_writer_that_lost_the_lead_can_write_nothing() {
    for (name, store) in Store::all() {
        let all = entries(4);
        let mut old = store.open().await;
        old.append(&all[..2]).await.unwrap();
        let mut new = store.open().await;
        let late = old.append(&all[2..3]).await;
        assert!(matches!(late, Err(AppendError::Fenced { mine: 1, current: 2 })), "{name}: {late:?}");
        new.append(&all[2..]).await.unwrap();
        assert!(matches!(old.append(&all[2..3]).await, Err(AppendError::Fenced { .. } | AppendError::Refused(_))));
        assert_eq!(new.head().await.unwrap().seq, 4, "{name}");
    }
}

async fn written(dir: &Path, n: u64) -> std::path::PathBuf {
    let path = dir.join("journal.db");
    let mut journal = SqliteJournal::open(&path).await.unwrap();
    journal.append(&entries(n)).await.unwrap();
    Box::new(journal).close().await.unwrap();
    path
}

async fn execute(path: &Path, sql: &'static str) -> Result<(), sqlx::Error> {
    use sqlx::{ConnectOptions, Executor};
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await?;
    conn.execute(sql).await.map(|_| ())
}

#[tokio::test]
async fn sqlite_itself_refuses_to_change_or_delete() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), 20).await;
    for sql in [
        "UPDATE journal SET at = 0 WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 20",
        "UPDATE transfers SET amount = 1",
        "DELETE FROM transfers",
    ] {
        let error = execute(&path, sql).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(verify_sqlite(&path, |_| {}).await.unwrap().records, 20);
}

#[tokio::test]
async fn verify_names_the_first_record_that_was_tampered_with() {
    let no_triggers = "DROP TRIGGER journal_is_never_updated; DROP TRIGGER journal_is_never_deleted;
         DROP TRIGGER transfers_are_never_updated; DROP TRIGGER transfers_are_never_deleted;";
    for (sql, seq, says) in [
        ("UPDATE journal SET body = x'80' WHERE seq = 7", 7, "hash"),
        ("UPDATE journal SET at = at - 1 WHERE seq = 9", 9, "hash"),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 5", 5, "hash"),
        ("DELETE FROM journal WHERE seq = 12", 12, "missing"),
        ("UPDATE transfers SET amount = amount + 1 WHERE seq = 6", 6, "transfers table"),
        ("DELETE FROM transfers WHERE seq = 14", 14, "transfers table"),
        ("INSERT INTO transfers VALUES (999, 0, 0, 0, 1, 5)", 999, "no record"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), 20).await;
        execute(&path, no_triggers).await.unwrap();
        execute(&path, sql).await.unwrap();
        match verify_sqlite(&path, |_| {}).await {
            Err(VerifyError::Fault(fault)) => {
                assert_eq!(fault.seq, seq, "{sql}: {fault}");
                assert!(fault.problem.contains(says), "{sql}: {fault}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_sound_journal_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), 50).await;
    let verified = verify_sqlite(&path, |_| {}).await.unwrap();
    let sum: i64 = (2..50).sum();
    assert_eq!(verified.sums.debits, i128::from(sum));
    assert_eq!(verified.sums.credits, i128::from(sum));
    assert_eq!(verified.accounts[1].balance(), Yen::new(sum));
    assert_eq!(verified.head, entries(50)[49].hash);
    let mut reader = SqliteReader::open(&path).await.unwrap();
    assert_eq!(reader.transfers(3, 4).await.unwrap(), [[3, 0, 0, 0, 1, 2], [4, 0, 0, 0, 1, 3]]);
}
