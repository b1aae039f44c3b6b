//! `kazasu link import`, `kazasu merchant import` and `kazasu payee import`: into the running switch when there is one, else into its data folder.

use super::backend::Backend;
use super::common::{CheckFailed, Common};
use crate::language::{language, shown};
use clap::Args;
use kazasu_api::addresses::WithFile;
use kazasu_console::{say, tell};
use kazasu_documents::table_file::BEGINNING;
use kazasu_serve::config::Config;
use kazasu_services::import::{self, BadRow, ImportFile, ImportReport, Imported};
use kazasu_text::cli::CliText;
use kazasu_text::files::FileText;
use kazasu_text::usage::UsageText;
use kazasu_text::{Count, Said, errors};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The options of importing a file.
#[derive(Args)]
pub(super) struct ImportArgs {
    /// The file: .xlsx, or CSV in UTF-8, UTF-16 or Shift_JIS.
    file: PathBuf,
    /// The workbook's sheet; the first that is shown when absent.
    #[arg(long)]
    sheet: Option<String>,
    /// Only show what would change, field by field.
    #[arg(long)]
    dry_run: bool,
    /// The reason, which the record keeps.
    #[arg(long)]
    why: Option<String>,
    /// Write the bad rows to this CSV file, to be mended and imported in turn.
    #[arg(long)]
    bad_rows: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Imports a file, or looks at it: `import` and `look` make operations of it.
pub(super) async fn run<O, L>(
    args: ImportArgs,
    (import, look): (impl FnOnce(ImportFile) -> O, impl FnOnce(ImportFile) -> L),
) -> anyhow::Result<()>
where
    O: WithFile<Answer = Imported>,
    L: WithFile<Answer = Imported>,
{
    let ImportArgs { file, sheet, dry_run, why, bad_rows, common } = args;
    if let Some(path) = &bad_rows {
        is_another(&file, path)?;
    }
    let bytes = kazasu_security::files::read(&file)?;
    let config = Config::load(&common.config)?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let sent = ImportFile { sheet, dry_run, name, why, file: bytes.into() };
    let imported = if dry_run {
        Backend::questions(&config, &common).await?.send(look(sent)).await?
    } else {
        let backend = Backend::commands(&config, &common).await?;
        let report = backend.send(import(sent)).await;
        backend.close().await?;
        report?
    };
    let report = &imported.report;
    if let Some(path) = &bad_rows {
        give_bad_rows(path, &report.header, &report.bad_rows)?;
    }
    if common.json {
        say!("{}", serde_json::to_string(&imported)?);
    } else {
        print(&file, report);
        if let Some(asked) = &imported.asked {
            say!("{}", shown(&CliText::FileAsked));
            super::facts::print(&serde_json::to_value(asked)?, 2);
        }
    }
    if report.bad > 0 {
        let text = UsageText::NotImported { bad: Count(report.bad), rows: Count(report.rows) };
        return Err(CheckFailed(shown(&text)).into());
    }
    Ok(())
}

/// Imports the merchants, their accounts and the residents of a sample town that is made.
#[cfg(feature = "demo")]
pub(super) async fn sample(dir: &Path, common: &Common) -> anyhow::Result<()> {
    let args = |name: &str| ImportArgs {
        file: dir.join(name),
        sheet: None,
        dry_run: false,
        why: None,
        bad_rows: None,
        common: common.clone(),
    };
    run(args("merchants.csv"), (import::ImportMerchants, import::LookAtMerchants)).await?;
    run(args("payees.csv"), (import::ImportPayees, import::LookAtPayees)).await?;
    run(args("links.csv"), (import::ImportLinks, import::LookAtLinks)).await
}

/// Refused rows must not take the place of the file that they are from.
pub(super) fn is_another(file: &Path, bad_rows: &Path) -> anyhow::Result<()> {
    let same = kazasu_security::files::is_one(file, bad_rows);
    anyhow::ensure!(!same, shown(&UsageText::OutIsRead { path: &bad_rows.display().to_string() }));
    Ok(())
}

/// Writes the refused rows to their file. Where there are none any more, those of an earlier import go: they would seem to be open.
pub(super) fn give_bad_rows(path: &Path, header: &[String], rows: &[BadRow]) -> anyhow::Result<()> {
    if !rows.is_empty() {
        return kazasu_security::files::write_private(path, &import::bad_rows_csv(header, rows)?);
    }
    if has_refused_rows(path) {
        std::fs::remove_file(path).map_err(|error| {
            let (path, why) = (&path.display().to_string(), &errors::io(&error));
            Said::of(&FileText::Remove { path, why })
        })?;
        tell!("{}", shown(&CliText::BadRowsRemoved { file: &path.display().to_string() }));
    }
    Ok(())
}

/// Is it a file of refused rows as this program writes it? What a person has put there is not touched.
fn has_refused_rows(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|there| there.is_file()) {
        return false;
    }
    let mut begin = Vec::new();
    let most = u64::try_from(BEGINNING.len()).unwrap_or(u64::MAX);
    let read = std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut begin));
    read.is_ok() && begin == BEGINNING.as_bytes()
}

