//! Interchange (IRF): what of a credit card's fee goes to its issuer. The standard rates are public since 30 November
//! 2022 (domain.md section 4) and are shown beside the merchant's fee. An estimate: it moves no money here.

use crate::policy::Rate;
use minicbor::{Decode, Encode};

/// A schedule of interchange rates, for credit cards only.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Schedule {
    /// Its name, as contracts use it.
    #[n(0)]
    pub name: String,
    /// Its rows. The first row of a brand is also for cards whose product is unknown or has no row.
    #[n(1)]
    pub rows: Vec<InterchangeRow>,
}

/// A row of a schedule.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct InterchangeRow {
    /// The brand's name.
    #[n(0)]
    pub brand: String,
    /// The product's name.
    #[n(1)]
    pub product: String,
    /// Of the amount.
    #[n(2)]
    pub rate: Rate,
}
