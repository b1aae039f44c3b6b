//! Messages towards an issuer, and its answers: the same ISO 8583, with the account in DE2 (card) or DE102 (bank account).

use super::request::amount;
use super::{FieldError, Original, ResponseCode, number, read, required};
use crate::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Rrn, Stan, TerminalId};
use crate::iso8583::{Message, Mti};
use crate::jst::TransmissionTime;
use crate::money::{JPY_NUMERIC, Yen};
use crate::secret::Pan;

/// The account at the issuer.
#[derive(Clone)]
pub enum Account {
    /// A card's number, DE2.
    Card(Pan),
    /// A bank account, DE102: branch (3 digits) and account number (7 digits).
    Bank(String),
}

/// A card as its mask, a bank account as its last three digits.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Account::Card(pan) => write!(f, "Card({})", pan.masked()),
            Account::Bank(account) => {
                let skip = account.chars().count().saturating_sub(3);
                write!(f, "Bank(…{})", account.chars().skip(skip).collect::<String>())
            }
        }
    }
}

/// The operation that the issuer is asked for or notified of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum IssuerOperation {
    /// 0100/00: reserve.
    #[n(0)]
    Authorize,
    /// 0200/00: debit now.
    #[n(1)]
    Purchase,
    /// 0200/20: credit back.
    #[n(2)]
    Refund,
    /// 0220/00 with DE90: debit what was reserved, or less.
    #[n(3)]
    Completion,
    /// 0220/00: debit what was taken without asking.
    #[n(4)]
    PurchaseAdvice,
    /// 0220/20: credit what was given back without asking.
    #[n(5)]
    RefundAdvice,
    /// 0420 with DE90: undo (DE95: all but).
    #[n(6)]
    Reversal,
}

impl IssuerOperation {
    fn mti(self) -> Mti {
        Mti(match self {
            IssuerOperation::Authorize => 100,
            IssuerOperation::Purchase | IssuerOperation::Refund => 200,
            IssuerOperation::Completion | IssuerOperation::PurchaseAdvice | IssuerOperation::RefundAdvice => 220,
            IssuerOperation::Reversal => 420,
        })
    }

    fn processing(self) -> u64 {
        match self {
            IssuerOperation::Refund | IssuerOperation::RefundAdvice => 200_000,
            IssuerOperation::Authorize
            | IssuerOperation::Purchase
            | IssuerOperation::Completion
            | IssuerOperation::PurchaseAdvice
            | IssuerOperation::Reversal => 0,
        }
    }

    /// True when the issuer must accept: it is sent again until acknowledged.
    #[must_use]
    pub fn is_advice(self) -> bool {
        match self {
            IssuerOperation::Authorize | IssuerOperation::Purchase | IssuerOperation::Refund => false,
            IssuerOperation::Completion
            | IssuerOperation::PurchaseAdvice
            | IssuerOperation::RefundAdvice
            | IssuerOperation::Reversal => true,
        }
    }
}

/// A message to an issuer.
#[derive(Clone, Debug)]
pub struct IssuerRequest {
    /// The operation that is asked for.
    pub operation: IssuerOperation,
    /// True when the same message went out before: the type's last digit becomes 1.
    pub repeat: bool,
    /// The account.
    pub account: Account,
    /// DE4.
    pub amount: Yen,
    /// DE7; with DE11 and DE32 it identifies the message to the issuer.
    pub transmission: TransmissionTime,
    /// DE11.
    pub stan: Stan,
    /// DE18.
    pub mcc: Mcc,
    /// DE22.
    pub entry_mode: u16,
    /// DE32: the switch's own institution id.
    pub acquirer: InstitutionId,
    /// DE37: the switch's reference, one for each message, echoed by the issuer: answers are matched by it alone.
    pub rrn: Rrn,
    /// DE41.
    pub terminal: TerminalId,
    /// DE42.
    pub merchant: MerchantId,
    /// DE90: the message this one completes or undoes.
    pub original: Option<Original>,
    /// DE95: what remains after a partial reversal.
    pub replacement: Option<Yen>,
}

impl IssuerRequest {
    /// The message type on the wire.
    #[must_use]
    pub fn mti(&self) -> Mti {
        Mti(self.operation.mti().0 + u16::from(self.repeat))
    }

