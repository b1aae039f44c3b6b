//! A merchant's own people see their money, with the reason for every yen; what residents spent is told of ten people or more; a portal
//! shows a resident where a purse is taken.

use crate::bad_input::{code, frame, purchase};
use crate::clock::{DAY, serve as serve_at, set};
use crate::codes::APPROVED;
use crate::harness::{DO, Served, Town, kazasu, request, requested, wait_for};
use crate::people::{Person, granted};
use crate::rules::{call, pointer, token};
use crate::statements::SigningPortal;
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, ruled_ppid};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Operation, Original};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

const SHOP: &str = "27000001/M10000000000001";
const OTHER: &str = "27000001/M10000000000002";

fn asked(served: &Served, who: &str, path: &str) -> (u16, Value) {
    call(served, "GET", &format!("/api/v1{path}"), who, &Value::Null)
}

fn shown(served: &Served, who: &str, path: &str) -> Value {
    let (status, value) = asked(served, who, path);
    assert_eq!(status, 200, "{path}: {value}");
    value
}

fn run(town: &Town, by: &str, args: &[&str]) -> Value {
    let config = town.config();
    let out = kazasu(&[args, &["--by", by, "--json", "--config", &config]].concat());
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap_or(Value::Null)
}

fn decided(town: &Town, asked: &Value) {
    let (number, fingerprint) = requested(asked);
    run(town, "tanaka", &["approval", "approve", &number, "--fingerprint", &fingerprint[..12], "--why", "checked"]);
}

/// ¥300,000 and ¥45,678 at the shop, above its free allowance; the day is closed.
fn a_day_with_a_fee(town: &Town, served: &Served) {
    let contracts = town.path("contracts.toml");
    decided(town, &run(town, "suzuki", &["contract", "propose", contracts.to_str().unwrap(), "--why", "year"]));
    let step = |yen: u32| {
        format!(
            "[[step]]\nsend = 'purchase'\ncard = 'on-us-rich'\nat = 'shop'\namount = {yen}\npin = true\nexpect = {{ code = '{APPROVED}' }}\n"
        )
    };
    let scenario = Scenario::parse(&format!("title = 'x'\n{}{}", step(300_000), step(45_678))).unwrap();
    assert_eq!(play(&scenario, &town.acquirer(1, served)).unwrap().differences, []);
    served.drained();
    run(town, "sato", &["day", "close", "--cut-over", "--without", "acquirer 27000001", "--why", "a test"]);
}

/// The owner of the shop, the staff of another one, and who works at the shop's till.
fn people_of_shops(town: &Town, served: &Served) -> [String; 3] {
    let organisation = json!({ "do": "organisation", "kind": "merchant", "name": "Maruyama and others", "shops": [SHOP, OTHER], "why": "a contract" });
    let (status, value) = call(served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{value}");
    let works_at = value["organisation"].as_str().unwrap();
    let roles = [
        ("mori", format!("merchant-owner shop:{SHOP}")),
        ("oda", format!("merchant-staff shop:{OTHER}")),
        ("endo", format!("merchant-cashier shop:{SHOP}")),
    ];
    roles.map(|(name, role)| {
        let person = Person::joined_at(town, served, (name, works_at));
        granted(town, served, name, &role);
        person.session(served, 1)
    })
}

#[test]
fn a_merchant_sees_its_own_money_and_the_reason_for_every_yen() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    a_day_with_a_fee(&town, &served);
    let [mori, oda, endo] = people_of_shops(&town, &served);
    let own = shown(&served, &mori, "/settlements");
    let settlement = &own["settlements"][0];
    assert_eq!((&settlement["merchant"], &settlement["net_yen"]), (&json!(SHOP), &json!(345_678)), "{own}");
    every_yen_has_a_reason(&served, &mori);
    let terms = shown(&served, &mori, &format!("/contracts?merchant={SHOP}"));
    assert_eq!((&terms["contract"], &terms["tax"], &terms["free_yen"]), (&json!(2), &json!("10%"), &json!(100_000)));
    let terminals = shown(&served, &endo, "/terminals");
    let seen: Vec<_> = terminals.as_array().unwrap().iter().filter(|one| !one["last"].is_null()).collect();
    assert_eq!((seen.len(), &seen[0]["last"]["kind"]), (1, &json!("purchase")), "{terminals}");
    assert_eq!(terminals.as_array().unwrap().len(), 3, "three are registered");
    its_payout_is_followed_to_the_bank(&town, &served, &mori);
    anothers_money_is_as_unknown_as_what_is_not_there(&served, [&oda, &endo]);
    its_own_reports_and_no_other(&served, &mori, &oda);
    a_refund_says_what_is_left(&served, &mori);
    let out = kazasu(&["settlement", "why", "1", "--by", "sato", "--config", &town.config()]);
    let text = String::from_utf8(out.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("rule ") && text.contains("yen before rounding") && text.contains("Paid"), "{text}");
    served.stop();
}

