//! What is told while something goes on: one line that is written again and again and never runs over the terminal's edge, where it would
//! scroll instead of being replaced.

use std::io::{IsTerminal, Read, Write};
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroizing;

/// A terminal that does not say how wide it is.
const USUAL: usize = 80;
/// The longest bar and the shortest one.
const BAR: usize = 24;
const SHORT_BAR: usize = 8;

/// Columns of the terminal that standard output leads to; `None` when it leads elsewhere.
#[must_use]
pub fn output_width() -> Option<usize> {
    let out = std::io::stdout();
    out.is_terminal().then(|| width_of(&out))
}

/// Columns of the terminal that standard error leads to; `None` when it leads elsewhere.
#[must_use]
pub fn error_width() -> Option<usize> {
    let err = std::io::stderr();
    err.is_terminal().then(|| width_of(&err))
}

/// Asks a person at the terminal, and does not show what is typed. An error where there is no terminal.
pub fn ask_hidden(prompt: &str) -> std::io::Result<Zeroizing<String>> {
    let terminal = std::fs::File::options().read(true).write(true).open("/dev/tty")?;
    let _silent = Silent::new(&terminal)?;
    line(&terminal, prompt)
}

/// Asks a person at the terminal.
pub fn ask(prompt: &str) -> std::io::Result<Zeroizing<String>> {
    let terminal = std::fs::File::options().read(true).write(true).open("/dev/tty")?;
    line(&terminal, prompt)
}

fn line(mut terminal: &std::fs::File, prompt: &str) -> std::io::Result<Zeroizing<String>> {
    terminal.write_all(prompt.as_bytes())?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(512));
    let mut one = [0];
    // Byte by byte: what is typed behind the line is for the next question.
    while terminal.read(&mut one)? == 1 && one[0] != b'\n' && bytes.len() < 512 {
        bytes.push(one[0]);
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| std::io::Error::other("what was typed is no UTF-8"))?;
    Ok(Zeroizing::new(text.trim_end_matches('\r').to_owned()))
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Silent<'a> {
    terminal: &'a std::fs::File,
    before: rustix::termios::Termios,
}

impl<'a> Silent<'a> {
    fn new(terminal: &'a std::fs::File) -> std::io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        silent.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(terminal, OptionalActions::Flush, &silent)?;
        Ok(Silent { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(self.terminal, rustix::termios::OptionalActions::Now, &self.before);
    }
}

fn width_of(terminal: &impl std::os::fd::AsFd) -> usize {
    let said = rustix::termios::tcgetwinsize(terminal).map_or(0, |size| usize::from(size.ws_col));
    if said == 0 { USUAL } else { said }
}

/// How far something is.
#[derive(Clone, Copy, Debug)]
pub struct Going<'a> {
    /// What it is; empty where that is plain.
    pub what: &'a str,
    /// What is done of it.
    pub done: u64,
    /// The whole.
    pub all: u64,
}

/// `  読込 ████░░░░  part  part`, in one line of fewer columns than `width`. The bar gets shorter first, then parts are left out from the
/// end, then the bar.
#[must_use]
pub fn progress(going: Going<'_>, parts: &[String], width: usize) -> String {
    let Going { what, done, all } = going;
    let most = width.saturating_sub(1);
    let line = |bar: usize, parts: &[String]| {
        let drawn = (bar > 0).then(|| drawn(done, all, bar));
        let named = (!what.is_empty()).then(|| what.to_owned());
        let all: Vec<String> = named.into_iter().chain(drawn).chain(parts.iter().cloned()).collect();
        format!("  {}", all.join("  "))
    };
    for kept in (0..=parts.len()).rev() {
        let parts = &parts[..kept];
        for bar in (SHORT_BAR..=BAR).rev() {
            let line = line(bar, parts);
            if line.width() <= most {
                return line;
            }
        }
        if kept == 1 {
            let line = line(0, parts);
            if line.width() <= most {
                return line;
            }
        }
    }
    String::new()
}

fn drawn(done: u64, all: u64, width: usize) -> String {
    let columns = u64::try_from(width).unwrap_or(0);
    let filled = done.saturating_mul(columns).checked_div(all).unwrap_or(0).min(columns);
    let filled = usize::try_from(filled).unwrap_or(width);
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts() -> Vec<String> {
        ["  22.0 s", "2,969 taps", "承認 2,876", "不承認 93", "¥3,444,534", "平均 1.6 ms"].map(str::to_owned).into()
    }

    #[test]
    fn a_line_says_what_there_is_room_for() {
        let at = |width| progress(Going { what: "", done: 500, all: 1_000 }, &parts(), width);
        assert_eq!(
            at(120),
            "  ████████████░░░░░░░░░░░░    22.0 s  2,969 taps  承認 2,876  不承認 93  ¥3,444,534  平均 1.6 ms"
        );
        assert_eq!(at(80), "  ██████████░░░░░░░░░░    22.0 s  2,969 taps  承認 2,876  不承認 93  ¥3,444,534");
        assert_eq!(at(40), "  ███████░░░░░░░░    22.0 s  2,969 taps");
        assert_eq!(at(12), "    22.0 s");
        let read = Going { what: "読込 read", done: 1, all: 0 };
        assert_eq!(progress(read, &["100 %".into()], 40), "  読込 read  ░░░░░░░░░░░░░░░░░░░  100 %");
    }

    proptest! {
        #[test]
        fn no_line_reaches_the_edge(done in any::<u64>(), all in any::<u64>(), width in 0_usize..200, texts in prop::collection::vec("[a-z0-9 取引¥]{0,20}", 0..7)) {
            let line = progress(Going { what: "読込", done, all }, &texts, width);
            prop_assert!(line.is_empty() || line.width() < width, "{line:?}");
            prop_assert!(width < 40 || !line.is_empty());
        }
    }
}
