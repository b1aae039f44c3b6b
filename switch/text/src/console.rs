//! The console: what its pages say around the values of services.

use crate::{Count, labels, texts};
use kazasu_schemas::money::Yen;

labels! {
    /// Who bears a correction.
    BorneBy {
        Merchant "merchant": "加盟店が負担します", "the merchant";
        Operator "operator": "運用者が負担します", "the operator";
    }
}

labels! {
    /// Where a payment to a shop stands.
    PayoutState {
        Planned "planned": "入金予定", "planned";
        Requested "requested": "振込の承認待ち", "waits for approval";
        Approved "approved": "振込の承認済", "payout is approved";
        Sent "sent": "銀行への依頼済", "sent to the bank";
        Paid "paid": "支払済", "paid";
        Returned "returned": "組戻", "returned";
    }
}

texts! {
    /// Pages of the console.
    PageText<'a> {
        // The frame.
        SkipToContent: "本文へ移動", "Skip to the content";
        Menu: "メニュー", "Menu";
        SignOut: "ログアウトする", "Sign out";
        InThisLanguage: "日本語で表示", "Show in English";
        ErrorTitle: "エラー：", "Error: ";
        ErrorsHeading: "入力内容に問題があります", "There is a problem";
        NoticeMark: "お知らせ：", "Note: ";
        Footer:
            "時刻はすべて日本時間です。画面での操作は、権限を確認したうえで記録されます。",
            "All times are Japan's. What you do here is checked against your roles and recorded.";

        // Main pages.
        Home: "ホーム", "Home";
        Approvals: "決裁", "Approvals";
        Today: "本日の売上", "Today";
        Transactions: "取引の検索", "Transactions";
        Settlements: "精算の一覧", "Settlements";
        Payouts: "振込の一覧", "Payouts";
        YourRoles: "あなたの役割", "Your roles";
        Roles: "役割", "Roles";
        NoRoles:
            "役割がありません。組織の権限管理者に連絡してください。", "You have no role. Ask the access administrator of your organisation.";

        // Signing in.
        SignInTitle: "Kazasuへのログイン", "Sign in to Kazasu";
        SignIn: "ログインする", "Sign in";
        PersonName: "名前", "Name";
        Password: "パスワード", "Password";
        OneTimeCode: "ワンタイムコード", "One-time code";
        OneTimeCodeHint:
            "認証アプリに表示された6桁の数字、または回復コードを入力します。二要素認証を使わないときは空欄のままにします。",
            "The six digits of your app, or a recovery code. Leave it empty if you have no second factor.";
        SessionEnded:
            "しばらく操作がなかったか、権限が変わったため、ログアウトしました。もう一度ログインすると、入力した内容から続けられます。",
            "Your session has ended, because nothing was done for a while or your roles have changed. Sign in again to go on with what you typed.";
        WasInvited: "招待を受け取った方はこちらから参加します", "You were invited: join here";
        LinkUsed:
            "このログイン用リンクは使用済みか、無効です。リンクは1回だけ使えます。",
            "This link was used before, or is not valid. A link signs in once.";
        KeptTitle: "入力内容を保存しています", "What you typed is kept";
        KeptText:
            "まだ何も実行されていません。入力画面に戻り、内容を確認してから続けてください。",
            "Nothing has been carried out. Go back to the form, look at it, and go on from there.";
        BackToForm: "入力画面に戻る", "Back to the form";

        // Joining.
        JoinTitle: "招待からの参加", "Join with an invitation";
        JoinText:
            "受け取った招待（kz_join_ で始まる文字列）を貼り付けてください。", "Paste the invitation that you were given. It begins with kz_join_.";
        Invitation: "招待の文字列", "Invitation";
        InvitationHint: "招待は1回だけ使えます。ほかの人には見せないでください。", "An invitation is good once. Show it to no other person.";
        InvitationMissing: "招待の文字列を入力してください。", "Enter the invitation.";
        Continue: "次へ進む", "Continue";
        ChooseTitle: "パスワードと認証アプリの登録", "Password and app";
        ChooseText:
            "次のキーを認証アプリに登録し、パスワードと、アプリに表示された6桁の数字を入力してください。",
            "Add this key to your app for one-time codes. Then choose a password, and enter the six digits that the app shows.";
        AppKey: "認証アプリに登録するキー", "Key for your app";
        NewPassword: "新しいパスワード", "New password";
        NewPasswordHint:
            "8文字以上で入力します。文字の種類に決まりはありません。", "Eight characters or more, of any kind.";
        CodeOfApp: "アプリに表示された6桁の数字", "Six digits that the app shows";
        CodeOfAppHint: "数字は30秒ごとに変わります。", "They change every thirty seconds.";
        JoinNow: "参加する", "Join";
        JoinedTitle: "参加しました", "You have joined";
        RecoveryCodes: "回復コード", "Recovery codes";
        RecoveryCodesText:
            "認証アプリを使えなくなったときのためのコードです。それぞれ1回だけ使えます。この画面でしか表示されないため、印刷するか書き写し、安全な場所に保管してください。",
            "These codes are for the day on which you lose your app. Each is good once. They are shown on this page only: print them or write them down, and keep them in a safe place.";

        // Problems.
        NotFound: "ページが見つかりません", "Page not found";
        NotFoundDo:
            "アドレスを確認してください。番号が正しいのに表示されないときは、あなたの役割では見られない内容かもしれません。",
            "Look at the address again. If the number is right, it may be something that your roles do not let you see.";
        Forbidden: "この操作はできません", "You may not do this";
        ForbiddenDo:
            "何も変更されていません。必要な役割がないときは、組織の権限管理者に依頼してください。",
            "Nothing was changed. If you need another role, ask the access administrator of your organisation.";
        OtherSite:
            "別のサイトから送られた操作、または送り元を確認できない操作のため、受け付けませんでした。",
            "The form came from another site, or from a browser that does not say from where, and was refused.";
        SignInAgain: "もう一度ログインしてください", "Sign in again";
        SignInAgainDo: "ログインの有効期間が過ぎました。", "Your session is over.";
        Unavailable: "ただいま利用できません", "Not available now";
        UnavailableDo:
            "元帳が記録を受け付けていないか、このノードが主ノードではありません。何も変更されていません。しばらくしてからもう一度お試しください。続くときは、運用担当者に連絡してください。",
            "The ledger takes no records now, or this node does not lead. Nothing was changed. Try again in a moment; if it goes on, tell an operator.";
        TooMany: "操作が多すぎます", "Too many requests";
        TooManyDo: "しばらく待ってから、もう一度お試しください。", "Wait a moment, then try again.";
        TooLong: "送信内容が大きすぎます", "Too much was sent";
        TooLongDo: "入力内容を短くして、もう一度お試しください。", "Make it shorter, and try again.";
        Unreadable: "送信内容を読み取れません", "What was sent cannot be read";
        UnreadableDo:
            "何も変更されていません。前の画面に戻り、もう一度お試しください。", "Nothing was changed. Go back, and try again.";
        Broken: "問題が発生しました", "Something went wrong";
        BrokenDo:
            "操作が完了したかどうかは、一覧の画面で確認してください。続くときは、時刻を添えて運用担当者に連絡してください。",
            "Look at the list whether it was carried out. If it goes on, tell an operator, with the time.";
        UnderWay:
            "同じ操作を実行しています。少し待ってから、一覧の画面で結果を確認してください。",
            "The same form is being carried out. Wait a moment, and look at the list for its outcome.";
        OutcomeUnknown:
            "操作の途中で停止したため、完了したかどうか分かりません。一覧の画面で確認し、記録がないときだけ、もう一度行ってください。",
            "The program stopped in the middle, so it is not known whether this was carried out. Look at the list, and do it again only if it is not there.";
        ToHome: "ホームに戻る", "Back to the home page";
        ToSignIn: "ログインの画面へ", "To the sign-in";

        // Requests that two people decide.
        WaitsForMe: "あなたの決裁を待っている起案", "Requests that wait for you";
        NothingWaits: "あなたの決裁を待っている起案はありません。", "No request waits for your decision.";
        WaitingSum { requests: Count, sum: Yen }:
            "{requests}件の起案が決裁を待っています。金額の合計は{sum}です。", "{requests} requests wait for your decision, {sum} in all.";
        OtherRequests: "そのほかの起案", "Other requests";
        YourRequests: "あなたの起案", "Your requests";
        NoRequests: "該当する起案はありません。", "There are no such requests.";
        OpenRequestsOnly: "決裁待ちの起案だけを表示", "Show waiting requests only";
        ClosedRequestsToo: "終わった起案も表示", "Show requests that are over too";
        RequestTitle { kind: &'a str, number: u64 }: "起案 {number}：{kind}", "Request {number}: {kind}";
        RequestNumber: "起案番号", "Request";
        RequestKind: "種別", "Kind";
        Requester: "起案者", "Requester";
        RequestedAt: "起案日時", "Requested at";
        DecideUntil: "決裁の期限", "Decide until";
        Standing: "状態", "State";
        Amount: "金額", "Amount";
        Reason: "理由", "Reason";
        ReasonOfDecision: "決裁の理由", "Reason of the decision";
        ReasonHint:
            "200文字以内で入力します。記録に残り、あとから変更できません。カード番号は入力しないでください。",
            "Up to 200 characters. The record keeps it, and it cannot be changed later. Enter no card number.";
        Fingerprint: "照合値", "Fingerprint";
        FilledIn: "起案の内容", "Filled in";
        Effect: "承認すると変わること", "What an approval changes";
        NoEffect: "金額や件数の変化はありません。", "No amount and no count changes.";
        ChangedSince: "起案者が変更した箇所", "What the requester has changed";
        Item: "項目", "Item";
        Value: "入力値", "Value";
        Before: "変更前", "Before";
        After: "変更後", "After";
        Decide: "決裁する", "Decide";
        YourDecision: "あなたの決裁", "Your decision";
        Approve: "承認する", "Approve";
        SendBack: "差し戻す", "Send back";
        Deny: "否認する", "Deny";
        Withdraw: "引き戻す", "Withdraw";
        YourRequest: "起案の引戻し", "Your own request";
        YourRequestText:
            "あなたの起案のため、別の人が決裁します。取りやめるときは、理由を入力して引き戻してください。",
            "You made this request, so another person decides it. To give it up, enter a reason and withdraw it.";
        AnswerMissing: "決裁を選んでください。", "Choose your decision.";
        ReasonMissing: "理由を入力してください。", "Enter a reason.";
        RequestReplaced:
            "ご覧になったあとで起案の内容が変わったため、決裁していません。変わった内容を確認し、もう一度決裁してください。",
            "The request was changed after you had looked at it, so nothing was decided. Look at it again, then decide.";
        CheckApprove: "この内容で承認する", "Approve this request";
        CheckSendBack: "この内容で差し戻す", "Send this request back";
        CheckDeny: "この内容で否認する", "Deny this request";
        CheckWithdraw: "この起案を引き戻す", "Withdraw this request";
        CheckText:
            "承認すると、すぐに実行されます。内容と照合値を確認してください。", "It takes effect at once. Compare what it says, and its fingerprint.";
        FactorHint:
            "この決裁には、もう一度ワンタイムコードが必要です。認証アプリの新しい6桁の数字、または回復コードを入力してください。",
            "This decision takes a second factor again. Enter new digits of your app, or a recovery code.";
        Change: "内容を変更する", "Change it";
        DecisionDone: "決裁を受け付けました", "Your decision was recorded";
        ToRequest: "起案を表示する", "Show the request";

        // A shop's day.
        Shop: "店舗", "Shop";
        ShopHint: "契約会社の番号、斜線、店舗の番号の順に入力します。", "The acquirer's number, a slash, and the shop's number.";
        ShowShop: "この店舗を表示", "Show this shop";
        NoShops: "表示できる店舗がありません。", "There is no shop that you may see.";
        BusinessDay: "営業日", "Business day";
        NetTakings: "本日の売上（返品と取消を除く）", "Takings today, less refunds and reversals";
        PaymentsCount: "支払の件数", "Number of payments";
        AsOf: "表示した時刻", "As of";
        Reload: "最新の内容を表示", "Show the latest";
        RefundLast: "直前の支払を返品する", "Refund the last payment";
        LastPayments: "最近の取引", "Last transactions";
        ByTerminal: "端末ごとの内訳", "By terminal";
        Terminal: "端末", "Terminal";
        PaymentsColumn: "支払（件数と金額）", "Payments: count and yen";
        RefundsColumn: "返品（件数と金額）", "Refunds: count and yen";
        ReversalsColumn: "取消（件数と金額）", "Reversals: count and yen";
        DeclinedColumn: "拒否の件数", "Declined";
        LastSeen: "最後の通信", "Last seen";
        TakingsOf { sum: Yen, payments: Count }: "{sum}（支払{payments}件）", "{sum} ({payments} payments)";

        // Payments.
        AmountExactly: "金額（ちょうど）", "Amount, exactly";
        AmountFrom: "金額（以上）", "Amount, at least";
        AmountUntil: "金額（以下）", "Amount, at most";
        LastFour: "番号の下4桁", "Last four digits";
        Rrn: "RRN", "RRN";
        Stan: "追跡番号（STAN）", "Trace number (STAN)";
        ApprovalCode: "承認番号", "Approval code";
        ResponseCode: "応答コード", "Response code";
        FromDay: "日付（この日から）", "From this day";
        FromTime: "時刻（この時刻から）", "From this time";
        UntilDay: "日付（この日まで）", "Until this day";
        UntilTime: "時刻（この時刻まで）", "Until this time";
        DayMissing: "時刻を指定するときは、日付も入力してください。", "Enter the day too when you enter a time.";
        Search: "検索する", "Search";
        SearchedSince { from: &'a str }: "{from}以降の取引を検索しました。", "Transactions from {from} on were searched.";
        FoundPayments: "見つかった取引", "Transactions that were found";
        NoPayments: "該当する取引はありません。", "There are no such transactions.";
        MorePayments: "続きを表示", "Show more";
        When: "取引日時", "When";
        WhatKind: "取引の種類", "Kind of transaction";
        RecordNumber: "記録番号", "Record";
        TransactionTitle { record: u64 }: "取引 {record}", "Transaction {record}";
        RefundedSoFar: "返品済みの金額", "Refunded so far";
        ReversedSoFar: "取消済みの金額", "Reversed so far";
        LeftToRefund: "返品できる残額", "Left to refund";
        RefundThis: "この支払を返品する", "Refund this payment";

        // A refund.
        RefundTitle: "返品の起案", "Ask for a refund";
        RefundText:
            "返品は、経理決裁者の承認のあとで実行されます。", "A refund is carried out when a finance approver has approved it.";
        RefundAmount: "返品する金額", "Amount to refund";
        RefundHint { left: Yen }: "{left}まで返品できます。", "Up to {left} can be refunded.";
        NothingLeft: "この支払には、返品できる残額がありません。", "Nothing of this payment is left to refund.";
        AmountMissing: "返品する金額を入力してください。", "Enter the amount to refund.";
        AmountNotLeft { left: Yen }:
            "1円以上{left}以下の金額を入力してください。", "Enter an amount of at least ¥1 and at most {left}.";
        LeftAfterRefund: "この返品のあとに残る金額", "Left after the refund";
        CheckRefund: "返品の内容の確認", "Check the refund";
        CheckRefundText:
            "まだ起案していません。内容を確認してください。", "Nothing was asked for yet. Look at what you filled in.";
        AskRefund: "返品を起案する", "Ask for the refund";
        RefundAsked: "返品を起案しました", "The refund was asked for";
        RefundAskedText:
            "経理決裁者が承認すると、お客様に返金されます。問い合わせのときは、起案番号をお伝えください。",
            "The customer gets the money back when a finance approver has approved it. Name the request's number when you ask about it.";
        ToPayment: "取引を表示する", "Show the transaction";

        // Settlements and payouts.
        SettlementNumber: "精算番号", "Settlement";
        Period: "対象期間", "Period";
        NetColumn: "売上から返品を引いた金額", "Payments less refunds";
        FeeColumn: "手数料", "Fees";
        TaxColumn: "手数料の消費税", "Tax on fees";
        PaidColumn: "お支払いする金額", "Amount that is paid";
        CarriedColumn: "次回への繰越", "Carried to the next one";
        Payday: "入金予定日", "Payday";
        PaidTo: "振込先の口座", "Account that is paid to";
        OnStatement: "通帳に表示される文字", "Text on your bank statement";
        ShowOlder: "これより前を表示", "Show older ones";
        SettlementTitle { settlement: u32 }: "精算 {settlement} の金額の内訳", "Why settlement {settlement} has its amount";
        WhyAmount: "理由", "Reason";
        NoParts: "内訳はありません。", "It has no parts.";
        ItemOf { name: &'a str, sum: Yen }: "{name}：{sum}", "{name}: {sum}";
        NoSettlements: "精算はまだありません。", "There are no settlements yet.";
        NoPayouts: "振込はまだありません。", "There are no payouts yet.";
    }
}
