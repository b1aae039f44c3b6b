//! How fast the log is, on this machine: `cargo run --release -p kazasu-security-log --example measure -- FOLDER`. The folder must be absent
//! or empty, and on the disk in question.
#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::secret::Key;
use kazasu_security_log::value::{Free, Word};
use kazasu_security_log::verify::verify;
use kazasu_security_log::{Act, Event, Filter, Log, ResidentRef, SecurityEvent, Settings, search};
use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Lines of a day.
const LINES: u64 = 1_000_000;

/// 2026-11-30 in Japan, a moment after midnight.
const BEGIN: i64 = 1_795_964_460_000;

static NOW: AtomicI64 = AtomicI64::new(0);

/// A clock of its own, so that all lines are of one day: a tenth of a millisecond a line.
fn clock() -> Millis {
    Millis(BEGIN + NOW.fetch_add(1, Ordering::Relaxed) / 10)
}

fn look(resident: ResidentRef, n: u64) -> Event {
    Event::Look(Act {
        by: Word::new(&format!("person {}", n % 200)),
        caller: Word::new("person"),
        via: Word::new("api"),
        operation: Word::new("operations.resident"),
        outcome: Word::new("allowed"),
        residents: vec![resident],
        about: Vec::new(),
        why: Some(Free::new("電話、カード紛失")),
        reason: None,
        network: None,
        proven: None,
        statement: None,
        key: None,
    })
}

fn told(what: &str, n: u64, begin: Instant) {
    let seconds = begin.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = n as f64 / seconds;
    println!("{what}: {n} in {seconds:.2} s, {rate:.0} a second");
}

fn count(folder: &Path, what: &str, filter: &Filter) -> Result<(), Box<dyn Error>> {
    let (begin, mut found) = (Instant::now(), 0_u64);
    search(folder, filter, |_, _| {
        found += 1;
        ControlFlow::Continue(())
    })?;
    println!("search {what}: {found} lines in {:.2} s", begin.elapsed().as_secs_f64());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("measure FOLDER")?;
    let folder = Path::new(&folder);
    let key = Key::new(vec![7; 32]).map_err(|error| error.to_string())?;
    let resident = |n: u64| {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        ResidentRef::new(&Ppid::from_bytes(bytes), &key).ok_or("a key")
    };
    let log = Arc::new(Log::start(Settings::new(folder, "alone", clock))?);
    let begin = Instant::now();
    for n in 0..500 {
        log.must(look(resident(n)?, n)).await?;
    }
    told("durable, one at a time", 500, begin);
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for task in 0..64 {
        let (log, resident) = (log.clone(), resident(task)?);
        tasks.push(tokio::spawn(async move {
            for n in 0..200 {
                log.must(look(resident, n)).await?;
            }
            Ok::<_, kazasu_security_log::Unavailable>(())
        }));
    }
    for task in tasks {
        task.await??;
    }
    told("durable, 64 at a time", 64 * 200, begin);
    let begin = Instant::now();
    for n in 0..LINES {
        log.note(look(resident(n % 100_000)?, n));
        if n % 4_000 == 0 {
            log.must(look(resident(n % 100_000)?, n)).await?;
        }
    }
    log.close().await;
    told("written, with an fsync each 4,000", LINES, begin);
    let begin = Instant::now();
    let verified = verify(folder, None)?;
    told("verified", verified.lines, begin);
    println!("{} files, {} problems", verified.files, verified.problems.len());
    count(folder, "by resident", &Filter { resident: Some(resident(77)?), ..Filter::default() })?;
    count(folder, "by person", &Filter { person: Some("person 7".into()), ..Filter::default() })?;
    count(folder, "by kind, none", &Filter { kind: Some(SecurityEvent::Export), ..Filter::default() })?;
    Ok(())
}
