//! Lines of the bank's statement that undo others, or move nothing.

use super::*;

/// SHA-256 of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(transparent)]
pub struct FileDigest(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

/// See [`Body::LineUndone`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct LineUndone {
    /// The line that is undone.
    #[n(0)]
    pub line: String,
    /// The bank's correction: a line of its own.
    #[n(1)]
    pub correction: String,
    /// The line's movement, the other way round.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program that brought the statement.
    #[n(3)]
    pub by: String,
    /// A person's reason why the correction is about this line; empty when it was recognised.
    #[n(4)]
    pub why: String,
    /// Through what it was said; absent in records of before.
    #[n(5)]
    pub via: Option<Via>,
}

/// The reason why a line moves nothing.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum Aside {
    /// It is nothing of this book's.
    #[n(0)]
    NotOurs,
    /// It is what was booked under another reference.
    #[n(1)]
    Same(#[n(0)] String),
    /// The bank took it back with this line of the same statement, or it is that line.
    #[n(2)]
    Corrected(#[n(0)] String),
}

/// See [`Body::LineSetAside`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct LineSetAside {
    /// The line.
    #[n(0)]
    pub line: String,
    /// The reason why it moves nothing.
    #[n(1)]
    pub aside: Aside,
    /// The person or program that says so, or brought the statement.
    #[n(2)]
    pub by: String,
    /// The reason; empty for the bank's own corrections.
    #[n(3)]
    pub why: String,
    /// The city whose account the line is of, when its treasurer reads; absent for the operator's, and where it was not kept.
    #[n(4)]
    pub city: Option<String>,
    /// Through what it was said; absent in records of before.
    #[n(5)]
    pub via: Option<Via>,
}
