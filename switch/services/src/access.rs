//! The table of rights, with a row for each operation. Services ask it before they carry an operation out, and no other code
//! decides about rights. An operation without a row does not compile.

mod admit;
mod kinds;
mod requested;
mod row;
mod service;

pub(crate) use requested::{OF_SHOP, merchants_deciders};
pub use requested::{Requested, sees};
pub use row::{Audience, Kind, People, Reason, Row};
pub use service::Service;

use crate::error::{Result, ServiceError, absent};
use crate::who::{CallerKind, Who};
use kazasu_core::Refusal;
use kazasu_ledger::record::Destruction;
use kazasu_schemas::canonical::same;
use kazasu_schemas::identity::Role;
use kazasu_schemas::relief::Step;
use kazasu_sign_in::Fresh;
use kazasu_text::access::{AccessText, AnyRole, RolesHeld};
use kazasu_text::problems::ProblemText;
use kazasu_text::{Quoted, Said};
use kinds::{factor_of, of_city, roles_of};

pub use kinds::Factor;
pub(crate) use kinds::{roles_of_any, roles_of_kind};

/// The answer to a caller who has not signed in.
#[must_use]
pub fn sign_in_needed() -> ServiceError {
    ServiceError::SignInNeeded(Said::of(&AccessText::SignIn))
}

// Roles that several rows name. An auditor is in every question's row by the macro, and in no command's.
const PORTAL_ONLY: Audience = Audience::Roles(&[Role::Portal]);
const PORTALS: Audience = Audience::Roles(&[Role::Portal, Role::Operator]);
const RESIDENTS: Audience = Audience::Roles(&[Role::Portal, Role::CallCentre, Role::Operator]);
const OPERATORS: Audience = Audience::Roles(&[Role::Operator]);
const OPERATING_PERSONS: Audience = Audience::Persons(&[Role::Operator]);
const LINKS: Audience = Audience::Roles(&[Role::Operator, Role::CallCentre]);
const FINANCE: Audience = Audience::Roles(&[Role::FinanceStaff, Role::FinanceApprover]);
const CORRECTIONS: Audience =
    Audience::Roles(&[Role::FinanceStaff, Role::FinanceApprover, Role::CallCentre, Role::Operator]);
// Merchants' own people ask for their own shops: the operation looks at their scopes.
const PAYEES: Audience = Audience::Roles(&[Role::FinanceStaff, Role::FinanceApprover, Role::MerchantOwner]);
const REFUNDS: Audience =
    Audience::Roles(&[Role::FinanceStaff, Role::FinanceApprover, Role::MerchantOwner, Role::MerchantStaff]);
// A merchant's money: its people see that of their own shops, and the operation looks at their scopes.
const SHOP_MONEY: Audience = REFUNDS;
const FINANCE_PERSONS: Audience = Audience::Persons(&[Role::FinanceStaff, Role::FinanceApprover]);
const OFFICERS: Audience = Audience::Roles(&[Role::CityOfficer]);
const TREASURERS: Audience = Audience::Roles(&[Role::CityTreasurer]);
const CITY: Audience = Audience::Roles(&[Role::CityOfficer, Role::CityApprover, Role::CityTreasurer, Role::Operator]);
// Auditors (by the macro) and access administrators read the security log.
const SECURITY: Audience = Audience::Roles(&[Role::AccessAdministrator, Role::Operator]);
const ACCESS: Audience = Audience::Roles(&[Role::AccessAdministrator]);
// Merchants' people see the payments of their own shops: the operation looks at their scopes.
const AT_SHOPS: Audience = Audience::Roles(&[
    Role::Operator,
    Role::CallCentre,
    Role::FinanceStaff,
    Role::FinanceApprover,
    Role::MerchantOwner,
    Role::MerchantStaff,
    Role::MerchantCashier,
]);
// Their own shops' payments, the shops that a partner connects, a city's relief: the operation looks at their scopes.
const EVENTS: Audience = Audience::Roles(&[
    Role::Operator,
    Role::CallCentre,
    Role::FinanceStaff,
    Role::FinanceApprover,
    Role::MerchantOwner,
    Role::MerchantStaff,
    Role::MerchantCashier,
    Role::Partner,
    Role::CityOfficer,
    Role::CityApprover,
    Role::CityTreasurer,
]);
// Each for endpoints of the own scope: the operation looks at it.
const HOOKS: Audience = Audience::Roles(&[Role::Operator, Role::MerchantOwner, Role::Partner, Role::CityOfficer]);
const STAFF: Audience = Audience::Roles(&[
    Role::Operator,
    Role::CallCentre,
    Role::CityOfficer,
    Role::CityApprover,
    Role::CityTreasurer,
    Role::FinanceStaff,
    Role::FinanceApprover,
    Role::AccessAdministrator,
]);
// Merchants' people see what they asked for, and what they decide.
const INBOX: Audience = Audience::Roles(&[
    Role::Operator,
    Role::CallCentre,
    Role::CityOfficer,
    Role::CityApprover,
    Role::CityTreasurer,
    Role::FinanceStaff,
    Role::FinanceApprover,
    Role::AccessAdministrator,
    Role::MerchantOwner,
    Role::MerchantStaff,
]);
const ANYONE: Audience = Audience::Anyone;
const SIGNED_IN: Audience = Audience::SignedIn;
const KEEPER: Audience = Audience::Keeper;
const CITY_STEP: Audience = Audience::CityStep;
const DECIDERS: Audience = Audience::Deciders;
const READERS: Audience = Audience::Readers;
const REQUESTER: Audience = Audience::Requester;

