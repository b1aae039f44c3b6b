//! Events that leave for programs: a receiver takes them, goes away, answers wrongly; the switch is killed in between.

use crate::api::events;
use crate::corrections::pays;
use crate::harness::{DO, Served, Town, kazasu, wait_for};
use crate::people::{Person, granted};
use crate::rules::{call, pointer, token};
use kazasu_demo::sample::Town as Sample;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Output;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WAIT: Duration = Duration::from_secs(20);

/// A message as it came.
#[derive(Clone)]
struct Got {
    head: String,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).unwrap()
    }

    fn id(&self) -> String {
        self.header("webhook-id").to_owned()
    }
}

/// A shop's web server. It can go away and come back at its port.
struct Receiver {
    port: u16,
    got: Arc<Mutex<Vec<Got>>>,
    status: Arc<AtomicU16>,
    away: Option<Arc<AtomicBool>>,
}

impl Receiver {
    fn start() -> Receiver {
        let mut receiver = Receiver {
            port: crate::harness::free_port(),
            got: Arc::default(),
            status: Arc::new(AtomicU16::new(200)),
            away: None,
        };
        receiver.comes();
        receiver
    }

    fn comes(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).unwrap();
        let away = Arc::new(AtomicBool::new(false));
        let (got, status, gone) = (self.got.clone(), self.status.clone(), away.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if gone.load(Ordering::SeqCst) {
                    return;
                }
                let (got, status, gone) = (got.clone(), status.clone(), gone.clone());
                std::thread::spawn(move || serves(&mut stream.unwrap(), &got, (&status, &gone)));
            }
        });
        self.away = Some(away);
    }

    fn goes(&mut self) {
        if let Some(away) = self.away.take() {
            away.store(true, Ordering::SeqCst);
            let _ = TcpStream::connect(("127.0.0.1", self.port));
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.got().iter().map(Got::id).collect()
    }

    fn has(&self, n: usize) {
        wait_for("messages", WAIT, || (self.got().len() >= n).then_some(()));
    }
}

