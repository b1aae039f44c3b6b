//! The key log: a line for every action on a store, in a file that is only appended to. Each line holds the hash of the one before, so
//! that a line which is changed or taken out of the middle shows.

use crate::files;
use anyhow::{Context, ensure};
use kazasu_schemas::jst::Millis;
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
    let failed = || format!("cannot write {}", path.display());
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(|| format!("cannot read {}", path.display()))?;
    // A line that a crash cut short stays as it is; the next one begins behind it.
    let torn = !text.is_empty() && !text.ends_with('\n');
    action.previous = hash(text.lines().last().unwrap_or_default());
    let mut line = serde_json::to_string(&action)?;
    line.push('\n');
    if torn {
        line.insert(0, '\n');
    }
    file.seek(SeekFrom::End(0)).with_context(failed)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).with_context(failed)
}

/// Every action, checked line by line.
pub fn read(path: &Path) -> anyhow::Result<Vec<Action>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let (mut out, mut previous) = (Vec::new(), String::new());
    for (at, line) in (1..).zip(text.lines()) {
        let place = || format!("{} line {at}", path.display());
        let action = match serde_json::from_str::<Action>(line) {
            Ok(action) => action,
            // A line that a crash cut short: it is the last one, or the next one follows it.
            Err(error) => {
                let next: Option<Action> = text.lines().nth(at).map(serde_json::from_str).transpose().ok().flatten();
                let is_torn = match next {
                    Some(next) => next.previous == hash(line),
                    None => at == text.lines().count() && !text.ends_with('\n'),
                };
                ensure!(is_torn, "{}: {error}", place());
                line.clone_into(&mut previous);
                continue;
            }
        };
        ensure!(
            action.previous == hash(&previous),
            "{}: the line before it is not the one that it follows: a line was changed, added or taken out",
            place()
        );
        line.clone_into(&mut previous);
        out.push(action);
    }
    Ok(out)
}

fn hash(line: &str) -> String {
    hex::encode(Sha256::digest(line.as_bytes()))
}
