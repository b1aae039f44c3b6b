//! The means of signing in that the configuration allows. A town hall may forbid telephones, or have no internet.

use crate::error::{Means, Result, SignInError};

/// The allowed means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowed {
    /// Passwords.
    pub passwords: bool,
    /// One-time codes and recovery codes.
    pub one_time_codes: bool,
    /// Passkeys.
    pub passkeys: bool,
    /// Providers.
    pub providers: bool,
}

impl Default for Allowed {
    fn default() -> Self {
        Allowed { passwords: true, one_time_codes: true, passkeys: true, providers: true }
    }
}

impl Allowed {
    /// Refuses a means that the configuration does not allow.
    pub fn check(self, means: Means) -> Result<()> {
        let is_on = match means {
            Means::Password => self.passwords,
            Means::OneTimeCodes => self.one_time_codes,
            Means::Passkeys => self.passkeys,
            Means::Providers => self.providers,
        };
        if is_on { Ok(()) } else { Err(SignInError::Off(means)) }
    }
}
