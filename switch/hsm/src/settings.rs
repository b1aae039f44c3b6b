//! The token, and the source of its PIN.

use kazasu_text::Said;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

/// Reads the PIN, each time it is needed: it may have been changed. It is never an argument of a command and never in the
/// configuration. The error says why there is none.
pub type ReadPin = Arc<dyn Fn() -> Result<Zeroizing<String>, Said> + Send + Sync>;

/// A token and the module that reaches it.
#[derive(Clone)]
pub struct TokenSettings {
    /// The vendor's PKCS#11 library (`.so`).
    pub module: PathBuf,
    /// The token's label.
    pub token: String,
    /// The user's PIN.
    pub pin: ReadPin,
    /// The time that one operation may take, lost sessions included.
    pub timeout: Duration,
    /// The number of times a lost session is opened again for one operation.
    pub attempts: u32,
}

/// The action where a token has no key of a label.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// It is an error.
    Refuse,
    /// The token makes one.
    Generate,
}
