//! Deciding what is asked about closing.

use super::super::conditions::amount_of;
use super::super::decision::{Decided, Decision, recorded, reject, unchanged};
use super::super::money::{minus, plus};
use super::super::references::{scoped_key, typed_key};
use super::super::refusal::{Misfit, NotClosed, RAISED_AT_ONCE, Rejected, TextField};
use super::super::state::State;
use super::super::statement::{self, Booking, StatementLine};
use super::{CHARGEBACK, Closing, Note, Payout, SettlementState, standing};
use kazasu_ledger::record::{
    Body, DayMarked, EndedException, ExceptionNoted, ExceptionsEnded, ExceptionsOpened, IssuerSettled, MerchantSettled,
    Opening, PayoutFileMade, Proposal, ReconRan,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, AccountKey, Transfer};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::{is_blank, same};
use kazasu_schemas::closing::{Against, DayState, Proposed, ReconException, Resolution};
use kazasu_schemas::contract::{Contract, Contracts, Period, Scope, Settlement};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;

pub(in super::super) fn command(state: &State, ask: &Closing) -> Decision {
    let result = match ask {
        Closing::Mark { day, state: to, said } => mark(state, *day, *to, said),
        Closing::SettleMerchant { acquirer, merchant, settlement, points, value_date } => {
            let merchant = (*acquirer, *merchant);
            settle_merchant(state, MerchantPeriod { merchant, settlement, points, value_date: *value_date })
        }
        Closing::SettleIssuer { issuer, period, net, interchange } => {
            let (issuer, period, net, interchange) = (*issuer, *period, *net, *interchange);
            settle_issuer(state, IssuerPeriod { issuer, period, net, interchange })
        }
        Closing::Received { from, amount, reference, said } => statement::received(
            state,
            *from,
            *amount,
            &StatementLine::plain(reference, Booking::Received { from: *from, amount: *amount }, said.clone()),
        ),
        Closing::FileMade { payout, format, files, by } => {
            payout_of(state, *payout).and_then(|there| match &there.file {
                None => Ok(recorded(Body::PayoutFileMade(PayoutFileMade {
                    payout: *payout,
                    format: *format,
                    files: files.clone(),
                    by: by.clone(),
                }))),
                Some((made, as_made)) if made == format && as_made == files => Ok(unchanged()),
                Some((made, _)) => refuse(NotClosed::OtherFile(*payout, *made)),
            })
        }
        Closing::Taken { payout, file, reference, said } => {
            let what = Booking::Taken { payout: *payout, file: *file };
            statement::taken(state, *payout, *file, &StatementLine::plain(reference, what, said.clone()))
        }
        Closing::Returned { payout, settlement, reference, said } => {
            let what = Booking::Returned { payout: *payout, settlement: *settlement, fee: Yen::ZERO };
            statement::returned(
                state,
                (*payout, *settlement),
                Yen::ZERO,
                &StatementLine::plain(reference, what, said.clone()),
            )
        }
        Closing::Ran(ran) => ran_once(state, ran),
        Closing::Raise { run, exceptions } => raise(state, *run, exceptions),
        Closing::Dispute { tap, amount, reference, said } => {
            dispute(state, Dispute { tap: *tap, amount: *amount, reference, told: said })
        }
        Closing::Note { id, owner, note, by } => {
            noted(state, &ExceptionNoted { id: *id, owner: owner.clone(), note: note.clone(), by: by.clone() })
        }
        Closing::End { run, ended: list, by } => ended(state, *run, list, by),
        Closing::Sign(signed) => match state.closing.days.get(&signed.day) {
            None => refuse(NotClosed::Open(signed.day)),
            Some(day) if day.seq != signed.seq => refuse(NotClosed::OtherHead(signed.day, day.seq, signed.seq)),
            Some(day) if day.state == DayState::Signed => Ok(unchanged()),
            Some(day) => order(state, signed.day, day.state, DayState::Signed)
                .map(|()| recorded(Body::HeadSigned((**signed).clone()))),
        },
    };
    result.unwrap_or_else(reject)
}

fn refuse<T>(why: NotClosed) -> Result<T, Rejected> {
    Err(why.into())
}

