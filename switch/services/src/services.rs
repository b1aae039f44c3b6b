//! What services work with: the core or a journal that was read, and the configuration.

use crate::closing::{ClosingContext, FinanceFile};
use crate::error::{Result, ServiceError};
use crate::import::LinkImport;
use crate::relief::CityFile;
use kazasu_core::{Command, Done, State};
use kazasu_engine::{CommandError, Engine, Role};
use kazasu_schemas::calendar::Calendar;
use kazasu_schemas::jst::Millis;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What answers.
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
    /// Cities, and who may do what for them.
    pub cities: Arc<Vec<CityFile>>,
    /// Who closes days.
    pub finance: Arc<FinanceFile>,
    /// Days on which banks work.
    pub calendar: Arc<Calendar>,
    /// Business days that settled taps stay in memory.
    pub keep_days: u16,
    /// What closing needs; absent where there is no journal to read.
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

    /// What closing needs.
    pub(crate) fn closing_context(&self) -> Result<&ClosingContext> {
        self.closing.as_ref().ok_or_else(|| ServiceError::Other(anyhow::anyhow!("there is no journal here to read")))
    }

    /// The book's name.
    pub async fn book(&self) -> Result<String> {
        let name = self.closing_context()?.books(|books| Ok(books.chart.book.clone()));
        name.await.map_err(ServiceError::Other)
    }
}
