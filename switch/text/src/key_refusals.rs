//! Why a command about keys does nothing, as it is said at a terminal.

use crate::argument::Quoted;
use crate::keys::KeyStateText;
use crate::{Count, texts};

texts! {
    /// Why nothing was done.
    KeyRefusal<'a> {
        Exists { key: &'a str }:
            "鍵 {key} はすでにあります。新しい版は `kazasu key rotate {key}` で作ります。",
            "{key} is there; `kazasu key rotate {key}` makes a new version";
        ExistsInDevice { key: &'a str, label: &'a str }:
            "鍵 {key} はすでにあります。新しい版は `kazasu key rotate {key} --label {label}` で作ります。",
            "{key} is there; `kazasu key rotate {key} --label {label}` makes a new version";
        NoActive { key: &'a str }:
            "鍵 {key} に使用中の版がありません。最初の版は `kazasu key generate {key}` で作ります。",
            "{key} has no active version; `kazasu key generate {key}` makes the first";
        NoActiveInDevice { key: &'a str, label: &'a str }:
            "鍵 {key} に使用中の版がありません。最初の版は `kazasu key generate {key} --label {label}` で作ります。",
            "{key} has no active version; `kazasu key generate {key} --label {label}` makes the first";
        NoActiveProtection { key: &'a str }:
            "鍵 {key} に使用中の版がありません。成分で交換した鍵を `kazasu key import {key}` で登録してください。",
            "{key} has no active version: `kazasu key import {key}` takes one in that was exchanged in components";
        NoActiveSayVersion { key: &'a str }:
            "鍵 {key} に使用中の版がありません。`--version` で版を指定してください。",
            "{key} has no active version; say --version";
        NoStore { path: &'a str }:
            "鍵ストア {path} がありません。`kazasu key generate` で作成します。",
            "there is no key store {path}: `kazasu key generate` makes one";
        RetireFirst { key: &'a str, state: KeyStateText }:
            "{key} は{state}です。先に廃止してください（`kazasu key retire`）。", "{key} is {state}; retire it first (`kazasu key retire`)";
        DestroyedBefore { key: &'a str }: "{key} はすでに廃棄されています。", "{key} was destroyed before";
        SealsNothing { key: &'a str }:
            "{key} は何も封緘していません。起案せずに廃棄できます。", "{key} seals nothing: destroy it without a request";
        AnywayOfAcquirers: "`--anyway` は契約会社の鍵だけに使えます。", "--anyway is for acquirers' keys";
        FiscalYearOfSeals:
            "`--fiscal-year` は、年度の記録を封緘する vault.cards と vault.accounts だけに使えます。",
            "--fiscal-year is for vault.cards and vault.accounts, which seal what a year's records keep";
        LabelOfAudit:
            "`--label` は audit だけに使えます。`kazasu key generate audit --label LABEL` で作成します。",
            "--label is for audit: `kazasu key generate audit --label LABEL`";
        BatchesAtHand:
            "`--label`：batches はコミットごとに署名するため、鍵ストアに置きます。鍵装置に置けるのは audit だけです。",
            "--label: batches signs each commit batch and must be at hand; only audit may be in a device";
        StoreOnly { key: &'a str }:
            "`--label`：{key} は鍵ストアに置きます。鍵ストアは鍵装置の鍵で包めます。鍵装置に置けるのは audit だけです。",
            "--label: {key} is kept in the store, which a device's key may wrap; only audit may be in a device";
        LabelOutside:
            "`--label`：外から受け取った鍵は鍵ストアに置きます。", "--label: a key that comes from outside is kept in the store";
        BatchesFirst { key: &'a str }:
            "鍵装置の鍵ではバッチに署名できません。先に `kazasu key generate {key}` でバッチ用の鍵を作り、スイッチを起動し直してください。",
            "a device signs no commit batch: they need a key of their own first, `kazasu key generate {key}`, and then a start of the switch";
        SameDeviceKey { label: Quoted<'a>, version: u8 }:
            "鍵装置の鍵{label}は版 {version} です。同じ鍵を新しい版にはできません。",
            "the device's key {label} is version {version}: the same key twice is no new version";
        DeviceWrapsWrong { label: Quoted<'a> }:
            "鍵装置の鍵{label}で包んだものを元に戻せません。", "the device's key {label} does not give back what it wrapped";
        NoBlock { key: &'a str }:
            "{key} は他者と共有しない鍵です。鍵ブロックにはできません。", "{key} is shared with no other party: it is in no key block";
        NoAcquirer { key: &'a str, id: Quoted<'a> }:
            "{key}：[[acquirer]] に ID {id}がないため、MACの方式が分かりません。",
            "{key}: no [[acquirer]] has the id {id}, so its MAC function is not known";
        NoIssuer { key: &'a str, number: &'a str }:
            "{key}：番号 {number} でMACを使う [[issuer]] がありません。", "{key}: no [[issuer]] with a MAC has the number {number}";
        UnderProtection { got: &'a str }:
            "`--under` には `protection.相手` の鍵を指定してください（入力は {got}）。", "--under: expected protection.PARTY, got {got}";
        UnderItself:
            "`--under`：保護用の鍵を、その鍵自身の下で交換することはできません。", "--under: a protection key is not exchanged under itself";
        SecondName: "`--second` には、もう一人の名前を1文字から120文字で指定してください。", "--second: a person's name, 1 to 120 characters";
        SecondIsBy { second: &'a str }:
            "`--second` の {second} は `--by` と同じ人です。二人で行ってください。", "--second: {second} is --by; two people do this";
        SecondWithoutTerminal:
            "端末がないときは、立ち会う人を `--second` で指定してください。", "without a terminal give --second NAME, who watches";
        ValueWithoutTerminal:
            "端末がないときは、相手方から届いた鍵検証値を `--kcv` で指定してください。",
            "without a terminal give --kcv, the key's check value as the other side says it";
        BlockBytes: "`--bytes`：取り込む鍵の長さは鍵ブロックで決まります。", "--bytes: an imported key is as long as the block says";
        ComponentBytes: "`--bytes`：取り込む鍵の長さは成分で決まります。", "--bytes: an imported key is as long as its components";
        OtherBlockValue { got: &'a str, expected: &'a str }:
            "`--kcv`：鍵ブロックの鍵の検証値は {got} で、{expected} と異なります。登録していません。",
            "--kcv: the block's key has the check value {got}, expected {expected}; nothing was written";
        Bytes { got: Count }:
            "`--bytes` には16、24、32のいずれかを指定してください（入力は{got}）。", "--bytes: 16, 24 or 32, got {got}";
        ComponentFiles { got: Count }:
            "`--component-file` には成分を2つか3つ指定してください（入力は{got}）。", "--component-file: two or three components, got {got}";
        ComponentsTyped:
            "成分は端末で入力します。端末がないときは、成分ごとに `--component-file` を指定してください。",
            "components are typed at a terminal; without one give --component-file for each";
        NoName: "お名前を入力してください。登録していません。", "a person has a name; nothing was written";
        SamePerson { name: &'a str }:
            "{name} さんはすでに成分を入力しています。成分ごとに別の人が入力します。登録していません。",
            "{name} has typed a component; each is another person's. Nothing was written";
        By: "`--by` には、行う人を1文字から120文字で指定してください。", "--by: who does it, 1 to 120 characters";
        Why: "`--why` は500文字以内で指定してください。", "--why: at most 500 characters";
        PassphraseTerminal: "パスフレーズは端末で入力してください。", "a passphrase needs a terminal";
        ConfirmTerminal:
            "確認には端末が必要です。プログラムは `--confirm` で答えます。",
            "the question needs a terminal; a program answers with --confirm";
        FileLine { path: &'a str, line: Count, why: &'a str }:
            "{path} の{line}行目：{why}（鍵を含む可能性があるため、行は表示しません）",
            "{path} line {line}: {why} (the line is not shown: it may hold a key)";
        NoKeysInFile { path: &'a str }: "{path} に鍵がありません。", "{path} has no keys";
        FileKept { path: &'a str }:
            "{path} はこのプログラムで安全に書き換えられません。エディタで鍵を取り除いてください。",
            "{path} is written in a way that this program does not change safely: take its keys out with an editor";
        KeysLeft { path: &'a str }:
            "{path} に鍵が残っています。エディタで取り除いてください。", "{path} still has keys: take them out with an editor";
    }
}

texts! {
    /// Why a key store does not do something with a version.
    StoreRefusal<'a> {
        NoVersion { path: &'a str, key: &'a str, version: u8, there: &'a str }:
            "{path} に {key} の版 {version} がありません。ある版は {there} です。",
            "{path} has no version {version} of {key}; its versions are {there}";
        NoVersions { path: &'a str, key: &'a str, version: u8 }:
            "{path} に {key} の版 {version} がありません。{key} の版は一つもありません。",
            "{path} has no version {version} of {key}, and none of its versions";
        Locked { path: &'a str }:
            "{path} は別のコマンドが変更中です。", "{path} is being changed by another command";
        AllVersions { key: &'a str }:
            "{key} の版は255まで使い切りました。版は1バイトです。新しい帳簿を始めてください。",
            "{key} has had 255 versions, and a version is one byte; begin a new book";
        Length { key: &'a str, got: Count, lengths: &'a str }:
            "{key} が{got}バイトあります。{lengths} バイトのいずれかが必要です。", "{key} has {got} bytes, expected {lengths}";
        LengthFor { purpose: &'a str, got: Count, lengths: &'a str }:
            "{purpose} の鍵の長さは {lengths} バイトのいずれかです（入力は{got}）。", "a key for {purpose} has one of {lengths} bytes, got {got}";
        SameKey { version: u8 }:
            "版 {version} と同じ検証値です。同じ鍵を新しい版にはできません。",
            "it has the check value of version {version}: the same key twice is no new version";
        Active { key: &'a str, version: u8 }: "{key} {version} はすでに使用中です。", "{key} {version} is active";
        ActiveFirst { key: &'a str, version: u8 }:
            "{key} {version} は使用中です。先に別の版の使用を始めてください（`kazasu key activate`）。",
            "{key} {version} is active; activate another version first";
        Retired { key: &'a str, version: u8 }: "{key} {version} はすでに廃止されています。", "{key} {version} is retired";
        InUse { key: &'a str, version: u8 }:
            "{key} {version} は廃止されていません。先に廃止してください。", "{key} {version} is in use; retire it first";
        Destroyed { key: &'a str, version: u8 }: "{key} {version} は廃棄されました。", "{key} {version} was destroyed";
    }
}

texts! {
    /// Uses of a key version that are still left.
    KeyNeedText<'a> {
        Links { links: Count }:
            "紐付けの{links}版がこの鍵で封緘されています。`kazasu link rotate` で封緘し直します。",
            "{links} link versions are sealed under it: `kazasu link rotate` seals them again";
        Proposals { instruments: Count }:
            "起案中の決済手段{instruments}件がこの鍵で封緘されています。決裁してください（`kazasu link broken`）。",
            "{instruments} proposed instruments are sealed under it: decide them (`kazasu link broken`)";
        ReliefBatches { batches: &'a str }:
            "支給バッチ {batches} の口座がこの鍵で封緘されています。実績報告まで進めるか、取りやめてください。",
            "relief batches {batches} have accounts under it: report or cancel them";
        PayeeAccounts { accounts: Count }:
            "支払先の口座{accounts}件がこの鍵で封緘されています。`kazasu link rotate` で封緘し直し、承認済みの振込はファイルを作成してください。",
            "{accounts} payees' accounts are under it: `kazasu link rotate` seals them again, and files of approved payouts are made";
        LinksWithoutHash { links: Count }:
            "紐付けの{links}版に最新の版の照合値がありません。`kazasu link rotate` で計算します。",
            "{links} link versions have no hash under the newest version: `kazasu link rotate` computes them";
        ReliefProgrammes { programmes: &'a str }:
            "給付事業 {programmes} が実施中です。世帯は最も古い版の照合値で比べます。世帯の情報は照合値しか保存していません。",
            "relief programmes {programmes} are under way: households are compared by hashes under the oldest version, and nothing but the \
             hash of a household is kept";
    }
}
