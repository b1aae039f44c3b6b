//! A store that signs what it keeps, and continues only behind what is signed.

use crate::journal::{Claim, Journal, LeadError, Reader, Shared, Store, StoreError, StoreFault, Task};
use crate::side::SideTable;
use crate::signing::Signing;
use kazasu_ledger::signed::{Checked, Signer, batch_text};
use kazasu_ledger::{Entry, Head};
use std::sync::Arc;

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
            (None, Some(_)) => {
                let words = format!(
                    "record {} is signed by a node, and this program has no key to go on signing: the key file needs the same [audit] (or \
                     [batches]) as the other nodes'",
                    head.seq
                );
                Err(StoreError::of(StoreFault::SignedWithoutKey { record: head.seq }, words))
            }
            (Some(signing), Some(signature)) => match signing.check(&batch_text(&head), signature) {
                Checked::Good => Ok(()),
                Checked::Bad => Err(refused(head, "its signature is not good")),
                Checked::UnknownKey => {
                    let (record, version) = (head.seq, signature.key);
                    let words = format!(
                        "record {record} is signed by key version {version}, which the key file does not have: keep the older seed until a \
                         newer one has signed"
                    );
                    Err(StoreError::of(StoreFault::SignedByUnknown { record, version }, words))
                }
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
    let words = format!(
        "record {} was not written by a node of this book: {why}. This node does not continue behind it; `kazasu ledger verify` tells more, \
         docs/operations/audit.md what to do",
        head.seq
    );
    StoreError::of(StoreFault::NotOfANode { record: head.seq }, words)
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

    fn side(&self) -> Task<'_, Result<Box<dyn SideTable>, StoreError>> {
        self.inner.side()
    }

    fn signing(&self) -> Option<&Signing> {
        self.signing.as_ref()
    }

    fn shared(&self) -> Option<&dyn Shared> {
        self.inner.shared()
    }
}
