//! Paying merchants: their accounts, and the file that orders a payout. What the bank's statement says of it is read in
//! `crate::statement`.

use super::asks::ClosingAsk;
use crate::admin::{AskError, Desk, value};
use crate::relief::BankFile;
use crate::relief::bank::{account_of, document_of, header};
use kazasu_core::{Closing, Command, NotClosed, PayoutView, Rejected, SettlementView};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{MadeFile, Payer};
use kazasu_schemas::canonical::canonical;
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::money::Yen;
use kazasu_schemas::pain001;
use kazasu_schemas::relief::{Format, Funding, PayeeAccount};
use kazasu_schemas::zengin::LineEnding;
use kazasu_schemas::zengin::transfer::{self, Group, NewCode, Payment, Reference, TransferClass};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Merchants' accounts.
pub type Payees = HashMap<(InstitutionId, MerchantId), PayeeAccount>;

/// Where payouts come from and go to.
#[derive(Clone, Debug)]
pub struct PayoutConfig {
    /// The operator's account.
    pub funding: Funding,
    /// Merchants' accounts.
    pub payees: Payees,
    /// Who pays in, by the name in the bank's statement.
    pub payers: Vec<(String, Payer)>,
    /// What the bank keeps of a payment that it sends back: each of these is taken for its fee.
    pub return_fees: Vec<Yen>,
}

/// A party in the form that is compared, `issuer 4`: its letters may have any width and case, and any spaces may stand between. A text that
/// names no party stays as it is, for the refusal to show.
pub(crate) fn party(text: &str) -> String {
    let form = canonical(text);
    let word = form.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &form[word.len()..];
    match word {
        "issuer" | "acquirer" | "funder" if !number.is_empty() => format!("{word} {number}"),
        _ => text.to_owned(),
    }
}

impl ClosingAsk {
    /// The same ask with its parties in the form that is compared.
    pub fn with_plain_parties(self) -> Self {
        match self {
            ClosingAsk::Reconciled { day, why, without } => {
                ClosingAsk::Reconciled { day, why, without: without.iter().map(|name| party(name)).collect() }
            }
            other => other,
        }
    }
}

/// Who pays, from what people write: `issuer N`, or `funder N` of a point programme.
pub fn payer(text: &str) -> Option<Payer> {
    let text = party(text);
    let (what, number) = text.split_once(' ')?;
    let number = number.parse().ok()?;
    match what {
        "issuer" => Some(Payer::Issuer(number)),
        "funder" => Some(Payer::Funder(number)),
        _ => None,
    }
}

/// The same, as people write it.
pub(crate) fn payer_text(payer: &Payer) -> String {
    match payer {
        Payer::Issuer(n) => format!("issuer {n}"),
        Payer::Funder(n) => format!("funder {n}"),
    }
}

impl PayoutConfig {
    /// What the accounts of these settlements' merchants come to: it changes when one of them does.
    pub(super) fn digest(&self, settlements: &[SettlementView]) -> [u8; 32] {
        let mut accounts: Vec<String> = settlements
            .iter()
            .map(|s| {
                let account = self.payees.get(&(s.acquirer, s.merchant));
                let of = account.map(|a| format!("{} {} {} {} {}", a.bank, a.branch, a.kind, a.account, a.name));
                format!("{} {} {}\n", s.acquirer, s.merchant, of.unwrap_or_default())
            })
            .collect();
        accounts.sort_unstable();
        accounts.dedup();
        let mut hash = Sha256::new();
        accounts.iter().for_each(|account| hash.update(account));
        hash.finalize().into()
    }
}

fn refused(why: NotClosed) -> AskError {
    AskError::Command(CommandError::Rejected(Rejected::Closing(Box::new(why))))
}

/// What a payment says to the merchant, and what a returned one may say to us.
fn reference(payout: u64, settlement: u32) -> String {
    format!("P{payout}-{settlement}")
}

pub(crate) fn read_reference(text: &str) -> Option<(u64, u32)> {
    let (payout, settlement) = text.trim().strip_prefix('P')?.split_once('-')?;
    Some((payout.parse().ok()?, settlement.parse().ok()?))
}

