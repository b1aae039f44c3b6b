//! `perf recon`: time and memory of a million lines against a million, from files to exceptions.
//!
//! The requirement is 60 s and 1 GiB. Peak memory is the whole process's (VmHWM): measure one case a run.

use clap::{Args, ValueEnum};
use kazasu_console::say;
use kazasu_recon::file::{Contract, ExternalFrom, Row, Writer, read};
use kazasu_recon::item::{Item, Kind, Mark, Side};
use kazasu_recon::keys::Basis;
use kazasu_recon::matching::compare;
use kazasu_recon::result::{Outcome, Status};
use kazasu_recon::rules::Rules;
use kazasu_schemas::ids::{ApprovalCode, Rrn, Stan};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use std::io::{BufWriter, Read, Seek};
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

const LINES: u64 = 1_000_000;
const TODAY: BusinessDay = BusinessDay(20_000);
const MOST_TIME: Duration = Duration::from_secs(60);
const MOST_KIB: u64 = 1_024 * 1_024;

/// What is compared with what.
#[derive(Args)]
pub(crate) struct ReconArgs {
    /// The two lists.
    #[arg(long, value_enum, default_value = "all-keys")]
    case: Case,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Two lists of a kind.
#[derive(Clone, Copy, PartialEq, Debug, ValueEnum)]
enum Case {
    /// Every key on both sides, one line in a hundred with an error.
    AllKeys,
    /// Only party, amount and day: fares of a few amounts at a thousand merchants.
    NoKeys,
    /// The same external reference in every line.
    OneKey,
    /// The two files have nothing in common.
    Strangers,
    /// A million settled lines in ten batches of each of a thousand merchants, against ten thousand payouts; every fifth
    /// payout lacks its batch number.
    Bank,
    /// As many searches for sums as are made at all, each in vain: twenty even amounts at each of fifty thousand merchants,
    /// and two odd payouts.
    Sums,
}

fn day(offset: i32) -> BusinessDay {
    BusinessDay(TODAY.0 + offset)
}

/// A scattered order without a random number: multiplication modulo the number of lines, by something coprime to it.
fn scattered(n: u64) -> u64 {
    n * 611_953 % LINES
}

fn row(n: u64, case: Case) -> Row {
    let fares = [155, 210, 260, 320, 500];
    let yen = match case {
        Case::NoKeys => fares[usize::try_from(n % 5).expect("below five")],
        Case::Sums => i64::try_from(2 * (scattered(n) + 1)).expect("small"),
        Case::AllKeys | Case::OneKey | Case::Strangers | Case::Bank => i64::try_from(100 + n % 50_000).expect("small"),
    };
    let mut row = Row::new(Kind::Purchase, Yen::new(yen), day(-20 + i32::try_from(n % 5).expect("below five")));
    row.merchant = Some(format!("M{:06}", n % 1_000).parse().expect("within its length"));
    row.batch = format!("B-{:05}", n % 1_000);
    match case {
        Case::NoKeys => {}
        Case::Sums => {
            row.merchant = Some(format!("M{:06}", n % 50_000).parse().expect("within its length"));
            row.batch.clear();
        }
        Case::Bank => {
            row.reference = NonZeroU64::new(n + 1);
            row.batch = format!("B-{:05}", n % 10_000);
        }
        Case::OneKey => row.external_reference = "000000".into(),
        Case::AllKeys | Case::Strangers => {
            row.acquirer = Some("27000001".parse().expect("an institution"));
            row.terminal = Some(format!("T{:06}", n % 5_000).parse().expect("within its length"));
            row.reference = NonZeroU64::new(n + 1);
            row.stan = Some(Stan::wrapping(n / 5_000));
            row.rrn = Some(Rrn::from_number(n));
            row.approval = Some(ApprovalCode::from_number(n));
            row.external_reference = format!("7G-{n:012}-{:04}", n % 7_919);
        }
    }
    row
}

fn file(rows: impl Iterator<Item = Row>) -> anyhow::Result<std::fs::File> {
    let mut writer = Writer::new(BufWriter::new(tempfile::tempfile()?))?;
    for row in rows {
        writer.row(&row)?;
    }
    let mut file = writer.finish()?.out.into_inner()?;
    file.rewind()?;
    Ok(file)
}

fn load(mut file: std::fs::File, side: Side) -> anyhow::Result<Vec<Item>> {
    let contract = Contract { side, acquirer: None, external: ExternalFrom::Column, mark: Mark::default() };
    let mut items = Vec::new();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let report = read(&bytes, None, |line, row| items.push(row.item(line, &contract))).map_err(anyhow::Error::msg)?;
    anyhow::ensure!(report.bad == 0, "{:?}", report.bad_rows.first());
    Ok(items)
}

/// Kilobytes of this process's memory at its peak, as Linux counts them.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// The payout for one of the ten thousand batches.
fn payout(batch: u64) -> Row {
    let lines = (0..LINES / 10_000).map(|n| row(batch + n * 10_000, Case::Bank));
    let sum = lines.map(|line| line.amount.get()).sum();
    let first = row(batch, Case::Bank);
    let mut payout = Row::new(Kind::Payout, Yen::new(sum), BusinessDay(first.day.0 + 3));
    payout.merchant = first.merchant;
    payout.batch = if batch.is_multiple_of(5) { String::new() } else { first.batch };
    payout
}

fn detail_file(case: Case) -> anyhow::Result<std::fs::File> {
    file((0..LINES).map(scattered).filter_map(|n| {
        let mut row = row(if case == Case::Strangers { n + LINES } else { n }, case);
        match (case, n % 1_000) {
            (Case::AllKeys, 0..3) => return None,
            (Case::AllKeys, 3..6) => row.amount = Yen::new(row.amount.get() + 1),
            (Case::AllKeys, 6..8) => row.day = BusinessDay(row.day.0 + 3),
            (Case::AllKeys, 8..10) => row.reference = None,
            _ => {}
        }
        Some(row)
    }))
}

/// What must be found: what was put in.
fn is_right(case: Case, outcome: &Outcome) -> bool {
    let left = |status| outcome.counts.of(status).left;
    let groups = |basis| outcome.groups.iter().filter(|group| group.basis == basis).count();
    match case {
        Case::AllKeys => {
            [Status::Missing, Status::AmountOver, Status::DateMismatch, Status::Matched].map(left)
                == [3_000, 3_000, 2_000, 992_000]
        }
        Case::NoKeys | Case::OneKey => left(Status::Matched) == LINES,
        Case::Strangers => (left(Status::Missing), outcome.counts.of(Status::Unexpected).right) == (LINES, LINES),
        Case::Bank => (groups(Basis::Batch), groups(Basis::Sum), left(Status::Matched)) == (8_000, 2_000, LINES),
        Case::Sums => outcome.counts.of(Status::Unexpected).right == 100_000 && outcome.groups.is_empty(),
    }
}

pub(crate) fn run(args: &ReconArgs) -> anyhow::Result<()> {
    let case = args.case;
    let ours = file((0..LINES).map(|n| row(n, case)))?;
    let in_vain = |n| Row { kind: Kind::Payout, amount: Yen::new(5_000_001), ..row(n, Case::Sums) };
    let (side, theirs) = match case {
        Case::AllKeys | Case::NoKeys | Case::OneKey | Case::Strangers => (Side::Acquirer, detail_file(case)?),
        Case::Bank => (Side::Bank, file((0..10_000).map(payout))?),
        Case::Sums => (Side::Bank, file((0..100_000).map(in_vain))?),
    };
    let start = Instant::now();
    let left = load(ours, Side::Ledger)?;
    let right = load(theirs, side)?;
    let loaded = start.elapsed();
    let outcome = compare(&left, &right, TODAY, &Rules::between(Side::Ledger, side)).map_err(anyhow::Error::msg)?;
    let all = start.elapsed();
    let exceptions = u64::try_from(outcome.exceptions.len()).unwrap_or(u64::MAX) + outcome.unlisted;
    let (read, compared, mib) = (loaded.as_secs_f64(), (all - loaded).as_secs_f64(), peak() / 1_024);
    if args.json {
        let out = serde_json::json!({ "lines": left.len(), "against": right.len(), "read_s": read, "compared_s": compared,
            "peak_mib": mib, "exceptions": exceptions });
        say!("{out}");
    } else {
        say!(
            "{case:?}: {} lines against {}; both files read in {read:.2} s, compared in {compared:.2} s",
            left.len(),
            right.len()
        );
        say!("  peak memory {mib} MiB, {exceptions} exceptions");
    }
    anyhow::ensure!(is_right(case, &outcome), "the comparison found something else than was put in");
    anyhow::ensure!(all < MOST_TIME, "it took {all:?}, at most {MOST_TIME:?} are allowed");
    anyhow::ensure!(peak() < MOST_KIB, "it took {mib} MiB at its peak, at most 1 GiB is allowed");
    Ok(())
}
