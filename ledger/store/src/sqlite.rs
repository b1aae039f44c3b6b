//! The default engine: SQLite through sqlx. Nothing to install, one file, durable on every commit.
//!
//! WAL with `synchronous = FULL`: a commit is one append to the write-ahead log and one fdatasync. A batch goes to the
//! database's thread as one multi-statement text (begin, fence, rows, commit), because each round trip there and back
//! costs two wake-ups. Rows are padded to a few fixed sizes with NULLs that the statement leaves out, so that a handful of
//! texts are prepared once. The log is moved into the main file beside the commits (`sqlite/wal.rs`), never between a commit and
//! its answers.

mod connect;
mod guards;
mod side;
mod wal;

use crate::journal::{
    AppendError, Claim, Journal, LeadError, Moment, Reader, Store, StoreError, StoreFault, Task, Took, TransferRow,
    check_order,
};
use crate::side::SideTable;
use connect::{create_private, options, store_error};
use futures_util::TryStreamExt;
use guards::migrator;
use kazasu_ledger::transfer::Transfer;
use kazasu_ledger::{Entry, Head, Seq, Signature};
use kazasu_schemas::jst::{BusinessDay, Millis};
use sqlx::sqlite::{SqliteArguments, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Executor, Row, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Instant;
use wal::Wal;
#[cfg(debug_assertions)]
pub use wal::break_mover;
pub use wal::{mover_ended, mover_runs};

/// Journal rows a statement: a batch is cut into pieces of the largest size, and the rest padded to the next size up.
const SIZES: [usize; 6] = [1, 4, 16, 64, 128, 256];
/// The same for transfers. A tap under a policy has two or three, and a batch that fits goes in one round trip.
const TRANSFERS: [usize; 9] = [1, 4, 16, 64, 128, 192, 256, 384, 512];

/// Opens the transaction and fails it when another writer has the lead: a second row of `lead` breaks its constraint.
const BEGIN: &str =
    "BEGIN IMMEDIATE; INSERT INTO lead (one, epoch) SELECT 2, epoch FROM lead WHERE one = 1 AND epoch <> ?;";

/// Statement texts by the sizes of their journal and transfer parts; index 0 is "none".
struct Texts {
    opening: Vec<Vec<String>>,
    journal: String,
    transfers: String,
}

static TEXTS: LazyLock<Texts> = LazyLock::new(|| {
    let sizes = |of: &'static [usize]| std::iter::once(0).chain(of.iter().copied());
    Texts {
        opening: sizes(&SIZES)
            .map(|j| sizes(&TRANSFERS).map(|t| format!("{BEGIN}{}{}COMMIT", journal(j), transfers(t))).collect())
            .collect(),
        journal: journal(most(&SIZES)),
        transfers: transfers(most(&TRANSFERS)),
    }
});

fn journal(rows: usize) -> String {
    insert("INSERT INTO journal (seq, at, day, kind, body, hash, signature)", "(?,?,?,?,?,?,?)", rows)
}

fn transfers(rows: usize) -> String {
    insert("INSERT INTO transfers (seq, leg, kind, debit, credit, amount)", "(?,?,?,?,?,?)", rows)
}

fn insert(head: &str, row: &str, rows: usize) -> String {
    if rows == 0 {
        return String::new();
    }
    let values = vec![row; rows].join(",");
    format!("{head} SELECT * FROM (VALUES {values}) WHERE column1 IS NOT NULL;")
}

/// A journal file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    path: PathBuf,
}

impl SqliteStore {
    /// The journal at `path`, which need not exist yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        SqliteStore { path: path.into() }
    }
}

impl Store for SqliteStore {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn lead(&self, claim: Claim) -> Task<'_, Result<Box<dyn Journal>, LeadError>> {
        Box::pin(async move {
            let journal = SqliteJournal::open(&self.path, &claim).await?;
            Ok(Box::new(journal) as Box<dyn Journal>)
        })
    }

    fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>> {
        Box::pin(async move {
            let reader = SqliteReader::open(&self.path).await?;
            Ok(Box::new(reader) as Box<dyn Reader>)
        })
    }

    fn side(&self) -> Task<'_, Result<Box<dyn SideTable>, StoreError>> {
        Box::pin(async move { Ok(Box::new(side::SqliteSide::open(&self.path).await?) as Box<dyn SideTable>) })
    }
}

