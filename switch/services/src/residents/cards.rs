//! Cards and the IDs that they carry: their status, their certificates, status lists, temporary IDs and merging.

use crate::access::{About, Name};
use crate::approvals::{Asked, Change, Request};
use crate::error::{Result, ServiceError, unfit};
use crate::fields::{day, ppid, reason};
use crate::operation::{Operation, Outcome};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Command, Document};
use kazasu_ledger::record::{CardChange, CardStatus, CarriedChange, Proposal};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::ids::{Ppid, Serial};
use kazasu_schemas::money::Yen;
use kazasu_security::crl::CrlError;
use kazasu_text::problems::{IdForm, ProblemText};
use kazasu_text::{AnyOf, Quoted, Said};
use serde::{Deserialize, Serialize};

/// Suspends a card or revokes it, at once; or asks another person to let it be used again.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCard {
    /// The person.
    pub ppid: String,
    /// `good`, `suspended` or `revoked`.
    pub status: String,
    /// The reason, which the record keeps.
    pub why: String,
}

fn card_status(text: &str) -> Result<CardStatus> {
    match text {
        "good" => Ok(CardStatus::Good),
        "suspended" => Ok(CardStatus::Suspended),
        "revoked" => Ok(CardStatus::Revoked),
        other => Err(unfit(
            "status",
            &ProblemText::OneOf { choices: AnyOf(&["good", "suspended", "revoked"]), got: Quoted(other) },
        )),
    }
}

impl Operation for SetCard {
    const NAME: Name = Name::SetCard;
    type Answer = Asked;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(Some(&self.why))
    }

    fn about(&self) -> Result<About> {
        Ok(About::CardStatus(self.status.clone()))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let status = card_status(&self.status)?;
        let (ppid, why) = (ppid("ppid", &self.ppid)?, reason("why", &self.why)?);
        if status == CardStatus::Good && who.person().is_some() {
            return services.ask_to_lift(ppid, who.says(why), who).await;
        }
        let done = services.command(who.proving(Command::SetCard { ppid, status, said: who.says(why) })).await?;
        Ok(Outcome::from(done).into())
    }
}

impl Services {
    /// Asks another person to let a card be used again, as what it is: suspended, or revoked.
    async fn ask_to_lift(&self, ppid: Ppid, said: Attribution, who: &Who) -> Result<Asked> {
        let of = match self.query(move |state| state.card_said(&ppid)).await? {
            Some(CardStatus::Good) => return Ok(Outcome::Unchanged.into()),
            Some(CardStatus::Revoked) => Some(CardStatus::Revoked),
            Some(CardStatus::Suspended) | None => None,
        };
        let proposal = Proposal::Card(Box::new(CardChange::Lift { ppid, of }));
        self.ask_for(Request { proposal, source: Document::default(), said }, who).await
    }
}

/// Asks another person to bind a certificate to a person's card. The keeper who opens a book binds it at once.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// The reason, which the record of the request keeps. The keeper of a book without administrators needs none.
    #[serde(default)]
    pub why: String,
}

impl Operation for BindCertificate {
    const NAME: Name = Name::BindCertificate;
    type Answer = Asked;

