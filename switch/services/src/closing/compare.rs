//! Compares the ledger's lines with another party's file and opens exceptions.

use super::FinanceFile;
use super::compared::{Compared, name};
use super::mended::{self, Before, Found};
use super::party_file::CompareWith;
use crate::Services;
use crate::error::{Result, ServiceError, absent, not_now, unfit};
use bytes::Bytes;
use kazasu_core::{Closing, Command, RAISED_AT_ONCE};
use kazasu_ledger::Body;
use kazasu_ledger::record::{Place, ReconRan, TransactionKind};
use kazasu_projections::journal_index::{JournalIndex, MerchantKey, Restated, TapOf};
use kazasu_recon::file::{self, Contract, ExternalFrom, Row, Total, Writer};
use kazasu_recon::item::{Item, Kind, Mark, Side};
use kazasu_recon::matching::compare;
use kazasu_recon::result::{Exception, Outcome, Status};
use kazasu_recon::rules::Rules;
use kazasu_schemas::closing::{Against, Finding, Proposed, ReconException};
use kazasu_schemas::contract::Period;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use kazasu_text::problems::ProblemText;
use kazasu_text::tables::DetailText;
use kazasu_text::{Count, Quoted, Said, errors};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;

/// The ledger's lines about a party: a fold of the journal.
pub(super) struct Lines<'a> {
    with: &'a CompareWith,
    issuer: Option<u16>,
    acquirer: Option<InstitutionId>,
    index: JournalIndex,
    rows: BTreeMap<u64, Row>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(with: &'a CompareWith) -> anyhow::Result<Self> {
        let (mut issuer, mut acquirer) = (None, None);
        match with.against {
            Against::Issuer => {
                let number = with.party.parse::<u16>();
                issuer = Some(number.map_err(|_| Said::of(&ProblemText::NotDigits { got: Quoted(&with.party) }))?);
            }
            Against::Acquirer => {
                let id = with.party.parse::<InstitutionId>();
                acquirer = Some(id?);
            }
            Against::Bank => {}
        }
        Ok(Lines { with, issuer, acquirer, index: JournalIndex::default(), rows: BTreeMap::new() })
    }

    pub(super) fn record(&mut self, place: Place, body: &Body) {
        let Place { seq, day, .. } = place;
        for moved in self.index.record(place, body) {
            let wanted = self.issuer.is_none_or(|n| moved.issuer == Some(n))
                && self.acquirer.is_none_or(|a| moved.merchant.0 == a)
                && !moved.correction
                && (self.with.from..=self.with.until).contains(&day);
            let Some(tap) = self.index.taps.get(&moved.tap).filter(|_| wanted) else { continue };
            let row = || self.with.line(moved.tap, moved.merchant, tap, day);
            let row = self.rows.entry(moved.tap).or_insert_with(row);
            row.amount = kazasu_projections::fee_projection::sum(row.amount, moved.amount);
        }
        self.written_off(place, body);
        for restated in self.index.restated(seq, body) {
            self.restate(seq, day, &restated);
        }
    }

    /// What the operator bears is a refund to the issuer that paid, with no merchant in it.
    fn written_off(&mut self, Place { seq, day, .. }: Place, body: &Body) {
        let Some(issuer) = self.issuer.filter(|_| (self.with.from..=self.with.until).contains(&day)) else { return };
        let (amount, tap) = (self.index.written_off(body, issuer), self.index.taps.get(&seq));
        if let Some(tap) = tap.filter(|_| amount != Yen::ZERO) {
            self.rows.insert(seq, Row { amount, ..self.with.line(seq, tap.place, tap, day) });
        }
    }

    /// A line leaves out the amount that its party does not owe any more; the day of the booking does not matter. A chargeback is a line of
    /// its own.
    fn restate(&mut self, seq: u64, day: BusinessDay, restated: &Restated) {
        if restated.party != format!("{} {}", self.with.against.name(), self.with.party) {
            return;
        }
        let less = Yen::new(-restated.less.get());
        if !restated.chargeback {
            if let Some(row) = self.rows.get_mut(&restated.tap) {
                row.amount = kazasu_projections::fee_projection::sum(row.amount, less);
            }
            return;
        }
        if (self.with.from..=self.with.until).contains(&day) {
            let row = match self.index.taps.get(&restated.tap) {
                Some(tap) => {
                    let line = self.with.line(restated.tap, tap.place, tap, day);
                    Row { reference: None, kind: Kind::Chargeback, ..line }
                }
                None => Row::new(Kind::Chargeback, Yen::ZERO, day),
            };
            self.rows.insert(seq, Row { amount: less, ..row });
        }
    }

    pub(super) fn finish(self) -> Vec<Row> {
        self.rows.into_values().filter(|row| row.amount != Yen::ZERO).collect()
    }
}

