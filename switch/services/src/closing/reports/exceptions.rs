//! Exceptions and flagged taps for people to check.

use super::about::{About, Built};
use crate::Services;
use crate::error::ServiceError;
use kazasu_core::WhichExceptions;
use kazasu_ledger::Body;
use kazasu_report::{Cell, Kind as Column, Report, cells};
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_store::Store;
use kazasu_store::records::{Placed, Records};
use kazasu_text::Text;
use kazasu_text::columns::{ExceptionColumn, FlaggedTapColumn, LossColumn};
use kazasu_text::reports::{Sheet, Title};

pub(super) async fn exceptions(services: &Services, made: Millis) -> Built {
    let open = services.query(|state| state.exceptions(WhichExceptions::Open)).await?;
    let mut out = Report::titled(Title::Exceptions, made)
        .sheet(&Sheet::Exceptions.both())
        .labelled(ExceptionColumn::Exception, Column::Code)
        .labelled(ExceptionColumn::Status, Column::Code)
        .labelled(ExceptionColumn::Party, Column::Text)
        .labelled(ExceptionColumn::Day, Column::Date)
        .labelled(ExceptionColumn::AgeDays, Column::Count)
        .labelled(ExceptionColumn::Record, Column::Code)
        .labelled(ExceptionColumn::Line, Column::Count)
        .summed(ExceptionColumn::Ours, Column::Yen)
        .summed(ExceptionColumn::Theirs, Column::Yen)
        .labelled(ExceptionColumn::Owner, Column::Text)
        .labelled(ExceptionColumn::Why, Column::Text)
        .labelled(ExceptionColumn::Proposal, Column::Text);
    for d in open {
        let x = &d.exception;
        out.push(cells![
            hex::encode(x.id),
            x.status.as_str(),
            x.party.as_str(),
            x.day,
            Cell::count(made.jst_day().0 - x.day.0),
            if x.own == 0 { String::new() } else { x.own.to_string() },
            Cell::count(x.line),
            x.ours,
            x.theirs,
            d.owner.unwrap_or_default(),
            both(&x.why, x.finding.as_deref()),
            both(&x.proposal, x.proposed.as_ref()),
        ]);
    }
    Ok(out)
}

/// A person's words, or the sentence in both languages: a report does not know its reader.
fn both(words: &str, finding: Option<&impl Text>) -> String {
    if words.is_empty() { finding.map(Text::both).unwrap_or_default() } else { words.to_owned() }
}

async fn each(store: &dyn Store, mut see: impl FnMut(u64, Millis, BusinessDay, &Body)) -> anyhow::Result<()> {
    let mut reader = store.reader().await?;
    let mut records = Records::from(reader.as_mut(), 1);
    while let Some(page) = records.page().await? {
        page.iter().for_each(|Placed { entry, body }| see(entry.seq, entry.at, entry.day, body));
    }
    Ok(())
}

pub(super) async fn stand_in(services: &Services, made: Millis) -> Built {
    let mut rows = Vec::new();
    let see = |seq: u64, at: Millis, day: BusinessDay, body: &Body| {
        let (message, code, liable, transfers, sign) = match body {
            Body::LossBooked(r) => (r.message, r.code, r.liable, &r.transfers, 1),
            Body::LossReturned(r) => (r.message, r.code, r.liable, &r.transfers, -1),
            _ => return,
        };
        let yen = sign * transfers.iter().fold(0, |sum, t| sum + t.amount.get());
        rows.push((seq, at, day, message, code.to_string(), liable.name(), yen));
    };
    each(services.closing_context()?.store.as_ref(), see).await.map_err(ServiceError::Other)?;
    let mut out = Report::titled(Title::StandIn, made)
        .sheet(&Sheet::Losses.both())
        .labelled(LossColumn::Record, Column::Code)
        .labelled(LossColumn::At, Column::Time)
        .labelled(LossColumn::Day, Column::Date)
        .labelled(LossColumn::Tap, Column::Code)
        .labelled(LossColumn::ResponseCode, Column::Code)
        .labelled(LossColumn::Liable, Column::Code)
        .summed(LossColumn::Yen, Column::Yen);
    for (seq, at, day, tap, code, liable, yen) in rows {
        out.push(cells![seq.to_string(), at, day, tap.to_string(), code, liable, Yen::new(yen)]);
    }
    Ok(out)
}

pub(super) async fn flagged(services: &Services, about: About, made: Millis) -> Built {
    use kazasu_ledger::record::flag;
    let mut rows = Vec::new();
    let see = |seq: u64, at: Millis, day: BusinessDay, body: &Body| {
        let Body::Transaction(r) = body else { return };
        let flags = r.ruled.as_ref().map_or(0, |ruled| ruled.flags);
        if flags == 0 || about.day.is_some_and(|wanted| wanted != day) {
            return;
        }
        let names = flag::names(flags).join(" ");
        let named = r.ruled.as_ref().and_then(|ruled| ruled.named);
        rows.push((seq, at, day, r.own_day, r.merchant.to_string(), r.amount, names, named));
    };
    each(services.closing_context()?.store.as_ref(), see).await.map_err(ServiceError::Other)?;
    let mut out = Report::titled(Title::Flagged, made)
        .sheet(&Sheet::Taps.both())
        .labelled(FlaggedTapColumn::Record, Column::Code)
        .labelled(FlaggedTapColumn::At, Column::Time)
        .labelled(FlaggedTapColumn::Day, Column::Date)
        .labelled(FlaggedTapColumn::OwnDay, Column::Date)
        .labelled(FlaggedTapColumn::Merchant, Column::Code)
        .summed(FlaggedTapColumn::Yen, Column::Yen)
        .labelled(FlaggedTapColumn::Flags, Column::Code)
        .labelled(FlaggedTapColumn::NamesRecord, Column::Code);
    for (seq, at, day, own_day, merchant, amount, flags, named) in rows {
        let own_day = own_day.map_or(Cell::Empty, Cell::from);
        out.push(cells![
            seq.to_string(),
            at,
            day,
            own_day,
            merchant,
            amount,
            flags,
            named.map_or(Cell::Empty, |n| n.to_string().into())
        ]);
    }
    Ok(out)
}
