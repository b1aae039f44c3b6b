//! Corrections of payments by staff, and a call centre's desk, on a running switch: two people, an issuer that does not answer at
//! first, a kill in between, a terminal's refund at the same time, and those who may not.

use crate::bad_input::{code, frame, purchase};
use crate::codes::APPROVED;
use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, requested};
use crate::people::{Person, granted};
use crate::rules::pointer;
use crate::rules::{call, goes, token};
use crate::step_up::steps_up;
use kazasu_acquirer_sim::session::Session;
use kazasu_core::TapState;
use kazasu_demo::sample::{Town as Sample, named_ppid};
use kazasu_ledger::record::CLASS_OF_STAFF;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{Operation, Request};
use serde_json::{Value, json};
use std::process::Output;
use std::time::Duration;

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
    assert_eq!(out.status.code(), Some(1), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stderr).unwrap()
}

/// Another person approves what was looked at.
fn approve(town: &Town, by: &str, asked: &Value) -> Output {
    let (number, fingerprint) = requested(asked);
    run(town, by, &["approval", "approve", &number, "--fingerprint", &fingerprint[..12], "--why", "checked"])
}

/// The record of the last payment.
fn last_payment(town: &Town) -> u64 {
    town.fold().0.taps().last().unwrap().seq
}

pub(crate) fn pays(town: &Town, served: &Served, card: &str, yen: u32) -> String {
    goes(
        town,
        served,
        &format!(
            "[[step]]\nsend = 'purchase'\ncard = '{card}'\nat = 'shop'\namount = {yen}\npin = true\nexpect = {{ code = '{APPROVED}' }}\n"
        ),
    );
    last_payment(town).to_string()
}

/// The first three advices for the card's account are carried out, and their answers are lost.
fn town_with_a_slow_issuer() -> Town {
    let change = |text: &str| {
        let before = "script = { approve = true }";
        assert!(text.contains(before), "{text}");
        text.replace(before, "script = { silence = true, on = \"advices\", times = 3 }")
    };
    Town::with_issuers(Sample { residents: 1, issuer_timeout_ms: 700, ..Sample::default() }, change).imported()
}

#[test]
fn a_refund_of_two_people_reaches_an_issuer_that_does_not_answer_at_first_and_survives_a_kill() {
    let town = town_with_a_slow_issuer();
    let served = town.serve();
    served.issuers_up(3);
    let payment = pays(&town, &served, "credit-ok", 1_000);
    let refund = ["payment", "refund", &payment, "--amount", "400", "--why", "端末故障"];
    let asked = ok(&town, "sato", &refund);
    assert_eq!(
        (&asked["yen"], &asked["left_yen"], &asked["borne_by"]),
        (&json!(400), &json!(1_000), &json!("merchant"))
    );
    let again = ok(&town, "sato", &refund);
    assert_eq!((&again["result"], &again["proposal"]), (&json!("unchanged"), &asked["proposal"]), "the same once more");
    let (number, _) = requested(&asked);
    let shown = ok(&town, "suzuki", &["approval", "show", &number]);
    assert_eq!(
        (&shown["kind"], &shown["content"]["what"], &shown["yen"]),
        (&json!("correction"), &json!("refund"), &json!(400))
    );
    let changes: Vec<(&str, &Value, &Value)> = shown["effect"]["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["field"].as_str().unwrap(), &change["before"], &change["after"]))
        .collect();
    for (field, before, after) in
        [("issuer_1_yen", "1000", "600"), ("refunded_yen", "0", "400"), ("left_yen", "1000", "600")]
    {
        assert!(changes.contains(&(field, &json!(before), &json!(after))), "{field}: {changes:?}");
    }
    assert!(changes.contains(&("borne_by", &json!("merchant"), &json!("merchant"))), "{changes:?}");
    let own = approve(&town, "sato", &asked);
    assert_eq!(own.status.code(), Some(1));
    let done = approve(&town, "suzuki", &asked);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    // The power goes between the decision and the issuer's answer.
    served.kill();
    let served = town.serve();
    let twice = approve(&town, "suzuki", &asked);
    assert_eq!(twice.status.code(), Some(1), "decided once");
    served.issuers_up(3);
    served.drained();
    let shown = ok(&town, "sato", &["payment", "left", &payment, "--why", "a call"]);
    assert_eq!((&shown["refunded_yen"], &shown["left_yen"]), (&json!(400), &json!(600)), "{shown}");
    let text = no(&town, "sato", &["payment", "refund", &payment, "--amount", "601", "--why", "x"]);
    assert!(text.contains("¥600 can be given back, ¥601 was asked for"), "{text}");
    served.stop();
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, [], "the issuer has it once");
    let refunds: Vec<_> = state.taps().filter(|tap| tap.key.class == CLASS_OF_STAFF).collect();
    assert_eq!((refunds.len(), refunds[0].amount, refunds[0].state), (1, Yen::new(400), TapState::Posted));
    let verified = town.verified();
    assert_eq!(verified.sums.debits, verified.sums.credits);
}

