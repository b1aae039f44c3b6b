//! What is wrong with the files of TLS, with the proxies of the HTTP address, and with parties' connections.

use crate::argument::Quoted;
use crate::said::Said;
use crate::{Count, labels, texts};
use kazasu_schemas::ids::InstitutionId;

labels! {
    /// A date of expiry belongs to this.
    ExpiryOf {
        Certificate "certificate": "証明書", "certificate";
        Authority "authority": "認証局の証明書", "authority";
        Peer "peer": "相手が示した証明書", "peer";
        RevocationList "revocation_list": "通信用証明書の失効リスト", "revocation_list";
    }
}

texts! {
    /// What is wrong with a certificate, a key or a list of TLS.
    TlsText<'a> {
        Certificates { path: &'a str }: "{path} の証明書を読めません", "cannot read certificates of {path}";
        NoCertificate { path: &'a str }: "{path} に証明書（PEM）がありません", "{path} holds no certificate (PEM)";
        PrivateKey { path: &'a str }: "{path} の秘密鍵（PEM）を読めません", "cannot read the private key {path} (PEM)";
        NoAuthority { path: &'a str }:
            "{path} に、認証局のものではない証明書があります", "{path} holds a certificate that is no authority";
        Lists { path: &'a str }: "{path} の失効リストを読めません", "cannot read revocation lists of {path}";
        NoList { path: &'a str }:
            "{path} に失効リスト（PEM、`BEGIN X509 CRL`）がありません", "{path} holds no revocation list (PEM, BEGIN X509 CRL)";
        Pem { words: &'a str }: "PEMの形式に誤りがあります（英語の原文：「{words}」）", "{words}";
        NotX509 { words: &'a str }:
            "X.509の証明書として読み取れません（英語の原文：「{words}」）", "no certificate: {words}";
        NotCrl { words: &'a str }:
            "X.509の失効リストとして読み取れません（英語の原文：「{words}」）", "no revocation list: {words}";
        ClientAuthorities:
            "クライアント証明書の認証局と失効リストを使えません", "authorities and revocation lists of client certificates";
        ServerAuthorities:
            "サーバー証明書の認証局と失効リストを使えません", "authorities and revocation lists of the server's certificate";
        DoNotFit { certificates: &'a str, key: &'a str }:
            "証明書 {certificates} と鍵 {key} が対になっていません", "the certificate {certificates} and the key {key} do not fit";
        NoTrust { section: &'a str }:
            "{section}.url：このマシンに信頼する認証局がありません。{section}.authorities で指定してください",
            "{section}.url: this machine has no trusted authorities; name some in {section}.authorities";
        OfKey { key: &'a str, problem: &'a Said }: "{key}：{problem}", "{key}: {problem}";
        Pin { got: Quoted<'a> }:
            "証明書または公開鍵のSHA-256を16進64桁で指定してください（入力は{got}）",
            "must be 32 bytes of hexadecimal (SHA-256 of the certificate or of its public key), got {got}";
        EndsSoon { place: &'a str, part: ExpiryOf, subject: &'a str, until: &'a str, days: i64 }:
            "{place}：{part}「{subject}」の期限は {until} です（あと{days}日）", "{place}: the {part} {subject} is good until {until} ({days} days)";
        CardsInClear { number: u16, name: &'a str }:
            "`[[issuer]]` {number}（{name}）は MAC だけで tls がありません。カード番号を途中で読まれるおそれがあります",
            "[[issuer]] {number} ({name}) has a MAC and no tls: its card numbers can be read on the way";
        FixedKeys { number: u16, name: &'a str }:
            "`[[issuer]]` {number}（{name}）のMACの鍵は、どの接続でも同じです（keys = \"static\"）。TLSの終端より先では、記録した通信を再送されるおそれがあります",
            "[[issuer]] {number} ({name}) has the same MAC keys on every connection (keys = \"static\"): behind the end of its TLS, what was \
             recorded could be played back";
        KeyReadable { path: &'a str }:
            "秘密鍵 {path} がないか、ほかの利用者も読めます。`chmod 600 {path}` を実行してください",
            "{path}: a private key that others may read, or that is not there; run: chmod 600 {path}";
    }
}

texts! {
    /// What is wrong with `http_trusted_proxies`.
    ProxyText<'a> {
        Of { network: Quoted<'a>, problem: &'a Said }: "http_trusted_proxies の{network}：{problem}", "http_trusted_proxies: {network}: {problem}";
        NoNetwork:
            "10.0.0.0/8 のようなネットワーク、またはアドレスを指定してください", "expected a network such as 10.0.0.0/8, or an address";
        NoBits: "「/」の後にはビット数を指定してください", "expected a number of bits behind the /";
        Bits { most: u8, got: u8 }:
            "「/」の後のビット数は1から{most}の範囲で指定してください（入力は{got}）", "expected 1 to {most} bits behind the /, got {got}";
        Mapped: "IPv4のネットワークはIPv4の形で指定してください", "write an IPv4 network as such";
        BitsBehind { length: u8 }:
            "アドレスの、/{length} より後のビットが0ではありません", "the address has bits behind its /{length}";
    }
}

texts! {
    /// What is wrong with the keys of a party or of a node, as the configuration needs them.
    PartyText<'a> {
        NoActive { key: &'a str }:
            "鍵 {key} に使用中の版がありません。`kazasu key generate {key}` または `import` を実行してください。ある鍵は `kazasu key list` が表示します",
            "no active version of {key}: run `kazasu key generate {key}`, or `import`; `kazasu key list` shows what is there";
        Activate { key: &'a str }:
            "鍵 {key} に使用中の版がありません。使用を始めてください（`kazasu key activate`）", "no active version of {key}: activate one";
        BatchesInDevice { title: &'a str, label: Quoted<'a>, key: &'a str }:
            "{title} は鍵装置の鍵{label}です。コミットごとに署名する鍵は鍵ストアに置きます。`kazasu key rotate {key}` で鍵ストアに作れます",
            "{title} is the key {label} of a device: a key of commit batches signs each of them and must be at hand; `kazasu key rotate {key}` \
             makes one in the store";
        NoDevice { title: &'a str, label: Quoted<'a> }:
            "{title} は鍵装置の鍵{label}ですが、鍵装置を指定する `[hsm]` がありません",
            "{title} is the key {label} of a device, and there is no [hsm] that names the device";
        DeviceSignsNoBatch { title: &'a str }:
            "{title} は鍵装置にあり、コミットの署名には使えません。専用の鍵を作ってください（`kazasu key generate batches`）",
            "{title} is in a device, which signs no commit batch: they need a key of their own, `kazasu key generate batches`";
        IssuerSession { number: u16 }:
            "発行者 {number} の鍵がありません。セッション鍵の開局に対応しないホストでは、`[[issuer]]` に keys = \"static\" と書きます",
            "issuer {number}; for a host that knows no sign-on with session keys, write keys = \"static\" in [[issuer]]";
        NoAcquirerKeys { acquirer: InstitutionId }: "契約会社 {acquirer} の鍵がありません", "no keys for acquirer {acquirer}";
        NoIssuerKeys { number: u16 }:
            "発行者 {number} の鍵がありません（接続にMACを使う設定です）", "no keys for issuer {number}, whose connection has a MAC";
        NodeKeyNeeded { key: &'a str }:
            "cluster.nodes にこのノードの公開鍵がありますが、このノードの鍵がありません。`kazasu key generate {key}` で作成してください",
            "cluster.nodes names this node's public key: its own key is needed, `kazasu key generate {key}`";
        NodesNeeded { key: &'a str }:
            "{key} があるため、`[cluster.nodes]` に全ノードの公開鍵を書く必要があります",
            "{key} is there: the configuration must name the public keys of all nodes in [cluster.nodes]";
        PublicKeyDigits { node: &'a str }:
            "cluster.nodes.{node} の公開鍵は16進64桁で指定してください", "cluster.nodes.{node}: a public key has 64 hexadecimal digits";
        NoPublicKey { node: &'a str }:
            "cluster.nodes.{node} に公開鍵がありません", "cluster.nodes.{node}: a node has at least one public key";
        SharedLength:
            "ノードが共有する鍵の長さは32バイト（16進64桁）です", "the key that nodes share must have 32 bytes (64 hexadecimal digits)";
        OwnLength: "ノードの鍵の長さは32バイトです", "a node's own key must have 32 bytes";
        NodesAlike { node: &'a str, other: &'a str }:
            "cluster.nodes の {node} と {other} が同じ鍵です", "cluster.nodes: {node} and {other} have one key";
        NodeUnnamed { node: &'a str }:
            "cluster.nodes にこのノード {node} がありません", "cluster.nodes does not name this node, {node}";
        OtherNodeKey { node: &'a str }:
            "cluster.nodes.{node} の公開鍵が、このノードの鍵のものと異なります（`kazasu key list` が表示します）",
            "cluster.nodes.{node} is not the public key of this node's own key (`kazasu key list` shows it)";
        NoKeyStore { path: &'a str }:
            "鍵ストア {path} がありません。`kazasu key generate --missing` が必要な鍵とともに作成します。以前の鍵ファイルは `kazasu key import-file` で移せます",
            "there is no key store {path}: `kazasu key generate --missing` makes one with the keys that are needed, `kazasu key import-file` \
             takes those of an older key file over";
        RestartAfterChange:
            "パスフレーズを変えた後は、スイッチを起動し直してください", "after a change of the passphrase the switch must be started again";
        FirstOrLast { key: &'a str }:
            "鍵 {key} の最初または最後の版が変わりました。ジャーナルに署名するかどうかは、スイッチの起動時に決まります",
            "the first or last key of {key}: whether the journal is signed is decided when the switch starts";
        UnknownPurpose { got: Quoted<'a>, known: &'a str }:
            "keys.days の{got}という用途はありません。使えるのは `{known}` です", "keys.days: {got} is no purpose of keys; they are {known}";
        PurposeDays { purpose: &'a str, got: u64 }:
            "keys.days.{purpose} は1から3650の範囲で指定してください（入力は{got}）", "keys.days.{purpose}: must be 1 to 3650, got {got}";
        ListenAcquirers { addr: &'a str }: "契約会社の受付口 {addr} を開けません", "cannot listen for acquirers on {addr}";
        ListenNodes { addr: &'a str }: "ノードの受付口 {addr} を開けません", "cannot listen for other nodes on {addr}";
        ListenHttp { addr: &'a str }: "HTTPの受付口 {addr} を開けません", "cannot listen for HTTP on {addr}";
        OpenFiles { open: Count, least: Count }:
            "同時に開けるファイルが{open}個です。{least}個以上が必要です。`ulimit -n`（ユニットでは `LimitNOFILE`）を増やしてください",
            "the process may have {open} open files, and needs at least {least}: raise `ulimit -n` (LimitNOFILE in the unit)";
        Bin { got: Quoted<'a> }: "bins の{got}は4桁から8桁の数字で指定してください", "BIN prefix {got}: must be 4 to 8 digits";
        BankCode { got: Quoted<'a> }: "banks の{got}は4桁の数字で指定してください", "bank code {got}: must be 4 digits";
        BinTaken { prefix: &'a str, first: u16, second: u16 }:
            "BIN {prefix} が発行者 {first} と {second} の両方にあります",
            "BIN prefix {prefix} is given to issuer {second} but belongs to issuer {first} already";
        BankTaken { code: &'a str, first: u16, second: u16 }:
            "銀行コード {code} が発行者 {first} と {second} の両方にあります",
            "bank code {code} is given to issuer {second} but belongs to issuer {first} already";
        Dialect { words: &'a str }:
            "方言のファイルに誤りがあります（英語の原文：「{words}」）", "the dialect is wrong: {words}";
    }
}
