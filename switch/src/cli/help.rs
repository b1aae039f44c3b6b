//! The help of the command line in Japanese, and what is wrong with a command line. English is what the declarations say, as clap prints
//! them. Every text is in the catalogue, under the path of its command or argument.

mod page;
mod path;
mod wrong;

#[cfg(test)]
mod tests;

use clap::builder::Str;
use clap::{Arg, Command};
use kazasu_text::{Language, Text, help};

use path::{below, name};
pub(super) use wrong::sentence;

/// The command with its descriptions, names of values and pages of help in Japanese. Parsing is as before.
pub(super) fn in_japanese(command: Command) -> Command {
    let globals: Vec<Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    let globals: Vec<Arg> = globals.into_iter().map(|arg| argument("", arg)).collect();
    described("", command, &globals)
}

/// `path` is that of the command below `kazasu`, which is the empty one.
fn described(path: &str, command: Command, globals: &[Arg]) -> Command {
    let command = command.mut_args(|arg| argument(path, arg)).mut_subcommands(|sub| {
        let below = below(path, sub.get_name());
        described(&below, sub, globals)
    });
    let found = command.get_about().and_then(|about| help::of_command(path, &about.to_string()));
    let command = match found {
        Some(found) => command.about(found.ja().into_owned()),
        None => command,
    };
    let command = command.subcommand_value_name(value(&Str::from("COMMAND")));
    let page = page::of(path, &command, globals);
    command.override_help(page)
}

fn argument(path: &str, arg: Arg) -> Arg {
    let found = arg.get_help().and_then(|text| help::of_argument(path, &name(&arg), &text.to_string()));
    let names = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let values: Option<Vec<Str>> = names.map(|names| names.iter().map(value).collect());
    let arg = match found {
        Some(found) => arg.help(found.ja().into_owned()),
        None => arg,
    };
    match values {
        Some(values) => arg.value_names(values),
        None => arg,
    }
}

/// A value's name in Japanese. What has none is the same in both languages.
fn value(name: &Str) -> Str {
    help::of_value(name).map_or_else(|| name.clone(), |help| Str::from(help.says(Language::Japanese)))
}
