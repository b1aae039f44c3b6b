//! The reasons for which a sign-in through a provider is refused. None repeats a code or a token.

use openidconnect::{ClaimsVerificationError, SignatureVerificationError};

/// Why a person was not signed in. Texts of the provider are cut.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The provider did not answer, or its description of itself cannot be used.
    #[error("the provider cannot be asked: {0}")]
    Unreachable(String),
    /// The address to come back to is none that this provider is used with.
    #[error("redirect: expected http://127.0.0.1:PORT/… or an address of the configuration")]
    Redirect,
    /// The answer has another state.
    #[error("state: it is not the one of this attempt")]
    State,
    /// The answer came from another provider.
    #[error("iss: the answer is of another provider")]
    OtherProvider,
    /// The provider did not take the code: it was used, is over, or is of another attempt.
    #[error("the provider did not accept the code: {0}")]
    Code(String),
    /// There was no ID token.
    #[error("the provider gave no ID token")]
    NoIdToken,
    /// The signature, its algorithm or its key.
    #[error("the ID token's signature: {0}")]
    Signature(String),
    /// Another issuer.
    #[error("the ID token's issuer: {0}")]
    Issuer(String),
    /// It is for another client.
    #[error("the ID token's audience: {0}")]
    Audience(String),
    /// It is of another attempt.
    #[error("the ID token's nonce is not the one of this attempt")]
    Nonce,
    /// It is over, or not of this moment.
    #[error("the ID token's time: {0}")]
    Time(String),
    /// The person did not show who they are for this attempt, but earlier.
    #[error("the person did not sign in again: {0}")]
    AuthTime(String),
    /// The claim that names the person is missing.
    #[error("the ID token has no claim {0}, which names the person")]
    Person(String),
    /// Something else of the ID token.
    #[error("the ID token: {0}")]
    Token(String),
}

/// Characters of a text that a provider sent, at most.
const MOST: usize = 200;

/// A provider's text, without what a terminal would obey.
pub(crate) fn cut(text: impl ToString) -> String {
    text.to_string().chars().filter(|c| !c.is_control()).take(MOST).collect()
}

impl From<ClaimsVerificationError> for Refused {
    fn from(error: ClaimsVerificationError) -> Self {
        match error {
            ClaimsVerificationError::Expired(why) => Refused::Time(cut(why)),
            ClaimsVerificationError::InvalidAudience(why) => Refused::Audience(cut(why)),
            ClaimsVerificationError::InvalidAuthTime(why) => Refused::AuthTime(cut(why)),
            ClaimsVerificationError::InvalidIssuer(why) => Refused::Issuer(cut(why)),
            ClaimsVerificationError::InvalidNonce(_) => Refused::Nonce,
            ClaimsVerificationError::SignatureVerification(why) => Refused::Signature(cut(why)),
            other => Refused::Token(cut(other)),
        }
    }
}

/// Whether the provider may have changed its keys since they were read.
pub(crate) fn is_unknown_key(error: &ClaimsVerificationError) -> bool {
    matches!(
        error,
        ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey | SignatureVerificationError::CryptoError(_)
        )
    )
}
