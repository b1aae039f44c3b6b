//! Sign-on as an attacker sees it: bytes that a proxy recorded, proofs of other connections, messages of another time.

use crate::bad_input::{code, frame, purchase};
use crate::clock;
use crate::codes::{APPROVED, SECURITY_VIOLATION};
use crate::harness::{Served, Town, wait_for};
use crate::runs_on::metric;
use bytes::BytesMut;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::session::{Keys, Session};
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::iso8583::{Message, Mti};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::wire::{Network, NetworkCode, Nonce, Nonces, Operation, Request, ResponseCode};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Passes one connection on and keeps what the acquirer sent.
struct Recorder {
    addr: SocketAddr,
    sent: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    fn to(target: &str) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let recorder = Recorder { addr: listener.local_addr().unwrap(), sent: Arc::default() };
        let (sent, target) = (recorder.sent.clone(), target.to_owned());
        std::thread::spawn(move || {
            let (mut near, _) = listener.accept().unwrap();
            let mut far = TcpStream::connect(target).unwrap();
            let (mut back, mut to_near) = (far.try_clone().unwrap(), near.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut back, &mut to_near));
            let mut chunk = [0; 4_096];
            while let Ok(n @ 1..) = near.read(&mut chunk) {
                sent.lock().unwrap().extend_from_slice(&chunk[..n]);
                far.write_all(&chunk[..n]).unwrap();
            }
        });
        recorder
    }

    /// The recorded frames, each with its header.
    fn frames(&self) -> Vec<Vec<u8>> {
        let bytes = self.sent.lock().unwrap().clone();
        let (mut rest, mut frames) = (&bytes[..], Vec::new());
        while rest.len() > 2 {
            let (one, more) = rest.split_at(2 + usize::from(u16::from_be_bytes([rest[0], rest[1]])));
            frames.push(one.to_vec());
            rest = more;
        }
        frames
    }
}

/// A plain socket, for somebody who has no keys.
struct Stranger {
    socket: TcpStream,
    acquirer: AcquirerConfig,
}

impl Stranger {
    fn new(acquirer: &AcquirerConfig) -> Stranger {
        let socket = TcpStream::connect(&acquirer.addr).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        Stranger { socket, acquirer: acquirer.clone() }
    }

    /// Sends bytes; gives type and code of the answer, which must have no MAC.
    fn send(&mut self, frame: &[u8]) -> (Mti, String) {
        let answer = self.ask(frame);
        assert!(!answer.has(64) && !answer.has(128), "a MAC for a stranger: {answer:?}");
        (answer.mti, String::from_utf8_lossy(answer.get(39).unwrap()).into_owned())
    }

    fn ask(&mut self, frame: &[u8]) -> Message {
        self.socket.write_all(frame).unwrap();
        let mut header = [0; 2];
        self.socket.read_exact(&mut header).unwrap();
        let mut body = vec![0; usize::from(u16::from_be_bytes(header))];
        self.socket.read_exact(&mut body).unwrap();
        let mut message = Message::default();
        self.acquirer.dialect.decode(&body, &mut message).unwrap();
        message
    }
}

fn pays(session: &mut Session, number: u64) {
    let bytes = frame(session, &purchase(&session.config, number));
    session.raw(&bytes).unwrap();
    assert_eq!(code(session), APPROVED, "{number}");
}

fn refused_for(served: &Served, reason: &str) -> f64 {
    metric(served, "kazasu_refused_frames_total", &format!("reason=\"{reason}\""))
}

/// Sign-on, a payment, a change of keys, another payment; returns the connection, which stays open.
fn recorded(acquirer: &AcquirerConfig) -> (Session, Vec<Vec<u8>>) {
    let recorder = Recorder::to(&acquirer.addr);
    let mut session = Session::open(&AcquirerConfig { addr: recorder.addr.to_string(), ..acquirer.clone() }).unwrap();
    pays(&mut session, 1);
    session.sign_on().unwrap();
    pays(&mut session, 2);
    let frames = recorder.frames();
    assert_eq!(frames.len(), 6);
    (session, frames)
}

