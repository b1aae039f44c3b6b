//! Nothing that is published lets a reader compute a number about fewer than ten people, whatever is added and subtracted.

use super::blocks::{Cell, Sums, blocks, people};
use super::{Block, FEWEST, Level, OTHER, table, trade_of};
use hashbrown::HashMap;
use proptest::prelude::*;

/// Cells at most: the check below looks at each set of them.
const MOST: usize = 8;
/// Each person's yen in a cell: a digit of its own for each cell, so that a sum tells which cells it is of.
const DIGIT: u32 = 6;

type Paid = (Vec<u8>, Vec<u8>);

/// Cells with other paths, each with the people who paid there: up to 25, of 40.
fn cells() -> impl Strategy<Value = Vec<Cell<u8>>> {
    let paths = proptest::collection::btree_set(proptest::collection::vec(0_u8..3, 4), 1..=MOST);
    let people = proptest::collection::vec(proptest::collection::btree_set(0_u8..40, 1..25), MOST);
    (paths, people).prop_map(|(paths, people)| {
        let each = paths.into_iter().zip(people).map(|(path, people)| (path, people.into_iter().collect()));
        each.enumerate().map(|(at, paid): (usize, Paid)| cell(at, &paid, 1)).collect()
    })
}

fn cell(at: usize, (path, paid): &Paid, payments: u64) -> Cell<u8> {
    let yen = 1_i64 << (DIGIT * u32::try_from(at).unwrap());
    let path = path.iter().map(|label| format!("{label}")).collect();
    let people = paid.iter().map(|person| (*person, Sums { yen, payments })).collect();
    Cell { path, people, temporary: Sums::default() }
}

fn dated(block: Block) -> Block {
    Block { labels: std::iter::once(Some("2026-11".to_owned())).chain(block.labels).collect(), ..block }
}

/// Every set of levels.
fn questions() -> impl Iterator<Item = Vec<Level>> {
    let has = |set: u8, at: usize| (set >> at) & 1 == 1;
    (0..1_u8 << Level::ALL.len()).map(move |set| {
        Level::ALL.iter().enumerate().filter(|(at, _)| has(set, *at)).map(|(_, level)| *level).collect()
    })
}

/// The cells that a sum is of, as a row of ones and zeros.
fn composed(yen: i64, cells: &[Cell<u8>]) -> Vec<i64> {
    let mut rest = yen;
    let mut out = Vec::new();
    for cell in cells {
        let digit = rest % (1 << DIGIT);
        rest >>= DIGIT;
        let whole = i64::try_from(cell.people.len()).unwrap();
        assert!(digit == 0 || digit == whole, "a row has a cell as a whole or not at all");
        out.push(i64::from(digit != 0));
    }
    assert_eq!(rest, 0);
    out
}

const PRIME: i64 = 1_000_000_007;

