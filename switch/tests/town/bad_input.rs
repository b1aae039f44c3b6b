//! What a hostile or broken peer sends. It gets an answer where one is possible, and no other peer notices.

use crate::harness::{Served, Town, kazasu, wait_for};
use bytes::BytesMut;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::ids::{Rrn, Stan};
use kazasu_schemas::iso8583::{Message, Mti};
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::{NetworkCode, Operation, Request, ResponseCode};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// SplitMix64: the same bad input in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(n).unwrap()).unwrap()
    }
}

pub(crate) fn purchase(acquirer: &AcquirerConfig, number: u64) -> Request {
    let now = kazasu_engine::clock::now();
    let shop = acquirer.merchant("shop").unwrap();
    Request {
        mti: Mti(200),
        operation: Some(Operation::Purchase),
        processing: 0,
        amount: Yen::new(1),
        transmission: now.transmission(),
        stan: Stan::wrapping(number),
        local_time: None,
        local_date: None,
        mcc: Some(shop.mcc),
        entry_mode: 72,
        acquirer: acquirer.id,
        rrn: Rrn::from_number(number),
        terminal: shop.terminals[0],
        merchant: shop.id,
        currency: 392,
        ppid: Some(acquirer.cards["on-us-rich"]),
        original: None,
        replacement: None,
        options: Default::default(),
    }
}

pub(crate) fn frame(session: &Session, request: &Request) -> BytesMut {
    let mut message = Message::default();
    request.to_message(session.config.ppid_in, &mut message);
    let mut out = BytesMut::new();
    encode_frame(&session.config.dialect, &mut message, Some(&session.keys.to_switch), &mut out).unwrap();
    out
}

pub(crate) fn code(session: &mut Session) -> String {
    let keys = session.keys.clone();
    let received = session.receive(&keys, Duration::from_secs(10)).unwrap().expect("an answer");
    String::from_utf8_lossy(received.message.get(39).unwrap()).into_owned()
}

pub(crate) fn pays(session: &mut Session, number: u64) -> Duration {
    let request = purchase(&session.config, number);
    let bytes = frame(session, &request);
    let begin = Instant::now();
    session.raw(&bytes).unwrap();
    assert_eq!(code(session), "00");
    begin.elapsed()
}

fn town() -> (Town, Served) {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    (town, served)
}

#[test]
fn random_and_damaged_messages_are_answered_or_ignored_and_the_link_stays() {
    let (town, served) = town();
    for number in 1..=3 {
        let mut session = Session::open(&town.acquirer(number, &served)).unwrap();
        let framing = session.config.dialect.frames().framing();
        let good = frame(&session, &purchase(&session.config, 1));
        let header = framing.header_len();
        let mut dice = Dice(u64::try_from(number).unwrap());
        let mut answered = 0;
        for round in 0..30 {
            for n in 0..100 {
                let body = if n % 4 == 0 {
                    (0..10 + dice.below(400)).map(|_| u8::try_from(dice.below(256)).unwrap()).collect::<Vec<u8>>()
                } else {
                    let mut body = good[header..].to_vec();
                    for _ in 0..=dice.below(4) {
                        let at = dice.below(body.len());
                        body[at] = u8::try_from(dice.below(256)).unwrap();
                    }
                    if n % 4 == 1 {
                        body.truncate(10 + dice.below(body.len() - 10));
                    }
                    if body == good[header..] {
                        continue;
                    }
                    body
                };
                let mut out = BytesMut::new();
                framing.put_header(body.len(), &mut out);
                out.extend_from_slice(&body);
                session.raw(&out).unwrap();
            }
            // The link still serves; what came before the echo's answer are refusals.
            session.raw(&echo(&session, round)).unwrap();
            loop {
                let keys = session.keys.clone();
                let received = session.receive(&keys, Duration::from_secs(10)).unwrap().expect("the link is silent");
                let code = received.message.get(39).map(<[u8]>::to_vec).unwrap();
                if received.message.mti == Mti(810) && code == b"00" {
                    break;
                }
                assert_ne!(code, b"00", "a damaged message was approved: {:?}", received.message);
                answered += 1;
            }
        }
        assert!(answered > 500, "only {answered} of the damaged messages were answered");
        pays(&mut session, 2);
    }
    let (state, _) = {
        served.stop();
        town.fold()
    };
    assert_eq!(state.taps().filter(|tap| tap.moved().is_positive()).count(), 3);
}

fn echo(session: &Session, number: u64) -> BytesMut {
    let stan = Stan::wrapping(900_000 + number);
    let now = kazasu_engine::clock::now().transmission();
    let mut message = Message::default();
    kazasu_schemas::wire::Network::request(NetworkCode::Echo, session.config.id, stan, now).to_message(&mut message);
    let mut out = BytesMut::new();
    encode_frame(&session.config.dialect, &mut message, Some(&session.keys.to_switch), &mut out).unwrap();
    out
}

