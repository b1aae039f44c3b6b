//! Residents' cards on a running switch: what protects takes one person, what opens takes two; and a card that was replaced by one with
//! another PPID.

use crate::bad_input::{code, frame, purchase};
use crate::codes::{APPROVED, LOST_CARD, RESTRICTED_CARD};
use crate::harness::DO;
use crate::harness::{Served, Town, by_two, kazasu, requested};
use crate::rules::{call, json_of, refused, token};
use crate::statements::SigningPortal;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, named_ppid};
use kazasu_ledger::Body;
use kazasu_schemas::ids::{Ppid, Stan};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Operation, Request};
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Output;

fn run(town: &Town, args: &[&str], by: &str) -> Output {
    let config = town.config();
    kazasu(&[args, &["--json", "--config", &config, "--by", by]].concat())
}

fn approve(town: &Town, asked: &Value, by: &str) -> Output {
    let (number, fingerprint) = requested(asked);
    run(town, &["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "checked"], by)
}

fn shown(town: &Town, who: Ppid) -> Value {
    json_of(&run(town, &["link", "show", &who.to_string(), "--why", "a test"], "sato"))
}

/// A till of the first acquirer's shop.
struct Till {
    session: Session,
    number: u64,
}

impl Till {
    fn open(town: &Town, served: &Served, number: u64) -> Till {
        Till { session: Session::open(&town.acquirer(1, served)).unwrap(), number }
    }

    fn says(&mut self, request: &Request) -> String {
        self.session.raw(&frame(&self.session, request)).unwrap();
        code(&mut self.session)
    }

    fn purchase(&mut self, who: Ppid, yen: i64) -> Request {
        self.number += 1;
        Request { amount: Yen::new(yen), ppid: Some(who), ..purchase(&self.session.config, self.number) }
    }

    fn refund(&mut self, of: &Request, yen: i64) -> Request {
        self.number += 1;
        let (original, stan) = (Some(of.as_original()), Stan::wrapping(self.number));
        let operation = Some(Operation::Refund);
        Request { operation, processing: 200_000, amount: Yen::new(yen), stan, original, ..*of }
    }
}

#[test]
fn one_person_protects_a_card_and_two_open_it() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let resident = named_ppid("on-us-rich");
    let who = resident.to_string();
    let mut till = Till::open(&town, &served, 100);
    let mut pays = |wanted: &str| {
        let tap = till.purchase(resident, 1);
        assert_eq!(till.says(&tap), wanted);
    };
    for (status, refusal) in [("suspended", LOST_CARD), ("revoked", RESTRICTED_CARD)] {
        let protect = run(&town, &["card", "status", &who, status, "--why", "by telephone"], "suzuki");
        assert_eq!(json_of(&protect)["result"], "recorded");
        pays(refusal);
        let asked = json_of(&run(&town, &["card", "status", &who, "good", "--why", "found"], "suzuki"));
        assert_eq!(
            asked["request"]["content"],
            json!({ "kind": "lift_suspension", "ppid": who, "of": status }),
            "{asked}"
        );
        pays(refusal);
        assert!(refused(&approve(&town, &asked, "suzuki")).contains("another person decides it"));
        assert_eq!(json_of(&approve(&town, &asked, "tanaka"))["result"], "recorded");
        pays(APPROVED);
    }
    let good = json_of(&run(&town, &["card", "status", &who, "good", "--why", "again"], "suzuki"));
    assert_eq!((&good["result"], &good["proposal"]), (&json!("unchanged"), &Value::Null), "{good}");
    // A certificate by one person waits; a program asks for neither.
    let bind = ["card", "bind", &who, "--serial", "010a", "--last-day", "2035-03-31"];
    assert!(refused(&run(&town, &bind, "suzuki")).contains("why: "), "a request has a reason");
    let asked = json_of(&run(&town, &[&bind[..], &["--why", "renewed"]].concat(), "suzuki"));
    assert_eq!(shown(&town, resident)["last_day"], Value::Null, "it waits");
    assert_eq!(json_of(&approve(&town, &asked, "tanaka"))["result"], "recorded");
    assert_eq!(shown(&town, resident)["last_day"], "2035-03-31");
    let program = token(&town, "", "token");
    for body in [
        json!({ "do": "set_card", "ppid": who, "status": "good", "why": "x" }),
        json!({ "do": "bind_certificate", "ppid": who, "serial": "010b", "last_day": "2035-03-31", "why": "x" }),
        json!({ "do": "replace", "from": who, "into": named_ppid("on-us-b").to_string(), "why": "x" }),
    ] {
        assert_eq!(call(&served, DO, "operations", &program, &body).0, 403, "{body}");
    }
    served.stop();
    let offline = run(&town, &["card", "status", &who, "good", "--why", "x"], "offline");
    assert!(refused(&offline).contains("it is not done offline"), "{offline:?}");
    town.verified();
}

#[test]
fn the_ppid_of_a_new_card_takes_over_what_the_old_one_had_and_what_comes_late_finds_it() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let (old, new) = (named_ppid("credit-ok"), Ppid::from_bytes([0xd7; 16]));
    let (from, into) = (old.to_string(), new.to_string());
    let credit = ["purse", "credit", &from, "1", "3000", "--reference", "relief"];
    assert!(by_two(&town, &credit, ["sato", "tanaka"]).status.success());
    let limits = ["limits", "set", &from, "--month", "90000"];
    assert_eq!(json_of(&run(&town, &limits, "suzuki"))["result"], "recorded");
    let mut till = Till::open(&town, &served, 100);
    let paid = till.purchase(old, 5_000);
    assert_eq!(till.says(&paid), APPROVED);
    let before = shown(&town, old);
    let left: i64 = before["purses"].as_array().unwrap().iter().map(|purse| purse["yen"].as_i64().unwrap()).sum();
    let replace = ["card", "replace", &from, &into, "--why", "reissued, both cards seen"];
    let asked = json_of(&run(&town, &replace, "suzuki"));
    let request = &asked["request"];
    assert_eq!((&request["kind"], &request["effect"]["yen"]), (&json!("replace"), &json!(left)), "{asked}");
    assert_eq!(request["content"]["instrument"], before["links"][0]["instrument"], "the link that goes over, masked");
    assert!(refused(&approve(&town, &asked, "suzuki")).contains("another person decides it"));
    let waits = till.purchase(new, 1);
    assert_eq!(till.says(&waits), "14", "it waits");
    assert_eq!(json_of(&approve(&town, &asked, "tanaka"))["result"], "recorded");
    let after = shown(&town, new);
    for field in ["purses", "points", "limits", "today_yen", "this_month_yen"] {
        assert_eq!(after[field], before[field], "{field}: {after}");
    }
    let gone = till.purchase(old, 1);
    assert_eq!(till.says(&gone), RESTRICTED_CARD);
    // The issuer gets the card's number, which is sealed for the new PPID now.
    let by_new = till.purchase(new, left + 700);
    assert_eq!(till.says(&by_new), APPROVED);
    // A refund of the old card's payment, by its own PPID, after the power went.
    served.drained();
    served.kill();
    let served = town.serve();
    served.issuers_up(3);
    let mut till = Till::open(&town, &served, 200);
    let refund = till.refund(&paid, 5_000);
    assert_eq!(till.says(&refund), APPROVED);
    assert_eq!(till.says(&gone), RESTRICTED_CARD);
    let purse = |of: &Value| of["purses"].as_array().unwrap().iter().map(|p| p["yen"].as_i64().unwrap()).sum::<i64>();
    let (now, then) = (shown(&town, new), shown(&town, old));
    assert_eq!(
        (purse(&now), &now["purses"]),
        (3_000 - left, &then["purses"]),
        "what the old card paid is the new one's"
    );
    // One history: both cards' payments, under the new PPID.
    let taps = json_of(&run(&town, &["resident", "taps", &into, "--why", "a call"], "sato"));
    let approved = taps.as_array().unwrap().iter().filter(|tap| tap["amount_yen"] == 5_000).count();
    assert_eq!(approved, 2, "the payment and its refund: {taps}");
    served.drained();
    served.stop();
    let (_, disagreements) = town.fold();
    assert_eq!(disagreements, [], "with the issuers' books");
    let verified = town.verified();
    assert_eq!(verified.sums.debits, verified.sums.credits);
}

