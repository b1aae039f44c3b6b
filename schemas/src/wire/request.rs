//! Authorizations, financial requests, advices and reversals from an acquirer, and their answers.

use super::{FieldError, Original, ResponseCode, number, read, required};
use crate::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Stan, TerminalId};
use crate::iso8583::{Message, Mti};
use crate::jst::{TransmissionTime, is_hhmmss, is_mmdd};
use crate::money::{JPY_NUMERIC, Yen};
use sha2::{Digest, Sha256};

/// The field in which an acquirer's messages carry the PPID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PpidPlace {
    /// DE102, account identification 1: the 26 characters alone.
    #[default]
    De102,
    /// DE48, private data: subelement `PP`, written `PP026` and the 26 characters; other subelements are skipped.
    De48,
}

/// The operation that a message asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum Operation {
    /// 0100, processing 00: reserve an amount, to be completed by 0220.
    #[n(0)]
    Authorize,
    /// 0200, processing 00: pay now.
    #[n(1)]
    Purchase,
    /// 0200, processing 20: give back all or part of an earlier payment.
    #[n(2)]
    Refund,
    /// 0100 or 0200, processing 30: how much is there.
    #[n(3)]
    BalanceInquiry,
    /// 0120, processing 00: an amount was reserved without asking.
    #[n(4)]
    AuthorizationAdvice,
    /// 0220 with original data: what was really taken of an authorization, at most its amount.
    #[n(5)]
    Completion,
    /// 0220 without original data: a payment that was taken without asking (offline).
    #[n(6)]
    PurchaseAdvice,
    /// 0220, processing 20: a refund that was given without asking.
    #[n(7)]
    RefundAdvice,
    /// 0400 or 0420: undo all of the original, or all but DE95's actual amount.
    #[n(8)]
    Reversal,
}

impl Operation {
    /// True when the acquirer only tells what has happened: it must be accepted.
    #[must_use]
    pub fn is_advice(self) -> bool {
        match self {
            Operation::AuthorizationAdvice
            | Operation::Completion
            | Operation::PurchaseAdvice
            | Operation::RefundAdvice
            | Operation::Reversal => true,
            Operation::Authorize | Operation::Purchase | Operation::Refund | Operation::BalanceInquiry => false,
        }
    }
}

/// One request or advice, complete and plausible. `Copy`, about 200 bytes, no heap.
#[derive(Clone, Copy, PartialEq, Eq, Debug, minicbor::Encode, minicbor::Decode)]
pub struct Request {
    /// The message type as it came, repeats included.
    #[n(0)]
    pub mti: Mti,
    /// The operation that it asks for; `None` for processing codes that this switch does not serve.
    #[n(1)]
    pub operation: Option<Operation>,
    /// DE3, six digits.
    #[n(2)]
    pub processing: u32,
    /// DE4; zero when absent (a balance inquiry may leave it out).
    #[n(3)]
    pub amount: Yen,
    /// DE7.
    #[n(4)]
    pub transmission: TransmissionTime,
    /// DE11.
    #[n(5)]
    pub stan: Stan,
    /// DE12 hhmmss and DE13 MMDD, echoed.
    #[n(6)]
    pub local_time: Option<u32>,
    /// DE13 MMDD, echoed.
    #[n(7)]
    pub local_date: Option<u16>,
    /// DE18.
    #[n(8)]
    pub mcc: Option<Mcc>,
    /// DE22, three digits; 071 contactless with PIN, 072 without. Zero when absent.
    #[n(9)]
    pub entry_mode: u16,
    /// DE32.
    #[n(10)]
    pub acquirer: InstitutionId,
    /// DE37.
    #[n(11)]
    pub rrn: Rrn,
    /// DE41.
    #[n(12)]
    pub terminal: TerminalId,
    /// DE42.
    #[n(13)]
    pub merchant: MerchantId,
    /// DE49; 392 when a balance inquiry leaves it out.
    #[n(14)]
    pub currency: u16,
    /// DE102 or DE48. A reversal may leave it out.
    #[n(15)]
    pub ppid: Option<Ppid>,
    /// DE90.
    #[n(16)]
    pub original: Option<Original>,
    /// DE95, actual amount of the transaction: what remains after a partial reversal.
    #[n(17)]
    pub replacement: Option<Yen>,
    /// DE48.
    #[n(18)]
    #[cbor(default)]
    pub options: Options,
}

