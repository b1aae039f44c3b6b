//! One tap's whole story: messages, decision, postings, what issuers said, what was settled for it and paid.

use super::chart::Chart;
use anyhow::Context;
use kazasu_ledger::record::{PayoutTaken, Proposal, Verdict, flag};
use kazasu_ledger::{Body, Transfer};
use kazasu_schemas::closing::Difference;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use serde_json::{Value, json};
use std::collections::HashMap;

/// Does this record belong to the tap's story?
fn about(body: &Body, family: &[u64]) -> bool {
    let of = |n: u64| family.contains(&n);
    match body {
        Body::Tapped(r) => r.original.is_some_and(of) || r.ruled.as_ref().and_then(|ruled| ruled.named).is_some_and(of),
        Body::IssuerAnswered(r) => of(r.tap),
        Body::IssuerSilent(r) => of(r.tap),
        Body::IssuerLate(r) => of(r.tap),
        Body::StoodIn(r) => of(r.tap),
        Body::AdviceSettled(r) => of(r.tap),
        Body::IssuerAcknowledged(r) => of(r.message),
        Body::LossBooked(r) => of(r.message),
        Body::LossReturned(r) => of(r.message),
        Body::Undone(r) => of(r.tap) || of(r.reversal),
        Body::IssuerTold(r) => of(r.tap),
        Body::DifferencesRaised(r) => r.differences.iter().any(|d| of(d.own)),
        Body::NoticeSettled(r) => of(r.notice / 16),
        // What ends, notes and resolves its differences is told by their numbers.
        _ => false,
    }
}

/// A settlement that has something of the tap.
struct Paid {
    number: u32,
    payout: Option<u64>,
}

/// Is this settlement in the payout's file whose money the bank took?
fn in_file(paid: &Paid, r: &PayoutTaken, orders: &HashMap<u64, Vec<u32>>, files: &HashMap<u64, Vec<u32>>) -> bool {
    let (Some(order), Some(counts)) = (orders.get(&r.payout), files.get(&r.payout)) else { return false };
    let size = |n: &u32| usize::try_from(*n).unwrap_or(usize::MAX);
    let before: usize = counts.iter().take(usize::from(r.file)).map(size).sum();
    let count = counts.get(usize::from(r.file)).map_or(0, size);
    paid.payout == Some(r.payout) && order.iter().skip(before).take(count).any(|n| *n == paid.number)
}

