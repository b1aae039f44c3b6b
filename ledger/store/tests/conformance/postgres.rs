//! Tests of what only PostgreSQL has: roles, several servers, TLS, peers that freeze, standbys, backups.

use crate::server::{Server, folder};
use crate::{entries, node, open, stored};
use kazasu_ledger::{Entry, Head};
use kazasu_schemas::jst::Millis;
use kazasu_store::journal::{AppendError, Claim, Journal, NodeReport, Store};
use kazasu_store::postgres::local::LocalServer;
use kazasu_store::postgres::{Logins, Patience, PostgresStore, migrate};
use kazasu_store::verify::{VerifyError, verify};
use std::time::{Duration, Instant};

async fn verified(store: &PostgresStore) -> Result<u64, VerifyError> {
    verify(store.reader().await?.as_mut(), |_| {}).await.map(|v| v.records)
}

/// The same database for a login of its own.
fn login(server: &LocalServer, database: &str, name: &str, member_of: Option<&str>) -> PostgresStore {
    let grant = member_of.map(|role| format!("; GRANT {role} TO {name}")).unwrap_or_default();
    server.sql(database, &format!("CREATE ROLE {name} LOGIN PASSWORD 'secret of {name}'{grant}")).unwrap();
    let url = format!("postgres://{name}@127.0.0.1:{}/{database}", server.port());
    PostgresStore::new(
        url.parse::<kazasu_store::postgres::Address>().unwrap().with_password(&format!("secret of {name}")),
    )
}

#[tokio::test]
async fn nobody_may_change_or_remove_not_even_the_owner_and_each_role_only_what_it_is_for() {
    let server = Server::shared();
    let name = server.create();
    let owner = server.store(&name);
    migrate(&owner).await.unwrap();
    let own = server.server();
    let unique = format!("{}_{name}", std::process::id());
    let writer = login(own, &name, &format!("w{unique}"), Some("kazasu_writer"));
    let reader = login(own, &name, &format!("r{unique}"), Some("kazasu_reader"));
    let stranger = login(own, &name, &format!("s{unique}"), None);

    // A member of kazasu_writer is all that a node needs to be.
    let mut journal = open(&writer).await;
    journal.append(&entries(20)).await.unwrap();
    assert_eq!(verified(&owner).await.unwrap(), 20);
    // An auditor reads and cannot write; a login without a role gets nowhere, and is told why.
    assert_eq!(verified(&reader).await.unwrap(), 20);
    for (store, what) in [(&reader, "writer"), (&stranger, "writer")] {
        let error = store.lead(Claim { node: node("x"), expected: None }).await.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(&format!("kazasu_{what}")), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    let error = stranger.reader().await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("kazasu_reader"), "{error}");

    for table in ["journal", "transfers"] {
        for statement in [
            format!("UPDATE kazasu.{table} SET seq = seq"),
            format!("DELETE FROM kazasu.{table}"),
            format!("TRUNCATE kazasu.{table}"),
        ] {
            let error = own.sql(&name, &statement).unwrap_err().to_string();
            assert!(error.contains("append-only"), "{statement}: {error}");
            for role in ["kazasu_writer", "kazasu_reader"] {
                let error = own.sql(&name, &format!("SET ROLE {role}; {statement}")).unwrap_err().to_string();
                assert!(error.contains("permission denied"), "{role}: {statement}: {error}");
            }
        }
        for role in ["kazasu_reader", "kazasu_writer", &format!("w{unique}")] {
            let insert = format!("SET ROLE {role}; INSERT INTO kazasu.{table} SELECT * FROM kazasu.{table}");
            assert!(own.sql(&name, &insert).unwrap_err().to_string().contains("permission denied"), "{role}: {table}");
        }
        let look = format!("SET ROLE s{unique}; SELECT count(*) FROM kazasu.{table}");
        assert!(own.sql(&name, &look).unwrap_err().to_string().contains("permission denied"));
    }
    assert_eq!(verified(&owner).await.unwrap(), 20);
}

/// The function that a node calls to write, with the values that a thief of its login would have to know.
struct Call<'a> {
    epoch: u64,
    token: &'a str,
    entries: &'a [Entry],
    transfers_of: i64,
}

