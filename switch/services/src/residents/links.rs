//! A person's link to an instrument: made, ended, broken, and given another instrument by two people.

use crate::access::Name;
use crate::approvals::Asked;
use crate::error::{Result, ServiceError, unfit};
use crate::fields::{moment, ppid, reason};
use crate::operation::{Operation, Outcome, Recorded, Requested};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::Command;
use kazasu_ledger::record::Proposal;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// Links or relinks a PPID. A card number passes through it, so it is never printed.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLink {
    /// The person.
    pub ppid: String,
    /// `credit`, `debit`, `bank` or `held`.
    pub kind: String,
    /// The card's or account's number.
    pub number: String,
    /// Of staff at a counter: the card's 4-digit PIN was entered and is right. A portal's statement says it.
    #[serde(default)]
    pub pin_verified: bool,
    /// A date, or a time with its offset, from which the link holds; now when absent.
    #[serde(default)]
    pub from: Option<String>,
}

/// A link that was made.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkSet {
    /// Whether anything changed.
    pub result: Outcome,
    /// No issuer's route leads to this number yet.
    pub without_route: bool,
    /// The account is under several PPIDs.
    pub shared_account: bool,
    /// From when the newest link holds.
    pub from: Option<String>,
    /// Another person has this instrument linked: under this number staff decide, and until then the link pays nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for_staff: Option<u64>,
    /// A link that staff ask for: another person decides it, and until then it pays nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Asked>>,
}

/// A portal's signed statement says how the person was proven. Staff at a counter say that the PIN was entered there.
fn entered(pin_verified: bool, who: &Who) -> Result<()> {
    match (&who.proof, pin_verified) {
        (Some(_), true) => Err(unfit("pin_verified", &ProblemText::PinOfPortal)),
        (Some(_), false) | (None, true) => Ok(()),
        (None, false) => Err(ServiceError::Pin),
    }
}

impl Operation for SetLink {
    const NAME: Name = Name::SetLink;
    type Answer = LinkSet;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<LinkSet> {
        entered(self.pin_verified, who)?;
        let person = ppid("ppid", &self.ppid)?;
        let from = self.from.as_deref().map(|text| moment("from", text)).transpose()?;
        let (to, without_route) = crate::import::instrument(&self.kind, &self.number, &person, &services.imports)?;
        let (origin, said, most_open) = (who.origin(), who.says(""), services.most_open);
        let ask = Command::AskLink { ppid: person, from, to, origin, said, most_open };
        let done = services.command_of(who, who.proving(ask)).await?;
        let now = services.query(move |state| {
            let shared = state.resident(&person, state.day).is_some_and(|r| r.shared_account);
            let newest = state.link_versions(&person).next().map(|v| v.from.jst_text());
            (shared, newest, state.shared_link_request(person), state.staff_link_request(person))
        });
        let (shared_account, from, waits_for_staff, staff) = now.await?;
        let asked = match staff {
            Some(number) => {
                let open = services.query(move |state| state.open_approval(number)).await?;
                Some(Box::new(services.as_requested(Requested::of(done.into(), open), who).await?))
            }
            None => None,
        };
        Ok(LinkSet { result: done.into(), without_route, shared_account, from, waits_for_staff, asked })
    }
}

/// Ends a link.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveLink {
    /// The person.
    pub ppid: String,
    /// Of staff at a counter: the card's 4-digit PIN was entered and is right. A portal's statement says it.
    #[serde(default)]
    pub pin_verified: bool,
    /// A date, or a time with its offset; now when absent.
    #[serde(default)]
    pub from: Option<String>,
}

impl Operation for RemoveLink {
    const NAME: Name = Name::RemoveLink;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        entered(self.pin_verified, who)?;
        let from = self.from.as_deref().map(|text| moment("from", text)).transpose()?;
        let command = Command::Unlink { ppid: ppid("ppid", &self.ppid)?, from, by: who.name.clone() };
        Ok(services.command(who.proving(command)).await?.into())
    }
}

/// Puts a link into the queue of broken ones.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakLink {
    /// The person.
    pub ppid: String,
    /// The event that broke the link.
    pub why: String,
}

impl Operation for BreakLink {
    const NAME: Name = Name::BreakLink;
    type Answer = Recorded;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let (ppid, why) = (ppid("ppid", &self.ppid)?, reason("why", &self.why)?);
        Ok(services.command(Command::BreakLink { ppid, said: who.says(why) }).await?.into())
    }
}

/// Proposes a new instrument for a broken link. A card number passes through it, so it is never printed.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
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
    type Answer = Requested;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let person = ppid("ppid", &self.ppid)?;
        let (to, _) = crate::import::instrument(&self.kind, &self.number, &person, &services.imports)?;
        let done = services.command_of(who, Command::ProposeRetarget { ppid: person, to, said: who.says("") }).await?;
        let is_it = move |of: &Proposal| matches!(of, Proposal::Retarget { ppid, .. } if *ppid == person);
        services.requested(done.into(), is_it).await
    }
}
