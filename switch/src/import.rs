//! Import of merchants and links from CSV. A bad row is reported by line, column, value and reason, and never blocks the
//! others; importing the same file again changes nothing.

use crate::core::{Command, Done, Link};
use crate::engine::{CommandError, Engine};
use crate::vault::Vault;
use kazasu_issuer_adapter::routing::RoutingTable;
use kazasu_ledger::record::{BankAccount, Card, Instrument, LinkOrigin, MerchantTraits};
use kazasu_schemas::ids::{InstitutionId, Mcc, MerchantId, Ppid, TerminalId, digits};
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::secret::Pan;
use serde::Serialize;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Bad rows that are listed in full; more are only counted.
const LISTED: usize = 10_000;
/// Who links, as the records keep it.
const IMPORT: &str = "import";
/// Commands under way at one time.
const WINDOW: usize = 8_192;

/// A row that was not imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct BadRow {
    /// Line in the file, the header being 1.
    pub line: u64,
    /// The column, or empty when the row as a whole is wrong.
    pub column: String,
    /// What stands there; card numbers are not repeated.
    pub value: String,
    /// What is wrong and what was expected.
    pub problem: String,
}

/// What an import did.
#[derive(Clone, Debug, Default, Serialize, serde::Deserialize)]
pub struct ImportReport {
    /// Rows read, the header not counted.
    pub rows: u64,
    /// Rows that made at least one record.
    pub recorded: u64,
    /// Rows that changed nothing because everything was as they say.
    pub unchanged: u64,
    /// Cards whose number no configured issuer claims: linked, but refused with 92 until one does and they are linked again.
    pub without_route: u64,
    /// Rows that were refused.
    pub bad: u64,
    /// The first of them.
    pub bad_rows: Vec<BadRow>,
}

impl ImportReport {
    fn refuse(&mut self, row: BadRow) {
        self.bad += 1;
        if self.bad_rows.len() < LISTED {
            self.bad_rows.push(row);
        }
    }
}

/// What importing links needs besides the file.
#[derive(Clone)]
pub struct LinkImport {
    /// Seals card numbers.
    pub vault: Arc<Vault>,
    /// Finds issuers.
    pub routes: Arc<RoutingTable>,
}

/// What is wrong with a value, and what was expected.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) column: &'static str,
    pub(crate) value: String,
    pub(crate) problem: String,
}

fn problem(column: &'static str, value: &str, problem: impl ToString) -> Problem {
    // A column that was moved by mistake may hold card numbers.
    let value = crate::text::masked(&value.chars().take(64).collect::<String>());
    Problem { column, value, problem: crate::text::masked(&problem.to_string()) }
}

/// A row of a CSV file by column name.
struct Row<'a> {
    columns: &'a [String],
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    fn get(&self, column: &str) -> &str {
        let at = self.columns.iter().position(|c| c == column);
        at.and_then(|at| self.record.get(at)).unwrap_or("").trim()
    }
}

/// The commands that a row stands for, carried out in order.
struct Planned {
    commands: Vec<Command>,
    without_route: bool,
}

/// Imports merchants: columns `merchant`, `name`, `mcc`, `acquirer`, `terminals` (separated by spaces), `closed` (yes or
/// empty), `class`, `tags` (separated by spaces), `region`.
pub async fn merchants(engine: &Engine, file: &[u8]) -> anyhow::Result<ImportReport> {
    run(
        engine,
        file,
        &["merchant", "name", "mcc", "acquirer", "terminals"],
        &["closed", "class", "tags", "region"],
        merchant_row,
    )
    .await
}

/// Imports links: columns `ppid`, `kind` (credit, debit, bank, held, none), `number` (card number; bank: bank code 4,
/// branch 3, account 7 digits; held: branch 3, account 7), `balance` (yen put into a held account when it is opened), `from`
/// (a date or time from which the row holds; empty: from now on).
pub async fn links(engine: &Engine, file: &[u8], with: &LinkImport) -> anyhow::Result<ImportReport> {
    run(engine, file, &["ppid", "kind", "number"], &["balance", "from"], |row| link_row(row, with)).await
}

