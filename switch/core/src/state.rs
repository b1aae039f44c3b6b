//! The state: what the journal adds up to, indexed for deciding.

use super::certificates::{Certificates, IssuerAt};
use super::large::{Blocks, Shards};
use super::money::{Leg, Legs, Source, sum};
use super::rules::{MerchantRules, Rules};
use super::wallet::{Holder, HolderAt, InstrumentKey, InstrumentUse, NOBODY, Wallet};
use hashbrown::HashMap;
use kazasu_ledger::record::{Instrument, ListReason, MerchantTraits, TapKey, TapKind, Tapped, ToIssuer, Verdict};
use kazasu_ledger::{AccountId, AccountKey, Book, Seq};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, Ppid, Rrn, Serial, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Bearer;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Answer, Balance, Options, Original, Receipt, Refusal, Request, ResponseCode};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A tap's position in the order of taps; positions are not reused when old taps are forgotten.
pub(super) type TapIndex = u64;

/// A merchant.
#[derive(Clone, PartialEq, Debug)]
pub struct Merchant {
    /// The acquirer that brought it.
    pub acquirer: InstitutionId,
    /// DE42.
    pub id: MerchantId,
    /// Its name.
    pub name: String,
    /// Its category.
    pub mcc: Mcc,
    /// What it is owed.
    pub payable: AccountId,
    /// Takes no payments any more.
    pub closed: bool,
    /// Its terminals.
    pub terminals: Vec<TerminalId>,
    /// Class, tags and region.
    pub traits: MerchantTraits,
}

/// One version of a person's link.
#[derive(Clone, PartialEq, Debug)]
pub struct LinkVersion {
    /// In force from here.
    pub from: Millis,
    /// 1, 2, 3, …
    pub version: u32,
    /// Position of the version before, or `u32::MAX`.
    pub(super) before: u32,
    /// `None` when the link ended here.
    pub instrument: Option<Instrument>,
}

/// Where a tap stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TapState {
    /// The issuer is being asked.
    Pending,
    /// Reserved, to be completed.
    Held,
    /// Money moved (or, for an inquiry or an empty reversal, there was none to move).
    Posted,
    /// Completed by the tap at this position.
    Completed(TapIndex),
    /// Refused by the switch or by the issuer, or the issuer stayed silent: nothing moved.
    Refused,
    /// Undone.
    Reversed,
}

/// An acquirer's message and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Tap {
    /// Its record.
    pub seq: Seq,
    /// When it was decided.
    pub at: Millis,
    /// Its business day.
    pub day: BusinessDay,
    /// Its idempotency key.
    pub key: TapKey,
    pub(super) fingerprint: u64,
    /// What was asked.
    pub kind: TapKind,
    /// Where it stands.
    pub state: TapState,
    /// DE37.
    pub rrn: Rrn,
    /// Position of the merchant; `u32::MAX` when unknown.
    pub(super) merchant: u32,
    /// Position of the link version that was used; `u32::MAX` when none.
    pub(super) link: u32,
    /// The person.
    pub ppid: Option<Ppid>,
    /// DE22.
    pub entry_mode: u16,
    /// DE4.
    pub amount: Yen,
    /// The person, temporary IDs followed; [`NOBODY`] when unknown.
    pub(super) holder: HolderAt,
    /// The policy's limits that count it, one bit a number.
    pub(super) limits: u64,
    /// What it counts in spending windows now, and on which day.
    pub(super) counted: Yen,
    pub(super) counted_day: BusinessDay,
    /// True while it counts as one of the window's taps.
    pub(super) counts: bool,
    /// The terminal takes partial approvals.
    pub(super) options: Options,
    /// Programmes that round by the month and count it.
    pub(super) months: Vec<u16>,
    /// What of it counts in the month of those programmes.
    pub(super) in_month: Yen,
    /// How it was paid.
    pub(super) legs: Legs,
    /// What the merchant has of it beyond what its legs say; below zero: less. Differences that were booked on one side make it.
    pub(super) kept: Yen,
    /// The tap that this one completes, refunds or reverses.
    pub(super) original: Option<TapIndex>,
    /// The answer that repeats get.
    pub(super) answer: Option<Answer>,
}

