//! Key blocks (ANSI X9.143, before that TR-31), version D: a key with a header that says what it is for, both bound together under a
//! key that two parties share. Pure: no file, no clock, no random numbers of its own.
//!
//! A block is text: the [header](Header) in ASCII, then the encrypted key and the authentication code in hexadecimal digits.
//!
//! From the key block protection key (KBPK) two keys are derived with AES-CMAC. One authenticates header and clear key data; the
//! code is the initial value of AES-CBC, with which the other encrypts the key data. So nothing of the header can be changed either.
//! The key data are the key's length in bits (two bytes), the key, and random bytes up to a whole number of cipher blocks.
//!
//! Source: ANSI X9.143-2021; TR-31:2018, A.5 and A.7.

mod cipher;
mod codes;
mod error;
mod header;
mod optional;
mod purpose;
#[cfg(test)]
mod tests;

pub use codes::{Algorithm, Context, Exportability, Mode, Usage};
pub use error::KeyBlockError;
pub use header::{Header, KeyVersion};
pub use optional::Optional;
pub use purpose::Purpose;

use cipher::{BLOCK, Cipher};
use kazasu_schemas::secret::Key;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of key data that hide which AES key is inside: a length, 32 bytes, and what fills the third cipher block.
const HIDDEN: usize = 48;
/// Random bytes that [`ProtectionKey::wrap`] takes: what fills up the shortest key.
pub const PADDING: usize = HIDDEN - 2 - 16;

/// Does a block show how long its key is?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Length {
    /// No: every key is filled up to 32 bytes (X9.143, 8.1).
    Hidden,
    /// Yes: as TR-31:2018 showed it, for receivers that are older.
    Shown,
}

/// A key with what its block says of it.
#[derive(Clone, Debug)]
pub struct KeyBlock {
    /// What it is for.
    pub header: Header,
    /// The key.
    pub key: Key,
}

/// What a block says of its key. Without the protection key nothing of it is proven.
pub fn inspect(text: &str) -> Result<Header, KeyBlockError> {
    let (header, _, body) = Header::read(text)?;
    digits(body)?;
    Ok(header)
}

/// The key that two parties share to exchange others (KBPK), ready for use.
pub struct ProtectionKey {
    encrypt: Cipher,
    authenticate: Cipher,
    check_value: [u8; 5],
}

