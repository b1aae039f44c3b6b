//! One tap's whole story: messages, decision, postings, what issuers said, what was settled for it and paid.

mod details;

use crate::journal_index::{JournalIndex, MerchantKey};
use anyhow::Context;
use details::step;
use kazasu_ledger::record::{self, Fold, PayoutTaken, Place, Proposal};
use kazasu_ledger::{Body, Seq};
use kazasu_schemas::jst::BusinessDay;
use kazasu_store::records::{Placed, Records};
use kazasu_store::{Reader, Store};
use kazasu_text::Language;
use kazasu_text::findings::explained;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::convert::Infallible;

/// The story of the tap that record `tap` decided, as steps in their order: with what it completes, refunds or reverses, and what
/// completes, refunds or reverses it. `None` when the record is no tap.
pub async fn explain(store: &dyn Store, tap: u64) -> anyhow::Result<Option<Value>> {
    let mut reader = store.reader().await?;
    let Some(entry) = reader.scan(tap, 1).await?.into_iter().find(|e| e.seq == tap) else { return Ok(None) };
    let body = Body::read(&entry.body).with_context(|| format!("record {tap}"))?;
    let Some(first) = body.tapped() else { return Ok(None) };
    let family = ancestors(reader.as_mut(), tap, first.original).await?;
    let mut story = Story::of(family, (first.key.acquirer, first.merchant));
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in page {
            story.record(entry.place(), &body);
        }
    }
    Ok(Some(json!({ "record": tap, "business_day": entry.day.to_string(), "steps": story.steps })))
}

/// The tap, and what came before it: each names its original.
async fn ancestors(reader: &mut dyn Reader, tap: Seq, original: Option<Seq>) -> anyhow::Result<Vec<Seq>> {
    let mut family = vec![tap];
    let mut original = original;
    while let Some(seq) = original.filter(|seq| !family.contains(seq)) {
        family.push(seq);
        let before = reader.scan(seq, 1).await?.into_iter().find(|e| e.seq == seq);
        let before = before.map(|e| Body::read(&e.body)).transpose()?;
        original = before.as_ref().and_then(Body::tapped).and_then(|r| r.original);
    }
    Ok(family)
}

/// A settlement that has something of the tap.
struct Paid {
    number: u32,
    payout: Option<u64>,
}

/// The known story of a tap so far.
struct Story {
    index: JournalIndex,
    merchant: MerchantKey,
    /// The first record that may belong to it.
    begin: Seq,
    /// The tap, what it is about, and what is about it.
    family: Vec<Seq>,
    steps: Vec<Value>,
    /// The days on which something of it moved to or from the merchant.
    days: Vec<BusinessDay>,
    paid: Vec<Paid>,
    exceptions: Vec<[u8; 16]>,
    /// The settlements of each payout that was approved, and how many each of its files has.
    orders: HashMap<u64, Vec<u32>>,
    files: HashMap<u64, Vec<u32>>,
}

impl Story {
    fn of(family: Vec<Seq>, merchant: MerchantKey) -> Self {
        Story {
            index: JournalIndex::default(),
            merchant,
            begin: family.iter().copied().min().unwrap_or(0),
            family,
            steps: Vec::new(),
            days: Vec::new(),
            paid: Vec::new(),
            exceptions: Vec::new(),
            orders: HashMap::new(),
            files: HashMap::new(),
        }
    }

    fn record(&mut self, place: Place, body: &Body) {
        let moved = !self.index.record(place, body).is_empty();
        if place.seq >= self.begin && (self.family.contains(&place.seq) || is_about(body, place, &self.family)) {
            self.belongs(place, body);
            if moved {
                self.moved_on(place.day);
            }
        }
        let Ok(()) = body.fold(place, &mut Later { story: self, body, moved });
    }

    /// A record about the tap itself.
    fn belongs(&mut self, place: Place, body: &Body) {
        // What is said later about a stand-in, or about what was undone or told later, names its record.
        let later =
            matches!(body, Body::StoodIn(_) | Body::AdviceDecided(_) | Body::Undone(_) | Body::IssuerNotified(_));
        let named = later || body.tapped().is_some();
        if named && !self.family.contains(&place.seq) {
            self.family.push(place.seq);
        }
        self.steps.push(step(&self.index, place, body));
        if let Body::ExceptionsOpened(r) = body {
            let own = r.exceptions.iter().filter(|d| self.family.contains(&d.own));
            self.exceptions.extend(own.map(|d| d.id));
        }
        if let Body::IssuerAcknowledged(r) = body {
            self.exceptions.extend(r.raised.iter().map(|d| d.id));
        }
    }

    fn moved_on(&mut self, day: BusinessDay) {
        if !self.days.contains(&day) {
            self.days.push(day);
        }
    }

    /// Did an earlier step come from this line of the bank's statement?
    fn has_bank_line(&self, reference: &str) -> bool {
        self.steps.iter().any(|step| step["bank_line"] == reference)
    }

