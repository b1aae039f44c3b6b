//! Payees' accounts on a running switch: two people and a call, a merchant's own request, a file with bad rows, and the file of the
//! configuration, which is taken once.

use crate::harness::DO;
use crate::harness::{Town, kazasu, requested};
use crate::people::{Person, granted};
use crate::rules::call;
use crate::step_up::steps_up;
use kazasu_demo::sample::Town as Sample;
use serde_json::{Value, json};
use std::process::Output;

const SHOP: &str = "27000001/M10000000000001";
const CALL: [&str; 8] =
    ["--called", "店長", "--called-number", "03-1234-5678", "--called-at", "2026-11-02", "--called-by", "sato"];

fn run(town: &Town, by: &str, args: &[&str]) -> Output {
    let config = town.config();
    let mut all = args.to_vec();
    all.extend(["--by", by, "--json", "--config", &config]);
    kazasu(&all)
}

fn ok(town: &Town, by: &str, args: &[&str]) -> Value {
    let out = run(town, by, args);
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn no(town: &Town, by: &str, args: &[&str]) -> String {
    let out = run(town, by, args);
    assert!(!out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stdout));
    String::from_utf8(out.stderr).unwrap()
}

fn approve(town: &Town, by: &str, asked: &Value) -> Output {
    let (number, fingerprint) = requested(asked);
    run(town, by, &["approval", "approve", &number, "--fingerprint", &fingerprint[..12], "--why", "checked"])
}

/// What is asked for: another account of the shop.
fn set<'a>(account: &'a str, call: &[&'a str]) -> Vec<&'a str> {
    let mut args =
        vec!["payee", "set", SHOP, "--bank", "9999", "--bank-name", "ﾐﾅﾄ", "--branch", "100", "--kind", "ordinary"];
    args.extend(["--account", account, "--name", "ｶﾒｲﾃﾝ ﾍﾝｺｳｺﾞ", "--why", "letter of the shop"]);
    args.extend(call);
    args
}

/// A field of a request's effect, before and after.
fn change<'a>(shown: &'a Value, field: &str) -> (&'a Value, &'a Value) {
    let changes = shown["effect"]["changes"].as_array().unwrap();
    let found = changes.iter().find(|change| change["field"] == field);
    let found = found.unwrap_or_else(|| panic!("{field}: {shown}"));
    (&found["before"], &found["after"])
}

/// The shop's account as it is listed.
fn account(town: &Town) -> Value {
    ok(town, "sato", &["payee", "show", SHOP])[0]["account"].clone()
}

