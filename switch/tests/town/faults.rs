//! Faults in Japanese: keys, certificates, devices, proxies, providers, databases and requests that are wrong, and what a Japanese reader
//! is told. Every sentence is read with the eyes of the catalogue's own test: no English word that is not quoted.

use crate::harness::{Served, Town, sent};
use crate::language::{english, refusal, says};
use crate::rules::token;
use crate::tls::{authority, identity, revocations};
use kazasu_demo::sample::Town as Sample;
use rcgen::ExtendedKeyUsagePurpose::ServerAuth;
use serde_json::Value;
use std::path::Path;

/// What a Japanese reader is told has these words, and no English one.
fn is_japanese(what: &str, said: &str, told: &str) {
    assert!(said.contains(told), "{what}: {said}");
    assert_eq!(english(said), [""; 0], "{what}: {said}");
}

/// A sample town's folder in which nothing runs.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Files {
        let files = Files(tempfile::tempdir().unwrap());
        says(&["init", &files.path("town"), "--residents", "10"], &[]);
        files
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(&format!("town/{name}")), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(&format!("town/{name}"))).unwrap()
    }

    /// What `config check` says when this stands instead of a line of the sample.
    fn with(&self, line: &str, instead: &str) -> String {
        let sample = self.read("kazasu.toml");
        assert!(sample.contains(line), "{line} is not in the sample");
        self.write("wrong.toml", &sample.replacen(line, instead, 1));
        refusal(&["config", "check", "--config", &self.path("town/wrong.toml")])
    }

    /// The same with these lines added.
    fn with_section(&self, lines: &str) -> String {
        self.with("\n[[listener]]", &format!("\n{lines}\n\n[[listener]]"))
    }
}

/// Sections of a configuration, and what a Japanese reader is told among other things.
const SECTIONS: [(&str, &str); 15] = [
    ("[audit]\ncheckpoint_seconds = 0", "checkpoint_seconds は1から3600の範囲"),
    ("[audit]\nanchor_file = \"data/checkpoints.jsonl\"", "別のマシンのディスクにあるファイル"),
    ("[audit.timestamp]\nurl = \"ftp://tsa.example\"", "timestamp.url は、ホスト名のある"),
    (
        "[hsm]\nmodule = \"/nonexistent/module.so\"\ntoken = \"t\"\npin = \"file:keys.credential\"",
        "PKCS#11ライブラリー /nonexistent/module.so を使えません",
    ),
    (
        "[[oidc]]\nname = \"a\"\norganisation = \"org_1\"\nissuer = \"http://a.example\"\nclient_id = \"k\"",
        "issuer は https://",
    ),
    (
        "[[oidc]]\nname = \"a\"\norganisation = \"org_1\"\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"k\"\nperson_claim = \"email\"",
        "別の人に移ることがあります",
    ),
    (
        "[[oidc]]\nname = \"a\"\norganisation = \"org_1\"\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"k\"\nredirects = [\"http://a\"]",
        "redirects には https:// で始まるアドレス",
    ),
    (
        "[[oidc]]\nname = \"a\"\norganisation = \"org_1\"\nissuer = \"https://a.example\"\nclient_id = \"k\"\nauthorities = \"none.pem\"",
        "oidc.authorities",
    ),
    ("[passkeys]\ndomain = \"a b\"\norigins = []", "passkeys.domain には"),
    ("[passkeys]\ndomain = \"a.example\"\norigins = []", "ページを1つ以上"),
    ("[passkeys]\ndomain = \"a.example\"\norigins = [\"https://b.example\"]", "passkeys.origins には"),
    ("[cluster]\nnode = \"a\"\nlisten = \"127.0.0.1:1\"", "鍵 cluster に使用中の版がありません"),
    ("[keys.days]\nnothing = 3", "という用途はありません"),
    ("[keys.days]\naudit = 0", "1から3650の範囲"),
    ("[http_tls]\ncertificates = \"none.pem\"\nkey = \"none.key\"", "none.pem の証明書を読めません"),
];

