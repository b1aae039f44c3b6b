//! What breaks inside the switch or around it must not end it, and must not leave it half alive: logs that no program takes, and
//! tasks that panic.

use crate::bad_input::{code, frame, purchase};
use crate::codes::{APPROVED, NO_ROUTE, SECURITY_VIOLATION};
use crate::harness::{Served, Town, request, wait_for};
use crate::rules::{call, token};
use kazasu_acquirer_sim::session::Session;
use kazasu_core::State;
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::ids::Rrn;
use kazasu_schemas::iso8583::Message;
use kazasu_schemas::wire::Request;
use kazasu_security::keys::KeyState;
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A town whose issuers answer soon or not at all.
fn town() -> Town {
    Town::new(Sample { residents: 0, issuer_timeout_ms: 700, ..Sample::default() })
}

/// One tap with this card; its answer.
pub(crate) fn taps(session: &mut Session, number: u64, card: &str) -> String {
    let mut request = purchase(&session.config, number);
    request.ppid = Some(session.config.cards[card]);
    let bytes = frame(session, &request);
    session.raw(&bytes).unwrap();
    code(session)
}

/// A metric's value: the sum over its series that have this label.
pub(crate) fn metric(served: &Served, name: &str, label: &str) -> f64 {
    let (_, text) = served.get("/metrics");
    let mine = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
    mine.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

/// Messages that are refused with a warning in the log.
fn wrong_macs(session: &mut Session, first: u64, n: u64) {
    for number in first..first + n {
        let request = purchase(&session.config, number);
        let mut message = Message::default();
        request.to_message(session.config.ppid_in, &mut message);
        let key = session.keys.from_switch.clone();
        session.send(&mut message, Some(&key)).unwrap();
        assert_ne!(code(session), APPROVED);
    }
}

/// Everything that a tap needs works.
fn is_well(town: &Town, served: &Served, number: u64) {
    served.issuers_up(3);
    wait_for("readiness", Duration::from_secs(10), || (served.get("/readyz").0 == 200).then_some(()));
    for acquirer in 1..=3 {
        let mut session = Session::open(&town.acquirer(acquirer, served)).unwrap();
        assert_eq!(taps(&mut session, number, "credit-ok"), APPROVED);
        assert_eq!(taps(&mut session, number + 1, "on-us-rich"), APPROVED);
    }
}

#[test]
fn logs_that_cannot_be_written_cost_lines_and_nothing_else() {
    let town = town();
    for (round, stderr) in ["full", "gone", "unread"].into_iter().enumerate() {
        let first = 10_000 * (u64::try_from(round).unwrap() + 1);
        let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
        command.args(["serve", "--json", "--config", &town.config()]);
        command.stderr(match stderr {
            "full" => std::fs::File::options().write(true).open("/dev/full").unwrap().into(),
            _ => Stdio::piped(),
        });
        let mut served = Served::start_as_is(command, &town.path("serve.log"));
        let kept = (stderr == "unread").then(|| served.stderr());
        if stderr == "gone" {
            drop(served.stderr());
        }
        served.issuers_up(3);
        let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
        // A pipe holds 64 KiB, which is a few hundred lines, and the queue behind it some thousand.
        wrong_macs(&mut session, first, 3_000);
        if stderr == "unread" {
            wrong_macs(&mut session, first + 3_000, 8_000);
        }
        // The issuer closes the connection instead of answering: unknown, not silence.
        assert_ne!(taps(&mut session, first + 9_001, "credit-disconnect"), APPROVED, "{stderr}");
        served.issuers_up(3);
        assert_eq!(taps(&mut session, first + 9_002, "credit-ok"), APPROVED, "{stderr}");
        is_well(&town, &served, first + 9_010);
        wait_for("the number of lost lines", Duration::from_secs(10), || {
            (metric(&served, "kazasu_log_lines_lost_total", "") > 0.0).then_some(())
        });
        served.stop();
        drop(kept);
    }
    town.verified();
}

#[test]
fn a_task_that_breaks_off_is_started_again_whatever_its_kind() {
    let town = town();
    town.configure("\n[outbox]\nfirst_pause_ms = 100\n\n[outbox.webhook]\nurl = \"http://127.0.0.1:9/notices\"\n");
    town.put_key("webhook", "00112233445566778899aabbccddeeff", KeyState::Active);
    let served = town.serve();
    let token = token(&town, "", "token");
    is_well(&town, &served, 1);
    // (The outbox's workers come by their place only with a notice in their hands; `outbox` has a test of its own.)
    let kinds = [
        "listener",
        "acquirer_connection",
        "acquirer_writer",
        "issuer_connection",
        "http",
        "http_connection",
        "tick",
        "statements",
        "transactions",
        "upkeep",
        "certificates",
        "webhooks",
        "log",
        "wal",
    ];
    let mut paid = 0;
    for (round, kind) in kinds.into_iter().enumerate() {
        let first = 1_000 * (u64::try_from(round).unwrap() + 1);
        let label = format!("task=\"{kind}\"");
        let mut open = Session::open(&town.acquirer(1, &served)).unwrap();
        assert_eq!(metric(&served, "kazasu_task_ended_total", &label), 0.0, "{kind}");
        let links = metric(&served, "kazasu_connections_open", "");
        assert_eq!(call(&served, "POST", &format!("/api/v1/break/{kind}"), &token, &Value::Null).0, 202);
        wait_for(kind, Duration::from_secs(15), || {
            // What comes by makes the tasks come by their places.
            let mut next = Session::connect(&town.acquirer(1, &served)).ok()?;
            let _ = next.sign_on();
            if kind == "wal" {
                // The write-ahead log is moved every few hundred commits.
                (0..50).for_each(|_| {
                    paid += 1;
                    assert_eq!(taps(&mut open, 100_000 + paid, "on-us-rich"), APPROVED);
                });
            }
            (metric(&served, "kazasu_task_ended_total", &label) >= 1.0).then_some(())
        });
        is_well(&town, &served, first);
        if kind != "acquirer_connection" {
            assert_eq!(taps(&mut open, first + 500, "credit-ok"), APPROVED, "{kind}: a link that was open");
        }
        drop(open);
        wait_for("places given back", Duration::from_secs(10), || {
            (metric(&served, "kazasu_connections_open", "") < links).then_some(())
        });
    }
    served.stop();
    town.verified();
}

/// The core and the writer hold the money's state: the process ends with what is durable, and says why.
#[test]
fn a_core_or_a_writer_that_panics_ends_the_process_with_1() {
    let town = town();
    for (round, kind) in ["writer", "core"].into_iter().enumerate() {
        let served = town.serve();
        let token = token(&town, "", "token");
        let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
        assert_eq!(call(&served, "POST", &format!("/api/v1/break/{kind}"), &token, &Value::Null).0, 202);
        let request = purchase(&session.config, u64::try_from(round).unwrap() + 1);
        let bytes = frame(&session, &request);
        session.raw(&bytes).unwrap();
        assert_eq!(served.ends(), Some(1), "{kind}");
    }
    town.verified();
}

/// What `promtool check metrics` looks at, and that series are there before anything happened.
#[test]
fn metrics_are_as_prometheus_wants_them_and_there_from_the_start() {
    let town = town();
    let served = town.serve();
    let (_, text) = served.get("/metrics");
    let mut helped = std::collections::BTreeSet::new();
    let mut typed = std::collections::BTreeMap::new();
    let mut seen = std::collections::BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(help.len() > 10 && helped.insert(name.to_owned()), "{line}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(typed.insert(name.to_owned(), kind.to_owned()).is_none(), "{line}");
            assert!(helped.contains(name), "no help before: {line}");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
        } else {
            let series = line.rsplit_once(' ').unwrap().0;
            assert!(seen.insert(series.to_owned()), "twice: {series}");
            let name = series.split('{').next().unwrap();
            let parts = ["_bucket", "_sum", "_count"];
            let family = parts.iter().find_map(|part| name.strip_suffix(part)).filter(|f| typed.contains_key(*f));
            assert!(typed.contains_key(family.unwrap_or(name)), "no type: {line}");
        }
    }
    for refusal in kazasu_schemas::wire::Refusal::ALL {
        let series = format!("kazasu_refusals_total{{refusal=\"{}\"}}", refusal.name());
        assert!(text.lines().any(|line| line == format!("{series} 0")), "{series}\n{text}");
    }
    for part in ["wait", "write", "sync", "release", "checkpoint"] {
        assert!(seen.contains(&format!("kazasu_commit_seconds_count{{part=\"{part}\"}}")), "{part}");
    }
    for there in
        ["kazasu_leads_lost_total", "kazasu_unanswered_total", "kazasu_log_lines_lost_total", "kazasu_connections_open"]
    {
        assert!(seen.contains(there), "{there}");
    }
    assert_eq!(text.matches("\nkazasu_issuer_connection_up{").count(), 4, "each issuer, also the one that is away");
    assert_eq!(text.matches("\nkazasu_task_up{task=\"issuer_connection\"").count(), 4);
    for kind in ["acquirer_writer", "http_connection", "wal", "log"] {
        assert!(seen.contains(&format!("kazasu_task_up{{task=\"{kind}\",which=\"\"}}")), "{kind}");
        assert!(seen.contains(&format!("kazasu_task_ended_total{{task=\"{kind}\",which=\"\"}}")), "{kind}");
    }
    assert_eq!(text.matches("\nkazasu_acquirer_connections{").count(), 3);

    // A refusal counts by its name.
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    assert_eq!(taps(&mut session, 1, "no-route"), NO_ROUTE);
    assert_eq!(metric(&served, "kazasu_refusals_total", "no_route_to_issuer"), 1.0);
    served.stop();
}

