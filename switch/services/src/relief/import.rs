//! Reading a file of applications in: CSV or a workbook, header in Japanese or English. A bad row is reported by line, column, value
//! and reason and never blocks the others; every row of the file is taken or refused. Rows that were read in before a crash are not
//! read in twice.

use super::terms::{digits, kana};
use crate::access::{About, Name};
use crate::bank::{account_kind, name_at_the_bank};
use crate::error::{Result, ServiceError, unfit};
use crate::fields::reason;
use crate::import::BadRow;
use crate::operation::Operation;
use crate::{Services, Who};
use bytes::Bytes;
use kazasu_core::{Command, Done, MOST_ROWS, ROWS_AT_ONCE, Refusal, Relief};
use kazasu_documents::table_file::{Columns, How, Row, Table, narrow, one_line};
use kazasu_engine::CommandError;
use kazasu_schemas::canonical::{self, is_blank, same};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::relief::{Application, Method, PayeeAccount, SealedAccount, Step, Terms};
use kazasu_schemas::typed;
use kazasu_schemas::zengin::kana::Charset;
use kazasu_security::vault::Vault;
use kazasu_text::problems::ProblemText;
use kazasu_text::readings::{amount as amount_of, id};
use kazasu_text::{Count, Said, Text, errors};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The largest file.
pub const MOST_BYTES: usize = 256 * 1024 * 1024;
/// Chunks of rows under way at one time.
const UNDER_WAY: usize = 16;

/// Receives the progress of reading: bytes read, and bytes in all.
#[derive(Clone, Default)]
pub struct Progress(Option<Arc<dyn Fn(u64, u64) + Send + Sync>>);

impl Progress {
    /// Calls this each time.
    pub fn to(hears: impl Fn(u64, u64) + Send + Sync + 'static) -> Progress {
        Progress(Some(Arc::new(hears)))
    }

    fn tell(&self, (read, of): (u64, u64)) {
        if let Some(hears) = &self.0 {
            hears(read, of);
        }
    }
}

/// Reads a file of applications in. It credits nothing: a credit requires two more people.
#[derive(Clone, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportApplications {
    /// The programme.
    pub programme: u16,
    /// The file's name, for people.
    pub name: String,
    /// The reason, which the record keeps.
    pub why: String,
    /// A workbook's sheet; the first that is shown when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The file.
    #[serde(skip)]
    pub file: Bytes,
    /// Receives the progress.
    #[serde(skip)]
    pub progress: Progress,
}

/// The result of reading a file in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Imported {
    /// The batch.
    pub batch: u32,
    /// The same file was read in before: nothing was done.
    pub known: bool,
    /// `utf-8`, `shift_jis`, `utf-16`, `ascii` or `xlsx`.
    pub encoding: String,
    /// The workbook's sheet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Rows of the file, the header and empty rows not counted: taken and refused ones.
    pub rows: u64,
    /// Empty rows.
    #[serde(default)]
    pub blank: u64,
    /// Rows that were taken in.
    pub taken: u64,
    /// Rows that were refused.
    pub bad: u64,
    /// All of them.
    pub bad_rows: Vec<BadRow>,
    /// The file's header.
    #[serde(default)]
    pub header: Vec<String>,
    /// Unknown columns, which were ignored.
    #[serde(default)]
    pub ignored_columns: Vec<String>,
}

/// Columns: the English name, and the Japanese ones.
const KNOWN: &[(&str, &[&str])] = &[
    ("ppid", &["利用者id", "利用者", "id"]),
    ("household", &["世帯番号", "世帯"]),
    ("event", &["災害", "事由", "災害名"]),
    ("damage", &["被害区分", "被害"]),
    ("amount", &["支給額", "金額"]),
    ("bank", &["銀行コード", "金融機関コード"]),
    ("bank_name", &["銀行名", "金融機関名"]),
    ("branch", &["支店コード", "店番"]),
    ("branch_name", &["支店名"]),
    ("kind", &["預金種目", "口座種別"]),
    ("account", &["口座番号"]),
    ("name", &["口座名義カナ", "口座名義", "名義カナ"]),
    ("supplement", &["追加支給"]),
];

fn columns(method: Method) -> Columns {
    let needed: &[&str] = match method {
        Method::Purse => &["ppid", "household", "event", "amount"],
        Method::Transfer => &["ppid", "household", "event", "amount", "bank", "branch", "kind", "account", "name"],
    };
    Columns { known: KNOWN, needed, dates: &[] }
}

