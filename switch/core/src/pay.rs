//! Messages that name a person: may the card be used, who pays how much, which limits look at it, what is granted.
//! `docs/operations/policy.md` has the order; it is the order here.

use super::context::{Context, Outcome, approval, refusal};
use super::money::{minus, plus};
use super::rules::{Paying, PointShares, PurseShares, Spender};
use super::state::{Merchant, MerchantRules, Pin, State};
use super::wallet::{HolderAt, InstrumentKey, Wallet, kind_of};
use kazasu_ledger::record::{Instrument, Opening, Ruled, ToIssuer, Verdict, flag};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, AccountKey, Transfer, TransferKind};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::{Operation, Options, Receipt, Refusal};

/// The person who pays, and what is known of the place.
struct Payer<'a> {
    /// Temporary IDs that were merged are followed to the person.
    holder: HolderAt,
    wallet: Option<&'a Wallet>,
    link: Option<(u32, &'a Instrument)>,
    merchant: &'a Merchant,
    rules: MerchantRules,
    day: BusinessDay,
    now: Millis,
    flags: u16,
}

impl Payer<'_> {
    fn spender(&self) -> Spender<'_> {
        let instrument = self.link.map(|(_, instrument)| InstrumentKey::of(instrument));
        Spender { wallet: self.wallet, instrument, day: self.day }
    }

    fn paying(&self) -> Paying<'_> {
        Paying { wallet: self.wallet, merchant: self.rules, day: self.day, now: self.now }
    }
}

pub(super) fn pay(
    context: &Context<'_>,
    now: Millis,
    operation: Operation,
    (merchant_at, merchant): (u32, &Merchant),
) -> Result<Outcome, Refusal> {
    let (state, request) = (context.state, context.request);
    let ppid = request.ppid.ok_or(Refusal::UnknownPpid)?;
    let advice = operation.is_advice();
    let Some(named) = state.people.residents.get(&ppid).copied() else {
        return if advice { unknown_person(context, operation, merchant) } else { Err(Refusal::UnknownPpid) };
    };
    let day = now.jst_day();
    let mut flags = match state.card(named, day) {
        Ok(()) => 0,
        Err(_) if advice => flag::CARD_NOT_GOOD,
        Err(refusal) => return Err(refusal),
    };
    if !advice && operation != Operation::BalanceInquiry {
        flags |= state.listed(now, request.amount, state.holder(named).card.certificate)?;
        let most = state.rules.policy.no_pin.filter(|_| Pin::of(request.entry_mode) == Pin::Absent);
        if most.is_some_and(|most| request.amount > most) {
            return Err(Refusal::PinRequired);
        }
    }
    let holder = state.root(named);
    let payer = Payer {
        holder,
        wallet: state.holder(holder).wallet.as_deref(),
        link: state.link_at(holder, now),
        merchant,
        rules: state.merchant_rules(merchant_at),
        day,
        now,
        flags,
    };
    let mut outcome = if operation == Operation::BalanceInquiry {
        inquiry(context, &payer)?
    } else {
        tender(context, operation, &payer)?
    };
    if outcome.link.is_none() {
        outcome.link = state.link_at(holder, now).and_then(|(at, _)| state.link(at)).map(|link| link.version);
    }
    Ok(outcome)
}

/// The person is unknown, but an advice must be accepted: all of it is claimed from the acquirer.
fn unknown_person(context: &Context<'_>, operation: Operation, merchant: &Merchant) -> Result<Outcome, Refusal> {
    let amount = context.request.amount;
    let account = shortfall(context)?;
    let above = amount > context.state.floor_at(&merchant.traits.class);
    let hold = above || operation == Operation::AuthorizationAdvice;
    let kind = if hold { TransferKind::Hold } else { TransferKind::Direct };
    let transfer = Transfer { kind, debit: account, credit: merchant.payable, amount };
    context.state.book.check(&[transfer]).map_err(refusal)?;
    let mut outcome = context.approved([transfer].as_slice().into());
    if above {
        outcome.ruled = ruled(context.state, Ruled { flags: flag::ABOVE_FLOOR, ..Ruled::default() });
    }
    Ok(outcome)
}

