//! The tap rules a second time, written from `docs/operations/policy.md` alone and as plainly as possible.
//!
//! It keeps every tap with all that became of it, and adds everything up anew for each question: slow, and free of
//! counters that could drift. A test drives it beside the real switch and compares the two.

mod messages;
mod rules;
mod tap;

use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::policy::{Kind, Kinds, Limit, Per, Place, PointProgramme, Policy, Rounding, Window};
use std::collections::BTreeSet;

const HOUR_MS: i64 = 3_600_000;
const MOST_PURSES: usize = 6;
const MOST_POINTS: usize = 2;
const MOST_GRANTS: usize = 4;
/// Sorts behind every real day: what has no last day comes last.
const NEVER: BusinessDay = BusinessDay(i32::MAX);

/// The instrument of a person's taps when purses and points are not enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Instr {
    None,
    /// A held account, by its place in the list of deposits.
    Deposit(u32),
    /// A card or account at an issuer; `account` tells it from the issuer's others.
    Issuer {
        issuer: u16,
        kind: Kind,
        account: u32,
    },
}

impl Instr {
    fn kind(self) -> Option<Kind> {
        match self {
            Instr::None => None,
            Instr::Deposit(_) => Some(Kind::OnUs),
            Instr::Issuer { kind, .. } => Some(kind),
        }
    }

    /// The same card or account, with any holder?
    fn same(self, other: Instr) -> bool {
        match (self, other) {
            (Instr::Deposit(one), Instr::Deposit(two)) => one == two,
            (Instr::Issuer { issuer: a, account: one, .. }, Instr::Issuer { issuer: b, account: two, .. }) => {
                a == b && one == two
            }
            _ => false,
        }
    }
}

/// The state of a person's card.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Card {
    Good,
    Held,
    Revoked,
    LastDay(BusinessDay),
}

/// A resident's own limits, as they are in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct OwnLimits {
    pub(super) tap: Option<i64>,
    pub(super) day: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) month_declines: bool,
}

/// A terminal's message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Purchase,
    Authorize,
    PurchaseAdvice,
    AuthorizationAdvice,
}

/// A tap as it comes in.
#[derive(Clone, Copy, Debug)]
pub(super) struct TapIn {
    pub(super) who: usize,
    pub(super) merchant: usize,
    pub(super) op: Op,
    pub(super) yen: i64,
    pub(super) pin: bool,
    /// The terminal takes partial approvals.
    pub(super) partial: bool,
    /// The resident asked to pay with points.
    pub(super) use_points: bool,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Out {
    Refused(&'static str),
    Approved {
        yen: i64,
        code: &'static str,
    },
    /// The issuer is being asked.
    Waits,
}

struct Merchant {
    acquirer: InstitutionId,
    id: MerchantId,
    mcc: Mcc,
    class: String,
    tags: Vec<String>,
    region: String,
}

struct Person {
    instr: Instr,
    card: Card,
    own: OwnLimits,
    merged_into: Option<usize>,
    /// Whose purse and point accounts are this person's: first the own ones, then those of merged persons.
    family: Vec<usize>,
}

/// The source of a part of a tap's money.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    Purse {
        owner: usize,
        programme: u16,
    },
    Points {
        owner: usize,
        programme: u16,
    },
    Deposit(u32),
    Issuer,
    /// No person's account: the acquirer owes it.
    Shortfall,
}

impl Source {
    /// Does it belong to the instrument part?
    fn is_instrument(self) -> bool {
        matches!(self, Source::Deposit(_) | Source::Issuer | Source::Shortfall)
    }
}

/// One part of a tap's money, in tender order.
struct Tender {
    source: Source,
    /// Held at this moment.
    held: i64,
    /// Posted once; never made smaller.
    posted: i64,
    refunded: i64,
    reversed: i64,
}

impl Tender {
    fn hold(source: Source, yen: i64) -> Self {
        Tender { source, held: yen, posted: 0, refunded: 0, reversed: 0 }
    }

    /// Posted and not given back.
    fn stands(&self) -> i64 {
        self.posted - self.refunded - self.reversed
    }
}

/// A programme for which a tap's instrument part earns, with the points that came of it (maybe none).
struct Grant {
    programme: u16,
    /// Whose point account they go to.
    owner: usize,
    /// Pending at this moment.
    held: i64,
    /// Granted when the payment was posted; what was taken back afterwards is computed.
    posted: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Refused,
    Waiting,
    /// An approved authorization that is neither completed nor reversed.
    Held,
    Posted,
    /// Reversed, so that nothing is left.
    Undone,
}

/// Approved in the issuer's place.
struct StoodIn {
    issuer: u16,
    day: BusinessDay,
    part: i64,
}

