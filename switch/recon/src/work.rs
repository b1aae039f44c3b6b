//! A comparison under way: what is known of each line so far.

use super::item::Item;
use super::keys::{Basis, Key, fingerprint};
use super::result::{Group, Status, Verdict};
use super::rules::Rules;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

/// One of the two lists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Hand {
    /// The expected value.
    Left,
    /// The value that came.
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

/// The state of a line so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Nothing of the other side belongs to it yet.
    Open(Note),
    /// Final.
    Closed(Verdict),
}

/// The reason why an open line stayed open, where there is more to say than that nothing was found.
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

/// The lines that take part in a pass.
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
    pub(super) fn new(left: &'a [Item], right: &'a [Item], as_of: BusinessDay, rules: &'a Rules) -> Self {
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

    /// The end of the run of lines with the key of the entry at `start`.
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

    /// The verdict on an open line when nothing else is found.
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

    /// Matched pairs and groups whose amounts are not quite the same, and by how much in all.
    pub(super) fn tolerated(&self) -> (u64, Yen) {
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
