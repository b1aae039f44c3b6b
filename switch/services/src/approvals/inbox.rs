//! The inbox: waiting requests of all kinds, and one request as its decider sees it.

use super::content::{ApprovalContent, Known};
use super::facts::Facts;
use super::found::{ApprovalEffect, Found};
use super::{differences, rejected};
use crate::access::{About, Access, Name, OF_SHOP, Requested, Scope, may, merchants_deciders, sees};
use crate::error::Result;
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{ApprovalRefusal, ApprovalStanding, ApprovalView, EarlierRequest, State};
use kazasu_ledger::record::{CarriedChange, FileOf, Fingerprint, Proposal};
use kazasu_schemas::attribution::Attribution;
use kazasu_schemas::canonical::same;
use kazasu_schemas::money::Yen;
use kazasu_text::approvals::{KindLabel, StandingLabel};
use kazasu_text::{Label, Text};
use serde::{Deserialize, Serialize};

/// Lists waiting requests of all kinds. A caller sees the requests that the caller's roles decide, make or read; a merchant's people see their
/// own, and the refunds that they decide.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListApprovals {
    /// Whether the list contains the last closed requests too.
    #[serde(default)]
    pub closed: bool,
}

/// A request in the inbox.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalItem {
    /// Its number; decisions name it.
    pub approval: u64,
    /// Its kind, as a code.
    pub kind: String,
    /// The same in Japanese.
    pub kind_ja: String,
    /// The amount that it moves or commits, in yen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yen: Option<i64>,
    /// The city's code; empty where the request belongs to no city.
    pub city: String,
    /// The id of the requester.
    pub by: String,
    /// The name of the requester.
    pub by_name: String,
    /// The reason.
    pub why: String,
    /// The channel: `configuration`, `api`, `console`, `cli` or `offline`; absent where the record does not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The time of the request, in Japan.
    pub at: String,
    /// The deadline: the core refuses decisions from this time on.
    pub until: Option<String>,
    /// Its standing.
    pub standing: StandingShown,
    /// The first twelve characters of its fingerprint.
    pub fingerprint: String,
    /// Whether the caller is the requester, so that another person must decide.
    pub own: bool,
    /// Whether it waits and the caller may decide it, where need be after showing a second factor again.
    pub may_decide: bool,
}

/// The standing of a request.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StandingShown {
    /// `waits`, `sent_back`, `approved`, `denied`, `withdrawn`, `lapsed` or `superseded`.
    pub is: String,
    /// The same in Japanese.
    pub is_ja: String,
    /// The id of the person who made the last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl From<&ApprovalStanding> for StandingShown {
    fn from(standing: &ApprovalStanding) -> Self {
        let (is, said) = match standing {
            ApprovalStanding::Waits => ("waits", None),
            ApprovalStanding::SentBack(said) => ("sent_back", Some(said)),
            ApprovalStanding::Ended(end, said) => (end.name(), said.as_ref()),
        };
        let ja = StandingLabel::of(is).map_or_else(String::new, |label| label.ja().into_owned());
        let of = |field: fn(&Attribution) -> &String| said.map(|said| field(said).clone());
        StandingShown { is: is.to_owned(), is_ja: ja, by: of(|said| &said.by), why: of(|said| &said.why) }
    }
}

/// The amount of a proposal, where the proposal itself contains one.
fn yen_of(proposal: &Proposal) -> Option<i64> {
    let amount: Yen = match proposal {
        Proposal::Programme(terms) => terms.budget,
        Proposal::Claim { right, .. } => *right,
        Proposal::ReturnFunds { amount, .. } => *amount,
        Proposal::Payout { total, .. } => *total,
        Proposal::File(file) if file.of == FileOf::Links => file.opening,
        Proposal::Carried(change) => match &**change {
            CarriedChange::Fund { amount, .. } | CarriedChange::Credit { amount, .. } => *amount,
            CarriedChange::Policy(_)
            | CarriedChange::Merge { .. }
            | CarriedChange::Link { .. }
            | CarriedChange::Replace(_)
            | CarriedChange::Payee(_) => return None,
        },
        Proposal::Correction(correction) => correction.amount,
        Proposal::Contracts(_)
        | Proposal::File(_)
        | Proposal::Resolve { .. }
        | Proposal::CancelPayout { .. }
        | Proposal::Retarget { .. }
        | Proposal::UndoBooking { .. }
        | Proposal::Rights(_)
        | Proposal::SharedLink(_)
        | Proposal::Card(_)
        | Proposal::Destruction(_) => return None,
    };
    Some(amount.get())
}

