//! Words in Latin letters inside Japanese sentences. Tests of the catalogue, and of what programs say, allow the terms of this list and
//! what is written to be typed: commands, options, keys, codes, names of files.

/// Terms that a Japanese text keeps in Latin letters: names of standards, of formats, of products, and abbreviations of the field.
const TERMS: &[&str] = &[
    "API",
    "OpenAPI",
    "PPID",
    "CSV",
    "XLSX",
    "PDF",
    "TOML",
    "JSON",
    "TLS",
    "HTTP",
    "URL",
    "URI",
    "OIDC",
    "TOTP",
    "PIN",
    "MAC",
    "KCV",
    "KEK",
    "CRL",
    "DER",
    "PEM",
    "RRN",
    "STAN",
    "SHA",
    "AES",
    "RSA",
    "Ed25519",
    "PKCS",
    "ISO",
    "UTF",
    "Unicode",
    "Shift",
    "JIS",
    "Base32",
    "base32",
    "Excel",
    "Windows",
    "PostgreSQL",
    "SQLite",
    "Webhook",
    "EDI",
    "XML",
    "RFC",
    "MTI",
    "NTP",
    "HSM",
    "HOME",
    "BIN",
    "UUID",
    "ANSI",
    "PSS",
    "ECDSA",
    "systemd",
    "kazasu",
    "KAZASU",
    "Kazasu",
];

/// Names of keys, columns and values that sentences name as people type them, and the people of the demonstration.
const TYPED: &[&str] = &[
    "about",
    "account",
    "acquirer",
    "acr",
    "addr",
    "amount",
    "amr",
    "another",
    "answer",
    "approvers",
    "audit",
    "bank",
    "banks",
    "batches",
    "branch",
    "brand",
    "bins",
    "certificates",
    "class",
    "clock",
    "cluster",
    "code",
    "contact",
    "count",
    "day",
    "debts",
    "decline",
    "demo",
    "exempt",
    "file",
    "fingerprint",
    "fixed",
    "from",
    "household",
    "http",
    "income",
    "interchange",
    "issuer",
    "key",
    "keygen",
    "keys",
    "kind",
    "limits",
    "line",
    "lookup",
    "lines",
    "listener",
    "mac",
    "mcc",
    "merchant",
    "merchants",
    "module",
    "month",
    "name",
    "next",
    "nonce",
    "none",
    "opened",
    "origins",
    "redirects",
    "null",
    "officers",
    "oidc",
    "passkeys",
    "password",
    "payer",
    "people",
    "pin",
    "policy",
    "portal",
    "ppid",
    "reserve",
    "resident",
    "row",
    "seal",
    "sato",
    "settlement",
    "state",
    "statement",
    "status",
    "store",
    "suspended",
    "suzuki",
    "tags",
    "tanaka",
    "tap",
    "tax",
    "tenders",
    "terminal",
    "tls",
    "token",
    "tolerance",
    "totp",
    "treasurers",
    "true",
    "type",
    "unlock",
    "until",
    "webhook",
    "why",
    "without",
];

/// The words of at least three Latin letters that are neither terms nor written to be typed. What stands between back-quotes or
/// quotation marks (`「」`, `"`) is left out, and a word with a digit or one of `_./:-[]=$@` in or beside it is a key, an option, a code,
/// a path or an identifier.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let shown = without(&without(&without(text, '`', '`'), '「', '」'), '"', '"');
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_./:-[]=$@#%".contains(c);
    let mut found: Vec<String> = shown.split(|c| !is_part(c)).filter(|word| is_word(word)).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}

fn is_word(word: &str) -> bool {
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    let is_plain = word.trim_end_matches(['.', ':']).chars().all(|c| c.is_ascii_alphabetic());
    let word = word.trim_end_matches(['.', ':']);
    letters > 2 && is_plain && !TERMS.contains(&word) && !TYPED.contains(&word)
}

/// The text without what stands between two marks.
fn without(text: &str, begins: char, ends: char) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(begins) {
        out.push_str(before);
        out.push(' ');
        rest = behind.split_once(ends).map_or("", |(_, after)| after);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn english_inside_japanese_is_found_and_what_is_typed_is_not() {
        assert_eq!(words("記録 3 was booked before です"), ["before", "booked", "was"]);
        assert_eq!(words("must be 4 digits"), ["digits", "must"]);
        let typed =
            "PPIDを `kazasu approval show` で確認し、policy_file、--why、[payout]、per_3、「not ours」、a.toml を直す";
        assert_eq!(words(typed), [""; 0]);
    }
}
