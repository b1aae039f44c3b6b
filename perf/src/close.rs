//! A business day is closed while others tap: compared, settled, reported, signed; the journal is verified, and residents ask for
//! their statements.

use crate::taps::{self, Store};
use anyhow::Context;
use clap::Args;
use kazasu_acquirer_sim::config::AcquirerConfig;
use kazasu_acquirer_sim::load::{Fleet, Length, LoadPlan, LoadReport, Mix, Peer, Progress, run as load, sample_ppid};
use kazasu_console::say;
use kazasu_engine::Engine;
use kazasu_issuer_adapter::sim::{Sim, SimConfig};
use kazasu_report::xlsx;
use kazasu_schemas::jst::BusinessDay;
use kazasu_serve::Switch;
use kazasu_serve::config::Config;
use kazasu_services::approvals::{ApproveRequest, ShowApproval};
use kazasu_services::closing::{
    CompareFile, CompareWith, CutOver, ListSettlements, MakePayoutFiles, MakeReport, MarkReconciled, ProposeContracts,
    ProposePayout, ReportKind, ResidentStatement, SettleDay, SettlementView, SignDay, check_heads, clearing_file,
};
use kazasu_services::{BankFormat, Operation, Services};
use kazasu_store::verify::verify;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// `perf close`.
#[derive(Args, Clone)]
pub(crate) struct CloseArgs {
    /// Where the ledger is kept.
    #[arg(long, value_enum, default_value = "sqlite")]
    store: Store,
    /// Taps of the day that is closed.
    #[arg(long, default_value_t = 1_000_000)]
    taps: u64,
    /// Taps a second while it is closed.
    #[arg(long, default_value_t = 2_000.0)]
    rate: f64,
    /// Residents.
    #[arg(long, default_value_t = 100_000)]
    residents: u64,
    /// Merchants.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    merchants: u32,
    /// All residents pay from accounts in the ledger, none at an issuer.
    #[arg(long)]
    on_us: bool,
    /// Leave the closing out: only make the taps, verify, and ask for statements.
    #[arg(long)]
    statements: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Statements that are asked for.
const STATEMENTS: u64 = 200;

/// Measures it.
pub(crate) async fn run(args: CloseArgs) -> anyhow::Result<()> {
    let dir = tempfile::Builder::new().prefix("kazasu-perf").tempdir_in(".")?;
    let town_dir = dir.path().join("town");
    let mix = if args.on_us { kazasu_demo::sample::Mix::OnUs } else { kazasu_demo::sample::Mix::Town };
    taps::town(&town_dir, args.residents, mix)?;
    let config = Config::load(&town_dir.join("kazasu.toml"))?;
    let imports = kazasu_serve::link_import(&config);
    let sim = Sim::start(SimConfig::load(&town_dir.join("issuers.toml"))?).await?;
    let mut acquirer = AcquirerConfig::load(&town_dir.join("acquirer-27000001.toml"))?;
    taps::merchants(&town_dir, &mut acquirer, args.merchants)?;
    let server = (args.store == Store::Postgres).then(crate::server::Server::start).transpose()?;
    let store = match taps::other_store(args.store, server.as_ref()).await? {
        Some(other) => other,
        None => config.store(),
    };
    let switch = Switch::start(Config::load(&town_dir.join("kazasu.toml"))?, Some(store.clone())).await?;
    taps::import(&town_dir, &switch.engine, &imports).await?;
    let services = switch.services.clone();
    let source = std::fs::read_to_string(town_dir.join("contracts.toml"))?;
    let proposed = by(&services, "suzuki", ProposeContracts { source, file: None, why: why() }).await?;
    decide(&services, proposed.proposal).await?;

    let closing = Closing { args: &args, services: &services, engine: &switch.engine, store: store.as_ref() };
    let mut out = json!({});
    closing.measure(plan(&args, acquirer)?, &mut out).await?;
    switch.stop().await?;
    sim.stop().await;
    if args.json {
        say!("{out}");
    }
    Ok(())
}

/// The taps of the day that is closed, as fast as they go.
fn plan(args: &CloseArgs, acquirer: AcquirerConfig) -> anyhow::Result<LoadPlan> {
    Ok(LoadPlan {
        fleet: Arc::new(Fleet::new(&acquirer, acquirer.residents()?)),
        acquirer,
        rate: 1_000_000.0,
        length: Length::Messages(args.taps),
        connections: 2,
        mix: Mix::Purchases,
        seed: 1,
        log: None,
        peer: Peer::Switch,
        drain: Duration::from_secs(30),
        window: Some(400),
    })
}

/// Carries an operation out for a person of the town.
async fn by<O: Operation>(services: &Services, name: &str, operation: O) -> anyhow::Result<O::Answer> {
    let who = services.in_process(name).await?;
    Ok(services.call(operation, &who).await?)
}

async fn decide(services: &Services, proposal: Option<u64>) -> anyhow::Result<()> {
    let approval = proposal.context("a proposal")?;
    let fingerprint = by(services, "tanaka", ShowApproval { approval }).await?.sha256;
    by(services, "tanaka", ApproveRequest { approval, fingerprint, why: why(), signature: None }).await?;
    Ok(())
}

fn why() -> String {
    "perf".to_owned()
}

/// What the day is closed with.
struct Closing<'a> {
    args: &'a CloseArgs,
    services: &'a Services,
    engine: &'a Engine,
    store: &'a dyn kazasu_store::Store,
}

