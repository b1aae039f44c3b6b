//! Keeping SQLite's write-ahead log short.
//!
//! A thread with a connection of its own moves the log into the main file while commits go on, a little at a time, and waits until
//! the main file is on the disk. Because commits add to the log meanwhile, such a pass never reaches its end, and SQLite makes
//! what it moved durable only then: the thread does it instead, or the writer would wait for all of it at once. The writer moves
//! the little that is left, so that the log can begin again from its start. It does so after answers have left, and when no batch waits, or when the log has become long; how much is
//! left is known from what was written since the last pass began. The log is bounded: at [`LONGEST`] the writer waits for the
//! pass that runs.

use super::connect::{options, store_error};
use crate::journal::{Moment, StoreError};
use kazasu_ledger::Entry;
use sqlx::sqlite::SqliteSynchronous;
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection};
use std::collections::{BTreeMap, btree_map};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Bytes of log after which a pass begins.
const PASS: u64 = 4 * 1024 * 1024;
/// The writer moves at once what a pass leaves, up to this many bytes, even if a batch waits.
const LITTLE: u64 = 4 * 1024 * 1024;
/// The log is made to begin again from here on when no batch waits; at twice the length even if one does. Each time costs the
/// next batch some milliseconds, so it must be rare; but while the file still grows, each commit waits for its length as well.
const LONG: u64 = 32 * 1024 * 1024;
/// The log becomes no longer than this, as far as readers allow it.
const LONGEST: u64 = 256 * 1024 * 1024;
/// The log's file is made this long in advance: while a file grows, each commit waits for its length too, and so for all that
/// else the file system has to write before it.
const AHEAD: u64 = LONG;
/// A page in the log, with its header.
const PAGE: u64 = 4_096 + 24;
/// Pages that each commit writes again: the last leaves of two trees, and now and then one above them.
const AGAIN: u64 = 3;
/// Bytes that a row takes beyond its body, and bytes that a transfer takes.
const ROW: usize = 64;
const TRANSFER: usize = 40;
/// The time that the writer waits for a pass when the log is at its longest, before it goes on all the same.
const PATIENCE: Duration = Duration::from_secs(5);

static ENDED: AtomicU64 = AtomicU64::new(0);
static DOWN: AtomicBool = AtomicBool::new(false);
#[cfg(debug_assertions)]
static BREAK: AtomicBool = AtomicBool::new(false);

/// The number of times the thread that moves the write-ahead log has ended unasked. It goes on, or is started again.
#[must_use]
pub fn mover_ended() -> u64 {
    ENDED.load(Ordering::Relaxed)
}

/// False while the thread that moves the write-ahead log cannot be started; the writer moves the log meanwhile.
#[must_use]
pub fn mover_runs() -> bool {
    !DOWN.load(Ordering::Relaxed)
}

/// Breaks the thread that moves the write-ahead log at its next pass, for a test. Builds without debug assertions do not have it.
#[cfg(debug_assertions)]
pub fn break_mover() {
    BREAK.store(true, Ordering::Relaxed);
}

/// The content of the log, and the thread that moves it.
pub(super) struct Wal {
    path: PathBuf,
    checkpointer: Checkpointer,
    /// A pass is under way.
    passing: bool,
    /// Bytes in the log since it began from its start.
    log: u64,
    /// Bytes that came in since the last pass began.
    since_pass: u64,
    /// The writer moves what is left from this length on. It rises when a reader holds the log back.
    begin_again_at: u64,
}

/// The next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    Pass,
    Wait,
    MoveTheRest,
}

impl Wal {
    pub(super) fn start(path: &Path) -> Result<Wal, StoreError> {
        let checkpointer = Checkpointer::start(path)?;
        // What an earlier process left in the log was read when the journal was opened, and is moved with the rest.
        let log = std::fs::metadata(log_file(path)).map_or(0, |file| file.len());
        if let Err(error) = lengthen(&log_file(path), AHEAD) {
            // A disk that is nearly full, for instance: it works as well, a little slower.
            tracing::debug!(%error, "the write-ahead log's file was not made longer in advance");
        }
        Ok(Wal { path: path.to_owned(), checkpointer, passing: false, log, since_pass: log, begin_again_at: 0 })
    }

