//! Who may ask what: one table, with a row for each operation. Services ask it before they carry anything out, and nothing else
//! decides it. An operation without a row does not compile.

use crate::Services;
use crate::closing::FinanceFile;
use crate::error::{Result, ServiceError};
use crate::relief::CityFile;
use crate::who::{CallerKind, Who};
use kazasu_core::Refusal;
use kazasu_schemas::canonical::same;
use kazasu_schemas::relief::{Role, Step};

/// Which service an operation belongs to; each has an address of its own for programs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Service {
    /// Residents, merchants, policy, and the work of operators.
    Operations,
    /// Closing days: finance staff.
    Closing,
    /// Relief: cities.
    Relief,
}

impl Service {
    /// As programs write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Service::Operations => "operations",
            Service::Closing => "closing",
            Service::Relief => "relief",
        }
    }
}

/// Does it change anything?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It may make records.
    Command,
    /// It only looks.
    Question,
}

/// How many people a command takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum People {
    /// One.
    One,
    /// This one asks or decides, and another one does the other.
    Two,
}

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Audience {
    /// Portals for their residents, and staff.
    Residents,
    /// Persons and programs by name, and the operator's token; no portal.
    Staff,
    /// Persons by name.
    Persons,
    /// Staff and approvers of `[finance]`, and the operator's token.
    Finance,
    /// Staff and approvers of `[finance]`, by name.
    FinancePersons,
    /// Approvers of `[finance]`, by name.
    FinanceApprovers,
    /// A city's people with this role.
    City(Role),
    /// A city's people with the role that the batch's next step needs.
    CityStep,
    /// A city's people, and the operator's token.
    CityPeople,
    /// A treasurer of any city.
    Treasurers,
}

/// An operation's row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The service.
    pub service: Service,
    /// The word that names the operation within its service.
    pub word: &'static str,
    /// Command or question.
    pub kind: Kind,
    /// Who may ask.
    pub audience: Audience,
    /// How many people it takes.
    pub people: People,
}

macro_rules! operations {
    ($($service:ident { $($name:ident $word:literal $kind:ident $people:ident $audience:expr;)* })*) => {
        /// An operation's name.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs, reason = "the request of the same name says what it is")]
        pub enum Name { $($($name,)*)* }

        impl Name {
            /// Every operation.
            pub const ALL: &[Name] = &[$($(Name::$name,)*)*];

            /// Its row.
            #[must_use]
            pub fn row(self) -> Row {
                use Audience::*;
                match self {
                    $($(Name::$name => Row { service: Service::$service, word: $word, kind: Kind::$kind,
                        audience: $audience, people: People::$people },)*)*
                }
            }
        }
    };
}

operations! {
    Operations {
        SetLink "link" Command One Residents;
        RemoveLink "unlink" Command One Residents;
        BreakLink "break_link" Command One Staff;
        ProposeRetarget "propose_retarget" Command Two Persons;
        DecideRetarget "decide_retarget" Command Two Persons;
        RotateSeals "rotate_seals" Command One Staff;
        SetCard "set_card" Command One Residents;
        BindCertificate "bind_certificate" Command One Staff;
        ApplyStatusList "apply_list" Command One Staff;
        IssueTemporary "issue_temporary" Command One Staff;
        MergePeople "merge" Command One Staff;
        SetLimits "set_limits" Command One Residents;
        SetSpendable "set_spendable" Command One Residents;
        FundProgramme "fund_programme" Command One Staff;
        CreditPurse "credit_purse" Command One Staff;
        ActivatePolicy "activate_policy" Command One Staff;
        RetryNotice "retry_notice" Command One Staff;
        DecideAdvice "decide_advice" Command One Persons;
        ConfirmClock "confirm_clock" Command One Staff;
        HandOver "hand_over" Command One Staff;
        ImportLinks "import_links" Command One Staff;
        ImportMerchants "import_merchants" Command One Staff;
        ShowResident "resident" Question One Residents;
        ResidentStatement "resident_statement" Question One Residents;
        ListBrokenLinks "broken_links" Question One Staff;
        ListSharedAccounts "shared_accounts" Question One Staff;
        ListMerchants "merchants" Question One Staff;
        ShowMerchant "merchant" Question One Staff;
        ListNotices "notices" Question One Staff;
        ListAdvices "advices" Question One Staff;
        ShowPolicy "policy" Question One Staff;
    }
    Closing {
        ProposeContracts "contracts" Command Two FinancePersons;
        DecideClosing "decide" Command Two FinanceApprovers;
        CutOver "cut_over" Command One Finance;
        MarkReconciled "reconciled" Command One Finance;
        SettleDay "settle" Command One Finance;
        SignDay "sign" Command One Finance;
        ProposePayout "payout" Command Two FinancePersons;
        ProposeCancelPayout "cancel_payout" Command Two FinancePersons;
        NoteException "note" Command One Finance;
        OpenDispute "dispute" Command One Finance;
        ProposeResolution "resolve" Command Two FinancePersons;
        BookReceived "received" Command One Finance;
        ProposeUndo "undo" Command Two FinancePersons;
        MakePayoutFiles "payout_files" Command One Finance;
        CompareFile "compare" Command One Finance;
        ReadPayoutStatement "payout_statement" Command One Finance;
        ListDays "days" Question One Finance;
        ListSettlements "settlements" Question One Finance;
        ListPayouts "payouts" Question One Finance;
        ListRuns "runs" Question One Finance;
        ListTotals "totals" Question One Finance;
        ListExceptions "exceptions" Question One Finance;
        ShowContracts "contracts_in_force" Question One Finance;
        Explain "explain" Question One Finance;
        MakeReport "report" Question One Finance;
        MakeLetter "letter" Question One Finance;
        MakeClearingFile "clearing_file" Question One Finance;
    }
    Relief {
        ProposeProgramme "programme" Command Two City(Role::Officer);
        ProposeClaim "claim" Command Two City(Role::Officer);
        ProposeReturn "return_funds" Command Two City(Role::Officer);
        DecideRelief "decide" Command Two City(Role::Approver);
        FundRelief "fund" Command One City(Role::Treasurer);
        ChangeRow "row" Command One City(Role::Officer);
        TakeStep "step" Command Two CityStep;
        BookRepaid "repaid" Command One City(Role::Treasurer);
        BookReturned "returned" Command One City(Role::Treasurer);
        BookSent "sent" Command One City(Role::Treasurer);
        ProposeReliefUndo "undo" Command Two City(Role::Treasurer);
        ImportApplications "applications" Command One City(Role::Officer);
        MakeTransferFiles "transfer_files" Command One City(Role::Treasurer);
        ReadReliefStatement "relief_statement" Command One Treasurers;
        ListProgrammes "programmes" Question One Staff;
        ShowProgramme "show_programme" Question One Staff;
        ListProposals "proposals" Question One Staff;
        ShowProgress "progress" Question One Staff;
        ShowBatch "batch" Question One CityPeople;
        ListRows "rows" Question One CityPeople;
        ReliefReport "report" Question One CityPeople;
    }
}

