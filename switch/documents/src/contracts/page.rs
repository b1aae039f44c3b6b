//! Places in the file, and problems with their lines.

use crate::policy::Problem;
use kazasu_text::documents::{PlaceText, SourceText};
use kazasu_text::{Said, Text};

/// The most problems that are told one by one.
const MOST_PROBLEMS: usize = 100;

/// The file's text and what is wrong with it so far.
pub(super) struct Page<'a> {
    source: &'a str,
    problems: Vec<Problem>,
    untold: usize,
}

impl<'a> Page<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Page { source, problems: Vec::new(), untold: 0 }
    }

    /// A problem at a place in bytes.
    pub(super) fn tell(&mut self, place: usize, text: Said) {
        if self.problems.len() < MOST_PROBLEMS {
            let before = &self.source.as_bytes()[..place.min(self.source.len())];
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            self.problems.push(Problem { line, text });
        } else {
            self.untold += 1;
        }
    }

    /// A table whose keys are read next.
    pub(super) fn at(&mut self, start: usize, what: &PlaceText<'_>) -> At<'_, 'a> {
        At { page: self, start, what: Said::of(what) }
    }

    /// The number of problems so far.
    pub(super) fn count(&self) -> usize {
        self.problems.len() + self.untold
    }

    /// All problems by line.
    pub(super) fn problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.line);
        if self.untold > 0 {
            let line = self.problems.last().map_or(1, |problem| problem.line);
            let text = Said::of(&SourceText::More { problems: self.untold.into() });
            self.problems.push(Problem { line, text });
        }
        self.problems
    }
}

/// A table of the file, and how problems with its keys are told.
pub(super) struct At<'p, 'a> {
    page: &'p mut Page<'a>,
    start: usize,
    what: Said,
}

impl At<'_, '_> {
    /// A problem with a key of the table, at the key's line; at the table's when the key is not there.
    pub(super) fn wrong(&mut self, key: &str, problem: &impl Text) {
        let place = key_place(self.page.source, self.start, key).unwrap_or(self.start);
        let text = PlaceText::Key { table: &self.what, key, problem: &Said::of(problem) };
        self.page.tell(place, Said::of(&text));
    }

    /// A problem with the table as a whole, at its beginning.
    pub(super) fn unfit(&mut self, problem: &impl Text) {
        let text = PlaceText::Whole { table: &self.what, problem: &Said::of(problem) };
        self.page.tell(self.start, Said::of(&text));
    }

    /// Reads one key; the problem is noted and a stand-in goes on, so that the other keys are looked at too.
    pub(super) fn key<T>(&mut self, key: &str, value: Result<T, Said>, otherwise: T) -> T {
        value.unwrap_or_else(|problem| {
            self.wrong(key, &problem);
            otherwise
        })
    }
}

/// The place of a key in the table that begins at `start`. The table ends at the next line that opens one.
fn key_place(source: &str, start: usize, key: &str) -> Option<usize> {
    let mut place = start;
    for (n, line) in source.get(start..)?.split_inclusive('\n').enumerate() {
        let text = line.trim_start();
        if n > 0 && text.starts_with('[') {
            return None;
        }
        if text.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('=')) {
            return Some(place);
        }
        place += line.len();
    }
    None
}
