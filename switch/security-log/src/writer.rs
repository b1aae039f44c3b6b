//! The thread that writes: lines that wait together share a write and an fsync. When that fails, what was half written is taken back,
//! those that wait for it are told, and the thread goes on trying.

use crate::chain::Digest;
use crate::error::{LogError, Unavailable};
use crate::event::{ConfigurationChanged, Event, FileBegun, LinesLost, RetentionApplied, TornLine, Unwritten};
use crate::files::{self, Found, Segment, length};
use crate::line::{self, Place};
use crate::settings::{Settings, Writers};
use crate::shared::Shared;
use crate::value::{Free, Word};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use kazasu_schemas::jst::Millis;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// What the thread is sent.
pub(crate) enum Message {
    Line(Box<Item>),
    Stop(oneshot::Sender<()>),
}

type Done = oneshot::Sender<Result<(), Unavailable>>;

/// A line that waits.
pub(crate) struct Item {
    pub(crate) event: Event,
    pub(crate) at: Millis,
    /// Who waits for it.
    pub(crate) done: Option<Done>,
}

/// Lines that share a write.
const BATCH: usize = 1_024;

/// Lines that wait while the log cannot be written; more are only counted.
const BACKLOG: usize = 10_000;

/// A line that no answer waits for is durable after so long; a log that cannot be written is tried again after so long.
const PAUSE: Duration = Duration::from_millis(500);

/// Files that retention removes at one time. A clock that jumps ahead must not empty a log.
const MOST_REMOVED: usize = 8;

/// A file that is open.
struct Open {
    /// Other programs keep off as long as this is open.
    _lock: File,
    file: File,
    segment: Segment,
    length: u64,
    /// The number of its first line, where it began just now.
    first: u64,
}

/// Where the chain stands.
#[derive(Clone, Copy, Default)]
struct Head {
    seq: u64,
    hash: Digest,
    configuration: Option<Digest>,
}

/// What could not be written, until a line tells of it.
#[derive(Default)]
struct Failed {
    refused: u64,
    dropped: u64,
    why: String,
}

pub(crate) struct Writer {
    settings: Settings,
    shared: Arc<Shared>,
    open: Option<Open>,
    head: Head,
    backlog: VecDeque<Item>,
    failed: Failed,
    /// Lines that are written and not durable.
    is_dirty: bool,
}

impl Writer {
    pub(crate) fn new(settings: Settings, shared: Arc<Shared>) -> Writer {
        Writer {
            settings,
            shared,
            open: None,
            head: Head::default(),
            backlog: VecDeque::new(),
            failed: Failed::default(),
            is_dirty: false,
        }
    }

    /// Writes until every handle is gone, or the log is closed.
    pub(crate) fn run(mut self, queue: &Receiver<Message>) {
        loop {
            let waits = self.is_dirty || self.owes();
            let first = queue.recv_timeout(if waits { PAUSE } else { Duration::from_secs(3_600) });
            let (mut batch, mut stop) = (Vec::new(), None);
            match first {
                Ok(message) => take(message, &mut batch, &mut stop),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.finish(),
            }
            while stop.is_none() && batch.len() < BATCH {
                let Ok(message) = queue.try_recv() else { break };
                take(message, &mut batch, &mut stop);
            }
            if !batch.is_empty() || self.owes() {
                self.write(batch);
            } else if self.is_dirty {
                self.sync();
            }
            if let Some(stop) = stop {
                self.finish();
                // The file and its lock are let go first: who waits may open the log again.
                drop(self);
                // A program that is gone does not wait.
                let _ = stop.send(());
                return;
            }
        }
    }

    /// Is there something to write that no caller sends again? A log that could not be written is tried even without.
    fn owes(&self) -> bool {
        self.shared.failing().is_some()
            || !self.backlog.is_empty()
            || self.failed.refused > 0
            || self.failed.dropped > 0
    }

    fn finish(&mut self) {
        if self.owes() {
            self.write(Vec::new());
        }
        self.sync();
    }

    fn sync(&mut self) {
        let Some(open) = &self.open else { return };
        match open.file.sync_data() {
            Ok(()) => {
                self.is_dirty = false;
                self.shared.durable.store(self.head.seq, Ordering::Release);
            }
            Err(error) => {
                // Whether those lines are on the disk is not known: the file is read again.
                let error = LogError::io(&open.segment.path, error);
                self.open = None;
                self.fail(Vec::new(), &error.to_string());
            }
        }
    }

    /// Writes what waits, and tells those who wait for it.
    fn write(&mut self, batch: Vec<Item>) {
        let mut items: Vec<Item> = self.backlog.drain(..).collect();
        items.extend(batch);
        match self.attempt(&items) {
            Ok(()) => {
                if self.settings.writers == Writers::Several {
                    self.open = None;
                }
                self.failed = Failed::default();
                self.shared.set_failing(None);
                for done in items.into_iter().filter_map(|item| item.done) {
                    // A caller who is gone waits no more.
                    let _ = done.send(Ok(()));
                }
            }
            Err(error) => self.fail(items, &error.to_string()),
        }
    }

