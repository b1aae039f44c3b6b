//! Keys in a device with the real program: a token of SoftHSM2 wraps a town's key store and signs its checkpoints and days. Keys are
//! exchanged in key blocks.

use crate::audit::{Insider, anchored, lines, verify};
use crate::harness::{Served, Town, requested, signed_in, wait_for};
use crate::keys::{Steady, in_force, ok, private};
use crate::rules::json_of;
use crate::runs_on::{metric, taps};
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use kazasu_ledger::Body;
use kazasu_schemas::jst::BusinessDay;
use kazasu_security::keys::{Done, KeyName, KeyState, Material, NewKey};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

const TOKEN: &str = "kazasu-town";
const PIN: &str = "48151623";

/// Where Debian and Fedora have the module.
fn module() -> &'static str {
    let known =
        ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/lib/pkcs11/libsofthsm2.so"];
    known.into_iter().find(|path| Path::new(path).exists()).expect("libsofthsm2.so of the package softhsm2")
}

/// A town whose configuration names a token, in which there is no key yet. Commit batches had a key of their own from the first one.
struct Bench {
    town: Town,
    /// The seed of the key that signs commit batches.
    batches: String,
}

impl Bench {
    fn new() -> Bench {
        let town = Town::empty(Sample { residents: 3, ..Sample::default() });
        std::fs::copy(town.path("keys.json"), town.path("keys.first.json")).unwrap();
        let generated = ["key", "generate", "batches", "--by", "sato", "--config", &town.config()];
        ok(&crate::harness::kazasu(&generated));
        let town = town.imported();
        for folder in ["tokens", "elsewhere"] {
            std::fs::create_dir(town.path(folder)).unwrap();
        }
        let settings = format!("directories.tokendir = {}\nlog.level = ERROR\n", town.path("tokens").display());
        std::fs::write(town.path("softhsm2.conf"), settings).unwrap();
        private(&town, "hsm.pin", &format!("{PIN}\n"));
        town.configure(&format!(
            "\n[audit]\ncheckpoint_seconds = 1\nanchor_file = \"elsewhere/anchor.jsonl\"\n\n[hsm]\nmodule = \"{}\"\ntoken = \"{TOKEN}\"\n\
             pin = \"file:hsm.pin\"\ntimeout_ms = 4000\n",
            module()
        ));
        let batches = town.secret_of("batches");
        let bench = Bench { town, batches };
        let init = ["--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "90210901"];
        let out = bench.command("softhsm2-util").args(init).output().expect("softhsm2-util of the package softhsm2");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        bench
    }

    /// With its store wrapped by the device, and its checkpoints signed there.
    fn in_device() -> Bench {
        let bench = Bench::new();
        ok(&bench.key(&["rotate", "audit", "--label", "audit"]));
        ok(&bench.key(&["wrap", "--to", "device:master"]));
        bench.town.replace_in_config("file:keys.credential", "device:master");
        bench
    }

    /// A program that finds the token.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SOFTHSM2_CONF", self.town.path("softhsm2.conf"));
        command.env("KAZASU_LANG", "en").env("XDG_STATE_HOME", "/nonexistent");
        command
    }

    fn kazasu(&self, args: &[&str]) -> Output {
        let config = self.town.config();
        let all = [args, &["--config", &config]].concat();
        self.command(env!("CARGO_BIN_EXE_kazasu")).args(signed_in(&all)).output().unwrap()
    }

    /// A command that changes keys.
    fn key(&self, args: &[&str]) -> Output {
        self.kazasu(&[&["key"], args, &["--by", "sato", "--why", "a test"]].concat())
    }

    fn keys(&self) -> Vec<Value> {
        serde_json::from_str(&ok(&self.kazasu(&["key", "list", "--json"]))).unwrap()
    }

    fn entry(&self, name: &str, version: u8) -> Value {
        let found = self.keys().into_iter().find(|key| key["key"] == name && key["version"] == version);
        found.unwrap_or_else(|| panic!("{name} {version}"))
    }

