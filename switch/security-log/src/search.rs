//! Finding lines.

use crate::error::LogError;
use crate::files;
use crate::line::Line;
use crate::{ResidentRef, SecurityEvent};
use kazasu_schemas::canonical::same;
use kazasu_schemas::jst::Millis;
use kazasu_text::Label;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::Path;

/// Which lines. What is absent does not restrict.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// From this moment on.
    pub from: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
    /// Asked by this name, however it is spelt.
    pub person: Option<String>,
    /// About this resident.
    pub resident: Option<ResidentRef>,
    /// Of this kind.
    pub kind: Option<SecurityEvent>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// Behind the line with this number.
    pub after: u64,
}

/// Hands the lines of a folder that fit to `found`, the oldest first, until it breaks off. A line that cannot be read is passed over:
/// [`crate::verify`] tells of it.
pub fn search(
    folder: &Path,
    filter: &Filter,
    mut found: impl FnMut(&str, Line) -> ControlFlow<()>,
) -> Result<(), LogError> {
    let segments = files::segments(folder).map_err(|error| LogError::io(folder, error))?;
    let wanted = Wanted::of(filter);
    for (nth, segment) in segments.iter().enumerate() {
        let next_begins = || segments.get(nth + 1).and_then(files::first_seq);
        if filter.after > 0 && next_begins().is_some_and(|first| first <= filter.after + 1) {
            continue;
        }
        // A file may end with lines of the day after its own, and a clock may have been put back by a few hours.
        let ends_before =
            segments.get(nth + 1).is_some_and(|next| filter.from.is_some_and(|from| next.day.0 < from.jst_day().0 - 1));
        if ends_before || filter.until.is_some_and(|until| segment.day.0 > until.jst_day().0 + 1) {
            continue;
        }
        let open = File::open(&segment.path).map_err(|error| LogError::io(&segment.path, error))?;
        let mut reader = BufReader::with_capacity(1 << 18, open);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = reader.read_until(b'\n', &mut bytes).map_err(|error| LogError::io(&segment.path, error))?;
            // The last line may be being written.
            if read == 0 || bytes.pop_if(|last| *last == b'\n').is_none() {
                break;
            }
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            if let Some(line) = wanted.read(text)
                && found(text, line).is_break()
            {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A filter, with the texts that a line must contain: most lines are passed over without being read as JSON.
struct Wanted<'a> {
    filter: &'a Filter,
    contains: Vec<String>,
    from: Option<String>,
    until: Option<String>,
}

impl Wanted<'_> {
    fn of(filter: &Filter) -> Wanted<'_> {
        let mut contains = Vec::new();
        contains.extend(filter.kind.map(|kind| format!("\"event\":\"{}\"", kind.code())));
        contains.extend(filter.resident.map(|resident| format!("\"{resident}\"")));
        contains.extend(filter.outcome.as_ref().map(|outcome| format!("\"outcome\":\"{outcome}\"")));
        contains.extend(filter.person.as_ref().map(|_| "\"by\":\"".to_owned()));
        let (from, until) = (filter.from.map(Millis::jst_text), filter.until.map(Millis::jst_text));
        Wanted { filter, contains, from, until }
    }

    fn read(&self, text: &str) -> Option<Line> {
        if !self.contains.iter().all(|part| text.contains(part.as_str())) {
            return None;
        }
        // Moments in Japan's time, all of one length, have the order of their texts.
        let at = text.split_once("\"at\":\"").and_then(|(_, rest)| rest.split_once('"'))?.0;
        let early = self.from.as_ref().is_some_and(|from| at < from.as_str());
        if early || self.until.as_ref().is_some_and(|until| at >= until.as_str()) {
            return None;
        }
        if !self.may_be_asked_by(text) {
            return None;
        }
        let line = Line::parse(text).ok()?;
        let by = line.fields.get("by").and_then(serde_json::Value::as_str);
        let person = self.filter.person.as_ref().is_none_or(|person| by.is_some_and(|by| same(by, person)));
        (person && line.seq > self.filter.after).then_some(line)
    }

    /// Is the name in the line the one that is looked for, as far as that is seen without reading the line as JSON?
    fn may_be_asked_by(&self, text: &str) -> bool {
        let Some(person) = &self.filter.person else { return true };
        let by = text.split_once("\"by\":\"").and_then(|(_, rest)| rest.split_once('"'));
        // A name with a quotation mark in it ends later: the line is read.
        by.is_none_or(|(by, _)| by.contains('\\') || same(by, person))
    }
}