impl ApprovalItem {
    fn of(p: &ApprovalView, state: &State, who: &Who) -> ApprovalItem {
        let kind = p.kind().name();
        ApprovalItem {
            approval: p.number,
            kind: kind.to_owned(),
            kind_ja: KindLabel::of(kind).map_or_else(String::new, |label| label.ja().into_owned()),
            yen: yen_of(&p.proposal),
            city: p.city.clone(),
            by: p.said.by.clone(),
            by_name: state.rights().name_of(&p.said.by).unwrap_or(&p.said.by).to_owned(),
            why: p.said.why.clone(),
            via: p.said.via.map(|via| via.name().to_owned()),
            at: p.at.jst_text(),
            until: p.until.map(|until| until.jst_text()),
            standing: StandingShown::from(&p.standing),
            fingerprint: p.fingerprint.short(),
            own: same(&p.said.by, &who.name),
            may_decide: p.waits() && !same(&p.said.by, &who.name) && may_decide(p, state, who),
        }
    }
}

fn may_decide(p: &ApprovalView, state: &State, who: &Who) -> bool {
    let shop = merchants_deciders(state, p, state.day);
    let scope = Scope::Approval(Requested { kind: p.kind(), city: p.city.clone(), by: p.said.by.clone(), shop });
    !matches!(may(Name::ApproveRequest, who, &scope), Access::No(_) | Access::Unknown)
}

impl Operation for ListApprovals {
    const NAME: Name = Name::ListApprovals;
    type Answer = Vec<ApprovalItem>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<ApprovalItem>> {
        let (asker, today) = (who.clone(), services.now().jst_day());
        let of_shop = OF_SHOP.iter().any(|role| who.has(*role));
        let listed = services.query(move |state| {
            let closed = if self.closed { state.closed_approvals() } else { Vec::new() };
            let all = state.approvals().into_iter().chain(closed);
            let decides = |p: &ApprovalView| {
                let scopes = merchants_deciders(state, p, today);
                asker.held.iter().any(|held| OF_SHOP.contains(&held.role) && scopes.contains(&held.scope))
            };
            let seen = all.filter(|p| {
                sees(&asker, p.kind(), &p.city) || same(&p.said.by, &asker.name) || (of_shop && decides(p))
            });
            seen.map(|p| ApprovalItem::of(&p, state, &asker)).collect()
        });
        listed.await
    }
}

/// Shows a request with its content and its effect.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowApproval {
    /// Its number.
    pub approval: u64,
}

/// A request as its decider sees it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApprovalShown {
    /// The row of the inbox.
    #[serde(flatten)]
    pub item: ApprovalItem,
    /// The fingerprint: 64 hexadecimal digits. A decision names it, or its first twelve characters.
    pub sha256: String,
    /// The values that the requester filled in.
    pub content: ApprovalContent,
    /// The changes that an approval would make.
    pub effect: ApprovalEffect,
    /// The changes that the requester made after the first version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<super::Difference>,
}

/// A request with the values of the state.
pub(super) struct Looked {
    pub(super) view: ApprovalView,
    item: ApprovalItem,
    known: Known,
    earlier: Option<Known>,
    found: Found,
}

impl Services {
    /// Reads a request and its values from the state.
    pub(super) async fn looked_at(&self, number: u64, who: &Who) -> Result<Looked> {
        let asker = who.clone();
        let looked = self.query(move |state| {
            let view = state.approval(number)?;
            let item = ApprovalItem::of(&view, state, &asker);
            let known = Known::of(state, &view.proposal);
            let earlier = view.earlier.as_ref().map(|before| Known::of(state, &before.proposal));
            let found = Found::of(state, &view);
            Some(Looked { view, item, known, earlier, found })
        });
        looked.await?.ok_or_else(|| rejected(ApprovalRefusal::Unknown(number)))
    }

