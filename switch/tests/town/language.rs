//! The language of commands: that of their environment, and of `KAZASU_LANG` before all.

use kazasu_text::latin::words;
use std::path::Path;
use std::process::Command;

/// What a command says with these variables, and no others that choose a language.
pub(crate) fn says(args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    command.args(args);
    for name in ["KAZASU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let out = command.output().unwrap();
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn a_command_speaks_one_language() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contracts.toml");
    std::fs::write(&file, says(&["contract", "sample"], &[])).unwrap();
    let check = |variables: &[(&str, &str)]| {
        let said = says(&["contract", "check", file.to_str().unwrap()], variables);
        said.replace(Path::new(&file).to_str().unwrap(), "FILE")
    };
    let english = check(&[]);
    assert!(english.starts_with("FILE: good. ") && english.ends_with(" contracts\n"), "{english}");
    let japanese = check(&[("LANG", "ja_JP.UTF-8")]);
    assert!(japanese.starts_with("FILE：正常です。契約") && japanese.ends_with("件。\n"), "{japanese}");
    assert_eq!(check(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C.UTF-8")]), english, "the stronger variable");
    assert_eq!(check(&[("LC_ALL", "C.UTF-8"), ("KAZASU_LANG", "ja")]), japanese, "our own before all");
}

#[test]
fn help_and_errors_of_the_command_line_speak_the_same_language() {
    let help = says(&["contract", "propose", "--help"], &[("KAZASU_LANG", "ja")]);
    assert!(help.starts_with("ファイルの契約を起案します。別の人が決裁します\n\n使い方："), "{help}");
    assert!(help.contains("--why <理由>") && !help.contains("Usage"), "{help}");
    let undecided = says(&["--help"], &[("LC_ALL", "C.UTF-8")]);
    assert!(
        undecided.contains("Usage:") && undecided.contains("KAZASU_LANG=ja shows this in Japanese."),
        "{undecided}"
    );
    let english = says(&["--help"], &[("LANG", "en_GB.UTF-8")]);
    assert!(english.contains("Usage:") && !english.contains("KAZASU_LANG"), "{english}");
    let mut wrong = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    let out = wrong.args(["contract", "propose"]).env("KAZASU_LANG", "ja").output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.code() == Some(2) && said.starts_with("エラー：必要な引数がありません："), "{said}");
}

/// What a command that fails says to a Japanese reader.
pub(crate) fn refusal(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    let out = command.args(args).env("KAZASU_LANG", "ja").output().unwrap();
    assert!(!out.status.success(), "{args:?}: {out:?}");
    String::from_utf8(out.stderr).unwrap()
}

/// Keys and values of the files here, which the refusals name as they stand.
const KEYS: [&str; 9] = ["limit", "number", "window", "brands", "visa", "ofline", "mailto:", "https:", "tel:"];

/// English words in what a Japanese reader is told.
pub(crate) fn english(said: &str) -> Vec<String> {
    words(said).into_iter().filter(|word| !KEYS.contains(&word.as_str())).collect()
}

#[test]
fn refusals_have_no_english_inside() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let town = path("town");
    says(&["init", &town, "--residents", "10"], &[]);
    let config = path("town/kazasu.toml");
    let files = [
        ("policy.toml", "name = \"\"\n[[limit]]\nnumber = 0\nname = \"a\"\nwindow = \"week\"\n"),
        ("unknown.toml", "name = \"x\"\n[ofline]\nresident_day = 1\n"),
        ("contracts.toml", "name = \"x\"\n[brands]\nvisa = [\"4x\"]\n"),
        ("programme.toml", "number = 1\n"),
    ];
    for (name, text) in files {
        std::fs::write(path(name), text).unwrap();
    }
    let (policy, unknown) = (path("policy.toml"), path("unknown.toml"));
    let (contracts, programme) = (path("contracts.toml"), path("programme.toml"));
    let key = |words: &'static str| -> Vec<&str> { words.split(' ').chain(["--config", &config]).collect() };
    let refused = [
        vec!["policy", "check", &policy],
        vec!["policy", "check", &unknown],
        vec!["contract", "check", &contracts],
        vec!["relief", "programme", "check", &programme],
        vec!["policy", "replay", &policy, "--from", "soon", "--config", &config],
        vec!["store", "copy", "--from", &config, "--to", &config],
        vec!["key", "draw", "--bytes", "5"],
        key("key generate vault.cards --by sato"),
        key("key rotate protection.acme --by sato"),
        key("key rotate vault.cards --by sato --label x"),
        key("key generate audit --by sato --fiscal-year 2026 --accept"),
        key("key destroy vault.cards 1 --by sato"),
        key("key destroy vault.cards 9 --by sato"),
        key("key retire vault.cards 1 --by sato"),
        key("key retire vault.cards 1 --by sato --anyway"),
        key("key activate vault.cards 1 --by sato"),
        key("key export-block acquirer.27000001 --under vault.cards --second suzuki --by sato"),
        key("key export-block audit --under protection.acme --second suzuki --by sato"),
        key("clock status"),
    ];
    for args in refused {
        let said = refusal(&args);
        assert!(said.chars().any(|c| ('ぁ'..='ヶ').contains(&c)), "{args:?}: {said}");
        assert_eq!(english(&said), [""; 0], "{args:?}: {said}");
    }
}

/// A line of the sample's configuration, what replaces it, and what a Japanese reader is told among other things.
const WRONG: [(&str, &str, &str); 21] = [
    ("keep_days = 45", "keep_day = 45", "というキーはありません"),
    ("keep_days = 45", "keep_days = \"45\"", "整数で指定してください"),
    ("keep_days = 45", "keep_days = 45 46", "書式（TOML）に誤りがあります"),
    ("keys_file = \"keys.toml\"", "keys_file = \"none.toml\"", "を読めません"),
    (
        "keys_file = \"keys.toml\"",
        "keys_file = \"keys.toml\"\nbank_holidays_file = \"none.csv\"",
        "ファイルまたはフォルダーがありません",
    ),
    ("keys_file = \"keys.toml\"", "keys_file = \"keys.toml\"\nstore = \"oracle\"", "`postgres://` で始まるURL"),
    ("http = \"127.0.0.1:", "http = \"192.0.2.1:", "TLSがありません"),
    ("code = \"13361\"", "code = \"1336\"", "市区町村コード5桁"),
    ("officers = [\"sato\"]", "officers = [\"suzuki\"]", "2つの役割"),
    ("client_code = \"0000009999\"", "client_code = \"9999\"", "10桁の数字"),
    ("kind = \"ordinary\"", "kind = \"savings\"", "貯蓄預金"),
    ("client_name = \"ｶｻﾞｽ\"", "client_name = \"ｶｻﾞｽ漢\"", "使えません"),
    ("from = \"issuer 1\"", "from = \"issuer 9\"", "設定にありません"),
    ("from = \"issuer 1\"", "from = \"bank\"", "`issuer N` または `funder N`"),
    (
        "staff = [\"sato\", \"suzuki\"]\napprovers = [\"suzuki\", \"tanaka\"]",
        "staff = [\"sato\"]\napprovers = [\"sato\"]",
        "決裁できる人",
    ),
    ("# [[finance.tolerance]]\n# of = \"issuer 4\"\n", "[[finance.tolerance]]\nof = \"bank\"\n", "`acquirer ID`"),
    ("\n[[listener]]", "\n[limits]\nmax_batch = 0\n\n[[listener]]", "1以上"),
    ("\n[[listener]]", "\n[limits]\nidle_seconds = 90000\n\n[[listener]]", "1から86400の範囲"),
    ("\n[[listener]]", "\n[sign_in]\nfactors = []\n\n[[listener]]", "サインインできる人がいません"),
    ("\n[[listener]]", "\n[security]\ncontact = [\"a@b\"]\n\n[[listener]]", "で始まるアドレス"),
    ("\n[[listener]]", "\n[outbox]\n\n[[listener]]", "通知の送り先がありません"),
];

#[test]
fn a_wrong_configuration_is_told_in_japanese() {
    let folder = tempfile::tempdir().unwrap();
    let town = folder.path().join("town").to_str().unwrap().to_owned();
    says(&["init", &town, "--residents", "10"], &[]);
    let sample = std::fs::read_to_string(format!("{town}/kazasu.toml")).unwrap();
    let wrong = format!("{town}/wrong.toml");
    for (line, instead, told) in WRONG {
        assert!(sample.contains(line), "{line} is not in the sample");
        std::fs::write(&wrong, sample.replacen(line, instead, 1)).unwrap();
        let said = refusal(&["config", "check", "--config", &wrong]);
        assert!(said.contains(told), "{instead}: {said}");
        assert_eq!(english(&said), [""; 0], "{instead}: {said}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_told_in_japanese() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let town = path("town");
    says(&["init", &town, "--residents", "10", "--people"], &[]);
    let (config, none, here) = (path("town/kazasu.toml"), path("none.csv"), path(""));
    let (western, statement, decisions) = (path("sjis.toml"), path("statement.txt"), path("decisions.csv"));
    std::fs::write(&western, b"name = \"\x83J\"\n").unwrap();
    std::fs::write(&statement, "103 and nothing else").unwrap();
    std::fs::write(&decisions, "12,approve\n").unwrap();
    let session = path("town/people/tanaka.session");
    let as_tanaka: [&str; 4] = ["--config", &config, "--session", &session];
    let with = |args: &[&'static str], file: &str| -> Vec<String> {
        let args = args.iter().map(|arg| (*arg).to_owned()).chain([file.to_owned()]);
        args.chain(as_tanaka.map(str::to_owned)).collect()
    };
    for (args, told) in [
        (vec!["policy".to_owned(), "check".to_owned(), none.clone()], "ファイルまたはフォルダーがありません"),
        (vec!["policy".to_owned(), "check".to_owned(), here.clone()], "フォルダーです"),
        (vec!["policy".to_owned(), "check".to_owned(), western.clone()], "UTF-8"),
        (with(&["payout", "statement"], &none), "を読めません"),
        (with(&["payout", "statement"], &statement), "入出金取引明細"),
        (with(&["approval", "decide"], &decisions), "1行目"),
        (with(&["approval", "show"], "999"), "999"),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let said = refusal(&args);
        assert!(said.contains(told), "{args:?}: {said}");
        assert_eq!(english(&said), [""; 0], "{args:?}: {said}");
    }
}
