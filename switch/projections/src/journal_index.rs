//! The meaning of each record of the journal for merchants and issuers, tap by tap. One reading of the journal that
//! fees, settlements, reconciliation and reports share.

use hashbrown::HashMap;
use kazasu_ledger::record::{
    self, ApprovalDecided, Instrument, IssuerAnswered, IssuerSilent, LossBooked, LossReturned, Place, Proposal,
    Transaction, TransactionKind, Undone,
};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, AccountKey, Body, Transfer, TransferKind};
use kazasu_schemas::closing::{ReconException, Resolution};
use kazasu_schemas::contract::{Contracts, Tender};
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Stan, TerminalId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_security::vault::Vault;
use smallvec::SmallVec;
use std::convert::Infallible;
use std::sync::Arc;

/// A merchant by its acquirer and DE42.
pub type MerchantKey = (InstitutionId, MerchantId);

/// The known facts about a merchant.
#[derive(Clone, Debug)]
pub struct MerchantOf {
    /// Its name.
    pub name: String,
    /// DE18.
    pub mcc: Mcc,
    /// Its terminals' class.
    pub class: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its region.
    pub region: String,
}

/// A person's instrument of a payment.
#[derive(Clone, Debug)]
enum Linked {
    Card(Tender, Arc<[u8]>),
    Account(Tender),
}

/// The kept facts about a tap, for later messages.
#[derive(Clone, Debug)]
pub struct TapOf {
    /// The person, when the message named one.
    pub ppid: Option<Ppid>,
    /// Whose link paid: of an ID that was merged or replaced, the one that it stood for.
    payer: Option<Ppid>,
    link: Option<u32>,
    /// The tap that it completes, refunds or reverses.
    pub original: Option<u64>,
    /// The amount that the message asked for.
    pub kind: TransactionKind,
    /// DE41.
    pub terminal: TerminalId,
    /// DE11.
    pub stan: Stan,
    /// DE37.
    pub rrn: Rrn,
    /// DE38, once it is approved.
    pub approval: Option<ApprovalCode>,
    /// The day that a late advice is of.
    pub own_day: Option<BusinessDay>,
    day: BusinessDay,
    /// The merchant that it names.
    pub place: MerchantKey,
    /// Staff made it, and no terminal sent it.
    pub by_staff: bool,
}

/// Yen that a merchant got from a party, or gave back.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Move {
    /// The tap: the record that asked.
    pub tap: u64,
    /// The merchant.
    pub merchant: MerchantKey,
    /// The tender that paid, or got back.
    pub tender: Tender,
    /// The programme whose points it is.
    pub programme: Option<u16>,
    /// The programme whose purse paid, or got back.
    pub purse: Option<u16>,
    /// The issuer behind it.
    pub issuer: Option<u16>,
    /// Above zero: to the merchant.
    pub amount: Yen,
    /// The payment that it gives back of.
    pub of: Option<u64>,
    /// A correction and no payment: no fee is charged.
    pub correction: bool,
    /// A correction that is a chargeback.
    pub chargeback: bool,
    /// A refund that was undone: what it gave back of this payment stands again, and its fee with it.
    pub again: Option<u64>,
}

/// The journal's facts so far about the parties.
#[derive(Default)]
pub struct JournalIndex {
    accounts: Vec<AccountKey>,
    /// Merchants as they were registered last.
    pub merchants: HashMap<MerchantKey, MerchantOf>,
    links: HashMap<(Ppid, u32), Linked>,
    /// IDs that were merged or replaced, and whom they stand for.
    merged: HashMap<Ppid, Ppid>,
    /// Taps that others may still refer to, by record.
    pub taps: HashMap<u64, TapOf>,
    /// Names of issuers.
    pub issuers: HashMap<u16, String>,
    /// Names of acquirers.
    pub acquirers: HashMap<InstitutionId, String>,
    /// The tap that a message to an issuer was approved for in its place, by the message's record.
    stood_in: HashMap<u64, u64>,
    exceptions: HashMap<[u8; 16], Differs>,
    /// Proposals that wait, for what they mean once they are settled.
    pub proposals: HashMap<u64, Proposal>,
    /// The book's name.
    pub book: String,
}

