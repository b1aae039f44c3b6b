//! Facts of answers: what the keys of their objects are called.

use crate::{labels, texts};

labels! {
    /// Keys that have a name for people. Others are shown as they are.
    Fact {
        Result "result": "結果", "Result";
        Recorded "recorded": "記録済み", "Recorded";
        Ppid "ppid": "利用者", "Resident";
        Ppids "ppids": "利用者", "Residents";
        Card "card": "カード", "Card";
        LastDay "last_day": "有効期限", "Last day";
        Temporary "temporary": "仮ID", "Temporary ID";
        Merged "merged": "統合済み", "Merged";
        Links "links": "紐付け履歴", "Links over time";
        Version "version": "版", "Version";
        From "from": "開始", "From";
        Instrument "instrument": "決済手段", "Instrument";
        Kind "kind": "種別", "Kind";
        Issuer "issuer": "発行者", "Issuer";
        Number "number": "番号", "Number";
        Purses "purses": "給付金", "Relief";
        Points "points": "ポイント", "Points";
        Programme "programme": "事業", "Programme";
        Yen "yen": "円", "Yen";
        Limits "limits": "限度額", "Limits";
        LimitsLater "limits_later": "変更予定の限度額", "Limits to come";
        TapYen "tap_yen": "1回", "Per tap";
        DayYen "day_yen": "1日", "Per day";
        MonthYen "month_yen": "1か月", "Per month";
        YearYen "year_yen": "1年", "Per year";
        LivingYen "living_yen": "生活維持費", "Cost of living";
        EstimateYen "estimate_yen": "支払可能見込額", "Estimate of what can be paid";
        Decline "decline": "超過時に断る", "Declined above";
        TodayYen "today_yen": "本日の利用", "Spent today";
        ThisMonthYen "this_month_yen": "今月の利用", "Spent this month";
        LinkBroken "link_broken": "紐付け不良", "Broken link";
        SharedAccount "shared_account": "口座の重複", "Shared account";
        Why "why": "理由", "Reason";
        Since "since": "発生", "Since";
        Proposal "proposal": "変更案", "Proposed change";
        OpenProposals "open_proposals": "未決の変更案", "Changes to be decided";
        By "by": "担当", "In charge";
        Notice "notice": "通知", "Notice";
        Percent "percent": "割合", "Percent";
        Month "month": "月", "Month";
        UsedYen "used_yen": "利用額", "Spent";
        LimitYen "limit_yen": "上限", "Limit";
        DeadLettered "dead_lettered": "配信不能", "Cannot be delivered";
        Attempts "attempts": "試行", "Attempts";
        Problem "problem": "原因", "Cause";
        At "at": "時刻", "Time";
        Resealed "resealed": "再封緘", "Sealed again";
        KeyVersion "key_version": "鍵の版", "Version of the key";
        Name "name": "名称", "Name";
        Source "source": "ファイル", "File";
        PurseFunds "purse_funds": "給付原資", "Relief funds";
        PointBudgets "point_budgets": "ポイント予算残", "Point budgets";
        CardStatusLists "card_status_lists": "失効リスト", "Card status lists";
        Merchant "merchant": "加盟店", "Merchant";
        Acquirer "acquirer": "契約会社", "Acquirer";
        Mcc "mcc": "業種", "Category";
        Terminals "terminals": "端末", "Terminals";
        Closed "closed": "閉店", "Closed";
        Ended "ended": "終わった差異", "Exceptions that ended";
        Class "class": "区分", "Class";
        Tags "tags": "タグ", "Tags";
        Region "region": "地域", "Area";
        Unpaid "unpaid": "支給されない行", "Rows that are not paid";
        RowNow "row_now": "行の現状", "Row as it is now";
        Issues "issues": "要確認", "To be checked";
        Count "count": "件数", "Count";
        WhyJa "why_ja": "理由", "Reason";
        ProposalJa "proposal_ja": "変更案", "Proposed change";
        NothingElseStands "nothing_else_stands": "代わりの行なし", "No other row";
        Then "then": "対処", "What to do";
        AboveCeiling "above_ceiling": "支給上限超過", "Above the payee ceiling";
        DueYen "due_yen": "支給予定額", "To be given";
        ReleasedYen "released_yen": "送出済み額", "Released";
        CeilingYen "ceiling_yen": "支給上限額", "Payee ceiling";
        Approval "approval": "起案番号", "Request";
        ByName "by_name": "起案者", "Requester";
        City "city": "市町村", "City";
        Content "content": "起案の内容", "Filled in";
        Contracts "contracts": "契約数", "Contracts";
        Effect "effect": "変わること", "Effect";
        Changes "changes": "変更点", "Changes";
        Payees "payees": "支払先", "Payees";
        Rows "rows": "行", "Rows";
        FileOf "file": "ファイル", "File";
        Bytes "bytes": "バイト数", "Bytes";
        Sha256 "sha256": "ハッシュ値", "Digest";
        Fingerprint "fingerprint": "照合値", "Fingerprint";
        Own "own": "自分の起案", "Your own request";
        Standing "standing": "状態", "State";
        Is "is": "状態", "State";
        Until "until": "期限", "Until";
        Via "via": "経路", "Through";
        ValueDate "value_date": "振込指定日", "Value date";
        BudgetYen "budget_yen": "予算", "Budget";
        Reference "reference": "参照", "Reference";
        Settlement "settlement": "精算番号", "Settlement";
        Account "account": "口座", "Account";
        HolderName "holder_name": "対象者", "Holder";
        Role "role": "役割", "Role";
        Scope "scope": "対象範囲", "Scope";
        Differences "differences": "差分", "Differences";
        Asked "asked": "起案した操作", "Asked for";
        Request "request": "起案", "Request";
        DecidedBy "decided_by": "決裁できる人", "May be decided by";
        Changing "changing": "変更する行", "Rows that change something";
        Refused "refused": "拒否される行", "Refused rows";
        OpeningYen "opening_yen": "開始残高", "Opening balances";
        Sheet "sheet": "シート", "Sheet";
        Into "into": "統合先", "Into";
        Payment "payment": "売上の記録番号", "Payment's record";
        AmountYen "amount_yen": "金額", "Amount";
        RefundedYen "refunded_yen": "返品済み", "Given back";
        LeftYen "left_yen": "残額", "Left";
        BorneBy "borne_by": "負担者", "Borne by";
        PaidBy "paid_by": "支払に使ったもの", "Paid by";
        PaidYen "paid_yen": "支払額", "Paid";
        Parts "parts": "支払内訳", "Paid with";
        Told "told": "取引の結果", "What came of it";
        TerminalOf "terminal": "端末", "Terminal";
    }
}

texts! {
    /// Answers that are not names or numbers.
    Answer {
        Yes: "はい", "yes";
        No: "いいえ", "no";
        Nothing: "なし", "none";
    }
}
