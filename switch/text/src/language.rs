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

/// Variables of the environment that choose the language of a program, the strongest first: ours, then those of POSIX.
pub const VARIABLES: [&str; 4] = ["KAZASU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];

impl Language {
    /// The language in which this process speaks to the person who started it.
    #[must_use]
    pub fn of_process() -> Language {
        Language::of_environment(|name| std::env::var(name).ok())
    }

    /// The language of a program in this environment: the one that a person has [chosen](Language::chosen), else English.
    #[must_use]
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
        Language::chosen(variable).unwrap_or(Language::English)
    }

    /// The language that a person has chosen by the first of [`VARIABLES`] that is set and not empty: Japanese where it begins with
    /// `ja`, else English. None where no variable is set, or the locale is that of machines, `C` or `POSIX`. `variable` gives the value
    /// of one.
    #[must_use]
    pub fn chosen(variable: impl Fn(&str) -> Option<String>) -> Option<Language> {
        let locale = VARIABLES.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()))?;
        // `ja_JP.UTF-8`: the codeset is no part of the tag.
        let tag = locale.split(['.', '@']).next().unwrap_or_default();
        let is_machine = ["C", "POSIX"].contains(&tag);
        (!is_machine).then(|| Language::parse(tag).unwrap_or(Language::English))
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
