//! Relief as people may see it: without accounts and names.

use crate::access::{About, Name};
use crate::error::{Result, ServiceError, not_found};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::{BatchView as StateBatch, ProgrammeView as StateProgramme, RowView as StateRow, Unpaid};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{DuplicateRule, Step, issue};
use kazasu_text::problems::NotFoundText;
use kazasu_text::relief::{RowIssue, UnpaidText, why_unpaid};
use kazasu_text::{Label, Text};
use serde::{Deserialize, Serialize};

/// Amounts of a distribution that are listed.
const MOST_AMOUNTS: usize = 50;

/// All relief programmes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListProgrammes {}

/// A programme, with the file in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowProgramme {
    /// Its number.
    pub programme: u16,
}

/// A relief programme.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProgrammeView {
    /// Its number.
    pub programme: u16,
    /// Its version: the number of its decisions.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// The city's code.
    pub city: String,
    /// The city's name.
    pub city_name: Option<String>,
    /// The law on which it rests.
    pub legal_basis: String,
    /// The budget's line.
    pub budget_line: Option<String>,
    /// `purse` or `transfer`.
    pub method: String,
    /// `largest` or `first`.
    pub duplicates: String,
    /// First day.
    pub from: Option<String>,
    /// Last day, or the moment at which it ends.
    pub until: String,
    /// The most that a payee gets.
    pub ceiling_yen: i64,
    /// The budget.
    pub budget_yen: i64,
    /// Budget that can be committed.
    pub budget_left_yen: i64,
    /// Committed and not paid.
    pub committed_yen: i64,
    /// Paid.
    pub paid_yen: i64,
    /// Money that can be released.
    pub fund_yen: i64,
    /// Released and not arrived.
    pub transit_yen: i64,
    /// Yen in purses now.
    pub in_purses_yen: i64,
    /// Yen that payees must give back.
    pub receivable_yen: i64,
    /// Numbers of its batches.
    pub batches: Vec<u32>,
    /// The file in force; only of one programme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl ProgrammeView {
    fn of(v: &StateProgramme, services: &Services) -> Self {
        let t = &v.terms;
        ProgrammeView {
            programme: t.number,
            version: v.version,
            name: t.name.clone(),
            city: t.city.clone(),
            city_name: services.cities.iter().find(|c| c.code == t.city).map(|c| c.name.clone()),
            legal_basis: t.legal_basis.clone(),
            budget_line: t.budget_line.clone(),
            method: t.method.name().to_owned(),
            duplicates: match t.duplicates {
                DuplicateRule::Largest => "largest",
                DuplicateRule::First => "first",
            }
            .to_owned(),
            from: t.from.map(|d| d.to_string()),
            until: t.closes.map_or_else(|| t.until.to_string(), |c| c.jst_text()),
            ceiling_yen: t.ceiling.get(),
            budget_yen: t.budget.get(),
            budget_left_yen: v.budget_left.get(),
            committed_yen: v.committed.get(),
            paid_yen: v.executed.get(),
            fund_yen: v.fund.get(),
            transit_yen: v.transit.get(),
            in_purses_yen: v.in_purses.get(),
            receivable_yen: v.receivable.get(),
            batches: v.batches.clone(),
            source: None,
        }
    }
}

impl Operation for ListProgrammes {
    const NAME: Name = Name::ListProgrammes;
    type Answer = Vec<ProgrammeView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<ProgrammeView>> {
        let all = services.query(|state| state.relief_programmes()).await?;
        Ok(all.iter().map(|view| ProgrammeView::of(view, services)).collect())
    }
}

impl Operation for ShowProgramme {
    const NAME: Name = Name::ShowProgramme;
    type Answer = ProgrammeView;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<ProgrammeView> {
        let number = self.programme;
        let view = services.query(move |state| state.relief_programme(number)).await?;
        let view = view.ok_or_else(|| no_programme(number))?;
        Ok(ProgrammeView { source: Some(view.source.clone()), ..ProgrammeView::of(&view, services) })
    }
}

