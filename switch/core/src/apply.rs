//! Folding a record into the state. It decides nothing: whatever was recorded is carried out, and a record that cannot be
//! carried out means that the journal is damaged.

use super::apply_undo::Reversal;
use super::event::notice_key;
use super::money::{Shares, Source, is_payment, legs_of, minus, plus, spread, sum};
use super::rules::Rules;
use super::state::{
    BreakReason, Broken, Known, LinkVersion, Merchant, Owed, PointBook, PurseBook, State, StoodFor, Sweep, Tap,
    TapIndex, TapState, answer_of, position, reference, refused,
};
use super::wallet::{Holder, HolderAt, InstrumentKey, NOBODY, PointsOf};
use kazasu_ledger::record::{
    Body, Instrument, IssuerAnswered, IssuerSilent, Lapsed, Linked, MerchantRegistered, Merged, Opening,
    PolicyActivated, Record, Silence, StoodIn, TapKind, Tapped, Verdict,
};
use kazasu_ledger::{AccountId, AccountKey, HoldId, RuleError, Seq, Transfer, TransferKind};
use kazasu_schemas::canonical::canonical;
use kazasu_schemas::ids::{InstitutionId, Ppid};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Per, Window};
use kazasu_schemas::relief::Way;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Answer, Options, Receipt, Refusal, ResponseCode};
use std::sync::Arc;

impl State {
    /// Folds the next record in. An error names the ledger rule that a damaged record breaks.
    pub fn apply(&mut self, seq: Seq, record: &Record) -> Result<(), RuleError> {
        assert_eq!(seq, self.seq + 1, "records are applied in order, each once");
        self.book.record(seq, &record.body)?;
        self.seq = seq;
        self.at = record.at;
        self.day = record.day;
        match &record.body {
            Body::Opened(r) => self.bank = Some(r.bank),
            Body::AcquirerRegistered(r) => {
                self.acquirers.insert(r.acquirer, r.shortfall);
            }
            Body::IssuerRegistered(r) => {
                self.issuers.insert(r.issuer, r.receivable);
            }
            Body::MerchantRegistered(r) => self.merchant_registered(r),
            Body::DepositOpened(r) => {
                self.deposits.insert(r.number, r.account);
            }
            Body::Funded(_) => {}
            Body::Linked(r) => self.linked(r.ppid, r.version, r.from, Some(r.instrument.clone())),
            Body::Unlinked(r) => self.linked(r.ppid, r.version, r.from, None),
            Body::Tapped(r) => self.tapped(seq, record, r),
            Body::IssuerAnswered(r) => self.issuer_answered(seq, record, r),
            Body::IssuerSilent(r) => self.issuer_silent(seq, record.at, r),
            Body::IssuerLate(_) => {}
            Body::IssuerAcknowledged(r) => {
                self.issuer_acknowledged(r);
                self.closing.acknowledged(record.at, r);
                if r.raised.is_some() {
                    self.disputes_changed();
                }
            }
            Body::TotalsCompared(_) | Body::ClockConfirmed(_) | Body::ClockKept(_) => {}
            Body::CutOver(r) => {
                super::closing::day_of_cut_over(&mut self.closing, seq, record.at, r);
                self.cut_over(r);
            }
            Body::PolicyActivated(r) => self.policy_activated(r),
            Body::TemporaryIssued(r) => {
                let at = self.person(r.ppid);
                let card = &mut self.holders[position(at)].card;
                (card.temporary, card.last_day) = (true, r.until);
            }
            Body::Merged(r) => self.merged(r),
            Body::CardStatusSet(r) => {
                let at = self.person(r.ppid);
                self.holders[position(at)].card.said = r.status;
            }
            Body::CertificateBound(r) => self.certificate_bound(r),
            Body::ListApplied(r) => self.list_applied(r),
            Body::OwnLimitsSet(r) => {
                let (at, day) = (self.person(r.ppid), record.at.jst_day());
                self.wallet_mut(at).own.set(day, r.limits);
            }
            Body::ProgrammeFunded(r) => {
                let key = reference_key(r.programme, None, &r.reference);
                self.references.insert(key, r.transfers[0].amount);
            }
            Body::PurseCredited(r) => {
                let at = self.person(r.ppid);
                self.opened(&r.opens);
                let key = reference_key(r.programme, Some(&r.ppid), &r.reference);
                self.references.insert(key, r.transfers[0].amount);
                debug_assert!(self.wallet_mut(at).purses.iter().any(|(_, id)| *id == r.transfers[0].credit));
            }
            Body::Lapsed(r) => self.lapsed(r),
            Body::LinkBroken(r) => {
                let at = self.person(r.ppid);
                self.broken_link(at, r.version, BreakReason::Person(r.why.clone()), record.at);
            }
            Body::RetargetProposed(r) => self.retarget_proposed(r.ppid, &r.instrument, &r.by),
            Body::RetargetDecided(r) => self.retarget_decided(r.ppid, r.link.as_ref()),
            Body::Resealed(r) => self.resealed(&r.ppid, r.version, &r.pan),
            Body::StoodIn(r) => self.stood_in(seq, record, r),
            Body::AdviceSettled(r) => self.advice_settled(seq, record, r),
            Body::LossBooked(r) => self.loss_booked(r),
            Body::LossReturned(r) => self.loss_returned(r),
            Body::Undone(r) => self.undone_later(seq, record, r),
            Body::IssuerTold(r) => self.issuer_told(seq, record.at, r),
            Body::NoticeSettled(r) => {
                if r.delivered {
                    self.notices.remove(&r.notice);
                } else if let Some(owed) = self.notices.get_mut(&r.notice) {
                    owed.dead = Some((r.attempts, r.problem.clone().unwrap_or_default()));
                }
            }
            Body::ApprovalRequested(r) => self.approval_requested(seq, record.at, r),
            Body::ApprovalDecided(r) => {
                self.approval_decided(record.at, r);
                self.disputes_changed();
            }
            Body::DayMarked(r) => self.closing.marked(record.at, r),
            Body::MerchantSettled(r) => self.merchant_settled(r),
            Body::IssuerSettled(r) => self.closing.issuer_settled(r),
            Body::MoneyReceived(r) => self.money_received(record.at, r),
            Body::PayoutFileMade(r) => self.closing.file_made(record.at, r),
            Body::PayoutTaken(r) => self.payout_taken(record.at, r),
            Body::PayoutReturned(r) => self.payout_returned(record.at, r),
            Body::ReconRan(r) => self.closing.ran(r),
            Body::DifferencesRaised(r) => {
                self.closing.raised(record.at, r);
                self.disputes_changed();
            }
            Body::DifferenceNoted(r) => self.closing.noted(record.at, r),
            Body::DifferencesClosed(r) => {
                self.closing.ended(record.at, r);
                self.disputes_changed();
            }
            Body::HeadSigned(r) => self.closing.signed(record.at, r),
            Body::ReliefBatchOpened(r) => self.relief_batch_opened(record.at, r),
            Body::ReliefRowsAdded(r) => self.relief_rows_added(r),
            Body::ReliefRowSet(r) => self.relief_row_set(r),
            Body::ReliefStepTaken(r) => self.relief_step_taken(record.at, r),
            Body::ReliefCredited(r) => self.relief_credited(r),
            Body::ReliefFileMade(r) => self.relief_file_made(r),
            Body::ReliefSent(r) => self.relief_sent(record.at, r),
            Body::ReliefReturned(r) => self.relief_returned(record.at, r),
            Body::ReliefRepaid(r) => self.relief_repaid(r),
            Body::LineUndone(r) => self.line_undone(record.at, r),
            Body::LineSetAside(r) => self.line_set_aside(record.at, r),
        }
        self.forget_some();
        Ok(())
    }