/// The kept facts about an exception, for its resolution.
#[derive(Clone, Debug)]
struct Differs {
    own: u64,
    party: String,
    /// The amount that the other side has less than this ledger.
    less: Yen,
    chargeback: bool,
}

/// The part of a tap that a party does not owe, or is not owed, any more: it refused it afterwards, or two people booked an exception.
#[derive(Clone, PartialEq, Debug)]
pub struct Restated {
    /// The tap.
    pub tap: u64,
    /// Whose line it is: `issuer 1`, `acquirer 27000001`.
    pub party: String,
    /// Yen less than its line said.
    pub less: Yen,
    /// A chargeback is a line of its own, of the day on which it was decided.
    pub chargeback: bool,
}

/// The movements of one record.
pub type Moves = SmallVec<[Move; 2]>;

impl JournalIndex {
    /// The use of an account.
    pub fn key(&self, id: AccountId) -> Option<&AccountKey> {
        self.accounts.get(usize::try_from(id.0).ok()?)
    }

    /// Takes the next record in: what moved between merchants and others.
    pub fn record(&mut self, place: Place, body: &Body) -> Moves {
        for opening in body.opens() {
            if usize::try_from(opening.account.0).ok() == Some(self.accounts.len()) {
                self.accounts.push(opening.key);
            }
        }
        let mut reading = Reading { index: self, moves: Moves::new() };
        let Ok(()) = body.fold(place, &mut reading);
        reading.moves
    }

    fn differs(&mut self, d: &ReconException) {
        let less = Yen::new(d.ours.get() - d.theirs.get());
        let chargeback = d.status == kazasu_core::CHARGEBACK;
        self.exceptions.insert(d.id, Differs { own: d.own, party: d.party.clone(), less, chargeback });
    }

    /// The tap that a message to an issuer is about: its own record's, or the one that was approved in the issuer's place.
    fn advised(&self, message: u64) -> u64 {
        self.stood_in.get(&message).copied().unwrap_or(message)
    }

    /// The effects of the record that was taken in last, `seq`, on earlier lines, or on the part that its own line has too much.
    pub fn restated(&self, seq: u64, body: &Body) -> SmallVec<[Restated; 1]> {
        match body {
            Body::LossBooked(LossBooked { message, transfers, .. })
            | Body::LossReturned(LossReturned { message, transfers, .. }) => self.refused_since(*message, transfers),
            Body::ApprovalDecided(r) => self.resolved(r).into_iter().collect(),
            Body::Transaction(Transaction { transfers, .. }) | Body::Undone(Undone { transfers, .. }) => {
                let undoes_refund = self.taps.get(&seq).is_some_and(|tap| self.undone_refund(tap).is_some());
                if undoes_refund { self.borne_again(seq, transfers) } else { SmallVec::new() }
            }
            // What a refund did not give back is in the payment's line.
            Body::IssuerAnswered(IssuerAnswered { tap, transfers, .. })
            | Body::IssuerSilent(IssuerSilent { tap, transfers, .. }) => {
                let payment = self.taps.get(tap).and_then(|refund| refund.original).unwrap_or(*tap);
                let by_operator = |t: &&Transfer| matches!(self.key(t.debit), Some(AccountKey::StandInLoss(_)));
                let borne: Transfers = transfers.iter().filter(by_operator).copied().collect();
                self.borne_again(payment, &borne)
            }
            _ => SmallVec::new(),
        }
    }

    /// The refund that a reversal undoes.
    fn undone_refund(&self, tap: &TapOf) -> Option<&TapOf> {
        let original = self.taps.get(&tap.original.filter(|_| tap.kind == TransactionKind::Reversal)?)?;
        matches!(original.kind, TransactionKind::Refund | TransactionKind::RefundAdvice).then_some(original)
    }

    /// The payment of a refund that is undone, or not carried out, stands again. An issuer that has refused that payment does not owe
    /// it: the party that bears the loss bears this too.
    fn borne_again(&self, tap: u64, transfers: &[Transfer]) -> SmallVec<[Restated; 1]> {
        let direct = transfers.iter().filter(|t| t.kind == TransferKind::Direct);
        let borne = direct.filter_map(|t| match (self.key(t.debit)?, self.key(t.credit)?) {
            (AccountKey::StandInLoss(_) | AccountKey::MerchantPayable(..), AccountKey::IssuerReceivable(n)) => {
                Some(Restated { tap, party: format!("issuer {n}"), less: t.amount, chargeback: false })
            }
            _ => None,
        });
        borne.collect()
    }

