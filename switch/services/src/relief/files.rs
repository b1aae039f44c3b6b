//! With the bank: the file that orders a batch's transfers, made once. What the account's statement says of it is read in
//! `crate::statement`.

use crate::access::{About, Name};
use crate::bank::{BankFile, BankFormat, MadeFiles, account_of, document_of, header};
use crate::error::{Result, ServiceError, value};
use crate::operation::Operation;
use crate::{Services, Who};
use kazasu_core::{Command, Refusal, Relief, TransferRow};
use kazasu_ledger::record::MadeFile;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_schemas::pain001;
use kazasu_schemas::relief::{Format, PayeeAccount, Step};
use kazasu_schemas::zengin::LineEnding;
use kazasu_schemas::zengin::transfer::{self, Group, Header, NewCode, Payment, Reference, TransferClass};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a payment says to its payee, and what a returned one may say to us.
fn reference(batch: u32, row: u32) -> String {
    format!("R{batch:06}-{row:07}")
}

pub(crate) fn read_reference(text: &str) -> Option<(u32, u32)> {
    let (batch, row) = text.trim().strip_prefix('R')?.split_once('-')?;
    (batch.len() == 6 && row.len() == 7).then_some(())?;
    Some((batch.parse().ok()?, row.parse().ok()?))
}

impl Services {
    fn payment(&self, batch: u32, row: &TransferRow) -> Result<Payment> {
        let wrong = |e: String| ServiceError::Other(anyhow::anyhow!("row {} of batch {batch}: {e}", row.row));
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
}

/// Makes the files that order a released batch's transfers. Making them again gives the same bytes; another form is refused.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakeTransferFiles {
    /// The batch.
    pub batch: u32,
    /// The form.
    #[serde(default)]
    pub format: BankFormat,
}

impl Operation for MakeTransferFiles {
    const NAME: Name = Name::MakeTransferFiles;
    type Answer = MadeFiles;

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<MadeFiles> {
        let (batch, format) = (self.batch, Format::from(self.format));
        let found = services.query(move |state| {
            let view = state.relief_batch(batch)?;
            let programme = state.relief_programme(view.programme)?;
            Some((view, programme.terms, state.relief_transfers(batch)))
        });
        let (view, terms, rows) = found.await?.ok_or(Refusal::UnknownBatch(batch))?;
        let Some(funding) = view.funding.as_ref().or(terms.funding.as_ref()) else {
            return Err(Refusal::OtherMethod(terms.number, terms.method.name()).into());
        };
        let released = view.steps.iter().find(|(step, ..)| *step == Step::Released).map(|(_, at, ..)| *at);
        let (Some(date), Some(released)) = (view.value_date, released) else {
            let (at, step) = (view.step.map_or("being read in", Step::name), "the transfer file");
            return Err(Refusal::StepOrder { batch, at, step, needed: Step::Released.name() }.into());
        };
        let order = Order { batch, header: header(funding, date)?, released, format };
        let most = usize::try_from(funding.most.max(1)).expect("32 bits");
        let parts = rows.chunks(most).zip(1..);
        let files = parts.map(|(rows, nth)| services.transfer_file(&order, nth, rows)).collect::<Result<Vec<_>>>()?;
        let made = files.iter().map(|file| MadeFile {
            count: u32::try_from(file.count).unwrap_or(u32::MAX),
            total: file.total,
            digest: Sha256::digest(&file.bytes).into(),
        });
        let made = Relief::FileMade { batch, format, files: made.collect(), by: who.name.clone() };
        // Nothing leaves before it is recorded: a batch has one file.
        services.command(Command::Relief(made)).await?;
        Ok(files.into())
    }
}

/// What all files of a batch have in common.
struct Order {
    batch: u32,
    header: Header,
    released: Millis,
    format: Format,
}

impl Services {
    /// One file of a batch: the rows that it transfers.
    fn transfer_file(&self, order: &Order, nth: usize, rows: &[TransferRow]) -> Result<BankFile> {
        let batch = order.batch;
        let payments = rows.iter().map(|row| self.payment(batch, row)).collect::<Result<Vec<_>>>()?;
        let total = rows.iter().fold(Yen::ZERO, |sum, row| sum.checked_add(row.amount).unwrap_or(sum));
        let count = payments.len();
        let (name, bytes) = match order.format {
            Format::Zengin => {
                let group = Group { header: order.header.clone(), payments };
                let bytes = transfer::write(&[group], LineEnding::CrLf).map_err(|e| value("transfer file", e))?;
                (format!("sofuri-{batch}-{nth}.txt"), bytes)
            }
            Format::Pain001 => {
                let ids = rows.iter().map(|row| reference(batch, row.row)).collect();
                let id = format!("KAZASU-{batch}-{nth}");
                let message = document_of(&id, &order.header, payments, ids, order.released);
                let text = pain001::write(&message).map_err(|e| value("transfer file", e))?;
                (format!("pain001-{batch}-{nth}.xml"), text.into_bytes())
            }
        };
        Ok(BankFile { name, bytes, count, total })
    }
}
