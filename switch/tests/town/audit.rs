//! A journal that insiders cannot rewrite unseen: what they change with the database's own means is found and named, with the node's
//! public key and checkpoints that were kept elsewhere.

use crate::harness::{Town, kazasu, requested, wait_for};
use kazasu_demo::sample::Town as Sample;
use kazasu_ledger::chain;
use kazasu_ledger::signed::{Signature, batch_text};
use kazasu_ledger::{Body, Entry, Head};
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use ring::signature::Ed25519KeyPair;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, Row, SqliteConnection};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The town's configuration signs each second, and its anchor is a folder of its own.
fn town() -> Town {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    std::fs::create_dir(town.path("elsewhere")).unwrap();
    town.configure("\n[audit]\ncheckpoint_seconds = 1\nanchor_file = \"elsewhere/anchor.jsonl\"\n");
    town
}

/// The public key of the town's [audit], as an auditor got it on paper.
fn public_key(town: &Town) -> String {
    let store = town.key_store();
    store.active(&"audit".parse().unwrap()).unwrap().public.clone().unwrap()
}

pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// `ledger verify` of a journal: exit code, what it printed, what it said is wrong.
pub(crate) fn verify(journal: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let out = kazasu(&[&["ledger", "verify", journal.to_str().unwrap(), "--json"], more].concat());
    let value = serde_json::from_slice(&out.stdout).unwrap_or(Value::Null);
    (out.status.code(), value, String::from_utf8_lossy(&out.stderr).into_owned())
}

/// A file to be changed by a person who has it, with SQLite's own means.
pub(crate) struct Insider<'a> {
    town: &'a Town,
    pub(crate) path: PathBuf,
}

/// What keeps rows from being changed.
const GUARDS: &str = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'";

