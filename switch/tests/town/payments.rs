//! Payments are found by what a customer remembers or holds, by those who may see them.

use crate::bad_input::{code, frame, purchase};
use crate::codes::{APPROVED, PIN_REQUIRED};
use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, wait_for};
use crate::people::{Person, granted};
use crate::rules::pointer;
use crate::rules::{call, token};
use crate::step_up::steps_up;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, named_ppid};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Operation, Original, Request};
use serde_json::{Value, json};
use std::time::Duration;

fn town() -> Town {
    Town::new(Sample { residents: 0, ..Sample::default() })
}

/// The paid message, for what refers to it.
fn pays(session: &mut Session, number: u64, (card, yen): (&str, i64), expected: &str) -> Request {
    let mut request = purchase(&session.config, number);
    request.ppid = Some(session.config.cards[card]);
    request.amount = Yen::new(yen);
    sends(session, &request, expected);
    request
}

fn sends(session: &mut Session, request: &Request, expected: &str) {
    let bytes = frame(session, request);
    session.raw(&bytes).unwrap();
    assert_eq!(code(session), expected);
}

fn gives_back(session: &mut Session, (number, yen): (u64, i64), paid: &Request) {
    let mut request = purchase(&session.config, number);
    let about = Original::new(paid.mti, paid.stan, paid.transmission, paid.acquirer);
    (request.mti, request.operation, request.processing) = (Mti(200), Some(Operation::Refund), 200_000);
    (request.ppid, request.amount, request.original) = (paid.ppid, Yen::new(yen), Some(about));
    sends(session, &request, APPROVED);
}

fn found(served: &Served, token: &str, query: &str) -> Vec<Value> {
    let (status, page) = call(served, "GET", &format!("/api/v1/transactions?{query}"), token, &Value::Null);
    assert_eq!(status, 200, "{query}: {page}");
    page["items"].as_array().unwrap().clone()
}

fn refused(served: &Served, token: &str, query: &str) -> (u16, String) {
    let (status, value) = call(served, "GET", &format!("/api/v1/transactions?{query}"), token, &Value::Null);
    (status, pointer(&value))
}

/// Two payments of about 3,000 yen at the grocer's, one of which is refunded in part; one that takes a PIN; one with a
/// card.
fn a_friday(session: &mut Session) {
    let paid = pays(session, 1, ("on-us-rich", 3_000), APPROVED);
    pays(session, 2, ("on-us-rich", 3_190), APPROVED);
    pays(session, 3, ("on-us-a", 900_000_000), PIN_REQUIRED);
    pays(session, 4, ("credit-ok", 2_800), APPROVED);
    gives_back(session, (5, 1_000), &paid);
}

