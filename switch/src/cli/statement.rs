//! `kazasu payout statement` and `kazasu relief statement`: the bank's statement at the command line. Whatever could not be read or
//! matched ends it with exit code 1, once everything else is done and told.

use super::CheckFailed;
use super::ask::Common;
use super::backend::{Backend, show};
use crate::api::WithFile;
use crate::config::Config;
use kazasu_services::statement::{StatementFile, StatementRead};
use std::path::Path;
use std::sync::Arc;

/// How it is read.
#[derive(clap::Args)]
pub(super) struct How {
    /// Only shows what would be booked.
    #[arg(long)]
    dry_run: bool,
    /// Only these records, separated by commas: of a damaged file nothing else is booked. Needs --why.
    #[arg(long, requires = "why", conflicts_with = "line")]
    lines: Option<String>,
    /// One record, which you say something about. Needs --why, and one of the options that say what it is.
    #[arg(long, requires_all = ["why", "word"])]
    line: Option<usize>,
    /// With --line: the transfer file that the bank took, as NUMBER/FILE: the payout or batch, and the file, from 0.
    #[arg(long = "file", value_name = "NUMBER/FILE", group = "word", requires = "line")]
    file_of: Option<String>,
    /// With --line: it is what was booked under this other reference.
    #[arg(long, group = "word", requires = "line")]
    same_as: Option<String>,
    /// With --line: it is the bank's correction of this line.
    #[arg(long, group = "word", requires = "line")]
    corrects: Option<String>,
    /// With --line: it is nothing of this book's.
    #[arg(long, group = "word", requires = "line")]
    not_ours: bool,
    /// Why these records, or why the record is that.
    #[arg(long)]
    why: Option<String>,
}

impl How {
    fn is(&self, more: Option<String>) -> Option<String> {
        let file = self.file_of.as_ref().map(|file| format!("file {file}"));
        let same = self.same_as.as_ref().map(|other| format!("same {other}"));
        let corrects = self.corrects.as_ref().map(|line| format!("corrects {line}"));
        let not_ours = self.not_ours.then(|| "not-ours".to_owned());
        more.or(file).or(same).or(corrects).or(not_ours)
    }

    /// The file, and how it is read.
    fn read(self, file: Vec<u8>, more: Option<String>) -> StatementFile {
        let is = self.is(more);
        let How { dry_run, lines, line, why, .. } = self;
        StatementFile { dry_run, lines, line, is, why, file: Arc::new(file), today: None }
    }
}

/// Reads it, shows what became of its lines, and fails when something is left. `more` is what else a person may say of a line.
pub(super) async fn read<O>(
    file: &Path,
    (how, more): (How, Option<String>),
    reader: impl FnOnce(StatementFile) -> O,
    common: &Common,
) -> anyhow::Result<()>
where
    O: WithFile<Answer = StatementRead>,
{
    let operation = reader(how.read(kazasu_security::files::read(file)?, more));
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, &common.by).await?;
    let result = backend.send(operation).await;
    backend.close().await?;
    let left = result.as_ref().ok().and_then(left);
    show(result, common)?;
    left.map_or(Ok(()), |left| Err(CheckFailed(left).into()))
}

/// What could not be read or matched.
fn left(read: &StatementRead) -> Option<String> {
    let (bad, open) = (read.bad_records.len(), read.unmatched.len());
    let mut text = Vec::new();
    if bad > 0 {
        text.push(format!("the file is damaged in {bad} places"));
    }
    if open > 0 {
        text.push(format!("{open} lines are open"));
    }
    (!text.is_empty()).then(|| text.join(", "))
}
