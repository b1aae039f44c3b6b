//! Compares two lists of lines: passes of decreasing trust, each over what the ones before it left open, then groups.
//!
//! A pass joins what is unique at its key. What is equal several times is joined in order where everything else is equal,
//! and what one side has more of is a duplicate. Two lines that both name a more trusted key, and name different ones, are
//! never joined by a weaker key, except that a key which exactly one line on each side has joins them and says that the
//! data differ.
//!
//! Every pass sorts 16-byte entries by a fingerprint of the key, so time is n log n and memory is linear in the number of
//! lines, whatever the lines say. The order of the input decides between equals and nothing else.

use super::item::{Item, Side};
use super::keys::{Basis, Key, fingerprint};
use super::result::{Counts, Group, Outcome, Status, Verdict};
use super::rules::Rules;
use super::{batches, explain, nearby, references, repeats, sums};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{JPY_NUMERIC, MAX_WIRE_AMOUNT, Yen};

/// Lines a side may have. Sums of so many amounts stay below 2^63.
pub const MAX_ITEMS: usize = 5_000_000;

/// Why two lists cannot be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CannotCompare {
    /// Too many lines.
    #[error("{side} has {lines} lines; at most {MAX_ITEMS} are compared at a time")]
    TooMany {
        /// Whose.
        side: Side,
        /// How many.
        lines: usize,
    },
    /// A line of another side stands among these.
    #[error("line {line} belongs to {found}, not to {side}")]
    WrongSide {
        /// Whose list.
        side: Side,
        /// Its line.
        line: u64,
        /// Whose line.
        found: Side,
    },
    /// An amount that no message and no file can carry (n12).
    #[error("line {line} of {side}: the amount is beyond twelve digits")]
    Amount {
        /// Whose.
        side: Side,
        /// Its line.
        line: u64,
    },
}

/// Compares `left` (what is expected) with `right` (what came) as it stands at the end of the day `as_of`.
///
/// # Errors
/// Nothing is compared when a list is too long, holds another side's line, or an amount beyond twelve digits.
pub fn compare(left: &[Item], right: &[Item], as_of: BusinessDay, rules: &Rules) -> Result<Outcome, CannotCompare> {
    check(left, rules.left)?;
    check(right, rules.right)?;
    let right = repeats::without_repeats(left, right);
    let mut work = Work::new(left, &right, as_of, rules);
    for basis in Basis::ALL {
        match basis {
            Basis::OwnReference
            | Basis::ExternalReference
            | Basis::Rrn
            | Basis::Stan
            | Basis::RrnOtherDay
            | Basis::StanOtherDay => references::pass(&mut work, basis),
            Basis::Batch => batches::pass(&mut work),
            Basis::AmountAndDay => nearby::pass(&mut work),
            Basis::Sum => sums::pass(&mut work),
        }
    }
    Ok(work.outcome())
}

fn check(items: &[Item], side: Side) -> Result<(), CannotCompare> {
    if items.len() > MAX_ITEMS {
        return Err(CannotCompare::TooMany { side, lines: items.len() });
    }
    for item in items {
        if item.side != side {
            return Err(CannotCompare::WrongSide { side, line: item.line, found: item.side });
        }
        if item.amount.get().unsigned_abs() > MAX_WIRE_AMOUNT.unsigned_abs() {
            return Err(CannotCompare::Amount { side, line: item.line });
        }
    }
    Ok(())
}

/// One of the two lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Hand {
    /// What is expected.
    Left,
    /// What came.
    Right,
}

impl Hand {
    pub(super) const BOTH: [Hand; 2] = [Hand::Left, Hand::Right];

    pub(super) fn index(self) -> usize {
        match self {
            Hand::Left => 0,
            Hand::Right => 1,
        }
    }

    pub(super) fn other(self) -> Hand {
        match self {
            Hand::Left => Hand::Right,
            Hand::Right => Hand::Left,
        }
    }
}

/// A line's place in the two lists: its list in the highest bit, its index in the others. Left comes before right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct At(u32);

const RIGHT: u32 = 1 << 31;

impl At {
    pub(super) fn new(hand: Hand, index: usize) -> Self {
        Self::of(hand, u32::try_from(index).expect("at most MAX_ITEMS"))
    }