fn moved(state: &State, opens: &[Opening], transfers: Vec<Transfer>) -> Result<Transfers, Rejected> {
    // Accounts that this record opens are unknown to the book yet, and have no bound that a first credit could break.
    let new = |id: AccountId| opens.iter().any(|o| o.account == id);
    let known: Vec<Transfer> = transfers.iter().filter(|t| !new(t.debit) && !new(t.credit)).copied().collect();
    state.book.check(&known)?;
    Ok(transfers.into_iter().collect())
}

/// An amount on its way from one account to another; the other way round when it is below zero.
fn either(debit: AccountId, credit: AccountId, amount: Yen) -> Option<Transfer> {
    match amount.get() {
        0 => None,
        n if n > 0 => Some(Transfer::direct(debit, credit, amount)),
        n => Some(Transfer::direct(credit, debit, Yen::new(-n))),
    }
}

/// Each state follows the one before it, and no day overtakes an earlier one.
fn order(state: &State, day: BusinessDay, is: DayState, wanted: DayState) -> Result<(), Rejected> {
    let before = DayState::ALL.iter().position(|s| *s == wanted).and_then(|at| at.checked_sub(1));
    let needed = before.map_or(DayState::Open, |at| DayState::ALL[at]);
    if is != needed {
        return refuse(NotClosed::Order { day, is, wanted, needed: Some(needed) });
    }
    match state.closing.days.range(..day).find(|(_, earlier)| earlier.state < wanted) {
        Some((earlier, _)) => refuse(NotClosed::Earlier(*earlier, wanted)),
        None => Ok(()),
    }
}

fn mark(state: &State, day: BusinessDay, to: DayState, told: &Attribution) -> Decided {
    let Some(known) = state.closing.days.get(&day) else { return refuse(NotClosed::Open(day)) };
    if known.state >= to {
        return Ok(unchanged());
    }
    if !matches!(to, DayState::Reconciled | DayState::Settled) {
        // The cut-over and the signature have records of their own.
        return refuse(NotClosed::Order { day, is: known.state, wanted: to, needed: None });
    }
    order(state, day, known.state, to)?;
    if to == DayState::Reconciled {
        let open = |r: &&super::Raised| r.exception.day <= day && r.owner.is_none() && r.resolved.is_none();
        let unowned = state.closing.exceptions.values().filter(open).count();
        if unowned > 0 {
            return refuse(NotClosed::Unowned(unowned, day));
        }
    }
    let Attribution { by, why, via } = told.clone();
    Ok(recorded(Body::DayMarked(DayMarked { day, state: to, by, why, via })))
}

/// Finds accounts that are used for the first time.
struct Accounts {
    next: u32,
    opens: Vec<Opening>,
}

impl Accounts {
    fn new(state: &State) -> Self {
        Accounts { next: state.book.next_account().0, opens: Vec::new() }
    }

    fn get(&mut self, known: Option<AccountId>, key: AccountKey) -> AccountId {
        known.unwrap_or_else(|| {
            let account = AccountId(self.next);
            self.next += 1;
            self.opens.push(Opening { account, key });
            account
        })
    }
}

/// Settlements are booked for a day that was reconciled, after all days before it were settled.
fn is_being_settled(state: &State, until: BusinessDay) -> Result<(), Rejected> {
    if !state.closing.days.contains_key(&until) {
        return refuse(NotClosed::Open(until));
    }
    let next = state.closing.days.iter().find(|(_, day)| day.state < DayState::Settled);
    let needed = Some(DayState::Reconciled);
    match next {
        Some((day, known)) if known.state == DayState::Reconciled && *day >= until => Ok(()),
        Some((day, known)) => {
            refuse(NotClosed::Order { day: *day, is: known.state, wanted: DayState::Settled, needed })
        }
        None => refuse(NotClosed::Order { day: until, is: DayState::Settled, wanted: DayState::Settled, needed }),
    }
}

/// A merchant's period as it is to be booked.
#[derive(Clone, Copy)]
struct MerchantPeriod<'a> {
    /// Its acquirer, and DE42.
    merchant: (InstitutionId, MerchantId),
    settlement: &'a Settlement,
    /// Points that the merchant funds, by programme.
    points: &'a [(u16, Yen)],
    value_date: BusinessDay,
}

