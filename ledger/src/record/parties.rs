//! The parties: acquirers, issuers, merchants, on-us accounts.

use super::*;

/// See [`super::Body::Opened`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Opened {
    /// Version of the record format.
    #[n(0)]
    pub format: u16,
    /// The book's name.
    #[n(1)]
    pub book: String,
    /// The operator's bank account.
    #[n(2)]
    pub bank: AccountId,
}

/// See [`super::Body::AcquirerRegistered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct AcquirerRegistered {
    /// DE32.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// Its advice-shortfall account.
    #[n(2)]
    pub shortfall: AccountId,
}

/// See [`super::Body::IssuerRegistered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct IssuerRegistered {
    /// Its number in this book, from configuration.
    #[n(0)]
    pub issuer: u16,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// Its receivable account.
    #[n(2)]
    pub receivable: AccountId,
}

/// See [`super::Body::MerchantRegistered`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct MerchantRegistered {
    /// The acquirer that brought the merchant.
    #[n(0)]
    pub acquirer: InstitutionId,
    /// DE42.
    #[n(1)]
    pub merchant: MerchantId,
    /// Its name.
    #[n(2)]
    pub name: String,
    /// Its category.
    #[n(3)]
    pub mcc: Mcc,
    /// Every terminal it has now.
    #[n(4)]
    pub terminals: Vec<TerminalId>,
    /// True when it takes no payments any more.
    #[n(5)]
    pub closed: bool,
    /// Its payable account; the same again when the merchant is changed.
    #[n(6)]
    pub payable: AccountId,
    /// Its traits for programmes and limits.
    #[n(7)]
    pub traits: Option<MerchantTraits>,
    /// The person or program that caused it; older records name no one.
    #[n(8)]
    pub maker: Option<Maker>,
}

/// A merchant's traits for programmes and limits, besides its category.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct MerchantTraits {
    /// Its class; empty when it has none.
    #[n(0)]
    pub class: String,
    /// Its tags, sorted.
    #[n(1)]
    pub tags: Vec<String>,
    /// Its municipality code; empty when unknown.
    #[n(2)]
    pub region: String,
}

/// See [`super::Body::DepositOpened`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct DepositOpened {
    /// Branch (3 digits) and account number (7 digits) as one number.
    #[n(0)]
    pub number: u64,
    /// Its account in the book.
    #[n(1)]
    pub account: AccountId,
    /// The person or program that caused it; older records name no one.
    #[n(2)]
    pub maker: Option<Maker>,
}

/// See [`super::Body::Funded`].
#[derive(Clone, PartialEq, Debug, Encode, Decode)]
pub struct Funded {
    /// The deposit's number.
    #[n(0)]
    pub number: u64,
    /// The stated origin of the money.
    #[n(1)]
    pub reference: String,
    /// Bank to deposit.
    #[cbor(n(2), with = "crate::transfer::list")]
    pub transfers: Transfers,
    /// The person or program that caused it; older records name no one.
    #[n(3)]
    pub maker: Option<Maker>,
}
