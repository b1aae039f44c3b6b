//! Checkpoints: what shows that nobody rewrote the journal, also where everybody who could look after it took part.
//!
//! The node that leads signs, every minute or every ten thousand records, with which record and hash the journal ends. The lines go
//! into a file beside the node's other data, from there to an append-only file elsewhere (the anchor), and now and then to an
//! authority that says at which time it saw one (RFC 3161). `kazasu ledger verify --trusted-key --anchor` holds the journal against
//! them.
//!
//! Nothing here is on the way of a tap: the tasks look once a second at what the writer is sure of, and read no record of the
//! journal. Only such a record is signed, never what the database shows: see [`kazasu_store::signing`].

mod lines;
mod log;
mod settings;
mod stamp;
mod status;

pub use lines::{Anchor, read_anchor};
pub use settings::{AuditSection, Settings, TimestampSection};
pub use status::Status;

use kazasu_engine::tasks::{Kind, Tasks, fault};
use kazasu_engine::{Engine, Role};
use kazasu_ledger::signed::{Checkpoint, Signer, checkpoint_text};
use kazasu_ledger::{Body, Head};
use kazasu_schemas::jst::Millis;
use kazasu_store::Store;
use log::Log;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Between two looks at where the journal ends.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure to write an anchor, and to get a time stamp.
const AGAIN: Duration = Duration::from_secs(5);
/// How long a node that stops tries to hand its last checkpoint on.
const LEAVING: Duration = Duration::from_secs(5);

/// Makes checkpoints and hands them on.
#[derive(Clone)]
pub struct Checkpoints(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    signer: Arc<dyn Signer>,
    settings: Settings,
    /// The book's name, once its first record was read.
    book: OnceLock<String>,
    log: Log,
    status: Arc<Status>,
    /// There is a new line for those that hand lines on.
    made: Notify,
    stamp: Notify,
}

impl Checkpoints {
    /// For a store whose batches are signed, and the keys that sign checkpoints.
    pub fn new(store: Arc<dyn Store>, signer: Arc<dyn Signer>, settings: Settings) -> anyhow::Result<Self> {
        let log = Log::new(&settings.file);
        let status = Arc::new(Status::new(&settings));
        if let Some(last) = log.last()? {
            status.known(&last);
        }
        Ok(Checkpoints(Arc::new(Inner {
            store,
            signer,
            book: OnceLock::new(),
            log,
            status,
            settings,
            made: Notify::new(),
            stamp: Notify::new(),
        })))
    }

    /// What is known of them.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        self.0.status.clone()
    }

    /// Starts the tasks, which end when `signal` turns true.
    pub fn start(&self, engine: &Engine, tasks: &Tasks, signal: &watch::Receiver<bool>) {
        let (me, engine, ends) = (self.0.clone(), engine.clone(), signal.clone());
        tasks.keep(Kind::Checkpoints, "sign", move || me.clone().keep_signing(engine.clone(), ends.clone()));
        if self.0.settings.anchor.is_some() {
            let (me, ends) = (self.0.clone(), signal.clone());
            tasks.keep(Kind::Checkpoints, "anchor", move || me.clone().keep_anchoring(ends.clone()));
        }
        if self.0.settings.timestamps.is_some() {
            let (me, ends) = (self.0.clone(), signal.clone());
            tasks.keep(Kind::Checkpoints, "timestamp", move || me.clone().keep_stamping(ends.clone()));
        }
    }

    /// The last checkpoint of a node that led and has written its last record.
    pub async fn finish(&self, now: Millis) {
        let last = async {
            self.0.read_book().await?;
            let me = self.0.clone();
            tokio::task::spawn_blocking(move || me.sign(now).and_then(|()| me.hand_on())).await?
        };
        let done = tokio::time::timeout(LEAVING, last).await;
        if let Err(error) = done.unwrap_or_else(|_| Err(anyhow::anyhow!("not within {LEAVING:?}"))) {
            let error = format!("{error:#}");
            tracing::warn!(error, "the last checkpoint was not made or not anchored; the next start does it");
        }
    }
}

