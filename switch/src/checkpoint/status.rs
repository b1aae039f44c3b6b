//! How far checkpoints, the anchor and time stamps have come, for the status page and the metrics.

use super::settings::Settings;
use kazasu_ledger::Head;
use kazasu_ledger::signed::Checkpoint;
use kazasu_schemas::jst::Millis;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// See the module.
#[derive(Debug)]
pub struct Status {
    told: Mutex<Told>,
    anchor: bool,
    timestamps: bool,
}

#[derive(Debug, Default)]
struct Told {
    made: Reached,
    anchored: Reached,
    stamped: Reached,
    contradiction: Option<String>,
}

/// How far one of them has come.
#[derive(Debug, Default, Clone, Copy)]
struct Reached {
    last: Option<(Head, Millis)>,
    /// When this process did it; `None` for what was there when it began.
    since: Option<Instant>,
    /// Since when there is something that it does not cover.
    open: Option<Instant>,
}

impl Reached {
    fn is(&mut self, checkpoint: &Checkpoint, since: Option<Instant>) {
        *self = Reached { last: Some((head(checkpoint), checkpoint.at)), since, open: None };
    }

    fn is_at(&self, other: &Reached) -> bool {
        self.last.map(|(head, _)| head) == other.last.map(|(head, _)| head)
    }
}

fn head(checkpoint: &Checkpoint) -> Head {
    Head { seq: checkpoint.seq, hash: checkpoint.hash }
}

impl Status {
    pub(super) fn new(settings: &Settings) -> Self {
        let (anchor, timestamps) = (settings.anchor.is_some(), settings.timestamps.is_some());
        Status { told: Mutex::default(), anchor, timestamps }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last checkpoint of an earlier process.
    pub(super) fn known(&self, checkpoint: &Checkpoint) {
        self.told().made.is(checkpoint, None);
    }

    pub(super) fn made(&self, checkpoint: &Checkpoint) {
        self.told().made.is(checkpoint, Some(Instant::now()));
    }

    pub(super) fn anchored(&self, checkpoint: &Checkpoint) {
        self.told().anchored.is(checkpoint, Some(Instant::now()));
    }

    pub(super) fn stamped(&self, checkpoint: &Checkpoint) {
        self.told().stamped.is(checkpoint, Some(Instant::now()));
    }

    pub(super) fn contradicted(&self, what: String) {
        self.told().contradiction = Some(what);
    }

    /// The last checkpoint, and how long ago this process made it.
    pub(super) fn last(&self) -> Option<(Head, Option<Duration>)> {
        let made = self.told().made;
        made.last.map(|(head, _)| (head, made.since.map(|since| since.elapsed())))
    }

    /// Is the last checkpoint stamped?
    pub(super) fn is_stamped(&self) -> bool {
        let told = self.told();
        told.stamped.is_at(&told.made)
    }

    /// The journal ends here; `None` while another node leads.
    pub(super) fn journal_ends(&self, end: Option<Head>, now: Instant) {
        let mut told = self.told();
        let open = |is_open: bool, since: Option<Instant>| is_open.then(|| since.unwrap_or(now));
        let signed = told.made.last.map(|(head, _)| head);
        told.made.open = open(end.is_some_and(|end| Some(end) != signed), told.made.open);
        let made = told.made;
        told.anchored.open = open(self.anchor && !told.anchored.is_at(&made), told.anchored.open);
        told.stamped.open = open(self.timestamps && !told.stamped.is_at(&made), told.stamped.open);
    }

    /// Those that are configured, by name.
    fn each(&self) -> Vec<(&'static str, Reached)> {
        let told = self.told();
        let mut out = vec![("checkpoint", told.made)];
        out.extend(self.anchor.then_some(("anchor", told.anchored)));
        out.extend(self.timestamps.then_some(("timestamp", told.stamped)));
        out
    }

    /// Publishes ages.
    pub(super) fn publish(&self, now: Instant) {
        for (of, reached) in self.each() {
            let seconds =
                |since: Option<Instant>| since.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
            metrics::gauge!("kazasu_checkpoint_age_seconds", "of" => of).set(seconds(reached.since));
            metrics::gauge!("kazasu_checkpoint_open_seconds", "of" => of).set(seconds(reached.open));
        }
        let contradicted = self.told().contradiction.is_some();
        metrics::gauge!("kazasu_checkpoint_contradicted").set(if contradicted { 1.0 } else { 0.0 });
    }

    /// For `/v1/status`.
    #[must_use]
    pub fn shown(&self) -> Value {
        let mut out = json!({});
        for (of, reached) in self.each() {
            out[of] = json!({
                "record": reached.last.map(|(head, _)| head.seq),
                "at": reached.last.map(|(_, at)| at.jst_text()),
                "open_seconds": reached.open.map_or(0, |since| since.elapsed().as_secs()),
            });
        }
        out["contradiction"] = self.told().contradiction.clone().into();
        out
    }
}