/// The story of the tap that record `tap` decided, as steps in their order: with what it completes, refunds or reverses, and what
/// completes, refunds or reverses it. `None` when the record is no tap.
pub async fn explain(store: &dyn Store, tap: u64) -> anyhow::Result<Option<Value>> {
    let mut reader = store.reader().await?;
    // What came before it: the tap names it.
    let Some(entry) = reader.scan(tap, 1).await?.into_iter().find(|e| e.seq == tap) else { return Ok(None) };
    let Body::Tapped(first) = Body::read(&entry.body).with_context(|| format!("record {tap}"))? else {
        return Ok(None);
    };
    let mut family = vec![tap];
    let mut original = first.original;
    while let Some(seq) = original.filter(|seq| !family.contains(seq)) {
        family.push(seq);
        let before = reader.scan(seq, 1).await?.into_iter().find(|e| e.seq == seq);
        original = match before.map(|e| Body::read(&e.body)).transpose()? {
            Some(Body::Tapped(r)) => r.original,
            _ => None,
        };
    }
    let begin = family.iter().copied().min().unwrap_or(tap);
    let merchant = (first.key.acquirer, first.merchant);
    let mut chart = Chart::default();
    let mut steps: Vec<Value> = Vec::new();
    // The days on which something of it moved to or from the merchant.
    let mut days: Vec<BusinessDay> = Vec::new();
    let mut paid: Vec<Paid> = Vec::new();
    let mut differences: Vec<[u8; 16]> = Vec::new();
    let mut orders: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut files: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in page {
            let moved = chart.record(entry.seq, entry.day, &body);
            if entry.seq >= begin && (family.contains(&entry.seq) || about(&body, &family)) {
                // What is said later about a stand-in, or about what was undone or told later, names its record.
                let named = matches!(
                    body,
                    Body::Tapped(_) | Body::StoodIn(_) | Body::AdviceSettled(_) | Body::Undone(_) | Body::IssuerTold(_)
                );
                if named && !family.contains(&entry.seq) {
                    family.push(entry.seq);
                }
                steps.push(step(&chart, entry.seq, entry.at, entry.day, &body));
                if let Body::DifferencesRaised(r) = &body {
                    differences.extend(r.differences.iter().filter(|d| family.contains(&d.own)).map(|d| d.id));
                }
                if let Body::IssuerAcknowledged(r) = &body {
                    differences.extend(r.raised.iter().map(|d| d.id));
                }
                if !moved.is_empty() && !days.contains(&entry.day) {
                    days.push(entry.day);
                }
            }
            match &body {
                Body::MerchantSettled(r) if (r.acquirer, r.merchant) == merchant => {
                    let period = r.settlement.period;
                    if days.iter().any(|day| period.from <= *day && *day <= period.until) {
                        paid.push(Paid { number: r.number, payout: None });
                        steps.push(json!({ "record": entry.seq, "at": entry.at.jst_text(), "what": "merchant_settled",
                            "settlement": r.number, "from": period.from.to_string(), "until": period.until.to_string(),
                            "paid_yen": r.settlement.paid.get(), "fee_yen": r.settlement.fee.get(), "value_day": r.value_day.to_string() }));
                    }
                }
                Body::Settled(r) if r.approved => {
                    if let Some(Proposal::Resolve { id, how }) = chart.proposals.get(&r.proposal)
                        && differences.contains(id)
                    {
                        let mut resolved = step(&chart, entry.seq, entry.at, entry.day, &body);
                        resolved["what"] = "difference_resolved".into();
                        resolved["how"] = how.name().into();
                        resolved["by"] = r.by.clone().into();
                        steps.push(resolved);
                        if !moved.is_empty() && !days.contains(&entry.day) {
                            days.push(entry.day);
                        }
                    }
                    if let Some(Proposal::UndoBooking { reference, payer: None }) = chart.proposals.get(&r.proposal)
                        && steps.iter().any(|step| step["bank_line"] == reference.as_str())
                    {
                        steps.push(json!({ "record": entry.seq, "at": entry.at.jst_text(), "what": "booking_undone",
                            "bank_line": reference, "by": r.by }));
                    }
                    if let Some(Proposal::Payout { settlements, .. }) = chart.proposals.get(&r.proposal) {
                        orders.insert(r.proposal, settlements.clone());
                        for paid in paid.iter_mut().filter(|paid| settlements.contains(&paid.number)) {
                            paid.payout = Some(r.proposal);
                            steps.push(
                                json!({ "record": entry.seq, "at": entry.at.jst_text(), "what": "payout_approved",
                                "payout": r.proposal, "settlement": paid.number, "by": r.by }),
                            );
                        }
                    }
                }
                Body::DifferenceNoted(r) if differences.contains(&r.id) => {
                    let mut noted = step(&chart, entry.seq, entry.at, entry.day, &body);
                    noted["by"] = r.by.clone().into();
                    noted["note"] = r.note.clone().into();
                    steps.push(noted);
                }
                Body::DifferencesClosed(r) if r.closed.iter().any(|one| differences.contains(&one.id)) => {
                    let mut ended = step(&chart, entry.seq, entry.at, entry.day, &body);
                    let own = r.closed.iter().filter(|one| differences.contains(&one.id));
                    ended["why"] = own.map(|one| one.why.clone()).collect::<Vec<_>>().into();
                    ended["by"] = r.by.clone().into();
                    steps.push(ended);
                }
                Body::PayoutFileMade(r) => {
                    files.insert(r.payout, r.files.iter().map(|f| f.count).collect());
                }
                Body::PayoutTaken(r) if paid.iter().any(|paid| in_file(paid, r, &orders, &files)) => {
                    steps.push(json!({ "record": entry.seq, "at": entry.at.jst_text(), "what": "payout_taken", "bank_line": r.reference }));
                }
                Body::LineUndone(r) if steps.iter().any(|step| step["bank_line"] == r.line.as_str()) => {
                    steps.push(json!({ "record": entry.seq, "at": entry.at.jst_text(), "what": "line_undone", "bank_line": r.line }));
                }
                Body::PayoutReturned(r)
                    if paid.iter().any(|paid| paid.payout == Some(r.payout) && paid.number == r.settlement) =>
                {
                    steps.push(json!({ "record": entry.seq, "at": entry.at.jst_text(), "what": "payout_returned", "bank_line": r.reference }));
                }
                _ => {}
            }
        }
    }
    Ok(Some(json!({ "record": tap, "business_day": entry.day.to_string(), "steps": steps })))
}

