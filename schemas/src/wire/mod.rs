//! Typed messages above the codec: what a request means, and the one place where each message type is read and written.
//!
//! The core works with these types and never sees a field number. docs/WIRE.md is this module in prose.

pub mod issuer;
pub mod network;
pub mod original;
pub mod request;
pub mod response;
pub mod sign_on;
pub mod totals;

pub use network::{Network, NetworkCode};
pub use original::Original;
pub use request::{
    Answer, Balance, Operation, Options, PpidPlace, Receipt, Request, additional_amounts, read_additional_amounts,
};
pub use response::{Refusal, ResponseCode};
pub use sign_on::issuer::{IssuerKeys, IssuerNonces};
pub use sign_on::{Nonce, Nonces, SessionKeys};
pub use totals::Totals;

use crate::iso8583::Message;

/// A message whose fields are each sound but which is not a request that this switch can read: a field is missing or its
/// value is impossible. Answered with DE39 = 30 (format error).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("DE{field}: {problem}")]
pub struct FieldError {
    /// The field.
    pub field: u8,
    /// The expected value and the value that came (never card data).
    pub problem: String,
}

impl FieldError {
    pub(crate) fn new(field: u8, problem: impl Into<String>) -> Self {
        FieldError { field, problem: problem.into() }
    }
}

/// The field's bytes, or an error that says it is missing.
pub(crate) fn required(message: &Message, field: u8) -> Result<&[u8], FieldError> {
    message.get(field).ok_or_else(|| FieldError::new(field, format!("is mandatory in a {}", message.mti)))
}

/// The field as a number; the dialect has already made sure that it holds digits.
pub(crate) fn number(message: &Message, field: u8) -> Result<u64, FieldError> {
    crate::ids::digits(required(message, field)?).ok_or_else(|| FieldError::new(field, "must be digits"))
}

pub(crate) fn read<T>(
    message: &Message,
    field: u8,
    parse: impl FnOnce(&[u8]) -> Result<T, crate::ids::IdError>,
) -> Result<T, FieldError> {
    parse(required(message, field)?).map_err(|e| FieldError::new(field, e.problem))
}

/// The value of a subelement of DE48: tag (2), length (3 digits), value, one after the other.
fn subelement<'a>(private: &'a [u8], wanted: &[u8; 2]) -> Result<Option<&'a [u8]>, FieldError> {
    let mut rest = private;
    while rest.len() >= 5 {
        let (tag, tail) = rest.split_at(2);
        let len = crate::ids::digits(&tail[..3])
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| *n <= tail.len() - 3)
            .ok_or_else(|| FieldError::new(48, "subelements are written tag (2), length (3 digits), value"))?;
        let value = &tail[3..3 + len];
        if tag == wanted {
            return Ok(Some(value));
        }
        rest = &tail[3 + len..];
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
