//! A payee's account as people type it, sealed, and masked.

use crate::bank::{account_kind, name_at_the_bank};
use crate::error::{Result, ServiceError, unfit};
use crate::problem::{Problem, problem};
use kazasu_documents::table_file::{Columns, narrow};
use kazasu_ledger::record::Payee;
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::relief::{PayeeAccount, SealedAccount};
use kazasu_schemas::zengin::kana::{Charset, decode, normalize};
use kazasu_security::vault::Vault;
use kazasu_text::problems::ProblemText;
use kazasu_text::{Quoted, readings};

/// The columns of payees' accounts. A file of before named merchants only, and no calls.
pub(crate) const COLUMNS: Columns = Columns {
    known: &[
        ("acquirer", &["加盟店契約会社", "契約会社"]),
        ("merchant", &["加盟店番号"]),
        ("fund", &["事業番号", "基金"]),
        ("bank", &["銀行コード", "金融機関コード"]),
        ("bank_name", &["銀行名", "金融機関名"]),
        ("branch", &["支店コード", "店番"]),
        ("branch_name", &["支店名"]),
        ("kind", &["預金種目", "口座種別"]),
        ("account", &["口座番号"]),
        ("name", &["口座名義カナ", "口座名義", "名義カナ"]),
        ("called", &["確認先", "電話確認の相手"]),
        ("called_number", &["確認先電話番号", "電話番号"]),
        ("called_at", &["確認日時"]),
        ("called_by", &["確認者"]),
    ],
    needed: &["bank", "branch", "kind", "account", "name"],
    dates: &["called_at"],
};

/// An account as it was typed.
pub(crate) struct Typed<'a> {
    pub(crate) bank: &'a str,
    pub(crate) bank_name: &'a str,
    pub(crate) branch: &'a str,
    pub(crate) branch_name: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) account: &'a str,
    pub(crate) name: &'a str,
}

impl Typed<'_> {
    /// The account, or the field that cannot be used. A value never stands in the problem of an account number.
    pub(crate) fn read(&self) -> Result<PayeeAccount, Problem> {
        let digits = |column: &'static str, text: &str, len: usize| {
            // Spreadsheets lose leading zeros.
            let text = narrow(text);
            let text = if text.is_empty() { text.into_owned() } else { format!("{text:0>len$}") };
            let good = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
            let shown = if column == "account" { "" } else { text.as_str() };
            if good {
                Ok(text)
            } else {
                Err(problem(column, shown, &ProblemText::DigitsExactly { digits: len.into() }))
            }
        };
        let kana = |column: &'static str, text: &str, charset| match text.trim() {
            "" if column != "name" => Ok(String::new()),
            typed => match normalize(typed, charset) {
                Ok(name) if !name.is_empty() => Ok(decode(name.as_bytes())),
                Ok(_) => Err(problem(column, typed, &kazasu_text::documents::BankText::NameEmpty)),
                Err(e) => Err(problem(column, typed, &readings::kana(&e))),
            },
        };
        Ok(PayeeAccount {
            bank: digits("bank", self.bank, 4)?,
            branch: digits("branch", self.branch, 3)?,
            kind: account_kind(&narrow(self.kind)).map_err(|e| problem("kind", self.kind, &e))?,
            account: digits("account", self.account, 7)?,
            name: kana("name", self.name, Charset::Name)?,
            bank_name: kana("bank_name", self.bank_name, Charset::Bank)?,
            branch_name: kana("branch_name", self.branch_name, Charset::Bank)?,
        })
    }
}

/// A payee as people name it: `ACQUIRER/MERCHANT`, or `fund/PROGRAMME`.
pub(super) fn payee_named(field: &'static str, text: &str) -> Result<Payee> {
    let plain = narrow(text.trim());
    let wrong = || unfit(field, &ProblemText::PayeeNamed { got: Quoted(text) });
    match plain.split_once('/') {
        Some(("fund", programme)) => {
            let programme = programme.parse().map_err(|_| wrong())?;
            Ok(Payee::Fund { programme })
        }
        Some((acquirer, merchant)) => {
            let acquirer: InstitutionId = acquirer.parse().map_err(|e| unfit(field, &readings::id(&e)))?;
            let merchant: MerchantId = merchant.parse().map_err(|e| unfit(field, &readings::id(&e)))?;
            Ok(Payee::Merchant { acquirer, merchant })
        }
        None => Err(wrong()),
    }
}

