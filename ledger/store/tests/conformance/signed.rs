//! Batches that are signed: kept, copied, looked for at the journal's end, and what is found of a journal that was rewritten.

use crate::{Engine, engines, entries, execute, node, open};
use kazasu_ledger::chain::{self, GENESIS};
use kazasu_ledger::record::{Body, Funded};
use kazasu_ledger::signed::{Certificate, Checked, Checkpoint, SignError, Signature, Signer};
use kazasu_ledger::signed::{certificate_text, checkpoint_text};
use kazasu_ledger::{Entry, Head};
use kazasu_schemas::jst::Millis;
use kazasu_store::journal::{Claim, Journal, Store};
use kazasu_store::memory::MemoryStore;
use kazasu_store::signing::SignedStore;
use kazasu_store::sqlite::SqliteStore;
use kazasu_store::transport::copy;
use kazasu_store::verify::signatures::{Trust, check_certificate, check_checkpoint};
use kazasu_store::verify::{Fault, VerifyError, verify, verify_signed};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::path::Path;
use std::sync::Arc;

struct Key(Ed25519KeyPair, u8);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.1)
    }
}

impl Signer for Key {
    fn public(&self) -> [u8; 32] {
        self.0.public_key().as_ref().try_into().unwrap()
    }

    fn public_of(&self, version: u8) -> Option<[u8; 32]> {
        (version == self.1).then(|| self.public())
    }

    fn current(&self) -> (u8, [u8; 32]) {
        (self.1, self.public())
    }

    fn sign(&self, text: &[u8]) -> Result<Signature, SignError> {
        Ok(Signature { key: self.1, bytes: self.0.sign(text).as_ref().try_into().unwrap() })
    }

    fn check(&self, text: &[u8], signature: &Signature) -> Checked {
        if signature.key != self.1 {
            return Checked::UnknownKey;
        }
        let key = UnparsedPublicKey::new(&ED25519, self.public());
        if key.verify(text, &signature.bytes).is_ok() { Checked::Good } else { Checked::Bad }
    }
}

fn key(version: u8) -> Arc<dyn Signer> {
    Arc::new(Key(Ed25519KeyPair::from_seed_unchecked(&[version; 32]).unwrap(), version))
}

/// Appends as the engine's writer does.
async fn append(store: &SignedStore, journal: &mut dyn Journal, batch: &[Entry]) {
    let mut batch = batch.to_vec();
    store.signing().unwrap().sign(&mut batch).unwrap();
    journal.append(&batch).await.unwrap();
    let last = batch.last().unwrap();
    store.signing().unwrap().ends_with(Head { seq: last.seq, hash: last.hash });
}

/// Batches of four records.
async fn signed_journal(store: Arc<dyn Store>, n: u64) -> SignedStore {
    let store = SignedStore::new(store, Some(key(1)));
    let mut journal = open(&store).await;
    for batch in entries(n).chunks(4) {
        append(&store, journal.as_mut(), batch).await;
    }
    journal.close().await.unwrap();
    store
}

fn trust(checkpoints: Vec<Checkpoint>) -> Trust {
    Trust { keys: vec![key(1).public()], checkpoints, ..Trust::default() }
}

fn checkpoint(entry: &Entry) -> Checkpoint {
    let head = Head { seq: entry.seq, hash: entry.hash };
    let at = Millis(entry.at.0 + 5);
    let signature = key(1).sign(checkpoint_text("test", &head, at).as_bytes()).unwrap();
    Checkpoint { book: "test".into(), seq: head.seq, hash: head.hash, at, public: key(1).public(), signature }
}

async fn lead_error(store: &dyn Store) -> String {
    store.lead(Claim { node: node("x"), expected: None }).await.map(|_| ()).unwrap_err().to_string()
}

