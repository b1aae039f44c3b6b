//! The address of every operation. The server's routes, the client's requests and the OpenAPI document are made from this one table.
//!
//! `GET` asks, `PUT` and `DELETE` set a resident's own settings, `POST` does everything else. The parts of a path in braces are
//! fields of the request; the other fields stand behind the question mark of a `GET` and `DELETE`, and in the JSON object of a `PUT` and `POST`.
//! `pages` marks a list.

use axum::http::Method;
use kazasu_services::Operation;
use kazasu_services::access::Service;
use kazasu_services::list::{List, Paged};

/// The beginning of every address of the API.
pub const BASE: &str = "/api/v1";

/// An operation with an address of its own.
pub trait Addressed: Operation {
    /// The method.
    const METHOD: Method;
    /// The path below [`BASE`]. `{field}` stands for a field of the request, `{*field}` for one that may contain a slash.
    const PATH: &'static str;
    /// The field that stands in the header `If-Match`: what a decision is about, as it was looked at.
    const TAG: Option<&'static str> = None;

    /// The entity tag of an answer, which a decision about it names.
    fn tag(_: &Self::Answer) -> Option<String> {
        None
    }
}

/// A list is asked a page at a time.
impl<L: List + Addressed> Addressed for Paged<L> {
    const METHOD: Method = L::METHOD;
    const PATH: &'static str = L::PATH;
}

/// The requests of the services, as the table names them.
pub mod requests {
    pub use kazasu_services::approvals::{
        ApproveRequest, DecideMany, DenyRequest, ListApprovals, SendBackRequest, ShowApproval, WithdrawRequest,
    };
    pub use kazasu_services::closing::{
        AskQuote, BookReceived, CutOver, Explain, ListDays, ListExceptions, ListPayouts, ListRuns, ListSettlements,
        ListTotals, MakePayoutFiles, MarkReconciled, NoteException, OpenDispute, ProposeCancelPayout, ProposeContracts,
        ProposePayout, ProposeResolution, ProposeUndo, SettleDay, ShowContracts, SignDay,
    };
    pub use kazasu_services::corrections::{ReducePayment, RefundPayment, ShowPayment, WriteOffPayment};
    pub use kazasu_services::events::{ListEvents, ListResidentEvents};
    pub use kazasu_services::keys::{RecordDestruction, RequestDestruction, RotateSeals, ShowKeyNeeds};
    pub use kazasu_services::merchants::{ListMerchants, ShowMerchant};
    pub use kazasu_services::operators::{ConfirmClock, DecideAdvice, ListAdvices, ListNotices, RetryNotice};
    pub use kazasu_services::payees::{CallPayee, EndPayee, ListPayees, RevealPayee, SetPayee};
    pub use kazasu_services::people::{
        AddPasskey, AskPasskey, EndGrant, EndPerson, EndSessions, Found, InvitePerson, Join, ListKeys,
        ListOrganisations, ListPasskeys, ListPeople, ListSessions, PeopleReport, RemovePasskey, RequestGrant,
        RequestKey, RequestReinvite, RequestShops, RequestStatementKey, RevokeKey, RotateKey, SetOrganisation,
        ShowMatrix, SignInPasskey, SignInPerson, SignInProvider, SignOut, StartPasskey, StartProvider, StepUp, WhoAmI,
    };
    pub use kazasu_services::policy::{ActivatePolicy, FundProgramme, ShowPolicy};
    pub use kazasu_services::relief::{
        BookRepaid, BookReturned, BookSent, ChangeRow, FundRelief, ListProgrammes, ListRows, MakeTransferFiles,
        ProposeClaim, ProposeProgramme, ProposeReliefUndo, ProposeReturn, ShowBatch, ShowProgramme, ShowProgress,
        TakeStep,
    };
    pub use kazasu_services::residents::{
        ApplyStatusList, BindCard, BindCertificate, BreakLink, ChooseNotices, CreditPurse, DecideLink, FindResident,
        IssueTemporary, LiftSuspension, ListBrokenLinks, ListResidentShops, ListSharedAccounts, ListWaitingLinks,
        MergePeople, ProposeRetarget, RemoveLink, ReplaceCard, SetCard, SetLimits, SetLink, SetSpendable, ShowResident,
        ShowTaps,
    };
    pub use kazasu_services::security_log::{ReadSecurityLog, VerifySecurityLog};
    pub use kazasu_services::settlements::{ExplainSettlement, ListShopPayouts, ListShopSettlements, ShowShopContract};
    pub use kazasu_services::spending::ShowSpendingDictionary;
    pub use kazasu_services::transactions::{FindTransactions, ListShops, ListTerminals, ShowTakings, ShowTransaction};
    pub use kazasu_services::webhooks::{
        ChangeWebhook, ListAttempts, ListWebhooks, RegisterWebhook, RemoveWebhook, ResendWebhook, RotateWebhook,
        ShowWebhook, SwitchWebhook, TestWebhook,
    };
}

