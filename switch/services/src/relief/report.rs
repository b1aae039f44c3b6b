//! The final report (実績報告) of a programme: its budget and money, and the purses' spending by category, area and week. It reveals
//! no person: a line covers at least ten people, and smaller lines are joined with others.

use crate::access::{About, Name};
use crate::error::ServiceError;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::ProgrammeView;
use kazasu_ledger::record::{self, Fold, Place};
use kazasu_ledger::{AccountId, AccountKey, Body, Transfer, TransferKind};
use kazasu_report::{Cell, Kind, Report, ReportError, cells};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Method;
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use kazasu_text::columns::{FinalReportColumn, SpendingColumn, SummaryColumn};
use kazasu_text::relief::{BudgetLine, Category, FinalReportText};
use kazasu_text::reports::{Sheet, Title};
use kazasu_text::{Count, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The final report of a programme.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReliefReport {
    /// The programme.
    pub programme: u16,
    /// The reason, which the security log keeps.
    #[serde(default)]
    pub why: Option<String>,
}

impl Operation for ReliefReport {
    const NAME: Name = Name::ReliefReport;
    type Answer = Report;

    fn subject(&self) -> Subject {
        Subject::numbered("programme", self.programme.into()).because(self.why.as_deref())
    }

    fn about(&self) -> crate::Result<About> {
        Ok(About::Programme(self.programme))
    }

    async fn carry_out(self, services: &Services, _: &Who) -> crate::Result<Report> {
        let number = self.programme;
        let found = services.query(move |state| state.relief_programme(number).map(|v| (v, state.holder_roots())));
        let (view, roots) = found.await?.ok_or_else(|| super::view::no_programme(number))?;
        let city = services.cities.iter().find(|c| c.code == view.terms.city);
        let city = city.map(|c| c.name.clone()).unwrap_or_default();
        let store = services.closing_context()?.store.clone();
        let used = usage(store.as_ref(), number, &roots).await.map_err(ServiceError::Other)?;
        report(&view, &city, &used, kazasu_engine::clock::now()).map_err(ServiceError::inside)
    }
}

/// The fewest people in one line.
pub const FEWEST: usize = kazasu_projections::spending::FEWEST;
/// The spending of some people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Yen, less refunds.
    pub yen: i64,
    /// Payments.
    pub taps: u64,
    people: BTreeSet<u32>,
}

impl Spent {
    /// The number of people.
    #[must_use]
    pub fn people(&self) -> usize {
        self.people.len()
    }

    fn absorb(&mut self, other: Spent) {
        self.yen += other.yen;
        self.taps += other.taps;
        self.people.extend(other.people);
    }
}

/// Facts of a programme from the journal, beyond its balances.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    /// All of it.
    pub all: Spent,
    /// By merchants' category.
    pub by_mcc: BTreeMap<Mcc, Spent>,
    /// By merchants' municipality; empty when unknown.
    pub by_area: BTreeMap<String, Spent>,
    /// By week, named by its Monday.
    pub by_week: BTreeMap<BusinessDay, Spent>,
    /// Credited to purses, or sent to accounts.
    pub given: Yen,
    /// The number of such rows.
    pub payees: u64,
    /// Came back from the bank.
    pub returned: Yen,
    /// Given back by payees.
    pub repaid: Yen,
    /// Left in purses when the programme was over.
    pub expired: Yen,
    /// Paid back to the city out of the fund.
    pub to_city: Yen,
}

fn plus(sum: &mut Yen, more: Yen) {
    *sum = sum.checked_add(more).expect("within the budget");
}

/// A merchant as far as the report knows it.
struct Shop {
    mcc: Mcc,
    area: String,
}

/// Reads the journal once.
///
/// `roots` says for each person's number which person it was merged into: one person is counted once.
pub async fn usage(store: &dyn Store, programme: u16, roots: &[u32]) -> anyhow::Result<Usage> {
    let mut reader = store.reader().await?;
    let mut reading = Reading { programme, roots, ..Reading::default() };
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in &page {
            reading.record(entry.place(), body)?;
        }
    }
    Ok(reading.out)
}

