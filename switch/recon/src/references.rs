//! The passes over references: our own, the external one, and the traces of terminals.

use super::item::{Item, Kind, Side};
use super::keys::{Basis, Own, Party, Reference, Shape, Trace};
use super::result::Verdict;
use super::rules::Rules;
use super::work::{Among, At, Entry, Hand, Note, State, Work};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

/// Joins what one reference recognises.
pub(super) fn pass(work: &mut Work<'_>, basis: Basis) {
    let among = match basis {
        Basis::RrnOtherDay | Basis::StanOtherDay => Among::Open,
        Basis::OwnReference
        | Basis::ExternalReference
        | Basis::Rrn
        | Basis::Stan
        | Basis::Batch
        | Basis::AmountAndDay
        | Basis::Sum => Among::All,
    };
    let entries = work.entries(basis, among);
    let mut lists = Lists::default();
    let mut start = 0;
    while start < entries.len() {
        let end = work.run_end(basis, &entries, start);
        let run = &entries[start..end];
        match among {
            Among::All => same_key(work, basis, run, &mut lists),
            Among::Open => other_day(work, basis, run),
        }
        start = end;
    }
}

/// Room for lists of lines, used again for every key.
#[derive(Default)]
struct Lists {
    open: [Vec<At>; 2],
    members: Vec<At>,
}

/// The lines of one key, closed ones included.
fn same_key(work: &mut Work<'_>, basis: Basis, run: &[Entry], lists: &mut Lists) {
    let Lists { open, members } = lists;
    // By far the most: one line on each side.
    if let [left, right] = run
        && left.at.hand() != right.at.hand()
    {
        let both = work.is_open(left.at) && work.is_open(right.at);
        if both && work.rules.verified(basis, work.item(left.at), work.item(right.at)) {
            work.pair(left.at, right.at, basis);
        }
        return;
    }
    for hand in Hand::BOTH {
        let list = &mut open[hand.index()];
        list.clear();
        list.extend(run.iter().map(|entry| entry.at).filter(|at| at.hand() == hand && work.is_open(*at)));
    }
    for rung in Rung::ALL {
        if open.iter().any(Vec::is_empty) {
            break;
        }
        climb(work, basis, rung, open);
    }
    if open.iter().all(Vec::is_empty) {
        return;
    }
    repeats(work, basis, run, members);
    if open.iter().all(|list| list.iter().any(|at| work.is_open(*at))) {
        for at in open.iter().flatten() {
            if work.state(*at) == State::Open(Note::Nothing) {
                work.set(*at, State::Open(Note::Ambiguous(basis)));
            }
        }
    }
}

/// Some lines of the left side and some of the right.
pub(super) type Sides<'l> = [&'l [At]; 2];

/// The likeness that lines of one key need to be joined, the likest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rung {
    /// In everything that is compared: then it does not matter which is which.
    Everything,
    /// In kind, currency and amount.
    Amount,
    /// In kind.
    Kind,
    /// In nothing but the key.
    Key,
}

impl Rung {
    const ALL: [Rung; 4] = [Rung::Everything, Rung::Amount, Rung::Kind, Rung::Key];
}

/// The keys that two lines must have in common on a rung.
type Likeness = (Option<Kind>, Option<(Yen, u16)>, Option<(BusinessDay, Party)>);

fn likeness(item: &Item, rung: Rung) -> Likeness {
    let amount = Some((item.amount, item.currency));
    match rung {
        Rung::Everything => (Some(item.kind), amount, Some((item.day, item.party))),
        Rung::Amount => (Some(item.kind), amount, None),
        Rung::Kind => (Some(item.kind), None, None),
        Rung::Key => (None, None, None),
    }
}

