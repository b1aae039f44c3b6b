//! Properties that hold for every input, a module for each kind of input. The fuzz targets choose among them. A violated property
//! panics: that is the finding.
#![forbid(unsafe_code)]

#[cfg(feature = "config")]
pub mod configuration;
pub mod lists;
pub mod messages;
pub mod statements;
pub mod tables;

pub use messages::{decode, decode_only, sign_on};

/// Splits an input at each line that holds nothing but `mark`.
pub fn parts<'a>(text: &'a [u8], mark: &[u8]) -> Vec<&'a [u8]> {
    let mut out = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while at + mark.len() <= text.len() {
        if text[at..].starts_with(mark) {
            out.push(&text[begin..at]);
            at += mark.len();
            begin = at;
        } else {
            at += 1;
        }
    }
    out.push(&text[begin..]);
    out
}
