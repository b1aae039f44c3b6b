//! The lock on a data folder.

use kazasu_text::key_store::KeyStoreText;
use kazasu_text::{Because, Said};
use std::fs::{File, TryLockError};
use std::path::Path;

/// The lock on a data folder: one process writes a journal.
#[derive(Debug)]
pub struct DataLock(#[allow(dead_code, reason = "the lock lives as long as the file is open")] File);

/// Another process holds the data folder.
#[derive(Debug, thiserror::Error)]
#[error("{0} is in use by another kazasu process")]
pub struct InUse(String);

impl InUse {
    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.0
    }
}

/// Creates the data folder if need be and takes its lock.
pub fn lock(data_dir: &Path) -> anyhow::Result<DataLock> {
    kazasu_security::files::private_folder(data_dir)?;
    let path = data_dir.join("lock");
    let file = kazasu_security::files::open_private(&path)?;
    let unlocked = || Said::of(&KeyStoreText::CannotLock { path: &path.display().to_string() });
    match file.try_lock() {
        Ok(()) => Ok(DataLock(file)),
        Err(TryLockError::WouldBlock) => Err(InUse(data_dir.display().to_string()).into()),
        Err(TryLockError::Error(error)) => Ok(Err(error).because(unlocked)?),
    }
}
