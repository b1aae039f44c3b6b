//! The commands of `kazasu relief` and their options.

use crate::cli::ask::Common;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(in crate::cli) enum ReliefCommand {
    /// Programmes: what a city decided to give.
    Programme {
        #[command(subcommand)]
        what: ProgrammeCommand,
    },
    /// Proposals that wait for a second person.
    Proposals {
        #[command(flatten)]
        common: Common,
    },
    /// Approves a proposal, or turns it down (approver).
    Decide {
        /// Its number.
        proposal: u64,
        /// Approve it; turned down when absent.
        #[arg(long)]
        approve: bool,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Books the city's payment into a programme's fund (treasurer).
    Fund {
        /// The programme.
        programme: u16,
        /// Yen.
        #[arg(value_parser = crate::cli::amount)]
        amount: i64,
        /// The payment's own: it is booked once.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        common: Common,
    },
    /// Reads a file of applications in (officer). Nothing is paid until two more people have approved and released it.
    Import {
        /// The programme.
        programme: u16,
        /// The file: .xlsx, or CSV in UTF-8 or Shift_JIS; header in Japanese or English.
        file: PathBuf,
        /// Why.
        #[arg(long)]
        why: String,
        /// The workbook's sheet; the first that is shown when absent.
        #[arg(long)]
        sheet: Option<String>,
        /// Where the refused rows go; FILE.refused.csv when absent.
        #[arg(long)]
        bad_rows: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// What would be paid: count, sum, distribution, duplicates, shared accounts, rows that wait for a person.
    Preview {
        /// The batch.
        batch: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Rows of a batch.
    Rows {
        /// The batch.
        batch: u32,
        /// Only those in a state or with an issue, for example `waiting` or `duplicate`.
        #[arg(long)]
        only: Option<String>,
        /// From this row on.
        #[arg(long, default_value_t = 0)]
        from: u32,
        #[command(flatten)]
        common: Common,
    },
    /// Says something about a row before the decision (officer).
    Row {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// exclude, include, accept, assign or amount.
        change: String,
        /// With assign: the person; a new temporary ID when absent.
        #[arg(long)]
        ppid: Option<String>,
        /// With amount: yen.
        #[arg(long, value_parser = crate::cli::amount)]
        amount: Option<i64>,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// The applications were looked at (officer).
    Assess {
        /// The batch.
        batch: u32,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Grants a batch, takes it out of the budget, and orders it to be paid (approver).
    Approve {
        /// The batch.
        batch: u32,
        /// Only this step: decided, committed or ordered; all that are left when absent.
        #[arg(long)]
        step: Option<String>,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Checks and releases a batch (treasurer). Purses are credited at once; running it again goes on where it stood.
    Release {
        /// The batch.
        batch: u32,
        /// The bank's day, of a programme that pays by transfer.
        #[arg(long, alias = "value-day")]
        value_date: Option<String>,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Gives a batch up before it was released (approver).
    Cancel {
        /// The batch.
        batch: u32,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Writes the file that orders a released batch's transfers (treasurer).
    TransferFile {
        /// The batch.
        batch: u32,
        /// The form.
        #[arg(long, value_enum, default_value = "zengin")]
        format: FileFormat,
        /// The folder that it is written to.
        #[arg(long, default_value = ".")]
        out: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Reads the bank's statement (入出金取引明細): what was taken, what came back (treasurer).
    Statement {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        how: crate::cli::statement::How,
        /// With --line: the row that came back, as BATCH/ROW.
        #[arg(long, group = "word", requires = "line")]
        row: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes to undo what was booked for a line of the bank's statement (treasurer); then it may be booked right.
    Undo {
        /// The line, as `relief statement` names it.
        line: String,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// The bank took a transfer file's money, found by a person (treasurer).
    Sent {
        /// The batch.
        batch: u32,
        /// The file, from 0.
        file: u16,
        /// The statement's line, as `relief statement` names it.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        common: Common,
    },
    /// A transfer came back, found by a person (treasurer).
    Returned {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// The statement's line, as `relief statement` names it.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes that a payee owes what they got beyond their right (officer). Nobody's purse is cut.
    Claim {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// What the payee should have got, yen; 0 cancels all of it.
        #[arg(long, value_parser = crate::cli::amount)]
        right: i64,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// A payee gave something back (treasurer).
    Repaid {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// Yen.
        #[arg(value_parser = crate::cli::amount)]
        amount: i64,
        /// Out of the purse, because the payee agreed.
        #[arg(long)]
        from_purse: bool,
        /// The payment's own: it is booked once.
        #[arg(long)]
        reference: String,
        #[command(flatten)]
        common: Common,
    },
    /// Proposes that money of the fund goes back to the city (officer).
    ReturnFunds {
        /// The programme.
        programme: u16,
        /// Yen.
        #[arg(value_parser = crate::cli::amount)]
        amount: i64,
        /// The payment's own: it is booked once.
        #[arg(long)]
        reference: String,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Where a batch is, or all programmes with their money.
    Status {
        /// The batch.
        batch: Option<u32>,
        #[command(flatten)]
        common: Common,
    },
    /// The final report (実績報告): budget, given, spent by category, area and week, returned, unspent.
    Report {
        /// The programme.
        programme: u16,
        /// Write it to this file: .xlsx or .csv.
        #[arg(long)]
        out: Option<PathBuf>,
        /// CSV in Shift_JIS instead of UTF-8.
        #[arg(long)]
        shift_jis: bool,
        #[command(flatten)]
        common: Common,
    },
    /// A batch is over and was reported (officer).
    Close {
        /// The batch.
        batch: u32,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(in crate::cli) enum ProgrammeCommand {
    /// Reads a programme file and names the line of everything that is wrong.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Proposes a programme, or new terms of one (officer).
    Propose {
        /// The file.
        file: PathBuf,
        /// Why.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// All programmes.
    List {
        #[command(flatten)]
        common: Common,
    },
    /// A programme, with the file in force.
    Show {
        /// Its number.
        programme: u16,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(in crate::cli) enum FileFormat {
    /// 総合振込.
    Zengin,
    /// ISO 20022.
    Pain001,
}

impl From<FileFormat> for kazasu_services::BankFormat {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Zengin => kazasu_services::BankFormat::Zengin,
            FileFormat::Pain001 => kazasu_services::BankFormat::Pain001,
        }
    }
}