impl Request {
    /// Reads a decoded message of class 1, 2 or 4.
    pub fn from_message(message: &Message, place: PpidPlace) -> Result<Request, FieldError> {
        let mti = message.mti;
        let original = message.get(90).map(Original::from_wire).transpose()?;
        let processing = u32::try_from(number(message, 3)?).map_err(|_| FieldError::new(3, "must be 6 digits"))?;
        let operation = operation(mti, processing, original.is_some());
        let inquiry = operation == Some(Operation::BalanceInquiry);
        let reversal = mti.class() == 4;
        if reversal && original.is_none() {
            return Err(FieldError::new(90, format!("is mandatory in a {mti}")));
        }
        let amount = match message.get(4) {
            None if inquiry => Yen::ZERO,
            _ => amount(message, 4)?,
        };
        let currency = match message.get(49) {
            None if inquiry => JPY_NUMERIC,
            _ => narrow(message, 49)?,
        };
        let ppid = match ppid(message, place)? {
            None if !reversal => {
                let field = if place == PpidPlace::De102 { 102 } else { 48 };
                return Err(FieldError::new(field, format!("the PPID is mandatory in a {mti}")));
            }
            other => other,
        };
        Ok(Request {
            mti,
            operation,
            processing,
            amount,
            transmission: TransmissionTime::from_wire(required(message, 7)?)
                .ok_or_else(|| FieldError::new(7, "must be a date and time MMDDhhmmss"))?,
            stan: read(message, 11, Stan::from_wire)?,
            local_time: optional(message, 12, |n: u32| is_hhmmss(n), "must be a time hhmmss")?,
            local_date: optional(message, 13, |n: u16| is_mmdd(n), "must be a date MMDD")?,
            mcc: match message.get(18) {
                None => None,
                Some(_) => Some(Mcc::new(narrow(message, 18)?).map_err(|e| FieldError::new(18, e.problem))?),
            },
            entry_mode: match message.get(22) {
                None if reversal => 0,
                _ => narrow(message, 22)?,
            },
            acquirer: read(message, 32, InstitutionId::from_wire)?,
            rrn: read(message, 37, Rrn::from_wire)?,
            terminal: read(message, 41, TerminalId::from_wire)?,
            merchant: read(message, 42, MerchantId::from_wire)?,
            currency,
            ppid,
            original,
            replacement: match message.get(95) {
                None => None,
                Some(bytes) => Some(replacement(bytes)?),
            },
            // Advices and reversals report what has happened: what they were not asked is not read, and refuses nothing.
            options: match mti.without_repeat().0 {
                100 | 200 => options(message)?,
                _ => lenient_options(message),
            },
        })
    }

    /// Writes the request as a message (the acquirer's direction of the same table).
    pub fn to_message(&self, place: PpidPlace, out: &mut Message) {
        out.clear(self.mti);
        out.set_number(3, u64::from(self.processing), 6);
        let inquiry = self.operation == Some(Operation::BalanceInquiry);
        if self.amount.is_positive() || !inquiry {
            out.set_number(4, unsigned(self.amount), 12);
        }
        if self.amount.is_positive() || !inquiry || self.currency != JPY_NUMERIC {
            out.set_number(49, u64::from(self.currency), 3);
        }
        self.echo(out);
        if let Some(mcc) = self.mcc {
            out.set_number(18, u64::from(mcc.get()), 4);
        }
        if self.entry_mode != 0 || self.mti.class() != 4 {
            out.set_number(22, u64::from(self.entry_mode), 3);
        }
        put_private(self.ppid.as_ref(), self.options, place, out);
        if let Some(original) = &self.original {
            out.set(90, &original.wire());
        }
        if let Some(actual) = self.replacement {
            let mut digits = *b"000000000000000000000000C00000000C00000000";
            crate::ids::write_digits(unsigned(actual), &mut digits[..12]);
            out.set(95, &digits);
        }
    }

