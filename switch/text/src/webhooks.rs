//! Events to programs: how endpoints stand, what became of attempts, and what verification finds.

use crate::{labels, texts};

labels! {
    /// How an endpoint stands.
    WebhookStateLabel {
        On "on": "送信中", "Sending";
        Waiting "waiting": "再試行待ち", "Waiting to try again";
        Late "late": "送信遅延（警告済み）", "Late; people were warned";
        Failing "failing": "送信不能（位置は保持）", "Failing; it keeps its place";
        Off "off": "送信停止", "Switched off";
    }
}

labels! {
    /// What became of an attempt.
    WebhookOutcome {
        Delivered "delivered": "送信済み", "Delivered";
        Answered "answered": "受信側の拒否応答", "The receiver's answer is no success";
        Redirected "redirected": "転送の指示（追わない）", "A redirect, which is not followed";
        Network "network_not_allowed": "許可のないネットワーク", "An address of a network that is not allowed";
        Unresolved "name_unknown": "名前の解決失敗", "A name that is not known";
        Unreachable "unreachable": "接続失敗", "No connection, or it broke off";
        TimedOut "timed_out": "時間切れ", "No answer in time";
        Secret "secret_unreadable": "秘密の復号失敗", "Its secret cannot be opened";
    }
}

labels! {
    /// What was sent.
    WebhookSent {
        Live "live": "通常送信", "In its turn";
        Again "again": "再送", "Again";
        Test "test": "試験送信", "Test";
    }
}

texts! {
    /// What verification finds.
    WebhookText<'a> {
        Good { secret: u64, seconds: i64 }:
            "正しい署名です。{secret}番目の秘密によるもので、{seconds}秒前に署名されています。",
            "The signature is right: by secret {secret}, made {seconds} seconds ago.";
        MissingHeader { header: &'a str }: "ヘッダー `{header}` がありません。", "The header {header} is missing.";
        Timestamp: "`webhook-timestamp` は1970年からの秒数でなければなりません。", "webhook-timestamp must be whole seconds since 1970.";
        TooOld { seconds: i64 }:
            "署名は正しいですが、{seconds}秒前のものです。古い要求の再送か、この機器の時計の進みが考えられます。",
            "The signature is right, and was made {seconds} seconds ago: an old request was sent again, or this clock is fast.";
        TooNew { seconds: i64 }:
            "署名は正しいですが、{seconds}秒先の時刻のものです。この機器の時計の遅れが考えられます。",
            "The signature is right, and was made {seconds} seconds ahead of this clock, which may be slow.";
        NoSignature: "`webhook-signature` に `v1` の署名がありません。", "webhook-signature has no signature of the version v1.";
        NoSecret: "秘密のファイルに秘密がありません。", "The file of secrets has none.";
        Altered:
            "署名が一致しません。本文かヘッダーが変わったか、別の秘密で署名されています。本文は受け取ったバイト列のまま渡してください。",
            "No signature fits: the body or a header was altered, or another secret signed it. Give the body's bytes as they came.";
        LineEnd:
            "署名が一致しません。本文の末尾に改行が付け加わっています。",
            "No signature fits: a line end was added at the end of the body.";
        LineEnds:
            "署名が一致しません。本文の改行の種類が変わっています。",
            "No signature fits: the line ends of the body were changed.";
        ByteOrderMark:
            "署名が一致しません。本文の先頭にバイト順マークが付け加わっています。",
            "No signature fits: a byte order mark was added before the body.";
        BodyAlone:
            "署名が一致しません。本文だけに署名されています。番号、時刻、本文をピリオドでつないで署名します。",
            "No signature fits: it was made over the body alone, and not over id, timestamp and body with full stops between them.";
        SecretLine { line: u64 }:
            "秘密のファイルの{line}行目は `whsec_` で始まる秘密ではありません。",
            "Line {line} of the file of secrets is no secret that begins with whsec_.";
        LongBody { most: u64 }: "本文が{most}バイトを超えています。", "The body is longer than {most} bytes.";
    }
}
