//! Single values of the file. Each error says what was expected and what came.

use crate::policy::file::one_of;
pub(super) use crate::policy::file::{date, title, whole};
use kazasu_schemas::contract::{Basis, Cycle, RefundFee, Rounding, Tax, Tender, Tenders};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId};
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::policy::{MccRanges, Rate};
use kazasu_text::documents::KeyProblem;
use kazasu_text::{Quoted, Said};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(super) fn yen(n: Option<i64>, most: i64) -> Result<Yen, Said> {
    whole(n.unwrap_or(0), 0, most).map(Yen::new)
}

pub(super) fn any_yen(n: Option<i64>) -> Result<Yen, Said> {
    yen(n, MAX_WIRE_AMOUNT)
}

pub(super) fn word(text: &str) -> Result<String, Said> {
    let plain = !kazasu_schemas::canonical::is_blank(text)
        && text.chars().count() <= 40
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if plain { Ok(text.to_owned()) } else { Err(Said::of(&KeyProblem::Word { got: Quoted(text) })) }
}

pub(super) fn words(list: &[String]) -> Result<Vec<String>, Said> {
    if list.is_empty() {
        Err(Said::of(&KeyProblem::NamesNothing))
    } else {
        list.iter().map(|text| word(text)).collect()
    }
}

/// `"3.24%"` as parts per million.
pub(super) fn rate(text: &str) -> Result<Rate, Said> {
    let wrong = || Said::of(&KeyProblem::FeeRate { got: Quoted(text) });
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
pub(super) fn part(text: &str) -> Result<Rate, Said> {
    let rate = rate(text)?;
    if (1..1_000_000).contains(&rate.0) { Ok(rate) } else { Err(Said::of(&KeyProblem::Part { got: Quoted(text) })) }
}

pub(super) fn rounding(text: &str) -> Result<Rounding, Said> {
    match text {
        "down" => Ok(Rounding::Down),
        "half_up" => Ok(Rounding::HalfUp),
        "up" => Ok(Rounding::Up),
        other => Err(one_of(&["down", "half_up", "up"], other)),
    }
}

pub(super) fn basis(text: &str) -> Result<Basis, Said> {
    match text {
        "tap" => Ok(Basis::Tap),
        "day_and_brand" => Ok(Basis::DayAndBrand),
        other => Err(one_of(&["tap", "day_and_brand"], other)),
    }
}

pub(super) fn tax(text: &str, rounding: Rounding) -> Result<Tax, Said> {
    if text == "exempt" {
        return Ok(Tax::Exempt);
    }
    let rate = part(text).map_err(|_| Said::of(&KeyProblem::Tax { got: Quoted(text) }))?;
    Ok(Tax::Taxable { rate, rounding })
}

pub(super) fn refund_fee(text: &str) -> Result<RefundFee, Said> {
    match text {
        "returned" => Ok(RefundFee::Returned),
        "kept" => Ok(RefundFee::Kept),
        other => Err(one_of(&["returned", "kept"], other)),
    }
}

pub(super) fn cycle(text: &str) -> Result<Cycle, Said> {
    let weekly = || {
        let name = text.strip_prefix("weekly:")?;
        u8::try_from(WEEKDAYS.iter().position(|day| *day == name)?).ok()
    };
    match text {
        "daily" => Ok(Cycle::Daily),
        "twice_a_month" => Ok(Cycle::TwiceAMonth),
        "month_end" => Ok(Cycle::MonthEnd),
        _ => weekly().map(Cycle::Weekly).ok_or_else(|| Said::of(&KeyProblem::Cycle { got: Quoted(text) })),
    }
}

pub(super) fn tenders(list: Option<&[String]>) -> Result<Tenders, Said> {
    let Some(list) = list else { return Ok(Tenders::ALL) };
    if list.is_empty() {
        return Err(Said::of(&KeyProblem::NamesNothing));
    }
    let of = |text: &String| {
        let choices = || Tender::ALL.map(Tender::name).join(", ");
        Tender::parse(text).ok_or_else(|| Said::of(&KeyProblem::Of { choices: &choices(), got: Quoted(text) }))
    };
    Ok(Tenders::of(&list.iter().map(of).collect::<Result<Vec<_>, _>>()?))
}

pub(super) fn mcc(list: Option<&[String]>) -> Result<MccRanges, Said> {
    let Some(list) = list else { return Ok(Vec::new()) };
    if list.is_empty() {
        return Err(Said::of(&KeyProblem::NamesNothing));
    }
    let range = |text: &String| {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        match (low.parse::<Mcc>(), high.parse::<Mcc>()) {
            (Ok(low), Ok(high)) if low <= high => Ok((low, high)),
            _ => Err(Said::of(&KeyProblem::Mcc { got: Quoted(text) })),
        }
    };
    list.iter().map(range).collect()
}

/// First digits of card numbers as ranges of eight digits.
pub(super) fn prefixes(list: &[String]) -> Result<Vec<(u32, u32)>, Said> {
    if list.is_empty() {
        return Err(Said::of(&KeyProblem::NoPrefix));
    }
    let range = |text: &String| {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        let digits = |t: &str| (1..=8).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(low) || !digits(high) || low.len() != high.len() || low > high {
            return None;
        }
        Some((format!("{low:0<8}").parse().ok()?, format!("{high:9<8}").parse().ok()?))
    };
    let read = |text| range(text).ok_or_else(|| Said::of(&KeyProblem::Prefix { got: Quoted(text) }));
    list.iter().map(read).collect()
}

/// Named merchants, sorted.
pub(super) fn merchants(list: &[String]) -> Result<Vec<(InstitutionId, MerchantId)>, Said> {
    if list.is_empty() {
        return Err(Said::of(&KeyProblem::NamesNothing));
    }
    let read = |text: &String| {
        let ids = text.split_once('/').and_then(|(acquirer, merchant)| {
            Some((acquirer.parse::<InstitutionId>().ok()?, merchant.parse::<MerchantId>().ok()?))
        });
        ids.ok_or_else(|| Said::of(&KeyProblem::Merchant { got: Quoted(text) }))
    };
    let mut named = list.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    named.sort_unstable();
    match named.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let merchant = &format!("{}/{}", pair[0].0, pair[0].1);
            Err(Said::of(&KeyProblem::MerchantTwice { merchant }))
        }
        None => Ok(named),
    }
}
