//! The origin of each record of the real journal, given to the second state: the message, the answer, or the command.

use super::super::event::{Command, Event, Link};
use super::super::statement::{Booking, StatementLine};
use super::super::{ApprovalAnswer, Approvals, Document, Relief};
use super::states::{Change, Replay, ReplayError, decision_of};
use kazasu_ledger::record::{
    self, Correction, Fold, Instrument, LinkOrigin, MovedLink, Place, Proposal, Replacement, Silence, Transaction,
    TransactionKind, Verdict,
};
use kazasu_ledger::{AccountKey, Seq};
use kazasu_schemas::attribution::{Attribution, Via};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::wire::ResponseCode;

/// A replay that follows a record of the real journal.
pub(super) struct Following<'a>(pub(super) &'a mut Replay);

type Followed = Result<(), ReplayError>;

impl Following<'_> {
    /// The record carried out a command.
    fn command(&mut self, place: Place, command: Command) -> Followed {
        self.0.event(Some(place.seq), place.at, &Event::Command(command)).map(|_| ())
    }

    fn relief(&mut self, place: Place, ask: Relief) -> Followed {
        self.command(place, Command::Relief(ask))
    }

    /// A person's decision on a request.
    fn answer(&mut self, place: Place, (proposal, answer): (Seq, ApprovalAnswer), said: Attribution) -> Followed {
        self.command(place, Command::Approvals(Approvals::Decide { proposal, answer, seen: None, said }))
    }

    /// A line as it was booked.
    fn line(&mut self, place: Place, reference: &str, said: Attribution, what: Booking) -> Followed {
        let line = StatementLine::plain(reference, what, said);
        self.command(place, Command::Line(Box::new(line)))
    }
}

fn said(by: &str, why: &str, via: Option<Via>) -> Attribution {
    Attribution { by: by.to_owned(), why: why.to_owned(), via }
}