fn every_yen_has_a_reason(served: &Served, mori: &str) {
    let why = shown(served, mori, "/settlements/1");
    let yen = |value: &Value| value["yen"].as_i64().unwrap();
    let items = why["items"].as_array().unwrap();
    for item in items {
        let parts = item["parts"].as_array().unwrap();
        assert_eq!(parts.iter().map(yen).sum::<i64>(), yen(item), "{item}");
        assert!(parts.iter().all(|part| part["why"] != "" && part["why_ja"] != ""), "{item}");
        assert!(!item.to_string().contains("do not explain"), "{item}");
    }
    assert_eq!(items.iter().map(yen).sum::<i64>(), why["paid_yen"].as_i64().unwrap(), "{why}");
    let of = |code: &str| items.iter().find(|item| item["item"] == code).unwrap_or_else(|| panic!("{code}: {why}"));
    assert_eq!(yen(of("sales")), 345_678);
    let fee = &of("fees")["parts"][0];
    assert!(yen(fee) < 0 && fee["free_yen"] == 100_000 && fee["rule"].is_u64(), "{fee}");
    assert_eq!(fee["base_yen"], 345_678);
    // 10 % of the fee, and what is below a yen is dropped.
    assert_eq!(yen(of("tax")), yen(fee) / 10, "{why}");
}

fn its_payout_is_followed_to_the_bank(town: &Town, served: &Served, mori: &str) {
    let state = || {
        let payouts = shown(served, mori, "/payouts");
        let one = payouts["payouts"][0].clone();
        assert_eq!((&one["settlement"], &one["merchant"]), (&json!(1), &json!(SHOP)), "{payouts}");
        (one["state"].as_str().unwrap().to_owned(), one)
    };
    assert_eq!(state().0, "planned");
    let asked = run(town, "suzuki", &["payout", "propose", "--settlement", "1", "--why", "settled"]);
    assert_eq!(state().0, "requested");
    decided(town, &asked);
    let (name, approved) = state();
    assert_eq!((name.as_str(), &approved["payout"]), ("approved", &asked["proposal"]), "{approved}");
    assert!(approved["account"].as_str().unwrap().contains("****"), "masked: {approved}");
    let (number, out) = (asked["proposal"].to_string(), town.path("bank"));
    run(town, "tanaka", &["payout", "file", &number, "--out", out.to_str().unwrap(), "--why", "payday"]);
    let (name, sent) = state();
    assert_eq!((name.as_str(), sent["sent_at"].is_string()), ("sent", true), "{sent}");
    assert_eq!(sent["reference"], format!("P{number}-1"));
}

