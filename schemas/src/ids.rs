//! Identifiers, one type each, so that a terminal can never be passed where a merchant is meant.
//!
//! Identifiers that travel in fixed-length `ans` fields keep the field's exact bytes (padded with spaces on the right);
//! people see them trimmed. All are `Copy` and hold no heap memory, because millions of them live in the state.

use std::fmt;
use std::str::FromStr;

/// The error of a text that is no valid identifier: the expected kind, and the fault of the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {problem} (got {got:?})")]
pub struct IdError {
    /// The identifier's name, as people know it.
    pub kind: &'static str,
    /// The fault and the expected value.
    pub problem: &'static str,
    /// The text as it came.
    pub got: String,
}

impl IdError {
    fn new(kind: &'static str, problem: &'static str, got: &[u8]) -> Self {
        let shown = &got[..got.len().min(64)];
        IdError { kind, problem, got: String::from_utf8_lossy(shown).into_owned() }
    }
}

macro_rules! text_codec {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl<C> minicbor::Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(self.as_str())?.ok()
            }
        }
        impl<'b, C> minicbor::Decode<'b, C> for $name {
            fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                d.str()?.parse().map_err(|e: IdError| minicbor::decode::Error::message(e.to_string()))
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

macro_rules! fixed_text {
    ($(#[$doc:meta])* $name:ident, $len:literal, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $len]);

        impl $name {
            /// The field's length in bytes.
            pub const LEN: usize = $len;

            /// From the exact bytes of the field: printable ASCII, padded with spaces on the right, not blank.
            pub fn from_wire(bytes: &[u8]) -> Result<Self, IdError> {
                let exact: [u8; $len] = bytes
                    .try_into()
                    .map_err(|_| IdError::new($kind, concat!("must be exactly ", $len, " bytes"), bytes))?;
                if !exact.iter().all(|b| (0x20..=0x7e).contains(b)) {
                    return Err(IdError::new($kind, "must be printable ASCII", bytes));
                }
                if exact[0] == b' ' {
                    return Err(IdError::new($kind, "must not be blank or begin with a space", bytes));
                }
                Ok(Self(exact))
            }

            /// The field's exact bytes, padding included.
            #[must_use]
            pub fn wire(&self) -> &[u8; $len] {
                &self.0
            }

            /// Without the padding.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("checked printable ASCII when it was made").trim_end()
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.len() > $len {
                    return Err(IdError::new($kind, concat!("must be at most ", $len, " characters"), text.as_bytes()));
                }
                let mut exact = [b' '; $len];
                exact[..text.len()].copy_from_slice(text.as_bytes());
                Self::from_wire(&exact)
            }
        }

        text_codec!($name);
    };
}

fixed_text!(
    /// A terminal, DE41 (ans8), unique within its acquirer.
    TerminalId, 8, "terminal id (DE41)"
);
fixed_text!(
    /// A merchant ("card acceptor"), DE42 (ans15).
    MerchantId, 15, "merchant id (DE42)"
);
fixed_text!(
    /// Retrieval reference number, DE37 (an12), given by the acquirer.
    Rrn, 12, "retrieval reference number (DE37)"
);
fixed_text!(
    /// Approval code, DE38 (an6), given by the approver.
    ApprovalCode, 6, "approval code (DE38)"
);

impl ApprovalCode {
    /// The switch's own approval code for its `n`-th approval: six base-36 digits, which repeat after 2,176,782,336.
    #[must_use]
    pub fn from_number(n: u64) -> Self {
        let mut code = [b'0'; 6];
        let mut rest = n % 36_u64.pow(6);
        for slot in code.iter_mut().rev() {
            *slot = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[usize::try_from(rest % 36).expect("below 36")];
            rest /= 36;
        }
        ApprovalCode(code)
    }
}

impl Rrn {
    /// Does the number tell one transaction from another? One character repeated (zeros, nines, blanks behind it) is what
    /// terminals send that have no number to give.
    #[must_use]
    pub fn names_something(&self) -> bool {
        let text = self.as_str().as_bytes();
        text.iter().any(|b| Some(b) != text.first())
    }

    /// A reference number that carries `n` in twelve decimal digits (mod 10^12), as the switch gives towards issuers.
    #[must_use]
    pub fn from_number(n: u64) -> Self {
        let mut digits = [b'0'; 12];
        write_digits(n % 1_000_000_000_000, &mut digits);
        Rrn(digits)
    }

    /// The number in twelve decimal digits, or `None` when it is not one of [`Rrn::from_number`]'s.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        digits(&self.0)
    }
}

/// An institution, DE32/DE33 (n..11): an acquirer or an issuer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstitutionId {
    len: u8,
    digits: [u8; 11],
}

