//! `kazasu payout statement` and `kazasu relief statement`: the bank's statement at the command line. Lines that could not be read or
//! matched ends it with exit code 1, once everything else is done and told.

use super::backend::{Backend, show};
use super::common::{CheckFailed, Common};
use crate::language::shown;
use kazasu_api::addresses::WithFile;
use kazasu_serve::config::Config;
use kazasu_services::statement::{StatementFile, StatementRead};
use kazasu_text::cli::CliText;
use std::path::Path;

/// The options of reading a statement.
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
    /// The reason for the choice of records or for the classification.
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
        StatementFile { dry_run, lines, line, is, why, file: file.into(), today: None }
    }
}

/// Reads the statement, shows the outcome of each line, and fails when a line is left. `more` is a further classification by a
/// person.
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
    let backend = Backend::commands(&config, common).await?;
    let result = backend.send(operation).await;
    backend.close().await?;
    let left = result.as_ref().ok().and_then(left);
    show(result, common)?;
    left.map_or(Ok(()), |left| Err(CheckFailed(left).into()))
}

/// The unreadable and unmatched lines.
fn left(read: &StatementRead) -> Option<String> {
    let (bad, open) = (read.bad_records.len(), read.unmatched.len());
    let mut text = Vec::new();
    if bad > 0 {
        text.push(shown(&CliText::FileDamaged { places: bad.into() }));
    }
    if open > 0 {
        text.push(shown(&CliText::LinesOpen { lines: open.into() }));
    }
    (!text.is_empty()).then(|| text.join(", "))
}