fn as_text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn an_account_changes_when_the_payee_was_called_and_another_person_has_seen_both() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let before = account(&town);
    assert!(as_text(&before).ends_with("****001"), "{before}");
    let text = no(&town, "sato", &set("7654321", &[]));
    assert!(text.contains("call the payee first"), "{text}");
    let text = no(&town, "sato", &set("76543x1", &CALL));
    assert!(text.contains("account") && !text.contains("76543"), "{text}");
    let asked = ok(&town, "sato", &set("7654321", &CALL));
    let again = ok(&town, "sato", &set("7654321", &CALL));
    assert_eq!((&again["result"], &again["proposal"]), (&json!("unchanged"), &asked["proposal"]), "the same once more");
    let alone = approve(&town, "sato", &asked);
    assert_eq!(alone.status.code(), Some(1));
    assert_eq!(account(&town), before, "one person alone");
    let (number, _) = requested(&asked);
    let shown = ok(&town, "tanaka", &["approval", "show", &number]);
    let (old, new) = change(&shown, "account");
    assert!(as_text(old).ends_with("****001") && as_text(new).ends_with("****321"), "{shown}");
    assert_eq!(change(&shown, "account_holder").1, "ｶﾒｲﾃﾝ ﾍﾝｺｳｺﾞ");
    assert_eq!(change(&shown, "called_number").1, "03-1234-5678");
    assert!(!shown.to_string().contains("7654321") && !shown.to_string().contains("2000001"), "{shown}");
    // In full for finance who say why; the security log has the look.
    let full = ok(&town, "tanaka", &["payee", "show", SHOP, "--why", "the shop's letter"]);
    assert_eq!((&full["account"]["number"], &full["requested"]["number"]), (&json!("2000001"), &json!("7654321")));
    let (status, refused) = call(
        &served,
        DO,
        "closing",
        &town.session("ando"),
        &json!({ "do": "reveal_payee", "payee": SHOP, "why": "x" }),
    );
    assert_eq!(status, 403, "{refused}");
    let done = approve(&town, "tanaka", &asked);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(as_text(&account(&town)).ends_with("****321"));
    // It ends in the same way.
    let mut end = vec!["payee", "end", SHOP, "--why", "the shop has closed"];
    end.extend(CALL);
    let asked = ok(&town, "sato", &end);
    let done = approve(&town, "tanaka", &asked);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(account(&town), Value::Null);
    served.stop();
    let journal = std::fs::read(town.journal()).unwrap();
    let clear = |text: &str| journal.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(!clear("7654321") && !clear("2000001") && !clear("03-1234-5678"), "sealed");
    let out = kazasu(&["audit", "log", "--json", "--kind", "reveal", "--config", &town.config()]);
    let lines = String::from_utf8(out.stdout).unwrap();
    assert!(lines.contains("closing.reveal_payee") && lines.contains("the shop's letter"), "{lines}");
}

#[test]
fn a_merchants_owner_asks_one_person_calls_and_a_third_one_decides() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let organisation = json!({ "do": "organisation", "name": "shop", "kind": "merchant", "shops": [SHOP], "why": "x" });
    let (status, made) = call(&served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{made}");
    let works_at = made["organisation"].as_str().unwrap().to_owned();
    let owner = Person::joined_at(&town, &served, ("mori", &works_at));
    granted(&town, &served, "mori", &format!("merchant-owner shop:{SHOP}"));
    let owner = owner.session(&served, 1);
    let wanted = |shop: &str| json!({ "do": "set_payee", "payee": shop, "bank": "9999", "branch": "100", "kind": "ordinary", "account": "7654321", "name": "ｶﾒｲﾃﾝ", "why": "new bank" });
    let (status, other) = call(&served, DO, "closing", &owner, &wanted("27000001/M10000000000002"));
    assert_eq!(status, 403, "another shop: {other}");
    let (status, asked) = call(&served, DO, "closing", &owner, &wanted(SHOP));
    assert_eq!(status, 200, "{asked}");
    let (status, listed) = call(&served, "GET", "/api/v1/payees", &owner, &Value::Null);
    assert_eq!((status, listed["items"].as_array().unwrap().len()), (200, 1), "{listed}");
    let (number, fingerprint) = requested(&asked);
    let (status, shown) = call(&served, "GET", &format!("/api/v1/approvals/{number}"), &owner, &Value::Null);
    assert_eq!((status, &shown["own"]), (200, &json!(true)), "{shown}");
    let text = String::from_utf8(approve(&town, "tanaka", &asked).stderr).unwrap();
    assert!(text.contains("was not called back"), "{text}");
    let mut called = vec!["payee", "called", &number, "--fingerprint", "0123456789ab"];
    called.extend(CALL);
    let text = no(&town, "suzuki", &called);
    assert!(text.contains("replaced") || text.contains("changed"), "the call was about another account: {text}");
    called[4] = &fingerprint;
    ok(&town, "suzuki", &called);
    let text = String::from_utf8(approve(&town, "suzuki", &asked).stderr).unwrap();
    assert!(text.contains("has another part in it"), "{text}");
    let own = json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": fingerprint, "why": "x" });
    assert_eq!(call(&served, DO, "approvals", &owner, &own).0, 403, "a merchant never decides");
    steps_up(&town, &served, ("tanaka", &fingerprint));
    let done = approve(&town, "tanaka", &asked);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // The power goes: what was approved stands.
    served.kill();
    let served = town.serve();
    assert!(as_text(&account(&town)).ends_with("****321"));
    served.stop();
}