impl InstitutionId {
    /// From the field's bytes: one to eleven digits. Leading zeros are kept, since they are echoed.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, IdError> {
        const KIND: &str = "institution id (DE32)";
        if bytes.is_empty() || bytes.len() > 11 {
            return Err(IdError::new(KIND, "must be 1 to 11 digits", bytes));
        }
        if !bytes.iter().all(u8::is_ascii_digit) {
            return Err(IdError::new(KIND, "must be digits only", bytes));
        }
        let mut exact = [0; 11];
        exact[..bytes.len()].copy_from_slice(bytes);
        Ok(Self { len: u8::try_from(bytes.len()).expect("at most 11"), digits: exact })
    }

    /// The digits.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[..usize::from(self.len)]
    }

    /// The digits as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("checked digits when it was made")
    }

    /// Right-justified and zero-filled to eleven digits, as DE90 carries it.
    #[must_use]
    pub fn zero_filled(&self) -> [u8; 11] {
        let mut out = [b'0'; 11];
        let bytes = self.as_bytes();
        out[11 - bytes.len()..].copy_from_slice(bytes);
        out
    }
}

impl FromStr for InstitutionId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::from_wire(text.as_bytes())
    }
}

text_codec!(InstitutionId);

/// The pairwise pseudonymous identifier the identity platform gives this switch for one person (a 128-bit value).
///
/// It travels and is shown as 26 characters of RFC 4648 base32, upper case, unpadded. It is bound to the person, not to
/// the card: the certificate's serial number changes on renewal, the PPID does not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ppid([u8; 16]);

impl Ppid {
    /// Characters on the wire.
    pub const LEN: usize = 26;

    /// From the 16 raw bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Ppid(bytes)
    }

    /// The 16 raw bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From 26 base32 characters; spaces on the right (a padded field) are dropped.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, IdError> {
        const KIND: &str = "PPID";
        let bytes = bytes.trim_ascii_end();
        // An error shows as much of a PPID as Debug does.
        let start = &bytes[..bytes.len().min(4)];
        if bytes.len() != Self::LEN {
            return Err(IdError::new(KIND, "must be 26 base32 characters", start));
        }
        let mut raw = [0_u8; 16];
        let mut acc: u32 = 0;
        let mut bits = 0_u32;
        let mut out = 0_usize;
        for &c in bytes {
            let value = match c {
                b'A'..=b'Z' => c - b'A',
                b'2'..=b'7' => c - b'2' + 26,
                _ => return Err(IdError::new(KIND, "base32 is A-Z and 2-7", start)),
            };
            acc = (acc << 5) | u32::from(value);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                raw[out] = u8::try_from((acc >> bits) & 0xff).expect("masked to a byte");
                out += 1;
                acc &= (1 << bits) - 1;
            }
        }
        if acc != 0 {
            return Err(IdError::new(KIND, "the last character must leave its two spare bits zero", start));
        }
        Ok(Ppid(raw))
    }

    /// The 26 characters.
    #[must_use]
    pub fn wire(&self) -> [u8; 26] {
        let mut out = [0_u8; 26];
        data_encoding::BASE32_NOPAD.encode_mut(&self.0, &mut out);
        out
    }
}

impl FromStr for Ppid {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::from_wire(text.as_bytes())
    }
}

impl fmt::Display for Ppid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = self.wire();
        f.pad(std::str::from_utf8(&wire).expect("base32 is ASCII"))
    }
}

/// A pseudonym still singles a person out, so Debug (which ends up in logs) shows its first four characters only.
impl fmt::Debug for Ppid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = self.wire();
        write!(f, "Ppid({}…)", std::str::from_utf8(&wire[..4]).expect("base32 is ASCII"))
    }
}

impl<C> minicbor::Encode<C> for Ppid {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Ppid {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.bytes()?.try_into().map(Ppid).map_err(|_| minicbor::decode::Error::message("PPID must be 16 bytes"))
    }
}

/// System trace audit number, DE11 (n6): 0 to 999999, given by the sender; it wraps, so it never identifies alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Stan(#[n(0)] u32);

impl Stan {
    /// From a counter: the last six decimal digits.
    #[must_use]
    pub fn wrapping(n: u64) -> Self {
        Stan(u32::try_from(n % 1_000_000).expect("below a million"))
    }

    /// From the field's six digits.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, IdError> {
        match digits(bytes).and_then(|n| u32::try_from(n).ok()) {
            Some(n) if bytes.len() == 6 => Ok(Stan(n)),
            _ => Err(IdError::new("STAN (DE11)", "must be 6 digits", bytes)),
        }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

/// Serial number of a certificate: at most 20 octets without leading zeros (RFC 5280, 4.1.2.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial {
    len: u8,
    octets: [u8; 20],
}

impl Serial {
    /// From the content of the INTEGER; leading zeros are dropped.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IdError> {
        let start = bytes.iter().position(|b| *b != 0).unwrap_or(bytes.len());
        let bytes = &bytes[start..];
        if bytes.is_empty() || bytes.len() > 20 {
            return Err(IdError::new("certificate serial", "must be 1 to 20 octets and not zero", &[]));
        }
        let mut octets = [0; 20];
        octets[..bytes.len()].copy_from_slice(bytes);
        Ok(Serial { len: u8::try_from(bytes.len()).expect("at most 20"), octets })
    }

    /// Its octets.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }
}