/// The schema as the file itself describes it, in a fixed order: what the documented schema is compared with.
pub async fn dump_schema(path: &Path) -> Result<String, StoreError> {
    let mut conn = SqliteReader::open(path).await?.conn;
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> '_sqlx_migrations' ORDER BY type, name";
    let rows = sqlx::query(sql).fetch_all(&mut conn).await.map_err(store_error)?;
    let mut out = String::new();
    for row in rows {
        out += row.try_get::<&str, _>(0).map_err(store_error)?;
        out += ";\n";
    }
    Ok(out)
}

/// A writer of a journal file.
struct SqliteJournal {
    conn: SqliteConnection,
    epoch: u64,
    head: Seq,
    wal: Wal,
    took: Took,
}

/// A reader of a journal file: a copy, or one that a switch is writing to.
struct SqliteReader {
    conn: SqliteConnection,
    columns: Columns,
}

/// The columns of a journal's rows: a copy from before batches were signed is read as it is.
#[derive(Clone, Copy)]
enum Columns {
    WithSignature,
    WithoutSignature,
}

impl Columns {
    async fn of(conn: &mut SqliteConnection) -> Result<Self, StoreError> {
        let sql = "SELECT count(*) FROM pragma_table_info('journal') WHERE name = 'signature'";
        let row = sqlx::query(sql).fetch_one(conn).await.map_err(store_error)?;
        let found: i64 = row.try_get(0).map_err(store_error)?;
        Ok(if found == 1 { Columns::WithSignature } else { Columns::WithoutSignature })
    }
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).expect("a journal of fewer than 2^63 records")
}

fn unsigned(n: i64) -> Result<u64, StoreError> {
    u64::try_from(n).map_err(|_| StoreError::new(format!("a number below zero where none can be: {n}")))
}

impl SqliteJournal {
    /// Opens or creates the journal at `path` for writing, brings its tables up to date and raises the epoch.
    async fn open(path: &Path, claim: &Claim) -> Result<Self, LeadError> {
        let options = options(path)
            .statement_cache_capacity(96)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", "0")
            .pragma("journal_size_limit", "268435456")
            // Writes only touch the newest pages, and reading goes through the file once.
            .pragma("cache_size", "-8192")
            .pragma("temp_store", "memory");
        create_private(path)?;
        let mut conn = options.connect().await.map_err(store_error)?;
        check_version(&mut conn).await?;
        // `run` asks for a bound on lifetimes that a boxed future cannot give; this is what it calls.
        migrator().run_direct(None, &mut conn, false).await.map_err(|e| StoreError::new(e.to_string()))?;
        let epoch = raise(&mut conn, claim).await?;
        let head = read_head(&mut conn).await?.seq;
        let wal = Wal::start(path)?;
        Ok(SqliteJournal { conn, epoch, head, wal, took: Took::default() })
    }

    async fn write(&mut self, batch: &[Entry]) -> Result<(), AppendError> {
        check_order(self.head, batch)?;
        let Some(last) = batch.last().map(|e| e.seq) else { return Ok(()) };
        if let Err(error) = self.transaction(batch).await {
            return Err(self.give_up(error).await);
        }
        self.head = last;
        self.wal.wrote(batch);
        Ok(())
    }

