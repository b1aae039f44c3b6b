//! Checkpoints: they show a rewritten journal, also where all of its administrators took part.
//!
//! The node that leads signs, every minute or every ten thousand records, with which record and hash the journal ends. The lines go
//! into a file beside the node's other data, from there to an append-only file elsewhere (the anchor), and now and then to an
//! authority that says at which time it saw one (RFC 3161). `kazasu ledger verify --trusted-key --anchor` compares the journal with
//! them.
//!
//! Nothing here is on the way of a tap: the tasks look once a second at the last record of which the writer is sure, and read
//! no record of the journal. They sign only such a record, and never one that the database shows: see
//! [`kazasu_store::signing`].
#![forbid(unsafe_code)]

mod lines;
mod log;
mod settings;
mod stamp;
mod status;

pub use lines::{Anchor, read_anchor};
pub use settings::{AuditSection, Settings, TimestampSection};
pub use status::Status;

use anyhow::Context;
use kazasu_engine::tasks::{Kind, Tasks, fault};
use kazasu_engine::{Engine, Role};
use kazasu_ledger::signed::{Certificate, Checkpoint, SignError, Signer, certificate_text, checkpoint_text};
use kazasu_ledger::{Body, Head};
use kazasu_schemas::jst::Millis;
use kazasu_store::Store;
use kazasu_store::signing::Signing;
use log::Log;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};

/// Between two looks at where the journal ends.
const LOOK: Duration = Duration::from_secs(1);
/// After a failure to sign, to write an anchor, and to get a time stamp.
const AGAIN: Duration = Duration::from_secs(5);
/// The time that a node that stops tries to hand its last checkpoint on.
const LEAVING: Duration = Duration::from_secs(5);
/// Milliseconds after which the key of batches is certified again.
const DAY: i64 = 24 * 60 * 60 * 1_000;

/// The last checkpoint of a file of them.
pub fn last_of(file: &std::path::Path) -> anyhow::Result<Option<Checkpoint>> {
    Log::new(file).last()
}

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
    /// The last certificate of the key that signs batches.
    certified: Mutex<Option<Certificate>>,
    status: Arc<Status>,
    /// Wakes the tasks that hand new lines on.
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
            certified: Mutex::new(None),
            status,
            settings,
            made: Notify::new(),
            stamp: Notify::new(),
        })))
    }

    /// Their progress.
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
        let (mut looked_back, mut pause, mut told) = (false, LOOK, false);
        loop {
            tokio::select! {
                () = tokio::time::sleep(std::mem::replace(&mut pause, LOOK)) => {}
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
            match signed {
                Ok(()) => told = false,
                // The device that signs is away: records wait for it, and no tap does.
                Err(error) if error.is::<SignError>() => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(
                            error = format!("{error:#}"),
                            "a checkpoint cannot be signed; it is tried again"
                        );
                    }
                    pause = AGAIN;
                }
                Err(error) => return Err(format!("no checkpoint: {error:#}")),
            }
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

    /// Signs the journal's end, unless it is signed already. It waits for the disk, and perhaps for a device.
    fn sign(&self, now: Millis) -> anyhow::Result<()> {
        let end = self.store.signing().and_then(|signing| signing.sure_of());
        let (Some(end), Some(book)) = (end, self.book.get()) else { return Ok(()) };
        if self.status.last().is_some_and(|(last, _)| last == end) {
            return Ok(());
        }
        let certificate = self.certify(book, now)?;
        let signature = self.signer.sign(checkpoint_text(book, &end, now).as_bytes())?;
        let public = self.signer.public_of(signature.key);
        let (book, public) = (book.clone(), public.context("the key that signed is not known any more")?);
        let made = Checkpoint { book, seq: end.seq, hash: end.hash, at: now, public, signature };
        let mut new: Vec<String> = certificate.as_ref().map(lines::write_certificate).into_iter().collect();
        new.push(lines::write(&made));
        self.log.append(&new)?;
        if certificate.is_some() {
            *self.certified.lock().unwrap_or_else(PoisonError::into_inner) = certificate;
        }
        self.status.made(&made);
        self.made.notify_one();
        self.stamp.notify_one();
        Ok(())
    }

    /// A certificate for the key that signs batches, where that is another one than signs checkpoints: once a day, so that an anchor
    /// that is begun anew has one soon.
    fn certify(&self, book: &str, now: Millis) -> anyhow::Result<Option<Certificate>> {
        let Some((version, key)) = self.store.signing().map(Signing::key) else { return Ok(None) };
        let public = self.signer.public();
        let known = self.certified.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let last = known.map_or_else(|| self.log.last_certificate(), |known| Ok(Some(known)))?;
        let stands = |last: &Certificate| {
            let same = (last.version, last.key, last.public) == (version, key, public) && last.book == book;
            same && (0..DAY).contains(&(now.0 - last.at.0))
        };
        if key == public || last.as_ref().is_some_and(stands) {
            return Ok(None);
        }
        let signature = self.signer.sign(certificate_text(book, version, &key, now).as_bytes())?;
        Ok(Some(Certificate { book: book.to_owned(), version, key, at: now, public, signature }))
    }

    /// Once, when this node begins to lead: does the journal still contain the record that this node signed last? It goes on
    /// either way, because a restored database must be able to, and says so loudly.
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