async fn run(
    engine: &Engine,
    file: &[u8],
    needed: &[&str],
    allowed: &[&str],
    plan: impl Fn(&Row<'_>) -> Result<Planned, Problem>,
) -> anyhow::Result<ImportReport> {
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let columns: Vec<String> = reader.headers()?.iter().map(|h| h.trim().to_lowercase()).collect();
    for column in needed {
        anyhow::ensure!(
            columns.iter().any(|c| c == column),
            "line 1: the header has no column {column:?}; expected {}",
            needed.join(", ")
        );
    }
    for column in &columns {
        let known = needed.contains(&column.as_str()) || allowed.contains(&column.as_str());
        anyhow::ensure!(
            known,
            "line 1: unknown column {column:?}; known are {}, {}",
            needed.join(", "),
            allowed.join(", ")
        );
    }
    let mut report = ImportReport::default();
    let mut under_way: VecDeque<UnderWay> = VecDeque::new();
    let mut record = csv::StringRecord::new();
    loop {
        let before = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                report.rows += 1;
                report.refuse(BadRow {
                    line: before,
                    column: String::new(),
                    value: String::new(),
                    problem: error.to_string(),
                });
                continue;
            }
        }
        report.rows += 1;
        let line = record.position().map_or(before, csv::Position::line);
        if record.len() != columns.len() {
            let problem = format!("has {} columns, the header has {}", record.len(), columns.len());
            report.refuse(BadRow { line, column: String::new(), value: String::new(), problem });
            continue;
        }
        match plan(&Row { columns: &columns, record: &record }) {
            Err(p) => report.refuse(BadRow { line, column: p.column.into(), value: p.value, problem: p.problem }),
            Ok(planned) => {
                report.without_route += u64::from(planned.without_route);
                let answers = planned.commands.into_iter().map(|command| engine.command_later(command)).collect();
                under_way.push_back(UnderWay { line, answers });
            }
        }
        while under_way.len() >= WINDOW {
            finish(under_way.pop_front(), &mut report).await?;
        }
    }
    while !under_way.is_empty() {
        finish(under_way.pop_front(), &mut report).await?;
    }
    // What the core refused came later than what could not be read.
    report.bad_rows.sort_by_key(|row| row.line);
    Ok(report)
}

/// A row's commands, whose outcomes come together.
struct UnderWay {
    line: u64,
    answers: SmallVec<[oneshot::Receiver<Result<Done, CommandError>>; 1]>,
}

fn refuse(line: u64, error: CommandError, report: &mut ImportReport) -> anyhow::Result<()> {
    match error {
        CommandError::Rejected(why) => {
            report.refuse(BadRow { line, column: String::new(), value: String::new(), problem: why.to_string() });
            Ok(())
        }
        error @ (CommandError::Elsewhere(_) | CommandError::Halted(_) | CommandError::Stopping) => Err(error.into()),
    }
}

async fn finish(row: Option<UnderWay>, report: &mut ImportReport) -> anyhow::Result<()> {
    let Some(row) = row else { return Ok(()) };
    let mut changed = false;
    for answer in row.answers {
        match answer.await? {
            Ok(done) => changed |= done == Done::Recorded,
            Err(error) => return refuse(row.line, error, report),
        }
    }
    if changed {
        report.recorded += 1;
    } else {
        report.unchanged += 1;
    }
    Ok(())
}

fn merchant_row(row: &Row<'_>) -> Result<Planned, Problem> {
    let parse_terminal = |text: &str| text.parse::<TerminalId>().map_err(|e| problem("terminals", text, e.problem));
    let get = |column| row.get(column);
    let name = get("name");
    if name.is_empty() || name.chars().count() > 100 {
        return Err(problem("name", name, "must be 1 to 100 characters"));
    }
    let terminals = get("terminals").split_whitespace().map(parse_terminal).collect::<Result<Vec<_>, _>>()?;
    if terminals.len() > 1_000 {
        return Err(problem("terminals", "", "a merchant has at most 1,000 terminals"));
    }
    let command = Command::RegisterMerchant {
        acquirer: get("acquirer")
            .parse::<InstitutionId>()
            .map_err(|e| problem("acquirer", get("acquirer"), e.problem))?,
        merchant: get("merchant").parse::<MerchantId>().map_err(|e| problem("merchant", get("merchant"), e.problem))?,
        name: name.to_owned(),
        mcc: get("mcc").parse::<Mcc>().map_err(|e| problem("mcc", get("mcc"), e.problem))?,
        terminals,
        closed: match get("closed") {
            "" | "no" => false,
            "yes" => true,
            other => return Err(problem("closed", other, "must be yes, no or empty")),
        },
        traits: merchant_traits(row)?,
    };
    Ok(Planned { commands: vec![command], without_route: false })
}

