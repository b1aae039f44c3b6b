//! Open-loop load: messages leave at a fixed rate, with all answers and none, and latency counts from the intended moment of
//! sending, so that a switch that stalls cannot hide it.

mod connection;
mod fleet;
mod plan;
mod report;
mod traffic;

pub use fleet::{Fleet, Mix};
pub use plan::{Length, LoadPlan, Peer};
pub use report::{LoadReport, Progress};
pub use traffic::sample_ppid;

use crate::session::Session;
use anyhow::Context;
use kazasu_schemas::ids::Stan;
use kazasu_schemas::iso8583::Message;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use traffic::Traffic;

/// Sends the plan's traffic; returns when everything was answered or the drain time is over. `stop` ends it early.
pub fn run(plan: &LoadPlan, progress: &Arc<Progress>, stop: &Arc<AtomicBool>) -> anyhow::Result<LoadReport> {
    anyhow::ensure!([1, 2, 4, 5, 8, 10].contains(&plan.connections), "connections must be 1, 2, 4, 5, 8 or 10");
    anyhow::ensure!(plan.rate > 0.0, "rate must be above 0");
    anyhow::ensure!(
        !plan.fleet.cards.is_empty() && !plan.fleet.places.is_empty(),
        "the fleet has no cards or no terminals"
    );
    let log = match &plan.log {
        None => None,
        Some(path) => {
            // It says who paid what where.
            let mut options = std::fs::OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            let file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
            Some(Arc::new(std::sync::Mutex::new(file)))
        }
    };
    let mut sessions = Vec::new();
    for _ in 0..plan.connections {
        sessions.push(match plan.peer {
            Peer::Switch => Session::open(&plan.acquirer)?,
            Peer::Echo => Session::connect(&plan.acquirer)?,
        });
    }
    let begin = Instant::now() + Duration::from_millis(20);
    let mut threads = Vec::new();
    let run = connection::Run { plan, begin, progress, stop };
    for (session, number) in sessions.into_iter().zip(0..) {
        let (socket, receiver, keys) = session.split()?;
        let parts = connection::Parts { number, socket, receiver, keys, log: log.clone() };
        threads.push(connection::start(&run, parts)?);
    }
    let mut report = LoadReport::new(plan.rate);
    for thread in threads {
        let part = thread.join().map_err(|_| anyhow::anyhow!("a load thread panicked"))?;
        report.add(&part);
    }
    report.seconds = report.last_answer.map_or(0.0, |at| at.saturating_duration_since(begin).as_secs_f64());
    Ok(report)
}

/// One purchase after the other on one connection, each sent when the one before it was answered and `pause` has passed: what a
/// single resident waits. Latencies in microseconds.
pub fn one_by_one(plan: &LoadPlan, n: u64, pause: Duration) -> anyhow::Result<hdrhistogram::Histogram<u64>> {
    let mut session = Session::open(&plan.acquirer)?;
    let keys = session.keys.clone();
    let mut latency = LoadReport::new(0.0).latency;
    let first = crate::clock::unused_numbers(n + 1);
    let mut traffic = Traffic::new(plan, Mix::Purchases, plan.seed, first * 1_000);
    let mut message = Message::default();
    for number in 0..n {
        std::thread::sleep(pause);
        let now = plan.acquirer.now();
        let stan = Stan::wrapping(first + number);
        traffic.payment(number, stan, now).to_message(plan.acquirer.ppid_in, &mut message);
        let begin = Instant::now();
        session.send(&mut message, Some(&keys.to_switch))?;
        let answer = session.receive(&keys, Duration::from_secs(10))?.context("no answer within 10 s")?;
        latency.record(u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX))?;
        let code = String::from_utf8_lossy(answer.message.get(39).unwrap_or_default()).into_owned();
        anyhow::ensure!(code == "00", "a single tap was answered with {code}");
    }
    Ok(latency)
}
