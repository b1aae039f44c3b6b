//! Keys in a device, and key blocks: what commands say.

use crate::keys::KeyStateText;
use crate::{labels, texts};
use kazasu_schemas::jst::BusinessDay;

labels! {
    /// What `key token` shows.
    HsmLabel {
        Token "token": "トークン", "Token";
        Manufacturer "manufacturer": "製造元", "Manufacturer";
        Model "model": "型式", "Model";
        Serial "serial": "製造番号", "Serial number";
        Mechanisms "mechanisms": "必要な機能", "Mechanisms that are needed";
        Keys "keys": "鍵", "Keys";
    }
}

labels! {
    /// What a token's key does.
    TokenKeyUse {
        Wraps "encryption": "鍵を包む（AES-256）", "wraps keys (AES-256)";
        Signs "signing": "署名する（Ed25519）", "signs (Ed25519)";
        Derives "derivation": "鍵を導出する", "derives keys";
    }
}

texts! {
    /// Sentences of commands.
    HsmText<'a> {
        Line { label: HsmLabel, value: &'a str }: "{label}：{value}", "{label}: {value}";
        There { name: &'a str }: "{name}：あり", "{name}: there";
        NotThere { name: &'a str }: "{name}：なし", "{name}: not there";
        Usable { label: &'a str, use_: TokenKeyUse }: "{label}：{use_}。使用できます。", "{label}: {use_}; may be used";
        NotUsable { label: &'a str, use_: TokenKeyUse, why: &'a str }:
            "{label}：{use_}。使用しません：{why}", "{label}: {use_}; is not used: {why}";
        InDevice { key: &'a str, state: KeyStateText, label: &'a str, token: &'a str, ends: BusinessDay }:
            "{key}：{state}、トークン {token} の鍵 {label}、期限 {ends}",
            "{key}: {state}, key {label} of token {token}, until {ends}";
        PublicKey { key: &'a str }: "公開鍵：{key}", "public key {key}";
        AskSecond: "もう一人のお名前：", "Name of the second person: ";
        AskValue { kcv: &'a str }:
            "鍵検証値（KCV）は {kcv} です。相手方から届いた値と同じですか（yes/no）：",
            "The key's check value (KCV) is {kcv}. Is it the one that the other side said? (yes/no): ";
        Ended: "中止しました。何も書き込んでいません。", "ended; nothing was written";
        Exported { key: &'a str, kcv: &'a str, under: &'a str, file: &'a str }:
            "{key}（KCV {kcv}）を {under} で包み、{file} に書き出しました。KCVは別の経路で伝えてください。",
            "{key} (KCV {kcv}) is in {file}, under {under}. Say the KCV to the other side on another way.";
        Accepted { key: &'a str }:
            "受け入れました。`kazasu key activate {key} 版` で使用を始めます。",
            "it is accepted; `kazasu key activate {key} VERSION` uses it";
    }
}
