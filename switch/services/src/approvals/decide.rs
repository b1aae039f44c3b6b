//! Decisions: each names the request and the fingerprint of what was looked at.

use super::Replaced;
use super::with_reason;
use crate::access::{About, Name};
use crate::error::{Result, ServiceError, value};
use crate::operation::{Operation, Outcome, Recorded};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{ApprovalAnswer, ApprovalRefusal, Approvals, Command, Rejected};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{DecisionProof, DecisionSigned};
use kazasu_text::Language;
use serde::{Deserialize, Serialize};

/// Approves a request (承認): it happens.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// Its number.
    pub approval: u64,
    /// The fingerprint of what was looked at, or its first twelve characters.
    pub fingerprint: String,
    /// Why.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// Sends a request back to its requester, to be changed and handed in again (差戻し).
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBackRequest {
    /// Its number.
    pub approval: u64,
    /// The fingerprint of what was looked at, or its first twelve characters.
    pub fingerprint: String,
    /// Why, and what is to be changed.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// Denies a request (否認): it does not happen.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DenyRequest {
    /// Its number.
    pub approval: u64,
    /// The fingerprint of what was looked at, or its first twelve characters.
    pub fingerprint: String,
    /// Why.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// Takes an own request back (引戻し).
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawRequest {
    /// Its number.
    pub approval: u64,
    /// Why.
    pub why: String,
}

/// A request that was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Decided {
    /// Whether anything changed.
    pub result: Outcome,
    /// Its number.
    pub approval: u64,
}

/// A decision of a person.
pub(crate) struct Deciding {
    pub(crate) approval: u64,
    pub(crate) answer: ApprovalAnswer,
    pub(crate) fingerprint: String,
    pub(crate) why: String,
    /// What came with it.
    pub(crate) signature: Option<String>,
}

/// The answer as it is signed.
fn word(answer: ApprovalAnswer) -> &'static str {
    match answer {
        ApprovalAnswer::Approve => "approve",
        ApprovalAnswer::SendBack => "send_back",
        ApprovalAnswer::Deny => "deny",
    }
}

/// The command, with the signature that its record keeps.
fn signed(command: Command, proof: Option<DecisionProof>) -> Command {
    match proof {
        Some(proof) => Command::Signed { proof: Box::new(proof), command: Box::new(command) },
        None => command,
    }
}

impl Services {
    /// Decides what the fingerprint names: a request that was replaced since is refused with the differences.
    pub(crate) async fn decide(&self, decided: Deciding, who: &Who) -> Result<Decided> {
        let Deciding { approval, answer, fingerprint, why, signature } = decided;
        let (said, prefix) = (with_reason(who.says(why))?, crate::fields::fingerprint(&fingerprint)?);
        let seen = self.approval(approval).await?.fingerprint;
        if !seen.to_string().starts_with(&prefix) {
            return Err(self.replaced(approval, &prefix, who).await);
        }
        let asked = DecisionSigned { approval, answer: word(answer), fingerprint: seen, why: &said.why };
        let proof = self.decision_proof(&asked, signature.as_deref(), who).await?;
        let decide = Approvals::Decide { proposal: approval, answer, seen: Some(seen), said };
        match self.command(signed(Command::Approvals(decide), proof)).await {
            Ok(done) => Ok(Decided { result: done.into(), approval }),
            // It was replaced in between.
            Err(ServiceError::Command(CommandError::Rejected(Rejected::Approval(ApprovalRefusal::Changed(_))))) => {
                Err(self.replaced(approval, &prefix, who).await)
            }
            Err(other) => Err(other),
        }
    }

    /// The request is not what was looked at: what differs.
    async fn replaced(&self, approval: u64, prefix: &str, who: &Who) -> ServiceError {
        match self.looked_at(approval, who).await {
            Ok(looked) => {
                let differences = self.since(&looked, |before| before.to_string().starts_with(prefix));
                let fingerprint = looked.view.fingerprint.to_string();
                ServiceError::Replaced(Box::new(Replaced { approval, fingerprint, differences }))
            }
            Err(error) => error,
        }
    }
}

macro_rules! decisions {
    ($($operation:ident $answer:ident;)*) => {$(
        impl Operation for $operation {
            const NAME: Name = Name::$operation;
            type Answer = Decided;

            fn subject(&self) -> Subject {
                Subject::default().because(Some(&self.why))
            }

            fn about(&self) -> Result<About> {
                Ok(About::Approval(self.approval))
            }

            async fn carry_out(self, services: &Services, who: &Who) -> Result<Decided> {
                let $operation { approval, fingerprint, why, signature } = self;
                let answer = ApprovalAnswer::$answer;
                services.decide(Deciding { approval, answer, fingerprint, why, signature }, who).await
            }
        }
    )*};
}

decisions! {
    ApproveRequest Approve;
    SendBackRequest SendBack;
    DenyRequest Deny;
}

impl Operation for WithdrawRequest {
    const NAME: Name = Name::WithdrawRequest;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::default().because(Some(&self.why))
    }

    fn about(&self) -> Result<About> {
        Ok(About::Approval(self.approval))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let said = with_reason(who.says(self.why))?;
        let withdraw = Approvals::Withdraw { proposal: self.approval, said };
        Ok(services.command(Command::Approvals(withdraw)).await?.into())
    }
}

/// Decisions that one request may carry.
pub const MOST_AT_ONCE: usize = 200;

/// Decides several requests, one after the other. One that is refused does not stop the others.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideMany {
    /// The decisions.
    pub decisions: Vec<OneDecision>,
}

/// One of several decisions.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneDecision {
    /// The request's number.
    pub approval: u64,
    /// `approve`, `send_back` or `deny`.
    pub answer: String,
    /// The fingerprint of what was looked at, or its first twelve characters.
    pub fingerprint: String,
    /// Why.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// What came of one of several decisions.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DecidedOne {
    /// The request's number.
    pub approval: u64,
    /// Whether anything changed; absent when it was refused.
    pub result: Option<Outcome>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Why it was refused, in Japanese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_ja: Option<String>,
}

impl Operation for DecideMany {
    const NAME: Name = Name::DecideMany;
    type Answer = Vec<DecidedOne>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<DecidedOne>> {
        let asked = self.decisions.len();
        if !(1..=MOST_AT_ONCE).contains(&asked) {
            return Err(value("decisions", format!("expected 1 to {MOST_AT_ONCE}, got {asked}")));
        }
        let mut out = Vec::new();
        for one in self.decisions {
            let approval = one.approval;
            let came_of = one.decided(services, who).await;
            let (result, error) = came_of.map_or_else(|error| (None, Some(error)), |done| (Some(done.result), None));
            let told = |language| error.as_ref().map(|error| error.in_language(language));
            let (error, error_ja) = (told(Language::English), told(Language::Japanese));
            out.push(DecidedOne { approval, result, error, error_ja });
        }
        Ok(out)
    }
}

impl OneDecision {
    /// By the operation of its own, so that the table is asked about each and the log has each.
    async fn decided(self, services: &Services, who: &Who) -> Result<Decided> {
        let OneDecision { approval, answer, fingerprint, why, signature } = self;
        match answer.as_str() {
            "approve" => services.call(ApproveRequest { approval, fingerprint, why, signature }, who).await,
            "send_back" => services.call(SendBackRequest { approval, fingerprint, why, signature }, who).await,
            "deny" => services.call(DenyRequest { approval, fingerprint, why, signature }, who).await,
            other => Err(value("answer", format!("must be approve, send_back or deny, got {other:?}"))),
        }
    }
}
