//! Payees' accounts. A row of a file that two people approve has the note of the call to its payee.

use super::preview::Ground;
use super::{Cells, ImportReport, Kind, Order, Planned, Problem, problem};
use crate::payees::{COLUMNS, CallNote, Typed, noted, sealed};
use bytes::Bytes;
use kazasu_core::Command;
use kazasu_documents::table_file::{Row, narrow};
use kazasu_ledger::record::{Payee, PayeeChange};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::Millis;
use kazasu_security::vault::Vault;
use kazasu_text::problems::ProblemText;
use kazasu_text::readings::id;
use kazasu_text::{Quoted, errors};

/// Whether rows need the note of a call to their payee.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Calls {
    /// Two people approve the file.
    Needed,
    /// The book is being opened.
    Opening,
}

/// Imports payees' accounts: columns `acquirer` and `merchant`, or `fund`, say whose; `bank`, `branch`, `kind`, `account`, `name` which.
pub async fn payees(
    ground: impl Into<Ground<'_>>,
    file: Bytes,
    (vault, calls): (&Vault, Calls),
    order: &Order,
) -> anyhow::Result<ImportReport> {
    let now = kazasu_engine::clock::now();
    let plan = |row: &Row| payee_row(row, vault, (calls, now));
    super::run(ground.into(), file, order, Kind { columns: COLUMNS, cells: Cells::Masked, plan: &plan }).await
}

fn payee_row(row: &Row, vault: &Vault, (calls, now): (Calls, Millis)) -> Result<Planned, Problem> {
    let payee = payee(row)?;
    let typed = Typed {
        bank: row.get("bank"),
        bank_name: row.get("bank_name"),
        branch: row.get("branch"),
        branch_name: row.get("branch_name"),
        kind: row.get("kind"),
        account: row.get("account"),
        name: row.get("name"),
    };
    let account = typed.read()?;
    let note = CallNote {
        called: row.get("called").to_owned(),
        called_number: row.get("called_number").to_owned(),
        called_at: row.get("called_at").to_owned(),
        called_by: row.get("called_by").to_owned(),
    };
    let empty =
        [&note.called, &note.called_number, &note.called_at, &note.called_by].iter().all(|text| text.is_empty());
    let call = match (calls, empty) {
        (Calls::Opening, true) => None,
        (Calls::Needed, true) => return Err(problem("called", "", &ProblemText::CallNeeded)),
        (Calls::Needed | Calls::Opening, false) => Some(noted(&note, vault, (&payee, now))?),
    };
    let account = sealed(vault, &payee, &account);
    let account = account.map_err(|e| problem("account", "", &errors::said(&e, crate::causes::of)))?;
    let change = Box::new(PayeeChange { payee, account: Some(account), call });
    Ok(Planned { commands: vec![Command::SetPayee { change, maker: None }], without_route: false })
}

fn payee(row: &Row) -> Result<Payee, Problem> {
    let plain = |column| narrow(row.get(column));
    match (&*plain("fund"), &*plain("acquirer"), &*plain("merchant")) {
        ("", acquirer, merchant) => Ok(Payee::Merchant {
            acquirer: acquirer.parse::<InstitutionId>().map_err(|e| problem("acquirer", acquirer, &id(&e)))?,
            merchant: merchant.parse::<MerchantId>().map_err(|e| problem("merchant", merchant, &id(&e)))?,
        }),
        (fund, "", "") => {
            let programme =
                fund.parse().map_err(|_| problem("fund", fund, &ProblemText::PayeeNamed { got: Quoted(fund) }))?;
            Ok(Payee::Fund { programme })
        }
        (fund, ..) => Err(problem("fund", fund, &ProblemText::PayeeNamed { got: Quoted(fund) })),
    }
}