fn anothers_money_is_as_unknown_as_what_is_not_there(served: &Served, [oda, endo]: [&str; 2]) {
    assert_eq!(shown(served, oda, "/settlements")["settlements"], json!([]));
    assert_eq!(shown(served, oda, "/payouts")["payouts"], json!([]));
    let hidden = asked(served, oda, "/settlements/1");
    let missing = asked(served, oda, "/settlements/9");
    assert_eq!((hidden.0, missing.0), (404, 404));
    assert_eq!(hidden.1["detail"].as_str().unwrap().replace('1', "9"), missing.1["detail"]);
    for path in ["/settlements", "/payouts", "/terminals", "/contracts"] {
        assert_eq!(asked(served, oda, &format!("{path}?merchant={SHOP}")).0, 404, "{path}");
        assert_eq!(asked(served, oda, &format!("{path}?merchant={OTHER}")).0, 200, "{path}");
    }
    // A cashier does not see what is paid out.
    for path in ["/settlements", "/settlements/1", "/payouts", &format!("/contracts?merchant={SHOP}")] {
        assert_eq!(asked(served, endo, path).0, 403, "{path}");
    }
    let (status, value) = asked(served, oda, "/settlements?limit=0");
    assert_eq!((status, pointer(&value)), (400, "limit".to_owned()));
}

fn its_own_reports_and_no_other(served: &Served, mori: &str, oda: &str) {
    let detail = "/reports/settlement-detail?settlement=1";
    assert_eq!(asked(served, mori, detail).0, 200, "its own, without a reason");
    assert_eq!(asked(served, oda, detail).0, 404);
    let letter = "/reports/settlements/1/letter";
    assert_eq!(asked(served, oda, letter).0, 404);
    // A letter is no text; without a Japanese font there is none.
    let bearer = format!("Bearer {mori}");
    let own = request(served.http, "GET", &format!("/api/v1{letter}"), &[("authorization", &bearer)], b"");
    assert!(own.as_ref().map_or(true, |(status, _)| *status == 500), "{own:?}");
    for kind in ["settlements", "trial-balance", "issuers", "flagged"] {
        assert_eq!(asked(served, mori, &format!("/reports/{kind}")).0, 403, "{kind}");
    }
    assert_eq!(asked(served, mori, "/closing/settlements").0, 403);
    assert_eq!(asked(served, mori, "/closing/payouts").0, 403);
}

fn a_refund_says_what_is_left(served: &Served, mori: &str) {
    let paid = shown(served, mori, "/transactions?amount=45678");
    let path = format!("/api/v1/payments/{}/refund", paid["items"][0]["record"]);
    let (status, asked) = call(served, "POST", &path, mori, &json!({ "amount": 678, "why": "one item" }));
    assert_eq!(status, 200, "{asked}");
    assert_eq!((&asked["left_yen"], &asked["left_after_yen"]), (&json!(45_678), &json!(45_000)), "{asked}");
}

/// Residents with an account in the switch.
fn account_holders(town: &Town) -> Vec<Ppid> {
    let links = std::fs::read_to_string(town.path("links.csv")).unwrap();
    let residents = links.lines().filter_map(|line| {
        let mut fields = line.split(',');
        let (ppid, kind) = (fields.next()?, fields.next()?);
        let [number, balance] = [fields.next()?, fields.next()?].map(|field| field.parse::<i64>().unwrap_or(0));
        // People with an alias, whose accounts have larger numbers, have suspended cards and low limits among them.
        (kind == "on_us" && number < 1_000_000 && balance > 50_000).then(|| ppid.parse().unwrap())
    });
    residents.collect()
}

/// So many yen of each of these people at a merchant of the acquirer.
fn pays(session: &mut Session, (first, ppids): (u64, &[Ppid]), (shop, yen): (&str, i64)) {
    for (nth, ppid) in (first..).zip(ppids) {
        let mut request = purchase(&session.config, nth);
        let merchant = session.config.merchant(shop).unwrap();
        (request.terminal, request.merchant, request.mcc) = (merchant.terminals[0], merchant.id, Some(merchant.mcc));
        (request.ppid, request.amount) = (Some(*ppid), Yen::new(yen));
        request.transmission = Millis(kazasu_engine::clock::now().0 + session.config.ahead).transmission();
        let bytes = frame(session, &request);
        session.raw(&bytes).unwrap();
        assert_eq!(code(session), APPROVED, "{shop} {nth}");
    }
}

