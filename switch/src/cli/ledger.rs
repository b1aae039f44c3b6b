//! `kazasu ledger`: verifying, balances, export, and one tap's history.

use super::common::CheckFailed;
use crate::language::{chain, refused, shown};
use clap::{Args, Subcommand};
use kazasu_checkpoint::read_anchor;
use kazasu_console::{print_text, say};
use kazasu_ledger::record::KINDS;
use kazasu_ledger::{Account, Side};
use kazasu_report::table::{Align, Lines};
use kazasu_schemas::money::{Unit, Yen};
use kazasu_schemas::text::thousands;
use kazasu_serve::config::{Config, StoreConfig};
use kazasu_services::Watch;
use kazasu_services::closing::{Export, export_journal};
use kazasu_store::verify::signatures::Trust;
use kazasu_store::verify::{Verified, VerifyError, verify_signed};
use kazasu_text::Count;
use kazasu_text::Text as _;
use kazasu_text::cli::{CliLabel, CliText};
use kazasu_text::stores::StoreText;
use kazasu_text::usage::UsageText;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
        /// A file of checkpoints that is kept elsewhere: it shows whether the journal was cut or rewritten.
        #[arg(long)]
        anchor: Vec<PathBuf>,
    },
    /// Debits, credits and balances by account.
    TrialBalance(Journal),
    /// Writes the journal as CSV tables with a dictionary, for the auditor.
    Export {
        #[command(flatten)]
        journal: Journal,
        /// The folder for the files.
        #[arg(long)]
        out: PathBuf,
        /// The reason, which the manifest beside the tables and the security log keep.
        #[arg(long)]
        why: String,
    },
    /// One tap's whole story: messages, decision, postings, issuers' answers, settlement, bank line.
    Explain {
        /// The record that decided the tap: DE37 towards issuers, and in answers' DE38.
        record: u64,
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: super::common::Common,
    },
}

#[derive(Args)]
pub(super) struct Journal {
    /// The journal: a file (journal.db of a data folder, or a copy), or a PostgreSQL URL; the configuration's when left out.
    journal: Option<String>,
    /// The journal of this configuration, with the password of its `keys_file`.
    #[arg(long, conflicts_with = "journal", default_value = "kazasu.toml")]
    config: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

impl Journal {
    /// The security log beside the journal of a configuration; a copy has none.
    fn watch(&self) -> anyhow::Result<Option<Watch>> {
        match self.journal {
            Some(_) => Ok(None),
            None => Config::load(&self.config)?.offline_watch().map(Some),
        }
    }

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
        LedgerCommand::Export { journal, out, why } => {
            let (records, transfers) = export(&journal, &out, &why).await?;
            if journal.json {
                say!(
                    "{}",
                    serde_json::json!({ "records": records, "transfers": transfers, "folder": out.display().to_string() })
                );
            } else {
                let folder = &out.display().to_string();
                let (records, transfers) = (Count(records), Count(transfers));
                say!("{}", shown(&CliText::Exported { folder, records, transfers }));
            }
            Ok(())
        }
        LedgerCommand::Explain { record, why, common } => super::closing::explain(record, why, &common).await,
    }
}

async fn export(journal: &Journal, folder: &Path, why: &str) -> anyhow::Result<(u64, u64)> {
    let (store, watch) = (journal.store()?, journal.watch()?);
    let user = rustix::process::getuid().as_raw().into();
    let export = Export { folder, why, user, watch: watch.as_ref() };
    let exported = export_journal(store.as_ref(), export).await;
    exported.map_err(|error| anyhow::Error::from(super::backend::refused(error)))
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
            let (record, words) = (fault.seq, &fault.problem);
            Err(CheckFailed(shown(&StoreText::Fault { place: &place, record, words })).into())
        }
        Err(ref error @ VerifyError::Guards(ref guards)) => {
            if journal.json {
                say!("{}", serde_json::json!({ "verified": false, "problem": error.to_string() }));
            }
            Err(CheckFailed(shown(&StoreText::Guards { place: &place, words: &guards.join("; ") })).into())
        }
        Err(VerifyError::Store(error)) => Err(error.into()),
    }
}