impl Desk {
    pub fn payout_config(&self) -> Result<std::sync::Arc<PayoutConfig>, AskError> {
        let config = self.office()?.payout.clone();
        config.ok_or_else(|| value("payout", "the configuration has no [payout]: the account that is paid from"))
    }

    async fn payout_view(&self, number: u64) -> Result<(PayoutView, Vec<SettlementView>), AskError> {
        let found = self.ask(move |state| (state.payouts(), state.settlements())).await?;
        let payout = found
            .0
            .into_iter()
            .find(|p| p.number == number)
            .ok_or_else(|| refused(NotClosed::UnknownPayout(number)))?;
        let settlements = found.1.into_iter().filter(|s| payout.settlements.contains(&s.number)).collect();
        Ok((payout, settlements))
    }

    /// Settlements whose merchant has no account on file: they cannot be paid yet.
    pub(super) fn without_account(&self, settlements: &[SettlementView]) -> Result<Vec<String>, AskError> {
        let config = self.payout_config()?;
        let missing = settlements.iter().filter(|s| !config.payees.contains_key(&(s.acquirer, s.merchant)));
        Ok(missing.map(|s| format!("{}/{} {}", s.acquirer, s.merchant, s.name)).collect())
    }

    /// Makes the file of an approved payout. Making it again gives the same bytes; another form is refused.
    pub async fn payout_files(&self, number: u64, format: Format, by: &str) -> Result<Vec<BankFile>, AskError> {
        self.finance_staff(by)?;
        let config = self.payout_config()?;
        let (payout, settlements) = self.payout_view(number).await?;
        let missing = self.without_account(&settlements)?;
        if !missing.is_empty() {
            return Err(value("payees", format!("no account is on file for {}", missing.join(", "))));
        }
        if payout.payees != [0; 32] && payout.payees != config.digest(&settlements) {
            let text = format!(
                "an account of payout {number} is not what was approved any more; put it back, or cancel the payout and propose it again"
            );
            return Err(value("payees", text));
        }
        let header = header(&config.funding, payout.value_date)?;
        let mut files = Vec::new();
        let most = usize::try_from(config.funding.most.max(1)).expect("32 bits");
        for (n, part) in settlements.chunks(most).enumerate() {
            let payments = part.iter().map(|s| {
                let account = &config.payees[&(s.acquirer, s.merchant)];
                let bank = [account.bank.as_str(), &account.bank_name, &account.branch, &account.branch_name];
                Ok(Payment {
                    account: account_of(bank, account.kind, &account.account)?,
                    payee_name: account.name.clone(),
                    amount: s.settlement.paid,
                    new_code: NewCode::Other,
                    reference: Reference::Edi(reference(number, s.number)),
                    class: TransferClass::Wire,
                })
            });
            let payments = payments.collect::<Result<Vec<_>, AskError>>()?;
            let total = part.iter().fold(Yen::ZERO, |sum, s| kazasu_projections::books::sum(sum, s.settlement.paid));
            let count = payments.len();
            let (name, bytes) = match format {
                Format::Zengin => {
                    let group = Group { header: header.clone(), payments };
                    let bytes = transfer::write(&[group], LineEnding::CrLf).map_err(|e| value("payout file", e))?;
                    (format!("payout-{number}-{}.txt", n + 1), bytes)
                }
                Format::Pain001 => {
                    let ids: Vec<String> = part.iter().map(|s| reference(number, s.number)).collect();
                    // Its own time is the value date's beginning, so that the same payout gives the same bytes.
                    let message = document_of(
                        &format!("KAZASU-P{number}-{}", n + 1),
                        &header,
                        payments,
                        ids,
                        payout.value_date.start(),
                    );
                    let text = pain001::write(&message).map_err(|e| value("payout file", e))?;
                    (format!("payout-{number}-{}.xml", n + 1), text.into_bytes())
                }
            };
            files.push(BankFile { name, bytes, count, total });
        }
        let made = files.iter().map(|file| MadeFile {
            count: u32::try_from(file.count).unwrap_or(u32::MAX),
            total: file.total,
            digest: Sha256::digest(&file.bytes).into(),
        });
        let ask = Closing::FileMade { payout: number, format, files: made.collect(), by: by.to_owned() };
        self.command(Command::Closing(ask)).await?;
        Ok(files)
    }
}
