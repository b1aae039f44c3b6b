//! A report as people want it: on the screen, as JSON, or as a file whose name says the format.

use super::NONE;
use kazasu_console::{print_text, say, tell};
use kazasu_report::{Report, csv, json, table, xlsx};
use std::path::Path;

/// Shows a report on the screen.
pub(super) fn print(report: &Report) {
    print_text!("{}", table::text(report));
    if report.sheets().iter().all(|sheet| sheet.rows().is_empty()) {
        say!("{NONE}");
    }
}

/// Shows a report, or writes it to a file: .xlsx, or .csv (the first table; more tables get files of their own beside it).
pub(super) fn give(report: &Report, out: Option<&Path>, shift_jis: bool, as_json: bool) -> anyhow::Result<()> {
    let Some(path) = out else {
        if as_json {
            say!("{}", json::value(report));
        } else {
            print(report);
        }
        return Ok(());
    };
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
            let encoding = if shift_jis { csv::Encoding::ShiftJis } else { csv::Encoding::Utf8 };
            for (at, sheet) in report.sheets().iter().enumerate() {
                let (bytes, done) = csv::sheet(sheet, encoding, csv::Header::Japanese)?;
                let path = if at == 0 { path.to_owned() } else { path.with_extension(format!("{}.csv", at + 1)) };
                written.push(write(&path, &bytes)?);
                if done.replaced > 0 {
                    tell!("{}: {} characters that Shift_JIS does not have became 〓", path.display(), done.replaced);
                }
            }
        }
        other => anyhow::bail!("--out must end in .xlsx or .csv, got {other:?}"),
    }
    if as_json {
        say!("{}", serde_json::json!({ "files": written }));
    }
    Ok(())
}
