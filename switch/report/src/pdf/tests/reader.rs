//! Reads a statement back as a viewer does that copies text: page streams, codes, the way from codes to Unicode.

use miniz_oxide::inflate::decompress_to_vec_zlib;
use std::collections::HashMap;

/// A piece of text on a page.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Piece {
    pub(super) x: f32,
    pub(super) y: f32,
    pub(super) size: f32,
    pub(super) text: String,
}

/// The file's pages.
pub(super) struct Read {
    pub(super) pages: Vec<Vec<Piece>>,
}

impl Read {
    pub(super) fn new(pdf: &[u8]) -> Self {
        let streams: Vec<String> = streams(pdf).iter().map(|s| String::from_utf8_lossy(s).into_owned()).collect();
        let unicode = streams.iter().find(|s| s.contains("beginbfchar")).expect("a ToUnicode map");
        let unicode = meanings(unicode);
        let pages = streams.iter().filter(|s| s.contains("Tj")).map(|s| pieces(s, &unicode)).collect();
        Read { pages }
    }

    /// A page's pieces, one a line.
    pub(super) fn text(&self, page: usize) -> String {
        self.pages[page].iter().map(|piece| format!("{}\n", piece.text)).collect()
    }

    /// The piece with this text on a page.
    pub(super) fn piece(&self, page: usize, text: &str) -> &Piece {
        self.pages[page]
            .iter()
            .find(|piece| piece.text == text)
            .unwrap_or_else(|| panic!("{text}: {}", self.text(page)))
    }
}

fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    let find = |from: usize, what: &[u8]| pdf[from..].windows(what.len()).position(|w| w == what).map(|at| from + at);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(start) = find(at, b"stream\n") {
        let start = start + b"stream\n".len();
        let end = find(start, b"\nendstream").unwrap();
        out.push(decompress_to_vec_zlib(&pdf[start..end]).unwrap());
        at = end + b"\nendstream".len();
    }
    out
}

/// `<0001> <3042>` lines.
fn meanings(cmap: &str) -> HashMap<u16, String> {
    let mut out = HashMap::new();
    for line in cmap.lines().filter(|line| line.starts_with('<') && line.ends_with('>')) {
        let parts: Vec<&str> = line.split(['<', '>', ' ']).filter(|part| !part.is_empty()).collect();
        let [code, text] = parts[..] else { continue };
        if let Ok(code) = u16::from_str_radix(code, 16) {
            out.insert(code, String::from_utf16(&units(text)).unwrap());
        }
    }
    out
}

fn units(hex: &str) -> Vec<u16> {
    hex::decode(hex).unwrap().chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn pieces(content: &str, unicode: &HashMap<u16, String>) -> Vec<Piece> {
    let mut out = Vec::new();
    let (mut size, mut x, mut y) = (0.0, 0.0, 0.0);
    let mut before: Vec<String> = Vec::new();
    let mut rest = content;
    while let Some((word, after)) = word(rest) {
        rest = after;
        let number = |back: usize| before[before.len() - back].parse::<f32>().unwrap();
        match word.as_str() {
            "Tf" => size = number(1),
            "Tm" => (x, y) = (number(2), number(1)),
            "Tj" => {
                let codes = units(&before[before.len() - 1]);
                let text = codes.iter().map(|code| unicode[code].as_str()).collect();
                out.push(Piece { x, y, size, text });
            }
            _ => {}
        }
        before.push(word);
    }
    out
}

/// The next word and what follows it. A string in either notation comes as hexadecimal digits.
fn word(content: &str) -> Option<(String, &str)> {
    let content = content.trim_start_matches(['[', ']']).trim_ascii_start();
    if let Some(hex) = content.strip_prefix('<') {
        let (hex, after) = hex.split_once('>')?;
        return Some((hex.to_owned(), after));
    }
    if let Some(literal) = content.strip_prefix('(') {
        return Some(self::literal(literal));
    }
    let end = content.find(|c: char| c.is_ascii_whitespace() || "<([]".contains(c)).unwrap_or(content.len());
    (!content.is_empty()).then(|| (content[..end].to_owned(), &content[end..]))
}

/// A text in parentheses: balanced ones may be inside, others and bytes that cannot be seen are escaped.
fn literal(text: &str) -> (String, &str) {
    let (mut bytes, mut depth, mut at) = (Vec::new(), 1, 0);
    let all = text.as_bytes();
    while depth > 0 {
        let escaped = all[at] == b'\\';
        at += usize::from(escaped);
        match all[at] {
            b'0'..=b'7' if escaped => {
                bytes.push(u8::from_str_radix(&text[at..at + 3], 8).unwrap());
                at += 2;
            }
            c if escaped => {
                bytes.push(*b"\n\r\t\x08\x0c".get(b"nrtbf".iter().position(|e| *e == c).unwrap_or(9)).unwrap_or(&c))
            }
            c => {
                depth += i32::from(c == b'(') - i32::from(c == b')');
                bytes.push(c);
            }
        }
        at += 1;
    }
    bytes.pop();
    (hex::encode(bytes), &text[at..])
}