fn settle_merchant(state: &State, asked: MerchantPeriod<'_>) -> Decided {
    let MerchantPeriod { merchant: (acquirer, merchant), settlement, points, value_date } = asked;
    let unknown = || NotClosed::UnknownMerchant(acquirer, merchant);
    let at = *state.parties.merchant_at.get(&(acquirer, merchant)).ok_or_else(unknown)?;
    let payable = state.merchant(at).ok_or_else(unknown)?.payable;
    let period = settlement.period;
    let standing = state.closing.standings.get(&at).cloned().unwrap_or_default();
    match standing.until {
        Some(until) if until >= period.until => return Ok(unchanged()),
        Some(until) if until >= period.from => return refuse(NotClosed::Overlap { from: period.from, until }),
        Some(_) | None => {}
    }
    is_being_settled(state, period.until)?;
    let (carried, released) = (standing.carried, standing.released(period.until));
    if settlement.carried_before != carried || settlement.released != released {
        let (got, got_released) = (settlement.carried_before, settlement.released);
        return refuse(NotClosed::Opening { got, got_released, carried, released });
    }
    settlement.assert_balanced();
    let funded = points.iter().fold(Yen::ZERO, |sum, (_, yen)| plus(sum, *yen));
    assert_eq!(funded, settlement.points_funding, "what a merchant funds is the sum of its programmes");
    let mut accounts = Accounts::new(state);
    let fees = plus(settlement.fee, settlement.chargeback_fee);
    let mut transfers = Vec::new();
    if fees != Yen::ZERO {
        transfers.extend(either(payable, accounts.get(state.closing.fee_income, AccountKey::FeeIncome), fees));
    }
    if settlement.tax != Yen::ZERO {
        transfers.extend(either(payable, accounts.get(state.closing.fee_tax, AccountKey::FeeTax), settlement.tax));
    }
    for (programme, amount) in points {
        let book = state.programmes.points.get(programme).ok_or(Rejected::UnknownProgramme(*programme))?;
        transfers.extend(either(payable, book.funder, *amount));
    }
    if settlement.paid != Yen::ZERO {
        transfers.extend(either(
            payable,
            accounts.get(state.closing.transit, AccountKey::PayoutTransit),
            settlement.paid,
        ));
    }
    let opens = accounts.opens;
    let transfers = moved(state, &opens, transfers)?;
    let number = u32::try_from(state.closing.settlements.len()).expect("at most four billion settlements") + 1;
    let settlement = *settlement;
    Ok(recorded(Body::MerchantSettled(MerchantSettled {
        number,
        acquirer,
        merchant,
        settlement,
        value_date,
        opens,
        transfers,
        points: points.to_vec(),
    })))
}

/// An issuer's period as it is to be booked.
#[derive(Clone, Copy)]
struct IssuerPeriod {
    issuer: u16,
    period: Period,
    /// Payments less refunds.
    net: Yen,
    /// The part that the issuer keeps.
    interchange: Yen,
}

fn settle_issuer(state: &State, asked: IssuerPeriod) -> Decided {
    let IssuerPeriod { issuer, period, net, interchange } = asked;
    let receivable = *state.parties.issuers.get(&issuer).ok_or(NotClosed::UnknownIssuer(issuer))?;
    match state.closing.issuers.get(&issuer) {
        Some(until) if *until >= period.until => return Ok(unchanged()),
        Some(until) if *until >= period.from => {
            return refuse(NotClosed::Overlap { from: period.from, until: *until });
        }
        Some(_) | None => {}
    }
    is_being_settled(state, period.until)?;
    let mut accounts = Accounts::new(state);
    let mut transfers = Vec::new();
    if interchange != Yen::ZERO {
        let known = state.closing.interchange.get(&issuer).copied();
        transfers.extend(either(accounts.get(known, AccountKey::Interchange(issuer)), receivable, interchange));
    }
    let opens = accounts.opens;
    let transfers = moved(state, &opens, transfers)?;
    Ok(recorded(Body::IssuerSettled(IssuerSettled { issuer, period, net, interchange, opens, transfers })))
}

