//! ISO 8583:1987 messages: a codec that knows no field, and the dialect files that tell it about every field.
//!
//! [`dialect`] reads a dialect, [`codec`] turns frames into [`Message`]s and back by it, [`frame`] cuts a byte stream into
//! frames. Decoding never panics, never allocates by a length that was not checked, and either gives every field so that
//! encoding again yields the same bytes, or an [`error::DecodeError`] that names field, offset, expectation and finding.

pub mod codec;
pub mod dialect;
pub mod ebcdic;
pub mod error;
pub mod frame;
pub mod message;
pub mod packed;

pub use codec::Decoded;
pub use dialect::Dialect;
pub use error::{DecodeError, EncodeError};
pub use frame::{Frame, FrameCodec, Framing, Tpdu};
pub use message::{Message, Mti};

#[cfg(test)]
mod tests;
