//! The lines of a bank statement: why one is open, what it could be, and why a person's word about one cannot be true.
//!
//! Options and references stand as they are.

use crate::argument::Quoted;
use crate::closing_refusals::BecameText;
use crate::texts;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

texts! {
    /// Why a line is open.
    OpenReason<'a> {
        GivenUp:
            "取りやめた振込のファイルですが、銀行が実行したと思われます。精算を改めて支払う前に、銀行に組戻しを依頼してください。",
            "it is the file of a payout that was given up, and the bank seems to have carried it out: ask the bank for the money back \
             (`組戻`) before its settlements are paid once more";
        AccountUnreadable: "明細のこの部分の口座を読み取れません。", "the account of this part of the statement cannot be read";
        Undone:
            "記帳が2名により取り消されています。この行が何かを指定してください。",
            "two people undid what it was booked as; a person must say what it is";
        NothingFits: "この帳簿に該当するものがありません。", "nothing of this book fits";
        CorrectedAs { record: u64, became: BecameText<'a> }:
            "レコード{record}の銀行の訂正（{became}）が、この行についてのものかもしれません。",
            "the bank's correction in record {record} ({became}) may be about it";
        CorrectedIn { record: u64 }:
            "レコード{record}の銀行の訂正が、この行についてのものかもしれません。",
            "the bank's correction in record {record} may be about it";
        Twin { line: Quoted<'a>, became: BecameText<'a> }:
            "記帳済みの{line}（{became}）と同じ入出金と思われます。",
            "it looks like {line}, which was booked before ({became})";
        LikelyDouble { line: Quoted<'a>, became: BecameText<'a> }:
            "二重入金の疑いがあります。記帳済みの{line}（{became}）と同じ入金と思われます。",
            "likely a double: it looks like {line}, which was booked before ({became})";
        FileOfOthers: "担当外の振込ファイルです。", "it is a transfer file that others look after";
        SeveralLines:
            "この振込ファイルに当てはまる行が複数あります。どの行かを指定してください。",
            "several lines could be this one transfer file; say which line it is";
        SeveralFiles:
            "同じ金額の振込ファイルが複数あり、行の数と一致しません。どのファイルかを指定してください。",
            "several transfer files of this sum are due, and not as many lines; say which one it is";
        OtherAccount: "別の口座の明細です。", "it is the statement of another account";
        NoFileDue:
            "この口座とこの日に、この金額の振込ファイルの予定がありません。",
            "no transfer file of this sum is due on this account and day";
        NamedNotPaid:
            "摘要が示す支払は、この口座から引き落とされていないか、すでに戻っています。",
            "the payment that its text names was not taken by the bank from this account, or came back before";
        NamedTwice: "複数の行が同じ1件の支払を示しています。", "several lines name this one payment";
        BackOrOwed:
            "戻ってきた支払とも、振込依頼人の債務の支払とも考えられます。", "it is a payment that came back, or what its payer owes";
        SeveralPayments:
            "同じ受取人への同じ金額の支払が複数あり、行の数と一致しません。どの支払かを指定してください。",
            "several payments to this payee and of this sum were sent, and not as many lines; say which one it is";
        PaymentOfOthers: "担当外の支払です。", "it is a payment that others look after";
        NoFee { sent: Yen, came: Yen, fees: &'a str }:
            "{sent}の支払を示していますが、入金は{came}です。差額は設定の手数料（return_fees：{fees}）のどれでもありません。",
            "it names a payment of {sent}, and {came} came: the difference is no fee of the bank in the configuration (return_fees: {fees})";
        NoFeeSet { sent: Yen, came: Yen }:
            "{sent}の支払を示していますが、入金は{came}です。銀行の手数料は設定（return_fees）にありません。",
            "it names a payment of {sent}, and {came} came: the configuration has no fee of the bank (return_fees)";
        ToOperator: "運用者への入金です。経理担当者が取り込みます。", "it is a payment to the operator, whose finance staff read it";
        NothingSent:
            "この口座からこの受取人へのこの金額の振込はなく、登録済みの振込依頼人でもありません。",
            "no transfer of this payee and sum was sent from this account, and it is no known payer's";
        LessFee:
            "この受取人への、ちょうどこの金額の振込はありません。銀行の手数料が差し引かれた額かもしれません。",
            "no transfer of just this sum was sent to this payee; it may be one less the bank's fee";
        CorrectsUnknown: "銀行の訂正ですが、訂正元の行がこの帳簿にありません。", "the bank's correction of a line that is not known here";
        CorrectsSeveral: "銀行の訂正ですが、訂正元と考えられる行が複数あります。", "the bank's correction: it could be about several lines";
        CorrectsOfOthers: "担当外の行についての銀行の訂正です。", "the bank's correction of a line that others look after";
        CorrectsTwin { line: Quoted<'a> }:
            "記帳済みの{line}と同じと思われる行についての、銀行の訂正です。",
            "the bank's correction of a line that looks like {line}, which was booked before";
        NotTheNamed: "指定したレコードだけを確認しました。", "only the record that is named was looked at";
        Damaged:
            "ファイルが壊れているため、指定したレコード（lines と why）以外は記帳しません。",
            "the file is damaged: nothing of it is booked but the records that a person names (lines, why)";
        NotChosen: "指定したレコードに入っていません。", "it is not among the records that were named";
    }
}

texts! {
    /// What a line could be.
    CandidateText<'a> {
        PayoutFile { payout: u64, file: u16, total: Yen, value_date: BusinessDay }:
            "振込 {payout} のファイル {file}（{total}、振込指定日 {value_date}）",
            "payout {payout} file {file} ({total}, value date {value_date})";
        PayoutFileCancelled { payout: u64, file: u16, total: Yen, value_date: BusinessDay }:
            "振込 {payout} のファイル {file}（{total}、振込指定日 {value_date}、取りやめ）",
            "payout {payout} file {file} ({total}, value date {value_date}, cancelled)";
        BatchFile { batch: u32, file: u16, total: Yen, value_date: BusinessDay }:
            "支給バッチ {batch} のファイル {file}（{total}、振込指定日 {value_date}）",
            "relief batch {batch} file {file} ({total}, value date {value_date})";
        BatchFileCancelled { batch: u32, file: u16, total: Yen, value_date: BusinessDay }:
            "支給バッチ {batch} のファイル {file}（{total}、振込指定日 {value_date}、取りやめ）",
            "relief batch {batch} file {file} ({total}, value date {value_date}, cancelled)";
        Settlement { payout: u64, settlement: u32, amount: Yen }:
            "振込 {payout} の精算 {settlement}（{amount}）", "payout {payout} settlement {settlement} ({amount})";
        Row { batch: u32, row: u32, amount: Yen }:
            "支給バッチ {batch} の {row} 行目（{amount}）", "relief batch {batch} row {row} ({amount})";
        Another: "別の入金", "another payment";
        SameAs { line: Quoted<'a> }: "{line}と同じ入出金", "the same as {line}";
        Corrects { line: &'a str }: "「{line}」についての訂正", "the correction of {line}";
    }
}

texts! {
    /// Why a person's word about a line is not taken.
    LineWordText<'a> {
        Form { got: Quoted<'a> }:
            "`file N/F`、`settlement P/S`、`row B/R`、`received issuer N`、`received funder N`、`another`、`same 参照番号`、`not-ours`、\
             `corrects 行の名前` のいずれかを指定してください（入力は{got}）",
            "must be `file N/F`, `settlement P/S`, `row B/R`, `received issuer N`, `received funder N`, `another`, `same REFERENCE`, \
             `not-ours` or `corrects LINE`, got {got}";
        BookedBefore { record: u64, became: BecameText<'a> }:
            "レコード{record}は記帳済みです（{became}）。先に取り消してください",
            "record {record} was booked before ({became}); undo that first";
        PayerUnknown { record: u64 }:
            "レコード{record}の振込依頼人は、設定にある一人に決まりません。誰からの入金かを指定してください（`--received-from`）",
            "record {record} is not from one configured payer; say from whom (--received-from)";
        NotToOperator { record: u64 }:
            "レコード{record}は、運用者の口座への入金ではありません", "record {record} is no payment to the operator's account";
        OfOtherAccount { record: u64 }: "レコード{record}は別の口座の行です", "record {record} is of another account";
        NoPayoutFile { file: u16, payout: u64 }:
            "振込 {payout} に、銀行を待つファイル {file} はありません", "no file {file} of payout {payout} waits for the bank";
        NoBatchFile { file: u16, batch: u32 }:
            "支給バッチ {batch} に、銀行を待つファイル {file} はありません", "no file {file} of batch {batch} waits for the bank";
        Of { record: u64, problem: OpenReason<'a> }: "レコード{record}：{problem}", "record {record}: {problem}";
        NotThisSum { record: u64, amount: Yen, total: Yen }:
            "レコード{record}は{amount}の出金ではないか、ファイルの金額（{total}）と一致しません",
            "record {record} is no {amount} that left; the file has {total}";
        SettlementNotPaid { settlement: u32, payout: u64 }:
            "振込 {payout} の精算 {settlement} は支払われていないか、すでに戻っています",
            "settlement {settlement} of payout {payout} was not paid, or came back before";
        RowNotPaid { row: u32, batch: u32 }:
            "支給バッチ {batch} の {row} 行目は支払われていないか、すでに戻っています",
            "row {row} of batch {batch} was not paid, or came back before";
        Left { record: u64 }:
            "レコード{record}は出金です。戻ってきた支払として指定できるのは入金だけです",
            "record {record} left the account; only what came can have come back";
        NotFilesAccount { record: u64 }:
            "レコード{record}の口座は、ファイルの口座と異なります", "record {record} is of another account than the file's";
        SameOfRecord { record: u64, other: Quoted<'a>, taken: u64 }:
            "レコード{record}は{other}と同じではありません。レコード{taken}がすでにその記帳で、1つのファイルの2行は別々の入出金です。この行の入出金を記帳した参照番号を指定するか、この行が何かを指定してください",
            "record {record} is not the same as {other}: expected what no other line of this file is, got what record {taken} is already, and \
             two lines of one file are two movements; give the reference under which this line's money was booked, or say what else the line \
             is";
        SameOtherAccount { record: u64, other: Quoted<'a>, became: BecameText<'a> }:
            "レコード{record}は{other}と同じではありません。相手は別の口座の記帳です（{became}）。この行の入出金を記帳した参照番号を指定するか、この行が何かを指定してください",
            "record {record} is not the same as {other}: expected what was booked on the account of this line, got another account's \
             ({became}); give the reference under which this line's money was booked, or say what else the line is";
        SameOfOthers { record: u64, other: Quoted<'a>, became: BecameText<'a> }:
            "レコード{record}は{other}と同じではありません。相手は担当外の記帳です（{became}）。この行の入出金を記帳した参照番号を指定するか、この行が何かを指定してください",
            "record {record} is not the same as {other}: expected what the reader looks after, got what others look after ({became}); give \
             the reference under which this line's money was booked, or say what else the line is";
        SameOtherSettlement { record: u64, other: Quoted<'a>, became: BecameText<'a> }:
            "レコード{record}は{other}と同じではありません。摘要が示す精算と、相手の記帳（{became}）が異なります。この行の入出金を記帳した参照番号を指定するか、この行が何かを指定してください",
            "record {record} is not the same as {other}: expected the settlement that its text names, got {became}; give the reference under \
             which this line's money was booked, or say what else the line is";
        SameOtherRow { record: u64, other: Quoted<'a>, became: BecameText<'a> }:
            "レコード{record}は{other}と同じではありません。摘要が示す世帯の行と、相手の記帳（{became}）が異なります。この行の入出金を記帳した参照番号を指定するか、この行が何かを指定してください",
            "record {record} is not the same as {other}: expected the row that its text names, got {became}; give the reference under which \
             this line's money was booked, or say what else the line is";
        NotCorrection { record: u64 }:
            "レコード{record}は銀行の訂正（取引区分19）ではありません。行の取消しは2名で行います（`kazasu payout undo`）",
            "record {record} is no correction of the bank (kind 19); two people undo a line: kazasu payout undo";
        NoOpposite { line: Quoted<'a> }:
            "{line}は、この口座の同じ金額で反対方向の記帳ではありません",
            "{line} is nothing of this account and sum, the other way, that was booked";
    }
}
