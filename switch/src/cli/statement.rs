//! `kazasu payout statement` and `kazasu relief statement`: the bank's statement at the command line. Whatever could not be read or
//! matched ends it with exit code 1, once everything else is done and told.

use super::Found;
use super::ask::Common;
use super::counter::{Counter, show};
use crate::client::{Refused, encoded};
use crate::config::Config;
use kazasu_services::statement::{Reader, Run, StatementAsk};
use serde_json::Value;
use std::path::Path;

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

    fn query(&self, is: Option<&str>) -> String {
        let mut parts = Vec::new();
        if self.dry_run {
            parts.push("dry_run=true".to_owned());
        }
        parts.extend(self.lines.as_ref().map(|lines| format!("lines={}", encoded(lines))));
        parts.extend(self.line.map(|line| format!("line={line}")));
        parts.extend(is.map(|is| format!("is={}", encoded(is))));
        parts.extend(self.why.as_ref().map(|why| format!("why={}", encoded(why))));
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }
}

/// Reads it, shows what became of its lines, and fails when something is left.
pub(super) async fn read(
    file: &Path,
    how: &How,
    is: Option<String>,
    reader: Reader,
    common: &Common,
) -> anyhow::Result<()> {
    let bytes = kazasu_security::files::read(file)?;
    let is = how.is(is);
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let result = match &mut counter {
        Counter::Running(switch) => {
            let path = match reader {
                Reader::Payouts => "/v1/closing/statement",
                Reader::Relief => "/v1/relief/statement",
            };
            let path = format!("{path}{}", how.query(is.as_deref()));
            switch.file(&path, bytes).await
        }
        Counter::Here { desk, by, .. } => {
            let run = if how.dry_run { Run::Look } else { Run::Book };
            match StatementAsk::new(run, how.lines.as_deref(), (how.line, is.as_deref()), how.why.as_deref()) {
                Ok(ask) => desk.bank_statement(&bytes, reader, &ask, by).await.map_err(Refused::from),
                Err(error) => Err(Refused::from(error)),
            }
        }
    };
    counter.close().await?;
    let left = result.as_ref().ok().and_then(left);
    show(result, common)?;
    left.map_or(Ok(()), |left| Err(Found(left).into()))
}

/// What could not be read or matched.
fn left(value: &Value) -> Option<String> {
    let len = |key: &str| value[key].as_array().map_or(0, Vec::len);
    let (bad, open) = (len("bad_records"), len("unmatched"));
    let mut text = Vec::new();
    if bad > 0 {
        text.push(format!("the file is damaged in {bad} places"));
    }
    if open > 0 {
        text.push(format!("{open} lines are open"));
    }
    (!text.is_empty()).then(|| text.join(", "))
}