/// Changed fields that are shown.
const CHANGES_SHOWN: usize = 200;

fn print(file: &Path, report: &ImportReport) {
    let line = |text: CliText<'_>| say!("  {}", shown(&text));
    say!("{}", shown_totals(file, report));
    if report.blank > 0 {
        line(CliText::EmptyRows { rows: Count(report.blank) });
    }
    if !report.ignored_columns.is_empty() {
        line(CliText::UnusedColumns { names: &report.ignored_columns.join(", ") });
    }
    if report.without_route > 0 {
        line(CliText::WithoutRoute { cards: Count(report.without_route) });
    }
    let (new, none) = (shown(&CliText::New), shown(&CliText::None));
    let or_none = |text: &str| if text.is_empty() { none.clone() } else { text.to_owned() };
    for change in report.changes.iter().take(CHANGES_SHOWN) {
        let before = change.before.as_deref().map_or_else(|| new.clone(), or_none);
        let (of, field, after) = (change.of.as_str(), change.field.as_str(), or_none(&change.after));
        line(CliText::Changed { line: change.line, of, field, before: &before, after: &after });
    }
    let shown_at_most = u64::try_from(CHANGES_SHOWN).unwrap_or(u64::MAX);
    if report.changed_fields > shown_at_most {
        line(CliText::MoreFields { fields: Count(report.changed_fields - shown_at_most) });
    }
    for kept in report.kept.iter().take(CHANGES_SHOWN) {
        let (of, field, before) = (kept.of.as_str(), kept.field.as_str(), kept.before.as_deref().unwrap_or("¥0"));
        line(CliText::NotBooked { line: kept.line, of, field, before, after: &kept.after });
    }
    for row in report.bad_rows.iter().take(20) {
        say!("  {}", row.told(language()));
    }
    if report.bad > 20 {
        line(CliText::MoreRows { rows: Count(report.bad - 20) });
    }
}

/// The first line: how many rows, and what came of them.
fn shown_totals(file: &Path, report: &ImportReport) -> String {
    let encoding = report.encoding.to_string();
    let sheet = report.sheet.as_deref();
    let form = sheet.map_or(encoding.clone(), |sheet| shown(&CliText::OfSheet { encoding: &encoding, sheet }));
    let (file, form) = (&file.display().to_string(), form.as_str());
    let [rows, recorded, unchanged, refused] = [report.rows, report.recorded, report.unchanged, report.bad].map(Count);
    shown(&if report.dry_run {
        CliText::WouldImport { file, form, rows, recorded, unchanged, refused }
    } else {
        CliText::Imported { file, form, rows, recorded, unchanged, refused }
    })
}
