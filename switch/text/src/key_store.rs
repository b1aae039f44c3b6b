//! What is wrong with a key store, with the secret that opens it, with its log, and with a device of keys.

use crate::argument::Quoted;
use crate::{Count, labels, texts};

texts! {
    /// What is wrong with a key store.
    KeyStoreText<'a> {
        NoStore { path: &'a str }: "{path} は鍵ストアではありません", "{path} is no key store";
        Format { path: &'a str, got: Quoted<'a>, expected: Quoted<'a> }:
            "{path} の形式が{got}です。扱えるのは{expected}です", "{path}: format is {got}, expected {expected}";
        SealDigits: "鍵ストアの seal が16進数ではありません", "seal must be hexadecimal";
        Seal: "鍵ストアの封印を確認できません", "the store's seal";
        SealOther: "鍵ストアの封印の中身が異なります", "the store's seal is another thing";
        Twice { title: &'a str }: "鍵ストアに {title} が2つあります", "{title} is there twice";
        TwoActive { key: &'a str }: "{key} に使用中の版が2つあります", "{key} has two active versions";
        NoSecret { title: &'a str }:
            "{title}：秘密のない版は廃棄済みの鍵だけです", "{title}: only destroyed keys have no secret";
        InDevice { title: &'a str, label: Quoted<'a> }:
            "{title} は鍵装置の鍵{label}です。鍵装置の外には出せません", "{title} is the device's key {label}; it does not leave it";
        Destroyed { title: &'a str }: "{title} は廃棄済みです", "{title} was destroyed";
        OtherValue { title: &'a str }:
            "{title} の鍵検証値が、記録されている値と異なります", "{title}: the check value is another";
        Of { title: &'a str }: "{title} を使えません", "{title} cannot be used";
        CannotLock { path: &'a str }: "{path} をロックできません", "cannot lock {path}";
        SeedLength { got: Count }:
            "署名する鍵の種は32バイトです（入力は{got}バイト）", "the seed of a key that signs has 32 bytes, got {got}";
        NoSeed: "署名する鍵の種がEd25519の鍵になりません", "the seed is no Ed25519 key";
        NoSigner { version: u8 }:
            "署名に使う版 {version} がありません", "there is no version {version}, which is to sign";
        KeyLength { got: Count }:
            "鍵の長さは16、24、32バイトのいずれかです（入力は{got}）", "a key has 16, 24 or 32 bytes, got {got}";
        KeyDigits: "鍵は16進数で指定してください", "a key must be hexadecimal";
        Name { got: Quoted<'a> }:
            "{got}という鍵はありません。acquirer.ID、issuer.N、issuer.N.to、issuer.N.from、vault.cards、vault.accounts、lookup、audit、batches、cluster、node.NAME、webhook、protection.PARTY のいずれかを指定してください",
            "{got} names no key; expected acquirer.ID, issuer.N, issuer.N.to, issuer.N.from, vault.cards, vault.accounts, lookup, audit, \
             batches, cluster, node.NAME, webhook or protection.PARTY";
    }
}

texts! {
    /// Where the key of a store comes from.
    OriginText<'a> {
        Passphrase: "パスフレーズ", "a passphrase";
        Credential: "クレデンシャル", "a credential";
        Device { label: Quoted<'a> }: "鍵装置の鍵{label}", "the key {label} of a device";
    }
}

texts! {
    /// Why a key store does not open, or a key is not wrapped.
    UnlockText<'a> {
        Closed:
            "開けません。パスフレーズ、クレデンシャル、または鍵装置の鍵が異なるか、内容が変更されています",
            "it does not open: the passphrase, credential or device's key is another one, or the bytes were changed";
        PassphraseShort { least: Count }:
            "パスフレーズは{least}文字以上が必要です", "a passphrase has at least {least} characters";
        Parameters: "鍵ストアのArgon2idのパラメーターが範囲外です", "the store's parameters of Argon2id are unsound";
        Argon { words: &'a str }: "Argon2idを計算できません（英語の原文：「{words}」）", "Argon2id: {words}";
        CredentialDigits: "クレデンシャルは16進64桁が必要です", "the credential must have 64 hexadecimal digits";
        UnderDevice { label: &'a str }:
            "鍵ストアは鍵装置の鍵「{label}」で包まれています。unlock に \"device:{label}\" を指定してください",
            "the store is wrapped under the key \"{label}\" of a device, not under a secret: unlock must be \"device:{label}\"";
        OtherOrigin { label: &'a str, origin: OriginText<'a> }:
            "unlock は \"device:{label}\" ですが、鍵ストアは{origin}で包まれています。`kazasu key wrap --to` で変更できます",
            "unlock is \"device:{label}\", and the store is wrapped under {origin}: `kazasu key wrap --to` changes that";
        NoDevice { label: &'a str }:
            "unlock = \"device:{label}\" には、鍵装置を指定する `[hsm]` が必要です",
            "unlock = \"device:{label}\" needs [hsm], which names the device";
        StaysInDevice { label: Quoted<'a> }: "鍵{label}は鍵装置の外に出せません", "the key {label} does not leave its device";
        NoTerminal:
            "パスフレーズの入力には端末が必要です。端末がないときは unlock = \"credential:…\" または \"fd:…\" を使ってください",
            "a passphrase needs a terminal; without one use unlock = \"credential:…\" or \"fd:…\"";
        NoCredentials:
            "環境変数 `CREDENTIALS_DIRECTORY` がありません。サービスに `LoadCredential=` または `LoadCredentialEncrypted=` が必要です（systemd）",
            "the environment has no CREDENTIALS_DIRECTORY: the service needs LoadCredential= or LoadCredentialEncrypted= (systemd)";
        NotWrapped: "秘密を包めませんでした", "a secret could not be wrapped";
        NoRandom: "システムから乱数を得られません", "the operating system gives no random bytes";
        ComponentLength: "成分の長さは16、24、32バイトのいずれかです", "a component has 16, 24 or 32 bytes";
        VaultUnknown { version: u8 }: "鍵ストアに封緘の鍵の版 {version} がありません", "the key store has no vault key of version {version}";
        VaultErased { version: u8 }:
            "消去されています。封緘した鍵の版 {version} は廃棄されました",
            "erased: it was sealed under version {version} of the vault's keys, which was destroyed";
        VaultSealed: "封緘されたカード番号を開けません", "a sealed card number does not open";
        VaultLength: "封緘の鍵の長さは32バイトです", "vault keys must be 32 bytes";
    }
}

texts! {
    /// What is wrong with a key log.
    KeyLogText<'a> {
        Line { path: &'a str, line: Count, words: &'a str }:
            "{path} の{line}行目を読み取れません（英語の原文：「{words}」）", "{path} line {line}: {words}";
        Chain { path: &'a str, line: Count }:
            "{path} の{line}行目が前の行に続いていません。行が変更、追加、または削除されています",
            "{path} line {line}: the line before it is not the one that it follows: a line was changed, added or taken out";
        Log: "鍵の記録を読めません", "the key log";
    }
}

texts! {
    /// What is wrong with a key block.
    KeyBlockText<'a> {
        Field { words: &'a str }:
            "鍵ブロックの形式が異なります（英語の原文：「{words}」）", "{words}";
        OtherKey { block: &'a str, ours: &'a str }:
            "鍵ブロックは検証値 {block} の保護用の鍵で作られています。指定した鍵の検証値は {ours} です",
            "key block: it was made under a protection key with check value {block}; this one has {ours}";
        NotAuthentic:
            "鍵ブロックが真正ではありません。変更されたか、別の保護用の鍵で作られています",
            "key block: it is not authentic: it was altered, or made under another protection key";
        KeyLength { bits: u16 }:
            "鍵ブロックの鍵が{bits}ビットです。128、192、256ビットの共通鍵が必要です",
            "key block: it contains a key of {bits} bits; a symmetric key of 128, 192 or 256 bits is expected";
        KeyData:
            "鍵ブロックの鍵の部分が壊れています。送り手のプログラムがANSI X9.143に従っていません",
            "key block: the key data are malformed: the sender's program does not follow ANSI X9.143";
        CheckValue:
            "鍵ブロックの鍵の検証値が、鍵ブロックの `KC` の値と異なります", "key block: the key's check value is not the one that the block's KC says";
    }
}

labels! {
    /// What a token was to do.
    TokenWork {
        Found "be found": "検索", "be found";
        Opened "be opened": "接続", "be opened";
        Asked "be asked": "問合せ", "be asked";
        Derive "derive a key": "鍵の導出", "derive a key";
        Random "draw random numbers": "乱数の生成", "draw random numbers";
        FindKey "find a key": "鍵の検索", "find a key";
        FindPublic "find a public key": "公開鍵の検索", "find a public key";
        MakeAes "make an AES key": "AESの鍵の生成", "make an AES key";
        MakeEd25519 "make an Ed25519 key": "Ed25519の鍵の生成", "make an Ed25519 key";
        ReadKey "read a key": "鍵の読取り", "read a key";
        ReadLabel "read a label": "ラベルの読取り", "read a label";
        ReadPublic "read a public key": "公開鍵の読取り", "read a public key";
        Sign "sign": "署名", "sign";
        Wrap "wrap a key": "鍵を包む処理", "wrap a key";
        Unwrap "unwrap a key": "包まれた鍵を開く処理", "unwrap a key";
        Work "work": "処理", "work";
    }
}

labels! {
    /// What a key of a token does.
    TokenKeyKind {
        Encryption "key-encryption key (AES-256)": "鍵を包む鍵（AES-256）", "key-encryption key (AES-256)";
        Signing "signing key (Ed25519)": "署名する鍵（Ed25519）", "signing key (Ed25519)";
        Derivation "key that derives others (CKA_SIGN)": "鍵を導出する鍵（`CKA_SIGN`）", "key that derives others (CKA_SIGN)";
        Public "public key (Ed25519)": "公開鍵（Ed25519）", "public key (Ed25519)";
        Key "key": "種類の異なる鍵", "key";
    }
}

labels! {
    /// What a mechanism of a token is needed for.
    MechanismUse {
        Wrapping "wrapping keys": "鍵を包むために", "wrapping keys";
        Signing "signing": "署名のために", "signing";
        MakeWrapping "making a wrapping key": "鍵を包む鍵を作るために", "making a wrapping key";
        MakeSigning "making a signing key": "署名する鍵を作るために", "making a signing key";
        Use "use": "この設定で", "use";
    }
}

labels! {
    /// Why a key of a token is not used.
    UnfitKey {
        Extractable "CKA_EXTRACTABLE": "トークンの外に取り出せる鍵です（`CKA_EXTRACTABLE` が真）。トークンの中で作り直してください", "the token would give it away (CKA_EXTRACTABLE is true); make one inside the token";
        Sensitive "CKA_SENSITIVE": "トークンが中身を見せる鍵です（`CKA_SENSITIVE` が偽）。トークンの中で作り直してください", "the token would show it (CKA_SENSITIVE is false); make one inside the token";
        CameFromOutside "CKA_NEVER_EXTRACTABLE": "以前に取り出せたか、外から来た鍵です（`CKA_NEVER_EXTRACTABLE` が偽）。トークンの中で作り直してください", "it could be taken out before, or came from outside (CKA_NEVER_EXTRACTABLE is false); make one inside the token";
        Short "length": "256ビットの鍵ではありません。トークンの中で作り直してください", "it has not 256 bits; make one inside the token";
        PublicUnreadable "public": "公開鍵を読み取れません", "its public key cannot be read";
        PublicLength "public_length": "公開鍵が32バイトではありません。Ed25519の鍵ではありません", "its public key has not 32 bytes: it is not of Ed25519";
        OtherPublic "other_public": "署名を、同じラベルの公開鍵で確認できません", "its signature is not good under the public key of the same label";
    }
}

texts! {
    /// What is wrong with a device, its token or a key in it.
    DeviceText<'a> {
        Module { path: &'a str, words: &'a str }:
            "PKCS#11ライブラリー {path} を使えません（英語の原文：「{words}」）。鍵装置のソフトウェアと hsm.module を確認してください",
            "PKCS#11 module {path}: {words}. Is the device's software installed, and hsm.module its library?";
        NoToken { token: Quoted<'a>, found: &'a str }:
            "ラベルが{token}のトークンがありません（見つかったラベル：`{found}`）。鍵装置の接続と hsm.token を確認してください",
            "no token has the label {token}; the module shows {found}. Is the device connected, and hsm.token its label?";
        NoPin { token: Quoted<'a>, why: &'a str }:
            "トークン{token}のPINを読めません（{why}）", "the PIN of token {token} cannot be read: {why}";
        Pin { token: Quoted<'a>, words: &'a str }:
            "トークン{token}が、hsm.pin のPINを拒否しました（`{words}`）。トークンがロックされないように、PINが変わるまで再試行しません",
            "token {token} refuses the PIN that hsm.pin names ({words}). It is not tried again before the PIN there changes, so that the token \
             does not lock itself";
        NoKey { token: Quoted<'a>, kind: TokenKeyKind, label: Quoted<'a> }:
            "トークン{token}に、ラベルが{label}の{kind}がありません。トークンの中に作るか、ラベルを直してください",
            "token {token} has no {kind} with the label {label}: make one there, or correct the label";
        Ambiguous { token: Quoted<'a>, kind: TokenKeyKind, label: Quoted<'a>, count: Count }:
            "トークン{token}に、ラベルが{label}の鍵（{kind}）が{count}個あります。ラベルは一つの鍵だけに付けてください",
            "token {token} has {count} keys ({kind}) with the label {label}; a label must name one";
        Unfit { token: Quoted<'a>, label: Quoted<'a>, why: UnfitKey }:
            "トークン{token}の鍵{label}は使いません。{why}", "key {label} of token {token} is not used: {why}";
        Mechanism { token: Quoted<'a>, mechanism: &'a str, what: MechanismUse }:
            "トークン{token}が、{what}必要な `{mechanism}` に対応していません", "token {token} does not support {mechanism}, which {what} needs";
        Wrapped:
            "包まれた鍵を開けません。変更されたか、別の鍵、または別の用途で包まれています",
            "the wrapped key does not open: it was altered, or wrapped by another key or for another purpose";
        Failed { token: Quoted<'a>, work: TokenWork, words: &'a str }:
            "トークン{token}の{work}に失敗しました（英語の原文：「{words}」）", "token {token} cannot {work}: {words}";
        Silent { token: Quoted<'a>, work: TokenWork, after: &'a str }:
            "トークン{token}の{work}が {after} 以内に終わりません。鍵装置、またはそこまでの経路が停止しています",
            "token {token} did not {work} within {after}; the device or the way to it hangs";
        SeveralKeys { count: Count }:
            "同じラベルの鍵が{count}個あります。ラベルは一つの鍵だけに付けてください", "{count} keys have this label; a label must name one";
        NoSection:
            "鍵装置を指定する `[hsm]` が設定にありません", "the configuration has no [hsm], which names the device";
    }
}
