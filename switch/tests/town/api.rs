//! The API as a program meets it: named requests, the document, and the one form of every error.

use crate::corrections::pays;
use crate::harness::{DO, Served, Town, kazasu, request, sent};
use crate::people::{Person, granted};
use crate::rules::call;
use kazasu_demo::sample::Town as Sample;
use kazasu_store::Store;
use kazasu_store::side::SideRow;
use kazasu_store::sqlite::SqliteStore;
use serde_json::{Value, json};

/// A request with these headers and no others.
fn bare(served: &Served, asked: (&str, &str), headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let (status, text) = sent(served.http, asked, headers, &body).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn town() -> Town {
    Town::new(Sample { residents: 3, ..Sample::default() })
}

fn records(town: &Town) -> u64 {
    town.verified().records
}

#[test]
fn a_named_request_is_carried_out_once_also_over_a_kill() {
    let town = town();
    let served = town.serve();
    served.issuers_up(3);
    let payment = pays(&town, &served, "credit-ok", 1_000);
    served.drained();
    let bearer = format!("Bearer {}", town.session("sato"));
    let (path, body) = (format!("/api/v1/payments/{payment}/refund"), json!({ "amount": 250, "why": "broken" }));
    let named = |served: &Served, key: &str, body: &Value| {
        bare(served, ("POST", &path), &[("authorization", &bearer), ("idempotency-key", key)], body)
    };
    let before = records(&town);
    let (status, value) = bare(&served, ("POST", &path), &[("authorization", &bearer)], &body);
    assert_eq!((status, value["code"].as_str()), (400, Some("idempotency_key_missing")), "{value}");
    let (status, value) = named(&served, "two words", &body);
    assert_eq!((status, value["code"].as_str()), (400, Some("idempotency_key_invalid")), "{value}");
    assert_eq!(records(&town), before, "nothing was asked for");
    // A refused request frees its key.
    assert_eq!(named(&served, "refund-1", &json!({ "amount": 99_999_999, "why": "too much" })).0, 409);
    let (status, first) = named(&served, "refund-1", &body);
    assert_eq!(status, 200, "{first}");
    let once = records(&town);
    assert_eq!(named(&served, "refund-1", &body), (200, first.clone()), "the same answer");
    let (status, value) = named(&served, "refund-1", &json!({ "amount": 251, "why": "broken" }));
    assert_eq!((status, value["code"].as_str()), (422, Some("idempotency_key_reused")), "{value}");
    // Another caller's key is another one.
    let other = format!("Bearer {}", town.session("suzuki"));
    let (status, value) =
        bare(&served, ("POST", &path), &[("authorization", &other), ("idempotency-key", "refund-1")], &body);
    assert!(value["code"] != "idempotency_key_reused" && value["proposal"] != first["proposal"], "{status} {value}");
    served.kill();
    let served = town.serve();
    assert_eq!(named(&served, "refund-1", &body), (200, first), "also after a kill");
    assert!(records(&town) >= once);

    // The program was killed in the middle: what came of it is not known, and it is never done a second time under the key.
    let caller = town.runtime.block_on(async {
        let mut side = SqliteStore::new(town.journal()).side().await.unwrap();
        let rows = side.list(32, &[], 100).await.unwrap();
        let row = rows.iter().find(|row| row.key.ends_with(b"refund-1")).unwrap();
        let mut value: Value = serde_json::from_slice(&row.value).unwrap();
        value["answer"] = Value::Null;
        value["run"] = json!("another");
        let mut key = row.key[..row.key.len() - 1].to_vec();
        key.push(b'9');
        let lost = SideRow { key, value: serde_json::to_vec(&value).unwrap(), version: 0, ..row.clone() };
        side.put(&lost).await.unwrap()
    });
    assert!(caller);
    let (status, value) = named(&served, "refund-9", &body);
    assert_eq!((status, value["code"].as_str()), (409, Some("idempotency_outcome_unknown")), "{value}");
    served.stop();
    // An answer that was given again has a line like the first one.
    let log = kazasu(&["audit", "log", "--outcome", "replayed", "--json", "--config", &town.config()]);
    let log = String::from_utf8(log.stdout).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines.iter().all(|line| line["operation"] == "closing.refund_payment" && line["why"] == "broken"), "{log}");
}

