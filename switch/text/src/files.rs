//! Why a file or a folder cannot be used.

use crate::argument::{Octal, Quoted};
use crate::said::Said;
use crate::{Count, texts};

texts! {
    /// What the operating system answered.
    SystemText {
        NotFound: "ファイルまたはフォルダーがありません", "it is not there";
        Denied: "権限がありません", "permission is denied";
        Folder: "フォルダーです。ファイルを指定してください", "it is a folder";
        NoFolder: "途中のフォルダーがファイルです", "a part of its path is no folder";
        There: "すでにあります", "it is there already";
        Full: "ディスクに空きがありません", "the disk is full";
        ReadOnly: "読取り専用のディスクです", "the disk is read-only";
        NotEmpty: "フォルダーが空ではありません", "the folder is not empty";
        Refused: "接続先が応答しません（起動していないか、番号が違います）", "the connection is refused";
        TimedOut: "時間内に応答がありません", "there is no answer in time";
        Closed: "接続が切れました", "the connection was closed";
        Address: "アドレスを使えません（使用中か、このマシンのものではありません）", "the address cannot be used";
        Text: "UTF-8の文字ではありません", "it is no text in UTF-8";
        Ends: "途中で終わっています", "it ends too early";
        Error { number: i64 }: "システムのエラーです（番号 {number}）", "error {number} of the system";
        Failed: "読み書きに失敗しました", "reading or writing failed";
    }
}

texts! {
    /// What is wrong with a file.
    FileText<'a> {
        Read { path: &'a str, why: &'a Said }: "{path} を読めません：{why}", "cannot read {path}: {why}";
        Write { path: &'a str, why: &'a Said }: "{path} に書き込めません：{why}", "cannot write {path}: {why}";
        Create { path: &'a str, why: &'a Said }: "{path} を作成できません：{why}", "cannot create {path}: {why}";
        Remove { path: &'a str, why: &'a Said }: "{path} を削除できません：{why}", "cannot remove {path}: {why}";
        WriteOf { path: &'a str, owner: OwnerText, why: &'a Said }:
            "{path} に書き込めません（{owner}）：{why}", "cannot write {path} ({owner}): {why}";
        CreateOf { path: &'a str, owner: OwnerText, why: &'a Said }:
            "{path} を作成できません（{owner}）：{why}", "cannot create {path} ({owner}): {why}";
        In { path: &'a str, why: &'a Said }: "{path}：{why}", "{path}: {why}";
        OthersRead { path: &'a str, mode: &'a str }:
            "{path} は他の利用者も読めます（モード {mode}）。`chmod 600 {path}` を実行してください",
            "{path} may be read by others (mode {mode}); run: chmod 600 {path}";
        NoFolder { path: &'a str }: "{path} はフォルダーではありません", "{path} is no folder";
        Empty { path: &'a str }: "{path} は空です", "{path} is empty";
        NoHome:
            "利用者のフォルダー（$HOME）がありません。`--session` でファイルを指定してください",
            "there is no folder of your own ($HOME); say --session FILE";
        NoSession { path: &'a str }:
            "{path} にセッションがありません。`kazasu login` を実行してください", "{path}: there is no session; run `kazasu login`";
        Holidays { line: u64, got: Quoted<'a> }:
            "休業日のファイルの{line}行目に誤りがあります（{got}）。`2026-01-01,名前` の形で書いてください",
            "bank holidays, line {line}: expected a date and a name, got {got}";
        DecisionKey { path: &'a str }:
            "{path} の決裁用の鍵を読み取れません。`kazasu login` を実行し直してください",
            "{path}: the key of decisions cannot be read; run `kazasu login` again";
    }
}

texts! {
    /// Whose a file is.
    OwnerText {
        Its { user: u32, mode: Octal }: "所有者は利用者番号 {user}、モード {mode}", "it belongs to user {user}, mode {mode}";
        ItsFolder { user: u32, mode: Octal }:
            "フォルダーの所有者は利用者番号 {user}、モード {mode}", "its folder belongs to user {user}, mode {mode}";
    }
}

texts! {
    /// Why bytes are no text.
    NotTextText {
        Utf16:
            "文字コードがUTF-16です（Windowsのエディターの「Unicode」）。UTF-8で保存し直してください",
            "expected text in UTF-8, got UTF-16 (\"Unicode\" in Windows' editors): save it as UTF-8";
        Byte { at: Count, line: Count }:
            "UTF-8の文字ではありません（{line}行目、{at}バイト目）。UTF-8で保存し直してください",
            "expected text in UTF-8; byte {at}, in line {line}, is not: save it as UTF-8";
    }
}