    /// The fields that every answer repeats.
    fn echo(&self, out: &mut Message) {
        out.set_number(7, u64::from(self.transmission.get()), 10);
        out.set_number(11, u64::from(self.stan.get()), 6);
        if let Some(time) = self.local_time {
            out.set_number(12, u64::from(time), 6);
        }
        if let Some(date) = self.local_date {
            out.set_number(13, u64::from(date), 4);
        }
        out.set(32, self.acquirer.as_bytes());
        out.set(37, self.rrn.wire());
        out.set(41, self.terminal.wire());
        out.set(42, self.merchant.wire());
    }

    /// Writes `answer` to this request as a message.
    pub fn answer_message(&self, answer: &Answer, place: PpidPlace, out: &mut Message) {
        out.clear(self.mti.answer());
        out.set_number(3, u64::from(self.processing), 6);
        if self.amount.is_positive() {
            out.set_number(4, unsigned(answer.approved.unwrap_or(self.amount)), 12);
            out.set_number(49, u64::from(self.currency), 3);
        }
        self.echo(out);
        if let Some(approval) = &answer.approval {
            out.set(38, approval.wire());
        }
        out.set(39, answer.code.wire());
        let amounts = additional_amounts(answer.balance, answer.receipt);
        if !amounts.is_empty() {
            out.set(54, &amounts);
        }
        put_private(self.ppid.as_ref(), Options::default(), place, out);
        if let Some(original) = &self.original {
            out.set(90, &original.wire());
        }
    }

    /// The original data elements that refer to this message.
    #[must_use]
    pub fn as_original(&self) -> Original {
        Original::new(self.mti, self.stan, self.transmission, self.acquirer)
    }

    /// Identifies the content: two messages with one key are repeats exactly when their fingerprints are equal.
    ///
    /// The first eight bytes of SHA-256 over everything but the message type's repeat bit, the local time, the MAC, and
    /// STAN and transmission time, which are in the key.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        let mut bytes = [0_u8; 192];
        let mut at = 0;
        let mut put = |part: &[u8]| {
            bytes[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        };
        put(&self.mti.without_repeat().0.to_be_bytes());
        put(&self.processing.to_be_bytes());
        put(&self.amount.get().to_be_bytes());
        put(&self.mcc.map_or(u16::MAX, Mcc::get).to_be_bytes());
        put(&self.entry_mode.to_be_bytes());
        put(self.rrn.wire());
        put(self.terminal.wire());
        put(self.merchant.wire());
        put(&self.currency.to_be_bytes());
        put(&[u8::from(self.ppid.is_some())]);
        put(self.ppid.as_ref().map_or(&[0; 16], Ppid::bytes).as_slice());
        put(&self.replacement.map_or(-1, Yen::get).to_be_bytes());
        put(&self.acquirer.zero_filled());
        if let Some(original) = &self.original {
            put(&original.wire());
        }
        if self.options != Options::default() {
            put(&[self.options.0]);
        }
        let hash = Sha256::digest(&bytes[..at]);
        u64::from_be_bytes(hash[..8].try_into().expect("32 bytes"))
    }
}

/// The balance of an account, for DE54.
#[derive(Clone, Copy, PartialEq, Eq, Debug, minicbor::Encode, minicbor::Decode)]
pub struct Balance {
    /// Posted balance.
    #[n(0)]
    pub ledger: Yen,
    /// The amount that can be spent now: holds are taken off.
    #[n(1)]
    pub available: Yen,
}

impl Balance {
    /// Two blocks of 20 characters: account type 00, amount types 01 and 02, currency, sign, twelve digits.
    #[must_use]
    pub fn wire(&self) -> [u8; 40] {
        let mut out = [b'0'; 40];
        for (block, (kind, yen)) in out.chunks_exact_mut(20).zip([(b"01", self.ledger), (b"02", self.available)]) {
            block[2..4].copy_from_slice(kind);
            block[4..7].copy_from_slice(b"392");
            block[7] = if yen.get() < 0 { b'D' } else { b'C' };
            crate::ids::write_digits(yen.get().unsigned_abs(), &mut block[8..]);
        }
        out
    }

    /// Reads the blocks of [`Balance::wire`] in any order; `None` when one is missing or unreadable.
    #[must_use]
    pub fn from_wire(bytes: &[u8]) -> Option<Self> {
        let amount = |kind: &[u8]| {
            let block = bytes.chunks_exact(20).find(|b| &b[2..4] == kind)?;
            let yen = i64::try_from(crate::ids::digits(&block[8..])?).ok()?;
            Some(Yen::new(if block[7] == b'D' { -yen } else { yen }))
        };
        Some(Balance { ledger: amount(b"01")?, available: amount(b"02")? })
    }
}

