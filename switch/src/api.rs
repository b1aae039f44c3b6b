//! Operations as programs send them: which address takes which. HTTP's routes and the client read the same, so that what one sends
//! the other takes.

use kazasu_services::Operation;
use kazasu_services::access::Service;
use kazasu_services::closing::CompareFile;
use kazasu_services::import::{ImportLinks, ImportMerchants};
use kazasu_services::relief::ImportApplications;
use kazasu_services::statement::{ReadPayoutStatement, ReadReliefStatement};
use serde::Serialize;
use std::sync::Arc;

/// The key that names an operation in a body.
pub(crate) const WORD: &str = "do";

/// The address that takes a service's operations: one JSON object, in which `do` names the operation.
pub(crate) const fn address(service: Service) -> &'static str {
    match service {
        Service::Operations => "/v1/ask",
        Service::Closing => "/v1/closing/ask",
        Service::Relief => "/v1/relief/ask",
    }
}

/// An operation as a body of JSON.
#[derive(Serialize)]
pub(crate) struct Body<'a, O> {
    #[serde(rename = "do")]
    word: &'static str,
    #[serde(flatten)]
    operation: &'a O,
}

impl<'a, O: Operation> Body<'a, O> {
    pub(crate) fn of(operation: &'a O) -> Self {
        Body { word: O::NAME.row().word, operation }
    }
}

/// An operation with a file. The file is the body; everything else stands in the address.
pub(crate) trait WithFile: Operation {
    /// The address, up to the question mark.
    fn path(&self) -> String;
    /// Everything but the file.
    fn query(&self) -> Result<String, serde_urlencoded::ser::Error>;
    /// The file.
    fn file(&self) -> Arc<Vec<u8>>;
}

/// Where the operation's fields are those of the address.
macro_rules! with_file {
    ($($operation:ident, $path:ident, $self:ident => $fields:expr;)*) => {$(
        impl WithFile for $operation {
            fn path(&self) -> String {
                $path.to_owned()
            }

            fn query(&$self) -> Result<String, serde_urlencoded::ser::Error> {
                serde_urlencoded::to_string($fields)
            }

            fn file(&$self) -> Arc<Vec<u8>> {
                $fields.file.clone()
            }
        }
    )*};
}

pub(crate) const IMPORT_LINKS: &str = "/v1/import/links";
pub(crate) const IMPORT_MERCHANTS: &str = "/v1/import/merchants";
pub(crate) const COMPARE: &str = "/v1/closing/compare";
pub(crate) const PAYOUT_STATEMENT: &str = "/v1/closing/statement";
pub(crate) const RELIEF_STATEMENT: &str = "/v1/relief/statement";

with_file! {
    ImportLinks, IMPORT_LINKS, self => &self.0;
    ImportMerchants, IMPORT_MERCHANTS, self => &self.0;
    CompareFile, COMPARE, self => self;
    ReadPayoutStatement, PAYOUT_STATEMENT, self => &self.0;
    ReadReliefStatement, RELIEF_STATEMENT, self => &self.0;
}

/// What of a file of applications stands behind the question mark.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sheet: Option<&'a str>,
}

impl WithFile for ImportApplications {
    fn path(&self) -> String {
        format!("/v1/relief/programmes/{}/batches", self.programme)
    }

    fn query(&self) -> Result<String, serde_urlencoded::ser::Error> {
        serde_urlencoded::to_string(Named { name: &self.name, why: &self.why, sheet: self.sheet.as_deref() })
    }

    fn file(&self) -> Arc<Vec<u8>> {
        self.file.clone()
    }
}
