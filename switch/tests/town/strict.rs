//! What is not understood changes nothing: bodies, certificates' issuers, files that people wrote; and what people get is theirs alone.

use crate::codes::{APPROVED, LOST_CARD, RESTRICTED_CARD};
use crate::harness::{Served, Town, by_two, kazasu, request};
use crate::rules::pointer;
use crate::rules::{Authority, goes, json_of, purchase, refused, token};
use crate::statements::SigningPortal;
use kazasu_demo::sample::{Town as Sample, named_ppid, ruled_ppid};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

/// Any method, headers and bytes.
fn send(served: &Served, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
    let (status, text) = request(served.http, method, path, headers, body).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A resident of the sample, whose portal asks; and an operator.
struct Resident<'a> {
    served: &'a Served,
    /// The resident's path.
    path: String,
    portal: SigningPortal,
    operator: String,
}

impl Resident<'_> {
    /// Limits by the portal.
    fn limits(&self, body: &[u8]) -> (u16, Value) {
        self.portal.ask(self.served, "PUT", &format!("{}/limits", self.path), body)
    }

    fn now(&self) -> Value {
        self.portal.ask(self.served, "GET", &self.path, b"").1
    }

    /// An operator's request, with more headers.
    fn operator(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
        let headers = [&[("authorization", self.operator.as_str())][..], headers].concat();
        send(self.served, method, path, &headers, body)
    }
}

#[test]
fn a_body_that_is_not_understood_takes_no_right_away() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let resident = Resident {
        served: &served,
        path: format!("/api/v1/residents/{}", named_ppid("on-us-a")),
        portal: SigningPortal::of(&town),
        operator: format!("Bearer {}", token(&town, "", "token")),
    };
    let (status, value) = resident.limits(br#"{"tap": 9000, "day": 20000, "month": 100000, "decline": true}"#);
    assert_eq!((status, value["result"].as_str()), (200, Some("recorded")), "{value}");
    a_wrong_body_is_told_and_changes_nothing(&resident);
    what_is_not_named_stays_and_null_takes_away(&resident);
    every_path_that_takes_an_ask_is_as_strict(&resident);
    bodies_in_another_form_or_too_long_are_refused(&resident);
    methods_and_paths_that_are_not_there_are_told(&resident);
    served.stop();
}