impl Tap {
    /// Yen that stand posted because of it now; refunds are taps of their own and leave it as it is.
    #[must_use]
    pub fn moved(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, |leg| super::money::minus(leg.posted, leg.undone))
    }

    /// What has been refunded of it, refunds being asked for included; yen.
    #[must_use]
    pub fn refunded(&self) -> Yen {
        sum(&self.legs, Leg::is_yen, |leg| leg.refunded)
    }

    /// The part of [`Tap::moved`] that no account covered.
    #[must_use]
    pub fn shortfall(&self) -> Yen {
        sum(&self.legs, Leg::is_claimed, |leg| super::money::minus(leg.posted, leg.undone))
    }

    /// Yen that stand at the linked instrument's issuer, or in its account here.
    #[must_use]
    pub fn at_issuer(&self) -> Yen {
        sum(&self.legs, |leg| leg.source == Source::Instrument, |leg| super::money::minus(leg.posted, leg.undone))
    }

    /// The leg that the linked instrument pays.
    pub(super) fn instrument_leg(&self) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.source == Source::Instrument)
    }
}

/// What an idempotency key leads to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Known {
    /// A message that was decided.
    Tap(TapIndex),
    /// A message that was reversed before it came.
    Tombstone(BusinessDay),
}

/// A purse programme's money.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct PurseBook {
    pub(super) fund: AccountId,
    /// Every purse, in the order of opening.
    pub(super) purses: Vec<AccountId>,
    pub(super) sweep: Sweep,
}

/// A point programme's accounts.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct PointBook {
    pub(super) issued: AccountId,
    pub(super) budget: AccountId,
    pub(super) spent: AccountId,
    pub(super) expired: AccountId,
    pub(super) funder: AccountId,
    /// Points in all, as the policy in force says.
    pub(super) total: i64,
    /// Every resident's account, in the order of opening.
    pub(super) accounts: Vec<AccountId>,
    pub(super) sweep: Sweep,
}

/// How far the accounts of a programme that is over have been emptied.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Sweep {
    /// Accounts looked at.
    pub(super) through: usize,
    /// Something came back into one of them since: they are looked at again when the day turns.
    pub(super) again: bool,
}

/// Why a link cannot be paid with any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BreakReason {
    /// Its issuer said so, with this code.
    Issuer(ResponseCode),
    /// A person did, in these words.
    Person(String),
}

/// A link that cannot be paid with, in the queue for people.
#[derive(Clone, PartialEq, Debug)]
pub struct Broken {
    /// The link's version.
    pub version: u32,
    /// What happened.
    pub why: BreakReason,
    /// When.
    pub since: Millis,
    /// A new instrument, and who proposed it.
    pub proposal: Option<(Instrument, String)>,
}

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
    /// When it happened.
    pub at: Millis,
    /// Given up: how often it was tried, and what went wrong last.
    pub dead: Option<(u32, String)>,
}

/// The card status list in force.
#[derive(Clone, PartialEq, Debug)]
pub struct CardList {
    /// The authority's number.
    pub number: u64,
    /// When it was issued.
    pub issued: Millis,
    /// The authority.
    pub(super) issuer: IssuerAt,
    pub(super) entries: HashMap<Serial, ListReason>,
}

/// A tap that was approved in an issuer's place.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct StoodFor {
    /// The record whose message the issuer knows it by.
    pub(super) message: Seq,
    pub(super) at: Millis,
    pub(super) bearer: Bearer,
}

/// Where looking for what can be forgotten goes on; `None` where it is done for the day.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Sweeps {
    /// The next tap that is set aside.
    pub(super) kept: Option<TapIndex>,
    /// The last notice that was looked at.
    pub(super) notices: Option<u64>,
}

