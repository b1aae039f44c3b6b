//! What a demo run did, read back from the journal's file and the issuers' journals.

use crate::agree::{Disagreement, Messages};
use crate::language::shown;
use kazasu_acquirer_sim::load::LoadReport;
use kazasu_core::State;
use kazasu_ledger::record::{Silence, TransactionKind, Verdict};
use kazasu_ledger::{AccountId, AccountKey, Body, Record, Seq};
use kazasu_report::table::{Align, Lines};
use kazasu_schemas::money::Yen;
use kazasu_schemas::text::thousands;
use kazasu_schemas::wire::{Refusal, ResponseCode};
use kazasu_store::records::{Placed, Records};
use kazasu_store::verify::{Verified, verify};
use kazasu_store::{Reader, Store};
use kazasu_text::Count;
use kazasu_text::demo::{DemoLabel, DemoText};
use kazasu_text::responses::meaning;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A run's result.
pub(super) struct Summary {
    report: LoadReport,
    taps: u64,
    approved: u64,
    reversed: u64,
    reasons: BTreeMap<Reason, u64>,
    merchants: Vec<Moved>,
    issuers: Vec<Moved>,
    disagreements: Vec<Disagreement>,
    verified: Result<Verified, String>,
    stopped_early: bool,
    nodes: usize,
    handover: Option<HandOver>,
    place: String,
}

/// Why a tap was declined: the refusal's name and what the terminal got.
type Reason = (String, ResponseCode);

/// What a run moved somewhere.
struct Moved {
    /// For programs: `M10000000000002`, `issuer_1`.
    code: String,
    /// For people.
    name: String,
    yen: i64,
}

/// A lead that went from one node to another in the middle of the run.
#[derive(Clone, Debug)]
pub(super) struct HandOver {
    pub(super) from: String,
    pub(super) to: String,
    /// From the request until the new leader decided.
    pub(super) ms: u64,
}

/// Balances before the run, to see what it moved.
type Balances = BTreeMap<AccountId, Yen>;

#[derive(Default)]
struct Fold {
    state: State,
    messages: Messages,
    before: Balances,
    merchants: BTreeMap<AccountId, (String, String)>,
    issuers: BTreeMap<u16, (AccountId, String)>,
    taps: u64,
    approved: u64,
    reversed: u64,
    reasons: BTreeMap<Reason, u64>,
}

impl Fold {
    /// The whole journal; records after `before` belong to the run.
    async fn of(reader: &mut dyn Reader, before: Seq) -> anyhow::Result<Fold> {
        let mut fold = Fold::default();
        if before == 0 {
            fold.before = fold.balances();
        }
        let mut records = Records::from(reader, 1);
        while let Some(page) = records.page().await? {
            for Placed { entry, body } in page {
                let record = Record { at: entry.at, day: entry.day, body };
                fold.record(entry.seq, &record, entry.seq > before)?;
                if entry.seq == before {
                    fold.before = fold.balances();
                }
            }
        }
        Ok(fold)
    }

    fn record(&mut self, seq: Seq, record: &Record, counted: bool) -> anyhow::Result<()> {
        match &record.body {
            Body::MerchantRegistered(r) => {
                self.merchants.insert(r.payable, (r.merchant.to_string(), r.name.clone()));
            }
            Body::IssuerRegistered(r) => {
                self.issuers.insert(r.issuer, (r.receivable, r.name.clone()));
            }
            body if counted => self.count(body),
            _ => {}
        }
        self.messages.record(seq, &record.body);
        self.state.apply(seq, record).map_err(|e| anyhow::anyhow!("record {seq}: {e}"))
    }

