//! The front of the HTTP address: who calls through a proxy, and whom to tell of a weakness.

use crate::harness::DO;
use crate::harness::{Served, Town, kazasu, request};
use kazasu_demo::sample::Town as Sample;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

fn town() -> Town {
    Town::new(Sample { residents: 0, ..Sample::default() })
}

/// A wrong password, from the caller that the header names: the status.
fn wrong(served: &Served, name: &str, caller: &str) -> u16 {
    let body = json!({ "do": "sign_in", "name": name, "password": "a guess that is wrong", "code": "000000" });
    let headers = [("x-forwarded-for", caller)];
    request(served.http, DO, "people", &headers, body.to_string().as_bytes()).unwrap().0
}

/// Networks in the lines about refused sign-ins.
fn networks(town: &Town) -> Vec<String> {
    let out = kazasu(&["audit", "log", "--json", "--kind", "sign_in_refused", "--config", &town.config()]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let lines = String::from_utf8(out.stdout).unwrap();
    let network = |line: &str| serde_json::from_str::<Value>(line).unwrap()["network"].as_str().unwrap().to_owned();
    let mut all: Vec<String> = lines.lines().map(network).collect();
    all.sort();
    all.dedup();
    all
}

/// Six failures of a name from one network are one too many; from another network the same name still has attempts.
#[test]
fn behind_a_trusted_proxy_each_caller_counts_by_itself() {
    let town = town();
    town.replace_in_config("http = \"", "http_trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\nhttp = \"");
    let served = town.serve();
    // What the caller wrote to the left changes nothing, nor does a second proxy on the way.
    let from = ["203.0.113.7", "1.2.3.4, 203.0.113.7", "203.0.113.7, 10.9.9.9", "5.6.7.8, 203.0.113.8", "203.0.113.7"];
    for caller in from {
        assert_eq!(wrong(&served, "sato", caller), 401, "{caller}");
    }
    assert_eq!(wrong(&served, "sato", "9.9.9.9, 203.0.113.7"), 429, "the network has had its attempts");
    assert_eq!(wrong(&served, "sato", "198.51.100.9"), 401, "another caller through the same proxy");
    let told = networks(&town);
    assert_eq!(told, ["198.51.100.9", "203.0.113.7", "203.0.113.8"], "{told:?}");
    served.stop();
}

/// A keep-alive connection of a proxy asks for one caller; whether it is answered.
fn asks(stream: &mut TcpStream, caller: &str) -> bool {
    let head = format!("GET /healthz HTTP/1.1\r\nhost: s\r\nx-forwarded-for: {caller}\r\n\r\n");
    if stream.write_all(head.as_bytes()).is_err() {
        return false;
    }
    let mut answer = [0; 1_024];
    stream.read(&mut answer).is_ok_and(|n| answer[..n].starts_with(b"HTTP/1.1 200 "))
}

/// A subnet may have four connections; a proxy keeps ten open, and none of them gives way.
#[test]
fn a_trusted_proxys_connections_count_against_no_subnet() {
    let town = town();
    town.configure("\n[limits.http]\nmax_connections = 20\nmax_per_network = 4\nmax_waiting_per_network = 4\n");
    let answered = |served: &Served| {
        let open = || TcpStream::connect(served.http).unwrap();
        let mut all: Vec<TcpStream> = (0..10).map(|_| open()).collect();
        for stream in &all {
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        }
        std::thread::sleep(Duration::from_millis(300));
        let twice = |stream: &mut TcpStream| asks(stream, "203.0.113.7") && asks(stream, "198.51.100.9");
        all.iter_mut().filter_map(|stream| twice(stream).then_some(())).count()
    };
    let served = town.serve();
    assert_eq!(answered(&served), 4, "a peer that is no proxy is a subnet");
    served.stop();
    town.replace_in_config("http = \"", "http_trusted_proxies = [\"127.0.0.1\"]\nhttp = \"");
    let served = town.serve();
    assert_eq!(answered(&served), 10, "three quarters of the port are a proxy's");
    served.stop();
}

#[test]
fn a_header_of_a_peer_that_is_no_proxy_is_not_read() {
    let town = town();
    let served = town.serve();
    for n in 1..=5 {
        assert_eq!(wrong(&served, "sato", &format!("203.0.{n}.7")), 401);
    }
    assert_eq!(wrong(&served, "sato", "198.51.100.9"), 429, "one peer with many headers");
    assert_eq!(networks(&town), ["127.0.0.1"]);
    served.stop();
    // A network of everybody is no proxy, and the other header has to be named.
    for bad in [
        "http_trusted_proxies = [\"0.0.0.0/0\"]",
        "http_trusted_proxies = [\"proxy\"]",
        "http_forwarded_header = \"via\"",
    ] {
        town.replace_in_config("http = \"", &format!("{bad}\nhttp = \""));
        let out = kazasu(&["config", "check", "--config", &town.config()]);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(!out.status.success() && said.contains("http_"), "{bad}: {said}");
        town.replace_in_config(&format!("{bad}\n"), "");
    }
}

#[test]
fn the_operators_contact_is_served_and_none_where_there_is_none() {
    let town = town();
    let served = town.serve();
    assert_eq!(served.get("/.well-known/security.txt").0, 404);
    served.stop();
    town.configure(
        "\n[security]\ncontact = [\"mailto:security@city.example\"]\npolicy = \"https://city.example/security\"\n",
    );
    let served = town.serve();
    let (status, text) = served.get("/.well-known/security.txt");
    assert_eq!(status, 200, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        (lines[0], lines[2]),
        ("Contact: mailto:security@city.example", "Preferred-Languages: ja, en"),
        "{text}"
    );
    assert!(lines[1].starts_with("Expires: 2") && lines[1].ends_with("+09:00"), "{text}");
    assert_eq!(lines[3..], ["Policy: https://city.example/security"]);
    served.stop();
    town.replace_in_config("mailto:security@city.example", "security@city.example");
    let out = kazasu(&["config", "check", "--config", &town.config()]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && said.contains("[security]") && said.contains("mailto:"), "{said}");
}