#[test]
fn a_file_of_accounts_is_one_approval_and_its_bad_rows_block_nothing() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let call = "店長,03-1234-5678,2026-11-02,sato";
    let rows = [
        format!("27000001,M10000000000001,9999,100,ordinary,7654321,ｶﾒｲﾃﾝ,{call}"),
        "27000001,M10000000000002,9999,100,ordinary,7654322,ｶﾒｲﾃﾝ,,,,".to_owned(),
        format!("27000001,M10000000000002,9999,100,ordinary,76543,×,{call}"),
        format!("27000001,NOSHOP,9999,100,ordinary,7654323,ｶﾒｲﾃﾝ,{call}"),
    ];
    let header = "acquirer,merchant,bank,branch,kind,account,name,called,called_number,called_at,called_by";
    let file = town.path("accounts.csv");
    std::fs::write(&file, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    let import = ["payee", "import", file.to_str().unwrap(), "--why", "new bank"];
    let sent = || {
        let out = run(&town, "sato", &import);
        assert_eq!(out.status.code(), Some(1), "bad rows: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let asked = sent();
    let bad: Vec<(u64, &str)> = asked["bad_rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["line"].as_u64().unwrap(), row["column"].as_str().unwrap()))
        .collect();
    assert_eq!(bad, [(3, "called"), (4, "name"), (5, "")], "{asked}");
    assert!(!asked.to_string().contains("7654321"), "{asked}");
    assert!(as_text(&account(&town)).ends_with("****001"), "nothing yet");
    let done = approve(&town, "tanaka", &asked["asked"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(sent()["recorded"], 1);
    assert!(as_text(&account(&town)).ends_with("****321"));
    served.stop();
}

#[test]
fn the_file_of_the_configuration_is_taken_once() {
    let town = Town::empty(Sample { residents: 1, ..Sample::default() });
    let config = town.config();
    let merchants = town.path("merchants.csv");
    let out = kazasu(&["merchant", "import", merchants.to_str().unwrap(), "--config", &config]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    town.replace_in_config("[payout]\n", "[payout]\npayees_file = \"payees.csv\"\n");
    // The first start takes it; a kill and the next one change nothing.
    town.serve().kill();
    town.settle();
    let served = town.serve();
    let listed = ok(&town, "sato", &["payee", "list"]);
    let there = std::fs::read_to_string(town.path("payees.csv")).unwrap().lines().count() - 1;
    assert_eq!(listed.as_array().unwrap().len(), there, "{listed}");
    served.stop();
    let text = std::fs::read_to_string(town.path("payees.csv")).unwrap();
    std::fs::write(town.path("payees.csv"), text.replace("2000001", "7777777")).unwrap();
    let fails = || {
        let out = kazasu(&["serve", "--config", &config]);
        assert!(!out.status.success());
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    let told = fails();
    assert!(told.contains("payees_file") && told.contains("out of the configuration"), "{told}");
    std::fs::remove_file(town.path("payees.csv")).unwrap();
    let told = fails();
    assert!(told.contains("take the setting out"), "{told}");
    town.replace_in_config("payees_file = \"payees.csv\"\n", "");
    let served = town.serve();
    assert!(as_text(&account(&town)).ends_with("****001"), "the account of the first file");
    served.stop();
}

#[test]
fn a_file_of_the_configuration_is_for_a_book_without_people() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    town.replace_in_config("[payout]\n", "[payout]\npayees_file = \"payees.csv\"\n");
    let out = kazasu(&["serve", "--config", &town.config()]);
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && told.contains("kazasu payee import"), "{told}");
}
