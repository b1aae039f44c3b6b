//! Residents' statements: a table of what each person paid, kept in step with the journal in a file of its own beside it, so that a
//! statement costs what it shows and not what the journal holds. The file decides nothing: it is made anew from the journal at any
//! time, and is when it does not belong to it.

mod file;
mod told;

use file::Statements;
use hashbrown::{HashMap, HashSet};
use kazasu_ledger::record::{self, TransactionKind, Verdict};
use kazasu_ledger::{AccountId, AccountKey, Body, Transfer, TransferKind};
use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_store::Store;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use told::Reversed;

/// Records read in one turn while taps go on.
const TURN: usize = 5_000;
/// How often the file is brought in step when nobody asks.
const PAUSE: Duration = Duration::from_millis(500);
/// What a line of a statement is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineKind {
    /// Money back for goods.
    Refund,
    /// As if it had not been.
    Reversal,
    /// An amount that is held; what is paid follows with its completion.
    Authorization,
    /// What was held is paid.
    Completion,
    /// A payment.
    Payment,
}

impl LineKind {
    const ALL: [LineKind; 5] =
        [LineKind::Refund, LineKind::Reversal, LineKind::Authorization, LineKind::Completion, LineKind::Payment];

    fn of(kind: TransactionKind) -> Option<LineKind> {
        match kind {
            TransactionKind::Refund | TransactionKind::RefundAdvice => Some(LineKind::Refund),
            TransactionKind::Reversal => Some(LineKind::Reversal),
            TransactionKind::Authorize | TransactionKind::AuthorizationAdvice => Some(LineKind::Authorization),
            TransactionKind::Completion => Some(LineKind::Completion),
            TransactionKind::Purchase | TransactionKind::PurchaseAdvice => Some(LineKind::Payment),
            TransactionKind::BalanceInquiry | TransactionKind::Unsupported => None,
        }
    }
}

/// A line of a statement. Amounts are yen; what came back is below zero.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// The tap's record.
    pub seq: u64,
    /// When.
    pub at: Millis,
    /// The business day.
    pub day: BusinessDay,
    /// The merchant as it was called then.
    pub merchant: String,
    /// What it is.
    pub kind: LineKind,
    /// What was asked for.
    pub amount: Yen,
    /// Of relief purses.
    pub relief: Yen,
    /// Of points.
    pub points: Yen,
    /// Of the linked card or account.
    pub instrument: Yen,
    /// Of nobody's account: claimed from the acquirer, and no business of the resident's.
    pub uncovered: Yen,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Merchant,
    Relief,
    Points,
    Uncovered,
    /// It stands for the instrument; what else does is an account that is held here.
    Issuer,
}

impl Part {
    const ALL: [Part; 5] = [Part::Merchant, Part::Relief, Part::Points, Part::Uncovered, Part::Issuer];

    fn of(key: &AccountKey) -> Option<Part> {
        match key {
            AccountKey::MerchantPayable(..) => Some(Part::Merchant),
            AccountKey::Purse(..) => Some(Part::Relief),
            AccountKey::FunderReceivable(_) => Some(Part::Points),
            AccountKey::AdviceShortfall(_) | AccountKey::StandInLoss(_) => Some(Part::Uncovered),
            AccountKey::IssuerReceivable(_) => Some(Part::Issuer),
            // What else pays a merchant for a tap is or stands for the instrument.
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Default, Debug)]
struct Parts {
    relief: i64,
    points: i64,
    instrument: i64,
    uncovered: i64,
}

impl Parts {
    fn is_nothing(self) -> bool {
        self.relief == 0 && self.points == 0 && self.instrument == 0 && self.uncovered == 0
    }
}

#[derive(Clone, Debug)]
struct Tap {
    day: BusinessDay,
    person: Ppid,
    seq: u64,
    at: Millis,
    merchant: i64,
    kind: LineKind,
    amount: Yen,
    parts: Parts,
    stands: bool,
}

/// What became of a tap that was written before.
struct Outcome {
    day: BusinessDay,
    person: Ppid,
    seq: u64,
    /// Nothing was paid: the line goes.
    parts: Option<Parts>,
}

/// What some records change in the tables.
#[derive(Default)]
struct Changes {
    accounts: Vec<(u32, Part)>,
    merchants: Vec<(i64, InstitutionId, MerchantId, String)>,
    merged: Vec<(Ppid, Ppid)>,
    taps: Vec<Tap>,
    /// Where in `taps` those are that wait.
    open: HashMap<u64, usize>,
    outcomes: Vec<Outcome>,
    /// Lines of which an issuer was told afterwards, by the message's record; and messages that it has answered.
    advised: Vec<(u64, Place)>,
    answered: Vec<u64>,
    /// Yen that an issuer does not take of a line after all; below zero: that it does not give back.
    refused: Vec<(Place, i64)>,
    /// See [`Fold::denied`].
    denied: Vec<(u64, i64)>,
    /// Lines of which something else was undone, or is undone in another way.
    reversed: HashSet<u64>,
    /// Messages of reversals that were made or answered.
    reversing: HashSet<u64>,
}

/// Where a line is.
#[derive(Clone, Copy, Debug)]
struct Place {
    seq: u64,
    day: BusinessDay,
    person: Ppid,
    /// The instrument's part of it.
    yen: i64,
}

/// The fold: what is needed to understand the next record.
#[derive(Default)]
struct Fold {
    seq: u64,
    hash: [u8; 32],
    accounts: HashMap<u32, Part>,
    merchants: HashMap<(InstitutionId, MerchantId), (i64, String)>,
    next_merchant: i64,
    pending: HashMap<u64, (BusinessDay, Ppid)>,
    advised: HashMap<u64, Place>,
    /// Yen, without a sign, that an issuer has refused of a line and that are not undone.
    denied: HashMap<u64, i64>,
    /// What was undone of lines, as long as an issuer may still refuse it.
    reversed: HashMap<u64, Reversed>,
    /// Messages of reversals that an issuer has not answered: the line that is undone, and how much of it in all, without a sign.
    reversing: HashMap<u64, (u64, i64)>,
}

impl Fold {
    fn part(&self, id: AccountId) -> Option<Part> {
        self.accounts.get(&id.0).copied()
    }

