//! A host's own dialect against the real switch: EBCDIC behind a four-byte length and a TPDU, a trailer behind each message
//! (schemas/dialects/examples/host-ebcdic.toml).

use crate::bad_input::{pays, purchase};
use crate::harness::{Served, Town};
use crate::runs_on::metric;
use bytes::BytesMut;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::scenario::{Scenario, play};
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use kazasu_schemas::iso8583::{Dialect, Message, Tpdu};
use kazasu_schemas::mac::encode_frame;
use kazasu_schemas::wire::NetworkCode;
use kazasu_tls::BlockingStream;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/dialects/examples/host-ebcdic.toml")
}

/// A switch whose first port speaks the host's dialect.
fn town() -> (Town, Served) {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    std::fs::copy(file(), town.path("host-ebcdic.toml")).unwrap();
    let text = std::fs::read_to_string(town.config()).unwrap();
    let (before, after) = text.split_once("dialect = \"iso87-ascii\"").unwrap();
    std::fs::write(town.config(), format!("{before}dialect = \"host-ebcdic.toml\"{after}")).unwrap();
    let served = town.serve();
    served.issuers_up(3);
    (town, served)
}

/// An acquirer that uses this port instead of its own.
fn acquirer(town: &Town, number: usize, served: &Served) -> AcquirerConfig {
    let mut config = town.acquirer(number, served);
    config.addr = served.listening[0].to_string();
    config.dialect = Arc::new(Dialect::parse(&std::fs::read_to_string(file()).unwrap()).unwrap());
    config
}

#[test]
fn every_scenario_goes_as_written_in_a_hosts_dialect() {
    let (town, served) = town();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../acquirer-sim/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut played = 0;
    // The second one carries the PPID in DE48.
    for number in 1..=2 {
        let acquirer = acquirer(&town, number, &served);
        for file in &files {
            let scenario = Scenario::load(file).unwrap();
            let outcome = play(&scenario, &acquirer).unwrap_or_else(|e| panic!("{}: {e:#}", file.display()));
            assert_eq!(outcome.differences, [], "{} as acquirer {number}", file.display());
            played += usize::from(outcome.skipped.is_none());
        }
    }
    assert!(played >= files.len(), "only {played} were played");
    served.stop();
    let verified = town.verified();
    assert_eq!(verified.sums.debits, verified.sums.credits);
}

/// The answers on this socket by the terminal that they go back to (the TPDU's destination): each message type and DE39.
fn answers(stream: &mut BlockingStream, dialect: &Dialect, n: usize) -> BTreeMap<u8, Vec<(String, String)>> {
    let (mut buffer, mut all) = (BytesMut::new(), BTreeMap::<u8, Vec<_>>::new());
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut message = Message::default();
    while all.values().map(Vec::len).sum::<usize>() < n {
        let mut chunk = [0; 4_096];
        let came = stream.read(&mut chunk).unwrap();
        assert!(came > 0, "closed; until then {all:?}");
        buffer.extend_from_slice(&chunk[..came]);
        while let Some(frame) = dialect.frames().next(&mut buffer).unwrap() {
            dialect.read(&frame, &mut message).unwrap();
            let Tpdu([id, 0, terminal, 0, 1]) = frame.tpdu.unwrap() else { panic!("{:?}", frame.tpdu) };
            assert_eq!(id, 0x60);
            let code = String::from_utf8_lossy(message.get(39).unwrap()).into_owned();
            all.entry(terminal).or_default().push((message.mti.to_string(), code));
        }
    }
    all
}

#[test]
fn answers_go_back_to_the_terminals_that_asked_and_bad_messages_spoil_no_others() {
    let (town, served) = town();
    let config = acquirer(&town, 1, &served);
    let mut session = Session::open(&config).unwrap();
    pays(&mut session, 1);
    let keys = session.keys.clone();
    let dialect = config.dialect.clone();
    let from = |terminal: u8| Some(Tpdu([0x60, 0, 1, 0, terminal]));
    let written = |number: u64, terminal: u8, message: Option<Message>| {
        let mut message = message.unwrap_or_else(|| {
            let mut message = Message::default();
            purchase(&config, number).to_message(config.ppid_in, &mut message);
            message
        });
        message.tpdu = from(terminal);
        let mut out = BytesMut::new();
        encode_frame(&dialect, &mut message, Some(&keys.to_switch), &mut out).unwrap();
        out
    };
    let mut all = BytesMut::new();
    // Several terminals behind one connection, with answers of the core, of the connection, and refusals, in one packet.
    for terminal in 10..20 {
        all.extend_from_slice(&written(100 + u64::from(terminal), terminal, None));
    }
    let mut wrong_trailer = written(200, 20, None);
    *wrong_trailer.last_mut().unwrap() = 0x04;
    all.extend_from_slice(&wrong_trailer);
    // An amount with a byte that is no EBCDIC digit: behind length, TPDU, type, bitmaps (one for DE102) and DE3.
    let mut wrong_digit = written(201, 21, None);
    wrong_digit[4 + 5 + 4 + 16 + 6] = b'7';
    all.extend_from_slice(&wrong_digit);
    let mut echo = Message::default();
    let now = kazasu_engine::clock::now().transmission();
    kazasu_schemas::wire::Network::request(NetworkCode::Echo, config.id, kazasu_schemas::ids::Stan::wrapping(9), now)
        .to_message(&mut echo);
    all.extend_from_slice(&written(0, 22, Some(echo)));
    // A wrong MAC.
    let mut altered = written(203, 23, None);
    let mac = altered.len() - 2;
    altered[mac] ^= 1;
    all.extend_from_slice(&altered);
    all.extend_from_slice(&written(204, 24, None));
    let (mut stream, _, _) = session.split().unwrap();
    stream.write_all(&all).unwrap();
    let answers = answers(&mut stream, &dialect, 15);
    let of = |mti: &str, code: &str| vec![(mti.to_owned(), code.to_owned())];
    for terminal in (10..20).chain([24]) {
        assert_eq!(answers[&terminal], of("0210", "00"), "terminal {terminal}");
    }
    assert_eq!(answers[&20], of("0210", "30"), "the wrong trailer");
    assert_eq!(answers[&21], of("0210", "30"), "the wrong digit");
    assert_eq!(answers[&22], of("0810", "00"), "the echo");
    assert_eq!(answers[&23], of("0210", "63"), "the wrong MAC");
    assert_eq!(metric(&served, "kazasu_refused_frames_total", "\"format\""), 2.0);
    let log = std::fs::read_to_string(town.path("serve.log")).unwrap();
    assert!(log.contains("DE4 at offset 26: expected 12 characters of class n, EBCDIC"), "{log}");
    assert!(log.contains("message trailer at offset"), "{log}");
    served.stop();
    town.verified();
}
