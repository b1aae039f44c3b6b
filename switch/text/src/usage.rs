//! Why a command that is written as it should be does nothing: options that do not fit together, and places where nothing is.

use crate::argument::Quoted;
use crate::said::Said;
use crate::{Count, texts};

texts! {
    /// Why a command does nothing.
    UsageText<'a> {
        NothingSigned:
            "信頼する公開鍵が指定されていますが、署名が一つもありません。", "nothing is signed, and a trusted key was named";
        NoLeader:
            "動作中のノードがありますが、現在は主ノードがありません。後でもう一度実行してください。",
            "nodes are running but none of them leads at the moment; try again";
        CoreEnded: "スイッチの処理が異常終了しました。", "the core panicked";
        DraftCannotFollow { why: &'a Said }:
            "この下書きは、期間の初めに有効だったポリシーの後に適用できません：{why}",
            "the draft cannot follow the policy that was in force at the beginning of the period: {why}";
        JournalBroken { words: &'a str }:
            "ジャーナルが元帳の規則に合いません（英語の原文：「{words}」）。`kazasu ledger verify` を実行してください。",
            "the journal breaks a rule: {words}; run `kazasu ledger verify`";
        WhichLetter: "`--settlement` で明細書の精算を指定してください。", "--settlement says which letter is wanted";
        KeyFile { path: &'a str }:
            "{path} には鍵を16進64桁で書いてください。", "{path}: expected 64 hexadecimal digits";
        StandardInput: "標準入力を読めません。", "standard input cannot be read";
        LogLine: "スイッチが返したセキュリティ記録の行を読み取れません。", "the switch gave a line that cannot be read";
        LocalPort: "このマシンのポートを開けません。", "a port of this machine cannot be used";
        NumberFromInput:
            "カード番号または口座番号を標準入力から読みますが、入力がありません。",
            "the card or account number is read from standard input, and there is none";
        OneNumber { lines: Count }:
            "標準入力には番号を1つだけ入れてください（入力は{lines}行）。番号ごとにコマンドを実行します。",
            "standard input: one card or account number is expected, got {lines} lines; run the command once for each";
        StatusRefused { http: &'a str, why: &'a str }:
            "{http} のスイッチが状態を返しませんでした：{why}", "the switch at {http} does not say it: {why}";
        PolicyFile { why: &'a str }: "`policy_file`：{why}", "policy_file: {why}";
        FileUnreadable { key: &'a str, path: &'a str, why: &'a str }:
            "{key} のファイル {path} を読めません：{why}", "{key} {path}: {why}";
        PortTooHigh { offset: u16 }:
            "`--port-offset {offset}` では番号が65535を超えるポートがあります。", "--port-offset {offset} leads beyond port 65535";
        StoreOrConfig: "`--store` または `--config` が必要です。", "--store or --config is needed";
        StoreIsFile { path: &'a str }:
            "{path} はファイルです。表はスイッチ自身が最新に保ちます。", "{path} is a file; the switch keeps its tables up to date itself";
        SamePlace: "`--from` と `--to` が同じ場所です。", "--from and --to are the same place";
        OutForm { path: &'a str }:
            "`--out {path}`：形式は名前で決まります。`.xlsx` または `.csv` で終えてください（明細書と利用明細は `.pdf` も可）。",
            "--out {path}: the name says the form, and must end in .xlsx or .csv (a letter or a resident's statement also in .pdf)";
        OutIsRead { path: &'a str }:
            "`--bad-rows`：{path} は読み込むファイルです。拒否された行で上書きしてしまうため、別の名前を指定してください。",
            "--bad-rows: {path} is the file that is read; name another one, it would be replaced by its refused rows";
        NotImported { bad: Count, rows: Count }:
            "{rows}行のうち{bad}行を取り込みませんでした。", "{bad} of {rows} rows were not imported";
        Found { exceptions: u64, lines: u64 }:
            "照合差異{exceptions}件、読めない行{lines}行", "{exceptions} exceptions, {lines} lines that cannot be read";
        PeriodValue { key: &'a str, got: Quoted<'a> }:
            "`--{key}` には日付、または時差付きの日時を指定してください（入力は{got}）。",
            "--{key} must be a date or a time with its offset, got {got}";
        PeriodOrder { from: &'a str, to: &'a str }:
            "`--from {from}` が `--to {to}` より前ではありません。", "--from {from} is not before --to {to}";
        DecisionLine { line: u64, problem: &'a Said }: "{line}行目：{problem}", "line {line}: {problem}";
        DecisionFields:
            "`番号,回答,照合値,理由` の4項目をコンマで区切って書いてください", "expected NUMBER,ANSWER,FINGERPRINT,WHY";
        DecisionNumber { got: Quoted<'a> }: "起案の番号を指定してください（入力は{got}）", "expected a request's number, got {got}";
        LogDamaged { places: Count }:
            "セキュリティ記録の{places}か所が変更されているか、壊れています。",
            "the security log was changed or is damaged in {places} places";
    }
}
