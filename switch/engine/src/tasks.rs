//! The watch over everything that runs as long as the switch does. A task that ends without having been asked to is started
//! again after a pause; as long as one is down that taps need, the switch says that it is not ready. Each end is counted.
//!
//! Threads that cannot be started again (the core, the writer) are only noted here: what their end means is decided in `engine`.

use hashbrown::HashMap;
use kazasu_schemas::backoff::Backoff;
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// A task that ran for so long begins again with the first pause.
const CALM: Duration = Duration::from_secs(60);
/// The pauses between a task's end and its next beginning.
const RESTARTS: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10)).calm(CALM);

/// Runs what takes the processor's time on a thread of its own, so that no tap waits behind it.
pub async fn run_blocking<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Handle::current();
    Ok(tokio::task::spawn_blocking(move || runtime.block_on(work)).await?)
}

/// The tasks that run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Accepts acquirers' connections, one a listener.
    Listener,
    /// One acquirer's connection; it ends with its connection.
    AcquirerConnection,
    /// Writes the answers of one acquirer's connection; it ends with its connection.
    AcquirerWriter,
    /// One issuer's connection.
    IssuerConnection,
    /// Accepts other nodes' connections.
    Peers,
    /// One other node's connection; it ends with its connection.
    PeerConnection,
    /// Passes questions on to the leader.
    Forward,
    /// The connection to the leader; it is made again.
    LeaderConnection,
    /// Watches who leads.
    Watch,
    /// Delivers notices.
    Outbox,
    /// One attempt to deliver a notice; the notice is tried again.
    Delivery,
    /// The HTTP server.
    Http,
    /// One HTTP connection with what its requests ask for; it ends with its connection.
    HttpConnection,
    /// Asks the core for the day's end, tells connections of it, publishes sizes.
    Tick,
    /// Keeps statements in step.
    Statements,
    /// Keeps the index of payments in step.
    Transactions,
    /// Signs checkpoints of the journal, or hands them on.
    Checkpoints,
    /// Keeps the metrics' memory small.
    Upkeep,
    /// Reads certificates again when their files change.
    Certificates,
    /// Looks for new versions of keys.
    Keys,
    /// Sends events to programs.
    Webhooks,
    /// Takes people and programs of a configuration over, and removes sign-ins that are over.
    Access,
    /// Seals and commits.
    Writer,
    /// Reads the journal while another node leads.
    Follower,
    /// Decides.
    Core,
    /// Moves SQLite's write-ahead log. The store starts it again.
    Wal,
    /// Writes log lines. It goes on by itself.
    Log,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 27] = [
        Kind::Listener,
        Kind::AcquirerConnection,
        Kind::AcquirerWriter,
        Kind::IssuerConnection,
        Kind::Peers,
        Kind::PeerConnection,
        Kind::Forward,
        Kind::LeaderConnection,
        Kind::Watch,
        Kind::Outbox,
        Kind::Delivery,
        Kind::Http,
        Kind::HttpConnection,
        Kind::Tick,
        Kind::Statements,
        Kind::Transactions,
        Kind::Checkpoints,
        Kind::Upkeep,
        Kind::Certificates,
        Kind::Keys,
        Kind::Webhooks,
        Kind::Access,
        Kind::Writer,
        Kind::Follower,
        Kind::Core,
        Kind::Wal,
        Kind::Log,
    ];

    /// Its name in metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Listener => "listener",
            Kind::AcquirerConnection => "acquirer_connection",
            Kind::AcquirerWriter => "acquirer_writer",
            Kind::IssuerConnection => "issuer_connection",
            Kind::Peers => "peers",
            Kind::PeerConnection => "peer_connection",
            Kind::Forward => "forward",
            Kind::LeaderConnection => "leader_connection",
            Kind::Watch => "watch",
            Kind::Outbox => "outbox",
            Kind::Delivery => "delivery",
            Kind::Http => "http",
            Kind::HttpConnection => "http_connection",
            Kind::Tick => "tick",
            Kind::Statements => "statements",
            Kind::Transactions => "transactions",
            Kind::Checkpoints => "checkpoints",
            Kind::Upkeep => "upkeep",
            Kind::Certificates => "certificates",
            Kind::Keys => "keys",
            Kind::Webhooks => "webhooks",
            Kind::Access => "access",
            Kind::Writer => "writer",
            Kind::Follower => "follower",
            Kind::Core => "core",
            Kind::Wal => "wal",
            Kind::Log => "log",
        }
    }

    /// Are there several of its kind, told apart by names?
    fn has_several(self) -> bool {
        matches!(self, Kind::Listener | Kind::IssuerConnection | Kind::Outbox | Kind::Checkpoints)
    }

    /// Are taps answered wrongly, or not at all, while it is down?
    fn is_needed_by_taps(self) -> bool {
        match self {
            Kind::Listener
            | Kind::IssuerConnection
            | Kind::Peers
            | Kind::Forward
            | Kind::Watch
            | Kind::Tick
            | Kind::Writer
            | Kind::Follower
            | Kind::Core => true,
            // A connection's task ends with its connection, and its peer connects again.
            Kind::AcquirerConnection | Kind::AcquirerWriter | Kind::PeerConnection | Kind::HttpConnection => false,
            // Its end is news for the task that passes questions on, which makes it again.
            Kind::LeaderConnection => false,
            Kind::Outbox | Kind::Delivery | Kind::Http | Kind::Statements | Kind::Transactions | Kind::Upkeep => false,
            // Taps are answered; what is not signed for a while is told by a metric.
            Kind::Checkpoints => false,
            // Those in force stay in force.
            Kind::Certificates | Kind::Keys => false,
            Kind::Access | Kind::Webhooks => false,
            // While it is down the writer moves the log.
            Kind::Wal => false,
            // Lines without a thread are dropped and counted.
            Kind::Log => false,
        }
    }
}