fn a_wrong_body_is_told_and_changes_nothing(resident: &Resident<'_>) {
    let before = resident.now();
    for (body, says) in [
        (&b""[..], "there is nothing"),
        (b" \r\n", "there is nothing"),
        (b"{}", "nothing is named"),
        (b"null", "got null"),
        (b"[]", "got a list"),
        (br#"{"decline": null}"#, "nothing is named"),
        (br#"{"day": 1, "day": 2}"#, "the key \"day\" is there twice"),
        (br#"{"day": 1, "\u0064ay": null}"#, "the key \"day\" is there twice"),
        (br#"{"day": "1"}"#, "day: expected a whole number, got text"),
        (br#"{"day": 1.5}"#, "day: expected a whole number"),
        (br#"{"dya": 1}"#, "unknown field `dya`"),
        (br#"{"day": 1, "ppid": "x"}"#, "unknown field `ppid`"),
        (br#"{"day": 1, "do": "set_card"}"#, "unknown field `do`"),
        (br#"{"day": 1} {}"#, "trailing characters"),
        (b"{\"day\": 1, \"x\": \"\xff\"}", "expected text in UTF-8; byte 18"),
        (b"day=1", "expected value"),
    ] {
        let (status, value) = resident.limits(body);
        let text = String::from_utf8_lossy(body).into_owned();
        assert_eq!(status, 400, "{text}: {value}");
        assert!(value["detail"].as_str().unwrap().contains(says), "{text}: {value}");
    }
    assert_eq!(pointer(&resident.limits(br#"{"month": true}"#).1), "month");
    let (status, value) = resident.limits(br#"{"day": -1}"#);
    assert_eq!((status, pointer(&value).as_str()), (400, "day"), "{value}");
    assert_eq!(resident.now(), before, "nothing was changed");
}

/// A limit that is taken away ends later, and that is said.
fn what_is_not_named_stays_and_null_takes_away(resident: &Resident<'_>) {
    assert_eq!(resident.limits(br#"{"day": 10000}"#).0, 200);
    let value = resident.now();
    assert_eq!(value["limits"], json!({ "tap_yen": 9_000, "day_yen": 10_000, "month_yen": 100_000, "decline": true }));
    assert_eq!(resident.limits(br#"{"tap": null, "month": 50000}"#).0, 200);
    let value = resident.now();
    assert_eq!(value["limits"], json!({ "tap_yen": 9_000, "day_yen": 10_000, "month_yen": 50_000, "decline": true }));
    assert_eq!(value["limits_later"]["tap_yen"], Value::Null, "{value}");
    assert_eq!(value["limits_later"]["day_yen"], 10_000);
}

fn every_path_that_takes_an_ask_is_as_strict(resident: &Resident<'_>) {
    let path = &resident.path;
    for (method, path) in [
        ("PUT", format!("{path}/link")),
        ("PUT", format!("{path}/spendable")),
        ("PUT", format!("{path}/card")),
        ("POST", "/api/v1/temporary-ids".into()),
        ("POST", "/api/v1/clock/confirm".into()),
        ("POST", "/api/v1/card-status-lists".into()),
        ("POST", "/api/v1/handover".into()),
    ] {
        for (body, says) in
            [(&b""[..], "there is nothing"), (br#"{"a": {"b": 1, "b": 1}}"#, "the key \"b\" is there twice")]
        {
            let (status, value) = resident.operator(method, &path, &[], body);
            assert_eq!(status, 400, "{method} {path}: {value}");
            assert!(value["detail"].as_str().unwrap().contains(says), "{method} {path}: {value}");
        }
    }
}

const LONGEST_BODY: usize = 2 << 20;

fn bodies_in_another_form_or_too_long_are_refused(resident: &Resident<'_>) {
    let import =
        |headers: &[(&str, &str)], body: &[u8]| resident.operator("POST", "/api/v1/import/links", headers, body);
    let (status, value) = import(&[("content-type", "multipart/form-data; boundary=x")], b"--x");
    assert!(status == 415 && value["detail"].as_str().unwrap().contains("--data-binary"), "{status} {value}");
    assert_eq!(import(&[("content-encoding", "gzip")], b"x").0, 415);
    let (status, value) = resident.limits(&vec![b' '; LONGEST_BODY + 1]);
    assert!(status == 413 && value["detail"].as_str().unwrap().contains("longer than 2 MiB"), "{status} {value}");
}

fn methods_and_paths_that_are_not_there_are_told(resident: &Resident<'_>) {
    let (status, value) = resident.operator("POST", &resident.path, &[], b"{}");
    assert!(
        status == 405 && value["detail"].as_str().unwrap().contains("POST is not for this path"),
        "{status} {value}"
    );
    let (status, value) = resident.operator("GET", "/api/v1/nothing", &[], b"");
    assert!(status == 404 && value["detail"].is_string(), "{status} {value}");
}

#[test]
fn one_authoritys_list_says_nothing_of_anothers_certificate() {
    use rcgen::RevocationReason::{CertificateHold, KeyCompromise};
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let (east, west) = (Authority::new("User CA East"), Authority::new("User CA West"));
    std::fs::write(town.path("authorities.pem"), east.pem() + &west.pem()).unwrap();
    town.configure("\n[cards]\nlist_authorities = \"authorities.pem\"\n");
    let served = town.serve();
    let config = town.config();
    let own = |args: &[&str]| kazasu(&[args, &["--json", "--config", &config]].concat());
    let (one, other) = (ruled_ppid("pin", "27000001").to_string(), ruled_ppid("limit-own", "27000001").to_string());
    let bind = |who: &str, issuer: &[&str]| {
        let bind = ["card", "bind", who, "--serial", "010a", "--last-day", "2030-03-31", "--why", "a test"];
        by_two(&town, &[&bind, issuer].concat(), ["suzuki", "tanaka"])
    };
    let error = refused(&bind(&one, &[]));
    assert!(error.contains("say which of \"CN=User CA East\", \"CN=User CA West\""), "{error}");
    let error = refused(&bind(&one, &["--issuer", "CN=User CA Eats"]));
    assert!(error.contains("no configured authority is called \"CN=User CA Eats\""), "{error}");
    assert_eq!(json_of(&bind(&one, &["--issuer", "cn=user ca  east"]))["result"], "recorded");
    assert_eq!(json_of(&bind(&other, &["--issuer", "CN=User CA West"]))["result"], "recorded");
    assert!(refused(&bind(&other, &["--issuer", "CN=User CA West"])).contains("is the card's already"));
    assert!(refused(&bind(&one, &["--issuer", "CN=User CA West"])).contains("bound to another card"));
    let apply = |name: &str, bytes: &[u8]| {
        let path = town.path(name);
        std::fs::write(&path, bytes).unwrap();
        json_of(&own(&["card", "list", path.to_str().unwrap()]))
    };
    apply("west.crl", &west.list(1, &[(0x0a, KeyCompromise)]));
    goes(&town, &served, &(purchase("pin", 100, APPROVED) + &purchase("limit-own", 100, RESTRICTED_CARD)));
    apply("east.crl", &east.list(1, &[(0x0a, CertificateHold)]));
    goes(&town, &served, &(purchase("pin", 100, LOST_CARD) + &purchase("limit-own", 100, RESTRICTED_CARD)));
    apply("west.crl", &west.list(2, &[]));
    goes(&town, &served, &(purchase("pin", 100, LOST_CARD) + &purchase("limit-own", 100, APPROVED)));
    served.stop();
    town.verified();
}

#[test]
fn files_that_people_wrote_may_have_a_mark_and_files_that_they_get_are_theirs_alone() {
    let town = Town::opening(Sample { residents: 3, ..Sample::default() });
    let marked = |name: &str| {
        let text = std::fs::read_to_string(town.path(name)).unwrap();
        std::fs::write(town.path(name), format!("\u{feff}{text}")).unwrap();
    };
    ["kazasu.toml", "keys.toml", "policy.toml", "payees.csv", "relief.toml", "contracts.toml"]
        .into_iter()
        .for_each(marked);
    let config = town.config();
    let path = |name: &str| town.path(name).to_str().unwrap().to_owned();
    assert!(kazasu(&["config", "check", "--config", &config]).status.success());
    for args in [["policy", "check", "policy.toml"], ["contract", "check", "contracts.toml"]] {
        let out = kazasu(&[args[0], args[1], &path(args[2])]);
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }
    let report = |out: &str| {
        let to = ["--out", out, "--by", "sato", "--config", &config];
        kazasu(&[&["report", "trial-balance", "--why", "a test"], &to[..]].concat())
    };
    let who = named_ppid("on-us-a").to_string();
    let asks = format!(
        "\u{feff}{{\"do\":\"set_limits\",\"ppid\":\"{who}\",\"day\":100}}\r# a comment\r{{\"do\":\"set_limits\",\"ppid\":\"{who}\",\"day\":90,\"day\":80}}\r"
    );
    std::fs::write(town.path("asks.jsonl"), asks).unwrap();
    let out = kazasu(&["apply", &path("asks.jsonl"), "--json", "--config", &config]);
    let counted: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(counted, json!({ "recorded": 1, "unchanged": 0, "refused": 1 }));
    assert!(refused(&out).contains("line 3: cannot be read: the key \"day\" is there twice"));

    // A row that would be calculated, in a file that all could read before.
    std::fs::write(town.path("links.csv"), "ppid,kind,number\n=1+1,credit,4900000000000000\n").unwrap();
    std::fs::write(town.path("bad.csv"), "old").unwrap();
    std::fs::set_permissions(town.path("bad.csv"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let out = kazasu(&["link", "import", &path("links.csv"), "--bad-rows", &path("bad.csv"), "--config", &config]);
    assert_eq!(out.status.code(), Some(1));
    let mode = |name: &str| std::fs::metadata(town.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("bad.csv"), 0o600);
    let bad = std::fs::read_to_string(town.path("bad.csv")).unwrap();
    assert!(bad.contains("'=1+1") && !bad.contains(",=1+1"), "{bad}");
    let out = report(&path("books.xlsx"));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    // What reads the stream gets the table and nothing else; a name that says no form is told as it was typed.
    let out = report("/dev/stdout");
    let table = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && table.lines().count() > 1, "{}", String::from_utf8_lossy(&out.stderr));
    assert!(table.contains(',') && !table.contains("/dev/stdout"), "{table}");
    for name in ["books.doc", "books"] {
        let out = report(&path(name));
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.contains(&path(name)) && said.contains("must end in .xlsx or .csv"), "{said}");
        assert!(!said.contains("Some(") && !said.contains("None"), "{said}");
    }
    let out = kazasu(&["ledger", "export", &path("data/journal.db"), "--out", &path("export"), "--why", "x"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    for name in ["books.xlsx", "export/records.csv", "export/accounts.csv", "data/journal.db", "data/lock"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!((mode("data"), mode("export")), (0o700, 0o700));
}