    fn serve(&self) -> Served {
        let mut command = self.command(env!("CARGO_BIN_EXE_kazasu"));
        command.args(["serve", "--json", "--config", &self.town.config()]);
        Served::start(command, &self.town.path("serve.log"))
    }

    /// A start that fails: what it says.
    fn no_start(&self) -> String {
        let out = self.kazasu(&["serve", "--json"]);
        assert_eq!((out.status.code(), out.stdout.as_slice()), (Some(2), &b""[..]));
        String::from_utf8(out.stderr).unwrap()
    }

    /// The token is taken out, or put back.
    fn token(&self, from: &str, to: &str) {
        std::fs::rename(self.town.path(from), self.town.path(to)).unwrap();
    }

    /// Two people agree on contracts: records that a person wants to have been others.
    fn approved_contracts(&self) {
        let file = self.town.path("contracts.toml");
        let propose = ["contract", "propose", file.to_str().unwrap(), "--why", "year", "--by", "suzuki", "--json"];
        let proposed = json_of(&self.kazasu(&propose));
        let (number, fingerprint) = requested(&proposed);
        let approve = ["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "checked"];
        ok(&self.kazasu(&[&approve[..], &["--by", "tanaka"]].concat()));
    }

    /// Changes the approver, computes every later hash again, and signs every later commit batch with the stolen key of batches.
    fn rewritten(&self) -> Insider<'_> {
        let insider = Insider::with_copy(&self.town, "rewritten.db");
        let entries = insider.entries();
        let is_decision = |body: &[u8]| matches!(Body::read(body), Ok(Body::ApprovalDecided(_)));
        let decided = entries.iter().rfind(|entry| is_decision(&entry.body)).unwrap();
        let Ok(Body::ApprovalDecided(mut approval)) = Body::read(&decided.body) else { unreachable!() };
        approval.by = "ito".into();
        let mut body = Vec::new();
        Body::ApprovalDecided(approval).write(&mut body);
        insider.rewrites(decided.seq, body);
        insider.signs_again(decided.seq, &self.batches);
        insider
    }
}

fn tap(bench: &Bench, served: &Served, number: u64) {
    let mut session = Session::open(&bench.town.acquirer(1, served)).unwrap();
    assert_eq!(taps(&mut session, number, "on-us-rich"), "00");
}

#[test]
fn a_device_wraps_a_towns_store_and_signs_what_auditors_trust() {
    let bench = Bench::in_device();
    let town = &bench.town;
    let public = bench.entry("audit", 2)["public"].as_str().unwrap().to_owned();
    assert_eq!(bench.entry("audit", 2)["device"], "audit");
    let checked = ok(&bench.kazasu(&["config", "check"]));
    assert!(checked.contains(&public), "auditors get it here: {checked}");
    let store = std::fs::read_to_string(town.path("keys.json")).unwrap();
    assert!(store.contains("\"from\": \"device\"") && !store.contains(&bench.batches), "{store}");

    let served = bench.serve();
    served.issuers_up(3);
    tap(&bench, &served, 700_001);
    bench.approved_contracts();
    let close = ["day", "close", "--cut-over", "--without", "acquirer 27000001", "--json", "--by", "sato"];
    json_of(&bench.kazasu(&close));
    assert!((metric(&served, "kazasu_hsm_up", "") - 1.0).abs() < f64::EPSILON);
    served.drained();
    served.stop();
    let records = town.verified().records;
    anchored(town, records);

    // The device's public key, on paper, and the anchor; and the former key, which certified people's keys at the town's beginning.
    let anchor = town.path("elsewhere/anchor.jsonl");
    let anchor_file = anchor.to_str().unwrap().to_owned();
    let first = &lines(&anchor)[0];
    assert_eq!((&first["batch_key"], &first["public"]), (&1.into(), &public.as_str().into()), "before any checkpoint");
    let former = bench.entry("audit", 1)["public"].as_str().unwrap().to_owned();
    let (code, _, said) = verify(&town.journal(), &["--trusted-key", &public, "--anchor", &anchor_file]);
    assert!(code == Some(1) && said.contains("no trusted key has certified the key that signed"), "{said}");
    let means = ["--trusted-key", &public, "--trusted-key", &former, "--anchor", &anchor_file];
    let (code, sound, said) = verify(&town.journal(), &means);
    assert_eq!((code, &sound["verified"]), (Some(0), &Value::Bool(true)), "{said}{sound}");
    assert_eq!(sound["unchecked"], serde_json::json!([]), "{sound}");
    let entries = Insider::with_copy(town, "read.db").entries();
    let signed = entries.iter().find_map(|entry| match Body::read(&entry.body) {
        Ok(Body::HeadSigned(signed)) => Some(signed),
        _ => None,
    });
    assert_eq!(hex::encode(signed.expect("the day is signed").key), public);
    let (code, _, said) = verify(&town.journal(), &["--trusted-key", &public]);
    assert_eq!(code, Some(1), "without the anchor the key of batches is unknown: {said}");

    // A thief has the key of batches, and the file.
    let insider = bench.rewritten();
    let (code, found, said) = verify(&insider.path, &means);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        found["problem"].as_str().unwrap().contains("a checkpoint of"),
        "every batch has a good signature: {found}"
    );
    let cut = Insider::with_copy(town, "cut.db");
    let end = entries.iter().rfind(|entry| entry.seq < records && entry.signature.is_some()).unwrap().seq;
    cut.cuts_off_behind(end);
    let (code, found, said) = verify(&cut.path, &means);
    assert_eq!((code, &found["record"]), (Some(1), &(end + 1).into()), "{said}");
}

