//! The watch over the store: reports what this node does, learns who leads, and says when to try.
//!
//! Time only decides when to try. Two nodes that try at once are told apart by the epoch, and a node that believes to lead for
//! longer than it does can keep nothing.

use super::Target;
use kazasu_engine::tasks::{Kind, fault};
use kazasu_engine::{Engine, Health, Role};
use kazasu_ledger::Seq;
use kazasu_store::Store;
use kazasu_store::journal::{Leadership, Node, NodeReport, Watch};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The rule by which a node tries to lead.
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

/// A node's last sight of the leader, and the time since then, by its own clock that only goes forward.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Sight {
    epoch: u64,
    beats: i64,
    released: bool,
    silence: Duration,
}

impl Sight {
    /// The knowledge after `seen`. `observed` is the time since the look before, if the node looked on during it: time
    /// in which it could have missed a report is no silence, and takes none of the silence that was observed before.
    fn after(before: Option<Sight>, seen: &Leadership, observed: Duration) -> Sight {
        // A leader that has let go still reports, as a node that follows.
        let beats = if seen.released { 0 } else { seen.beats };
        let now = Sight { epoch: seen.epoch, beats, released: seen.released, silence: Duration::ZERO };
        match before {
            Some(before) if (Sight { silence: Duration::ZERO, ..before }) == now => {
                Sight { silence: before.silence + observed, ..before }
            }
            _ => now,
        }
    }
}

/// The thing that is watched.
pub struct Watched {
    /// The store that the nodes share.
    pub store: Arc<dyn Store>,
    /// The node that watches.
    pub node: Node,
    /// The time at which this node tries to lead.
    pub timing: Timing,
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
    /// The last attempt to lead.
    tried: Option<Instant>,
    /// The last report that was answered.
    beaten: Option<Instant>,
}

impl Watcher {
    /// Prepares the watch. `target` tells where questions go.
    pub fn new(watched: Watched, engine: Engine, target: watch::Sender<Option<Target>>) -> Self {
        let Watched { store, node, timing } = watched;
        let health = engine.health().clone();
        metrics::gauge!("kazasu_store_watched").set(0.0);
        Watcher { store, node, timing, engine, health, target, sight: None, tried: None, beaten: None }
    }

    /// Watches until shutdown. It can be run again after it broke off.
    pub async fn run(&mut self, mut shutdown: watch::Receiver<bool>) {
        self.sight = None;
        let mut connection: Option<Box<dyn Watch>> = None;
        let mut troubled = false;
        loop {
            fault(Kind::Watch);
            let begin = Instant::now();
            match self.beat(&mut connection).await {
                Ok(()) => {
                    if std::mem::take(&mut troubled) {
                        tracing::info!("the store can be watched again");
                    }
                }
                Err(error) => {
                    connection = None;
                    self.sight = None;
                    if !std::mem::replace(&mut troubled, true) {
                        tracing::warn!(%error, "the store cannot be watched");
                    }
                }
            }
            self.health.unwatched.store(troubled, Ordering::Release);
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
        let role = match self.health.role() {
            _ if self.health.halted().is_some() => "halted",
            Role::Following if !self.health.caught_up.load(Ordering::Acquire) => "catching up",
            role => role.name(),
        };
        let applied: Seq = self.health.durable.load(Ordering::Acquire);
        let asked = Instant::now();
        let seen = watch.beat(&NodeReport { applied, role: role.into() }).await?;
        if let Some((epoch, successor)) = self.health.released() {
            if !watch.release(epoch, successor).await? {
                tracing::warn!(epoch, "the lead was not released: the store is at another epoch");
            }
            self.health.release_is_known();
            return Ok(());
        }
        // Only silence that was observed counts: neither an answer that took its time nor a pause of this node's own.
        let gap = (self.timing.takeover / 2).max(self.timing.beat * 3);
        let slow = asked.elapsed() > self.timing.takeover / 2;
        let passed = self.beaten.map_or(Duration::ZERO, |at| at.elapsed());
        let observed = if slow || passed > gap { Duration::ZERO } else { passed };
        self.beaten = Some(Instant::now());
        self.sight = Some(Sight::after(self.sight, &seen, observed));
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
        let behind = match self.health.role() {
            Role::Following | Role::Starting => {
                seen.applied.saturating_sub(self.health.durable.load(Ordering::Acquire))
            }
            Role::Leading | Role::Finished => 0,
        };
        metrics::gauge!("kazasu_lag_records").set(f64::from(u32::try_from(behind).unwrap_or(u32::MAX)));
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
        let unchanged = self.sight.map_or(Duration::ZERO, |sight| sight.silence);
        let mine = self.is_me(&seen.leader);
        match self.health.role() {
            Role::Leading if seen.epoch > self.health.epoch() && !mine => {
                self.engine.lost(seen.epoch, seen.leader.name.clone());
            }
            // Two processes with one name would take the lead from each other without end. The one that led before ends.
            Role::Following if seen.leader.name == self.node.name && !mine && self.health.epoch() > 0 => {
                let why = format!("another process uses this node's name, {}, and leads", self.node.name);
                tracing::error!(%why, "this node ends");
                self.health.finish(why);
            }
            // Its own hand-over is not in the store yet.
            Role::Following if self.health.released().is_some() => {}
            Role::Following => {
                let able = self.health.caught_up.load(Ordering::Acquire)
                    && !self.health.trying.load(Ordering::Acquire)
                    && !self.health.stopping.load(Ordering::Acquire)
                    && self.tried.is_none_or(|at| at.elapsed() > self.timing.beat);
                let reachable = self.health.reachable.load(Ordering::Acquire);
                let why = reason(&self.node, &self.timing, &View { seen, unchanged, reachable });
                if let Some(why) = why.filter(|_| able) {
                    tracing::info!(epoch = seen.epoch, leader = %seen.leader.name, why, "trying to take the lead");
                    metrics::counter!("kazasu_takeovers_tried_total").increment(1);
                    self.tried = Some(Instant::now());
                    self.engine.lead(seen.epoch);
                }
            }
            Role::Starting | Role::Leading | Role::Finished => {}
        }
    }
}

/// A node's knowledge of the lead.
struct View<'a> {
    seen: &'a Leadership,
    /// For how long it has seen nothing else.
    unchanged: Duration,
    /// It has a connection to the leader.
    reachable: bool,
}

