//! Every metric: its name, kind, unit and help, and the series that exist from the start. A metric that is not here has no help
//! text, and a test finds it.

use kazasu_connections::acquirer::REASONS;
use kazasu_schemas::wire::Refusal;
use metrics::{Label, Unit};

/// The kind of a metric.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Counts by size.
    Histogram,
}

/// The labels of a metric that have fixed values, each with all of them; their combinations exist from the start.
#[derive(Clone, Copy, Debug)]
enum Series {
    /// One series without labels.
    Single,
    /// One label.
    By(&'static str, &'static [&'static str]),
    /// Two labels.
    ByTwo([(&'static str, &'static [&'static str]); 2]),
    /// One for each refusal of the table.
    Refusals,
    /// One for each reason why a frame does not reach the core.
    Reasons,
    /// Answers to acquirers: message types and the codes that the table has.
    Answers,
    /// Their labels name what the configuration has: made where that is known.
    Configured,
    /// Their labels name addresses and codes: made with the first such answer.
    Addresses,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// In which unit it counts; `None` for pieces.
    pub unit: Option<Unit>,
    /// Its help text.
    pub help: &'static str,
    series: Series,
}

const fn counter(name: &'static str, series: Series, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, unit: None, help, series }
}

const fn gauge(name: &'static str, series: Series, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, unit: None, help, series }
}

const fn seconds(name: &'static str, kind: Kind, series: Series, help: &'static str) -> Metric {
    Metric { name, kind, unit: Some(Unit::Seconds), help, series }
}

use Series::{Addresses, Answers, By, ByTwo, Configured, Reasons, Refusals, Single};

/// This side's reasons for closing connections of acquirers.
const CLOSED: &[&str] = &[
    "too_many",
    "too_many_of_subnet",
    "displaced",
    "tls",
    "revoked",
    "no_sign_on",
    "failed_sign_ons",
    "idle",
    "unfinished",
    "framing",
    "write",
];
/// This side's reasons for closing HTTP connections.
const HTTP_CLOSED: &[&str] =
    &["too_many", "too_many_of_subnet", "displaced", "tls", "revoked", "idle", "unfinished", "write"];
/// This side's reasons for closing connections to the nodes' port.
const PEER_CLOSED: &[&str] = &["too_many", "too_many_of_subnet", "displaced", "handshake"];
const NETWORK: &[&str] = &["sign_on", "sign_off", "key_change", "cutover_start", "cutover_end", "echo", "other"];
const EVENTS: &[&str] = &[
    "acknowledged_again",
    "advice_not_accepted",
    "duplicate_answered",
    "duplicate_mismatch",
    "duplicate_waiting",
    "issuer_answer_unknown",
    "issuer_late",
    "reversal_carried_on",
    "silence_after_outcome",
    "stood_in",
];
const STATE: &[&str] =
    &["residents", "links", "merchants", "taps", "pending", "unacknowledged", "waiting_advices", "holds"];
/// The stages of a checkpoint.
const CHECKPOINTS: &[&str] = &["checkpoint", "anchor", "timestamp"];
/// The types of messages that answer acquirers.
const ANSWERS: &[&str] = &["0110", "0130", "0210", "0230", "0410", "0430", "0510", "0530", "0810"];

/// Every metric.
pub(super) const ALL: &[Metric] = &[
    counter("kazasu_messages_total", Answers, "Answers sent to acquirers, by message type and DE39."),
    counter("kazasu_refusals_total", Refusals, "Messages that the switch refused, by the refusal's name."),
    counter(
        "kazasu_refused_frames_total",
        Reasons,
        "Frames of acquirers that were refused or ignored before the core, by reason.",
    ),
    counter(
        "kazasu_overload_refusals_total",
        Single,
        "Messages refused with 91 because too many were under way (max_queued).",
    ),
    counter(
        "kazasu_unanswered_total",
        Single,
        "Messages left without an answer because the first of their kind may have been approved.",
    ),
    counter(
        "kazasu_network_messages_total",
        By("purpose", NETWORK),
        "Network messages (0800) of acquirers, by purpose.",
    ),
    counter(
        "kazasu_cutovers_notified_total",
        ByTwo([("purpose", &["cutover_start", "cutover_end"]), ("outcome", &["00"])]),
        "Acquirers' answers to cut-overs that they were told, by DE39.",
    ),
    counter(
        "kazasu_reversals_not_carried_out_total",
        By("why", &["other_person", "other_terminal"]),
        "Reversals that were answered 00 and undid nothing, because they may mean somebody else's payment.",
    ),
    gauge("kazasu_connections_open", Single, "Connections of acquirers that are open."),
    counter(
        "kazasu_connections_closed_total",
        By("reason", CLOSED),
        "Connections of acquirers that this side closed, by reason.",
    ),
    gauge("kazasu_http_connections_open", Single, "HTTP connections that are open."),
    counter(
        "kazasu_http_connections_closed_total",
        By("reason", HTTP_CLOSED),
        "HTTP connections that this side closed, by reason.",
    ),
    counter(
        "kazasu_http_answers_total",
        Addresses,
        "Answers over HTTP by method, address, status and, of an error, its code.",
    ),
    counter(
        "kazasu_http_requests_refused_total",
        Single,
        "Requests through a trusted proxy that were not served because their caller's subnet had too many under way.",
    ),
    counter(
        "kazasu_http_requests_over_budget_total",
        Single,
        "Requests that were answered 429 because their caller had made too many within a minute.",
    ),
    counter(
        "kazasu_http_bodies_refused_total",
        By("reason", &["caller", "subnet", "late"]),
        "Bodies that were not taken because their caller or its subnet had too many, or because they came too slowly.",
    ),
    counter("kazasu_security_log_lines_total", Single, "Lines of the security log that were written."),
    counter("kazasu_security_log_bytes_total", Single, "Bytes of those lines."),
    counter("kazasu_security_log_write_failures_total", Single, "Attempts to write the security log that failed."),
    seconds(
        "kazasu_security_log_last_line_seconds",
        Kind::Gauge,
        Single,
        "Time since the last line of the security log was written.",
    ),
    counter(
        "kazasu_accept_errors_total",
        By("port", &["acquirers", "http", "nodes"]),
        "Attempts to take a connection that failed, most often because the process had too many open files.",
    ),
    gauge("kazasu_acquirer_connections", Configured, "Connections of an acquirer that are signed on."),
    seconds(
        "kazasu_stage_seconds",
        Kind::Histogram,
        By("stage", &["decide_and_queue", "seal", "commit", "received_to_encoded"]),
        "Seconds that a stage of answering takes; commit is the whole of a batch.",
    ),
    seconds(
        "kazasu_commit_seconds",
        Kind::Histogram,
        By("part", &["wait", "write", "sync", "release", "checkpoint"]),
        "Seconds of a commit by cause: waiting for a batch, writing rows, making them durable, letting answers go, and \
         afterwards moving the log.",
    ),
    seconds("kazasu_commit_last_seconds", Kind::Gauge, Single, "Seconds that the last commit took."),
    Metric {
        name: "kazasu_commit_batch_records",
        kind: Kind::Histogram,
        unit: Some(Unit::Count),
        help: "Records in a commit.",
        series: Single,
    },
    counter("kazasu_records_total", Single, "Records made durable."),
    counter("kazasu_commits_in_doubt_total", Single, "Batches of which it was unknown whether they were written."),
    gauge(
        "kazasu_book_out_of_balance",
        Single,
        "1 when the last audit of the whole book found debits and credits that differ, or an overdrawn account.",
    ),
    seconds(
        "kazasu_checkpoint_age_seconds",
        Kind::Gauge,
        By("of", CHECKPOINTS),
        "Seconds since this process signed a checkpoint of the journal, anchored one, or had one stamped; 0 before.",
    ),
    seconds(
        "kazasu_checkpoint_open_seconds",
        Kind::Gauge,
        By("of", CHECKPOINTS),
        "Seconds that records have waited for a checkpoint, or a checkpoint for its anchor or time stamp; 0 when none waits.",
    ),
    gauge(
        "kazasu_checkpoint_contradicted",
        Single,
        "1 when the journal does not have a record of which this node signed a checkpoint.",
    ),
    gauge("kazasu_queue_depth", Single, "Messages admitted and not yet answered."),
    gauge("kazasu_state_size", By("what", STATE), "How many of what the core has in memory."),
    gauge("kazasu_ledger_up", Single, "1 while taps are answered here, the same as /readyz."),
    gauge("kazasu_clock_suspect", Single, "1 while the clock has jumped and a person has to say what time it is."),
    seconds(
        "kazasu_clock_offset_seconds",
        Kind::Gauge,
        Single,
        "Seconds by which the wall clock is ahead of the time that the switch goes by.",
    ),
    gauge("kazasu_leading", Single, "1 while this node leads."),
    gauge("kazasu_epoch", Single, "The store's epoch as this node saw it last."),
    gauge("kazasu_lag_records", Single, "Records that this node is behind the leader."),
    gauge("kazasu_store_watched", Configured, "1 while the store can be asked who leads."),
    counter("kazasu_leads_lost_total", Single, "Leads that this node lost."),
    counter("kazasu_takeovers_tried_total", Single, "Attempts of this node to take the lead."),
    counter("kazasu_forwarded_total", Single, "Messages passed on to the node that leads."),
    counter("kazasu_peer_messages_total", Single, "Messages that other nodes passed on to this one."),
    gauge("kazasu_peer_connections_open", Single, "Connections to the nodes' port that are open."),
    counter(
        "kazasu_peer_connections_closed_total",
        By("reason", PEER_CLOSED),
        "Connections to the nodes' port that this side closed, by reason.",
    ),
    counter("kazasu_events_total", By("what", EVENTS), "What the core decided besides requests."),
    counter(
        "kazasu_notices_total",
        By("outcome", &["delivered", "dead", "retry"]),
        "Attempts to deliver notices, by outcome.",
    ),
    counter(
        "kazasu_webhook_attempts_total",
        By("outcome", &["delivered", "failed"]),
        "Attempts to send events to endpoints, by outcome.",
    ),
    gauge(
        "kazasu_webhook_endpoints",
        By("state", &["on", "off", "late", "failing"]),
        "Endpoints that events are sent to, by state, where this node leads.",
    ),
    gauge("kazasu_notices_waiting", Single, "Notices that wait for delivery."),
    counter("kazasu_notices_dropped_total", Single, "Notices for which there was no room; they are offered again."),
    gauge("kazasu_issuer_connection_up", Configured, "1 while an issuer's connection is signed on."),
    gauge("kazasu_issuer_in_flight", Configured, "Requests under way to an issuer."),
    gauge("kazasu_issuer_saf_queue", Configured, "Advices that an issuer has not acknowledged."),
    counter(
        "kazasu_issuer_messages_total",
        Configured,
        "Messages to and from an issuer, by type and what became of them.",
    ),
    seconds("kazasu_issuer_answer_seconds", Kind::Histogram, Configured, "Seconds until an issuer answers a request."),
    seconds(
        "kazasu_certificate_left_seconds",
        Kind::Gauge,
        Configured,
        "Seconds until the first certificate, authority or revocation list of a connection ends; negative when it has ended.",
    ),
    gauge(
        "kazasu_certificate_problem",
        Configured,
        "1 while a connection's changed certificate files cannot be used, and the old ones stay in force.",
    ),
    counter(
        "kazasu_certificate_reloads_total",
        By("outcome", &["loaded", "failed"]),
        "Times that a connection's certificates were read again.",
    ),
    gauge(
        "kazasu_key_days_left",
        Configured,
        "Days until the cryptoperiod of a key's active version ends; negative when it has ended.",
    ),
    gauge(
        "kazasu_key_store_problem",
        Single,
        "1 while a changed key store cannot be used, and the keys of before stay in force.",
    ),
    counter(
        "kazasu_key_reloads_total",
        By("outcome", &["loaded", "failed"]),
        "Times that the key store was read again.",
    ),
    gauge("kazasu_hsm_up", Configured, "1 while a device with keys answers, 0 while it or its token is away."),
    counter("kazasu_hsm_operations_total", Configured, "What a device with keys was asked, by outcome."),
    seconds(
        "kazasu_hsm_seconds",
        Kind::Histogram,
        Configured,
        "Seconds until a device with keys answers, waiting included.",
    ),
    counter("kazasu_hsm_sessions_lost_total", Configured, "Sessions with a device that were lost and opened again."),
    gauge(
        "kazasu_task_up",
        Configured,
        "0 while a task is down that ended without having been asked to, else 1; which tells several of a kind apart.",
    ),
    counter(
        "kazasu_task_ended_total",
        Configured,
        "Tasks that ended without having been asked to, and were started again if they can be.",
    ),
    counter("kazasu_log_lines_lost_total", Single, "Log lines that were dropped because standard error took none."),
];

/// Tells the recorder what every metric is, and makes the series that exist from the start.
pub(super) fn describe() {
    for metric in ALL {
        let unit = metric.unit.unwrap_or(Unit::Count);
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, unit, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, unit, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, unit, metric.help),
        }
        for labels in labels(metric.series) {
            match metric.kind {
                Kind::Counter => metrics::counter!(metric.name, labels).increment(0),
                Kind::Gauge => metrics::gauge!(metric.name, labels).increment(0.0),
                Kind::Histogram => drop(metrics::histogram!(metric.name, labels)),
            }
        }
    }
    kazasu_engine::tasks::publish_from_the_start();
}

/// The labels of every series that exists from the start.
fn labels(series: Series) -> Vec<Vec<Label>> {
    let by = |name: &'static str, values: &[&'static str]| -> Vec<Vec<Label>> {
        values.iter().map(|value| vec![Label::from_static_parts(name, value)]).collect()
    };
    match series {
        Single => vec![Vec::new()],
        By(name, values) => by(name, values),
        ByTwo([(name, values), (second, others)]) => {
            let pair = |labels: Vec<Label>| {
                let mut all = Vec::new();
                for other in by(second, others) {
                    all.push(labels.iter().cloned().chain(other).collect());
                }
                all
            };
            by(name, values).into_iter().flat_map(pair).collect()
        }
        Refusals => Refusal::ALL.iter().flat_map(|refusal| by("refusal", &[refusal.name()])).collect(),
        Reasons => by("reason", REASONS),
        Answers => {
            let mut codes: Vec<String> = Refusal::ALL.iter().map(|refusal| refusal.code().to_string()).collect();
            codes.extend(["00", "05", "10", "30", "63", "95"].map(str::to_owned));
            codes.sort();
            codes.dedup();
            let series = |kind: &'static str, code: &String| {
                vec![Label::from_static_parts("type", kind), Label::new("outcome", code.clone())]
            };
            ANSWERS.iter().flat_map(|kind| codes.iter().map(move |code| series(kind, code))).collect()
        }
        Configured | Addresses => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn sources(folder: &Path, out: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    /// The names that the macros are called with, wherever the text breaks its lines.
    fn used() -> BTreeSet<(String, String)> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut texts = Vec::new();
        for part in ["switch", "issuer-adapter/src", "ledger", "tls/src", "console/src"] {
            sources(&root.join(part), &mut texts);
        }
        let mut names = BTreeSet::new();
        for (kind, text) in
            ["counter", "gauge", "histogram"].iter().flat_map(|kind| texts.iter().map(move |t| (kind, t)))
        {
            for call in text.split(&format!("{kind}!(")).skip(1) {
                if let Some(name) = call.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                    // Tests make others.
                    if name.starts_with("kazasu_") {
                        names.insert(((*kind).to_owned(), name.to_owned()));
                    }
                }
            }
        }
        names
    }

    #[test]
    fn every_metric_that_is_used_is_in_the_table() {
        let table: BTreeSet<(String, String)> =
            ALL.iter().map(|m| (format!("{:?}", m.kind).to_lowercase(), m.name.to_owned())).collect();
        assert_eq!(table.len(), ALL.len(), "a name is twice in the table");
        let missing: Vec<_> = used().difference(&table).cloned().collect();
        assert!(missing.is_empty(), "not in the table: {missing:?}");
    }

    #[test]
    fn names_are_as_prometheus_wants_them() {
        for metric in ALL {
            let parts: Vec<&str> = metric.name.split('_').collect();
            assert_eq!(metric.kind == Kind::Counter, metric.name.ends_with("_total"), "{}", metric.name);
            assert!(metric.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", metric.name);
            assert!(!metric.help.is_empty() && metric.help.ends_with('.'), "{}", metric.name);
            let in_seconds = metric.unit == Some(Unit::Seconds);
            assert_eq!(in_seconds, parts.last() == Some(&"seconds"), "{}", metric.name);
            for wrong in ["ms", "millis", "us", "kb", "mb", "minutes", "counter", "gauge", "histogram", "bucket", "sum"]
            {
                assert!(!parts.contains(&wrong), "{}: {wrong}", metric.name);
            }
        }
    }
}