/// A till that sends raw messages.
struct Till {
    session: Session,
    number: u64,
}

impl Till {
    fn open(town: &Town, served: &Served) -> Till {
        Till { session: Session::open(&town.acquirer(1, served)).unwrap(), number: 100 }
    }

    fn says(&mut self, request: &Request) -> String {
        let bytes = frame(&self.session, request);
        self.session.raw(&bytes).unwrap();
        code(&mut self.session)
    }

    fn paid(&mut self, yen: i64) -> Request {
        self.number += 1;
        let request = Request { amount: Yen::new(yen), ..purchase(&self.session.config, self.number) };
        assert_eq!(self.says(&request), APPROVED);
        request
    }

    fn refund(&mut self, of: &Request, yen: i64) -> Request {
        self.number += 1;
        Request {
            operation: Some(Operation::Refund),
            processing: 200_000,
            amount: Yen::new(yen),
            stan: Stan::wrapping(self.number),
            original: Some(of.as_original()),
            ..*of
        }
    }
}

#[test]
fn a_terminals_refund_at_the_same_time_leaves_no_more_than_was_paid() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let mut till = Till::open(&town, &served);
    let (sato, suzuki) = (town.session("sato"), town.session("suzuki"));
    let (mut by_staff, mut by_terminal) = (0, 0);
    // Each decision takes a recovery code, of which a person has ten.
    for _ in 0..8 {
        let bought = till.paid(1_000);
        let payment = last_payment(&town);
        let path = format!("/api/v1/payments/{payment}/refund");
        let (status, asked) = call(&served, "POST", &path, &sato, &json!({ "amount": 700, "why": "broken" }));
        assert_eq!(status, 200, "{asked}");
        let refund = till.refund(&bought, 600);
        let decide = json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": asked["fingerprint"],
            "why": "checked" });
        steps_up(&town, &served, ("suzuki", asked["fingerprint"].as_str().unwrap()));
        let (decided, answered) = std::thread::scope(|scope| {
            let decided = scope.spawn(|| call(&served, DO, "approvals", &suzuki, &decide));
            let answered = till.says(&refund);
            (decided.join().unwrap(), answered)
        });
        match (decided.0, answered.as_str()) {
            (200, "13") => by_staff += 1,
            (409, APPROVED) => by_terminal += 1,
            other => panic!("{other:?}: {}", decided.1),
        }
        if decided.0 == 409 {
            assert!(decided.1["detail"].as_str().unwrap().contains("¥400 can be given back"), "{}", decided.1);
        }
    }
    println!("{by_staff} by staff, {by_terminal} by the terminal");
    served.stop();
    let (state, _) = town.fold();
    let back: i64 = state.taps().map(|tap| tap.refunded().get()).sum();
    assert_eq!(back, 700 * by_staff + 600 * by_terminal);
    assert_eq!(by_staff + by_terminal, 8);
    town.verified();
}

