//! Why a person is not signed in by a passkey or through a provider, and which means a place has switched off.

use crate::{labels, texts};

labels! {
    /// Means of signing in.
    MeansLabel {
        Password "password": "パスワード", "passwords";
        OneTimeCodes "totp": "ワンタイムコード", "one-time codes";
        Passkeys "passkeys": "パスキー", "passkeys";
        Providers "oidc": "組織の認証基盤（OIDC）", "providers of organisations (OIDC)";
    }
}

texts! {
    /// Why a person is not signed in.
    SignInRefusalText<'a> {
        Off { means: MeansLabel }:
            "この環境では次のログイン方法を使えません：{means}（設定 `sign_in.factors`）。",
            "this place does not use {means} (sign_in.factors of the configuration)";
        NoMeans:
            "パスワード、パスキー、組織の認証基盤のいずれかが必要です。ワンタイムコードはパスワードと併用します。",
            "a person who joins needs a password, a passkey or a provider's sign-in; one-time codes go with a password";
        FlowOver:
            "この手続きは不明か、完了済みか、時間切れ（10分）です。最初からやり直してください。",
            "attempt: it is not known, was finished already, or took more than ten minutes; begin again";
        FlowOther:
            "この手続きは別の目的で始められたものです。最初からやり直してください。",
            "attempt: it was begun for something else; begin again";
        OneOf:
            "`code`、`oidc`、`passkey` のうち一つだけを指定してください。", "expected one of code, oidc and passkey";
        PasskeyUnknown: "このパスキーは登録されていません。", "the passkey is not known here";
        PasskeyNotVerified:
            "認証器が本人確認（PIN、指紋、顔）をしていません。", "the authenticator did not verify its holder by a PIN, a finger or a face";
        PasskeyChallenge: "パスキーの応答が、この手続きのものではありません。", "the passkey answers the challenge of another attempt";
        PasskeyOrigin:
            "パスキーが、設定 `passkeys.origins` にないページで使われました。",
            "the passkey was used on a page that is not in passkeys.origins of the configuration";
        PasskeyCounter:
            "パスキーのカウンターが戻っています。複製のおそれがあります。再招待を依頼してください。",
            "the passkey's counter went back, so there may be a copy of it; ask for another invitation";
        PasskeyTooMany: "パスキーの登録数が上限です。", "a person has twenty passkeys at most; remove one first";
        PasskeyLast:
            "ログインの唯一の手段のため、削除できません。先に別のパスキーを登録してください。",
            "this passkey is the person's only means of signing in; add another one first";
        PasskeyOther { why: &'a str }: "パスキーを確認できません（英語の原文：「{why}」）。", "the passkey does not verify: {why}";
        NoSuchPasskey: "そのパスキーはありません。", "the person has no such passkey";
    }
}

texts! {
    /// Why it is not known who asks.
    UnknownCallerText {
        Form:
            "鍵またはセッションが途中で切れています。鍵は `kz_live_`、セッションは `kz_sess_` で始まり、末尾に検査用の文字があります。",
            "the key or session is not whole: a key begins with kz_live_, a session with kz_sess_, and both end with a checksum";
        Key:
            "この鍵は登録されていないか、失効したか、期限が過ぎています。権限管理者が新しい鍵を作ります（`kazasu key-program create`）。",
            "the key is not known, was revoked, or is over; an access administrator makes another (kazasu key-program create)";
        Network: "この鍵は、このネットワークからは使えません。", "the key is not for this network";
        Session:
            "セッションは終了しています（未使用、期限、失効、または権限の変更）。もう一度ログインしてください（`kazasu login`）。",
            "the session has ended: it was idle, is over, was revoked, or the person's rights have changed; sign in again (kazasu login)";
    }
}

