//! `kazasu approval`: one inbox for all requests that two people decide.

use super::backend::{Backend, one, query, show};
use super::common::Common;
use super::list::{ListArgs, list};
use super::proof;
use crate::language::refused;
use clap::Subcommand;
use kazasu_api::client::CallError;
use kazasu_api::routes::Addressed;
use kazasu_ledger::record::{DecisionSigned, Fingerprint};
use kazasu_serve::config::Config;
use kazasu_services::approvals::{
    ApproveRequest, DecideMany, DenyRequest, ListApprovals, OneDecision, SendBackRequest, ShowApproval, WithdrawRequest,
};
use kazasu_text::usage::UsageText;
use kazasu_text::{Quoted, Said};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum ApprovalCommand {
    /// Requests that wait, of all kinds, with yen, requester and deadline.
    List {
        /// Also the last ones that are over.
        #[arg(long)]
        closed: bool,
        #[command(flatten)]
        list: ListArgs,
    },
    /// One request: what was filled in, what it would change, and its fingerprint.
    Show {
        /// Its number.
        approval: u64,
        #[command(flatten)]
        common: Common,
    },
    /// Approves a request.
    Approve(Decision),
    /// Sends a request back to its requester, to be changed and handed in again.
    SendBack(Decision),
    /// Denies a request.
    Deny(Decision),
    /// Takes your own request back.
    Withdraw {
        /// Its number.
        approval: u64,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Decides several requests, and says of each what came of it: a file of lines `NUMBER,approve|send_back|deny,FINGERPRINT,WHY`.
    Decide {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        common: Common,
    },
}

/// A decision of another person than the requester.
#[derive(clap::Args)]
pub(super) struct Decision {
    /// Its number.
    approval: u64,
    /// The fingerprint of what you looked at, as `approval show` prints it; its first twelve characters are enough.
    #[arg(long)]
    fingerprint: String,
    /// The reason, which the record keeps.
    #[arg(long)]
    why: String,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(command: ApprovalCommand) -> anyhow::Result<()> {
    match command {
        ApprovalCommand::List { closed, list: args } => list(ListApprovals { closed }, &args).await,
        ApprovalCommand::Show { approval, common } => query(ShowApproval { approval }, &common).await,
        ApprovalCommand::Approve(decision) => decision.sent("approve").await,
        ApprovalCommand::SendBack(decision) => decision.sent("send_back").await,
        ApprovalCommand::Deny(decision) => decision.sent("deny").await,
        ApprovalCommand::Withdraw { approval, why, common } => one(WithdrawRequest { approval, why }, &common).await,
        ApprovalCommand::Decide { file, common } => {
            let text = kazasu_security::files::read_text(&file)?;
            let mut decisions = decisions(&text)?;
            let config = Config::load(&common.config)?;
            let backend = Backend::commands(&config, &common).await?;
            for decision in &mut decisions {
                // What cannot be signed is refused by itself, and stops no other.
                decision.signature = signature(&backend, decision, &common).await.unwrap_or_default();
            }
            let result = backend.call(DecideMany { decisions }).await;
            backend.close().await?;
            show(result, &common)
        }
    }
}

impl Decision {
    /// Signs it, where the key of the session is here, and hands it in.
    async fn sent(self, answer: &str) -> anyhow::Result<()> {
        let Decision { approval, fingerprint, why, common } = self;
        let decision = OneDecision { approval, answer: answer.to_owned(), fingerprint, why, signature: None };
        match answer {
            "approve" => {
                signed_as(&decision, &common, |OneDecision { approval, fingerprint, why, signature, .. }| {
                    ApproveRequest { approval, fingerprint, why, signature }
                })
                .await
            }
            "send_back" => {
                signed_as(&decision, &common, |OneDecision { approval, fingerprint, why, signature, .. }| {
                    SendBackRequest { approval, fingerprint, why, signature }
                })
                .await
            }
            _ => {
                signed_as(&decision, &common, |OneDecision { approval, fingerprint, why, signature, .. }| DenyRequest {
                    approval,
                    fingerprint,
                    why,
                    signature,
                })
                .await
            }
        }
    }
}

/// Signs a decision, hands it in as this operation, and prints the answer.
pub(super) async fn signed_as<O>(
    decision: &OneDecision,
    common: &Common,
    operation: impl FnOnce(OneDecision) -> O,
) -> anyhow::Result<()>
where
    O: Addressed + Serialize,
    O::Answer: DeserializeOwned + Serialize,
{
    let config = Config::load(&common.config)?;
    let backend = Backend::commands(&config, common).await?;
    let result = match signature(&backend, decision, common).await {
        Ok(signature) => backend.call(operation(OneDecision { signature, ..decision.clone() })).await,
        Err(error) => Err(error),
    };
    backend.close().await?;
    show(result, common)
}

/// The signature over a decision; none where the key of the session is not here. Twelve characters are enough for the switch, and too
/// few to be signed: the whole fingerprint is asked for.
async fn signature(backend: &Backend, decision: &OneDecision, common: &Common) -> Result<Option<String>, CallError> {
    let Some(key) = proof::decision_key(common).map_err(CallError::Failed)? else { return Ok(None) };
    let OneDecision { approval, answer, fingerprint, why, .. } = decision;
    let shown = backend.call(ShowApproval { approval: *approval }).await?;
    let begins = shown.sha256.starts_with(&fingerprint.trim().to_ascii_lowercase());
    let whole = hex::decode(&shown.sha256).ok().and_then(|bytes| bytes.try_into().ok()).filter(|_| begins);
    // Another request than was looked at: the switch says what differs.
    let Some(whole) = whole else { return Ok(None) };
    let asked = DecisionSigned { approval: *approval, answer, fingerprint: Fingerprint(whole), why: why.trim() };
    let signature = kazasu_security::decision::sign(&key, &asked).map_err(|error| CallError::Failed(error.into()))?;
    Ok(Some(hex::encode(signature)))
}

/// Lines of a file of decisions. The reason is the rest of the line, so that it may have commas.
fn decisions(text: &str) -> anyhow::Result<Vec<OneDecision>> {
    let lines =
        text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let at_line =
        |line: u64, problem: UsageText<'_>| refused(&UsageText::DecisionLine { line, problem: &Said::of(&problem) });
    lines.map(|(line, at)| decision(line).map_err(|problem| at_line(at, problem))).collect()
}

fn decision(line: &str) -> Result<OneDecision, UsageText<'_>> {
    let mut fields = line.splitn(4, ',').map(str::trim);
    let mut next = || fields.next().ok_or(UsageText::DecisionFields);
    let number = next()?;
    let approval = number.parse().map_err(|_| UsageText::DecisionNumber { got: Quoted(number) })?;
    let [answer, fingerprint, why] = [next()?, next()?, next()?].map(str::to_owned);
    Ok(OneDecision { approval, answer, fingerprint, why, signature: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_decisions_names_the_line_that_cannot_be_read() {
        let read = decisions("# today\n12,approve,0123456789ab,checked, twice\n\n13, deny ,ba9876543210,no\n").unwrap();
        assert_eq!((read.len(), read[0].approval, read[0].why.as_str()), (2, 12, "checked, twice"));
        assert_eq!((read[1].answer.as_str(), read[1].fingerprint.as_str()), ("deny", "ba9876543210"));
        for (text, told) in
            [("x,deny,0,y", "expected a request's number"), ("1,deny,0", "NUMBER,ANSWER,FINGERPRINT,WHY")]
        {
            let error = format!("{:#}", decisions(text).unwrap_err());
            assert!(error.starts_with("line 1: ") && error.contains(told), "{error}");
        }
    }
}
