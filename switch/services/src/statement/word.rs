//! A person's word about one line: what it is, where the program may not say.

use super::matching::{Picture, Row, SameAs, booking_back, booking_of, number};
use super::name::LineName;
use super::reader::Reader;
use crate::error::{Result, unfit};
use crate::sentences::booked_as;
use kazasu_core::{Alike, Became, Booking, DueFile, LineStatus, MoneyOut, Paid};
use kazasu_ledger::record::{Aside, Payer};
use kazasu_schemas::canonical::same;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::{Direction, TransactionKind};
use kazasu_text::bank_lines::{LineWordText, OpenReason};
use kazasu_text::problems::ProblemText;
use kazasu_text::{Quoted, Text};

/// A person's classification of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Word {
    /// A transfer file: its payout or batch, and the file, from 0.
    File(u64, u16),
    /// A settlement that came back: its payout, and its number.
    Settlement(u64, u32),
    /// A household's row that came back: its batch, and its number, from 0.
    Row(u32, u32),
    /// A party's debt.
    Received(Payer),
    /// Another payment than one that looks the same.
    Another,
    /// A booking under another reference.
    Same(String),
    /// Nothing of this book's.
    NotOurs,
    /// The bank's correction of this line.
    Corrects(String),
}

impl Word {
    /// From what people and programs write: `file 12/0`, `settlement 12/3`, `row 1/2`, `received issuer 1`, `another`, `same …`,
    /// `not-ours`, `corrects …`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let wrong = || unfit("is", &LineWordText::Form { got: Quoted(text) });
        let (what, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let pair = || rest.split_once('/').map(|(a, b)| (a.trim(), b.trim())).ok_or_else(wrong);
        let known = |text: &str| if text.is_empty() { Err(wrong()) } else { Ok(text.to_owned()) };
        Ok(match what {
            "file" => Word::File(pair()?.0.parse().map_err(|_| wrong())?, pair()?.1.parse().map_err(|_| wrong())?),
            "settlement" => {
                Word::Settlement(pair()?.0.parse().map_err(|_| wrong())?, pair()?.1.parse().map_err(|_| wrong())?)
            }
            "row" => Word::Row(pair()?.0.parse().map_err(|_| wrong())?, pair()?.1.parse().map_err(|_| wrong())?),
            "received" => Word::Received(crate::payer::payer(rest).ok_or_else(wrong)?),
            "another" if rest.is_empty() => Word::Another,
            "same" => Word::Same(known(rest)?),
            "not-ours" if rest.is_empty() => Word::NotOurs,
            "corrects" => Word::Corrects(known(rest)?),
            _ => return Err(wrong()),
        })
    }
}

fn no<T>(problem: &impl Text) -> Result<T> {
    Err(unfit("line", problem))
}

/// The booking of the line, when the classification can be true.
pub(super) fn booking(row: &Row, word: &Word, picture: &Picture) -> Result<(Booking, Alike)> {
    let record = number(row.record);
    if let LineStatus::Known(became) = &row.status {
        return no(&LineWordText::BookedBefore { record, became: booked_as(became) });
    }
    if let Some(super::read::Doubt::Never(text)) = &row.doubt {
        return no(text);
    }
    let account = row.account.as_ref();
    let out = row.entry.direction == Direction::Out;
    let mine = picture.is_my_account(account);
    let waits = |booking| Ok((booking, Alike::Waits));
    match word {
        Word::File(of, n) => taken(row, (*of, *n), picture).and_then(waits),
        Word::Settlement(payout, settlement) => {
            let what = Paid::Settlement { payout: *payout, settlement: *settlement };
            came_back(row, what, picture).and_then(waits)
        }
        Word::Row(batch, of) => came_back(row, Paid::Row { batch: *batch, row: *of }, picture).and_then(waits),
        Word::Received(from) if picture.reader == Reader::Payouts && mine && !out => {
            waits(Booking::Received { from: *from, amount: row.entry.amount })
        }
        Word::Another if picture.reader == Reader::Payouts && mine && !out => match picture.payer(row) {
            Some(from) => Ok((Booking::Received { from, amount: row.entry.amount }, Alike::Another)),
            None => no(&LineWordText::PayerUnknown { record }),
        },
        Word::Received(_) | Word::Another => no(&LineWordText::NotToOperator { record }),
        Word::Same(_) | Word::NotOurs if !mine => no(&LineWordText::OfOtherAccount { record }),
        Word::Same(other) => same_as(row, other, picture).and_then(waits),
        Word::NotOurs => waits(Booking::Aside(Aside::NotOurs)),
        Word::Corrects(line) => corrects(row, line, picture, mine).and_then(waits),
    }
}

/// A batch with a number that no batch has.
fn out_of_range(got: u64) -> crate::ServiceError {
    unfit("file", &ProblemText::Range { least: 1, most: u32::MAX.into(), got })
}

