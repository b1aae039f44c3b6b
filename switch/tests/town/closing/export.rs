//! The journal as tables: with a reason, which the manifest keeps, and the security log where the journal is this place's own.

use super::journal;
use crate::harness::{Town, kazasu};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(super) fn says_why(town: &Town, records: &Value) {
    let out = town.path("export");
    let named = out.to_str().unwrap();
    assert_eq!(journal(town, &["export", "--out", named]).status.code(), Some(2), "it takes a reason");
    assert!(journal(town, &["export", "--out", named, "--why", "yearly audit"]).status.success());
    let transfers = std::fs::read_to_string(out.join("transfers.csv")).unwrap();
    assert!(transfers.starts_with("seq,leg,kind,debit,credit,amount,unit") && transfers.lines().count() > 10);
    assert!(out.join("DICTIONARY.md").is_file());
    let manifest: Value = serde_json::from_slice(&std::fs::read(out.join("MANIFEST.json")).unwrap()).unwrap();
    assert_eq!((&manifest["why"], &manifest["records"]), (&json!("yearly audit"), records), "{manifest}");
    assert_eq!(manifest["sha256"]["transfers.csv"], json!(hex::encode(Sha256::digest(transfers.as_bytes()))));
    let (again, config) = (town.path("export-2"), town.config());
    let ask = |why| kazasu(&["ledger", "export", "--out", again.to_str().unwrap(), "--why", why, "--config", &config]);
    assert_eq!(ask(" ").status.code(), Some(1), "an empty reason is none");
    assert!(!again.exists());
    let exported = ask("end of the year");
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let log = kazasu(&["audit", "log", "--json", "--kind", "export", "--config", &config]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("ledger.export") && log.contains("end of the year"), "{log}");
    assert!(!log.contains("yearly audit"), "a copy has no log beside it");
}
