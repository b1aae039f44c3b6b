//! What a run measured.

use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Counters that can be watched while a run is under way.
#[derive(Debug, Default)]
pub struct Progress {
    /// Messages sent.
    pub sent: AtomicU64,
    /// Messages answered.
    pub answered: AtomicU64,
    /// Answers with 00.
    pub approved: AtomicU64,
    /// Other answers.
    pub declined: AtomicU64,
    /// Yen of approved payments.
    pub yen: AtomicU64,
    /// Sum of latencies in microseconds, for a running mean.
    pub latency_us: AtomicU64,
}

impl Progress {
    /// An answer after so long; `approved` is what it paid.
    pub(super) fn answer(&self, approved: Option<u64>, latency_us: u64) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        let counter = if approved.is_some() { &self.approved } else { &self.declined };
        counter.fetch_add(1, Ordering::Relaxed);
        self.yen.fetch_add(approved.unwrap_or(0), Ordering::Relaxed);
        self.latency_us.fetch_add(latency_us, Ordering::Relaxed);
    }
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// Messages a second that were to be sent.
    pub rate: f64,
    /// From the first intended sending to the last answer.
    pub seconds: f64,
    /// Messages sent.
    pub sent: u64,
    /// Messages answered.
    pub answered: u64,
    /// Answers by DE39.
    pub codes: BTreeMap<String, u64>,
    /// Answers to repeats.
    pub repeats: u64,
    /// Approved reversals.
    pub reversed: u64,
    /// Yen of approved payments.
    pub yen: u64,
    /// What went wrong, by kind: no answer, wrong MAC, unexpected answer, connection lost, 91, 96.
    pub errors: BTreeMap<&'static str, u64>,
    /// Latency in microseconds.
    pub latency: Histogram<u64>,
    /// When the last answer came.
    pub last_answer: Option<Instant>,
}

impl LoadReport {
    pub(super) fn new(rate: f64) -> Self {
        LoadReport {
            rate,
            seconds: 0.0,
            sent: 0,
            answered: 0,
            codes: BTreeMap::new(),
            repeats: 0,
            reversed: 0,
            yen: 0,
            errors: BTreeMap::new(),
            latency: Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are good"),
            last_answer: None,
        }
    }

    pub(super) fn error(&mut self, what: &'static str) {
        *self.errors.entry(what).or_default() += 1;
    }

    /// Takes in the report of another run that went on at the same time.
    pub fn merge(&mut self, other: &LoadReport) {
        self.rate += other.rate;
        self.seconds = self.seconds.max(other.seconds);
        self.add(other);
    }

    pub(super) fn add(&mut self, other: &LoadReport) {
        self.sent += other.sent;
        self.answered += other.answered;
        self.repeats += other.repeats;
        self.reversed += other.reversed;
        self.yen += other.yen;
        for (code, n) in &other.codes {
            *self.codes.entry(code.clone()).or_default() += n;
        }
        for (what, n) in &other.errors {
            *self.errors.entry(what).or_default() += n;
        }
        self.latency.add(&other.latency).expect("the bounds are the same");
        self.last_answer = self.last_answer.max(other.last_answer);
    }

    /// Answers with 00.
    #[must_use]
    pub fn approved(&self) -> u64 {
        self.codes.get("00").copied().unwrap_or(0)
    }

    /// Answers with anything else.
    #[must_use]
    pub fn declined(&self) -> u64 {
        self.answered - self.approved()
    }

    /// Everything that went wrong.
    #[must_use]
    pub fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Answered messages a second.
    #[must_use]
    pub fn tps(&self) -> f64 {
        if self.seconds > 0.0 { count(self.answered) / self.seconds } else { 0.0 }
    }

    /// A latency percentile in microseconds.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> u64 {
        self.latency.value_at_quantile(percent / 100.0)
    }

    /// One JSON object.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "rate": self.rate, "seconds": self.seconds, "tps": self.tps().round(), "sent": self.sent, "answered": self.answered,
            "approved": self.approved(), "declined": self.declined(), "codes": self.codes, "reversed": self.reversed,
            "repeats": self.repeats, "yen": self.yen, "errors": self.error_count(), "errors_by_kind": self.errors,
            "p50_us": self.percentile(50.0), "p90_us": self.percentile(90.0), "p99_us": self.percentile(99.0),
            "p999_us": self.percentile(99.9), "max_us": self.latency.max(),
        })
    }

    /// A few lines for people.
    #[must_use]
    pub fn text(&self) -> String {
        let codes: Vec<String> = self.codes.iter().map(|(code, n)| format!("{code}: {n}")).collect();
        let mut out = format!(
            "{} sent, {} answered in {:.1} s ({:.0}/s of {:.0}/s intended)\n  by code       {}\n  \
             latency       p50 {} µs, p90 {} µs, p99 {} µs, p99.9 {} µs, max {} µs\n",
            self.sent,
            self.answered,
            self.seconds,
            self.tps(),
            self.rate,
            codes.join(", "),
            self.percentile(50.0),
            self.percentile(90.0),
            self.percentile(99.0),
            self.percentile(99.9),
            self.latency.max()
        );
        for (what, n) in &self.errors {
            out.push_str(&format!("  error         {what}: {n}\n"));
        }
        out
    }
}

fn count(n: u64) -> f64 {
    // Exact up to 2^53 messages.
    f64::from(u32::try_from(n >> 32).unwrap_or(u32::MAX)) * 4_294_967_296.0
        + f64::from(u32::try_from(n & 0xffff_ffff).unwrap_or(u32::MAX))
}
