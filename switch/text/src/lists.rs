//! Lists as files: what they and their columns are called.

use crate::labels;

labels! {
    /// Lists, by the word of their operation.
    ListTitle {
        Days "days": "営業日の一覧", "Business days";
        Settlements "settlements": "精算の一覧", "Settlements";
        Payouts "payouts": "振込の一覧", "Payouts";
        Runs "runs": "照合の一覧", "Comparisons";
        Totals "totals": "合計電文の一覧", "Totals of acquirers";
        Exceptions "exceptions": "照合差異の一覧", "Reconciliation exceptions";
        Merchants "merchants": "加盟店の一覧", "Merchants";
        Advices "advices": "判断待ちのオフライン売上の一覧", "Offline payments that wait";
        Notices "notices": "未配信のお知らせの一覧", "Notices that are owed";
        Payees "payees": "支払先の一覧", "Payees' accounts";
        Organisations "organisations": "組織の一覧", "Organisations";
        People "people": "人の一覧", "People";
        Keys "keys": "プログラムの鍵の一覧", "Programs and their keys";
        Sessions "sessions": "セッションの一覧", "Sessions";
        Passkeys "passkeys": "パスキーの一覧", "Passkeys";
        Programmes "programmes": "給付事業の一覧", "Relief programmes";
        BrokenLinks "broken_links": "紐付け不良の一覧", "Broken links";
        SharedAccounts "shared_accounts": "口座の重複の一覧", "Shared accounts";
        WaitingLinks "waiting_links": "判断待ちの紐付けの一覧", "Links that wait";
        Approvals "list": "起案の一覧", "Requests for approval";
        Shops "shops": "見られる店舗の一覧", "Shops that you see";
        Rows "rows": "支給バッチの行の一覧", "Rows of a relief batch";
        Transactions "transactions": "取引の一覧", "Payments that were found";
    }
}

