//! `kazasu merchant`: importing merchants, and looking at them.

use super::backend::query;
use super::common::{Common, fitting, none};
use super::import::{self, ImportArgs};
use super::list::{self, ListArgs};
use clap::Subcommand;
use kazasu_console::{print_text, say};
use kazasu_report::{Cell, Kind, Report, cells, table};
use kazasu_services::import::{ImportMerchants, LookAtMerchants};
use kazasu_services::merchants::{ListMerchants, MerchantView, ShowMerchant};
use kazasu_services::settlements::{ListShopPayouts, ShowShopContract};
use kazasu_services::transactions::ListTerminals;
use kazasu_text::Text;
use kazasu_text::columns::MerchantListColumn;
use kazasu_text::reports::{Sheet, Title};

/// `kazasu merchant`.
#[derive(Subcommand)]
pub(super) enum MerchantCommand {
    /// Imports a file (.xlsx or CSV); what a row does not say stays as it is. Bad rows are reported by line and never block the others.
    Import(ImportArgs),
    /// Every merchant.
    List {
        #[command(flatten)]
        list: ListArgs,
    },
    /// Terminals of a shop: when each was last seen, and whether its acquirer's totals agreed.
    Terminals {
        /// The shop: its acquirer and ID, 27000001/M10000000000001; all of your shops when absent.
        merchant: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// What is paid to your shops: planned, approved, sent to the bank, paid, returned.
    Payouts {
        /// The shop: its acquirer and ID, 27000001/M10000000000001; all of your shops when absent.
        merchant: Option<String>,
        /// Only of settlements with a lower number: the next page.
        #[arg(long)]
        before: Option<u32>,
        /// Rows of a page, at most 200; 50 when absent.
        #[arg(long)]
        limit: Option<u16>,
        #[command(flatten)]
        common: Common,
    },
    /// The terms of a shop's contract.
    Terms {
        /// The shop: its acquirer and ID, 27000001/M10000000000001.
        merchant: String,
        /// The business day; today when absent.
        #[arg(long)]
        day: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// All that is registered of a merchant.
    Show {
        /// Its ID, or its acquirer and ID: 27000001/M10000000000001.
        merchant: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: MerchantCommand) -> anyhow::Result<()> {
    match command {
        MerchantCommand::Import(args) => import::run(args, (ImportMerchants, LookAtMerchants)).await,
        MerchantCommand::Show { merchant, common } => query(ShowMerchant { merchant }, &common).await,
        MerchantCommand::List { list: args } if args.is_table() => list(&args).await,
        MerchantCommand::List { list: args } => list::list(ListMerchants {}, &args).await,
        MerchantCommand::Terminals { merchant, common } => query(ListTerminals { merchant }, &common).await,
        MerchantCommand::Payouts { merchant, before, limit, common } => {
            query(ListShopPayouts { merchant, before, limit }, &common).await
        }
        MerchantCommand::Terms { merchant, day, common } => query(ShowShopContract { merchant, day }, &common).await,
    }
}

/// Columns of a terminal for a name, beside the others within 80.
const NAME: usize = 28;

/// One line a merchant; `show` has the rest.
async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let merchants = list::rows(ListMerchants {}, args).await?;
    if merchants.is_empty() {
        say!("{}", none());
        return Ok(());
    }
    let row = |merchant: &MerchantView| -> Vec<Cell> {
        cells![
            format!("{}/{}", merchant.acquirer, merchant.merchant),
            merchant.mcc.clone(),
            Cell::count(i64::try_from(merchant.terminals.len()).unwrap_or(i64::MAX)),
            if merchant.closed { "yes" } else { "" },
            fitting(&merchant.name, NAME),
        ]
    };
    let report = Report::titled(Title::Merchants, kazasu_engine::clock::now())
        .sheet(&Sheet::Merchants.ja())
        .labelled(MerchantListColumn::Merchant, Kind::Text)
        .labelled(MerchantListColumn::Mcc, Kind::Text)
        .labelled(MerchantListColumn::Terminals, Kind::Count)
        .labelled(MerchantListColumn::Closed, Kind::Text)
        .labelled(MerchantListColumn::Name, Kind::Text)
        .rows(merchants.iter().map(row))
        .finish()?;
    print_text!("{}", table::text(&report));
    Ok(())
}
