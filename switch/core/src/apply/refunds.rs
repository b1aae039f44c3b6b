//! Folding refunds into the state: what a refund gives back of its payment's legs, and what stands again when it is undone.

use super::super::money::{Leg, Legs, Shares, Source, is_refund, minus, plus, spread, sum};
use super::super::state::{State, Tap, TapIndex, TapState};
use super::super::wallet::NO_HOLDER;
use kazasu_ledger::record::{Transaction, Verdict};
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::money::Yen;
use smallvec::SmallVec;

/// Places among a payment's legs.
type Places = SmallVec<[usize; 4]>;

impl State {
    /// A refund gives shares of the original's legs back; while its issuer is being asked they are spoken for. Its transfers say how
    /// much of each leg it is.
    pub(super) fn refunded(&mut self, of: TapIndex, index: TapIndex, r: &Transaction) {
        let (Some(paid), Some(refund)) = (self.tap(of), self.tap(index)) else { return };
        let day = paid.counted_day;
        let shares = spread(&paid.legs, r.amount);
        let given = if r.is_write_off() {
            legs_written_off(&paid.legs, &shares, &refund.legs)
        } else {
            legs_given_back(&paid.legs, &shares, &refund.legs)
        };
        // The merchant keeps what the operator bears.
        let keeps = if r.is_write_off() { sum(&refund.legs, Leg::is_yen, |leg| leg.asked) } else { Yen::ZERO };
        let amounts: SmallVec<[Yen; 4]> = refund.legs.iter().map(|leg| leg.asked).collect();
        let mut sources: SmallVec<[Source; 4]> = SmallVec::new();
        if let Some(paid) = self.tap_mut(of) {
            for (at, amount) in given.iter().zip(amounts) {
                paid.legs[*at].refunded = plus(paid.legs[*at].refunded, amount);
                sources.push(paid.legs[*at].source);
            }
            level(&mut paid.legs);
            paid.kept = plus(paid.kept, keeps);
        }
        if let Some(refund) = self.tap_mut(index) {
            refund.kept = minus(refund.kept, keeps);
            for ((leg, at), source) in refund.legs.iter_mut().zip(given).zip(sources) {
                leg.of = u8::try_from(at).expect("a tap has fewer legs than a record has transfers, and two more");
                if leg.is_claimed() && source == Source::Uncovered {
                    leg.source = source;
                }
            }
            refund.counted_day = day;
        }
        self.point_sums(day, &r.transfers);
        if r.verdict != Verdict::Pending {
            self.came_back(&r.transfers);
            self.earned_less(index);
        }
    }

    /// The refunded part of an instrument part does not count in the month's rounding any more.
    pub(super) fn earned_less(&mut self, refund: TapIndex) {
        let Some(tap) = self.tap(refund) else { return };
        let Some(paid) = tap.original else { return };
        let shares: Shares = tap.legs.iter().map(|leg| leg.posted).collect();
        let part = self.part_of_refund(refund, paid, &shares);
        self.leaves_month(paid, part);
    }

    /// The part of a refund's shares that goes to legs that count in the month's rounding.
    fn part_of_refund(&self, refund: TapIndex, paid: TapIndex, shares: &Shares) -> Yen {
        let (Some(refund), Some(paid)) = (self.tap(refund), self.tap(paid)) else { return Yen::ZERO };
        let of_part = |leg: &Leg| paid.legs.get(usize::from(leg.of)).is_some_and(Leg::is_part);
        let own = refund.legs.iter().zip(shares).filter(|(leg, _)| of_part(leg));
        own.fold(Yen::ZERO, |sum, (_, share)| plus(sum, *share))
    }

    /// A posted tap is undone by `amount`; of a refund, what it had given back stands again.
    pub(super) fn undone(&mut self, of: TapIndex, amount: Yen, transfers: &[Transfer]) {
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
        match tap.original.filter(|_| is_refund(tap.kind)) {
            None => self.give_back(of, part, u32::from(all)),
            Some(paid) => self.refund_undone(of, paid, &shares, transfers),
        }
    }

    /// The refunded amount stands again, and counts again. A part that its account did not have any more is claimed from the
    /// acquirer: it stands there, and not on the leg that it was of.
    fn refund_undone(&mut self, refund: TapIndex, paid: TapIndex, shares: &Shares, transfers: &[Transfer]) {
        self.stands_again(refund, paid, shares);
        let part = self.part_of_refund(refund, paid, shares);
        self.joins_month(paid, part);
        let Some(legs) = self.tap(refund).map(|tap| &tap.legs) else { return };
        let accounts: SmallVec<[(AccountId, AccountId); 4]> = legs.iter().map(|leg| (leg.debit, leg.credit)).collect();
        let places: SmallVec<[u8; 4]> = legs.iter().map(|leg| leg.of).collect();
        let claimed = self.claimed(transfers);
        let covered = self.covered(transfers, &accounts, shares);
        let Some(paid) = self.tap_mut(paid) else { return };
        let (mut of_part, mut of_purses) = (Yen::ZERO, Yen::ZERO);
        for ((at, share), covered) in places.iter().zip(shares).zip(covered) {
            let Some(leg) = paid.legs.get_mut(usize::from(*at)) else { continue };
            leg.stands_again(*share);
            let open = minus(*share, covered);
            if leg.is_yen() && open.is_positive() {
                leg.posted = minus(leg.posted, open);
                let claimed = if leg.is_part() { &mut of_part } else { &mut of_purses };
                *claimed = plus(*claimed, open);
            }
        }
        let Some((account, payable)) = claimed else { return };
        for (source, amount) in [(Source::Shortfall, of_part), (Source::Uncovered, of_purses)] {
            if amount.is_positive() {
                add_claim(&mut paid.legs, source, (account, payable), amount);
            }
        }
    }

