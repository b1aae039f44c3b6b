//! `kazasu clock`: the time that decides, and a person's word about the wall clock.

use super::CheckFailed;
use super::ask::Common;
use super::backend::one;
use super::import;
use crate::client::{CallError, Switch};
use crate::config::Config;
use clap::Subcommand;
use kazasu_console::{print_text, say};
use kazasu_report::table::{Align, Lines};
use kazasu_services::operators::ConfirmClock;

#[derive(Subcommand)]
pub(super) enum ClockCommand {
    /// What time decides at the running switch, and whether its wall clock is believed. Exit code 1 when it is not, 2 when no switch
    /// is running.
    Status {
        #[command(flatten)]
        common: Common,
    },
    /// Says that the wall clock is right although it jumped, or nothing ran for long. It is recorded who said so, and why.
    Confirm {
        /// The day that it is, by your own watch; another than the wall clock's is refused.
        #[arg(long)]
        day: String,
        /// Why the clock jumped, or what happened.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: ClockCommand) -> anyhow::Result<()> {
    match command {
        ClockCommand::Status { common } => status(&common).await,
        ClockCommand::Confirm { day, why, common } => one(ConfirmClock { day, why }, &common).await,
    }
}

async fn status(common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let Some(http) = import::running(&config).await? else {
        anyhow::bail!("no switch is running: its clock is looked at when it begins");
    };
    let status =
        match Switch::new(&http, config.http_client(), &config.token).get::<serde_json::Value>("/v1/status").await {
            Ok(status) => status,
            Err(CallError::Rejected(why)) => anyhow::bail!("the switch at {http} does not say it: {why}"),
            Err(CallError::Failed(error)) => return Err(error),
        };
    let doubt = status["clock_doubt"].as_str();
    if common.json {
        let clock = serde_json::json!({ "time": status["time"], "business_day": status["business_day"],
            "clock": status["clock"] });
        say!("{clock}");
    } else {
        let mut lines = Lines::new(0, [Align::Left, Align::Left]);
        lines.row([&"判定時刻 time that decides", &status["time"].as_str().unwrap_or("–")]);
        lines.row([&"営業日 business day", &status["business_day"].as_str().unwrap_or("–")]);
        lines.row([&"時計 wall clock", &if doubt.is_none() { "正常 believed" } else { "要確認 in doubt" }]);
        print_text!("{}", lines.text());
    }
    match doubt {
        Some(doubt) => Err(CheckFailed(doubt.to_owned()).into()),
        None => Ok(()),
    }
}
