//! What people may see of relief, as JSON: no account, no name.

use crate::admin::{AskError, Desk, value};
use kazasu_core::{ApprovalView, BatchView, ProgrammeView, RowView, Unpaid};
use kazasu_ledger::record::Proposal;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{DuplicateRule, Step, issue};
use serde_json::{Value, json};

/// Rows in one answer.
const MOST_ROWS: usize = 1_000;
/// Amounts of a distribution that are listed.
const MOST_AMOUNTS: usize = 50;

impl Desk {
    /// All relief programmes.
    pub async fn relief_programmes(&self) -> Result<Value, AskError> {
        let all = self.ask(|state| state.relief_programmes()).await?;
        Ok(all.iter().map(|view| self.programme_json(view)).collect())
    }

    /// A programme, with the file in force.
    pub async fn relief_programme(&self, number: u16) -> Result<Option<Value>, AskError> {
        let view = self.ask(move |state| state.relief_programme(number)).await?;
        Ok(view.map(|view| {
            let mut out = self.programme_json(&view);
            out["source"] = view.source.clone().into();
            out
        }))
    }

    fn programme_json(&self, v: &ProgrammeView) -> Value {
        let t = &v.terms;
        let city = self.cities.iter().find(|c| c.code == t.city).map(|c| c.name.clone());
        json!({
            "programme": t.number, "version": v.version, "name": t.name, "city": t.city, "city_name": city,
            "legal_basis": t.legal_basis, "budget_line": t.budget_line, "method": t.method.name(), "duplicates": match t.duplicates {
                DuplicateRule::Largest => "largest", DuplicateRule::First => "first" },
            "from": t.from.map(|d| d.to_string()),
            "until": t.closes.map_or_else(|| t.until.to_string(), |c| c.jst_text()),
            "ceiling_yen": t.ceiling.get(), "budget_yen": t.budget.get(), "budget_left_yen": v.budget_left.get(),
            "committed_yen": v.committed.get(), "paid_yen": v.executed.get(), "fund_yen": v.fund.get(),
            "transit_yen": v.transit.get(), "in_purses_yen": v.in_purses.get(), "receivable_yen": v.receivable.get(),
            "batches": v.batches,
        })
    }

    /// Proposals that wait for a second person.
    /// A city's are seen by its people, finance's by finance staff, all by the operator.
    pub async fn relief_proposals(&self, by: &str) -> Result<Value, AskError> {
        let open = self.ask(|state| state.approvals()).await?;
        let seen = |city: &str| match city {
            _ if by == "operator" => true,
            "" => self.finance.may_look(by),
            code => self.cities.iter().any(|city| {
                city.code == code
                    && [&city.officers, &city.approvers, &city.treasurers]
                        .iter()
                        .any(|list| list.iter().any(|n| kazasu_schemas::canonical::same(n, by)))
            }),
        };
        // A link's are in the queue of broken links, with their numbers masked.
        let here = |p: &&ApprovalView| !matches!(p.proposal, Proposal::Retarget { .. }) && seen(&p.city);
        Ok(open.iter().filter(here).map(proposal_json).collect())
    }

    /// A batch: what the people who decide must see.
    pub async fn relief_batch(&self, number: u32) -> Result<Option<Value>, AskError> {
        let found = self
            .ask(move |state| {
                let view = state.relief_batch(number)?;
                let flagged: Vec<(usize, Vec<RowView>)> = view
                    .issues
                    .iter()
                    .map(|(bit, ..)| (*bit, state.relief_rows(number, Some(issue::NAMES[*bit]), 0, 20)))
                    .collect();
                Some((view, flagged, state.relief_progress(number), state.relief_unpaid(number)?))
            })
            .await?;
        Ok(found.map(|(view, flagged, progress, unpaid)| {
            let mut batch = batch_json(&view, &flagged, progress);
            batch["unpaid"] = unpaid_json(number, &unpaid);
            batch
        }))
    }

    /// Who of a batch is not paid, as things are, and why.
    pub async fn relief_unpaid(&self, number: u32) -> Result<Value, AskError> {
        let unpaid = self.ask(move |state| state.relief_unpaid(number)).await?;
        Ok(unpaid.map_or(Value::Null, |unpaid| unpaid_json(number, &unpaid)))
    }