    /// The amount that an issuer does not owe because it refused it afterwards, with any liable party.
    fn refused_since(&self, message: u64, transfers: &[Transfer]) -> SmallVec<[Restated; 1]> {
        let tap = self.advised(message);
        let lost = transfers.iter().filter_map(|t| {
            let (issuer, less) = match (self.key(t.debit)?, self.key(t.credit)?) {
                (_, AccountKey::IssuerReceivable(n)) => (n, t.amount),
                (AccountKey::IssuerReceivable(n), _) => (n, Yen::new(-t.amount.get())),
                _ => return None,
            };
            Some(Restated { tap, party: format!("issuer {issuer}"), less, chargeback: false })
        });
        lost.collect()
    }

    fn resolved(&self, r: &ApprovalDecided) -> Option<Restated> {
        let proposal = self.proposals.get(&r.proposal).filter(|_| r.approved)?;
        let Proposal::Resolve { id, how } = proposal else { return None };
        let d = self.exceptions.get(id).filter(|d| d.own > 0)?;
        // Where nothing was booked, the line stays as it was.
        let booked = *how != Resolution::Explained && !r.transfers.is_empty();
        let (tap, party, less, chargeback) = (d.own, d.party.clone(), d.less, d.chargeback);
        booked.then_some(Restated { tap, party, less, chargeback })
    }

    fn linked(&mut self, ppid: Ppid, version: u32, instrument: &Instrument) {
        let linked = match instrument {
            Instrument::CreditCard(card) => Linked::Card(Tender::Credit, card.pan.as_ref().into()),
            Instrument::DebitCard(card) => Linked::Card(Tender::Debit, card.pan.as_ref().into()),
            Instrument::BankAccount(_) => Linked::Account(Tender::Bank),
            Instrument::Deposit(_) => Linked::Account(Tender::OnUs),
        };
        self.links.insert((ppid, version), linked);
    }

    fn tapped(&mut self, seq: u64, day: BusinessDay, r: &Transaction) -> Moves {
        use kazasu_ledger::record::Verdict;
        let approval = match r.verdict {
            Verdict::Refused(_) => return Moves::new(),
            Verdict::Approved(code) => Some(code),
            Verdict::Pending => None,
        };
        let tap = TapOf {
            ppid: r.ppid,
            payer: self.payer(r),
            link: r.link,
            original: r.original,
            kind: r.kind,
            terminal: r.key.terminal,
            stan: r.key.stan,
            rrn: r.rrn,
            approval,
            own_day: r.own_day,
            day,
            place: (r.key.acquirer, r.merchant),
            by_staff: r.staff.is_some(),
        };
        self.taps.insert(seq, tap);
        self.moves(seq, &r.transfers, false)
    }

    /// A later undoing of a reversal is another reversal of the same tap, with the same numbers.
    fn undone(&mut self, seq: u64, day: BusinessDay, r: &Undone) -> Moves {
        let of = self.taps.get(&r.tap).cloned();
        let said = self.taps.get(&r.reversal).cloned();
        if let Some(of) = of {
            let (ppid, payer, link) = (of.ppid, of.payer, of.link);
            let original = Some(r.tap);
            let tap = TapOf { ppid, payer, link, original, kind: TransactionKind::Reversal, day, ..said.unwrap_or(of) };
            self.taps.insert(seq, tap);
        }
        self.moves(seq, &r.transfers, false)
    }

    /// What an issuer gets back less of for a refund that the operator bears, in which no merchant has a part: yen below zero.
    pub fn written_off(&self, body: &Body, issuer: u16) -> Yen {
        let Some(tapped) = body.tapped().filter(|tapped| tapped.is_write_off()) else { return Yen::ZERO };
        let own = |t: &&Transfer| self.key(t.credit) == Some(&AccountKey::IssuerReceivable(issuer));
        Yen::new(-tapped.transfers.iter().filter(own).map(|t| t.amount.get()).sum::<i64>())
    }

