//! The address of every operation. The server's routes, the client's requests and the OpenAPI document are made from this one table.
//!
//! `GET` asks, `PUT` and `DELETE` set a resident's own settings, `POST` does everything else. The parts of a path in braces are
//! fields of the request; the other fields stand behind the question mark of a `GET` and `DELETE`, and in the JSON object of a `PUT` and `POST`.

use axum::http::Method;
use kazasu_services::Operation;
use kazasu_services::access::Service;

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
    pub use kazasu_services::transactions::{FindTransactions, ListTerminals, ShowTakings, ShowTransaction};
}

/// Gives every row of the table to a macro: method, path, request.
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
            GET "/links/broken" ListBrokenLinks;
            GET "/links/shared" ListSharedAccounts;
            GET "/links/waiting" ListWaitingLinks;
            POST "/links/waiting/{proposal}/decide" DecideLink;
            POST "/card-status-lists" ApplyStatusList;

            // Operating the switch.
            GET "/policy" ShowPolicy;
            POST "/policy" ActivatePolicy;
            POST "/programmes/{programme}/funds" FundProgramme;
            GET "/notices" ListNotices;
            POST "/notices/{notice}/retry" RetryNotice;
            GET "/advices" ListAdvices;
            POST "/advices/{record}/decide" DecideAdvice;
            POST "/clock/confirm" ConfirmClock;
            GET "/keys/needs" ShowKeyNeeds;
            POST "/keys/seals/rotate" RotateSeals;
            POST "/keys/destructions" RequestDestruction;
            POST "/keys/destructions/record" RecordDestruction;
            GET "/security-log" ReadSecurityLog;
            GET "/security-log/verify" VerifySecurityLog;

            // Merchants and payments.
            GET "/merchants" ListMerchants;
            GET "/merchants/{*merchant}" ShowMerchant;
            GET "/transactions" FindTransactions;
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
            GET "/payees" ListPayees;
            POST "/payees" SetPayee;
            POST "/payees/end" EndPayee;
            POST "/payees/called" CallPayee takes_tag;
            POST "/payees/reveal" RevealPayee;

            // Closing the day.
            GET "/closing/days" ListDays;
            POST "/closing/days/{day}/cut-over" CutOver;
            POST "/closing/days/{day}/reconciled" MarkReconciled;
            POST "/closing/days/{day}/settle" SettleDay;
            POST "/closing/days/{day}/sign" SignDay;
            GET "/closing/settlements" ListSettlements;
            GET "/closing/payouts" ListPayouts;
            POST "/closing/payouts" ProposePayout;
            POST "/closing/payouts/{payout}/cancel" ProposeCancelPayout;
            POST "/closing/payouts/{payout}/file" MakePayoutFiles;
            GET "/closing/runs" ListRuns;
            GET "/closing/totals" ListTotals;
            GET "/closing/exceptions" ListExceptions;
            POST "/closing/exceptions/{exception}/note" NoteException;
            POST "/closing/exceptions/{exception}/resolve" ProposeResolution;
            POST "/closing/disputes" OpenDispute;
            POST "/closing/received" BookReceived;
            POST "/closing/received/undo" ProposeUndo;
            GET "/closing/contracts" ShowContracts;
            POST "/closing/contracts" ProposeContracts;
            GET "/closing/explain/{record}" Explain;

            // Relief.
            GET "/relief/programmes" ListProgrammes;
            POST "/relief/programmes" ProposeProgramme;
            GET "/relief/programmes/{programme}" ShowProgramme;
            POST "/relief/programmes/{programme}/funds" FundRelief;
            POST "/relief/programmes/{programme}/returns" ProposeReturn;
            GET "/relief/batches/{batch}" ShowBatch;
            GET "/relief/batches/{batch}/progress" ShowProgress;
            GET "/relief/batches/{batch}/rows" ListRows;
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
            GET "/me/passkeys" ListPasskeys;
            POST "/me/passkeys" AddPasskey;
            POST "/me/passkeys/remove" RemovePasskey;
            GET "/sessions" ListSessions;
            POST "/sessions/end" EndSessions;
            GET "/people" ListPeople;
            POST "/people" InvitePerson;
            POST "/people/founders" Found;
            POST "/people/{person}/end" EndPerson;
            POST "/people/{person}/invite" RequestReinvite;
            GET "/organisations" ListOrganisations;
            POST "/organisations" SetOrganisation;
            POST "/organisations/shops" RequestShops;
            POST "/grants" RequestGrant;
            POST "/grants/{grant}/end" EndGrant;
            GET "/programs" ListKeys;
            POST "/programs" RequestKey;
            POST "/programs/{program}/revoke" RevokeKey;
            POST "/programs/{program}/statement-key" RequestStatementKey;
            POST "/programs/own-key/rotate" RotateKey;
            GET "/access/report" PeopleReport;
            GET "/access/matrix" ShowMatrix;

            // Requests that two people decide.
            GET "/approvals" ListApprovals;
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