/// Gives every row of the table to a macro: method, path, request, and what else there is to it.
macro_rules! each_route {
    ($with:ident) => {
        $with! {
            // Residents.
            GET "/residents" FindResident;
            GET "/residents/{ppid}" ShowResident;
            GET "/residents/{ppid}/taps" ShowTaps;
            GET "/residents/{ppid}/shops" ListResidentShops;
            PUT "/residents/{ppid}/link" SetLink;
            DELETE "/residents/{ppid}/link" RemoveLink;
            PUT "/residents/{ppid}/limits" SetLimits;
            PUT "/residents/{ppid}/spendable" SetSpendable;
            PUT "/residents/{ppid}/notices" ChooseNotices;
            PUT "/residents/{ppid}/card" SetCard;
            POST "/residents/{ppid}/card/lift" LiftSuspension;
            POST "/residents/{ppid}/card/bind" BindCard;
            POST "/residents/{ppid}/card/certificate" BindCertificate;
            POST "/residents/{ppid}/link/break" BreakLink;
            POST "/residents/{ppid}/link/retarget" ProposeRetarget;
            POST "/residents/{ppid}/credits" CreditPurse;
            POST "/temporary-ids" IssueTemporary;
            POST "/merges" MergePeople;
            POST "/replacements" ReplaceCard;
            GET "/links/broken" ListBrokenLinks pages;
            GET "/links/shared" ListSharedAccounts pages;
            GET "/links/waiting" ListWaitingLinks pages;
            POST "/links/waiting/{proposal}/decide" DecideLink;
            POST "/card-status-lists" ApplyStatusList;

            // Operating the switch.
            GET "/policy" ShowPolicy;
            POST "/policy" ActivatePolicy;
            POST "/programmes/{programme}/funds" FundProgramme;
            GET "/notices" ListNotices pages;
            POST "/notices/{notice}/retry" RetryNotice;
            GET "/advices" ListAdvices pages;
            POST "/advices/{record}/decide" DecideAdvice;
            POST "/clock/confirm" ConfirmClock;
            GET "/keys/needs" ShowKeyNeeds;
            POST "/keys/seals/rotate" RotateSeals;
            POST "/keys/destructions" RequestDestruction;
            POST "/keys/destructions/record" RecordDestruction;
            GET "/security-log" ReadSecurityLog;
            GET "/security-log/verify" VerifySecurityLog;

            // Merchants and payments.
            GET "/merchants" ListMerchants pages;
            GET "/merchants/{*merchant}" ShowMerchant;
            GET "/shops" ListShops pages;
            GET "/transactions" FindTransactions pages;
            GET "/transactions/{record}" ShowTransaction;
            GET "/takings" ShowTakings;
            GET "/terminals" ListTerminals;
            GET "/settlements" ListShopSettlements;
            GET "/settlements/{settlement}" ExplainSettlement;
            GET "/payouts" ListShopPayouts;
            GET "/contracts" ShowShopContract;
            POST "/quotes" AskQuote;
            GET "/events" ListEvents;
            GET "/events/residents" ListResidentEvents;
            GET "/aggregates/spending/dictionary" ShowSpendingDictionary;
            GET "/payments/{payment}" ShowPayment;
            POST "/payments/{payment}/refund" RefundPayment;
            POST "/payments/{payment}/reduce" ReducePayment;
            POST "/payments/{payment}/write-off" WriteOffPayment;

            // Payees' accounts.
            GET "/payees" ListPayees pages;
            POST "/payees" SetPayee;
            POST "/payees/end" EndPayee;
            POST "/payees/called" CallPayee takes_tag;
            POST "/payees/reveal" RevealPayee;

            // Closing the day.
            GET "/closing/days" ListDays pages;
            POST "/closing/days/{day}/cut-over" CutOver;
            POST "/closing/days/{day}/reconciled" MarkReconciled;
            POST "/closing/days/{day}/settle" SettleDay;
            POST "/closing/days/{day}/sign" SignDay;
            GET "/closing/settlements" ListSettlements pages;
            GET "/closing/payouts" ListPayouts pages;
            POST "/closing/payouts" ProposePayout;
            POST "/closing/payouts/{payout}/cancel" ProposeCancelPayout;
            POST "/closing/payouts/{payout}/file" MakePayoutFiles;
            GET "/closing/runs" ListRuns pages;
            GET "/closing/totals" ListTotals pages;
            GET "/closing/exceptions" ListExceptions pages;
            POST "/closing/exceptions/{exception}/note" NoteException;
            POST "/closing/exceptions/{exception}/resolve" ProposeResolution;
            POST "/closing/disputes" OpenDispute;
            POST "/closing/received" BookReceived;
            POST "/closing/received/undo" ProposeUndo;
            GET "/closing/contracts" ShowContracts;
            POST "/closing/contracts" ProposeContracts;
            GET "/closing/explain/{record}" Explain;

            // Relief.
            GET "/relief/programmes" ListProgrammes pages;
            POST "/relief/programmes" ProposeProgramme;
            GET "/relief/programmes/{programme}" ShowProgramme;
            POST "/relief/programmes/{programme}/funds" FundRelief;
            POST "/relief/programmes/{programme}/returns" ProposeReturn;
            GET "/relief/batches/{batch}" ShowBatch;
            GET "/relief/batches/{batch}/progress" ShowProgress;
            GET "/relief/batches/{batch}/rows" ListRows pages;
            POST "/relief/batches/{batch}/rows/{row}" ChangeRow;
            POST "/relief/batches/{batch}/rows/{row}/claim" ProposeClaim;
            POST "/relief/batches/{batch}/rows/{row}/repaid" BookRepaid;
            POST "/relief/batches/{batch}/rows/{row}/returned" BookReturned;
            POST "/relief/batches/{batch}/steps" TakeStep;
            POST "/relief/batches/{batch}/sent" BookSent;
            POST "/relief/batches/{batch}/transfer" MakeTransferFiles;
            POST "/relief/lines/undo" ProposeReliefUndo;

            // People, programs, rights.
            POST "/sign-in" SignInPerson;
            POST "/sign-in/provider/start" StartProvider;
            POST "/sign-in/provider" SignInProvider;
            POST "/sign-in/passkey/options" AskPasskey;
            POST "/sign-in/passkey" SignInPasskey;
            POST "/join" Join;
            POST "/join/passkey" StartPasskey;
            GET "/me" WhoAmI;
            POST "/me/step-up" StepUp;
            POST "/me/sign-out" SignOut;
            GET "/me/passkeys" ListPasskeys pages;
            POST "/me/passkeys" AddPasskey;
            POST "/me/passkeys/remove" RemovePasskey;
            GET "/sessions" ListSessions pages;
            POST "/sessions/end" EndSessions;
            GET "/people" ListPeople pages;
            POST "/people" InvitePerson;
            POST "/people/founders" Found;
            POST "/people/{person}/end" EndPerson;
            POST "/people/{person}/invite" RequestReinvite;
            GET "/organisations" ListOrganisations pages;
            POST "/organisations" SetOrganisation;
            POST "/organisations/shops" RequestShops;
            POST "/grants" RequestGrant;
            POST "/grants/{grant}/end" EndGrant;
            GET "/programs" ListKeys pages;
            POST "/programs" RequestKey;
            POST "/programs/{program}/revoke" RevokeKey;
            POST "/programs/{program}/statement-key" RequestStatementKey;
            POST "/programs/own-key/rotate" RotateKey;
            GET "/access/report" PeopleReport;
            GET "/access/matrix" ShowMatrix;

            // Endpoints that events are sent to.
            GET "/webhooks" ListWebhooks;
            POST "/webhooks" RegisterWebhook;
            GET "/webhooks/{webhook}" ShowWebhook;
            GET "/webhooks/{webhook}/attempts" ListAttempts;
            POST "/webhooks/{webhook}/change" ChangeWebhook;
            POST "/webhooks/{webhook}/switch" SwitchWebhook;
            POST "/webhooks/{webhook}/remove" RemoveWebhook;
            POST "/webhooks/{webhook}/secret" RotateWebhook;
            POST "/webhooks/{webhook}/test" TestWebhook;
            POST "/webhooks/{webhook}/resend" ResendWebhook;

            // Requests that two people decide.
            GET "/approvals" ListApprovals pages;
            GET "/approvals/{approval}" ShowApproval gives_tag;
            POST "/approvals/{approval}/approve" ApproveRequest takes_tag;
            POST "/approvals/{approval}/send-back" SendBackRequest takes_tag;
            POST "/approvals/{approval}/deny" DenyRequest takes_tag;
            POST "/approvals/decide" DecideMany;
            POST "/approvals/{approval}/withdraw" WithdrawRequest;
        }
    };
}
pub(crate) use each_route;

