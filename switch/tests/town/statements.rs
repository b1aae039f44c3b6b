//! A portal's word is taken signed, and for one request: everything else is refused before anything is done or shown.

use crate::codes::APPROVED;
use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, request};
use crate::rules::pointer;
use crate::rules::{call, token};
use crate::runs_on::taps;
use crate::step_up::steps_up;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::{Town as Sample, named_ppid};
use kazasu_ledger::Body;
use kazasu_schemas::identity::ProgramId;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::portal::{HEADER, PortalOperation, Proven, Statement, request_digest};
use kazasu_schemas::secret::Key;
use kazasu_security::portal::{is_signed, signed};
use kazasu_security::signing::SeedKey;
use kazasu_store::Store;
use kazasu_store::sqlite::SqliteStore;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// The town's portal, with its key for requests and its key for statements.
pub(crate) struct SigningPortal {
    key: SeedKey,
    id: ProgramId,
    token: String,
}

/// The operation that an address of a resident is.
fn operation(method: &str, path: &str) -> PortalOperation {
    let what = path.split('?').next().unwrap().rsplit('/').next().unwrap();
    match (what, method) {
        ("link", "DELETE") => PortalOperation::Unlink,
        ("link", _) => PortalOperation::Link,
        ("limits", _) => PortalOperation::SetLimits,
        ("spendable", _) => PortalOperation::SetSpendable,
        ("card", _) => PortalOperation::SetCard,
        ("statement", _) => PortalOperation::ResidentStatement,
        ("taps", _) => PortalOperation::ResidentTaps,
        ("shops", _) => PortalOperation::ResidentShops,
        ("notices", _) => PortalOperation::ChooseNotices,
        _ => PortalOperation::Resident,
    }
}

fn random<const N: usize>() -> [u8; N] {
    kazasu_engine::clock::random_bytes(N).unwrap().try_into().unwrap()
}

impl SigningPortal {
    pub(crate) fn of(town: &Town) -> SigningPortal {
        let seed = std::fs::read_to_string(town.path("people/portal.seed")).unwrap();
        let key = SeedKey::new(&Key::from_hex(&seed).unwrap()).unwrap();
        SigningPortal { key, id: ProgramId::new(2), token: token(town, "portals", "portal") }
    }

    /// What it says of this request now.
    fn statement(&self, method: &str, path: &str, body: &[u8]) -> Statement {
        let resident = path.split('/').nth(4).unwrap().split('?').next().unwrap().parse::<Ppid>();
        Statement {
            portal: self.id,
            // One that is no PPID is refused for that.
            resident: resident.unwrap_or(Ppid::from_bytes([0; 16])),
            proven: Proven::CardPin,
            at: kazasu_engine::clock::now(),
            operation: operation(method, path),
            request: request_digest(method, path, body),
            nonce: random(),
        }
    }

    /// The header's value for a request.
    pub(crate) fn header(&self, method: &str, path: &str, body: &[u8]) -> String {
        signed(&self.statement(method, path, body), &self.key).unwrap()
    }

    /// A request with these bytes and its statement.
    pub(crate) fn ask(&self, served: &Served, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
        let header = self.header(method, path, body);
        self.with(served, (method, path, body), Some(&header))
    }

