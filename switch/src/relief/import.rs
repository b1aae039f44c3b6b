//! Reading a file of applications in: CSV, UTF-8 or Shift_JIS, header in Japanese or English. A bad row is reported by line, column,
//! value and reason and never blocks the others; what was read in before a crash is not read in twice.

use super::terms::{account_kind, digits, kana};
use crate::admin::{AskError, Desk, value};
use crate::core::{Command, Done, MOST_ROWS, ROWS_AT_ONCE, Refusal, Rejected, Relief};
use crate::engine::CommandError;
use crate::import::BadRow;
use crate::report::guard::guarded;
use crate::vault::Vault;
use kazasu_schemas::canonical::{self, is_blank, same};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::money::{MAX_WIRE_AMOUNT, Yen};
use kazasu_schemas::relief::{Application, PayeeAccount, SealedAccount, Step, Terms, Way};
use kazasu_schemas::zengin::kana::Charset;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The largest file.
pub const MOST_BYTES: usize = 256 * 1024 * 1024;
/// Chunks of rows under way at one time.
const UNDER_WAY: usize = 16;

/// A file and who brings it.
#[derive(Clone)]
pub struct Source {
    /// The programme.
    pub programme: u16,
    /// The file's name, for people.
    pub name: String,
    /// Its bytes.
    pub bytes: Arc<Vec<u8>>,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What reading a file in came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Imported {
    /// The batch.
    pub batch: u32,
    /// The same file was read in before: nothing was done.
    pub known: bool,
    /// `utf-8` or `shift_jis`.
    pub encoding: String,
    /// Rows of the file, the header not counted.
    pub rows: u64,
    /// Rows that were taken in.
    pub taken: u64,
    /// Rows that were refused.
    pub bad: u64,
    /// All of them.
    pub bad_rows: Vec<BadRow>,
}

/// Columns: the English name, and the Japanese ones.
const COLUMNS: [(&str, &[&str]); 13] = [
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

/// The columns that stand in the file, by their English names.
struct Header(Vec<&'static str>);

impl Header {
    fn read(record: &csv::StringRecord, way: Way) -> Result<Header, String> {
        let mut columns = Vec::new();
        for text in record {
            let text = text.trim().to_lowercase();
            let known = COLUMNS.iter().find(|(name, japanese)| *name == text || japanese.contains(&text.as_str()));
            let Some((name, _)) = known else {
                let all: Vec<String> = COLUMNS.iter().map(|(n, j)| format!("{n} {}", j[0])).collect();
                return Err(format!("line 1: unknown column {text:?}; known are {}", all.join(", ")));
            };
            if columns.contains(name) {
                return Err(format!("line 1: column {name:?} is there twice"));
            }
            columns.push(*name);
        }
        let needed: &[&str] = match way {
            Way::Purse => &["ppid", "household", "event", "amount"],
            Way::Transfer => &["ppid", "household", "event", "amount", "bank", "branch", "kind", "account", "name"],
        };
        match needed.iter().find(|name| !columns.contains(*name)) {
            Some(missing) => Err(format!("line 1: column {missing:?} is missing; expected {}", needed.join(", "))),
            None => Ok(Header(columns)),
        }
    }

    fn get<'a>(&self, record: &'a csv::StringRecord, column: &str) -> &'a str {
        let at = self.0.iter().position(|name| *name == column);
        at.and_then(|at| record.get(at)).unwrap_or("").trim()
    }
}

/// What is wrong with a value.
struct Wrong(&'static str, String, String);

fn wrong(column: &'static str, got: &str, problem: impl ToString) -> Wrong {
    let got = crate::text::masked(&got.chars().take(64).collect::<String>());
    Wrong(column, got, crate::text::masked(&problem.to_string()))
}

/// The file as text: UTF-8 with or without its mark, else Shift_JIS.
fn text_of(bytes: &[u8]) -> (Cow<'_, str>, &'static str) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), "utf-8"),
        Err(_) => (encoding_rs::SHIFT_JIS.decode_without_bom_handling(bytes).0, "shift_jis"),
    }
}

