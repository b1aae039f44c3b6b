//! From millionths of a yen to whole yen, and the division of a rounded sum among its parts.

use minicbor::{Decode, Encode};

/// Millionths in a yen: the unit in which an amount times a [`crate::policy::Rate`] is exact.
pub const MICROS: i64 = 1_000_000;

/// The rounding of a fraction of a yen. It looks at the size and not at the sign, so that what is given back is rounded
/// like what was taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Rounding {
    /// Dropped (切り捨て): towards zero.
    #[n(0)]
    Down,
    /// From half a yen on counted as a yen (四捨五入).
    #[n(1)]
    HalfUp,
    /// Counted as a yen (切り上げ): away from zero.
    #[n(2)]
    Up,
}

impl Rounding {
    /// Every mode.
    pub const ALL: [Rounding; 3] = [Rounding::Down, Rounding::HalfUp, Rounding::Up];

    /// Whole yen of so many millionths.
    #[must_use]
    pub fn yen(self, micros: i128) -> i128 {
        // Nearly every amount fits into 64 bits, where dividing costs a tenth.
        match i64::try_from(micros) {
            Ok(micros) => {
                let more = self.goes_up(u128::from((micros % MICROS).unsigned_abs()));
                i128::from(micros / MICROS + if more { micros.signum() } else { 0 })
            }
            Err(_) => {
                let million = i128::from(MICROS);
                let more = self.goes_up((micros % million).unsigned_abs());
                micros / million + if more { micros.signum() } else { 0 }
            }
        }
    }

    fn goes_up(self, rest: u128) -> bool {
        match self {
            Rounding::Down => false,
            Rounding::HalfUp => rest >= 500_000,
            Rounding::Up => rest > 0,
        }
    }
}

/// One part of a sum: where it belongs, exactly how much it is, and what it got.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) at: usize,
    /// Millionths of a yen.
    pub(super) exact: i64,
    /// Whole yen.
    pub(super) yen: i64,
}

/// Divides `total`, which is the parts' exact sum after rounding, among them by the largest remainder: each gets its
/// whole yen, and what is left goes, a yen each, to those with the largest fractions, the earlier first. No line gets a
/// yen more or less than its exact part, and those whose part is whole yen (nothing, for example) get exactly that.
pub(super) fn share_out(total: i64, parts: &mut [Part]) {
    let mut given: i64 = 0;
    for part in parts.iter_mut() {
        part.yen = part.exact.div_euclid(MICROS);
        given += part.yen;
    }
    let left = usize::try_from(total - given).expect("parts rounded down are never more than their rounded sum");
    let fraction = |part: &Part| part.exact.rem_euclid(MICROS);
    if (1..parts.len()).contains(&left) {
        parts.select_nth_unstable_by_key(left - 1, |part| (std::cmp::Reverse(fraction(part)), part.at));
    }
    for part in &mut parts[..left] {
        assert!(fraction(part) > 0, "what rounding leaves over comes from fractions");
        part.yen += 1;
    }
}