macro_rules! operations {
    ($($service:ident { $($name:ident $word:literal $kind:ident $people:ident $audience:ident $factor:ident;)* })*) => {
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
                match self {
                    $($(Name::$name => Row { service: Service::$service, word: $word, kind: Kind::$kind,
                        audience: $audience, people: People::$people, factor: Factor::$factor,
                        reason: reason_of(Name::$name) },)*)*
                }
            }
        }
    };
}

/// The column of reasons: looks at one resident, files with accounts in full, and exports.
fn reason_of(name: Name) -> Reason {
    let asked = [
        Name::ShowResident,
        Name::ResidentStatement,
        Name::FindResident,
        Name::ShowTaps,
        Name::ListResidentShops,
        Name::ShowPayment,
        Name::MakePayoutFiles,
        Name::MakeTransferFiles,
        Name::Explain,
        Name::MakeReport,
        Name::MakeLetter,
        Name::MakeClearingFile,
        Name::ReliefReport,
        Name::RevealPayee,
    ];
    if asked.contains(&name) { Reason::Asked } else { Reason::Free }
}

operations! {
    Operations {
        SetLink "link" Command One PORTALS Any;
        RemoveLink "unlink" Command One PORTALS Any;
        BreakLink "break_link" Command One LINKS Any;
        ProposeRetarget "propose_retarget" Command Two LINKS Any;
        DecideLink "decide_link" Command Two LINKS Any;
        RotateSeals "rotate_seals" Command One OPERATORS Any;
        RequestDestruction "request_destruction" Command Two OPERATORS Any;
        RecordDestruction "record_destruction" Command Two OPERATORS Fresh;
        SetCard "set_card" Command One RESIDENTS Any;
        LiftSuspension "lift_suspension" Command Two LINKS Any;
        BindCard "bind_card" Command Two LINKS Any;
        BindCertificate "bind_certificate" Command Opening OPERATORS Any;
        ApplyStatusList "apply_list" Command One OPERATORS Any;
        IssueTemporary "issue_temporary" Command One OPERATORS Any;
        MergePeople "merge" Command Opening OPERATORS Any;
        ReplaceCard "replace" Command Opening LINKS Any;
        SetLimits "set_limits" Command One PORTALS Any;
        SetSpendable "set_spendable" Command One PORTALS Any;
        ChooseNotices "choose_notices" Command One PORTAL_ONLY Any;
        FundProgramme "fund_programme" Command Opening OPERATORS Any;
        CreditPurse "credit_purse" Command Opening OPERATORS Any;
        ActivatePolicy "activate_policy" Command Opening OPERATORS Any;
        RetryNotice "retry_notice" Command One OPERATORS Any;
        DecideAdvice "decide_advice" Command One OPERATING_PERSONS Any;
        ConfirmClock "confirm_clock" Command One OPERATORS Any;
        HandOver "hand_over" Command One OPERATORS Any;
        ImportLinks "import_links" Command Opening OPERATORS Any;
        ImportMerchants "import_merchants" Command Opening OPERATORS Any;
        LookAtLinks "look_at_links" Question One OPERATORS Any;
        LookAtMerchants "look_at_merchants" Question One OPERATORS Any;
        ShowResident "resident" Question One RESIDENTS Any;
        ResidentStatement "resident_statement" Question One RESIDENTS Any;
        FindResident "find_resident" Question One LINKS Any;
        ShowTaps "resident_taps" Question One RESIDENTS Any;
        ListResidentShops "resident_shops" Question One RESIDENTS Any;
        ListBrokenLinks "broken_links" Question One LINKS Any;
        ListWaitingLinks "waiting_links" Question One LINKS Any;
        ListSharedAccounts "shared_accounts" Question One OPERATORS Any;
        ListMerchants "merchants" Question One STAFF Any;
        ShowMerchant "merchant" Question One STAFF Any;
        ListShops "shops" Question One AT_SHOPS Any;
        FindTransactions "transactions" Question One AT_SHOPS Any;
        ShowTransaction "transaction" Question One AT_SHOPS Any;
        ShowTakings "takings" Question One AT_SHOPS Any;
        ListTerminals "terminals" Question One AT_SHOPS Any;
        AskQuote "quote" Question One AT_SHOPS Any;
        ListShopSettlements "shop_settlements" Question One SHOP_MONEY Any;
        ExplainSettlement "explain_settlement" Question One SHOP_MONEY Any;
        ListShopPayouts "shop_payouts" Question One SHOP_MONEY Any;
        ShowShopContract "shop_contract" Question One SHOP_MONEY Any;
        ListEvents "events" Question One EVENTS Any;
        ShowSpending "spending" Question One CITY Any;
        ShowSpendingDictionary "spending_dictionary" Question One CITY Any;
        ListResidentEvents "resident_events" Question One PORTAL_ONLY Any;
        ListNotices "notices" Question One LINKS Any;
        ListAdvices "advices" Question One OPERATORS Any;
        ShowKeyNeeds "key_needs" Question One OPERATORS Any;
        ShowPolicy "policy" Question One STAFF Any;
        ReadSecurityLog "security_log" Question One SECURITY Any;
        VerifySecurityLog "verify_security_log" Question One SECURITY Any;
    }
    Closing {
        ProposeContracts "contracts" Command Two FINANCE Any;
        CutOver "cut_over" Command One FINANCE Any;
        MarkReconciled "reconciled" Command One FINANCE Any;
        SettleDay "settle" Command One FINANCE Any;
        SignDay "sign" Command One FINANCE Any;
        ProposePayout "payout" Command Two FINANCE Any;
        ProposeCancelPayout "cancel_payout" Command Two FINANCE Any;
        NoteException "note" Command One FINANCE Any;
        OpenDispute "dispute" Command One FINANCE Any;
        ProposeResolution "resolve" Command Two FINANCE Any;
        BookReceived "received" Command One FINANCE Any;
        ProposeUndo "undo" Command Two FINANCE Any;
        MakePayoutFiles "payout_files" Command One FINANCE Any;
        CompareFile "compare" Command One FINANCE Any;
        RefundPayment "refund_payment" Command Two REFUNDS Any;
        ReducePayment "reduce_payment" Command Two FINANCE Any;
        WriteOffPayment "write_off_payment" Command Two FINANCE Any;
        ReadPayoutStatement "payout_statement" Command One FINANCE Any;
        SetPayee "set_payee" Command Opening PAYEES Any;
        EndPayee "end_payee" Command Opening PAYEES Any;
        CallPayee "call_payee" Command Two FINANCE Any;
        ImportPayees "import_payees" Command Opening FINANCE Any;
        RevealPayee "reveal_payee" Command One FINANCE_PERSONS Any;
        LookAtPayees "look_at_payees" Question One FINANCE Any;
        ListPayees "payees" Question One PAYEES Any;
        ShowPayment "payment" Question One CORRECTIONS Any;
        ListDays "days" Question One FINANCE Any;
        ListSettlements "settlements" Question One FINANCE Any;
        ListPayouts "payouts" Question One FINANCE Any;
        ListRuns "runs" Question One FINANCE Any;
        ListTotals "totals" Question One FINANCE Any;
        ListExceptions "exceptions" Question One FINANCE Any;
        ShowContracts "contracts_in_force" Question One FINANCE Any;
        Explain "explain" Question One FINANCE Any;
        MakeReport "report" Question One SHOP_MONEY Any;
        MakeLetter "letter" Question One SHOP_MONEY Any;
        MakeClearingFile "clearing_file" Question One FINANCE Any;
    }
    Relief {
        ProposeProgramme "programme" Command Two OFFICERS Any;
        ProposeClaim "claim" Command Two OFFICERS Any;
        ProposeReturn "return_funds" Command Two OFFICERS Any;
        FundRelief "fund" Command Two TREASURERS Any;
        ChangeRow "row" Command One OFFICERS Any;
        TakeStep "step" Command Two CITY_STEP Any;
        BookRepaid "repaid" Command One TREASURERS Any;
        BookReturned "returned" Command One TREASURERS Any;
        BookSent "sent" Command One TREASURERS Any;
        ProposeReliefUndo "undo" Command Two TREASURERS Any;
        ImportApplications "applications" Command One OFFICERS Any;
        MakeTransferFiles "transfer_files" Command One TREASURERS Any;
        ReadReliefStatement "relief_statement" Command One TREASURERS Any;
        ListProgrammes "programmes" Question One STAFF Any;
        ShowProgramme "show_programme" Question One STAFF Any;
        ShowProgress "progress" Question One STAFF Any;
        ShowBatch "batch" Question One CITY Any;
        ListRows "rows" Question One CITY Any;
        ReliefReport "report" Question One CITY Any;
    }
    People {
        Found "found" Command One KEEPER Any;
        SetOrganisation "organisation" Command One ACCESS Any;
        InvitePerson "invite" Command One ACCESS Any;
        EndPerson "end" Command One ACCESS Any;
        EndGrant "end_grant" Command One ACCESS Any;
        RevokeKey "revoke_key" Command One ACCESS Any;
        RequestGrant "grant" Command Two ACCESS Any;
        RequestReinvite "invite_again" Command Two ACCESS Any;
        RequestKey "create_key" Command Two ACCESS Any;
        RequestStatementKey "statement_key" Command Two ACCESS Any;
        RequestShops "shops" Command Two ACCESS Any;
        RotateKey "rotate_key" Command One SIGNED_IN Any;
        Join "join" Command One ANYONE Any;
        SignInPerson "sign_in" Command One ANYONE Any;
        StartProvider "oidc_start" Command One ANYONE Any;
        SignInProvider "oidc_sign_in" Command One ANYONE Any;
        AskPasskey "passkey_options" Command One ANYONE Any;
        SignInPasskey "passkey_sign_in" Command One ANYONE Any;
        StartPasskey "new_passkey" Command One ANYONE Any;
        AddPasskey "add_passkey" Command One SIGNED_IN Fresh;
        RemovePasskey "remove_passkey" Command One SIGNED_IN Fresh;
        StepUp "step_up" Command One SIGNED_IN Any;
        SignOut "sign_out" Command One SIGNED_IN Any;
        EndSessions "end_sessions" Command One SIGNED_IN Any;
        WhoAmI "whoami" Question One SIGNED_IN Any;
        ListSessions "sessions" Question One SIGNED_IN Any;
        ListPasskeys "passkeys" Question One SIGNED_IN Any;
        ListPeople "people" Question One ACCESS Any;
        ListKeys "keys" Question One ACCESS Any;
        ListOrganisations "organisations" Question One ACCESS Any;
        PeopleReport "report" Question One ACCESS Any;
        ShowMatrix "matrix" Question One SIGNED_IN Any;
    }
    Approvals {
        ApproveRequest "approve" Command Two DECIDERS Any;
        SendBackRequest "send_back" Command Two DECIDERS Any;
        DenyRequest "deny" Command Two DECIDERS Any;
        WithdrawRequest "withdraw" Command Two REQUESTER Any;
        DecideMany "decide_many" Command One SIGNED_IN Any;
        ListApprovals "list" Question One INBOX Any;
        ShowApproval "show" Question One READERS Any;
    }
    Webhooks {
        RegisterWebhook "register" Command One HOOKS Any;
        ChangeWebhook "change" Command One HOOKS Any;
        SwitchWebhook "switch" Command One HOOKS Any;
        RemoveWebhook "remove" Command One HOOKS Any;
        RotateWebhook "rotate" Command One HOOKS Any;
        TestWebhook "test" Command One HOOKS Any;
        ResendWebhook "resend" Command One HOOKS Any;
        ListWebhooks "list" Question One HOOKS Any;
        ShowWebhook "show" Question One HOOKS Any;
        ListAttempts "attempts" Question One HOOKS Any;
    }
}

