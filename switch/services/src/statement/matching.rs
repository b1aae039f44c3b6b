//! Matches lines with bookings. Pure: lines and due payments go in, one finding for each line comes out, in any order of the
//! lines. An ambiguous line stays open, and the finding names its candidates.

mod corrections;

use self::corrections::undoes;
use super::name::LineName;
use super::read::Doubt;
use super::reader::{CORRECTION_DAYS, Reader};
use crate::bank::is_account;
use crate::closing::PayoutConfig;
use crate::sentences::booked_as;
use kazasu_core::{
    ALIKE_DAYS, Became, BookedLine, Booking, DueFile, LineStatus, MOST_BANK_FEE, MoneyOut, Paid, PaidItem, Seen,
};
use kazasu_ledger::record::{Aside, Payer};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Funding;
use kazasu_schemas::zengin::statement::{Direction, Entry, Header, TransactionKind};
use kazasu_text::bank_lines::{CandidateText, OpenReason};
use kazasu_text::closing_refusals::BecameText;
use kazasu_text::{Quoted, Said};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// A line of the file.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Its record, from 1.
    pub(super) record: usize,
    pub(super) name: LineName,
    /// The name, as records keep it.
    pub(super) reference: String,
    /// The name in older records, without the account's kind.
    pub(super) before: String,
    pub(super) entry: Entry,
    pub(super) account: Option<Header>,
    /// The payer's name as files have it, and its keyed hash.
    pub(super) payee: Option<String>,
    pub(super) token: Option<[u8; 16]>,
    /// The payment that its text names.
    pub(super) named: Option<Paid>,
    pub(super) doubt: Option<Doubt>,
    pub(super) status: LineStatus,
}

/// The bookings and due payments with which lines are compared.
#[derive(Clone, Debug)]
pub(super) struct Picture {
    pub(super) files: Vec<DueFile>,
    pub(super) items: Vec<PaidItem>,
    pub(super) booked: Vec<BookedLine>,
    pub(super) payout: Option<Arc<PayoutConfig>>,
    pub(super) reader: Reader,
    /// Cities whose treasurer reads.
    pub(super) cities: Vec<String>,
    /// Names of the file's own lines.
    pub(super) here: HashSet<String>,
    /// The booking under the reference that a person named with `same-as`.
    pub(super) same: Option<SameAs>,
}

/// The booking that a person named with `same-as`.
#[derive(Clone, Debug)]
pub(super) struct SameAs {
    pub(super) line: BookedLine,
    /// The record of this file that has this booking already.
    pub(super) record: Option<usize>,
}

/// A possible meaning of a line, and the option with which a person chooses it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Candidate {
    pub(super) what: Said,
    pub(super) say: String,
}

/// The finding about a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Finding {
    Book(Booking),
    /// It was booked or set aside before.
    Known,
    Open {
        why: Said,
        candidates: Vec<Candidate>,
    },
}

impl Finding {
    pub(super) fn open(why: &OpenReason<'_>, candidates: Vec<Candidate>) -> Self {
        Finding::said(Said::of(why), candidates)
    }

    pub(super) fn said(why: Said, candidates: Vec<Candidate>) -> Self {
        Finding::Open { why, candidates }
    }

    /// A line that looks like one that was booked.
    fn twin(twin: &BookedLine, candidates: Vec<Candidate>) -> Self {
        let (line, became) = (Quoted(&twin.reference), booked_as(&twin.what));
        Finding::open(&OpenReason::Twin { line, became }, candidates)
    }
}

impl Picture {
    fn funding<'a>(&'a self, file: &'a DueFile) -> Option<&'a Funding> {
        match &file.of {
            MoneyOut::Payout(_) => self.payout.as_ref().map(|p| &p.funding),
            MoneyOut::Batch(_) => file.funding.as_ref(),
        }
    }

    pub(super) fn leaves(&self, file: &DueFile, account: Option<&Header>) -> bool {
        account.zip(self.funding(file)).is_some_and(|(header, funding)| is_account(funding, header))
    }

    /// Whether this reader may book it.
    pub(super) fn is_mine(&self, file: &DueFile) -> bool {
        match (self.reader, &file.of) {
            (Reader::Payouts, MoneyOut::Payout(_)) => true,
            (Reader::Relief, MoneyOut::Batch(_)) => file.city.as_ref().is_some_and(|city| self.cities.contains(city)),
            (Reader::Payouts, MoneyOut::Batch(_)) | (Reader::Relief, MoneyOut::Payout(_)) => false,
        }
    }