#[test]
fn half_sent_frames_and_single_bytes_harm_nobody() {
    let (town, served) = town();
    let acquirer = town.acquirer(1, &served);
    let mut good = Session::open(&acquirer).unwrap();
    let bytes = frame(&good, &purchase(&acquirer, 1));
    for cut in [1, 2, 3, 10, bytes.len() / 2, bytes.len() - 1] {
        let mut half = TcpStream::connect(&acquirer.addr).unwrap();
        half.write_all(&bytes[..cut]).unwrap();
    }
    // Byte by byte, a message is still a message.
    for byte in bytes.iter() {
        good.raw(&[*byte]).unwrap();
    }
    assert_eq!(code(&mut good), "00");
    // Hundreds in one write are each answered.
    let mut many = BytesMut::new();
    for number in 10..510 {
        many.extend_from_slice(&frame(&good, &purchase(&acquirer, number)));
    }
    good.raw(&many).unwrap();
    for _ in 10..510 {
        assert_eq!(code(&mut good), "00");
    }
}

#[test]
fn a_length_out_of_range_closes_its_own_link_at_once() {
    let (town, served) = town();
    for (number, headers) in
        [(1, [&b"\xff\xff"[..], b"\x00\x00", b"\x00\x05"]), (3, [&b"\xff\xff"[..], b"\x00\x00", b"\x00\x03"])]
    {
        let acquirer = town.acquirer(number, &served);
        let mut good = Session::open(&acquirer).unwrap();
        for header in headers {
            let mut bad = TcpStream::connect(&acquirer.addr).unwrap();
            bad.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
            bad.write_all(header).unwrap();
            bad.write_all(b"0000000000").unwrap();
            let begin = Instant::now();
            // Closing with unread input may also reach the peer as a reset.
            match bad.read(&mut [0; 16]) {
                Ok(n) => assert_eq!(n, 0, "an answer to {header:?}"),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{header:?}"),
            }
            assert!(begin.elapsed() < Duration::from_secs(2));
            let answer = good.network(NetworkCode::Echo).unwrap();
            assert_eq!(answer.code, Some(ResponseCode::APPROVED));
        }
    }
}

#[test]
fn a_peer_that_does_not_read_is_closed_and_its_payments_are_not_lost() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.configure("\n[limits]\nwrite_seconds = 1\n");
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let mut slow = Session::open(&acquirer).unwrap();
    let mut other = Session::open(&acquirer).unwrap();
    let requests: Vec<Request> = (0..100).map(|n| purchase(&acquirer, n)).collect();
    let first: Vec<BytesMut> = requests.iter().map(|r| frame(&slow, r)).collect();
    let writer = std::thread::spawn(move || {
        let mut all = BytesMut::new();
        first.iter().for_each(|f| all.extend_from_slice(f));
        let mut closed = slow.raw(&all).is_err();
        let mut number = 1_000;
        while !closed && number < 400_000 {
            let mut many = BytesMut::new();
            for n in number..number + 500 {
                many.extend_from_slice(&frame(&slow, &purchase(&slow.config, n)));
            }
            number += 500;
            closed = slow.raw(&many).is_err();
        }
        closed
    });
    let mut slowest = Duration::ZERO;
    let mut number = 500_000;
    while !writer.is_finished() {
        slowest = slowest.max(pays(&mut other, number));
        number += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(writer.join().unwrap(), "the peer that did not read was never closed");
    assert!(slowest < Duration::from_secs(3), "another link waited {slowest:?}");
    // What it sent was decided; the answers are still to be had.
    for request in requests {
        let again = Request { mti: Mti(201), ..request };
        let bytes = frame(&other, &again);
        other.raw(&bytes).unwrap();
        assert_eq!(code(&mut other), "00");
    }
    let metrics = served.get("/metrics").1;
    assert!(metrics.contains("kazasu_connections_closed_total{reason=\"write\"} 1"), "{metrics}");
}

#[test]
fn two_thousand_idle_connections_cost_little_and_hold_nobody_up() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.configure(
        "\n[limits]\nmax_before_sign_on = 2_100\nmax_per_network = 2_200\nmax_before_sign_on_per_network = 2_100\n",
    );
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let idle: Vec<TcpStream> = (0..2_000)
        .map(|n| TcpStream::connect(&acquirer.addr).unwrap_or_else(|e| panic!("connection {n}: {e}")))
        .collect();
    wait_for("the connections to be accepted", Duration::from_secs(20), || {
        let metrics = served.get("/metrics").1;
        let open = metrics.lines().find_map(|l| l.strip_prefix("kazasu_connections_open ")?.parse::<f64>().ok());
        (open? >= 2_000.0).then_some(())
    });
    let mut session = Session::open(&acquirer).unwrap();
    let slowest = (0..50).map(|n| pays(&mut session, n)).max().unwrap();
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.pid())).unwrap();
    let kib: u64 =
        status.lines().find_map(|l| l.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok()).unwrap();
    assert!(kib < 300_000, "{kib} KiB with 2,000 idle connections");
    drop(idle);
}

