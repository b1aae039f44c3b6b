//! What is wrong with a bank's file: with the file, with a record and its field, or with the dates in it.
//!
//! Positions and digits stand as the format's description counts them.

use crate::said::Said;
use crate::{Count, Label, labels, texts};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;
use kazasu_schemas::zengin::statement::{FileError, MAX_FILE_BYTES, MAX_RECORDS, RECORD_LEN};
use kazasu_schemas::zengin::{BadRecord, Expected, Got, WriteError};

labels! {
    /// Fields of a bank statement. The codes are the names in the format's layout.
    BankField {
        Record "record": "レコード", "record";
        RecordKind "record kind": "データ区分", "record kind";
        Kind "kind": "種別コード", "kind";
        Code "code": "コード区分", "code";
        Created "creation date": "作成日", "creation date";
        FirstPosting "first posting date": "勘定日（自）", "first posting date";
        LastPosting "last posting date": "勘定日（至）", "last posting date";
        BankCode "bank code": "銀行コード", "bank code";
        BranchCode "branch code": "支店コード", "branch code";
        AccountKind "account kind": "預金種目", "account kind";
        AccountNumber "account number": "口座番号", "account number";
        BalanceSign "sign of the balance": "残高の符号", "sign of the balance";
        BalanceBefore "balance before": "取引前残高", "balance before";
        BalanceAfter "balance after": "取引後残高", "balance after";
        Inquiry "inquiry number": "照会番号", "inquiry number";
        Posting "posting date": "勘定日", "posting date";
        Value "value date": "起算日", "value date";
        Direction "direction": "入払区分", "direction";
        TransactionKind "transaction kind": "取引区分", "transaction kind";
        Amount "amount": "取引金額", "amount";
        OtherCheques "other banks' cheques": "うち他店券金額", "other banks' cheques";
        In "movements in": "入金件数", "movements in";
        InSum "sum of movements in": "入金額合計", "sum of movements in";
        Out "movements out": "出金件数", "movements out";
        OutSum "sum of movements out": "出金額合計", "sum of movements out";
        DataRecords "data records": "データ・レコード件数", "data records";
        Records "records in the file": "レコード総件数", "records in the file";
        Accounts "accounts": "口座数", "accounts";
    }
}

