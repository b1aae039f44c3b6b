//! Collections of millions that grow and shrink a piece at a time: no tap waits while everything is moved to a larger place.

use hashbrown::HashMap;
use kazasu_ledger::record::TapKey;
use std::collections::VecDeque;
use std::hash::Hash;

/// Pieces of a map. Each grows by itself: with ten million entries a piece has some ten thousand.
const SHARDS: usize = 1_024;

/// The piece that a key is in. It need not be good, only even.
pub(super) trait Spread {
    /// Any number that differs much between keys.
    fn spread(&self) -> u64;
}

impl Spread for TapKey {
    fn spread(&self) -> u64 {
        let (stan, time) = (u64::from(self.stan.get()), u64::from(self.transmission.get()));
        (stan << 32 ^ time).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

impl Spread for u64 {
    fn spread(&self) -> u64 {
        self.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// A hash map in pieces.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shards<K: Eq + Hash, V>(Vec<HashMap<K, V>>);

impl<K: Eq + Hash, V> Default for Shards<K, V> {
    fn default() -> Self {
        Shards((0..SHARDS).map(|_| HashMap::new()).collect())
    }
}

impl<K: Eq + Hash + Spread, V> Shards<K, V> {
    fn at(key: &K) -> usize {
        // The highest ten bits.
        usize::try_from(key.spread() >> 54).expect("ten bits") % SHARDS
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.0[Self::at(key)].get(key)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0[Self::at(key)].get_mut(key)
    }

    pub(super) fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0[Self::at(&key)].insert(key, value)
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.0[Self::at(key)].remove(key)
    }
}

/// Entries of a block. A block's place is taken at once, so that nothing in it is ever moved.
const BLOCK: usize = 1_024;

/// A queue in blocks: entries come at its end and leave at its front, and no block is larger than another.
#[derive(Clone, Debug)]
pub(super) struct Blocks<T> {
    blocks: VecDeque<VecDeque<T>>,
    len: usize,
}

impl<T> Default for Blocks<T> {
    fn default() -> Self {
        Blocks { blocks: VecDeque::new(), len: 0 }
    }
}

/// Equal when the entries are, however they lie in blocks.
impl<T: PartialEq> PartialEq for Blocks<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T> Blocks<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn push_back(&mut self, entry: T) {
        if self.blocks.back().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push_back(VecDeque::with_capacity(BLOCK));
        }
        // The first block is filled up before another begins, however much of its front has left: see `place`.
        self.blocks.back_mut().expect("there is one").push_back(entry);
        self.len += 1;
    }

    pub(super) fn front(&self) -> Option<&T> {
        self.blocks.front()?.front()
    }

    pub(super) fn pop_front(&mut self) -> Option<T> {
        let first = self.blocks.front_mut()?;
        let entry = first.pop_front()?;
        self.len -= 1;
        if first.is_empty() {
            self.blocks.pop_front();
        }
        Some(entry)
    }

    /// The block of an entry, and its place in it: all blocks but the first and the last are full.
    fn place(&self, at: usize) -> Option<(usize, usize)> {
        let first = self.blocks.front()?.len();
        let place = if at < first { (0, at) } else { ((at - first) / BLOCK + 1, (at - first) % BLOCK) };
        (at < self.len).then_some(place)
    }

    pub(super) fn get(&self, at: usize) -> Option<&T> {
        let (block, at) = self.place(at)?;
        self.blocks.get(block)?.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        let (block, at) = self.place(at)?;
        self.blocks.get_mut(block)?.get_mut(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    /// The place of the entry with this key; the entries are sorted by it.
    pub(super) fn find_by_key<B: Ord>(&self, key: &B, of: impl Fn(&T) -> B) -> Option<usize> {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            match of(self.get(middle)?).cmp(key) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Blocks are a queue like another.
        #[test]
        fn blocks_are_a_queue(steps in prop::collection::vec((any::<bool>(), 1_usize..3_000), 1..30), asked in 0_u32..40_000) {
            let (mut blocks, mut plain) = (Blocks::default(), VecDeque::new());
            let mut next = 0_u32;
            for (comes, n) in steps {
                for _ in 0..n {
                    if comes {
                        blocks.push_back(next * 2);
                        plain.push_back(next * 2);
                        next += 1;
                    } else {
                        prop_assert_eq!(blocks.pop_front(), plain.pop_front());
                    }
                }
                prop_assert_eq!((blocks.len(), blocks.front()), (plain.len(), plain.front()));
                let at = usize::try_from(asked).unwrap() % 4_000;
                prop_assert_eq!(blocks.get(at), plain.get(at));
                prop_assert_eq!(blocks.get_mut(at), plain.get_mut(at));
                prop_assert_eq!(blocks.find_by_key(&asked, |n| *n), plain.binary_search(&asked).ok());
            }
            prop_assert!(blocks.iter().eq(plain.iter()));
            let mut moved = Blocks::default();
            plain.iter().for_each(|n| moved.push_back(*n));
            prop_assert!(moved == blocks, "where they lie makes no difference");
        }
    }

    #[test]
    fn shards_are_a_map_and_keys_lie_evenly() {
        let mut shards = Shards::default();
        for n in 0..200_000_u64 {
            assert_eq!(shards.insert(n, n + 1), None);
        }
        assert!((0..200_000).all(|n| shards.get(&n) == Some(&(n + 1))));
        let sizes: Vec<usize> = shards.0.iter().map(HashMap::len).collect();
        assert!(sizes.iter().all(|n| (100..400).contains(n)), "{:?}", sizes.iter().max());
        assert_eq!((shards.remove(&7), shards.remove(&7), shards.contains_key(&7)), (Some(8), None, false));
        *shards.get_mut(&8).unwrap() = 1;
        assert_eq!(shards.insert(8, 2), Some(1));
    }
}
