//! Log lines on their way to standard error. Logging never blocks and never panics: lines wait in a bounded queue for a thread
//! that writes them; what finds no room, or cannot be written, is dropped and counted, and the next line that is written is
//! preceded by one that says how many are missing.

use crossbeam_channel::{Receiver, Sender, bounded};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// Lines that wait for the writing thread at most.
const QUEUE: usize = 8_192;
/// The pause after a panic of the writing thread: what a panic says is a line for the same thread.
const AGAIN: Duration = Duration::from_millis(100);

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

static LOST: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);
static DOWN: AtomicBool = AtomicBool::new(false);
static LINES: OnceLock<(Lines, Format)> = OnceLock::new();

/// Log lines that were dropped since the program began, because standard error took none.
#[must_use]
pub fn lost() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// How often the thread that writes lines panicked, after which it goes on, or could not be started.
#[must_use]
pub fn writer_ended() -> u64 {
    ENDED.load(Ordering::Relaxed)
}

/// False when the thread that writes lines could not be started.
#[must_use]
pub fn writer_runs() -> bool {
    !DOWN.load(Ordering::Relaxed)
}

/// Breaks the thread that writes lines, for a test. Builds without debug assertions do not have it.
#[cfg(debug_assertions)]
pub fn break_writer() {
    if let Some((lines, _)) = LINES.get() {
        // A full queue takes it as little as it takes a line.
        let _ = lines.0.try_send(Item::Break);
    }
}

/// Starts logging to standard error; `RUST_LOG` overrides the level. Panics are logged like everything else from then on. The
/// first call counts.
pub fn start(format: Format, level: &str) {
    let (lines, _) = LINES.get_or_init(|| (Lines::start(target(), format), format));
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(lines.clone()).log_internal_errors(false);
    let result = match format {
        Format::Text => builder.with_ansi(std::io::stderr().is_terminal()).try_init(),
        Format::Json => builder.with_ansi(false).json().event_format(JsonLine).try_init(),
    };
    if let Err(error) = result {
        tracing::debug!(%error, "logging was set up before");
    }
    std::panic::set_hook(Box::new(|info| {
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        let at = info.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = std::backtrace::Backtrace::capture();
        let what = info.payload_as_str().unwrap_or("a panic without words");
        match backtrace.status() {
            std::backtrace::BacktraceStatus::Captured => {
                tracing::error!(target: "panic", thread, at, %backtrace, "a task panicked: {what}");
            }
            _ => tracing::error!(target: "panic", thread, at, "a task panicked: {what}"),
        }
    }));
}

/// Is standard error a stream of JSON objects?
pub(crate) fn are_json() -> bool {
    matches!(LINES.get(), Some((_, Format::Json)))
}

/// Says what went wrong with the whole program, as a log line where log lines are JSON.
pub fn complain(program: &str, what: &str) {
    let text = format!("{program}: {what}\n");
    match LINES.get() {
        Some((_, Format::Json)) => tracing::error!("{what}"),
        Some((lines, Format::Text)) => lines.put(text.into_bytes()),
        // No reader is left to tell if this fails.
        None => drop(std::io::stderr().write_all(text.as_bytes())),
    }
}

/// Waits until the lines so far are written, but not longer than `limit`.
pub fn flush(limit: Duration) {
    if let Some((lines, _)) = LINES.get() {
        lines.flush(limit);
    }
}

/// A handle of its own on standard error: a write that blocks must not hold the lock of the shared handle.
fn target() -> Option<File> {
    std::io::stderr().as_fd().try_clone_to_owned().ok().map(File::from)
}

/// One JSON object a line. What the spans around an event say stands among the event's own fields, so that a reader has one
/// place to look: an inner span's word replaces an outer one's, and the event's own replaces both.
struct JsonLine;

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        let mut fields = Fields::default();
        if let Some(scope) = context.event_scope() {
            for span in scope.from_root() {
                let extensions = span.extensions();
                let written = extensions.get::<FormattedFields<N>>().map(|written| written.fields.as_str());
                // An empty text stands for no fields.
                if let Some(Ok(Value::Object(said))) = written.map(serde_json::from_str::<Value>) {
                    fields.0.extend(said);
                }
            }
        }
        event.record(&mut fields);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let (time, fields) = (Value::from(time), Value::Object(fields.0));
        let (level, target) = (event.metadata().level(), Value::from(event.metadata().target()));
        writeln!(out, "{{\"timestamp\":{time},\"level\":\"{level}\",\"fields\":{fields},\"target\":{target}}}")
    }
}

