//! One version of a key, as the store keeps it.

use super::name::KeyName;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_schemas::secret::Key;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Where a version stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Used for what is new, and accepted. One version of a key.
    Active,
    /// Accepted: it is about to become active, or was it until now.
    Accepted,
    /// Not used by the switch any more. Its secret is still there, for archives and to go back.
    Retired,
    /// Its secret is gone.
    Destroyed,
}

impl KeyState {
    /// The word for lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            KeyState::Active => "active",
            KeyState::Accepted => "accepted",
            KeyState::Retired => "retired",
            KeyState::Destroyed => "destroyed",
        }
    }

    /// Whether the switch works with it.
    #[must_use]
    pub const fn is_in_use(self) -> bool {
        matches!(self, KeyState::Active | KeyState::Accepted)
    }
}

/// A Japanese fiscal year (April to March), by the year in which it begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FiscalYear(pub u16);

impl FiscalYear {
    /// The fiscal year of an instant, in Japan.
    #[must_use]
    pub fn of(at: Millis) -> Self {
        let day = at.jst_day().to_string();
        let number = |range: std::ops::Range<usize>| day.get(range).and_then(|text| text.parse::<u16>().ok());
        let (year, month) = (number(0..4).unwrap_or_default(), number(5..7).unwrap_or(12));
        FiscalYear(if month >= 4 { year } else { year.saturating_sub(1) })
    }

    /// Its first instant.
    #[must_use]
    pub fn begin(self) -> Option<Millis> {
        BusinessDay::parse(&format!("{:04}-04-01", self.0)).map(BusinessDay::start)
    }
}

impl fmt::Display for FiscalYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Where a version's secret is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Wrapped, in the store: hexadecimal.
    Wrapped(String),
    /// In a device, by its label.
    Device(String),
    /// Nowhere any more.
    Gone,
}

/// Never shows wrapped bytes: they are useless alone, and still secret.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Wrapped(text) => write!(f, "Wrapped({} bytes)", text.len() / 2),
            Place::Device(label) => write!(f, "Device({label})"),
            Place::Gone => f.write_str("Gone"),
        }
    }
}

/// One version of a key.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    #[serde(with = "as_text")]
    pub key: KeyName,
    /// From 1; versions of the vault's keys are numbered together, since a sealed number says which opens it.
    pub version: u8,
    /// Where it stands.
    pub state: KeyState,
    /// What is done with it.
    pub algorithm: String,
    /// Bytes.
    pub length: u8,
    /// Check value: the first three bytes of the AES-CMAC of a zero block under it (ANSI X9.24-1). Empty for a device's key.
    pub kcv: String,
    /// Of keys that sign, and of nodes' own keys: hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// When it was made or brought here.
    #[serde(with = "as_instant")]
    pub created: Millis,
    /// The last day of its cryptoperiod.
    #[serde(with = "as_day")]
    pub ends: BusinessDay,
    /// Of keys that seal: they seal from the beginning of this year on. Absent in versions that are older than fiscal years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fiscal_year: Option<FiscalYear>,
    /// Where its secret is.
    pub place: Place,
}

impl Entry {
    /// Days until its cryptoperiod ends; negative when it has ended.
    #[must_use]
    pub fn days_left(&self, now: Millis) -> i32 {
        self.ends.0.saturating_sub(now.jst_day().0)
    }

    /// What a wrapped secret is bound to: a secret that is copied to another entry does not open there.
    pub(super) fn bound_to(&self) -> Vec<u8> {
        format!("kazasu key 1\n{}\n{}\n{}\n", self.key, self.version, self.algorithm).into_bytes()
    }

    /// For messages: name and version.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.key, self.version)
    }
}

/// Three bytes of a key's check value, upper-case hexadecimal.
#[must_use]
pub fn kcv(key: &Key) -> String {
    hex::encode_upper(&kazasu_schemas::mac::check_value(key)[..3])
}

mod as_text {
    use super::{Deserialize, Deserializer, KeyName, Serializer};

    pub(super) fn serialize<S: Serializer>(name: &KeyName, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(name)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<KeyName, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

mod as_instant {
    use super::{Deserialize, Deserializer, Millis, Serializer};

    pub(super) fn serialize<S: Serializer>(at: &Millis, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&at.jst_text())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Millis, D::Error> {
        let text = String::deserialize(from)?;
        Millis::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no instant")))
    }
}

mod as_day {
    use super::{BusinessDay, Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(day: &BusinessDay, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(day)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BusinessDay, D::Error> {
        let text = String::deserialize(from)?;
        BusinessDay::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no date")))
    }
}
