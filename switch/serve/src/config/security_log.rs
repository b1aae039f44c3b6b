//! `[security_log]`, and the logs that it describes.

use anyhow::{Context, ensure};
use kazasu_schemas::identity::Via;
use kazasu_security_log::{Log, Settings, Writers};
use kazasu_services::{LogFolders, Watch, WhichLog};
use kazasu_text::Said;
use kazasu_text::configuration::ConfigText;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// `[security_log]`.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityLogFile {
    /// Its folder, relative to the configuration; `security-log` in `data_dir` when it is left out.
    pub folder: Option<PathBuf>,
    /// Days that files are kept.
    pub keep_days: u16,
    /// A file has at most about so many MiB.
    pub file_mib: u16,
}

impl Default for SecurityLogFile {
    fn default() -> Self {
        SecurityLogFile { folder: None, keep_days: 400, file_mib: 64 }
    }
}

impl SecurityLogFile {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let values = [("keep_days", 3_660, u64::from(self.keep_days)), ("file_mib", 1_024, u64::from(self.file_mib))];
        for (key, most, got) in values {
            ensure!((1..=most).contains(&got), Said::of(&ConfigText::Range { key, least: 1, most, got }));
        }
        Ok(())
    }

    pub(super) fn folders(&self, base: &Path, data_dir: &Path) -> LogFolders {
        LogFolders(self.folder.as_ref().map_or_else(|| data_dir.join("security-log"), |folder| base.join(folder)))
    }
}

/// The time that a program waits for another one that writes the same log. A switch that starts again may find the one before it about to
/// end.
const PATIENCE: Duration = Duration::from_secs(5);

impl SecurityLogFile {
    /// One of the logs in these folders, for a program of this name.
    pub(super) fn watch(&self, folders: &LogFolders, which: WhichLog, name: &str) -> anyhow::Result<Watch> {
        let settings = Settings::new(&folders.of(which), name, kazasu_engine::clock::now);
        let file_bytes = u64::from(self.file_mib) << 20;
        let (via, writers) = match which {
            WhichLog::Node => (Via::Api, Writers::One),
            // Commands may run side by side.
            WhichLog::Offline => (Via::Offline, Writers::Several),
        };
        let log =
            Log::start(Settings { keep_days: self.keep_days, file_bytes, writers, patience: PATIENCE, ..settings });
        let log = log.context("cannot start the thread of the security log")?;
        Ok(Watch::new(Arc::new(log), folders.clone(), via))
    }
}
