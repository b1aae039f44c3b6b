//! Portals, cards, policies and notices on a real switch: its API, its command line, a receiver of webhooks, real lists.

use crate::codes::{APPROVED, LIMIT_EXCEEDED, LOST_CARD, PIN_REQUIRED, RESTRICTED_CARD};
use crate::harness::{Served, Town, free_port, kazasu, request, wait_for};
use kazasu::sample::{Town as Sample, named_ppid, ruled_ppid};
use kazasu_acquirer_sim::scenario::{Scenario, play};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// A token of the key file.
pub(crate) fn token(town: &Town, section: &str, name: &str) -> String {
    let keys: toml::Value = toml::from_str(&std::fs::read_to_string(town.path("keys.toml")).unwrap()).unwrap();
    let mut at = &keys["http"];
    if !section.is_empty() {
        at = &at[section];
    }
    at[name].as_str().unwrap().to_owned()
}

/// Method, path, token, body; status and JSON.
pub(crate) fn call(served: &Served, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let (bearer, body) = (format!("Bearer {token}"), body.to_string());
    let headers = [("authorization", bearer.as_str())];
    let (status, text) = request(served.http, method, path, &headers, body.as_bytes()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Plays steps and expects them to go as written.
pub(crate) fn goes(town: &Town, served: &Served, steps: &str) {
    let scenario = Scenario::parse(&format!("title = 'x'\n{steps}")).unwrap();
    let outcome = play(&scenario, &town.acquirer(1, served)).unwrap();
    assert_eq!(outcome.differences, []);
}

pub(crate) fn purchase(card: &str, yen: u32, code: &str) -> String {
    format!(
        "[[step]]\nsend = 'purchase'\ncard = '{card}'\nat = 'shop'\namount = {yen}\nexpect = {{ code = '{code}' }}\n"
    )
}

/// The program with a line on its standard input.
fn kazasu_with(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kazasu"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn json_of(out: &Output) -> Value {
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// The error of a command that found something wrong.
pub(crate) fn refused(out: &Output) -> String {
    assert_eq!(out.status.code(), Some(1), "{}", String::from_utf8_lossy(&out.stdout));
    String::from_utf8(out.stderr.clone()).unwrap()
}

/// A portal, and the resident who uses it.
struct Portal<'a> {
    town: &'a Town,
    served: &'a Served,
    token: String,
    /// The resident's path.
    path: String,
    /// The number of the credit card that the resident links.
    card: &'a str,
}

impl Portal<'_> {
    fn ask(&self, method: &str, what: &str, body: &Value) -> (u16, Value) {
        call(self.served, method, &format!("{}{what}", self.path), &self.token, body)
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
    let card = kazasu::sample::card_number("490000", 424_242);
    let path = format!("/v1/residents/{}", ruled_ppid("pin", "27000001"));
    let portal = Portal { town: &town, served: &served, token: token(&town, "portals", "portal"), path, card: &card };
    a_wrong_ask_links_nothing_and_repeats_no_number(&portal);
    a_card_is_linked_once_and_shown_masked(&portal);
    an_account_that_another_resident_has_is_flagged(&portal);
    the_resident_sets_a_limit_of_the_day(&portal);
    what_a_household_can_spend_limits_the_month(&portal);
    a_portal_suspends_a_card_and_no_more(&portal);
    other_paths_and_other_residents_are_refused(&portal);
    let (status, value) = portal.ask("DELETE", "/link", &json!({ "pin_verified": true }));
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
    let (status, value) = portal.link(&json!({ "kind": "credit", "number": card }));
    assert_eq!(status, 403, "{value}");
    assert!(value["error"].as_str().unwrap().contains("4-digit PIN"));
    let wrong = format!("{}0", &card[..15]);
    let (status, value) = portal.link(&json!({ "kind": "credit", "number": wrong, "pin_verified": true }));
    assert_eq!((status, value["field"].as_str()), (400, Some("number")));
    assert!(!value.to_string().contains(&wrong), "a card number is never repeated: {value}");
    let (status, value) = portal.link(&json!({ "kind": "gold", "number": card, "pin_verified": true }));
    assert_eq!((status, value["field"].as_str()), (400, Some("kind")));
    for body in [
        json!({ "kind": "credit", "number": 4_900_009_000_000_061_u64, "pin_verified": true }),
        json!({ "kind": "bank", "number": "4900009000000061", "pin_verified": true }),
        json!({ "kind": "held", "number": "4900009000000061", "pin_verified": true }),
        json!({ "kind": "4900009000000061", "number": "1", "pin_verified": true }),
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
    let right = json!({ "kind": "credit", "number": card, "pin_verified": true });
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

/// A public-receipt account; it is not refused.
fn an_account_that_another_resident_has_is_flagged(portal: &Portal<'_>) {
    let other = kazasu_schemas::ids::Ppid::from_bytes([9; 16]).to_string();
    let out = kazasu_with(
        &["link", "set", &other, "--kind", "held", "--pin-verified", "--json", "--config", &portal.town.config()],
        "0910000003\n",
    );
    assert_eq!(json_of(&out)["shared_account"], true);
    let (status, _) = portal.link(&json!({ "kind": "held", "number": "0910000001", "pin_verified": true }));
    assert_eq!(status, 409, "account 0910000001 was never opened");
    let operator = token(portal.town, "", "token");
    let (_, shared) = call(portal.served, "GET", "/v1/links/shared", &operator, &json!(null));
    assert_eq!(shared.as_array().unwrap().len(), 1);
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
        assert!(value["error"].as_str().unwrap().contains("income must be from ¥1"), "{value}");
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
    let (served, token) = (portal.served, &portal.token);
    for (method, path) in [
        ("POST", "/v1/ask"),
        ("GET", "/v1/policy"),
        ("GET", "/v1/notices"),
        ("POST", "/v1/handover"),
        ("POST", "/v1/import/links"),
    ] {
        let (status, _) = call(served, method, path, token, &json!({}));
        assert_eq!(status, 403, "{path} is not for portals");
        let (status, _) = call(served, method, path, "nobody's", &json!({}));
        assert_eq!(status, 401, "{path}");
    }
    let (status, _) = call(served, "GET", "/v1/residents/XXXX", token, &json!(null));
    assert_eq!(status, 400);
    let unknown = kazasu_schemas::ids::Ppid::from_bytes([77; 16]);
    let (status, _) = call(served, "GET", &format!("/v1/residents/{unknown}"), token, &json!(null));
    assert_eq!(status, 404);
}

/// A receiver of webhooks that keeps what it got and answers with the codes in turn, then 200.
fn receiver(port: u16, codes: &'static [u16]) -> mpsc::Receiver<(String, String, String)> {
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (tx, rx) = mpsc::channel();
    std::thread::spawn(move || {
        for (stream, n) in listener.incoming().zip(0..) {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut length, mut time, mut signature) = (0, String::new(), String::new());
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                    break;
                }
                let (name, value) = line.split_once(':').unwrap_or((&line, ""));
                match name.to_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "kazasu-timestamp" => time = value.trim().to_owned(),
                    "kazasu-signature" => signature = value.trim().to_owned(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let code = codes.get(n).copied().unwrap_or(200);
            let _ = write!(stream, "HTTP/1.1 {code} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            let _ = tx.send((String::from_utf8(body).unwrap(), time, signature));
        }
    });
    rx
}

#[test]
fn notices_are_signed_tried_again_survive_a_kill_and_are_settled_in_the_journal() {
    use hmac::{KeyInit, Mac};
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let port = free_port();
    town.configure(&format!(
        "\n[outbox]\nfirst_pause_ms = 100\n\n[outbox.webhook]\nurl = \"http://127.0.0.1:{port}/notices\"\n"
    ));
    let keys = town.path("keys.toml");
    let text = std::fs::read_to_string(&keys).unwrap();
    std::fs::write(
        &keys,
        text.replace("[http]\n", "[outbox]\nwebhook = \"00112233445566778899aabbccddeeff\"\n\n[http]\n"),
    )
    .unwrap();
    let served = town.serve();
    let operator = token(&town, "", "token");
    // Nobody listens yet: the notice is owed, also after the power went.
    goes(&town, &served, &purchase("month-told", 500, APPROVED));
    wait_for("a notice that is owed", Duration::from_secs(5), || {
        let (_, owed) = call(&served, "GET", "/v1/notices", &operator, &json!(null));
        (owed.as_array().unwrap().len() == 1).then_some(())
    });
    served.kill();
    // Looking at the journal of a switch that is down changes nothing, least of all what is owed.
    let before = town.verified().head;
    let owed = json_of(&kazasu(&["notice", "list", "--json", "--config", &town.config()]));
    assert!(owed.as_array().unwrap().len() == 1 && owed[0]["dead_lettered"].is_null(), "{owed}");
    assert_eq!(town.verified().head, before);
    // A command that works on the journal for a moment delivers nothing and gives nothing up either.
    let who = ruled_ppid("pin", "27000001").to_string();
    json_of(&kazasu(&["limits", "set", &who, "--day", "9000", "--json", "--config", &town.config()]));
    let owed = json_of(&kazasu(&["notice", "list", "--json", "--config", &town.config()]));
    assert!(owed[0]["dead_lettered"].is_null(), "{owed}");
    let got = receiver(port, &[500, 503]);
    let served = town.serve();
    let mut last = None;
    for _ in 0..3 {
        let (body, time, signature) = got.recv_timeout(Duration::from_secs(20)).unwrap();
        let key = hex::decode("00112233445566778899aabbccddeeff").unwrap();
        let mut mac = <hmac::Hmac<sha2::Sha256> as KeyInit>::new_from_slice(&key).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        assert_eq!(signature, format!("v1={}", hex::encode(mac.finalize().into_bytes())));
        let notice: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(notice["ppid"], ruled_ppid("month-told", "27000001").to_string());
        assert_eq!((notice["percent"].as_u64(), notice["used_yen"].as_i64()), (Some(50), Some(500)));
        if let Some(last) = last.replace(notice["id"].clone()) {
            assert_eq!(Some(last), notice["id"].clone().into(), "a repeat has the same id");
        }
    }
    wait_for("the notice to be settled", Duration::from_secs(10), || {
        let (_, owed) = call(&served, "GET", "/v1/notices", &operator, &json!(null));
        owed.as_array().unwrap().is_empty().then_some(())
    });
    // Another threshold, once; the first does not come again.
    goes(&town, &served, &(purchase("month-told", 300, APPROVED) + &purchase("month-told", 1, APPROVED)));
    let (body, ..) = got.recv_timeout(Duration::from_secs(10)).unwrap();
    assert!(body.contains("\"percent\":80"), "{body}");
    assert!(got.recv_timeout(Duration::from_millis(700)).is_err(), "each once a month");
    served.stop();
    assert_eq!(town.verified().kinds[31], 2, "both are settled");
}

#[test]
fn without_an_outbox_a_notice_is_on_the_list_of_those_given_up() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    goes(&town, &served, &purchase("month-told", 500, APPROVED));
    let config = town.config();
    let owed = wait_for("the list", Duration::from_secs(5), || {
        let owed = json_of(&kazasu(&["notice", "list", "--json", "--config", &config]));
        (!owed[0]["dead_lettered"].is_null()).then_some(owed)
    });
    assert!(owed[0]["dead_lettered"]["problem"].as_str().unwrap().contains("no [outbox]"), "{owed}");
    served.stop();
}

/// A list, signed by a new authority or by the one given.
pub(crate) struct Authority {
    certificate: rcgen::CertificateParams,
    key: rcgen::KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut certificate = rcgen::CertificateParams::new(Vec::new()).unwrap();
        certificate.distinguished_name.push(rcgen::DnType::CommonName, name);
        certificate.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        certificate.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign, rcgen::KeyUsagePurpose::KeyCertSign];
        Authority { certificate, key: rcgen::KeyPair::generate().unwrap() }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.clone().self_signed(&self.key).unwrap().pem()
    }

    pub(crate) fn list(&self, number: u64, entries: &[(u8, rcgen::RevocationReason)]) -> Vec<u8> {
        let now = kazasu_engine::clock::now().0 / 1_000;
        let now = time::OffsetDateTime::from_unix_timestamp(now).unwrap();
        let revoked = entries.iter().map(|(serial, reason)| rcgen::RevokedCertParams {
            serial_number: rcgen::SerialNumber::from(vec![1, *serial]),
            revocation_time: now - time::Duration::days(1),
            reason_code: Some(*reason),
            invalidity_date: None,
        });
        let params = rcgen::CertificateRevocationListParams {
            this_update: now - time::Duration::minutes(1) + time::Duration::seconds(i64::try_from(number).unwrap()),
            next_update: now + time::Duration::days(1),
            crl_number: rcgen::SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        let issuer = rcgen::Issuer::new(self.certificate.clone(), &self.key);
        params.signed_by(&issuer).unwrap().der().to_vec()
    }
}

#[test]
fn real_status_lists_hold_and_revoke_cards_at_the_next_tap() {
    use rcgen::RevocationReason::{CertificateHold, KeyCompromise};
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let authority = Authority::new("National ID user certificates");
    std::fs::write(town.path("authority.pem"), authority.pem()).unwrap();
    town.configure("\n[cards]\nlist_authorities = \"authority.pem\"\n");
    let served = town.serve();
    let config = town.config();
    let own = |args: &[&str]| kazasu(&[args, &["--json", "--config", &config]].concat());
    for (alias, serial) in [("pin", "01:0a"), ("limit-own", "010b")] {
        let who = ruled_ppid(alias, "27000001").to_string();
        assert_eq!(
            json_of(&own(&["card", "bind", &who, "--serial", serial, "--last-day", "2030-03-31"]))["result"],
            "recorded"
        );
    }
    let apply = |name: &str, bytes: &[u8]| {
        let path = town.path(name);
        std::fs::write(&path, bytes).unwrap();
        own(&["card", "list", path.to_str().unwrap()])
    };
    goes(&town, &served, &(purchase("pin", 100, APPROVED) + &purchase("limit-own", 100, APPROVED)));
    let first = authority.list(1, &[(0x0a, CertificateHold), (0x0b, KeyCompromise), (0x0c, KeyCompromise)]);
    let taken = json_of(&apply("first.crl", &first));
    assert_eq!((taken["number"].as_u64(), taken["certificates"].as_u64()), (Some(1), Some(3)));
    goes(&town, &served, &(purchase("pin", 100, LOST_CARD) + &purchase("limit-own", 100, RESTRICTED_CARD)));
    assert_eq!(json_of(&apply("first.crl", &first))["result"], "unchanged");

    let mut damaged = first.clone();
    let at = damaged.len() - 5;
    damaged[at] ^= 1;
    for (name, bytes, says) in [
        ("other.crl", Authority::new("Somebody").list(9, &[]), "authority"),
        ("forged.crl", Authority::new("National ID user certificates").list(9, &[]), "signature"),
        ("damaged.crl", damaged, ""),
        ("text.crl", b"no list".to_vec(), ""),
    ] {
        let error = refused(&apply(name, &bytes));
        assert!(error.contains("list: ") && error.contains(says), "{name}: {error}");
    }
    json_of(&apply("second.crl", &authority.list(3, &[(0x0b, KeyCompromise)])));
    goes(&town, &served, &(purchase("pin", 100, APPROVED) + &purchase("limit-own", 100, RESTRICTED_CARD)));
    let error = refused(&apply("older.crl", &authority.list(2, &[])));
    assert!(error.contains("only a newer one is taken"), "{error}");
    goes(&town, &served, &purchase("limit-own", 100, RESTRICTED_CARD));
    served.stop();
    town.verified();
}

#[test]
fn card_numbers_move_to_a_new_key_and_the_old_one_can_go() {
    let town = Town::new(Sample { residents: 40, ..Sample::default() });
    let keys = town.path("keys.toml");
    let first = std::fs::read_to_string(&keys).unwrap();
    let second = first
        .replacen("current = 1", "current = 2", 1)
        .replace("seal.1", &format!("seal.2 = \"{}\"\nseal.1", "5a".repeat(32)));
    std::fs::write(&keys, &second).unwrap();
    let served = town.serve();
    served.issuers_up(3);
    let config = town.config();
    let done = json_of(&kazasu(&["link", "rotate", "--json", "--config", &config]));
    assert!(done["resealed"].as_u64().unwrap() > 20, "{done}");
    assert_eq!(json_of(&kazasu(&["link", "rotate", "--json", "--config", &config]))["resealed"], 0);
    goes(&town, &served, &purchase("credit-ok", 100, APPROVED));
    served.drained();
    served.stop();
    let without: String =
        second.lines().filter(|line| !line.starts_with("seal.1")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&keys, without).unwrap();
    let served = town.serve();
    served.issuers_up(3);
    goes(&town, &served, &(purchase("credit-ok", 100, APPROVED) + &purchase("debit-ok", 100, APPROVED)));
    served.drained();
    served.stop();
    let journal = std::fs::read(town.journal()).unwrap();
    let card = kazasu::sample::card_number("490000", 900_000_006);
    assert!(!journal.windows(card.len()).any(|w| w == card.as_bytes()), "no clear number in the journal");
}

#[test]
fn broken_links_are_retargeted_by_two_people_and_temporary_ids_merged() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let config = town.config();
    let run = |args: &[&str], by: &str| kazasu(&[args, &["--json", "--config", &config, "--by", by]].concat());
    let who = named_ppid("bank-ok").to_string();
    let closed = ["link", "break", &who, "--why", "口座解約 account closed"];
    assert_eq!(json_of(&run(&closed, "suzuki"))["result"], "recorded");
    let queue = json_of(&run(&["link", "broken"], "operator"));
    assert_eq!((queue.as_array().unwrap().len(), queue[0]["ppid"].as_str()), (1, Some(who.as_str())));
    let out = kazasu_with(
        &["link", "propose", &who, "--kind", "held", "--json", "--config", &config, "--by", "suzuki"],
        "0910000003\n",
    );
    assert_eq!(json_of(&out)["result"], "recorded");
    let decide = ["link", "decide", &who, "--approve", "--why", "checked at the counter"];
    assert!(refused(&run(&decide, "suzuki")).contains("another person must decide"));
    assert!(!run(&decide, "nobody").status.success(), "a name that is not in the key file");
    assert_eq!(json_of(&run(&decide, "tanaka"))["result"], "recorded");
    assert_eq!(json_of(&run(&["link", "broken"], "operator")), json!([]));
    let shown = json_of(&run(&["link", "show", &who], "operator"));
    assert_eq!(shown["links"][0]["instrument"]["kind"], "held");
    let made = json_of(&run(&["card", "temporary", "--until", "2027-03-31"], "suzuki"));
    let temporary = made["ppid"].as_str().unwrap().to_owned();
    let credit = ["purse", "credit", &temporary, "1", "3000", "--reference", "避難所 shelter 12"];
    assert_eq!(json_of(&run(&credit, "suzuki"))["result"], "recorded");
    assert_eq!(json_of(&run(&credit, "suzuki"))["result"], "unchanged", "booked once");
    assert_eq!(json_of(&run(&["card", "merge", &temporary, &who], "suzuki"))["result"], "recorded");
    assert!(refused(&run(&["card", "merge", &temporary, &who], "suzuki")).contains("nothing is merged twice"));
    let shown = json_of(&run(&["link", "show", &who], "operator"));
    assert_eq!(shown["purses"][0]["yen"], 3_000);
    let over = ["purse", "credit", &who, "1", "99000000", "--reference", "x"];
    assert!(refused(&run(&over, "suzuki")).contains("pay into it first"));
    town.verified();
}

fn policy_file(town: &Town, name: &str, change: impl Fn(String) -> String) -> String {
    let text = std::fs::read_to_string(town.path("policy.toml")).unwrap();
    let path = town.path(name);
    std::fs::write(&path, change(text)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What residents paid under the sample's policy, without a PIN: three people, ¥7,700, and ¥4,900 of it by the first.
const WITHOUT_PIN: [(&str, u32); 4] = [("held-a", 4_000), ("held-a", 900), ("held-b", 2_500), ("held-poor", 300)];

#[test]
fn a_policy_is_checked_compared_replayed_and_activated() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let steps: String = WITHOUT_PIN.iter().map(|(card, yen)| purchase(card, *yen, APPROVED)).collect();
    goes(&town, &served, &steps);
    a_policy_with_a_mistake_is_refused_by_line(&town);
    // Above ¥2,000 a PIN is needed; in the sample above ¥15,000.
    let strict = policy_file(&town, "strict.toml", |text| text.replace("no_pin = 15_000", "no_pin = 2_000"));
    what_a_policy_changes_is_shown(&town, &strict);
    past_taps_are_decided_again_under_it(&town, &strict);
    what_more_points_would_cost_is_simulated(&town);
    a_policy_is_in_force_when_a_person_activates_it(&town, &served, &strict);
    a_policy_that_lacks_a_purse_programme_is_refused(&town);
    served.kill();
    let served = town.serve();
    assert_eq!(json_of(&kazasu(&["policy", "show", "--json", "--config", &town.config()]))["version"], 2);
    goes(&town, &served, &purchase("held-a", 2_100, PIN_REQUIRED));
    served.stop();
    town.verified();
}

fn a_policy_with_a_mistake_is_refused_by_line(town: &Town) {
    let bad = policy_file(town, "bad.toml", |text| text.replace("window = \"day\"", "window = \"week\""));
    let error = refused(&kazasu(&["policy", "check", &bad]));
    assert!(error.contains("bad.toml line ") && error.contains("window must be tap, day, month"), "{error}");
    let activated = kazasu(&["policy", "activate", &bad, "--why", "x", "--config", &town.config()]);
    assert!(refused(&activated).contains("window"));
}

fn what_a_policy_changes_is_shown(town: &Town, strict: &str) {
    let found = json_of(&kazasu(&["policy", "diff", strict, "--json", "--config", &town.config()]));
    assert_eq!(found["differences"].as_array().unwrap().len(), 1);
    assert_eq!(found["differences"][0]["after"], "¥2,000");
}

/// Two of the four would have needed a PIN. The policy in force decides as it did.
fn past_taps_are_decided_again_under_it(town: &Town, strict: &str) {
    let config = town.config();
    let replay = ["policy", "replay", strict, "--from", "2020-01-01", "--config", &config];
    let as_json = |args: &[&str]| json_of(&kazasu(&[args, &["--json"]].concat()));
    let replayed = as_json(&replay);
    assert_eq!((replayed["taps"].as_u64(), replayed["changed"].as_u64()), (Some(4), Some(2)));
    assert_eq!(
        replayed["changes"][0],
        json!({ "before": "approved", "after": "pin_required", "taps": 2, "yen": 4_000 + 2_500 })
    );
    let shown = kazasu(&replay);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("pin_required") && shown.lines().all(|line| line.width() <= 80), "{shown}");
    let in_force = town.path("policy.toml");
    let same = ["policy", "replay", in_force.to_str().unwrap(), "--from", "2020-01-01", "--config", &config];
    assert_eq!(as_json(&same)["changed"], 0, "the policy in force decides as it did");
}

/// A tenth of what was paid instead of a twentieth.
fn what_more_points_would_cost_is_simulated(town: &Town) {
    const POINTS: i64 = 770;
    const MOST_OF_A_PERSON: i64 = 490;
    let config = town.config();
    let draft = policy_file(town, "draft.toml", |text| text.replace("rate = \"5%\"", "rate = \"10%\""));
    let simulate = ["points", "simulate", &draft, "--from", "2020-01-01", "--config", &config];
    let with = |more: &[&str]| kazasu(&[&simulate[..], more].concat());
    let cost = json_of(&with(&["--json"]))["programmes"][0].clone();
    assert_eq!(
        (cost["points"].as_i64(), cost["people"].as_u64(), cost["taps"].as_u64()),
        (Some(POINTS), Some(3), Some(4))
    );
    assert_eq!(cost["most_per_person"], MOST_OF_A_PERSON);
    let winners = cost["winners"].as_array().unwrap();
    assert_eq!((winners.len(), &winners[0]["points"]), (3, &json!(MOST_OF_A_PERSON)));
    let list = town.path("winners.csv");
    assert!(with(&["--json", "--winners", list.to_str().unwrap()]).status.success());
    let list = std::fs::read_to_string(&list).unwrap();
    assert_eq!(list.lines().count(), 4, "{list}");
    assert_eq!(
        list.lines().nth(1).unwrap(),
        format!("{},{},{MOST_OF_A_PERSON}", cost["programme"], winners[0]["ppid"].as_str().unwrap())
    );
    let text = String::from_utf8(with(&[]).stdout).unwrap();
    assert!(text.contains("points granted") && text.contains(&POINTS.to_string()), "{text}");
}

fn a_policy_is_in_force_when_a_person_activates_it(town: &Town, served: &Served, strict: &str) {
    let config = town.config();
    goes(town, served, &purchase("held-a", 2_100, APPROVED));
    let activate = ["policy", "activate", strict, "--why", "盗難対策 theft", "--json", "--config", &config];
    assert_eq!(json_of(&kazasu(&activate))["version"], 2);
    assert_eq!(json_of(&kazasu(&activate))["result"], "unchanged");
    goes(town, served, &(purchase("held-a", 2_100, PIN_REQUIRED) + &purchase("held-a", 2_000, APPROVED)));
}

fn a_policy_that_lacks_a_purse_programme_is_refused(town: &Town) {
    let gone = policy_file(town, "gone.toml", |text| {
        text.replace("number = 2\nname = \"交通費", "number = 3\nname = \"交通費")
    });
    let error = refused(&kazasu(&["policy", "activate", &gone, "--why", "x", "--config", &town.config()]));
    assert!(error.contains("purse programme 2 is missing"), "{error}");
}

#[test]
fn asks_that_cannot_be_read_or_done_are_told_by_line_and_stop_nothing() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let path = town.path("asks.jsonl");
    let who = named_ppid("held-a").to_string();
    let lines = [
        json!({ "do": "set_limits", "ppid": who, "day": 100_000 }).to_string(),
        "{ not json".to_owned(),
        json!({ "do": "fly", "ppid": who }).to_string(),
        json!({ "do": "set_limits", "ppid": "short", "day": 1 }).to_string(),
        json!({ "do": "credit_purse", "ppid": who, "programme": 9, "amount": 1, "reference": "r" }).to_string(),
        json!({ "do": "credit_purse", "ppid": who, "programme": 1, "amount": 10, "reference": "r" }).to_string(),
    ];
    std::fs::write(&path, lines.join("\n")).unwrap();
    let out = kazasu(&["apply", path.to_str().unwrap(), "--json", "--config", &town.config()]);
    let error = refused(&out);
    for (line, says) in [(2, "cannot be read"), (3, "fly"), (4, "ppid: "), (5, "not in the policy")] {
        let line = format!("line {line}: ");
        let told = error.lines().find(|l| l.contains(&line)).unwrap_or_else(|| panic!("{line} in {error}"));
        assert!(told.contains(says), "{told}");
    }
    let counted: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(counted, json!({ "recorded": 2, "unchanged": 0, "refused": 4 }));
}