fn replay(acquirer: &AcquirerConfig, frames: &[Vec<u8>]) {
    let mut stranger = Stranger::new(acquirer);
    let answers: Vec<(Mti, String)> = frames.iter().map(|frame| stranger.send(frame)).collect();
    let half = [(Mti(810), APPROVED), (Mti(810), SECURITY_VIOLATION), (Mti(210), SECURITY_VIOLATION)];
    let wanted: Vec<(Mti, String)> = half.iter().chain(&half).map(|(mti, code)| (*mti, (*code).to_owned())).collect();
    assert_eq!(answers, wanted);
}

#[test]
fn a_recorded_connection_pays_nothing_later_and_locks_nobody_out() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let (mut first, frames) = recorded(&acquirer);
    let mut second = Session::open(&acquirer).unwrap();
    for round in 0..3 {
        let records = served.status()["records"].clone();
        replay(&acquirer, &frames);
        assert_eq!(served.status()["records"], records, "a replay leaves no record");
        // The true acquirer pays on both of its connections, and on a new one.
        pays(&mut first, 10 + round);
        pays(&mut second, 20 + round);
        pays(&mut Session::open(&acquirer).unwrap(), 30 + round);
        second.sign_on().unwrap();
    }
    assert!(refused_for(&served, "wrong_proof") >= 6.0 && refused_for(&served, "not_signed_on") >= 6.0);
    drop((first, second));
    served.stop();
    // The same after a start, two months later by the switch's clock.
    clock::set(&town, 60 * clock::DAY);
    let served = clock::serve(&town);
    let acquirer = AcquirerConfig { ahead: 60 * clock::DAY, ..town.acquirer(1, &served) };
    replay(&acquirer, &frames);
    pays(&mut Session::open(&acquirer).unwrap(), 40);
    replay(&acquirer, &frames);
    served.stop();
    town.verified();
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, []);
    assert_eq!(state.taps().filter(|tap| tap.moved().is_positive()).count(), 2 + 9 + 1, "each payment once");
}

#[test]
fn a_stolen_proof_and_the_proof_of_another_acquirer_are_refused() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    // Two acquirers on one plain port and in one dialect.
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let other =
        AcquirerConfig { addr: acquirer.addr.clone(), dialect: acquirer.dialect.clone(), ..town.acquirer(2, &served) };
    let (mut first, frames) = recorded(&acquirer);
    // The same nonce of the acquirer's, asked anew, and the proof that went with it.
    let mut thief = Stranger::new(&acquirer);
    let nonces = |answer: &Message| Nonces::from_answer(answer.get(48).unwrap()).unwrap();
    let (one, two) = (nonces(&thief.ask(&frames[0])), nonces(&thief.ask(&frames[0])));
    assert!(one.acquirer == two.acquirer && one.switch != two.switch);
    assert_eq!(thief.send(&frames[1]).1, SECURITY_VIOLATION);
    // A relay: the other acquirer's proof of the first one's nonce, under either name.
    for name in [&acquirer, &other] {
        let mut relay = Stranger::new(&acquirer);
        let nonces = nonces(&relay.ask(&frames[0]));
        let keys = Keys::of_session(&other, &nonces).unwrap();
        let proof = Network::request(NetworkCode::KeyChange, name.id, Stan::wrapping(9), acquirer.now().transmission());
        let (mut message, mut out) = (Message::default(), BytesMut::new());
        proof.to_message(&mut message);
        encode_frame(&acquirer.dialect, &mut message, Some(&keys.to_switch), &mut out).unwrap();
        assert_eq!(relay.send(&out).1, SECURITY_VIOLATION);
    }
    // An acquirer cannot take over another one's connection, nor speak for it.
    let mut session = Session::open(&other).unwrap();
    let (mut message, mut out) = (Message::default(), BytesMut::new());
    let question = Network { institution: acquirer.id, ..session.request(NetworkCode::SignOn) };
    question.with(Nonce::new([1; 16]).question()).to_message(&mut message);
    encode_frame(&other.dialect, &mut message, None, &mut out).unwrap();
    session.raw(&out).unwrap();
    assert_eq!(code(&mut session), SECURITY_VIOLATION);
    let foreign = Request { acquirer: acquirer.id, ..purchase(&acquirer, 50) };
    let bytes = frame(&session, &foreign);
    session.raw(&bytes).unwrap();
    assert_eq!(code(&mut session), SECURITY_VIOLATION);
    pays(&mut first, 51);
    served.stop();
    let (state, _) = town.fold();
    assert_eq!(state.taps().filter(|tap| tap.moved().is_positive()).count(), 3);
}