    /// A batch is in the log.
    pub(super) fn wrote(&mut self, batch: &[Entry]) {
        let bytes: usize = batch.iter().map(|e| e.body.len() + ROW + e.transfers.len() * TRANSFER).sum();
        let pages = u64::try_from(bytes).unwrap_or(u64::MAX / 2) / 4_096 + AGAIN;
        self.log += pages * PAGE;
        self.since_pass += pages * PAGE;
    }

    fn step(&self, moment: Moment) -> Step {
        let too_long = self.log >= LONGEST && self.log >= self.begin_again_at;
        if self.passing {
            return if too_long { Step::Wait } else { Step::Nothing };
        }
        let little = self.since_pass <= LITTLE;
        let wanted = match moment {
            Moment::Idle => LONG,
            Moment::Busy => LONG * 2,
        };
        if self.log >= wanted.max(self.begin_again_at) && (little || too_long) {
            return Step::MoveTheRest;
        }
        if self.since_pass >= PASS || (self.log >= LONG && !little && self.log >= self.begin_again_at) {
            return Step::Pass;
        }
        Step::Nothing
    }

    /// Does the next step, if one is due. What fails is logged and done again later: the log only grows until then.
    pub(super) async fn tidy(&mut self, conn: &mut SqliteConnection, moment: Moment) {
        self.look();
        match self.step(moment) {
            Step::Nothing => {}
            Step::Pass => {
                self.passing = self.checkpointer.request();
                if self.passing {
                    self.since_pass = 0;
                } else {
                    self.restart();
                }
            }
            Step::Wait => {
                let news = self.checkpointer.wait();
                self.hear(news);
            }
            Step::MoveTheRest => self.move_the_rest(conn).await,
        }
    }

    /// A message of the thread.
    fn look(&mut self) {
        if self.passing {
            let news = self.checkpointer.news_now();
            self.hear(news);
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Nothing => {}
            News::Passed(Passed::Done) => self.passing = false,
            News::Passed(Passed::Failed) => {
                self.passing = false;
                // Not at once again: what is wrong with the disk may last.
                self.since_pass = 0;
                self.begin_again_at = self.log + PASS;
            }
            News::Ended => self.restart(),
        }
    }

    fn restart(&mut self) {
        ENDED.fetch_add(1, Ordering::Relaxed);
        tracing::error!("the thread that moves the write-ahead log has ended; starting it again");
        self.passing = false;
        self.since_pass = 0;
        match Checkpointer::start(&self.path) {
            Ok(checkpointer) => self.checkpointer = checkpointer,
            Err(error) => tracing::error!(%error, "the write-ahead log is moved by the writer alone"),
        }
    }

    async fn move_the_rest(&mut self, conn: &mut SqliteConnection) {
        let left = match pass(conn).await {
            Ok(left) => left,
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log could not be moved");
                None
            }
        };
        if left == Some(0) {
            (self.log, self.since_pass, self.begin_again_at) = (0, 0, 0);
        } else {
            // A reader needs it as it is, or the disk takes nothing: later.
            self.since_pass = 0;
            self.begin_again_at = self.log + PASS;
        }
    }

    /// Ends the thread after what it is doing.
    pub(super) fn stop(self) {
        self.checkpointer.stop();
    }
}

/// Makes a file longer with zeros, which SQLite takes for frames that are not valid, as it does with old ones behind the newest.
/// Called while no writer uses it. When it fails, the file is as it was.
fn lengthen(path: &Path, to: u64) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    const PIECE: u64 = 1024 * 1024;
    let file = std::fs::OpenOptions::new().write(true).open(path)?;
    let before = file.metadata()?.len();
    let zeros = vec![0; 1024 * 1024];
    let write = || {
        let mut at = before;
        while at < to {
            file.write_all_at(&zeros, at)?;
            at += PIECE;
        }
        file.sync_all()
    };
    if before >= to {
        return Ok(());
    }
    write().inspect_err(|_| {
        // What remains of the attempt is only room that others may need more.
        let _ = file.set_len(before);
    })
}

