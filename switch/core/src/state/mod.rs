//! The state: what the journal adds up to, indexed for deciding. Its parts say themselves what records do to them; what a record does
//! to several of them is said in `apply`.

mod certificates;
mod messages;
mod offline;
mod parties;
mod parts;
mod payees;
mod people;
mod programmes;
mod rules;
mod seals;
mod taps;
mod undos;

use super::index::position;
pub use certificates::CardList;
pub(super) use certificates::{Certificates, IssuerAt};
pub(super) use messages::{Messages, StandIns};
pub(super) use offline::Offline;
pub use parties::Merchant;
pub(super) use parties::Parties;
pub(super) use parts::Parts;
pub(super) use payees::{PayeeBook, PayeeVersion, is_one_account};
pub(super) use people::People;
pub use people::{BreakReason, Broken, LinkVersion, NoticeChoice};
pub(super) use programmes::{Programmes, PurseBook, Sweep};
pub(super) use rules::{MerchantRules, Pin, Rules};
pub(super) use seals::sealed_under;
pub(super) use taps::{Known, Reference, TapIndex, Taps, answer_of, key_of, original_key, reference, refused};
pub use taps::{Tap, TapState};
pub(super) use undos::{Undo, Undos};

use super::approvals::ApprovalState;
use super::closing::ClosingState;
use super::relief::ReliefState;
use super::rights::RightsState;
use super::statement::Lines;
use super::totals::AcquirerTotals;
use super::wallet::{Holder, HolderAt, Wallet};
use hashbrown::HashMap;
use kazasu_ledger::record::{Instrument, ToIssuer};
use kazasu_ledger::{AccountId, AccountKey, Book, Seq};
use kazasu_schemas::ids::{InstitutionId, Ppid};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::Request;
use kazasu_schemas::wire::totals::DayTotals;
use std::collections::{BTreeMap, BTreeSet};

/// Something that a resident is to be told.
#[derive(Clone, PartialEq, Debug)]
pub struct Owed {
    /// The person.
    pub ppid: Ppid,
    /// Percent of the month's limit.
    pub percent: u8,
    /// Used in the month so far.
    pub used: Yen,
    /// The month's limit.
    pub limit: Yen,
    /// The day that counts the payment; the month is that day's.
    pub counted: BusinessDay,
    /// The time of the event.
    pub at: Millis,
    /// Given up: how often it was tried, and what went wrong last.
    pub dead: Option<(u32, String)>,
}

/// The place at which the search for taps to forget goes on; `None` when it is done for the day.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Sweeps {
    /// The next tap that is set aside.
    pub(super) kept: Option<TapIndex>,
    /// The last notice that was looked at.
    pub(super) notices: Option<u64>,
}

/// The number of each kind of thing.
#[derive(Clone, Copy, Debug, Default)]
pub struct StateSizes {
    /// People with at least one link version.
    pub residents: usize,
    /// Link versions.
    pub links: usize,
    /// Merchants.
    pub merchants: usize,
    /// Taps in memory.
    pub taps: usize,
    /// Taps waiting for an issuer.
    pub pending: usize,
    /// Advices that an issuer has not acknowledged.
    pub unacknowledged: usize,
    /// Offline payments that wait for a person.
    pub waiting_advices: usize,
    /// Open holds.
    pub holds: usize,
}

/// Everything the core knows. `Default` is the state before the first record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The last record applied.
    pub seq: Seq,
    /// The last record's time.
    pub at: Millis,
    /// The open business day.
    pub day: BusinessDay,
    /// Taps and sums of days before this one have left the memory, or are about to.
    pub(super) forgotten_before: BusinessDay,
    /// Accounts and holds.
    pub book: Book,
    pub(super) parties: Parties,
    pub(super) payees: PayeeBook,
    pub(super) rules: Rules,
    pub(super) programmes: Programmes,
    pub(super) approvals: ApprovalState,
    pub(super) rights: RightsState,
    pub(super) relief: ReliefState,
    pub(super) closing: ClosingState,
    pub(super) lines: Lines,
    pub(super) people: People,
    /// Every certificate that was ever bound, and the card status lists in force.
    pub(super) certificates: Certificates,
    /// Payments into funds and purses by their references, so that each is booked once.
    pub(super) references: HashMap<[u8; 16], Yen>,
    pub(super) notices: BTreeMap<u64, Owed>,
    pub(super) taps: Taps,
    /// The part of the kept taps that has been looked at since the day turned.
    pub(super) sweeps: Sweeps,
    /// Payments of which an issuer takes something back, until that is decided.
    pub(super) disputed: BTreeSet<Seq>,
    pub(super) messages: Messages,
    pub(super) stand_ins: StandIns,
    pub(super) offline: Offline,
    pub(super) undos: Undos,
    /// The parts of payments at issuers, and of refunds of them, that are not as their legs say.
    pub(super) parts_of: BTreeMap<Seq, Parts>,
    pub(super) totals: AcquirerTotals,
}

