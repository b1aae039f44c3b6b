//! `kazasu relief`: a city's officers, approvers and treasurers at the command line, through the running switch when there is one,
//! else into its journal.

mod commands;

pub(super) use commands::{FileFormat, ReliefCommand};

use super::Found;
use super::ask::Common;
use super::counter::{Counter, caller, folded, show};
use super::import::running;
use crate::client::{Refused, Switch, encoded};
use crate::config::Config;
use crate::relief::{Imported, ReliefAsk, Source};
use anyhow::Context;
use commands::ProgrammeCommand;
use kazasu_console::{progress, say, tell};
use kazasu_schemas::relief::Format;
use kazasu_schemas::text::thousands;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) async fn run(command: ReliefCommand) -> anyhow::Result<()> {
    use ReliefCommand as C;
    let step = |batch, step: &str, why| ReliefAsk::Step { batch, step: step.to_owned(), value_date: None, why };
    match command {
        C::Programme { what } => programme(what).await,
        C::Proposals { common } => look("/v1/relief/proposals", &common).await,
        C::Decide { proposal, approve, why, common } => {
            one(ReliefAsk::Decide { proposal, approve, why }, &common).await
        }
        C::Fund { programme, amount, reference, common } => {
            one(ReliefAsk::Fund { programme, amount, reference }, &common).await
        }
        C::Import { programme, file, why, sheet, bad_rows, common } => {
            import(programme, &file, (why, sheet), bad_rows, &common).await
        }
        C::Preview { batch, common } => look(&format!("/v1/relief/batches/{batch}"), &common).await,
        C::Rows { batch, only, from, common } => {
            let only = only.map_or_else(String::new, |only| format!("&only={}", encoded(&only)));
            look(&format!("/v1/relief/batches/{batch}/rows?from={from}{only}"), &common).await
        }
        C::Row { batch, row, change, ppid, amount, why, common } => {
            one(ReliefAsk::Row { batch, row, change, ppid, amount, why }, &common).await
        }
        C::Assess { batch, why, common } => one(step(batch, "assessed", why), &common).await,
        C::Approve { batch, step: Some(name), why, common } => one(step(batch, &name, why), &common).await,
        C::Approve { batch, step: None, why, common } => {
            let steps = ["decided", "committed", "ordered"];
            many(steps.map(|name| step(batch, name, why.clone())).to_vec(), &common).await
        }
        C::Release { batch, value_date, why, common } => {
            let ask = ReliefAsk::Step { batch, step: "released".into(), value_date, why };
            release(batch, ask, &common).await
        }
        C::Cancel { batch, why, common } => one(step(batch, "cancelled", why), &common).await,
        C::TransferFile { batch, format, out, common } => {
            let format = match format {
                FileFormat::Zengin => Format::Zengin,
                FileFormat::Pain001 => Format::Pain001,
            };
            transfer_file(batch, format, &out, &common).await
        }
        C::Statement { file, how, row, common } => {
            let is = row.map(|row| format!("row {row}"));
            super::statement::read(&file, &how, is, crate::statement::Reader::Relief, &common).await
        }
        C::Undo { line, why, common } => one(ReliefAsk::Undo { line, why }, &common).await,
        C::Returned { batch, row, reference, common } => {
            one(ReliefAsk::Returned { batch, row, reference }, &common).await
        }
        C::Sent { batch, file, reference, common } => one(ReliefAsk::Sent { batch, file, reference }, &common).await,
        C::Claim { batch, row, right, why, common } => one(ReliefAsk::Claim { batch, row, right, why }, &common).await,
        C::Repaid { batch, row, amount, from_purse, reference, common } => {
            one(ReliefAsk::Repaid { batch, row, amount, from_purse, reference }, &common).await
        }
        C::ReturnFunds { programme, amount, reference, why, common } => {
            one(ReliefAsk::ReturnFunds { programme, amount, reference, why }, &common).await
        }
        C::Status { batch: Some(batch), common } => look(&format!("/v1/relief/batches/{batch}"), &common).await,
        C::Status { batch: None, common } => look("/v1/relief/programmes", &common).await,
        C::Report { programme, out, shift_jis, common } => report(programme, out, shift_jis, &common).await,
        C::Close { batch, why, common } => one(step(batch, "reported", why), &common).await,
    }
}