#[test]
fn connections_over_the_limit_are_closed_and_the_others_stay() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.configure("\n[limits]\nmax_connections = 3\nmax_per_network = 3\nmax_before_sign_on = 2\nmax_per_acquirer = 3\nsign_on_seconds = 1\n");
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let mut all: Vec<Session> = (0..3).map(|_| Session::open(&acquirer).unwrap()).collect();
    let mut over = TcpStream::connect(&acquirer.addr).unwrap();
    over.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(over.read(&mut [0; 1]).unwrap(), 0, "the fourth connection is not served");
    for (session, number) in all.iter_mut().zip(1..) {
        pays(session, number);
    }
    all.pop();
    // Those that never sign on are closed, and make room.
    let mut silent = TcpStream::connect(&acquirer.addr).unwrap();
    silent.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0);
    let mut next = wait_for("its place to be free", Duration::from_secs(5), || Session::open(&acquirer).ok());
    pays(&mut next, 4);
}

/// Sends `n` payments with a card whose issuer takes 400 ms each, and collects the codes in the order of arrival.
fn slow_payments(session: &mut Session, first: u64, n: u64) -> (Vec<String>, Duration) {
    let begin = Instant::now();
    let mut all = BytesMut::new();
    for number in first..first + n {
        let slow = Request { ppid: Some(session.config.cards["credit-slow"]), ..purchase(&session.config, number) };
        all.extend_from_slice(&frame(session, &slow));
    }
    session.raw(&all).unwrap();
    ((0..n).map(|_| code(session)).collect(), begin.elapsed())
}

#[test]
fn more_than_the_switch_admits_is_refused_with_91_at_once_and_nothing_of_it_is_booked() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.configure("\n[limits]\nmax_queued = 5\n");
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    let (codes, _) = slow_payments(&mut session, 1, 8);
    assert_eq!(codes, ["91", "91", "91", "00", "00", "00", "00", "00"]);
    // There is room again.
    assert_eq!(slow_payments(&mut session, 100, 1).0, ["00"]);
    assert!(served.get("/metrics").1.contains("kazasu_overload_refusals_total 3"));
    served.drained();
    served.stop();
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, []);
    assert_eq!(state.taps().count(), 6, "what was refused at the door is not in the journal");
}

#[test]
fn a_link_with_too_much_under_way_is_not_read_until_answers_are_out() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.configure("\n[limits]\nmax_in_flight_per_link = 2\n");
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    let mut all = Duration::ZERO;
    for round in 0..2 {
        let (codes, time) = slow_payments(&mut session, 10 * round, 2);
        assert_eq!(codes, ["00", "00"]);
        all += time;
    }
    assert!(all >= Duration::from_millis(800));
    let begin = Instant::now();
    for number in 50..54 {
        let slow = Request { ppid: Some(session.config.cards["credit-slow"]), ..purchase(&session.config, number) };
        let bytes = frame(&session, &slow);
        session.raw(&bytes).unwrap();
        std::thread::sleep(Duration::from_millis(30));
    }
    let codes: Vec<String> = (0..4).map(|_| code(&mut session)).collect();
    assert_eq!(codes, ["00"; 4]);
    // The third was only read when the first was answered.
    assert!(begin.elapsed() >= Duration::from_millis(800), "{:?}", begin.elapsed());
    served.stop();
}

#[test]
fn what_listens_on_the_http_port_and_is_no_switch_is_told() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other_at = other.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in other.incoming().flatten() {
            let body = "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno";
            let _ = stream.write_all(body.as_bytes());
            // What was sent is read before the connection is closed, so that the answer arrives.
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        }
    });
    let config = std::fs::read_to_string(town.config()).unwrap();
    let line = config.lines().find(|line| line.starts_with("http = ")).unwrap().to_owned();
    for (at, why) in [(other_at, "no kazasu switch"), (silent.local_addr().unwrap(), "gives no answer")] {
        std::fs::write(town.config(), config.replace(&line, &format!("http = \"{at}\""))).unwrap();
        for args in [&["day", "status"][..], &["settle"], &["merchant", "list"]] {
            let begin = std::time::Instant::now();
            let out = kazasu(&[args, &["--config", &town.config()]].concat());
            let said = String::from_utf8_lossy(&out.stderr);
            assert_eq!(out.status.code(), Some(2), "{args:?}: {said}");
            assert!(said.contains(why) && said.contains(&at.to_string()), "{args:?}: {said}");
            assert!(begin.elapsed() < std::time::Duration::from_secs(15), "{args:?}: {said}");
        }
    }
}