    fn merchant_registered(&mut self, r: &MerchantRegistered) {
        let key = (r.acquirer, r.merchant);
        let at = match self.merchant_at.get(&key) {
            Some(at) => *at,
            None => {
                let at = u32::try_from(self.merchants.len()).expect("at most four billion merchants");
                self.merchant_at.insert(key, at);
                at
            }
        };
        let merchant = Merchant {
            acquirer: r.acquirer,
            id: r.merchant,
            name: r.name.clone(),
            mcc: r.mcc,
            payable: r.payable,
            closed: r.closed,
            terminals: r.terminals.clone(),
            traits: r.traits.clone().unwrap_or_default(),
        };
        let rules = self.rules.of_merchant(&merchant);
        match self.merchant_rules.get_mut(position(at)) {
            Some(known) => *known = rules,
            None => self.merchant_rules.push(rules),
        }
        match self.merchants.get_mut(position(at)) {
            Some(known) => {
                for terminal in std::mem::replace(known, merchant).terminals {
                    self.terminal_at.remove(&(r.acquirer, terminal));
                }
            }
            None => self.merchants.push(merchant),
        }
        for terminal in &r.terminals {
            self.terminal_at.insert((r.acquirer, *terminal), at);
        }
    }

    /// The person with this PPID or temporary ID; new ones begin here.
    pub(super) fn person(&mut self, ppid: Ppid) -> HolderAt {
        let new = u32::try_from(self.holders.len()).expect("at most four billion people");
        let at = *self.residents.entry(ppid).or_insert(new);
        if at == new {
            self.holders.push(Holder::new(ppid));
        }
        at
    }

    fn linked(&mut self, ppid: Ppid, version: u32, from: Millis, instrument: Option<Instrument>) {
        let holder = self.person(ppid);
        let at = u32::try_from(self.links.len()).expect("at most four billion link versions");
        let before = std::mem::replace(&mut self.holders[position(holder)].link, at);
        let account = |i: &Instrument| Some(InstrumentKey::of(i)).filter(InstrumentKey::is_account);
        let left = self.link(before).and_then(|link| link.instrument.as_ref()).and_then(account);
        if let Some(used) = left.and_then(|key| self.instruments.get_mut(&key)) {
            used.holders.retain(|h| *h != holder);
        }
        if let Some(key) = instrument.as_ref().and_then(account) {
            self.instruments.entry(key).or_default().holders.push(holder);
        }
        // Who links anew needs no other instrument any more.
        if let Some(number) = self.broken.remove(&holder).and_then(|_| self.approvals.retarget_of(ppid)) {
            self.approvals.remove(number);
        }
        self.links.push(LinkVersion { from, version, before, instrument });
    }

    pub(super) fn retarget_proposed(&mut self, ppid: Ppid, instrument: &Instrument, by: &str) {
        let at = self.person(ppid);
        if let Some(broken) = self.broken.get_mut(&at) {
            broken.proposal = Some((instrument.clone(), by.to_owned()));
        }
    }

    pub(super) fn retarget_decided(&mut self, ppid: Ppid, link: Option<&Linked>) {
        let at = self.person(ppid);
        match link {
            Some(link) => self.linked(ppid, link.version, link.from, Some(link.instrument.clone())),
            None => {
                if let Some(broken) = self.broken.get_mut(&at) {
                    broken.proposal = None;
                }
            }
        }
    }

    fn resealed(&mut self, ppid: &Ppid, version: u32, pan: &[u8]) {
        let Some(holder) = self.residents.get(ppid) else { return };
        let Some(at) = self.link_position(*holder, version) else { return };
        if let Some(Instrument::CreditCard(card) | Instrument::DebitCard(card)) =
            &mut self.links[position(at)].instrument
        {
            card.pan = pan.into();
        }
    }

    fn broken_link(&mut self, at: HolderAt, version: u32, why: BreakReason, since: Millis) {
        self.broken.entry(at).or_insert(Broken { version, why, since, proposal: None });
    }

    fn policy_activated(&mut self, r: &PolicyActivated) {
        for Opening { account, key } in &r.opens {
            match key {
                AccountKey::PurseFund(n) => {
                    let book = PurseBook { fund: *account, purses: Vec::new(), sweep: Sweep::default() };
                    self.purse_books.insert(*n, book);
                }
                AccountKey::PointsIssued(n) => {
                    // The programme's five accounts are opened together, in this order.
                    let nth = |k: u32| AccountId(account.0 + k);
                    self.point_books.insert(
                        *n,
                        PointBook {
                            issued: *account,
                            budget: nth(1),
                            spent: nth(2),
                            expired: nth(3),
                            funder: nth(4),
                            total: 0,
                            accounts: Vec::new(),
                            sweep: Sweep::default(),
                        },
                    );
                }
                _ => {}
            }
        }
        for programme in &r.policy.points {
            if let Some(book) = self.point_books.get_mut(&programme.number) {
                book.total = programme.budget;
                book.sweep = Sweep::default();
            }
        }
        for purse in &r.policy.purses {
            if let Some(book) = self.purse_books.get_mut(&purse.number) {
                book.sweep = Sweep::default();
            }
        }
        for limit in &r.policy.limits {
            self.limit_numbers.entry(limit.number).or_insert_with(|| limit.clone());
        }
        let (own, source) = (Arc::new(r.policy.clone()), Arc::from(r.source.as_str()));
        self.rules = Rules::new(r.version, own, source, &[]);
        self.prepare_rules();
    }

