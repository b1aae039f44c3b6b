//! The demonstration: what it says while it plays, and what came of it.

use crate::{Count, labels, texts};
use kazasu_schemas::money::Yen;

labels! {
    /// Facts of the town and of its summary.
    DemoLabel {
        Town "town": "町", "Town";
        Ledger "ledger": "元帳", "Ledger";
        Acquirers "acquirers": "受付口", "Acquirers";
        Issuer "issuer": "発行者", "Issuer";
        Status "status": "状態画面", "Status page";
        Console "console": "業務画面", "Console";
        Approved "approved": "承認", "approved";
        Declined "declined": "不承認", "declined";
        Latency "latency": "応答時間", "Latency";
        ByMerchant "by_merchant": "加盟店別", "By merchant";
        ByIssuer "by_issuer": "支払元別", "By issuer";
        OnUs "on_us": "町の預り口座", "On-us accounts of the town";
        Shortfall "shortfall": "通知払いの不足", "Offline payments that nothing covered";
        Taps "taps": "取引件数", "Taps";
        Planted "planted": "仕込んだ差異", "Planted";
        Found "found": "見つけた差異", "Found";
        Unexplained "unexplained": "説明のつかない差異", "Unexplained";
        Settled "settled": "精算額", "Settled";
        Fees "fees": "手数料", "Fees";
        Credited "credited": "支給", "Credited";
        FirstTap "first_tap": "最初の利用", "First tap";
        Spent "spent": "利用額", "Spent";
        Expired "returned": "失効", "Expired";
        StillHeld "held": "保留中", "Still on hold";
        Verified "verified": "元帳検証", "Ledger verified";
        Good "good": "正しい", "good";
        Bad "bad": "誤りあり", "BAD";
    }
}

labels! {
    /// Steps of what is played, as headings.
    DemoStep {
        Contracts "contracts": "1. 加盟店契約", "1. Contracts";
        OpenForTaps "taps": "2. 営業", "2. Taps";
        Reconciliation "reconciliation": "4. 照合", "4. Reconciliation";
        Settlement "settlement": "5. 精算", "5. Settlement";
        Payout "payout": "6. 振込", "6. Payout";
        Signature "signature": "7. 署名", "7. Signature";
        Programme "programme": "1. 事業", "1. Programme";
        Applications "applications": "2. 申請", "2. Applications";
        Release "release": "3. 決定から送出まで", "3. Decided, committed, ordered, released";
        Spending "spending": "4. 利用", "4. Spending";
        End "end": "5. 終了", "5. The programme is over";
    }
}

labels! {
    /// Mistakes that are planted into the files of a day.
    Planted {
        Missing "missing": "さくらカードの明細にない取引", "a tap that the issuer's list lacks";
        AmountUnder "amount_under": "さくらカードの金額が少ない", "a smaller amount at the issuer";
        Duplicate "duplicate": "ひばりデビットの二重計上", "a line twice at Hibari Debit";
        Unexpected "unexpected": "さくらカードだけにある後日取消", "a late reversal that only the issuer has";
    }
}

