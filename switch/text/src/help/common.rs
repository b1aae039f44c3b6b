//! What all commands share, and the names of values.

help! {
    /// What all commands share, and the names of values.
    COMMON {
        "--accept":
            "受入れだけを行います。使用は後で `activate` により始めます。ノードが複数のときは、先に全ノードに登録します",
            "Accept it only; `activate` uses it later. For several nodes: each must have it first";
        "--against": "照合の相手（`acquirer` または `issuer`）", "acquirer or issuer";
        "--amount": "金額（円）", "Yen";
        "--approve": "承認します。指定しなければ否決です", "Approve it; rejected when absent";
        "--bad-rows": "不備のある行を書き出すCSVファイル。直して再び取り込めます", "Write the bad rows to this CSV file, to be mended and imported in turn";
        "--by": "操作する人の名前。鍵の操作記録に残ります", "Who does it; the key log keeps the name";
        "--bytes": "鍵のバイト数。省略時は用途で決まる長さ", "Bytes; the purpose's own length when absent";
        "--config": "設定ファイル", "The configuration file";
        "--corrects": "`--line` の行は、この行に対する銀行の訂正です", "With --line: it is the bank's correction of this line";
        "--days": "鍵の有効期間（日数）。省略時は設定ファイルの日数", "Days of its cryptoperiod; those of the configuration when absent";
        "--dry-run": "変更点を項目ごとに表示するだけで、記録しません", "Only show what would change, field by field";
        "--file":
            "`--line` の行は、銀行が引き落とした振込ファイルです。番号とファイル（0から）を指定します",
            "With --line: the transfer file that the bank took, as NUMBER/FILE: the payout or batch, and the file, from 0";
        "--fiscal-year":
            "封緘鍵を4月1日から使う年度（西暦）。省略時は今年度",
            "Of keys that seal: the fiscal year (by its first calendar year) from whose 1 April on it seals; this one when absent";
        "--format": "ファイルの形式", "The form";
        "--from": "開始日または開始日時", "First day or moment";
        "--hours": "招待の有効時間。省略時は24時間", "Hours that the invitation holds; 24 when absent";
        "--journal": "別のジャーナル（ファイルまたはPostgreSQLのURL）", "Another journal: a file, or a PostgreSQL URL";
        "--json": "結果をJSONオブジェクト一つで出力します", "Print one JSON object";
        "--kind": "決済手段の種類（`credit`、`debit`、`bank`、`on_us`）", "credit, debit, bank or on_us";
        "--label":
            "`audit` の鍵のとき、[hsm] の装置のこのラベルの鍵で署名します。装置になければ作成します",
            "Of audit: the key with this label in the device of [hsm] signs; the device makes it where it has none";
        "--limit": "行数の上限。省略時はすべて", "Rows at most; all of them when absent";
        "--line":
            "扱いを指定する1行の番号。`--why` と、その行が何かを示すオプションが必要です",
            "One record, which you say something about. Needs --why, and one of the options that say what it is";
        "--lines":
            "記帳する行の番号（コンマ区切り）。壊れたファイルでは、この行だけを記帳します。`--why` が必要です",
            "Only these records, separated by commas: of a damaged file nothing else is booked. Needs --why";
        "--not-ours": "`--line` の行は、この帳簿のものではありません", "With --line: it is nothing of this book's";
        "--out": "書出し先のフォルダー", "The folder for the files";
        "--outcome": "可否で絞り込みます（`allowed`、`refused`、`failed`、`abandoned`、`replayed`）", "With this outcome: allowed, refused, failed, abandoned or replayed";
        "--out": "すべての行を書き出すファイル（.csv または .xlsx）", "Write all rows to this file: .csv or .xlsx";
        "--party": "契約会社のID、または発行者の番号", "The acquirer's id or the issuer's number";
        "--person": "操作した人の名前で絞り込みます", "Asked by this name";
        "--pin-verified": "カードの暗証番号を入力し、正しいことを確認済みです", "The card's PIN was entered and is right";
        "--reference": "入金の参照番号。同じ番号は一度だけ記帳します", "The payment's own: it is booked once";
        "--resident": "利用者のPPIDで絞り込みます", "About this resident, by PPID";
        "--same-as": "`--line` の行は、この参照番号で記帳済みのものと同じです", "With --line: it is what was booked under this other reference";
        "--second": "2人目の名前。省略時は入力を求めます", "The second person's name; asked for at the terminal when absent";
        "--session": "セッションのファイル。省略時は自分のフォルダーのもの", "The file with your session; your own folder's when absent";
        "--sheet": "シートの名前。省略時は最初に表示されるシート", "The workbook's sheet; the first that is shown when absent";
        "--shift-jis": "CSVをUTF-8ではなくシフトJISで書きます", "CSV in Shift_JIS instead of UTF-8";
        "--store":
            "ストアのURL。パスワードはURL、`PGPASSWORD`、`~/.pgpass` の順に探します",
            "The store's URL. A password is taken from it, from PGPASSWORD or from ~/.pgpass";
        "--to": "終了日、または終了日時（その時刻は含みません）。省略時は末尾まで", "Last day, or the moment before which it ends; everything when absent";
        "--under": "双方が持つ保護鍵（例：`protection.acme`）", "The protection key that both parties have, such as protection.acme";
        "--until": "終了の営業日。省略時は開始日と同じ", "Last business day; the first when absent";
        "--why": "理由", "The reason, which the record keeps";
        "<amount>": "金額（円）", "Yen";
        "<batch>": "支給バッチの番号", "The batch";
        "<exception>": "照合差異の番号。先頭の一部でも指定できます", "The exception, or the beginning of its number";
        "<proposal>": "起案の番号", "Its number";
        "<file>": "ファイル", "The file";
        "<journal>":
            "ジャーナル。データフォルダーの journal.db かその写し、またはPostgreSQLのURL。省略時は設定ファイルのもの",
            "The journal: a file (journal.db of a data folder, or a copy), or a PostgreSQL URL; the configuration's when left out";
        "<name>": "鍵の名前", "The key";
        "<payout>": "振込の番号", "The payout";
        "<person>": "人のIDまたは名前", "The person, by id or name";
        "<ppid>": "利用者のPPID", "The person";
        "<programme>": "給付事業の番号", "The programme";
        "<row>": "行の番号", "The row";
        "<version>": "鍵の版", "The version";
        "kazasu": "かざすだけで支払える、カード連携型の決済スイッチです", "Card-linked cashless payments: hold the card to the reader and you have paid";
        "--log":
            "標準エラー出力に書くログの形式。`json` のとき、`serve` は標準出力にもJSONを書きます",
            "The form of log lines on standard error; with `json`, `serve` prints JSON on standard output too";
        "--log=text": "人が読む形式", "For people";
        "--log=json": "1行に一つのJSONオブジェクト", "One JSON object a line";
        "--format=csv": "文字の表", "A table as text";
        "--format=xlsx": "表計算のブック", "A workbook";
        "--format=zengin": "総合振込（全銀協の形式）", "The banks' file of bulk transfers";
        "--format=pain001": "同じ内容のISO 20022", "The same as ISO 20022";
    }
}

