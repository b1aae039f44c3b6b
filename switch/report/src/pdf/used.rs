//! The glyphs that a document uses.

use super::face::Face;
use std::collections::{BTreeMap, BTreeSet};
use subsetter::GlyphRemapper;

/// The glyphs that a document uses, with what they mean.
#[derive(Default)]
pub(super) struct Used {
    pub(super) glyphs: GlyphRemapper,
    /// By code: what a reader who copies the glyph gets. Where two characters share a glyph, the first one used.
    pub(super) meaning: BTreeMap<u16, String>,
    pub(super) missing: BTreeSet<char>,
}

impl Used {
    /// The text as the codes of the embedded font, two bytes each.
    pub(super) fn encode(&mut self, face: &Face<'_>, text: &str) -> Vec<u8> {
        let mut codes = Vec::with_capacity(text.len());
        for glyph in face.glyphs(text) {
            let Some(id) = glyph.id else { continue };
            let code = self.glyphs.remap(id);
            self.meaning.entry(code).or_insert_with(|| glyph.copied.to_owned());
            codes.extend(code.to_be_bytes());
            if glyph.missing {
                self.missing.insert(glyph.base);
            }
        }
        codes
    }
}
