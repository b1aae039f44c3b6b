//! Relief and benefit programmes as data: what a city decided to give, to whom, how, and until when.
//!
//! `docs/operations/relief.md` explains every key. Programmes and rows are kept in the journal, so their fields are numbered and
//! only ever added to. Amounts are whole yen.

use crate::ids::Ppid;
use crate::jst::{BusinessDay, Millis};
use crate::money::Yen;
use crate::policy::{Place, PurseProgramme};
use minicbor::{Decode, Encode};

/// The route by which the money reaches people.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Method {
    /// A purse: it can be spent the moment it is credited, where the programme says, until it is over.
    #[n(0)]
    Purse,
    /// A transfer to the public-receipt account that was registered when it was applied for.
    #[n(1)]
    Transfer,
}

impl Method {
    /// As files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Purse => "purse",
            Method::Transfer => "transfer",
        }
    }
}

/// The rule for several applications of one household for one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum DuplicateRule {
    /// Several damages: only the largest amount is given.
    #[n(0)]
    Largest,
    /// The first one counts; others are duplicates.
    #[n(1)]
    First,
}

impl DuplicateRule {
    /// As files write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DuplicateRule::Largest => "largest",
            DuplicateRule::First => "first",
        }
    }
}

/// The account that a programme's transfers are ordered from, as the bank's transfer file names it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Funding {
    /// The client code that the bank gave; 10 digits.
    #[n(0)]
    pub client_code: String,
    /// The client's name in kana.
    #[n(1)]
    pub client_name: String,
    /// Bank code; 4 digits.
    #[n(2)]
    pub bank: String,
    /// Its name in kana.
    #[n(3)]
    pub bank_name: String,
    /// Branch code; 3 digits.
    #[n(4)]
    pub branch: String,
    /// Its name in kana.
    #[n(5)]
    pub branch_name: String,
    /// 1 ordinary, 2 current, 4 savings, 9 other.
    #[n(6)]
    pub kind: u8,
    /// Account number; 7 digits.
    #[n(7)]
    pub account: String,
    /// Transfers that the bank takes in one file.
    #[n(8)]
    pub most: u32,
}

/// A city's decision: a version of a programme.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Terms {
    /// 1 to 65535, for ever; shared with purse programmes of the policy.
    #[n(0)]
    pub number: u16,
    /// For people.
    #[n(1)]
    pub name: String,
    /// The city's code: 5 digits.
    #[n(2)]
    pub city: String,
    /// The law, ordinance or decision that the money is given under.
    #[n(3)]
    pub legal_basis: String,
    /// All that may be committed, yen.
    #[n(4)]
    pub budget: Yen,
    /// The most that one payee gets, yen.
    #[n(5)]
    pub ceiling: Yen,
    /// Several applications of one household for one event.
    #[n(6)]
    pub duplicates: DuplicateRule,
    /// The places where purse money may be spent.
    #[n(7)]
    pub place: Place,
    /// First day of spending.
    #[n(8)]
    pub from: Option<BusinessDay>,
    /// Last day of spending; what is left goes back to the city.
    #[n(9)]
    pub until: BusinessDay,
    /// The moment of the last day at which it is over, when that is before midnight.
    #[n(10)]
    pub closes: Option<Millis>,
    /// The disbursement method.
    #[n(11)]
    pub method: Method,
    /// From which account transfers are ordered.
    #[n(12)]
    pub funding: Option<Funding>,
    /// Events that it is about; any when empty.
    #[n(13)]
    pub events: Vec<String>,
    /// The line of the city's budget that pays (款項目節), as its accounts write it.
    #[n(14)]
    pub budget_line: Option<String>,
}

impl Terms {
    /// The purchases that the purse allows, as rules of a tap.
    #[must_use]
    pub fn purse(&self) -> PurseProgramme {
        PurseProgramme {
            number: self.number,
            name: self.name.clone(),
            funder: self.city.clone(),
            from: self.from,
            until: Some(self.until),
            place: self.place.clone(),
            closes: self.closes,
        }
    }