    /// The rules of a tap, once the policy or a relief programme has changed.
    pub(super) fn prepare_rules(&mut self) {
        // A business day that was ended early ends no programme.
        let at = self.at;
        let runs = |p: &&super::relief::Programme| p.terms.way == Way::Purse && !p.terms.is_over(at);
        let room = super::rules::MOST_PROGRAMMES.saturating_sub(self.rules.own.purses.len());
        let relief: Vec<_> = self.relief.programmes.values().filter(runs).map(|p| p.terms.purse()).take(room).collect();
        let Rules { version, own, source, .. } = std::mem::take(&mut self.rules);
        self.rules = Rules::new(version, own, source, &relief);
        let rules = &self.rules;
        self.merchant_rules = self.merchants.iter().map(|merchant| rules.of_merchant(merchant)).collect();
    }

    /// Purses and points that were opened for people belong to them from here on.
    pub(super) fn opened(&mut self, opens: &[Opening]) {
        for Opening { account, key } in opens {
            match *key {
                AccountKey::Purse(holder, programme) => {
                    self.wallet_mut(holder).purses.push((programme, *account));
                    self.purse_books.get_mut(&programme).expect("a purse's programme").purses.push(*account);
                }
                AccountKey::Points(holder, programme) => {
                    self.wallet_mut(holder).points.push(PointsOf::new(programme, *account));
                    self.point_books.get_mut(&programme).expect("points' programme").accounts.push(*account);
                }
                _ => {}
            }
        }
    }

    fn merged(&mut self, r: &Merged) {
        let (from, into) = (self.person(r.from), self.person(r.into));
        self.holders[position(from)].merged_into = into;
        if let Some(wallet) = self.holders[position(from)].wallet.take() {
            self.wallet_mut(into).absorb(*wallet);
        }
        self.broken.remove(&from);
        let link = self.link(self.holders[position(from)].link).and_then(|link| link.instrument.as_ref());
        if let Some(used) = link.map(InstrumentKey::of).and_then(|key| self.instruments.get_mut(&key)) {
            used.holders.retain(|h| *h != from);
        }
        self.wallet_mut(into).merged.push(r.from);
        self.relief.merged(r.from.bytes(), r.into.bytes());
    }

    fn lapsed(&mut self, r: &Lapsed) {
        let sweep = if r.points {
            self.point_books.get_mut(&r.programme).map(|book| &mut book.sweep)
        } else {
            self.purse_books.get_mut(&r.programme).map(|book| &mut book.sweep)
        };
        if let Some(sweep) = sweep {
            *sweep = Sweep { through: position(r.through), again: sweep.again };
        }
    }

    fn tapped(&mut self, seq: Seq, record: &Record, r: &Tapped) {
        let original = r.original.and_then(|seq| self.index_of(seq));
        let merchant = match original.and_then(|index| self.tap(index)) {
            // What follows a tap is about its merchant, also when a reversal names another.
            Some(tap) => tap.merchant,
            None => self.merchant_at.get(&(r.key.acquirer, r.merchant)).copied().unwrap_or(u32::MAX),
        };
        let named = r.ppid.and_then(|ppid| self.residents.get(&ppid).copied());
        let holder = named.map_or(NOBODY, |at| self.root(at));
        let link = match original.and_then(|index| self.tap(index)) {
            Some(tap) => tap.link,
            None => r.link.filter(|_| holder != NOBODY).and_then(|v| self.link_position(holder, v)).unwrap_or(u32::MAX),
        };
        let index = self.forgotten + u64::try_from(self.taps.len()).expect("a position");
        let approved = matches!(r.verdict, Verdict::Approved(_));
        let refused = matches!(r.verdict, Verdict::Refused(_));
        if let Some(ruled) = &r.ruled {
            self.opened(&ruled.opens);
        }
        let carries = r.kind != TapKind::Reversal && !refused;
        let ruled = r.ruled.as_ref();
        let tap = Tap {
            seq,
            at: record.at,
            day: record.day,
            key: r.key,
            fingerprint: r.fingerprint,
            kind: r.kind,
            state: standing(r),
            rrn: r.rrn,
            merchant,
            link,
            ppid: r.ppid,
            entry_mode: r.entry_mode,
            amount: r.amount,
            holder,
            limits: ruled.map_or(0, |ruled| ruled.limits),
            counted: Yen::ZERO,
            counted_day: record.at.jst_day(),
            counts: false,
            options: Options(ruled.map_or(0, |ruled| ruled.options)),
            months: ruled.map_or_else(Vec::new, |ruled| ruled.months.clone()),
            legs: if carries { legs_of(&self.book, seq, &r.transfers) } else { Default::default() },
            kept: Yen::ZERO,
            original,
            answer: answer_of(r),
        };
        self.taps.push_back(tap);
        self.known.insert(r.key, Known::Tap(index));
        if let Some(tombstone) = r.tombstone {
            let day = record.day;
            if !self.known.contains_key(&tombstone) {
                self.tombstones.push_back((tombstone, day));
                self.known.insert(tombstone, Known::Tombstone(day));
            }
        }
        if r.verdict == Verdict::Pending {
            self.pending.insert(seq, index);
        }
        if r.waits_for_person() {
            self.above_floor.insert(seq);
        }
        if let Some(message) = r.to_issuer.filter(|m| m.operation.is_advice()) {
            self.owes(seq, message, record.at);
            self.advised(seq, &r.transfers);
        }
        if merchant != u32::MAX && is_original(r.kind) && !refused && r.rrn.names_something() {
            self.refer(reference(&r.key.acquirer, &r.merchant, &r.rrn), index, r.kind);
        }
        match (r.kind, original) {
            _ if refused => {}
            (TapKind::Purchase | TapKind::Authorize | TapKind::PurchaseAdvice | TapKind::AuthorizationAdvice, None) => {
                self.paid(index, seq, record, r)
            }
            (TapKind::Completion, Some(of)) => self.completed(of, index, (seq, record), r),
            (TapKind::Refund | TapKind::RefundAdvice, Some(of)) => self.refunded(of, index, r),
            (TapKind::Reversal, Some(of)) if approved => {
                let transfers = &r.transfers[..];
                self.reversed(of, record.day, Reversal { by: seq, remains: r.remains, transfers, told: r.to_issuer });
            }
            _ => {}
        }
        self.count(record, r);
    }

