//! An operation that came as a JSON object, carried out: the word in `do` names it, the other keys are its request.

use crate::addresses::WORD;
use crate::json::{self, JsonError};
#[cfg(test)]
use kazasu_services::access::Name;
use kazasu_services::access::Service;
use kazasu_services::approvals::{
    ApproveRequest, DecideMany, DenyRequest, ListApprovals, SendBackRequest, ShowApproval, WithdrawRequest,
};
use kazasu_services::closing::{
    BookReceived, CutOver, Explain, ListDays, ListExceptions, ListPayouts, ListRuns, ListSettlements, ListTotals,
    MakePayoutFiles, MarkReconciled, NoteException, OpenDispute, ProposeCancelPayout, ProposeContracts, ProposePayout,
    ProposeResolution, ProposeUndo, SettleDay, ShowContracts, SignDay,
};
use kazasu_services::corrections::{ReducePayment, RefundPayment, ShowPayment, WriteOffPayment};
use kazasu_services::keys::{RecordDestruction, RequestDestruction, RotateSeals, ShowKeyNeeds};
use kazasu_services::merchants::{ListMerchants, ShowMerchant};
use kazasu_services::operators::{ConfirmClock, DecideAdvice, ListAdvices, ListNotices, RetryNotice};
use kazasu_services::payees::{CallPayee, EndPayee, ListPayees, RevealPayee, SetPayee};
use kazasu_services::people::{
    AddPasskey, AskPasskey, EndGrant, EndPerson, EndSessions, Found, InvitePerson, Join, ListKeys, ListOrganisations,
    ListPasskeys, ListPeople, ListSessions, PeopleReport, RemovePasskey, RequestGrant, RequestKey, RequestReinvite,
    RequestStatementKey, RevokeKey, RotateKey, SetOrganisation, ShowMatrix, SignInPasskey, SignInPerson,
    SignInProvider, SignOut, StartPasskey, StartProvider, StepUp, WhoAmI,
};
use kazasu_services::policy::{ActivatePolicy, FundProgramme, ShowPolicy};
use kazasu_services::relief::{
    BookRepaid, BookReturned, BookSent, ChangeRow, FundRelief, ListProgrammes, ListRows, MakeTransferFiles,
    ProposeClaim, ProposeProgramme, ProposeReliefUndo, ProposeReturn, ShowBatch, ShowProgramme, ShowProgress, TakeStep,
};
use kazasu_services::residents::{
    ApplyStatusList, BindCard, BindCertificate, BreakLink, CreditPurse, DecideLink, FindResident, IssueTemporary,
    LiftSuspension, ListBrokenLinks, ListSharedAccounts, ListWaitingLinks, MergePeople, ProposeRetarget, RemoveLink,
    SetCard, SetLimits, SetLink, SetSpendable, ShowResident, ShowTaps,
};
use kazasu_services::security_log::{ReadSecurityLog, VerifySecurityLog};
use kazasu_services::transactions::{FindTransactions, ShowTakings, ShowTransaction};
use kazasu_services::{Operation, ServiceError, Services, Who};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The reason why an object was not carried out.
pub enum DoorError {
    /// It is no request.
    Misread(JsonError),
    /// The service refused it.
    Service(ServiceError),
}

impl From<JsonError> for DoorError {
    fn from(error: JsonError) -> Self {
        DoorError::Misread(error)
    }
}

/// Carries an operation out whose request is this object, without the word that names it.
pub async fn carry_out<O>(services: &Services, who: &Who, object: Map<String, Value>) -> Result<Value, DoorError>
where
    O: Operation + DeserializeOwned,
    O::Answer: Serialize,
{
    services.admit_somewhere(O::NAME, who).await.map_err(DoorError::Service)?;
    let operation: O = json::shaped(object)?;
    let answer = services.call(operation, who).await.map_err(DoorError::Service)?;
    serde_json::to_value(answer).map_err(|error| DoorError::Service(ServiceError::Other(error.into())))
}

macro_rules! door {
    ($($operation:ident)*) => {
        /// The operations that come in here.
        #[cfg(test)]
        pub(super) const NAMES: &[super::Name] = &[$(<super::$operation as super::Operation>::NAME,)*];

        /// Carries out the operation that the word names.
        pub(super) async fn open(
            services: &super::Services,
            who: &super::Who,
            (word, object): (&str, super::Map<String, super::Value>),
        ) -> Result<super::Value, super::DoorError> {
            // Each is boxed, so that the waiting future is as large as one of them.
            $(if word == <super::$operation as super::Operation>::NAME.row().word {
                return Box::pin(super::carry_out::<super::$operation>(services, who, object)).await;
            })*
            let known = [$(<super::$operation as super::Operation>::NAME.row().word,)*].join(", ");
            let word = kazasu_schemas::text::masked(word);
            let text = format!("do: no operation of this address is called {word:?}; expected one of {known}");
            Err(super::DoorError::Misread(super::JsonError::Shape(text)))
        }
    };
}