/// The context for the next record.
#[derive(Default)]
struct Reading<'a> {
    programme: u16,
    roots: &'a [u32],
    out: Usage,
    accounts: Vec<AccountKey>,
    shops: HashMap<(InstitutionId, MerchantId), Shop>,
    batches: HashMap<u32, u16>,
    /// The record before was a correction, which moved nothing by itself.
    corrected: bool,
}

impl Reading<'_> {
    fn record(&mut self, place: Place, body: &Body) -> anyhow::Result<()> {
        for opening in body.opens() {
            if usize::try_from(opening.account.0)? == self.accounts.len() {
                self.accounts.push(opening.key);
            }
        }
        self.corrected = false;
        body.fold(place, self)?;
        if self.corrected {
            return Ok(());
        }
        let week = BusinessDay(place.day.0 - i32::from(place.day.weekday()));
        let mut counted = false;
        for transfer in body.transfers() {
            self.count(week, transfer, &mut counted);
        }
        Ok(())
    }

    fn is_of(&self, batch: u32) -> bool {
        self.batches.get(&batch) == Some(&self.programme)
    }

    fn key(&self, id: AccountId) -> Option<AccountKey> {
        usize::try_from(id.0).ok().and_then(|at| self.accounts.get(at)).copied()
    }

    /// Takes a wrong booking out of the sums of given and returned money.
    fn undone(&mut self, transfers: &[Transfer]) {
        for t in transfers {
            let less = match (self.key(t.debit), self.key(t.credit)) {
                (Some(AccountKey::Bank), Some(AccountKey::ReliefTransit(n))) if n == self.programme => {
                    &mut self.out.given
                }
                (Some(AccountKey::ReliefBudget(n)), Some(AccountKey::ReliefExecuted(m)))
                    if n == self.programme && m == n =>
                {
                    &mut self.out.returned
                }
                _ => continue,
            };
            *less = Yen::new(less.get() - t.amount.get());
            self.corrected = true;
        }
    }

    fn count(&mut self, week: BusinessDay, t: &Transfer, counted: &mut bool) {
        let posted = matches!(t.kind, TransferKind::Direct | TransferKind::Post(_));
        let (Some(debit), Some(credit)) = (self.key(t.debit).filter(|_| posted), self.key(t.credit)) else { return };
        let programme = self.programme;
        let (holder, shop, sign) = match (debit, credit) {
            (AccountKey::Purse(h, p), AccountKey::MerchantPayable(a, m)) if p == programme => (h, (a, m), 1),
            (AccountKey::MerchantPayable(a, m), AccountKey::Purse(h, p)) if p == programme => (h, (a, m), -1),
            (AccountKey::PurseFund(f), AccountKey::Bank) if f == programme => {
                return plus(&mut self.out.to_city, t.amount);
            }
            _ => return,
        };
        let holder = usize::try_from(holder).ok().and_then(|n| self.roots.get(n)).copied().unwrap_or(holder);
        let yen = t.amount.get() * sign;
        let taps = u64::from(sign > 0 && !*counted);
        *counted = true;
        let one = || Spent { yen, taps, people: BTreeSet::from([holder]) };
        self.out.all.absorb(one());
        if let Some(shop) = self.shops.get(&shop) {
            self.out.by_mcc.entry(shop.mcc).or_default().absorb(one());
            self.out.by_area.entry(shop.area.clone()).or_default().absorb(one());
        }
        self.out.by_week.entry(week).or_default().absorb(one());
    }
}