    fn subject(&self) -> Subject {
        Subject::resident(&self.ppid).because(Some(&self.why).filter(|why| !why.is_empty()).map(String::as_str))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Asked> {
        let ppid = ppid("ppid", &self.ppid)?;
        let serial = serial(&self.serial)?;
        let issuer = services.certificate_issuer(self.issuer).await?;
        let last_day = day("last_day", &self.last_day)?;
        if who.person().is_some() {
            let why = reason("why", &self.why)?;
            let proposal = Proposal::Card(Box::new(CardChange::Bind { ppid, serial, issuer, last_day }));
            let request = Request { proposal, source: Document::default(), said: who.says(why) };
            return services.ask_for(request, who).await;
        }
        let command = Command::BindCertificate { ppid, serial, issuer, last_day, by: who.name.clone() };
        Ok(Outcome::from(services.command(command).await?).into())
    }
}

/// A certificate's serial number.
pub(super) fn serial(text: &str) -> Result<Serial> {
    text.parse::<Serial>().map_err(|e| unfit("serial", &Said::exactly(&IdForm::Serial, e.to_string())))
}

impl Services {
    /// The issuer of a certificate that is bound: one of the configured authorities. With one authority it may be omitted; with
    /// several, a number without an issuer could be any authority's.
    pub(super) async fn certificate_issuer(&self, text: Option<String>) -> Result<Option<String>> {
        let Some(path) = self.list_authorities.clone() else {
            return match text {
                None => Ok(None),
                Some(_) => Err(unfit("issuer", &ProblemText::NoAuthorities)),
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
            (None, _) => Err(unfit("issuer", &ProblemText::WhichAuthority { authorities: &all() })),
            (Some(text), _) => match names.iter().find(|name| name.is_called(&text)) {
                Some(name) => Ok(Some(name.canonical())),
                None => {
                    Err(unfit("issuer", &ProblemText::UnknownAuthority { got: Quoted(&text), authorities: &all() }))
                }
            },
        }
    }
}

/// Takes a card status list over.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyStatusList {
    /// The list, an X.509 CRL in DER or PEM, in hexadecimal.
    pub list: String,
}

/// A list that was taken over.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StatusListApplied {
    /// Whether anything changed.
    pub result: Outcome,
    /// The authority.
    pub issuer: String,
    /// The part of the authority's certificates that the list covers, if the list names it.
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
        let bytes = hex::decode(self.list).map_err(|e| {
            unfit("list", &Said::exactly(&ProblemText::Hexadecimal, format!("must be hexadecimal: {e}")))
        })?;
        let path = services.list_authorities.clone();
        let path = path.ok_or_else(|| unfit("list", &ProblemText::NoAuthorities))?;
        let now = services.now();
        let read = tokio::task::spawn_blocking(move || -> Result<_> {
            let authorities = kazasu_security::files::read(&path).map_err(ServiceError::Other)?;
            let unusable = |e: CrlError| unfit("list", &e.said());
            kazasu_security::crl::read(&bytes, &authorities, now).map_err(unusable)
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
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
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

    fn subject(&self) -> Subject {
        Subject::residents(self.ppid.clone())
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<TemporaryIssued> {
        let person = self.ppid.as_deref().map_or_else(random_ppid, |text| ppid("ppid", text))?;
        let until = self.until.as_deref().map(|text| day("until", text)).transpose()?;
        let done = services.command(Command::IssueTemporary { ppid: person, until, by: who.name.clone() }).await?;
        Ok(TemporaryIssued { result: done.into(), ppid: person.to_string() })
    }
}

/// Merges a temporary ID into a PPID.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MergePeople {
    /// The temporary ID.
    pub from: String,
    /// The person's PPID.
    pub into: String,
    /// The reason, which the record keeps; it may be left out.
    #[serde(default)]
    pub why: String,
}

/// Two IDs that are to become one person.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Merged {
    /// The request.
    #[serde(flatten)]
    pub asked: Asked,
    /// Relief programmes of which the person would get, or got, more than the ceiling.
    pub above_ceiling: Vec<AboveCeiling>,
}

/// A person who would get, or got, more of a relief programme than its ceiling.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AboveCeiling {
    /// The programme.
    pub programme: u16,
    /// Yen that are due.
    pub due_yen: i64,
    /// Yen of them that were released.
    pub released_yen: i64,
    /// The programme's ceiling.
    pub ceiling_yen: i64,
    /// The remedy.
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

    fn subject(&self) -> Subject {
        Subject::residents([self.from.clone(), self.into.clone()])
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Merged> {
        let (from, into) = (ppid("from", &self.from)?, ppid("into", &self.into)?);
        let alone = Command::Merge { from, into, by: who.name.clone() };
        let asked = services.ask(Change::plain(CarriedChange::Merge { from, into }, alone), who, self.why).await?;
        // Two people who were each below a ceiling may be above it together.
        let above = services.query(move |state| state.relief_above_together(&from, &into)).await?;
        Ok(Merged { asked, above_ceiling: above.iter().map(AboveCeiling::from).collect() })
    }
}