texts! {
    /// Sentences of the demonstration.
    DemoText<'a> {
        Title: "かざす町のデモ", "Kazasu demo town";
        Continued { folder: &'a str }: "{folder}（続きから）", "{folder} (continued)";
        New { folder: &'a str }: "{folder}（新規、鍵も新規）", "{folder} (new, with fresh keys)";
        Links { folder: &'a str }:
            "次のリンクは、それぞれ1回だけログインに使えます。二要素認証のコードは {folder} にあります：",
            "Each link signs its person in once. Codes for second factors are in {folder}:";
        NoLinks { why: &'a str }: "ログイン用のリンクはありません：{why}", "There are no links to sign in with: {why}";
        Taps { taps: Count }: "{taps}件", "{taps} taps";
        ApprovedSoFar { taps: Count }: "承認 {taps}", "{taps} approved";
        DeclinedSoFar { taps: Count }: "不承認 {taps}", "{taps} declined";
        Mean { ms: &'a str }: "平均 {ms} ms", "{ms} ms on average";
        Ending: "終了します。もう一度 Ctrl-C ですぐに終了します。", "ending; Ctrl-C again ends at once";
        StaysOpen { status: &'a str }:
            "画面は Ctrl-C まで開いています：{status}", "The switch stays open until Ctrl-C: {status}";
        Summary: "結果のまとめ", "Summary";
        SummaryEarly: "結果のまとめ（途中で終了）", "Summary (stopped early)";
        TapsOfWhich { reversals: Count, rate: &'a str, seconds: &'a str }:
            "取引（うち取消 {reversals}、毎秒 {rate} 件で {seconds} 秒）",
            "taps, {reversals} of them reversals ({rate}/s for {seconds} s)";
        Repeats: "再送（同じ答えを返し、記帳は一度）", "repeats, answered as before and booked once";
        LeadWent { from: &'a str, to: &'a str, ms: Count }:
            "主ノードを {from} から {to} に{ms}ミリ秒で交代", "The lead went from {from} to {to} in {ms} ms";
        Unanswered { unanswered: Count, unrecorded: Count }:
            "無応答 {unanswered}、記録なしの拒否 {unrecorded}",
            "{unanswered} unanswered, {unrecorded} refused without a record";
        ChainSound { records: Count }:
            "検証済み：記録{records}件、ハッシュチェーンは切れていません", "verified: {records} records, chain unbroken";
        Balanced { debits: &'a str, credits: &'a str }: "借方 {debits} ＝ 貸方 {credits}", "debits {debits} = credits {credits}";
        Fault { fault: &'a str }: "異常：{fault}", "FAULT: {fault}";
        IssuersAgree:
            "発行者の記録と1件ずつ一致", "the issuers' own journals agree, message by message";
        Disagreement { issuer: &'a str, message: &'a str, here: &'a str, there: &'a str }:
            "不一致：{issuer} の電文 {message} は当方 {here} 円、先方 {there} 円",
            "issuer {issuer} message {message}: {here} yen here, {there} there";
        LinkedByPortal:
            "利用者1人がポータルでカードを紐付け（ポータルの署名を記録に保存）",
            "one resident linked a card through the portal; the record keeps what the portal signed";
        ProposedAndApproved: "suzuki が起案、tanaka が承認", "suzuki requested them, tanaka approved";
        CutOver { closed: &'a str, opened: &'a str }:
            "3. 締切 {closed}、翌営業日 {opened}", "3. Cut over {closed}; the next business day is {opened}";
        Compared { party: &'a str, ours: Count, theirs: Count, exceptions: Count }:
            "{party}：{ours}行と{theirs}行、差異 {exceptions}", "{party}: {ours} lines and {theirs}, {exceptions} exceptions";
        PlantedFound { what: Planted }: "発見：{what}", "found: {what}";
        PlantedNotFound { what: Planted }: "未発見：{what}", "not found: {what}";
        FoundOfPlanted { planted: Count, found: Count, unexplained: Count }:
            "仕込んだ差異{planted}件、見つけた差異{found}件、説明のつかないもの{unexplained}件",
            "{planted} planted, {found} found, {unexplained} unexplained";
        BookedByTwo:
            "金額差は suzuki の起案と tanaka の承認で計上", "the difference is booked: suzuki requested it, tanaka approved";
        PayoutFile { name: &'a str, payments: Count, sum: Yen }:
            "{name} {payments}件 {sum}", "{name}, {payments} payments, {sum}";
        StatementRead { taken: Count, returned: Count, merchant: &'a str, received: Count, open: Count }:
            "入出金取引明細：引落{taken}件、組戻{returned}件（{merchant} は未払いに戻る）、発行者の入金{received}件、不明{open}件",
            "bank statement: {taken} taken, {returned} returned ({merchant} is owed it again), {received} received from issuers, {open} open";
        SignedUpTo { record: u64, hash: &'a str }: "記録 {record} まで {hash}", "up to record {record}: {hash}";
        ProgrammeAgreed { number: u16, budget: Yen }:
            "{number} 豪雨災害見舞金、予算 {budget}：sato が起案、suzuki が承認、tanaka が入金",
            "{number} flood relief, budget {budget}: sato requested it, suzuki approved, tanaka paid in";
        ApplicationsRead { file: &'a str, encoding: &'a str, rows: Count, taken: Count, refused: Count }:
            "{file}（{encoding}）：申請{rows}、受付{taken}、不備{refused}",
            "{file} ({encoding}): {rows} rows, {taken} taken in, {refused} refused";
        BadRow { line: u64, column: &'a str, value: &'a str, problem: &'a str }:
            "{line}行目 {column} 「{value}」：{problem}", "line {line}, {column} \"{value}\": {problem}";
        ToBeGiven { households: Count, sum: Yen }: "支給予定{households}世帯、{sum}", "to be given: {households} households, {sum}";
        ReleaseRefused { why: &'a str }: "suzuki が送出しようとすると：{why}", "suzuki tries to release: {why}";
        ReleasedAndCredited { households: Count, ms: Count }:
            "tanaka が送出、{households}世帯に{ms}ミリ秒で入金", "tanaka released; {households} households credited in {ms} ms";
        SoFar { sum: &'a str, taps: Count, most: &'a str }: "{sum}  {taps}件  {most}", "{sum}  {taps} taps  {most}";
        ExpiredToFund { expired: Yen, fund: Yen }:
            "期限失効 {expired} は町の原資に戻り、原資残は {fund}", "{expired} expired and went back to the fund, which has {fund}";
        ReturnedToCity { sum: Yen }:
            "{sum} を町へ返納（sato が起案、suzuki が承認）", "{sum} returned to the city (sato requested it, suzuki approved)";
        CreditedInAll { households: Count, sum: Yen, ms: Count }:
            "{households}世帯、{sum}、{ms}ミリ秒", "{households} households, {sum}, {ms} ms";
        AfterRelease { first: &'a str }: "送出から {first}", "{first} after the release";
    }
}
