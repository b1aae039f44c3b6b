//! One-time codes of an app (RFC 6238): six digits, thirty seconds, SHA-1, as every app knows them.

use data_encoding::BASE32_NOPAD;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// Bytes of a secret at least: RFC 4226 asks for 128 bits and recommends 160.
const SECRET: usize = 20;

/// What an app and the switch share.
pub struct OneTime(Zeroizing<Vec<u8>>);

impl OneTime {
    /// From 20 random bytes.
    #[must_use]
    pub fn new(random: [u8; SECRET]) -> OneTime {
        OneTime(Zeroizing::new(random.to_vec()))
    }

    /// Reads a secret as apps take it: base32, at least 20 bytes.
    #[must_use]
    pub fn read(text: &str) -> Option<OneTime> {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '=')).collect();
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(plain.to_ascii_uppercase().as_bytes()).ok()?);
        (SECRET..=64).contains(&bytes.len()).then_some(OneTime(bytes))
    }

    pub(crate) fn of(bytes: Zeroizing<Vec<u8>>) -> OneTime {
        OneTime(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As apps take it.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }

    fn totp(&self) -> Option<Totp> {
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(30);
        builder.with_secret(self.0.to_vec()).build().ok()
    }

    /// The code of a moment, in seconds since 1970: what an app shows.
    #[must_use]
    pub fn at(&self, seconds: u64) -> Option<String> {
        self.totp().map(|totp| totp.generate(seconds).to_string())
    }

    /// The step that a code belongs to, of this moment's and its two neighbours; a step is taken once.
    pub(crate) fn step_of(&self, code: &str, seconds: u64) -> Option<u64> {
        self.totp()?.check(code.trim(), seconds)
    }
}

impl std::fmt::Debug for OneTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTime(…)")
    }
}

/// What a QR code for an app contains. `name` is the person's.
#[must_use]
pub fn totp_url(name: &str, secret: &OneTime) -> Zeroizing<String> {
    let escaped: String = name
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    Zeroizing::new(format!("otpauth://totp/Kazasu:{escaped}?secret={}&issuer=Kazasu", secret.text().as_str()))
}
