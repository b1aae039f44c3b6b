//! Comparing the ledger's lines with somebody else's: a file comes in, what differs is raised.

use super::FinanceFile;
use super::mended::{self, Before, Found};
use super::party_file::CompareWith;
use crate::Services;
use crate::error::{Result, ServiceError, value};
use kazasu_core::{Closing, Command, RAISED_AT_ONCE};
use kazasu_ledger::Body;
use kazasu_ledger::record::{Place, ReconRan, TransactionKind};
use kazasu_projections::chart::{Chart, MerchantKey, Restated, TapOf};
use kazasu_recon::file::{self, Contract, ExternalFrom, Row, Total, Writer};
use kazasu_recon::item::{Item, Kind, Mark, Side};
use kazasu_recon::matching::compare;
use kazasu_recon::result::{Exception, Outcome, Proposal, Status};
use kazasu_recon::rules::Rules;
use kazasu_schemas::closing::{Against, ReconException};
use kazasu_schemas::contract::Period;
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Compared {
    /// The run.
    pub run: u32,
    /// The same file was compared before: nothing was done.
    pub known: bool,
    /// Lines here and there.
    pub ours: u64,
    /// See `ours`.
    pub theirs: u64,
    /// Does the file's own total agree with its lines: `agrees`, `differs`, `absent`.
    pub total: String,
    /// Lines that could not be read, the first of them.
    pub bad_lines: u64,
    /// See `bad_lines`.
    pub bad: Vec<file::BadRow>,
    /// Columns of the file that are not known and were passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored_columns: Vec<String>,
    /// Lines by status: here and there.
    pub statuses: BTreeMap<String, (u64, u64)>,
    /// Yen that were matched.
    pub matched_yen: i64,
    /// Lines that were matched although their amounts differ, within what the party's contract tolerates.
    pub tolerated: u64,
    /// What came for them less what was expected, yen.
    pub tolerated_yen: i64,
    /// Exceptions that were found; those that are new are raised.
    pub exceptions: u64,
    /// Exceptions that an earlier file had opened and that ended by themselves with this one.
    pub ended: u64,
}

/// The ledger's lines about a party: a fold of the journal.
pub(super) struct Lines<'a> {
    with: &'a CompareWith,
    issuer: Option<u16>,
    acquirer: Option<InstitutionId>,
    chart: Chart,
    rows: BTreeMap<u64, Row>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(with: &'a CompareWith) -> anyhow::Result<Self> {
        let (mut issuer, mut acquirer) = (None, None);
        match with.against {
            Against::Issuer => {
                let number = with.party.parse::<u16>();
                issuer = Some(number.map_err(|_| anyhow::anyhow!("party: must be an issuer's number"))?);
            }
            Against::Acquirer => {
                let id = with.party.parse::<InstitutionId>();
                acquirer = Some(id.map_err(|e| anyhow::anyhow!("party: {e}"))?);
            }
            Against::Bank => {}
        }
        Ok(Lines { with, issuer, acquirer, chart: Chart::default(), rows: BTreeMap::new() })
    }

    pub(super) fn record(&mut self, place: Place, body: &Body) {
        let Place { seq, day, .. } = place;
        for moved in self.chart.record(place, body) {
            let wanted = self.issuer.is_none_or(|n| moved.issuer == Some(n))
                && self.acquirer.is_none_or(|a| moved.merchant.0 == a)
                && !moved.correction
                && (self.with.from..=self.with.until).contains(&day);
            let Some(tap) = self.chart.taps.get(&moved.tap).filter(|_| wanted) else { continue };
            let row = self.rows.entry(moved.tap).or_insert_with(|| line(moved.tap, moved.merchant, tap, day));
            row.amount = kazasu_projections::books::sum(row.amount, moved.amount);
        }
        for restated in self.chart.restated(seq, body) {
            self.restate(seq, day, &restated);
        }
    }

    /// What a party does not owe any more of a line, whenever that was booked, is not in the line. A chargeback is a line of its own.
    fn restate(&mut self, seq: u64, day: BusinessDay, restated: &Restated) {
        if restated.party != format!("{} {}", self.with.against.name(), self.with.party) {
            return;
        }
        let less = Yen::new(-restated.less.get());
        if !restated.chargeback {
            if let Some(row) = self.rows.get_mut(&restated.tap) {
                row.amount = kazasu_projections::books::sum(row.amount, less);
            }
            return;
        }
        if (self.with.from..=self.with.until).contains(&day) {
            let row = match self.chart.taps.get(&restated.tap) {
                Some(tap) => Row { reference: None, kind: Kind::Chargeback, ..line(restated.tap, tap.place, tap, day) },
                None => Row::new(Kind::Chargeback, Yen::ZERO, day),
            };
            self.rows.insert(seq, Row { amount: less, ..row });
        }
    }

    pub(super) fn finish(self) -> Vec<Row> {
        self.rows.into_values().filter(|row| row.amount != Yen::ZERO).collect()
    }
}

