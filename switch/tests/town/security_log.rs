//! The security log on the real programs: every refusal and every look leaves a line, through kills and a full disk, and no one changes
//! one unseen.

use crate::codes::APPROVED;
use crate::harness::DO;
use crate::harness::{Served, Town, by_two, kazasu, request, wait_for};
use crate::rules::pointer;
use crate::rules::{call, token};
use crate::runs_on::taps;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, named_ppid};
use kazasu_ledger::record::{Body, CutOver, Maker};
use kazasu_security_log::value::Word;
use kazasu_security_log::{Event, Log, Settings, Start};
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

/// A town whose residents pay here.
fn town() -> Town {
    Town::new(Sample { residents: 0, ..Sample::default() })
}

fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// `kazasu audit …`.
fn audit(town: &Town, args: &[&str]) -> Output {
    kazasu(&[&["audit"][..], args, &["--config", &town.config()]].concat())
}

/// Lines of the log, as programs read them.
fn lines(town: &Town, filter: &[&str]) -> Vec<Value> {
    let out = audit(town, &[&["log", "--json"][..], filter].concat());
    assert!(out.status.success(), "{}", text(&out));
    String::from_utf8(out.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn sound(town: &Town) {
    let out = audit(town, &["verify-log"]);
    assert!(out.status.success(), "{}", text(&out));
}

/// The files of the switch's log, the oldest first.
fn files(town: &Town) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(town.path("data/security-log/node")).unwrap();
    let mut all: Vec<_> = folder.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some()).collect();
    all.sort();
    all
}

/// A resident of the town.
fn resident() -> String {
    named_ppid("on-us-rich").to_string()
}

/// Two hundred requests of three kinds: unknown tokens, what a portal may not ask, and looks without a reason.
fn ask_two_hundred(served: &Served, (portal, operator): (&str, &str), ppid: &str) {
    for n in 0..50 {
        assert_eq!(call(served, "GET", "/api/v1/policy", &format!("wrong-{n}"), &Value::Null).0, 401);
        assert_eq!(call(served, "GET", "/api/v1/notices", portal, &Value::Null).0, 403);
        assert_eq!(call(served, "GET", &format!("/api/v1/residents/{ppid}"), operator, &Value::Null).0, 400);
        let looked = call(served, "GET", &format!("/api/v1/residents/{ppid}?why=call%20{n}"), operator, &Value::Null);
        assert_eq!(looked.0, 200, "{}", looked.1);
    }
}