    fn count(&mut self, body: &Body) {
        match body {
            Body::Transaction(tapped) => {
                self.taps += 1;
                match tapped.verdict {
                    Verdict::Approved(_) => {
                        self.approved += 1;
                        if tapped.kind == TransactionKind::Reversal && tapped.original.is_some() {
                            self.reversed += 1;
                        }
                    }
                    Verdict::Refused(refusal) => self.refused(refusal.code(), refusal.name()),
                    Verdict::Pending => {}
                }
            }
            Body::IssuerAnswered(r) if r.code.is_approved() => self.approved += 1,
            Body::IssuerAnswered(r) => self.refused(r.code, "by_issuer"),
            Body::IssuerSilent(r) => {
                let refusal = match r.why {
                    Silence::NotSent | Silence::Unmakeable => Refusal::IssuerUnavailable,
                    Silence::TimedOut | Silence::Restarted | Silence::Unfit => Refusal::IssuerTimeout,
                };
                self.refused(refusal.code(), refusal.name());
            }
            _ => {}
        }
    }

    fn refused(&mut self, code: ResponseCode, name: &str) {
        *self.reasons.entry((name.to_owned(), code)).or_default() += 1;
    }

    fn balances(&self) -> Balances {
        self.state.book.accounts().map(|(id, account)| (id, account.balance())).collect()
    }

    /// What the run moved on an account.
    fn moved(&self, id: &AccountId, after: &Balances) -> i64 {
        let old = self.before.get(id).copied().unwrap_or(Yen::ZERO);
        after.get(id).map_or(0, |new| new.get() - old.get())
    }

    /// What merchants got, most first.
    fn paid_to(&self, after: &Balances) -> Vec<Moved> {
        // A merchant with contracts with several acquirers has an account for each; the first one's number stands for it.
        let mut merchants: BTreeMap<&str, (&str, i64)> = BTreeMap::new();
        for (id, (merchant, name)) in &self.merchants {
            let (first, yen) = merchants.entry(name).or_insert((merchant, 0));
            *first = (*first).min(merchant);
            *yen += self.moved(id, after);
        }
        let mut merchants: Vec<Moved> = merchants
            .into_iter()
            .map(|(name, (code, yen))| Moved { code: code.to_owned(), name: name.to_owned(), yen })
            .collect();
        merchants.sort_by(|a, b| b.yen.cmp(&a.yen).then_with(|| a.name.cmp(&b.name)));
        merchants
    }

    /// Who paid it: issuers, the town's own accounts, and those who bear what nothing covered.
    fn paid_by(&self, after: &Balances) -> Vec<Moved> {
        let issuer = |(number, (id, name)): (&u16, &(AccountId, String))| Moved {
            code: format!("issuer_{number}"),
            name: name.clone(),
            yen: self.moved(id, after),
        };
        let mut payers: Vec<Moved> = self.issuers.iter().map(issuer).collect();
        let sum = |wanted: fn(&AccountKey) -> bool| -> i64 {
            let accounts = self.state.book.accounts().filter(|(_, account)| wanted(&account.key));
            accounts.map(|(id, _)| self.moved(&id, after)).sum()
        };
        let on_us = -sum(|key| matches!(key, AccountKey::Deposit(_)));
        let shortfall = sum(|key| matches!(key, AccountKey::AdviceShortfall(_)));
        for (code, name, yen) in [("on_us", DemoLabel::OnUs, on_us), ("shortfall", DemoLabel::Shortfall, shortfall)] {
            payers.push(Moved { code: code.into(), name: shown(&name), yen });
        }
        payers
    }
}

/// A run that is over, as those saw it who took part.
pub(super) struct Run {
    /// The journal's last record before it.
    pub(super) before: Seq,
    /// What the issuers say.
    pub(super) theirs: BTreeMap<(String, u64), i64>,
    /// What the acquirers say.
    pub(super) report: LoadReport,
    /// A person ended it.
    pub(super) stopped_early: bool,
}