/// The facts for the receipt besides an account's balance; what does not exist for the person is absent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, minicbor::Encode, minicbor::Decode)]
pub struct Receipt {
    /// Left in all purses together; yen.
    #[n(0)]
    pub purses: Option<Yen>,
    /// Points of all programmes.
    #[n(1)]
    pub points: Option<i64>,
    /// The amount that the tightest limit of the day or month leaves, in yen.
    #[n(2)]
    pub remaining: Option<Yen>,
}

impl Receipt {
    /// True when there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Receipt::default()
    }
}

/// DE54: at most five blocks of 20 characters: account type, amount type, currency, sign, twelve digits.
///
/// Account types: 00 the account, 60 purses, 90 points (currency 999, none). Amount types: 01 ledger, 02 available, 20
/// remaining this cycle.
#[must_use]
pub fn additional_amounts(balance: Option<Balance>, receipt: Receipt) -> arrayvec::ArrayVec<u8, 100> {
    let blocks = [
        (b"0001392", balance.map(|b| b.ledger.get())),
        (b"0002392", balance.map(|b| b.available.get())),
        (b"6002392", receipt.purses.map(Yen::get)),
        (b"9002999", receipt.points),
        (b"0020392", receipt.remaining.map(Yen::get)),
    ];
    let mut out = arrayvec::ArrayVec::new();
    for (head, amount) in blocks {
        let Some(amount) = amount else { continue };
        let mut block = [b'0'; 20];
        block[..7].copy_from_slice(head);
        block[7] = if amount < 0 { b'D' } else { b'C' };
        crate::ids::write_digits(amount.unsigned_abs().min(999_999_999_999), &mut block[8..]);
        out.try_extend_from_slice(&block).expect("five blocks of 20");
    }
    out
}

/// Reads the blocks of [`additional_amounts`] in any order; others are skipped.
#[must_use]
pub fn read_additional_amounts(bytes: &[u8]) -> (Option<Balance>, Receipt) {
    let amount = |head: &[u8]| {
        let block = bytes.chunks_exact(20).find(|b| &b[..7] == head)?;
        let n = i64::try_from(crate::ids::digits(&block[8..])?).ok()?;
        Some(if block[7] == b'D' { -n } else { n })
    };
    let receipt = Receipt {
        purses: amount(b"6002392").map(Yen::new),
        points: amount(b"9002999"),
        remaining: amount(b"0020392").map(Yen::new),
    };
    (Balance::from_wire(bytes), receipt)
}

/// The terminal's abilities and the resident's choice; DE48 subelements `PA` and `UP`, one character, `1` for yes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Options(#[n(0)] pub u8);

impl Options {
    /// `PA1`: the terminal takes an approval of less than it asked for (DE39 = 10).
    pub const PARTIAL: Options = Options(1);
    /// `UP1`: the resident wants to pay with points.
    pub const USE_POINTS: Options = Options(2);

    /// Are all of these set?
    #[must_use]
    pub fn has(self, other: Options) -> bool {
        self.0 & other.0 == other.0
    }

    /// These and those.
    #[must_use]
    pub fn with(self, other: Options) -> Options {
        Options(self.0 | other.0)
    }
}

/// The answer's own part; everything else is echoed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, minicbor::Encode, minicbor::Decode)]
pub struct Answer {
    /// DE39.
    #[n(0)]
    pub code: ResponseCode,
    /// DE38, on approvals.
    #[n(1)]
    pub approval: Option<ApprovalCode>,
    /// DE54, on balance inquiries.
    #[n(2)]
    pub balance: Option<Balance>,
    /// DE54: purses, points, remaining limit.
    #[n(3)]
    #[cbor(default)]
    pub receipt: Receipt,
    /// DE4 with DE39 = 10: what was approved instead of the amount asked for.
    #[n(4)]
    pub approved: Option<Yen>,
}

impl Answer {
    /// A bare code.
    #[must_use]
    pub fn code(code: ResponseCode) -> Self {
        Answer { code, approval: None, balance: None, receipt: Receipt::default(), approved: None }
    }
}

