//! Network management, 0800/0810: sign-on and its proof, sign-off, echo, cut-over.

use super::{FieldError, ResponseCode, number, read, required};
use crate::ids::{InstitutionId, Stan};
use crate::iso8583::{Message, Mti};
use crate::jst::TransmissionTime;

/// The purpose of a network message, DE70.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum NetworkCode {
    /// 001: asks for the nonce that a session begins with.
    SignOn,
    /// 002.
    SignOff,
    /// 101: proves a sign-on; its session keys come into force.
    KeyChange,
    /// 201: the business day ends.
    CutoverStart,
    /// 202: the new business day has begun.
    CutoverEnd,
    /// 301.
    Echo,
    /// Any other code.
    Other(u16),
}

impl NetworkCode {
    /// DE70's three digits as a number.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            NetworkCode::SignOn => 1,
            NetworkCode::SignOff => 2,
            NetworkCode::KeyChange => 101,
            NetworkCode::CutoverStart => 201,
            NetworkCode::CutoverEnd => 202,
            NetworkCode::Echo => 301,
            NetworkCode::Other(n) => n,
        }
    }

    fn from_number(n: u16) -> Self {
        match n {
            1 => NetworkCode::SignOn,
            2 => NetworkCode::SignOff,
            101 => NetworkCode::KeyChange,
            201 => NetworkCode::CutoverStart,
            202 => NetworkCode::CutoverEnd,
            301 => NetworkCode::Echo,
            n => NetworkCode::Other(n),
        }
    }

    /// Its name for metrics and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            NetworkCode::SignOn => "sign_on",
            NetworkCode::SignOff => "sign_off",
            NetworkCode::KeyChange => "key_change",
            NetworkCode::CutoverStart => "cutover_start",
            NetworkCode::CutoverEnd => "cutover_end",
            NetworkCode::Echo => "echo",
            NetworkCode::Other(_) => "other",
        }
    }
}

/// A 0800 or 0810.
#[derive(Clone, PartialEq, Eq)]
pub struct Network {
    /// 0800 or 0810 (or 0801).
    pub mti: Mti,
    /// DE7.
    pub transmission: TransmissionTime,
    /// DE11.
    pub stan: Stan,
    /// DE32: who speaks. Issuer links use it too.
    pub institution: InstitutionId,
    /// DE39, in answers.
    pub code: Option<ResponseCode>,
    /// DE70.
    pub purpose: NetworkCode,
    /// DE48. In an acquirer's sign-on it holds [nonces](super::sign_on).
    pub private: Option<Vec<u8>>,
    /// DE15 of a cut-over, MMDD: the business day that ends (201) or has begun (202).
    pub settlement: Option<u16>,
}

/// Private values stay out of logs.
impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Network({} {} {} STAN {:06}", self.mti, self.purpose.name(), self.institution, self.stan.get())?;
        if let Some(code) = &self.code {
            write!(f, " {code:?}")?;
        }
        if let Some(private) = &self.private {
            write!(f, " DE48 [{} bytes]", private.len())?;
        }
        f.write_str(")")
    }
}

impl Network {
    /// A request.
    #[must_use]
    pub fn request(
        purpose: NetworkCode,
        institution: InstitutionId,
        stan: Stan,
        transmission: TransmissionTime,
    ) -> Self {
        Network { mti: Mti(800), transmission, stan, institution, code: None, purpose, private: None, settlement: None }
    }

    /// A cut-over's messages say which business day (MMDD) they are about.
    #[must_use]
    pub fn about(self, settlement: u16) -> Self {
        Network { settlement: Some(settlement), ..self }
    }

    /// The same with DE48.
    #[must_use]
    pub fn with(self, private: Vec<u8>) -> Self {
        Network { private: Some(private), ..self }
    }

    /// The answer to this request.
    #[must_use]
    pub fn answer(&self, code: ResponseCode) -> Self {
        Network { mti: self.mti.answer(), code: Some(code), private: None, ..self.clone() }
    }

    /// Reads a decoded message of class 8.
    pub fn from_message(message: &Message) -> Result<Network, FieldError> {
        let purpose = u16::try_from(number(message, 70)?).map_err(|_| FieldError::new(70, "must be 3 digits"))?;
        Ok(Network {
            mti: message.mti,
            transmission: TransmissionTime::from_wire(required(message, 7)?)
                .ok_or_else(|| FieldError::new(7, "must be a date and time MMDDhhmmss"))?,
            stan: read(message, 11, Stan::from_wire)?,
            institution: read(message, 32, InstitutionId::from_wire)?,
            code: match message.get(39) {
                None => None,
                Some(b) => {
                    Some(ResponseCode::from_wire(b).ok_or_else(|| FieldError::new(39, "must be 2 letters or digits"))?)
                }
            },
            purpose: NetworkCode::from_number(purpose),
            private: message.get(48).map(<[u8]>::to_vec),
            settlement: match message.get(15) {
                None => None,
                Some(_) => {
                    let date = number(message, 15)?;
                    let (month, day) = (date / 100, date % 100);
                    let good = (1..=12).contains(&month) && (1..=31).contains(&day);
                    let wrong = || FieldError::new(15, "must be a date MMDD");
                    Some(u16::try_from(date).ok().filter(|_| good).ok_or_else(wrong)?)
                }
            },
        })
    }

    /// Writes the message.
    pub fn to_message(&self, out: &mut Message) {
        out.clear(self.mti);
        out.set_number(7, u64::from(self.transmission.get()), 10);
        out.set_number(11, u64::from(self.stan.get()), 6);
        if let Some(date) = self.settlement {
            out.set_number(15, u64::from(date), 4);
        }
        out.set(32, self.institution.as_bytes());
        if let Some(code) = &self.code {
            out.set(39, code.wire());
        }
        if let Some(private) = &self.private {
            out.set(48, private);
        }
        out.set_number(70, u64::from(self.purpose.number()), 3);
    }
}
