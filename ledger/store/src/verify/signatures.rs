//! Signatures of a journal beside those of its days: does each belong to a trusted key, and does the journal still have every
//! record that a checkpoint names? Where not, the first record that may differ from what was signed is named.

use super::fault::Fault;
use kazasu_ledger::signed::{Certificate, Checkpoint, Signature, batch_text};
use kazasu_ledger::{Body, Entry, Head, Seq};
use kazasu_schemas::jst::Millis;
use ring::signature::{ED25519, UnparsedPublicKey};
use std::collections::BTreeMap;

/// The trusted keys and checkpoints that a person who checks a journal brings along.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Public keys; none: no signature is checked.
    pub keys: Vec<[u8; 32]>,
    /// Statements of those keys about others, each with a good signature: [`check_certificate`]. What they certify may sign commit
    /// batches of the book that they name, and neither checkpoints nor days.
    pub certificates: Vec<Certificate>,
    /// Checkpoints that were kept outside the journal, in any order.
    pub checkpoints: Vec<Checkpoint>,
}

/// Is this checkpoint signed by the key that it names, and is that a trusted one? Without trusted keys any will do.
pub fn check_checkpoint(checkpoint: &Checkpoint, trusted: &[[u8; 32]]) -> Result<(), String> {
    check(&checkpoint.text(), &checkpoint.public, &checkpoint.signature, trusted)
}

/// The same of a certificate.
pub fn check_certificate(certificate: &Certificate, trusted: &[[u8; 32]]) -> Result<(), String> {
    check(&certificate.text(), &certificate.public, &certificate.signature, trusted)
}

fn check(text: &str, public: &[u8; 32], signature: &Signature, trusted: &[[u8; 32]]) -> Result<(), String> {
    let key = UnparsedPublicKey::new(&ED25519, public);
    key.verify(text.as_bytes(), &signature.bytes).map_err(|_| "its signature is not good".to_owned())?;
    if trusted.is_empty() || trusted.contains(public) {
        Ok(())
    } else {
        let hex = public.iter().fold(String::new(), |out, byte| out + &format!("{byte:02x}"));
        Err(format!("it is signed by {hex}, which is not among the trusted keys"))
    }
}

/// The signatures, and those of them that could be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    /// Commit batches with a signature.
    pub batches: u64,
    /// The first record that ends a signed batch. From here on every record is covered by a signature.
    pub since: Option<Seq>,
    /// Were the signatures checked against trusted keys?
    pub checked: bool,
    /// Checkpoints whose record is there with the hash that was signed.
    pub checkpoints: u64,
    /// The last of them: record and time.
    pub last_checkpoint: Option<(Seq, Millis)>,
}

/// The fold.
#[derive(Debug)]
pub(super) struct Signatures {
    keys: Vec<[u8; 32]>,
    certificates: Vec<Certificate>,
    checkpoints: BTreeMap<Seq, Vec<Checkpoint>>,
    out: Signed,
    /// The last record that a trusted signature or a checkpoint covers.
    good: Seq,
    /// The last record that ends a signed batch.
    ended: Seq,
    book: String,
}

impl Signatures {
    pub(super) fn new(trust: Trust) -> Self {
        let mut checkpoints: BTreeMap<Seq, Vec<Checkpoint>> = BTreeMap::new();
        for checkpoint in trust.checkpoints {
            checkpoints.entry(checkpoint.seq).or_default().push(checkpoint);
        }
        let out = Signed { checked: !trust.keys.is_empty(), ..Signed::default() };
        let (keys, certificates) = (trust.keys, trust.certificates);
        Signatures { keys, certificates, checkpoints, out, good: 0, ended: 0, book: String::new() }
    }

    pub(super) fn record(&mut self, entry: &Entry, body: &Body) -> Result<(), Fault> {
        if let Body::Opened(opened) = body {
            self.book.clone_from(&opened.book);
        }
        if let Some(signature) = &entry.signature {
            let text = batch_text(&Head { seq: entry.seq, hash: entry.hash });
            if self.out.checked {
                if !self.is_trusted(&text, signature) {
                    let which = "the batch that ends there has another hash than the one signed, or its key is not among the trusted keys";
                    return Err(self.differs(entry.seq, which));
                }
                self.good = entry.seq;
            }
            self.out.batches += 1;
            self.out.since.get_or_insert(entry.seq);
            self.ended = entry.seq;
        }
        if let Some(checkpoints) = self.checkpoints.remove(&entry.seq) {
            for checkpoint in &checkpoints {
                self.checkpoint(entry, checkpoint)?;
            }
            self.good = entry.seq;
        }
        Ok(())
    }

    fn checkpoint(&mut self, entry: &Entry, checkpoint: &Checkpoint) -> Result<(), Fault> {
        if checkpoint.book != self.book {
            let problem =
                format!("a checkpoint of the book {:?} was given for the book {:?}", checkpoint.book, self.book);
            return Err(Fault { seq: entry.seq, problem });
        }
        if checkpoint.hash != entry.hash {
            let which =
                format!("a checkpoint of {} has another hash for record {}", checkpoint.at.jst_text(), entry.seq);
            return Err(self.differs(entry.seq, &which));
        }
        self.out.checkpoints += 1;
        self.out.last_checkpoint = self.out.last_checkpoint.max(Some((entry.seq, checkpoint.at)));
        // Only a node that signs its batches makes checkpoints, and always of a batch's end.
        if entry.signature.is_none() {
            let problem = "a checkpoint says that it ended a signed batch, and it has no signature".to_owned();
            return Err(Fault { seq: entry.seq, problem });
        }
        Ok(())
    }

    fn is_trusted(&self, text: &[u8], signature: &Signature) -> bool {
        let good =
            |key: &[u8; 32]| -> bool { UnparsedPublicKey::new(&ED25519, key).verify(text, &signature.bytes).is_ok() };
        let certified = |certificate: &Certificate| {
            certificate.book == self.book && certificate.version == signature.key && good(&certificate.key)
        };
        self.keys.iter().any(good) || self.certificates.iter().any(certified)
    }

    /// Names the first record that may differ from what was signed.
    fn differs(&self, until: Seq, which: &str) -> Fault {
        let first = self.good + 1;
        let problem = if first == until {
            format!("is not as it was signed: {which}")
        } else {
            format!(
                "is the first of {} records, up to record {until}, of which at least one is not as it was signed: {which}",
                until - self.good
            )
        };
        Fault { seq: first, problem }
    }

    /// `last` is the record that the journal ends with.
    pub(super) fn finish(self, last: Seq) -> Result<Signed, Fault> {
        if let Some((seq, missing)) = self.checkpoints.iter().next_back() {
            let at = missing.last().map_or_else(String::new, |checkpoint| checkpoint.at.jst_text());
            let problem =
                format!("is missing: the journal ended with record {seq} when a checkpoint was signed at {at}");
            return Err(Fault { seq: last + 1, problem });
        }
        if self.out.since.is_some() && self.ended < last {
            let problem = format!(
                "was not written by a node: it and what follows has no signature, and batches are signed since record {}",
                self.out.since.unwrap_or_default()
            );
            return Err(Fault { seq: self.ended + 1, problem });
        }
        Ok(self.out)
    }
}
