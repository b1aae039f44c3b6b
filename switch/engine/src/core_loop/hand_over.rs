//! Handing the lead over, and losing it: what is asked meanwhile is kept for the node that leads next.

use super::leading::{Core, End, Leaving};
use crate::inbound::Inbound;
use crate::reply::Asked;
use crate::writer::Job;
use kazasu_store::AppendError;
use std::time::{Duration, Instant};

/// The time that a node that hands the lead over waits for issuers' answers.
const LEAVING: Duration = Duration::from_secs(30);
/// The time that the last batches may take once no issuer is waited for, while everything else waits for the successor.
const CLOSING: Duration = Duration::from_secs(2);

impl Core<'_> {
    /// A hand-over that is complete: nothing is open at an issuer or with the writer. Until no issuer is waited for, what needs
    /// none is still decided here; only what would ask one waits for the successor.
    pub(super) fn left(&mut self) -> Option<Leaving> {
        let nobody_waits = self.state.sizes().pending == 0;
        let leaving = self.leaving.as_mut()?;
        if nobody_waits {
            leaving.closing.get_or_insert_with(Instant::now);
        }
        if leaving.closing.is_some() && self.committing.is_none() && self.batch.is_empty() {
            return self.leaving.take();
        }
        let overdue = match leaving.closing {
            Some(since) => since.elapsed() > CLOSING,
            None => leaving.since.elapsed() > LEAVING,
        };
        if overdue {
            let leaving = self.leaving.take().expect("it was there just now");
            let why = if leaving.closing.is_some() { "the ledger" } else { "issuers" };
            let _ = leaving.reply.send(Err(format!("{why} did not answer in time; this node keeps the lead")));
            for asked in leaving.parked {
                self.ask(asked);
            }
            if self.stalled.is_none() {
                self.decide_reports();
            }
        }
        None
    }

    /// A question that cannot be decided now. While the lead is handed over, the successor will. While the ledger stalls, "not
    /// now" is the truth for what is not known here; what is known already may be about to become durable.
    pub(super) fn set_aside(&mut self, asked: Asked) {
        let known = match &asked.message {
            Inbound::Request(request) => self.state.knows(request),
            Inbound::Totals(_) => false,
        };
        let asked = Asked { in_doubt: asked.in_doubt || known, ..asked };
        match self.leaving.as_mut().filter(|leaving| leaving.closing.is_some() && self.stalled.is_none()) {
            Some(leaving) => leaving.parked.push(asked),
            None => asked.refuse(&self.context.health),
        }
    }

    /// True while a lead is handed over and nothing is decided any more.
    pub(super) fn is_closing(&self) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| leaving.closing.is_some())
    }

    /// The batch that was decided behind one that failed. Returns its open questions.
    pub(super) fn batch_after(&mut self, error: &AppendError) -> Vec<Asked> {
        std::mem::take(&mut self.batch).drop_after(error, &self.context.health)
    }

    pub(super) fn lose(&mut self, why: String, mut open: Vec<Asked>) -> End {
        open.extend(self.batch_after(&AppendError::Unknown(why.clone())));
        if let Some(leaving) = self.leaving.take() {
            open.extend(leaving.parked);
            let _ = leaving.reply.send(Err(why.clone()));
        }
        End::Lost { open, why }
    }

    /// The writer took no batch: it has ended, and says why in its last news.
    pub(super) fn gone(&mut self, job: Job) -> End {
        let why = "the writer is gone".to_owned();
        let open = match job {
            Job::Commit(batch) => batch.drop_after(&AppendError::Unknown(why.clone()), &self.context.health),
            Job::Read(_) => Vec::new(),
        };
        self.lose(why, open)
    }
}
