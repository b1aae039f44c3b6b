//! The payment of a tap: its legs, and the spread of refunds over them.

use kazasu_ledger::record::TransactionKind;
use kazasu_ledger::{AccountId, AccountKey, Book, HoldId, Transfer, TransferKind};
use kazasu_schemas::money::Yen;
use smallvec::SmallVec;

/// The source of a leg's money (of a refund, its destination).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Purse,
    /// Points that are paid with; the leg behind it is their funder's yen.
    Points,
    Funder,
    /// The linked instrument.
    Instrument,
    /// No account covers it: to be claimed from the acquirer. It stands in for the linked instrument, and counts like it.
    Shortfall,
    /// A purse had paid it, had it back by a refund, and had spent it when the refund was undone. It is claimed from the acquirer too,
    /// but it never was a part of the linked instrument.
    Uncovered,
    /// The issuer refused afterwards; the operator bears it.
    Loss,
    /// Points granted.
    Grant,
}

/// One transfer of a tap and what became of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Leg {
    pub(super) debit: AccountId,
    pub(super) credit: AccountId,
    pub(super) source: Source,
    /// Of a refund: the original's leg that it gives back.
    pub(super) of: u8,
    pub(super) hold: Option<HoldId>,
    /// As it was asked for.
    pub(super) asked: Yen,
    /// The posted amount.
    pub(super) posted: Yen,
    /// The amount that refunds have given back, those that wait for an issuer included.
    pub(super) refunded: Yen,
    /// The amount that reversals have given back.
    pub(super) undone: Yen,
}

pub(super) type Legs = SmallVec<[Leg; 1]>;
/// Amounts, one a leg.
pub(super) type Shares = SmallVec<[Yen; 4]>;

pub(super) fn plus(a: Yen, b: Yen) -> Yen {
    a.checked_add(b).expect("parts of one tap")
}

pub(super) fn minus(a: Yen, b: Yen) -> Yen {
    a.checked_sub(b).expect("parts of one tap")
}

impl Leg {
    /// The amount that stands: posted and not given back.
    pub(super) fn stands(&self) -> Yen {
        minus(self.posted, self.given_back())
    }

    pub(super) fn given_back(&self) -> Yen {
        plus(self.refunded, self.undone)
    }

    /// Counts in spending windows.
    pub(super) fn is_part(&self) -> bool {
        matches!(self.source, Source::Instrument | Source::Shortfall | Source::Loss)
    }

    /// Is claimed from the acquirer.
    pub(super) fn is_claimed(&self) -> bool {
        matches!(self.source, Source::Shortfall | Source::Uncovered)
    }

    /// In yen towards or from the merchant.
    pub(super) fn is_yen(&self) -> bool {
        !matches!(self.source, Source::Points | Source::Grant)
    }
}

/// The sum of something over the legs that something holds for.
pub(super) fn sum(legs: &[Leg], which: impl Fn(&Leg) -> bool, what: impl Fn(&Leg) -> Yen) -> Yen {
    legs.iter().filter(|leg| which(leg)).fold(Yen::ZERO, |sum, leg| plus(sum, what(leg)))
}

/// The legs that a record's own transfers make: direct ones, holds, and (of a completion) posts.
pub(super) fn legs_of(book: &Book, seq: u64, transfers: &[Transfer]) -> Legs {
    let key = |id| book.account(id).expect("a record names open accounts").key;
    let made = transfers
        .iter()
        .enumerate()
        .filter(|(_, t)| matches!(t.kind, TransferKind::Direct | TransferKind::Hold | TransferKind::Post(_)));
    made.map(|(at, t)| {
        let hold = (t.kind == TransferKind::Hold).then(|| HoldId::new(seq, at));
        Leg {
            debit: t.debit,
            credit: t.credit,
            source: source(key(t.debit), key(t.credit)),
            of: 0,
            hold,
            asked: t.amount,
            posted: if hold.is_some() { Yen::ZERO } else { t.amount },
            refunded: Yen::ZERO,
            undone: Yen::ZERO,
        }
    })
    .collect()
}

/// Payments debit it, refunds credit it; the merchant is on the other side, or the operator's loss where that bears a refund.
fn source(debit: AccountKey, credit: AccountKey) -> Source {
    let other = match (debit, credit) {
        (AccountKey::MerchantPayable(..), _) => credit,
        (AccountKey::Differences, credit) if !matches!(credit, AccountKey::MerchantPayable(..)) => credit,
        (debit, _) => debit,
    };
    match (other, credit) {
        (AccountKey::Purse(..), _) => Source::Purse,
        (AccountKey::FunderReceivable(_), _) => Source::Funder,
        (AccountKey::Deposit(_) | AccountKey::IssuerReceivable(_), _) => Source::Instrument,
        (AccountKey::AdviceShortfall(_), _) => Source::Shortfall,
        (AccountKey::StandInLoss(_) | AccountKey::Differences, _) => Source::Loss,
        (AccountKey::PointsSpent(_), _) | (_, AccountKey::PointsSpent(_)) => Source::Points,
        (AccountKey::PointBudget(_), _) | (_, AccountKey::PointBudget(_)) => Source::Grant,
        (debit, credit) => unreachable!("no tap moves money between {debit} and {credit}"),
    }
}

