//! Checks, hashes and verifies passwords. A password needs a length; there are no rules of composition and no expiry (NIST SP 800-63B-4).

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use kazasu_schemas::canonical::canonical;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The smallest number of characters of a password without a second factor.
pub const SHORTEST_ALONE: usize = 15;
/// The smallest number of characters of a password with a second factor.
pub const SHORTEST_WITH_FACTOR: usize = 8;
/// The largest number of characters of a password.
pub const LONGEST_PASSWORD: usize = 256;

/// Argon2id as OWASP and RFC 9106 recommend for sign-ins: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash that an unknown name is verified with, so that the answer takes the same time.
pub(crate) const NO_PERSON: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The most common passwords, in canonical form.
static COMMON: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("blocklist.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// The reason why a password is refused. It never contains the password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("password: expected {0} characters at least, got {1}; a sentence is easy to remember")]
    Short(usize, usize),
    /// Too long.
    #[error("password: expected {LONGEST_PASSWORD} characters at most")]
    Long,
    /// It is on the list of common passwords, or a repetition or a row of keys.
    #[error("password: it is among those that are tried first (a common word, a row of keys, a repetition)")]
    Common,
    /// It is the person's own name, or the organisation's.
    #[error("password: it is little more than a name that everybody here knows")]
    OwnName,
}

/// The form that is hashed (NFKC): composed and decomposed letters are equal.
pub(crate) fn normal(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

/// Checks a new password. `names` are those of the person and of the organisation.
pub(crate) fn check(password: &str, shortest: usize, names: &[&str]) -> Result<(), WeakPassword> {
    let length = normal(password).chars().count();
    if length < shortest {
        return Err(WeakPassword::Short(shortest, length));
    }
    if length > LONGEST_PASSWORD {
        return Err(WeakPassword::Long);
    }
    let form = Zeroizing::new(canonical(password).into_owned());
    if is_common(&form) {
        return Err(WeakPassword::Common);
    }
    // A name with a few characters around it is that name.
    let own = names.iter().map(|name| canonical(name).into_owned()).filter(|name| name.chars().count() >= 3);
    let is_own = own.into_iter().any(|name| {
        let rest = form.replace(&name, "");
        rest.len() < form.len() && rest.chars().count() < 6
    });
    if is_own { Err(WeakPassword::OwnName) } else { Ok(()) }
}

fn is_common(form: &str) -> bool {
    let core = form.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '!' | '.' | '?' | '@' | '#'));
    COMMON.contains(form) || COMMON.contains(core) || repeats(form) || runs(form)
}

/// Whether it repeats a short piece, as `abcabcabcabcabc` does.
fn repeats(form: &str) -> bool {
    let all: Vec<char> = form.chars().collect();
    (1..=4).any(|piece| all.len() > piece && all.iter().zip(&all[piece..]).all(|(a, b)| a == b))
}

/// Whether all characters follow each other in the alphabet, among digits or on a keyboard: `abcdefghijklmno`, `1234567890`, `qwertyuiop`.
fn runs(form: &str) -> bool {
    const ROWS: [&str; 6] = [
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890123456789",
        "qwertyuiopasdfghjklzxcvbnm",
        "qazwsxedcrfvtgbyhnujmikolp",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
        "あいうえおかきくけこさしすせそたちつてと",
    ];
    ROWS.iter().any(|row| {
        let back: String = row.chars().rev().collect();
        form.chars().count() >= 4 && (row.contains(form) || back.contains(form))
    })
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password as a PHC text. Takes some tens of milliseconds and 19 MiB.
pub(crate) fn hash(password: &str, salt: &[u8; 16]) -> Option<String> {
    use argon2::password_hash::PasswordHasher;
    let hashed: PasswordHash = argon2()?.hash_password_with_salt(normal(password).as_bytes(), salt).ok()?;
    Some(hashed.to_string())
}

/// Whether a password has this hash. Takes as long as [`hash`].
pub(crate) fn verify(kept: &str, password: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else { return false };
    argon2().is_some_and(|argon2| argon2.verify_password(normal(password).as_bytes(), &kept).is_ok())
}
