//! `kazasu ledger verify` and `kazasu ledger trial-balance`.

use super::CheckFailed;
use crate::checkpoint::read_anchor;
use crate::config::{Config, StoreConfig};
use clap::{Args, Subcommand};
use kazasu_console::{print_text, say};
use kazasu_ledger::record::KINDS;
use kazasu_ledger::{Account, Side};
use kazasu_report::table::{Align, Lines};
use kazasu_schemas::money::{Unit, Yen};
use kazasu_schemas::text::thousands;
use kazasu_store::verify::signatures::Trust;
use kazasu_store::verify::{Verified, VerifyError, verify_signed};
use kazasu_text::Text;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

#[derive(Subcommand)]
pub(super) enum LedgerCommand {
    /// Checks the chain, the rules and the sums of a journal from its first record.
    Verify {
        #[command(flatten)]
        journal: Journal,
        /// A public key (64 hexadecimal digits) that commit batches, checkpoints and days may be signed with. Without one no
        /// signature proves anything, and the answer says so.
        #[arg(long, value_parser = public_key)]
        trusted_key: Vec<[u8; 32]>,
        /// A file of checkpoints that was kept elsewhere: what a journal is compared with that may have been cut or rewritten.
        #[arg(long)]
        anchor: Vec<PathBuf>,
    },
    /// Debits, credits and balances by account.
    TrialBalance(Journal),
    /// Writes the journal as CSV tables with a dictionary, for the auditor.
    Export {
        #[command(flatten)]
        journal: Journal,
        /// The folder that they are written to.
        #[arg(long)]
        out: PathBuf,
    },
    /// One tap's whole story: messages, decision, postings, issuers' answers, settlement, bank line.
    Explain {
        /// The record that decided the tap: DE37 towards issuers, and in answers' DE38.
        record: u64,
        #[command(flatten)]
        common: super::ask::Common,
    },
}