/// A line of the sample's configuration, what replaces it, and what a Japanese reader is told.
const LINES: [(&str, &str, &str); 12] = [
    (
        "keys_file = \"keys.toml\"",
        "keys_file = \"keys.toml\"\nhttp_trusted_proxies = [\"proxy\"]",
        "10.0.0.0/8 のようなネットワーク",
    ),
    (
        "keys_file = \"keys.toml\"",
        "keys_file = \"keys.toml\"\nhttp_trusted_proxies = [\"10.0.0.0/40\"]",
        "1から32の範囲",
    ),
    (
        "keys_file = \"keys.toml\"",
        "keys_file = \"keys.toml\"\nhttp_trusted_proxies = [\"10.0.0.1/8\"]",
        "より後のビットが0ではありません",
    ),
    (
        "keys_file = \"keys.toml\"",
        "keys_file = \"keys.toml\"\nstore = \"postgres://host\"",
        "データベースの名前がありません",
    ),
    ("keys_file = \"keys.toml\"", "keys_file = \"keys.toml\"\nstore = \"postgres:///book\"", "ホスト名がありません"),
    ("unlock = \"file:keys.credential\"", "unlock = \"credential:kazasu\"", "`CREDENTIALS_DIRECTORY` がありません"),
    ("unlock = \"file:keys.credential\"", "unlock = \"file:none\"", "を読めません"),
    ("unlock = \"file:keys.credential\"", "unlock = \"device:kek\"", "`[hsm]` が必要です"),
    ("store = \"keys.json\"", "store = \"none.json\"", "鍵ストア"),
    ("store = \"keys.json\"", "store = \"keys.toml\"", "は鍵ストアではありません"),
    ("bins = [\"", "bins = [\"x", "4桁から8桁の数字"),
    ("\ndialect = \"", "\ndialect = \"policy.toml\" # \"", "方言のファイルに誤りがあります"),
];

#[test]
fn a_wrong_section_of_the_configuration_is_told_in_japanese() {
    let files = Files::new();
    for (lines, told) in SECTIONS {
        is_japanese(lines, &files.with_section(lines), told);
    }
    for (line, instead, told) in LINES {
        is_japanese(instead, &files.with(line, instead), told);
    }
}

/// TLS of the sample's listeners.
const LISTENER: &str = "tls = { certificates = \"tls/switch.pem\", key = \"tls/switch.key\", client_ca = \"tls/authority.pem\", crls = [\"tls/revoked.pem\"] }";