#[test]
fn an_old_style_sign_on_and_a_plain_connection_of_a_tls_acquirer_are_refused() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.replace_in_config(
        "id = \"27000002\"\n",
        &format!("id = \"27000002\"\ncertificates = [\"{}\"]\n", "ab".repeat(32)),
    );
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    let mut stranger = Stranger::new(&acquirer);
    let mut session = Session::connect(&acquirer).unwrap();
    let question = session.request(NetworkCode::SignOn);
    let (mut message, mut out) = (Message::default(), BytesMut::new());
    question.to_message(&mut message);
    let key = Keys::of_no_session(&acquirer).unwrap().to_switch;
    encode_frame(&acquirer.dialect, &mut message, Some(&key), &mut out).unwrap();
    assert_eq!(stranger.send(&out), (Mti(810), SECURITY_VIOLATION.to_owned()));
    assert_eq!(refused_for(&served, "no_nonce"), 1.0);
    let error = Session::open(&town.acquirer(2, &served)).err().unwrap().to_string();
    assert!(error.contains("sign-on refused"), "{error}");
    assert_eq!(refused_for(&served, "certificate"), 1.0);
    // Lines are written by a thread of their own.
    served.stop();
    let log = std::fs::read_to_string(town.path("serve.log")).unwrap();
    assert!(log.contains("its client certificates are configured, and this connection has no TLS"), "{log}");
    assert!(log.contains("it must bring the acquirer's nonce (NA)"), "{log}");
}

#[test]
fn what_is_under_way_survives_a_change_of_keys_and_a_sign_off() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    // An issuer that takes 400 ms: the answer comes after the change, and under the new key.
    let slow = |session: &Session, number| {
        let request = Request { ppid: Some(session.config.cards["credit-slow"]), ..purchase(&session.config, number) };
        frame(session, &request)
    };
    let answered = |session: &mut Session| {
        let keys = session.keys.clone();
        let answer = session.receive(&keys, Duration::from_secs(5)).unwrap().expect("an answer");
        assert_eq!((answer.mac, answer.message.get(39)), (Some(true), Some(APPROVED.as_bytes())));
    };
    let bytes = slow(&session, 1);
    session.raw(&bytes).unwrap();
    // Written under the old key, and on its way when the keys change.
    let late = frame(&session, &purchase(&session.config, 2));
    session.sign_on().unwrap();
    session.raw(&late).unwrap();
    answered(&mut session);
    answered(&mut session);
    let bytes = slow(&session, 3);
    session.raw(&bytes).unwrap();
    assert_eq!(session.network(NetworkCode::SignOff).unwrap().code, Some(ResponseCode::APPROVED));
    answered(&mut session);
    let bytes = frame(&session, &purchase(&session.config, 4));
    session.raw(&bytes).unwrap();
    assert_eq!(code(&mut session), SECURITY_VIOLATION);
    session.sign_on().unwrap();
    pays(&mut session, 5);
    served.stop();
}

/// A message as it was sent `ahead` milliseconds after now.
fn at(request: Request, ahead: i64) -> Request {
    let now = kazasu_engine::clock::now();
    Request { transmission: Millis(now.0 + ahead).transmission(), ..request }
}