    /// How far a batch has been credited.
    pub async fn relief_progress(&self, number: u32) -> Result<Option<Value>, AskError> {
        let found = self
            .ask(move |state| {
                let (done, all) = state.relief_progress(number)?;
                Some((done, all, state.relief_method(number)?, state.relief_total(number)?))
            })
            .await?;
        Ok(found.map(|(done, all, method, total)| {
            json!({ "batch": number, "method": method.name(), "credited_rows": done, "rows_to_credit": all, "total_yen": total.get() })
        }))
    }

    /// Rows of a batch.
    pub async fn relief_rows(&self, number: u32, only: Option<String>, from: u32) -> Result<Option<Value>, AskError> {
        if let Some(only) = &only {
            let states = [
                "applied",
                "assessed",
                "refused",
                "waiting",
                "excluded",
                "credited",
                "sent",
                "returned",
                "claimed",
                "adjusted",
                "not_granted",
                "withheld",
                "unpaid",
                "cancelled",
            ];
            let known =
                states.contains(&only.as_str()) || issue::NAMES.contains(&only.as_str()) || Step::parse(only).is_some();
            if !known {
                let steps = Step::ALL.iter().map(|step| step.name()).filter(|name| !states.contains(name));
                let steps: Vec<&str> = steps.collect();
                let (states, steps, issues) = (states.join(", "), steps.join(", "), issue::NAMES.join(", "));
                let text = format!("must be one of {states}, {steps}, {issues}; got {only:?}");
                return Err(value("only", text));
            }
        }
        let rows = self
            .ask(move |state| {
                state.relief_city(number)?;
                Some(state.relief_rows(number, only.as_deref(), from, MOST_ROWS))
            })
            .await?;
        Ok(rows.map(|rows| {
            let next = rows.last().filter(|_| rows.len() == MOST_ROWS).map(|row| row.row + 1);
            json!({ "rows": rows.iter().map(row_json).collect::<Vec<_>>(), "next": next })
        }))
    }
}

fn proposal_json(p: &ApprovalView) -> Value {
    let what = match &p.proposal {
        Proposal::Programme(t) => json!({ "kind": "programme", "programme": t.number, "name": t.name,
            "budget_yen": t.budget.get(), "ceiling_yen": t.ceiling.get(), "until": t.closes.map_or_else(|| t.until.to_string(), |c| c.jst_text()) }),
        Proposal::Claim { batch, row, right } => {
            json!({ "kind": "claim", "batch": batch, "row": row, "right_yen": right.get() })
        }
        Proposal::ReturnFunds { programme, amount, reference } => {
            json!({ "kind": "return_funds", "programme": programme, "yen": amount.get(), "reference": reference })
        }
        Proposal::Contracts(contracts) => {
            json!({ "kind": "contracts", "name": contracts.name, "contracts": contracts.contracts.len() })
        }
        Proposal::Payout { settlements, total, value_date, payees } => {
            json!({ "kind": "payout", "settlements": settlements, "yen": total.get(), "value_date": value_date.to_string(),
                "accounts_sha256": hex::encode(payees) })
        }
        Proposal::UndoBooking { reference, payer } => {
            json!({ "kind": "undo_booking", "line": reference, "payer": payer.as_ref().map(crate::closing::payer_text) })
        }
        Proposal::CancelPayout { payout } => json!({ "kind": "cancel_payout", "payout": payout }),
        Proposal::Retarget { ppid, instrument } => {
            json!({ "kind": "retarget", "ppid": ppid.to_string(), "instrument": instrument.kind() })
        }
        Proposal::Resolve { id, how } => json!({ "kind": "resolve", "difference": hex::encode(id), "how": how.name() }),
    };
    json!({ "proposal": p.number, "what": what, "city": p.city, "by": p.by, "why": p.why, "at": p.at.jst_text() })
}

