//! Not leading: following the journal where there are several nodes, and waiting for the lead.
//!
//! A node alone takes the lead at once and is done here as soon as it has it. Among several, the state follows what the leader
//! writes, acquirers' messages go to the leader, and the watch over the store says when to try to lead.

use super::context::CoreContext;
use super::handle::Msg;
use super::health::{Health, Role};
use super::inbound::CommandError;
use super::replica::{Broken, Replica};
use super::reply::Asked;
use super::time::AUDITED;
use super::writer::{News, PAGE, Writer};
use crate::tasks::{Kind, OnPanic, fault};
use crossbeam_channel::{Receiver, Sender, bounded, never, select};
use kazasu_ledger::{Entry, Head};
use kazasu_store::{Claim, LeadError, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The interval at which the journal is asked for more.
const POLL: Duration = Duration::from_millis(40);
/// Records that come within this after the journal's end was read were written since: far below what a clock may be wrong by.
const FRESH: Duration = Duration::from_secs(10);
/// The pause after a failed attempt to lead or to read.
const RETRY: Duration = Duration::from_secs(1);

/// The end of waiting.
pub(crate) enum Next {
    /// The lead is ours.
    Lead { writer: Writer, epoch: u64 },
    /// The switch is to stop.
    Stop,
    /// This process can never lead again.
    Finished(String),
    /// It could not even begin.
    Failed(anyhow::Error),
}

enum Followed {
    Page(Vec<Entry>),
    CaughtUp,
    Trouble(String),
}

pub(crate) struct Waiting<'a> {
    pub(crate) context: &'a CoreContext,
    pub(crate) replica: &'a mut Replica,
    /// A writer that lost the lead and has not reported the outcome of its batch yet.
    pub(crate) old: Option<Writer>,
    /// The epoch that a node alone held before.
    pub(crate) held: Option<u64>,
    /// True until the first time that anything worked.
    pub(crate) starting: bool,
}

/// The work under way while the lead is waited for.
struct UnderWay {
    follower: Option<Follower>,
    /// One that tries to lead.
    writer: Option<Writer>,
    /// The time of the next attempt of a node alone.
    try_at: Option<Instant>,
    /// The number of times in a row that the journal was read again from its beginning.
    resets: u32,
    /// The time at which the journal's end was read last. A record that comes soon after it was written just now, and says what time the leader has;
    /// after a pause of the reader it may have been written at any time of the pause.
    end_read: Option<Instant>,
}