texts! {
    /// Why a sign-in through a provider is refused.
    ProviderText<'a> {
        NoProvider: "この環境には組織の認証基盤が設定されていません。", "no provider is configured ([[oidc]])";
        Unknown { known: &'a str }:
            "認証基盤の名前を指定してください（{known}）。", "provider: expected one of {known}";
        Unreachable { why: &'a str }:
            "認証基盤に問い合わせできません（英語の原文：「{why}」）。", "the provider cannot be asked: {why}";
        Redirect:
            "`redirect` には http://127.0.0.1:PORT/… か、設定 `oidc.redirects` のアドレスを指定してください。",
            "redirect: expected http://127.0.0.1:PORT/… or an address of oidc.redirects";
        State:
            "state がこの手続きのものではありません。別のログインの応答です。", "state: the answer is of another attempt";
        OtherProvider: "別の認証基盤の応答です。", "iss: the answer is of another provider";
        Code { why: &'a str }:
            "認証基盤がコードを受け付けません（英語の原文：「{why}」）。", "the provider did not accept the code: {why}";
        NoIdToken: "認証基盤がIDトークンを返しません。", "the provider gave no ID token";
        Signature { why: &'a str }:
            "IDトークンの署名を確認できません（英語の原文：「{why}」）。", "the ID token's signature is refused: {why}";
        Issuer { why: &'a str }: "IDトークンの発行者が異なります（英語の原文：「{why}」）。", "the ID token is of another issuer: {why}";
        Audience { why: &'a str }:
            "IDトークンは別の利用先のものです（英語の原文：「{why}」）。", "the ID token is for another client: {why}";
        Nonce:
            "IDトークンの nonce がこの手続きのものではありません。", "the ID token's nonce is of another attempt";
        Time { why: &'a str }:
            "IDトークンの時刻が有効ではありません（英語の原文：「{why}」）。", "the ID token is not of this moment: {why}";
        AuthTime { why: &'a str }:
            "認証基盤で改めて本人確認をしていません（英語の原文：「{why}」）。", "the person did not sign in again at the provider: {why}";
        PersonClaim { claim: &'a str }:
            "IDトークンに、人を示す {claim} がありません。", "the ID token has no claim {claim}, which names the person";
        Token { why: &'a str }: "IDトークンを使えません（英語の原文：「{why}」）。", "the ID token cannot be used: {why}";
        NotLinked:
            "このアカウントは誰にも結び付いていません。招待を受けて参加してください（`kazasu person join --oidc`）。",
            "this account of the provider is linked to no person; join with an invitation (kazasu person join --oidc)";
        OtherPerson:
            "このアカウントは、ログイン中の人のものではありません。", "this account of the provider is not the one of the person who is signed in";
        Taken:
            "このアカウントは別の人に結び付いています。", "this account of the provider is linked to another person";
        OtherOrganisation { provider: &'a str }:
            "認証基盤 {provider} は、この人の組織のものではありません。", "provider {provider} is not of the person's organisation";
        OneFactor:
            "認証基盤が二要素での本人確認を示していません。",
            "the provider does not say that it asked for two factors (oidc.amr and oidc.acr of the configuration)";
    }
}

texts! {
    /// What is wrong with the settings of a provider or of passkeys.
    SignInSettingsText<'a> {
        Issuer { got: &'a str }:
            "issuer は https://（このマシンだけなら http://）で始まる、「?」のないアドレスで指定してください（入力は `{got}`）",
            "issuer: expected an address that begins with https:// (http:// only on loopback), without a query, got \"{got}\"";
        PersonClaim { got: &'a str }:
            "person_claim の `{got}` は別の人に移ることがあります。`sub`、`oid`、または人が変わることのない項目を指定してください",
            "person_claim: \"{got}\" may pass from one person to another; expected sub, oid or another claim that never does";
        Redirect { got: &'a str }:
            "redirects には https:// で始まるアドレスを指定してください（入力は `{got}`）",
            "redirects: expected an address that begins with https://, got \"{got}\"";
        Domain { got: &'a str }:
            "passkeys.domain には、ページのドメイン（例：kazasu.example.jp）を指定してください（入力は `{got}`）",
            "passkeys.domain: expected the domain of the pages, for example kazasu.example.jp, got \"{got}\"";
        Origin { domain: &'a str, got: &'a str }:
            "passkeys.origins には、パスのない https://{domain}、またはその下のページを指定してください（入力は `{got}`）",
            "passkeys.origins: expected https://{domain}, or a page below it, without a path, got \"{got}\"";
        NoOrigin { domain: &'a str }:
            "passkeys.origins に、ページを1つ以上指定してください（例：https://{domain}）",
            "passkeys.origins: expected at least one, for example https://{domain}";
    }
}
