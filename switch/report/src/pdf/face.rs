//! One face of a font as layout sees it: which glyph a character has and how wide it is. Reads, never draws.

use super::font_file::{Font, FontError};
use read_fonts::tables::cmap::{CmapSubtable, MapVariant, UvsSubtable};
use read_fonts::tables::hmtx::Hmtx;
use read_fonts::types::GlyphId;
use read_fonts::{FontRef, ReadError, TableProvider};

/// Stands where the font has no glyph.
const GETA: char = '〓';
/// The characters that make a font Japanese.
const JAPANESE: [char; 6] = ['あ', 'ア', '円', '様', '1', GETA];
/// OS/2 `fsType`: these bits set alone mean that the font may not be embedded.
const RESTRICTED: u16 = 0x0002;
const USAGE: u16 = 0x000f;

/// A face that is ready for layout.
pub(super) struct Face<'f> {
    characters: CmapSubtable<'f>,
    variants: Option<UvsSubtable<'f>>,
    advances: Hmtx<'f>,
    geta: u16,
    /// The data that the font's descriptor in a file needs.
    pub(super) metrics: Metrics,
}

/// Measures of a face, in thousandths of an em.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Metrics {
    /// PostScript name, reduced to letters, digits and hyphens.
    pub(super) name: String,
    pub(super) bbox: [f32; 4],
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) cap_height: f32,
    units: f32,
}

impl Metrics {
    fn scaled(&self, units: f32) -> f32 {
        units * 1_000.0 / self.units
    }
}

/// One character of a text as it is drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Glyph<'t> {
    /// The character.
    pub(super) base: char,
    /// Its glyph; `None` for one that has no shape (controls, a selector of its own).
    pub(super) id: Option<u16>,
    /// Width in ems.
    pub(super) advance: f32,
    /// The text that a reader gets by copying.
    pub(super) copied: &'t str,
    /// Bytes of the text that it stands for.
    pub(super) len: usize,
    /// The font does not have it and 〓 is drawn.
    pub(super) missing: bool,
}

/// The use of one glyph.
struct Unit<'t> {
    base: char,
    /// The glyph that a variation selector names.
    variant: Option<u16>,
    copied: &'t str,
    /// Bytes of the text.
    len: usize,
}

impl<'f> Face<'f> {
    /// Reads the face and checks that it has Japanese and may be embedded.
    pub(super) fn new(font: &'f Font) -> Result<Self, FontError> {
        let broken =
            |problem: ReadError| FontError::Broken { from: font.source().to_owned(), problem: problem.to_string() };
        let file = FontRef::from_index(font.bytes(), font.index()).map_err(broken)?;
        if file.cff2().is_ok() {
            let problem = "its outlines are variable (CFF2)".to_owned();
            return Err(FontError::Broken { from: font.source().to_owned(), problem });
        }
        let os2 = file.os2().ok();
        let fs_type = os2.as_ref().map_or(0, |os2| os2.fs_type());
        if fs_type & USAGE == RESTRICTED {
            return Err(FontError::Restricted { from: font.source().to_owned(), fs_type });
        }
        let cmap = file.cmap().map_err(broken)?;
        let not_japanese = || FontError::NotJapanese { from: font.source().to_owned() };
        let (_, _, characters) = cmap.best_subtable().ok_or_else(not_japanese)?;
        let cap_height = os2.and_then(|os2| os2.s_cap_height());
        let metrics = metrics(&file, cap_height).map_err(broken)?;
        let variants = cmap.uvs_subtable().map(|(_, table)| table);
        let advances = file.hmtx().map_err(broken)?;
        let mut face = Face { characters, variants, advances, geta: 0, metrics };
        if JAPANESE.iter().any(|c| face.glyph(*c).is_none()) {
            return Err(not_japanese());
        }
        face.geta = face.glyph(GETA).ok_or_else(not_japanese)?;
        Ok(face)
    }

    fn glyph(&self, c: char) -> Option<u16> {
        let id = self.characters.map_codepoint(c)?;
        u16::try_from(id.to_u32()).ok().filter(|id| *id != 0)
    }

    fn variant(&self, c: char, selector: char) -> Option<u16> {
        match self.variants.as_ref()?.map_variant(c, selector)? {
            MapVariant::UseDefault => None,
            MapVariant::Variant(id) => u16::try_from(id.to_u32()).ok(),
        }
    }

    /// The width of a glyph in ems.
    pub(super) fn advance(&self, id: u16) -> f32 {
        f32::from(self.advances.advance(GlyphId::from(id)).unwrap_or(0)) / self.metrics.units
    }

    /// The text's glyphs, one a character; a character and its variation selector are one.
    pub(super) fn glyphs<'s, 't>(&'s self, text: &'t str) -> impl Iterator<Item = Glyph<'t>> + use<'s, 't, 'f> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let base = rest.chars().next()?;
            let (with_base, after) = rest.split_at(base.len_utf8());
            let selector = after.chars().next().filter(|c| is_selector(*c));
            let variant = selector.and_then(|s| self.variant(base, s));
            let len = base.len_utf8() + selector.map_or(0, char::len_utf8);
            let copied = if variant.is_some() { &rest[..len] } else { with_base };
            rest = &rest[len..];
            Some(self.shaped(Unit { base, variant, copied, len }))
        })
    }

    fn shaped<'t>(&self, Unit { base, variant, copied, len }: Unit<'t>) -> Glyph<'t> {
        let (id, copied, missing) = match variant.or_else(|| self.glyph(base)) {
            _ if base == '\t' => (self.glyph(' '), " ", false),
            _ if has_no_shape(base) => (None, "", false),
            Some(id) => (Some(id), copied, false),
            None => (Some(self.geta), "〓", true),
        };
        Glyph { base, id, advance: id.map_or(0.0, |id| self.advance(id)), copied, len, missing }
    }

    /// The text's width in ems, in one line.
    pub(super) fn width(&self, text: &str) -> f32 {
        self.glyphs(text).map(|glyph| glyph.advance).sum()
    }
}

fn metrics(file: &FontRef<'_>, cap_height: Option<i16>) -> Result<Metrics, ReadError> {
    let (head, hhea) = (file.head()?, file.hhea()?);
    let mut metrics = Metrics {
        name: name(file),
        bbox: [0.0; 4],
        ascent: 0.0,
        descent: 0.0,
        cap_height: 0.0,
        units: f32::from(head.units_per_em().max(1)),
    };
    metrics.bbox = [head.x_min(), head.y_min(), head.x_max(), head.y_max()].map(|n| metrics.scaled(f32::from(n)));
    metrics.ascent = metrics.scaled(f32::from(hhea.ascender().to_i16()));
    metrics.descent = metrics.scaled(f32::from(hhea.descender().to_i16()));
    metrics.cap_height = cap_height.map_or(metrics.ascent, |n| metrics.scaled(f32::from(n)));
    Ok(metrics)
}

fn name(file: &FontRef<'_>) -> String {
    let table = file.name().ok();
    let found = table.and_then(|table| {
        let record = table.name_record().iter().find(|r| r.name_id().to_u16() == POSTSCRIPT_NAME && r.is_unicode())?;
        let text = record.string(table.string_data()).ok()?;
        Some(text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(60).collect::<String>())
    });
    found.filter(|name| !name.is_empty()).unwrap_or_else(|| "Japanese".to_owned())
}

/// The name table's id of the PostScript name.
const POSTSCRIPT_NAME: u16 = 6;

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

fn has_no_shape(c: char) -> bool {
    c.is_control()
        || is_selector(c)
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
