//! History under another policy: the journal's records become events again, and a second state decides them.
//!
//! Up to the beginning of the period both states are one. From there on the draft is in force in the second one, with the
//! counters, purses and points that the people had; whatever it decides differently changes what comes after.

use super::event::{Command, Decision, Effect, Event, Link};
use super::money::{Leg, minus, sum};
use super::state::{State, TapState};
use super::statement::{Alike, Booking, StatementLine};
use super::{Rejected, Relief, decide, left_to_undo};
use hashbrown::HashMap;
use kazasu_ledger::record::{
    Body, Instrument, IssuerTold, LinkOrigin, Proposal, Record, Silence, TapKind, Tapped, Undone, Verdict,
};
use kazasu_ledger::{AccountKey, RuleError, Seq, Transfer, TransferKind};
use kazasu_schemas::ids::{MerchantId, Ppid};
use kazasu_schemas::iso8583::Mti;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::{JPY_NUMERIC, Yen};
use kazasu_schemas::policy::Policy;
use kazasu_schemas::wire::{Operation, Options, Original, Refusal, Request, ResponseCode};
use std::collections::BTreeMap;

/// How a tap was decided, for comparing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Said {
    /// Approved, or its issuer was asked.
    Yes,
    /// Approved for less.
    Partly,
    /// Refused by the switch.
    No(Refusal),
}

impl Said {
    /// For people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Said::Yes => "approved",
            Said::Partly => "approved in part",
            Said::No(refusal) => refusal.name(),
        }
    }
}

/// A tap that the draft decides differently.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its record.
    pub seq: Seq,
    /// When it was decided.
    pub at: Millis,
    /// The person.
    pub ppid: Option<Ppid>,
    /// The merchant.
    pub merchant: MerchantId,
    /// DE4.
    pub amount: Yen,
    /// As it was.
    pub before: Said,
    /// As it would have been.
    pub after: Said,
}

/// What a point programme would have cost.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Points granted, less what was taken back.
    pub points: i64,
    /// Taps that were granted points.
    pub taps: u64,
    /// What each person got, by position.
    people: BTreeMap<u32, i64>,
    /// What each person got, the most first; of temporary IDs that were merged, by their own number.
    pub winners: Vec<(Ppid, i64)>,
    /// Points by merchant.
    pub merchants: BTreeMap<MerchantId, i64>,
    /// The most that one person got in the period.
    pub most: i64,
    /// Left of the budget.
    pub budget_left: i64,
}

/// Two states on one history.
pub struct Replay {
    real: State,
    shadow: Option<State>,
    draft: Policy,
    from: Millis,
    to: Millis,
    /// Records of the real journal, and what they became in the second state.
    map: HashMap<Seq, Seq>,
    /// Taps compared.
    pub taps: u64,
    /// How often each decision became which other.
    pub changes: BTreeMap<(Said, Said), (u64, i64)>,
    /// The first of them.
    pub listed: Vec<Change>,
    /// How many are listed.
    most: usize,
    /// Taps that would have asked an issuer that was not asked; it is taken to approve.
    pub assumed: u64,
    costs: BTreeMap<u16, Cost>,
    /// What the second state undid by itself last of each of its taps.
    undone: HashMap<Seq, Seq>,
    /// There is more to lapse.
    again: bool,
    /// The last record that both states have.
    fork: Seq,
}

impl Replay {
    /// Replays `draft` over the records from `from` to before `to`, listing at most `most` changes.
    #[must_use]
    pub fn new(draft: Policy, from: Millis, to: Millis, most: usize) -> Self {
        Replay {
            real: State::new(),
            shadow: None,
            draft,
            from,
            to,
            map: HashMap::new(),
            taps: 0,
            changes: BTreeMap::new(),
            listed: Vec::new(),
            most,
            assumed: 0,
            costs: BTreeMap::new(),
            undone: HashMap::new(),
            again: false,
            fork: 0,
        }
    }