impl Closing<'_> {
    /// For people, as it comes.
    fn say(&self, text: &str) {
        if !self.args.json {
            say!("{text}");
        }
    }

    /// Everything that is measured.
    async fn measure(&self, plan: LoadPlan, out: &mut Value) -> anyhow::Result<()> {
        let begin = Instant::now();
        let filled = taps::fire(plan.clone()).await?;
        // Issuers that cannot keep up decline some: the day is filled as fast as it goes.
        anyhow::ensure!(filled.answered == filled.sent, "answers are missing:\n{}", filled.text());
        *out = json!({ "taps": filled.answered, "taps_s": seconds(begin), "store": self.args.store.name() });
        self.say(&format!("{} taps were made within {} s", filled.answered, out["taps_s"]));
        if !self.args.statements {
            self.busy_close(plan, out).await?;
            self.say_closed(out);
        }

        let begin = Instant::now();
        let sound = verify(self.store.reader().await?.as_mut(), |_| {}).await.map_err(|e| anyhow::anyhow!("{e}"))?;
        let heads = check_heads(self.store, &[]).await?;
        anyhow::ensure!(self.args.statements || heads.days == 1, "one day was signed");
        out["verify_s"] = json!(seconds(begin));
        out["records"] = json!(sound.records);
        self.say(&format!("{} records were verified within {} s", sound.records, out["verify_s"]));

        statements(self.services, self.engine, self.args.residents, out).await?;
        self.say(&format!(
            "a resident's statement of a month: first {} ms, then p50 {} ms, at most {} ms; {} lines of {} people",
            out["statement_first_ms"],
            out["statement_p50_ms"],
            out["statement_max_ms"],
            out["statement_lines"],
            STATEMENTS
        ));
        Ok(())
    }

    fn say_closed(&self, out: &Value) {
        let steps = ["compared", "reconciled", "settled", "reports", "payout", "signed"]
            .map(|step| format!("{step} {} s", out["steps"][step]));
        self.say(&format!(
            "the day was closed within {} s ({}) while {:.0} taps a second went on",
            out["close_s"],
            steps.join(", "),
            self.args.rate
        ));
        self.say(&format!(
            "  {} merchants and {} issuers settled, {} yen of fees; {} lines of others compared",
            out["merchants"], out["issuers"], out["fees_yen"], out["compared_lines"]
        ));
        self.say(&format!(
            "  the taps meanwhile: p50 {} ms, p99 {} ms, {} errors",
            out["p50_ms"], out["p99_ms"], out["errors"]
        ));
    }

    /// Closes the day while taps go on at a steady rate.
    async fn busy_close(&self, plan: LoadPlan, out: &mut Value) -> anyhow::Result<()> {
        let stop = Arc::new(AtomicBool::new(false));
        let length = Length::Time(Duration::from_secs(900));
        let steady = LoadPlan { rate: self.args.rate, length, window: None, seed: 2, ..plan };
        let meanwhile = {
            let stop = stop.clone();
            tokio::task::spawn_blocking(move || load(&steady, &Arc::new(Progress::default()), &stop))
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        let closed = self.close(out).await;
        stop.store(true, Ordering::Release);
        let report: LoadReport = meanwhile.await??;
        closed?;
        // One resident of the town has a card whose issuer never answers; that is no error of the switch.
        let silent = report.codes.get("91").copied().unwrap_or(0);
        out["rate"] = json!(self.args.rate);
        out["p50_ms"] = json!(ms(report.percentile(50.0)));
        out["p99_ms"] = json!(ms(report.percentile(99.0)));
        out["silent_issuer"] = json!(silent);
        out["errors"] = json!(report.error_count() - silent);
        anyhow::ensure!(
            report.error_count() == silent && silent * 200 < report.answered,
            "taps went wrong:\n{}",
            report.text()
        );
        Ok(())
    }

    /// Everything from the cut-over to the signature.
    async fn close(&self, out: &mut Value) -> anyhow::Result<()> {
        let open = self.engine.query(|state| state.day).await.context("the core is gone")?.to_string();
        let whole = Instant::now();
        let day = by(self.services, "operator", CutOver { day: open, why: why() }).await?.closed;
        let writing = self.compare(&day, out).await?;
        self.settle(&day, out).await?;
        self.report(&day, out).await?;
        self.pay(out).await?;

        let begin = Instant::now();
        by(self.services, "operator", SignDay { day }).await?;
        out["steps"]["signed"] = json!(seconds(begin));
        out["close_s"] = json!(rounded(whole.elapsed().saturating_sub(writing).as_secs_f64()));
        Ok(())
    }

    /// Compares files as the others would send them. Gives the time that they need to write them, which does not count.
    async fn compare(&self, day: &str, out: &mut Value) -> anyhow::Result<Duration> {
        let begin = Instant::now();
        let mut files = Vec::new();
        let parties = self
            .engine
            .query(|state| {
                let acquirers = state.acquirers().map(|a| ("acquirer", a.to_string()));
                acquirers.chain(state.issuers().map(|n| ("issuer", n.to_string()))).collect::<Vec<_>>()
            })
            .await
            .context("the core is gone")?;
        for (against, party) in parties {
            let with = CompareWith::new(against, &party, (day, day))?;
            let mut bytes = Vec::new();
            clearing_file(self.store, &with, &mut bytes).await?;
            let (against, from) = (against.to_owned(), day.to_owned());
            files.push(CompareFile { against, party, from, until: None, file: bytes.into() });
        }
        let writing = begin.elapsed();
        let begin = Instant::now();
        let (mut lines, mut differences) = (0, 0);
        for file in files {
            let compared = by(self.services, "sato", file).await?;
            lines += compared.ours;
            differences += compared.exceptions;
        }
        anyhow::ensure!(differences == 0, "the ledger differs from itself in {differences} lines");
        out["compared_lines"] = json!(lines);
        out["steps"]["compared"] = json!(seconds(begin));
        Ok(writing)
    }

    async fn settle(&self, day: &str, out: &mut Value) -> anyhow::Result<()> {
        // Fees are worked out here: who had taps on the day is read from the same books.
        let begin = Instant::now();
        let reconciled = MarkReconciled { day: day.to_owned(), why: why(), without: Vec::new() };
        by(self.services, "sato", reconciled).await?;
        out["steps"]["reconciled"] = json!(seconds(begin));

        let begin = Instant::now();
        let settled = by(self.services, "sato", SettleDay { day: day.to_owned() }).await?;
        out["steps"]["settled"] = json!(seconds(begin));
        let sums = settled.sums.context("the day was settled before")?;
        out["merchants"] = json!(sums.merchants);
        out["issuers"] = json!(sums.issuers);
        out["fees_yen"] = json!(sums.fees_yen);
        out["paid_yen"] = json!(sums.paid_yen);
        Ok(())
    }

    async fn report(&self, day: &str, out: &mut Value) -> anyhow::Result<()> {
        let begin = Instant::now();
        for kind in [
            ReportKind::Settlements,
            ReportKind::TrialBalance,
            ReportKind::Fees,
            ReportKind::Issuers,
            ReportKind::Cities,
        ] {
            let wanted = MakeReport { day: Some(day.to_owned()), why: Some("measured".into()), ..MakeReport::of(kind) };
            let report = by(self.services, "sato", wanted).await?;
            anyhow::ensure!(!xlsx::workbook(&report)?.is_empty(), "an empty workbook");
        }
        out["steps"]["reports"] = json!(seconds(begin));
        Ok(())
    }

    async fn pay(&self, out: &mut Value) -> anyhow::Result<()> {
        let begin = Instant::now();
        let due = by(self.services, "sato", ListSettlements {}).await?;
        let payable = |s: &&SettlementView| s.state == "due" && !s.merchant.starts_with("M1");
        let payable: Vec<&SettlementView> = due.iter().filter(payable).collect();
        let value_date = payable.first().map(|s| s.value_date.clone());
        let numbers: Vec<u32> = payable.iter().map(|s| s.settlement).collect();
        if !numbers.is_empty() {
            let payout = ProposePayout { value_date, settlements: Some(numbers), why: why() };
            let proposed = by(self.services, "suzuki", payout).await?;
            decide(self.services, proposed.proposal).await?;
            let payout = proposed.proposal.context("a proposal")?;
            let ask = MakePayoutFiles { payout, format: BankFormat::Zengin, why: Some("payday".into()) };
            let files = by(self.services, "sato", ask).await?.files;
            anyhow::ensure!(!files.is_empty(), "no payout file");
        }
        out["steps"]["payout"] = json!(seconds(begin));
        Ok(())
    }
}

