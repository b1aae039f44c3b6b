//! Corrections of payments by staff: for merchants that cannot use their terminal, two people give back what a terminal's refund
//! advice would. The record is that refund's; it says who asked for it. What the issuer paid is told to the issuer until it answers, so
//! an answer that does not come is never taken as a no. A write-off gives the same back, and the operator bears it.

use super::money::{Leg, Shares, Source, spread};
use super::refusal::{CorrectionRefusal, Rejected};
use super::state::{State, Tap, TapState};
use super::undo::{give_back, instrument_share, issuer_of};
use kazasu_ledger::record::{
    ByStaff, CLASS_OF_STAFF, Correction, CorrectionKind, Opening, Ruled, TapKey, ToIssuer, Transaction,
    TransactionKind, Verdict,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, AccountKey, Seq, TransferKind};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;

/// What paid a part of a payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PaidBy {
    /// A purse of this programme.
    Purse(u16),
    /// Points of this programme, in yen of their funder.
    Points(u16),
    /// An account that this ledger keeps.
    OnUs,
    /// The linked card or account, by its issuer.
    Issuer(u16),
    /// No account: it is claimed from the acquirer.
    Claimed,
    /// The issuer refused it afterwards: it is lost.
    Lost,
}

/// A part of a payment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PaidPart {
    /// What paid it.
    pub by: PaidBy,
    /// Yen that it paid.
    pub paid: Yen,
    /// Yen that were given back of it, refunds that wait for an issuer included.
    pub given_back: Yen,
}

/// A payment, with what can be given back of it.
#[derive(Clone, PartialEq, Debug)]
pub struct PaymentView {
    /// Its record.
    pub record: Seq,
    /// When it was decided.
    pub at: Millis,
    /// Its business day.
    pub day: BusinessDay,
    /// The acquirer.
    pub acquirer: InstitutionId,
    /// DE42.
    pub merchant: MerchantId,
    /// The merchant's name.
    pub name: String,
    /// DE41.
    pub terminal: TerminalId,
    /// DE37.
    pub rrn: Rrn,
    /// The person.
    pub ppid: Option<Ppid>,
    /// Yen that were asked for.
    pub amount: Yen,
    /// The parts that were posted, in their order.
    pub parts: Vec<PaidPart>,
    /// Yen that can be given back.
    pub left: Yen,
}

/// Who asks for a correction, and under which number it is decided.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) said: &'a Attribution,
    pub(super) approval: Seq,
}

/// A posted payment: one that was reserved is what completed it.
fn payment(state: &State, record: Seq) -> Result<&Tap, CorrectionRefusal> {
    let missing = CorrectionRefusal::NotPayment(record);
    let tap = state.tap_by_seq(record).filter(|tap| !state.is_over(tap)).ok_or(missing)?;
    let tap = match tap.state {
        TapState::Completed(by) => state.tap(by).ok_or(missing)?,
        TapState::Pending | TapState::Held | TapState::Posted | TapState::Refused | TapState::Reversed => tap,
    };
    match tap.kind {
        TransactionKind::Purchase | TransactionKind::PurchaseAdvice | TransactionKind::Completion => match tap.state {
            TapState::Posted => Ok(tap),
            TapState::Pending | TapState::Held | TapState::Completed(_) | TapState::Refused | TapState::Reversed => {
                Err(CorrectionRefusal::NotPosted(record))
            }
        },
        TransactionKind::Authorize | TransactionKind::AuthorizationAdvice => Err(CorrectionRefusal::NotPosted(record)),
        TransactionKind::Refund
        | TransactionKind::RefundAdvice
        | TransactionKind::BalanceInquiry
        | TransactionKind::Reversal
        | TransactionKind::Unsupported => Err(missing),
    }
}

/// The payment, and how what is given back spreads over its legs; or why it cannot be given back.
fn shares<'a>(state: &'a State, asked: &Correction) -> Result<(&'a Tap, Shares), Rejected> {
    let tap = payment(state, asked.payment)?;
    let (payment, left) = (asked.payment, tap.returnable());
    if left != asked.left {
        return Err(CorrectionRefusal::Changed { payment, then: asked.left, now: left }.into());
    }
    if !asked.amount.is_positive() {
        return Err(Rejected::Amount(asked.amount));
    }
    if asked.amount > left {
        return Err(CorrectionRefusal::AboveLeft { payment, left, asked: asked.amount }.into());
    }
    let shares = spread(&tap.legs, asked.amount);
    Ok((tap, shares))
}

/// What moves: back the way it came, and of a write-off out of the operator's loss instead of the merchant's account.
fn transfers(state: &State, tap: &Tap, (kind, shares): (CorrectionKind, &Shares)) -> (Transfers, Option<Opening>) {
    let mut transfers = give_back(tap, shares, TransferKind::Direct);
    let mut opens = None;
    match kind {
        CorrectionKind::Refund | CorrectionKind::Reduction => {}
        CorrectionKind::WriteOff => {
            let merchant = state.merchant(tap.merchant).map(|merchant| merchant.payable);
            let loss = state.closing.booked.unwrap_or_else(|| {
                let account = state.book.next_account();
                opens = Some(Opening { account, key: AccountKey::Differences });
                account
            });
            for moved in transfers.iter_mut().filter(|moved| Some(moved.debit) == merchant) {
                moved.debit = loss;
            }
        }
    }
    (transfers, opens)
}