    /// A payment counts in its windows, and in its programmes' caps.
    fn paid(&mut self, index: TapIndex, seq: Seq, record: &Record, r: &Tapped) {
        let tap = self.tap(index).expect("it was just made");
        let (holder, link, limits, day) = (tap.holder, tap.link, tap.limits, tap.counted_day);
        let part = super::issuer::waiting_part(tap);
        if holder != NOBODY && matches!(standing(r), TapState::Pending | TapState::Held) {
            self.wallet_mut(holder).waiting.add(day.month(), part, 0);
        }
        if holder != NOBODY && (part.is_positive() || r.kind == TapKind::PurchaseAdvice) {
            if r.kind == TapKind::PurchaseAdvice {
                self.wallet_mut(holder).offline.add(day.0, r.amount, 1);
            }
            if part.is_positive() {
                self.spend(holder, link, limits, day, part);
            }
            let months = r.ruled.as_ref().map_or(&[][..], |ruled| &ruled.months);
            for programme in months {
                self.points_of(holder, *programme, |p| p.count(day.month(), part));
            }
        }
        self.point_sums(day, &r.transfers);
        if let Some(tap) = self.tap_mut(index) {
            (tap.counted, tap.counts) = (part, part.is_positive());
        }
        if let (Some(ruled), Some(ppid)) = (&r.ruled, r.ppid) {
            self.tell(seq, record.at, ppid, day, &ruled.alerts);
        }
    }

    fn spend(&mut self, holder: HolderAt, link: u32, limits: u64, day: BusinessDay, part: Yen) {
        let key = self.link(link).and_then(|l| l.instrument.as_ref()).map(InstrumentKey::of);
        let policy = self.rules.policy.clone();
        let wallet = self.wallet_mut(holder);
        wallet.day.add(day.0, part, 1);
        wallet.month.add(day.month(), part, 1);
        if limits == 0 {
            return;
        }
        for limit in policy.limits.iter().filter(|l| limits & (1 << l.number) != 0 && l.window != Window::Tap) {
            match (limit.per, key) {
                (Per::Resident, _) => {
                    self.wallet_mut(holder).counters.add(limit, day, part);
                }
                (Per::Instrument, Some(key)) => {
                    let counters = &mut self.instruments.entry(key).or_default().counters;
                    counters.add(limit, day, part);
                }
                (Per::Instrument, None) => {}
            }
        }
    }

    /// A payment is final: what of it was not given back counts for the alerts from here on, or is given back at once.
    pub(super) fn waits_no_more(&mut self, index: TapIndex) {
        let Some(tap) = self.tap(index).filter(|tap| is_payment(tap.kind) && tap.holder != NOBODY) else { return };
        let (holder, month, part) = (tap.holder, tap.counted_day.month(), tap.counted);
        self.wallet_mut(holder).waiting.take(month, part, 0);
    }

    /// The windows that still hold the tap's day get `amount` back, and the tap's count when `all` of it is undone.
    fn give_back(&mut self, index: TapIndex, amount: Yen, all: bool) {
        let Some(tap) = self.tap_mut(index) else { return };
        let amount = amount.min(tap.counted);
        tap.counted = minus(tap.counted, amount);
        let waits = matches!(tap.state, TapState::Pending | TapState::Held);
        let count = u32::from(all && std::mem::take(&mut tap.counts));
        let (holder, link, limits, day) = (tap.holder, tap.link, tap.limits, tap.counted_day);
        let months = tap.months.clone();
        if holder == NOBODY || (amount == Yen::ZERO && count == 0) {
            return;
        }
        let key = self.link(link).and_then(|l| l.instrument.as_ref()).map(InstrumentKey::of);
        let wallet = self.wallet_mut(holder);
        if waits {
            wallet.waiting.take(day.month(), amount, 0);
        }
        wallet.day.take(day.0, amount, count);
        wallet.month.take(day.month(), amount, count);
        wallet.counters.take(limits, day, amount, count);
        if let Some(used) = key.and_then(|key| self.instruments.get_mut(&key)) {
            used.counters.take(limits, day, amount, count);
        }
        for programme in months {
            self.points_of(holder, programme, |p| p.uncount(day.month(), amount));
        }
    }

    fn points_of(&mut self, holder: HolderAt, programme: u16, change: impl FnOnce(&mut PointsOf)) {
        if let Some(points) = self.wallet_mut(holder).points.iter_mut().find(|p| p.programme == programme) {
            change(points);
        }
    }

    /// Grants and claw-backs move the caps' sums; a grant counts from its hold on, a claw-back when it is posted.
    fn point_sums(&mut self, day: BusinessDay, transfers: &[Transfer]) {
        for t in transfers {
            let key = |id| self.book.account(id).expect("a record names open accounts").key;
            let (granted, points) = match (key(t.debit), key(t.credit)) {
                (AccountKey::PointBudget(_), AccountKey::Points(holder, programme)) => {
                    (true, Some((holder, programme)))
                }
                (AccountKey::Points(holder, programme), AccountKey::PointBudget(_)) => {
                    (false, Some((holder, programme)))
                }
                _ => (true, None),
            };
            let Some((holder, programme)) = points else { continue };
            let (amount, month) = (t.amount.get(), day.month());
            match (granted, t.kind) {
                (true, TransferKind::Direct | TransferKind::Hold) => {
                    self.points_of(holder, programme, |p| p.grant(month, amount));
                }
                (true, TransferKind::Void(_) | TransferKind::Expire(_))
                | (false, TransferKind::Direct | TransferKind::Post(_)) => {
                    self.points_of(holder, programme, |p| p.claw(month, amount));
                }
                (true, TransferKind::Post(_))
                | (false, TransferKind::Hold | TransferKind::Void(_) | TransferKind::Expire(_)) => {}
            }
        }
    }