/// What the switch tells of the book and of a resident: balances of every account, taps, statement, search, the resident, open requests.
fn told(town: &Town, who: Ppid) -> Vec<Value> {
    let (config, who) = (town.config(), who.to_string());
    let books = json_of(&kazasu(&["ledger", "trial-balance", "--config", &config, "--json"]));
    let mut all = vec![books];
    for question in [
        &["resident", "taps", &who, "--why", "a test"][..],
        &["payment", "find", "--ppid", &who, "--why", "a test"],
        &["link", "show", &who, "--why", "a test"],
        &["report", "fees", "--why", "a test"],
        &["approval", "list"],
    ] {
        let mut answer = json_of(&run(town, question, "sato"));
        // When it was made, and at which record, is another matter.
        if let Some(fields) = answer.as_object_mut() {
            fields.retain(|field, _| field != "as_of" && !field.starts_with("made"));
        }
        all.push(answer);
    }
    all
}

#[test]
fn a_journal_with_old_and_new_kinds_reads_the_same_after_a_kill_and_without_its_tables() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let two = |args: &[&str]| {
        let out = by_two(&town, args, ["sato", "tanaka"]);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    };
    let (old, new) = (named_ppid("credit-ok"), Ppid::from_bytes([0xd8; 16]));
    let temporary = json_of(&run(&town, &["card", "temporary"], "suzuki"))["ppid"].as_str().unwrap().to_owned();
    two(&["purse", "credit", &temporary, "1", "3000", "--reference", "shelter"]);
    two(&["card", "merge", &temporary, &old.to_string()]);
    let mut till = Till::open(&town, &served, 100);
    let paid = till.purchase(old, 4_000);
    assert_eq!(till.says(&paid), APPROVED);
    let file = town.path("shop.csv");
    std::fs::write(&file, "merchant,acquirer,name,closed\nM10000000000001,27000001,別の店,\n").unwrap();
    two(&["merchant", "import", file.to_str().unwrap(), "--why", "as the owner wrote"]);
    let fund = json_of(&run(&town, &["purse", "fund", "1", "5000", "--reference", "x"], "sato"));
    let (number, fingerprint) = requested(&fund);
    let back = ["approval", "send-back", &number, "--fingerprint", &fingerprint, "--why", "which month?"];
    assert_eq!(json_of(&run(&town, &back, "tanaka"))["result"], "recorded");
    assert_eq!(
        json_of(&run(&town, &["approval", "withdraw", &number, "--why", "twice"], "sato"))["result"],
        "recorded"
    );
    let path = format!("/api/v1/residents/{}/card", named_ppid("on-us-a"));
    let lost = json!({ "status": "suspended", "why": "lost" }).to_string();
    assert_eq!(SigningPortal::of(&town).ask(&served, "PUT", &path, lost.as_bytes()).0, 200);
    two(&["card", "replace", &old.to_string(), &new.to_string(), "--why", "reissued"]);
    let by_new = till.purchase(new, 300);
    assert_eq!(till.says(&by_new), APPROVED);
    let refund = till.refund(&paid, 1_500);
    assert_eq!(till.says(&refund), APPROVED);
    served.drained();
    let before = told(&town, new);
    served.kill();
    for table in ["statements.db", "transactions.db"] {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(town.path(&format!("data/{table}{end}")));
        }
    }
    let served = town.serve();
    served.issuers_up(3);
    for (was, is) in before.iter().zip(told(&town, new)) {
        assert_eq!(*was, is);
    }
    served.stop();
    let kinds: BTreeSet<u8> = town.runtime.block_on(async {
        let page = SqliteStore::new(town.journal()).reader().await.unwrap().scan(1, 100_000).await.unwrap();
        page.iter().map(|entry| Body::read(&entry.body).unwrap().carried().kind()).collect()
    });
    for kind in [3, 6, 8, 16, 17, 18, 23, 32, 92, 93, 100, 104] {
        assert!(kinds.contains(&kind), "{kind} is among {kinds:?}");
    }
    town.verified();
}
