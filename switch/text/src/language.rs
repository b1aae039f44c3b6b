//! The languages of the catalogue, and which of them a reader prefers.

/// A language of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Language {
    /// Japanese, where nothing else is asked for.
    #[default]
    Japanese,
    /// English.
    English,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 2] = [Language::Japanese, Language::English];

    /// Its tag (RFC 5646).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Language::Japanese => "ja",
            Language::English => "en",
        }
    }

    /// The language of a tag such as `ja`, `en-GB` or `JA_jp`; none when the catalogue does not have it.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Language> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// The language that an `Accept-Language` header prefers (RFC 9110, 12.5.4): the highest weight wins, the first of equal ones. None
    /// when it accepts neither. A range that cannot be read is left out; `*` stands for Japanese.
    #[must_use]
    pub fn preferred(header: &str) -> Option<Language> {
        let mut best: Option<(Language, u32)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let language = if tag == "*" { Some(Language::default()) } else { Language::parse(tag) };
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let (Some(language), Some(weight)) = (language, weight.map_or(Some(1_000), thousandths)) else { continue };
            if weight > 0 && best.is_none_or(|(_, found)| weight > found) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// `0.8` as 800. Weights have at most three decimals.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = decimals.len() <= 3 && decimals.bytes().all(|b| b.is_ascii_digit());
    let whole = ["0", "1"].iter().position(|digit| *digit == whole).and_then(|n| u32::try_from(n).ok())?;
    let decimals: u32 = if digits { format!("{decimals:0<3}").parse().ok()? } else { return None };
    Some(whole * 1_000 + decimals).filter(|weight| *weight <= 1_000)
}