fn serves(stream: &mut TcpStream, got: &Mutex<Vec<Got>>, (status, gone): (&AtomicU16, &AtomicBool)) -> Option<()> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
            bytes.extend_from_slice(&part[..n]);
        };
        let mut message = Got { head: String::from_utf8(bytes.drain(..end).collect()).unwrap(), body: Vec::new() };
        let length: usize = message.header("content-length").parse().unwrap();
        while bytes.len() < length {
            let n = stream.read(&mut part).ok().filter(|n| *n > 0)?;
            bytes.extend_from_slice(&part[..n]);
        }
        if gone.load(Ordering::SeqCst) {
            return None;
        }
        message.body = bytes.drain(..length).collect();
        got.lock().unwrap().push(message);
        let status = status.load(Ordering::SeqCst);
        let answer = format!("HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

/// A town whose configuration lets events go to this machine.
fn town() -> Town {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    town.configure(
        "\n[webhooks]\nnetworks = [\"127.0.0.1\"]\nfirst_pause_ms = 100\nlongest_pause_seconds = 1\ntimeout_seconds = 3\n\
         warn_after_seconds = 2\nfailing_after_seconds = 4\n",
    );
    town
}

fn asked(served: &Served, token: &str, body: &Value) -> Value {
    let (status, value) = call(served, DO, "webhooks", token, body);
    assert_eq!(status, 200, "{body}: {value}");
    value
}

/// An endpoint of all events: its id, its secret, and the record after which it is told.
fn registered(served: &Served, token: &str, url: &str) -> (String, String, u64) {
    let made =
        asked(served, token, &json!({ "do": "register", "url": url, "scope": "all", "note": "the shop's program" }));
    let text = |key: &str| made[key].as_str().unwrap().to_owned();
    assert!(text("webhook").starts_with("hook_") && text("secret").starts_with("whsec_"), "{made}");
    (text("webhook"), text("secret"), made["told_until"].as_u64().unwrap())
}

fn shown(served: &Served, token: &str, id: &str) -> Value {
    let (status, value) = call(served, "GET", &format!("/api/v1/webhooks/{id}"), token, &Value::Null);
    assert_eq!(status, 200, "{value}");
    value
}

/// `kazasu webhook verify` with what came.
fn verified(town: &Town, (got, secrets): (&Got, &[&str]), more: &[&str]) -> Output {
    let file = |name: &str, bytes: &[u8]| {
        let path = town.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (secrets, headers) = (file("secrets", secrets.join("\n").as_bytes()), file("headers", got.head.as_bytes()));
    let body = file("body", &got.body);
    kazasu(&[&["webhook", "verify", "--secrets", &secrets, "--headers", &headers, &body][..], more].concat())
}

fn says(out: &Output, what: &str) {
    let all = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(all.contains(what), "{what}: {all}");
}

/// Events in the order in which they first came.
fn once(ids: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

#[test]
fn events_arrive_in_order_and_neither_a_kill_nor_an_absence_loses_one() {
    let (town, mut receiver) = (town(), Receiver::start());
    let served = town.serve();
    served.issuers_up(3);
    let operator = token(&town, "", "token");
    let (id, secret, after) = registered(&served, &operator, &receiver.url());
    let payment = pays(&town, &served, "credit-ok", 1_000);
    served.drained();
    receiver.has(2);
    for got in receiver.got() {
        says(&verified(&town, (&got, &[&secret]), &[]), "The signature is right: by secret 1");
        let text = String::from_utf8(got.body.clone()).unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(body["data"]["id"], got.id());
        assert_eq!(body["type"], body["data"]["kind"]);
        assert!(!text.contains("ppid"), "{text}");
    }
    let of_payment = receiver.got().into_iter().filter(|got| {
        let body: Value = serde_json::from_slice(&got.body).unwrap();
        body["data"]["payment"].as_u64() == payment.parse().ok()
    });
    assert_eq!(of_payment.count(), 2, "pending, and approved");
    // The receiver goes away, the switch is killed, and more happens before the receiver is back.
    receiver.goes();
    pays(&town, &served, "credit-ok", 1_100);
    served.drained();
    wait_for("a failed attempt", WAIT, || (shown(&served, &operator, &id)["failures"].as_u64()? > 0).then_some(()));
    served.kill();
    let served = town.serve();
    served.issuers_up(3);
    pays(&town, &served, "credit-ok", 1_200);
    served.drained();
    let late = wait_for("people are warned", WAIT, || Some(served.status()).filter(|one| one["webhooks_late"] == 1));
    assert_eq!(late["webhooks"]["off"], 0, "{late}");
    wait_for("it is failing", WAIT, || (shown(&served, &operator, &id)["state"] == "failing").then_some(()));
    receiver.comes();
    let all = || -> Vec<String> {
        let all = events(&served, &operator, 1_000);
        let all = all.into_iter().filter(|one| one["sequence"].as_u64().unwrap() > after);
        all.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    wait_for("all events", WAIT, || (once(receiver.ids()).len() == all().len()).then_some(()));
    assert_eq!(once(receiver.ids()), all(), "each, in its order, with its own id");
    wait_for("it is well", WAIT, || (shown(&served, &operator, &id)["state"] == "on").then_some(()));
    // The security log has the warning, and that it is over.
    wait_for("the security log", WAIT, || {
        let out = kazasu(&["audit", "log", "--json", "--kind", "webhook_state", "--config", &town.config()]);
        let text = String::from_utf8(out.stdout).unwrap();
        ["late", "failing", "on"].iter().all(|state| text.contains(&format!("\"{state}\""))).then_some(())
    });
    // In the middle of deliveries, again and again: at least once, and none is lost.
    let mut served = served;
    for round in 0..3 {
        receiver.status.store(500, Ordering::SeqCst);
        pays(&town, &served, "credit-ok", 1_300 + round);
        served.drained();
        receiver.status.store(204, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(150 * u64::from(round)));
        served.kill();
        served = town.serve();
        served.issuers_up(3);
    }
    let wanted =
        events(&served, &operator, 1_000).iter().filter(|one| one["sequence"].as_u64().unwrap() > after).count();
    wait_for("all events", WAIT, || (once(receiver.ids()).len() == wanted).then_some(()));
    let sequences: Vec<u64> =
        once(receiver.ids()).iter().map(|id| id[4..].split('_').next().unwrap().parse().unwrap()).collect();
    assert!(sequences.is_sorted(), "{sequences:?}");
    served.stop();
}

/// What came of an attempt, and the receiver's status.
fn outcome(attempt: &Value) -> (&str, u64) {
    (attempt["outcome"].as_str().unwrap(), attempt["status"].as_u64().unwrap())
}

#[test]
fn endpoints_are_tested_rotated_sent_again_switched_and_removed_from_the_command_line() {
    let (town, receiver) = (town(), Receiver::start());
    let served = town.serve();
    served.issuers_up(3);
    let config = town.config();
    let run = |args: &[&str]| -> Value {
        let out = kazasu(&[&["webhook"][..], args, &["--json", "--config", &config]].concat());
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    };
    let made = run(&["register", &receiver.url(), "--scope", "all", "--kind", "payment.*"]);
    let (id, first) = (made["webhook"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let test = run(&["test", id]);
    assert_eq!((outcome(&test), &test["purpose"]), (("delivered", 200), &json!("test")));
    assert_eq!(receiver.ids(), [test["event"].as_str().unwrap()]);
    let payment = pays(&town, &served, "credit-ok", 1_000);
    served.drained();
    receiver.has(3);
    // Two secrets sign while one takes the place of the other.
    let second = run(&["rotate", id])["secret"].as_str().unwrap().to_owned();
    assert_eq!(run(&["show", id])["secrets"].as_array().unwrap().len(), 2);
    let again = run(&["resend", id, "--event", &format!("evt_{payment}")]);
    assert_eq!(again["count"], 1, "{again}");
    receiver.has(4);
    let last = receiver.got()[3].clone();
    assert_eq!(last.id(), receiver.got()[1].id(), "the same id");
    for (secrets, number) in
        [(vec![first], 1), (vec![second.as_str()], 1), (vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &second], 2)]
    {
        says(&verified(&town, (&last, &secrets), &[]), &format!("by secret {number}"));
    }
    // What verification finds.
    let wrong = verified(&town, (&last, &["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]), &[]);
    assert!(!wrong.status.success());
    says(&wrong, "altered, or another secret signed it");
    let longer = Got { body: [&last.body[..], b"\n"].concat(), ..last.clone() };
    says(&verified(&town, (&longer, &[&second]), &[]), "a line end was added");
    std::thread::sleep(Duration::from_millis(2_100));
    says(&verified(&town, (&last, &[&second]), &["--tolerance", "1"]), "seconds ago");
    let unsigned = Got { head: last.head.replace("webhook-signature", "x-signature"), ..last.clone() };
    says(&verified(&town, (&unsigned, &[&second]), &[]), "webhook-signature is missing");
    // A range, and what failed.
    run(&["resend", id, "--from", &payment, "--until", &payment]);
    receiver.has(5);
    assert_eq!(receiver.ids()[4], format!("evt_{payment}"));
    receiver.status.store(500, Ordering::SeqCst);
    run(&["resend", id, "--event", &format!("evt_{payment}")]);
    receiver.has(6);
    wait_for("the failed attempt", WAIT, || (!run(&["attempts", id, "--failed"]).as_array()?.is_empty()).then_some(()));
    receiver.status.store(200, Ordering::SeqCst);
    assert_eq!(run(&["resend", id, "--failed"])["count"], 1);
    receiver.has(7);
    wait_for("the attempt", WAIT, || (run(&["attempts", id])[0]["outcome"] == "delivered").then_some(()));
    assert_eq!(run(&["resend", id, "--failed"])["count"], 0, "nothing is left");
    // Off and on: what happened meanwhile comes. It is a merchant's question too how an endpoint stands.
    assert_eq!(run(&["off", id, "--why", "moving"])["state"], "off");
    std::thread::sleep(Duration::from_millis(1_200));
    pays(&town, &served, "credit-ok", 900);
    served.drained();
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!(receiver.got().len(), 7);
    let on = run(&["on", id, "--why", "moved"]);
    assert_eq!((on["state"].as_str(), on["switched_why"].as_str()), (Some("on"), Some("moved")), "{on}");
    receiver.has(9);
    let out = kazasu(&["webhook", "list", "--config", &config]);
    says(&out, "Sending");
    assert!(!String::from_utf8_lossy(&out.stdout).contains("whsec_"), "a secret is shown once");
    // A redirect is told, and not followed.
    receiver.status.store(302, Ordering::SeqCst);
    let test = run(&["test", id]);
    assert_eq!(outcome(&test), ("redirected", 302), "{test}");
    run(&["remove", id, "--why", "closed"]);
    let gone = kazasu(&["webhook", "show", id, "--config", &config]);
    says(&gone, "is not registered");
    served.stop();
}

#[test]
fn events_go_to_no_neighbour_of_the_switch() {
    let town = town();
    let served = town.serve();
    let operator = token(&town, "", "token");
    let register = |url: &str| {
        let (status, value) =
            call(&served, DO, "webhooks", &operator, &json!({ "do": "register", "url": url, "scope": "all" }));
        (status, pointer(&value))
    };
    for url in [
        "http://shop.example.jp/hook",
        "https://10.0.0.5/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:192.168.0.1]/",
        "https://127.1/",
        "http://127.0.0.2/",
        "https://user:secret@shop.example.jp/",
        "file:///etc/passwd",
        "not a url",
    ] {
        assert_eq!(register(url), (400, "url".to_owned()), "{url}");
    }
    // A name that leads to such an address is refused when something is sent: nothing is connected to.
    town.replace_in_config("networks = [\"127.0.0.1\"]\n", "");
    served.stop();
    let served = town.serve();
    let (id, ..) = registered(&served, &operator, &format!("https://localhost:{}/hook", served.http.port()));
    let test = asked(&served, &operator, &json!({ "do": "test", "webhook": id }));
    assert_eq!((test["outcome"].as_str(), test["status"].as_u64()), (Some("network_not_allowed"), None), "{test}");
    served.stop();
}

#[test]
fn a_merchants_owner_keeps_endpoints_of_the_own_shops_and_of_no_other() {
    let (town, receiver) = (town(), Receiver::start());
    let served = town.serve();
    served.issuers_up(3);
    let payment = pays(&town, &served, "credit-ok", 500);
    let operator = token(&town, "", "token");
    let all = events(&served, &operator, 1_000);
    let of_payment = all.iter().find(|one| one["payment"].as_u64() == payment.parse().ok()).unwrap();
    let shop = of_payment["merchant"].as_str().unwrap().to_owned();
    let organisation = json!({ "do": "organisation", "kind": "merchant", "name": "Maruyama and others",
        "shops": [shop, "27000001/M10000000000002"], "why": "a contract" });
    let (status, value) = call(&served, DO, "people", &town.session("ando"), &organisation);
    assert_eq!(status, 200, "{value}");
    let works_at = value["organisation"].as_str().unwrap();
    let joined = |name| Person::joined_at(&town, &served, (name, works_at));
    let (mori, oda, ueda) = (joined("mori"), joined("oda"), joined("ueda"));
    granted(&town, &served, "mori", &format!("merchant-owner shop:{shop}"));
    granted(&town, &served, "oda", "merchant-owner shop:27000001/M10000000000002");
    granted(&town, &served, "ueda", &format!("merchant-staff shop:{shop}"));
    let (mori, oda, ueda) = (mori.session(&served, 1), oda.session(&served, 1), ueda.session(&served, 1));
    let register = |who: &str, scope: &str| {
        let body = json!({ "do": "register", "url": receiver.url(), "scope": scope, "after": 0 });
        call(&served, DO, "webhooks", who, &body)
    };
    for (who, scope) in [
        (&mori, "all".to_owned()),
        (&mori, "city:13361".to_owned()),
        (&mori, "acquirer:27000001".to_owned()),
        (&mori, "shop:27000001/M10000000000002".to_owned()),
        (&mori, format!("merchant:{works_at}")),
        (&oda, format!("shop:{shop}")),
        (&oda, format!("merchant:{works_at}")),
        (&ueda, format!("shop:{shop}")),
    ] {
        assert_eq!(register(who, &scope).0, 403, "{scope}");
    }
    assert_eq!(register(&mori, "issuer:1").0, 400);
    let (status, made) = register(&mori, &format!("shop:{shop}"));
    assert_eq!(status, 200, "{made}");
    let id = made["webhook"].as_str().unwrap();
    let own = events(&served, &mori, 1_000);
    assert!(!own.is_empty());
    receiver.has(own.len());
    let wanted: Vec<&str> = own.iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(once(receiver.ids()), wanted, "what its owner sees, and nothing else");
    // Another owner does not learn that it is there.
    let of = |who: &str, path: &str| call(&served, "GET", &format!("/api/v1/webhooks{path}"), who, &Value::Null);
    assert_eq!(of(&oda, &format!("/{id}")).0, 404);
    assert_eq!(of(&oda, "").1["webhooks"], json!([]));
    assert_eq!(of(&mori, "").1["webhooks"].as_array().unwrap().len(), 1);
    assert_eq!(of(&ueda, "").0, 403, "a shop's staff keeps none");
    for body in [
        json!({ "do": "rotate", "webhook": id }),
        json!({ "do": "switch", "webhook": id, "on": false, "why": "x" }),
        json!({ "do": "change", "webhook": id, "url": "https://evil.example.jp/" }),
        json!({ "do": "resend", "webhook": id, "failed": true }),
        json!({ "do": "test", "webhook": id }),
        json!({ "do": "remove", "webhook": id, "why": "x" }),
    ] {
        assert_eq!(call(&served, DO, "webhooks", &oda, &body).0, 404, "{body}");
    }
    assert_eq!(of(&operator, "").1["webhooks"].as_array().unwrap().len(), 1, "an operator sees all");
    served.stop();
}