/// A line of a tap, without its amount.
fn line(seq: u64, merchant: MerchantKey, tap: &TapOf, day: BusinessDay) -> Row {
    let kind = match tap.kind {
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

/// The ledger's lines about a party, from the journal: to its end, since what is booked later may change a line of before.
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

/// The clearing file for a party: what this ledger says, in the detail file's format. Lines and their sum.
pub async fn clearing_file(store: &dyn Store, with: &CompareWith, out: impl Write) -> anyhow::Result<(u64, Yen)> {
    let mut writer = Writer::new(out)?;
    for row in rows(store, with).await? {
        writer.row(&row)?;
    }
    let written = writer.finish()?;
    Ok((written.rows, written.sum))
}

/// The rules for a party: what its contract tolerates, as configured. What should have come by the day after and did not is missing.
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

/// Everything that takes the processor's time.
pub(super) fn compared(
    with: &CompareWith,
    ours: &[Row],
    bytes: &[u8],
    as_of: BusinessDay,
    rules: &Rules,
) -> Result<(file::FileReport, Vec<Item>, Vec<Item>, Outcome), String> {
    let theirs_contract = contract(side(with.against), with);
    let mut theirs: Vec<Item> = Vec::new();
    let report = file::read(bytes, None, |line, row| theirs.push(row.item(line, &theirs_contract)))
        .map_err(|e| e.to_string())?;
    if let (Total::Differs { count, sum }, 0) = (&report.total, report.bad) {
        return Err(format!(
            "its total says {count} lines and {sum} yen, and it has {} lines and {} yen: it was cut short or changed on its way; \
             ask for it again",
            report.rows, report.sum
        ));
    }
    let ours_contract = contract(Side::Ledger, with);
    // Not every issuer lists what it takes back among its payments.
    let listed = theirs.iter().any(|item| item.kind == Kind::Chargeback);
    let ours = ours.iter().filter(|row| listed || row.kind != Kind::Chargeback);
    let here: Vec<Item> = ours.zip(1..).map(|(row, line)| row.item(line, &ours_contract)).collect();
    let outcome = compare(&here, &theirs, as_of, rules).map_err(|e| e.to_string())?;
    Ok((report, here, theirs, outcome))
}

impl Services {
    /// Compares a party's file with the ledger and raises what differs. The same file once more does nothing.
    pub(super) async fn compare(&self, bytes: Arc<Vec<u8>>, with: CompareWith, by: &str) -> Result<Compared> {
        if with.from > with.until {
            return Err(value("until", format!("{} is before {}", with.until, with.from)));
        }
        let context = self.closing_context()?;
        self.is_known(&with).await?;
        let open = self.query(|state| state.day).await?;
        if with.until >= open {
            let text = format!("{} has not ended ({open} is open): what comes later would be missing", with.until);
            return Err(value("until", text));
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
        let ours = ours.map_err(|e| value("party", format!("{e:#}")))?;
        let until = with.until;
        let (asked, file_bytes) = (with.clone(), bytes.clone());
        let rules = rules(&self.finance, &with);
        let work = tokio::task::spawn_blocking(move || compared(&asked, &ours, &file_bytes, until.next(), &rules));
        let made = work.await.map_err(|e| ServiceError::Other(e.into()))?.map_err(|e| value("file", e))?;
        let unread = made.0.bad;
        // A file of which lines could not be read is compared anew only when more of it can be read by now.
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

    /// Raises what differs, ends what does not differ any more, and records the run.
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
        // Exceptions first: should this end in the middle, the file is compared again, and what was raised is known.
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

/// The first lines that could not be read.
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

/// What a file is known by. One that was compared before, and after it another one of the same party and days, has the last word again: it
/// is compared as a new one.
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

/// The same file, of which more could be read than before.
fn digest_again(digest: &[u8; 32], unread: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(digest);
    hash.update(unread.to_be_bytes());
    hash.finalize().into()
}

/// The run that compared what is known by this digest.
fn ran_with(state: &kazasu_core::State, digest: &[u8; 32]) -> Option<ReconRan> {
    let run = state.run_of(digest)?;
    state.runs().iter().find(|ran| ran.run == run).cloned()
}

/// A file as it reads, compared with nothing.
async fn only_read(bytes: Arc<Vec<u8>>) -> Result<file::FileReport> {
    let work = tokio::task::spawn_blocking(move || file::read(&bytes, None, |_, _| {}).map_err(|e| e.to_string()));
    work.await.map_err(|e| ServiceError::Other(e.into()))?.map_err(|e| value("file", e))
}

/// What a file's own total says.
fn total(report: &file::FileReport) -> &'static str {
    match report.total {
        Total::Agrees => "agrees",
        Total::Differs { .. } => "differs",
        Total::Absent => "absent",
    }
}

/// Lines by status. While lines of the file are unread, what it seems to lack is undecided.
fn statuses(outcome: &Outcome, unread: u64) -> BTreeMap<String, (u64, u64)> {
    let each = Status::ALL.iter().map(|status| {
        let tally = outcome.counts.of(*status);
        let undecided = unread > 0 && *status == Status::Missing;
        (if undecided { UNDECIDED } else { name(*status) }.to_owned(), (tally.left, tally.right))
    });
    each.filter(|(_, (a, b))| a + b > 0).collect()
}

/// What a comparison comes to, with what was known of the party before.
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
    mended::tolerated(sum, before, with, report.bad, &mut found, of);
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
        Err(value("party", format!("{what} {} is not registered", kazasu_schemas::text::masked(&with.party))))
    }
}

impl Compared {
    /// A file that was compared before: nothing was done. Its counts are those of the run that compared it; what cannot be read in it
    /// still cannot.
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

/// What is said of lines here that may be among those that could not be read.
const UNDECIDED: &str = "undecided";

/// As programs write it.
pub(crate) fn name(status: Status) -> &'static str {
    match status {
        Status::Matched => "matched",
        Status::Expected => "expected",
        Status::Missing => "missing",
        Status::Unexpected => "unexpected",
        Status::AmountOver => "amount_over",
        Status::AmountUnder => "amount_under",
        Status::CurrencyMismatch => "currency_mismatch",
        Status::DateMismatch => "date_mismatch",
        Status::DataMismatch => "data_mismatch",
        Status::Duplicate => "duplicate",
        Status::PartlyMatched => "partly_matched",
    }
}

/// What was tolerated comes to a sum that the party pays, or keeps, and this ledger does not have: one exception for the file, so that it
/// can be booked.
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
        why: format!("{lines} lines differ by no more than the contract with {party} tolerates, by {sum} in all"),
        proposal: format!("write {sum} off"),
        party,
    }
}