impl Call<'_> {
    fn sql(&self) -> String {
        let list = |of: &dyn Fn(&Entry) -> String| self.entries.iter().map(of).collect::<Vec<_>>().join(",");
        let bytes =
            |bytes: &[u8]| bytes.iter().fold(String::from("'\\x"), |out, b| out + &format!("{b:02x}")) + "'::bytea";
        format!(
            "SELECT kazasu.append({}, '{}', {}, ARRAY[{}]::bigint[], ARRAY[{}]::integer[], ARRAY[{}]::smallint[], ARRAY[{}], ARRAY[{}], \
             ARRAY[{}]::bytea[], ARRAY[{}]::bigint[], ARRAY[0]::smallint[], ARRAY[0]::smallint[], ARRAY[0]::bigint[], ARRAY[1]::bigint[], \
             ARRAY[5]::bigint[])",
            self.epoch,
            self.token,
            self.entries[0].seq,
            list(&|e| e.at.0.to_string()),
            list(&|e| e.day.0.to_string()),
            list(&|e| e.kind.to_string()),
            list(&|e| bytes(&e.body)),
            list(&|e| bytes(&e.hash)),
            list(&|_| "NULL".into()),
            self.transfers_of,
        )
    }
}

/// A thief with the node's own login: the tables are closed, and the function writes nothing that the leader did not send.
#[tokio::test]
async fn a_nodes_login_writes_through_the_function_only_and_only_what_the_leader_may() {
    let server = Server::shared();
    let name = server.create();
    let owner = server.store(&name);
    migrate(&owner).await.unwrap();
    let own = server.server();
    let thief = format!("t{}_{name}", std::process::id());
    let store = login(own, &name, &thief, Some("kazasu_writer")).with_logins(Logins::Separate);
    let mut journal = open(&store).await;
    let all = entries(12);
    journal.append(&all[..8]).await.unwrap();
    let sql = |sql: &str| own.sql(&name, &format!("SET ROLE {thief}; {sql}"));
    let refused = |statement: &str, says: &str| {
        let error = sql(statement).unwrap_err().to_string();
        assert!(error.contains(says), "{statement}: {error}");
    };
    // What was shown: a funded record, copied behind the last one.
    refused(
        "INSERT INTO kazasu.journal (seq, at, day, kind, body, hash) SELECT 9, at, day, kind, body, hash FROM kazasu.journal WHERE seq = 8",
        "permission denied",
    );
    refused("UPDATE kazasu.lead SET epoch = epoch + 1", "permission denied");
    refused("UPDATE kazasu.lead SET token = sha256('x')", "permission denied");
    let good = Call { epoch: 1, token: "guessed", entries: &all[8..9], transfers_of: 9 };
    refused(&good.sql(), "held by another session");
    // Taking the lead is possible with this login. The node notices, and even then only a good batch is written.
    let token = sql("SELECT new_token FROM kazasu.take_lead(NULL, 'thief', 1, '', '')").unwrap();
    assert!(matches!(journal.append(&all[8..9]).await, Err(AppendError::Fenced { mine: 1, current: 2 })));
    let good = Call { epoch: 2, token: &token, ..good };
    let mut copied = all[7].clone();
    copied.seq = 9;
    let (gap, twice) = (&all[10..11], &all[7..8]);
    for (call, says) in [
        (Call { entries: &[copied], ..good }, "does not follow from its content"),
        (Call { entries: gap, transfers_of: 11, ..good }, "does not follow: the journal ends with record 8"),
        (Call { entries: twice, transfers_of: 8, ..good }, "is there already"),
        (Call { transfers_of: 3, ..good }, "transfers of other records"),
        (Call { token: "", ..good }, "held by another session"),
    ] {
        refused(&call.sql(), says);
    }
    let mut changed = [all[8].clone(), all[9].clone()];
    changed[0].at = Millis(changed[0].at.0 + 1);
    refused(&Call { entries: &changed, ..good }.sql(), "does not follow from its content");
    assert_eq!(
        sql(&Call { epoch: 1, ..good }.sql()).unwrap(),
        "2",
        "another epoch than the lead's is told and writes nothing"
    );
    assert_eq!(owner.reader().await.unwrap().head().await.unwrap().seq, 8);
    assert_eq!(sql(&good.sql()).unwrap(), "2");
    assert_eq!(owner.reader().await.unwrap().head().await.unwrap(), Head { seq: 9, hash: all[8].hash });
}