#[test]
fn what_is_not_there_is_404_and_a_state_that_does_not_allow_it_is_409() {
    let town = town();
    let served = town.serve();
    let today = kazasu_engine::clock::now().jst_day();
    let stranger = kazasu_demo::sample::named_ppid("a stranger");
    let day = |day: &str, what: &str| format!("/closing/days/{day}/{what}");
    let why = || json!({ "why": "x" });
    let cases = [
        ("sato", "GET", "/approvals/999999".to_owned(), Value::Null, 404),
        ("sato", "POST", "/approvals/999999/withdraw".to_owned(), why(), 404),
        ("sato", "GET", "/closing/explain/999999?why=x".to_owned(), Value::Null, 404),
        ("sato", "POST", "/closing/payouts/999999/cancel".to_owned(), why(), 404),
        ("sato", "POST", "/closing/payouts".to_owned(), json!({ "settlements": [99], "why": "x" }), 404),
        (
            "sato",
            "POST",
            "/closing/exceptions/0123456789ab/resolve".to_owned(),
            json!({ "how": "explained", "why": "x" }),
            404,
        ),
        ("sato", "POST", day("2020-01-01", "settle"), json!({}), 409),
        ("sato", "POST", day(&today.to_string(), "settle"), json!({}), 409),
        ("sato", "POST", day(&today.to_string(), "sign"), json!({}), 409),
        ("sato", "POST", day(&today.next().to_string(), "cut-over"), why(), 409),
        ("sato", "GET", "/relief/batches/99".to_owned(), Value::Null, 404),
        ("sato", "POST", "/relief/batches/99/steps".to_owned(), json!({ "step": "assessed", "why": "x" }), 404),
        ("sato", "GET", format!("/residents/{stranger}?why=x"), Value::Null, 404),
        ("sato", "POST", format!("/residents/{stranger}/link/break"), why(), 404),
        ("sato", "POST", "/notices/123-0/retry".to_owned(), json!({}), 404),
        ("sato", "POST", "/advices/999999/decide".to_owned(), json!({ "accept": true, "why": "x" }), 404),
        ("ando", "POST", "/people/per_99/end".to_owned(), why(), 404),
        ("ando", "POST", "/programs/key_99/revoke".to_owned(), why(), 404),
    ];
    for (nth, (who, method, path, body, expected)) in cases.into_iter().enumerate() {
        let (bearer, key) = (format!("Bearer {}", town.session(who)), format!("key-{nth}"));
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        let (status, value) = bare(&served, (method, &format!("/api/v1{path}")), &headers, &body);
        assert_eq!(status, expected, "{method} {path}: {value}");
        let code = if expected == 404 { "not_found" } else { "refused" };
        assert_eq!(value["code"], code, "{method} {path}: {value}");
    }
    served.stop();
}

