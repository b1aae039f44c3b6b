//! The addresses of operations. HTTP's routes and the client use the same ones, so that the server takes every request of the
//! client.

use bytes::Bytes;
use kazasu_services::Operation;
use kazasu_services::access::Service;
use kazasu_services::closing::CompareFile;
use kazasu_services::import::{ImportLinks, ImportMerchants, ImportPayees, LookAtLinks, LookAtMerchants, LookAtPayees};
use kazasu_services::relief::ImportApplications;
use kazasu_services::statement::{ReadPayoutStatement, ReadReliefStatement};
use serde::Serialize;

/// The key that names an operation in a body.
pub const WORD: &str = "do";

/// The address that takes a service's operations: one JSON object, in which `do` names the operation.
pub const fn address(service: Service) -> &'static str {
    match service {
        Service::Operations => "/v1/requests",
        Service::Closing => "/v1/closing/requests",
        Service::Relief => "/v1/relief/requests",
        Service::People => "/v1/people/requests",
        Service::Approvals => "/v1/approvals/requests",
    }
}

/// An operation as a body of JSON.
#[derive(Serialize)]
pub struct Body<'a, O> {
    #[serde(rename = "do")]
    word: &'static str,
    #[serde(flatten)]
    operation: &'a O,
}

impl<'a, O: Operation> Body<'a, O> {
    /// The body that asks for it.
    pub fn of(operation: &'a O) -> Self {
        Body { word: O::NAME.row().word, operation }
    }
}

/// An operation with a file. The file is the body; everything else stands in the address.
pub trait WithFile: Operation {
    /// The address, up to the question mark.
    fn path(&self) -> String;
    /// Everything but the file.
    fn query(&self) -> Result<String, serde_urlencoded::ser::Error>;
    /// The file.
    fn file(&self) -> Bytes;
}

/// Operations whose fields are those of the address.
macro_rules! with_file {
    ($($operation:ident, $path:ident, $self:ident => $fields:expr;)*) => {$(
        impl WithFile for $operation {
            fn path(&self) -> String {
                $path.to_owned()
            }

            fn query(&$self) -> Result<String, serde_urlencoded::ser::Error> {
                serde_urlencoded::to_string($fields)
            }

            fn file(&$self) -> Bytes {
                $fields.file.clone()
            }
        }
    )*};
}

/// Takes a file of links.
pub const IMPORT_LINKS: &str = "/v1/import/links";
/// Takes a file of merchants.
pub const IMPORT_MERCHANTS: &str = "/v1/import/merchants";
/// Takes a file of payees' accounts.
pub const IMPORT_PAYEES: &str = "/v1/import/payees";
/// Takes a party's detail file.
pub const COMPARE: &str = "/v1/closing/compare";
/// Takes a bank statement of the account that merchants are paid from.
pub const PAYOUT_STATEMENT: &str = "/v1/closing/statement";
/// Takes a bank statement of the account that relief is paid from.
pub const RELIEF_STATEMENT: &str = "/v1/relief/statement";

with_file! {
    ImportLinks, IMPORT_LINKS, self => &self.0;
    ImportMerchants, IMPORT_MERCHANTS, self => &self.0;
    ImportPayees, IMPORT_PAYEES, self => &self.0;
    LookAtPayees, IMPORT_PAYEES, self => &self.0;
    LookAtLinks, IMPORT_LINKS, self => &self.0;
    LookAtMerchants, IMPORT_MERCHANTS, self => &self.0;
    CompareFile, COMPARE, self => self;
    ReadPayoutStatement, PAYOUT_STATEMENT, self => &self.0;
    ReadReliefStatement, RELIEF_STATEMENT, self => &self.0;
}

/// The fields of a file of applications behind the question mark.
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

    fn file(&self) -> Bytes {
        self.file.clone()
    }
}
