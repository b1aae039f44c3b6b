//! The thread that talks to the device. It is the only one: modules differ in what they allow several threads to do.

use crate::device::{self, Device, Fault};
use crate::{HsmError, TokenSettings};
use crossbeam_channel::Receiver;
use cryptoki::context::Pkcs11;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// The pause before a lost session is opened again; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// One operation: it is given a device until it is done, and sends its answer itself.
pub(crate) struct Job {
    /// Its name in the log.
    pub(crate) what: &'static str,
    /// No caller waits any more after this.
    pub(crate) until: Instant,
    pub(crate) work: Box<dyn Work>,
}

/// The work of a job.
pub(crate) trait Work: Send {
    /// Tries it. `Ok` and final errors end the job.
    fn attempt(&mut self, device: &mut Device) -> Result<(), Fault>;

    /// It failed for good.
    fn failed(&mut self, error: HsmError);
}

pub(crate) struct Worker {
    settings: TokenSettings,
    context: Option<Pkcs11>,
    device: Option<Device>,
    /// A PIN that the token refused, and what it said.
    refused: Option<(Zeroizing<String>, HsmError)>,
}

impl Worker {
    pub(crate) fn new(settings: TokenSettings) -> Self {
        Worker { settings, context: None, device: None, refused: None }
    }

    /// Works until no caller can ask any more.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        for mut job in jobs {
            if Instant::now() < job.until {
                self.carry_out(&mut job);
            }
        }
    }

    fn carry_out(&mut self, job: &mut Job) {
        let mut pause = PAUSE;
        let mut lost = 0;
        loop {
            let why = match self.attempt(job) {
                Ok(()) => return,
                Err(Fault::Final(error)) => return job.work.failed(error),
                Err(Fault::Lost(error)) => error,
            };
            self.device = None;
            lost += 1;
            if lost > self.settings.attempts || Instant::now() + pause >= job.until {
                tracing::error!(error = %why, "the HSM cannot be used");
                return job.work.failed(why);
            }
            tracing::warn!(error = %why, job = job.what, "the session with the HSM was lost; opening another one");
            metrics::counter!("kazasu_hsm_sessions_lost_total").increment(1);
            std::thread::sleep(pause);
            pause *= 2;
            if let Some(context) = &self.context {
                device::begin_again(context);
            }
        }
    }

    fn attempt(&mut self, job: &mut Job) -> Result<(), Fault> {
        if self.device.is_none() {
            self.device = Some(self.open()?);
        }
        job.work.attempt(self.device.as_mut().expect("it was opened"))
    }

    fn open(&mut self) -> Result<Device, Fault> {
        if self.context.is_none() {
            self.context = Some(device::load(&self.settings)?);
        }
        let context = self.context.as_ref().expect("it was loaded");
        let pin = (self.settings.pin)().map_err(|why| HsmError::NoPin { token: self.settings.token.clone(), why })?;
        let pin = Zeroizing::new(pin.trim_end_matches(['\r', '\n']).to_owned());
        if let Some((_, error)) = self.refused.as_ref().filter(|(refused, _)| *refused == pin) {
            return Err(Fault::Final(error.clone()));
        }
        match Device::open(context, &self.settings, &pin) {
            Ok(device) => {
                self.refused = None;
                Ok(device)
            }
            Err(Fault::Final(error @ HsmError::Pin { .. })) => {
                tracing::error!(%error, "the HSM cannot be used");
                self.refused = Some((pin, error.clone()));
                Err(Fault::Final(error))
            }
            other => other,
        }
    }
}
