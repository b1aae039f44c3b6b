//! Merchants: what a row says changes, what it does not say stays. Taking away is written: `-`.

use super::preview::Ground;
use super::{Cells, ImportReport, Kind, Order, Planned, Problem, problem};
use bytes::Bytes;
use kazasu_core::{Command, Edit, MerchantChange};
use kazasu_documents::table_file::{Columns, Row, narrow};
use kazasu_schemas::canonical::is_dash;
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, TerminalId};
use kazasu_schemas::text::unprintable;
use kazasu_text::problems::ProblemText;
use kazasu_text::readings::id;
use kazasu_text::{Quoted, Said};

pub(super) const COLUMNS: Columns = Columns {
    known: &[
        ("merchant", &["加盟店番号", "加盟店コード", "加盟店"]),
        ("name", &["加盟店名", "店名", "名称"]),
        ("mcc", &["業種コード", "業種"]),
        ("acquirer", &["加盟店契約会社", "契約会社"]),
        ("terminals", &["端末番号", "端末"]),
        ("closed", &["閉店"]),
        ("class", &["区分"]),
        ("tags", &["タグ"]),
        ("region", &["市区町村コード", "地域"]),
    ],
    needed: &["merchant", "acquirer"],
    dates: &[],
};

/// Characters of a name.
const MOST_IN_A_NAME: usize = 100;
/// A dash alone removes a value. A Japanese keyboard enters a minus or a long-vowel mark where a hyphen is meant, so that all of them
/// count.
fn is_gone(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(is_dash) && characters.next().is_none()
}

/// Imports merchants: columns `merchant` and `acquirer` say which; `name`, `mcc`, `terminals` (separated by spaces), `closed` (yes or
/// no), `class`, `tags` (separated by spaces) and `region` what is said of it. An empty cell or an absent column keeps what is known.
/// Terminals and tags are added; `-x` takes x away, `-` all that were there before.
pub async fn merchants(ground: impl Into<Ground<'_>>, file: Bytes, order: &Order) -> anyhow::Result<ImportReport> {
    super::run(ground.into(), file, order, Kind { columns: COLUMNS, cells: Cells::Plain, plan: &merchant_row }).await
}

pub(super) fn merchant_row(row: &Row) -> Result<Planned, Problem> {
    let plain = |column| narrow(row.get(column));
    let change = MerchantChange {
        name: name(row)?,
        mcc: match padded(&plain("mcc"), &[(3, 4)]).as_str() {
            "" => None,
            text => Some(text.parse::<Mcc>().map_err(|e| problem("mcc", row.get("mcc"), &id(&e)))?),
        },
        closed: match plain("closed").to_lowercase().as_str() {
            "" => None,
            "no" | "false" | "いいえ" => Some(false),
            "yes" | "true" | "はい" | "○" | "閉店" => Some(true),
            _ => return Err(problem("closed", row.get("closed"), &ProblemText::YesNoEmpty)),
        },
        class: match &*plain("class") {
            "" => None,
            text if is_gone(text) => Some(String::new()),
            text if text.starts_with(is_dash) => {
                return Err(problem("class", row.get("class"), &ProblemText::ClassDash));
            }
            text => Some(word("class", text)?),
        },
        region: region(&plain("region"))?,
        tags: edits(&plain("tags"), |text| word("tags", text))?,
        terminals: edits(&plain("terminals"), |text| {
            text.parse::<TerminalId>().map_err(|e| problem("terminals", text, &id(&e)))
        })?,
    };
    let command = Command::ChangeMerchant {
        acquirer: plain("acquirer")
            .parse::<InstitutionId>()
            .map_err(|e| problem("acquirer", row.get("acquirer"), &id(&e)))?,
        merchant: plain("merchant")
            .parse::<MerchantId>()
            .map_err(|e| problem("merchant", row.get("merchant"), &id(&e)))?,
        change: Box::new(change),
        maker: None,
    };
    Ok(Planned { commands: vec![command], without_route: false })
}

/// The name, which stands in letters and lists: every character of it must be one that can be printed.
fn name(row: &Row) -> Result<Option<String>, Problem> {
    let name = row.get("name");
    if name.is_empty() {
        return Ok(None);
    }
    if name.chars().all(is_dash) {
        return Err(problem("name", name, &ProblemText::NameStays));
    }
    if let Some(why) = unprintable(name) {
        return Err(problem("name", name, &Said::exactly(&ProblemText::Unprintable, why)));
    }
    let characters = name.chars().count();
    if characters > MOST_IN_A_NAME {
        return Err(problem(
            "name",
            name,
            &ProblemText::NameTooLong { characters: characters.into(), most: MOST_IN_A_NAME.into() },
        ));
    }
    Ok(Some(name.to_owned()))
}

/// Digits with the leading zero that spreadsheets lose.
fn padded(text: &str, lengths: &[(usize, usize)]) -> String {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let full = lengths.iter().find(|(short, _)| digits && text.len() == *short).map_or(0, |(_, full)| *full);
    format!("{text:0>full$}")
}

/// A municipality, or nothing to say.
fn region(text: &str) -> Result<Option<String>, Problem> {
    match text {
        "" => Ok(None),
        _ if is_gone(text) => Ok(Some(String::new())),
        _ => {
            let code = padded(text, &[(1, 2), (4, 5)]);
            if matches!(code.len(), 2 | 5) && code.bytes().all(|b| b.is_ascii_digit()) {
                Ok(Some(code))
            } else {
                Err(problem("region", text, &ProblemText::RegionCode))
            }
        }
    }
}

/// A word of the operator's own. Commas stand between words in other programs: here they would make one word of two.
fn word(column: &'static str, text: &str) -> Result<String, Problem> {
    if let Some(comma) = text.chars().find(|c| matches!(c, ',' | '、')) {
        return Err(problem(
            column,
            text,
            &Said::exactly(
                &ProblemText::CommaInWord { comma: Quoted(&comma.to_string()) },
                format!("must have no {comma:?}; spaces stand between words"),
            ),
        ));
    }
    let plain = text.chars().count() <= 40 && unprintable(text).is_none() && !text.contains(char::is_whitespace);
    if plain { Ok(text.to_owned()) } else { Err(problem(column, text, &ProblemText::Word)) }
}

/// A list of words: each is added, `-` takes all away, `-x` takes x away.
fn edits<T>(text: &str, read: impl Fn(&str) -> Result<T, Problem>) -> Result<Vec<Edit<T>>, Problem> {
    let one = |text: &str| match text.strip_prefix(is_dash) {
        Some("") => Ok(Edit::Clear),
        Some(rest) => Ok(Edit::Remove(read(rest)?)),
        None => Ok(Edit::Add(read(text)?)),
    };
    text.split_whitespace().map(one).collect()
}