#[test]
fn messages_of_another_time_are_refused_and_repeats_of_decided_ones_are_answered() {
    const MINUTE: i64 = 60_000;
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    town.configure("\n[clock]\ntransmission_minutes = 1\n");
    clock::set(&town, 0);
    let served = clock::serve(&town);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    let mut sends = |request: &Request| {
        let mut message = Message::default();
        request.to_message(session.config.ppid_in, &mut message);
        let keys = session.keys.clone();
        session.send(&mut message, Some(&keys.to_switch)).unwrap();
        let answer = session.receive(&keys, Duration::from_secs(5)).unwrap().expect("an answer");
        assert_eq!(answer.mac, Some(true), "the sender is known");
        String::from_utf8_lossy(answer.message.get(39).unwrap()).into_owned()
    };
    let acquirer = town.acquirer(1, &served);
    let paid = at(purchase(&acquirer, 1), 0);
    let advice = |number, ahead| {
        let advice =
            Request { mti: Mti(220), operation: Some(Operation::PurchaseAdvice), ..purchase(&acquirer, number) };
        at(advice, ahead)
    };
    let stored = advice(2, -20 * 24 * 60 * MINUTE);
    assert_eq!((sends(&paid), sends(&stored)), ("00".into(), "00".into()));
    let records = served.status()["records"].clone();
    for (request, what) in [
        (at(purchase(&acquirer, 3), -2 * MINUTE), "too old"),
        (at(purchase(&acquirer, 4), 2 * MINUTE), "too new"),
        (at(purchase(&acquirer, 5), -70 * 24 * 60 * MINUTE), "of another month"),
        (Request { mti: Mti(201), ..at(purchase(&acquirer, 6), -2 * MINUTE) }, "a repeat of what never came"),
        (advice(7, 2 * MINUTE), "an advice of the future"),
    ] {
        assert_eq!(sends(&request), "30", "{what}");
    }
    assert_eq!(served.status()["records"], records, "nothing was decided");
    assert_eq!(refused_for(&served, "transmission_time"), 5.0);
    // Four minutes later, which is no jump: what was decided has its answer, what was not is too old.
    clock::set(&town, 4 * MINUTE);
    for again in [201, 200] {
        assert_eq!(sends(&Request { mti: Mti(again), ..paid }), "00");
    }
    assert_eq!(sends(&Request { mti: Mti(221), ..stored }), "00");
    assert_eq!(sends(&at(purchase(&acquirer, 8), 0)), "30");
    assert_eq!(sends(&at(purchase(&acquirer, 9), 4 * MINUTE)), "00");
    // A reversal is timely at any time.
    let reversal = Request {
        mti: Mti(400),
        operation: Some(Operation::Reversal),
        original: Some(paid.as_original()),
        ..at(purchase(&acquirer, 10), -2 * MINUTE)
    };
    assert_eq!(sends(&reversal), "00");
    served.stop();
    let (state, _) = town.fold();
    let standing = state.taps().filter(|tap| tap.moved().is_positive()).count();
    assert_eq!(standing, 2, "the advice and the last purchase: the first one is reversed");
}

/// Of the process, user and system, in clock ticks of 10 ms.
fn processor_ticks(served: &Served) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", served.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Measured in the build that tests run: one that is made for use is several times faster.
#[test]
fn a_session_costs_less_than_two_milliseconds_of_processor_time() {
    const SESSIONS: u32 = 400;
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let acquirer = town.acquirer(1, &served);
    drop(Session::open(&acquirer).unwrap());
    let before = processor_ticks(&served);
    for _ in 0..SESSIONS {
        drop(Session::open(&acquirer).unwrap());
    }
    wait_for("the connections to end", Duration::from_secs(10), || {
        (metric(&served, "kazasu_acquirer_connections", "27000001") == 0.0).then_some(())
    });
    let ticks = u32::try_from(processor_ticks(&served) - before).unwrap();
    let each = f64::from(ticks) * 10.0 / f64::from(SESSIONS);
    println!("a session from the connection to its end: {each:.2} ms of processor time");
    assert!(each < 2.0, "{each} ms");
    served.stop();
}
