//! The keys of a session: which authenticate what is written and what comes, before and after a sign-on.

use crate::authentic::{ConnectionMac, Covered, Keying, SessionMaster, StaticMac};
use kazasu_schemas::ids::InstitutionId;
use kazasu_schemas::mac::MacKey;
use kazasu_schemas::wire::Nonce;
use std::sync::Arc;

/// What authenticates this session's messages now.
pub(super) struct Keys {
    pub(super) keying: Keying,
    /// The switch, as DE32 of its sign-on names it.
    pub(super) institution: InstitutionId,
    /// Of the sign-on under way.
    pub(super) nonce: Option<Nonce>,
    /// Of the sign-on under way, once both nonces are there.
    pub(super) next: Option<ConnectionMac>,
    /// Of the session that is proven on this connection.
    pub(super) now: Option<ConnectionMac>,
    /// Of the session before on this connection: answers under it may have been under way. With the time until which they count.
    pub(super) before: Option<(MacKey, u64)>,
    /// Fixed keys, as they were looked at last.
    pub(super) fixed: Option<Arc<StaticMac>>,
    /// Which version of the master key the next sign-on is under: another one after each proof that is refused.
    pub(super) turn: usize,
}

/// Whether a message is the issuer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Authenticity {
    /// It has the right MAC, or none is agreed.
    Proven,
    /// Its MAC is wrong or missing.
    Unproven,
}

impl Keys {
    pub(super) fn new(keying: Keying, institution: InstitutionId) -> Self {
        let (nonce, next, now, before, fixed) = (None, None, None, None, None);
        let mut keys = Keys { keying, institution, nonce, next, now, before, fixed, turn: 0 };
        keys.look();
        keys
    }

    /// Takes up fixed keys that have come into force.
    pub(super) fn look(&mut self) {
        if let Keying::Static(keys) = &self.keying {
            self.fixed = Some(keys.get());
        }
    }

    /// A connection ended: its keys are no other's.
    pub(super) fn forget(&mut self) {
        (self.nonce, self.next, self.now, self.before) = (None, None, None, None);
    }

    pub(super) fn master(&self) -> Option<&SessionMaster> {
        match &self.keying {
            Keying::Session(master) => Some(master),
            Keying::None | Keying::Static(_) => None,
        }
    }

    pub(super) fn outgoing(&self) -> Option<&MacKey> {
        match &self.keying {
            Keying::None => None,
            Keying::Static(_) => self.fixed.as_ref().map(|keys| &keys.to_issuer),
            Keying::Session(_) => self.next.as_ref().or(self.now.as_ref()).map(|keys| &keys.to_issuer),
        }
    }

    pub(super) fn authenticity(&self, now: u64, covered: Option<Covered<'_>>) -> Authenticity {
        let before = self.before.as_ref().filter(|(_, until)| now < *until).map(|(key, _)| key);
        let under = |key: &MacKey| covered.is_some_and(|covered| covered.is_under(key));
        let of = |keys: &Option<ConnectionMac>| keys.as_ref().is_some_and(|keys| under(&keys.from_issuer));
        let right = match &self.keying {
            Keying::None => true,
            Keying::Static(keys) => keys.get().from_issuer.iter().any(under),
            Keying::Session(_) => of(&self.now) || of(&self.next) || before.is_some_and(under),
        };
        if right { Authenticity::Proven } else { Authenticity::Unproven }
    }

    /// Is it under the keys that this sign-on is to prove?
    pub(super) fn is_proof(&self, covered: Option<Covered<'_>>) -> bool {
        covered.zip(self.next.as_ref()).is_some_and(|(covered, keys)| covered.is_under(&keys.from_issuer))
    }

    /// The new keys are proven.
    pub(super) fn change(&mut self, until: u64) {
        let old = std::mem::replace(&mut self.now, self.next.take());
        self.before = old.map(|keys| (keys.from_issuer, until));
    }
}
