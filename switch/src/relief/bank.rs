//! With the bank: the file that orders a batch's transfers, made once, and the account's statement, which says what the bank took
//! and what came back.

use super::import::refused;
use crate::admin::{AskError, Desk, value};
use crate::core::{Command, Done, Refusal, Relief, TransferRow};
use crate::engine::CommandError;
use kazasu_ledger::record::MadeFile;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::pain001;
use kazasu_schemas::relief::{Format, Funding, PayeeAccount, Role, Step};
use kazasu_schemas::zengin::kana::{Charset, decode, normalize};
use kazasu_schemas::zengin::statement::{self, Direction, Entry};
use kazasu_schemas::zengin::transfer::{self, Group, Header, NewCode, Payment, Reference, TransferClass};
use kazasu_schemas::zengin::{Account, AccountKind, AccountNumber, BankCode, BranchCode, ClientCode, LineEnding};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// A file for the bank.
pub struct BankFile {
    /// What it is called.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Transfers in it.
    pub count: usize,
    /// Their sum.
    pub total: Yen,
}

/// Bytes of a payee's name that reach the bank.
const NAME: usize = 30;

/// A name as it stands in the transfer file, and comes back in a statement.
pub(crate) fn name_at_the_bank(text: &str) -> Option<String> {
    let name = normalize(text.trim(), Charset::Name).ok()?.cut(NAME);
    Some(decode(name.as_bytes()).trim_end().to_owned())
}

/// What a payment says to its payee, and what a returned one may say to us.
fn reference(batch: u32, row: u32) -> String {
    format!("R{batch:06}-{row:07}")
}

fn read_reference(text: &str) -> Option<(u32, u32)> {
    let (batch, row) = text.trim().strip_prefix('R')?.split_once('-')?;
    (batch.len() == 6 && row.len() == 7).then_some(())?;
    Some((batch.parse().ok()?, row.parse().ok()?))
}

fn number<T>(
    field: &'static str,
    text: &str,
    new: impl Fn(u64) -> Result<T, kazasu_schemas::ids::IdError>,
) -> Result<T, AskError> {
    let n = text.parse::<u64>().map_err(|e| value(field, e))?;
    new(n).map_err(|e| value(field, e))
}

pub(crate) fn account_of(bank: [&str; 4], kind: u8, account: &str) -> Result<Account, AskError> {
    let [bank, bank_name, branch, branch_name] = bank;
    Ok(Account {
        bank: number("bank", bank, BankCode::new)?,
        bank_name: bank_name.to_owned(),
        branch: number("branch", branch, BranchCode::new)?,
        branch_name: branch_name.to_owned(),
        kind: AccountKind::from_digit(b'0' + kind).ok_or_else(|| value("kind", "must be 1, 2, 4 or 9"))?,
        number: number("account", account, AccountNumber::new)?,
    })
}

pub(crate) fn header(funding: &Funding, date: BusinessDay) -> Result<Header, AskError> {
    let bank = [funding.bank.as_str(), &funding.bank_name, &funding.branch, &funding.branch_name];
    Ok(Header {
        client_code: number("client_code", &funding.client_code, ClientCode::new)?,
        client_name: funding.client_name.clone(),
        date,
        account: account_of(bank, funding.kind, &funding.account)?,
    })
}

/// What each line of a statement is called: the account, the day, what it says, and which of those that look the same it is. Two
/// lines that look the same are two payments; the same statement once more has the same names.
pub(crate) fn line_names(read: &statement::Statement) -> Vec<String> {
    let mut same: HashMap<String, u32> = HashMap::new();
    let name = |line: &statement::Line| {
        let entry = &line.entry;
        let account = read.sections.get(line.section).and_then(|s| s.header.as_ref());
        let place = account.map_or_else(String::new, |h| format!("{}-{}-{}", h.bank, h.branch, h.number));
        let way = if entry.direction == Direction::In { "in" } else { "out" };
        let about = format!("{}{}", entry.payer_name.trim(), entry.edi.trim());
        let about = hex::encode(&Sha256::digest(about.as_bytes())[..6]);
        let (day, inquiry, yen) = (entry.posting_date, entry.inquiry_number, entry.amount.get());
        let name = format!("{place} {day} {inquiry} {way} {yen} {about}");
        let nth = same.entry(name.clone()).or_default();
        *nth += 1;
        format!("{name} {nth}")
    };
    read.entries.iter().map(name).collect()
}

