//! Checks a log: every line follows the one before it, through all files, from the first that is there.

use crate::error::LogError;
use crate::files::{self, Segment};
use crate::line::{self, Line};
use crate::{Digest, SecurityEvent};
use kazasu_text::Label;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// What is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Problem {
    /// A line was changed, or one before it.
    Changed {
        /// The file.
        file: String,
        /// The line of the file, from 1.
        line: u64,
        /// The number that the line states.
        seq: u64,
    },
    /// A line is no line of a log.
    Unreadable {
        /// The file.
        file: String,
        /// The line of the file, from 1.
        line: u64,
    },
    /// Lines are missing.
    Missing {
        /// The first one.
        from: u64,
        /// The last one.
        until: u64,
    },
    /// A line has a number that was there before.
    Repeated {
        /// The file.
        file: String,
        /// The line of the file, from 1.
        line: u64,
        /// The number.
        seq: u64,
    },
    /// A file does not begin where the one before it ends.
    Begins {
        /// The file.
        file: String,
    },
    /// The log does not have the line that was noted elsewhere.
    NotThere {
        /// Its number.
        seq: u64,
    },
}

/// A line's number and hash, noted elsewhere: a person who cut the log's end off did not have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Head {
    /// The number.
    pub seq: u64,
    /// The hash.
    pub hash: Digest,
}

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verified {
    /// Files.
    pub files: u64,
    /// Lines.
    pub lines: u64,
    /// The number of the first line.
    pub first: u64,
    /// The last line.
    pub last: Option<Head>,
    /// Bytes behind the last line's end: a crash, or a line that is being written.
    pub unfinished: u64,
    /// What is wrong, the first 100.
    pub problems: Vec<Problem>,
}

/// Problems that are told; a file that is damaged throughout has more.
const MOST_PROBLEMS: usize = 100;

/// Checks the log in a folder, also while it is being written. `noted` must be among its lines.
pub fn verify(folder: &Path, noted: Option<Head>) -> Result<Verified, LogError> {
    let segments = files::segments(folder).map_err(|error| LogError::io(folder, error))?;
    let mut check = Check { noted, ..Check::default() };
    for (nth, segment) in segments.iter().enumerate() {
        check.file(segment, nth + 1 == segments.len()).map_err(|error| LogError::io(&segment.path, error))?;
    }
    Ok(check.end())
}

#[derive(Default)]
struct Check {
    out: Verified,
    noted: Option<Head>,
    noted_is_there: bool,
    /// The last line that retention removed, as lines say.
    retired_through: u64,
}

impl Check {
    fn file(&mut self, segment: &Segment, is_last: bool) -> std::io::Result<()> {
        self.out.files += 1;
        let mut reader = BufReader::with_capacity(1 << 18, File::open(&segment.path)?);
        let (mut bytes, mut number) = (Vec::new(), 0);
        loop {
            bytes.clear();
            if reader.read_until(b'\n', &mut bytes)? == 0 {
                return Ok(());
            }
            number += 1;
            if bytes.pop_if(|last| *last == b'\n').is_none() && is_last {
                self.out.unfinished = files::length(bytes.len());
                return Ok(());
            }
            match std::str::from_utf8(&bytes).ok().and_then(Read::of) {
                Some(read) => self.line(&read, (segment, number)),
                None => self.problem(Problem::Unreadable { file: segment.name(), line: number }),
            }
        }
    }

    fn line(&mut self, read: &Read<'_>, (segment, number): (&Segment, u64)) {
        self.out.lines += 1;
        let begins = number == 1;
        let after = read.after();
        if begins != after.is_some() {
            self.problem(Problem::Begins { file: segment.name() });
        }
        let before = match (self.out.last, after) {
            (Some(last), Some(after)) if last.hash != after => {
                self.problem(Problem::Begins { file: segment.name() });
                last
            }
            (Some(last), _) => last,
            (None, after) => {
                self.out.first = read.seq;
                Head { seq: read.seq.saturating_sub(1), hash: after.unwrap_or_default() }
            }
        };
        let expected = before.seq + 1;
        if read.seq > expected {
            self.problem(Problem::Missing { from: expected, until: read.seq - 1 });
        } else if read.seq < expected {
            self.problem(Problem::Repeated { file: segment.name(), line: number, seq: read.seq });
        } else if before.hash.followed_by(read.body.as_bytes()) != read.hash {
            self.problem(Problem::Changed { file: segment.name(), line: number, seq: read.seq });
        }
        let head = Head { seq: read.seq, hash: read.hash };
        self.noted_is_there |= self.noted == Some(head);
        self.retired_through = self.retired_through.max(read.retired_through());
        self.out.last = Some(head);
    }

    fn problem(&mut self, problem: Problem) {
        if self.out.problems.len() < MOST_PROBLEMS {
            self.out.problems.push(problem);
        }
    }

    fn end(mut self) -> Verified {
        if self.out.first > 1 && self.retired_through + 1 < self.out.first {
            self.problem(Problem::Missing { from: self.retired_through + 1, until: self.out.first - 1 });
        }
        if let Some(noted) = self.noted.filter(|_| !self.noted_is_there) {
            self.problem(Problem::NotThere { seq: noted.seq });
        }
        self.out
    }
}

/// As much of a line as the chain needs.
struct Read<'a> {
    text: &'a str,
    body: &'a str,
    hash: Digest,
    seq: u64,
}

impl Read<'_> {
    fn of(text: &str) -> Option<Read<'_>> {
        let (body, hash) = line::parts(text).ok()?;
        let digits = body.strip_prefix("{\"seq\":")?.split_once(',')?.0;
        Some(Read { text, body, hash, seq: digits.parse().ok()? })
    }

    fn is(&self, event: SecurityEvent) -> bool {
        self.text.contains(&format!("\"event\":\"{}\"", event.code()))
    }

    /// The hash before a file's first line.
    fn after(&self) -> Option<Digest> {
        if !self.text.contains("\"after\":\"") || !self.is(SecurityEvent::FileBegun) {
            return None;
        }
        let line = Line::parse(self.text).ok()?;
        Digest::parse(line.fields.get("after")?.as_str()?)
    }

    fn retired_through(&self) -> u64 {
        if !self.text.contains("\"through\":") || !self.is(SecurityEvent::RetentionApplied) {
            return 0;
        }
        let through = |line: Line| line.fields.get("through")?.as_u64();
        Line::parse(self.text).ok().and_then(through).unwrap_or(0)
    }
}
