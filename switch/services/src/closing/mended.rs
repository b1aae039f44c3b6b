//! A party's file changes the exceptions of an earlier one of the same days: a line that is there now ends its exception by itself, a
//! line that is there with another amount is another exception. Of what could not be read nothing is concluded.

use super::party_file::CompareWith;
use hashbrown::{HashMap, HashSet};
use kazasu_core::{CHARGEBACK, ExceptionView, REFUSED_ADVICE, WhichExceptions};
use kazasu_ledger::record::{EndedException, ReconRan};
use kazasu_recon::item::Item;
use kazasu_recon::result::{Outcome, Status, Verdict};
use kazasu_schemas::closing::{Finding, ReconException, Resolution};
use kazasu_schemas::contract::Period;
use kazasu_schemas::money::Yen;
use sha2::{Digest, Sha256};

/// The status of the sum of what was tolerated in a file.
pub(super) const TOLERATED: &str = "tolerated";

/// The earlier findings about a party, before a file is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    pub(super) exceptions: Vec<ExceptionView>,
    pub(super) runs: Vec<ReconRan>,
}

impl Before {
    /// Everything that files of a party opened.
    pub(super) fn of(state: &kazasu_core::State, party: &str) -> Before {
        let of_files = |d: &ExceptionView| {
            let x = &d.exception;
            x.party == party && x.status != CHARGEBACK && x.status != REFUSED_ADVICE
        };
        Before {
            exceptions: state.exceptions(WhichExceptions::All).into_iter().filter(of_files).collect(),
            runs: state.runs().to_vec(),
        }
    }

    fn period_of(&self, run: u32) -> Option<Period> {
        self.runs.iter().find(|r| r.run == run).map(|r| r.period)
    }
}

/// The result of a file.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) raised: Vec<ReconException>,
    pub(super) ended: Vec<EndedException>,
    /// Lines here that may be among those that could not be read.
    pub(super) undecided: u64,
    /// Exceptions in all, those that are known included.
    pub(super) in_all: u64,
}

/// This ledger's lines that the file has with the same amount, by record: the line there.
pub(super) fn equal_lines(outcome: &Outcome, here: &[Item], there: &[Item]) -> HashMap<u64, u64> {
    let each = here.iter().zip(&outcome.left).filter_map(|(item, verdict)| match verdict {
        Verdict::Pair { with, status: Status::Matched, .. } => {
            let theirs = there.get(usize::try_from(*with).ok()?).filter(|theirs| theirs.amount == item.amount)?;
            Some((item.own?.get(), theirs.line))
        }
        Verdict::Pair { .. } | Verdict::Alone { .. } | Verdict::Group { .. } | Verdict::Repeat { .. } => None,
    });
    each.collect()
}

/// A finding about a line of the party's alone that ended by itself, and comes once more, is another one.
fn under_its_id(mut d: ReconException, by_id: &HashMap<[u8; 16], &ExceptionView>) -> ReconException {
    if d.own > 0 {
        return d;
    }
    let first = d.clone();
    let mut times = 0;
    while by_id.get(&d.id).is_some_and(|known| known.ended_by.is_some()) {
        times += 1;
        d.id = again(&first, times);
    }
    d
}

/// A line of the party's file that this ledger does not have, or has once only.
fn is_about_a_line_there(d: &ReconException) -> bool {
    d.own == 0
        && [Status::Unexpected, Status::Duplicate].iter().any(|status| d.status == super::compared::name(*status))
}

fn same_finding(a: &ReconException, b: &ReconException) -> bool {
    (&a.status, a.ours, a.theirs) == (&b.status, b.ours, b.theirs)
}

fn ended(d: &ReconException, finding: Finding) -> EndedException {
    EndedException { id: d.id, why: String::new(), finding: Some(finding) }
}

