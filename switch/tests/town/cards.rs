//! Residents' cards on a running switch: what protects takes one person, what opens takes two; and a card that was replaced by one with
//! another PPID.

use crate::bad_input::{code, frame, purchase};
use crate::codes::{APPROVED, LOST_CARD, RESTRICTED_CARD};
use crate::harness::{Served, Town, by_two, kazasu, requested};
use crate::rules::{call, json_of, refused, token};
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, named_ppid};
use kazasu_schemas::ids::{Ppid, Stan};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Operation, Request};
use serde_json::{Value, json};
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
        assert_eq!(asked["request"]["content"], json!({ "kind": "lift_suspension", "ppid": who, "of": status }), "{asked}");
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
        json!({ "do": "replace", "from": who, "into": named_ppid("on-us-b"), "why": "x" }),
    ] {
        assert_eq!(call(&served, "POST", "/v1/requests", &program, &body).0, 403, "{body}");
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
    let credit = ["purse", "credit", &old.to_string(), "1", "3000", "--reference", "relief"];
    assert!(by_two(&town, &credit, ["sato", "tanaka"]).status.success());
    let limits = ["limits", "set", &old.to_string(), "--month", "90000"];
    assert_eq!(json_of(&run(&town, &limits, "suzuki"))["result"], "recorded");
    let mut till = Till::open(&town, &served, 100);
    let paid = till.purchase(old, 5_000);
    assert_eq!(till.says(&paid), APPROVED);
    let before = shown(&town, old);
    let left: i64 = before["purses"].as_array().unwrap().iter().map(|purse| purse["yen"].as_i64().unwrap()).sum();
    let replace = ["card", "replace", &old.to_string(), &new.to_string(), "--why", "reissued, both cards seen"];
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
    assert_eq!((purse(&now), &now["purses"]), (3_000 - left, &then["purses"]), "what the old card paid is the new one's");
    // One history: both cards' payments, under the new PPID.
    let taps = json_of(&run(&town, &["resident", "taps", &new.to_string(), "--why", "a call"], "sato"));
    let approved = taps.as_array().unwrap().iter().filter(|tap| tap["amount_yen"] == 5_000).count();
    assert_eq!(approved, 2, "the payment and its refund: {taps}");
    served.drained();
    served.stop();
    let (_, disagreements) = town.fold();
    assert_eq!(disagreements, [], "with the issuers' books");
    let verified = town.verified();
    assert_eq!(verified.sums.debits, verified.sums.credits);
}
