//! The settings of every connection to a journal file.

use crate::journal::{StoreError, StoreFault};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::path::Path;
use std::time::Duration;

pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(16)
        .disable_statement_logging()
}

pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    StoreError::new(error.to_string())
}

/// A new journal is its owner's alone: it says who paid what where.
pub(super) fn create_private(path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
    let make = || {
        let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = match made {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return std::fs::OpenOptions::new().write(true).open(path).map(drop);
            }
            made => made?,
        };
        // The umask may have taken the owner's own rights away.
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        // What root makes in the folder of the user that the switch runs as must be that user's. SQLite does the same for its own
        // files beside the journal.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = std::fs::metadata(folder)?;
        if file.metadata()?.uid() == 0 && folder.uid() != 0 {
            chown(path, Some(folder.uid()), Some(folder.gid()))?;
        }
        Ok(())
    };
    make().map_err(|e: std::io::Error| {
        let path = path.display().to_string();
        let words = format!("cannot open {path}: {e}");
        StoreError::of(StoreFault::CannotOpen { path }, words)
    })
}
