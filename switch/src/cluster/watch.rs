//! The watch over the store: reports what this node does, learns who leads, and says when to try.
//!
//! Time only decides when to try. Two nodes that try at once are told apart by the epoch, and a node that believes to lead for
//! longer than it does can keep nothing.

use super::Target;
use crate::engine::{Engine, Health, Role};
use kazasu_ledger::journal::{Leadership, Node, NodeReport, Watch};
use kazasu_ledger::{Seq, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// When a node tries to lead.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Between two reports.
    pub beat: Duration,
    /// A leader that has not reported for this long is taken for gone.
    pub takeover: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing { beat: Duration::from_millis(250), takeover: Duration::from_millis(1_500) }
    }
}

/// Between two reports while no leader can be reached.
const LEADERLESS_BEAT: Duration = Duration::from_millis(50);

/// What a node has seen of the leader, and when, by its own clock that only goes forward.
struct Sight {
    epoch: u64,
    beats: i64,
    released: bool,
    since: Instant,
}

/// Watches a store that several nodes share.
pub struct Watcher {
    store: Arc<dyn Store>,
    node: Node,
    timing: Timing,
    engine: Engine,
    health: Arc<Health>,
    target: watch::Sender<Option<Target>>,
    sight: Option<Sight>,
}

impl Watcher {
    /// Prepares the watch. `target` tells where questions go.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        node: Node,
        timing: Timing,
        engine: Engine,
        target: watch::Sender<Option<Target>>,
    ) -> Self {
        let health = engine.health().clone();
        Watcher { store, node, timing, engine, health, target, sight: None }
    }

    /// Watches until shutdown.
    pub async fn run(mut self, mut shutdown: watch::Receiver<bool>) {
        let mut connection: Option<Box<dyn Watch>> = None;
        let mut troubled = false;
        loop {
            let begin = Instant::now();
            match self.beat(&mut connection).await {
                Ok(()) => {
                    if std::mem::take(&mut troubled) {
                        tracing::info!("the store can be watched again");
                    }
                }
                Err(error) => {
                    connection = None;
                    if !std::mem::replace(&mut troubled, true) {
                        tracing::warn!(%error, "the store cannot be watched");
                    }
                }
            }
            metrics::gauge!("kazasu_store_watched").set(if troubled { 0.0 } else { 1.0 });
            // Without a leader every moment counts.
            let leaderless =
                self.health.role() == Role::Following && !self.health.reachable.load(Ordering::Acquire) && !troubled;
            let beat = if leaderless { LEADERLESS_BEAT } else { self.timing.beat };
            tokio::select! {
                () = tokio::time::sleep(beat.saturating_sub(begin.elapsed())) => {}
                () = self.health.look.notified() => {}
                _ = shutdown.changed() => return,
            }
        }
    }

    async fn beat(&mut self, connection: &mut Option<Box<dyn Watch>>) -> anyhow::Result<()> {
        let shared = self.store.shared().ok_or_else(|| anyhow::anyhow!("this store is not shared"))?;
        if connection.is_none() {
            *connection = Some(shared.watch(self.node.clone()).await?);
        }
        let Some(watch) = connection else { return Ok(()) };
        let role = if self.health.halted().is_some() { "halted" } else { self.health.role().name() };
        let applied: Seq = self.health.durable.load(Ordering::Acquire);
        let seen = watch.beat(&NodeReport { applied, role: role.into() }).await?;
        if let Some((epoch, successor)) = self.health.released() {
            watch.release(epoch, successor).await?;
            self.health.release_is_known();
            return Ok(());
        }
        self.publish(&seen);
        self.consider(&seen);
        Ok(())
    }

    fn is_me(&self, node: &Node) -> bool {
        node.name == self.node.name && node.incarnation == self.node.incarnation
    }

    /// Tells the rest of this node who leads.
    fn publish(&self, seen: &Leadership) {
        self.health.set_leader(&seen.leader);
        let leads = self.health.role() == Role::Leading;
        metrics::gauge!("kazasu_leading").set(if leads { 1.0 } else { 0.0 });
        metrics::gauge!("kazasu_epoch").set(f64::from(u32::try_from(seen.epoch).unwrap_or(u32::MAX)));
        let target = (seen.epoch > 0 && !seen.released && !self.is_me(&seen.leader))
            .then(|| Target { epoch: seen.epoch, node: seen.leader.clone() });
        self.target.send_if_modified(|old| {
            let other = *old != target;
            if other {
                old.clone_from(&target);
            }
            other
        });
    }

    /// Is it time to try, or to stop?
    fn consider(&mut self, seen: &Leadership) {
        let changed = self
            .sight
            .as_ref()
            .is_none_or(|s| (s.epoch, s.beats, s.released) != (seen.epoch, seen.beats, seen.released));
        if changed {
            let (epoch, beats, released) = (seen.epoch, seen.beats, seen.released);
            self.sight = Some(Sight { epoch, beats, released, since: Instant::now() });
        }
        let unchanged = self.sight.as_ref().map_or(Duration::ZERO, |s| s.since.elapsed());
        let mine = self.is_me(&seen.leader);
        match self.health.role() {
            Role::Leading if seen.epoch > self.health.epoch() && !mine => {
                self.engine.lost(seen.epoch, seen.leader.name.clone());
            }
            Role::Following => {
                let able = self.health.caught_up.load(Ordering::Acquire)
                    && !self.health.trying.load(Ordering::Acquire)
                    && !self.health.stopping.load(Ordering::Acquire);
                if let Some(why) = self.reason(seen, mine, unchanged).filter(|_| able) {
                    tracing::info!(epoch = seen.epoch, leader = %seen.leader.name, why, "trying to take the lead");
                    metrics::counter!("kazasu_takeovers_tried_total").increment(1);
                    self.engine.lead(seen.epoch);
                }
            }
            Role::Starting | Role::Leading | Role::Finished => {}
        }
    }

    /// Why this node should try to lead; `None` when it should not.
    fn reason(&self, seen: &Leadership, mine: bool, unchanged: Duration) -> Option<&'static str> {
        let same_name = seen.leader.name == self.node.name;
        if seen.epoch == 0 {
            return Some("nobody has led yet");
        }
        if seen.released {
            let wanted = seen.successor == self.node.name || (seen.successor.is_empty() && !mine);
            return match wanted {
                true => Some("the leader handed over"),
                false if unchanged > self.timing.takeover => Some("the leader handed over, and nobody took it"),
                false => None,
            };
        }
        if mine {
            return Some("this node's lead was interrupted");
        }
        if same_name {
            return Some("an earlier process of this node led");
        }
        // A link that is down as well shortens the wait: most often the leader's process is gone.
        let broken = !self.health.reachable.load(Ordering::Acquire);
        let limit = if broken { (self.timing.takeover / 2).max(self.timing.beat * 3) } else { self.timing.takeover };
        (unchanged > limit).then_some("the leader has stopped reporting")
    }
}