/// What a request is about, as far as who may ask it depends on that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// Nothing that decides it.
    Nothing,
    /// A card, which is to have this status.
    CardStatus(String),
    /// A city.
    City(String),
    /// A relief programme, and so its city.
    Programme(u16),
    /// A batch, and so its city.
    Batch(u32),
    /// A step of a batch: it says which role is needed.
    Step(u32, Step),
    /// A request for an approval, and so its city, where it has one.
    Approval(u64),
    /// A line of the bank's statement that was booked for a city.
    Line(String),
}

/// The same, looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everywhere.
    Everywhere,
    /// A card, which is to have this status.
    CardStatus(String),
    /// A city, by its code.
    City(String),
    /// A city, and the role that the step needs.
    CityRole(String, Role),
}

/// Who is what, from the configuration.
#[derive(Clone, Copy)]
pub struct Roles<'a> {
    /// Cities, and who may do what for them.
    pub cities: &'a [CityFile],
    /// Who closes days.
    pub finance: &'a FinanceFile,
}

/// The table's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// The caller may.
    Yes,
    /// The caller may do this half; another person does the other.
    TwoPeople,
    /// The caller may not, and why.
    No(String),
}

/// May this caller ask this operation, in this scope?
#[must_use]
pub fn may(name: Name, who: &Who, scope: &Scope, roles: Roles<'_>) -> Access {
    let row = name.row();
    match denied(row.audience, who, scope, roles) {
        Some(why) => Access::No(why),
        None if row.people == People::Two => Access::TwoPeople,
        None => Access::Yes,
    }
}

/// Why a caller may not.
fn denied(audience: Audience, who: &Who, scope: &Scope, roles: Roles<'_>) -> Option<String> {
    let name = &who.name;
    match (audience, who.kind) {
        (Audience::Residents, CallerKind::Portal) => portal_may(scope),
        (Audience::Residents, CallerKind::Operator | CallerKind::Person) => None,
        (_, CallerKind::Portal) => Some(format!("{name} is a portal: it acts for residents only")),
        (Audience::Staff, CallerKind::Operator | CallerKind::Person) => None,
        (Audience::Persons, CallerKind::Person) => None,
        (Audience::Persons, CallerKind::Operator) => {
            Some(format!("this needs a person by name, of [http.people] in the key file; {name} names no person"))
        }
        (Audience::Finance, CallerKind::Operator) => None,
        (Audience::FinancePersons | Audience::FinanceApprovers, CallerKind::Operator) => {
            Some(format!("two people by name do this, of [finance] in the configuration; {name} names no person"))
        }
        (Audience::Finance | Audience::FinancePersons, CallerKind::Person) => finance(name, roles.finance),
        (Audience::FinanceApprovers, CallerKind::Person) => {
            let is_one = roles.finance.approvers.iter().any(|approver| same(approver, name));
            let no = || format!("{name} is no approver of [finance] in the configuration");
            finance(name, roles.finance).or_else(|| (!is_one).then(no))
        }
        (Audience::CityPeople, CallerKind::Operator) => None,
        (Audience::City(_) | Audience::CityStep | Audience::CityPeople | Audience::Treasurers, _) => {
            in_city(audience, name, scope, roles.cities)
        }
    }
}

