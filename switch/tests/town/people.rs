//! Who may do what on a running switch: invitations, sign-ins, roles that two people give, keys, and those who try without.

use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, request};
use crate::rules::{call, token};
use crate::step_up::steps_up;
use kazasu_demo::sample::Town as Sample;
use kazasu_services::people::MatrixRow;
use kazasu_sign_in::OneTime;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PEOPLE: &str = "people";
/// A city that is not the sample's.
const OTHER_CITY: &str = "13382";
const PASSWORD: &str = "eleven purple umbrellas";

fn town() -> Town {
    Town::new(Sample { residents: 1, ..Sample::default() })
}

fn seconds() -> u64 {
    u64::try_from(kazasu_engine::clock::now().0 / 1_000).unwrap()
}

/// The people's address, as one caller asks it.
fn ask(served: &Served, token: &str, body: &Value) -> (u16, Value) {
    call(served, DO, PEOPLE, token, body)
}

fn done(served: &Served, token: &str, body: &Value) -> Value {
    let (status, value) = ask(served, token, body);
    assert_eq!(status, 200, "{body}: {value}");
    value
}

/// Anonymously: without the header.
fn unsigned(served: &Served, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, text) = request(served.http, method, path, &[], body.to_string().as_bytes()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A person who has joined.
pub(crate) struct Person {
    pub(crate) id: String,
    name: &'static str,
    secret: OneTime,
    recovery: Vec<String>,
}

impl Person {
    /// Invited by ando, the first administrator; joins with a second factor.
    pub(crate) fn joined(town: &Town, served: &Served, name: &'static str) -> Person {
        Person::joined_at(town, served, (name, "org_1"))
    }

    /// The same at an organisation.
    pub(crate) fn joined_at(town: &Town, served: &Served, (name, organisation): (&'static str, &str)) -> Person {
        let invite = json!({ "do": "invite", "name": name, "organisation": organisation, "why": "begins today" });
        let invited = done(served, &town.session("ando"), &invite);
        let random = std::array::from_fn(|at| u8::try_from(at).unwrap() ^ name.as_bytes()[0]);
        let secret = OneTime::new(random);
        let one_time = json!({ "secret": secret.text().as_str(), "code": secret.at(seconds()).unwrap() });
        let join =
            json!({ "do": "join", "invitation": invited["invitation"], "password": PASSWORD, "one_time": one_time });
        let (status, joined) = unsigned(served, DO, PEOPLE, &join);
        assert_eq!(status, 200, "{joined}");
        let recovery: Vec<String> = serde_json::from_value(joined["recovery_codes"].clone()).unwrap();
        assert_eq!(recovery.len(), 10);
        let (status, again) = unsigned(served, DO, PEOPLE, &join);
        assert_eq!(status, 409, "an invitation is good once: {again}");
        Person { id: joined["person"].as_str().unwrap().to_owned(), name, secret, recovery }
    }

    /// `ahead` steps of the code's clock: each step is taken once, and the next one already.
    fn sign_in(&self, served: &Served, ahead: u64) -> (u16, Value) {
        let code = self.secret.at(seconds() + 30 * ahead).unwrap();
        let body = json!({ "do": "sign_in", "name": self.name, "password": PASSWORD, "code": code });
        unsigned(served, DO, PEOPLE, &body)
    }

    /// Shows the second factor again in a session, for this decision: with one of the recovery codes, of which each is good once.
    pub(crate) fn steps_up(&self, served: &Served, session: &str, (nth, fingerprint): (usize, &str)) {
        let again = json!({ "do": "step_up", "code": self.recovery[nth], "fingerprints": [fingerprint] });
        let shown = done(served, session, &again);
        assert_eq!(shown["fresh_factor"], json!(true), "{shown}");
    }

    pub(crate) fn session(&self, served: &Served, ahead: u64) -> String {
        let (status, value) = self.sign_in(served, ahead);
        assert_eq!(status, 200, "{value}");
        value["session"].as_str().unwrap().to_owned()
    }
}

/// Requested by ando, decided by baba.
pub(crate) fn granted(town: &Town, served: &Served, holder: &str, role: &str) {
    let grant = json!({ "do": "grant", "holder": holder, "role": role, "why": "begins today" });
    let asked = done(served, &town.session("ando"), &grant);
    let path = format!("/api/v1/approvals/{}/approve", asked["proposal"]);
    let approve = |who: &str| {
        let (bearer, tag) = (format!("Bearer {}", town.session(who)), asked["fingerprint"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("if-match", tag)];
        request(served.http, "POST", &path, &headers, b"{\"why\": \"checked\"}").unwrap()
    };
    let (status, alone) = approve("ando");
    assert_eq!(status, 403, "{alone}");
    steps_up(town, served, ("baba", asked["fingerprint"].as_str().unwrap()));
    let (status, done) = approve("baba");
    assert_eq!(status, 200, "{done}");
}

#[test]
fn a_person_is_invited_joins_gets_a_role_of_two_and_signs_in_with_two_factors() {
    let town = town();
    let served = town.serve();
    let mori = Person::joined(&town, &served, "mori");
    let first = mori.session(&served, 1);
    let who = done(&served, &first, &json!({ "do": "whoami" }));
    assert_eq!((&who["name"], &who["roles"], &who["sign_in"]), (&json!("mori"), &json!([]), &json!("password+code")));
    assert_eq!(call(&served, "GET", "/api/v1/merchants", &first, &Value::Null).0, 403, "without a role");
    granted(&town, &served, "ＭＯＲＩ", "finance-staff");
    // The session of before has ended with the change.
    let (status, ended) = ask(&served, &first, &json!({ "do": "whoami" }));
    assert_eq!(status, 401, "{ended}");
    assert!(ended["detail"].as_str().unwrap().contains("rights have changed"), "{ended}");
    // A code that was used is worth nothing, nor is the password alone.
    assert_eq!(mori.sign_in(&served, 1).0, 401);
    let alone = json!({ "do": "sign_in", "name": "mori", "password": PASSWORD });
    assert_eq!(unsigned(&served, DO, PEOPLE, &alone).0, 401);
    let unknown = json!({ "do": "sign_in", "name": "stranger", "password": PASSWORD });
    let told = |body: &Value| {
        let (status, mut told) = unsigned(&served, DO, PEOPLE, body);
        // Each answer names its own request.
        told.as_object_mut().unwrap().remove("request_id").unwrap();
        (status, told)
    };
    assert_eq!(told(&alone), told(&unknown));
}

#[test]
fn sessions_end_by_name_by_person_and_with_the_person() {
    let town = town();
    let served = town.serve();
    let (ando, tanaka) = (town.session("ando"), town.session("tanaka"));
    let listed = done(&served, &tanaka, &json!({ "do": "sessions" }))["items"].clone();
    assert_eq!((&listed[0]["this"], listed.as_array().unwrap().len()), (&json!(true), 1));
    let (status, others) = ask(&served, &tanaka, &json!({ "do": "sessions", "person": "suzuki" }));
    assert_eq!(status, 403, "{others}");
    let short = listed[0]["session"].clone();
    let ended = done(&served, &ando, &json!({ "do": "end_sessions", "person": "tanaka", "session": short }));
    assert_eq!(ended["sessions"], 1);
    assert_eq!(ask(&served, &tanaka, &json!({ "do": "whoami" })).0, 401);
    let suzuki = town.session("suzuki");
    assert_eq!(ask(&served, &suzuki, &json!({ "do": "whoami" })).0, 200);
    done(&served, &ando, &json!({ "do": "end", "person": "suzuki", "why": "leaves" }));
    assert_eq!(ask(&served, &suzuki, &json!({ "do": "whoami" })).0, 401);
    // Who had a session when a body began, and has none when it ends, has done nothing.
    let baba = town.session("baba");
    let (records, body) = (town.verified().records, b"{\"why\":\"broken\"}");
    let mut slow = TcpStream::connect(served.http).unwrap();
    let head = format!(
        "POST /api/v1/payments/1/refund HTTP/1.1\r\nhost: switch\r\nauthorization: Bearer {baba}\r\nidempotency-key: slow\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(&body[..4]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    done(&served, &ando, &json!({ "do": "end_sessions", "person": "baba" }));
    slow.write_all(&body[4..]).unwrap();
    let mut told = String::new();
    slow.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("HTTP/1.1 401 "), "{told}");
    assert_eq!(town.verified().records, records, "nothing was asked for");
    let sign_out = done(&served, &town.session("sato"), &json!({ "do": "sign_out" }));
    assert_eq!(sign_out["sessions"], 1);
    assert_eq!(ask(&served, &town.session("sato"), &json!({ "do": "whoami" })).0, 401);
}

#[test]
fn an_officer_of_another_city_alone_moves_nothing() {
    let town = town();
    let served = town.serve();
    let mori = Person::joined(&town, &served, "mori");
    granted(&town, &served, &mori.id, &format!("city-officer city:{OTHER_CITY}"));
    let session = mori.session(&served, 1);
    let who = done(&served, &session, &json!({ "do": "whoami" }));
    assert_eq!(who["roles"], json!([format!("city-officer city:{OTHER_CITY}")]));
    let person = kazasu_demo::sample::named_ppid("held-rich").to_string();
    let head = town.verified().head;
    let asks = [
        ("operations", json!({ "do": "fund_programme", "programme": 3, "amount": 50_000_000, "reference": "x" })),
        (
            "operations",
            json!({ "do": "credit_purse", "ppid": person, "programme": 3, "amount": 50_000_000, "reference": "x" }),
        ),
        ("operations", json!({ "do": "activate_policy", "source": "", "why": "x" })),
        (
            "operations",
            json!({ "do": "link", "ppid": person, "kind": "held", "number": "0910000001", "pin_verified": true }),
        ),
        ("operations", json!({ "do": "break_link", "ppid": person, "why": "x" })),
        ("operations", json!({ "do": "merge", "from": person, "into": person })),
        ("operations", json!({ "do": "issue_temporary" })),
        ("operations", json!({ "do": "set_card", "ppid": person, "status": "suspended", "why": "x" })),
        ("relief", json!({ "do": "fund", "programme": 101, "amount": 1, "reference": "x" })),
        ("closing", json!({ "do": "cut_over", "day": "2026-11-30", "why": "x" })),
        ("closing", json!({ "do": "payout", "value_date": "2026-12-01", "why": "x" })),
        (PEOPLE, json!({ "do": "grant", "holder": "mori", "role": "finance-approver", "why": "x" })),
        (PEOPLE, json!({ "do": "invite", "name": "other", "organisation": "org_1", "why": "x" })),
    ];
    for (path, body) in asks {
        let (status, value) = call(&served, "POST", path, &session, &body);
        assert_eq!(status, 403, "{body}: {value}");
    }
    for path in ["/api/v1/import/links", "/api/v1/import/merchants"] {
        let bearer = format!("Bearer {session}");
        let file = b"ppid,kind,number,balance\n";
        let (status, text) = request(served.http, "POST", path, &[("authorization", &bearer)], file).unwrap();
        assert_eq!(status, 403, "{path}: {text}");
    }
    assert_eq!(town.verified().head, head, "nothing was recorded");
}

#[test]
fn anonymous_gets_an_answer_and_a_token_of_before_is_told_how() {
    let town = town();
    let served = town.serve();
    let gets = [
        "/api/v1/merchants",
        "/api/v1/policy",
        "/api/v1/links/broken",
        "/api/v1/links/shared",
        "/api/v1/notices",
        "/api/v1/advices",
        "/api/v1/closing/days",
        "/api/v1/closing/settlements",
        "/api/v1/closing/payouts",
        "/api/v1/closing/runs",
        "/api/v1/closing/totals",
        "/api/v1/closing/exceptions",
        "/api/v1/closing/contracts",
        "/api/v1/closing/explain/1",
        "/api/v1/reports/trial-balance",
        "/api/v1/residents/X/statement",
    ];
    for path in gets {
        assert_eq!(unsigned(&served, "GET", path, &Value::Null).0, 401, "{path}");
    }
    for row in MatrixRow::all() {
        let path = door(&row.service);
        let (status, value) = unsigned(&served, "POST", path, &json!({ "do": row.operation }));
        // Joining and signing in are for everybody; what comes with a file has an address of another kind.
        let has_address = value["detail"] != "no address of its own";
        let refused = if path == PEOPLE || !has_address { vec![400, 401] } else { vec![401] };
        assert!(refused.contains(&status), "{} {}: {status} {value}", row.service, row.operation);
        assert!(value["detail"].is_string());
    }
    // A person's token of the key file is no sign-in; a scheme is one in any case.
    let keys: toml::Value = toml::from_str(&std::fs::read_to_string(town.path("keys.toml")).unwrap()).unwrap();
    let old = keys["http"]["people"]["suzuki"].as_str().unwrap();
    let (status, value) = call(&served, "GET", "/api/v1/merchants", old, &Value::Null);
    assert_eq!(status, 401, "{value}");
    let lower = format!("bearer {}", town.session("sato"));
    assert_eq!(request(served.http, "GET", "/api/v1/merchants", &[("authorization", &lower)], b"").unwrap().0, 200);
    let out = kazasu(&[
        "approval",
        "approve",
        "1",
        "--fingerprint",
        "0123456789ab",
        "--why",
        "x",
        "--config",
        &town.config(),
        "--by=tanaka",
    ]);
    assert_eq!(out.status.code(), Some(2), "no person speaks for another");
}

#[test]
fn a_key_is_revoked_without_a_restart_and_replaces_itself() {
    let town = town();
    let served = town.serve();
    let portal = token(&town, "portals", "portal");
    let of_portal = |keys: &Value| keys.as_array().unwrap().iter().find(|key| key["name"] == "portal").unwrap().clone();
    let first = of_portal(&done(&served, &town.session("ando"), &json!({ "do": "keys" }))["items"]);
    let longer = json!({ "do": "rotate_key", "until": "2099-12-31" });
    let (status, told) = ask(&served, &portal, &longer);
    assert_eq!(status, 409, "a key does not make itself last longer: {told}");
    let made = done(&served, &portal, &json!({ "do": "rotate_key", "until": first["until"] }));
    let new = made["key"].as_str().unwrap();
    assert!(new.starts_with("kz_live_"));
    for key in [portal.as_str(), new] {
        assert_eq!(ask(&served, key, &json!({ "do": "whoami" })).1["name"], "portal");
    }
    let keys = done(&served, &town.session("ando"), &json!({ "do": "keys" }))["items"].clone();
    let old = keys.as_array().unwrap().iter().find(|key| key["fingerprint"] == first["fingerprint"]).unwrap();
    assert!(old["last_use"].is_string(), "{old}");
    let revoke =
        json!({ "do": "revoke_key", "program": "portal", "fingerprint": old["fingerprint"], "why": "rotated" });
    done(&served, &town.session("ando"), &revoke);
    assert_eq!(ask(&served, &portal, &json!({ "do": "whoami" })).0, 401, "at once");
    assert_eq!(ask(&served, new, &json!({ "do": "whoami" })).0, 200);
    let mut cut = new.to_owned();
    cut.pop();
    let (_, told) = ask(&served, &cut, &json!({ "do": "whoami" }));
    assert!(told["detail"].as_str().unwrap().contains("not whole"), "{told}");
    // A program's key takes two people, and no program approves.
    let create = json!({ "do": "create_key", "program": "robot", "organisation": "org_1", "roles": ["finance-approver"],
        "until": "2099-12-31", "why": "x" });
    assert_eq!(ask(&served, &town.session("ando"), &create).0, 409);
}

#[test]
fn offline_is_marked_and_does_nothing_that_takes_two() {
    let town = town();
    let contracts = town.path("contracts.toml");
    let config = town.config();
    let out = kazasu(&[
        "contract",
        "propose",
        contracts.to_str().unwrap(),
        "--why",
        "x",
        "--by",
        "suzuki",
        "--config",
        &config,
    ]);
    assert_eq!(out.status.code(), Some(1));
    let text = String::from_utf8(out.stderr).unwrap();
    assert!(text.contains("it is not done offline"), "{text}");
    let out = kazasu(&["person", "invite", "mori", "--organisation", "org_1", "--why", "x", "--config", &config]);
    assert_eq!(out.status.code(), Some(1));
    let out = kazasu(&["person", "found", "third", "--config", &config]);
    assert_eq!(out.status.code(), Some(1), "there are administrators");
    let out = kazasu(&["person", "found", "ando", "--json", "--config", &config]);
    assert!(out.status.success(), "one who has lost everything: {}", String::from_utf8_lossy(&out.stderr));
    let (state, _) = town.fold();
    let invited = serde_json::from_slice::<Value>(&out.stdout).unwrap();
    assert_eq!(state.rights().name_of(invited["person"].as_str().unwrap()), Some("ando"));
}

/// The address that takes a service's operations.
fn door(service: &str) -> &'static str {
    match service {
        "operations" => "operations",
        "closing" => "closing",
        "relief" => "relief",
        "approvals" => "approvals",
        _ => PEOPLE,
    }
}

/// Questions that are an address: which, and of which row.
const ADDRESSES: [(&str, &str, &str); 14] = [
    ("/api/v1/merchants", "operations", "merchants"),
    ("/api/v1/policy", "operations", "policy"),
    ("/api/v1/links/broken", "operations", "broken_links"),
    ("/api/v1/links/shared", "operations", "shared_accounts"),
    ("/api/v1/notices", "operations", "notices"),
    ("/api/v1/advices", "operations", "advices"),
    ("/api/v1/closing/days", "closing", "days"),
    ("/api/v1/closing/settlements", "closing", "settlements"),
    ("/api/v1/closing/payouts", "closing", "payouts"),
    ("/api/v1/closing/runs", "closing", "runs"),
    ("/api/v1/closing/totals", "closing", "totals"),
    ("/api/v1/closing/exceptions", "closing", "exceptions"),
    ("/api/v1/closing/contracts", "closing", "contracts_in_force"),
    ("/api/v1/closing/explain/1", "closing", "explain"),
];

#[test]
fn every_address_and_every_word_answers_as_the_table_says() {
    let town = town();
    let served = town.serve();
    let mori = Person::joined(&town, &served, "mori");
    granted(&town, &served, &mori.id, "auditor");
    let mut callers: Vec<String> = ["ando", "sato", "suzuki", "tanaka"].map(|name| town.session(name)).to_vec();
    callers.extend([mori.session(&served, 1), token(&town, "", "token"), token(&town, "portals", "portal")]);
    let rows = MatrixRow::all();
    for caller in &callers {
        let who = done(&served, caller, &json!({ "do": "whoami" }));
        let roles: Vec<&str> =
            who["roles"].as_array().unwrap().iter().filter_map(|role| role.as_str()?.split(' ').next()).collect();
        assert!(!roles.is_empty(), "{who}");
        let may = |row: &MatrixRow| {
            let open = ["anyone", "signed-in", "role of the step"];
            row.roles.iter().any(|role| open.contains(&role.as_str()) || roles.contains(&role.as_str()))
        };
        for (path, service, word) in ADDRESSES {
            let row =
                rows.iter().find(|row| (row.service.as_str(), row.operation.as_str()) == (service, word)).unwrap();
            let (status, value) = call(&served, "GET", path, caller, &Value::Null);
            assert_eq!(status != 403, may(row), "{path} by {}: {status} {value}", who["name"]);
        }
        // What ends the caller's own session is left out.
        for row in rows.iter().filter(|row| !["sign_out", "end_sessions"].contains(&row.operation.as_str())) {
            let (status, value) = call(&served, "POST", door(&row.service), caller, &json!({ "do": row.operation }));
            // What comes with a file has an address of its own.
            let is_elsewhere = status == 400 && value["detail"].as_str().unwrap().contains("no address of its own");
            // A caller without the right is refused before anything else of the request is read.
            assert!(
                may(row) || is_elsewhere || status == 403,
                "{} {} by {}: {status} {value}",
                row.service,
                row.operation,
                who["name"]
            );
        }
    }
}
