//! The way to the leader: keeps every question until it is answered, and asks the next leader again. That is safe because a
//! question has a key, and the journal answers the same key once.

use super::Target;
use super::channel;
use super::identity::ClusterKey;
use super::message::{FromLeader, ToLeader, put, read};
use kazasu_engine::tasks::{Kind, broke_off, fault};
use kazasu_engine::trail::{self, about};
use kazasu_engine::{
    Asked, ConnectionHandle, Forwarder, Health, Inbound, Origin, Reply, ReplyBody, Role, send_by_connection,
};
use kazasu_schemas::wire::Request;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// The time that a message waits for a node that leads before it is refused. Longer than a take-over takes.
const LEADERLESS: Duration = Duration::from_secs(5);
/// The time that a question that was passed on waits for its answer. Longer than any issuer is waited for.
const UNANSWERED: Duration = Duration::from_secs(60);
/// The interval at which the leader is asked whether it is there.
const PING: Duration = Duration::from_millis(400);
/// A leader that says nothing for this long is not there.
const SILENCE: Duration = Duration::from_millis(2_000);
/// Between two attempts to reach it.
const RECONNECT: Duration = Duration::from_millis(50);
const CONNECT: Duration = Duration::from_secs(2);

enum Cmd {
    Take(Vec<Asked>),
    Back(crossbeam_channel::Sender<Vec<Asked>>),
}

/// Messages of the connection's task; the number says which connection.
enum News {
    Up(u64, mpsc::UnboundedSender<Vec<ToLeader>>),
    Heard(u64, Vec<FromLeader>),
    Down(u64, String),
}

/// The handle to the task that forwards.
pub struct LeaderForwarder {
    commands: mpsc::UnboundedSender<Cmd>,
}

impl LeaderForwarder {
    /// Starts the task on the current runtime. It goes to the leader that `target` names, under this node's `name`.
    pub fn start(
        name: &str,
        key: ClusterKey,
        target: watch::Receiver<Option<Target>>,
        health: Arc<Health>,
    ) -> LeaderForwarder {
        let tasks = health.tasks.clone();
        let (commands, rx) = mpsc::unbounded_channel();
        let (news_tx, news) = mpsc::unbounded_channel();
        let task = Task {
            name: name.into(),
            key,
            health,
            open: BTreeMap::new(),
            next: 0,
            to_leader: None,
            connection: None,
            number: 0,
            news: news_tx,
            leaderless: Some(Instant::now()),
        };
        // What is open outlives a task that breaks off: it is asked again over a new connection.
        let kept = Arc::new(tokio::sync::Mutex::new(Kept { task, commands: rx, news, target }));
        tasks.keep(Kind::Forward, "", move || {
            let kept = kept.clone();
            async move {
                let Kept { task, commands, news, target } = &mut *kept.lock().await;
                task.run(commands, news, target).await;
                Ok(())
            }
        });
        LeaderForwarder { commands }
    }
}

impl Forwarder for LeaderForwarder {
    fn forward(&self, asked: Vec<Asked>, health: &Health) {
        let (mine, peers): (Vec<_>, Vec<_>) = asked.into_iter().partition(|a| a.connection.origin == Origin::Acquirer);
        // Their own node asks the next leader itself; passing them on could go round in circles.
        for asked in peers {
            health.queued.fetch_sub(1, Ordering::AcqRel);
            asked.connection.went(1);
        }
        if mine.is_empty() {
            return;
        }
        metrics::counter!("kazasu_forwarded_total").increment(u64::try_from(mine.len()).unwrap_or(0));
        if let Err(mpsc::error::SendError(Cmd::Take(back))) = self.commands.send(Cmd::Take(mine)) {
            back.into_iter().for_each(|asked| asked.refuse(health));
        }
    }

    fn take_back(&self) -> Vec<Asked> {
        let (tx, rx) = crossbeam_channel::bounded(1);
        if self.commands.send(Cmd::Back(tx)).is_err() {
            return Vec::new();
        }
        rx.recv_timeout(Duration::from_secs(5)).or_else(|_| rx.try_recv()).unwrap_or_default()
    }
}

/// The task and its queues.
struct Kept {
    task: Task,
    commands: mpsc::UnboundedReceiver<Cmd>,
    news: mpsc::UnboundedReceiver<News>,
    target: watch::Receiver<Option<Target>>,
}

struct Task {
    name: Box<str>,
    key: ClusterKey,
    health: Arc<Health>,
    /// Every question without an answer, in the order in which it came, and when that was.
    open: BTreeMap<u64, (Instant, Asked)>,
    next: u64,
    /// The way of questions while the connection is up.
    to_leader: Option<mpsc::UnboundedSender<Vec<ToLeader>>>,
    connection: Option<JoinHandle<()>>,
    /// Of the connection; news of earlier ones are old.
    number: u64,
    news: mpsc::UnboundedSender<News>,
    /// Since when there has been no connection to a leader.
    leaderless: Option<Instant>,
}