#[test]
fn a_wrong_certificate_or_list_is_told_in_japanese() {
    let files = Files::new();
    let (one, other) = (authority(), authority());
    let [of_one, of_other] = [&one, &other].map(|by| identity(by, "switch", ServerAuth, 1));
    of_one.write_into(Path::new(&files.path("town")), "one");
    of_other.write_into(Path::new(&files.path("town")), "other");
    for (name, text) in [
        ("authority.pem", one.pem()),
        ("empty.pem", String::new()),
        ("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned()),
        ("revoked.pem", revocations(&one, &[7])),
        ("broken_list.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n".to_owned()),
    ] {
        files.write(name, &text);
    }
    let own = "certificates = \"one.pem\", key = \"one.key\"";
    for (tls, told) in [
        (
            "certificates = \"empty.pem\", key = \"one.key\", client_ca = \"authority.pem\"".to_owned(),
            "証明書（PEM）がありません",
        ),
        (
            "certificates = \"broken.pem\", key = \"one.key\", client_ca = \"authority.pem\"".to_owned(),
            "証明書として読み取れません",
        ),
        (
            "certificates = \"one.pem\", key = \"none.key\", client_ca = \"authority.pem\"".to_owned(),
            "秘密鍵（PEM）を読めません",
        ),
        (
            "certificates = \"one.pem\", key = \"empty.pem\", client_ca = \"authority.pem\"".to_owned(),
            "秘密鍵（PEM）を読めません",
        ),
        (
            "certificates = \"one.pem\", key = \"other.key\", client_ca = \"authority.pem\"".to_owned(),
            "対になっていません",
        ),
        (format!("{own}, client_ca = \"none.pem\""), "none.pem の証明書を読めません"),
        (format!("{own}, client_ca = \"authority.pem\", crls = [\"none.pem\"]"), "none.pem の失効リストを読めません"),
        (format!("{own}, client_ca = \"authority.pem\", crls = [\"empty.pem\"]"), "失効リスト（PEM"),
        (
            format!("{own}, client_ca = \"authority.pem\", crls = [\"broken_list.pem\"]"),
            "失効リストとして読み取れません",
        ),
    ] {
        is_japanese(&tls, &files.with(LISTENER, &format!("tls = {{ {tls} }}")), told);
    }
}

#[test]
fn a_key_store_that_does_not_open_is_told_in_japanese() {
    let files = Files::new();
    let config = files.path("town/kazasu.toml");
    let (store, credential) = (files.read("keys.json"), files.read("keys.credential"));
    let check = |what: &str, told: &str| is_japanese(what, &refusal(&["config", "check", "--config", &config]), told);
    files.write("keys.credential", &format!("{}\n", "0".repeat(64)));
    check("another credential", "鍵ストアの封印を確認できません：開けません");
    files.write("keys.credential", "short\n");
    check("a short credential", "クレデンシャルは16進64桁");
    files.write("keys.credential", "\n");
    check("no credential", "は空です");
    files.write("keys.credential", &credential);
    files.write("keys.json", &store.replace("kazasu keys 1", "kazasu keys 9"));
    check("another format", "「kazasu keys 9」");
    files.write("keys.json", &store.replacen("\"active\"", "\"retired\"", 1));
    check("a changed line", "鍵ストアの封印を確認できません");
    files.write("keys.json", &store);
    files.write("keys.json.log", "no line\n{}\n");
    is_japanese("a changed log", &refusal(&["key", "log", "--config", &config]), "鍵の記録を読めません");
    let name = refusal(&["key", "generate", "vault.nothing", "--by", "sato", "--config", &config]);
    is_japanese("a key's name", &name, "vault");
}

#[test]
fn a_database_that_cannot_be_used_is_told_in_japanese() {
    let files = Files::new();
    let config = files.path("town/kazasu.toml");
    let verify = || refusal(&["ledger", "verify", "--config", &config]);
    std::fs::remove_dir_all(files.path("town/data")).unwrap();
    is_japanese("no journal", &verify(), "journal.db がありません");
    std::fs::create_dir_all(files.path("town/data")).unwrap();
    files.write("data/journal.db", "no database at all, but a text that is long enough to have a header of its own\n");
    is_japanese("no database", &verify(), "データベースの答え：「");
    let sample = files.read("kazasu.toml");
    let shared = "keys_file = \"keys.toml\"\nstore = \"postgres://kazasu@127.0.0.1:1/book\"";
    files.write("shared.toml", &sample.replacen("keys_file = \"keys.toml\"", shared, 1));
    let status = refusal(&["node", "status", "--config", &files.path("town/shared.toml")]);
    is_japanese("no server", &status, "書込みのできるデータベースがありません");
    is_japanese("one node", &refusal(&["node", "status", "--config", &config]), "ノードは1つです");
}

/// A request in Japanese: status, code and detail of the answer.
fn asked(served: &Served, asked: (&str, &str), headers: &[(&str, &str)], body: &[u8]) -> (u16, String, String) {
    let mut headers = headers.to_vec();
    headers.push(("accept-language", "ja"));
    let (status, text) = sent(served.http, asked, &headers, body).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{asked:?}: {status} {text}"));
    let said = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    (status, said("code"), said("detail"))
}

/// Method, path, headers and body of a request; the status of its answer, and what a Japanese reader is told.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8], u16, &'a str);

#[test]
fn a_request_that_cannot_be_read_is_told_in_japanese() {
    let town = Town::new(Sample { residents: 3, ..Sample::default() });
    let served = town.serve();
    let bearer = format!("Bearer {}", town.session("sato"));
    let who = ("authorization", bearer.as_str());
    let refund = "/api/v1/payments/1/refund";
    let named: [(&str, &str); 2] = [who, ("idempotency-key", "a-1")];
    let json: [(&str, &str); 3] =
        [who, ("idempotency-key", "a-2"), ("content-type", "application/json; charset=latin1")];
    let form: [(&str, &str); 2] = [who, ("content-type", "multipart/form-data")];
    let zipped: [(&str, &str); 2] = [who, ("content-encoding", "gzip")];
    let cases: [Case<'_>; 22] = [
        ("POST", refund, &named, b"", 400, "内容が空です"),
        ("POST", refund, &named, b"[]", 400, "入力はリスト"),
        ("POST", refund, &named, b"{\"amount\": 1,}", 400, "JSONの書式に誤りがあります"),
        ("POST", refund, &named, b"{\"amount\": 1", 400, "途中で終わっています"),
        ("POST", refund, &named, b"{\"amount\": 1, \"amount\": 2}", 400, "キー「amount」が2つあります"),
        (
            "POST",
            refund,
            &named,
            b"{\"amount\": \"x\", \"why\": \"w\"}",
            400,
            "`amount` には整数を指定してください（入力は文字列）",
        ),
        ("POST", refund, &named, b"{\"why\": \"w\", \"amont\": 1}", 400, "`amont` という項目はありません"),
        ("POST", refund, &named, b"{\"amount\": 1}", 400, "がありません"),
        ("POST", refund, &named, b"\xff\xfe{\0", 400, "UTF-16"),
        ("POST", "/api/v1/payments/1/refund?x=1", &named, b"{}", 400, "`x` は使えません"),
        ("POST", refund, &[who], b"{\"amount\": 1, \"why\": \"w\"}", 400, "`Idempotency-Key` に付けてください"),
        (
            "POST",
            refund,
            &[who, ("idempotency-key", "two words")],
            b"{\"amount\": 1, \"why\": \"w\"}",
            400,
            "半角1文字から128文字",
        ),
        ("POST", "/api/v1/approvals/1/approve", &[who], b"{\"why\": \"w\"}", 428, "`If-Match` に付けてください"),
        ("POST", refund, &json, b"{}", 415, "文字コードはUTF-8だけです"),
        ("POST", refund, &form, b"{}", 415, "フォームの形では受け付けません"),
        ("POST", refund, &zipped, b"{}", 415, "圧縮せずに"),
        ("GET", "/api/v1/notices?limit=1&limit=2", &[who], b"", 400, "`limit` が2回指定されています"),
        ("GET", "/api/v1/notices?x=%8E", &[who], b"", 400, "UTF-8ではありません"),
        ("GET", "/api/v1/notices?nothing=1", &[who], b"", 400, "という項目はありません"),
        ("GET", "/api/v1/nothing", &[who], b"", 404, "このアドレスには何もありません"),
        ("DELETE", "/api/v1/status", &[who], b"", 405, "`DELETE` は使えません"),
        ("GET", "/api/v1/notices", &[("authorization", "Bearer kz_live_x")], b"", 401, "途中で切れています"),
    ];
    for (method, path, headers, body, status, told) in cases {
        let (got, code, detail) = asked(&served, (method, path), headers, body);
        assert_eq!(got, status, "{method} {path}: {code} {detail}");
        is_japanese(&format!("{method} {path} {}", String::from_utf8_lossy(body)), &detail, told);
    }
    statements_are_told_in_japanese(&town, &served);
    served.stop();
}

/// Texts that a portal signed, and that are no statement.
fn statements_are_told_in_japanese(town: &Town, served: &Served) {
    let bearer = format!("Bearer {}", token(town, "portals", "portal"));
    let path = "/api/v1/residents/53AKFI53K7TYTUKXXJ2ZZC4KXM/limits";
    let ask = |statement: &str| {
        let headers = [("authorization", bearer.as_str()), ("kazasu-portal-statement", statement)];
        asked(served, ("PUT", path), &headers, b"{\"day\": 20000}")
    };
    let signed = |text: &str| format!("{}.{}", hex::encode(text), "00".repeat(64));
    for (statement, told) in [
        ("x".to_owned(), "ピリオド"),
        (signed("another statement\n"), "`first line` の行に必要なのは"),
        (signed("kazasu portal statement 1\nportal x\n"), "プログラムのID"),
        (signed("kazasu portal statement 1\nresident x\n"), "この名前、空白、値の順の行"),
        (signed("kazasu portal statement 1\nportal key_2\nresident x\n"), "Base32で26文字のPPID"),
    ] {
        let (status, code, detail) = ask(&statement);
        assert_eq!((status, code.as_str()), (403, "statement_form"), "{statement}: {detail}");
        is_japanese(&statement, &detail, told);
    }
}