/// The problem of a value.
struct Wrong(&'static str, String, Said);

fn wrong(column: &'static str, got: &str, problem: &impl Text) -> Wrong {
    let got = kazasu_schemas::text::masked(&got.chars().take(64).collect::<String>());
    Wrong(column, got, Said::of(problem).map(kazasu_schemas::text::masked))
}

impl Operation for ImportApplications {
    const NAME: Name = Name::ImportApplications;
    type Answer = Imported;

    fn about(&self) -> Result<About> {
        Ok(About::Programme(self.programme))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<Imported> {
        let ImportApplications { programme, name, why, sheet, file: bytes, progress } = self;
        if bytes.len() > MOST_BYTES {
            return Err(unfit(
                "file",
                &ProblemText::TooManyBytes { bytes: bytes.len().into(), most: MOST_BYTES.into() },
            ));
        }
        let (said, name) = (who.says(reason("why", &why)?), reason("name", &name)?);
        let view = services.query(move |state| state.relief_programme(programme)).await?;
        let terms = view.ok_or(Refusal::UnknownProgramme(programme))?.terms;
        let digest = digest(&bytes, sheet.as_deref());
        let mut table = open(bytes, sheet, terms.method).await?;
        let open = Relief::OpenBatch { programme, name, digest, by: said.by.clone() };
        let known = services.command(Command::Relief(open)).await? == Done::Unchanged;
        let there = services.query(move |state| state.relief_batch_of(programme, &digest)).await?;
        let (batch, _, closed) = there.ok_or_else(|| unfit("file", &ProblemText::BatchMissing))?;
        let mut out = Imported {
            batch,
            known: known && closed,
            encoding: table.format().to_string(),
            sheet: table.sheet().map(str::to_owned),
            header: table.header().to_vec(),
            ignored_columns: table.ignored().to_vec(),
            ..Imported::default()
        };
        let mut rows = Rows { services, batch, next: 0, chunk: Vec::new(), under_way: VecDeque::new() };
        while let Some(row) = table.next_row() {
            out.rows += 1;
            match application(&row, &terms, &services.imports.vault) {
                Err(problem) => out.refuse(row, problem),
                Ok(application) => {
                    out.taken += 1;
                    if !out.known {
                        rows.push(application).await?;
                    }
                }
            }
            if out.rows.is_multiple_of(1_000) {
                progress.tell(table.progress());
                tokio::task::yield_now().await;
            }
        }
        out.blank = table.blank();
        progress.tell(table.progress());
        if !out.known {
            rows.finish().await?;
            let refused = u32::try_from(out.bad).unwrap_or(u32::MAX);
            let step = Relief::Step { batch, step: Step::Applied, value_date: None, refused, said };
            services.command_of(who, Command::Relief(step)).await?;
        }
        Ok(out)
    }
}

/// The digest by which a file is known: another sheet of a workbook is another file.
fn digest(bytes: &[u8], sheet: Option<&str>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(bytes);
    hash.update(sheet.unwrap_or("").as_bytes());
    hash.finalize().into()
}

/// Reads the file's header. Nothing is taken of a file with more rows than a batch has.
async fn open(bytes: Bytes, sheet: Option<String>, method: Method) -> Result<Table<'static>> {
    let work = move || {
        let how = How { sheet: sheet.as_deref(), ..How::default() };
        Table::open(&bytes, columns(method), how).map(Table::into_owned)
    };
    let table = tokio::task::spawn_blocking(work).await.map_err(|e| ServiceError::Other(e.into()))?;
    let table = table.map_err(|e| unfit("file", &e))?;
    if table.lines() > u64::from(MOST_ROWS) + 1 {
        return Err(unfit("file", &ProblemText::TooManyRows { most: Count(u64::from(MOST_ROWS)) }));
    }
    Ok(table)
}

impl Imported {
    fn refuse(&mut self, row: Row, Wrong(column, value, problem): Wrong) {
        self.bad += 1;
        let (line, place) = (row.line, row.row);
        let cells = row.into_refused();
        let cells = cells.iter().map(|cell| kazasu_schemas::text::without_card_numbers(cell)).collect();
        let (problem, problem_ja) = (problem.en().into_owned(), problem.ja().into_owned());
        self.bad_rows.push(BadRow { line, row: place, column: column.to_owned(), value, problem, problem_ja, cells });
    }
}

/// Rows on their way into a batch.
struct Rows<'a> {
    services: &'a Services,
    batch: u32,
    next: u32,
    chunk: Vec<Application>,
    under_way: VecDeque<oneshot::Receiver<Result<Done, CommandError>>>,
}

