//! Reconciliation, 0500/0510: an acquirer's totals of one business day against the switch's.
//!
//! Debits are purchases, credits are refunds. Published specifications disagree about the sign of the reversal amounts in
//! DE97; here the reversals are taken off their own side: net = (86 − 87) − (88 − 89), `C` when credits outweigh. A day
//! with more purchases than refunds is therefore `D`. docs/WIRE.md states it and a test fixes it.

use super::{FieldError, ResponseCode, number, read, required};
use crate::ids::{InstitutionId, Stan};
use crate::iso8583::{Message, Mti};
use crate::jst::TransmissionTime;
use crate::money::Yen;

/// Counts and amounts of one acquirer's business day (DE74-77 and DE86-89).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, minicbor::Encode, minicbor::Decode)]
pub struct DayTotals {
    /// DE74, refunds.
    #[n(0)]
    pub credits: u64,
    /// DE75, reversed refunds.
    #[n(1)]
    pub credit_reversals: u64,
    /// DE76, purchases and completions.
    #[n(2)]
    pub debits: u64,
    /// DE77, reversed purchases.
    #[n(3)]
    pub debit_reversals: u64,
    /// DE86.
    #[n(4)]
    pub credit_amount: Yen,
    /// DE87.
    #[n(5)]
    pub credit_reversal_amount: Yen,
    /// DE88.
    #[n(6)]
    pub debit_amount: Yen,
    /// DE89.
    #[n(7)]
    pub debit_reversal_amount: Yen,
}

impl DayTotals {
    /// DE97: (86 − 87) − (88 − 89). Sums of amounts that the ledger has already held cannot overflow.
    #[must_use]
    pub fn net(&self) -> Yen {
        let credit = self.credit_amount.checked_sub(self.credit_reversal_amount);
        let debit = self.debit_amount.checked_sub(self.debit_reversal_amount);
        credit.zip(debit).and_then(|(c, d)| c.checked_sub(d)).expect("totals of at most 16 digits")
    }
}

/// A 0500 or 0510.
#[derive(Clone, Copy, PartialEq, Eq, Debug, minicbor::Encode, minicbor::Decode)]
pub struct Totals {
    /// 0500, 0501 or 0510.
    #[n(0)]
    pub mti: Mti,
    /// DE7.
    #[n(1)]
    pub transmission: TransmissionTime,
    /// DE11.
    #[n(2)]
    pub stan: Stan,
    /// DE15, MMDD of the business day.
    #[n(3)]
    pub date: u16,
    /// DE32.
    #[n(4)]
    pub acquirer: InstitutionId,
    /// DE39, in answers: 00 in balance, 95 out of balance.
    #[n(5)]
    pub code: Option<ResponseCode>,
    /// DE66, in answers: 1 in balance, 2 out of balance, 3 error.
    #[n(6)]
    pub settlement: Option<u8>,
    /// The sender's totals; DE97 is computed from them.
    #[n(7)]
    pub day: DayTotals,
}

impl Totals {
    /// Reads a decoded message of class 5. A DE97 that does not follow from the other fields is an error.
    pub fn from_message(message: &Message) -> Result<Totals, FieldError> {
        let amount = |field: u8| {
            i64::try_from(number(message, field)?).map(Yen::new).map_err(|_| FieldError::new(field, "is too large"))
        };
        let day = DayTotals {
            credits: number(message, 74)?,
            credit_reversals: number(message, 75)?,
            debits: number(message, 76)?,
            debit_reversals: number(message, 77)?,
            credit_amount: amount(86)?,
            credit_reversal_amount: amount(87)?,
            debit_amount: amount(88)?,
            debit_reversal_amount: amount(89)?,
        };
        if day.net().get().unsigned_abs() > MAX_NET {
            return Err(FieldError::new(97, "the net of these totals has more than 16 digits"));
        }
        if required(message, 97)? != net_wire(day.net()) {
            let problem = format!("net settlement must be (86 - 87) - (88 - 89) = {}", day.net());
            return Err(FieldError::new(97, problem));
        }
        Ok(Totals {
            mti: message.mti,
            transmission: TransmissionTime::from_wire(required(message, 7)?)
                .ok_or_else(|| FieldError::new(7, "must be a date and time MMDDhhmmss"))?,
            stan: read(message, 11, Stan::from_wire)?,
            date: u16::try_from(number(message, 15)?)
                .ok()
                .filter(|d| crate::jst::is_mmdd(*d))
                .ok_or_else(|| FieldError::new(15, "must be a date MMDD"))?,
            acquirer: read(message, 32, InstitutionId::from_wire)?,
            code: message.get(39).and_then(ResponseCode::from_wire),
            settlement: match message.get(66) {
                None => None,
                Some(_) => Some(
                    u8::try_from(number(message, 66)?)
                        .ok()
                        .filter(|n| *n <= 9)
                        .ok_or_else(|| FieldError::new(66, "must be one digit"))?,
                ),
            },
            day,
        })
    }

    /// Writes the message; DE50 is 392.
    pub fn to_message(&self, out: &mut Message) {
        out.clear(self.mti);
        out.set_number(7, u64::from(self.transmission.get()), 10);
        out.set_number(11, u64::from(self.stan.get()), 6);
        out.set_number(15, u64::from(self.date), 4);
        out.set(32, self.acquirer.as_bytes());
        out.set(50, b"392");
        if let Some(code) = &self.code {
            out.set(39, code.wire());
        }
        if let Some(settlement) = self.settlement {
            out.set_number(66, u64::from(settlement), 1);
        }
        let d = &self.day;
        for (field, count) in [(74, d.credits), (75, d.credit_reversals), (76, d.debits), (77, d.debit_reversals)] {
            out.set_number(field, count, 10);
        }
        let amounts = [
            (86, d.credit_amount),
            (87, d.credit_reversal_amount),
            (88, d.debit_amount),
            (89, d.debit_reversal_amount),
        ];
        for (field, yen) in amounts {
            out.set_number(field, yen.get().unsigned_abs(), 16);
        }
        out.set(97, &net_wire(d.net()));
        out.set(99, self.acquirer.as_bytes());
    }
}

/// The largest amount that DE97 (x+n16) can carry.
const MAX_NET: u64 = 9_999_999_999_999_999;

fn net_wire(net: Yen) -> [u8; 17] {
    let mut out = [b'0'; 17];
    out[0] = if net.get() < 0 { b'D' } else { b'C' };
    crate::ids::write_digits(net.get().unsigned_abs().min(MAX_NET), &mut out[1..]);
    out
}
