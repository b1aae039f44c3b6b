//! With the bank: the file that orders a batch's transfers, made once. What the account's statement says of it is read in
//! `crate::statement`.

use crate::access::{About, Name};
use crate::bank::{BankFile, BankFormat, MadeFiles, Ordered, account_of, header};
use crate::error::{Result, ServiceError};
use crate::operation::Operation;
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Command, Refusal, Relief, TransferRow, WantedOfBatch};
use kazasu_ledger::record::MadeFile;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::relief::{Format, PayeeAccount, Step};
use kazasu_schemas::zengin::transfer::{Header, NewCode, Payment, Reference, TransferClass};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A payment's text for its payee, which a returned payment may bring back.
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
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeTransferFiles {
    /// The batch.
    pub batch: u32,
    /// The form.
    #[serde(default)]
    pub format: BankFormat,
    /// Why: the file has accounts in full.
    #[serde(default)]
    pub why: Option<String>,
}

impl Operation for MakeTransferFiles {
    const NAME: Name = Name::MakeTransferFiles;
    type Answer = MadeFiles;

    fn about(&self) -> Result<About> {
        Ok(About::Batch(self.batch))
    }

    fn subject(&self) -> Subject {
        Subject::default().because(self.why.as_deref())
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
            return Err(Refusal::OtherMethod(terms.number, terms.method).into());
        };
        let released = view.steps.iter().find(|(step, ..)| *step == Step::Released).map(|(_, at, ..)| *at);
        let (Some(date), Some(released)) = (view.value_date, released) else {
            let (at, step) = (view.step, WantedOfBatch::TransferFile);
            return Err(Refusal::StepOrder { batch, at, step, needed: Some(Step::Released) }.into());
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

/// The common part of all files of a batch.
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
        let ids = rows.iter().map(|row| reference(batch, row.row));
        let ordered = Ordered {
            names: [format!("sofuri-{batch}-{nth}.txt"), format!("pain001-{batch}-{nth}.xml")],
            id: format!("KAZASU-{batch}-{nth}"),
            created: order.released,
            header: order.header.clone(),
            payments: payments.into_iter().zip(ids).collect(),
        };
        ordered.write(order.format, "transfer file")
    }
}
