//! What residents spent, month by month, for statistics: by payer of the money, region, trade and means of payment.
//!
//! Only blocks are published: groups of payments that do not overlap, each with the payments of ten people at least (`blocks`). What
//! anybody can compute from sums of blocks is a sum of blocks again, so no question, and no difference of two, shows fewer people
//! (decision 67). A month is published when it is over, and never changes.

mod blocks;
mod fold;
mod table;
mod trade;

pub use blocks::{Block, FEWEST};
pub use fold::{GENERAL, Spending, SpendingBook, UNKNOWN};
pub use table::{Level, OTHER, Row, table};
pub use trade::{OTHER_TRADE, TRADES, Trade, trade_of};

#[cfg(test)]
mod tests;
