//! The division of a month's payments into blocks of ten people at least. Pure: it knows paths of labels, and people as keys.
//!
//! The labels of a payment are a path: payer, region, trade, means of payment. From the first label on, payments are divided by the next
//! one. A group with fewer people than [`FEWEST`] stands for itself in no answer: it is joined with the other small ones, and when these
//! are too few together, with the smallest of the large ones, until the joined group has enough people. Groups of one level have no
//! payment in common and miss none, and so have the blocks at the end.

use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::hash::Hash;

/// The fewest people of a block. People are counted, however often each of them pays.
pub const FEWEST: usize = 10;

/// What one person, or all temporary IDs, moved.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Sums {
    /// Payments less what was given back of them.
    pub(super) yen: i64,
    /// Payments.
    pub(super) payments: u64,
}

impl Sums {
    pub(super) fn add(&mut self, more: Sums) {
        self.yen += more.yen;
        self.payments += more.payments;
    }
}

/// Payments with the same labels.
#[derive(Clone, Debug)]
pub(super) struct Cell<P> {
    pub(super) path: Vec<String>,
    pub(super) people: HashMap<P, Sums>,
    /// Of temporary IDs: a person may have several, so they count as no people.
    pub(super) temporary: Sums,
}

/// A group of payments that is published as one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its labels, in the order of the levels; none where it is of several.
    pub labels: Vec<Option<String>>,
    /// Yen, less what was given back.
    pub yen: i64,
    /// Payments.
    pub payments: u64,
    /// So many people at least: whole tens, because exact numbers of two groups with people in common could be compared.
    pub people_at_least: u64,
}

/// People whose payments leave something in these cells. Who got everything back is in no sum, and so hides no other person.
pub(super) fn people<P: Copy + Eq + Hash>(cells: &[&Cell<P>]) -> usize {
    let mut net: HashMap<P, i64> = HashMap::new();
    for (person, sums) in cells.iter().flat_map(|cell| &cell.people) {
        *net.entry(*person).or_default() += sums.yen;
    }
    net.values().filter(|yen| **yen != 0).count()
}

/// The blocks of these cells; none when they have too few people together.
pub(super) fn blocks<P: Copy + Eq + Hash>(cells: &[Cell<P>]) -> Vec<Block> {
    let all: Vec<&Cell<P>> = cells.iter().collect();
    let mut out = Vec::new();
    if people(&all) >= FEWEST {
        let levels = cells.iter().map(|cell| cell.path.len()).max().unwrap_or_default();
        divide(&all, (levels, Vec::new()), &mut out);
    }
    out
}

/// Divides a group that has enough people by the next level.
fn divide<P: Copy + Eq + Hash>(
    cells: &[&Cell<P>],
    (levels, labels): (usize, Vec<Option<String>>),
    out: &mut Vec<Block>,
) {
    let level = labels.len();
    if level == levels {
        out.push(block(cells, labels));
        return;
    }
    let mut by_label: BTreeMap<&str, Vec<&Cell<P>>> = BTreeMap::new();
    for cell in cells {
        by_label.entry(cell.path.get(level).map_or("", String::as_str)).or_default().push(cell);
    }
    let (large, joined) = apart(by_label);
    let below = |label: Option<String>| labels.iter().cloned().chain([label]).collect::<Vec<_>>();
    for (label, group) in large {
        divide(&group, (levels, below(Some(label.to_owned()))), out);
    }
    if !joined.is_empty() {
        divide(&joined, (levels, below(None)), out);
    }
}

type Group<'a, P> = Vec<&'a Cell<P>>;

/// The groups that have enough people by themselves, and all others together, which have enough as well.
fn apart<'a, P: Copy + Eq + Hash>(
    by_label: BTreeMap<&'a str, Group<'a, P>>,
) -> (Vec<(&'a str, Group<'a, P>)>, Group<'a, P>) {
    let counted = by_label.into_iter().map(|(label, group)| (people(&group), label, group));
    let (mut large, small): (Vec<_>, Vec<_>) = counted.partition(|(count, ..)| *count >= FEWEST);
    let mut joined: Group<'a, P> = small.into_iter().flat_map(|(.., group)| group).collect();
    // The smallest goes first: as little as possible is joined.
    large.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)));
    while !joined.is_empty() && people(&joined) < FEWEST {
        let Some((.., group)) = large.pop() else { break };
        joined.extend(group);
    }
    large.sort_by_key(|(_, label, _)| *label);
    (large.into_iter().map(|(_, label, group)| (label, group)).collect(), joined)
}

fn block<P: Copy + Eq + Hash>(cells: &[&Cell<P>], labels: Vec<Option<String>>) -> Block {
    let mut all = Sums::default();
    for cell in cells {
        all.add(cell.temporary);
        cell.people.values().for_each(|sums| all.add(*sums));
    }
    let people = u64::try_from(people(cells)).unwrap_or(u64::MAX);
    Block { labels, yen: all.yen, payments: all.payments, people_at_least: people / 10 * 10 }
}
