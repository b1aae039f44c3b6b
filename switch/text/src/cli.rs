//! The command line: what commands say beside the facts of answers.

use crate::{Count, labels, texts};
use kazasu_schemas::jst::BusinessDay;
use kazasu_schemas::money::Yen;

labels! {
    /// What lines of tables on a terminal are called.
    CliLabel {
        DecidingTime "time": "判定時刻", "Time that decides";
        BusinessDay "business_day": "営業日", "Business day";
        WallClock "clock": "時計", "Wall clock";
        Records "records": "記録", "Records";
        Head "head": "ハッシュチェーンの先頭", "Head of the hash chain";
        Debits "debits": "借方", "Debits";
        Credits "credits": "貸方", "Credits";
        Balance "balance": "残高", "Balance";
        HeadingOfAccounts "heading": "勘定科目（口数）", "Heading (accounts)";
        OpenHolds "open_holds": "保留", "Open holds";
        SignedDays "signed_days": "署名済の日", "Signed days";
        SignedBatches "signed_batches": "署名済バッチ", "Signed batches";
        SignedDecisions "signed_decisions": "署名済の決裁", "Signed decisions";
        SignedRequests "signed_requests": "署名済の起案と手続", "Signed requests and steps";
        Checkpoints "checkpoints": "検証点", "Checkpoints";
        Total "total": "合計", "Total";
        TotalOfPoints "total_of_points": "ポイント合計", "Total of points";
        Copied "copied": "複写", "Copied";
        ThereBefore "before": "既存", "There before";
        PointsGranted "points": "付与ポイント", "Points granted";
        Taps "taps": "対象取引", "Taps";
        People "people": "受給者", "People";
        MostPerPerson "most_per_person": "一人の最大", "Most per person";
        BudgetLeft "budget_left": "予算残", "Budget left";
        Merchants "merchants": "加盟店", "Merchants";
    }
}

labels! {
    /// Is the wall clock believed?
    ClockState {
        Believed "believed": "正常", "believed";
        InDoubt "in_doubt": "確認が必要", "in doubt";
    }
}

