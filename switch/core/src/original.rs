//! Finds the tap that a message is about. DE90 that names a known message decides. Weaker evidence decides only where nothing speaks against
//! it: a retrieval reference number that tells one transaction of the merchant from the others, and then person, terminal, amount,
//! kind and time that fit. DE90 that names something unknown speaks against every tap but one that has the number it gives.

use super::state::{Known, Reference, State, Tap, TapIndex, TapState, original_key, reference};
use kazasu_ledger::record::TransactionKind;
use kazasu_schemas::wire::{Original, Request};

/// The original that a message names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// This tap; completions are followed.
    Tap(TapIndex),
    /// This one, at another terminal of the merchant.
    Completed(TapIndex),
    /// No tap that is known, or none for certain.
    Nothing,
}

/// The largest difference of terminals' clocks in one shop, in seconds.
const CLOCKS: i64 = 300;
/// Between Japan's time and universal time, seconds: DE90 gives the original's DE7 in either.
const UNIVERSAL: i64 = 9 * 3_600;

impl State {
    /// The tap that a completion, refund or reversal names.
    pub(super) fn find(&self, request: &Request) -> Found {
        if let Some(index) = request.original.as_ref().and_then(|original| self.exactly(original, request)) {
            return Found::Tap(self.completed_by(index));
        }
        match self.by_reference(request).or_else(|| self.at_another_terminal(request)) {
            Some(index) if self.tap(index).is_some_and(|tap| tap.key.terminal == request.terminal) => {
                Found::Tap(self.completed_by(index))
            }
            Some(index) => Found::Completed(self.completed_by(index)),
            None => Found::Nothing,
        }
    }

    fn exactly(&self, original: &Original, request: &Request) -> Option<TapIndex> {
        match self.taps.known.get(&original_key(original, request)?)? {
            Known::Tap(index) => self.tap(*index).filter(|tap| !self.is_over(tap)).map(|_| *index),
            Known::Tombstone(_) => None,
        }
    }

    fn completed_by(&self, index: TapIndex) -> TapIndex {
        match self.tap(index).map(|tap| tap.state) {
            Some(TapState::Completed(by)) => by,
            Some(TapState::Pending | TapState::Held | TapState::Posted | TapState::Refused | TapState::Reversed)
            | None => index,
        }
    }

    /// May the message be about this tap's person? It repeats the PPID, names the one that it was merged into, or names none.
    pub(super) fn is_of(&self, request: &Request, tap: &Tap) -> bool {
        let person = |ppid| self.people.residents.get(ppid).map(|at| self.root(*at));
        match (request.ppid, tap.ppid) {
            (Some(now), Some(then)) => now == then || (person(&now).is_some() && person(&now) == person(&then)),
            (None, _) | (_, None) => true,
        }
    }

    /// DE37 and DE42, and everything else that the message says.
    fn by_reference(&self, request: &Request) -> Option<TapIndex> {
        if !request.rrn.names_something() {
            return None;
        }
        let key = reference(&request.acquirer, &request.merchant, &request.rrn);
        let Some(Reference::One(index)) = self.taps.by_reference.get(&key).copied() else { return None };
        let tap = self.tap(index).filter(|tap| !self.is_over(tap))?;
        let same_merchant = self.merchant(tap.merchant).is_some_and(|m| m.id == request.merchant);
        let same = tap.rrn == request.rrn && tap.key.acquirer == request.acquirer && same_merchant;
        let named = match &request.original {
            Some(original) => agrees(original, request, tap),
            None => request.transmission.seconds_behind(tap.key.transmission) >= -CLOCKS,
        };
        let fits = match request.mti.class() {
            4 => tap.amount == request.amount && same_kind(request, tap),
            // A refund or completion may be for less, but says whose it is.
            _ => request.ppid.is_some(),
        };
        (same && named && fits && self.is_of(request, tap)).then_some(index)
    }

    /// DE90 to the letter, but of another terminal of the same merchant. Only a person can say what a reversal means by it.
    fn at_another_terminal(&self, request: &Request) -> Option<TapIndex> {
        let original = request.original.as_ref().filter(|_| request.mti.class() == 4)?;
        let at = self.parties.merchant_at.get(&(request.acquirer, request.merchant))?;
        let terminals = self.merchant(*at)?.terminals.iter().filter(|terminal| **terminal != request.terminal);
        terminals.copied().find_map(|terminal| self.exactly(original, &Request { terminal, ..*request }))
    }
}

/// Does DE90 name this tap, but for a detail: the terminal, the message type, universal time or Japan's, the acquirer's number left
/// out? Another time, however near, is another message's; universal time counts only with a PPID.
fn agrees(original: &Original, request: &Request, tap: &Tap) -> bool {
    let acquirer = original.acquirer == request.acquirer.zero_filled() || original.acquirer == [b'0'; 11];
    let own = tap.key.transmission;
    let universal = || [UNIVERSAL, -UNIVERSAL].iter().any(|s| own.moved(*s, tap.at) == Some(original.transmission));
    let time = original.transmission == own || (request.ppid.is_some() && universal());
    acquirer && original.stan == tap.key.stan && time
}

/// DE3 of a reversal should be its original's. Where it speaks of a refund, a payment is not meant, and the other way round.
fn same_kind(request: &Request, tap: &Tap) -> bool {
    let refund = matches!(tap.kind, TransactionKind::Refund | TransactionKind::RefundAdvice);
    (request.processing / 10_000 == 20) == refund
}
