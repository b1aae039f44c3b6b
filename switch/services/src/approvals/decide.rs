//! Decides requests. A decision names the request and the fingerprint of the version that the person saw.

use super::Replaced;
use super::with_reason;
use crate::access::{About, Name};
use crate::error::{Result, ServiceError, range, unfit};
use crate::operation::{Operation, Outcome, Recorded};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{ApprovalAnswer, ApprovalRefusal, Approvals, Command, Rejected};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{DecisionProof, DecisionSigned};
use kazasu_text::problems::ProblemText;
use kazasu_text::{AnyOf, Language, Quoted};
use serde::{Deserialize, Serialize};

/// Approves a request (承認). The switch makes the change.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    /// Its number.
    pub approval: u64,
    /// The fingerprint of the version that the person saw, or its first twelve characters.
    pub fingerprint: String,
    /// The reason.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// Sends a request back (差戻し). The requester may change it and request it again.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBackRequest {
    /// Its number.
    pub approval: u64,
    /// The fingerprint of the version that the person saw, or its first twelve characters.
    pub fingerprint: String,
    /// The reason, and the change that the requester shall make.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// Denies a request (否認). The switch changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DenyRequest {
    /// Its number.
    pub approval: u64,
    /// The fingerprint of the version that the person saw, or its first twelve characters.
    pub fingerprint: String,
    /// The reason.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// Withdraws a request of one's own (引戻し).
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawRequest {
    /// Its number.
    pub approval: u64,
    /// The reason.
    pub why: String,
}

/// The answer to a decision.
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
    /// The signature that came with the decision, as hexadecimal digits.
    pub(crate) signature: Option<String>,
}

/// The word of an answer, as the signed text contains it.
fn word(answer: ApprovalAnswer) -> &'static str {
    match answer {
        ApprovalAnswer::Approve => "approve",
        ApprovalAnswer::SendBack => "send_back",
        ApprovalAnswer::Deny => "deny",
    }
}

/// Adds the signature to the command. The record keeps it.
fn signed(command: Command, proof: Option<DecisionProof>) -> Command {
    match proof {
        Some(proof) => Command::Signed { proof: Box::new(proof), command: Box::new(command) },
        None => command,
    }
}

impl Services {
    /// Decides the version that the fingerprint names. When the requester has replaced it, the error contains the differences.
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
            // The requester replaced it after the comparison above.
            Err(ServiceError::Command(CommandError::Rejected(Rejected::Approval(ApprovalRefusal::Changed(_))))) => {
                Err(self.replaced(approval, &prefix, who).await)
            }
            Err(other) => Err(other),
        }
    }

    /// The error for a version that the requester has replaced, with the differences.
    pub(crate) async fn replaced(&self, approval: u64, prefix: &str, who: &Who) -> ServiceError {
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
        Ok(services.command_of(who, Command::Approvals(withdraw)).await?.into())
    }
}

/// The largest number of decisions in one request.
pub const MOST_AT_ONCE: usize = 200;

/// Decides several requests in their order. A refused decision does not stop the others.
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
    /// The fingerprint of the version that the person saw, or its first twelve characters.
    pub fingerprint: String,
    /// The reason.
    pub why: String,
    /// The signature over the decision (128 hexadecimal digits), where the key of the session is with the person.
    pub signature: Option<String>,
}

/// The outcome of one of several decisions.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DecidedOne {
    /// The request's number.
    pub approval: u64,
    /// Whether anything changed; absent when the decision was refused.
    pub result: Option<Outcome>,
    /// The reason of the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The reason of the refusal, in Japanese.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_ja: Option<String>,
}

impl Operation for DecideMany {
    const NAME: Name = Name::DecideMany;
    type Answer = Vec<DecidedOne>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<DecidedOne>> {
        let asked = self.decisions.len();
        if !(1..=MOST_AT_ONCE).contains(&asked) {
            return Err(unfit("decisions", &range(MOST_AT_ONCE, asked)));
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
    /// Calls the operation of this answer, so that the access table checks each decision and the security log has a line for it.
    async fn decided(self, services: &Services, who: &Who) -> Result<Decided> {
        let OneDecision { approval, answer, fingerprint, why, signature } = self;
        match answer.as_str() {
            "approve" => services.call(ApproveRequest { approval, fingerprint, why, signature }, who).await,
            "send_back" => services.call(SendBackRequest { approval, fingerprint, why, signature }, who).await,
            "deny" => services.call(DenyRequest { approval, fingerprint, why, signature }, who).await,
            other => {
                let choices = AnyOf(&["approve", "send_back", "deny"]);
                Err(unfit("answer", &ProblemText::OneOf { choices, got: Quoted(other) }))
            }
        }
    }
}
