//! What `kazasu demo` is told.

use clap::Args;
use std::path::PathBuf;

/// `kazasu demo`.
#[derive(Args, Debug, Clone)]
pub struct DemoArgs {
    /// Where configuration, ledger and journals are kept; a folder of an earlier demo of the same kind is continued. Each kind has one
    /// of its own under kazasu-data when this is left out: demo, demo-day, demo-relief, and the same with -postgres.
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Messages that the terminals send.
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub(crate) taps: u64,
    /// Messages a second.
    #[arg(long, default_value_t = 150.0, value_parser = rate)]
    pub(crate) rate: f64,
    /// The same seed makes the same residents, places and amounts: 1, or that of the folder that is continued.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Where the ledger is kept: `sqlite` for a file in the data folder; `postgres` for a PostgreSQL server that the demo
    /// starts from this machine's binaries and ends again; or the URL of an empty database, as its owner.
    #[arg(long, default_value = "sqlite")]
    pub(crate) store: String,
    /// Nodes that share the store. With more than one, the lead is handed over in the middle of the run.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3))]
    pub(crate) nodes: u64,
    /// Show a flood instead: a relief programme, residents who spend its money the same second, its end and its report.
    #[arg(long, conflicts_with = "nodes")]
    pub(crate) relief: bool,
    /// Show a business day that is closed: fees, settlements, payouts, files with planted mistakes, and what reconciliation finds.
    #[arg(long, conflicts_with_all = ["nodes", "relief"])]
    pub(crate) day: bool,
    /// End after the summary. Without it, a demo at a terminal keeps the switch open until Ctrl-C.
    #[arg(long)]
    pub(crate) exit: bool,
    /// Print the summary as one JSON object, and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "must be a number".to_owned())?;
    if rate.is_finite() && (0.1..=1_000_000.0).contains(&rate) {
        Ok(rate)
    } else {
        Err("must be 0.1 to 1000000".into())
    }
}
