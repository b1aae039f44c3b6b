//! What is wrong with a policy, a contract file or a programme file. Names of tables and keys stand as they are.

use crate::argument::Quoted;
use crate::said::Said;
use crate::{Count, texts};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

texts! {
    /// Where in the file something stands.
    PlaceText<'a> {
        Line { line: u64, problem: &'a Said }: "{line}行目：{problem}", "line {line}: {problem}";
        Key { table: &'a Said, key: &'a str, problem: &'a Said }: "{table}の {key}：{problem}", "{table}: {key} {problem}";
        Whole { table: &'a Said, problem: &'a Said }: "{table}：{problem}", "{table} {problem}";
        Table { name: &'a str }: "表 {name}", "{name}";
        Numbered { name: &'a str, number: i64 }: "表 {name} {number}", "{name} {number}";
        Nth { name: &'a str, place: Count }: "{place}番目の表 {name}", "{name} at place {place}";
        StandIn { issuer: i64 }: "発行者 {issuer} の stand_in", "stand_in of issuer {issuer}";
        Interchange { name: Quoted<'a> }: "表 interchange {name}", "interchange {name}";
        Rule { contract: i64, rule: Count }: "契約 {contract} の規則 {rule}", "contract {contract}, rule {rule}";
        File: "ファイル", "file";
    }
}

texts! {
    /// What is wrong with a file as a whole.
    SourceText<'a> {
        Bytes { bytes: Count, most: Count }:
            "ファイルは{bytes}バイトです。読めるのは{most}バイトまでです", "the file has {bytes} bytes, at most {most} are read";
        More { problems: Count }: "ほかに{problems}件の問題があります", "and {problems} more problems in the file";
        UnknownKey { key: &'a str, known: &'a str }:
            "{key} というキーはありません。使えるキーは `{known}` です", "unknown field `{key}`, expected one of {known}";
        MissingKey { key: &'a str }: "キー `{key}` がありません", "missing field `{key}`";
        UnknownValue { got: Quoted<'a>, known: &'a str }:
            "{got}は使えません。`{known}` のいずれかを指定してください", "unknown value {got}, expected one of {known}";
        WrongType { got: WrittenAs, expected: WrittenAs }: "{got}ではなく、{expected}で指定してください", "expected {expected}, got {got}";
        Value: "値が使える範囲にありません", "the value is out of its range";
        Syntax:
            "書式（TOML）に誤りがあります。引用符、括弧、`=` を確認してください", "this is no TOML: look at quotation marks, brackets and `=`";
    }
}

texts! {
    /// Kinds of values in a file of TOML.
    WrittenAs {
        Text: "引用符で囲んだ文字列", "a text";
        Whole: "引用符のない整数", "a whole number";
        Decimal: "小数", "a number with decimals";
        YesOrNo: "`true` または `false`", "`true` or `false`";
        List: "`[ ]` で囲んだ一覧", "a list";
        Table: "表（`[名前]` と、その下のキー）", "a table";
    }
}

texts! {
    /// What is wrong with a value, behind its key.
    KeyProblem<'a> {
        Whole { least: i64, most: i64, got: i64 }:
            "{least}から{most}の整数で指定してください（入力は{got}）", "must be a whole number from {least} to {most}, got {got}";
        Title { got: Quoted<'a> }: "1文字から100文字で指定してください（入力は{got}）", "must be 1 to 100 characters, got {got}";
        Word { got: Quoted<'a> }:
            "空白を入れず、1文字から40文字で指定してください（入力は{got}）", "must be 1 to 40 characters without spaces, got {got}";
        Region { got: Quoted<'a> }:
            "市区町村コード5桁、またはその先頭を指定してください（入力は{got}）",
            "must be a municipality code of 5 digits or its beginning, got {got}";
        City { got: Quoted<'a> }: "市区町村コード5桁を指定してください（入力は{got}）", "must be a municipality's 5 digits, got {got}";
        Date { got: Quoted<'a> }:
            "2026-12-01 のような日付を指定してください（入力は{got}）", "must be a date like 2026-12-01, got {got}";
        DateOrMoment { got: Quoted<'a> }:
            "2027-03-31 のような日付、または時差付きの日時を指定してください（入力は{got}）",
            "must be a date like 2027-03-31 or a moment with its offset, got {got}";
        Window { got: Quoted<'a> }:
            "`tap`、`day`、`month`、`days:N`（Nは2から62）のいずれかを指定してください（入力は{got}）",
            "must be tap, day, month or days:N with N from 2 to 62, got {got}";
        Cycle { got: Quoted<'a> }:
            "`daily`、`weekly:曜日`（例：`weekly:friday`）、`twice_a_month`、`month_end` のいずれかを指定してください（入力は{got}）",
            "must be daily, weekly:DAY (like weekly:friday), twice_a_month or month_end, got {got}";
        Of { choices: &'a str, got: Quoted<'a> }: "{choices} から選んでください（入力は{got}）", "must be of {choices}, got {got}";
        AtLeastOne { choices: &'a str }: "{choices} から1つ以上を指定してください", "must name at least one of {choices}";
        NamesNothing:
            "何も指定されていません。すべてを対象とするときは、キーごと省いてください",
            "names nothing; leave it out where everything is meant";
        Mcc { got: Quoted<'a> }:
            "4桁の業種コード、または 7994-7999 のような範囲を指定してください（入力は{got}）",
            "must be codes of 4 digits or ranges like 7994-7999, got {got}";
        Merchant { got: Quoted<'a> }:
            "27000001/M1 のように 契約会社/加盟店 を指定してください（入力は{got}）",
            "must be acquirer/merchant like 27000001/M1, got {got}";
        MerchantTwice { merchant: &'a str }: "{merchant} が2回あります", "names {merchant} twice";
        PointRate { got: Quoted<'a> }:
            "`2.5%` のように0を超え100以下の百分率を指定してください（入力は{got}）",
            "must be a percentage like \"2.5%\", above 0 and at most 100, got {got}";
        FeeRate { got: Quoted<'a> }:
            "`3.24%` のように0から100の百分率を、小数4桁以内で指定してください（入力は{got}）",
            "must be a percentage like \"3.24%\" from 0 to 100 with at most 4 decimals, got {got}";
        Part { got: Quoted<'a> }:
            "0%を超え100%未満で指定してください（入力は{got}）", "must be above 0 and below 100 %, got {got}";
        Tax { got: Quoted<'a> }:
            "`exempt`、または `10%` のような百分率を指定してください（入力は{got}）",
            "must be exempt or a percentage like \"10%\", got {got}";
        NoPrefix: "カード番号の先頭を1つ以上指定してください", "must have at least one beginning of card numbers";
        Prefix { got: Quoted<'a> }:
            "1桁から8桁の数字、または 51-55 のような同じ桁数の範囲を指定してください（入力は{got}）",
            "must be 1 to 8 digits, or a range of as many like 51-55, got {got}";
        Digits { digits: Count, got: Quoted<'a> }: "{digits}桁の数字で指定してください（入力は{got}）", "must be {digits} digits, got {got}";
        AName: "名前を指定してください", "must be a name";
        SpeltTwice: "表記の違いを除くと同じものが2つあります", "is there twice, however it is spelt";
        ClassName: "区分には名前が必要です", "a class has a name";
        ClassTwice { class: Quoted<'a> }: "区分{class}が2つあります", "class {class} is there twice";
        NoGroup { got: Quoted<'a>, known: &'a str }:
            "グループ{got}はありません。あるグループは {known} です", "names no group: {got}; known: {known}";
    }
}

texts! {
    /// What contradicts itself in a policy.
    PolicyProblem<'a> {
        BelowFresh { stale: u64, fresh: u64 }:
            "（{stale}）が fresh_hours（{fresh}）を下回っています", "({stale}) is below fresh_hours ({fresh})";
        Alerts: "百分率を昇順に、重複なく8個以内で指定してください", "must be at most 8 percentages in ascending order, each once";
        TwoTables { issuer: u16 }: "発行者 {issuer} の表が2つあります", "{issuer} has two tables";
        AboveKey { value: Yen, key: &'a str, most: Yen }: "（{value}）が {key}（{most}）を上回っています", "({value}) is above {key} ({most})";
        UsedTwice { number: u8 }: "{number} が2回使われています", "{number} is used twice";
        Ascend: "表の順に大きくなる番号を指定してください", "must ascend from table to table";
        AscendOnce: "表の順に大きくなる番号を、重複なく指定してください", "must ascend from table to table, each once";
        AmountOrCount: "または count が必要です", "or count is needed";
        CountOfTap:
            "取引を1件ずつ判定する限度額では意味がありません", "has no meaning where each tap is looked at by itself";
        NeverReached { amount: Yen, limit: u8, longer: Yen }:
            "（{amount}）に達することがありません。限度額 {limit} は、より長い期間で{longer}までです",
            "({amount}) can never be reached: limit {limit} allows {longer} over a longer time";
        MostPurses { most: Count }: "給付事業は{most}件までです", "a policy has at most {most} purse programmes";
        MostPoints { most: Count }: "ポイント事業は{most}件までです", "a policy has at most {most} point programmes";
        BeforeFrom { until: BusinessDay, from: BusinessDay }: "（{until}）が from（{from}）より前です", "({until}) is before from ({from})";
        ExcludesAll: "mcc で許可した業種をすべて除いています", "excludes everything that mcc allows";
        LapsesEarly { expires: BusinessDay, until: BusinessDay }:
            "（{expires}）が until（{until}）より前です。付与中に失効します",
            "({expires}) is before until ({until}): points would lapse while they are earned";
        AboveNextCap { cap: i64, next: i64 }:
            "（{cap}）が次に大きい上限（{next}）を上回っています", "({cap}) is above the next larger cap ({next})";
        AboveLife { cap: i64, life: i64 }: "（{cap}）が cap_life（{life}）を上回っています", "({cap}) is above cap_life ({life})";
        BelowCap { budget: i64, cap: i64 }: "（{budget}）が上限（{cap}）を下回っています", "({budget}) is below a cap ({cap})";
        BonusAlone:
            "bonus_days または bonus_weekdays とともに指定してください。片方しかありません",
            "belongs to bonus_days or bonus_weekdays: one without the other";
        MonthOneRate:
            "`month` では月を通して率が一つのため、ボーナス日は設定できません",
            "\"month\" needs one rate for the whole month, so there can be no bonus days";
        OutsidePeriod { day: BusinessDay }: "{day}は期間外です", "has {day}, outside of the period";
    }
}

texts! {
    /// What contradicts itself in contracts.
    ContractProblem<'a> {
        MostSchedules { most: Count }:
            "インターチェンジの表が多すぎます。ファイルに{most}件までです", "is one too many: a file has at most {most} schedules";
        NameTwice: "同じ名前が2回使われています", "is used twice";
        MostContracts { most: Count }: "契約が多すぎます。ファイルに{most}件までです", "is one too many: a file has at most {most} contracts";
        NumberAscends { last: u32 }:
            "契約の順に大きくなる番号を、重複なく指定してください（前の番号は {last}）",
            "must ascend from contract to contract, each once; {last} stands before";
        OneFunder:
            "merchants に、原資を負担する加盟店を1つだけ指定してください",
            "needs merchants to name exactly one merchant: who funds the points";
        MostFunded { most: Count }: "{most}事業以内で指定してください", "must name at most {most} programmes";
        FundedTwice { programme: u16 }: "事業 {programme} が2回あります", "has {programme} twice";
        FundedByOther { programme: u16, contract: u32 }:
            "事業 {programme} の原資は、同じ日に契約 {contract} も負担しています",
            "{programme} is funded by contract {contract} on the same days";
        MostLists { most: Count }: "多すぎます。{most}件までです", "is one too many: at most {most}";
        Overlaps { other: Quoted<'a>, from: &'a str }:
            "{other}と重なっています。{from} 以降のカードが両方に入ります", "overlaps {other}: cards from {from} on would be of both";
        NoRows: "行が1つ以上必要です", "must have at least one row";
        NoList { name: Quoted<'a>, table: &'a str, known: &'a str }:
            "{name}の一覧が [{table}] にありません。あるものは {known} です", "{name} has no list in [{table}]; known: {known}";
        NoProductList { name: Quoted<'a>, known: &'a str }:
            "{name}の一覧が [products] にありません。あるものは {known} です。一覧がないと、ブランドの最初の行だけが使われます",
            "{name} has no list in [products]; known: {known}; without a list only a brand's first row is used";
        TwoRows { product: Quoted<'a>, brand: Quoted<'a> }:
            "{brand}の{product}の行が2つあります", "{product} of {brand} has two rows";
        NoSchedule { name: Quoted<'a> }: "表 [[interchange]] に{name}はありません", "names no [[interchange]] table: {name}";
        LastTakesAll:
            "最後の規則は全ての取引が対象です。tenders、brand、mcc は指定できません",
            "is the last and must take every tap: it may have no tenders, brand or mcc";
        NoRule:
            "[[contract.rule]] がありません。最後の規則は全ての取引を対象とします", "has no [[contract.rule]]: the last rule must take every tap";
        MostRules { most: Count }: "規則が多すぎます。{most}件までです", "is one too many: at most {most} rules";
        BrandOfCards:
            "クレジットカードとデビットカードだけに使えます。tenders にどちらもありません",
            "is for credit and debit cards, and tenders has neither";
        BelowFixed { minimum: Yen, fixed: Yen }:
            "（{minimum}）が効くことはありません。fixed が{fixed}です", "({minimum}) can never count: fixed is {fixed} already";
        NeverCounts { rule: Count }:
            "使われることがありません。規則 {rule} が先に同じ取引をすべて対象としています",
            "can never count: rule {rule} takes all these taps before it";
        HasMerchant { merchant: &'a str, other: OtherContract }:
            "{merchant} は{other}の対象です", "names {merchant}, which {other}";
        IsWhat { other: OtherContract }: "{other}と重なっています", "is what {other}";
        TakesMerchants { other: OtherContract }:
            "{other}と対象の加盟店が重なります。class または mcc で区別してください",
            "takes merchants that {other}: tell them apart by class or mcc";
        ForWhom:
            "対象がありません。merchants、または class・tags・mcc、または `default = true` を指定してください",
            "does not say for whom: merchants, or class, tags and mcc, or default = true is needed";
        DefaultBeside:
            "merchants、class、tags、mcc とは同時に指定できません。全ての加盟店か、指定した加盟店かを選んでください",
            "stands beside merchants, class, tags or mcc: for everybody else, or for these?";
        MerchantsBeside:
            "class、tags、mcc とは同時に指定できません。加盟店の番号か条件かを選んでください",
            "stands beside class, tags or mcc: name merchants, or describe them";
        RoundingOfExempt: "tax が exempt のときは意味がありません", "has no meaning where tax is exempt";
        NeedsDays: "reserve_days（留保する日数）も必要です", "needs reserve_days: for how long?";
        NeedsReserve: "reserve（留保する割合）も必要です", "needs reserve: how much?";
    }
}

texts! {
    /// Another contract with the same merchants.
    OtherContract {
        From { contract: u32, from: BusinessDay }: "契約 {contract}（{from}から）", "contract {contract} has from {from} on";
        Between { contract: u32, from: BusinessDay, until: BusinessDay }:
            "契約 {contract}（{from}から{until}まで）", "contract {contract} has from {from} until {until}";
    }
}

texts! {
    /// What contradicts itself in a programme file.
    ProgrammeProblem<'a> {
        AboveBudget { ceiling: Yen, budget: Yen }:
            "{ceiling}は予算の{budget}を超えています", "is {ceiling}, more than the whole budget of {budget}";
        BeforeFirst { until: BusinessDay }: "{until}は最初の日より前です", "is {until}, before the first day";
        NeedsFunding:
            "`transfer` では、振込を依頼する口座（[funding] の表）が必要です",
            "is transfer, which needs a [funding] table: the account that transfers are ordered from";
        NotOfTransfers:
            "給付残高を使える場所の指定です。振込は口座に入るため、場所を制限できません",
            "says where purse money may be spent; a transfer goes to an account and is not bound";
        MostEvents { events: Count }: "{events}件あります。100件までです", "names {events}; at most 100";
        EventTwice { event: Quoted<'a> }:
            "表記の違いを除くと{event}が2つあります", "names {event} twice, however it is spelt";
        Duplicates { got: Quoted<'a> }:
            "`largest`（最大の損害）または `first`（最初の申請）を指定してください（入力は{got}）",
            "must be largest (of several damages) or first, got {got}";
    }
}

texts! {
    /// What is wrong with an account at a bank, or a name as banks write it.
    BankText<'a> {
        AccountKind { got: Quoted<'a> }:
            "1（普通）、2（当座）、4（貯蓄）、9（その他）のいずれかを指定してください（入力は{got}）",
            "must be 1 ordinary `普通`, 2 current `当座`, 4 savings `貯蓄` or 9 other `その他`, got {got}";
        OrderingKind:
            "普通、当座、その他の口座を指定してください。貯蓄預金の口座からは振込を依頼できません",
            "must be ordinary, current or other: banks take no orders from a savings account";
        NameEmpty: "空にできません", "must not be empty";
        Kana { expected: KanaText, character: &'a str, place: Count }:
            "{place}文字目の{character}は使えません。{expected}", "must be {expected}; {character}, character {place} is not";
    }
}

texts! {
    /// The characters that a bank's field takes.
    KanaText {
        Bank: "使えるのはカタカナ、英大文字、数字、空白と `-` です", "katakana, A-Z, 0-9, space and -";
        Name: "使えるのはカタカナ、英大文字、数字、空白と `- ( ) .` です", "katakana, A-Z, 0-9, space and - ( ) .";
        Edi: "使えるのはカタカナ、英大文字、数字、空白と記号 `- ( ) . / ¥ ｢ ｣` です", "katakana, A-Z, 0-9, space and - ( ) . / \\ `｢ ｣`";
        LooseMark:
            "濁点は ｳ、ｶ〜ﾄ、ﾊ〜ﾎ、半濁点は ﾊ〜ﾎ の後に置いてください", "a mark after a kana that takes it (`ﾞ: ｳ, ｶ to ﾄ, ﾊ to ﾎ; ﾟ: ﾊ to ﾎ`)";
    }
}