fn shortfall(context: &Context<'_>) -> Result<AccountId, Refusal> {
    context.state.parties.acquirers.get(&context.request.acquirer).copied().ok_or(Refusal::UnknownMerchant)
}

fn inquiry(context: &Context<'_>, payer: &Payer<'_>) -> Result<Outcome, Refusal> {
    let receipt = context.state.receipt(payer.spender(), Yen::ZERO, 0, Yen::ZERO);
    let balance = match payer.link {
        Some((_, Instrument::Deposit(account))) => {
            let deposit = context.state.book.account(*account).expect("a linked deposit is open");
            Some((deposit.balance(), deposit.available()))
        }
        Some(_) if receipt.is_empty() => return Err(Refusal::BalanceNotHeld),
        None if receipt.purses.is_none() && receipt.points.is_none() => return Err(Refusal::NoInstrument),
        Some(_) | None => None,
    };
    let mut outcome = context.approved(Transfers::new());
    outcome.balance = balance;
    outcome.ruled = ruled(context.state, Ruled { receipt, flags: payer.flags, ..Ruled::default() });
    Ok(outcome)
}

/// The policy's part of a record; absent when version 0 had nothing to say.
fn ruled(state: &State, ruled: Ruled) -> Option<Ruled> {
    let ruled = Ruled { policy: state.rules.version, ..ruled };
    (ruled != Ruled::default()).then_some(ruled)
}

/// The amount of a tap that each tender pays.
struct Tenders {
    purses: PurseShares,
    points: PointShares,
    /// The part of the amount that purses and points pay, in yen.
    covered: Yen,
    /// The rest, which the linked instrument pays; of an advice also where it cannot.
    part: Yen,
    /// The account that stands for the instrument, and the issuer behind it.
    account: Option<AccountId>,
    issuer: Option<u16>,
    /// The amount of its part that the instrument pays; of an advice the rest is claimed from the acquirer.
    from_instrument: Yen,
    /// The policy's limits that look at the part, one bit a number.
    limits: u64,
    flags: u16,
}

impl Tenders {
    fn of_purses(&self) -> Yen {
        self.purses.iter().fold(Yen::ZERO, |sum, (_, pays)| plus(sum, *pays))
    }

    fn of_points(&self) -> Yen {
        self.points.iter().fold(Yen::ZERO, |sum, (.., pays)| plus(sum, *pays))
    }
}

/// Transfers of one kind; none of nothing.
struct Moves {
    kind: TransferKind,
    transfers: Transfers,
}

impl Moves {
    fn push(&mut self, debit: AccountId, credit: AccountId, amount: Yen) {
        if amount.is_positive() {
            self.transfers.push(Transfer { kind: self.kind, debit, credit, amount });
        }
    }
}

/// The shares of the payers, as transfers.
fn tender(context: &Context<'_>, operation: Operation, payer: &Payer<'_>) -> Result<Outcome, Refusal> {
    let (state, request) = (context.state, context.request);
    let advice = operation.is_advice();
    let tenders = tenders(context, payer, advice)?;
    let (part, mut flags) = (tenders.part, tenders.flags);
    let asks = tenders.issuer.filter(|_| tenders.from_instrument.is_positive());
    let pending = asks.is_some() && !advice;
    let above = advice && request.amount > state.floor_at(&payer.merchant.traits.class);
    if above {
        flags |= flag::ABOVE_FLOOR;
    }
    // An offline payment above the floor limit waits for a person.
    let waits = above && operation == Operation::PurchaseAdvice;
    let hold = pending || waits || matches!(operation, Operation::Authorize | Operation::AuthorizationAdvice);
    let kind = if hold { TransferKind::Hold } else { TransferKind::Direct };
    let mut moves = Moves { kind, transfers: Transfers::new() };
    pay_merchant(context, payer, &tenders, &mut moves)?;
    let granted = grant(state, payer, part, &mut moves);
    check(state, &moves.transfers, granted.opens.len())?;
    let receipt = if pending || waits {
        Receipt::default()
    } else {
        let points = if hold { 0 } else { granted.points };
        state.receipt(payer.spender(), tenders.of_purses(), points - tenders.of_points().get(), part)
    };
    // What is only reserved tells of nothing yet.
    let alerts = if hold { Vec::new() } else { state.crossed(payer.wallet, payer.day, part) };
    if operation == Operation::PurchaseAdvice && over_offline(state, payer, request.amount) {
        flags |= flag::OVER_OFFLINE;
    }
    let verdict = if pending { Verdict::Pending } else { approval(context) };
    let mut outcome = context.outcome(verdict, moves.transfers);
    outcome.to_issuer = asks.filter(|_| !waits).and_then(|issuer| {
        let (operation, amount) = (asked_at_once(operation)?, tenders.from_instrument);
        Some(ToIssuer { issuer, operation, amount, remains: None, about: None, tap: context.seq() })
    });
    outcome.link = payer.link.and_then(|(at, _)| state.link(at)).map(|link| link.version);
    let approved = plus(tenders.covered, part);
    let less = (approved < request.amount).then_some(approved);
    let (limits, options) = (tenders.limits, request.options.0);
    let Granted { opens, months, .. } = granted;
    let all = Ruled {
        policy: 0,
        flags,
        limits,
        approved: less,
        receipt,
        options,
        alerts,
        opens,
        months,
        named: None,
        beyond: None,
    };
    outcome.ruled = ruled(state, all);
    Ok(outcome)
}