    pub(super) fn is_operators(&self, account: Option<&Header>) -> bool {
        account.zip(self.payout.as_ref()).is_some_and(|(header, payout)| is_account(&payout.funding, header))
    }

    /// Whether this line's money moved on this account.
    pub(super) fn is_account_of(&self, line: &BookedLine, account: Option<&Header>) -> bool {
        match line.what.batch() {
            Some(batch) => {
                self.files.iter().any(|file| file.of == MoneyOut::Batch(batch) && self.leaves(file, account))
            }
            None => self.is_operators(account),
        }
    }

    /// Whether the account is one of this reader's.
    pub(super) fn is_my_account(&self, account: Option<&Header>) -> bool {
        match self.reader {
            Reader::Payouts => self.is_operators(account),
            Reader::Relief => self.files.iter().any(|file| self.is_mine(file) && self.leaves(file, account)),
        }
    }

    pub(super) fn is_my_line(&self, line: &BookedLine) -> bool {
        match self.reader {
            Reader::Payouts => line.city.is_none(),
            Reader::Relief => line.city.as_ref().is_some_and(|city| self.cities.contains(city)),
        }
    }

    /// The configured payer, when the line came to the operator's account.
    pub(super) fn payer(&self, row: &Row) -> Option<Payer> {
        let payout = self.payout.as_ref().filter(|_| self.is_operators(row.account.as_ref()))?;
        let payer = payout.payers.iter().find(|(name, _)| Some(name) == row.payee.as_ref());
        payer.map(|(_, from)| *from)
    }

    /// The statement's facts about a line.
    pub(super) fn seen(&self, row: &Row) -> Seen {
        let city = self.city(row.account.as_ref());
        Seen { way: row.entry.direction, amount: row.entry.amount, payer: self.payer(row), city }
    }

    /// The city of the account, when its treasurer reads.
    fn city(&self, account: Option<&Header>) -> Option<String> {
        let mine = self
            .files
            .iter()
            .find(|file| self.reader == Reader::Relief && self.is_mine(file) && self.leaves(file, account));
        mine.and_then(|file| file.city.clone())
    }

    fn pays(item: &PaidItem, row: &Row) -> bool {
        item.name.is_some() && item.name == row.token
    }

    fn fees(&self) -> &[Yen] {
        self.payout.as_ref().map_or(&[], |payout| &payout.return_fees)
    }

    fn file_candidate(&self, file: &DueFile) -> Candidate {
        let (file_number, total, value_date) = (file.file, file.total, file.value_date);
        let (what, of) = match (&file.of, file.cancelled) {
            (&MoneyOut::Payout(payout), false) => {
                (CandidateText::PayoutFile { payout, file: file_number, total, value_date }, payout)
            }
            (&MoneyOut::Payout(payout), true) => {
                (CandidateText::PayoutFileCancelled { payout, file: file_number, total, value_date }, payout)
            }
            (&MoneyOut::Batch(batch), false) => {
                (CandidateText::BatchFile { batch, file: file_number, total, value_date }, u64::from(batch))
            }
            (&MoneyOut::Batch(batch), true) => {
                (CandidateText::BatchFileCancelled { batch, file: file_number, total, value_date }, u64::from(batch))
            }
        };
        let say = if file.cancelled { "--not-ours".to_owned() } else { format!("--file {of}/{file_number}") };
        Candidate { what: Said::of(&what), say }
    }

    fn item_candidate(&self, item: &PaidItem) -> Candidate {
        let amount = item.amount;
        match item.what {
            Paid::Settlement { payout, settlement } => Candidate {
                what: Said::of(&CandidateText::Settlement { payout, settlement, amount }),
                say: format!("--settlement {payout}/{settlement}"),
            },
            Paid::Row { batch, row } => Candidate {
                what: Said::of(&CandidateText::Row { batch, row, amount }),
                say: format!("--row {batch}/{row}"),
            },
        }
    }

    fn payer_candidate(from: Payer) -> Candidate {
        let what = match from {
            Payer::Issuer(issuer) => BecameText::FromIssuer { issuer },
            Payer::Funder(programme) => BecameText::FromFunder { programme },
        };
        let say = format!("--received-from \"{}\"", crate::payer::payer_text(&from));
        Candidate { what: Said::of(&what), say }
    }

    /// A payment that was booked by hand and may be this line.
    fn by_hand(&self, row: &Row) -> Option<&BookedLine> {
        let from = self.payer(row)?;
        let near = |day: BusinessDay| day.0.abs_diff(row.entry.posting_date.0) <= ALIKE_DAYS.unsigned_abs();
        self.booked
            .iter()
            .find(|b| b.amount == row.entry.amount && b.by_hand.is_some_and(|(payer, day)| payer == from && near(day)))
    }

