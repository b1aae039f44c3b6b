//! Taps that came to nothing: a resident asks for the reason, which is in the journal. They are no lines of a statement.

use super::model::{Outcome, Refused, RefusedTap, TurnedDown};
use crate::values::signed;
use anyhow::Context;
use kazasu_ledger::Body;
use kazasu_ledger::record::Verdict;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::Millis;
use kazasu_schemas::money::Yen;
use kazasu_store::Reader;
use sqlx::{Row as _, SqliteConnection};

pub(super) async fn write(conn: &mut SqliteConnection, taps: &[RefusedTap]) -> anyhow::Result<()> {
    for tap in taps {
        sqlx::query("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?, ?)")
            .bind(&tap.person.bytes()[..])
            .bind(signed(tap.seq))
            .bind(tap.at.0)
            .bind(tap.merchant)
            .bind(tap.amount.get())
            .bind(signed(tap.told))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// A line that was written while it waited came to nothing.
pub(super) async fn declined(conn: &mut SqliteConnection, outcome: &Outcome, told: u64) -> anyhow::Result<()> {
    const SQL: &str = "INSERT OR REPLACE INTO refused SELECT person, seq, at, merchant, amount, ? FROM tap
        WHERE day = ? AND person = ? AND seq = ?";
    sqlx::query(SQL)
        .bind(signed(told))
        .bind(outcome.day.0)
        .bind(&outcome.person.bytes()[..])
        .bind(signed(outcome.seq))
        .execute(&mut *conn)
        .await?;
    Ok(())
}

/// The newest first, with those of temporary IDs that were merged into the person.
pub(super) async fn read(
    (conn, journal): (&mut SqliteConnection, &mut dyn Reader),
    person: Ppid,
    most: u32,
) -> anyhow::Result<Vec<Refused>> {
    const SQL: &str = "SELECT r.seq, r.at, coalesce(m.name, ''), r.amount, r.told
        FROM (SELECT ?1 AS person UNION SELECT gone FROM merged WHERE merged.person = ?1) p
        CROSS JOIN refused r ON r.person = p.person LEFT JOIN merchant m ON m.id = r.merchant
        ORDER BY r.seq DESC LIMIT ?2";
    let rows = sqlx::query(SQL).bind(&person.bytes()[..]).bind(i64::from(most)).fetch_all(conn).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let (seq, told): (i64, i64) = (row.try_get(0)?, row.try_get(4)?);
        out.push(Refused {
            seq: u64::try_from(seq)?,
            at: Millis(row.try_get(1)?),
            merchant: row.try_get(2)?,
            amount: Yen::new(row.try_get(3)?),
            why: why(journal, u64::try_from(told)?).await?,
        });
    }
    Ok(out)
}

/// What the record says.
async fn why(journal: &mut dyn Reader, told: u64) -> anyhow::Result<TurnedDown> {
    let entry = journal.scan(told, 1).await?.into_iter().find(|entry| entry.seq == told);
    let entry = entry.with_context(|| format!("record {told} is not there"))?;
    let body = Body::read(&entry.body).with_context(|| format!("record {told}"))?;
    match &body {
        Body::IssuerAnswered(r) => Ok(TurnedDown::Declined(r.code)),
        Body::IssuerSilent(r) => Ok(TurnedDown::Silent(r.why)),
        other => match other.tapped().map(|tapped| (tapped.verdict, &tapped.ruled)) {
            Some((Verdict::Refused(refusal), ruled)) => {
                Ok(TurnedDown::Refused(refusal, ruled.as_ref().and_then(|ruled| ruled.beyond)))
            }
            _ => anyhow::bail!("record {told} turns nothing down"),
        },
    }
}
