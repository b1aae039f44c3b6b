//! An operation that stands in a line of a file as a JSON object: the word in `do` names it, the other keys are its request.

use crate::json::{self, JsonError};
use crate::routes::{asked_as, each_route, requests};
use kazasu_services::access::Service;
use kazasu_services::{Operation, ServiceError, Services, Who};
use kazasu_text::requests::JsonText;
use kazasu_text::{Quoted, Said};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The key that names an operation.
pub const WORD: &str = "do";

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

/// Takes the word that names the operation out of an object.
pub fn word(object: &mut Map<String, Value>) -> Result<String, JsonError> {
    match object.remove(WORD) {
        Some(Value::String(word)) => Ok(word),
        Some(_) => Err(JsonError::Field { field: WORD.to_owned(), said: Said::of(&JsonText::WordKind) }),
        None => Err(JsonError::key(WORD, &JsonText::WordMissing)),
    }
}

async fn carry_out<O>(services: &Services, who: &Who, object: Map<String, Value>) -> Result<Value, DoorError>
where
    O: Operation + DeserializeOwned,
    O::Answer: Serialize,
{
    services.admit_somewhere(O::NAME, who).await.map_err(DoorError::Service)?;
    let operation: O = json::shaped(object)?;
    let answer = services.call(operation, who).await.map_err(DoorError::Service)?;
    serde_json::to_value(answer).map_err(|error| DoorError::Service(ServiceError::Other(error.into())))
}

/// No operation of the service has this word.
#[must_use]
pub fn unknown(service: Service, word: &str) -> JsonError {
    let known = words(service).join(", ");
    let word = kazasu_schemas::text::masked(word);
    JsonError::shape(&JsonText::WordUnknown { got: Quoted(&word), known: &known })
}

macro_rules! opened {
    ($($method:ident $path:literal $request:ident $($tag:ident)?;)*) => {
        /// The words of a service's operations.
        fn words(service: Service) -> Vec<&'static str> {
            let rows = [$(<requests::$request as Operation>::NAME.row(),)*];
            rows.into_iter().filter(|row| row.service == service).map(|row| row.word).collect()
        }

        /// Carries out the operation that the word names.
        pub async fn open(
            service: Service,
            (services, who): (&Services, &Who),
            (word, object): (&str, Map<String, Value>),
        ) -> Result<Value, DoorError> {
            $({
                let row = <requests::$request as Operation>::NAME.row();
                if row.service == service && row.word == word {
                    // Each is boxed, so that the waiting future is as large as one of them.
                    return Box::pin(carry_out::<asked_as!($request $($tag)?)>(services, who, object)).await;
                }
            })*
            Err(unknown(service, word).into())
        }
    };
}
each_route!(opened);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_word_names_one_operation_of_its_service() {
        let services = [Service::Operations, Service::Closing, Service::Relief, Service::People];
        for service in services.into_iter().chain([Service::Approvals, Service::Webhooks]) {
            let words = words(service);
            assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len(), "{words:?}");
        }
    }
}
