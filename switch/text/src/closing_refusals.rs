//! Why a command about days, settlements, payouts, exceptions or the bank's statement was refused.

use crate::{Count, labels, meanings, texts};
use kazasu_schemas::closing::{DayState, Resolution};
use kazasu_schemas::ids::{InstitutionId, MerchantId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::Direction;

meanings! {
    Resolution {
        Explained: "説明済み", "explained";
        BookedIssuer: "発行者に記帳", "booked against the issuer";
        BookedMerchant: "加盟店に記帳", "booked against the merchant";
        WrittenOff: "少額処理", "written off";
    }
}

meanings! {
    Direction {
        In: "入金", "in";
        Out: "出金", "out";
    }
}

labels! {
    /// States of a merchant's settlement.
    SettlementState {
        Nothing "nothing_to_pay": "支払なし", "nothing to pay";
        Due "due": "支払予定", "due";
        Ordered "ordered": "振込依頼済", "ordered";
        Paid "paid": "支払済", "paid";
        Returned "returned": "組戻", "returned";
    }
}

texts! {
    /// A command about closing that was refused.
    ClosingRefusal<'a> {
        Open { day: BusinessDay }:
            "営業日 {day} は終了していないか、この帳簿より前の日です。",
            "business day {day} has not ended, or is before this book";
        Order { day: BusinessDay, is: DayState, wanted: DayState, needed: DayState }:
            "営業日 {day} は「{is}」です。「{wanted}」は「{needed}」の次です。",
            "business day {day} is {is}; {wanted} follows {needed}";
        OwnRecord { day: BusinessDay, is: DayState, wanted: DayState }:
            "営業日 {day} は「{is}」です。「{wanted}」には専用の記録が必要です。",
            "business day {day} is {is}; {wanted} follows its own record";
        Earlier { day: BusinessDay, state: DayState }:
            "営業日 {day} がまだ「{state}」になっていません。日は順に締めます。",
            "business day {day} is not {state} yet; days are closed in their order";
        Unowned { exceptions: Count, day: BusinessDay }:
            "{day} 以前の照合差異のうち{exceptions}件に、担当も処理もありません。",
            "{exceptions} exceptions of {day} or before have neither an owner nor a resolution";
        UnknownMerchant { acquirer: InstitutionId, merchant: MerchantId }:
            "契約会社 {acquirer} に加盟店 {merchant} は登録されていません。",
            "merchant {merchant} of acquirer {acquirer} is not registered";
        Overlap { from: BusinessDay, until: BusinessDay }:
            "精算は {from} からですが、{until} まではすでに精算済みです。",
            "the settlement begins on {from}, and {until} is settled already";
        Opening { got: Yen, got_released: Yen, carried: Yen, released: Yen }:
            "精算の繰越は {got}、留保解除は {got_released} ですが、元帳では {carried} と {released} です。",
            "the settlement carries {got} and releases {got_released}; the ledger has {carried} and {released}";
        UnknownSettlement { settlement: u32 }:
            "精算 {settlement} はありません。", "settlement {settlement} is not known";
        NotDue { settlement: u32, is: SettlementState }:
            "精算 {settlement} は「{is}」です。支払えるのは支払予定の精算だけです。",
            "settlement {settlement} is {is}; only what is due is paid";
        Total { sum: Yen, got: Yen }:
            "精算の合計は {sum} で、{got} ではありません。", "the settlements come to {sum}, not {got}";
        NoSuchPoints { contract: u32, programme: u16 }:
            "契約 {contract} の `funds_points` が指す {programme} は、この帳簿のポイント事業ではありません。先にポリシーを適用してください。",
            "contract {contract}: funds_points names {programme}, which is no point programme of this book; activate its policy first";
        NothingToPay:
            "振込には、重複のない1件以上の精算が必要です。", "a payout names at least one settlement, each once";
        UnknownPayout { payout: u64 }: "振込 {payout} は決裁されていません。", "payout {payout} is not approved";
        OtherFile { payout: u64, format: &'a str }:
            "振込 {payout} のファイルは {format} で、または異なる内容で作成済みです。1振込のファイルは一つの形式で一つだけです。",
            "the file of payout {payout} was made as {format}, or with other bytes; a payout has one file, in one form";
        NoFile { payout: u64 }:
            "振込 {payout} のファイルはまだ作成されていません。", "the file of payout {payout} has not been made";
        UnknownFile { payout: u64, file: u16 }:
            "振込 {payout} にファイル {file} はありません。", "payout {payout} has no file {file}";
        Taken { payout: u64 }:
            "振込 {payout} は銀行が受付済みです。戻った分は入出金明細から記帳します。",
            "payout {payout} was taken by the bank; what comes back is booked from its statement";
        FileOut { payout: u64, until: BusinessDay }:
            "振込 {payout} のファイルは作成済みで、銀行に渡った可能性があります。取りやめは、営業日も暦も {until} を過ぎてからです。",
            "the file of payout {payout} was made, and the bank may have it: it can be given up when {until} is over, as business day and \
             by the calendar";
        NotPaid { settlement: u32, payout: u64 }:
            "振込 {payout} の精算 {settlement} は支払われていません。",
            "settlement {settlement} of payout {payout} was not paid";
        UnknownException { id: &'a str }: "照合差異 {id} はありません。", "exception {id} is not known";
        Resolved { id: &'a str }:
            "照合差異 {id} は処理済みです。処理は一度だけです。",
            "exception {id} was resolved before; nothing is resolved twice";
        Unfit { id: &'a str, how: Resolution, why: Misfit }:
            "照合差異 {id} は「{how}」で処理できません：{why}。", "exception {id} cannot be {how}: {why}";
        OtherHead { day: BusinessDay, last: u64, got: u64 }:
            "営業日 {day} の最後の記録は {last} で、{got} ではありません。",
            "business day {day} ended with record {last}, not {got}";
        ContractPast { contract: u32, ended: BusinessDay }:
            "契約 {contract}：{ended} までの日は終了しています。`from` はそのまま、`until` は {ended} 以降か以前のままにしてください。",
            "contract {contract}: its days up to {ended} have ended; from stays as it is, and until is {ended} or later, or as it was";
        ContractGone { contract: u32 }:
            "契約 {contract} がありません。契約は最終日を付けてファイルに残します。",
            "contract {contract} is missing: a contract stays in the file for ever, with its last day";
        NoPayment { record: u64 }:
            "記録 {record} は、まだ保持されている発行者への支払ではありません。",
            "record {record} is no payment at an issuer that is still in memory";
        RefusedSince { record: u64 }:
            "記録 {record} は発行者が後から拒否したため、発行者に残る額がありません。説明で処理してください。",
            "of record {record} nothing stands at its issuer: it refused it afterwards; explain it";
        OtherIssuer { record: u64, party: &'a str }:
            "記録 {record} は {party} の支払ではありません。説明で処理してください。",
            "record {record} was not paid by {party}; explain the exception";
        Stands { id: &'a str, asked: Yen, record: u64, left: Yen, at: StandsAt }:
            "照合差異 {id} は記録 {record} から {asked} を引きますが、{at}に残るのは {left} です。残りは返品・取消・記帳済みです。先にその差異を処理するか、説明で処理してください。",
            "exception {id} would take {asked} of record {record}, of which {left} stands at {at}: the rest was given back, taken back or \
             booked before; resolve first what its refunds and reversals lack, or explain it";
        Left { record: u64, left: Yen, asked: Yen }:
            "記録 {record} から発行者が取り戻せるのは {left} で、{asked} ではありません。残りは返金済みか係争中です。",
            "of record {record} the issuer can take back {left}, not {asked}: the rest was given back or is in dispute";
        TextLength { what: WrittenText, most: Count }:
            "{what}は1文字以上{most}文字以内です。", "{what} has 1 to {most} characters";
        PayoutTakenBefore { file: u16, payout: u64 }:
            "振込 {payout} のファイル {file} は、別の明細行で銀行が受付済みです。",
            "the bank took file {file} of payout {payout} before, as another line of its statement says";
        BatchTakenBefore { file: u16, batch: u32 }:
            "支給バッチ {batch} のファイル {file} は、別の明細行で銀行が受付済みです。",
            "the bank took file {file} of batch {batch} before, as another line of its statement says";
        BankFee { sent: Yen, fee: Yen, most: Yen }:
            "送金額 {sent} に対し銀行の手数料が {fee} になります。手数料は ¥0 から {most} まで、かつ送金額未満です。",
            "of {sent} the bank would have kept {fee}; its fee is ¥0 to {most} and less than what was sent";
        LikelyDouble { amount: Yen, day: BusinessDay, by: &'a str, reference: &'a str }:
            "二重入金の疑い：同じ支払者の {amount}（{day}、{by} が「{reference}」として記帳）があります。別の入金か同じ入金かを指定してください。",
            "likely a double: {amount} of the same payer stands already, paid on {day} and booked by {by} as \"{reference}\"; say that it is \
             another payment, or that it is the same";
        BookedAs { reference: &'a str, became: &'a str }:
            "参照番号「{reference}」は記帳済みです（{became}）。目的の行の参照番号を指定するか、記帳を取り消してください。",
            "reference \"{reference}\": expected one under which nothing was booked, got one that was booked before ({became}); give the \
             reference of the line that is meant, or undo what was booked";
        NotTheSame { line: &'a str, other: &'a str, why: &'a str }:
            "行「{line}」は「{other}」と同じではありません：{why}。この行の入出金を記帳した参照番号を指定するか、別の扱いを指定してください。",
            "line \"{line}\" is not the same as \"{other}\": {why}; give the reference under which this line's money was booked, or say what \
             else the line is";
        UnknownLine { reference: &'a str }:
            "「{reference}」で記帳されたものはありません。", "nothing was booked as \"{reference}\"";
        CannotUndo { reference: &'a str, why: &'a str }:
            "「{reference}」の記帳は取り消せません：{why}。", "what was booked as \"{reference}\" cannot be undone: {why}";
        TooManyExceptions { most: Count }:
            "一度に登録できる照合差異は{most}件までです。", "at most {most} exceptions are raised at one time";
    }
}

texts! {
    /// Why a resolution does not fit its exception.
    Misfit {
        TwoCurrencies: "通貨が異なる", "its amounts are of two currencies";
        TooLarge: "少額処理は ¥10,000 まで", "only small amounts are written off, up to ¥10,000";
        SameAmount: "金額は一致しているので説明で処理する", "both sides have the same amount; explain it";
        TapForgotten:
            "元の取引が保持期間を過ぎ、加盟店が分からない",
            "its tap is not in memory any more, so its merchant is not known";
        NothingBooked:
            "この側の記帳がないので説明で処理する", "nothing of this side is in the ledger's books; explain it";
        NoAccount: "記帳先の勘定が分からない", "the account that it would be booked on is not known";
    }
}

texts! {
    /// Where something of a payment stands.
    StandsAt {
        Issuer: "発行者", "its issuer";
        Merchant: "加盟店", "its merchant";
        OtherSide: "相手方", "the other side";
    }
}

texts! {
    /// Texts that people write.
    WrittenText {
        Reference: "参照番号", "a reference";
        Reason: "チャージバックの理由", "a reason";
        Owner: "担当者名", "an owner";
        Note: "メモ", "a note";
        LineReason: "記帳しない理由", "the reason why a line moves nothing";
    }
}

texts! {
    /// Why a line is not the same as another.
    UnlikeText<'a> {
        Itself: "その行自身の参照番号です", "expected the reference of another line or payment, got the line's own";
        NothingStands:
            "その参照番号で有効な記帳はありません",
            "expected the reference of what was booked and stands, got one under which nothing stands";
        Moved { sum: Yen, way: Direction, booked: Yen, moved: Direction, became: &'a str }:
            "この行は{way} {sum} ですが、相手は{moved} {booked} です（{became}）",
            "expected {sum} {way}, got {booked} {moved} ({became})";
        MovedNothing { sum: Yen, way: Direction, became: &'a str }:
            "この行は{way} {sum} ですが、相手では入出金がありません（{became}）",
            "expected {sum} {way}, got no movement ({became})";
        Issuer { issuer: u16, became: &'a str }:
            "発行者 {issuer} の入金ですが、相手は「{became}」です", "expected what issuer {issuer} paid, got {became}";
        Funder { programme: u16, became: &'a str }:
            "事業 {programme} の原資負担者の入金ですが、相手は「{became}」です",
            "expected what funder {programme} paid, got {became}";
    }
}

texts! {
    /// Why what was booked for a line cannot be undone.
    BuiltOnText<'a> {
        UndoneBefore: "すでに取り消されています", "it was undone before";
        Correction: "銀行自身の訂正です", "it is the bank's own correction";
        Alias { line: &'a str }:
            "行「{line}」が同じものとされています。先にそれを取り消してください",
            "line \"{line}\" was said to be the same; undo that first";
        SettlementCameBack { settlement: u32 }:
            "精算 {settlement} が組戻になっています。先にその行を取り消してください",
            "settlement {settlement} came back since; undo that line first";
        SettlementIs { settlement: u32, is: SettlementState }:
            "精算 {settlement} は現在「{is}」です", "settlement {settlement} is {is} now";
        Row { batch: u32, row: u32 }:
            "支給バッチ {batch} の {row} 行目が返戻または返還請求になっています。先にそれを取り消してください",
            "row {row} of batch {batch} came back or is claimed since; undo that first";
        GrantedAgain { batch: u32, row: u32 }:
            "世帯が再度支給決定を受けています（支給バッチ {batch} の {row} 行目）。先にそれを除外してください",
            "its household was granted again (row {row} of batch {batch}); exclude that first";
    }
}

texts! {
    /// The outcome of a line of the bank statement.
    BecameText<'a> {
        Taken { payout: u64, file: u16 }: "振込 {payout} のファイル {file} の出金", "payout {payout} file {file} taken";
        Returned { payout: u64, settlement: u32 }:
            "振込 {payout} の精算 {settlement} の組戻", "payout {payout} settlement {settlement} returned";
        FromIssuer { issuer: u16 }: "発行者 {issuer} の入金", "received from issuer {issuer}";
        FromFunder { programme: u16 }: "事業 {programme} の原資負担者の入金", "received from funder {programme}";
        Sent { batch: u32, file: u16 }: "支給バッチ {batch} のファイル {file} の出金", "batch {batch} file {file} sent";
        CameBack { batch: u32, row: u32 }: "支給バッチ {batch} の {row} 行目の返戻", "batch {batch} row {row} returned";
        NotOurs: "この帳簿の対象外", "not ours";
        Same { line: &'a str }: "「{line}」と同じ", "the same as {line}";
        CorrectedBy { line: &'a str }: "銀行が訂正（{line}）", "corrected by the bank: {line}";
        Corrects { line: &'a str }: "「{line}」の訂正", "the bank's correction of {line}";
        Corrected: "銀行が訂正", "corrected by the bank";
        WithAmount { became: &'a str, amount: Yen }: "{became}、{amount}", "{became}, {amount}";
    }
}
