//! Trades: groups of merchant categories (MCC, ISO 18245) that a city's policy asks about.

use kazasu_schemas::ids::Mcc;

/// A trade, and the categories that belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trade {
    /// As programs write it.
    pub code: &'static str,
    /// First and last category of each range.
    pub mcc: &'static [(u16, u16)],
}

/// The trade of categories that are in no range.
pub const OTHER_TRADE: &str = "further";

/// Every trade but the one of all other categories. The first range that has a category is its trade.
pub const TRADES: [Trade; 12] = [
    Trade { code: "food", mcc: &[(5411, 5499)] },
    Trade { code: "restaurants", mcc: &[(5811, 5814)] },
    Trade { code: "clothing", mcc: &[(5611, 5699)] },
    Trade { code: "health", mcc: &[(5912, 5912), (5975, 5976), (8011, 8099)] },
    Trade { code: "home", mcc: &[(5200, 5261), (5712, 5735)] },
    Trade { code: "vehicles", mcc: &[(5511, 5599), (7511, 7549)] },
    Trade { code: "stores", mcc: &[(5300, 5399)] },
    Trade { code: "travel", mcc: &[(3000, 3999), (4011, 4789), (7011, 7033)] },
    Trade { code: "utilities", mcc: &[(4812, 4900)] },
    Trade { code: "leisure", mcc: &[(5940, 5949), (7829, 7999)] },
    Trade { code: "education", mcc: &[(8211, 8299), (8351, 8351)] },
    Trade { code: "public", mcc: &[(9211, 9402)] },
];

/// The trade of a category.
#[must_use]
pub fn trade_of(mcc: Mcc) -> &'static str {
    let number: u16 = mcc.to_string().parse().unwrap_or_default();
    let has = |trade: &&Trade| trade.mcc.iter().any(|(first, last)| (*first..=*last).contains(&number));
    TRADES.iter().find(has).map_or(OTHER_TRADE, |trade| trade.code)
}
