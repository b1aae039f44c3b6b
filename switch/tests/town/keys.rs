//! Keys with the real program: the store and who opens it, and every kind of key that is changed while taps go on.

use crate::codes::APPROVED;
use crate::harness::{Served, Town, by_two, free_port, kazasu, requested, wait_for};
use crate::rules::{goes, json_of, purchase, receiver, refused};
use crate::runs_on::taps;
use crate::step_up::by_command_line;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, named_ppid};
use kazasu_ledger::Body;
use kazasu_schemas::secret::Key;
use kazasu_security::keys::KeyState;
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// `kazasu key` in a town.
fn key(town: &Town, args: &[&str]) -> Output {
    let config = town.config();
    let by: &[&str] = if matches!(args[0], "list" | "log") { &[] } else { &["--by", "sato", "--why", "a test"] };
    kazasu(&[&["key"], args, &["--config", &config], by].concat())
}

pub(crate) fn ok(out: &Output) -> String {
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

pub(crate) fn private(town: &Town, name: &str, text: &str) -> String {
    let path = town.path(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Lets the switch read its store, and waits until this version stands so there.
pub(crate) fn in_force(served: &Served, name: &str, version: u8, state: Option<&str>) {
    assert!(Command::new("kill").args(["-HUP", &served.pid().to_string()]).status().unwrap().success());
    wait_for(&format!("{name} {version} {state:?}"), Duration::from_secs(20), || {
        (status_of(served, name, version)["state"].as_str() == state).then_some(())
    });
}

/// What the status says of a version; null when it is not in use.
fn status_of(served: &Served, name: &str, version: u8) -> Value {
    let status = served.status();
    let keys = status["keys"]["keys"].as_array().unwrap();
    assert!(status["keys"]["problem"].is_null(), "{status}");
    keys.iter().find(|key| key["key"] == name && key["version"] == version).cloned().unwrap_or(Value::Null)
}

/// Taps at a steady rate, half of them paid at an issuer. The acquirer signs on anew every twenty taps, under the key that it has then.
pub(crate) struct Steady {
    stop: Arc<AtomicBool>,
    pub(crate) config: Arc<Mutex<AcquirerConfig>>,
    thread: JoinHandle<Vec<String>>,
    pub(crate) done: Arc<AtomicU64>,
}

impl Steady {
    pub(crate) fn start(config: AcquirerConfig) -> Steady {
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let config = Arc::new(Mutex::new(config));
        let (ended, held, count) = (stop.clone(), config.clone(), done.clone());
        let thread = std::thread::spawn(move || {
            let mut codes = Vec::new();
            let mut number = 1_000;
            while !ended.load(Ordering::Acquire) {
                let config = held.lock().unwrap().clone();
                let mut session = Session::open(&config).unwrap();
                for _ in 0..10 {
                    for card in ["on-us-rich", "credit-ok"] {
                        number += 1;
                        codes.push(format!("{card} {}", taps(&mut session, number, card)));
                        count.fetch_add(1, Ordering::AcqRel);
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
            }
            codes
        });
        Steady { stop, config, thread, done }
    }

    /// A few more taps have gone through.
    pub(crate) fn goes_on(&self) {
        let before = self.done.load(Ordering::Acquire);
        wait_for("taps to go on", Duration::from_secs(20), || {
            (self.done.load(Ordering::Acquire) >= before + 45).then_some(())
        });
    }

    /// Ends, and says how many taps there were. None was refused.
    pub(crate) fn end(self) -> usize {
        self.stop.store(true, Ordering::Release);
        let codes = self.thread.join().unwrap();
        let refused: Vec<&String> = codes.iter().filter(|code| !code.ends_with(" 00")).collect();
        assert!(refused.is_empty(), "{} of {} were refused: {refused:?}", refused.len(), codes.len());
        codes.len()
    }
}

const NEXT_MASTER: &str = "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf";

/// A town whose first issuer takes a second version of its key.
fn town_with_next_keys() -> Town {
    let change = |text: &str| {
        let at = text.find("mac = {").unwrap();
        let end = at + text[at..].find(" }\n").unwrap();
        format!("{}, next_master = \"{NEXT_MASTER}\"{}", &text[..end], &text[end..])
    };
    Town::with_issuers(Sample { residents: 20, ..Sample::default() }, change).imported()
}

#[test]
fn every_key_of_one_node_is_changed_while_taps_go_on_and_none_is_refused() {
    let town = town_with_next_keys();
    // Until now the key of days signed commit batches too.
    ok(&key(&town, &["generate", "batches"]));
    let served = town.serve();
    served.issuers_up(3);
    let acquirer = town.acquirer(1, &served);
    let steady = Steady::start(acquirer.clone());
    steady.goes_on();

    // An acquirer's master key, by two people.
    let (a, b) = ("11".repeat(32), format!("{}{}", "22".repeat(16), "33".repeat(16)));
    let new: Vec<u8> = hex::decode(&a).unwrap().iter().zip(hex::decode(&b).unwrap()).map(|(a, b)| a ^ b).collect();
    let (a, b) = (private(&town, "a.part", &a), private(&town, "b.part", &b));
    let import = ["import", "acquirer.27000001", "--component-file", &a, "--component-file", &b];
    let said = ok(&key(&town, &import));
    assert!(said.contains("acquirer.27000001 2: accepted") && !said.contains(&hex::encode(&new)), "{said}");
    in_force(&served, "acquirer.27000001", 2, Some("accepted"));
    steady.goes_on();
    let old = Session::open(&acquirer).unwrap();
    let changed = AcquirerConfig { master: Key::new(new).unwrap(), ..acquirer.clone() };
    *steady.config.lock().unwrap() = changed.clone();
    steady.goes_on();
    ok(&key(&town, &["activate", "acquirer.27000001", "2"]));
    in_force(&served, "acquirer.27000001", 2, Some("active"));
    let needed = refused(&key(&town, &["retire", "acquirer.27000001", "1"]));
    assert!(needed.contains("1 connections are signed on under it"), "{needed}");
    drop(old);
    wait_for("its end", Duration::from_secs(5), || {
        (status_of(&served, "acquirer.27000001", 1)["connections"] == 0).then_some(())
    });
    ok(&key(&town, &["retire", "acquirer.27000001", "1"]));
    in_force(&served, "acquirer.27000001", 1, None);
    assert!(Session::open(&acquirer).is_err(), "the old key signs no connection on");
    steady.goes_on();

    // An issuer's master key: the next sign-on is under it.
    town.put_key("issuer.1", NEXT_MASTER, KeyState::Accepted);
    in_force(&served, "issuer.1", 2, Some("accepted"));
    steady.goes_on();
    ok(&key(&town, &["activate", "issuer.1", "2"]));
    ok(&key(&town, &["retire", "issuer.1", "1"]));
    in_force(&served, "issuer.1", 1, None);
    steady.goes_on();

    the_vaults_keys_are_changed(&town, &served, &steady);
    let publics = signing_keys_are_changed(&town, &served, &steady);
    let count = steady.end();
    assert!(count > 300, "{count}");
    served.drained();
    served.stop();
    town.verified();
    let journal = town.journal();
    let first = town.key_store().entry(&"audit".parse().unwrap(), 1).unwrap().public.clone().unwrap();
    let all = [&publics[..], &[first]].concat();
    let trusted: Vec<&str> = all.iter().flat_map(|public| ["--trusted-key", public.as_str()]).collect();
    let out = kazasu(&[&["ledger", "verify", journal.to_str().unwrap()], &trusted[..]].concat());
    ok(&out);
    let only_new = kazasu(&["ledger", "verify", journal.to_str().unwrap(), "--trusted-key", &publics[1]]);
    assert_eq!(only_new.status.code(), Some(1), "the first batches were signed with the old key");
    // It begins again behind a signature of the new key, and signs on at the issuer under the new one.
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&AcquirerConfig { addr: served.listening[0].to_string(), ..changed }).unwrap();
    assert_eq!(taps(&mut session, 900_000, "credit-ok"), "00");
    served.drained();
    served.stop();
}

/// Sealing and lookup keys; `link rotate` brings the links along.
fn the_vaults_keys_are_changed(town: &Town, served: &Served, steady: &Steady) {
    let config = town.config();
    let rotate = || json_of(&kazasu(&["link", "rotate", "--json", "--config", &config]));
    ok(&key(town, &["rotate", "vault.cards"]));
    in_force(served, "vault.cards", 3, Some("active"));
    let needed = refused(&key(town, &["retire", "vault.cards", "1"]));
    assert!(needed.contains("link versions are sealed under it"), "{needed}");
    assert!(rotate()["resealed"].as_u64().unwrap() > 10);
    assert_eq!(rotate()["resealed"], 0);
    ok(&key(town, &["retire", "vault.cards", "1"]));
    in_force(served, "vault.cards", 1, None);
    steady.goes_on();
    ok(&key(town, &["rotate", "vault.accounts"]));
    in_force(served, "vault.accounts", 4, Some("active"));
    let needed = refused(&key(town, &["retire", "vault.accounts", "2"]));
    assert!(needed.contains("payees' accounts are under it"), "{needed}");
    assert!(rotate()["payees"].as_u64().unwrap() > 10);
    assert_eq!(rotate()["payees"], 0);
    ok(&key(town, &["retire", "vault.accounts", "2"]));

    // A row of the sample links somebody, and the next ends that link: both are new whenever the file is imported.
    let links = town.path("links.csv");
    let import = || json_of(&by_two(town, &["link", "import", links.to_str().unwrap()], ["sato", "tanaka"]));
    let always = import()["recorded"].clone();
    ok(&key(town, &["rotate", "lookup"]));
    in_force(served, "lookup", 2, Some("accepted"));
    let needed = refused(&key(town, &["activate", "lookup", "2"]));
    assert!(needed.contains("have no hash under the newest version"), "{needed}");
    assert!(rotate()["resealed"].as_u64().unwrap() > 10);
    assert_eq!(rotate()["resealed"], 0);
    ok(&key(town, &["activate", "lookup", "2"]));
    in_force(served, "lookup", 2, Some("active"));
    ok(&key(town, &["retire", "lookup", "1"]));
    in_force(served, "lookup", 1, None);
    steady.goes_on();
    // Each card is still the card that it was: the same file changes no link, which it would if a card had become another.
    let again = import();
    assert_eq!(again["recorded"], always, "{again}");
}

/// The key of commit batches and that of days and checkpoints; the public keys of the former, old and new.
fn signing_keys_are_changed(town: &Town, served: &Served, steady: &Steady) -> [String; 2] {
    let public = |version: u8| {
        let store = town.key_store();
        store.entry(&"batches".parse().unwrap(), version).unwrap().public.clone().unwrap()
    };
    for name in ["batches", "audit"] {
        ok(&key(town, &["rotate", name]));
        in_force(served, name, 2, Some("active"));
        steady.goes_on();
    }
    [public(1), public(2)]
}

/// One person alone destroys no key, nor does a program: the approval of a second person comes first.
fn two_people_destroy(town: &Town, destroy: &[&str]) {
    let config = town.config();
    let alone = String::from_utf8_lossy(&key(town, destroy).stderr).into_owned();
    assert!(alone.contains("the destruction of vault.cards 1 is not approved"), "{alone}");
    let out = key(town, &["request-destruction", "vault.cards", "1", "--json"]);
    let (number, fingerprint) = requested(&serde_json::from_str(&ok(&out)).unwrap());
    let approval =
        |by: &str, args: &[&str]| kazasu(&[&["approval"], args, &["--json", "--config", &config, "--by", by]].concat());
    let shown: Value = serde_json::from_str(&ok(&approval("tanaka", &["show", &number]))).unwrap();
    assert_eq!((&shown["content"]["kind"], &shown["content"]["key"]), (&"destruction".into(), &"vault.cards".into()));
    assert_eq!(shown["content"]["purpose"], "card numbers");
    let effect = shown["effect"]["changes"][0]["after"].as_str().unwrap();
    assert!(effect.contains("unreadable for ever"), "{shown}");
    let approve = ["approve", &number, "--fingerprint", &fingerprint, "--why", "year is over"];
    for (by, why) in [("sato", "another person decides it"), ("operator", "is a program")] {
        let refused = String::from_utf8_lossy(&approval(by, &approve).stderr).into_owned();
        assert!(refused.contains(why), "{by}: {refused}");
    }
    assert!(String::from_utf8_lossy(&key(town, destroy).stderr).contains("is not approved"));
    ok(&approval("tanaka", &approve));
    // Who carries it out shows a second factor for this destruction; the one of the sign-in serves for none.
    let unnamed = String::from_utf8_lossy(&key(town, destroy).stderr).into_owned();
    assert!(unnamed.contains("show a second factor again for this decision"), "{unnamed}");
    assert!(by_command_line(&["key", "destroy", "--fingerprint", &fingerprint, "--by", "sato", "--config", &config]));
    ok(&key(town, destroy));
}

#[test]
fn a_years_key_is_destroyed_and_what_it_sealed_is_erased_everywhere() {
    let town = Town::new(Sample { residents: 10, ..Sample::default() });
    let config = town.config();
    let backup = std::fs::read(town.journal()).unwrap();
    let who = named_ppid("credit-ok").to_string();
    let number = || {
        json_of(&kazasu(&["link", "show", &who, "--why", "a test", "--json", "--config", &config]))["links"][0]["instrument"]["number"].clone()
    };
    assert!(number().as_str().unwrap().starts_with("490000"), "{}", number());
    let served = town.serve();
    served.issuers_up(3);
    ok(&key(&town, &["rotate", "vault.cards"]));
    in_force(&served, "vault.cards", 3, Some("active"));
    json_of(&kazasu(&["link", "rotate", "--json", "--config", &config]));
    let destroy = ["destroy", "vault.cards", "1", "--erases", "--confirm", "vault.cards 1"];
    assert!(String::from_utf8_lossy(&key(&town, &destroy).stderr).contains("retire it first"));
    ok(&key(&town, &["retire", "vault.cards", "1"]));
    let unsaid = key(&town, &["destroy", "vault.cards", "1"]);
    assert!(String::from_utf8_lossy(&unsaid.stderr).contains("become unreadable for ever"));
    let mistyped = key(&town, &["destroy", "vault.cards", "1", "--erases", "--confirm", "vault.cards 2"]);
    assert!(String::from_utf8_lossy(&mistyped.stderr).contains("nothing was destroyed"));
    two_people_destroy(&town, &destroy);
    in_force(&served, "vault.cards", 3, Some("active"));
    goes(&town, &served, &purchase("credit-ok", 100, "00"));
    served.drained();
    served.stop();
    town.verified();
    let recorded = town.runtime.block_on(async {
        let mut reader = SqliteStore::new(town.journal()).reader().await.unwrap();
        let page = reader.scan(1, 100_000).await.unwrap();
        page.iter()
            .filter_map(|entry| match Body::read(&entry.body).unwrap() {
                Body::KeyDestroyed(r) => Some((r.key, r.version, r.why, r.by.is_empty())),
                _ => None,
            })
            .collect::<Vec<_>>()
    });
    assert_eq!(recorded, [("vault.cards".to_owned(), 1, "a test".to_owned(), false)]);
    assert!(number().as_str().unwrap().starts_with("490000"), "links that are used were sealed again");
    // A backup from before: the store has no key that opens it, and reading says why.
    for file in ["journal.db-wal", "journal.db-shm", "statements.db"] {
        let _ = std::fs::remove_file(town.path(&format!("data/{file}")));
    }
    std::fs::write(town.journal(), backup).unwrap();
    assert_eq!(number(), "(erased)");
    let text = std::fs::read_to_string(town.path("keys.json")).unwrap();
    assert!(text.contains("\"gone\"") && text.contains("\"destroyed\""), "{text}");
}

#[test]
fn a_store_is_wrapped_again_under_a_passphrase_and_shows_no_key() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    let secret = town.secret_of("acquirer.27000001");
    let pass = private(&town, "pass.txt", "correct horse battery staple\n");
    ok(&key(&town, &["wrap", "--to", &format!("file:{pass}")]));
    let check = || kazasu(&["config", "check", "--config", &town.config()]);
    let closed = check();
    assert_eq!(closed.status.code(), Some(2));
    let said = String::from_utf8_lossy(&closed.stderr).into_owned();
    assert!(said.contains("keys.json") && said.contains("does not open"), "{said}");
    town.replace_in_config("file:keys.credential", &format!("file:{pass}"));
    ok(&check());
    let listed = ok(&key(&town, &["list", "--json"]));
    let views: Value = serde_json::from_str(&listed).unwrap();
    let master = views.as_array().unwrap().iter().find(|view| view["key"] == "acquirer.27000001").unwrap();
    assert_eq!((master["version"].as_u64(), master["state"].as_str()), (Some(1), Some("active")));
    assert_eq!(master["kcv"].as_str().unwrap().len(), 6);
    let log = ok(&key(&town, &["log", "--json"]));
    assert!(log.lines().last().unwrap().contains("\"wrapped\""), "{log}");
    let store = std::fs::read_to_string(town.path("keys.json")).unwrap();
    for text in [&listed, &log, &store, &ok(&key(&town, &["list"]))] {
        assert!(!text.to_lowercase().contains(&secret), "no key is shown");
    }
    private(&town, "pass.txt", "correct horse battery stable\n");
    let wrong = String::from_utf8_lossy(&check().stderr).into_owned();
    assert!(wrong.contains("does not open") && !wrong.contains("stable"), "{wrong}");
    private(&town, "pass.txt", "correct horse battery staple\n");
    std::fs::set_permissions(town.path("keys.json"), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(String::from_utf8_lossy(&check().stderr).contains("chmod 600"));
}

#[test]
fn keys_of_an_older_file_are_taken_over_and_leave_it() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let kcv = |town: &Town| {
        let listed: Value = serde_json::from_str(&ok(&key(town, &["list", "--json"]))).unwrap();
        let of = |view: &Value| (view["key"].as_str().unwrap().to_owned(), view["kcv"].as_str().unwrap().to_owned());
        listed.as_array().unwrap().iter().map(of).filter(|(key, _)| key != "vault.accounts").collect::<Vec<_>>()
    };
    let before = kcv(&town);
    let tokens = std::fs::read_to_string(town.path("keys.toml")).unwrap();
    let of = |name: &str| town.secret_of(name);
    let mut older = format!(
        "[vault]\ncurrent = 1\nlookup = \"{}\"\nseal.1 = \"{}\"\n\n{tokens}\n[audit]\ncurrent = 1\nseed.1 = \"{}\"\n",
        of("lookup"),
        of("vault.cards"),
        of("audit")
    );
    for id in ["27000001", "27000002", "27000003"] {
        older += &format!("\n[acquirer.{id}]\nmaster = \"{}\"\n", of(&format!("acquirer.{id}")));
    }
    for n in 1..=4 {
        older += &format!("\n[issuer.{n}]\nmaster = \"{}\"\n", of(&format!("issuer.{n}")));
    }
    for file in ["keys.json", "keys.json.log", "keys.credential"] {
        std::fs::remove_file(town.path(file)).unwrap();
    }
    private(&town, "keys.toml", &older);
    let refused = kazasu(&["config", "check", "--config", &town.config()]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("kazasu key import-file"));
    let said = ok(&key(&town, &["import-file"]));
    assert!(said.contains("keys.credential made") && said.contains("the keys are out of the file"), "{said}");
    assert_eq!(kcv(&town), before);
    let rest = std::fs::read_to_string(town.path("keys.toml")).unwrap();
    assert!(rest.contains("[http.people]") && !rest.contains("master") && !rest.contains("seal.1"), "{rest}");
    let served = town.serve();
    served.issuers_up(3);
    goes(&town, &served, &purchase("credit-ok", 100, "00"));
    served.drained();
    served.stop();
}

#[test]
fn a_key_that_ends_soon_is_told() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    ok(&key(&town, &["rotate", "audit", "--days", "5"]));
    let checked = ok(&kazasu(&["config", "check", "--config", &town.config()]));
    assert!(checked.contains("key audit 2: its cryptoperiod ends on") && checked.contains("in 5 days"), "{checked}");
    let served = town.serve();
    let left = |key: &str| {
        wait_for(key, Duration::from_secs(20), || {
            let metrics = served.get("/metrics").1;
            let is_its = |line: &&str| line.starts_with("kazasu_key_days_left") && line.contains(&format!("\"{key}\""));
            metrics.lines().find(is_its)?.rsplit_once(' ')?.1.parse::<f64>().ok()
        })
    };
    assert!((left("audit") - 5.0).abs() < 1.5 && left("acquirer.27000001") > 700.0);
    assert!(served.get("/status").1.contains("鍵の期限 audit 2"));
    wait_for("the warning", Duration::from_secs(10), || {
        std::fs::read_to_string(town.path("serve.log")).unwrap().contains("the key's cryptoperiod ends").then_some(())
    });
    assert!(!served.get("/api/v1/status").1.contains("kcv"), "anybody may read the status");
    served.stop();
}

/// The secret of a version of the webhook key.
fn webhook_secret(town: &Town, version: u8) -> Vec<u8> {
    let (store, name) = (town.key_store(), "webhook".parse().unwrap());
    store.secret(store.entry(&name, version).unwrap()).unwrap().expose().to_vec()
}

/// A receiver that knows either key believes each notice, from the rotation to the retirement.
#[test]
fn the_webhook_key_is_changed_while_taps_and_notices_go_on() {
    use hmac::{KeyInit, Mac};
    let town = Town::new(Sample { residents: 20, ..Sample::default() });
    let port = free_port();
    town.configure(&format!(
        "\n[outbox]\nfirst_pause_ms = 100\n\n[outbox.webhook]\nurl = \"http://127.0.0.1:{port}/notices\"\n"
    ));
    town.put_key("webhook", "00112233445566778899aabbccddeeff", KeyState::Active);
    let got = receiver(port, &[]);
    let served = town.serve();
    served.issuers_up(3);
    let steady = Steady::start(town.acquirer(3, &served));
    // Half of a month's limit, and four fifths of it: a notice each.
    let told = |acquirer: usize, yen: u32| {
        let text = format!("title = 'x'\n{}", purchase("month-told", yen, APPROVED));
        let outcome = play(&Scenario::parse(&text).unwrap(), &town.acquirer(acquirer, &served)).unwrap();
        assert_eq!(outcome.differences, []);
        got.recv_timeout(Duration::from_secs(20)).unwrap()
    };
    // What a notice must have as its signatures when these versions are accepted.
    let signed_with = |(body, time, signatures): &(String, String, String), versions: &[u8]| {
        let mut found: Vec<&str> = signatures.split(',').collect();
        let mut expected: Vec<String> = versions
            .iter()
            .map(|version| {
                let mut mac =
                    <hmac::Hmac<sha2::Sha256> as KeyInit>::new_from_slice(&webhook_secret(&town, *version)).unwrap();
                mac.update(format!("{time}.{body}").as_bytes());
                format!("v1={}", hex::encode(mac.finalize().into_bytes()))
            })
            .collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{versions:?}");
    };
    signed_with(&told(1, 500), &[1]);
    ok(&key(&town, &["rotate", "webhook"]));
    in_force(&served, "webhook", 2, Some("accepted"));
    steady.goes_on();
    signed_with(&told(1, 300), &[1, 2]);
    ok(&key(&town, &["activate", "webhook", "2"]));
    in_force(&served, "webhook", 2, Some("active"));
    steady.goes_on();
    signed_with(&told(2, 500), &[1, 2]);
    ok(&key(&town, &["retire", "webhook", "1"]));
    in_force(&served, "webhook", 1, None);
    steady.goes_on();
    signed_with(&told(2, 300), &[2]);
    steady.end();
    served.drained();
    served.stop();
    town.verified();
}

/// A node that cannot check the journal's last signature does not lead: the key of it stays until a newer one has signed.
#[test]
fn a_key_that_signed_the_journals_end_is_not_retired() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    goes(&town, &served, &purchase("on-us-rich", 100, APPROVED));
    served.stop();
    ok(&key(&town, &["rotate", "audit"]));
    let needed = refused(&key(&town, &["retire", "audit", "1"]));
    assert!(needed.contains("the journal's last record"), "{needed}");
    assert!(needed.contains("the last checkpoint, over record"), "{needed}");
    let served = town.serve();
    in_force(&served, "audit", 2, Some("active"));
    goes(&town, &served, &purchase("on-us-rich", 100, APPROVED));
    served.stop();
    ok(&key(&town, &["retire", "audit", "1"]));
    // It leads behind a signature of the new key.
    let served = town.serve();
    goes(&town, &served, &purchase("on-us-rich", 100, APPROVED));
    served.stop();
}