#[test]
fn the_document_is_served_and_printed_and_every_error_is_a_problem() {
    let town = town();
    let served = town.serve();
    let (status, text) = served.get("/api/v1/openapi.json");
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&text).unwrap();
    let printed = kazasu(&["api", "openapi"]);
    assert_eq!(document, serde_json::from_slice::<Value>(&printed.stdout).unwrap());
    let codes = document["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].as_array().unwrap();
    let bearer = format!("Bearer {}", town.session("sato"));
    let signed = [("authorization", bearer.as_str()), ("idempotency-key", "x")];
    let long = format!("/api/v1/transactions?rrn={}", "9".repeat(3_000));
    for (method, path, body, status) in [
        ("GET", "/api/v1/nothing", "", 404),
        ("GET", "/v1/status", "", 404),
        ("POST", "/api/v1/transactions", "{}", 405),
        ("GET", "/api/v1/transactions?limit=x", "", 400),
        ("GET", "/api/v1/transactions?limit=1&limit=2", "", 400),
        ("GET", "/api/v1/transactions?rrn=%8E%52", "", 400),
        ("GET", "/api/v1/transactions?no_such=1", "", 400),
        ("GET", "/api/v1/reports/trial-balance?day=1&day=2", "", 400),
        ("GET", "/api/v1/reports/trial-balance?day=%8E%52", "", 400),
        ("GET", long.as_str(), "", 400),
        ("GET", "/api/v1/payments/x", "", 400),
        ("GET", "/api/v1/payments/999999?why=call", "", 404),
        ("GET", "/api/v1/approvals/999999", "", 404),
        ("POST", "/api/v1/payments/1/refund", "", 400),
        ("POST", "/api/v1/payments/1/refund", "{\"why\":\"a\",\"why\":\"b\"}", 400),
        ("POST", "/api/v1/payments/1/refund", "{\"payment\":1,\"why\":\"a\"}", 400),
        ("POST", "/api/v1/payments/1/refund?why=a", "{}", 400),
        ("POST", "/api/v1/approvals/1/approve", "{\"why\":\"a\"}", 428),
        ("POST", "/api/v1/people", "{}", 403),
        ("GET", "/api/v1/merchants/%2F", "", 400),
    ] {
        let (found, text) = sent(served.http, (method, path), &signed, body.as_bytes()).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{method} {path}: {text}"));
        assert_eq!(found, status, "{method} {path}: {value}");
        assert_eq!(value["status"], status, "{value}");
        assert!(codes.contains(&value["code"]), "{value}");
        assert!(value["detail"].is_string() && value["request_id"].is_string(), "{value}");
        assert!(value.get("error").is_none() && value.get("field").is_none(), "{value}");
    }
    // Only the address of the state needs no sign-in.
    assert_eq!(request(served.http, "GET", "/api/v1/status", &[], b"").unwrap().0, 200);
    for path in document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|path| !["/status", "/openapi.json"].contains(&path.as_str()))
    {
        let path = path.replace(['{', '}'], "");
        let (status, text) = request(served.http, "GET", &format!("/api/v1{path}"), &[], b"").unwrap();
        assert!([401, 405].contains(&status), "{path}: {status} {text}");
    }
    served.stop();
}

/// What the fuzzer found as this caller; empty where it found nothing.
fn fuzzed(served: &Served, token: &str, more: &[&str]) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = root.join("target/api-tools/bin/st");
    assert!(
        program.exists(),
        "{} is missing: ./test.sh installs it (python3 -m venv target/api-tools; target/api-tools/bin/pip install -r tests/api-tools.txt)",
        program.display()
    );
    let folder = tempfile::tempdir().unwrap();
    let out = std::process::Command::new(&program)
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(root.join("tests/schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{}/api/v1/openapi.json", served.http))
        .args([
            "--header",
            &format!("Authorization: Bearer {token}"),
            "--no-color",
            "--phases",
            "examples,coverage,fuzzing",
        ])
        .args(["--max-examples", "4", "--generation-deterministic", "--warnings", "off", "--continue-on-failure"])
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    if out.status.success() { String::new() } else { said }
}

