//! For whom a contract is, and finding the one contract of a merchant on a day.

use super::brand::{self, Brand, Prefixes, Product};
use super::interchange::Schedule;
use super::terms::Contract;
use crate::canonical;
use crate::ids::{InstitutionId, Mcc, MerchantId};
use crate::jst::BusinessDay;
use crate::policy::{MccRanges, in_ranges};
use minicbor::{Decode, Encode};

/// Everything that a contract file says.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Contracts {
    /// Its name, for people.
    #[n(0)]
    pub name: String,
    /// Card brands, by ascending name.
    #[n(1)]
    pub brands: Vec<Prefixes>,
    /// Card products, by ascending name.
    #[n(2)]
    pub products: Vec<Prefixes>,
    /// Interchange schedules.
    #[n(3)]
    pub interchange: Vec<Schedule>,
    /// Contracts, by ascending number.
    #[n(4)]
    pub contracts: Vec<Contract>,
}

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
    /// Everybody else.
    #[n(2)]
    Default,
}

/// What a scope is compared with.
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
    fn order(&self) -> u8 {
        match self {
            Scope::Merchants(_) => 0,
            Scope::Group { .. } => 1,
            Scope::Default => 2,
        }
    }
}

impl Contracts {
    /// The contract of a merchant on a day; `None` when there is none. A checked file has one at most on each step of
    /// precedence.
    #[must_use]
    pub fn of(&self, merchant: Merchant<'_>, day: BusinessDay) -> Option<&Contract> {
        let theirs = |contract: &&Contract| contract.in_force(day) && contract.scope.takes(merchant);
        self.contracts.iter().filter(theirs).min_by_key(|contract| contract.scope.order())
    }

    /// The brand of a card whose number begins with these ASCII digits (eight, when known); [`Brand::NONE`] when it is
    /// in no list.
    #[must_use]
    pub fn brand_of(&self, digits: &[u8]) -> Brand {
        Brand(brand::place(&self.brands, digits))
    }

    /// The product of such a card; [`Product::UNKNOWN`] when it is in no list.
    #[must_use]
    pub fn product_of(&self, digits: &[u8]) -> Product {
        Product(brand::place(&self.products, digits))
    }

    /// The brand of this name.
    #[must_use]
    pub fn brand(&self, name: &str) -> Option<Brand> {
        brand::named(&self.brands, name).map(Brand)
    }

    /// The product of this name.
    #[must_use]
    pub fn product(&self, name: &str) -> Option<Product> {
        brand::named(&self.products, name).map(Product)
    }

    /// The brand's name, for reports; `None` for [`Brand::NONE`] and for numbers that no list has.
    #[must_use]
    pub fn brand_name(&self, brand: Brand) -> Option<&str> {
        let at = usize::from(brand.0).checked_sub(1)?;
        self.brands.get(at).map(|list| list.name.as_str())
    }
}
