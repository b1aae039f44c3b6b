//! Cryptoperiods: how long each key may still be used, as a metric, on the status page, and as a warning before it ends.

use super::live::Keys;
use kazasu_schemas::jst::{BusinessDay, Millis};
use kazasu_security::keys::{Entry, KeyState, Place};
use serde::Serialize;

/// A version of a key, for lists. It goes to people who may read the store.
#[derive(Clone, Debug, Serialize)]
pub struct KeyView {
    /// Its name.
    pub key: String,
    /// Its version.
    pub version: u8,
    /// The state.
    pub state: &'static str,
    /// The action on it.
    pub algorithm: String,
    /// Bytes.
    pub length: u8,
    /// Check value.
    pub kcv: String,
    /// Public key, of keys that have one.
    pub public: Option<String>,
    /// The time at which it was made or brought here.
    pub created: String,
    /// The last day of its cryptoperiod.
    pub ends: String,
    /// Days until then.
    pub days_left: i32,
    /// Of keys that seal.
    pub fiscal_year: Option<u16>,
    /// The label of a key that is in a device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
}

impl KeyView {
    /// Of an entry.
    #[must_use]
    pub fn of(entry: &Entry, now: Millis) -> Self {
        KeyView {
            key: entry.key.to_string(),
            version: entry.version,
            state: entry.state.name(),
            algorithm: entry.algorithm.clone(),
            length: entry.length,
            kcv: entry.kcv.clone(),
            public: entry.public.clone(),
            created: entry.created.jst_text(),
            ends: entry.ends.to_string(),
            days_left: entry.days_left(now),
            fiscal_year: entry.fiscal_year.map(|year| year.0),
            device: match &entry.place {
                Place::Device(label) => Some(label.clone()),
                Place::Wrapped(_) | Place::Gone => None,
            },
        }
    }
}

/// A version's remaining days, for status pages, which all may read.
#[derive(Clone, Debug, Serialize)]
pub struct KeyPeriod {
    /// Its name.
    pub key: String,
    /// Its version.
    pub version: u8,
    /// The state.
    pub state: &'static str,
    /// The last day of its cryptoperiod.
    pub ends: String,
    /// Days until then.
    pub days_left: i32,
    /// It ends soon, or has ended.
    pub soon: bool,
    /// Of acquirers' keys: this node's connections that are signed on under this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<usize>,
}

/// The facts about keys on status pages.
#[derive(Clone, Debug, Serialize)]
pub struct KeyPeriods {
    /// Versions that are in use.
    pub keys: Vec<KeyPeriod>,
    /// The reason why a changed store is not in force.
    pub problem: Option<String>,
}

/// A key whose cryptoperiod ends soon, or has ended.
#[derive(Clone, Debug)]
pub struct KeyNote {
    /// The key's name.
    pub key: String,
    /// With its version.
    pub title: String,
    /// The last day of its cryptoperiod.
    pub ends: BusinessDay,
    /// Days until then; below zero when it has ended.
    pub days: i32,
}

impl Keys {
    /// For status pages: every version that is in use.
    #[must_use]
    pub fn shown(&self, now: Millis) -> KeyPeriods {
        let entries = self.entries();
        let period = |entry: &Entry| KeyPeriod {
            key: entry.key.to_string(),
            version: entry.version,
            state: entry.state.name(),
            ends: entry.ends.to_string(),
            days_left: entry.days_left(now),
            soon: self.ends_soon(entry, now),
            connections: self.connections(entry),
        };
        let keys = entries.iter().filter(|entry| entry.state.is_in_use()).map(period).collect();
        KeyPeriods { keys, problem: self.problem() }
    }

    fn ends_soon(&self, entry: &Entry, now: Millis) -> bool {
        entry.state == KeyState::Active && entry.days_left(now) <= i32::from(self.section.warn_days)
    }

    /// Publishes days until active keys end.
    pub fn publish(&self, now: Millis) {
        for entry in self.entries().iter().filter(|entry| entry.state == KeyState::Active) {
            let labels = [("key", entry.key.to_string()), ("purpose", entry.key.purpose().name().to_owned())];
            metrics::gauge!("kazasu_key_days_left", &labels).set(f64::from(entry.days_left(now)));
        }
        metrics::gauge!("kazasu_key_store_problem").set(if self.problem().is_some() { 1.0 } else { 0.0 });
    }

    /// The ones that end soon or have ended.
    #[must_use]
    pub fn notes(&self, now: Millis) -> Vec<KeyNote> {
        let note = |entry: &Entry| KeyNote {
            key: entry.key.to_string(),
            title: entry.title(),
            ends: entry.ends,
            days: entry.days_left(now),
        };
        let entries = self.entries();
        let soon = entries.iter().filter(|entry| self.ends_soon(entry, now));
        soon.map(note).collect()
    }
}
