//! `kazasu demo --relief`: a flood. A city's officer prepares, another approves, the treasurer releases, and residents tap the same
//! second; then the programme ends, what is left goes back, and the report is written.

use super::language::shown;
use super::stop::Stop;
use super::town::{DoesNotAddUp, OpenTown, PATIENCE, Play, Traffic, drained};
use anyhow::Context;
use bytes::Bytes;
use kazasu_acquirer_sim::load::sample_ppid;
use kazasu_console::{print_text, say};
use kazasu_ledger::AccountKey;
use kazasu_ledger::record::Body;
use kazasu_report::table::{self, Align, Lines};
use kazasu_report::{csv, xlsx};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Step;
use kazasu_schemas::text::thousands;
use kazasu_serve::config::Config;
use kazasu_services::approvals::ApproveRequest;
use kazasu_services::relief::{
    AmountView, BatchView, ChangeRow, FundRelief, ImportApplications, Progress, ProposeProgramme, ProposeReturn,
    ReliefReport, ShowBatch, TakeStep, Usage, usage,
};
use kazasu_services::{Operation, Requested, ServiceError, Services, Source, Watch};
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use kazasu_store::verify::verify;
use kazasu_text::demo::{DemoLabel, DemoStep, DemoText};
use kazasu_text::relief::RowIssue;
use kazasu_text::{Count, Label, Language};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Residents of a new town.
pub(super) const RESIDENTS: u64 = 5_000;
/// How many of the payees have no card; they get temporary IDs.
const WITHOUT_CARD: u64 = 3;
/// What each household gets, by what was damaged.
const DAMAGES: [(&str, i64); 3] = [("全壊", 30_000), ("半壊", 20_000), ("床上浸水", 10_000)];
const EVENT: &str = "令和8年11月豪雨";

/// Plays it.
pub(super) async fn play(play: &Play, town: &OpenTown, stop: &Stop) -> anyhow::Result<()> {
    let flood = Flood::new(play, town).await?;
    flood.propose_programme().await?;
    let batch = flood.take_applications().await?;
    let (traffic, credited_ms) = flood.release(&batch, stop).await?;
    flood.watch_spending(traffic).await?;
    flood.return_the_rest(&batch).await?;
    let result = flood.outcome(&batch, credited_ms).await?;
    if play.args.json {
        say!("{}", result.json());
    } else {
        print_text!("{}", result.text());
    }
    play.stay_open(town, stop).await;
    result.judge()
}

/// The flood, and the programme that helps.
struct Flood<'a> {
    play: &'a Play,
    town: &'a OpenTown,
    services: Services,
    /// The programme's number.
    number: u16,
    /// When its money can no longer be spent.
    closes: Millis,
    /// The file of applications.
    file: Bytes,
    residents: u64,
    budget: i64,
}

/// The applications as the ledger has them.
struct Batch {
    number: u32,
    /// Who gets money.
    households: u64,
}

impl Batch {
    fn step(&self, name: &str) -> TakeStep {
        TakeStep { batch: self.number, step: name.into(), value_date: None, why: "確認済 checked".into() }
    }
}

/// Approves what was requested, as the approver saw it.
fn agree(asked: Requested) -> anyhow::Result<ApproveRequest> {
    let (approval, fingerprint) = asked.proposal.zip(asked.fingerprint).context("a request")?;
    Ok(ApproveRequest { approval, fingerprint, why: "議会承認 agreed".into(), signature: None })
}

impl<'a> Flood<'a> {
    async fn new(play: &'a Play, town: &'a OpenTown) -> anyhow::Result<Self> {
        let config = Config::load(&play.data.join("kazasu.toml"))?;
        let source = Source::Engine(town.leader().engine.clone());
        let services = kazasu_serve::services(&config, source, town.store.clone(), Watch::nothing());
        let taking = Duration::from_secs_f64(f64::from(u32::try_from(play.args.taps)?) / play.args.rate);
        let number = services.query(|state| state.relief_programmes().len()).await?;
        let number = 101 + u16::try_from(number)?;
        let closes = Millis(kazasu_engine::clock::now().0 + i64::try_from(taking.as_millis())? + 12_000);
        let (file, residents) = applications(play.seed);
        let budget = 30_000 * i64::try_from(residents)?;
        Ok(Flood { play, town, services, number, closes, file: file.into(), residents, budget })
    }

    fn say(&self, text: &str) {
        self.play.say(text);
    }

    /// Carries an operation out for a person of the town.
    async fn by<O: Operation>(&self, name: &str, operation: O) -> Result<O::Answer, ServiceError> {
        let who = self.services.in_process(name).await?;
        self.services.call(operation, &who).await
    }