/// Joins the open lines that are alike: in order where everything is equal, otherwise where there is one on each side.
fn climb(work: &mut Work<'_>, basis: Basis, rung: Rung, open: &mut [Vec<At>; 2]) {
    for list in open.iter_mut() {
        list.sort_unstable_by_key(|at| (likeness(work.item(*at), rung), *at));
    }
    let [lefts, rights] = &*open;
    let (mut l, mut r) = (0, 0);
    while l < lefts.len() && r < rights.len() {
        let (left, right) = (likeness(work.item(lefts[l]), rung), likeness(work.item(rights[r]), rung));
        match left.cmp(&right) {
            std::cmp::Ordering::Less => l += 1,
            std::cmp::Ordering::Greater => r += 1,
            std::cmp::Ordering::Equal => {
                let alike = |at: &&At| likeness(work.item(**at), rung) == left;
                let (l_end, r_end) =
                    (l + lefts[l..].iter().take_while(alike).count(), r + rights[r..].iter().take_while(alike).count());
                join(work, basis, rung, [&lefts[l..l_end], &rights[r..r_end]]);
                (l, r) = (l_end, r_end);
            }
        }
    }
    for list in open.iter_mut() {
        list.retain(|at| work.is_open(*at));
    }
}

fn join(work: &mut Work<'_>, basis: Basis, rung: Rung, sides: Sides<'_>) {
    let [lefts, rights] = sides;
    match (rung, lefts, rights) {
        (Rung::Everything, _, _) => in_order(work, basis, sides),
        (Rung::Amount | Rung::Kind | Rung::Key, [left], [right]) => {
            let (a, b) = (work.item(*left), work.item(*right));
            if compatible(work.rules, basis, a, b) && work.rules.verified(basis, a, b) {
                work.pair(*left, *right, basis);
            }
        }
        (Rung::Amount | Rung::Kind | Rung::Key, _, _) => {}
    }
}

fn compatible(rules: &Rules, basis: Basis, left: &Item, right: &Item) -> bool {
    let trusted = basis.trusted_more();
    Shape::of(left, rules).within(trusted).disjoint(Shape::of(right, rules))
}

/// Joins lines that are equal in everything, in the order of their sides, where no more trusted key speaks against it.
pub(super) fn in_order(work: &mut Work<'_>, basis: Basis, sides: Sides<'_>) {
    let [lefts, rights] = sides;
    for_each_shapes(work, basis, sides, |work, is| {
        let (mut l, mut r) = (0, 0);
        while l < lefts.len() && r < rights.len() {
            if !is.left(work, lefts[l]) {
                l += 1;
            } else if !is.right(work, rights[r]) {
                r += 1;
            } else {
                work.pair(lefts[l], rights[r], basis);
                (l, r) = (l + 1, r + 1);
            }
        }
    });
}

/// A shape on each side that do not speak against each other, of the keys that a pass trusts more than its own.
pub(super) struct Shapes {
    trusted: Shape,
    of: [Shape; 2],
}

impl Shapes {
    /// True for an open left line of this shape.
    pub(super) fn left(&self, work: &Work<'_>, at: At) -> bool {
        self.is(work, at, Hand::Left)
    }

    /// True for an open right line of this shape.
    pub(super) fn right(&self, work: &Work<'_>, at: At) -> bool {
        self.is(work, at, Hand::Right)
    }

    fn is(&self, work: &Work<'_>, at: At, hand: Hand) -> bool {
        work.is_open(at) && Shape::of(work.item(at), work.rules).within(self.trusted) == self.of[hand.index()]
    }
}

