//! With the bank: the file that orders a batch's transfers, made once. What the account's statement says of it is read in
//! `crate::statement`.

use super::import::refused;
use crate::admin::{AskError, Desk, value};
use kazasu_core::{Command, Refusal, Relief, TransferRow};
use kazasu_ledger::record::MadeFile;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::pain001;
use kazasu_schemas::relief::{Format, Funding, PayeeAccount, Role, Step};
use kazasu_schemas::zengin::kana::{Charset, decode, normalize};
use kazasu_schemas::zengin::statement;
use kazasu_schemas::zengin::transfer::{self, Group, Header, NewCode, Payment, Reference, TransferClass};
use kazasu_schemas::zengin::{Account, AccountKind, AccountNumber, BankCode, BranchCode, ClientCode, LineEnding};
use sha2::{Digest, Sha256};

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
pub fn name_at_the_bank(text: &str) -> Option<String> {
    let name = normalize(text.trim(), Charset::Name).ok()?.cut(NAME);
    Some(decode(name.as_bytes()).trim_end().to_owned())
}

/// What a payment says to its payee, and what a returned one may say to us.
fn reference(batch: u32, row: u32) -> String {
    format!("R{batch:06}-{row:07}")
}

pub(crate) fn read_reference(text: &str) -> Option<(u32, u32)> {
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
            return Err(refused(Refusal::OtherMethod(terms.number, terms.method.name())));
        };
        let released = view.steps.iter().find(|(step, ..)| *step == Step::Released).map(|(_, at, ..)| *at);
        let (Some(date), Some(released)) = (view.value_date, released) else {
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
}

/// Is this the statement of the account that transfers are ordered from?
pub(crate) fn is_account(funding: &Funding, header: &statement::Header) -> bool {
    let same = |text: &str, number: u64| text.parse::<u64>().is_ok_and(|n| n == number);
    // Two accounts of one branch may have one number, an ordinary and a current one.
    let kind = b'0'.checked_add(funding.kind).and_then(AccountKind::from_digit);
    kind == Some(header.kind)
        && same(&funding.bank, header.bank.get())
        && same(&funding.branch, header.branch.get())
        && same(&funding.account, header.number.get())
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
