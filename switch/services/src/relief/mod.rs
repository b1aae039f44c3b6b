//! Relief for people: what officers, approvers and treasurers of a city ask for, files that come in and go out, and reports. What
//! may happen is decided in `core::relief`; who may ask for it, here. `docs/operations/relief.md` explains it.

mod asks;
pub mod bank;
mod city;
mod import;
mod look;
mod report;
mod terms;

pub use asks::ReliefAsk;
pub use bank::BankFile;
pub use city::CityFile;
pub use import::{Imported, MOST_BYTES, Source};
pub use report::category;
pub use report::{Disclosed, FEWEST, Spent, Usage, disclosed, report as final_report, usage};
pub(crate) use terms::account_kind;
pub use terms::ordering_kind;
pub use terms::read as read_terms;

/// Files as the API gives them.
pub fn files_json(files: &[BankFile]) -> serde_json::Value {
    let each = |f: &BankFile| serde_json::json!({ "name": f.name, "count": f.count, "yen": f.total.get(), "hex": hex::encode(&f.bytes) });
    serde_json::json!({ "files": files.iter().map(each).collect::<Vec<_>>() })
}