async fn programme(command: ProgrammeCommand) -> anyhow::Result<()> {
    use kazasu_security::files::read_text as text;
    match command {
        ProgrammeCommand::Check { file } => match crate::relief::read_terms(&text(&file)?) {
            Ok(terms) => {
                say!(
                    "{}: good. {} {}, {} by {}",
                    file.display(),
                    terms.number,
                    terms.name,
                    terms.budget,
                    terms.method.name()
                );
                Ok(())
            }
            Err(problems) => {
                problems.iter().for_each(|p| tell!("{}: {p}", file.display()));
                Err(Found(format!("{} problems", problems.len())).into())
            }
        },
        ProgrammeCommand::Propose { file, why, common } => {
            one(ReliefAsk::Programme { source: text(&file)?, why }, &common).await
        }
        ProgrammeCommand::List { common } => look("/v1/relief/programmes", &common).await,
        ProgrammeCommand::Show { programme, common } => {
            look(&format!("/v1/relief/programmes/{programme}"), &common).await
        }
    }
}

async fn carry_out(counter: &mut Counter, ask: ReliefAsk) -> Result<Value, Refused> {
    match counter {
        Counter::Running(switch) => switch.ask("/v1/relief/ask", &ask).await,
        Counter::Here { desk, by, .. } => desk.relief(ask, by).await.map_err(Refused::from),
    }
}

async fn one(ask: ReliefAsk, common: &Common) -> anyhow::Result<()> {
    many(vec![ask], common).await
}

/// One after the other, until one is refused; the last answer is shown.
async fn many(asks: Vec<ReliefAsk>, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let mut last = Ok(Value::Null);
    for ask in asks {
        last = carry_out(&mut counter, ask).await;
        if last.is_err() {
            break;
        }
    }
    counter.close().await?;
    show(last, common)
}

/// Releases, and waits until every purse is credited.
async fn release(batch: u32, ask: ReliefAsk, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let result = match carry_out(&mut counter, ask).await {
        Ok(released) => credited(&mut counter, batch, released, common).await,
        Err(refused) => Err(refused),
    };
    counter.close().await?;
    show(result, common)
}

