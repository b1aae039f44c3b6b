//! Time stamps of checkpoints: an authority signs that it saw one at a time that it says (RFC 3161).
//!
//! Of each stamped checkpoint the folder has the line itself (`RECORD.json`, without a line's end: that is what was stamped) and the
//! authority's reply (`RECORD.tsr`), as `openssl ts -verify -data RECORD.json -in RECORD.tsr` takes them.

use super::lines;
use super::settings::Timestamps;
use anyhow::Context;
use kazasu_http_client::{Client, Limits, Tls};
use kazasu_ledger::signed::Checkpoint;
use kazasu_security::files::{private_folder, write_private};
use kazasu_security::timestamp::Request;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// The time that one request may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most that is read of a reply, in bytes. A token with its certificates has some thousands.
const MOST_REPLY: u64 = 256 * 1024;

/// Has a checkpoint stamped and keeps the stamp. One that is kept already is not asked for again.
pub(super) fn stamp(checkpoint: &Checkpoint, authority: &Timestamps) -> anyhow::Result<()> {
    let path = |ending: &str| authority.folder.join(format!("{}.{ending}", checkpoint.seq));
    let line = lines::write(checkpoint);
    let kept = std::fs::read(path("json")).is_ok_and(|kept| kept == line.as_bytes());
    if kept && path("tsr").is_file() {
        return Ok(());
    }
    let random = kazasu_engine::clock::random_bytes(8)?;
    let random = random.try_into().map_err(|_| anyhow::anyhow!("eight random bytes"))?;
    let request = Request::new(Sha256::digest(line.as_bytes()).into(), random);
    let reply = ask(authority, &request.to_der()).with_context(|| format!("time stamps from {}", authority.url))?;
    let time = request.check(&reply).with_context(|| format!("time stamps from {}", authority.url))?;
    private_folder(&authority.folder)?;
    // The reply last: a line without one is asked for again.
    write_private(&path("json"), line.as_bytes())?;
    write_private(&path("tsr"), &reply)?;
    tracing::info!(record = checkpoint.seq, %time, "a checkpoint was stamped");
    Ok(())
}

fn ask(authority: &Timestamps, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let tls = if authority.url.to_ascii_lowercase().starts_with("https:") {
        Some(Tls::trusting("audit.timestamp", authority.authorities.as_deref())?)
    } else {
        None
    };
    let client = Client::new(Limits::within(PATIENCE), tls);
    let headers = [("content-type", "application/timestamp-query"), ("accept", "application/timestamp-reply")];
    let reply = client.send(&authority.url, &headers, Some(request))?;
    anyhow::ensure!(reply.status() == 200, "the authority answered {}", reply.status());
    reply.bytes(MOST_REPLY)
}