    /// Notices about the month's limit.
    pub(super) fn tell(&mut self, seq: Seq, at: Millis, ppid: Ppid, day: BusinessDay, percents: &[u8]) {
        if percents.is_empty() {
            return;
        }
        let holder = self.person(ppid);
        let wallet = self.wallet_mut(holder);
        let limit = wallet.own.on(day).month.unwrap_or(Yen::ZERO);
        let used = wallet.final_of(day.month());
        for (percent, nth) in percents.iter().zip(0..) {
            self.wallet_mut(holder).tell(day.month(), *percent);
            let owed = Owed { ppid, percent: *percent, used, limit, at, dead: None };
            self.notices.insert(notice_key(seq, nth), owed);
        }
    }

    fn link_position(&self, holder: HolderAt, version: u32) -> Option<u32> {
        let mut at = self.holder(holder).link;
        loop {
            let link = self.link(at)?;
            if link.version == version {
                return Some(at);
            }
            at = link.before;
        }
    }

    /// Money may have come back into purses and points whose last day is over.
    pub(super) fn came_back(&mut self, transfers: &[Transfer]) {
        for t in transfers {
            for id in [t.debit, t.credit] {
                match self.book.account(id).map(|account| account.key) {
                    Some(AccountKey::Purse(_, n)) => {
                        self.purse_books.get_mut(&n).expect("a purse's programme").sweep.again = true;
                    }
                    Some(AccountKey::Points(_, n)) => {
                        self.point_books.get_mut(&n).expect("points' programme").sweep.again = true;
                    }
                    _ => {}
                }
            }
        }
    }

    /// All or part of what was held has been taken, and the rest released.
    fn completed(&mut self, of: TapIndex, index: TapIndex, (seq, record): (Seq, &Record), r: &Tapped) {
        self.came_back(&r.transfers);
        let Some(held) = self.tap(of) else { return };
        let day = held.counted_day;
        let part = self.tap(index).map_or(Yen::ZERO, |tap| {
            sum(&tap.legs, |leg| leg.is_part(), |leg| if leg.hold.is_some() { leg.asked } else { leg.posted })
        });
        self.give_back(of, minus(self.tap(of).map_or(Yen::ZERO, |tap| tap.counted), part), false);
        self.point_sums(day, &r.transfers);
        self.waits_no_more(of);
        let Some(held) = self.tap_mut(of) else { return };
        held.state = TapState::Completed(index);
        let counted = std::mem::take(&mut held.counted);
        let counts = std::mem::take(&mut held.counts);
        let (holder, limits, months) = (held.holder, held.limits, held.months.clone());
        for leg in &mut held.legs {
            leg.hold = None;
        }
        let Some(tap) = self.tap_mut(index) else { return };
        (tap.counted, tap.counts, tap.counted_day) = (counted, counts, day);
        (tap.holder, tap.limits, tap.months) = (holder, limits, months);
        if holder != NOBODY && r.waits_for_person() {
            self.wallet_mut(holder).waiting.add(day.month(), counted, 0);
        }
        if let (Some(ruled), Some(ppid)) = (&r.ruled, r.ppid) {
            self.tell(seq, record.at, ppid, day, &ruled.alerts);
        }
    }

    /// A refund gives shares of the original's legs back; while its issuer is being asked they are spoken for.
    fn refunded(&mut self, of: TapIndex, index: TapIndex, r: &Tapped) {
        let Some(paid) = self.tap(of) else { return };
        let (shares, day) = (spread(&paid.legs, r.amount), paid.counted_day);
        if let Some(paid) = self.tap_mut(of) {
            for (leg, share) in paid.legs.iter_mut().zip(&shares) {
                leg.refunded = plus(leg.refunded, *share);
            }
        }
        // The refund's transfers are the shares above zero, in the order of the legs.
        let given = (0_u8..).zip(&shares).filter(|(_, share)| share.is_positive()).map(|(at, _)| at);
        let given: smallvec::SmallVec<[u8; 4]> = given.collect();
        if let Some(refund) = self.tap_mut(index) {
            assert_eq!(refund.legs.len(), given.len(), "a refund has one transfer for each leg that it gives back");
            for (leg, at) in refund.legs.iter_mut().zip(given) {
                leg.of = at;
            }
            refund.counted_day = day;
        }
        self.point_sums(day, &r.transfers);
        if r.verdict != Verdict::Pending {
            self.came_back(&r.transfers);
            self.earned_less(index, |leg| leg.posted);
        }
    }

    /// What a refund has given back of an instrument part does not count in the month's rounding any more.
    fn earned_less(&mut self, refund: TapIndex, given: impl Fn(&super::money::Leg) -> Yen) {
        let Some((part, paid)) = self.part_of_refund(refund, given) else { return };
        let (holder, day, months) = (paid.holder, paid.counted_day, paid.months.clone());
        for programme in months.into_iter().filter(|_| holder != NOBODY) {
            self.points_of(holder, programme, |p| p.uncount(day.month(), part));
        }
    }

    /// The instrument part of a refund, and the payment that it is of.
    fn part_of_refund(&self, refund: TapIndex, given: impl Fn(&super::money::Leg) -> Yen) -> Option<(Yen, &Tap)> {
        let refund = self.tap(refund)?;
        let paid = self.tap(refund.original?)?;
        let of_part = |leg: &super::money::Leg| paid.legs[usize::from(leg.of)].is_part();
        Some((sum(&refund.legs, of_part, given), paid))
    }

    /// A reversal took effect on the tap at `of`.
    pub(super) fn reversed(&mut self, of: TapIndex, today: BusinessDay, r: Reversal<'_>) {
        self.came_back(r.transfers);
        let Some(tap) = self.tap(of) else { return };
        let (seq, before, day, paid, acquirer) = (tap.seq, tap.state, tap.counted_day, tap.original, tap.key.acquirer);
        let refund = matches!(tap.kind, TapKind::Refund | TapKind::RefundAdvice);
        let paid = paid.filter(|_| refund);
        match before {
            TapState::Pending => match r.remains.filter(|remains| remains.is_positive()) {
                Some(remains) => self.may_remain(seq, remains, r.by, false),
                None => {
                    self.pending.remove(&seq);
                    self.released(of, r.transfers, day);
                    self.waits_no_more(of);
                    if let Some(tap) = self.tap_mut(of) {
                        tap.state = TapState::Reversed;
                        tap.answer = Some(refused(Refusal::ReversedBefore));
                    }
                }
            },
            TapState::Held => {
                self.released(of, r.transfers, day);
                let left = |leg: &super::money::Leg| leg.hold.is_some_and(|hold| self.book.hold(hold).is_some());
                if self.tap(of).is_some_and(|tap| !tap.legs.iter().any(left)) {
                    self.set_state(of, TapState::Reversed);
                }
                self.looked_at(of);
            }
            TapState::Posted => {
                let amount = self.given_back(r.transfers, refund);
                let untold = r.told.is_none() && self.is_kept_from_issuer(of, r.transfers);
                if amount.is_positive() {
                    self.undone(of, amount, r.transfers, paid);
                    self.point_sums(day, r.transfers);
                    let new = !self.undos.get(&seq).is_some_and(|undo| undo.by == r.by && undo.counted);
                    self.count_reversal((acquirer, today), refund, (new, amount));
                }
                if let Some(remains) = r.remains {
                    self.may_remain(seq, remains, r.by, amount.is_positive());
                }
                if let Some(undo) = self.undos.get_mut(&seq) {
                    undo.untold = (undo.untold && r.told.is_none()) || untold;
                }
            }
            TapState::Completed(_) | TapState::Refused | TapState::Reversed => {}
        }
        self.look_at(Some(of));
        self.look_at(paid);
    }