fn payout_of(state: &State, payout: u64) -> Result<&Payout, Rejected> {
    state.closing.payouts.get(&payout).ok_or_else(|| NotClosed::UnknownPayout(payout).into())
}

fn ran_once(state: &State, ran: &ReconRan) -> Decided {
    if state.closing.files.contains_key(&ran.digest) {
        return Ok(unchanged());
    }
    let run = u32::try_from(state.closing.runs.len()).expect("at most four billion runs") + 1;
    Ok(recorded(Body::ReconRan(ReconRan { run, ..ran.clone() })))
}

fn raise(state: &State, run: u32, exceptions: &[ReconException]) -> Decided {
    if exceptions.len() > RAISED_AT_ONCE {
        return refuse(NotClosed::TooMany);
    }
    let known = &state.closing.exceptions;
    let mut new: Vec<ReconException> = exceptions.iter().filter(|d| !known.contains_key(&d.id)).cloned().collect();
    new.sort_by_key(|d| d.id);
    new.dedup_by_key(|d| d.id);
    if new.is_empty() {
        return Ok(unchanged());
    }
    Ok(recorded(Body::ExceptionsOpened(ExceptionsOpened { run, exceptions: new, by: String::new() })))
}

/// The amount of a payment that an issuer takes back, as a person opens it.
#[derive(Clone, Copy)]
struct Dispute<'a> {
    tap: u64,
    amount: Yen,
    /// The issuer's own: it is raised once.
    reference: &'a str,
    /// The person who opens it, and the issuer's words.
    told: &'a Attribution,
}

fn dispute(state: &State, asked: Dispute<'_>) -> Decided {
    let Dispute { tap, amount, reference, told: Attribution { by, why, .. } } = asked;
    amount_of(amount)?;
    if is_blank(reference) || reference.chars().count() > 60 {
        return refuse(NotClosed::Text(TextField::Reference));
    }
    if is_blank(why) || why.chars().count() > 100 {
        return refuse(NotClosed::Text(TextField::Reason));
    }
    let (issuer, stands) = standing::payment(state, tap)?;
    let id = scoped_key(issuer, None, "chargeback ", reference);
    let typed = typed_key(issuer, "chargeback ", reference);
    if let Some(known) = [id, typed].iter().find_map(|id| state.closing.exceptions.get(id)) {
        if (known.exception.own, known.exception.ours) == (tap, amount) {
            return Ok(unchanged());
        }
        return Err(Rejected::ReferenceTaken(reference.to_owned(), known.exception.ours));
    }
    let left = minus(stands, standing::in_dispute(state, tap)).max(Yen::ZERO);
    if amount > left {
        return refuse(NotClosed::Left { tap, left, asked: amount });
    }
    let exception = ReconException {
        id,
        status: CHARGEBACK.to_owned(),
        party: format!("issuer {issuer}"),
        own: tap,
        ours: amount,
        theirs: Yen::ZERO,
        line: 0,
        day: state.day,
        why: format!("{reference}: {why}"),
        proposal: String::new(),
        finding: None,
        proposed: Some(Proposed::SettleChargeback),
    };
    let by = by.clone();
    Ok(recorded(Body::ExceptionsOpened(ExceptionsOpened { run: 0, exceptions: vec![exception], by })))
}

/// Ends what is open of these.
fn ended(state: &State, run: u32, list: &[EndedException], by: &str) -> Decided {
    if list.len() > RAISED_AT_ONCE {
        return refuse(NotClosed::TooMany);
    }
    let open = |one: &&EndedException| state.closing.exceptions.get(&one.id).is_some_and(|r| r.resolved.is_none());
    let mut closed: Vec<EndedException> = list.iter().filter(open).cloned().collect();
    closed.sort_by_key(|one| one.id);
    closed.dedup_by_key(|one| one.id);
    if closed.is_empty() {
        return Ok(unchanged());
    }
    Ok(recorded(Body::ExceptionsEnded(ExceptionsEnded { run, closed, by: by.to_owned() })))
}