/// Spending is counted for every kind alike; these records have the programme's given and returned money.
impl Fold for Reading<'_> {
    type Error = anyhow::Error;

    fn merchant_registered(&mut self, _: Place, r: &record::MerchantRegistered) -> anyhow::Result<()> {
        let area = r.traits.as_ref().map_or_else(String::new, |t| t.region.clone());
        self.shops.insert((r.acquirer, r.merchant), Shop { mcc: r.mcc, area });
        Ok(())
    }

    fn relief_batch_opened(&mut self, _: Place, r: &record::ReliefBatchOpened) -> anyhow::Result<()> {
        self.batches.insert(r.batch, r.programme);
        Ok(())
    }

    fn relief_credited(&mut self, _: Place, r: &record::ReliefCredited) -> anyhow::Result<()> {
        if self.is_of(r.batch) {
            self.out.payees += u64::try_from(r.rows.len())?;
            r.transfers.iter().take(r.rows.len()).for_each(|t| plus(&mut self.out.given, t.amount));
        }
        Ok(())
    }

    fn relief_sent(&mut self, _: Place, r: &record::ReliefSent) -> anyhow::Result<()> {
        if self.is_of(r.batch) {
            plus(&mut self.out.given, r.transfers[0].amount);
        }
        Ok(())
    }

    fn relief_returned(&mut self, _: Place, r: &record::ReliefReturned) -> anyhow::Result<()> {
        if self.is_of(r.batch) {
            plus(&mut self.out.returned, r.transfers[0].amount);
            plus(&mut self.out.returned, r.fee);
        }
        Ok(())
    }

    fn relief_repaid(&mut self, _: Place, r: &record::ReliefRepaid) -> anyhow::Result<()> {
        if self.is_of(r.batch) {
            plus(&mut self.out.repaid, r.amount);
        }
        Ok(())
    }

    fn lapsed(&mut self, _: Place, r: &record::Lapsed) -> anyhow::Result<()> {
        if !r.points && r.programme == self.programme {
            r.transfers.iter().for_each(|t| plus(&mut self.out.expired, t.amount));
        }
        Ok(())
    }

    fn line_undone(&mut self, _: Place, r: &record::LineUndone) -> anyhow::Result<()> {
        self.undone(&r.transfers);
        Ok(())
    }

    fn approval_decided(&mut self, _: Place, r: &record::ApprovalDecided) -> anyhow::Result<()> {
        self.undone(&r.transfers);
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended replaced opened acquirer_registered issuer_registered deposit_opened funded linked unlinked tapped issuer_answered
        issuer_silent issuer_late issuer_acknowledged totals_compared cut_over policy_activated temporary_issued
        merged card_status_set certificate_bound list_applied own_limits_set notices_chosen programme_funded purse_credited
        link_broken retarget_proposed retarget_decided resealed stood_in loss_booked notice_ended approval_requested
        relief_rows_added relief_row_set relief_step_taken relief_file_made day_marked merchant_settled
        issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran exceptions_opened
        exception_noted head_signed undone loss_returned issuer_notified exceptions_ended line_set_aside
        approval_sent_back approval_withdrawn approval_lapsed key_destroyed clock_confirmed clock_kept advice_decided
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}

/// Lines that are shown, and the sum and number of those that are not.
pub type Disclosed<K> = (Vec<(K, Spent)>, Option<(Spent, usize)>);

/// Lines that cover at least [`FEWEST`] people each. Smaller lines are joined to one; if that still covers too few, the smallest
/// of the others joins it. No line is left when all together cover too few.
#[must_use]
pub fn disclosed<K: Ord + Clone>(lines: &BTreeMap<K, Spent>) -> Disclosed<K> {
    let (mut shown, few): (Vec<_>, Vec<_>) =
        lines.iter().map(|(k, s)| (k.clone(), s.clone())).partition(|(_, spent)| spent.people() >= FEWEST);
    if few.is_empty() {
        return (shown, None);
    }
    let mut joined = few.len();
    let mut rest = Spent::default();
    few.into_iter().for_each(|(_, spent)| rest.absorb(spent));
    while rest.people() < FEWEST {
        let Some(least) = (0..shown.len()).min_by_key(|at| shown[*at].1.people()) else { break };
        rest.absorb(shown.remove(least).1);
        joined += 1;
    }
    (shown, Some((rest, joined)))
}

