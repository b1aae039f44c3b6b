//! Programs' keys.

use super::read::{name, role_for};
use crate::access::Name;
use crate::error::{Result, ServiceError, absent, not_found, unfit};
use crate::fields::reason;
use crate::operation::{Operation, Recorded, Requested};
use crate::{Services, Who};
use kazasu_core::{NewKey, Rights};
use kazasu_ledger::record::{ProgramKey, RightsChange, StatementKey};
use kazasu_schemas::identity::{ActorId, OrganisationId, ProgramId};
use kazasu_sign_in::SecretKind;
use kazasu_text::access::AccessText;
use kazasu_text::problems::{NotFoundText, ProblemText};
use kazasu_text::{Quoted, Said};
use serde::{Deserialize, Serialize};

/// Asks another access administrator to give a program a key: its first, with its roles, or a further one.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestKey {
    /// A new program's name, or one that is there, by id or name.
    pub program: String,
    /// A new program's organisation, by id or name.
    pub organisation: Option<String>,
    /// A new program's roles: `portal`, `partner acquirer:27000001`.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The key's first day; today when it is left out.
    pub from: Option<String>,
    /// The key's last day.
    pub until: String,
    /// Networks from which it may be used, as `192.0.2.0/24`; from anywhere when there are none.
    #[serde(default)]
    pub networks: Vec<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A key was made.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeyMade {
    /// The key; it is shown once.
    pub key: String,
    /// Its name in lists: the first twelve digits of its SHA-256.
    pub fingerprint: String,
    /// Under this number another access administrator decides it; the key is good at once when there is none.
    pub proposal: Option<u64>,
    /// The fingerprint that the decision names; its first twelve characters are enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_fingerprint: Option<String>,
}

/// The first twelve digits of a hash.
pub(super) fn fingerprint(hash: &[u8; 32]) -> String {
    hex::encode(&hash[..6])
}

impl Operation for RequestKey {
    const NAME: Name = Name::RequestKey;
    type Answer = KeyMade;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<KeyMade> {
        let asked = self.program.clone();
        let there = services.rights(move |rights| match rights.find(&asked)? {
            ActorId::Program(id) => rights.program(id).map(|one| (id, one.organisation, one.name.clone())),
            ActorId::Person(_) => None,
        });
        let (program, organisation, called) = match there.await? {
            Some((id, organisation, called)) => (Some(id), organisation, called),
            None => {
                let organisation = self.organisation.as_deref();
                let organisation =
                    organisation.ok_or_else(|| unfit("organisation", &ProblemText::NewProgramOrganisation))?;
                (None, services.organisation(organisation).await?, name(&self.program)?.to_string())
            }
        };
        let roles = self.roles.iter().map(|text| role_for(text)).collect::<Result<_>>()?;
        let secret = services.sign_ins()?.secret(SecretKind::Key)?;
        let dates = services.dates(self.from.as_deref(), Some(&self.until))?;
        let (hash, networks) = (secret.hash(), self.networks);
        let key = ProgramKey { program, organisation, name: called, hash, dates, networks, roles };
        let asked = services.request_rights(RightsChange::Key(key), who, self.why).await?;
        let (key, fingerprint) = (secret.expose().to_owned(), fingerprint(&hash));
        Ok(KeyMade { key, fingerprint, proposal: asked.proposal, approval_fingerprint: asked.fingerprint })
    }
}

/// Asks another access administrator to register the key that a portal signs its statements about residents with: its first, or a further
/// one that takes its place.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestStatementKey {
    /// The portal, by id or name.
    pub program: String,
    /// Its public key (Ed25519): 64 hexadecimal digits. The private key stays with the portal.
    pub public: String,
    /// The key's first day; today when it is left out.
    pub from: Option<String>,
    /// The key's last day.
    pub until: String,
    /// Why.
    pub why: String,
}

impl Operation for RequestStatementKey {
    const NAME: Name = Name::RequestStatementKey;
    type Answer = Requested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Requested> {
        let program = services.program("program", &self.program).await?;
        let public = hex::decode(&self.public).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let wrong = || unfit("public", &ProblemText::PublicKey);
        let public = public.ok_or_else(wrong)?;
        let dates = services.dates(self.from.as_deref(), Some(&self.until))?;
        let change = RightsChange::StatementKey(StatementKey { program, public, dates });
        services.request_rights(change, who, self.why).await
    }
}

/// A program replaces its own key: the one that it asks with stays good until it is revoked or over. The new one is for the same
/// networks, and ends with it at the latest.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The new key's last day.
    pub until: String,
}

