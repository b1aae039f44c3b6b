//! The reasons for not changing a payee's account. The sentences here are for logs; people read those of the catalogue, in their language.

use kazasu_ledger::record::Payee;

/// Why a payee's account is not changed, or not paid to.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PayeeRefusal {
    /// No such merchant or programme.
    #[error("{0} is no registered merchant and no programme's fund")]
    Unknown(Payee),
    /// It has none.
    #[error("{0} has no account on file")]
    NoAccount(Payee),
    /// The request is about something else.
    #[error("approval request {0} is not about a payee's account")]
    NotAboutPayee(u64),
    /// No call was made.
    #[error("the payee was not called back about approval request {0}: call, and note it first")]
    NotCalled(u64),
    /// There is a note already.
    #[error("approval request {0} has a note of a call already")]
    CalledBefore(u64),
    /// The person who called would approve, or the requester would note the call.
    #[error(
        "{0} has another part in it: one person requests, another calls a merchant's own request back, another approves"
    )]
    OtherPart(String),
    /// A row of a file without a note.
    #[error("the row has no call: called, called_number, called_at and called_by are needed")]
    RowNotCalled,
    /// An account changed after the payout was requested.
    #[error("an account is not what it was when the payout was requested: withdraw or deny it, and request it again")]
    Stale,
    /// A second file of the configuration.
    #[error(
        "payees' accounts were taken from a file before: take `payees_file` out of the configuration; `kazasu payee` changes accounts"
    )]
    Taken,
}