labels! {
    /// Columns whose name facts do not have, by their key; those that are called otherwise in one list, with the word of the list.
    ListColumn {
        State "state": "状態", "State";
        LastRecord "last_record": "最後の記録", "Last record";
        OpenExceptions "open_exceptions": "未処理の差異", "Open exceptions";
        WithoutOwner "without_owner": "担当のない差異", "Exceptions without an owner";
        Marks "marks": "手続の経過", "Steps that were taken";
        RefundsYen "refunds_yen": "返品の金額", "Yen of refunds";
        PointsFundingYen "points_funding_yen": "ポイント原資の金額", "Yen of points funded";
        AdjustmentsYen "adjustments_yen": "調整の金額", "Yen of adjustments";
        ChargebacksYen "chargebacks_yen": "チャージバックの金額", "Yen charged back";
        ChargebackFeeYen "chargeback_fee_yen": "チャージバック手数料の金額", "Yen of chargeback fees";
        ReserveYen "reserve_yen": "留保の金額", "Yen in reserve";
        Payout "payout": "振込番号", "Payout's number";
        Settlements "settlements": "含まれる精算", "Settlements in it";
        TotalYen "total_yen": "合計金額", "Yen in all";
        TakenFiles "taken_files": "銀行が処理したファイル数", "Files that the bank took";
        Format "format": "ファイル形式", "Form of the files";
        Files "files": "ファイルの数", "Number of files";
        Run "run": "照合番号", "Number of the comparison";
        Against "against": "照合先の種別", "Kind of the party";
        Party "party": "照合先", "Other party";
        Ours "ours": "当方の値", "Value here";
        Theirs "theirs": "先方の値", "Value there";
        Matched "matched": "一致した件数", "Lines that match";
        MatchedYen "matched_yen": "一致した金額", "Yen that match";
        BadLines "bad_lines": "読めない行数", "Unreadable lines";
        Exceptions "exceptions": "差異の件数", "Number of exceptions";
        Agrees "agrees": "一致の有無", "Agrees";
        Purchases "purchases": "支払の件数", "Number of payments";
        PurchasesYen "purchases_yen": "支払の金額", "Yen of payments";
        Refunds "refunds": "返品の件数", "Number of refunds";
        ReversedPurchases "reversed_purchases": "支払取消の件数", "Number of reversed payments";
        ReversedPurchasesYen "reversed_purchases_yen": "支払取消の金額", "Yen of reversed payments";
        ReversedRefunds "reversed_refunds": "返品取消の件数", "Number of reversed refunds";
        ReversedRefundsYen "reversed_refunds_yen": "返品取消の金額", "Yen of reversed refunds";
        NetYen "net_yen": "差引の金額", "Net yen";
        Exception "exception": "差異番号", "Exception's number";
        Status "status": "差異の区分", "Status of the exception";
        Record "record": "記録番号", "Record";
        Line "line": "行番号", "Line number";
        OursYen "ours_yen": "当方の金額", "Yen here";
        TheirsYen "theirs_yen": "先方の金額", "Yen there";
        Owner "owner": "差異の担当者", "Owner of the exception";
        Notes "notes": "経過の記録", "Notes about it";
        Note "note": "記録した内容", "What was noted";
        Resolved "resolved": "処理の結果", "How it ended";
        How "how": "処理の方法", "In which way";
        SuggestedResolution "exceptions.proposal": "提案された処理", "Suggested resolution";
        UncoveredYen "uncovered_yen": "残高で足りない金額", "Yen not covered";
        FloorYen "floor_yen": "フロアリミットの金額", "Floor limit in yen";
        Organisation "organisation": "組織のID", "Organisation's id";
        Shops "shops": "店舗の一覧", "Shops of it";
        Person "person": "人のID", "Person's id";
        Grants "grants": "権限付与の一覧", "Grants of roles";
        Program "program": "プログラムのID", "Program's id";
        Roles "roles": "役割の一覧", "Roles of it";
        UsedFor "used_for": "鍵の用途", "What the key is for";
        Networks "networks": "使用できるネットワーク", "Networks it may come from";
        LastUse "last_use": "最後の使用", "Last use";
        Session "session": "セッションの番号", "Session's name";
        Begun "begun": "開始日時", "Begun at";
        Used "used": "最終使用日時", "Used last at";
        SignInOf "sign_in": "ログイン方法", "Way of signing in";
        Network "network": "接続元のネットワーク", "Network of the caller";
        This "this": "このセッション自身", "This session itself";
        Passkey "passkey": "パスキーの番号", "Passkey's name";
        LabelOf "label": "パスキーの呼び名", "What its owner calls it";
        Added "added": "追加日時", "Added at";
        Copied "copied": "複製の有無", "Copied to other devices";
        CityName "city_name": "市町村名", "City's name";
        LegalBasis "legal_basis": "根拠法令", "Legal basis of it";
        BudgetLine "budget_line": "予算科目", "Budget line";
        Method "method": "給付の方法", "Method of paying";
        Duplicates "duplicates": "重複の扱い", "Rule for duplicates";
        BudgetLeftYen "budget_left_yen": "予算の残額", "Yen of the budget left";
        CommittedYen "committed_yen": "負担行為の金額", "Yen committed";
        FundYen "fund_yen": "原資の残額", "Yen of the fund left";
        TransitYen "transit_yen": "支給途中の金額", "Yen on their way";
        InPursesYen "in_purses_yen": "利用者の残額", "Yen in purses";
        ReceivableYen "receivable_yen": "返還を求める金額", "Yen to be given back";
        Batches "batches": "支給バッチの番号", "Relief batches of it";
        Holders "holders": "現在の利用者", "Who has it linked now";
        Proven "proven": "本人確認の方法", "How the person was proven";
        LinkRequest "waiting_links.proposal": "紐付けの起案番号", "Request for the link";
        Row "row": "行の位置", "Row's place";
        Damage "damage": "被害の区分", "Kind of damage";
        ClaimedYen "claimed_yen": "返還請求の金額", "Yen claimed back";
        RepaidYen "repaid_yen": "返還された金額", "Yen given back";
        Supplement "supplement": "追加支給か", "Is a supplement";
        Instead "instead": "代わりに数える行", "Row that counts instead";
        Stan "stan": "伝票番号", "System trace number";
        Rrn "rrn": "RRN", "RRN";
        ApprovalCode "transactions.approval": "承認番号", "Approval code";
        MovedYen "moved_yen": "動いた金額", "Yen that moved";
        ReversedYen "reversed_yen": "取り消された金額", "Yen reversed";
        Original "original": "元取引の記録", "Record of the original";
        LastFour "last_four": "番号の下4桁", "Last four digits";
        Refusal "refusal": "拒否の理由", "Reason of the refusal";
        Response "response": "応答コード", "Response code";
        FirstDay "settlements.from": "期間の初日", "First day of the period";
        LastDayOf "settlements.until": "期間の末日", "Last day of the period";
        RunFirstDay "runs.from": "照合期間の初日", "First day compared";
        RunLastDay "runs.until": "照合期間の末日", "Last day compared";
        KeyLastDay "keys.until": "鍵の最終日", "Key's last day";
        ProgrammeEnd "programmes.until": "事業の終了", "End of the programme";
    }
}
