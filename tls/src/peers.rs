//! Certificates that other parties have shown, so that their end is known before it comes.

use crate::certificate::{Expiry, Part, expiry};
use rustls::pki_types::{CertificateDer, UnixTime};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Parties that are remembered at one time. Beyond them the one whose certificate ends first is forgotten.
const MOST: usize = 1_024;
/// A certificate that ended so long ago, in seconds, is forgotten: its party has another one, or is gone.
const LONG_OVER: i64 = 30 * 86_400;

/// The last certificate of each party: until when it is good, by its subject and names. A renewed one takes its predecessor's place.
#[derive(Debug, Default)]
pub(crate) struct Peers(Mutex<BTreeMap<String, i64>>);

impl Peers {
    /// A certificate that was believed. One that cannot be read was not.
    pub(crate) fn saw(&self, der: &CertificateDer<'_>, now: UnixTime) {
        let Ok(Expiry { subject, until, .. }) = expiry(Part::Peer, der) else { return };
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let mut known = self.known();
        known.retain(|_, until| until.saturating_add(LONG_OVER) > now);
        known.insert(subject, until);
        if known.len() > MOST
            && let Some(first) = known.iter().min_by_key(|(_, until)| **until).map(|(subject, _)| subject.clone())
        {
            known.remove(&first);
        }
    }

    pub(crate) fn expiries(&self) -> Vec<Expiry> {
        let known = self.known();
        known
            .iter()
            .map(|(subject, until)| Expiry { part: Part::Peer, subject: subject.clone(), until: *until })
            .collect()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
