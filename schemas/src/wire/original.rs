//! DE90, original data elements: which earlier message this one is about.

use super::FieldError;
use crate::ids::{InstitutionId, Stan, digits, write_digits};
use crate::iso8583::Mti;
use crate::jst::TransmissionTime;

/// The original message's type, STAN, transmission time and acquirer (ISO 8583:1987 DE90: n4 n6 n10 n11 n11).
#[derive(Clone, Copy, PartialEq, Eq, Debug, minicbor::Encode, minicbor::Decode)]
pub struct Original {
    /// Its type, without the repeat bit.
    #[n(0)]
    pub mti: Mti,
    /// Its DE11.
    #[n(1)]
    pub stan: Stan,
    /// Its DE7.
    #[n(2)]
    pub transmission: TransmissionTime,
    /// Its DE32, right-justified and zero-filled.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub acquirer: [u8; 11],
}

impl Original {
    /// From the field's 42 digits. The forwarding institution (the last eleven) is not used.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, FieldError> {
        let bad = |what: &str| FieldError::new(90, format!("original data elements: {what}"));
        if bytes.len() != 42 || digits(&bytes[..10]).is_none() {
            return Err(bad("must be 42 digits"));
        }
        let mti = digits(&bytes[..4]).and_then(|n| u16::try_from(n).ok()).ok_or_else(|| bad("message type"))?;
        if mti > 999 {
            return Err(bad("message type must begin with 0"));
        }
        Ok(Original {
            mti: Mti(mti).without_repeat(),
            stan: Stan::from_wire(&bytes[4..10]).map_err(|_| bad("STAN must be 6 digits"))?,
            transmission: TransmissionTime::from_wire(&bytes[10..20])
                .ok_or_else(|| bad("transmission time must be MMDDhhmmss"))?,
            acquirer: bytes[20..31]
                .try_into()
                .ok()
                .filter(|a: &[u8; 11]| a.iter().all(u8::is_ascii_digit))
                .ok_or_else(|| bad("acquirer must be 11 digits"))?,
        })
    }

    /// The original data of a message that `acquirer` sent.
    #[must_use]
    pub fn new(mti: Mti, stan: Stan, transmission: TransmissionTime, acquirer: InstitutionId) -> Self {
        Original { mti: mti.without_repeat(), stan, transmission, acquirer: acquirer.zero_filled() }
    }

    /// The field's 42 digits, the forwarding institution zero.
    #[must_use]
    pub fn wire(&self) -> [u8; 42] {
        let mut out = [b'0'; 42];
        write_digits(u64::from(self.mti.0), &mut out[..4]);
        write_digits(u64::from(self.stan.get()), &mut out[4..10]);
        write_digits(u64::from(self.transmission.get()), &mut out[10..20]);
        out[20..31].copy_from_slice(&self.acquirer);
        out
    }
}