    /// A request as its decider sees it.
    pub(super) async fn shown(&self, approval: u64, who: &Who) -> Result<ApprovalShown> {
        let looked = self.looked_at(approval, who).await?;
        let replaced = self.since(&looked, |_| true);
        let Looked { view, item, known, found, .. } = looked;
        let (mut content, effect) = (self.content(&view, &known), self.effect(&view, found)?);
        // A merchant's people see their own request, and not who paid.
        if let (ApprovalContent::Correction { ppid, .. }, false) = (&mut content, sees(who, view.kind(), &view.city)) {
            *ppid = None;
        }
        Ok(ApprovalShown { item, sha256: view.fingerprint.to_string(), content, effect, replaced })
    }

    /// The content of one version of a request, as facts.
    fn facts(&self, content: &ApprovalContent, why: &str) -> Facts {
        let mut facts = differences::leaves(content);
        facts.insert("why".to_owned(), why.to_owned());
        facts
    }

    fn earlier_facts(&self, before: &EarlierRequest, known: &Known) -> Facts {
        self.facts(&self.content_of((&before.proposal, &before.source), known), &before.why)
    }

    /// The differences between an earlier version and the present one. `is_it` finds the earlier version by its fingerprint.
    pub(super) fn since(&self, looked: &Looked, seen: impl Fn(&Fingerprint) -> bool) -> Vec<super::Difference> {
        let view = &looked.view;
        let before = view.earlier.as_ref().zip(looked.earlier.as_ref()).filter(|(before, _)| seen(&before.fingerprint));
        let Some((before, known)) = before else { return Vec::new() };
        let now = self.facts(&self.content(view, &looked.known), &view.said.why);
        differences::between(&self.earlier_facts(before, known), &now)
    }
}

impl Operation for ShowApproval {
    const NAME: Name = Name::ShowApproval;
    type Answer = ApprovalShown;

    fn subject(&self) -> Subject {
        Subject::numbered("approval", self.approval)
    }

    fn about(&self) -> Result<About> {
        Ok(About::Approval(self.approval))
    }

    fn seen(answer: &ApprovalShown) -> Vec<String> {
        match &answer.content {
            ApprovalContent::Retarget { ppid, .. }
            | ApprovalContent::SharedLink { ppid, .. }
            | ApprovalContent::CreditPurse { ppid, .. }
            | ApprovalContent::Link { ppid, .. }
            | ApprovalContent::LiftSuspension { ppid, .. }
            | ApprovalContent::BindCard { ppid, .. } => vec![ppid.clone()],
            ApprovalContent::Correction { ppid, .. } => ppid.iter().cloned().collect(),
            ApprovalContent::Merge { from, into } | ApprovalContent::Replace { from, into, .. } => {
                vec![from.clone(), into.clone()]
            }
            ApprovalContent::Programme { .. }
            | ApprovalContent::Claim { .. }
            | ApprovalContent::ReturnFunds { .. }
            | ApprovalContent::Contracts { .. }
            | ApprovalContent::Payout { .. }
            | ApprovalContent::UndoBooking { .. }
            | ApprovalContent::CancelPayout { .. }
            | ApprovalContent::Resolve { .. }
            | ApprovalContent::Grant { .. }
            | ApprovalContent::ProgramKey { .. }
            | ApprovalContent::Reinvite { .. }
            | ApprovalContent::StatementKey { .. }
            | ApprovalContent::Shops { .. }
            | ApprovalContent::Fund { .. }
            | ApprovalContent::Policy { .. }
            | ApprovalContent::Payee { .. }
            | ApprovalContent::Payees(_)
            | ApprovalContent::Merchants(_)
            | ApprovalContent::Links(_)
            | ApprovalContent::Destruction { .. } => Vec::new(),
        }
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<ApprovalShown> {
        services.shown(self.approval, who).await
    }
}