/// Every task by kind and by which of its kind, with the reason where it is down. Clones are the same watch.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Mutex<All>>);

type All = HashMap<(Kind, String), Option<String>>;

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.all().keys()).finish()
    }
}

impl Tasks {
    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reason why the switch is not ready, when a task that taps need is down.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let all = self.all();
        let down = all.iter().filter(|((kind, _), _)| kind.is_needed_by_taps());
        let mut down = down.filter_map(|((kind, which), down)| Some((kind.name(), which, down.as_ref()?)));
        down.next().map(|(kind, which, down)| {
            let space = if which.is_empty() { "" } else { " " };
            format!("the task {kind}{space}{which} has ended: {}", down)
        })
    }

    /// A task runs (again).
    pub fn runs(&self, kind: Kind, which: &str) {
        self.all().insert((kind, which.to_owned()), None);
        not_down(kind, which);
    }

    /// A task has ended without having been asked to.
    pub fn ended(&self, kind: Kind, which: &str, why: String) {
        tracing::error!(task = kind.name(), which, %why, "a task has ended");
        ended_counter(kind, which).increment(1);
        up_gauge(kind, which).set(0.0);
        self.all().insert((kind, which.to_owned()), Some(why));
    }

    /// A task has ended because it was to: nothing is said of it any more.
    pub fn is_over(&self, kind: Kind, which: &str) {
        self.all().remove(&(kind, which.to_owned()));
        up_gauge(kind, which).set(1.0);
    }

    /// Runs what `make` makes on the current runtime, and makes it again whenever it panics or gives an error. `Ok` means that
    /// it was asked to end.
    pub fn keep<F, T>(&self, kind: Kind, which: &str, mut make: F) -> JoinHandle<()>
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = Result<(), String>> + Send + 'static,
    {
        let (tasks, which) = (self.clone(), which.to_owned());
        tasks.runs(kind, &which);
        tokio::spawn(async move {
            let mut pauses = RESTARTS;
            loop {
                let begin = Instant::now();
                let why = match unwound(async { make().await }).await {
                    Ok(Ok(())) => return tasks.is_over(kind, &which),
                    Ok(Err(why)) => why,
                    Err(panic) => panic,
                };
                tasks.ended(kind, &which, why);
                tokio::time::sleep(pauses.failed_after(begin.elapsed())).await;
                tasks.runs(kind, &which);
                tracing::info!(task = kind.name(), %which, "the task runs again");
            }
        })
    }

    /// Runs the task of one connection. Should it panic, it gives `None`: its connection is over and the rest goes on.
    pub async fn once<T>(&self, kind: Kind, task: impl Future<Output = T>) -> Option<T> {
        unwound(task).await.inspect_err(|why| broke_off(kind, why)).ok()
    }
}