#[test]
fn every_refusal_and_every_look_leaves_a_line_that_a_kill_does_not_take() {
    let town = town();
    let served = town.serve();
    let (portal, operator, ppid) = (token(&town, "portals", "portal"), token(&town, "", "token"), resident());
    ask_two_hundred(&served, (&portal, &operator), &ppid);
    // A look is durable when its answer comes; so is everything before it.
    served.kill();
    sound(&town);
    let all = lines(&town, &[]);
    let of = |event: &str, outcome: &str| {
        all.iter().filter(|l| l["event"] == event && l["outcome"].as_str().unwrap_or_default() == outcome).count()
    };
    assert_eq!(of("request_refused", ""), 50, "unknown tokens");
    assert_eq!(of("look", "refused"), 100, "a portal's, and looks without a reason");
    assert_eq!(of("look", "allowed"), 50);
    assert_eq!(of("started", ""), 1);
    assert!(of("command", "allowed") >= 3, "the imports of the town: {}", of("command", "allowed"));
    let looked = lines(&town, &["--resident", &ppid, "--kind", "look", "--outcome", "allowed", "--why", "a test"]);
    let whys: Vec<_> = looked.iter().map(|line| line["why"].as_str().unwrap().to_owned()).collect();
    assert_eq!(whys, (0..50).map(|n| format!("call {n}")).collect::<Vec<_>>());
    assert!(looked.iter().all(|line| line["by"] == "key_1" && line["operation"] == "operations.resident"));
    let unknown = kazasu_schemas::ids::Ppid::from_bytes([9; 16]).to_string();
    assert_eq!(lines(&town, &["--resident", &unknown]).len(), 1, "only the question itself, which is a line too");
    let asked = lines(&town, &["--kind", "log_read"]);
    assert!(asked.iter().any(|line| line["why"] == "a test"), "a question about the log is in it: {asked:?}");
    // Nothing that must not be there, in any file.
    for file in files(&town) {
        let text = std::fs::read_to_string(file).unwrap();
        for secret in [ppid.as_str(), &portal, &operator] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    // The switch goes on behind what the kill left.
    let served = town.serve();
    assert_eq!(call(&served, "GET", &format!("/api/v1/residents/{ppid}?why=again"), &operator, &Value::Null).0, 200);
    let table = text(&audit(&town, &["log", "--person", "key_1", "--kind", "look", "--outcome", "allowed"]));
    assert!(table.contains("again") && table.contains("a look at"), "{table}");
    let syslog = text(&audit(&town, &["export-log", "--format", "syslog", "--kind", "look", "--outcome", "allowed"]));
    assert_eq!(
        syslog.lines().filter(|line| line.starts_with("<109>1 20") && line.contains("[kazasu@32473 ")).count(),
        51
    );
    served.stop();
    sound(&town);
    assert_eq!(lines(&town, &["--kind", "stopped"]).len(), 1);
}

#[test]
fn a_changed_byte_and_a_removed_line_are_found() {
    let town = town();
    let served = town.serve();
    let (operator, ppid) = (token(&town, "", "token"), resident());
    for n in 0..5 {
        call(&served, "GET", &format!("/api/v1/residents/{ppid}?why=call%20{n}"), &operator, &Value::Null);
    }
    served.stop();
    let out = audit(&town, &["verify-log", "--json"]);
    let checked: Value = serde_json::from_slice(&out.stdout).unwrap();
    let head = checked["logs"][0]["head"].as_str().unwrap().to_owned();
    assert!(audit(&town, &["verify-log", "--head", &head]).status.success());
    let file = files(&town).remove(0);
    let whole = std::fs::read_to_string(&file).unwrap();
    let all: Vec<&str> = whole.lines().collect();
    let at = all.iter().position(|line| line.contains("call 2")).unwrap();
    let without = [&all[..at], &all[at + 1..]].concat().join("\n") + "\n";
    let cut = all[..all.len() - 1].join("\n") + "\n";
    for (damaged, args, says) in [
        (whole.replace("call 2", "call 7"), &[][..], "was changed"),
        (without, &[][..], "are missing"),
        (cut, &["--head", head.as_str()][..], "is not there"),
    ] {
        std::fs::write(&file, damaged).unwrap();
        let out = audit(&town, &[&["verify-log"][..], args].concat());
        assert_eq!(out.status.code(), Some(1), "{}", text(&out));
        assert!(text(&out).contains(says), "{says}: {}", text(&out));
    }
    std::fs::write(&file, whole).unwrap();
    sound(&town);
}

/// The limit on the size of files that stands for a full disk, KiB. The journal stays far below it.
const LIMIT: u64 = 16_000;

/// Lines up to the limit, written by the log itself.
fn fill(town: &Town) {
    let settings = Settings::new(&town.path("data/security-log/node"), "alone", kazasu_engine::clock::now);
    let folder = settings.folder.clone();
    let log = Log::start(settings).unwrap();
    let (version, configuration) = (Word::new("filler"), kazasu_security_log::Digest::default());
    let event = Event::Started(Start { version, configuration });
    town.runtime.block_on(async {
        log.must(event.clone()).await.unwrap();
        let file = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let file = file.into_iter().find(|path| path.extension().is_some()).unwrap();
        let room = || LIMIT * 1_024 - std::fs::metadata(&file).unwrap().len();
        while room() > 200_000 {
            (0..500).for_each(|_| log.note(event.clone()));
            log.must(event.clone()).await.unwrap();
        }
        while room() > 2_000 {
            log.must(event.clone()).await.unwrap();
        }
        log.close().await;
    });
}

#[test]
fn a_full_disk_refuses_what_must_be_logged_and_taps_go_on() {
    let town = town();
    fill(&town);
    let mut command = Command::new("bash");
    let limited = format!("trap '' XFSZ; ulimit -S -f {LIMIT}; exec \"$0\" serve --json --config \"$1\"");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_kazasu"), &town.config()]);
    let served = Served::start(command, &town.path("serve.log"));
    let (operator, ppid) = (token(&town, "", "token"), resident());
    let looks = || call(&served, "GET", &format!("/api/v1/residents/{ppid}?why=call"), &operator, &Value::Null);
    let refused = wait_for("the disk to be full", Duration::from_secs(20), || {
        let (status, value) = looks();
        assert!([200, 503].contains(&status), "{status} {value}");
        (status == 503).then_some(value)
    });
    let why = refused["detail"].as_str().unwrap();
    assert!(why.starts_with("the security log cannot be written (") && why.contains("File too large"), "{why}");
    // What need not be logged first goes on, and so do taps.
    assert_eq!(call(&served, "GET", "/api/v1/policy", &operator, &Value::Null).0, 200);
    let (status, body) = served.get("/readyz");
    assert!(status == 200 && body.contains("the security log cannot be written"), "{status} {body}");
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    for number in 1..=20 {
        assert_eq!(taps(&mut session, number, "on-us-rich"), APPROVED, "tap {number}");
    }
    assert_eq!(looks().0, 503);
    // Somebody makes room.
    let pid = served.pid().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().unwrap().success());
    wait_for("looks to be answered again", Duration::from_secs(10), || (looks().0 == 200).then_some(()));
    assert_eq!(taps(&mut session, 50, "on-us-rich"), APPROVED);
    served.stop();
    sound(&town);
    let gaps = lines(&town, &["--kind", "unwritable"]);
    assert!(!gaps.is_empty() && gaps[0]["reason"].as_str().unwrap().contains("File too large"), "{gaps:?}");
    town.verified();
}