/// The reason for `me` to try to lead; `None` when there is none.
fn reason(me: &Node, timing: &Timing, view: &View<'_>) -> Option<&'static str> {
    let &View { seen, unchanged, reachable } = view;
    let mine = seen.leader.name == me.name && seen.leader.incarnation == me.incarnation;
    if seen.epoch == 0 {
        return Some("no node has led yet");
    }
    if seen.released {
        let wanted = seen.successor == me.name || (seen.successor.is_empty() && !mine);
        let late = (unchanged > timing.takeover).then_some("the leader handed over, and no node took it");
        return if wanted { Some("the leader handed over") } else { late };
    }
    if mine {
        return Some("this node's lead was interrupted");
    }
    if seen.leader.name == me.name && unchanged > timing.beat * 2 {
        return Some("an earlier process of this node led");
    }
    // A connection that is down as well shortens the wait: most often the leader's process is gone.
    let limit =
        if reachable { timing.takeover } else { (timing.takeover / 2).max(timing.beat * 3).min(timing.takeover) };
    (unchanged > limit).then_some("the leader has stopped reporting")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, incarnation: u64) -> Node {
        Node { name: name.into(), incarnation, ..Node::default() }
    }

    /// A node that does not get the processor for a while has missed what came meanwhile, and not what it saw before.
    #[test]
    fn silence_counts_as_far_as_it_was_observed() {
        let seen = |beats| Leadership { epoch: 5, beats, ..Leadership::default() };
        let mut sight = None;
        let mut look = |beats, observed_ms| {
            let now = Sight::after(sight, &seen(beats), Duration::from_millis(observed_ms));
            sight = Some(now);
            now.silence.as_millis()
        };
        assert_eq!(look(1, 250), 0);
        assert_eq!([look(1, 500), look(1, 500)], [500, 1_000]);
        assert_eq!(look(1, 0), 1_000, "a pause of this node's own");
        assert_eq!([look(1, 600), look(2, 250), look(2, 250)], [1_600, 0, 250]);
        let released = Leadership { released: true, ..seen(2) };
        assert_eq!(Sight::after(sight, &released, Duration::from_secs(1)).silence, Duration::ZERO);
    }

    #[test]
    fn a_node_tries_when_and_only_when_the_lead_is_free_for_it() {
        let me = node("a", 1);
        let led_by = |leader: Node| Leadership { epoch: 5, leader, ..Leadership::default() };
        let released = |leader: Node, successor: &str| Leadership {
            released: true,
            successor: successor.into(),
            ..led_by(leader)
        };
        let other = || node("b", 2);
        for (seen, ms, reachable, tries) in [
            (Leadership::default(), 0, false, true),
            (led_by(other()), 1_000, true, false),
            (led_by(other()), 1_600, true, true),
            (led_by(other()), 700, false, false),
            (led_by(other()), 800, false, true),
            (led_by(node("a", 1)), 0, false, true),
            (led_by(node("a", 9)), 400, false, false),
            (led_by(node("a", 9)), 600, false, true),
            (released(other(), ""), 0, false, true),
            (released(other(), "a"), 0, false, true),
            (released(other(), "c"), 0, false, false),
            // The node that let go takes it back only when no other node does.
            (released(other(), "c"), 1_600, false, true),
            (released(node("a", 1), ""), 0, false, false),
            (released(node("a", 1), ""), 1_600, false, true),
            (released(node("a", 9), ""), 0, false, true),
        ] {
            let view = View { seen: &seen, unchanged: Duration::from_millis(ms), reachable };
            let why = reason(&me, &Timing::default(), &view);
            assert_eq!(why.is_some(), tries, "{seen:?} unchanged for {ms} ms, reachable {reachable}: {why:?}");
        }
    }
}
