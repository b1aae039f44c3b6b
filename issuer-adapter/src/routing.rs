//! Which issuer serves an instrument: the longest matching BIN for cards, the bank code for accounts. Pure.

use hashbrown::HashMap;
use kazasu_schemas::ids::digits;
use kazasu_schemas::secret::Pan;

/// The shortest and longest BIN prefix (ISO/IEC 7812-1:2017 has eight digits, older ranges six, some brands four).
const BIN_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// A route that cannot be taken into the table.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RoutingError {
    /// Not four to eight digits.
    #[error("BIN prefix {0:?}: must be 4 to 8 digits")]
    Bin(String),
    /// Not four digits.
    #[error("bank code {0:?}: must be 4 digits")]
    BankCode(String),
    /// The same prefix twice. A longer prefix inside a shorter one is allowed and wins.
    #[error("BIN prefix {prefix} is given to issuer {second} but belongs to issuer {first} already")]
    BinTaken {
        /// The prefix.
        prefix: String,
        /// Who has it.
        first: u16,
        /// Who was to get it.
        second: u16,
    },
    /// The same bank code twice.
    #[error("bank code {code} is given to issuer {second} but belongs to issuer {first} already")]
    BankTaken {
        /// The code.
        code: String,
        /// Who has it.
        first: u16,
        /// Who was to get it.
        second: u16,
    },
}

/// BIN prefixes and bank codes with the numbers of the issuers that serve them.
#[derive(Clone, Debug, Default)]
pub struct RoutingTable {
    /// By length, the shortest first.
    bins: [HashMap<u32, u16>; 5],
    banks: HashMap<u16, u16>,
}

impl RoutingTable {
    /// An empty table: it routes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the cards whose number begins with `prefix` (4 to 8 digits) to `issuer`.
    pub fn add_bin(&mut self, prefix: &str, issuer: u16) -> Result<(), RoutingError> {
        let bad = || RoutingError::Bin(prefix.to_owned());
        if !BIN_DIGITS.contains(&prefix.len()) {
            return Err(bad());
        }
        let number = number(prefix.as_bytes()).ok_or_else(bad)?;
        let table = &mut self.bins[prefix.len() - BIN_DIGITS.start()];
        match table.get(&number) {
            Some(&first) => Err(RoutingError::BinTaken { prefix: prefix.to_owned(), first, second: issuer }),
            None => {
                table.insert(number, issuer);
                Ok(())
            }
        }
    }

    /// Gives the accounts of the bank with `code` (4 digits) to `issuer`.
    pub fn add_bank(&mut self, code: &str, issuer: u16) -> Result<(), RoutingError> {
        let number = bank(code).ok_or_else(|| RoutingError::BankCode(code.to_owned()))?;
        match self.banks.get(&number) {
            Some(&first) => Err(RoutingError::BankTaken { code: code.to_owned(), first, second: issuer }),
            None => {
                self.banks.insert(number, issuer);
                Ok(())
            }
        }
    }

    /// The issuer of a card: the longest prefix wins.
    #[must_use]
    pub fn for_card(&self, pan: &Pan) -> Option<u16> {
        BIN_DIGITS.rev().find_map(|len| {
            let table = &self.bins[len - BIN_DIGITS.start()];
            if table.is_empty() {
                return None;
            }
            table.get(&number(pan.expose().get(..len)?)?).copied()
        })
    }

    /// The issuer that serves the bank with `code`, as the registered account names it.
    #[must_use]
    pub fn for_bank(&self, code: &str) -> Option<u16> {
        self.banks.get(&bank(code)?).copied()
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    digits(bytes).and_then(|n| u32::try_from(n).ok())
}

fn bank(code: &str) -> Option<u16> {
    if code.len() == 4 { digits(code.as_bytes()).and_then(|n| u16::try_from(n).ok()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pan(start: &str) -> Pan {
        let mut text = format!("{start:0<15}");
        for check in 0..10 {
            text.push_str(&check.to_string());
            if let Ok(pan) = Pan::parse(text.as_bytes()) {
                return pan;
            }
            text.pop();
        }
        panic!("one of ten check digits is right");
    }

    #[test]
    fn the_longest_prefix_wins() {
        let mut table = RoutingTable::new();
        for (prefix, issuer) in [("4111", 1), ("411122", 2), ("41112233", 3), ("0123", 4)] {
            table.add_bin(prefix, issuer).unwrap();
        }
        let cases = [
            ("4111", Some(1)),
            ("411121", Some(1)),
            ("411122", Some(2)),
            ("41112232", Some(2)),
            ("41112233", Some(3)),
            ("0123", Some(4)),
            ("4112", None),
            ("9", None),
        ];
        for (start, issuer) in cases {
            assert_eq!(table.for_card(&pan(start)), issuer, "{start}");
        }
    }

    #[test]
    fn banks_are_found_by_their_code() {
        let mut table = RoutingTable::new();
        table.add_bank("9999", 7).unwrap();
        table.add_bank("0001", 8).unwrap();
        assert_eq!(table.for_bank("9999"), Some(7));
        assert_eq!(table.for_bank("0001"), Some(8));
        assert_eq!(table.for_bank("1"), None);
        assert_eq!(table.for_bank("0002"), None);
    }

    #[test]
    fn the_same_prefix_twice_and_wrong_text_are_refused_with_the_reason() {
        let mut table = RoutingTable::new();
        table.add_bin("411111", 1).unwrap();
        table.add_bank("9999", 1).unwrap();
        let error = |result: Result<(), RoutingError>| result.unwrap_err().to_string();
        assert_eq!(
            error(table.add_bin("411111", 2)),
            "BIN prefix 411111 is given to issuer 2 but belongs to issuer 1 already"
        );
        assert_eq!(
            error(table.add_bank("9999", 3)),
            "bank code 9999 is given to issuer 3 but belongs to issuer 1 already"
        );
        for bad in ["", "411", "411111111", "41x1", "４１１１"] {
            assert_eq!(error(table.add_bin(bad, 1)), format!("BIN prefix {bad:?}: must be 4 to 8 digits"));
        }
        assert_eq!(error(table.add_bank("99", 1)), "bank code \"99\": must be 4 digits");
    }
}