pub(super) fn no_programme(number: u16) -> ServiceError {
    not_found(&NotFoundText::Programme { number })
}

pub(super) fn no_batch(number: u32) -> ServiceError {
    not_found(&NotFoundText::Batch { number })
}

/// Asks for a batch, with all facts for the people who decide.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowBatch {
    /// Its number.
    pub batch: u32,
}

/// A batch of applications.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BatchView {
    /// Its number.
    pub batch: u32,
    /// The programme.
    pub programme: u16,
    /// The city's code.
    pub city: String,
    /// The file's name.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// What the second factor of its release names; its first twelve characters are enough.
    #[serde(default)]
    pub fingerprint: String,
    /// When it began to be read in.
    pub opened: String,
    /// The last step.
    pub step: String,
    /// Every step.
    pub steps: Vec<StepView>,
    /// Rows that were taken in.
    pub rows: u32,
    /// Rows of the file that were refused.
    pub refused_rows: u32,
    /// Rows that would be paid, or were granted.
    pub count: u32,
    /// Their sum.
    pub total_yen: i64,
    /// Amounts among them, the largest first.
    pub distribution: Vec<AmountView>,
    /// Open issues, with their rows.
    pub issues: Vec<IssueView>,
    /// Rows by state.
    pub states: Vec<StateView>,
    /// Yen that payees owe.
    pub owed_yen: i64,
    /// The bank's day.
    pub value_date: Option<String>,
    /// The transfer files that were made.
    pub transfer_files: Option<TransferFilesView>,
    /// Rows that were credited.
    pub credited_rows: Option<u32>,
    /// Rows that are to be credited.
    pub rows_to_credit: Option<u32>,
    /// Rows that are not paid, with the reasons.
    pub unpaid: Option<UnpaidView>,
}

/// A step of a batch.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the step in both languages, and when, who and why")]
pub struct StepView {
    pub step: String,
    pub step_ja: String,
    pub at: String,
    pub by: String,
    pub why: String,
    /// The channel: `configuration`, `api`, `console`, `cli` or `offline`; absent where the record does not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

/// An amount and the number of its rows, or the number and sum of rows with smaller amounts.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(untagged)]
#[allow(missing_docs, reason = "see above")]
pub enum AmountView {
    Listed { yen: i64, count: u32 },
    Smaller { smaller: u64, sum_yen: String },
}

/// Rows with an issue.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct IssueView {
    /// The issue.
    pub issue: String,
    /// The same in Japanese.
    pub issue_ja: String,
    /// Rows.
    pub count: u32,
    /// Their sum.
    pub yen: i64,
    /// Such a row is never paid.
    pub never_paid: bool,
    /// The first of them.
    pub first: Vec<RowView>,
}

/// Rows in one state.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the state, its rows and their sum")]
pub struct StateView {
    pub state: String,
    pub count: u32,
    pub yen: i64,
}

/// The transfer files of a batch.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the form, and each file")]
pub struct TransferFilesView {
    pub format: String,
    pub files: Vec<TransferFileView>,
}

/// A transfer file of a batch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "its transfers, their sum, and whether the bank took it")]
pub struct TransferFileView {
    pub count: u32,
    pub yen: i64,
    pub sent: bool,
}

/// A row of a batch.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RowView {
    /// Its place in the batch, from 0.
    pub row: u32,
    /// Its line in the file.
    pub line: u32,
    /// The person.
    pub ppid: Option<String>,
    /// Yen.
    pub yen: i64,
    /// The damage, in the city's words.
    pub damage: String,
    /// Its state.
    pub state: String,
    /// Its open issues.
    pub issues: Vec<String>,
    /// Yen that the payee owes of it.
    pub claimed_yen: i64,
    /// Yen that the payee gave back.
    pub repaid_yen: i64,
    /// Whether it is a supplement to an earlier row.
    pub supplement: bool,
    /// The row that counts in its place: batch and row.
    pub instead: Option<String>,
}