/// A tap and everything that became of it.
struct Tap {
    id: u64,
    /// The completion's id; with it the tap's own id is closed.
    completion: Option<u64>,
    who: usize,
    /// The link when the tap was decided.
    instr: Instr,
    merchant: usize,
    day: BusinessDay,
    op: Op,
    yen: i64,
    pin: bool,
    partial: bool,
    state: State,
    tenders: Vec<Tender>,
    grants: Vec<Grant>,
    /// The numbers of the policy's limits that count it.
    limits: Vec<u8>,
    stood_in: Option<StoodIn>,
    over_limit: bool,
    over_offline: bool,
    card_not_good: bool,
    crl_based: bool,
    /// Reversals that came while it waited: not more than this remains.
    most: Option<i64>,
}

/// ⌊amount × part ÷ whole⌋; nothing of nothing.
fn portion(amount: i64, part: i64, whole: i64) -> i64 {
    if whole == 0 {
        return 0;
    }
    i64::try_from((i128::from(amount) * i128::from(part)).div_euclid(i128::from(whole))).unwrap()
}

fn within(ranges: &[(Mcc, Mcc)], mcc: Mcc) -> bool {
    ranges.iter().any(|(first, last)| *first <= mcc && mcc <= *last)
}

/// May money be spent, or points be earned, at this merchant?
fn allows(place: &Place, merchant: &Merchant) -> bool {
    if !place.tags.is_empty() && !place.tags.iter().any(|tag| merchant.tags.contains(tag)) {
        return false;
    }
    if !place.mcc.is_empty() && !within(&place.mcc, merchant.mcc) {
        return false;
    }
    if within(&place.not_mcc, merchant.mcc) {
        return false;
    }
    if !place.regions.is_empty() && !place.regions.iter().any(|start| merchant.region.starts_with(start.as_str())) {
        return false;
    }
    place.merchants.is_empty() || place.merchants.contains(&(merchant.acquirer, merchant.id))
}

/// ⌊yen × the programme's rate on the day⌋.
fn points_for(programme: &PointProgramme, day: BusinessDay, yen: i64) -> i64 {
    let bonus_weekday = (programme.bonus_weekdays >> day.weekday()) & 1 == 1;
    let bonus = bonus_weekday || programme.bonus_days.contains(&day);
    let rate = if bonus { programme.bonus_rate } else { programme.rate };
    portion(yen, i64::from(rate.0), 1_000_000)
}

/// The whole town.
pub(super) struct Oracle {
    policy: Policy,
    /// Point programmes' budgets, as far as they could be changed.
    budgets: Vec<(u16, i64)>,
    /// The opening balance of each deposit.
    deposits: Vec<i64>,
    issuers: Vec<u16>,
    list_at: Option<Millis>,
    merchants: Vec<Merchant>,
    people: Vec<Person>,
    /// Purse money that was paid in: owner, programme, yen.
    credits: Vec<(usize, u16, i64)>,
    /// Point accounts that have been opened: owner, programme.
    point_accounts: BTreeSet<(usize, u16)>,
    taps: Vec<Tap>,
}

/// Setting the town up and changing it.
impl Oracle {
    pub(super) fn new(policy: Policy, deposits: Vec<i64>, issuers: Vec<u16>) -> Self {
        let mut oracle = Oracle {
            policy: Policy::default(),
            budgets: Vec::new(),
            deposits,
            issuers,
            list_at: None,
            merchants: Vec::new(),
            people: Vec::new(),
            credits: Vec::new(),
            point_accounts: BTreeSet::new(),
            taps: Vec::new(),
        };
        oracle.policy(policy);
        oracle
    }

    pub(super) fn merchant(
        &mut self,
        acquirer: InstitutionId,
        id: MerchantId,
        mcc: Mcc,
        class: &str,
        tags: &[&str],
        region: &str,
    ) -> usize {
        self.merchants.push(Merchant {
            acquirer,
            id,
            mcc,
            class: class.to_string(),
            tags: tags.iter().map(|tag| (*tag).to_string()).collect(),
            region: region.to_string(),
        });
        self.merchants.len() - 1
    }

    pub(super) fn person(&mut self, instr: Instr) -> usize {
        let number = self.people.len();
        let own = OwnLimits::default();
        self.people.push(Person { instr, card: Card::Good, own, merged_into: None, family: vec![number] });
        number
    }

    /// Later taps use the new instrument; what follows older taps stays with theirs.
    pub(super) fn relink(&mut self, who: usize, instr: Instr) {
        self.people[who].instr = instr;
    }

    pub(super) fn card(&mut self, who: usize, card: Card) {
        self.people[who].card = card;
    }