impl Desk {
    fn payment(&self, batch: u32, row: &TransferRow) -> Result<Payment, AskError> {
        let wrong = |e: String| AskError::Other(anyhow::anyhow!("row {} of batch {batch}: {e}", row.row));
        let clear =
            self.imports.vault.open_account(&row.account.sealed, &row.dedup).map_err(|e| wrong(e.to_string()))?;
        let account: PayeeAccount = minicbor::decode(&clear).map_err(|e| wrong(e.to_string()))?;
        let bank = [account.bank.as_str(), &account.bank_name, &account.branch, &account.branch_name];
        Ok(Payment {
            account: account_of(bank, account.kind, &account.account)?,
            payee_name: account.name.clone(),
            amount: row.amount,
            new_code: NewCode::Other,
            reference: Reference::Edi(reference(batch, row.row)),
            class: TransferClass::Wire,
        })
    }

    /// Makes the files that order a released batch's transfers. Making them again gives the same bytes; another form is refused.
    pub async fn relief_files(&self, batch: u32, format: Format, by: &str) -> Result<Vec<BankFile>, AskError> {
        self.must_be(&self.city_of_batch(batch).await?, by, Role::Treasurer)?;
        let found = self
            .ask(move |state| {
                let view = state.relief_batch(batch)?;
                let programme = state.relief_programme(view.programme)?;
                Some((view, programme.terms, state.relief_transfers(batch)))
            })
            .await?;
        let (view, terms, rows) = found.ok_or_else(|| refused(Refusal::UnknownBatch(batch)))?;
        let Some(funding) = view.funding.as_ref().or(terms.funding.as_ref()) else {
            return Err(refused(Refusal::OtherWay(terms.number, terms.way.name())));
        };
        let released = view.steps.iter().find(|(step, ..)| *step == Step::Released).map(|(_, at, ..)| *at);
        let (Some(date), Some(released)) = (view.value_day, released) else {
            let (at, step) = (view.step.map_or("being read in", Step::name), "the transfer file");
            return Err(refused(Refusal::StepOrder { batch, at, step, needed: Step::Released.name() }));
        };
        let header = header(funding, date)?;
        let most = usize::try_from(funding.most.max(1)).expect("32 bits");
        let mut files = Vec::new();
        for (n, rows) in rows.chunks(most).enumerate() {
            let payments = rows.iter().map(|row| self.payment(batch, row)).collect::<Result<Vec<_>, _>>()?;
            let total = rows.iter().fold(Yen::ZERO, |sum, row| sum.checked_add(row.amount).unwrap_or(sum));
            let count = payments.len();
            let (name, bytes) = match format {
                Format::Zengin => {
                    let group = Group { header: header.clone(), payments };
                    let bytes = transfer::write(&[group], LineEnding::CrLf).map_err(|e| value("transfer file", e))?;
                    (format!("sofuri-{batch}-{}.txt", n + 1), bytes)
                }
                Format::Pain001 => {
                    let message = document(batch, n, &header, payments, rows, released);
                    let text = pain001::write(&message).map_err(|e| value("transfer file", e))?;
                    (format!("pain001-{batch}-{}.xml", n + 1), text.into_bytes())
                }
            };
            files.push(BankFile { name, bytes, count, total });
        }
        let made = files.iter().map(|file| MadeFile {
            count: u32::try_from(file.count).unwrap_or(u32::MAX),
            total: file.total,
            digest: Sha256::digest(&file.bytes).into(),
        });
        let ask = Relief::FileMade { batch, format, files: made.collect(), by: by.to_owned() };
        // Nothing leaves before it is recorded: a batch has one file.
        self.command(Command::Relief(ask)).await?;
        Ok(files)
    }

