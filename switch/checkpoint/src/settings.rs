//! `[audit]` of the configuration.

use anyhow::ensure;
use kazasu_text::audit::AuditText;
use kazasu_text::configuration::ConfigText;
use kazasu_text::{Quoted, Said};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// `[audit]`: when checkpoints are made, and where they go. Without the key file's `[audit]` there are none.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSection {
    /// While there are new records, a checkpoint each so many seconds.
    pub checkpoint_seconds: u64,
    /// And after so many records.
    pub checkpoint_records: u64,
    /// An append-only file elsewhere; relative to this file.
    pub anchor_file: Option<PathBuf>,
    /// An authority for time stamps.
    pub timestamp: Option<TimestampSection>,
}

impl Default for AuditSection {
    fn default() -> Self {
        AuditSection { checkpoint_seconds: 60, checkpoint_records: 10_000, anchor_file: None, timestamp: None }
    }
}

/// `[audit.timestamp]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct TimestampSection {
    /// The authority's address (RFC 3161 over HTTP).
    pub url: String,
    /// While there are new checkpoints, a stamp each so many seconds.
    #[serde(default = "default_stamps")]
    pub seconds: u64,
    /// The folder of the stamps, relative to the configuration. `timestamps` in the data folder when left out.
    pub folder: Option<PathBuf>,
    /// PEM file of authorities that are trusted for `https` besides the system's own; relative to the configuration.
    pub authorities: Option<PathBuf>,
}

fn default_stamps() -> u64 {
    3_600
}

/// The same, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// This node's own checkpoints.
    pub file: PathBuf,
    /// At the latest after this time.
    pub every: Duration,
    /// At the latest after so many records.
    pub records: u64,
    /// The append-only file elsewhere.
    pub anchor: Option<PathBuf>,
    /// The authority.
    pub timestamps: Option<Timestamps>,
}

/// The source of time stamps.
#[derive(Debug, Clone)]
pub struct Timestamps {
    /// The authority's address.
    pub url: String,
    /// The shortest time between two.
    pub every: Duration,
    /// The folder in which they are kept.
    pub folder: PathBuf,
    /// Further authorities for TLS.
    pub authorities: Option<PathBuf>,
}

impl AuditSection {
    /// Checks the values; paths become absolute to `base`, the node's own file is in `data_dir`.
    pub fn check(&self, base: &Path, data_dir: &Path) -> anyhow::Result<Settings> {
        let within = |key: &str, got: u64, range: std::ops::RangeInclusive<u64>| {
            let (least, most) = (*range.start(), *range.end());
            ensure!(range.contains(&got), Said::of(&ConfigText::Range { key, least, most, got }));
            Ok(())
        };
        within("checkpoint_seconds", self.checkpoint_seconds, 1..=3_600)?;
        within("checkpoint_records", self.checkpoint_records, 1..=1_000_000)?;
        let file = data_dir.join("checkpoints.jsonl");
        let anchor = self.anchor_file.as_ref().map(|path| base.join(path));
        let own = &file.display().to_string();
        ensure!(anchor.as_ref() != Some(&file), Said::of(&AuditText::AnchorIsOwn { path: own }));
        let timestamps = match &self.timestamp {
            None => None,
            Some(section) => {
                within("timestamp.seconds", section.seconds, 1..=604_800)?;
                let is_whole = |url: &kazasu_http_client::Uri| {
                    matches!(url.scheme_str(), Some("http" | "https"))
                        && url.host().is_some_and(|host| !host.is_empty())
                };
                let is_url = section.url.parse().is_ok_and(|url| is_whole(&url));
                ensure!(is_url, Said::of(&AuditText::StampUrl { got: Quoted(&section.url) }));
                Some(Timestamps {
                    url: section.url.clone(),
                    every: Duration::from_secs(section.seconds),
                    folder: section.folder.as_ref().map_or_else(|| data_dir.join("timestamps"), |path| base.join(path)),
                    authorities: section.authorities.as_ref().map(|path| base.join(path)),
                })
            }
        };
        let every = Duration::from_secs(self.checkpoint_seconds);
        Ok(Settings { file, every, records: self.checkpoint_records, anchor, timestamps })
    }

    /// Is there anything in it that needs a key?
    #[must_use]
    pub fn needs_a_key(&self) -> bool {
        self.anchor_file.is_some() || self.timestamp.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<Settings, String> {
        let section: AuditSection = toml::from_str(text).map_err(|e| e.to_string())?;
        section.check(Path::new("/etc/kazasu"), Path::new("/var/lib/kazasu")).map_err(|e| format!("{e:#}"))
    }

    #[test]
    fn settings_have_defaults_and_paths_of_their_own() {
        let settings = checked("").unwrap();
        assert_eq!((settings.every, settings.records), (Duration::from_secs(60), 10_000));
        assert_eq!(settings.file, Path::new("/var/lib/kazasu/checkpoints.jsonl"));
        assert!(settings.anchor.is_none() && settings.timestamps.is_none());
        let settings = checked("anchor_file = \"/mnt/a.jsonl\"\n[timestamp]\nurl = \"http://tsa.example/t\"").unwrap();
        assert_eq!(settings.anchor.as_deref(), Some(Path::new("/mnt/a.jsonl")));
        let stamps = settings.timestamps.unwrap();
        assert_eq!((stamps.every, stamps.folder), (Duration::from_secs(3_600), "/var/lib/kazasu/timestamps".into()));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, says) in [
            ("checkpoint_seconds = 0", "checkpoint_seconds must be 1 to 3600, got 0"),
            ("checkpoint_records = 0", "checkpoint_records must be 1 to 1000000, got 0"),
            ("anchor_file = \"/var/lib/kazasu/checkpoints.jsonl\"", "anchor_file must be another file"),
            ("[timestamp]\nurl = \"ftp://tsa.example\"", "timestamp.url must be http://HOST"),
            ("[timestamp]\nurl = \"http://tsa.example\"\nseconds = 0", "timestamp.seconds must be 1 to 604800, got 0"),
            ("anchor = \"x\"", "unknown field"),
        ] {
            let said = checked(text).map(|_| ()).unwrap_err();
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
