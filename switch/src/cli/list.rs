//! Lists at the command line: page after page on the screen, or all rows in a file.

use super::backend::{Backend, Journal, refused, show};
use super::common::Common;
use crate::language::{language, shown};
use anyhow::Context;
use clap::{Args, ValueEnum};
use kazasu_api::client::{CallError, Switch};
use kazasu_api::routes::Addressed;
use kazasu_console::say;
use kazasu_report::csv::{CsvOut, Encoding, Header};
use kazasu_security::files::PrivateFile;
use kazasu_serve::config::Config;
use kazasu_services::list::{FileParts, FileTable, List, ListRow, MOST, Page, Paged};
use kazasu_text::usage::UsageText;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The options of every list.
#[derive(Args, Clone)]
pub(super) struct ListArgs {
    /// Rows at most; all of them when absent.
    #[arg(long, conflicts_with = "out", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    pub(super) file: FileArgs,
    #[command(flatten)]
    pub(super) common: Common,
}

impl ListArgs {
    /// Whether the screen gets a table: no file is wanted, and no JSON.
    pub(super) fn is_table(&self) -> bool {
        self.file.out.is_none() && !self.common.json
    }
}

/// The file of a list.
#[derive(Args, Clone)]
pub(super) struct FileArgs {
    /// Write all rows to this file: .csv or .xlsx.
    #[arg(long)]
    out: Option<PathBuf>,
    /// The form.
    #[arg(long, requires = "out")]
    format: Option<ListFormat>,
    /// CSV in Shift_JIS instead of UTF-8.
    #[arg(long, requires = "out")]
    shift_jis: bool,
}

/// The form of a list's file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum ListFormat {
    /// A table as text.
    Csv,
    /// A workbook.
    Xlsx,
}

impl FileArgs {
    /// The file, and the form that it is told or that its ending says.
    fn wanted(&self) -> anyhow::Result<Option<(&Path, ListFormat)>> {
        let Some(path) = self.out.as_deref() else { return Ok(None) };
        let ending = path.extension().and_then(|ending| ending.to_str());
        let form = match (self.format, ending) {
            (Some(form), _) => form,
            (None, Some("csv")) => ListFormat::Csv,
            (None, Some("xlsx")) => ListFormat::Xlsx,
            (None, _) if kazasu_security::files::is_stream(path) => ListFormat::Csv,
            (None, _) => anyhow::bail!(shown(&UsageText::OutForm { path: &path.display().to_string() })),
        };
        Ok(Some((path, form)))
    }

    fn encoding(&self) -> Encoding {
        if self.shift_jis { Encoding::ShiftJis } else { Encoding::Utf8 }
    }
}

/// What a page of a list is here.
pub(super) trait Rows: List<Item: ListRow> + Addressed + DeserializeOwned + Sync + 'static {}

impl<L: List<Item: ListRow> + Addressed + DeserializeOwned + Sync + 'static> Rows for L {}

/// Shows a list, or writes it to a file.
pub(super) async fn list<L: Rows>(list: L, args: &ListArgs) -> anyhow::Result<()> {
    if written(&list, &args.file, &args.common).await? {
        return Ok(());
    }
    let rows = asked(list, args.limit, &args.common).await.map(|walked| walked.items);
    show(rows, &args.common)
}

/// The rows of a list that an option bounds.
pub(super) async fn rows<L: Rows>(list: L, args: &ListArgs) -> Result<Vec<L::Item>, CallError> {
    Ok(asked(list, args.limit, &args.common).await?.items)
}

/// Asks for a list.
pub(super) async fn asked<L: Rows>(list: L, most: Option<u64>, common: &Common) -> Result<Walked<L::Item>, CallError> {
    let config = Config::load(&common.config).map_err(CallError::Failed)?;
    let backend = Backend::questions(&config, common).await.map_err(CallError::Failed)?;
    walk(&backend, list, most).await
}

/// The rows of a walk over pages.
#[derive(Serialize)]
pub(super) struct Walked<T> {
    /// The rows.
    pub(super) items: Vec<T>,
    /// Whether the list goes on behind them.
    pub(super) more: bool,
    /// The first business day that was looked at, where the list names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
}

/// Goes over the pages of a list, to its end or until there are so many rows.
pub(super) async fn walk<L: Rows>(backend: &Backend, list: L, most: Option<u64>) -> Result<Walked<L::Item>, CallError> {
    let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let mut walked = Walked { items: Vec::new(), more: false, from: None };
    let mut cursor = None;
    loop {
        let left = most - walked.items.len();
        let limit = Some(u16::try_from(left).map_or(MOST, |left| left.min(MOST)));
        let page: Page<L::Item> = backend.call(Paged { list: list.clone(), limit, cursor }).await?;
        walked.items.extend(page.items);
        (cursor, walked.from) = (page.next, page.from);
        walked.more = cursor.is_some();
        if cursor.is_none() || walked.items.len() >= most {
            return Ok(walked);
        }
    }
}

/// The file that was written.
#[derive(Serialize)]
struct Written {
    file: String,
}

/// Writes a list to the file that is asked for. The answer is false where none is.
pub(super) async fn written<L: Rows>(list: &L, args: &FileArgs, common: &Common) -> anyhow::Result<bool> {
    let Some((path, form)) = args.wanted()? else { return Ok(false) };
    let config = Config::load(&common.config)?;
    let file = PrivateFile::create(path)?;
    match Backend::questions(&config, common).await? {
        Backend::Running(switch) => received(&switch, list, (args.encoding(), form, file)).await?,
        Backend::Journal(journal) => made(&journal, list, (args.encoding(), form, file)).await?,
    }
    if common.json {
        say!("{}", serde_json::to_value(Written { file: path.display().to_string() })?);
    } else if !kazasu_security::files::is_stream(path) {
        say!("{}", path.display());
    }
    Ok(true)
}

/// From the running switch, as it comes.
async fn received<L: Rows>(
    switch: &Switch,
    list: &L,
    (encoding, form, mut file): (Encoding, ListFormat, PrivateFile),
) -> anyhow::Result<()> {
    let accept = match (form, encoding) {
        (ListFormat::Csv, Encoding::Utf8) => "text/csv",
        (ListFormat::Csv, Encoding::ShiftJis) => "text/csv; charset=Shift_JIS",
        (ListFormat::Xlsx, _) => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    };
    let read = move |reader: &mut dyn std::io::Read| {
        std::io::copy(reader, &mut file).context("the list breaks off")?;
        file.finish()
    };
    Ok(switch.file(list, accept, read).await?)
}

/// From the journal.
async fn made<L: Rows>(
    journal: &Journal,
    list: &L,
    (encoding, form, mut file): (Encoding, ListFormat, PrivateFile),
) -> anyhow::Result<()> {
    let (services, who) = journal.asked_by();
    let name = if form == ListFormat::Csv { "csv" } else { "xlsx" };
    let mut parts = FileParts::begin(services, who, (list.clone(), name)).await.map_err(refused)?;
    if form == ListFormat::Xlsx {
        file.write_all(&parts.workbook(language()).await.map_err(refused)?)?;
        return file.finish();
    }
    let table = FileTable::<L>::new(language());
    let mut csv = CsvOut::new(&mut file, table.columns(), encoding, Header::Japanese)?;
    while let Some(rows) = parts.take().await.map_err(refused)? {
        for row in &rows {
            csv.row(&table.row(row)?)?;
        }
    }
    csv.finish()?;
    file.finish()
}