#[test]
fn without_its_device_a_switch_does_not_start_and_one_that_runs_takes_taps() {
    let bench = Bench::in_device();
    let town = &bench.town;
    town.replace_in_config(module(), "/nowhere/libpkcs11.so");
    let said = bench.no_start();
    assert!(said.contains("[hsm]") && said.contains("PKCS#11 module /nowhere/libpkcs11.so"), "{said}");
    town.replace_in_config("/nowhere/libpkcs11.so", module());
    bench.token("tokens", "away");
    std::fs::create_dir(town.path("tokens")).unwrap();
    let said = bench.no_start();
    assert!(said.contains("no token has the label \"kazasu-town\""), "{said}");
    std::fs::remove_dir(town.path("tokens")).unwrap();
    bench.token("away", "tokens");
    private(town, "hsm.pin", "11111111\n");
    let said = bench.no_start();
    assert!(said.contains("token \"kazasu-town\" refuses the PIN") && !said.contains("11111111"), "{said}");
    std::fs::remove_file(town.path("hsm.pin")).unwrap();
    let said = bench.no_start();
    assert!(said.contains("the PIN of token \"kazasu-town\" cannot be read") && said.contains("hsm.pin"), "{said}");
    private(town, "hsm.pin", &format!("{PIN}\n"));

    let served = bench.serve();
    tap(&bench, &served, 700_001);
    let record = |served: &Served| served.status()["checkpoints"]["checkpoint"]["record"].as_u64();
    let before = wait_for("a checkpoint", Duration::from_secs(20), || record(&served));
    // It goes, and when it comes back its PIN is another one.
    bench.token("tokens", "away");
    private(town, "hsm.pin", "11111111\n");
    tap(&bench, &served, 700_002);
    let open = || metric(&served, "kazasu_checkpoint_open_seconds", "of=\"checkpoint\"");
    wait_for("records to wait", Duration::from_secs(30), || (open() > 3.0).then_some(()));
    assert!(metric(&served, "kazasu_hsm_up", "").abs() < f64::EPSILON);
    assert_eq!(served.get("/readyz").0, 200);
    tap(&bench, &served, 700_003);
    bench.token("away", "tokens");
    let failed = || metric(&served, "kazasu_hsm_operations_total", "outcome=\"failed\"");
    let log = || std::fs::read_to_string(town.path("serve.log")).unwrap();
    let refusals = || log().lines().filter(|line| line.contains("refuses the PIN")).count();
    wait_for("the wrong PIN", Duration::from_secs(30), || (refusals() > 0).then_some(()));
    let tried = failed();
    wait_for("more attempts to sign", Duration::from_secs(30), || (failed() >= tried + 2.0).then_some(()));
    assert_eq!(refusals(), 1, "the token was asked once: {}", log());
    tap(&bench, &served, 700_004);
    private(town, "hsm.pin", &format!("{PIN}\n"));
    wait_for("the checkpoints to catch up", Duration::from_secs(30), || (record(&served) > Some(before)).then_some(()));
    wait_for("none to wait", Duration::from_secs(30), || (open().abs() < f64::EPSILON).then_some(()));
    served.drained();
    served.stop();
    let records = town.verified().records;
    anchored(town, records);
}

