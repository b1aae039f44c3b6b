//! Accounts in the journal: recognised, and not shown.

use kazasu_schemas::mac::{MacAlgorithm, MacKey};
use kazasu_schemas::secret::Key;
use kazasu_schemas::wire::issuer::Account;

/// An account as the journal shows it: its last four characters, and a keyed token that tells it from all others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(crate) struct AccountTag {
    pub(crate) last_four: [u8; 4],
    pub(crate) token: u64,
}

/// Makes account tags.
pub(crate) struct Tagger(MacKey);

/// For test cards: an operator with real numbers behind this simulator must set `token_key`.
const BUILT_IN_KEY: &[u8; 16] = b"issuer-sim token";

impl Tagger {
    pub(crate) fn new(key: Option<&Key>) -> Self {
        let built_in = Key::new(BUILT_IN_KEY.to_vec()).expect("16 bytes are a key");
        let key = key.unwrap_or(&built_in);
        let mac = MacKey::new(MacAlgorithm::AesCmac, key)
            .or_else(|_| MacKey::new(MacAlgorithm::AesCmac, &Key::new(key.expose()[..16].to_vec()).expect("16 bytes")))
            .expect("a key has 16 or 32 bytes, or was cut to 16");
        Tagger(mac)
    }

    pub(crate) fn tag(&self, account: &Account) -> AccountTag {
        let mut bytes = [0_u8; 32];
        let (kind, number): (u8, &[u8]) = match account {
            Account::Card(pan) => (b'C', pan.expose()),
            Account::Bank(number) => (b'B', number.as_bytes()),
        };
        bytes[0] = kind;
        let len = number.len().min(31);
        bytes[1..=len].copy_from_slice(&number[..len]);
        AccountTag { last_four: last_four(number), token: u64::from_be_bytes(self.0.tag(&bytes[..=len])) }
    }
}

pub(super) fn last_four(number: &[u8]) -> [u8; 4] {
    let mut out = [b'*'; 4];
    let tail = &number[number.len().saturating_sub(4)..];
    // A short number must not be shown whole.
    if number.len() > 6 {
        out.copy_from_slice(tail);
    }
    out.map(|b| if b.is_ascii_alphanumeric() { b } else { b'*' })
}
