//! Floods at every port: a peer that connects and says nothing, half of something or too much of it costs the others nothing.

use crate::bad_input::{code, frame, pays, purchase};
use crate::harness::{Served, Town, wait_for};
use crate::rules::token;
use crate::runs_on::metric;
use crate::statements::SigningPortal;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::wire::{NetworkCode, ResponseCode};
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustix::process::{Resource, getrlimit};
use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

fn town() -> Town {
    Town::new(Sample { residents: 0, ..Sample::default() })
}

/// A connection from 127.0.`net`.`host`, another network for each.
pub(crate) fn from(net: u8, host: u8, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None)?;
    bind(&socket, &SocketAddrV4::new([127, 0, net, host].into(), 0))?;
    connect(&socket, &to)?;
    Ok(TcpStream::from(socket))
}

/// How many sockets this process may open for a flood, beside all that it has open already.
fn flood_size(most: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    most.min(usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(2_048))
}

/// Status and answer of a request from another network than 127.0.0.1.
fn asks(http: SocketAddr, request: &str) -> String {
    let mut stream = from(0, 2, http).unwrap();
    stream.set_read_timeout(Some(10 * SECOND)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn healthy(http: SocketAddr) -> Duration {
    let begin = Instant::now();
    let said = asks(http, "GET /healthz HTTP/1.1\r\nhost: s\r\nconnection: close\r\n\r\n");
    assert!(said.starts_with("HTTP/1.1 200 "), "{said:?}");
    begin.elapsed()
}

fn signs_on_and_pays(acquirer: &AcquirerConfig, number: u64) -> Duration {
    let begin = Instant::now();
    let mut session = Session::open(acquirer).unwrap();
    pays(&mut session, number);
    begin.elapsed()
}

/// The same of a connection that is open. Another connection of its acquirer may have changed keys meanwhile.
fn still_pays(session: &mut Session, number: u64) -> Duration {
    pays(session, number)
}

/// Lines of the switch's log that contain this.
fn lines(town: &Town, what: &str) -> usize {
    std::fs::read_to_string(town.path("serve.log")).unwrap().lines().filter(|line| line.contains(what)).count()
}

/// Is this side's connection closed by the switch?
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    match stream.read(&mut [0; 64]) {
        Ok(n) => n == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

#[test]
fn thousands_of_silent_connections_do_not_close_a_listener_to_acquirers() {
    let town = town();
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let listener: SocketAddr = acquirer.addr.parse().unwrap();
    let mut signed_on = Session::open(&acquirer).unwrap();
    let size = flood_size(6_000);
    let (mut flood, mut slowest, mut number) = (Vec::new(), Duration::ZERO, 1);
    for n in 0..size {
        // Half of it from the acquirers' own address, half from twenty other networks.
        let net = if n % 2 == 0 { 0 } else { u8::try_from(n % 40 / 2 + 1).unwrap() };
        flood.push(from(net, 1, listener).unwrap());
        if n % 500 == 499 {
            slowest = slowest.max(signs_on_and_pays(&acquirer, number)).max(still_pays(&mut signed_on, number + 1));
            number += 2;
        }
    }
    slowest = slowest.max(signs_on_and_pays(&acquirer, number));
    assert!(slowest < 3 * SECOND, "{slowest:?}");
    // Silent connections have at most a quarter of the listener, those of a network a quarter of that.
    let open = metric(&served, "kazasu_connections_open", "");
    assert!(open <= 1_024.0 + 64.0 + 2.0, "{open}");
    let displaced = metric(&served, "kazasu_connections_closed_total", "displaced");
    assert!(displaced >= f64::from(u32::try_from(size).unwrap()) - 1_100.0, "{displaced} of {size}");
    drop(flood);
    still_pays(&mut signed_on, number + 1);
    let told = lines(&town, "closing this connection") + lines(&town, "no place for this connection");
    assert!(told < 60, "{told} lines of {size} connections");
    served.stop();
    town.verified();
}

/// Whole answers to network messages in a stream.
fn answers_in(mut stream: &[u8]) -> usize {
    let mut found = 0;
    while let [a, b, rest @ ..] = stream {
        let (one, more) = rest.split_at(usize::from(u16::from_be_bytes([*a, *b])));
        assert!(one.starts_with(b"0810"), "{one:?}");
        (found, stream) = (found + 1, more);
    }
    found
}

/// What is sent is answered with refusals, and then the connection ends; how many refusals, and when it ended.
fn refused_until_closed(to: SocketAddr, frames: &[u8]) -> (usize, Duration) {
    let begin = Instant::now();
    let mut stream = TcpStream::connect(to).unwrap();
    stream.set_read_timeout(Some(20 * SECOND)).unwrap();
    stream.write_all(frames).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    (answers_in(&bytes), begin.elapsed())
}

#[test]
fn connections_whose_sign_ons_fail_are_closed_after_a_pause_and_true_acquirers_of_their_network_sign_on() {
    let town = town();
    town.configure("\n[limits]\nmax_failed_sign_ons = 3\nmax_failed_sign_ons_per_network = 8\n");
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    // A sign-on without a nonce, ten times at once.
    let mut session = Session::open(&acquirer).unwrap();
    let question = session.request(NetworkCode::SignOn);
    let mut message = kazasu_schemas::iso8583::Message::default();
    question.to_message(&mut message);
    let mut one = bytes::BytesMut::new();
    kazasu_schemas::mac::encode_frame(&acquirer.dialect, &mut message, None, &mut one).unwrap();
    // A failure before a sign-on that succeeds costs nothing.
    let mut clumsy = Session::connect(&acquirer).unwrap();
    clumsy.raw(&one).unwrap();
    assert_eq!(code(&mut clumsy), "63");
    clumsy.sign_on().unwrap();
    pays(&mut clumsy, 100);
    let ten = one.repeat(10);
    let listener = served.listening[0];
    let closed = || metric(&served, "kazasu_connections_closed_total", "failed_sign_ons");
    for n in 1..=3 {
        let (refused, after) = refused_until_closed(listener, &ten);
        assert_eq!(refused, 3, "connection {n}");
        assert!(after >= 2 * SECOND && after < 15 * SECOND, "{after:?}");
        assert_eq!(closed(), f64::from(n));
    }
    // Ten in a minute: from now on each connection of this network has one attempt.
    assert_eq!(refused_until_closed(listener, &ten).0, 1);
    // The acquirer, whose address is the same, is not shut out.
    pays(&mut session, 1);
    signs_on_and_pays(&acquirer, 2);
    // Another network has its own count.
    let mut other = from(0, 9, listener).unwrap();
    other.set_read_timeout(Some(20 * SECOND)).unwrap();
    other.write_all(&ten).unwrap();
    let mut bytes = Vec::new();
    other.read_to_end(&mut bytes).unwrap();
    assert_eq!(answers_in(&bytes), 3);
    served.stop();
}

#[test]
fn those_that_are_signed_on_are_bounded_by_acquirer_and_never_displaced() {
    let town = town();
    town.configure(
        "\n[limits]\nmax_connections = 8\nmax_before_sign_on = 3\nmax_per_acquirer = 2\nsign_on_seconds = 2\n",
    );
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let listener: SocketAddr = acquirer.addr.parse().unwrap();
    let mut first = Session::open(&acquirer).unwrap();
    let mut second = Session::open(&acquirer).unwrap();
    let mut third = Session::connect(&acquirer).unwrap();
    let refused = third.sign_on().err().map(|error| format!("{error:#}")).unwrap_or_default();
    assert!(refused.contains("91"), "the third sign-on: {refused:?}");
    assert_eq!(metric(&served, "kazasu_refused_frames_total", "too_many_connections"), 1.0);
    // A second sign-on over the same connection is no second connection.
    first.sign_on().unwrap();
    // Silent connections displace each other, not those.
    let mut flood: Vec<TcpStream> = (0..40).map(|_| from(0, 3, listener).unwrap()).collect();
    still_pays(&mut first, 1);
    still_pays(&mut second, 2);
    wait_for("all but three to be closed", 5 * SECOND, || {
        let open = flood.iter_mut().filter_map(|stream| (!is_closed(stream)).then_some(())).count();
        (open <= 3).then_some(())
    });
    // Those that never sign on are closed in time.
    wait_for("all to be closed", 5 * SECOND, || flood.iter_mut().all(is_closed).then_some(()));
    assert!(metric(&served, "kazasu_connections_closed_total", "no_sign_on") >= 1.0);
    // A sign-off makes room for the next.
    assert_eq!(second.network(NetworkCode::SignOff).unwrap().code, Some(ResponseCode::APPROVED));
    let mut next = Session::open(&acquirer).unwrap();
    pays(&mut next, 3);
    still_pays(&mut first, 4);
}

#[test]
fn idle_connections_and_unfinished_messages_are_closed_in_time() {
    let town = town();
    town.configure("\n[limits]\nmessage_seconds = 1\nidle_seconds = 3\n");
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let (mut idle, mut half, mut alive) =
        (Session::open(&acquirer).unwrap(), Session::open(&acquirer).unwrap(), Session::open(&acquirer).unwrap());
    let begin = Instant::now();
    let whole = frame(&half, &purchase(&half.config, 1));
    half.raw(&whole).unwrap();
    half.raw(&whole[..20]).unwrap();
    assert_eq!(code(&mut half), "00", "what was whole is answered");
    let mut ended = [None, None];
    while ended.contains(&None) && begin.elapsed() < 20 * SECOND {
        let keys = idle.keys.clone();
        for (session, ended) in [&mut half, &mut idle].into_iter().zip(&mut ended) {
            if ended.is_none() && session.receive(&keys, Duration::from_millis(50)).is_err() {
                *ended = Some(begin.elapsed());
            }
        }
        assert_eq!(alive.network(NetworkCode::Echo).unwrap().code, Some(ResponseCode::APPROVED));
    }
    let [half, idle] = ended.map(|ended| ended.expect("it stays open"));
    assert!(half >= SECOND - SECOND / 10 && idle >= 3 * SECOND - SECOND / 10, "{half:?} {idle:?}");
    assert!(half < idle, "{half:?} {idle:?}");
    still_pays(&mut alive, 2);
    for reason in ["unfinished", "idle"] {
        assert_eq!(metric(&served, "kazasu_connections_closed_total", reason), 1.0, "{reason}");
    }
}

#[test]
fn silent_connections_and_half_headers_do_not_close_the_http_port() {
    let town = town();
    let served = town.serve();
    let size = flood_size(3_000);
    let (mut flood, mut slowest) = (Vec::new(), Duration::ZERO);
    for n in 0..size {
        let mut stream = from(0, 1, served.http).unwrap();
        if n % 2 == 0 {
            // The switch may have closed it already.
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: ");
        }
        flood.push(stream);
        if n % 250 == 249 {
            slowest = slowest.max(healthy(served.http));
            // From the flood's own address too.
            assert_eq!(served.get("/healthz").0, 200);
        }
    }
    assert!(slowest < 3 * SECOND, "{slowest:?}");
    assert!(metric(&served, "kazasu_http_connections_open", "") <= 256.0 + 64.0 + 2.0);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    pays(&mut session, 1);
    assert!(lines(&town, "no place for this connection") < 30);
}

/// A write that is allowed to anybody with the token and changes nothing that matters here.
fn unfinished(token: &str) -> String {
    format!(
        "POST /api/v1/temporary-ids HTTP/1.1\r\nhost: s\r\nauthorization: Bearer {token}\r\ncontent-length: 100\r\n\r\n{{"
    )
}

#[test]
fn unfinished_bodies_of_one_token_delay_no_other() {
    let town = town();
    town.configure("\n[limits.http]\nbody_pause_seconds = 4\n");
    let served = town.serve();
    let (token, other) = (token(&town, "", "token"), token(&town, "portals", "portal"));
    let mut held: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut stream = from(0, 1, served.http).unwrap();
            stream.write_all(unfinished(&token).as_bytes()).unwrap();
            stream
        })
        .collect();
    std::thread::sleep(SECOND / 2);
    let begin = Instant::now();
    let ppid = "53AKFI53K7TYTUKXXJ2ZZC4KXM";
    let (body, path) = ("{\"day\": 20000}", format!("/api/v1/residents/{ppid}/limits"));
    let statement = SigningPortal::of(&town).header("PUT", &path, body.as_bytes());
    let write = format!(
        "PUT {path} HTTP/1.1\r\nhost: s\r\nauthorization: Bearer {other}\r\nkazasu-portal-statement: {statement}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let said = asks(served.http, &write);
    // The person is not known here, which the switch can only say when it has read the body and asked the core.
    assert!(said.starts_with("HTTP/1.1 404 "), "{said:?}");
    assert!(begin.elapsed() < 2 * SECOND, "{:?}", begin.elapsed());
    // Each unfinished one is refused in time: those that are read because nothing comes, the rest because their caller has too many.
    let mut by_status = std::collections::BTreeMap::<String, usize>::new();
    for stream in &mut held {
        stream.set_read_timeout(Some(30 * SECOND)).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        *by_status.entry(String::from_utf8_lossy(&answer[9..]).into_owned()).or_default() += 1;
    }
    assert!(by_status["408"] >= 16 && by_status.values().sum::<usize>() == 64, "{by_status:?}");
    assert!(by_status.keys().all(|status| ["408", "429"].contains(&status.as_str())), "{by_status:?}");
    let refused = metric(&served, "kazasu_http_bodies_refused_total", "");
    assert_eq!(refused, 64.0);
}

/// Sets how many files the running switch may have open.
fn open_files(served: &Served, n: &str) {
    let limit = format!("--nofile={n}");
    let status = Command::new("prlimit").args(["--pid", &served.pid().to_string(), &limit]).status().unwrap();
    assert!(status.success());
}

#[test]
fn without_descriptors_ports_go_on_as_soon_as_there_are_some() {
    let town = town();
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let listener: SocketAddr = acquirer.addr.parse().unwrap();
    let mut signed_on = Session::open(&acquirer).unwrap();
    let used = std::fs::read_dir(format!("/proc/{}/fd", served.pid())).unwrap().count();
    let before = getrlimit(Resource::Nofile).maximum.map_or("unlimited".to_owned(), |n| n.to_string());
    open_files(&served, &format!("{}:{before}", used + 20));
    let flood: Vec<TcpStream> = (0..100).map(|_| from(0, 4, listener).unwrap()).collect();
    wait_for("errors of accepting", 10 * SECOND, || {
        // Asked over a connection that is open already, since the HTTP port has no descriptor either.
        (lines(&town, "cannot accept a connection") > 0).then_some(())
    });
    still_pays(&mut signed_on, 1);
    // What waits makes room, so that acquirers get in even now.
    signs_on_and_pays(&acquirer, 2);
    open_files(&served, &format!("{before}:{before}"));
    drop(flood);
    signs_on_and_pays(&acquirer, 3);
    assert!(metric(&served, "kazasu_accept_errors_total", "acquirers") >= 1.0);
    healthy(served.http);
    assert!(lines(&town, "cannot accept a connection") < 30);
    served.stop();
    town.verified();
}

#[test]
fn ports_that_take_more_than_the_process_may_open_are_made_smaller() {
    let town = town();
    let mut command = Command::new("prlimit");
    command.args(["--nofile=400:400", env!("CARGO_BIN_EXE_kazasu"), "serve", "--json", "--config", &town.config()]);
    let served = Served::start(command, &town.path("serve.log"));
    assert_eq!(lines(&town, "fewer open files than"), 1);
    let acquirer = town.acquirer(1, &served);
    let listener: SocketAddr = acquirer.addr.parse().unwrap();
    let mut signed_on = Session::open(&acquirer).unwrap();
    let flood: Vec<TcpStream> =
        (0..600).map(|n| from(9, u8::try_from(n % 200 + 1).unwrap(), listener).unwrap()).collect();
    still_pays(&mut signed_on, 1);
    signs_on_and_pays(&acquirer, 2);
    healthy(served.http);
    assert_eq!(metric(&served, "kazasu_accept_errors_total", ""), 0.0, "descriptors stay free");
    drop(flood);
    served.stop();
    town.verified();
    // With far too few nothing starts, and it says why.
    let out = Command::new("prlimit")
        .args(["--nofile=300:300", env!("CARGO_BIN_EXE_kazasu"), "serve", "--config", &town.config()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.contains("ulimit -n"), "{said}");
}