impl Task {
    async fn run(
        &mut self,
        commands: &mut mpsc::UnboundedReceiver<Cmd>,
        news: &mut mpsc::UnboundedReceiver<News>,
        target: &mut watch::Receiver<Option<Target>>,
    ) {
        self.disconnect();
        let mut watched = true;
        let mut tick = tokio::time::interval(RECONNECT);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            fault(Kind::Forward);
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Cmd::Take(asked)) => self.take(asked),
                    Some(Cmd::Back(to)) => {
                        self.disconnect();
                        let all = std::mem::take(&mut self.open).into_values().map(|(_, asked)| asked).collect();
                        if let Err(crossbeam_channel::SendError(all)) = to.send(all) {
                            self.take(all);
                        }
                    }
                    None => return,
                },
                Some(news) = news.recv() => self.hear(news),
                changed = target.changed(), if watched => {
                    if changed.is_err() {
                        // The watch has ended; what is open still gets its answers from the leader that was last known.
                        watched = false;
                        continue;
                    }
                    self.disconnect();
                    self.connect(target.borrow_and_update().as_ref());
                }
                _ = tick.tick() => {
                    self.expire();
                    if self.connection.is_none() {
                        self.connect(target.borrow().as_ref());
                    }
                }
            }
        }
    }

    fn take(&mut self, asked: Vec<Asked>) {
        if self.to_leader.is_none() {
            self.leaderless.get_or_insert_with(Instant::now);
        }
        let mut questions = Vec::with_capacity(asked.len());
        for mut asked in asked {
            let tag = self.next;
            self.next += 1;
            if self.to_leader.is_some() {
                let span = trail::span(|| Some(asked.id()));
                span.in_scope(|| tracing::debug!(target: trail::STEPS, tag, "passed on to the leader"));
                questions.push(question(tag, &mut asked));
            }
            self.open.insert(tag, (Instant::now(), asked));
        }
        self.send(questions);
    }

    fn send(&mut self, questions: Vec<ToLeader>) {
        if let Some(to_leader) = self.to_leader.as_ref().filter(|_| !questions.is_empty())
            && to_leader.send(questions).is_err()
        {
            tracing::debug!("the connection to the leader has just ended; its news will say so");
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Up(number, to_leader) if number == self.number => {
                self.to_leader = Some(to_leader);
                self.leaderless = None;
                self.health.leader_ready.store(true, Ordering::Release);
                self.health.reachable.store(true, Ordering::Release);
                let again: Vec<ToLeader> =
                    self.open.iter_mut().map(|(tag, (_, asked))| question(*tag, asked)).collect();
                tracing::info!(questions = again.len(), "a connection to the leader is up");
                self.send(again);
            }
            News::Heard(number, messages) if number == self.number => self.answer(messages),
            News::Down(number, why) if number == self.number => {
                if self.to_leader.is_some() {
                    tracing::warn!(%why, "the connection to the leader is down");
                } else {
                    tracing::debug!(%why, "the leader cannot be reached");
                }
                self.disconnect();
                self.health.look.notify_one();
            }
            News::Up(..) | News::Heard(..) | News::Down(..) => {}
        }
    }

    /// Gives answers to the connections that asked, those of one connection together.
    fn answer(&mut self, messages: Vec<FromLeader>) {
        let mut replies: Vec<(Arc<ConnectionHandle>, Reply)> = Vec::with_capacity(messages.len());
        for message in messages {
            let tag = match &message {
                FromLeader::Answer(tag, _) | FromLeader::Totals(tag, _) => *tag,
                FromLeader::Pong(ready) => {
                    self.health.leader_ready.store(*ready, Ordering::Release);
                    continue;
                }
                FromLeader::Welcome(_) => continue,
            };
            // An answer to a question that was asked twice, and answered.
            let Some((_, asked)) = self.open.remove(&tag) else { continue };
            self.health.queued.fetch_sub(1, Ordering::AcqRel);
            let body = match (message, asked.message) {
                (FromLeader::Answer(_, answer), Inbound::Request(request)) => ReplyBody::Answer(request, answer),
                (FromLeader::Totals(_, totals), Inbound::Totals(_)) => ReplyBody::Totals(totals),
                _ => {
                    about!(error, asked.id(), tag, "the leader answered another kind of question than was asked");
                    asked.connection.went(1);
                    continue;
                }
            };
            let reply = Reply { body, received: asked.received, tag: asked.tag, record: None };
            replies.push((asked.connection, reply));
        }
        send_by_connection(replies.into_iter());
    }

    /// Gives up on what has waited too long.
    fn expire(&mut self) {
        if self.health.role() == Role::Leading {
            // It is not without a leader until it asks for one again.
            self.leaderless = None;
        }
        let alone = self.leaderless.is_some_and(|since| since.elapsed() > LEADERLESS);
        let limit = |asked: &Asked| match (asked.in_doubt, alone) {
            (true, _) => UNANSWERED,
            // There has been no leader for a while: no node can answer soon.
            (false, true) => Duration::ZERO,
            // It may have waited elsewhere before, for issuers during a hand-over: that does not count.
            (false, false) => LEADERLESS,
        };
        let late = |(tag, (taken, asked)): (&u64, &(Instant, Asked))| (taken.elapsed() > limit(asked)).then_some(*tag);
        let old: Vec<u64> = self.open.iter().filter_map(late).collect();
        for tag in old {
            if let Some((_, asked)) = self.open.remove(&tag) {
                asked.refuse(&self.health);
            }
        }
    }

    fn disconnect(&mut self) {
        self.number += 1;
        self.to_leader = None;
        self.leaderless.get_or_insert_with(Instant::now);
        self.health.reachable.store(false, Ordering::Release);
        if let Some(connection) = self.connection.take() {
            connection.abort();
        }
    }

    fn connect(&mut self, target: Option<&Target>) {
        let Some(target) = target.filter(|target| !target.node.address.is_empty()) else { return };
        let connection = Connection {
            number: self.number,
            name: self.name.clone(),
            key: self.key.clone(),
            to: target.node.name.clone(),
            address: target.node.address.clone(),
            epoch: target.epoch,
            news: self.news.clone(),
        };
        self.connection = Some(tokio::spawn(async move {
            let (number, news) = (connection.number, connection.news.clone());
            let why = match kazasu_engine::tasks::unwound(connection.run()).await {
                Ok(Ok(())) => "closed".to_owned(),
                Ok(Err(error)) => error.to_string(),
                // Without this the node would go on taking the leader for reachable.
                Err(panic) => {
                    broke_off(Kind::LeaderConnection, &panic);
                    panic
                }
            };
            let _ = news.send(News::Down(number, why));
        }));
    }
}

