//! Residents: their links, cards, limits and purse money, and what may be known of a person.

mod cards;
mod desk;
mod find;
mod limits;
mod links;
mod notices;
mod replace;
mod shared;
mod shops;
mod taps;
mod view;

pub(crate) use cards::random_ppid;
pub use cards::{
    AboveCeiling, ApplyStatusList, BindCertificate, IssueTemporary, MergePeople, Merged, SetCard, StatusListApplied,
    TemporaryIssued,
};
pub use desk::{BindCard, LiftSuspension};
pub use find::{FindResident, FoundResident};
pub use limits::{CreditPurse, SetLimits, SetSpendable, SpendableSet};
pub use links::{BreakLink, LinkSet, ProposeRetarget, RemoveLink, SetLink};
pub use notices::{ChooseNotices, NoticesChosen};
pub use replace::ReplaceCard;
pub use shared::{DecideLink, ListWaitingLinks, WaitingLink};
pub use shops::{ListResidentShops, ResidentShops, ShopNear};
pub use taps::{ShowTaps, TapShown};
pub use view::{
    BrokenLink, HoldingView, LinkView, ListBrokenLinks, ListSharedAccounts, MaskedInstrument, OwnLimitsView,
    PointsView, PurseView, ResidentView, RetargetView, SharedAccount, ShowResident,
};
pub(crate) use view::{card_word, deposit};