    fn tell(&mut self, place: Place, what: &str, more: Value) {
        let mut step = json!({ "record": place.seq, "at": place.at.jst_text(), "what": what });
        if let (Some(step), Value::Object(more)) = (step.as_object_mut(), more) {
            step.extend(more);
        }
        self.steps.push(step);
    }

    /// Is this settlement in the payout's file whose money the bank took?
    fn in_file(&self, paid: &Paid, r: &PayoutTaken) -> bool {
        let (Some(order), Some(counts)) = (self.orders.get(&r.payout), self.files.get(&r.payout)) else { return false };
        let size = |n: &u32| usize::try_from(*n).unwrap_or(usize::MAX);
        let before: usize = counts.iter().take(usize::from(r.file)).map(size).sum();
        let count = counts.get(usize::from(r.file)).map_or(0, size);
        paid.payout == Some(r.payout) && order.iter().skip(before).take(count).any(|n| *n == paid.number)
    }
}

/// Does this record name the tap or its family? What ends, notes and resolves its exceptions is told by their numbers.
fn is_about(body: &Body, place: Place, family: &[Seq]) -> bool {
    let mut about = About { family, is: false };
    let Ok(()) = body.fold(place, &mut about);
    about.is
}

struct About<'a> {
    family: &'a [Seq],
    is: bool,
}

impl About<'_> {
    fn names(&mut self, records: impl IntoIterator<Item = Seq>) -> Result<(), Infallible> {
        self.is = records.into_iter().any(|seq| self.family.contains(&seq));
        Ok(())
    }
}

impl Fold for About<'_> {
    type Error = Infallible;

    fn tapped(&mut self, _: Place, r: &record::Transaction) -> Result<(), Infallible> {
        self.names(r.original.into_iter().chain(r.ruled.as_ref().and_then(|ruled| ruled.named)))
    }

    fn issuer_answered(&mut self, _: Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        self.names([r.tap])
    }

    fn issuer_silent(&mut self, _: Place, r: &record::IssuerSilent) -> Result<(), Infallible> {
        self.names([r.tap])
    }

    fn issuer_late(&mut self, _: Place, r: &record::IssuerLate) -> Result<(), Infallible> {
        self.names([r.tap])
    }

    fn stood_in(&mut self, _: Place, r: &record::StoodIn) -> Result<(), Infallible> {
        self.names([r.tap])
    }

    fn advice_decided(&mut self, _: Place, r: &record::AdviceDecided) -> Result<(), Infallible> {
        self.names([r.tap])
    }

    fn issuer_acknowledged(&mut self, _: Place, r: &record::IssuerAcknowledged) -> Result<(), Infallible> {
        self.names([r.message])
    }

    fn loss_booked(&mut self, _: Place, r: &record::LossBooked) -> Result<(), Infallible> {
        self.names([r.message])
    }

    fn loss_returned(&mut self, _: Place, r: &record::LossReturned) -> Result<(), Infallible> {
        self.names([r.message])
    }

    fn undone(&mut self, _: Place, r: &record::Undone) -> Result<(), Infallible> {
        self.names([r.tap, r.reversal])
    }

    fn issuer_notified(&mut self, _: Place, r: &record::IssuerNotified) -> Result<(), Infallible> {
        self.names([r.tap])
    }

    fn exceptions_opened(&mut self, _: Place, r: &record::ExceptionsOpened) -> Result<(), Infallible> {
        self.names(r.exceptions.iter().map(|d| d.own))
    }

    fn notice_ended(&mut self, _: Place, r: &record::NoticeEnded) -> Result<(), Infallible> {
        self.names([r.notice / 16])
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended replaced opened acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked
        totals_compared cut_over policy_activated temporary_issued merged card_status_set certificate_bound
        list_applied own_limits_set notices_chosen programme_funded purse_credited lapsed link_broken retarget_proposed
        retarget_decided resealed approval_requested approval_decided relief_batch_opened relief_rows_added relief_row_set
        relief_step_taken relief_credited relief_file_made relief_sent relief_returned relief_repaid day_marked
        merchant_settled issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran
        exception_noted head_signed exceptions_ended line_undone line_set_aside clock_confirmed clock_kept approval_sent_back approval_withdrawn approval_lapsed key_destroyed
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}

/// The tap's part in settlements, payouts and exceptions.
struct Later<'a> {
    story: &'a mut Story,
    body: &'a Body,
    /// The record moved something to or from a merchant.
    moved: bool,
}

