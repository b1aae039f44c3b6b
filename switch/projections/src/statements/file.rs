//! The file of statements: its tables, how it is read, and how what changed is written.

use super::told;
use super::{Changes, Fold, Line, LineKind, Outcome, Part, Tap};
use anyhow::Context;
use kazasu_ledger::Body;
use kazasu_schemas::ids::Ppid;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::money::Yen;
use kazasu_store::Reader;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, QueryBuilder, Row as _, Sqlite, SqliteConnection};
use std::path::Path;
use std::time::Duration;

/// Records read at one time.
const PAGE: usize = 20_000;
/// Pages that are written together while the file is far behind: rows of one day lie together, so larger is cheaper a row.
const PAGES: usize = 8;
/// Rows of one statement of SQL: SQLite takes 32,766 values.
const ROWS: usize = 2_000;

/// Raised whenever the tables change; a file of another version is made anew.
const VERSION: i64 = 7;
const TABLES: &str = "
CREATE TABLE position (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL);
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
";

/// The file, open.
pub(super) struct Statements {
    conn: SqliteConnection,
    fold: Fold,
    /// Reads the journal; another one is opened with the file when something went wrong.
    reader: Box<dyn Reader>,
}

pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).expect("a journal of fewer than 2^63 records")
}

pub(super) fn ppid(bytes: &[u8]) -> anyhow::Result<Ppid> {
    Ok(Ppid::from_bytes(bytes.try_into().context("a PPID has 16 bytes")?))
}