mod operations {
    door! {
        SetLink RemoveLink BreakLink ProposeRetarget DecideLink ListWaitingLinks FindResident RotateSeals RequestDestruction RecordDestruction SetCard BindCertificate ApplyStatusList
        IssueTemporary MergePeople SetLimits SetSpendable FundProgramme CreditPurse ActivatePolicy RetryNotice DecideAdvice
        ConfirmClock ShowResident ListBrokenLinks ListSharedAccounts ListMerchants ShowMerchant ListNotices ListAdvices ShowKeyNeeds
        LiftSuspension BindCard ShowTaps ShowPolicy ReadSecurityLog VerifySecurityLog FindTransactions ShowTransaction ShowTakings
    }
}

mod closing {
    door! {
        ProposeContracts CutOver MarkReconciled SettleDay SignDay ProposePayout ProposeCancelPayout NoteException
        OpenDispute ProposeResolution BookReceived ProposeUndo MakePayoutFiles ListDays ListSettlements ListPayouts ListRuns
        ListTotals ListExceptions ShowContracts Explain RefundPayment ReducePayment WriteOffPayment ShowPayment
        SetPayee EndPayee CallPayee RevealPayee ListPayees
    }
}

mod relief {
    door! {
        ProposeProgramme ProposeClaim ProposeReturn FundRelief ChangeRow TakeStep BookRepaid BookReturned BookSent
        ProposeReliefUndo MakeTransferFiles ListProgrammes ShowProgramme ShowProgress ShowBatch ListRows
    }
}

mod people {
    door! {
        Found SetOrganisation InvitePerson EndPerson EndGrant RevokeKey RequestGrant RequestReinvite RequestKey RequestStatementKey
        RotateKey
        StartProvider SignInProvider AskPasskey SignInPasskey StartPasskey AddPasskey RemovePasskey ListPasskeys
        Join SignInPerson StepUp SignOut EndSessions WhoAmI ListSessions ListPeople ListKeys ListOrganisations PeopleReport ShowMatrix
    }
}

mod approvals {
    door! {
        ApproveRequest SendBackRequest DenyRequest WithdrawRequest DecideMany ListApprovals ShowApproval
    }
}

/// Carries out an object that came to a service's address.
pub async fn open(
    service: Service,
    services: &Services,
    who: &Who,
    mut object: Map<String, Value>,
) -> Result<Value, DoorError> {
    let word = match object.remove(WORD) {
        Some(Value::String(word)) => word,
        Some(_) => {
            let problem = "expected the name of an operation, as text".to_owned();
            return Err(JsonError::Field { field: WORD.to_owned(), problem }.into());
        }
        None => return Err(JsonError::Shape("missing field `do`: the name of an operation".to_owned()).into()),
    };
    match service {
        Service::Operations => operations::open(services, who, (&word, object)).await,
        Service::Closing => closing::open(services, who, (&word, object)).await,
        Service::Relief => relief::open(services, who, (&word, object)).await,
        Service::People => people::open(services, who, (&word, object)).await,
        Service::Approvals => approvals::open(services, who, (&word, object)).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations that come with a file, or whose answer is a report or a letter, have addresses of their own.
    const ELSEWHERE: [Name; 16] = [
        Name::HandOver,
        Name::ImportLinks,
        Name::ImportMerchants,
        Name::LookAtLinks,
        Name::LookAtMerchants,
        Name::ImportPayees,
        Name::LookAtPayees,
        Name::ResidentStatement,
        Name::CompareFile,
        Name::ReadPayoutStatement,
        Name::MakeReport,
        Name::MakeLetter,
        Name::MakeClearingFile,
        Name::ImportApplications,
        Name::ReadReliefStatement,
        Name::ReliefReport,
    ];

    #[test]
    fn every_operation_has_a_door_of_its_service_and_a_word_of_its_own() {
        let doors = [
            (Service::Operations, operations::NAMES),
            (Service::Closing, closing::NAMES),
            (Service::Relief, relief::NAMES),
            (Service::People, people::NAMES),
            (Service::Approvals, approvals::NAMES),
        ];
        for (service, names) in doors {
            for (at, name) in names.iter().enumerate() {
                let row = name.row();
                assert_eq!(row.service, service, "{name:?}");
                let twice = names[..at].iter().find(|other| other.row().word == row.word);
                assert_eq!(twice, None, "{name:?}");
            }
        }
        for name in Name::ALL {
            let here = doors.iter().any(|(_, names)| names.contains(name));
            assert!(here ^ ELSEWHERE.contains(name), "{name:?} has one way in");
        }
    }
}