fn inverse(n: i64) -> i64 {
    let (mut base, mut exponent, mut out) = (n.rem_euclid(PRIME), PRIME - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            out = out * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    out
}

/// How many of the rows no sum of the others gives, looking at some columns only.
fn rank(rows: &[Vec<i64>], columns: &[usize]) -> usize {
    let mut rows: Vec<Vec<i64>> = rows.iter().map(|row| columns.iter().map(|at| row[*at]).collect()).collect();
    let mut rank = 0;
    for column in 0..columns.len() {
        let Some(pivot) = (rank..rows.len()).find(|at| rows[*at][column] != 0) else { continue };
        rows.swap(rank, pivot);
        let scale = inverse(rows[rank][column]);
        let lead: Vec<i64> = rows[rank].iter().map(|n| n * scale % PRIME).collect();
        for row in rows.iter_mut().skip(rank + 1) {
            let times = row[column];
            row.iter_mut().zip(&lead).for_each(|(n, lead)| *n = (*n - times * lead).rem_euclid(PRIME));
        }
        rank += 1;
    }
    rank
}

/// A set of cells of fewer than ten people about which the rows say something: some sum of rows with any factors is of them alone.
fn betrayed(rows: &[Vec<i64>], cells: &[Cell<u8>]) -> Option<Vec<usize>> {
    let all: Vec<usize> = (0..cells.len()).collect();
    let whole = rank(rows, &all);
    (1..1_usize << cells.len())
        .map(|set| all.iter().copied().filter(|at| (set >> at) & 1 == 1).collect::<Vec<_>>())
        .find(|few| {
            let chosen: Vec<&Cell<u8>> = few.iter().map(|at| &cells[*at]).collect();
            let others: Vec<usize> = all.iter().copied().filter(|at| !few.contains(at)).collect();
            people(&chosen) < FEWEST && rank(rows, &others) < whole
        })
}

/// The rows of the answers to every question, also of a city that sees its own part only.
fn published(cells: &[Cell<u8>]) -> Vec<Vec<i64>> {
    let blocks: Vec<Block> = blocks(cells).into_iter().map(dated).collect();
    let mut rows = Vec::new();
    for levels in questions() {
        rows.extend(table(&blocks, &levels).iter().map(|row| composed(row.yen, cells)));
        for payer in ["0", "1", "2"] {
            let own = blocks.iter().filter(|block| block.labels[1].as_deref() == Some(payer));
            rows.extend(table(own, &levels).iter().map(|row| composed(row.yen, cells)));
        }
    }
    rows.sort();
    rows.dedup();
    rows
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_sum_or_difference_of_published_values_is_about_few_people(cells in cells()) {
        let rows = published(&cells);
        prop_assert_eq!(betrayed(&rows, &cells), None, "{:?}", rows);
    }

    #[test]
    fn nothing_is_lost_and_each_block_has_ten_people(cells in cells()) {
        let all: Vec<&Cell<u8>> = cells.iter().collect();
        let blocks: Vec<Block> = blocks(&cells).into_iter().map(dated).collect();
        if people(&all) < FEWEST {
            prop_assert!(blocks.is_empty());
        } else {
            let yen: i64 = cells.iter().flat_map(|cell| cell.people.values()).map(|sums| sums.yen).sum();
            for levels in questions() {
                prop_assert_eq!(table(&blocks, &levels).iter().map(|row| row.yen).sum::<i64>(), yen);
            }
            for block in &blocks {
                let of = composed(block.yen, &cells);
                let own: Vec<&Cell<u8>> = cells.iter().zip(&of).filter(|(_, is)| **is == 1).map(|(cell, _)| cell).collect();
                let count = people(&own);
                prop_assert!(count >= FEWEST, "{count} people in {block:?}");
                prop_assert_eq!(block.people_at_least, u64::try_from(count / 10 * 10).unwrap());
            }
        }
    }
}

/// People 0 to 11 shop at one place, 12 to 14 at another: the second is not told, and nor is the first, whose difference to the whole it is.
#[test]
fn the_check_finds_what_a_table_without_protection_betrays() {
    let few: Paid = (vec![0, 0, 1, 0], (12..15).collect());
    let many: Paid = (vec![0, 0, 0, 0], (0..12).collect());
    let cells = [cell(0, &many, 1), cell(1, &few, 1)];
    // The small cell is left out, but the whole and the other cell are told.
    assert_eq!(betrayed(&[vec![1, 1], vec![1, 0]], &cells), Some(vec![1]));
    assert_eq!(published(&cells), [vec![1, 1]]);
}

/// Two tables of one month betray together what neither does alone, so there is one hierarchy and no other table.
#[test]
fn the_check_finds_what_two_tables_betray_together() {
    let at = |label: u8, people: std::ops::Range<u8>| (vec![0, label, 0, 0], people.collect());
    let cells = [cell(0, &at(0, 0..12), 1), cell(1, &at(1, 12..15), 1), cell(2, &at(2, 15..30), 1)];
    let (by_region, by_trade) = (vec![1, 1, 0], vec![0, 1, 1]);
    let whole = vec![1, 1, 1];
    assert_eq!(betrayed(&[by_region.clone(), whole.clone()], &cells), None);
    assert_eq!(betrayed(&[by_trade.clone(), whole.clone()], &cells), None);
    assert_eq!(betrayed(&[by_region, by_trade, whole], &cells), Some(vec![1]));
}

#[test]
fn people_count_and_not_taps() {
    let nine: Paid = (vec![0; 4], (0..9).collect());
    assert_eq!(blocks(&[cell(0, &nine, 1_000)]), [], "nine people who pay a thousand times are nine");
    let ten: Paid = (vec![0; 4], (0..10).collect());
    assert_eq!(blocks(&[cell(0, &ten, 1)]).len(), 1);
    // Who got everything back hides no other person, and several temporary IDs may be one person.
    let mut back = cell(0, &ten, 1);
    back.people.insert(3, Sums { yen: 0, payments: 2 });
    back.temporary = Sums { yen: 500, payments: 5 };
    assert_eq!(blocks(&[back]), []);
}

#[test]
fn a_small_group_is_joined_with_the_smallest_that_suffices() {
    let at = |label: u8, people: std::ops::Range<u8>| (vec![0, label, 0, 0], people.collect());
    let cells = [cell(0, &at(0, 0..20), 1), cell(1, &at(1, 20..32), 1), cell(2, &at(2, 32..35), 1)];
    let blocks: Vec<Block> = blocks(&cells).into_iter().map(dated).collect();
    let rows = table(&blocks, &[Level::Region]);
    let labels: Vec<_> = rows.iter().map(|row| (row.labels[0].as_str(), row.people_at_least)).collect();
    assert_eq!(labels, [("0", 20), (OTHER, 10)]);
    let empty: HashMap<u8, Sums> = HashMap::new();
    assert!(empty.is_empty() && table(&[], &Level::ALL).is_empty());
}

#[test]
fn categories_have_one_trade() {
    for (mcc, trade) in [("5411", "food"), ("5812", "restaurants"), ("5912", "health"), ("0742", "further")] {
        assert_eq!(trade_of(mcc.parse().unwrap()), trade);
    }
    let ranges: Vec<(u16, u16)> = super::TRADES.iter().flat_map(|trade| trade.mcc).copied().collect();
    let overlap = |a: &(u16, u16), b: &(u16, u16)| a.0 <= b.1 && b.0 <= a.1;
    for (at, one) in ranges.iter().enumerate() {
        assert!(one.0 <= one.1 && !ranges[at + 1..].iter().any(|other| overlap(one, other)), "{one:?}");
    }
}