impl Statements {
    pub(super) async fn open(path: &Path, reader: Box<dyn Reader>) -> anyhow::Result<Statements> {
        create_private(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(Duration::from_secs(30))
            .journal_mode(SqliteJournalMode::Wal)
            // What a power cut takes away is read from the journal once more.
            .synchronous(SqliteSynchronous::Normal)
            .statement_cache_capacity(32)
            .pragma("cache_size", "-65536")
            .disable_statement_logging();
        let mut statements = Statements { conn: options.connect().await?, fold: Fold::default(), reader };
        statements.load().await?;
        Ok(statements)
    }

    /// Reads where the file is; a file that is not this journal's, or of another version, is emptied.
    async fn load(&mut self) -> anyhow::Result<()> {
        let there: bool = sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_master WHERE name = 'position'")
            .fetch_one(&mut self.conn)
            .await?;
        if there {
            let row = sqlx::query("SELECT version, seq, hash FROM position").fetch_one(&mut self.conn).await?;
            let (version, seq, hash): (i64, i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let seq = u64::try_from(seq)?;
            let ours = if seq == 0 {
                true
            } else {
                self.reader.scan(seq, 1).await?.first().is_some_and(|e| e.seq == seq && e.hash[..] == hash[..])
            };
            if version == VERSION && ours {
                return self.read_fold(seq, &hash).await;
            }
            tracing::warn!(seq, "the statements' file does not belong to this journal; it is made anew");
        }
        let mut whole = self.conn.begin_with("BEGIN IMMEDIATE").await?;
        let told = ["advised", "denied", "reversed", "reversal", "reversing"];
        for table in ["position", "account", "merchant", "merged", "day", "pending", "tap"].into_iter().chain(told) {
            sqlx::query(sqlx::AssertSqlSafe(format!("DROP TABLE IF EXISTS {table}"))).execute(&mut *whole).await?;
        }
        sqlx::raw_sql(TABLES).execute(&mut *whole).await?;
        sqlx::query("INSERT INTO position VALUES (1, ?, 0, ?)")
            .bind(VERSION)
            .bind(&[0_u8; 32][..])
            .execute(&mut *whole)
            .await?;
        whole.commit().await?;
        self.fold = Fold::default();
        Ok(())
    }

    /// What the fold knows after the file's last record.
    async fn read_fold(&mut self, seq: u64, hash: &[u8]) -> anyhow::Result<()> {
        let mut fold = Fold { seq, hash: hash.try_into().context("a hash has 32 bytes")?, ..Fold::default() };
        for row in sqlx::query("SELECT id, part FROM account").fetch_all(&mut self.conn).await? {
            let (id, part): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let part = usize::try_from(part).ok().and_then(|n| Part::ALL.get(n)).context("a part of an account")?;
            fold.accounts.insert(u32::try_from(id)?, *part);
        }
        let merchants = sqlx::query("SELECT id, acquirer, merchant, name FROM merchant ORDER BY id");
        for row in merchants.fetch_all(&mut self.conn).await? {
            let (id, acquirer, merchant, name): (i64, String, String, String) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            fold.merchants.insert((acquirer.parse()?, merchant.parse()?), (id, name));
            fold.next_merchant = id;
        }
        for row in sqlx::query("SELECT seq, day, person FROM pending").fetch_all(&mut self.conn).await? {
            let (seq, day, person): (i64, i32, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            fold.pending.insert(u64::try_from(seq)?, (BusinessDay(day), ppid(&person)?));
        }
        told::read(&mut self.conn, &mut fold).await?;
        self.fold = fold;
        Ok(())
    }

    /// Reads on, at most `most` records; whether the journal's end was reached.
    pub(super) async fn follow(&mut self, most: usize) -> anyhow::Result<bool> {
        let mut left = most;
        loop {
            let mut changes = Changes::default();
            let mut end = false;
            let before = (self.fold.seq, self.fold.hash);
            for _ in 0..PAGES {
                let size = PAGE.min(left);
                let page = self.reader.scan(self.fold.seq + 1, size).await?;
                left -= page.len();
                end = page.len() < size;
                for entry in &page {
                    let body = Body::read(&entry.body).with_context(|| format!("record {}", entry.seq))?;
                    self.fold.record(entry.seq, entry.at, entry.day, &body, &mut changes);
                    (self.fold.seq, self.fold.hash) = (entry.seq, entry.hash);
                }
                if end || left == 0 {
                    break;
                }
                tokio::task::yield_now().await;
            }
            if self.fold.seq != before.0 && !self.write(changes, before).await? {
                // Another process was faster: what it wrote is where this one goes on.
                self.load().await?;
                continue;
            }
            if end || left == 0 {
                return Ok(end);
            }
        }
    }

    /// Writes what changed in one transaction; false, and nothing is written, when the file is not where it was.
    async fn write(&mut self, mut changes: Changes, before: (u64, [u8; 32])) -> anyhow::Result<bool> {
        let mut whole = self.conn.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT seq, hash FROM position").fetch_one(&mut *whole).await?;
        let (seq, hash): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        if seq != signed(before.0) || hash != before.1 {
            whole.rollback().await?;
            return Ok(false);
        }
        write_parties(&mut whole, &changes).await?;
        changes.taps.retain(|tap| tap.seq > 0);
        // Neighbours in the file are written one after the other.
        changes.taps.sort_unstable_by_key(|tap| (tap.day, tap.person, tap.seq));
        write_taps(&mut whole, &changes.taps).await?;
        for tap in changes.taps.iter().filter(|tap| !tap.stands) {
            self.fold.pending.insert(tap.seq, (tap.day, tap.person));
            sqlx::query("INSERT INTO pending VALUES (?, ?, ?)")
                .bind(signed(tap.seq))
                .bind(tap.day.0)
                .bind(&tap.person.bytes()[..])
                .execute(&mut *whole)
                .await?;
        }
        for outcome in &changes.outcomes {
            write_outcome(&mut whole, outcome).await?;
        }
        told::write(&mut whole, &self.fold, &changes).await?;
        sqlx::query("UPDATE position SET seq = ?, hash = ?")
            .bind(signed(self.fold.seq))
            .bind(&self.fold.hash[..])
            .execute(&mut *whole)
            .await?;
        whole.commit().await?;
        Ok(true)
    }

    pub(super) async fn lines(
        &mut self,
        person: Ppid,
        from: BusinessDay,
        until: BusinessDay,
    ) -> anyhow::Result<Vec<Line>> {
        const SQL: &str = "SELECT t.seq, t.at, t.day, coalesce(m.name, ''), t.kind, t.amount, t.relief, t.points, t.instrument, t.uncovered
            FROM (SELECT ?1 AS person UNION SELECT gone FROM merged WHERE merged.person = ?1) p
            CROSS JOIN day d CROSS JOIN tap t ON t.day = d.day AND t.person = p.person LEFT JOIN merchant m ON m.id = t.merchant
            WHERE d.day BETWEEN ?2 AND ?3 AND t.stands ORDER BY t.seq";
        let rows =
            sqlx::query(SQL).bind(&person.bytes()[..]).bind(from.0).bind(until.0).fetch_all(&mut self.conn).await?;
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

/// What became of a line that was written before.
async fn write_outcome(conn: &mut SqliteConnection, outcome: &Outcome) -> anyhow::Result<()> {
    let sql = match outcome.parts {
        Some(_) => {
            "UPDATE tap SET relief = ?, points = ?, instrument = ?, uncovered = ?, stands = 1 WHERE day = ? AND person = ? AND seq = ?"
        }
        None => "DELETE FROM tap WHERE day = ? AND person = ? AND seq = ?",
    };
    let mut query = sqlx::query(sql);
    if let Some(parts) = outcome.parts {
        query = query.bind(parts.relief).bind(parts.points).bind(parts.instrument).bind(parts.uncovered);
    }
    query.bind(outcome.day.0).bind(&outcome.person.bytes()[..]).bind(signed(outcome.seq)).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM pending WHERE seq = ?").bind(signed(outcome.seq)).execute(&mut *conn).await?;
    Ok(())
}

/// It says who bought what where: only its owner reads it.
fn create_private(path: &Path) -> anyhow::Result<()> {
    if let Some(dir) = path.parent() {
        kazasu_security::files::private_folder(dir)?;
    }
    kazasu_security::files::open_private(path).map(drop)
}