    /// `from` was a temporary ID: its card is refused from now on, and all that it has and did is `into`'s.
    pub(super) fn merge(&mut self, from: usize, into: usize) {
        let into = self.root(into);
        let family = self.people[from].family.clone();
        self.people[into].family.extend(family);
        self.people[from].merged_into = Some(into);
    }

    pub(super) fn own(&mut self, who: usize, own: OwnLimits) {
        self.people[who].own = own;
    }

    /// Pays money into a purse.
    pub(super) fn credit(&mut self, who: usize, programme: u16, yen: i64) {
        let has = |owner: &&usize| self.credits.iter().any(|(of, number, _)| of == *owner && *number == programme);
        let owner = self.family(who).iter().find(has).copied().unwrap_or_else(|| self.root(who));
        self.credits.push((owner, programme, yen));
    }

    /// A new version of the rules. A budget is lowered only as far as it is unspent.
    pub(super) fn policy(&mut self, policy: Policy) {
        for programme in &policy.points {
            let number = programme.number;
            let budget = programme.budget.max(self.taken_from_budget(number));
            self.budgets.retain(|(known, _)| *known != number);
            self.budgets.push((number, budget));
        }
        self.policy = policy;
    }

    /// The time at which the card status list was issued.
    pub(super) fn list_at(&mut self, at: Option<Millis>) {
        self.list_at = at;
    }
}

/// The commands.
impl Oracle {
    /// Money in the person's purses of a programme: posted less holds.
    pub(super) fn purse(&self, who: usize, programme: u16) -> i64 {
        self.family(who).iter().map(|owner| self.purse_account(*owner, programme)).sum()
    }

    /// The person's points: posted less what is held for payments. Pending grants are not there yet.
    pub(super) fn points(&self, who: usize, programme: u16) -> i64 {
        self.family(who).iter().map(|owner| self.point_account(*owner, programme)).sum()
    }

    pub(super) fn budget_left(&self, programme: u16) -> i64 {
        let budget = self.budgets.iter().find(|(number, _)| *number == programme).map_or(0, |(_, budget)| *budget);
        budget - self.taken_from_budget(programme)
    }

    /// The available amount of an on-us account.
    pub(super) fn deposit(&self, deposit: u32) -> i64 {
        self.deposits[usize::try_from(deposit).unwrap()] - self.taken_from(Source::Deposit(deposit))
    }

    /// The amount that a merchant is owed.
    pub(super) fn payable(&self, merchant: usize) -> i64 {
        self.taps.iter().filter(|tap| tap.merchant == merchant).map(Tap::stands).sum()
    }

    /// The instrument parts of the person's taps of this month.
    pub(super) fn month_used(&self, who: usize, now: Millis) -> i64 {
        let month = now.jst_day().month();
        self.taps_of(who).filter(|tap| tap.day.month() == month).map(Tap::counted_yen).sum()
    }

    /// The instrument parts of the person's taps of this day.
    pub(super) fn day_used(&self, who: usize, now: Millis) -> i64 {
        let day = now.jst_day();
        self.taps_of(who).filter(|tap| tap.day == day).map(Tap::counted_yen).sum()
    }

    /// Amount and count in the window of one of the policy's limits, for the person or what the person has linked.
    pub(super) fn window_used(&self, limit: u8, who: usize, now: Millis) -> (i64, u32) {
        let Some(limit) = self.policy.limits.iter().find(|known| known.number == limit) else { return (0, 0) };
        let who = self.root(who);
        self.window(limit, who, self.people[who].instr, now.jst_day())
    }

    /// Points that a programme has granted to the person and not taken back, pending included: this month's and all.
    pub(super) fn granted(&self, who: usize, programme: u16, now: Millis) -> (i64, i64) {
        self.granted_by(who, programme, now.jst_day())
    }

    /// The person's offline sum of the day.
    pub(super) fn offline_used(&self, who: usize, now: Millis) -> i64 {
        let day = now.jst_day();
        self.taps_of(who).filter(|tap| tap.op == Op::PurchaseAdvice && tap.day == day).map(|tap| tap.yen).sum()
    }

    /// The amount booked against the acquirers.
    pub(super) fn shortfall(&self) -> i64 {
        let tenders = self.taps.iter().flat_map(|tap| &tap.tenders);
        tenders.filter(|tender| tender.source == Source::Shortfall).map(Tender::stands).sum()
    }

    /// Over a limit, over the offline allowance, card not good, based on an old status list.
    pub(super) fn flags(&self, id: u64) -> (bool, bool, bool, bool) {
        match self.taps.iter().find(|tap| tap.id == id || tap.completion == Some(id)) {
            Some(tap) => (tap.over_limit, tap.over_offline, tap.card_not_good, tap.crl_based),
            None => (false, false, false, false),
        }
    }
}
