//! What is wrong with the database of the journal. The words of the database itself are quoted.

use crate::argument::Quoted;
use crate::{labels, texts};

labels! {
    /// What a database refuses, by its own code.
    DatabaseHint {
        NotSetUp "not_set_up": "データベースが準備されていません。所有者として `kazasu store migrate` を実行してください", "the database has not been set up; run `kazasu store migrate` as its owner";
        NotMember "not_member": "ログインを kazasu_writer（読取りだけなら kazasu_reader）のメンバーにしてください（`GRANT kazasu_writer TO …`）", "the login must be a member of kazasu_writer (GRANT kazasu_writer TO …), or of kazasu_reader to read";
        NoDatabase "no_database": "先にデータベースを作成してください（`createdb`）", "create it first (createdb)";
        Login "login": "ログインとパスワードを確認してください（鍵ファイルの store.password、または ~/.pgpass）", "check user and password (store.password of the key file, or ~/.pgpass)";
    }
}

labels! {
    /// What is wrong with the URL of a database.
    UrlFault {
        NoScheme "no_scheme": "「://」がありません", "this has no ://";
        OtherScheme "other_scheme": "別の種類のURLです", "this begins with another scheme";
        NoDatabase "no_database": "データベースの名前がありません", "this names no database";
        NoHost "no_host": "ホスト名がありません", "this names no host";
        Other "other": "読み取れない部分があります", "a part of it cannot be read";
    }
}

texts! {
    /// Why the journal's database cannot be used.
    StoreText<'a> {
        Journal { words: &'a str }:
            "ジャーナルのデータベースを使えません。データベースの答え：「{words}」", "journal: {words}";
        Hinted { words: &'a str, hint: DatabaseHint }:
            "ジャーナルのデータベースを使えません。{hint}。データベースの答え：「{words}」", "journal: {words}: {hint}";
        NotAFile { path: &'a str }: "ジャーナル {path} がありません。ファイルを指定してください", "journal: {path} is not a file";
        CannotOpen { path: &'a str, words: &'a str }:
            "ジャーナル {path} を開けません。システムの答え：「{words}」", "journal: cannot open {path}: {words}";
        OldSqlite { version: &'a str }:
            "このプログラムのSQLite {version} は、書込みを失うことがあります。3.51.3以降が必要です。付属のSQLiteでビルドしてください（`sqlite-bundled`）",
            "journal: this program is built with SQLite {version}, whose write-ahead log can lose commits; it needs 3.51.3 or newer: build it \
             with the SQLite that comes with it (the feature sqlite-bundled)";
        TablesOlder { found: i64, wanted: i64 }:
            "ジャーナルの表は版 {found} で、このプログラムには版 {wanted} が必要です。所有者として `kazasu store migrate` を実行してください",
            "journal: the tables are at version {found}, this program needs {wanted}: run `kazasu store migrate` as the owner";
        TablesNewer { found: i64, wanted: i64 }:
            "ジャーナルの表は版 {found} で、このプログラムが扱えるのは版 {wanted} までです。新しいプログラムを使ってください",
            "journal: the tables are at version {found}, this program knows {wanted}: use a newer program";
        NoPrimary { address: &'a str, words: &'a str }:
            "{address} に書込みのできるデータベースがありません。各サーバーの答え：「{words}」", "journal: no primary at {address}: {words}";
        Silent { limit: &'a str }:
            "データベースが {limit} 以内に答えません", "journal: the database did not answer within {limit}";
        LeadSlow { address: &'a str, limit: &'a str }:
            "{address} で主ノードになる処理が {limit} 以内に終わりません", "journal: taking the lead at {address} took over {limit}";
        Url { fault: UrlFault }:
            "store のURLに誤りがあります。{fault}。postgres://user@host:port,host:port/database?sslmode=verify-full の形で書いてください",
            "journal: a PostgreSQL URL is postgres://user@host:port,host:port/database?sslmode=verify-full; {fault}";
        SignedWithoutKey { record: u64 }:
            "記録 {record} にはノードの署名がありますが、このプログラムに署名を続ける鍵がありません。ほかのノードと同じ audit（または batches）の鍵が必要です",
            "journal: record {record} is signed by a node, and this program has no key to go on signing: it needs the same key audit (or \
             batches) as the other nodes";
        SignedByUnknown { record: u64, version: u8 }:
            "記録 {record} は鍵の版 {version} で署名されていますが、その版が鍵ストアにありません。新しい版が署名するまで古い版を残してください",
            "journal: record {record} is signed by key version {version}, which the key store does not have: keep the older version until a \
             newer one has signed";
        NotOfANode { record: u64 }:
            "記録 {record} はこの帳簿のノードが書いたものではありません。このノードはその後に書き込みません。`kazasu ledger verify` が詳しく表示します。対処は `docs/operations/audit.md` にあります",
            "journal: record {record} was not written by a node of this book. This node does not continue behind it; `kazasu ledger verify` \
             tells more, docs/operations/audit.md what to do";
        Taken { epoch: u64, holder: Quoted<'a> }:
            "別のノード{holder}が主ノードになっています（エポック {epoch}）",
            "another writer has taken over: the journal is at epoch {epoch}, held by {holder}";
        NoSignIns: "このデータベースはログインの情報を保存しません", "journal: this store keeps no sign-ins";
        InUse { folder: &'a str }:
            "{folder} は別のスイッチまたはコマンドが使用中です", "{folder} is in use by another switch or command";
        Working { addr: &'a str }:
            "別の `kazasu` コマンドが処理中です（{addr} は応答しません）。少し待って、もう一度実行してください",
            "another kazasu command is working on it (nothing answers at {addr}); try again";
        Fault { place: &'a str, record: u64, words: &'a str }:
            "{place}：記録 {record} に誤りがあります（英語の原文：「{words}」）", "{place}: record {record}: {words}";
        Guards { place: &'a str, words: &'a str }:
            "{place}：記録は正常ですが、表を保護するものが変更されています（英語の原文：「{words}」）",
            "{place}: the records are sound, but what protects the tables is not as the migrations made it: {words}";
        HasOneNode: "このデータベースを使うノードは1つです", "this store has one node";
        NoneReady: "主ノードになれるノードがほかにありません", "no other node is ready to lead";
        NotReady { node: &'a str }: "ノード {node} は主ノードになれません", "node {node} is not ready to lead";
        NotTaken:
            "主ノードを譲りましたが、まだほかのノードが引き継いでいません", "the lead was released, but no node has taken it yet";
        LeadsAgain:
            "ほかのノードが引き継がなかったため、このノードが再び主ノードになりました", "no other node took the lead; this node leads again";
        OneNode: "この設定のジャーナルはファイルなので、ノードは1つです", "this configuration's store is a file: it has one node";
    }
}
