//! What is wrong with a request over HTTP: its object, its address, its headers and its body. Keys and headers stand as they are.

use crate::argument::Quoted;
use crate::said::Said;
use crate::{Count, labels, texts};

labels! {
    /// What a value of JSON is.
    JsonKind {
        Null "null": "空の値（null）", "null";
        Truth "truth": "真偽値", "true or false";
        Fraction "fraction": "小数、または64ビットを超える数", "a number with a fraction, or beyond 64 bits";
        Number "number": "数", "a number";
        Text "text": "文字列", "text";
        List "list": "リスト", "a list";
        Object "object": "オブジェクト", "an object";
    }
}

texts! {
    /// What a value of JSON must be.
    WantedText<'a> {
        Text: "文字列", "text";
        Truth: "真偽値", "true or false";
        List: "リスト", "a list";
        Byte: "0から255の整数", "a whole number from 0 to 255";
        Short: "0から65535の整数", "a whole number from 0 to 65535";
        Word: "0から4294967295の整数", "a whole number from 0 to 4294967295";
        Natural: "0以上の整数", "a whole number of 0 or more";
        Whole: "整数", "a whole number";
        Other { words: &'a str }: "「{words}」という種類の値", "{words}";
    }
}

texts! {
    /// Why an object or an address is no request.
    JsonText<'a> {
        Misread { why: &'a Said }: "要求を読み取れません。{why}", "the request is not what was expected: {why}";
        Empty:
            "内容が空です。`{{\"day\": 20000}}` のような一つのJSONオブジェクトを指定してください",
            "there is nothing: expected one JSON object, as in {{\"day\": 20000}}";
        NotAnObject { got: JsonKind }:
            "`{{\"day\": 20000}}` のような一つのJSONオブジェクトを指定してください（入力は{got}）",
            "expected one JSON object, as in {{\"day\": 20000}}, got {got}";
        Syntax { line: Count, column: Count }:
            "JSONの書式に誤りがあります（{line}行目、{column}バイト目）", "it is no JSON (line {line}, byte {column})";
        Ends: "JSONが途中で終わっています", "the JSON ends too early";
        KeyTwice { key: Quoted<'a>, line: Count, column: Count }:
            "一つのオブジェクトにキー{key}が2つあります（{line}行目、{column}バイト目）",
            "the key {key} is there twice in one object at line {line} column {column}";
        WrongKind { field: &'a str, expected: &'a Said, got: JsonKind }:
            "`{field}` には{expected}を指定してください（入力は{got}）", "{field}: expected {expected}, got {got}";
        Missing { field: &'a str }: "`{field}` がありません", "missing field `{field}`";
        Unknown { field: &'a str, known: &'a str }:
            "`{field}` という項目はありません。使える項目は `{known}` です", "unknown field `{field}`, expected one of {known}";
        UnknownOfNone { field: &'a str }:
            "`{field}` という項目はありません。この要求に項目はありません", "unknown field `{field}`, there are no fields";
        UnknownValue { got: Quoted<'a>, known: &'a str }:
            "{got}という値はありません。使える値は `{known}` です", "unknown variant {got}, expected one of {known}";
        Shape { words: &'a str }: "要求の形が異なります（英語の原文：「{words}」）", "{words}";
        InPath { field: &'a str }:
            "`{field}` はアドレスのパスで指定します。ほかの場所には書けません", "unknown field `{field}`: the path says it";
        InTag { field: &'a str }:
            "`{field}` は `If-Match` で指定します。ほかの場所には書けません", "unknown field `{field}`: If-Match says it";
        InBody { field: &'a str }:
            "`{field}` は使えません。このアドレスの項目は本文で指定します",
            "unknown field `{field}`: this address takes its fields in the body";
        BodyOfDelete:
            "`DELETE` の項目は「?」の後に書き、本文は空にしてください", "a DELETE takes its fields behind the question mark, and no body";
        QueryUnreadable: "「?」の後を読み取れません", "the part behind the question mark cannot be read";
        QueryNotText: "「?」の後がUTF-8ではありません", "the part behind the question mark is not UTF-8";
        FieldTwice { field: &'a str }: "`{field}` が2回指定されています", "{field}: is there twice";
        WordMissing: "操作の名前（`do`）がありません", "missing field `do`: the name of an operation";
        WordKind: "操作の名前（`do`）は文字列で指定してください", "do: expected the name of an operation, as text";
        WordUnknown { got: Quoted<'a>, known: &'a str }:
            "{got}という操作（`do`）はありません。使えるのは `{known}` です",
            "do: no operation of this kind is called {got}; expected one of {known}";
    }
}

texts! {
    /// Why a request is refused before a service is asked.
    EdgeText<'a> {
        KeyMissing:
            "この要求は、資金を動かすか、決裁を求めます。ほかの要求と重ならない文字列を `Idempotency-Key` に付けてください。同じ値で何度送っても、実行は一度だけです",
            "this request moves money or asks for a decision: name it with the header Idempotency-Key, a text of your own that no other request \
             has, so that it is carried out once however often it is sent";
        KeyInvalid:
            "`Idempotency-Key` は、空白を除く半角1文字から128文字で指定してください。カード番号は使えません。無作為なUUIDを勧めます",
            "Idempotency-Key has 1 to 128 visible ASCII characters, and is no card number; a random UUID is a good one";
        KeyUnkept:
            "要求の冪等キーを保存できないため、何も実行していません。少し待って、もう一度送ってください",
            "the key of the request cannot be kept, so nothing was carried out; try again in a moment";
        KeyUnderWay:
            "この冪等キーの要求は実行中です。少し待って、もう一度送ると結果が返ります",
            "the request with this key is being carried out; ask again in a moment for its answer";
        KeyReused:
            "この冪等キー（`Idempotency-Key`）は別の要求で使われています。何も実行していません。新しい要求には新しいキーを付けてください",
            "another request had this Idempotency-Key; nothing was carried out: a new request takes a new key";
        OutcomeUnknown:
            "この冪等キーの要求の実行中にプログラムが止まり、結果が分かりません。実行済みかを確認し、未実行なら新しいキーで送ってください",
            "the program stopped while it carried out the request with this key: look whether it was done, and if it was not, ask again with a \
             new key";
        AnswerNotKept:
            "この冪等キーの要求は実行済みです。答えには一度だけ表示する秘密が含まれるため、保存していません",
            "the request with this key was carried out; its answer holds a secret that is shown once, and was not kept";
        NoTag:
            "決裁には、確認した起案のエンティティタグを `If-Match` に付けてください（`GET /api/v1/approvals/N` が返します）",
            "a decision needs If-Match with the entity tag of the request that was looked at (GET /api/v1/approvals/N)";
        BrokeOff:
            "要求の処理がスイッチの中で中断しました。場所はスイッチのログにあります", "the request broke off inside the switch; its log says where";
        NoApplications:
            "本文が空です。申請のファイルを本文で送ってください", "the body is empty: expected the file of applications";
        ImportsUnderWay:
            "すでに2つのファイルを取り込んでいます。終わってから、もう一度送ってください",
            "two files are being read in already; try again when they are done";
        BodyTooLong { mib: Count, path: &'a str }:
            "本文が {path} の上限（{mib}メビバイト）を超えています", "the body is longer than {mib} MiB, the most that {path} takes";
        BodyBrokeOff { bytes: Count, why: Quoted<'a> }:
            "本文が{bytes}バイトで途切れました（英語の原文：{why}）", "the body broke off after {bytes} bytes: {why}";
        BodySlow { came: Count, pause: Count, whole: Count }:
            "時間内に届いた本文は{came}バイトだけです。中断は{pause}秒まで、全体は{whole}秒までです",
            "only {came} bytes of the body came in time: it may pause for {pause} s and take {whole} s in all";
        BodyEncoded { got: Quoted<'a> }:
            "`content-encoding` {got}は使えません。本文を圧縮せずに送ってください",
            "content-encoding {got} is not taken: send the body as it is";
        BodyForm:
            "フォームの形では受け付けません。オブジェクトまたはファイルそのものを本文にしてください（`curl --data-binary @FILE`）",
            "a form is not taken: send the object or the file itself as the body (curl --data-binary @FILE)";
        BodyCharset { got: Quoted<'a> }:
            "JSONの文字コードはUTF-8だけです（入力は{got}）", "JSON is taken in UTF-8 only, got charset {got}";
        CallerBodies:
            "この利用者が同時に送っている本文が多すぎます。いくつか終えてから、もう一度送ってください",
            "this caller sends too many bodies at one time: finish or end some, then send this one again";
        SubnetBodies:
            "このアドレスが同時に送っている本文が多すぎます。いくつか終えてから、もう一度送ってください",
            "this address sends too many bodies at one time: finish or end some, then send this one again";
        OverBudget { most: u32, wait: u64 }:
            "この利用者の要求が1分間の上限（{most}件）に達しました。{wait}秒後に、もう一度送ってください",
            "this caller has made {most} requests within a minute, and may make no more; ask again in {wait} s";
        SubnetRequests:
            "このアドレスの要求が同時に多すぎます。答えを待ってから、もう一度送ってください",
            "this address has too many requests under way at one time: wait for an answer, then send this one again";
        NothingHere:
            "このアドレスには何もありません。アドレスの一覧は `/api/v1/openapi.json` にあります",
            "there is nothing here: see /api/v1/openapi.json for the paths";
        OtherMethod { method: &'a str }:
            "このアドレスで `{method}` は使えません。使えるメソッドは `/api/v1/openapi.json` にあります",
            "{method} is not for this path: see /api/v1/openapi.json for its method";
        Unserved { status: u16 }:
            "要求を受け付けません（HTTPの状態 {status}）", "the request is not served (status {status} of HTTP)";
        Framework { words: Quoted<'a> }: "要求を読み取れません（英語の原文：{words}）", "the request cannot be read: {words}";
    }
}

texts! {
    /// Why a program got no answer of the switch.
    CallText<'a> {
        NoSwitch { status: u16, why: &'a str }:
            "{status} を返したのは Kazasu のスイッチではありません（{why}）。設定の http を確認してください",
            "it is no kazasu switch that answered {status}: {why}; check `http` of the configuration";
        Answered { status: u16, why: &'a str }: "スイッチが {status} を返しました：{why}", "the switch answered {status}: {why}";
        NoReason: "理由は示されていません", "no reason was given";
        NoAnswer { addr: &'a str }:
            "{addr} のスイッチから答えがありません。依頼した処理は実行されたかもしれません。もう一度送ることができます",
            "the switch's API at {addr} gives no answer; what was asked may have been done, and can be asked again";
        Malformed: "スイッチの答えを読み取れません", "the switch's answer cannot be read";
        CannotBeRead { why: &'a Said }: "読み取れません。{why}", "cannot be read: {why}";
        OtherProgram { status: u16 }:
            "そのアドレスでは Kazasu のスイッチではないプログラムが動いています（`/healthz` に {status} を返しました）",
            "something that is no kazasu switch listens there: it answers {status} to /healthz";
        Listens { addr: &'a str, what: &'a Said }:
            "http {addr}：{what}。ほかのプログラムを止めるか、http を別のアドレスにしてください",
            "http {addr}: {what}; anything else must be stopped, or `http` be another address";
        Silent { why: Quoted<'a> }:
            "そのアドレスのプログラムから答えがありません（英語の原文：{why}）。起動中のスイッチはまもなく答えます。もう一度実行してください",
            "what listens there gives no answer ({why}); a switch that is starting gives one in a moment: try again";
        Unfinished:
            "スイッチの答えが結果の前に終わりました。同じコマンドをもう一度実行すると、続きから始まります",
            "the switch's answer ended without a result; run it again: it goes on where it stood";
    }
}
