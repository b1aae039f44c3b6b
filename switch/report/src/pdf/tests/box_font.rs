//! A TrueType font made here, so that tests need none on the machine: every character is a box, half an em wide for ASCII and one em
//! otherwise; one character has a variant with a selector.

/// The character and the selector that together have a glyph of their own.
pub(super) const VARIANT: (char, char) = ('辻', '\u{e0100}');

/// The characters of a test document besides ASCII.
const CHARACTERS: &str = "〓あいうえおかがきけここさしすせたちつてとなにのはまみもらりるれをんアイウエオカタッポトメーョラン、。「」（）・〜¥円様御中\
    加盟店精算書明細対象期間山田商株式会社番号発行日取引時刻端末摘要金額料率件数買物合計特盛振込辻先表題名字銀支普通東京都渋谷区税込下記";

/// The font's bytes. `fs_type` are its licence bits (OS/2).
pub(super) fn bytes(fs_type: u16) -> Vec<u8> {
    let mut characters: Vec<char> =
        (' '..='~').chain(CHARACTERS.chars()).filter(|c| !c.is_whitespace() || *c == ' ').collect();
    characters.sort_unstable();
    characters.dedup();
    // Glyph 0 is for what is missing, then the characters, then the variant.
    let glyphs = u16::try_from(characters.len() + 2).unwrap();
    let mut tables: Vec<(&[u8; 4], Vec<u8>)> = vec![
        (b"OS/2", os2(fs_type)),
        (b"cmap", cmap(&characters, glyphs - 1)),
        (b"glyf", (0..glyphs).flat_map(|_| glyph()).collect()),
        (b"head", head()),
        (b"hhea", hhea(glyphs)),
        (b"hmtx", hmtx(&characters)),
        (b"loca", (0..=u32::from(glyphs)).flat_map(|n| (n * 36).to_be_bytes()).collect()),
        (b"maxp", maxp(glyphs)),
        (b"post", post()),
    ];
    let mut offset = 12 + 16 * u32::try_from(tables.len()).unwrap();
    let mut out =
        be(&[0x0001_0000_u32.to_be_bytes().as_slice(), &be16(&[u16::try_from(tables.len()).unwrap(), 0, 0, 0])]);
    for (tag, table) in &mut tables {
        let length = u32::try_from(table.len()).unwrap();
        while table.len() % 4 != 0 {
            table.push(0);
        }
        out.extend(be(&[tag.as_slice(), &[0; 4], &offset.to_be_bytes(), &length.to_be_bytes()]));
        offset += u32::try_from(table.len()).unwrap();
    }
    tables.into_iter().for_each(|(_, table)| out.extend(table));
    out
}

fn be(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn be16(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

fn os2(fs_type: u16) -> Vec<u8> {
    let mut table = vec![0; 78];
    table[8..10].copy_from_slice(&fs_type.to_be_bytes());
    table
}

/// A table of single characters (format 12) and one of selectors (format 14).
fn cmap(characters: &[char], variant: u16) -> Vec<u8> {
    let count = u32::try_from(characters.len()).unwrap();
    let length = 16 + 12 * count;
    let mut out = be16(&[0, 2]);
    out.extend(be(&[&be16(&[0, 5]), &(20 + length).to_be_bytes()]));
    out.extend(be(&[&be16(&[3, 10]), &20_u32.to_be_bytes()]));
    out.extend(be(&[&be16(&[12, 0]), &length.to_be_bytes(), &[0; 4], &count.to_be_bytes()]));
    for (glyph, c) in (1_u32..).zip(characters) {
        let c = u32::from(*c).to_be_bytes();
        out.extend(be(&[&c, &c, &glyph.to_be_bytes()]));
    }
    let u24 = |c: char| u32::from(c).to_be_bytes()[1..].to_vec();
    out.extend(be(&[&be16(&[14]), &30_u32.to_be_bytes(), &1_u32.to_be_bytes()]));
    out.extend(be(&[&u24(VARIANT.1), &[0; 4], &21_u32.to_be_bytes()]));
    out.extend(be(&[&1_u32.to_be_bytes(), &u24(VARIANT.0), &variant.to_be_bytes()]));
    out
}

/// A box of 400 by 700 units: one contour of four points, 36 bytes with padding.
fn glyph() -> Vec<u8> {
    let mut out = be16(&[1, 50, 0, 450, 700, 3, 0]);
    out.extend([1; 4]);
    out.extend(be16(&[50, 0, 400, 0]));
    out.extend(be16(&[0, 700, 0, 700_u16.wrapping_neg()]));
    out.extend([0; 2]);
    out
}

fn head() -> Vec<u8> {
    let mut out =
        be(&[&0x0001_0000_u32.to_be_bytes(), &[0; 8], &0x5f0f_3cf5_u32.to_be_bytes(), &be16(&[0, 1_000]), &[0; 16]]);
    out.extend(be16(&[0, 200_u16.wrapping_neg(), 1_000, 880, 0, 8, 2, 1, 0]));
    out
}

fn hhea(glyphs: u16) -> Vec<u8> {
    let mut out = be(&[&0x0001_0000_u32.to_be_bytes(), &be16(&[880, 200_u16.wrapping_neg(), 0, 1_000])]);
    out.extend([0; 22]);
    out.extend(be16(&[glyphs]));
    out
}

fn hmtx(characters: &[char]) -> Vec<u8> {
    let width = |c: &char| if c.is_ascii() { 500 } else { 1_000 };
    let widths = [1_000].into_iter().chain(characters.iter().map(width)).chain([1_000]);
    widths.flat_map(|width| be16(&[width, 50])).collect()
}

fn maxp(glyphs: u16) -> Vec<u8> {
    be(&[&0x0001_0000_u32.to_be_bytes(), &be16(&[glyphs, 4, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])])
}

fn post() -> Vec<u8> {
    be(&[&0x0003_0000_u32.to_be_bytes(), &[0; 28]])
}