/// Reads the journal and compares it with what the others say.
pub(super) async fn read(store: &dyn Store, run: Run) -> anyhow::Result<Summary> {
    let mut reader = store.reader().await?;
    let fold = Fold::of(reader.as_mut(), run.before).await?;
    let theirs = run.theirs.iter().filter_map(|((name, message), yen)| {
        let number = fold.issuers.iter().find(|(_, (_, n))| n == name)?.0;
        Some(((*number, *message), *yen))
    });
    let disagreements = fold.messages.compare(&fold.state, &theirs.collect());
    let after = fold.balances();
    let (merchants, issuers) = (fold.paid_to(&after), fold.paid_by(&after));
    let verified = verify(reader.as_mut(), |_| {}).await.map_err(|e| e.to_string());
    Ok(Summary {
        report: run.report,
        taps: fold.taps,
        approved: fold.approved,
        reversed: fold.reversed,
        reasons: fold.reasons,
        merchants,
        issuers,
        disagreements,
        verified,
        stopped_early: run.stopped_early,
        nodes: 1,
        handover: None,
        place: store.place(),
    })
}

impl Summary {
    /// The same run, played on several nodes.
    pub(super) fn on_nodes(self, nodes: usize, handover: Option<HandOver>) -> Self {
        Summary { nodes, handover, ..self }
    }

    /// Messages that were answered and left no record: refused because no node could decide them.
    fn unrecorded(&self) -> u64 {
        self.report.answered.saturating_sub(self.taps + self.report.repeats)
    }

    fn unanswered(&self) -> u64 {
        self.report.errors.get("no answer").copied().unwrap_or(0)
    }

    fn declined(&self) -> u64 {
        self.reasons.values().sum()
    }

    /// True when the ledger is sound, the issuers agree, and every yen of the merchants came from somewhere.
    pub(super) fn is_good(&self) -> bool {
        let to_merchants: i64 = self.merchants.iter().map(|m| m.yen).sum();
        let from_payers: i64 = self.issuers.iter().map(|m| m.yen).sum();
        self.verified.is_ok() && self.disagreements.is_empty() && to_merchants == from_payers
    }

    pub(super) fn json(&self, status: &str) -> Value {
        let yen = |list: &[Moved]| list.iter().map(|m| (m.code.clone(), json!(m.yen))).collect::<Map<_, _>>();
        let names: Map<_, _> =
            self.merchants.iter().chain(&self.issuers).map(|m| (m.code.clone(), json!(m.name))).collect();
        let reasons: Map<_, _> =
            self.reasons.iter().map(|((name, code), n)| (format!("{name}_{code}"), json!(n))).collect();
        let (debits, credits, records) = match &self.verified {
            Ok(v) => (i64::try_from(v.sums.debits).ok(), i64::try_from(v.sums.credits).ok(), Some(v.records)),
            Err(_) => (None, None, None),
        };
        json!({
            "taps": self.taps, "approved": self.approved, "declined": self.declined(), "reversed": self.reversed,
            "declined_by_reason": reasons, "repeats": self.report.repeats,
            "sent": self.report.sent, "answered": self.report.answered,
            "p50_us": self.report.percentile(50.0), "p90_us": self.report.percentile(90.0),
            "p99_us": self.report.percentile(99.0), "p999_us": self.report.percentile(99.9),
            "tps": (self.report.tps() * 10.0).round() / 10.0, "seconds": (self.report.seconds * 100.0).round() / 100.0,
            "yen_by_merchant": yen(&self.merchants), "yen_by_issuer": yen(&self.issuers), "names": names,
            "debits": debits, "credits": credits, "records": records,
            "verified": self.verified.is_ok(), "fault": self.verified.as_ref().err(),
            "issuers_agree": self.disagreements.is_empty(), "disagreements": self.disagreements,
            "stopped_early": self.stopped_early, "status": status,
            "store": self.place, "nodes": self.nodes, "unanswered": self.unanswered(), "unrecorded": self.unrecorded(),
            "handover": self.handover.as_ref().map(|h| json!({ "from": h.from, "to": h.to, "ms": h.ms })),
        })
    }