    pub(super) fn of(hand: Hand, place: u32) -> Self {
        match hand {
            Hand::Left => At(place),
            Hand::Right => At(place | RIGHT),
        }
    }

    pub(super) fn hand(self) -> Hand {
        if self.0 & RIGHT == 0 { Hand::Left } else { Hand::Right }
    }

    /// The index in its list.
    pub(super) fn place(self) -> u32 {
        self.0 & !RIGHT
    }

    pub(super) fn index(self) -> usize {
        usize::try_from(self.place()).expect("memory is addressed by 32 bits at least")
    }
}

/// What is known of a line so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Nothing of the other side belongs to it yet.
    Open(Note),
    /// Final.
    Closed(Verdict),
}

/// Why an open line stayed open, where there is more to say than that nothing was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Note {
    /// Nothing more.
    Nothing,
    /// Several lines on each side share this key and cannot be told apart.
    Ambiguous(Basis),
    /// It bears our reference, as does this line of its own side, which was matched.
    SameReference(u32),
}

/// A line in a pass: its key's fingerprint and where it is.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    fingerprint: u64,
    pub(super) at: At,
}

/// Which lines take part in a pass.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Among {
    /// Also those that are closed: a line may repeat one of them.
    All,
    /// Only open ones.
    Open,
}

/// A comparison under way.
pub(super) struct Work<'a> {
    pub(super) rules: &'a Rules,
    pub(super) as_of: BusinessDay,
    items: [&'a [Item]; 2],
    states: [Vec<State>; 2],
    pub(super) groups: Vec<Group>,
    /// Open lines with the candidates of which some add up to them, in several ways.
    pub(super) candidates: Vec<(At, Vec<u64>)>,
}

impl<'a> Work<'a> {
    fn new(left: &'a [Item], right: &'a [Item], as_of: BusinessDay, rules: &'a Rules) -> Self {
        let open = |items: &[Item]| vec![State::Open(Note::Nothing); items.len()];
        Work {
            rules,
            as_of,
            items: [left, right],
            states: [open(left), open(right)],
            groups: Vec::new(),
            candidates: Vec::new(),
        }
    }