impl Waiting<'_> {
    /// Waits until this node leads. `ready` is called as soon as the node is of use.
    pub(crate) fn run(mut self, again: Vec<Asked>, ready: &mut dyn FnMut()) -> Next {
        self.forward(again);
        let shared = self.context.config.shared;
        let mut way = UnderWay {
            follower: shared.then(|| self.follower(self.replica.head())),
            writer: None,
            try_at: (!shared).then(Instant::now),
            resets: 0,
            end_read: None,
        };
        loop {
            if let Some(next) = self.try_again(&mut way) {
                return next;
            }
            let pause = way.try_at.map_or(RETRY, |at| at.saturating_duration_since(Instant::now()));
            let pages = way.follower.as_ref().map_or_else(never, |f| f.news.clone());
            let old = self.old.as_ref().map_or_else(never, |w| w.news.clone());
            let claim = way.writer.as_ref().map_or_else(never, |w| w.news.clone());
            let next = select! {
                recv(claim) -> news => self.claimed(news.ok(), &mut way),
                recv(pages) -> news => self.followed(news.ok(), &mut way, ready),
                recv(old) -> news => {
                    match news {
                        Ok(News::Failed(_, open)) => self.forward(open),
                        Ok(_) => {}
                        Err(_) => self.old = None,
                    }
                    None
                },
                recv(self.context.rx) -> msg => self.told(msg.ok(), &mut way),
                default(pause) => None,
            };
            if let Some(next) = next {
                return next;
            }
        }
    }

    /// A node alone tries to lead, when it is time to.
    fn try_again(&self, way: &mut UnderWay) -> Option<Next> {
        let at = way.try_at.filter(|at| way.writer.is_none() && *at <= Instant::now())?;
        way.try_at = None;
        match self.claim(self.held) {
            Ok(claimed) => way.writer = Some(claimed),
            Err(error) if self.starting => return Some(Next::Failed(error.into())),
            Err(_) => way.try_at = Some(at + RETRY),
        }
        None
    }

    /// A message of the writer that tries to lead; `None` when it is gone.
    fn claimed(&mut self, news: Option<News>, way: &mut UnderWay) -> Option<Next> {
        let writer = way.writer.take();
        if let Some(News::Taken { epoch }) = news {
            let writer = writer.expect("its news came");
            return Some(Next::Lead { writer, epoch });
        }
        self.context.health.trying.store(false, Ordering::Release);
        let Some(News::NotTaken(error)) = news else { return None };
        let shared = self.context.config.shared;
        let next = self.not_taken(error, shared);
        if next.is_none() && !shared {
            way.try_at = Some(Instant::now() + RETRY);
        }
        next
    }

    /// A message of the follower; `None` when it is gone.
    fn followed(&mut self, news: Option<Followed>, way: &mut UnderWay, ready: &mut dyn FnMut()) -> Option<Next> {
        match news {
            Some(Followed::Page(page)) => match self.replica.apply(&page) {
                Ok(()) => {
                    self.context.health.durable.store(self.replica.state.seq, Ordering::Release);
                    if way.end_read.take().is_some_and(|at| at.elapsed() < FRESH) {
                        self.context.saw(self.replica.state.at);
                    }
                }
                Err(broken) => return self.broken(&broken, way),
            },
            Some(Followed::CaughtUp) => {
                way.end_read = Some(Instant::now());
                way.resets = 0;
                self.starting = false;
                self.context.follows(&self.replica.state);
                self.context.health.caught_up.store(true, Ordering::Release);
                self.context.health.set_halted(None);
                self.context.role(Role::Following);
                ready();
            }
            Some(Followed::Trouble(why)) if self.starting => return Some(Next::Failed(anyhow::anyhow!(why))),
            Some(Followed::Trouble(why)) => tracing::warn!(%why, "the journal cannot be followed"),
            None => way.follower = Some(self.follower(self.replica.head())),
        }
        None
    }

    /// A record that was read before may no longer exist: its primary may have died before the standby had it. Once,
    /// the journal is read again from its beginning.
    fn broken(&mut self, broken: &Broken, way: &mut UnderWay) -> Option<Next> {
        tracing::error!(%broken, "the journal does not continue what this node has read");
        if way.resets > 0 {
            return Some(Next::Finished(broken.to_string()));
        }
        way.resets += 1;
        *self.replica = Replica::default();
        self.context.health.caught_up.store(false, Ordering::Release);
        way.follower = Some(self.follower(Head::EMPTY));
        None
    }

    /// A message to the switch while it does not lead; `None` when no more can come.
    fn told(&mut self, msg: Option<Msg>, way: &mut UnderWay) -> Option<Next> {
        match msg {
            Some(Msg::Stop) | None => return Some(Next::Stop),
            // Not before the outcome of the last lead's batch is known.
            Some(Msg::Lead { expected })
                if self.context.config.shared && way.writer.is_none() && self.old.is_none() =>
            {
                match self.claim(Some(expected)) {
                    Ok(claimed) => way.writer = Some(claimed),
                    Err(error) => {
                        self.context.health.trying.store(false, Ordering::Release);
                        tracing::error!(%error, "no thread for the writer");
                    }
                }
            }
            Some(msg) => self.take(msg),
        }
        None
    }

    fn follower(&self, from: Head) -> Follower {
        Follower::start(self.context.store.clone(), from, &self.context.health)
    }

    fn claim(&self, expected: Option<u64>) -> std::io::Result<Writer> {
        let claim = Claim { node: self.context.config.node.clone(), expected };
        self.context.health.trying.store(true, Ordering::Release);
        let context = self.context;
        Writer::start(context.store.clone(), claim, context.issuers.clone(), context.health.clone())
    }

    fn not_taken(&mut self, error: LeadError, shared: bool) -> Option<Next> {
        match error {
            LeadError::Taken { current, holder } if shared => {
                tracing::info!(epoch = current, %holder, "another node was faster");
                None
            }
            error @ LeadError::Taken { .. } if self.starting => Some(Next::Failed(error.into())),
            LeadError::Taken { current, .. } => {
                let held = self.held.unwrap_or(0);
                Some(Next::Finished(format!("another writer has the lead (epoch {current}, this one held {held})")))
            }
            LeadError::Store(error) if self.starting => Some(Next::Failed(error.into())),
            LeadError::Store(error) => {
                tracing::warn!(%error, "the lead could not be taken");
                if !shared {
                    self.context.health.set_halted(Some(error.to_string()));
                }
                None
            }
        }
    }

    /// Questions that this node cannot answer.
    fn forward(&self, asked: Vec<Asked>) {
        if !asked.is_empty() {
            self.context.forwarder.forward(asked, &self.context.health);
        }
    }

    fn take(&mut self, msg: Msg) {
        match msg {
            Msg::Inbound { connection, received, first_tag, messages } => {
                let asked = messages.into_iter().zip(first_tag..).map(|(message, tag)| Asked {
                    connection: connection.clone(),
                    received,
                    tag,
                    message,
                    in_doubt: false,
                });
                self.forward(asked.collect());
            }
            Msg::Command(_, to) => {
                let why = match self.context.health.halted() {
                    Some(why) => CommandError::Halted(why),
                    None => CommandError::NotLeader(self.context.health.leader().http),
                };
                let _ = to.send(Err(why));
            }
            Msg::Query(ask) => ask(&self.replica.state),
            Msg::HandOver { reply, .. } => {
                let _ = reply.send(Err("this node does not lead".into()));
            }
            // Answers to what an earlier lead sent: the leader of now has reversed those taps or will ask again. Losing the
            // lead is no news here, and another attempt is under way already.
            Msg::Events(_) | Msg::Lost { .. } | Msg::Lead { .. } => {}
            Msg::Tick => {
                self.context.look_at_clock();
                self.context.audit(&mut self.replica.state, AUDITED);
            }
            Msg::Stop => unreachable!("handled where the loop ends"),
        }
    }
}