/// The report.
fn report(view: &ProgrammeView, city: &str, usage: &Usage, made: Millis) -> Result<Report, ReportError> {
    let t = &view.terms;
    let until = t.closes.map_or_else(|| t.until.to_string(), Millis::jst_text);
    let unspent = view.in_purses;
    let basis = FinalReportText::LegalBasis { basis: &t.legal_basis }.ja();
    let line = t.budget_line.as_deref().map(|line| FinalReportText::BudgetLine { line }.ja());
    let from = t.from.map_or_else(String::new, |d| d.to_string());
    let mut out = Report::titled(Title::FinalReport, made)
        .subtitle(&format!("{} {city}", t.city))
        .subtitle(&format!("{} {}", t.number, t.name))
        .subtitle(&line.map_or_else(|| basis.to_string(), |line| format!("{basis}  {line}")))
        .subtitle(&FinalReportText::Period { from: &from, until: &until }.ja())
        .sheet(&Sheet::Money.both())
        .labelled(SummaryColumn::Item, Kind::Text)
        .labelled(SummaryColumn::Yen, Kind::Yen);
    let spent = Yen::new(usage.all.yen);
    let lines = [
        (BudgetLine::Budget, t.budget),
        (BudgetLine::Committed, view.committed),
        (BudgetLine::BudgetLeft, view.budget_left),
        (BudgetLine::Given, usage.given),
        (BudgetLine::Spent, spent),
        (BudgetLine::Returned, usage.returned),
        (BudgetLine::Repaid, usage.repaid),
        (BudgetLine::Owed, view.receivable),
        (BudgetLine::Expired, usage.expired),
        (BudgetLine::Unspent, unspent),
        (BudgetLine::Transit, view.transit),
        (BudgetLine::Fund, view.fund),
        (BudgetLine::ToCity, usage.to_city),
    ];
    out = out.rows(lines.map(|(item, yen)| cells![item.both(), yen]));
    if t.method == Method::Purse && t.is_over(made) {
        out = spending(out, usage);
    } else if t.method == Method::Purse {
        // Two reports of a running programme would reveal the purchases between them.
        out = out
            .sheet(&Sheet::Spending.both())
            .column(&SpendingColumn::Line.ja(), "line", Kind::Text)
            .summed(FinalReportColumn::Yen, Kind::Yen)
            .note(&FinalReportText::BreakdownFollows.both());
    }
    out.finish()
}

fn spending(out: kazasu_report::Builder, usage: &Usage) -> kazasu_report::Builder {
    let fewest = count(FEWEST);
    let note = FinalReportText::FewAreJoined { fewest }.both();
    if usage.all.people() < FEWEST {
        return out
            .sheet(&Sheet::Spending.both())
            .column(&SpendingColumn::Line.ja(), "line", Kind::Text)
            .summed(FinalReportColumn::Yen, Kind::Yen)
            .note(&FinalReportText::TooFew { fewest }.both());
    }
    let mcc = disclosed(&usage.by_mcc);
    let mcc = (mcc.0.into_iter().map(|(k, s)| (format!("{k} {}", category(k)), s)).collect(), mcc.1);
    let area = disclosed(&usage.by_area);
    let named = |k: String| if k.is_empty() { FinalReportText::UnknownArea.both() } else { k };
    let area = (area.0.into_iter().map(|(k, s)| (named(k), s)).collect(), area.1);
    let week = disclosed(&usage.by_week);
    let week = (week.0.into_iter().map(|(k, s)| (k.to_string(), s)).collect(), week.1);
    let mut out = out;
    for (sheet, column, lines) in [
        (Sheet::ByCategory, SpendingColumn::Category, mcc),
        (Sheet::ByArea, SpendingColumn::Area, area),
        (Sheet::ByWeek, SpendingColumn::Week, week),
    ] {
        out = table(out, sheet, column, lines).note(&note);
    }
    out
}

fn count(n: usize) -> Count {
    Count(u64::try_from(n).unwrap_or(u64::MAX))
}

type Lines = (Vec<(String, Spent)>, Option<(Spent, usize)>);

fn table(out: kazasu_report::Builder, sheet: Sheet, column: SpendingColumn, lines: Lines) -> kazasu_report::Builder {
    let mut out = out
        .sheet(&sheet.both())
        .column(&column.ja(), "line", Kind::Text)
        .summed(FinalReportColumn::Yen, Kind::Yen)
        .summed(FinalReportColumn::Payments, Kind::Count)
        .labelled(FinalReportColumn::People, Kind::Count);
    let row = |name: String, s: &Spent| cells![name, Yen::new(s.yen), Cell::count(s.taps), Cell::count(s.people())];
    for (name, spent) in &lines.0 {
        out.push(row(name.clone(), spent));
    }
    if let Some((spent, joined)) = &lines.1 {
        out.push(row(FinalReportText::Others { joined: count(*joined) }.both(), spent));
    }
    out
}

/// The name of a category of merchants; empty for rare ones.
#[must_use]
pub fn category(mcc: Mcc) -> String {
    Category::named(mcc).map_or_else(String::new, |category| category.both())
}
