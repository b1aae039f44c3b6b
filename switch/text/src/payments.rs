//! Payments, as they are found.

use crate::{labels, texts};

labels! {
    /// What a message of a terminal asked for.
    PaymentKind {
        Authorization "authorization": "仮売上", "authorization";
        Purchase "purchase": "支払", "payment";
        Refund "refund": "返品", "refund";
        BalanceInquiry "balance_inquiry": "残高照会", "balance inquiry";
        AuthorizationAdvice "authorization_advice": "オフライン仮売上", "offline authorization";
        Completion "completion": "売上確定", "completion";
        PurchaseAdvice "purchase_advice": "オフライン売上", "offline payment";
        RefundAdvice "refund_advice": "オフライン返品", "offline refund";
        Reversal "reversal": "取消", "reversal";
        Unsupported "unsupported": "対象外の要求", "unsupported";
    }
}

labels! {
    /// What became of it.
    PaymentState {
        Pending "pending": "確認中", "pending";
        Approved "approved": "承認", "approved";
        Declined "declined": "拒否", "declined";
        PartlyRefunded "partly_refunded": "一部返品済", "part refunded";
        Refunded "refunded": "返品済", "refunded";
        Reversed "reversed": "取消済", "reversed";
    }
}

texts! {
    /// Below a list of payments.
    PaymentText<'a> {
        Since { from: &'a str }:
            "{from}以降を検索しました。それより前は `--from` で指定してください。", "Searched from {from} on; name an earlier day with --from.";
        More:
            "続きがあります。`--limit` で件数を増やすか、`--format csv --out ファイル` ですべてを書き出してください。",
            "There are more: ask for more with --limit, or write all of them with --format csv --out FILE.";
    }
}
