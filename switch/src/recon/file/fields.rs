//! The values of one line (RFC 4180, without line breaks in values).

/// Values in one buffer that is reused from line to line.
#[derive(Default)]
pub(super) struct Fields {
    text: String,
    ends: Vec<usize>,
}

impl Fields {
    /// Splits a line. The error says what is wrong with its quotes.
    pub(super) fn split(&mut self, line: &str) -> Result<(), &'static str> {
        self.text.clear();
        self.ends.clear();
        let mut rest = line;
        loop {
            let (next, more) = match rest.strip_prefix('"') {
                Some(quoted) => self.quoted(quoted)?,
                None => self.plain(rest)?,
            };
            self.ends.push(self.text.len());
            rest = next;
            if !more {
                return Ok(());
            }
        }
    }

    /// A value without quotes: what follows its comma, and whether there was one.
    fn plain<'a>(&mut self, rest: &'a str) -> Result<(&'a str, bool), &'static str> {
        let (value, next, more) = match rest.split_once(',') {
            Some((value, next)) => (value, next, true),
            None => (rest, "", false),
        };
        if value.contains('"') {
            return Err("a quote inside a value that does not begin with one");
        }
        self.text.push_str(value);
        Ok((next, more))
    }

    /// A value after its first quote.
    fn quoted<'a>(&mut self, mut rest: &'a str) -> Result<(&'a str, bool), &'static str> {
        loop {
            let (value, next) = rest.split_once('"').ok_or("a quote is not closed")?;
            self.text.push_str(value);
            if let Some(next) = next.strip_prefix('"') {
                self.text.push('"');
                rest = next;
            } else if let Some(next) = next.strip_prefix(',') {
                return Ok((next, true));
            } else if next.is_empty() {
                return Ok(("", false));
            } else {
                return Err("text after a closing quote");
            }
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A value without the spaces around it; empty when there is none.
    pub(super) fn get(&self, at: usize) -> &str {
        let Some(end) = self.ends.get(at) else { return "" };
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text[start..*end].trim()
    }
}
