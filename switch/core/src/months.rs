//! The payments of a person's instrument in a calendar month, and the percentages of the month's limit that the person was told of. A
//! payment counts in the month in which it was decided; it may become final in a later one. So a month stays while part of it waits.

use kazasu_schemas::money::Yen;
use smallvec::SmallVec;

/// One month.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Month {
    key: i32,
    sum: Yen,
    /// Part of the sum that waits for an issuer, for a person or for its completion.
    waiting: Yen,
    /// The percentages that the person has been told about, one bit each.
    told: u128,
}

fn bit(percent: u8) -> u128 {
    1 << percent.min(127)
}

/// The last month in which the person paid, the month before it where the person has a month's limit, and months of which part waits.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Months {
    /// The newest first.
    list: SmallVec<[Month; 1]>,
    /// The first month after all those that were left out: nothing is known of an earlier one that is not in the list.
    known_from: i32,
}

impl Months {
    fn get(&self, key: i32) -> Option<&Month> {
        self.list.iter().find(|month| month.key == key)
    }

    fn get_mut(&mut self, key: i32) -> Option<&mut Month> {
        self.list.iter_mut().find(|month| month.key == key)
    }

    /// The amount that counts in a month, final or not.
    pub(super) fn used(&self, key: i32) -> Yen {
        self.get(key).map_or(Yen::ZERO, |month| month.sum)
    }

    /// The month without what waits: that may still be declined or released. `None` when the month is not known any more.
    pub(super) fn final_of(&self, key: i32) -> Option<Yen> {
        match self.get(key) {
            Some(month) => Some(super::money::minus(month.sum, month.waiting)),
            None => (key >= self.known_from).then_some(Yen::ZERO),
        }
    }

    /// A payment is decided: its month is the newest. `limit`: what the person lets a month come to, yen.
    pub(super) fn add(&mut self, key: i32, amount: Yen, limit: Option<Yen>) {
        if self.list.first().is_none_or(|newest| newest.key < key) {
            self.leave_out(if limit.is_some() { key - 1 } else { key });
            self.list.insert(0, Month { key, ..Month::default() });
        }
        if let Some(month) = self.get_mut(key) {
            month.sum = month.sum.checked_add(amount).unwrap_or(Yen::new(i64::MAX));
        }
    }

    /// Months before this one leave, but for those of which part waits.
    fn leave_out(&mut self, before: i32) {
        let leaves = |month: &Month| month.key < before && !month.waiting.is_positive();
        if let Some(last) = self.list.iter().find(|month| leaves(month)) {
            self.known_from = self.known_from.max(last.key + 1);
        }
        self.list.retain(|month| !leaves(month));
    }

    /// Part of a payment is given back.
    pub(super) fn take(&mut self, key: i32, amount: Yen) {
        if let Some(month) = self.get_mut(key) {
            month.sum = less(month.sum, amount);
        }
    }

    /// An amount taken back counts again, where the month is still known.
    pub(super) fn put_back(&mut self, key: i32, amount: Yen) {
        if let Some(month) = self.get_mut(key) {
            month.sum = month.sum.checked_add(amount).unwrap_or(Yen::new(i64::MAX));
        }
    }

    /// Part of the month waits from here on.
    pub(super) fn wait(&mut self, key: i32, amount: Yen) {
        if let Some(month) = self.get_mut(key) {
            month.waiting = month.waiting.checked_add(amount).unwrap_or(Yen::new(i64::MAX));
        }
    }

    /// Part of the month is final, or is given back.
    pub(super) fn wait_no_more(&mut self, key: i32, amount: Yen) {
        if let Some(month) = self.get_mut(key) {
            month.waiting = less(month.waiting, amount);
        }
    }

    /// Has the person been told about this percentage of this month?
    pub(super) fn told(&self, key: i32, percent: u8) -> bool {
        self.get(key).is_some_and(|month| month.told & bit(percent) != 0)
    }

    pub(super) fn tell(&mut self, key: i32, percent: u8) {
        if let Some(month) = self.get_mut(key) {
            month.told |= bit(percent);
        }
    }

    /// A temporary ID's payments become this person's. A month that one of the two does not know any more is not known. What the
    /// temporary ID was told about its own limit says nothing about the person's.
    pub(super) fn merge(&mut self, other: &Months) {
        let known_from = self.known_from;
        for theirs in &other.list {
            match self.get_mut(theirs.key) {
                Some(ours) => {
                    ours.sum = ours.sum.checked_add(theirs.sum).unwrap_or(Yen::new(i64::MAX));
                    ours.waiting = ours.waiting.checked_add(theirs.waiting).unwrap_or(Yen::new(i64::MAX));
                }
                None if theirs.key >= known_from => {
                    let at = self.list.iter().position(|month| month.key < theirs.key).unwrap_or(self.list.len());
                    self.list.insert(at, Month { told: 0, ..*theirs });
                }
                None => {}
            }
        }
        self.list.retain(|month| month.key >= other.known_from || other.get(month.key).is_some());
        self.known_from = known_from.max(other.known_from);
    }
}

/// A month's sum without what it gives back. It never gives back more than it has counted: a tap keeps what it counts.
fn less(counted: Yen, amount: Yen) -> Yen {
    counted.checked_sub(amount).unwrap_or(Yen::ZERO).max(Yen::ZERO)
}
