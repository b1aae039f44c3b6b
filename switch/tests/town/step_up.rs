//! A second factor that is shown again: for decisions that are named, and for no others.

use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, request, signed_in};
use crate::rules::call;
use kazasu_demo::sample::Town as Sample;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PEOPLE: &str = "people";

/// Takes one of the recovery codes of a person of the town: each is good once, and the app's code is not there twice in half a minute.
pub(crate) fn recovery_code(people: &Path, name: &str) -> String {
    let path = people.join(format!("{name}.toml"));
    let mut file: toml::Table = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let code = file["recovery"].as_array_mut().unwrap().pop().expect("a recovery code is left");
    std::fs::write(&path, file.to_string()).unwrap();
    code.as_str().unwrap().to_owned()
}

/// Over HTTP, in the person's session.
pub(crate) fn steps_up(town: &Town, served: &Served, (name, fingerprint): (&str, &str)) {
    let body =
        json!({ "do": "step_up", "code": recovery_code(&town.path("people"), name), "fingerprints": [fingerprint] });
    let (status, value) = call(served, DO, PEOPLE, &town.session(name), &body);
    assert_eq!(status, 200, "{value}");
    assert_eq!((&value["fresh_factor"], &value["named"]), (&json!(true), &json!([fingerprint])), "{value}");
}

/// Was the command line's user asked for a second factor?
pub(crate) fn is_asked(out: &Output) -> bool {
    String::from_utf8_lossy(&out.stderr).contains("show a second factor again for this decision")
}

/// Shows the second factor of the person of `--by`, for what the command would decide. False where it decides nothing.
pub(crate) fn by_command_line(args: &[&str]) -> bool {
    let after = |option: &str| args.iter().position(|arg| *arg == option).map(|at| args[at + 1]);
    let (Some(name), Some(config)) = (after("--by"), after("--config")) else { return false };
    let fingerprint = match (args, after("--fingerprint")) {
        (_, Some(fingerprint)) => fingerprint.to_owned(),
        (["relief", "release", batch, ..], None) => {
            let shown = kazasu(&["relief", "preview", batch, "--json", "--by", name, "--config", config]);
            let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
            shown["fingerprint"].as_str().unwrap().to_owned()
        }
        _ => return false,
    };
    let code = recovery_code(&Path::new(config).with_file_name("people"), name);
    let again = ["login", "--again", "--fingerprint", &fingerprint, "--by", name, "--config", config];
    let mut child = Command::new(env!("CARGO_BIN_EXE_kazasu"))
        .args(signed_in(&again))
        .env("KAZASU_LANG", "en")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{code}").unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    true
}

/// A request for a role: its number and fingerprint.
fn asked_for(town: &Town, served: &Served, role: &str) -> (u64, String) {
    let grant = json!({ "do": "grant", "holder": "tanaka", "role": role, "why": "begins today" });
    let (status, asked) = call(served, DO, PEOPLE, &town.session("ando"), &grant);
    assert_eq!(status, 200, "{asked}");
    (asked["proposal"].as_u64().unwrap(), asked["fingerprint"].as_str().unwrap().to_owned())
}

#[test]
fn a_second_factor_for_one_decision_serves_for_no_other() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let approve = |(number, fingerprint): &(u64, String)| {
        let (path, bearer) =
            (format!("/api/v1/approvals/{number}/approve"), format!("Bearer {}", town.session("baba")));
        let headers = [("authorization", bearer.as_str()), ("if-match", fingerprint.as_str())];
        let (status, text) = request(served.http, "POST", &path, &headers, b"{\"why\": \"checked\"}").unwrap();
        (status, serde_json::from_str::<Value>(&text).unwrap())
    };
    let first = asked_for(&town, &served, "call-centre");
    let second = asked_for(&town, &served, "operator");
    // The sign-in was a moment ago, with a second factor: it was for no decision.
    let (status, told) = approve(&first);
    assert_eq!((status, &told["code"]), (403, &json!("fresh_factor_needed")), "{told}");
    let unnamed = json!({ "do": "step_up", "code": recovery_code(&town.path("people"), "baba") });
    assert_eq!(call(&served, DO, PEOPLE, &town.session("baba"), &unnamed).0, 200);
    assert_eq!(approve(&first).0, 403, "a fresh factor that names nothing");
    steps_up(&town, &served, ("baba", &second.1));
    assert_eq!(approve(&first).0, 403, "one for another request");
    steps_up(&town, &served, ("baba", &first.1[..12]));
    assert_eq!(approve(&second).0, 403, "the one of before is over");
    let (status, done) = approve(&first);
    assert_eq!(status, 200, "{done}");
    // A code that is too short to name a request, and too many of them.
    for fingerprints in [json!(["0123456789a"]), json!(["not hexadecimal"]), json!(vec!["0123456789ab"; 201])] {
        let body = json!({ "do": "step_up", "code": "000000", "fingerprints": fingerprints });
        let (status, told) = call(&served, DO, PEOPLE, &town.session("baba"), &body);
        assert_eq!(status, 400, "{told}");
    }
    served.stop();
}