    /// Reads an account's statement: files that the bank took, transfers that came back. What is neither is listed.
    pub async fn relief_statement(&self, bytes: &[u8], by: &str) -> Result<Value, AskError> {
        let read = statement::read(bytes).map_err(|e| value("statement", e))?;
        let mine: Vec<String> =
            self.cities.iter().filter(|c| c.role(by) == Some(Role::Treasurer)).map(|c| c.code.clone()).collect();
        if mine.is_empty() {
            return Err(AskError::Forbidden(format!("{by} is treasurer of no city; a statement is read by one")));
        }
        let mut out = json!({ "entries": read.entries.len(), "sent": [], "returned": [], "known": 0, "unmatched": [],
            "bad_records": read.bad.iter().map(ToString::to_string).collect::<Vec<_>>() });
        for (line, line_id) in read.entries.iter().zip(line_names(&read)) {
            let entry = &line.entry;
            let way = if entry.direction == Direction::In { "in" } else { "out" };
            let (day, yen) = (entry.posting_date, entry.amount.get());
            let header = read.sections.get(line.section).and_then(|s| s.header.as_ref());
            let what = match (header, entry.direction) {
                (None, _) => Found::Nothing("the account of this part of the statement cannot be read".into()),
                (Some(account), Direction::Out) => {
                    let same = |l: &&statement::Line| {
                        let e = &l.entry;
                        (e.direction, e.amount, e.posting_date) == (entry.direction, entry.amount, entry.posting_date)
                    };
                    let alike = read.entries.iter().filter(same).count();
                    self.taken(account, entry, &line_id, &mine, (by, alike)).await?
                }
                (Some(account), Direction::In) => self.came_back(account, entry, &line_id, &mine, by).await?,
            };
            match what {
                Found::Sent(batch, file) => push(&mut out["sent"], json!({ "batch": batch, "file": file, "yen": yen })),
                Found::Returned(batch, row) => {
                    push(&mut out["returned"], json!({ "batch": batch, "row": row, "yen": yen }));
                }
                Found::Known => out["known"] = (out["known"].as_u64().unwrap_or(0) + 1).into(),
                Found::Nothing(why) => push(
                    &mut out["unmatched"],
                    json!({ "record": line.record, "day": day.to_string(), "direction": way, "yen": yen, "line": line_id, "why": why }),
                ),
            }
        }
        Ok(out)
    }

    /// Money that left: a transfer file of this sum that was to leave this account on this day. Files that are alike are taken in their
    /// order only when all of them were taken.
    async fn taken(
        &self,
        account: &statement::Header,
        entry: &Entry,
        line: &str,
        mine: &[String],
        (by, alike): (&str, usize),
    ) -> Result<Found, AskError> {
        let (mine, amount, days) = (mine.to_vec(), entry.amount, [entry.value_date, entry.posting_date]);
        let (line_id, account) = (line.to_owned(), account.clone());
        let found = self
            .ask(move |state| {
                if state.relief_line(&line_id).is_some() {
                    return None;
                }
                let due = state.relief_files(&mine).into_iter().filter(|f| days.contains(&f.value_day));
                let of_account = due.filter(|f| is_account(&f.funding, &account));
                let each = of_account.flat_map(|f| {
                    let files = f.files.into_iter().zip(0_u16..);
                    files.filter(|((_, total, sent), _)| *total == amount && !sent).map(move |(_, n)| (f.batch, n))
                });
                Some(each.collect::<Vec<_>>())
            })
            .await?;
        let (batch, file) = match found.as_deref() {
            None => return Ok(Found::Known),
            Some([]) => {
                return Ok(Found::Nothing("no transfer file of this sum is due on this account and day".into()));
            }
            Some(files) if files.len() > alike => {
                let text = "several transfer files of this sum are due; say which one (kazasu relief sent)";
                return Ok(Found::Nothing(text.into()));
            }
            Some([first, ..]) => *first,
        };
        let ask = Relief::Sent { batch, file, reference: line.to_owned(), by: by.to_owned() };
        self.booked(ask, Found::Sent(batch, file)).await
    }