#[test]
fn a_flood_of_unknown_tokens_is_counted_and_the_command_lines_work_is_told() {
    let town = town();
    let served = town.serve();
    for n in 0..200 {
        let token = format!("Bearer flood-{n}");
        let (status, _) = request(served.http, "GET", "/api/v1/policy", &[("authorization", &token)], b"").unwrap();
        assert_eq!(status, 401);
    }
    served.stop();
    assert_eq!(lines(&town, &["--kind", "request_refused"]).len(), 60);
    let counted = lines(&town, &["--kind", "requests_refused"]);
    assert_eq!((counted.len(), &counted[0]["count"], &counted[0]["status"]), (1, &json!(140), &json!(401)));
    // Offline: the journal itself is worked on, with the key file.
    let out = kazasu(&["policy", "show", "--config", &town.config()]);
    assert!(out.status.success(), "{}", text(&out));
    let used = lines(&town, &["--kind", "key_file_used"]);
    let shown: Vec<_> = used.iter().filter(|line| line["tool"] == "policy show").collect();
    assert_eq!((shown.len(), &shown[0]["via"], &shown[0]["by"]), (1, &json!("offline"), &json!("offline")));
    let asked = lines(&town, &["--kind", "question"]);
    assert!(asked.iter().any(|line| line["operation"] == "operations.policy" && line["via"] == "offline"));
    // A changed configuration is told at the next start.
    town.configure("\n# another line\n");
    let served = town.serve();
    served.stop();
    assert_eq!(lines(&town, &["--kind", "configuration_changed"]).len(), 1);
    sound(&town);
}

/// Records that once named no one: who caused them, by their kinds.
fn makers(town: &Town) -> Vec<(&'static str, Option<Maker>)> {
    let mut out = Vec::new();
    town.runtime.block_on(async {
        let mut reader = SqliteStore::new(town.journal()).reader().await.unwrap();
        for entry in reader.scan(1, 10_000).await.unwrap() {
            match Body::read(&entry.body).unwrap() {
                Body::MerchantRegistered(r) => out.push(("merchant", r.maker)),
                Body::DepositOpened(r) => out.push(("deposit", r.maker)),
                Body::Funded(r) => out.push(("funded", r.maker)),
                Body::CutOver(CutOver { by: Some(by), via, .. }) => {
                    out.push(("cut over", Some(Maker { by, via: via.unwrap_or_default(), approval: None })));
                }
                _ => {}
            }
        }
    });
    out
}

