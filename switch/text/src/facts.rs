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
        Instrument "instrument": "支払手段", "Means of payment";
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
        Resealed "resealed": "再封印", "Sealed again";
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
        NothingElseStands "nothing_else_stands": "代わりの行なし", "No other row";
        Then "then": "対処", "What to do";
        AboveCeiling "above_ceiling": "支給上限超過", "Above the ceiling of what is given";
        DueYen "due_yen": "支給予定額", "To be given";
        ReleasedYen "released_yen": "送出済み額", "Released";
        CeilingYen "ceiling_yen": "支給上限額", "Ceiling of what is given";
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
