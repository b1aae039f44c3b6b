//! Checkpoints, and certificates of the keys that sign batches, as lines of JSON: what an anchor file has, and what auditors read.

use anyhow::Context;
use kazasu_ledger::signed::{Certificate, Checkpoint, Signature};
use kazasu_schemas::jst::Millis;
use kazasu_store::verify::signatures::{check_certificate, check_checkpoint};
use kazasu_text::Said as Sentence;
use kazasu_text::audit::AuditText;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The content of a line.
#[derive(Debug)]
pub(super) enum Said {
    /// The end of the journal.
    Checkpoint(Checkpoint),
    /// The key that signs batches.
    Certificate(Certificate),
}

/// The line of a certificate.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateLine {
    /// The form of the line: 1.
    batch_key: u8,
    book: String,
    /// The version of the key that is certified.
    version: u8,
    certified: String,
    /// Milliseconds since 1970.
    at: i64,
    /// The version of the key that signed.
    key: u8,
    public: String,
    signature: String,
}

/// The line of a checkpoint.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The form of the line: 1.
    checkpoint: u8,
    book: String,
    record: u64,
    hash: String,
    /// Milliseconds since 1970.
    at: i64,
    /// The key's version.
    key: u8,
    public: String,
    signature: String,
}

/// Without the line's end.
pub(super) fn write(checkpoint: &Checkpoint) -> String {
    let line = Line {
        checkpoint: 1,
        book: checkpoint.book.clone(),
        record: checkpoint.seq,
        hash: hex::encode(checkpoint.hash),
        at: checkpoint.at.0,
        key: checkpoint.signature.key,
        public: hex::encode(checkpoint.public),
        signature: hex::encode(checkpoint.signature.bytes),
    };
    serde_json::to_string(&line).expect("text and numbers can be written as JSON")
}

/// The same of a certificate.
pub(super) fn write_certificate(certificate: &Certificate) -> String {
    let line = CertificateLine {
        batch_key: 1,
        book: certificate.book.clone(),
        version: certificate.version,
        certified: hex::encode(certificate.key),
        at: certificate.at.0,
        key: certificate.signature.key,
        public: hex::encode(certificate.public),
        signature: hex::encode(certificate.signature.bytes),
    };
    serde_json::to_string(&line).expect("text and numbers can be written as JSON")
}

pub(super) fn read(line: &str) -> anyhow::Result<Said> {
    if let Ok(line) = serde_json::from_str::<CertificateLine>(line) {
        return read_certificate(line).map(Said::Certificate);
    }
    let line: Line = serde_json::from_str(line).context("it is neither a checkpoint nor a certificate")?;
    check_form(line.checkpoint)?;
    Ok(Said::Checkpoint(Checkpoint {
        book: line.book,
        seq: line.record,
        hash: octets(&line.hash).context("hash")?,
        at: Millis(line.at),
        public: octets(&line.public).context("public")?,
        signature: Signature { key: line.key, bytes: octets(&line.signature).context("signature")? },
    }))
}

/// The checkpoint of a line that is one.
pub(super) fn read_checkpoint(line: &str) -> Option<Checkpoint> {
    match read(line) {
        Ok(Said::Checkpoint(checkpoint)) => Some(checkpoint),
        Ok(Said::Certificate(_)) | Err(_) => None,
    }
}

fn read_certificate(line: CertificateLine) -> anyhow::Result<Certificate> {
    check_form(line.batch_key)?;
    Ok(Certificate {
        book: line.book,
        version: line.version,
        key: octets(&line.certified).context("certified")?,
        at: Millis(line.at),
        public: octets(&line.public).context("public")?,
        signature: Signature { key: line.key, bytes: octets(&line.signature).context("signature")? },
    })
}

fn check_form(form: u8) -> anyhow::Result<()> {
    anyhow::ensure!(form == 1, "it is a line of form {form}, and this program knows form 1");
    Ok(())
}

fn octets<const N: usize>(text: &str) -> anyhow::Result<[u8; N]> {
    let bytes = hex::decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.with_context(|| format!("must be {} hexadecimal digits", N * 2))
}

/// The content of an anchor file.
#[derive(Debug, Default)]
pub struct Anchor {
    /// Its checkpoints, each with a good signature by a trusted key.
    pub checkpoints: Vec<Checkpoint>,
    /// The keys that those keys certify: they sign batches.
    pub certificates: Vec<Certificate>,
    /// Lines that are neither. A line that was cut off by a crash is one, and is there again in full behind it.
    pub unreadable: Vec<usize>,
}

/// Reads an anchor file. A readable line that is signed by another key, or wrongly, is an error: a person wrote it.
pub fn read_anchor(path: &Path, trusted: &[[u8; 32]]) -> anyhow::Result<Anchor> {
    let text = kazasu_security::files::read(path)?;
    let text = String::from_utf8_lossy(&text);
    let (mut out, shown) = (Anchor::default(), &path.display().to_string());
    for (number, line) in (1..).zip(text.lines()) {
        match read(line) {
            Ok(Said::Checkpoint(checkpoint)) => {
                let good = check_checkpoint(&checkpoint, trusted);
                good.map_err(|why| {
                    let words = &why.to_string();
                    let (line, record) = (number_of(number), checkpoint.seq);
                    Sentence::of(&AuditText::AnchorRecord { path: shown, line, record, words })
                })?;
                out.checkpoints.push(checkpoint);
            }
            Ok(Said::Certificate(certificate)) => {
                let good = check_certificate(&certificate, trusted);
                good.map_err(|why| {
                    let words = &why.to_string();
                    let (line, version) = (number_of(number), certificate.version);
                    Sentence::of(&AuditText::AnchorKey { path: shown, line, version, words })
                })?;
                out.certificates.push(certificate);
            }
            Err(_) if line.trim().is_empty() => {}
            Err(_) => out.unreadable.push(number),
        }
    }
    anyhow::ensure!(!out.checkpoints.is_empty(), Sentence::of(&AuditText::NoCheckpoint { path: shown }));
    Ok(out)
}

fn number_of(line: usize) -> u64 {
    u64::try_from(line).unwrap_or(u64::MAX)
}
