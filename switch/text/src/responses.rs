//! What the codes of DE39 mean (ISO 8583).

use crate::{Label, labels};
use kazasu_schemas::wire::ResponseCode;

labels! {
    /// The meanings of response codes.
    ResponseMeaning {
        Approved "00": "承認", "approved";
        UnknownMerchant "03": "加盟店不明", "unknown merchant";
        DoNotHonour "05": "取引不承認", "do not honour";
        PartialApproval "10": "一部承認", "partial approval";
        InvalidTransaction "12": "取引種別不正", "invalid transaction";
        InvalidAmount "13": "金額不正", "invalid amount";
        NoSuchCard "14": "カード未登録", "no such card";
        NoSuchIssuer "15": "発行者不明", "no such issuer";
        OriginalNotFound "25": "元取引なし", "original not found";
        FormatError "30": "電文形式不正", "format error";
        LostCard "41": "紛失カード", "lost card";
        StolenCard "43": "盗難カード", "stolen card";
        InsufficientFunds "51": "残高不足", "insufficient funds";
        ExpiredCard "54": "有効期限切れ", "expired card";
        PinRequired "55": "暗証番号が必要", "PIN required";
        NotPermittedToCardholder "57": "利用対象外", "not permitted to cardholder";
        NotPermittedToTerminal "58": "端末利用不可", "not permitted to terminal";
        SuspectedFraud "59": "不正使用の疑い", "suspected fraud";
        AmountLimitExceeded "61": "限度額超過", "amount limit exceeded";
        RestrictedCard "62": "利用制限カード", "restricted card";
        SecurityViolation "63": "認証エラー", "security violation";
        CountLimitExceeded "65": "回数制限超過", "count limit exceeded";
        AnsweredTooLate "68": "応答遅延", "answer came too late";
        PinTriesExceeded "75": "暗証番号誤り回数超過", "PIN tries exceeded";
        CutOverUnderWay "90": "日付切替中", "cut-over under way";
        IssuerUnavailable "91": "発行者応答なし", "issuer unavailable";
        NoRoute "92": "経路なし", "no route";
        Duplicate "94": "重複取引", "duplicate";
        OutOfBalance "95": "照合不一致", "out of balance";
        SystemMalfunction "96": "システム障害", "system malfunction";
        Other "other": "その他", "other";
    }
}

/// What a code means.
#[must_use]
pub fn meaning(code: ResponseCode) -> ResponseMeaning {
    ResponseMeaning::of(code.as_str()).unwrap_or(ResponseMeaning::Other)
}