    fn count_reversal(&mut self, totals: (InstitutionId, BusinessDay), refund: bool, (new, amount): (bool, Yen)) {
        let totals = self.totals.entry(totals).or_default();
        let (n, yen) = if refund {
            (&mut totals.credit_reversals, &mut totals.credit_reversal_amount)
        } else {
            (&mut totals.debit_reversals, &mut totals.debit_reversal_amount)
        };
        *n += u64::from(new);
        add_to_day(yen, amount);
    }

    /// A posted tap is undone by `amount`; of a refund, what it had given back stands again.
    fn undone(&mut self, of: TapIndex, amount: Yen, transfers: &[Transfer], refund_of: Option<TapIndex>) {
        let Some(tap) = self.tap_mut(of) else { return };
        let mut shares = spread(&tap.legs, amount);
        for (leg, share) in tap.legs.iter().zip(&mut shares).filter(|(leg, _)| leg.source == Source::Grant) {
            // Points come back only as far as the budget still has them.
            let own = transfers.iter().filter(|t| t.debit == leg.credit && t.credit == leg.debit);
            *share = own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount));
        }
        let mut part = Yen::ZERO;
        for (leg, share) in tap.legs.iter_mut().zip(&shares) {
            leg.undone = plus(leg.undone, *share);
            part = if leg.is_part() { plus(part, *share) } else { part };
        }
        let all = tap.moved() == Yen::ZERO;
        if all {
            tap.state = TapState::Reversed;
        }
        let legs: smallvec::SmallVec<[u8; 4]> = tap.legs.iter().map(|leg| leg.of).collect();
        let refund_legs: smallvec::SmallVec<[(AccountId, AccountId); 4]> =
            tap.legs.iter().map(|leg| (leg.debit, leg.credit)).collect();
        match refund_of {
            None => self.give_back(of, part, all),
            Some(paid) => {
                self.stands_again(of, paid, &shares);
                // What stands again counts again.
                let part = self.tap(paid).map_or(Yen::ZERO, |paid| {
                    let own = legs.iter().zip(&shares).filter(|(at, _)| paid.legs[usize::from(**at)].is_part());
                    own.fold(Yen::ZERO, |sum, (_, share)| plus(sum, *share))
                });
                if let Some((holder, day, months)) = self
                    .tap(paid)
                    .filter(|paid| paid.holder != NOBODY)
                    .map(|paid| (paid.holder, paid.counted_day, paid.months.clone()))
                {
                    for programme in months {
                        self.points_of(holder, programme, |p| p.count(day.month(), part));
                    }
                }
                let claimed = self.claimed(transfers);
                let covered = self.covered(transfers, &refund_legs, &shares);
                let mut uncovered = Yen::ZERO;
                if let Some(paid) = self.tap_mut(paid) {
                    for ((at, share), covered) in legs.iter().zip(&shares).zip(covered) {
                        let leg = &mut paid.legs[usize::from(*at)];
                        leg.refunded = minus(leg.refunded, *share);
                        if leg.source == Source::Loss && leg.debit == leg.credit {
                            leg.undone = plus(leg.undone, *share);
                        }
                        // What the account did not have any more is claimed from the acquirer: it stands there, not here.
                        let open = minus(*share, covered);
                        if leg.is_yen() && open.is_positive() {
                            leg.posted = minus(leg.posted, open);
                            uncovered = plus(uncovered, open);
                        }
                    }
                    if let Some((account, payable)) = claimed.filter(|_| uncovered.is_positive()) {
                        add_shortfall(&mut paid.legs, account, payable, uncovered);
                    }
                }
            }
        }
    }

    /// What of each leg of a refund a reversal takes back from the person: from the leg's own account, or from another purse of the
    /// same programme. `legs` are debit and credit, `shares` what is to come back of each.
    fn covered(&self, transfers: &[Transfer], legs: &[(AccountId, AccountId)], shares: &Shares) -> Shares {
        let own = |(debit, credit): &(AccountId, AccountId)| {
            let own = transfers.iter().filter(|t| t.debit == *credit && t.credit == *debit);
            own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
        };
        let mut covered: Shares = legs.iter().zip(shares).map(|(leg, share)| own(leg).min(*share)).collect();
        let programme = |id| match self.book.account(id).map(|account| account.key) {
            Some(AccountKey::Purse(_, programme)) => Some(programme),
            _ => None,
        };
        for (at, (payable, purse)) in legs.iter().enumerate() {
            let Some(of) = programme(*purse) else { continue };
            let from_purses = transfers.iter().filter(|t| t.credit == *payable && programme(t.debit) == Some(of));
            let all = from_purses.fold(Yen::ZERO, |sum, t| plus(sum, t.amount));
            let spoken_for = legs.iter().zip(&covered).filter(|((_, purse), _)| programme(*purse) == Some(of));
            let left = minus(all, spoken_for.fold(Yen::ZERO, |sum, (_, covered)| plus(sum, *covered)));
            covered[at] = plus(covered[at], left.max(Yen::ZERO).min(minus(shares[at], covered[at])));
        }
        covered
    }

    /// Where a reversal of a refund claims from the acquirer: the shortfall account and the merchant's.
    fn claimed(&self, transfers: &[Transfer]) -> Option<(AccountId, AccountId)> {
        let key = |id| self.book.account(id).map(|account| account.key);
        let own = transfers.iter().rfind(|t| matches!(key(t.debit), Some(AccountKey::AdviceShortfall(_))))?;
        Some((own.debit, own.credit))
    }

    /// Holds of a tap that moved nothing yet were given back, all or some: so are its counts. Of a refund that was being asked
    /// for, what it had spoken for is free again.
    pub(super) fn released(&mut self, of: TapIndex, transfers: &[Transfer], day: BusinessDay) {
        let Some(tap) = self.tap(of) else { return };
        let voided = |hold: Option<HoldId>| {
            let own = transfers.iter().filter(|t| matches!(t.kind, TransferKind::Void(id) if Some(id) == hold));
            own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
        };
        if is_payment(tap.kind) {
            let part = sum(&tap.legs, super::money::Leg::is_part, |leg| voided(leg.hold));
            let open = |leg: &super::money::Leg| leg.hold.is_some_and(|hold| self.book.hold(hold).is_some());
            let all = !tap.legs.iter().any(|leg| open(leg) || leg.posted.is_positive());
            self.give_back(of, part, all);
        } else if let Some(paid) = tap.original {
            let back: smallvec::SmallVec<[(u8, Yen); 4]> =
                tap.legs.iter().map(|leg| (leg.of, voided(leg.hold))).collect();
            let shares: super::money::Shares = back.iter().map(|(_, amount)| *amount).collect();
            self.stands_again(of, paid, &shares);
            if let Some(paid) = self.tap_mut(paid) {
                for (at, amount) in back {
                    let leg = &mut paid.legs[usize::from(at)];
                    leg.refunded = minus(leg.refunded, amount);
                    if leg.source == Source::Loss && leg.debit == leg.credit {
                        leg.undone = plus(leg.undone, amount);
                    }
                }
            }
        }
        self.point_sums(day, transfers);
    }

    pub(super) fn set_state(&mut self, index: TapIndex, state: TapState) {
        if let Some(tap) = self.tap_mut(index) {
            tap.state = state;
        }
    }

    /// Yen that a record moves to or from a merchant.
    pub(super) fn through_merchant(&self, transfers: &[Transfer]) -> Yen {
        let merchant =
            |id| matches!(self.book.account(id).map(|account| account.key), Some(AccountKey::MerchantPayable(..)));
        let own = transfers.iter().filter(|t| is_posting(t) && (merchant(t.debit) || merchant(t.credit)));
        own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
    }

    /// Yen that a reversal of a payment takes from its merchant, or one of a refund brings back.
    fn given_back(&self, transfers: &[Transfer], of_refund: bool) -> Yen {
        let merchant =
            |id| matches!(self.book.account(id).map(|account| account.key), Some(AccountKey::MerchantPayable(..)));
        let own = transfers.iter().filter(|t| merchant(if of_refund { t.credit } else { t.debit }));
        own.fold(Yen::ZERO, |sum, t| plus(sum, t.amount))
    }

    /// A payment is in its acquirer's totals of the day.
    pub(super) fn count_payment(&mut self, acquirer: InstitutionId, day: BusinessDay, amount: Yen) {
        add(self.totals.entry((acquirer, day)).or_default(), false, amount);
    }

    /// Counts what was posted at once.
    fn count(&mut self, record: &Record, r: &Tapped) {
        if r.transfers.is_empty() || matches!(r.kind, TapKind::Reversal) {
            return;
        }
        let amount = self.through_merchant(&r.transfers);
        if !amount.is_positive() {
            return;
        }
        match r.kind {
            TapKind::Purchase | TapKind::PurchaseAdvice | TapKind::Completion => {
                add(self.totals.entry((r.key.acquirer, record.day)).or_default(), false, amount);
            }
            TapKind::Refund | TapKind::RefundAdvice => {
                add(self.totals.entry((r.key.acquirer, record.day)).or_default(), true, amount);
            }
            TapKind::Authorize
            | TapKind::AuthorizationAdvice
            | TapKind::BalanceInquiry
            | TapKind::Reversal
            | TapKind::Unsupported => {}
        }
    }

    /// What an issuer's answer posts.
    pub(super) fn post(&mut self, index: TapIndex, transfers: &[Transfer]) {
        self.came_back(transfers);
        let Some(tap) = self.tap_mut(index) else { return };
        for t in transfers {
            let TransferKind::Post(id) = t.kind else { continue };
            if let Some(leg) = tap.legs.iter_mut().find(|leg| leg.hold == Some(id)) {
                leg.posted = plus(leg.posted, t.amount);
                leg.hold = None;
            }
        }
    }

    fn issuer_answered(&mut self, seq: Seq, record: &Record, r: &IssuerAnswered) {
        let Some(index) = self.pending.remove(&r.tap) else { return };
        let Some(tap) = self.tap(index) else { return };
        let (kind, day, ppid, acquirer) = (tap.kind, tap.counted_day, tap.ppid, tap.key.acquirer);
        let (holder, link) = (tap.holder, tap.link);
        let approved = r.ruled.as_ref().and_then(|ruled| ruled.approved);
        let takes_effect = r.code.is_approved() || approved.is_some();
        self.post(index, &r.transfers);
        if !r.code.is_approved() {
            self.came_back(&r.transfers);
            self.released(index, &r.transfers, day);
        } else if kind == TapKind::Refund {
            self.came_back(&r.transfers);
            self.point_sums(day, &r.transfers);
            self.earned_less(index, |leg| leg.posted);
        }
        // An authorization is final when it is completed.
        if !(takes_effect && kind == TapKind::Authorize) {
            self.waits_no_more(index);
        }
        if &r.code.wire()[..] == b"14"
            && holder != NOBODY
            && self.holder(self.root(holder)).link == link
            && let Some(version) = self.link(link).map(|link| link.version)
        {
            self.broken_link(self.root(holder), version, BreakReason::Issuer(r.code), record.at);
        }
        let posted = self.through_merchant(&r.transfers);
        let Some(tap) = self.tap_mut(index) else { return };
        tap.answer = Some(Answer {
            code: if approved.is_some() { ResponseCode::PARTIAL } else { r.code.towards_terminal() },
            approval: r.approval,
            balance: None,
            receipt: r.ruled.as_ref().map_or_else(Receipt::default, |ruled| ruled.receipt),
            approved,
        });
        tap.state = match (takes_effect, kind) {
            (false, _) => TapState::Refused,
            (true, TapKind::Authorize) => TapState::Held,
            (true, _) => TapState::Posted,
        };
        if posted.is_positive() && takes_effect {
            add(self.totals.entry((acquirer, record.day)).or_default(), kind == TapKind::Refund, posted);
        }
        if let (Some(ruled), Some(ppid)) = (&r.ruled, ppid) {
            self.tell(seq, record.at, ppid, day, &ruled.alerts);
        }
        self.look_at_outcome(index);
    }

    fn issuer_silent(&mut self, seq: Seq, at: Millis, r: &IssuerSilent) {
        if let Some(message) = r.to_issuer {
            self.owes(seq, message, at);
        }
        let Some(index) = self.pending.remove(&r.tap) else { return };
        let Some(day) = self.tap(index).map(|tap| tap.counted_day) else { return };
        self.came_back(&r.transfers);
        self.released(index, &r.transfers, day);
        self.waits_no_more(index);
        let Some(tap) = self.tap_mut(index) else { return };
        tap.state = TapState::Refused;
        tap.answer = Some(refused(match r.why {
            Silence::TimedOut | Silence::Restarted | Silence::Unfit => Refusal::IssuerTimeout,
            Silence::NotSent | Silence::Unmakeable => Refusal::IssuerUnavailable,
        }));
        self.look_at_outcome(index);
    }

    fn stood_in(&mut self, seq: Seq, record: &Record, r: &StoodIn) {
        self.owes(seq, r.to_issuer, record.at);
        self.advised(seq, &r.transfers);
        self.stood_for.insert(r.tap, StoodFor { message: seq, at: record.at, bearer: r.bearer });
        let Some(index) = self.pending.remove(&r.tap) else { return };
        self.waits_no_more(index);
        let today = record.at.jst_day();
        let sum = self.stood_in.entry(r.to_issuer.issuer).or_insert((today, Yen::ZERO));
        if sum.0 != today {
            *sum = (today, Yen::ZERO);
        }
        sum.1 = plus(sum.1, r.to_issuer.amount);
        self.post(index, &r.transfers);
        let posted = self.through_merchant(&r.transfers);
        let Some(tap) = self.tap_mut(index) else { return };
        tap.state = TapState::Posted;
        tap.answer = Some(Answer {
            approval: Some(r.approval),
            receipt: r.ruled.receipt,
            ..Answer::code(ResponseCode::APPROVED)
        });
        let (holder, ppid, day, acquirer) = (tap.holder, tap.ppid, tap.counted_day, tap.key.acquirer);
        add(self.totals.entry((acquirer, record.day)).or_default(), false, posted);
        if holder != NOBODY {
            self.wallet_mut(holder).stood_in.add(today.0, r.to_issuer.amount, 1);
        }
        if let Some(ppid) = ppid {
            self.tell(seq, record.at, ppid, day, &r.ruled.alerts);
        }
        self.look_at_outcome(index);
    }
}

