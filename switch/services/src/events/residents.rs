//! What residents chose to be told of, for the program of their portal: thin events in the journal's order. They name no PPID: the portal
//! finds the resident by the name that it gave itself, and asks for the rest with the resident's statement.

use super::bounds::{AT_ONCE, MOST, MOST_RECORDS, USUAL};
use crate::access::Name;
use crate::error::{Result, ServiceError, unfit};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::{NoticeChoice, State};
use kazasu_ledger::record::{self, Place, TransactionKind, Verdict};
use kazasu_ledger::transfer::Transfers;
use kazasu_ledger::{AccountId, Body};
use kazasu_schemas::identity::{ActorId, ProgramId};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::portal::ResidentNotice;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

/// Days before a purse's last day on which it is told that it is near.
const NEAR: i32 = 7;

/// Events of the residents of the portal that asks, after a point of the journal, in its order.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListResidentEvents {
    /// The sequence that was read last: `next` of the answer before. 0 begins with the first record.
    #[serde(default)]
    pub after: u64,
    /// Events at most, 1 to 1,000; 100 where it is left out. Those of one record stay together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

/// A page of events of residents.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResidentEvents {
    /// The events.
    pub events: Vec<ResidentEvent>,
    /// Ask for what is `after` this next.
    pub next: u64,
    /// Whether records behind `next` stand in the journal already.
    pub more: bool,
}

/// An event about a resident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ResidentEvent {
    /// Its own id: the same whenever it is read.
    pub id: String,
    /// The journal's record.
    pub sequence: u64,
    /// `relief_credited`, `last_day_near`, `hold_set`, `refund_done` or `limit_lowered`.
    #[schemars(with = "String")]
    pub kind: ResidentNotice,
    /// When.
    pub at: String,
    /// The portal's own name for the resident, where it gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
    /// The programme of the purse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<u16>,
    /// The purse's last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
}

/// What a record says about a resident.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Said {
    /// About a person who is named.
    Person(Ppid, ResidentNotice),
    /// Money came into these accounts; those of purses are told.
    Purse(AccountId),
    /// A message that waited was approved: what it was is looked up.
    Approved(u64),
    /// A day is over: purses may be near their last one.
    Day(BusinessDay),
}

#[derive(Default)]
struct ResidentFold {
    said: Vec<Said>,
}

impl ResidentFold {
    fn credited(&mut self, transfers: &Transfers) {
        self.said.extend(transfers.iter().map(|t| Said::Purse(t.credit)));
    }
}

/// The notice of an approved message of a terminal.
fn notice_of(kind: TransactionKind) -> Option<ResidentNotice> {
    match kind {
        TransactionKind::Authorize | TransactionKind::AuthorizationAdvice => Some(ResidentNotice::HoldSet),
        TransactionKind::Refund | TransactionKind::RefundAdvice => Some(ResidentNotice::RefundDone),
        TransactionKind::Purchase
        | TransactionKind::PurchaseAdvice
        | TransactionKind::Completion
        | TransactionKind::Reversal
        | TransactionKind::BalanceInquiry
        | TransactionKind::Unsupported => None,
    }
}

impl record::Fold for ResidentFold {
    type Error = Infallible;

    fn tapped(&mut self, _: Place, r: &record::Transaction) -> Result<(), Infallible> {
        let approved = matches!(r.verdict, Verdict::Approved(_)) && !r.waits_for_person();
        if let (true, Some(ppid), Some(notice)) = (approved, r.ppid, notice_of(r.kind)) {
            self.said.push(Said::Person(ppid, notice));
        }
        Ok(())
    }

    fn issuer_answered(&mut self, _: Place, r: &record::IssuerAnswered) -> Result<(), Infallible> {
        // An issuer may decline its part, and the rest be approved and held: the approval code says so.
        if r.approval.is_some() {
            self.said.push(Said::Approved(r.tap));
        }
        Ok(())
    }

    fn stood_in(&mut self, _: Place, r: &record::StoodIn) -> Result<(), Infallible> {
        self.said.push(Said::Approved(r.tap));
        Ok(())
    }

    fn relief_credited(&mut self, _: Place, r: &record::ReliefCredited) -> Result<(), Infallible> {
        self.credited(&r.transfers);
        Ok(())
    }

    fn purse_credited(&mut self, _: Place, r: &record::PurseCredited) -> Result<(), Infallible> {
        self.credited(&r.transfers);
        Ok(())
    }

    fn approval_decided(&mut self, place: Place, r: &record::ApprovalDecided) -> Result<(), Infallible> {
        // What another person approved happens in the same record.
        match r.carries.as_deref() {
            Some(Body::PurseCredited(credited)) => self.purse_credited(place, credited),
            Some(Body::Transaction(tapped)) => self.tapped(place, tapped),
            Some(_) | None => Ok(()),
        }
    }

    fn own_limits_set(&mut self, _: Place, r: &record::OwnLimitsSet) -> Result<(), Infallible> {
        if r.lowered == Some(true) {
            self.said.push(Said::Person(r.ppid, ResidentNotice::LimitLowered));
        }
        Ok(())
    }

    fn cut_over(&mut self, _: Place, r: &record::CutOver) -> Result<(), Infallible> {
        self.said.push(Said::Day(r.closed));
        Ok(())
    }