impl CompareWith {
    /// A line of a tap, without its amount.
    fn line(&self, seq: u64, merchant: MerchantKey, tap: &TapOf, day: BusinessDay) -> Row {
        let kind = match tap.kind {
            // No terminal of the acquirer has sent it.
            TransactionKind::RefundAdvice if tap.by_staff && self.against == Against::Acquirer => Kind::Adjustment,
            TransactionKind::Refund | TransactionKind::RefundAdvice => Kind::Refund,
            TransactionKind::Reversal => Kind::Reversal,
            TransactionKind::Authorize
            | TransactionKind::Purchase
            | TransactionKind::BalanceInquiry
            | TransactionKind::AuthorizationAdvice
            | TransactionKind::Completion
            | TransactionKind::PurchaseAdvice
            | TransactionKind::Unsupported => Kind::Purchase,
        };
        Row {
            reference: std::num::NonZeroU64::new(seq),
            acquirer: Some(merchant.0),
            merchant: Some(merchant.1),
            terminal: Some(tap.terminal),
            stan: Some(tap.stan),
            rrn: Some(tap.rrn),
            approval: tap.approval,
            ..Row::new(kind, Yen::ZERO, day)
        }
    }
}

/// The ledger's lines about a party, from the whole journal, since a later booking may change an earlier line.
async fn rows(store: &dyn Store, with: &CompareWith) -> anyhow::Result<Vec<Row>> {
    let mut lines = Lines::new(with)?;
    let mut reader = store.reader().await?;
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        page.iter().for_each(|Placed { entry, body }| lines.record(entry.place(), body));
    }
    Ok(lines.finish())
}

fn contract(side: Side, with: &CompareWith) -> Contract {
    let acquirer = match with.against {
        Against::Acquirer => with.party.parse().ok(),
        Against::Issuer | Against::Bank => None,
    };
    Contract { side, acquirer, external: ExternalFrom::Column, mark: Mark::default() }
}

fn side(against: Against) -> Side {
    match against {
        Against::Acquirer => Side::Acquirer,
        Against::Issuer => Side::Issuer,
        Against::Bank => Side::Bank,
    }
}

/// The clearing file for a party: the ledger's lines in the detail file's format, and their sum.
pub async fn clearing_file(store: &dyn Store, with: &CompareWith, out: impl Write) -> anyhow::Result<(u64, Yen)> {
    let mut writer = Writer::new(out)?;
    for row in rows(store, with).await? {
        writer.row(&row)?;
    }
    let written = writer.finish()?;
    Ok((written.rows, written.sum))
}

/// The rules for a party: the configured tolerances of its contract. A line that did not come by the day after is missing.
pub(super) fn rules(finance: &FinanceFile, with: &CompareWith) -> Rules {
    let rules = Rules { due_days: 0, ..Rules::between(Side::Ledger, side(with.against)) };
    let of = format!("{} {}", with.against.name(), with.party);
    match finance.tolerances.iter().find(|t| t.of == of) {
        None => rules,
        Some(t) => Rules {
            tolerance_yen: t.yen,
            tolerance_per_mille: t.per_mille,
            tolerance_days: t.days,
            window_days: rules.window_days.max(t.days),
            write_off_yen: t.write_off_yen,
            ..rules
        },
    }
}

/// The part that takes processor time. The comparison is as of the day after the last requested one.
pub(super) fn compared(
    with: &CompareWith,
    ours: &[Row],
    bytes: &[u8],
    rules: &Rules,
) -> Result<(file::FileReport, Vec<Item>, Vec<Item>, Outcome), Said> {
    let theirs_contract = contract(side(with.against), with);
    let mut theirs: Vec<Item> = Vec::new();
    let report =
        file::read(bytes, None, |line, row| theirs.push(row.item(line, &theirs_contract))).map_err(|e| e.text())?;
    if let (Total::Differs { count, sum }, 0) = (&report.total, report.bad) {
        let (count, sum, rows, read) = (Count(*count), Yen::new(*sum), Count(report.rows), report.sum_yen());
        return Err(Said::of(&DetailText::CutShort { count, sum, rows, read }));
    }
    let ours_contract = contract(Side::Ledger, with);
    // Not every issuer lists chargebacks among its payments, and not every acquirer what staff gave back.
    let listed = |kind: Kind| theirs.iter().any(|item| item.kind == kind);
    let unlisted = [Kind::Chargeback, Kind::Adjustment].map(|kind| (kind, listed(kind)));
    let ours = ours.iter().filter(|row| unlisted.iter().all(|(kind, listed)| *listed || row.kind != *kind));
    let here: Vec<Item> = ours.zip(1..).map(|(row, line)| row.item(line, &ours_contract)).collect();
    let outcome = compare(&here, &theirs, with.until.next(), rules);
    let outcome = outcome.map_err(|e| errors::foreign(&e.to_string()))?;
    Ok((report, here, theirs, outcome))
}