#[test]
fn keys_move_into_a_device_and_back_while_taps_go_on() {
    let bench = Bench::new();
    let town = &bench.town;
    let served = bench.serve();
    served.issuers_up(3);
    let steady = Steady::start(town.acquirer(1, &served));
    steady.goes_on();
    ok(&bench.key(&["rotate", "audit", "--label", "audit"]));
    in_force(&served, "audit", 2, Some("active"));
    let public = bench.entry("audit", 2)["public"].as_str().unwrap().to_owned();
    wait_for("a checkpoint of the device", Duration::from_secs(20), || {
        let last = lines(&town.path("elsewhere/anchor.jsonl")).pop();
        last.filter(|line| line["public"] == public.as_str())
    });
    steady.goes_on();
    steady.end();
    served.drained();
    served.stop();

    commit_batches_are_signed_by_no_device(&bench);

    // The store, to the device and back.
    ok(&bench.key(&["wrap", "--to", "device:master"]));
    let closed = String::from_utf8(bench.kazasu(&["config", "check"]).stderr).unwrap();
    assert!(closed.contains("unlock must be \"device:master\""), "{closed}");
    town.replace_in_config("file:keys.credential", "device:other");
    let closed = String::from_utf8(bench.kazasu(&["config", "check"]).stderr).unwrap();
    assert!(closed.contains("the store is wrapped under the key \"master\" of a device"), "{closed}");
    town.replace_in_config("device:other", "device:master");
    ok(&bench.kazasu(&["config", "check"]));
    let shown: Value = serde_json::from_str(&ok(&bench.kazasu(&["key", "token", "--json"]))).unwrap();
    let keys: Vec<_> = shown["keys"].as_array().unwrap().iter().map(|key| (&key["label"], &key["unfit"])).collect();
    assert_eq!(keys, [(&"audit".into(), &Value::Null), (&"master".into(), &Value::Null)], "{shown}");
    assert!(shown["mechanisms"].as_array().unwrap().iter().all(|mechanism| mechanism["there"] == true), "{shown}");
    a_key_from_outside_is_shown_and_not_used(&bench);
    ok(&bench.key(&["wrap", "--to", "file:back.credential"]));
    town.replace_in_config("device:master", "file:back.credential");
    ok(&bench.kazasu(&["config", "check"]));
    let log = ok(&bench.kazasu(&["key", "log", "--json"]));
    assert_eq!(log.matches("\"wrapped\"").count(), 2, "{log}");
    let served = bench.serve();
    tap(&bench, &served, 900_001);
    served.drained();
    served.stop();
}