impl Desk {
    /// Reads a file in. `progress` hears of bytes read and bytes in all. Nothing is credited: that takes two more people.
    pub async fn import_relief(
        &self,
        source: Source,
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<Imported, AskError> {
        let Source { programme, name, bytes, by, why } = source;
        if bytes.len() > MOST_BYTES {
            return Err(value("file", format!("has {} bytes, at most {MOST_BYTES} are read", bytes.len())));
        }
        let why = crate::admin::reason("why", &why)?;
        let name = crate::admin::reason("name", &name)?;
        let view = self.ask(move |state| state.relief_programme(programme)).await?;
        let terms = view.ok_or_else(|| refused(Refusal::UnknownProgramme(programme)))?.terms;
        self.must_be(&terms.city, &by, kazasu_schemas::relief::Role::Officer)?;
        let digest: [u8; 32] = Sha256::digest(&*bytes).into();
        let (text, encoding) = text_of(&bytes);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let headers = reader.headers().map_err(|e| value("file", e))?;
        let header = Header::read(headers, terms.way).map_err(|e| value("file", e))?;
        let open = Relief::OpenBatch { programme, name, digest, by: by.clone() };
        let known = self.command(Command::Relief(open)).await? == Done::Unchanged;
        let there = self.ask(move |state| state.relief_batch_of(programme, &digest)).await?;
        let (batch, _, closed) = there.ok_or_else(|| value("file", "its batch is not there"))?;
        let mut out = Imported { batch, known: known && closed, encoding: encoding.to_owned(), ..Imported::default() };
        let mut base = (0_u64, 0_usize);
        let mut rows = Rows { desk: self, batch, next: 0, chunk: Vec::new(), under_way: VecDeque::new() };
        let mut record = csv::StringRecord::new();
        let total = u64::try_from(text.len()).unwrap_or(u64::MAX);
        loop {
            let before = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    out.refuse(base.0 + before, Wrong("", String::new(), error.to_string()));
                    continue;
                }
            }
            out.rows += 1;
            let line = base.0 + record.position().map_or(before, csv::Position::line);
            if out.rows > u64::from(MOST_ROWS) {
                out.rows -= 1;
                out.refuse(
                    line,
                    wrong("", "", "a file has at most 2,000,000 rows; split it. The rows from here on were not read"),
                );
                break;
            }
            if record.iter().any(|text| text.contains(['\n', '\r'])) {
                // A quote that was never closed took the next rows in: they are read again by themselves.
                out.rows -= 1;
                out.refuse(line, wrong("", "", "has a quotation mark that is not closed"));
                let start = base.1 + usize::try_from(record.position().map_or(0, csv::Position::byte)).unwrap_or(0);
                let Some(next) = text[start..].find('\n').map(|at| start + at + 1) else { break };
                base = (line, next);
                let more =
                    csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text[next..].as_bytes());
                reader = more;
                continue;
            }
            match application(&header, &record, line, &terms, &self.imports.vault) {
                Err(problem) => {
                    out.rows -= 1;
                    out.refuse(line, problem);
                }
                Ok(application) => {
                    out.taken += 1;
                    if !out.known {
                        rows.push(application).await?;
                    }
                }
            }
            if out.rows.is_multiple_of(1_000) {
                progress(u64::try_from(base.1).unwrap_or(0) + reader.position().byte(), total);
                tokio::task::yield_now().await;
            }
        }
        progress(total, total);
        if !out.known {
            rows.finish().await?;
            let refused = u32::try_from(out.bad).unwrap_or(u32::MAX);
            let step = Relief::Step { batch, step: Step::Applied, value_day: None, refused, by, why };
            self.command(Command::Relief(step)).await?;
        }
        Ok(out)
    }
}

pub(super) fn refused(refusal: Refusal) -> AskError {
    AskError::Command(CommandError::Rejected(Rejected::Relief(Box::new(refusal))))
}

impl Imported {
    fn refuse(&mut self, line: u64, Wrong(column, value, problem): Wrong) {
        self.rows += 1;
        self.bad += 1;
        self.bad_rows.push(BadRow { line, column: column.to_owned(), value, problem });
    }
}

/// Rows on their way into a batch.
struct Rows<'a> {
    desk: &'a Desk,
    batch: u32,
    next: u32,
    chunk: Vec<Application>,
    under_way: VecDeque<oneshot::Receiver<Result<Done, CommandError>>>,
}

