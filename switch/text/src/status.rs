//! The status page.

use crate::{labels, texts};

labels! {
    /// Lines of the page, by their keys in the status.
    StatusRow {
        BusinessDay "business_day": "営業日", "business day";
        Node "node": "ノード", "node";
        Role "role": "役割", "role";
        Leader "leader": "主ノード", "leader";
        Ready "ready": "受付可能", "ready";
        Halted "halted": "停止理由", "halted because";
        ClockDoubt "clock_doubt": "時計の疑い", "clock in doubt";
        Records "records": "仕訳記録数", "durable records";
        Balanced "balanced": "貸借一致", "debits equal credits";
        Residents "residents": "利用者", "residents";
        Merchants "merchants": "加盟店", "merchants";
        WaitingForIssuer "waiting_for_issuer": "発行者応答待ち", "waiting for issuers";
        OwedToIssuers "owed_to_issuers": "発行者への未達通知", "advices owed to issuers";
        OpenHolds "open_holds": "未確定オーソリ", "open holds";
        WebhooksLate "webhooks_late": "送信が滞る送信先", "webhook endpoints that take nothing";
        AdvicesToDecide "advices_waiting_for_a_person": "限度超オフライン取引", "offline payments to be decided";
    }
}

labels! {
    /// What a node does.
    NodeRole {
        Leading "leading": "主ノード", "leading";
        Following "following": "従ノード", "following";
    }
}

labels! {
    /// Proofs that the journal was not rewritten, by their keys in the status.
    Proof {
        Checkpoint "checkpoint": "検証点", "checkpoint";
        Anchor "anchor": "外部保管", "anchor";
        Timestamp "timestamp": "時刻認証", "time stamp";
    }
}

labels! {
    /// An issuer's connection, as a node sees it.
    Connection {
        Up "up": "接続中", "up";
        Down "down": "切断", "down";
        AtLeader "at_leader": "主ノードで接続", "at the leader";
    }
}

texts! {
    /// Other words of the page.
    StatusText {
        Contradiction: "改ざんの疑い", "signs of tampering";
        Issuer: "発行者", "issuer";
        Authority: "認証局", "authority";
        RevocationList: "証明書の失効リスト", "revocation list";
        Certificate: "証明書", "certificate";
        PeerCertificate: "相手の証明書", "peer's certificate";
        NewFilesUnusable: "新しいファイルを使用できません", "new files cannot be used";
        Days: "日", "days";
        KeyEnds: "鍵の期限", "last day of key";
        KeyStore: "鍵ストア", "key store";
        Unusable: "使用できません", "cannot be used";
    }
}