#[test]
fn what_residents_spent_is_told_of_ten_people_or_more_once_the_month_is_over() {
    const AHEAD: i64 = 32 * DAY;
    let town = Town::new(Sample { residents: 90, ..Sample::default() });
    let people = account_holders(&town);
    assert!(people.len() >= 25, "{}", people.len());
    set(&town, 0);
    let served = serve_at(&town);
    let staff = token(&town, "", "token");
    let month = served.status()["business_day"].as_str().unwrap()[..7].to_owned();
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    pays(&mut session, (1, &people[..12]), ("shop", 1_000));
    pays(&mut session, (101, &people[12..15]), ("clinic", 2_000));
    // Nine people who pay often are nine people.
    for round in 0..3 {
        pays(&mut session, (200 + 20 * round, &people[15..24]), ("bus", 100));
    }
    drop(session);
    let open = shown(&served, &staff, "/aggregates/spending");
    assert_eq!((&open["months"], &open["rows"]), (&json!([]), &json!([])), "the open month is not told");
    served.stop();
    set(&town, AHEAD);
    let today = Millis(kazasu_engine::clock::now().0 + AHEAD).jst_day().to_string();
    let confirmed = Command::new(env!("CARGO_BIN_EXE_kazasu"))
        .args(["clock", "confirm", "--day", &today, "--why", "a month without power", "--config", &town.config()])
        .env("KAZASU_TEST_CLOCK", town.path("clock"))
        .output()
        .unwrap();
    assert!(confirmed.status.success(), "{}", String::from_utf8_lossy(&confirmed.stderr));
    let served = serve_at(&town);
    wait_for("the day to turn", Duration::from_secs(10), || {
        (served.status()["business_day"] == today.as_str()).then_some(())
    });
    let mut acquirer = town.acquirer(1, &served);
    acquirer.ahead = AHEAD;
    let mut session = Session::open(&acquirer).unwrap();
    pays(&mut session, (301, &people[..1]), ("shop", 1));
    the_month_is_told(&served, &staff, &month);
    served.stop();
}

fn the_month_is_told(served: &Served, staff: &str, month: &str) {
    let by = |by: &str| shown(served, staff, &format!("/aggregates/spending?by={by}"));
    let whole = by("month");
    let row = json!({ "month": month, "yen": 12_000 + 6_000 + 2_700, "payments": 12 + 3 + 27, "people_at_least": 10 });
    assert_eq!(whole["rows"], json!([row]), "{whole}");
    assert_eq!(whole["months"][0], json!({ "month": month, "published": true }));
    // Three people at the clinic and nine in the bus are twelve together.
    let trades = by("trade");
    let told: Vec<_> = trades["rows"].as_array().unwrap().iter().map(|row| (&row["trade"], &row["yen"])).collect();
    assert_eq!(told, [(&json!("food"), &json!(12_000)), (&json!("other"), &json!(8_700))], "{trades}");
    let all = shown(served, staff, "/aggregates/spending");
    let rows = all["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["people_at_least"].as_u64().unwrap() >= 10), "{all}");
    for (query, field) in [("by=colour", "by"), ("from=2026", "from"), ("until=2026-13", "until")] {
        let (status, value) = asked(served, staff, &format!("/aggregates/spending?{query}"));
        assert_eq!((status, pointer(&value)), (400, field.to_owned()), "{query}");
    }
    let (_, csv) = asked(served, staff, "/aggregates/spending?by=trade&format=csv");
    let csv = csv.as_str().unwrap();
    assert!(csv.contains("業種区分") && csv.contains("12000"), "{csv}");
    let dictionary = shown(served, staff, "/aggregates/spending/dictionary");
    let columns: Vec<_> =
        dictionary["columns"].as_array().unwrap().iter().map(|one| one["column"].as_str().unwrap()).collect();
    assert_eq!(columns, ["month", "payer", "region", "trade", "tender", "yen", "payments", "people_at_least"]);
    assert_eq!(dictionary["trades"].as_array().unwrap().len(), 13);
}

#[test]
fn statistics_are_for_cities_the_operator_and_auditors() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let [mori, ..] = people_of_shops(&town, &served);
    let ask = |who: &str| asked(&served, who, "/aggregates/spending").0;
    assert_eq!((ask(&mori), ask(&token(&town, "portals", "portal"))), (403, 403));
    // Sato is an officer of the town, and sees its own part.
    assert_eq!((ask(&town.session("sato")), ask(&token(&town, "", "token"))), (200, 200));
    served.stop();
}

