//! Turns verdicts into exceptions: what was found, as codes and values, and what may be done.

use super::identity::{Identities, Subject};
use super::item::{Item, Side};
use super::keys::{Basis, Party};
use super::result::{Exception, Group, Proposal, Status, Verdict};
use super::rules::BatchScope;
use super::work::{At, Hand, Note, State, Work};
use kazasu_schemas::closing::{Difference, Finding, Half, ListedLine, Money};
use kazasu_schemas::money::{JPY_NUMERIC, Yen};

/// The exceptions that are listed, and how many more there are.
pub(super) fn exceptions(work: &Work<'_>) -> (Vec<Exception>, u64) {
    let identities = Identities::new(work.rules.left, work.rules.right);
    let mut list = List { work, out: Vec::new(), unlisted: 0, identities };
    list.lines(Hand::Left);
    for group in work.groups.iter().filter(|group| group.status.is_exception()) {
        list.push(|list| list.group(group));
    }
    list.lines(Hand::Right);
    (list.out, list.unlisted)
}

/// The outcome of a look at one line or group.
struct Explained {
    status: Status,
    finding: Finding,
    proposal: Proposal,
}

struct List<'w, 'a> {
    work: &'w Work<'a>,
    out: Vec<Exception>,
    unlisted: u64,
    identities: Identities,
}

impl List<'_, '_> {
    fn lines(&mut self, hand: Hand) {
        for index in 0..self.work.items(hand).len() {
            let at = At::new(hand, index);
            let verdict = self.work.verdict(at);
            if !verdict.status().is_exception() {
                continue;
            }
            match (verdict, hand) {
                (Verdict::Alone { status }, _) => self.push(|list| list.alone(at, status)),
                (Verdict::Pair { with, status, basis }, Hand::Left) => {
                    self.push(|list| list.pair([at, At::of(Hand::Right, with)], status, basis));
                }
                (Verdict::Repeat { of }, _) => self.push(|list| list.repeat(at, At::of(hand, of))),
                // A pair is listed with its left line, a group once.
                (Verdict::Pair { .. }, Hand::Right) | (Verdict::Group { .. }, _) => {}
            }
        }
    }

    fn push(&mut self, make: impl FnOnce(&mut Self) -> Exception) {
        if self.out.len() < self.work.rules.listed {
            let exception = make(self);
            self.out.push(exception);
        } else {
            self.unlisted += 1;
        }
    }

    fn side(&self, hand: Hand) -> Side {
        match hand {
            Hand::Left => self.work.rules.left,
            Hand::Right => self.work.rules.right,
        }
    }

    /// The party that is asked when something of this comparison is unclear: the side that is not this switch.
    fn asked(&self) -> Side {
        match (self.work.rules.left, self.work.rules.right) {
            (left, Side::Ledger) => left,
            (_, right @ (Side::Acquirer | Side::Issuer | Side::Bank)) => right,
        }
    }

    /// An exception about one line, before it is compared with anything.
    fn about(&mut self, at: At, explained: Explained) -> Exception {
        let Explained { status, finding, proposal } = explained;
        let item = self.work.item(at);
        let subject = match at.hand() {
            Hand::Left => Subject::Expected(item),
            Hand::Right => Subject::Came(item),
        };
        Exception {
            id: self.identities.of(&subject),
            status,
            side: item.side,
            line: item.line,
            other_line: None,
            own: item.own,
            party: item.party,
            amount: item.amount,
            other_amount: None,
            days: 0,
            finding,
            proposal,
            candidates: Vec::new(),
        }
    }

    fn alone(&mut self, at: At, status: Status) -> Exception {
        let (work, item) = (self.work, self.work.item(at));
        let candidates = work.candidates_of(at).to_vec();
        let due = work.rules.due(item.day);
        let (line, day, may_be_sum) = (listed(item), item.day, !candidates.is_empty());
        let ambiguous =
            if let State::Open(Note::Ambiguous(basis)) = work.state(at) { Some(basis.into()) } else { None };
        let finding = match at.hand() {
            Hand::Left => Finding::NotListed { line, day, by: self.side(Hand::Right), due, ambiguous, may_be_sum },
            Hand::Right => Finding::NotExpected { line, day, by: self.side(Hand::Right), ambiguous, may_be_sum },
        };
        let proposal = match at.hand() {
            _ if !candidates.is_empty() => Proposal::ChooseCandidate,
            // Our own list of that day may not be complete yet.
            Hand::Right if work.as_of <= due => Proposal::WaitUntil(due),
            Hand::Left | Hand::Right => Proposal::Ask(self.asked()),
        };
        let days = match at.hand() {
            Hand::Left => work.as_of.0.saturating_sub(due.0),
            Hand::Right => 0,
        };
        Exception { days, candidates, ..self.about(at, Explained { status, finding, proposal }) }
    }