/// The subject of a request, as far as the rights depend on it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// No subject that decides the rights.
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
    /// A line of the bank statement that was booked for a city.
    Line(String),
    /// A version of a key that is destroyed.
    Key(Destruction),
}

/// The subject, looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Everywhere.
    Everywhere,
    /// A book that has no access administrator yet.
    Opening,
    /// A card, which is to have this status.
    CardStatus(String),
    /// A city, by its code.
    City(String),
    /// A city, and the step of a batch there, which says the role.
    CityRole(String, Step),
    /// A request for an approval.
    Approval(Requested),
}

/// The table's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Access {
    /// The caller may.
    Yes,
    /// The caller may do this half; another person does the other.
    TwoPeople,
    /// The caller may, as soon as the caller has shown a second factor again.
    Factor,
    /// The caller has not signed in.
    Unknown,
    /// The caller may not, and why.
    No(Said),
}

/// Whether this caller may ask this operation in this scope. It allocates nothing when the answer is yes.
#[must_use]
pub fn may(name: Name, who: &Who, scope: &Scope) -> Access {
    let row = name.row();
    if row.audience == Audience::Anyone {
        return Access::Yes;
    }
    if who.kind == CallerKind::Anonymous {
        return Access::Unknown;
    }
    let opens = *scope == Scope::Opening && who.kind == CallerKind::Keeper;
    let people = people(&row, scope);
    // Who may not at all hears that, and not how many people it takes.
    let alone = people != People::One && who.kind != CallerKind::Person && !opens;
    if alone && only_suspends(who, scope).is_none() {
        return Access::No(takes_people(who));
    }
    if let Some(why) = denied(&row, who, scope) {
        return Access::No(why);
    }
    if matches!(row.audience, Audience::Persons(_)) && who.kind != CallerKind::Person {
        return Access::No(takes_a_person(who));
    }
    let has_factor = who.sign_in.is_two_factors();
    match (factor(&row, name, scope), people) {
        (Factor::Fresh, _) if has_factor && who.factor == Fresh::No => Access::Factor,
        (_, People::Opening) if opens => Access::Yes,
        (_, People::Two | People::Opening) => Access::TwoPeople,
        (_, People::One) => Access::Yes,
    }
}

