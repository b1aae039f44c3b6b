//! One record as a step of a story: its place, its postings, and what its kind has to say.

use crate::journal_index::JournalIndex;
use kazasu_ledger::record::{self, Fold, Place, Verdict, flag};
use kazasu_ledger::{Body, Transfer};
use kazasu_schemas::closing::ReconException;
use kazasu_text::Language;
use kazasu_text::findings::explained;
use serde_json::{Value, json};
use std::convert::Infallible;

pub(super) fn step(index: &JournalIndex, place: Place, body: &Body) -> Value {
    let out = json!({ "record": place.seq, "at": place.at.jst_text(), "business_day": place.day.to_string(),
        "what": body.name(), "postings": body.transfers().iter().map(|t| posting(index, t)).collect::<Vec<_>>() });
    let mut details = Details { index, out };
    let Ok(()) = body.fold(place, &mut details);
    details.out
}

fn exception(d: &ReconException) -> Value {
    let why = |language| explained(&d.why, d.finding.as_deref(), language);
    json!({ "exception": hex::encode(d.id), "status": d.status, "party": d.party, "record": d.own, "ours_yen": d.ours.get(),
        "theirs_yen": d.theirs.get(), "why": why(Language::English), "why_ja": why(Language::Japanese) })
}

fn posting(index: &JournalIndex, t: &Transfer) -> Value {
    const KINDS: [&str; 5] = ["direct", "hold", "post", "void", "expire"];
    let name = |id| index.key(id).map_or_else(|| "?".to_owned(), ToString::to_string);
    json!({ "kind": KINDS[usize::from(t.kind.number())], "debit": name(t.debit), "credit": name(t.credit), "yen": t.amount.get() })
}

/// The step as it grows.
struct Details<'a> {
    index: &'a JournalIndex,
    out: Value,
}

impl Fold for Details<'_> {
    type Error = Infallible;

    fn tapped(&mut self, _: Place, r: &record::Transaction) -> Result<(), Infallible> {
        let out = &mut self.out;
        out["asked"] = r.kind.name().into();
        out["acquirer"] = r.key.acquirer.to_string().into();
        out["terminal"] = r.key.terminal.to_string().into();
        out["stan"] = r.key.stan.get().into();
        out["rrn"] = r.rrn.to_string().into();
        out["merchant"] = r.merchant.to_string().into();
        let name = self.index.merchants.get(&(r.key.acquirer, r.merchant)).map(|m| m.name.clone());
        out["merchant_name"] = name.into();
        out["amount_yen"] = r.amount.get().into();
        out["entry_mode"] = r.entry_mode.into();
        out["link_version"] = r.link.into();
        out["original"] = r.original.into();
        out["own_day"] = r.own_day.map(|day| day.to_string()).into();
        out["decision"] = match r.verdict {
            Verdict::Approved(code) => json!({ "approved": code.to_string() }),
            Verdict::Pending => json!("asked the issuer"),
            Verdict::Refused(refusal) => json!({ "refused": refusal.name(), "de39": refusal.code().to_string() }),
        };
        let ruled = r.ruled.as_ref();
        out["policy_version"] = ruled.map_or(0, |ruled| ruled.policy).into();
        let flags = ruled.map_or(0, |ruled| ruled.flags);
        out["flags"] = flag::names(flags).into();
        if let Some(named) = ruled.and_then(|ruled| ruled.named) {
            out["names_record"] = named.into();
        }
        if let Some(staff) = &r.staff {
            let via = staff.via.map(|via| via.name());
            out["staff"] = json!({ "what": staff.kind.name(), "approval": staff.approval, "by": staff.by,
                "why": staff.why, "via": via });
        }
        out["to_issuer"] = r.to_issuer.map(|m| json!({ "issuer": m.issuer, "yen": m.amount.get() })).into();
        Ok(())
    }

    fn issuer_answered(&mut self, _: Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        self.out["de39"] = r.code.to_string().into();
        self.out["approval"] = r.approval.map(|a| a.to_string()).into();
        Ok(())
    }

    fn issuer_silent(&mut self, _: Place, r: &record::IssuerSilent) -> Result<(), Infallible> {
        self.out["why"] = r.why.name().into();
        Ok(())
    }

    fn issuer_late(&mut self, _: Place, r: &record::IssuerLate) -> Result<(), Infallible> {
        self.out["de39"] = r.code.to_string().into();
        Ok(())
    }

    fn issuer_acknowledged(&mut self, _: Place, r: &record::IssuerAcknowledged) -> Result<(), Infallible> {
        self.out["de39"] = r.code.to_string().into();
        if let Some(d) = &r.raised {
            self.out["exceptions"] = json!([exception(d)]);
        }
        Ok(())
    }

    fn exceptions_opened(&mut self, _: Place, r: &record::ExceptionsOpened) -> Result<(), Infallible> {
        self.out["exceptions"] = r.exceptions.iter().map(exception).collect();
        Ok(())
    }

    fn loss_booked(&mut self, _: Place, r: &record::LossBooked) -> Result<(), Infallible> {
        self.out["de39"] = r.code.to_string().into();
        self.out["liable"] = r.liable.name().into();
        Ok(())
    }

    fn loss_returned(&mut self, _: Place, r: &record::LossReturned) -> Result<(), Infallible> {
        self.out["de39"] = r.code.to_string().into();
        self.out["liable"] = r.liable.name().into();
        Ok(())
    }

    fn undone(&mut self, _: Place, r: &record::Undone) -> Result<(), Infallible> {
        self.out["reversal"] = r.reversal.into();
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        payee_set payees_taken payee_called file_ended replaced approval_sent_back approval_withdrawn approval_lapsed opened acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked
        totals_compared cut_over policy_activated temporary_issued merged card_status_set certificate_bound
        list_applied own_limits_set notices_chosen programme_funded purse_credited lapsed link_broken retarget_proposed
        retarget_decided resealed stood_in notice_ended approval_requested approval_decided relief_batch_opened relief_rows_added
        relief_row_set relief_step_taken relief_credited relief_file_made relief_sent relief_returned relief_repaid
        day_marked merchant_settled issuer_settled money_received payout_file_made payout_taken payout_returned
        recon_ran exception_noted head_signed issuer_notified exceptions_ended line_undone line_set_aside
        key_destroyed clock_confirmed clock_kept advice_decided
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}
