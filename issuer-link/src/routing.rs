//! Which issuer a card number or bank code belongs to: the longest configured prefix wins.

use kazasu_schemas::secret::Pan;
use std::collections::BTreeMap;

/// Prefixes of card numbers and bank codes.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    bins: BTreeMap<Vec<u8>, u16>,
    banks: BTreeMap<String, u16>,
}

/// A route that cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Not 4 to 8 digits.
    #[error("bins: {0:?} must be 4 to 8 digits")]
    Bin(String),
    /// Not 4 digits.
    #[error("banks: {0:?} must be 4 digits")]
    Bank(String),
    /// Two issuers claim it.
    #[error("{prefix} is claimed by issuer {first} and by issuer {second}")]
    Claimed {
        /// The prefix or bank code.
        prefix: String,
        /// Who has it.
        first: u16,
        /// Who wants it too.
        second: u16,
    },
}

impl Routes {
    /// Adds a card number prefix.
    pub fn add_bin(&mut self, bin: &str, issuer: u16) -> Result<(), RouteError> {
        if !(4..=8).contains(&bin.len()) || !bin.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RouteError::Bin(bin.into()));
        }
        match self.bins.insert(bin.into(), issuer) {
            Some(first) if first != issuer => Err(RouteError::Claimed { prefix: bin.into(), first, second: issuer }),
            _ => Ok(()),
        }
    }

    /// Adds a bank code.
    pub fn add_bank(&mut self, bank: &str, issuer: u16) -> Result<(), RouteError> {
        if bank.len() != 4 || !bank.bytes().all(|b| b.is_ascii_digit()) {
            return Err(RouteError::Bank(bank.into()));
        }
        match self.banks.insert(bank.into(), issuer) {
            Some(first) if first != issuer => Err(RouteError::Claimed { prefix: bank.into(), first, second: issuer }),
            _ => Ok(()),
        }
    }

    /// The issuer of a card number.
    #[must_use]
    pub fn issuer_of_card(&self, pan: &Pan) -> Option<u16> {
        (4..=8).rev().find_map(|n| self.bins.get(&pan.expose()[..n]).copied())
    }

    /// The issuer that is a bank.
    #[must_use]
    pub fn issuer_of_bank(&self, code: &str) -> Option<u16> {
        self.banks.get(code).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_prefix_wins() {
        let mut routes = Routes::default();
        routes.add_bin("4111", 1).unwrap();
        routes.add_bin("41111111", 2).unwrap();
        routes.add_bank("9999", 3).unwrap();
        assert_eq!(routes.issuer_of_card(&Pan::parse(b"4111111111111111").unwrap()), Some(2));
        assert_eq!(routes.issuer_of_card(&Pan::parse(b"4111222233334448").unwrap()), Some(1));
        assert_eq!(routes.issuer_of_card(&Pan::parse(b"5500005555555559").unwrap()), None);
        assert_eq!((routes.issuer_of_bank("9999"), routes.issuer_of_bank("0001")), (Some(3), None));
    }

    #[test]
    fn wrong_and_double_claims_are_refused() {
        let mut routes = Routes::default();
        routes.add_bin("4111", 1).unwrap();
        routes.add_bin("4111", 1).unwrap();
        let claimed = RouteError::Claimed { prefix: "4111".into(), first: 1, second: 2 };
        assert_eq!(routes.add_bin("4111", 2), Err(claimed));
        assert_eq!(routes.add_bin("41a1", 2), Err(RouteError::Bin("41a1".into())));
        assert_eq!(routes.add_bin("411", 2), Err(RouteError::Bin("411".into())));
        assert_eq!(routes.add_bank("99999", 2), Err(RouteError::Bank("99999".into())));
    }
}