/// The people that the row asks for. Suspending and revoking a card only protect; using one again takes two.
fn people(row: &Row, scope: &Scope) -> People {
    match scope {
        Scope::CardStatus(status) if status == GOOD => People::Opening,
        _ => row.people,
    }
}

/// The status of a card that may be used.
pub(crate) const GOOD: &str = "good";

/// The factor that the row asks for, or what the request is about: money that leaves, rights, keys.
fn factor(row: &Row, name: Name, scope: &Scope) -> Factor {
    match scope {
        Scope::CityRole(_, Step::Released) => Factor::Fresh,
        Scope::Approval(requested) if name == Name::ApproveRequest => factor_of(requested.kind),
        Scope::CityRole(..)
        | Scope::Approval(_)
        | Scope::Everywhere
        | Scope::Opening
        | Scope::CardStatus(_)
        | Scope::City(_) => row.factor,
    }
}

fn takes_people(who: &Who) -> Said {
    Said::of(&match who.kind {
        CallerKind::Keeper => AccessText::TwoPeopleNotOffline,
        CallerKind::Anonymous | CallerKind::Person | CallerKind::Program => {
            AccessText::TwoPeopleNoProgram { shown: &who.shown, name: &who.name }
        }
    })
}

fn takes_a_person(who: &Who) -> Said {
    Said::of(&match who.kind {
        CallerKind::Keeper => AccessText::PersonNotOffline,
        CallerKind::Anonymous | CallerKind::Person | CallerKind::Program => {
            AccessText::PersonNoProgram { shown: &who.shown, name: &who.name }
        }
    })
}