#[test]
fn a_complaint_is_found_by_shop_day_and_about_the_amount_and_by_what_is_on_the_receipt() {
    let town = town();
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    a_friday(&mut session);
    let staff = token(&town, "", "token");
    let today = kazasu_engine::clock::now().jst_day();
    let about = found(&served, &staff, &format!("merchant=%E4%B8%B8%E5%B1%B1&about=3000&from={today}&until={today}"));
    let shown: Vec<_> =
        about.iter().map(|one| (one["amount_yen"].as_i64().unwrap(), one["state"].as_str().unwrap())).collect();
    assert_eq!(shown, [(2_800, "approved"), (3_190, "approved"), (3_000, "partly_refunded")]);
    let complaint = &about[2];
    assert_eq!((&complaint["refunded_yen"], &complaint["left_yen"]), (&json!(1_000), &json!(2_000)));
    assert_eq!(complaint.get("ppid"), None, "without a reason the payer is not named");
    // By each thing that a receipt shows.
    for query in [
        format!("rrn={}", complaint["rrn"].as_str().unwrap()),
        format!("approval={}", complaint["approval"].as_str().unwrap()),
        format!("terminal={}&stan=1", complaint["terminal"].as_str().unwrap()),
        "amount=3000&kind=purchase".to_owned(),
        "state=partly_refunded".to_owned(),
        format!("ppid={}&why=a%20complaint&amount=3000", named_ppid("on-us-rich")),
        format!("last_four={}&amount_from=3000&amount_until=3100", complaint["last_four"].as_str().unwrap()),
    ] {
        let rows = found(&served, &staff, &query);
        assert!(rows.iter().any(|one| one["record"] == complaint["record"]), "{query}: {rows:?}");
    }
    let card = found(&served, &staff, "amount=2800&why=a%20look");
    let last = town.acquirer(1, &served).cards.contains_key("credit-ok");
    assert!(last && card[0]["instrument"] == "credit" && card[0]["last_four"].as_str().unwrap().len() == 4, "{card:?}");
    assert_eq!(card[0]["ppid"], named_ppid("credit-ok").to_string());
    let declined = found(&served, &staff, "state=declined");
    assert_eq!((&declined[0]["response"], &declined[0]["left_yen"]), (&json!("55"), &json!(0)), "{declined:?}");
    // The whole story of one, in its order.
    let (_, story) =
        call(&served, "GET", &format!("/api/v1/transactions/{}", complaint["record"]), &staff, &Value::Null);
    let kinds: Vec<_> = story.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["purchase", "refund"]);
    pages_are_of_one_search(&served, &staff);
    wrong_searches_are_told_by_field(&served, &staff);
    let merchant = format!("{}/{}", complaint["acquirer"].as_str().unwrap(), complaint["merchant"].as_str().unwrap());
    let (_, day) = call(&served, "GET", &format!("/api/v1/takings?merchant={merchant}"), &staff, &Value::Null);
    assert_eq!(day["net_yen"], 3_000 + 3_190 + 2_800 - 1_000, "{day}");
    assert_eq!((&day["terminals"][0]["payments"], &day["terminals"][0]["declined"]), (&json!(3), &json!(1)), "{day}");
    // The file goes; the same is found again, also at the command line.
    served.stop();
    std::fs::remove_file(town.path("data/transactions.db")).unwrap();
    let out = kazasu(&["payment", "find", "--merchant", "丸山", "--about", "3,000", "--config", &town.config()]);
    let table = String::from_utf8(out.stdout).unwrap();
    assert!(table.contains("3,190") && table.contains("part refunded") && table.contains("丸山商店"), "{table}");
}

fn pages_are_of_one_search(served: &Served, staff: &str) {
    let page = |query: &str| call(served, "GET", &format!("/api/v1/transactions?{query}"), staff, &Value::Null);
    let (_, all) = page("limit=200");
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let (status, page) = page(&query);
        assert_eq!(status, 200, "{page}");
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&cursor={next}");
        assert_eq!(refused(served, staff, &format!("{query}&state=approved")), (400, "cursor".to_owned()));
        let csv = crate::harness::sent(
            served.http,
            ("GET", "/api/v1/transactions"),
            &[("authorization", &format!("Bearer {staff}")), ("accept", "text/csv"), ("accept-language", "ja")],
            b"",
        );
        let (status, text) = csv.unwrap();
        assert_eq!(status, 200, "{text}");
        assert_eq!(text.lines().count(), 1 + all["items"].as_array().unwrap().len(), "{text}");
        assert!(text.contains("承認番号") && text.contains("一部返品済"), "{text}");
    }
    assert_eq!(json!(seen), all["items"]);
}

