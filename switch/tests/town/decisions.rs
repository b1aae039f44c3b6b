//! Decisions are signed by a key of the session of the person who decides: a record that is forged in the database is found and named,
//! also where its hash, every later hash and the signatures of commit batches fit.

use crate::audit::{Insider, lines, verify};
use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, requested, wait_for};
use crate::rules::call;
use crate::step_up::recovery_code;
use kazasu_demo::sample::Town as Sample;
use kazasu_ledger::record::{
    ApprovalDecided, ApprovalRequested, DecisionKey, DecisionProof, DecisionSigned, KeyHolder,
};
use kazasu_ledger::signed::Signature;
use kazasu_ledger::{Body, Entry};
use kazasu_security::decision;
use kazasu_security::keys::SigningKey;
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Signs in at the command line, into a session file of its own.
fn login(town: &Town, name: &str) -> String {
    let toml: toml::Table =
        toml::from_str(&std::fs::read_to_string(town.path(&format!("people/{name}.toml"))).unwrap()).unwrap();
    let session = town.path(&format!("{name}.own")).to_str().unwrap().to_owned();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kazasu"))
        .args(["login", "--name", name, "--session", &session, "--config", &town.config()])
        .env("KAZASU_LANG", "en")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (password, code) = (toml["password"].as_str().unwrap(), recovery_code(&town.path("people"), name));
    write!(child.stdin.take().unwrap(), "{password}\n{code}\n").unwrap();
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    session
}

/// Contracts, requested by suzuki: number and fingerprint.
fn contracts(town: &Town, why: &str) -> (String, String) {
    let (file, config) = (town.path("contracts.toml"), town.config());
    let ask = ["contract", "propose", file.to_str().unwrap(), "--why", why, "--by", "suzuki", "--json"];
    let out = kazasu(&[&ask[..], &["--config", &config]].concat());
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    requested(&serde_json::from_slice(&out.stdout).unwrap())
}

