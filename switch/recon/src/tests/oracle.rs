//! A naive comparison, quadratic and without sorting, that must agree with the fast one on every verdict: the same rules,
//! said as loops over all pairs. Few values make collisions of every sort likely.

use super::*;
use crate::keys::{Basis, Shape};
use crate::result::Verdict;
use proptest::prelude::*;

struct Naive<'a> {
    left: &'a [Item],
    right: &'a [Item],
    rules: &'a Rules,
    done: [Vec<Option<Verdict>>; 2],
    /// By our reference: the line of the same side that has it and was joined.
    same: [Vec<Option<u32>>; 2],
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap()
}

impl Naive<'_> {
    fn items(&self, hand: usize) -> &[Item] {
        if hand == 0 { self.left } else { self.right }
    }

    fn open(&self, hand: usize, members: &[usize]) -> Vec<usize> {
        members.iter().copied().filter(|i| self.done[hand][*i].is_none()).collect()
    }

    fn join(&mut self, l: usize, r: usize, basis: Basis) {
        let status = self.rules.judge(&self.left[l], &self.right[r]);
        self.done[0][l] = Some(Verdict::Pair { with: number(r), status, basis });
        self.done[1][r] = Some(Verdict::Pair { with: number(l), status, basis });
    }

    fn shape(&self, item: &Item, basis: Basis) -> Shape {
        Shape::of(item, self.rules).within(basis.trusted_more())
    }

    fn compatible(&self, l: usize, r: usize, basis: Basis) -> bool {
        self.shape(&self.left[l], basis).disjoint(self.shape(&self.right[r], basis))
    }

    /// For each two compatible shapes, in their order, each left line takes the first right line that `fits`.
    fn in_order(&mut self, [l, r]: [&[usize]; 2], basis: Basis, fits: impl Fn(&Item, &Item) -> bool) {
        for of_left in (0..Shape::COUNT).map(Shape) {
            for of_right in (0..Shape::COUNT).map(Shape).filter(|s| of_left.disjoint(*s)) {
                for l in l.iter().copied() {
                    if self.done[0][l].is_some() || self.shape(&self.left[l], basis) != of_left {
                        continue;
                    }
                    let free = |r: &usize| {
                        let item = &self.right[*r];
                        self.done[1][*r].is_none() && self.shape(item, basis) == of_right && fits(&self.left[l], item)
                    };
                    if let Some(r) = r.iter().copied().find(free) {
                        self.join(l, r, basis);
                    }
                }
            }
        }
    }

    fn members(&self, basis: Basis, key: &[u64; 5]) -> [Vec<usize>; 2] {
        [0, 1].map(|hand| {
            let items = self.items(hand);
            (0..items.len()).filter(|i| basis.key(&items[*i], self.rules).as_ref() == Some(key)).collect()
        })
    }

    fn pass(&mut self, basis: Basis) {
        let keys: Vec<_> = self.left.iter().chain(self.right).filter_map(|item| basis.key(item, self.rules)).collect();
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].contains(key) {
                continue;
            }
            let all = self.members(basis, key);
            match basis {
                Basis::AmountAndDay => self.nearby(&all),
                Basis::RrnOtherDay | Basis::StanOtherDay => self.other_day(&all, basis),
                Basis::OwnReference | Basis::ExternalReference | Basis::Rrn | Basis::Stan => self.ladder(&all, basis),
                Basis::Batch | Basis::Sum => unreachable!("no groups here"),
            }
        }
    }

    fn ladder(&mut self, all: &[Vec<usize>; 2], basis: Basis) {
        let alone = all.iter().all(|members| members.len() == 1);
        let (l, r) = (self.open(0, &all[0]), self.open(1, &all[1]));
        if alone {
            if let ([l], [r]) = (&l[..], &r[..])
                && self.rules.verified(basis, &self.left[*l], &self.right[*r])
            {
                self.join(*l, *r, basis);
            }
            return;
        }
        let everything = |a: &Item, b: &Item| {
            a.kind == b.kind && a.amount == b.amount && a.currency == b.currency && a.day == b.day && a.party == b.party
        };
        self.in_order([&l, &r], basis, everything);
        let amount = |a: &Item, b: &Item| a.kind == b.kind && a.amount == b.amount && a.currency == b.currency;
        self.one_to_one(all, basis, amount);
        self.one_to_one(all, basis, |a, b| a.kind == b.kind);
        self.one_to_one(all, basis, |_, _| true);
        for (hand, members) in all.iter().enumerate() {
            let joined = |i: &usize| matches!(self.done[hand][*i], Some(Verdict::Pair { .. }));
            let first = members.iter().copied().find(joined);
            self.twins(hand, members, basis);
            if basis == Basis::OwnReference {
                for i in self.open(hand, members) {
                    self.same[hand][i] = self.same[hand][i].or(first.map(number));
                }
            }
        }
    }

    /// Joins what is alike, if it is so with exactly one open line on each side.
    fn one_to_one(&mut self, all: &[Vec<usize>; 2], basis: Basis, alike: impl Fn(&Item, &Item) -> bool) {
        let (ls, rs) = (self.open(0, &all[0]), self.open(1, &all[1]));
        for l in &ls {
            let item = &self.left[*l];
            let like: Vec<usize> = rs.iter().copied().filter(|r| alike(item, &self.right[*r])).collect();
            let unique = ls.iter().filter(|other| alike(item, &self.left[**other])).count() == 1;
            if let [r] = like[..]
                && unique
                && self.compatible(*l, r, basis)
                && self.rules.verified(basis, item, &self.right[r])
            {
                self.join(*l, r, basis);
            }
        }
    }

    fn twins(&mut self, hand: usize, members: &[usize], basis: Basis) {
        for i in self.open(hand, members) {
            let item = self.items(hand)[i];
            let number_counts = basis == Basis::AmountAndDay || item.side != Side::Ledger;
            let twin = |other: &Item| {
                let plain = |item: &Item| Item {
                    line: 0,
                    batch: Reference::NONE,
                    own: if number_counts { item.own } else { None },
                    ..*item
                };
                plain(other) == plain(&item)
            };
            let joined =
                |j: &&usize| matches!(self.done[hand][**j], Some(Verdict::Pair { .. })) && twin(&self.items(hand)[**j]);
            if let Some(of) = members.iter().find(joined) {
                self.done[hand][i] = Some(Verdict::Repeat { of: number(*of) });
            }
        }
    }

    fn other_day(&mut self, all: &[Vec<usize>; 2], basis: Basis) {
        if let ([l], [r]) = (&self.open(0, &all[0])[..], &self.open(1, &all[1])[..]) {
            let apart = self.left[*l].day.0.abs_diff(self.right[*r].day.0);
            let (a, b) = (self.left[*l].by_stan, self.right[*r].by_stan);
            let stan = basis == Basis::RrnOtherDay && !a.is_none() && !b.is_none() && a != b;
            if !stan && apart <= u32::from(self.rules.window_days) && self.compatible(*l, *r, basis) {
                self.join(*l, *r, basis);
            }
        }
    }

    fn nearby(&mut self, all: &[Vec<usize>; 2]) {
        let basis = Basis::AmountAndDay;
        let mut open = [self.open(0, &all[0]), self.open(1, &all[1])];
        if open.iter().any(Vec::is_empty) {
            return;
        }
        open[0].sort_by_key(|i| self.left[*i].day);
        open[1].sort_by_key(|i| self.right[*i].day);
        let window = u32::from(self.rules.window_days);
        self.in_order([&open[0], &open[1]], basis, |a, b| a.day == b.day);
        self.in_order([&open[0], &open[1]], basis, |a, b| a.day.0.abs_diff(b.day.0) <= window);
        for (hand, members) in open.iter_mut().enumerate() {
            members.sort_unstable();
            self.twins(hand, members, basis);
        }
    }

    fn verdicts(&self, hand: usize) -> Vec<Verdict> {
        let late = |item: &Item| item.day.0 + i32::from(self.rules.due_days) < TODAY.0;
        let alone = |item: &Item| match hand {
            1 => Status::Unexpected,
            _ if late(item) => Status::Missing,
            _ => Status::Expected,
        };
        let items = self.items(hand).iter().enumerate();
        let verdict = |(i, item): (usize, &Item)| match (self.done[hand][i], self.same[hand][i]) {
            (Some(verdict), _) => verdict,
            (None, Some(of)) => Verdict::Repeat { of },
            (None, None) => Verdict::Alone { status: alone(item) },
        };
        items.map(verdict).collect()
    }
}