    /// Is the programme over at this moment?
    #[must_use]
    pub fn is_over(&self, now: Millis) -> bool {
        now.jst_day() > self.until || self.closes.is_some_and(|closes| now >= closes)
    }
}

/// The issues of a row: faults, and facts that a person must look at. Bits.
pub mod issue {
    /// No ID: the person has no card. A temporary ID can be assigned.
    pub const NO_ID: u16 = 1;
    /// The ID is not known to this switch.
    pub const UNKNOWN_ID: u16 = 2;
    /// The card is suspended, revoked or over.
    pub const CARD_NOT_GOOD: u16 = 4;
    /// No account to transfer to.
    pub const NO_ACCOUNT: u16 = 8;
    /// More than one payee may get.
    pub const ABOVE_CEILING: u16 = 16;
    /// The household has an application for the event already.
    pub const DUPLICATE: u16 = 32;
    /// The household has a larger damage in the same event.
    pub const SMALLER: u16 = 64;
    /// Others get money of this programme into the same account.
    pub const SHARED_ACCOUNT: u16 = 128;
    /// The person's linked account is in the queue of broken links.
    pub const LINK_BROKEN: u16 = 256;
    /// More for an application that was granted before: a person must say that it is meant.
    pub const SUPPLEMENT: u16 = 512;

    /// Rows with one of these are never paid; no person can accept them.
    pub const NEVER: u16 = ABOVE_CEILING | DUPLICATE | SMALLER;
    /// Rows with one of these wait for a person's word.
    pub const MANUAL: u16 = NO_ID | UNKNOWN_ID | CARD_NOT_GOOD | NO_ACCOUNT | SHARED_ACCOUNT | LINK_BROKEN | SUPPLEMENT;

    /// Their names, in the order of the bits: stable, for files and programs.
    pub const NAMES: [&str; 10] = [
        "no_id",
        "unknown_id",
        "card_not_good",
        "no_account",
        "above_ceiling",
        "duplicate",
        "smaller_damage",
        "shared_account",
        "link_broken",
        "supplement",
    ];
}

/// A step of a batch. Each is a record with who, when and why.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Step {
    /// Everything has been read in: the applications (申請).
    #[n(0)]
    Applied,
    /// Looked at one by one (審査).
    #[n(1)]
    Assessed,
    /// Granted (支給決定).
    #[n(2)]
    Decided,
    /// Taken out of the budget (支出負担行為).
    #[n(3)]
    Committed,
    /// Ordered to be paid (支出命令).
    #[n(4)]
    Ordered,
    /// Checked and released by the treasurer (会計管理者).
    #[n(5)]
    Released,
    /// All that can be paid has been paid and nothing is under way; reported to its funder (実績報告).
    #[n(6)]
    Reported,
    /// Given up before it was released; what was committed is free again.
    #[n(7)]
    Cancelled,
}

/// The role of a person who takes a step. One person has one of them, in a city and in a batch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Prepares: programmes, imports, assessment, corrections.
    Officer,
    /// Approves: decision, commitment, order, what officers propose.
    Approver,
    /// Releases, and keeps accounts with the bank.
    Treasurer,
}

impl Role {
    /// As configuration writes it, in the plural there.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Officer => "officer",
            Role::Approver => "approver",
            Role::Treasurer => "treasurer",
        }
    }
}

impl Step {
    /// In their order; `Cancelled` stands aside.
    pub const ALL: [Step; 8] = [
        Step::Applied,
        Step::Assessed,
        Step::Decided,
        Step::Committed,
        Step::Ordered,
        Step::Released,
        Step::Reported,
        Step::Cancelled,
    ];

    /// As files and programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Step::Applied => "applied",
            Step::Assessed => "assessed",
            Step::Decided => "decided",
            Step::Committed => "committed",
            Step::Ordered => "ordered",
            Step::Released => "released",
            Step::Reported => "reported",
            Step::Cancelled => "cancelled",
        }
    }

    /// The step that a name stands for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Step> {
        Step::ALL.into_iter().find(|step| step.name() == text)
    }

    /// The role that takes it.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Step::Applied | Step::Assessed | Step::Reported => Role::Officer,
            Step::Decided | Step::Committed | Step::Ordered | Step::Cancelled => Role::Approver,
            Step::Released => Role::Treasurer,
        }
    }

    /// The step that must have been taken before it.
    #[must_use]
    pub fn before(self) -> Option<Step> {
        match self {
            Step::Applied | Step::Cancelled => None,
            Step::Assessed => Some(Step::Applied),
            Step::Decided => Some(Step::Assessed),
            Step::Committed => Some(Step::Decided),
            Step::Ordered => Some(Step::Committed),
            Step::Released => Some(Step::Ordered),
            Step::Reported => Some(Step::Released),
        }
    }
}

