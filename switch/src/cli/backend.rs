//! Carries operations out: at the running switch if there is one, else in its journal.

use super::common::Common;
use super::facts::print;
use super::place::{self, Place};
use super::proof;
use crate::language::{language, shown};
use kazasu_api::addresses::WithFile;
use kazasu_api::client::{CallError, Switch};
use kazasu_api::doors::{self, DoorError};
use kazasu_api::routes::Addressed;
use kazasu_console::say;
use kazasu_core::State;
use kazasu_engine::Engine;
use kazasu_schemas::identity::Via;
use kazasu_security_log::value::Word;
use kazasu_security_log::{Event, KeyFileUse};
use kazasu_serve::config::Config;
use kazasu_services::access::{About, Name, Service};
use kazasu_services::{OFFLINE, Operation, ServiceError, Services, Source, Watch, Who};
use kazasu_text::requests::CallText;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::thread::JoinHandle;

/// A service's refusal, in this process's language.
pub(super) fn refused(error: ServiceError) -> CallError {
    CallError::of(error, language())
}

/// The program whose key the key file may have.
const OPERATOR: &str = "operator";
/// The word in lines for requests to the running switch.
const REMOTE: &str = "api";

/// Says in the security log who used the key file for what. Without that line nothing is done with it.
async fn key_file_used(watch: &Watch, by: &str, via: &str) -> anyhow::Result<()> {
    let Some(log) = watch.log() else { return Ok(()) };
    let words: Vec<String> = std::env::args().skip(1).take_while(|word| !word.starts_with('-')).take(2).collect();
    let uid = rustix::process::getuid().as_raw().into();
    let used = KeyFileUse { by: Word::new(by), via: Word::new(via), tool: Word::new(&words.join(" ")), uid };
    Ok(log.must(Event::KeyFileUsed(used)).await?)
}

/// The place where operations are carried out.
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
    core: Option<(Engine, JoinHandle<()>, kazasu_serve::DataLock)>,
}

impl Backend {
    /// For commands, and questions between them. Without a running switch they are of the person who keeps the journal, and marked so.
    pub(super) async fn commands(config: &Config, common: &Common) -> anyhow::Result<Backend> {
        Ok(match place::place(config).await? {
            Place::Running(http) => Backend::Running(running(config, common, &http).await?),
            Place::Here { epoch, lock } => {
                let watch = config.offline_watch()?;
                let (engine, core) = place::open(config, epoch).await?;
                key_file_used(&watch, OFFLINE, Via::Offline.name()).await?;
                let services = kazasu_serve::services(config, Source::Engine(engine.clone()), config.store(), watch);
                Backend::Journal(Box::new(Journal { services, who: Who::keeper(), core: Some((engine, core, lock)) }))
            }
        })
    }

    /// For questions only: without a running switch the journal is read, which changes nothing.
    pub(super) async fn questions(config: &Config, common: &Common) -> anyhow::Result<Backend> {
        match place::running(config).await? {
            Some(http) => Ok(Backend::Running(running(config, common, &http).await?)),
            None => {
                let state = place::fold(config).await?;
                Ok(Backend::Journal(Box::new(Journal::reading(config, state).await?)))
            }
        }
    }

    /// For questions about the security log: without a running switch its files are read, and no journal.
    pub(super) async fn security_log(config: &Config, common: &Common) -> anyhow::Result<Backend> {
        match place::running(config).await? {
            Some(http) => Ok(Backend::Running(running(config, common, &http).await?)),
            None => Ok(Backend::Journal(Box::new(Journal::reading(config, State::new()).await?))),
        }
    }

    /// Carries an operation out.
    pub(super) async fn call<O>(&self, operation: O) -> Result<O::Answer, CallError>
    where
        O: Addressed + Serialize,
        O::Answer: DeserializeOwned,
    {
        match self {
            Backend::Running(switch) => switch.call(&operation).await,
            Backend::Journal(journal) => journal.services.call(operation, &journal.who).await.map_err(refused),
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
            Backend::Journal(journal) => journal.services.call(operation, &journal.who).await.map_err(refused),
        }
    }

    /// Ends what was begun.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Backend::Running(_) => Ok(()),
            Backend::Journal(journal) => match journal.core {
                Some((engine, core, _lock)) => place::close(engine, core).await,
                None => Ok(()),
            },
        }
    }
}

impl Journal {
    /// Carries out an operation whose answer no program sends.
    pub(super) async fn call<O: Operation>(&self, operation: O) -> Result<O::Answer, CallError> {
        self.services.call(operation, &self.who).await.map_err(refused)
    }

    /// The services, and the person who keeps the journal.
    pub(super) fn asked_by(&self) -> (&Services, &Who) {
        (&self.services, &self.who)
    }

    /// Refuses a caller who may not, or who says no reason where one is asked for.
    pub(super) async fn admit(&self, name: Name, about: About, why: Option<&str>) -> Result<(), CallError> {
        self.services.admit_because(name, about, (&self.who, why)).await.map_err(refused)
    }

    /// Carries out an object, as the running switch would.
    pub(super) async fn open(&self, named: (&str, Map<String, Value>)) -> Result<Value, CallError> {
        let answer = doors::open(Service::Operations, (&self.services, &self.who), named).await;
        answer.map_err(|error| match error {
            DoorError::Misread(error) => CallError::Rejected(shown(&CallText::CannotBeRead { why: &error.said() })),
            DoorError::Service(error) => refused(error),
        })
    }

    /// A journal that is only read, also while a switch is running.
    pub(super) async fn reading(config: &Config, state: State) -> anyhow::Result<Journal> {
        let watch = config.offline_watch()?;
        key_file_used(&watch, OFFLINE, Via::Offline.name()).await?;
        let services = kazasu_serve::services(config, Source::Folded(Arc::new(state)), config.store(), watch);
        Ok(Journal { services, who: Who::keeper(), core: None })
    }
}

/// The switch that runs there, as this command line's user asks it.
pub(super) async fn running(config: &Config, common: &Common, http: &str) -> anyhow::Result<Switch> {
    let proof = proof::find(config, common)?;
    // The key file was read for its program's key: the log says so.
    if proof.is_some() && proof == config.token {
        key_file_used(&config.offline_watch()?, OPERATOR, REMOTE).await?;
    }
    Ok(Switch::new(http, config.http_client(), proof.as_ref().map(|proof| proof.as_str())).speaking(language()))
}

/// Carries one command out and prints its answer.
pub(super) async fn one<O>(operation: O, common: &Common) -> anyhow::Result<()>
where
    O: Addressed + Serialize,
    O::Answer: DeserializeOwned + Serialize,
{
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, common).await?;
    let result = backend.call(operation).await;
    backend.close().await?;
    show(result, common)
}

/// Asks a question and gives its answer.
pub(super) async fn question<O>(operation: O, common: &Common) -> Result<O::Answer, CallError>
where
    O: Addressed + Serialize,
    O::Answer: DeserializeOwned,
{
    let config = Config::load(&common.config).map_err(CallError::Failed)?;
    let backend = Backend::questions(&config, common).await.map_err(CallError::Failed)?;
    backend.call(operation).await
}

/// Asks a question and prints its answer.
pub(super) async fn query<O>(operation: O, common: &Common) -> anyhow::Result<()>
where
    O: Addressed + Serialize,
    O::Answer: DeserializeOwned + Serialize,
{
    show(question(operation, common).await, common)
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
