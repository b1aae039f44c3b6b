//! Cards and the IDs that they carry: their status, their certificates, status lists, temporary IDs and merging.

use crate::access::{About, Name};
use crate::error::{Result, ServiceError, value};
use crate::fields::{day, ppid, reason};
use crate::operation::{Operation, Outcome, Recorded};
use crate::{Services, Who};
use anyhow::Context;
use kazasu_core::Command;
use kazasu_ledger::record::CardStatus;
use kazasu_schemas::ids::{Ppid, Serial};
use kazasu_schemas::money::Yen;
use serde::{Deserialize, Serialize};

const NO_AUTHORITY: &str = "no authority is configured: [cards] list_authorities names its certificates";

/// Suspends a card, revokes it, or lets it be used again.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetCard {
    /// The person.
    pub ppid: String,
    /// `good`, `suspended` or `revoked`.
    pub status: String,
    /// Why.
    pub why: String,
}

fn card_status(text: &str) -> Result<CardStatus> {
    match text {
        "good" => Ok(CardStatus::Good),
        "suspended" => Ok(CardStatus::Suspended),
        "revoked" => Ok(CardStatus::Revoked),
        other => Err(value("status", format!("must be good, suspended or revoked, got {other:?}"))),
    }
}

impl Operation for SetCard {
    const NAME: Name = Name::SetCard;
    type Answer = Recorded;

    fn about(&self) -> Result<About> {
        Ok(About::CardStatus(self.status.clone()))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let status = card_status(&self.status)?;
        let (ppid, why) = (ppid("ppid", &self.ppid)?, reason("why", &self.why)?);
        Ok(services.command(Command::SetCard { ppid, status, by: who.name.clone(), why }).await?.into())
    }
}

/// A certificate belongs to a person's card from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BindCertificate {
    /// The person.
    pub ppid: String,
    /// Its serial number, hexadecimal.
    pub serial: String,
    /// The authority that issued it; needed where several are configured.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Its last day.
    pub last_day: String,
}

impl Operation for BindCertificate {
    const NAME: Name = Name::BindCertificate;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let ppid = ppid("ppid", &self.ppid)?;
        let serial = self.serial.parse::<Serial>().map_err(|e| value("serial", e))?;
        let issuer = services.certificate_issuer(self.issuer).await?;
        let last_day = day("last_day", &self.last_day)?;
        let command = Command::BindCertificate { ppid, serial, issuer, last_day, by: who.name.clone() };
        Ok(services.command(command).await?.into())
    }
}

impl Services {
    /// The issuer of a certificate that is bound: one of the configured authorities. Where there is one, it need not be said; where
    /// there are several, a number without it would be any one's.
    async fn certificate_issuer(&self, text: Option<String>) -> Result<Option<String>> {
        let Some(path) = self.list_authorities.clone() else {
            return match text {
                None => Ok(None),
                Some(_) => Err(value("issuer", NO_AUTHORITY)),
            };
        };
        let read = tokio::task::spawn_blocking(move || {
            let pem = kazasu_security::files::read(&path)?;
            anyhow::Ok(kazasu_security::crl::authorities(&pem)?)
        });
        let names = read.await.map_err(ServiceError::inside)?.map_err(ServiceError::Other)?;
        let all = || names.iter().map(|name| format!("{:?}", name.shown())).collect::<Vec<_>>().join(", ");
        match (text, names.as_slice()) {
            (None, [only]) => Ok(Some(only.canonical())),
            (None, _) => {
                let text = "several authorities are configured, and each numbers its own certificates: say which of";
                Err(value("issuer", format!("{text} {}", all())))
            }
            (Some(text), _) => match names.iter().find(|name| name.is_called(&text)) {
                Some(name) => Ok(Some(name.canonical())),
                None => Err(value("issuer", format!("no configured authority is called {text:?}; there is {}", all()))),
            },
        }
    }
}

/// Takes a card status list over.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplyStatusList {
    /// The list, an X.509 CRL in DER or PEM, in hexadecimal.
    pub list: String,
}

/// A list that was taken over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusListApplied {
    /// Whether anything changed.
    pub result: Outcome,
    /// The authority.
    pub issuer: String,
    /// What part of its certificates the list is about, where it says so.
    pub place: Option<String>,
    /// The list's number.
    pub number: u64,
    /// When it was issued.
    pub issued: String,
    /// Certificates on it.
    pub certificates: usize,
}

