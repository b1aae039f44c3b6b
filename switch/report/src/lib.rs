//! Reports: one model that finance staff, cities, merchants and auditors get in the format they ask for.
//!
//! A [`Report`] is checked while it is written (bounds, kinds, totals), so that [`table`], [`json`], [`csv`], [`xlsx`] and
//! [`pdf`] only lay it out and all show the same numbers. Nothing here reads a clock or decides an amount: the time that a report
//! bears is an argument, money is whole yen, and the same report gives the same bytes.
#![forbid(unsafe_code)]

pub mod cell;
pub mod csv;
pub mod error;
pub mod json;
mod kana;
pub mod pdf;
pub mod sheet;
mod shift_jis;
pub mod table;
pub mod xlsx;

#[cfg(test)]
mod tests;

pub use cell::{Cell, Kind};
pub use error::{ReportError, ValueError};
pub use sheet::{Column, Sheet, Total};

use kazasu_schemas::jst::Millis;
use kazasu_text::{Label, Text, reports::Furniture};
use sheet::{MAX_SHEETS, MAX_SUBTITLES, check_long, check_short};

/// A row of cells from values of any kind: `cells![day, "山田商店", Yen::new(1_280), Cell::count(3)]`.
#[macro_export]
macro_rules! cells {
    ($($value:expr),* $(,)?) => {
        ::std::vec::Vec::<$crate::Cell>::from([$($crate::Cell::from($value)),*])
    };
}

/// One report.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    title: String,
    title_en: String,
    subtitles: Vec<String>,
    made_at: Millis,
    sheets: Vec<Sheet>,
}

impl Report {
    /// Begins a report. `made_at` is the time that it bears: formats show it and never ask a clock.
    #[must_use]
    pub fn build(title: &str, title_en: &str, made_at: Millis) -> Builder {
        let report = Report {
            title: title.to_owned(),
            title_en: title_en.to_owned(),
            subtitles: Vec::new(),
            made_at,
            sheets: Vec::new(),
        };
        let names = check_short("the title", title).and_then(|()| check_short("the English title", title_en));
        Builder { report, open: None, failed: names.err() }
    }

    /// Begins a report with a title of the catalogue.
    #[must_use]
    pub fn titled(title: impl Text, made_at: Millis) -> Builder {
        Report::build(&title.ja(), &title.en(), made_at)
    }

    /// The title in Japanese.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The title in English.
    #[must_use]
    pub fn title_en(&self) -> &str {
        &self.title_en
    }

    /// Lines below the title: the period, the merchant.
    #[must_use]
    pub fn subtitles(&self) -> &[String] {
        &self.subtitles
    }

    /// The time that the report bears.
    #[must_use]
    pub fn made_at(&self) -> Millis {
        self.made_at
    }

    /// The tables, at least one.
    #[must_use]
    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The line that says when the report was made, as every format shows it.
    fn made_line(&self) -> String {
        format!("{} {} JST", Furniture::MadeAt.both(), cell::to_the_second(self.made_at))
    }
}

/// Writes a report step by step. The first mistake is kept and is what [`Builder::finish`] answers.
#[derive(Debug)]
pub struct Builder {
    report: Report,
    open: Option<Open>,
    failed: Option<ReportError>,
}

/// The sheet that is being written: its columns may still grow until the first row.
#[derive(Debug)]
enum Open {
    Columns { name: String, columns: Vec<Column>, notes: Vec<String> },
    Rows(Sheet),
}

impl Builder {
    /// Adds a line below the title.
    #[must_use]
    pub fn subtitle(mut self, text: &str) -> Self {
        self.attempt(|b| {
            check_long("a subtitle", text)?;
            if b.report.subtitles.len() >= MAX_SUBTITLES {
                return Err(ReportError::Subtitles);
            }
            b.report.subtitles.push(text.to_owned());
            Ok(())
        });
        self
    }

    /// Begins a table.
    #[must_use]
    pub fn sheet(mut self, name: &str) -> Self {
        self.attempt(|b| {
            b.close()?;
            b.open = Some(Open::Columns { name: name.to_owned(), columns: Vec::new(), notes: Vec::new() });
            Ok(())
        });
        self
    }

