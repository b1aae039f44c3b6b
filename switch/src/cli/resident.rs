//! `kazasu resident`: the desk of a call centre, one resident at a time.

use super::backend::{one, query};
use super::common::{Common, amount};
use clap::Subcommand;
use kazasu_services::residents::{
    BindCard, FindResident, LiftSuspension, ListResidentShops, SetCard, ShowResident, ShowTaps,
};

#[derive(Subcommand)]
pub(super) enum ResidentCommand {
    /// Finds the resident who calls: by the ID that is read out, or by a receipt.
    Find {
        /// A PPID or temporary ID, in any groups.
        #[arg(long, value_name = "PPID")]
        ppid: Option<String>,
        /// The terminal that the receipt names.
        #[arg(long)]
        terminal: Option<String>,
        /// The receipt's day, or its time with the offset.
        #[arg(long)]
        at: Option<String>,
        /// The receipt's amount, yen.
        #[arg(long, value_parser = amount)]
        amount: Option<i64>,
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Shows a person: links, card, purses, points, limits.
    Show {
        /// The person.
        ppid: String,
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Shows the last taps of a person, with the reasons why some came to nothing.
    Taps {
        /// The person.
        ppid: String,
        /// How many.
        #[arg(long, default_value_t = 20)]
        last: u32,
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// The shops that take a person's purses, by name.
    Shops {
        /// The person.
        ppid: String,
        /// Only those that take this programme's purse.
        #[arg(long)]
        programme: Option<u16>,
        /// Only those whose municipality code begins so.
        #[arg(long)]
        region: Option<String>,
        /// Only those with this tag.
        #[arg(long)]
        tag: Option<String>,
        /// Shops at most, 1 to 200; 50 when absent.
        #[arg(long)]
        limit: Option<u16>,
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Suspends a person's card at once.
    Suspend {
        /// The person.
        ppid: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval for letting a suspended card be used again; another person decides.
    Lift {
        /// The person.
        ppid: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Requests approval for a person's new card, for the same PPID; another person decides.
    BindCard {
        /// The person.
        ppid: String,
        /// Serial number, hexadecimal.
        #[arg(long)]
        serial: String,
        /// The authority that issued it, as in "C=JP, O=JPKI, OU=JPKI for user authentication"; needed where several are configured.
        #[arg(long)]
        issuer: Option<String>,
        /// The certificate's last day.
        #[arg(long)]
        last_day: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

pub(super) async fn run(command: ResidentCommand) -> anyhow::Result<()> {
    match command {
        ResidentCommand::Find { ppid, terminal, at, amount, why, common } => {
            query(FindResident { ppid, terminal, at, amount, why: Some(why) }, &common).await
        }
        ResidentCommand::Show { ppid, why, common } => query(ShowResident { ppid, why: Some(why) }, &common).await,
        ResidentCommand::Shops { ppid, programme, region, tag, limit, why, common } => {
            query(ListResidentShops { ppid, programme, region, tag, limit, why: Some(why) }, &common).await
        }
        ResidentCommand::Taps { ppid, last, why, common } => {
            query(ShowTaps { ppid, last: Some(last), why: Some(why) }, &common).await
        }
        ResidentCommand::Suspend { ppid, why, common } => {
            one(SetCard { ppid, status: "suspended".to_owned(), why }, &common).await
        }
        ResidentCommand::Lift { ppid, why, common } => one(LiftSuspension { ppid, why }, &common).await,
        ResidentCommand::BindCard { ppid, serial, issuer, last_day, why, common } => {
            one(BindCard { ppid, serial, issuer, last_day, why }, &common).await
        }
    }
}
