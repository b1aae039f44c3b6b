//! Refunds that one person of a merchant asks for and another person of the same merchant decides, where the contract says so: up to its
//! amount, and no person of another shop, no cashier, and not the requester.

use crate::corrections::pays;
use crate::harness::{DO, Served, Town, kazasu, requested};
use crate::people::{Person, granted};
use crate::rules::call;
use crate::step_up::steps_up;
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::money::Yen;
use serde_json::{Value, json};

const SHOP: &str = "27000001/M10000000000001";
const OTHER: &str = "27000001/M10000000000002";
/// The contract's `own_refunds`.
const MOST: i64 = 1_000;

/// Contracts that let merchants decide small refunds by two people of their own.
fn agreed(town: &Town) {
    let path = town.path("contracts.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("payout_days = 2\n", &format!("payout_days = 2\nown_refunds = {MOST}\n")))
        .unwrap();
    let run = |by: &str, args: &[&str]| {
        let config = town.config();
        let out = kazasu(&[args, &["--why", "year", "--by", by, "--json", "--config", &config]].concat());
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice::<Value>(&out.stdout).unwrap()
    };
    let (number, fingerprint) = requested(&run("suzuki", &["contract", "propose", path.to_str().unwrap()]));
    run("tanaka", &["approval", "approve", &number, "--fingerprint", &fingerprint[..12]]);
}

/// A merchant with one shop.
fn merchant(town: &Town, served: &Served, (name, shop): (&str, &str)) -> String {
    let organisation = json!({ "do": "organisation", "name": name, "kind": "merchant", "shops": [shop], "why": "x" });
    let (status, made) = call(served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{made}");
    made["organisation"].as_str().unwrap().to_owned()
}

/// A person of a merchant with one role at its shop, and a session.
fn at_shop(
    town: &Town,
    served: &Served,
    (name, role): (&'static str, &str),
    (works_at, shop): (&str, &str),
) -> (Person, String) {
    let person = Person::joined_at(town, served, (name, works_at));
    granted(town, served, name, &format!("{role} shop:{shop}"));
    let session = person.session(served, 1);
    (person, session)
}

fn asks(served: &Served, session: &str, (payment, yen): (&str, i64)) -> Value {
    let path = format!("/api/v1/payments/{payment}/refund");
    let (status, asked) = call(served, "POST", &path, session, &json!({ "amount": yen, "why": "broken till" }));
    assert_eq!(status, 200, "{asked}");
    asked
}

fn approves(served: &Served, session: &str, asked: &Value) -> (u16, Value) {
    let decide =
        json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": asked["fingerprint"], "why": "seen" });
    call(served, DO, "approvals", session, &decide)
}

/// The numbers of the requests that a caller's inbox has.
fn inbox(served: &Served, session: &str) -> Vec<Value> {
    let (status, listed) = call(served, "GET", "/api/v1/approvals", session, &Value::Null);
    assert_eq!(status, 200, "{listed}");
    listed["items"].as_array().unwrap().iter().map(|one| one["approval"].clone()).collect()
}

#[test]
fn a_second_person_of_the_merchant_decides_a_small_refund() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    agreed(&town);
    let payment = pays(&town, &served, "debit-ok", 5_000);
    let [own, another] = [("first", SHOP), ("second", OTHER)].map(|one| merchant(&town, &served, one));
    let here = (own.as_str(), SHOP);
    let (owner, owns) = at_shop(&town, &served, ("mori", "merchant-owner"), here);
    let (_, staff) = at_shop(&town, &served, ("noda", "merchant-staff"), here);
    let (_, cashier) = at_shop(&town, &served, ("hara", "merchant-cashier"), here);
    let (_, other) = at_shop(&town, &served, ("kubo", "merchant-owner"), (&another, OTHER));
    let asked = asks(&served, &staff, (&payment, 400));
    let fingerprint = asked["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(
        [inbox(&served, &owns), inbox(&served, &staff)],
        [vec![asked["proposal"].clone()], vec![asked["proposal"].clone()]]
    );
    assert_eq!(inbox(&served, &other), Vec::<Value>::new());
    assert_eq!(call(&served, "GET", "/api/v1/approvals", &cashier, &Value::Null).0, 403);
    for (who, session) in [("the requester", &staff), ("a cashier", &cashier), ("another shop's owner", &other)] {
        let (status, refused) = approves(&served, session, &asked);
        assert_eq!(status, 403, "{who}: {refused}");
    }
    let shown = format!("/api/v1/approvals/{}", asked["proposal"]);
    let (status, looked) = call(&served, "GET", &shown, &owns, &Value::Null);
    assert_eq!((status, &looked["yen"], &looked["content"]["ppid"]), (200, &json!(400), &Value::Null), "{looked}");
    assert_eq!(call(&served, "GET", &shown, &other, &Value::Null).0, 403);
    assert_eq!(approves(&served, &owns, &asked).1["code"], "fresh_factor_needed");
    owner.steps_up(&served, &owns, (0, &fingerprint));
    let (status, done) = approves(&served, &owns, &asked);
    assert_eq!((status, &done["result"]), (200, &json!("recorded")), "{done}");
    // More than the contract lets the merchant decide: finance does, as before.
    let large = asks(&served, &staff, (&payment, MOST + 1));
    let of_large = large["fingerprint"].as_str().unwrap().to_owned();
    owner.steps_up(&served, &owns, (1, &of_large));
    let (status, refused) = approves(&served, &owns, &large);
    assert_eq!(status, 403, "{refused}");
    steps_up(&town, &served, ("tanaka", &of_large));
    assert_eq!(approves(&served, &town.session("tanaka"), &large).0, 200);
    // What finance itself asks for is decided by finance.
    let by_finance = asks(&served, &town.session("sato"), (&payment, 100));
    let of_finance = by_finance["fingerprint"].as_str().unwrap().to_owned();
    owner.steps_up(&served, &owns, (2, &of_finance));
    assert_eq!(approves(&served, &owns, &by_finance).0, 403);
    served.drained();
    served.stop();
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, []);
    let back: Vec<Yen> = state
        .taps()
        .filter(|tap| tap.key.class == kazasu_ledger::record::CLASS_OF_STAFF)
        .map(|tap| tap.amount)
        .collect();
    assert_eq!(back, [Yen::new(400), Yen::new(MOST + 1)]);
    town.verified();
}