#[tokio::test]
async fn every_engine_keeps_signatures_and_a_copy_has_them() {
    for Engine { name, store, _place } in engines().await {
        let store: Arc<dyn Store> = store.into();
        signed_journal(store.clone(), 20).await;
        let read = store.reader().await.unwrap().scan(1, 100).await.unwrap();
        let signed: Vec<u64> = read.iter().filter(|entry| entry.signature.is_some()).map(|entry| entry.seq).collect();
        assert_eq!(signed, [4, 8, 12, 16, 20], "{name}");
        let verified = verify_signed(store.reader().await.unwrap().as_mut(), trust(Vec::new()), |_| {}).await.unwrap();
        assert_eq!(
            (verified.signed.batches, verified.signed.since, verified.signed.checked),
            (5, Some(4), true),
            "{name}"
        );
        let target = MemoryStore::default();
        copy(store.as_ref(), &target, |_, _| {}).await.unwrap();
        assert_eq!(target.reader().await.unwrap().scan(1, 100).await.unwrap(), read, "{name}");
    }
}

#[tokio::test]
async fn a_node_does_not_continue_behind_a_record_that_no_node_wrote() {
    for Engine { name, store, _place } in engines().await {
        let store: Arc<dyn Store> = store.into();
        let signed = signed_journal(store.clone(), 20).await;
        assert_eq!(signed.signing().unwrap().sure_of().map(|head| head.seq), Some(20), "{name}");
        // Who has no key any more, or another one, does not go on either.
        let error = lead_error(&SignedStore::new(store.clone(), None)).await;
        assert!(error.contains("no key to go on signing"), "{name}: {error}");
        let error = lead_error(&SignedStore::new(store.clone(), Some(key(2)))).await;
        assert!(error.contains("key version 1"), "{name}: {error}");
        drop(open(&SignedStore::new(store.clone(), Some(key(1)))).await);
        // The right chain, and no signature.
        open(store.as_ref()).await.append(&entries(21)[20..]).await.unwrap();
        let again = SignedStore::new(store.clone(), Some(key(1)));
        let error = lead_error(&again).await;
        assert!(
            error.contains("record 21 was not written by a node") && error.contains("no signature"),
            "{name}: {error}"
        );
        assert_eq!(again.signing().unwrap().sure_of(), None, "{name}: no checkpoint over it");
        let error = verify(store.reader().await.unwrap().as_mut(), |_| {}).await.unwrap_err().to_string();
        assert!(error.starts_with("record 21: was not written by a node"), "{name}: {error}");
        // Nor behind a signature that was copied from another record.
        let mut forged = entries(22)[21..].to_vec();
        forged[0].signature = store.reader().await.unwrap().scan(20, 1).await.unwrap()[0].signature;
        open(store.as_ref()).await.append(&forged).await.unwrap();
        let error = lead_error(&SignedStore::new(store.clone(), Some(key(1)))).await;
        assert!(error.contains("record 22 was not written by a node") && error.contains("not good"), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_book_that_was_never_signed_begins_to_be() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    open(store.as_ref()).await.append(&entries(10)).await.unwrap();
    let signed = SignedStore::new(store.clone(), Some(key(1)));
    let mut journal = open(&signed).await;
    assert_eq!(signed.signing().unwrap().sure_of(), None);
    append(&signed, journal.as_mut(), &entries(12)[10..]).await;
    let verified = verify_signed(store.reader().await.unwrap().as_mut(), trust(Vec::new()), |_| {}).await.unwrap();
    assert_eq!((verified.signed.batches, verified.signed.since), (1, Some(12)));
}

/// The triggers out of the way, as their owner can put them.
const NO_GUARDS: &str = "DROP TRIGGER journal_is_never_updated; DROP TRIGGER journal_is_never_deleted; DROP TRIGGER journal_only_continues;
    DROP TRIGGER transfers_are_never_updated; DROP TRIGGER transfers_are_never_deleted; DROP TRIGGER transfers_are_never_replaced;";

/// Writes the journal again from the first record, with every hash and place right, and the signatures where they were.
async fn rewritten(path: &Path, change: impl Fn(Vec<Entry>) -> Vec<Entry>) {
    let all = SqliteStore::new(path).reader().await.unwrap().scan(1, 1_000).await.unwrap();
    let mut hash = GENESIS;
    let mut changed = change(all);
    for (seq, entry) in (1..).zip(&mut changed) {
        entry.seq = seq;
        entry.hash = chain::link(&hash, entry.place(), entry.kind, &entry.body);
        entry.transfers = Body::read(&entry.body).unwrap().transfers().into();
        hash = entry.hash;
    }
    std::fs::remove_file(path).unwrap();
    let mut journal = open(&SqliteStore::new(path)).await;
    journal.append(&changed).await.unwrap();
    journal.close().await.unwrap();
}

fn with_other_reference(entry: &Entry) -> Entry {
    let Body::Funded(funded) = Body::read(&entry.body).unwrap() else { panic!("a funding") };
    let mut body = Vec::new();
    Body::Funded(Funded { reference: "another".into(), ..funded }).write(&mut body);
    Entry { body, ..entry.clone() }
}

async fn fault(path: &Path, trust: Trust) -> Fault {
    let store = SqliteStore::new(path);
    match verify_signed(store.reader().await.unwrap().as_mut(), trust, |_| {}).await {
        Err(VerifyError::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_rewritten_journal_is_found_by_its_signatures_and_by_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    signed_journal(Arc::new(SqliteStore::new(&path)), 20).await;
    let before = SqliteStore::new(&path).reader().await.unwrap().scan(1, 100).await.unwrap();
    rewritten(&path, |mut all| {
        all[9] = with_other_reference(&all[9]);
        all
    })
    .await;
    // Without a key the chain is sound: that is what was shown.
    assert_eq!(verify(SqliteStore::new(&path).reader().await.unwrap().as_mut(), |_| {}).await.unwrap().records, 20);
    let found = fault(&path, trust(Vec::new())).await;
    assert_eq!(found.seq, 9, "{found}");
    assert!(found.problem.contains("the first of 4 records, up to record 12"), "{found}");
    // A checkpoint finds it without a key, as near as the checkpoints are to each other.
    let kept = vec![checkpoint(&before[7]), checkpoint(&before[19])];
    let found = fault(&path, Trust { checkpoints: kept, ..Trust::default() }).await;
    assert_eq!(found.seq, 9, "{found}");
    assert!(found.problem.contains("another hash for record 20"), "{found}");
}

/// The key of version 3, as a device that signs checkpoints, certifies the key that signs batches.
fn certificate(book: &str, version: u8) -> Certificate {
    let (batches, at) = (key(1).public(), Millis(5));
    let signature = key(3).sign(certificate_text(book, version, &batches, at).as_bytes()).unwrap();
    Certificate { book: book.into(), version, key: batches, at, public: key(3).public(), signature }
}

#[tokio::test]
async fn a_certified_key_signs_batches_of_its_book_and_no_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    signed_journal(Arc::new(SqliteStore::new(&path)), 20).await;
    let device = key(3).public();
    let trust = |certificates| Trust { keys: vec![device], certificates, ..Trust::default() };
    let verified = async |trust| {
        let mut reader = SqliteStore::new(&path).reader().await.unwrap();
        verify_signed(reader.as_mut(), trust, |_| {}).await
    };
    assert_eq!(verified(trust(vec![certificate("test", 1)])).await.unwrap().signed.batches, 5);
    for (others, why) in [
        (Vec::new(), "no certificate"),
        (vec![certificate("another", 1)], "another book"),
        (vec![certificate("test", 2)], "another version"),
    ] {
        let error = verified(trust(others)).await.unwrap_err().to_string();
        assert!(error.contains("not among the trusted keys"), "{why}: {error}");
    }
    let good = certificate("test", 1);
    check_certificate(&good, &[device]).unwrap();
    assert!(check_certificate(&good, &[key(1).public()]).unwrap_err().contains("not among the trusted keys"));
    let changed = Certificate { key: key(2).public(), ..good };
    assert!(check_certificate(&changed, &[device]).unwrap_err().contains("not good"));
    // The certified key's own checkpoint is not a trusted one.
    let before = SqliteStore::new(&path).reader().await.unwrap().scan(1, 100).await.unwrap();
    assert!(check_checkpoint(&checkpoint(&before[7]), &[device]).unwrap_err().contains("not among the trusted keys"));
}

#[tokio::test]
async fn a_copy_that_was_slipped_in_and_a_cut_tail_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("journal.db");
    signed_journal(Arc::new(SqliteStore::new(&path)), 20).await;
    let before = SqliteStore::new(&path).reader().await.unwrap().scan(1, 100).await.unwrap();
    let kept = || trust(vec![checkpoint(&before[7]), checkpoint(&before[19])]);
    let sound = verify_signed(SqliteStore::new(&path).reader().await.unwrap().as_mut(), kept(), |_| {}).await.unwrap();
    assert_eq!((sound.signed.checkpoints, sound.signed.last_checkpoint.map(|(seq, _)| seq)), (2, Some(20)));
    let copy = dir.path().join("copy.db");
    let again = || {
        // What the copy of before has left in its log is not of this one.
        for log in ["db-wal", "db-shm"] {
            let _ = std::fs::remove_file(copy.with_extension(log));
        }
        std::fs::copy(&path, &copy).unwrap()
    };

    again();
    rewritten(&copy, |mut all| {
        let slipped_in = Entry { signature: None, ..all[10].clone() };
        all.insert(12, slipped_in);
        all
    })
    .await;
    assert_eq!(fault(&copy, kept()).await.seq, 13);
    again();
    rewritten(&copy, |mut all| {
        let slipped_in = Entry { signature: None, ..all[10].clone() };
        all.push(slipped_in);
        all
    })
    .await;
    let found = fault(&copy, Trust::default()).await;
    assert_eq!(found.seq, 21, "{found}");
    again();
    execute(&copy, NO_GUARDS).await.unwrap();
    execute(&copy, "DELETE FROM journal WHERE seq > 16; DELETE FROM transfers WHERE seq > 16").await.unwrap();
    let found = fault(&copy, kept()).await;
    assert_eq!(found.seq, 17, "{found}");
    assert!(found.problem.contains("is missing: the journal ended with record 20"), "{found}");
    // All signatures taken away: the checkpoints say that there were some.
    again();
    execute(&copy, NO_GUARDS).await.unwrap();
    execute(&copy, "UPDATE journal SET signature = NULL").await.unwrap();
    let found = fault(&copy, kept()).await;
    assert!(found.seq == 8 && found.problem.contains("has no signature"), "{found}");
}

#[test]
fn a_checkpoint_is_its_keys_or_none() {
    let entry = entries(3).pop().unwrap();
    let good = checkpoint(&entry);
    assert_eq!(check_checkpoint(&good, &[]), Ok(()));
    assert_eq!(check_checkpoint(&good, &[key(2).public(), key(1).public()]), Ok(()));
    assert!(check_checkpoint(&good, &[key(2).public()]).unwrap_err().contains("not among the trusted keys"));
    for changed in [
        Checkpoint { seq: 2, ..good.clone() },
        Checkpoint { at: Millis(good.at.0 + 1), ..good.clone() },
        Checkpoint { hash: GENESIS, ..good.clone() },
        Checkpoint { book: "other".into(), ..good.clone() },
        Checkpoint { public: key(2).public(), ..good.clone() },
    ] {
        assert!(check_checkpoint(&changed, &[]).unwrap_err().contains("not good"), "{changed:?}");
    }
}