impl Services {
    /// Compares a party's file with the ledger and opens exceptions. The same file once more changes nothing.
    pub(super) async fn compare(&self, bytes: Bytes, with: CompareWith, by: &str) -> Result<Compared> {
        if with.from > with.until {
            return Err(unfit("until", &ProblemText::UntilBeforeFrom { until: with.until, from: with.from }));
        }
        let context = self.closing_context()?;
        self.is_known(&with).await?;
        let open = self.query(|state| state.day).await?;
        if with.until >= open {
            return Err(not_now("until", &ProblemText::NotEndedToCompare { day: with.until, open }));
        }
        let digest = digest_of(&with, &bytes);
        let _one_at_a_time = context.comparing.lock().await;
        let about = with.clone();
        let digest = self.query(move |state| under_its_name(state.runs(), &about, digest)).await?;
        let before = self.query(move |state| ran_with(state, &digest)).await?;
        if let Some(ran) = before.as_ref().filter(|ran| ran.bad_lines == 0) {
            return Ok(Compared::known(ran, &only_read(bytes).await?));
        }
        let (store, about) = (context.store.clone(), with.clone());
        let ours = super::run_blocking(async move { rows(store.as_ref(), &about).await })
            .await
            .map_err(ServiceError::Other)?;
        let ours = ours.map_err(|e| {
            unfit("party", &Said::new(|language| errors::chain(e.chain(), language, crate::causes::of)))
        })?;
        let (asked, file_bytes) = (with.clone(), bytes.clone());
        let rules = rules(&self.finance, &with);
        let work = tokio::task::spawn_blocking(move || compared(&asked, &ours, &file_bytes, &rules));
        let made = work.await.map_err(|e| ServiceError::Other(e.into()))?.map_err(|e| unfit("file", &e))?;
        let unread = made.0.bad;
        // A file with unreadable lines is compared anew only when more of its lines can be read now.
        let digest = match &before {
            Some(ran) if unread >= ran.bad_lines => return Ok(Compared::known(ran, &made.0)),
            Some(_) => digest_again(&digest, unread),
            None => digest,
        };
        if let Some(ran) = self.query(move |state| ran_with(state, &digest)).await? {
            return Ok(Compared::known(&ran, &made.0));
        }
        self.record_comparison(&with, made, digest, by).await
    }

    /// Opens new exceptions, ends those that no longer exist, and records the run.
    async fn record_comparison(
        &self,
        with: &CompareWith,
        (report, here, there, outcome): (file::FileReport, Vec<Item>, Vec<Item>, Outcome),
        digest: [u8; 32],
        by: &str,
    ) -> Result<Compared> {
        let party = format!("{} {}", with.against.name(), with.party);
        let before = self.query(move |state| Before::of(state, &party)).await?;
        let found = sorted_out(&before, with, (&report, &here, &there, &outcome), &digest);
        let ran = ReconRan {
            run: 0,
            against: with.against,
            party: with.party.clone(),
            digest,
            period: Period { from: with.from, until: with.until },
            lines: [u64::try_from(here.len()).unwrap_or(0), u64::try_from(there.len()).unwrap_or(0)],
            matched: outcome.counts.of(Status::Matched).left,
            matched_yen: outcome.matched_yen,
            bad_lines: report.bad,
            exceptions: found.in_all,
            by: by.to_owned(),
        };
        // Exceptions first: after a break in the middle the file is compared again, and the opened exceptions are
        // known.
        let run = self.query(|state| u32::try_from(state.runs().len()).unwrap_or(u32::MAX - 1) + 1).await?;
        for some in found.raised.chunks(RAISED_AT_ONCE) {
            let raise = Closing::Raise { run, exceptions: some.to_vec() };
            self.command(Command::Closing(raise)).await?;
        }
        for some in found.ended.chunks(RAISED_AT_ONCE) {
            let end = Closing::End { run, ended: some.to_vec(), by: by.to_owned() };
            self.command(Command::Closing(end)).await?;
        }
        let lines = ran.lines;
        self.command(Command::Closing(Closing::Ran(Box::new(ran)))).await?;
        Ok(Compared {
            run,
            known: false,
            ours: lines[0],
            theirs: lines[1],
            total: total(&report).to_owned(),
            bad_lines: report.bad,
            bad: bad_rows(&report),
            ignored_columns: report.ignored_columns,
            statuses: statuses(&outcome, report.bad),
            matched_yen: outcome.matched_yen.get(),
            tolerated: outcome.tolerated,
            tolerated_yen: outcome.tolerated_yen.get(),
            exceptions: found.in_all,
            ended: u64::try_from(found.ended.len()).unwrap_or(0),
        })
    }
}