impl ProtectionKey {
    /// From 16, 24 or 32 bytes. It should be no weaker than the keys that it protects.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        ProtectionKey {
            encrypt: Cipher::new(&derive(key, Derived::Encryption)),
            authenticate: Cipher::new(&derive(key, Derived::Authentication)),
            check_value: kazasu_schemas::mac::check_value(key),
        }
    }

    /// Its check value (AES-CMAC).
    #[must_use]
    pub fn check_value(&self) -> [u8; 5] {
        self.check_value
    }

    /// The block as text. `padding` must be fresh random bytes.
    pub fn wrap(&self, block: &KeyBlock, length: Length, padding: &[u8; PADDING]) -> Result<String, KeyBlockError> {
        let key = block.key.expose();
        let whole = match length {
            Length::Hidden => HIDDEN,
            Length::Shown => (2 + key.len()).next_multiple_of(BLOCK),
        };
        let bits = u16::try_from(key.len() * 8).expect("a key has at most 32 bytes");
        let mut data = Zeroizing::new(Vec::with_capacity(HIDDEN));
        data.extend_from_slice(&bits.to_be_bytes());
        data.extend_from_slice(key);
        let fill = whole - data.len();
        data.extend_from_slice(&padding[..fill]);
        self.seal(&block.header, &mut data)
    }

    fn seal(&self, header: &Header, data: &mut [u8]) -> Result<String, KeyBlockError> {
        let mut text = header.write(2 * (data.len() + BLOCK))?;
        let code = self.authenticate.cmac(&[text.as_bytes(), data]);
        self.encrypt.cbc_encrypt(code, data);
        text.push_str(&hex::encode_upper(data));
        text.push_str(&hex::encode_upper(code));
        Ok(text)
    }

    /// Reads a block, whose key is a symmetric one.
    pub fn unwrap(&self, text: &str) -> Result<KeyBlock, KeyBlockError> {
        let (header, clear) = self.open(text)?;
        let bits = u16::try_from(clear.len() * 8).map_err(|_| KeyBlockError::KeyData)?;
        let key = Key::new(clear.to_vec()).map_err(|_| KeyBlockError::KeyLength(bits))?;
        header.check_key(&key)?;
        Ok(KeyBlock { header, key })
    }

    /// Header and key, for any key.
    fn open(&self, text: &str) -> Result<(Header, Zeroizing<Vec<u8>>), KeyBlockError> {
        let (header, head, body) = Header::read(text)?;
        let mut data = Zeroizing::new(digits(body)?);
        if let Some(made_under) = header.protection_check_value()
            && !self.check_value.starts_with(&made_under)
        {
            let (block, ours) = (hex::encode_upper(&made_under), hex::encode_upper(&self.check_value[..3]));
            return Err(KeyBlockError::OtherKey { block, ours });
        }
        let whole = data.len() - BLOCK;
        let code: [u8; BLOCK] = data.split_off(whole).try_into().expect("split at its length");
        self.encrypt.cbc_decrypt(code, &mut data);
        let expected = self.authenticate.cmac(&[head.as_bytes(), &data]);
        // Nothing of the clear data is looked at before this.
        if !bool::from(expected.ct_eq(&code)) {
            return Err(KeyBlockError::NotAuthentic);
        }
        let (bits, key) = data.split_first_chunk::<2>().ok_or(KeyBlockError::KeyData)?;
        let bits = usize::from(u16::from_be_bytes(*bits));
        if bits == 0 || !bits.is_multiple_of(8) {
            return Err(KeyBlockError::KeyData);
        }
        let key = key.get(..bits / 8).ok_or(KeyBlockError::KeyData)?;
        Ok((header, Zeroizing::new(key.to_vec())))
    }
}

impl std::fmt::Debug for ProtectionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ProtectionKey(check value {})", hex::encode_upper(&self.check_value[..3]))
    }
}

/// The encrypted key and the code. Some programs write small letters; mixed ones no program writes.
fn digits(body: &str) -> Result<Vec<u8>, KeyBlockError> {
    let malformed = |got: String| KeyBlockError::Field {
        field: "encrypted key and authentication code".into(),
        expected: "hexadecimal digits, all capitals or all small, in whole blocks of 32".into(),
        got,
    };
    if let Some(at) = body.bytes().position(|b| !b.is_ascii_hexdigit()) {
        return Err(malformed(format!("another character at its position {}", at + 1)));
    }
    let has = |letters: fn(&u8) -> bool| body.as_bytes().iter().any(letters);
    if has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) {
        return Err(malformed("capitals and small letters".into()));
    }
    let whole = body.len().is_multiple_of(2 * BLOCK) && body.len() >= 4 * BLOCK;
    let bytes = hex::decode(body).ok().filter(|_| whole);
    bytes.ok_or_else(|| malformed(format!("{} digits", body.len())))
}

/// What a derived key is for.
#[derive(Clone, Copy)]
enum Derived {
    Encryption,
    Authentication,
}

/// TR-31:2018, table 3: counter, use, separator, algorithm, length in bits. The derived key is as long as the protection key.
fn derive(key: &Key, what: Derived) -> Key {
    let from = Cipher::new(key);
    let len = key.expose().len();
    let (algorithm, bits): (u8, u8) = match len {
        16 => (2, 0x80),
        24 => (3, 0xC0),
        _ => (4, 0),
    };
    let what = match what {
        Derived::Encryption => 0,
        Derived::Authentication => 1,
    };
    let mut out = Zeroizing::new(Vec::with_capacity(32));
    for counter in 1..=2 {
        let input = [counter, 0, what, 0, 0, algorithm, u8::from(len == 32), bits];
        out.extend_from_slice(&from.cmac(&[&input]));
    }
    Key::new(out[..len].to_vec()).expect("as long as a key")
}
