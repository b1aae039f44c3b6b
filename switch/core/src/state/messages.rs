//! Messages that issuers have not acknowledged, and amounts approved in their place.

use kazasu_ledger::Seq;
use kazasu_ledger::record::{Place, StoodIn, ToIssuer};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::LiableParty;
use std::collections::{BTreeMap, BTreeSet};

/// Messages to issuers, until they acknowledge them.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct Messages {
    /// By the record that caused the message, and when that was made.
    pub(in super::super) unacknowledged: BTreeMap<Seq, (ToIssuer, Millis)>,
    /// Taps that these messages are about, and how many messages.
    about: BTreeMap<Seq, u32>,
    /// Reversals of refunds among them, by the refunds' payment.
    pub(in super::super) refund_reversals: BTreeMap<Seq, BTreeSet<Seq>>,
}

impl Messages {
    /// Is a message about this tap owed?
    pub(in super::super) fn are_about(&self, tap: Seq) -> bool {
        self.about.contains_key(&tap)
    }

    /// A record causes a message. `payment` is the one whose refund it reverses.
    pub(in super::super) fn caused(&mut self, (seq, at): (Seq, Millis), message: ToIssuer, payment: Option<Seq>) {
        self.unacknowledged.insert(seq, (message, at));
        for tap in [Some(message.tap), message.about].into_iter().flatten() {
            *self.about.entry(tap).or_default() += 1;
        }
        if let Some(payment) = payment {
            self.refund_reversals.entry(payment).or_default().insert(seq);
        }
    }

    /// The message of a record was acknowledged.
    pub(in super::super) fn acknowledged(&mut self, seq: Seq) -> Option<ToIssuer> {
        let (message, _) = self.unacknowledged.remove(&seq)?;
        for tap in [Some(message.tap), message.about].into_iter().flatten() {
            if let Some(messages) = self.about.get_mut(&tap) {
                *messages -= 1;
                if *messages == 0 {
                    self.about.remove(&tap);
                }
            }
        }
        Some(message)
    }

    /// A reversal of a refund of this payment was acknowledged. True when it was the last one.
    pub(in super::super) fn refund_reversed(&mut self, payment: Seq, seq: Seq) -> bool {
        let Some(messages) = self.refund_reversals.get_mut(&payment) else { return false };
        messages.remove(&seq);
        let last = messages.is_empty();
        if last {
            self.refund_reversals.remove(&payment);
        }
        last
    }
}

/// A tap that was approved in an issuer's place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(in super::super) struct StoodFor {
    /// The record whose message the issuer knows it by.
    pub(in super::super) message: Seq,
    pub(in super::super) at: Millis,
    pub(in super::super) liable: LiableParty,
}

/// Amounts that were approved in issuers' places.
#[derive(Clone, PartialEq, Debug, Default)]
pub(in super::super) struct StandIns {
    pub(in super::super) taps: BTreeMap<Seq, StoodFor>,
    /// Of each issuer, on a day.
    sums: BTreeMap<u16, (BusinessDay, Yen)>,
}

impl StandIns {
    /// The amount approved in an issuer's place on this day.
    pub(in super::super) fn of_issuer(&self, issuer: u16, day: BusinessDay) -> Yen {
        self.sums.get(&issuer).filter(|(of, _)| *of == day).map_or(Yen::ZERO, |(_, yen)| *yen)
    }

    pub(in super::super) fn stood_in(&mut self, place: Place, r: &StoodIn) {
        self.taps.insert(r.tap, StoodFor { message: place.seq, at: place.at, liable: r.liable });
    }

    /// A tap that waited was approved.
    pub(in super::super) fn counted(&mut self, day: BusinessDay, advice: ToIssuer) {
        let sum = self.sums.entry(advice.issuer).or_insert((day, Yen::ZERO));
        if sum.0 != day {
            *sum = (day, Yen::ZERO);
        }
        sum.1 = super::super::money::plus(sum.1, advice.amount);
    }
}