impl State {
    /// Before the first record.
    #[must_use]
    pub fn new() -> Self {
        State::default()
    }

    /// True once the book has been opened.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.parties.bank.is_some()
    }

    /// Messages that were decided before this day are forgotten.
    #[must_use]
    pub fn forgotten_before(&self) -> BusinessDay {
        self.forgotten_before
    }

    /// True when a message with this one's key has been decided, or reversed before it came.
    #[must_use]
    pub fn knows(&self, request: &Request) -> bool {
        self.taps.known.contains_key(&key_of(request))
    }

    /// The record of the message that was decided under this one's key: its own, or the first one's when it is a repeat.
    #[must_use]
    pub fn record_of(&self, request: &Request) -> Option<Seq> {
        match self.taps.known.get(&key_of(request))? {
            Known::Tap(index) => self.tap(*index).map(|tap| tap.seq),
            Known::Tombstone(_) => None,
        }
    }

    /// The tap that a message to an issuer is about: the message's own record, or the one that it follows from.
    #[must_use]
    pub fn tap_of_message(&self, message: Seq) -> Option<&Tap> {
        let of_advice = || self.tap_by_seq(self.messages.unacknowledged.get(&message)?.0.tap);
        self.tap_by_seq(message).or_else(of_advice)
    }

    /// Counts, for metrics and the status page.
    #[must_use]
    pub fn sizes(&self) -> StateSizes {
        StateSizes {
            residents: self.people.residents.len(),
            links: self.people.links.len(),
            merchants: self.parties.merchants.len(),
            taps: self.taps.kept.len() + self.taps.recent.len(),
            pending: self.taps.pending.len(),
            unacknowledged: self.messages.unacknowledged.len(),
            waiting_advices: self.offline.waiting.len(),
            holds: self.book.open_holds(),
        }
    }

    /// Taps that wait for an issuer, oldest first.
    pub fn pending_taps(&self) -> impl Iterator<Item = Seq> + '_ {
        self.taps.pending.keys().copied()
    }

    /// Taps that have waited for an issuer since before this moment.
    pub fn pending_since(&self, limit: Millis) -> impl Iterator<Item = Seq> + '_ {
        let old = move |index: &TapIndex| self.tap(*index).is_some_and(|tap| tap.at < limit);
        self.taps.pending.iter().filter(move |(_, index)| old(index)).map(|(seq, _)| *seq)
    }

    /// Advices without an acknowledgement, oldest first: what store-and-forward owes the issuers.
    pub fn unacknowledged(&self) -> impl Iterator<Item = (Seq, ToIssuer)> + '_ {
        self.messages.unacknowledged.iter().map(|(seq, (message, _))| (*seq, *message))
    }

    /// The number of advices that each issuer has not acknowledged; issuers without any are left out.
    #[must_use]
    pub fn unacknowledged_by_issuer(&self) -> BTreeMap<u16, usize> {
        let mut out = BTreeMap::new();
        for (_, message) in self.unacknowledged() {
            *out.entry(message.issuer).or_default() += 1;
        }
        out
    }

    /// True while the issuer of a payment may still count a refund of it that was undone here.
    pub(super) fn is_busy_with_refunds(&self, payment: Seq) -> bool {
        self.messages.refund_reversals.contains_key(&payment)
    }

    /// Was this tap approved in its issuer's place?
    #[must_use]
    pub fn stood_in_for(&self, tap: Seq) -> bool {
        self.stand_ins.taps.contains_key(&tap)
    }

    /// True while a person has to look at this tap.
    pub(super) fn waits_for_person(&self, tap: Seq) -> bool {
        self.offline.waiting.contains(&tap)
    }

    /// See [`Parts`].
    pub(super) fn parts(&self, tap: Seq) -> Parts {
        self.parts_of.get(&tap).copied().unwrap_or_default()
    }

    pub(super) fn change_parts(&mut self, tap: Seq, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts(tap);
        change(&mut parts);
        if parts == Parts::default() {
            self.parts_of.remove(&tap);
        } else {
            self.parts_of.insert(tap, parts);
        }
    }

    /// Acquirers' totals of one business day.
    #[must_use]
    pub fn totals(&self, acquirer: InstitutionId, day: BusinessDay) -> DayTotals {
        self.totals.of(acquirer, day)
    }

    /// Every merchant, in the order of registration.
    #[must_use]
    pub fn merchants(&self) -> &[Merchant] {
        &self.parties.merchants
    }

    /// Every tap in memory, oldest first.
    pub fn taps(&self) -> impl Iterator<Item = &Tap> {
        self.taps.iter()
    }

    /// The registered acquirers.
    pub fn acquirers(&self) -> impl Iterator<Item = InstitutionId> + '_ {
        self.parties.acquirers.keys().copied()
    }

    /// The registered issuers.
    pub fn issuers(&self) -> impl Iterator<Item = u16> + '_ {
        self.parties.issuers.keys().copied()
    }

    /// A person's link versions, the newest first.
    pub fn link_versions(&self, ppid: &Ppid) -> impl Iterator<Item = &LinkVersion> {
        self.people.versions(ppid)
    }

    /// Everybody, and what they may do.
    #[must_use]
    pub fn rights(&self) -> &RightsState {
        &self.rights
    }

    /// The link version of a person in force at `at`, if it names an instrument.
    pub(super) fn link_at(&self, holder: HolderAt, at: Millis) -> Option<(u32, &Instrument)> {
        self.people.link_at(holder, at)
    }

    pub(super) fn holder(&self, at: HolderAt) -> &Holder {
        self.people.holder(at)
    }

    /// The person behind a temporary ID that was merged.
    pub(super) fn root(&self, at: HolderAt) -> HolderAt {
        self.people.root(at)
    }

    pub(super) fn wallet_mut(&mut self, at: HolderAt) -> &mut Wallet {
        self.people.wallet_mut(at)
    }

    /// The other purses of the same programme that the owner of a purse has: those that came with merged temporary IDs, or their
    /// own. None for another kind of account. A person's money of a programme is one sum, however many purses it lies in.
    pub(super) fn purses_beside(&self, purse: AccountId) -> impl Iterator<Item = AccountId> {
        let of = match self.book.account(purse).map(|account| account.key) {
            Some(AccountKey::Purse(holder, programme)) => Some((self.root(holder), programme)),
            _ => None,
        };
        let wallet = of.and_then(|(holder, _)| self.holder(holder).wallet.as_deref());
        let own = wallet.into_iter().flat_map(|wallet| &wallet.purses);
        own.filter(move |(n, account)| of.is_some_and(|(_, programme)| *n == programme) && *account != purse)
            .map(|(_, account)| *account)
    }

    pub(super) fn merchant_rules(&self, at: u32) -> MerchantRules {
        self.rules.merchants.get(position(at)).copied().unwrap_or_default()
    }

    pub(super) fn link(&self, at: u32) -> Option<&LinkVersion> {
        self.people.link(at)
    }

    pub(super) fn merchant(&self, at: u32) -> Option<&Merchant> {
        self.parties.merchant(at)
    }

    pub(super) fn tap(&self, index: TapIndex) -> Option<&Tap> {
        self.taps.tap(index)
    }

    pub(super) fn tap_mut(&mut self, index: TapIndex) -> Option<&mut Tap> {
        self.taps.tap_mut(index)
    }

    /// A tap by its record's number.
    #[must_use]
    pub fn tap_by_seq(&self, seq: Seq) -> Option<&Tap> {
        self.index_of(seq).and_then(|index| self.tap(index))
    }

    pub(super) fn index_of(&self, seq: Seq) -> Option<TapIndex> {
        self.taps.index_of(seq)
    }
}
