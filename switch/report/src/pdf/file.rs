//! Pages as a PDF file: the page tree, the font cut to the glyphs in use with its widths and its way back to Unicode, and what the file
//! says of itself. Streams are compressed by code that gives the same bytes on every machine.

use super::canvas::{Drawn, FONT};
use super::error::PdfError;
use super::face::Face;
use super::font_file::Font;
use super::used::Used;
use crate::Report;
use kazasu_schemas::jst::Millis;
use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Date, Filter, Finish, Name, Rect, Ref, Str, TextStr};
use read_fonts::FontRef;
use read_fonts::types::Tag;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, UtcOffset};

const SYSTEM_INFO: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
const COMPRESSION: u8 = 6;

/// A finished statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its pages.
    pub pages: usize,
    /// Characters that the font does not have, each once; 〓 stands in their place.
    pub missing: Vec<char>,
}

/// The ids of the file's objects; two for each page follow.
struct Ids {
    next: i32,
}

impl Ids {
    fn take(&mut self) -> Ref {
        self.next += 1;
        Ref::new(self.next)
    }
}

/// The finished file.
pub(super) fn write(report: &Report, font: &Font, drawn: Drawn<'_>) -> Result<Pdf, PdfError> {
    let Drawn { face, paper, pages, used } = drawn;
    let mut ids = Ids { next: 0 };
    let (catalog, tree, info, font_id) = (ids.take(), ids.take(), ids.take(), ids.take());
    let mut pdf = pdf_writer::Pdf::with_settings(pdf_writer::Settings { pretty: false });
    pdf.set_version(1, 7);
    let count = pages.len();
    let mut hash = Sha256::new();
    let mut kids = Vec::with_capacity(count);
    for content in pages {
        let (page_id, content_id) = (ids.take(), ids.take());
        let mut page = pdf.page(page_id);
        page.media_box(Rect::new(0.0, 0.0, paper.width, paper.height)).parent(tree).contents(content_id);
        page.resources().fonts().pair(FONT, font_id);
        page.finish();
        let content = content.finish();
        hash.update(content.as_slice());
        let packed = compress_to_vec_zlib(content.as_slice(), COMPRESSION);
        pdf.stream(content_id, &packed).filter(Filter::FlateDecode);
        kids.push(page_id);
    }
    let kid_count = i32::try_from(kids.len()).expect("at most MAX_PAGES");
    pdf.pages(tree).kids(kids).count(kid_count);
    let font_ids = FontIds::take(font_id, &mut ids);
    Embedded { font, face, used: &used }.write(&mut pdf, &font_ids, &mut hash)?;
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("ja"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    let mut about = pdf.document_info(info);
    about.title(TextStr(report.title())).subject(TextStr(report.title_en()));
    about.creator(TextStr("Kazasu")).producer(TextStr("Kazasu"));
    if let Some(date) = date(report.made_at()) {
        about.creation_date(date);
    }
    about.finish();
    hash.update(report.title().as_bytes());
    hash.update(report.made_at().0.to_be_bytes());
    let id = hash.finalize()[..16].to_vec();
    pdf.set_file_id((id.clone(), id));
    Ok(Pdf { bytes: pdf.finish(), pages: count, missing: used.missing.into_iter().collect() })
}

/// The ids of the font's objects.
struct FontIds {
    font: Ref,
    cid: Ref,
    descriptor: Ref,
    unicode: Ref,
    file: Ref,
}

impl FontIds {
    fn take(font: Ref, ids: &mut Ids) -> FontIds {
        FontIds { font, cid: ids.take(), descriptor: ids.take(), unicode: ids.take(), file: ids.take() }
    }
}

/// The font, cut to the glyphs in use.
struct Embedded<'a> {
    font: &'a Font,
    face: &'a Face<'a>,
    used: &'a Used,
}

impl Embedded<'_> {
    fn write(&self, pdf: &mut pdf_writer::Pdf, ids: &FontIds, hash: &mut Sha256) -> Result<(), PdfError> {
        let Embedded { font, face, used } = self;
        let broken = |problem: &dyn ToString| PdfError::Subset(problem.to_string());
        let subset = subsetter::subset(font.bytes(), font.index(), &used.glyphs).map_err(|e| broken(&e))?;
        hash.update(&subset);
        let cff = FontRef::new(&subset).map_err(|e| broken(&e))?.table_data(Tag::new(b"CFF "));
        let name = format!("{}+{}", subset_tag(&subset), face.metrics.name);
        let name = Name(name.as_bytes());

        pdf.type0_font(ids.font)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(ids.cid)
            .to_unicode(ids.unicode);

        let mut cid = pdf.cid_font(ids.cid);
        cid.subtype(if cff.is_some() { CidFontType::Type0 } else { CidFontType::Type2 });
        cid.base_font(name).system_info(SYSTEM_INFO).font_descriptor(ids.descriptor).default_width(1_000.0);
        if cff.is_none() {
            cid.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        // Codes count up from 0 in the order in which glyphs were first used.
        cid.widths().consecutive(0, used.glyphs.remapped_gids().map(|id| face.advance(id) * 1_000.0));
        cid.finish();

        let [left, bottom, right, top] = face.metrics.bbox;
        let mut descriptor = pdf.font_descriptor(ids.descriptor);
        descriptor.name(name).flags(FontFlags::SYMBOLIC).bbox(Rect::new(left, bottom, right, top));
        descriptor.italic_angle(0.0).ascent(face.metrics.ascent).descent(face.metrics.descent);
        // The format wants a stem width; viewers use it only when they have to replace the font.
        descriptor.cap_height(face.metrics.cap_height).stem_v(80.0);
        if cff.is_some() {
            descriptor.font_file3(ids.file);
        } else {
            descriptor.font_file2(ids.file);
        }
        descriptor.finish();

        let mut unicode = UnicodeCmap::new(Name(b"Kazasu"), SYSTEM_INFO);
        for (code, meaning) in &used.meaning {
            unicode.pair_with_multiple(*code, meaning.chars());
        }
        let unicode = compress_to_vec_zlib(unicode.finish().as_slice(), COMPRESSION);
        pdf.cmap(ids.unicode, &unicode).filter(Filter::FlateDecode);

        let program = cff.as_ref().map_or(subset.as_slice(), |table| table.as_bytes());
        let packed = compress_to_vec_zlib(program, COMPRESSION);
        let mut stream = pdf.stream(ids.file, &packed);
        stream.filter(Filter::FlateDecode);
        if cff.is_some() {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        } else {
            // The length before compression, which PDF wants for TrueType.
            stream.pair(Name(b"Length1"), i32::try_from(program.len()).map_err(|e| broken(&e))?);
        }
        Ok(())
    }
}

/// Six letters that differ between subsets (ISO 32000-1, 9.6.4).
fn subset_tag(subset: &[u8]) -> String {
    let hash = Sha256::digest(subset);
    hash.iter().take(6).map(|byte| char::from(b'A' + byte % 26)).collect()
}

fn date(at: Millis) -> Option<Date> {
    let offset = UtcOffset::from_hms(9, 0, 0).ok()?;
    let at = OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000)).ok()?.checked_to_offset(offset)?;
    let year = u16::try_from(at.year()).ok().filter(|year| *year <= 9_999)?;
    let day = Date::new(year).month(u8::from(at.month())).day(at.day());
    Some(day.hour(at.hour()).minute(at.minute()).second(at.second()).utc_offset_hour(9).utc_offset_minute(0))
}
