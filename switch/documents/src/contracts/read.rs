//! Reading the file. Every problem is found, not only the first, and each names its line.

use super::file::File;
use super::page::Page;
use super::{check, convert};
use crate::policy::Problem;
use crate::policy::file::{grammar, too_long};
use kazasu_schemas::contract::Contracts;

/// The largest contract file.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A file that shows every key.
pub const SAMPLE: &str = include_str!("sample.toml");

/// Reads a contract file; all its problems when it has any.
pub fn read(source: &str) -> Result<Contracts, Vec<Problem>> {
    let mut page = Page::new(source);
    if source.len() > MOST_BYTES {
        page.tell(0, too_long(source.len(), MOST_BYTES));
        return Err(page.problems());
    }
    let file: File = match toml::from_str(source) {
        Ok(file) => file,
        Err(error) => {
            page.tell(error.span().map_or(0, |span| span.start), grammar(&error));
            return Err(page.problems());
        }
    };
    let (contracts, places) = convert::convert(file, &mut page);
    check::check(&contracts, &places, &mut page);
    let problems = page.problems();
    if problems.is_empty() { Ok(contracts) } else { Err(problems) }
}
