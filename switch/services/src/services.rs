//! The means of the services: the core or a journal that was read, and the configuration.

use crate::closing::{ClosingContext, FinanceFile};
use crate::error::{Result, ServiceError, unfit};
use crate::import::LinkImport;
use crate::kept::Watch;
use crate::people::OrganisationProvider;
use crate::relief::CityFile;
use crate::webhooks::Hooks;
use kazasu_core::{Command, Done, State};
use kazasu_engine::{CommandError, Engine, Role};
use kazasu_ledger::Body;
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::jst::Millis;
use kazasu_sign_in::SignIns;
use kazasu_text::problems::ProblemText;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The source of answers.
#[derive(Clone)]
pub enum Source {
    /// A running core: it also carries commands out.
    Engine(Engine),
    /// A journal that was read: it answers questions.
    Folded(Arc<State>),
}

/// Every service, on one book.
#[derive(Clone)]
pub struct Services {
    /// The core, or a journal.
    pub source: Source,
    /// Seals card numbers and finds issuers.
    pub imports: LinkImport,
    /// Certificates of the authority that signs card status lists.
    pub list_authorities: Option<PathBuf>,
    /// Cities. Who may do what for them is the journal's.
    pub cities: Arc<Vec<CityFile>>,
    /// The tolerances for parties' files. The people who close days are in the journal.
    pub finance: Arc<FinanceFile>,
    /// Signs people in; absent where a journal is only read.
    pub sign_ins: Option<SignIns>,
    /// Providers through which people of organisations sign in.
    pub providers: Arc<Vec<OrganisationProvider>>,
    /// Days on which banks work.
    pub calendar: Arc<Calendar>,
    /// Business days that settled taps stay in memory.
    pub keep_days: u16,
    /// Requests of one portal that wait for staff at one time.
    pub most_open: usize,
    /// Keeps who asked what.
    pub watch: Watch,
    /// Endpoints that events are sent to; absent where a journal is only read.
    pub hooks: Option<Hooks>,
    /// The means of closing; absent where there is no journal to read.
    pub closing: Option<ClosingContext>,
}

impl Services {
    /// The core that carries commands out.
    pub fn engine(&self) -> Result<&Engine> {
        match &self.source {
            Source::Engine(engine) => Ok(engine),
            Source::Folded(_) => {
                Err(ServiceError::Other(anyhow::anyhow!("a journal that is only read carries nothing out")))
            }
        }
    }

    /// The time that decides: the engine's, or where a journal is only read, the wall clock's.
    #[must_use]
    pub fn now(&self) -> Millis {
        match &self.source {
            Source::Engine(engine) => engine.now(),
            Source::Folded(_) => kazasu_engine::clock::now(),
        }
    }

    /// Carries a command of the core out; returns when its record is durable.
    pub(crate) async fn command(&self, command: Command) -> Result<Done> {
        Ok(self.engine()?.command(command).await?)
    }

    /// Asks the core's state a question.
    pub async fn query<T: Send + 'static>(&self, question: impl FnOnce(&State) -> T + Send + 'static) -> Result<T> {
        match &self.source {
            Source::Folded(state) => Ok(question(state)),
            Source::Engine(engine) => {
                let health = engine.health();
                let current = health.role() == Role::Leading || health.caught_up.load(Ordering::Acquire);
                if !current {
                    let why = health.halted().unwrap_or_else(|| "the journal is being read; try again".into());
                    return Err(ServiceError::Command(CommandError::Halted(why)));
                }
                engine.query(question).await.ok_or(ServiceError::Command(CommandError::Stopping))
            }
        }
    }

    /// The epoch in which this node leads; none where it does not.
    #[must_use]
    pub fn leads(&self) -> Option<u64> {
        let health = self.engine().ok()?.health();
        (health.role() == Role::Leading).then(|| health.epoch())
    }

    /// Removes sessions, attempts and invitations that are over.
    pub async fn tidy(&self) -> Result<u64> {
        Ok(self.sign_ins()?.tidy(self.now()).await?)
    }

    /// Signs people in.
    pub fn sign_ins(&self) -> Result<&SignIns> {
        let none = || ServiceError::Other(anyhow::anyhow!("a journal that is only read signs no person in"));
        self.sign_ins.as_ref().ok_or_else(none)
    }

    /// The means of closing.
    pub(crate) fn closing_context(&self) -> Result<&ClosingContext> {
        self.closing.as_ref().ok_or_else(|| ServiceError::Other(anyhow::anyhow!("there is no journal here to read")))
    }

    /// The book's name, as its first record has it; nothing else is read.
    pub(crate) async fn opened_book(&self) -> Result<String> {
        let mut reader = self.closing_context()?.store.reader().await.map_err(ServiceError::inside)?;
        let first = reader.scan(1, 1).await.map_err(ServiceError::inside)?;
        match first.first().map(|entry| Body::read(&entry.body)) {
            Some(Ok(Body::Opened(opened))) => Ok(opened.book),
            _ => Err(unfit("day", &ProblemText::NoOpening)),
        }
    }

    /// The book's name.
    pub async fn book(&self) -> Result<String> {
        let name = self.closing_context()?.fee_projection(|fees| Ok(fees.index.book.clone()));
        name.await.map_err(ServiceError::Other)
    }
}