/// Spreads what is given back over the legs: first what no account covered, then in proportion to what stands of each tender;
/// points that were granted follow the instrument part. `amount` is at most what stands.
pub(super) fn spread(legs: &[Leg], amount: Yen) -> Shares {
    let mut shares: Shares = smallvec::smallvec![Yen::ZERO; legs.len()];
    let mut left = amount;
    for (leg, share) in legs.iter().zip(&mut shares) {
        if leg.is_claimed() || leg.source == Source::Loss {
            *share = open(leg).min(left);
            left = minus(left, *share);
        }
    }
    let tender = |leg: &Leg| matches!(leg.source, Source::Purse | Source::Points | Source::Instrument);
    let whole = i128::from(sum(legs, tender, open).get());
    // A record of old may give back more than stands by today's rules; its transfers stay what they are.
    left = left.min(Yen::new(i64::try_from(whole).expect("a sum of yen")));
    if left.is_positive() {
        let mut before = 0_i128;
        let up_to = |c: i128| i64::try_from(c * i128::from(left.get()) / whole).expect("at most the amount");
        for (leg, share) in legs.iter().zip(&mut shares).filter(|(leg, _)| tender(leg)) {
            let after = before + i128::from(open(leg).get());
            *share = Yen::new(up_to(after) - up_to(before));
            before = after;
        }
    }
    for at in 1..legs.len() {
        if legs[at].source == Source::Funder {
            shares[at] = shares[at - 1];
        }
    }
    let part = sum(legs, Leg::is_part, |leg| leg.posted);
    let back = legs
        .iter()
        .zip(&shares)
        .filter(|(leg, _)| leg.is_part())
        .fold(Yen::ZERO, |sum, (leg, share)| plus(sum, plus(leg.given_back(), *share)));
    for (leg, share) in legs.iter().zip(&mut shares) {
        if leg.source == Source::Grant && part.is_positive() {
            let kept = scaled(leg.posted, minus(part, back).max(Yen::ZERO), part);
            *share = minus(minus(leg.posted, kept), leg.given_back()).max(Yen::ZERO);
        }
    }
    shares
}

/// The amount of a leg that can be given back.
fn open(leg: &Leg) -> Yen {
    leg.stands().max(Yen::ZERO)
}

/// ⌊amount × part ÷ whole⌋; `part` is at most `whole`, which is above zero.
pub(super) fn scaled(amount: Yen, part: Yen, whole: Yen) -> Yen {
    let scaled = i128::from(amount.get()) * i128::from(part.get()) / i128::from(whole.get());
    Yen::new(i64::try_from(scaled).expect("at most the amount"))
}

/// The kept part of open holds when `amount` yen remain: tenders in their order, and grants as far as the instrument part is kept.
/// A leg without hold keeps nothing.
pub(super) fn keep(book: &Book, legs: &[Leg], amount: Yen) -> Shares {
    let held = |leg: &Leg| leg.hold.and_then(|id| book.hold(id)).map_or(Yen::ZERO, |hold| hold.amount);
    let mut kept: Shares = smallvec::smallvec![Yen::ZERO; legs.len()];
    let mut left = amount;
    for at in 0..legs.len() {
        match legs[at].source {
            Source::Funder => kept[at] = kept[at - 1],
            Source::Grant => {}
            Source::Purse
            | Source::Points
            | Source::Instrument
            | Source::Shortfall
            | Source::Uncovered
            | Source::Loss => {
                kept[at] = held(&legs[at]).min(left);
                left = minus(left, kept[at]);
            }
        }
    }
    let part = sum(legs, Leg::is_part, held);
    let kept_part = legs.iter().zip(&kept).filter(|(leg, _)| leg.is_part()).fold(Yen::ZERO, |s, (_, k)| plus(s, *k));
    for (leg, kept) in legs.iter().zip(&mut kept) {
        if leg.source == Source::Grant && part.is_positive() {
            *kept = scaled(held(leg), kept_part, part);
        }
    }
    kept
}

/// Is it a payment, by one message or two?
pub(super) fn is_payment(kind: TransactionKind) -> bool {
    match kind {
        TransactionKind::Authorize
        | TransactionKind::Purchase
        | TransactionKind::AuthorizationAdvice
        | TransactionKind::PurchaseAdvice
        | TransactionKind::Completion => true,
        TransactionKind::Refund
        | TransactionKind::RefundAdvice
        | TransactionKind::BalanceInquiry
        | TransactionKind::Reversal
        | TransactionKind::Unsupported => false,
    }
}

pub(super) fn is_refund(kind: TransactionKind) -> bool {
    matches!(kind, TransactionKind::Refund | TransactionKind::RefundAdvice)
}

/// Does it stand by itself, so that a later message can be about it?
pub(super) fn is_original(kind: TransactionKind) -> bool {
    match kind {
        TransactionKind::Authorize
        | TransactionKind::Purchase
        | TransactionKind::AuthorizationAdvice
        | TransactionKind::PurchaseAdvice
        | TransactionKind::Refund
        | TransactionKind::RefundAdvice => true,
        TransactionKind::BalanceInquiry
        | TransactionKind::Completion
        | TransactionKind::Reversal
        | TransactionKind::Unsupported => false,
    }
}
