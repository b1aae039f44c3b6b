//! A store whose batches are signed. The engine that keeps the rows knows no key: it keeps a signature as it keeps a hash.
//!
//! Whoever reaches the database can write a record that continues the chain. Without the nodes' key that record has no
//! signature, and a node that is about to lead looks for one at the journal's end before it continues behind it. A record that
//! was slipped in is therefore never covered by a later, honest signature.

use crate::journal::{Claim, Journal, LeadError, Reader, Shared, Store, StoreError, Task};
use kazasu_ledger::signed::{Checked, SignError, Signer, batch_text};
use kazasu_ledger::{Entry, Head};
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

    /// Signs the end of a batch.
    pub fn sign(&self, batch: &mut [Entry]) -> Result<(), SignError> {
        let Some(last) = batch.last_mut() else { return Ok(()) };
        last.signature = Some(self.signer.sign(&batch_text(&Head { seq: last.seq, hash: last.hash }))?);
        Ok(())
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

/// A store with a key for its batches, or without one.
pub struct SignedStore {
    inner: Arc<dyn Store>,
    signing: Option<Signing>,
}

impl SignedStore {
    /// Signs with this key; without one, a book whose batches are signed is not continued.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, signer: Option<Arc<dyn Signer>>) -> Self {
        SignedStore { inner, signing: signer.map(Signing::new) }
    }

    async fn take(&self, claim: Claim) -> Result<Box<dyn Journal>, LeadError> {
        let mut journal = self.inner.lead(claim).await?;
        let head = journal.head().await?;
        let Some(last) = journal.scan(head.seq, 1).await?.pop().filter(|_| head != Head::EMPTY) else {
            return Ok(journal);
        };
        self.check(head, &last)?;
        if let (Some(signing), Some(_)) = (&self.signing, last.signature) {
            signing.ends_with(head);
        }
        // A book that begins to be signed has no signature anywhere; one that was signed before has one at its end.
        if self.signing.is_some() && last.signature.is_none() && was_signed(journal.as_mut(), head).await? {
            return Err(refused(head, "it has no signature, and records before it have").into());
        }
        Ok(journal)
    }

    fn check(&self, head: Head, last: &Entry) -> Result<(), StoreError> {
        match (&self.signing, &last.signature) {
            (_, None) => Ok(()),
            (None, Some(_)) => Err(StoreError(format!(
                "record {} is signed by a node, and this program has no key to go on signing: the key file needs the same [audit] \
                 (or [batches]) as the other nodes'",
                head.seq
            ))),
            (Some(signing), Some(signature)) => match signing.signer.check(&batch_text(&head), signature) {
                Checked::Good => Ok(()),
                Checked::Bad => Err(refused(head, "its signature is not good")),
                Checked::UnknownKey => Err(StoreError(format!(
                    "record {} is signed by key version {}, which the key file does not have: keep the older seed until a newer one has \
                     signed",
                    head.seq, signature.key
                ))),
            },
        }
    }
}

/// Reads the whole journal where it was never signed: once, when a book begins to be.
async fn was_signed(journal: &mut dyn Journal, head: Head) -> Result<bool, StoreError> {
    let mut from = 1;
    loop {
        let page = journal.scan(from, 10_000).await?;
        if page.iter().any(|entry| entry.signature.is_some()) {
            return Ok(true);
        }
        let Some(last) = page.last().filter(|last| last.seq < head.seq) else { return Ok(false) };
        from = last.seq + 1;
    }
}

fn refused(head: Head, why: &str) -> StoreError {
    StoreError(format!(
        "record {} was not written by a node of this book: {why}. This node does not continue behind it; `kazasu ledger verify` tells more, \
         docs/operations/audit.md what to do",
        head.seq
    ))
}

impl Store for SignedStore {
    fn place(&self) -> String {
        self.inner.place()
    }

    fn lead(&self, claim: Claim) -> Task<'_, Result<Box<dyn Journal>, LeadError>> {
        Box::pin(self.take(claim))
    }

    fn reader(&self) -> Task<'_, Result<Box<dyn Reader>, StoreError>> {
        self.inner.reader()
    }

    fn signing(&self) -> Option<&Signing> {
        self.signing.as_ref()
    }

    fn shared(&self) -> Option<&dyn Shared> {
        self.inner.shared()
    }
}