/// A portal may suspend a card, and not let it be used again.
fn portal_may(scope: &Scope) -> Option<String> {
    match scope {
        Scope::CardStatus(status) if status != "suspended" => {
            Some("a portal may only suspend a card (status suspended)".to_owned())
        }
        Scope::CardStatus(_) | Scope::Everywhere | Scope::City(_) | Scope::CityRole(..) => None,
    }
}

fn finance(name: &str, file: &FinanceFile) -> Option<String> {
    let no = || format!("{name} is neither staff nor approver of [finance] in the configuration");
    (!file.names(name)).then(no)
}

fn in_city(audience: Audience, name: &str, scope: &Scope, cities: &[CityFile]) -> Option<String> {
    if audience == Audience::Treasurers {
        let is_one = cities.iter().any(|city| city.role(name) == Some(Role::Treasurer));
        return (!is_one).then(|| format!("{name} is treasurer of no city; a treasurer reads a statement"));
    }
    let (code, role) = match (scope, audience) {
        (Scope::CityRole(code, role), _) => (code, Some(*role)),
        (Scope::City(code), Audience::City(role)) => (code, Some(role)),
        (Scope::City(code), _) => (code, None),
        // There is no such programme or batch: the answer says so.
        (Scope::Everywhere | Scope::CardStatus(_), _) if audience == Audience::CityPeople => return None,
        (Scope::Everywhere | Scope::CardStatus(_), _) => return Some("this is of no city".to_owned()),
    };
    let Some(city) = cities.iter().find(|city| city.code == *code) else {
        return Some(format!("city: {code} is no [[city]] of the configuration, so no person may act for it"));
    };
    let is = city.role(name);
    match (role, is) {
        (None, Some(_)) => None,
        (None, None) => Some(format!("{name} has no role in city {code}")),
        (Some(role), is) if is == Some(role) => None,
        (Some(role), is) => {
            let is = is.map_or("nothing", Role::name);
            let people = city.people(role).join(", ");
            Some(format!("{name} is {is} of {} ({code}); this requires its {}: {people}", city.name, role.name()))
        }
    }
}

impl Services {
    /// Refuses a caller who may not.
    pub async fn admit(&self, name: Name, about: About, who: &Who) -> Result<()> {
        // What a caller may not ask anywhere is refused before it is looked up, so that the answer tells nothing.
        if who.kind == CallerKind::Portal && name.row().audience != Audience::Residents {
            return self.access(name, &Scope::Everywhere, who);
        }
        let scope = self.scope(name, about).await?;
        self.access(name, &scope, who)
    }

    fn access(&self, name: Name, scope: &Scope, who: &Who) -> Result<()> {
        let roles = Roles { cities: &self.cities, finance: &self.finance };
        match may(name, who, scope, roles) {
            Access::Yes | Access::TwoPeople => Ok(()),
            Access::No(why) => Err(ServiceError::Forbidden(why)),
        }
    }

    /// The city of what a request is about.
    async fn scope(&self, name: Name, about: About) -> Result<Scope> {
        let question = name.row().kind == Kind::Question;
        let city = match about {
            About::Nothing => return Ok(Scope::Everywhere),
            About::CardStatus(status) => return Ok(Scope::CardStatus(status)),
            About::City(code) => return Ok(Scope::City(code)),
            About::Step(batch, step) => {
                let city = self.query(move |state| state.relief_city(batch)).await?;
                let city = city.ok_or_else(|| ServiceError::from(Refusal::UnknownBatch(batch)))?;
                return Ok(Scope::CityRole(city, step.role()));
            }
            About::Approval(number) => {
                let open = self.open_approval(number).await?;
                return Ok(if open.city.is_empty() { Scope::Everywhere } else { Scope::City(open.city) });
            }
            About::Line(line) => {
                let asked = line.clone();
                let city = self.query(move |state| state.line_city(&asked)).await?;
                return city.map(Scope::City).ok_or_else(|| crate::relief::not_booked(&line));
            }
            About::Programme(number) => {
                let city = self.query(move |state| state.relief_programme_city(number)).await?;
                city.ok_or_else(|| ServiceError::from(Refusal::UnknownProgramme(number)))
            }
            About::Batch(number) => {
                let city = self.query(move |state| state.relief_city(number)).await?;
                city.ok_or_else(|| ServiceError::from(Refusal::UnknownBatch(number)))
            }
        };
        match city {
            Ok(code) => Ok(Scope::City(code)),
            // A question about what is not there is answered so.
            Err(_) if question => Ok(Scope::Everywhere),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