    kazasu_ledger::ignore_records! {
        opened acquirer_registered issuer_registered merchant_registered deposit_opened funded linked unlinked issuer_silent issuer_late
        issuer_acknowledged issuer_notified loss_booked loss_returned merged undone advice_decided
        totals_compared policy_activated temporary_issued card_status_set certificate_bound list_applied notices_chosen
        programme_funded lapsed link_broken retarget_proposed retarget_decided resealed key_destroyed
        notice_ended relief_batch_opened relief_rows_added relief_row_set relief_step_taken
        relief_file_made relief_sent relief_returned relief_repaid approval_requested approval_sent_back approval_withdrawn approval_lapsed
        day_marked merchant_settled issuer_settled money_received payout_file_made payout_taken payout_returned recon_ran exceptions_opened
        exception_noted head_signed exceptions_ended line_undone line_set_aside file_ended replaced payee_set payees_taken payee_called
        clock_confirmed clock_kept
        organisation_set person_invited person_joined person_ended key_registered key_revoked grant_ended
    }
}

/// A notice for one resident.
struct Told {
    kind: ResidentNotice,
    handle: Option<String>,
    purse: Option<(u16, Option<BusinessDay>)>,
}

/// What a portal is told of a record, with what the residents chose.
fn told(state: &State, (portal, seq): (ProgramId, u64), said: Said) -> Vec<Told> {
    let wants = |choice: &NoticeChoice, kind| choice.since < seq && choice.notices.contains(&kind);
    let one = |ppid: &Ppid, kind, purse| {
        let choice = state.notices_chosen(ppid, portal).filter(|choice| wants(choice, kind))?;
        Some(Told { kind, handle: choice.handle.clone(), purse })
    };
    match said {
        Said::Person(ppid, kind) => one(&ppid, kind, None).into_iter().collect(),
        Said::Purse(account) => {
            let Some((ppid, programme)) = state.purse_of(account) else { return Vec::new() };
            let last = state.purse_programme(programme).and_then(|purse| purse.until);
            one(&ppid, ResidentNotice::ReliefCredited, Some((programme, last))).into_iter().collect()
        }
        Said::Day(closed) => {
            let near = |day: &BusinessDay| day.0 - closed.0 == NEAR;
            let ending = state.purses_in_force().iter().filter_map(|p| Some((p.number, p.until.filter(near)?)));
            let mut all = Vec::new();
            for (programme, last) in ending {
                let kind = ResidentNotice::LastDayNear;
                let has = |ppid: &Ppid| {
                    let found = state.resident(ppid, closed);
                    found.is_some_and(|found| found.purses.iter().any(|held| held.programme == programme))
                };
                let choices = state.wanting(portal, kind).filter(|(ppid, choice)| choice.since < seq && has(ppid));
                all.extend(choices.map(|(_, choice)| {
                    let handle = choice.handle.clone();
                    Told { kind, handle, purse: Some((programme, Some(last))) }
                }));
            }
            all
        }
        Said::Approved(_) => Vec::new(),
    }
}

impl Services {
    /// A message that waited, by its person and kind.
    async fn approved(&self, record: u64) -> Result<Option<Said>> {
        let story = self.closing_context()?.transactions.story(record).await.map_err(ServiceError::Other)?;
        let found = story.into_iter().find(|one| one.record == record);
        Ok(found.and_then(|one| Some(Said::Person(one.person?, notice_of(one.kind)?))))
    }

    /// The events of one record.
    async fn resident_events(&self, portal: ProgramId, place: Place, body: &Body) -> Result<Vec<ResidentEvent>> {
        let mut fold = ResidentFold::default();
        let Ok(()) = body.fold(place, &mut fold);
        let mut said = Vec::new();
        for one in fold.said {
            match one {
                Said::Approved(record) => said.extend(self.approved(record).await?),
                other => said.push(other),
            }
        }
        if said.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.query(move |state| {
            said.into_iter().flat_map(|said| told(state, (portal, place.seq), said)).collect::<Vec<_>>()
        });
        let event = |(nth, told): (usize, Told)| ResidentEvent {
            id: format!("evt_{}_r{nth}", place.seq),
            sequence: place.seq,
            kind: told.kind,
            at: place.at.jst_text(),
            handle: told.handle,
            programme: told.purse.map(|(programme, _)| programme),
            last_day: told.purse.and_then(|(_, last)| last).map(|day| day.to_string()),
        };
        Ok(all.await?.into_iter().enumerate().map(event).collect())
    }
}

impl Operation for ListResidentEvents {
    const NAME: Name = Name::ListResidentEvents;
    type Answer = ResidentEvents;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<ResidentEvents> {
        // No resident has chosen that a person is told.
        let Some(ActorId::Program(portal)) = who.id else {
            return Ok(ResidentEvents { events: Vec::new(), next: self.after, more: false });
        };
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            let (most, got) = (u64::from(MOST), u64::from(limit));
            return Err(unfit("limit", &ProblemText::Range { least: 1, most, got }));
        }
        let store = services.closing_context()?.store.clone();
        let mut reader = store.reader().await.map_err(ServiceError::inside)?;
        let head = reader.head().await.map_err(ServiceError::inside)?.seq;
        let (mut events, mut next) = (Vec::new(), self.after.min(head));
        let last = next.saturating_add(MOST_RECORDS).min(head);
        'reading: while next < last {
            let room = usize::try_from(last - next).unwrap_or(AT_ONCE).min(AT_ONCE);
            let entries = reader.scan(next + 1, room).await.map_err(ServiceError::inside)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let body = Body::read(&entry.body).map_err(ServiceError::inside)?;
                let place = Place { seq: entry.seq, at: entry.at, day: entry.day };
                events.extend(services.resident_events(portal, place, &body).await?);
                next = entry.seq;
                if events.len() >= usize::from(limit) {
                    break 'reading;
                }
            }
        }
        Ok(ResidentEvents { events, more: next < head, next })
    }
}