/// The message to the issuer with the tap. Of an authorization that was only advised it hears at its completion.
fn asked_at_once(operation: Operation) -> Option<IssuerOperation> {
    match operation {
        Operation::Authorize => Some(IssuerOperation::Authorize),
        Operation::Purchase => Some(IssuerOperation::Purchase),
        Operation::AuthorizationAdvice => None,
        _ => Some(IssuerOperation::PurchaseAdvice),
    }
}

/// Purses first, then points, then the linked instrument, within its limits and what is there.
fn tenders(context: &Context<'_>, payer: &Payer<'_>, advice: bool) -> Result<Tenders, Refusal> {
    let (state, request) = (context.state, context.request);
    let mut left = request.amount;
    let purses = state.purse_tender(payer.paying(), &mut left);
    let mut points = PointShares::new();
    if request.options.has(Options::USE_POINTS) && left.is_positive() {
        points = state.point_tender(payer.paying(), purses.len(), &mut left);
    }
    let covered = minus(request.amount, left);
    let mut part = left;
    let partial = request.options.has(Options::PARTIAL) && !advice;
    if part.is_positive() && payer.link.is_none() && !advice {
        if !(partial && covered.is_positive()) {
            return Err(without_instrument(state, payer.wallet));
        }
        part = Yen::ZERO;
    }
    let (mut limits, mut flags) = (0, payer.flags);
    let (mut account, mut issuer) = (None, None);
    if part.is_positive() {
        (limits, flags) = limited(context, payer, part, advice)?;
        (account, issuer) = instrument_account(state, payer, advice)?;
    }
    let mut from_instrument = part;
    match account {
        Some(account) if issuer.is_none() => {
            let available = state.available(account).max(Yen::ZERO);
            from_instrument = part.min(available);
            if from_instrument < part && !advice {
                if !partial || !plus(covered, from_instrument).is_positive() {
                    return Err(Refusal::InsufficientFunds);
                }
                part = from_instrument;
            }
        }
        Some(_) => {}
        None => from_instrument = Yen::ZERO,
    }
    Ok(Tenders { purses, points, covered, part, account, issuer, from_instrument, limits, flags })
}

/// The limits that look at what the instrument pays, and the tap's flags: an advice may be above a limit.
fn limited(context: &Context<'_>, payer: &Payer<'_>, part: Yen, advice: bool) -> Result<(u64, u16), Refusal> {
    let state = context.state;
    let kind = payer.link.map(|(_, instrument)| kind_of(instrument));
    let limits = state.rules.limits(payer.rules, kind, Pin::of(context.request.entry_mode));
    match state.broken_limit(payer.spender(), limits, part) {
        Some(_) if advice => Ok((limits, payer.flags | flag::OVER_LIMIT)),
        Some(refusal) => {
            context.beyond.set(state.beyond(payer.spender(), limits, part));
            Err(refusal)
        }
        None => Ok((limits, payer.flags)),
    }
}

