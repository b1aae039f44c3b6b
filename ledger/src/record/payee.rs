//! Accounts of payees: where payouts of merchants and returns of funds go to. Two people set one, and the payee was called back first.

use super::*;
use kazasu_schemas::relief::SealedAccount;

/// Who is paid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Encode, Decode)]
pub enum Payee {
    /// A merchant.
    #[n(0)]
    Merchant {
        /// Its acquirer.
        #[n(0)]
        acquirer: InstitutionId,
        /// DE42.
        #[n(1)]
        merchant: MerchantId,
    },
    /// The funder of a programme, to whom its fund goes back.
    #[n(1)]
    Fund {
        /// The programme.
        #[n(0)]
        programme: u16,
    },
}

impl std::fmt::Display for Payee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Payee::Merchant { acquirer, merchant } => write!(f, "{acquirer}/{merchant}"),
            Payee::Fund { programme } => write!(f, "fund/{programme}"),
        }
    }
}

/// A call to the payee, at a number that was known before the change was asked for: who was called, at which number, when, and by whom.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct CallBack {
    /// Key version, nonce, ciphertext and tag of the note.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
    /// The note under a keyed hash: tells whether two are the same without opening them.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub token: [u8; 16],
}

/// A payee's account that is to be set, or to be ended.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PayeeChange {
    /// The payee.
    #[n(0)]
    pub payee: Payee,
    /// The account; absent where it ends.
    #[n(1)]
    pub account: Option<SealedAccount>,
    /// The call to the payee, where the requester made it.
    #[n(2)]
    pub call: Option<CallBack>,
}

/// See [`Body::PayeeSet`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PayeeSet {
    /// The payee.
    #[n(0)]
    pub payee: Payee,
    /// The account from here on; absent where it ended.
    #[n(1)]
    pub account: Option<SealedAccount>,
    /// The call to the payee; absent in the accounts with which a book was opened.
    #[n(2)]
    pub call: Option<CallBack>,
    /// Who asked for it, through what, and under which approved file.
    #[n(3)]
    pub maker: Option<Maker>,
}

/// See [`Body::PayeesTaken`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PayeesTaken {
    /// SHA-256 of the file.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub digest: [u8; 32],
    /// Its accounts.
    #[n(1)]
    pub accounts: u64,
}

/// See [`Body::PayeeCalled`].
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct PayeeCalled {
    /// The request.
    #[n(0)]
    pub proposal: u64,
    /// The call.
    #[n(1)]
    pub call: CallBack,
    /// Who called: neither the requester nor the person who approves.
    #[n(2)]
    pub by: String,
    /// Through what it was said.
    #[n(3)]
    pub via: Option<Via>,
    /// The version of the request about which the payee was called: no other one has this call.
    #[n(4)]
    pub seen: Fingerprint,
    /// The signature of the person who called; absent in records of before.
    #[n(5)]
    pub proof: Option<Box<DecisionProof>>,
}
