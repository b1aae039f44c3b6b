//! Attempts of two requests: the switch sends a person to a provider or a challenge to an authenticator, and the answer arrives later,
//! perhaps at another node. The row between the two requests is sealed, valid once, and for ten minutes.

use crate::error::{Result, SignInError};
use crate::rows::{ATTEMPTS, FLOW, read, written};
use crate::secret::{Secret, SecretKind};
use crate::sign_ins::{SessionId, SignIns, new_row, waited};
use crate::throttle::{self, Counter, network_of};
use kazasu_schemas::identity::NameKey;
use kazasu_schemas::jst::Millis;
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};
use std::net::IpAddr;

/// The longest time of an attempt, in milliseconds.
const LONGEST: i64 = 600_000;

/// The purpose of an attempt. It cannot change: an attempt to sign in makes no session fresh.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum FlowFor {
    /// To sign in.
    #[n(0)]
    SignIn,
    /// To show a second factor again in this session.
    #[n(1)]
    Again(#[n(0)] SessionId),
    /// To join with the invitation of this hash.
    #[n(2)]
    Join(#[n(0)] ByteArray<32>),
    /// To add a passkey in this session.
    #[n(3)]
    Add(#[n(0)] SessionId),
}

/// The switch has sent a person to a provider.
#[derive(Clone, Debug, Encode, Decode)]
pub struct ProviderFlow {
    /// The purpose.
    #[n(0)]
    pub purpose: FlowFor,
    /// The provider's name.
    #[n(1)]
    pub provider: String,
    /// The address to come back to.
    #[n(2)]
    pub redirect: String,
    /// The state: it refuses the answer of another attempt.
    #[n(3)]
    pub state: String,
    /// The nonce: it refuses the ID token of another attempt.
    #[n(4)]
    pub nonce: String,
    /// The verifier of PKCE.
    #[n(5)]
    pub verifier: String,
    /// The time of its beginning.
    #[n(6)]
    pub at: Millis,
}

/// The content of the row of an attempt.
#[derive(Clone, Debug, Encode, Decode)]
pub enum Flow {
    /// The switch has sent a person to a provider.
    #[n(0)]
    Provider(#[n(0)] ProviderFlow),
    /// An authenticator makes a passkey: what for, the credential's number, and the library's state.
    #[n(1)]
    Registration(#[n(0)] FlowFor, #[n(1)] ByteArray<16>, #[n(2)] ByteVec),
    /// An authenticator proves one: what for, the credential where it is known, and the library's state.
    #[n(2)]
    Assertion(#[n(0)] FlowFor, #[n(1)] Option<ByteArray<16>>, #[n(2)] ByteVec),
}

fn about(hash: &[u8; 32]) -> [u8; 16] {
    std::array::from_fn(|at| hash[at])
}

impl SignIns {
    /// Keeps an attempt that begins, and returns the secret that names it. It counts for its network until it ends well.
    pub async fn begin_flow(&self, flow: &Flow, address: IpAddr, now: Millis) -> Result<Secret> {
        let (unnamed, network) = (NameKey::of(""), network_of(address));
        let row = self.table.get(ATTEMPTS, Counter::Network.key(&unnamed, &network)).await?;
        waited(Counter::Network, throttle::count(row.as_ref(), now), now)?;
        self.bump(Counter::Network, (&unnamed, &network), now).await?;
        let secret = self.secret(SecretKind::Attempt)?;
        let hash = secret.hash();
        let sealed = self.seal.seal(&written(flow), &about(&hash));
        let sealed = sealed.ok_or(SignInError::Failed("the vault seals nothing"))?;
        self.table
            .put(new_row(FLOW, hash.to_vec(), (written(&ByteVec::from(sealed)), Millis(now.0 + LONGEST))))
            .await?;
        Ok(secret)
    }

    /// Removes the row of an attempt and returns its content, once.
    pub async fn take_flow(&self, attempt: &str, now: Millis) -> Result<Flow> {
        let secret = Secret::read(attempt).ok().filter(|secret| secret.kind() == SecretKind::Attempt);
        let hash = secret.ok_or(SignInError::Flow)?.hash();
        let row = self.table.get(FLOW, hash.to_vec()).await?.ok_or(SignInError::Flow)?;
        // Only the request that removes the row continues, on this node or on another.
        let is_first = self.table.delete(FLOW, hash.to_vec()).await?;
        if !is_first || row.until < now {
            return Err(SignInError::Flow);
        }
        let sealed: ByteVec = read(&row).ok_or(SignInError::Flow)?;
        let clear = self.seal.open(&sealed, &about(&hash)).ok_or(SignInError::Flow)?;
        minicbor::decode(&clear).map_err(|_| SignInError::Flow)
    }

    /// Ends the counting of an attempt that ended well.
    pub async fn end_flow(&self, address: IpAddr, now: Millis) -> Result<()> {
        let (unnamed, network) = (NameKey::of(""), network_of(address));
        self.uncount(&[Counter::Network], (&unnamed, &network), now).await
    }
}
