//! The end of a month: the sheets of its report, and what is still missing.

use crate::{Count, labels, texts};
use kazasu_schemas::closing::DayState;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

texts! {
    /// Sheets of a month's end.
    MonthSheet {
        Days: "営業日", "Business day";
        Payouts: "振込", "Payouts";
        Funds: "給付原資の増減", "Relief funds";
        Purses: "給付金の増減", "Relief purses";
        Expired: "失効ポイント", "Expired points";
        Postings: "会計仕訳", "Postings";
        Missing: "月締めの残り", "Missing";
    }
}

labels! {
    /// Columns of a month's end.
    MonthColumn {
        Before "before": "月初の残高", "Balance before";
        More "more": "当月の増加", "More in the month";
        Less "less": "当月の減少", "Less in the month";
        After "after": "月末の残高", "Balance after";
        PostingDay "day": "取引日付", "Day of the posting";
        Debit "debit": "借方科目", "Debit heading";
        Credit "credit": "貸方科目", "Credit heading";
        Amount "yen": "仕訳金額", "Yen of the posting";
        Movements "movements": "元帳の件数", "Movements in the ledger";
        Missing "missing": "月締めまでに必要な手続", "What is still to be done";
    }
}

texts! {
    /// What is still missing before a month is closed.
    MissingText {
        NotOver { day: BusinessDay }: "月がまだ終わっていません。今の営業日は{day}です。", "The month is not over: the business day is {day}.";
        DayNotSigned { day: BusinessDay, state: DayState }:
            "{day}の締めが署名まで終わっていません（現在は{state}）。", "{day} is not signed yet; it is {state}.";
        OpenExceptions { day: BusinessDay, exceptions: Count, without: Count }:
            "{day}までの照合差異が{exceptions}件残っています（うち担当なし{without}件）。",
            "{exceptions} exceptions up to {day} are open, {without} of them without an owner.";
        Unpaid { settlements: Count, sum: Yen }:
            "支払の終わっていない精算が{settlements}件あります（合計{sum}）。", "{settlements} settlements are not paid yet, {sum} in all.";
        NoFile { payout: u64 }: "振込 {payout} のファイルをまだ作成していません。", "No file has been made of payout {payout}.";
        NotTaken { payout: u64, files: Count }:
            "振込 {payout} のファイルのうち{files}件を、銀行がまだ処理していません。",
            "The bank has not taken {files} files of payout {payout} yet.";
    }
}