/// An event's fields as JSON.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Value::from(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.put(field, Value::from(format!("{value:?}")));
    }
}

enum Item {
    Line(Vec<u8>),
    Flush(Sender<()>),
    /// The thread panics, for a test.
    #[cfg(debug_assertions)]
    Break,
}

/// The way to the writing thread.
#[derive(Clone)]
struct Lines(Sender<Item>);

impl Lines {
    fn start(target: Option<impl Write + Send + 'static>, format: Format) -> Lines {
        let (tx, rx) = bounded(QUEUE);
        if let Some(target) = target {
            let mut pen = Pen { target, format, torn: false, told: 0 };
            let write = move || {
                // A panic while writing costs the line.
                while catch_unwind(AssertUnwindSafe(|| pen.run(&rx))).is_err() {
                    LOST.fetch_add(1, Ordering::Relaxed);
                    ENDED.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(AGAIN);
                }
            };
            if std::thread::Builder::new().name("log".into()).spawn(write).is_err() {
                // The queue has no receiver, and every line counts as lost.
                ENDED.fetch_add(1, Ordering::Relaxed);
                DOWN.store(true, Ordering::Relaxed);
            }
        }
        Lines(tx)
    }

    fn put(&self, line: Vec<u8>) {
        if self.0.try_send(Item::Line(line)).is_err() {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self, limit: Duration) {
        let (tx, rx) = bounded(1);
        if self.0.send_timeout(Item::Flush(tx), limit).is_ok() {
            // Late or never: the lines are lost to a reader that does not read them.
            let _ = rx.recv_timeout(limit);
        }
    }
}

/// One event's line; the formatter writes it with one call.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.put(line.to_vec());
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Lines;

    fn make_writer(&self) -> Lines {
        self.clone()
    }
}

/// The writing thread's side.
struct Pen<W> {
    target: W,
    format: Format,
    /// The last line was written in part: the next begins on a line of its own.
    torn: bool,
    /// Lost lines that a line told of.
    told: u64,
}

