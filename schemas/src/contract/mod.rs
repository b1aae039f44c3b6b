//! Merchant contracts as data, and the arithmetic of what a merchant is paid: fees of a day, periods and value dates,
//! settlements.
//!
//! Pure: nothing here reads a file, a clock or the book. Amounts are whole yen, rates parts per million (four decimals
//! of a percentage), and fees are exact to a millionth of a yen until the contract's rounding makes them yen; there are
//! no floats. Contracts are kept in the journal, so their fields are numbered and only ever added to. Sources:
//! domain.md section 4.

mod brand;
mod contracts;
mod cycle;
mod facts;
mod fee;
mod interchange;
mod rounding;
mod scope;
mod settlement;
mod tally;
mod tariff;
mod tender;
mod terms;

pub use brand::{Brand, Prefixes, Product};
pub use contracts::Contracts;
pub use cycle::{Cycle, NoBankDay, Period, value_date};
pub use facts::{Allowance, Charged, DayFees, FeeError, FeeLine, MOST_FACTS, Refund, TapFact, TapFee};
pub use interchange::{InterchangeRow, Schedule};
pub use rounding::{MICROS, Rounding};
pub use scope::{Merchant, Scope};
pub use settlement::{DayTotals, Opening, Settlement, SettlementError};
pub use tariff::{Tariff, TariffError};
pub use tender::{ByTender, Tender, Tenders};
pub use terms::{Basis, Contract, FeeRule, MOST_FIXED, RefundFee, Reserve, Tax};

#[cfg(test)]
mod tests;
