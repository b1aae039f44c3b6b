//! The journal as tables, for auditors: everything that residents paid leaves in files, so a person says why. The reason is in the manifest
//! beside the tables, and in the security log where the journal is this place's own.

use super::audit::export;
use crate::Watch;
use crate::error::{Result, ServiceError};
use crate::fields::reason;
use kazasu_schemas::jst::Millis;
use kazasu_security_log::value::{Free, Object, Word};
use kazasu_security_log::{Act, Event};
use kazasu_store::Store;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The tables, as files.
const TABLES: [&str; 4] = ["records.csv", "transfers.csv", "accounts.csv", "DICTIONARY.md"];

/// An export of the journal.
pub struct Export<'a> {
    /// The folder for the files.
    pub folder: &'a Path,
    /// The reason, as the person gave it.
    pub why: &'a str,
    /// Who works on the journal: the machine's user, since no person signs in here.
    pub user: u64,
    /// The security log of this place; none where the journal is a copy elsewhere.
    pub watch: Option<&'a Watch>,
}

/// Writes the journal as CSV tables into a folder, with a manifest that says when, by whom and why. Nothing is written before the security
/// log has its line. Returns how many records and transfers there are.
pub async fn export_journal(store: &dyn Store, export_of: Export<'_>) -> Result<(u64, u64)> {
    let Export { folder, why, user, watch } = export_of;
    let why = reason("why", why)?;
    if let Some(log) = watch.and_then(Watch::log) {
        log.must(Event::Export(line(user, &why))).await.map_err(ServiceError::Unlogged)?;
    }
    let head = store.reader().await.map_err(ServiceError::inside)?.head().await.map_err(ServiceError::inside)?;
    let (records, transfers) = export(store, folder).await.map_err(ServiceError::Other)?;
    let mut files = serde_json::Map::new();
    for name in TABLES {
        let bytes = std::fs::read(folder.join(name)).map_err(ServiceError::inside)?;
        files.insert(name.to_owned(), hex::encode(Sha256::digest(&bytes)).into());
    }
    let at: Millis = kazasu_engine::clock::now();
    let manifest = json!({
        "at": at.jst_text(), "why": why, "user": user, "records": records, "transfers": transfers,
        "journal": { "record": head.seq, "hash": hex::encode(head.hash) }, "sha256": files,
    });
    let text = serde_json::to_vec_pretty(&manifest).map_err(ServiceError::inside)?;
    kazasu_security::files::write_private(&folder.join("MANIFEST.json"), &text).map_err(ServiceError::Other)?;
    Ok((records, transfers))
}

fn line(user: u64, why: &str) -> Act {
    Act {
        by: Word::new(crate::OFFLINE),
        caller: Word::new("keeper"),
        via: Word::new(crate::OFFLINE),
        operation: Word::new("ledger.export"),
        outcome: Word::new("allowed"),
        residents: Vec::new(),
        about: vec![Object::numbered("user", user)],
        why: Some(Free::new(why)),
        reason: None,
        network: None,
        proven: None,
        statement: None,
        key: None,
    }
}