/// The main file, for making durable what was moved into it. It is opened once in a process and never closed: closing any
/// descriptor of a file ends all POSIX locks that the process has on it, and SQLite's are among them.
fn main_file(path: &Path) -> std::io::Result<Arc<File>> {
    use std::os::unix::fs::MetadataExt;
    static OPEN: Mutex<BTreeMap<(u64, u64), Arc<File>>> = Mutex::new(BTreeMap::new());
    let there = std::fs::metadata(path)?;
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    match open.entry((there.dev(), there.ino())) {
        btree_map::Entry::Occupied(file) => Ok(file.get().clone()),
        btree_map::Entry::Vacant(free) => Ok(free.insert(Arc::new(File::open(path)?)).clone()),
    }
}

fn log_file(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

/// Moves the pages that can be moved without waiting; returns the number of pages left, `None` when another connection
/// is moving them.
async fn pass(conn: &mut SqliteConnection) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(conn).await.map_err(store_error)?;
    let int = |i: usize| row.try_get::<i64, _>(i).map_err(store_error);
    let (busy, pages, moved) = (int(0)?, int(1)?, int(2)?);
    Ok((busy == 0).then_some(pages - moved))
}

/// The end of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passed {
    Done,
    Failed,
}

enum News {
    Nothing,
    Passed(Passed),
    Ended,
}

/// Moves the log into the main file on a thread and connection of its own.
struct Checkpointer {
    requests: SyncSender<()>,
    news: Receiver<Passed>,
    thread: JoinHandle<()>,
}

impl Checkpointer {
    fn start(path: &Path) -> Result<Self, StoreError> {
        let (requests, wanted) = sync_channel(1);
        let (done, news) = sync_channel(1);
        let path = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("kazasu-wal".into())
            .spawn(move || Self::watched(&done, || Self::run(&path, &wanted, &done)));
        DOWN.store(thread.is_err(), Ordering::Relaxed);
        let thread = thread.map_err(|e| StoreError::new(e.to_string()))?;
        Ok(Checkpointer { requests, news, thread })
    }

    /// Runs what moves the log, and runs it again when it panics. A panic costs the pass: the writer hears that it failed, and
    /// asks again later.
    fn watched(done: &SyncSender<Passed>, mut run: impl FnMut()) {
        while catch_unwind(AssertUnwindSafe(&mut run)).is_err() {
            ENDED.fetch_add(1, Ordering::Relaxed);
            tracing::error!("the thread that moves the write-ahead log broke off; it goes on");
            if done.send(Passed::Failed).is_err() {
                break;
            }
        }
    }

