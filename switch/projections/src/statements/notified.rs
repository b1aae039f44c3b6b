//! Messages to issuers about lines afterwards, and refusals of them. An issuer that refuses a message does nothing of it: the resident's card or
//! account neither pays nor gets back what the message's line says. The message of a reversal says what remains in all, so that a later
//! one which is carried out makes up for an earlier one which was refused.

use super::model::{Changes, Fold, Parts, Place, Reversal, Reversed};
use crate::values::{ppid, signed};
use kazasu_ledger::record::ToIssuer;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use sqlx::{Row as _, SqliteConnection};

/// An issuer's answer to an earlier message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// It did what the message says.
    CarriedOut,
    /// It did nothing of it.
    Refused,
}

impl Fold {
    /// An issuer is told of a line, until it answers.
    pub(super) fn advise(&mut self, message: u64, place: Option<Place>, changes: &mut Changes) {
        if let Some(place) = place {
            self.advised.insert(message, place);
            changes.advised.push((message, place));
        }
    }

    /// A line is undone, or part of it. What its issuer refused of the line never reached the resident; undoing it does not either.
    pub(super) fn undo_denied(&mut self, line: u64, parts: &mut Parts, changes: &mut Changes) {
        let Some(left) = self.denied.get_mut(&line) else { return };
        let yen = parts.instrument.abs().min(*left);
        *left -= yen;
        changes.denied.push((line, *left));
        let yen = yen * parts.instrument.signum();
        parts.instrument -= yen;
        parts.uncovered += yen;
    }

    /// `place` undoes part of a line at its issuer, and the issuer is told what remains of the line; either may come without the other.
    pub(super) fn reversal(
        &mut self,
        line: u64,
        place: Option<Place>,
        told: Option<(u64, ToIssuer)>,
        changes: &mut Changes,
    ) {
        if let Some(place) = place.filter(|place| place.yen != 0) {
            let reversed = self.reversed.entry(line).or_default();
            reversed.reversals.push(Reversal { place, moved: 0, message: 0 });
            changes.reversed.insert(line);
        }
        let (Some((message, told)), Some(reversed)) = (told, self.reversed.get_mut(&line)) else { return };
        reversed.reversals.iter_mut().filter(|r| r.message == 0).for_each(|r| r.message = message);
        changes.reversed.insert(line);
        let undone = told.amount.get() - told.remains.map_or(0, Yen::get);
        self.reversing.insert(message, (line, undone));
        changes.reversing.insert(message);
    }

    /// An issuer has answered a message.
    pub(super) fn answered(&mut self, message: u64, answer: Answer, changes: &mut Changes) {
        if let Some(place) = self.advised.remove(&message) {
            changes.answered.push(message);
            if answer == Answer::Refused {
                self.refused(place, changes);
            }
            self.forget(place.seq, changes);
        }
        if let Some((line, undone)) = self.reversing.remove(&message) {
            changes.reversing.insert(message);
            if let Some(reversed) = self.reversed.get_mut(&line) {
                let moved = match answer {
                    Answer::CarriedOut => reversed.made_up(message, undone),
                    Answer::Refused => reversed.refused(message),
                };
                changes.refused.extend(moved);
                changes.reversed.insert(line);
            }
            self.forget(line, changes);
        }
    }

    /// The issuer takes nothing of a line, nor has it anything of it to undo.
    fn refused(&mut self, place: Place, changes: &mut Changes) {
        if place.yen == 0 {
            return;
        }
        changes.refused.push((place, place.yen));
        let mut left = place.yen.abs();
        if let Some(reversed) = self.reversed.remove(&place.seq) {
            changes.reversed.insert(place.seq);
            for Reversal { place, moved, .. } in reversed.reversals {
                changes.refused.push((place, place.yen - moved));
                left -= place.yen.abs();
            }
        }
        if left > 0 {
            self.denied.insert(place.seq, left);
            changes.denied.push((place.seq, left));
        }
    }

    /// Nothing that the issuer may still say changes what was undone of a line.
    fn forget(&mut self, line: u64, changes: &mut Changes) {
        let Some(reversed) = self.reversed.get(&line) else { return };
        let open = |r: &Reversal| r.moved != 0 || r.message == 0 || self.reversing.contains_key(&r.message);
        if !reversed.reversals.iter().any(open) && !self.advised.values().any(|place| place.seq == line) {
            self.reversed.remove(&line);
            changes.reversed.insert(line);
        }
    }
}

impl Reversed {
    /// The issuer has not carried out a message, unless it has carried out a later one.
    fn refused(&mut self, message: u64) -> Vec<(Place, i64)> {
        if message < self.carried_out {
            return Vec::new();
        }
        let told = self.reversals.iter_mut().filter(|r| r.message == message);
        told.map(|r| (r.place, r.place.yen - std::mem::replace(&mut r.moved, r.place.yen))).collect()
    }

    /// The issuer has carried out a message: `undone` yen in all. What of it earlier messages told in vain is carried out now.
    fn made_up(&mut self, message: u64, undone: i64) -> Vec<(Place, i64)> {
        self.carried_out = self.carried_out.max(message);
        let told = || 1..=message;
        let there = self.reversals.iter().filter(|r| told().contains(&r.message));
        let mut lacking = undone - there.map(|r| (r.place.yen - r.moved).abs()).sum::<i64>();
        let mut back = Vec::new();
        for r in self.reversals.iter_mut().filter(|r| r.moved != 0 && told().contains(&r.message)) {
            let yen = r.moved.abs().min(lacking.max(0)) * r.moved.signum();
            lacking -= yen.abs();
            r.moved -= yen;
            back.push((r.place, -yen));
        }
        back
    }
}