async fn credited(counter: &mut Counter, batch: u32, mut released: Value, common: &Common) -> Result<Value, Refused> {
    let bar = Bar::new("入金 credited", common.json);
    loop {
        let view = match counter {
            Counter::Running(switch) => switch.get(&format!("/v1/relief/batches/{batch}/progress")).await?,
            Counter::Here { desk, .. } => desk.relief_progress(batch).await.map_err(Refused::from)?.unwrap_or_default(),
        };
        if view["method"] == "purse" {
            let (done, all) =
                (view["credited_rows"].as_u64().unwrap_or(0), view["rows_to_credit"].as_u64().unwrap_or(0));
            bar.show(done, all);
            if done < all {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
            released["credited_rows"] = done.into();
        }
        bar.end();
        released["batch"] = batch.into();
        released["total_yen"] = view["total_yen"].clone();
        // Between the release and a purse people may have become one.
        released["unpaid"] = unpaid(counter, batch).await?;
        return Ok(released);
    }
}

async fn unpaid(counter: &Counter, batch: u32) -> Result<Value, Refused> {
    match counter {
        Counter::Running(switch) => Ok(switch.get(&format!("/v1/relief/batches/{batch}")).await?["unpaid"].clone()),
        Counter::Here { desk, .. } => desk.relief_unpaid(batch).await.map_err(Refused::from),
    }
}

/// A line that is written over while something goes on; nothing where nobody looks.
struct Bar {
    what: &'static str,
    live: bool,
}

impl Bar {
    fn new(what: &'static str, quiet: bool) -> Self {
        Bar { what, live: !quiet && crate::terminal::error_width().is_some() }
    }

    fn show(&self, done: u64, all: u64) {
        if self.live && all > 0 {
            let percent = done.saturating_mul(100) / all;
            let parts = [format!("{percent:>3} %"), format!("{} / {}", thousands(done), thousands(all))];
            let width = crate::terminal::error_width().unwrap_or(usize::MAX);
            let going = crate::terminal::Going { what: self.what, done, all };
            progress!("\r\x1b[2K{}", crate::terminal::progress(going, &parts, width));
        }
    }

    fn end(&self) {
        if self.live {
            progress!("\n");
        }
    }
}

async fn import(
    programme: u16,
    file: &Path,
    (why, sheet): (String, Option<String>),
    bad_rows: Option<PathBuf>,
    common: &Common,
) -> anyhow::Result<()> {
    let refused_to = bad_rows.unwrap_or_else(|| file.with_extension("refused.csv"));
    super::import::is_another(file, &refused_to)?;
    let bytes = kazasu_security::files::read(file)?;
    let name = file.file_name().map_or_else(|| "file".to_owned(), |n| n.to_string_lossy().into_owned());
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let bar = Bar::new("読込 read", common.json);
    let result = match &mut counter {
        Counter::Running(switch) => {
            let path = format!("/v1/relief/programmes/{programme}/batches?{}", named(&name, &why, sheet.as_deref()));
            online(switch, &path, bytes, &bar).await
        }
        Counter::Here { desk, by, .. } => {
            let source = Source { programme, name, bytes: Arc::new(bytes), sheet, by: by.clone(), why };
            let live = Bar { what: bar.what, live: bar.live };
            desk.import_relief(source, &move |read, of| live.show(read, of)).await.map_err(Refused::from)
        }
    };
    bar.end();
    counter.close().await?;
    let imported = match result {
        Ok(imported) => imported,
        Err(Refused::No(why)) => return Err(Found(why).into()),
        Err(Refused::Broken(error)) => return Err(error),
    };
    super::import::give_bad_rows(&refused_to, &imported.header, &imported.bad_rows)?;
    if common.json {
        say!("{}", serde_json::to_string(&imported)?);
    } else {
        summary(file, &imported, &refused_to);
    }
    if imported.bad > 0 {
        return Err(Found(format!("{} of {} rows were refused", imported.bad, imported.rows)).into());
    }
    Ok(())
}

fn summary(file: &Path, imported: &Imported, refused_to: &Path) {
    let known =
        if imported.known { "読込済みの同じファイル the same file as before" } else { "受付 taken in" };
    say!(
        "{} ({}): 申請 rows {}, {known} {}, 不備 refused {}",
        file.display(),
        imported.encoding,
        thousands(imported.rows),
        thousands(imported.taken),
        thousands(imported.bad)
    );
    if imported.blank > 0 {
        say!("  空行 empty rows: {}", thousands(imported.blank));
    }
    if !imported.ignored_columns.is_empty() {
        say!("  使わない列 columns not used: {}", imported.ignored_columns.join(", "));
    }
    say!("  バッチ batch {}: kazasu relief preview {}", imported.batch, imported.batch);
    for row in imported.bad_rows.iter().take(10) {
        say!("  {}", row.told());
    }
    if imported.bad > 0 {
        say!("  不備の一覧 all of them: {}", refused_to.display());
    }
}

fn named(name: &str, why: &str, sheet: Option<&str>) -> String {
    let sheet = sheet.map_or(String::new(), |sheet| format!("&sheet={}", encoded(sheet)));
    format!("name={}&why={}{sheet}", encoded(name), encoded(why))
}

/// The running switch reads the file.
async fn online(switch: &Switch, path: &str, bytes: Vec<u8>, bar: &Bar) -> Result<Imported, Refused> {
    let live = Bar { what: bar.what, live: bar.live };
    let take = move |line: &Value| -> anyhow::Result<Option<Imported>> {
        if let (Some(read), Some(of)) = (line["read"].as_u64(), line["of"].as_u64()) {
            live.show(read, of);
        }
        let imported = Some(&line["imported"]).filter(|imported| imported.is_object());
        Ok(imported.map(|imported| serde_json::from_value(imported.clone())).transpose()?)
    };
    switch.lines(path, bytes, take).await
}

/// Looks at something: at a running switch, or by reading the journal, which changes nothing.
async fn look(path: &str, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    show(look_at(&config, path, &common.by).await, common)
}

async fn look_at(config: &Config, path: &str, by: &str) -> Result<Value, Refused> {
    let caller = caller(config, by).map_err(Refused::Broken)?;
    let by = caller.name.as_str();
    if let Some(http) = running(config).await.map_err(Refused::Broken)? {
        return Switch::new(&http, config.http_client(), &caller.token).get(path).await;
    }
    let state = Arc::new(super::policy::fold(config).await.map_err(Refused::Broken)?);
    let desk = folded(config, state);
    let parts: Vec<&str> = path.trim_start_matches("/v1/relief/").split(['/', '?', '&']).collect();
    let number = |text: &str| text.parse().map_err(|_| Refused::No(format!("{text} is no number")));
    let found = match parts[..] {
        ["proposals"] => desk.relief_proposals(by).await.map(Some),
        ["programmes"] => desk.relief_programmes().await.map(Some),
        ["programmes", n] => desk.relief_programme(u16::try_from(number(n)?).unwrap_or(0)).await,
        ["batches", n] => desk.relief_batch(number(n)?).await,
        ["batches", n, "rows", ref rest @ ..] => {
            let value = |key: &str| rest.iter().find_map(|p| p.strip_prefix(key)?.strip_prefix('=')).map(str::to_owned);
            let from = value("from").and_then(|n| n.parse().ok()).unwrap_or(0);
            desk.relief_rows(number(n)?, value("only"), from).await
        }
        _ => Ok(None),
    };
    found.map_err(Refused::from)?.ok_or_else(|| Refused::No("there is no such programme or batch".into()))
}

async fn transfer_file(batch: u32, format: Format, out: &Path, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    let mut counter = Counter::open(&config, &common.by).await?;
    let result = match &mut counter {
        Counter::Running(switch) => {
            let path = format!("/v1/relief/batches/{batch}/transfer?format={}", format.name());
            switch.ask(&path, &json!({})).await
        }
        Counter::Here { desk, by, .. } => desk
            .relief_files(batch, format, by)
            .await
            .map(|files| crate::relief::files_json(&files))
            .map_err(Refused::from),
    };
    counter.close().await?;
    show(written(result, out)?, common)
}

/// Writes files that the API gave into a folder.
pub(super) fn written(result: Result<Value, Refused>, out: &Path) -> anyhow::Result<Result<Value, Refused>> {
    let mut value = match result {
        Ok(value) => value,
        Err(refused) => return Ok(Err(refused)),
    };
    // Names and accounts of payees.
    kazasu_security::files::private_folder(out)?;
    for file in value["files"].as_array_mut().into_iter().flatten() {
        let name = file["name"].as_str().unwrap_or("transfer").to_owned();
        let bytes = hex::decode(file["hex"].as_str().unwrap_or_default())?;
        let path = out.join(Path::new(&name).file_name().context("a file's name")?);
        kazasu_security::files::write_private(&path, &bytes)?;
        file["hex"].take();
        file["path"] = path.display().to_string().into();
    }
    Ok(Ok(value))
}

async fn report(programme: u16, out: Option<PathBuf>, shift_jis: bool, common: &Common) -> anyhow::Result<()> {
    let config = Config::load(&common.config)?;
    caller(&config, &common.by)?;
    let state = super::policy::fold(&config).await?;
    let Some(view) = state.relief_programme(programme) else {
        return Err(Found(format!("relief programme {programme} is not known")).into());
    };
    let usage = crate::relief::usage(config.store().as_ref(), programme, &state.holder_roots()).await?;
    let city = config.file.cities.iter().find(|c| c.code == view.terms.city).map_or("", |c| c.name.as_str());
    let report = crate::relief::final_report(&view, city, &usage, kazasu_engine::clock::now())?;
    super::report::give(&report, out.as_deref(), shift_jis, common.json)
}
