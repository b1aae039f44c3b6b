//! A portal acts for residents.

use super::*;
use crate::rules::pointer;
use crate::statements::SigningPortal;

/// A portal, and the resident who uses it.
struct Portal<'a> {
    town: &'a Town,
    served: &'a Served,
    portal: SigningPortal,
    /// The resident's path.
    path: String,
    /// The number of the credit card that the resident links.
    card: &'a str,
}

impl Portal<'_> {
    fn ask(&self, method: &str, what: &str, body: &Value) -> (u16, Value) {
        let body = if method == "GET" { String::new() } else { body.to_string() };
        self.portal.ask(self.served, method, &format!("{}{what}", self.path), body.as_bytes())
    }

    fn link(&self, body: &Value) -> (u16, Value) {
        self.ask("PUT", "/link", body)
    }

    fn shown(&self) -> (u16, Value) {
        self.ask("GET", "", &Value::Null)
    }

    fn pays(&self, steps: &str) {
        goes(self.town, self.served, steps);
    }
}

/// What the resident pays with the linked card.
const PAID: u32 = 120;

#[test]
fn a_portal_links_relinks_and_limits_for_residents_and_nothing_else() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let card = kazasu_demo::sample::card_number("490000", 424_242);
    let path = format!("/api/v1/residents/{}", ruled_ppid("pin", "27000001"));
    let portal = Portal { town: &town, served: &served, portal: SigningPortal::of(&town), path, card: &card };
    a_wrong_ask_links_nothing_and_repeats_no_number(&portal);
    a_card_is_linked_once_and_shown_masked(&portal);
    an_account_that_another_resident_has_is_flagged(&portal);
    the_resident_sets_a_limit_of_the_day(&portal);
    what_a_household_can_spend_limits_the_month(&portal);
    a_portal_suspends_a_card_and_no_more(&portal);
    other_paths_and_other_residents_are_refused(&portal);
    let (status, value) = portal.portal.ask(&served, "DELETE", &format!("{}/link", portal.path), b"");
    assert_eq!((status, value["result"].as_str()), (200, Some("recorded")));
    served.drained();
    served.stop();
    let log = std::fs::read_to_string(town.path("serve.log")).unwrap();
    assert!(!log.contains(&card), "no card number in the log");
    let verified = town.verified();
    assert_eq!(verified.sums.debits, verified.sums.credits);
}

fn a_wrong_ask_links_nothing_and_repeats_no_number(portal: &Portal<'_>) {
    let card = portal.card;
    // At a counter, staff say that the PIN was entered.
    let operator = token(portal.town, "", "token");
    let body = json!({ "kind": "credit", "number": card });
    let (status, value) = call(portal.served, "PUT", &format!("{}/link", portal.path), &operator, &body);
    assert_eq!(status, 403, "{value}");
    assert!(value["detail"].as_str().unwrap().contains("4-digit PIN"));
    let wrong = format!("{}0", &card[..15]);
    let (status, value) = portal.link(&json!({ "kind": "credit", "number": wrong }));
    assert_eq!((status, pointer(&value)), (400, "number".to_owned()));
    assert!(!value.to_string().contains(&wrong), "a card number is never repeated: {value}");
    let (status, value) = portal.link(&json!({ "kind": "gold", "number": card }));
    assert_eq!((status, pointer(&value)), (400, "kind".to_owned()));
    for body in [
        json!({ "kind": "credit", "number": 4_900_009_000_000_061_u64 }),
        json!({ "kind": "bank", "number": "4900009000000061" }),
        json!({ "kind": "on_us", "number": "4900009000000061" }),
        json!({ "kind": "4900009000000061", "number": "1" }),
        json!({ "4900009000000061": 1 }),
    ] {
        let (status, value) = portal.link(&body);
        assert_eq!(status, 400, "{value}");
        assert!(!value.to_string().contains("4900009"), "{value}");
    }
    let (status, value) = portal.shown();
    assert_eq!((status, value["links"].as_array().unwrap().len()), (200, 1), "nothing was changed");
}

fn a_card_is_linked_once_and_shown_masked(portal: &Portal<'_>) {
    let card = portal.card;
    let right = json!({ "kind": "credit", "number": card });
    let (status, value) = portal.link(&right);
    assert_eq!((status, value["result"].as_str()), (200, Some("recorded")), "{value}");
    let (_, value) = portal.link(&right);
    assert_eq!(value["result"], "unchanged");
    let (_, value) = portal.shown();
    let shown = value["links"][0]["instrument"]["number"].as_str().unwrap().to_owned();
    assert_eq!(shown, format!("{}******{}", &card[..6], &card[12..]), "masked");
    assert!(!value.to_string().contains(card));
    portal.pays(&purchase("pin", PAID, APPROVED));
}

