//! The key that signs batches.

use kazasu_ledger::signed::{Checked, SignError, Signer, batch_text};
use kazasu_ledger::{Entry, Head, Signature};
use std::sync::{Arc, Mutex, PoisonError};

/// Signs batches, and knows the last record of which this node is sure.
#[derive(Debug)]
pub struct Signing {
    signer: Arc<dyn Signer>,
    sure: Mutex<Option<Head>>,
}

impl Signing {
    /// With this key.
    #[must_use]
    pub fn new(signer: Arc<dyn Signer>) -> Self {
        Signing { signer, sure: Mutex::new(None) }
    }

    /// The version of the key that signs batches now, and its public key.
    #[must_use]
    pub fn key(&self) -> (u8, [u8; 32]) {
        self.signer.current()
    }

    /// Signs the end of a batch.
    pub fn sign(&self, batch: &mut [Entry]) -> Result<(), SignError> {
        let Some(last) = batch.last_mut() else { return Ok(()) };
        last.signature = Some(self.signer.sign(&batch_text(&Head { seq: last.seq, hash: last.hash }))?);
        Ok(())
    }

    /// Whether a key of this node has signed it.
    pub(super) fn check(&self, text: &[u8], signature: &Signature) -> Checked {
        self.signer.check(text, signature)
    }

    /// The journal ends with this record: this node wrote it, or read it with a good signature when it took the lead.
    pub fn ends_with(&self, head: Head) {
        *self.sure.lock().unwrap_or_else(PoisonError::into_inner) = Some(head);
    }

    /// The last record of which this node is sure while it leads. Only such a record may be signed as a checkpoint: what a
    /// database shows may be another's work.
    #[must_use]
    pub fn sure_of(&self) -> Option<Head> {
        *self.sure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
