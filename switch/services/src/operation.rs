//! Operations: each is a request, its answer, and its row in the table of [`crate::access`].

use crate::access::{About, Name};
use crate::error::Result;
use crate::fields::has_reason;
use crate::subject::{Seen, Subject};
use crate::watched::Watched;
use crate::{Services, Who};
use kazasu_core::{ApprovalView, Done};
use kazasu_ledger::record::PortalProof;
use kazasu_schemas::identity::PersonId;
use kazasu_schemas::portal::Statement;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::sync::Arc;

/// A command or a question.
pub trait Operation: Sized + Send {
    /// Its row in the table.
    const NAME: Name;
    /// The answer.
    type Answer: Send;

    /// The subject of the request, as far as the rights depend on it; or the reason why the request cannot be read.
    fn about(&self) -> Result<About> {
        Ok(About::Nothing)
    }

    /// The residents, subject and reason of the request, for the security log.
    fn subject(&self) -> Subject {
        Subject::default()
    }

    /// Residents in the answer that the request did not name. The security log keeps them.
    fn seen(_: &Self::Answer) -> Vec<String> {
        Vec::new()
    }

    /// Who asked, where the answer is what says it: the person who has signed in.
    fn asker(_: &Self::Answer) -> Option<PersonId> {
        None
    }

    /// As what it stands in the security log.
    fn watched() -> Watched {
        Self::NAME.watched()
    }

    /// Carries it out, for a caller who may. A command returns when its record is durable.
    fn carry_out(self, services: &Services, who: &Who) -> impl Future<Output = Result<Self::Answer>> + Send;
}

impl Services {
    /// Carries an operation out, when the caller may ask it. This is the only way to one. Every one is in the security log, with
    /// every outcome.
    pub async fn call<O: Operation>(&self, operation: O, who: &Who) -> Result<O::Answer> {
        let mut pending = self.watch(&operation, who)?;
        let result = self.asked(operation, who, |statement, proof| pending.signed(statement, proof)).await;
        pending.over(result, |answer| Seen { residents: O::seen(answer), by: O::asker(answer) }).await
    }

    async fn asked<O: Operation>(
        &self,
        operation: O,
        who: &Who,
        signed: impl FnOnce(&Statement, &PortalProof) + Send,
    ) -> Result<O::Answer> {
        self.allowed(O::NAME, operation.about()?, who).await?;
        let subject = operation.subject();
        has_reason(O::NAME, subject.why.as_deref(), who)?;
        let Some((statement, proof)) = self.proven(O::NAME, &subject.residents, who).await? else {
            return operation.carry_out(self, who).await;
        };
        signed(&statement, &proof);
        let proof = Some(Arc::new(proof));
        operation.carry_out(self, &Who { proof, ..who.clone() }).await
    }
}

/// Whether a command changed anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A record was made.
    Recorded,
    /// It was so already.
    Unchanged,
}

impl From<Done> for Outcome {
    fn from(done: Done) -> Self {
        match done {
            Done::Recorded => Outcome::Recorded,
            Done::Unchanged => Outcome::Unchanged,
        }
    }
}

/// The answer of a command that says no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Recorded {
    /// Whether anything changed.
    pub result: Outcome,
}

impl From<Done> for Recorded {
    fn from(done: Done) -> Self {
        Recorded { result: done.into() }
    }
}

/// The answer of a command that asks another person to approve something.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Requested {
    /// Whether anything changed.
    pub result: Outcome,
    /// The number under which it is decided.
    pub proposal: Option<u64>,
    /// The fingerprint that a decision names; its first twelve characters are enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// From this moment on it is not decided any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Requested {
    /// With the request that is open, if one is.
    pub(crate) fn of(result: Outcome, open: Option<ApprovalView>) -> Requested {
        Requested {
            result,
            proposal: open.as_ref().map(|open| open.number),
            fingerprint: open.as_ref().map(|open| open.fingerprint.to_string()),
            until: open.and_then(|open| open.until).map(|until| until.jst_text()),
        }
    }
}
