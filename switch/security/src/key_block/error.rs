//! The reasons for refusing a key block.

/// Why a text is not a key block of ours, or a key not one for a block. It never repeats anything of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyBlockError {
    /// A field of the header, or the form of the rest.
    #[error("key block, {field}: expected {expected}, got {got}")]
    Field {
        /// Which one, with its place where that helps.
        field: String,
        /// What may be there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// The block says under which key it was made.
    #[error("key block: it was made under a protection key with check value {block}; this one has {ours}")]
    OtherKey {
        /// The block's, from its optional block KP.
        block: String,
        /// Of the key at hand.
        ours: String,
    },
    /// The authentication code is another one.
    #[error("key block: it is not authentic: it was altered, or made under another protection key")]
    NotAuthentic,
    /// The block is authentic, and its key is none that is used here.
    #[error("key block: it contains a key of {0} bits; a symmetric key of 128, 192 or 256 bits is expected")]
    KeyLength(u16),
    /// The block is authentic, and its key data are no key.
    #[error("key block: the key data are malformed: the sender's program does not follow ANSI X9.143")]
    KeyData,
    /// The key has another check value than the block says.
    #[error("key block: the key's check value is not the one that the block's KC says")]
    CheckValue,
}

impl KeyBlockError {
    pub(super) fn field(field: impl Into<String>, expected: impl Into<String>, got: impl std::fmt::Debug) -> Self {
        KeyBlockError::Field { field: field.into(), expected: expected.into(), got: format!("{got:?}") }
    }
}
