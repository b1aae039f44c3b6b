//! What is wrong with a value that a person or a program wrote: into a field of a request, a column of a file, or an option of a command.
//!
//! Codes, keys and names of columns stand as they are. What came is repeated between quotation marks.

use crate::argument::{AnyOf, Quoted};
use crate::said::Said;
use crate::{Count, labels, texts};
use kazasu_schemas::closing::DayState;
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

texts! {
    /// What is wrong with a value.
    ProblemText<'a> {
        Got { problem: &'a Said, got: Quoted<'a> }: "{problem}（入力は{got}）", "{problem}, got {got}";
        OneOf { choices: AnyOf<'a>, got: Quoted<'a> }:
            "{choices} のいずれかを指定してください（入力は{got}）", "must be {choices}, got {got}";
        OneOfAll { choices: &'a str, got: Quoted<'a> }:
            "次のいずれかを指定してください：{choices}（入力は{got}）", "must be one of {choices}, got {got}";
        Range { least: u64, most: u64, got: u64 }:
            "{least}から{most}の範囲で指定してください（入力は{got}）", "must be {least} to {most}, got {got}";
        Fingerprint { least: Count, got: Quoted<'a> }:
            "起案の照合値の先頭{least}文字（16進数）、または64文字すべてを指定してください（入力は{got}）。`kazasu approval show` が表示します",
            "must be the first {least} hexadecimal characters of the request's fingerprint, or all 64, got {got}; kazasu approval show prints it";
        StatusList:
            "失効リストとして使えません。認証局から最新の完全なリストを取得し直してください",
            "it cannot be used as a status list; fetch the authority's newest full list again";
        CalendarUnknown { day: BusinessDay, first: BusinessDay, last: BusinessDay }:
            "{day}が銀行の休業日かどうか分かりません（分かるのは{first}から{last}まで）。休業日のファイル（`bank_holidays_file`）を更新してください",
            "whether {day} is a bank holiday is not known: expected {first} to {last}; extend the file of bank holidays \
             (schemas/data/bank-holidays.csv, or the one that the operator gave)";
        CharactersBetween { least: Count, most: Count }:
            "{least}文字から{most}文字で指定してください", "must be {least} to {most} characters";
        CharactersAtMost { most: Count }: "{most}文字以内で指定してください", "must be at most {most} characters";
        NotDigits { got: Quoted<'a> }: "数字で指定してください（入力は{got}）", "must be digits, got {got}";
        DigitsExactly { digits: Count }: "{digits}桁の数字で指定してください", "must be {digits} digits";
        PpidSpoken:
            "base32の英数字26文字を、任意の区切りで指定してください", "expected 26 letters and digits of base32, in any groups";
        TerminalOfMerchant { terminal: &'a str }:
            "加盟店の端末を指定してください（入力は{terminal}）", "expected a terminal that a merchant has, got {terminal}";
        HookNoUrl: "https:// で始まるURLを指定してください", "must be a URL that begins with https://";
        HookTooLong: "500文字以内のURLを指定してください", "must be a URL of at most 500 characters";
        HookUser:
            "URLに利用者名やパスワードを含めないでください", "must hold no user and no password";
        HookNotHttps:
            "https:// で始まるURLを指定してください。http:// は、設定 `[webhooks] networks` にある自機のアドレスに限ります",
            "must be https; http is only for an address of this machine that [webhooks] networks of the configuration names";
        HookNetwork:
            "私設網やこの機器のアドレスには送信しません。必要なら運用者が設定 `[webhooks] networks` に加えます",
            "its network is private, and the configuration ([webhooks] networks) does not name it";
        HookScope { got: Quoted<'a> }:
            "対象範囲を `merchant:org_3`、`shop:27000001/M1`、`city:13361`、`acquirer:27000001`、`all` のいずれかの形で指定してください（入力は{got}）",
            "must be of the form merchant:org_3, shop:27000001/M1, city:13361, acquirer:27000001 or all, got {got}";
        HookFull { most: u64 }: "送信先は{most}件までです", "there are {most} endpoints already, which is the most";
        HookEvent { got: Quoted<'a> }:
            "ジャーナルにある出来事の番号を `evt_419` の形で指定してください（入力は{got}）", "must be an event of the journal, like evt_419, got {got}";
        HookAgain:
            "`event`、`from`（と `until`）、`failed` のどれか一つを指定してください", "give one of event, from (with until) and failed";
        HookAgainFull { most: u64 }:
            "再送の依頼が{most}件待っています。終わってから依頼してください", "{most} requests to send again are waiting; ask when they are done";
        OneWayOfAmount:
            "amount、about、または amount_from と amount_until のどれか1通りで指定してください",
            "give the amount in one way: amount, about, or amount_from and amount_until";
        AmountRange:
            "0円以上で、下限は上限以下にしてください", "must be 0 yen or more, and the lower end not above the upper end";
        PeriodOrder: "from より前です", "is before `from`";
        MonthForm { got: Quoted<'a> }:
            "2026-11 の形で月を指定してください（入力は{got}）", "must be a month like 2026-11, got {got}";
        SettlementNumber: "精算の番号を指定してください", "must be a settlement's number";
        StanDigits: "1桁から6桁の数字で指定してください", "must be one to six digits";
        ShopForm:
            "アクワイアラーと加盟店の番号を 27000001/M1 の形で指定してください", "must be an acquirer and a merchant, like 27000001/M1";
        PpidOrReceipt:
            "ppid、またはレシートの terminal、at、amount を指定してください", "give ppid, or terminal, at and amount of a receipt";
        PinOfPortal:
            "ポータルは指定しません。本人確認の方法は署名付きの申告に含まれます",
            "a portal leaves it out: its statement says how the person was proven";
        PublicKey:
            "Ed25519の公開鍵を16進64桁で指定してください（kazasu portal keygen）",
            "expected an Ed25519 public key, 64 hexadecimal digits (kazasu portal keygen)";
        SessionKey:
            "Ed25519の公開鍵を16進64桁で指定してください（`kazasu login` が作成します）",
            "expected an Ed25519 public key, 64 hexadecimal digits (kazasu login makes one)";
        SignatureMissing:
            "このセッションの鍵は本人が持っています。決裁の署名（16進128桁）が必要です",
            "the key of this session is with the person: the decision needs its signature, 128 hexadecimal digits";
        SignatureNotAsked:
            "このセッションの鍵は本人が持っていません。署名を付けずに送ってください",
            "the key of this session is not with the person: send no signature";
        SignatureForm: "Ed25519の署名を16進128桁で指定してください", "expected an Ed25519 signature, 128 hexadecimal digits";
        SignatureBad:
            "この決裁（番号、回答、照合値、理由）に対するこのセッションの鍵の署名ではありません",
            "it is not this session's signature over this decision: its number, answer, fingerprint and reason";
        SixHexadecimal: "16進6桁で指定してください", "must be six hexadecimal digits";
        Hexadecimal: "16進数で指定してください", "must be hexadecimal";
        CardNumber:
            "カード番号が含まれています。記録は消せません。下4桁または記録の番号を書いてください",
            "has a card number in it, and records are kept for good; write its last four digits, or the record's number";
        CardNumberInName: "カード番号が含まれています", "has a card number in it";
        ReasonToLook:
            "理由が必要です。1文字から200文字で、名前とともにセキュリティ記録に残します",
            "this takes a reason, 1 to 200 characters: the security log keeps it with your name";
        Moment { got: Quoted<'a> }:
            "日付、または時差付きの日時で指定してください（入力は{got}）", "must be a date or a time with its offset, got {got}";
        RightAmount { left: Yen, got: Yen }:
            "減額後の正しい金額は ¥0 以上 {left} 未満で指定してください（入力は {got}）",
            "must be the amount that is right, from ¥0 to below {left}, got {got}";
        MomentOr { problem: DateText }:
            "{problem}。時差付きの日時（2026-12-01T09:00:00+09:00）も使えます", "{problem}, or a time with its offset (2026-12-01T09:00:00+09:00)";
        UntilBeforeFrom { until: BusinessDay, from: BusinessDay }: "{until}は{from}より前です", "{until} is before {from}";
        NoContract { day: BusinessDay }: "{day}に有効な契約がありません", "no contract is in force on {day}";
        NotEnded { day: BusinessDay }: "{day}はまだ終わっていません", "{day} has not ended";
        NotBegun { day: BusinessDay, open: BusinessDay }:
            "{day}はまだ始まっていません。開いている日は{open}です", "{day} has not begun; {open} is open";
        NotEndedToCompare { day: BusinessDay, open: BusinessDay }:
            "{day}はまだ終わっていません（開いている日は{open}）。後の取引が漏れます",
            "{day} has not ended ({open} is open): what comes later would be missing";
        NotReconciled { day: BusinessDay, state: DayState }:
            "{day}は{state}の段階です。精算は照合済の後に行います", "{day} is {state}; settled follows reconciled";
        NotCompared { day: BusinessDay, parties: &'a str }:
            "{day}は {parties} と照合していません。照合するか、除く相手を without に指定してください",
            "{day} was not compared with {parties}; compare it, or name whom you leave out (without)";
        PartlyCompared { day: BusinessDay, parties: &'a str, partly: &'a str }:
            "{day}は {parties} と照合していません（{partly} は読めない行がありました。直したファイルを取り込んでください）。\
             照合するか、除く相手を without に指定してください",
            "{day} was not compared with {parties} (lines of {partly} could not be read: read the mended file in); compare it, or name whom \
             you leave out (without)";
        NoTaps { party: Quoted<'a>, day: BusinessDay, known: &'a str }:
            "{party}は{day}に取引がありません。取引があったのは {known} です", "{party} had no taps on {day}; {known} had";
        NoTapsAtAll { party: Quoted<'a>, day: BusinessDay }:
            "{party}は{day}に取引がありません。取引のあった相手はありません", "{party} had no taps on {day}; no party had";
        ReasonWithParties:
            "除く相手と合わせて200文字以内で指定してください", "together with whom you leave out it has at most 200 characters";
        BanksClosed { day: BusinessDay }: "{day}は銀行の休業日です", "banks are closed on {day}";
        WithinDays { days: Count, got: BusinessDay }:
            "今日から{days}日以内で指定してください（入力は{got}）", "must be today or within {days} days, got {got}";
        WithinDaysFrom { days: Count, got: BusinessDay }:
            "{days}日以内で指定してください（入力は{got}）", "must be within {days} days, got {got}";
        DaysBack { days: Count, got: BusinessDay }:
            "今日、または{days}日前までで指定してください（入力は{got}）", "must be today or up to {days} days before, got {got}";
        BankDayOfPurses:
            "振込の日です。給付残高には直ちに入金するため、指定できません", "is the bank's day; purses are credited at once";
        LineOfCity { city: &'a str }:
            "市町村 {city} の記帳です。会計管理者が起案します（`kazasu relief undo`）",
            "is of city {city}; its treasurer requests it (kazasu relief undo)";
        LineNotBooked { line: Quoted<'a> }:
            "市町村の記帳で、有効なものを指定してください。{line}は市町村の記帳にありません。市町村の区別より前に除外した行は経理が取り消します（`kazasu payout undo`）",
            "expected what was booked or set aside for a city and stands, and nothing of a city was booked as {line}; what was set aside \
             before cities were kept is undone by finance (kazasu payout undo)";
        BeginningOfSeveral { text: &'a str, exceptions: Count }:
            "{text} で始まる照合差異が{exceptions}件あります。続きも入力してください",
            "{text} is the beginning of {exceptions} exceptions; write more of it";
        Payer { got: Quoted<'a> }:
            "`issuer N` または `funder N` を指定してください（入力は{got}）", "must be `issuer N` or `funder N`, got {got}";
        NotRegistered { what: &'a str, party: &'a str }: "{what} {party} は登録されていません", "{what} {party} is not registered";
        NoPayoutAccount:
            "設定に [payout]（支払元の口座）がありません", "the configuration has no [payout]: the account that is paid from";
        NoAuditKey:
            "日に署名する監査署名鍵がありません。`kazasu key generate audit` で作成し、スイッチを起動し直してください",
            "there is no key that signs days: `kazasu key generate audit` makes one, and the switch uses it after a start";
        RecordMissing { record: u64 }: "記録 {record} がありません", "record {record} is not there";
        NoOpening: "ジャーナルが開始の記録から始まっていません", "the journal does not begin with its opening";
        NoDueSettlement { day: BusinessDay }:
            "振込指定日が{day}以前の支払待ちの精算はありません。一覧は `kazasu settle` です",
            "none is due with a value date on or before {day}; kazasu settle lists them";
        SettlementUnknown { number: u32 }: "精算 {number} はありません", "{number} is not known";
        HandleForm { most: Count }: "記号と英数字で{most}文字までにしてください", "must have at most {most} letters, digits and signs, without blanks";
        NoAccounts { merchants: &'a str }: "口座が登録されていません：{merchants}", "no account is on file for {merchants}";
        PayeeNamed { got: Quoted<'a> }:
            "支払先は、契約会社と加盟店（例：27000001/M10000000000001）、または `fund/事業番号` で指定してください（入力は{got}）",
            "must be a merchant as 27000001/M10000000000001, or a fund as fund/3, got {got}";
        CallNeeded:
            "口座を変える前に、以前から知っている番号へ電話し、相手、番号、日時、確認者を記入してください",
            "call the payee first, at a number that you knew before, and say who was called, at which number, when, and by whom";
        CallByFinance:
            "電話確認は経理の人が行います。加盟店の人は記入しません",
            "finance staff call the payee back; a merchant's own people leave it out";
        CalledLater: "確認日時が未来です", "is later than now";
        TelephoneNumber:
            "電話番号を、6桁から15桁の数字で記入してください",
            "must be a telephone number of 6 to 15 digits";
        PayeesFileOfTwo:
            "権限管理者が加わった後の口座は2人で決めます。この設定を削除し、`kazasu payee import` で取り込んでください",
            "an access administrator has joined, so two people set accounts: take the setting out, and import the file with `kazasu payee import`";
        RowChange { got: Quoted<'a> }:
            "`exclude`、`include`、`accept`、`assign`（ppidは任意）、`amount`（amountが必要）のいずれかを指定してください（入力は{got}）",
            "must be exclude, include, accept, assign (with ppid or nothing) or amount (with amount), got {got}";
        TooManyBytes { bytes: Count, most: Count }:
            "{bytes}バイトあります。読めるのは{most}バイトまでです", "has {bytes} bytes, at most {most} are read";
        TooManyRows { most: Count }: "{most}行を超えています。分割してください", "has more than {most} rows; split it";
        BatchMissing: "ファイルの支給バッチがありません", "its batch is not there";
        ReliefFund { programme: u16 }:
            "{programme} は市町村の給付事業です。会計管理者が入金を記帳します（`kazasu relief fund`）",
            "{programme} is a relief programme: its treasurer pays in (kazasu relief fund)";
        NoticeNumber { got: Quoted<'a> }:
            "123-0 のように二つの番号で指定してください（入力は{got}）", "must be two numbers like 123-0, got {got}";
        SealsNow { version: u8, key: &'a str }:
            "現在、版{version}で封緘しています。先に {key} を更新してください", "the switch seals under version {version} now; rotate {key} first";
        LogHead:
            "`verify-log` が表示する行の番号とハッシュ（120:5f…）を指定してください",
            "must be a line's number and its hash, like 120:5f…, as verify-log prints it";
        NoAuthorities:
            "認証局が設定されていません（[cards] の list_authorities）", "no authority is configured: [cards] list_authorities names its certificates";
        WhichAuthority { authorities: &'a str }:
            "認証局が複数あり、証明書の番号はそれぞれ別です。次から指定してください：{authorities}",
            "several authorities are configured, and each numbers its own certificates: say which of {authorities}";
        UnknownAuthority { got: Quoted<'a>, authorities: &'a str }:
            "認証局{got}は設定されていません。設定済みは {authorities} です", "no configured authority is called {got}; there is {authorities}";
        NoLimitNamed:
            "何も指定されていません。tap、day、month（円、解除は null）、decline のいずれかを指定してください",
            "nothing is named: give tap, day, month (yen, or null to take the limit away) or decline";
        RecordNumbers { got: Quoted<'a> }: "2,3 のように行の番号で指定してください（入力は{got}）", "must be records like 2,3, got {got}";
        LineIsWhat:
            "行が何かを指定してください（file、settlement、row、another など）", "needs what it is: a file, a settlement, a row, another, …";
        LineMissing: "どの行かを指定してください", "is missing: which record it is";
        WhyWithoutLines: "行（lines または line）を指定したときだけ使えます", "is for records that are named (lines, or line)";
        NoLine { record: u64 }: "行 {record} は読めない行です", "record {record} is no line that can be read";
        ActorExpected { got: Quoted<'a> }:
            "ID（per_3、key_5）または登録済みの名前を指定してください（入力は{got}）",
            "expected an id (per_3, key_5) or a name that is known, got {got}";
        OrganisationExpected { got: Quoted<'a> }:
            "ID（org_2）または登録済みの名前を指定してください（入力は{got}）",
            "expected an id (org_2) or a name that is known, got {got}";
        PersonExpected { program: &'a str }: "人を指定してください。{program} はプログラムです", "expected a person, got the program {program}";
        ProgramExpected { person: &'a str }: "プログラムを指定してください。{person} は人です", "expected a program, got the person {person}";
        IsProgram { id: &'a str }: "{id} はプログラムです", "{id} is a program";
        NoPersonNameOne { name: &'a str }: "{name} は人ではありません。人を指定してください", "{name} is no person; name one";
        NewProgramOrganisation: "新しいプログラムには組織が必要です", "a new program needs one";
        NoSuchKey { program: &'a str, got: Quoted<'a> }: "{program} に鍵{got}はありません", "{program} has no key {got}";
        NoSuchSession { person: &'a str, got: Quoted<'a> }: "{person} にセッション{got}はありません", "{person} has no session {got}";
        ShopExpected { got: Quoted<'a> }:
            "契約会社/加盟店 の形で指定してください（入力は{got}）", "expected acquirer/merchant, got {got}";
        NoFurtherShop: "この組織にない店舗を一つ以上指定してください", "expected at least one shop that the organisation does not have";
        HoursExpected { most: u32, got: u32 }:
            "1から{most}の範囲で指定してください（入力は{got}）", "expected 1 to {most}, got {got}";
        BalanceOnUs: "残高を指定できるのは預り口座だけです", "only an on-us account has a balance here";
        EmptyForNone: "kind が none の行では空にしてください", "must be empty where kind is none";
        BankNumber: "銀行4桁、支店3桁、口座7桁で指定してください", "must be bank 4, branch 3 and account 7 digits";
        OnUsNumber: "支店3桁、口座7桁で指定してください", "must be branch 3 and account 7 digits";
        LinkKind: "`credit`、`debit`、`bank`、`on_us`、`none` のいずれかを指定してください", "must be credit, debit, bank, on_us or none";
        YesNoEmpty: "はい、いいえ、空のいずれかで指定してください", "must be yes, no or empty";
        ClassDash:
            "ダッシュで始めることはできません。ダッシュだけを書くと区分を外します", "must not begin with a dash; a dash alone takes the class away";
        NameStays: "加盟店の名前は消せません", "a merchant always has a name";
        NameTooLong { characters: Count, most: Count }:
            "{characters}文字あります。印字できるのは{most}文字までです", "has {characters} characters, at most {most} are printed";
        RegionCode: "都道府県（2桁）または市区町村（5桁）のコードで指定してください", "must be a prefecture (2 digits) or a municipality (5 digits)";
        CommaInWord { comma: Quoted<'a> }: "{comma}は使えません。語は空白で区切ってください", "must have no {comma}; spaces stand between words";
        Word: "空白のない40文字以内で指定してください", "must be at most 40 characters, no spaces";
        Unprintable: "印字できない文字が含まれています", "has a character that cannot be printed";
        HouseholdNumber: "世帯番号を1文字から60文字で指定してください", "must be 1 to 60 characters: the household's number";
        EventLength: "1文字から100文字で指定してください", "must be 1 to 100 characters";
        EventOneOf { events: &'a str }: "次のいずれかを指定してください：{events}", "must be {events}";
        AccountKind: "1、2、4、9のいずれかで指定してください", "must be 1, 2, 4 or 9";
        AboveZero: "0円より大きい整数で指定してください", "must be whole yen above zero";
        TransferTooLarge: "1回の振込は9,999,999,999円までです", "a bank transfers at most 9,999,999,999 yen at one time";
    }
}

labels! {
    /// Why a text is no amount.
    AmountText {
        Empty "empty": "金額が空です。1000、1,000、1,000円 のように円単位の整数で指定してください", "must be whole yen, such as 1000, 1,000 or `1,000円`; it is empty";
        NotFigures "not_figures": "1000、1,000、1,000円 のように円単位の整数で指定してください", "must be whole yen, such as 1000, 1,000 or `1,000円`";
        Grouping "grouping": "コンマは 1,000 や 12,345,678 のように3桁ごとに入れてください", "must be whole yen; a comma stands only before each group of three figures, as in 1,000 or 12,345,678";
        Decimals "decimals": "円単位の整数で指定してください。小数は使えません（1000.00 は 1000 と同じです）", "must be whole yen; yen have no decimals (1000 and 1000.00 are one amount, 1000.5 and 1.000 are none)";
        Negative "negative": "0円以上で指定してください", "must be whole yen, not below zero";
        TooLarge "too_large": "12桁（999,999,999,999円）以内で指定してください", "must be whole yen with at most twelve figures, 999,999,999,999";
    }
}

labels! {
    /// Why a text is no date.
    DateText {
        NotADate "not_a_date": "日付を 2026-11-29、2026/11/29、令和8年11月29日 のように指定してください", "must be a date, such as 2026-11-29, 2026/11/29 or `令和8年11月29日`";
        NoSuchDay "no_such_day": "存在する日付を指定してください（例：2026-11-29）", "must be a date that exists, such as 2026-11-29";
        Year "year": "1900年から2199年の日付を、西暦4桁か元号で指定してください", "must be a date from 1900 to 2199, its year in four figures or with its era";
        Era "era": "元号の期間内の日付を指定してください（令和は 2019-05-01 から、平成は 1989-01-08 から）", "must be a date within its era (`令和` begins 2019-05-01, `平成` 1989-01-08)";
        Weekday "weekday": "曜日が日付と合っていません", "must be a date with its own day of the week, or without one";
    }
}

labels! {
    /// What an identifier looks like, by its kind.
    IdForm {
        Ppid "PPID": "PPIDは26文字のBase32（AからZ、2から7）で指定してください", "must be 26 characters of base32, A to Z and 2 to 7";
        Institution "institution id (DE32)": "契約会社のIDは11桁以内の数字で指定してください", "must be 1 to 11 digits";
        Terminal "terminal id (DE41)": "端末番号は8文字以内の英数字で指定してください", "must be at most 8 characters";
        Merchant "merchant id (DE42)": "加盟店番号は15文字以内の英数字で指定してください", "must be at most 15 characters";
        Mcc "MCC (DE18)": "業種コードは4桁の数字で指定してください", "must be 4 digits";
        Rrn "retrieval reference number (DE37)": "照会番号（RRN）は12文字の英数字で指定してください", "must be 12 printable characters";
        Approval "approval code (DE38)": "承認番号は6文字の英数字で指定してください", "must be 6 printable characters";
        Stan "STAN (DE11)": "伝票番号（STAN）は6桁の数字で指定してください", "must be 6 digits of the STAN";
        Bank "bank code": "銀行コードは4桁の数字で指定してください", "must be 4 digits of a bank";
        Branch "branch code": "支店コードは3桁の数字で指定してください", "must be 3 digits of a branch";
        Account "account number": "口座番号は7桁の数字で指定してください", "must be 7 digits of an account";
        Client "client code": "振込依頼人コードは10桁の数字で指定してください", "must be 10 digits of a client";
        LongAccount "account number (10 digits)": "口座番号は10桁の数字で指定してください", "must be 10 digits of an account";
        Serial "certificate serial": "証明書の発行番号は16進40桁以内で指定してください", "must be hexadecimal, at most 20 octets";
    }
}

texts! {
    /// Why a text is no card number. The number is not repeated.
    PanText {
        Length { characters: Count }:
            "カード番号は12桁から19桁です（入力は{characters}文字）", "card number must have 12 to 19 digits, got {characters} characters";
        Digit { place: Count }:
            "カード番号は数字だけで指定してください（{place}文字目が数字ではありません）",
            "card number must be digits only; the character at position {place} is not";
        CheckDigit:
            "カード番号の検査数字が合いません（数字の打ち間違いです）", "card number's check digit is wrong (a digit was mistyped)";
    }
}

texts! {
    /// What is wrong with a household's declaration.
    DeclaredText {
        Income { got: Yen }:
            "収入（income）は年¥1から¥100,000,000で指定してください（入力は{got}）", "income must be from ¥1 to ¥100,000,000 a year, got {got}";
        Household { got: u32 }:
            "世帯の人数（household）は1人から50人で指定してください（入力は{got}）", "household must be 1 to 50 people, got {got}";
        Debts { got: Yen }:
            "債務（debts）は年¥0から¥100,000,000で指定してください（入力は{got}）", "debts must be from ¥0 to ¥100,000,000 a year, got {got}";
    }
}

texts! {
    /// Where a row is that was refused, and why.
    RowText<'a> {
        Row { line: u64, problem: &'a str }: "{line}行目：{problem}", "line {line}: {problem}";
        Cell { line: u64, column: &'a str, value: Quoted<'a>, problem: &'a str }:
            "{line}行目、{column} {value}：{problem}", "line {line}, {column} {value}: {problem}";
        SheetRow { line: u64, row: u64, problem: &'a str }:
            "{line}行目（表計算ソフトでは{row}行目）：{problem}", "line {line} (row {row} in a spreadsheet): {problem}";
        SheetCell { line: u64, row: u64, column: &'a str, value: Quoted<'a>, problem: &'a str }:
            "{line}行目（表計算ソフトでは{row}行目）、{column} {value}：{problem}",
            "line {line} (row {row} in a spreadsheet), {column} {value}: {problem}";
    }
}

texts! {
    /// What a request is about is not there.
    NotFoundText<'a> {
        Merchant { id: &'a str }: "加盟店 {id} は登録されていません。", "merchant {id} is not registered";
        Webhook { id: &'a str }: "送信先 {id} は登録されていません。", "endpoint {id} is not registered";
        Payee { payee: &'a str }:
            "{payee} は、登録された加盟店でも、事業の基金でもありません。", "{payee} is no registered merchant and no programme's fund";
        PayeeAccount { payee: &'a str }: "{payee} の口座は登録されていません。", "{payee} has no account on file";
        Programme { number: u16 }: "給付事業 {number} はありません。", "relief programme {number} is not known";
        Batch { number: u32 }: "支給バッチ {number} はありません。", "batch {number} is not known";
        Person { ppid: &'a str }: "PPID {ppid} は登録されていません。", "PPID {ppid} is not known";
        NoTap { record: u64 }: "記録 {record} は取引ではありません。", "record {record} is no tap";
        Actor { name: &'a str }: "{name} という人もプログラムも登録されていません。", "{name} is no person or program of the book";
        PostedPayment { record: u64 }:
            "記録 {record} は、返品できる期間内の計上済みの売上ではありません。",
            "record {record} is no posted payment of the days in which payments can be given back";
        NotSharedLink { proposal: u64 }:
            "起案 {proposal} は職員の確認を待つ登録ではありません。", "approval request {proposal} is about no link that waits for staff";
        NoCallerFound:
            "該当する利用者がいません。聞き取った内容を一文字ずつ確認してください。",
            "no resident is found; compare what was read out letter by letter";
        NotRights { proposal: u64 }: "起案 {proposal} は人の権限のものではありません。", "approval request {proposal} is not about people's rights";
        Program { id: &'a str }: "プログラム {id} は登録されていません。", "program {id} is not known";
        Report { kind: Quoted<'a> }: "帳票{kind}はありません。", "there is no report {kind}";
        Settlement { problem: &'a Said }: "精算：{problem}", "settlement: {problem}";
        NoSettlement { number: u32 }: "精算 {number} はありません。", "settlement {number} is not known";
    }
}

texts! {
    /// Why a cursor does not go on with a list.
    CursorText {
        Altered:
            "続きの位置として読めません。前のページの next の値を、そのまま指定してください",
            "it cannot be read as a cursor; give `next` of the page before as it is";
        OfAnother:
            "別の一覧、または別の条件の続きです。同じ一覧に同じ条件で、next の値を指定してください",
            "it goes on with another list, or with other conditions; ask for the same list with the same conditions, and give its `next`";
    }
}

texts! {
    /// Why a password is not taken.
    PasswordText {
        Short { least: Count, got: Count }:
            "パスワードは{least}文字以上で指定してください（入力は{got}文字）。文にすると覚えやすくなります。",
            "password: expected {least} characters at least, got {got}; a sentence is easy to remember";
        Long { most: Count }: "パスワードは{most}文字以内で指定してください。", "password: expected {most} characters at most";
        Common:
            "よく試されるパスワードです（よくある語、キーの並び、繰返し）。別のものにしてください。",
            "password: it is among those that are tried first (a common word, a row of keys, a repetition)";
        OwnName:
            "パスワードが、皆の知っている名前とほぼ同じです。別のものにしてください。", "password: it is little more than a name that everybody here knows";
    }
}
