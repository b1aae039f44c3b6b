//! Portals, cards, policies and notices on a real switch: its API, its command line, a receiver of webhooks, real lists.

mod policies;
mod portal;

use crate::codes::{APPROVED, LIMIT_EXCEEDED, LOST_CARD, PIN_REQUIRED, RESTRICTED_CARD};
use crate::harness::{Served, Town, by_two, free_port, kazasu, request, requested, wait_for};
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_demo::sample::{Town as Sample, named_ppid, ruled_ppid};
use kazasu_security::keys::KeyState;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use unicode_width::UnicodeWidthStr;

/// A program's key of the key file, or a person's session.
pub(crate) fn token(town: &Town, section: &str, name: &str) -> String {
    if section == "people" {
        return town.session(name);
    }
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

/// The field that an error points at; empty where it points at none.
pub(crate) fn pointer(value: &Value) -> String {
    value["errors"][0]["pointer"].as_str().unwrap_or_default().trim_start_matches('/').to_owned()
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
        .args(crate::harness::signed_in(args))
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

/// A receiver of webhooks that keeps what it got and answers with the codes in turn, then 200.
pub(crate) fn receiver(port: u16, codes: &'static [u16]) -> mpsc::Receiver<(String, String, String)> {
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
    town.put_key("webhook", "00112233445566778899aabbccddeeff", KeyState::Active);
    let served = town.serve();
    let operator = token(&town, "", "token");
    // No receiver listens yet: the notice is owed, also after the power went.
    goes(&town, &served, &purchase("month-told", 500, APPROVED));
    wait_for("a notice that is owed", Duration::from_secs(5), || {
        let (_, owed) = call(&served, "GET", "/api/v1/notices", &operator, &json!(null));
        (owed["items"].as_array().unwrap().len() == 1).then_some(())
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
        let (_, owed) = call(&served, "GET", "/api/v1/notices", &operator, &json!(null));
        owed["items"].as_array().unwrap().is_empty().then_some(())
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
        let bind = ["card", "bind", &who, "--serial", serial, "--last-day", "2030-03-31", "--why", "a test"];
        assert_eq!(json_of(&by_two(&town, &bind, ["suzuki", "tanaka"]))["result"], "recorded");
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
    let key = |args: &[&str]| {
        let config = town.config();
        let out = kazasu(&[&["key"], args, &["--config", &config, "--by", "sato"]].concat());
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    // The sample's first keys are cards 1 and accounts 2.
    key(&["rotate", "vault.cards"]);
    let served = town.serve();
    served.issuers_up(3);
    let config = town.config();
    let done = json_of(&kazasu(&["link", "rotate", "--json", "--config", &config]));
    assert!(done["resealed"].as_u64().unwrap() > 20, "{done}");
    assert_eq!(json_of(&kazasu(&["link", "rotate", "--json", "--config", &config]))["resealed"], 0);
    goes(&town, &served, &purchase("credit-ok", 100, APPROVED));
    served.drained();
    served.stop();
    key(&["retire", "vault.cards", "1"]);
    let served = town.serve();
    served.issuers_up(3);
    goes(&town, &served, &(purchase("credit-ok", 100, APPROVED) + &purchase("debit-ok", 100, APPROVED)));
    served.drained();
    served.stop();
    let journal = std::fs::read(town.journal()).unwrap();
    let card = kazasu_demo::sample::card_number("490000", 900_000_006);
    assert!(!journal.windows(card.len()).any(|w| w == card.as_bytes()), "no clear number in the journal");
}

#[test]
fn broken_links_are_retargeted_by_two_people_and_temporary_ids_merged() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let _served = town.serve();
    let config = town.config();
    let run = |args: &[&str], by: &str| kazasu(&[args, &["--json", "--config", &config, "--by", by]].concat());
    let who = named_ppid("bank-ok").to_string();
    let closed = ["link", "break", &who, "--why", "口座解約 account closed"];
    assert_eq!(json_of(&run(&closed, "suzuki"))["result"], "recorded");
    let queue = json_of(&run(&["link", "broken"], "operator"));
    assert_eq!((queue.as_array().unwrap().len(), queue[0]["ppid"].as_str()), (1, Some(who.as_str())));
    let out = kazasu_with(
        &["link", "propose", &who, "--kind", "on_us", "--json", "--config", &config, "--by", "suzuki"],
        "0910000003\n",
    );
    let (number, fingerprint) = requested(&json_of(&out));
    let decide = ["approval", "approve", &number, "--fingerprint", &fingerprint, "--why", "checked at the counter"];
    assert!(refused(&run(&decide, "suzuki")).contains("another person decides it"));
    assert!(!run(&decide, "stranger").status.success(), "without a session it is a program");
    assert_eq!(json_of(&run(&decide, "tanaka"))["result"], "recorded");
    assert_eq!(json_of(&run(&["link", "broken"], "operator")), json!([]));
    let shown = json_of(&run(&["link", "show", &who, "--why", "a test"], "operator"));
    assert_eq!(shown["links"][0]["instrument"]["kind"], "on_us");
    let made = json_of(&run(&["card", "temporary", "--until", "2027-03-31"], "suzuki"));
    let temporary = made["ppid"].as_str().unwrap().to_owned();
    let credit = ["purse", "credit", &temporary, "1", "3000", "--reference", "避難所 shelter 12"];
    let two = |args: &[&str]| json_of(&by_two(&town, args, ["suzuki", "tanaka"]));
    assert_eq!(two(&credit)["result"], "recorded");
    assert_eq!(two(&credit)["result"], "unchanged", "booked once");
    assert_eq!(two(&["card", "merge", &temporary, &who])["result"], "recorded");
    assert!(refused(&run(&["card", "merge", &temporary, &who], "suzuki")).contains("nothing is merged twice"));
    let shown = json_of(&run(&["link", "show", &who, "--why", "a test"], "operator"));
    assert_eq!(shown["purses"][0]["yen"], 3_000);
    let over = ["purse", "credit", &who, "1", "99000000", "--reference", "x"];
    assert!(refused(&run(&over, "suzuki")).contains("pay into it first"));
    town.verified();
}

#[test]
fn asks_that_cannot_be_read_or_done_are_told_by_line_and_stop_nothing() {
    let town = Town::opening(Sample { residents: 0, ..Sample::default() });
    let path = town.path("asks.jsonl");
    let who = named_ppid("on-us-a").to_string();
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