fn wrong_searches_are_told_by_field(served: &Served, staff: &str) {
    for (query, field) in [
        ("stan=12a", "stan"),
        ("last_four=12345", "last_four"),
        ("amount=1&about=1", "amount"),
        ("amount_from=5&amount_until=4", "amount"),
        ("from=2026-12-02&until=2026-12-01", "until"),
        ("from=friday", "from"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("state=gone", "state"),
        ("kind=theft", "kind"),
        ("cursor=12-34", "cursor"),
        ("ppid=abc&why=x", "ppid"),
    ] {
        assert_eq!(refused(served, staff, query), (400, field.to_owned()), "{query}");
    }
    assert_eq!(refused(served, staff, "colour=red").0, 400);
    assert_eq!(refused(served, staff, "merchant=nowhere").0, 404);
}

#[test]
fn a_merchants_people_see_their_own_shop_and_nobody_who_paid() {
    let town = town();
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    a_friday(&mut session);
    let staff = token(&town, "", "token");
    let other = found(&served, &staff, "amount=3000")[0].clone();
    let shop = format!("{}/{}", other["acquirer"].as_str().unwrap(), other["merchant"].as_str().unwrap());
    let organisation = json!({ "do": "organisation", "kind": "merchant", "name": "Maruyama and others", "shops": [shop, "27000001/M10000000000002"], "why": "a contract" });
    let (status, value) = call(&served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{value}");
    let works_at = value["organisation"].as_str().unwrap();
    let joined = |name| Person::joined_at(&town, &served, (name, works_at));
    let (mori, oda) = (joined("mori"), joined("oda"));
    granted(&town, &served, "mori", &format!("merchant-staff shop:{shop}"));
    granted(&town, &served, "oda", "merchant-owner shop:27000001/M10000000000002");
    let (mori, oda) = (mori.session(&served, 1), oda.session(&served, 1));
    assert_eq!(found(&served, &mori, "about=3000").len(), 3, "her own shop's");
    assert_eq!(found(&served, &oda, "about=3000"), [] as [Value; 0], "another shop's");
    let own = crate::api::events(&served, &mori, 100);
    assert!(!own.is_empty() && own.iter().all(|event| event["merchant"] == shop), "{own:?}");
    let own = crate::api::events(&served, &oda, 100);
    assert!(own.iter().all(|event| event["merchant"] == "27000001/M10000000000002"), "{own:?}");
    for query in [format!("merchant={shop}"), "merchant=%E4%B8%B8%E5%B1%B1".to_owned()] {
        assert_eq!(refused(&served, &oda, &query).0, 404, "{query}");
    }
    let record =
        |who: &str| call(&served, "GET", &format!("/api/v1/transactions/{}", other["record"]), who, &Value::Null);
    assert_eq!(record(&mori).0, 200);
    let (status, hidden) = record(&oda);
    let (_, missing) = call(&served, "GET", "/api/v1/transactions/999999", &oda, &Value::Null);
    assert_eq!(status, 404);
    assert_eq!(hidden["detail"].as_str().unwrap().replace(&other["record"].to_string(), "999999"), missing["detail"]);
    assert_eq!(call(&served, "GET", &format!("/api/v1/takings?merchant={shop}"), &oda, &Value::Null).0, 404);
    assert_eq!(call(&served, "GET", &format!("/api/v1/takings?merchant={shop}"), &mori, &Value::Null).0, 200);
    // They ask for a refund of their own shop's payment, and finance decides.
    let refund = |who: &str| {
        let path = format!("/api/v1/payments/{}/refund", other["record"]);
        call(&served, "POST", &path, who, &json!({ "amount": 100, "why": "the terminal is broken" }))
    };
    assert_eq!(refund(&oda).0, 404, "another shop's is as unknown as one that is not there");
    let (status, asked) = refund(&mori);
    assert_eq!((status, &asked["yen"], asked["ppid"].is_null()), (200, &json!(100), true), "{asked}");
    let (status, own) = call(&served, "GET", &format!("/api/v1/approvals/{}", asked["proposal"]), &mori, &Value::Null);
    assert_eq!((status, own["content"]["ppid"].is_null()), (200, true), "{own}");
    let approve =
        json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": asked["fingerprint"], "why": "x" });
    assert_eq!(call(&served, DO, "approvals", &mori, &approve).0, 403);
    steps_up(&town, &served, ("tanaka", asked["fingerprint"].as_str().unwrap()));
    let tanaka = town.session("tanaka");
    assert_eq!(call(&served, DO, "approvals", &tanaka, &approve).0, 200);
    // Who paid is no merchant's business, with or without a reason.
    let by_person = format!("ppid={}&why=curious", named_ppid("on-us-rich"));
    assert_eq!(refused(&served, &mori, &by_person).0, 403);
    assert!(found(&served, &mori, "about=3000&why=curious").iter().all(|one| one.get("ppid").is_none()));
    // No caller without a session, and no portal.
    assert_eq!(refused(&served, "kz_live_nothing", "amount=1").0, 401);
    assert_eq!(refused(&served, &token(&town, "portals", "portal"), "amount=1").0, 403);
    wait_for("the look in the security log", Duration::from_secs(5), || {
        let filter = ["audit", "log", "--json", "--kind", "look", "--config", &town.config()];
        let out = kazasu(&filter);
        String::from_utf8(out.stdout).unwrap().contains("operations.transactions").then_some(())
    });
}
