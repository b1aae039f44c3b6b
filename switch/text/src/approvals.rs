//! Requests that two people decide: what they are about, and where they stand.

use crate::{labels, texts};
use kazasu_schemas::jst::BusinessDay;

labels! {
    /// What a request is about.
    KindLabel {
        Programme "programme": "給付事業の内容", "terms of a relief programme";
        Claim "claim": "返還請求", "claim";
        ReturnFunds "return_funds": "返納", "return of funds";
        UndoBooking "undo_booking": "記帳の取消", "booking to be undone";
        Contracts "contracts": "加盟店契約", "contracts";
        Payout "payout": "振込", "payout";
        CancelPayout "cancel_payout": "振込の取消", "payout to be cancelled";
        Resolve "resolve": "差異の処理", "resolution of an exception";
        Retarget "retarget": "付替え", "retarget";
        Grant "grant": "権限付与", "grant of a role";
        ProgramKey "program_key": "プログラムの鍵", "program's key";
        Reinvite "reinvite": "再招待", "further invitation";
        SharedLink "shared_link": "確認待ちの紐付け", "waiting link";
        StatementKey "statement_key": "ポータルの署名鍵", "key with which a portal signs";
        Fund "fund": "原資の入金", "payment into a fund";
        CreditPurse "credit_purse": "給付金の手動入金", "purse money by hand";
        Policy "policy": "ポリシーの適用", "policy";
        Merge "merge": "仮IDの統合", "merging of a temporary ID";
        Link "link": "窓口での紐付け", "link made by staff";
        Merchants "merchants": "加盟店の登録・変更", "file of merchants";
        Links "links": "紐付け・開始残高の取込", "file of links";
        Payee "payee": "支払先口座の変更", "payee's account";
        Payees "payees": "支払先口座の取込", "file of payees' accounts";
        Correction "correction": "売上の訂正", "correction of a payment";
        LiftSuspension "lift_suspension": "停止・失効したカードの利用再開", "suspended or revoked card to be used again";
        BindCard "bind_card": "新しいカードの登録", "new card of a resident";
        Replace "replace": "新しいPPIDへの引継ぎ", "PPID of a new card in another's place";
        Shops "shops": "組織への店舗の追加", "further shops of an organisation";
        Destruction "destruction": "鍵の廃棄", "destruction of a key";
    }
}

labels! {
    /// Where a request stands.
    StandingLabel {
        Waits "waits": "決裁待ち", "waits for another person";
        SentBack "sent_back": "差戻し", "sent back";
        Approved "approved": "承認", "approved";
        Denied "denied": "否認", "denied";
        Withdrawn "withdrawn": "引戻し", "withdrawn";
        Lapsed "lapsed": "期限切れ", "lapsed";
        Superseded "superseded": "対象の変更により終了", "superseded";
    }
}

texts! {
    /// Values before and after, where they are words: what a request would change.
    EffectText<'a> {
        PayoutOrdered: "依頼済み", "ordered";
        PayoutGivenUp: "取りやめ（精算は再び支払待ちになります）", "given up: its settlements are due again";
        KeyUntil { name: &'a str, from: BusinessDay, until: BusinessDay }:
            "{name}（{from}から{until}まで）", "{name} from {from} until {until}";
        KeyForGood { name: &'a str, from: BusinessDay }: "{name}（{from}から無期限）", "{name} from {from} for good";
        SignsIn { name: &'a str }: "{name}のパスワードと第2要素", "password and second factor of {name}";
        LeftChanged: "起案後に変わったため、承認できません", "changed: it cannot be approved";
        CardGood: "使用できます", "good";
        CardGoodUnlessListed:
            "新しい証明書が失効リストになければ使用できます", "good, unless a status list has the new certificate";
        Readable { key: &'a str, version: u8 }: "{key} の版 {version} で復号できます", "readable with {key} {version}";
        Unreadable: "写しとバックアップを含め、二度と復号できません", "unreadable for ever, in every copy and backup";
        AsRequested: "起案時のまま", "as requested";
        AccountsChanged: "起案後に変わったため、振込ファイルは作成されません", "changed after the request: its files will not be made";
    }
}
