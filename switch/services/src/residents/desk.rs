//! What a call centre does for a resident with another person's consent: a suspended card may be used again, and a new card belongs to
//! the resident.

use crate::access::Name;
use crate::approvals::Request;
use crate::error::{Result, ServiceError};
use crate::fields::{day, ppid, reason};
use crate::operation::{Operation, Requested};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::Rejected;
use kazasu_engine::CommandError;
use kazasu_ledger::record::{CardChange, Proposal};
use serde::{Deserialize, Serialize};

/// Requests approval for letting a suspended card be used again.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftSuspension {
    /// The person.
    pub ppid: String,
    /// The reason, which the record keeps.
    pub why: String,
}

/// Requests approval for another card of a resident: its certificate belongs to the PPID, and the earlier card's has no effect any
/// more.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindCard {
    /// The person.
    pub ppid: String,
    /// The certificate's serial number, hexadecimal.
    pub serial: String,
    /// The authority that issued it; needed where several are configured.
    #[serde(default)]
    pub issuer: Option<String>,
    /// The certificate's last day.
    pub last_day: String,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for LiftSuspension {
    const NAME: Name = Name::LiftSuspension;
    type Answer = Requested;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let change = CardChange::Lift { ppid: ppid("ppid", &self.ppid)?, of: None };
        let why = reason("why", &self.why)?;
        services.request_approval(Request::plain(Proposal::Card(Box::new(change)), who, why), who).await
    }
}

impl Operation for BindCard {
    const NAME: Name = Name::BindCard;
    type Answer = Requested;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(Some(&self.why))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let BindCard { ppid: person, serial, issuer, last_day, why } = self;
        let (ppid, serial) = (ppid("ppid", &person)?, super::cards::serial(&serial)?);
        let issuer = services.certificate_issuer(issuer).await?;
        let (last_day, why) = (day("last_day", &last_day)?, reason("why", &why)?);
        // A call centre binds cards of residents who are known: a PPID that was misheard is no person's.
        if services.query(move |state| state.card_said(&ppid)).await?.is_none() {
            return Err(ServiceError::Command(CommandError::Rejected(Rejected::UnknownPpid(ppid))));
        }
        let change = CardChange::Bind { ppid, serial, issuer, last_day };
        services.request_approval(Request::plain(Proposal::Card(Box::new(change)), who, why), who).await
    }
}