/// The first unreadable lines.
fn bad_rows(report: &file::FileReport) -> Vec<file::BadRow> {
    report.bad_rows.iter().take(100).cloned().collect()
}

/// The same file of another party or of other days is another comparison.
fn digest_of(with: &CompareWith, bytes: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("{} {} {} {}\n", with.against.name(), with.party, with.from, with.until));
    hash.update(bytes);
    hash.finalize().into()
}

/// The digest by which a file is known. A file that was compared before another one of the same party and days is compared as a new one:
/// it has the last word again.
pub(super) fn under_its_name(runs: &[ReconRan], with: &CompareWith, digest: [u8; 32]) -> [u8; 32] {
    let period = Period { from: with.from, until: with.until };
    let of_these = |r: &&ReconRan| r.against == with.against && r.party == with.party && r.period == period;
    let names: Vec<[u8; 32]> =
        runs.iter().filter(of_these).map(|r| digest_again(&digest, u64::from(r.run) << 32)).collect();
    let is_it = |r: &ReconRan| r.digest == digest || names.contains(&r.digest);
    match runs.iter().rfind(of_these) {
        Some(last) if is_it(last) => last.digest,
        Some(last) if runs.iter().filter(of_these).any(is_it) => digest_again(&digest, u64::from(last.run) << 32),
        _ => digest,
    }
}

/// The same file, with more readable lines than before.
fn digest_again(digest: &[u8; 32], unread: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(digest);
    hash.update(unread.to_be_bytes());
    hash.finalize().into()
}

/// The run of the file with this digest.
fn ran_with(state: &kazasu_core::State, digest: &[u8; 32]) -> Option<ReconRan> {
    let run = state.run_of(digest)?;
    state.runs().iter().find(|ran| ran.run == run).cloned()
}

/// A file's content, not yet compared.
async fn only_read(bytes: Bytes) -> Result<file::FileReport> {
    let work = tokio::task::spawn_blocking(move || file::read(&bytes, None, |_, _| {}).map_err(|e| e.text()));
    work.await.map_err(|e| ServiceError::Other(e.into()))?.map_err(|e| unfit("file", &e))
}

/// The result of checking a file's own total.
fn total(report: &file::FileReport) -> &'static str {
    match report.total {
        Total::Agrees => "agrees",
        Total::Differs { .. } => "differs",
        Total::Absent => "absent",
    }
}

/// Lines by status. While the file has unreadable lines, the lines that it seems to lack are undecided.
fn statuses(outcome: &Outcome, unread: u64) -> BTreeMap<String, (u64, u64)> {
    let each = Status::ALL.iter().map(|status| {
        let tally = outcome.counts.of(*status);
        let undecided = unread > 0 && *status == Status::Missing;
        (if undecided { UNDECIDED } else { name(*status) }.to_owned(), (tally.left, tally.right))
    });
    each.filter(|(_, (a, b))| a + b > 0).collect()
}

/// The result of a comparison, together with the party's earlier exceptions.
pub(super) fn sorted_out(
    before: &Before,
    with: &CompareWith,
    (report, here, there, outcome): (&file::FileReport, &[Item], &[Item], &Outcome),
    digest: &[u8; 32],
) -> Found {
    let exceptions = outcome.exceptions.iter().map(|e| exception(e, with, here, there)).collect();
    let whole = (report.bad == 0 && outcome.unlisted == 0).then_some(Period { from: with.from, until: with.until });
    let equal = mended::equal_lines(outcome, here, there);
    let mut found = mended::found(exceptions, before, &equal, (report.bad, whole));
    found.in_all += outcome.unlisted;
    let sum = outcome.tolerated_yen;
    let of = |sum| tolerated_difference(sum, outcome.tolerated, with, digest);
    mended::tolerated(mended::Tolerated { sum, with, unread: report.bad }, before, &mut found, of);
    found
}

