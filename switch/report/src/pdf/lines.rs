//! Breaking text into lines: between any two characters of Japanese except before closing and after opening marks (JIS X 4051,
//! kinsoku), between words of Latin, and anywhere when nothing else helps.

use super::face::Face;

/// Marks that do not begin a line.
const NOT_FIRST: &str =
    "、。，．・：；？！ー〜～々ゝゞヽヾ）］｝」』】〉》〕”’ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}%％";
/// Marks that do not end a line.
const NOT_LAST: &str = "（［｛「『【〈《〔“‘([{¥￥";

/// The text in lines of at most `width` points at `size` points; a line end in the text ends a line.
pub(super) fn wrap<'t>(face: &Face<'_>, text: &'t str, size: f32, width: f32) -> Vec<&'t str> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        wrap_paragraph(face, paragraph, width / size, &mut lines);
    }
    lines
}

/// Widths are in ems here.
fn wrap_paragraph<'t>(face: &Face<'_>, text: &'t str, width: f32, lines: &mut Vec<&'t str>) {
    let mut start = 0;
    let mut at = 0;
    let mut used = 0.0;
    let mut before: Option<char> = None;
    // The last place where the line may end, and how wide it is up to there.
    let mut chance: Option<(usize, f32)> = None;
    for glyph in face.glyphs(text) {
        if at > start && before.is_some_and(|before| may_break(before, glyph.base)) {
            chance = Some((at, used));
        }
        // A space at the end of a line may hang over.
        if used + glyph.advance > width && at > start && glyph.base != ' ' {
            let (cut, up_to) = chance.take().unwrap_or((at, used));
            lines.push(text[start..cut].trim_end());
            start = cut;
            used -= up_to;
        }
        used += glyph.advance;
        at += glyph.len;
        before = Some(glyph.base);
    }
    lines.push(text[start..].trim_end());
}

fn may_break(before: char, after: char) -> bool {
    let word = |c: char| c.is_ascii_graphic();
    let inside_word = word(before) && word(after);
    !(after == ' ' || inside_word || NOT_FIRST.contains(after) || NOT_LAST.contains(before))
}
