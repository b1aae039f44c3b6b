//! A command's page of help in Japanese, 80 columns wide. clap's own page counts a Japanese letter as one column and breaks lines at
//! spaces only.

use super::path::{below, name};
use clap::builder::PossibleValue;
use clap::{Arg, ArgAction, Command};
use kazasu_text::Text;
use kazasu_text::help::{self, HelpHeading, HelpText};
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const WIDTH: usize = 80;
/// Descriptions begin at the latest here; a longer name has its description on the next line.
const LATEST: usize = 34;

/// What a line of the page is about, and what it says of it.
struct Row {
    of: String,
    says: String,
}

pub(super) fn of(path: &str, command: &Command, globals: &[Arg]) -> String {
    let mut page = String::new();
    if let Some(about) = command.get_about() {
        for line in wrapped(&about.to_string(), WIDTH) {
            let _ = writeln!(page, "{line}");
        }
        page.push('\n');
    }
    let _ = writeln!(page, "{} {}", heading(HelpHeading::Usage), usage(path, command));
    let mut commands: Vec<Row> = command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(of_command).collect();
    if !commands.is_empty() {
        commands.push(Row { of: "help".to_owned(), says: HelpText::PageOf.ja().into_owned() });
    }
    let (positionals, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().chain(globals.iter().filter(|_| !path.is_empty())).partition(|arg| arg.is_positional());
    let positionals = positionals.into_iter().filter(|arg| !arg.is_hide_set()).map(|arg| of_argument(path, arg));
    let mut options: Vec<Row> =
        options.into_iter().filter(|arg| !arg.is_hide_set()).map(|arg| of_argument(path, arg)).collect();
    options.push(Row { of: "-h, --help".to_owned(), says: HelpText::ThisPage.ja().into_owned() });
    if path.is_empty() {
        options.push(Row { of: "-V, --version".to_owned(), says: HelpText::ThisVersion.ja().into_owned() });
    }
    section(&mut page, HelpHeading::Commands, &commands);
    section(&mut page, HelpHeading::Arguments, &positionals.collect::<Vec<_>>());
    section(&mut page, HelpHeading::Options, &options);
    page
}

/// `使い方：kazasu key list [オプション]`, without its heading.
pub(super) fn usage(path: &str, command: &Command) -> String {
    let whole = below("kazasu", path);
    let mut command = command.clone().bin_name(whole.trim_end()).override_usage(None::<&str>);
    in_words(&command.render_usage().to_string())
}

/// clap's line of usage, with its own words in Japanese.
pub(super) fn in_words(usage: &str) -> String {
    let usage = usage.trim().trim_start_matches("Usage:").trim_start();
    usage.replace("[OPTIONS]", &format!("[{}]", HelpHeading::Options.ja()))
}

pub(super) fn heading(heading: HelpHeading) -> String {
    format!("{}：", heading.ja())
}

fn of_command(command: &Command) -> Row {
    let says = command.get_about().map(ToString::to_string).unwrap_or_default();
    Row { of: command.get_name().to_owned(), says }
}

fn of_argument(path: &str, arg: &Arg) -> Row {
    let mut says = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let is_flag = !arg.get_action().takes_values() || matches!(arg.get_action(), ArgAction::Count);
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let defaults = defaults.join(" ");
    if !is_flag && !defaults.is_empty() && !arg.is_hide_default_value_set() {
        let _ = write!(says, "{}", HelpText::Default { value: &defaults }.ja());
    }
    let choices = if is_flag { Vec::new() } else { arg.get_possible_values() };
    if choices.iter().any(|choice| choice.get_help().is_some()) {
        for choice in &choices {
            let _ = write!(says, "\n{}", of_choice(path, arg, choice));
        }
    } else if !choices.is_empty() {
        let names: Vec<_> = choices.iter().map(PossibleValue::get_name).collect();
        let _ = write!(says, "{}", HelpText::Choices { values: &names.join("、") }.ja());
    }
    Row { of: written(arg), says }
}

/// As it is typed: `--out <ファイル>`, `[鍵の名前]`.
fn written(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let names: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
    let names = names.join(" ");
    match arg.get_long() {
        Some(long) if !arg.get_action().takes_values() => format!("--{long}"),
        Some(long) if arg.is_require_equals_set() => format!("--{long}[={names}]"),
        Some(long) => format!("--{long} {names}"),
        None if arg.is_required_set() => names,
        None => format!("[{}]", names.trim_start_matches('<').trim_end_matches('>')),
    }
}

/// `json  1行に一つのJSONオブジェクト`.
fn of_choice(path: &str, arg: &Arg, choice: &PossibleValue) -> String {
    let english = choice.get_help().map(ToString::to_string).unwrap_or_default();
    let found = help::of_argument(path, &format!("{}={}", name(arg), choice.get_name()), &english);
    format!("{}：{}", choice.get_name(), found.map_or_else(|| english.clone().into(), |found| found.ja()))
}

fn section(page: &mut String, title: HelpHeading, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n{}", heading(title));
    let longest = rows.iter().map(|row| row.of.width()).max().unwrap_or(0);
    let column = (longest + 4).min(LATEST);
    for row in rows {
        let _ = write!(page, "  {}", row.of);
        let mut at = row.of.width() + 2;
        for line in row.says.lines().flat_map(|line| wrapped(line, WIDTH - column)) {
            if at + 2 > column {
                page.push('\n');
                at = 0;
            }
            let _ = write!(page, "{:pad$}{line}", "", pad = column - at);
            at = WIDTH;
        }
        page.push('\n');
    }
}

/// A text in lines of at most `width` columns, broken where Japanese may be: never within a name in ASCII letters, nor before a closing
/// mark, nor behind an opening one.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if line.width() + piece.trim_end().width() > width && !line.is_empty() {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        line.push_str(if line.is_empty() { piece.trim_start() } else { &piece });
    }
    if !line.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The smallest parts that stay in one line.
fn pieces(text: &str) -> Vec<String> {
    let is_closing = |c: char| "、。）」］：・ー".contains(c);
    let is_opening = |c: char| "（「［".contains(c);
    let mut out: Vec<String> = Vec::new();
    for c in text.chars() {
        let before = out.last().and_then(|piece| piece.chars().last());
        let joins = before.is_some_and(|before| {
            is_closing(c) || is_opening(before) || c == ' ' || (is_narrow(before) && is_narrow(c) && before != ' ')
        });
        match out.last_mut().filter(|_| joins) {
            Some(piece) => piece.push(c),
            None => out.push(c.to_string()),
        }
    }
    out
}

fn is_narrow(c: char) -> bool {
    c.width() == Some(1)
}