#[derive(Args)]
pub(super) struct Journal {
    /// The journal: a file (journal.db of a data folder, or a copy), or a PostgreSQL URL; the configuration's when left out.
    journal: Option<String>,
    /// The journal of this configuration, with the password of its key file.
    #[arg(long, conflicts_with = "journal", default_value = "kazasu.toml")]
    config: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Journal {
    fn store(&self) -> anyhow::Result<std::sync::Arc<dyn kazasu_store::Store>> {
        let store = match &self.journal {
            Some(journal) => StoreConfig::parse(journal)?,
            None => Config::load(&self.config)?.store,
        };
        Ok(store.store())
    }
}

pub(super) async fn run(command: LedgerCommand) -> anyhow::Result<()> {
    match command {
        LedgerCommand::Verify { journal, trusted_key, anchor } => verify(journal, trusted_key, &anchor).await,
        LedgerCommand::TrialBalance(journal) => trial_balance(journal).await,
        LedgerCommand::Export { journal, out } => {
            let (records, transfers) = kazasu_services::closing::export(journal.store()?.as_ref(), &out).await?;
            if journal.json {
                say!(
                    "{}",
                    serde_json::json!({ "records": records, "transfers": transfers, "folder": out.display().to_string() })
                );
            } else {
                say!("{}: {records} records, {transfers} transfers; DICTIONARY.md explains the tables", out.display());
            }
            Ok(())
        }
        LedgerCommand::Explain { record, common } => super::closing::explain(record, &common).await,
    }
}

async fn check(journal: &Journal, trust: Trust) -> anyhow::Result<(String, Verified)> {
    let store = journal.store()?;
    let place = store.place();
    let mut reader = store.reader().await?;
    match verify_signed(reader.as_mut(), trust, |_| {}).await {
        Ok(verified) => Ok((place, verified)),
        Err(VerifyError::Fault(fault)) => {
            if journal.json {
                say!("{}", serde_json::json!({ "verified": false, "record": fault.seq, "problem": fault.problem }));
            }
            Err(CheckFailed(format!("{place}: {fault}")).into())
        }
        Err(error @ VerifyError::Guards(_)) => {
            if journal.json {
                say!("{}", serde_json::json!({ "verified": false, "problem": error.to_string() }));
            }
            Err(CheckFailed(format!("{place}: {error}")).into())
        }
        Err(VerifyError::Store(error)) => Err(error.into()),
    }
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    let key = hex::decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    key.ok_or_else(|| format!("must be 64 hexadecimal digits, got {} characters", text.chars().count()))
}

/// A journal of which something is not as it must be.
fn unsound(journal: &Journal, place: &str, error: &anyhow::Error) -> anyhow::Error {
    if journal.json {
        say!("{}", serde_json::json!({ "verified": false, "problem": format!("{error:#}") }));
    }
    CheckFailed(format!("{place}: {error:#}")).into()
}

async fn verify(journal: Journal, trusted: Vec<[u8; 32]>, files: &[PathBuf]) -> anyhow::Result<()> {
    let begin = Instant::now();
    // The anchors first: a journal in use grows meanwhile, and has what they say.
    let (mut checkpoints, mut unreadable) = (Vec::new(), 0);
    for file in files {
        let mut anchor = read_anchor(file, &trusted).map_err(|error| unsound(&journal, "--anchor", &error))?;
        checkpoints.append(&mut anchor.checkpoints);
        unreadable += anchor.unreadable.len();
    }
    let trust = Trust { keys: trusted.clone(), checkpoints };
    let (place, v) = check(&journal, trust).await?;
    let store = journal.store()?;
    let signed = kazasu_services::closing::check_heads(store.as_ref(), &trusted).await;
    let signed = signed.map_err(|error| unsound(&journal, &place, &error))?;
    if !trusted.is_empty() && signed.days == 0 && v.signed.batches == 0 && v.signed.checkpoints == 0 {
        let error = anyhow::anyhow!("nothing is signed, and a trusted key was named");
        return Err(unsound(&journal, &place, &error));
    }
    let unchecked = unchecked(&v, &trusted, files);
    let ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    if journal.json {
        let mut out = totals(&v);
        out["ms"] = ms.into();
        out["signed"] = serde_json::to_value(&signed)?;
        let (last, at) = v.signed.last_checkpoint.unzip();
        out["batches"] =
            serde_json::json!({ "signed": v.signed.batches, "since": v.signed.since, "checked": v.signed.checked });
        out["checkpoints"] = serde_json::json!({ "found": v.signed.checkpoints, "last": last,
            "at": at.map(|at| at.jst_text()), "unreadable_lines": unreadable });
        out["unchecked"] = unchecked.into();
        say!("{out}");
        return Ok(());
    }
    say!("{place}: 正常 sound");
    let mut lines = facts();
    lines.row([&"記録 records", &thousands(v.records), &format!("in {ms} ms")]);
    let counted = KINDS.iter().map(|(kind, name)| (name, v.kinds[usize::from(*kind)]));
    for (name, n) in counted.filter(|(_, n)| *n > 0) {
        lines.row([&format!("  {name}"), &thousands(n), &""]);
    }
    tell_totals(&v, &mut lines);
    let last = format!("last {}", signed.last_day.as_deref().unwrap_or("–"));
    lines.row([&"署名済 signed days", &thousands(signed.days), &last]);
    signed.keys.iter().for_each(|key| lines.words(format!("    key {key}")));
    let since = v.signed.since.map_or_else(|| "–".to_owned(), |since| format!("since record {}", thousands(since)));
    lines.row([&"署名済一括 signed batches", &thousands(v.signed.batches), &since]);
    let last = v.signed.last_checkpoint.map_or_else(
        || "–".to_owned(),
        |(record, at)| format!("last over record {}, {}", thousands(record), at.jst_text()),
    );
    lines.row([&"検証点 checkpoints", &thousands(v.signed.checkpoints), &last]);
    if unreadable > 0 {
        lines.words(format!(
            "    {unreadable} lines of the anchor cannot be read: cut off while they were written, or changed"
        ));
    }
    unchecked.iter().for_each(|what| lines.words(format!("  未確認 not checked: {what}")));
    print_text!("{}", lines.text());
    Ok(())
}

/// What was not checked, because the means were not given, in words.
fn unchecked(v: &Verified, trusted: &[[u8; 32]], files: &[PathBuf]) -> Vec<String> {
    let mut out = Vec::new();
    let rewritten = "a person who can write the journal can change a record and compute every later hash again";
    if trusted.is_empty() {
        out.push(format!("who signed. No --trusted-key was given; {rewritten}"));
    } else if v.signed.batches == 0 {
        out.push(format!("any record by its batch's signature: this book's batches are not signed; {rewritten}"));
    } else if let Some(since) = v.signed.since.filter(|since| v.signed.checkpoints == 0 && *since > 1) {
        out.push(format!("when the records before {} were signed: the signatures begin there", thousands(since)));
    }
    if files.is_empty() {
        out.push("whether the last records were cut off. No --anchor was given".into());
    } else if let Some(last) = v.signed.last_checkpoint.map(|(last, _)| last).filter(|last| *last < v.records) {
        let behind = thousands(v.records - last);
        out.push(format!(
            "whether records behind the last {behind} were cut off: they are newer than the last checkpoint"
        ));
    }
    out
}

/// What a sound journal adds up to, as one JSON object.
pub(super) fn totals(v: &Verified) -> serde_json::Value {
    serde_json::json!({ "verified": true, "records": v.records, "head": hex::encode(v.head), "day": v.day.to_string(),
        "debits": i64::try_from(v.sums.debits).ok(), "credits": i64::try_from(v.sums.credits).ok(), "open_holds": v.open_holds })
}

/// Facts about a journal: what, how much, and a remark.
pub(super) fn facts() -> Lines<3> {
    Lines::new(2, [Align::Left, Align::Right, Align::Left])
}

/// What a sound journal adds up to, for people.
pub(super) fn tell_totals(v: &Verified, lines: &mut Lines<3>) {
    lines.words(format!("  head         {}", hex::encode(v.head)));
    lines.words(format!("  business day {}", v.day));
    lines.row([&"借方 debits", &yen(v.sums.debits), &""]);
    lines.row([&"貸方 credits", &yen(v.sums.credits), &""]);
    lines.row([&"保留 open holds", &v.open_holds, &""]);
}

fn yen(n: i128) -> String {
    i64::try_from(n).map_or_else(|_| n.to_string(), |n| Yen::new(n).to_string())
}

async fn trial_balance(journal: Journal) -> anyhow::Result<()> {
    let (_, v) = check(&journal, Trust::default()).await?;
    if journal.json {
        let accounts: Vec<_> = v.accounts.iter().enumerate().map(|(n, a)| {
            serde_json::json!({ "account": n, "name": a.key.to_string(), "heading": a.key.heading().both(), "unit": a.key.unit().number(), "debits": a.debits.get(),
                "credits": a.credits.get(), "debits_held": a.debits_held.get(), "credits_held": a.credits_held.get(), "balance": a.balance().get() })
        }).collect();
        say!("{}", serde_json::json!({ "records": v.records, "day": v.day.to_string(), "accounts": accounts }));
        return Ok(());
    }
    say!("合計残高試算表 trial balance, after record {} ({})\n", v.records, v.day);
    let mut headings: BTreeMap<String, Vec<&Account>> = BTreeMap::new();
    for account in &v.accounts {
        headings.entry(account.key.heading().both()).or_default().push(account);
    }
    let mut lines = Lines::new(0, [Align::Right, Align::Right, Align::Right, Align::Left]);
    lines.row([&"借方 debits", &"貸方 credits", &"残高 balance", &"勘定科目 heading (accounts)"]);
    // Points are no yen: they come after the yen's total, and each programme has its own.
    let (money, others): (Vec<_>, Vec<_>) = headings.iter().partition(|(_, list)| list[0].key.unit() == Unit::Jpy);
    let (budgets, points): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|(_, list)| list[0].key.unit() == Unit::Budget);
    for (heading, accounts) in &money {
        let sum = |get: fn(&Account) -> Yen| accounts.iter().map(|a| i128::from(get(a).get())).sum::<i128>();
        let (debits, credits) = (sum(|a| a.debits), sum(|a| a.credits));
        let side = accounts[0].key.side();
        let balance = if side == Side::Debit { debits - credits } else { credits - debits };
        lines.row([&yen(debits), &yen(credits), &yen(balance), &format!("{heading} ({})", accounts.len())]);
    }
    lines.row([&yen(v.sums.debits), &yen(v.sums.credits), &"", &"合計 total"]);
    let count = |n: i128| format!("{} P", yen(n).replace('¥', ""));
    let (mut all_debits, mut all_credits) = (0, 0);
    for (heading, accounts) in &points {
        let sum = |get: fn(&Account) -> Yen| accounts.iter().map(|a| i128::from(get(a).get())).sum::<i128>();
        let (debits, credits) = (sum(|a| a.debits), sum(|a| a.credits));
        (all_debits, all_credits) = (all_debits + debits, all_credits + credits);
        let balance = if accounts[0].key.side() == Side::Debit { debits - credits } else { credits - debits };
        lines.row([&count(debits), &count(credits), &count(balance), &format!("{heading} ({})", accounts.len())]);
    }
    for (heading, accounts) in &budgets {
        let sum = |get: fn(&Account) -> Yen| accounts.iter().map(|a| i128::from(get(a).get())).sum::<i128>();
        let (debits, credits) = (sum(|a| a.debits), sum(|a| a.credits));
        let balance = if accounts[0].key.side() == Side::Debit { debits - credits } else { credits - debits };
        let heading = format!("{heading} ({}) 予算 budget", accounts.len());
        lines.row([&yen(debits), &yen(credits), &yen(balance), &heading]);
    }
    if !points.is_empty() {
        lines.row([&count(all_debits), &count(all_credits), &"", &"ポイント合計 total of points"]);
    }
    print_text!("{}", lines.text());
    Ok(())
}
