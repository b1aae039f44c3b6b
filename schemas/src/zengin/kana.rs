//! Names in the characters of the Zengin formats: JIS X 0201, one byte each, of which every field allows a part.
//!
//! [`normalize`] takes a name as people write it and is strict about the result; [`decode`] takes any bytes. What
//! changes on the way in:
//!
//! | Comes | Goes |
//! |---|---|
//! | full-width kana, hiragana | half-width katakana |
//! | ガ, パ, ヴ; か and a combining or separate mark | the kana and its mark, two bytes: ｶﾞ ﾊﾟ ｳﾞ |
//! | small kana ャ ッ ヮ ヵ ヶ | large: ﾔ ﾂ ﾜ ｶ ｹ |
//! | ヰ ヱ | ｲ ｴ: JIS X 0201 has none, and banks register names so |
//! | ヲ | ｦ in EDI texts; ｵ in names, where ｦ is not allowed and banks register names so |
//! | ー and every dash or hyphen | `-` |
//! | ・ | `.`: the customary way for foreign and company names; refused where `.` is |
//! | 「 」 ¥ | ｢ ｣ `\` (byte 5C is the yen sign in JIS X 0201); EDI only |
//! | full-width Latin letters, digits, brackets, space | half-width, letters in upper case |
//! | spaces at either end | nothing |
//!
//! Everything else is refused (kanji, commas, iteration marks): a guess at a name would send money back, or to another
//! person. Corporate forms are not abbreviated either: 株式会社 must come as ｶ) or ｶ( already.

use std::fmt;

/// The characters that a field may hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Charset {
    /// Names of banks and branches.
    Bank,
    /// Names of clients, payees and account holders.
    Name,
    /// EDI texts and remarks.
    Edi,
}

impl Charset {
    /// True when the field may hold this byte.
    #[must_use]
    pub const fn allows(self, byte: u8) -> bool {
        let everywhere = matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b' ' | b'-' | 0xb1..=0xdf);
        match self {
            Charset::Bank => everywhere,
            Charset::Name => everywhere || matches!(byte, b'(' | b')' | b'.'),
            Charset::Edi => {
                everywhere
                    || matches!(byte, b'(' | b')' | b'.' | b'/' | b'\\' | KANA_WO | 0xa2 /* ｢ */ | 0xa3 /* ｣ */)
            }
        }
    }

    /// The same for people.
    #[must_use]
    pub const fn allowed(self) -> &'static str {
        match self {
            Charset::Bank => "katakana, A-Z, 0-9, space and -",
            Charset::Name => "katakana, A-Z, 0-9, space and - ( ) .",
            Charset::Edi => "katakana, A-Z, 0-9, space and - ( ) . / \\ ｢ ｣",
        }
    }
}

/// A character that no rule turns into one that the field allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KanaError {
    /// The character as it came.
    pub character: char,
    /// Its place in the text, in characters from 1.
    pub position: usize,
    /// The fault.
    pub problem: KanaProblem,
}

/// The fault of a character.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KanaProblem {
    /// The field does not allow it.
    NotAllowed(Charset),
    /// A voicing mark after something that cannot carry it.
    LooseMark,
}

impl KanaError {
    /// The characters that could stand there.
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        match self.problem {
            KanaProblem::NotAllowed(charset) => charset.allowed(),
            KanaProblem::LooseMark => "a mark after a kana that takes it (ﾞ: ｳ, ｶ to ﾄ, ﾊ to ﾎ; ﾟ: ﾊ to ﾎ)",
        }
    }

    /// The character and its place: `'山' (U+5C71), character 3`.
    #[must_use]
    pub fn got(&self) -> String {
        let code = u32::from(self.character);
        format!("'{}' (U+{code:04X}), character {}", self.character.escape_debug(), self.position)
    }
}

impl fmt::Display for KanaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, got {}", self.expected(), self.got())
    }
}

impl std::error::Error for KanaError {}

/// A text in Zengin's characters, one byte each, with no space at either end.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct ZenginText(Vec<u8>);

impl ZenginText {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes, which is that in the field.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most the first `len` bytes. A kana whose mark would fall off goes with it: ｶ instead of ｶﾞ is another name.
    #[must_use]
    pub fn cut(mut self, len: usize) -> Self {
        if let Some(first_off) = self.0.get(len) {
            let keep = if matches!(*first_off, VOICED | SEMI_VOICED) { len.saturating_sub(1) } else { len };
            self.0.truncate(keep);
            self.0.truncate(self.0.trim_ascii_end().len());
        }
        self
    }
}