    /// A booked line like this one: as a rule the same movement in another file.
    fn twin(&self, row: &Row) -> Option<&BookedLine> {
        self.booked.iter().find(|b| {
            !self.here.contains(&b.reference)
                && LineName::parse(&b.reference).is_some_and(|name| name.is_like(&row.name))
        })
    }
}

pub(super) fn booking_of(file: &DueFile) -> Booking {
    match file.of {
        MoneyOut::Payout(payout) => Booking::Taken { payout, file: file.file },
        MoneyOut::Batch(batch) => Booking::Sent { batch, file: file.file },
    }
}

pub(super) fn booking_back(item: &PaidItem, fee: Yen) -> Booking {
    match item.what {
        Paid::Settlement { payout, settlement } => Booking::Returned { payout, settlement, fee },
        Paid::Row { batch, row } => Booking::CameBack { batch, row, fee },
    }
}

/// One finding a line, in the lines' order.
pub(super) fn plan(rows: &[Row], picture: &Picture) -> Vec<Finding> {
    let mut found: Vec<Option<Finding>> = rows
        .iter()
        .map(|row| match (&row.status, &row.account) {
            (LineStatus::Known(_), _) => Some(Finding::Known),
            (_, None) => Some(Finding::open(&OpenReason::AccountUnreadable, Vec::new())),
            (LineStatus::New | LineStatus::Undone, Some(_)) => None,
        })
        .collect();
    corrections::corrections(rows, picture, &mut found);
    dealt_with(rows, &mut found);
    for (row, found) in rows.iter().zip(&mut found) {
        if row.status == LineStatus::Undone && found.is_none() {
            *found = Some(Finding::open(&OpenReason::Undone, fitting(row, picture)));
        }
    }
    let mut gone = BTreeSet::new();
    money_out(rows, picture, &mut found, &mut gone);
    money_in(rows, picture, &mut found, &gone);
    for (row, found) in rows.iter().zip(&mut found) {
        let fits = matches!(found, Some(Finding::Book(_)));
        if let Some(doubt) = row.doubt.as_ref().filter(|_| fits) {
            *found = Some(Finding::said(doubt.text().clone(), fitting(row, picture)));
        }
    }
    // Counted only once nothing is left: a total function of the lines.
    found.into_iter().map(|f| f.unwrap_or_else(|| Finding::open(&OpenReason::NothingFits, Vec::new()))).collect()
}

/// All candidates of a line, for people.
pub(super) fn fitting(row: &Row, picture: &Picture) -> Vec<Candidate> {
    match row.entry.direction {
        Direction::Out => {
            let fits =
                |f: &&DueFile| !f.taken && f.total == row.entry.amount && picture.leaves(f, row.account.as_ref());
            picture.files.iter().filter(fits).map(|f| picture.file_candidate(f)).collect()
        }
        Direction::In => {
            let fits = |item: &&PaidItem| {
                let less = item.amount.get() - row.entry.amount.get();
                let named = row.named.as_ref() == Some(&item.what);
                let by_name =
                    row.named.is_none() && Picture::pays(item, row) && (0..=MOST_BANK_FEE.get()).contains(&less);
                (named || by_name) && picture.leaves(&picture.files[item.file], row.account.as_ref())
            };
            let items = picture.items.iter().filter(fits).map(|item| picture.item_candidate(item));
            items.chain(picture.payer(row).map(Picture::payer_candidate)).collect()
        }
    }
}

/// A bank correction that a person classified otherwise may still be about a line here: that line waits for a person too.
fn dealt_with(rows: &[Row], found: &mut [Option<Finding>]) {
    for row in rows.iter().filter(|row| row.entry.kind == TransactionKind::Correction) {
        let LineStatus::Known(became) = &row.status else { continue };
        let of_a_line = match became {
            // A booking by hand has a reference that a person wrote.
            Became::Corrects(line) => LineName::parse(line).is_some(),
            Became::Corrected | Became::Aside(Aside::Corrected(_)) => true,
            Became::Aside(Aside::NotOurs | Aside::Same(_))
            | Became::Taken { .. }
            | Became::Returned { .. }
            | Became::Received { .. }
            | Became::Sent { .. }
            | Became::CameBack { .. } => false,
        };
        if of_a_line {
            continue;
        }
        for (n, other) in rows.iter().enumerate() {
            if found[n].is_none() && other.entry.kind != TransactionKind::Correction && undoes(row, &other.name) {
                let why = OpenReason::CorrectedAs { record: number(row.record), became: booked_as(became) };
                found[n] = Some(Finding::open(&why, Vec::new()));
            }
        }
    }
}

