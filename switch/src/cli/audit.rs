//! `kazasu audit`: the security log for people and for systems that collect logs. Questions about it are in it.

use super::backend::Backend;
use super::common::{CheckFailed, Common, none};
use crate::language::shown;
use clap::{Args, Subcommand, ValueEnum};
use kazasu_console::{print_text, say, tell};
use kazasu_report::{Kind, Report, cells, table};
use kazasu_security_log::verify::Problem;
use kazasu_security_log::{Line, SecurityEvent, SecurityField, syslog};
use kazasu_serve::config::Config;
use kazasu_services::WhichLog;
use kazasu_services::security_log::{CheckedLog, ReadSecurityLog, VerifySecurityLog};
use kazasu_text::security::SecurityText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Because, Count, Label, Said, Text};
use std::collections::VecDeque;
use std::path::PathBuf;

/// `kazasu audit`.
#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Lines of the security log: a table, or with --json the lines as they stand in the file.
    Log {
        #[command(flatten)]
        wanted: Wanted,
        /// Print the lines as they stand in the file.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Checks through all files of the security log that no line was changed or removed.
    VerifyLog {
        /// A line that was noted elsewhere, as NUMBER:HASH: it must be there.
        #[arg(long, value_name = "NUMBER:HASH")]
        head: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Lines for a system that collects logs: RFC 5424 messages, or lines of JSON.
    ExportLog {
        #[command(flatten)]
        wanted: Wanted,
        /// The form of the lines.
        #[arg(long, value_enum, default_value = "jsonl")]
        format: Format,
        #[command(flatten)]
        place: Place,
    },
}

/// The log, and the caller.
#[derive(Args)]
pub(super) struct Place {
    /// The configuration file.
    #[arg(long, default_value = "kazasu.toml")]
    config: PathBuf,
    /// The file with your session; your own folder's when absent.
    #[arg(long)]
    session: Option<PathBuf>,
}

impl Place {
    fn common(&self) -> Common {
        Common { config: self.config.clone(), session: self.session.clone(), json: false }
    }
}

/// The choice of lines.
#[derive(Args)]
pub(super) struct Wanted {
    /// From this day or moment on.
    #[arg(long)]
    from: Option<String>,
    /// Up to this day, or before this moment.
    #[arg(long)]
    until: Option<String>,
    /// Asked by this name.
    #[arg(long)]
    person: Option<String>,
    /// About this resident, by PPID.
    #[arg(long, value_name = "PPID")]
    resident: Option<String>,
    /// Of this kind: look, reveal, export, command, question, request_refused, ….
    #[arg(long)]
    kind: Option<String>,
    /// With this outcome: allowed, refused, failed or abandoned.
    #[arg(long)]
    outcome: Option<String>,
    /// The reason for your look; the log keeps it with your name.
    #[arg(long)]
    why: Option<String>,
}

/// The form of exported lines.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Messages of RFC 5424.
    Syslog,
    /// Lines of JSON, as they stand in the file.
    Jsonl,
}

/// Lines in one answer.
const PAGE: u32 = 5_000;

pub(super) async fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Log { wanted, json: true, place } => {
            each(wanted, &place, |text, _| {
                say!("{text}");
                Ok(())
            })
            .await
        }
        AuditCommand::Log { wanted, json: false, place } => table_of(wanted, &place).await,
        AuditCommand::VerifyLog { head, json, place } => verify(head, json, &place).await,
        AuditCommand::ExportLog { wanted, format, place } => {
            each(wanted, &place, |text, line| {
                match format {
                    Format::Jsonl => say!("{text}"),
                    Format::Syslog => say!("{}", syslog(line)),
                }
                Ok(())
            })
            .await
        }
    }
}

/// One of the two logs, read a page at a time.
struct Pages<'a> {
    backend: &'a Backend,
    ask: Option<ReadSecurityLog>,
    lines: VecDeque<(String, Line)>,
}

impl Pages<'_> {
    /// The next line's moment; none at the end.
    async fn next_at(&mut self) -> anyhow::Result<Option<i64>> {
        while self.lines.is_empty() {
            let Some(ask) = self.ask.take() else { return Ok(None) };
            let page = self.backend.call(ask.clone()).await?;
            for text in page.lines {
                let line = Line::parse(&text).because(|| Said::of(&UsageText::LogLine))?;
                self.lines.push_back((text, line));
            }
            self.ask = page.next.map(|after| ReadSecurityLog { after, ..ask });
        }
        Ok(self.lines.front().map(|(_, line)| line.at.0))
    }
}

