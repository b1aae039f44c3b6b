//! What may be asked: an operation is a request, its answer, and its row in the table of [`crate::access`].

use crate::access::{About, Name};
use crate::error::Result;
use crate::{Services, Who};
use kazasu_core::Done;
use serde::{Deserialize, Serialize};
use std::future::Future;

/// A command or a question.
pub trait Operation: Sized + Send {
    /// Its row in the table.
    const NAME: Name;
    /// What it gives.
    type Answer: Send;

    /// What it is about, as far as that decides who may ask it; or why the request cannot be read so far.
    fn about(&self) -> Result<About> {
        Ok(About::Nothing)
    }

    /// Carries it out, for a caller who may. A command returns when its record is durable.
    fn carry_out(self, services: &Services, who: &Who) -> impl Future<Output = Result<Self::Answer>> + Send;
}

impl Services {
    /// Carries an operation out, when the caller may ask it. This is the only way to one.
    pub async fn call<O: Operation>(&self, operation: O, who: &Who) -> Result<O::Answer> {
        self.admit(O::NAME, operation.about()?, who).await?;
        operation.carry_out(self, who).await
    }
}

/// Whether a command changed anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Requested {
    /// Whether anything changed.
    pub result: Outcome,
    /// The number under which it is decided.
    pub proposal: Option<u64>,
}
