//! The addresses of operations. HTTP's routes and the client use the same ones, so that the server takes every request of the
//! client.

use axum::http::Method;
use bytes::Bytes;
use kazasu_services::Operation;
use kazasu_services::access::Name;
use kazasu_services::closing::CompareFile;
use kazasu_services::import::{ImportLinks, ImportMerchants, ImportPayees, LookAtLinks, LookAtMerchants, LookAtPayees};
use kazasu_services::relief::ImportApplications;
use kazasu_services::statement::{ReadPayoutStatement, ReadReliefStatement};
use serde::Serialize;

/// Operations that come with a file, or whose answer is one, and so have a handler of their own.
pub const SPECIAL: [(Method, &str, Name); 16] = [
    (Method::POST, "/handover", Name::HandOver),
    (Method::POST, IMPORT_LINKS, Name::ImportLinks),
    (Method::POST, IMPORT_LINKS, Name::LookAtLinks),
    (Method::POST, IMPORT_MERCHANTS, Name::ImportMerchants),
    (Method::POST, IMPORT_MERCHANTS, Name::LookAtMerchants),
    (Method::POST, IMPORT_PAYEES, Name::ImportPayees),
    (Method::POST, IMPORT_PAYEES, Name::LookAtPayees),
    (Method::POST, COMPARE, Name::CompareFile),
    (Method::POST, PAYOUT_STATEMENT, Name::ReadPayoutStatement),
    (Method::POST, RELIEF_STATEMENT, Name::ReadReliefStatement),
    (Method::POST, "/relief/programmes/{programme}/batches", Name::ImportApplications),
    (Method::GET, "/relief/programmes/{programme}/report", Name::ReliefReport),
    (Method::GET, "/reports/{kind}", Name::MakeReport),
    (Method::GET, SPENDING, Name::ShowSpending),
    (Method::GET, "/residents/{ppid}/statement", Name::ResidentStatement),
    (Method::GET, "/reports/settlements/{settlement}/letter", Name::MakeLetter),
];

/// An operation with a file. The file is the body; everything else stands in the address.
pub trait WithFile: Operation {
    /// The path below the API's base, up to the question mark.
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
pub const IMPORT_LINKS: &str = "/import/links";
/// Takes a file of merchants.
pub const IMPORT_MERCHANTS: &str = "/import/merchants";
/// Takes a file of payees' accounts.
pub const IMPORT_PAYEES: &str = "/import/payees";
/// Takes a party's detail file.
pub const COMPARE: &str = "/closing/compare";
/// Takes a bank statement of the account that merchants are paid from.
pub const PAYOUT_STATEMENT: &str = "/closing/statement";
/// Takes a bank statement of the account that relief is paid from.
pub const RELIEF_STATEMENT: &str = "/relief/statement";

/// What residents spent, as a table or a file of it.
pub const SPENDING: &str = "/aggregates/spending";

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
        format!("/relief/programmes/{}/batches", self.programme)
    }

    fn query(&self) -> Result<String, serde_urlencoded::ser::Error> {
        serde_urlencoded::to_string(Named { name: &self.name, why: &self.why, sheet: self.sheet.as_deref() })
    }

    fn file(&self) -> Bytes {
        self.file.clone()
    }
}