impl Operation for RotateKey {
    const NAME: Name = Name::RotateKey;
    type Answer = KeyMade;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<KeyMade> {
        let Some(ActorId::Program(id)) = who.id else {
            return Err(ServiceError::Forbidden(Said::of(&AccessText::OwnKeyOnly)));
        };
        let used = who.key;
        let there = services.rights(move |rights| {
            let program = rights.program(id)?;
            let key = program.keys.iter().find(|key| Some(key.hash) == used)?;
            Some((program.organisation, program.name.clone(), key.networks.clone()))
        });
        let unknown = || not_found(&NotFoundText::Program { id: &id.to_string() });
        let (organisation, called, networks) = there.await?.ok_or_else(unknown)?;
        let secret = services.sign_ins()?.secret(SecretKind::Key)?;
        let (hash, name) = (secret.hash(), name(&called)?);
        let dates = services.dates(None, Some(&self.until))?;
        let key = NewKey { program: Some(id), organisation, name, hash, dates, networks, roles: Vec::new() };
        services.change_rights(Rights::RegisterKey { key: Box::new(key), author: who.author("rotated") }).await?;
        Ok(KeyMade {
            key: secret.expose().to_owned(),
            fingerprint: fingerprint(&hash),
            proposal: None,
            approval_fingerprint: None,
        })
    }
}

/// Takes a program's keys away, at once.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// The program, by id or name.
    pub program: String,
    /// Of which key, by its fingerprint; all of the program's when it is left out.
    pub fingerprint: Option<String>,
    /// The reason, which the record keeps.
    pub why: String,
}

impl Operation for RevokeKey {
    const NAME: Name = Name::RevokeKey;
    type Answer = Recorded;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Recorded> {
        let program = services.program("program", &self.program).await?;
        let hash = match self.fingerprint {
            None => None,
            Some(wanted) => {
                let asked = wanted.clone();
                let found = services.rights(move |rights| {
                    let program = rights.program(program)?;
                    let statements = program.statement_keys.iter().map(|key| key.public);
                    program.keys.iter().map(|key| key.hash).chain(statements).find(|hash| fingerprint(hash) == asked)
                });
                let unknown = || {
                    absent(
                        "fingerprint",
                        &ProblemText::NoSuchKey { program: &program.to_string(), got: Quoted(&wanted) },
                    )
                };
                Some(found.await?.ok_or_else(unknown)?)
            }
        };
        let author = who.author(&reason("why", &self.why)?);
        Ok(services.change_rights(Rights::RevokeKey { program, hash, author }).await?.into())
    }
}

/// Every program with its keys.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListKeys {}

/// A program, and one key of it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeyView {
    /// The program.
    #[schemars(with = "String")]
    pub program: ProgramId,
    /// Its name.
    pub name: String,
    /// Its program.
    #[schemars(with = "String")]
    pub organisation: OrganisationId,
    /// Its roles, each with what for.
    pub roles: Vec<String>,
    /// The key's; none when the program has no key.
    pub fingerprint: Option<String>,
    /// `requests`, or `statements` of a key that a portal signs with; its fingerprint is the first twelve digits of the public key.
    pub used_for: String,
    /// The key's last day.
    pub until: Option<String>,
    /// Networks from which it may be used; from anywhere when there are none.
    pub networks: Vec<String>,
    /// When it was used last, and from which network.
    pub last_use: Option<String>,
}

impl Operation for ListKeys {
    const NAME: Name = Name::ListKeys;
    type Answer = Vec<KeyView>;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<Vec<KeyView>> {
        let listed = services.rights(|rights| {
            let mut out = Vec::new();
            for (id, program) in rights.programs() {
                let roles = rights.grants_of(ActorId::Program(id));
                let roles: Vec<String> =
                    roles.map(|grant| format!("{} {}", grant.role.role, grant.role.scope)).collect();
                let plain = KeyView {
                    program: id,
                    name: program.name.clone(),
                    organisation: program.organisation,
                    roles,
                    fingerprint: None,
                    used_for: "requests".to_owned(),
                    until: None,
                    networks: Vec::new(),
                    last_use: None,
                };
                let keys = program.keys.iter().map(|key| {
                    let until = key.dates.until.map(|day| day.to_string());
                    let (fingerprint, networks) = (Some(fingerprint(&key.hash)), key.networks.clone());
                    (Some(key.hash), KeyView { fingerprint, until, networks, ..plain.clone() })
                });
                let statements = program.statement_keys.iter().map(|key| {
                    let until = key.dates.until.map(|day| day.to_string());
                    let (fingerprint, used_for) = (Some(fingerprint(&key.public)), "statements".to_owned());
                    (None, KeyView { fingerprint, until, used_for, ..plain.clone() })
                });
                let keys: Vec<_> = keys.chain(statements).collect();
                out.extend(if keys.is_empty() { vec![(None, plain)] } else { keys });
            }
            out
        });
        let mut out = Vec::new();
        for (hash, mut view) in listed.await? {
            if let (Some(hash), Some(sign_ins)) = (hash, &services.sign_ins) {
                let last = sign_ins.last_use(&hash).await?;
                view.last_use = last.map(|(at, network)| format!("{} {network}", at.jst_text()));
            }
            out.push(view);
        }
        Ok(out)
    }
}
