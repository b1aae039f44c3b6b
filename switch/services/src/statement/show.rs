//! What became of a statement's lines, as JSON.

use super::Run;
use super::matching::{Finding, Row};
use super::name::word;
use super::read::Faults;
use kazasu_core::Booking;
use kazasu_ledger::record::{Aside, Payer};
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::Statement;
use serde_json::{Value, json};

pub(super) struct Shown {
    out: Value,
    known: u64,
}

fn push(list: &mut Value, item: Value) {
    if let Value::Array(list) = list {
        list.push(item);
    }
}

/// Shown only where the bank kept something.
fn with_fee(mut shown: Value, fee: Yen) -> Value {
    if fee.is_positive() {
        shown["fee_yen"] = fee.get().into();
    }
    shown
}

impl Shown {
    pub(super) fn new(read: &Statement, faults: &Faults, run: Run) -> Self {
        let out = json!({
            "entries": read.entries.len(), "dry_run": run == Run::Look, "damaged": !faults.texts.is_empty(),
            "bad_records": faults.texts, "taken": [], "sent": [], "returned": [], "received": [], "undone": [],
            "set_aside": [], "unmatched": [],
        });
        Shown { out, known: 0 }
    }

    pub(super) fn line(&mut self, row: &Row, finding: Finding) {
        let yen = row.entry.amount.get();
        match finding {
            Finding::Known => self.known += 1,
            Finding::Open { why, candidates } => {
                let candidates: Vec<Value> =
                    candidates.iter().map(|c| json!({ "what": c.what, "say": c.say })).collect();
                let shown = json!({ "record": row.record, "day": row.entry.posting_date.to_string(),
                    "direction": word(row.entry.direction), "yen": yen, "payer": row.entry.payer_name.trim(),
                    "line": row.reference, "why": why, "candidates": candidates });
                push(&mut self.out["unmatched"], shown);
            }
            Finding::Book(booking) => {
                let (list, shown) = match booking {
                    Booking::Taken { payout, file } => ("taken", json!({ "payout": payout, "file": file, "yen": yen })),
                    Booking::Sent { batch, file } => ("sent", json!({ "batch": batch, "file": file, "yen": yen })),
                    Booking::Returned { payout, settlement, fee } => {
                        ("returned", with_fee(json!({ "payout": payout, "settlement": settlement, "yen": yen }), fee))
                    }
                    Booking::CameBack { batch, row, fee } => {
                        ("returned", with_fee(json!({ "batch": batch, "row": row, "yen": yen }), fee))
                    }
                    Booking::Received { from: Payer::Issuer(n), .. } => {
                        ("received", json!({ "issuer": n, "yen": yen }))
                    }
                    Booking::Received { from: Payer::Funder(n), .. } => {
                        ("received", json!({ "funder": n, "yen": yen }))
                    }
                    Booking::Corrects { line } => {
                        ("undone", json!({ "line": line, "correction": row.reference, "yen": yen }))
                    }
                    Booking::Aside(aside) => {
                        let why = match aside {
                            Aside::NotOurs => "not ours".to_owned(),
                            Aside::Same(other) => format!("the same as {other}"),
                            Aside::Corrected(other) => format!("corrected by the bank: {other}"),
                        };
                        ("set_aside", json!({ "record": row.record, "line": row.reference, "yen": yen, "why": why }))
                    }
                };
                push(&mut self.out[list], shown);
            }
        }
    }

    pub(super) fn json(mut self) -> Value {
        self.out["known"] = self.known.into();
        self.out
    }
}