/// By no command, and by no store that a program wrote.
fn commit_batches_are_signed_by_no_device(bench: &Bench) {
    let town = &bench.town;
    let said = |args: &[&str]| String::from_utf8(bench.key(args).stderr).unwrap();
    assert!(said(&["rotate", "batches", "--label", "fast"]).contains("must be at hand"));
    assert!(said(&["rotate", "lookup", "--label", "x"]).contains("only audit may be in a device"));
    assert!(said(&["rotate", "audit", "--label", "audit"]).contains("is version 2"));
    let names = |name: &str| {
        let (mut store, name) = (town.key_store(), name.parse::<KeyName>().unwrap());
        let at = kazasu_engine::clock::now();
        let done = Done { at, by: "a test", why: "" };
        let ends = BusinessDay(at.jst_day().0 + 100);
        let new = NewKey { name: name.clone(), state: KeyState::Active, ends, fiscal_year: None, public: None };
        let version = store.add(new, &Material::Device("audit".into()), &done).unwrap();
        store.save("imported", Some((&name, version)), &done).unwrap();
        let out = bench.kazasu(&["config", "check"]);
        assert_eq!(out.status.code(), Some(2), "{name}");
        String::from_utf8(out.stderr).unwrap()
    };
    std::fs::rename(town.path("keys.json"), town.path("keys.good.json")).unwrap();
    std::fs::copy(town.path("keys.good.json"), town.path("keys.json")).unwrap();
    let refused = names("batches");
    assert!(refused.contains("batches 2 is the key \"audit\" of a device") && refused.contains("at hand"), "{refused}");
    std::fs::copy(town.path("keys.first.json"), town.path("keys.json")).unwrap();
    assert!(said(&["rotate", "audit", "--label", "audit"]).contains("`kazasu key generate batches`"));
    let refused = names("audit");
    assert!(refused.contains("audit 2 is in a device, which signs no commit batch"), "{refused}");
    std::fs::rename(town.path("keys.good.json"), town.path("keys.json")).unwrap();
}

fn a_key_from_outside_is_shown_and_not_used(bench: &Bench) {
    let pem = bench.town.path("outside.pem");
    let pem = pem.to_str().unwrap();
    let made = Command::new("openssl").args(["genpkey", "-algorithm", "ed25519", "-out", pem]).output().unwrap();
    assert!(made.status.success());
    let import = ["--import", pem, "--token", TOKEN, "--label", "outside", "--id", "01", "--pin", PIN];
    let out = bench.command("softhsm2-util").args(import).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let shown = ok(&bench.kazasu(&["key", "token"]));
    assert!(shown.contains("outside: signs (Ed25519); is not used: it could be taken out before"), "{shown}");
    assert!(
        shown.contains("CKM_EDDSA: there") && shown.contains("master: wraps keys (AES-256); may be used"),
        "{shown}"
    );
    let refused = String::from_utf8(bench.key(&["rotate", "audit", "--label", "outside"]).stderr).unwrap();
    assert!(refused.contains("key \"outside\" of token \"kazasu-town\" is not used"), "{refused}");
}

/// The configuration's strict errors about `[hsm]`.
#[test]
fn a_wrong_hsm_section_is_named_and_shows_no_pin() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    let plain = std::fs::read_to_string(town.config()).unwrap();
    let check = |unlock: &str, lines: &str| {
        let text = plain.replace("file:keys.credential", unlock);
        std::fs::write(town.config(), format!("{text}\n{lines}\n")).unwrap();
        let out = crate::harness::kazasu(&["config", "check", "--config", &town.config()]);
        assert_eq!(out.status.code(), Some(2), "{lines}");
        String::from_utf8(out.stderr).unwrap()
    };
    let stays = "file:keys.credential";
    let hsm =
        |module: &str, token: &str, rest: &str| format!("[hsm]\nmodule = \"{module}\"\ntoken = \"{token}\"\n{rest}");
    let (so, pin) = ("/usr/lib/x.so", "pin = \"file:hsm.pin\"");
    for (lines, expected) in [
        (hsm("x.so", "t", pin), "[hsm]: module: expected the absolute path"),
        (hsm(so, "", pin), "[hsm]: token: expected a token's label of 1 to 32 bytes"),
        (hsm(so, "t", "pin = \"4815162342\""), "[hsm]: pin: expected \"credential:NAME\" or \"file:PATH\""),
        (hsm(so, "t", "pin = 4815162342"), "[hsm]: pin: expected \"credential:NAME\" or \"file:PATH\""),
        (hsm(so, "t", "pin = \"fd:3\""), "[hsm]: pin: expected"),
        (hsm(so, "t", &format!("{pin}\ntimeout_ms = 5")), "[hsm]: timeout_ms must be 100 to 60000, got 5"),
        (hsm(so, "t", &format!("{pin}\nslot = 1")), "unknown field `slot`"),
        (format!("[hsm]\nmodule = \"{so}\"\n{pin}"), "missing field `token`"),
    ] {
        let said = check(stays, &lines);
        assert!(said.contains(expected) && !said.contains("4815162342"), "{lines}\n{said}");
    }
    let said = check("device:master", "");
    assert!(said.contains("keys.unlock = \"device:master\" needs [hsm]"), "{said}");
}