texts! {
    /// What a field must hold.
    ExpectedText<'a> {
        Bytes { bytes: Count }: "{bytes}バイト", "{bytes} bytes";
        Digits { digits: Count }: "{digits}桁の数字", "{digits} digits";
        Characters { characters: &'a str }: "「{characters}」のとおり", "{characters}";
        AccountKind: "1（普通）、2（当座）、4（貯蓄）、9（その他）のいずれか", "1, 2, 4 or 9";
        Nothing: "エンド・レコードの後には何もないこと", "nothing after the end record";
        Header: "1（ヘッダー）", "1 (header)";
        HeaderOrEnd: "1（ヘッダー）または9（エンド）", "1 (header) or 9 (end)";
        Data: "2（データ）", "2 (data)";
        DataOrTrailer: "2（データ）または8（トレーラ）", "2 (data) or 8 (trailer)";
        Trailer: "8（トレーラ）", "8 (trailer)";
        TrailerBefore: "前の口座の8（トレーラ）", "8 (trailer) of the account before";
        End: "9（エンド）", "9 (end)";
        InFile { count: u64 }: "{count}（ファイルの実際の件数）", "{count}, as the file has them";
        OfData { number: u64 }: "{number}（データ・レコードの合計）", "{number}, as the data records say";
        NoTimeDeposit:
            "データ・レコードがないこと（定期預金の項目は読み取りません）", "no data, since fields of time deposits are not read";
        Balance { yen: i64 }: "{yen}（取引前残高に入出金を加減した額）", "{yen}, the balance before with the movements between";
        Direction: "1（入金）または2（出金）", "1 (in) or 2 (out)";
        Sign: "1（正）、2（負）、0、空白のいずれか", "1 (plus), 2 (minus), 0 or a space";
        Date: "令和（01〜30年）または平成（31年まで）の年月日6桁", "a date YYMMDD of Reiwa (01 to 30) or Heisei (to 31)";
        MonthAndDay: "月日4桁", "a month and a day";
        Money: "¥1以上", "at least ¥1";
        Sums { sums: &'a str }: "データ・レコードの合計が {sums}", "{sums} in the data records";
    }
}

texts! {
    /// What came instead.
    GotText<'a> {
        Characters { got: &'a str }: "「{got}」", "\"{got}\"";
        Bytes { bytes: Count }: "{bytes}バイトのレコード", "{bytes} bytes";
        EndOfFile: "ファイルの終わり", "the end of the file";
    }
}

texts! {
    /// What is wrong with a file of a bank.
    BankFileText<'a> {
        Record { record: u64, from: u64, to: u64, field: BankField, expected: ExpectedText<'a>, got: GotText<'a> }:
            "レコード{record}、{from}〜{to}桁目（{field}）：あるべき内容は{expected}、ファイルの内容は{got}です",
            "record {record}, positions {from}-{to} ({field}): expected {expected}, got {got}";
        TooLarge { most: Count, got: Count }:
            "明細のファイルが{got}バイトあります。読めるのは{most}バイトまでです", "expected at most {most} bytes, got {got}";
        Unwritable { got: &'a str }:
            "銀行のファイルに書けない値があります（{got}）。使えない文字、長すぎる値、または大きすぎる金額です",
            "a value cannot stand in the bank's file: {got}";
        TooManyRecords { most: Count }:
            "レコードが{most}件を超えています。分割したファイルを銀行に依頼してください", "expected at most {most} records, got more";
        NotAStatement { length: Count, bytes: Count, begins: &'a str }:
            "入出金取引明細（種別03）ではありません。最初のレコードは{length}バイトで 103 から始まる必要がありますが、{bytes}バイトで「{begins}」から始まっています",
            "expected a statement (kind 03), whose first record has {length} bytes and begins with 103, got {bytes} bytes that begin with \
             \"{begins}\"";
    }
}

/// A number that a text shows; more than it holds becomes its end.
fn number(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn expected(expected: &Expected) -> ExpectedText<'_> {
    match expected {
        Expected::Bytes(bytes) => ExpectedText::Bytes { bytes: (*bytes).into() },
        Expected::Digits(digits) => ExpectedText::Digits { digits: (*digits).into() },
        Expected::Characters("1, 2, 4 or 9") => ExpectedText::AccountKind,
        Expected::Characters(characters) => ExpectedText::Characters { characters },
        Expected::Nothing => ExpectedText::Nothing,
        Expected::Header => ExpectedText::Header,
        Expected::HeaderOrEnd => ExpectedText::HeaderOrEnd,
        Expected::Data => ExpectedText::Data,
        Expected::DataOrTrailer => ExpectedText::DataOrTrailer,
        Expected::Trailer => ExpectedText::Trailer,
        Expected::TrailerBefore => ExpectedText::TrailerBefore,
        Expected::End => ExpectedText::End,
        Expected::InFile(count) => ExpectedText::InFile { count: number(*count) },
        Expected::OfData(number) => ExpectedText::OfData { number: *number },
        Expected::NoTimeDeposit => ExpectedText::NoTimeDeposit,
        Expected::Balance(yen) => ExpectedText::Balance { yen: i64::try_from(*yen).unwrap_or(i64::MAX) },
        Expected::Direction => ExpectedText::Direction,
        Expected::Sign => ExpectedText::Sign,
        Expected::Date => ExpectedText::Date,
        Expected::MonthAndDay => ExpectedText::MonthAndDay,
        Expected::Money => ExpectedText::Money,
        Expected::Sums(sums) => ExpectedText::Sums { sums },
    }
}

/// A record that breaks its format.
#[must_use]
pub fn record(bad: &BadRecord) -> Said {
    let field = BankField::of(bad.field).unwrap_or(BankField::Record);
    let shown;
    let got = match &bad.got {
        Got::Characters(characters) => {
            shown = characters.escape_debug().to_string();
            GotText::Characters { got: &shown }
        }
        Got::Bytes(bytes) => GotText::Bytes { bytes: (*bytes).into() },
        Got::EndOfFile => GotText::EndOfFile,
    };
    let (at, from, to) = (number(bad.record), number(bad.from), number(bad.to));
    Said::of(&BankFileText::Record { record: at, from, to, field, expected: expected(&bad.expected), got })
}

/// A file that is no statement.
#[must_use]
pub fn statement(error: &FileError) -> Said {
    let shown;
    Said::of(&match error {
        FileError::TooLarge(got) => BankFileText::TooLarge { most: MAX_FILE_BYTES.into(), got: (*got).into() },
        FileError::TooManyRecords => BankFileText::TooManyRecords { most: MAX_RECORDS.into() },
        FileError::NotAStatement { bytes, begins } => {
            shown = begins.escape_debug().to_string();
            BankFileText::NotAStatement { length: RECORD_LEN.into(), bytes: (*bytes).into(), begins: &shown }
        }
    })
}

/// A value that a file for the bank cannot hold. The English words name its place and what is expected.
#[must_use]
pub fn unwritable(error: &WriteError) -> Said {
    Said::exactly(&BankFileText::Unwritable { got: &error.unfit.got }, error.to_string())
}

texts! {
    /// What is odd about a date of a statement, or about a line's money.
    OddText<'a> {
        ReadAs { digits: &'a str, read_as: &'a str, day: BusinessDay }:
            "「{digits}」は{read_as}（{day}）と読み取れます", "{digits} was read as {read_as}, {day}";
        NotCome { read: &'a Said, today: BusinessDay, digits: &'a str }:
            "{read}。まだ来ていない日付です（今日は{today}。年は元号の年で、今日は {digits} です）",
            "{read}, which has not come (today is {today}; a year is that of its era: today is {digits})";
        LongAgo { read: &'a Said, days: Count, today: BusinessDay, digits: &'a str }:
            "{read}。{days}日より前の日付です（今日は{today}。年は元号の年で、今日は {digits} です）",
            "{read}, which is more than {days} days ago (today is {today}; a year is that of its era: today is {digits})";
        OutsideHeader { read: &'a Said, from: BusinessDay, to: BusinessDay }:
            "{read}。ヘッダーの期間（{from}から{to}）の外です", "{read}; its header's days go from {from} to {to}";
        Apart { read: &'a Said, days: Count, posting: BusinessDay }:
            "{read}。勘定日（{posting}）から{days}日より離れています", "{read}, more than {days} days from {posting}";
        OfHeader { header: u32, field: BankField, problem: &'a Said }:
            "ヘッダー{header}の{field}：{problem}", "header {header}, {field}: {problem}";
        OfRecord { record: u64, field: BankField, problem: &'a Said }:
            "レコード{record}の{field}：{problem}", "record {record}, {field}: {problem}";
        Order { header: u32, from: BusinessDay, to: BusinessDay, created: BusinessDay }:
            "ヘッダー{header}：期間は{from}から{to}まで、作成日は{created}で、日付の順序が合いません",
            "header {header}: its days go from {from} to {to} and it was made on {created}; expected an order";
        Twice { header: u32, other: u32, from: BusinessDay, to: BusinessDay, first: BusinessDay, last: BusinessDay }:
            "ヘッダー{header}：ヘッダー{other}と同じ口座で、期間も重なっています（{from}から{to}まで、{first}から{last}まで）。各口座が1回だけのファイルを銀行に依頼してください",
            "header {header}: expected an account that no other header has on the same days, got that of header {other} once more ({from} to \
             {to}, and {first} to {last}); ask the bank for a file that has each account once";
        Uncleared { uncleared: Yen, amount: Yen }:
            "{amount}のうち{uncleared}は他店券で、まだ不渡りになることがあります。銀行で決済を確認してから、この行が何かを指定してください",
            "other banks' cheques (`他店券`): expected ¥0 of them, got {uncleared} of {amount}, which can still be dishonoured; say what the \
             line is when the bank shows that they are paid";
    }
}
