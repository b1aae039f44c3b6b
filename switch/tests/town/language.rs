//! The language of commands: that of their environment, and of `KAZASU_LANG` before all.

use std::path::Path;
use std::process::Command;

/// What a command says with these variables, and no others that choose a language.
fn says(args: &[&str], variables: &[(&str, &str)]) -> String {
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
fn refusal(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kazasu"));
    let out = command.args(args).env("KAZASU_LANG", "ja").output().unwrap();
    assert!(!out.status.success(), "{args:?}: {out:?}");
    String::from_utf8(out.stderr).unwrap()
}

/// Two English words side by side, outside of names between back-quotes and of quotations.
fn english_inside(text: &str) -> Option<String> {
    let names_out = text.split('`').step_by(2).collect::<Vec<_>>().join("、");
    let own = names_out.split('「').map(|part| part.split_once('」').map_or(part, |(_, rest)| rest));
    let sign = |c: char| !c.is_ascii_alphanumeric();
    let is_word = |text: &str| text.len() > 1 && text.bytes().all(|b| b.is_ascii_alphabetic());
    let pair = |part: &str| {
        let words: Vec<&str> = part.split(' ').collect();
        let side_by_side = |pair: &&[&str]| {
            pair[0].rsplit(sign).next().is_some_and(is_word) && pair[1].split(sign).next().is_some_and(is_word)
        };
        words.windows(2).find(side_by_side).map(|pair| pair.join(" "))
    };
    own.collect::<Vec<_>>().into_iter().find_map(pair)
}

#[test]
fn refusals_have_no_english_inside() {
    assert_eq!(english_inside("3行目：amount must be a number").as_deref(), Some("3行目：amount must"));
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
        assert_eq!(english_inside(&said), None, "{args:?}: {said}");
    }
}
