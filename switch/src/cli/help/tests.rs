//! Every command, argument and value has its help in both languages, and no page has a language within the other.

use super::{below, in_japanese, name, page, sentence};
use crate::cli::Cli;
use clap::{Arg, Command, CommandFactory};
use kazasu_text::help;
use std::collections::BTreeSet;
use unicode_width::UnicodeWidthStr;

/// Names of values that are the same in both languages.
const SAME: [&str; 2] = ["PPID", "yes|no"];

/// What of the tree has no entry, and which entries are of something in the tree.
#[derive(Default)]
struct Walk {
    missing: Vec<String>,
    used: BTreeSet<&'static str>,
}

impl Walk {
    fn saw(&mut self, found: Option<&'static help::Help>, what: &str, english: &str) {
        match found {
            Some(found) => {
                self.used.insert(found.path);
            }
            None => self.missing.push(format!("{what:?}: {english:?}")),
        }
    }

    fn command(&mut self, path: &str, command: &Command) {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        self.saw(help::of_command(path, &about), path, &about);
        command.get_arguments().for_each(|arg| self.argument(path, arg));
        command.get_subcommands().for_each(|sub| self.command(&below(path, sub.get_name()), sub));
    }

    fn argument(&mut self, path: &str, arg: &Arg) {
        let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
        self.saw(help::of_argument(path, &name(arg), &text), &below(path, &name(arg)), &text);
        if !arg.get_action().takes_values() {
            return;
        }
        for value in arg.get_value_names().unwrap_or_default().iter().filter(|value| !SAME.contains(&value.as_str())) {
            self.saw(help::of_value(value), value, value);
        }
        for choice in arg.get_possible_values() {
            if let Some(text) = choice.get_help() {
                let what = format!("{}={}", name(arg), choice.get_name());
                self.saw(help::of_argument(path, &what, &text.to_string()), &below(path, &what), &text.to_string());
            }
        }
    }
}

#[test]
fn every_command_and_argument_has_its_help_in_both_languages() {
    // The name of what follows a command that has further ones.
    let mut walk = Walk { used: ["COMMAND"].into(), ..Walk::default() };
    walk.command("", &Cli::command());
    assert!(
        walk.missing.is_empty(),
        "no entry in switch/text/src/help with these English words:\n{}",
        walk.missing.join("\n")
    );
    assert!(walk.used.len() > 300, "the tree was walked: {}", walk.used.len());
    if cfg!(feature = "demo") {
        let idle: Vec<_> =
            help::all().chain(help::values()).map(|help| help.path).filter(|path| !walk.used.contains(path)).collect();
        assert!(idle.is_empty(), "no command has these: {idle:?}");
    }
}

fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

fn pages(command: &mut Command, path: &str, out: &mut Vec<(String, String)>) {
    out.push((path.to_owned(), command.render_long_help().to_string()));
    // clap's own subcommand has clap's own page.
    for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        let below = below(path, sub.get_name());
        pages(sub, &below, out);
    }
}

#[test]
fn a_page_has_one_language() {
    let mut english = Vec::new();
    pages(&mut Cli::command(), "", &mut english);
    let mixed: Vec<_> = english.iter().filter(|(_, page)| page.contains(is_japanese)).map(|(path, _)| path).collect();
    assert!(mixed.is_empty(), "Japanese in the English help of {mixed:?}");
    is_described("", &in_japanese(Cli::command()));
    let mut japanese = Vec::new();
    pages(&mut in_japanese(Cli::command()), "", &mut japanese);
    assert!(japanese.len() == english.len() && japanese.len() > 100);
    for (path, page) in &japanese {
        for word in ["Usage", "OPTIONS", "COMMAND", "Options:", "Commands:", "Arguments:", "Print ", "default:"] {
            assert!(!page.contains(word), "kazasu {path}: {word}\n{page}");
        }
    }
}

fn is_described(path: &str, command: &Command) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    assert!(about.contains(is_japanese), "kazasu {path}: {about}");
    for arg in command.get_arguments() {
        let text = arg.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(text.contains(is_japanese), "kazasu {path} {}: {text}", name(arg));
    }
    command.get_subcommands().for_each(|sub| is_described(&below(path, sub.get_name()), sub));
}

#[test]
fn a_page_is_80_columns_wide() {
    let mut japanese = Vec::new();
    pages(&mut in_japanese(Cli::command()), "", &mut japanese);
    for (path, page) in &japanese {
        let long: Vec<_> = page.lines().filter(|line| line.width() > 80 && !line.starts_with("使い方")).collect();
        assert!(long.is_empty(), "kazasu {path}: {long:#?}");
    }
    let lines = page::wrapped("設定（kazasu.toml）を読み、誤りを示します。", 14);
    assert_eq!(lines, ["設定", "（kazasu.toml）", "を読み、誤りを", "示します。"]);
}

#[test]
fn a_wrong_command_line_is_said_in_japanese() {
    let said = |args: &str| {
        let error = in_japanese(Cli::command()).try_get_matches_from(args.split(' ')).unwrap_err();
        sentence(&error).unwrap()
    };
    for (args, expected) in [
        ("kazasu --frm", "エラー：引数 `--frm` はありません。"),
        ("kazasu ledgr", "エラー：コマンド `ledgr` はありません。\n似た名前があります：`ledger`"),
        ("kazasu contract propose f.toml", "エラー：必要な引数がありません：`--why <理由>`"),
        ("kazasu ledger explain x", "エラー：`<記録番号>` に `x` は指定できません。整数を指定してください。"),
        (
            "kazasu key import webhook --by a --components 9",
            "エラー：`--components <人数>` に `9` は指定できません。`2..=3` の範囲",
        ),
        ("kazasu --log yaml whoami", "エラー：`--log <形式>` に `yaml` は指定できません。［選択肢：text、json］"),
        ("kazasu whoami --json --json", "エラー：`--json` は一度だけ指定できます。"),
        ("kazasu login --key --again", "エラー：`--"),
        ("kazasu report money --day", "エラー："),
        ("kazasu purse fund 1 千円 --reference r", "エラー：`<金額>` に `千円` は指定できません。1000、1,000"),
    ] {
        let said = said(args);
        assert!(said.starts_with(expected), "{args}: {said}");
        assert!(said.ends_with("詳しくは `--help` を指定してください。"), "{said}");
        assert!(!said.contains("Usage") && !said.contains("OPTIONS"), "{said}");
    }
    let usage = said("kazasu contract propose");
    assert!(usage.contains("使い方：kazasu contract propose ") && usage.contains("--why <理由> <ファイル>"), "{usage}");
    let asked = in_japanese(Cli::command()).try_get_matches_from(["kazasu", "--help"]).unwrap_err();
    assert_eq!(sentence(&asked), None, "a page that was asked for is no error");
}