/// An exception as the journal keeps it. Its identity holds the party too, so that two parties' lines never meet.
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
    let cut = |text: String| text.chars().take(200).collect::<String>();
    ReconException {
        id: id[..16].try_into().expect("32 bytes"),
        status: name(e.status).to_owned(),
        party: format!("{} {}", with.against.name(), with.party),
        own: ours.and_then(|(own, ..)| own).map_or(0, std::num::NonZeroU64::get),
        ours: ours.map_or(Yen::ZERO, |(_, yen, _)| yen),
        theirs: theirs.map_or(Yen::ZERO, |(_, yen, _)| yen),
        line: their_line.filter(|_| theirs.is_some()).unwrap_or(0),
        day,
        why: cut(e.why.clone()),
        proposal: cut(proposal(&e.proposal)),
    }
}

fn proposal(proposal: &Proposal) -> String {
    match proposal {
        Proposal::WaitUntil(day) => format!("wait until {day}"),
        Proposal::Ask(side) => format!("ask {}", side.name()),
        Proposal::BookDifference(yen) => format!("book an exception of {yen}"),
        Proposal::WriteOff(yen) => format!("write {yen} off"),
        Proposal::ReverseDuplicate(side) => format!("have the duplicate reversed ({})", side.name()),
        Proposal::CorrectData => "correct the data".to_owned(),
        Proposal::ChooseCandidate => "choose one of the candidates".to_owned(),
    }
}
