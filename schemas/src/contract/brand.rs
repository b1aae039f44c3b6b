//! Card brands and products, told apart by the first digits of a card number. The lists come from the contract file;
//! none is built in, because card schemes change them.

use minicbor::{Decode, Encode};

/// A brand: its place in [`super::Contracts::brands`] counted from 1. It is looked up for each settlement run and never
/// kept, because the next contract file may count otherwise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Brand(pub u16);

impl Brand {
    /// No brand: a tender that is no card, or a card in no list.
    pub const NONE: Brand = Brand(0);
}

/// A card product (gold, platinum), counted like [`Brand`] in [`super::Contracts::products`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Default)]
pub struct Product(pub u16);

impl Product {
    /// Not known.
    pub const UNKNOWN: Product = Product(0);
}

/// A named list of the first digits of card numbers.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Prefixes {
    /// Its name, as rules and interchange rows use it.
    #[n(0)]
    pub name: String,
    /// Ranges of the first eight digits (ISO/IEC 7812-1), both ends included.
    #[n(1)]
    pub ranges: Vec<(u32, u32)>,
}

/// The place, from 1, of the list that has a card number beginning with these digits; 0 when none has. Of fewer than
/// eight digits the missing ones count as zeros.
pub(super) fn place(lists: &[Prefixes], digits: &[u8]) -> u16 {
    let mut first: u32 = 0;
    for at in 0..8 {
        let digit = digits.get(at).map_or(0, |b| b.wrapping_sub(b'0'));
        if digit > 9 {
            return 0;
        }
        first = first * 10 + u32::from(digit);
    }
    let has = |list: &Prefixes| list.ranges.iter().any(|(low, high)| (*low..=*high).contains(&first));
    lists.iter().position(has).map_or(0, from_one)
}

/// The place, from 1, of the list with this name.
pub(super) fn named(lists: &[Prefixes], name: &str) -> Option<u16> {
    lists.iter().position(|list| crate::canonical::same(&list.name, name)).map(from_one)
}

fn from_one(at: usize) -> u16 {
    u16::try_from(at + 1).unwrap_or(0)
}