fn public_key(text: &str) -> Result<[u8; 32], String> {
    let key = hex::decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    key.ok_or_else(|| format!("must be 64 hexadecimal digits, got {} characters", text.chars().count()))
}

/// A journal with a fault.
fn unsound(journal: &Journal, place: &str, error: &anyhow::Error) -> anyhow::Error {
    if journal.json {
        say!("{}", serde_json::json!({ "verified": false, "problem": format!("{error:#}") }));
    }
    CheckFailed(format!("{place}: {}", chain(error))).into()
}

async fn verify(journal: Journal, trusted: Vec<[u8; 32]>, files: &[PathBuf]) -> anyhow::Result<()> {
    let begin = Instant::now();
    // The anchors first: a journal in use grows meanwhile, and contains their records.
    let (mut checkpoints, mut certificates, mut unreadable) = (Vec::new(), Vec::new(), 0);
    for file in files {
        let mut anchor = read_anchor(file, &trusted).map_err(|error| unsound(&journal, "--anchor", &error))?;
        checkpoints.append(&mut anchor.checkpoints);
        certificates.append(&mut anchor.certificates);
        unreadable += anchor.unreadable.len();
    }
    let trust = Trust { keys: trusted.clone(), certificates, checkpoints };
    let (place, v) = check(&journal, trust).await?;
    let store = journal.store()?;
    let signed = kazasu_services::closing::check_heads(store.as_ref(), &trusted).await;
    let signed = signed.map_err(|error| unsound(&journal, &place, &error))?;
    if !trusted.is_empty() && signed.days == 0 && v.signed.batches == 0 && v.signed.checkpoints == 0 {
        let error = refused(&UsageText::NothingSigned);
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
        let Verified { decisions, asked, .. } = &v;
        out["decisions"] = serde_json::json!({ "signed": decisions.signed, "since": decisions.since,
            "before": decisions.before, "checked": decisions.checked });
        out["requests"] = serde_json::json!({ "signed": asked.signed, "since": asked.since, "before": asked.before,
            "of_programs": asked.of_programs, "checked": asked.checked });
        out["checkpoints"] = serde_json::json!({ "found": v.signed.checkpoints, "last": last,
            "at": at.map(|at| at.jst_text()), "unreadable_lines": unreadable });
        out["unchecked"] = unchecked.into();
        say!("{out}");
        return Ok(());
    }
    say!("{}", shown(&CliText::JournalSound { place: &place }));
    let mut lines = facts();
    let took = shown(&CliText::InMillis { ms: Count(ms) });
    lines.row([&shown(&CliLabel::Records), &thousands(v.records), &took]);
    let counted = KINDS.iter().map(|(kind, name)| (name, v.kinds[usize::from(*kind)]));
    for (name, n) in counted.filter(|(_, n)| *n > 0) {
        lines.row([&format!("  {name}"), &thousands(n), &""]);
    }
    tell_totals(&v, &mut lines);
    tell_signatures(&v, &signed, &mut lines);
    if unreadable > 0 {
        lines.words(format!("    {}", shown(&CliText::AnchorUnreadable { lines: unreadable.into() })));
    }
    unchecked.iter().for_each(|what| lines.words(format!("  {}", shown(&CliText::NotChecked { what }))));
    print_text!("{}", lines.text());
    Ok(())
}

/// The signatures, for people.
fn tell_signatures(v: &Verified, signed: &kazasu_services::closing::Signed, lines: &mut Lines<3>) {
    let none = || "–".to_owned();
    let last = shown(&CliText::Last { what: signed.last_day.as_deref().unwrap_or("–") });
    lines.row([&shown(&CliLabel::SignedDays), &thousands(signed.days), &last]);
    signed.keys.iter().for_each(|key| lines.words(format!("    {}", shown(&CliText::Key { key }))));
    let since = v.signed.since.map_or_else(none, |since| shown(&CliText::SinceRecord { record: Count(since) }));
    lines.row([&shown(&CliLabel::SignedBatches), &thousands(v.signed.batches), &since]);
    let last = v.signed.last_checkpoint.map_or_else(none, |(record, at)| {
        shown(&CliText::LastCheckpoint { record: Count(record), at: &at.jst_text() })
    });
    let since = v.decisions.since.map_or_else(none, |since| shown(&CliText::SinceRecord { record: Count(since) }));
    lines.row([&shown(&CliLabel::SignedDecisions), &thousands(v.decisions.signed), &since]);
    if v.decisions.before > 0 {
        lines.words(format!("    {}", shown(&CliText::DecisionsBefore { number: Count(v.decisions.before) })));
    }
    let since = v.asked.since.map_or_else(none, |since| shown(&CliText::SinceRecord { record: Count(since) }));
    lines.row([&shown(&CliLabel::SignedRequests), &thousands(v.asked.signed), &since]);
    if v.asked.before > 0 {
        lines.words(format!("    {}", shown(&CliText::RequestsBefore { number: Count(v.asked.before) })));
    }
    if v.asked.of_programs > 0 {
        lines.words(format!("    {}", shown(&CliText::RequestsOfPrograms { number: Count(v.asked.of_programs) })));
    }
    lines.row([&shown(&CliLabel::Checkpoints), &thousands(v.signed.checkpoints), &last]);
}