    /// A line that the ledger refuses is told, and the lines behind it are read all the same.
    async fn booked(&self, ask: Relief, found: Found) -> Result<Found, AskError> {
        match self.command(Command::Relief(ask)).await {
            Ok(Done::Recorded) => Ok(found),
            Ok(Done::Unchanged) => Ok(Found::Known),
            Err(AskError::Command(CommandError::Rejected(why))) => Ok(Found::Nothing(why.to_string())),
            Err(error) => Err(error),
        }
    }

    /// Money that came: a transfer that came back, by our reference, or by payee and sum when only one row has them.
    async fn came_back(
        &self,
        account: &statement::Header,
        entry: &Entry,
        line: &str,
        mine: &[String],
        by: &str,
    ) -> Result<Found, AskError> {
        let token = name_at_the_bank(&entry.payer_name).map(|name| self.imports.vault.hidden("payee name", &[&name]));
        let named = [&entry.edi, &entry.remarks].into_iter().find_map(|text| read_reference(text));
        let (mine, amount, line_id, account) = (mine.to_vec(), entry.amount, line.to_owned(), account.clone());
        let found = self
            .ask(move |state| {
                if state.relief_line(&line_id).is_some() {
                    return None;
                }
                let own = state.relief_files(&mine).into_iter().filter(|f| is_account(&f.funding, &account));
                let own = own.filter(|f| named.is_none_or(|(batch, _)| batch == f.batch));
                let rows = own.flat_map(|f| {
                    let rows = state.relief_rows_sent(f.batch, amount, named.map(|(_, row)| row), token);
                    rows.into_iter().map(move |row| (f.batch, row))
                });
                Some(rows.collect::<Vec<_>>())
            })
            .await?;
        let (batch, row) = match found.as_deref() {
            None => return Ok(Found::Known),
            Some([]) => {
                return Ok(Found::Nothing("no transfer of this payee and sum was sent from this account".into()));
            }
            Some([one]) => *one,
            Some(_) => {
                return Ok(Found::Nothing("several transfers of this payee and sum were sent; say which one".into()));
            }
        };
        let ask = Relief::Returned { batch, row, reference: line.to_owned(), by: by.to_owned() };
        self.booked(ask, Found::Returned(batch, row)).await
    }
}

/// Is this the statement of the account that transfers are ordered from?
pub(crate) fn is_account(funding: &Funding, header: &statement::Header) -> bool {
    let same = |text: &str, number: u64| text.parse::<u64>().is_ok_and(|n| n == number);
    same(&funding.bank, header.bank.get())
        && same(&funding.branch, header.branch.get())
        && same(&funding.account, header.number.get())
}

/// What a line of a statement is.
enum Found {
    Sent(u32, u16),
    Returned(u32, u32),
    Known,
    Nothing(String),
}

fn push(list: &mut Value, item: Value) {
    if let Value::Array(list) = list {
        list.push(item);
    }
}

fn document(
    batch: u32,
    n: usize,
    header: &Header,
    payments: Vec<Payment>,
    rows: &[TransferRow],
    created: Millis,
) -> pain001::Message {
    let ids = rows.iter().map(|row| reference(batch, row.row)).collect();
    document_of(&format!("KAZASU-{batch}-{}", n + 1), header, payments, ids, created)
}

/// A pain.001 of one batch, whose payments have these ids.
pub(crate) fn document_of(
    id: &str,
    header: &Header,
    payments: Vec<Payment>,
    ids: Vec<String>,
    created: Millis,
) -> pain001::Message {
    let transfer = |(payment, end_to_end_id)| pain001::Transfer { end_to_end_id, payment };
    let transfers = payments.into_iter().zip(ids).map(transfer).collect();
    let batch = pain001::Batch { id: id.to_owned(), header: header.clone(), transfers };
    pain001::Message { message_id: id.to_owned(), created, batches: vec![batch] }
}
