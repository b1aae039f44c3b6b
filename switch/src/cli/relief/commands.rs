//! The commands of `kazasu relief` and their options.

use crate::cli::common::Common;
use crate::cli::list::ListArgs;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(in crate::cli) enum ReliefCommand {
    /// Programmes: a city's decisions to give relief.
    Programme {
        #[command(subcommand)]
        what: ProgrammeCommand,
    },
    /// Asks to book the city's payment into a programme's fund (treasurer); another person approves it.
    Fund {
        /// The programme.
        programme: u16,
        /// Yen.
        #[arg(value_parser = crate::cli::common::amount)]
        amount: i64,
        /// The payment's own: it is booked once.
        #[arg(long)]
        reference: String,
        /// The reason, which the record keeps.
        #[arg(long, default_value = "", hide_default_value = true)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Reads a file of applications in (officer). Nothing is paid until two more people have approved and released it.
    Import {
        /// The programme.
        programme: u16,
        /// The file: .xlsx, or CSV in UTF-8 or Shift_JIS; header in Japanese or English.
        file: PathBuf,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        /// The workbook's sheet; the first that is shown when absent.
        #[arg(long)]
        sheet: Option<String>,
        /// The file for refused rows; FILE.refused.csv when absent.
        #[arg(long)]
        bad_rows: Option<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// The payments of a batch: count, sum, distribution, duplicates, shared accounts, rows that wait for a person.
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
        list: ListArgs,
    },
    /// Decides about a row before the assessment (officer).
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
        #[arg(long, value_parser = crate::cli::common::amount)]
        amount: Option<i64>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Marks the applications as assessed (officer).
    Assess {
        /// The batch.
        batch: u32,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Grants a batch, takes it out of the budget, and orders it to be paid (approver).
    Approve {
        /// The batch.
        batch: u32,
        /// Only this step: decided, committed or ordered; all remaining ones when absent.
        #[arg(long)]
        step: Option<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Checks and releases a batch (treasurer). Purses are credited at once; running it again continues where it
    /// stopped.
    Release {
        /// The batch.
        batch: u32,
        /// The bank's day, of a programme that pays by transfer.
        #[arg(long, alias = "value-day")]
        value_date: Option<String>,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Cancels a batch before its release (approver).
    Cancel {
        /// The batch.
        batch: u32,
        /// The reason, which the record keeps.
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
        /// The folder for the files.
        #[arg(long, default_value = ".")]
        out: PathBuf,
        /// The reason: the file has accounts in full, and the security log keeps it with your name.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Reads the bank statement: transfers that the bank took or returned (treasurer).
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
    /// Requests approval for undoing the booking of a line of the bank statement (treasurer).
    Undo {
        /// The line, as `relief statement` names it.
        line: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Books a transfer file as taken by the bank, found by a person (treasurer).
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
    /// Books a returned transfer, found by a person (treasurer).
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
    /// Requests approval of a claim on a payee who got too much (officer). No purse is reduced.
    Claim {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// The yen to which the payee has a right; 0 claims everything.
        #[arg(long, value_parser = crate::cli::common::amount)]
        right: i64,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// Books a repayment of a payee (treasurer).
    Repaid {
        /// The batch.
        batch: u32,
        /// The row.
        row: u32,
        /// Yen.
        #[arg(value_parser = crate::cli::common::amount)]
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
    /// Requests approval for returning money of the fund to the city (officer).
    ReturnFunds {
        /// The programme.
        programme: u16,
        /// Yen.
        #[arg(value_parser = crate::cli::common::amount)]
        amount: i64,
        /// The payment's own: it is booked once.
        #[arg(long)]
        reference: String,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// The state of a batch, or all programmes with their money.
    Status {
        /// The batch.
        batch: Option<u32>,
        #[command(flatten)]
        list: ListArgs,
    },
    /// The final report: budget, given, spent by category, area and week, returned, unspent.
    Report {
        /// The programme.
        programme: u16,
        /// The reason, which the security log keeps with your name.
        #[arg(long)]
        why: String,
        /// Write it to this file: .xlsx or .csv.
        #[arg(long)]
        out: Option<PathBuf>,
        /// CSV in Shift_JIS instead of UTF-8.
        #[arg(long)]
        shift_jis: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Marks a batch as reported (officer).
    Close {
        /// The batch.
        batch: u32,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Subcommand)]
pub(in crate::cli) enum ProgrammeCommand {
    /// Reads a programme file and names the line of every mistake.
    Check {
        /// The file.
        file: PathBuf,
    },
    /// Requests approval of a programme, or of new terms of one (officer).
    Propose {
        /// The file.
        file: PathBuf,
        /// The reason, which the record keeps.
        #[arg(long)]
        why: String,
        #[command(flatten)]
        common: Common,
    },
    /// All programmes.
    List {
        #[command(flatten)]
        list: ListArgs,
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
    /// The banks' file of bulk transfers.
    Zengin,
    /// The same as ISO 20022.
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