/// What an address takes: the request, or a page of the list that it is.
macro_rules! asked_as {
    ($request:ident pages) => { kazasu_services::list::Paged<requests::$request> };
    ($request:ident $($tag:ident)?) => { requests::$request };
}
pub(crate) use asked_as;

/// The answer is a list, which comes in pages and as a file.
macro_rules! pages {
    () => {};
}

/// The answer has an entity tag: the fingerprint of what is asked for.
macro_rules! gives_tag {
    () => {
        fn tag(answer: &Self::Answer) -> Option<String> {
            Some(answer.sha256.clone())
        }
    };
}

/// The header `If-Match` has the fingerprint.
macro_rules! takes_tag {
    () => {
        const TAG: Option<&'static str> = Some("fingerprint");
    };
}

macro_rules! addressed {
    ($($method:ident $path:literal $request:ident $($tag:ident)?;)*) => {
        $(impl Addressed for requests::$request {
            const METHOD: Method = Method::$method;
            const PATH: &'static str = $path;
            $($tag!();)?
        })*

        /// The address of the operation that a word names within its service.
        #[must_use]
        pub fn find(service: Service, word: &str) -> Option<(Method, &'static str)> {
            $({
                let row = <requests::$request as Operation>::NAME.row();
                if row.service == service && row.word == word {
                    return Some((Method::$method, $path));
                }
            })*
            None
        }
    };
}
each_route!(addressed);