    /// Writes the message.
    pub fn to_message(&self, out: &mut Message) {
        out.clear(self.mti());
        if let Account::Card(pan) = &self.account {
            out.set(2, pan.expose());
        }
        out.set_number(3, self.operation.processing(), 6);
        out.set_number(4, u64::try_from(self.amount.get()).expect("an amount on the wire is not negative"), 12);
        out.set_number(7, u64::from(self.transmission.get()), 10);
        out.set_number(11, u64::from(self.stan.get()), 6);
        out.set_number(18, u64::from(self.mcc.get()), 4);
        out.set_number(22, u64::from(self.entry_mode), 3);
        out.set(32, self.acquirer.as_bytes());
        out.set(37, self.rrn.wire());
        out.set(41, self.terminal.wire());
        out.set(42, self.merchant.wire());
        out.set_number(49, u64::from(JPY_NUMERIC), 3);
        if let Some(original) = &self.original {
            out.set(90, &original.wire());
        }
        if let Some(actual) = self.replacement {
            let mut digits = *b"000000000000000000000000C00000000C00000000";
            crate::ids::write_digits(u64::try_from(actual.get()).expect("not negative"), &mut digits[..12]);
            out.set(95, &digits);
        }
        if let Account::Bank(account) = &self.account {
            out.set(102, account.as_bytes());
        }
    }

    /// Reads a message as the issuer sees it (used by the simulator).
    pub fn from_message(message: &Message) -> Result<IssuerRequest, FieldError> {
        let mti = message.mti;
        let original = message.get(90).map(Original::from_wire).transpose()?;
        let kind = number(message, 3)? / 10_000;
        let operation = match (mti.without_repeat().0, kind, original.is_some()) {
            (100, 0, _) => IssuerOperation::Authorize,
            (200, 0, _) => IssuerOperation::Purchase,
            (200, 20, _) => IssuerOperation::Refund,
            (220, 0, true) => IssuerOperation::Completion,
            (220, 0, false) => IssuerOperation::PurchaseAdvice,
            (220, 20, _) => IssuerOperation::RefundAdvice,
            (400 | 420, _, true) => IssuerOperation::Reversal,
            _ => return Err(FieldError::new(3, format!("no operation for a {mti} with processing {kind:02}"))),
        };
        let account = match (message.get(2), message.get(102)) {
            (Some(pan), _) => Account::Card(Pan::parse(pan).map_err(|e| FieldError::new(2, e.to_string()))?),
            (None, Some(account)) => Account::Bank(String::from_utf8_lossy(account).into_owned()),
            (None, None) => return Err(FieldError::new(2, "either DE2 or DE102 is mandatory")),
        };
        let small =
            |field: u8| u16::try_from(number(message, field)?).map_err(|_| FieldError::new(field, "is too large"));
        Ok(IssuerRequest {
            operation,
            repeat: mti.0 % 2 == 1,
            account,
            amount: amount(message, 4)?,
            transmission: TransmissionTime::from_wire(required(message, 7)?)
                .ok_or_else(|| FieldError::new(7, "must be a date and time MMDDhhmmss"))?,
            stan: read(message, 11, Stan::from_wire)?,
            mcc: Mcc::new(small(18)?).map_err(|e| FieldError::new(18, e.problem))?,
            entry_mode: small(22)?,
            acquirer: read(message, 32, InstitutionId::from_wire)?,
            rrn: read(message, 37, Rrn::from_wire)?,
            terminal: read(message, 41, TerminalId::from_wire)?,
            merchant: read(message, 42, MerchantId::from_wire)?,
            original,
            replacement: match message.get(95) {
                None => None,
                Some(bytes) => {
                    let digits = bytes.get(..12).and_then(crate::ids::digits).and_then(|n| i64::try_from(n).ok());
                    Some(Yen::new(digits.ok_or_else(|| FieldError::new(95, "must begin with 12 digits"))?))
                }
            },
        })
    }

    /// The original data elements that refer to this message.
    #[must_use]
    pub fn as_original(&self) -> Original {
        Original::new(self.mti(), self.stan, self.transmission, self.acquirer)
    }

    /// The fields of this message that an answer repeats.
    #[must_use]
    pub fn repeated(&self) -> Repeated {
        Repeated {
            amount: Some(self.amount),
            transmission: Some(self.transmission),
            stan: Some(self.stan),
            terminal: Some(self.terminal),
            currency: Some(u64::from(JPY_NUMERIC)),
        }
    }

