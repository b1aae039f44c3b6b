//! One suite for every engine: what holds for the journal in memory must hold for each store, byte for byte.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use kazasu_ledger::chain::Sealer;
use kazasu_ledger::record::{Body, DepositOpened, Funded, Opened, Record};
use kazasu_ledger::{AccountId, Transfer};
use kazasu_ledger::{Entry, Head};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_store::journal::{AppendError, Claim, Journal, LeadError, Node, Store};
use kazasu_store::memory::MemoryStore;
use kazasu_store::sqlite::SqliteStore;
use kazasu_store::transport::{CopyError, copy};
use kazasu_store::verify::{VerifyError, verify};
use server::Server;
use std::path::Path;

mod postgres;
mod schema;
mod server;
mod side;
mod signed;

/// A small sound journal: opened, one deposit, then fundings.
fn entries(n: u64) -> Vec<Entry> {
    let mut sealer = Sealer::new(1, Head::EMPTY.hash);
    (0..n)
        .map(|i| {
            let body = match i {
                0 => Body::Opened(Opened { format: 1, book: "test".into(), bank: AccountId(0) }),
                1 => Body::DepositOpened(DepositOpened { number: 7, account: AccountId(1), maker: None }),
                i => Body::Funded(Funded {
                    number: 7,
                    reference: format!("funding {i}"),
                    transfers: [Transfer::direct(AccountId(0), AccountId(1), Yen::new(i64::try_from(i).unwrap()))]
                        .as_slice()
                        .into(),
                    maker: None,
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

/// Every engine, each with an empty store of its own.
struct Engine {
    name: &'static str,
    store: Box<dyn Store>,
    _place: Place,
}

#[allow(dead_code, reason = "held so that files and servers live as long as the store")]
enum Place {
    NoForwarder,
    Folder(tempfile::TempDir),
    Server(Server),
}

async fn engines() -> Vec<Engine> {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::shared();
    vec![
        Engine { name: "memory", store: Box::new(MemoryStore::default()), _place: Place::NoForwarder },
        Engine {
            name: "sqlite",
            store: Box::new(SqliteStore::new(dir.path().join("journal.db"))),
            _place: Place::Folder(dir),
        },
        Engine { name: "postgres", store: Box::new(server.database().await), _place: Place::Server(server) },
    ]
}

fn node(name: &str) -> Node {
    Node { name: name.into(), incarnation: name.bytes().map(u64::from).sum(), ..Node::alone() }
}

async fn open(store: &dyn Store) -> Box<dyn Journal> {
    store.lead(Claim { node: node("one"), expected: None }).await.unwrap()
}

#[tokio::test]
async fn what_was_appended_is_read_back_in_order_also_by_the_next_writer() {
    for Engine { name, store, .. } in &engines().await {
        let all = entries(1_000);
        let mut journal = open(store.as_ref()).await;
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
        let mut journal = open(store.as_ref()).await;
        assert_eq!(journal.epoch(), 2, "{name}");
        assert_eq!(journal.head().await.unwrap(), Head { seq: 1_000, hash: all[999].hash }, "{name}");
        let expected: Vec<Entry> = all.iter().map(stored).collect();
        let mut reader = store.reader().await.unwrap();
        for read in [&mut *reader, &mut *journal] {
            assert_eq!(read.scan(1, 5_000).await.unwrap(), expected, "{name}");
            assert_eq!(read.scan(1, 3).await.unwrap(), expected[..3], "{name}");
            assert_eq!(read.scan(999, 10).await.unwrap(), expected[998..], "{name}");
            assert_eq!(read.scan(1_001, 10).await.unwrap(), [], "{name}");
            if let Some(rows) = read.transfers(3, 4).await.unwrap() {
                assert_eq!(rows, [[3, 0, 0, 0, 1, 2], [4, 0, 0, 0, 1, 3]], "{name}");
            }
        }
        assert_eq!(verify(reader.as_mut(), |_| {}).await.unwrap().records, 1_000, "{name}");
    }
}

#[tokio::test]
async fn a_batch_out_of_order_changes_nothing() {
    for Engine { name, store, .. } in &engines().await {
        let all = entries(10);
        let mut journal = open(store.as_ref()).await;
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
    for Engine { name, store, .. } in &engines().await {
        let all = entries(4);
        let mut old = open(store.as_ref()).await;
        old.append(&all[..2]).await.unwrap();
        let mut new = open(store.as_ref()).await;
        let late = old.append(&all[2..3]).await;
        assert!(matches!(late, Err(AppendError::Fenced { mine: 1, current: 2 })), "{name}: {late:?}");
        new.append(&all[2..]).await.unwrap();
        assert!(matches!(old.append(&all[2..3]).await, Err(AppendError::Fenced { .. } | AppendError::Refused(_))));
        assert_eq!(new.head().await.unwrap().seq, 4, "{name}");
    }
}

#[tokio::test]
async fn the_lead_is_taken_only_from_the_epoch_that_was_seen() {
    for Engine { name, store, .. } in &engines().await {
        let claim = |name: &str, expected| Claim { node: node(name), expected: Some(expected) };
        let first = store.lead(claim("one", 0)).await.unwrap();
        assert_eq!(first.epoch(), 1, "{name}");
        let second = store.lead(claim("two", 1)).await.unwrap();
        assert_eq!(second.epoch(), 2, "{name}");
        // Two saw the same epoch end; the slower one gets nothing, and does not shut the faster one out.
        match store.lead(claim("three", 1)).await.map(|journal| journal.epoch()) {
            Err(LeadError::Taken { current: 2, .. }) => {}
            other => panic!("{name}: {other:?}"),
        }
        let mut second = second;
        second.append(&entries(1)).await.unwrap();
    }
}

#[tokio::test]
async fn a_lead_whose_answer_was_lost_does_not_shut_its_own_process_out() {
    for Engine { name, store, .. } in &engines().await {
        let claim = |name: &str, expected| Claim { node: node(name), expected: Some(expected) };
        // The process raised the epoch to 1 and never heard of it; it still believes in 0.
        drop(store.lead(claim("one", 0)).await.unwrap());
        let again = store.lead(claim("one", 0)).await.unwrap();
        assert_eq!(again.epoch(), 2, "{name}");
        assert!(matches!(store.lead(claim("two", 0)).await.map(|_| ()), Err(LeadError::Taken { current: 2, .. })));
    }
}

#[tokio::test]
async fn two_writers_at_once_make_one_chain() {
    for Engine { name, store, .. } in &engines().await {
        let all = entries(200);
        let mut at = 0;
        let mut old: Option<Box<dyn Journal>> = None;
        while at < all.len() {
            let mut new = open(store.as_ref()).await;
            assert_eq!(new.head().await.unwrap().seq, u64::try_from(at).unwrap(), "{name}");
            let end = (at + 7).min(all.len());
            let before = async {
                match &mut old {
                    Some(old) => old.append(&all[at..end]).await.is_ok(),
                    None => false,
                }
            };
            let (old_wrote, written) = tokio::join!(before, new.append(&all[at..end]));
            assert!(!old_wrote, "{name}: a writer without the lead wrote");
            written.unwrap();
            at = end;
            old = Some(new);
        }
        let mut reader = store.reader().await.unwrap();
        assert_eq!(verify(reader.as_mut(), |_| {}).await.unwrap().records, 200, "{name}");
    }
}

#[tokio::test]
async fn a_journal_is_copied_between_all_engines_and_proven_equal() {
    let all = entries(2_500);
    for source in &engines().await {
        let mut journal = open(source.store.as_ref()).await;
        for part in all[..2_100].chunks(500) {
            journal.append(part).await.unwrap();
        }
        for target in &engines().await {
            let copied = copy(source.store.as_ref(), target.store.as_ref(), |_, _| {}).await.unwrap();
            let first = copied.before + copied.copied;
            assert_eq!(
                copied.verified.head,
                all[usize::try_from(first).unwrap() - 1].hash,
                "{} to {}",
                source.name,
                target.name
            );
            // The source goes on; a second copy brings the rest and nothing twice.
            let mut journal = open(source.store.as_ref()).await;
            let at = usize::try_from(first).unwrap();
            journal.append(&all[at..at + 100]).await.unwrap();
            let again = copy(source.store.as_ref(), target.store.as_ref(), |_, _| {}).await.unwrap();
            assert_eq!((again.before, again.copied), (first, 100), "{} to {}", source.name, target.name);
        }
    }
    // A target with another history is left alone.
    let (source, target) = (MemoryStore::default(), MemoryStore::default());
    open(&source).await.append(&all[..50]).await.unwrap();
    let mut other = entries(3);
    other[2].hash = [9; 32];
    open(&target).await.append(&other).await.unwrap();
    assert!(matches!(copy(&source, &target, |_, _| {}).await, Err(CopyError::Other(3))));
    assert!(matches!(copy(&target, &source, |_, _| {}).await, Err(CopyError::Other(50))));
    assert_eq!(target.reader().await.unwrap().head().await.unwrap().seq, 3);
}

async fn written(dir: &Path, n: u64) -> std::path::PathBuf {
    let path = dir.join("journal.db");
    let mut journal = open(&SqliteStore::new(&path)).await;
    journal.append(&entries(n)).await.unwrap();
    journal.close().await.unwrap();
    path
}

async fn verified(path: &Path) -> Result<kazasu_store::verify::Verified, VerifyError> {
    verify(SqliteStore::new(path).reader().await?.as_mut(), |_| {}).await
}

async fn execute(path: &Path, sql: &'static str) -> Result<(), sqlx::Error> {
    use sqlx::{ConnectOptions, Executor};
    let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await?;
    conn.execute(sql).await?;
    // The log beside the file is gone when this returns: a copy that takes the file's place has none.
    sqlx::Connection::close(conn).await
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
        // A replacement deletes what is there, and triggers on deletions do not notice.
        "INSERT OR REPLACE INTO journal SELECT seq, at + 1, day, kind, body, hash, NULL FROM journal WHERE seq = 3",
        "REPLACE INTO journal SELECT 20, at, day, kind, body, hash, NULL FROM journal WHERE seq = 3",
        "INSERT OR IGNORE INTO journal SELECT 22, at, day, kind, body, hash, NULL FROM journal WHERE seq = 20",
        "INSERT INTO journal SELECT NULL, at, day, kind, body, hash, NULL FROM journal WHERE seq = 20",
        "INSERT OR REPLACE INTO transfers SELECT seq, leg, kind, debit, credit, amount + 1 FROM transfers WHERE seq = 5",
        "UPDATE OR REPLACE transfers SET seq = 6 WHERE seq = 5",
        "UPDATE OR REPLACE journal SET seq = 6 WHERE seq = 5",
        "INSERT INTO journal SELECT * FROM journal WHERE seq = 20 ON CONFLICT (seq) DO UPDATE SET at = 0",
    ] {
        let error = execute(&path, sql).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{sql}: {error}");
    }
    assert_eq!(verified(&path).await.unwrap().records, 20);
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
        match verified(&path).await {
            Err(VerifyError::Fault(fault)) => {
                assert_eq!(fault.seq, seq, "{sql}: {fault}");
                assert!(fault.problem.contains(says), "{sql}: {fault}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn verify_names_a_trigger_that_is_gone_or_another() {
    for (sql, says) in [
        ("DROP TRIGGER journal_only_continues", "the trigger journal_only_continues is missing"),
        (
            "DROP TRIGGER journal_is_never_updated; CREATE TRIGGER journal_is_never_updated BEFORE UPDATE ON journal BEGIN SELECT 1; END;",
            "the trigger journal_is_never_updated is not as the migrations made it",
        ),
        (
            "CREATE TRIGGER more AFTER INSERT ON transfers BEGIN SELECT 1; END;",
            "there is a trigger more, which the migrations do not make",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = written(dir.path(), 20).await;
        execute(&path, sql).await.unwrap();
        match verified(&path).await {
            Err(VerifyError::Guards(guards)) => assert!(guards.len() == 1 && guards[0].contains(says), "{guards:?}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

/// A copy that an auditor kept, from before batches were signed.
#[tokio::test]
async fn a_file_of_an_older_version_is_read_and_verified_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), 20).await;
    let older = "DROP TRIGGER journal_only_continues; DROP TRIGGER transfers_are_never_replaced;
         ALTER TABLE journal DROP COLUMN signature; DELETE FROM _sqlx_migrations WHERE version = 3;";
    execute(&path, older).await.unwrap();
    assert_eq!(verified(&path).await.unwrap().records, 20);
    open(&SqliteStore::new(&path)).await.append(&entries(25)[20..]).await.unwrap();
    assert_eq!(verified(&path).await.unwrap().records, 25);
}

#[tokio::test]
async fn a_sound_journal_adds_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = written(dir.path(), 50).await;
    let verified = verified(&path).await.unwrap();
    let sum: i64 = (2..50).sum();
    assert_eq!(verified.sums.debits, i128::from(sum));
    assert_eq!(verified.sums.credits, i128::from(sum));
    assert_eq!(verified.accounts[1].balance(), Yen::new(sum));
    assert_eq!(verified.head, entries(50)[49].hash);
}