#[test]
fn a_portal_shows_a_resident_purses_taps_and_the_shops_that_take_them() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let portal = SigningPortal::of(&town);
    let resident = ruled_ppid("receipt", "27000001");
    let ask = |what: &str| portal.ask(&served, "GET", &format!("/api/v1/residents/{resident}{what}"), b"");
    let (status, shown) = ask("");
    assert_eq!(status, 200, "{shown}");
    let purse = &shown["purses"][0];
    assert_eq!((&purse["programme"], &purse["yen"]), (&json!(1), &json!(1_000)), "{shown}");
    assert!(purse["name"].as_str().unwrap().contains("typhoon relief"), "{shown}");
    assert_eq!(shown["today_left_yen"], 20_000, "{shown}");
    let steps = |yen: u32, expected: &str| {
        format!(
            "[[step]]\nsend = 'purchase'\ncard = 'receipt'\nat = 'shop'\namount = {yen}\npin = true\nexpect = {{ code = '{expected}' }}\n"
        )
    };
    let limit = steps(21_500, crate::codes::LIMIT_EXCEEDED);
    let scenario = Scenario::parse(&format!("title = 'x'\n{}{limit}", steps(300, APPROVED))).unwrap();
    assert_eq!(play(&scenario, &town.acquirer(1, &served)).unwrap().differences, []);
    let (status, taps) = ask("/taps?last=5");
    assert_eq!((status, &taps[0]["approved"], &taps[1]["approved"]), (200, &json!(false), &json!(true)), "{taps}");
    assert!(taps[0]["told_ja"].as_str().unwrap().chars().count() > 5, "in words: {taps}");
    let (status, near) = ask("/shops?programme=2");
    let names: Vec<_> = near["shops"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!((status, names.iter().any(|name| name.contains("Town Bus"))), (200, true), "{near}");
    assert!(!names.iter().any(|name| name.contains("Grocery")), "fares are no groceries: {near}");
    let (_, local) = ask("/shops?programme=1&tag=local&region=13361&limit=200");
    assert!(local["shops"].as_array().unwrap().iter().all(|one| one["programmes"] == json!([1])), "{local}");
    let (_, elsewhere) = ask("/shops?region=99");
    assert_eq!(elsewhere, json!({ "shops": [], "more": false }));
    // Without the resident's statement a portal sees nothing.
    let key = token(&town, "portals", "portal");
    for what in ["/taps", "/shops"] {
        assert_eq!(asked(&served, &key, &format!("/residents/{resident}{what}")).0, 403, "{what}");
    }
    served.stop();
}

