//! Paying merchants: their accounts, and the file that orders a payout. What the bank's statement says of it is read in
//! `crate::statement`.

use crate::access::Name;
use crate::approvals::Request;
use crate::bank::{BankFile, BankFormat, MadeFiles, Ordered, account_of, header};
use crate::error::{Result, ServiceError, absent, not_now, unfit, value};
use crate::fields::day;
use crate::operation::{Operation, Outcome};
use crate::subject::Subject;
use crate::{Services, Who};
use kazasu_core::{Closing, Command, NotClosed, PayoutView, SettlementView};
use kazasu_engine::CommandError;
use kazasu_ledger::record::{MadeFile, Payee, Payer, Proposal};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Format, Funding, PayeeAccount};
use kazasu_schemas::zengin::transfer::{NewCode, Payment, Reference, TransferClass};
use kazasu_text::Count;
use kazasu_text::problems::ProblemText;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The account that payouts are paid from.
#[derive(Clone, Debug)]
pub struct PayoutConfig {
    /// The operator's account.
    pub funding: Funding,
    /// The payers into the account, by the name in the bank statement.
    pub payers: Vec<(String, Payer)>,
    /// The fees that the bank keeps of a payment that it sends back.
    pub return_fees: Vec<Yen>,
}

/// A payment's text for the merchant, which a returned payment may bring back.
pub(crate) fn reference(payout: u64, settlement: u32) -> String {
    format!("P{payout}-{settlement}")
}

pub(crate) fn read_reference(text: &str) -> Option<(u64, u32)> {
    let (payout, settlement) = text.trim().strip_prefix('P')?.split_once('-')?;
    Some((payout.parse().ok()?, settlement.parse().ok()?))
}

/// Proposes to pay settlements: all that are due on or before the bank's day, or those that are named.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposePayout {
    /// The bank's day; the next one when absent.
    #[serde(default, alias = "value_day")]
    pub value_date: Option<String>,
    /// Only these settlements.
    #[serde(default)]
    pub settlements: Option<Vec<u32>>,
    /// The reason, which the record keeps.
    pub why: String,
}

/// A payout that waits for an approval.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PayoutRequested {
    /// Whether anything changed.
    pub result: Outcome,
    /// The number under which it is decided.
    pub proposal: Option<u64>,
    /// The fingerprint that a decision names; its first twelve characters are enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// From this moment on it is not decided any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The number of its settlements.
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
        services.payout_config()?;
        services.all_have_accounts(&chosen).await?;
        let total =
            chosen.iter().fold(Yen::ZERO, |sum, s| kazasu_projections::fee_projection::sum(sum, s.settlement.paid));
        let settlements: Vec<u32> = chosen.iter().map(|s| s.number).collect();
        let count = settlements.len();
        let numbers = settlements.clone();
        let payees = services.query(move |state| state.payees_digest(&numbers)).await?;
        let payees = payees.map_err(|why| ServiceError::Command(CommandError::Rejected(why.into())))?;
        let proposal = Proposal::Payout { settlements, total, value_date: bank_day, payees };
        let asked = services.request_approval(Request::plain(proposal, who, why), who).await?;
        Ok(PayoutRequested {
            result: asked.result,
            proposal: asked.proposal,
            fingerprint: asked.fingerprint,
            until: asked.until,
            settlements: count,
            total_yen: total.get(),
            value_date: bank_day.to_string(),
        })
    }
}

impl Services {
    /// The account that is paid from, and the merchants' accounts.
    pub(crate) fn payout_config(&self) -> Result<Arc<PayoutConfig>> {
        let config = self.closing_context()?.payout.clone();
        config.ok_or_else(|| not_now("payout", &ProblemText::NoPayoutAccount))
    }

    /// A day on which banks pay: the one that is named, or the next.
    fn bank_day(&self, named: Option<&str>) -> Result<BusinessDay> {
        let today = self.now().jst_day();
        let wrong = |e| value("value_date", &e);
        let bank_day = match named {
            Some(text) => day("value_date", text)?,
            None => self.calendar.next_business_day(today.next()).map_err(wrong)?,
        };
        if !self.calendar.is_bank_business_day(bank_day).map_err(wrong)? {
            return Err(unfit("value_date", &ProblemText::BanksClosed { day: bank_day }));
        }
        if bank_day < today || bank_day.0 - today.0 > 60 {
            return Err(unfit("value_date", &ProblemText::WithinDays { days: Count(60), got: bank_day }));
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
            return Err(absent("settlements", &ProblemText::SettlementUnknown { number: *unknown }));
        }
        if chosen.is_empty() {
            return Err(not_now("settlements", &ProblemText::NoDueSettlement { day: bank_day }));
        }
        Ok(chosen)
    }

