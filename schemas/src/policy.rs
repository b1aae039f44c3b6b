//! The rules of a tap as data: what a policy file says once it has been read and checked.
//!
//! `docs/operations/policy.md` explains every key and how a tap is decided. A policy is kept in the journal, so its fields are
//! numbered and only ever added to. Amounts are yen or points, both whole; rates are parts per million.

use crate::canonical;
use crate::ids::{InstitutionId, Mcc, MerchantId};
use crate::jst::{BusinessDay, Millis};
use crate::money::Yen;
use minicbor::{Decode, Encode};

/// Everything that a policy file can say.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Policy {
    /// Its name, for people.
    #[n(0)]
    pub name: String,
    /// A tap without PIN may be at most this much.
    #[n(1)]
    pub no_pin: Option<Yen>,
    /// The largest age of the card status list.
    #[n(2)]
    pub validity: Option<Validity>,
    /// Spending limits, by ascending number.
    #[n(3)]
    pub limits: Vec<Limit>,
    /// Percentages of the month's limit at which residents are told, ascending, at most 8.
    #[n(4)]
    pub alerts: Vec<u8>,
    /// Purse programmes, by ascending number.
    #[n(5)]
    pub purses: Vec<PurseProgramme>,
    /// Point programmes, by ascending number.
    #[n(6)]
    pub points: Vec<PointProgramme>,
    /// Stand-in allowances, by ascending issuer.
    #[n(7)]
    pub stand_in: Vec<StandIn>,
    /// Offline allowance.
    #[n(8)]
    pub offline: Option<Offline>,
}

impl Policy {
    /// Version 0: in force until the first policy is activated.
    #[must_use]
    pub fn initial() -> Self {
        Policy { name: "initial".into(), no_pin: Some(Yen::new(15_000)), ..Default::default() }
    }
}

/// See `[validity]`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Validity {
    /// A list up to this age is as good as asking; hours.
    #[n(0)]
    pub fresh_hours: u32,
    /// Older than this, taps are refused; hours.
    #[n(1)]
    pub stale_hours: u32,
    /// The largest amount in between.
    #[n(2)]
    pub stale_cap: Yen,
}

/// The time over which a limit adds up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Window {
    /// Each tap by itself.
    #[n(0)]
    Tap,
    /// A calendar day in Japan.
    #[n(1)]
    Day,
    /// A calendar month in Japan.
    #[n(2)]
    Month,
    /// The tap's day and the `n - 1` days before it.
    #[n(3)]
    Days(#[n(0)] u8),
}

/// Whose payments a limit adds up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Per {
    /// One person's.
    #[n(0)]
    Resident,
    /// Those from one card or account, with any holder.
    #[n(1)]
    Instrument,
}

/// Kinds of linked instruments.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Kind {
    /// Credit card.
    Credit,
    /// Debit card.
    Debit,
    /// Public-receipt account at a bank.
    Bank,
    /// Public-receipt account held in the ledger.
    OnUs,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 4] = [Kind::Credit, Kind::Debit, Kind::Bank, Kind::OnUs];

    /// As files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Credit => "credit",
            Kind::Debit => "debit",
            Kind::Bank => "bank",
            Kind::OnUs => "on_us",
        }
    }

    /// The kind that a name stands for. `held` is the earlier name of `on_us`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Kind> {
        let name = if name == "held" { "on_us" } else { name };
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    fn bit(self) -> u8 {
        match self {
            Kind::Credit => 1,
            Kind::Debit => 2,
            Kind::Bank => 4,
            Kind::OnUs => 8,
        }
    }
}

/// A set of instrument kinds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(transparent)]
pub struct Kinds(#[n(0)] u8);

impl Kinds {
    /// All four.
    pub const ALL: Kinds = Kinds(15);

    /// These.
    #[must_use]
    pub fn of(kinds: &[Kind]) -> Self {
        Kinds(kinds.iter().fold(0, |bits, kind| bits | kind.bit()))
    }

    /// Is this kind one of them?
    #[must_use]
    pub fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }
}

/// Merchant category codes: ranges, both ends included.
pub type MccRanges = Vec<(Mcc, Mcc)>;

/// Is the code in one of the ranges?
#[must_use]
pub fn in_ranges(ranges: &[(Mcc, Mcc)], mcc: Mcc) -> bool {
    ranges.iter().any(|(low, high)| *low <= mcc && mcc <= *high)
}

