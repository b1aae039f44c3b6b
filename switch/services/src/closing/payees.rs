//! Merchants' accounts, from the operator's file.

use super::payouts::{Payees, PayoutConfig};
use anyhow::ensure;
use kazasu_documents::table_file::{Columns, How, Row, Table, narrow};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::relief::PayeeAccount;
use kazasu_schemas::zengin::kana::{Charset, decode, normalize};
use kazasu_text::configuration::ConfigText;
use kazasu_text::documents::PlaceText;
use kazasu_text::problems::ProblemText;
use kazasu_text::{Said, Text, readings};

/// The columns of merchants' accounts.
const PAYEES: Columns = Columns {
    known: &[
        ("acquirer", &[]),
        ("merchant", &["加盟店番号"]),
        ("bank", &["銀行コード", "金融機関コード"]),
        ("bank_name", &["銀行名", "金融機関名"]),
        ("branch", &["支店コード", "店番"]),
        ("branch_name", &["支店名"]),
        ("kind", &["預金種目", "口座種別"]),
        ("account", &["口座番号"]),
        ("name", &["口座名義カナ", "口座名義", "名義カナ"]),
    ],
    needed: &["acquirer", "merchant", "bank", "bank_name", "branch", "branch_name", "kind", "account", "name"],
    dates: &[],
};

impl PayoutConfig {
    /// Reads merchants' accounts: columns acquirer, merchant, bank, bank_name, branch, branch_name, kind, account, name. The error
    /// names every row that cannot be used.
    pub fn payees(file: &[u8]) -> anyhow::Result<Payees> {
        let mut table = Table::open(file, PAYEES, How::default())?;
        let (mut out, mut wrong) = (Payees::new(), Vec::new());
        while let Some(row) = table.next_row() {
            let line = row.line;
            match payee(&row) {
                Err(("", problem)) => wrong.push(at_line(line, &problem)),
                Err((column, problem)) => {
                    wrong.push(at_line(line, &Said::of(&ConfigText::Of { key: column, problem: &problem })));
                }
                Ok((of, account)) => {
                    let merchant = of.1;
                    if out.insert(of, account).is_some() {
                        let what = &merchant.to_string();
                        wrong.push(at_line(line, &Said::of(&ConfigText::Twice { what })));
                    }
                }
            }
        }
        ensure!(
            wrong.is_empty(),
            Said::new(|language| {
                wrong.iter().map(|why| why.in_language(language).into_owned()).collect::<Vec<_>>().join("\n")
            })
        );
        Ok(out)
    }
}

fn at_line(line: u64, problem: &Said) -> Said {
    Said::of(&PlaceText::Line { line, problem })
}

/// A merchant, and its account.
type Payee = ((InstitutionId, MerchantId), PayeeAccount);

fn payee(row: &Row) -> Result<Payee, (&'static str, Said)> {
    if let Some(fault) = &row.fault {
        return Err((fault.column, fault.problem.clone()));
    }
    let plain = |column| narrow(row.get(column));
    let digits = |column: &'static str, len: usize| {
        let text = plain(column);
        let good = text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
        if good {
            Ok(text.into_owned())
        } else {
            Err((column, Said::of(&ProblemText::DigitsExactly { digits: len.into() })))
        }
    };
    let kana = |column: &'static str, charset| match row.get(column) {
        "" if column != "name" => Ok(String::new()),
        text => match normalize(text, charset) {
            Ok(name) => Ok(decode(name.as_bytes())),
            Err(e) => Err((column, readings::kana(&e))),
        },
    };
    let account = PayeeAccount {
        bank: digits("bank", 4)?,
        branch: digits("branch", 3)?,
        kind: crate::bank::account_kind(&plain("kind")).map_err(|e| ("kind", e))?,
        account: digits("account", 7)?,
        name: kana("name", Charset::Name)?,
        bank_name: kana("bank_name", Charset::Bank)?,
        branch_name: kana("branch_name", Charset::Bank)?,
    };
    let acquirer = plain("acquirer").parse::<InstitutionId>().map_err(|e| ("acquirer", readings::id(&e)))?;
    let merchant = plain("merchant").parse::<MerchantId>().map_err(|e| ("merchant", readings::id(&e)))?;
    Ok(((acquirer, merchant), account))
}
