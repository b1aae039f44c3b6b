//! Why a status list (CRL) is refused, in words that say what to do. Names of RFC 5280 stand as they are.

use crate::{Count, texts};

texts! {
    /// Why a list is refused.
    CrlText<'a> {
        TooLarge { bytes: Count }:
            "失効リストが{bytes}バイトあります。上限は64メビバイトです。ファイルが失効リストそのものか確認してください",
            "a list has at most 64 MiB, this one has {bytes} bytes: check that the file is the list itself";
        Pem { words: &'a str }:
            "失効リストのPEMを読み取れません（英語の原文：「{words}」）。もう一度取得してください",
            "the PEM text of the list cannot be read ({words}): fetch the list again";
        NotAList { words: &'a str }:
            "X.509の失効リスト（DER、または一つのPEM）ではありません（英語の原文：「{words}」）。失効リストそのものを指定してください",
            "expected an X.509 CRL, as DER or as one PEM block \"X509 CRL\", but the file {words}: give the list itself";
        Malformed { part: &'a str, words: &'a str }:
            "失効リストの `{part}` が壊れているか、途中で切れています（英語の原文：「{words}」）。もう一度取得してください",
            "the list is damaged, cut off or no CRL of RFC 5280: {part}: {words}. Fetch it again";
        Trailing { bytes: Count }:
            "失効リストの後に{bytes}バイトの余分な内容があります。一つのファイルに一つの失効リストを、もう一度取得してください",
            "the list must end where its DER ends, but {bytes} more bytes follow: fetch it again, one list a file";
        Authorities { words: &'a str }:
            "認証局の証明書を使えません（英語の原文：「{words}」）。`BEGIN CERTIFICATE` のあるPEMを指定してください",
            "the authorities' certificates: {words}; expected PEM with one or more certificates, \"BEGIN CERTIFICATE\"";
        OtherAuthority { issuer: &'a str, configured: &'a str }:
            "失効リストが別の認証局のものです（発行者は「{issuer}」、設定済みは「{configured}」）。設定した認証局の失効リストを指定するか、この認証局の証明書を設定してください",
            "the list is signed by another authority: its issuer is \"{issuer}\", configured: {configured}. Give the list of a configured \
             authority, or configure this one's certificate";
        Algorithms { inside: &'a str, outside: &'a str }:
            "失効リストの署名方式が、内側（`{inside}`）と外側（`{outside}`）で異なります。もう一度取得してください",
            "the list names one signature algorithm inside ({inside}) and another one outside ({outside}): fetch it again";
        Algorithm { got: &'a str }:
            "失効リストの署名方式（`{got}`）は使えません。認証局の鍵に合うRSA（PKCS#1またはPSS）、ECDSA（P-256またはP-384）、Ed25519で、SHA-256以上のものを認証局に依頼してください",
            "the list is signed with algorithm {got}; expected RSA (PKCS #1 or PSS), ECDSA (P-256 or P-384) or Ed25519 that fits the \
             authority's key, with SHA-256 or better: ask the authority for such a list";
        Signature { authority: &'a str }:
            "署名が、設定した「{authority}」の鍵と合いません。失効リストが変更されたか、認証局の鍵が変わっています。もう一度取得し、鍵が変わったときは認証局から証明書を入手して照合してください",
            "the signature is not the one of \"{authority}\" as configured: the list was altered, or the authority has a new key. Fetch the list \
             again; for a new key get the certificate from the authority and compare its fingerprint";
        NotAnAuthority { authority: &'a str }:
            "「{authority}」の証明書は認証局のものではありません（`basicConstraints`）。認証局自身の証明書を設定してください",
            "the certificate of \"{authority}\" is not an authority's (basicConstraints): configure the authority's own certificate";
        NotForLists { authority: &'a str }:
            "「{authority}」の証明書は失効リストに署名できません（`keyUsage` に `cRLSign` がありません）。署名できるものを設定してください",
            "the certificate of \"{authority}\" may not sign lists (keyUsage without cRLSign): configure the one that may";
        NotValid { authority: &'a str, from: &'a str, until: &'a str, now: &'a str }:
            "「{authority}」の証明書の有効期間は {from} から {until} です（現在は {now}）。新しい証明書を設定してください",
            "the certificate of \"{authority}\" is valid from {from} to {until}, now it is {now}: configure its new one";
        Delta: "変更分だけの失効リストです。完全な失効リストを指定してください", "this is a delta list, which has changes only: give the full list";
        NoNumber:
            "失効リストに番号がありません（`cRLNumber`、RFC 5280の5.2.3）。番号のあるものを認証局に依頼してください",
            "the list has no number (cRLNumber, RFC 5280 5.2.3): ask the authority for numbered lists";
        NumberTooLarge { number: &'a str }:
            "失効リストの番号（16進 `{number}`）が、扱える最大の `ffffffffffffffff` を超えています",
            "the list's number {number} (hexadecimal) is above the largest one, ffffffffffffffff: it cannot be used";
        CriticalExtension { oid: &'a str }:
            "失効リストに未知の重要な拡張（`{oid}`）があるため、使えません",
            "the list has the critical extension {oid}, which is not known: without knowing it the list must not be used";
        CriticalEntryExtension { entry: Count, oid: &'a str }:
            "失効リストの{entry}件目に未知の重要な拡張（`{oid}`）があるため、使えません",
            "entry {entry} has the critical extension {oid}, which is not known: without it the list must not be used";
        OtherIssuer { entry: Count }:
            "失効リストの{entry}件目が別の発行者のものです（`certificateIssuer`）。認証局ごとの失効リストを指定してください",
            "entry {entry} is of another issuer (certificateIssuer): give each authority's own list";
        Restricted { what: &'a str }:
            "失効リストが一部だけのもの、または別のもの用です（`issuingDistributionPoint` の `{what}`）。利用者証明書の失効リストを指定してください",
            "the list has only a part or is another's ({what} in its issuingDistributionPoint): give the user certificates' list";
        Future { this_update: &'a str, now: &'a str }:
            "失効リストの発行時刻が {this_update} で、現在の {now} より後です。時計を合わせるか、有効になるまで待ってください",
            "the list was issued at {this_update}, now it is {now}: set the clock, or wait until the list is valid";
        NextUpdate { this_update: &'a str, next_update: &'a str }:
            "失効リストの次回の発行（{next_update}）が、今回（{this_update}）より後ではありません。もう一度取得してください",
            "the list names {next_update} as its next update, which must be after its own, {this_update}: fetch it again";
        Serial { entry: Count, words: &'a str }:
            "失効リストの{entry}件目の番号に誤りがあります（英語の原文：「{words}」）", "entry {entry}: serial {words}";
        TooManyEntries { most: Count }:
            "失効リストが{most}件を超えています。認証局の、地域ごとの失効リストを指定してください",
            "the list has more than {most} entries: give the authority's list of one region instead of the whole one";
    }
}
