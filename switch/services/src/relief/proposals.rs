//! Requests that wait for a second person, as people see them.

use crate::access::Name;
use crate::error::Result;
use crate::operation::Operation;
use crate::who::CallerKind;
use crate::{Services, Who, payer_text};
use kazasu_core::ApprovalView;
use kazasu_ledger::record::Proposal;
use serde::{Deserialize, Serialize};

/// Requests that wait for a second person: a city's for its people, finance's for finance staff, all for the operator.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListProposals {}

/// A request that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProposalView {
    /// The number under which it is decided.
    pub proposal: u64,
    /// What is to be done.
    pub what: ProposalContent,
    /// The city's code; empty where it is of no city.
    pub city: String,
    /// Who asked.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    pub at: String,
}

/// What is to be done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the commands of the same names explain the fields")]
pub enum ProposalContent {
    Programme { programme: u16, name: String, budget_yen: i64, ceiling_yen: i64, until: String },
    Claim { batch: u32, row: u32, right_yen: i64 },
    ReturnFunds { programme: u16, yen: i64, reference: String },
    Contracts { name: String, contracts: usize },
    Payout { settlements: Vec<u32>, yen: i64, value_date: String, accounts_sha256: String },
    UndoBooking { line: String, payer: Option<String> },
    CancelPayout { payout: u64 },
    Retarget { ppid: String, instrument: String },
    Resolve { exception: String, how: String },
}

impl From<&Proposal> for ProposalContent {
    fn from(proposal: &Proposal) -> Self {
        match proposal {
            Proposal::Programme(t) => ProposalContent::Programme {
                programme: t.number,
                name: t.name.clone(),
                budget_yen: t.budget.get(),
                ceiling_yen: t.ceiling.get(),
                until: t.closes.map_or_else(|| t.until.to_string(), |c| c.jst_text()),
            },
            Proposal::Claim { batch, row, right } => {
                ProposalContent::Claim { batch: *batch, row: *row, right_yen: right.get() }
            }
            Proposal::ReturnFunds { programme, amount, reference } => {
                ProposalContent::ReturnFunds { programme: *programme, yen: amount.get(), reference: reference.clone() }
            }
            Proposal::Contracts(contracts) => {
                ProposalContent::Contracts { name: contracts.name.to_string(), contracts: contracts.contracts.len() }
            }
            Proposal::Payout { settlements, total, value_date, payees } => ProposalContent::Payout {
                settlements: settlements.clone(),
                yen: total.get(),
                value_date: value_date.to_string(),
                accounts_sha256: hex::encode(payees),
            },
            Proposal::UndoBooking { reference, payer } => {
                ProposalContent::UndoBooking { line: reference.clone(), payer: payer.as_ref().map(payer_text) }
            }
            Proposal::CancelPayout { payout } => ProposalContent::CancelPayout { payout: *payout },
            Proposal::Retarget { ppid, instrument } => {
                ProposalContent::Retarget { ppid: ppid.to_string(), instrument: instrument.kind().to_owned() }
            }
            Proposal::Resolve { id, how } => {
                ProposalContent::Resolve { exception: hex::encode(id), how: how.name().to_owned() }
            }
        }
    }
}

impl From<&ApprovalView> for ProposalView {
    fn from(p: &ApprovalView) -> Self {
        ProposalView {
            proposal: p.number,
            what: ProposalContent::from(&p.proposal),
            city: p.city.clone(),
            by: p.by.clone(),
            why: p.why.clone(),
            at: p.at.jst_text(),
        }
    }
}

impl Operation for ListProposals {
    const NAME: Name = Name::ListProposals;
    type Answer = Vec<ProposalView>;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Vec<ProposalView>> {
        let open = services.query(|state| state.approvals()).await?;
        let seen = |city: &str| match (who.kind, city) {
            (CallerKind::Operator, _) => true,
            (_, "") => services.finance.names(&who.name),
            (_, code) => services.cities.iter().any(|city| city.code == code && city.role(&who.name).is_some()),
        };
        // A link's are in the queue of broken links, with their numbers masked.
        let here = |p: &&ApprovalView| !matches!(p.proposal, Proposal::Retarget { .. }) && seen(&p.city);
        Ok(open.iter().filter(here).map(ProposalView::from).collect())
    }
}
