//! Payees' accounts: why one is not changed, or not paid to.

use crate::texts;

texts! {
    /// Why a payee's account is not changed, or not paid to.
    PayeeText<'a> {
        Unknown { payee: &'a str }:
            "{payee} は、登録された加盟店でも、事業の基金でもありません。",
            "{payee} is no registered merchant and no programme's fund";
        NoAccount { payee: &'a str }: "{payee} の口座は登録されていません。", "{payee} has no account on file";
        NotAboutPayee { request: u64 }:
            "起案 {request} は、支払先の口座についてのものではありません。",
            "approval request {request} is not about a payee's account";
        NotCalled { request: u64 }:
            "起案 {request} について、支払先への電話確認がまだです。電話で確認し、その内容を登録してください。",
            "the payee was not called back about approval request {request}: call, and note it first";
        CalledBefore { request: u64 }:
            "起案 {request} には、電話確認の内容がすでに登録されています。",
            "approval request {request} has a note of a call already";
        OtherPart { by: &'a str }:
            "{by} は、この変更で別の役割を担っています。起案する人、加盟店からの起案を電話で確認する人、承認する人は、それぞれ別の人です。",
            "{by} has another part in it: one person requests, another calls a merchant's own request back, another approves";
        RowNotCalled:
            "この行に電話確認の記入がありません（`called`、`called_number`、`called_at`、`called_by`）。",
            "the row has no call: called, called_number, called_at and called_by are needed";
        Stale:
            "振込の起案後に口座が変わりました。引戻しまたは否認のうえ、起案し直してください。",
            "an account is not what it was when the payout was requested: withdraw or deny it, and request it again";
        Taken:
            "支払先の口座は、以前のファイルから取り込み済みです。設定から `payees_file` を削除してください。口座の変更は `kazasu payee` で行います。",
            "payees' accounts were taken from a file before: take `payees_file` out of the configuration; `kazasu payee` changes accounts";
    }
}
