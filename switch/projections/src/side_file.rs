//! A file beside the journal that holds a fold of it, kept in step. It decides nothing: it is made anew from the journal at any time,
//! and is when it does not belong to it or is of another version.

use crate::values::signed;
use anyhow::Context as _;
use kazasu_ledger::{Body, record};
use kazasu_store::{Reader, Store};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// Records read at one time.
const PAGE: usize = 20_000;
/// Pages that are written together while the file is far behind: rows that lie together are cheaper each.
const PAGES: usize = 8;
/// Records read in one turn while taps go on.
const TURN: usize = 5_000;
/// How often the file is brought in step while no question comes.
const PAUSE: Duration = Duration::from_millis(500);

/// What a file holds, and how records change it.
pub(crate) trait SideFold: Sized + Send + 'static {
    /// Its name, for the log.
    const NAME: &'static str;
    /// Raised whenever the tables or their meaning change; a file of another version is made anew.
    const VERSION: i64;
    /// The statements of SQL that make its tables. `position` is made beside them.
    const TABLES: &'static str;
    /// The kind of the task that keeps it.
    const TASK: kazasu_engine::tasks::Kind;
    /// What it takes to fold, besides records.
    type With: Clone + Send + Sync + 'static;
    /// What some records change in the tables.
    type Changes: Default + Send;

    /// The fold before the first record.
    fn empty(with: &Self::With) -> Self;
    /// The fold after the file's last record.
    fn read(with: &Self::With, conn: &mut SqliteConnection) -> impl Future<Output = anyhow::Result<Self>> + Send;
    /// Takes the next record in.
    fn record(&mut self, place: record::Place, body: &Body, changes: &mut Self::Changes);
    /// Writes what changed, within a transaction of the caller's.
    fn write(
        &mut self,
        conn: &mut SqliteConnection,
        changes: Self::Changes,
    ) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// The last record that a file holds: its number, and its hash.
type Position = (u64, [u8; 32]);

/// A file, open.
pub(crate) struct SideFile<F: SideFold> {
    pub(crate) conn: SqliteConnection,
    pub(crate) fold: F,
    with: F::With,
    at: Position,
    /// Reads the journal; another one is opened with the file when something went wrong.
    pub(crate) reader: Box<dyn Reader>,
}

impl<F: SideFold> SideFile<F> {
    async fn open(path: &Path, with: F::With, reader: Box<dyn Reader>) -> anyhow::Result<Self> {
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
        let (conn, fold) = (options.connect().await?, F::empty(&with));
        let mut file = SideFile { conn, fold, with, at: (0, [0; 32]), reader };
        file.load().await?;
        Ok(file)
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
            let is_ours = if seq == 0 {
                true
            } else {
                self.reader.scan(seq, 1).await?.first().is_some_and(|e| e.seq == seq && e.hash[..] == hash[..])
            };
            if version == F::VERSION && is_ours {
                self.at = (seq, hash.try_into().ok().context("a hash has 32 bytes")?);
                self.fold = F::read(&self.with, &mut self.conn).await?;
                return Ok(());
            }
            tracing::warn!(seq, file = F::NAME, "a file beside the journal does not belong to it; it is made anew");
        }
        self.make().await
    }

    /// An empty file.
    async fn make(&mut self) -> anyhow::Result<()> {
        let mut whole = self.conn.begin_with("BEGIN IMMEDIATE").await?;
        let there: Vec<String> =
            sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                .fetch_all(&mut *whole)
                .await?;
        for table in there {
            sqlx::query(sqlx::AssertSqlSafe(format!("DROP TABLE {table}"))).execute(&mut *whole).await?;
        }
        sqlx::raw_sql(
            "CREATE TABLE position (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, seq INTEGER NOT NULL,
                hash BLOB NOT NULL)",
        )
        .execute(&mut *whole)
        .await?;
        sqlx::raw_sql(F::TABLES).execute(&mut *whole).await?;
        sqlx::query("INSERT INTO position VALUES (1, ?, 0, ?)")
            .bind(F::VERSION)
            .bind(&[0_u8; 32][..])
            .execute(&mut *whole)
            .await?;
        whole.commit().await?;
        (self.fold, self.at) = (F::empty(&self.with), (0, [0; 32]));
        Ok(())
    }

    /// Reads on, at most `most` records.
    async fn follow(&mut self, most: usize) -> anyhow::Result<()> {
        let mut left = most;
        loop {
            let mut changes = F::Changes::default();
            let mut end = false;
            let before = self.at;
            for _ in 0..PAGES {
                let size = PAGE.min(left);
                let page = self.reader.scan(self.at.0 + 1, size).await?;
                left -= page.len();
                end = page.len() < size;
                for entry in &page {
                    let body = Body::read(&entry.body).with_context(|| format!("record {}", entry.seq))?;
                    let place = record::Place { seq: entry.seq, at: entry.at, day: entry.day };
                    self.fold.record(place, &body, &mut changes);
                    self.at = (entry.seq, entry.hash);
                }
                if end || left == 0 {
                    break;
                }
                tokio::task::yield_now().await;
            }
            if self.at.0 != before.0 && !self.write(changes, before).await? {
                // Another process was faster: what it wrote is where this one goes on.
                self.load().await?;
                continue;
            }
            if end || left == 0 {
                return Ok(());
            }
        }
    }

    /// Writes what changed in one transaction; false, and nothing is written, when the file is not where it was.
    async fn write(&mut self, changes: F::Changes, before: Position) -> anyhow::Result<bool> {
        let mut whole = self.conn.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT seq, hash FROM position").fetch_one(&mut *whole).await?;
        let (seq, hash): (i64, Vec<u8>) = (row.try_get(0)?, row.try_get(1)?);
        if seq != signed(before.0) || hash != before.1 {
            whole.rollback().await?;
            return Ok(false);
        }
        self.fold.write(&mut whole, changes).await?;
        sqlx::query("UPDATE position SET seq = ?, hash = ?")
            .bind(signed(self.at.0))
            .bind(&self.at.1[..])
            .execute(&mut *whole)
            .await?;
        whole.commit().await?;
        Ok(true)
    }
}