    fn pair(&mut self, [left, right]: [At; 2], status: Status, basis: Basis) -> Exception {
        let (a, b) = (self.work.item(left), self.work.item(right));
        let finding = Finding::Differs { by: basis.into(), differences: differences(a, b, self.work) };
        let proposal = match status {
            Status::AmountOver | Status::AmountUnder => self.difference(a.amount, b.amount, a.currency),
            Status::Matched
            | Status::Expected
            | Status::Missing
            | Status::Unexpected
            | Status::CurrencyMismatch
            | Status::DateMismatch
            | Status::DataMismatch
            | Status::Duplicate
            | Status::PartlyMatched => {
                let same = a.amount == b.amount && a.currency == b.currency;
                if same { Proposal::CorrectData } else { Proposal::Ask(self.asked()) }
            }
        };
        Exception {
            other_line: Some(b.line),
            other_amount: Some(b.amount),
            days: b.day.0.saturating_sub(a.day.0),
            ..self.about(left, Explained { status, finding, proposal })
        }
    }

    fn repeat(&mut self, at: At, of: At) -> Exception {
        let (item, original) = (self.work.item(at), self.work.item(of));
        let here = self.side(at.hand());
        let (this, that) = (listed(item), listed(original));
        let other = (this != that).then_some(that);
        let finding = Finding::Twice { by: here, line: this, other_line: original.line, other };
        let explained = Explained { status: Status::Duplicate, finding, proposal: Proposal::ReverseDuplicate(here) };
        Exception {
            other_line: Some(original.line),
            other_amount: Some(original.amount),
            days: original.day.0.saturating_sub(item.day.0),
            ..self.about(at, explained)
        }
    }

    fn group(&mut self, group: &Group) -> Exception {
        let work = self.work;
        let (left, right) = (At::of(Hand::Left, group.first[0]), At::of(Hand::Right, group.first[1]));
        let (a, b) = (work.item(left), work.item(right));
        let [expected, came] = group.sums;
        let half = |of: usize| Half { sum: group.sums[of], lines: group.lines[of], last: group.days[of] };
        let finding = Finding::GroupDiffers {
            by: group.basis.into(),
            batch: (group.basis == Basis::Batch).then(|| a.batch.to_string()),
            expected: half(0),
            came: half(1),
        };
        let proposal = match group.status {
            Status::PartlyMatched => Proposal::WaitUntil(work.rules.due(group.days[0])),
            Status::AmountOver | Status::AmountUnder => self.difference(expected, came, a.currency),
            Status::Matched
            | Status::Expected
            | Status::Missing
            | Status::Unexpected
            | Status::CurrencyMismatch
            | Status::DateMismatch
            | Status::DataMismatch
            | Status::Duplicate => Proposal::CorrectData,
        };
        let party = match work.rules.batches {
            BatchScope::Party => a.party,
            BatchScope::Everywhere => Party::NONE,
        };
        let subject = match group.basis {
            Basis::Batch => Subject::Batch(a.batch, party, a.currency),
            _ if group.lines[1] == 1 => Subject::Came(b),
            _ => Subject::Expected(a),
        };
        Exception {
            id: self.identities.of(&subject),
            status: group.status,
            side: a.side,
            line: a.line,
            other_line: Some(b.line),
            own: None,
            party: a.party,
            amount: expected,
            other_amount: Some(came),
            days: group.days[1].0.saturating_sub(group.days[0].0),
            finding,
            proposal,
            candidates: Vec::new(),
        }
    }

    /// The proposal for a difference of amounts: a bank statement shows money that really moved, a file may be wrong.
    fn difference(&self, expected: Yen, came: Yen, currency: u16) -> Proposal {
        let difference = Yen::new(came.get() - expected.get());
        let small = difference.get().unsigned_abs() <= u64::from(self.work.rules.write_off_yen);
        match self.work.rules.right {
            _ if small && currency == JPY_NUMERIC => Proposal::WriteOff(difference),
            Side::Bank => Proposal::BookDifference(difference),
            Side::Ledger | Side::Acquirer | Side::Issuer => Proposal::Ask(self.asked()),
        }
    }
}

fn money(item: &Item) -> Money {
    Money { amount: item.amount, currency: item.currency }
}

fn listed(item: &Item) -> ListedLine {
    let party = if item.party.is_none() { String::new() } else { item.party.to_string() };
    ListedLine { kind: item.kind.as_str().to_owned(), money: money(item), party }
}

/// Every difference between two joined lines.
fn differences(a: &Item, b: &Item, work: &Work<'_>) -> Vec<Difference> {
    let mut out = Vec::new();
    if a.currency != b.currency {
        out.push(Difference::Currency(money(a), money(b)));
    }
    if a.kind != b.kind {
        out.push(Difference::Kind(a.kind.as_str().to_owned(), b.kind.as_str().to_owned()));
    }
    if a.party != b.party && !a.party.is_none() && !b.party.is_none() {
        out.push(Difference::Party(a.party.to_string(), b.party.to_string()));
    }
    if let (Some(ours), Some(theirs)) = (a.own, b.own)
        && ours != theirs
    {
        out.push(Difference::OwnReference(ours.get(), theirs.get()));
    }
    if work.rules.external_differs(a, b) {
        out.push(Difference::ExternalReference(a.external.to_string(), b.external.to_string()));
    }
    if a.amount != b.amount && a.currency == b.currency {
        let allowed = Yen::new(i64::try_from(work.rules.allowed(a.amount)).unwrap_or(i64::MAX));
        out.push(Difference::Amount(money(a), money(b), allowed));
    }
    if a.day != b.day {
        out.push(Difference::Day(a.day, b.day));
    }
    out
}
