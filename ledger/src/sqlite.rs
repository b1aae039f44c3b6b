//! The default engine: SQLite through sqlx. Nothing to install, one file, durable on every commit.
//!
//! WAL with `synchronous = FULL`: a commit is one append to the write-ahead log and one fdatasync. Rows go in with
//! multi-row statements of a few fixed sizes, so that each is prepared once. The log is moved into the main file between
//! commits by the writer itself when it has grown (`CHECKPOINT_PAGES`).

use crate::journal::{AppendError, Entry, Head, Journal, Seq, StoreError, Task, check_order};
use kazasu_schemas::jst::{BusinessDay, Millis};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Row, SqlSafeStr, SqliteConnection};
use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

/// Rows a statement, largest first. 8 bytes of bookkeeping a parameter: 128 × 6 parameters stay far below SQLite's limit.
const SIZES: [usize; 4] = [128, 32, 8, 1];
/// The log's size, in pages of 4 KiB, at which it is moved into the main file.
const CHECKPOINT_PAGES: u32 = 8_000;

static JOURNAL_SQL: LazyLock<[String; 4]> =
    LazyLock::new(|| SIZES.map(|n| insert("INSERT INTO journal (seq, at, day, kind, body, hash) VALUES ", n)));
static TRANSFERS_SQL: LazyLock<[String; 4]> =
    LazyLock::new(|| SIZES.map(|n| insert("INSERT INTO transfers (seq, leg, kind, debit, credit, amount) VALUES ", n)));

fn insert(head: &str, rows: usize) -> String {
    let mut sql = head.to_owned();
    for i in 0..rows {
        sql.push_str(if i == 0 { "(?,?,?,?,?,?)" } else { ",(?,?,?,?,?,?)" });
    }
    sql
}

/// A writer of a journal file.
pub struct SqliteJournal {
    conn: SqliteConnection,
    epoch: u64,
    head: Seq,
}

/// A reader of a journal file: a copy, or one that a switch is writing to.
pub struct SqliteReader {
    conn: SqliteConnection,
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(16)
        .disable_statement_logging()
}

fn store_error(error: sqlx::Error) -> StoreError {
    StoreError(error.to_string())
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).expect("a journal of fewer than 2^63 records")
}

fn unsigned(n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_| StoreError(format!("a number below zero where none can be: {n}")))
}

impl SqliteJournal {
    /// Opens or creates the journal at `path` for writing, brings its tables up to date and raises the epoch.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = options(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
            .pragma("journal_size_limit", "67108864")
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory");
        let mut conn = options.connect().await.map_err(store_error)?;
        migrator().run(&mut conn).await.map_err(|e| StoreError(e.to_string()))?;
        let epoch: i64 = sqlx::query("UPDATE lead SET epoch = epoch + 1 WHERE one = 1 RETURNING epoch")
            .fetch_one(&mut conn)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(store_error)?;
        let head = read_head(&mut conn).await?.seq;
        Ok(SqliteJournal { conn, epoch: unsigned(epoch)?, head })
    }

    async fn write(&mut self, batch: &[Entry]) -> Result<(), AppendError> {
        check_order(self.head, batch)?;
        let refused = |e: sqlx::Error| AppendError::Refused(e.to_string());
        sqlx::query("BEGIN IMMEDIATE").execute(&mut self.conn).await.map_err(refused)?;
        match self.insert(batch).await {
            Ok(()) => {}
            Err(error) => {
                // Whether or not the rollback succeeds, nothing was committed.
                if let Err(e) = sqlx::query("ROLLBACK").execute(&mut self.conn).await {
                    tracing::debug!(error = %e, "rollback after a refused batch");
                }
                return Err(error);
            }
        }
        sqlx::query("COMMIT").execute(&mut self.conn).await.map_err(|e| AppendError::Unknown(e.to_string()))?;
        if let Some(last) = batch.last() {
            self.head = last.seq;
        }
        Ok(())
    }

    async fn insert(&mut self, batch: &[Entry]) -> Result<(), AppendError> {
        let refused = |e: sqlx::Error| AppendError::Refused(e.to_string());
        let current: i64 = sqlx::query("SELECT epoch FROM lead WHERE one = 1")
            .fetch_one(&mut self.conn)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(refused)?;
        if signed(self.epoch) != current {
            let current = u64::try_from(current).unwrap_or(0);
            return Err(AppendError::Fenced { mine: self.epoch, current });
        }
        for (rows, sql) in chunks(batch, &JOURNAL_SQL) {
            let mut args = SqliteArguments::default();
            for e in rows {
                bind(&mut args, signed(e.seq))?;
                bind(&mut args, e.at.0)?;
                bind(&mut args, i64::from(e.day.0))?;
                bind(&mut args, i64::from(e.kind))?;
                bind(&mut args, e.body.clone())?;
                bind(&mut args, e.hash.to_vec())?;
            }
            self.execute(sql, args).await.map_err(refused)?;
        }
        let transfers: Vec<_> = batch
            .iter()
            .flat_map(|e| e.transfers.iter().zip(0_i64..).map(move |(t, leg)| (e.seq, leg, t)))
            .collect();
        for (rows, sql) in chunks(&transfers, &TRANSFERS_SQL) {
            let mut args = SqliteArguments::default();
            for (seq, leg, t) in rows {
                bind(&mut args, signed(*seq))?;
                bind(&mut args, *leg)?;
                bind(&mut args, i64::from(t.kind.number()))?;
                bind(&mut args, i64::from(t.debit.0))?;
                bind(&mut args, i64::from(t.credit.0))?;
                bind(&mut args, t.amount.get())?;
            }
            self.execute(sql, args).await.map_err(refused)?;
        }
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str, args: SqliteArguments) -> Result<(), sqlx::Error> {
        sqlx::query_with(sql, args).execute(&mut self.conn).await.map(|_| ())
    }

    /// Closes the file in good order, so that the next opening finds no log to recover.
    pub async fn close(self) -> Result<(), StoreError> {
        self.conn.close().await.map_err(store_error)
    }
}

