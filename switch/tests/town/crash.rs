//! The switch is killed in the middle of a loaded run, again and again. Afterwards nothing that was answered is missing,
//! nothing is there twice, and the issuers' own journals agree.

use crate::bad_input::{frame, purchase};
use crate::harness::Town;
use kazasu_acquirer_sim::load::{self, Fleet, Length, LoadPlan, Mix, Peer, Progress};
use kazasu_acquirer_sim::session::Session;
use kazasu_core::{State, TapState};
use kazasu_demo::sample::Town as Sample;
use kazasu_ledger::record::{TapKey, TransactionKind};
use kazasu_schemas::ids::{InstitutionId, Stan, TerminalId};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::TransmissionTime;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::Request;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 20;

/// An answer that a terminal has in its hands.
pub(crate) struct Answered {
    key: TapKey,
    pub(crate) code: String,
    amount: i64,
    kind: String,
}

/// Lines of the load generator: type, RRN, code, amount, kind, STAN, DE7, terminal.
pub(crate) fn answered(line: &str, acquirer: InstitutionId) -> Answered {
    let f: Vec<&str> = line.split(',').collect();
    let class = f[0].as_bytes()[1] - b'0';
    Answered {
        key: TapKey {
            acquirer,
            terminal: TerminalId::from_wire(format!("{:<8}", f[7]).as_bytes()).unwrap(),
            stan: Stan::from_wire(f[5].as_bytes()).unwrap(),
            transmission: TransmissionTime::from_wire(f[6].as_bytes()).unwrap(),
            class,
        },
        code: f[2].to_owned(),
        amount: f[3].parse().unwrap(),
        kind: f[4].to_owned(),
    }
}

/// What terminals were told must be what the ledger holds, once. Returns how many approvals there were.
pub(crate) fn check_answers(state: &State, all: &[Answered]) -> u64 {
    let mut taps = BTreeMap::new();
    let mut posted = BTreeMap::new();
    for tap in state.taps() {
        assert!(taps.insert(format!("{:?}", tap.key), tap).is_none(), "{:?} is in the journal twice", tap.key);
        if tap.kind == TransactionKind::Purchase && tap.state == TapState::Posted {
            assert!(posted.insert((tap.key.acquirer, tap.rrn), tap.seq).is_none(), "{:?} is booked twice", tap.rrn);
        }
    }
    let mut told: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for a in all {
        told.entry(format!("{:?}", a.key)).or_default().push(&a.code);
    }
    let mut approved = 0;
    for a in all {
        // 91 of a switch that is going down may say that nothing was recorded.
        let Some(tap) = taps.get(&format!("{:?}", a.key)) else {
            assert_eq!(a.code, "91", "the answer {} to {:?} is not in the journal", a.code, a.key);
            continue;
        };
        if a.code == "00" {
            approved += 1;
            assert_eq!(tap.amount.get(), a.amount, "{:?}", a.key);
            assert!(
                !matches!(tap.state, TapState::Refused | TapState::Pending),
                "{} was approved to the terminal but is {:?}: {:?}",
                a.kind,
                tap.state,
                a.key
            );
        } else {
            let key = format!("{:?}", a.key);
            assert!(
                matches!(tap.state, TapState::Refused | TapState::Reversed),
                "{} but {:?}: record {}, a {:?}, {key}; the terminal was told {:?}",
                a.code,
                tap.state,
                tap.seq,
                tap.kind,
                told[&key]
            );
        }
    }
    approved
}

#[test]
fn killed_twenty_times_under_load_nothing_answered_is_lost_and_nothing_is_booked_twice() {
    let town = Town::new(Sample { residents: 2_000, issuer_timeout_ms: 700, ..Sample::default() });
    let random = RandomState::new();
    let mut all: Vec<Answered> = Vec::new();
    let mut last_begin: Option<Instant> = None;
    let mut lost_in_the_middle = 0;
    for round in 0..ROUNDS {
        let served = town.serve();
        let acquirer = town.acquirer(1, &served);
        let id = acquirer.id;
        let log = town.path(&format!("answers-{round}.csv"));
        let plan = LoadPlan {
            fleet: Arc::new(Fleet::new(&acquirer, acquirer.residents().unwrap())),
            acquirer,
            rate: 1_500.0,
            length: Length::Time(Duration::from_secs(30)),
            connections: 2,
            mix: Mix::Realistic,
            seed: random.hash_one(round),
            log: Some(log.clone()),
            peer: Peer::Switch,
            drain: Duration::from_millis(500),
            window: None,
        };
        let progress = Arc::new(Progress::default());
        // The generator numbers its messages by the second in which it begins.
        if let Some(before) = last_begin.replace(Instant::now()) {
            std::thread::sleep(Duration::from_millis(1_500).saturating_sub(before.elapsed()));
            last_begin = Some(Instant::now());
        }
        let run = {
            let progress = progress.clone();
            std::thread::spawn(move || load::run(&plan, &progress, &Arc::new(AtomicBool::new(false))).unwrap())
        };
        std::thread::sleep(Duration::from_millis(150 + random.hash_one(round + 1_000) % 900));
        let before = progress.answered.load(Ordering::Relaxed);
        served.kill();
        let report = run.join().unwrap();
        assert!(report.sent > 0 && report.answered >= before);
        lost_in_the_middle += report.errors.get("no answer").copied().unwrap_or(0);
        let text = std::fs::read_to_string(&log).unwrap();
        all.extend(text.lines().map(|line| answered(line, id)));
    }
    assert!(all.len() > 2_000, "only {} answers in {ROUNDS} rounds: there was no load", all.len());
    assert!(lost_in_the_middle > 0, "every kill came when nothing was under way");

    let served = town.serve();
    served.issuers_up(3);
    served.drained();
    let status = served.status();
    assert_eq!(status["balanced"], true);
    served.stop();

    let verified = town.verified();
    assert_eq!(verified.sums.debits, verified.sums.credits);
    let (state, disagreements) = town.fold();
    assert_eq!(disagreements, [], "the issuers' journals and the ledger differ");

    let approved = check_answers(&state, &all);
    assert!(approved > 1_000, "only {approved} approvals");
    assert_eq!(state.sizes().pending, 0);
}

#[test]
fn a_repeat_after_a_crash_gets_the_first_answer() {
    let town = Town::new(Sample { residents: 0, ..Sample::default() });
    let served = town.serve();
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    let request = purchase(&session.config, 7);
    let ask = |session: &mut Session, request: &Request| {
        let bytes = frame(session, request);
        session.raw(&bytes).unwrap();
        let keys = session.keys.clone();
        session.receive(&keys, Duration::from_secs(10)).unwrap().expect("an answer").message
    };
    let first = ask(&mut session, &request);
    assert_eq!(first.get(39), Some(&b"00"[..]));
    served.kill();
    let served = town.serve();
    let mut session = Session::open(&town.acquirer(1, &served)).unwrap();
    let again = ask(&mut session, &Request { mti: Mti(201), ..request });
    for field in (2..=127).filter(|f| *f != 64 && *f != 65) {
        assert_eq!(again.get(field), first.get(field), "DE{field}");
    }
    let other = ask(&mut session, &Request { amount: Yen::new(2), ..request });
    assert_eq!(other.get(39), Some(&b"94"[..]));
    served.stop();
    let (state, _) = town.fold();
    assert_eq!(state.taps().filter(|tap| tap.moved().is_positive()).count(), 1);
}
