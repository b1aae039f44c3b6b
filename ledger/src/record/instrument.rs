//! A person's instrument, and its versions.

use super::*;

/// The one instrument that a PPID pays with.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub enum Instrument {
    /// A credit card.
    #[n(0)]
    CreditCard(#[n(0)] Card),
    /// A debit card.
    #[n(1)]
    DebitCard(#[n(0)] Card),
    /// A public-receipt account at a bank that is asked over its link.
    #[n(2)]
    BankAccount(#[n(0)] BankAccount),
    /// A public-receipt account that this ledger holds itself: payments need no issuer.
    #[n(3)]
    Deposit(#[n(0)] AccountId),
}

impl Instrument {
    /// The issuer to be asked, or `None` when the ledger decides alone.
    #[must_use]
    pub fn issuer(&self) -> Option<u16> {
        match self {
            Instrument::CreditCard(card) | Instrument::DebitCard(card) => Some(card.issuer),
            Instrument::BankAccount(account) => Some(account.issuer),
            Instrument::Deposit(_) => None,
        }
    }

    /// Its kind's name, as import files write it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Instrument::CreditCard(_) => "credit",
            Instrument::DebitCard(_) => "debit",
            Instrument::BankAccount(_) => "bank",
            Instrument::Deposit(_) => "on_us",
        }
    }
}

/// A card whose number is sealed: unreadable without the vault's key (PCI DSS 3.5.1).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct Card {
    /// The issuer's number, found by the card number's prefix when the card was linked.
    #[n(0)]
    pub issuer: u16,
    /// Key version, nonce, ciphertext and tag.
    #[cbor(n(1), with = "sealed_bytes")]
    pub pan: Box<[u8]>,
    /// The card number's keyed hash: tells whether two sealed numbers are the same without opening them.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub token: [u8; 8],
}

pub(super) mod sealed_bytes {
    pub(crate) fn encode<C, W: minicbor::encode::Write>(
        bytes: &[u8],
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(bytes)?.ok()
    }

    pub(crate) fn decode<C>(d: &mut minicbor::Decoder<'_>, _: &mut C) -> Result<Box<[u8]>, minicbor::decode::Error> {
        Ok(d.bytes()?.into())
    }
}

/// An account at a bank.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Encode, Decode)]
pub struct BankAccount {
    /// The bank's issuer number.
    #[n(0)]
    pub issuer: u16,
    /// Branch (3 digits) and account number (7 digits) as one number.
    #[n(1)]
    pub number: u64,
}

/// See [`super::Body::Linked`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Linked {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// 1 for a person's first link, then one more each.
    #[n(1)]
    pub version: u32,
    /// In force from here until the next version's beginning.
    #[n(2)]
    pub from: Millis,
    /// Its instrument.
    #[n(3)]
    pub instrument: Instrument,
    /// Its author; absent in records older than the field.
    #[n(4)]
    pub origin: Option<LinkOrigin>,
    /// The caller's name.
    #[n(5)]
    pub by: Option<String>,
    /// The statement that the portal signed, where one asked for it; older records have none.
    #[n(6)]
    pub proof: Option<Box<PortalProof>>,
    /// Of a row of a file: the approval of the file.
    #[n(7)]
    pub approval: Option<u64>,
}

/// The origin of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
#[cbor(index_only)]
pub enum LinkOrigin {
    /// The holder, at the portal, with the card's PIN.
    #[n(0)]
    Holder,
    /// The operator's import.
    #[n(1)]
    Import,
    /// Two people, from the queue of broken links.
    #[n(2)]
    Retarget,
    /// An operator, at the counter: the holder's PIN was checked there.
    #[n(3)]
    Counter,
    /// Staff allowed an instrument that another person has linked.
    #[n(4)]
    Shared,
    /// It went over to the PPID of a new card.
    #[n(5)]
    Replaced,
}

/// See [`super::Body::Unlinked`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Unlinked {
    /// The person.
    #[n(0)]
    pub ppid: Ppid,
    /// This end is a version too.
    #[n(1)]
    pub version: u32,
    /// No instrument from here on.
    #[n(2)]
    pub from: Millis,
    /// The caller's name.
    #[n(3)]
    pub by: Option<String>,
    /// The statement that the portal signed, where one asked for it; older records have none.
    #[n(4)]
    pub proof: Option<Box<PortalProof>>,
    /// Of a row of a file: the approval of the file.
    #[n(5)]
    pub approval: Option<u64>,
}