impl Fold for Following<'_> {
    type Error = ReplayError;

    fn acquirer_registered(&mut self, place: Place, r: &record::AcquirerRegistered) -> Followed {
        self.command(place, Command::RegisterAcquirer { acquirer: r.acquirer, name: r.name.clone() })
    }

    fn issuer_registered(&mut self, place: Place, r: &record::IssuerRegistered) -> Followed {
        self.command(place, Command::RegisterIssuer { issuer: r.issuer, name: r.name.clone() })
    }

    fn merchant_registered(&mut self, place: Place, r: &record::MerchantRegistered) -> Followed {
        let command = Command::RegisterMerchant {
            acquirer: r.acquirer,
            merchant: r.merchant,
            name: r.name.clone(),
            mcc: r.mcc,
            terminals: r.terminals.clone(),
            closed: r.closed,
            traits: r.traits.clone().unwrap_or_default(),
        };
        self.command(place, command)
    }

    fn deposit_opened(&mut self, place: Place, r: &record::DepositOpened) -> Followed {
        self.command(place, Command::OpenDeposit { number: r.number, maker: r.maker.clone() })
    }

    fn funded(&mut self, place: Place, r: &record::Funded) -> Followed {
        let Some(moved) = r.transfers.first() else { return Ok(()) };
        let (number, amount, reference) = (r.number, moved.amount, r.reference.clone());
        self.command(place, Command::Fund { number, amount, reference, maker: r.maker.clone() })
    }

    fn tapped(&mut self, place: Place, r: &Transaction) -> Followed {
        // What staff made comes from its approval, which has been followed.
        if r.staff.is_some() { Ok(()) } else { self.0.tap(place, r) }
    }

    fn issuer_answered(&mut self, place: Place, r: &record::IssuerAnswered) -> Followed {
        let Some(message) = self.0.pending(r.tap) else { return Ok(()) };
        let event = Event::IssuerAnswered { message, code: r.code, approval: r.approval };
        self.0.event(Some(place.seq), place.at, &event).map(|_| ())
    }

    fn issuer_silent(&mut self, place: Place, r: &record::IssuerSilent) -> Followed {
        self.0.silent(place, r.tap, r.why)
    }

    fn stood_in(&mut self, place: Place, r: &record::StoodIn) -> Followed {
        self.0.silent(place, r.tap, Silence::NotSent)
    }

    fn advice_decided(&mut self, place: Place, r: &record::AdviceDecided) -> Followed {
        // Under the draft it may have been paid at once.
        let own = self.0.shadow_of(r.tap);
        let waits = |own: &Seq| self.0.shadow.as_ref().is_some_and(|state| state.waits_for_person(*own));
        let Some(record) = own.filter(waits) else { return Ok(()) };
        let (accept, said) = (r.accepted, said(&r.by, &r.why, r.via));
        self.command(place, Command::DecideAdvice { record, accept, said })
    }

    fn issuer_acknowledged(&mut self, place: Place, r: &record::IssuerAcknowledged) -> Followed {
        self.0.acknowledged(place.at, r.message, r.code)
    }

    fn loss_booked(&mut self, place: Place, r: &record::LossBooked) -> Followed {
        self.0.acknowledged(place.at, r.message, r.code)
    }

    fn loss_returned(&mut self, place: Place, r: &record::LossReturned) -> Followed {
        self.0.acknowledged(place.at, r.message, r.code)
    }

    fn undone(&mut self, place: Place, r: &record::Undone) -> Followed {
        self.0.done_by_itself(place.seq, r.tap);
        Ok(())
    }

    fn issuer_notified(&mut self, place: Place, r: &record::IssuerNotified) -> Followed {
        self.0.done_by_itself(place.seq, r.tap);
        Ok(())
    }

    fn cut_over(&mut self, place: Place, r: &record::CutOver) -> Followed {
        self.0.cut_over(place.at, r)
    }

    fn linked(&mut self, place: Place, r: &record::Linked) -> Followed {
        let command = Command::Link {
            ppid: r.ppid,
            from: Some(r.from),
            to: self.0.link(&r.instrument),
            origin: r.origin.unwrap_or(LinkOrigin::Import),
            by: r.by.clone().unwrap_or_default(),
        };
        self.command(place, command)
    }

    fn unlinked(&mut self, place: Place, r: &record::Unlinked) -> Followed {
        let by = r.by.clone().unwrap_or_default();
        self.command(place, Command::Unlink { ppid: r.ppid, from: Some(r.from), by })
    }

    fn temporary_issued(&mut self, place: Place, r: &record::TemporaryIssued) -> Followed {
        self.command(place, Command::IssueTemporary { ppid: r.ppid, until: r.until, by: r.by.clone() })
    }

    fn merged(&mut self, place: Place, r: &record::Merged) -> Followed {
        self.command(place, Command::Merge { from: r.from, into: r.into, by: r.by.clone() })
    }

    fn replaced(&mut self, place: Place, r: &record::Replaced) -> Followed {
        // Accounts may have other numbers in the shadow: it moves the link that it has.
        let link = self.0.shadow.as_ref().filter(|_| r.link.is_some()).and_then(|shadow| {
            let own = shadow.link_to_move(&r.from, &r.into)?;
            Some(MovedLink { version: own.version, instrument: own.instrument.clone()? })
        });
        let replacement = Box::new(Replacement { from: r.from, into: r.into, link });
        self.command(place, Command::Replace { replacement, said: said(&r.by, &r.why, r.via) })
    }

    fn card_status_set(&mut self, place: Place, r: &record::CardStatusSet) -> Followed {
        let said = said(&r.by, &r.why, r.via);
        self.command(place, Command::SetCard { ppid: r.ppid, status: r.status, said })
    }

    fn certificate_bound(&mut self, place: Place, r: &record::CertificateBound) -> Followed {
        let (issuer, by) = (r.issuer.clone(), r.by.clone());
        let command = Command::BindCertificate { ppid: r.ppid, serial: r.serial, issuer, last_day: r.last_day, by };
        self.command(place, command)
    }

    fn list_applied(&mut self, place: Place, r: &record::ListApplied) -> Followed {
        let before = self.0.real.certificates.lists.get(&r.scope);
        let mut entries = before.map(|list| list.entries.clone()).unwrap_or_default();
        for serial in &r.removed {
            entries.remove(serial);
        }
        entries.extend(r.added.iter().copied());
        let entries = entries.into_iter().collect();
        let (scope, issuer, by) = (r.scope.clone(), r.issuer.clone(), r.by.clone());
        self.command(place, Command::ApplyList { number: r.number, issued: r.issued, entries, scope, issuer, by })
    }

    fn own_limits_set(&mut self, place: Place, r: &record::OwnLimitsSet) -> Followed {
        self.command(place, Command::SetOwnLimits { ppid: r.ppid, limits: r.limits, by: r.by.clone() })
    }

    fn programme_funded(&mut self, place: Place, r: &record::ProgrammeFunded) -> Followed {
        let Some(moved) = r.transfers.first() else { return Ok(()) };
        let (amount, reference, by) = (moved.amount, r.reference.clone(), r.by.clone());
        self.command(place, Command::FundProgramme { programme: r.programme, amount, reference, by })
    }

    fn purse_credited(&mut self, place: Place, r: &record::PurseCredited) -> Followed {
        let Some(moved) = r.transfers.first() else { return Ok(()) };
        let (programme, amount, reference, by) = (r.programme, moved.amount, r.reference.clone(), r.by.clone());
        self.command(place, Command::CreditPurse { ppid: r.ppid, programme, amount, reference, by })
    }

    fn link_broken(&mut self, place: Place, r: &record::LinkBroken) -> Followed {
        self.command(place, Command::BreakLink { ppid: r.ppid, said: said(&r.by, &r.why, r.via) })
    }

    fn retarget_proposed(&mut self, place: Place, r: &record::RetargetProposed) -> Followed {
        let to = self.0.link(&r.instrument);
        self.command(place, Command::ProposeRetarget { ppid: r.ppid, to, said: said(&r.by, "", None) })
    }

    fn retarget_decided(&mut self, place: Place, r: &record::RetargetDecided) -> Followed {
        let (approve, said) = (r.link.is_some(), said(&r.by, &r.why, r.via));
        self.command(place, Command::DecideRetarget { ppid: r.ppid, approve, said })
    }

    fn approval_requested(&mut self, place: Place, r: &record::ApprovalRequested) -> Followed {
        let said = said(&r.by, &r.why, r.via);
        let command = match &r.proposal {
            Proposal::Retarget { ppid, instrument } => {
                Command::ProposeRetarget { ppid: *ppid, to: self.0.link(instrument), said }
            }
            // Whether another person has the instrument is the shadow's own question.
            Proposal::SharedLink(shared) => {
                let to = self.0.link(&shared.instrument);
                let (ppid, from, origin) = (shared.ppid, shared.from, LinkOrigin::Holder);
                Command::AskLink { ppid, from, to, origin, said, most_open: usize::MAX }
            }
            Proposal::Correction(asked) => {
                let Some(asked) = self.0.correction(asked) else { return Ok(()) };
                let proposal = Box::new(Proposal::Correction(Box::new(asked)));
                Command::Approvals(Approvals::Request { proposal, source: Document::default(), said })
            }
            other => {
                let (proposal, source) = (Box::new(other.clone()), r.source.clone());
                let source = Document { text: source, name: String::new() };
                Command::Approvals(Approvals::Request { proposal, source, said })
            }
        };
        self.command(place, command)
    }

    fn approval_decided(&mut self, place: Place, r: &record::ApprovalDecided) -> Followed {
        // The record that it carries follows by itself, as one of its own kind.
        if r.carries.is_some() {
            return Ok(());
        }
        let Some(proposal) = self.0.shadow_of(r.proposal) else { return Ok(()) };
        let answer = if r.approved { ApprovalAnswer::Approve } else { ApprovalAnswer::Deny };
        self.answer(place, (proposal, answer), said(&r.by, &r.why, r.via))
    }

    fn approval_sent_back(&mut self, place: Place, r: &record::ApprovalSentBack) -> Followed {
        let Some(proposal) = self.0.shadow_of(r.proposal) else { return Ok(()) };
        self.answer(place, (proposal, ApprovalAnswer::SendBack), said(&r.by, &r.why, r.via))
    }

    fn approval_withdrawn(&mut self, place: Place, r: &record::ApprovalWithdrawn) -> Followed {
        let Some(proposal) = self.0.shadow_of(r.proposal) else { return Ok(()) };
        let said = said(&r.by, &r.why, r.via);
        self.command(place, Command::Approvals(Approvals::Withdraw { proposal, said }))
    }

    fn relief_batch_opened(&mut self, place: Place, r: &record::ReliefBatchOpened) -> Followed {
        let (name, by) = (r.name.clone(), r.by.clone());
        self.relief(place, Relief::OpenBatch { programme: r.programme, name, digest: r.digest, by })
    }

    fn relief_rows_added(&mut self, place: Place, r: &record::ReliefRowsAdded) -> Followed {
        self.relief(place, Relief::AddRows { batch: r.batch, first: r.first, rows: r.rows.clone() })
    }

    fn relief_row_set(&mut self, place: Place, r: &record::ReliefRowSet) -> Followed {
        let (change, said) = (r.change.clone(), said(&r.by, &r.why, r.via));
        self.relief(place, Relief::SetRow { batch: r.batch, row: r.row, change, said })
    }

    fn relief_step_taken(&mut self, place: Place, r: &record::ReliefStepTaken) -> Followed {
        let (value_date, refused, said) = (r.value_date, r.refused, said(&r.by, &r.why, r.via));
        self.relief(place, Relief::Step { batch: r.batch, step: r.step, value_date, refused, said })
    }

    fn relief_credited(&mut self, place: Place, _: &record::ReliefCredited) -> Followed {
        self.relief(place, Relief::CarryOn)
    }

    fn relief_file_made(&mut self, place: Place, r: &record::ReliefFileMade) -> Followed {
        let (files, by) = (r.files.clone(), r.by.clone());
        self.relief(place, Relief::FileMade { batch: r.batch, format: r.format, files, by })
    }

    fn relief_repaid(&mut self, place: Place, r: &record::ReliefRepaid) -> Followed {
        let (from_purse, reference, by) = (r.from_purse, r.reference.clone(), r.by.clone());
        self.relief(place, Relief::Repaid { batch: r.batch, row: r.row, amount: r.amount, from_purse, reference, by })
    }

    fn relief_sent(&mut self, place: Place, r: &record::ReliefSent) -> Followed {
        let what = Booking::Sent { batch: r.batch, file: r.file };
        self.line(place, &r.reference, said(&r.by, &r.why, r.via), what)
    }

    fn relief_returned(&mut self, place: Place, r: &record::ReliefReturned) -> Followed {
        let what = Booking::CameBack { batch: r.batch, row: r.row, fee: r.fee };
        self.line(place, &r.reference, said(&r.by, &r.why, r.via), what)
    }

    fn line_undone(&mut self, place: Place, r: &record::LineUndone) -> Followed {
        let what = Booking::Corrects { line: r.line.clone() };
        self.line(place, &r.correction, said(&r.by, &r.why, r.via), what)
    }

    fn line_set_aside(&mut self, place: Place, r: &record::LineSetAside) -> Followed {
        self.line(place, &r.line, said(&r.by, &r.why, r.via), Booking::Aside(r.aside.clone()))
    }

    // The draft replaces policies and what lapses; the others say nothing here. Closing says nothing about taps but what was taken back
    // of them, see `Replay::record`.
    kazasu_ledger::ignore_records! {
        opened payee_set payees_taken payee_called file_ended key_destroyed approval_lapsed issuer_late totals_compared clock_confirmed clock_kept policy_activated lapsed resealed notices_chosen notice_ended
        day_marked merchant_settled issuer_settled money_received payout_file_made payout_taken payout_returned
        recon_ran exceptions_opened exception_noted exceptions_ended head_signed
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}