/// How many of each thing there are.
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
    pub(super) bank: Option<AccountId>,
    pub(super) acquirers: BTreeMap<InstitutionId, AccountId>,
    pub(super) issuers: BTreeMap<u16, AccountId>,
    pub(super) merchants: Vec<Merchant>,
    pub(super) merchant_at: HashMap<(InstitutionId, MerchantId), u32>,
    pub(super) terminal_at: HashMap<(InstitutionId, TerminalId), u32>,
    pub(super) deposits: HashMap<u64, AccountId>,
    pub(super) rules: Rules,
    pub(super) merchant_rules: Vec<MerchantRules>,
    /// Numbers that limits have ever had, with their meaning.
    pub(super) limit_numbers: BTreeMap<u8, kazasu_schemas::policy::Limit>,
    pub(super) purse_books: BTreeMap<u16, PurseBook>,
    pub(super) point_books: BTreeMap<u16, PointBook>,
    pub(super) approvals: super::approvals::ApprovalState,
    pub(super) relief: super::relief::ReliefState,
    pub(super) closing: super::closing::ClosingState,
    pub(super) lines: super::statement::Lines,
    pub(super) losses: BTreeMap<u16, AccountId>,
    pub(super) residents: HashMap<Ppid, HolderAt>,
    pub(super) holders: Vec<Holder>,
    pub(super) links: Vec<LinkVersion>,
    pub(super) instruments: HashMap<InstrumentKey, InstrumentUse>,
    /// Card status lists in force, by what they are about.
    pub(super) lists: BTreeMap<String, CardList>,
    /// Every certificate that was ever bound.
    pub(super) certificates: Certificates,
    pub(super) broken: BTreeMap<HolderAt, Broken>,
    /// Payments into funds and purses by their references, so that each is booked once.
    pub(super) references: HashMap<[u8; 16], Yen>,
    pub(super) notices: BTreeMap<u64, Owed>,
    pub(super) stood_for: BTreeMap<Seq, StoodFor>,
    /// Offline payments above their floor limit that nobody has looked at yet.
    pub(super) above_floor: BTreeSet<Seq>,
    /// Those that were accepted and went to an issuer: the record whose message it knows them by, and when.
    pub(super) accepted: BTreeMap<Seq, (Seq, Millis)>,
    /// What was approved in each issuer's place on a day.
    pub(super) stood_in: BTreeMap<u16, (BusinessDay, Yen)>,
    pub(super) taps: Blocks<Tap>,
    /// Taps older than those that something still depends on (an open hold, an advice that is owed), in their order.
    pub(super) kept: BTreeMap<TapIndex, Tap>,
    /// The same by record.
    pub(super) kept_at: BTreeMap<Seq, TapIndex>,
    /// How far what is kept has been looked at since the day turned.
    pub(super) sweeps: Sweeps,
    /// Taps that messages to issuers are about which are owed, and how many messages.
    pub(super) owed: BTreeMap<Seq, u32>,
    /// Payments of which an issuer takes something back, until that is decided.
    pub(super) disputed: BTreeSet<Seq>,
    /// Messages that were reversed before they came, in the order of their reversals.
    pub(super) tombstones: VecDeque<(TapKey, BusinessDay)>,
    pub(super) forgotten: TapIndex,
    pub(super) known: Shards<TapKey, Known>,
    pub(super) by_reference: Shards<u64, super::original::Reference>,
    /// Taps of which reversals have said what may remain, by record, as long as more of them may come to stand.
    pub(super) undos: BTreeMap<Seq, super::undo::Undo>,
    /// Those of them of which something is to be undone, or told, now.
    pub(super) undo_due: BTreeSet<Seq>,
    /// Reversals of refunds that an issuer has not acknowledged, by the refunds' payment.
    pub(super) refund_reversals: BTreeMap<Seq, BTreeSet<Seq>>,
    /// What of payments at issuers, and of refunds of them, is not as their legs say.
    pub(super) parts_of: BTreeMap<Seq, super::loss::Parts>,
    pub(super) pending: BTreeMap<Seq, TapIndex>,
    pub(super) unacknowledged: BTreeMap<Seq, (ToIssuer, Millis)>,
    pub(super) totals: BTreeMap<(InstitutionId, BusinessDay), DayTotals>,
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
        self.bank.is_some()
    }

    /// True when a message with this one's key has been decided, or reversed before it came.
    #[must_use]
    pub fn knows(&self, request: &Request) -> bool {
        self.known.contains_key(&key_of(request))
    }

    /// The record of the message that was decided under this one's key: its own, or the first one's when it is a repeat.
    #[must_use]
    pub fn record_of(&self, request: &Request) -> Option<Seq> {
        match self.known.get(&key_of(request))? {
            Known::Tap(index) => self.tap(*index).map(|tap| tap.seq),
            Known::Tombstone(_) => None,
        }
    }

    /// The tap that a message to an issuer is about: the message's own record, or the one that it follows from.
    #[must_use]
    pub fn tap_of_message(&self, message: Seq) -> Option<&Tap> {
        let of_advice = || self.tap_by_seq(self.unacknowledged.get(&message)?.0.tap);
        self.tap_by_seq(message).or_else(of_advice)
    }

    /// Counts, for metrics and the status page.
    #[must_use]
    pub fn sizes(&self) -> StateSizes {
        StateSizes {
            residents: self.residents.len(),
            links: self.links.len(),
            merchants: self.merchants.len(),
            taps: self.kept.len() + self.taps.len(),
            pending: self.pending.len(),
            unacknowledged: self.unacknowledged.len(),
            waiting_advices: self.above_floor.len(),
            holds: self.book.open_holds(),
        }
    }

    /// Taps that wait for an issuer, oldest first.
    pub fn pending_taps(&self) -> impl Iterator<Item = Seq> + '_ {
        self.pending.keys().copied()
    }

    /// Taps that have waited for an issuer since before this moment.
    pub fn pending_since(&self, limit: Millis) -> impl Iterator<Item = Seq> + '_ {
        let old = move |index: &TapIndex| self.tap(*index).is_some_and(|tap| tap.at < limit);
        self.pending.iter().filter(move |(_, index)| old(index)).map(|(seq, _)| *seq)
    }

    /// Advices without an acknowledgement, oldest first: what store-and-forward owes the issuers.
    pub fn unacknowledged(&self) -> impl Iterator<Item = (Seq, ToIssuer)> + '_ {
        self.unacknowledged.iter().map(|(seq, (message, _))| (*seq, *message))
    }

    /// How many advices each issuer has not acknowledged; issuers without any are left out.
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
        self.refund_reversals.contains_key(&payment)
    }

    /// Was this tap approved in its issuer's place?
    #[must_use]
    pub fn stood_in_for(&self, tap: Seq) -> bool {
        self.stood_for.contains_key(&tap)
    }

    /// Acquirers' totals of one business day.
    #[must_use]
    pub fn totals(&self, acquirer: InstitutionId, day: BusinessDay) -> DayTotals {
        self.totals.get(&(acquirer, day)).copied().unwrap_or_default()
    }

    /// Every merchant, in the order of registration.
    #[must_use]
    pub fn merchants(&self) -> &[Merchant] {
        &self.merchants
    }

    /// Every tap in memory, oldest first.
    pub fn taps(&self) -> impl Iterator<Item = &Tap> {
        self.kept.values().chain(self.taps.iter())
    }

    /// The registered acquirers.
    pub fn acquirers(&self) -> impl Iterator<Item = InstitutionId> + '_ {
        self.acquirers.keys().copied()
    }

    /// The registered issuers.
    pub fn issuers(&self) -> impl Iterator<Item = u16> + '_ {
        self.issuers.keys().copied()
    }

    /// A person's link versions, the newest first.
    pub fn link_versions(&self, ppid: &Ppid) -> impl Iterator<Item = &LinkVersion> {
        let mut next = self.residents.get(ppid).map_or(u32::MAX, |at| self.holder(*at).link);
        std::iter::from_fn(move || {
            let link = self.links.get(position(next))?;
            next = link.before;
            Some(link)
        })
    }

    /// The link version of a person in force at `at`, if it names an instrument.
    pub(super) fn link_at(&self, holder: HolderAt, at: Millis) -> Option<(u32, &Instrument)> {
        let mut next = self.holder(holder).link;
        while let Some(link) = self.links.get(position(next)) {
            if link.from <= at {
                return link.instrument.as_ref().map(|instrument| (next, instrument));
            }
            next = link.before;
        }
        None
    }

    pub(super) fn holder(&self, at: HolderAt) -> &Holder {
        &self.holders[position(at)]
    }

    /// The person behind a temporary ID that was merged. A person is merged into one that is not, so one step is enough.
    pub(super) fn root(&self, at: HolderAt) -> HolderAt {
        match self.holder(at).merged_into {
            NOBODY => at,
            into => into,
        }
    }

    pub(super) fn wallet_mut(&mut self, at: HolderAt) -> &mut Wallet {
        let root = position(self.root(at));
        self.holders[root].wallet.get_or_insert_default()
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
        self.merchant_rules.get(position(at)).copied().unwrap_or_default()
    }

    pub(super) fn link(&self, at: u32) -> Option<&LinkVersion> {
        self.links.get(position(at))
    }

    pub(super) fn merchant(&self, at: u32) -> Option<&Merchant> {
        self.merchants.get(position(at))
    }

    pub(super) fn tap(&self, index: TapIndex) -> Option<&Tap> {
        match index.checked_sub(self.forgotten) {
            Some(at) => self.taps.get(usize::try_from(at).ok()?),
            None => self.kept.get(&index),
        }
    }

    pub(super) fn tap_mut(&mut self, index: TapIndex) -> Option<&mut Tap> {
        match index.checked_sub(self.forgotten) {
            Some(at) => self.taps.get_mut(usize::try_from(at).ok()?),
            None => self.kept.get_mut(&index),
        }
    }

    /// A tap by its record's number.
    #[must_use]
    pub fn tap_by_seq(&self, seq: Seq) -> Option<&Tap> {
        self.index_of(seq).and_then(|index| self.tap(index))
    }

    pub(super) fn index_of(&self, seq: Seq) -> Option<TapIndex> {
        match self.taps.find_by_key(&seq, |tap| tap.seq) {
            Some(at) => Some(self.forgotten + u64::try_from(at).expect("a position")),
            None => self.kept_at.get(&seq).copied(),
        }
    }
}

