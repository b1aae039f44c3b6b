//! Where operations are carried out: at the running switch when there is one, else in its journal.

use super::CheckFailed;
use super::ask::Common;
use super::facts::print;
use super::import::{self, Place};
use crate::api::WithFile;
use crate::client::{CallError, Switch};
use crate::config::Config;
use crate::doors::{self, DoorError};
use anyhow::Context;
use kazasu_console::say;
use kazasu_core::State;
use kazasu_engine::{CommandError, Engine};
use kazasu_services::access::{About, Name, Service};
use kazasu_services::{Operation, ServiceError, Services, Source, Who};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A person or program of the key file.
pub(super) fn caller<'a>(config: &'a Config, by: &str) -> anyhow::Result<&'a crate::config::Caller> {
    let caller =
        config.callers.iter().find(|caller| kazasu_schemas::canonical::same(&caller.name, by) && !caller.portal);
    caller.with_context(|| {
        let names: Vec<&str> = config.callers.iter().filter(|c| !c.portal).map(|c| c.name.as_str()).collect();
        format!("--by {by:?} is not in the key file; known are {}", names.join(", "))
    })
}

impl From<ServiceError> for CallError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Command(CommandError::Rejected(_))
            | ServiceError::Value { .. }
            | ServiceError::Pin
            | ServiceError::Forbidden(_)
            | ServiceError::NotFound(_)
            | ServiceError::File(_) => CallError::Rejected(error.to_string()),
            ServiceError::Command(_) | ServiceError::Other(_) => CallError::Failed(error.into()),
        }
    }
}

/// Where operations are carried out.
pub(super) enum Backend {
    /// At a running switch.
    Running(Switch),
    /// Here, on the journal.
    Journal(Box<Journal>),
}

/// A journal that is worked on here.
pub(super) struct Journal {
    services: Services,
    who: Who,
    /// The core, where commands are carried out; its lock keeps other commands away.
    core: Option<(Engine, JoinHandle<()>, crate::serve::DataLock)>,
}

impl Backend {
    /// For commands, and questions between them.
    pub(super) async fn commands(config: &Config, by: &str) -> anyhow::Result<Backend> {
        let caller = caller(config, by)?;
        Ok(match import::place(config).await? {
            Place::Running(http) => Backend::Running(Switch::new(&http, config.http_client(), &caller.token)),
            Place::Here { epoch, lock } => {
                let (engine, core) = import::open(config, epoch).await?;
                let services = crate::serve::services(config, Source::Engine(engine.clone()), config.store());
                Backend::Journal(Box::new(Journal { services, who: caller.who(), core: Some((engine, core, lock)) }))
            }
        })
    }

    /// For questions only: without a running switch the journal is read, which changes nothing.
    pub(super) async fn questions(config: &Config, by: &str) -> anyhow::Result<Backend> {
        let caller = caller(config, by)?;
        match import::running(config).await? {
            Some(http) => Ok(Backend::Running(Switch::new(&http, config.http_client(), &caller.token))),
            None => Ok(Backend::Journal(Box::new(Journal::reading(config, by, super::policy::fold(config).await?)?))),
        }
    }

    /// Carries an operation out.
    pub(super) async fn call<O>(&self, operation: O) -> Result<O::Answer, CallError>
    where
        O: Operation + Serialize,
        O::Answer: DeserializeOwned,
    {
        match self {
            Backend::Running(switch) => switch.call(&operation).await,
            Backend::Journal(journal) => Ok(journal.services.call(operation, &journal.who).await?),
        }
    }

    /// Carries an operation with a file out.
    pub(super) async fn send<O>(&self, operation: O) -> Result<O::Answer, CallError>
    where
        O: WithFile,
        O::Answer: DeserializeOwned,
    {
        match self {
            Backend::Running(switch) => switch.send_file(&operation).await,
            Backend::Journal(journal) => Ok(journal.services.call(operation, &journal.who).await?),
        }
    }

    /// Ends what was begun.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Backend::Running(_) => Ok(()),
            Backend::Journal(journal) => match journal.core {
                Some((engine, core, _lock)) => import::close(engine, core).await,
                None => Ok(()),
            },
        }
    }
}

impl Journal {
    /// Carries out an operation whose answer no program sends.
    pub(super) async fn call<O: Operation>(&self, operation: O) -> Result<O::Answer, CallError> {
        Ok(self.services.call(operation, &self.who).await?)
    }

    /// Refuses a caller who may not.
    pub(super) async fn admit(&self, name: Name, about: About) -> Result<(), CallError> {
        Ok(self.services.admit(name, about, &self.who).await?)
    }

    /// Carries out an object, as the running switch would.
    pub(super) async fn open(&self, object: Map<String, Value>) -> Result<Value, CallError> {
        let answer = doors::open(Service::Operations, &self.services, &self.who, object).await;
        answer.map_err(|error| match error {
            DoorError::Misread(error) => CallError::Rejected(format!("cannot be read: {error}")),
            DoorError::Service(error) => error.into(),
        })
    }

    /// A journal that is only read, also while a switch is running.
    pub(super) fn reading(config: &Config, by: &str, state: State) -> anyhow::Result<Journal> {
        let who = caller(config, by)?.who();
        let services = crate::serve::services(config, Source::Folded(Arc::new(state)), config.store());
        Ok(Journal { services, who, core: None })
    }
}

/// Carries one command out and prints its answer.
pub(super) async fn one<O>(operation: O, common: &Common) -> anyhow::Result<()>
where
    O: Operation + Serialize,
    O::Answer: DeserializeOwned + Serialize,
{
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, &common.by).await?;
    let result = backend.call(operation).await;
    backend.close().await?;
    show(result, common)
}

/// Asks a question and gives its answer.
pub(super) async fn ask<O>(operation: O, common: &Common) -> Result<O::Answer, CallError>
where
    O: Operation + Serialize,
    O::Answer: DeserializeOwned,
{
    let config = Config::load(&common.config).map_err(CallError::Failed)?;
    let backend = Backend::questions(&config, &common.by).await.map_err(CallError::Failed)?;
    backend.call(operation).await
}

/// Asks a question and prints its answer.
pub(super) async fn look<O>(operation: O, common: &Common) -> anyhow::Result<()>
where
    O: Operation + Serialize,
    O::Answer: DeserializeOwned + Serialize,
{
    show(ask(operation, common).await, common)
}

/// Prints an answer: as JSON, or one fact a line.
pub(super) fn show<T: Serialize>(result: Result<T, CallError>, common: &Common) -> anyhow::Result<()> {
    let answer = serde_json::to_value(result?)?;
    if common.json {
        say!("{answer}");
    } else {
        print(&answer, 0);
    }
    Ok(())
}

impl From<CallError> for anyhow::Error {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Rejected(why) => CheckFailed(why).into(),
            CallError::Failed(error) => error,
        }
    }
}
