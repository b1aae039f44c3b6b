//! What one person did alone once, on a running switch: accounts and money by import, a fund and a purse, a policy, merchants, merging. Each
//! is refused now, or waits for another person.

use crate::harness::DO;
use crate::harness::{Served, Town, by_two, kazasu, request, requested};
use crate::rules::{call, json_of, refused, token};
use kazasu_demo::sample::{Town as Sample, named_ppid};
use serde_json::{Value, json};
use std::process::Output;

const REQUESTS: &str = "operations";

fn town() -> Town {
    Town::new(Sample { residents: 1, ..Sample::default() })
}

fn run(town: &Town, args: &[&str], by: &str) -> Output {
    let config = town.config();
    kazasu(&[args, &["--json", "--config", &config, "--by", by]].concat())
}

/// A file that is sent to an address.
fn post(served: &Served, session: &str, path: &str, file: &str) -> (u16, Value) {
    let bearer = format!("Bearer {session}");
    let (status, text) = request(served.http, "POST", path, &[("authorization", &bearer)], file.as_bytes()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn purses(town: &Town, who: &str) -> Value {
    json_of(&run(town, &["link", "show", who, "--why", "a test"], "sato"))["purses"].clone()
}

fn merchant(town: &Town, id: &str) -> Value {
    json_of(&run(town, &["merchant", "show", id], "sato"))[0].clone()
}

/// The approval of what was asked for.
fn approve(town: &Town, asked: &Value, by: &str) -> Output {
    let (number, fingerprint) = requested(asked);
    run(town, &["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "checked"], by)
}

#[test]
fn an_operator_alone_only_asks_for_money_policies_merchants_and_accounts() {
    let town = town();
    let served = town.serve();
    let who = named_ppid("on-us-a").to_string();
    let before = purses(&town, &who);
    let fund = json_of(&run(&town, &["purse", "fund", "1", "50000000", "--reference", "x"], "sato"));
    let credit = json_of(&run(&town, &["purse", "credit", &who, "1", "3000", "--reference", "x"], "sato"));
    assert_eq!(
        (&fund["request"]["content"]["kind"], &fund["request"]["effect"]["yen"]),
        (&json!("fund"), &json!(50_000_000))
    );
    let left = &fund["request"]["effect"]["changes"][0];
    let (now, then) = (left["before"].as_str().unwrap(), left["after"].as_str().unwrap());
    assert_eq!(then.parse::<i64>().unwrap() - now.parse::<i64>().unwrap(), 50_000_000, "{left}");
    let deciders: Vec<&str> =
        fund["decided_by"].as_array().unwrap().iter().map(|one| one["by_name"].as_str().unwrap()).collect();
    assert_eq!(deciders, ["suzuki", "tanaka"], "not the requester, and no administrator of access");
    assert_eq!(purses(&town, &who), before, "it waits");

    // The requester does not approve; another person does, once.
    assert!(refused(&approve(&town, &credit, "sato")).contains("another person decides it"));
    assert_eq!(json_of(&approve(&town, &credit, "tanaka"))["result"], "recorded");
    assert!(!approve(&town, &credit, "suzuki").status.success());
    assert_ne!(purses(&town, &who), before);
    assert_eq!(json_of(&approve(&town, &fund, "suzuki"))["result"], "recorded");

    let draft = std::fs::read_to_string(town.path("policy.toml")).unwrap().replace("no_pin = 15_000", "no_pin = 2_000");
    let file = town.path("draft.toml");
    std::fs::write(&file, draft).unwrap();
    let policy = json_of(&run(&town, &["policy", "activate", file.to_str().unwrap(), "--why", "theft"], "sato"));
    assert_eq!(policy["version"], 1, "the one in force is in force");
    let changes = policy["request"]["effect"]["changes"].to_string();
    assert!(changes.contains("15000") && changes.contains("2000"), "{changes}");
    assert_eq!(json_of(&approve(&town, &policy, "suzuki"))["result"], "recorded");
    assert_eq!(json_of(&run(&town, &["policy", "show"], "sato"))["version"], 2);

    served.kill();
    // The record that an approval carries is read again as one of its own kind.
    let served = town.serve();
    assert_eq!(json_of(&run(&town, &["policy", "show"], "sato"))["version"], 2);
    assert_ne!(purses(&town, &who), before);
    served.stop();
    town.verified();
}

#[test]
fn a_merchant_is_renamed_closed_and_reopened_by_two() {
    let town = town();
    let _served = town.serve();
    const ID: &str = "27000001/M10000000000001";
    let name = merchant(&town, ID)["name"].clone();
    for (row, field, after) in [
        ("別の店,", "name", "別の店"),
        (",yes", "closed", "yes"),
        (",no", "closed", "no"),
        (&format!("{},", name.as_str().unwrap()), "name", name.as_str().unwrap()),
    ] {
        let before = merchant(&town, ID);
        let file = town.path("one.csv");
        std::fs::write(&file, format!("merchant,acquirer,name,closed\nM10000000000001,27000001,{row}\n")).unwrap();
        let import = ["merchant", "import", file.to_str().unwrap(), "--why", "as the owner wrote"];
        let asked = json_of(&run(&town, &import, "sato"));
        assert_eq!((&asked["dry_run"], merchant(&town, ID)), (&json!(true), before.clone()), "{row}");
        let effect = &asked["asked"]["request"]["effect"];
        let change = &effect["changes"][0];
        assert_eq!((&change["field"], &change["after"]), (&json!(format!("{ID} {field}")), &json!(after)), "{effect}");
        assert_eq!(effect["file"]["sha256"].as_str().unwrap().len(), 64, "{effect}");
        // The file again is the same request, and records nothing.
        let again = json_of(&run(&town, &import, "sato"));
        assert_eq!(again["asked"]["proposal"], asked["asked"]["proposal"]);
        assert!(refused(&approve(&town, &asked["asked"], "sato")).contains("another person decides it"));
        assert_eq!(json_of(&approve(&town, &asked["asked"], "tanaka"))["result"], "recorded");
        assert_eq!(merchant(&town, ID), before, "its rows follow");
        let done = json_of(&run(&town, &import, "sato"));
        assert_eq!(
            (&done["recorded"], &done["dry_run"], done.get("asked")),
            (&json!(1), &json!(false), None),
            "{done}"
        );
        assert_ne!(merchant(&town, ID), before);
    }
    // What was approved is used: the first file once more is another request.
    let file = town.path("one.csv");
    std::fs::write(&file, "merchant,acquirer,name,closed\nM10000000000001,27000001,別の店,\n").unwrap();
    assert!(json_of(&run(&town, &["merchant", "import", file.to_str().unwrap()], "sato"))["asked"].is_object());
}

#[test]
fn accounts_and_opening_balances_come_as_two_people_approved_the_file() {
    let town = town();
    let served = town.serve();
    let (new, other) = (named_ppid("new"), named_ppid("other"));
    let rows = format!("ppid,kind,number,balance\n{new},on_us,0010000001,999999999999\n{other},on_us,0010000002,5\n");
    let file = town.path("more.csv");
    std::fs::write(&file, &rows).unwrap();
    let import = ["link", "import", file.to_str().unwrap()];
    let asked = json_of(&run(&town, &import, "sato"));
    let request = &asked["asked"]["request"];
    assert_eq!((&request["effect"]["yen"], &request["effect"]["count"]), (&json!(1_000_000_000_004_i64), &json!(2)));
    let shown: Vec<(&str, i64)> = request["effect"]["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["which"].as_str().unwrap(), row["yen"].as_i64().unwrap()))
        .collect();
    assert_eq!(shown, [("first", 999_999_999_999), ("last", 5), ("largest", 999_999_999_999)]);
    assert!(!request.to_string().contains("0010000001"), "accounts show their last digits: {request}");
    assert!(refused(&run(&town, &["link", "show", &new.to_string(), "--why", "a test"], "sato")).contains("not known"));
    // Programs ask for nothing that takes two people, and another file is not the one that was approved.
    let (status, told) = post(&served, &token(&town, "", "token"), "/api/v1/import/links", &rows);
    assert_eq!(status, 403, "{told}");
    assert_eq!(json_of(&approve(&town, &asked["asked"], "suzuki"))["result"], "recorded");
    let (status, another) = post(&served, &town.session("sato"), "/api/v1/import/links", &rows.replace(",5\n", ",6\n"));
    assert_eq!((status, another["asked"]["proposal"].is_u64()), (200, true), "{another}");
    let done = json_of(&run(&town, &import, "sato"));
    assert_eq!((&done["recorded"], &done["bad"]), (&json!(2), &json!(0)), "{done}");
    assert!(json_of(&run(&town, &import, "sato")).get("asked").is_none(), "everything is so already");
    served.stop();
    // The journal that is opened by the command itself takes no second person.
    let out = run(&town, &["link", "import", file.to_str().unwrap()], "offline");
    assert!(refused(&out).contains("it is not done offline"));
    town.verified();
}

#[test]
fn who_issued_a_temporary_id_does_not_merge_it_alone() {
    let town = town();
    let served = town.serve();
    let temporary = json_of(&run(&town, &["card", "temporary"], "suzuki"))["ppid"].as_str().unwrap().to_owned();
    let own = named_ppid("on-us-b").to_string();
    let credit = ["purse", "credit", &temporary, "1", "3000", "--reference", "shelter"];
    assert!(by_two(&town, &credit, ["sato", "tanaka"]).status.success());
    let before = purses(&town, &own);
    let asked = json_of(&run(&town, &["card", "merge", &temporary, &own, "--why", "the same person"], "suzuki"));
    assert_eq!(asked["request"]["effect"]["yen"], 3_000, "{asked}");
    assert_eq!(purses(&town, &own), before, "it waits");
    assert!(refused(&approve(&town, &asked, "suzuki")).contains("another person decides it"));
    assert_eq!(json_of(&approve(&town, &asked, "tanaka"))["result"], "recorded");
    assert_ne!(purses(&town, &own), before);
    // Over the API neither the key file's program nor one person alone.
    let merge = json!({ "do": "merge", "from": temporary, "into": own });
    assert_eq!(call(&served, DO, REQUESTS, &token(&town, "", "token"), &merge).0, 403);
    served.stop();
    town.verified();
}

#[test]
fn a_link_that_staff_make_waits_for_another_person() {
    let town = town();
    let served = town.serve();
    let who = named_ppid("on-us-poor").to_string();
    let link = json!({ "do": "link", "ppid": who, "kind": "bank", "number": "99990010000777", "pin_verified": true });
    let (status, told) = call(&served, DO, REQUESTS, &token(&town, "", "token"), &link);
    assert_eq!(status, 409, "a program is no person at a counter: {told}");
    let (status, set) = call(&served, DO, REQUESTS, &town.session("suzuki"), &link);
    assert_eq!((status, &set["asked"]["request"]["content"]["kind"]), (200, &json!("link")), "{set}");
    let newest = |who: &str| {
        json_of(&run(&town, &["link", "show", who, "--why", "a test"], "sato"))["links"][0]["instrument"]["kind"]
            .clone()
    };
    assert_eq!(newest(&who), "on_us", "it waits");
    assert!(refused(&approve(&town, &set["asked"], "suzuki")).contains("another person decides it"));
    assert_eq!(json_of(&approve(&town, &set["asked"], "tanaka"))["result"], "recorded");
    assert_eq!(newest(&who), "bank");
    served.stop();
    town.verified();
}
