//! What finance staff see, as JSON.

use crate::admin::{AskError, Desk};
use kazasu_core::{DifferenceView, Note, ResolvedBy};
use kazasu_schemas::money::Yen;
use serde_json::{Value, json};

impl Desk {
    /// Business days, the newest first.
    pub async fn days(&self) -> Result<Value, AskError> {
        let days = self.ask(|state| state.days()).await?;
        Ok(days
            .iter()
            .map(|d| {
                let marks: Vec<Value> = d
                    .marks
                    .iter()
                    .map(|(state, at, by, why)| json!({ "state": state.name(), "at": at.jst_text(), "by": by, "why": why }))
                    .collect();
                json!({ "day": d.day.to_string(), "state": d.state.name(), "state_ja": d.state.japanese(), "last_record": d.seq,
                    "open_differences": d.open_differences, "without_owner": d.unowned, "marks": marks })
            })
            .collect())
    }

    /// Settlements, the newest first.
    pub async fn settlements(&self) -> Result<Value, AskError> {
        let all = self.ask(|state| state.settlements()).await?;
        let yen = |sum: i128| i64::try_from(sum).unwrap_or(i64::MAX);
        Ok(all
            .iter()
            .rev()
            .take(10_000)
            .map(|s| {
                let t = &s.settlement;
                json!({ "settlement": s.number, "merchant": s.merchant.to_string(), "name": s.name, "contract": t.contract,
                    "from": t.period.from.to_string(), "until": t.period.until.to_string(),
                    "gross_yen": yen(t.gross.sum()), "refunds_yen": yen(t.refunds.sum()), "fee_yen": t.fee.get(),
                    "tax_yen": t.tax.get(), "points_funding_yen": t.points_funding.get(), "adjustments_yen": t.adjustments.get(),
                    "chargebacks_yen": t.chargebacks.get(), "chargeback_fee_yen": t.chargeback_fee.get(), "reserve_yen": t.reserved.get(),
                    "paid_yen": t.paid.get(), "carried_yen": t.carried_forward.get(),
                    "value_date": s.value_date.to_string(), "state": s.state.name() })
            })
            .collect())
    }

    /// Payouts that were approved.
    pub async fn payouts(&self) -> Result<Value, AskError> {
        let all = self.ask(|state| state.payouts()).await?;
        Ok(all
            .iter()
            .map(|p| {
                json!({ "payout": p.number, "settlements": p.settlements, "total_yen": p.total.get(),
                    "value_date": p.value_date.to_string(), "file": p.file.as_ref().map(|(format, files)| json!({
                        "format": format.name(), "files": files.len() })), "taken_files": p.taken.len() })
            })
            .collect())
    }

    /// Totals that acquirers asked about (0500), the last of each day: counts and yen there and here.
    pub async fn totals(&self) -> Result<Value, AskError> {
        let office = self.office()?;
        let totals = office.books(|books| Ok(books.totals.values().rev().take(10_000).cloned().collect::<Vec<_>>()));
        let side = |t: &kazasu_schemas::wire::totals::DayTotals| {
            json!({ "purchases": t.debits, "purchases_yen": t.debit_amount.get(), "refunds": t.credits,
                "refunds_yen": t.credit_amount.get(), "reversed_purchases": t.debit_reversals,
                "reversed_purchases_yen": t.debit_reversal_amount.get(), "reversed_refunds": t.credit_reversals,
                "reversed_refunds_yen": t.credit_reversal_amount.get(), "net_yen": t.net().get() })
        };
        let totals = totals.await.map_err(AskError::Other)?;
        Ok(totals
            .iter()
            .map(|t| {
                json!({ "day": t.about.to_string(), "acquirer": t.acquirer.to_string(), "agrees": t.ours == t.theirs,
                    "theirs": side(&t.theirs), "ours": side(&t.ours) })
            })
            .collect())
    }

    /// Runs of reconciliation.
    pub async fn runs(&self) -> Result<Value, AskError> {
        let runs = self.ask(|state| state.runs().to_vec()).await?;
        Ok(runs
            .iter()
            .map(|r| {
                json!({ "run": r.run, "against": r.against.name(), "party": r.party, "from": r.period.from.to_string(),
                    "until": r.period.until.to_string(), "ours": r.lines[0], "theirs": r.lines[1], "matched": r.matched,
                    "matched_yen": r.matched_yen.get(), "bad_lines": r.bad_lines, "differences": r.differences, "by": r.by })
            })
            .collect())
    }

    /// Differences: those that are open, or all.
    pub async fn exceptions(&self, all: bool) -> Result<Value, AskError> {
        let list = self.ask(move |state| state.differences(!all)).await?;
        Ok(list.iter().take(10_000).map(difference_json).collect())
    }

    /// The contracts in force.
    pub async fn contracts(&self) -> Result<Value, AskError> {
        self.ask(|state| {
            let (version, contracts, source) = state.contracts();
            let list: Vec<Value> = contracts
                .iter()
                .flat_map(|c| &c.contracts)
                .map(|c| json!({ "contract": c.number, "name": c.name, "from": c.from.to_string(), "until": c.until.map(|d| d.to_string()) }))
                .collect();
            json!({ "version": version, "contracts": list, "source": source })
        })
        .await
    }
}

fn note_text(note: &Note) -> &str {
    match note {
        Note::Opened => "受付 raised",
        Note::Text(text) => text,
    }
}

fn resolved_by(by: &ResolvedBy) -> String {
    match by {
        ResolvedBy::Person(name) => name.clone(),
        ResolvedBy::Comparison(run) => format!("照合 run {run}"),
    }
}

fn difference_json(d: &DifferenceView) -> Value {
    let x = &d.difference;
    let notes: Vec<Value> = d
        .notes
        .iter()
        .map(|(at, by, note)| json!({ "at": at.jst_text(), "by": by, "note": note_text(note) }))
        .collect();
    let resolved = d.resolved.as_ref();
    let resolved =
        resolved.map(|(how, at, by)| json!({ "how": how.name(), "at": at.jst_text(), "by": resolved_by(by) }));
    let some = |n: u64| (n > 0).then_some(n);
    let yen = |y: Yen, there: bool| there.then_some(y.get());
    json!({ "difference": hex::encode(x.id), "status": x.status, "party": x.party, "run": d.run, "day": x.day.to_string(),
        "record": some(x.own), "line": some(x.line), "ours_yen": yen(x.ours, x.own > 0 || x.ours != Yen::ZERO),
        "theirs_yen": yen(x.theirs, x.line > 0 || x.theirs != Yen::ZERO), "why": x.why, "proposal": x.proposal, "since": d.since.jst_text(),
        "owner": d.owner, "notes": notes, "resolved": resolved })
}
