//! Metrics: the recorder, the published sizes of the core's state, and the upkeep that keeps their memory small.

mod catalogue;

use kazasu_console::logs;
use kazasu_core::StateSizes;
use kazasu_engine::Health;
use kazasu_engine::tasks::{Kind, OfThread, fault, publish};
use kazasu_schemas::jst::Millis;
use kazasu_security_log::{Figures, Log};
use kazasu_store::sqlite;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

static PROMETHEUS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the metrics recorder once a process and gives its handle.
pub fn prometheus() -> PrometheusHandle {
    PROMETHEUS
        .get_or_init(|| {
            let seconds = [
                0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
                10.0,
            ];
            let records = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0];
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("seconds".into()), &seconds)
                .and_then(|b| b.set_buckets_for_metric(Matcher::Suffix("records".into()), &records));
            let recorder = builder.expect("the bucket lists are not empty").build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::debug!("another metrics recorder is installed");
            }
            catalogue::describe();
            handle
        })
        .clone()
}

/// Moves the samples of histograms into their buckets now and then, also when no scrape asks for them: until then each
/// sample takes memory of its own.
pub async fn upkeep(shutdown: watch::Receiver<bool>) -> Result<(), String> {
    upkeep_of(prometheus(), UPKEEP, shutdown).await
}

async fn upkeep_of(
    prometheus: PrometheusHandle,
    pause: Duration,
    mut shutdown: watch::Receiver<bool>,
) -> Result<(), String> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = shutdown.changed() => return Ok(()),
        }
        fault(Kind::Upkeep);
        // Some milliseconds under load, which the tasks that answer taps must not wait for.
        let handle = prometheus.clone();
        tokio::task::spawn_blocking(move || handle.run_upkeep()).await.map_err(|error| error.to_string())?;
    }
}

/// The pause between two moves of samples.
const UPKEEP: Duration = Duration::from_secs(1);

/// Publishes the state's sizes.
pub fn sizes(sizes: &StateSizes) {
    let number = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    for (what, n) in [
        ("residents", sizes.residents),
        ("links", sizes.links),
        ("merchants", sizes.merchants),
        ("taps", sizes.taps),
        ("pending", sizes.pending),
        ("unacknowledged", sizes.unacknowledged),
        ("waiting_advices", sizes.waiting_advices),
        ("holds", sizes.holds),
    ] {
        metrics::gauge!("kazasu_state_size", "what" => what).set(number(n));
    }
}

/// Publishes the process's own figures, without the core.
pub fn health(health: &Health) {
    let flag = |on: bool| if on { 1.0 } else { 0.0 };
    metrics::counter!("kazasu_log_lines_lost_total").absolute(logs::lost());
    publish(Kind::Log, OfThread { ended: logs::writer_ended(), runs: logs::writer_runs() });
    publish(Kind::Wal, OfThread { ended: sqlite::mover_ended(), runs: sqlite::mover_runs() });
    let queued = health.queued.load(Ordering::Acquire);
    metrics::gauge!("kazasu_queue_depth").set(f64::from(u32::try_from(queued).unwrap_or(u32::MAX)));
    metrics::gauge!("kazasu_ledger_up").set(flag(health.is_ready()));
    let suspect = health.clock_suspect();
    let offset = suspect.map_or(0, |suspect| (suspect.wall.0 - suspect.time.0) / 1_000);
    let offset = i32::try_from(offset).unwrap_or(if offset > 0 { i32::MAX } else { i32::MIN });
    metrics::gauge!("kazasu_clock_suspect").set(flag(suspect.is_some()));
    metrics::gauge!("kazasu_clock_offset_seconds").set(f64::from(offset));
    metrics::gauge!("kazasu_leading").set(flag(health.role() == kazasu_engine::Role::Leading));
}

/// Publishes what the security log has done.
pub fn security_log(log: &Log, now: Millis) {
    let Figures { lines, bytes, failures, last } = log.figures();
    metrics::counter!("kazasu_security_log_lines_total").absolute(lines);
    metrics::counter!("kazasu_security_log_bytes_total").absolute(bytes);
    metrics::counter!("kazasu_security_log_write_failures_total").absolute(failures);
    if let Some(last) = last {
        let seconds = i32::try_from((now.0 - last.0) / 1_000).unwrap_or(i32::MAX);
        metrics::gauge!("kazasu_security_log_last_line_seconds").set(f64::from(seconds.max(0)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resident_bytes() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap() * 1_024
    }

    /// Set in the process that takes the samples. It runs one test, so that no other one's memory is counted.
    const ALONE: &str = "KAZASU_TEST_SAMPLES_ALONE";

    #[test]
    fn memory_does_not_grow_with_the_samples_when_nobody_asks_for_them() {
        if std::env::var_os(ALONE).is_some() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            return runtime.block_on(samples_without_a_scraper());
        }
        let me = std::env::current_exe().unwrap();
        let name = "telemetry::tests::memory_does_not_grow_with_the_samples_when_nobody_asks_for_them";
        let mut command = std::process::Command::new(me);
        let out = command.args([name, "--exact", "--nocapture"]).env(ALONE, "1").output().unwrap();
        let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success() && said.contains("1 passed"), "{said}");
    }

    async fn samples_without_a_scraper() {
        const ROUNDS: u64 = 200;
        const SAMPLES_A_ROUND: u64 = 50_000;
        // Ten million samples are 80 MB where they are kept.
        const MOST_BYTES: u64 = 40_000_000;
        let recorder = PrometheusBuilder::new().set_buckets(&[0.1, 1.0]).unwrap().build_recorder();
        let handle = recorder.handle();
        let (stop, stopped) = watch::channel(false);
        let upkeep = tokio::spawn(upkeep_of(handle.clone(), Duration::from_millis(20), stopped));
        let histogram = metrics::with_local_recorder(&recorder, || metrics::histogram!("seconds"));
        let begin = resident_bytes();
        for _ in 0..ROUNDS {
            for _ in 0..SAMPLES_A_ROUND {
                histogram.record(0.5);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let grown = resident_bytes().saturating_sub(begin);
        stop.send_replace(true);
        upkeep.await.unwrap().unwrap();
        assert!(grown < MOST_BYTES, "{grown} bytes more");
        let all = format!("seconds_count {}", ROUNDS * SAMPLES_A_ROUND);
        assert!(handle.render().contains(&all), "a sample is missing");
    }
}