#[tokio::test]
async fn a_login_that_could_write_the_tables_itself_does_not_lead_unless_the_server_is_ones_own() {
    let server = Server::shared();
    let name = server.create();
    let owner = server.store(&name);
    migrate(&owner).await.unwrap();
    let own = server.server();
    let unique = format!("{}_{name}", std::process::id());
    let node_login = login(own, &name, &format!("n{unique}"), Some("kazasu_writer"));
    open(&node_login.clone().with_logins(Logins::Separate)).await;
    // On this machine the owner leads, with a warning.
    open(&owner).await;
    let refused = async |store: &PostgresStore, why: &str| {
        let store = store.clone().with_logins(Logins::Separate);
        let error = store.lead(Claim { node: node("x"), expected: None }).await.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("may write them itself") && error.contains("kazasu_writer"), "{why}: {error}");
        assert!(!error.contains("secret"), "{error}");
    };
    refused(&owner, "the owner").await;
    own.sql(&name, &format!("GRANT INSERT ON kazasu.transfers TO n{unique}")).unwrap();
    refused(&node_login, "a login with INSERT").await;
    own.sql(&name, &format!("REVOKE INSERT ON kazasu.transfers FROM n{unique}")).unwrap();
    open(&node_login.clone().with_logins(Logins::Separate)).await;
    own.sql(&name, "GRANT INSERT ON kazasu.journal TO kazasu_writer").unwrap();
    refused(&node_login, "a role with INSERT").await;
}

