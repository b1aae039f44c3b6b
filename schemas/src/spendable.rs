//! The amount that a household can spend in a year, from its declaration: 包括支払可能見込額 (Instalment Sales Act, article 30-2).
//!
//! Income − living costs − yearly debts; a limit is at most 90 % of it. Living costs are the published table by size of the
//! household and whether it pays for housing.

use crate::money::Yen;

/// Living costs a year in ¥10,000 for households of 1, 2, 3, 4 and more people: without and with housing costs.
const LIVING: [[i64; 4]; 2] = [[90, 136, 169, 200], [116, 177, 209, 240]];

/// The largest income and debt that is taken for meant.
const MOST: i64 = 100_000_000;

/// A household's declaration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Declared {
    /// Income a year.
    pub income: Yen,
    /// People in the household, from 1.
    pub household: u32,
    /// It pays rent or a housing loan.
    pub housing: bool,
    /// Credit debts to be paid in a year.
    pub debts: Yen,
}

/// The result of a declaration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spendable {
    /// Living costs a year, from the table.
    pub living: Yen,
    /// Income − living costs − debts, not below zero; a year.
    pub estimate: Yen,
    /// 90 % of it; a year.
    pub year: Yen,
    /// A twelfth of that, rounded down: the month's limit.
    pub month: Yen,
}

/// The fault of a declaration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeclaredError {
    /// Income of zero, or of absurd size.
    #[error("income must be from ¥1 to ¥100,000,000 a year, got {0}")]
    Income(Yen),
    /// No people, or too many.
    #[error("household must be 1 to 50 people, got {0}")]
    Household(u32),
    /// Below zero, or of absurd size.
    #[error("debts must be from ¥0 to ¥100,000,000 a year, got {0}")]
    Debts(Yen),
}

/// The amount that a household can spend.
pub fn spendable(declared: Declared) -> Result<Spendable, DeclaredError> {
    let Declared { income, household, housing, debts } = declared;
    if !(1..=MOST).contains(&income.get()) {
        return Err(DeclaredError::Income(income));
    }
    if !(1..=50).contains(&household) {
        return Err(DeclaredError::Household(household));
    }
    if !(0..=MOST).contains(&debts.get()) {
        return Err(DeclaredError::Debts(debts));
    }
    let size = usize::try_from(household.min(4) - 1).expect("0 to 3");
    let living = LIVING[usize::from(housing)][size] * 10_000;
    let estimate = (income.get() - living - debts.get()).max(0);
    let year = estimate * 90 / 100;
    Ok(Spendable {
        living: Yen::new(living),
        estimate: Yen::new(estimate),
        year: Yen::new(year),
        month: Yen::new(year / 12),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(income: i64, household: u32, housing: bool, debts: i64) -> Result<Spendable, DeclaredError> {
        spendable(Declared { income: Yen::new(income), household, housing, debts: Yen::new(debts) })
    }

    #[test]
    fn the_published_case() {
        let s = of(3_000_000, 3, true, 360_000).unwrap();
        assert_eq!(
            (s.living.get(), s.estimate.get(), s.year.get(), s.month.get()),
            (2_090_000, 550_000, 495_000, 41_250)
        );
    }

    #[test]
    fn every_row_of_the_table() {
        for (household, housing, living) in [
            (1, false, 900_000),
            (2, false, 1_360_000),
            (3, false, 1_690_000),
            (4, false, 2_000_000),
            (9, false, 2_000_000),
            (1, true, 1_160_000),
            (2, true, 1_770_000),
            (4, true, 2_400_000),
        ] {
            assert_eq!(of(5_000_000, household, housing, 0).unwrap().living.get(), living);
        }
        assert_eq!(of(900_000, 1, true, 0).unwrap().month, Yen::ZERO, "nothing is left, and nothing below");
    }

    #[test]
    fn absurd_declarations_are_refused() {
        assert_eq!(
            of(0, 1, false, 0).unwrap_err().to_string(),
            "income must be from ¥1 to ¥100,000,000 a year, got ¥0"
        );
        assert!(matches!(of(-5, 1, false, 0), Err(DeclaredError::Income(_))));
        assert!(matches!(of(i64::MAX, 1, false, 0), Err(DeclaredError::Income(_))));
        assert!(matches!(of(1, 0, false, 0), Err(DeclaredError::Household(0))));
        assert!(matches!(of(1, 51, false, 0), Err(DeclaredError::Household(51))));
        assert!(matches!(of(1, 1, false, -1), Err(DeclaredError::Debts(_))));
        assert!(matches!(of(1, 1, false, i64::MAX), Err(DeclaredError::Debts(_))));
    }
}
