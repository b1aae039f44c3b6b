//! Running the switch: its configuration, journal, store and nodes.

help! {
    /// Running the switch: its configuration, journal, store and nodes.
    RUNNING {
        "demo":
            "一つの町をこの端末で動かします。発行者、加盟店、住民の取引を実際の通信で再現します",
            "Plays a whole town on this machine: issuers, merchants, residents, taps, over real sockets";
        "demo --data":
            "設定、元帳、ジャーナルを置くフォルダー。同じ種類のデモのフォルダーなら続きから始めます。省略時は kazasu-data の下で、種類ごとに demo、demo-day、demo-relief、または末尾に -postgres の付いたもの",
            "Where configuration, ledger and journals are kept; a folder of an earlier demo of the same kind is continued. Each kind has one of its own under kazasu-data when this is left out: demo, demo-day, demo-relief, and the same with -postgres";
        "demo --taps": "端末が送る電文の数", "Messages that the terminals send";
        "demo --rate": "1秒あたりの電文の数", "Messages a second";
        "demo --seed":
            "乱数の種。同じ値なら住民、場所、金額が同じになります。省略時は1、続きから始めるときはそのフォルダーの値",
            "The same seed makes the same residents, places and amounts: 1, or that of the folder that is continued";
        "demo --store":
            "元帳の置き場所。`sqlite` はデータフォルダーのファイル、`postgres` はデモが起動して終了するPostgreSQL、URLは所有者として使う空のデータベース",
            "Where the ledger is kept: `sqlite` for a file in the data folder; `postgres` for a PostgreSQL server that the demo starts from this machine's binaries and ends again; or the URL of an empty database, as its owner";
        "demo --nodes":
            "ストアを共有するノードの数。2以上では、途中で主ノードを交代します",
            "Nodes that share the store. With more than one, the lead is handed over in the middle of the run";
        "demo --relief":
            "水害の給付を表示します。給付事業、同じ秒に使う住民、終了、実績報告まで",
            "Show a flood instead: a relief programme, residents who spend its money the same second, its end and its report";
        "demo --day":
            "営業日の締めを表示します。手数料、精算、振込、誤りを含むファイル、照合の結果まで",
            "Show a business day that is closed: fees, settlements, payouts, files with planted mistakes, and what reconciliation finds";
        "demo --exit":
            "集計の表示後に終了します。指定しなければ、端末ではCtrl-Cまでスイッチが動き続けます",
            "End after the summary. Without it, a demo at a terminal keeps the switch open until Ctrl-C";
        "demo --json": "集計だけをJSONオブジェクト一つで出力します", "Print the summary as one JSON object, and nothing else";
        "serve": "スイッチを起動します", "Runs the switch";
        "serve --json": "準備ができたとき、接続先をJSONオブジェクト一つで出力します", "Print one JSON object with the addresses when ready";
        "init": "見本の設定一式を、新しい鍵とともに新しいフォルダーに書き出します", "Writes a complete sample configuration with fresh keys into a new folder";
        "init <dir>": "フォルダー。空か、まだないもの", "The folder; it must be empty or absent";
        "init --residents": "見本の住民の数", "Sample residents";
        "init --port-offset": "すべてのポート番号に加える値", "Move every port by this much";
        "init --administrator": "最初の権限管理者の名前", "The first access administrator's name";
        "init --people":
            "見本の町の人を参加済みにし、ログインの情報を people フォルダーに書き出します。試用のためのものです",
            "Let the town's people join now, and write their passwords, codes and sessions into the folder `people`: for trials only";
        "config": "設定を確認します", "Looks at the configuration";
        "config check": "設定と、設定が指すファイルをすべて読み、誤りを表示します", "Reads the configuration and every file that it names, and reports mistakes";
        "ledger": "ジャーナルを確認します。写しも、スイッチの動作中も確認できます", "Looks at a journal, also of a copy or while a switch is running";
        "ledger verify": "ジャーナルのハッシュチェーン、規則、合計を最初の記録から検証します", "Checks the chain, the rules and the sums of a journal from its first record";
        "ledger --config": "この設定のジャーナルを、設定の鍵ファイルのパスワードで読みます", "The journal of this configuration, with the password of its `keys_file`";
        "ledger verify --trusted-key":
            "コミット単位、検証点、日の署名を認める公開鍵（16進64桁）。指定しなければ署名は何も証明せず、結果にそう表示します",
            "A public key (64 hexadecimal digits) that commit batches, checkpoints and days may be signed with. Without one no signature proves anything, and the answer says so";
        "ledger verify --anchor":
            "外部保管の検証点のファイル。切取りや書換えの疑いがあるジャーナルと比較します",
            "A file of checkpoints that is kept elsewhere: it shows whether the journal was cut or rewritten";
        "ledger trial-balance": "勘定ごとの借方、貸方、残高を表示します", "Debits, credits and balances by account";
        "ledger export": "ジャーナルを監査人向けのCSVの表に書き出します。表の説明も付きます", "Writes the journal as CSV tables with a dictionary, for the auditor";
        "ledger export --why":
            "理由。表と同じフォルダーの `MANIFEST.json` とセキュリティ記録に残ります",
            "The reason, which the manifest beside the tables and the security log keep";
        "ledger explain":
            "一件の取引の経過を表示します。電文、判定、仕訳、発行者の応答、精算、銀行の明細まで",
            "One tap's whole story: messages, decision, postings, issuers' answers, settlement, bank line";
        "ledger explain <record>":
            "取引を判定した記録の番号。発行者へのDE37、応答のDE38と同じです",
            "The record that decided the tap: DE37 towards issuers, and in answers' DE38";
        "ledger explain --why": "理由。名前とともにセキュリティ記録に残ります", "The reason, which the security log keeps with your name";
        "store": "PostgreSQLのストアを準備、確認し、ジャーナルをストア間で移します", "Sets a PostgreSQL store up, looks at it, and moves journals between stores";
        "store migrate":
            "ストアの表と権限を作成または更新します。データベースの所有者で、ノードより先に実行してください",
            "Creates or updates the tables and roles of a PostgreSQL store. Run it as the database's owner, before the nodes";
        "store --config": "この設定のストアを、設定の鍵ファイルのパスワードで使います", "The store of this configuration, with the password of its key file";
        "store check":
            "読取り用に接続し、ストアを共有する場合はノードとしても接続します。表を確認し、ジャーナルの末尾を表示します",
            "Connects as a reader and, where nodes share the store, as a node; checks the tables and tells where the journal ends";
        "store copy":
            "ジャーナルを別のストアに複写し、一致を確認します。先にスイッチを止めてください。中断したとき、または動作中に複写したときは、もう一度実行すると続きから始まります",
            "Copies a journal to another store and proves that both are equal. Stop the switch first; a copy that was interrupted, or made while it ran, is continued by running it again";
        "store copy --from":
            "複写元。ファイル、PostgreSQLのURL、または設定ファイル（.toml）",
            "A file, a PostgreSQL URL, or a configuration file (.toml) whose store is meant";
        "store copy --to": "複写先。指定の仕方は複写元と同じです", "The same";
        "node": "ストアを共有するノード", "The nodes that share a store";
        "node status":
            "すべてのノードを表示します。主ノード、各ノードの追従位置、最後の報告時刻が分かります",
            "Shows every node of the store: the leader, each node's last applied record and last report";
        "node --config": "いずれかのノードの設定ファイル", "The configuration file of any of the nodes";
        "node handover":
            "取引を拒否せずに主ノードを交代します。更新や作業の移動の前に使います",
            "Lets another node lead without refusing a tap: before an upgrade, or to move the work";
        "node handover --to": "次の主ノード。省略時は任意のノード", "The node that is to lead; any when it is left out";
        "clock": "判定に使う時計と、人による確認", "The deciding clock, and its confirmation by a person";
        "clock status":
            "動作中のスイッチの判定時刻と、時計を信用しているかを表示します。信用していないときの終了コードは1、スイッチが動作していないときは2です",
            "The deciding time of the running switch, and whether it trusts its wall clock. Exit code 1 when it does not, 2 when no switch is running";
        "clock confirm":
            "時計が飛んだ後や長い停止の後に、時計が正しいことを確認します。確認した人と理由を記録します",
            "Says that the wall clock is right although it jumped, or nothing ran for long. It is recorded who said so, and why";
        "clock confirm --day": "自分の時計での今日の日付。スイッチの時計と異なる日付は拒否します", "The day that it is, by your own watch; another than the wall clock's is refused";
        "clock confirm --why": "時計が飛んだ理由、または起きたこと", "The reason why the clock jumped, or the event";
        "apply": "操作のファイルを実行します。1行に一つのJSONオブジェクトを書きます", "Carries out a file of actions, one JSON object a line";
    }
}
