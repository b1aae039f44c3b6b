//! The record: the closed list of everything that can move money or change a right.
//!
//! A record is written once, as CBOR (RFC 8949) with numbered fields, so that a later version can add fields and an
//! auditor can read old ones in any language. Numbers are never reused. `docs/ARCHITECTURE.md` lists the kinds.

use crate::account::{AccountId, AccountKey};
use crate::transfer::Transfers;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Rrn, Serial, Stan, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis, TransmissionTime};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::{Bearer, Policy};
use kazasu_schemas::wire::issuer::IssuerOperation;
use kazasu_schemas::wire::totals::DayTotals;
use kazasu_schemas::wire::{Receipt, Refusal, ResponseCode};
use minicbor::{Decode, Encode};

mod closing;
mod instrument;
mod parties;
mod relief;
mod rights;
mod statement;
mod tap;

pub use closing::*;
pub use instrument::*;
pub use parties::*;
pub use relief::*;
pub use rights::*;
pub use statement::*;
pub use tap::*;

/// A record before it has its place in the journal: when, on which business day, and what.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// When it was decided; never before the record in front of it.
    pub at: Millis,
    /// The business day that it belongs to.
    pub day: BusinessDay,
    /// What happened.
    pub body: Body,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
#[allow(clippy::large_enum_variant, reason = "taps are nearly all records; boxing them would cost an allocation each")]
pub enum Body {
    /// The book was opened.
    #[n(0)]
    Opened(#[n(0)] Opened),
    /// An acquirer may send.
    #[n(1)]
    AcquirerRegistered(#[n(0)] AcquirerRegistered),
    /// An issuer can be asked.
    #[n(2)]
    IssuerRegistered(#[n(0)] IssuerRegistered),
    /// A merchant was registered or changed.
    #[n(3)]
    MerchantRegistered(#[n(0)] MerchantRegistered),
    /// A public-receipt account is held in this ledger.
    #[n(4)]
    DepositOpened(#[n(0)] DepositOpened),
    /// Money came into a deposit from outside.
    #[n(5)]
    Funded(#[n(0)] Funded),
    /// A PPID was linked to an instrument: a new version of its link.
    #[n(6)]
    Linked(#[n(0)] Linked),
    /// A PPID's link ended.
    #[n(7)]
    Unlinked(#[n(0)] Unlinked),
    /// An acquirer's message was decided.
    #[n(8)]
    Tapped(#[n(0)] Tapped),
    /// The issuer answered in time.
    #[n(9)]
    IssuerAnswered(#[n(0)] IssuerAnswered),
    /// The issuer did not answer in time, or was never asked.
    #[n(10)]
    IssuerSilent(#[n(0)] IssuerSilent),
    /// The issuer answered after its outcome had been settled otherwise. Moves nothing.
    #[n(11)]
    IssuerLate(#[n(0)] IssuerLate),
    /// The issuer acknowledged a reversal or an advice.
    #[n(12)]
    IssuerAcknowledged(#[n(0)] IssuerAcknowledged),
    /// An acquirer's totals were compared.
    #[n(13)]
    TotalsCompared(#[n(0)] TotalsCompared),
    /// The business day ended.
    #[n(14)]
    CutOver(#[n(0)] CutOver),
    /// Rules were put into force.
    #[n(15)]
    PolicyActivated(#[n(0)] PolicyActivated),
    /// A temporary ID was issued, to be merged into a PPID later.
    #[n(16)]
    TemporaryIssued(#[n(0)] TemporaryIssued),
    /// A temporary ID was merged into a PPID, with everything that belongs to it.
    #[n(17)]
    Merged(#[n(0)] Merged),
    /// A card was suspended, revoked, or is good again.
    #[n(18)]
    CardStatusSet(#[n(0)] CardStatusSet),
    /// A certificate's serial number and last day belong to a PPID's card from here on.
    #[n(19)]
    CertificateBound(#[n(0)] CertificateBound),
    /// A card status list took effect.
    #[n(20)]
    ListApplied(#[n(0)] ListApplied),
    /// A resident changed their own limits.
    #[n(21)]
    OwnLimitsSet(#[n(0)] OwnLimitsSet),
    /// A purse programme's funder paid in.
    #[n(22)]
    ProgrammeFunded(#[n(0)] ProgrammeFunded),
    /// Purse money was credited to a resident.
    #[n(23)]
    PurseCredited(#[n(0)] PurseCredited),
    /// Purse money or points reached their last day.
    #[n(24)]
    Lapsed(#[n(0)] Lapsed),
    /// A link cannot be paid with any more; a person must look at it.
    #[n(25)]
    LinkBroken(#[n(0)] LinkBroken),
    /// Somebody proposed a new instrument for a broken link.
    #[n(26)]
    RetargetProposed(#[n(0)] RetargetProposed),
    /// Somebody else approved the proposal, or turned it down.
    #[n(27)]
    RetargetDecided(#[n(0)] RetargetDecided),
    /// A card number was sealed again under a newer key.
    #[n(28)]
    Resealed(#[n(0)] Resealed),
    /// The switch approved in an issuer's place.
    #[n(29)]
    StoodIn(#[n(0)] StoodIn),
    /// An issuer refused an advice; somebody bears it.
    #[n(30)]
    LossBooked(#[n(0)] LossBooked),
    /// A notice was acknowledged by its receiver, or given up.
    #[n(31)]
    NoticeSettled(#[n(0)] NoticeSettled),
    /// Somebody proposed something that takes two people.
    #[n(32)]
    Proposed(#[n(0)] Proposed),
    /// Somebody else approved a proposal, or turned it down.
    #[n(33)]
    Settled(#[n(0)] Settled),
    /// A file of relief applications began to be read in.
    #[n(34)]
    ReliefBatchOpened(#[n(0)] ReliefBatchOpened),
    /// Rows of it.
    #[n(35)]
    ReliefRowsAdded(#[n(0)] ReliefRowsAdded),
    /// A person said something about one row.
    #[n(36)]
    ReliefRowSet(#[n(0)] ReliefRowSet),
    /// A batch went a step further.
    #[n(37)]
    ReliefStepTaken(#[n(0)] ReliefStepTaken),
    /// Purses of a released batch were credited.
    #[n(38)]
    ReliefCredited(#[n(0)] ReliefCredited),
    /// The transfer file of a released batch was made, once and for all.
    #[n(39)]
    ReliefFileMade(#[n(0)] ReliefFileMade),
    /// The bank took a transfer file's money.
    #[n(40)]
    ReliefSent(#[n(0)] ReliefSent),
    /// A transfer came back.
    #[n(41)]
    ReliefReturned(#[n(0)] ReliefReturned),
    /// A payee gave back what was not theirs.
    #[n(42)]
    ReliefRepaid(#[n(0)] ReliefRepaid),
    /// A business day came a step further towards its end.
    #[n(43)]
    DayMarked(#[n(0)] DayMarked),
    /// A merchant's period was settled.
    #[n(44)]
    MerchantSettled(#[n(0)] MerchantSettled),
    /// An issuer's period was settled.
    #[n(45)]
    IssuerSettled(#[n(0)] IssuerSettled),
    /// An issuer or a funder paid what it owed.
    #[n(46)]
    MoneyReceived(#[n(0)] MoneyReceived),
    /// The file that orders a payout was made, once and for all.
    #[n(47)]
    PayoutFileMade(#[n(0)] PayoutFileMade),
    /// The bank took a payout's money.
    #[n(48)]
    PayoutTaken(#[n(0)] PayoutTaken),
    /// A merchant's payout came back.
    #[n(49)]
    PayoutReturned(#[n(0)] PayoutReturned),
    /// Lines were compared with somebody else's.
    #[n(50)]
    ReconRan(#[n(0)] ReconRan),
    /// Differences that somebody must look at.
    #[n(51)]
    DifferencesRaised(#[n(0)] DifferencesRaised),
    /// Somebody looks after a difference, or found something out.
    #[n(52)]
    DifferenceNoted(#[n(0)] DifferenceNoted),
    /// A day's last record was signed.
    #[n(53)]
    HeadSigned(#[n(0)] HeadSigned),
    /// A reversal that came while something was pending took effect on what that gave back.
    #[n(54)]
    Undone(#[n(0)] Undone),
    /// An issuer refused a refund advice of a payment that it had refused too: that much less was lost.
    #[n(55)]
    LossReturned(#[n(0)] LossReturned),
    /// An issuer is told what was undone, now that it has undone what came before.
    #[n(56)]
    IssuerTold(#[n(0)] IssuerTold),
    /// A later file has what an earlier one lacked: differences ended by themselves.
    #[n(57)]
    DifferencesClosed(#[n(0)] DifferencesClosed),
    /// The bank corrected a line of its statement: what was booked for it is undone.
    #[n(60)]
    LineUndone(#[n(0)] LineUndone),
    /// A line of the bank's statement moves nothing here: a person says so, or the bank itself corrected it.
    #[n(61)]
    LineSetAside(#[n(0)] LineSetAside),
    /// A person said that the wall clock is right. Moves nothing; the record's own time is that clock's.
    #[n(71)]
    ClockConfirmed(#[n(0)] ClockConfirmed),
    /// Nothing has happened for an hour. Moves nothing.
    #[n(72)]
    ClockKept(#[n(0)] ClockKept),
    /// A person said what becomes of an offline payment above its floor limit.
    #[n(73)]
    AdviceSettled(#[n(0)] AdviceSettled),
}

impl Body {
    /// The stable number of the kind, as in the `kind` column.
    #[must_use]
    pub fn kind(&self) -> u8 {
        match self {
            Body::Opened(_) => 0,
            Body::AcquirerRegistered(_) => 1,
            Body::IssuerRegistered(_) => 2,
            Body::MerchantRegistered(_) => 3,
            Body::DepositOpened(_) => 4,
            Body::Funded(_) => 5,
            Body::Linked(_) => 6,
            Body::Unlinked(_) => 7,
            Body::Tapped(_) => 8,
            Body::IssuerAnswered(_) => 9,
            Body::IssuerSilent(_) => 10,
            Body::IssuerLate(_) => 11,
            Body::IssuerAcknowledged(_) => 12,
            Body::TotalsCompared(_) => 13,
            Body::CutOver(_) => 14,
            Body::PolicyActivated(_) => 15,
            Body::TemporaryIssued(_) => 16,
            Body::Merged(_) => 17,
            Body::CardStatusSet(_) => 18,
            Body::CertificateBound(_) => 19,
            Body::ListApplied(_) => 20,
            Body::OwnLimitsSet(_) => 21,
            Body::ProgrammeFunded(_) => 22,
            Body::PurseCredited(_) => 23,
            Body::Lapsed(_) => 24,
            Body::LinkBroken(_) => 25,
            Body::RetargetProposed(_) => 26,
            Body::RetargetDecided(_) => 27,
            Body::Resealed(_) => 28,
            Body::StoodIn(_) => 29,
            Body::LossBooked(_) => 30,
            Body::NoticeSettled(_) => 31,
            Body::Proposed(_) => 32,
            Body::Settled(_) => 33,
            Body::ReliefBatchOpened(_) => 34,
            Body::ReliefRowsAdded(_) => 35,
            Body::ReliefRowSet(_) => 36,
            Body::ReliefStepTaken(_) => 37,
            Body::ReliefCredited(_) => 38,
            Body::ReliefFileMade(_) => 39,
            Body::ReliefSent(_) => 40,
            Body::ReliefReturned(_) => 41,
            Body::ReliefRepaid(_) => 42,
            Body::DayMarked(_) => 43,
            Body::MerchantSettled(_) => 44,
            Body::IssuerSettled(_) => 45,
            Body::MoneyReceived(_) => 46,
            Body::PayoutFileMade(_) => 47,
            Body::PayoutTaken(_) => 48,
            Body::PayoutReturned(_) => 49,
            Body::ReconRan(_) => 50,
            Body::DifferencesRaised(_) => 51,
            Body::DifferenceNoted(_) => 52,
            Body::HeadSigned(_) => 53,
            Body::Undone(_) => 54,
            Body::LossReturned(_) => 55,
            Body::IssuerTold(_) => 56,
            Body::DifferencesClosed(_) => 57,
            Body::LineUndone(_) => 60,
            Body::LineSetAside(_) => 61,
            Body::ClockConfirmed(_) => 71,
            Body::ClockKept(_) => 72,
            Body::AdviceSettled(_) => 73,
        }
    }

    /// The transfers that it carries.
    #[must_use]
    pub fn transfers(&self) -> &[crate::transfer::Transfer] {
        match self {
            Body::Funded(r) => &r.transfers,
            Body::Tapped(r) => &r.transfers,
            Body::IssuerAnswered(r) => &r.transfers,
            Body::IssuerSilent(r) => &r.transfers,
            Body::ProgrammeFunded(r) => &r.transfers,
            Body::PurseCredited(r) => &r.transfers,
            Body::PolicyActivated(r) => &r.transfers,
            Body::Lapsed(r) => &r.transfers,
            Body::StoodIn(r) => &r.transfers,
            Body::AdviceSettled(r) => &r.transfers,
            Body::LossBooked(r) => &r.transfers,
            Body::Undone(r) => &r.transfers,
            Body::LossReturned(r) => &r.transfers,
            Body::Settled(r) => &r.transfers,
            Body::ReliefStepTaken(r) => &r.transfers,
            Body::ReliefCredited(r) => &r.transfers,
            Body::ReliefSent(r) => &r.transfers,
            Body::ReliefReturned(r) => &r.transfers,
            Body::ReliefRepaid(r) => &r.transfers,
            Body::MerchantSettled(r) => &r.transfers,
            Body::IssuerSettled(r) => &r.transfers,
            Body::MoneyReceived(r) => &r.transfers,
            Body::PayoutTaken(r) => &r.transfers,
            Body::PayoutReturned(r) => &r.transfers,
            Body::LineUndone(r) => &r.transfers,
            Body::Opened(_)
            | Body::AcquirerRegistered(_)
            | Body::IssuerRegistered(_)
            | Body::MerchantRegistered(_)
            | Body::DepositOpened(_)
            | Body::Linked(_)
            | Body::Unlinked(_)
            | Body::IssuerLate(_)
            | Body::IssuerAcknowledged(_)
            | Body::TotalsCompared(_)
            | Body::CutOver(_)
            | Body::ClockConfirmed(_)
            | Body::ClockKept(_)
            | Body::TemporaryIssued(_)
            | Body::Merged(_)
            | Body::CardStatusSet(_)
            | Body::CertificateBound(_)
            | Body::ListApplied(_)
            | Body::OwnLimitsSet(_)
            | Body::LinkBroken(_)
            | Body::RetargetProposed(_)
            | Body::RetargetDecided(_)
            | Body::Resealed(_)
            | Body::Proposed(_)
            | Body::ReliefBatchOpened(_)
            | Body::ReliefRowsAdded(_)
            | Body::ReliefRowSet(_)
            | Body::ReliefFileMade(_)
            | Body::DayMarked(_)
            | Body::PayoutFileMade(_)
            | Body::ReconRan(_)
            | Body::DifferencesRaised(_)
            | Body::DifferenceNoted(_)
            | Body::DifferencesClosed(_)
            | Body::HeadSigned(_)
            | Body::IssuerTold(_)
            | Body::LineSetAside(_)
            | Body::NoticeSettled(_) => &[],
        }
    }

    /// The accounts that it names as opened. A registration that is changed names again what it opened.
    #[must_use]
    pub fn opens(&self) -> smallvec::SmallVec<[Opening; 1]> {
        let one = |account, key| smallvec::smallvec![Opening { account, key }];
        match self {
            Body::Opened(r) => one(r.bank, AccountKey::Bank),
            Body::AcquirerRegistered(r) => one(r.shortfall, AccountKey::AdviceShortfall(r.acquirer)),
            Body::IssuerRegistered(r) => one(r.receivable, AccountKey::IssuerReceivable(r.issuer)),
            Body::MerchantRegistered(r) => one(r.payable, AccountKey::MerchantPayable(r.acquirer, r.merchant)),
            Body::DepositOpened(r) => one(r.account, AccountKey::Deposit(r.number)),
            Body::PolicyActivated(r) => r.opens.as_slice().into(),
            Body::PurseCredited(r) => r.opens.as_slice().into(),
            Body::LossBooked(r) => r.opens.as_slice().into(),
            Body::Settled(r) => r.opens.as_slice().into(),
            Body::ReliefCredited(r) => r.opens.as_slice().into(),
            Body::MerchantSettled(r) => r.opens.as_slice().into(),
            Body::IssuerSettled(r) => r.opens.as_slice().into(),
            Body::PayoutReturned(r) => r.opens.as_slice().into(),
            Body::ReliefReturned(r) => r.opens.as_slice().into(),
            Body::Tapped(r) => r.ruled.as_ref().map_or_else(Default::default, |ruled| ruled.opens.as_slice().into()),
            Body::Funded(_)
            | Body::Linked(_)
            | Body::Unlinked(_)
            | Body::IssuerAnswered(_)
            | Body::IssuerSilent(_)
            | Body::IssuerLate(_)
            | Body::IssuerAcknowledged(_)
            | Body::TotalsCompared(_)
            | Body::CutOver(_)
            | Body::ClockConfirmed(_)
            | Body::ClockKept(_)
            | Body::TemporaryIssued(_)
            | Body::Merged(_)
            | Body::CardStatusSet(_)
            | Body::CertificateBound(_)
            | Body::ListApplied(_)
            | Body::OwnLimitsSet(_)
            | Body::ProgrammeFunded(_)
            | Body::Lapsed(_)
            | Body::LinkBroken(_)
            | Body::RetargetProposed(_)
            | Body::RetargetDecided(_)
            | Body::Resealed(_)
            | Body::StoodIn(_)
            | Body::AdviceSettled(_)
            | Body::Proposed(_)
            | Body::ReliefBatchOpened(_)
            | Body::ReliefRowsAdded(_)
            | Body::ReliefRowSet(_)
            | Body::ReliefStepTaken(_)
            | Body::ReliefFileMade(_)
            | Body::ReliefSent(_)
            | Body::ReliefRepaid(_)
            | Body::DayMarked(_)
            | Body::MoneyReceived(_)
            | Body::PayoutFileMade(_)
            | Body::PayoutTaken(_)
            | Body::ReconRan(_)
            | Body::DifferencesRaised(_)
            | Body::DifferenceNoted(_)
            | Body::DifferencesClosed(_)
            | Body::HeadSigned(_)
            | Body::Undone(_)
            | Body::LossReturned(_)
            | Body::IssuerTold(_)
            | Body::LineUndone(_)
            | Body::LineSetAside(_)
            | Body::NoticeSettled(_) => Default::default(),
        }
    }

    /// Appends the record's bytes as the journal keeps them.
    pub fn write(&self, out: &mut Vec<u8>) {
        minicbor::encode(self, out).expect("writing to memory does not fail");
    }

    /// Reads a record's bytes.
    pub fn read(bytes: &[u8]) -> Result<Body, minicbor::decode::Error> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let body = decoder.decode()?;
        if decoder.position() == bytes.len() {
            Ok(body)
        } else {
            Err(minicbor::decode::Error::message("bytes after the record"))
        }
    }
}

/// Names of the kinds by number, for tables and metrics.
pub const KIND_NAMES: [&str; 74] = [
    "opened",
    "acquirer_registered",
    "issuer_registered",
    "merchant_registered",
    "deposit_opened",
    "funded",
    "linked",
    "unlinked",
    "tapped",
    "issuer_answered",
    "issuer_silent",
    "issuer_late",
    "issuer_acknowledged",
    "totals_compared",
    "cut_over",
    "policy_activated",
    "temporary_issued",
    "merged",
    "card_status_set",
    "certificate_bound",
    "list_applied",
    "own_limits_set",
    "programme_funded",
    "purse_credited",
    "lapsed",
    "link_broken",
    "retarget_proposed",
    "retarget_decided",
    "resealed",
    "stood_in",
    "loss_booked",
    "notice_settled",
    "proposed",
    "settled",
    "relief_batch_opened",
    "relief_rows_added",
    "relief_row_set",
    "relief_step_taken",
    "relief_credited",
    "relief_file_made",
    "relief_sent",
    "relief_returned",
    "relief_repaid",
    "day_marked",
    "merchant_settled",
    "issuer_settled",
    "money_received",
    "payout_file_made",
    "payout_taken",
    "payout_returned",
    "recon_ran",
    "differences_raised",
    "difference_noted",
    "head_signed",
    "undone",
    "loss_returned",
    "issuer_told",
    "differences_closed",
    "reserved_58",
    "reserved_59",
    "line_undone",
    "line_set_aside",
    "reserved_62",
    "reserved_63",
    "reserved_64",
    "reserved_65",
    "reserved_66",
    "reserved_67",
    "reserved_68",
    "reserved_69",
    "reserved_70",
    "clock_confirmed",
    "clock_kept",
    "advice_settled",
];

/// See [`Body::TotalsCompared`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct TotalsCompared {
    /// DE32.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// The business day asked about.
    #[n(1)]
    pub about: BusinessDay,
    /// The acquirer's totals.
    #[n(2)]
    pub theirs: DayTotals,
    /// This ledger's.
    #[n(3)]
    pub ours: DayTotals,
}

/// See [`Body::CutOver`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct CutOver {
    /// The day that ended.
    #[n(0)]
    pub closed: BusinessDay,
    /// The day that begins with the next record.
    #[n(1)]
    pub opened: BusinessDay,
    /// Settled taps of days before this one leave the memory (never the journal): repeats, refunds and reversals of them
    /// are no longer recognised.
    #[n(2)]
    pub forget_before: BusinessDay,
    /// Who ended it by hand; absent when it was over by the calendar.
    #[n(3)]
    pub by: Option<String>,
    /// Why it was ended by hand.
    #[n(4)]
    pub why: Option<String>,
}

/// See [`Body::ClockConfirmed`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ClockConfirmed {
    /// The time that had decided until then.
    #[n(0)]
    pub before: Millis,
    /// What the wall clock said.
    #[n(1)]
    pub wall: Millis,
    /// Who confirmed it.
    #[n(2)]
    pub by: String,
    /// Why.
    #[n(3)]
    pub why: String,
}

/// See [`Body::ClockKept`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct ClockKept {}