    /// A payment's instrument part counts in the month's rounding of its programmes, once.
    pub(in super::super) fn joins_month(&mut self, paid: TapIndex, part: Yen) {
        let counts = |tap: &&mut Tap| tap.holder != NO_HOLDER && !tap.months.is_empty();
        let Some(tap) = self.taps.tap_mut(paid).filter(counts) else { return };
        tap.in_month = plus(tap.in_month, part);
        let month = tap.counted_day.month();
        for programme in &tap.months {
            self.people.points_of(tap.holder, *programme, |p| p.count(month, part));
        }
    }

    /// It does not count there any more, as far as it did.
    pub(in super::super) fn leaves_month(&mut self, paid: TapIndex, part: Yen) {
        let Some(tap) = self.taps.tap_mut(paid) else { return };
        let part = part.min(tap.in_month).max(Yen::ZERO);
        tap.in_month = minus(tap.in_month, part);
        let (holder, month) = (tap.holder, tap.counted_day.month());
        for programme in tap.months.iter().filter(|_| holder != NO_HOLDER) {
            self.people.points_of(holder, *programme, |p| p.uncount(month, part));
        }
    }

    /// The part of each leg of a refund that a reversal takes back from the person: from the leg's own account, or from another purse of the
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

    /// The accounts by which a reversal of a refund claims from the acquirer: the shortfall account and the merchant's.
    fn claimed(&self, transfers: &[Transfer]) -> Option<(AccountId, AccountId)> {
        let key = |id| self.book.account(id).map(|account| account.key);
        let own = transfers.iter().rfind(|t| matches!(key(t.debit), Some(AccountKey::AdviceShortfall(_))))?;
        Some((own.debit, own.credit))
    }
}

impl Leg {
    /// A refund gives back that much less of it. What its merchant bears is the merchant's again.
    pub(in super::super) fn stands_again(&mut self, share: Yen) {
        self.refunded = minus(self.refunded, share);
        if self.source == Source::Loss && self.debit == self.credit {
            self.undone = plus(self.undone, share);
        }
    }
}

/// The payment's leg that each leg of a refund gives back: the one between the same accounts. Two legs may be claimed from the
/// acquirer; then the amounts tell them apart, or else their order.
fn legs_given_back(paid: &[Leg], shares: &Shares, refund: &[Leg]) -> Places {
    let mut given = Places::new();
    for back in refund {
        let free = |at: &usize| !given.contains(at);
        let same = |at: &usize| (paid[*at].debit, paid[*at].credit) == (back.credit, back.debit);
        let all = || 0..paid.len();
        let at = all()
            .find(|at| free(at) && same(at) && shares[*at] == back.asked)
            .or_else(|| all().find(|at| free(at) && same(at)))
            // A journal of before may have given a leg back to an account that is not this leg's by today's rules.
            .or_else(|| all().find(|at| free(at) && paid[*at].credit == back.debit && paid[*at].stands() >= back.asked))
            .or_else(|| all().find(|at| paid[*at].credit == back.debit))
            .unwrap_or(0);
        given.push(at);
    }
    given
}

/// The same of a refund that the operator bears: its legs come out of the operator's loss, so that the accounts that get it back tell
/// them apart, and the amounts where two are claimed from the acquirer.
fn legs_written_off(paid: &[Leg], shares: &Shares, refund: &[Leg]) -> Places {
    let mut given = Places::new();
    for back in refund {
        let same = |at: &usize| !given.contains(at) && paid[*at].debit == back.credit;
        let all = || 0..paid.len();
        let at = all().find(|at| same(at) && shares[*at] == back.asked).or_else(|| all().find(same)).unwrap_or(0);
        given.push(at);
    }
    given
}

/// The claim from the acquirer was one leg once. Where a record of then gives back more than one of the two has, the rest is
/// the other's.
fn level(legs: &mut Legs) {
    let claimed: Places = (0..legs.len()).filter(|at| legs[*at].is_claimed()).collect();
    for at in &claimed {
        for other in claimed.iter().filter(|other| *other != at) {
            let short = minus(Yen::ZERO, legs[*at].stands()).max(Yen::ZERO);
            let moved = short.min(legs[*other].stands().max(Yen::ZERO));
            legs[*at].posted = plus(legs[*at].posted, moved);
            legs[*other].posted = minus(legs[*other].posted, moved);
        }
    }
}

/// The uncovered amount stands against the acquirer.
fn add_claim(legs: &mut Legs, source: Source, (account, payable): (AccountId, AccountId), amount: Yen) {
    match legs.iter_mut().find(|leg| leg.source == source) {
        Some(leg) => leg.posted = plus(leg.posted, amount),
        None => legs.push(Leg {
            debit: account,
            credit: payable,
            source,
            of: 0,
            hold: None,
            asked: amount,
            posted: amount,
            refunded: Yen::ZERO,
            undone: Yen::ZERO,
        }),
    }
}
