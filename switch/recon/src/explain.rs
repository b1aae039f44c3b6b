//! Turns verdicts into exceptions: what is wrong in a sentence, and what may be done.

use super::identity::{Identities, Subject};
use super::item::{Item, Side};
use super::keys::{Basis, Party};
use super::matching::{At, Hand, Note, State, Work};
use super::result::{Exception, Group, Proposal, Status, Verdict};
use super::rules::BatchScope;
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

/// What an exception says.
struct Said {
    status: Status,
    why: String,
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

    /// Who is asked when something of this comparison is unclear: the side that is not this switch.
    fn asked(&self) -> Side {
        match (self.work.rules.left, self.work.rules.right) {
            (left, Side::Ledger) => left,
            (_, right @ (Side::Acquirer | Side::Issuer | Side::Bank)) => right,
        }
    }

    /// An exception about one line, before it is compared with anything.
    fn about(&mut self, at: At, said: Said) -> Exception {
        let Said { status, why, proposal } = said;
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
            why,
            proposal,
            candidates: Vec::new(),
        }
    }

    fn alone(&mut self, at: At, status: Status) -> Exception {
        let (work, item) = (self.work, self.work.item(at));
        let candidates = work.candidates_of(at).to_vec();
        let due = work.rules.due(item.day);
        let (here, there) = (self.side(at.hand()), self.side(at.hand().other()));
        let mut why = match at.hand() {
            Hand::Left => format!("{} of {} is not in {there}'s list; it was due by {due}", shown(item), item.day),
            Hand::Right => format!("{} of {} is in {here}'s list and was not expected", shown(item), item.day),
        };
        if let State::Open(Note::Ambiguous(basis)) = work.state(at) {
            why.push_str(&format!("; several lines on both sides share {} and differ otherwise", basis.name()));
        }
        if !candidates.is_empty() {
            why.push_str("; it may be the sum of several lines, but not for certain");
        }
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
        Exception { days, candidates, ..self.about(at, Said { status, why, proposal }) }
    }

    fn pair(&mut self, [left, right]: [At; 2], status: Status, basis: Basis) -> Exception {
        let (a, b) = (self.work.item(left), self.work.item(right));
        let why = format!("joined by {}: {}", basis.name(), differences(a, b, self.work).join(", "));
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
            ..self.about(left, Said { status, why, proposal })
        }
    }

    fn repeat(&mut self, at: At, of: At) -> Exception {
        let (item, original) = (self.work.item(at), self.work.item(of));
        let here = self.side(at.hand());
        let (this, that, line) = (shown(item), shown(original), original.line);
        let why = if this == that {
            format!("{here}'s list has {this} twice; the other is line {line}")
        } else {
            format!("{here}'s list has one reference twice: here with {this}, in line {line} with {that}")
        };
        let said = Said { status: Status::Duplicate, why, proposal: Proposal::ReverseDuplicate(here) };
        Exception {
            other_line: Some(line),
            other_amount: Some(original.amount),
            days: original.day.0.saturating_sub(item.day.0),
            ..self.about(at, said)
        }
    }

    fn group(&mut self, group: &Group) -> Exception {
        let work = self.work;
        let (left, right) = (At::of(Hand::Left, group.first[0]), At::of(Hand::Right, group.first[1]));
        let (a, b) = (work.item(left), work.item(right));
        let [expected, came] = group.sums;
        let name = match group.basis {
            Basis::Batch => format!("{} {}", group.basis.name(), a.batch),
            Basis::OwnReference
            | Basis::ExternalReference
            | Basis::Rrn
            | Basis::Stan
            | Basis::RrnOtherDay
            | Basis::StanOtherDay
            | Basis::AmountAndDay
            | Basis::Sum => group.basis.name().to_owned(),
        };
        let why = format!(
            "joined by {name}: {expected} expected in {} lines, last on {}; {came} came in {}, last on {}",
            group.lines[0], group.days[0], group.lines[1], group.days[1],
        );
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
            why,
            proposal,
            candidates: Vec::new(),
        }
    }

    /// What is done about a difference of amounts: a bank statement shows money that really moved, a file may be wrong.
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

/// An amount of any currency.
fn amount(item: &Item) -> String {
    match item.currency {
        JPY_NUMERIC => item.amount.to_string(),
        currency => format!("{} units of currency {currency:03}", item.amount.get()),
    }
}

/// `purchase ¥1,280 (SHOP)`.
fn shown(item: &Item) -> String {
    let (kind, amount) = (item.kind.as_str(), amount(item));
    if item.party.is_none() { format!("{kind} {amount}") } else { format!("{kind} {amount} ({})", item.party) }
}

/// Every difference between two joined lines, in words.
fn differences(a: &Item, b: &Item, work: &Work<'_>) -> Vec<String> {
    let mut out = Vec::new();
    if a.currency != b.currency {
        out.push(format!("{} was expected, {} came", amount(a), amount(b)));
    }
    if a.kind != b.kind {
        out.push(format!("{} was expected, {} came", a.kind.as_str(), b.kind.as_str()));
    }
    if a.party != b.party && !a.party.is_none() && !b.party.is_none() {
        out.push(format!("of {} was expected, of {} came", a.party, b.party));
    }
    if let (Some(ours), Some(theirs)) = (a.own, b.own)
        && ours != theirs
    {
        out.push(format!("our reference is {ours} here and {theirs} there"));
    }
    if work.rules.external_differs(a, b) {
        out.push(format!("the external reference is {} here and {} there", a.external, b.external));
    }
    if a.amount != b.amount && a.currency == b.currency {
        let (by, allowed) = (b.amount.get() - a.amount.get(), work.rules.allowed(a.amount));
        out.push(format!("{} was expected, {} came ({by:+}; {allowed} allowed)", amount(a), amount(b)));
    }
    if a.day != b.day {
        let later = i64::from(b.day.0) - i64::from(a.day.0);
        out.push(format!("the day is {} here and {} there ({later:+})", a.day, b.day));
    }
    out
}