pub(super) fn position(n: u32) -> usize {
    usize::try_from(n).expect("32 bits fit a usize on every supported machine")
}

/// The key of the message that DE90 names; its terminal is that of the message that names it.
pub(super) fn original_key(original: &Original, request: &Request) -> Option<TapKey> {
    (original.acquirer == request.acquirer.zero_filled()).then_some(TapKey {
        acquirer: request.acquirer,
        terminal: request.terminal,
        stan: original.stan,
        transmission: original.transmission,
        class: original.mti.class(),
    })
}

pub(super) fn key_of(request: &Request) -> TapKey {
    TapKey {
        acquirer: request.acquirer,
        terminal: request.terminal,
        stan: request.stan,
        transmission: request.transmission,
        class: request.mti.class(),
    }
}

/// A short key for the reference index; what it leads to is compared in full.
pub(super) fn reference(acquirer: &InstitutionId, merchant: &MerchantId, rrn: &Rrn) -> u64 {
    let mut hasher = DefaultHasher::new();
    (acquirer, merchant, rrn).hash(&mut hasher);
    hasher.finish()
}

/// A refusal as an answer.
pub(super) fn refused(refusal: Refusal) -> Answer {
    Answer::code(refusal.code())
}

/// What a decided tap is answered; `None` while its issuer is being asked.
pub(super) fn answer_of(r: &Tapped) -> Option<Answer> {
    match r.verdict {
        Verdict::Pending => None,
        Verdict::Refused(refusal) => Some(refused(refusal)),
        Verdict::Approved(approval) => {
            let ruled = r.ruled.as_ref();
            let approved = ruled.and_then(|ruled| ruled.approved);
            Some(Answer {
                code: if approved.is_some() { ResponseCode::PARTIAL } else { ResponseCode::APPROVED },
                approval: Some(approval),
                balance: r.balance.map(|(ledger, available)| Balance { ledger, available }),
                receipt: ruled.map_or_else(Receipt::default, |ruled| ruled.receipt),
                approved,
            })
        }
    }
}
