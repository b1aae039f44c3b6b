//! Keys and signing in, as commands say them at a terminal.

use crate::{Count, labels, texts};
use kazasu_schemas::jst::BusinessDay;

labels! {
    /// Where a version of a key stands.
    KeyStateText {
        Accepted "accepted": "受入れ中", "accepted";
        Active "active": "使用中", "active";
        Retired "retired": "廃止", "retired";
        Destroyed "destroyed": "廃棄済", "destroyed";
    }
}

labels! {
    /// What a key seals.
    SealedData {
        Cards "cards": "カード番号", "card numbers";
        Accounts "accounts": "支給先の口座と名義", "payees' accounts and names";
    }
}

labels! {
    /// Columns of the list of keys.
    KeyColumn {
        Key "key": "鍵の名前", "key";
        Version "version": "版", "version";
        State "state": "状態", "state";
        Bytes "bytes": "バイト", "bytes";
        CheckValue "kcv": "検証値", "KCV";
        Ends "ends": "有効期限", "last day";
        Days "days": "残日数", "days";
        Algorithm "algorithm": "アルゴリズム", "algorithm";
    }
}

texts! {
    /// Sentences about keys.
    KeyText<'a> {
        Ended { key: &'a str, title: &'a str, ends: BusinessDay }:
            "鍵 {title} の有効期間は{ends}に終わりました。鍵を替えてください（`kazasu key rotate {key}`）。",
            "key {title}: its cryptoperiod ended on {ends}; change it (`kazasu key rotate {key}`)";
        EndsSoon { key: &'a str, title: &'a str, ends: BusinessDay, days: Count }:
            "鍵 {title} の有効期間は{ends}に終わります。あと{days}日です（`kazasu key rotate {key}`）。",
            "key {title}: its cryptoperiod ends on {ends}, in {days} days (`kazasu key rotate {key}`)";
        Passphrase: "鍵ストアのパスフレーズ：", "passphrase of the key store: ";
        NewPassphrase: "新しいパスフレーズ（16文字以上）：", "new passphrase (16 characters or more): ";
        SameAgain: "もう一度入力してください：", "the same again: ";
        PassphrasesDiffer:
            "二つの入力が一致しません。何も変更していません。", "the two are different; nothing was changed";
        StoreMade { path: &'a str }: "鍵ストア {path} を作成しました（権限は600）。", "{path} made, mode 600";
        CredentialMade { path: &'a str }:
            "資格情報 {path} を作成しました。鍵ストアを開くものです。鍵ストアとは別の場所に保管してください。",
            "{path} made: it opens the key store; keep it elsewhere than the store";
        WrappedAgain { config: &'a str, unlock: &'a str }:
            "鍵ストアの開き方を変更しました。{config} の [keys] は `unlock = \"{unlock}\"` としてください。",
            "wrapped again. [keys] of {config}: unlock = \"{unlock}\"";
        Version { key: &'a str, version: u8, state: KeyStateText, bytes: u8, kcv: &'a str, ends: BusinessDay }:
            "{key} {version}：{state}、{bytes}バイト、鍵検証値 {kcv}、有効期限 {ends}",
            "{key} {version}: {state}, {bytes} bytes, KCV {kcv}, until {ends}";
        VersionIs { key: &'a str, version: u8, state: KeyStateText }: "{key} {version}：{state}", "{key} {version}: {state}";
        PublicKey { key: &'a str }: "公開鍵 {key}", "public key {key}";
        OtherSideToo:
            "相手方にも必要な鍵です。交換した鍵は `kazasu key import` で登録します。",
            "the other side must have it too; `kazasu key import` takes one in that was exchanged";
        AllThere: "設定に必要な鍵はすべてあります。", "every key that the configuration needs is there";
        Exchanged { key: &'a str }:
            "{key} は相手方と交換する鍵です。このコマンドが作る鍵は鍵ストアの外に出ません。相手方の鍵をプログラムが登録する場合を除き、`kazasu key import` を使ってください。",
            "{key} is exchanged: a key that this command makes never leaves the store. Use `kazasu key import` unless the other side's key \
             is put in by a program";
        SealsLater: "その年度の4月1日から封緘に使います。", "it seals from 1 April of that year on";
        ThenLookup:
            "`kazasu link rotate` で各カードの照合値を計算した後、`kazasu key activate lookup VERSION` を実行してください。",
            "`kazasu link rotate` computes each card's hash under it; then `kazasu key activate lookup VERSION`";
        ThenActivate { key: &'a str }:
            "必要な相手すべてに登録した後、`kazasu key activate {key} VERSION` で使い始めます。",
            "`kazasu key activate {key} VERSION` uses it, when every side that needs it has it";
        ThenSealAgain:
            "`kazasu link rotate` で古い版の封緘をやり直した後、古い版を廃止できます。",
            "`kazasu link rotate` seals what is sealed under older versions again; then they can be retired";
        NowAccepted { key: &'a str }:
            "受入れを始めました。`kazasu key activate {key} VERSION` で使い始めます。",
            "it is accepted; `kazasu key activate {key} VERSION` uses it";
        Needed { key: &'a str, version: u8, by: &'a str }:
            "{key} {version} は使用中です。\n  {by}", "{key} {version} is needed:\n  {by}";
        SignedOnUnder { connections: Count, node: &'a str }:
            "{connections}本の回線がこの鍵で開局中です（ノード {node}）。契約会社が開局し直すと終わります。",
            "{connections} connections are signed on under it at node {node}; the acquirer signs them on anew";
        NodeNotAsked { node: &'a str, http: &'a str }:
            "ノード {node}（{http}）に、この鍵で開局中の回線があるか確認できません。",
            "node {node} ({http}) cannot be asked whether connections are signed on under it";
        SignedLastBatch { record: Count }:
            "ジャーナルの最後の記録 {record} はこの鍵で署名されています。新しい鍵で次の記録が署名されると終わります。",
            "the journal's last record {record} is signed with it; wait until the newer key has signed the next one";
        SignedLastCheckpoint { record: Count }:
            "最後の検証点（記録 {record}）はこの鍵で署名されています。新しい鍵で次の検証点が署名されると終わります。",
            "the last checkpoint, over record {record}, is signed with it; wait until the newer key has signed the next one";
        BecomesUnreadable { what: SealedData, title: &'a str, kcv: &'a str, made: &'a str }:
            "{title}（鍵検証値 {kcv}、{made} 作成）で封緘した{what}は、ジャーナルの古い記録でも、その写し、バックアップ、保管物でも、\
             永久に読めなくなります。使用中の紐付けは新しい版で封緘されています。",
            "{what} that were sealed under {title} (KCV {kcv}, from {made}) become unreadable for ever: in the journal's old records, in \
             every copy, backup and archive of it. Links that are used are sealed under a newer version.";
        YearBecomesUnreadable { what: SealedData, title: &'a str, kcv: &'a str, made: &'a str, year: u16 }:
            "{year}年度の {title}（鍵検証値 {kcv}、{made} 作成）で封緘した{what}は、ジャーナルの古い記録でも、その写し、バックアップ、保管物でも、\
             永久に読めなくなります。使用中の紐付けは新しい版で封緘されています。",
            "{what} that were sealed under {title} (KCV {kcv}, from {made}, fiscal year {year}) become unreadable for ever: in the \
             journal's old records, in every copy, backup and archive of it. Links that are used are sealed under a newer version.";
        FiscalYear { year: u16 }: "{year}年度", "FY {year}";
        SayErases: "続けるには `--erases` を指定してください。", "Say --erases to go on.";
        WasDestroyed { title: &'a str }:
            "{title} を廃棄しました。鍵ストアの古い写しには、暗号化されたまま残っています。それらも廃棄してください（様式5）。",
            "{title}: destroyed. Older copies of the store still have it, wrapped: destroy those too (form 5)";
        TypeKeyAndVersion { title: &'a str }:
            "廃棄する鍵と版（{title}）を入力してください：", "type the key and version ({title}): ";
        NotDestroyed: "中止しました。廃棄していません。", "ended; nothing was destroyed";
        NotWritten: "中止しました。登録していません。", "ended; nothing was written";
        OutOfFile { path: &'a str }:
            "{path} から鍵を除きました。写しとバックアップには残っています。それらも廃棄してください。",
            "{path}: the keys are out of the file. Copies and backups of it still have them: destroy those";
        OtherCheckValue { got: &'a str, expected: &'a str }:
            "成分から作った鍵の鍵検証値は {got} で、{expected} と異なります。登録していません。",
            "the components make a key with the check value {got}, expected {expected}; nothing was written";
        NameOfPerson { number: u8 }: "{number}人目のお名前：", "name of person {number}: ";
        TypeComponent: "鍵成分（表示しません）：", "component (hidden): ";
        CheckValue { value: &'a str }: "鍵検証値  {value}", "check value (KCV)  {value}";
        CheckValueOf { file: &'a str, value: &'a str }: "{file}：鍵検証値  {value}", "{file}: check value (KCV)  {value}";
        SameAsForm: "用紙の値と同じですか（はい／いいえ）：", "is it the one on the form? (yes/no): ";
        Yes: "はい", "yes";
        Component: "鍵成分", "component";
        WriteOnForm:
            "用紙に書き写し、鍵検証値を確かめ（`kazasu key value`）、画面を消してください。",
            "Write it on the form, compare the check value (`kazasu key value`), then clear the screen.";
    }
}

texts! {
    /// Why typed text is no component, or components make no key.
    ComponentText {
        NotHex { digits: Count }:
            "16進数ではありません（{digits}文字）。0から9とAからFで入力してください。区切りは自由です。",
            "not hexadecimal: {digits} characters, expected digits 0 to 9 and A to F in any grouping";
        OtherLength { digits: Count }:
            "長さが違います（{digits}桁）。32、48、64桁のいずれか（16、24、32バイト）で入力してください。",
            "{digits} digits, expected 32, 48 or 64 (16, 24 or 32 bytes)";
        Zeros: "すべて0です。", "it is all zeros";
        Lengths: "成分の長さが異なります。", "the components have different lengths";
        Cancel:
            "成分が打ち消し合い、鍵がすべて0になります。", "the components cancel each other out, so the key would be zero";
        Few { got: Count }: "成分は2個以上必要ですが、{got}個です。", "a key has at least two components, got {got}";
    }
}

texts! {
    /// What signing in asks for and says at a terminal.
    SignInText<'a> {
        Name: "名前", "name";
        Password: "パスワード", "password";
        Code: "ワンタイムコード", "one-time code";
        CodeOrRecovery:
            "ワンタイムコードまたは回復コード（二要素認証を使わないときは空行）",
            "one-time or recovery code (empty when you have no second factor)";
        CodeOfApp: "アプリに表示されたコード", "the code that the app shows";
        ProgramKey: "鍵（kz_live_…）", "key (kz_live_…)";
        Invitation: "招待（kz_join_…）", "invitation (kz_join_…)";
        AddToApp: "認証アプリに登録してください：", "add this to your app:";
        OpenInBrowser:
            "次のアドレスをブラウザーで開いてください。別の端末で開いたときは、戻ってきたアドレスをここに貼り付けてください：",
            "Open this address in a browser. If the browser runs on another machine, paste here the address that it comes back to:";
        BackAtTerminal:
            "ログインの応答を受け取りました。この画面を閉じて、コマンドの画面に戻ってください。",
            "The answer has arrived. Close this page and go back to the terminal.";
        PasteAddress:
            "ブラウザーが戻ってきたアドレス（code と state を含むもの）を貼り付けてください。",
            "paste the whole address that the browser came back to: it has code and state";
        NobodyCameBack:
            "10分以内に応答がありませんでした。もう一度お試しください。", "no answer came within ten minutes; begin again";
        NoCode: "応答に code と state がありません。", "the answer has no code or no state";
        ProviderRefused { error: &'a str, why: &'a str }:
            "認証基盤が拒否しました（{error}）。{why}", "the provider refused: {error} {why}";
        NoSession: "ログインしていません。", "no session";
        LineExpected { prompt: &'a str }:
            "{prompt}：標準入力に1行必要ですが、空でした。", "{prompt}: expected a line on standard input, got none";
        NoSwitch:
            "スイッチが動作していません。ログインは動作中のスイッチで行います（`kazasu serve`）。",
            "no switch is running; people sign in at a running one (kazasu serve)";
    }
}

texts! {
    /// What `kazasu init` says.
    InitText<'a> {
        Wrote { dir: &'a str }:
            "見本の町を、新しい鍵と証明書とともに {dir} に書き出しました。\n\n\
             `issuer-sim --config {dir}/issuers.toml`                      発行者を再現します\n\
             `kazasu merchant import {dir}/merchants.csv --config {dir}/kazasu.toml`\n\
             `kazasu payee import {dir}/payees.csv --config {dir}/kazasu.toml`\n\
             `kazasu link import {dir}/links.csv --config {dir}/kazasu.toml`\n\
             `kazasu apply {dir}/town.jsonl --config {dir}/kazasu.toml`    給付残高、限度額、仮ID\n\
             `kazasu serve --config {dir}/kazasu.toml`                     スイッチを起動します\n\
             `acquirer-sim run SCENARIO --config {dir}/acquirer-27000001.toml`\n\n\
             鍵は {dir}/keys.json に暗号化されています（`kazasu key list --config {dir}/kazasu.toml`）。{dir}/keys.credential で開きます。\n\
             本番ではパスフレーズかシステムの資格情報を使います。`kazasu key wrap` と、{dir}/kazasu.toml の [keys] の `unlock` で設定します。",
            "Wrote a sample town with fresh keys and certificates to {dir}.\n\n\
             issuer-sim --config {dir}/issuers.toml                      plays the issuers\n\
             kazasu merchant import {dir}/merchants.csv --config {dir}/kazasu.toml\n\
             kazasu payee import {dir}/payees.csv --config {dir}/kazasu.toml\n\
             kazasu link import {dir}/links.csv --config {dir}/kazasu.toml\n\
             kazasu apply {dir}/town.jsonl --config {dir}/kazasu.toml    purses, limits, temporary IDs\n\
             kazasu serve --config {dir}/kazasu.toml                     runs the switch\n\
             acquirer-sim run SCENARIO --config {dir}/acquirer-27000001.toml\n\n\
             Keys are wrapped in {dir}/keys.json (kazasu key list --config {dir}/kazasu.toml); {dir}/keys.credential opens it. In production a\n\
             passphrase or the system's credential store does: kazasu key wrap, and unlock in [keys] of {dir}/kazasu.toml";
        EverybodyJoined { dir: &'a str }:
            "加盟店・口座・紐付け・給付金は取込済みで、町の全員が参加しました。これからは2人で行います。ログインの情報は {dir}/people にあります。",
            "Merchants, their accounts, links and purses are recorded, and everybody of the town has joined: from now on two people do that. {dir}/people has what each \
             signs in with.";
        FirstAdministrator { name: &'a str, until: &'a str, invitation: &'a str, dir: &'a str }:
            "最初の権限管理者 {name} への招待です（1回限り、{until} まで有効）。\n  {invitation}\n\
             `kazasu person join --config {dir}/kazasu.toml`  スイッチの動作中に、この招待で参加します",
            "Invitation of the first access administrator, {name} (once, until {until}):\n  {invitation}\n\
             kazasu person join --config {dir}/kazasu.toml                    joins with it, while the switch runs";
    }
}
