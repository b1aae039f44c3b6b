//! Questions about the security log of this node: lines that fit, and whether the chain is whole. They are in the log themselves.

use crate::access::Name;
use crate::error::{Result, ServiceError, unfit};
use crate::fields::{moment, ppid, reason};
use crate::kept::WhichLog;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::watch::resident_ref;
use crate::{Services, Who};
use kazasu_core::Named;
use kazasu_schemas::jst::{DAY_MS, Millis};
use kazasu_security_log::verify::{Head, Problem, verify};
use kazasu_security_log::{Digest, Filter, SecurityEvent, search};
use kazasu_text::problems::ProblemText;
use kazasu_text::{Label, Quoted};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Lines of a log, a page at a time, the oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadSecurityLog {
    /// The log.
    pub log: WhichLog,
    /// From this day or moment on.
    pub from: Option<String>,
    /// Up to this day, or before this moment.
    pub until: Option<String>,
    /// Asked by this name.
    pub person: Option<String>,
    /// About this resident, by PPID.
    pub resident: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With this outcome: `allowed`, `refused`, `failed`, `abandoned` or `replayed`.
    pub outcome: Option<String>,
    /// Behind the line with this number.
    pub after: u64,
    /// Lines in one page, at most 10,000; 1,000 when it is left out.
    pub limit: Option<u32>,
    /// The reason of the question.
    pub why: Option<String>,
}

/// A page of lines.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SecurityLogPage {
    /// The lines as they stand in the file.
    pub lines: Vec<String>,
    /// The line behind which the next page begins, where there is one.
    pub next: Option<u64>,
}

/// Lines in the largest page.
const MOST_LINES: u32 = 10_000;

/// Outcomes of operations.
const OUTCOMES: [&str; 5] = ["allowed", "refused", "failed", "abandoned", "replayed"];

impl ReadSecurityLog {
    fn filter(&self, services: &Services) -> Result<Filter> {
        let kind = |text: &String| {
            let known = || SecurityEvent::LIST.iter().map(|kind| kind.code()).collect::<Vec<_>>().join(", ");
            SecurityEvent::of(text)
                .ok_or_else(|| unfit("kind", &ProblemText::OneOfAll { choices: &known(), got: Quoted(text) }))
        };
        if let Some(outcome) = self.outcome.as_ref().filter(|outcome| !OUTCOMES.contains(&outcome.as_str())) {
            return Err(unfit(
                "outcome",
                &ProblemText::OneOfAll { choices: &OUTCOMES.join(", "), got: Quoted(outcome) },
            ));
        }
        let resident = self.resident.as_ref().map(|text| ppid("resident", text)).transpose()?;
        Ok(Filter {
            from: self.from.as_deref().map(|text| moment("from", text)).transpose()?,
            until: self.until.as_deref().map(|text| end("until", text)).transpose()?,
            person: self.person.clone(),
            resident: resident.map(|person| resident_ref(&services.imports.vault, &person)),
            kind: self.kind.as_ref().map(kind).transpose()?,
            outcome: self.outcome.clone(),
            after: self.after,
        })
    }
}

/// A day includes its last moment.
fn end(field: &'static str, text: &str) -> Result<Millis> {
    let at = moment(field, text)?;
    Ok(if at == at.jst_day().start() && !text.contains(':') { Millis(at.0 + DAY_MS) } else { at })
}

impl Operation for ReadSecurityLog {
    const NAME: Name = Name::ReadSecurityLog;
    type Answer = SecurityLogPage;

    fn subject(&self) -> Subject {
        Subject::residents(self.resident.clone()).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<SecurityLogPage> {
        self.why.as_deref().map(|why| reason("why", why)).transpose()?;
        let most = self.limit.unwrap_or(1_000);
        if most == 0 || most > MOST_LINES {
            return Err(unfit(
                "limit",
                &ProblemText::Range { least: 1, most: u64::from(MOST_LINES), got: u64::from(most) },
            ));
        }
        let (mut filter, folder) = (self.filter(services)?, services.log_folder(self.log)?);
        if let Some(named) = &self.person {
            // Lines have ids; a name is looked up, and a text that is neither is looked for as it is.
            let named = Named::of(named);
            let found = services.rights(move |rights| rights.find_named(&named)).await?;
            filter.person = found.map(|id| id.to_string()).or(filter.person);
        }
        let page = tokio::task::spawn_blocking(move || {
            let (mut lines, mut last, mut next) = (Vec::new(), 0, None);
            search(&folder, &filter, |text, line| {
                if lines.len() >= usize::try_from(most).unwrap_or(usize::MAX) {
                    next = Some(last);
                    return ControlFlow::Break(());
                }
                last = line.seq;
                lines.push(text.to_owned());
                ControlFlow::Continue(())
            })?;
            anyhow::Ok(SecurityLogPage { lines, next })
        });
        page.await.map_err(ServiceError::inside)?.map_err(ServiceError::Other)
    }
}

/// Checks the chain of both logs.
#[derive(Clone, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VerifySecurityLog {
    /// A line of the switch's log that was noted elsewhere, as `seq:hash`: it must be there.
    pub head: Option<String>,
}

/// The result of the check.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SecurityLogChecked {
    /// Each log.
    pub logs: Vec<CheckedLog>,
}

/// The result of the check of one log.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CheckedLog {
    /// The log.
    pub log: WhichLog,
    /// Files.
    pub files: u64,
    /// Lines.
    pub lines: u64,
    /// The number of its first line; 0 where it has none.
    pub first: u64,
    /// The number of its last line.
    pub last: u64,
    /// That line, as `seq:hash`: noted elsewhere, it shows later whether the log's end was cut off.
    pub head: Option<String>,
    /// Bytes behind the last line: a crash, or a line that is being written.
    pub unfinished: u64,
    /// The problems.
    #[schemars(with = "Vec<crate::shapes::LogProblemShape>")]
    pub problems: Vec<Problem>,
}

fn head(text: &str) -> Result<Head> {
    let read = || {
        let (seq, hash) = text.split_once(':')?;
        Some(Head { seq: seq.parse().ok()?, hash: Digest::parse(hash)? })
    };
    read().ok_or_else(|| unfit("head", &ProblemText::LogHead))
}

impl Operation for VerifySecurityLog {
    const NAME: Name = Name::VerifySecurityLog;
    type Answer = SecurityLogChecked;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<SecurityLogChecked> {
        let noted = self.head.as_deref().map(head).transpose()?;
        let folders = WhichLog::ALL.map(|log| services.log_folder(log).map(|folder| (log, folder)));
        let checked = tokio::task::spawn_blocking(move || {
            let mut logs = Vec::new();
            for folder in folders {
                let (log, folder) = folder?;
                let noted = noted.filter(|_| log == WhichLog::Node);
                let found = verify(&folder, noted).map_err(ServiceError::inside)?;
                let last = found.last;
                logs.push(CheckedLog {
                    log,
                    files: found.files,
                    lines: found.lines,
                    first: found.first,
                    last: last.map_or(0, |last| last.seq),
                    head: last.map(|last| format!("{}:{}", last.seq, last.hash)),
                    unfinished: found.unfinished,
                    problems: found.problems,
                });
            }
            Ok(SecurityLogChecked { logs })
        });
        checked.await.map_err(ServiceError::inside)?
    }
}

impl Services {
    fn log_folder(&self, which: WhichLog) -> Result<PathBuf> {
        let folders = self.watch.folders();
        folders
            .map(|folders| folders.of(which))
            .ok_or_else(|| ServiceError::Other(anyhow::anyhow!("no log is kept here")))
    }
}
