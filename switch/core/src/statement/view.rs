//! The bookings with which a statement's lines can be matched, and the fate of earlier lines.

use super::super::closing::{Payout, SettlementState, received_key};
use super::super::index::position;
use super::super::relief::RowState;
use super::super::state::State;
use super::{Became, Seen, line_key};
use kazasu_ledger::record::{Aside, MadeFile, Payer};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::Funding;
use std::collections::{BTreeSet, HashSet};
use std::fmt;

/// Whose order a transfer file is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum MoneyOut {
    /// A payout.
    Payout(u64),
    /// A relief batch.
    Batch(u32),
}

/// A transfer file that was made.
#[derive(Clone, Debug)]
pub struct DueFile {
    /// Whose.
    pub of: MoneyOut,
    /// The file, from 0.
    pub file: u16,
    /// Its sum.
    pub total: Yen,
    /// The bank's day.
    pub value_date: BusinessDay,
    /// The bank took it.
    pub taken: bool,
    /// Its payout was given up after the file was made: the bank may have it, and nothing is booked for it.
    pub cancelled: bool,
    /// The account that it leaves, where relief names it; payouts leave the operator's.
    pub funding: Option<Funding>,
    /// The city whose money it is.
    pub city: Option<String>,
}

/// One payment in a transfer file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Paid {
    /// A merchant's settlement.
    Settlement {
        /// The payout.
        payout: u64,
        /// The settlement.
        settlement: u32,
    },
    /// A household's row.
    Row {
        /// The batch.
        batch: u32,
        /// The row, from 0.
        row: u32,
    },
}

/// A payment that may come back.
#[derive(Clone, Debug)]
pub struct PaidItem {
    /// Which.
    pub what: Paid,
    /// The file that it is in: an index into the files.
    pub file: usize,
    /// Yen.
    pub amount: Yen,
    /// The merchant.
    pub merchant: Option<(InstitutionId, MerchantId)>,
    /// The payee's name as a keyed hash.
    pub name: Option<[u8; 16]>,
    /// The bank took it, and it has not come back. Otherwise its file was not taken yet.
    pub paid: bool,
}

/// The rows that are looked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Rows that a line names.
    pub rows: BTreeSet<(u32, u32)>,
    /// Payees' names as keyed hashes.
    pub names: HashSet<[u8; 16]>,
}

/// The earlier fate of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LineStatus {
    /// Nothing.
    New,
    /// It was booked, set aside or corrected.
    Known(Became),
    /// Two people undid what was booked for it: a person must say what it is.
    Undone,
}

/// A line that stands.
#[derive(Clone, Debug)]
pub struct BookedLine {
    /// Its name.
    pub reference: String,
    /// What as.
    pub what: Became,
    /// Yen.
    pub amount: Yen,
    /// The time.
    pub at: Millis,
    /// Its city, of relief's lines.
    pub city: Option<String>,
    /// The payer and the day, where it was booked by hand.
    pub by_hand: Option<(Payer, BusinessDay)>,
}

impl fmt::Display for Became {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Became::Taken { payout, file } => write!(f, "payout {payout} file {file} taken"),
            Became::Returned { payout, settlement, .. } => {
                write!(f, "payout {payout} settlement {settlement} returned")
            }
            Became::Received { from: Payer::Issuer(n) } => write!(f, "received from issuer {n}"),
            Became::Received { from: Payer::Funder(n) } => write!(f, "received from funder {n}"),
            Became::Sent { batch, file } => write!(f, "batch {batch} file {file} sent"),
            Became::CameBack { batch, row, .. } => write!(f, "batch {batch} row {row} returned"),
            Became::Aside(Aside::NotOurs) => f.write_str("not ours"),
            Became::Aside(Aside::Same(other)) => write!(f, "the same as {other}"),
            Became::Aside(Aside::Corrected(other)) => write!(f, "corrected by the bank: {other}"),
            Became::Corrects(line) => write!(f, "the bank's correction of {line}"),
            Became::Corrected => f.write_str("corrected by the bank"),
        }
    }
}

/// A payout's file; it leaves the operator's account.
fn due_file(number: u64, payout: &Payout, (file, n): (&MadeFile, u16), cancelled: bool) -> DueFile {
    DueFile {
        of: MoneyOut::Payout(number),
        file: n,
        total: file.total,
        value_date: payout.value_date,
        taken: payout.taken.contains(&n),
        cancelled,
        funding: None,
        city: None,
    }
}

impl State {
    /// The earlier fate of a line.
    #[must_use]
    pub fn line_status(&self, line: &str) -> LineStatus {
        match self.lines.known.get(&line_key(line)).map(|line| &line.became) {
            None => LineStatus::New,
            Some(None) => LineStatus::Undone,
            Some(Some(became)) => LineStatus::Known(became.clone()),
        }
    }

    /// The booking for a line, or by hand for a payer, and its amount.
    #[must_use]
    pub fn line_booked(&self, reference: &str, payer: Option<Payer>) -> Option<(Became, Yen)> {
        let key = payer.map_or_else(|| line_key(reference), |from| received_key(from, reference));
        let known = self.lines.known.get(&key)?;
        Some((known.became.clone()?, known.amount))
    }

    /// The relief batch whose line it is.
    pub(in super::super) fn line_batch(&self, line: &str) -> Option<u32> {
        self.lines.known.get(&line_key(line))?.became.as_ref()?.batch()
    }

