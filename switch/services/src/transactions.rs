//! Payments, found by what people know of them: for staff all of them, for a merchant's people those of their own shops.

mod find;
mod list;
mod shops;
mod takings;
mod terminals;
mod view;

pub use find::FindTransactions;
pub(crate) use find::shop;
pub use list::{ListShops, ShopView};
pub(crate) use shops::{ShopKey, Shops};
pub use takings::{DayTakings, ShowTakings, TerminalTakings};
pub use terminals::{LastMessage, ListTerminals, TerminalView, TotalsAgreed};
pub use view::{ShowTransaction, TransactionView};