    pub(super) fn item(&self, at: At) -> &'a Item {
        &self.items[at.hand().index()][at.index()]
    }

    pub(super) fn items(&self, hand: Hand) -> &'a [Item] {
        self.items[hand.index()]
    }

    pub(super) fn state(&self, at: At) -> State {
        self.states[at.hand().index()][at.index()]
    }

    pub(super) fn is_open(&self, at: At) -> bool {
        matches!(self.state(at), State::Open(_))
    }

    pub(super) fn set(&mut self, at: At, state: State) {
        self.states[at.hand().index()][at.index()] = state;
    }

    /// Joins a left and a right line that are open.
    pub(super) fn pair(&mut self, left: At, right: At, basis: Basis) {
        debug_assert!(left.hand() == Hand::Left && right.hand() == Hand::Right);
        assert!(self.is_open(left) && self.is_open(right), "a line is joined once");
        let status = self.rules.judge(self.item(left), self.item(right));
        self.set(left, State::Closed(Verdict::Pair { with: right.place(), status, basis }));
        self.set(right, State::Closed(Verdict::Pair { with: left.place(), status, basis }));
    }

    /// Joins open lines of both sides in a group.
    pub(super) fn group(&mut self, members: &[At], group: Group) {
        let number = u32::try_from(self.groups.len()).expect("no more groups than lines");
        for at in members {
            assert!(self.is_open(*at), "a line is joined once");
            self.set(*at, State::Closed(Verdict::Group { group: number, status: group.status }));
        }
        self.groups.push(group);
    }

    fn key(&self, basis: Basis, at: At) -> Key {
        basis.key(self.item(at), self.rules).expect("only lines with a key have an entry")
    }

    /// The lines that have a key, those of one key side by side, left before right and each in their order.
    pub(super) fn entries(&self, basis: Basis, among: Among) -> Vec<Entry> {
        let mut entries = Vec::new();
        for hand in Hand::BOTH {
            for (index, item) in self.items(hand).iter().enumerate() {
                let at = At::new(hand, index);
                if among == Among::Open && !self.is_open(at) {
                    continue;
                }
                if let Some(key) = basis.key(item, self.rules) {
                    entries.push(Entry { fingerprint: fingerprint(&key), at });
                }
            }
        }
        entries.sort_unstable_by(|a, b| {
            let by_key = || self.key(basis, a.at).cmp(&self.key(basis, b.at));
            a.fingerprint.cmp(&b.fingerprint).then_with(by_key).then(a.at.cmp(&b.at))
        });
        entries
    }

    /// Where the run of lines with the key of the entry at `start` ends.
    pub(super) fn run_end(&self, basis: Basis, entries: &[Entry], start: usize) -> usize {
        let first = entries[start];
        let same = |entry: &Entry| {
            entry.fingerprint == first.fingerprint && self.key(basis, entry.at) == self.key(basis, first.at)
        };
        start + entries[start..].iter().take_while(|entry| same(entry)).count()
    }

    /// The lines of the other side that may add up to this one.
    pub(super) fn candidates_of(&self, at: At) -> &[u64] {
        let found = self.candidates.binary_search_by_key(&at, |(of, _)| *of);
        found.map_or(&[], |place| self.candidates[place].1.as_slice())
    }

    /// What an open line comes to when nothing else is found.
    pub(super) fn alone(&self, at: At) -> Status {
        match at.hand() {
            Hand::Right => Status::Unexpected,
            Hand::Left if self.rules.due(self.item(at).day) < self.as_of => Status::Missing,
            Hand::Left => Status::Expected,
        }
    }

    pub(super) fn verdict(&self, at: At) -> Verdict {
        match self.state(at) {
            State::Closed(verdict) => verdict,
            State::Open(Note::SameReference(of)) => Verdict::Repeat { of },
            State::Open(Note::Nothing | Note::Ambiguous(_)) => Verdict::Alone { status: self.alone(at) },
        }
    }

    fn outcome(self) -> Outcome {
        let (exceptions, unlisted) = explain::exceptions(&self);
        let mut counts = Counts::default();
        for hand in Hand::BOTH {
            for (index, item) in self.items(hand).iter().enumerate() {
                let tally = counts.of_mut(self.verdict(At::new(hand, index)).status());
                let yen = if item.currency == JPY_NUMERIC { item.amount.get() } else { 0 };
                let (lines, sum) = match hand {
                    Hand::Left => (&mut tally.left, &mut tally.left_yen),
                    Hand::Right => (&mut tally.right, &mut tally.right_yen),
                };
                *lines += 1;
                *sum += yen;
            }
        }
        let (tolerated, tolerated_yen) = self.tolerated();
        let verdicts = |hand: Hand| {
            let places = 0..self.items(hand).len();
            places.map(|index| self.verdict(At::new(hand, index))).collect::<Vec<_>>()
        };
        Outcome {
            counts,
            matched_yen: Yen::new(counts.of(Status::Matched).left_yen),
            tolerated,
            tolerated_yen,
            exceptions,
            unlisted,
            left: verdicts(Hand::Left),
            right: verdicts(Hand::Right),
            groups: self.groups,
        }
    }

    /// Matched pairs and groups whose amounts are not quite the same, and by how much in all.
    fn tolerated(&self) -> (u64, Yen) {
        let pairs = self.items(Hand::Left).iter().enumerate().filter_map(|(index, item)| {
            match self.state(At::new(Hand::Left, index)) {
                State::Closed(Verdict::Pair { with, status: Status::Matched, .. }) => {
                    let with = self.item(At::of(Hand::Right, with));
                    Some(with.amount.get() - item.amount.get())
                }
                State::Closed(_) | State::Open(_) => None,
            }
        });
        let groups = self.groups.iter().filter(|group| group.status == Status::Matched);
        let groups = groups.map(|group| group.sums[1].get() - group.sums[0].get());
        let differences = pairs.chain(groups).filter(|difference| *difference != 0);
        let (count, sum) = differences.fold((0, 0), |(count, sum), difference| (count + 1, sum + difference));
        (count, Yen::new(sum))
    }
}