    fn fail(&mut self, items: Vec<Item>, why: &str) {
        if self.shared.failing().is_none() {
            tracing::error!(why, "the security log cannot be written: what must be logged is refused");
        }
        self.shared.failures.fetch_add(1, Ordering::AcqRel);
        self.shared.set_failing(Some(why.to_owned()));
        self.failed.why = why.to_owned();
        for item in items {
            match item.done {
                Some(done) => {
                    self.failed.refused += 1;
                    let _ = done.send(Err(Unavailable(why.to_owned())));
                }
                None if self.backlog.len() < BACKLOG => self.backlog.push_back(item),
                None => self.failed.dropped += 1,
            }
        }
    }

    /// One write and, where something waits for it, one fsync: all of it or nothing.
    fn attempt(&mut self, items: &[Item]) -> Result<(), LogError> {
        let now = (self.settings.clock)();
        let (mut text, mut head) = (String::new(), self.head);
        if self.open.is_none() {
            head = self.reopen(now, &mut text)?;
        } else if self.is_full(now) {
            head = self.rotate(now, head, &mut text)?;
        }
        let removed = self.beyond_retention(now);
        let lost = self.shared.lost.load(Ordering::Acquire);
        for event in self.owed(lost, &removed) {
            self.render((&event, now), &mut head, &mut text);
        }
        for item in items {
            self.render((&item.event, item.at), &mut head, &mut text);
        }
        let several = self.settings.writers == Writers::Several;
        let waits = several || items.iter().any(|item| item.done.is_some()) || !removed.is_empty();
        self.put(&text, waits)?;
        let lines = text.bytes().filter(|byte| *byte == b'\n').count();
        self.shared.lines.fetch_add(length(lines), Ordering::AcqRel);
        self.shared.bytes.fetch_add(length(text.len()), Ordering::AcqRel);
        self.shared.last.store(now.0, Ordering::Release);
        self.head = head;
        self.is_dirty = !waits;
        if waits {
            self.shared.durable.store(head.seq, Ordering::Release);
        }
        self.shared.lost.fetch_sub(lost, Ordering::AcqRel);
        remove(&removed, &self.settings);
        Ok(())
    }

    /// Lines about the log itself.
    fn owed(&self, lost: u64, removed: &[(Segment, u64)]) -> Vec<Event> {
        let mut out = Vec::new();
        if self.failed.refused > 0 || self.failed.dropped > 0 {
            let (refused, lines, reason) = (self.failed.refused, self.failed.dropped, Free::new(&self.failed.why));
            out.push(Event::Unwritable(Unwritten { refused, lines, reason }));
        }
        if lost > 0 {
            out.push(Event::LinesLost(LinesLost { lines: lost }));
        }
        if let Some((_, through)) = removed.last() {
            out.push(Event::RetentionApplied(RetentionApplied { files: length(removed.len()), through: *through }));
        }
        out
    }

    fn render(&self, (event, at): (&Event, Millis), head: &mut Head, text: &mut String) {
        self.line((event, at), head, text);
        if let Event::Started(start) = event {
            let before = head.configuration.replace(start.configuration);
            if let Some(before) = before.filter(|before| *before != start.configuration) {
                let changed = ConfigurationChanged { before, configuration: start.configuration };
                self.line((&Event::ConfigurationChanged(changed), at), head, text);
            }
        }
    }

    fn line(&self, (event, at): (&Event, Millis), head: &mut Head, text: &mut String) {
        head.seq += 1;
        let place = Place { seq: head.seq, at, node: &self.settings.node };
        head.hash = line::write(event, &place, &head.hash, text);
    }

