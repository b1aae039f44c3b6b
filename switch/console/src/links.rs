//! Links that sign a person in once. A demonstration makes them for its people, whose passwords it has chosen itself; a switch in earnest
//! makes none. The sign-in is the usual one: with the person's password and a code of the person's app.

use kazasu_sign_in::OneTime;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// What a person of a demonstration signs in with.
pub struct Means {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Zeroizing<String>,
    /// What the person's app has.
    pub app: OneTime,
}

/// Links that sign a person in once. Clones share them.
#[derive(Clone, Default)]
pub struct SignInLinks(Arc<Mutex<HashMap<[u8; 32], Means>>>);

impl SignInLinks {
    /// A link: its path. It is good once.
    pub fn add(&self, means: Means, random: &[u8]) -> String {
        let word = hex::encode(random);
        let mut links = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        links.insert(Sha256::digest(word.as_bytes()).into(), means);
        format!("/sign-in/once/{word}")
    }

    /// The person of a link, which is good no more.
    pub(crate) fn take(&self, word: &str) -> Option<Means> {
        let hash: [u8; 32] = Sha256::digest(word.as_bytes()).into();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_signs_in_once() {
        let links = SignInLinks::default();
        let means = Means { name: "mise".into(), password: Zeroizing::new("x".into()), app: OneTime::new([7; 20]) };
        let path = links.add(means, &[7; 16]);
        let word = path.rsplit_once('/').unwrap().1;
        assert!(links.clone().take("other").is_none());
        assert_eq!(links.clone().take(word).map(|means| means.name).as_deref(), Some("mise"));
        assert!(links.take(word).is_none());
    }
}
