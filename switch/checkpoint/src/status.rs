//! The state of checkpoints, the anchor and time stamps, for the status page and the metrics.

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
    progress: Mutex<Progress>,
    anchor: bool,
    timestamps: bool,
}

#[derive(Debug, Default)]
struct Progress {
    made: Reached,
    anchored: Reached,
    stamped: Reached,
    contradiction: Option<String>,
}

/// The state of one of them.
#[derive(Debug, Default, Clone, Copy)]
struct Reached {
    last: Option<(Head, Millis)>,
    /// The time at which this process did it; `None` for those that were there when it began.
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
        Status { progress: Mutex::default(), anchor, timestamps }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last checkpoint of an earlier process.
    pub(super) fn known(&self, checkpoint: &Checkpoint) {
        self.progress().made.is(checkpoint, None);
    }

    pub(super) fn made(&self, checkpoint: &Checkpoint) {
        self.progress().made.is(checkpoint, Some(Instant::now()));
    }

    pub(super) fn anchored(&self, checkpoint: &Checkpoint) {
        self.progress().anchored.is(checkpoint, Some(Instant::now()));
    }

    pub(super) fn stamped(&self, checkpoint: &Checkpoint) {
        self.progress().stamped.is(checkpoint, Some(Instant::now()));
    }

    pub(super) fn contradicted(&self, what: String) {
        self.progress().contradiction = Some(what);
    }

    /// The last checkpoint, and how long ago this process made it.
    pub(super) fn last(&self) -> Option<(Head, Option<Duration>)> {
        let made = self.progress().made;
        made.last.map(|(head, _)| (head, made.since.map(|since| since.elapsed())))
    }

    /// Is the last checkpoint stamped?
    pub(super) fn is_stamped(&self) -> bool {
        let progress = self.progress();
        progress.stamped.is_at(&progress.made)
    }

    /// The journal ends here; `None` while another node leads.
    pub(super) fn journal_ends(&self, end: Option<Head>, now: Instant) {
        let mut progress = self.progress();
        let open = |is_open: bool, since: Option<Instant>| is_open.then(|| since.unwrap_or(now));
        let signed = progress.made.last.map(|(head, _)| head);
        progress.made.open = open(end.is_some_and(|end| Some(end) != signed), progress.made.open);
        let made = progress.made;
        progress.anchored.open = open(self.anchor && !progress.anchored.is_at(&made), progress.anchored.open);
        progress.stamped.open = open(self.timestamps && !progress.stamped.is_at(&made), progress.stamped.open);
    }

    /// Those that are configured, by name.
    fn each(&self) -> Vec<(&'static str, Reached)> {
        let progress = self.progress();
        let mut out = vec![("checkpoint", progress.made)];
        out.extend(self.anchor.then_some(("anchor", progress.anchored)));
        out.extend(self.timestamps.then_some(("timestamp", progress.stamped)));
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
        let contradicted = self.progress().contradiction.is_some();
        metrics::gauge!("kazasu_checkpoint_contradicted").set(if contradicted { 1.0 } else { 0.0 });
    }

    /// For `/api/v1/status`.
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
        out["contradiction"] = self.progress().contradiction.clone().into();
        out
    }
}