    /// A merchant without an account cannot be paid yet.
    async fn all_have_accounts(&self, settlements: &[SettlementView]) -> Result<()> {
        let accounts = self.query(kazasu_core::State::payees).await?;
        let have: HashSet<Payee> = accounts.into_iter().filter_map(|one| one.account.map(|_| one.payee)).collect();
        none_missing(settlements.iter().filter(|s| !have.contains(&payee_of(s))))
    }

    /// The accounts that were in force when the payout was approved, in full.
    async fn accounts_of(&self, payout: u64, settlements: &[SettlementView]) -> Result<HashMap<u32, PayeeAccount>> {
        let numbers: Vec<u32> = settlements.iter().map(|s| s.number).collect();
        let found = self.query(move |state| {
            let each = numbers.into_iter().filter_map(|number| Some((number, state.paid_to(payout, number)?)));
            each.collect::<HashMap<_, _>>()
        });
        let found = found.await?;
        none_missing(settlements.iter().filter(|s| !found.contains_key(&s.number)))?;
        let vault = &self.imports.vault;
        let open = |(number, (payee, account))| Ok((number, crate::payees::opened(vault, &payee, &account)?));
        found.into_iter().map(open).collect()
    }

    async fn payout_view(&self, number: u64) -> Result<(PayoutView, Vec<SettlementView>)> {
        let (payouts, settlements) = self.query(move |state| (state.payouts(), state.settlements())).await?;
        let payout = payouts.into_iter().find(|p| p.number == number);
        let payout = payout.ok_or(NotClosed::UnknownPayout(number))?;
        let settlements = settlements.into_iter().filter(|s| payout.settlements.contains(&s.number)).collect();
        Ok((payout, settlements))
    }
}

fn payee_of(s: &SettlementView) -> Payee {
    Payee::Merchant { acquirer: s.acquirer, merchant: s.merchant }
}

fn none_missing<'a>(missing: impl Iterator<Item = &'a SettlementView>) -> Result<()> {
    let missing: Vec<String> = missing.map(|s| format!("{}/{} {}", s.acquirer, s.merchant, s.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(not_now("payees", &ProblemText::NoAccounts { merchants: &missing.join(", ") }))
}

/// Makes the files of an approved payout. Making them again gives the same bytes; another form is refused.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakePayoutFiles {
    /// The payout.
    pub payout: u64,
    /// The form.
    #[serde(default)]
    pub format: BankFormat,
    /// Why: the file has accounts in full.
    #[serde(default)]
    pub why: Option<String>,
}

impl Operation for MakePayoutFiles {
    const NAME: Name = Name::MakePayoutFiles;
    type Answer = MadeFiles;

    fn subject(&self) -> Subject {
        Subject::numbered("payout", self.payout).because(self.why.as_deref())
    }

    async fn carry_out(self, services: &Services, who: &Who) -> Result<MadeFiles> {
        let (number, format) = (self.payout, Format::from(self.format));
        let config = services.payout_config()?;
        let (payout, settlements) = services.payout_view(number).await?;
        let accounts = services.accounts_of(number, &settlements).await?;
        let most = usize::try_from(config.funding.most.max(1)).expect("32 bits");
        let parts = settlements.chunks(most).zip(1..);
        let files = parts
            .map(|(part, nth)| file((&config, &accounts), &payout, (nth, part), format))
            .collect::<Result<Vec<_>>>()?;
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
    (config, accounts): (&PayoutConfig, &HashMap<u32, PayeeAccount>),
    payout: &PayoutView,
    (nth, part): (usize, &[SettlementView]),
    format: Format,
) -> Result<BankFile> {
    let number = payout.number;
    let header = header(&config.funding, payout.value_date)?;
    let payments = part.iter().map(|s| {
        let account = &accounts[&s.number];
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
    let ids = part.iter().map(|s| reference(number, s.number));
    let ordered = Ordered {
        names: [format!("payout-{number}-{nth}.txt"), format!("payout-{number}-{nth}.xml")],
        id: format!("KAZASU-P{number}-{nth}"),
        // The value date's beginning, so that the same payout gives the same bytes.
        created: payout.value_date.start(),
        header,
        payments: payments.into_iter().zip(ids).collect(),
    };
    ordered.write(format, "payout file")
}