/// The reason for a refusal.
fn denied(row: &Row, who: &Who, scope: &Scope) -> Option<Said> {
    let roles = match (row.audience, scope) {
        (Audience::Anyone | Audience::SignedIn, _) => return None,
        (Audience::Keeper, _) if who.kind == CallerKind::Keeper => return None,
        (Audience::Keeper, _) => {
            return Some(Said::of(&AccessText::Offline));
        }
        (Audience::Roles(roles) | Audience::Persons(roles), _) => roles,
        (Audience::CityStep, Scope::CityRole(_, step)) => of_city(step.role()),
        (Audience::Requester, Scope::Approval(requested)) => return is_anothers(requested, who),
        (Audience::Deciders, Scope::Approval(requested)) => {
            if same(&requested.by, &who.name) {
                return Some(Said::of(&AccessText::OwnRequest { name: &who.shown, id: &who.name }));
            }
            if requested.is_decided_at_shop_by(who) {
                return None;
            }
            roles_of(requested.kind, &requested.city).0
        }
        // The requester sees the request, also with other roles by now.
        (Audience::Readers, Scope::Approval(requested))
            if same(&requested.by, &who.name) || requested.is_decided_at_shop_by(who) =>
        {
            return None;
        }
        (Audience::Readers, Scope::Approval(requested)) => roles_of(requested.kind, &requested.city).1,
        (Audience::CityStep | Audience::Deciders | Audience::Readers | Audience::Requester, _) => &[],
    };
    let reads = row.kind == Kind::Question && who.has(Role::Auditor);
    let city = match scope {
        Scope::City(code) | Scope::CityRole(code, _) => Some(code.as_str()),
        Scope::Approval(requested) => Some(requested.city.as_str()).filter(|city| !city.is_empty()),
        Scope::Everywhere | Scope::Opening | Scope::CardStatus(_) => None,
    };
    let holds = match city {
        Some(code) => who.has_for_city(roles, code) || (reads && who.has_for_city(&[Role::Auditor], code)),
        None => {
            (reads && who.has_for_city(&[Role::Auditor], "")) || who.held.iter().any(|held| roles.contains(&held.role))
        }
    };
    if !holds {
        return Some(missing(roles, who, city));
    }
    only_suspends(who, scope)
}

