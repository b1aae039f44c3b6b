//! Settlements and their payouts as merchants' own people see them, and the reason for each of their amounts. Finance and auditors see
//! those of every shop, and people of a merchant those of their own shops: another shop's is told as one that is not there.

mod list;
mod payouts;
mod terms;
mod whose;
mod why;

pub use list::{ExplainSettlement, ListShopSettlements, SettlementExplained, ShopSettlement, ShopSettlements};
pub use payouts::{ListShopPayouts, ShopPayout, ShopPayouts};
pub use terms::{ContractTerms, ShowShopContract, TermsRule};
pub(crate) use whose::Whose;
#[cfg(test)]
pub(crate) use why::Origin;
pub use why::{WhyItem, WhyPart};