    pub(super) fn text(&self) -> String {
        let mut out = Lines::new(2, [Align::Right, Align::Left]);
        out.words("");
        out.words(shown(&if self.stopped_early { DemoText::SummaryEarly } else { DemoText::Summary }));
        self.add_taps(&mut out);
        self.add_run(&mut out);
        let moved = [(DemoLabel::ByMerchant, &self.merchants), (DemoLabel::ByIssuer, &self.issuers)];
        for (heading, moved) in moved {
            out.words("");
            out.words(shown(&heading));
            moved.iter().for_each(|moved| out.row([&Yen::new(moved.yen), &moved.name]));
        }
        self.add_ledger(&mut out);
        out.text()
    }

    /// The number of taps, and their outcomes.
    fn add_taps(&self, out: &mut Lines<2>) {
        let r = &self.report;
        let (reversed, tps) = (self.reversed, r.tps());
        let (rate, seconds) = (&format!("{tps:.0}"), &format!("{:.1}", r.seconds));
        let taps = DemoText::TapsOfWhich { reversals: Count(reversed), rate, seconds };
        out.row([&thousands(self.taps), &shown(&taps)]);
        out.row([&thousands(self.approved), &shown(&DemoLabel::Approved)]);
        out.row([&thousands(self.declined()), &shown(&DemoLabel::Declined)]);
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        for ((name, code), n) in reasons {
            out.row([&thousands(*n), &format!("  {code} {name}: {}", shown(&meaning(*code)))]);
        }
        out.row([&thousands(r.repeats), &shown(&DemoText::Repeats)]);
    }

    /// How fast it was, and who led.
    fn add_run(&self, out: &mut Lines<2>) {
        let r = &self.report;
        out.words("");
        out.words(format!(
            "{}   p50 {}   p90 {}   p99 {}   p99.9 {}",
            shown(&DemoLabel::Latency),
            millis(r.percentile(50.0)),
            millis(r.percentile(90.0)),
            millis(r.percentile(99.0)),
            millis(r.percentile(99.9))
        ));
        if let Some(HandOver { from, to, ms }) = &self.handover {
            let (unanswered, unrecorded) = (Count(self.unanswered()), Count(self.unrecorded()));
            out.words("");
            out.words(shown(&DemoText::LeadWent { from, to, ms: Count(*ms) }));
            out.words(format!("  {}", shown(&DemoText::Unanswered { unanswered, unrecorded })));
        }
    }

    /// Is the ledger sound, and do the issuers agree?
    fn add_ledger(&self, out: &mut Lines<2>) {
        out.words("");
        out.words(shown(&DemoLabel::Ledger));
        match &self.verified {
            Ok(v) => {
                let sum = |n: i128| i64::try_from(n).map_or_else(|_| n.to_string(), |n| Yen::new(n).to_string());
                out.words(format!("  {}", shown(&DemoText::ChainSound { records: Count(v.records) })));
                let (debits, credits) = (&sum(v.sums.debits), &sum(v.sums.credits));
                out.words(format!("  {}", shown(&DemoText::Balanced { debits, credits })));
            }
            Err(fault) => out.words(format!("  {}", shown(&DemoText::Fault { fault: &fault.to_string() }))),
        }
        if self.disagreements.is_empty() {
            out.words(format!("  {}", shown(&DemoText::IssuersAgree)));
        }
        for d in self.disagreements.iter().take(10) {
            let there = d.there.map_or("unknown".into(), |yen| yen.to_string());
            let (issuer, message, here) = (&d.issuer.to_string(), &d.message.to_string(), &d.here.to_string());
            out.words(format!("  {}", shown(&DemoText::Disagreement { issuer, message, here, there: &there })));
        }
    }
}

fn millis(micros: u64) -> String {
    format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_one_decimal() {
        assert_eq!(millis(12_345), "12.3 ms");
    }
}
