//! The common parts of commands: their options, amounts as people type them, and the error of a failed check.

use crate::language::shown;
use clap::Args;
use kazasu_text::facts::Answer;
use std::path::{Path, PathBuf};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The options of every one of these commands.
#[derive(Args, Clone)]
pub(super) struct Common {
    /// The configuration file.
    #[arg(long, default_value = "kazasu.toml")]
    pub(super) config: PathBuf,
    /// The file with your session; your own folder's when absent.
    #[arg(long)]
    pub(super) session: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub(super) json: bool,
}

/// An amount as people type it, 1,000 or 1,000円 as well as 1000: whole yen.
pub(super) fn amount(text: &str) -> Result<i64, kazasu_schemas::typed::AmountError> {
    kazasu_schemas::typed::signed_yen(text).map(kazasu_schemas::money::Yen::get)
}

/// A file's name, for people who are shown what was read from it.
pub(super) fn file_name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// As much of a text as fits.
pub(super) fn fitting(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if out.width() + c.width().unwrap_or(0) >= columns {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// The text of an empty list.
pub(super) fn none() -> String {
    shown(&Answer::Nothing)
}

/// An error whose exit code is not 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct CheckFailed(pub(super) String);