#[test]
fn imports_and_days_that_are_ended_by_hand_name_who_and_through_what() {
    let town = town();
    let served = town.serve();
    let operator = token(&town, "", "token");
    let file = town.path("shop.csv");
    std::fs::write(&file, "merchant,acquirer,name,mcc\nM40000000000001,27000001,A shop,5411\n").unwrap();
    let out = by_two(&town, &["merchant", "import", file.to_str().unwrap()], ["sato", "tanaka"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let day = served.status()["business_day"].as_str().unwrap().to_owned();
    let cut = json!({ "do": "cut_over", "day": day, "why": "a test" });
    assert_eq!(call(&served, DO, "closing", &operator, &cut).0, 200);
    served.stop();
    let all = makers(&town);
    // The key file's program over HTTP; who keeps the journal, offline.
    let maker = |by: &str, via: &str| Some(Maker { by: by.into(), via: via.into(), approval: None });
    for kind in ["merchant", "deposit", "funded"] {
        let some = all.iter().filter(|(of, _)| *of == kind).collect::<Vec<_>>();
        assert!(!some.is_empty() && some[0].1 == maker("offline", "offline"), "{kind}: {some:?}");
    }
    assert_eq!(all[all.len() - 1], ("cut over", maker("key_1", "api")));
    let (kind, shop) = &all[all.len() - 2];
    let (shop, (state, _)) = (shop.as_ref().unwrap(), town.fold());
    assert_eq!((*kind, state.rights().name_of(&shop.by), shop.via.as_str()), ("merchant", Some("sato"), "api"));
    assert!(shop.approval.is_some(), "under what two people approved");
}

#[test]
fn sign_ins_and_their_refusals_have_lines_with_the_network_and_without_what_was_typed() {
    let town = town();
    let served = town.serve();
    let typed = "correct horse battery staple";
    let sign_in = |name: &str, password: &str| {
        let body = json!({ "do": "sign_in", "name": name, "password": password }).to_string();
        request(served.http, DO, "people", &[], body.as_bytes()).unwrap().0
    };
    assert_eq!(sign_in("suzuki", typed), 401);
    // A password in the wrong field.
    assert_eq!(sign_in(typed, "x"), 401);
    let throttled = wait_for("attempts to be slowed down", Duration::from_secs(20), || {
        let status = sign_in("suzuki", typed);
        assert!([401, 429].contains(&status), "{status}");
        (status == 429).then_some(status)
    });
    assert_eq!(throttled, 429);
    let file = |name: &str| -> toml::Value {
        toml::from_str(&std::fs::read_to_string(town.path(&format!("people/{name}.toml"))).unwrap()).unwrap()
    };
    let tanaka = file("tanaka");
    let recovery = tanaka["recovery"][0].as_str().unwrap();
    let body = json!({ "do": "sign_in", "name": "tanaka", "password": tanaka["password"].as_str().unwrap(), "code": recovery });
    let body = body.to_string();
    // The network has to wait for the attempts at another name first.
    let session = wait_for("the network's wait", Duration::from_secs(60), || {
        let (status, text) = request(served.http, DO, "people", &[], body.as_bytes()).unwrap();
        assert!([200, 429].contains(&status), "{status} {text}");
        (status == 200).then(|| serde_json::from_str::<Value>(&text).unwrap()["session"].as_str().unwrap().to_owned())
    });
    assert_eq!(call(&served, DO, "people", &session, &json!({ "do": "sign_out" })).0, 200);
    let metrics = wait_for("the figures", Duration::from_secs(10), || {
        let text = served.get("/metrics").1;
        let lines = text.lines().find(|line| line.starts_with("kazasu_security_log_lines_total"))?;
        let count = lines.rsplit(' ').next()?.parse::<f64>().ok()?;
        (count > 5.0).then_some(text)
    });
    for name in ["kazasu_security_log_bytes_total", "kazasu_security_log_last_line_seconds"] {
        assert!(
            metrics.lines().any(|line| line.starts_with(name) && !line.ends_with(" 0")) || name.ends_with("seconds")
        );
    }
    assert!(metrics.contains("kazasu_security_log_write_failures_total 0"));
    served.stop();
    sound(&town);
    let refused = lines(&town, &["--kind", "sign_in_refused"]);
    let of_suzuki: Vec<_> = refused.iter().filter(|line| !line["about"].is_null()).collect();
    assert!(of_suzuki.len() >= 2 && refused.len() > of_suzuki.len(), "{refused:?}");
    assert!(of_suzuki[0]["about"][0].as_str().unwrap().starts_with("person per_"), "{:?}", of_suzuki[0]);
    assert!(refused.iter().any(|line| line["reason"].as_str().unwrap().contains("too many attempts")));
    assert!(refused.iter().all(|line| line["network"] == "127.0.0.1"));
    let signed_in = lines(&town, &["--kind", "signed_in", "--person", "per_"]);
    let signed_in = if signed_in.is_empty() { lines(&town, &["--kind", "signed_in"]) } else { signed_in };
    let by = signed_in.iter().find(|line| line["via"] == "api").unwrap()["by"].as_str().unwrap().to_owned();
    assert!(by.starts_with("per_"), "{by}");
    let signed_out = lines(&town, &["--kind", "signed_out"]);
    assert_eq!((signed_out.len(), signed_out[0]["by"].as_str()), (1, Some(by.as_str())));
    for file in files(&town) {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("battery"), "what was typed is not kept");
    }
}

#[test]
fn what_takes_a_reason_is_refused_without_one_and_the_matrix_says_which() {
    let town = town();
    let served = town.serve();
    let (tanaka, operator) = (town.session("tanaka"), token(&town, "", "token"));
    let finance = town.session("sato");
    for (method, path, caller) in [
        ("GET", format!("/api/v1/residents/{}", resident()), &operator),
        ("GET", format!("/api/v1/residents/{}/statement?from=2026-11-01&until=2026-11-30", resident()), &operator),
        ("POST", "/api/v1/closing/payouts/7/file".to_owned(), &operator),
        ("GET", "/api/v1/closing/explain/7".to_owned(), &finance),
        ("GET", "/api/v1/reports/fees".to_owned(), &finance),
        ("GET", "/api/v1/reports/settlements/7/letter".to_owned(), &finance),
        ("GET", "/api/v1/relief/programmes/100/report".to_owned(), &finance),
    ] {
        let (status, value) = call(&served, method, &path, caller, &json!({}));
        assert_eq!((status, pointer(&value).as_str()), (400, "why"), "{path}: {value}");
    }
    // A batch that is not there is told first: whose it is decides who may ask.
    assert_eq!(call(&served, "POST", "/api/v1/relief/batches/0/transfer", &tanaka, &json!({})).0, 404);
    served.stop();
    let out = kazasu(&["access", "matrix", "--json"]);
    let rows: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    let with: Vec<&str> =
        rows.iter().filter(|row| row["reason"] == true).map(|row| row["operation"].as_str().unwrap()).collect();
    assert_eq!(
        with,
        [
            "resident",
            "resident_statement",
            "find_resident",
            "resident_taps",
            "payout_files",
            "reveal_payee",
            "payment",
            "explain",
            "report",
            "letter",
            "clearing_file",
            "transfer_files",
            "report"
        ]
    );
    // An export's reason is in its line, with who made it.
    let exported =
        kazasu(&["report", "fees", "--why", "for the auditors", "--json", "--by", "sato", "--config", &town.config()]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let log = lines(&town, &["--kind", "export"]);
    assert!(
        log.iter().any(|line| line["why"] == "for the auditors" && line["operation"] == "closing.report"),
        "{log:?}"
    );
    let unsaid = kazasu(&["report", "fees", "--by", "sato", "--config", &town.config()]);
    assert!(String::from_utf8_lossy(&unsaid.stderr).contains("--why"), "{unsaid:?}");
}

#[test]
fn a_call_centre_finds_the_caller_by_a_spoken_id_or_a_receipt_and_says_why() {
    let town = town();
    let served = town.serve();
    let operator = token(&town, "", "token");
    let acquirer = town.acquirer(1, &served);
    let mut session = Session::open(&acquirer).unwrap();
    assert_eq!(taps(&mut session, 1, "on-us-rich"), APPROVED);
    let (_, state) = (town.verified(), town.fold().0);
    let tap = state.taps().last().unwrap();
    let (record, yen) = (tap.seq, tap.amount.get());
    let find = |body: Value| call(&served, DO, "operations", &operator, &body);
    let spoken = resident().to_lowercase();
    let (groups, rest) = spoken.split_at(13);
    let spoken = format!("{groups} {rest}");
    assert_eq!(find(json!({ "do": "find_resident", "ppid": spoken })).0, 400, "without a reason");
    let (status, found) = find(json!({ "do": "find_resident", "ppid": spoken, "why": "a call" }));
    assert_eq!((status, &found[0]["ppid"]), (200, &json!(resident())), "{found}");
    let terminal = acquirer.merchant("shop").unwrap().terminals[0].to_string();
    let at = kazasu_engine::clock::now().jst_text();
    let receipt = json!({ "do": "find_resident", "terminal": terminal, "at": at, "amount": yen, "why": "a call" });
    let (status, found) = find(receipt);
    assert_eq!((status, &found[0]["ppid"], &found[0]["record"]), (200, &json!(resident()), &json!(record)), "{found}");
    for (key, wrong, status) in
        [("amount", json!(yen + 1), 404), ("at", json!("2026-01-01"), 404), ("terminal", json!("T9999999"), 400)]
    {
        let mut other =
            json!({ "do": "find_resident", "terminal": terminal, "at": at, "amount": yen, "why": "a call" });
        other[key] = wrong;
        assert_eq!(find(other).0, status, "{key}");
    }
    served.stop();
    let looks = lines(&town, &["--resident", &resident(), "--kind", "look", "--outcome", "allowed", "--why", "a test"]);
    assert_eq!(looks.iter().filter(|line| line["operation"] == "operations.find_resident").count(), 2, "{looks:?}");
}
