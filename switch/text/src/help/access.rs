//! Keys, people and their rights, and the security log.

help! {
    /// Keys, people and their rights, and the security log.
    ACCESS {
        "key": "鍵の作成、交換、更新、廃棄。操作はすべて鍵の操作記録に残ります", "Keys: made, exchanged, changed and ended. Every action is in the key log";
        "key list": "すべての鍵の版、状態、鍵検証値、残り日数を表示します。鍵そのものは表示しません", "Every version of every key: state, check value, days left. It shows no key";
        "key --json": "結果をJSONで出力します", "Print JSON";
        "key log": "鍵の操作記録を表示し、記録に欠けがないことを確認します", "Who did what with keys, and whether the log is whole";
        "key generate":
            "鍵の最初の版を作成します。`--missing` では設定に必要な鍵をすべて作成します。鍵ストアもここで作成します",
            "Makes the first version of a key; with --missing, of every key that the configuration needs. Makes the store too";
        "key generate <name>":
            "鍵の名前（例：`webhook`）。`list` と docs/operations/keys.md に一覧があります",
            "The key, such as webhook; see `list` and docs/operations/keys.md";
        "key generate --missing": "必要で、まだない鍵をすべて作成します", "Every key that is needed and not there";
        "key --session":
            "動作中のスイッチへの問合せに使うセッションのファイル。省略時は自分のフォルダーのもの",
            "The file with your session, for what the running switch is asked; your own folder's when absent";
        "key --why": "理由。鍵の操作記録に残ります", "Why; the key log keeps it";
        "key import":
            "成分で交換した鍵を登録します。各人が自分の成分を入力し、鍵検証値を確認します",
            "Takes in a key that was exchanged in components: each person types the own one and compares its check value";
        "key <name>": "鍵の名前（例：`acquirer.27000001`）", "The key, such as acquirer.27000001";
        "key import --components": "成分を持つ人の数", "People with a component each";
        "key import --component-file":
            "画面の代わりに成分を読むファイルまたは記述子（/dev/fd/3）。成分ごとに指定します",
            "A component's file or descriptor (/dev/fd/3) instead of the terminal; once for each component";
        "key import --kcv": "相手方から通知された鍵検証値。異なる鍵は拒否します", "The key's check value, as the other side says it: another key is refused";
        "key import-file": "旧形式の鍵ファイルの鍵を鍵ストアに移し、ファイルから除きます", "Takes the keys of an older key file over into the store, and out of the file";
        "key import-file <file>": "鍵ファイル。省略時は設定ファイルのもの", "The file; that of the configuration when absent";
        "key rotate":
            "鍵の新しい版を作成します。このスイッチだけの鍵は直ちに使います。相手方にも必要な鍵は、`activate` まで受入れだけを行います",
            "Makes a new version of a key. A key of this switch alone is used at once; one that another side must have first is accepted, until `activate`";
        "key activate": "受入れ済みの版を、以後の処理に使います。前の版も引き続き受け入れます", "Uses an accepted version for what is new. The former one stays accepted";
        "key retire":
            "使用を終えた版を廃止します。鍵ストアには残ります。必要とする処理があれば拒否します",
            "Takes a version out of use that is not active any more. Its secret stays in the store. Refused while something needs it";
        "key retire --anyway":
            "この鍵で開局中の接続があっても廃止します。漏えいした鍵のためのものです。接続は終わるまで続くため、その後スイッチを起動し直してください",
            "Although connections are signed on under it: for a key that leaked. They go on until they end; then start the switch again";
        "key request-destruction":
            "金庫の鍵の廃棄を起案します。別の人が決裁します（`kazasu approval`）",
            "Asks another person to approve that a key of the vault is destroyed (`kazasu approval`)";
        "key destroy":
            "廃止した版の鍵を廃棄します。その鍵で封緘したデータは消去され、先にジャーナルに記録します。承認済みの起案が必要です",
            "Forgets a retired version's secret. What was sealed under it is erased; the journal records that first, and takes an approved request for it";
        "key destroy --erases": "封緘鍵のとき、読めなくなるデータを表示して確認を求めます", "Of a key that seals: it will be said what becomes unreadable, and asked";
        "key destroy --confirm":
            "確認への回答（プログラム用）。鍵の名前と版（例：`vault.cards 1`）",
            "The answer to that question, for programs: the name and version, such as \"vault.cards 1\"";
        "key wrap": "鍵ストアの開き方を、別のパスフレーズ、資格情報、装置の鍵に変更します", "Changes what opens the store: another passphrase, or another source";
        "key wrap --to":
            "`passphrase`、`credential:NAME`、`file:PATH`、`fd:NUMBER`、または [hsm] の装置の鍵を示す `device:LABEL`。ないファイルは新しい資格情報とともに作成し、装置の鍵も装置の中に作成します",
            "passphrase, credential:NAME, file:PATH, fd:NUMBER, or device:LABEL for a key of the device of [hsm]. A file that is not there is made, with a new random credential; so is a device's key, in the device";
        "key token":
            "[hsm] のトークンを表示します。製造元、機能、ラベルごとの鍵と、使われない鍵の理由",
            "Shows the token of [hsm]: who made it, what it can do, and its keys by label, with why one is not used";
        "key export-block":
            "鍵を、保護鍵を共有する相手のための鍵ブロック（ANSI X9.143）に書き出します。2人で行います",
            "Writes a key into a key block (ANSI X9.143), for the party that shares the protection key. Two people do it";
        "key export-block --version": "鍵の版。省略時は使用中の版", "Its version; the active one when absent";
        "key export-block --show-length":
            "鍵の長さをブロックに示します。TR-31:2018だけに対応する相手のためのものです",
            "The block shows how long the key is, for receivers that know TR-31:2018 only";
        "key export-block --out": "ブロックを書く新しいファイル。省略時は標準出力", "A new file for the block instead of the standard output";
        "key import-block":
            "保護鍵を共有する相手の鍵ブロックから鍵を登録します。2人で行います",
            "Takes a key in from a key block of the party that shares the protection key. Two people do it";
        "key import-block <file>": "ブロックのファイル", "The file with the block";
        "key import-block --kcv":
            "相手方から通知された鍵検証値。異なる鍵は拒否します。省略時は2人が画面で確認します",
            "The key's check value, as the other side says it: another key is refused. Without it both people compare at the terminal";
        "key draw":
            "成分を一つ生成し、鍵検証値とともに一度だけ表示します。ネットワークにつながない端末で使います",
            "Draws a component, and shows it once with its check value. For a computer without a network";
        "key draw --bytes": "バイト数（16、24、32）", "Bytes: 16, 24 or 32";
        "key value": "成分を入力し、鍵検証値を表示します", "Asks for a component, and shows its check value";
        "login": "ログインします。パスワードと二要素認証、またはプログラムの鍵を使います", "Signs you in: password and second factor, or a program's key";
        "login --name": "名前または利用者ID。省略時は入力を求めます", "Your name or id; asked for when absent";
        "login --key": "人の代わりに、標準入力から読むプログラムの鍵を保存します", "Keep a program's key instead, which is read from standard input";
        "login --again": "今のセッションで、二要素認証をもう一度行います", "Show a second factor again, in the session that you have";
        "login --fingerprint":
            "`--again` とともに使います。対象の決裁の指紋（`approval show` または `relief preview` に表示）。複数あれば繰り返します。ほかの決裁には使えません",
            "With --again: the fingerprint of a decision that it is for, as `approval show` or `relief preview` prints it; once for each. The factor serves for these decisions alone";
        "login --oidc": "組織の認証基盤により、ブラウザーでログインします", "Through your organisation's provider, in a browser";
        "login --provider": "認証基盤の名前。複数あるときに指定します", "Which provider, where there are several";
        "logout": "セッションを終了します", "Ends your session";
        "whoami": "自分の名前と権限を表示します", "Your name and your roles";
        "person": "人と権限", "People and their rights";
        "person found":
            "最初の権限管理者、または認証手段をすべて失った権限管理者を招待します。スイッチが動作していないジャーナルで行います",
            "Invites the first access administrator, or one who has lost all means of signing in; on the journal itself, while no switch runs";
        "person <name>": "人の名前", "The person's name";
        "person join": "招待により参加します。招待とパスワードは標準入力から読みます", "Joins with an invitation: invitation and password are read from standard input";
        "person join --without-second-factor": "15文字以上のパスワードだけでログインします", "Sign in with a password alone, of fifteen characters or more";
        "person join --oidc": "パスワードの代わりに、組織の認証基盤により参加します", "Through your organisation's provider, in a browser, instead of a password";
        "person join --provider": "認証基盤の名前。複数あるときに指定します", "Which provider, where there are several";
        "person organisation": "組織を登録、または組織の名前を変更します", "Registers an organisation, or renames one";
        "person organisation <kind>":
            "組織の種類（`operator`、`city`、`merchant`、`partner`、`portal`、`call-centre`）",
            "operator, city, merchant, partner, portal or call-centre";
        "person organisation <name>": "組織の名前", "Its name";
        "person organisation --rename": "名前を変える組織のIDまたは名前", "An existing organisation, by id or name";
        "person organisation --shop": "加盟店の店舗。契約会社と加盟店を `/` で区切ります", "A merchant's shops, each as acquirer/merchant";
        "person shops":
            "加盟店の組織に店舗を加える起案をします。別の権限管理者が決裁します",
            "Requests further shops for a merchant's organisation; another administrator decides";
        "person shops <organisation>": "組織のIDまたは名前", "The organisation, by id or name";
        "person shops --shop": "加える店舗。契約会社と加盟店を `/` で区切ります", "A further shop, as acquirer/merchant";
        "person organisations": "すべての組織を表示します", "Every organisation";
        "person invite": "人を招待します。招待は一度だけ表示します", "Invites a person; the invitation is shown once";
        "person invite --organisation": "所属する組織のIDまたは名前", "The person's organisation, by id or name";
        "person invite --second-administrator": "2人目の権限管理者にします", "The person is to be the second access administrator";
        "person invite-again":
            "認証手段を失った人の再招待を、別の権限管理者に申請します",
            "Requests another invitation for a person who has lost the means of signing in; another administrator decides";
        "person list": "すべての人と権限付与を表示します", "All people, with their grants";
        "person end": "人の離任を記録します。権限とセッションが終了します", "A person leaves: grants and sessions end";
        "person grant": "権限付与を、別の権限管理者に申請します", "Requests the grant of a role; another administrator decides";
        "person grant <holder>": "権限を受ける人のIDまたは名前", "The holder, by id or name";
        "person grant <role>": "権限（例：`city-officer`、`finance-approver`）", "The role: city-officer, finance-approver, …";
        "person grant <scope>":
            "権限の範囲（`all`、`city:CODE`、`merchant:org_N`、`shop:ACQUIRER/MERCHANT`、`acquirer:ID`、`issuer:N`）",
            "The scope: all, city:CODE, merchant:org_N, shop:ACQUIRER/MERCHANT, acquirer:ID or issuer:N";
        "person grant --from": "権限の初日。省略時は今日", "The first day; today when absent";
        "person grant --until": "権限の最終日。省略時は期限なし", "The last day; none when absent";
        "person grant --deputy-for": "代決者として、この人の代わりを務めます", "The person whose deputy the holder is";
        "person end-grant": "権限付与を取り消します", "Takes a grant away";
        "person end-grant <grant>": "権限付与の番号（`grt_N`）", "The grant: grt_N";
        "person report": "権限の保有者と、兼ねてはならない権限の重なりを表示します", "All rights with their holders, and conflicts";
        "key-program": "プログラムの鍵", "Programs' keys";
        "key-program create":
            "プログラムの鍵を、別の権限管理者に申請します。鍵は一度だけ表示し、承認後に有効になります",
            "Requests a key for a program; the key is shown once, and works when another administrator has approved it";
        "key-program create <program>": "新しいプログラムの名前、または既存のプログラムのIDか名前", "A new program's name, or an existing program, by id or name";
        "key-program create --organisation": "新しいプログラムの組織のIDまたは名前", "A new program's organisation, by id or name";
        "key-program create --role":
            "新しいプログラムの権限（例：`portal`、`partner acquirer:27000001`）",
            "A new program's roles: portal, \"partner acquirer:27000001\", …";
        "key-program create --from": "鍵の初日。省略時は今日", "The key's first day; today when absent";
        "key-program create --until": "鍵の最終日", "The key's last day";
        "key-program create --network":
            "鍵を使えるネットワーク（例：192.0.2.0/24）。省略時は制限なし",
            "A network from which it may be used, as 192.0.2.0/24; from anywhere when absent";
        "key-program list": "すべてのプログラムと鍵を表示します", "Every program and its keys";
        "key-program rotate": "ログイン中の鍵を新しい鍵に替えます。古い鍵は取り消すまで有効です", "Replaces the key of this command line; the old one works until it is revoked";
        "key-program rotate --until": "新しい鍵の最終日", "The new key's last day";
        "key-program revoke": "一つの鍵、またはプログラムのすべての鍵を直ちに取り消します", "Takes a key away at once, or all of a program's";
        "key-program revoke <program>": "プログラムのIDまたは名前", "The program, by id or name";
        "key-program revoke --fingerprint": "取り消す鍵のフィンガープリント", "One key, by its fingerprint";
        "session": "人のセッション", "Sessions of people";
        "session list": "自分のセッションを表示します。権限管理者はほかの人のものも見られます", "Your sessions; an access administrator sees another person's too";
        "session revoke": "自分のセッションを終了します。権限管理者はほかの人のものも終了できます", "Ends your sessions; an access administrator ends another person's too";
        "session revoke --of": "一覧が示すセッション", "One session, as the list names it";
        "passkey": "パスキー", "Passkeys";
        "passkey list": "自分のパスキーを表示します", "Your passkeys";
        "passkey remove": "自分のパスキーを一つ削除します", "Removes one of your passkeys";
        "passkey remove <passkey>": "一覧が示すパスキー", "The passkey, as the list names it";
        "api": "HTTPのAPI", "The HTTP API";
        "api openapi":
            "OpenAPI文書を出力します。すべてのアドレスの項目、応答、エラー、権限が分かります",
            "Prints the OpenAPI document: every address, with its fields, answers, errors and rights";
        "access": "権限表", "The table of rights";
        "access matrix":
            "権限表を表示します。操作ごとに、実行できる人、2人の要否、二要素認証の要否",
            "The table of rights: each operation with its roles, and whether it requires two people or a fresh second factor";
        "access matrix --json": "結果をJSONで出力します", "Print JSON";
        "audit": "セキュリティ記録。照会した人、内容、対象", "The security log: callers, operations and residents";
        "audit log":
            "セキュリティ記録の行を表にします。`--json` ではファイルの行のまま出力します",
            "Lines of the security log: a table, or with --json the lines as they stand in the file";
        "audit --from": "この日または日時から", "From this day or moment on";
        "audit --until": "この日まで、またはこの日時の前まで", "Up to this day, or before this moment";
        "audit --kind":
            "種類で絞り込みます（`look`、`reveal`、`export`、`command`、`question`、`request_refused` など）",
            "Of this kind: look, reveal, export, command, question, request_refused, …";
        "audit --why": "閲覧の理由。名前とともに残ります", "The reason for your look; the log keeps it with your name";
        "audit log --json": "ファイルの行のまま出力します", "Print the lines as they stand in the file";
        "audit verify-log":
            "セキュリティ記録の全ファイルを検証し、行の変更や抜取りがないことを確認します",
            "Checks through all files of the security log that no line was changed or removed";
        "audit verify-log --head":
            "別の場所に控えた行。番号とハッシュを `NUMBER:HASH` で指定します。見つからなければ異常です",
            "A line that was noted elsewhere, as NUMBER:HASH: it must be there";
        "audit export-log": "ログ収集システム向けに行を出力します。RFC 5424の電文、またはJSONの行", "Lines for a system that collects logs: RFC 5424 messages, or lines of JSON";
        "audit export-log --format": "行の形式", "The form of the lines";
        "audit export-log --format=syslog": "RFC 5424の電文", "Messages of RFC 5424";
        "audit export-log --format=jsonl": "ファイルの行のままのJSON", "Lines of JSON, as they stand in the file";
        "portal": "ポータルの申告に署名する鍵と、申告の試作", "Portals' keys for statements, and statements to try";
        "portal keygen":
            "申告に署名する鍵を作ります。秘密鍵は所有者だけが読めるファイルに書き、公開鍵を表示します",
            "Makes a key for statements: the private key goes into a file that only its owner reads, the public key is printed";
        "portal keygen <file>": "ファイル。まだないもの", "The file; it must not exist yet";
        "portal register":
            "ポータルの公開鍵の登録を起案します。別の権限管理者が `kazasu approval approve` で決裁します",
            "Asks another administrator to register a portal's public key; decided with `kazasu approval approve`";
        "portal register <program>": "ポータルのIDまたは名前", "The portal, by id or name";
        "portal register --public": "公開鍵（16進64桁）", "The public key, 64 hexadecimal digits";
        "portal register --from": "鍵の初日。省略時は今日", "The key's first day; today when absent";
        "portal register --until": "鍵の最終日", "The key's last day";
        "portal sign": "一つの依頼に付けるヘッダーを、いま署名して表示します", "Prints the header for one request, signed now";
        "portal sign --key": "秘密鍵のファイル", "The file with the private key";
        "portal sign --portal": "ポータルのID（例：key_5）", "The portal's id: key_5";
        "portal sign --resident": "相手の利用者のPPID", "The person at the other end";
        "portal sign --proven": "本人確認の方法（`card-pin`、`card-face`、`pin-reset`、`signed-in`）", "card-pin, card-face, pin-reset or signed-in";
        "portal sign --operation":
            "操作（`link`、`unlink`、`set_card`、`set_limits`、`set_spendable`、`resident`、`resident_statement`）",
            "link, unlink, set_card, set_limits, set_spendable, resident or resident_statement";
        "portal sign <method>": "メソッド（GET、PUT、DELETE）", "GET, PUT or DELETE";
        "portal sign <target>": "パスと、続く問合せ部分（例：/api/v1/residents/…）", "The path with what stands behind its question mark: /api/v1/residents/…";
        "portal sign --body":
            "送るとおりの本文のファイル。省略時は本文なし", "The file with the body, byte by byte as it is sent; no body when absent";
    }
}