#[test]
fn a_write_off_and_a_reduction_say_who_bears_them_and_settle_so() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let payment = pays(&town, &served, "debit-ok", 5_000);
    let asked = ok(&town, "sato", &["payment", "reduce", &payment, "--to", "4,200", "--why", "typed 5000"]);
    assert_eq!((&asked["yen"], &asked["borne_by"]), (&json!(800), &json!("merchant")));
    let other = no(&town, "suzuki", &["payment", "write-off", &payment, "--all", "--why", "x"]);
    assert!(other.contains("about the same is open"), "{other}");
    assert!(approve(&town, "tanaka", &asked).status.success());
    let above = no(&town, "sato", &["payment", "reduce", &payment, "--to", "4200", "--why", "typed 5000"]);
    assert!(above.contains("must be the amount that is right"), "{above}");
    let asked = ok(&town, "sato", &["payment", "write-off", &payment, "--amount", "200", "--why", "our mistake"]);
    assert_eq!(asked["borne_by"], "operator");
    assert!(approve(&town, "suzuki", &asked).status.success());
    served.drained();
    let shown = ok(&town, "tanaka", &["payment", "left", &payment, "--why", "a call"]);
    assert_eq!((&shown["refunded_yen"], &shown["left_yen"]), (&json!(1_000), &json!(4_000)), "{shown}");
    assert_eq!(shown["parts"], json!([{ "paid_by": "issuer_2", "paid_yen": 5_000, "refunded_yen": 1_000 }]));
    // A search says the same of what is left, also where the operator bears a part.
    let staff = token(&town, "", "token");
    let (_, found) = call(&served, "GET", &format!("/api/v1/transactions/{payment}"), &staff, &Value::Null);
    assert_eq!((&found[0]["refunded_yen"], &found[0]["left_yen"]), (&json!(1_000), &json!(4_000)), "{found}");
    // The story of the payment has both, with who and why.
    let story = ok(&town, "sato", &["ledger", "explain", &payment, "--why", "a call"]);
    let staff: Vec<&Value> =
        story["steps"].as_array().unwrap().iter().filter(|step| step["staff"].is_object()).collect();
    assert_eq!(staff.len(), 2, "{story}");
    assert_eq!((&staff[0]["staff"]["what"], &staff[1]["staff"]["what"]), (&json!("reduction"), &json!("write_off")));
    assert_eq!(staff[1]["staff"]["why"], "our mistake");
    // The resident's statement has what came back.
    let today = kazasu_engine::clock::now().jst_day();
    let path =
        format!("/api/v1/residents/{}/statement?from={today}&until={}&why=call", named_ppid("debit-ok"), today.next());
    let (status, statement) = call(&served, "GET", &path, &token(&town, "", "token"), &Value::Null);
    assert_eq!(status, 200, "{statement}");
    let lines = statement["sheets"][0]["rows"].as_array().unwrap();
    let card: Vec<i64> = lines.iter().map(|line| line["instrument"].as_i64().unwrap()).collect();
    assert_eq!(card, [5_000, -800, -200], "{statement}");
    served.stop();
    let (_, disagreements) = town.fold();
    assert_eq!(disagreements, []);
    town.verified();
}

#[test]
fn who_may_not_correct_payments_is_refused_and_so_is_the_requester_under_another_name() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let mut till = Till::open(&town, &served);
    till.paid(1_000);
    let payment = last_payment(&town);
    let path = format!("/api/v1/payments/{payment}/write-off");
    let body = json!({ "amount": 100, "why": "x" });
    // A program with any role; the access administrator; a stranger.
    for caller in [token(&town, "", "token"), town.session("ando"), "stranger".to_owned()] {
        let (status, value) = call(&served, "POST", &path, &caller, &body);
        assert!(matches!(status, 401 | 403), "{value}");
    }
    // A city's officer is no finance staff.
    let officer = Person::joined(&town, &served, "mori");
    let grant = json!({ "do": "grant", "holder": "mori", "role": "city-officer city:13382", "why": "x" });
    let (status, asked) = call(&served, DO, "people", &town.session("ando"), &grant);
    assert_eq!(status, 200, "{asked}");
    let approve =
        json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": asked["fingerprint"], "why": "x" });
    steps_up(&town, &served, ("baba", asked["fingerprint"].as_str().unwrap()));
    assert_eq!(call(&served, DO, "approvals", &town.session("baba"), &approve).0, 200);
    let session = officer.session(&served, 1);
    let (status, value) = call(&served, "POST", &path, &session, &body);
    assert_eq!(status, 403, "{value}");
    let (status, value) = call(&served, "GET", &format!("/api/v1/payments/{payment}?why=x"), &session, &Value::Null);
    assert_eq!(status, 403, "{value}");
    // suzuki requests and approves, but not her own.
    let (status, asked) = call(&served, "POST", &path, &town.session("suzuki"), &body);
    assert_eq!(status, 200, "{asked}");
    let decide =
        json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": asked["fingerprint"], "why": "x" });
    let (status, value) = call(&served, DO, "approvals", &town.session("suzuki"), &decide);
    assert_eq!(status, 403, "{value}");
    // The officer of a city does not decide it either.
    assert_eq!(call(&served, DO, "approvals", &session, &decide).0, 403);
    let unnamed = call(&served, DO, "approvals", &town.session("tanaka"), &decide);
    assert_eq!(unnamed.0, 403, "without a second factor for it");
    steps_up(&town, &served, ("tanaka", asked["fingerprint"].as_str().unwrap()));
    let (status, value) = call(&served, DO, "approvals", &town.session("tanaka"), &decide);
    assert_eq!(status, 200, "{value}");
    for (body, told) in [
        (json!({ "amount": 0, "why": "x" }), "above zero"),
        (json!({ "amount": 901, "why": "x" }), "¥900 can be given back"),
        (json!({ "amount": 1, "why": " " }), "why"),
        (json!({ "amount": 1, "payment": 7, "why": "x" }), "the path says it"),
    ] {
        let (status, value) = call(&served, "POST", &path, &town.session("sato"), &body);
        assert!((400..=409).contains(&status) && value.to_string().contains(told), "{body}: {status} {value}");
    }
    assert_eq!(call(&served, "POST", "/api/v1/payments/1/refund", &town.session("sato"), &body).0, 404, "no payment");
    served.stop();
}

