//! Reports for the quarterly review: who holds which right, where two conflict, and the table itself.

use super::view::{PersonView, people};
use crate::access::{Audience, Factor, Kind, Name, People, Reason, roles_of_any};
use crate::error::Result;
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::RightsState;
use kazasu_ledger::record::RoleGrant;
use kazasu_schemas::identity::{ActorId, Role};
use serde::{Deserialize, Serialize};

/// All rights with their holders, and conflicts.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeopleReport {}

/// A right that is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Holding {
    /// The holder's id.
    #[schemars(with = "String")]
    pub holder: ActorId,
    /// The holder's name.
    pub name: String,
    /// The role.
    #[schemars(with = "String")]
    pub role: Role,
    /// Its scope.
    pub scope: String,
    /// The first day.
    pub from: String,
    /// The last day.
    pub until: Option<String>,
}

/// Two rights of one holder that control each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Conflict {
    /// The holder's id.
    #[schemars(with = "String")]
    pub holder: ActorId,
    /// The holder's name.
    pub name: String,
    /// The two roles.
    #[schemars(with = "[String; 2]")]
    pub roles: [Role; 2],
    /// The scope of the first.
    pub scope: String,
}

/// The report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RightsReport {
    /// Every right.
    pub rights: Vec<Holding>,
    /// Rights that conflict; there are none unless they were taken over from a configuration of before.
    pub conflicts: Vec<Conflict>,
    /// Requests that wait and who made them.
    pub waiting: Vec<String>,
    /// All people, including those who have left.
    pub people: Vec<PersonView>,
}

pub(super) fn conflicts(rights: &RightsState) -> Vec<Conflict> {
    let all: Vec<&RoleGrant> = rights.grants().map(|(_, grant)| grant).collect();
    let mut out = Vec::new();
    for (at, a) in all.iter().enumerate() {
        let others = all[at + 1..].iter().filter(|b| b.holder == a.holder);
        let clash = others.filter(|b| a.role.role.conflicts_with(b.role.role) && a.role.scope.meets(&b.role.scope));
        out.extend(clash.map(|b| Conflict {
            holder: a.holder,
            name: named(rights, a.holder),
            roles: [a.role.role, b.role.role],
            scope: a.role.scope.to_string(),
        }));
    }
    out
}

fn named(rights: &RightsState, id: ActorId) -> String {
    rights.name_of(&id.to_string()).unwrap_or_default().to_owned()
}

impl Operation for PeopleReport {
    const NAME: Name = Name::PeopleReport;
    type Answer = RightsReport;

    async fn carry_out(self, services: &Services, _: &Who) -> Result<RightsReport> {
        let now = services.now();
        services
            .query(move |state| {
                let rights = state.rights();
                let holding = |grant: &RoleGrant| Holding {
                    holder: grant.holder,
                    name: named(rights, grant.holder),
                    role: grant.role.role,
                    scope: grant.role.scope.to_string(),
                    from: grant.dates.from.to_string(),
                    until: grant.dates.until.map(|day| day.to_string()),
                };
                let open = state.approvals();
                let waiting = open.iter().map(|open| {
                    let name = rights.name_of(&open.said.by).unwrap_or(&open.said.by);
                    format!("{} {name} ({}) {}", open.number, open.said.by, open.at.jst_text())
                });
                RightsReport {
                    rights: rights.grants().map(|(_, grant)| holding(grant)).collect(),
                    conflicts: conflicts(rights),
                    waiting: waiting.collect(),
                    people: people(rights, now),
                }
            })
            .await
    }
}

/// The table of operations, as it is in force.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowMatrix {}

/// An operation's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MatrixRow {
    /// The service.
    pub service: String,
    /// The word that names the operation within its service.
    pub operation: String,
    /// command or question.
    pub kind: String,
    /// The callers that may: roles, or `anyone`, `signed-in`, `keeper`, `role of the step`.
    pub roles: Vec<String>,
    /// one or two.
    pub people: String,
    /// A second factor must have been shown within the last five minutes.
    pub fresh_factor: bool,
    /// Staff say why they ask.
    pub reason: bool,
}

impl MatrixRow {
    /// Every row, in the table's order.
    #[must_use]
    pub fn all() -> Vec<MatrixRow> {
        Name::ALL.iter().map(|name| MatrixRow::of(*name)).collect()
    }

    /// The row of one operation.
    #[must_use]
    pub fn of(name: Name) -> MatrixRow {
        let row = name.row();
        let named = |roles: &[Role]| roles.iter().map(|role| role.name().to_owned()).collect();
        let mut roles: Vec<String> = match row.audience {
            Audience::Anyone => vec!["anyone".into()],
            Audience::SignedIn => vec!["signed-in".into()],
            Audience::Keeper => vec!["keeper (offline)".into()],
            Audience::CityStep => vec!["role of the step".into()],
            Audience::Deciders => named(&roles_of_any().0),
            Audience::Readers => named(&roles_of_any().1),
            Audience::Requester => vec!["signed-in".into()],
            Audience::Roles(roles) | Audience::Persons(roles) => named(roles),
        };
        if row.kind == Kind::Question
            && matches!(row.audience, Audience::Roles(_) | Audience::Persons(_) | Audience::Readers)
        {
            roles.push(Role::Auditor.name().to_owned());
        }
        let kind = if row.kind == Kind::Question { "question" } else { "command" };
        let people = if row.people == People::One { "one" } else { "two" };
        MatrixRow {
            service: row.service.name().to_owned(),
            operation: row.word.to_owned(),
            kind: kind.to_owned(),
            roles,
            people: people.to_owned(),
            fresh_factor: row.factor == Factor::Fresh,
            reason: row.reason == Reason::Asked,
        }
    }
}

impl Operation for ShowMatrix {
    const NAME: Name = Name::ShowMatrix;
    type Answer = Vec<MatrixRow>;

    async fn carry_out(self, _: &Services, _: &Who) -> Result<Vec<MatrixRow>> {
        Ok(MatrixRow::all())
    }
}
