//! A report as people want it: on the screen, as JSON, or as a file whose name says the format.

use super::common::none;
use crate::language::shown;
use kazasu_console::{print_text, say, tell};
use kazasu_report::{Report, csv, json, table, xlsx};
use kazasu_text::cli::CliText;
use kazasu_text::usage::UsageText;
use std::path::Path;

/// Shows a report on the screen.
pub(super) fn print(report: &Report) {
    print_text!("{}", table::text(report));
    if report.sheets().iter().all(|sheet| sheet.rows().is_empty()) {
        say!("{}", none());
    }
}

/// The destination and form of a report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output<'a> {
    /// The file; the screen where there is none.
    pub(super) path: Option<&'a Path>,
    /// Tables of text are in Shift_JIS, and not in UTF-8.
    pub(super) shift_jis: bool,
    /// Whether the screen gets JSON.
    pub(super) json: bool,
}

/// Shows a report, or writes it to a file: .xlsx, or .csv (the first table; more tables get files of their own beside it). A pipe or a
/// device, whose name has no ending, gets the first table as CSV.
pub(super) fn give(report: &Report, output: Output<'_>) -> anyhow::Result<()> {
    let Output { path, shift_jis, json: as_json } = output;
    let Some(path) = path else {
        if as_json {
            say!("{}", json::value(report));
        } else {
            print(report);
        }
        return Ok(());
    };
    let encoding = if shift_jis { csv::Encoding::ShiftJis } else { csv::Encoding::Utf8 };
    if path.extension().is_none() && kazasu_security::files::is_stream(path) {
        return stream(report, path, encoding);
    }
    let write = |path: &Path, bytes: &[u8]| {
        kazasu_security::files::write_private(path, bytes)?;
        if !as_json {
            say!("{}", path.display());
        }
        anyhow::Ok(path.display().to_string())
    };
    let mut written = Vec::new();
    match path.extension().and_then(|e| e.to_str()) {
        Some("xlsx") => written.push(write(path, &xlsx::workbook(report)?)?),
        Some("csv") => {
            for (at, sheet) in report.sheets().iter().enumerate() {
                let (bytes, done) = csv::sheet(sheet, encoding, csv::Header::Japanese)?;
                let path = if at == 0 { path.to_owned() } else { path.with_extension(format!("{}.csv", at + 1)) };
                written.push(write(&path, &bytes)?);
                tell_replaced(&path, done.replaced);
            }
        }
        _ => anyhow::bail!(shown(&UsageText::OutForm { path: &path.display().to_string() })),
    }
    if as_json {
        say!("{}", serde_json::json!({ "files": written }));
    }
    Ok(())
}

/// The first table as CSV, and nothing else: what reads the stream takes it for the table.
fn stream(report: &Report, path: &Path, encoding: csv::Encoding) -> anyhow::Result<()> {
    let sheets = report.sheets();
    if let Some(sheet) = sheets.first() {
        let (bytes, done) = csv::sheet(sheet, encoding, csv::Header::Japanese)?;
        kazasu_security::files::write_private(path, &bytes)?;
        tell_replaced(path, done.replaced);
    }
    if sheets.len() > 1 {
        let text = CliText::FirstTable { file: &path.display().to_string(), tables: sheets.len().into() };
        tell!("{}", shown(&text));
    }
    Ok(())
}

fn tell_replaced(path: &Path, replaced: u64) {
    if replaced > 0 {
        let (file, characters) = (&path.display().to_string(), kazasu_text::Count(replaced));
        tell!("{}", shown(&CliText::NotInShiftJis { file, characters }));
    }
}