    /// The tender behind a tap's instrument.
    fn instrument(&self, tap: &TapOf) -> Option<&Linked> {
        self.links.get(&(tap.payer?, tap.link?))
    }

    /// Whose link a tap was paid with: that of the payment that it is about, or of the person whom its ID stands for now.
    fn payer(&self, r: &Transaction) -> Option<Ppid> {
        let of = r.original.and_then(|original| self.taps.get(&original)).filter(|of| of.link == r.link);
        of.and_then(|of| of.payer).or_else(|| r.ppid.map(|ppid| self.stands_for(ppid)))
    }

    /// A PPID took another's place, with those that it stood for, and with its link.
    fn replaced(&mut self, r: &record::Replaced) {
        self.merged.values_mut().filter(|person| **person == r.from).for_each(|person| *person = r.into);
        self.merged.insert(r.from, r.into);
        if let Some(link) = &r.link {
            self.linked(link.ppid, link.version, &link.instrument);
        }
    }

    fn moves(&self, tap: u64, transfers: &[Transfer], correction: bool) -> Moves {
        let mut out = Moves::new();
        for t in transfers.iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))) {
            let (Some(debit), Some(credit)) = (self.key(t.debit), self.key(t.credit)) else { continue };
            let (merchant, other, amount) = match (debit, credit) {
                (other, AccountKey::MerchantPayable(a, m)) => ((*a, *m), other, t.amount),
                (AccountKey::MerchantPayable(a, m), other) => ((*a, *m), other, Yen::new(-t.amount.get())),
                _ => continue,
            };
            let of = self.taps.get(&tap);
            let linked = of.and_then(|of| self.instrument(of));
            let by_connection = match linked {
                Some(Linked::Card(tender, _) | Linked::Account(tender)) => *tender,
                None => Tender::Credit,
            };
            let (tender, issuer) = match other {
                AccountKey::Deposit(_) => (Tender::OnUs, None),
                AccountKey::Purse(..) => (Tender::Purse, None),
                AccountKey::FunderReceivable(_) => (Tender::Points, None),
                AccountKey::IssuerReceivable(n) => (by_connection, Some(*n)),
                AccountKey::AdviceShortfall(_) | AccountKey::Differences | AccountKey::StandInLoss(_) => {
                    (by_connection, None)
                }
                // Settlements and payouts are no payments.
                AccountKey::FeeIncome | AccountKey::FeeTax | AccountKey::PayoutTransit | AccountKey::Bank => continue,
                AccountKey::MerchantPayable(..)
                | AccountKey::PurseFund(_)
                | AccountKey::PointsIssued(_)
                | AccountKey::PointBudget(_)
                | AccountKey::Points(..)
                | AccountKey::PointsSpent(_)
                | AccountKey::PointsExpired(_)
                | AccountKey::ReliefBudgeted(_)
                | AccountKey::ReliefBudget(_)
                | AccountKey::ReliefCommitted(_)
                | AccountKey::ReliefExecuted(_)
                | AccountKey::ReliefTransit(_)
                | AccountKey::ReliefReceivable(_)
                | AccountKey::ReliefClaims(_)
                | AccountKey::Interchange(_)
                | AccountKey::BankFees => continue,
            };
            let (programme, purse) = match other {
                AccountKey::FunderReceivable(n) => (Some(*n), None),
                AccountKey::Purse(_, n) => (None, Some(*n)),
                _ => (None, None),
            };
            let original = of.and_then(|of| of.original).filter(|_| !correction);
            // A reversal whose original gave something back.
            let refund = of.filter(|_| !correction).and_then(|of| self.undone_refund(of));
            let again = refund.filter(|_| amount > Yen::ZERO).and_then(|refund| refund.original);
            // What comes back so and is the merchant's loss: see `borne_again`.
            let correction = correction || (refund.is_some() && issuer.is_some() && amount < Yen::ZERO);
            let of = original.filter(|_| amount < Yen::ZERO && !correction);
            out.push(Move {
                tap,
                merchant,
                tender,
                programme,
                purse,
                issuer,
                amount,
                of,
                correction,
                chargeback: false,
                again,
            });
        }
        out
    }

    /// The first eight digits of the card that a tap was paid with, where the vault can open it.
    pub fn card_digits(&self, tap: u64, vault: &Vault) -> Option<[u8; 8]> {
        let of = self.taps.get(&tap)?;
        let Linked::Card(_, sealed) = self.instrument(of)? else { return None };
        let pan = vault.open(sealed, &of.payer?).ok()?;
        pan.expose().get(..8)?.try_into().ok()
    }

    /// The link of a tap, so that what is found about a card is found once.
    pub fn link_of(&self, tap: u64) -> Option<(Ppid, u32)> {
        let of = self.taps.get(&tap)?;
        Some((of.payer?, of.link?))
    }

    /// Who paid with a tap, or got back: of an ID that was merged or replaced before, the one that it stands for.
    pub fn person_of(&self, tap: u64) -> Option<Ppid> {
        self.taps.get(&tap)?.payer
    }

    /// Whom an ID stands for: itself, or whoever it was merged into or replaced by.
    pub fn stands_for(&self, ppid: Ppid) -> Ppid {
        self.merged.get(&ppid).copied().unwrap_or(ppid)
    }

    /// The contract of a merchant on a day.
    pub fn contract<'a>(
        &self,
        contracts: &'a Contracts,
        key: &MerchantKey,
        day: BusinessDay,
    ) -> Option<&'a kazasu_schemas::contract::Contract> {
        let merchant = self.merchants.get(key)?;
        let of = kazasu_schemas::contract::Merchant {
            acquirer: key.0,
            merchant: key.1,
            mcc: merchant.mcc,
            class: &merchant.class,
            tags: &merchant.tags,
        };
        contracts.of(of, day)
    }
}

