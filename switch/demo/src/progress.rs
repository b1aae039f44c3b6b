//! The line that shows the traffic while it happens.

use crate::language::shown;
use kazasu_acquirer_sim::load::Progress;
use kazasu_console::say;
use kazasu_schemas::money::Yen;
use kazasu_text::Count;
use kazasu_text::demo::DemoText;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Where no terminal says how wide it is, a line has 80 columns at most.
const PIPED: usize = 81;

/// Shows what happens while it happens.
pub(super) async fn show(progress: Arc<Progress>, total: u64, stop: Arc<AtomicBool>) {
    let live = kazasu_console::terminal::output_width().is_some();
    let mut tick = tokio::time::interval(Duration::from_millis(if live { 100 } else { 2_000 }));
    let begin = Instant::now();
    tick.tick().await;
    while !stop.load(Ordering::Acquire) {
        tick.tick().await;
        // The window may have been made narrower meanwhile.
        let width = kazasu_console::terminal::output_width().unwrap_or(PIPED);
        let line = line(&progress, total, begin.elapsed(), width);
        let mut out = std::io::stdout().lock();
        let _ = if live { write!(out, "\r\x1b[2K{line}") } else { writeln!(out, "{line}") };
        let _ = out.flush();
    }
    if live {
        say!();
    }
}

fn line(progress: &Progress, total: u64, elapsed: Duration, width: usize) -> String {
    let get = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
    let (sent, answered) = (get(&progress.sent), get(&progress.answered));
    let mean = get(&progress.latency_us).checked_div(answered).unwrap_or(0);
    let yen = Yen::new(i64::try_from(get(&progress.yen)).unwrap_or(i64::MAX));
    let parts = [
        format!("{:>6.1} s", elapsed.as_secs_f64()),
        shown(&DemoText::Taps { taps: Count(answered) }),
        shown(&DemoText::ApprovedSoFar { taps: Count(get(&progress.approved)) }),
        shown(&DemoText::DeclinedSoFar { taps: Count(get(&progress.declined)) }),
        yen.to_string(),
        shown(&DemoText::Mean { ms: &format!("{}.{}", mean / 1_000, mean % 1_000 / 100) }),
    ];
    let going = kazasu_console::terminal::Going { what: "", done: sent, all: total };
    kazasu_console::terminal::progress(going, &parts, width)
}