/// A vault, for one payee: what is sealed for it opens for no other.
pub(super) struct SealedFor<'a> {
    vault: &'a Vault,
    about: [u8; 16],
}

impl<'a> SealedFor<'a> {
    pub(super) fn of(vault: &'a Vault, payee: &Payee) -> Self {
        SealedFor { vault, about: vault.hidden("payee", &[&payee.to_string()]) }
    }

    pub(super) fn seal(&self, clear: &[u8]) -> Result<Vec<u8>> {
        self.vault.seal_account(clear, &self.about).map_err(|e| ServiceError::Other(e.into()))
    }

    pub(super) fn open(&self, sealed: &[u8]) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        self.vault.open_account(sealed, &self.about).ok()
    }
}

/// The hashes by which accounts and holders are compared: those of relief, so that a bank statement's names are found.
fn tokens(vault: &Vault, account: &PayeeAccount) -> ([u8; 16], [u8; 16]) {
    let kind = account.kind.to_string();
    let token = vault.hidden("account", &[&account.bank, &account.branch, &kind, &account.account]);
    let at_the_bank = name_at_the_bank(&account.name).unwrap_or_default();
    (token, vault.hidden("payee name", &[&at_the_bank]))
}

/// An account, sealed for its payee.
pub(crate) fn sealed(vault: &Vault, payee: &Payee, account: &PayeeAccount) -> Result<SealedAccount> {
    let clear = zeroize::Zeroizing::new(minicbor::to_vec(account).expect("writing to memory does not fail"));
    let sealed = SealedFor::of(vault, payee).seal(&clear)?;
    let (token, name) = tokens(vault, account);
    Ok(SealedAccount { sealed, token, name })
}

/// A payee's account in full. An account whose hashes are not its own was put there by no switch, and is not paid to.
pub(crate) fn opened(vault: &Vault, payee: &Payee, account: &SealedAccount) -> Result<PayeeAccount> {
    let wrong = || {
        ServiceError::Other(anyhow::anyhow!(
            "the account of {payee} does not open: its key was destroyed, or it is damaged"
        ))
    };
    let clear = SealedFor::of(vault, payee).open(&account.sealed).ok_or_else(wrong)?;
    let found: PayeeAccount = minicbor::decode(&clear).map_err(|_| wrong())?;
    if tokens(vault, &found) == (account.token, account.name) { Ok(found) } else { Err(wrong()) }
}

/// The same account under the current key; none where it is so already.
pub(crate) fn sealed_again(vault: &Vault, payee: &Payee, account: &SealedAccount) -> Result<Option<SealedAccount>> {
    if account.sealed.first() == Some(&vault.accounts_version()) {
        return Ok(None);
    }
    sealed(vault, payee, &opened(vault, payee, account)?).map(Some)
}

/// An account of which the last three digits are shown.
pub(crate) fn masked(account: &PayeeAccount) -> String {
    let PayeeAccount { bank, bank_name, branch, branch_name, kind, account, .. } = account;
    let last = account.get(account.len().saturating_sub(3)..).unwrap_or_default();
    let parts = [format!("{bank}-{branch}"), bank_name.clone(), branch_name.clone(), kind_name(*kind).to_owned()];
    let named: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{} ****{last}", named.join(" "))
}

/// The kind of an account, as programs write it.
pub(super) fn kind_name(kind: u8) -> &'static str {
    match kind {
        1 => "ordinary",
        2 => "current",
        4 => "savings",
        _ => "other",
    }
}

/// A problem of a typed field as the problem of a request's field.
pub(super) fn of_field(found: Problem) -> ServiceError {
    ServiceError::Value { field: found.column, problem: found.problem }
}
