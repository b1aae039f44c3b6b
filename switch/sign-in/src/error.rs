//! The errors of signing in.

use crate::password::WeakPassword;
use kazasu_store::StoreError;

/// A means of signing in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Means {
    /// A password.
    Password,
    /// One-time codes of an app, and recovery codes.
    OneTimeCodes,
    /// Passkeys.
    Passkeys,
    /// Providers of organisations.
    Providers,
}

/// The reason why a person is not signed in or cannot join. No text says whether a name is known.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Name, password or code are wrong.
    #[error("the name, the password or the code is not right")]
    Wrong,
    /// Too many attempts failed; the seconds until the next one.
    #[error("too many attempts; try again in {0} seconds")]
    Wait(u64),
    /// Too many people sign in at this moment.
    #[error("too many people are signing in at this moment; try again")]
    Busy,
    /// The password is not taken.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// The secret of one-time codes.
    #[error("one_time: expected a secret of 20 bytes or more in base32, as apps take it")]
    OneTimeSecret,
    /// The first code is not of the secret.
    #[error("code: it is not the one that the app shows for this secret at this time; check the clocks")]
    Code,
    /// The configuration does not allow this means.
    #[error("this means of signing in is switched off here: {0:?}")]
    Off(Means),
    /// A person who joins named no means.
    #[error("expected a password, a passkey or a sign-in at the organisation's provider")]
    NoMeans,
    /// The attempt is not known, or over.
    #[error("the attempt is not known, was finished already, or took too long; begin again")]
    Flow,
    /// The attempt began for another purpose.
    #[error("the attempt was begun for something else; begin again")]
    FlowOther,
    /// A passkey.
    #[error("the passkey: {0}")]
    Passkey(PasskeyProblem),
    /// The table of sign-ins.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Random bytes, hashing or sealing failed.
    #[error("cannot make a secret: {0}")]
    Failed(&'static str),
}

/// The reason why a passkey is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasskeyProblem {
    /// No row has it, or it belongs to a credential that is not in force.
    #[error("it is not known here")]
    Unknown,
    /// The authenticator did not check who holds it.
    #[error("the authenticator did not verify its holder (PIN, finger or face)")]
    NotVerified,
    /// The answer is to another challenge.
    #[error("it answers another challenge")]
    Challenge,
    /// The answer comes from another page.
    #[error("it was used on another page than those of the configuration")]
    Origin,
    /// The counter went back.
    #[error("its counter went back: there may be a copy of it")]
    Counter,
    /// The person has the largest number of passkeys, or one with this label.
    #[error("the person has as many passkeys as one may have")]
    TooMany,
    /// It is the last means of signing in.
    #[error("it is the only means that this person has to sign in; add another one first")]
    Last,
    /// Another fault, in the words of the library.
    #[error("{0}")]
    Other(String),
}

pub(crate) type Result<T> = std::result::Result<T, SignInError>;
