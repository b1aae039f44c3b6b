//! `kazasu store migrate`, `check` and `copy`.

use super::common::CheckFailed;
use super::ledger::{facts, tell_totals, totals};
use crate::language::{refused, shown};
use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use kazasu_console::{print_text, progress, say};
use kazasu_schemas::text::thousands;
use kazasu_serve::config::{Config, StoreConfig};
use kazasu_store::postgres::{PostgresStore, migrate};
use kazasu_store::transport::{CopyError, copy};
use kazasu_store::{Node, Store};
use kazasu_text::Count;
use kazasu_text::cli::{CliLabel, CliText};
use kazasu_text::usage::UsageText;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Subcommand)]
pub(super) enum StoreCommand {
    /// Creates or updates the tables and roles of a PostgreSQL store. Run it as the database's owner, before the nodes.
    Migrate(Place),
    /// Connects as a reader and, where nodes share the store, as a node; checks the tables and tells where the journal ends.
    Check(Place),
    /// Copies a journal to another store and proves that both are equal. Stop the switch first; a copy that was
    /// interrupted, or made while it ran, is continued by running it again.
    Copy {
        /// A file, a PostgreSQL URL, or a configuration file (.toml) whose store is meant.
        #[arg(long)]
        from: String,
        /// The same.
        #[arg(long)]
        to: String,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
pub(super) struct Place {
    /// The store's URL. A password is taken from it, from PGPASSWORD or from ~/.pgpass.
    #[arg(long, required_unless_present = "config", conflicts_with = "config")]
    store: Option<String>,
    /// The store of this configuration, with the password of its key file.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Place {
    fn read(&self) -> anyhow::Result<StoreConfig> {
        match (&self.config, &self.store) {
            (Some(config), _) => Ok(Config::load(config)?.store),
            (None, Some(store)) => StoreConfig::parse(store),
            (None, None) => Err(refused(&UsageText::StoreOrConfig)),
        }
    }
}

/// A place as `copy` takes it.
fn place(text: &str) -> anyhow::Result<StoreConfig> {
    if text.ends_with(".toml") { Ok(Config::load(text.as_ref())?.store) } else { StoreConfig::parse(text) }
}

pub(super) async fn run(command: StoreCommand) -> anyhow::Result<()> {
    match command {
        StoreCommand::Migrate(place) => match place.read()? {
            StoreConfig::Postgres(address) => {
                let store = PostgresStore::new(address);
                let new = migrate(&store).await?;
                let text = CliText::TablesUpToDate { place: &store.place(), new: new.into() };
                say!("{}", shown(&text));
                Ok(())
            }
            StoreConfig::Sqlite(path) => Err(refused(&UsageText::StoreIsFile { path: &path.display().to_string() })),
        },
        StoreCommand::Check(place) => {
            let store = place.read()?.store();
            let head = store.reader().await?.head().await?;
            if let Some(shared) = store.shared() {
                shared.watch(Node { name: "check".into(), ..Node::alone() }).await?.leadership().await?;
            }
            say!("{}", shown(&CliText::Reachable { place: &store.place(), records: Count(head.seq) }));
            Ok(())
        }
        StoreCommand::Copy { from, to, json } => {
            ensure!(from != to, shown(&UsageText::SamePlace));
            let source = place(&from).context("--from")?.store();
            let target = place(&to).context("--to")?.store();
            copy_all(source.as_ref(), target.as_ref(), json).await
        }
    }
}

async fn copy_all(source: &dyn Store, target: &dyn Store, json: bool) -> anyhow::Result<()> {
    let begin = Instant::now();
    let live = !json && std::io::stderr().is_terminal();
    let progress = |done: u64, all: u64| {
        if live {
            let parts = [shown(&CliText::OfRecords { done: Count(done), all: Count(all) })];
            let width = kazasu_console::terminal::error_width().unwrap_or(usize::MAX);
            let going = kazasu_console::terminal::Going { what: "", done, all };
            progress!("\r\x1b[2K{}", kazasu_console::terminal::progress(going, &parts, width));
        }
    };
    let copied = copy(source, target, progress).await;
    if live {
        progress!("\r\x1b[2K");
    }
    let copied = match copied {
        Ok(copied) => copied,
        Err(error @ (CopyError::Other(_) | CopyError::Unsound { .. } | CopyError::Differ(_))) => {
            return Err(CheckFailed(error.to_string()).into());
        }
        Err(error) => return Err(error.into()),
    };
    if json {
        let mut out = totals(&copied.verified);
        out["copied"] = copied.copied.into();
        out["before"] = copied.before.into();
        say!("{out}");
        return Ok(());
    }
    say!("{}", shown(&CliText::CopiedTo { source: &source.place(), target: &target.place() }));
    let mut lines = facts();
    let took = shown(&CliText::InSeconds { seconds: &format!("{:.1}", begin.elapsed().as_secs_f64()) });
    lines.row([&shown(&CliLabel::Copied), &thousands(copied.copied), &took]);
    lines.row([&shown(&CliLabel::ThereBefore), &thousands(copied.before), &""]);
    let accounts = copied.verified.accounts.len();
    lines.words(format!("  {}", shown(&CliText::CopyEqual { accounts: accounts.into() })));
    tell_totals(&copied.verified, &mut lines);
    print_text!("{}", lines.text());
    Ok(())
}