/// Lines with the same choices: each is taken only when there are as many of them as choices, and no other line has any of these.
fn settle(edges: &BTreeMap<usize, Vec<usize>>) -> (Vec<(usize, usize)>, BTreeSet<usize>) {
    let mut groups: BTreeMap<&[usize], Vec<usize>> = BTreeMap::new();
    edges.iter().for_each(|(line, of)| groups.entry(of).or_default().push(*line));
    let mut asked: BTreeMap<usize, usize> = BTreeMap::new();
    groups.keys().for_each(|of| of.iter().for_each(|choice| *asked.entry(*choice).or_default() += 1));
    let (mut sure, mut open) = (Vec::new(), BTreeSet::new());
    for (of, lines) in groups {
        if of.len() == lines.len() && of.iter().all(|choice| asked[choice] == 1) {
            sure.extend(lines.into_iter().zip(of.iter().copied()));
        } else {
            open.extend(lines);
        }
    }
    (sure, open)
}

/// Money that left: the transfer file of this sum that was to leave this account on this day.
fn money_out(rows: &[Row], picture: &Picture, found: &mut [Option<Finding>], gone: &mut BTreeSet<usize>) {
    let mut edges = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if found[at].is_some() || row.entry.direction != Direction::Out {
            continue;
        }
        let days = [row.entry.value_date, row.entry.posting_date];
        let due = |f: &DueFile| {
            !f.taken
                && f.total == row.entry.amount
                && days.contains(&f.value_date)
                && picture.leaves(f, row.account.as_ref())
        };
        let of: Vec<usize> = (0..picture.files.len()).filter(|n| due(&picture.files[*n])).collect();
        if of.is_empty() {
            found[at] = Some(no_file(row, picture));
        } else {
            edges.insert(at, of);
        }
    }
    let (sure, open) = settle(&edges);
    for (at, file) in sure {
        let (row, file_is) = (&rows[at], &picture.files[file]);
        found[at] = Some(if let Some(twin) = picture.twin(row) {
            Finding::twin(twin, vec![picture.file_candidate(file_is)])
        } else if file_is.cancelled {
            Finding::open(&OpenReason::GivenUp, vec![picture.file_candidate(file_is)])
        } else if picture.is_mine(file_is) {
            if row.doubt.is_none() {
                gone.insert(file);
            }
            Finding::Book(booking_of(file_is))
        } else {
            Finding::open(&OpenReason::FileOfOthers, vec![picture.file_candidate(file_is)])
        });
    }
    for at in open {
        let of: Vec<Candidate> = edges[&at].iter().map(|n| picture.file_candidate(&picture.files[*n])).collect();
        let why = if of.len() == 1 { OpenReason::SeveralLines } else { OpenReason::SeveralFiles };
        found[at] = Some(Finding::open(&why, of));
    }
}

fn no_file(row: &Row, picture: &Picture) -> Finding {
    if !picture.is_my_account(row.account.as_ref()) {
        return Finding::open(&OpenReason::OtherAccount, fitting(row, picture));
    }
    match picture.twin(row) {
        Some(twin) => Finding::twin(twin, vec![same_candidate(&twin.reference)]),
        None => Finding::open(&OpenReason::NoFileDue, fitting(row, picture)),
    }
}

