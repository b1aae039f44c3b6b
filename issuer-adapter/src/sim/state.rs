//! The state of one simulated issuer.

use super::book::Book;
use super::script::ScriptRun;

/// What an issuer has done since the simulator started, the replayed journal not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Totals {
    /// Messages received, network messages not counted.
    pub received: u64,
    /// Messages executed and approved.
    pub approved: u64,
    /// Messages executed and declined.
    pub declined: u64,
    /// Messages that had come before and got the stored answer again.
    pub repeated: u64,
    /// Messages refused because their key was used by another one or reversed before.
    pub refused: u64,
    /// Messages deliberately left without an answer.
    pub unanswered: u64,
    /// Messages that were wrong: MAC, format, before the sign-on.
    pub rejected: u64,
}

/// An account as its issuer sees it, whole yen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountView {
    /// What can be spent now.
    pub available: i64,
    /// Reserved by authorizations that are not completed.
    pub held: i64,
    /// Debited minus credited.
    pub spent: i64,
}

/// One issuer's changing state, behind one lock: messages of its connections are executed one batch at a time.
pub(super) struct State {
    pub(super) book: Book,
    pub(super) listed: hashbrown::HashMap<u64, ScriptRun>,
    pub(super) otherwise: ScriptRun,
    pub(super) totals: Totals,
}
