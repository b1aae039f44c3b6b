//! The proof without which no effect leaves its batch.

/// Proof that records up to a place are durable. Only the writer makes it, after `append` said so or the journal showed it.
pub(crate) struct Durable(());

impl Durable {
    /// They are: the writer knows it.
    pub(super) fn proven() -> Durable {
        Durable(())
    }
}