/// The gaps of the check, because a means was missing, in words.
fn unchecked(v: &Verified, trusted: &[[u8; 32]], files: &[PathBuf]) -> Vec<String> {
    let mut out = Vec::new();
    if trusted.is_empty() {
        out.push(CliText::SignersUnchecked);
    } else if v.signed.batches == 0 {
        out.push(CliText::BatchesUnsigned);
    } else if let Some(since) = v.signed.since.filter(|since| v.signed.checkpoints == 0 && *since > 1) {
        out.push(CliText::SignedSince { record: Count(since) });
    }
    if files.is_empty() {
        out.push(CliText::TailUnchecked);
    } else if let Some(last) = v.signed.last_checkpoint.map(|(last, _)| last).filter(|last| *last < v.records) {
        out.push(CliText::BehindUnchecked { records: Count(v.records - last) });
    }
    out.iter().map(shown).collect()
}

/// The sums of a sound journal, as one JSON object.
pub(super) fn totals(v: &Verified) -> serde_json::Value {
    serde_json::json!({ "verified": true, "records": v.records, "head": hex::encode(v.head), "day": v.day.to_string(),
        "debits": i64::try_from(v.sums.debits).ok(), "credits": i64::try_from(v.sums.credits).ok(), "open_holds": v.open_holds })
}

/// Facts about a journal: name, amount, and a remark.
pub(super) fn facts() -> Lines<3> {
    Lines::new(2, [Align::Left, Align::Right, Align::Left])
}

/// The sums of a sound journal, for people.
pub(super) fn tell_totals(v: &Verified, lines: &mut Lines<3>) {
    lines.words(format!("  {}  {}", shown(&CliLabel::Head), hex::encode(v.head)));
    lines.words(format!("  {}  {}", shown(&CliLabel::BusinessDay), v.day));
    lines.row([&shown(&CliLabel::Debits), &yen(v.sums.debits), &""]);
    lines.row([&shown(&CliLabel::Credits), &yen(v.sums.credits), &""]);
    lines.row([&shown(&CliLabel::OpenHolds), &v.open_holds, &""]);
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
    say!("{}\n", shown(&CliText::TrialBalance { record: v.records, day: v.day }));
    let mut headings: BTreeMap<String, Vec<&Account>> = BTreeMap::new();
    for account in &v.accounts {
        headings.entry(shown(&account.key.heading())).or_default().push(account);
    }
    let mut lines = Lines::new(0, [Align::Right, Align::Right, Align::Right, Align::Left]);
    lines.row([
        &shown(&CliLabel::Debits),
        &shown(&CliLabel::Credits),
        &shown(&CliLabel::Balance),
        &shown(&CliLabel::HeadingOfAccounts),
    ]);
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
    lines.row([&yen(v.sums.debits), &yen(v.sums.credits), &"", &shown(&CliLabel::Total)]);
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
        let heading = format!("{} ({})", shown(&CliText::OfBudget { heading }), accounts.len());
        lines.row([&yen(debits), &yen(credits), &yen(balance), &heading]);
    }
    if !points.is_empty() {
        lines.row([&count(all_debits), &count(all_credits), &"", &shown(&CliLabel::TotalOfPoints)]);
    }
    print_text!("{}", lines.text());
    Ok(())
}