/// The bank took the money of a file.
fn taken(row: &Row, (of, n): (u64, u16), picture: &Picture) -> Result<Booking> {
    let of = match picture.reader {
        Reader::Payouts => MoneyOut::Payout(of),
        Reader::Relief => MoneyOut::Batch(u32::try_from(of).map_err(|_| out_of_range(of))?),
    };
    let file = picture.files.iter().find(|f| f.of == of && f.file == n);
    let Some(file) = file.filter(|f| picture.is_mine(f)) else {
        return no(&match of {
            MoneyOut::Payout(payout) => LineWordText::NoPayoutFile { file: n, payout },
            MoneyOut::Batch(batch) => LineWordText::NoBatchFile { file: n, batch },
        });
    };
    let record = number(row.record);
    if file.cancelled {
        return no(&LineWordText::Of { record, problem: OpenReason::GivenUp });
    }
    fits(row, file, picture)?;
    if row.entry.direction != Direction::Out || file.total != row.entry.amount {
        return no(&LineWordText::NotThisSum { record, amount: row.entry.amount, total: file.total });
    }
    Ok(booking_of(file))
}

/// A payment came back.
fn came_back(row: &Row, what: Paid, picture: &Picture) -> Result<Booking> {
    let item = picture.items.iter().find(|item| item.what == what && picture.is_mine(&picture.files[item.file]));
    let Some(item) = item else {
        return no(&match what {
            Paid::Settlement { payout, settlement } => LineWordText::SettlementNotPaid { settlement, payout },
            Paid::Row { batch, row } => LineWordText::RowNotPaid { row, batch },
        });
    };
    fits(row, &picture.files[item.file], picture)?;
    if row.entry.direction == Direction::Out {
        return no(&LineWordText::Left { record: number(row.record) });
    }
    Ok(booking_back(item, Yen::new(item.amount.get() - row.entry.amount.get())))
}

fn fits(row: &Row, file: &DueFile, picture: &Picture) -> Result<()> {
    if picture.leaves(file, row.account.as_ref()) {
        return Ok(());
    }
    no(&LineWordText::NotFilesAccount { record: number(row.record) })
}

/// The line moves nothing, because what it moved was booked under another reference. Amount, direction and payer are compared where it
/// is booked; here the account, and that two lines of one file are not one movement.
fn same_as(row: &Row, other: &str, picture: &Picture) -> Result<Booking> {
    let booking = Booking::Aside(Aside::Same(other.to_owned()));
    let Some(SameAs { line, record }) = &picture.same else { return Ok(booking) };
    let (taken, record) = (record.filter(|n| *n != row.record), number(row.record));
    let (other, became) = (Quoted(other), booked_as(&line.what));
    if let Some(taken) = taken {
        return no(&LineWordText::SameOfRecord { record, other, taken: number(taken) });
    }
    let of_account = LineName::parse(&line.reference).is_none_or(|name| name.is_of(&row.name));
    if !of_account || !picture.is_account_of(line, row.account.as_ref()) {
        return no(&LineWordText::SameOtherAccount { record, other, became });
    }
    if !picture.is_my_line(line) {
        return no(&LineWordText::SameOfOthers { record, other, became });
    }
    match (&row.named, &line.what) {
        (Some(Paid::Settlement { settlement: named, .. }), Became::Returned { settlement, .. })
            if named != settlement =>
        {
            no(&LineWordText::SameOtherSettlement { record, other, became })
        }
        (Some(Paid::Row { batch: b, row: r }), Became::CameBack { batch, row: n, .. }) if (b, r) != (batch, n) => {
            no(&LineWordText::SameOtherRow { record, other, became })
        }
        _ => Ok(booking),
    }
}

fn corrects(row: &Row, line: &str, picture: &Picture, mine: bool) -> Result<Booking> {
    if row.entry.kind != TransactionKind::Correction {
        return no(&LineWordText::NotCorrection { record: number(row.record) });
    }
    let known = picture.booked.iter().find(|b| same(&b.reference, line));
    let name = known.and_then(|b| LineName::parse(&b.reference));
    let opposite = match (known, name) {
        // Booked by hand, it has no account but the operator's, and it came in.
        (Some(b), _) if b.by_hand.is_some() => {
            let operators = picture.reader == Reader::Payouts && picture.is_operators(row.account.as_ref());
            operators && b.amount == row.entry.amount && row.entry.direction == Direction::Out
        }
        (Some(_), Some(n)) => n.yen == row.entry.amount && n.way != row.entry.direction && n.is_of(&row.name),
        (_, _) => false,
    };
    if mine && opposite {
        let line = known.map_or(line, |b| b.reference.as_str()).to_owned();
        return Ok(Booking::Corrects { line });
    }
    no(&LineWordText::NoOpposite { line: Quoted(line) })
}