impl From<&StateRow> for RowView {
    fn from(r: &StateRow) -> Self {
        let open = issue::NAMES.iter().enumerate().filter(|(bit, _)| r.issues & (1 << bit) != 0);
        RowView {
            row: r.row,
            line: r.line,
            ppid: r.ppid.map(|p| p.to_string()),
            yen: r.amount.get(),
            damage: r.damage.clone(),
            state: r.state.to_owned(),
            issues: open.map(|(_, name)| (*name).to_owned()).collect(),
            claimed_yen: r.claimed.get(),
            repaid_yen: r.repaid.get(),
            supplement: r.supplement,
            instead: r.instead.map(|(batch, row)| format!("{batch}-{row}")),
        }
    }
}

/// Rows that are not paid: number, sum, reasons, and the first rows.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnpaidView {
    /// Rows.
    pub count: u32,
    /// Their sum.
    pub yen: i64,
    /// The reason.
    pub why: Vec<UnpaidReason>,
    /// The command that lists all of them.
    pub all: Option<String>,
}

/// Rows that are not paid for one reason.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnpaidReason {
    /// The reason.
    pub why: String,
    /// The same in Japanese.
    pub why_ja: String,
    /// Rows.
    pub count: u32,
    /// Their sum.
    pub yen: i64,
    /// The first of them.
    pub rows: Vec<u32>,
    /// Of them, rows of households for which no other row counts any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_else_stands: Option<u32>,
    /// The remedy for those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then: Option<String>,
}

impl UnpaidView {
    fn of(batch: u32, unpaid: &Unpaid) -> Self {
        let each = unpaid.why.iter().map(|(name, why)| UnpaidReason {
            why: (*name).to_owned(),
            why_ja: why_unpaid(name).ja().into_owned(),
            count: why.count,
            yen: why.total.get(),
            rows: why.rows.clone(),
            nothing_else_stands: (why.alone > 0).then_some(why.alone),
            then: (why.alone > 0).then(|| UnpaidText::ReadInAgain.both()),
        });
        let all = (unpaid.count > 0).then(|| format!("kazasu relief rows {batch} --only unpaid"));
        UnpaidView { count: unpaid.count, yen: unpaid.total.get(), why: each.collect(), all }
    }
}

impl Services {
    /// The rows of a batch that are not paid at present, with the reasons.
    pub(crate) async fn unpaid(&self, number: u32) -> Result<Option<UnpaidView>> {
        let unpaid = self.query(move |state| state.relief_unpaid(number)).await?;
        Ok(unpaid.map(|unpaid| UnpaidView::of(number, &unpaid)))
    }
}

impl Operation for ShowBatch {
    const NAME: Name = Name::ShowBatch;
    type Answer = BatchView;

    fn seen(answer: &Self::Answer) -> Vec<String> {
        let rows = answer.issues.iter().flat_map(|issue| &issue.first);
        rows.filter_map(|row| row.ppid.clone()).collect()
    }

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, _: &Who) -> Result<BatchView> {
        let number = self.batch;
        let found = services.query(move |state| {
            let view = state.relief_batch(number)?;
            let rows = |bit: usize| state.relief_rows(number, Some(issue::NAMES[bit]), 0, 20);
            let flagged: Vec<(usize, Vec<StateRow>)> = view.issues.iter().map(|(bit, ..)| (*bit, rows(*bit))).collect();
            Some((view, flagged, state.relief_progress(number), state.relief_unpaid(number)?))
        });
        let (view, flagged, progress, unpaid) = found.await?.ok_or_else(|| no_batch(number))?;
        let batch = batch(&view, &flagged);
        Ok(BatchView {
            credited_rows: progress.map(|(done, _)| done),
            rows_to_credit: progress.map(|(_, all)| all),
            unpaid: Some(UnpaidView::of(number, &unpaid)),
            ..batch
        })
    }
}