#[test]
fn a_fuzzer_that_reads_the_document_finds_nothing() {
    let town = town();
    town.configure("\n[limits.http]\nmax_requests_per_caller = 1000000\n");
    let served = town.serve();
    let operator = crate::rules::token(&town, "", "token");
    let mut found = Vec::new();
    for (who, token) in [("operator", operator), ("sato", town.session("sato"))] {
        let said = fuzzed(
            &served,
            &token,
            &["--exclude-operation-id", "people_sign_out", "--exclude-operation-id", "people_end_sessions"],
        );
        if !said.is_empty() {
            found.push(format!("as {who}:\n{said}"));
        }
    }
    served.stop();
    assert_eq!(town.verified().sums.debits, town.verified().sums.credits);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The sample's contracts, by two people.
fn contracts_are_in_force(town: &Town) {
    let contracts = town.path("contracts.toml");
    std::fs::write(&contracts, kazasu(&["contract", "sample"]).stdout).unwrap();
    let config = town.config();
    let asked = kazasu(&[
        "contract",
        "propose",
        contracts.to_str().unwrap(),
        "--why",
        "x",
        "--by",
        "sato",
        "--json",
        "--config",
        &config,
    ]);
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let asked: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let (number, fingerprint) = crate::harness::requested(&asked);
    let done = kazasu(&[
        "approval",
        "approve",
        &number,
        "--fingerprint",
        &fingerprint,
        "--why",
        "x",
        "--by",
        "suzuki",
        "--config",
        &config,
    ]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_quote_says_what_the_settlement_will_say() {
    let town = town();
    let served = town.serve();
    let ask = |merchant: &str, payments: Value| {
        let bearer = format!("Bearer {}", town.session("sato"));
        let body = json!({ "merchant": merchant, "payments": payments });
        bare(&served, ("POST", "/api/v1/quotes"), &[("authorization", &bearer)], &body)
    };
    const SHOP: &str = "27000001/M10000000000001";
    // Without contracts there is nothing to reckon with.
    let (status, value) = ask(SHOP, json!([{ "tender": "credit", "amount": 3_000 }]));
    assert_eq!(status, 400, "{value}");
    contracts_are_in_force(&town);
    let config = town.config();
    let (status, value) =
        ask(SHOP, json!([{ "tender": "credit", "amount": 3_000, "count": 3 }, { "tender": "on_us", "amount": 500 }]));
    assert_eq!(status, 200, "{value}");
    assert_eq!(value["gross_yen"], 9_500);
    let sum =
        |field: &str| value["lines"].as_array().unwrap().iter().map(|line| line[field].as_i64().unwrap()).sum::<i64>();
    assert_eq!(
        (value["gross_yen"].as_i64(), value["fee_yen"].as_i64()),
        (Some(sum("gross_yen")), Some(sum("fee_yen")))
    );
    let of = |name: &str| value[name].as_i64().unwrap();
    assert_eq!(
        of("paid_yen") + of("carried_yen") + of("reserved_yen") + of("fee_yen") + of("tax_yen"),
        9_500,
        "{value}"
    );
    assert!(of("fee_yen") > 0 && value["payday"].as_str() > value["settled_until"].as_str(), "{value}");
    for (payments, field) in [
        (json!([]), "payments"),
        (json!([{ "tender": "cheque", "amount": 1 }]), "tender"),
        (json!([{ "tender": "credit", "amount": 0 }]), "amount"),
        (json!([{ "tender": "credit", "amount": 1, "count": 10_001 }]), "count"),
        (
            json!([{ "tender": "credit", "amount": 1, "count": 6_000 }, { "tender": "on_us", "amount": 1, "count": 6_000 }]),
            "count",
        ),
        (json!([{ "tender": "credit", "amount": 1, "brand": "no such" }]), "brand"),
        (json!([{ "tender": "credit", "amount": 1, "mcc": "12" }]), "mcc"),
    ] {
        let (status, value) = ask(SHOP, payments);
        assert_eq!((status, crate::rules::pointer(&value).as_str()), (400, field), "{value}");
    }
    assert_eq!(ask("27000001/M1", json!([{ "tender": "credit", "amount": 1 }])).0, 404);
    // Staff compare any contract; a shop's own people those that are made for shops like theirs, and read no other merchant's fees.
    const OTHER: &str = "27000001/M10000000000002";
    let organisation =
        json!({ "do": "organisation", "name": "shop", "kind": "merchant", "shops": [OTHER], "why": "x" });
    let (status, made) = call(&served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{made}");
    let cashier = Person::joined_at(&town, &served, ("mori", made["organisation"].as_str().unwrap()));
    granted(&town, &served, "mori", &format!("merchant-cashier shop:{OTHER}"));
    let cashier = format!("Bearer {}", cashier.session(&served, 1));
    let sato = format!("Bearer {}", town.session("sato"));
    let under = |bearer: &str, contract: u32| {
        let body =
            json!({ "merchant": OTHER, "contract": contract, "payments": [{ "tender": "credit", "amount": 1_000 }] });
        bare(&served, ("POST", "/api/v1/quotes"), &[("authorization", bearer)], &body).0
    };
    assert_eq!([1, 3].map(|contract| under(&sato, contract)), [200; 2]);
    assert_eq!([1, 3].map(|contract| under(&cashier, contract)), [200, 400]);
    let shown = kazasu(&["contract", "quote", SHOP, "--payment", "credit:3000:3", "--by", "sato", "--config", &config]);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    served.stop();
}

/// What a client says that a public generator made from the document in git.
pub(crate) fn generated_client(served: &Served, session: &str, payment: &str) -> Value {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = tempfile::tempdir().unwrap();
    let made = std::process::Command::new(root.join("target/api-tools/bin/openapi-python-client"))
        .args(["generate", "--meta", "none", "--path"])
        .arg(root.join("docs/openapi.json"))
        .arg("--output-path")
        .arg(folder.path().join("kazasu_client"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stdout).into_owned() + &String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    let mut client = std::process::Command::new(root.join("target/api-tools/bin/python"))
        .arg(root.join("tests/api_client.py"))
        .arg(folder.path())
        .args([&format!("http://{}/api/v1", served.http), payment])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut client.stdin.take().unwrap(), session.as_bytes()).unwrap();
    let out = client.wait_with_output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Every event after a point, page by page.
pub(crate) fn events(served: &Served, token: &str, limit: u16) -> Vec<Value> {
    let bearer = format!("Bearer {token}");
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/v1/events?after={after}&limit={limit}");
        let (status, page) = bare(served, ("GET", &path), &[("authorization", &bearer)], &Value::Null);
        assert_eq!(status, 200, "{page}");
        all.extend(page["events"].as_array().unwrap().iter().cloned());
        after = page["next"].as_u64().unwrap();
        if page["more"] == false {
            return all;
        }
    }
}

#[test]
fn events_are_read_on_from_any_point_in_pages_of_any_size() {
    let town = town();
    let served = town.serve();
    served.issuers_up(3);
    let record: Value = pays(&town, &served, "credit-ok", 1_000).parse::<u64>().unwrap().into();
    served.drained();
    let sato = town.session("sato");
    let all = events(&served, &sato, 1_000);
    let of: Vec<&Value> = all.iter().filter(|event| event["payment"] == record).collect();
    let kinds: Vec<&str> = of.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["payment.pending", "payment.approved"], "{of:?}");
    assert!(of.iter().all(|event| event["amount_yen"] == 1_000 && event["merchant"].is_string()), "{of:?}");
    assert!(all.iter().all(|event| event.get("ppid").is_none()));
    // In pages of any size, and after a kill, it is the same.
    assert_eq!(events(&served, &sato, 1), all);
    served.kill();
    let served = town.serve();
    assert_eq!(events(&served, &sato, 7), all);
    let ids: std::collections::HashSet<&str> = all.iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all.len(), "each has an id of its own");
    let (status, value) =
        bare(&served, ("GET", "/api/v1/events?limit=0"), &[("authorization", &format!("Bearer {sato}"))], &Value::Null);
    assert_eq!((status, crate::rules::pointer(&value).as_str()), (400, "limit"), "{value}");
    served.stop();
}
