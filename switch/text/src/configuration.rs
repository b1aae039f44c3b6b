//! What is wrong with the configuration: `kazasu.toml` and the files that it names. Keys stand as they are.

use crate::argument::{AnyOf, Quoted};
use crate::said::Said;
use crate::{Count, texts};
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::money::Yen;

texts! {
    /// What is wrong with a value of the configuration.
    ConfigText<'a> {
        In { place: &'a str, problem: &'a Said }: "{place}：{problem}", "{place}: {problem}";
        Of { key: &'a str, problem: &'a Said }: "{key} の値：{problem}", "{key} {problem}";
        Range { key: &'a str, least: u64, most: u64, got: u64 }:
            "{key} は{least}から{most}の範囲で指定してください（入力は{got}）", "{key} must be {least} to {most}, got {got}";
        WebhookNetwork { got: Quoted<'a> }:
            "webhooks.networks はネットワークを 10.20.0.0/16 の形で指定してください（入力は{got}）",
            "webhooks.networks must be networks like 10.20.0.0/16, got {got}";
        AboveZero { key: &'a str, got: u64 }: "{key} は1以上で指定してください（入力は{got}）", "{key} must be above 0, got {got}";
        Share { key: &'a str, most: u64, got: u64 }:
            "{key} は1以上、{most}（max_connections）以下で指定してください（入力は{got}）",
            "{key} must be above 0 and at most {most} (max_connections), got {got}";
        AtMost { key: &'a str, most: u64, got: u64 }: "{key} は{most}以下で指定してください（入力は{got}）", "{key} must be {most} at most, got {got}";
        AtLeast { key: &'a str, least: u64, got: u64 }:
            "{key} は{least}以上で指定してください（入力は{got}）", "{key} must be at least {least}, got {got}";
        Digits { key: &'a str, digits: Count, got: Quoted<'a> }:
            "{key} は{digits}桁の数字で指定してください（入力は{got}）", "{key} must be {digits} digits, got {got}";
        OneOf { key: &'a str, choices: AnyOf<'a>, got: Quoted<'a> }:
            "{key} は {choices} のいずれかを指定してください（入力は{got}）", "{key} must be {choices}, got {got}";
        NotEmpty { key: &'a str }: "{key} が空です", "{key} must not be empty";
        Twice { what: &'a str }: "{what} が2つあります", "{what} is there twice";
        NoListener: "`[[listener]]` が1つ以上必要です", "at least one [[listener]] is needed";
        NeedsAuditKey:
            "`[audit]` と鍵 batches には、署名する鍵が必要です。`kazasu key generate audit` で作成してください",
            "[audit] and the key batches need a key that signs: `kazasu key generate audit`";
        NoKeys:
            "`[keys]` がありません。例えば次のように書き、`kazasu key generate --missing` を実行してください（古い鍵ファイルがあるときは `kazasu key import-file`）：\n[keys]\n\
             store = \"keys.json\"\nunlock = \"passphrase\"",
            "[keys] is missing; add for example\n[keys]\nstore = \"keys.json\"\nunlock = \"passphrase\"\nand run `kazasu key generate \
             --missing`, or `kazasu key import-file` where an older key file has the keys";
        DeviceNeedsHsm { label: &'a str }:
            "keys.unlock = \"device:{label}\" には、鍵装置を指定する `[hsm]` が必要です",
            "keys.unlock = \"device:{label}\" needs [hsm], which names the device";
        WebhookKey:
            "Webhookの鍵がありません。`kazasu key generate webhook` で作成してください", "the webhook needs a key: `kazasu key generate webhook`";
        StandInIssuer { issuer: u16 }:
            "stand_in の発行者 {issuer} は設定にありません", "stand_in names issuer {issuer}, which is not configured";
        Dialect { name: Quoted<'a>, shipped: &'a str, why: &'a Said }:
            "方言{name}は付属のもの（`{shipped}`）ではなく、{why}", "dialect {name} is none of {shipped}; {why}";
        Store { got: Quoted<'a> }:
            "store は \"sqlite\" か、`postgres://` で始まるURLを指定してください（入力は{got}）",
            "store is \"sqlite\" or a URL postgres://…, got {got}";
        SharedStore:
            "複数のノードで使うには、store にPostgreSQLを指定してください", "several nodes share a PostgreSQL store, not a file";
        NodeName { names: &'a str }: "cluster.node には {names} 以外の名前を指定してください", "cluster.node must be another name than {names}";
        Fingerprint { got: Quoted<'a> }:
            "certificates には、証明書のSHA-256を16進64桁で指定してください（入力は{got}）",
            "certificates: a fingerprint must be 64 hexadecimal digits, got {got}";
        IssuerNumber { name: &'a str }: "発行者の番号は1からです（{name}）", "issuer numbers begin with 1 ({name})";
        AcquirerTwice { acquirer: InstitutionId }: "契約会社 {acquirer} が2つあります", "acquirer {acquirer} is there twice";
        IssuerTwice { issuer: u16 }: "発行者 {issuer} が2つあります", "issuer {issuer} is there twice";
        SecretLine { line: u64, problem: &'a Said }:
            "{line}行目：{problem}（秘密が含まれることがあるため、その行は表示しません）",
            "line {line}: {problem} (the line is not shown: it may hold a token)";
        KeyInClear { key: &'a str }:
            "{key} に鍵が平文のまま入っています。鍵は鍵ストアに置きます。`kazasu key import-file` で移すと、このファイルから取り除かれます",
            "{key} is a key in the clear; keys are in the key store now. `kazasu key import-file` takes them over and removes them here";
        TokenShort { name: &'a str }: "{name} のトークンは32文字以上が必要です", "the token of {name} must have at least 32 characters";
        TokenWeak { name: &'a str, different: Count }:
            "{name} のトークンに使われている文字は{different}種類だけで、無作為に作られたものではありません",
            "the token of {name} has {different} different characters: it is no random one";
        NamesAlike { name: Quoted<'a>, other: Quoted<'a> }:
            "{name}と{other}は、表記の違いを除くと同じ名前です。名前は一人に一つずつ付けてください",
            "{name} and {other} are one name, however it is spelt; each person and each program has a name of its own";
        TokenTwice { name: &'a str }:
            "{name} のトークンは、ほかの名前でも使われています", "{name}: the token is another caller's too; each has one of its own";
        PayerName { got: Quoted<'a> }:
            "payer の name は、銀行の明細にあるカナで指定してください（入力は{got}）",
            "payer name must be kana as the bank writes it, got {got}";
        PayerFrom { got: Quoted<'a> }:
            "payer の from は `issuer N` または `funder N` で指定してください（入力は{got}）",
            "payer from must be `issuer N` or `funder N`, got {got}";
        PayerIssuer { issuer: u16 }:
            "payer の from の発行者 {issuer} は設定にありません", "payer from names issuer {issuer}, which is not configured";
        PayerTwice { name: Quoted<'a> }: "payer {name}が2つあります", "payer {name} is there twice";
        ReturnFee { most: Yen, got: Yen }:
            "return_fees はそれぞれ ¥1 から {most} の範囲で指定してください（入力は{got}）", "return_fees must be ¥1 to {most} each, got {got}";
        ToleranceOf { got: Quoted<'a> }:
            "tolerance の of は `issuer N` または `acquirer ID` で指定してください（入力は{got}）",
            "tolerance of must be `issuer N` or `acquirer ID`, got {got}";
        Tolerance { of: &'a str, problem: &'a Said }: "tolerance（{of}）：{problem}", "tolerance of {of}: {problem}";
        ToleranceTwice { of: Quoted<'a> }: "tolerance の of が{of}のものが2つあります", "tolerance of {of} is there twice";
        PerMille { got: u64 }:
            "per_mille は100（1割）以下で指定してください（入力は{got}）", "per_mille must be 100 (a tenth) at most, got {got}";
        DecidedByNoOther { name: &'a str }:
            "{name} の起案を決裁できる人がほかにいません。approvers に別の人を入れてください",
            "what {name} proposes could be decided by no other person; approvers must name another person";
        City { got: Quoted<'a> }: "code は市区町村コード5桁で指定してください（入力は{got}）", "code must be a municipality's 5 digits, got {got}";
        CityRoles { city: &'a str, name: &'a str, roles: Count }:
            "{city}：{name} が{roles}つの役割に入っています。officers、approvers、treasurers は別の人にしてください",
            "{city}: {name} has {roles} roles; officers, approvers and treasurers are different people";
        NameOf { name: Quoted<'a>, problem: &'a Said }: "名前{name}：{problem}", "name {name}: {problem}";
        Addresses { got: Count }: "contact に1件から8件のアドレスを指定してください（入力は{got}件）", "contact: expected 1 to 8 addresses, got {got}";
        Address { key: &'a str, schemes: AnyOf<'a>, got: Quoted<'a> }:
            "{key} は {schemes} で始まるアドレスを指定してください（入力は{got}）",
            "{key}: expected an address that begins with {schemes}, got {got}";
        AddressForm { key: &'a str, most: Count, got: Quoted<'a> }:
            "{key} は空白を除く半角{most}文字以内で指定してください（入力は{got}）",
            "{key}: expected at most {most} characters of ASCII without blanks, got {got}";
        HsmModule { got: Quoted<'a> }:
            "module は、鍵装置のPKCS#11ライブラリー（`.so`）の絶対パスで指定してください（入力は{got}）",
            "module: expected the absolute path of the vendor's PKCS#11 library (.so), got {got}";
        HsmToken { most: Count, got: Quoted<'a> }:
            "token は1から{most}バイトのラベルで指定してください（入力は{got}）",
            "token: expected a token's label of 1 to {most} bytes, got {got}";
        HsmPin:
            "pin は \"credential:名前\" または \"file:パス\" で、利用者PINのある場所を指定してください。PINそのものは設定に書きません",
            "pin: expected \"credential:NAME\" or \"file:PATH\", where the user's PIN is; the PIN itself is never in the configuration";
        ProviderTwice { name: Quoted<'a> }: "`[[oidc]]` {name}が2つあります", "[[oidc]] {name}: the name is there twice";
        EmptyFile { key: &'a str, path: &'a str }: "{key}：{path} は空です", "{key}: {path} is empty";
        NoSignIn:
            "sign_in.factors：サインインできる人がいません。password、`[passkeys]` と passkeys、`[[oidc]]` と oidc のいずれかを加えてください",
            "sign_in.factors: no person could sign in; add password, passkeys with [passkeys], or oidc with [[oidc]]";
        NoSecondFactor:
            "sign_in.factors：第2要素を示せる人がいません。totp、`[passkeys]` と passkeys、amr か acr のある `[[oidc]]` のいずれかを加えるか、second_factor = \"off\" を指定してください",
            "sign_in.factors: no person could show a second factor; add totp, passkeys with [passkeys], or an [[oidc]] with amr or acr, or say \
             second_factor = \"off\"";
        IssuerInClear { number: u16, name: &'a str, addr: Quoted<'a> }:
            "`[[issuer]]` {number}（{name}）：addr {addr}は別のマシンですが、接続に tls も mac もありません。途中でカード番号を読まれ、応答を書き換えられるおそれがあります。`tls = {{ ca, certificates, key }}` を加えるか、mac とその鍵を設定してください",
            "[[issuer]] {number} ({name}): addr {addr} is another machine, and the connection has neither `tls` nor `mac`: card numbers could be \
             read and answers changed on the way. Add `tls = {{ ca, certificates, key }}`, or mac and its keys";
        IssuerStatic { number: u16, name: &'a str, addr: Quoted<'a> }:
            "`[[issuer]]` {number}（{name}）：addr {addr}は別のマシンですが、tls がなく keys = \"static\" です。記録した通信を別の接続で再送されるおそれがあります。発行者と keys = \"session\" を取り決めるか、`tls = {{ ca, certificates, key }}` を加えてください",
            "[[issuer]] {number} ({name}): addr {addr} is another machine, and keys = \"static\" without `tls`: what was recorded of one \
             connection could be played back on another. Agree on keys = \"session\" with the issuer, or add `tls = {{ ca, certificates, key }}`";
        NoSignOn { why: &'a Said }: "サインオンできる契約会社がありません：\n{why}", "no acquirer can sign on:\n{why}";
        NoTlsListener { acquirer: InstitutionId, name: &'a str }:
            "`[[acquirer]]` {acquirer}（{name}）に certificates がありますが、tls のある `[[listener]]` がないためサインオンできません。`[[listener]]` に `tls = {{ certificates, key, client_ca }}` を加えるか、契約会社の certificates を外してください",
            "[[acquirer]] {acquirer} ({name}) has certificates and no [[listener]] has tls: it cannot sign on. Give a listener \
             `tls = {{ certificates, key, client_ca }}`, or take the acquirer's certificates out";
        OnlyTlsListeners { acquirer: InstitutionId, name: &'a str }:
            "`[[acquirer]]` {acquirer}（{name}）に certificates がなく、すべての `[[listener]]` に tls があるためサインオンできません。クライアント証明書のSHA-256を certificates に加えるか、tls のない `[[listener]]` を加えてください",
            "[[acquirer]] {acquirer} ({name}) has no certificates and every [[listener]] has tls: it cannot sign on. Put the SHA-256 of its \
             client certificate into certificates, or add a listener without tls";
        HttpInClear { addr: Quoted<'a> }:
            "http {addr}は別のマシンから接続できますが、TLSがありません。トークンや利用者の情報を読まれるおそれがあります。`[http_tls]` に certificates と key を指定するか、TLSを行うプロキシだけが接続する場合は http_behind_proxy = true を指定してください",
            "http {addr} can be reached from other machines, and it has no TLS: tokens and residents' data could be read. Add [http_tls] with \
             certificates and key, or set http_behind_proxy = true when a proxy that does TLS is the only one to reach it";
        NodeKeys { addr: Quoted<'a> }:
            "cluster：別のマシンのノード（{addr}）には、ノードごとの鍵が必要です。`[cluster.nodes]` に各ノードの公開鍵を書き、このノードの鍵を作成してください（`kazasu key generate node.NAME` が公開鍵を表示します）",
            "cluster: nodes on other machines ({addr}) need keys of their own: name every node's public key in [cluster.nodes], and give this \
             one its own key (`kazasu key generate node.NAME` shows the public key)";
        HostName { got: Quoted<'a> }: "name {got}はホスト名でもアドレスでもありません", "name {got} is no host name or address";
        NoPolicy { why: &'a Said }:
            "帳簿にまだポリシーがなく、policy_file を適用できません：{why}", "the book has no policy yet, and policy_file cannot be activated: {why}";
        PayeesFileUnread { path: &'a str }:
            "`[payout]` の payees_file {path} を使えません。口座が元帳にあるとき（`kazasu payee list`）は、この設定を削除してください",
            "[payout] payees_file: {path}: when its accounts are in the ledger (`kazasu payee list`), take the setting out";
        PayeesFile { path: &'a str }: "`[payout]` の payees_file {path} を取り込めません", "[payout] payees_file: {path}";
        OldPeople:
            "鍵ファイルと設定にある人を帳簿に引き継げません", "people of the key file and the configuration";
        PolicyRefused: "元帳が拒否しました。理由はログにあります", "the ledger refused it; the log says why";
    }
}

texts! {
    /// What is wrong with `[outbox]`.
    OutboxText<'a> {
        NoReceiver:
            "outbox.webhook と outbox.mail のどちらにも、通知の送り先がありません", "outbox: neither outbox.webhook nor outbox.mail says where notices go";
        Timeout: "outbox.timeout は1秒以上で指定してください", "outbox.timeout must be longer than nothing";
        Pauses:
            "outbox.first_pause は outbox.longest_pause 以下で指定してください",
            "outbox.first_pause must not be longer than outbox.longest_pause";
        LongestPause: "outbox.longest_pause は1日以内で指定してください", "outbox.longest_pause must not be longer than a day";
        NoUrl { key: &'a str }:
            "{key} には、プロトコルとホスト名のあるURLを指定してください", "{key} must be a whole URL, with scheme and host";
        PasswordInUrl { key: &'a str }:
            "{key} にパスワードを書かないでください。パスワードは keys_file に書きます",
            "{key} must not hold a password; it belongs into the key file";
        UserEscaped { key: &'a str }:
            "{key} の利用者名のエスケープ（%40 など）が正しくありません", "{key}: the user name is wrongly escaped";
        WebhookUser:
            "outbox.webhook.url に利用者名を書かないでください。要求には署名を付けます",
            "outbox.webhook.url must not hold a user name: requests are signed instead";
        WebhookClear:
            "outbox.webhook.url は、このマシン以外では `https://` で始めてください",
            "outbox.webhook.url must be https:// unless its host is this machine";
        WebhookScheme { got: &'a str }:
            "outbox.webhook.url は `https://` で始めてください（入力は `{got}://`）", "outbox.webhook.url must be https://, not {got}://";
        MailEnd: "outbox.mail.server はホスト名とポート番号で終えてください", "outbox.mail.server must end after host and port";
        MailScheme { got: &'a str }:
            "outbox.mail.server は `smtps://` または `smtp://` で始めてください（入力は `{got}://`）",
            "outbox.mail.server must be smtps:// or smtp://, not {got}://";
        MailAddress { key: &'a str }: "{key} はメールアドレスではありません", "{key} is no mail address";
        MailTo:
            "outbox.mail.to には `{{ppid}}@notify.example.jp` のように `{{ppid}}` を1回だけ書いてください",
            "outbox.mail.to must hold {{ppid}} once, such as {{ppid}}@notify.example.jp";
        NoMailPassword:
            "outbox.mail.server に利用者名がありますが、パスワードがありません",
            "outbox.mail.server has a user name, but there is no password for it";
        NoMailUser:
            "パスワードがありますが、outbox.mail.server に利用者名（`smtps://user@host`）がありません",
            "outbox.mail.server has no user name (smtps://user@host) for the password";
    }
}