/// A record that is taken in, and what moved by it.
struct Reading<'a> {
    index: &'a mut JournalIndex,
    moves: Moves,
}

impl record::Fold for Reading<'_> {
    type Error = Infallible;

    fn opened(&mut self, _: Place, r: &record::Opened) -> Result<(), Infallible> {
        self.index.book.clone_from(&r.book);
        Ok(())
    }

    fn acquirer_registered(&mut self, _: Place, r: &record::AcquirerRegistered) -> Result<(), Infallible> {
        self.index.acquirers.insert(r.acquirer, r.name.clone());
        Ok(())
    }

    fn issuer_registered(&mut self, _: Place, r: &record::IssuerRegistered) -> Result<(), Infallible> {
        self.index.issuers.insert(r.issuer, r.name.clone());
        Ok(())
    }

    fn merchant_registered(&mut self, _: Place, r: &record::MerchantRegistered) -> Result<(), Infallible> {
        let traits = r.traits.clone().unwrap_or_default();
        let (class, tags, region) = (traits.class, traits.tags, traits.region);
        let merchant = MerchantOf { name: r.name.clone(), mcc: r.mcc, class, tags, region };
        self.index.merchants.insert((r.acquirer, r.merchant), merchant);
        Ok(())
    }

    fn linked(&mut self, _: Place, r: &record::Linked) -> Result<(), Infallible> {
        self.index.linked(r.ppid, r.version, &r.instrument);
        Ok(())
    }

    fn retarget_decided(&mut self, _: Place, r: &record::RetargetDecided) -> Result<(), Infallible> {
        if let Some(link) = &r.link {
            self.index.linked(r.ppid, link.version, &link.instrument);
        }
        Ok(())
    }

    fn resealed(&mut self, _: Place, r: &record::Resealed) -> Result<(), Infallible> {
        if let Some(Linked::Card(_, pan)) = self.index.links.get_mut(&(r.ppid, r.version)) {
            *pan = r.pan.as_ref().into();
        }
        Ok(())
    }

    fn merged(&mut self, _: Place, r: &record::Merged) -> Result<(), Infallible> {
        self.index.merged.insert(r.from, r.into);
        Ok(())
    }

    fn replaced(&mut self, _: Place, r: &record::Replaced) -> Result<(), Infallible> {
        self.index.replaced(r);
        Ok(())
    }

    /// Older taps can be refunded no more, and nothing refers to them.
    fn cut_over(&mut self, _: Place, r: &record::CutOver) -> Result<(), Infallible> {
        self.index.taps.retain(|_, tap| tap.day >= r.forget_before);
        Ok(())
    }

    fn exceptions_opened(&mut self, _: Place, r: &record::ExceptionsOpened) -> Result<(), Infallible> {
        r.exceptions.iter().for_each(|d| self.index.differs(d));
        Ok(())
    }

    fn issuer_acknowledged(&mut self, _: Place, r: &record::IssuerAcknowledged) -> Result<(), Infallible> {
        r.raised.iter().for_each(|d| self.index.differs(d));
        Ok(())
    }

    fn approval_requested(&mut self, place: Place, r: &record::ApprovalRequested) -> Result<(), Infallible> {
        self.index.proposals.insert(r.replaces.unwrap_or(place.seq), r.proposal.clone());
        Ok(())
    }

    fn tapped(&mut self, place: Place, r: &record::Transaction) -> Result<(), Infallible> {
        self.moves = self.index.tapped(place.seq, place.day, r);
        Ok(())
    }

    fn issuer_answered(&mut self, _: Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        if let Some(tap) = self.index.taps.get_mut(&r.tap) {
            tap.approval = tap.approval.or(r.approval);
        }
        self.moves = self.index.moves(r.tap, &r.transfers, false);
        Ok(())
    }

    fn stood_in(&mut self, place: Place, r: &record::StoodIn) -> Result<(), Infallible> {
        self.index.stood_in.insert(place.seq, r.tap);
        if let Some(tap) = self.index.taps.get_mut(&r.tap) {
            tap.approval = Some(r.approval);
        }
        self.moves = self.index.moves(r.tap, &r.transfers, false);
        Ok(())
    }

    fn issuer_silent(&mut self, _: Place, r: &record::IssuerSilent) -> Result<(), Infallible> {
        self.moves = self.index.moves(r.tap, &r.transfers, false);
        Ok(())
    }

    fn advice_decided(&mut self, place: Place, r: &record::AdviceDecided) -> Result<(), Infallible> {
        self.index.stood_in.insert(place.seq, r.tap);
        self.moves = self.index.moves(r.tap, &r.transfers, false);
        Ok(())
    }

    fn loss_booked(&mut self, _: Place, r: &record::LossBooked) -> Result<(), Infallible> {
        self.moves = self.index.moves(self.index.advised(r.message), &r.transfers, true);
        Ok(())
    }

    fn loss_returned(&mut self, _: Place, r: &record::LossReturned) -> Result<(), Infallible> {
        self.moves = self.index.moves(self.index.advised(r.message), &r.transfers, true);
        Ok(())
    }

    fn undone(&mut self, place: Place, r: &record::Undone) -> Result<(), Infallible> {
        self.moves = self.index.undone(place.seq, place.day, r);
        Ok(())
    }

    fn approval_decided(&mut self, place: Place, r: &record::ApprovalDecided) -> Result<(), Infallible> {
        if let Some(link) = &r.link {
            self.index.linked(link.ppid, link.version, &link.instrument);
        }
        if let Some(Proposal::Resolve { id, .. }) = self.index.proposals.get(&r.proposal)
            && r.approved
        {
            let chargeback = self.index.exceptions.get(id).is_some_and(|d| d.chargeback);
            let mut moves = self.index.moves(place.seq, &r.transfers, true);
            moves.iter_mut().for_each(|moved| moved.chargeback = chargeback && moved.amount < Yen::ZERO);
            self.moves = moves;
        }
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended deposit_opened funded unlinked issuer_late totals_compared policy_activated temporary_issued card_status_set
        certificate_bound list_applied own_limits_set notices_chosen programme_funded purse_credited lapsed link_broken
        retarget_proposed notice_ended relief_batch_opened relief_rows_added relief_row_set relief_step_taken
        relief_credited relief_file_made relief_sent relief_returned relief_repaid day_marked merchant_settled
        issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran exception_noted
        head_signed issuer_notified exceptions_ended line_undone line_set_aside approval_sent_back approval_withdrawn approval_lapsed key_destroyed clock_confirmed clock_kept
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}
