//! Residents: their links, cards, limits and purse money, and what may be known of a person.

mod cards;
mod limits;
mod links;
mod view;

pub(crate) use cards::random_ppid;
pub use cards::{
    AboveCeiling, ApplyStatusList, BindCertificate, IssueTemporary, MergePeople, Merged, SetCard, StatusListApplied,
    TemporaryIssued,
};
pub use limits::{CreditPurse, SetLimits, SetSpendable, SpendableSet};
pub use links::{BreakLink, DecideRetarget, LinkSet, ProposeRetarget, RemoveLink, SetLink};
pub use view::{
    BrokenLink, HoldingView, LinkView, ListBrokenLinks, ListSharedAccounts, MaskedInstrument, OwnLimitsView,
    ResidentView, RetargetView, SharedAccount, ShowResident,
};