impl Rows<'_> {
    async fn push(&mut self, row: Application) -> Result<(), AskError> {
        self.chunk.push(row);
        if self.chunk.len() == ROWS_AT_ONCE {
            self.send()?;
        }
        while self.under_way.len() >= UNDER_WAY {
            self.wait().await?;
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), AskError> {
        let rows = std::mem::take(&mut self.chunk);
        let first = self.next;
        self.next += u32::try_from(rows.len()).expect("at most 256");
        let add = Relief::AddRows { batch: self.batch, first, rows };
        self.under_way.push_back(self.desk.engine()?.command_later(Command::Relief(add)));
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), AskError> {
        if let Some(answer) = self.under_way.pop_front() {
            answer.await.map_err(|_| AskError::Command(CommandError::Stopping))??;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), AskError> {
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
fn application(
    header: &Header,
    record: &csv::StringRecord,
    line: u64,
    terms: &Terms,
    vault: &Vault,
) -> Result<Application, Wrong> {
    if record.len() != header.0.len() {
        let problem = format!("has {} columns, the header has {}", record.len(), header.0.len());
        return Err(wrong("", "", problem));
    }
    if record.iter().any(|text| text.contains('\u{fffd}')) {
        return Err(wrong("", "", "has bytes that are neither UTF-8 nor Shift_JIS"));
    }
    let get = |column| header.get(record, column);
    let ppid = match get("ppid") {
        "" => None,
        text => Some(text.parse::<Ppid>().map_err(|e| wrong("ppid", text, e.problem))?),
    };
    let household = get("household");
    if is_blank(household) || household.chars().count() > 60 {
        return Err(wrong("household", household, "must be 1 to 60 characters: the household's number"));
    }
    let event = get("event");
    let known = terms.events.is_empty() || terms.events.iter().any(|e| same(e, event));
    if is_blank(event) || event.chars().count() > 100 || !known {
        let expected = if terms.events.is_empty() { "1 to 100 characters".to_owned() } else { terms.events.join(", ") };
        return Err(wrong("event", event, format!("must be {expected}")));
    }
    let text = get("amount");
    // Spreadsheets write thousands separators.
    let plain = text.replace([',', '，'], "");
    let plain = plain.strip_suffix('円').unwrap_or(&plain).trim_start_matches(['¥', '￥']);
    let yen = plain.parse::<i64>().ok().filter(|n| (1..=MAX_WIRE_AMOUNT).contains(n) && !plain.starts_with('+'));
    let amount = Yen::new(yen.ok_or_else(|| wrong("amount", text, "must be whole yen above zero"))?);
    if terms.way == Way::Transfer && amount > kazasu_schemas::zengin::transfer::MAX_AMOUNT {
        return Err(wrong("amount", text, "a bank transfers at most 9,999,999,999 yen at one time"));
    }
    let damage = get("damage");
    if damage.chars().count() > 60 {
        return Err(wrong("damage", damage, "must be at most 60 characters"));
    }
    let supplement = match get("supplement") {
        "" | "no" | "いいえ" => false,
        "yes" | "はい" | "○" => true,
        other => return Err(wrong("supplement", other, "must be yes, no or empty")),
    };
    let dedup = vault.hidden("household and event", &[&canonical::household(household), &canonical::canonical(event)]);
    let account = match terms.way {
        Way::Purse => None,
        Way::Transfer => account(&get, &dedup, vault)?,
    };
    let line = u32::try_from(line).unwrap_or(u32::MAX);
    Ok(Application { line, ppid, dedup, amount, damage: damage.to_owned(), account, supplement, issues: 0 })
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
    // Leading zeros are what spreadsheets lose first.
    let padded = |column: &'static str, len: usize| {
        let text = get(column);
        digits(&format!("{text:0>len$}"), len)
            .ok()
            .filter(|_| !text.is_empty())
            .ok_or_else(|| wrong(column, text, format!("must be {len} digits")))
    };
    let names = |column: &'static str| match get(column) {
        "" => Ok(String::new()),
        text => kana(text, Charset::Bank).map_err(|e| wrong(column, text, e)),
    };
    let account = PayeeAccount {
        bank: padded("bank", 4)?,
        branch: padded("branch", 3)?,
        kind: account_kind(get("kind")).map_err(|e| wrong("kind", get("kind"), e))?,
        account: padded("account", 7)?,
        name: kana(get("name"), Charset::Name).map_err(|e| wrong("name", get("name"), e))?,
        bank_name: names("bank_name")?,
        branch_name: names("branch_name")?,
    };
    let clear = minicbor::to_vec(&account).expect("writing to memory does not fail");
    let sealed = vault.seal_account(&clear, dedup).map_err(|e| wrong("account", "(not shown)", e))?;
    let kind = account.kind.to_string();
    let token = vault.hidden("account", &[&account.bank, &account.branch, &kind, &account.account]);
    let at_the_bank = super::bank::name_at_the_bank(&account.name).unwrap_or_default();
    let name = vault.hidden("payee name", &[&at_the_bank]);
    Ok(Some(SealedAccount { sealed, token, name }))
}

/// Refused rows as a file that a spreadsheet opens: UTF-8 with its mark.
pub fn bad_rows_csv(rows: &[BadRow]) -> anyhow::Result<Vec<u8>> {
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(b"\xef\xbb\xbf".to_vec());
    out.write_record(["行 line", "列 column", "値 value", "理由 reason"])?;
    for row in rows {
        let [column, value, problem] = [&row.column, &row.value, &row.problem].map(|text| guarded(text));
        out.write_record([&*row.line.to_string(), &*column, &*value, &*problem])?;
    }
    out.into_inner().map_err(|e| anyhow::anyhow!("{e}"))
}
