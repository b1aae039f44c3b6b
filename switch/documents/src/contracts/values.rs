//! Single values of the file. Each error says what was expected and what came.

pub(super) use crate::policy::file::{date, title, whole};
use kazasu_schemas::contract::{Basis, Cycle, RefundFee, Rounding, Tax, Tender, Tenders};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId};
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::policy::{MccRanges, Rate};

const EMPTY: &str = "names nothing; leave it out where everything is meant";
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(super) fn yen(n: Option<i64>, most: i64) -> Result<Yen, String> {
    whole(n.unwrap_or(0), 0, most).map(Yen::new)
}

pub(super) fn any_yen(n: Option<i64>) -> Result<Yen, String> {
    yen(n, MAX_WIRE_AMOUNT)
}

pub(super) fn word(text: &str) -> Result<String, String> {
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 40
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain { Ok(text.to_owned()) } else { Err(format!("must be 1 to 40 characters without spaces, got {text:?}")) }
}

pub(super) fn words(list: &[String]) -> Result<Vec<String>, String> {
    if list.is_empty() { Err(EMPTY.into()) } else { list.iter().map(|text| word(text)).collect() }
}

/// `"3.24%"` as parts per million.
pub(super) fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || format!("must be a percentage like \"3.24%\" from 0 to 100 with at most 4 decimals, got {text:?}");
    let number = text.strip_suffix('%').ok_or_else(wrong)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |t: &str, most| (1..=most).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole, 3) || !digits(fraction, 4) {
        return Err(wrong());
    }
    let scaled: u32 = format!("{whole}{fraction:0<4}").parse().map_err(|_| wrong())?;
    if scaled <= 1_000_000 { Ok(Rate(scaled)) } else { Err(wrong()) }
}

/// A rate that takes something and leaves something.
pub(super) fn part(text: &str) -> Result<Rate, String> {
    let rate = rate(text)?;
    if (1..1_000_000).contains(&rate.0) {
        Ok(rate)
    } else {
        Err(format!("must be above 0 and below 100 %, got {text:?}"))
    }
}

pub(super) fn rounding(text: &str) -> Result<Rounding, String> {
    match text {
        "down" => Ok(Rounding::Down),
        "half_up" => Ok(Rounding::HalfUp),
        "up" => Ok(Rounding::Up),
        other => Err(format!("must be down, half_up or up, got {other:?}")),
    }
}

pub(super) fn basis(text: &str) -> Result<Basis, String> {
    match text {
        "tap" => Ok(Basis::Tap),
        "day_and_brand" => Ok(Basis::DayAndBrand),
        other => Err(format!("must be tap or day_and_brand, got {other:?}")),
    }
}

pub(super) fn tax(text: &str, rounding: Rounding) -> Result<Tax, String> {
    if text == "exempt" {
        return Ok(Tax::Exempt);
    }
    let rate = part(text).map_err(|_| format!("must be exempt or a percentage like \"10%\", got {text:?}"))?;
    Ok(Tax::Taxable { rate, rounding })
}

pub(super) fn refund_fee(text: &str) -> Result<RefundFee, String> {
    match text {
        "returned" => Ok(RefundFee::Returned),
        "kept" => Ok(RefundFee::Kept),
        other => Err(format!("must be returned or kept, got {other:?}")),
    }
}

pub(super) fn cycle(text: &str) -> Result<Cycle, String> {
    let weekly = || {
        let name = text.strip_prefix("weekly:")?;
        u8::try_from(WEEKDAYS.iter().position(|day| *day == name)?).ok()
    };
    match text {
        "daily" => Ok(Cycle::Daily),
        "twice_a_month" => Ok(Cycle::TwiceAMonth),
        "month_end" => Ok(Cycle::MonthEnd),
        _ => weekly().map(Cycle::Weekly).ok_or_else(|| {
            format!("must be daily, weekly:DAY (like weekly:friday), twice_a_month or month_end, got {text:?}")
        }),
    }
}

pub(super) fn tenders(list: Option<&[String]>) -> Result<Tenders, String> {
    let Some(list) = list else { return Ok(Tenders::ALL) };
    if list.is_empty() {
        return Err(EMPTY.into());
    }
    let of = |text: &String| {
        let known = Tender::ALL.into_iter().find(|tender| tender.name() == text);
        known.ok_or_else(|| format!("must be of {}, got {text:?}", Tender::ALL.map(Tender::name).join(", ")))
    };
    Ok(Tenders::of(&list.iter().map(of).collect::<Result<Vec<_>, _>>()?))
}

pub(super) fn mcc(list: Option<&[String]>) -> Result<MccRanges, String> {
    let Some(list) = list else { return Ok(Vec::new()) };
    if list.is_empty() {
        return Err(EMPTY.into());
    }
    let range = |text: &String| {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        match (low.parse::<Mcc>(), high.parse::<Mcc>()) {
            (Ok(low), Ok(high)) if low <= high => Ok((low, high)),
            _ => Err(format!("must be codes of 4 digits or ranges like 7994-7999, got {text:?}")),
        }
    };
    list.iter().map(range).collect()
}

/// First digits of card numbers as ranges of eight digits.
pub(super) fn prefixes(list: &[String]) -> Result<Vec<(u32, u32)>, String> {
    if list.is_empty() {
        return Err("must have at least one beginning of card numbers".into());
    }
    let range = |text: &String| {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let digits = |t: &str| (1..=8).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(low) || !digits(high) || low.len() != high.len() || low > high {
            return None;
        }
        Some((format!("{low:0<8}").parse().ok()?, format!("{high:9<8}").parse().ok()?))
    };
    let read = |text| {
        range(text).ok_or_else(|| format!("must be 1 to 8 digits, or a range of as many like 51-55, got {text:?}"))
    };
    list.iter().map(read).collect()
}

/// Named merchants, sorted.
pub(super) fn merchants(list: &[String]) -> Result<Vec<(InstitutionId, MerchantId)>, String> {
    if list.is_empty() {
        return Err(EMPTY.into());
    }
    let read = |text: &String| {
        let ids = text.split_once('/').and_then(|(acquirer, merchant)| {
            Some((acquirer.parse::<InstitutionId>().ok()?, merchant.parse::<MerchantId>().ok()?))
        });
        ids.ok_or_else(|| format!("must be acquirer/merchant like 27000001/M1, got {text:?}"))
    };
    let mut named = list.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    named.sort_unstable();
    match named.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("names {}/{} twice", pair[0].0, pair[0].1)),
        None => Ok(named),
    }
}
