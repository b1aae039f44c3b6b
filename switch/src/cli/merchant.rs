//! `kazasu merchant`: importing merchants, and looking at them.

use super::NONE;
use super::ask::Common;
use super::backend::{ask, look};
use super::import::{self, ImportArgs};
use clap::Subcommand;
use kazasu_console::{print_text, say};
use kazasu_report::{Cell, Kind, Report, cells, table};
use kazasu_services::import::ImportMerchants;
use kazasu_services::merchants::{ListMerchants, MerchantView, ShowMerchant};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `kazasu merchant`.
#[derive(Subcommand)]
pub(super) enum MerchantCommand {
    /// Imports a file (.xlsx or CSV); what a row does not say stays as it is. Bad rows are reported by line and never block the others.
    Import(ImportArgs),
    /// Every merchant.
    List {
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
        MerchantCommand::Import(args) => import::run(args, ImportMerchants).await,
        MerchantCommand::Show { merchant, common } => look(ShowMerchant { merchant }, &common).await,
        MerchantCommand::List { common } if common.json => look(ListMerchants {}, &common).await,
        MerchantCommand::List { common } => list(&common).await,
    }
}

/// Columns of a terminal for a name, beside the others within 80.
const NAME: usize = 28;

/// As much of a text as fits.
fn fitting(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if out.width() + c.width().unwrap_or(0) >= columns {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// One line a merchant; `show` has the rest.
async fn list(common: &Common) -> anyhow::Result<()> {
    let merchants = ask(ListMerchants {}, common).await?;
    if merchants.is_empty() {
        say!("{NONE}");
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
    let report = Report::build("加盟店一覧", "Merchants", kazasu_engine::clock::now())
        .sheet("加盟店")
        .column("加盟店", "merchant", Kind::Text)
        .column("業種", "mcc", Kind::Text)
        .column("端末", "terminals", Kind::Count)
        .column("閉店", "closed", Kind::Text)
        .column("名称", "name", Kind::Text)
        .rows(merchants.iter().map(row))
        .finish()?;
    print_text!("{}", table::text(&report));
    Ok(())
}