fn batch(v: &StateBatch, flagged: &[(usize, Vec<StateRow>)]) -> BatchView {
    let steps = v.steps.iter().map(|(step, at, said)| StepView {
        step: step.name().to_owned(),
        step_ja: step.ja().into_owned(),
        at: at.jst_text(),
        by: said.by.clone(),
        why: said.why.clone(),
        via: said.via.map(|via| via.name().to_owned()),
    });
    let states = v.states.iter().map(|(state, (count, yen))| StateView {
        state: (*state).to_owned(),
        count: *count,
        yen: yen.get(),
    });
    let files = v.files.as_ref().map(|(format, files)| {
        let each =
            |(count, yen, sent): &(u32, Yen, bool)| TransferFileView { count: *count, yen: yen.get(), sent: *sent };
        TransferFilesView { format: format.name().to_owned(), files: files.iter().map(each).collect() }
    });
    BatchView {
        batch: v.number,
        programme: v.programme,
        city: v.city.clone(),
        name: v.name.clone(),
        sha256: hex::encode(v.digest),
        fingerprint: crate::step_up::release_fingerprint(v.number, &v.digest).to_string(),
        opened: v.opened.jst_text(),
        step: v.step.map_or("reading", Step::name).to_owned(),
        steps: steps.collect(),
        rows: v.rows,
        refused_rows: v.refused,
        count: v.count,
        total_yen: v.total.get(),
        distribution: distribution(v),
        issues: issues(v, flagged),
        states: states.collect(),
        owed_yen: v.owed.get(),
        value_date: v.value_date.map(|d| d.to_string()),
        transfer_files: files,
        credited_rows: None,
        rows_to_credit: None,
        unpaid: None,
    }
}

fn issues(v: &StateBatch, flagged: &[(usize, Vec<StateRow>)]) -> Vec<IssueView> {
    let each = v.issues.iter().map(|(bit, count, yen)| {
        let rows = flagged.iter().find(|(b, _)| b == bit).map_or(&[][..], |(_, rows)| rows);
        IssueView {
            issue: issue::NAMES[*bit].to_owned(),
            issue_ja: RowIssue::LIST[*bit].ja().into_owned(),
            count: *count,
            yen: yen.get(),
            never_paid: issue::NEVER & (1 << bit) != 0,
            first: rows.iter().map(RowView::from).collect(),
        }
    });
    each.collect()
}

fn distribution(v: &StateBatch) -> Vec<AmountView> {
    let listed = v.distribution.iter().take(MOST_AMOUNTS);
    let mut out: Vec<AmountView> = listed.map(|d| AmountView::Listed { yen: d.amount.get(), count: d.count }).collect();
    let rest = v.distribution.iter().skip(MOST_AMOUNTS);
    let (smaller, sum) = rest.fold((0_u64, 0_i128), |(n, sum), d| {
        (n + u64::from(d.count), sum + i128::from(d.amount.get()) * i128::from(d.count))
    });
    if smaller > 0 {
        out.push(AmountView::Smaller { smaller, sum_yen: sum.to_string() });
    }
    out
}

/// The progress of crediting a batch.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowProgress {
    /// The batch.
    pub batch: u32,
}

/// The progress of crediting a batch.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProgressView {
    /// The batch.
    pub batch: u32,
    /// `purse` or `transfer`.
    pub method: String,
    /// Rows that were credited.
    pub credited_rows: u32,
    /// Rows that are to be credited.
    pub rows_to_credit: u32,
    /// The sum of the batch.
    pub total_yen: i64,
}

impl Operation for ShowProgress {
    const NAME: Name = Name::ShowProgress;
    type Answer = ProgressView;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<ProgressView> {
        let number = self.batch;
        let found = services.query(move |state| {
            let (done, all) = state.relief_progress(number)?;
            Some((done, all, state.relief_method(number)?, state.relief_total(number)?))
        });
        let (credited_rows, rows_to_credit, method, total) = found.await?.ok_or_else(|| no_batch(number))?;
        let (method, total_yen) = (method.name().to_owned(), total.get());
        Ok(ProgressView { batch: number, method, credited_rows, rows_to_credit, total_yen })
    }
}
