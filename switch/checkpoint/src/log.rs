//! A file of checkpoints to which lines are only added. It may be on another machine's disk, and may be marked append-only there.

use super::lines::{self, Said};
use kazasu_ledger::signed::{Certificate, Checkpoint};
use kazasu_text::audit::AuditText;
use kazasu_text::{Because, Said as Sentence};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// So much of a file's end is looked at: thousands of checkpoints. Each covers all before it, so older ones may be missing elsewhere.
const TAIL: u64 = 4 * 1024 * 1024;

pub(super) struct Log {
    path: PathBuf,
}

impl Log {
    pub(super) fn new(path: &Path) -> Log {
        Log { path: path.to_owned() }
    }

    /// Adds lines, and waits until they are on the disk. What a crash left of a line is ended first.
    pub(super) fn append(&self, new: &[String]) -> anyhow::Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let add = || -> anyhow::Result<()> {
            if !self.path.exists() {
                kazasu_security::files::open_private(&self.path)?;
            }
            let mut file = OpenOptions::new().read(true).append(true).open(&self.path)?;
            let mut text = String::new();
            if !ends_with_a_line(&mut file)? {
                text.push('\n');
            }
            for line in new {
                text += line;
                text.push('\n');
            }
            // One write: others may add to the same file.
            file.write_all(text.as_bytes())?;
            Ok(file.sync_data()?)
        };
        Ok(add().because(|| Sentence::of(&AuditText::CannotAdd { path: &self.path.display().to_string() }))?)
    }

    /// The last checkpoint.
    pub(super) fn last(&self) -> anyhow::Result<Option<Checkpoint>> {
        Ok(self.tail()?.iter().rev().find_map(|line| lines::read_checkpoint(line)))
    }

    /// The last certificate.
    pub(super) fn last_certificate(&self) -> anyhow::Result<Option<Certificate>> {
        let read = |line: &String| match lines::read(line) {
            Ok(Said::Certificate(certificate)) => Some(certificate),
            Ok(Said::Checkpoint(_)) | Err(_) => None,
        };
        Ok(self.tail()?.iter().rev().find_map(read))
    }

    /// The lines behind the last one that `other` has as well.
    pub(super) fn since(&self, other: &Log) -> anyhow::Result<Vec<String>> {
        // What a crash left of a line may be in both, and says nothing.
        let (mut mine, theirs) = (self.tail()?, other.tail()?);
        mine.retain(|line| lines::read(line).is_ok());
        let theirs: HashSet<String> = theirs.into_iter().collect();
        let known = mine.iter().rposition(|line| theirs.contains(line)).map_or(0, |at| at + 1);
        Ok(mine.split_off(known))
    }

    /// Whole lines from the end of the file; none where there is no file.
    fn tail(&self) -> anyhow::Result<Vec<String>> {
        let read = || -> std::io::Result<(Vec<u8>, bool)> {
            let mut file = match File::open(&self.path) {
                Ok(file) => file,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), true)),
                Err(error) => return Err(error),
            };
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok((bytes, length <= TAIL))
        };
        let (bytes, whole) =
            read().because(|| Sentence::of(&AuditText::CannotRead { path: &self.path.display().to_string() }))?;
        let text = String::from_utf8_lossy(&bytes);
        // The first line may begin before the part that was read.
        Ok(text.lines().skip(usize::from(!whole)).map(str::to_owned).collect())
    }
}

fn ends_with_a_line(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kazasu_ledger::signed::Signature;
    use kazasu_schemas::jst::Millis;

    fn line(seq: u64) -> String {
        let signature = Signature { key: 1, bytes: [7; 64] };
        let (book, at, public) = ("book".into(), Millis(0), [0; 32]);
        lines::write(&Checkpoint { book, seq, hash: [9; 32], at, public, signature })
    }

    #[test]
    fn lines_that_another_file_lacks_follow_the_last_one_that_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let (own, other) = (Log::new(&dir.path().join("own")), Log::new(&dir.path().join("other")));
        assert!(own.last().unwrap().is_none() && own.since(&other).unwrap().is_empty());
        let all: Vec<String> = (1..=4).map(line).collect();
        own.append(&all[..2]).unwrap();
        assert_eq!(own.since(&other).unwrap(), all[..2]);
        other.append(&all[..1]).unwrap();
        // Another node's line, and one that a crash cut off, in both files.
        other.append(&[line(9)]).unwrap();
        own.append(&all[2..3]).unwrap();
        for log in [&own, &other] {
            let mut file = OpenOptions::new().append(true).open(&log.path).unwrap();
            file.write_all(&line(5).as_bytes()[..50]).unwrap();
        }
        assert_eq!(own.last().unwrap().map(|last| last.seq), Some(3));
        assert_eq!(own.since(&other).unwrap(), all[1..3]);
        let missing = own.since(&other).unwrap();
        other.append(&missing).unwrap();
        assert_eq!(other.last().unwrap().map(|last| last.seq), Some(3));
        assert!(own.since(&other).unwrap().is_empty());
        own.append(&all[3..]).unwrap();
        assert_eq!(own.since(&other).unwrap(), all[3..]);
        let text = std::fs::read_to_string(&other.path).unwrap();
        assert_eq!(text.lines().count(), 5, "the line that was cut off is one of its own: {text}");
    }
}
