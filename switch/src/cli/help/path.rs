//! The paths of commands and arguments, by which the catalogue names them.

use clap::Arg;

/// `key` and `list` are `key list`.
pub(super) fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path} {name}") }
}

/// As an argument stands in paths: `--json`, or `<file>`.
pub(super) fn name(arg: &Arg) -> String {
    arg.get_long().map_or_else(|| format!("<{}>", arg.get_id()), |long| format!("--{long}"))
}