fn naive(left: &[Item], right: &[Item], rules: &Rules) -> [Vec<Verdict>; 2] {
    // A number that several messages of one kind and day have names none of them, where the STAN tells them apart.
    let number = |item: &Item| (item.by_rrn, item.day, item.kind);
    let repeats = |item: &Item| {
        let several = |items: &[Item]| {
            let same = |one: &&Item| number(one) == number(item) && !one.by_stan.is_none();
            let stans: std::collections::HashSet<Trace> = items.iter().filter(same).map(|one| one.by_stan).collect();
            stans.len() > 1
        };
        !item.by_rrn.is_none() && !item.by_stan.is_none() && (several(left) || several(right))
    };
    let clean = |item: &Item| if repeats(item) { Item { by_rrn: Trace::NONE, ..*item } } else { *item };
    let right: Vec<Item> = right.iter().map(clean).collect();
    let right = &right[..];
    let done = [vec![None; left.len()], vec![None; right.len()]];
    let same = [vec![None; left.len()], vec![None; right.len()]];
    let mut naive = Naive { left, right, rules, done, same };
    for basis in Basis::ALL {
        match basis {
            Basis::Batch | Basis::Sum => {}
            Basis::OwnReference
            | Basis::ExternalReference
            | Basis::Rrn
            | Basis::Stan
            | Basis::RrnOtherDay
            | Basis::StanOtherDay
            | Basis::AmountAndDay => naive.pass(basis),
        }
    }
    [naive.verdicts(0), naive.verdicts(1)]
}