    /// What has become of the money so far.
    async fn usage(&self) -> anyhow::Result<Usage> {
        usage(self.town.store.as_ref(), self.number, &roots(&self.services).await?).await
    }

    /// One person proposes the programme, another agrees; a third books what was paid into its fund, and another agrees to that.
    async fn propose_programme(&self) -> anyhow::Result<()> {
        self.say(&shown(&DemoStep::Programme));
        let (number, budget) = (self.number, self.budget);
        let source = programme(number, budget, self.closes);
        let proposed = self.by("sato", ProposeProgramme { source, file: None, why: "豪雨災害 flood".into() }).await?;
        self.by("suzuki", agree(proposed)?).await?;
        let (reference, why) = (format!("歳出 {number}"), "歳出 expenditure".to_owned());
        let fund = FundRelief { programme: number, amount: budget, reference, why };
        let asked = self.by("tanaka", fund).await?;
        self.by("suzuki", agree(asked.requested)?).await?;
        self.play.tell(&DemoText::ProgrammeAgreed { number, budget: Yen::new(budget) });
        Ok(())
    }

    /// Reads the applications in and shows what is wrong with them and what they come to.
    async fn take_applications(&self) -> anyhow::Result<Batch> {
        self.say(&format!("\n{}", shown(&DemoStep::Applications)));
        let applications = ImportApplications {
            programme: self.number,
            name: "申請.csv".into(),
            why: "申請 received".into(),
            sheet: None,
            file: self.file.clone(),
            progress: Progress::default(),
        };
        let imported = self.by("sato", applications).await?;
        let [rows, taken, refused] = [imported.rows, imported.taken, imported.bad].map(Count);
        let (file, encoding) = ("申請.csv", imported.encoding.as_str());
        self.play.tell(&DemoText::ApplicationsRead { file, encoding, rows, taken, refused });
        for bad in &imported.bad_rows {
            let (column, value, problem) =
                (bad.column.as_str(), bad.value.as_str(), bad.problem_in(Language::of_process()));
            let text = DemoText::BadRow { line: bad.line, column, value, problem };
            self.say(&format!("     {}", shown(&text)));
        }
        self.without_cards(imported.batch).await?;
        let view = self.by("sato", ShowBatch { batch: imported.batch }).await?;
        self.say(&preview(&view));
        Ok(Batch { number: imported.batch, households: view.count.into() })
    }

    /// People without a card get temporary IDs, so that they are treated like all others.
    async fn without_cards(&self, batch: u32) -> anyhow::Result<()> {
        let rows = self.services.query(move |state| state.relief_rows(batch, Some("no_id"), 0, 100)).await?;
        for row in rows {
            let why = "カードなし no card".into();
            let change = ChangeRow { batch, row: row.row, change: "assign".into(), ppid: None, amount: None, why };
            self.by("sato", change).await?;
        }
        Ok(())
    }

    /// Takes the batch to its release, while terminals tap before, during and after it. Gives the traffic, and how many milliseconds
    /// it took to credit all households.
    async fn release(&self, batch: &Batch, stop: &Stop) -> anyhow::Result<(Traffic, u64)> {
        self.say(&shown(&DemoStep::Release));
        self.by("sato", batch.step("assessed")).await?;
        for name in ["decided", "committed", "ordered"] {
            self.by("suzuki", batch.step(name)).await?;
        }
        let alone = self.by("suzuki", batch.step("released")).await;
        let why = alone.err().map_or_else(String::new, |error| error.to_string());
        self.play.tell(&DemoText::ReleaseRefused { why: &why });
        let traffic = Traffic::start(self.play, self.town, stop)?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begin = Instant::now();
        self.by("tanaka", batch.step("released")).await?;
        let number = batch.number;
        while self.services.query(move |s| s.relief_progress(number)).await?.is_some_and(|(done, all)| done < all) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let credited_ms = u64::try_from(begin.elapsed().as_millis())?;
        let (households, ms) = (Count(batch.households), Count(credited_ms));
        self.say(&format!("   {}\n", shown(&DemoText::ReleasedAndCredited { households, ms })));
        Ok((traffic, credited_ms))
    }

