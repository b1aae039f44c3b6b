//! The log as its users have it: a handle of the thread that writes.

use crate::error::Unavailable;
use crate::event::{Event, Urgency};
use crate::settings::Settings;
use crate::shared::{Figures, Shared};
use crate::writer::{Item, Message, Writer};
use crossbeam_channel::{Sender, TrySendError};
use kazasu_schemas::jst::Millis;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long an answer waits for its line. A disk that takes longer is as bad as a full one.
const LONGEST: Duration = Duration::from_secs(10);

/// The log. Its last line is written when it is closed or dropped.
pub struct Log {
    lines: Sender<Message>,
    shared: Arc<Shared>,
    clock: fn() -> Millis,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Log {
    /// Starts the thread that writes. Files are opened with the first line; a folder that cannot be used is told then.
    pub fn start(settings: Settings) -> std::io::Result<Log> {
        let (lines, queue) = crossbeam_channel::bounded(settings.queue.max(1));
        let shared = Arc::new(Shared::default());
        let (clock, writer) = (settings.clock, Writer::new(settings, shared.clone()));
        let thread = std::thread::Builder::new().name("security-log".into()).spawn(move || writer.run(&queue))?;
        Ok(Log { lines, shared, clock, thread: Mutex::new(Some(thread)) })
    }

    /// Is the log being written? Asked before something is carried out whose line must be durable.
    pub fn ready(&self) -> Result<(), Unavailable> {
        self.shared.failing().map_or(Ok(()), |why| Err(Unavailable(why)))
    }

    /// Number of the last durable line; 0 before the first.
    #[must_use]
    pub fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// What it has done so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.shared.figures()
    }

    /// Adds a line, and waits for it as long as the event asks for.
    pub async fn add(&self, event: Event) -> Result<(), Unavailable> {
        match Event::urgency(event.kind()) {
            Urgency::Before => self.must(event).await,
            Urgency::Soon => {
                self.note(event);
                Ok(())
            }
        }
    }

    /// Adds a line and waits until it is durable.
    pub async fn must(&self, event: Event) -> Result<(), Unavailable> {
        let (done, written) = oneshot::channel();
        let message = Message::Line(Box::new(Item { event, at: (self.clock)(), done: Some(done) }));
        self.lines.try_send(message).map_err(|error| {
            Unavailable(match error {
                TrySendError::Full(_) => "too many lines wait for the disk".into(),
                TrySendError::Disconnected(_) => "its thread has ended".into(),
            })
        })?;
        match tokio::time::timeout(LONGEST, written).await {
            Ok(Ok(written)) => written,
            Ok(Err(_)) => Err(Unavailable("its thread has ended".into())),
            Err(_) => Err(Unavailable(format!("the disk did not take a line within {LONGEST:?}"))),
        }
    }

    /// Adds a line that becomes durable within a second. One that finds no room is counted, and a later line says how many were.
    pub fn note(&self, event: Event) {
        let message = Message::Line(Box::new(Item { event, at: (self.clock)(), done: None }));
        if self.lines.try_send(message).is_err() {
            self.shared.lost.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Writes what waits, and ends the thread. Lines that are added afterwards are lost.
    pub async fn close(&self) {
        let (done, ended) = oneshot::channel();
        if self.lines.send_timeout(Message::Stop(done), Duration::from_millis(100)).is_ok() {
            let _ = tokio::time::timeout(LONGEST, ended).await;
        }
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Log({} lines)", self.durable())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // The thread ends with its queue, when what is there is written.
        let (closed, _) = crossbeam_channel::bounded(1);
        drop(std::mem::replace(&mut self.lines, closed));
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}
