//! The log's files: `security-00000001-2026-11-30.jsonl`. The number gives their order, and no clock does.

use crate::Digest;
use crate::error::LogError;
use crate::line::{self, Line};
use kazasu_schemas::jst::BusinessDay;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const PREFIX: &str = "security-";
const SUFFIX: &str = ".jsonl";

/// A file of the log, by its name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Segment {
    /// 1, 2, 3, …
    pub(crate) number: u64,
    /// The day in Japan on which it began.
    pub(crate) day: BusinessDay,
    pub(crate) path: PathBuf,
}

impl Segment {
    pub(crate) fn new(folder: &Path, number: u64, day: BusinessDay) -> Segment {
        Segment { number, day, path: folder.join(format!("{PREFIX}{number:08}-{day}{SUFFIX}")) }
    }

    fn of(path: PathBuf) -> Option<Segment> {
        let name = path.file_name()?.to_str()?;
        let (number, day) = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.split_once('-')?;
        Some(Segment { number: number.parse().ok()?, day: BusinessDay::parse(day)?, path })
    }

    /// The file's name.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Opens it for more lines, or makes it. Only its owner reads it, with any umask.
    pub(crate) fn open(&self) -> io::Result<File> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(file)
    }
}

/// A folder's files, the oldest first. A folder that is not there has none.
pub(crate) fn segments(folder: &Path) -> io::Result<Vec<Segment>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut out = Vec::new();
    for entry in entries {
        out.extend(Segment::of(entry?.path()));
    }
    out.sort();
    Ok(out)
}

/// Makes the folder, for its owner only.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Makes a file's name, or its removal, durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// What a folder holds, after what a crash left unfinished was cut off.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The last file that has lines.
    pub(crate) last: Option<Segment>,
    /// Its length, bytes.
    pub(crate) length: u64,
    /// The number of its last line; 0 where there is none.
    pub(crate) seq: u64,
    /// That line's hash.
    pub(crate) hash: Digest,
    /// A file, and how many bytes were cut off there.
    pub(crate) cut: Option<(String, u64)>,
    /// The last file's end cannot be read: it stays as it is, and a new file begins.
    pub(crate) is_damaged: bool,
}

/// Looks at a folder's end.
pub(crate) fn recover(folder: &Path) -> Result<Found, LogError> {
    let mut found = Found::default();
    let mut segments = segments(folder).map_err(|error| LogError::io(folder, error))?;
    while let Some(last) = segments.pop() {
        read_end(&last, &mut found).map_err(|error| LogError::io(&last.path, error))?;
        if found.seq > 0 {
            found.last = Some(last);
            break;
        }
        // It was made and never written.
        if found.length == 0 && !found.is_damaged {
            std::fs::remove_file(&last.path).map_err(|error| LogError::io(&last.path, error))?;
        }
    }
    Ok(found)
}

/// So much of a file's end is read: some dozens of the longest lines.
const TAIL: u64 = 256 * 1_024;

fn read_end(segment: &Segment, found: &mut Found) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(&segment.path)?;
    let all = file.metadata()?.len();
    let skipped = all.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    if whole < bytes.len() {
        found.cut = Some((segment.name(), length(bytes.len() - whole)));
        file.set_len(skipped + length(whole))?;
        file.sync_all()?;
        bytes.truncate(whole);
    }
    found.length = skipped + length(whole);
    // The first of these lines may begin before the part that was read.
    let begins = if skipped > 0 { bytes.iter().position(|b| *b == b'\n').map_or(whole, |at| at + 1) } else { 0 };
    let text = String::from_utf8_lossy(&bytes[begins..]);
    for (nth, line) in text.lines().rev().enumerate() {
        match (line::parts(line), Line::parse(line)) {
            (Ok((_, hash)), Ok(read)) => {
                (found.seq, found.hash) = (read.seq, hash);
                break;
            }
            // What cannot be read is evidence: it stays.
            (Err(_), _) | (_, Err(_)) => found.is_damaged |= nth == 0,
        }
    }
    Ok(())
}

/// The configuration that a file notes last. Its first line has that of before, so that no other file need be read.
pub(crate) fn configuration_of(segment: &Segment) -> io::Result<Option<Digest>> {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(&segment.path)?);
    let (mut bytes, mut last) = (Vec::new(), None);
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        last = std::str::from_utf8(&bytes).ok().and_then(|line| configuration(line.trim_end())).or(last);
        bytes.clear();
    }
    Ok(last)
}

fn configuration(line: &str) -> Option<Digest> {
    if !line.contains("\"configuration\":\"") {
        return None;
    }
    Digest::parse(Line::parse(line).ok()?.fields.get("configuration")?.as_str()?)
}

pub(crate) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// The number of a file's first line.
pub(crate) fn first_seq(segment: &Segment) -> Option<u64> {
    let mut line = String::new();
    BufReader::new(File::open(&segment.path).ok()?).read_line(&mut line).ok()?;
    Line::parse(line.trim_end()).ok().map(|line| line.seq)
}
