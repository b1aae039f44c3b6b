//! Tables of blocks: rows that are sums of whole blocks, and nothing else.

use super::blocks::Block;
use std::collections::BTreeMap;

/// The label of payments that are of several labels, or of one with too few people.
pub const OTHER: &str = "other";

/// What rows are told apart by, in the order in which blocks are divided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// The calendar month of the business day.
    Month,
    /// Whose money it is.
    Payer,
    /// The merchant's region.
    Region,
    /// The merchant's trade.
    Trade,
    /// The means of payment.
    Tender,
}

impl Level {
    /// Every level.
    pub const ALL: [Level; 5] = [Level::Month, Level::Payer, Level::Region, Level::Trade, Level::Tender];

    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Month => "month",
            Level::Payer => "payer",
            Level::Region => "region",
            Level::Trade => "trade",
            Level::Tender => "tender",
        }
    }

    /// Its place in the labels of a block.
    fn place(self) -> usize {
        Level::ALL.iter().position(|level| *level == self).unwrap_or_default()
    }
}

/// A row: the sum of whole blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The labels of the levels that were asked for, in their order; [`OTHER`] where a block has none.
    pub labels: Vec<String>,
    /// Yen, less what was given back.
    pub yen: i64,
    /// Payments.
    pub payments: u64,
    /// So many people at least: those of its block with the most.
    pub people_at_least: u64,
}

/// The blocks, added up by some levels.
#[must_use]
pub fn table<'a>(blocks: impl IntoIterator<Item = &'a Block>, by: &[Level]) -> Vec<Row> {
    let mut rows: BTreeMap<Vec<&str>, (i64, u64, u64)> = BTreeMap::new();
    for block in blocks {
        let label = |level: &Level| block.labels.get(level.place()).and_then(Option::as_deref).unwrap_or(OTHER);
        let row = rows.entry(by.iter().map(label).collect()).or_default();
        *row = (row.0 + block.yen, row.1 + block.payments, row.2.max(block.people_at_least));
    }
    let row = |(labels, (yen, payments, people_at_least)): (Vec<&str>, (i64, u64, u64))| Row {
        labels: labels.into_iter().map(str::to_owned).collect(),
        yen,
        payments,
        people_at_least,
    };
    rows.into_iter().map(row).collect()
}
