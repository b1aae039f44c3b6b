//! Lists for finance staff: days, settlements, payouts, totals, runs, exceptions and contracts.

use crate::access::Name;
use crate::error::{Result, ServiceError};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::{
    DayView as StateDay, ExceptionView as StateException, Note, PayoutView as StatePayout, ResolvedBy,
    SettlementView as StateSettlement, WhichExceptions,
};
use kazasu_ledger::record::ReconRan;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_text::closing::ExceptionText;
use kazasu_text::findings::explained;
use kazasu_text::{Language, Text};
use serde::{Deserialize, Serialize};

/// Business days, the newest first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDays {}

/// A business day.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DayView {
    /// The day.
    pub day: String,
    /// Its state.
    pub state: String,
    /// The same in Japanese.
    pub state_ja: String,
    /// The record that ended it.
    pub last_record: Option<u64>,
    /// Exceptions of the day or before that are open.
    pub open_exceptions: usize,
    /// Of them, those without an owner.
    pub without_owner: usize,
    /// Its steps.
    pub marks: Vec<MarkView>,
}

/// A step of a day.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MarkView {
    /// The state that it reached.
    pub state: String,
    /// The time.
    pub at: String,
    /// The person.
    pub by: String,
    /// The reason.
    pub why: String,
    /// The channel: `configuration`, `api`, `console`, `cli` or `offline`; absent where the record does not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
}

impl From<&StateDay> for DayView {
    fn from(d: &StateDay) -> Self {
        let mark = |(state, at, said): &(
            kazasu_schemas::closing::DayState,
            kazasu_schemas::jst::Millis,
            kazasu_schemas::attribution::Attribution,
        )| MarkView {
            state: state.name().to_owned(),
            at: at.jst_text(),
            by: said.by.clone(),
            why: said.why.clone(),
            via: said.via.map(|via| via.name().to_owned()),
        };
        DayView {
            day: d.day.to_string(),
            state: d.state.name().to_owned(),
            state_ja: d.state.ja().into_owned(),
            last_record: d.seq,
            open_exceptions: d.open_exceptions,
            without_owner: d.unowned,
            marks: d.marks.iter().map(mark).collect(),
        }
    }
}

impl Operation for ListDays {
    const NAME: Name = Name::ListDays;
    type Answer = Vec<DayView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<DayView>> {
        services.query(|state| state.days().iter().map(DayView::from).collect()).await
    }
}

/// Settlements, the newest first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSettlements {}

/// A merchant's settlement.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SettlementView {
    /// Its number.
    pub settlement: u32,
    /// The merchant.
    pub merchant: String,
    /// Its name.
    pub name: String,
    /// The contract.
    pub contract: u32,
    /// The period's first day.
    pub from: String,
    /// The period's last day.
    pub until: String,
    /// Payments.
    pub gross_yen: i64,
    /// Refunds.
    pub refunds_yen: i64,
    /// The fee, with its tax.
    pub fee_yen: i64,
    /// Of it, the tax.
    pub tax_yen: i64,
    /// Points that the merchant funds.
    pub points_funding_yen: i64,
    /// Corrections.
    pub adjustments_yen: i64,
    /// Payments that issuers took back.
    pub chargebacks_yen: i64,
    /// The fee for them.
    pub chargeback_fee_yen: i64,
    /// Yen kept in reserve.
    pub reserve_yen: i64,
    /// Yen that are paid.
    pub paid_yen: i64,
    /// Yen carried into the next period.
    pub carried_yen: i64,
    /// The day on which it is due.
    pub value_date: String,
    /// `due`, `ordered`, `paid`, …
    pub state: String,
}

impl From<&StateSettlement> for SettlementView {
    fn from(s: &StateSettlement) -> Self {
        let t = &s.settlement;
        let yen = |sum: i128| i64::try_from(sum).unwrap_or(i64::MAX);
        SettlementView {
            settlement: s.number,
            merchant: s.merchant.to_string(),
            name: s.name.clone(),
            contract: t.contract,
            from: t.period.from.to_string(),
            until: t.period.until.to_string(),
            gross_yen: yen(t.gross.sum()),
            refunds_yen: yen(t.refunds.sum()),
            fee_yen: t.fee.get(),
            tax_yen: t.tax.get(),
            points_funding_yen: t.points_funding.get(),
            adjustments_yen: t.adjustments.get(),
            chargebacks_yen: t.chargebacks.get(),
            chargeback_fee_yen: t.chargeback_fee.get(),
            reserve_yen: t.reserved.get(),
            paid_yen: t.paid.get(),
            carried_yen: t.carried_forward.get(),
            value_date: s.value_date.to_string(),
            state: s.state.name().to_owned(),
        }
    }
}

impl Operation for ListSettlements {
    const NAME: Name = Name::ListSettlements;
    type Answer = Vec<SettlementView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<SettlementView>> {
        let all = services.query(|state| state.settlements()).await?;
        Ok(all.iter().rev().map(SettlementView::from).collect())
    }
}