/// `class` and `tags` are words of the operator's own; `region` is a municipality code.
fn merchant_traits(row: &Row<'_>) -> Result<MerchantTraits, Problem> {
    let word = |column, text: &str| {
        let plain = text.chars().count() <= 40 && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        if plain { Ok(text.to_owned()) } else { Err(problem(column, text, "must be at most 40 characters, no spaces")) }
    };
    let mut tags = row.get("tags").split_whitespace().map(|tag| word("tags", tag)).collect::<Result<Vec<_>, _>>()?;
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > 20 {
        return Err(problem("tags", row.get("tags"), "a merchant has at most 20 tags"));
    }
    let region = row.get("region");
    let code = matches!(region.len(), 0 | 2 | 5) && region.bytes().all(|b| b.is_ascii_digit());
    if !code {
        return Err(problem("region", region, "must be a prefecture (2 digits) or a municipality (5 digits)"));
    }
    Ok(MerchantTraits { class: word("class", row.get("class"))?, tags, region: region.to_owned() })
}

fn link_row(row: &Row<'_>, with: &LinkImport) -> Result<Planned, Problem> {
    let ppid = row.get("ppid").parse::<Ppid>().map_err(|e| problem("ppid", row.get("ppid"), e.problem))?;
    let number = row.get("number");
    let from = match row.get("from") {
        "" => None,
        text => Some(Millis::parse(text).ok_or_else(|| {
            problem("from", text, "must be a date (2026-12-01) or a time with its offset (2026-12-01T09:00:00+09:00)")
        })?),
    };
    let kind = row.get("kind");
    if kind != "held" && !row.get("balance").is_empty() {
        return Err(problem("balance", row.get("balance"), "only a held account has a balance here"));
    }
    match kind {
        "none" if number.is_empty() => {
            return Ok(Planned {
                commands: vec![Command::Unlink { ppid, from, by: IMPORT.into() }],
                without_route: false,
            });
        }
        "none" => return Err(problem("number", number, "must be empty where kind is none")),
        "held" => return held_row(row, ppid, number, from),
        _ => {}
    }
    let (to, without_route) = instrument(kind, number, &ppid, with)?;
    let command = Command::Link { ppid, from, to, origin: LinkOrigin::Import, by: IMPORT.into() };
    Ok(Planned { commands: vec![command], without_route })
}

/// An instrument as files and the portal name it, and whether no configured issuer claims it. A card's number is sealed here and
/// is not repeated by any error.
pub(crate) fn instrument(kind: &str, number: &str, ppid: &Ppid, with: &LinkImport) -> Result<(Link, bool), Problem> {
    match kind {
        "credit" | "debit" => {
            let pan = Pan::parse(number.as_bytes()).map_err(|e| problem("number", "(not shown)", e))?;
            let issuer = with.routes.for_card(&pan);
            let card = Card {
                issuer: issuer.unwrap_or(crate::core::NO_ISSUER),
                pan: with.vault.seal(&pan, ppid).map_err(|e| problem("number", "(not shown)", e))?,
                token: with.vault.token(&pan),
            };
            let instrument = if kind == "credit" { Instrument::CreditCard(card) } else { Instrument::DebitCard(card) };
            Ok((Link::Instrument(instrument), issuer.is_none()))
        }
        "bank" => {
            let all = digits(number.as_bytes()).filter(|_| number.len() == 14);
            let all = all.ok_or_else(|| problem("number", number, "must be bank 4, branch 3 and account 7 digits"))?;
            let issuer = with.routes.for_bank(&number[..4]);
            let account =
                BankAccount { issuer: issuer.unwrap_or(crate::core::NO_ISSUER), number: all % 10_000_000_000 };
            Ok((Link::Instrument(Instrument::BankAccount(account)), issuer.is_none()))
        }
        "held" => Ok((Link::Deposit(held_number(number)?), false)),
        other => Err(problem("kind", other, "must be credit, debit, bank, held or none")),
    }
}

fn held_number(number: &str) -> Result<u64, Problem> {
    digits(number.as_bytes())
        .filter(|_| number.len() == 10)
        .ok_or_else(|| problem("number", number, "must be branch 3 and account 7 digits"))
}

fn held_row(row: &Row<'_>, ppid: Ppid, number: &str, from: Option<Millis>) -> Result<Planned, Problem> {
    let number = held_number(number)?;
    let mut commands = vec![Command::OpenDeposit { number }];
    let balance = row.get("balance");
    if !balance.is_empty() && balance != "0" {
        let yen = digits(balance.as_bytes()).and_then(|n| i64::try_from(n).ok()).filter(|n| *n <= MAX_WIRE_AMOUNT);
        let yen = yen.ok_or_else(|| problem("balance", balance, "must be whole yen, at most 999999999999"))?;
        let reference = "opening balance".to_owned();
        commands.push(Command::OpeningBalance { number, amount: Yen::new(yen), reference });
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
