//! What the help of the command line says of its commands, arguments and values.
//!
//! The English sentence stands at the declaration of the command as well: `cli` compares the two, so that a changed one does not leave
//! its Japanese behind.

/// A list of help texts, each under the path of its command or argument.
macro_rules! help {
    ($(#[$meta:meta])* $name:ident { $($path:literal : $ja:literal, $en:literal;)+ }) => {
        $(#[$meta])*
        pub(super) const $name: &[$crate::help::Help] = &[$($crate::help::Help { path: $path, ja: $ja, en: $en }),+];
    };
}

mod access;
mod approvals;
mod common;
mod finance;
mod relief;
mod residents;
mod running;
mod webhooks;

use crate::{Count, Language, Text, labels, texts};
use std::borrow::Cow;

/// The help of a command (`key list`), an option (`key list --json`), an argument (`key rotate <name>`) or one of its values
/// (`--log=json`). What several commands share stands under a shorter path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Help {
    /// Of what it is the help.
    pub path: &'static str,
    ja: &'static str,
    en: &'static str,
}

impl Help {
    /// In a language, for as long as the program runs.
    #[must_use]
    pub fn says(&self, language: Language) -> &'static str {
        match language {
            Language::Japanese => self.ja,
            Language::English => self.en,
        }
    }
}

impl Text for Help {
    fn in_language(&self, language: Language) -> Cow<'static, str> {
        Cow::Borrowed(self.says(language))
    }
}

const LISTS: [&[Help]; 8] = [
    common::COMMON,
    running::RUNNING,
    access::ACCESS,
    approvals::APPROVALS,
    residents::RESIDENTS,
    finance::FINANCE,
    relief::RELIEF,
    webhooks::WEBHOOKS,
];

/// Every help text.
pub fn all() -> impl Iterator<Item = &'static Help> {
    LISTS.into_iter().flatten()
}

/// Every name of a value that differs between the languages.
pub fn values() -> impl Iterator<Item = &'static Help> {
    common::VALUES.iter()
}

/// The help of a command at this path.
#[must_use]
pub fn of_command(path: &str, english: &str) -> Option<&'static Help> {
    let path = if path.is_empty() { "kazasu" } else { path };
    all().find(|help| help.path == path && help.en == english)
}

/// The help of a command's argument, such as `--json` or `<name>`: of this command, or of the next one above it that has an entry with
/// these English words.
#[must_use]
pub fn of_argument(path: &str, argument: &str, english: &str) -> Option<&'static Help> {
    let mut above = Some(path);
    while let Some(path) = above {
        let wanted = if path.is_empty() { argument.to_owned() } else { format!("{path} {argument}") };
        if let Some(help) = all().find(|help| help.path == wanted && help.en == english) {
            return Some(help);
        }
        above = if path.is_empty() { None } else { Some(path.rsplit_once(' ').map_or("", |(above, _)| above)) };
    }
    None
}

/// A value's name, as `FILE` in `--out <FILE>`.
#[must_use]
pub fn of_value(name: &str) -> Option<&'static Help> {
    values().find(|help| help.path == name)
}

labels! {
    /// Headings of a page of help.
    HelpHeading {
        Usage "usage": "使い方", "Usage";
        Commands "commands": "コマンド", "Commands";
        Arguments "arguments": "引数", "Arguments";
        Options "options": "オプション", "Options";
    }
}

texts! {
    /// What a page of help says beside them.
    HelpText<'a> {
        Default { value: &'a str }: "［既定値：{value}］", "[default: {value}]";
        Choices { values: &'a str }: "［選択肢：{values}］", "[possible values: {values}]";
        ThisPage: "この説明を表示します", "Print help";
        ThisVersion: "版を表示します", "Print version";
        PageOf: "この説明、または指定したコマンドの説明を表示します", "Print this message or the help of the given subcommand(s)";
        OtherLanguage: "日本語で表示するには、環境変数 `KAZASU_LANG` に `ja` を指定します。", "KAZASU_LANG=ja shows this in Japanese.";
    }
}

texts! {
    /// What is wrong with a command line.
    WrongUsage<'a> {
        Wrong { what: &'a str }: "エラー：{what}", "error: {what}";
        UnknownArgument { argument: &'a str }: "引数 `{argument}` はありません。", "unexpected argument `{argument}` found";
        UnknownCommand { command: &'a str }: "コマンド `{command}` はありません。", "unrecognized subcommand `{command}`";
        MissingArguments { arguments: &'a str }:
            "必要な引数がありません：{arguments}", "the following required arguments were not provided: {arguments}";
        MissingCommand { command: &'a str, commands: &'a str }:
            "`{command}` の後にコマンドを指定してください：{commands}", "`{command}` requires a subcommand: {commands}";
        MissingValue { argument: &'a str }:
            "`{argument}` の値を指定してください。", "a value is required for `{argument}` but none was supplied";
        InvalidValue { argument: &'a str, value: &'a str }:
            "`{argument}` に `{value}` は指定できません。", "invalid value `{value}` for `{argument}`";
        Repeated { argument: &'a str }:
            "`{argument}` は一度だけ指定できます。", "the argument `{argument}` cannot be used multiple times";
        Conflict { argument: &'a str, others: &'a str }:
            "`{argument}` は {others} と同時に指定できません。", "the argument `{argument}` cannot be used with {others}";
        NoEquals { argument: &'a str }:
            "`{argument}` の値は `=` に続けて指定してください。", "equal sign is needed when assigning values to `{argument}`";
        TooManyValues { argument: &'a str, value: &'a str }:
            "`{argument}` の値が多すぎます：`{value}`", "unexpected value `{value}` for `{argument}`; no more were expected";
        NumberOfValues { argument: &'a str, expected: Count, got: Count }:
            "`{argument}` には値が{expected}個必要ですが、{got}個しか指定されていません。",
            "{expected} values required for `{argument}`, {got} provided";
        NotText: "引数にUTF-8でない文字が含まれています。", "invalid UTF-8 was detected in one or more arguments";
        Other: "コマンドの指定が正しくありません。", "the command line cannot be read";
        NotANumber: "整数を指定してください。", "a whole number is expected";
        OutOfRange { range: &'a str }: "{range} の範囲で指定してください。", "expected {range}";
        Similar { names: &'a str }: "似た名前があります：{names}", "similar: {names}";
        SeeHelp: "詳しくは `--help` を指定してください。", "For more information, try `--help`.";
    }
}
