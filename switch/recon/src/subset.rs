//! Finds the few amounts that add up to a target, and whether in one way only. Bounded: at most twenty amounts, met in the middle,
//! so that one search looks at two thousand sums instead of a million.

/// The result of a search.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Solution {
    /// No subset.
    None,
    /// Exactly one: bit *n* is set when amount *n* belongs to it.
    One(u32),
    /// More than one.
    Several,
}

/// Reused between searches.
#[derive(Default)]
pub(super) struct Search {
    low: Vec<(i64, u32)>,
    high: Vec<(i64, u32)>,
}

impl Search {
    /// Seeks the subsets, not empty, that add up to `target`.
    ///
    /// # Panics
    /// For more than [`super::rules::MAX_CANDIDATES`] amounts.
    pub(super) fn solve(&mut self, amounts: &[i64], target: i64) -> Solution {
        assert!(amounts.len() <= usize::from(super::rules::MAX_CANDIDATES), "the caller bounds the search");
        let half = amounts.len() / 2;
        subsets(&amounts[..half], &mut self.low);
        subsets(&amounts[half..], &mut self.high);
        self.high.sort_unstable();
        let shift = u32::try_from(half).expect("at most ten");
        let mut found = Solution::None;
        for (sum, mask) in &self.low {
            let rest = target - sum;
            let from = self.high.partition_point(|(high, _)| *high < rest);
            let fitting = self.high[from..].iter().take_while(|(high, _)| *high == rest);
            for (_, high) in fitting {
                let both = mask | high << shift;
                found = match found {
                    _ if both == 0 => found,
                    Solution::None => Solution::One(both),
                    Solution::One(_) | Solution::Several => return Solution::Several,
                };
            }
        }
        found
    }
}

/// The sum of each subset, the empty one first.
fn subsets(amounts: &[i64], out: &mut Vec<(i64, u32)>) {
    out.clear();
    out.push((0, 0));
    for (bit, amount) in amounts.iter().enumerate() {
        for at in 0..out.len() {
            let (sum, mask) = out[at];
            out.push((sum + amount, mask | 1 << bit));
        }
    }
}