/// The merchant's amounts, tender by tender.
fn pay_merchant(context: &Context<'_>, payer: &Payer<'_>, tenders: &Tenders, moves: &mut Moves) -> Result<(), Refusal> {
    let payable = payer.merchant.payable;
    for (purse, pays) in &tenders.purses {
        moves.push(*purse, payable, *pays);
    }
    for (programme, account, pays) in &tenders.points {
        let book = &context.state.programmes.points[programme];
        moves.push(*account, book.spent, *pays);
        moves.push(book.funder, payable, *pays);
    }
    if let Some(account) = tenders.account {
        moves.push(account, payable, tenders.from_instrument);
    }
    if tenders.from_instrument < tenders.part {
        moves.push(shortfall(context)?, payable, minus(tenders.part, tenders.from_instrument));
    }
    Ok(())
}

/// The points that programmes grant on the instrument part.
#[derive(Default)]
struct Granted {
    /// Accounts of programmes of which the person has none.
    opens: Vec<Opening>,
    /// Programmes that round by the month and count the tap.
    months: Vec<u16>,
    points: i64,
}

fn grant(state: &State, payer: &Payer<'_>, part: Yen, moves: &mut Moves) -> Granted {
    let mut out = Granted::default();
    let Some((_, instrument)) = payer.link.filter(|_| part.is_positive()) else { return out };
    let (grants, months) = state.grants(payer.paying(), kind_of(instrument), part);
    out.months = months;
    let known = |n: u16| payer.wallet?.points.iter().find(|p| p.programme == n).map(|p| p.account);
    for programme in grants.iter().map(|(n, _)| *n).chain(out.months.iter().copied()) {
        let key = AccountKey::Points(payer.holder, programme);
        if known(programme).is_none() && !out.opens.iter().any(|o| o.key == key) {
            out.opens.push(Opening { account: nth(state, out.opens.len()), key });
        }
    }
    for (programme, points) in grants {
        let key = AccountKey::Points(payer.holder, programme);
        let new = out.opens.iter().find(|o| o.key == key).map(|o| o.account);
        let account = new.or_else(|| known(programme)).expect("opened above when it was not there");
        moves.push(state.programmes.points[&programme].budget, account, Yen::new(points));
        out.points += points;
    }
    out
}

/// There is money, but not for this; or there is nothing at all.
fn without_instrument(state: &State, wallet: Option<&Wallet>) -> Refusal {
    let money = wallet.is_some_and(|w| w.purses.iter().any(|(_, id)| state.available(*id).is_positive()));
    if money { Refusal::PurseNotUsable } else { Refusal::NoInstrument }
}

/// The account that stands for the linked instrument, and the issuer behind it.
fn instrument_account(
    state: &State,
    payer: &Payer<'_>,
    advice: bool,
) -> Result<(Option<AccountId>, Option<u16>), Refusal> {
    Ok(match payer.link {
        None => (None, None),
        Some((_, Instrument::Deposit(account))) => (Some(*account), None),
        Some((_, instrument)) => {
            let issuer = instrument.issuer().expect("not a deposit");
            match state.parties.issuers.get(&issuer) {
                Some(receivable) => (Some(*receivable), Some(issuer)),
                None if advice => (None, None),
                None => return Err(Refusal::NoRoute),
            }
        }
    })
}

fn nth(state: &State, n: usize) -> AccountId {
    AccountId(state.book.next_account().0 + u32::try_from(n).expect("few"))
}

/// The book's own rules. Accounts that this record opens are unknown to the book yet: points granted into them need no check
/// but their budget's, which `grants` made.
fn check(state: &State, transfers: &Transfers, opened: usize) -> Result<(), Refusal> {
    if opened == 0 {
        return state.book.check(transfers).map_err(refusal);
    }
    let first = state.book.next_account();
    let known: Transfers = transfers.iter().filter(|t| t.credit < first).copied().collect();
    state.book.check(&known).map_err(refusal)
}

fn over_offline(state: &State, payer: &Payer<'_>, amount: Yen) -> bool {
    let Some(rule) = &state.rules.policy.offline else { return false };
    let used = payer.wallet.map_or(Yen::ZERO, |w| w.offline.used(payer.day.0).0);
    used.checked_add(amount).is_none_or(|sum| sum > rule.resident_day)
}
