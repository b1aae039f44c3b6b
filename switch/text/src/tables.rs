//! What is wrong with a table that a person brings: with the file, its header, a row or a cell.
//!
//! Of a row and a cell it is what stands behind the place: `line 3, amount "1.5": …`.

use crate::argument::Quoted;
use crate::said::Said;
use crate::{Count, texts};
use kazasu_schemas::money::Yen;

texts! {
    /// Why a file is no table that can be read.
    TableText<'a> {
        Bytes { bytes: Count, most: Count }:
            "ファイルが{bytes}バイトあります。読めるのは{most}バイトまでです", "the file has {bytes} bytes, at most {most} are read";
        OldWorkbook:
            "古い形式またはパスワード付きのExcelファイルです。パスワードのない `.xlsx` またはCSVで保存してください",
            "this is an old Excel file or one with a password: save it as .xlsx without a password, or as CSV";
        NoWorkbook { sheet: Quoted<'a> }:
            "ブック（`.xlsx`）ではないため、シート{sheet}はありません", "this is no workbook (.xlsx), so that it has no sheet {sheet}";
        NoMark: "UTF-16のファイルに必要なバイト順マークがありません", "the file has no byte order mark, as UTF-16 must have";
        NotXlsx: "ブック（`.xlsx`）ではありません", "the file is no workbook (.xlsx)";
        Empty: "1行目：ファイルが空です", "line 1: the file is empty";
        Header { line: u64, fault: CellFault<'a> }: "{line}行目：見出し：{fault}", "line {line}: the header {fault}";
        NoText { line: u64 }:
            "{line}行目：文字のファイルではありません（マークのないUTF-16、または表ではないファイル）",
            "line {line}: this is no text (UTF-16 without its mark, or no table at all)";
        ColumnTwice { line: u64, column: Quoted<'a> }:
            "{line}行目：列{column}が2つあります", "line {line}: the column {column} stands there twice";
        NoColumn { line: u64, column: Quoted<'a>, needed: &'a str }:
            "{line}行目：見出しに列{column}がありません。必要な列は {needed} です",
            "line {line}: the header has no column {column}; expected {needed}";
        NoColumnUnknown { line: u64, column: Quoted<'a>, needed: &'a str, unknown: &'a str }:
            "{line}行目：見出しに列{column}がありません。必要な列は {needed} です。{unknown} は使わない列です",
            "line {line}: the header has no column {column}; expected {needed}; not known are {unknown}";
        NoSheet { sheet: Quoted<'a>, sheets: &'a str }:
            "ブックにシート{sheet}はありません。あるシートは {sheets} です", "the workbook has no sheet {sheet}; it has {sheets}";
        ManyCells { sheet: Quoted<'a>, most: Count }:
            "シート{sheet}のセルが{most}個を超えています。分割してください", "the sheet {sheet} has more than {most} cells; split it";
        Workbook { why: DamageText<'a> }:
            "ブックを読めません（{why}）。開いて保存し直してください", "the workbook cannot be read ({why}): open it and save it again";
    }
}

texts! {
    /// Why a workbook cannot be read.
    DamageText<'a> {
        Library { why: &'a str }: "ファイルの構造の誤り「{why}」", "its structure: {why}";
        Inside: "内部の構造が正しくありません", "its inside is not as it should be";
        Unfolds { most: Count }: "展開すると{most}バイトを超えます", "it unfolds to more than {most} bytes";
        Corner { row: Count, column: Count, last_row: Count, last_column: Count }:
            "{row}行{column}列にセルがあります。シートは{last_row}行、{last_column}列までです",
            "it has a cell in row {row}, column {column}, and a sheet has {last_row} and {last_column}";
        Order { row: u64, last: u64 }: "{row}行目が{last}行目より後にあります", "row {row} stands behind row {last}";
        NoRow: "行がありません", "a row is missing";
    }
}

texts! {
    /// What is wrong with a row or a cell.
    CellFault<'a> {
        NotClosed: "引用符が閉じていません", "has a quotation mark that is not closed";
        Behind: "閉じる引用符の後に文字があります", "has something behind a closing quotation mark";
        Within:
            "引用符で始まらないセルの中に引用符があります", "has a quotation mark within a cell that does not begin with one";
        TooManyCells: "表計算ソフトで扱えるセルの数を超えています", "has more cells than a spreadsheet takes";
        OtherCells { cells: Count, columns: Count }:
            "セルが{cells}個あります。見出しは{columns}列です", "has {cells} cells, the header has {columns} columns";
        StillWhole { mark: &'a str }:
            "行全体が拒否された印 `{mark}` が残っています。値を各列のセルに入れ、印を消してください",
            "was refused as a whole row and still bears the mark `{mark}`: put its values into the cells of their columns, and take the mark \
             away";
        Zero: "文字ではないU+0000が含まれています", "has a character U+0000, which is no text";
        Date:
            "表計算ソフトが日付に変えています。列の書式を文字列にしてください",
            "is a date, which a spreadsheet makes of what looks like one: format the column as text";
        Shortened:
            "表計算ソフトが長い番号を省略したため、下の桁が失われています。列の書式を文字列にし、番号を入力し直して保存してください",
            "is a long number that a spreadsheet has shortened, so that its last figures are lost: format the column as text, enter the number \
             again and save the file again";
        NotRepeated:
            "拒否された行のファイルには書き出していない値です。元のファイルの値を入れてください",
            "is not repeated in a file of refused rows: take it from your own file";
        OtherEncoding { place: Count }:
            "{place}文字目がファイルの文字コードにありません", "character {place} is not one of the file's encoding";
        Control { place: Count, code: &'a str }:
            "{place}文字目が制御文字（{code}）です", "character {place} is {code}, a control character";
        Duration: "時間の長さが入っています", "is a duration";
        SheetError: "表計算ソフトのエラーが入っています", "is an error of the spreadsheet's";
        NoNumber: "数値ではありません", "is no number";
        FifteenFigures:
            "表計算ソフトは15桁までしか保持しません。文字列として入力してください",
            "is a number of which a spreadsheet keeps only fifteen figures: write it as text";
    }
}

texts! {
    /// What is wrong with a line of a detail file.
    DetailText<'a> {
        ManyRows { most: Count }: "{most}行を超えています", "more than {most} rows";
        BehindTotal: "合計の行より後にあります", "stands after the total";
        LongLine { most: Count }: "行が{most}バイトを超えています", "the line has more than {most} bytes";
        TotalForm:
            "合計の行には、行数と金額の合計を数字で書いてください", "a total has the number of rows and their sum, in digits";
        Kind:
            "`purchase`、`refund`、`reversal`、`chargeback`、`fee`、`settlement`、`payout`、`adjustment` のいずれかを指定してください",
            "must be purchase, refund, reversal, chargeback, fee, settlement, payout or adjustment";
        Signed { problem: &'a Said }: "{problem}。戻る金額には `-` を付けてください", "{problem}; - before what goes back";
        PurchaseBelow: "売上の金額は負にできません", "a purchase is not negative";
        RefundAbove: "返品の金額は正にできません", "a refund is not positive";
        ChargebackAbove: "チャージバックの金額は正にできません", "a chargeback is not positive";
        Reference: "スイッチの記録番号（1以上）を指定してください", "must be a record number of the switch, from 1";
        Stan: "6桁以内の数字で指定してください", "must be 1 to 6 digits";
        Currency:
            "ISO 4217の3桁の数字で指定してください。円は392または `JPY` です", "must be three digits of ISO 4217, 392 or JPY for the yen";
        Control: "改行などの制御文字が含まれています", "has a line break or another control character";
        CutShort { count: Count, sum: Yen, rows: Count, read: Yen }:
            "合計の行は{count}行、{sum}ですが、ファイルには{rows}行、{read}しかありません。途中で切れたか変更されています。送り直してもらってください",
            "its total says {count} lines and {sum}, and it has {rows} lines and {read}: it was cut short or changed on its way; ask for it again";
    }
}