/// What a question of a file gives.
pub(crate) type Answered<'a, T> = Pin<Box<dyn Future<Output = anyhow::Result<T>> + Send + 'a>>;

/// A file of a journal: opened with the first question, and shared by all.
pub(crate) struct SideBook<F: SideFold> {
    store: Arc<dyn Store>,
    path: PathBuf,
    with: F::With,
    open: Arc<Mutex<Option<SideFile<F>>>>,
}

impl<F: SideFold> Clone for SideBook<F> {
    fn clone(&self) -> Self {
        let SideBook { store, path, with, open } = self;
        SideBook { store: store.clone(), path: path.clone(), with: with.clone(), open: open.clone() }
    }
}

impl<F: SideFold> SideBook<F> {
    /// The file at `path`. Nothing is opened yet.
    pub(crate) fn new(store: Arc<dyn Store>, path: PathBuf, with: F::With) -> Self {
        SideBook { store, path, with, open: Arc::default() }
    }

    /// Asks the file, read on to the journal's last record. Reading on takes the processor's time: on a thread of its own, no tap waits
    /// behind it.
    pub(crate) async fn ask<T, Q>(&self, question: Q) -> anyhow::Result<T>
    where
        T: Send + 'static,
        Q: for<'a> FnOnce(&'a mut SideFile<F>) -> Answered<'a, T> + Send + 'static,
    {
        let book = self.clone();
        kazasu_engine::tasks::run_blocking(async move {
            let mut there = book.open.lock().await;
            let mut open = book.taken(&mut there).await?;
            open.follow(usize::MAX).await?;
            let answer = question(&mut open).await?;
            *there = Some(open);
            Ok(answer)
        })
        .await?
    }

    /// Put back only when all went well: what failed half-way is opened again.
    async fn taken(&self, there: &mut Option<SideFile<F>>) -> anyhow::Result<SideFile<F>> {
        match there.take() {
            Some(open) => Ok(open),
            None => SideFile::open(&self.path, self.with.clone(), self.store.reader().await?).await,
        }
    }

    /// Keeps the file in step until the signal: some records a turn, so that taps do not notice.
    pub(crate) async fn keep(self, mut stop: watch::Receiver<bool>) {
        let mut failed = false;
        loop {
            kazasu_engine::tasks::fault(F::TASK);
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
            let book = self.clone();
            // A turn that panics ends the task, which is counted and started again.
            let turn = kazasu_engine::tasks::run_blocking(async move { book.turn().await }).await;
            match turn.unwrap_or_else(|error| panic!("{error}")) {
                Ok(()) => failed = false,
                // It is tried again, and a question that is asked says what is wrong.
                Err(error) if !failed => {
                    failed = true;
                    tracing::warn!(%error, path = %self.path.display(), file = F::NAME, "a file beside the journal is behind");
                }
                Err(_) => {}
            }
        }
    }

    async fn turn(&self) -> anyhow::Result<()> {
        let mut there = self.open.lock().await;
        let mut open = self.taken(&mut there).await?;
        open.follow(TURN).await?;
        *there = Some(open);
        Ok(())
    }
}

/// It says who bought what where: only its owner reads it.
fn create_private(path: &Path) -> anyhow::Result<()> {
    if let Some(dir) = path.parent() {
        kazasu_security::files::private_folder(dir)?;
    }
    kazasu_security::files::open_private(path).map(drop)
}
