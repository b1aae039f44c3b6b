//! Reports: titles, sheets, and the lines above and below their tables.

use crate::{Count, labels, meanings, texts};
use kazasu_schemas::contract::Tender;
use kazasu_schemas::jst::BusinessDay;

labels! {
    /// Titles, by the names of the reports.
    Title {
        Settlements "settlements": "加盟店精算一覧", "Merchant settlements";
        SettlementDetail "settlement-detail": "加盟店精算明細", "Merchant settlement";
        Issuers "issuers": "発行者精算", "Issuer settlement";
        Cities "cities": "自治体精算", "City settlement";
        TrialBalance "trial-balance": "合計残高試算表", "Trial balance";
        Fees "fees": "手数料分析", "Fees and interchange";
        Exceptions "exceptions": "照合差異 滞留表", "Open exceptions by age";
        Prepaid "prepaid": "未使用残高報告", "Outstanding value";
        StandIn "stand-in": "代行承認損失", "Stand-in losses";
        Flagged "flagged": "要確認取引", "Flagged taps";
        MonthEnd "month": "月締め報告", "End of the month";
        Statement "statement": "ご利用明細", "Statement";
        FinalReport "final-report": "給付事業 実績報告", "Relief programme: final report";
        Merchants "merchants": "加盟店一覧", "Merchants";
        Payees "payees": "支払先口座一覧", "Payees' accounts";
        Payments "payments": "決済の検索", "Payments";
        Nodes "nodes": "ノードの状態", "Nodes";
        Replay "replay": "再現", "Replay";
        Spending "spending": "利用統計", "Spending statistics";
    }
}

texts! {
    /// Names of sheets.
    Sheet {
        Settlements: "精算", "Settlements";
        Summary: "精算", "Summary";
        SettledTaps: "明細", "Taps";
        Fees: "手数料", "Fees";
        Issuers: "発行者", "Issuers";
        Relief: "給付事業", "Relief";
        Points: "ポイント", "Points";
        Exceptions: "差異", "Exceptions";
        Losses: "損失", "Losses";
        Taps: "取引", "Taps";
        Yen: "円", "Yen";
        Budgets: "予算", "Budgets";
        Unit: "単位", "Unit";
        Outstanding: "残高", "Outstanding";
        Money: "収支", "Money";
        Spending: "利用内訳", "Spending";
        ByCategory: "業種別", "By category";
        ByArea: "地域別", "By area";
        ByWeek: "週別", "By week";
        Merchants: "加盟店", "Merchants";
        Payees: "支払先", "Payees";
        Nodes: "ノード", "Nodes";
        Changes: "変更", "Changes";
    }
}

meanings! {
    Tender {
        Credit: "クレジット", "credit";
        Debit: "デビット", "debit";
        Bank: "銀行口座", "bank";
        OnUs: "預り口座", "on-us";
        Purse: "給付金", "relief";
        Points: "ポイント", "points";
    }
}

texts! {
    /// Lines and notes, and what the law says about value that is not used.
    ReportText<'a> {
        UpToRecord { record: u64 }: "記録 {record} まで", "up to record {record}";
        AsOfRecord { record: u64 }:
            "基準 記録 {record}（法定基準日は3月末・9月末）",
            "as of record {record} (the law's dates are the ends of March and September)";
        AsOfDay { day: BusinessDay }:
            "基準 {day}（法定基準日は3月末・9月末）",
            "as of {day} (the law's dates are the ends of March and September)";
        PrepaidLaw:
            "自治体が発行するものは資金決済法第4条第1項第3号により適用除外。その他は発行者ごとの合計が1,000万円を超えるとき2分の1以上の供託が必要です。方針（policy）の給付枠は、発行者が自治体でも適用除外とはみなしていません。",
            "What a city issues is exempt by the Payment Services Act, article 4, paragraph 1, item 3. For other issuers, at least half must be deposited when an issuer's sum is above ¥10,000,000. Purses of the policy are not taken as exempt, even where their issuer is a city.";
        Cluster { epoch: u64, leader: &'a str, records: Count }:
            "エポック {epoch}、主ノード {leader}、記録{records}件", "epoch {epoch}, leader {leader}, {records} records";
        Replayed { file: &'a str, taps: Count, changed: Count }:
            "{file}：{taps}件を再現、判定が変わるもの{changed}件", "{file}: {taps} taps replayed, {changed} decided differently";
        AssumedApproved { taps: Count }:
            "発行者に照会しなかった{taps}件は、発行者の承認を仮定しています",
            "{taps} taps would have asked an issuer that was not asked; it is taken to approve";
        Exempt: "適用除外", "exempt";
        DepositHalf: "要供託", "deposit half";
        Below: "1,000万円以下", "below";
        Purse: "給付金", "purse";
        Points: "ポイント", "points";
    }
}

texts! {
    /// What every report and letter shows beside its values.
    Furniture {
        Total: "合計", "Total";
        MadeAt: "作成日時", "Made at";
        LetterNumber: "番号", "No.";
        LetterDate: "発行日", "Date";
    }
}
