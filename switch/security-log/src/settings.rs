//! What a log is told when it starts.

use kazasu_schemas::jst::Millis;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Who else writes the same log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Writers {
    /// No other program, as long as this one runs.
    One,
    /// Other programs, in turn: the files are let go after each write.
    Several,
}

/// Where a log is, and how long it keeps what.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its folder. It is made when the first line is written.
    pub folder: PathBuf,
    /// The name that lines have for the program that wrote them.
    pub node: String,
    /// Files that are older than so many days are removed.
    pub keep_days: u16,
    /// A file has at most about so many bytes.
    pub file_bytes: u64,
    /// Lines that may wait for the thread that writes.
    pub queue: usize,
    /// Who else writes it.
    pub writers: Writers,
    /// How long to wait for another program that writes the same log.
    pub patience: Duration,
    /// Tells the time.
    pub clock: fn() -> Millis,
}

impl Settings {
    /// A log in a folder, with 400 days of retention (PCI DSS 4.0, 10.5.1, asks for twelve months) and files of 64 MiB.
    #[must_use]
    pub fn new(folder: &Path, node: &str, clock: fn() -> Millis) -> Settings {
        Settings {
            folder: folder.to_owned(),
            node: node.to_owned(),
            keep_days: 400,
            file_bytes: 64 << 20,
            queue: 8_192,
            writers: Writers::One,
            patience: Duration::ZERO,
            clock,
        }
    }
}