/// Reads the journal as it grows, on a thread and connection of its own.
struct Follower {
    news: Receiver<Followed>,
}

impl Follower {
    fn start(store: Arc<dyn Store>, from: Head, health: &Health) -> Follower {
        let tasks = health.tasks.clone();
        let (tx, news) = bounded(4);
        let thread = std::thread::Builder::new().name("kazasu-follow".into()).spawn(move || {
            let _noted = OnPanic::new(&tasks, Kind::Follower);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => runtime.block_on(follow(store.as_ref(), from.seq + 1, &tx)),
                Err(error) => drop(tx.send(Followed::Trouble(format!("no runtime for following: {error}")))),
            }
        });
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for following");
        }
        Follower { news }
    }
}

/// Ends when no caller listens any more.
async fn follow(store: &dyn Store, mut next: u64, tx: &Sender<Followed>) {
    loop {
        let trouble = match store.reader().await {
            Err(error) => error,
            Ok(mut reader) => loop {
                fault(Kind::Follower);
                let page = match reader.scan(next, PAGE).await {
                    Ok(page) => page,
                    Err(error) => break error,
                };
                let whole = page.len() == PAGE;
                if let Some(last) = page.last() {
                    next = last.seq + 1;
                    if tx.send(Followed::Page(page)).is_err() {
                        return;
                    }
                }
                if !whole {
                    if tx.send(Followed::CaughtUp).is_err() {
                        return;
                    }
                    tokio::time::sleep(POLL).await;
                }
            },
        };
        if tx.send(Followed::Trouble(trouble.to_string())).is_err() {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Reads what the journal has that the state does not. The lead is ours already, so it will not grow meanwhile.
pub(crate) fn catch_up(writer: &Writer, replica: &mut Replica, health: &Health) -> anyhow::Result<()> {
    anyhow::ensure!(writer.jobs.send(super::writer::Job::Read(replica.head())).is_ok(), "the writer is gone");
    loop {
        match writer.news.recv() {
            Ok(News::Page(_)) if health.stopping.load(Ordering::Acquire) => anyhow::bail!("the switch is stopping"),
            Ok(News::Page(page)) => replica.apply(&page)?,
            Ok(News::FromTheBeginning) => *replica = Replica::default(),
            Ok(News::CaughtUp) => return Ok(()),
            Ok(News::Unreadable(error)) => return Err(error.into()),
            Ok(_) => {}
            Err(_) => anyhow::bail!("the writer is gone"),
        }
    }
}
