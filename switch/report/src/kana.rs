//! Kana whose voicing mark stands as a character of its own (か + ゛, as names from file systems and some phones have it) put
//! together again. Nothing else is normalized: Unicode's NFC would exchange characters of people's names (神 for 神).

use std::borrow::Cow;

const VOICED: char = '\u{3099}';
const SEMI_VOICED: char = '\u{309a}';

/// The text with such pairs composed.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if !text.contains([VOICED, SEMI_VOICED]) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for mark in text.chars() {
        let pair = match mark {
            VOICED | SEMI_VOICED => out.chars().next_back().and_then(|base| compose(base, mark)),
            _ => None,
        };
        if pair.is_some() {
            out.pop();
        }
        out.push(pair.unwrap_or(mark));
    }
    Cow::Owned(out)
}

/// The composed character stands one (voiced) or two (semi-voiced) after its base.
fn compose(base: char, mark: char) -> Option<char> {
    let hiragana = match base {
        'ァ'..='ヶ' | 'ヽ' => char::from_u32(u32::from(base) - 0x60)?,
        'ぁ'..='ゖ' | 'ゝ' => base,
        _ => return None,
    };
    let steps = match (hiragana, mark) {
        ('か' | 'き' | 'く' | 'け' | 'こ' | 'さ' | 'し' | 'す' | 'せ' | 'そ', VOICED) => 1,
        ('た' | 'ち' | 'つ' | 'て' | 'と' | 'は' | 'ひ' | 'ふ' | 'へ' | 'ほ' | 'ゝ', VOICED) => 1,
        ('は' | 'ひ' | 'ふ' | 'へ' | 'ほ', SEMI_VOICED) => 2,
        // う and ゔ lie far apart.
        ('う', VOICED) => u32::from('ゔ') - u32::from('う'),
        _ => return None,
    };
    char::from_u32(u32::from(base) + steps)
}
