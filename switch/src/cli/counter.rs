//! Where commands are carried out and questions answered: at the running switch when there is one, else in its journal.

use super::Found;
use super::ask::Common;
use super::facts::print;
use super::import::{self, Place};
use crate::admin::{Ask, AskError};
use crate::client::{Refused, Switch, encoded};
use crate::config::Config;
use anyhow::Context;
use kazasu_console::say;
use kazasu_ledger::record::LinkOrigin;
use serde_json::Value;

pub(super) fn caller<'a>(config: &'a Config, by: &str) -> anyhow::Result<&'a crate::config::Caller> {
    let caller =
        config.callers.iter().find(|caller| kazasu_schemas::canonical::same(&caller.name, by) && !caller.portal);
    caller.with_context(|| {
        let names: Vec<&str> = config.callers.iter().filter(|c| !c.portal).map(|c| c.name.as_str()).collect();
        format!("--by {by:?} is nobody in the key file; known are {}", names.join(", "))
    })
}

impl From<AskError> for Refused {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Other(_) => Refused::Broken(error.into()),
            AskError::Command(kazasu_engine::CommandError::Rejected(_))
            | AskError::Value { .. }
            | AskError::Pin
            | AskError::Forbidden(_)
            | AskError::Policy(_) => Refused::No(error.to_string()),
            AskError::Command(_) => Refused::Broken(error.into()),
        }
    }
}

/// A desk on a journal that was read: it can be looked at.
pub(super) fn folded(config: &Config, state: std::sync::Arc<kazasu_core::State>) -> crate::admin::Desk {
    crate::admin::Desk {
        source: crate::admin::Source::Folded(state),
        imports: crate::serve::link_import(config),
        list_authorities: None,
        cities: std::sync::Arc::new(config.file.cities.clone()),
        finance: std::sync::Arc::new(config.file.finance.clone()),
        calendar: config.calendar.clone(),
        keep_days: config.file.keep_days,
        office: Some(config.office(config.store())),
    }
}

/// Where asks are carried out.
pub(super) enum Counter {
    /// At a running switch.
    Running(Switch),
    /// Here.
    Here {
        desk: Box<crate::admin::Desk>,
        engine: kazasu_engine::Engine,
        core: std::thread::JoinHandle<()>,
        by: String,
        _lock: crate::serve::DataLock,
    },
}

impl Counter {
    pub(super) async fn open(config: &Config, by: &str) -> anyhow::Result<Counter> {
        let caller = caller(config, by)?;
        Ok(match import::place(config).await? {
            Place::Running(http) => Counter::Running(Switch::new(&http, config.http_client(), &caller.token)),
            Place::Here { epoch, _lock } => {
                let (engine, core) = import::open(config, epoch).await?;
                Counter::Here {
                    desk: Box::new(crate::serve::desk(config, engine.clone(), config.store())),
                    engine,
                    core,
                    by: caller.name.clone(),
                    _lock,
                }
            }
        })
    }

    pub(super) async fn carry_out(&mut self, ask: &Ask) -> Result<Value, Refused> {
        match self {
            Counter::Running(switch) => switch.ask("/v1/ask", ask).await,
            Counter::Here { desk, by, .. } => {
                desk.carry_out(ask.clone(), by, LinkOrigin::Counter).await.map_err(Refused::from)
            }
        }
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Counter::Running(_) => Ok(()),
            Counter::Here { engine, core, .. } => import::close(engine, core).await,
        }
    }
}

/// Looks at something: at a running switch, or by reading the journal, which changes nothing.
pub(super) async fn look_at(config: &Config, by: &str, what: &Look) -> Result<Value, Refused> {
    let caller = caller(config, by).map_err(Refused::Broken)?;
    if let Look::Resident(text) = what
        && let Err(error) = text.parse::<kazasu_schemas::ids::Ppid>()
    {
        return Err(Refused::No(format!("PPID {}, got {:?}", error.problem, kazasu_schemas::text::masked(&error.got))));
    }
    match import::running(config).await.map_err(Refused::Broken)? {
        Some(http) => {
            let path = match what {
                Look::Resident(ppid) => format!("/v1/residents/{ppid}"),
                Look::Broken => "/v1/links/broken".into(),
                Look::Shared => "/v1/links/shared".into(),
                Look::Notices => "/v1/notices".into(),
                Look::Advices => "/v1/advices".into(),
                Look::Policy => "/v1/policy".into(),
                Look::Merchants => "/v1/merchants".into(),
                Look::Merchant(id) => {
                    let parts: Vec<String> = id.split('/').map(encoded).collect();
                    format!("/v1/merchants/{}", parts.join("/"))
                }
            };
            Switch::new(&http, config.http_client(), &caller.token).get(&path).await
        }
        None => {
            let state = std::sync::Arc::new(super::policy::fold(config).await.map_err(Refused::Broken)?);
            let desk = folded(config, state);
            let found = match what {
                Look::Resident(ppid) => match desk.resident(ppid).await {
                    Ok(None) => return Err(Refused::No(format!("PPID {ppid} is not known"))),
                    Ok(Some(value)) => Ok(value),
                    Err(error) => Err(error),
                },
                Look::Broken => desk.broken_links().await,
                Look::Shared => desk.shared_accounts().await,
                Look::Notices => desk.notices().await,
                Look::Advices => desk.waiting_advices().await,
                Look::Policy => desk.policy().await,
                Look::Merchants => desk.merchants().await,
                Look::Merchant(id) => match desk.merchant(id).await {
                    Ok(found) if found.as_array().is_some_and(Vec::is_empty) => {
                        return Err(Refused::No(format!(
                            "merchant {} is not registered",
                            kazasu_schemas::text::masked(id)
                        )));
                    }
                    found => found,
                },
            };
            found.map_err(|error| Refused::No(error.to_string()))
        }
    }
}

/// What is looked at.
pub(super) enum Look {
    /// A person.
    Resident(String),
    /// Broken links.
    Broken,
    /// Shared accounts.
    Shared,
    /// Notices.
    Notices,
    /// Offline payments that wait for a person.
    Advices,
    /// The policy in force.
    Policy,
    /// Every merchant.
    Merchants,
    /// One, by its ID, or by its acquirer and ID.
    Merchant(String),
}

/// Carries out one ask and prints what came of it.
pub(super) async fn one(ask: Ask, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let result = counter.carry_out(&ask).await;
    counter.close().await?;
    show(result, common)
}

/// Looks at something and prints it.
pub(super) async fn look(what: Look, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    show(look_at(&config, &common.by, &what).await, common)
}

pub(super) fn show(result: Result<Value, Refused>, common: &Common) -> anyhow::Result<()> {
    match result {
        Ok(value) => {
            if common.json {
                say!("{value}");
            } else {
                print(&value, 0);
            }
            Ok(())
        }
        Err(Refused::No(why)) => Err(Found(why).into()),
        Err(Refused::Broken(error)) => Err(error),
    }
}
