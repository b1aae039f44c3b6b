//! Why a command was refused: by the core in general, by the ledger's rules, by a policy that cannot follow, by approval. Of relief
//! and of closing: `relief_refusals`, `closing_refusals`.

use crate::approvals::{KindLabel, StandingLabel};
use crate::{Count, texts};
use kazasu_schemas::ids::{InstitutionId, MerchantId, Ppid, Serial, TerminalId};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

texts! {
    /// A command that the core refused.
    CommandText<'a> {
        AlreadyOpen: "帳簿はすでに開設されています。", "the book is open already";
        NotOpen: "帳簿がまだ開設されていません。", "the book has not been opened yet";
        UnknownAcquirer { acquirer: InstitutionId }:
            "契約会社 {acquirer} は登録されていません。", "acquirer {acquirer} is not registered";
        UnknownIssuer { issuer: u16 }: "発行者 {issuer} は登録されていません。", "issuer {issuer} is not registered";
        UnknownDeposit { number: u64 }:
            "預り口座 {number:010} はこの元帳にありません。", "on-us account {number:010} is not in this ledger";
        UnknownPpid { ppid: Ppid }: "利用者 {ppid} は登録されていません。", "PPID {ppid} is not known";
        TerminalTaken { terminal: TerminalId, merchant: MerchantId }:
            "端末 {terminal} は加盟店 {merchant} のものです。先にそこから外してください（-{terminal}）。",
            "terminal {terminal} belongs to merchant {merchant}; take it away there first (-{terminal})";
        NewMerchant { field: &'a str }:
            "新しい加盟店に {field} が指定されていません。", "the merchant is new, and its {field} is not given";
        TooMany { field: &'a str, most: Count }:
            "加盟店の {field} は{most}件までです。", "a merchant has at most {most} {field}";
        BeforeVersionInForce { from: &'a str, in_force: &'a str }:
            "紐付けの開始 {from} が、現行の版の開始 {in_force} より前です。",
            "the link begins {from}, before the version in force ({in_force})";
        UnknownProgramme { programme: u16 }:
            "給付事業 {programme} は現行のポリシーにありません。",
            "purse programme {programme} is not in the policy in force";
        IsRelief { programme: u16 }:
            "事業 {programme} は市町村の給付事業です。支給バッチで支給してください（`kazasu relief import`）。",
            "programme {programme} is a relief programme: its money goes through batches (`kazasu relief import`)";
        ProgrammeOver { programme: u16, until: BusinessDay }:
            "給付事業 {programme} は {until} に終了しました。", "purse programme {programme} ended on {until}";
        FundShort { programme: u16, available: Yen, asked: Yen }:
            "事業 {programme} の原資残高は {available} で、{asked} には足りません。先に入金してください。",
            "the fund of programme {programme} has {available} left, {asked} was asked for; pay into it first";
        ReferenceTaken { reference: &'a str, amount: Yen }:
            "参照番号「{reference}」は {amount} ですでに記帳されています。",
            "reference \"{reference}\" was booked with {amount} before";
        Reference: "参照番号は1文字以上100文字以内です。", "a reference has 1 to 100 characters";
        KnownPpid { ppid: Ppid }: "利用者 {ppid} はすでに登録されています。", "PPID {ppid} is known already";
        NotTemporary { ppid: Ppid }: "{ppid} は仮IDではありません。", "{ppid} is not a temporary ID";
        IntoTemporary { ppid: Ppid }:
            "{ppid} も仮IDです。本人のIDに統合してください。",
            "{ppid} is a temporary ID itself; merge into the person's PPID";
        MergedBefore { ppid: Ppid }:
            "{ppid} はすでに統合されています。統合は一度だけです。",
            "{ppid} was merged before; nothing is merged twice";
        KeyDestroyed { version: u8 }:
            "封緘鍵の版 {version} は廃棄済みで、封緘に使えません。",
            "version {version} of the vault's keys was destroyed; nothing can be sealed under it";
        KeyNeeded { version: u8, links: u64, proposals: Count, batches: Count, accounts: u64 }:
            "封緘鍵の版 {version} はまだ必要です。紐付け {links} 版、決裁待ちの起案 {proposals} 件、支給バッチ {batches} 件、支払先の口座 {accounts} 件がこの鍵で封緘されています。\
             紐付けと口座は `kazasu link rotate` で封緘し直し、起案は承認または否認し、バッチは報告または取り消し、承認済みの振込はファイルを作成してください。",
            "version {version} of the vault's keys is needed: {links} link versions, {proposals} approval requests, {batches} relief batches and {accounts} payees' accounts are sealed under it. \
             `kazasu link rotate` seals links and payees' accounts again; approval requests must be decided, relief batches reported or cancelled, \
             files of approved payouts made";
        SerialTaken { serial: Serial }:
            "証明書 {serial} は別のカードに登録されています。", "certificate {serial} is bound to another card";
        SerialUnclear { serial: Serial }:
            "証明書 {serial} は別のカードに登録されており、一方に発行者がありません。発行者を指定し、もう一方も発行者つきで登録し直してください。",
            "certificate {serial} is bound to another card, and one of the two has no issuer: say the issuer, and bind the other one \
             again with its own";
        OldList { got: u64, got_at: &'a str, number: u64, at: &'a str }:
            "リストの番号は {got}（{got_at}）です。現行は {number}（{at}）で、それより新しいリストだけを受け付けます。",
            "the list has number {got} of {got_at}; in force is {number} of {at}, and only a newer one is taken";
        OwnLimit { field: &'a str, got: Yen }:
            "限度額 {field} は ¥0 から ¥999,999,999,999 までです。指定は {got} でした。",
            "limit {field}: must be 0 to ¥999,999,999,999, got {got}";
        NothingLinked { ppid: Ppid }:
            "利用者 {ppid} に紐付けられた決済手段はありません。", "PPID {ppid} has nothing linked";
        NotBroken { ppid: Ppid }:
            "利用者 {ppid} の紐付けは紐付け不良の一覧にありません。",
            "the link of {ppid} is not in the queue of broken links";
        RetargetOpen { by: &'a str }:
            "{by} が新しい決済手段を起案済みです。先に決裁してください。",
            "{by} has requested an instrument already; it must be decided first";
        NoRetarget { ppid: Ppid }:
            "利用者 {ppid} の新しい決済手段は起案されていません。", "no new instrument was requested for {ppid}";
        NoCard { ppid: Ppid, version: u32 }:
            "利用者 {ppid} の紐付け第{version}版はカードではありません。", "link version {version} of {ppid} is no card";
        UnknownNotice { record: u64, part: u64 }:
            "通知 {record}-{part} は未配信ではありません。", "notice {record}-{part} is not owed";
        BeyondCalendar { day: BusinessDay, today: BusinessDay }:
            "{day} は営業中ですが、暦（{today}）ではまだ始まっていません。手動の締切は始まった日だけ、つまり1日前までです。",
            "{day} is open and has not begun by the calendar ({today}); a day is ended by hand when it has begun, so at most one day early";
        OtherDay { clock: &'a str, day: BusinessDay }:
            "時計は {clock}、指定は {day} です。時計を直すか、正しい日を指定してください。",
            "the wall clock says {clock}, you say {day}: set the clock right, or name the day that it is";
        NoAdviceWaits { record: u64 }:
            "記録 {record} は判断待ちのオフライン売上ではありません（`kazasu advice list`）。",
            "record {record} is no offline payment that waits for a person (`kazasu advice list`)";
        Amount { got: Yen }:
            "金額は ¥1 以上 ¥999,999,999,999 以下です。指定は {got} でした。",
            "an amount must be above zero and at most ¥999,999,999,999, got {got}";
        NotSuspended { ppid: Ppid }:
            "利用者 {ppid} のカードは、職員による一時停止中ではありません。",
            "the card of {ppid} is not suspended by people";
        TooManyOpen { by: &'a str, open: Count, most: Count }:
            "ポータル {by} の紐付けが {open} 件、職員の確認を待っています。上限は {most} 件です（設定 `limits.max_open_requests_per_portal`）。\
             職員が `kazasu link waiting` で確認し、`kazasu link allow` で承認または否認すると、また受け付けます。",
            "{open} links of portal {by} wait for staff, and at most {most} may (`limits.max_open_requests_per_portal`). Staff look at them \
             (`kazasu link waiting`) and decide them (`kazasu link allow`); then ask again";
        NotRevoked { ppid: Ppid }:
            "利用者 {ppid} のカードは、職員による失効の状態ではありません。",
            "the card of {ppid} is not revoked by people";
        GoneInto { ppid: Ppid, into: Ppid }:
            "{ppid} は {into} に引き継がれています。{into} を指定してください。",
            "{ppid} stands for {into} now: name that PPID";
        Temporary { ppid: Ppid }:
            "{ppid} は仮IDです。仮IDは統合してください（`kazasu card merge`）。",
            "{ppid} is a temporary ID; those are merged (`kazasu card merge`)";
        ReplacesItself { ppid: Ppid }:
            "{ppid} から {ppid} 自身への引継ぎはできません。新しいカードのPPIDを指定してください。",
            "{ppid} cannot take its own place: name the PPID of the new card";
        LinkChanged { ppid: Ppid }:
            "{ppid} の紐付けは、引継ぎの起案後に変わりました。起案を引き戻し、起案し直してください。",
            "the link of {ppid} changed after the replacement was requested: withdraw the request, and request it again";
        BoundAlready { serial: Serial }:
            "証明書 {serial} は、すでにこのカードのものです。", "certificate {serial} is the card's already";
        NotPayment { record: u64 }:
            "記録 {record} は、返品できる期間内の売上ではありません。",
            "record {record} is no payment of the days in which payments can be given back";
        PaymentNotPosted { record: u64 }:
            "売上 {record} は計上されていません（処理待ち、拒否、または取消済み）。",
            "payment {record} is not posted: it waits, was refused, or was reversed";
        AboveWhatIsLeft { record: u64, left: Yen, asked: Yen }:
            "売上 {record} から返品できる残額は {left} で、指定は {asked} でした。",
            "of payment {record} {left} can be given back, {asked} was asked for";
        PaymentChanged { record: u64, then: Yen, now: Yen }:
            "売上 {record} から返品できる残額は {now} で、起案したときの {then} ではありません。もう一度起案してください。",
            "of payment {record} {now} can be given back, and not {then} as when it was requested; request it again";
        ApprovalOpen { request: u64 }:
            "同じ対象の起案 {request} が未決です。先に決裁してください。",
            "approval request {request} about the same is open; decide it first";
        UnknownApproval { request: u64 }: "起案 {request} は未決ではありません。", "approval request {request} is not open";
        SamePerson { by: &'a str }:
            "{by} の起案です。別の人が決裁してください。", "{by} requested it; another person must decide";
        ApprovalOver { request: u64, how: StandingLabel }:
            "起案 {request} は未決ではありません（{how}）。", "approval request {request} is not open: {how}";
        NotPerson { by: &'a str }:
            "{by} はログインした人ではありません。起案と決裁は、それぞれ本人が行ってください。",
            "{by} is no person who signed in; people request and decide, each as themselves";
        ApprovalChanged { request: u64 }:
            "起案 {request} は、ご覧になった後に差し替えられました。もう一度内容を確認してください（`kazasu approval show {request}`）。",
            "approval request {request} was replaced after it was looked at; look at it again (`kazasu approval show {request}`)";
        ApprovalSentBack { request: u64 }:
            "起案 {request} は差し戻されています。起案者の再提出を待ってください。",
            "approval request {request} was sent back; its requester changes it and hands it in again";
        ApprovalsOfOne { by: &'a str, open: Count, most: Count }:
            "{by} の起案が {open} 件、決裁を待っています。上限は {most} 件です。決裁を受けるか、不要な起案を引き戻してから、また起案してください。",
            "{by} has {open} open requests, and at most {most} may wait; have them decided, or withdraw some, and ask again";
        ApprovalOfAnother { request: u64, by: &'a str }:
            "起案 {request} を引き戻せるのは起案者 {by} だけです。",
            "approval request {request} is of {by}, who alone withdraws it";
        TakesTwoPeople { kind: KindLabel }:
            "2人で行う操作です（{kind}）。起案し、別の人が決裁してください（`kazasu approval`）。",
            "two people do this ({kind}): request it, and let another person decide (`kazasu approval`)";
        NoFileApproved { request: u64 }:
            "起案 {request} に、取込を待つ承認済みのファイルはありません。",
            "no approved file waits for its rows under request {request}";
        BeyondFileApproved { request: u64 }:
            "行の合計が、起案 {request} で承認された件数または金額を超えます。",
            "the rows come to more than what was approved under request {request}";
        DestructionNotApproved { key: &'a str }:
            "{key} の廃棄は承認されていません。起案し（`kazasu key request-destruction`）、別の人が決裁してください。",
            "the destruction of {key} is not approved: request it (`kazasu key request-destruction`) and let another person decide";
    }
}

texts! {
    /// A policy that cannot follow the one in force.
    PolicyText<'a> {
        ReliefNumber { number: u16 }:
            "給付事業 {number}：この番号は市町村の給付事業が使っています。別の番号にしてください。",
            "purse {number}: a relief programme has this number; take another";
        TooManyProgrammes { most: Count }:
            "給付事業は市町村のものも含めて{most}件まで、ポイント事業も{most}件までです。",
            "at most {most} purse programmes, relief included, and {most} point programmes";
        LimitMeaning { number: u8, name: &'a str }:
            "限度額 {number}（{name}）は、期間・対象者・グループ・区分・決済手段のいずれかが以前と異なります。新しい番号にしてください。",
            "limit {number} ({name}) had another window, person, group, class or instrument before; give it a new number";
        PurseGone { number: u16 }:
            "給付事業 {number} がありません。事業はファイルから消せません。",
            "purse programme {number} is missing: a programme stays in the file for ever";
        PointsGone { number: u16 }:
            "ポイント事業 {number} がありません。事業はファイルから消せません。",
            "point programme {number} is missing: a programme stays in the file for ever";
        Rounding { number: u16 }:
            "ポイント事業 {number} の端数処理は変更できません。同じ月を二通りに数えることになります。",
            "point programme {number}: its rounding cannot change, the month would be counted two ways";
        UnknownIssuer { issuer: u16 }:
            "代行承認の発行者 {issuer} は登録されていません。", "stand_in names issuer {issuer}, which is not registered";
        BudgetGranted { programme: u16, unspent: Count, less: Count }:
            "ポイント事業 {programme} の予算残は{unspent}ポイントで、{less}ポイントは減らせません。",
            "point programme {programme}: {unspent} points of the budget are unspent, it cannot be lowered by {less}";
        TooManyBudgets { most: Count }:
            "一度に変更できる予算は{most}件までです。2回に分けて適用してください。",
            "at most {most} budgets can change in one activation; activate in two steps";
    }
}

texts! {
    /// A rule of the ledger that a transfer would break.
    RuleText {
        TooMany { most: Count, holds: Count }:
            "1記録の振替は{most}件まで、そのうち保留は先頭の{holds}件までです。",
            "a record carries at most {most} transfers, and its holds come first, at most {holds}";
        NotPositive { amount: Yen }: "金額は ¥1 以上です。指定は {amount} でした。", "an amount must be above zero, got {amount}";
        UnknownAccount { account: u32 }: "勘定 {account} はありません。", "account {account} does not exist";
        SameAccount { account: u32 }:
            "一つの振替で勘定 {account} を借方と貸方の両方にはできません。",
            "account {account} cannot be debited and credited by one transfer";
        UnitMismatch { one: u32, other: u32 }:
            "勘定 {one} と勘定 {other} は単位が異なります。", "accounts {one} and {other} count different units";
        UnknownHold { record: u64, place: u8 }:
            "保留 {record}/{place} は残っていません。", "hold {record}/{place} is not open";
        OtherAccounts { record: u64, place: u8 }:
            "保留 {record}/{place} は別の勘定のものです。", "hold {record}/{place} is between other accounts";
        AboveHold { record: u64, place: u8, left: Yen, asked: Yen }:
            "保留 {record}/{place} の残りは {left} で、{asked} には足りません。",
            "hold {record}/{place} has {left} left, {asked} was asked for";
        Overflow { account: u32 }: "勘定 {account} が元帳で扱える範囲を超えます。", "account {account} would overflow";
        Insufficient { account: u32, available: Yen }:
            "勘定 {account} の残高は {available} です。", "account {account} has {available} available";
    }
}

texts! {
    /// An operation that was not carried out, for reasons outside the core.
    ServiceText<'a> {
        Value { field: &'a str, problem: &'a str }: "{field}（入力値）：{problem}", "{field}: {problem}";
        Pin:
            "pin_verified：紐付けと解除にはカードの4桁の暗証番号が必要です。窓口で照合してください。",
            "pin_verified: linking and unlinking need the card's 4-digit PIN; it must have been entered at the counter";
        PortalNoKey { portal: &'a str }:
            "{portal} の署名鍵が登録されていません。鍵を作り（`kazasu portal keygen`）、公開鍵を権限管理者2名で登録してください（`kazasu portal register {portal} --public …`）。",
            "{portal} has no key for statements: make one (kazasu portal keygen), and let two access administrators register its public \
             key (kazasu portal register {portal} --public …)";
        StatementMissing:
            "ヘッダー kazasu-portal-statement がありません。利用者ごと・依頼ごとに署名した申告を付けてください。",
            "the header kazasu-portal-statement is missing: a portal signs a statement for each request about a resident";
        StatementHeader:
            "ヘッダー kazasu-portal-statement は、申告の16進数、ピリオド、64バイトの署名の16進数としてください。",
            "kazasu-portal-statement: expected the statement in hexadecimal, a full stop, and 64 bytes of signature in hexadecimal";
        StatementForm { problem: &'a str }:
            "申告を読めません（{problem}）。", "the statement cannot be read: {problem}";
        StatementSignature { portal: &'a str }:
            "署名が {portal} の登録済みの鍵と合いません。鍵と、署名したバイト列を確認してください。",
            "the signature is not of a registered key of {portal}; check the key, and that exactly the text was signed that was sent";
        StatementMoment { at: &'a str, now: &'a str, seconds: Count }:
            "申告の時刻は {at}、スイッチの時刻は {now} です。差は{seconds}秒以内にしてください。",
            "at: the statement is of {at} and the switch's time is {now}; they may be {seconds} seconds apart";
        StatementOther { line: &'a str, expected: &'a str, got: &'a str }:
            "申告の {line} がこの依頼と異なります（依頼：{expected}、申告：{got}）。",
            "{line}: the statement is about something else than this request: expected {expected}, got {got}";
        StatementUsed:
            "この申告は使用済みです。依頼ごとに新しい nonce で署名してください。",
            "nonce: the statement was used before; sign a new one for each request";
        StatementTooWeak { proven: &'a str, operation: &'a str }:
            "{operation} には card-pin または card-face による本人確認が必要です（申告は {proven}）。",
            "proven: {operation} takes card-pin or card-face, got {proven}";
        FactorNeeded:
            "この決裁のために第二要素をもう一度示してください（`kazasu login --again --fingerprint 照合値`）。\
             有効なのは5分間、指定した照合値に対してだけです。照合値のない操作では `kazasu login --again` です。",
            "factor: show a second factor again for this decision (kazasu login --again --fingerprint FINGERPRINT); it serves for five \
             minutes, and for the fingerprints that it names; for an operation without one: kazasu login --again";
        SignInWrong: "名前、パスワード、またはコードが正しくありません。", "the name, the password or the code is not right";
        SignInWait { seconds: u64 }:
            "試行が多すぎます。{seconds} 秒後に再度お試しください。", "too many attempts; try again in {seconds} seconds";
        SignInBusy:
            "ただいまログインが集中しています。再度お試しください。", "too many people are signing in at this moment; try again";
        SignInStore { why: &'a str }:
            "ログインの情報を読み書きできません（{why}）。", "the table of sign-ins cannot be used: {why}";
        SignInFailed { why: &'a str }: "秘密を作成できません（英語の原文：「{why}」）。", "cannot make a secret: {why}";
        OneTimeSecret:
            "one_time にはアプリと同じ base32 の 20 バイト以上の秘密を指定してください。",
            "one_time: expected a secret of 20 bytes or more in base32, as apps take it";
        OneTimeCode:
            "コードが、この秘密と現在時刻でアプリが示すものと一致しません。時計を確認してください。",
            "code: it is not the one that the app shows for this secret at this time; check the clocks";
        OtherNode: "このノードは主ノードではありません。少し待って再度お試しください。",
            "this node does not lead; ask again in a moment";
        OtherNodeAt { leader: &'a str }:
            "このノードは主ノードではありません。{leader} に依頼してください。", "this node does not lead; ask {leader}";
        Halted { why: &'a str }:
            "元帳は現在記録を受け付けていません（{why}）。", "the ledger takes no records at the moment: {why}";
        Stopping: "スイッチは停止処理中です。", "the switch is stopping";
        Unlogged { why: &'a str }:
            "監査ログに書けないため、実行していません（{why}）。空きを作って再度お試しください。",
            "the security log cannot be written ({why}); make room and try again";
    }
}