/// A public-receipt account; staff may allow it, and it is flagged.
fn an_account_that_another_resident_has_is_flagged(portal: &Portal<'_>) {
    let other = kazasu_schemas::ids::Ppid::from_bytes([9; 16]).to_string();
    let out = kazasu_with(
        &["link", "set", &other, "--kind", "on_us", "--pin-verified", "--json", "--config", &portal.town.config()],
        "0910000003\n",
    );
    let waits = json_of(&out);
    assert_eq!(waits["shared_account"], false);
    let number = waits["waits_for_staff"].as_u64().unwrap().to_string();
    let config = portal.town.config();
    let waiting = json_of(&kazasu(&["link", "waiting", "--json", "--config", &config]));
    let shown = &waiting[0]["fingerprint"].as_str().unwrap()[..12];
    let mut allow =
        vec!["link", "allow", &number, "--approve", "--why", "one family", "--by", "suzuki", "--config", &config];
    assert!(!kazasu(&allow).status.success(), "without a fingerprint nothing is allowed");
    allow.extend(["--fingerprint", shown]);
    let out = kazasu(&allow);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let (status, _) = portal.link(&json!({ "kind": "on_us", "number": "0910000001" }));
    assert_eq!(status, 404, "account 0910000001 was never opened");
    let operator = token(portal.town, "", "token");
    let (_, shared) = call(portal.served, "GET", "/api/v1/links/shared", &operator, &json!(null));
    let shared = shared["items"].as_array().unwrap();
    assert_eq!(shared.len(), 1);
    assert!(shared[0]["ppids"].to_string().contains(&other));
}

const DAY_LIMIT: u32 = 500;

fn the_resident_sets_a_limit_of_the_day(portal: &Portal<'_>) {
    let (status, value) = portal.ask("PUT", "/limits", &json!({ "day": DAY_LIMIT }));
    assert_eq!((status, value["result"].as_str()), (200, Some("recorded")));
    let left = DAY_LIMIT - PAID;
    portal.pays(&(purchase("pin", left + 1, LIMIT_EXCEEDED) + &purchase("pin", left, APPROVED)));
}

/// A twelfth of what it can spend in a year.
fn what_a_household_can_spend_limits_the_month(portal: &Portal<'_>) {
    const YEAR: i64 = 495_000;
    const MONTH: i64 = YEAR / 12;
    let spendable = |body: Value| portal.ask("PUT", "/spendable", &body);
    let declared = json!({ "income": 3_000_000, "household": 3, "housing": true, "debts": 360_000, "decline": true });
    let (status, value) = spendable(declared);
    assert_eq!((status, value["year_yen"].as_i64(), value["month_yen"].as_i64()), (200, Some(YEAR), Some(MONTH)));
    let (_, value) = portal.shown();
    let limits = (value["limits"]["month_yen"].as_i64(), value["limits"]["day_yen"].as_i64());
    assert_eq!(limits, (Some(MONTH), Some(i64::from(DAY_LIMIT))));
    for income in [0, -1, 1_000_000_000_000_i64] {
        let (status, value) = spendable(json!({ "income": income, "household": 3, "housing": true, "debts": 0 }));
        assert_eq!(status, 400);
        assert!(value["detail"].as_str().unwrap().contains("income must be from ¥1"), "{value}");
    }
}

fn a_portal_suspends_a_card_and_no_more(portal: &Portal<'_>) {
    let (status, _) = portal.ask("PUT", "/card", &json!({ "status": "good", "why": "x" }));
    assert_eq!(status, 403, "a portal suspends, and no more");
    let (status, _) = portal.ask("PUT", "/card", &json!({ "status": "suspended", "why": "lost" }));
    assert_eq!(status, 200);
    portal.pays(&purchase("pin", 1, LOST_CARD));
}

fn other_paths_and_other_residents_are_refused(portal: &Portal<'_>) {
    let (served, token) = (portal.served, &token(portal.town, "portals", "portal"));
    for (method, path) in [
        ("POST", "/api/v1/temporary-ids"),
        ("GET", "/api/v1/policy"),
        ("GET", "/api/v1/notices"),
        ("POST", "/api/v1/handover"),
        ("POST", "/api/v1/import/links"),
    ] {
        let (status, _) = call(served, method, path, token, &json!({}));
        assert_eq!(status, 403, "{path} is not for portals");
        let (status, _) = call(served, method, path, "no one's", &json!({}));
        assert_eq!(status, 401, "{path}");
    }
    let (status, _) = portal.portal.ask(served, "GET", "/api/v1/residents/XXXX", b"");
    assert_eq!(status, 400);
    let unknown = kazasu_schemas::ids::Ppid::from_bytes([77; 16]);
    let (status, _) = portal.portal.ask(served, "GET", &format!("/api/v1/residents/{unknown}"), b"");
    assert_eq!(status, 404);
}