impl fmt::Display for ZenginText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decode(&self.0))
    }
}

impl fmt::Debug for ZenginText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", decode(&self.0))
    }
}

/// The text in the field's characters, by the module's table; the first character that has no place there is the error.
pub fn normalize(text: &str, charset: Charset) -> Result<ZenginText, KanaError> {
    let mut out = Vec::with_capacity(text.len());
    for (index, character) in text.chars().enumerate() {
        let wrong = |problem| KanaError { character, position: index + 1, problem };
        let mut one = [0; 4];
        let folded = match half_width_kana(character) {
            Some(kana) => kana,
            None => half_width_symbol(character).encode_utf8(&mut one),
        };
        for c in folded.chars() {
            let byte = match jis_x_0201(c) {
                Some(KANA_WO) if !charset.allows(KANA_WO) => KANA_O,
                Some(byte) if charset.allows(byte) => byte,
                Some(_) | None => return Err(wrong(KanaProblem::NotAllowed(charset))),
            };
            if !may_follow(out.last().copied(), byte) {
                return Err(wrong(KanaProblem::LooseMark));
            }
            out.push(byte);
        }
    }
    out.truncate(out.trim_ascii_end().len());
    let leading = out.len() - out.trim_ascii_start().len();
    out.drain(..leading);
    Ok(ZenginText(out))
}

/// Any bytes as text: ASCII as it is, A1 to DF as half-width katakana (｡ to ﾟ), what is no character as U+FFFD.
#[must_use]
pub fn decode(bytes: &[u8]) -> String {
    let character = |byte: &u8| match *byte {
        0x20..=0x7e => char::from(*byte),
        0xa1..=0xdf => char::from_u32(HALF_WIDTH_KANA + u32::from(*byte)).expect("U+FF61 to U+FF9F are characters"),
        _ => char::REPLACEMENT_CHARACTER,
    };
    bytes.iter().map(character).collect()
}

const KANA_O: u8 = 0xb5;
const KANA_WO: u8 = 0xa6;
const VOICED: u8 = 0xde;
const SEMI_VOICED: u8 = 0xdf;
/// The difference of a JIS X 0201 kana byte to its place in Unicode: A1 is U+FF61.
const HALF_WIDTH_KANA: u32 = 0xff61 - 0xa1;

fn jis_x_0201(c: char) -> Option<u8> {
    match c {
        ' '..='~' => u8::try_from(c).ok(),
        '｡'..='ﾟ' => u8::try_from(u32::from(c) - HALF_WIDTH_KANA).ok(),
        _ => None,
    }
}

/// A mark needs a kana before it that can carry it; anything else may follow anything.
const fn may_follow(before: Option<u8>, byte: u8) -> bool {
    match (byte, before) {
        (VOICED, Some(0xb3 | 0xb6..=0xc4 | 0xca..=0xce)) | (SEMI_VOICED, Some(0xca..=0xce)) => true,
        (VOICED | SEMI_VOICED, _) => false,
        (_, _) => true,
    }
}

fn half_width_symbol(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        // The long-vowel bars, the hyphens and dashes of U+2010 to U+2015, and the minus sign.
        'ー' | 'ｰ' | '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '・' | '･' => '.',
        '「' => '｢',
        '」' => '｣',
        '¥' | '￥' => '\\',
        '！'..='～' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c).to_ascii_uppercase(),
        _ => c.to_ascii_uppercase(),
    }
}

fn half_width_kana(c: char) -> Option<&'static str> {
    // Hiragana lie 0x60 before their katakana.
    let katakana = match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        _ => c,
    };
    plain_kana(katakana).or_else(|| voiced_kana(katakana))
}

