//! A person's link to an instrument: made, ended, broken, and given another instrument by two people.

use crate::access::Name;
use crate::error::{Result, ServiceError};
use crate::fields::{moment, ppid, reason};
use crate::operation::{Operation, Outcome, Recorded};
use crate::{Services, Who};
use kazasu_core::Command;
use serde::{Deserialize, Serialize};

/// Links or relinks a PPID. A card number passes through it, so it is never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetLink {
    /// The person.
    pub ppid: String,
    /// `credit`, `debit`, `bank` or `held`.
    pub kind: String,
    /// The card's or account's number.
    pub number: String,
    /// The card's 4-digit PIN was entered and is right.
    #[serde(default)]
    pub pin_verified: bool,
    /// A date, or a time with its offset, from which the link holds; now when absent.
    #[serde(default)]
    pub from: Option<String>,
}

/// A link that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LinkSet {
    /// Whether anything changed.
    pub result: Outcome,
    /// No issuer's route leads to this number yet.
    pub without_route: bool,
    /// The account is under several PPIDs.
    pub shared_account: bool,
    /// From when the newest link holds.
    pub from: Option<String>,
}

fn entered(pin_verified: bool) -> Result<()> {
    if pin_verified { Ok(()) } else { Err(ServiceError::Pin) }
}

impl Operation for SetLink {
    const NAME: Name = Name::SetLink;
    type Answer = LinkSet;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<LinkSet> {
        entered(self.pin_verified)?;
        let person = ppid("ppid", &self.ppid)?;
        let from = self.from.as_deref().map(|text| moment("from", text)).transpose()?;
        let (to, without_route) = crate::import::instrument(&self.kind, &self.number, &person, &services.imports)?;
        let (origin, by) = (who.origin(), who.name.clone());
        let done = services.command(Command::Link { ppid: person, from, to, origin, by }).await?;
        let now = services.query(move |state| {
            let shared = state.resident(&person, state.day).is_some_and(|r| r.shared_account);
            (shared, state.link_versions(&person).next().map(|v| v.from.jst_text()))
        });
        let (shared_account, from) = now.await?;
        Ok(LinkSet { result: done.into(), without_route, shared_account, from })
    }
}

/// Ends a link.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveLink {
    /// The person.
    pub ppid: String,
    /// The card's 4-digit PIN was entered and is right.
    #[serde(default)]
    pub pin_verified: bool,
    /// A date, or a time with its offset; now when absent.
    #[serde(default)]
    pub from: Option<String>,
}

impl Operation for RemoveLink {
    const NAME: Name = Name::RemoveLink;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        entered(self.pin_verified)?;
        let from = self.from.as_deref().map(|text| moment("from", text)).transpose()?;
        let command = Command::Unlink { ppid: ppid("ppid", &self.ppid)?, from, by: who.name.clone() };
        Ok(services.command(command).await?.into())
    }
}

/// Puts a link into the queue of broken ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakLink {
    /// The person.
    pub ppid: String,
    /// What happened.
    pub why: String,
}

impl Operation for BreakLink {
    const NAME: Name = Name::BreakLink;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (ppid, why) = (ppid("ppid", &self.ppid)?, reason("why", &self.why)?);
        Ok(services.command(Command::BreakLink { ppid, why, by: who.name.clone() }).await?.into())
    }
}

/// Proposes a new instrument for a broken link. A card number passes through it, so it is never printed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposeRetarget {
    /// The person.
    pub ppid: String,
    /// `credit`, `debit`, `bank` or `held`.
    pub kind: String,
    /// The card's or account's number.
    pub number: String,
}

impl Operation for ProposeRetarget {
    const NAME: Name = Name::ProposeRetarget;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let person = ppid("ppid", &self.ppid)?;
        let (to, _) = crate::import::instrument(&self.kind, &self.number, &person, &services.imports)?;
        Ok(services.command(Command::ProposeRetarget { ppid: person, to, by: who.name.clone() }).await?.into())
    }
}

/// Approves the new instrument of a broken link, or turns it down: another person than who proposed it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideRetarget {
    /// The person.
    pub ppid: String,
    /// Approve it.
    pub approve: bool,
    /// Why.
    pub why: String,
}

impl Operation for DecideRetarget {
    const NAME: Name = Name::DecideRetarget;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (ppid, why) = (ppid("ppid", &self.ppid)?, reason("why", &self.why)?);
        let command = Command::DecideRetarget { ppid, approve: self.approve, by: who.name.clone(), why };
        Ok(services.command(command).await?.into())
    }
}