    /// Writes the issuer's answer to this message (used by the simulator).
    pub fn answer_message(&self, answer: &IssuerAnswer, out: &mut Message) {
        out.clear(self.mti().answer());
        out.set_number(3, self.operation.processing(), 6);
        out.set_number(4, u64::try_from(self.amount.get()).expect("an amount on the wire is not negative"), 12);
        out.set_number(7, u64::from(self.transmission.get()), 10);
        out.set_number(11, u64::from(self.stan.get()), 6);
        out.set(32, self.acquirer.as_bytes());
        out.set(37, self.rrn.wire());
        if let Some(approval) = &answer.approval {
            out.set(38, approval.wire());
        }
        out.set(39, answer.code.wire());
        out.set(41, self.terminal.wire());
        out.set(42, self.merchant.wire());
        out.set_number(49, u64::from(JPY_NUMERIC), 3);
    }
}

/// The fields that identify a message between switch and issuer, and that an answer repeats: DE4, DE7, DE11, DE41 and DE49.
/// DE37 finds the question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Repeated {
    /// DE4.
    pub amount: Option<Yen>,
    /// DE7.
    pub transmission: Option<TransmissionTime>,
    /// DE11.
    pub stan: Option<Stan>,
    /// DE41.
    pub terminal: Option<TerminalId>,
    /// DE49.
    pub currency: Option<u64>,
}

/// The mismatch of an answer and its question: the first field that differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Misfit {
    /// The field; 0 is the message type.
    pub field: u8,
    /// The value of the question.
    pub asked: Repeated,
    /// The value of the answer.
    pub said: Repeated,
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        fn word<T: std::fmt::Display>(value: Option<T>) -> String {
            value.map_or_else(|| "nothing readable".to_owned(), |value| value.to_string())
        }
        let of = |r: &Repeated| match self.field {
            4 => word(r.amount.map(Yen::get)),
            7 => word(r.transmission.map(|t| format!("{:010}", t.get()))),
            11 => word(r.stan.map(|stan| format!("{:06}", stan.get()))),
            41 => word(r.terminal),
            _ => word(r.currency),
        };
        match self.field {
            0 => f.write_str("its message type is not that of an answer to what was asked"),
            field => write!(f, "DE{field} must repeat what was asked: {}, got {}", of(&self.asked), of(&self.said)),
        }
    }
}

impl Repeated {
    /// The reason why an answer with these fields and this DE39 does not belong to a question with those. A partial approval may say less.
    #[must_use]
    pub fn misfit(&self, code: ResponseCode, asked: &Repeated) -> Option<Misfit> {
        let amount = self.amount == asked.amount
            || code == ResponseCode::PARTIAL && self.amount.is_some() && self.amount < asked.amount;
        let fields = [
            (4, amount),
            (7, self.transmission == asked.transmission),
            (11, self.stan == asked.stan),
            (41, self.terminal == asked.terminal),
            (49, self.currency == asked.currency),
        ];
        let (field, _) = fields.iter().find(|(_, fits)| !fits)?;
        Some(Misfit { field: *field, asked: *asked, said: *self })
    }
}

/// An issuer's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IssuerAnswer {
    /// The answer's type.
    pub mti: Mti,
    /// DE37, as it was sent.
    pub rrn: Rrn,
    /// DE39.
    pub code: ResponseCode,
    /// DE38.
    pub approval: Option<ApprovalCode>,
    /// The fields that it repeats of its question; a field that is absent or cannot be read is `None`.
    pub repeated: Repeated,
}

impl IssuerAnswer {
    /// The reason why it is no answer to a message of type `mti` with these fields; `None` when it is one.
    #[must_use]
    pub fn misfit(&self, mti: Mti, asked: &Repeated) -> Option<Misfit> {
        if self.mti.without_repeat() != mti.answer() {
            return Some(Misfit { field: 0, asked: *asked, said: self.repeated });
        }
        self.repeated.misfit(self.code, asked)
    }

    /// Reads a decoded answer.
    pub fn from_message(message: &Message) -> Result<IssuerAnswer, FieldError> {
        Ok(IssuerAnswer {
            mti: message.mti,
            rrn: read(message, 37, Rrn::from_wire)?,
            code: ResponseCode::from_wire(required(message, 39)?)
                .ok_or_else(|| FieldError::new(39, "must be 2 letters or digits"))?,
            approval: message.get(38).and_then(|b| ApprovalCode::from_wire(b).ok()),
            repeated: Repeated {
                amount: amount(message, 4).ok(),
                transmission: message.get(7).and_then(TransmissionTime::from_wire),
                stan: message.get(11).and_then(|b| Stan::from_wire(b).ok()),
                terminal: message.get(41).and_then(|b| TerminalId::from_wire(b).ok()),
                currency: number(message, 49).ok(),
            },
        })
    }
}
