//! `kazasu spending`: statistics of what residents spent.

use super::backend::{Journal, query, refused};
use super::common::Common;
use super::place;
use super::report::{Output, give};
use clap::Subcommand;
use kazasu_serve::config::Config;
use kazasu_services::spending::{ShowSpending, ShowSpendingDictionary};
use std::path::PathBuf;

/// `kazasu spending`.
#[derive(Subcommand)]
pub(super) enum SpendingCommand {
    /// What residents spent in months that are over.
    Show {
        /// The first month, such as 2026-10; the first of the book when absent.
        #[arg(long)]
        from: Option<String>,
        /// The last month; the last that is over when absent.
        #[arg(long)]
        until: Option<String>,
        /// What rows are told apart by, with commas: month, payer, region, trade, tender; all of them when absent.
        #[arg(long)]
        by: Option<String>,
        /// Write it to this file: .xlsx or .csv.
        #[arg(long)]
        out: Option<PathBuf>,
        /// CSV in Shift_JIS instead of UTF-8.
        #[arg(long)]
        shift_jis: bool,
        #[command(flatten)]
        common: Common,
    },
    /// The data dictionary: columns, labels, trades with their categories.
    Dictionary {
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: SpendingCommand) -> anyhow::Result<()> {
    match command {
        SpendingCommand::Dictionary { common } => query(ShowSpendingDictionary {}, &common).await,
        SpendingCommand::Show { from, until, by, out, shift_jis, common } => {
            let config = Config::load(&common.config)?;
            let journal = Journal::reading(&config, place::fold(&config).await?).await?;
            let table = journal.call(ShowSpending { from, until, by }).await?;
            let report = table.report(kazasu_engine::clock::now()).map_err(refused)?;
            give(&report, Output { path: out.as_deref(), shift_jis, json: common.json })
        }
    }
}
