//! All contracts of a file, and finding the one contract of a merchant on a day.

use super::brand::{self, Brand, Prefixes, Product};
use super::interchange::Schedule;
use super::scope::Merchant;
use super::terms::Contract;
use crate::jst::BusinessDay;
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
