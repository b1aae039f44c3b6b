//! Relief of cities.

help! {
    /// Relief of cities.
    RELIEF {
        "relief": "市町村の給付", "Relief money of cities";
        "relief programme": "市町村が決めた給付事業", "Programmes: a city's decisions to give relief";
        "relief programme check": "給付事業のファイルを読み、誤りのある行をすべて表示します", "Reads a programme file and names the line of every mistake";
        "relief programme propose": "給付事業、またはその変更を起案します（担当者）", "Requests approval of a programme, or of new terms of one (officer)";
        "relief programme list": "すべての給付事業を表示します", "All programmes";
        "relief programme show": "給付事業と、有効なファイルを表示します", "A programme, with the file in force";
        "relief programme show <programme>": "給付事業の番号", "Its number";
        "relief fund": "市町村からの入金の記帳を起案します（会計管理者）。別の人が承認します", "Asks to book the city's payment into a programme's fund (treasurer); another person approves it";
        "relief import":
            "申請のファイルを取り込みます（担当者）。別の2人が承認し送出するまで、支払われません",
            "Reads a file of applications in (officer). Nothing is paid until two more people have approved and released it";
        "relief import <file>":
            "ファイル。.xlsx、またはUTF-8かシフトJISのCSV。見出しは日本語でも英語でも使えます",
            "The file: .xlsx, or CSV in UTF-8 or Shift_JIS; header in Japanese or English";
        "relief import --bad-rows": "不備のある行を書き出すファイル。省略時は FILE.refused.csv", "The file for refused rows; FILE.refused.csv when absent";
        "relief preview":
            "支給の予定を表示します。件数、合計、分布、重複、共通の口座、要確認の行",
            "The payments of a batch: count, sum, distribution, duplicates, shared accounts, rows that wait for a person";
        "relief rows": "支給バッチの行を表示します", "Rows of a batch";
        "relief rows --only":
            "状態または要確認事項で絞り込みます（例：`waiting`、`duplicate`）",
            "Only those in a state or with an issue, for example `waiting` or `duplicate`";
        "relief rows --from": "この行から表示します", "From this row on";
        "relief row": "支給決定の前に、行の扱いを指定します（担当者）", "Decides about a row before the assessment (officer)";
        "relief row <change>": "行の扱い（`exclude`、`include`、`accept`、`assign`、`amount`）", "exclude, include, accept, assign or amount";
        "relief row --ppid": "`assign` のときの受給者。省略時は新しい仮ID", "With assign: the person; a new temporary ID when absent";
        "relief row --amount": "`amount` のときの金額（円）", "With amount: yen";
        "relief assess": "申請の審査を終えます（担当者）", "Marks the applications as assessed (officer)";
        "relief approve": "支給バッチの支給決定、支出負担行為、支出命令を行います（決裁者）", "Grants a batch, takes it out of the budget, and orders it to be paid (approver)";
        "relief approve --step":
            "この段階だけを行います（`decided`、`committed`、`ordered`）。省略時は残りすべて",
            "Only this step: decided, committed or ordered; all remaining ones when absent";
        "relief release":
            "支給バッチを確認し送出します（会計管理者）。給付残高には直ちに入金します。再び実行すると続きから始まります",
            "Checks and releases a batch (treasurer). Purses are credited at once; running it again continues where it stopped";
        "relief release --value-date": "口座振込の事業での振込指定日", "The bank's day, of a programme that pays by transfer";
        "relief cancel": "送出前の支給バッチを取りやめます（決裁者）", "Cancels a batch before its release (approver)";
        "relief transfer-file": "送出した支給バッチの総合振込ファイルを書き出します（会計管理者）", "Writes the file that orders a released batch's transfers (treasurer)";
        "relief statement": "入出金取引明細を読み、引落しと返戻を記帳します（会計管理者）", "Reads the bank statement: transfers that the bank took or returned (treasurer)";
        "relief statement --dry-run": "記帳する内容を表示するだけで、記帳しません", "Only shows what would be booked";
        "relief statement --why": "これらの行を選ぶ理由、またはその行をそう扱う理由", "The reason for the choice of records or for the classification";
        "relief statement --row": "`--line` の行は、この行の返戻です。支給バッチと行を指定します", "With --line: the row that came back, as BATCH/ROW";
        "relief undo":
            "入出金取引明細の行の記帳の取消しを起案します（会計管理者）。その後、正しく記帳できます",
            "Requests approval for undoing the booking of a line of the bank statement (treasurer)";
        "relief undo <line>": "`relief statement` が表示する行", "The line, as `relief statement` names it";
        "relief sent": "銀行が振込ファイルの資金を引き落としたことを、人が確認して記帳します（会計管理者）", "Books a transfer file as taken by the bank, found by a person (treasurer)";
        "relief sent <file>": "ファイルの番号（0から）", "The file, from 0";
        "relief --reference": "`relief statement` が表示する明細の行", "The statement's line, as `relief statement` names it";
        "relief returned": "振込の返戻を、人が確認して記帳します（会計管理者）", "Books a returned transfer, found by a person (treasurer)";
        "relief claim": "過払い分の返還請求を起案します（担当者）。給付残高は減らしません", "Requests approval of a claim on a payee who got too much (officer). No purse is reduced";
        "relief claim --right": "本来の支給額（円）。0で全額が対象になります", "The yen to which the payee has a right; 0 claims everything";
        "relief repaid": "受給者からの返還を記帳します（会計管理者）", "Books a repayment of a payee (treasurer)";
        "relief repaid --from-purse": "受給者の同意により、給付残高から返還します", "Out of the purse, because the payee agreed";
        "relief return-funds": "資金の市町村への返納を起案します（担当者）", "Requests approval for returning money of the fund to the city (officer)";
        "relief status": "支給バッチの段階、またはすべての給付事業と資金を表示します", "The state of a batch, or all programmes with their money";
        "relief report":
            "実績報告を表示します。予算、支給、区分・地域・週ごとの利用、返戻、残額",
            "The final report: budget, given, spent by category, area and week, returned, unspent";
        "relief report --why": "理由。名前とともにセキュリティ記録に残ります", "The reason, which the security log keeps with your name";
        "relief report --out": "書出し先のファイル（.xlsx、.csv）", "Write it to this file: .xlsx or .csv";
        "relief close": "報告を終えた支給バッチを完了にします（担当者）", "Marks a batch as reported (officer)";
        "relief transfer-file --why":
            "理由。ファイルに口座番号の全桁があるため、名前とともにセキュリティ記録に残ります",
            "The reason: the file has accounts in full, and the security log keeps it with your name";
    }
}