/// A spending limit.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Limit {
    /// 1 to 63; its counter's name for ever.
    #[n(0)]
    pub number: u8,
    /// For people.
    #[n(1)]
    pub name: String,
    /// Over which time.
    #[n(2)]
    pub window: Window,
    /// Yen in the window.
    #[n(3)]
    pub amount: Option<Yen>,
    /// Taps in the window.
    #[n(4)]
    pub count: Option<u32>,
    /// Whose.
    #[n(5)]
    pub per: Per,
    /// Only taps at these merchants; all when absent.
    #[n(6)]
    pub mcc: Option<MccRanges>,
    /// Only merchants of this class.
    #[n(7)]
    pub class: Option<String>,
    /// Only what is paid with these.
    #[n(8)]
    pub instruments: Kinds,
    /// Only taps without PIN.
    #[n(9)]
    pub without_pin: bool,
}

impl Limit {
    /// The terms that never change under one number, because its counters would change their meaning.
    #[must_use]
    pub fn same_meaning(&self, other: &Limit) -> bool {
        self.window == other.window
            && self.per == other.per
            && self.mcc == other.mcc
            && canonical::same_or_neither(self.class.as_deref(), other.class.as_deref())
            && self.instruments == other.instruments
            && self.without_pin == other.without_pin
    }
}

/// The places where a programme's money may be spent or earned. Every list that is not empty must agree.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Place {
    /// Merchants with one of these tags.
    #[n(0)]
    pub tags: Vec<String>,
    /// Merchants of these categories.
    #[n(1)]
    pub mcc: MccRanges,
    /// Never merchants of these categories.
    #[n(2)]
    pub not_mcc: MccRanges,
    /// Merchants whose municipality code begins with one of these.
    #[n(3)]
    pub regions: Vec<String>,
    /// These merchants.
    #[n(4)]
    pub merchants: Vec<(InstitutionId, MerchantId)>,
}

/// The merchant that a place is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Shop<'a> {
    /// Its acquirer.
    pub acquirer: InstitutionId,
    /// DE42.
    pub merchant: MerchantId,
    /// Its category.
    pub mcc: Mcc,
    /// Its tags.
    pub tags: &'a [String],
    /// Its municipality code; empty when unknown.
    pub region: &'a str,
}

impl Place {
    /// Does the place take this merchant in?
    #[must_use]
    pub fn takes(&self, shop: Shop<'_>) -> bool {
        let tags = self.tags.is_empty()
            || self.tags.iter().any(|tag| shop.tags.iter().any(|theirs| canonical::same(tag, theirs)));
        let mcc = self.mcc.is_empty() || in_ranges(&self.mcc, shop.mcc);
        let regions = self.regions.is_empty() || self.regions.iter().any(|r| shop.region.starts_with(r.as_str()));
        let merchants = self.merchants.is_empty() || self.merchants.contains(&(shop.acquirer, shop.merchant));
        tags && mcc && regions && merchants && !in_ranges(&self.not_mcc, shop.mcc)
    }
}

/// A relief or benefit programme: what its purse money may buy.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PurseProgramme {
    /// 1 to 65535, for ever.
    #[n(0)]
    pub number: u16,
    /// For people.
    #[n(1)]
    pub name: String,
    /// The party that pays.
    #[n(2)]
    pub funder: String,
    /// First day.
    #[n(3)]
    pub from: Option<BusinessDay>,
    /// Last day.
    #[n(4)]
    pub until: Option<BusinessDay>,
    /// The places where it holds.
    #[n(5)]
    pub place: Place,
    /// The moment of the last day at which it is over, when that is before midnight.
    #[n(6)]
    pub closes: Option<Millis>,
}

impl PurseProgramme {
    /// May it be spent at this moment, which is on `day`?
    #[must_use]
    pub fn runs(&self, day: BusinessDay, now: Millis) -> bool {
        self.from.is_none_or(|from| from <= day) && !self.is_over(day, now)
    }

    /// Is it over at this moment, as far as `day` has come?
    #[must_use]
    pub fn is_over(&self, day: BusinessDay, now: Millis) -> bool {
        self.until.is_some_and(|until| day > until) || self.closes.is_some_and(|closes| now >= closes)
    }
}

/// The rounding of fractions of points.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Rounding {
    /// Each tap is rounded down.
    #[n(0)]
    Tap,
    /// The month's sum is rounded down.
    #[n(1)]
    Month,
}

/// A rate in parts per million, so that `"2.5%"` is exact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Rate(#[n(0)] pub u32);

impl Rate {
    /// The whole part of `amount` × rate.
    #[must_use]
    pub fn of(self, amount: i64) -> i64 {
        let product = i128::from(amount) * i128::from(self.0);
        i64::try_from(product.div_euclid(1_000_000)).expect("a rate of at most 100 % keeps an amount within the range")
    }
}

