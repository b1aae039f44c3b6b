//! `kazasu clock`: the time that decides, and a person's word about the wall clock.

use super::backend::one;
use super::common::{CheckFailed, Common};
use super::place;
use crate::language::{language, refused, shown};
use clap::Subcommand;
use kazasu_api::client::{CallError, Switch};
use kazasu_console::{print_text, say};
use kazasu_report::table::{Align, Lines};
use kazasu_serve::config::Config;
use kazasu_services::operators::ConfirmClock;
use kazasu_text::cli::{CliLabel, CliText, ClockState};
use kazasu_text::usage::UsageText;

#[derive(Subcommand)]
pub(super) enum ClockCommand {
    /// The deciding time of the running switch, and whether it trusts its wall clock. Exit code 1 when it does not, 2 when no switch
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
        /// The reason why the clock jumped, or the event.
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
    let Some(http) = place::running(&config).await? else {
        anyhow::bail!(shown(&CliText::NoSwitchRunning));
    };
    let switch = Switch::new(&http, config.http_client(), None).speaking(language());
    let status = match switch.get::<serde_json::Value>("/status").await {
        Ok(status) => status,
        Err(CallError::Rejected(why)) => return Err(refused(&UsageText::StatusRefused { http: &http, why: &why })),
        Err(CallError::Failed(error)) => return Err(error),
    };
    let doubt = status["clock_doubt"].as_str();
    if common.json {
        let clock = serde_json::json!({ "time": status["time"], "business_day": status["business_day"],
            "clock": status["clock"] });
        say!("{clock}");
    } else {
        let mut lines = Lines::new(0, [Align::Left, Align::Left]);
        lines.row([&shown(&CliLabel::DecidingTime), &status["time"].as_str().unwrap_or("–")]);
        lines.row([&shown(&CliLabel::BusinessDay), &status["business_day"].as_str().unwrap_or("–")]);
        let state = if doubt.is_none() { ClockState::Believed } else { ClockState::InDoubt };
        lines.row([&shown(&CliLabel::WallClock), &shown(&state)]);
        print_text!("{}", lines.text());
    }
    match doubt {
        Some(doubt) => Err(CheckFailed(doubt.to_owned()).into()),
        None => Ok(()),
    }
}
