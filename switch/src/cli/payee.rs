//! `kazasu payee`: the accounts to which merchants are paid and funds go back. Two people change one, and the payee is called first.

use super::backend::{one, show};
use super::common::{Common, fitting, none};
use super::import::{self, ImportArgs};
use super::list::{self, ListArgs};
use clap::{Args, Subcommand};
use kazasu_console::{print_text, say};
use kazasu_report::{Cell, Kind, Report, cells, table};
use kazasu_services::import::{ImportPayees, LookAtPayees};
use kazasu_services::payees::{CallNote, CallPayee, EndPayee, ListPayees, PayeeShown, RevealPayee, SetPayee};
use kazasu_text::Text;
use kazasu_text::columns::PayeeColumn;
use kazasu_text::reports::{Sheet, Title};

/// `kazasu payee`.
#[derive(Subcommand)]
pub(super) enum PayeeCommand {
    /// Payees' accounts, with only their last digits.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// A payee's account; with --why in full, and the security log keeps the look.
    Show {
        /// The payee: a merchant as 27000001/M10000000000001, or a fund as fund/3.
        payee: String,
        /// The reason to see it in full: the security log keeps it with your name.
        #[arg(long)]
        why: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Requests another account for a payee; another person decides. Call the payee first, at a number that you knew before.
    Set(Box<SetArgs>),
    /// Requests the end of a payee's account: nothing is paid to it any more.
    End {
        /// The payee: a merchant as 27000001/M10000000000001, or a fund as fund/3.
        payee: String,
        #[command(flatten)]
        call: MaybeCalled,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Notes the call about a change that a merchant's own people asked for: by another person than asks or approves.
    Called {
        /// The request.
        approval: u64,
        /// The fingerprint of the version that you called about, as `approval show` prints it; its first twelve characters are enough.
        #[arg(long)]
        fingerprint: String,
        #[command(flatten)]
        call: CallMade,
        #[command(flatten)]
        common: Common,
    },
    /// Imports accounts from a file (.xlsx or CSV), under one approval. Bad rows are reported by line and never block the others.
    Import(ImportArgs),
}

/// `kazasu payee set`.
#[derive(Args)]
pub(super) struct SetArgs {
    /// The payee: a merchant as 27000001/M10000000000001, or a fund as fund/3.
    payee: String,
    /// Bank code, 4 digits.
    #[arg(long)]
    bank: String,
    /// The bank's name in kana; may be left out.
    #[arg(long, default_value = "", hide_default_value = true)]
    bank_name: String,
    /// Branch code, 3 digits.
    #[arg(long)]
    branch: String,
    /// The branch's name in kana; may be left out.
    #[arg(long, default_value = "", hide_default_value = true)]
    branch_name: String,
    /// ordinary, current, savings or other.
    #[arg(long, default_value = "ordinary")]
    kind: String,
    /// Account number, 7 digits.
    #[arg(long)]
    account: String,
    /// The holder in kana.
    #[arg(long)]
    name: String,
    #[command(flatten)]
    call: MaybeCalled,
    /// The reason, which the record keeps.
    #[arg(long)]
    why: String,
    #[command(flatten)]
    common: Common,
}

/// A call to a payee. A merchant's own people leave it out.
#[derive(Args)]
pub(super) struct MaybeCalled {
    /// Who was called.
    #[arg(long, requires = "called_number", requires = "called_at", requires = "called_by")]
    called: Option<String>,
    /// At which number: one that was known before the change was asked for.
    #[arg(long, requires = "called")]
    called_number: Option<String>,
    /// When: a date, or a time with its offset.
    #[arg(long, requires = "called")]
    called_at: Option<String>,
    /// Who called.
    #[arg(long, requires = "called")]
    called_by: Option<String>,
}

impl MaybeCalled {
    fn note(self) -> Option<CallNote> {
        let MaybeCalled { called, called_number, called_at, called_by } = self;
        Some(CallNote { called: called?, called_number: called_number?, called_at: called_at?, called_by: called_by? })
    }
}

/// A call to a payee.
#[derive(Args)]
pub(super) struct CallMade {
    /// Who was called.
    #[arg(long)]
    called: String,
    /// At which number: one that was known before the change was asked for.
    #[arg(long)]
    called_number: String,
    /// When: a date, or a time with its offset.
    #[arg(long)]
    called_at: String,
    /// Who called.
    #[arg(long)]
    called_by: String,
}

pub(super) async fn run(command: PayeeCommand) -> anyhow::Result<()> {
    match command {
        PayeeCommand::List { list: args } if args.is_table() => list(&args).await,
        PayeeCommand::List { list: args } => list::list(ListPayees::default(), &args).await,
        PayeeCommand::Show { payee, why: Some(why), common } => {
            one(RevealPayee { payee, why: Some(why) }, &common).await
        }
        PayeeCommand::Show { payee, why: None, common } => {
            let found = list::asked(ListPayees { payee: Some(payee) }, None, &common).await;
            show(found.map(|found| found.items), &common)
        }
        PayeeCommand::Set(args) => {
            let SetArgs { payee, bank, bank_name, branch, branch_name, kind, account, name, call, why, common } = *args;
            let call = call.note();
            let set = SetPayee { payee, bank, bank_name, branch, branch_name, kind, account, name, call, why };
            one(set, &common).await
        }
        PayeeCommand::End { payee, call, why, common } => {
            one(EndPayee { payee, call: call.note(), why }, &common).await
        }
        PayeeCommand::Called { approval, fingerprint, call, common } => {
            let CallMade { called, called_number, called_at, called_by } = call;
            let call = CallNote { called, called_number, called_at, called_by };
            one(CallPayee { approval, fingerprint, call }, &common).await
        }
        PayeeCommand::Import(args) => import::run(args, (ImportPayees, LookAtPayees)).await,
    }
}

/// Columns of a terminal for a holder, beside the others within 80.
const HOLDER: usize = 18;

/// One line a payee.
async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let payees = list::rows(ListPayees::default(), args).await?;
    if payees.is_empty() {
        say!("{}", none());
        return Ok(());
    }
    let row = |payee: &PayeeShown| -> Vec<Cell> {
        cells![
            payee.payee.clone(),
            payee.account.clone().unwrap_or_default(),
            fitting(payee.holder.as_deref().unwrap_or_default(), HOLDER),
            payee.approval.map(|number| number.to_string()).unwrap_or_default(),
        ]
    };
    let report = Report::titled(Title::Payees, kazasu_engine::clock::now())
        .sheet(&Sheet::Payees.ja())
        .labelled(PayeeColumn::Payee, Kind::Text)
        .labelled(PayeeColumn::Account, Kind::Text)
        .labelled(PayeeColumn::Holder, Kind::Text)
        .labelled(PayeeColumn::Waits, Kind::Code)
        .rows(payees.iter().map(row))
        .finish()?;
    print_text!("{}", table::text(&report));
    Ok(())
}