impl Rows<'_> {
    async fn push(&mut self, row: Application) -> Result<()> {
        self.chunk.push(row);
        if self.chunk.len() == ROWS_AT_ONCE {
            self.send()?;
        }
        while self.under_way.len() >= UNDER_WAY {
            self.wait().await?;
        }
        Ok(())
    }

    fn send(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.chunk);
        let first = self.next;
        self.next += u32::try_from(rows.len()).expect("at most 256");
        let add = Relief::AddRows { batch: self.batch, first, rows };
        self.under_way.push_back(self.services.engine()?.command_later(Command::Relief(add)));
        Ok(())
    }

    async fn wait(&mut self) -> Result<()> {
        if let Some(answer) = self.under_way.pop_front() {
            answer.await.map_err(|_| ServiceError::Command(CommandError::Stopping))??;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<()> {
        if !self.chunk.is_empty() {
            self.send()?;
        }
        while !self.under_way.is_empty() {
            self.wait().await?;
        }
        Ok(())
    }
}

/// A row as an application, its account sealed.
fn application(row: &Row, terms: &Terms, vault: &Vault) -> Result<Application, Wrong> {
    if let Some(fault) = &row.fault {
        return Err(Wrong(fault.column, fault.value.clone(), fault.problem.clone()));
    }
    let get = |column| row.get(column);
    let ppid = match &*narrow(get("ppid")) {
        "" => None,
        text => Some(text.parse::<Ppid>().map_err(|e| wrong("ppid", get("ppid"), &id(&e)))?),
    };
    let household = one_line(get("household"));
    let household = household.as_str();
    if is_blank(household) || household.chars().count() > 60 {
        return Err(wrong("household", household, &ProblemText::HouseholdNumber));
    }
    let event = one_line(get("event"));
    let event = event.as_str();
    let known = terms.events.is_empty() || terms.events.iter().any(|e| same(e, event));
    if is_blank(event) || event.chars().count() > 100 || !known {
        return Err(match &*terms.events.join(", ") {
            "" => wrong("event", event, &ProblemText::EventLength),
            events => wrong("event", event, &ProblemText::EventOneOf { events }),
        });
    }
    let text = get("amount");
    let amount = typed::yen(text).map_err(|e| wrong("amount", text, &amount_of(e)))?;
    if !amount.is_positive() {
        return Err(wrong("amount", text, &ProblemText::AboveZero));
    }
    if terms.method == Method::Transfer && amount > kazasu_schemas::zengin::transfer::MAX_AMOUNT {
        return Err(wrong("amount", text, &ProblemText::TransferTooLarge));
    }
    let damage = one_line(get("damage"));
    if damage.chars().count() > 60 {
        return Err(wrong("damage", &damage, &ProblemText::CharactersAtMost { most: Count(60) }));
    }
    let supplement = match narrow(get("supplement")).to_lowercase().as_str() {
        "" | "no" | "いいえ" => false,
        "yes" | "はい" | "○" => true,
        _ => return Err(wrong("supplement", get("supplement"), &ProblemText::YesNoEmpty)),
    };
    let dedup = vault.hidden("household and event", &[&canonical::household(household), &canonical::canonical(event)]);
    let account = match terms.method {
        Method::Purse => None,
        Method::Transfer => account(&get, &dedup, vault)?,
    };
    let line = u32::try_from(row.line).unwrap_or(u32::MAX);
    Ok(Application { line, ppid, dedup, amount, damage, account, supplement, issues: 0 })
}

/// The account, sealed; nothing when all its columns are empty.
fn account<'a>(
    get: &impl Fn(&'static str) -> &'a str,
    dedup: &[u8; 16],
    vault: &Vault,
) -> Result<Option<SealedAccount>, Wrong> {
    let columns = ["bank", "branch", "kind", "account", "name"];
    if columns.iter().all(|column| get(column).is_empty()) {
        return Ok(None);
    }
    // Spreadsheets lose leading zeros.
    let padded = |column: &'static str, len: usize| {
        let text = narrow(get(column));
        digits(&format!("{text:0>len$}"), len)
            .ok()
            .filter(|_| !text.is_empty())
            .ok_or_else(|| wrong(column, &text, &ProblemText::DigitsExactly { digits: len.into() }))
    };
    let names = |column: &'static str| match get(column) {
        "" => Ok(String::new()),
        text => kana(text, Charset::Bank).map_err(|e| wrong(column, text, &e)),
    };
    let account = PayeeAccount {
        bank: padded("bank", 4)?,
        branch: padded("branch", 3)?,
        kind: account_kind(&narrow(get("kind"))).map_err(|e| wrong("kind", get("kind"), &e))?,
        account: padded("account", 7)?,
        name: kana(get("name"), Charset::Name).map_err(|e| wrong("name", get("name"), &e))?,
        bank_name: names("bank_name")?,
        branch_name: names("branch_name")?,
    };
    let clear = minicbor::to_vec(&account).expect("writing to memory does not fail");
    let sealed = vault
        .seal_account(&clear, dedup)
        .map_err(|e| wrong("account", "(not shown)", &errors::said(&e, crate::causes::of)))?;
    let kind = account.kind.to_string();
    let token = vault.hidden("account", &[&account.bank, &account.branch, &kind, &account.account]);
    let at_the_bank = name_at_the_bank(&account.name).unwrap_or_default();
    let name = vault.hidden("payee name", &[&at_the_bank]);
    Ok(Some(SealedAccount { sealed, token, name }))
}
