//! The contents of the rows beside the journal, in numbered CBOR. A later version adds fields.

use kazasu_schemas::identity::{PersonId, SignIn, Via};
use kazasu_schemas::jst::Millis;
use kazasu_store::side::SideRow;
use minicbor::{Decode, Encode};

/// Kinds of rows. A number is never used for another kind.
pub(crate) const CREDENTIAL: u8 = 1;
pub(crate) const SESSION: u8 = 2;
pub(crate) const ATTEMPTS: u8 = 3;
pub(crate) const KEY_USE: u8 = 4;
pub(crate) const NONCE: u8 = 5;
pub(crate) const FLOW: u8 = 6;
pub(crate) const PASSKEY: u8 = 7;
pub(crate) const LINK: u8 = 8;

/// The expiry of a row that never expires.
pub(crate) const FOR_EVER: Millis = Millis(i64::MAX);

/// The means of a person. The key of the row is the credential number in the record of joining.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Credential {
    /// Argon2id, as a PHC text; empty where the person has no password.
    #[n(0)]
    pub(crate) password: String,
    /// The secret of one-time codes, sealed.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) one_time: Option<Vec<u8>>,
    /// The last step whose code was taken.
    #[n(2)]
    pub(crate) step: u64,
    /// SHA-256 of the recovery codes that are left.
    #[n(3)]
    pub(crate) recovery: Vec<minicbor::bytes::ByteArray<32>>,
    /// The issuer of the provider that the person is linked to.
    #[n(4)]
    pub(crate) provider: Option<String>,
}

/// A passkey. Its key is the credential's number, and the beginning of the SHA-256 of its own id.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Passkey {
    /// The person.
    #[n(0)]
    pub(crate) person: PersonId,
    /// Public key, counter and id as the library writes them, sealed: a party that can write the table can add no passkey.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) sealed: Vec<u8>,
    /// The label that its owner chose.
    #[n(2)]
    pub(crate) label: String,
    /// The time of its addition.
    #[n(3)]
    pub(crate) added: Millis,
    /// The time of its last use.
    #[n(4)]
    pub(crate) used: Option<Millis>,
}

/// The person of a provider's subject, sealed. The key of the row is the SHA-256 of issuer and subject.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Link {
    /// The person.
    #[n(0)]
    pub(crate) person: PersonId,
    /// The credential of the link. The link ends with the credential.
    #[n(1)]
    pub(crate) credential: minicbor::bytes::ByteArray<16>,
}

/// A session. Its key is the person's number, and the SHA-256 of its secret.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct Session {
    /// When it began.
    #[n(0)]
    pub(crate) begun: Millis,
    /// When it was used last, to the minute.
    #[n(1)]
    pub(crate) used: Millis,
    /// The record that had last changed what the person may do.
    #[n(2)]
    pub(crate) rights: u64,
    /// How the person signed in.
    #[n(3)]
    pub(crate) sign_in: SignIn,
    /// Through what.
    #[n(4)]
    pub(crate) via: Via,
    /// The network from which the person signed in.
    #[n(5)]
    pub(crate) network: String,
    /// When the person last showed a second factor.
    #[n(6)]
    pub(crate) factor: Option<Millis>,
    /// What the switch keeps with the session: its decision key, certified.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub(crate) kept: Option<Vec<u8>>,
    /// The decisions that the person named when last showing a second factor, by their fingerprints. It serves for no others.
    #[n(8)]
    pub(crate) named: Option<Vec<String>>,
}

/// Attempts of one name, of one network, or of one name from one network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Encode, Decode)]
pub(crate) struct Attempts {
    /// Failures in a row.
    #[n(0)]
    pub(crate) failures: u32,
    /// The last one, milliseconds since 1970.
    #[n(1)]
    pub(crate) last: i64,
    /// The person has signed in from this network before.
    #[n(2)]
    pub(crate) known: bool,
}

/// A key's last use.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) struct KeyUse {
    #[n(0)]
    pub(crate) at: Millis,
    #[n(1)]
    pub(crate) network: String,
}

pub(crate) fn written<T: minicbor::Encode<()>>(value: &T) -> Vec<u8> {
    minicbor::to_vec(value).expect("writing to memory does not fail")
}

/// None of a row that this version cannot read: it is as good as none.
pub(crate) fn read<'b, T: minicbor::Decode<'b, ()>>(row: &'b SideRow) -> Option<T> {
    minicbor::decode(&row.value).ok()
}