/// A hold, a payment and its refund by a resident.
fn holds_pays_and_gets_back(session: &mut Session, resident: Ppid) {
    let of = |session: &Session, number: u64, yen: i64| {
        let mut request = purchase(&session.config, number);
        (request.ppid, request.amount) = (Some(resident), Yen::new(yen));
        request
    };
    let hold = {
        let mut request = of(session, 41, 200);
        (request.mti, request.operation) = (Mti(100), Some(Operation::Authorize));
        request
    };
    let paid = of(session, 42, 300);
    let back = {
        let mut request = of(session, 43, 100);
        let about = Original::new(paid.mti, paid.stan, paid.transmission, paid.acquirer);
        (request.operation, request.processing, request.original) = (Some(Operation::Refund), 200_000, Some(about));
        request
    };
    for request in [hold, paid, back] {
        let bytes = frame(session, &request);
        session.raw(&bytes).unwrap();
        assert_eq!(code(session), APPROVED, "{request:?}");
    }
}

#[test]
fn a_resident_chooses_what_the_portal_is_told_of_and_no_event_has_a_ppid() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let portal = SigningPortal::of(&town);
    let resident = ruled_ppid("receipt", "27000001");
    let put = |what: &str, body: &Value| {
        let path = format!("/api/v1/residents/{resident}{what}");
        portal.ask(&served, "PUT", &path, body.to_string().as_bytes())
    };
    let key = token(&town, "portals", "portal");
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    holds_pays_and_gets_back(&mut session, resident);
    for (body, field) in [
        (json!({ "notices": ["hold_set"], "handle": resident.to_string() }), "handle"),
        (json!({ "notices": ["hold_set"], "handle": "two words" }), "handle"),
    ] {
        let (status, value) = put("/notices", &body);
        assert_eq!((status, pointer(&value)), (400, field.to_owned()), "{body}");
    }
    assert_eq!(put("/notices", &json!({ "notices": ["rain"] })).0, 400);
    let chosen = json!({ "notices": ["limit_lowered", "refund_done"], "handle": "user-77" });
    let (status, value) = put("/notices", &chosen);
    assert_eq!(
        (status, &value["result"], &value["notices"]),
        (200, &json!("recorded"), &json!(["refund_done", "limit_lowered"]))
    );
    assert_eq!(put("/notices", &chosen).1["result"], "unchanged");
    assert_eq!(put("/limits", &json!({ "day": 10_000 })).0, 200, "lower than 20,000");
    assert_eq!(put("/limits", &json!({ "day": 15_000 })).0, 200, "higher is no news");
    let mut again = Session::open(&town.acquirer(1, &served)).unwrap();
    let mut payment = purchase(&again.config, 51);
    (payment.ppid, payment.amount) = (Some(resident), Yen::new(500));
    let mut back = purchase(&again.config, 52);
    let about = Original::new(payment.mti, payment.stan, payment.transmission, payment.acquirer);
    (back.ppid, back.amount, back.operation) = (Some(resident), Yen::new(500), Some(Operation::Refund));
    (back.processing, back.original) = (200_000, Some(about));
    for request in [payment, back] {
        let bytes = frame(&again, &request);
        again.raw(&bytes).unwrap();
        assert_eq!(code(&mut again), APPROVED);
    }
    let feed = shown(&served, &key, "/events/residents");
    let told: Vec<_> = feed["events"].as_array().unwrap().iter().map(|one| (&one["kind"], &one["handle"])).collect();
    let handle = json!("user-77");
    assert_eq!(told, [(&json!("limit_lowered"), &handle), (&json!("refund_done"), &handle)], "{feed}");
    assert!(!feed.to_string().contains(&resident.to_string()), "no PPID: {feed}");
    // It reads on, and what the resident ended is told no more.
    let next = feed["next"].as_u64().unwrap();
    assert_eq!(shown(&served, &key, &format!("/events/residents?after={next}"))["events"], json!([]));
    assert_eq!(put("/notices", &json!({ "notices": [] })).0, 200);
    assert_eq!(shown(&served, &key, "/events/residents")["events"], json!([]));
    // Staff and a merchant's people have no such feed, and the portal none of the shops'.
    assert_eq!(asked(&served, &token(&town, "", "token"), "/events/residents").0, 403);
    assert_eq!(asked(&served, &key, "/events").0, 403);
    served.stop();
    town.verified();
}
