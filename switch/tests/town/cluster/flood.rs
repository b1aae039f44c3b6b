//! A flood at the port on which nodes reach each other: connections that say nothing, and handshakes that do not end. True nodes still
//! connect, and taps through a node that follows are answered.

use super::{Cluster, Served};
use crate::bad_input::{code, frame, purchase};
use crate::codes::APPROVED;
use crate::doors::from;
use crate::harness::wait_for;
use crate::runs_on::metric;
use kazasu_acquirer_sim::session::Session;
use kazasu_demo::sample::Town as Sample;
use std::collections::BTreeSet;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The port for other nodes: the one that a process listens on beside those that it names.
fn nodes_port(served: &Served) -> u16 {
    let own: BTreeSet<String> = std::fs::read_dir(format!("/proc/{}/fd", served.pid()))
        .unwrap()
        .filter_map(|fd| Some(std::fs::read_link(fd.ok()?.path()).ok()?.to_string_lossy().into_owned()))
        .collect();
    let known: Vec<u16> = served.listening.iter().chain([&served.http]).map(SocketAddr::port).collect();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let listening = table.lines().skip(1).filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let port = u16::from_str_radix(columns[1].rsplit_once(':')?.1, 16).ok()?;
        (columns[3] == "0A" && own.contains(&format!("socket:[{}]", columns[9]))).then_some(port)
    });
    let others: Vec<u16> = listening.filter(|port| !known.contains(port)).collect();
    let [port] = others[..] else { panic!("{others:?} beside {known:?}") };
    port
}

/// Opens connections from 20 networks for as long as it lives. Every second one begins a handshake and does not end it.
struct Flood {
    stop: Arc<AtomicBool>,
    opened: Arc<AtomicU64>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Flood {
    fn at(port: u16) -> Flood {
        let (stop, opened) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (until, count) = (stop.clone(), opened.clone());
        let to = SocketAddr::from(([127, 0, 0, 1], port));
        let thread = std::thread::spawn(move || {
            let mut open: std::collections::VecDeque<TcpStream> = std::collections::VecDeque::new();
            while !until.load(Ordering::Acquire) {
                let n = count.fetch_add(1, Ordering::AcqRel);
                let network = u8::try_from(10 + n % 20).unwrap();
                if let Ok(mut stream) = from(network, 1, to) {
                    if n % 2 == 0 {
                        // The length of a first message, and half of it.
                        let _ = stream.write_all(&[0, 96, 1, 2, 3, 4, 5, 6, 7, 8]);
                    }
                    open.push_back(stream);
                }
                if open.len() > 400 {
                    open.pop_front();
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Flood { stop, opened, thread: Some(thread) }
    }

    fn opened(&self) -> u64 {
        self.opened.load(Ordering::Acquire)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

#[test]
fn a_flood_at_the_nodes_port_keeps_no_true_node_out() {
    let mut cluster = Cluster::new(2, false, Sample { residents: 0, issuer_timeout_ms: 700, ..Sample::default() });
    cluster.start_all();
    let leader = cluster.leader();
    let follower = 1 - leader;
    cluster.served(leader).issuers_up(3);
    let flood = Flood::at(nodes_port(cluster.served(leader)));
    let closed = |cluster: &Cluster, why: &str| {
        metric(cluster.served(leader), "kazasu_peer_connections_closed_total", &format!("reason=\"{why}\""))
    };
    wait_for("the port to be full", Duration::from_secs(20), || (closed(&cluster, "displaced") > 50.0).then_some(()));

    // The follower that is connected is not displaced, and its acquirers pay.
    let pays = |cluster: &Cluster, numbers: std::ops::Range<u64>| {
        let mut session = Session::open(&cluster.town.acquirer(1, cluster.served(follower))).unwrap();
        for number in numbers {
            let bytes = frame(&session, &purchase(&session.config, number));
            session.raw(&bytes).unwrap();
            assert_eq!(code(&mut session), APPROVED, "{number}");
        }
    };
    pays(&cluster, 1..6);
    assert_eq!(cluster.leader(), leader);

    // A node that comes into the flood connects.
    cluster.nodes[follower].take().unwrap().kill();
    let before = flood.opened();
    let begin = Instant::now();
    cluster.start(follower);
    cluster.ready();
    let took = begin.elapsed();
    pays(&cluster, 6..11);
    assert!(flood.opened() > before + 100, "the flood went on meanwhile: {before}, {}", flood.opened());
    assert!(took < Duration::from_secs(15), "{took:?}");
    drop(flood);
    assert_eq!(cluster.leader(), leader, "no node had to take over");
    let (displaced, unfinished) = (closed(&cluster, "displaced"), closed(&cluster, "handshake"));
    assert!(displaced + unfinished > 100.0, "{displaced} displaced, {unfinished} without a handshake");
    assert_eq!(metric(cluster.served(leader), "kazasu_accept_errors_total", "nodes"), 0.0);
    for served in cluster.nodes.iter_mut().filter_map(Option::take) {
        served.stop();
    }
}