/// A decision at the command line in the session of this file.
fn decide(town: &Town, session: &str, (answer, asked, why): (&str, &(String, String), &str)) {
    let out = kazasu(&[
        "approval",
        answer,
        &asked.0,
        "--fingerprint",
        &asked.1[..12],
        "--why",
        why,
        "--session",
        session,
        "--config",
        &town.config(),
    ]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// The last request, by whose record nothing was replaced.
fn last_request(entries: &[Entry]) -> (u64, ApprovalRequested) {
    let asked = |entry: &Entry| match Body::read(&entry.body) {
        Ok(Body::ApprovalRequested(r)) => Some((entry.seq, r)),
        _ => None,
    };
    entries.iter().rev().find_map(asked).unwrap()
}

fn decisions(entries: &[Entry]) -> Vec<(u64, ApprovalDecided)> {
    let decided = |entry: &Entry| match Body::read(&entry.body) {
        Ok(Body::ApprovalDecided(r)) => Some((entry.seq, r)),
        _ => None,
    };
    entries.iter().filter_map(decided).collect()
}

/// What is decided where: a session that the command line began, and one of another program.
fn decided_by_two(town: &Town, served: &Served) {
    let session = login(town, "tanaka");
    let mode = std::fs::metadata(&session).unwrap().permissions().mode() & 0o777;
    let kept = std::fs::read_to_string(&session).unwrap();
    assert_eq!((mode, kept.lines().count()), (0o600, 2), "a session, and the private half of its key");
    let first = contracts(town, "year");
    decide(town, &session, ("send-back", &first, "the rate of May is missing"));
    let again = contracts(town, "with May");
    assert_eq!(again.0, first.0);
    // Its key is with the person: without a signature, or with one of something else, nothing is decided in this session.
    let token = kept.lines().next().unwrap();
    let mut body =
        json!({ "do": "approve", "approval": again.0.parse::<u64>().unwrap(), "fingerprint": again.1, "why": "x" });
    for (signature, told) in [
        (Value::Null, "needs its signature"),
        (json!("00"), "128 hexadecimal digits"),
        (json!("00".repeat(64)), "not this session's signature"),
    ] {
        body["signature"] = signature;
        let (status, value) = call(served, DO, "approvals", token, &body);
        assert!(status == 400 && value["detail"].as_str().unwrap().contains(told), "{value}");
    }
    decide(town, &session, ("approve", &again, "  checked twice "));
    // Another program's session has no key with the person: it is signed with one that is derived from the session's secret.
    let denied = contracts(town, "once more");
    let body =
        json!({ "do": "deny", "approval": denied.0.parse::<u64>().unwrap(), "fingerprint": denied.1, "why": "no" });
    let (status, value) = call(served, DO, "approvals", &town.session("tanaka"), &body);
    assert_eq!(status, 200, "{value}");
}

/// A proof by a key of the forger's own, which no key of the journal has certified.
fn self_made(record: &ApprovalDecided, from: &DecisionProof) -> DecisionProof {
    let (own, _) = decision::fresh().unwrap();
    let asked = DecisionSigned {
        approval: record.proposal,
        answer: if record.approved { "approve" } else { "deny" },
        fingerprint: record.fingerprint.unwrap(),
        why: &record.why,
    };
    let signature = decision::sign(&own, &asked).unwrap();
    let key = DecisionKey { public: own.public_key(), ..from.key.clone() };
    let certificate = own.sign(key.text("kazasu").as_bytes()).unwrap();
    DecisionProof { key, certificate: Signature { key: 1, bytes: certificate }.stored(), signature }
}

#[test]
fn a_decision_that_no_person_signed_is_found_and_named() {
    // Commit batches have a key of their own, which the forger has stolen.
    let town = Town::empty(Sample { residents: 2, ..Sample::default() });
    let generated = kazasu(&["key", "generate", "batches", "--by", "sato", "--config", &town.config()]);
    assert!(generated.status.success(), "{}", String::from_utf8_lossy(&generated.stderr));
    let town = town.imported();
    let batches = town.secret_of("batches");
    std::fs::create_dir(town.path("elsewhere")).unwrap();
    town.configure("\n[audit]\ncheckpoint_seconds = 1\nanchor_file = \"elsewhere/anchor.jsonl\"\n");
    let served = town.serve();
    // The auditor trusts the key of checkpoints, and knows by its certificate which key signs batches. The last checkpoint that the
    // auditor has is from before the decisions.
    let (path, known) = (town.path("elsewhere/anchor.jsonl"), town.path("known.jsonl"));
    wait_for("the key of batches, and a checkpoint", Duration::from_secs(20), || {
        (lines(&path).len() >= 2).then_some(())
    });
    std::fs::copy(&path, &known).unwrap();
    decided_by_two(&town, &served);
    served.stop();
    let public = town.key_store().active(&"audit".parse().unwrap()).unwrap().public.clone().unwrap();
    let means = ["--trusted-key", &public, "--anchor", known.to_str().unwrap()];
    let (code, sound, said) = verify(&town.journal(), &means);
    assert_eq!((code, &sound["decisions"]["checked"]), (Some(0), &json!(true)), "{said}");

    let insider = Insider::with_copy(&town, "copy.db");
    let made = decisions(&insider.entries());
    assert_eq!(
        (&sound["decisions"]["signed"], &sound["decisions"]["before"]),
        (&json!(made.len() + 1), &json!(0)),
        "{sound}"
    );
    let [.., (approved_at, approved), (denied_at, denied)] = &made[..] else { panic!("{made:?}") };
    let holder = |record: &ApprovalDecided| record.proof.as_ref().unwrap().key.holder;
    assert_eq!((holder(approved), holder(denied)), (KeyHolder::Person, KeyHolder::Switch));
    assert_eq!(approved.why, "checked twice");

    let other = made[0].1.proof.clone().unwrap();
    let decided: [(&str, u64, ApprovalDecided); 6] = [
        ("no person signed it", *approved_at, ApprovalDecided { proof: None, ..approved.clone() }),
        ("is not of this record", *denied_at, ApprovalDecided { approved: true, ..denied.clone() }),
        ("is not of this record", *approved_at, ApprovalDecided { why: "checked".into(), ..approved.clone() }),
        ("is not of this record", *approved_at, ApprovalDecided { proof: Some(other.clone()), ..approved.clone() }),
        ("is another person's", *approved_at, ApprovalDecided { by: "per_2".into(), ..approved.clone() }),
        (
            "no trusted key has certified",
            *approved_at,
            ApprovalDecided {
                proof: Some(Box::new(self_made(approved, approved.proof.as_ref().unwrap()))),
                ..approved.clone()
            },
        ),
    ];
    // What is asked for is signed by a key that is derived from the session's secret.
    let (asked_at, asked) = last_request(&insider.entries());
    assert_eq!(asked.proof.as_ref().unwrap().key.holder, KeyHolder::Switch);
    assert_eq!((&sound["requests"]["before"], &sound["requests"]["of_programs"]), (&json!(0), &json!(0)), "{sound}");
    assert_eq!(sound["requests"]["checked"], json!(true), "{sound}");
    let requests: [(&str, u64, ApprovalRequested); 3] = [
        (
            "a request or a step that is not as a person signed it: no person",
            asked_at,
            ApprovalRequested { proof: None, ..asked.clone() },
        ),
        ("is not of this record", asked_at, ApprovalRequested { why: "other".into(), ..asked.clone() }),
        ("is not of this record", asked_at, ApprovalRequested { proof: Some(other), ..asked.clone() }),
    ];
    let decided = decided.map(|(problem, seq, record)| (problem, seq, Body::ApprovalDecided(record)));
    let requests = requests.map(|(problem, seq, record)| (problem, seq, Body::ApprovalRequested(record)));
    for (at, (problem, seq, record)) in decided.into_iter().chain(requests).enumerate() {
        let insider = Insider::with_copy(&town, &format!("forged-{at}.db"));
        let mut body = Vec::new();
        record.write(&mut body);
        insider.rewrites(seq, body);
        insider.signs_again(seq, &batches);
        let (code, found, said) = verify(&insider.path, &means);
        assert_eq!((code, &found["record"]), (Some(1), &json!(seq)), "{problem}: {said}");
        assert!(found["problem"].as_str().unwrap().contains(problem), "{problem}: {found}");
    }
}