texts! {
    /// Sentences of commands.
    CliText<'a> {
        ConfigGood { file: &'a str, listeners: Count, acquirers: Count, issuers: Count, ledger: &'a str }:
            "{file}：正常です。受付口{listeners}、契約会社{acquirers}、発行者{issuers}、元帳は {ledger}。",
            "{file}: good. {listeners} listeners, {acquirers} acquirers, {issuers} issuers, ledger in {ledger}";
        PublicKeyOfHeads { key: &'a str }: "検証点と日の署名の公開鍵：{key}", "public key of checkpoints and days: {key}";
        PublicKeyOfBatches { key: &'a str }: "バッチ署名の公開鍵：{key}", "public key of commit batches: {key}";
        Note { note: &'a str }: "注意：{note}", "note: {note}";
        DatabaseNotVerified:
            "注意：データベースへの接続の相手を検証していません。`sslmode=verify-full` と `sslrootcert` を指定してください。",
            "note: the connection to the database is not verified; add sslmode=verify-full and sslrootcert";
        Imported { file: &'a str, form: &'a str, rows: Count, recorded: Count, unchanged: Count, refused: Count }:
            "{file}（{form}）：{rows}行のうち、記録{recorded}、変更なし{unchanged}、拒否{refused}。",
            "{file} ({form}): {rows} rows: {recorded} recorded, {unchanged} unchanged, {refused} refused";
        WouldImport { file: &'a str, form: &'a str, rows: Count, recorded: Count, unchanged: Count, refused: Count }:
            "{file}（{form}）：{rows}行のうち、記録予定{recorded}、変更なし{unchanged}、拒否{refused}。",
            "{file} ({form}): {rows} rows: {recorded} would be recorded, {unchanged} unchanged, {refused} refused";
        FileAsked:
            "まだ何も記録していません。次の起案を別の人が承認した後、同じファイルで同じコマンドを実行すると取り込まれます。",
            "nothing is recorded yet: another person decides the following request, and then the same command with the same file records it";
        OfSheet { encoding: &'a str, sheet: &'a str }: "{encoding}、シート {sheet}", "{encoding}, sheet {sheet}";
        EmptyRows { rows: Count }: "空行 {rows}", "{rows} empty rows";
        UnusedColumns { names: &'a str }: "使わない列：{names}", "columns that are not used: {names}";
        WithoutRoute { cards: Count }:
            "設定された発行者のないカードが{cards}枚あります。取引は92で拒否されます。",
            "{cards} cards belong to no configured issuer and will be refused with 92";
        Changed { line: u64, of: &'a str, field: &'a str, before: &'a str, after: &'a str }:
            "{line}行目 {of} {field}：{before} → {after}", "line {line}, {of} {field}: {before} → {after}";
        New: "（新規）", "(new)";
        None: "（なし）", "(none)";
        MoreFields { fields: Count }:
            "…ほかに{fields}項目（`--json` で全件）", "… and {fields} fields more (--json lists them)";
        NotBooked { line: u64, of: &'a str, field: &'a str, before: &'a str, after: &'a str }:
            "{line}行目 {of} {field}：{before} は入金済みのため、{after} は記帳しません。",
            "line {line}, {of} {field}: {before} was paid in before; {after} is not booked";
        MoreRows { rows: Count }:
            "…ほかに{rows}行（`--bad-rows FILE` で書き出し）", "… and {rows} more (--bad-rows FILE writes them)";
        BadRowsRemoved { file: &'a str }:
            "{file}：拒否された行がなくなったので削除しました。", "{file}: removed, no row is refused any more";
        WaitingForLedger { why: &'a str }:
            "待機中：元帳は現在記録を受け付けていません（{why}）。",
            "waiting: the ledger takes no records at the moment ({why})";
        GivingUp:
            "中断します。記録済みの分は残ります。空きを作って同じコマンドを実行すると続きから始まります。",
            "giving up: what is recorded stays; make room and run the command again, it goes on where it stood";
        Exported { folder: &'a str, records: Count, transfers: Count }:
            "{folder}：記録{records}件、振替{transfers}件。表の説明は `DICTIONARY.md` にあります。",
            "{folder}: {records} records, {transfers} transfers; DICTIONARY.md explains the tables";
        JournalSound { place: &'a str }: "{place}：正常です。", "{place}: sound";
        InMillis { ms: Count }: "{ms}ミリ秒", "in {ms} ms";
        InSeconds { seconds: &'a str }: "{seconds}秒", "in {seconds} s";
        Last { what: &'a str }: "最終 {what}", "last {what}";
        SinceRecord { record: Count }: "記録 {record} から", "since record {record}";
        LastCheckpoint { record: Count, at: &'a str }: "最終は記録 {record}、{at}", "last over record {record}, {at}";
        Key { key: &'a str }: "鍵 {key}", "key {key}";
        DecisionsBefore { number: Count }:
            "署名のない決裁が{number}件あります（決裁の署名を始める前の記録）。",
            "{number} decisions have no signature: they are from before decisions were signed";
        RequestsBefore { number: Count }:
            "署名のない起案と手続が{number}件あります（起案の署名を始める前の記録）。",
            "{number} requests and steps have no signature: they are from before requests were signed";
        RequestsOfPrograms { number: Count }:
            "プログラムによる起案と手続が{number}件あります。プログラムは署名しません。",
            "{number} requests and steps are of programs, which sign nothing here";
        AnchorUnreadable { lines: Count }:
            "外部保管の{lines}行が読めません。書込み中に途切れたか、変更されています。",
            "{lines} lines of the anchor cannot be read: cut off while they were written, or changed";
        NotChecked { what: &'a str }: "未確認：{what}", "not checked: {what}";
        SignersUnchecked:
            "署名者。`--trusted-key` の指定がありません。ジャーナルに書ける人は、記録を変更して以後のハッシュを計算し直せます。",
            "who signed. No --trusted-key was given; a person who can write the journal can change a record and compute every later hash \
             again";
        BatchesUnsigned:
            "バッチ署名による各記録の確認。この帳簿のバッチには署名がありません。ジャーナルに書ける人は、記録を変更して以後のハッシュを計算し直せます。",
            "any record by its batch's signature: this book's batches are not signed; a person who can write the journal can change a record \
             and compute every later hash again";
        SignedSince { record: Count }:
            "記録 {record} より前の署名時期。署名はそこから始まります。",
            "when the records before {record} were signed: the signatures begin there";
        TailUnchecked:
            "末尾の記録が切り取られていないこと。`--anchor` の指定がありません。",
            "whether the last records were cut off. No --anchor was given";
        BehindUnchecked { records: Count }:
            "最後の{records}件より後が切り取られていないこと。最後の検証点より新しい記録です。",
            "whether records behind the last {records} were cut off: they are newer than the last checkpoint";
        TrialBalance { record: u64, day: BusinessDay }:
            "合計残高試算表（記録 {record} まで、{day}）", "Trial balance, after record {record} ({day})";
        OfBudget { heading: &'a str }: "{heading} 予算", "{heading}, budget";
        LeadWent { from: &'a str, to: &'a str }:
            "主ノードを {from} から {to} に交代しました。", "the lead went from {from} to {to}";
        Compared: "照合済みです", "compared";
        OwnKeyFile: "ノードの鍵ファイルの [cluster]（所有者だけが読めます）", "[cluster] of the node's key file, which only its owner may read";
        PublicKeyOfNode: "全ノードの設定の [cluster.nodes]", "[cluster.nodes] of every node's configuration";
        PolicyGood { file: &'a str, name: &'a str, limits: Count, purses: Count, points: Count }:
            "{file}：正常です。「{name}」：限度額{limits}、給付事業{purses}、ポイント事業{points}。",
            "{file}: good. \"{name}\": {limits} limits, {purses} purse programmes, {points} point programmes";
        PolicySame { file: &'a str, version: u32 }:
            "{file}：第{version}版と差分はありません。", "{file}: the same as version {version}";
        PolicyChanges { version: u32 }: "第{version}版からの変更点", "changes against version {version}";
        Simulated { taps: Count }: "{taps}件の取引での試算", "simulated over {taps} taps";
        Programme { number: u16, name: &'a str, funder: &'a str }:
            "{number} {name}（原資 {funder}）", "{number} {name} (funder {funder})";
        Of { all: &'a str }: "（全体 {all}）", "of {all}";
        AllWinners: "…全員は `--winners FILE` で書き出します", "… --winners FILE writes all";
        ProgrammeGood { file: &'a str, number: u16, name: &'a str, budget: Yen, method: kazasu_schemas::relief::Method }:
            "{file}：正常です。{number} {name}、{budget}、{method}。", "{file}: good. {number} {name}, {budget} by {method}";
        ContractsGood { file: &'a str, contracts: Count }:
            "{file}：正常です。契約{contracts}件。", "{file}: good. {contracts} contracts";
        Applications { file: &'a str, encoding: &'a str, rows: Count, taken: Count, refused: Count }:
            "{file}（{encoding}）：申請{rows}行のうち、受付{taken}、不備{refused}。",
            "{file} ({encoding}): {rows} rows, {taken} taken in, {refused} refused";
        ApplicationsKnown { file: &'a str, encoding: &'a str, rows: Count, taken: Count, refused: Count }:
            "{file}（{encoding}）：申請{rows}行。読込済みの同じファイルです（受付{taken}、不備{refused}）。",
            "{file} ({encoding}): {rows} rows, the same file as before: {taken} taken in, {refused} refused";
        BatchPreview { batch: u32 }:
            "支給バッチ {batch}：`kazasu relief preview {batch}`", "batch {batch}: kazasu relief preview {batch}";
        AllRefused { file: &'a str }: "不備の一覧：{file}", "all of them: {file}";
        RowsRefused { bad: Count, rows: Count }:
            "{rows}行のうち{bad}行を拒否しました。", "{bad} of {rows} rows were refused";
        Problems { problems: Count }: "問題が{problems}件あります。", "{problems} problems";
        OperationsRefused { refused: Count }:
            "{refused}件の操作を拒否しました。", "{refused} operations were refused";
        Applied { file: &'a str, recorded: Count, unchanged: Count, refused: Count }:
            "{file}：記録{recorded}、変更なし{unchanged}、拒否{refused}。",
            "{file}: {recorded} recorded, {unchanged} unchanged, {refused} refused";
        LineOf { file: &'a str, line: u64, text: &'a str }: "{file} {line}行目：{text}", "{file} line {line}: {text}";
        Clearing { file: &'a str, lines: Count, sum: Yen }: "{file}：{lines}行、{sum}", "{file}: {lines} lines, {sum}";
        Pages { file: &'a str, pages: Count }: "{file}（{pages}ページ）", "{file} ({pages} pages)";
        FirstTable { file: &'a str, tables: Count }:
            "{file}：{tables}表のうち最初の表だけです。`.xlsx` なら全ての表が入ります。",
            "{file}: has the first of {tables} tables; a file in .xlsx has all";
        NotInShiftJis { file: &'a str, characters: Count }:
            "{file}：シフトJISにない{characters}文字を〓にしました。",
            "{file}: {characters} characters that Shift_JIS does not have became a geta mark";
        TablesUpToDate { place: &'a str, new: Count }:
            "{place}：表は最新です（新しい移行 {new}件）。", "{place}: tables are up to date, {new} migrations were new";
        Reachable { place: &'a str, records: Count }:
            "{place}：接続でき、表も正しい状態です。記録{records}件。",
            "{place}: reachable, tables as expected, {records} records";
        CopiedTo { source: &'a str, target: &'a str }: "{source} から {target} へ", "{source} → {target}";
        CopyEqual { accounts: Count }:
            "一致：ハッシュチェーンの先頭、借方、貸方、全{accounts}勘定",
            "equal: chain head, debits, credits and all {accounts} accounts";
        OfRecords { done: Count, all: Count }: "{all}件中{done}件", "{done} of {all} records";
        FileRead: "読込", "read";
        Crediting: "支給", "credited";
        FileDamaged { places: Count }: "ファイルの{places}か所が壊れています。", "the file is damaged in {places} places";
        LinesOpen { lines: Count }: "{lines}行が未処理です。", "{lines} lines are open";
        Ready { acquirers: &'a str, status: &'a str }:
            "かざすの受付を開始しました。\n{acquirers}  画面  {status}", "Kazasu is ready.\n{acquirers}  console  {status}";
        ListensAt { addr: &'a str, dialect: &'a str }: "受付  {addr}  {dialect}", "acquirers  {addr}  {dialect}";
        NoSwitchRunning:
            "スイッチは動作していません。時計は起動時に確認されます。",
            "no switch is running: its clock is looked at when it begins";
    }
}