fn is_anothers(requested: &Requested, who: &Who) -> Option<Said> {
    let own = same(&requested.by, &who.name);
    (!own).then(|| Said::of(&AccessText::AnothersRequest { by: &requested.by, name: &who.shown, id: &who.name }))
}

fn missing(roles: &[Role], who: &Who, city: Option<&str>) -> Said {
    let held: Vec<(Role, String)> = who.held.iter().map(|held| (held.role, held.scope.to_string())).collect();
    let (shown, name, has, needs) = (&*who.shown, &*who.name, RolesHeld(&held), AnyRole(roles));
    Said::of(&match city {
        Some(city) => AccessText::MissingForCity { shown, name, has, needs, city },
        None => AccessText::Missing { shown, name, has, needs },
    })
}

/// Is there any scope in which the caller may ask this?
fn holds_somewhere(name: Name, who: &Who) -> bool {
    const CITY: [Role; 3] = [Role::CityOfficer, Role::CityApprover, Role::CityTreasurer];
    let row = name.row();
    let holds = |roles: &[Role]| who.held.iter().any(|held| roles.contains(&held.role));
    let is_person = who.kind == CallerKind::Person;
    let may_open = row.people == People::Opening && who.kind == CallerKind::Keeper;
    if row.people != People::One && !is_person && !may_open {
        return false;
    }
    match row.audience {
        Audience::Anyone => true,
        Audience::SignedIn => who.kind != CallerKind::Anonymous,
        Audience::Keeper => who.kind == CallerKind::Keeper,
        Audience::Persons(roles) => is_person && holds(roles),
        Audience::Roles(roles) => holds(roles) || (row.kind == Kind::Question && who.has(Role::Auditor)),
        Audience::CityStep => holds(&CITY),
        Audience::Deciders => holds(&roles_of_any().0) || holds(&OF_SHOP),
        // Merchants' people see what they themselves have asked for.
        Audience::Readers => holds(&roles_of_any().1) || holds(&OF_SHOP) || who.has(Role::Auditor),
        Audience::Requester => who.kind != CallerKind::Anonymous,
    }
}

/// A portal and a call centre may suspend a card, and not let it be used again.
fn only_suspends(who: &Who, scope: &Scope) -> Option<Said> {
    let Scope::CardStatus(status) = scope else { return None };
    // Another role besides is no right to restore a card.
    let only = !who.has(Role::Operator);
    (only && status != "suspended").then(|| Said::of(&AccessText::OnlySuspends))
}

#[cfg(test)]
mod tests;
