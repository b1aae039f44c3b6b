//! Paying merchants: their accounts, and the file that orders a payout. What the bank's statement says of it is read in
//! `crate::statement`.

use crate::access::Name;
use crate::approvals::Request;
use crate::bank::{BankFile, BankFormat, MadeFiles, account_of, document_of, header};
use crate::error::{Result, value};
use crate::fields::day;
use crate::operation::{Operation, Outcome};
use crate::{Services, Who};
use kazasu_core::{Closing, Command, NotClosed, PayoutView, SettlementView};
use kazasu_ledger::record::{MadeFile, Payer, Proposal};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::pain001;
use kazasu_schemas::relief::{Format, Funding, PayeeAccount};
use kazasu_schemas::zengin::LineEnding;
use kazasu_schemas::zengin::transfer::{self, Group, NewCode, Payment, Reference, TransferClass};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

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

impl PayoutConfig {
    /// What the accounts of these settlements' merchants come to: it changes when one of them does.
    fn digest(&self, settlements: &[SettlementView]) -> [u8; 32] {
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

/// What a payment says to the merchant, and what a returned one may say to us.
fn reference(payout: u64, settlement: u32) -> String {
    format!("P{payout}-{settlement}")
}

pub(crate) fn read_reference(text: &str) -> Option<(u64, u32)> {
    let (payout, settlement) = text.trim().strip_prefix('P')?.split_once('-')?;
    Some((payout.parse().ok()?, settlement.parse().ok()?))
}

/// Proposes to pay settlements: all that are due on or before the bank's day, or those that are named.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposePayout {
    /// The bank's day; the next one when absent.
    #[serde(default, alias = "value_day")]
    pub value_date: Option<String>,
    /// Only these settlements.
    #[serde(default)]
    pub settlements: Option<Vec<u32>>,
    /// Why.
    pub why: String,
}

/// A payout that waits for an approval.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PayoutRequested {
    /// Whether anything changed.
    pub result: Outcome,
    /// The number under which it is decided.
    pub proposal: Option<u64>,
    /// How many settlements it pays.
    pub settlements: usize,
    /// Their sum.
    pub total_yen: i64,
    /// The bank's day.
    pub value_date: String,
}

impl Operation for ProposePayout {
    const NAME: Name = Name::ProposePayout;
    type Answer = PayoutRequested;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<PayoutRequested> {
        let ProposePayout { value_date, settlements: named, why } = self;
        let bank_day = services.bank_day(value_date.as_deref())?;
        let chosen = services.to_be_paid(bank_day, named).await?;
        services.all_have_accounts(&chosen)?;
        let total = chosen.iter().fold(Yen::ZERO, |sum, s| kazasu_projections::books::sum(sum, s.settlement.paid));
        let settlements: Vec<u32> = chosen.iter().map(|s| s.number).collect();
        let count = settlements.len();
        let payees = services.payout_config()?.digest(&chosen);
        let proposal = Proposal::Payout { settlements, total, value_date: bank_day, payees };
        let asked = services.request_approval(Request::plain(proposal, who, why)).await?;
        Ok(PayoutRequested {
            result: asked.result,
            proposal: asked.proposal,
            settlements: count,
            total_yen: total.get(),
            value_date: bank_day.to_string(),
        })
    }
}

impl Services {
    /// The account that is paid from, and whom it reaches.
    pub(crate) fn payout_config(&self) -> Result<Arc<PayoutConfig>> {
        let config = self.closing_context()?.payout.clone();
        config.ok_or_else(|| value("payout", "the configuration has no [payout]: the account that is paid from"))
    }

    /// A day on which banks pay: the one that is named, or the next.
    fn bank_day(&self, named: Option<&str>) -> Result<BusinessDay> {
        let today = self.now().jst_day();
        let wrong = |e| value("value_date", e);
        let bank_day = match named {
            Some(text) => day("value_date", text)?,
            None => self.calendar.next_business_day(today.next()).map_err(wrong)?,
        };
        if !self.calendar.is_bank_business_day(bank_day).map_err(wrong)? {
            return Err(value("value_date", format!("banks are closed on {bank_day}")));
        }
        if bank_day < today || bank_day.0 - today.0 > 60 {
            return Err(value("value_date", format!("must be today or within 60 days, got {bank_day}")));
        }
        Ok(bank_day)
    }

