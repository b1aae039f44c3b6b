//! The turn of a business day with many taps in memory: how long the one thread that decides is kept from the next tap.

use crate::micro::{purchase, town};
use clap::Args;
use kazasu_console::say;
use kazasu_core::{Event, State, decide};
use kazasu_ledger::{Body, Record};
use kazasu_schemas::jst::Millis;
use serde_json::json;
use std::time::{Duration, Instant};

/// Residents that pay in turn.
const RESIDENTS: u64 = 1_000;
/// A tap's number (DE11) has six digits; the time (DE7) tells those apart that have the same.
const NUMBERS: u64 = 999_999;

/// The slowest records of a phase.
#[derive(Default)]
struct Pauses {
    records: u64,
    longest: Duration,
    over_a_millisecond: u64,
    all: Duration,
}

impl Pauses {
    fn see(&mut self, took: Duration) {
        self.records += 1;
        self.all += took;
        self.longest = self.longest.max(took);
        self.over_a_millisecond += u64::from(took > Duration::from_millis(1));
    }

    fn show(&self) -> serde_json::Value {
        json!({ "records": self.records, "longest_us": self.longest.as_micros(), "over_1_ms": self.over_a_millisecond,
            "mean_ns": self.all.as_nanos() / u128::from(self.records.max(1)) })
    }
}

struct Clock {
    state: State,
    now: Millis,
    taps: u64,
}

impl Clock {
    /// Decides and applies one event, and says how long the core was busy with it.
    fn event(&mut self, event: &Event) -> Option<Duration> {
        let begin = Instant::now();
        let body: Body = decide(&self.state, self.now, event).body?;
        let record = Record { at: self.now, day: self.state.day, body };
        self.state.apply(self.state.seq + 1, &record).expect("a decision keeps the rules");
        Some(begin.elapsed())
    }

    fn tap(&mut self) -> Duration {
        let ppid = kazasu_acquirer_sim::load::sample_ppid(1, self.taps % RESIDENTS);
        let mut request = purchase(self.taps % NUMBERS + 1, ppid);
        request.transmission =
            Millis(self.now.0 + i64::try_from(self.taps / NUMBERS).unwrap_or(0) * 1_000).transmission();
        request.amount = kazasu_schemas::money::Yen::new(1);
        request.rrn = kazasu_schemas::ids::Rrn::from_number(self.taps);
        self.taps += 1;
        self.event(&Event::Request(request)).expect("a new message makes a record")
    }

    fn turn(&mut self) -> Duration {
        self.now = self.state.day.next().start();
        self.event(&Event::Tick { keep_days: 1 }).expect("the day is over")
    }
}

/// `perf midnight`.
#[derive(Args, Clone)]
pub(crate) struct MidnightArgs {
    /// Taps in memory; half of them are old after the turn.
    #[arg(long, default_value_t = 10_000_000)]
    taps: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Measures it.
pub(crate) fn run(args: &MidnightArgs) -> anyhow::Result<()> {
    let taps = args.taps;
    let (state, _) = town(RESIDENTS);
    let now = Millis(state.at.0);
    let mut clock = Clock { state, now, taps: 0 };
    let (mut filling, mut after) = (Pauses::default(), Pauses::default());
    // Half of the taps are of a day that the second midnight makes old.
    let mut turns = Vec::new();
    for _ in 0..2 {
        (0..taps / 2).for_each(|_| filling.see(clock.tap()));
        turns.push(clock.turn());
    }
    let in_memory = clock.state.sizes().taps;
    let forgetting = Instant::now();
    let kept = usize::try_from(taps / 2)?;
    let mut extra = 0;
    while clock.state.sizes().taps > kept + extra {
        after.see(clock.tap());
        extra += 1;
    }
    let seconds = forgetting.elapsed().as_secs_f64();
    let out = json!({ "taps_in_memory": in_memory, "turns_us": turns.iter().map(Duration::as_micros).collect::<Vec<_>>(),
        "filling": filling.show(), "after_the_turn": after.show(), "forgotten": taps / 2, "forgetting_seconds": seconds });
    if args.json {
        say!("{out}");
    } else {
        say!("{}", serde_json::to_string_pretty(&out)?);
    }
    Ok(())
}
