//! A message to an issuer, built from the state, so that it can be sent again after a restart.

use super::state::State;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{Instrument, TapKey, ToIssuer, TransactionKind};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::Original;

/// A message to an issuer without the account's clear number: the shell opens the seal.
#[derive(Clone, PartialEq, Debug)]
pub struct Outgoing {
    /// The record that caused it; its number is the message's DE37 and DE11.
    pub message: Seq,
    /// The time of that record: DE7.
    pub at: Millis,
    /// The question, and the issuer.
    pub to: ToIssuer,
    /// The account, still sealed.
    pub instrument: Instrument,
    /// The person it is sealed for.
    pub ppid: Ppid,
    /// DE41.
    pub terminal: TerminalId,
    /// DE42.
    pub merchant: MerchantId,
    /// DE18.
    pub mcc: Mcc,
    /// DE22.
    pub entry_mode: u16,
    /// DE90, when the message is about another.
    pub original: Option<Original>,
    /// The acquirer's message that it follows from, for logs.
    pub cause: TapKey,
    /// DE37 of that message.
    pub cause_rrn: Rrn,
}

impl State {
    /// The message that record `seq` causes. `None` when its tap is not in memory, which the retention rules out.
    #[must_use]
    pub fn outgoing(&self, seq: Seq, to: ToIssuer, own: InstitutionId) -> Option<Outgoing> {
        let tap = self.tap_by_seq(to.tap)?;
        let merchant = self.merchant(tap.merchant)?;
        let instrument = self.link(tap.link)?.instrument.clone()?;
        let at = match self.messages.unacknowledged.get(&seq) {
            Some((_, at)) => *at,
            None => self.tap_by_seq(seq)?.at,
        };
        let original = match to.about {
            None => None,
            Some(about) => {
                let tap = self.tap_by_seq(about)?;
                // What was approved in the issuer's place is known to it by the advice.
                let stood = self.stand_ins.taps.get(&about);
                let mti = Mti(match tap.kind {
                    _ if stood.is_some() => 220,
                    TransactionKind::Authorize | TransactionKind::AuthorizationAdvice => 100,
                    TransactionKind::Purchase | TransactionKind::Refund => 200,
                    TransactionKind::Completion | TransactionKind::PurchaseAdvice | TransactionKind::RefundAdvice => {
                        220
                    }
                    TransactionKind::Reversal => 420,
                    TransactionKind::BalanceInquiry | TransactionKind::Unsupported => return None,
                });
                // So is an offline payment that a person accepted.
                let known = stood.map(|stood| (stood.message, stood.at)).or(self.offline.accepted.get(&about).copied());
                let (message, at) = known.unwrap_or((about, tap.at));
                Some(Original::new(mti, Stan::wrapping(message), at.transmission(), own))
            }
        };
        let cause = self.tap_of_message(seq).unwrap_or(tap);
        Some(Outgoing {
            message: seq,
            at,
            to,
            instrument,
            ppid: self.sealed_for(tap.link, tap.ppid?)?,
            terminal: tap.key.terminal,
            merchant: merchant.id,
            mcc: merchant.mcc,
            entry_mode: tap.entry_mode,
            original,
            cause: cause.key,
            cause_rrn: cause.rrn,
        })
    }

    /// Whom a link's card number is sealed for. An ID that was merged or replaced pays with the link of the person that it stands for;
    /// what was paid before that person's ID was replaced in turn, with the one of the ID in between.
    fn sealed_for(&self, link: u32, named: Ppid) -> Option<Ppid> {
        let at = *self.people.residents.get(&named)?;
        let own = |holder| {
            let mut next = self.holder(holder).link;
            std::iter::from_fn(move || {
                let this = next;
                next = self.link(next)?.before;
                Some(this)
            })
            .any(|at| at == link)
        };
        if own(at) {
            return Some(named);
        }
        let root = self.holder(self.root(at));
        let merged = root.wallet.iter().flat_map(|wallet| wallet.merged.iter());
        let between = merged.filter_map(|ppid| self.people.residents.get(ppid)).find(|at| own(**at));
        Some(between.filter(|_| !own(self.root(at))).map_or(root.ppid, |at| self.holder(*at).ppid))
    }
}