    /// The whole transaction: one text for a batch of usual size, a few for a large one.
    async fn transaction(&mut self, batch: &[Entry]) -> Result<(), sqlx::Error> {
        let rows: Vec<(Seq, i64, &Transfer)> =
            batch.iter().flat_map(|e| e.transfers.iter().zip(0..).map(move |(t, leg)| (e.seq, leg, t))).collect();
        if batch.len() <= most(&SIZES) && rows.len() <= most(&TRANSFERS) {
            let (j, t) = (size_at(&SIZES, batch.len()), size_at(&TRANSFERS, rows.len()));
            let mut args = SqliteArguments::default();
            bind(&mut args, signed(self.epoch))?;
            bind_entries(&mut args, batch, padded(&SIZES, j))?;
            bind_transfers(&mut args, &rows, padded(&TRANSFERS, t))?;
            self.took = execute(&mut self.conn, &TEXTS.opening[j][t], args).await?;
            return Ok(());
        }
        let mut args = SqliteArguments::default();
        bind(&mut args, signed(self.epoch))?;
        let begin = Instant::now();
        execute(&mut self.conn, BEGIN, args).await?;
        for piece in batch.chunks(most(&SIZES)) {
            let mut args = SqliteArguments::default();
            bind_entries(&mut args, piece, most(&SIZES))?;
            execute(&mut self.conn, &TEXTS.journal, args).await?;
        }
        for piece in rows.chunks(most(&TRANSFERS)) {
            let mut args = SqliteArguments::default();
            bind_transfers(&mut args, piece, most(&TRANSFERS))?;
            execute(&mut self.conn, &TEXTS.transfers, args).await?;
        }
        let written = Instant::now();
        execute(&mut self.conn, "COMMIT", SqliteArguments::default()).await?;
        self.took = Took { write: Some(written - begin), sync: Some(written.elapsed()) };
        Ok(())
    }

    /// Tells what an error means. While the transaction is still open, rolling it back proves that nothing was kept; when
    /// there is none any more, it ended in a way that only reading the journal tells.
    async fn give_up(&mut self, error: sqlx::Error) -> AppendError {
        if let Err(e) = sqlx::query("ROLLBACK").execute(&mut self.conn).await {
            return AppendError::Unknown(format!("{error}; no transaction to roll back: {e}"));
        }
        match sqlx::query("SELECT epoch FROM lead WHERE one = 1").fetch_one(&mut self.conn).await {
            Ok(row) => match row.try_get::<i64, _>(0).map(u64::try_from) {
                Ok(Ok(current)) if current != self.epoch => AppendError::Fenced { mine: self.epoch, current },
                _ => AppendError::Refused(error.to_string()),
            },
            Err(_) => AppendError::Refused(error.to_string()),
        }
    }
}

/// Runs a text of one or several statements. Of several, the last is the commit: what comes before it is the writing.
async fn execute(conn: &mut SqliteConnection, sql: &'static str, args: SqliteArguments) -> Result<Took, sqlx::Error> {
    let begin = Instant::now();
    let (mut last, mut before) = (begin, begin);
    let mut done = conn.fetch_many(sqlx::query_with(sql, args));
    while let Some(statement) = done.try_next().await? {
        if statement.is_left() {
            (before, last) = (last, Instant::now());
        }
    }
    Ok(Took { write: Some(before - begin), sync: Some(last - before) })
}

/// SQLite before this one can lose commits when the write-ahead log begins again while another connection moves it.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];

/// Refuses a library that is too old to be trusted with money.
async fn check_version(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT sqlite_version()").fetch_one(conn).await.map_err(store_error)?;
    trusted(row.try_get(0).map_err(store_error)?)
}

fn trusted(version: &str) -> Result<(), StoreError> {
    let found: Result<Vec<u32>, _> = version.split('.').map(str::parse).collect();
    match found {
        Ok(found) if found.as_slice() >= OLDEST_SQLITE.as_slice() => Ok(()),
        _ => {
            let words = format!(
                "this program is built with SQLite {version}, whose write-ahead log can lose commits; it needs 3.51.3 or newer: build it with \
                 the SQLite that comes with it (the feature sqlite-bundled)"
            );
            Err(StoreError::of(StoreFault::OldSqlite { version: version.to_owned() }, words))
        }
    }
}

