//! An operation that came as a JSON object, carried out: the word in `do` names it, the other keys are its request.

use crate::api::WORD;
use crate::json::{self, JsonError};
#[cfg(test)]
use kazasu_services::access::Name;
use kazasu_services::access::Service;
use kazasu_services::closing::{
    BookReceived, CutOver, DecideClosing, Explain, ListDays, ListExceptions, ListPayouts, ListRuns, ListSettlements,
    ListTotals, MakePayoutFiles, MarkReconciled, NoteException, OpenDispute, ProposeCancelPayout, ProposeContracts,
    ProposePayout, ProposeResolution, ProposeUndo, SettleDay, ShowContracts, SignDay,
};
use kazasu_services::merchants::{ListMerchants, ShowMerchant};
use kazasu_services::operators::{ConfirmClock, DecideAdvice, ListAdvices, ListNotices, RetryNotice, RotateSeals};
use kazasu_services::policy::{ActivatePolicy, FundProgramme, ShowPolicy};
use kazasu_services::relief::{
    BookRepaid, BookReturned, BookSent, ChangeRow, DecideRelief, FundRelief, ListProgrammes, ListProposals, ListRows,
    MakeTransferFiles, ProposeClaim, ProposeProgramme, ProposeReliefUndo, ProposeReturn, ShowBatch, ShowProgramme,
    ShowProgress, TakeStep,
};
use kazasu_services::residents::{
    ApplyStatusList, BindCertificate, BreakLink, CreditPurse, DecideRetarget, IssueTemporary, ListBrokenLinks,
    ListSharedAccounts, MergePeople, ProposeRetarget, RemoveLink, SetCard, SetLimits, SetLink, SetSpendable,
    ShowResident,
};
use kazasu_services::{Operation, ServiceError, Services, Who};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Why an object was not carried out.
pub(crate) enum DoorError {
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
pub(crate) async fn carry_out<O>(services: &Services, who: &Who, object: Map<String, Value>) -> Result<Value, DoorError>
where
    O: Operation + DeserializeOwned,
    O::Answer: Serialize,
{
    let operation: O = json::shaped(object)?;
    let answer = services.call(operation, who).await.map_err(DoorError::Service)?;
    serde_json::to_value(answer).map_err(|error| DoorError::Service(ServiceError::Other(error.into())))
}

macro_rules! door {
    ($($operation:ident)*) => {
        /// The operations that come in here.
        #[cfg(test)]
        pub(super) const NAMES: &[super::Name] = &[$(<super::$operation as super::Operation>::NAME,)*];

        /// Carries out what the word names.
        pub(super) async fn open(
            services: &super::Services,
            who: &super::Who,
            (word, object): (&str, super::Map<String, super::Value>),
        ) -> Result<super::Value, super::DoorError> {
            // Each is boxed, so that what waits is as large as one of them.
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
        SetLink RemoveLink BreakLink ProposeRetarget DecideRetarget RotateSeals SetCard BindCertificate ApplyStatusList
        IssueTemporary MergePeople SetLimits SetSpendable FundProgramme CreditPurse ActivatePolicy RetryNotice DecideAdvice
        ConfirmClock ShowResident ListBrokenLinks ListSharedAccounts ListMerchants ShowMerchant ListNotices ListAdvices ShowPolicy
    }
}

mod closing {
    door! {
        ProposeContracts DecideClosing CutOver MarkReconciled SettleDay SignDay ProposePayout ProposeCancelPayout NoteException
        OpenDispute ProposeResolution BookReceived ProposeUndo MakePayoutFiles ListDays ListSettlements ListPayouts ListRuns
        ListTotals ListExceptions ShowContracts Explain
    }
}

mod relief {
    door! {
        ProposeProgramme ProposeClaim ProposeReturn DecideRelief FundRelief ChangeRow TakeStep BookRepaid BookReturned BookSent
        ProposeReliefUndo MakeTransferFiles ListProgrammes ShowProgramme ListProposals ShowProgress ShowBatch ListRows
    }
}

/// Carries out an object that came to a service's address.
pub(crate) async fn open(
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations that come with a file, or whose answer is a report or a letter, have addresses of their own.
    const ELSEWHERE: [Name; 12] = [
        Name::HandOver,
        Name::ImportLinks,
        Name::ImportMerchants,
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