    /// The settlements that are named, or all that are due.
    async fn to_be_paid(&self, bank_day: BusinessDay, named: Option<Vec<u32>>) -> Result<Vec<SettlementView>> {
        let all = self.query(|state| state.settlements()).await?;
        let due = |s: &SettlementView| s.state == kazasu_core::SettlementState::Due && s.value_date <= bank_day;
        let chosen: Vec<_> = match &named {
            Some(numbers) => all.into_iter().filter(|s| numbers.contains(&s.number)).collect(),
            None => all.into_iter().filter(due).collect(),
        };
        if let Some(unknown) = named.iter().flatten().find(|n| !chosen.iter().any(|s| s.number == **n)) {
            return Err(value("settlements", format!("{unknown} is not known")));
        }
        if chosen.is_empty() {
            let text = format!("none is due with a value date on or before {bank_day}; kazasu settle lists them");
            return Err(value("settlements", text));
        }
        Ok(chosen)
    }

    /// A merchant without an account on file cannot be paid yet.
    fn all_have_accounts(&self, settlements: &[SettlementView]) -> Result<()> {
        let config = self.payout_config()?;
        let missing = settlements.iter().filter(|s| !config.payees.contains_key(&(s.acquirer, s.merchant)));
        let missing: Vec<String> = missing.map(|s| format!("{}/{} {}", s.acquirer, s.merchant, s.name)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(value("payees", format!("no account is on file for {}", missing.join(", "))))
    }

    async fn payout_view(&self, number: u64) -> Result<(PayoutView, Vec<SettlementView>)> {
        let (payouts, settlements) = self.query(move |state| (state.payouts(), state.settlements())).await?;
        let payout = payouts.into_iter().find(|p| p.number == number);
        let payout = payout.ok_or(NotClosed::UnknownPayout(number))?;
        let settlements = settlements.into_iter().filter(|s| payout.settlements.contains(&s.number)).collect();
        Ok((payout, settlements))
    }
}

/// Makes the files of an approved payout. Making them again gives the same bytes; another form is refused.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MakePayoutFiles {
    /// The payout.
    pub payout: u64,
    /// The form.
    #[serde(default)]
    pub format: BankFormat,
}

impl Operation for MakePayoutFiles {
    const NAME: Name = Name::MakePayoutFiles;
    type Answer = MadeFiles;

    async fn carry_out(self, services: &Services, who: &Who) -> Result<MadeFiles> {
        let (number, format) = (self.payout, Format::from(self.format));
        let config = services.payout_config()?;
        let (payout, settlements) = services.payout_view(number).await?;
        services.all_have_accounts(&settlements)?;
        if payout.payees != [0; 32] && payout.payees != config.digest(&settlements) {
            let text = format!(
                "an account of payout {number} is not what was approved any more; put it back, or cancel the payout and propose it again"
            );
            return Err(value("payees", text));
        }
        let most = usize::try_from(config.funding.most.max(1)).expect("32 bits");
        let parts = settlements.chunks(most).zip(1..);
        let files = parts.map(|(part, nth)| file(&config, &payout, (nth, part), format)).collect::<Result<Vec<_>>>()?;
        let made = files.iter().map(|file| MadeFile {
            count: u32::try_from(file.count).unwrap_or(u32::MAX),
            total: file.total,
            digest: Sha256::digest(&file.bytes).into(),
        });
        let made = Closing::FileMade { payout: number, format, files: made.collect(), by: who.name.clone() };
        services.command(Command::Closing(made)).await?;
        Ok(files.into())
    }
}

/// One file of a payout: the settlements that it pays.
fn file(
    config: &PayoutConfig,
    payout: &PayoutView,
    (nth, part): (usize, &[SettlementView]),
    format: Format,
) -> Result<BankFile> {
    let number = payout.number;
    let header = header(&config.funding, payout.value_date)?;
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
    let payments = payments.collect::<Result<Vec<_>>>()?;
    let total = part.iter().fold(Yen::ZERO, |sum, s| kazasu_projections::books::sum(sum, s.settlement.paid));
    let count = payments.len();
    let (name, bytes) = match format {
        Format::Zengin => {
            let group = Group { header, payments };
            let bytes = transfer::write(&[group], LineEnding::CrLf).map_err(|e| value("payout file", e))?;
            (format!("payout-{number}-{nth}.txt"), bytes)
        }
        Format::Pain001 => {
            let ids: Vec<String> = part.iter().map(|s| reference(number, s.number)).collect();
            // Its own time is the value date's beginning, so that the same payout gives the same bytes.
            let id = format!("KAZASU-P{number}-{nth}");
            let message = document_of(&id, &header, payments, ids, payout.value_date.start());
            let text = pain001::write(&message).map_err(|e| value("payout file", e))?;
            (format!("payout-{number}-{nth}.xml"), text.into_bytes())
        }
    };
    Ok(BankFile { name, bytes, count, total })
}