fn batch_json(v: &BatchView, flagged: &[(usize, Vec<RowView>)], progress: Option<(u32, u32)>) -> Value {
    let steps: Vec<Value> = v
        .steps
        .iter()
        .map(|(step, at, by, why)| {
            json!({ "step": step.name(), "step_ja": step.japanese(), "at": at.jst_text(), "by": by, "why": why })
        })
        .collect();
    let issues: Vec<Value> = v
        .issues
        .iter()
        .map(|(bit, count, yen)| {
            let rows = flagged.iter().find(|(b, _)| b == bit).map_or(&[][..], |(_, rows)| rows);
            json!({ "issue": issue::NAMES[*bit], "issue_ja": issue::JAPANESE[*bit], "count": count, "yen": yen.get(),
                "never_paid": issue::NEVER & (1 << bit) != 0,
                "first": rows.iter().map(row_json).collect::<Vec<_>>() })
        })
        .collect();
    let distribution = |d: &kazasu_core::Distribution| json!({ "yen": d.amount.get(), "count": d.count });
    let mut listed: Vec<Value> = v.distribution.iter().take(MOST_AMOUNTS).map(distribution).collect();
    let rest = v.distribution.iter().skip(MOST_AMOUNTS);
    let (more, yen) = rest.fold((0_u64, 0_i128), |(n, sum), d| {
        (n + u64::from(d.count), sum + i128::from(d.amount.get()) * i128::from(d.count))
    });
    if more > 0 {
        listed.push(json!({ "smaller": more, "sum_yen": yen.to_string() }));
    }
    let states: Vec<Value> = v
        .states
        .iter()
        .map(|(state, (count, yen))| json!({ "state": state, "count": count, "yen": yen.get() }))
        .collect();
    let files = v.files.as_ref().map(|(format, files)| {
        let each = |(count, yen, sent): &(u32, Yen, bool)| json!({ "count": count, "yen": yen.get(), "sent": sent });
        json!({ "format": format.name(), "files": files.iter().map(each).collect::<Vec<_>>() })
    });
    json!({
        "batch": v.number, "programme": v.programme, "city": v.city, "name": v.name, "sha256": hex::encode(v.digest),
        "opened": v.opened.jst_text(), "step": v.step.map_or("reading", Step::name), "steps": steps,
        "rows": v.rows, "refused_rows": v.refused, "count": v.count, "total_yen": v.total.get(),
        "distribution": listed, "issues": issues, "states": states, "owed_yen": v.owed.get(),
        "value_date": v.value_date.map(|d| d.to_string()), "transfer_files": files,
        "credited_rows": progress.map(|(done, _)| done), "rows_to_credit": progress.map(|(_, all)| all),
    })
}

/// Rows that get nothing: how many, how much, why, and which; what brings those in that nothing of the batch brings back.
fn unpaid_json(batch: u32, unpaid: &Unpaid) -> Value {
    let why: Vec<Value> = unpaid
        .why
        .iter()
        .map(|(name, why)| {
            let mut entry = json!({ "why": name, "why_ja": why.japanese, "count": why.count, "yen": why.total.get(), "rows": why.rows });
            if why.alone > 0 {
                entry["nothing_else_stands"] = why.alone.into();
                entry["then"] = "no row stands for these households: read their rows in with another file 再度取り込んでください".into();
            }
            entry
        })
        .collect();
    let all = (unpaid.count > 0).then(|| format!("kazasu relief rows {batch} --only unpaid"));
    json!({ "count": unpaid.count, "yen": unpaid.total.get(), "why": why, "all": all })
}

pub(super) fn row_json(r: &RowView) -> Value {
    let issues: Vec<&str> =
        issue::NAMES.iter().enumerate().filter(|(bit, _)| r.issues & (1 << bit) != 0).map(|(_, n)| *n).collect();
    json!({ "row": r.row, "line": r.line, "ppid": r.ppid.map(|p| p.to_string()), "yen": r.amount.get(), "damage": r.damage,
        "state": r.state, "issues": issues, "claimed_yen": r.claimed.get(), "repaid_yen": r.repaid.get(),
        "supplement": r.supplement, "instead": r.instead.map(|(batch, row)| format!("{batch}-{row}")) })
}
