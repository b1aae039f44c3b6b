//! Sign-on towards issuers as an attacker on the way sees it: what was recorded of one connection, played to the switch and to the issuer
//! on another.

use crate::codes::{APPROVED, SECURITY_VIOLATION};
use crate::harness::{Served, Town, kazasu, wait_for};
use crate::runs_on::{metric, taps};
use bytes::BytesMut;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::iso8583::{Dialect, Message, Mti};
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::wire::{IssuerNonces, Network, NetworkCode, Nonce};
use kazasu_security::keys::KeyState;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the attacker does with connections of the switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Plays {
    /// Passes everything on, and records it.
    Nothing,
    /// Passes everything on, and says an old approval again before each answer.
    OldAnswersToo,
    /// Is the issuer, by what it has recorded.
    TheIssuer,
}

/// What was said on the first connection, in frames with their headers.
#[derive(Default)]
struct Recording {
    by_switch: Vec<Vec<u8>>,
    by_issuer: Vec<Vec<u8>>,
}

/// Between the switch and the first issuer of a town.
struct OnTheWay {
    issuer: u16,
    plays: Arc<Mutex<Plays>>,
    recording: Arc<Mutex<Recording>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    /// Sign-ons that the attacker answered.
    answered: Arc<Mutex<u32>>,
}

/// One frame with its header.
fn next(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut frame = vec![0; 2];
    socket.read_exact(&mut frame).ok()?;
    frame.resize(2 + usize::from(u16::from_be_bytes([frame[0], frame[1]])), 0);
    socket.read_exact(&mut frame[2..]).ok()?;
    Some(frame)
}

fn dialect() -> Dialect {
    Dialect::shipped("iso87-ascii").unwrap()
}

fn read(frame: &[u8]) -> Message {
    let mut message = Message::default();
    dialect().decode(&frame[2..], &mut message).unwrap();
    message
}

/// A message as it is, its MAC field included.
fn write(message: &mut Message) -> Vec<u8> {
    let mac = message.get(128).or(message.get(64)).map(<[u8]>::to_vec);
    let mut out = BytesMut::new();
    match mac {
        None => encode_frame(&dialect(), message, None, &mut out).unwrap(),
        Some(_) => {
            let header = out.len();
            out.extend_from_slice(&[0, 0]);
            dialect().encode(message, &mut out).unwrap();
            let len = u16::try_from(out.len() - header - 2).unwrap();
            out[..2].copy_from_slice(&len.to_be_bytes());
        }
    }
    out.to_vec()
}

/// The recorded answer of this type and purpose, with the question's numbers put in, which nothing but a MAC prevents.
fn forged(recording: &Recording, question: &Message) -> Vec<u8> {
    let alike = |frame: &&Vec<u8>| {
        let answer = read(frame);
        answer.mti == question.mti.answer() && answer.get(70) == question.get(70)
    };
    let mut answer = read(recording.by_issuer.iter().find(alike).unwrap());
    for field in [4, 7, 11, 37] {
        if let Some(value) = question.get(field) {
            answer.set(field, value);
        }
    }
    if let Some(switch) = question.get(48).map(|private| Nonce::from_switch(private).unwrap()) {
        let recorded = IssuerNonces::from_answer(answer.get(48).unwrap()).unwrap();
        assert_ne!(recorded.switch, switch, "a nonce is used once");
        answer.set(48, &IssuerNonces { switch, ..recorded }.answer());
    }
    write(&mut answer)
}

