//! Logs and metrics.

use crate::core::StateSizes;
use crate::engine::Health;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

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
            handle
        })
        .clone()
}

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
        ("holds", sizes.holds),
    ] {
        metrics::gauge!("kazasu_state_size", "what" => what).set(number(n));
    }
}

/// Publishes what this process can say of itself whatever its core is doing.
pub fn health(health: &Health) {
    let flag = |on: bool| if on { 1.0 } else { 0.0 };
    let queued = health.queued.load(Ordering::Acquire);
    metrics::gauge!("kazasu_queue_depth").set(f64::from(u32::try_from(queued).unwrap_or(u32::MAX)));
    metrics::gauge!("kazasu_ledger_up").set(flag(health.is_ready()));
    metrics::gauge!("kazasu_leading").set(flag(health.role() == crate::engine::Role::Leading));
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error; `RUST_LOG` overrides the level.
pub fn logs(format: LogFormat, level: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let result = match format {
        LogFormat::Text => builder.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if let Err(error) = result {
        tracing::debug!(%error, "logging was set up before");
    }
}
