//! Payments, found by what people know of them: for staff all of them, for a merchant's people those of their own shops.

mod find;
mod list;
mod shops;
mod takings;
mod view;

pub(crate) use find::shop;
pub use find::{FindTransactions, TransactionsPage};
pub use list::{ListShops, ShopView};
pub(crate) use shops::{ShopKey, Shops};
pub use takings::{DayTakings, ShowTakings, TerminalTakings};
pub use view::{ShowTransaction, TransactionView};