    /// A request with any header.
    fn with(&self, served: &Served, (method, path, body): Asked<'_>, header: Option<&str>) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(header.map(|header| (HEADER, header)));
        let (status, text) = request(served.http, method, path, &headers, body).unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

/// Method, path, body.
type Asked<'a> = (&'a str, &'a str, &'a [u8]);

fn town() -> Town {
    Town::new(Sample { residents: 0, ..Sample::default() })
}

/// Lines of the security log about operations of residents.
fn lines(town: &Town) -> Vec<Value> {
    let out = kazasu(&["audit", "log", "--json", "--config", &town.config()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let all = String::from_utf8(out.stdout).unwrap();
    all.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn refused(answer: &(u16, Value), code: &str) {
    assert_eq!((answer.0, answer.1["code"].as_str()), (403, Some(code)), "{}", answer.1);
}

/// The records of the journal that keep what a portal signed: of whom, and what.
fn proofs(town: &Town) -> Vec<(Ppid, kazasu_ledger::record::PortalProof)> {
    town.runtime.block_on(async {
        let store = SqliteStore::new(town.journal());
        let page = store.reader().await.unwrap().scan(1, 100_000).await.unwrap();
        let kept = |body: Body| match body {
            Body::Linked(r) => r.proof.map(|proof| (r.ppid, *proof)),
            Body::Unlinked(r) => r.proof.map(|proof| (r.ppid, *proof)),
            Body::CardStatusSet(r) => r.proof.map(|proof| (r.ppid, *proof)),
            Body::OwnLimitsSet(r) => r.proof.map(|proof| (r.ppid, *proof)),
            _ => None,
        };
        page.iter().filter_map(|entry| kept(Body::read(&entry.body).unwrap())).collect()
    })
}

#[test]
fn a_statement_that_does_not_stand_for_its_request_changes_and_shows_nothing() {
    let town = town();
    let served = town.serve();
    let portal = SigningPortal::of(&town);
    let path = format!("/api/v1/residents/{}/limits", named_ppid("on-us-a"));
    let body = br#"{"day": 7000}"#;
    let asked = ("PUT", path.as_str(), &body[..]);
    let head = town.verified().head;
    refused(&portal.with(&served, asked, None), "statement_missing");
    for unreadable in ["", "zz.zz", "00", "kazasu.portal"] {
        refused(&portal.with(&served, asked, Some(unreadable)), "statement_form");
    }
    let good = portal.statement("PUT", &path, body);
    let wrong = |change: &dyn Fn(&mut Statement)| {
        let mut statement = good.clone();
        change(&mut statement);
        portal.with(&served, asked, Some(&signed(&statement, &portal.key).unwrap()))
    };
    let late = |by: i64| wrong(&|s| s.at = Millis(s.at.0 + by));
    refused(&late(-121_000), "statement_moment");
    refused(&late(130_000), "statement_moment");
    refused(&wrong(&|s| s.portal = ProgramId::new(1)), "statement_other");
    refused(&wrong(&|s| s.resident = named_ppid("on-us-rich")), "statement_other");
    refused(&wrong(&|s| s.operation = PortalOperation::Link), "statement_other");
    refused(&wrong(&|s| s.request[0] ^= 1), "statement_other");
    // Another body, path or method under a statement that is good for its own.
    let header = signed(&good, &portal.key).unwrap();
    refused(&portal.with(&served, ("PUT", &path, br#"{"day": 7001}"#), Some(&header)), "statement_other");
    let other = SeedKey::new(&Key::new(random::<32>().to_vec()).unwrap()).unwrap();
    refused(&portal.with(&served, asked, Some(&signed(&good, &other).unwrap())), "statement_signature");
    let mut changed = header.clone();
    changed.replace_range(changed.len() - 1.., if changed.ends_with('0') { "1" } else { "0" });
    refused(&portal.with(&served, asked, Some(&changed)), "statement_signature");
    let look = format!("/api/v1/residents/{}", named_ppid("on-us-a"));
    let answer = portal.with(&served, ("GET", &look, b""), None);
    refused(&answer, "statement_missing");
    assert!(answer.1.get("links").is_none());
    assert_eq!(town.verified().head, head, "nothing was recorded");
    // The same statement as it should be: once, also on the switch that is started again.
    assert_eq!(portal.with(&served, asked, Some(&header)).0, 200);
    refused(&portal.with(&served, asked, Some(&header)), "statement_used");
    served.kill();
    let served = town.serve();
    refused(&portal.with(&served, asked, Some(&header)), "statement_used");
    served.stop();
    let all = lines(&town);
    let of = |outcome: &str| all.iter().filter(|l| l["by"] == "key_2" && l["outcome"] == outcome).count();
    assert_eq!((of("refused"), of("allowed")), (17, 1), "each has its line");
}

#[test]
fn a_link_takes_the_card_at_hand_and_its_record_proves_it() {
    let town = town();
    let served = town.serve();
    let portal = SigningPortal::of(&town);
    let resident = named_ppid("on-us-a");
    let path = format!("/api/v1/residents/{resident}/link");
    let card = kazasu_demo::sample::card_number("490000", 424_242);
    let body = json!({ "kind": "credit", "number": card }).to_string();
    let asked = ("PUT", path.as_str(), body.as_bytes());
    for proven in [Proven::PinReset, Proven::SignedIn] {
        let statement = Statement { proven, ..portal.statement("PUT", &path, body.as_bytes()) };
        let answer = portal.with(&served, asked, Some(&signed(&statement, &portal.key).unwrap()));
        refused(&answer, "statement_too_weak");
    }
    let twice = json!({ "kind": "credit", "number": card, "pin_verified": true }).to_string();
    let (status, value) = portal.ask(&served, "PUT", &path, twice.as_bytes());
    assert_eq!((status, pointer(&value)), (400, "pin_verified".to_owned()), "{value}");
    let face = Statement { proven: Proven::CardFace, ..portal.statement("PUT", &path, body.as_bytes()) };
    let (status, value) = portal.with(&served, asked, Some(&signed(&face, &portal.key).unwrap()));
    assert_eq!((status, value["result"].as_str()), (200, Some("recorded")), "{value}");
    let (status, value) = portal.ask(&served, "DELETE", &path, b"");
    assert_eq!(status, 200, "{value}");
    let card = format!("/api/v1/residents/{resident}/card");
    let lost = br#"{"status": "suspended", "why": "lost"}"#;
    let signed_in = Statement { proven: Proven::SignedIn, ..portal.statement("PUT", &card, lost) };
    let (status, value) = portal.with(&served, ("PUT", &card, lost), Some(&signed(&signed_in, &portal.key).unwrap()));
    assert_eq!(status, 200, "a lost card is suspended without it: {value}");
    let look = format!("/api/v1/residents/{resident}/statement?from=2026-01-01&until=2026-01-31");
    assert_eq!(portal.ask(&served, "GET", &look, b"").0, 200);
    served.stop();
    let kept = proofs(&town);
    let ways: Vec<(PortalOperation, Proven)> = kept.iter().map(|(_, proof)| (proof.operation, proof.proven)).collect();
    assert_eq!(
        ways,
        [
            (PortalOperation::Link, Proven::CardFace),
            (PortalOperation::Unlink, Proven::CardPin),
            (PortalOperation::SetCard, Proven::SignedIn)
        ]
    );
    for (ppid, proof) in &kept {
        let text = proof.statement(*ppid).text();
        assert!(is_signed(&proof.key, text.as_bytes(), &proof.signature), "{text}");
        assert_eq!(*ppid, resident);
    }
    assert_eq!(kept[0].1.statement(resident), face, "what was signed is what the record says");
    let all = lines(&town);
    let line = all.iter().find(|line| line["proven"] == "card-face").unwrap();
    let keys = ["key", "statement"].map(|field| line[field].as_str().unwrap_or_default().len());
    assert_eq!((keys, line["network"].as_str()), ([64, 64], Some("127.0.0.1")), "{line}");
}

/// What two administrators do: one asks, the other decides.
fn decided(town: &Town, served: &Served, ask: &Value) -> Value {
    const PEOPLE: &str = "people";
    let (status, asked) = call(served, DO, PEOPLE, &town.session("ando"), ask);
    assert_eq!(status, 200, "{asked}");
    const APPROVALS: &str = "approvals";
    // A key that is made has a fingerprint of its own.
    let of_request = ["approval_fingerprint", "fingerprint"].into_iter().find(|key| asked[*key].is_string()).unwrap();
    let (approval, fingerprint) = (&asked["proposal"], &asked[of_request]);
    let approve = json!({ "do": "approve", "approval": approval, "fingerprint": fingerprint, "why": "checked" });
    let (status, alone) = call(served, DO, APPROVALS, &town.session("ando"), &approve);
    assert_eq!(status, 403, "{alone}");
    steps_up(town, served, ("baba", fingerprint.as_str().unwrap()));
    let (status, value) = call(served, DO, APPROVALS, &town.session("baba"), &approve);
    assert_eq!(status, 200, "{value}");
    asked
}

#[test]
fn a_portal_without_a_key_is_told_how_and_a_key_takes_two_people_and_ends_at_once() {
    let town = town();
    let served = town.serve();
    let path = format!("/api/v1/residents/{}", named_ppid("on-us-a"));
    let create = json!({ "do": "create_key", "program": "second", "organisation": "portals", "roles": ["portal"],
        "until": "2099-12-31", "why": "a second portal" });
    let made = decided(&town, &served, &create);
    let file = town.path("second.seed");
    let out = kazasu(&["portal", "keygen", file.to_str().unwrap()]);
    let public = String::from_utf8(out.stdout).unwrap().trim().to_owned();
    let key = SeedKey::new(&Key::from_hex(&std::fs::read_to_string(&file).unwrap()).unwrap()).unwrap();
    let token = made["key"].as_str().unwrap().to_owned();
    let second = SigningPortal { key, id: ProgramId::new(3), token };
    let answer = second.ask(&served, "GET", &path, b"");
    refused(&answer, "portal_key_missing");
    assert!(answer.1["detail"].as_str().unwrap().contains("kazasu portal register key_3 --public"), "{}", answer.1);
    let register =
        json!({ "do": "statement_key", "program": "second", "public": public, "until": "2099-12-31", "why": "new" });
    decided(&town, &served, &register);
    assert_eq!(second.ask(&served, "GET", &path, b"").0, 200);
    // Each portal has its own: one key under two names would let one speak for the other.
    let taken =
        json!({ "do": "statement_key", "program": "portal", "public": public, "until": "2099-12-31", "why": "x" });
    let (status, value) = call(&served, DO, "people", &town.session("ando"), &taken);
    assert_eq!(status, 409, "{value}");
    let no_portal = json!({ "do": "statement_key", "program": "key_1", "public": "07".repeat(32), "until": "2099-12-31", "why": "x" });
    let (status, value) = call(&served, DO, "people", &town.session("ando"), &no_portal);
    assert_eq!(status, 409, "{value}");
    assert!(value["detail"].as_str().unwrap().contains("is no portal"), "{value}");
    let first = SigningPortal::of(&town);
    let posing = SigningPortal { key: second.key, ..first };
    refused(&posing.ask(&served, "GET", &path, b""), "statement_signature");
    let (_, keys) = call(&served, DO, "people", &town.session("ando"), &json!({ "do": "keys" }));
    let of = |key: &&Value| key["name"] == "second" && key["used_for"] == "statements";
    let listed = keys["items"].as_array().unwrap().iter().find(of).unwrap().clone();
    assert_eq!(listed["fingerprint"].as_str(), Some(&public[..12]), "{listed}");
    let revoke = json!({ "do": "revoke_key", "program": "second", "fingerprint": &public[..12], "why": "stolen" });
    assert_eq!(call(&served, DO, "people", &town.session("baba"), &revoke).0, 200);
    let second = SigningPortal { key: posing.key, id: ProgramId::new(3), token: made["key"].as_str().unwrap().into() };
    refused(&second.ask(&served, "GET", &path, b""), "portal_key_missing");
    served.stop();
}

#[test]
fn the_published_sample_and_the_command_line_sign_what_the_switch_takes() {
    let town = town();
    let served = town.serve();
    let portal = SigningPortal::of(&town);
    let (resident, seed) = (named_ppid("on-us-a").to_string(), town.path("people/portal.seed"));
    let path = format!("/api/v1/residents/{resident}");
    let out = kazasu(&[
        "portal",
        "sign",
        "--key",
        seed.to_str().unwrap(),
        "--portal",
        "key_2",
        "--resident",
        &resident,
        "--proven",
        "card-pin",
        "--operation",
        "resident",
        "GET",
        &path,
    ]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let line = String::from_utf8(out.stdout).unwrap();
    let header = line.trim().strip_prefix("kazasu-portal-statement: ").unwrap();
    assert_eq!(portal.with(&served, ("GET", &path, b""), Some(header)).0, 200);
    let file = town.path("portal.token");
    std::fs::write(&file, &portal.token).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/portal_statement.py");
    let sample = |more: &[&str]| {
        let mut command = Command::new("python3");
        command.arg(&script).arg(served.http.to_string()).args(["--token", file.to_str().unwrap()]);
        command.args(["--key", seed.to_str().unwrap(), "--portal", "key_2", "--resident", &resident]).args(more);
        let out = command.output().expect("python3 is needed");
        (out.status.code(), format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr)))
    };
    let (code, text) = sample(&[]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = sample(&["--limits", r#"{"day": 4321}"#]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = sample(&["--portal", "key_1"]);
    assert!(code == Some(1) && text.contains("statement_other"), "{text}");
    let (_, value) = portal.ask(&served, "GET", &path, b"");
    assert_eq!(value["limits"]["day_yen"], 4_321);
    served.stop();
}

/// What somebody links who has another resident's account and a portal that lies, or is deceived.
fn fresh_link<'a>(path: &'a str, body: &'a str) -> Asked<'a> {
    ("PUT", path, body.as_bytes())
}

#[test]
fn a_portal_has_no_more_requests_open_than_the_configuration_says() {
    let town = town();
    town.configure("\n[limits]\nmax_open_requests_per_portal = 2\n");
    let served = town.serve();
    let portal = SigningPortal::of(&town);
    let theirs = json!({ "kind": "on_us", "number": on_us(&town, "on-us-rich") }).to_string();
    let asks = |n: u8| {
        let path = format!("/api/v1/residents/{}/link", Ppid::from_bytes([n; 16]));
        portal.ask(&served, "PUT", &path, theirs.as_bytes())
    };
    for n in [1, 2] {
        assert!(asks(n).1["waits_for_staff"].is_u64());
    }
    let (status, told) = asks(3);
    let text = told["detail"].as_str().unwrap();
    assert!(status == 429 && text.contains("2 links of portal key_2 wait for staff, and at most 2 may"), "{told}");
    assert!(text.contains("kazasu link waiting"), "it says what to do: {text}");
    assert_eq!(asks(2).0, 200, "the same again is no further request");
    let suzuki = town.session("suzuki");
    let (_, waiting) = call(&served, DO, "operations", &suzuki, &json!({ "do": "waiting_links" }));
    let deny = json!({ "do": "decide_link", "proposal": waiting["items"][0]["proposal"], "fingerprint": waiting["items"][0]["fingerprint"],
        "approve": false, "why": "no family" });
    assert_eq!(call(&served, DO, "operations", &suzuki, &deny).0, 200);
    assert!(asks(3).1["waits_for_staff"].is_u64(), "as soon as staff have decided one");
    served.stop();
    town.replace_in_config("max_open_requests_per_portal = 2", "max_open_requests_per_portal = 0");
    let out = kazasu(&["config", "check", "--config", &town.config()]);
    let text = String::from_utf8_lossy(&out.stderr);
    assert!(text.contains("limits.max_open_requests_per_portal must be above 0"), "{text}");
}

/// The fingerprint of the one link that waits.
fn waiting_fingerprint(served: &Served, session: &str) -> String {
    let (status, waiting) = call(served, DO, "operations", session, &json!({ "do": "waiting_links" }));
    assert_eq!(status, 200, "{waiting}");
    waiting["items"][0]["fingerprint"].as_str().unwrap()[..12].to_owned()
}

#[test]
fn a_fresh_person_with_anothers_account_waits_for_staff_and_spends_nothing() {
    let town = town();
    let served = town.serve();
    let portal = SigningPortal::of(&town);
    let acquirer = town.acquirer(1, &served);
    // The alias of a resident who has nothing linked.
    let fresh = named_ppid("unlinked");
    let path = format!("/api/v1/residents/{fresh}/link");
    let theirs = json!({ "kind": "on_us", "number": on_us(&town, "on-us-rich") }).to_string();
    let asked = fresh_link(&path, &theirs);
    let (status, value) = portal.ask(&served, asked.0, asked.1, asked.2);
    let number = value["waits_for_staff"].as_u64();
    assert!(status == 200 && number.is_some(), "{status} {value}");
    let number = number.unwrap();
    let mut session = Session::open(&acquirer).unwrap();
    assert_ne!(taps(&mut session, 1, "unlinked"), APPROVED, "nothing is spent while it waits");
    // Again is the same request; the portal, programs and the person who asked decide nothing.
    let (_, again) = portal.ask(&served, asked.0, asked.1, asked.2);
    assert_eq!((again["waits_for_staff"].as_u64(), again["result"].as_str()), (Some(number), Some("unchanged")));
    let suzuki = town.session("suzuki");
    let first = waiting_fingerprint(&served, &suzuki);
    let decide = |approve: bool| json!({ "do": "decide_link", "proposal": number, "fingerprint": first, "approve": approve, "why": "one family" });
    for program in [&portal.token, &token(&town, "", "token")] {
        assert_eq!(call(&served, DO, "operations", program, &decide(true)).0, 403);
    }
    let (status, waiting) = call(&served, DO, "operations", &suzuki, &json!({ "do": "waiting_links" }));
    let waiting = &waiting["items"];
    assert_eq!((status, waiting.as_array().unwrap().len()), (200, 1), "{waiting}");
    assert_eq!(waiting[0]["holders"], json!([named_ppid("on-us-rich").to_string()]), "{waiting}");
    assert_eq!((&waiting[0]["by"], &waiting[0]["proven"]), (&json!("key_2"), &json!("card-pin")));
    assert_eq!(call(&served, DO, "operations", &suzuki, &decide(false)).0, 200);
    assert_ne!(taps(&mut session, 2, "unlinked"), APPROVED);
    // A family: asked for anew, and allowed with a reason.
    let (_, value) = portal.ask(&served, asked.0, asked.1, asked.2);
    let second = value["waits_for_staff"].clone();
    let allow = |fingerprint: &str| {
        let allow = json!({ "do": "decide_link", "proposal": second, "fingerprint": fingerprint, "approve": true,
            "why": "one family" });
        call(&served, DO, "operations", &suzuki, &allow)
    };
    // A portal that lies asks for another account after staff has looked: what was looked at is allowed, or nothing.
    let looked_at = waiting_fingerprint(&served, &suzuki);
    let swapped = json!({ "kind": "on_us", "number": on_us(&town, "on-us-a") }).to_string();
    assert_eq!(portal.ask(&served, asked.0, asked.1, swapped.as_bytes()).1["waits_for_staff"], second);
    let (status, refused) = allow(&looked_at);
    assert_eq!((status, refused["code"].as_str()), (412, Some("approval_replaced")), "{refused}");
    assert_ne!(taps(&mut session, 4, "unlinked"), APPROVED);
    portal.ask(&served, asked.0, asked.1, asked.2);
    assert_eq!(allow(&waiting_fingerprint(&served, &suzuki)).0, 200);
    assert_eq!(taps(&mut session, 3, "unlinked"), APPROVED);
    served.stop();
    let kept = proofs(&town);
    assert!(kept.is_empty(), "a link of two people is in its decision's record: {kept:?}");
    town.verified();
}

#[test]
fn staff_link_nothing_past_another_person() {
    let town = town();
    let served = town.serve();
    let (suzuki, tanaka) = (town.session("suzuki"), town.session("tanaka"));
    let ask = |session: &str, body: Value| call(&served, DO, "operations", session, &body);
    let fresh = named_ppid("unlinked").to_string();
    let shared = on_us(&town, "on-us-rich");
    let link = json!({ "do": "link", "ppid": fresh, "kind": "on_us", "number": shared, "pin_verified": true });
    let (status, value) = ask(&suzuki, link);
    assert_eq!(status, 200, "{value}");
    let decide = json!({ "do": "decide_link", "proposal": value["waits_for_staff"],
        "fingerprint": waiting_fingerprint(&served, &suzuki), "approve": true, "why": "x" });
    let (status, alone) = ask(&suzuki, decide.clone());
    assert_eq!(status, 409, "{alone}");
    assert_eq!(ask(&tanaka, decide).0, 200);
    // A broken link for which another instrument is proposed: the proposer does not link it at the counter.
    let broken = named_ppid("on-us-a").to_string();
    assert_eq!(ask(&suzuki, json!({ "do": "break_link", "ppid": broken, "why": "closed" })).0, 200);
    let propose = json!({ "do": "propose_retarget", "ppid": broken, "kind": "credit",
        "number": kazasu_demo::sample::card_number("490000", 77_777) });
    let (status, value) = ask(&suzuki, propose);
    assert_eq!(status, 200, "{value}");
    let past = json!({ "do": "link", "ppid": broken, "kind": "credit", "pin_verified": true,
        "number": kazasu_demo::sample::card_number("490000", 77_777) });
    let (status, value) = ask(&suzuki, past);
    assert_eq!(status, 409, "{value}");
    assert!(value["detail"].as_str().unwrap().contains("has requested an instrument already"), "{value}");
    served.stop();
}

/// The number of the account that a resident of the sample town pays from.
fn on_us(town: &Town, alias: &str) -> String {
    let holder = named_ppid(alias).to_string();
    let links = std::fs::read_to_string(town.path("links.csv")).unwrap();
    let row = links.lines().find(|line| line.starts_with(&holder)).unwrap();
    row.split(',').nth(2).unwrap().to_owned()
}
