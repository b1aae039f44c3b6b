//! Compares this ledger with the issuers' own journals, message by message: what each message to an issuer stands at here
//! and there. Both are read from files after the fact, so neither side can be asked to agree.

use hashbrown::HashMap;
use kazasu_core::{State, Tap, TapState};
use kazasu_ledger::record::ToIssuer;
use kazasu_ledger::{Body, Seq};
use kazasu_schemas::wire::issuer::IssuerOperation;
use std::collections::BTreeMap;

/// A message on which the two sides differ.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Disagreement {
    /// The issuer's number.
    pub issuer: u16,
    /// The record that sent the message, its DE37.
    pub message: Seq,
    /// Yen here; refunds are negative.
    pub here: i64,
    /// Yen there; `None` when the issuer's journal does not have the message.
    pub there: Option<i64>,
}

/// The messages to issuers that a journal holds.
#[derive(Default)]
pub struct Messages {
    sent: Vec<(Seq, ToIssuer)>,
}

impl Messages {
    /// Notes what a record tells an issuer.
    pub fn record(&mut self, seq: Seq, body: &Body) {
        let to_issuer = match body {
            Body::Transaction(_) | Body::ApprovalDecided(_) => body.tapped().and_then(|tapped| tapped.to_issuer),
            Body::IssuerSilent(silent) => silent.to_issuer,
            Body::StoodIn(stood) => Some(stood.to_issuer),
            Body::AdviceDecided(settled) => settled.to_issuer,
            Body::Undone(undone) => undone.to_issuer,
            Body::IssuerNotified(told) => Some(told.to_issuer),
            _ => None,
        };
        if let Some(message) = to_issuer {
            self.sent.push((seq, message));
        }
    }

    /// Every message on which `state` and the issuers' journals differ. `theirs` is keyed by issuer number and message.
    ///
    /// Messages of taps that have left the memory are not compared.
    #[must_use]
    pub fn compare(&self, state: &State, theirs: &BTreeMap<(u16, Seq), i64>) -> Vec<Disagreement> {
        let taps: HashMap<Seq, &Tap> = state.taps().map(|tap| (tap.seq, tap)).collect();
        let mut out = Vec::new();
        for (seq, message) in &self.sent {
            let sign = match message.operation {
                IssuerOperation::Purchase | IssuerOperation::Completion | IssuerOperation::PurchaseAdvice => 1,
                IssuerOperation::Refund | IssuerOperation::RefundAdvice => -1,
                // Neither moves money by itself.
                IssuerOperation::Authorize | IssuerOperation::Reversal => continue,
            };
            let Some(tap) = taps.get(&message.tap) else { continue };
            // What was approved in the issuer's place was never asked; the advice stands for it.
            if message.operation == IssuerOperation::Purchase && state.stood_in_for(tap.seq) {
                continue;
            }
            let here = match tap.state {
                TapState::Posted => sign * tap.at_issuer().get(),
                TapState::Pending
                | TapState::Held
                | TapState::Completed(_)
                | TapState::Refused
                | TapState::Reversed => 0,
            };
            let there = theirs.get(&(message.issuer, *seq)).copied();
            if there.unwrap_or(0) != here {
                out.push(Disagreement { issuer: message.issuer, message: *seq, here, there });
            }
        }
        // What the issuers executed and the switch never sent.
        let known: hashbrown::HashSet<(u16, Seq)> = self.sent.iter().map(|(seq, m)| (m.issuer, *seq)).collect();
        for ((issuer, seq), yen) in theirs {
            if *yen != 0 && !known.contains(&(*issuer, *seq)) {
                out.push(Disagreement { issuer: *issuer, message: *seq, here: 0, there: Some(*yen) });
            }
        }
        out
    }
}
