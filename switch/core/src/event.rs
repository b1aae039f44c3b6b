//! Events and commands: the input of the core.

use super::limits::LimitsChange;
use kazasu_ledger::Seq;
use kazasu_ledger::record::{
    CardHash, CardStatus, DecisionProof, Destruction, FileEnded, Instrument, LinkOrigin, ListReason, Maker,
    MerchantTraits, NoticesChosen, OwnLimits, Payee, PayeeChange, PortalProof, RecordSigner, Replacement, Silence,
};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::{ApprovalCode, InstitutionId, Mcc, MerchantId, Ppid, Serial, TerminalId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::policy::Policy;
use kazasu_schemas::relief::SealedAccount;
use kazasu_schemas::wire::{Request, ResponseCode, Totals};
use std::sync::Arc;

/// Something that happened outside.
#[derive(Clone, Debug)]
pub enum Event {
    /// An acquirer's message, already authenticated and read.
    Request(Request),
    /// An acquirer's totals.
    Totals(Totals),
    /// An issuer answered the message that record `message` caused.
    IssuerAnswered {
        /// The record.
        message: Seq,
        /// DE39.
        code: ResponseCode,
        /// DE38.
        approval: Option<ApprovalCode>,
    },
    /// An issuer will not answer any more, as far as the link knows.
    IssuerSilent {
        /// The pending tap.
        tap: Seq,
        /// The reason.
        why: Silence,
    },
    /// An issuer acknowledged an advice.
    IssuerAcknowledged {
        /// The record that caused it.
        message: Seq,
        /// DE39.
        code: ResponseCode,
    },
    /// An operator's command.
    Command(Command),
    /// Time has passed: is the business day over?
    Tick {
        /// The days for which settled taps stay in memory.
        keep_days: u16,
    },
    /// Time has passed, but it is not sure how much: no day turns and nothing lapses.
    TickInDoubt,
}

/// Commands of operators and imports.
#[derive(Clone, Debug)]
pub enum Command {
    /// Begin a book. Only in an empty journal.
    Open {
        /// Its name.
        book: String,
    },
    /// Register an acquirer.
    RegisterAcquirer {
        /// DE32.
        acquirer: InstitutionId,
        /// Its name.
        name: String,
    },
    /// Register an issuer.
    RegisterIssuer {
        /// Its number.
        issuer: u16,
        /// Its name.
        name: String,
    },
    /// Register or change a merchant.
    RegisterMerchant {
        /// Its acquirer.
        acquirer: InstitutionId,
        /// DE42.
        merchant: MerchantId,
        /// Its name.
        name: String,
        /// Its category.
        mcc: Mcc,
        /// All its terminals.
        terminals: Vec<TerminalId>,
        /// Takes no payments any more.
        closed: bool,
        /// Class, tags and region.
        traits: MerchantTraits,
    },
    /// Register a merchant, or change what is said of it and nothing else.
    ChangeMerchant {
        /// Its acquirer.
        acquirer: InstitutionId,
        /// DE42.
        merchant: MerchantId,
        /// The change.
        change: Box<super::MerchantChange>,
        /// The person or program that causes it.
        maker: Option<Maker>,
    },
    /// Open a deposit in this ledger. Nothing happens when it is open already.
    OpenDeposit {
        /// Branch and account number.
        number: u64,
        /// The person or program that causes it.
        maker: Option<Maker>,
    },
    /// Put money into a deposit.
    Fund {
        /// The deposit.
        number: u64,
        /// The amount, in yen.
        amount: Yen,
        /// Its stated origin.
        reference: String,
        /// The person or program that causes it.
        maker: Option<Maker>,
    },
    /// Put money into a deposit that never had any; nothing happens otherwise. An import can be run again.
    OpeningBalance {
        /// The deposit.
        number: u64,
        /// The amount, in yen.
        amount: Yen,
        /// Its stated origin.
        reference: String,
        /// The person or program that causes it.
        maker: Option<Maker>,
    },
    /// Link a PPID to an instrument from a moment on.
    Link {
        /// The person.
        ppid: Ppid,
        /// Not before the version in force.
        from: Option<Millis>,
        /// The instrument; [`Link::Deposit`] names a deposit by its number.
        to: Link,
        /// The person or program that makes it.
        origin: LinkOrigin,
        /// The caller's name.
        by: String,
    },
    /// Link a PPID as its holder wants it, at a portal or a counter. An instrument that another person has linked waits for staff.
    AskLink {
        /// The person.
        ppid: Ppid,
        /// Not before the version in force.
        from: Option<Millis>,
        /// The instrument.
        to: Link,
        /// The person or program that makes it.
        origin: LinkOrigin,
        /// The requester and the channel; no reason is asked for.
        said: Attribution,
        /// Requests of one portal that wait for staff at one time.
        most_open: usize,
    },
    /// End a PPID's link.
    Unlink {
        /// The person.
        ppid: Ppid,
        /// From when on; now when absent.
        from: Option<Millis>,
        /// The caller's name.
        by: String,
    },
    /// Put a policy into force.
    ActivatePolicy {
        /// Read and checked.
        policy: Box<Policy>,
        /// The file, for people.
        source: String,
        /// The person or program, the reason and the channel.
        said: Attribution,
        /// Only when no policy has been activated yet; nothing happens otherwise.
        first: bool,
    },
    /// Issue a temporary ID.
    IssueTemporary {
        /// The ID, of the form of a PPID.
        ppid: Ppid,
        /// Its last day.
        until: Option<BusinessDay>,
        /// The person or program.
        by: String,
    },
    /// Merge a temporary ID into a PPID.
    Merge {
        /// The temporary ID.
        from: Ppid,
        /// The person's PPID.
        into: Ppid,
        /// The person or program.
        by: String,
    },
    /// A PPID takes the place of another: the person's card was replaced.
    Replace {
        /// The two, and the link that goes over.
        replacement: Box<Replacement>,
        /// The person, the reason and the channel.
        said: Attribution,
    },
    /// Suspend a card, revoke it, or let it be used again.
    SetCard {
        /// The person.
        ppid: Ppid,
        /// From here on.
        status: CardStatus,
        /// The person or program, the reason and the channel.
        said: Attribution,
    },
    /// A certificate belongs to a person's card: its issuer and its serial number.
    BindCertificate {
        /// The person; known from here on.
        ppid: Ppid,
        /// The certificate.
        serial: Serial,
        /// Its issuer, in the form in which equal names are equal; `None` when it is not given.
        issuer: Option<String>,
        /// Its last day.
        last_day: BusinessDay,
        /// The person or program.
        by: String,
    },
    /// Take a card status list over; its signature has been checked.
    ApplyList {
        /// The authority's number.
        number: u64,
        /// The time at which it was issued.
        issued: Millis,
        /// All that is on it.
        entries: Vec<(Serial, ListReason)>,
        /// Its subject: its authority, and which of the authority's lists.
        scope: String,
        /// Its authority, in the form in which equal names are equal.
        issuer: Option<String>,
        /// The person or program.
        by: String,
    },
    /// Set a resident's own limits, all of them.
    SetOwnLimits {
        /// The person.
        ppid: Ppid,
        /// All of them.
        limits: OwnLimits,
        /// The person or program.
        by: String,
    },
    /// Choose what a portal is told of about a resident, all of it.
    ChooseNotices(Box<NoticesChosen>),
    /// Change some of a resident's own limits. The others stay.
    ChangeOwnLimits {
        /// The person.
        ppid: Ppid,
        /// What.
        change: LimitsChange,
        /// The person or program.
        by: String,
    },
    /// Pay into a purse programme's fund.
    FundProgramme {
        /// The programme.
        programme: u16,
        /// Yen.
        amount: Yen,
        /// The payment's own: it is booked once.
        reference: String,
        /// The person or program.
        by: String,
    },
    /// Credit purse money to a resident.
    CreditPurse {
        /// The person.
        ppid: Ppid,
        /// The programme.
        programme: u16,
        /// Yen.
        amount: Yen,
        /// The payment's own: it is booked once for the person and programme.
        reference: String,
        /// The person or program.
        by: String,
    },
    /// Put a link into the queue of broken ones.
    BreakLink {
        /// The person.
        ppid: Ppid,
        /// The person or program, the event, and the channel.
        said: Attribution,
    },
    /// Propose a new instrument for a broken link.
    ProposeRetarget {
        /// The person.
        ppid: Ppid,
        /// The instrument.
        to: Link,
        /// The person or program, and the channel; no reason is asked for.
        said: Attribution,
    },
    /// Approve the request, or deny it.
    DecideRetarget {
        /// The person.
        ppid: Ppid,
        /// Approve.
        approve: bool,
        /// Who, but not who proposed; why and through what.
        said: Attribution,
    },
    /// Keep a card number sealed under a newer key.
    Reseal {
        /// The person.
        ppid: Ppid,
        /// The link's version.
        version: u32,
        /// Key version, nonce, ciphertext and tag.
        pan: Box<[u8]>,
        /// The number's hash under a newer lookup key.
        alias: Option<CardHash>,
    },
    /// A portal's command for a resident, with its signed statement: the record keeps both.
    Proven {
        /// The statement that the portal signed; its signature was checked.
        proof: Box<PortalProof>,
        /// The operation: a link, its end, a card's status, limits.
        command: Box<Command>,
    },
    /// A person's decision about a request, with its signature: the record keeps both.
    Signed {
        /// The signature, which was checked, with the certified key.
        proof: Box<DecisionProof>,
        /// The decision.
        command: Box<Command>,
    },
    /// What a person asks for, with the key of the person's session: it signs the record, which the core makes.
    Asked {
        /// The key, which was checked.
        signer: Arc<dyn RecordSigner>,
        /// The person's command.
        command: Box<Command>,
    },
    /// A key of the vault is destroyed, as an approved request says.
    DestroyKey {
        /// The key.
        key: Box<Destruction>,
        /// The person or program, the reason and the channel.
        said: Attribution,
    },
    /// A notice reached its receiver, or is given up.
    SettleNotice {
        /// The notice.
        notice: u64,
        /// It was acknowledged.
        delivered: bool,
        /// The number of attempts.
        attempts: u32,
        /// The last error.
        problem: Option<String>,
    },
    /// Try a notice again that was given up.
    RetryNotice {
        /// The notice.
        notice: u64,
    },
    /// A row of a file that two people have approved: the record keeps the approval.
    OfFile {
        /// The approval.
        approval: Seq,
        /// What the row says: about a merchant, an account of this ledger, or a link.
        command: Box<Command>,
    },
    /// All rows of an approved file were taken.
    EndFile {
        /// What became of them.
        ended: Box<FileEnded>,
    },
    /// Set or end a payee's account.
    SetPayee {
        /// The payee and its account.
        change: Box<PayeeChange>,
        /// The person or program that causes it.
        maker: Option<Maker>,
    },
    /// Keep a payee's account sealed under a newer key.
    ResealPayee {
        /// The payee.
        payee: Payee,
        /// The same account.
        account: Box<SealedAccount>,
        /// The person or program that causes it.
        maker: Option<Maker>,
    },
    /// All accounts of a file that the configuration names were taken.
    TakePayees {
        /// SHA-256 of the file.
        digest: [u8; 32],
        /// Its accounts.
        accounts: u64,
    },
    /// A request for an approval, or its decision.
    Approvals(super::Approvals),
    /// Something about people's rights.
    Rights(Box<super::Rights>),
    /// Something about relief.
    Relief(super::Relief),
    /// Something about closing a day.
    Closing(super::Closing),
    /// A line of the bank's statement is booked.
    Line(Box<super::StatementLine>),
    /// End the business day by hand: not one that the calendar has not begun.
    CutOver {
        /// The days for which settled taps stay in memory.
        keep_days: u16,
        /// The person or program, the reason and the channel.
        said: Attribution,
    },
    /// An offline payment above its floor limit is accepted, or refused.
    DecideAdvice {
        /// Its record.
        record: Seq,
        /// Accept it.
        accept: bool,
        /// The person or program, the reason and the channel.
        said: Attribution,
    },
    /// The wall clock is right, says a person.
    ConfirmClock {
        /// The day that the person says it is.
        day: BusinessDay,
        /// The time that decided, and what the wall clock says; absent when there is no doubt about it.
        clock: Option<(Millis, Millis)>,
        /// The person or program, the reason and the channel.
        said: Attribution,
    },
}

/// An instrument as a command names it.
#[derive(Clone, Debug)]
pub enum Link {
    /// A card or a bank account.
    Instrument(Instrument),
    /// A deposit in this ledger, by its number.
    Deposit(u64),
}