    /// All of it, or nothing.
    fn put(&mut self, text: &str, waits: bool) -> Result<(), LogError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let written = open.file.write_all(text.as_bytes()).and_then(|()| match waits {
            true => open.file.sync_data(),
            false => Ok(()),
        });
        match written {
            Ok(()) => {
                open.length += length(text.len());
                Ok(())
            }
            Err(error) => {
                let error = LogError::io(&open.segment.path, error);
                // Where even this fails, the file is put in order when it is opened again.
                let _ = open.file.set_len(open.length);
                self.open = None;
                Err(error)
            }
        }
    }

    fn is_full(&self, now: Millis) -> bool {
        self.open.as_ref().is_some_and(|open| {
            open.length >= self.settings.file_bytes || (open.length > 0 && open.segment.day < now.jst_day())
        })
    }

    /// Opens the log, and says what a crash left unfinished.
    fn reopen(&mut self, now: Millis, text: &mut String) -> Result<Head, LogError> {
        let folder = self.settings.folder.clone();
        files::make_folder(&folder).map_err(|error| LogError::io(&folder, error))?;
        let lock = self.lock()?;
        let found = files::recover(&folder)?;
        let mut head = Head { seq: found.seq, hash: found.hash, configuration: self.head.configuration };
        if let Some(last) = found.last.as_ref().filter(|_| head.configuration.is_none() && self.tells_of_starts()) {
            head.configuration = files::configuration_of(last).map_err(|error| LogError::io(&last.path, error))?;
        }
        let Found { last, length, cut, is_damaged, .. } = found;
        let goes_on = last
            .as_ref()
            .is_some_and(|last| !is_damaged && last.day >= now.jst_day() && length < self.settings.file_bytes);
        match last.filter(|_| goes_on) {
            Some(segment) => {
                let file = segment.open().map_err(|error| LogError::io(&segment.path, error))?;
                self.open = Some(Open { _lock: lock, file, segment, length, first: 0 });
            }
            None => self.begin((lock, now), &mut head, text)?,
        }
        if let Some((file, bytes)) = cut {
            tracing::warn!(file, bytes, "the security log's last line was unfinished and was cut off");
            let torn = TornLine { file: Word::new(&file), bytes };
            self.line((&Event::TornLineCut(torn), now), &mut head, text);
        }
        Ok(head)
    }

    /// Several programs in turn do not start and stop a log.
    fn tells_of_starts(&self) -> bool {
        self.settings.writers == Writers::One
    }

    fn lock(&self) -> Result<File, LogError> {
        let path = self.settings.folder.join("lock");
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = opened.map_err(|error| LogError::io(&path, error))?;
        let begin = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if begin.elapsed() < self.settings.patience => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LogError::InUse(self.settings.folder.display().to_string()));
                }
                Err(TryLockError::Error(error)) => return Err(LogError::io(&path, error)),
            }
        }
    }

    /// Ends the open file and begins the next one. Lines of the old one are durable before.
    fn rotate(&mut self, now: Millis, mut head: Head, text: &mut String) -> Result<Head, LogError> {
        let Some(open) = self.open.take() else { return Ok(head) };
        open.file.sync_data().map_err(|error| LogError::io(&open.segment.path, error))?;
        self.begin((open._lock, now), &mut head, text)?;
        Ok(head)
    }

    fn begin(&mut self, (lock, now): (File, Millis), head: &mut Head, text: &mut String) -> Result<(), LogError> {
        let folder = &self.settings.folder;
        let there = files::segments(folder).map_err(|error| LogError::io(folder, error))?;
        let number = there.last().map_or(1, |last| last.number + 1);
        let segment = Segment::new(folder, number, now.jst_day());
        let file = segment.open().map_err(|error| LogError::io(&segment.path, error))?;
        files::sync_folder(folder).map_err(|error| LogError::io(folder, error))?;
        self.open = Some(Open { _lock: lock, file, segment, length: 0, first: head.seq + 1 });
        let begun = FileBegun { after: head.hash, configuration: head.configuration };
        self.line((&Event::FileBegun(begun), now), head, text);
        Ok(())
    }

    /// Files that retention removes now, each with the number of its last line. Asked when a file begins, which is when a day does.
    fn beyond_retention(&self, now: Millis) -> Vec<(Segment, u64)> {
        let Some(open) = self.open.as_ref().filter(|open| open.length == 0) else { return Vec::new() };
        let oldest = now.jst_day().0 - i32::from(self.settings.keep_days);
        let all = files::segments(&self.settings.folder).unwrap_or_default();
        let old = all.iter().zip(all.iter().skip(1)).take(MOST_REMOVED);
        let old = old.take_while(|(file, next)| file.day.0 < oldest && next.number <= open.segment.number);
        // A file ends before the first line of the next one; the one that begins now follows the last line.
        let ends = |next: &Segment| files::first_seq(next).unwrap_or(open.first).saturating_sub(1);
        old.map(|(file, next)| (file.clone(), ends(next))).collect()
    }
}

fn take(message: Message, batch: &mut Vec<Item>, stop: &mut Option<oneshot::Sender<()>>) {
    match message {
        Message::Line(item) => batch.push(*item),
        Message::Stop(done) => *stop = Some(done),
    }
}

/// Removes files that a durable line has told of.
fn remove(files: &[(Segment, u64)], settings: &Settings) {
    if files.is_empty() {
        return;
    }
    let removed: io::Result<()> = files.iter().try_for_each(|(file, _)| std::fs::remove_file(&file.path));
    if let Err(error) = removed.and_then(|()| files::sync_folder(&settings.folder)) {
        tracing::warn!(%error, "files of the security log beyond its retention cannot be removed");
    }
}