/// Raises the epoch, if it is what the claim expects or this very process holds it already.
async fn raise(conn: &mut SqliteConnection, claim: &Claim) -> Result<u64, LeadError> {
    // Not with RETURNING: its row comes before the commit, and a commit that fails afterwards would go unnoticed.
    let sql = "UPDATE lead SET epoch = epoch + 1, incarnation = ?2 WHERE one = 1 \
               AND (?1 IS NULL OR epoch = ?1 OR (epoch > ?1 AND incarnation = ?2 AND ?2 <> 0))";
    let raised = sqlx::query(sql)
        .bind(claim.expected.map(signed))
        .bind(claim.node.incarnation.cast_signed())
        .execute(&mut *conn)
        .await
        .map_err(store_error)?;
    let row = sqlx::query("SELECT epoch FROM lead WHERE one = 1").fetch_one(conn).await.map_err(store_error)?;
    let current = unsigned(row.try_get(0).map_err(store_error)?)?;
    if raised.rows_affected() == 1 {
        Ok(current)
    } else {
        Err(LeadError::Taken { current, holder: "another process".into() })
    }
}

fn bind<'q, T>(args: &mut SqliteArguments, value: T) -> Result<(), sqlx::Error>
where
    T: sqlx::Encode<'q, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    use sqlx::Arguments;
    args.add(value).map_err(sqlx::Error::Encode)
}

/// The largest size.
fn most(sizes: &[usize]) -> usize {
    sizes[sizes.len() - 1]
}

/// The place of the smallest size that holds `n` rows; 0 for none.
fn size_at(sizes: &[usize], n: usize) -> usize {
    if n == 0 { 0 } else { 1 + sizes.iter().position(|size| *size >= n).expect("at most the largest size") }
}

fn padded(sizes: &[usize], at: usize) -> usize {
    if at == 0 { 0 } else { sizes[at - 1] }
}

fn bind_entries(args: &mut SqliteArguments, entries: &[Entry], rows: usize) -> Result<(), sqlx::Error> {
    for e in entries {
        bind(args, signed(e.seq))?;
        bind(args, e.at.0)?;
        bind(args, i64::from(e.day.0))?;
        bind(args, i64::from(e.kind))?;
        bind(args, e.body.clone())?;
        bind(args, e.hash.to_vec())?;
        bind(args, e.signature.map(|signature| signature.stored().to_vec()))?;
    }
    pad(args, (rows - entries.len()) * 7)
}

fn bind_transfers(
    args: &mut SqliteArguments,
    transfers: &[(Seq, i64, &Transfer)],
    rows: usize,
) -> Result<(), sqlx::Error> {
    for (seq, leg, t) in transfers {
        bind(args, signed(*seq))?;
        bind(args, *leg)?;
        bind(args, i64::from(t.kind.number()))?;
        bind(args, i64::from(t.debit.0))?;
        bind(args, i64::from(t.credit.0))?;
        bind(args, t.amount.get())?;
    }
    pad(args, (rows - transfers.len()) * 6)
}

fn pad(args: &mut SqliteArguments, values: usize) -> Result<(), sqlx::Error> {
    (0..values).try_for_each(|_| bind(args, None::<i64>))
}

impl Reader for SqliteJournal {
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(scan(&mut self.conn, Columns::WithSignature, from, limit))
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(read_head(&mut self.conn))
    }

    fn transfers(&mut self, from: Seq, to: Seq) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
        Box::pin(read_transfers(&mut self.conn, from, to))
    }
}

impl Journal for SqliteJournal {
    fn append<'a>(&'a mut self, batch: &'a [Entry]) -> Task<'a, Result<(), AppendError>> {
        Box::pin(self.write(batch))
    }

    fn tidy(&mut self, moment: Moment) -> Task<'_, ()> {
        Box::pin(self.wal.tidy(&mut self.conn, moment))
    }

    fn took(&self) -> Took {
        self.took
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Moves the whole log into the main file, so that the file alone is the journal.
    fn close(self: Box<Self>) -> Task<'static, Result<(), StoreError>> {
        Box::pin(async move {
            let SqliteJournal { mut conn, wal, .. } = *self;
            wal.stop();
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await.map_err(store_error)?;
            conn.close().await.map_err(store_error)
        })
    }
}

impl SqliteReader {
    /// Opens an existing journal for reading only.
    async fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            let path = path.display().to_string();
            let words = format!("{path} is not a file");
            return Err(StoreError::of(StoreFault::NotAFile { path }, words));
        }
        let mut conn = options(path).read_only(true).connect().await.map_err(store_error)?;
        let columns = Columns::of(&mut conn).await?;
        Ok(SqliteReader { conn, columns })
    }
}