impl Operation for ApplyStatusList {
    const NAME: Name = Name::ApplyStatusList;
    type Answer = StatusListApplied;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<StatusListApplied> {
        let bytes = hex::decode(self.list).map_err(|e| value("list", format!("must be hexadecimal: {e}")))?;
        let path = services.list_authorities.clone();
        let path = path.ok_or_else(|| value("list", NO_AUTHORITY))?;
        let now = services.now();
        let read = tokio::task::spawn_blocking(move || -> Result<_> {
            let authorities = std::fs::read(&path)
                .with_context(|| format!("cannot read {}", path.display()))
                .map_err(ServiceError::Other)?;
            kazasu_security::crl::read(&bytes, &authorities, now).map_err(|e| value("list", e))
        });
        let list = read.await.map_err(ServiceError::inside)??;
        let shown = list.issuer.shown().to_owned();
        let scope = match &list.place {
            Some(place) => format!("{shown} {place}"),
            None => shown.clone(),
        };
        let (number, issued, certificates) = (list.number, list.this_update.jst_text(), list.entries.len());
        let command = Command::ApplyList {
            number,
            issued: list.this_update,
            entries: list.entries,
            scope,
            issuer: Some(list.issuer.canonical()),
            by: who.name.clone(),
        };
        let result = services.command(command).await?.into();
        Ok(StatusListApplied { result, issuer: shown, place: list.place, number, issued, certificates })
    }
}

/// Issues a temporary ID.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueTemporary {
    /// The ID; a random one when absent.
    #[serde(default)]
    pub ppid: Option<String>,
    /// Its last day.
    #[serde(default)]
    pub until: Option<String>,
}

/// A temporary ID that was issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemporaryIssued {
    /// Whether anything changed.
    pub result: Outcome,
    /// The ID.
    pub ppid: String,
}

/// A new ID that belongs to no person yet.
pub(crate) fn random_ppid() -> Result<Ppid> {
    let bytes = kazasu_engine::clock::random_bytes(16).map_err(ServiceError::Other)?;
    Ok(Ppid::from_bytes(bytes.try_into().expect("sixteen bytes were asked for")))
}

impl Operation for IssueTemporary {
    const NAME: Name = Name::IssueTemporary;
    type Answer = TemporaryIssued;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<TemporaryIssued> {
        let person = self.ppid.as_deref().map_or_else(random_ppid, |text| ppid("ppid", text))?;
        let until = self.until.as_deref().map(|text| day("until", text)).transpose()?;
        let done = services.command(Command::IssueTemporary { ppid: person, until, by: who.name.clone() }).await?;
        Ok(TemporaryIssued { result: done.into(), ppid: person.to_string() })
    }
}

/// Merges a temporary ID into a PPID.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergePeople {
    /// The temporary ID.
    pub from: String,
    /// The person's PPID.
    pub into: String,
}

/// Two IDs that became one person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Merged {
    /// Whether anything changed.
    pub result: Outcome,
    /// Relief programmes of which the person would get, or got, more than the ceiling.
    pub above_ceiling: Vec<AboveCeiling>,
}

/// A person who would get, or got, more of a relief programme than its ceiling.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AboveCeiling {
    /// The programme.
    pub programme: u16,
    /// Yen that are due.
    pub due_yen: i64,
    /// Yen of them that were released.
    pub released_yen: i64,
    /// The programme's ceiling.
    pub ceiling_yen: i64,
    /// What can be done.
    pub then: String,
}

impl From<&(u16, Yen, Yen, Yen)> for AboveCeiling {
    fn from((programme, due, released, ceiling): &(u16, Yen, Yen, Yen)) -> Self {
        let then = if released > ceiling {
            "more was released than the ceiling: what is in purses already can be claimed back (kazasu relief claim)"
        } else {
            "the rows above the ceiling are left out at the decision or the release"
        };
        AboveCeiling {
            programme: *programme,
            due_yen: due.get(),
            released_yen: released.get(),
            ceiling_yen: ceiling.get(),
            then: then.to_owned(),
        }
    }
}

impl Operation for MergePeople {
    const NAME: Name = Name::MergePeople;
    type Answer = Merged;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Merged> {
        let (from, into) = (ppid("from", &self.from)?, ppid("into", &self.into)?);
        let done = services.command(Command::Merge { from, into, by: who.name.clone() }).await?;
        // Two who were each below a ceiling may be above it together.
        let above = services.query(move |state| state.relief_above(&into)).await?;
        Ok(Merged { result: done.into(), above_ceiling: above.iter().map(AboveCeiling::from).collect() })
    }
}
