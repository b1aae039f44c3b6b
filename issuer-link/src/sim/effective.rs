//! What each message finally stands at, read from the issuers' journal.

use super::book::Line;
use anyhow::Context;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// For each issuer and DE37 number: the yen that stand because of it. Reserved or taken above zero, given back below.
/// A last line that was cut off by a crash is left out: its answer never left.
pub fn effective(path: &Path) -> anyhow::Result<BTreeMap<(String, u64), i64>> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut out = BTreeMap::new();
    let mut lines = BufReader::new(file).lines().enumerate().peekable();
    while let Some((n, line)) = lines.next() {
        let line = line.with_context(|| format!("{} line {}", path.display(), n + 1))?;
        match serde_json::from_str::<Line>(&line) {
            Ok(line) => {
                out.insert((line.issuer, line.about), line.stands);
            }
            Err(_) if lines.peek().is_none() => {}
            Err(error) => return Err(error).with_context(|| format!("{} line {}", path.display(), n + 1)),
        }
    }
    Ok(out)
}
