//! Checkpoints as lines of JSON: what an anchor file has, and what auditors read.

use anyhow::Context;
use kazasu_ledger::signed::{Checkpoint, Signature};
use kazasu_schemas::jst::Millis;
use kazasu_store::verify::signatures::check_checkpoint;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The form of the line: 1.
    checkpoint: u8,
    book: String,
    record: u64,
    hash: String,
    /// Milliseconds since 1970.
    at: i64,
    /// The key's version.
    key: u8,
    public: String,
    signature: String,
}

/// Without the line's end.
pub(super) fn write(checkpoint: &Checkpoint) -> String {
    let line = Line {
        checkpoint: 1,
        book: checkpoint.book.clone(),
        record: checkpoint.seq,
        hash: hex::encode(checkpoint.hash),
        at: checkpoint.at.0,
        key: checkpoint.signature.key,
        public: hex::encode(checkpoint.public),
        signature: hex::encode(checkpoint.signature.bytes),
    };
    serde_json::to_string(&line).expect("text and numbers can be written as JSON")
}

pub(super) fn read(line: &str) -> anyhow::Result<Checkpoint> {
    let line: Line = serde_json::from_str(line).context("it is no checkpoint")?;
    anyhow::ensure!(
        line.checkpoint == 1,
        "it is a checkpoint of form {}, and this program knows form 1",
        line.checkpoint
    );
    Ok(Checkpoint {
        book: line.book,
        seq: line.record,
        hash: octets(&line.hash).context("hash")?,
        at: Millis(line.at),
        public: octets(&line.public).context("public")?,
        signature: Signature { key: line.key, bytes: octets(&line.signature).context("signature")? },
    })
}

fn octets<const N: usize>(text: &str) -> anyhow::Result<[u8; N]> {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.with_context(|| format!("must be {} hexadecimal digits", N * 2))
}

/// What an anchor file holds.
#[derive(Debug, Default)]
pub struct Anchor {
    /// Its checkpoints, each with a good signature by a trusted key.
    pub checkpoints: Vec<Checkpoint>,
    /// Lines that are no checkpoint. A line that was cut off by a crash is one, and is there again in full behind it.
    pub unreadable: Vec<usize>,
}

/// Reads an anchor file. A line that reads as a checkpoint and is signed by another key, or wrongly, is an error: somebody wrote it.
pub fn read_anchor(path: &Path, trusted: &[[u8; 32]]) -> anyhow::Result<Anchor> {
    let text = kazasu_security::files::read(path)?;
    let text = String::from_utf8_lossy(&text);
    let mut out = Anchor::default();
    for (number, line) in (1..).zip(text.lines()) {
        match read(line) {
            Ok(checkpoint) => {
                let good = check_checkpoint(&checkpoint, trusted);
                good.map_err(|why| {
                    anyhow::anyhow!("{} line {number}, record {}: {why}", path.display(), checkpoint.seq)
                })?;
                out.checkpoints.push(checkpoint);
            }
            Err(_) if line.trim().is_empty() => {}
            Err(_) => out.unreadable.push(number),
        }
    }
    anyhow::ensure!(!out.checkpoints.is_empty(), "{}: there is no checkpoint in it", path.display());
    Ok(out)
}