impl Fold for Later<'_> {
    type Error = Infallible;

    fn merchant_settled(&mut self, place: Place, r: &record::MerchantSettled) -> Result<(), Infallible> {
        let period = r.settlement.period;
        let within = self.story.days.iter().any(|day| period.from <= *day && *day <= period.until);
        if (r.acquirer, r.merchant) == self.story.merchant && within {
            self.story.paid.push(Paid { number: r.number, payout: None });
            let more = json!({ "settlement": r.number, "from": period.from.to_string(), "until": period.until.to_string(),
                "paid_yen": r.settlement.paid.get(), "fee_yen": r.settlement.fee.get(),
                "value_date": r.value_date.to_string() });
            self.story.tell(place, "merchant_settled", more);
        }
        Ok(())
    }

    fn approval_decided(&mut self, place: Place, r: &record::ApprovalDecided) -> Result<(), Infallible> {
        let story = &mut *self.story;
        let Some(proposal) = story.index.proposals.get(&r.proposal).filter(|_| r.approved).cloned() else {
            return Ok(());
        };
        match proposal {
            Proposal::Resolve { id, how } if story.exceptions.contains(&id) => {
                let mut resolved = step(&story.index, place, self.body);
                resolved["what"] = "exception_resolved".into();
                resolved["how"] = how.name().into();
                resolved["by"] = r.by.clone().into();
                story.steps.push(resolved);
                if self.moved {
                    story.moved_on(place.day);
                }
            }
            Proposal::UndoBooking { reference, payer: None } if story.has_bank_line(&reference) => {
                story.tell(place, "booking_undone", json!({ "bank_line": reference, "by": r.by }));
            }
            Proposal::Payout { settlements, .. } => {
                let mut ordered = Vec::new();
                for paid in story.paid.iter_mut().filter(|paid| settlements.contains(&paid.number)) {
                    paid.payout = Some(r.proposal);
                    ordered.push(paid.number);
                }
                for number in ordered {
                    let more = json!({ "payout": r.proposal, "settlement": number, "by": r.by });
                    story.tell(place, "payout_approved", more);
                }
                story.orders.insert(r.proposal, settlements);
            }
            _ => {}
        }
        Ok(())
    }

    fn exception_noted(&mut self, place: Place, r: &record::ExceptionNoted) -> Result<(), Infallible> {
        if self.story.exceptions.contains(&r.id) {
            let mut noted = step(&self.story.index, place, self.body);
            noted["by"] = r.by.clone().into();
            noted["note"] = r.note.clone().into();
            self.story.steps.push(noted);
        }
        Ok(())
    }

    fn exceptions_ended(&mut self, place: Place, r: &record::ExceptionsEnded) -> Result<(), Infallible> {
        let own = r.closed.iter().filter(|one| self.story.exceptions.contains(&one.id));
        let (why, why_ja): (Vec<String>, Vec<String>) = own
            .map(|one| [Language::English, Language::Japanese].map(|l| explained(&one.why, one.finding.as_ref(), l)))
            .map(|[english, japanese]| (english, japanese))
            .unzip();
        if !why.is_empty() {
            let mut ended = step(&self.story.index, place, self.body);
            ended["why"] = why.into();
            ended["why_ja"] = why_ja.into();
            ended["by"] = r.by.clone().into();
            self.story.steps.push(ended);
        }
        Ok(())
    }

    fn payout_file_made(&mut self, _: Place, r: &record::PayoutFileMade) -> Result<(), Infallible> {
        self.story.files.insert(r.payout, r.files.iter().map(|f| f.count).collect());
        Ok(())
    }

    fn payout_taken(&mut self, place: Place, r: &record::PayoutTaken) -> Result<(), Infallible> {
        if self.story.paid.iter().any(|paid| self.story.in_file(paid, r)) {
            self.story.tell(place, "payout_taken", json!({ "bank_line": r.reference }));
        }
        Ok(())
    }

    fn line_undone(&mut self, place: Place, r: &record::LineUndone) -> Result<(), Infallible> {
        if self.story.has_bank_line(&r.line) {
            self.story.tell(place, "line_undone", json!({ "bank_line": r.line }));
        }
        Ok(())
    }

    fn payout_returned(&mut self, place: Place, r: &record::PayoutReturned) -> Result<(), Infallible> {
        let own = |paid: &Paid| paid.payout == Some(r.payout) && paid.number == r.settlement;
        if self.story.paid.iter().any(own) {
            self.story.tell(place, "payout_returned", json!({ "bank_line": r.reference }));
        }
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended replaced opened acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked tapped
        issuer_answered issuer_silent issuer_late issuer_acknowledged totals_compared cut_over policy_activated
        temporary_issued merged card_status_set certificate_bound list_applied own_limits_set notices_chosen programme_funded
        purse_credited lapsed link_broken retarget_proposed retarget_decided resealed stood_in loss_booked
        notice_ended approval_requested relief_batch_opened relief_rows_added relief_row_set relief_step_taken
        relief_credited relief_file_made relief_sent relief_returned relief_repaid day_marked issuer_settled
        money_received recon_ran exceptions_opened head_signed undone loss_returned issuer_notified line_set_aside
        approval_sent_back approval_withdrawn approval_lapsed key_destroyed clock_confirmed clock_kept advice_decided
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}