/// Hands each line to `give`, those of both logs in the order of their moments.
async fn each(
    wanted: Wanted,
    place: &Place,
    mut give: impl FnMut(&str, &Line) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let config = Config::load(&place.config)?;
    let backend = Backend::security_log(&config, &place.common()).await?;
    let Wanted { from, until, person, resident, kind, outcome, why } = wanted;
    let ask =
        ReadSecurityLog { from, until, person, resident, kind, outcome, why, limit: Some(PAGE), ..Default::default() };
    let mut logs = WhichLog::ALL.map(|log| {
        let ask = Some(ReadSecurityLog { log, ..ask.clone() });
        Pages { backend: &backend, ask, lines: VecDeque::new() }
    });
    loop {
        let [node, offline] = &mut logs;
        let from = match (node.next_at().await?, offline.next_at().await?) {
            (None, None) => return Ok(()),
            (Some(a), Some(b)) if b < a => offline,
            (Some(_), _) => node,
            (None, Some(_)) => offline,
        };
        if let Some((text, line)) = from.lines.pop_front() {
            give(&text, &line)?;
        }
    }
}

/// Fields that have a column of their own; the others stand in the last one.
const COLUMNS: [SecurityField; 6] = [
    SecurityField::At,
    SecurityField::Event,
    SecurityField::By,
    SecurityField::Operation,
    SecurityField::Outcome,
    SecurityField::Why,
];

async fn table_of(wanted: Wanted, place: &Place) -> anyhow::Result<()> {
    let mut report =
        Report::titled(SecurityText::Title, kazasu_engine::clock::now()).sheet(&shown(&SecurityText::Title));
    for column in COLUMNS {
        report = report.labelled(column, Kind::Text);
    }
    report = report.column(&SecurityText::More.ja(), &SecurityText::More.en(), Kind::Text);
    let mut rows = 0_u64;
    each(wanted, place, |_, line| {
        let text = |field: SecurityField| line.text(field).unwrap_or_default();
        let event = SecurityEvent::of(&line.event)
            .map_or_else(|| line.event.clone(), |event| format!("{} ({})", shown(&event), event.code()));
        report.push(cells![
            text(SecurityField::At),
            event,
            text(SecurityField::By),
            text(SecurityField::Operation),
            text(SecurityField::Outcome),
            text(SecurityField::Why),
            more(line)
        ]);
        rows += 1;
        Ok(())
    })
    .await?;
    if rows == 0 {
        say!("{}", none());
        return Ok(());
    }
    let report = report.finish()?;
    print_text!("{}", table::text(&report));
    Ok(())
}

/// The fields that have no column.
fn more(line: &Line) -> String {
    let own = [SecurityField::Seq, SecurityField::Node, SecurityField::Hash, SecurityField::Via, SecurityField::Caller];
    let shown = SecurityField::LIST.iter().filter(|field| !COLUMNS.contains(field) && !own.contains(field));
    let shown = shown.filter_map(|field| line.text(*field).map(|text| format!("{}={text}", field.code())));
    shown.collect::<Vec<_>>().join(" ")
}

async fn verify(head: Option<String>, json: bool, place: &Place) -> anyhow::Result<()> {
    let config = Config::load(&place.config)?;
    let backend = Backend::security_log(&config, &place.common()).await?;
    let checked = backend.call(VerifySecurityLog { head }).await?;
    if json {
        say!("{}", serde_json::to_string(&checked)?);
    } else {
        checked.logs.iter().for_each(print);
    }
    let problems: usize = checked.logs.iter().map(|log| log.problems.len()).sum();
    match problems {
        0 => Ok(()),
        n => Err(CheckFailed(shown(&UsageText::LogDamaged { places: n.into() })).into()),
    }
}

fn print(log: &CheckedLog) {
    let name = log.log.name();
    if log.problems.is_empty() {
        say!("{name}: {}", shown(&SecurityText::Good { files: Count(log.files), lines: Count(log.lines) }));
    }
    for problem in &log.problems {
        tell!("{name}: {}", described(problem));
    }
    if log.unfinished > 0 {
        say!("{name}: {}", shown(&SecurityText::Unfinished { bytes: Count(log.unfinished) }));
    }
    if let Some(head) = &log.head {
        say!("{name}: {}", shown(&SecurityText::Head { head }));
    }
}

fn described(problem: &Problem) -> String {
    shown(&match problem {
        Problem::Changed { file, line, seq } => SecurityText::Changed { file, line: *line, seq: *seq },
        Problem::Unreadable { file, line } => SecurityText::Unreadable { file, line: *line },
        Problem::Missing { from, until } => SecurityText::Missing { from: *from, until: *until },
        Problem::Repeated { file, line, seq } => SecurityText::Repeated { file, line: *line, seq: *seq },
        Problem::Begins { file } => SecurityText::Begins { file },
        Problem::NotThere { seq } => SecurityText::NotThere { seq: *seq },
    })
}