impl Inner {
    async fn keep_signing(self: Arc<Self>, engine: Engine, mut signal: watch::Receiver<bool>) -> Result<(), String> {
        let mut looked_back = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = signal.changed() => return Ok(()),
            }
            fault(Kind::Checkpoints);
            let leads = engine.health().role() == Role::Leading;
            let end = self.store.signing().and_then(|signing| signing.sure_of()).filter(|_| leads);
            if leads && !looked_back {
                looked_back = self.look_back().await;
            }
            self.status.journal_ends(end, Instant::now());
            self.status.publish(Instant::now());
            if !self.is_due(end) {
                continue;
            }
            self.read_book().await.map_err(|error| format!("no checkpoint: {error:#}"))?;
            let (me, now) = (self.clone(), engine.now());
            let signed = tokio::task::spawn_blocking(move || me.sign(now)).await.map_err(|error| error.to_string())?;
            signed.map_err(|error| format!("no checkpoint: {error:#}"))?;
        }
    }

    /// Is there something new, and enough of it or for long enough?
    fn is_due(&self, end: Option<Head>) -> bool {
        let Some(end) = end else { return false };
        let Some((last, age)) = self.status.last() else { return true };
        last != end
            && (end.seq.saturating_sub(last.seq) >= self.settings.records
                || age.is_none_or(|age| age >= self.settings.every))
    }

    /// Reads the book's name from the journal's first record.
    async fn read_book(&self) -> anyhow::Result<()> {
        if self.book.get().is_none() {
            let first = self.store.reader().await?.scan(1, 1).await?;
            let Some(Body::Opened(opened)) = first.first().map(|entry| Body::read(&entry.body)).transpose()? else {
                anyhow::bail!("the journal does not begin with its opening");
            };
            let _ = self.book.set(opened.book);
        }
        Ok(())
    }

    /// Signs where the journal ends, unless that is signed already. It waits for the disk, and perhaps for a device.
    fn sign(&self, now: Millis) -> anyhow::Result<()> {
        let end = self.store.signing().and_then(|signing| signing.sure_of());
        let (Some(end), Some(book)) = (end, self.book.get()) else { return Ok(()) };
        if self.status.last().is_some_and(|(last, _)| last == end) {
            return Ok(());
        }
        let signature = self.signer.sign(checkpoint_text(book, &end, now).as_bytes())?;
        let (book, public) = (book.clone(), self.signer.public());
        let made = Checkpoint { book, seq: end.seq, hash: end.hash, at: now, public, signature };
        self.log.append(&[lines::write(&made)])?;
        self.status.made(&made);
        self.made.notify_one();
        self.stamp.notify_one();
        Ok(())
    }

    /// Once, when this node begins to lead: does the journal still contain what this node signed last? It goes on either way,
    /// because a restored database must be able to, and says so loudly.
    async fn look_back(&self) -> bool {
        let Some((last, _)) = self.status.last() else { return true };
        let found = async { self.store.reader().await?.scan(last.seq, 1).await }.await;
        let Ok(found) = found else { return false };
        if found.first().is_none_or(|entry| entry.hash != last.hash) {
            let what = if found.is_empty() { "is missing" } else { "is another one" };
            let record = last.seq;
            tracing::error!(
                record,
                "record {record} {what}, of which this node signed a checkpoint: the journal was cut or rewritten, or restored to an \
                 earlier point; run `kazasu ledger verify` with the anchor"
            );
            self.status.contradicted(format!("record {record} {what}, of which this node signed a checkpoint"));
        }
        true
    }

    /// Hands every line that the anchor lacks on to it.
    fn hand_on(&self) -> anyhow::Result<()> {
        let Some(anchor) = &self.settings.anchor else { return Ok(()) };
        let anchor = Log::new(anchor);
        let missing = self.log.since(&anchor)?;
        anchor.append(&missing)?;
        if let Some(last) = self.log.last()? {
            self.status.anchored(&last);
        }
        Ok(())
    }

    async fn keep_anchoring(self: Arc<Self>, mut signal: watch::Receiver<bool>) -> Result<(), String> {
        let mut told = false;
        loop {
            let me = self.clone();
            let handed_on =
                tokio::task::spawn_blocking(move || me.hand_on()).await.map_err(|error| error.to_string())?;
            let pause = match handed_on {
                Ok(()) => {
                    told = false;
                    Duration::MAX
                }
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "checkpoints cannot be anchored; it is tried again"
                        );
                    }
                    AGAIN
                }
            };
            tokio::select! {
                () = self.made.notified() => {}
                () = tokio::time::sleep(pause.min(Duration::from_secs(3_600))) => {}
                _ = signal.changed() => return Ok(()),
            }
        }
    }

    async fn keep_stamping(self: Arc<Self>, mut signal: watch::Receiver<bool>) -> Result<(), String> {
        let Some(authority) = self.settings.timestamps.clone() else { return Ok(()) };
        let mut told = false;
        loop {
            // Nothing new, nothing to stamp.
            if self.status.is_stamped() {
                tokio::select! {
                    () = self.stamp.notified() => continue,
                    _ = signal.changed() => return Ok(()),
                }
            }
            let (me, to) = (self.clone(), authority.clone());
            let stamped = tokio::task::spawn_blocking(move || me.stamp_last(&to)).await;
            let pause = match stamped.map_err(|error| error.to_string())? {
                Ok(()) => {
                    told = false;
                    authority.every
                }
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "no time stamp of a checkpoint; it is tried again"
                        );
                    }
                    AGAIN
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = signal.changed() => return Ok(()),
            }
        }
    }

    /// Has the last checkpoint stamped, unless that has been done.
    fn stamp_last(&self, authority: &settings::Timestamps) -> anyhow::Result<()> {
        let Some(last) = self.log.last()? else { return Ok(()) };
        stamp::stamp(&last, authority)?;
        self.status.stamped(&last);
        Ok(())
    }
}
