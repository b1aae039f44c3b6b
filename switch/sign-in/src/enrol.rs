//! Keeps the means with which a person who joins will sign in: a password, an app's codes, a passkey, a link to a provider.

use crate::code::OneTime;
use crate::error::{Means, Result, SignInError};
use crate::links::Linked;
use crate::passkeys::Registered;
use crate::password::{self, SHORTEST_ALONE, SHORTEST_WITH_FACTOR};
use crate::rows::{CREDENTIAL, Credential, FOR_EVER, written};
use crate::sign_ins::{SignIns, new_row, recovery_hash, seconds};
use data_encoding::BASE32_NOPAD;
use kazasu_schemas::identity::PersonId;
use kazasu_schemas::jst::Millis;
use zeroize::Zeroizing;

/// The number of recovery codes of a person.
const RECOVERY_CODES: usize = 10;

/// A passkey that was made for a person who joins.
pub struct NewPasskey<'a> {
    /// The registration of the authenticator.
    pub registered: Registered,
    /// The label that its owner chose.
    pub label: &'a str,
}

/// The means of a person who joins: at least one of password, passkey and link.
pub struct Enrolment<'a> {
    /// The person.
    pub person: PersonId,
    /// The password.
    pub password: Option<&'a str>,
    /// The secret of one-time codes with the first code, where the person has an app; beside a password.
    pub one_time: Option<(&'a str, &'a str)>,
    /// A passkey.
    pub passkey: Option<NewPasskey<'a>>,
    /// Issuer and subject that the provider has just proved.
    pub provider: Option<(&'a str, &'a str)>,
    /// Names that a password must not repeat: those of the person and of the organisation.
    pub names: &'a [&'a str],
}

/// The kept means. They are in force when the record of joining names the credential.
pub struct Enrolled {
    /// The credential's number.
    pub credential: [u8; 16],
    /// Recovery codes for the loss of the app. The switch shows them once.
    pub recovery: Vec<Zeroizing<String>>,
}

impl SignIns {
    /// Keeps the means of a person who joins. They are not in force before the record of joining names the credential.
    pub async fn enrol(&self, wanted: Enrolment<'_>, now: Millis) -> Result<Enrolled> {
        self.allows(&wanted)?;
        let has_factor = wanted.one_time.is_some();
        if let Some(clear) = wanted.password {
            let shortest = if has_factor { SHORTEST_WITH_FACTOR } else { SHORTEST_ALONE };
            password::check(clear, shortest, wanted.names)?;
        }
        // The authenticator knows the number already.
        let credential = match &wanted.passkey {
            Some(passkey) => passkey.registered.credential,
            None => self.random()?,
        };
        let (one_time, step) = self.sealed_code(wanted.one_time, (&credential, now))?;
        let mut recovery = Vec::new();
        for _ in 0..if has_factor { RECOVERY_CODES } else { 0 } {
            recovery.push(recovery_code(&self.random::<10>()?));
        }
        let password = self.hashed(wanted.password).await?;
        let hashes = recovery.iter().map(|code| recovery_hash(code).into()).collect();
        let provider = wanted.provider.map(|(issuer, _)| issuer.to_owned());
        let kept = Credential { password, one_time, step, recovery: hashes, provider };
        self.table.put(new_row(CREDENTIAL, credential.to_vec(), (written(&kept), FOR_EVER))).await?;
        if let Some(NewPasskey { registered, label }) = wanted.passkey {
            self.keep_passkey(wanted.person, (registered, label), now).await?;
        }
        if let Some(subject) = wanted.provider {
            self.link(subject, Linked { person: wanted.person, credential }).await?;
        }
        Ok(Enrolled { credential, recovery })
    }

    /// Refuses means that the configuration does not allow, and an enrolment without any.
    fn allows(&self, wanted: &Enrolment<'_>) -> Result<()> {
        let asked = [
            (Means::Password, wanted.password.is_some()),
            (Means::OneTimeCodes, wanted.one_time.is_some()),
            (Means::Passkeys, wanted.passkey.is_some()),
            (Means::Providers, wanted.provider.is_some()),
        ];
        for (means, _) in asked.iter().filter(|(_, is_asked)| *is_asked) {
            self.rules().allowed.check(*means)?;
        }
        let proves = wanted.password.is_some() || wanted.passkey.is_some() || wanted.provider.is_some();
        // A code is a second factor of a password.
        let has_code_alone = wanted.one_time.is_some() && wanted.password.is_none();
        if proves && !has_code_alone { Ok(()) } else { Err(SignInError::NoMeans) }
    }

    /// The sealed secret of one-time codes, and the step of its first code.
    fn sealed_code(
        &self,
        wanted: Option<(&str, &str)>,
        (credential, now): (&[u8; 16], Millis),
    ) -> Result<(Option<Vec<u8>>, u64)> {
        let Some((secret, code)) = wanted else { return Ok((None, 0)) };
        let secret = OneTime::read(secret).ok_or(SignInError::OneTimeSecret)?;
        let step = secret.step_of(code, seconds(now)).ok_or(SignInError::Code)?;
        let sealed = self.seal.seal(secret.bytes(), credential);
        Ok((Some(sealed.ok_or(SignInError::Failed("the vault seals nothing"))?), step))
    }

    /// The password's hash; empty for none.
    async fn hashed(&self, password: Option<&str>) -> Result<String> {
        let Some(clear) = password else { return Ok(String::new()) };
        let salt: [u8; 16] = self.random()?;
        let clear = Zeroizing::new(clear.to_owned());
        let hashed = self.hashing(move || password::hash(&clear, &salt)).await?;
        hashed.ok_or(SignInError::Failed("the password cannot be hashed"))
    }
}

/// A recovery code of 80 random bits: sixteen characters in four groups.
fn recovery_code(random: &[u8; 10]) -> Zeroizing<String> {
    let plain = Zeroizing::new(BASE32_NOPAD.encode(random).to_ascii_lowercase());
    let groups: Vec<&str> = (0..4).filter_map(|at| plain.get(at * 4..at * 4 + 4)).collect();
    Zeroizing::new(groups.join("-"))
}