/// An account to transfer to, sealed: it opens only for the transfer file.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct SealedAccount {
    /// Key version, nonce, ciphertext and tag of a [`PayeeAccount`].
    #[cbor(n(0), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
    /// Bank, branch, kind and number under a keyed hash: tells whether two are the same without opening them.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub token: [u8; 16],
    /// The payee's name under the same key, as the bank writes it: finds the row that a returned transfer belongs to.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub name: [u8; 16],
}

/// An account as it was registered when the money was applied for.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct PayeeAccount {
    /// Bank code; 4 digits.
    #[n(0)]
    pub bank: String,
    /// Branch code; 3 digits.
    #[n(1)]
    pub branch: String,
    /// 1 ordinary, 2 current, 4 savings, 9 other.
    #[n(2)]
    pub kind: u8,
    /// Account number; 7 digits.
    #[n(3)]
    pub account: String,
    /// The holder's name in kana, as the bank has it.
    #[n(4)]
    pub name: String,
    /// The bank's name in kana; may be empty.
    #[n(5)]
    pub bank_name: String,
    /// The branch's name in kana; may be empty.
    #[n(6)]
    pub branch_name: String,
}

impl std::fmt::Debug for PayeeAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PayeeAccount({}-{}-***)", self.bank, self.branch)
    }
}

/// One application.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Application {
    /// Line in the file, the header being 1.
    #[n(0)]
    pub line: u32,
    /// The person; absent where the person has no card.
    #[n(1)]
    pub ppid: Option<Ppid>,
    /// Household and event under a keyed hash.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub dedup: [u8; 16],
    /// Yen.
    #[n(3)]
    pub amount: Yen,
    /// The damage, in words; may be empty.
    #[n(4)]
    pub damage: String,
    /// The account registered at the time of application.
    #[n(5)]
    pub account: Option<SealedAccount>,
    /// More for an application that was granted before: it is no duplicate.
    #[n(6)]
    pub supplement: bool,
    /// See [`issue`].
    #[n(7)]
    pub issues: u16,
}

/// A person's change of a row before the decision.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum RowChange {
    /// It is not granted.
    #[n(0)]
    Exclude,
    /// Accepts a row that waited for a person, as it is.
    #[n(1)]
    Accept,
    /// The money goes to this person: a PPID, or a temporary ID.
    #[n(2)]
    Assign(#[n(0)] Ppid),
    /// The application was for another amount.
    #[n(3)]
    Amount(#[n(0)] Yen),
    /// It is granted after all.
    #[n(4)]
    Include,
}

/// A transfer file's form.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum Format {
    /// Zengin bulk transfer (総合振込).
    #[n(0)]
    Zengin,
    /// ISO 20022 pain.001.
    #[n(1)]
    Pain001,
}

impl Format {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Zengin => "zengin",
            Format::Pain001 => "pain001",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_follows_one_and_only_one_role_takes_it() {
        let mut at = Step::Applied;
        let mut seen = vec![at];
        while let Some(next) = Step::ALL.into_iter().find(|step| step.before() == Some(at)) {
            assert!(next > at);
            at = next;
            seen.push(next);
        }
        assert_eq!(seen.len(), 7, "{seen:?}");
        assert!(Step::ALL.into_iter().all(|step| Step::parse(step.name()) == Some(step)));
        assert_eq!(Step::parse("paid"), None);
        assert_eq!(issue::NEVER & issue::MANUAL, 0);
        assert_eq!(issue::NEVER | issue::MANUAL, (1 << issue::NAMES.len()) - 1);
    }
}