    fn run(path: &Path, wanted: &Receiver<()>, done: &SyncSender<Passed>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => runtime,
            Err(error) => return tracing::error!(%error, "no runtime for moving the write-ahead log"),
        };
        let mut conn = None;
        while wanted.recv().is_ok() {
            #[cfg(debug_assertions)]
            assert!(!BREAK.swap(false, Ordering::Relaxed), "wal breaks off, for a test");
            let passed = runtime.block_on(Self::once(path, &mut conn));
            let passed = match passed {
                Ok(()) => Passed::Done,
                Err(error) => {
                    tracing::warn!(%error, "the write-ahead log could not be moved; it is tried again later");
                    conn = None;
                    Passed::Failed
                }
            };
            if done.send(passed).is_err() {
                break;
            }
        }
        if let Some(conn) = conn
            && let Err(error) = runtime.block_on(conn.close())
        {
            tracing::warn!(%error, "a connection to the journal was not closed in good order");
        }
    }

    async fn once(path: &Path, conn: &mut Option<SqliteConnection>) -> Result<(), StoreError> {
        let open = match conn.take() {
            Some(open) => open,
            None => options(path).synchronous(SqliteSynchronous::Full).connect().await.map_err(store_error)?,
        };
        pass(conn.insert(open)).await?;
        main_file(path).and_then(|file| file.sync_data()).map_err(|e| StoreError::new(e.to_string()))
    }

    /// False when the thread is gone.
    fn request(&self) -> bool {
        !self.thread.is_finished() && self.requests.try_send(()).is_ok()
    }

    fn news_now(&self) -> News {
        match self.news.try_recv() {
            Ok(passed) => News::Passed(passed),
            Err(TryRecvError::Empty) => News::Nothing,
            Err(TryRecvError::Disconnected) => News::Ended,
        }
    }

    /// Waits for the pass that runs.
    fn wait(&self) -> News {
        match self.news.recv_timeout(PATIENCE) {
            Ok(passed) => News::Passed(passed),
            Err(RecvTimeoutError::Timeout) => News::Nothing,
            Err(RecvTimeoutError::Disconnected) => News::Ended,
        }
    }

    fn stop(self) {
        drop(self.requests);
        drop(self.news);
        if self.thread.join().is_err() {
            tracing::error!("the thread that moves the write-ahead log panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Claim, Journal, Node, Store};
    use crate::sqlite::SqliteStore;
    use kazasu_ledger::chain::GENESIS;
    use kazasu_schemas::jst::{BusinessDay, Millis};

    /// About a mebibyte of log.
    fn batch(first: u64) -> Vec<Entry> {
        let entry = |seq| Entry {
            seq,
            at: Millis(0),
            day: BusinessDay(0),
            kind: 0,
            body: vec![7; 4_000],
            hash: GENESIS,
            signature: None,
            transfers: Default::default(),
        };
        (first..first + 256).map(entry).collect()
    }

    async fn open(path: &Path) -> Box<dyn Journal> {
        let claim = Claim { node: Node::alone(), expected: None };
        SqliteStore::new(path).lead(claim).await.unwrap()
    }

    #[tokio::test]
    async fn the_log_stays_short_while_batches_always_wait() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let mut journal = open(&path).await;
        let mut longest = 0;
        for n in 0..320 {
            journal.append(&batch(n * 256 + 1)).await.unwrap();
            let took = journal.took();
            assert!(took.write.is_some() && took.sync.is_some());
            journal.tidy(Moment::Busy).await;
            longest = longest.max(std::fs::metadata(log_file(&path)).unwrap().len());
        }
        // How soon the thread is done is the disk's business; the bound is not.
        assert!(longest < LONGEST + 16 * 1024 * 1024, "the log was {longest} bytes long");
        journal.close().await.unwrap();
        assert_eq!(std::fs::metadata(log_file(&path)).map_or(0, |file| file.len()), 0);
    }

    #[tokio::test]
    async fn a_reader_that_holds_the_log_back_loses_nothing_and_is_followed_by_a_short_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let mut journal = open(&path).await;
        journal.append(&batch(1)).await.unwrap();
        let mut reader = options(&path).read_only(true).connect().await.unwrap();
        sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
        sqlx::query("SELECT count(*) FROM journal").fetch_one(&mut reader).await.unwrap();
        for n in 1..40 {
            journal.append(&batch(n * 256 + 1)).await.unwrap();
            journal.tidy(Moment::Idle).await;
        }
        let held = std::fs::metadata(log_file(&path)).unwrap().len();
        assert!(held > 30 * 1024 * 1024, "{held}");
        sqlx::query("ROLLBACK").execute(&mut reader).await.unwrap();
        for n in 40..80 {
            journal.append(&batch(n * 256 + 1)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
            journal.tidy(Moment::Idle).await;
        }
        let row = sqlx::query("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut reader).await.unwrap();
        let pages = row.try_get::<i64, _>(1).unwrap();
        assert!(pages * 4_120 < 60 * 1024 * 1024, "the log did not begin again: {pages} pages");
        assert_eq!(journal.head().await.unwrap().seq, 80 * 256);
        reader.close().await.unwrap();
        journal.close().await.unwrap();
    }

    /// A journal whose process was killed: the zeros behind its newest commit are no commits.
    #[tokio::test]
    async fn what_was_made_longer_in_advance_is_read_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let mut journal = open(&path).await;
        assert!(std::fs::metadata(log_file(&path)).unwrap().len() >= AHEAD);
        journal.append(&batch(1)).await.unwrap();
        let copy = dir.path().join("copy.db");
        std::fs::copy(&path, &copy).unwrap();
        std::fs::copy(log_file(&path), log_file(&copy)).unwrap();
        let mut again = open(&copy).await;
        assert_eq!(again.head().await.unwrap().seq, 256);
        again.append(&batch(257)).await.unwrap();
        again.close().await.unwrap();
        assert_eq!(SqliteStore::new(&copy).reader().await.unwrap().head().await.unwrap().seq, 512);
        journal.close().await.unwrap();
    }

    #[test]
    fn a_file_is_made_longer_with_zeros_behind_what_it_has() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x-wal");
        std::fs::write(&path, b"frames").unwrap();
        lengthen(&path, 3_000_000).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        assert!(bytes.len() >= 3_000_000 && bytes.starts_with(b"frames") && bytes[6..].iter().all(|b| *b == 0));
        lengthen(&path, 1_000).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), u64::try_from(bytes.len()).unwrap());
    }

    /// SQLite's locks would go with a descriptor that is closed, and another process that ends could then take the log away.
    #[test]
    fn the_main_file_is_opened_once_and_stays_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        std::fs::write(&path, b"x").unwrap();
        let first = main_file(&path).unwrap();
        let again = main_file(&dir.path().join(".").join("journal.db")).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        drop(again);
        let kept = Arc::downgrade(&first);
        drop(first);
        assert!(kept.upgrade().is_some(), "closed with its last user");
        assert!(main_file(&dir.path().join("none.db")).is_err());
    }

    #[tokio::test]
    async fn a_thread_that_has_ended_is_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.db");
        let mut conn = options(&path).create_if_missing(true).connect().await.unwrap();
        let mut wal = Wal::start(&path).unwrap();
        // As if it had panicked.
        let (requests, _) = sync_channel(1);
        let (_, news) = sync_channel(1);
        let thread = std::thread::spawn(|| {});
        while !thread.is_finished() {}
        wal.checkpointer = Checkpointer { requests, news, thread };
        wal.since_pass = PASS;
        wal.tidy(&mut conn, Moment::Idle).await;
        assert!(!wal.passing && !wal.checkpointer.thread.is_finished());
        wal.since_pass = PASS;
        wal.tidy(&mut conn, Moment::Idle).await;
        assert!(wal.passing);
        wal.stop();
    }

    #[test]
    fn a_pass_that_panics_is_counted_and_the_thread_goes_on() {
        let (requests, wanted) = sync_channel(1);
        let (done, news) = sync_channel(1);
        let mut passes = 0;
        let thread = std::thread::spawn(move || {
            Checkpointer::watched(&done, || {
                while wanted.recv().is_ok() {
                    passes += 1;
                    assert!(passes != 2, "a bad pass");
                    done.send(Passed::Done).unwrap();
                }
            });
        });
        let checkpointer = Checkpointer { requests, news, thread };
        let before = mover_ended();
        for expected in [Passed::Done, Passed::Failed, Passed::Done] {
            assert!(checkpointer.request());
            assert!(matches!(checkpointer.wait(), News::Passed(passed) if passed == expected), "{expected:?}");
        }
        // Other tests count as well.
        assert!(mover_ended() > before && mover_runs());
        checkpointer.stop();
    }

    #[test]
    fn the_writer_waits_for_nothing_but_a_log_at_its_longest() {
        let wal = |log, since_pass, passing| {
            let (requests, _) = sync_channel(1);
            let (_, news) = sync_channel(1);
            let checkpointer = Checkpointer { requests, news, thread: std::thread::spawn(|| {}) };
            Wal { path: PathBuf::new(), checkpointer, passing, log, since_pass, begin_again_at: 0 }
        };
        for (log, since, passing, idle, busy) in [
            (PASS - 1, PASS - 1, false, Step::Nothing, Step::Nothing),
            (PASS, PASS, false, Step::Pass, Step::Pass),
            (PASS, 0, true, Step::Nothing, Step::Nothing),
            // A pass has ended, and a little came in meanwhile.
            (PASS, LITTLE - 1, false, Step::Nothing, Step::Nothing),
            (LONG, LITTLE - 1, false, Step::MoveTheRest, Step::Nothing),
            (LONG * 2, LITTLE, false, Step::MoveTheRest, Step::MoveTheRest),
            (LONG, LITTLE + 1, false, Step::Pass, Step::Pass),
            (LONGEST, 0, true, Step::Wait, Step::Wait),
            (LONGEST, PASS, false, Step::MoveTheRest, Step::MoveTheRest),
        ] {
            let wal = wal(log, since, passing);
            assert_eq!((wal.step(Moment::Idle), wal.step(Moment::Busy)), (idle, busy), "{log} {since} {passing}");
        }
    }
}