fn plain_kana(katakana: char) -> Option<&'static str> {
    Some(match katakana {
        'ア' | 'ァ' | 'ｱ' | 'ｧ' => "ｱ",
        'イ' | 'ィ' | 'ｲ' | 'ｨ' | 'ヰ' => "ｲ",
        'ウ' | 'ゥ' | 'ｳ' | 'ｩ' => "ｳ",
        'エ' | 'ェ' | 'ｴ' | 'ｪ' | 'ヱ' => "ｴ",
        'オ' | 'ォ' | 'ｵ' | 'ｫ' => "ｵ",
        'カ' | 'ヵ' | 'ｶ' => "ｶ",
        'キ' | 'ｷ' => "ｷ",
        'ク' | 'ｸ' => "ｸ",
        'ケ' | 'ヶ' | 'ｹ' => "ｹ",
        'コ' | 'ｺ' => "ｺ",
        'サ' | 'ｻ' => "ｻ",
        'シ' | 'ｼ' => "ｼ",
        'ス' | 'ｽ' => "ｽ",
        'セ' | 'ｾ' => "ｾ",
        'ソ' | 'ｿ' => "ｿ",
        'タ' | 'ﾀ' => "ﾀ",
        'チ' | 'ﾁ' => "ﾁ",
        'ツ' | 'ッ' | 'ﾂ' | 'ｯ' => "ﾂ",
        'テ' | 'ﾃ' => "ﾃ",
        'ト' | 'ﾄ' => "ﾄ",
        'ナ' | 'ﾅ' => "ﾅ",
        'ニ' | 'ﾆ' => "ﾆ",
        'ヌ' | 'ﾇ' => "ﾇ",
        'ネ' | 'ﾈ' => "ﾈ",
        'ノ' | 'ﾉ' => "ﾉ",
        'ハ' | 'ﾊ' => "ﾊ",
        'ヒ' | 'ﾋ' => "ﾋ",
        'フ' | 'ﾌ' => "ﾌ",
        'ヘ' | 'ﾍ' => "ﾍ",
        'ホ' | 'ﾎ' => "ﾎ",
        'マ' | 'ﾏ' => "ﾏ",
        'ミ' | 'ﾐ' => "ﾐ",
        'ム' | 'ﾑ' => "ﾑ",
        'メ' | 'ﾒ' => "ﾒ",
        'モ' | 'ﾓ' => "ﾓ",
        'ヤ' | 'ャ' | 'ﾔ' | 'ｬ' => "ﾔ",
        'ユ' | 'ュ' | 'ﾕ' | 'ｭ' => "ﾕ",
        'ヨ' | 'ョ' | 'ﾖ' | 'ｮ' => "ﾖ",
        'ラ' | 'ﾗ' => "ﾗ",
        'リ' | 'ﾘ' => "ﾘ",
        'ル' | 'ﾙ' => "ﾙ",
        'レ' | 'ﾚ' => "ﾚ",
        'ロ' | 'ﾛ' => "ﾛ",
        'ワ' | 'ヮ' | 'ﾜ' => "ﾜ",
        'ヲ' | 'ｦ' => "ｦ",
        'ン' | 'ﾝ' => "ﾝ",
        _ => return None,
    })
}

/// Kana with a mark, which is a character of its own in half width, and the marks.
fn voiced_kana(katakana: char) -> Option<&'static str> {
    Some(match katakana {
        'ガ' => "ｶﾞ",
        'ギ' => "ｷﾞ",
        'グ' => "ｸﾞ",
        'ゲ' => "ｹﾞ",
        'ゴ' => "ｺﾞ",
        'ザ' => "ｻﾞ",
        'ジ' => "ｼﾞ",
        'ズ' => "ｽﾞ",
        'ゼ' => "ｾﾞ",
        'ゾ' => "ｿﾞ",
        'ダ' => "ﾀﾞ",
        'ヂ' => "ﾁﾞ",
        'ヅ' => "ﾂﾞ",
        'デ' => "ﾃﾞ",
        'ド' => "ﾄﾞ",
        'バ' => "ﾊﾞ",
        'ビ' => "ﾋﾞ",
        'ブ' => "ﾌﾞ",
        'ベ' => "ﾍﾞ",
        'ボ' => "ﾎﾞ",
        'ヴ' => "ｳﾞ",
        'パ' => "ﾊﾟ",
        'ピ' => "ﾋﾟ",
        'プ' => "ﾌﾟ",
        'ペ' => "ﾍﾟ",
        'ポ' => "ﾎﾟ",
        // Combining, spacing and half-width marks.
        '\u{3099}' | '゛' | 'ﾞ' => "ﾞ",
        '\u{309a}' | '゜' | 'ﾟ' => "ﾟ",
        _ => return None,
    })
}
