//! What is wrong with `[audit]`, with its files, and with the authority for time stamps.

use crate::argument::Quoted;
use crate::texts;

texts! {
    /// What is wrong with checkpoints.
    AuditText<'a> {
        AnchorIsOwn { path: &'a str }:
            "anchor_file には、このノードのファイル {path} とは別の、別のマシンのディスクにあるファイルを指定してください",
            "anchor_file must be another file than the node's own {path}, on a disk of another machine";
        StampUrl { got: Quoted<'a> }:
            "timestamp.url は、ホスト名のある http:// または https:// のアドレスで指定してください（入力は{got}）",
            "timestamp.url must be http://HOST/… or https://HOST/…, got {got}";
        CannotAdd { path: &'a str }: "{path} に追記できません", "cannot add to {path}";
        CannotRead { path: &'a str }: "{path} の内容を読めません", "cannot read {path}";
        AnchorRecord { path: &'a str, line: u64, record: u64, words: &'a str }:
            "{path} の{line}行目、記録 {record} の検証点を確認できません（英語の原文：「{words}」）",
            "{path} line {line}, record {record}: {words}";
        AnchorKey { path: &'a str, line: u64, version: u8, words: &'a str }:
            "{path} の{line}行目、バッチ署名の鍵 {version} の証明を確認できません（英語の原文：「{words}」）",
            "{path} line {line}, key {version} of batches: {words}";
        NoCheckpoint { path: &'a str }: "{path} に検証点がありません", "{path}: there is no checkpoint in it";
        ReplyMalformed { words: &'a str }:
            "時刻認証局の答えを読み取れません（英語の原文：「{words}」）", "the reply cannot be read: {words}";
        ReplyRefused { status: &'a str }: "時刻認証局が依頼を断りました（状態 {status}）", "the authority refused (status {status})";
        ReplyOther { what: &'a str }:
            "時刻認証局の答えは、別の依頼に対するものです（`{what}` が異なります）", "the reply is for another request: its {what} differs";
    }
}