    /// True once the period is over: later records need not be read.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.real.at >= self.to
    }

    /// The next record of the real journal.
    pub fn record(&mut self, seq: Seq, record: &Record) -> Result<(), ReplayError> {
        // The first tap of the period: what it needs is registered by then.
        if self.shadow.is_none() && record.at >= self.from && matches!(record.body, Body::Tapped(_)) {
            self.begin(record.at)?;
        }
        if self.shadow.is_some() && record.at < self.to {
            self.take_back(&record.body);
            self.follow(seq, record)?;
        }
        self.real.apply(seq, record)?;
        Ok(())
    }

    /// What each programme of the draft would have cost in the period, by number.
    #[must_use]
    pub fn costs(&self) -> BTreeMap<u16, Cost> {
        let mut out = BTreeMap::new();
        let Some(shadow) = &self.shadow else { return out };
        for programme in &self.draft.points {
            let mut cost = self.costs.get(&programme.number).cloned().unwrap_or_default();
            cost.budget_left =
                shadow.programmes.points.get(&programme.number).map_or(0, |book| shadow.available(book.budget).get());
            let winners = cost.people.iter().filter(|(_, points)| **points > 0);
            cost.winners = winners.map(|(at, points)| (shadow.holder(*at).ppid, *points)).collect();
            cost.winners.sort_by_key(|(ppid, points)| (std::cmp::Reverse(*points), *ppid));
            cost.most = cost.winners.first().map_or(0, |(_, points)| *points);
            out.insert(programme.number, cost);
        }
        out
    }

    fn begin(&mut self, at: Millis) -> Result<(), ReplayError> {
        self.shadow = Some(self.real.clone());
        self.fork = self.real.seq;
        let (policy, source) = (Box::new(self.draft.clone()), String::new());
        let (by, why) = ("replay".into(), "replay".into());
        let command = Command::ActivatePolicy { policy, source, by, why, first: false };
        if let Some(why) = self.event(None, at, &Event::Command(command))?.1 {
            return Err(ReplayError::Draft(why));
        }
        Ok(())
    }

    /// Gives an event to the second state. What it said if the event was a message, and why a command was refused.
    fn event(
        &mut self,
        seq: Option<Seq>,
        at: Millis,
        event: &Event,
    ) -> Result<(Option<Said>, Option<Rejected>, bool), ReplayError> {
        let Some(shadow) = &mut self.shadow else { return Ok((None, None, false)) };
        let decision = decide(shadow, at, event);
        let mut said = None;
        let mut pending = false;
        if let Some(body) = decision.body {
            if let Body::Tapped(tapped) = &body {
                said = Some(said_of(tapped));
                pending = tapped.verdict == Verdict::Pending;
            }
            let record = Record { at: at.max(shadow.at), day: shadow.day, body };
            let own = shadow.seq + 1;
            shadow.apply(own, &record)?;
            if let Some(seq) = seq {
                self.map.insert(seq, own);
            }
            self.count(own, record.body.transfers());
            self.again = decision.effects.contains(&Effect::Again);
            self.undo_what_is_left()?;
        }
        Ok((said, decision.rejected, pending))
    }

    /// What reversals have left to do in the second state.
    fn undo_what_is_left(&mut self) -> Result<(), ReplayError> {
        while let Some(shadow) = &mut self.shadow
            && let Some(Decision { body: Some(body), .. }) = left_to_undo(shadow)
        {
            let own = shadow.seq + 1;
            if let Body::Undone(Undone { tap, .. }) | Body::IssuerTold(IssuerTold { tap, .. }) = &body {
                self.undone.insert(*tap, own);
            }
            let record = Record { at: shadow.at, day: shadow.day, body };
            shadow.apply(own, &record)?;
            self.count(own, record.body.transfers());
        }
        Ok(())
    }

    /// Points granted and taken back.
    fn count(&mut self, seq: Seq, transfers: &[Transfer]) {
        let Some(shadow) = &self.shadow else { return };
        let key = |id| shadow.book.account(id).map(|account| account.key);
        let merchant = shadow.tap_by_seq(seq).and_then(|tap| shadow.merchant(tap.merchant)).map(|m| m.id);
        for t in transfers {
            let (holder, programme, points, new) = match (t.kind, key(t.debit), key(t.credit)) {
                (
                    TransferKind::Direct | TransferKind::Hold,
                    Some(AccountKey::PointBudget(_)),
                    Some(AccountKey::Points(h, p)),
                ) => (h, p, t.amount.get(), true),
                (TransferKind::Void(_), Some(AccountKey::PointBudget(_)), Some(AccountKey::Points(h, p)))
                | (
                    TransferKind::Direct | TransferKind::Post(_),
                    Some(AccountKey::Points(h, p)),
                    Some(AccountKey::PointBudget(_)),
                ) => (h, p, -t.amount.get(), false),
                _ => continue,
            };
            let cost = self.costs.entry(programme).or_default();
            cost.points += points;
            cost.taps += u64::from(new);
            *cost.people.entry(holder).or_default() += points;
            if let Some(merchant) = merchant {
                *cost.merchants.entry(merchant).or_default() += points;
            }
        }
    }

    /// What a resolution took of a payment is taken of it in the second state too.
    fn take_back(&mut self, body: &Body) {
        let Body::ApprovalDecided(r) = body else { return };
        let open = self.real.approvals.get(r.proposal).filter(|_| r.approved);
        let Some(Proposal::Resolve { id, how }) = open.map(|open| &open.proposal) else { return };
        let Some(booking) = self.real.booking_of(id, *how) else { return };
        let own = self.map.get(&booking.own).copied().or((booking.own <= self.fork).then_some(booking.own));
        if let (Some(own), Some(shadow)) = (own, &mut self.shadow) {
            shadow.book(super::closing::Booking { own, ..booking });
        }
    }

    fn follow(&mut self, seq: Seq, record: &Record) -> Result<(), ReplayError> {
        let at = record.at;
        match &record.body {
            Body::Tapped(tapped) => self.tap(seq, at, tapped),
            Body::IssuerAnswered(r) => {
                let Some(message) = self.pending(r.tap) else { return Ok(()) };
                let event = Event::IssuerAnswered { message, code: r.code, approval: r.approval };
                self.event(Some(seq), at, &event).map(|_| ())
            }
            Body::IssuerSilent(r) => self.silent(seq, at, r.tap, r.why),
            Body::StoodIn(r) => self.silent(seq, at, r.tap, Silence::NotSent),
            Body::AdviceSettled(r) => {
                // Under the draft it may have been paid at once.
                let own = self.shadow_of(r.tap);
                let waits = |own: &Seq| self.shadow.as_ref().is_some_and(|state| state.waits_for_person(*own));
                let Some(record) = own.filter(waits) else { return Ok(()) };
                let (accept, by, why) = (r.accepted, r.by.clone(), r.why.clone());
                let command = Command::DecideAdvice { record, accept, by, why };
                self.event(Some(seq), at, &Event::Command(command)).map(|_| ())
            }
            Body::IssuerAcknowledged(r) => self.acknowledged(at, r.message, r.code),
            Body::LossBooked(r) => self.acknowledged(at, r.message, r.code),
            Body::LossReturned(r) => self.acknowledged(at, r.message, r.code),
            Body::Undone(Undone { tap, .. }) | Body::IssuerTold(IssuerTold { tap, .. }) => {
                // The second state has done the same by itself, if it came to that there.
                let own = self.shadow_of(*tap).and_then(|tap| self.undone.get(&tap).copied());
                if let Some(own) = own {
                    self.map.insert(seq, own);
                }
                Ok(())
            }
            Body::CutOver(r) => {
                let keep_days = u16::try_from(r.opened.min(at.jst_day()).0 - r.forget_before.0).unwrap_or(1);
                if r.opened == at.jst_day() {
                    self.event(None, at, &Event::Tick { keep_days })?;
                } else {
                    let (by, why) = (r.by.clone().unwrap_or_default(), r.why.clone().unwrap_or_default());
                    // Days were once ended by hand before the calendar had begun them.
                    let at = at.max(r.closed.start());
                    self.event(None, at, &Event::Command(Command::CutOver { keep_days, by, why }))?;
                }
                // Whatever lapses does so now, as the draft says.
                self.again = true;
                while std::mem::take(&mut self.again) {
                    self.event(None, at, &Event::Tick { keep_days })?;
                }
                Ok(())
            }
            body => {
                let Some(command) = self.command(body) else { return Ok(()) };
                self.event(Some(seq), at, &Event::Command(command)).map(|_| ())
            }
        }
    }

    /// The second state's number of a tap that it still asks an issuer about.
    fn pending(&self, tap: Seq) -> Option<Seq> {
        let own = self.shadow_of(tap)?;
        let state = self.shadow.as_ref()?.tap_by_seq(own)?.state;
        (state == TapState::Pending).then_some(own)
    }

    /// The second state's number of a record: the same up to where the two part.
    fn shadow_of(&self, seq: Seq) -> Option<Seq> {
        self.map.get(&seq).copied().or((seq <= self.fork).then_some(seq))
    }

    fn silent(&mut self, seq: Seq, at: Millis, tap: Seq, why: Silence) -> Result<(), ReplayError> {
        let Some(tap) = self.pending(tap) else { return Ok(()) };
        self.event(Some(seq), at, &Event::IssuerSilent { tap, why }).map(|_| ())
    }

    fn acknowledged(&mut self, at: Millis, message: Seq, code: ResponseCode) -> Result<(), ReplayError> {
        let Some(message) = self.shadow_of(message) else { return Ok(()) };
        self.event(None, at, &Event::IssuerAcknowledged { message, code }).map(|_| ())
    }

    fn tap(&mut self, seq: Seq, at: Millis, tapped: &Tapped) -> Result<(), ReplayError> {
        let request = self.request(tapped);
        let (said, _, pending) = self.event(Some(seq), at, &Event::Request(request))?;
        if pending && tapped.verdict != Verdict::Pending {
            // It was not asked then, so nobody knows what it would have said.
            self.assumed += 1;
            let message = self.shadow.as_ref().map_or(0, |shadow| shadow.seq);
            let event = Event::IssuerAnswered { message, code: ResponseCode::APPROVED, approval: None };
            self.event(None, at, &event)?;
        }
        let opens = matches!(tapped.kind, TapKind::Authorize | TapKind::Purchase | TapKind::BalanceInquiry);
        let Some(after) = said.filter(|_| opens) else { return Ok(()) };
        self.taps += 1;
        let before = said_of(tapped);
        if before != after {
            let (n, yen) = self.changes.entry((before, after)).or_default();
            *n += 1;
            *yen += tapped.amount.get();
            if self.listed.len() < self.most {
                let (ppid, merchant, amount) = (tapped.ppid, tapped.merchant, tapped.amount);
                self.listed.push(Change { seq, at, ppid, merchant, amount, before, after });
            }
        }
        Ok(())
    }

    /// The message that a record was made from, as far as the record keeps it.
    fn request(&self, r: &Tapped) -> Request {
        let (mti, operation) = match r.kind {
            TapKind::Authorize => (100, Some(Operation::Authorize)),
            TapKind::Purchase => (200, Some(Operation::Purchase)),
            TapKind::Refund => (200, Some(Operation::Refund)),
            TapKind::BalanceInquiry => (r.key.class.into(), Some(Operation::BalanceInquiry)),
            TapKind::AuthorizationAdvice => (120, Some(Operation::AuthorizationAdvice)),
            TapKind::Completion => (220, Some(Operation::Completion)),
            TapKind::PurchaseAdvice => (220, Some(Operation::PurchaseAdvice)),
            TapKind::RefundAdvice => (220, Some(Operation::RefundAdvice)),
            TapKind::Reversal => (420, Some(Operation::Reversal)),
            TapKind::Unsupported => (r.key.class.into(), None),
        };
        let mti = if mti < 100 { mti * 100 } else { mti };
        let original = r.original.and_then(|seq| self.real.tap_by_seq(seq));
        let key = original.map(|tap| tap.key).or(r.tombstone);
        let foreign = r.verdict == Verdict::Refused(Refusal::UnsupportedCurrency);
        Request {
            mti: Mti(mti),
            operation,
            processing: 0,
            amount: r.amount,
            transmission: r.key.transmission,
            stan: r.key.stan,
            local_time: None,
            local_date: None,
            mcc: None,
            entry_mode: r.entry_mode,
            acquirer: r.key.acquirer,
            rrn: r.rrn,
            terminal: r.key.terminal,
            merchant: r.merchant,
            currency: if foreign { 840 } else { JPY_NUMERIC },
            ppid: r.ppid,
            original: key
                .map(|key| Original::new(Mti(u16::from(key.class) * 100), key.stan, key.transmission, key.acquirer)),
            replacement: original.filter(|_| r.kind == TapKind::Reversal).map(|tap| self.remains(tap, r)),
            options: Options(r.ruled.as_ref().map_or(0, |ruled| ruled.options)),
        }
    }

    /// What remained of a tap after a reversal: records of old keep only what it gave back.
    fn remains(&self, tap: &super::Tap, r: &Tapped) -> Yen {
        if let Some(remains) = r.remains {
            return remains;
        }
        let held = |leg: &Leg| leg.hold.and_then(|id| self.real.book.hold(id)).map_or(Yen::ZERO, |hold| hold.amount);
        let stands = match tap.state {
            TapState::Held => sum(&tap.legs, Leg::is_yen, held),
            TapState::Posted => sum(&tap.legs, Leg::is_yen, Leg::stands),
            // Of what waits nothing can remain, and asking for it was refused.
            TapState::Pending => return Yen::new(i64::from(matches!(r.verdict, Verdict::Refused(_)))),
            TapState::Completed(_) | TapState::Refused | TapState::Reversed => return Yen::ZERO,
        };
        let merchant = |id| matches!(self.real.book.account(id).map(|a| a.key), Some(AccountKey::MerchantPayable(..)));
        let given = r.transfers.iter().filter(|t| merchant(t.debit) || merchant(t.credit));
        minus(stands, given.fold(Yen::ZERO, |sum, t| super::money::plus(sum, t.amount)).min(stands))
    }

    /// An instrument by what it names: account numbers differ between the two states.
    fn link(&self, instrument: &Instrument) -> Link {
        match instrument {
            Instrument::Deposit(account) => match self.real.book.account(*account).map(|a| a.key) {
                Some(AccountKey::Deposit(number)) => Link::Deposit(number),
                _ => unreachable!("a linked deposit is one"),
            },
            other => Link::Instrument(other.clone()),
        }
    }

    /// The command that a record carried out; `None` for what the draft replaces or what says nothing here.
    fn command(&self, body: &Body) -> Option<Command> {
        Some(match body {
            Body::AcquirerRegistered(r) => Command::RegisterAcquirer { acquirer: r.acquirer, name: r.name.clone() },
            Body::IssuerRegistered(r) => Command::RegisterIssuer { issuer: r.issuer, name: r.name.clone() },
            Body::MerchantRegistered(r) => Command::RegisterMerchant {
                acquirer: r.acquirer,
                merchant: r.merchant,
                name: r.name.clone(),
                mcc: r.mcc,
                terminals: r.terminals.clone(),
                closed: r.closed,
                traits: r.traits.clone().unwrap_or_default(),
            },
            Body::DepositOpened(r) => Command::OpenDeposit { number: r.number },
            Body::Funded(r) => {
                let amount = r.transfers.first()?.amount;
                Command::Fund { number: r.number, amount, reference: r.reference.clone() }
            }
            Body::Linked(r) => Command::Link {
                ppid: r.ppid,
                from: Some(r.from),
                to: self.link(&r.instrument),
                origin: r.origin.unwrap_or(LinkOrigin::Import),
                by: r.by.clone().unwrap_or_default(),
            },
            Body::Unlinked(r) => {
                Command::Unlink { ppid: r.ppid, from: Some(r.from), by: r.by.clone().unwrap_or_default() }
            }
            Body::TemporaryIssued(r) => Command::IssueTemporary { ppid: r.ppid, until: r.until, by: r.by.clone() },
            Body::Merged(r) => Command::Merge { from: r.from, into: r.into, by: r.by.clone() },
            Body::CardStatusSet(r) => {
                Command::SetCard { ppid: r.ppid, status: r.status, by: r.by.clone(), why: r.why.clone() }
            }
            Body::CertificateBound(r) => {
                let (issuer, by) = (r.issuer.clone(), r.by.clone());
                Command::BindCertificate { ppid: r.ppid, serial: r.serial, issuer, last_day: r.last_day, by }
            }
            Body::ListApplied(r) => {
                let mut entries =
                    self.real.certificates.lists.get(&r.scope).map(|list| list.entries.clone()).unwrap_or_default();
                for serial in &r.removed {
                    entries.remove(serial);
                }
                entries.extend(r.added.iter().copied());
                let entries = entries.into_iter().collect();
                let (scope, issuer, by) = (r.scope.clone(), r.issuer.clone(), r.by.clone());
                Command::ApplyList { number: r.number, issued: r.issued, entries, scope, issuer, by }
            }
            Body::OwnLimitsSet(r) => Command::SetOwnLimits { ppid: r.ppid, limits: r.limits, by: r.by.clone() },
            Body::ProgrammeFunded(r) => Command::FundProgramme {
                programme: r.programme,
                amount: r.transfers.first()?.amount,
                reference: r.reference.clone(),
                by: r.by.clone(),
            },
            Body::PurseCredited(r) => Command::CreditPurse {
                ppid: r.ppid,
                programme: r.programme,
                amount: r.transfers.first()?.amount,
                reference: r.reference.clone(),
                by: r.by.clone(),
            },
            Body::LinkBroken(r) => Command::BreakLink { ppid: r.ppid, why: r.why.clone(), by: r.by.clone() },
            Body::RetargetProposed(r) => {
                Command::ProposeRetarget { ppid: r.ppid, to: self.link(&r.instrument), by: r.by.clone() }
            }
            Body::RetargetDecided(r) => Command::DecideRetarget {
                ppid: r.ppid,
                approve: r.link.is_some(),
                by: r.by.clone(),
                why: r.why.clone(),
            },
            Body::ApprovalRequested(r) if let Proposal::Retarget { ppid, instrument } = &r.proposal => {
                Command::ProposeRetarget { ppid: *ppid, to: self.link(instrument), by: r.by.clone() }
            }
            Body::ApprovalRequested(r) => Command::Approvals(super::Approvals::Request {
                proposal: Box::new(r.proposal.clone()),
                source: r.source.clone(),
                by: r.by.clone(),
                why: r.why.clone(),
            }),
            Body::ApprovalDecided(r) => Command::Approvals(super::Approvals::Decide {
                proposal: self.shadow_of(r.proposal)?,
                approve: r.approved,
                by: r.by.clone(),
                why: r.why.clone(),
            }),
            Body::ReliefBatchOpened(r) => Command::Relief(Relief::OpenBatch {
                programme: r.programme,
                name: r.name.clone(),
                digest: r.digest,
                by: r.by.clone(),
            }),
            Body::ReliefRowsAdded(r) => {
                Command::Relief(Relief::AddRows { batch: r.batch, first: r.first, rows: r.rows.clone() })
            }
            Body::ReliefRowSet(r) => Command::Relief(Relief::SetRow {
                batch: r.batch,
                row: r.row,
                change: r.change.clone(),
                by: r.by.clone(),
                why: r.why.clone(),
            }),
            Body::ReliefStepTaken(r) => Command::Relief(Relief::Step {
                batch: r.batch,
                step: r.step,
                value_day: r.value_day,
                refused: r.refused,
                by: r.by.clone(),
                why: r.why.clone(),
            }),
            Body::ReliefCredited(_) => Command::Relief(Relief::CarryOn),
            Body::ReliefFileMade(r) => Command::Relief(Relief::FileMade {
                batch: r.batch,
                format: r.format,
                files: r.files.clone(),
                by: r.by.clone(),
            }),
            Body::ReliefSent(r) => {
                let what = Booking::Sent { batch: r.batch, file: r.file };
                Command::Line(Box::new(again(&r.reference, &r.by, &r.why, what)))
            }
            Body::ReliefReturned(r) => {
                let what = Booking::CameBack { batch: r.batch, row: r.row, fee: r.fee };
                Command::Line(Box::new(again(&r.reference, &r.by, &r.why, what)))
            }
            Body::LineUndone(r) => {
                let what = Booking::Corrects { line: r.line.clone() };
                Command::Line(Box::new(again(&r.correction, &r.by, &r.why, what)))
            }
            Body::LineSetAside(r) => {
                Command::Line(Box::new(again(&r.line, &r.by, &r.why, Booking::Aside(r.aside.clone()))))
            }
            Body::ReliefRepaid(r) => Command::Relief(Relief::Repaid {
                batch: r.batch,
                row: r.row,
                amount: r.amount,
                from_purse: r.from_purse,
                reference: r.reference.clone(),
                by: r.by.clone(),
            }),
            // Closing says nothing about taps but what was taken back of them, see `record`.
            Body::DayMarked(_)
            | Body::MerchantSettled(_)
            | Body::IssuerSettled(_)
            | Body::MoneyReceived(_)
            | Body::PayoutFileMade(_)
            | Body::PayoutTaken(_)
            | Body::PayoutReturned(_)
            | Body::ReconRan(_)
            | Body::DifferencesRaised(_)
            | Body::DifferenceNoted(_)
            | Body::DifferencesClosed(_)
            | Body::HeadSigned(_)
            | Body::Opened(_)
            | Body::Tapped(_)
            | Body::IssuerAnswered(_)
            | Body::IssuerSilent(_)
            | Body::IssuerLate(_)
            | Body::IssuerAcknowledged(_)
            | Body::TotalsCompared(_)
            | Body::CutOver(_)
            | Body::ClockConfirmed(_)
            | Body::ClockKept(_)
            | Body::PolicyActivated(_)
            | Body::Lapsed(_)
            | Body::Resealed(_)
            | Body::StoodIn(_)
            | Body::AdviceSettled(_)
            | Body::LossBooked(_)
            | Body::LossReturned(_)
            | Body::Undone(_)
            | Body::IssuerTold(_)
            | Body::NoticeSettled(_) => return None,
        })
    }
}

/// A line as it was booked.
fn again(reference: &str, by: &str, why: &str, what: Booking) -> StatementLine {
    StatementLine {
        reference: reference.to_owned(),
        what,
        day: None,
        statement: None,
        alike: Alike::Waits,
        by: by.to_owned(),
        why: why.to_owned(),
    }
}

fn said_of(tapped: &Tapped) -> Said {
    match tapped.verdict {
        Verdict::Refused(refusal) => Said::No(refusal),
        Verdict::Approved(_) if tapped.ruled.as_ref().is_some_and(|ruled| ruled.approved.is_some()) => Said::Partly,
        Verdict::Approved(_) | Verdict::Pending => Said::Yes,
    }
}

/// Why a replay ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The draft cannot follow the policy that was in force then.
    #[error("the draft cannot follow the policy that was in force at the beginning of the period: {0}")]
    Draft(Rejected),
    /// The journal is damaged.
    #[error("the journal breaks a rule: {0}; run `kazasu ledger verify`")]
    Journal(#[from] RuleError),
}
