//! A portal's signed statement for the operation of a record.

use super::*;
use kazasu_schemas::identity::ProgramId;
use kazasu_schemas::portal::{PortalOperation, Proven, ResidentNotice, Statement};

/// See [`super::Body::NoticesChosen`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct NoticesChosen {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// The portal that gets them.
    #[n(1)]
    pub portal: ProgramId,
    /// All that the person wants, ascending; none ends them.
    #[n(2)]
    pub notices: Vec<ResidentNotice>,
    /// The portal's own name for the person, which its events bear.
    #[n(3)]
    pub handle: Option<String>,
    /// The statement that the portal signed.
    #[n(4)]
    pub proof: Option<Box<PortalProof>>,
}

/// A portal's signed statement, kept in the record of what it asked for. The record's PPID completes it: with that, the statement's text
/// can be made again and its signature checked without the switch.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PortalProof {
    /// The portal.
    #[n(0)]
    pub portal: ProgramId,
    /// The portal's proof of who the person is.
    #[n(1)]
    pub proven: Proven,
    /// The time of its report, by its own clock.
    #[n(2)]
    pub at: Millis,
    /// The operation that it asked for.
    #[n(3)]
    pub operation: PortalOperation,
    /// SHA-256 of its request.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub request: [u8; 32],
    /// Drawn for the statement.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub nonce: [u8; 16],
    /// The public key that the signature was checked with.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub key: [u8; 32],
    /// The signature (Ed25519).
    #[cbor(n(7), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

impl PortalProof {
    /// Of a statement whose signature was checked with this key.
    #[must_use]
    pub fn of(statement: &Statement, key: [u8; 32], signature: [u8; 64]) -> PortalProof {
        let Statement { portal, resident: _, proven, at, operation, request, nonce } = *statement;
        PortalProof { portal, proven, at, operation, request, nonce, key, signature }
    }

    /// The statement as it was signed.
    #[must_use]
    pub fn statement(&self, resident: Ppid) -> Statement {
        let PortalProof { portal, proven, at, operation, request, nonce, .. } = *self;
        Statement { portal, resident, proven, at, operation, request, nonce }
    }
}
