//! Moving a journal from one store to another, and proving that both are equal.

use crate::journal::{Claim, LeadError, Node, Reader, Store, StoreError};
use crate::verify::{Verified, VerifyError, verify};
use kazasu_ledger::record::Body;
use kazasu_ledger::{Head, Seq};

/// The counts of a copy.
#[derive(Debug)]
pub struct Copied {
    /// Records that were in the target already.
    pub before: Seq,
    /// Records copied now.
    pub copied: Seq,
    /// Both journals after that, checked from their first record: they have the same head, sums and balances.
    pub verified: Verified,
}

/// The error of a journal that was not copied, or is not equal.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The target's lead could not be taken.
    #[error("target: {0}")]
    Lead(#[from] LeadError),
    /// The target refused a batch.
    #[error("target: {0}")]
    Append(#[from] crate::journal::AppendError),
    /// The target holds something else already.
    #[error("the target holds another journal already: its record {0} is not the source's")]
    Other(Seq),
    /// A record cannot be read.
    #[error("source: record {seq}: {problem}")]
    Record {
        /// The record.
        seq: Seq,
        /// The fault.
        problem: String,
    },
    /// One of the two is not sound.
    #[error("{which}: {error}")]
    Unsound {
        /// Source or target.
        which: &'static str,
        /// The first fault.
        error: VerifyError,
    },
    /// Both are sound but differ, which must not be.
    #[error("source and target differ in their {0}")]
    Differ(&'static str),
}

/// Copies every record of `source` that `target` does not have. A target that holds the beginning of the same journal is
/// continued; one that holds anything else is refused before anything is written. Afterwards both are read again from the first
/// record, checked, and compared.
///
/// `progress` is told the number of records copied so far and of all.
pub async fn copy(
    source: &dyn Store,
    target: &dyn Store,
    mut progress: impl FnMut(Seq, Seq),
) -> Result<Copied, CopyError> {
    const BATCH: usize = 2_000;
    let mut from = source.reader().await?;
    // Looked at before its lead is taken: a live book must not lose its leader to a mistyped command. What cannot be read has
    // no tables yet.
    if let Ok(mut there) = target.reader().await {
        let head = there.head().await?;
        if head.seq > 0 && hash_at(from.as_mut(), head.seq).await? != Some(head) {
            return Err(CopyError::Other(head.seq));
        }
    }
    let mut to = target.lead(Claim { node: Node { name: "copy".into(), ..Node::alone() }, expected: None }).await?;
    let before = to.head().await?;
    let all = from.head().await?.seq;
    if before.seq > 0 && hash_at(from.as_mut(), before.seq).await? != Some(before) {
        return Err(CopyError::Other(before.seq));
    }
    let mut at = before.seq;
    loop {
        let mut batch = from.scan(at + 1, BATCH).await?;
        let Some(last) = batch.last().map(|entry| entry.seq) else { break };
        for entry in &mut batch {
            let body =
                Body::read(&entry.body).map_err(|e| CopyError::Record { seq: entry.seq, problem: e.to_string() })?;
            entry.transfers = body.transfers().into();
        }
        to.append(&batch).await?;
        at = last;
        progress(at, all.max(at));
    }
    to.close().await?;
    let sound = async |which, store: &dyn Store| {
        let mut reader = store.reader().await?;
        verify(reader.as_mut(), |_| {}).await.map_err(|error| CopyError::Unsound { which, error })
    };
    let theirs = sound("target", target).await?;
    let ours = sound("source", source).await?;
    if ours.head != theirs.head || ours.records != theirs.records {
        return Err(CopyError::Differ("head"));
    }
    if ours.sums != theirs.sums || ours.accounts != theirs.accounts {
        return Err(CopyError::Differ("balances"));
    }
    Ok(Copied { before: before.seq, copied: at - before.seq, verified: theirs })
}

async fn hash_at(reader: &mut dyn Reader, seq: Seq) -> Result<Option<Head>, StoreError> {
    let found = reader.scan(seq, 1).await?;
    Ok(found.first().filter(|entry| entry.seq == seq).map(|entry| Head { seq, hash: entry.hash }))
}