fn bind<'q, T>(args: &mut SqliteArguments, value: T) -> Result<(), AppendError>
where
    T: sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    use sqlx::Arguments;
    args.add(value).map_err(|e| AppendError::Refused(e.to_string()))
}

/// Cuts rows into pieces for which a prepared statement exists.
fn chunks<'a, T>(mut rows: &'a [T], sql: &'static [String; 4]) -> impl Iterator<Item = (&'a [T], &'static str)> {
    std::iter::from_fn(move || {
        let at = SIZES.iter().position(|n| *n <= rows.len())?;
        let (now, rest) = rows.split_at(SIZES[at]);
        rows = rest;
        Some((now, sql[at].as_str()))
    })
}

impl Journal for SqliteJournal {
    fn append<'a>(&'a mut self, batch: &'a [Entry]) -> Task<'a, Result<(), AppendError>> {
        Box::pin(self.write(batch))
    }

    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(scan(&mut self.conn, from, limit))
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(read_head(&mut self.conn))
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl SqliteReader {
    /// Opens an existing journal for reading only.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError(format!("{} is not a file", path.display())));
        }
        let conn = options(path).read_only(true).connect().await.map_err(store_error)?;
        Ok(SqliteReader { conn })
    }

    /// Up to `limit` entries from `from` on.
    pub async fn scan(&mut self, from: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
        scan(&mut self.conn, from, limit).await
    }

    /// The last entry.
    pub async fn head(&mut self) -> Result<Head, StoreError> {
        read_head(&mut self.conn).await
    }

    /// The rows of the transfers table for the records `from` to `to`: record, leg, kind, debit, credit, amount.
    pub async fn transfers(&mut self, from: Seq, to: Seq) -> Result<Vec<[i64; 6]>, StoreError> {
        let sql = "SELECT seq, leg, kind, debit, credit, amount FROM transfers WHERE seq BETWEEN ? AND ? ORDER BY seq, leg";
        let rows = sqlx::query(sql)
            .bind(signed(from))
            .bind(signed(to))
            .fetch_all(&mut self.conn)
            .await
            .map_err(store_error)?;
        rows.iter()
            .map(|row| {
                let mut out = [0; 6];
                for (i, slot) in out.iter_mut().enumerate() {
                    *slot = row.try_get(i).map_err(store_error)?;
                }
                Ok(out)
            })
            .collect()
    }
}

async fn scan(conn: &mut SqliteConnection, from: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
    let sql = "SELECT seq, at, day, kind, body, hash FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?";
    let rows = sqlx::query(sql)
        .bind(signed(from))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await
        .map_err(store_error)?;
    rows.iter().map(entry).collect()
}

fn entry(row: &SqliteRow) -> Result<Entry, StoreError> {
    let int = |i: usize| row.try_get::<i64, _>(i).map_err(store_error);
    let seq = unsigned(int(0)?)?;
    let wrong = |what: &str| StoreError(format!("record {seq}: {what}"));
    let hash: &[u8] = row.try_get(5).map_err(store_error)?;
    let body: &[u8] = row.try_get(4).map_err(store_error)?;
    Ok(Entry {
        seq,
        at: Millis(int(1)?),
        day: BusinessDay(i32::try_from(int(2)?).map_err(|_| wrong("day out of range"))?),
        kind: u8::try_from(int(3)?).map_err(|_| wrong("kind out of range"))?,
        body: body.to_vec(),
        hash: hash.try_into().map_err(|_| wrong("hash is not 32 bytes"))?,
        transfers: Default::default(),
    })
}

async fn read_head(conn: &mut SqliteConnection) -> Result<Head, StoreError> {
    let row = sqlx::query("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
        .fetch_optional(conn)
        .await
        .map_err(store_error)?;
    let Some(row) = row else { return Ok(Head::EMPTY) };
    let hash: &[u8] = row.try_get(1).map_err(store_error)?;
    Ok(Head {
        seq: unsigned(row.try_get(0).map_err(store_error)?)?,
        hash: hash.try_into().map_err(|_| StoreError("the last hash is not 32 bytes".into()))?,
    })
}

/// The migrations, oldest first: commented files beside the source, built in.
fn migrator() -> Migrator {
    let first = Migration::new(
        1,
        Cow::Borrowed("journal"),
        MigrationType::Simple,
        include_str!("../migrations/sqlite/0001_journal.sql").into_sql_str(),
        false,
    );
    Migrator::with_migrations(vec![first])
}
