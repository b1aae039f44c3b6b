//! A token, for any number of threads.

use crate::device::{Device, Fault};
use crate::error::HsmError;
use crate::facts::TokenFacts;
use crate::settings::TokenSettings;
use crate::thread::{Job, Work, Worker};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Operations that may wait for the device. More is a device that hangs.
const WAITING: usize = 64;

/// A token that was opened. Clones are the same token, and the last one closes it.
#[derive(Clone)]
pub struct Token(Arc<Inner>);

struct Inner {
    jobs: Sender<Job>,
    /// Ends with the thread.
    ended: Receiver<()>,
    name: String,
    timeout: Duration,
    /// The last operation found a session.
    up: AtomicBool,
}

impl Drop for Inner {
    /// Waits until the module is finalized: a program that ends meanwhile would take the module's memory from under the thread, and
    /// crash at its end. A device that hangs costs the bounded time and no more.
    fn drop(&mut self) {
        let (closed, _) = bounded(1);
        drop(std::mem::replace(&mut self.jobs, closed));
        let _: Result<(), RecvTimeoutError> = self.ended.recv_timeout(self.timeout);
    }
}

impl Token {
    /// Loads the module, finds the token and logs in, so that a wrong setting is known at once.
    pub fn open(settings: TokenSettings) -> Result<Self, HsmError> {
        let (jobs, to_do) = bounded(WAITING);
        let (name, timeout) = (settings.token.clone(), settings.timeout);
        let worker = Worker::new(settings);
        let (running, ended) = bounded(0);
        let started = std::thread::Builder::new().name("kazasu-hsm".into()).spawn(move || {
            worker.run(&to_do);
            drop(running);
        });
        if let Err(error) = started {
            return Err(HsmError::Device { token: name, what: "be opened", why: format!("no thread: {error}") });
        }
        let token = Token(Arc::new(Inner { jobs, ended, name, timeout, up: AtomicBool::new(false) }));
        token.ask("be opened", |_| Ok(()))?;
        Ok(token)
    }

    /// Its label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its description of itself, and its keys.
    pub fn facts(&self) -> Result<TokenFacts, HsmError> {
        self.ask("be asked", |device| device.facts())
    }

    /// Has the device's thread do something, and waits for it: a bounded time.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnMut(&mut Device) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, HsmError> {
        let (answer, answered) = bounded(1);
        let begin = Instant::now();
        let until = begin + self.0.timeout;
        let job = Job { what, until, work: Box::new(Asked { work, answer }) };
        let sent = self.0.jobs.send_deadline(job, until);
        let result = match sent {
            Ok(()) => answered.recv_deadline(until).unwrap_or_else(|_| Err(self.timed_out(what))),
            Err(_) => Err(self.timed_out(what)),
        };
        self.0.up.store(!result.as_ref().is_err_and(HsmError::is_away), Ordering::Release);
        self.publish();
        let outcome = if result.is_ok() { "ok" } else { "failed" };
        metrics::counter!("kazasu_hsm_operations_total", "operation" => what, "outcome" => outcome).increment(1);
        metrics::histogram!("kazasu_hsm_seconds", "operation" => what).record(begin.elapsed().as_secs_f64());
        result
    }

    /// Publishes whether the device is there: for a recorder that began later than the token was opened.
    pub fn publish(&self) {
        metrics::gauge!("kazasu_hsm_up").set(if self.0.up.load(Ordering::Acquire) { 1.0 } else { 0.0 });
    }

    fn timed_out(&self, what: &'static str) -> HsmError {
        HsmError::TimeOut { token: self.0.name.clone(), what, after: self.0.timeout }
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Token({:?})", self.0.name)
    }
}

struct Asked<T, F> {
    work: F,
    answer: Sender<Result<T, HsmError>>,
}

impl<T: Send, F: FnMut(&mut Device) -> Result<T, Fault> + Send> Work for Asked<T, F> {
    fn attempt(&mut self, device: &mut Device) -> Result<(), Fault> {
        let done = (self.work)(device)?;
        // Perhaps no caller waits any more.
        let _: Result<(), TrySendError<_>> = self.answer.try_send(Ok(done));
        Ok(())
    }

    fn failed(&mut self, error: HsmError) {
        let _: Result<(), TrySendError<_>> = self.answer.try_send(Err(error));
    }
}
