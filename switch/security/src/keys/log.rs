//! The key log: a line for every action on a store, in a file that is only appended to. Each line holds the hash of the one before, so
//! that a line which is changed or taken out of the middle shows.

use crate::files;
use anyhow::ensure;
use kazasu_schemas::jst::Millis;
use kazasu_text::key_store::KeyLogText;
use kazasu_text::{Count, Said, errors};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// One action.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Action {
    /// When, in Japan.
    pub at: String,
    /// Who; several people with ` + ` between them.
    pub by: String,
    /// What: `generated`, `imported`, `activated`, `retired`, `destroyed`, `wrapped`, `made`.
    pub did: String,
    /// The key's name; empty where the whole store is meant.
    pub key: String,
    /// Its version; 0 where the whole store is meant.
    pub version: u8,
    /// Its check value.
    pub kcv: String,
    /// Why, or what else is worth knowing.
    pub why: String,
    /// SHA-256 of the line before, hexadecimal; of nothing for the first.
    pub previous: String,
}

/// Who does something, when and why.
#[derive(Clone, Debug)]
pub struct Done<'a> {
    /// When.
    pub at: Millis,
    /// Who.
    pub by: &'a str,
    /// Why; may be empty.
    pub why: &'a str,
}

/// The log beside a store.
#[must_use]
pub fn log_of(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".log");
    name.into()
}

/// Appends a line; durable when this returns.
pub(super) fn append(path: &Path, mut action: Action) -> anyhow::Result<()> {
    let mut file = files::open_private(path)?;
    let failed = |error: std::io::Error| errors::unwritable(path, &error);
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| errors::unreadable(path, &error))?;
    // A line that a crash cut short stays as it is; the next one begins behind it.
    let torn = !text.is_empty() && !text.ends_with('\n');
    action.previous = hash(text.lines().last().unwrap_or_default());
    let mut line = serde_json::to_string(&action)?;
    line.push('\n');
    if torn {
        line.insert(0, '\n');
    }
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    Ok(file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?)
}

/// Every action, checked line by line.
pub fn read(path: &Path) -> anyhow::Result<Vec<Action>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(errors::unreadable(path, &error).into()),
    };
    let (mut out, mut previous) = (Vec::new(), String::new());
    let shown = &path.display().to_string();
    for (at, line) in (1..).zip(text.lines()) {
        let number = Count::from(at);
        let action = match serde_json::from_str::<Action>(line) {
            Ok(action) => action,
            // A line that a crash cut short: it is the last one, or the next one follows it.
            Err(error) => {
                let next: Option<Action> = text.lines().nth(at).map(serde_json::from_str).transpose().ok().flatten();
                let is_torn = match next {
                    Some(next) => next.previous == hash(line),
                    None => at == text.lines().count() && !text.ends_with('\n'),
                };
                let words = &error.to_string();
                ensure!(is_torn, Said::of(&KeyLogText::Line { path: shown, line: number, words }));
                line.clone_into(&mut previous);
                continue;
            }
        };
        let broken = KeyLogText::Chain { path: shown, line: number };
        ensure!(action.previous == hash(&previous), Said::of(&broken));
        line.clone_into(&mut previous);
        out.push(action);
    }
    Ok(out)
}

fn hash(line: &str) -> String {
    hex::encode(Sha256::digest(line.as_bytes()))
}