/// The resident's own limit is met: the reason says which, and how much of it was left.
fn the_reason_says_which_limit_and_what_was_left(town: &Town, served: &Served, (till, mori): (&mut Till, &str)) {
    let resident = named_ppid("on-us-rich");
    let at = |what: &str| format!("/api/v1/residents/{resident}/{what}");
    // The resident's own limit is met: the reason says which, and what was left.
    let limits = json!({ "do": "set_limits", "ppid": resident.to_string(), "day": 1_000 });
    let (status, value) = call(served, DO, "operations", &token(town, "", "token"), &limits);
    assert_eq!(status, 200, "{value}");
    till.paid(700);
    till.number += 1;
    let above = Request { amount: Yen::new(301), ..purchase(&till.session.config, till.number) };
    assert_eq!(till.says(&above), "61");
    let (status, value) = call(served, "GET", &at("taps"), mori, &Value::Null);
    assert_eq!((status, pointer(&value).as_str()), (400, "why"), "a look takes a reason: {value}");
    let (status, taps) = call(served, "GET", &format!("{}?why=call&last=2", at("taps")), mori, &Value::Null);
    assert_eq!(status, 200, "{taps}");
    assert_eq!(
        (&taps[0]["approved"], &taps[0]["limit_yen"], &taps[0]["left_yen"]),
        (&json!(false), &json!(1_000), &json!(300))
    );
    let told = taps[0]["told_ja"].as_str().unwrap();
    assert!(told.contains("1日の限度額は ¥1,000 です。残りは ¥300"), "{told}");
    assert!(taps[0]["told"].as_str().unwrap().contains("¥300 was left, and this tap was ¥301"), "{taps}");
    assert_eq!(
        (&taps[1]["approved"], &taps[1]["told_ja"], &taps[1]["amount_yen"]),
        (&json!(true), &json!("支払"), &json!(700))
    );
}

fn looks_are_in_the_security_log(town: &Town) {
    let resident = named_ppid("on-us-rich");
    let config = town.config();
    let out = kazasu(&[
        "audit",
        "log",
        "--json",
        "--config",
        &config,
        "--resident",
        &resident.to_string(),
        "--kind",
        "look",
        "--why",
        "a test",
    ]);
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("operations.resident_taps"), "every look is in the security log: {text}");
}