/// A line out of few values, and often without a key.
fn lines(side: Side) -> impl Strategy<Value = Vec<Item>> {
    let keys = (0_u64..5, 0_usize..4, 0_usize..4, 0_u64..3);
    let what = (prop_oneof![Just(100_i64), Just(200)], 0_i32..3, 0_usize..3, 0_u8..10, 0_u8..10);
    let line = (keys, what).prop_map(move |((number, external, rrn, stan), (yen, days, shop, kind, currency))| Item {
        own: own(number),
        external: Reference::new(["", "", "A", "B"][external]),
        by_rrn: ["", "", "1", "2"][rrn].parse().map_or(Trace::NONE, |_: u8| by_rrn(["", "", "1", "2"][rrn])),
        by_stan: if stan == 0 { Trace::NONE } else { by_stan(stan) },
        day: day(-4 + days),
        party: [Party::NONE, party("SHOP"), party("OTHER")][shop],
        kind: if kind == 0 { Kind::Fee } else { Kind::Purchase },
        currency: if currency == 0 { 840 } else { 392 },
        ..plain(side, 0, yen)
    });
    prop::collection::vec(line, 0..9).prop_map(|mut items| {
        (1..).zip(&mut items).for_each(|(line, item)| item.line = line);
        items
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]
    #[test]
    fn the_fast_comparison_agrees_with_the_naive_one(
        left in lines(Side::Ledger),
        right in lines(Side::Acquirer),
        copied in prop::collection::vec((0_usize..9, 0_u8..8), 0..6),
        (window, shared) in (0_u16..3, any::<bool>()),
    ) {
        let external = if shared { crate::rules::External::Shared } else { crate::rules::External::TheirOwn };
        let rules = Rules { window_days: window, external, ..details() };
        // Some lines of the right are those of the left, with one thing left out or changed.
        let mut right = right;
        for (index, change) in copied {
            let Some(item) = left.get(index) else { continue };
            let copy = Item { side: Side::Acquirer, line: 100 + item.line, ..*item };
            right.push(match change {
                0 => Item { own: None, ..copy },
                1 => Item { own: None, external: Reference::NONE, ..copy },
                2 => Item { by_rrn: Trace::NONE, ..copy },
                3 => Item { amount: Yen::new(150), ..copy },
                4 => Item { day: BusinessDay(copy.day.0 + 1), ..copy },
                5 => Item { own: None, external: Reference::NONE, by_rrn: Trace::NONE, by_stan: Trace::NONE, ..copy },
                _ => copy,
            });
        }
        let outcome = run(&left, &right, &rules);
        let [lefts, rights] = naive(&left, &right, &rules);
        prop_assert_eq!(&outcome.left, &lefts);
        prop_assert_eq!(&outcome.right, &rights);
    }
}