help! {
    /// Names of values, which the English help shows as they are.
    VALUES {
        "APPROVAL": "起案", "APPROVAL";
        "AT": "日時", "AT";
        "TERMINAL": "端末", "TERMINAL";
        "PROVIDER": "認証基盤", "PROVIDER";
        "PASSKEY": "パスキー", "PASSKEY";
        "PAYEE": "支払先", "PAYEE";
        "BANK": "銀行コード", "BANK";
        "BANK_NAME": "銀行名", "BANK_NAME";
        "BRANCH": "支店コード", "BRANCH";
        "BRANCH_NAME": "支店名", "BRANCH_NAME";
        "ACCOUNT": "口座番号", "ACCOUNT";
        "CALLED": "相手", "CALLED";
        "CALLED_NUMBER": "電話番号", "CALLED_NUMBER";
        "CALLED_AT": "日時", "CALLED_AT";
        "CALLED_BY": "確認者", "CALLED_BY";
        "RRN": "照会番号", "RRN";
        "STAN": "伝票番号", "STAN";
        "LAST_FOUR": "下4桁", "LAST_FOUR";
        "ABOUT": "金額", "ABOUT";
        "AMOUNT_FROM": "下限", "AMOUNT_FROM";
        "AMOUNT_UNTIL": "上限", "AMOUNT_UNTIL";
        "STATE": "状態", "STATE";
        "AFTER": "記録番号", "AFTER";
        "BEFORE": "精算番号", "BEFORE";
        "TAG": "タグ", "TAG";
        "REGION": "市町村コード", "REGION";
        "WEBHOOK": "送信先", "WEBHOOK";
        "URL": "宛先", "URL";
        "KINDS": "種類", "KINDS";
        "EVENT": "出来事", "EVENT";
        "OVERLAP_HOURS": "時間", "OVERLAP_HOURS";
        "SECRETS": "ファイル", "SECRETS";
        "HEADERS": "ファイル", "HEADERS";
        "TOLERANCE": "秒数", "TOLERANCE";
        "LIMIT": "件数", "LIMIT";
        "MONTH": "月", "MONTH";
        "BODY": "ファイル", "BODY";
        "TARGET": "宛先", "TARGET";
        "METHOD": "メソッド", "METHOD";
        "OPERATION": "操作", "OPERATION";
        "PROVEN": "確認方法", "PROVEN";
        "PORTAL": "ポータル", "PORTAL";
        "KEY": "ファイル", "KEY";
        "PUBLIC": "公開鍵", "PUBLIC";
        "AGAINST": "相手の種類", "AGAINST";
        "AMOUNT": "金額", "AMOUNT";
        "ADMINISTRATOR": "名前", "ADMINISTRATOR";
        "ANCHOR": "検証点ファイル", "ANCHOR";
        "ANOTHER": "理由", "ANOTHER";
        "BAD_ROWS": "ファイル", "BAD_ROWS";
        "BATCH": "バッチ番号", "BATCH";
        "BY": "名前", "BY";
        "BYTES": "バイト数", "BYTES";
        "CHANGE": "扱い", "CHANGE";
        "COMMAND": "コマンド", "COMMAND";
        "COMPONENTS": "人数", "COMPONENTS";
        "COMPONENT_FILE": "ファイル", "COMPONENT_FILE";
        "CONFIG": "設定ファイル", "CONFIG";
        "CONFIRM": "鍵と版", "CONFIRM";
        "CORRECTS": "行", "CORRECTS";
        "DATA": "フォルダー", "DATA";
        "DAY": "日付", "DAY";
        "DAYS": "日数", "DAYS";
        "DEBTS": "金額", "DEBTS";
        "DEPUTY_FOR": "人", "DEPUTY_FOR";
        "DIR": "フォルダー", "DIR";
        "EXCEPTION": "差異番号", "EXCEPTION";
        "FILE": "ファイル", "FILE";
        "FINGERPRINT": "フィンガープリント", "FINGERPRINT";
        "FISCAL_YEAR": "年度", "FISCAL_YEAR";
        "FORMAT": "形式", "FORMAT";
        "FROM": "起点", "FROM";
        "GRANT": "権限付与", "GRANT";
        "HOLDER": "人", "HOLDER";
        "HOURS": "時間", "HOURS";
        "HOUSEHOLD": "人数", "HOUSEHOLD";
        "HOW": "処理", "HOW";
        "INCOME": "金額", "INCOME";
        "INTO": "統合先", "INTO";
        "ISSUER": "認証局", "ISSUER";
        "JOURNAL": "ジャーナル", "JOURNAL";
        "KCV": "鍵検証値", "KCV";
        "KIND": "種類", "KIND";
        "LAST": "件数", "LAST";
        "PAYMENT": "記録番号", "PAYMENT";
        "LAST_DAY": "最終日", "LAST_DAY";
        "LINE": "行", "LINE";
        "LINES": "行", "LINES";
        "LABEL": "ラベル", "LABEL";
        "LIST": "件数", "LIST";
        "LOG": "形式", "LOG";
        "MERCHANT": "加盟店", "MERCHANT";
        "NAME": "名前", "NAME";
        "NETWORK": "ネットワーク", "NETWORK";
        "NODES": "台数", "NODES";
        "NOTE": "内容", "NOTE";
        "NOTICE": "お知らせ番号", "NOTICE";
        "NUMBER/FILE": "番号/ファイル", "NUMBER/FILE";
        "NUMBER:HASH": "番号:ハッシュ", "NUMBER:HASH";
        "OF": "セッション", "OF";
        "ONLY": "状態", "ONLY";
        "ORGANISATION": "組織", "ORGANISATION";
        "OUT": "書出し先", "OUT";
        "OUTCOME": "可否", "OUTCOME";
        "OWNER": "担当者", "OWNER";
        "PARTY": "相手", "PARTY";
        "PAYOUT": "振込番号", "PAYOUT";
        "PERSON": "人", "PERSON";
        "PORT_OFFSET": "加える数", "PORT_OFFSET";
        "PROGRAM": "プログラム", "PROGRAM";
        "PROGRAMME": "事業番号", "PROGRAMME";
        "PROPOSAL": "起案番号", "PROPOSAL";
        "RATE": "電文数", "RATE";
        "RECEIVED_FROM": "相手", "RECEIVED_FROM";
        "RECORD": "記録番号", "RECORD";
        "REFERENCE": "参照番号", "REFERENCE";
        "RENAME": "組織", "RENAME";
        "RESIDENTS": "人数", "RESIDENTS";
        "RIGHT": "金額", "RIGHT";
        "ROLE": "権限", "ROLE";
        "ROW": "行", "ROW";
        "SAME_AS": "参照番号", "SAME_AS";
        "SCOPE": "範囲", "SCOPE";
        "SECOND": "名前", "SECOND";
        "SEED": "数", "SEED";
        "SEQ": "記録番号", "SEQ";
        "SERIAL": "発行番号", "SERIAL";
        "SESSION": "ファイル", "SESSION";
        "SETTLEMENT": "精算番号", "SETTLEMENT";
        "SHEET": "シート名", "SHEET";
        "SHOP": "店舗", "SHOP";
        "STATUS": "状態", "STATUS";
        "STEP": "段階", "STEP";
        "STORE": "ストア", "STORE";
        "TAPS": "電文数", "TAPS";
        "TO": "終点", "TO";
        "TRUSTED_KEY": "公開鍵", "TRUSTED_KEY";
        "UNDER": "保護鍵", "UNDER";
        "UNTIL": "期限", "UNTIL";
        "VALUE_DATE": "振込指定日", "VALUE_DATE";
        "VERSION": "版", "VERSION";
        "WHY": "理由", "WHY";
        "WINNERS": "ファイル", "WINNERS";
        "WITHOUT": "相手", "WITHOUT";
        "YEN|none": "円|none", "YEN|none";
        "CONTRACT": "契約", "CONTRACT";
        "TENDER:YEN[:COUNT]": "手段:円[:件数]", "TENDER:YEN[:COUNT]";
    }
}