fn noted(state: &State, asked: &ExceptionNoted) -> Decided {
    let there = exception(state, &asked.id)?;
    if asked.owner.as_ref().is_some_and(|owner| is_blank(owner) || owner.chars().count() > 60) {
        return refuse(NotClosed::Text(TextField::Owner));
    }
    if is_blank(&asked.note) || asked.note.chars().count() > 200 {
        return refuse(NotClosed::Text(TextField::Note));
    }
    if there.notes.last().is_some_and(|(_, by, note)| same(by, &asked.by) && *note == Note::Text(asked.note.clone()))
        && (asked.owner.is_none() || there.owner == asked.owner)
    {
        return Ok(unchanged());
    }
    Ok(recorded(Body::ExceptionNoted(asked.clone())))
}

fn exception<'a>(state: &'a State, id: &[u8; 16]) -> Result<&'a super::Raised, Rejected> {
    let known = state.closing.exceptions.get(id).ok_or_else(|| NotClosed::UnknownException(hex(id)))?;
    match &known.resolved {
        Some(_) => refuse(NotClosed::Resolved(hex(id))),
        None => Ok(known),
    }
}

fn hex(id: &[u8; 16]) -> String {
    ::hex::encode(id)
}

/// The accounts and transfers of a proposal about closing, or its refusal.
pub(in super::super) fn effect_of(
    state: &State,
    now: Millis,
    proposal: &Proposal,
) -> Result<(Vec<Opening>, Transfers), Rejected> {
    // A business day may be ended before the calendar's: banks work by the calendar.
    let today = state.day.min(now.max(state.at).jst_day());
    match proposal {
        Proposal::Contracts(contracts) => contracts_follow(state, contracts).map(|()| Default::default()),
        Proposal::Payout { settlements, total, payees, .. } => {
            payable(state, settlements, *total)?;
            super::super::payees::as_requested(state, settlements, payees).map(|()| Default::default())
        }
        Proposal::Resolve { id, how } => resolve(state, id, *how),
        Proposal::CancelPayout { payout } => match payout_of(state, *payout)? {
            there if !there.taken.is_empty() => refuse(NotClosed::Taken(*payout)),
            // The bank may have its file: until its day is over it is unknown what it did.
            there if there.file.is_some() && today <= there.value_date => {
                refuse(NotClosed::FileOut(*payout, there.value_date))
            }
            _ => Ok(Default::default()),
        },
        Proposal::Programme(_)
        | Proposal::Claim { .. }
        | Proposal::ReturnFunds { .. }
        | Proposal::Retarget { .. }
        | Proposal::SharedLink(_)
        | Proposal::Carried(_)
        | Proposal::File(_)
        | Proposal::Correction(_)
        | Proposal::Card(_)
        | Proposal::Rights(_)
        | Proposal::Destruction(_)
        | Proposal::UndoBooking { .. } => {
            unreachable!("relief's proposals are decided there")
        }
    }
}

fn contracts_follow(state: &State, contracts: &Contracts) -> Result<(), Rejected> {
    for contract in contracts.contracts.iter().filter(|c| !c.funds_points.is_empty()) {
        if let Some(programme) = contract.funds_points.iter().find(|n| !state.programmes.points.contains_key(n)) {
            return refuse(NotClosed::NoSuchPoints(contract.number, *programme));
        }
        if let Scope::Merchants(list) = &contract.scope
            && let Some((acquirer, merchant)) = list.iter().find(|key| !state.parties.merchant_at.contains_key(*key))
        {
            return refuse(NotClosed::UnknownMerchant(*acquirer, *merchant));
        }
    }
    let Some(before) = &state.closing.contracts else { return Ok(()) };
    let ended = state.closing.days.keys().next_back().copied();
    for old in &before.contracts {
        let Some(new) = contracts.contracts.iter().find(|n| n.number == old.number) else {
            return refuse(NotClosed::ContractGone(old.number));
        };
        // What charged a day that ended still charged it.
        let Some(ended) = ended else { continue };
        let until = |c: &Contract| c.until.map_or(ended, |until| until.min(ended));
        if (old.from <= ended || new.from <= ended) && (old.from, until(old)) != (new.from, until(new)) {
            return refuse(NotClosed::ContractPast(old.number, ended));
        }
    }
    Ok(())
}