async fn statements(services: &Services, engine: &Engine, residents: u64, out: &mut Value) -> anyhow::Result<()> {
    let today = engine.query(|state| state.day).await.context("the core is gone")?;
    let from = BusinessDay(today.0 - 31);
    let mut took = Vec::new();
    let mut lines = 0;
    for n in 0..STATEMENTS {
        let person = sample_ppid(1, n * (residents / STATEMENTS).max(1));
        let begin = Instant::now();
        let (ppid, from, until) = (person.to_string(), from.to_string(), today.to_string());
        let report = by(services, "operator", ResidentStatement { ppid, from, until, why: Some("measured".into()) })
            .await?
            .report;
        took.push(u64::try_from(begin.elapsed().as_micros())?);
        lines += report.sheets().iter().map(|s| s.rows().len()).sum::<usize>();
    }
    out["statement_first_ms"] = json!(ms(took[0]));
    let mut others = took.split_off(1);
    others.sort_unstable();
    out["statement_p50_ms"] = json!(ms(others[others.len() / 2]));
    out["statement_max_ms"] = json!(ms(others[others.len() - 1]));
    out["statement_lines"] = json!(lines);
    Ok(())
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

fn seconds(since: Instant) -> f64 {
    rounded(since.elapsed().as_secs_f64())
}

fn ms(us: u64) -> f64 {
    f64::from(u32::try_from(us).unwrap_or(u32::MAX)) / 1e3
}
