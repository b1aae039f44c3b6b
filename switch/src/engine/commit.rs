//! What is kept back until it is durable. Only the writer can construct a [`Durable`], and without one no effect leaves its
//! batch.

use super::reply::{Asked, LinkHandle, LinkOut, Reply, ReplyBody};
use super::writer::Durable;
use super::{CommandError, Health, Inbound};
use crate::core::{Done, Outgoing};
use kazasu_ledger::{AppendError, Record};
use kazasu_schemas::wire::{Answer, ResponseCode, Totals};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::oneshot;

/// Where messages to issuers go. Its links are up while this node leads.
pub trait IssuerSink: Send + Sync {
    /// This node leads from now on: reports go to the engine.
    fn begin(&self, engine: &super::Engine);

    /// Takes messages whose records are durable.
    fn send(&self, messages: Vec<Outgoing>);

    /// This node does not lead any more.
    fn end(&self);
}

/// What happens once a batch is durable.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) replies: Vec<(Arc<LinkHandle>, Reply)>,
    pub(crate) messages: Vec<Outgoing>,
    pub(crate) done: Vec<(oneshot::Sender<Result<Done, CommandError>>, Done)>,
}

/// Effects that are kept back.
#[derive(Default)]
pub(crate) struct Held(Effects);

impl Held {
    pub(crate) fn reply(&mut self, link: Arc<LinkHandle>, reply: Reply) {
        self.0.replies.push((link, reply));
    }

    pub(crate) fn message(&mut self, message: Outgoing) {
        self.0.messages.push(message);
    }

    pub(crate) fn done(&mut self, to: oneshot::Sender<Result<Done, CommandError>>, done: Done) {
        self.0.done.push((to, done));
    }

    fn is_empty(&self) -> bool {
        self.0.replies.is_empty() && self.0.messages.is_empty() && self.0.done.is_empty()
    }

    pub(super) fn release(self, _: &Durable) -> Effects {
        self.0
    }

    /// The batch was certainly not written: whoever asked is told so, and that nothing was recorded.
    fn refuse(self, why: &str, health: &Health) {
        let unavailable = |body| match body {
            ReplyBody::Answer(request, _) => ReplyBody::Answer(request, Answer::code(ResponseCode::UNAVAILABLE)),
            ReplyBody::Totals(totals) => {
                ReplyBody::Totals(Totals { code: Some(ResponseCode::UNAVAILABLE), settlement: Some(3), ..totals })
            }
        };
        health.queued.fetch_sub(self.0.replies.len(), Ordering::AcqRel);
        for (link, reply) in self.0.replies {
            link.send(LinkOut::Replies(vec![Reply { body: unavailable(reply.body), ..reply }]));
        }
        for (to, _) in self.0.done {
            let _ = to.send(Err(CommandError::Halted(why.to_owned())));
        }
    }

    /// It is unknown whether the batch was written, or another node says what became of it: nobody is told anything here.
    fn abandon(self, health: &Health) -> Vec<Asked> {
        let mut open = Vec::with_capacity(self.0.replies.len());
        for (link, reply) in self.0.replies {
            match reply.body {
                ReplyBody::Answer(request, _) => open.push(Asked {
                    link,
                    received: reply.received,
                    tag: reply.tag,
                    message: Inbound::Request(request),
                    in_doubt: true,
                }),
                // The answer holds other sums than the question did; whoever asked asks again.
                ReplyBody::Totals(_) => {
                    health.queued.fetch_sub(1, Ordering::AcqRel);
                    link.went(1);
                }
            }
        }
        open
    }
}

/// Records that become durable together, and what follows.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    pub(crate) held: Held,
    /// When its first event was taken.
    pub(crate) since: Option<Instant>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.held.is_empty()
    }

    /// What becomes of a batch that was not written, or was decided behind one that was not. Returns the questions that are
    /// still open.
    pub(crate) fn drop_after(self, failure: &AppendError, health: &Health) -> Vec<Asked> {
        match failure {
            // Its decisions rest on records that are certainly not there, so nothing of it is there either.
            AppendError::Refused(why) => {
                self.held.refuse(why, health);
                Vec::new()
            }
            AppendError::Fenced { .. } | AppendError::Unknown(_) => self.held.abandon(health),
        }
    }
}