/// Payouts that were approved.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPayouts {}

/// A payout that was approved.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PayoutView {
    /// Its number.
    pub payout: u64,
    /// Its settlements.
    pub settlements: Vec<u32>,
    /// Their sum.
    pub total_yen: i64,
    /// The bank's day.
    pub value_date: String,
    /// The files that were made.
    pub file: Option<PayoutFiles>,
    /// Of them, those whose money the bank took.
    pub taken_files: usize,
}

/// The files that were made of a payout.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PayoutFiles {
    /// The form.
    pub format: String,
    /// The number of files.
    pub files: usize,
}

impl From<&StatePayout> for PayoutView {
    fn from(p: &StatePayout) -> Self {
        let files = |(format, files): &(kazasu_schemas::relief::Format, Vec<kazasu_ledger::record::MadeFile>)| {
            PayoutFiles { format: format.name().to_owned(), files: files.len() }
        };
        PayoutView {
            payout: p.number,
            settlements: p.settlements.clone(),
            total_yen: p.total.get(),
            value_date: p.value_date.to_string(),
            file: p.file.as_ref().map(files),
            taken_files: p.taken.len(),
        }
    }
}

impl Operation for ListPayouts {
    const NAME: Name = Name::ListPayouts;
    type Answer = Vec<PayoutView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<PayoutView>> {
        services.query(|state| state.payouts().iter().map(PayoutView::from).collect()).await
    }
}

/// Totals that acquirers asked about (0500), the last of each day.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListTotals {}

/// An acquirer's totals of a day, there and here.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TotalsView {
    /// The day.
    pub day: String,
    /// The acquirer.
    pub acquirer: String,
    /// Both sides are equal.
    pub agrees: bool,
    /// The acquirer's totals.
    pub theirs: TotalsSide,
    /// The ledger's totals.
    pub ours: TotalsSide,
}

/// One side's totals: counts and yen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[allow(missing_docs, reason = "the names say it: counts, and yen of them")]
pub struct TotalsSide {
    pub purchases: u64,
    pub purchases_yen: i64,
    pub refunds: u64,
    pub refunds_yen: i64,
    pub reversed_purchases: u64,
    pub reversed_purchases_yen: i64,
    pub reversed_refunds: u64,
    pub reversed_refunds_yen: i64,
    pub net_yen: i64,
}

impl From<&DayTotals> for TotalsSide {
    fn from(t: &DayTotals) -> Self {
        TotalsSide {
            purchases: t.debits,
            purchases_yen: t.debit_amount.get(),
            refunds: t.credits,
            refunds_yen: t.credit_amount.get(),
            reversed_purchases: t.debit_reversals,
            reversed_purchases_yen: t.debit_reversal_amount.get(),
            reversed_refunds: t.credit_reversals,
            reversed_refunds_yen: t.credit_reversal_amount.get(),
            net_yen: t.net().get(),
        }
    }
}

impl Operation for ListTotals {
    const NAME: Name = Name::ListTotals;
    type Answer = Vec<TotalsView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<TotalsView>> {
        let context = services.closing_context()?;
        let totals = context.fee_projection(|fees| Ok(fees.totals.values().rev().cloned().collect::<Vec<_>>()));
        let totals = totals.await.map_err(ServiceError::Other)?;
        let each = totals.iter().map(|t| TotalsView {
            day: t.about.to_string(),
            acquirer: t.acquirer.to_string(),
            agrees: t.ours == t.theirs,
            theirs: TotalsSide::from(&t.theirs),
            ours: TotalsSide::from(&t.ours),
        });
        Ok(each.collect())
    }
}

/// Comparisons with parties' files.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRuns {}

/// A comparison with a party's file.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RunView {
    /// Its number.
    pub run: u32,
    /// `acquirer` or `issuer`.
    pub against: String,
    /// The party.
    pub party: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: String,
    /// Lines here.
    pub ours: u64,
    /// Lines there.
    pub theirs: u64,
    /// Lines that matched.
    pub matched: u64,
    /// Their yen.
    pub matched_yen: i64,
    /// Lines that could not be read.
    pub bad_lines: u64,
    /// Exceptions that it found.
    pub exceptions: u64,
    /// The person.
    pub by: String,
}

impl From<&ReconRan> for RunView {
    fn from(r: &ReconRan) -> Self {
        RunView {
            run: r.run,
            against: r.against.name().to_owned(),
            party: r.party.clone(),
            from: r.period.from.to_string(),
            until: r.period.until.to_string(),
            ours: r.lines[0],
            theirs: r.lines[1],
            matched: r.matched,
            matched_yen: r.matched_yen.get(),
            bad_lines: r.bad_lines,
            exceptions: r.exceptions,
            by: r.by.clone(),
        }
    }
}

impl Operation for ListRuns {
    const NAME: Name = Name::ListRuns;
    type Answer = Vec<RunView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<RunView>> {
        services.query(|state| state.runs().iter().map(RunView::from).collect()).await
    }
}