/// Runs a command with this standard output; its exit code and what it said on standard error.
fn with_output(args: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    let out = command.args(args).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
    (out.status.code(), String::from_utf8(out.stderr).unwrap())
}

#[test]
fn output_that_is_full_is_told_with_code_2_and_output_that_is_closed_is_quiet() {
    let town = town();
    let (config, journal) = (town.config(), town.journal());
    let journal = journal.to_str().unwrap();
    let new = |name: &str| town.path(name).to_str().unwrap().to_owned();
    let policy = town.path("policy.toml");
    let merchants = town.path("merchants.csv");
    let (policy, merchants) = (policy.to_str().unwrap(), merchants.to_str().unwrap());
    for args in [
        &["--help"][..],
        &["--version"],
        &["ledger", "verify", "--help"],
        &["config", "check", "--config", &config],
        &["ledger", "verify", journal],
        &["ledger", "verify", journal, "--json"],
        &["ledger", "trial-balance", journal],
        &["policy", "check", policy],
        &["policy", "show", "--config", &config],
        &["merchant", "import", merchants, "--dry-run", "--config", &config],
        &["contract", "sample"],
        &["init", &new("another"), "--residents", "1"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let (code, said) = with_output(args, full.into());
        assert!(!said.contains("panicked"), "{args:?}: {said}");
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains("cannot write to standard output") && said.lines().count() == 1, "{args:?}: {said}");
    }
    for args in [&["--help"][..], &["ledger", "trial-balance", journal], &["config", "check", "--config", &config]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(with_output(args, writer.into()), (Some(141), String::new()), "{args:?}");
    }
    // What was asked is done all the same.
    assert!(town.path("another/kazasu.toml").is_file());
}

