//! Passwords: which are taken, and how they are kept. Length is what counts; there are no rules of composition, and nothing expires.

use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use kazasu_schemas::canonical::canonical;
use std::collections::BTreeSet;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Characters of a password that stands alone, at least.
pub const SHORTEST_ALONE: usize = 15;
/// Characters of a password beside a second factor, at least.
pub const SHORTEST_WITH_FACTOR: usize = 8;
/// Characters of a password at most.
pub const LONGEST_PASSWORD: usize = 256;

/// Argon2id as OWASP and RFC 9106 recommend for sign-ins: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What an unknown name is verified with, so that it takes the same time.
pub(crate) const NO_PERSON: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Passwords that are tried first everywhere, in their canonical form.
static COMMON: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| include_str!("blocklist.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// Why a password is not taken. It never repeats the password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("password: expected {0} characters at least, got {1}; a sentence is easy to remember")]
    Short(usize, usize),
    /// Too long.
    #[error("password: expected {LONGEST_PASSWORD} characters at most")]
    Long,
    /// It is among the first guesses of every attacker.
    #[error("password: it is among those that are tried first (a common word, a row of keys, a repetition)")]
    Common,
    /// It is the person's own name, or the organisation's.
    #[error("password: it is little more than a name that everybody here knows")]
    OwnName,
}

/// In the form in which it is hashed: a keyboard's composed and decomposed letters are one.
pub(crate) fn normal(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

/// Is a new password good enough? `names` are the person's and the organisation's.
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

/// A short piece again and again: `abcabcabcabcabc`.
fn repeats(form: &str) -> bool {
    let all: Vec<char> = form.chars().collect();
    (1..=4).any(|piece| all.len() > piece && all.iter().zip(&all[piece..]).all(|(a, b)| a == b))
}

/// Neighbours in the alphabet, among digits or on a keyboard, all the way: `abcdefghijklmno`, `1234567890`, `qwertyuiop`.
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

/// A password as it is kept: a PHC text. Takes some tens of milliseconds and 19 MiB.
pub(crate) fn hash(password: &str, salt: &[u8; 16]) -> Option<String> {
    use argon2::password_hash::PasswordHasher;
    let hashed: PasswordHash = argon2()?.hash_password_with_salt(normal(password).as_bytes(), salt).ok()?;
    Some(hashed.to_string())
}

/// Is it this password? Takes as long as [`hash`].
pub(crate) fn verify(kept: &str, password: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else { return false };
    argon2().is_some_and(|argon2| argon2.verify_password(normal(password).as_bytes(), &kept).is_ok())
}
