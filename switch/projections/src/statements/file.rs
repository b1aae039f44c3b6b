//! The file of statements: its tables, how it is read, and how what changed is written.

use super::model::{Changes, Fold, Line, LineKind, Outcome, Part, Receipt, ReceiptMatch, Tap};
use super::{notified, refused};
use crate::side_file::SideFold;
use crate::values::{ppid, signed};
use anyhow::Context;
use kazasu_engine::tasks::Kind;
use kazasu_ledger::{Body, record};
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection};

/// Rows of one statement of SQL: SQLite takes 32,766 values.
const ROWS: usize = 2_000;

const TABLES: &str = "
CREATE TABLE account (id INTEGER PRIMARY KEY, part INTEGER NOT NULL);
CREATE TABLE merchant (id INTEGER PRIMARY KEY, acquirer TEXT NOT NULL, merchant TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE merged (gone BLOB PRIMARY KEY, person BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX merged_into ON merged (person);
CREATE TABLE day (day INTEGER PRIMARY KEY);
CREATE TABLE pending (seq INTEGER PRIMARY KEY, day INTEGER NOT NULL, person BLOB NOT NULL);
CREATE TABLE advised (message INTEGER PRIMARY KEY, seq INTEGER NOT NULL, day INTEGER NOT NULL, person BLOB NOT NULL,
    yen INTEGER NOT NULL);
CREATE TABLE denied (line INTEGER PRIMARY KEY, yen INTEGER NOT NULL);
CREATE TABLE reversed (line INTEGER PRIMARY KEY, carried_out INTEGER NOT NULL);
CREATE TABLE reversal (line INTEGER NOT NULL, seq INTEGER NOT NULL, day INTEGER NOT NULL, person BLOB NOT NULL, yen INTEGER NOT NULL,
    moved INTEGER NOT NULL, message INTEGER NOT NULL, PRIMARY KEY (line, seq)) WITHOUT ROWID;
CREATE TABLE reversing (message INTEGER PRIMARY KEY, line INTEGER NOT NULL, yen INTEGER NOT NULL);
CREATE TABLE tap (day INTEGER NOT NULL, person BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, merchant INTEGER NOT NULL,
    kind INTEGER NOT NULL, amount INTEGER NOT NULL, relief INTEGER NOT NULL, points INTEGER NOT NULL, instrument INTEGER NOT NULL,
    uncovered INTEGER NOT NULL, stands INTEGER NOT NULL, PRIMARY KEY (day, person, seq)) WITHOUT ROWID;
CREATE TABLE refused (person BLOB NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, merchant INTEGER NOT NULL,
    amount INTEGER NOT NULL, told INTEGER NOT NULL, PRIMARY KEY (person, seq)) WITHOUT ROWID;
";

/// Payments that a search by receipt gives of one merchant.
const MOST_MATCHES: i64 = 20;

impl SideFold for Fold {
    const NAME: &'static str = "statements";
    const VERSION: i64 = 8;
    const TABLES: &'static str = TABLES;
    const TASK: Kind = Kind::Statements;
    type With = ();
    type Changes = Changes;

    fn empty((): &()) -> Self {
        Fold::default()
    }

    async fn read((): &(), conn: &mut SqliteConnection) -> anyhow::Result<Self> {
        let mut fold = Fold::default();
        for row in sqlx::query("SELECT id, part FROM account").fetch_all(&mut *conn).await? {
            let (id, part): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let part = usize::try_from(part).ok().and_then(|n| Part::ALL.get(n)).context("a part of an account")?;
            fold.accounts.insert(u32::try_from(id)?, *part);
        }
        let merchants = sqlx::query("SELECT id, acquirer, merchant, name FROM merchant ORDER BY id");
        for row in merchants.fetch_all(&mut *conn).await? {
            let (id, acquirer, merchant, name): (i64, String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            fold.merchants.insert((acquirer.parse()?, merchant.parse()?), (id, name));
            fold.next_merchant = id;
        }
        for row in sqlx::query("SELECT seq, day, person FROM pending").fetch_all(&mut *conn).await? {
            let (seq, day, person): (i64, i32, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            fold.pending.insert(u64::try_from(seq)?, (BusinessDay(day), ppid(&person)?));
        }
        notified::read(conn, &mut fold).await?;
        Ok(fold)
    }

    fn record(&mut self, place: record::Place, body: &Body, changes: &mut Changes) {
        self.take_in(place, body, changes);
    }

    async fn write(&mut self, conn: &mut SqliteConnection, mut changes: Changes) -> anyhow::Result<()> {
        write_parties(conn, &changes).await?;
        changes.taps.retain(|tap| tap.seq > 0);
        // Neighbours in the file are written one after the other.
        changes.taps.sort_unstable_by_key(|tap| (tap.day, tap.person, tap.seq));
        write_taps(conn, &changes.taps).await?;
        for tap in changes.taps.iter().filter(|tap| !tap.stands) {
            self.pending.insert(tap.seq, (tap.day, tap.person));
            sqlx::query("INSERT INTO pending VALUES (?, ?, ?)")
                .bind(signed(tap.seq))
                .bind(tap.day.0)
                .bind(&tap.person.bytes()[..])
                .execute(&mut *conn)
                .await?;
        }
        for outcome in &changes.outcomes {
            write_outcome(conn, outcome).await?;
        }
        refused::write(conn, &changes.turned_down).await?;
        notified::write(conn, self, &changes).await?;
        Ok(())
    }
}

/// Payments that a receipt may be of. A business day may begin a day early, or end late.
pub(super) async fn of_receipt(conn: &mut SqliteConnection, receipt: &Receipt) -> anyhow::Result<Vec<ReceiptMatch>> {
    const SQL: &str = "SELECT t.seq, t.at, t.person FROM merchant m JOIN tap t ON t.merchant = m.id
        WHERE m.acquirer = ?1 AND m.merchant = ?2 AND t.day BETWEEN ?3 AND ?4 AND t.amount = ?5
        AND t.at >= ?6 AND t.at < ?7 ORDER BY t.seq LIMIT ?8";
    let days = [receipt.from.jst_day().0 - 1, receipt.before.jst_day().0 + 1];
    let mut out = Vec::new();
    for (acquirer, merchant) in &receipt.merchants {
        let rows = sqlx::query(SQL)
            .bind(acquirer.to_string())
            .bind(merchant.to_string())
            .bind(days[0])
            .bind(days[1])
            .bind(receipt.amount.get())
            .bind(receipt.from.0)
            .bind(receipt.before.0)
            .bind(MOST_MATCHES)
            .fetch_all(&mut *conn)
            .await?;
        for row in rows {
            let (record, at, person): (i64, i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            out.push(ReceiptMatch { record: u64::try_from(record)?, at: Millis(at), person: ppid(&person)? });
        }
    }
    out.sort_unstable_by_key(|found| found.record);
    Ok(out)
}

pub(super) async fn lines(
    conn: &mut SqliteConnection,
    person: Ppid,
    from: BusinessDay,
    until: BusinessDay,
) -> anyhow::Result<Vec<Line>> {
    const SQL: &str = "SELECT t.seq, t.at, t.day, coalesce(m.name, ''), t.kind, t.amount, t.relief, t.points, t.instrument, t.uncovered
        FROM (SELECT ?1 AS person UNION SELECT gone FROM merged WHERE merged.person = ?1) p
        CROSS JOIN day d CROSS JOIN tap t ON t.day = d.day AND t.person = p.person LEFT JOIN merchant m ON m.id = t.merchant
        WHERE d.day BETWEEN ?2 AND ?3 AND t.stands ORDER BY t.seq";
    let rows = sqlx::query(SQL).bind(&person.bytes()[..]).bind(from.0).bind(until.0).fetch_all(&mut *conn).await?;
    let line = |row: sqlx::sqlite::SqliteRow| {
        let kind = usize::try_from(row.try_get::<i64, _>(4)?).ok().and_then(|n| LineKind::ALL.get(n));
        let yen = |n: usize| row.try_get(n).map(Yen::new);
        Ok(Line {
            seq: u64::try_from(row.try_get::<i64, _>(0)?)?,
            at: Millis(row.try_get(1)?),
            day: BusinessDay(row.try_get(2)?),
            merchant: row.try_get(3)?,
            kind: *kind.context("a kind of line")?,
            amount: yen(5)?,
            relief: yen(6)?,
            points: yen(7)?,
            instrument: yen(8)?,
            uncovered: yen(9)?,
        })
    };
    rows.into_iter().map(line).collect()
}

async fn write_parties(conn: &mut SqliteConnection, changes: &Changes) -> anyhow::Result<()> {
    for (account, part) in &changes.accounts {
        sqlx::query("INSERT OR REPLACE INTO account VALUES (?, ?)")
            .bind(i64::from(*account))
            .bind(*part as i64)
            .execute(&mut *conn)
            .await?;
    }
    for (id, acquirer, merchant, name) in &changes.merchants {
        sqlx::query("INSERT INTO merchant VALUES (?, ?, ?, ?)")
            .bind(id)
            .bind(acquirer.to_string())
            .bind(merchant.to_string())
            .bind(name)
            .execute(&mut *conn)
            .await?;
    }
    for (gone, person) in &changes.merged {
        // Those that an ID took in are led on when another takes its place.
        sqlx::query("UPDATE merged SET person = ? WHERE person = ?")
            .bind(&person.bytes()[..])
            .bind(&gone.bytes()[..])
            .execute(&mut *conn)
            .await?;
        sqlx::query("INSERT OR REPLACE INTO merged VALUES (?, ?)")
            .bind(&gone.bytes()[..])
            .bind(&person.bytes()[..])
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Lines in the order in which they lie in the file.
async fn write_taps(conn: &mut SqliteConnection, taps: &[Tap]) -> anyhow::Result<()> {
    let mut day = None;
    for tap in taps {
        if day != Some(tap.day) {
            day = Some(tap.day);
            sqlx::query("INSERT OR IGNORE INTO day VALUES (?)").bind(tap.day.0).execute(&mut *conn).await?;
        }
    }
    for some in taps.chunks(ROWS) {
        let mut sql: QueryBuilder<Sqlite> = QueryBuilder::new("INSERT INTO tap ");
        sql.push_values(some, |mut row, tap| {
            row.push_bind(tap.day.0)
                .push_bind(&tap.person.bytes()[..])
                .push_bind(signed(tap.seq))
                .push_bind(tap.at.0)
                .push_bind(tap.merchant)
                .push_bind(tap.kind as i64)
                .push_bind(tap.amount.get())
                .push_bind(tap.parts.relief)
                .push_bind(tap.parts.points)
                .push_bind(tap.parts.instrument)
                .push_bind(tap.parts.uncovered)
                .push_bind(tap.stands);
        });
        sql.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// The outcome of a line that was written before.
async fn write_outcome(conn: &mut SqliteConnection, outcome: &Outcome) -> anyhow::Result<()> {
    if let Err(Some(told)) = outcome.parts {
        refused::declined(conn, outcome, told).await?;
    }
    let sql = match outcome.parts {
        Ok(_) => {
            "UPDATE tap SET relief = ?, points = ?, instrument = ?, uncovered = ?, stands = 1 WHERE day = ? AND person = ? AND seq = ?"
        }
        Err(_) => "DELETE FROM tap WHERE day = ? AND person = ? AND seq = ?",
    };
    let mut query = sqlx::query(sql);
    if let Ok(parts) = outcome.parts {
        query = query.bind(parts.relief).bind(parts.points).bind(parts.instrument).bind(parts.uncovered);
    }
    query.bind(outcome.day.0).bind(&outcome.person.bytes()[..]).bind(signed(outcome.seq)).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM pending WHERE seq = ?").bind(signed(outcome.seq)).execute(&mut *conn).await?;
    Ok(())
}
