//! Files for the bank and accounts at banks, for payouts and relief alike.

use crate::error::{Result, unfit, value};
use kazasu_schemas::ids::IdError;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::pain001;
use kazasu_schemas::relief::{Format, Funding};
use kazasu_schemas::zengin::kana::{Charset, decode, normalize};
use kazasu_schemas::zengin::statement;
use kazasu_schemas::zengin::transfer::{self, Group, Header, Payment};
use kazasu_schemas::zengin::{Account, AccountKind, AccountNumber, BankCode, BranchCode, ClientCode, LineEnding};
use kazasu_text::documents::BankText;
use kazasu_text::problems::ProblemText;
use kazasu_text::{Quoted, Said};
use serde::{Deserialize, Serialize};

/// A file for the bank.
pub struct BankFile {
    /// Its name.
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
#[must_use]
pub fn name_at_the_bank(text: &str) -> Option<String> {
    let name = normalize(text.trim(), Charset::Name).ok()?.cut(NAME);
    Some(decode(name.as_bytes()).trim_end().to_owned())
}

fn number<T>(field: &'static str, text: &str, new: impl Fn(u64) -> Result<T, IdError>) -> Result<T> {
    let n = text.parse::<u64>().map_err(|_| unfit(field, &ProblemText::NotDigits { got: Quoted(text) }))?;
    new(n).map_err(|e| value(field, &e))
}

pub(crate) fn account_of(bank: [&str; 4], kind: u8, account: &str) -> Result<Account> {
    let [bank, bank_name, branch, branch_name] = bank;
    Ok(Account {
        bank: number("bank", bank, BankCode::new)?,
        bank_name: bank_name.to_owned(),
        branch: number("branch", branch, BranchCode::new)?,
        branch_name: branch_name.to_owned(),
        kind: AccountKind::from_digit(b'0' + kind)
            .ok_or_else(|| unfit("kind", &Said::of(&ProblemText::AccountKind)))?,
        number: number("account", account, AccountNumber::new)?,
    })
}

pub(crate) fn header(funding: &Funding, date: BusinessDay) -> Result<Header> {
    let bank = [funding.bank.as_str(), &funding.bank_name, &funding.branch, &funding.branch_name];
    Ok(Header {
        client_code: number("client_code", &funding.client_code, ClientCode::new)?,
        client_name: funding.client_name.clone(),
        date,
        account: account_of(bank, funding.kind, &funding.account)?,
    })
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

/// A file for the bank before it has a form.
pub(crate) struct Ordered {
    /// Its name in each form: Zengin's, pain.001's.
    pub(crate) names: [String; 2],
    /// A pain.001's own number.
    pub(crate) id: String,
    /// A pain.001's own time.
    pub(crate) created: Millis,
    /// The account that pays, and when.
    pub(crate) header: Header,
    /// Each payment with its number in a pain.001.
    pub(crate) payments: Vec<(Payment, String)>,
}

impl Ordered {
    /// The file in one form. `field` names it where a payment cannot stand in it.
    pub(crate) fn write(self, format: Format, field: &'static str) -> Result<BankFile> {
        let Ordered { names: [zengin, pain001], id, created, header, payments } = self;
        let sum = |sum, (payment, _): &(Payment, String)| kazasu_projections::fee_projection::sum(sum, payment.amount);
        let (count, total) = (payments.len(), payments.iter().fold(Yen::ZERO, sum));
        let (name, bytes) = match format {
            Format::Zengin => {
                let group = Group { header, payments: payments.into_iter().map(|(payment, _)| payment).collect() };
                (zengin, transfer::write(&[group], LineEnding::CrLf).map_err(|e| value(field, &e))?)
            }
            Format::Pain001 => {
                let transfer = |(payment, end_to_end_id)| pain001::Transfer { end_to_end_id, payment };
                let transfers = payments.into_iter().map(transfer).collect();
                let batch = pain001::Batch { id: id.clone(), header, transfers };
                let message = pain001::Message { message_id: id, created, batches: vec![batch] };
                (pain001, pain001::write(&message).map_err(|e| value(field, &e))?.into_bytes())
            }
        };
        Ok(BankFile { name, bytes, count, total })
    }
}

/// 1 ordinary, 2 current, 4 savings, 9 other; by number or by name.
pub(crate) fn account_kind(text: &str) -> Result<u8, Said> {
    match text {
        "1" | "普通" | "ordinary" => Ok(1),
        "2" | "当座" | "current" => Ok(2),
        "4" | "貯蓄" | "savings" => Ok(4),
        "9" | "その他" | "other" => Ok(9),
        other => Err(Said::of(&BankText::AccountKind { got: Quoted(other) })),
    }
}

/// Transfers are ordered from ordinary, current and other accounts.
pub fn ordering_kind(text: &str) -> Result<u8, Said> {
    match account_kind(text)? {
        4 => Err(Said::of(&BankText::OrderingKind)),
        kind => Ok(kind),
    }
}

/// Files as programs get them.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MadeFiles {
    /// Each of them, in the order in which the bank gets them.
    pub files: Vec<MadeBytes>,
}

/// A file's content.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MadeBytes {
    /// Its name.
    pub name: String,
    /// Transfers in it.
    pub count: usize,
    /// Their sum.
    pub yen: i64,
    /// Its bytes, in hexadecimal.
    pub hex: String,
}

impl From<Vec<BankFile>> for MadeFiles {
    fn from(files: Vec<BankFile>) -> Self {
        let each =
            |f: BankFile| MadeBytes { name: f.name, count: f.count, yen: f.total.get(), hex: hex::encode(&f.bytes) };
        MadeFiles { files: files.into_iter().map(each).collect() }
    }
}

/// The form of a file for the bank.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BankFormat {
    /// Zengin fixed length records.
    #[default]
    Zengin,
    /// ISO 20022 pain.001.
    Pain001,
}

impl From<BankFormat> for Format {
    fn from(format: BankFormat) -> Self {
        match format {
            BankFormat::Zengin => Format::Zengin,
            BankFormat::Pain001 => Format::Pain001,
        }
    }
}
