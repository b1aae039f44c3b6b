//! What a program says to people: results on standard output, log lines and problems on standard error.
//!
//! Neither may end a program that has other work to do. What is written to standard output gives an error that its caller
//! handles; what is logged goes through a bounded queue to a thread of its own, so that a full disk, a reader that is gone
//! or a reader that does not read costs log lines, which are counted, and nothing else.
#![forbid(unsafe_code)]

pub mod logs;
pub mod out;

use out::OutputError;
use std::process::ExitCode;
use std::time::Duration;

/// The exit code of a program whose output was closed by its reader (`| head`), as shells know it: 128 and SIGPIPE.
pub const CLOSED: u8 = 141;

/// How long the last log lines may take.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Ends a program: writes what is still buffered, says what went wrong, and gives the exit code. `code` names the code of an
/// error that is not about standard output. Output that was closed by its reader ends the program without a word; output that
/// cannot be written otherwise is code 2. Where something else is wrong as well, that is what is said.
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

/// Reads the command line. `Err` is the code to end with: help and version were printed, or what is wrong was said, as a JSON
/// line when the command line asks for JSON lines.
pub fn command_line<T: clap::Parser>(program: &str) -> Result<T, ExitCode> {
    let error = match T::try_parse() {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    if error.use_stderr() {
        let code = u8::try_from(error.exit_code()).unwrap_or(2);
        if wants_json(std::env::args_os()) {
            logs::start(logs::Format::Json, "error");
            logs::complain(program, error.render().to_string().trim());
            logs::flush(LAST_LINES);
        } else {
            // Standard error that takes nothing leaves nobody to tell it to.
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