    fn parts(&self, transfers: &[Transfer]) -> Parts {
        let mut parts = Parts::default();
        for t in transfers.iter().filter(|t| matches!(t.kind, TransferKind::Direct | TransferKind::Post(_))) {
            let (sign, other) = match (self.part(t.debit), self.part(t.credit)) {
                (other, Some(Part::Merchant)) => (1, other),
                (Some(Part::Merchant), other) => (-1, other),
                _ => continue,
            };
            let yen = sign * t.amount.get();
            match other {
                Some(Part::Relief) => parts.relief += yen,
                Some(Part::Points) => parts.points += yen,
                Some(Part::Uncovered) => parts.uncovered += yen,
                Some(Part::Merchant | Part::Issuer) | None => parts.instrument += yen,
            }
        }
        parts
    }

    /// A line is undone, or part of it. Where a refund is undone whose payment the merchant bears, what stands again does so for the
    /// merchant: a transfer from the merchant to the issuer's account says so, which `parts` has taken off the instrument's part.
    fn undo(&mut self, line: u64, parts: &mut Parts, transfers: &[Transfer], changes: &mut Changes) {
        let lost =
            |t: &&Transfer| self.part(t.debit) == Some(Part::Merchant) && self.part(t.credit) == Some(Part::Issuer);
        let direct = transfers.iter().filter(|t| t.kind == TransferKind::Direct);
        if direct.clone().any(|t| self.part(t.credit) == Some(Part::Merchant)) {
            parts.instrument += direct.filter(lost).map(|t| t.amount.get()).sum::<i64>();
        }
        self.undo_denied(line, parts, changes);
    }

    /// Does an issuer's account take part?
    fn is_at_issuer(&self, transfers: &[Transfer]) -> bool {
        transfers.iter().any(|t| [t.debit, t.credit].iter().any(|id| self.part(*id) == Some(Part::Issuer)))
    }

    fn record(&mut self, seq: u64, at: Millis, day: BusinessDay, body: &Body, changes: &mut Changes) {
        for opening in body.opens() {
            // A registration that is changed names again what it opened: what is written already is not written once more.
            if let Some(part) = Part::of(&opening.key)
                && self.accounts.insert(opening.account.0, part) != Some(part)
            {
                changes.accounts.push((opening.account.0, part));
            }
        }
        let step = &mut Step { fold: self, changes };
        let Ok(()) = body.fold(record::Place { seq, at, day }, step);
    }

    /// Where a tap is that waits.
    fn waiting(&self, seq: u64, changes: &Changes) -> Option<Place> {
        let open = changes.open.get(&seq).map(|at| &changes.taps[*at]).map(|tap| (tap.day, tap.person));
        let (day, person) = open.or_else(|| self.pending.get(&seq).copied())?;
        Some(Place { seq, day, person, yen: 0 })
    }

