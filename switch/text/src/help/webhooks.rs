//! Endpoints that events are sent to.

help! {
    /// Endpoints that events are sent to.
    WEBHOOKS {
        "webhook": "出来事の送信先と、送信の記録", "Endpoints that events are sent to";
        "webhook <webhook>": "送信先の番号（`hook_` で始まるもの）", "Its id, hook_…";
        "webhook register": "送信先を登録し、秘密を一度だけ表示します", "Registers an endpoint, and shows its secret once";
        "webhook register <url>": "宛先のURL（`https://` で始まるもの）", "Its address, https://…";
        "webhook register --scope":
            "出来事の範囲（`merchant:org_3`、`shop:27000001/M1`、`city:13361`、`acquirer:27000001`、`all`）",
            "What events are about: merchant:org_3, shop:27000001/M1, city:13361, acquirer:27000001 or all";
        "webhook register --kind":
            "出来事の種類（`payment.approved` や `payment.*`）。種類ごとに指定します。省略時はすべて",
            "A kind of event, payment.approved or payment.*; once for each. All when absent";
        "webhook register --note": "用途の説明", "What it is for";
        "webhook register --after": "この記録より後の出来事を送信します。省略時は登録の後から", "The record after which events are sent; from now on when absent";
        "webhook list": "送信先と、その状態の一覧を表示します", "Lists the endpoints, and how they stand";
        "webhook show": "送信先と、その状態を表示します", "An endpoint, and how it stands";
        "webhook change": "送信先の宛先、種類、説明を変更します。省略した項目はそのままです", "Changes an endpoint's address, kinds or note; what is left out stays";
        "webhook change --url": "新しい宛先", "The new address";
        "webhook change --kind": "以後送信する種類。種類ごとに指定します", "A kind of event from now on; once for each";
        "webhook change --all-kinds": "以後すべての種類を送信します", "All kinds from now on";
        "webhook change --note": "用途の説明", "What it is for";
        "webhook on":
            "送信を再開します。止まった位置から続けます。送信中の送信先には直ちに試行します",
            "Switches an endpoint on, from where it stood; one that is on is tried at once";
        "webhook on --after": "止まった位置の代わりに、この記録より後から送信します", "The record after which events are sent, instead of where it stood";
        "webhook off": "送信を停止します。ジャーナルの位置は保持します", "Switches an endpoint off; it keeps its place in the journal";
        "webhook remove": "送信先を、秘密とジャーナルの位置とともに削除します", "Removes an endpoint with its secrets and its place in the journal";
        "webhook --why": "理由", "The reason";
        "webhook rotate":
            "送信先の新しい秘密を作成し、一度だけ表示します。前の秘密でもしばらく署名します",
            "Gives an endpoint a new secret, and shows it once; the one before signs beside it for a while";
        "webhook rotate --overlap-hours":
            "前の秘密でも署名する時間。0から720、省略時は24時間", "Hours for which the secret before signs too, 0 to 720; 24 when absent";
        "webhook test": "試験の出来事を直ちに送信し、結果を表示します", "Sends a test event now, and says what became of it";
        "webhook attempts": "送信の記録を新しい順に表示します", "Lists the newest attempts of an endpoint";
        "webhook attempts --event": "この出来事だけ（`evt_` で始まる番号）", "Only of this event, evt_…";
        "webhook attempts --failed": "失敗したものだけ", "Only those that failed";
        "webhook attempts --limit": "件数の上限。1から500、省略時は100", "Attempts at most, 1 to 500; 100 when absent";
        "webhook resend":
            "出来事を同じ番号で再送します。1件、記録の範囲、または失敗したものすべて",
            "Sends events again, with the ids that they had: one, a range of records, or all that failed";
        "webhook resend --event": "この出来事（`evt_` で始まる番号）", "This event, evt_…";
        "webhook resend --from": "この記録からの出来事", "Events from this record on";
        "webhook resend --until": "範囲の最後の記録。省略時は最新の記録", "The last record of the range; the journal's last when absent";
        "webhook resend --failed": "最後の送信に失敗した出来事すべて", "All events whose last attempt failed";
        "webhook verify": "受信側と同じように署名を確認し、原因を表示します", "Checks a message as its receiver does, and names the fault";
        "webhook verify --secrets": "秘密のファイル。1行に一つ（`whsec_` で始まるもの）", "The file of secrets, whsec_…, one a line";
        "webhook verify --headers": "受け取ったヘッダーのファイル", "The file of the message's header lines";
        "webhook verify <body>": "受け取った本文のバイト列のファイル。省略時は標準入力", "The file of the body's bytes as they came; standard input when absent";
        "webhook verify --tolerance": "許す時計の差（秒）", "Seconds by which clocks may differ";
    }
}
