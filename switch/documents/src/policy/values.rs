//! Single values of the file. Each error says what was expected and what came.

use kazasu_schemas::canonical::{canonical, is_blank};
use kazasu_schemas::ids::Mcc;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::policy::{Kind, Kinds, LiableParty, MccRanges, Per, Rate, Rounding, Window};

/// A whole number within bounds.
pub fn whole<T: TryFrom<i64>>(n: i64, least: i64, most: i64) -> Result<T, String> {
    let within = (least..=most).contains(&n).then_some(n);
    within
        .and_then(|n| T::try_from(n).ok())
        .ok_or_else(|| format!("must be a whole number from {least} to {most}, got {n}"))
}

/// Yen from `least` to the most that a message carries.
pub fn yen(n: i64, least: i64) -> Result<Yen, String> {
    whole(n, least, MAX_WIRE_AMOUNT).map(Yen::new)
}

/// A name of 1 to 100 characters.
pub fn title(text: &str) -> Result<String, String> {
    let plain = !is_blank(text) && text.chars().count() <= 100 && !text.chars().any(char::is_control);
    if plain { Ok(text.trim().to_owned()) } else { Err(format!("must be 1 to 100 characters, got {text:?}")) }
}

pub(super) fn word(text: &str) -> Result<String, String> {
    let plain =
        !is_blank(text) && text.chars().count() <= 40 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain { Ok(text.to_owned()) } else { Err(format!("must be 1 to 40 characters without spaces, got {text:?}")) }
}

/// A municipality's code, or its beginning.
pub fn region(text: &str) -> Result<String, String> {
    let code = canonical(text);
    if (1..=5).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_digit()) {
        Ok(code.into_owned())
    } else {
        Err(format!("must be a municipality code of 5 digits or its beginning, got {text:?}"))
    }
}

/// A date, such as 2026-12-01.
pub fn date(text: &str) -> Result<BusinessDay, String> {
    kazasu_schemas::typed::day(text).map_err(|_| format!("must be a date like 2026-12-01, got {text:?}"))
}

pub(super) fn window(text: &str) -> Result<Window, String> {
    let days = || text.strip_prefix("days:")?.parse::<u8>().ok().filter(|n| (2..=62).contains(n));
    match text {
        "tap" => Ok(Window::Tap),
        "day" => Ok(Window::Day),
        "month" => Ok(Window::Month),
        _ => days()
            .map(Window::Days)
            .ok_or_else(|| format!("must be tap, day, month or days:N with N from 2 to 62, got {text:?}")),
    }
}

pub(super) fn per(text: Option<&str>) -> Result<Per, String> {
    match text {
        None | Some("resident") => Ok(Per::Resident),
        Some("instrument") => Ok(Per::Instrument),
        Some(other) => Err(format!("must be resident or instrument, got {other:?}")),
    }
}

pub(super) fn rounding(text: Option<&str>) -> Result<Rounding, String> {
    match text {
        None | Some("tap") => Ok(Rounding::Tap),
        Some("month") => Ok(Rounding::Month),
        Some(other) => Err(format!("must be tap or month, got {other:?}")),
    }
}

pub(super) fn liable(text: Option<&str>) -> Result<LiableParty, String> {
    match text {
        None | Some("operator") => Ok(LiableParty::Operator),
        Some("merchant") => Ok(LiableParty::Merchant),
        Some("issuer") => Ok(LiableParty::Issuer),
        Some(other) => Err(format!("must be operator, merchant or issuer, got {other:?}")),
    }
}

pub(super) fn weekday(text: &str) -> Result<u8, String> {
    const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let at = NAMES.iter().position(|name| *name == text).and_then(|n| u8::try_from(n).ok());
    at.ok_or_else(|| format!("must be one of {}, got {text:?}", NAMES.join(", ")))
}

pub(super) fn kinds(list: Option<&[String]>) -> Result<Kinds, String> {
    let Some(list) = list else { return Ok(Kinds::ALL) };
    let mut kinds = Vec::new();
    for text in list {
        match Kind::ALL.into_iter().find(|kind| kind.name() == text) {
            Some(kind) => kinds.push(kind),
            None => return Err(format!("must be of credit, debit, bank, held; got {text:?}")),
        }
    }
    if kinds.is_empty() {
        Err("must name at least one of credit, debit, bank, held".into())
    } else {
        Ok(Kinds::of(&kinds))
    }
}

pub(super) fn ranges(list: &[String]) -> Result<MccRanges, String> {
    let code = |text: &str| Some(text).filter(|t| t.len() == 4).and_then(|t| t.parse::<Mcc>().ok());
    if list.is_empty() {
        return Err("names nothing; leave it out where everything is meant".into());
    }
    let mut out = Vec::new();
    for text in list {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        match (code(low), code(high)) {
            (Some(low), Some(high)) if low <= high => out.push((low, high)),
            _ => return Err(format!("must be codes of 4 digits or ranges like 7994-7999, got {text:?}")),
        }
    }
    Ok(out)
}

/// `"2.5%"` as parts per million; at most 100 %, at most four digits behind the point.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || format!("must be a percentage like \"2.5%\", above 0 and at most 100, got {text:?}");
    let number = text.strip_suffix('%').map(str::trim).ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 3 || fraction.len() > 4 || !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    let scaled: u32 = format!("{whole}{fraction:0<4}").parse().map_err(|_| wrong())?;
    if (1..=1_000_000).contains(&scaled) { Ok(Rate(scaled)) } else { Err(wrong()) }
}
