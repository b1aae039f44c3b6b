//! One-time codes of an app (RFC 6238): six digits, steps of 30 seconds, SHA-1. Every app supports these values.

use data_encoding::BASE32_NOPAD;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

/// Bytes of a secret at least: RFC 4226 asks for 128 bits and recommends 160.
const SECRET: usize = 20;

/// The secret that an app and the switch share.
pub struct OneTime(Zeroizing<Vec<u8>>);

impl OneTime {
    /// From 20 random bytes.
    #[must_use]
    pub fn new(random: [u8; SECRET]) -> OneTime {
        OneTime(Zeroizing::new(random.to_vec()))
    }

    /// Reads a secret in base32, at least 20 bytes, as apps write it.
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

    /// In base32, as apps read it.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(&self.0))
    }

    fn totp(&self) -> Option<Totp> {
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_skew(1).with_step_duration(30);
        builder.with_secret(self.0.to_vec()).build().ok()
    }

    /// The six-digit code that an app shows at a time, in seconds since 1970.
    #[must_use]
    pub fn at(&self, seconds: u64) -> Option<String> {
        self.totp().map(|totp| totp.generate(seconds).to_string())
    }

    /// The step of a code: the present step, the one before or the one after. The switch accepts each step once.
    pub(crate) fn step_of(&self, code: &str, seconds: u64) -> Option<u64> {
        self.totp()?.check(code.trim(), seconds)
    }
}

impl std::fmt::Debug for OneTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OneTime(…)")
    }
}

/// The `otpauth` URL in a QR code for an app. `name` is the name of the person.
#[must_use]
pub fn totp_url(name: &str, secret: &OneTime) -> Zeroizing<String> {
    let escaped: String = name
        .bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    Zeroizing::new(format!("otpauth://totp/Kazasu:{escaped}?secret={}&issuer=Kazasu", secret.text().as_str()))
}