/// Looks at what was found with what was known. `equal` is from [`equal_lines`]; `whole` are the file's days, when every line of it could
/// be read and every finding is told.
pub(super) fn found(
    exceptions: Vec<ReconException>,
    before: &Before,
    equal: &HashMap<u64, u64>,
    (unread, whole): (u64, Option<Period>),
) -> Found {
    let mut out = Found::default();
    let by_id: HashMap<[u8; 16], &ExceptionView> = before.exceptions.iter().map(|d| (d.exception.id, d)).collect();
    let exceptions: Vec<ReconException> = exceptions.into_iter().map(|d| under_its_id(d, &by_id)).collect();
    if let Some(period) = whole {
        let now: HashSet<[u8; 16]> = exceptions.iter().map(|d| d.id).collect();
        let gone = before.exceptions.iter().filter(|d| d.resolved.is_none() && before.period_of(d.run) == Some(period));
        let of_these = |d: &ReconException| (period.from..=period.until).contains(&d.day) && is_about_a_line_there(d);
        let gone = gone.filter(|d| of_these(&d.exception) && !now.contains(&d.exception.id));
        out.ended.extend(gone.map(|d| ended(&d.exception, Finding::GoneLater)));
    }
    let mut known: HashMap<u64, Vec<&ExceptionView>> = HashMap::new();
    for d in before.exceptions.iter().filter(|d| d.exception.own > 0) {
        known.entry(d.exception.own).or_default().push(d);
    }
    for d in before.exceptions.iter().filter(|d| d.resolved.is_none() && d.exception.own > 0) {
        if let Some(line) = equal.get(&d.exception.own) {
            out.ended.push(ended(&d.exception, Finding::SameLater { line: *line }));
        }
    }
    for d in exceptions {
        if unread > 0 && d.status == super::compared::name(Status::Missing) {
            out.undecided += 1;
            continue;
        }
        out.in_all += 1;
        match known.get(&d.own).filter(|_| d.own > 0) {
            Some(known) => about_one_line(d, known, &mut out),
            None if by_id.contains_key(&d.id) => {}
            None => out.raised.push(d),
        }
    }
    out
}

/// A line of this ledger of which something was found before.
fn about_one_line(mut d: ReconException, known: &[&ExceptionView], out: &mut Found) {
    let is_there = d.line > 0;
    let open = || known.iter().filter(|k| k.resolved.is_none());
    let same = known.iter().filter(|k| same_finding(&k.exception, &d));
    let told = same.clone().any(|k| k.resolved.is_none() || k.ended_by.is_none());
    let others = open().filter(|k| !same_finding(&k.exception, &d));
    if is_there {
        let finding = Finding::FoundLater { line: d.line, theirs: d.theirs, status: d.status.clone() };
        out.ended.extend(others.map(|k| ended(&k.exception, finding.clone())));
    } else if open().next().is_some() {
        // It lacks again what was there with another amount: the exception that is open says so.
        return;
    }
    if told {
        return;
    }
    if known.iter().any(|k| k.exception.id == d.id) {
        d.id = again(&d, same.count());
    }
    out.raised.push(d);
}

/// The identity of another finding about a line: the same when the file is compared once more.
fn again(d: &ReconException, times: usize) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update("another finding");
    hash.update(d.id);
    hash.update(&d.status);
    hash.update(d.ours.get().to_be_bytes());
    hash.update(d.theirs.get().to_be_bytes());
    hash.update(u64::try_from(times).unwrap_or(u64::MAX).to_be_bytes());
    let id: [u8; 32] = hash.finalize().into();
    id[..16].try_into().expect("32 bytes")
}

/// The tolerated sum of a comparison.
#[derive(Clone, Copy)]
pub(super) struct Tolerated<'a> {
    /// The sum.
    pub(super) sum: Yen,
    /// The compared party and days.
    pub(super) with: &'a CompareWith,
    /// Lines of the file that could not be read.
    pub(super) unread: u64,
}

/// The sum of what was tolerated is one exception of a party and its days, from every file: what an earlier one left open ends,
/// and what was booked for it is not booked once more.
pub(super) fn tolerated(
    now: Tolerated<'_>,
    before: &Before,
    out: &mut Found,
    exception: impl FnOnce(Yen) -> ReconException,
) {
    let Tolerated { sum, with, unread } = now;
    let period = Period { from: with.from, until: with.until };
    let of_period = |d: &&ExceptionView| {
        d.exception.status == TOLERATED
            && before.period_of(d.run).is_none_or(|p| p == period)
            && d.exception.day == with.until
    };
    let earlier: Vec<&ExceptionView> = before.exceptions.iter().filter(of_period).collect();
    let booked = earlier.iter().filter(|d| is_booked(d)).fold(0, |sum, d| sum + d.exception.theirs.get());
    let rest = Yen::new(sum.get() - booked);
    let open = || earlier.iter().filter(|d| d.resolved.is_none());
    // While lines are unread the sum is not all of it: what is open stays.
    if unread > 0 && open().next().is_some() {
        return;
    }
    let told = earlier.iter().any(|d| d.ended_by.is_none() && d.exception.theirs == rest && !is_booked(d));
    out.ended
        .extend(open().filter(|d| d.exception.theirs != rest).map(|d| ended(&d.exception, Finding::SumLater { sum })));
    if rest == Yen::ZERO {
        return;
    }
    out.in_all += 1;
    if !told {
        out.raised.push(exception(rest));
    }
}

fn is_booked(d: &ExceptionView) -> bool {
    matches!(&d.resolved, Some((how, ..)) if *how != Resolution::Explained)
}