/// Exceptions: those that are open, or all.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListExceptions {
    /// Also resolved ones.
    #[serde(default)]
    pub all: bool,
}

/// A reconciliation exception.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExceptionView {
    /// Its number, in hexadecimal.
    pub exception: String,
    /// Its status.
    pub status: String,
    /// The other party.
    pub party: String,
    /// The comparison that found it.
    pub run: u32,
    /// The business day.
    pub day: String,
    /// The ledger's record.
    pub record: Option<u64>,
    /// The file's line.
    pub line: Option<u64>,
    /// Yen here.
    pub ours_yen: Option<i64>,
    /// Yen there.
    pub theirs_yen: Option<i64>,
    /// The finding, in English; of a chargeback, the issuer's words.
    pub why: String,
    /// The same in Japanese.
    #[serde(default)]
    pub why_ja: String,
    /// The suggested resolution, in English.
    pub proposal: String,
    /// The same in Japanese.
    #[serde(default)]
    pub proposal_ja: String,
    /// The time since which it is open.
    pub since: String,
    /// Its owner.
    pub owner: Option<String>,
    /// Notes about it.
    pub notes: Vec<NoteView>,
    /// Its resolution.
    pub resolved: Option<ResolvedView>,
}

/// A note about an exception.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NoteView {
    /// The time.
    pub at: String,
    /// The person.
    pub by: String,
    /// The note.
    pub note: String,
}

/// The resolution of an exception.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResolvedView {
    /// `explained`, `booked_issuer`, `booked_merchant` or `written_off`.
    pub how: String,
    /// The time.
    pub at: String,
    /// The person, or the comparison.
    pub by: String,
}

fn note_text(note: &Note) -> String {
    match note {
        Note::Opened => ExceptionText::Raised.both(),
        Note::Text(text) => text.clone(),
        Note::Found(finding) => finding.both(),
    }
}

fn resolved_by(by: &ResolvedBy) -> String {
    match by {
        ResolvedBy::Person(name) => name.clone(),
        ResolvedBy::Comparison(run) => format!("{} {run}", ExceptionText::Comparison.both()),
    }
}

impl From<&StateException> for ExceptionView {
    fn from(d: &StateException) -> Self {
        let x = &d.exception;
        let notes =
            d.notes.iter().map(|(at, by, note)| NoteView { at: at.jst_text(), by: by.clone(), note: note_text(note) });
        let resolved = d.resolved.as_ref().map(|(how, at, by)| ResolvedView {
            how: how.name().to_owned(),
            at: at.jst_text(),
            by: resolved_by(by),
        });
        let some = |n: u64| (n > 0).then_some(n);
        let yen = |y: Yen, is_line: bool| (is_line || y != Yen::ZERO).then_some(y.get());
        ExceptionView {
            exception: hex::encode(x.id),
            status: x.status.to_string(),
            party: x.party.clone(),
            run: d.run,
            day: x.day.to_string(),
            record: some(x.own),
            line: some(x.line),
            ours_yen: yen(x.ours, x.own > 0),
            theirs_yen: yen(x.theirs, x.line > 0),
            why: explained(&x.why, x.finding.as_deref(), Language::English),
            why_ja: explained(&x.why, x.finding.as_deref(), Language::Japanese),
            proposal: explained(&x.proposal, x.proposed.as_ref(), Language::English),
            proposal_ja: explained(&x.proposal, x.proposed.as_ref(), Language::Japanese),
            since: d.since.jst_text(),
            owner: d.owner.clone(),
            notes: notes.collect(),
            resolved,
        }
    }
}

impl Operation for ListExceptions {
    const NAME: Name = Name::ListExceptions;
    type Answer = Vec<ExceptionView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<ExceptionView>> {
        let which = if self.all { WhichExceptions::All } else { WhichExceptions::Open };
        let list = services.query(move |state| state.exceptions(which)).await?;
        Ok(list.iter().map(ExceptionView::from).collect())
    }
}

/// The contracts in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowContracts {}

/// The contracts in force.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ContractsView {
    /// The file's version; 0 before the first.
    pub version: u32,
    /// The contracts.
    pub contracts: Vec<ContractView>,
    /// The file's text.
    pub source: String,
}

/// A contract.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ContractView {
    /// Its number.
    pub contract: u32,
    /// Its name.
    pub name: String,
    /// First day.
    pub from: String,
    /// Last day.
    pub until: Option<String>,
}

impl Operation for ShowContracts {
    const NAME: Name = Name::ShowContracts;
    type Answer = ContractsView;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<ContractsView> {
        let view = services.query(|state| {
            let (version, contracts, source) = state.contracts();
            let each = contracts.iter().flat_map(|c| &c.contracts).map(|c| ContractView {
                contract: c.number,
                name: c.name.to_string(),
                from: c.from.to_string(),
                until: c.until.map(|d| d.to_string()),
            });
            ContractsView { version, contracts: each.collect(), source: source.to_owned() }
        });
        view.await
    }
}
