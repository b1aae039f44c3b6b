//! Why the switch itself declines a tap: one sentence for each refusal, for people who look at a decision.

use crate::meanings;
use kazasu_schemas::wire::Refusal;

meanings! {
    Refusal {
        DuplicateMismatch:
            "同じ識別情報の電文が、異なる内容で先に届いています。",
            "A message with the same key arrived before with other content.";
        ReversedBefore: "この電文の取消が先に届いています。", "A reversal of this message arrived before the message.";
        UnsupportedTransaction:
            "この取引種別または電文種別は取り扱っていません。",
            "The switch does not serve this processing code or message type.";
        UnknownMerchant:
            "加盟店がこの契約会社に登録されていないか、閉店しています。",
            "The merchant is not registered under this acquirer, or it is closed.";
        UnknownTerminal:
            "端末が登録されていないか、別の加盟店の端末です。",
            "The terminal is not registered, or it belongs to another merchant.";
        UnsupportedCurrency: "通貨が円ではありません。", "The currency is not yen.";
        ZeroAmount: "金額がゼロです。", "The amount is zero.";
        OriginalNotFound: "元取引が見つかりません。", "There is no original message with these data.";
        OriginalNotOpen:
            "元取引は、この処理ができる状態ではありません。",
            "The original is declined, voided or still pending.";
        AboveOriginal: "金額が元取引の残額を超えています。", "The amount is above what is left of the original.";
        UnknownPpid: "このIDは登録されていません。", "The PPID is not known.";
        CardMerged: "このIDは別のカードに引き継がれました。", "Another card has taken this ID's place.";
        CardSuspended: "カードは一時停止中です。", "The card is suspended.";
        CardRevoked: "カードは失効しています。", "The card is revoked.";
        CardExpired: "カードの有効期限が過ぎています。", "The card's last day is over.";
        ListTooOld:
            "証明書失効リストがないか、古すぎて判定できません。",
            "There is no card status list, or it is too old to decide on.";
        AboveListCap:
            "証明書失効リストが最新でなく、金額がその場合の上限を超えています。",
            "The card status list is stale, and the amount is above the cap for a stale list.";
        PinRequired: "この金額には暗証番号が必要です。", "The amount requires the PIN.";
        PurseNotUsable:
            "給付残高はここで使えないか不足しており、ほかの決済手段の紐付けもありません。",
            "Purse money does not pay here or does not suffice, and no instrument is linked.";
        NoInstrument: "決済手段が紐付けられていません。", "No instrument is linked to the PPID.";
        OtherPpid: "IDが元取引のものと異なります。", "The PPID is not the one of the original.";
        TapLimit: "1回の限度額を超えています。", "The amount is above a limit per tap.";
        AmountLimit: "期間の限度額を超えています。", "The amount is above a limit of a day, a month or several days.";
        CountLimit: "回数制限を超えています。", "The tap is above a limit of taps.";
        InsufficientFunds: "残高が不足しています。", "The account does not cover the amount.";
        BalanceOverflow: "残高が元帳で扱える範囲を超えます。", "A balance would leave the ledger's range of numbers.";
        NoRoute: "決済手段の発行者が設定されていません。", "The issuer of the linked instrument is not configured.";
        IssuerUnavailable:
            "発行者との回線が切れているため、電文を送信していません。",
            "The issuer's connection is down; the switch sent nothing.";
        IssuerTimeout:
            "発行者の応答が時間内になく、結果不明のため取消を送っています。",
            "The issuer did not answer in time; the outcome is unknown and is being reversed.";
        BalanceNotHeld: "残高は発行者だけが管理しています。", "Only the issuer knows the balance of this instrument.";
    }
}
