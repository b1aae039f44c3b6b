//! Why a command about relief was refused.

use crate::{Count, meanings, texts};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::relief::{Method, Role, Step};

meanings! {
    Role {
        Officer: "担当者", "officer";
        Approver: "決裁者", "approver";
        Treasurer: "会計管理者", "treasurer";
    }
}

meanings! {
    Method {
        Purse: "給付残高への支給", "purse";
        Transfer: "口座振込", "transfer";
    }
}

texts! {
    /// A command about relief that was refused.
    ReliefText<'a> {
        UnknownProgramme { programme: u16 }:
            "給付事業 {programme} は登録されていません。", "relief programme {programme} is not known";
        NumberTaken { number: u16 }:
            "番号 {number} はポリシーの給付事業が使っています。別の番号にしてください。",
            "number {number} is a purse programme of the policy; take another";
        FixedMethod { programme: u16 }:
            "事業 {programme} の支給方法は変更できません。新しい事業を作成してください。",
            "the disbursement method of programme {programme} cannot change; make a new programme";
        FixedCity { programme: u16 }:
            "事業 {programme} の市町村は変更できません。新しい事業を作成してください。",
            "the city of programme {programme} cannot change; make a new programme";
        FixedDuplicateRule { programme: u16 }:
            "事業 {programme} の重複時の扱いは変更できません。新しい事業を作成してください。",
            "the duplicate rule of programme {programme} cannot change; make a new programme";
        Past { end: &'a str }:
            "事業の終了 {end} が過去になります。", "the programme would be over on {end}, which is past";
        Over { programme: u16, until: BusinessDay }:
            "事業 {programme} は {until} に終了しました。", "programme {programme} was over on {until}";
        TooMany { most: Count }:
            "同時に実施できる給付事業は、ポリシーのものも含めて{most}件までです。",
            "at most {most} purse programmes run at one time, those of the policy included";
        NoFunding { programme: u16 }:
            "事業 {programme} は口座振込ですが、振込元口座（[funding]）の指定がありません。",
            "programme {programme} pays by transfer and names no [funding] account";
        TwoRoles { by: &'a str, was: Role, wanted: Role }:
            "{by} はこのバッチの{was}です。{wanted}は別の人でなければなりません。",
            "{by} was {was} of this batch; another person must be its {wanted}";
        Budget { programme: u16, available: Yen, asked: Yen }:
            "事業 {programme} の予算残額は {available} で、{asked} には足りません。",
            "programme {programme} has {available} of budget left, {asked} was asked for";
        UnknownBatch { batch: u32 }: "支給バッチ {batch} はありません。", "batch {batch} is not known";
        Order { batch: u32, there: u32, got: u32 }:
            "支給バッチ {batch} には{there}行あり、次は {there} 行目です。届いたのは {got} 行目でした。",
            "batch {batch} has {there} rows; the next one is row {there}, got {got}";
        Rows { most: Count, at_once: Count }:
            "支給バッチは{most}行まで、一度に追加できるのは{at_once}行までです。",
            "a batch has at most {most} rows, and {at_once} are added at one time";
        Closed { batch: u32 }: "支給バッチ {batch} には行を追加できません。", "batch {batch} takes no more rows";
        UnknownRow { batch: u32, row: u32 }:
            "支給バッチ {batch} に {row} 行目はありません。", "batch {batch} has no row {row}";
        StepOrder { batch: u32, at: StepNow, step: StepWanted, needed: StepNeeded }:
            "支給バッチ {batch} は「{at}」の段階です。「{step}」は「{needed}」の次です。",
            "batch {batch} is {at}; {step} follows {needed}";
        Decided { batch: u32, at: StepNow }:
            "支給バッチ {batch} は「{at}」の段階です。行を変更できるのは審査の前だけです。",
            "batch {batch} is {at}: rows change only before it is assessed";
        Nothing { batch: u32 }: "支給バッチ {batch} に支給できる行がありません。", "batch {batch} has no row that can be paid";
        NotAcceptable { row: u32, batch: u32, issues: &'a str }:
            "支給バッチ {batch} の {row} 行目は認められません（{issues}）。",
            "row {row} of batch {batch} cannot be accepted: {issues}";
        Excluded { row: u32, batch: u32 }:
            "支給バッチ {batch} の {row} 行目は除外されています。", "row {row} of batch {batch}: it is excluded";
        ValueDate:
            "口座振込の送出には、本日以降の振込指定日が必要です。",
            "a release by transfer needs the bank's day, today or later";
        OtherMethod { programme: u16, method: Method }:
            "事業 {programme} の支給方法は「{method}」です。", "programme {programme} pays by {method}";
        TooManyFiles { batch: u32, files: Count, most: Count }:
            "支給バッチ {batch} の振込ファイルは{files}個になります。上限は{most}個です。`most_in_file` を大きくしてください。",
            "batch {batch} would make {files} transfer files, at most {most}: raise most_in_file";
        Ceiling { batch: u32, row: u32, sum: Yen, ceiling: Yen }:
            "支給バッチ {batch} の {row} 行目：受給者のこの事業での支給額が {sum} となり、上限 {ceiling} を超えます。",
            "row {row} of batch {batch}: its payee would get {sum} of this programme, at most {ceiling}";
        OtherFile { batch: u32, format: &'a str }:
            "支給バッチ {batch} の振込ファイルは {format} で作成済みです。1バッチの形式は一つです。",
            "the transfer file of batch {batch} was made as {format}; a batch has one file, in one form";
        NoFile { batch: u32 }:
            "支給バッチ {batch} の振込ファイルはまだ作成されていません。",
            "the transfer file of batch {batch} has not been made";
        UnknownFile { batch: u32, file: u16 }:
            "支給バッチ {batch} に振込ファイル {file} はありません。", "batch {batch} has no file {file}";
        RowState { batch: u32, row: u32, is: RowIs }:
            "支給バッチ {batch} の {row} 行目は処理できません：{is}。", "row {row} of batch {batch} is {is}";
        PursesDue { batch: u32, left: Count }:
            "支給バッチ {batch} は処理中です。給付残高に未反映の行が{left}件あります。",
            "batch {batch} is still under way: {left} purses are not credited yet";
        FilesDue { batch: u32, left: Count }:
            "支給バッチ {batch} は処理中です。銀行が受け付けていない振込ファイルが{left}個あります。",
            "batch {batch} is still under way: the bank has not taken {left} files";
        Right { batch: u32, row: u32, most: Yen, got: Yen }:
            "支給バッチ {batch} の {row} 行目：正当な額は ¥0 から {most} までで、現在と異なる額です。指定は {got} でした。",
            "row {row} of batch {batch}: the payee's right must be 0 to {most} and another than now, got {got}";
        Owed { batch: u32, row: u32, owed: Yen, got: Yen }:
            "支給バッチ {batch} の {row} 行目：返還請求残は {owed} です。指定は {got} でした。",
            "row {row} of batch {batch}: {owed} is owed, got {got}";
    }
}

/// The step of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepNow(pub Option<Step>);

/// A person's command about a batch: a step, or its transfer file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepWanted(pub Option<Step>);

/// The step that comes before; none: each step before the release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StepNeeded(pub Option<Step>);

texts! {
    /// Steps that are none of the eight.
    StepText {
        BeingRead: "取込中", "being read in";
        TransferFile: "振込ファイルの作成", "the transfer file";
        BeforeRelease: "送出前の各段階", "anything before the release";
    }
}

macro_rules! steps {
    ($($type:ident $none:ident;)+) => {
        $(impl crate::Argument for $type {
            fn shown(&self, language: crate::Language) -> impl std::fmt::Display {
                match self.0 {
                    Some(step) => crate::Text::in_language(&step, language),
                    None => crate::Text::in_language(&StepText::$none, language),
                }
            }

            fn sample() -> Self {
                $type(None)
            }
        })+
    };
}

steps! {
    StepNow BeingRead;
    StepWanted TransferFile;
    StepNeeded BeforeRelease;
}

texts! {
    /// What a row is, where it cannot become what was asked for.
    RowIs {
        NotPaid: "未支給（除外するか金額を変更してください）", "not paid yet; exclude it or change its amount";
        Excluded: "除外済み", "excluded";
        Returned: "返戻の状態", "returned";
        Withheld: "支給留保", "withheld";
        InNoPurse: "給付残高への支給ではない", "in no purse";
        NotSentYet: "未送出", "not sent yet";
        ReturnedBefore: "返戻済み", "returned already";
        NotSent: "送出されていない", "not sent";
        PartlyRepaid: "一部返還済み（手作業で処理してください）", "partly given back already; settle it by hand";
        NotReturned: "すでに返戻の状態ではない", "not returned any more";
    }
}