#[tokio::test]
async fn verify_names_what_protects_the_tables_and_was_changed() {
    let server = Server::shared();
    for (sql, says) in [
        ("ALTER TABLE kazasu.journal DISABLE TRIGGER journal_is_append_only", "journal_is_append_only is disabled"),
        ("DROP TRIGGER transfers_are_append_only ON kazasu.transfers", "transfers_are_append_only is missing"),
        ("GRANT INSERT ON kazasu.journal TO kazasu_writer", "kazasu_writer has INSERT on kazasu.journal"),
        ("GRANT UPDATE ON kazasu.lead TO PUBLIC", "PUBLIC has UPDATE on kazasu.lead"),
        ("DROP FUNCTION kazasu.release_lead", "kazasu.release_lead is missing"),
        (
            "CREATE OR REPLACE FUNCTION kazasu.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "kazasu.refuse is not as the migrations made it",
        ),
    ] {
        let name = server.create();
        let store = server.store(&name);
        migrate(&store).await.unwrap();
        open(&store).await.append(&entries(20)).await.unwrap();
        assert_eq!(verified(&store).await.unwrap(), 20);
        server.server().sql(&name, sql).unwrap();
        match verified(&store).await {
            Err(VerifyError::Guards(guards)) => assert!(guards.len() == 1 && guards[0].contains(says), "{guards:?}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_database_that_is_not_set_up_says_what_to_do() {
    let server = Server::shared();
    let name = server.create();
    for result in [
        server
            .store(&name)
            .lead(Claim { node: node("x"), expected: None })
            .await
            .map(|_| ())
            .map_err(|e| e.to_string()),
        server.store(&name).reader().await.map(|_| ()).map_err(|e| e.to_string()),
    ] {
        let error = result.unwrap_err();
        assert!(error.contains("kazasu store migrate"), "{error}");
    }
    let error = server.store("nowhere").reader().await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("createdb"), "{error}");
    let url = format!("postgres://kazasu_owner:wrong@127.0.0.1:{}/{name}", server.server().port());
    let error = PostgresStore::new(url.parse().unwrap()).reader().await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("password") && !error.contains("wrong@"), "{error}");
}

#[tokio::test]
async fn verify_names_the_first_row_that_was_tampered_with() {
    let server = Server::shared();
    for (sql, seq, says) in [
        ("UPDATE kazasu.journal SET body = '\\x80' WHERE seq = 7", 7, "hash"),
        ("UPDATE kazasu.journal SET hash = decode(repeat('00', 32), 'hex') WHERE seq = 5", 5, "hash"),
        ("DELETE FROM kazasu.journal WHERE seq = 12", 12, "missing"),
        ("UPDATE kazasu.transfers SET amount = amount + 1 WHERE seq = 6", 6, "transfers table"),
        ("INSERT INTO kazasu.transfers VALUES (999, 0, 1, 5, 0, 0)", 999, "no record"),
    ] {
        let name = server.create();
        let store = server.store(&name);
        migrate(&store).await.unwrap();
        open(&store).await.append(&entries(20)).await.unwrap();
        let tamper = format!("SET session_replication_role = replica; {sql}");
        server.server().sql(&name, &tamper).unwrap();
        match verified(&store).await {
            Err(VerifyError::Fault(fault)) => {
                assert_eq!(fault.seq, seq, "{sql}: {fault}");
                assert!(fault.problem.contains(says), "{sql}: {fault}");
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_batch_that_hangs_on_the_server_does_not_keep_the_lead() {
    let server = Server::shared();
    let name = server.create();
    let store = server.store(&name);
    migrate(&store).await.unwrap();
    let mut old = open(&store).await;
    old.append(&entries(3)).await.unwrap();
    let held = || {
        let sql = "SELECT count(*) FROM pg_locks WHERE relation = 'kazasu.lead'::regclass AND mode = 'RowShareLock' AND granted";
        server.server().sql(&name, sql).unwrap() == "1"
    };
    // As if its next batch had begun, and its packets stopped coming: a transaction that holds its share of the lead.
    let url = server.server().url(&name);
    let hanging = std::thread::spawn({
        let server = server.clone();
        let name = name.clone();
        move || {
            server.server().sql(&name, "BEGIN; SELECT epoch FROM kazasu.lead FOR SHARE; SELECT pg_sleep(30); COMMIT")
        }
    });
    wait(held).await;
    let begin = Instant::now();
    let fast = PostgresStore::new(url.parse().unwrap());
    let mut new = fast.lead(Claim { node: node("two"), expected: Some(1) }).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    assert!(hanging.join().unwrap().is_err(), "the hanging batch must have been ended");
    new.append(&entries(5)[3..]).await.unwrap();
    assert!(old.append(&entries(4)[3..]).await.is_err());
    assert_eq!(verified(&store).await.unwrap(), 5);
}

#[tokio::test]
async fn a_frozen_server_makes_an_append_unknown_and_a_new_lead_settles_it() {
    let dir = folder();
    let server = LocalServer::create(&dir.path().join("pg"), "secret", &[]).unwrap();
    server.sql("postgres", "CREATE DATABASE book").unwrap();
    let patience = Patience { commit: Duration::from_millis(700), ..Patience::default() };
    let store = PostgresStore::new(server.url("book").parse().unwrap()).with_patience(patience);
    migrate(&store).await.unwrap();
    let all = entries(6);
    let mut journal = open(&store).await;
    journal.append(&all[..2]).await.unwrap();
    server.signal("STOP");
    let begin = Instant::now();
    let frozen = journal.append(&all[2..4]).await;
    assert!(matches!(frozen, Err(AppendError::Unknown(_))), "{frozen:?}");
    assert!(begin.elapsed() < Duration::from_secs(3));
    assert!(journal.append(&all[2..4]).await.is_err(), "a writer in doubt writes no more");
    server.signal("CONT");
    let mut new = store.lead(Claim { node: node("one"), expected: Some(1) }).await.unwrap();
    let head = new.head().await.unwrap();
    // Either the batch arrived before the new lead or it never will.
    assert!([2, 4].contains(&head.seq), "{head:?}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(new.head().await.unwrap(), head);
    new.append(&all[usize::try_from(head.seq).unwrap()..]).await.unwrap();
    assert_eq!(verified(&store).await.unwrap(), 6);
}

#[tokio::test]
async fn nodes_see_each_other_and_who_leads() {
    let server = Server::shared();
    let store = server.database().await;
    let shared = store.shared().unwrap();
    let mut one = shared.watch(node("one")).await.unwrap();
    let mut two = shared.watch(node("two")).await.unwrap();
    let report = |applied, role: &str| NodeReport { applied, role: role.into() };
    assert_eq!(one.beat(&report(0, "following")).await.unwrap().epoch, 0);
    let journal = store.lead(Claim { node: node("one"), expected: Some(0) }).await.unwrap();
    one.beat(&report(3, "leading")).await.unwrap();
    let seen = two.beat(&report(2, "following")).await.unwrap();
    assert_eq!((seen.epoch, seen.leader.name.as_str(), seen.released), (1, "one", false));
    one.beat(&report(4, "leading")).await.unwrap();
    assert!(two.beat(&report(2, "following")).await.unwrap().beats > seen.beats, "the leader's reports are counted");
    assert!(!one.release(journal.epoch() + 1, String::new()).await.unwrap());
    assert!(!two.beat(&report(2, "following")).await.unwrap().released, "another epoch's release does nothing");
    assert!(one.release(journal.epoch(), "two".into()).await.unwrap());
    let seen = two.beat(&report(4, "following")).await.unwrap();
    assert_eq!((seen.released, seen.successor.as_str()), (true, "two"));
    let nodes = two.nodes().await.unwrap();
    let listed: Vec<_> =
        nodes.iter().map(|n| (n.node.name.as_str(), n.report.role.as_str(), n.report.applied)).collect();
    assert_eq!(listed, [("one", "leading", 4), ("two", "following", 4)]);
    assert!(nodes.iter().all(|n| (0.0..10.0).contains(&n.silent_seconds)));
}

#[tokio::test]
async fn tls_is_checked_against_the_authority_that_the_url_names() {
    let dir = folder();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let authority = || {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        (cert.pem(), rcgen::Issuer::new(params, key))
    };
    let (ca_pem, ca) = authority();
    let key = rcgen::KeyPair::generate().unwrap();
    let cert = rcgen::CertificateParams::new(vec!["127.0.0.1".into()]).unwrap().signed_by(&key, &ca).unwrap();
    let server = LocalServer::create(&dir.path().join("pg"), "secret", &[]).unwrap();
    server.sql("postgres", "CREATE DATABASE book").unwrap();
    server.put("server.crt".as_ref(), &cert.pem()).unwrap();
    server.put("server.key".as_ref(), &key.serialize_pem()).unwrap();
    server.configure("ssl", "on").unwrap();
    let good = write("ca.pem", &ca_pem);
    let other = write("other.pem", &authority().0);
    let store = |parameters: &str| PostgresStore::new(format!("{}?{parameters}", server.url("book")).parse().unwrap());
    migrate(&store(&format!("sslmode=verify-full&sslrootcert={good}"))).await.unwrap();
    let mut journal = open(&store(&format!("sslmode=verify-full&sslrootcert={good}"))).await;
    journal.append(&entries(2)).await.unwrap();
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'kazasu writer'";
    assert_eq!(server.sql("book", encrypted).unwrap(), "t");
    drop(journal);
    let error = store(&format!("sslmode=verify-full&sslrootcert={other}")).reader().await.map(|_| ()).unwrap_err();
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
}

/// Appends in small batches until `n` entries are there; returns the journal's writer.
async fn fill(store: &PostgresStore, all: &[Entry]) -> Box<dyn Journal> {
    let mut journal = open(store).await;
    let from = usize::try_from(journal.head().await.unwrap().seq).unwrap();
    for batch in all[from..].chunks(10) {
        journal.append(batch).await.unwrap();
    }
    journal
}

#[tokio::test]
async fn with_a_synchronous_standby_nothing_confirmed_is_lost_when_the_primary_dies() {
    let dir = folder();
    let settings = ["synchronous_standby_names=second", "wal_keep_size=64MB"];
    let mut primary = LocalServer::create(&dir.path().join("first"), "secret", &["wal_keep_size=64MB"]).unwrap();
    primary.sql("postgres", "CREATE DATABASE book").unwrap();
    let mut standby = primary.standby(&dir.path().join("second"), "second", &settings[1..]).unwrap();
    primary.configure("synchronous_standby_names", "second").unwrap();
    let streaming = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    wait(|| primary.sql("postgres", streaming).unwrap() == "1").await;
    let url = primary.url_at(&[primary.port(), standby.port()], "book");
    let patience = Patience { commit: Duration::from_secs(2), ..Patience::default() };
    let store = PostgresStore::new(url.parse().unwrap()).with_patience(patience);
    migrate(&store).await.unwrap();
    let all = entries(200);
    let mut journal = fill(&store, &all[..100]).await;

    // Without its standby the primary confirms nothing: the batch is in doubt, not lost and not done.
    standby.signal("STOP");
    let doubt = journal.append(&all[100..101]).await;
    assert!(matches!(doubt, Err(AppendError::Unknown(_))), "{doubt:?}");
    standby.signal("CONT");
    let mut journal = store.lead(Claim { node: node("one"), expected: Some(1) }).await.unwrap();
    assert!([100, 101].contains(&journal.head().await.unwrap().seq));
    let from = usize::try_from(journal.head().await.unwrap().seq).unwrap();
    journal.append(&all[from..120]).await.unwrap();

    // The primary dies; the database administrator promotes the standby.
    primary.kill();
    assert!(journal.append(&all[120..121]).await.is_err());
    let error = store.reader().await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("standby"), "{error}");
    standby.promote().unwrap();
    let mut journal = store.lead(Claim { node: node("one"), expected: Some(2) }).await.unwrap();
    let head = journal.head().await.unwrap();
    assert_eq!(head, Head { seq: 120, hash: all[119].hash }, "what was confirmed is there, and nothing else");
    journal.append(&all[120..]).await.unwrap();
    assert_eq!(verified(&store).await.unwrap(), 200);
}

/// The drill of docs/operations/postgresql.md: a base backup, the archived log, and back to a named point.
#[tokio::test]
async fn a_backup_is_restored_to_a_point_in_time() {
    let dir = folder();
    let archive = dir.path().join("archive");
    let archive_command = format!("archive_command=test ! -f {0}/%f && cp %p {0}/%f", archive.display());
    let server = LocalServer::create(&dir.path().join("pg"), "secret", &["archive_mode=on", &archive_command]).unwrap();
    server.make_folder(&archive).unwrap();
    server.sql("postgres", "CREATE DATABASE book").unwrap();
    let store = PostgresStore::new(server.url("book").parse().unwrap());
    migrate(&store).await.unwrap();
    let all = entries(300);
    drop(fill(&store, &all[..100]).await);
    let copy = dir.path().join("restored");
    server.make_folder(&copy).unwrap();
    server.base_backup(&copy.join("data"), &[]).unwrap();
    drop(fill(&store, &all[..200]).await);
    server.sql("book", "SELECT pg_create_restore_point('before_the_accident')").unwrap();
    drop(fill(&store, &all).await);
    server.sql("book", "SELECT pg_switch_wal()").unwrap();
    wait(|| server.sql("book", "SELECT last_archived_wal IS NOT NULL AND last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver").unwrap() == "t").await;
    server.put(&copy.join("data/recovery.signal"), "").unwrap();
    drop(server);

    let restore = format!("restore_command=cp {}/%f %p", archive.display());
    let settings = [
        restore.as_str(),
        "recovery_target_name=before_the_accident",
        "recovery_target_action=promote",
        "archive_mode=off",
    ];
    let restored = LocalServer::open(&copy, "secret", &settings).unwrap();
    let store = PostgresStore::new(restored.url("book").parse().unwrap());
    wait(|| restored.sql("book", "SELECT pg_is_in_recovery()").is_ok_and(|t| t == "f")).await;
    assert_eq!(verified(&store).await.unwrap(), 200);
    let mut journal = open(&store).await;
    let expected: Vec<Entry> = all[..200].iter().map(stored).collect();
    assert_eq!(journal.scan(1, 1_000).await.unwrap(), expected);
    // The book goes on from there.
    journal.append(&all[200..]).await.unwrap();
    assert_eq!(verified(&store).await.unwrap(), 300);
}

async fn wait(mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