    /// Shows what residents spend until the traffic is over.
    async fn watch_spending(&self, traffic: Traffic) -> anyhow::Result<()> {
        self.say(&shown(&DemoStep::Spending));
        let traffic = tokio::spawn(traffic.end());
        while !traffic.is_finished() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.say(&live(&self.usage().await?));
        }
        traffic.await??;
        drained(self.town.leader()).await;
        Ok(())
    }

    /// Waits for the programme's end; what was not spent goes back to the city.
    async fn return_the_rest(&self, batch: &Batch) -> anyhow::Result<()> {
        self.say(&format!("\n{}", shown(&DemoStep::End)));
        let number = self.number;
        let left = self.closes.0 - kazasu_engine::clock::now().0;
        tokio::time::sleep(Duration::from_millis(u64::try_from(left.max(0))?)).await;
        let view = ended(&self.services, number).await?;
        let (returned, given) = (view.fund, self.usage().await?);
        self.play.tell(&DemoText::ExpiredToFund { expired: given.expired, fund: returned });
        if returned.is_positive() {
            let funds = ProposeReturn {
                programme: number,
                amount: returned.get(),
                reference: format!("返納 {number}"),
                why: "事業終了 over".into(),
            };
            let proposed = self.by("sato", funds).await?;
            self.by("suzuki", agree(proposed)?).await?;
            self.play.tell(&DemoText::ReturnedToCity { sum: returned });
        }
        self.by("sato", batch.step("reported")).await?;
        Ok(())
    }

    /// Writes the final report, and checks what came of it all.
    async fn outcome(&self, batch: &Batch, credited_ms: u64) -> anyhow::Result<Outcome> {
        let number = self.number;
        let spent = self.usage().await?;
        let view = self.services.query(move |s| s.relief_programme(number)).await?.context("the programme")?;
        let report = self.by("sato", ReliefReport { programme: number, why: Some("デモ demo".into()) }).await?;
        let folder = &self.play.data;
        let (workbook, table_file) = (folder.join("relief-report.xlsx"), folder.join("relief-report.csv"));
        kazasu_security::files::write_private(&workbook, &xlsx::workbook(&report)?)?;
        kazasu_security::files::write_private(
            &table_file,
            &csv::sheet(&report.sheets()[0], csv::Encoding::Utf8, csv::Header::Japanese)?.0,
        )?;
        self.say(&format!("\n{}", table::text(&report)));
        self.say(&format!("{}\n{}", workbook.display(), table_file.display()));
        let store = self.town.store.as_ref();
        Ok(Outcome {
            residents: self.residents,
            usage: spent,
            held: view.in_purses,
            first_tap_ms: first_tap(store, batch.number, number).await?,
            credited_ms,
            verified: verify(store.reader().await?.as_mut(), |_| {}).await.is_ok(),
        })
    }
}

/// What came of it.
struct Outcome {
    residents: u64,
    usage: Usage,
    /// Still in purses: what terminals have authorized and not completed.
    held: Yen,
    first_tap_ms: Option<i64>,
    credited_ms: u64,
    verified: bool,
}

impl Outcome {
    fn json(&self) -> Value {
        json!({
            "residents": self.residents, "credited": self.usage.payees, "credited_yen": self.usage.given.get(),
            "spent_yen": self.usage.all.yen, "returned_yen": self.usage.expired.get(), "held_yen": self.held.get(), "first_tap_ms": self.first_tap_ms,
            "credited_ms": self.credited_ms, "returned_to_city_yen": self.usage.to_city.get(), "verified": self.verified,
        })
    }

    fn text(&self) -> String {
        let first = self.first_tap_ms.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms"));
        let credited = DemoText::CreditedInAll {
            households: Count(self.usage.payees),
            sum: self.usage.given,
            ms: Count(self.credited_ms),
        };
        let good = if self.verified { DemoLabel::Good } else { DemoLabel::Bad };
        let mut out = Lines::new(2, [Align::Left, Align::Left]);
        out.words("");
        for (label, value) in [
            (DemoLabel::Credited, shown(&credited)),
            (DemoLabel::FirstTap, shown(&DemoText::AfterRelease { first: &first })),
            (DemoLabel::Spent, Yen::new(self.usage.all.yen).to_string()),
            (DemoLabel::Expired, self.usage.expired.to_string()),
            (DemoLabel::StillHeld, self.held.to_string()),
            (DemoLabel::Verified, shown(&good)),
        ] {
            out.row([&shown(&label), &value]);
        }
        out.text()
    }

    /// Every yen was spent or came back, and at least one yen was spent.
    fn judge(&self) -> anyhow::Result<()> {
        let adds_up = self.usage.given.get() == self.usage.all.yen + self.usage.expired.get() + self.held.get();
        if self.verified && adds_up && self.first_tap_ms.is_some() {
            Ok(())
        } else {
            Err(DoesNotAddUp("the programme's money does not add up; see the summary".into()).into())
        }
    }
}

fn programme(number: u16, budget: i64, closes: Millis) -> String {
    format!(
        "number = {number}\nname = \"豪雨災害見舞金 flood relief\"\ncity = \"13361\"\nlegal_basis = \"かざす町災害見舞金支給条例 第3条\"\n\
         budget_line = \"3款民生費 4項災害救助費 1目 20節扶助費\"\n\
         budget = {budget}\nceiling = 100_000\nduplicates = \"largest\"\nmethod = \"purse\"\nevents = [\"{EVENT}\"]\nuntil = \"{}\"\n\
         tags = [\"local\"]\nnot_mcc = [\"5921\"]\n",
        closes.jst_text()
    )
}

