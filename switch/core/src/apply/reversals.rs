//! What reversals do, at once or later: holds that are given back, and posted taps that are undone.

use super::super::money::{Leg, Legs, Shares, Source, is_payment, minus, plus, spread, sum};
use super::super::state::{State, TapIndex, TapState, refused};
use super::super::totals::What;
use super::super::undo::Undo;
use super::super::wallet::NOBODY;
use kazasu_ledger::record::{TapKind, ToIssuer};
use kazasu_ledger::{AccountId, AccountKey, HoldId, Seq, Transfer, TransferKind};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::Refusal;
use smallvec::SmallVec;

/// A reversal as a record carries it out.
#[derive(Clone, Copy)]
pub(super) struct Reversal<'a> {
    /// The acquirer's reversal.
    pub(super) by: Seq,
    /// What may remain; records of old do not say it.
    pub(super) remains: Option<Yen>,
    pub(super) transfers: &'a [Transfer],
    pub(super) told: Option<ToIssuer>,
}

impl State {
    /// A reversal took effect on the tap at `of`.
    pub(super) fn reversed(&mut self, of: TapIndex, today: BusinessDay, r: Reversal<'_>) {
        self.came_back(r.transfers);
        let Some(tap) = self.tap(of) else { return };
        let (seq, before, day, paid, acquirer) = (tap.seq, tap.state, tap.counted_day, tap.original, tap.key.acquirer);
        let refund = matches!(tap.kind, TapKind::Refund | TapKind::RefundAdvice);
        let paid = paid.filter(|_| refund);
        let said = |remains, counted| Undo { remains, by: r.by, counted, untold: false };
        match before {
            TapState::Pending => match r.remains.filter(|remains| remains.is_positive()) {
                Some(remains) => self.undos.may_remain(seq, said(remains, false)),
                None => {
                    self.taps.pending.remove(&seq);
                    self.released(of, r.transfers, day);
                    self.waits_no_more(of);
                    if let Some(tap) = self.tap_mut(of) {
                        tap.state = TapState::Reversed;
                        tap.answer = Some(refused(Refusal::ReversedBefore));
                    }
                }
            },
            TapState::Held => {
                self.released(of, r.transfers, day);
                let left = |leg: &Leg| leg.hold.is_some_and(|hold| self.book.hold(hold).is_some());
                if self.tap(of).is_some_and(|tap| !tap.legs.iter().any(left)) {
                    self.taps.set_state(of, TapState::Reversed);
                }
                self.looked_at(of);
            }
            TapState::Posted => {
                let amount = self.given_back(r.transfers, refund);
                let untold = r.told.is_none() && self.is_kept_from_issuer(of, r.transfers);
                if amount.is_positive() {
                    self.undone(of, amount, r.transfers);
                    self.point_sums(day, r.transfers);
                    let known = self.undos.said.get(&seq).is_some_and(|undo| undo.by == r.by && undo.counted);
                    let what = if refund { What::Refund } else { What::Payment };
                    self.totals.reversed((acquirer, today), what, (u64::from(!known), amount));
                }
                if let Some(remains) = r.remains {
                    self.undos.may_remain(seq, said(remains, amount.is_positive()));
                }
                if let Some(undo) = self.undos.said.get_mut(&seq) {
                    undo.untold = (undo.untold && r.told.is_none()) || untold;
                }
            }
            TapState::Completed(_) | TapState::Refused | TapState::Reversed => {}
        }
        self.look_at(Some(of));
        self.look_at(paid);
    }

