//! Notices to residents, by mail.

use crate::{Month, texts};
use kazasu_schemas::money::Yen;

texts! {
    /// A limit of a resident that is nearly used, or used up.
    NoticeText<'a> {
        LimitSubject { percent: u8 }:
            "今月の利用額が上限の{percent}%に達しました", "This month's spending has reached {percent}% of your limit";
        LimitMessage { month: Month<'a>, percent: u8, used: Yen, limit: Yen, at: &'a str, id: &'a str }:
            "{month}のご利用額が、設定された上限の{percent}%に達しました。

ご利用額：{used}
上限額：{limit}
日時：{at}（日本時間）

このメールは自動で送信されています。同じ通知番号のメールが重ねて届いた場合は、一方を破棄してください。
通知番号：{id}
",
            "Your spending in {month} has reached {percent}% of the limit you set.

Spent: {used}
Limit: {limit}
Time: {at} (Japan time)

This message was sent automatically. If it comes twice with the same notice number, please ignore one of them.
Notice number: {id}
";
    }
}
