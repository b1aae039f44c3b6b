//! The message that a record was made from, put together from the record and from the first state.

use super::super::money::{Leg, minus, plus, sum};
use super::super::state::{Tap, TapState};
use super::Replay;
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::{Transaction, TransactionKind, Verdict};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use kazasu_schemas::wire::{Operation, Options, Original, Refusal, Request};

impl Replay {
    /// The message that a record was made from, as far as the record keeps it.
    pub(super) fn request(&self, r: &Transaction) -> Request {
        let (mti, operation) = match r.kind {
            TransactionKind::Authorize => (100, Some(Operation::Authorize)),
            TransactionKind::Purchase => (200, Some(Operation::Purchase)),
            TransactionKind::Refund => (200, Some(Operation::Refund)),
            TransactionKind::BalanceInquiry => (r.key.class.into(), Some(Operation::BalanceInquiry)),
            TransactionKind::AuthorizationAdvice => (120, Some(Operation::AuthorizationAdvice)),
            TransactionKind::Completion => (220, Some(Operation::Completion)),
            TransactionKind::PurchaseAdvice => (220, Some(Operation::PurchaseAdvice)),
            TransactionKind::RefundAdvice => (220, Some(Operation::RefundAdvice)),
            TransactionKind::Reversal => (420, Some(Operation::Reversal)),
            TransactionKind::Unsupported => (r.key.class.into(), None),
        };
        let mti = if mti < 100 { mti * 100 } else { mti };
        let original = r.original.and_then(|seq| self.real.tap_by_seq(seq));
        let key = original.map(|tap| tap.key).or(r.tombstone);
        let foreign = r.verdict == Verdict::Refused(Refusal::UnsupportedCurrency);
        Request {
            mti: Mti(mti),
            operation,
            processing: 0,
            amount: r.amount,
            transmission: r.key.transmission,
            stan: r.key.stan,
            local_time: None,
            local_date: None,
            mcc: None,
            entry_mode: r.entry_mode,
            acquirer: r.key.acquirer,
            rrn: r.rrn,
            terminal: r.key.terminal,
            merchant: r.merchant,
            currency: if foreign { 840 } else { JPY_NUMERIC },
            ppid: r.ppid,
            original: key
                .map(|key| Original::new(Mti(u16::from(key.class) * 100), key.stan, key.transmission, key.acquirer)),
            replacement: original.filter(|_| r.kind == TransactionKind::Reversal).map(|tap| self.remains(tap, r)),
            options: Options(r.ruled.as_ref().map_or(0, |ruled| ruled.options)),
        }
    }

    /// The amount of a tap that remained after a reversal: old records keep only the amount that it gave back.
    fn remains(&self, tap: &Tap, r: &Transaction) -> Yen {
        if let Some(remains) = r.remains {
            return remains;
        }
        let held = |leg: &Leg| leg.hold.and_then(|id| self.real.book.hold(id)).map_or(Yen::ZERO, |hold| hold.amount);
        let stands = match tap.state {
            TapState::Held => sum(&tap.legs, Leg::is_yen, held),
            TapState::Posted => sum(&tap.legs, Leg::is_yen, Leg::stands),
            // Of what waits nothing can remain, and asking for it was refused.
            TapState::Pending => return Yen::new(i64::from(matches!(r.verdict, Verdict::Refused(_)))),
            TapState::Completed(_) | TapState::Refused | TapState::Reversed => return Yen::ZERO,
        };
        let merchant = |id| matches!(self.real.book.account(id).map(|a| a.key), Some(AccountKey::MerchantPayable(..)));
        let given = r.transfers.iter().filter(|t| merchant(t.debit) || merchant(t.credit));
        minus(stands, given.fold(Yen::ZERO, |sum, t| plus(sum, t.amount)).min(stands))
    }
}