impl Replay {
    fn tap(&mut self, place: Place, tapped: &Transaction) -> Followed {
        let Place { seq, at, .. } = place;
        let request = self.request(tapped);
        let (said, _, pending) = self.event(Some(seq), at, &Event::Request(request))?;
        if pending && tapped.verdict != Verdict::Pending {
            // It was not asked then, so its answer is unknown.
            self.assumed += 1;
            let message = self.shadow.as_ref().map_or(0, |shadow| shadow.seq);
            let event = Event::IssuerAnswered { message, code: ResponseCode::APPROVED, approval: None };
            self.event(None, at, &event)?;
        }
        let opens = matches!(
            tapped.kind,
            TransactionKind::Authorize | TransactionKind::Purchase | TransactionKind::BalanceInquiry
        );
        let Some(after) = said.filter(|_| opens) else { return Ok(()) };
        self.taps += 1;
        let before = decision_of(tapped);
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

    /// A correction of the second state's own payment: under the draft another amount may be left of it.
    fn correction(&self, asked: &Correction) -> Option<Correction> {
        let payment = self.shadow_of(asked.payment)?;
        let left = self.shadow.as_ref()?.payment(payment)?.left;
        Some(Correction { payment, left, amount: asked.amount.min(left), ..*asked })
    }

    fn silent(&mut self, place: Place, tap: Seq, why: Silence) -> Followed {
        let Some(tap) = self.pending(tap) else { return Ok(()) };
        self.event(Some(place.seq), place.at, &Event::IssuerSilent { tap, why }).map(|_| ())
    }

    fn acknowledged(&mut self, at: Millis, message: Seq, code: ResponseCode) -> Followed {
        let Some(message) = self.shadow_of(message) else { return Ok(()) };
        self.event(None, at, &Event::IssuerAcknowledged { message, code }).map(|_| ())
    }

    /// The second state has done the same by itself, if it came to that there.
    fn done_by_itself(&mut self, seq: Seq, tap: Seq) {
        let own = self.shadow_of(tap).and_then(|tap| self.undone.get(&tap).copied());
        if let Some(own) = own {
            self.map.insert(seq, own);
        }
    }

    fn cut_over(&mut self, at: Millis, r: &record::CutOver) -> Followed {
        let keep_days = u16::try_from(r.opened.min(at.jst_day()).0 - r.forget_before.0).unwrap_or(1);
        if r.opened == at.jst_day() {
            self.event(None, at, &Event::Tick { keep_days })?;
        } else {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let via = r.via.as_deref().and_then(|via| via.parse().ok());
            let said = Attribution { by: text(&r.by), why: text(&r.why), via };
            // Days were once ended by hand before the calendar had begun them.
            let at = at.max(r.closed.start());
            self.event(None, at, &Event::Command(Command::CutOver { keep_days, said }))?;
        }
        // What lapses does so now, as the draft says.
        self.again = true;
        while std::mem::take(&mut self.again) {
            self.event(None, at, &Event::Tick { keep_days })?;
        }
        Ok(())
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
}