/// Calls `walk` for each two shapes that occur on the two sides and do not speak against each other. Lines of one shape are
/// interchangeable in this respect, so that one walk for each is enough, however many lines there are.
pub(super) fn for_each_shapes(
    work: &mut Work<'_>,
    basis: Basis,
    [lefts, rights]: Sides<'_>,
    mut walk: impl FnMut(&mut Work<'_>, &Shapes),
) {
    let trusted = basis.trusted_more();
    let shape = |at: &At| Shape::of(work.item(*at), work.rules).within(trusted);
    let present = |list: &[At]| list.iter().fold(0_u32, |seen, at| seen | 1 << shape(at).0);
    let (on_left, on_right) = (present(lefts), present(rights));
    let shapes = |seen: u32| (0..Shape::COUNT).filter(move |s| seen >> s & 1 == 1).map(Shape);
    for left in shapes(on_left) {
        for right in shapes(on_right).filter(|right| left.disjoint(*right)) {
            walk(work, &Shapes { trusted, of: [left, right] });
        }
    }
}

/// The identity of a line within its own side. The batch does not count: a line that is settled in two batches
/// is settled twice. Our own records always differ in their number, so among them it counts only where nothing else is known.
type Twin = ((Kind, Yen, u16, BusinessDay, Party), (Reference, Trace, Trace, Own));

fn twin(item: &Item, basis: Basis) -> Twin {
    let own = match (basis, item.side) {
        (Basis::AmountAndDay, _) | (_, Side::Acquirer | Side::Issuer | Side::Bank) => item.own,
        (_, Side::Ledger) => None,
    };
    let what = (item.kind, item.amount, item.currency, item.day, item.party);
    (what, (item.external, item.by_rrn, item.by_stan, own))
}

fn is_joined(work: &Work<'_>, at: At) -> bool {
    match work.state(at) {
        State::Closed(Verdict::Pair { .. } | Verdict::Group { .. }) => true,
        State::Closed(Verdict::Alone { .. } | Verdict::Repeat { .. }) | State::Open(_) => false,
    }
}

/// Open lines that are the same as one that was joined repeat it. `members` are of one side; their order is lost.
pub(super) fn twins(work: &mut Work<'_>, basis: Basis, members: &mut [At]) {
    members.sort_unstable_by_key(|at| (twin(work.item(*at), basis), *at));
    let mut start = 0;
    while start < members.len() {
        let first = twin(work.item(members[start]), basis);
        let same = members[start..].iter().take_while(|at| twin(work.item(**at), basis) == first).count();
        let run = &members[start..start + same];
        if let Some(of) = run.iter().copied().find(|at| is_joined(work, *at)) {
            for at in run {
                if work.is_open(*at) {
                    work.set(*at, State::Closed(Verdict::Repeat { of: of.place() }));
                }
            }
        }
        start += same;
    }
}

/// Finds what repeats a joined line. By our own reference it is enough that another line bears it: one record is one line.
/// Such a line may still be found by another key, so it is only noted.
fn repeats(work: &mut Work<'_>, basis: Basis, run: &[Entry], members: &mut Vec<At>) {
    for hand in Hand::BOTH {
        members.clear();
        members.extend(run.iter().map(|entry| entry.at).filter(|at| at.hand() == hand));
        let joined = members.iter().copied().find(|at| is_joined(work, *at));
        let Some(of) = joined.filter(|_| members.iter().any(|at| work.is_open(*at))) else { continue };
        twins(work, basis, members);
        if basis == Basis::OwnReference {
            for at in members.iter() {
                if work.is_open(*at) {
                    work.set(*at, State::Open(Note::SameReference(of.place())));
                }
            }
        }
    }
}

fn stans_differ(a: &Item, b: &Item) -> bool {
    !a.by_stan.is_none() && !b.by_stan.is_none() && a.by_stan != b.by_stan
}

/// Open lines with one trace, kind and amount on different days: joined where there is one on each side, within the window.
fn other_day(work: &mut Work<'_>, basis: Basis, run: &[Entry]) {
    if let [left, right] = run
        && left.at.hand() != right.at.hand()
    {
        let (a, b) = (work.item(left.at), work.item(right.at));
        // A number of another day that repeats names nothing: the STAN must not contradict it.
        let contradicted = basis == Basis::RrnOtherDay && stans_differ(a, b);
        if !contradicted && Rules::near(a.day, b.day, work.rules.window_days) && compatible(work.rules, basis, a, b) {
            work.pair(left.at, right.at, basis);
        }
    }
}
