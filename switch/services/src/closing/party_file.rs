//! A party's file: whose it is, which days it is about, and the request to compare it.

use super::compared::Compared;
use crate::access::Name;
use crate::error::{Result, unfit};
use crate::fields::day;
use crate::operation::Operation;
use crate::{Services, Who};
use bytes::Bytes;
use kazasu_schemas::closing::Against;
use kazasu_schemas::jst::BusinessDay;
use kazasu_text::problems::ProblemText;
use kazasu_text::{AnyOf, Quoted};
use serde::{Deserialize, Serialize};

/// Compares a party's file with the ledger and opens an exception for each exception. The same file once more does nothing.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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
    pub file: Bytes,
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

/// A file's party and days.
#[derive(Clone, Debug)]
pub struct CompareWith {
    /// The kind of party.
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
            other => {
                return Err(unfit(
                    "against",
                    &ProblemText::OneOf { choices: AnyOf(&["acquirer", "issuer"]), got: Quoted(other) },
                ));
            }
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