    /// Adds a column without a total.
    #[must_use]
    pub fn column(self, name: &str, name_en: &str, kind: Kind) -> Self {
        self.add_column(Column::new(name, name_en, kind))
    }

    /// Adds a column with the sum of its rows below it.
    #[must_use]
    pub fn sum(self, name: &str, name_en: &str, kind: Kind) -> Self {
        self.add_column(Column::new(name, name_en, kind).total(Total::Sum))
    }

    /// Adds a column of the catalogue; its code is its key.
    #[must_use]
    pub fn labelled(self, column: impl Label, kind: Kind) -> Self {
        self.column(&column.ja(), column.code(), kind)
    }

    /// Adds a column of the catalogue with the sum of its rows below it.
    #[must_use]
    pub fn summed(self, column: impl Label, kind: Kind) -> Self {
        self.sum(&column.ja(), column.code(), kind)
    }

    /// Adds a column.
    #[must_use]
    pub fn add_column(mut self, column: Column) -> Self {
        self.attempt(|b| match &mut b.open {
            None => Err(ReportError::NoSheet("a column")),
            Some(Open::Columns { columns, .. }) => {
                columns.push(column);
                Ok(())
            }
            Some(Open::Rows(sheet)) => {
                let (sheet, column) = (sheet.name().to_owned(), column.name_en().to_owned());
                Err(ReportError::LateColumn { sheet, column })
            }
        });
        self
    }

    /// Adds a row; for loops. Rows after a mistake are not kept.
    pub fn push(&mut self, row: Vec<Cell>) {
        self.attempt(|b| {
            b.begin_rows()?;
            match &mut b.open {
                Some(Open::Rows(sheet)) => sheet.push(row),
                Some(Open::Columns { .. }) | None => Err(ReportError::NoSheet("a row")),
            }
        });
    }

    /// Adds a row.
    #[must_use]
    pub fn row(mut self, row: Vec<Cell>) -> Self {
        self.push(row);
        self
    }

    /// Adds rows until one is wrong.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        for row in rows {
            if self.failed.is_some() {
                break;
            }
            self.push(row);
        }
        self
    }

    /// Adds a line below the table.
    #[must_use]
    pub fn note(mut self, text: &str) -> Self {
        self.attempt(|b| match &mut b.open {
            None => Err(ReportError::NoSheet("a note")),
            Some(Open::Columns { notes, .. }) => {
                notes.push(text.to_owned());
                Ok(())
            }
            Some(Open::Rows(sheet)) => sheet.note(text),
        });
        self
    }

    /// The report, or the first mistake in it.
    pub fn finish(mut self) -> Result<Report, ReportError> {
        self.attempt(Builder::close);
        match self.failed {
            Some(error) => Err(error),
            None if self.report.sheets.is_empty() => Err(ReportError::Sheets(0)),
            None => Ok(self.report),
        }
    }

    fn attempt(&mut self, step: impl FnOnce(&mut Self) -> Result<(), ReportError>) {
        if self.failed.is_none() {
            self.failed = step(self).err();
        }
    }

    fn begin_rows(&mut self) -> Result<(), ReportError> {
        self.open = match self.open.take() {
            Some(Open::Columns { name, columns, notes }) => {
                let mut sheet = Sheet::new(&name, columns)?;
                notes.iter().try_for_each(|note| sheet.note(note))?;
                Some(Open::Rows(sheet))
            }
            rows_or_none @ (Some(Open::Rows(_)) | None) => rows_or_none,
        };
        Ok(())
    }

    fn close(&mut self) -> Result<(), ReportError> {
        self.begin_rows()?;
        let Some(Open::Rows(sheet)) = self.open.take() else { return Ok(()) };
        let sheets = &mut self.report.sheets;
        // Excel takes two names for one when they differ by case alone.
        if sheets.iter().any(|before| before.name().to_lowercase() == sheet.name().to_lowercase()) {
            return Err(ReportError::SheetTwice(sheet.name().to_owned()));
        }
        sheets.push(sheet);
        if sheets.len() > MAX_SHEETS { Err(ReportError::Sheets(sheets.len())) } else { Ok(()) }
    }
}
