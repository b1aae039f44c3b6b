//! A list's totals as a 0500 gives them, so that an acquirer's message, its detail file and the ledger can be held against
//! each other before line is compared with line.
//!
//! Debits are purchases, credits are refunds (as in [`kazasu_schemas::wire::totals`]). A reversal belongs to what it undoes,
//! which its sign tells: a reversed purchase is negative, a reversed refund positive. Chargebacks, fees, settlements,
//! payouts and adjustments are no messages and are not counted.

use super::item::{Item, Kind};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use kazasu_schemas::wire::totals::DayTotals;

/// The totals of one business day's lines in yen; `None` when a sum is beyond 64 bits, which lines of detail files cannot be.
#[must_use]
pub fn of_day(items: &[Item], day: BusinessDay) -> Option<DayTotals> {
    let mut totals = DayTotals::default();
    for item in items.iter().filter(|item| item.day == day && item.currency == JPY_NUMERIC) {
        let (count, amount) = match item.kind {
            Kind::Purchase => (&mut totals.debits, &mut totals.debit_amount),
            Kind::Refund => (&mut totals.credits, &mut totals.credit_amount),
            Kind::Reversal if item.amount.is_positive() => {
                (&mut totals.credit_reversals, &mut totals.credit_reversal_amount)
            }
            Kind::Reversal => (&mut totals.debit_reversals, &mut totals.debit_reversal_amount),
            Kind::Chargeback | Kind::Fee | Kind::Settlement | Kind::Payout | Kind::Adjustment => continue,
        };
        *count += 1;
        *amount = amount.checked_add(Yen::new(item.amount.get().checked_abs()?))?;
    }
    Some(totals)
}

/// A difference of two totals: the data element (DE74-77 counts, DE86-89 yen), the value here and the value there.
#[must_use]
pub fn differences(here: &DayTotals, there: &DayTotals) -> Vec<(u8, i128, i128)> {
    let elements = |t: &DayTotals| {
        [
            (74, i128::from(t.credits)),
            (75, i128::from(t.credit_reversals)),
            (76, i128::from(t.debits)),
            (77, i128::from(t.debit_reversals)),
            (86, i128::from(t.credit_amount.get())),
            (87, i128::from(t.credit_reversal_amount.get())),
            (88, i128::from(t.debit_amount.get())),
            (89, i128::from(t.debit_reversal_amount.get())),
        ]
    };
    let pairs = elements(here).into_iter().zip(elements(there));
    pairs.filter(|(a, b)| a != b).map(|((element, a), (_, b))| (element, a, b)).collect()
}