/// A point programme.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PointProgramme {
    /// 1 to 65535, for ever; also the unit's number.
    #[n(0)]
    pub number: u16,
    /// For people.
    #[n(1)]
    pub name: String,
    /// The party that pays.
    #[n(2)]
    pub funder: String,
    /// First day that earns.
    #[n(3)]
    pub from: BusinessDay,
    /// Last day that earns.
    #[n(4)]
    pub until: BusinessDay,
    /// Points per yen.
    #[n(5)]
    pub rate: Rate,
    /// Smallest instrument part that earns.
    #[n(6)]
    pub minimum: Yen,
    /// Most points of one tap.
    #[n(7)]
    pub cap_tap: Option<i64>,
    /// Most points of one person in a month.
    #[n(8)]
    pub cap_month: Option<i64>,
    /// Most points of one person.
    #[n(9)]
    pub cap_life: Option<i64>,
    /// Points in all.
    #[n(10)]
    pub budget: i64,
    /// The rounding.
    #[n(11)]
    pub rounding: Rounding,
    /// Days with the bonus rate.
    #[n(12)]
    pub bonus_days: Vec<BusinessDay>,
    /// Weekdays with the bonus rate: bit 0 is Monday.
    #[n(13)]
    pub bonus_weekdays: u8,
    /// The bonus rate.
    #[n(14)]
    pub bonus_rate: Rate,
    /// The points' last day.
    #[n(15)]
    pub expires: Option<BusinessDay>,
    /// Can be paid with.
    #[n(16)]
    pub redeemable: bool,
    /// Of the programmes with this word a person gets one.
    #[n(17)]
    pub one_of: Option<String>,
    /// Only what is paid with these earns.
    #[n(18)]
    pub instruments: Kinds,
    /// The places where it holds.
    #[n(19)]
    pub place: Place,
    /// The line of the funder's budget that pays (款項目節), as its accounts write it.
    #[n(20)]
    pub budget_line: Option<String>,
}

impl PointProgramme {
    /// Does a tap on this day earn?
    #[must_use]
    pub fn earns(&self, day: BusinessDay) -> bool {
        self.from <= day && day <= self.until
    }

    /// Can its points be paid with on this day?
    #[must_use]
    pub fn pays(&self, day: BusinessDay) -> bool {
        self.redeemable && self.from <= day && self.expires.is_none_or(|last| day <= last)
    }

    /// The rate on this day.
    #[must_use]
    pub fn rate_on(&self, day: BusinessDay) -> Rate {
        let weekday = self.bonus_weekdays & (1 << day.weekday()) != 0;
        if weekday || self.bonus_days.contains(&day) { self.bonus_rate } else { self.rate }
    }
}

/// The party that bears the loss when an issuer refuses afterwards.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum LiableParty {
    /// The operator of the switch.
    #[n(0)]
    Operator,
    /// The merchant: it is owed that much less.
    #[n(1)]
    Merchant,
    /// The issuer, by contract: its receivable stays.
    #[n(2)]
    Issuer,
}

impl LiableParty {
    /// Its name, as policy files have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LiableParty::Operator => "operator",
            LiableParty::Merchant => "merchant",
            LiableParty::Issuer => "issuer",
        }
    }
}

/// A stand-in allowance of one issuer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct StandIn {
    /// The issuer's number.
    #[n(0)]
    pub issuer: u16,
    /// Most of one tap.
    #[n(1)]
    pub tap: Yen,
    /// Most for the issuer in a day.
    #[n(2)]
    pub issuer_day: Yen,
    /// Most for one person in a day.
    #[n(3)]
    pub resident_day: Yen,
    /// The party that bears the loss when the issuer refuses afterwards.
    #[n(4)]
    pub liable: LiableParty,
}

/// Floor limits: an offline payment above its terminal's waits for a person.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Floor {
    /// By merchants' class, sorted.
    #[n(0)]
    pub classes: Vec<(String, Yen)>,
    /// For every other class.
    #[n(1)]
    pub otherwise: Option<Yen>,
}

/// The offline allowance.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Offline {
    /// Payments of one person and day above it are flagged.
    #[n(0)]
    pub resident_day: Yen,
    /// The party that bears the loss when the issuer refuses afterwards.
    #[n(1)]
    pub liable: LiableParty,
    /// Floor limits; the switch's own when absent.
    #[n(2)]
    pub floor: Option<Floor>,
}
