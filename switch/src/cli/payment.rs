//! `kazasu payment`: finding payments by what people know of them, and their corrections by two people.

use super::backend::{one, query, show};
use super::common::{Common, amount, fitting, none};
use super::list::{self, FileArgs};
use clap::{Args, Subcommand};
use kazasu_console::{print_text, say};
use kazasu_report::{Cell, Kind, Report, cells, table};
use kazasu_schemas::money::Yen;
use kazasu_services::corrections::{ReducePayment, RefundPayment, ShowPayment, WriteOffPayment};
use kazasu_services::events::ListEvents;
use kazasu_services::list::USUAL;
use kazasu_services::transactions::{FindTransactions, ShowTakings, ShowTransaction, TransactionView};
use kazasu_text::columns::PaymentColumn;
use kazasu_text::payments::{PaymentKind, PaymentState, PaymentText};
use kazasu_text::reports::{Sheet, Title};
use kazasu_text::{Label, Text};

/// Columns of a terminal for a name, beside the others within 80.
const NAME: usize = 14;

/// `kazasu payment`.
#[derive(Subcommand)]
pub(super) enum PaymentCommand {
    /// Lists what happened after a point of the journal, in its order.
    Events {
        /// The sequence that was read last; the journal's beginning when absent.
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        after: u64,
        /// Events at most, 1 to 1,000; 100 when absent.
        #[arg(long)]
        limit: Option<u16>,
        #[command(flatten)]
        common: Common,
    },
    /// Finds payments: every option that is given must hold. The newest come first.
    Find(Box<FindArgs>),
    /// A payment, and what refunds, reverses or completes it.
    Show {
        /// Its record.
        record: u64,
        /// The reason to see who paid: the security log keeps it with your name.
        #[arg(long)]
        why: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// What a shop took on a business day, terminal by terminal.
    Takings {
        /// The shop: its acquirer and ID, 27000001/M10000000000001.
        merchant: String,
        /// The business day; today's when absent.
        #[arg(long)]
        day: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// What is left of a payment: what paid it, and what was given back of each part.
    Left {
        /// The payment's record.
        payment: u64,
        /// The reason for your look: the security log keeps it with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval of a refund: the merchant gives back, as with a refund of its terminal.
    Refund(GivenBack),
    /// Requests approval for bringing a payment down to the amount that is right; the merchant gives back the rest.
    Reduce {
        /// The payment's record.
        payment: u64,
        /// The amount that is right, yen.
        #[arg(long, value_parser = amount)]
        to: i64,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval of a refund that the operator bears: the merchant keeps what it has.
    WriteOff(GivenBack),
}

/// What is given back of a payment.
#[derive(Args)]
#[command(group(clap::ArgGroup::new("much").required(true).args(["amount", "all"])))]
pub(super) struct GivenBack {
    /// The payment's record.
    payment: u64,
    /// Yen.
    #[arg(long, value_parser = amount)]
    amount: Option<i64>,
    /// All that is left.
    #[arg(long)]
    all: bool,
    /// The reason, which the record keeps.
    #[arg(long)]
    why: String,
    #[command(flatten)]
    common: Common,
}

/// `kazasu payment find`.
#[derive(Args)]
pub(super) struct FindArgs {
    /// The person who paid; with --why.
    #[arg(long)]
    ppid: Option<String>,
    /// The retrieval reference number, DE37.
    #[arg(long)]
    rrn: Option<String>,
    /// The system trace audit number, DE11.
    #[arg(long)]
    stan: Option<String>,
    /// The approval code, DE38.
    #[arg(long)]
    approval: Option<String>,
    /// The last four digits of the card or account.
    #[arg(long)]
    last_four: Option<String>,
    /// Exactly this amount, yen.
    #[arg(long, value_parser = amount)]
    amount: Option<i64>,
    /// About this amount: a tenth more or less.
    #[arg(long, value_parser = amount)]
    about: Option<i64>,
    /// At least this amount.
    #[arg(long, value_parser = amount)]
    amount_from: Option<i64>,
    /// At most this amount.
    #[arg(long, value_parser = amount)]
    amount_until: Option<i64>,
    /// The terminal, DE41.
    #[arg(long)]
    terminal: Option<String>,
    /// The shop: its ID, its acquirer and ID, or part of its name.
    #[arg(long)]
    merchant: Option<String>,
    /// What was asked for: purchase, refund, reversal, …
    #[arg(long)]
    kind: Option<String>,
    /// pending, approved, declined, partly_refunded, refunded or reversed.
    #[arg(long)]
    state: Option<String>,
    /// The first business day, or moment with its offset.
    #[arg(long)]
    from: Option<String>,
    /// The last business day, or moment with its offset.
    #[arg(long)]
    until: Option<String>,
    /// Payments at most; 50 when absent.
    #[arg(long, conflicts_with = "out", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    file: FileArgs,
    /// The reason to see who paid: the security log keeps it with your name.
    #[arg(long)]
    why: Option<String>,
    #[command(flatten)]
    common: Common,
}

pub(super) async fn run(command: PaymentCommand) -> anyhow::Result<()> {
    match command {
        PaymentCommand::Find(args) => find(*args).await,
        PaymentCommand::Show { record, why, common } => query(ShowTransaction { record, why }, &common).await,
        PaymentCommand::Events { after, limit, common } => query(ListEvents { after, limit }, &common).await,
        PaymentCommand::Takings { merchant, day, common } => query(ShowTakings { merchant, day }, &common).await,
        PaymentCommand::Left { payment, why, common } => query(ShowPayment { payment, why: Some(why) }, &common).await,
        PaymentCommand::Refund(GivenBack { payment, amount, all, why, common }) => {
            let amount = amount.filter(|_| !all);
            one(RefundPayment { payment, amount, why }, &common).await
        }
        PaymentCommand::Reduce { payment, to, why, common } => {
            one(ReducePayment { payment, right: to, why }, &common).await
        }
        PaymentCommand::WriteOff(GivenBack { payment, amount, all, why, common }) => {
            let amount = amount.filter(|_| !all);
            one(WriteOffPayment { payment, amount, why }, &common).await
        }
    }
}

async fn find(args: FindArgs) -> anyhow::Result<()> {
    let FindArgs { ppid, rrn, stan, approval, last_four, amount, about, amount_from, amount_until, .. } = args;
    let FindArgs { terminal, merchant, kind, state, from, until, limit, file, why, common, .. } = args;
    let asked = FindTransactions {
        ppid,
        rrn,
        stan,
        approval,
        last_four,
        amount,
        about,
        amount_from,
        amount_until,
        terminal,
        merchant,
        kind,
        state,
        from,
        until,
        why,
    };
    if list::written(&asked, &file, &common).await? {
        return Ok(());
    }
    let found = list::asked(asked, Some(limit.unwrap_or(USUAL.into())), &common).await?;
    if common.json {
        return show(Ok(found), &common);
    }
    if found.items.is_empty() {
        say!("{}", none());
    } else {
        print(&found.items)?;
    }
    if let Some(from) = &found.from {
        say!("{}", crate::language::shown(&PaymentText::Since { from }));
    }
    if found.more {
        say!("{}", crate::language::shown(&PaymentText::More));
    }
    Ok(())
}

/// Month, day and minute: what stands on a receipt.
fn minute(at: &str) -> String {
    at.get(5..16).unwrap_or(at).replace('T', " ")
}

/// A code's words in this process's language; the code itself where it has none.
fn words<L: Label + Copy>(all: &[L], code: &str) -> String {
    let found = all.iter().find(|one| one.code() == code);
    found.map_or_else(|| code.to_owned(), crate::language::shown)
}

/// One line a payment, within 80 columns; `show` has the rest.
fn print(payments: &[TransactionView]) -> anyhow::Result<()> {
    let row = |one: &TransactionView| -> Vec<Cell> {
        cells![
            one.record.to_string(),
            minute(&one.at),
            words(PaymentKind::LIST, &one.kind),
            Cell::Yen(Yen::new(one.amount_yen)),
            words(PaymentState::LIST, &one.state),
            one.last_four.clone().unwrap_or_default(),
            fitting(&one.name, NAME),
        ]
    };
    let report = Report::titled(Title::Payments, kazasu_engine::clock::now())
        .sheet(&Sheet::Taps.ja())
        .labelled(PaymentColumn::Record, Kind::Code)
        .labelled(PaymentColumn::At, Kind::Text)
        .labelled(PaymentColumn::Kind, Kind::Text)
        .labelled(PaymentColumn::Amount, Kind::Yen)
        .labelled(PaymentColumn::State, Kind::Text)
        .labelled(PaymentColumn::LastFour, Kind::Code)
        .labelled(PaymentColumn::Name, Kind::Text)
        .rows(payments.iter().map(row))
        .finish()?;
    print_text!("{}", table::text(&report));
    Ok(())
}