fn payable(state: &State, settlements: &[u32], total: Yen) -> Result<(), Rejected> {
    let mut seen = std::collections::BTreeSet::new();
    let mut sum = Yen::ZERO;
    for number in settlements {
        let settled = state.settlement_at(*number).ok_or(NotClosed::UnknownSettlement(*number))?;
        if settled.state != SettlementState::Due || !seen.insert(*number) {
            return refuse(NotClosed::NotDue(*number, settled.state));
        }
        sum = plus(sum, settled.settlement.paid);
    }
    if settlements.is_empty() {
        return refuse(NotClosed::NothingToPay);
    }
    if sum != total { refuse(NotClosed::Total { sum, got: total }) } else { Ok(()) }
}

/// The largest exception that is written off, yen.
const MOST_WRITTEN_OFF: i64 = 10_000;

/// The booking is the amount that the other side has less, or more, than this ledger.
fn resolve(state: &State, id: &[u8; 16], how: Resolution) -> Result<(Vec<Opening>, Transfers), Rejected> {
    let raised = exception(state, id)?;
    let d = &raised.exception;
    let less = minus(d.ours, d.theirs);
    // The exception itself says whose it is: another party's run may have its run's number when the first was cut off.
    let (against, number) = match d.party.split_once(' ') {
        Some(("issuer", number)) => (Some(Against::Issuer), number),
        Some(("acquirer", number)) => (Some(Against::Acquirer), number),
        _ => (None, ""),
    };
    let unfit = |why| refuse(NotClosed::Unfit(hex(id), how, why));
    if how == Resolution::Explained {
        return Ok(Default::default());
    }
    if d.status == "currency_mismatch" {
        return unfit(Misfit::TwoCurrencies);
    }
    if how == Resolution::WrittenOff && less.get().abs() > MOST_WRITTEN_OFF {
        return unfit(Misfit::TooLarge);
    }
    if less == Yen::ZERO {
        return unfit(Misfit::SameAmount);
    }
    let booking = standing::booking(d, how);
    if let Some(booking) = booking {
        standing::bounded(state, d, booking)?;
    }
    let number = number.parse::<u16>().ok();
    let issuer = number.and_then(|n| state.parties.issuers.get(&n)).copied();
    let merchant = standing::merchant_of(state, d.own).map(|m| m.payable);
    let mut accounts = Accounts::new(state);
    let account = match (how, against) {
        (Resolution::BookedIssuer | Resolution::WrittenOff, Some(Against::Issuer)) => issuer,
        // What an acquirer has less was paid to a merchant for nothing.
        (Resolution::BookedMerchant, Some(Against::Acquirer)) => merchant,
        (Resolution::BookedMerchant, Some(Against::Issuer)) => {
            let (Some(merchant), Some(issuer)) = (merchant, issuer) else {
                return unfit(Misfit::TapForgotten);
            };
            let transfers = either(merchant, issuer, less).into_iter().collect();
            return Ok((Vec::new(), moved(state, &[], transfers)?));
        }
        // The merchant keeps what it was credited: there is nothing to book.
        (Resolution::WrittenOff, Some(Against::Acquirer)) => return Ok(Default::default()),
        _ => return unfit(Misfit::NothingBooked),
    };
    let Some(account) = account else { return unfit(Misfit::NoAccount) };
    // What the issuer refused is lost, as it is where the policy has the operator bear it.
    let lost = number.filter(|_| booking.is_some_and(|booking| standing::is_lost(state, booking)));
    let exceptions = match lost {
        Some(issuer) => accounts.get(state.parties.losses.get(&issuer).copied(), AccountKey::StandInLoss(issuer)),
        None => accounts.get(state.closing.booked, AccountKey::Differences),
    };
    // An issuer that has less owes less; a merchant that has less is owed less.
    let transfers = match against {
        Some(Against::Issuer) => either(exceptions, account, less),
        Some(Against::Acquirer | Against::Bank) | None => either(account, exceptions, less),
    };
    let opens = accounts.opens;
    let transfers = moved(state, &opens, transfers.into_iter().collect())?;
    Ok((opens, transfers))
}