    /// The first outcome of a tap that waits for one; what comes later is about something else.
    fn outcome(&mut self, seq: u64, parts: Option<Parts>, changes: &mut Changes) {
        if let Some(at) = changes.open.remove(&seq) {
            let tap = &mut changes.taps[at];
            match parts {
                Some(parts) => (tap.parts, tap.stands) = (parts, true),
                // It goes with those that are written nowhere.
                None => tap.seq = 0,
            }
        } else if let Some((day, person)) = self.pending.remove(&seq) {
            changes.outcomes.push(Outcome { day, person, seq, parts });
        }
    }
}

/// A record that is folded in, and what it changes.
struct Step<'a> {
    fold: &'a mut Fold,
    changes: &'a mut Changes,
}

impl record::Fold for Step<'_> {
    type Error = Infallible;

    fn merged(&mut self, _: record::Place, r: &record::Merged) -> Result<(), Infallible> {
        self.changes.merged.push((r.from, r.into));
        Ok(())
    }

    fn merchant_registered(&mut self, _: record::Place, r: &record::MerchantRegistered) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let key = (r.acquirer, r.merchant);
        if fold.merchants.get(&key).is_none_or(|(_, name)| *name != r.name) {
            fold.next_merchant += 1;
            fold.merchants.insert(key, (fold.next_merchant, r.name.clone()));
            changes.merchants.push((fold.next_merchant, r.acquirer, r.merchant, r.name.clone()));
        }
        Ok(())
    }

    fn tapped(&mut self, place: record::Place, r: &record::Transaction) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let record::Place { seq, at, day } = place;
        let (Some(person), Some(kind)) = (r.ppid, LineKind::of(r.kind)) else { return Ok(()) };
        let stands = match r.verdict {
            Verdict::Refused(_) => return Ok(()),
            Verdict::Approved(_) => !r.waits_for_person(),
            Verdict::Pending => false,
        };
        let merchant = fold.merchants.get(&(r.key.acquirer, r.merchant)).map_or(0, |(id, _)| *id);
        let mut parts = fold.parts(&r.transfers);
        if let Some(line) = r.original.filter(|_| kind == LineKind::Reversal) {
            fold.undo(line, &mut parts, &r.transfers, changes);
        }
        if !stands {
            changes.open.insert(seq, changes.taps.len());
        }
        changes.taps.push(Tap { day, person, seq, at, merchant, kind, amount: r.amount, parts, stands });
        let place = Place { seq, day, person, yen: parts.instrument };
        let told = r.to_issuer.filter(|message| message.operation.is_advice());
        match (kind, r.original) {
            (LineKind::Reversal, Some(line)) => {
                let place = Some(place).filter(|_| fold.is_at_issuer(&r.transfers));
                fold.reversal(line, place, told.map(|told| (seq, told)), changes);
            }
            (LineKind::Reversal, None) => {}
            _ if told.is_some() => fold.advise(seq, Some(place), changes),
            _ => {}
        }
        Ok(())
    }

    fn issuer_answered(&mut self, _: record::Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        // An issuer that declines its part leaves what purses and points have paid.
        let parts = fold.parts(&r.transfers);
        fold.outcome(r.tap, (r.code.is_approved() || !parts.is_nothing()).then_some(parts), changes);
        Ok(())
    }

    fn advice_decided(&mut self, place: record::Place, r: &record::AdviceDecided) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let seq = place.seq;
        let parts = fold.parts(&r.transfers);
        // What a person accepts is told to its issuer under this record.
        if r.to_issuer.is_some() {
            let place = fold.waiting(r.tap, changes).map(|place| Place { yen: parts.instrument, ..place });
            fold.advise(seq, place, changes);
        }
        fold.outcome(r.tap, r.accepted.then_some(parts), changes);
        Ok(())
    }

    fn stood_in(&mut self, place: record::Place, r: &record::StoodIn) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let seq = place.seq;
        let parts = fold.parts(&r.transfers);
        let place = fold.waiting(r.tap, changes).map(|place| Place { yen: parts.instrument, ..place });
        fold.advise(seq, place, changes);
        fold.outcome(r.tap, Some(parts), changes);
        Ok(())
    }

    fn undone(&mut self, place: record::Place, r: &record::Undone) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let record::Place { seq, at, day } = place;
        let Some(person) = r.ppid else { return Ok(()) };
        let merchant = fold.merchants.get(&(r.acquirer, r.merchant)).map_or(0, |(id, _)| *id);
        let mut parts = fold.parts(&r.transfers);
        fold.undo(r.tap, &mut parts, &r.transfers, changes);
        let amount = Yen::new((parts.relief + parts.points + parts.instrument + parts.uncovered).abs());
        let kind = LineKind::Reversal;
        changes.taps.push(Tap { day, person, seq, at, merchant, kind, amount, parts, stands: true });
        let place = Place { seq, day, person, yen: parts.instrument };
        let place = Some(place).filter(|_| fold.is_at_issuer(&r.transfers));
        fold.reversal(r.tap, place, r.to_issuer.map(|told| (seq, told)), changes);
        Ok(())
    }

    fn issuer_told(&mut self, place: record::Place, r: &record::IssuerTold) -> Result<(), Infallible> {
        self.fold.reversal(r.tap, None, Some((place.seq, r.to_issuer)), self.changes);
        Ok(())
    }

    fn issuer_silent(&mut self, _: record::Place, r: &record::IssuerSilent) -> Result<(), Infallible> {
        let Step { fold, changes } = self;
        let parts = fold.parts(&r.transfers);
        fold.outcome(r.tap, (!parts.is_nothing()).then_some(parts), changes);
        Ok(())
    }

    fn issuer_acknowledged(&mut self, _: record::Place, r: &record::IssuerAcknowledged) -> Result<(), Infallible> {
        self.fold.answered(r.message, r.code.is_approved(), self.changes);
        Ok(())
    }

    fn loss_booked(&mut self, _: record::Place, r: &record::LossBooked) -> Result<(), Infallible> {
        self.fold.answered(r.message, false, self.changes);
        Ok(())
    }

    fn loss_returned(&mut self, _: record::Place, r: &record::LossReturned) -> Result<(), Infallible> {
        self.fold.answered(r.message, false, self.changes);
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        opened acquirer_registered issuer_registered deposit_opened funded linked unlinked issuer_late
        totals_compared cut_over policy_activated temporary_issued card_status_set certificate_bound list_applied
        own_limits_set programme_funded purse_credited lapsed link_broken retarget_proposed retarget_decided resealed
        notice_ended approval_requested approval_decided relief_batch_opened relief_rows_added relief_row_set relief_step_taken
        relief_credited relief_file_made relief_sent relief_returned relief_repaid day_marked merchant_settled
        issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran exceptions_opened
        exception_noted head_signed exceptions_ended line_undone line_set_aside clock_confirmed
        clock_kept
    }
}

