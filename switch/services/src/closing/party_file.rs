//! A party's file: whose it is, which days it is about, and the request to compare it.

use super::compare::Compared;
use crate::access::Name;
use crate::error::{Result, value};
use crate::fields::day;
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_schemas::closing::Against;
use kazasu_schemas::jst::BusinessDay;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Compares a party's file with the ledger and opens an exception for each exception. The same file once more does nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareFile {
    /// `acquirer` or `issuer`.
    pub against: String,
    /// The acquirer's id, or the issuer's number.
    pub party: String,
    /// First business day.
    pub from: String,
    /// Last business day; the first when absent.
    #[serde(default)]
    pub until: Option<String>,
    /// The file.
    #[serde(skip)]
    pub file: Arc<Vec<u8>>,
}

impl Operation for CompareFile {
    const NAME: Name = Name::CompareFile;
    type Answer = Compared;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Compared> {
        let until = self.until.as_deref().unwrap_or(&self.from);
        let with = CompareWith::new(&self.against, &self.party, (&self.from, until))?;
        services.compare(self.file, with, &who.name).await
    }
}

/// Whose file it is, and which days it is about.
#[derive(Clone, Debug)]
pub struct CompareWith {
    /// Whose.
    pub against: Against,
    /// The issuer's number, or the acquirer's id.
    pub party: String,
    /// First day.
    pub from: BusinessDay,
    /// Last day.
    pub until: BusinessDay,
}

impl CompareWith {
    /// From what people write: whose file, and its first and last day.
    pub fn new(against: &str, party: &str, (from, until): (&str, &str)) -> Result<Self> {
        let against = match against {
            "acquirer" => Against::Acquirer,
            "issuer" => Against::Issuer,
            other => return Err(value("against", format!("must be acquirer or issuer, got {other:?}"))),
        };
        // As the ledger writes it, so that one party has one name.
        let party = party.trim();
        let number = party.parse::<u16>().ok().filter(|_| against == Against::Issuer);
        Ok(CompareWith {
            against,
            party: number.map_or_else(|| party.to_owned(), |n| n.to_string()),
            from: day("from", from)?,
            until: day("until", until)?,
        })
    }
}