impl<W: Write> Pen<W> {
    fn run(&mut self, items: &Receiver<Item>) {
        for item in items {
            match item {
                Item::Line(line) => {
                    self.tell_of_losses();
                    if !self.write(&line) {
                        LOST.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Item::Flush(done) => {
                    let _ = self.target.flush();
                    let _ = done.send(());
                }
                #[cfg(debug_assertions)]
                Item::Break => panic!("log breaks off, for a test"),
            }
        }
    }

    fn tell_of_losses(&mut self) {
        let lost = lost();
        if lost == self.told {
            return;
        }
        let text = format!("{} log lines are missing here", lost - self.told);
        let line = match self.format {
            Format::Text => format!("{text}\n"),
            Format::Json => format!("{}\n", serde_json::json!({ "level": "WARN", "fields": { "message": text } })),
        };
        if self.write(line.as_bytes()) {
            self.told = lost;
        }
    }

    /// True when the whole line is written.
    fn write(&mut self, line: &[u8]) -> bool {
        if self.torn && self.target.write_all(b"\n").is_err() {
            return false;
        }
        self.torn = false;
        let mut rest = line;
        while !rest.is_empty() {
            match self.target.write(rest) {
                Ok(0) => break,
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        self.torn = !rest.is_empty() && rest.len() < line.len();
        rest.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// A target that is full, or takes a part, as long as it is told to.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<(Vec<u8>, Option<usize>)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let mut disk = self.0.lock().unwrap();
            let n = disk.1.map_or(bytes.len(), |room| room.min(bytes.len()));
            if n == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
            }
            disk.1 = disk.1.map(|room| room - n);
            disk.0.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// A target that panics over a line with a mark.
    struct Brittle(Disk);

    impl Write for Brittle {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            assert!(!bytes.starts_with(b"!"), "a bad line");
            self.0.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What a connection and a message on it say of themselves, as the switch does it.
    fn speak() {
        let link = tracing::error_span!("link", link = 3, peer = %"127.0.0.1:5", acquirer = tracing::field::Empty);
        let _in = link.enter();
        tracing::warn!("not signed on yet");
        link.record("acquirer", tracing::field::display("27000001"));
        let message = tracing::debug_span!("message", rrn = "000000000001", record = 7_u64);
        message
            .in_scope(|| tracing::warn!(record = 8_u64, none = None::<u64>, sure = true, by = -1_i64, "a \"message\""));
    }

    fn said(format: Format, level: tracing::Level) -> Vec<String> {
        let disk = Disk::default();
        let to = disk.clone();
        let builder = tracing_subscriber::fmt().with_writer(move || to.clone()).with_max_level(level).with_ansi(false);
        match format {
            Format::Text => tracing::subscriber::with_default(builder.finish(), speak),
            Format::Json => {
                tracing::subscriber::with_default(builder.json().event_format(JsonLine).finish(), speak);
            }
        }
        let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_has_what_the_spans_around_it_say() {
        let lines: Vec<Value> = said(Format::Json, tracing::Level::DEBUG)
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
            .collect();
        let fields = serde_json::json!({ "link": 3, "peer": "127.0.0.1:5", "message": "not signed on yet" });
        assert_eq!((lines.len(), &lines[0]["fields"]), (2, &fields));
        assert_eq!(lines[0]["level"], "WARN");
        assert_eq!(lines[0]["target"], module_path!());
        assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'), "{}", lines[0]);
        let fields = serde_json::json!({
            "link": 3, "peer": "127.0.0.1:5", "acquirer": "27000001", "rrn": "000000000001", "record": 8,
            "sure": true, "by": -1, "message": "a \"message\"",
        });
        assert_eq!(lines[1]["fields"], fields, "the line's own word counts most");

        // A span below the level is not there, and neither is what it says.
        let lines = said(Format::Json, tracing::Level::INFO);
        let line: Value = serde_json::from_str(&lines[1]).unwrap();
        assert_eq!(line["fields"]["acquirer"], "27000001");
        assert_eq!(line["fields"]["rrn"], Value::Null);

        let lines = said(Format::Text, tracing::Level::DEBUG);
        assert!(
            lines[1].contains("link{link=3 peer=127.0.0.1:5 acquirer=27000001}:message{rrn=\"000000000001\""),
            "{lines:?}"
        );
    }

    /// One test, because the number of lost lines is the program's.
    #[test]
    fn lines_that_cannot_be_written_are_counted_and_told_of_and_nothing_waits_for_them() {
        let disk = Disk::default();
        let lines = Lines::start(Some(disk.clone()), Format::Json);
        let second = Duration::from_secs(5);
        lines.put(b"{\"n\":1}\n".to_vec());
        lines.flush(second);
        let before = lost();
        disk.0.lock().unwrap().1 = Some(3);
        lines.put(b"{\"n\":2}\n".to_vec());
        lines.put(b"{\"n\":3}\n".to_vec());
        lines.flush(second);
        assert_eq!(lost() - before, 2);
        disk.0.lock().unwrap().1 = None;
        lines.put(b"{\"n\":4}\n".to_vec());
        lines.flush(second);
        let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
        let whole: Vec<&str> = text.lines().collect();
        assert_eq!((whole[0], whole[1], whole[3]), ("{\"n\":1}", "{\"n", "{\"n\":4}"), "{text}");
        assert!(whole[2].contains("2 log lines are missing here"), "{text}");
        serde_json::from_str::<serde_json::Value>(whole[2]).unwrap();

        // A reader that does not read: the queue fills, the writer of lines goes on.
        let (reader, writer) = std::io::pipe().unwrap();
        let lines = Lines::start(Some(writer), Format::Text);
        let before = lost();
        for _ in 0..QUEUE * 2 {
            lines.put(vec![b'x'; 1_000]);
        }
        assert!(lost() - before > u64::try_from(QUEUE / 2).unwrap());
        let begin = std::time::Instant::now();
        lines.flush(Duration::from_millis(50));
        assert!(begin.elapsed() < Duration::from_secs(2));
        // Its reader goes away: the same.
        drop(reader);
        lines.put(b"x\n".to_vec());
        lines.flush(second);
        // What was queued for it is lost one after the other, and the count is one for all.
        let mut counted = lost();
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let now = lost();
            if std::mem::replace(&mut counted, now) == now {
                break;
            }
        }

        // The thread panics: that is counted, one line is lost, and the thread goes on.
        let disk = Disk::default();
        let lines = Lines::start(Some(Brittle(disk.clone())), Format::Text);
        let before = (lost(), writer_ended());
        lines.put(b"!\n".to_vec());
        lines.put(b"after\n".to_vec());
        lines.flush(second);
        assert_eq!((lost() - before.0, writer_ended() - before.1, writer_runs()), (1, 1, true));
        let text = String::from_utf8(disk.0.lock().unwrap().0.clone()).unwrap();
        assert!(text.ends_with("1 log lines are missing here\nafter\n"), "{text}");

        // Without a thread everything is lost and nothing stops.
        let lines = Lines::start(None::<File>, Format::Text);
        let before = lost();
        lines.put(b"x\n".to_vec());
        lines.flush(second);
        assert_eq!(lost() - before, 1);
    }
}
