//! Every kind of record, declared once: its number, its name, what it opens and what it moves. Numbers are never used again.

use super::*;
use crate::account::{AccountId, AccountKey};
use crate::entry::Seq;
use crate::transfer::Transfer;
use smallvec::{SmallVec, smallvec};

/// Accounts that a record opens.
pub type Openings = SmallVec<[Opening; 1]>;

/// The place of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Its number in the journal.
    pub seq: Seq,
    /// The time of the decision.
    pub at: Millis,
    /// Its business day.
    pub day: BusinessDay,
}

/// The effect of a kind of record on the book: none, unless its row in the table says otherwise.
trait Booked {
    fn opens(&self) -> Openings {
        Openings::new()
    }

    fn moves(&self) -> &[Transfer] {
        &[]
    }
}

fn one(account: AccountId, key: AccountKey) -> Openings {
    smallvec![Opening { account, key }]
}

/// One row for each kind: number, name, type; what it opens and what it moves, where it does.
macro_rules! records {
    ($($(#[$doc:meta])* $n:literal $kind:ident: $name:ident {
        $(opens $o:ident => $opens:expr;)? $(moves $m:ident => $moves:expr;)?
    })*) => {
        /// The event.
        #[derive(Clone, PartialEq, Debug, Encode, Decode)]
        #[allow(clippy::large_enum_variant, reason = "taps are nearly all records; boxing them would cost an allocation each")]
        pub enum Body {
            $($(#[$doc])* #[n($n)] $name(#[n(0)] $name),)*
        }

        $(impl Booked for $name {
            $(fn opens(&self) -> Openings {
                let $o = self;
                $opens
            })?
            $(fn moves(&self) -> &[Transfer] {
                let $m = self;
                $moves
            })?
        })*

        impl Body {
            /// The stable number of the kind, as in the `kind` column.
            #[must_use]
            pub fn kind(&self) -> u8 {
                match self {
                    $(Body::$name(_) => $n,)*
                }
            }

            /// The name of the kind.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Body::$name(_) => stringify!($kind),)*
                }
            }

            /// The transfers that it carries.
            #[must_use]
            pub fn transfers(&self) -> &[Transfer] {
                match self {
                    $(Body::$name(r) => r.moves(),)*
                }
            }

            /// The tap that it is, or that its approval carries.
            #[must_use]
            pub fn tapped(&self) -> Option<&Transaction> {
                match self {
                    Body::Transaction(tapped) => Some(tapped),
                    Body::ApprovalDecided(ApprovalDecided { carries: Some(body), .. }) => body.tapped(),
                    _ => None,
                }
            }

            /// The accounts that it names as opened. A registration that is changed names again what it opened.
            #[must_use]
            pub fn opens(&self) -> Openings {
                match self {
                    $(Body::$name(r) => r.opens(),)*
                }
            }

            /// The record that an approval carries; of every other record, itself.
            #[must_use]
            pub fn carried(&self) -> &Body {
                match self {
                    Body::ApprovalDecided(ApprovalDecided { carries: Some(body), .. }) => body,
                    _ => self,
                }
            }

            /// Hands the record to the method of its kind, and then the record that an approval carries to that of its own kind.
            pub fn fold<F: Fold + ?Sized>(&self, place: Place, fold: &mut F) -> Result<(), F::Error> {
                match self {
                    $(Body::$name(r) => fold.$kind(place, r)?,)*
                }
                match self {
                    Body::ApprovalDecided(ApprovalDecided { carries: Some(body), .. }) => body.fold(place, fold),
                    _ => Ok(()),
                }
            }
        }

        /// Every kind: its number and its name, for tables and metrics.
        pub const KINDS: &[(u8, &str)] = &[$(($n, stringify!($kind)),)*];

        /// A reader of the journal that answers for every kind of record: one that a later version adds does not compile until each
        /// fold says what it makes of it. [`crate::ignore_records`] names the kinds that a fold makes nothing of.
        pub trait Fold {
            /// The error of a record that cannot be folded in.
            type Error;
            $($(#[$doc])* fn $kind(&mut self, place: Place, r: &$name) -> Result<(), Self::Error>;)*
        }

        /// See [`crate::ignore_records`].
        #[doc(hidden)]
        #[macro_export]
        macro_rules! ignore_record {
            $(($kind) => {
                fn $kind(&mut self, _: $crate::record::Place, _: &$crate::record::$name) -> Result<(), Self::Error> {
                    Ok(())
                }
            };)*
        }
    };
}

/// Inside `impl Fold`: the kinds, by name, of which the fold makes nothing.
#[macro_export]
macro_rules! ignore_records {
    ($($kind:ident)*) => {
        $($crate::ignore_record!($kind);)*
    };
}

/// The name of a kind.
#[must_use]
pub fn kind_name(kind: u8) -> Option<&'static str> {
    KINDS.iter().find(|(n, _)| *n == kind).map(|(_, name)| *name)
}

records! {
    /// The book was opened.
    0 opened: Opened { opens r => one(r.bank, AccountKey::Bank); }
    /// An acquirer may send.
    1 acquirer_registered: AcquirerRegistered { opens r => one(r.shortfall, AccountKey::AdviceShortfall(r.acquirer)); }
    /// An issuer can be asked.
    2 issuer_registered: IssuerRegistered { opens r => one(r.receivable, AccountKey::IssuerReceivable(r.issuer)); }
    /// A merchant was registered or changed.
    3 merchant_registered: MerchantRegistered { opens r => one(r.payable, AccountKey::MerchantPayable(r.acquirer, r.merchant)); }
    /// A public-receipt account is held in this ledger.
    4 deposit_opened: DepositOpened { opens r => one(r.account, AccountKey::Deposit(r.number)); }
    /// Money came into a deposit from outside.
    5 funded: Funded { moves r => &r.transfers; }
    /// A PPID was linked to an instrument: a new version of its link.
    6 linked: Linked {}
    /// A PPID's link ended.
    7 unlinked: Unlinked {}
    /// An acquirer's message was decided.
    8 tapped: Transaction { opens r => r.ruled.as_ref().map_or_else(Default::default, |ruled| ruled.opens.as_slice().into()); moves r => &r.transfers; }
    /// The issuer answered in time.
    9 issuer_answered: IssuerAnswered { moves r => &r.transfers; }
    /// The issuer did not answer in time, or was never asked.
    10 issuer_silent: IssuerSilent { moves r => &r.transfers; }
    /// The issuer answered after its outcome had been settled otherwise. Moves nothing.
    11 issuer_late: IssuerLate {}
    /// The issuer acknowledged a reversal or an advice.
    12 issuer_acknowledged: IssuerAcknowledged {}
    /// An acquirer's totals were compared.
    13 totals_compared: TotalsCompared {}
    /// The business day ended.
    14 cut_over: CutOver {}
    /// Rules were put into force.
    15 policy_activated: PolicyActivated { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// A temporary ID was issued, to be merged into a PPID later.
    16 temporary_issued: TemporaryIssued {}
    /// A temporary ID was merged into a PPID, with everything that belongs to it.
    17 merged: Merged {}
    /// A card was suspended, revoked, or is good again.
    18 card_status_set: CardStatusSet {}
    /// A certificate's serial number and last day belong to a PPID's card from here on.
    19 certificate_bound: CertificateBound {}
    /// A card status list took effect.
    20 list_applied: ListApplied {}
    /// A resident changed their own limits.
    21 own_limits_set: OwnLimitsSet {}
    /// A purse programme's funder paid in.
    22 programme_funded: ProgrammeFunded { moves r => &r.transfers; }
    /// Purse money was credited to a resident.
    23 purse_credited: PurseCredited { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// Purse money or points reached their last day.
    24 lapsed: Lapsed { moves r => &r.transfers; }
    /// A link cannot be paid with any more; a person must look at it.
    25 link_broken: LinkBroken {}
    /// A new instrument was proposed for a broken link. Only older journals have it: see `approval_requested`.
    26 retarget_proposed: RetargetProposed {}
    /// Another person approved that, or turned it down. Only older journals have it: see `approval_decided`.
    27 retarget_decided: RetargetDecided {}
    /// A card number was sealed again under a newer key.
    28 resealed: Resealed {}
    /// The switch approved in an issuer's place.
    29 stood_in: StoodIn { moves r => &r.transfers; }
    /// An issuer refused an advice; a liable party bears the loss.
    30 loss_booked: LossBooked { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// A notice was acknowledged by its receiver, or given up.
    31 notice_ended: NoticeEnded {}
    /// A person proposed something that takes two people.
    32 approval_requested: ApprovalRequested {}
    /// Another person approved a proposal, or turned it down.
    33 approval_decided: ApprovalDecided {
        opens r => r.carries.as_ref().map_or_else(|| r.opens.as_slice().into(), |body| body.opens());
        moves r => r.carries.as_ref().map_or(&*r.transfers, |body| body.transfers());
    }
    /// A file of relief applications began to be read in.
    34 relief_batch_opened: ReliefBatchOpened {}
    /// Rows of it.
    35 relief_rows_added: ReliefRowsAdded {}
    /// A person said something about one row.
    36 relief_row_set: ReliefRowSet {}
    /// A batch went a step further.
    37 relief_step_taken: ReliefStepTaken { moves r => &r.transfers; }
    /// Purses of a released batch were credited.
    38 relief_credited: ReliefCredited { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// The transfer file of a released batch was made, once and for all.
    39 relief_file_made: ReliefFileMade {}
    /// The bank took a transfer file's money.
    40 relief_sent: ReliefSent { moves r => &r.transfers; }
    /// A transfer came back.
    41 relief_returned: ReliefReturned { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// A payee gave back what was not theirs.
    42 relief_repaid: ReliefRepaid { moves r => &r.transfers; }
    /// A business day came a step further towards its end.
    43 day_marked: DayMarked {}
    /// A merchant's period was settled.
    44 merchant_settled: MerchantSettled { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// An issuer's period was settled.
    45 issuer_settled: IssuerSettled { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// An issuer or a funder paid what it owed.
    46 money_received: MoneyReceived { moves r => &r.transfers; }
    /// The file that orders a payout was made, once and for all.
    47 payout_file_made: PayoutFileMade {}
    /// The bank took a payout's money.
    48 payout_taken: PayoutTaken { moves r => &r.transfers; }
    /// A merchant's payout came back.
    49 payout_returned: PayoutReturned { opens r => r.opens.as_slice().into(); moves r => &r.transfers; }
    /// Lines were compared with another party's.
    50 recon_ran: ReconRan {}
    /// Exceptions that a person must look at.
    51 exceptions_opened: ExceptionsOpened {}
    /// Somebody looks after an exception, or found something out.
    52 exception_noted: ExceptionNoted {}
    /// A day's last record was signed.
    53 head_signed: HeadSigned {}
    /// A reversal that came while something was pending took effect on what that gave back.
    54 undone: Undone { moves r => &r.transfers; }
    /// An issuer refused a refund advice of a payment that it had refused too: that much less was lost.
    55 loss_returned: LossReturned { moves r => &r.transfers; }
    /// An issuer is told what was undone, now that it has undone what came before.
    56 issuer_notified: IssuerNotified {}
    /// A later file has what an earlier one lacked: exceptions ended by themselves.
    57 exceptions_ended: ExceptionsEnded {}
    /// The bank corrected a line of its statement: what was booked for it is undone.
    60 line_undone: LineUndone { moves r => &r.transfers; }
    /// A line of the bank's statement moves nothing here: a person says so, or the bank itself corrected it.
    61 line_set_aside: LineSetAside {}
    /// A person said that the wall clock is right. Moves nothing; the record's own time is that clock's.
    71 clock_confirmed: ClockConfirmed {}
    /// Nothing has happened for an hour. Moves nothing.
    72 clock_kept: ClockKept {}
    /// A person said what becomes of an offline payment above its floor limit.
    73 advice_decided: AdviceDecided { moves r => &r.transfers; }
    /// An organisation was registered or renamed.
    80 organisation_set: OrganisationSet {}
    /// A person was invited, or invited again.
    81 person_invited: PersonInvited {}
    /// An invited person has chosen what to sign in with.
    82 person_joined: PersonJoined {}
    /// A person may sign in no more.
    83 person_ended: PersonEnded {}
    /// A program's key was rotated; its first key is an `approval_decided`, or comes from a key file of before.
    84 key_registered: KeyRegistered {}
    /// A program's key is worth nothing any more.
    85 key_revoked: KeyRevoked {}
    /// A grant was taken away.
    86 grant_ended: GrantEnded {}
    /// A request for an approval was sent back to its requester, to be changed and handed in again.
    92 approval_sent_back: ApprovalSentBack {}
    /// A requester withdrew a request.
    93 approval_withdrawn: ApprovalWithdrawn {}
    /// A request was not decided in its time.
    94 approval_lapsed: ApprovalLapsed {}
    /// All rows of a file that two people had approved were taken. Moves nothing.
    100 file_ended: FileEnded {}
    /// A payee's account was set, or ended. Moves nothing.
    101 payee_set: PayeeSet {}
    /// The accounts of a file that the configuration named were taken, once and for all. Moves nothing.
    102 payees_taken: PayeesTaken {}
    /// A payee was called about a change of its account that another person asked for. Moves nothing.
    103 payee_called: PayeeCalled {}
    /// A PPID took another's place: the person's card was replaced. Moves nothing.
    104 replaced: Replaced {}
    /// A resident chose what a portal is told of. Moves nothing.
    115 notices_chosen: NoticesChosen {}
    /// A key of the vault was destroyed: what it sealed is erased. Moves nothing.
    90 key_destroyed: KeyDestroyed {}
}
