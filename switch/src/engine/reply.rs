//! Replies on their way back to the link that asked.

use kazasu_schemas::wire::{Answer, Network, Request, ResponseCode, Totals};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::sync::{Notify, mpsc};

/// What a link is to write.
#[derive(Debug)]
pub enum LinkOut {
    /// Answers that the core decided.
    Replies(Vec<Reply>),
    /// An answer to a network message; `session` says under which keys.
    Network {
        /// The answer.
        message: Network,
        /// True for the session keys, false for the initial ones.
        session: bool,
        /// Session keys that come into force right after it was written.
        install: Option<crate::acquirer::InstallKeys>,
    },
    /// An answer that the link made itself, without MAC yet; `session` says under which keys it goes out.
    Refusal {
        /// The answer.
        message: Box<kazasu_schemas::iso8583::Message>,
        /// True for the session keys, false for the initial ones.
        session: bool,
    },
    /// Nothing follows: the connection is closed.
    Close,
}

/// An answer with its question, whose fields it repeats.
#[derive(Clone, Copy, Debug)]
pub struct Reply {
    /// The answer.
    pub body: ReplyBody,
    /// When the question arrived.
    pub received: Instant,
}

/// The two kinds of answers.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "nearly all are answers to requests")]
pub enum ReplyBody {
    /// To a request.
    Answer(Request, Answer),
    /// To totals.
    Totals(Totals),
}

impl ReplyBody {
    /// DE39.
    #[must_use]
    pub fn code(&self) -> ResponseCode {
        match self {
            ReplyBody::Answer(_, answer) => answer.code,
            ReplyBody::Totals(totals) => totals.code.unwrap_or(ResponseCode::MALFUNCTION),
        }
    }
}

/// A link as the core and the committer know it: where replies go, and how many messages are under way.
#[derive(Debug)]
pub struct LinkHandle {
    /// A number for logs.
    pub id: u64,
    out: mpsc::UnboundedSender<LinkOut>,
    in_flight: AtomicUsize,
    room: Notify,
}

impl LinkHandle {
    /// A link that writes what it gets through `out`.
    #[must_use]
    pub fn new(id: u64, out: mpsc::UnboundedSender<LinkOut>) -> Self {
        LinkHandle { id, out, in_flight: AtomicUsize::new(0), room: Notify::new() }
    }

    /// Queues for writing. A closed link's replies are dropped: the journal has the outcome, and a repeat will get it.
    pub fn send(&self, out: LinkOut) {
        if self.out.send(out).is_err() {
            tracing::debug!(link = self.id, "reply to a link that is gone");
        }
    }

    /// Counts messages that came in. What is under way is what bounds the queue behind `send`.
    pub fn came(&self, n: usize) {
        self.in_flight.fetch_add(n, Ordering::AcqRel);
    }

    /// Counts messages that were answered.
    pub fn went(&self, n: usize) {
        self.in_flight.fetch_sub(n, Ordering::AcqRel);
        self.room.notify_one();
    }

    /// Waits until every message that came in is answered.
    pub async fn idle(&self) {
        self.room(1).await;
    }

    /// Waits until fewer than `limit` messages are under way.
    pub async fn room(&self, limit: usize) {
        while self.in_flight.load(Ordering::Acquire) >= limit {
            self.room.notified().await;
        }
    }
}