impl OnTheWay {
    fn before_issuer_one(town: &Town) -> OnTheWay {
        let text = std::fs::read_to_string(town.config()).unwrap();
        let issuer = text.split("[[issuer]]").nth(1).unwrap();
        let addr = issuer.lines().find_map(|line| line.strip_prefix("addr = ")).unwrap().trim_matches('"').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        town.replace_in_config(&addr, &listener.local_addr().unwrap().to_string());
        let way = OnTheWay {
            issuer: addr.rsplit_once(':').unwrap().1.parse().unwrap(),
            plays: Arc::new(Mutex::new(Plays::Nothing)),
            recording: Arc::default(),
            open: Arc::default(),
            answered: Arc::default(),
        };
        let (issuer, plays, recording) = (way.issuer, way.plays.clone(), way.recording.clone());
        let (open, answered) = (way.open.clone(), way.answered.clone());
        std::thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.unwrap();
                open.lock().unwrap().push(near.try_clone().unwrap());
                let plays = *plays.lock().unwrap();
                let (recording, answered) = (recording.clone(), answered.clone());
                match plays {
                    Plays::TheIssuer => drop(std::thread::spawn(move || impersonate(near, &recording, &answered))),
                    Plays::Nothing | Plays::OldAnswersToo => pass(&near, issuer, plays, &recording),
                }
            }
        });
        way
    }

    /// From now on, on a new connection.
    fn plays(&self, what: Plays) {
        *self.plays.lock().unwrap() = what;
        for open in self.open.lock().unwrap().drain(..) {
            let _ = open.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// Answers the switch by what was recorded: as it was, and with the numbers that it wants.
fn impersonate(mut near: TcpStream, recording: &Mutex<Recording>, answered: &Mutex<u32>) {
    while let Some(question) = next(&mut near) {
        let question = read(&question);
        let recording = recording.lock().unwrap();
        *answered.lock().unwrap() += u32::from(question.get(70) == Some(b"101"));
        let first = question.get(70) == Some(b"001");
        // The recorded nonces as they were end the connection at once; so they get the switch's new one.
        let as_recorded = recording.by_issuer.iter().filter(|_| !first).cloned();
        for frame in as_recorded.chain([forged(&recording, &question)]) {
            if near.write_all(&frame).is_err() {
                return;
            }
        }
    }
}

/// Passes on; records what is said on the first connection, and says old approvals where it is told to.
fn pass(near: &TcpStream, issuer: u16, plays: Plays, recording: &Arc<Mutex<Recording>>) {
    let far = TcpStream::connect(("127.0.0.1", issuer)).unwrap();
    let first = recording.lock().unwrap().by_switch.is_empty();
    for answers in [false, true] {
        let (from, to) = if answers { (&far, near) } else { (near, &far) };
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        let recording = recording.clone();
        std::thread::spawn(move || {
            while let Some(frame) = next(&mut from) {
                if first {
                    let mut recording = recording.lock().unwrap();
                    let of = if answers { &mut recording.by_issuer } else { &mut recording.by_switch };
                    of.push(frame.clone());
                }
                let mut out = Vec::new();
                if answers && plays == Plays::OldAnswersToo && read(&frame).mti == Mti(210) {
                    let recording = recording.lock().unwrap();
                    out.extend(recording.by_issuer.iter().filter(|old| read(old).mti == Mti(210)).flatten());
                    // With the numbers of the answer that is really there: a declined tap would be approved.
                    let old = recording.by_issuer.iter().find(|old| read(old).mti == Mti(210)).unwrap();
                    let (mut lie, real) = (read(old), read(&frame));
                    for field in [4, 7, 11, 37] {
                        lie.set(field, real.get(field).unwrap());
                    }
                    out.extend(write(&mut lie));
                }
                out.extend(frame);
                if to.write_all(&out).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
    }
}

fn first_is_up(served: &Served) -> bool {
    served.status()["issuers"][0]["up"] == true
}

fn bad_macs(served: &Served) -> f64 {
    metric(served, "kazasu_issuer_messages_total", "bad_mac")
}

/// A town whose first issuer was listened to during an approved tap.
fn recorded() -> (Town, OnTheWay, Served, Session) {
    let town = Town::new(Sample { residents: 0, issuer_timeout_ms: 700, ..Sample::default() });
    let way = OnTheWay::before_issuer_one(&town);
    let served = town.serve();
    served.issuers_up(3);
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    assert_eq!(taps(&mut session, 1, "credit-ok"), APPROVED);
    assert_eq!(taps(&mut session, 2, "credit-declined"), "51");
    (town, way, served, session)
}

#[test]
fn what_an_issuer_said_on_one_connection_is_no_answer_on_another() {
    let (town, way, served, mut session) = recorded();
    assert_eq!(bad_macs(&served), 0.0);

    // The issuer is gone; the attacker answers in its place.
    way.plays(Plays::TheIssuer);
    wait_for("sign-ons that the attacker answers", Duration::from_secs(20), || {
        assert!(!first_is_up(&served) || *way.answered.lock().unwrap() == 0, "the attacker signed on as the issuer");
        (*way.answered.lock().unwrap() >= 2).then_some(())
    });
    assert!(bad_macs(&served) >= 2.0, "recorded answers are counted as what they are");
    assert_ne!(taps(&mut session, 3, "credit-declined"), APPROVED);

    // The issuer is back, and the attacker says old approvals before its answers.
    way.plays(Plays::OldAnswersToo);
    served.issuers_up(3);
    let before = bad_macs(&served);
    assert_eq!(taps(&mut session, 4, "credit-declined"), "51");
    assert_eq!(bad_macs(&served), before + 3.0, "both recorded answers and the altered one");
    assert_eq!(taps(&mut session, 5, "credit-ok"), APPROVED);
    served.drained();
    served.stop();
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, []);
    assert_eq!(state.sizes().pending, 0);
}

#[test]
fn what_the_switch_said_on_one_connection_books_nothing_on_another() {
    let (town, way, served, _session) = recorded();
    served.drained();
    let booked = || std::fs::read_to_string(town.path("issuers.jsonl")).unwrap().lines().count();
    let before = booked();
    assert!(before >= 2);
    let frames = way.recording.lock().unwrap().by_switch.clone();
    let mut stranger = TcpStream::connect(("127.0.0.1", way.issuer)).unwrap();
    stranger.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut told = Vec::new();
    for frame in &frames {
        stranger.write_all(frame).unwrap();
        let answer = read(&next(&mut stranger).unwrap());
        assert!(!answer.has(64) && !answer.has(128), "a MAC for a stranger: {answer:?}");
        told.push((answer.mti, String::from_utf8_lossy(answer.get(39).unwrap()).into_owned()));
    }
    let refused = |mti| (Mti(mti), SECURITY_VIOLATION.to_owned());
    assert_eq!(told[..3], [(Mti(810), APPROVED.to_owned()), refused(810), refused(210)]);
    assert!(told[3..].iter().all(|(_, code)| code == SECURITY_VIOLATION), "{told:?}");
    assert_eq!(booked(), before);
    served.stop();
    assert_eq!(town.fold().1, []);
}

#[test]
fn a_host_without_session_keys_needs_tls_to_another_machine_and_is_named() {
    let town = Town::empty(Sample { residents: 0, ..Sample::default() });
    let check = || {
        let out = kazasu(&["config", "check", "--config", &town.config()]);
        let text = if out.status.success() { out.stdout } else { out.stderr };
        (out.status.code(), String::from_utf8(text).unwrap())
    };
    town.replace_in_config("mac = \"hmac-sha256\"\nanswer", "mac = \"hmac-sha256\"\nkeys = \"static\"\nanswer");
    let (code, said) = check();
    assert!(code == Some(2) && said.contains("no active version of issuer.2.to"), "{said}");
    town.put_key("issuer.2.to", &"11".repeat(32), KeyState::Active);
    town.put_key("issuer.2.from", &"22".repeat(32), KeyState::Active);
    let (code, said) = check();
    assert!(code == Some(0) && said.contains("[[issuer]] 2 ") && said.contains("the same MAC keys"), "{said}");
    // Elsewhere what was recorded could be played back.
    let text = std::fs::read_to_string(town.config()).unwrap();
    let addr = text.split("[[issuer]]").nth(2).unwrap().lines().find(|line| line.starts_with("addr = ")).unwrap();
    town.replace_in_config(addr, "addr = \"issuer.example:9001\"");
    let (code, said) = check();
    assert!(code == Some(2) && said.contains("keys = \"static\" without `tls`"), "{said}");
    assert!(said.contains("[[issuer]] 2 ") && said.contains("keys = \"session\""), "{said}");
}

/// The samples of the document are the switch's: a nonce in DE48 and no MAC.
#[test]
fn the_first_question_of_a_connection_has_a_fresh_nonce_and_no_mac() {
    let (_town, way, served, _session) = recorded();
    let first = read(&way.recording.lock().unwrap().by_switch[0]);
    let network = Network::from_message(&first).unwrap();
    assert_eq!(network.purpose, NetworkCode::SignOn);
    assert!(!first.has(64) && !first.has(128));
    let one = Nonce::from_switch(network.private.as_deref().unwrap()).unwrap();
    way.recording.lock().unwrap().by_switch.clear();
    way.plays(Plays::Nothing);
    served.issuers_up(3);
    wait_for("the next sign-on", Duration::from_secs(10), || {
        let recording = way.recording.lock().unwrap();
        let again = Network::from_message(&read(recording.by_switch.first()?)).unwrap();
        assert_ne!(Nonce::from_switch(again.private.as_deref().unwrap()).unwrap(), one);
        Some(())
    });
    served.stop();
}
