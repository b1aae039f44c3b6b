//! Links of residents to cards and accounts.

use super::preview::Ground;
use super::{Cells, IMPORT, ImportReport, Kind, LinkImport, Order, Planned, Problem, problem};
use bytes::Bytes;
use kazasu_core::{Command, Link};
use kazasu_documents::table_file::{Columns, Row, narrow};
use kazasu_ledger::record::{BankAccount, Card, Instrument, LinkOrigin};
use kazasu_schemas::ids::{Ppid, digits};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::secret::Pan;
use kazasu_schemas::typed;
use kazasu_text::problems::ProblemText;
use kazasu_text::readings::{self, amount as amount_of, date_text, id};
use kazasu_text::{Said, errors};

const COLUMNS: Columns = Columns {
    known: &[
        ("ppid", &["利用者ID", "利用者"]),
        ("kind", &["種別"]),
        ("number", &["番号", "カード番号", "口座番号"]),
        ("balance", &["残高"]),
        ("from", &["適用日", "開始日"]),
    ],
    needed: &["ppid", "kind", "number"],
    dates: &["from"],
};

/// Imports links: columns `ppid`, `kind` (credit, debit, bank, on_us, none; held is read as on_us), `number` (card number; bank: bank code 4,
/// branch 3, account 7 digits; on_us: branch 3, account 7), `balance` (yen put into an on-us account when it is opened), `from`
/// (a date or time from which the row holds; empty: from now on).
pub async fn links(
    ground: impl Into<Ground<'_>>,
    file: Bytes,
    with: &LinkImport,
    order: &Order,
) -> anyhow::Result<ImportReport> {
    let plan = |row: &Row| link_row(row, with);
    run_links(ground.into(), file, order, &plan).await
}

async fn run_links(
    ground: Ground<'_>,
    file: Bytes,
    order: &Order,
    plan: &(dyn Fn(&Row) -> Result<Planned, Problem> + Sync),
) -> anyhow::Result<ImportReport> {
    super::run(ground, file, order, Kind { columns: COLUMNS, cells: Cells::Masked, plan }).await
}

fn link_row(row: &Row, with: &LinkImport) -> Result<Planned, Problem> {
    let plain = |column| narrow(row.get(column));
    let ppid = plain("ppid").parse::<Ppid>().map_err(|e| problem("ppid", row.get("ppid"), &id(&e)))?;
    let number = plain("number");
    let number = &*number;
    let from = match row.get("from") {
        "" => None,
        text => Some(typed::moment(text).map_err(|e| {
            let exactly = format!("{e}, or a time with its offset (2026-12-01T09:00:00+09:00)");
            problem("from", text, &Said::exactly(&ProblemText::MomentOr { problem: date_text(e) }, exactly))
        })?),
    };
    let kind = plain("kind").to_lowercase();
    let kind = kind.as_str();
    if !is_on_us(kind) && !row.get("balance").is_empty() {
        return Err(problem("balance", row.get("balance"), &ProblemText::BalanceOnUs));
    }
    match kind {
        "none" if number.is_empty() => {
            return Ok(Planned {
                commands: vec![Command::Unlink { ppid, from, by: IMPORT.into() }],
                without_route: false,
            });
        }
        "none" => return Err(problem("number", number, &ProblemText::EmptyForNone)),
        kind if is_on_us(kind) => return on_us_row(row, ppid, number, from),
        _ => {}
    }
    let (to, without_route) = instrument(kind, number, &ppid, with)?;
    let command = Command::Link { ppid, from, to, origin: LinkOrigin::Import, by: IMPORT.into() };
    Ok(Planned { commands: vec![command], without_route })
}

/// An instrument as files and the portal name it, and whether no configured issuer claims it. A card's number is sealed here and
/// is not repeated by any error.
pub(crate) fn instrument(kind: &str, number: &str, ppid: &Ppid, with: &LinkImport) -> Result<(Link, bool), Problem> {
    // In any width, as files and people write them.
    let (kind, number) = (narrow(kind).to_lowercase(), narrow(number));
    let number = &*number;
    match kind.as_str() {
        "credit" | "debit" => {
            let pan = Pan::parse(number.as_bytes()).map_err(|e| problem("number", "(not shown)", &readings::pan(e)))?;
            let issuer = with.routes.for_card(&pan);
            let card = Card {
                issuer: issuer.unwrap_or(kazasu_core::NO_ISSUER),
                pan: with
                    .vault
                    .seal(&pan, ppid)
                    .map_err(|e| problem("number", "(not shown)", &errors::said(&e, crate::causes::of)))?,
                token: with.vault.token(&pan),
            };
            let instrument = if kind == "credit" { Instrument::CreditCard(card) } else { Instrument::DebitCard(card) };
            Ok((Link::Instrument(instrument), issuer.is_none()))
        }
        "bank" => {
            let all = digits(number.as_bytes()).filter(|_| number.len() == 14);
            let all = all.ok_or_else(|| problem("number", number, &ProblemText::BankNumber))?;
            let issuer = with.routes.for_bank(&number[..4]);
            let account =
                BankAccount { issuer: issuer.unwrap_or(kazasu_core::NO_ISSUER), number: all % 10_000_000_000 };
            Ok((Link::Instrument(Instrument::BankAccount(account)), issuer.is_none()))
        }
        kind if is_on_us(kind) => Ok((Link::Deposit(on_us_number(number)?), false)),
        other => Err(problem("kind", other, &ProblemText::LinkKind)),
    }
}

/// An account of this ledger. `held` is the earlier word.
fn is_on_us(kind: &str) -> bool {
    matches!(kind, "on_us" | "held")
}

fn on_us_number(number: &str) -> Result<u64, Problem> {
    digits(number.as_bytes())
        .filter(|_| number.len() == 10)
        .ok_or_else(|| problem("number", number, &ProblemText::OnUsNumber))
}

fn on_us_row(row: &Row, ppid: Ppid, number: &str, from: Option<Millis>) -> Result<Planned, Problem> {
    let number = on_us_number(number)?;
    let mut commands = vec![Command::OpenDeposit { number, maker: None }];
    let balance = row.get("balance");
    let amount = if balance.is_empty() { Ok(Yen::ZERO) } else { typed::yen(balance) };
    let amount = amount.map_err(|e| problem("balance", balance, &amount_of(e)))?;
    if amount.is_positive() {
        commands.push(Command::OpeningBalance { number, amount, reference: "opening balance".to_owned(), maker: None });
    }
    commands.push(Command::Link {
        ppid,
        from,
        to: Link::Deposit(number),
        origin: LinkOrigin::Import,
        by: IMPORT.into(),
    });
    Ok(Planned { commands, without_route: false })
}