impl Services {
    async fn is_known(&self, with: &CompareWith) -> Result<()> {
        let (against, party) = (with.against, with.party.clone());
        let known = self.query(move |state| match against {
            Against::Issuer => party.parse::<u16>().is_ok_and(|n| state.issuers().any(|known| known == n)),
            Against::Acquirer => {
                party.parse::<InstitutionId>().is_ok_and(|a| state.acquirers().any(|known| known == a))
            }
            Against::Bank => true,
        });
        if known.await? {
            return Ok(());
        }
        let what = with.against.name();
        Err(absent("party", &ProblemText::NotRegistered { what, party: &kazasu_schemas::text::masked(&with.party) }))
    }
}

impl Compared {
    /// The answer for a file that was compared before: nothing changed. Its counts are those of the run that compared it; its
    /// unreadable lines are listed again.
    fn known(ran: &ReconRan, report: &file::FileReport) -> Self {
        Compared {
            run: ran.run,
            known: true,
            ours: ran.lines[0],
            theirs: ran.lines[1],
            total: total(report).to_owned(),
            bad_lines: report.bad,
            bad: bad_rows(report),
            ignored_columns: report.ignored_columns.clone(),
            statuses: BTreeMap::new(),
            matched_yen: ran.matched_yen.get(),
            tolerated: 0,
            tolerated_yen: 0,
            exceptions: ran.exceptions,
            ended: 0,
        }
    }
}

/// The finding for lines here that may be among the unreadable ones.
const UNDECIDED: &str = "undecided";

/// Tolerated deviations add up to a sum that the party pays or keeps and that this ledger lacks: one exception for the file, so that
/// people can book it.
pub(super) fn tolerated_difference(sum: Yen, lines: u64, with: &CompareWith, digest: &[u8; 32]) -> ReconException {
    let mut hash = Sha256::new();
    hash.update(mended::TOLERATED);
    hash.update(digest);
    let id: [u8; 32] = hash.finalize().into();
    let party = format!("{} {}", with.against.name(), with.party);
    ReconException {
        id: id[..16].try_into().expect("32 bytes"),
        status: mended::TOLERATED.to_owned(),
        own: 0,
        ours: Yen::ZERO,
        theirs: sum,
        line: 0,
        day: with.until,
        why: String::new(),
        proposal: String::new(),
        finding: Some(Box::new(Finding::Tolerated { lines, sum })),
        proposed: Some(Proposed::WriteOff(sum)),
        party,
    }
}

/// An exception as the journal keeps it. Its identity includes the party, so that two parties' lines never meet.
fn exception(e: &Exception, with: &CompareWith, here: &[Item], there: &[Item]) -> ReconException {
    let ledger = e.side == Side::Ledger;
    let at = |items: &[Item], line: u64| {
        // Lines ascend.
        let at = items.binary_search_by_key(&line, |item| item.line).ok()?;
        Some((items[at].own, items[at].amount, items[at].day))
    };
    // Of a duplicate, the other line is one of the same side.
    let other = e.other_line.filter(|_| e.status != Status::Duplicate);
    let (own_line, their_line) = if ledger { (Some(e.line), other) } else { (other, Some(e.line)) };
    let ours = own_line.and_then(|line| at(here, line));
    let theirs = their_line.and_then(|line| at(there, line));
    let day = ours.or(theirs).map_or(with.until, |(.., day)| day);
    let mut hash = Sha256::new();
    hash.update(with.against.name());
    hash.update(with.party.as_bytes());
    hash.update(e.id.0);
    let id: [u8; 32] = hash.finalize().into();
    ReconException {
        id: id[..16].try_into().expect("32 bytes"),
        status: name(e.status).to_owned(),
        party: format!("{} {}", with.against.name(), with.party),
        own: ours.and_then(|(own, ..)| own).map_or(0, std::num::NonZeroU64::get),
        ours: ours.map_or(Yen::ZERO, |(_, yen, _)| yen),
        theirs: theirs.map_or(Yen::ZERO, |(_, yen, _)| yen),
        line: their_line.filter(|_| theirs.is_some()).unwrap_or(0),
        day,
        why: String::new(),
        proposal: String::new(),
        finding: Some(Box::new(e.finding.clone())),
        proposed: Some(e.proposal.into()),
    }
}