/// Money that came: a payment that came back, or a party's debt.
fn money_in(rows: &[Row], picture: &Picture, found: &mut [Option<Finding>], gone: &BTreeSet<usize>) {
    let there = |item: &PaidItem, row: &Row| {
        let file = &picture.files[item.file];
        (item.paid || gone.contains(&item.file))
            && picture.leaves(file, row.account.as_ref())
            && row.entry.posting_date >= file.value_date
    };
    let open_in =
        |found: &[Option<Finding>], at: usize| found[at].is_none() && rows[at].entry.direction == Direction::In;
    // Lines that name a payment go first: no other line may take it.
    let mut named: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate().filter(|(_, row)| row.named.is_some()) {
        if !open_in(found, at) {
            continue;
        }
        match picture.items.iter().position(|item| row.named.as_ref() == Some(&item.what)) {
            Some(item) if there(&picture.items[item], row) => named.entry(item).or_default().push(at),
            Some(_) | None => {
                found[at] = Some(Finding::open(&OpenReason::NamedNotPaid, fitting(row, picture)));
            }
        }
    }
    for (item, lines) in &named {
        for at in lines {
            found[*at] = Some(if lines.len() == 1 {
                back_by_name(&rows[*at], &picture.items[*item], picture)
            } else {
                Finding::open(&OpenReason::NamedTwice, fitting(&rows[*at], picture))
            });
        }
    }
    let mut edges = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if !open_in(found, at) {
            continue;
        }
        let is = |n: &usize| {
            let item = &picture.items[*n];
            item.amount == row.entry.amount && !named.contains_key(n) && Picture::pays(item, row) && there(item, row)
        };
        let of: Vec<usize> = (0..picture.items.len()).filter(is).collect();
        match (picture.payer(row), of.is_empty()) {
            (Some(from), true) => found[at] = Some(paid_in(row, from, picture)),
            (Some(_), false) => {
                found[at] = Some(Finding::open(&OpenReason::BackOrOwed, fitting(row, picture)));
            }
            (None, true) => found[at] = Some(nothing_in(row, picture)),
            (None, false) => {
                edges.insert(at, of);
            }
        }
    }
    let (sure, open) = settle(&edges);
    for (at, item) in sure {
        found[at] = Some(came_back(&rows[at], &picture.items[item], Yen::ZERO, picture));
    }
    for at in open {
        found[at] = Some(Finding::open(&OpenReason::SeveralPayments, fitting(&rows[at], picture)));
    }
}

fn came_back(row: &Row, item: &PaidItem, fee: Yen, picture: &Picture) -> Finding {
    let file = &picture.files[item.file];
    if let Some(twin) = picture.twin(row) {
        return Finding::twin(twin, vec![picture.item_candidate(item)]);
    }
    if picture.is_mine(file) {
        Finding::Book(booking_back(item, fee))
    } else {
        Finding::open(&OpenReason::PaymentOfOthers, vec![picture.item_candidate(item)])
    }
}

/// A line that names its payment: the whole amount, or the rest after one of the bank's stated fees.
fn back_by_name(row: &Row, item: &PaidItem, picture: &Picture) -> Finding {
    let less = Yen::new(item.amount.get() - row.entry.amount.get());
    if less == Yen::ZERO || (less.is_positive() && picture.fees().contains(&less)) {
        return came_back(row, item, less, picture);
    }
    let stated: Vec<String> = picture.fees().iter().map(ToString::to_string).collect();
    let (sent, came, fees) = (item.amount, row.entry.amount, &stated.join(", "));
    let why = match fees.as_str() {
        "" => OpenReason::NoFeeSet { sent, came },
        fees => OpenReason::NoFee { sent, came, fees },
    };
    Finding::open(&why, vec![picture.item_candidate(item)])
}

fn paid_in(row: &Row, from: Payer, picture: &Picture) -> Finding {
    let amount = row.entry.amount;
    match (picture.reader, picture.twin(row)) {
        (Reader::Relief, _) => Finding::open(&OpenReason::ToOperator, vec![Picture::payer_candidate(from)]),
        (Reader::Payouts, Some(twin)) => {
            let (line, became) = (Quoted(&twin.reference), booked_as(&twin.what));
            Finding::open(&OpenReason::LikelyDouble { line, became }, doubles(&twin.reference))
        }
        (Reader::Payouts, None) => Finding::Book(Booking::Received { from, amount }),
    }
}

/// A person's options for a payment that looks like an existing one.
pub(super) fn doubles(reference: &str) -> Vec<Candidate> {
    vec![Candidate { what: Said::of(&CandidateText::Another), say: "--another".into() }, same_candidate(reference)]
}

/// A line is the same movement as what has this reference.
fn same_candidate(reference: &str) -> Candidate {
    let what = Said::of(&CandidateText::SameAs { line: Quoted(reference) });
    Candidate { what, say: format!("--same-as \"{reference}\"") }
}

/// A record's number in a text.
pub(super) fn number(record: usize) -> u64 {
    u64::try_from(record).unwrap_or(u64::MAX)
}

fn nothing_in(row: &Row, picture: &Picture) -> Finding {
    if !picture.is_my_account(row.account.as_ref()) {
        return Finding::open(&OpenReason::OtherAccount, fitting(row, picture));
    }
    if let Some(twin) = picture.twin(row) {
        return Finding::twin(twin, vec![same_candidate(&twin.reference)]);
    }
    let near = fitting(row, picture);
    let why = if near.is_empty() { OpenReason::NothingSent } else { OpenReason::LessFee };
    Finding::open(&why, near)
}
