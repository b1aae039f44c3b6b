//! `kazasu settlement`: settlements of shops, and the reason for each of their amounts.

use super::backend::{query, question, show};
use super::common::Common;
use crate::language::language;
use clap::Subcommand;
use kazasu_console::print_text;
use kazasu_report::table::{Align, Lines};
use kazasu_schemas::money::Yen;
use kazasu_services::settlements::{ExplainSettlement, ListShopSettlements, SettlementExplained};
use kazasu_text::settlements::SettlementText;
use kazasu_text::{Language, Text};

/// `kazasu settlement`.
#[derive(Subcommand)]
pub(super) enum SettlementCommand {
    /// Settlements of your shops, the newest first.
    List {
        /// Only of this shop: its acquirer and ID, 27000001/M10000000000001.
        #[arg(long)]
        merchant: Option<String>,
        /// Only settlements with a lower number: the next page.
        #[arg(long)]
        before: Option<u32>,
        /// Settlements of a page, at most 200; 50 when absent.
        #[arg(long)]
        limit: Option<u16>,
        #[command(flatten)]
        common: Common,
    },
    /// Every amount of a settlement with its reasons: days, rules of the contract, rounding, other settlements.
    Why {
        /// The settlement.
        settlement: u32,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: SettlementCommand) -> anyhow::Result<()> {
    match command {
        SettlementCommand::List { merchant, before, limit, common } => {
            query(ListShopSettlements { merchant, before, limit }, &common).await
        }
        SettlementCommand::Why { settlement, common } => {
            let found = question(ExplainSettlement { settlement }, &common).await;
            match found {
                Ok(explained) if !common.json => {
                    print_text!("{}", told(&explained, language()));
                    Ok(())
                }
                result => show(result, &common),
            }
        }
    }
}

/// The amounts, one a line, each with its parts below it.
fn told(explained: &SettlementExplained, language: Language) -> String {
    let s = &explained.settlement;
    let yen = |n: i64| Yen::new(n).to_string();
    let heading = SettlementText::Heading { settlement: s.settlement, merchant: &s.merchant, name: &s.name };
    let mut lines = Lines::new(2, [Align::Right, Align::Left]);
    lines.words(heading.in_language(language));
    lines.words(format_args!("{} – {}", s.from, s.until));
    for item in &explained.items {
        let name = if language == Language::Japanese { &item.name_ja } else { &item.name };
        lines.words(format_args!("{name}  {}", yen(item.yen)));
        for part in &item.parts {
            let why = if language == Language::Japanese { &part.why_ja } else { &part.why };
            lines.row([&yen(part.yen), why]);
        }
    }
    lines.words(format_args!("{}  {}", SettlementText::Paid.in_language(language), yen(s.paid_yen)));
    lines.text()
}