/// `kazasu key` at one of two parties.
fn key(town: &Town, args: &[&str]) -> Output {
    crate::harness::kazasu(&[&["key"], args, &["--config", &town.config(), "--by", "sato", "--why", "a test"]].concat())
}

fn kcv_of(town: &Town, name: &str, version: u8) -> String {
    town.key_store().entry(&name.parse().unwrap(), version).unwrap().kcv.clone()
}

#[test]
fn keys_are_exchanged_in_key_blocks_by_two_people() {
    let [ours, theirs] = [0, 1].map(|_| Town::empty(Sample { residents: 0, ..Sample::default() }));
    for town in [&ours, &theirs] {
        let (a, b) = (private(town, "a.part", &"1a".repeat(32)), private(town, "b.part", &"2b".repeat(32)));
        let import = ["import", "protection.acme", "--component-file", &a, "--component-file", &b];
        ok(&key(town, &import));
    }
    // Another key of ours than of the sample's other town.
    ours.put_key("acquirer.27000001", &"5e".repeat(32), KeyState::Active);
    let (name, under) = ("acquirer.27000001", ["--under", "protection.acme"]);
    let two = ["--second", "suzuki"];
    let kcv = kcv_of(&ours, name, 2);
    let block = ok(&key(&ours, &[&["export-block", name], &under[..], &two].concat()));
    let block = block.trim();
    assert!(block.starts_with('D') && block.lines().count() == 1 && !block.contains(&"5E".repeat(8)), "{block}");
    assert_eq!(&block[5..7], "B3", "{block}");
    let log = ok(&crate::harness::kazasu(&["key", "log", "--config", &ours.config()]));
    assert!(log.lines().last().unwrap().contains("exported") && log.contains("sato + suzuki"), "{log}");

    let file = private(&theirs, "block.txt", &format!("{block}\n"));
    let import = |name: &str, file: &str, more: &[&str]| {
        key(&theirs, &[&["import-block", name, file, "--kcv", &kcv], &under[..], more].concat())
    };
    let said = |out: &Output| String::from_utf8_lossy(&out.stderr).into_owned();
    let alone = said(&import(name, &file, &["--second", "Sato"]));
    assert!(alone.contains("two people do this"), "{alone}");
    let unwatched = said(&import(name, &file, &[]));
    assert!(unwatched.contains("--second NAME"), "{unwatched}");
    let other_use = said(&import("webhook", &file, &two));
    assert!(other_use.contains("key usage (position 6)") && other_use.contains("B3"), "{other_use}");
    let sealing = said(&import("vault.cards", &file, &two));
    assert!(sealing.contains("it is in no key block"), "{sealing}");
    let altered = private(&theirs, "altered.txt", &block.replacen("B3AX", "B3AN", 1).replacen("B3HX", "B3HN", 1));
    let altered = said(&import(name, &altered, &two));
    assert!(altered.contains("it is not authentic"), "{altered}");
    let another = key(&theirs, &[&["import-block", name, &file, "--kcv", "000000"], &under[..], &two].concat());
    assert!(said(&another).contains("nothing was written"), "{}", said(&another));
    assert_eq!(theirs.key_store().versions(&name.parse().unwrap()).count(), 1, "nothing of this came in");

    let taken = ok(&import(name, &file, &two));
    assert!(taken.contains("acquirer.27000001 2: accepted"), "{taken}");
    assert_eq!(kcv_of(&theirs, name, 2), kcv);
    assert_eq!(theirs.key_store().active(&name.parse().unwrap()).unwrap().version, 1, "it is active when it is said");
    let refused_twice = said(&import(name, &file, &two));
    assert!(refused_twice.contains("the same key twice"), "{refused_twice}");
}