/// Counts a task that panicked and is not started again, because it ends with its connection or its request.
pub fn broke_off(kind: Kind, why: &str) {
    tracing::error!(task = kind.name(), %why, "a task has broken off");
    ended_counter(kind, "").increment(1);
}

/// Runs a future to its end, or to its panic, whose message it gives.
pub async fn unwound<T>(task: impl Future<Output = T>) -> Result<T, String> {
    use futures_util::FutureExt;
    AssertUnwindSafe(task).catch_unwind().await.map_err(|panic| words(panic.as_ref()))
}

/// Runs work on this thread. Should it panic, that is counted and gives `None`.
pub fn at_once<T>(kind: Kind, work: impl FnOnce() -> T) -> Option<T> {
    let done = std::panic::catch_unwind(AssertUnwindSafe(work));
    done.inspect_err(|panic| broke_off(kind, &words(panic.as_ref()))).ok()
}

/// The text of a panic.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("it panicked: {}", text.unwrap_or_else(|| "without words".into()))
}

/// Nothing has ended yet.
pub fn publish_from_the_start() {
    Kind::ALL.into_iter().filter(|kind| !kind.has_several()).for_each(|kind| not_down(kind, ""));
}

/// Makes the series of a task that runs, or that is known and not wanted yet.
pub fn not_down(kind: Kind, which: &str) {
    ended_counter(kind, which).increment(0);
    up_gauge(kind, which).set(1.0);
}

/// The report of another crate on a thread that it watches itself.
#[derive(Clone, Copy, Debug)]
pub struct OfThread {
    /// The number of times it has ended.
    pub ended: u64,
    /// Whether it runs.
    pub runs: bool,
}

/// Publishes what another crate says of a thread.
pub fn publish(kind: Kind, thread: OfThread) {
    ended_counter(kind, "").absolute(thread.ended);
    up_gauge(kind, "").set(if thread.runs { 1.0 } else { 0.0 });
}

fn ended_counter(kind: Kind, which: &str) -> metrics::Counter {
    metrics::counter!("kazasu_task_ended_total", "task" => kind.name(), "which" => which.to_owned())
}

fn up_gauge(kind: Kind, which: &str) -> metrics::Gauge {
    metrics::gauge!("kazasu_task_up", "task" => kind.name(), "which" => which.to_owned())
}

/// Notes the end of a thread that panics.
pub struct OnPanic {
    tasks: Tasks,
    kind: Kind,
}

impl OnPanic {
    /// For the thread that makes it.
    pub fn new(tasks: &Tasks, kind: Kind) -> OnPanic {
        tasks.runs(kind, "");
        OnPanic { tasks: tasks.clone(), kind }
    }
}

impl Drop for OnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tasks.ended(self.kind, "", "it panicked; the log says where".into());
        } else {
            self.tasks.is_over(self.kind, "");
        }
    }
}