#[test]
fn a_call_centre_suspends_alone_and_lifts_and_binds_as_two_and_tells_plain_reasons() {
    let town = Town::new(Sample { residents: 1, ..Sample::default() });
    let served = town.serve();
    let people = ["mori", "noda"].map(|name| {
        let person = Person::joined(&town, &served, name);
        granted(&town, &served, name, "call-centre");
        person.session(&served, 1)
    });
    let [mori, noda] = &people;
    let resident = named_ppid("on-us-rich");
    let at = |what: &str| format!("/api/v1/residents/{resident}/{what}");
    let mut till = Till::open(&town, &served);
    the_reason_says_which_limit_and_what_was_left(&town, &served, (&mut till, mori));
    // Suspended by one, lifted by two.
    let card = |status: &str| json!({ "status": status, "why": "lost, by telephone" });
    assert_eq!(call(&served, "PUT", &at("card"), mori, &card("suspended")).0, 200);
    assert_eq!(call(&served, "PUT", &at("card"), mori, &card("good")).0, 403, "alone");
    till.number += 1;
    let lost = purchase(&till.session.config, till.number);
    assert_eq!(till.says(&lost), "41");
    let decide = |asked: &Value, who: &str| {
        let decide = json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": asked["fingerprint"], "why": "called back" });
        call(&served, DO, "approvals", who, &decide)
    };
    let (status, asked) = call(&served, "POST", &at("card/lift"), mori, &json!({ "why": "found" }));
    assert_eq!(status, 200, "{asked}");
    assert_eq!(decide(&asked, mori).0, 403, "the requester");
    assert_eq!(decide(&asked, &town.session("ando")).0, 403, "who administers access");
    let (status, value) = decide(&asked, noda);
    assert_eq!(status, 200, "{value}");
    till.number += 1;
    let found = purchase(&till.session.config, till.number);
    assert_eq!(till.says(&found), APPROVED);
    let (status, taps) = call(&served, "GET", &format!("{}?why=call&last=2", at("taps")), noda, &Value::Null);
    assert_eq!((status, &taps[1]["told_ja"]), (200, &json!("カードは一時停止中です。")), "{taps}");
    // A new card for the same PPID.
    let bind = json!({ "serial": "01:0a:ff", "last_day": "2035-03-31", "why": "replaced" });
    let (status, asked) = call(&served, "POST", &at("card/bind"), noda, &bind);
    assert_eq!(status, 200, "{asked}");
    assert_eq!(decide(&asked, mori).0, 200);
    let (_, shown) = call(&served, "GET", &format!("/api/v1/residents/{resident}?why=call"), mori, &Value::Null);
    assert_eq!((&shown["last_day"], &shown["card"]), (&json!("2035-03-31"), &json!("good")), "{shown}");
    assert_eq!(call(&served, "POST", &at("card/lift"), mori, &json!({ "why": "x" })).0, 409, "nothing to lift");
    // Finance corrects payments, and no call centre.
    let body = json!({ "amount": 1, "why": "x" });
    assert_eq!(call(&served, "POST", "/api/v1/payments/7/refund", mori, &body).0, 403);
    served.stop();
    looks_are_in_the_security_log(&town);
}

/// A kill in the middle of many corrections: what was approved is there once, also where the caller heard nothing.
#[test]
fn corrections_that_are_interrupted_are_there_once() {
    let town = town_with_a_slow_issuer();
    let served = town.serve();
    served.issuers_up(3);
    let payment = pays(&town, &served, "credit-ok", 1_000);
    let (sato, suzuki) = (town.session("sato"), town.session("suzuki"));
    let path = format!("/api/v1/payments/{payment}/refund");
    let (_, asked) = call(&served, "POST", &path, &sato, &json!({ "amount": 250, "why": "broken" }));
    let decide = json!({ "do": "approve", "approval": asked["proposal"], "fingerprint": asked["fingerprint"], "why": "checked" });
    steps_up(&town, &served, ("suzuki", asked["fingerprint"].as_str().unwrap()));
    // The caller does not wait for the answer.
    let (http, bearer) = (served.http, format!("Bearer {suzuki}"));
    let caller = std::thread::spawn(move || {
        let headers = [("authorization", bearer.as_str())];
        let _ = crate::harness::request(http, DO, "approvals", &headers, decide.to_string().as_bytes());
    });
    std::thread::sleep(Duration::from_millis(30));
    served.kill();
    caller.join().unwrap();
    let served = town.serve();
    served.issuers_up(3);
    // Asked again: it is decided now, or it was.
    let again = approve(&town, "suzuki", &asked);
    assert!(matches!(again.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&again.stderr));
    served.drained();
    served.stop();
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, []);
    let back: Vec<Yen> = state.taps().filter(|tap| tap.key.class == CLASS_OF_STAFF).map(|tap| tap.amount).collect();
    assert_eq!(back, [Yen::new(250)], "once");
}