fn operation(mti: Mti, processing: u32, has_original: bool) -> Option<Operation> {
    let kind = processing / 10_000;
    Some(match (mti.without_repeat().0, kind) {
        (100, 0) => Operation::Authorize,
        (200, 0) => Operation::Purchase,
        (200, 20) => Operation::Refund,
        (100 | 200, 30) => Operation::BalanceInquiry,
        (120, 0) => Operation::AuthorizationAdvice,
        (220, 0) if has_original => Operation::Completion,
        (220, 0) => Operation::PurchaseAdvice,
        (220, 20) => Operation::RefundAdvice,
        (400 | 420, _) => Operation::Reversal,
        _ => return None,
    })
}

fn unsigned(yen: Yen) -> u64 {
    u64::try_from(yen.get()).expect("an amount on the wire is not negative")
}

pub(crate) fn amount(message: &Message, field: u8) -> Result<Yen, FieldError> {
    i64::try_from(number(message, field)?).map(Yen::new).map_err(|_| FieldError::new(field, "is too large"))
}

fn narrow<T: TryFrom<u64>>(message: &Message, field: u8) -> Result<T, FieldError> {
    T::try_from(number(message, field)?).map_err(|_| FieldError::new(field, "is too large"))
}

fn optional<T: TryFrom<u64> + Copy>(
    message: &Message,
    field: u8,
    valid: impl Fn(T) -> bool,
    problem: &str,
) -> Result<Option<T>, FieldError> {
    match message.get(field) {
        None => Ok(None),
        Some(_) => match narrow(message, field) {
            Ok(n) if valid(n) => Ok(Some(n)),
            _ => Err(FieldError::new(field, problem)),
        },
    }
}

fn replacement(bytes: &[u8]) -> Result<Yen, FieldError> {
    let digits = bytes.get(..12).and_then(crate::ids::digits).and_then(|n| i64::try_from(n).ok());
    digits
        .map(Yen::new)
        .ok_or_else(|| FieldError::new(95, "replacement amounts: the first 12 characters must be digits"))
}

fn private<'a>(message: &'a Message, wanted: &[u8; 2]) -> Result<Option<&'a [u8]>, FieldError> {
    message.get(48).map_or(Ok(None), |bytes| super::subelement(bytes, wanted))
}

fn lenient_options(message: &Message) -> Options {
    options(message).unwrap_or_default()
}

fn options(message: &Message) -> Result<Options, FieldError> {
    let mut options = Options::default();
    for (tag, option) in [(b"PA", Options::PARTIAL), (b"UP", Options::USE_POINTS)] {
        // A DE48 without subelements belongs to another use, and has no meaning here.
        match private(message, tag).ok().flatten() {
            Some(b"1") => options = options.with(option),
            None | Some(b"0") => {}
            Some(_) => return Err(FieldError::new(48, "subelements PA and UP are 1 (yes) or 0 (no)")),
        }
    }
    Ok(options)
}

fn ppid(message: &Message, place: PpidPlace) -> Result<Option<Ppid>, FieldError> {
    let (field, value) = match place {
        PpidPlace::De102 => (102, message.get(102)),
        PpidPlace::De48 => (48, private(message, b"PP")?),
    };
    let read = |b| Ppid::from_wire(b).map_err(|e| FieldError::new(field, format!("PPID {}", e.problem)));
    value.map(read).transpose()
}

fn put_private(ppid: Option<&Ppid>, options: Options, place: PpidPlace, out: &mut Message) {
    let mut private = arrayvec::ArrayVec::<u8, 43>::new();
    let mut put = |tag: &[u8; 5], value: &[u8]| {
        let fits = private.try_extend_from_slice(tag).and_then(|()| private.try_extend_from_slice(value));
        fits.expect("31 bytes and twice 6");
    };
    match (place, ppid) {
        (PpidPlace::De102, Some(ppid)) => {
            out.set(102, &ppid.wire());
        }
        (PpidPlace::De48, Some(ppid)) => put(b"PP026", &ppid.wire()),
        (_, None) => {}
    }
    for (tag, option) in [(b"PA001", Options::PARTIAL), (b"UP001", Options::USE_POINTS)] {
        if options.has(option) {
            put(tag, b"1");
        }
    }
    if !private.is_empty() {
        out.set(48, &private);
    }
}