/// A question for the leader. One that may have been asked before says so, as a terminal would with 0201: then it is never
/// refused, only answered or left open. The answer is put together from the terminal's own message.
fn question(tag: u64, asked: &mut Asked) -> ToLeader {
    let again = std::mem::replace(&mut asked.in_doubt, true);
    let message = match asked.message {
        Inbound::Request(request) if again => Inbound::Request(Request { mti: request.mti.as_repeat(), ..request }),
        message => message,
    };
    ToLeader::Ask(tag, message)
}

/// One connection to one leader.
struct Connection {
    number: u64,
    name: Box<str>,
    key: ClusterKey,
    /// The name of the node that leads.
    to: String,
    address: String,
    epoch: u64,
    news: mpsc::UnboundedSender<News>,
}

impl Connection {
    async fn run(self) -> std::io::Result<()> {
        let late = |_| std::io::Error::from(std::io::ErrorKind::TimedOut);
        let opening = async {
            let socket = TcpStream::connect(&self.address).await?;
            let (mut sender, mut receiver) = channel::initiate(socket, &self.key, &self.to).await?;
            put(&mut sender, std::iter::once(ToLeader::Hello(self.name.clone())))?;
            sender.flush().await?;
            let welcome = read::<FromLeader>(receiver.next().await?).next();
            match welcome {
                // A later epoch is the same node that has taken the lead again.
                Some(Ok(FromLeader::Welcome(epoch))) if epoch >= self.epoch => Ok((sender, receiver)),
                _ => Err(std::io::Error::other("that node does not lead")),
            }
        };
        let (mut sender, mut receiver) = tokio::time::timeout(CONNECT, opening).await.map_err(late)??;
        let (tx, mut questions) = mpsc::unbounded_channel::<Vec<ToLeader>>();
        let _ = self.news.send(News::Up(self.number, tx));
        let asking = async {
            let mut ping = tokio::time::interval(PING);
            loop {
                fault(Kind::LeaderConnection);
                tokio::select! {
                    batch = questions.recv() => {
                        let Some(batch) = batch else { return Ok(()) };
                        put(&mut sender, batch.into_iter())?;
                        // All that is ready leaves together.
                        while let Ok(batch) = questions.try_recv() {
                            put(&mut sender, batch.into_iter())?;
                        }
                    }
                    _ = ping.tick() => put(&mut sender, std::iter::once(ToLeader::Ping))?,
                }
                sender.flush().await?;
            }
        };
        let hearing = async {
            loop {
                let frame = tokio::time::timeout(SILENCE, receiver.next()).await.map_err(late)??;
                let messages = read::<FromLeader>(frame).collect::<std::io::Result<Vec<_>>>()?;
                let _ = self.news.send(News::Heard(self.number, messages));
            }
        };
        tokio::select! {
            end = asking => end,
            end = hearing => end,
        }
    }
}