fn step(chart: &Chart, seq: u64, at: Millis, day: BusinessDay, body: &Body) -> Value {
    let kind = body.name();
    let mut out = json!({ "record": seq, "at": at.jst_text(), "business_day": day.to_string(), "what": kind,
        "postings": body.transfers().iter().map(|t| posting(chart, t)).collect::<Vec<_>>() });
    match body {
        Body::Tapped(r) => {
            out["asked"] = format!("{:?}", r.kind).into();
            out["acquirer"] = r.key.acquirer.to_string().into();
            out["terminal"] = r.key.terminal.to_string().into();
            out["stan"] = r.key.stan.get().into();
            out["rrn"] = r.rrn.to_string().into();
            out["merchant"] = r.merchant.to_string().into();
            let name = chart.merchants.get(&(r.key.acquirer, r.merchant)).map(|m| m.name.clone());
            out["merchant_name"] = name.into();
            out["amount_yen"] = r.amount.get().into();
            out["entry_mode"] = r.entry_mode.into();
            out["link_version"] = r.link.into();
            out["original"] = r.original.into();
            out["own_day"] = r.own_day.map(|day| day.to_string()).into();
            out["decision"] = match r.verdict {
                Verdict::Approved(code) => json!({ "approved": code.to_string() }),
                Verdict::Pending => json!("asked the issuer"),
                Verdict::Refused(refusal) => json!({ "refused": refusal.name(), "de39": refusal.code().to_string() }),
            };
            let ruled = r.ruled.as_ref();
            out["policy_version"] = ruled.map_or(0, |ruled| ruled.policy).into();
            let flags = ruled.map_or(0, |ruled| ruled.flags);
            out["flags"] = flag::names(flags).into();
            if let Some(named) = ruled.and_then(|ruled| ruled.named) {
                out["names_record"] = named.into();
            }
            out["to_issuer"] = r.to_issuer.map(|m| json!({ "issuer": m.issuer, "yen": m.amount.get() })).into();
        }
        Body::IssuerAnswered(r) => {
            out["de39"] = r.code.to_string().into();
            out["approval"] = r.approval.map(|a| a.to_string()).into();
        }
        Body::IssuerSilent(r) => out["why"] = format!("{:?}", r.why).into(),
        Body::IssuerLate(r) => out["de39"] = r.code.to_string().into(),
        Body::IssuerAcknowledged(r) => {
            out["de39"] = r.code.to_string().into();
            if let Some(d) = &r.raised {
                out["differences"] = json!([difference(d)]);
            }
        }
        Body::DifferencesRaised(r) => {
            out["differences"] = r.differences.iter().map(difference).collect();
        }
        Body::LossReturned(r) => {
            out["de39"] = r.code.to_string().into();
            out["bearer"] = format!("{:?}", r.bearer).into();
        }
        Body::Undone(r) => out["reversal"] = r.reversal.into(),
        Body::LossBooked(r) => {
            out["de39"] = r.code.to_string().into();
            out["bearer"] = format!("{:?}", r.bearer).into();
        }
        _ => {}
    }
    out
}

fn difference(d: &Difference) -> Value {
    json!({ "difference": hex::encode(d.id), "status": d.status, "party": d.party, "record": d.own, "ours_yen": d.ours.get(),
        "theirs_yen": d.theirs.get(), "why": d.why })
}

fn posting(chart: &Chart, t: &Transfer) -> Value {
    const KINDS: [&str; 5] = ["direct", "hold", "post", "void", "expire"];
    let name = |id| chart.key(id).map_or_else(|| "?".to_owned(), ToString::to_string);
    json!({ "kind": KINDS[usize::from(t.kind.number())], "debit": name(t.debit), "credit": name(t.credit), "yen": t.amount.get() })
}