    /// The city whose line it is, when it is relief's: its batch's, or the reader's where it moves nothing.
    #[must_use]
    pub fn line_city(&self, line: &str) -> Option<String> {
        let known = self.lines.known.get(&line_key(line))?;
        match known.became.as_ref()?.batch() {
            Some(batch) => self.relief_city(batch),
            None => known.city.as_deref().map(str::to_owned),
        }
    }

    /// The booking under this reference, which a person gives for a line that says `seen`.
    #[must_use]
    pub fn line_standing(&self, reference: &str, seen: &Seen) -> Option<BookedLine> {
        let line = self.lines.standing(reference, Some(seen))?;
        let became = line.became.as_ref()?;
        Some(BookedLine {
            reference: line.reference.to_string(),
            what: became.clone(),
            amount: line.amount,
            at: line.at,
            city: became.batch().and_then(|batch| self.relief_city(batch)),
            by_hand: match became {
                Became::Received { from } => {
                    self.lines.day_by_hand(*from, &received_key(*from, &line.reference)).map(|day| (*from, day))
                }
                _ => None,
            },
        })
    }

    /// Lines with one of these amounts that stand.
    #[must_use]
    pub fn lines_booked(&self, amounts: &HashSet<Yen>) -> Vec<BookedLine> {
        let lines = self.lines.known.iter().filter(|(_, l)| amounts.contains(&l.amount));
        let stand =
            lines.filter_map(|(key, l)| Some((key, l, l.became.as_ref().filter(|became| became.way().is_some())?)));
        let mut out: Vec<BookedLine> = stand
            .map(|(key, l, became)| BookedLine {
                reference: l.reference.to_string(),
                what: became.clone(),
                amount: l.amount,
                at: l.at,
                city: became.batch().and_then(|batch| self.relief_city(batch)),
                by_hand: match became {
                    Became::Received { from } => self.lines.day_by_hand(*from, key).map(|day| (*from, day)),
                    _ => None,
                },
            })
            .collect();
        // A line that was said to be the same as a payment by hand stands for it.
        out.extend(self.lines.known.values().filter_map(|alias| {
            let Some(same @ Became::Aside(Aside::Same(other))) = &alias.became else { return None };
            let (_, line) = self.lines.by_hand(other).filter(|(_, line)| amounts.contains(&line.amount))?;
            Some(BookedLine {
                reference: alias.reference.to_string(),
                what: same.clone(),
                amount: line.amount,
                at: alias.at,
                city: None,
                by_hand: None,
            })
        }));
        out.sort_by(|a, b| (a.at, &a.reference).cmp(&(b.at, &b.reference)));
        out
    }

    /// Transfer files that were made, and of their payments those that may come back: all settlements, and the rows that are wanted.
    #[must_use]
    pub fn money_out(&self, wanted: &Wanted) -> (Vec<DueFile>, Vec<PaidItem>) {
        let (mut files, mut items) = (Vec::new(), Vec::new());
        for (number, payout) in self.closing.payouts.cancelled() {
            files.extend(payout.files().map(|(file, n)| due_file(*number, payout, (file, n), true)));
        }
        for (number, payout) in self.closing.payouts.iter() {
            for (file, n) in payout.files() {
                for settlement in payout.of_file(n) {
                    let Some(settled) = self.settlement_at(*settlement) else { continue };
                    let merchant = self.merchant(settled.merchant).map(|m| (m.acquirer, m.id));
                    items.push(PaidItem {
                        what: Paid::Settlement { payout: *number, settlement: *settlement },
                        file: files.len(),
                        amount: settled.settlement.paid,
                        merchant,
                        name: self.paid_to(*number, *settlement).map(|(_, account)| account.name),
                        paid: settled.state == SettlementState::Paid(*number),
                    });
                }
                files.push(due_file(*number, payout, (file, n), false));
            }
        }
        self.relief_out(wanted, &mut files, &mut items);
        // What came back once cannot come back again.
        items.retain(|item| item.paid || !files[item.file].taken);
        (files, items)
    }

    fn relief_out(&self, wanted: &Wanted, files: &mut Vec<DueFile>, items: &mut Vec<PaidItem>) {
        for (batch, number) in self.relief.batches.iter().zip(0_u32..) {
            let (Some((_, made)), Some(value_date), Some(funding)) = (&batch.file, batch.value_date, &batch.funding)
            else {
                continue;
            };
            let city = self.relief_city(number);
            for (file, n) in made.iter().zip(0_u16..) {
                for row in batch.rows_of_file(n) {
                    let there = &batch.rows[position(*row)];
                    let name = there.account.as_ref().map(|account| account.name);
                    let asked =
                        wanted.rows.contains(&(number, *row)) || name.is_some_and(|name| wanted.names.contains(&name));
                    if asked {
                        items.push(PaidItem {
                            what: Paid::Row { batch: number, row: *row },
                            file: files.len(),
                            amount: there.amount,
                            merchant: None,
                            name,
                            paid: there.state == RowState::Sent,
                        });
                    }
                }
                files.push(DueFile {
                    of: MoneyOut::Batch(number),
                    file: n,
                    total: file.total,
                    value_date,
                    taken: batch.sent.contains(&n),
                    cancelled: false,
                    funding: Some(funding.clone()),
                    city: city.clone(),
                });
            }
        }
    }
}