/// The largest amount of a day that the totals' fields (n16) carry. A day beyond it stays there, and no longer agrees.
const MOST_OF_A_DAY: Yen = Yen::new(9_999_999_999_999_999);

fn add_to_day(yen: &mut Yen, amount: Yen) {
    *yen = yen.checked_add(amount).unwrap_or(MOST_OF_A_DAY).min(MOST_OF_A_DAY);
}

fn add(totals: &mut DayTotals, credit: bool, amount: Yen) {
    let (n, yen) = if credit {
        (&mut totals.credits, &mut totals.credit_amount)
    } else {
        (&mut totals.debits, &mut totals.debit_amount)
    };
    *n += 1;
    add_to_day(yen, amount);
}

fn is_posting(t: &Transfer) -> bool {
    matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))
}

pub(super) fn is_original(kind: TapKind) -> bool {
    match kind {
        TapKind::Authorize
        | TapKind::Purchase
        | TapKind::AuthorizationAdvice
        | TapKind::PurchaseAdvice
        | TapKind::Refund
        | TapKind::RefundAdvice => true,
        TapKind::BalanceInquiry | TapKind::Completion | TapKind::Reversal | TapKind::Unsupported => false,
    }
}

/// What nobody's account covers stands against the acquirer.
fn add_shortfall(legs: &mut super::money::Legs, account: AccountId, payable: AccountId, amount: Yen) {
    match legs.iter_mut().find(|leg| leg.source == Source::Shortfall) {
        Some(leg) => leg.posted = plus(leg.posted, amount),
        None => legs.push(super::money::Leg {
            debit: account,
            credit: payable,
            source: Source::Shortfall,
            of: 0,
            hold: None,
            asked: amount,
            posted: amount,
            refunded: Yen::ZERO,
            undone: Yen::ZERO,
        }),
    }
}

