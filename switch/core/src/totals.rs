//! Acquirers' totals: what was paid and given back through each acquirer on a business day, as the acquirers add it up themselves.

use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::totals::DayTotals;
use std::collections::BTreeMap;

/// The largest amount of a day that the totals' fields (n16) carry. A day beyond it stays there, and no longer agrees.
const MOST_OF_A_DAY: Yen = Yen::new(9_999_999_999_999_999);

/// The amount that is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum What {
    Payment,
    Refund,
}

/// The totals of every acquirer and day in memory.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct AcquirerTotals {
    pub(super) days: BTreeMap<(InstitutionId, BusinessDay), DayTotals>,
}

impl AcquirerTotals {
    pub(super) fn of(&self, acquirer: InstitutionId, day: BusinessDay) -> DayTotals {
        self.days.get(&(acquirer, day)).copied().unwrap_or_default()
    }

    /// One more payment or refund.
    pub(super) fn count(&mut self, of: (InstitutionId, BusinessDay), what: What, amount: Yen) {
        let totals = self.days.entry(of).or_default();
        let (n, yen) = match what {
            What::Refund => (&mut totals.credits, &mut totals.credit_amount),
            What::Payment => (&mut totals.debits, &mut totals.debit_amount),
        };
        *n += 1;
        add(yen, amount);
    }

    /// A reversal gives back more; `new` is 1 for one that was not counted yet, and 0 for one that was.
    pub(super) fn reversed(&mut self, of: (InstitutionId, BusinessDay), what: What, (new, amount): (u64, Yen)) {
        let totals = self.days.entry(of).or_default();
        let (n, yen) = match what {
            What::Refund => (&mut totals.credit_reversals, &mut totals.credit_reversal_amount),
            What::Payment => (&mut totals.debit_reversals, &mut totals.debit_reversal_amount),
        };
        *n += new;
        add(yen, amount);
    }

    /// Days before this one are forgotten: there is one entry for each acquirer and day.
    pub(super) fn forget_before(&mut self, before: BusinessDay) {
        self.days.retain(|(_, day), _| *day >= before);
    }
}

fn add(yen: &mut Yen, amount: Yen) {
    *yen = yen.checked_add(amount).unwrap_or(MOST_OF_A_DAY).min(MOST_OF_A_DAY);
}