fn place(row: &sqlx::sqlite::SqliteRow) -> anyhow::Result<Place> {
    let (seq, day, person): (i64, i32, Vec<u8>) = (row.try_get("seq")?, row.try_get("day")?, row.try_get("person")?);
    Ok(Place { seq: u64::try_from(seq)?, day: BusinessDay(day), person: ppid(&person)?, yen: row.try_get("yen")? })
}

fn number(row: &sqlx::sqlite::SqliteRow, column: &str) -> anyhow::Result<u64> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?)?)
}

/// Reads it from the file.
pub(super) async fn read(conn: &mut SqliteConnection, fold: &mut Fold) -> anyhow::Result<()> {
    for row in sqlx::query("SELECT message, seq, day, person, yen FROM advised").fetch_all(&mut *conn).await? {
        fold.advised.insert(number(&row, "message")?, place(&row)?);
    }
    for row in sqlx::query("SELECT line, yen FROM denied").fetch_all(&mut *conn).await? {
        fold.denied.insert(number(&row, "line")?, row.try_get("yen")?);
    }
    for row in sqlx::query("SELECT line, carried_out FROM reversed").fetch_all(&mut *conn).await? {
        let reversed = Reversed { carried_out: number(&row, "carried_out")?, reversals: Vec::new() };
        fold.reversed.insert(number(&row, "line")?, reversed);
    }
    let reversals = sqlx::query("SELECT line, seq, day, person, yen, moved, message FROM reversal ORDER BY line, seq");
    for row in reversals.fetch_all(&mut *conn).await? {
        let reversal =
            Reversal { place: place(&row)?, moved: row.try_get("moved")?, message: number(&row, "message")? };
        fold.reversed.entry(number(&row, "line")?).or_default().reversals.push(reversal);
    }
    for row in sqlx::query("SELECT message, line, yen FROM reversing").fetch_all(&mut *conn).await? {
        fold.reversing.insert(number(&row, "message")?, (number(&row, "line")?, row.try_get("yen")?));
    }
    Ok(())
}

/// Writes what changed, once the lines themselves are written.
pub(super) async fn write(conn: &mut SqliteConnection, fold: &Fold, changes: &Changes) -> anyhow::Result<()> {
    for (message, place) in &changes.advised {
        sqlx::query("INSERT OR REPLACE INTO advised VALUES (?, ?, ?, ?, ?)")
            .bind(signed(*message))
            .bind(signed(place.seq))
            .bind(place.day.0)
            .bind(&place.person.bytes()[..])
            .bind(place.yen)
            .execute(&mut *conn)
            .await?;
    }
    for (line, yen) in &changes.denied {
        sqlx::query("INSERT OR REPLACE INTO denied VALUES (?, ?)")
            .bind(signed(*line))
            .bind(*yen)
            .execute(&mut *conn)
            .await?;
    }
    for message in &changes.answered {
        sqlx::query("DELETE FROM advised WHERE message = ?").bind(signed(*message)).execute(&mut *conn).await?;
    }
    for (place, yen) in &changes.refused {
        sqlx::query(
            "UPDATE tap SET instrument = instrument - ?1, uncovered = uncovered + ?1 WHERE day = ?2 AND person = ?3 AND seq = ?4",
        )
        .bind(*yen)
        .bind(place.day.0)
        .bind(&place.person.bytes()[..])
        .bind(signed(place.seq))
        .execute(&mut *conn)
        .await?;
    }
    write_reversals(conn, fold, changes).await
}

/// The undone parts of the lines that changed, as they are now.
async fn write_reversals(conn: &mut SqliteConnection, fold: &Fold, changes: &Changes) -> anyhow::Result<()> {
    for line in &changes.reversed {
        sqlx::query("DELETE FROM reversal WHERE line = ?").bind(signed(*line)).execute(&mut *conn).await?;
        sqlx::query("DELETE FROM reversed WHERE line = ?").bind(signed(*line)).execute(&mut *conn).await?;
        let Some(reversed) = fold.reversed.get(line) else { continue };
        sqlx::query("INSERT INTO reversed VALUES (?, ?)")
            .bind(signed(*line))
            .bind(signed(reversed.carried_out))
            .execute(&mut *conn)
            .await?;
        for Reversal { place, moved, message } in &reversed.reversals {
            sqlx::query("INSERT INTO reversal VALUES (?, ?, ?, ?, ?, ?, ?)")
                .bind(signed(*line))
                .bind(signed(place.seq))
                .bind(place.day.0)
                .bind(&place.person.bytes()[..])
                .bind(place.yen)
                .bind(*moved)
                .bind(signed(*message))
                .execute(&mut *conn)
                .await?;
        }
    }
    for message in &changes.reversing {
        sqlx::query("DELETE FROM reversing WHERE message = ?").bind(signed(*message)).execute(&mut *conn).await?;
        let Some((line, yen)) = fold.reversing.get(message) else { continue };
        sqlx::query("INSERT INTO reversing VALUES (?, ?, ?)")
            .bind(signed(*message))
            .bind(signed(*line))
            .bind(*yen)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