/// Where a tap stands right after its record.
fn standing(r: &Tapped) -> TapState {
    match r.verdict {
        Verdict::Pending => TapState::Pending,
        Verdict::Refused(_) => TapState::Refused,
        Verdict::Approved(_) if matches!(r.kind, TapKind::Authorize | TapKind::AuthorizationAdvice) => TapState::Held,
        Verdict::Approved(_) if r.waits_for_person() => TapState::Held,
        Verdict::Approved(_) => TapState::Posted,
    }
}

/// A payment's reference within its programme, and of a credit within its person, as a short key. However it is spelt, it is one.
pub(super) fn reference_key(programme: u16, ppid: Option<&Ppid>, reference: &str) -> [u8; 16] {
    scoped_key(programme, ppid, "", reference)
}

/// The same among references of another kind: the scope is what the program writes before it.
pub(super) fn scoped_key(programme: u16, ppid: Option<&Ppid>, scope: &str, reference: &str) -> [u8; 16] {
    hashed_key(programme, ppid, &[scope.as_bytes(), canonical(reference).as_bytes()])
}

/// A reference as it was typed: differences that were raised before references had one form are known by it.
pub(super) fn typed_key(programme: u16, scope: &str, reference: &str) -> [u8; 16] {
    hashed_key(programme, None, &[scope.as_bytes(), reference.as_bytes()])
}

fn hashed_key(programme: u16, ppid: Option<&Ppid>, parts: &[&[u8]]) -> [u8; 16] {
    use sha2::Digest;
    let mut hasher = sha2::Sha256::new();
    hasher.update(programme.to_be_bytes());
    hasher.update(ppid.map_or(&[0; 16], Ppid::bytes));
    hasher.update([u8::from(ppid.is_some())]);
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()[..16].try_into().expect("32 bytes")
}