impl FromStr for Serial {
    type Err = IdError;

    /// Hexadecimal, with or without colons.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::new("certificate serial", "must be hexadecimal, at most 20 octets", text.as_bytes());
        let digits: Vec<u8> = text.bytes().filter(|b| *b != b':').collect();
        let nibble = |b: u8| char::from(b).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let mut octets = Vec::new();
        // An odd number of digits has its first octet alone.
        for pair in digits.rchunks(2).rev() {
            let mut octet = 0;
            for digit in pair {
                octet = octet * 16 + nibble(*digit).ok_or_else(wrong)?;
            }
            octets.push(octet);
        }
        Self::from_bytes(&octets)
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<C> minicbor::Encode<C> for Serial {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(self.bytes())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Serial {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Self::from_bytes(d.bytes()?).map_err(|_| minicbor::decode::Error::message("a serial has 1 to 20 octets"))
    }
}

/// Merchant category code, DE18 (n4), ISO 18245.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Mcc(#[n(0)] u16);

impl Mcc {
    /// From a number up to 9999.
    pub fn new(code: u16) -> Result<Self, IdError> {
        if code <= 9999 {
            Ok(Mcc(code))
        } else {
            Err(IdError::new("MCC (DE18)", "must be 0000 to 9999", code.to_string().as_bytes()))
        }
    }

    /// The code.
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }
}

impl FromStr for Mcc {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        match digits(text.as_bytes()).and_then(|n| u16::try_from(n).ok()) {
            Some(n) if text.len() == 4 => Mcc::new(n),
            _ => Err(IdError::new("MCC (DE18)", "must be 4 digits", text.as_bytes())),
        }
    }
}

impl fmt::Display for Mcc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

/// Reads ASCII digits as a number; `None` when empty, longer than 18, or not all digits.
#[must_use]
pub fn digits(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 18 {
        return None;
    }
    let mut n: u64 = 0;
    for &b in bytes {
        let d = b.wrapping_sub(b'0');
        if d > 9 {
            return None;
        }
        n = n * 10 + u64::from(d);
    }
    Some(n)
}

/// Writes `n` right-justified and zero-filled into `out`; digits that do not fit are cut on the left.
pub fn write_digits(mut n: u64, out: &mut [u8]) {
    for slot in out.iter_mut().rev() {
        *slot = b'0' + u8::try_from(n % 10).expect("below 10");
        n /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ppid_round_trips_and_refuses_near_misses() {
        let ppid = Ppid::from_bytes(*b"0123456789abcdef");
        let text = ppid.to_string();
        assert_eq!(text.len(), 26);
        assert_eq!(text.parse::<Ppid>().unwrap(), ppid);
        assert_eq!(format!("{ppid:?}"), format!("Ppid({}…)", &text[..4]));
        assert!(text[..25].parse::<Ppid>().unwrap_err().to_string().contains("26 base32"));
        assert!(text.to_lowercase().parse::<Ppid>().is_err());
        let mut spare = text.clone().into_bytes();
        spare[25] = b'7';
        assert!(Ppid::from_wire(&spare).unwrap_err().to_string().contains("spare bits"));
        assert!("1".repeat(26).parse::<Ppid>().is_err());
    }

    #[test]
    fn fixed_fields_keep_padding_on_the_wire_only() {
        let t: TerminalId = "T1".parse().unwrap();
        assert_eq!(t.wire(), b"T1      ");
        assert_eq!(t.to_string(), "T1");
        assert!("".parse::<TerminalId>().is_err());
        assert!("123456789".parse::<TerminalId>().is_err());
        assert!(TerminalId::from_wire(b"ab\x00     ").is_err());
    }

    #[test]
    fn institution_ids_keep_leading_zeros() {
        let id: InstitutionId = "00270001".parse().unwrap();
        assert_eq!(id.as_str(), "00270001");
        assert_eq!(&id.zero_filled(), b"00000270001");
        assert!("123456789012".parse::<InstitutionId>().is_err());
        assert!("12a".parse::<InstitutionId>().is_err());
    }

    #[test]
    fn numbers_in_text_fields() {
        assert_eq!(ApprovalCode::from_number(35).to_string(), "00000Z");
        assert_eq!(ApprovalCode::from_number(36_u64.pow(6)).to_string(), "000000");
        assert_eq!(Rrn::from_number(42).number(), Some(42));
        for (text, names) in [("000000000000", false), ("0", false), ("999999999999", false), ("000000000001", true)] {
            assert_eq!(text.parse::<Rrn>().unwrap().names_something(), names, "{text}");
        }
        assert_eq!(Stan::from_wire(b"000123").unwrap().get(), 123);
        assert!(Stan::from_wire(b"00012x").is_err());
        assert_eq!("0763".parse::<Mcc>().unwrap().to_string(), "0763");
        assert_eq!(digits(b""), None);
        assert_eq!(digits(b"9999999999999999999"), None);
    }
}