/// The refund that an approval carries, or why there is none.
pub(super) fn refund(
    state: &State,
    now: Millis,
    correction: &Correction,
    asked: Asked<'_>,
) -> Result<Transaction, Rejected> {
    let (tap, shares) = shares(state, correction)?;
    let (transfers, opens) = transfers(state, tap, (correction.kind, &shares));
    // An account that this record opens is unknown to the book yet, and has no bound.
    let new = |id: AccountId| opens.is_some_and(|open| open.account == id);
    let known: Transfers = transfers.iter().filter(|moved| !new(moved.debit)).copied().collect();
    state.book.check(&known)?;
    let merchant = state.merchant(tap.merchant).ok_or(CorrectionRefusal::NotPayment(correction.payment))?;
    let seq = state.seq + 1;
    let part = instrument_share(tap, &shares);
    let to_issuer = issuer_of(state, tap).filter(|_| part.is_positive()).map(|issuer| ToIssuer {
        issuer,
        operation: IssuerOperation::RefundAdvice,
        amount: part,
        remains: None,
        about: Some(tap.seq),
        tap: seq,
    });
    let key = TapKey {
        acquirer: tap.key.acquirer,
        terminal: tap.key.terminal,
        stan: Stan::wrapping(seq),
        transmission: now.transmission(),
        class: CLASS_OF_STAFF,
    };
    let Attribution { by, why, via } = asked.said.clone();
    let staff = ByStaff { kind: correction.kind, approval: asked.approval, by, why, via };
    let opened = opens.map(|open| Ruled { policy: state.rules.version, opens: vec![open], ..Ruled::default() });
    Ok(Transaction {
        key,
        fingerprint: 0,
        kind: TransactionKind::RefundAdvice,
        merchant: merchant.id,
        rrn: tap.rrn,
        amount: correction.amount,
        ppid: tap.ppid,
        entry_mode: tap.entry_mode,
        link: state.link(tap.link).map(|link| link.version),
        original: Some(tap.seq),
        tombstone: None,
        verdict: Verdict::Approved(ApprovalCode::from_number(seq)),
        transfers,
        to_issuer,
        balance: None,
        ruled: opened,
        own_day: None,
        remains: None,
        staff: Some(Box::new(staff)),
    })
}

impl State {
    /// What of a payment can be given back, for people: the payment of this record, or what completed it. `None` when it is no
    /// posted payment of the days that are in memory.
    #[must_use]
    pub fn payment(&self, record: Seq) -> Option<PaymentView> {
        let tap = payment(self, record).ok()?;
        let merchant = self.merchant(tap.merchant)?;
        let parts = tap.legs.iter().filter(|leg| leg.is_yen());
        Some(PaymentView {
            record: tap.seq,
            at: tap.at,
            day: tap.day,
            acquirer: tap.key.acquirer,
            merchant: merchant.id,
            name: merchant.name.clone(),
            terminal: tap.key.terminal,
            rrn: tap.rrn,
            ppid: tap.ppid,
            amount: tap.amount,
            parts: parts.map(|leg| self.part_of(leg)).collect(),
            left: tap.returnable(),
        })
    }

    /// Why the record is no payment of which something can be given back.
    pub fn correctable(&self, record: Seq) -> Result<(), Rejected> {
        Ok(payment(self, record).map(drop)?)
    }

    /// What each part of the payment gives back by this correction, in the order of [`PaymentView::parts`]. Empty when it cannot be
    /// carried out now.
    #[must_use]
    pub fn correction_parts(&self, asked: &Correction) -> Vec<Yen> {
        let Ok((tap, shares)) = shares(self, asked) else { return Vec::new() };
        let own = tap.legs.iter().zip(shares).filter(|(leg, _)| leg.is_yen());
        own.map(|(_, share)| share).collect()
    }

    fn part_of(&self, leg: &Leg) -> PaidPart {
        let by = match (leg.source, self.book.account(leg.debit).map(|account| account.key)) {
            (Source::Purse, Some(AccountKey::Purse(_, programme))) => PaidBy::Purse(programme),
            (Source::Funder, Some(AccountKey::FunderReceivable(programme))) => PaidBy::Points(programme),
            (Source::Instrument, Some(AccountKey::IssuerReceivable(issuer))) => PaidBy::Issuer(issuer),
            (Source::Instrument, _) => PaidBy::OnUs,
            (Source::Shortfall | Source::Uncovered, _) => PaidBy::Claimed,
            (Source::Loss | Source::Purse | Source::Funder | Source::Points | Source::Grant, _) => PaidBy::Lost,
        };
        PaidPart { by, paid: leg.posted, given_back: leg.given_back() }
    }
}