/// Statements of a journal's residents.
#[derive(Clone)]
pub struct StatementBook {
    store: Arc<dyn Store>,
    path: PathBuf,
    open: Arc<Mutex<Option<Statements>>>,
}

impl StatementBook {
    /// Statements of a journal, in the file at `path`. Nothing is opened yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, path: PathBuf) -> Self {
        StatementBook { store, path, open: Arc::default() }
    }

    /// A person's lines of some business days, in their order, up to the journal's last record; with those of temporary IDs that
    /// were merged into the person.
    pub async fn lines(&self, person: Ppid, from: BusinessDay, until: BusinessDay) -> anyhow::Result<Vec<Line>> {
        let book = self.clone();
        // Reading on takes the processor's time: on a thread of its own, no tap waits behind it.
        kazasu_engine::tasks::run_blocking(async move {
            let mut there = book.open.lock().await;
            let mut open = book.taken(&mut there).await?;
            open.follow(usize::MAX).await?;
            let lines = open.lines(person, from, until).await?;
            *there = Some(open);
            Ok(lines)
        })
        .await?
    }

    /// Put back only when all went well: what failed half-way is opened again.
    async fn taken(&self, there: &mut Option<Statements>) -> anyhow::Result<Statements> {
        match there.take() {
            Some(open) => Ok(open),
            None => Statements::open(&self.path, self.store.reader().await?).await,
        }
    }

    /// Keeps the file in step until the signal: some records a turn, so that taps do not notice.
    pub async fn keep(self, mut stop: watch::Receiver<bool>) {
        let mut failed = false;
        loop {
            kazasu_engine::tasks::fault(kazasu_engine::tasks::Kind::Statements);
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
            let book = self.clone();
            // A turn that panics ends the task, which is counted and started again.
            let turn = kazasu_engine::tasks::run_blocking(async move { book.turn().await }).await;
            match turn.unwrap_or_else(|error| panic!("{error}")) {
                Ok(()) => failed = false,
                // It is tried again, and a statement that is asked for says what is wrong.
                Err(error) if !failed => {
                    failed = true;
                    tracing::warn!(%error, path = %self.path.display(), "statements are behind");
                }
                Err(_) => {}
            }
        }
    }

    async fn turn(&self) -> anyhow::Result<()> {
        let mut there = self.open.lock().await;
        let mut open = self.taken(&mut there).await?;
        open.follow(TURN).await?;
        *there = Some(open);
        Ok(())
    }
}