#[test]
fn json_logs_are_json_lines_and_nothing_else() {
    let town = town();
    let json = |text: &str| {
        let lines: Vec<Value> =
            text.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{l}: {e}"))).collect();
        assert!(!lines.is_empty());
        lines
    };
    for args in [
        &["--log", "json", "serve", "--config", "/nowhere/kazasu.toml"][..],
        &["--log=json", "no-such-command"],
        &["ledger", "verify", "/nowhere/journal.db", "--log", "json"],
        &["--log", "json", "ledger"],
    ] {
        let (code, said) = with_output(args, Stdio::null());
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert_eq!(json(&said)[0]["level"], "ERROR", "{said}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    // Without --json: the first line on standard output is JSON all the same.
    command.args(["serve", "--log", "json", "--config", &town.config()]);
    let served = Served::start(command, &town.path("serve.log"));
    let token = token(&town, "", "token");
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    wrong_macs(&mut session, 1, 1);
    call(&served, "POST", "/api/v1/break/tick", &token, &Value::Null);
    wait_for("the panic", Duration::from_secs(10), || {
        (metric(&served, "kazasu_task_ended_total", "task=\"tick\"") > 0.0).then_some(())
    });
    served.stop();
    let lines = json(&std::fs::read_to_string(town.path("serve.log")).unwrap());
    assert!(lines.iter().any(|line| line["target"] == "panic"), "{lines:?}");
    let refused = lines.iter().find(|line| line["fields"]["message"] == "message refused").unwrap();
    assert_eq!(refused["fields"]["acquirer"], "27000001");
    assert_eq!(refused["fields"]["rrn"], "000000000001");
    assert!(refused["fields"]["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{refused}");
}

/// Messages of a run, by what must come of them: each is the first number and so many.
const WRONG_MAC: u64 = 0;
const OTHER_ACQUIRER: u64 = 1;
const PAID: u64 = 2;
const ISSUER_SILENT: u64 = 3;
/// Over its bytes the task that reads the connection breaks off.
const BROKEN_OFF: u64 = 4;

/// The log of a switch that got those messages.
struct Run {
    /// The first message's number.
    first: u64,
    terminal: String,
    lines: Vec<Value>,
}

/// What lines say of a message that was refused for its MAC, one of another acquirer, a payment, and one whose issuer is silent;
/// at the usual level, and where messages are followed.
#[test]
fn lines_about_a_message_name_it_from_its_frame_to_its_answer() {
    let town = town();
    let usual = Run::of(&town, 100, "info");
    let followed = Run::of(&town, 200, "info,kazasu::message=debug");
    let (state, _) = town.fold();
    for run in [&usual, &followed] {
        what_is_refused_is_named(run);
        what_an_issuer_did_not_answer_is_named(run, &state);
        a_task_that_broke_off_says_whose_link_it_read(run);
    }
    assert_eq!((usual.steps(PAID), usual.steps(ISSUER_SILENT)), (vec![], vec![]), "on request only");
    a_payment_is_followed_to_its_answer(&followed, &state);
    a_payment_without_an_answer_is_followed_to_its_reversal(&followed, &state);
}

impl Run {
    fn of(town: &Town, first: u64, level: &str) -> Run {
        let log = town.path(&format!("{first}.log"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
        command.args(["serve", "--log", "json", "--config", &town.config()]).env("RUST_LOG", level);
        let served = Served::start(command, &log);
        served.issuers_up(3);
        let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
        wrong_macs(&mut session, first + WRONG_MAC, 1);
        let asked = purchase(&session.config, first + OTHER_ACQUIRER);
        let bytes = frame(&session, &Request { acquirer: "27000002".parse().unwrap(), ..asked });
        session.raw(&bytes).unwrap();
        assert_eq!(code(&mut session), SECURITY_VIOLATION);
        assert_eq!(taps(&mut session, first + PAID, "on-us-rich"), APPROVED);
        assert_ne!(taps(&mut session, first + ISSUER_SILENT, "credit-silent"), APPROVED);
        let token = token(town, "", "token");
        assert_eq!(call(&served, "POST", "/api/v1/break/acquirer_connection", &token, &Value::Null).0, 202);
        let bytes = frame(&session, &purchase(&session.config, first + BROKEN_OFF));
        session.raw(&bytes).unwrap();
        wait_for("the panic", Duration::from_secs(10), || {
            (metric(&served, "kazasu_task_ended_total", "task=\"acquirer_connection\"") > 0.0).then_some(())
        });
        served.stop();
        let text = std::fs::read_to_string(&log).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let terminal = session.config.merchant("shop").unwrap().terminals[0].to_string();
        Run { first, terminal, lines }
    }

    fn rrn(&self, message: u64) -> Rrn {
        Rrn::from_number(self.first + message)
    }

    /// The record of a message in the journal.
    fn record(&self, state: &State, message: u64) -> u64 {
        let rrn = self.rrn(message);
        state.taps().find(|tap| tap.rrn == rrn).unwrap().seq
    }

    /// Targets and fields of the lines about a message.
    fn about(&self, message: u64) -> Vec<(&str, &Value)> {
        let rrn = self.rrn(message).to_string();
        let lines = self.lines.iter().map(|line| (line["target"].as_str().unwrap(), &line["fields"]));
        lines.filter(|(_, fields)| fields["rrn"].as_str() == Some(rrn.as_str())).collect()
    }

    /// The fields of the line about a message of which this field says that.
    fn line(&self, message: u64, field: &str, says: &str) -> &Value {
        self.about(message).into_iter().find(|(_, fields)| fields[field] == says).unwrap().1
    }

    /// The steps of a message that is followed, and their records.
    fn steps(&self, message: u64) -> Vec<(&str, Option<u64>)> {
        let steps = self.about(message).into_iter().filter(|(target, _)| *target == "kazasu::message");
        steps.map(|(_, fields)| (fields["message"].as_str().unwrap(), fields["record"].as_u64())).collect()
    }

    /// A line says which message it is about, and on which connection it came.
    fn names(&self, fields: &Value, message: u64, with_peer: bool) {
        assert_eq!(fields["acquirer"], "27000001", "{fields}");
        assert_eq!(fields["stan"], format!("{:06}", self.first + message), "{fields}");
        assert_eq!(fields["terminal"], self.terminal, "{fields}");
        let peer = fields["peer"].as_str().unwrap_or_default();
        assert!(!with_peer || peer.starts_with("127.0.0.1:"), "{fields}");
    }
}

fn what_is_refused_is_named(run: &Run) {
    for (message, reason) in [(WRONG_MAC, "wrong_mac"), (OTHER_ACQUIRER, "other_acquirer")] {
        let refused = run.line(message, "message", "message refused");
        assert_eq!(refused["reason"], reason, "{refused}");
        run.names(refused, message, true);
    }
}

fn what_an_issuer_did_not_answer_is_named(run: &Run, state: &State) {
    let silent = run.line(ISSUER_SILENT, "why", "timed_out");
    assert_eq!(silent["record"], run.record(state, ISSUER_SILENT), "{silent}");
    run.names(silent, ISSUER_SILENT, true);
}

/// In the panic's line and in the one of the task that starts it again.
fn a_task_that_broke_off_says_whose_link_it_read(run: &Run) {
    let broke = run
        .lines
        .iter()
        .filter(|line| line["target"] == "panic" || line["fields"]["message"] == "a task has broken off");
    let broke: Vec<&Value> = broke.map(|line| &line["fields"]).collect();
    assert_eq!(broke.len(), 2, "{broke:?}");
    assert!(broke.iter().all(|fields| fields["peer"].is_string() && fields["acquirer"] == "27000001"), "{broke:?}");
}

fn a_payment_is_followed_to_its_answer(run: &Run, state: &State) {
    run.about(PAID).into_iter().for_each(|(_, fields)| run.names(fields, PAID, true));
    let mine = Some(run.record(state, PAID));
    assert_eq!(run.steps(PAID), [("taken", None), ("decided", mine), ("durable", mine), ("answered", mine)]);
}

/// What goes to an issuer, and what it acknowledges later, is on no connection of an acquirer.
fn a_payment_without_an_answer_is_followed_to_its_reversal(run: &Run, state: &State) {
    const GIVEN: &str = "given to the issuer's connection";
    for (_, fields) in run.about(ISSUER_SILENT) {
        let with_peer = fields["message"] != GIVEN && fields["kind"] != "issuer_acknowledged";
        run.names(fields, ISSUER_SILENT, with_peer);
    }
    let (mine, steps) = (Some(run.record(state, ISSUER_SILENT)), run.steps(ISSUER_SILENT));
    let words: Vec<&str> = steps.iter().map(|(words, _)| *words).collect();
    assert_eq!(words[..7], ["taken", "decided", GIVEN, "decided", "durable", GIVEN, "answered"], "{steps:?}");
    let records: Vec<Option<u64>> = steps.iter().map(|(_, record)| *record).collect();
    assert_eq!(records[..5], [None, mine, mine, mine, mine], "{steps:?}");
    assert!(records[5] > mine && records[6] == mine, "the reversal has a record of its own: {steps:?}");
}

/// The service manager is not told that the switch is ready; it serves all the same.
#[test]
fn a_switch_whose_standard_output_is_full_serves() {
    let town = town();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    command.args(["serve", "--config", &town.config()]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let log = std::fs::File::create(town.path("serve.log")).unwrap();
    let mut child = command.stdout(full).stderr(log).spawn().unwrap();
    let text = std::fs::read_to_string(town.config()).unwrap();
    let http = text.lines().find_map(|line| line.strip_prefix("http = \"")).unwrap().trim_end_matches('"').to_owned();
    wait_for("readiness", Duration::from_secs(20), || {
        request(&http, "GET", "/readyz", &[], b"").ok().filter(|(status, _)| *status == 200).map(drop)
    });
    // HTTP answers a moment before that.
    wait_for("the service manager could not be told that the switch is ready", Duration::from_secs(20), || {
        let said = std::fs::read_to_string(town.path("serve.log")).unwrap();
        said.contains("the service manager could not be told that the switch is ready").then_some(())
    });
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_terminal_that_is_closed_does_not_end_the_switch() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    for _ in 0..2 {
        assert!(Command::new("kill").args(["-HUP", &served.pid().to_string()]).status().unwrap().success());
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(served.get("/healthz").0, 200);
    }
    let said = std::fs::read_to_string(town.path("serve.log")).unwrap();
    assert!(said.contains("SIGHUP: certificates, revocation lists and the key store are read again"), "{said}");
    served.stop();
    town.verified();
}
