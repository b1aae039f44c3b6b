//! Single values of the file. Each error says what was expected and what came.

use kazasu_schemas::canonical::{canonical, is_blank};
use kazasu_schemas::ids::Mcc;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::policy::{Kind, Kinds, LiableParty, MccRanges, Per, Rate, Rounding, Window};
use kazasu_text::documents::KeyProblem;
use kazasu_text::problems::ProblemText;
use kazasu_text::{AnyOf, Quoted, Said};

/// The kinds of instruments, as the file names them.
const KINDS: &str = "credit, debit, bank, on_us";

/// The problem of a word that is none of these.
pub fn one_of(choices: &[&str], got: &str) -> Said {
    Said::of(&ProblemText::OneOf { choices: AnyOf(choices), got: Quoted(got) })
}

/// A whole number within bounds.
pub fn whole<T: TryFrom<i64>>(n: i64, least: i64, most: i64) -> Result<T, Said> {
    let within = (least..=most).contains(&n).then_some(n);
    within.and_then(|n| T::try_from(n).ok()).ok_or_else(|| Said::of(&KeyProblem::Whole { least, most, got: n }))
}

/// Yen from `least` to the most that a message carries.
pub fn yen(n: i64, least: i64) -> Result<Yen, Said> {
    whole(n, least, MAX_WIRE_AMOUNT).map(Yen::new)
}

/// A name of 1 to 100 characters.
pub fn title(text: &str) -> Result<String, Said> {
    let plain = !is_blank(text) && text.chars().count() <= 100 && !text.chars().any(char::is_control);
    if plain { Ok(text.trim().to_owned()) } else { Err(Said::of(&KeyProblem::Title { got: Quoted(text) })) }
}

pub(super) fn word(text: &str) -> Result<String, Said> {
    let plain =
        !is_blank(text) && text.chars().count() <= 40 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain { Ok(text.to_owned()) } else { Err(Said::of(&KeyProblem::Word { got: Quoted(text) })) }
}

/// A municipality's code, or its beginning.
pub fn region(text: &str) -> Result<String, Said> {
    let code = canonical(text);
    if (1..=5).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()) {
        Ok(code.into_owned())
    } else {
        Err(Said::of(&KeyProblem::Region { got: Quoted(text) }))
    }
}

/// A date, such as 2026-12-01.
pub fn date(text: &str) -> Result<BusinessDay, Said> {
    kazasu_schemas::typed::day(text).map_err(|_| Said::of(&KeyProblem::Date { got: Quoted(text) }))
}

pub(super) fn window(text: &str) -> Result<Window, Said> {
    let days = || text.strip_prefix("days:")?.parse::<u8>().ok().filter(|n| (2..=62).contains(n));
    match text {
        "tap" => Ok(Window::Tap),
        "day" => Ok(Window::Day),
        "month" => Ok(Window::Month),
        _ => days().map(Window::Days).ok_or_else(|| Said::of(&KeyProblem::Window { got: Quoted(text) })),
    }
}

pub(super) fn per(text: Option<&str>) -> Result<Per, Said> {
    match text {
        None | Some("resident") => Ok(Per::Resident),
        Some("instrument") => Ok(Per::Instrument),
        Some(other) => Err(one_of(&["resident", "instrument"], other)),
    }
}

pub(super) fn rounding(text: Option<&str>) -> Result<Rounding, Said> {
    match text {
        None | Some("tap") => Ok(Rounding::Tap),
        Some("month") => Ok(Rounding::Month),
        Some(other) => Err(one_of(&["tap", "month"], other)),
    }
}

pub(super) fn liable(text: Option<&str>) -> Result<LiableParty, Said> {
    match text {
        None | Some("operator") => Ok(LiableParty::Operator),
        Some("merchant") => Ok(LiableParty::Merchant),
        Some("issuer") => Ok(LiableParty::Issuer),
        Some(other) => Err(one_of(&["operator", "merchant", "issuer"], other)),
    }
}

pub(super) fn weekday(text: &str) -> Result<u8, Said> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let at = NAMES.iter().position(|name| *name == text).and_then(|n| u8::try_from(n).ok());
    at.ok_or_else(|| Said::of(&ProblemText::OneOfAll { choices: &NAMES.join(", "), got: Quoted(text) }))
}

pub(super) fn kinds(list: Option<&[String]>) -> Result<Kinds, Said> {
    let Some(list) = list else { return Ok(Kinds::ALL) };
    let mut kinds = Vec::new();
    for text in list {
        match Kind::parse(text) {
            Some(kind) => kinds.push(kind),
            None => return Err(Said::of(&KeyProblem::Of { choices: KINDS, got: Quoted(text) })),
        }
    }
    if kinds.is_empty() { Err(Said::of(&KeyProblem::AtLeastOne { choices: KINDS })) } else { Ok(Kinds::of(&kinds)) }
}

pub(super) fn ranges(list: &[String]) -> Result<MccRanges, Said> {
    let code = |text: &str| Some(text).filter(|t| t.len() == 4).and_then(|t| t.parse::<Mcc>().ok());
    if list.is_empty() {
        return Err(Said::of(&KeyProblem::NamesNothing));
    }
    let mut out = Vec::new();
    for text in list {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        match (code(low), code(high)) {
            (Some(low), Some(high)) if low <= high => out.push((low, high)),
            _ => return Err(Said::of(&KeyProblem::Mcc { got: Quoted(text) })),
        }
    }
    Ok(out)
}

/// `"2.5%"` as parts per million; at most 100 %, at most four digits behind the point.
pub(super) fn rate(text: &str) -> Result<Rate, Said> {
    let wrong = || Said::of(&KeyProblem::PointRate { got: Quoted(text) });
    let number = text.strip_suffix('%').map(str::trim).ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || fraction.len() > 4 || !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    let scaled: u32 = format!("{whole}{fraction:0<4}").parse().map_err(|_| wrong())?;
    if (1..=1_000_000).contains(&scaled) { Ok(Rate(scaled)) } else { Err(wrong()) }
}
