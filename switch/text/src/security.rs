//! The security log: its events and their fields. A code is what stands in a line.

use crate::{Count, labels, texts};

labels! {
    /// What happened.
    SecurityEvent {
        FileBegun "file_begun": "ファイルの開始", "a file of the log begins";
        Started "started": "起動", "the program starts";
        Stopped "stopped": "終了", "the program ends";
        ConfigurationChanged "configuration_changed": "設定の変更", "the configuration differs from the last start's";
        CertificatesRead "certificates_read": "証明書の再読込", "certificates, keys and revocation lists are read again";
        LeadChanged "lead_changed": "主ノードの交代", "this node takes or gives up the lead";
        WebhookState "webhook_state": "送信先の状態", "an endpoint takes no events for some time, or takes them again";
        TornLineCut "torn_line_cut": "書きかけの行の除去", "a line that a crash left unfinished is cut off";
        LinesLost "lines_lost": "記録漏れ", "lines that could not be kept";
        Unwritable "unwritable": "書込不能", "the log could not be written for some time";
        RetentionApplied "retention_applied": "保存期限による削除", "files beyond the retention are removed";
        KeyUsed "key_used": "トークンの使用", "a token is used from a network for the first time within an hour";
        KeyFileUsed "key_file_used": "鍵ファイルの使用", "the command line uses the key file";
        RequestRefused "request_refused": "受付前の拒否", "a request is refused before a service sees it";
        RequestsRefused "requests_refused": "受付前の拒否（集計）", "how many further requests a network was refused within a minute";
        Look "look": "利用者情報の閲覧", "a look at residents";
        Reveal "reveal": "伏せた情報の開示", "something that is hidden elsewhere is shown";
        Export "export": "持出し", "data leave as a file";
        Command "command": "操作", "a command";
        Question "question": "照会", "a question";
        SignedIn "signed_in": "ログイン", "a person has signed in";
        SignedOut "signed_out": "ログアウト", "sessions are ended by a person";
        SignInRefused "sign_in_refused": "ログインの拒否", "a person is not signed in";
        LogRead "log_read": "記録の閲覧", "a question about this log";
    }
}

labels! {
    /// Fields of lines.
    SecurityField {
        Seq "seq": "行番号", "Line number";
        At "at": "発生時刻", "Moment";
        Node "node": "記録元", "Written by";
        Event "event": "事象", "Event";
        Hash "hash": "連鎖値", "Hash";
        After "after": "直前の連鎖値", "Hash before";
        Version "version": "プログラムの版", "Program version";
        Configuration "configuration": "設定のハッシュ値", "Configuration";
        Before "before": "以前の設定のハッシュ値", "Configuration before";
        Role "role": "ノードの役割", "Node role";
        Epoch "epoch": "世代", "Epoch";
        Leader "leader": "主ノード名", "Leading node";
        Bytes "bytes": "バイト数", "Bytes";
        File "file": "対象ファイル", "File";
        Lines "lines": "行数", "Lines";
        Refused "refused": "断った件数", "Answers refused";
        Files "files": "ファイル数", "Files";
        Through "through": "削除した最終行番号", "Removed up to line";
        By "by": "操作者", "Asked by";
        Caller "caller": "操作者の種別", "Kind of caller";
        Via "via": "経路", "Through";
        Network "network": "ネットワーク", "Network";
        Tool "tool": "コマンド", "Command line";
        Uid "uid": "OS利用者番号", "User of the system";
        Method "method": "メソッド", "Method";
        Route "route": "宛先", "Address";
        Status "status": "応答番号", "HTTP status";
        Count "count": "回数", "How often";
        Operation "operation": "操作名", "Operation";
        Outcome "outcome": "可否", "Outcome";
        Residents "residents": "利用者の参照値", "Residents";
        About "about": "対象物", "About";
        Why "why": "閲覧理由", "Reason of the caller";
        Reason "reason": "拒否理由", "Reason of the refusal";
        State "state": "送信の状態", "State of deliveries";
        Since "since": "初回失敗の時刻", "First failure";
        Proven "proven": "本人確認の方法", "How the person was proven";
        Statement "statement": "署名付き申告のハッシュ値", "Signed statement";
        Key "key": "署名鍵", "Key that signed";
    }
}

texts! {
    /// Other words about the log.
    SecurityText<'a> {
        Title: "セキュリティ記録", "Security log";
        More: "その他の項目", "Other fields";
        Good { files: Count, lines: Count }: "{files}ファイル、{lines}行に異常はありません。", "{lines} lines in {files} files are sound.";
        Head { head: &'a str }: "最終行 {head} （別の場所に控えると、末尾の切取りを後で確認できます）", "The last line is {head}; noted elsewhere, it shows later whether the end was cut off.";
        Unfinished { bytes: Count }: "末尾に書きかけの{bytes}バイトがあります。", "{bytes} bytes behind the last line are unfinished.";
        Changed { file: &'a str, line: u64, seq: u64 }: "{file} の{line}行目（番号{seq}）またはその前の行が書き換えられています。", "{file} line {line} (number {seq}) or the line before it was changed.";
        Unreadable { file: &'a str, line: u64 }: "{file} の{line}行目を読み取れません。", "{file} line {line} cannot be read.";
        Missing { from: u64, until: u64 }: "番号{from}から{until}までの行がありません。", "Lines {from} to {until} are missing.";
        Repeated { file: &'a str, line: u64, seq: u64 }: "{file} の{line}行目の番号{seq}が重複しています。", "{file} line {line} repeats number {seq}.";
        Begins { file: &'a str }: "{file} の先頭が直前のファイルの末尾に続いていません。", "{file} does not begin where the file before it ends.";
        NotThere { seq: u64 }: "控えた行（番号{seq}）がありません。", "The line with number {seq} that was noted elsewhere is not there.";
    }
}
