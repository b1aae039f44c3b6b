//! The output of a program: results on standard output, log lines and problems on standard error.
//!
//! Neither may end a program that has other work to do. A failed write to standard output is an error that the caller
//! handles. Log lines go through a bounded queue to a thread of their own: a full disk, a reader that is gone or a reader
//! that does not read costs log lines, which are counted, and nothing else.
#![forbid(unsafe_code)]

pub mod logs;
pub mod out;
pub mod terminal;

use out::OutputError;
use std::process::ExitCode;
use std::time::Duration;

/// The exit code of a program whose output was closed by its reader (`| head`), as shells know it: 128 and SIGPIPE.
pub const CLOSED: u8 = 141;

/// How long the last log lines may take.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Ends a program: writes the rest of the buffer, prints the error, and gives the exit code. `code` names the code of an
/// error that is not about standard output. Output that was closed by its reader ends the program without a word; output that
/// cannot be written otherwise is code 2. Another error has precedence.
#[must_use]
pub fn end(program: &str, result: anyhow::Result<u8>, code: impl Fn(&anyhow::Error) -> u8) -> ExitCode {
    let result = result.and_then(|code| {
        out::check()?;
        Ok(code)
    });
    let code = match result {
        Ok(code) => code,
        Err(error) => {
            // What was written before the error belongs to it; that it cannot be written is the smaller news.
            let _ = out::check();
            match error.chain().find_map(|cause| cause.downcast_ref::<OutputError>()) {
                Some(OutputError::Closed) => CLOSED,
                None if error.chain().any(out::is_closed) => CLOSED,
                Some(OutputError::Failed(_)) => {
                    logs::complain(program, &format!("{error:#}"));
                    2
                }
                None => {
                    logs::complain(program, &format!("{error:#}"));
                    code(&error)
                }
            }
        }
    };
    logs::flush(LAST_LINES);
    ExitCode::from(code)
}

/// Reads the command line. `Err` is the exit code: help, version or the mistake was printed, as a JSON line when the command
/// line asks for JSON lines.
pub fn command_line<T: clap::Parser>(program: &str) -> Result<T, ExitCode> {
    parsed(program, T::try_parse(), |_| None)
}

/// The same of a command line that was read. `sentence` says what is wrong with it in the reader's language; none leaves that to clap.
pub fn parsed<T>(
    program: &str,
    read: Result<T, clap::Error>,
    sentence: impl FnOnce(&clap::Error) -> Option<String>,
) -> Result<T, ExitCode> {
    let error = match read {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    if error.use_stderr() {
        let code = u8::try_from(error.exit_code()).unwrap_or(2);
        let sentence = sentence(&error);
        if wants_json(std::env::args_os()) {
            logs::start(logs::Format::Json, "error");
            let text = sentence.unwrap_or_else(|| error.render().to_string());
            logs::complain(program, text.trim());
            logs::flush(LAST_LINES);
        } else if let Some(sentence) = sentence {
            tell!("{sentence}");
        } else {
            // Standard error that takes nothing leaves no place to tell it.
            let _ = error.print();
        }
        return Err(ExitCode::from(code));
    }
    let printed = error.print().map_err(|error| OutputError::from(error).into()).map(|()| 0);
    Err(end(program, printed, |_| 2))
}

/// Does a command line that cannot be read ask for JSON lines?
fn wants_json(args: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let mut value = false;
    for arg in args {
        if arg == "--log=json" || (value && arg == "json") {
            return true;
        }
        value = arg == "--log";
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_asks_for_json_in_either_spelling() {
        let asks = |args: &[&str]| wants_json(args.iter().map(Into::into));
        assert!(asks(&["kazasu", "--log", "json", "no-such"]) && asks(&["kazasu", "no-such", "--log=json"]));
        assert!(!asks(&["kazasu", "json", "--log", "text"]) && !asks(&["kazasu", "--log"]));
    }
}