/// A file as a city hall's spreadsheet writes it: Shift_JIS, a few mistakes, a few duplicates, people without a card.
fn applications(seed: u64) -> (Vec<u8>, u64) {
    let mut out = String::from("利用者ID,世帯番号,災害,被害区分,支給額\r\n");
    for n in 0..RESIDENTS - WITHOUT_CARD {
        let (damage, yen) = DAMAGES[usize::try_from(n % 3).expect("below three")];
        let _ = write!(out, "{},H{n:05},{EVENT},{damage},{yen}\r\n", sample_ppid(seed, n));
    }
    let person = |n| sample_ppid(seed, n);
    // The same household for a smaller and for a larger damage; mistakes; people without a card.
    let _ = write!(out, "{},H00002,{EVENT},床下浸水,5000\r\n", person(2));
    let _ = write!(out, "{},H00005,{EVENT},全壊,\"30,000\"\r\n", person(5));
    let _ = write!(out, "{},H90001,{EVENT},全壊,三万円\r\n{},H90002,令和元年台風,全壊,30000\r\n", person(7), person(8));
    out.push_str("0123,H90003,令和8年11月豪雨,半壊,20000\r\n");
    for n in 0..WITHOUT_CARD {
        let _ = write!(out, ",H9100{n},{EVENT},半壊,20000\r\n");
    }
    (encoding_rs::SHIFT_JIS.encode(&out).0.into_owned(), RESIDENTS)
}

async fn roots(services: &Services) -> anyhow::Result<Vec<u32>> {
    Ok(services.query(|state| state.holder_roots()).await?)
}

fn preview(view: &BatchView) -> String {
    let mut out = Lines::new(5, [Align::Right, Align::Left, Align::Right]);
    let given = DemoText::ToBeGiven { households: Count(view.count.into()), sum: Yen::new(view.total_yen) };
    out.words(format!("   {}", shown(&given)));
    for line in view.distribution.iter().take(5) {
        if let AmountView::Listed { yen, count } = line {
            out.row([&Yen::new(*yen), &"×", &thousands((*count).into())]);
        }
    }
    for line in &view.issues {
        let label = RowIssue::of(&line.issue).map_or_else(|| line.issue.clone(), |issue| shown(&issue));
        out.words(format!("     {label}: {}", line.count));
    }
    out.text()
}

fn live(usage: &Usage) -> String {
    let mut lines: Vec<_> =
        usage.by_mcc.iter().filter(|(_, spent)| spent.people() >= kazasu_services::relief::FEWEST).collect();
    lines.sort_by_key(|(_, spent)| -spent.yen);
    let top: Vec<String> = lines
        .iter()
        .take(4)
        .map(|(mcc, spent)| format!("{} {}", kazasu_services::relief::category(**mcc), Yen::new(spent.yen)))
        .collect();
    let (sum, taps) = (&format!("{:>12}", Yen::new(usage.all.yen).to_string()), Count(usage.all.taps));
    format!("   {}", shown(&DemoText::SoFar { sum, taps, most: &top.join("  ") }))
}

/// Waits until nothing is in purses any more.
async fn ended(services: &Services, number: u16) -> anyhow::Result<kazasu_core::ProgrammeView> {
    let begin = Instant::now();
    loop {
        let view = services.query(move |s| s.relief_programme(number)).await?.context("the programme")?;
        if !view.in_purses.is_positive() || begin.elapsed() > PATIENCE {
            return Ok(view);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Milliseconds from the release to the first tap that a purse of the programme paid.
async fn first_tap(store: &dyn Store, batch: u32, programme: u16) -> anyhow::Result<Option<i64>> {
    let mut reader = store.reader().await?;
    let mut released = None;
    let mut purses = std::collections::HashSet::new();
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        for Placed { entry, body } in page {
            purses.extend(
                body.opens()
                    .iter()
                    .filter(|o| matches!(o.key, AccountKey::Purse(_, p) if p == programme))
                    .map(|o| o.account),
            );
            match (&body, released) {
                (Body::ReliefStepTaken(r), _) if r.batch == batch && r.step == Step::Released => {
                    released = Some(entry.at)
                }
                (Body::Transaction(tapped), Some(Millis(at)))
                    if tapped.transfers.iter().any(|t| purses.contains(&t.debit)) =>
                {
                    return Ok(Some(entry.at.0 - at));
                }
                _ => {}
            }
        }
    }
    Ok(None)
}
