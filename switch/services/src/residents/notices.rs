//! What a resident wants to be told of through a portal. The portal's program reads it as events.

use crate::access::Name;
use crate::access::sign_in_needed;
use crate::error::{Result, unfit};
use crate::fields::ppid;
use crate::operation::{Operation, Outcome};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::Command;
use kazasu_ledger::record;
use kazasu_schemas::identity::ActorId;
use kazasu_schemas::portal::{LONGEST_HANDLE, ResidentNotice};
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};

/// Chooses what the portal is told of about a resident, all of it: an empty list ends it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseNotices {
    /// The person.
    pub ppid: String,
    /// `relief_credited`, `last_day_near`, `hold_set`, `refund_done`, `limit_lowered`.
    #[schemars(with = "Vec<String>")]
    pub notices: Vec<ResidentNotice>,
    /// The portal's own name for the person, which its events bear: no PPID, and nothing that others know the person by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<String>,
}

/// What is told from now on.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NoticesChosen {
    /// Whether anything changed.
    pub result: Outcome,
    /// What the portal is told of.
    #[schemars(with = "Vec<String>")]
    pub notices: Vec<ResidentNotice>,
}

/// A handle is one word of what can be seen, and no PPID.
fn handle(text: String) -> Result<String> {
    let plain = !text.is_empty() && text.len() <= LONGEST_HANDLE && text.bytes().all(|b| b.is_ascii_graphic());
    let is_ppid = text.parse::<kazasu_schemas::ids::Ppid>().is_ok();
    if plain && !is_ppid && !kazasu_schemas::text::names_a_card(&text) {
        return Ok(text);
    }
    Err(unfit("handle", &ProblemText::HandleForm { most: LONGEST_HANDLE.into() }))
}

impl Operation for ChooseNotices {
    const NAME: Name = Name::ChooseNotices;
    type Answer = NoticesChosen;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid)
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<NoticesChosen> {
        let Some(ActorId::Program(portal)) = who.id else { return Err(sign_in_needed()) };
        let handle = self.handle.map(handle).transpose()?;
        let mut notices = self.notices;
        notices.sort_unstable();
        notices.dedup();
        let told = notices.clone();
        let chosen = record::NoticesChosen { ppid: ppid("ppid", &self.ppid)?, portal, notices, handle, proof: None };
        let command = Command::ChooseNotices(Box::new(chosen));
        let done = services.command(who.proving(command)).await?;
        Ok(NoticesChosen { result: done.into(), notices: told })
    }
}