impl<'a> Insider<'a> {
    /// Takes a copy of the town's journal.
    pub(crate) fn with_copy(town: &'a Town, name: &str) -> Insider<'a> {
        let path = town.path(name);
        std::fs::copy(town.journal(), &path).unwrap();
        Insider { town, path }
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let store = SqliteStore::new(&self.path);
        self.town.runtime.block_on(async { store.reader().await.unwrap().scan(1, 1_000_000).await.unwrap() })
    }

    /// Works on the tables without their triggers, and puts those back as they were.
    pub(crate) fn works(&self, work: impl AsyncFnOnce(&mut SqliteConnection)) {
        self.town.runtime.block_on(async {
            let mut conn = SqliteConnectOptions::new().filename(&self.path).connect().await.unwrap();
            let rows = conn.fetch_all(GUARDS).await.unwrap();
            let guards: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            for (name, _) in &guards {
                conn.execute(sqlx::AssertSqlSafe(format!("DROP TRIGGER {name}"))).await.unwrap();
            }
            work(&mut conn).await;
            for (_, text) in guards {
                conn.execute(sqlx::AssertSqlSafe(text)).await.unwrap();
            }
        });
    }

    /// Puts another body into a record, and makes every later hash fit.
    pub(crate) fn rewrites(&self, seq: u64, body: Vec<u8>) {
        let mut entries = self.entries();
        let at = usize::try_from(seq).unwrap() - 1;
        let mut before = entries[at - 1].hash;
        entries[at].body = body;
        for entry in &mut entries[at..] {
            entry.hash = chain::link(&before, entry.place(), entry.kind, &entry.body);
            before = entry.hash;
        }
        self.works(async |conn| {
            for entry in &entries[at..] {
                let update = sqlx::query("UPDATE journal SET body = ?, hash = ? WHERE seq = ?");
                let seq = i64::try_from(entry.seq).unwrap();
                update.bind(entry.body.clone()).bind(entry.hash.to_vec()).bind(seq).execute(&mut *conn).await.unwrap();
            }
        });
    }

    /// Signs every commit batch from this record on again, with a key of batches that was stolen (the seed, hexadecimal).
    pub(crate) fn signs_again(&self, from: u64, seed: &str) {
        let stolen = Ed25519KeyPair::from_seed_unchecked(&hex::decode(seed).unwrap()).unwrap();
        let changed = self.entries().into_iter().filter(|entry| entry.seq >= from);
        let signed: Vec<_> = changed.filter_map(|entry| Some((entry.seq, entry.hash, entry.signature?.key))).collect();
        assert!(!signed.is_empty());
        self.works(async |conn| {
            for (seq, hash, key) in &signed {
                let bytes = stolen.sign(&batch_text(&Head { seq: *seq, hash: *hash }));
                let stored = Signature { key: *key, bytes: bytes.as_ref().try_into().unwrap() }.stored().to_vec();
                let update = sqlx::query("UPDATE journal SET signature = ? WHERE seq = ?").bind(stored);
                update.bind(i64::try_from(*seq).unwrap()).execute(&mut *conn).await.unwrap();
            }
        });
    }

    /// Puts a copy of a record behind the last one, with the hash that fits. No trigger has to go for that.
    fn appends_a_copy(&self, of: &Entry) -> u64 {
        let last = self.entries().pop().unwrap();
        let copy = Entry { seq: last.seq + 1, at: last.at, day: last.day, ..of.clone() };
        let hash = chain::link(&last.hash, copy.place(), copy.kind, &copy.body);
        let (of, seq) = (i64::try_from(of.seq).unwrap(), i64::try_from(copy.seq).unwrap());
        self.town.runtime.block_on(async {
            let mut conn = SqliteConnectOptions::new().filename(&self.path).connect().await.unwrap();
            let record = "INSERT INTO journal (seq, at, day, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)";
            let record = sqlx::query(record).bind(seq).bind(copy.at.0).bind(copy.day.0).bind(i64::from(copy.kind));
            record.bind(copy.body.clone()).bind(hash.to_vec()).execute(&mut conn).await.unwrap();
            let moves = "INSERT INTO transfers SELECT ?, leg, kind, debit, credit, amount FROM transfers WHERE seq = ?";
            sqlx::query(moves).bind(seq).bind(of).execute(&mut conn).await.unwrap();
        });
        copy.seq
    }

    pub(crate) fn cuts_off_behind(&self, seq: u64) {
        let seq = i64::try_from(seq).unwrap();
        self.works(async |conn| {
            for table in ["journal", "transfers"] {
                let delete = sqlx::AssertSqlSafe(format!("DELETE FROM {table} WHERE seq > ?"));
                sqlx::query(delete).bind(seq).execute(&mut *conn).await.unwrap();
            }
        });
    }
}

/// Two people agree on contracts.
fn approved_contracts(town: &Town) {
    let config = town.config();
    let run = |by: &str, args: &[&str]| {
        let out = kazasu(&[args, &["--by", by, "--json", "--config", &config]].concat());
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let file = town.path("contracts.toml");
    let proposed = run("suzuki", &["contract", "propose", file.to_str().unwrap(), "--why", "year"]);
    let (number, fingerprint) = requested(&proposed);
    run("tanaka", &["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "checked"]);
}

/// The anchor's checkpoints reach the record.
pub(crate) fn anchored(town: &Town, record: u64) -> Vec<Value> {
    let path = town.path("elsewhere/anchor.jsonl");
    wait_for("the anchor", Duration::from_secs(20), || {
        let lines = lines(&path);
        lines.last().is_some_and(|line| line["record"].as_u64() >= Some(record)).then_some(lines)
    })
}

#[test]
fn what_an_insider_changes_is_found_and_named() {
    let town = town();
    let served = town.serve();
    approved_contracts(&town);
    served.stop();
    let records = town.verified().records;
    let checkpoints = anchored(&town, records);
    assert_eq!(checkpoints.last().unwrap()["record"], records, "the last one is made at the end");
    let (key, anchor) = (public_key(&town), town.path("elsewhere/anchor.jsonl"));
    let means = ["--trusted-key", &key, "--anchor", anchor.to_str().unwrap()];
    let (code, sound, said) = verify(&town.journal(), &means);
    assert_eq!((code, &sound["verified"]), (Some(0), &Value::Bool(true)), "{said}");
    assert_eq!(sound["unchecked"], serde_json::json!([]), "{sound}");
    assert!(sound["batches"]["signed"].as_u64() > Some(3) && sound["checkpoints"]["last"] == records, "{sound}");

    let (_, blind, _) = verify(&town.journal(), &[]);
    assert!(blind["unchecked"].to_string().contains("who signed. No --trusted-key was given"), "{blind}");
    assert!(blind["unchecked"].to_string().contains("No --anchor was given"), "{blind}");

    // Another approver, and every later hash computed again.
    let insider = Insider::with_copy(&town, "rewritten.db");
    let entries = insider.entries();
    let decided =
        entries.iter().rfind(|entry| matches!(Body::read(&entry.body), Ok(Body::ApprovalDecided(_)))).unwrap();
    let Ok(Body::ApprovalDecided(mut approval)) = Body::read(&decided.body) else { unreachable!() };
    assert_eq!(approval.by, "per_3", "tanaka");
    approval.by = "ito".into();
    // It is the journal's last decision: without its signature it could be one of a town that signs none yet, were it not for those of
    // before.
    approval.proof = None;
    let mut body = Vec::new();
    Body::ApprovalDecided(approval).write(&mut body);
    insider.rewrites(decided.seq, body);
    let (code, blind, _) = verify(&insider.path, &[]);
    assert_eq!((code, &blind["record"]), (Some(1), &decided.seq.into()), "also without a trusted key");
    assert!(blind["problem"].as_str().unwrap().contains("no person signed it"), "{blind}");
    let (code, found, said) = verify(&insider.path, &means);
    assert_eq!((code, &found["record"]), (Some(1), &decided.seq.into()), "{said}");
    assert!(found["problem"].as_str().unwrap().contains("not as it was signed"), "{found}");
    // With the anchor alone too, as near as checkpoints are to each other.
    let (code, found, said) = verify(&insider.path, &["--anchor", anchor.to_str().unwrap()]);
    assert!(code == Some(1) && found["record"].as_u64() <= Some(decided.seq), "{said}");

    // A record that was copied behind the last one.
    let insider = Insider::with_copy(&town, "inserted.db");
    let funded = entries.iter().find(|entry| matches!(Body::read(&entry.body), Ok(Body::Funded(_)))).unwrap();
    let slipped_in = insider.appends_a_copy(funded);
    let (code, found, said) = verify(&insider.path, &means);
    assert_eq!((code, &found["record"]), (Some(1), &slipped_in.into()), "{said}");
    assert!(said.contains("was not written by a node"), "{said}");

    // The last batch cut off: what is left is whole and signed, and only the anchor knows that there was more.
    let insider = Insider::with_copy(&town, "cut.db");
    let end = entries.iter().rfind(|entry| entry.seq < records && entry.signature.is_some()).unwrap().seq;
    insider.cuts_off_behind(end);
    let (code, blind, said) = verify(&insider.path, &["--trusted-key", &key]);
    assert_eq!(code, Some(0), "{said}");
    assert!(blind["unchecked"].to_string().contains("whether the last records were cut off"), "{blind}");
    let (code, found, said) = verify(&insider.path, &means);
    assert_eq!((code, &found["record"]), (Some(1), &(end + 1).into()), "{said}");
    assert!(said.contains("is missing: the journal ended with record"), "{said}");

    // An anchor that somebody else signed proves nothing.
    let (code, _, said) =
        verify(&town.journal(), &["--trusted-key", &"00".repeat(32), "--anchor", anchor.to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("not among the trusted keys"), "{said}");
    let text = std::fs::read_to_string(&anchor).unwrap();
    let forged = text.replacen(&format!("\"record\":{records}"), &format!("\"record\":{}", records - 1), 1);
    std::fs::write(town.path("forged.jsonl"), forged).unwrap();
    let (code, _, said) = verify(&town.journal(), &["--anchor", town.path("forged.jsonl").to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("its signature is not good"), "{said}");
}

/// What was shown: a record with the right hash became part of the journal, and the switch went on behind it.
#[test]
fn a_switch_does_not_go_on_behind_a_record_that_no_node_wrote() {
    let town = town();
    town.serve().stop();
    let insider = Insider { town: &town, path: town.journal() };
    let entries = insider.entries();
    let funded = entries.iter().find(|entry| matches!(Body::read(&entry.body), Ok(Body::Funded(_)))).unwrap();
    let slipped_in = insider.appends_a_copy(funded);
    let refused = kazasu(&["serve", "--json", "--config", &town.config()]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && refused.stdout.is_empty(), "{said}");
    assert!(said.contains(&format!("record {slipped_in} was not written by a node of this book")), "{said}");
    let link = kazasu(&["link", "import", town.path("links.csv").to_str().unwrap(), "--config", &town.config()]);
    assert!(!link.status.success(), "commands do not go on behind it either");
    // The owner of the file takes it off again, and the switch goes on.
    insider.cuts_off_behind(slipped_in - 1);
    town.serve().stop();
    let (key, anchor) = (public_key(&town), town.path("elsewhere/anchor.jsonl"));
    let means = ["--trusted-key", &key, "--anchor", anchor.to_str().unwrap()];
    let (code, _, said) = verify(&town.journal(), &means);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_crash_between_checkpoint_and_anchor_loses_nothing_and_an_idle_town_makes_none() {
    let town = town();
    let (own, anchor) = (town.path("data/checkpoints.jsonl"), town.path("elsewhere/anchor.jsonl"));
    // The other machine is away.
    std::fs::remove_dir(town.path("elsewhere")).unwrap();
    let served = town.serve();
    let first = wait_for("a checkpoint", Duration::from_secs(20), || lines(&own).pop());
    approved_contracts(&town);
    let made = wait_for("another one", Duration::from_secs(20), || {
        lines(&own).pop().filter(|last| last["record"].as_u64() > first["record"].as_u64())
    });
    let status = wait_for("the status", Duration::from_secs(20), || {
        let status = served.status()["checkpoints"].clone();
        (status["checkpoint"]["record"] == made["record"]).then_some(status)
    });
    assert!(status["anchor"]["record"].is_null() && status["contradiction"].is_null(), "{status}");
    let metrics = served.get("/metrics").1;
    assert!(metrics.contains("kazasu_checkpoint_age_seconds{of=\"checkpoint\"}"), "{metrics}");
    assert!(metrics.contains("kazasu_checkpoint_contradicted 0"), "{metrics}");
    // Nothing new: none is made, however long it takes.
    let before = lines(&own).len();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(lines(&own).len(), before);
    served.kill();
    // The crash also cut lines off in the middle.
    std::fs::create_dir(town.path("elsewhere")).unwrap();
    let text = std::fs::read_to_string(&own).unwrap();
    let whole = text.lines().next().unwrap();
    std::fs::write(&anchor, &whole[..whole.len() / 2]).unwrap();
    std::fs::write(&own, format!("{text}{}", &whole[..40])).unwrap();
    let served = town.serve();
    let handed_on = anchored(&town, made["record"].as_u64().unwrap());
    assert_eq!(handed_on, lines(&own), "every checkpoint that was made is there");
    served.stop();
    let (key, journal) = (public_key(&town), town.journal());
    let (code, sound, said) = verify(&journal, &["--trusted-key", &key, "--anchor", anchor.to_str().unwrap()]);
    assert_eq!((code, &sound["checkpoints"]["unreadable_lines"]), (Some(0), &1.into()), "{said}{sound}");
    assert_eq!(verify(&journal, &["--trusted-key", &key, "--anchor", own.to_str().unwrap()]).0, Some(0));
}

/// A journal that was cut while the switch was down: the node that signed more says so when it starts.
#[test]
fn a_node_notices_that_what_it_signed_is_gone() {
    let town = town();
    let served = town.serve();
    approved_contracts(&town);
    served.stop();
    let records = town.verified().records;
    // Whole batches, so that the end is signed.
    let insider = Insider { town: &town, path: town.journal() };
    let entries = insider.entries();
    let end = entries.iter().rfind(|entry| entry.seq < records && entry.signature.is_some()).unwrap().seq;
    insider.cuts_off_behind(end);
    let served = town.serve();
    let contradiction = wait_for("the contradiction", Duration::from_secs(20), || {
        served.status()["checkpoints"]["contradiction"].as_str().map(str::to_owned)
    });
    assert!(contradiction.contains(&format!("record {records} ")), "{contradiction}");
    wait_for("the metric", Duration::from_secs(10), || {
        served.get("/metrics").1.contains("kazasu_checkpoint_contradicted 1").then_some(())
    });
    assert!(served.get("/status").1.contains("改ざんの疑い"));
}

/// An authority for time stamps as openssl plays it, on a port of its own.
struct Authority {
    dir: PathBuf,
    url: String,
}

impl Authority {
    fn openssl(dir: &Path, args: &[&str]) {
        let out = Command::new("openssl").args(args).current_dir(dir).output().unwrap();
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    }

    fn start(dir: PathBuf) -> Authority {
        const CONFIG: &str = "[req]\ndistinguished_name = name\n[name]\n[ca]\nbasicConstraints = critical, CA:true\n[tsa]\n\
            extendedKeyUsage = critical, timeStamping\n[stamp]\ndefault_tsa = made\n[made]\nserial = serial\nsigner_cert = tsa.pem\n\
            signer_key = tsa.key\ncerts = ca.pem\ndefault_policy = 1.2.3.4.1\ndigests = sha256\nsigner_digest = sha256\n";
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("tsa.cnf"), CONFIG).unwrap();
        std::fs::write(dir.join("serial"), "01\n").unwrap();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "tsa.cnf"];
        let ca = ["req", "-x509", "-subj", "/CN=Authority", "-extensions", "ca", "-keyout", "ca.key", "-out", "ca.pem"];
        Self::openssl(&dir, &[&ca[..], &key].concat());
        let tsa = ["req", "-new", "-subj", "/CN=Stamps", "-keyout", "tsa.key", "-out", "tsa.csr"];
        Self::openssl(&dir, &[&tsa[..], &key].concat());
        let sign = [
            "x509",
            "-req",
            "-in",
            "tsa.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "tsa.pem",
        ];
        Self::openssl(&dir, &[&sign[..], &["-extfile", "tsa.cnf", "-extensions", "tsa"]].concat());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/stamp", listener.local_addr().unwrap());
        let folder = dir.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut request = Vec::new();
                let mut part = [0; 4_096];
                let body = loop {
                    let n = stream.read(&mut part).unwrap();
                    request.extend_from_slice(&part[..n]);
                    let head = request.windows(4).position(|window| window == b"\r\n\r\n");
                    let Some(head) = head else { continue };
                    let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
                    assert!(text.contains("content-type: application/timestamp-query"), "{text}");
                    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
                    if request.len() >= head + 4 + length.parse::<usize>().unwrap() {
                        break request.split_off(head + 4);
                    }
                };
                std::fs::write(folder.join("query"), body).unwrap();
                let reply =
                    ["ts", "-reply", "-config", "tsa.cnf", "-section", "made", "-queryfile", "query", "-out", "reply"];
                Self::openssl(&folder, &reply);
                let reply = std::fs::read(folder.join("reply")).unwrap();
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/timestamp-reply\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    reply.len()
                );
                stream.write_all(&[head.as_bytes(), &reply].concat()).unwrap();
            }
        });
        Authority { dir, url }
    }
}

#[test]
fn an_authority_stamps_a_checkpoint_and_openssl_verifies_the_stamp() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let authority = Authority::start(town.path("authority"));
    let url = &authority.url;
    town.configure(&format!(
        "\n[audit]\ncheckpoint_seconds = 1\n[audit.timestamp]\nurl = \"{url}\"\nseconds = 1\nfolder = \"stamps\"\n"
    ));
    let served = town.serve();
    let own = town.path("data/checkpoints.jsonl");
    let record = wait_for("a checkpoint", Duration::from_secs(20), || lines(&own).pop())["record"].as_u64().unwrap();
    let (line, stamp) = (town.path(&format!("stamps/{record}.json")), town.path(&format!("stamps/{record}.tsr")));
    wait_for("a time stamp", Duration::from_secs(20), || stamp.is_file().then_some(()));
    wait_for("the status", Duration::from_secs(10), || {
        (served.status()["checkpoints"]["timestamp"]["record"] == record).then_some(())
    });
    served.stop();
    let kept = std::fs::read_to_string(&line).unwrap();
    assert!(std::fs::read_to_string(&own).unwrap().lines().any(|line| line == kept), "{kept}");
    let verify = |data: &Path| {
        let (data, stamp) = (data.to_str().unwrap(), stamp.to_str().unwrap());
        let args = ["ts", "-verify", "-data", data, "-in", stamp, "-CAfile", "ca.pem"];
        Command::new("openssl").args(args).current_dir(&authority.dir).output().unwrap()
    };
    let out = verify(&line);
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && said.contains("Verification: OK"), "{said}");
    let other = town.path("other.json");
    std::fs::write(&other, kept.replacen("record", "recorD", 1)).unwrap();
    assert!(!verify(&other).status.success());
}