    /// A posted tap is undone by `amount`; of a refund, what it had given back stands again.
    fn undone(&mut self, of: TapIndex, amount: Yen, transfers: &[Transfer]) {
        let Some(tap) = self.tap_mut(of) else { return };
        let mut shares = spread(&tap.legs, amount);
        for (leg, share) in tap.legs.iter().zip(&mut shares).filter(|(leg, _)| leg.source == Source::Grant) {
            // Points come back only as far as the budget still has them.
            let own = transfers.iter().filter(|t| t.debit == leg.credit && t.credit == leg.debit);
            *share = own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount));
        }
        let mut part = Yen::ZERO;
        for (leg, share) in tap.legs.iter_mut().zip(&shares) {
            leg.undone = plus(leg.undone, *share);
            part = if leg.is_part() { plus(part, *share) } else { part };
        }
        let all = tap.moved() == Yen::ZERO;
        if all {
            tap.state = TapState::Reversed;
        }
        let refund = matches!(tap.kind, TapKind::Refund | TapKind::RefundAdvice);
        match tap.original.filter(|_| refund) {
            None => self.give_back(of, part, u32::from(all)),
            Some(paid) => self.refund_undone(of, paid, &shares, transfers),
        }
    }

    /// What a refund had given back of its payment stands again, and counts again. What an account did not have any more is claimed
    /// from the acquirer: it stands there, not here.
    fn refund_undone(&mut self, of: TapIndex, paid: TapIndex, shares: &Shares, transfers: &[Transfer]) {
        let Some(refund) = self.tap(of) else { return };
        let legs: SmallVec<[u8; 4]> = refund.legs.iter().map(|leg| leg.of).collect();
        let accounts: SmallVec<[(AccountId, AccountId); 4]> =
            refund.legs.iter().map(|leg| (leg.debit, leg.credit)).collect();
        self.stands_again(of, paid, shares);
        self.counts_again(paid, legs.iter().copied().zip(shares.iter().copied()));
        let claimed = self.claimed(transfers);
        let covered = self.covered(transfers, &accounts, shares);
        let mut uncovered = Yen::ZERO;
        let Some(paid) = self.tap_mut(paid) else { return };
        for ((at, share), covered) in legs.iter().zip(shares).zip(covered) {
            let leg = &mut paid.legs[usize::from(*at)];
            take_off(leg, *share);
            let open = minus(*share, covered);
            if leg.is_yen() && open.is_positive() {
                leg.posted = minus(leg.posted, open);
                uncovered = plus(uncovered, open);
            }
        }
        if let Some((account, payable)) = claimed.filter(|_| uncovered.is_positive()) {
            add_shortfall(&mut paid.legs, account, payable, uncovered);
        }
    }

    /// What stands again of a payment's instrument part counts again in the month's rounding. `shares` are by the payment's legs.
    fn counts_again(&mut self, paid: TapIndex, shares: impl Iterator<Item = (u8, Yen)>) {
        let Some(paid) = self.taps.tap(paid).filter(|paid| paid.holder != NOBODY) else { return };
        let own = shares.filter(|(at, _)| paid.legs[usize::from(*at)].is_part());
        let part = own.fold(Yen::ZERO, |sum, (_, share)| plus(sum, share));
        let month = paid.counted_day.month();
        for programme in &paid.months {
            self.people.points_of(paid.holder, *programme, |p| p.count(month, part));
        }
    }

    /// What of each leg of a refund a reversal takes back from the person: from the leg's own account, or from another purse of the
    /// same programme. `legs` are debit and credit, `shares` what is to come back of each.
    fn covered(&self, transfers: &[Transfer], legs: &[(AccountId, AccountId)], shares: &Shares) -> Shares {
        let own = |(debit, credit): &(AccountId, AccountId)| {
            let own = transfers.iter().filter(|t| t.debit == *credit && t.credit == *debit);
            own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
        };
        let mut covered: Shares = legs.iter().zip(shares).map(|(leg, share)| own(leg).min(*share)).collect();
        let programme = |id| match self.book.account(id).map(|account| account.key) {
            Some(AccountKey::Purse(_, programme)) => Some(programme),
            _ => None,
        };
        for (at, (payable, purse)) in legs.iter().enumerate() {
            let Some(of) = programme(*purse) else { continue };
            let from_purses = transfers.iter().filter(|t| t.credit == *payable && programme(t.debit) == Some(of));
            let all = from_purses.fold(Yen::ZERO, |sum, t| plus(sum, t.amount));
            let spoken_for = legs.iter().zip(&covered).filter(|((_, purse), _)| programme(*purse) == Some(of));
            let left = minus(all, spoken_for.fold(Yen::ZERO, |sum, (_, covered)| plus(sum, *covered)));
            covered[at] = plus(covered[at], left.max(Yen::ZERO).min(minus(shares[at], covered[at])));
        }
        covered
    }

    /// Where a reversal of a refund claims from the acquirer: the shortfall account and the merchant's.
    fn claimed(&self, transfers: &[Transfer]) -> Option<(AccountId, AccountId)> {
        let key = |id| self.book.account(id).map(|account| account.key);
        let own = transfers.iter().rfind(|t| matches!(key(t.debit), Some(AccountKey::AdviceShortfall(_))))?;
        Some((own.debit, own.credit))
    }

    /// Holds of a tap that moved nothing yet were given back, all or some: so are its counts. Of a refund that was being asked
    /// for, what it had spoken for is free again.
    pub(in super::super) fn released(&mut self, of: TapIndex, transfers: &[Transfer], day: BusinessDay) {
        let Some(tap) = self.tap(of) else { return };
        let voided = |hold: Option<HoldId>| {
            let own = transfers.iter().filter(|t| matches!(t.kind, TransferKind::Void(id) if Some(id) == hold));
            own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
        };
        if is_payment(tap.kind) {
            let part = sum(&tap.legs, Leg::is_part, |leg| voided(leg.hold));
            let open = |leg: &Leg| leg.hold.is_some_and(|hold| self.book.hold(hold).is_some());
            let all = !tap.legs.iter().any(|leg| open(leg) || leg.posted.is_positive());
            self.give_back(of, part, u32::from(all));
        } else if let Some(paid) = tap.original {
            let back: SmallVec<[(u8, Yen); 4]> = tap.legs.iter().map(|leg| (leg.of, voided(leg.hold))).collect();
            let shares: Shares = back.iter().map(|(_, amount)| *amount).collect();
            self.stands_again(of, paid, &shares);
            if let Some(paid) = self.tap_mut(paid) {
                for (at, amount) in back {
                    take_off(&mut paid.legs[usize::from(at)], amount);
                }
            }
        }
        self.point_sums(day, transfers);
    }

    /// Yen that a reversal of a payment takes from its merchant, or one of a refund brings back.
    fn given_back(&self, transfers: &[Transfer], of_refund: bool) -> Yen {
        let merchant =
            |id| matches!(self.book.account(id).map(|account| account.key), Some(AccountKey::MerchantPayable(..)));
        let own = transfers.iter().filter(|t| merchant(if of_refund { t.credit } else { t.debit }));
        own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
    }
}

/// A payment's leg was refunded by so much less. Where the merchant bears its loss, nothing of it stands again.
fn take_off(leg: &mut Leg, refunded: Yen) {
    leg.refunded = minus(leg.refunded, refunded);
    if leg.source == Source::Loss && leg.debit == leg.credit {
        leg.undone = plus(leg.undone, refunded);
    }
}

/// What no account covers stands against the acquirer.
fn add_shortfall(legs: &mut Legs, account: AccountId, payable: AccountId, amount: Yen) {
    match legs.iter_mut().find(|leg| leg.source == Source::Shortfall) {
        Some(leg) => leg.posted = plus(leg.posted, amount),
        None => legs.push(Leg {
            debit: account,
            credit: payable,
            source: Source::Shortfall,
            of: 0,
            hold: None,
            asked: amount,
            posted: amount,
            refunded: Yen::ZERO,
            undone: Yen::ZERO,
        }),
    }
}
