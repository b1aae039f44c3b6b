//! For whom a contract is.

use crate::canonical;
use crate::ids::{InstitutionId, Mcc, MerchantId};
use crate::policy::{MccRanges, in_ranges};
use minicbor::{Decode, Encode};

/// For whom a contract is. A contract that names a merchant goes before one for a group, and that before the default
/// one.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Scope {
    /// These merchants, ascending.
    #[n(0)]
    Merchants(#[n(0)] Vec<(InstitutionId, MerchantId)>),
    /// Merchants that agree with everything that is said here.
    #[n(1)]
    Group {
        /// Of this class.
        #[n(0)]
        class: Option<String>,
        /// With one of these tags; any when empty.
        #[n(1)]
        tags: Vec<String>,
        /// Of these categories; all when empty.
        #[n(2)]
        mcc: MccRanges,
    },
    /// All other merchants.
    #[n(2)]
    Default,
}

/// The merchant that a scope is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Merchant<'a> {
    /// Its acquirer.
    pub acquirer: InstitutionId,
    /// DE42.
    pub merchant: MerchantId,
    /// Its category, as registered.
    pub mcc: Mcc,
    /// Its class; empty when it has none.
    pub class: &'a str,
    /// Its tags.
    pub tags: &'a [String],
}

impl Scope {
    /// Is the contract for this merchant?
    #[must_use]
    pub fn takes(&self, merchant: Merchant<'_>) -> bool {
        match self {
            Scope::Merchants(named) => named.binary_search(&(merchant.acquirer, merchant.merchant)).is_ok(),
            Scope::Group { class, tags, mcc } => {
                class.as_deref().is_none_or(|class| canonical::same(class, merchant.class))
                    && (tags.is_empty()
                        || tags.iter().any(|tag| merchant.tags.iter().any(|theirs| canonical::same(tag, theirs))))
                    && (mcc.is_empty() || in_ranges(mcc, merchant.mcc))
            }
            Scope::Default => true,
        }
    }

    /// 0 for the most particular.
    pub(super) fn order(&self) -> u8 {
        match self {
            Scope::Merchants(_) => 0,
            Scope::Group { .. } => 1,
            Scope::Default => 2,
        }
    }
}