/// An address of the API.
#[must_use]
pub fn at(path: &str) -> String {
    format!("{BASE}{path}")
}

/// The fields of a request that stand in its path, with the text between them: `["/payments/", "/refund"]` and `["payment"]`.
#[must_use]
pub fn fields_of(path: &'static str) -> Vec<&'static str> {
    let parts = path.split('{').skip(1).filter_map(|part| part.split_once('}'));
    parts.map(|(name, _)| name.trim_start_matches('*')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_services::access::{Kind, Name};

    macro_rules! rows {
        ($($method:ident $path:literal $request:ident $($tag:ident)?;)*) => {
            [$((Method::$method, $path, <requests::$request as Operation>::NAME),)*]
        };
    }

    #[test]
    fn what_asks_is_a_get_and_what_changes_is_none() {
        // A quote is asked with a list, which no address has room for.
        for (method, path, name) in each_route!(rows).into_iter().filter(|row| row.2 != Name::AskQuote) {
            assert_eq!(method == Method::GET, name.row().kind == Kind::Question, "{method} {path}");
        }
    }

    #[test]
    fn every_operation_has_one_address() {
        // What the book's keeper does on the journal itself.
        const OFFLINE: [Name; 1] = [Name::MakeClearingFile];
        let rows = each_route!(rows);
        let special = crate::addresses::SPECIAL.map(|(_, _, name)| name);
        for name in Name::ALL {
            let count = rows.iter().filter(|(.., other)| other == name).count()
                + special.iter().filter(|other| other == &name).count();
            assert_eq!(count, usize::from(!OFFLINE.contains(name)), "{name:?}");
        }
    }

    #[test]
    fn the_fields_of_a_path_are_read_from_it() {
        assert_eq!(fields_of("/relief/batches/{batch}/rows/{row}/claim"), ["batch", "row"]);
        assert_eq!(fields_of("/merchants/{*merchant}"), ["merchant"]);
        assert_eq!(fields_of("/me"), [""; 0]);
    }
}