/// Ends a task when its owner is gone, also by a panic.
pub struct AbortOnDrop<T>(pub JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A place where a test can break a task. Builds without debug assertions have none.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn fault(_: Kind) {}

#[cfg(debug_assertions)]
pub use armed::{arm, fault};

#[cfg(debug_assertions)]
mod armed {
    use super::Kind;
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: AtomicU32 = AtomicU32::new(0);

    fn bit(kind: Kind) -> u32 {
        let place = Kind::ALL.iter().position(|k| *k == kind).and_then(|place| u32::try_from(place).ok());
        1 << place.unwrap_or(0)
    }

    /// The next task of this kind that comes by its place panics.
    pub fn arm(kind: Kind) {
        ARMED.fetch_or(bit(kind), Ordering::AcqRel);
    }

    /// Panics when a test wants it.
    pub fn fault(kind: Kind) {
        if ARMED.load(Ordering::Relaxed) & bit(kind) != 0
            && ARMED.fetch_and(!bit(kind), Ordering::AcqRel) & bit(kind) != 0
        {
            panic!("{} breaks off, for a test", kind.name());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn a_task_of_any_kind_that_panics_or_fails_is_started_again_and_named_meanwhile() {
        let tries = Kind::ALL.map(|kind| tokio::spawn(breaks_twice(kind)));
        for tried in tries {
            tried.await.unwrap();
        }
    }

    async fn breaks_twice(kind: Kind) {
        let tasks = Tasks::default();
        let (runs, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, watched, troubles) = (runs.clone(), tasks.clone(), seen.clone());
        let kept = tasks.keep(kind, "x", move || {
            let run = counted.fetch_add(1, Ordering::AcqRel);
            let (watched, troubles) = (watched.clone(), troubles.clone());
            async move {
                troubles.lock().unwrap().push(watched.trouble());
                match run {
                    0 => panic!("no reason"),
                    1 => Err("no socket".to_owned()),
                    _ => Ok(()),
                }
            }
        });
        let mut named = Vec::new();
        while !kept.is_finished() {
            named.extend(tasks.trouble());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        kept.await.unwrap();
        // While it runs nothing is wrong; in between it is named, with the reason.
        assert_eq!(*seen.lock().unwrap(), [None, None, None]);
        let says = |why: &str| named.iter().any(|said| said.contains(kind.name()) && said.contains(why));
        assert_eq!(says("panicked: no reason"), kind.is_needed_by_taps(), "{kind:?} {named:?}");
        assert_eq!(says("no socket"), kind.is_needed_by_taps(), "{kind:?} {named:?}");
        assert_eq!((tasks.trouble(), runs.load(Ordering::Acquire)), (None, 3));
    }

    #[test]
    fn a_task_that_keeps_ending_is_started_less_and_less_often() {
        let mut pauses = RESTARTS;
        let short = Duration::from_secs(1);
        let taken: Vec<u128> = (0..9).map(|_| pauses.failed_after(short).as_millis()).collect();
        assert_eq!(taken, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert_eq!(pauses.failed_after(CALM * 2).as_millis(), 100);
    }

    #[tokio::test]
    async fn a_connection_whose_task_panics_takes_nothing_with_it() {
        let tasks = Tasks::default();
        let given: Option<()> = tasks.once(Kind::AcquirerConnection, async { panic!("a bad frame") }).await;
        assert_eq!((given, tasks.trouble()), (None, None));
        assert_eq!(tasks.once(Kind::AcquirerConnection, async { 7 }).await, Some(7));
        assert_eq!(at_once::<()>(Kind::Delivery, || panic!("a bad receiver")), None);
        assert_eq!(at_once(Kind::Delivery, || 7), Some(7));
    }

    #[test]
    fn every_end_is_counted_under_its_name() {
        use futures_util::FutureExt;
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let value = |name: &str, task: &str| -> Option<f64> {
            let text = handle.render();
            let task = format!("task=\"{task}\"");
            let line = text.lines().find(|line| line.starts_with(name) && line.contains(&task))?;
            line.rsplit_once(' ')?.1.parse().ok()
        };
        metrics::with_local_recorder(&recorder, || {
            publish_from_the_start();
            let tasks = Tasks::default();
            for kind in Kind::ALL.into_iter().filter(|kind| !kind.has_several()) {
                let (ended, up) = ("kazasu_task_ended_total", "kazasu_task_up");
                assert_eq!((value(ended, kind.name()), value(up, kind.name())), (Some(0.0), Some(1.0)), "{kind:?}");
                let given: Option<()> = tasks.once(kind, async { panic!("no reason") }).now_or_never().flatten();
                assert_eq!((given, value(ended, kind.name())), (None, Some(1.0)), "{kind:?}");
                tasks.ended(kind, "", "no reason".into());
                assert_eq!((value(ended, kind.name()), value(up, kind.name())), (Some(2.0), Some(0.0)), "{kind:?}");
                publish(kind, OfThread { ended: 3, runs: true });
                assert_eq!((value(ended, kind.name()), value(up, kind.name())), (Some(3.0), Some(1.0)), "{kind:?}");
            }
            assert_eq!(value("kazasu_task_up", "issuer_connection"), None);
            not_down(Kind::IssuerConnection, "an issuer");
            assert_eq!(value("kazasu_task_up", "issuer_connection"), Some(1.0));
        });
    }

    #[test]
    fn a_thread_that_panics_is_noted_and_one_that_returns_is_not() {
        let tasks = Tasks::default();
        let guard = OnPanic::new(&tasks, Kind::Writer);
        assert!(
            std::thread::spawn(move || {
                let _guard = guard;
                panic!("broken")
            })
            .join()
            .is_err()
        );
        assert!(tasks.trouble().is_some_and(|why| why.contains("writer")));
        let tasks = Tasks::default();
        let guard = OnPanic::new(&tasks, Kind::Writer);
        std::thread::spawn(move || drop(guard)).join().unwrap();
        assert_eq!(tasks.trouble(), None);
    }
}
