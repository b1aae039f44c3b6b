//! Reading docs/WIRE.md: its keys, its sample blocks, its tables.

use kazasu_schemas::iso8583::{Dialect, Message};
use kazasu_schemas::mac::{MacAlgorithm, MacKey};
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::{Nonce, Nonces};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::LazyLock;

pub(crate) fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

pub(crate) fn text() -> String {
    std::fs::read_to_string(docs().join("WIRE.md")).expect("docs/WIRE.md")
}

/// True when the document is to be written instead of compared.
pub(crate) fn blessing() -> bool {
    std::env::var_os("KAZASU_BLESS").is_some()
}

/// A key of the document's table: `| session to-switch | AES-CMAC | 3031… |`.
pub(crate) fn raw_key(document: &str, name: &str) -> Key {
    Key::from_hex(&key_row(document, name)[2]).expect("a key")
}

/// The same, ready for use, with the algorithm of its row.
pub(crate) fn key(document: &str, name: &str) -> MacKey {
    let row = key_row(document, name);
    let algorithm = match row[1].as_str() {
        "AES-CMAC" => MacAlgorithm::AesCmac,
        "HMAC-SHA-256" => MacAlgorithm::HmacSha256,
        other => panic!("{name}: no MAC algorithm is called {other}"),
    };
    MacKey::new(algorithm, &raw_key(document, name)).expect("the right length")
}

/// The nonces of the samples, as the document describes them.
pub(crate) fn nonces() -> Nonces {
    let from = |first: u8| Nonce::new(std::array::from_fn(|n| first + u8::try_from(n).expect("below 16")));
    Nonces { acquirer: from(0xa0), switch: from(0x50) }
}

fn key_row(document: &str, name: &str) -> Vec<String> {
    rows(document).find(|r| r[0] == name && r.len() == 3).unwrap_or_else(|| panic!("no key {name:?} in the document"))
}

/// Every table row of the document, its cells without code marks.
pub(crate) fn rows(document: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    document.lines().filter(|l| l.starts_with('|')).map(|line| {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').trim().to_owned()).collect()
    })
}

/// One sample block.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) dialect: &'static Dialect,
    /// The key's name in the document's table, or `none`.
    pub(crate) key: String,
    /// The frame with its header.
    pub(crate) frame: Vec<u8>,
    /// The list under it.
    pub(crate) listed: String,
}

static SHIPPED: LazyLock<[Dialect; 3]> =
    LazyLock::new(|| Dialect::SHIPPED.map(|name| Dialect::shipped(name).expect("a shipped dialect")));

const MARK: &str = "<!-- sample: ";

/// The samples in the document's order.
pub(crate) fn samples(document: &str) -> Vec<Sample> {
    document.split(MARK).skip(1).map(sample).collect()
}

fn sample(rest: &str) -> Sample {
    let (name, rest) = rest.split_once(" -->\n```text\n").expect("a mark and a block");
    let (block, _) = rest.split_once("```").unwrap_or_else(|| panic!("{name}: the block does not end"));
    let mut parts = block.splitn(3, "\n\n");
    let mut part =
        || parts.next().unwrap_or_else(|| panic!("{name}: head, frame and fields, with blank lines between"));
    let head = part();
    let value = |key: &str| {
        let line = head.lines().find_map(|l| l.strip_prefix(key));
        line.unwrap_or_else(|| panic!("{name}: no {key}")).trim().to_owned()
    };
    let frame: String = part().split_whitespace().collect();
    let dialect = value("dialect ");
    Sample {
        name: name.to_owned(),
        dialect: SHIPPED.iter().find(|d| d.name == dialect).unwrap_or_else(|| panic!("{name}: no dialect {dialect}")),
        key: value("key "),
        frame: hex::decode(&frame).unwrap_or_else(|e| panic!("{name}: {e}")),
        listed: part().to_owned(),
    }
}

/// The list of a message's fields as the document prints it.
pub(crate) fn list(dialect: &Dialect, message: &Message) -> String {
    let mut out = format!("MTI    {}\n", message.mti);
    for field in message.fields() {
        let value = message.get(field).expect("present");
        let shown = if value.iter().all(|b| (0x20..=0x7e).contains(b)) {
            format!("\"{}\"", String::from_utf8_lossy(value))
        } else {
            format!("x\"{}\"", hex::encode_upper(value))
        };
        let _ = writeln!(out, "{:<6} {shown:<30}  {}", format!("DE{field}"), dialect.field_name(field));
    }
    out
}

/// A sample's block, from the mark to the closing fence.
pub(crate) fn block(name: &str, key: &str, dialect: &Dialect, frame: &[u8], message: &Message) -> String {
    let hex = hex::encode_upper(frame);
    let lines: Vec<&str> = hex.as_bytes().chunks(96).map(|c| std::str::from_utf8(c).expect("ASCII")).collect();
    format!(
        "{MARK}{name} -->\n```text\ndialect {}\nkey     {key}\n\n{}\n\n{}```",
        dialect.name,
        lines.join("\n"),
        list(dialect, message)
    )
}

/// The document with one block replaced.
pub(crate) fn replace(document: &str, name: &str, block: &str) -> String {
    let mark = format!("{MARK}{name} -->\n");
    let at = document.find(&mark).unwrap_or_else(|| panic!("docs/WIRE.md has no place for the sample {name}"));
    let rest = &document[at + mark.len()..];
    // A new place holds only the mark.
    let old = if rest.starts_with("```text\n") { rest[3..].find("```").expect("a closing fence") + 6 } else { 0 };
    format!("{}{block}{}{}", &document[..at], if old == 0 { "\n" } else { "" }, &rest[old..])
}