impl Reader for SqliteReader {
    fn scan(&mut self, from: Seq, limit: usize) -> Task<'_, Result<Vec<Entry>, StoreError>> {
        Box::pin(scan(&mut self.conn, self.columns, from, limit))
    }

    fn head(&mut self) -> Task<'_, Result<Head, StoreError>> {
        Box::pin(read_head(&mut self.conn))
    }

    fn transfers(&mut self, from: Seq, to: Seq) -> Task<'_, Result<Option<Vec<TransferRow>>, StoreError>> {
        Box::pin(read_transfers(&mut self.conn, from, to))
    }

    fn guards(&mut self) -> Task<'_, Result<Vec<String>, StoreError>> {
        Box::pin(guards::missing(&mut self.conn))
    }
}

async fn read_transfers(
    conn: &mut SqliteConnection,
    from: Seq,
    to: Seq,
) -> Result<Option<Vec<TransferRow>>, StoreError> {
    let sql = "SELECT seq, leg, kind, debit, credit, amount FROM transfers WHERE seq BETWEEN ? AND ? ORDER BY seq, leg";
    let rows = sqlx::query(sql).bind(signed(from)).bind(signed(to)).fetch_all(conn).await.map_err(store_error)?;
    let row = |row: &SqliteRow| {
        let mut out = [0; 6];
        for (i, slot) in out.iter_mut().enumerate() {
            *slot = row.try_get(i).map_err(store_error)?;
        }
        Ok(out)
    };
    rows.iter().map(row).collect::<Result<_, _>>().map(Some)
}

async fn scan(
    conn: &mut SqliteConnection,
    columns: Columns,
    from: Seq,
    limit: usize,
) -> Result<Vec<Entry>, StoreError> {
    let sql = match columns {
        Columns::WithSignature => {
            "SELECT seq, at, day, kind, body, hash, signature FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?"
        }
        Columns::WithoutSignature => {
            "SELECT seq, at, day, kind, body, hash, NULL FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?"
        }
    };
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
    let wrong = |what: &str| StoreError::new(format!("record {seq}: {what}"));
    let hash: &[u8] = row.try_get(5).map_err(store_error)?;
    let body: &[u8] = row.try_get(4).map_err(store_error)?;
    Ok(Entry {
        seq,
        at: Millis(int(1)?),
        day: BusinessDay(i32::try_from(int(2)?).map_err(|_| wrong("day out of range"))?),
        kind: u8::try_from(int(3)?).map_err(|_| wrong("kind out of range"))?,
        body: body.to_vec(),
        hash: hash.try_into().map_err(|_| wrong("hash is not 32 bytes"))?,
        signature: match row.try_get::<Option<&[u8]>, _>(6).map_err(store_error)? {
            Some(stored) => Some(Signature::read(stored).ok_or_else(|| wrong("signature is not 65 bytes"))?),
            None => None,
        },
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
        hash: hash.try_into().map_err(|_| StoreError::new("the last hash is not 32 bytes"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_can_lose_commits_is_refused() {
        for old in ["3.51.2", "3.46.0", "2.99.99", "3.7", "", "new"] {
            let error = trusted(old).unwrap_err().to_string();
            assert!(error.contains(old) && error.contains("3.51.3"), "{error}");
        }
        for good in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            trusted(good).unwrap();
        }
    }

    /// `fsync` also waits for the file's times; with this setting of the build SQLite does not.
    #[test]
    fn sqlite_is_built_to_sync_data_only() {
        let flags = option_env!("LIBSQLITE3_FLAGS").unwrap_or_default();
        assert!(flags.contains("HAVE_FDATASYNC"), "LIBSQLITE3_FLAGS is {flags:?}; .cargo/config.toml sets it");
    }

    #[tokio::test]
    async fn the_library_that_is_built_in_is_good() {
        let dir = tempfile::tempdir().unwrap();
        let mut conn = options(&dir.path().join("x.db")).create_if_missing(true).connect().await.unwrap();
        check_version(&mut conn).await.unwrap();
    }
}
