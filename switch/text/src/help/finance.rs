//! Finance staff: business days, contracts, settlements, payouts, reconciliation.

help! {
    /// Finance staff: business days, contracts, settlements, payouts, reconciliation.
    FINANCE {
        "day": "営業日の状態と締め", "Business days: their states, and closing them";
        "day status": "営業日と、締めの進み具合を表示します", "Business days and their states";
        "day close":
            "営業日を締めます。指定があれば開いている日を終え、照合済にし、精算し、署名します。済んだ段階は残り、再び実行すると続きから始まります",
            "Closes a day: ends it if it is the open one and you say so, marks it reconciled, settles it, signs it. Finished steps stay; running it again continues where it stopped";
        "day close <day>": "営業日。省略時は署名前の最も古い日", "The day; the oldest that is not signed when absent";
        "day close --cut-over":
            "先に開いている営業日を終えます。暦の上で始まった日までなので、繰上げは最大で1日です",
            "End the open business day first. The day must have begun by the calendar, so it ends at most one day early";
        "day close --why":
            "照合済とする理由、手動で日を終える理由。省略時は「照合済みです」",
            "The reason for marking it reconciled, and for ending the day by hand; \"compared\" when absent";
        "day close --without":
            "取引があっても照合しなかった相手（例：`issuer 4`）。理由に明記してください",
            "A party that had taps and was not compared: `issuer 4`. The reason names it";
        "contract": "加盟店契約", "Contracts with merchants";
        "contract check": "契約のファイルを読み、誤りのある行をすべて表示します", "Reads a contracts file and names the line of every mistake";
        "contract sample": "見本を表示します", "Writes a sample";
        "contract propose": "ファイルの契約を起案します。別の人が決裁します", "Requests approval of the contracts of a file; another person decides";
        "contract show": "有効な契約を表示します", "The contracts in force";
        "contract quote":
            "売上にかかる手数料、消費税、支払額、支払日を試算します。何も記録しません",
            "What payments would cost a shop, and when they would be paid out. It changes nothing";
        "contract quote <merchant>": "加盟店（取得会社/加盟店番号）", "The shop: ACQUIRER/MERCHANT";
        "contract quote --payment":
            "支払手段と金額（例：`credit:3000`）。件数を付けることもできます（例：`credit:3000:20`）。繰り返し指定できます",
            "Tender and yen, such as credit:3000, and a count where there are several: credit:3000:20. It may be given again";
        "contract quote --day": "営業日。省略時は今日", "The business day; today when absent";
        "contract quote --contract": "比べる契約の番号。省略時は加盟店の契約", "Another contract's number, to compare; the shop's own when absent";
        "settle": "精算の一覧を表示します。または、発行者や原資負担者からの入金を記帳します", "Settlements; or books a payment of an issuer or a funder";
        "settle --received-from": "入金した相手（`issuer 1` または `funder 1`）", "The payer: `issuer 1` or `funder 1`";
        "settle --day": "入金の日。省略時は今日", "The day on which it was paid; today when absent";
        "settle --another": "同じ相手・同じ金額の記帳済みの入金とは別である理由", "The reason why it is another payment than an existing one of this payer and sum";
        "spending": "利用の統計。10人以上の合計だけを扱います", "Statistics of what residents spent, of groups of ten people or more";
        "spending show": "終わった月の利用額を区分ごとに表示します", "What residents spent in months that are over";
        "spending show --from": "最初の月（例：2026-10）。省略時は帳簿の最初の月", "The first month, such as 2026-10; the first of the book when absent";
        "spending show --until": "最後の月。省略時は終わった最後の月", "The last month; the last that is over when absent";
        "spending show --by":
            "行の区分（`month`、`payer`、`region`、`trade`、`tender` をコンマで区切る）。省略時はすべて",
            "What rows are told apart by, with commas: month, payer, region, trade, tender; all of them when absent";
        "spending show --out": "書出し先のファイル（.xlsxまたは.csv）", "Write it to this file: .xlsx or .csv";
        "spending dictionary": "統計の項目と区分の意味を表示します", "The data dictionary: columns, labels, trades with their categories";
        "settlement": "店舗の精算と、その金額ごとの理由", "Settlements of shops, and the reason for each of their amounts";
        "settlement list": "店舗の精算を新しい順に表示します", "Settlements of your shops, the newest first";
        "settlement list --merchant":
            "この店舗だけを表示します（契約会社とID、例：27000001/M10000000000001）",
            "Only of this shop: its acquirer and ID, 27000001/M10000000000001";
        "settlement list --before": "この番号より前の精算だけを表示します（次のページ）", "Only settlements with a lower number: the next page";
        "settlement list --limit": "1ページの件数（最大200）。省略時は50", "Settlements of a page, at most 200; 50 when absent";
        "settlement why":
            "精算の金額ごとに、理由（営業日、契約の料率、端数処理、前後の精算）を表示します",
            "Every amount of a settlement with its reasons: days, rules of the contract, rounding, other settlements";
        "settlement why <settlement>": "精算の番号", "The settlement";
        "payment left":
            "売上の支払内訳と、内訳ごとの返品済みの額、残額を表示します",
            "What is left of a payment: what paid it, and what was given back of each part";
        "payment left --why": "閲覧の理由。名前とともにセキュリティ記録に残ります", "The reason for your look: the security log keeps it with your name";
        "payment <payment>": "売上の記録の番号", "The payment's record";
        "payment refund":
            "返品を起案します。端末からの返品と同じく、加盟店が返します",
            "Requests approval of a refund: the merchant gives back, as with a refund of its terminal";
        "payment --all": "残額のすべて", "All that is left";
        "payment reduce":
            "売上を正しい金額まで減らすことを起案します。差額は加盟店が返します",
            "Requests approval for bringing a payment down to the amount that is right; the merchant gives back the rest";
        "payment reduce --to": "正しい金額（円）", "The amount that is right, yen";
        "payment write-off":
            "運用者が負担する返金を起案します。加盟店の受取額は変わりません",
            "Requests approval of a refund that the operator bears: the merchant keeps what it has";
        "payee": "支払先の口座", "Payees' accounts";
        "payee list": "支払先の口座を、末尾の桁だけ示して一覧します", "Payees' accounts, with only their last digits";
        "payee show":
            "支払先の口座を表示します。`--why` を付けると全桁を表示し、閲覧がセキュリティ記録に残ります",
            "A payee's account; with --why in full, and the security log keeps the look";
        "payee show --why": "全桁を見る理由。名前とともにセキュリティ記録に残ります", "The reason to see it in full: the security log keeps it with your name";
        "payee <payee>":
            "支払先。契約会社と加盟店（例：27000001/M10000000000001）、または `fund/事業番号`",
            "The payee: a merchant as 27000001/M10000000000001, or a fund as fund/3";
        "payee called --fingerprint":
            "電話で確認した内容の照合値。`approval show` が表示します。先頭の12文字で足ります",
            "The fingerprint of the version that you called about, as `approval show` prints it; its first twelve characters are enough";
        "payee set":
            "支払先の口座の変更を起案します。別の人が決裁します。先に、以前から知っている番号へ電話で確認します",
            "Requests another account for a payee; another person decides. Call the payee first, at a number that you knew before";
        "payee end":
            "支払先の口座の廃止を起案します。以後、その支払先には振り込めません",
            "Requests the end of a payee's account: nothing is paid to it any more";
        "payee called":
            "加盟店が起案した変更について、電話確認の内容を登録します。起案者でも承認者でもない人が行います",
            "Notes the call about a change that a merchant's own people asked for: by another person than asks or approves";
        "payee called <approval>": "起案の番号", "The request";
        "payee import":
            "支払先の口座をファイル（.xlsxまたはCSV）から取り込みます。1回の決裁で複数の行を扱えます。不備のある行は行番号で示し、ほかの行は取り込みます",
            "Imports accounts from a file (.xlsx or CSV), under one approval. Bad rows are reported by line and never block the others";
        "payee import <file>": "ファイル。.xlsx、またはUTF-8、UTF-16、シフトJISのCSV", "The file: .xlsx, or CSV in UTF-8, UTF-16 or Shift_JIS";
        "payee --bank": "銀行コード（4桁）", "Bank code, 4 digits";
        "payee --bank-name": "銀行名（カナ）。省略できます", "The bank's name in kana; may be left out";
        "payee --branch": "支店コード（3桁）", "Branch code, 3 digits";
        "payee --branch-name": "支店名（カナ）。省略できます", "The branch's name in kana; may be left out";
        "payee set --kind": "預金種目（`ordinary`、`current`、`savings`、`other`）", "ordinary, current, savings or other";
        "payee --account": "口座番号（7桁）", "Account number, 7 digits";
        "payee --name": "口座名義（カナ）", "The holder in kana";
        "payee --called": "電話した相手", "Who was called";
        "payee --called-number": "電話番号。変更の依頼より前から知っていたもの", "At which number: one that was known before the change was asked for";
        "payee --called-at": "電話した日時", "When: a date, or a time with its offset";
        "payee --called-by": "電話した人", "Who called";
        "payout": "加盟店への振込", "Paying merchants";
        "payout propose": "振込指定日までに支払う精算の振込を起案します", "Requests approval of a payout of all settlements that are due on or before the bank's day";
        "payout propose --value-date": "振込指定日。省略時は次の銀行営業日", "The bank's day; the next one when absent";
        "payout propose --settlement": "この精算だけを対象にします", "Only these settlements";
        "payout file": "承認された振込のファイルを書き出します", "Writes the file of an approved payout";
        "payout cancel":
            "銀行が受け付けなかった振込の取りやめを起案します。対象の精算は再び支払待ちになります",
            "Requests approval for cancelling a payout that the bank did not take; its settlements are due again";
        "payout statement":
            "入出金取引明細を読み、振込の引落し、組戻、発行者や原資負担者からの入金を記帳します",
            "Reads the bank statement: payouts that the bank took, payments that came back, payments of issuers and funders";
        "payout statement --dry-run": "記帳する内容を表示するだけで、記帳しません", "Only shows what would be booked";
        "payout statement --why": "これらの行を選ぶ理由、またはその行をそう扱う理由", "The reason for the choice of records or for the classification";
        "payout statement --settlement": "`--line` の行は、この精算の組戻です。振込と精算を指定します", "With --line: the settlement that came back, as PAYOUT/SETTLEMENT";
        "payout statement --received-from": "`--line` の行は、この相手からの入金です（`issuer 1` または `funder 1`）", "With --line: the payer, `issuer 1` or `funder 1`";
        "payout statement --another": "`--line` の行は、似た入金とは別の入金です", "With --line: it is another payment than one that looks the same";
        "payout undo":
            "入出金取引明細の行の記帳、または手動で記帳した入金の取消しを起案します。その後、正しく記帳できます",
            "Requests approval for undoing the booking of a line of the bank statement, or a booking by hand for a payer";
        "payout undo <line>": "`payout statement` が表示する行、または参照番号", "The line, as `payout statement` names it, or the reference";
        "payout undo --received-from": "手動で記帳した入金の相手（`issuer 1` または `funder 1`）", "Of a payment that was booked by hand: `issuer 1` or `funder 1`";
        "payout list": "承認された振込を表示します", "Payouts that were approved";
        "recon": "契約会社、発行者との照合", "Comparing with acquirers and issuers";
        "recon import": "明細ファイルを元帳と照合し、照合差異を記録します", "Compares a detail file with the ledger and opens exceptions";
        "recon import <file>": "明細ファイル", "The detail file";
        "recon --from": "開始の営業日", "First business day";
        "recon run": "これまでの照合を表示します", "Runs so far";
        "recon totals": "契約会社からの日計照合（0500）を、日ごとに最後のものだけ表示します", "Totals that acquirers asked about (0500), the last of each of their days";
        "recon dispute":
            "発行者からのチャージバックを照合差異に加えます。負担者は2人で決めます",
            "An issuer takes a payment back (chargeback): it becomes an exception, and two people decide who is liable";
        "recon dispute <record>": "支払の記録の番号", "The payment's record";
        "recon dispute --reference": "発行者の参照番号。同じ番号は一度だけ受け付けます", "The issuer's reference: it is entered once";
        "recon dispute --why": "発行者の説明", "The issuer's words";
        "recon exceptions": "未処理の照合差異を表示します", "Open exceptions, or all";
        "recon exceptions --all": "処理済みのものも表示します", "Also resolved ones";
        "recon note": "照合差異の担当になるか、調べた結果を書き込みます", "Sets the owner of an exception, or adds a note";
        "recon note <note>": "調べた結果", "The note";
        "recon note --owner": "以後の担当者", "Its owner from now on";
        "recon resolve": "照合差異の処理を起案します。別の人が決裁します", "Requests approval of an exception's resolution; another person decides";
        "recon resolve <how>":
            "差異の処理（`explained`、`booked_issuer`、`booked_merchant`、`written_off`）",
            "explained, booked_issuer, booked_merchant or written_off";
        "recon export": "相手ごとの元帳の行を明細ファイル（売上データ）に書き出します", "Writes the ledger's lines about a party as a detail file: the clearing file";
        "recon export --why": "理由。名前とともにセキュリティ記録に残ります", "The reason, which the security log keeps with your name";
        "recon export --out": "書出し先のファイル", "The file";
        "report": "経理担当者の帳票", "Reports of finance staff";
        "report <kind>": "帳票の種類", "The report";
        "report --day": "営業日。その日の帳票、または日の終わりの残高", "The business day: its lines, or balances at its end";
        "report --month": "月（例：2026-11）。帳票 `month` に指定します", "The month, 2026-11, of the report month";
        "report --seq": "この記録の後の残高", "Balances after this record";
        "report --settlement": "精算の番号", "The settlement";
        "report --why": "理由。名前とともにセキュリティ記録に残ります", "The reason, which the security log keeps with your name";
        "report --out": "書出し先のファイル。.xlsx、.csv、精算の内訳は.pdfも可", "Write it to this file: .xlsx, .csv, or .pdf for a settlement's detail";
        "payout file --why":
            "理由。ファイルに口座番号の全桁があるため、名前とともにセキュリティ記録に残ります",
            "The reason: the file has accounts in full, and the security log keeps it with your name";
    }
}
