//! Standard output. Everything that a program prints as its result goes through here, so that output that is full, or closed by
//! its reader, is an error like any other and not a panic.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

/// Standard output took no more.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Its reader has closed it: nothing more is wanted.
    #[error("standard output was closed by its reader")]
    Closed,
    /// Anything else: a full disk, most often.
    #[error("cannot write to standard output: {0}")]
    Failed(std::io::Error),
}

impl From<std::io::Error> for OutputError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => OutputError::Closed,
            _ => OutputError::Failed(error),
        }
    }
}

/// A pipe that is written as a file, `--out /dev/stdout`, and that its reader has closed: as quiet as standard output. The error stays
/// one of its kind, with [`OutputError::Closed`] within.
#[must_use]
pub fn of_a_pipe(error: std::io::Error) -> std::io::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => std::io::Error::new(ErrorKind::BrokenPipe, OutputError::Closed),
        _ => error,
    }
}

/// Did a reader close what was being written?
pub fn is_closed(cause: &(dyn std::error::Error + 'static)) -> bool {
    let within = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    within.is_some_and(|inner| matches!(inner.downcast_ref::<OutputError>(), Some(OutputError::Closed)))
}

/// The first error of what [`say!`](crate::say) printed.
static FAILED: OnceLock<OutputError> = OnceLock::new();

/// Writes text, and gives what goes wrong.
pub fn write(text: Arguments<'_>) -> Result<(), OutputError> {
    Ok(std::io::stdout().lock().write_fmt(text)?)
}

/// Writes what is buffered.
pub fn flush() -> Result<(), OutputError> {
    Ok(std::io::stdout().lock().flush()?)
}

/// Prints text. When standard output takes no more, nothing further is printed, the program finishes what it is at, and
/// [`end`](crate::end) says so: what a command was asked to do must not stop in the middle because no program reads its report.
pub fn put(text: Arguments<'_>) {
    if FAILED.get().is_none()
        && let Err(error) = write(text)
    {
        // The first error is the one that is told.
        let _ = FAILED.set(error);
    }
}

/// Writes what is buffered; gives the first error of everything that was printed.
pub fn check() -> Result<(), OutputError> {
    let again = |error: &OutputError| match error {
        OutputError::Closed => OutputError::Closed,
        OutputError::Failed(error) => OutputError::Failed(std::io::Error::new(error.kind(), error.to_string())),
    };
    match FAILED.get() {
        Some(error) => Err(again(error)),
        None => Ok(std::io::stdout().lock().flush()?),
    }
}

/// A remark on standard error, as a log line where log lines are JSON. A remark that cannot be written changes nothing.
pub fn tell(text: Arguments<'_>) {
    if crate::logs::are_json() {
        tracing::error!(target: "kazasu", "{text}");
    } else {
        let _ = std::io::stderr().lock().write_fmt(format_args!("{text}\n"));
    }
}

/// A line on standard error that is written over and over, for people only.
pub fn progress(text: Arguments<'_>) {
    if !crate::logs::are_json() {
        let mut out = std::io::stderr().lock();
        let _ = out.write_fmt(text).and_then(|()| out.flush());
    }
}

/// Prints a line on standard output.
#[macro_export]
macro_rules! say {
    () => { $crate::out::put(::std::format_args!("\n")) };
    ($($text:tt)+) => { $crate::out::put(::std::format_args!("{}\n", ::std::format_args!($($text)+))) };
}

/// Prints text without a line's end on standard output.
#[macro_export]
macro_rules! print_text {
    ($($text:tt)+) => { $crate::out::put(::std::format_args!($($text)+)) };
}

/// Prints a remark on standard error.
#[macro_export]
macro_rules! tell {
    ($($text:tt)+) => { $crate::out::tell(::std::format_args!($($text)+)) };
}

/// Shows how far something is, on standard error.
#[macro_export]
macro_rules! progress {
    ($($text:tt)+) => { $crate::out::progress(::std::format_args!($($text)+)) };
}
